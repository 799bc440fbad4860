// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package gobin

import (
	"cmp"
	"debug/elf"
	"fmt"
	"io"
	"slices"
)

// An addressRange is a part of an image, its end not included.
type addressRange struct{ start, end uint64 }

// relocations are those that the loader applies to an image, sorted by address.
// Where the addend stands in the file (REL and RELR), to is not set.
type relocations []relocation

type relocation struct {
	addr     uint64
	to       uint64
	explicit bool
}

// at returns the pointer that is put at addr, if it stands in the table.
func (r relocations) at(addr uint64) (uint64, bool) {
	i, found := slices.BinarySearchFunc(r, addr, func(x relocation, a uint64) int { return cmp.Compare(x.addr, a) })
	if !found || !r[i].explicit {
		return 0, false
	}
	return r[i].to, true
}

// inside reports whether the loader changes anything in a range.
func (r relocations) inside(in addressRange) bool {
	i, _ := slices.BinarySearchFunc(r, in.start, func(x relocation, a uint64) int { return cmp.Compare(x.addr, a) })
	return i < len(r) && r[i].addr < in.end
}

// maxRelocations bounds those of one image. A large position-independent Go
// program has a million.
const maxRelocations = 16 << 20

// readDynamic reads the relocations that a dynamic section names: DT_RELA,
// DT_REL, and those for procedures (gABI, chapter 5). Packed ones (DT_RELR) are
// of data, and their pointers stand in the file.
func (im *Image) readDynamic(p *elf.Prog) error {
	entry := 2 * im.ptr
	data := make([]byte, min(p.Filesz, 64<<10))
	n, err := p.ReadAt(data, 0)
	if err != nil && err != io.EOF {
		return err
	}
	values := map[elf.DynTag]uint64{}
	for data = data[:n]; len(data) >= entry; data = data[entry:] {
		tag := elf.DynTag(im.word(data))
		if tag == elf.DT_NULL {
			break
		}
		values[tag] = im.word(data[im.ptr:])
	}
	im.arrangeEarly()
	if err := im.readTable(values[elf.DT_RELA], values[elf.DT_RELASZ], true); err != nil {
		return err
	}
	if err := im.readTable(values[elf.DT_REL], values[elf.DT_RELSZ], false); err != nil {
		return err
	}
	if err := im.readTable(values[elf.DT_JMPREL], values[elf.DT_PLTRELSZ], elf.DynTag(values[elf.DT_PLTREL]) == elf.DT_RELA); err != nil {
		return err
	}
	byAddress := func(a, b relocation) int { return cmp.Compare(a.addr, b.addr) }
	if !slices.IsSortedFunc(im.relocs, byAddress) { // a linker writes them so
		slices.SortFunc(im.relocs, byAddress)
	}
	return nil
}

// arrangeEarly sorts the segments, so that addresses can be read.
func (im *Image) arrangeEarly() {
	slices.SortFunc(im.segments, func(a, b segment) int { return cmp.Compare(a.addr, b.addr) })
}

// readTable reads one table of relocations.
func (im *Image) readTable(addr, size uint64, addend bool) error {
	if size == 0 {
		return nil
	}
	width := 2 * im.ptr
	if addend {
		width += im.ptr
	}
	count := size / uint64(width)
	if count > maxRelocations-uint64(len(im.relocs)) {
		return fmt.Errorf("%w: %d relocations", ErrTooLarge, count)
	}
	r, ok := im.section(addr)
	if !ok || uint64(r.Size()) < size {
		return fmt.Errorf("%w: relocations outside the file", ErrMalformed)
	}
	im.relocs = slices.Grow(im.relocs, int(count))
	buf := make([]byte, 4096*width)
	for count > 0 {
		part := buf[:min(count, 4096)*uint64(width)]
		if _, err := io.ReadFull(r, part); err != nil {
			return err
		}
		count -= uint64(len(part) / width)
		for ; len(part) > 0; part = part[width:] {
			x := relocation{addr: im.word(part)}
			info := im.word(part[im.ptr:])
			symbol := info >> 32
			if im.ptr == 4 {
				symbol = info >> 8
			}
			if addend && symbol == 0 { // relative: the addend is the pointer
				x.to, x.explicit = im.word(part[2*im.ptr:]), true
			}
			im.relocs = append(im.relocs, x)
		}
	}
	return nil
}
