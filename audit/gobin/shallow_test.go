// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package gobin_test

import (
	"bytes"
	"debug/buildinfo"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/goassay/assay/audit/gobin"
	"github.com/goassay/assay/audit/gobin/gobintest"
	"github.com/goassay/assay/internal/machine"
)

// tinyModule has a program that links nothing, so that it is built quickly.
func tinyModule(t testing.TB) string {
	dir := gobintest.Module(t, gobintest.GoMod)
	if err := os.WriteFile(filepath.Join(dir, "main.go"), []byte("package main\n\nfunc main() { println(1) }\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	return dir
}

// TestShallow reads programs of the formats of which the build info alone is read, and
// holds it against "go version -m" or, where that cannot tell, against that of a program
// of the same source for another system.
func TestShallow(t *testing.T) {
	machine.Long(t, "builds the runtime for several systems")
	dir := tinyModule(t)
	linux := open(t, gobintest.Build(t, dir, "GOOS=linux", "GOARCH=amd64"))
	for _, test := range []struct {
		format         gobin.Format
		goos, goarch   string
		flags          string
		oracle, nameID bool // go version -m reads it; it has a build ID
	}{
		{gobin.Plan9, "plan9", "amd64", "", false, true}, // by chance of its size, go version -m may read one for Plan 9
		{gobin.Plan9, "plan9", "arm", "-s -buildid=", false, false},
		{gobin.XCOFF, "aix", "ppc64", "", true, true},
		{gobin.XCOFF, "aix", "ppc64", "-s", false, true},
		{gobin.Wasm, "js", "wasm", "", false, true},
		{gobin.Wasm, "wasip1", "wasm", "-s -w -buildid=", false, false},
	} {
		t.Run(test.goos+"/"+test.goarch+test.flags, func(t *testing.T) {
			args := []string{"GOOS=" + test.goos, "GOARCH=" + test.goarch}
			if test.flags != "" {
				args = append(args, "-ldflags="+test.flags)
			}
			f := open(t, gobintest.Build(t, dir, args...))
			if f.State != gobin.StateRead || f.Format != test.format || f.OS != test.goos || f.Arch != test.goarch || !f.Format.Shallow() {
				t.Fatalf("%s %s %s/%s: %s", f.State, f.Format, f.OS, f.Arch, f.Reason)
			}
			if test.oracle {
				compareVersion(t, f)
			}
			if f.Build.Go != linux.Build.Go || !cmp.Equal(f.Build.Main, linux.Build.Main) || f.Build.Package != linux.Build.Package {
				t.Errorf("%+v, want as %+v", f.Build, linux.Build)
			}
			if v, _ := f.Build.Setting("GOOS"); v != test.goos {
				t.Errorf("setting GOOS=%s", v)
			}
			if (f.BuildID != "") != test.nameID {
				t.Errorf("build ID %q", f.BuildID)
			}
			if test.format == gobin.XCOFF {
				moveData(t, f.Path, test.oracle)
			}
			if d := f.Disagreements(); d != nil {
				t.Errorf("disagreements: %v", d)
			}
			if _, err := f.Image(); !errors.Is(err, gobin.ErrShallow) {
				t.Errorf("image: %v", err)
			}
			for _, fact := range []gobin.Ternary{f.Static, f.PIE, f.NX, f.WX, f.Stripped.Symbols, f.Stripped.DWARF} {
				if fact != gobin.Unknown {
					t.Errorf("a fact that nobody read: %+v", f)
				}
			}
			data, err := os.ReadFile(f.Path)
			if err != nil {
				t.Fatal(err)
			}
			damageShallow(t, data)
		})
	}
}

// moveData lets the data of a program for AIX begin eight bytes earlier, in the file and
// in memory, as AIX's linker may lay it out: all the rest stays where it is.
func moveData(t *testing.T, path string, oracle bool) {
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	table := data[24+int(binary.BigEndian.Uint16(data[16:])):]
	for range binary.BigEndian.Uint16(data[2:]) {
		if binary.BigEndian.Uint32(table[64:])&0xffff == 0x40 {
			for at, by := range map[int]uint64{8: 8, 16: 8, 24: math.MaxUint64 - 7, 32: 8} { // addresses, size, offset
				binary.BigEndian.PutUint64(table[at:], binary.BigEndian.Uint64(table[at:])-by)
			}
		}
		table = table[72:]
	}
	if f, err := gobin.New(bytes.NewReader(data), int64(len(data))); err != nil || f.State != gobin.StateRead {
		t.Errorf("data elsewhere: %+v, error %v", f, err)
	}
	if _, err := buildinfo.Read(bytes.NewReader(data)); err != nil && oracle {
		t.Errorf("package debug/buildinfo does not read it either: %v", err)
	}
}

// damageShallow changes a program: none of it ends in a panic, nor in another answer
// where the build info is gone.
func damageShallow(t *testing.T, data []byte) {
	rnd := rand.New(rand.NewPCG(5, 6))
	mutate(rnd, data, 100)
	for n := 0; n < 4096; n += 101 {
		read(data[:n])
	}
	gone := bytes.ReplaceAll(data, []byte("\xff Go buildinf:"), []byte("\xff No buildinf:"))
	gone = bytes.ReplaceAll(gone, []byte("\x30\x77\xaf\x0c\x92\x74\x08\x02"), make([]byte, 8))
	gone = bytes.ReplaceAll(gone, []byte("Go cmd/compile"), []byte("No cmd/compile"))
	f, err := gobin.New(bytes.NewReader(gone), int64(len(gone)))
	if err == nil && (f.State != gobin.StateUnknown || f.Build != nil) || err != nil && !errors.Is(err, gobin.ErrNotGo) {
		t.Errorf("without build info: %+v, error %v", f, err)
	}
}

// plan9File makes a program for Plan 9 with some data.
func plan9File(data string) []byte {
	out := binary.BigEndian.AppendUint32(nil, 0x1EB)
	for _, n := range []int{4, len(data), 0, 0, 0x1020, 0, 0} { // text, data, bss, syms, entry, spsz, pcsz
		out = binary.BigEndian.AppendUint32(out, uint32(n))
	}
	return append(append(out, "text"...), data...)
}

// xcoffFile makes a program for AIX of 32 bits with some data at an offset that is
// wrong by some bytes.
func xcoffFile(data string, wrong int, flags uint16) []byte {
	out := binary.BigEndian.AppendUint16(nil, 0x1DF)
	out = binary.BigEndian.AppendUint16(out, 2) // sections
	out = append(out, make([]byte, 12)...)
	out = binary.BigEndian.AppendUint16(out, 28) // auxiliary header
	out = binary.BigEndian.AppendUint16(out, flags)
	out = append(out, make([]byte, 28+40)...) // and a section without a type
	section := make([]byte, 40)
	binary.BigEndian.PutUint32(section[16:], uint32(len(data)))
	binary.BigEndian.PutUint32(section[20:], uint32(len(out)+40+wrong))
	binary.BigEndian.PutUint32(section[36:], 0x40)
	return append(append(out, section...), data...)
}

// xcoffAt makes a program for AIX whose data has an address.
func xcoffAt(addr uint32, data string) []byte {
	out := xcoffFile(data, 0, 2)
	binary.BigEndian.PutUint32(out[20+28+40+12:], addr)
	return out
}

// xcoff64At makes one of 64 bits.
func xcoff64At(addr uint64, data string) []byte {
	const header, aux, section = 24, 120, 72
	out := make([]byte, header+aux+section)
	binary.BigEndian.PutUint16(out, 0x1F7)
	binary.BigEndian.PutUint16(out[2:], 1)
	binary.BigEndian.PutUint16(out[16:], aux)
	binary.BigEndian.PutUint16(out[18:], 2)
	s := out[header+aux:]
	for at, n := range map[int]uint64{16: addr, 24: uint64(len(data)), 32: uint64(len(out))} {
		binary.BigEndian.PutUint64(s[at:], n)
	}
	binary.BigEndian.PutUint32(s[64:], 0x40)
	return append(out, data...)
}

// with returns data in which a number of 16 bits is another.
func with(data []byte, at int, n uint16) []byte {
	binary.BigEndian.PutUint16(data[at:], n)
	return data
}

// inlineInfo is build info as the linker writes it.
func inlineInfo(flags byte, version, lines string) string {
	out := append([]byte("\xff Go buildinf:\x08"), flags)
	out = append(out, make([]byte, 16)...)
	return string(out) + wasmText(version, lines)
}

// TestSections reads forged programs of the formats that have the build info in a section.
func TestSections(t *testing.T) {
	whole := inlineInfo(2, "go1.26.8", framed(gobintest.Settings("GOOS=plan9", "GOARCH=386")...))
	id := "text" + wasmID
	for name, test := range map[string]struct {
		data   []byte
		state  gobin.State
		err    error
		reason string
	}{
		"XCOFF, odd address":           {xcoffAt(0x20000003, strings.Repeat("x", 13)+whole), gobin.StateRead, nil, ""},
		"XCOFF of 64 bits":             {xcoff64At(0x110000598, "12345678"+whole), gobin.StateRead, nil, ""},
		"XCOFF, aligned in the file":   {xcoff64At(0x110000598, whole), gobin.StateUnknown, nil, "there is none"},
		"XCOFF, another header's size": {with(xcoffFile(whole, 0, 2), 16, 200), "", gobin.ErrMalformed, ""},
		"XCOFF, no flag":               {xcoffFile(whole, 0, 0x1000), "", gobin.ErrMalformed, ""},
		"XCOFF, no flag, build ID":     {xcoffFile(id, 0, 0), "", gobin.ErrMalformed, ""},
		"XCOFF object with Go in it":   {with(xcoffFile(whole, 0, 0), 16, 0), "", gobin.ErrNotExecutable, ""},
		"XCOFF, other header, not Go":  {with(xcoffFile("data", 0, 2), 16, 200), "", gobin.ErrNotExecutable, ""},
		"XCOFF, data of another type":  {bytes.Replace(xcoffFile(whole, 0, 2), []byte("\x00\x00\x00\x40\xff"), []byte("\x00\x00\x00\x60\xff"), 1), "", gobin.ErrMalformed, ""},
		"Plan 9, symbols of any size":  {with(plan9File(whole), 16, 0xffff), gobin.StateRead, nil, ""},
		"Plan 9, lines of any size":    {with(plan9File(whole), 28, 0x7fff), gobin.StateRead, nil, ""},
		"Plan 9, cut short":            {plan9File(whole + "more")[:100], "", gobin.ErrMalformed, ""},
		"Plan 9, cut before the info":  {plan9File(id + strings.Repeat("x", 64<<10) + whole)[:500], "", gobin.ErrMalformed, ""},
		"Plan 9, code of any size":     {with(plan9File(whole), 4, 0xffff), "", gobin.ErrMalformed, ""},
		"Plan 9, data of any size":     {with(plan9File(strings.Repeat("x", 300<<10)+whole), 8, 0xffff), "", gobin.ErrMalformed, ""},
		"Plan 9, no data":              {with(with(plan9File(whole), 8, 0), 10, 0), "", gobin.ErrMalformed, ""},
		"Plan 9":                       {plan9File(whole), gobin.StateRead, nil, ""},
		"behind a mark":                {plan9File(strings.Repeat("x", 256<<10-8) + "\xff Go buildinf:" + strings.Repeat("x", 10) + whole), gobin.StateRead, nil, ""},
		"XCOFF":                        {xcoffFile(whole, 0, 2), gobin.StateRead, nil, ""},
		"XCOFF, misaligned before":     {xcoffFile("12345678"+whole[:24]+whole, 0, 2), gobin.StateRead, nil, ""},
		"before Go 1.18":               {plan9File(inlineInfo(0, "", "")), gobin.StateUnknown, nil, "before 1.18"},
		"without modules":              {plan9File(inlineInfo(2, "go1.26.8", "")), gobin.StateUnknown, nil, "only the toolchain's version"},
		"without a version":            {plan9File(inlineInfo(2, "", "")), gobin.StateUnknown, nil, "malformed"},
		"cut short in the header":      {plan9File(whole[:20]), gobin.StateUnknown, nil, "malformed"},
		"cut short in a length":        {plan9File(whole[:32]), gobin.StateUnknown, nil, "malformed"},
		"cut short in a text":          {plan9File(whole[:60]), gobin.StateUnknown, nil, "malformed"},
		"lines that are none":          {plan9File(inlineInfo(2, "go1.26.8", framed("mod\tx"))), gobin.StateUnknown, nil, "build info"},
		"length of more than there is": {plan9File(inlineInfo(2, "go1.26.8", "")[:41] + "\xff\xff\xff\x7f"), gobin.StateUnknown, nil, "malformed"},
		"not Go":                       {plan9File("data"), "", gobin.ErrNotGo, ""},
		"XCOFF, not Go":                {xcoffFile("data", 0, 2), "", gobin.ErrNotGo, ""},
		"XCOFF object":                 {xcoffFile("data", 0, 0), "", gobin.ErrNotExecutable, ""},
		"XCOFF, no data":               {bytes.Replace(xcoffFile("data", 0, 2), []byte("\x00\x00\x00\x40data"), []byte("\x00\x00\x00\x20data"), 1), "", gobin.ErrNotGo, ""},
		"XCOFF, data elsewhere":        {xcoffFile("data", 1, 2), "", gobin.ErrMalformed, ""},
		"XCOFF, sections cut short":    {xcoffFile("data", 0, 2)[:100], "", gobin.ErrMalformed, ""},
		"XCOFF, header cut short":      {xcoffFile("data", 0, 2)[:12], "", gobin.ErrNotExecutable, ""},
		"other sizes than Plan 9's":    {plan9File("data")[:36], "", gobin.ErrNotExecutable, ""},
		"Plan 9, header cut short":     {plan9File("data")[:16], "", gobin.ErrNotExecutable, ""},
		"no code":                      {append([]byte("\x00\x00\x01\xeb"), make([]byte, 60)...), "", gobin.ErrNotExecutable, ""},
	} {
		f, err := gobin.New(bytes.NewReader(test.data), int64(len(test.data)))
		if !errors.Is(err, test.err) || err == nil != (test.err == nil) {
			t.Errorf("%s: %+v, error %v, want %v", name, f, err, test.err)
		}
		if err == nil && (f.State != test.state || !strings.Contains(f.Reason, test.reason)) {
			t.Errorf("%s: %s: %q", name, f.State, f.Reason)
		}
	}
	for name, data := range map[string]string{"cut short": whole[:100], "lines that are none": inlineInfo(2, "go1.26.8", framed("mod\tx"))} {
		file := plan9File(data)
		f, err := gobin.New(bytes.NewReader(file), int64(len(file)))
		if err != nil || f.State != gobin.StateUnknown || f.Build == nil || f.Build.Go != "go1.26.8" || f.Build.Main != nil {
			t.Errorf("%s: the version does not stay: %+v, error %v", name, f, err)
		}
	}
	huge := plan9File(inlineInfo(2, "go1.26.8", strings.Repeat("x", 5<<20)))
	if f, err := gobin.New(bytes.NewReader(huge), int64(len(huge))); err != nil || !errors.Is(f.Err, gobin.ErrTooLarge) {
		t.Errorf("large build info: %+v, error %v", f, err)
	}
	for _, data := range [][]byte{nil, {0}, {1, 0xDF}, {0, 0, 1, 0xEB}} {
		gobin.IsExecutable(data)
	}
}

// failing fails from the read with a number on.
type failing struct {
	r    io.ReaderAt
	left int
}

var errDisk = errors.New("disk")

func (f *failing) ReadAt(p []byte, off int64) (int, error) {
	if f.left--; f.left < 0 {
		return 0, errDisk
	}
	return f.r.ReadAt(p, off)
}

// TestShallowDisk: a disk that fails is no program without build info.
func TestShallowDisk(t *testing.T) {
	info := framed(gobintest.Settings()...)
	pad := strings.Repeat("x", 300<<10) // so that nothing is read beforehand
	for name, data := range map[string][]byte{
		"wasm":      wasmFile(0, wasmText("go:buildid")+wasmID+pad, 0, wasmText("name")+pad, 11, pad+info+pad, 0, producers(1, "processed-by", 1, "Go cmd/compile", "go1.26.8")),
		"component": wasmComponent(1, string(wasmFile(0, wasmText("name")+pad, 11, pad+info+pad, 2, wasmText(1, "gojs")+pad)), 0, wasmText("producers")+pad[:1000]),
		"Plan 9":    plan9File(strings.Repeat("x", 512<<10) + inlineInfo(2, "go1.26.8", info) + pad),
		"cut":       plan9File(strings.Repeat("x", 512<<10) + inlineInfo(2, "go1.26.8", info) + pad)[:530<<10],
		"no flag":   xcoffFile(strings.Repeat("x", 512<<10)+inlineInfo(2, "go1.26.8", info)+pad, 0, 0),
		"XCOFF":     xcoffFile(strings.Repeat("x", 512<<10)+inlineInfo(2, "go1.26.8", info)+pad, 0, 2),
	} {
		complete := false
		for n := 0; n < 100 && !complete; n++ {
			r := &failing{bytes.NewReader(data), n}
			f, err := gobin.New(r, int64(len(data)))
			complete = r.left >= 0
			if err == nil {
				err = f.Err
			}
			if !complete && !errors.Is(err, errDisk) {
				t.Errorf("%s, read %d: %+v, error %v", name, n, f, err)
			}
		}
		if !complete {
			t.Errorf("%s: never read", name)
		}
	}
}

func FuzzShallow(f *testing.F) {
	info := framed(gobintest.Settings()...)
	f.Add(wasmFile(0, wasmText("go:buildid")+wasmID, 11, info, 0, producers(1, "processed-by", 1, "Go cmd/compile", "go1.26.8")))
	f.Add(plan9File(inlineInfo(2, "go1.26.8", info)))
	f.Add(xcoffFile(inlineInfo(2, "go1.26.8", info), 0, 2))
	f.Add(xcoff64At(0x110000598, "12345678"+inlineInfo(2, "go1.26.8", info)))
	f.Add(plan9File(inlineInfo(2, "go1.26.8", info))[:100])
	f.Add(wasmComponent(1, string(wasmFile(2, wasmText(1, "gojs", "f", 0, 1), 11, info, 0, compiledBy("go1.26.8", "go1.27.0"))), 4, string(wasmComponent(1, string(wasmFile(11, info)))), 0, compiledBy("go1.26.8")))
	f.Fuzz(func(t *testing.T, data []byte) { read(data); lookDeep(data) })
}

// TestWalkShallow finds them in a directory, where those that are not Go's are not listed
// as what could not be read.
func TestWalkShallow(t *testing.T) {
	dir := t.TempDir()
	want := map[string]gobin.State{"go.wasm": gobin.StateRead, "other.wasm": gobin.StateNotGo, "go.9": gobin.StateRead, "go.aix": gobin.StateRead, "c.aix": gobin.StateNotGo,
		"cut.9": gobin.StateUnreadable, "header.aix": gobin.StateUnreadable, "frame.wasm": gobin.StateUnknown, "component.wasm": gobin.StateRead}
	lines := gobintest.Settings()
	info := inlineInfo(2, "go1.26.8", framed(lines...))
	for name, data := range map[string][]byte{
		"go.wasm":    wasmFile(11, framed(lines...), 0, producers(1, "processed-by", 1, "Go cmd/compile", "go1.26.8")),
		"other.wasm": wasmFile(11, "data"), "go.9": plan9File(info), "go.aix": xcoffFile(info, 0, 2), "c.aix": xcoffFile("data", 0, 2),
		"icon.ico": []byte("\x00\x00\x01\x00\x01\x00 and more than a header"), "video": append([]byte("\x00\x00\x01\xeb"), make([]byte, 600)...),
		"object.o": xcoffFile("data", 0, 0), "cut.9": plan9File(info)[:100], "header.aix": with(xcoffFile(info, 0, 2), 16, 200), "frame.wasm": wasmFile(11, framed(lines...)[:100]),
		"component.wasm": wasmComponent(1, string(wasmFile(11, framed(lines...), 0, compiledBy("go1.26.8")))),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	got, err := walk(t, t.Context(), dir, dir)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
