// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package gobin

import (
	"bufio"
	"cmp"
	"debug/elf"
	"fmt"
	"io"
	"slices"
)

// An addressRange is a part of an image, its end not included.
type addressRange struct{ start, end uint64 }

// relocations are those that the loader applies to an image, sorted by address.
type relocations []relocation

type relocation struct {
	addr uint64
	to   uint64 // if it is explicit
	kind relocationKind
}

type relocationKind byte

const (
	implicit relocationKind = iota // the address of the image is added to what stands in the file (REL and RELR)
	explicit                       // the table has the pointer
	foreign                        // what is put there the file does not tell
)

// at returns the pointer that is put at addr, if it stands in the table. It is not
// known what the loader puts there where there are two, one that the file does not
// tell, or one that begins at another byte.
func (r relocations) at(addr uint64, size int) (to uint64, ok, known bool) {
	near := r.within(addressRange{addr, addr + uint64(size)}, size)
	switch {
	case len(near) == 0:
		return 0, false, true
	case len(near) > 1 || near[0].addr != addr || near[0].kind == foreign:
		return 0, false, false
	}
	return near[0].to, near[0].kind == explicit, true
}

// within returns the relocations that change a range, of pointers of that size.
func (r relocations) within(in addressRange, size int) relocations {
	start := in.start - min(in.start, uint64(size-1))
	byAddress := func(x relocation, a uint64) int { return cmp.Compare(x.addr, a) }
	i, _ := slices.BinarySearchFunc(r, start, byAddress)
	j, _ := slices.BinarySearchFunc(r, in.end, byAddress)
	return r[i:max(i, j)]
}

// changes reports whether the loader changes anything in a range.
func (im *Image) changes(in addressRange) bool {
	return in.start < in.end && (len(im.relocs.within(in, im.ptr)) > 0 || im.overwrites(in))
}

// overwrites reports whether a relocation of more than a pointer changes anything in a
// range.
func (im *Image) overwrites(in addressRange) bool {
	i, _ := slices.BinarySearchFunc(im.wide, in.start, func(w addressRange, a uint64) int {
		if w.end <= a {
			return -1
		}
		return 1
	})
	return i < len(im.wide) && im.wide[i].start < in.end
}

// maxRelocations bounds those of one image, which need 24 bytes each. A
// position-independent Go program of 100 MB has a million.
const maxRelocations = 4 << 20

// readDynamic reads the relocations that a dynamic section names: DT_RELA,
// DT_REL, those for procedures, and packed ones, DT_RELR (gABI, chapter 5). It reads
// what a loader reads: in a program without an interpreter that is not
// position-independent nobody looks at the dynamic section, and where there is one
// its address counts, not its offset in the file.
func (im *Image) readDynamic(e *elf.File) error {
	var dynamic *elf.Prog
	applied := e.Type == elf.ET_DYN
	im.arrangeEarly()
	for _, p := range e.Progs {
		switch p.Type {
		case elf.PT_INTERP:
			applied = true
		case elf.PT_PHDR: // the interpreter takes from it where the program is
			if at, ok := im.offset(p.Vaddr); !ok || at != p.Off {
				return fmt.Errorf("%w: program headers that are not at %#x", ErrMalformed, p.Vaddr)
			}
		case elf.PT_DYNAMIC:
			if dynamic != nil {
				return fmt.Errorf("%w: two dynamic sections", ErrMalformed)
			}
			dynamic = p
		}
	}
	if dynamic == nil || !applied {
		return nil
	}
	values, err := im.dynamicValues(dynamic)
	if err != nil {
		return err
	}
	types := relocationTypesOf(e.Machine)
	types.symbols = values[elf.DT_SYMTAB]
	if err := im.readTable(values[elf.DT_RELA], values[elf.DT_RELASZ], true, types); err != nil {
		return err
	}
	if err := im.readTable(values[elf.DT_REL], values[elf.DT_RELSZ], false, types); err != nil {
		return err
	}
	if err := im.readTable(values[elf.DT_JMPREL], values[elf.DT_PLTRELSZ], elf.DynTag(values[elf.DT_PLTREL]) == elf.DT_RELA, types); err != nil {
		return err
	}
	if err := im.readPacked(values[dtRELR], values[dtRELRSZ]); err != nil {
		return err
	}
	im.sortRelocations()
	return nil
}

func (im *Image) sortRelocations() {
	byAddress := func(a, b relocation) int { return cmp.Compare(a.addr, b.addr) }
	if !slices.IsSortedFunc(im.relocs, byAddress) { // a linker writes them so
		slices.SortFunc(im.relocs, byAddress)
	}
	slices.SortFunc(im.wide, func(a, b addressRange) int { return cmp.Compare(a.start, b.start) })
	merged := im.wide[:0]
	for _, w := range im.wide {
		if last := len(merged) - 1; last >= 0 && w.start <= merged[last].end {
			merged[last].end = max(merged[last].end, w.end)
		} else {
			merged = append(merged, w)
		}
	}
	im.wide = merged
}

// Tags that package elf does not have.
const (
	dtRELRSZ = elf.DynTag(35)
	dtRELR   = elf.DynTag(36)
	// Android's own forms of the tables, which are not read.
	dtAndroidFirst = elf.DynTag(0x6000000f) // DT_ANDROID_REL
	dtAndroidLast  = elf.DynTag(0x60000012) // DT_ANDROID_RELASZ
	dtAndroidRELR  = elf.DynTag(0x6fffe000)
)

// dynamicValues reads a dynamic section up to its end, as a loader does.
func (im *Image) dynamicValues(p *elf.Prog) (map[elf.DynTag]uint64, error) {
	malformed := fmt.Errorf("%w: dynamic section", ErrMalformed)
	if at, ok := im.offset(p.Vaddr); !ok || at != p.Off {
		return nil, malformed
	}
	r, _ := im.section(p.Vaddr)
	data := make([]byte, min(r.Size(), 64<<10))
	if _, err := r.ReadAt(data, 0); err != nil && err != io.EOF {
		return nil, err
	}
	values := map[elf.DynTag]uint64{}
	for entry := 2 * im.ptr; len(data) >= entry; data = data[entry:] {
		tag, value := elf.DynTag(im.word(data)), im.word(data[im.ptr:])
		switch old, again := values[tag]; {
		case tag == elf.DT_NULL:
			return values, nil
		case tag == elf.DT_NEEDED:
		case again && old != value, dtAndroidFirst <= tag && tag <= dtAndroidLast, tag == dtAndroidRELR:
			return nil, malformed
		}
		values[tag] = value
	}
	return nil, malformed
}

// offset is where the byte at addr stands in the file.
func (im *Image) offset(addr uint64) (uint64, bool) {
	for _, s := range im.segments {
		if at := addr - s.addr; at < s.size {
			return uint64(s.offset) + at, true
		}
	}
	return 0, false
}

// relocationTypes are those types of relocations that are told apart; 0 if there is
// none, or it is not known.
type relocationTypes struct {
	relative   uint64 // R_*_RELATIVE: adds the address of the image
	copy       uint64 // R_*_COPY: as many bytes as the symbol has
	descriptor uint64 // R_*_TLSDESC: two pointers

	symbols uint64 // where the symbols are: DT_SYMTAB
}

func relocationTypesOf(m elf.Machine) relocationTypes {
	switch m {
	case elf.EM_X86_64:
		return relocationTypes{relative: uint64(elf.R_X86_64_RELATIVE), copy: uint64(elf.R_X86_64_COPY), descriptor: uint64(elf.R_X86_64_TLSDESC)}
	case elf.EM_386:
		return relocationTypes{relative: uint64(elf.R_386_RELATIVE), copy: uint64(elf.R_386_COPY), descriptor: uint64(elf.R_386_TLS_DESC)}
	case elf.EM_AARCH64:
		return relocationTypes{relative: uint64(elf.R_AARCH64_RELATIVE), copy: uint64(elf.R_AARCH64_COPY), descriptor: uint64(elf.R_AARCH64_TLSDESC)}
	case elf.EM_ARM:
		return relocationTypes{relative: uint64(elf.R_ARM_RELATIVE), copy: uint64(elf.R_ARM_COPY), descriptor: 13}
	case elf.EM_PPC64:
		return relocationTypes{relative: uint64(elf.R_PPC64_RELATIVE), copy: uint64(elf.R_PPC64_COPY)}
	case elf.EM_S390:
		return relocationTypes{relative: uint64(elf.R_390_RELATIVE), copy: uint64(elf.R_390_COPY)}
	case elf.EM_RISCV:
		return relocationTypes{relative: uint64(elf.R_RISCV_RELATIVE), copy: uint64(elf.R_RISCV_COPY), descriptor: 12}
	case elf.EM_LOONGARCH:
		return relocationTypes{relative: uint64(elf.R_LARCH_RELATIVE), copy: uint64(elf.R_LARCH_COPY), descriptor: uint64(elf.R_LARCH_TLS_DESC64)}
	case elf.EM_MIPS:
		return relocationTypes{relative: uint64(elf.R_MIPS_REL32), copy: 126}
	}
	return relocationTypes{}
}

// extent is how many bytes a relocation changes.
func (im *Image) extent(kind, symbol uint64, types relocationTypes) (uint64, error) {
	switch {
	case kind == types.descriptor:
		return 2 * uint64(im.ptr), nil
	case kind == types.copy:
		entry := make([]byte, 24) // Elf64_Sym
		size := entry[16:]
		if im.ptr == 4 {
			entry = entry[:16] // Elf32_Sym
			size = entry[8:]
		}
		if err := im.read(entry, types.symbols+symbol*uint64(len(entry))); err != nil {
			return 0, fmt.Errorf("%w: relocation of a symbol that is not in the file", ErrMalformed)
		}
		return im.word(size), nil
	}
	return uint64(im.ptr), nil
}

// readPacked reads relative relocations that are packed: an address, and bitmaps of
// the words behind it (gABI, chapter 5, "Relative Relocation Table").
func (im *Image) readPacked(addr, size uint64) error {
	if size == 0 {
		return nil
	}
	r, ok := im.section(addr)
	if !ok || uint64(r.Size()) < size {
		return fmt.Errorf("%w: packed relocations outside the file", ErrMalformed)
	}
	width := uint64(im.ptr)
	in := bufio.NewReaderSize(io.NewSectionReader(r, 0, int64(size)), 64<<10)
	raw := make([]byte, im.ptr)
	next := uint64(0)
	for range size / width {
		if _, err := io.ReadFull(in, raw); err != nil {
			return err
		}
		entry := im.word(raw)
		if entry&1 == 0 {
			im.relocs = append(im.relocs, relocation{addr: entry})
			next = entry + width
			continue
		}
		for i := range 8*width - 1 {
			if entry>>(i+1)&1 != 0 {
				im.relocs = append(im.relocs, relocation{addr: next + i*width})
			}
		}
		next += (8*width - 1) * width
		if len(im.relocs) > maxRelocations {
			return fmt.Errorf("%w: packed relocations", ErrTooLarge)
		}
	}
	return nil
}

// arrangeEarly sorts the segments, so that addresses can be read.
func (im *Image) arrangeEarly() {
	slices.SortFunc(im.segments, func(a, b segment) int { return cmp.Compare(a.addr, b.addr) })
}

// readTable reads one table of relocations.
func (im *Image) readTable(addr, size uint64, addend bool, types relocationTypes) error {
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
			symbol, kind := info>>32, info&(1<<32-1)
			if im.ptr == 4 {
				symbol, kind = info>>8, info&0xff
			}
			switch {
			case kind == 0: // R_*_NONE
				continue
			case symbol != 0 || kind != types.relative:
				x.kind = foreign
				n, err := im.extent(kind, symbol, types)
				if err != nil {
					return err
				}
				if end := x.addr + n; n > uint64(im.ptr) && end > x.addr {
					im.wide = append(im.wide, addressRange{x.addr, end})
				}
			case addend: // it is the pointer
				x.to, x.kind = im.word(part[2*im.ptr:]), explicit
			}
			im.relocs = append(im.relocs, x)
		}
	}
	return nil
}
