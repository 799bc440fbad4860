// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package gobin_test

import (
	"bytes"
	"encoding/binary"
	"flag"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"runtime/metrics"
	"testing"

	"github.com/goassay/assay/audit/gobin"
	"github.com/goassay/assay/audit/gobin/gobintest"
	"github.com/goassay/assay/internal/machine"
)

var mutations = flag.Int("mutations", 4000, "how many executables with damaged headers TestHeaders reads; a million takes eight minutes of processor time")

// What one damaged executable may cost. A million of them, of 1.5 MB, cost 41 MiB,
// 14 MiB and 2141 reads at most.
const (
	maxAllocated = 64 << 20 // bytes, those included that are free again: the peak is lower
	maxRead      = 32 << 20 // bytes
	maxReads     = 10_000
)

// TestHeaders damages the headers of real executables: of the file, and those that
// Go has in it. Bits are flipped, words replaced by extreme ones, files cut short,
// and up to three of these at once. Each may cost what a file is bound to cost at
// most, whatever it says of itself. That none takes forever is the timeout's to
// tell. The seed is fixed.
func TestHeaders(t *testing.T) {
	machine.Long(t, "reads thousands of damaged files")
	dir := gobintest.Module(t, gobintest.GoMod)
	var specimens []*headered
	for _, args := range [][]string{
		{"GOARCH=amd64", "GOFIPS140=v1.0.0"}, {"GOARCH=amd64", "-buildmode=pie", "-ldflags=-s -w"}, {"GOARCH=386", "-ldflags=-w"}, {"GOARCH=s390x", "-ldflags=-w"},
		{"GOOS=darwin", "GOARCH=arm64", "-ldflags=-w"}, {"GOOS=windows", "GOARCH=amd64", "-ldflags=-w"}, {"GOOS=windows", "GOARCH=386", "-ldflags=-s -w"},
	} {
		data, err := os.ReadFile(gobintest.Build(t, dir, append([]string{"GOOS=linux"}, args...)...))
		if err != nil {
			t.Fatal(err)
		}
		specimens = append(specimens, newHeadered(data))
		if args[0] == "GOOS=darwin" {
			specimens = append(specimens, newHeadered(lipo(true, data, data)))
		}
	}
	for range 4 { // most of the reading is of what stands behind headers: small ones are read more often
		specimens = append(specimens, newHeadered(gobintest.Forge("go1.26.8", gobintest.Settings()...)))
	}
	rnd := rand.New(rand.NewPCG(3, 4))
	var most cost
	for i := range *mutations {
		s := specimens[i%len(specimens)]
		undo := s.damage(rnd)
		c := s.read(rnd.IntN(16) == 0)
		if c.allocated > maxAllocated || c.read > maxRead || c.reads > maxReads {
			t.Errorf("mutation %d of executable %d: %+v", i, i%len(specimens), c)
		}
		most = cost{max(most.allocated, c.allocated), max(most.read, c.read), max(most.reads, c.reads)}
		undo()
	}
	t.Logf("%d executables; at most %d bytes allocated, %d bytes read in %d reads", *mutations, most.allocated, most.read, most.reads)
}

// A headered is an executable, and where in it headers stand.
type headered struct {
	data    []byte
	whole   []byte
	headers [][2]int // start and end
}

// newHeadered finds the headers: of the file, at its start and, for ELF, its sections;
// of the build info, the function table, and the module's sum.
func newHeadered(data []byte) *headered {
	h := &headered{data: data, whole: data}
	add := func(at, size int) {
		if at >= 0 && at < len(data) {
			h.headers = append(h.headers, [2]int{at, min(at+size, len(data))})
		}
	}
	for range 4 { // these most often
		add(0, 1024)
	}
	if string(data[:4]) == "\x7fELF" && data[4] == 2 && data[5] == 1 {
		add(int(binary.LittleEndian.Uint64(data[40:])), 64*30)
	}
	for _, mark := range []string{"\xff Go buildinf:", "\xff Go fipsinfo \xff", "\xf1\xff\xff\xff\x00\x00", "\xff\xff\xff\xf1\x00\x00"} {
		add(bytes.Index(data, []byte(mark)), 160)
	}
	return h
}

// damage changes the executable, and returns what takes the changes back.
func (h *headered) damage(rnd *rand.Rand) (undo func()) {
	var undos []func()
	for range 1 + rnd.IntN(3) {
		part := h.headers[rnd.IntN(len(h.headers))]
		at := min(part[0]+rnd.IntN(part[1]-part[0]), len(h.data)-1)
		if at < 0 {
			break
		}
		old := bytes.Clone(h.data[at:min(at+8, len(h.data))])
		undos = append(undos, func() { copy(h.whole[at:], old) })
		switch rnd.IntN(8) {
		case 0, 1, 2:
			h.data[at] ^= 1 << rnd.IntN(8)
		case 3: // at a word
			h.data = h.data[:at]
		default:
			size := 1 << rnd.IntN(4)
			h.extreme(at&^(size-1), size, rnd, &undos)
		}
	}
	return func() {
		for i := len(undos) - 1; i >= 0; i-- {
			undos[i]()
		}
		h.data = h.whole
	}
}

// extreme replaces a word, in either byte order, by one that a reader may stumble
// over.
func (h *headered) extreme(at, size int, rnd *rand.Rand, undos *[]func()) {
	if at+size > len(h.data) {
		return
	}
	n := uint64(len(h.data))
	values := []uint64{0, 1, 2, math.MaxUint64, math.MaxUint64 - 7, math.MaxInt64, 1 << 63, math.MaxInt32, 1 << 31, math.MaxUint32, 1 << 30, 1 << 24, 0xffff, 0x7fff, n, n - 1, n + 1, n / 2, rnd.Uint64() % n}
	var word [8]byte
	order := []binary.ByteOrder{binary.LittleEndian, binary.BigEndian}[rnd.IntN(2)]
	order.PutUint64(word[:], values[rnd.IntN(len(values))])
	with := word[:size]
	if order == binary.BigEndian {
		with = word[8-size:]
	}
	old := bytes.Clone(h.data[at : at+size])
	*undos = append(*undos, func() { copy(h.whole[at:], old) })
	copy(h.data[at:], with)
}

// A cost is what reading an executable takes.
type cost struct{ allocated, read, reads int64 }

// read reads the executable, and all of it that can be asked for if deep.
func (h *headered) read(deep bool) cost {
	r := &counted{r: bytes.NewReader(h.data)}
	before := allocated()
	if f, err := gobin.New(r, int64(len(h.data))); err == nil {
		for _, x := range f.Executables() {
			x.Disagreements()
			if !deep {
				continue
			}
			if im, err := x.Image(); err == nil {
				im.FIPSInfo()
				im.LinkedGODEBUG()
				im.Packages()
			}
		}
	}
	return cost{allocated() - before, r.read, r.reads}
}

func allocated() int64 {
	sample := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(sample)
	return int64(sample[0].Value.Uint64())
}

// counted counts what is read.
type counted struct {
	r           io.ReaderAt
	read, reads int64
}

func (c *counted) ReadAt(p []byte, off int64) (int, error) {
	n, err := c.r.ReadAt(p, off)
	c.read, c.reads = c.read+int64(n), c.reads+1
	return n, err
}
