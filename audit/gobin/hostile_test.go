// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package gobin_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"os"
	"testing"

	"github.com/goassay/assay/audit/gobin"
	"github.com/goassay/assay/audit/gobin/gobintest"
	"github.com/goassay/assay/internal/machine"
)

// lipo makes a universal Mach-O file, with 32-bit or 64-bit offsets, of members
// whose headers say amd64 or arm64.
func lipo(wide bool, members ...[]byte) []byte {
	magic := uint32(0xCAFEBABE)
	if wide {
		magic++
	}
	out := binary.BigEndian.AppendUint32(nil, magic)
	out = binary.BigEndian.AppendUint32(out, uint32(len(members)))
	offset := uint64(8 + 32*len(members))
	for _, m := range members {
		out = binary.BigEndian.AppendUint32(out, binary.LittleEndian.Uint32(m[4:])) // CPU
		out = binary.BigEndian.AppendUint32(out, 0)
		size := uint64(len(m))
		if wide {
			out = binary.BigEndian.AppendUint64(out, offset)
			out = binary.BigEndian.AppendUint64(out, size)
			out = binary.BigEndian.AppendUint64(out, 0) // alignment, reserved
		} else {
			out = binary.BigEndian.AppendUint32(out, uint32(offset))
			out = binary.BigEndian.AppendUint32(out, uint32(size))
			out = binary.BigEndian.AppendUint32(out, 0)
		}
		offset += size
	}
	out = append(out, make([]byte, 8+32*len(members)-len(out))...)
	for _, m := range members {
		out = append(out, m...)
	}
	return out
}

// hugeSegment lets the data segment of a forged file and its section
// .go.buildinfo claim size bytes.
func hugeSegment(elf []byte, size uint64) []byte {
	out := bytes.Clone(elf)
	binary.LittleEndian.PutUint64(out[64+32:], size) // p_filesz
	binary.LittleEndian.PutUint64(out[64+40:], size) // p_memsz
	sections := binary.LittleEndian.Uint64(out[40:])
	binary.LittleEndian.PutUint64(out[sections+64+32:], size) // sh_size
	return out
}

// read reads data as Open would, and its members, and asks what can be asked.
func read(data []byte) {
	f, err := gobin.New(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return
	}
	for _, x := range f.Executables() {
		x.Disagreements()
		if x.Build != nil {
			x.Build.GODEBUG()
			x.Build.Experiments()
			x.Build.Version()
			x.Build.Text()
		}
	}
}

// lookDeep asks an image of each architecture for all that it tells.
func lookDeep(data []byte) {
	f, err := gobin.New(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return
	}
	for _, x := range f.Executables() {
		im, err := x.Image()
		if err != nil {
			continue
		}
		im.FIPSInfo()
		im.LinkedGODEBUG()
		im.Packages()
		im.Code(func(string, string) {})
	}
}

// TestMutations damages real executables of each format, most often where the
// headers are, and cuts them short. The seed is fixed.
func TestMutations(t *testing.T) {
	machine.Long(t, "reads thousands of damaged files")
	dir := gobintest.Module(t, gobintest.GoMod)
	rnd := rand.New(rand.NewPCG(1, 2))
	for _, args := range [][]string{
		{"GOOS=linux", "GOARCH=amd64"}, {"GOOS=linux", "GOARCH=amd64", "-buildmode=pie"},
		{"GOOS=darwin", "GOARCH=arm64"}, {"GOOS=windows", "GOARCH=amd64"},
	} {
		data, err := os.ReadFile(gobintest.Build(t, dir, append(args, "-ldflags=-w")...))
		if err != nil {
			t.Fatal(err)
		}
		if args[0] == "GOOS=darwin" {
			mutate(rnd, lipo(false, data), 200)
		}
		mutate(rnd, data, 600)
		for n := 0; n < 4096; n += 61 {
			read(data[:n])
		}
		for range 50 {
			read(data[:rnd.IntN(len(data))])
		}
	}
	mutate(rnd, gobintest.Forge("go1.26.8", gobintest.Settings()...), 5000)
}

// mutate reads data after times small changes, each of which is taken back.
func mutate(rnd *rand.Rand, data []byte, times int) {
	for i := range times {
		reach := len(data)
		if rnd.IntN(4) > 0 {
			reach = min(reach, 2048)
		}
		at := rnd.IntN(reach)
		old := bytes.Clone(data[at:min(at+8, len(data))])
		switch rnd.IntN(3) {
		case 0:
			data[at] ^= 1 << rnd.IntN(8)
		case 1:
			copy(data[at:], []byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f}[:1+rnd.IntN(8)])
		case 2:
			for k := range old {
				data[at+k] = byte(rnd.Uint32())
			}
		}
		read(data)
		if i%5 == 0 {
			lookDeep(data)
		}
		copy(data[at:], old)
	}
}

// TestHugeInfo forges build info that is too large for a report.
func TestHugeInfo(t *testing.T) {
	lines := gobintest.Settings()
	for len(lines) < 200_000 {
		lines = append(lines, "dep\texample.com/dependency\tv1.0.0")
	}
	data := gobintest.Forge("go1.26.8", lines...)
	f, err := gobin.New(bytes.NewReader(data), int64(len(data)))
	if err != nil || f.State != gobin.StateUnknown || !errors.Is(f.Err, gobin.ErrTooLarge) {
		t.Errorf("%+v, error %v", f, err)
	}
}

func FuzzNew(f *testing.F) {
	forged := gobintest.Forge("go1.26.8", gobintest.Settings("DefaultGODEBUG=fips140=on")...)
	f.Add(forged)
	f.Add(gobintest.Forge("go1.17.1"))
	f.Add(lipo(false, forged))
	f.Add(lipo(true, forged, forged[:80]))
	f.Add([]byte("MZ"))
	f.Add([]byte("\xCF\xFA\xED\xFE\x07\x00\x00\x01"))
	f.Fuzz(func(t *testing.T, data []byte) { read(data); lookDeep(data) })
}
