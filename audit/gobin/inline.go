// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package gobin

import (
	"fmt"
	"io"
	"math/bits"
	"strings"
)

// maxPCTable bounds the runtime's table of values by program counter, in bytes. That of
// Kubernetes has 12 MiB.
const maxPCTable = 256 << 20

// Code calls fn with the name of each function that the program has code of, and with
// its package (see [PackageOf]): those that stand on their own, and those that were
// inlined into them and have instructions left. It reads the runtime's function table
// and the inline trees it leads to, which stripping leaves, in the form that they have
// had since Go 1.18 (runtime._func, runtime.inlinedCall; PCDATA_InlTreeIndex and
// FUNCDATA_InlTree in runtime/funcdata.h).
//
// It is a part of what [Image.Functions] names: a function all of whose inlined
// instructions were optimized away still has a name there.
//
// Both are parts of larger texts: clone what is to be kept.
func (im *Image) Code(fn func(pkg, name string)) error {
	t, err := im.functionTable()
	if err != nil {
		return err
	}
	data, _, err := im.moduledata(t.addr)
	if err != nil {
		return err
	}
	c, err := im.newCode(t)
	if err != nil {
		return err
	}
	for _, word := range goFuncWords(t.magic) {
		var base uint64
		if base, err = im.pointerAt(data + uint64(word*im.ptr)); err != nil {
			continue
		}
		trees, ok := im.section(base)
		if !ok || base == 0 {
			err = fmt.Errorf("%w: no inline trees", ErrMalformed)
			continue
		}
		if err = c.read(trees); err == nil {
			c.each(fn)
			return nil
		}
		if im.r.err != nil {
			break
		}
	}
	return err
}

// goFuncWords are the places, in words, that gofunc may have in the moduledata: where
// it was up to Go 1.19, from Go 1.20 and from Go 1.27 on, and where a field more or
// fewer would put it. At a wrong place stands no address, or none of inline trees: their
// names would not be where names begin.
func goFuncWords(magic uint32) []int {
	if magic == magic118 {
		return []int{38}
	}
	return []int{40, 43, 41, 42, 44, 45, 46}
}

// pointerAt returns the pointer at addr.
func (im *Image) pointerAt(addr uint64) (uint64, error) {
	raw := make([]byte, im.ptr)
	if err := im.read(raw, addr); err != nil {
		return 0, err
	}
	return im.pointer(addr, raw), nil
}

// code are the functions that a program has code of, by where their names stand.
type code struct {
	im     *Image
	t      functionTable
	names  []byte
	starts []uint64 // bits: where a name begins
	found  []uint64 // bits: which of them are of code
	pctab  []byte

	depths     map[uint32]int // of tables of PCDATA_InlTreeIndex, by offset: how many calls of the tree they refer to
	tablesRead int            // bytes of pctab that were decoded
	trees      map[uint32]int // how many calls were read of the inline tree at an offset
	treesRead  int64          // bytes of inline trees that were read
}

func (im *Image) newCode(t functionTable) (*code, error) {
	if t.functab-t.filesEnd > maxPCTable || t.functab < t.filesEnd || t.filesEnd == 0 {
		return nil, fmt.Errorf("%w: function table without values by program counter", ErrMalformed)
	}
	c := &code{im: im, t: t, names: make([]byte, t.units-t.names), pctab: make([]byte, t.functab-t.filesEnd)}
	if _, err := t.r.ReadAt(c.names, t.names); err != nil && err != io.EOF {
		return nil, err
	}
	if _, err := t.r.ReadAt(c.pctab, t.filesEnd); err != nil && err != io.EOF {
		return nil, err
	}
	c.starts = make([]uint64, len(c.names)/64+1)
	for i := range c.names {
		if c.names[i] != 0 && (i == 0 || c.names[i-1] == 0) {
			c.starts[i/64] |= 1 << (i % 64)
		}
	}
	return c, nil
}

// add notes that there is code of the function whose name stands at an offset.
func (c *code) add(name int32) error {
	i := uint(uint32(name))
	if name < 0 || i >= uint(len(c.names)) || c.starts[i/64]&(1<<(i%64)) == 0 {
		return fmt.Errorf("%w: function whose name is not in the table", ErrMalformed)
	}
	c.found[i/64] |= 1 << (i % 64)
	return nil
}

// read goes through all functions, and through the inline trees, which stand in the
// section trees.
func (c *code) read(trees *io.SectionReader) error {
	c.found = make([]uint64, len(c.starts))
	c.depths, c.trees = map[uint32]int{}, map[uint32]int{}
	c.tablesRead, c.treesRead = 0, 0
	fixed := 44 // bytes of runtime._func
	if c.t.magic == magic118 {
		fixed = 40
	}
	entries, described := newWindow(c.t.r, 64<<10), newWindow(c.t.r, 64<<10)
	for i := range c.t.functions {
		entry := entries.at(c.t.functab+8*i, 8)
		if entry == nil {
			return fmt.Errorf("%w: function table", ErrMalformed)
		}
		at := c.t.functab + int64(c.im.order.Uint32(entry[4:]))
		head := described.at(at, fixed)
		if head == nil {
			return fmt.Errorf("%w: function table", ErrMalformed)
		}
		name, npcdata, nfuncdata := int32(c.im.order.Uint32(head[4:])), int(min(c.im.order.Uint32(head[28:]), 1<<16)), int(head[fixed-1])
		if name == 0 && c.names[0] == 0 {
			continue // a gap between the texts of external linking
		}
		if err := c.add(name); err != nil {
			return err
		}
		if npcdata <= pcdataInlTreeIndex || nfuncdata <= funcdataInlTree {
			continue
		}
		lists := described.at(at, fixed+4*(npcdata+funcdataInlTree+1))
		if lists == nil {
			return fmt.Errorf("%w: function table", ErrMalformed)
		}
		table := c.im.order.Uint32(lists[fixed+4*pcdataInlTreeIndex:])
		tree := c.im.order.Uint32(lists[fixed+4*(npcdata+funcdataInlTree):])
		if table == 0 || tree == 1<<32-1 {
			continue
		}
		calls, err := c.depth(table)
		if err == nil {
			err = c.readTree(trees, tree, calls)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// Which of the lists of a function are those of its inline tree.
const (
	pcdataInlTreeIndex = 2
	funcdataInlTree    = 3
)

// depth returns how many calls of an inline tree a table of PCDATA_InlTreeIndex refers
// to: one more than the largest index in it. The tree itself does not tell its length.
func (c *code) depth(table uint32) (int, error) {
	if n, ok := c.depths[table]; ok {
		return n, nil
	}
	if uint64(table) >= uint64(len(c.pctab)) {
		return 0, fmt.Errorf("%w: table of inlined calls", ErrMalformed)
	}
	p := c.pctab[table:]
	value, largest := int32(-1), int32(-1)
	for first := true; ; first = false {
		delta, n := pcVarint(p)
		if n == 0 {
			return 0, fmt.Errorf("%w: table of inlined calls", ErrMalformed)
		}
		p = p[n:]
		if delta == 0 && !first {
			break
		}
		value += int32(-(delta & 1) ^ (delta >> 1))
		largest = max(largest, value)
		if _, n = pcVarint(p); n == 0 {
			return 0, fmt.Errorf("%w: table of inlined calls", ErrMalformed)
		}
		p = p[n:]
	}
	// Tables that differ share no bytes: more than all cannot be read.
	if c.tablesRead += len(c.pctab) - int(table) - len(p); c.tablesRead > 2*len(c.pctab) {
		return 0, fmt.Errorf("%w: tables that share their bytes", ErrMalformed)
	}
	c.depths[table] = int(largest) + 1
	return int(largest) + 1, nil
}

// pcVarint decodes a number at the start of p, and returns how many bytes it has; 0 if
// it is cut short or longer than 32 bits are.
func pcVarint(p []byte) (v uint32, n int) {
	for n < len(p) && n < 5 {
		v |= uint32(p[n]&0x7f) << (7 * n)
		n++
		if p[n-1] < 0x80 {
			return v, n
		}
	}
	return 0, 0
}

// readTree reads the first calls of the inline tree at an offset.
func (c *code) readTree(r *io.SectionReader, tree uint32, calls int) error {
	from := c.trees[tree]
	if calls <= from {
		return nil
	}
	c.trees[tree] = calls
	size, name := 16, 4 // of runtime.inlinedCall, in bytes; where it has the name
	if c.t.magic == magic118 {
		size, name = 20, 12
	}
	if c.treesRead += int64(size) * int64(calls-from); c.treesRead > 2*r.Size() || int64(calls) > r.Size()/int64(size) {
		return fmt.Errorf("%w: inline trees that share their bytes", ErrMalformed)
	}
	var buf [32 * 20]byte
	for from < calls {
		part := buf[:size*min(calls-from, 32)]
		if n, err := r.ReadAt(part, int64(tree)+int64(from*size)); n < len(part) {
			if err == io.EOF {
				err = fmt.Errorf("%w: inline tree", ErrMalformed)
			}
			return err
		}
		for ; len(part) > 0; part = part[size:] {
			if err := c.add(int32(c.im.order.Uint32(part[name:]))); err != nil {
				return err
			}
			from++
		}
	}
	return nil
}

// each calls fn for what was found, in the table's order.
func (c *code) each(fn func(pkg, name string)) {
	names := string(c.names)
	for i, word := range c.found {
		for ; word != 0; word &= word - 1 {
			name := names[64*i+bits.TrailingZeros64(word):]
			if end := strings.IndexByte(name, 0); end >= 0 {
				name = name[:end]
			}
			fn(PackageOf(name), name)
		}
	}
}
