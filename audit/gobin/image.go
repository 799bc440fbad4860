// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package gobin

import (
	"cmp"
	"debug/elf"
	"debug/macho"
	"debug/pe"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
)

// An Image is an executable as the loader lays it out in memory: segments at
// their addresses, and the pointers that relative relocations put into them. It
// needs no section headers and no symbols. An address is that of a load without
// randomization.
type Image struct {
	r        *budget
	order    binary.ByteOrder
	arch     string         // in GOARCH words
	ptr      int            // size of a pointer, in bytes
	mask     uint64         // of the bits of a stored pointer that are its address
	base     uint64         // of a Mach-O image, to which pointers may be offsets
	segments []segment      // sorted by address
	zero     []addressRange // of memory behind segments, which no byte of the file fills
	loaded   []mapping      // what the loader maps
	relocs   relocations
	wide     []addressRange // what some of them change that are not of a pointer: sorted, and apart
	tables   []addressRange // where section headers say that the function table is
	symbols  symbolTable    // nil if it was stripped
	places   places         // of marks in the file, if it was searched

	// What is found once, when it is asked for.

	functionTable func() (functionTable, error)
	located       func() (located, error)
	tests         []string // functions that are the test of a native module; nil until Functions went through all
}

// A segment is a part of an image that has bytes in the file.
type segment struct {
	addr, size uint64
	offset     int64
	write      bool
}

// A mapping is what the loader makes of a segment: size bytes at addr, of which
// those of the file come from addr+delta.
type mapping struct {
	addressRange
	delta  uint64 // what is added to an address for the offset in the file
	filled bool   // no part is only in memory
}

// maxImage is how many bytes of one executable are read for what an Image is
// asked. The function table of the largest public Go programs has 100 MiB.
const maxImage = 512 << 20

// maxSegments bounds the segments of an image: there are few.
const maxSegments = 1024

// errAddress is an address that is not in the file.
var errAddress = errors.New("address outside the image")

// Image lays out the executable. It reads the file that [Open] or [New] read,
// which must not have been closed. Of a universal file, ask its members. Who asks
// again gets the same Image: one goroutine may use it.
func (f *File) Image() (im *Image, err error) {
	if f.image != nil {
		return f.image, nil
	}
	if f.reader == nil {
		return nil, fmt.Errorf("%w: no single image", ErrNotExecutable)
	}
	f.reader.left, f.reader.err = maxImage, nil
	im = &Image{r: f.reader, arch: f.Arch, mask: 1<<64 - 1, places: f.places}
	im.functionTable, im.located = sync.OnceValues(im.findFunctionTable), sync.OnceValues(im.locate)
	defer func() {
		if v := recover(); v != nil {
			im, err = nil, fmt.Errorf("%w: %v", ErrMalformed, v)
		}
	}()
	switch h := f.headers.(type) {
	case *elf.File:
		err = im.readELF(h)
	case *macho.File:
		err = im.readMachO(h, io.NewSectionReader(im.r, 0, f.Size))
	case *pe.File:
		err = im.readPE(h)
	default:
		err = fmt.Errorf("%s: %w", f.Format, ErrShallow)
	}
	if err != nil {
		return nil, err
	}
	if err := im.checkPages(); err != nil {
		return nil, err
	}
	if err := im.arrange(uint64(f.Size)); err != nil {
		return nil, err
	}
	f.image, f.headers = im, nil
	return im, nil
}

// arrange sorts the segments, and cuts what lies behind the end of the file.
func (im *Image) arrange(size uint64) error {
	if len(im.segments) > maxSegments {
		return fmt.Errorf("%w: %d segments", ErrMalformed, len(im.segments))
	}
	total := uint64(0)
	for i := range im.segments {
		s := &im.segments[i]
		if s.offset < 0 || uint64(s.offset) > size {
			s.size = 0
			continue
		}
		s.size = min(s.size, size-uint64(s.offset), 1<<63-s.addr&(1<<63-1))
		if total += s.size; total > 2*size { // else every byte would be searched a thousand times
			return fmt.Errorf("%w: segments that share their bytes", ErrMalformed)
		}
	}
	im.segments = slices.DeleteFunc(im.segments, func(s segment) bool { return s.size == 0 })
	slices.SortFunc(im.segments, func(a, b segment) int { return cmp.Compare(a.addr, b.addr) })
	return nil
}

func (im *Image) readELF(e *elf.File) error {
	im.order, im.ptr = e.ByteOrder, 8
	if e.Class == elf.ELFCLASS32 {
		im.ptr = 4
	}
	before := uint64(0)
	for _, p := range e.Progs {
		if p.Type != elf.PT_LOAD || p.Memsz == 0 {
			continue
		}
		// The loader takes the first and the last for the lowest and the highest.
		if p.Vaddr < before || p.Filesz > p.Memsz || p.Vaddr%pageSize != p.Off%pageSize {
			return fmt.Errorf("%w: segment at %#x that no loader takes", ErrMalformed, p.Vaddr)
		}
		before = p.Vaddr
		im.add(segment{p.Vaddr, p.Filesz, int64(p.Off), p.Flags&elf.PF_W != 0}, p.Memsz)
	}
	for _, s := range e.Sections {
		if s.Name == ".gopclntab" || s.Name == ".data.rel.ro.gopclntab" {
			im.tables = append(im.tables, addressRange{s.Addr, s.Addr + s.Size})
		}
	}
	im.symbols = newELFSymbols(e)
	return im.readDynamic(e)
}

func (im *Image) readMachO(m *macho.File, r io.ReaderAt) error {
	im.order, im.ptr = m.ByteOrder, 8
	if m.Magic == macho.Magic32 {
		im.ptr = 4
	}
	// The loader's chains of pointers use the bits above an address
	// (DYLD_CHAINED_PTR_64 in <mach-o/fixup-chains.h>).
	im.mask = 1<<48 - 1
	const write = 2 // VM_PROT_WRITE
	for _, l := range m.Loads {
		if s, ok := l.(*macho.Segment); ok && s.Memsz > 0 { // debugging information is not loaded
			if s.Offset == 0 && s.Filesz > 0 {
				im.base = s.Addr // the header's, to which the loader adds offsets
			}
			im.add(segment{s.Addr, s.Filesz, int64(s.Offset), s.Prot&write != 0}, s.Memsz)
		}
	}
	for _, s := range m.Sections {
		if s.Name == "__gopclntab" {
			im.tables = append(im.tables, addressRange{s.Addr, s.Addr + s.Size})
		}
	}
	if m.Symtab != nil && len(m.Symtab.Syms) > 0 {
		im.symbols = machoSymbols(m.Symtab.Syms)
	}
	return im.readRebases(m, r)
}

func (im *Image) readPE(p *pe.File) error {
	im.order, im.ptr = binary.LittleEndian, 8
	var base uint64
	var directories []pe.DataDirectory
	switch h := p.OptionalHeader.(type) {
	case *pe.OptionalHeader32:
		base, im.ptr = uint64(h.ImageBase), 4
		directories = h.DataDirectory[:min(h.NumberOfRvaAndSizes, 16)]
	case *pe.OptionalHeader64:
		base = h.ImageBase
		directories = h.DataDirectory[:min(h.NumberOfRvaAndSizes, 16)]
	default:
		return fmt.Errorf("%w: PE object", ErrNotExecutable)
	}
	for _, s := range p.Sections {
		if s.Size > 0 && s.Offset%sectorSize != 0 {
			return fmt.Errorf("%w: section at offset %#x, which no sector begins at", ErrMalformed, s.Offset)
		}
		im.add(segment{
			base + uint64(s.VirtualAddress), uint64(min(s.Size, s.VirtualSize)), int64(s.Offset), s.Characteristics&pe.IMAGE_SCN_MEM_WRITE != 0,
		}, uint64(s.VirtualSize))
	}
	if len(p.Symbols) > 0 {
		im.symbols = peSymbols{p, base}
	}
	if len(directories) > pe.IMAGE_DIRECTORY_ENTRY_IMPORT {
		im.arrangeEarly()
		if err := im.readImports(base, directories[pe.IMAGE_DIRECTORY_ENTRY_IMPORT]); err != nil {
			return err
		}
		im.sortRelocations()
	}
	if len(directories) > pe.IMAGE_DIRECTORY_ENTRY_BASERELOC {
		return im.readBaseRelocations(base, directories[pe.IMAGE_DIRECTORY_ENTRY_BASERELOC])
	}
	return nil
}

// sectorSize is what the loader of Windows counts a PE file in, in bytes: it takes
// what is left of an offset for nothing (PE Format, PointerToRawData).
const sectorSize = 512

// add adds a segment that has size bytes in memory.
func (im *Image) add(s segment, size uint64) {
	im.segments = append(im.segments, s)
	end := s.addr + max(size, s.size)
	if end > s.addr {
		im.loaded = append(im.loaded, mapping{addressRange{s.addr, end}, uint64(s.offset) - s.addr, size <= s.size})
	}
	if size > s.size && end > s.addr {
		im.zero = append(im.zero, addressRange{s.addr + s.size, end})
	}
}

// pageSize is that of the loader, in bytes, where it is smallest: segments are as
// far apart that the processors with larger ones can load them.
const pageSize = 4096

// checkPages refuses an image two segments of which are in the same page of memory:
// which of them the program sees, nobody but the loader knows. They may be where both
// bring the same page of the file, and none is cleared behind its end.
func (im *Image) checkPages() error {
	slices.SortFunc(im.loaded, func(a, b mapping) int { return cmp.Compare(a.start, b.start) })
	for i := 1; i < len(im.loaded); i++ {
		a, b := im.loaded[i-1], im.loaded[i]
		if a.end > b.start || (a.end-1)/pageSize >= b.start/pageSize && !(a.delta == b.delta && a.filled) {
			return fmt.Errorf("%w: segments at %#x and %#x share a page", ErrMalformed, a.start, b.start)
		}
	}
	return nil
}

// isZero reports whether addr is in memory that is zero at the start.
func (im *Image) isZero(addr uint64) bool {
	return slices.ContainsFunc(im.zero, func(z addressRange) bool { return z.start <= addr && addr < z.end })
}

// section returns the bytes at addr up to the end of its segment.
func (im *Image) section(addr uint64) (*io.SectionReader, bool) {
	i, found := slices.BinarySearchFunc(im.segments, addr, func(s segment, a uint64) int { return cmp.Compare(s.addr, a) })
	if !found {
		i--
	}
	if i < 0 || addr-im.segments[i].addr >= im.segments[i].size {
		return nil, false
	}
	s := im.segments[i]
	return io.NewSectionReader(im.r, s.offset+int64(addr-s.addr), int64(s.size-(addr-s.addr))), true
}

// read reads len(p) bytes at addr, as they are in the file.
func (im *Image) read(p []byte, addr uint64) error {
	r, ok := im.section(addr)
	if !ok {
		return errAddress
	}
	_, err := io.ReadFull(r, p)
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return errAddress
	}
	return err
}

// word decodes a pointer-sized number at the start of b.
func (im *Image) word(b []byte) uint64 {
	if im.ptr == 4 {
		return uint64(im.order.Uint32(b))
	}
	return im.order.Uint64(b)
}

// nowhere is an address that no image has.
const nowhere = 1<<64 - 1

// maxChained is the mask of an offset in a chain of pointers: DYLD_CHAINED_PTR_64_OFFSET.
const maxChained = 1<<36 - 1

// pointer returns the pointer at addr, of which raw are the bytes in the file. It is
// nowhere if the loader puts one there that the file does not tell.
func (im *Image) pointer(addr uint64, raw []byte) uint64 {
	if to, ok, known := im.relocs.at(addr, im.ptr); !known || im.overwrites(addressRange{addr, addr + uint64(im.ptr)}) {
		return nowhere
	} else if ok {
		return to
	}
	stored := im.word(raw)
	to := stored & im.mask
	if im.base != 0 {
		if _, ok := im.section(to); !ok && !im.isZero(to) {
			return im.base + stored&maxChained
		}
	}
	return to
}

// chunk is how much of a file is looked at at once, in bytes: what was read is
// still in the processor's cache then.
const chunk = 256 << 10

// chunks are buffers of chunk bytes and what overlaps.
var chunks = sync.Pool{New: func() any { return new([chunk + maxOverlap]byte) }}

// maxOverlap bounds what a scan may look for, in bytes.
const maxOverlap = 256

// scan calls fn for the content of the segments that are writable, or of those
// that are not, in parts that overlap by overlap bytes, until it returns false.
func (im *Image) scan(write bool, overlap int, fn func(addr uint64, part []byte) bool) error {
	pooled := chunks.Get().(*[chunk + maxOverlap]byte)
	defer chunks.Put(pooled)
	buf := pooled[:chunk+overlap]
	for _, s := range im.segments {
		if s.write != write {
			continue
		}
		for at := uint64(0); at < s.size; at += chunk {
			part := buf[:min(s.size-at, uint64(len(buf)))]
			if _, err := im.r.ReadAt(part, s.offset+int64(at)); err != nil && err != io.EOF {
				return err
			}
			if !fn(s.addr+at, part) {
				return nil
			}
		}
	}
	return nil
}

// find calls fn with each address at which a mark stands in the segments that are
// writable, and then in those that are not, or in one kind of them, until it returns
// false.
func (im *Image) find(m mark, writable []bool, fn func(addr uint64) bool) error {
	end := false
	for _, write := range writable {
		err := im.findIn(m, write, func(addr uint64) bool {
			end = !fn(addr)
			return !end
		})
		if err != nil || end {
			return err
		}
	}
	return nil
}

func (im *Image) findIn(m mark, write bool, fn func(addr uint64) bool) error {
	offsets, known := im.places[m]
	if !known {
		return im.scan(write, len(m.text)-1, func(addr uint64, part []byte) bool {
			for i := range m.in(part) {
				if !fn(addr + uint64(i)) {
					return false
				}
			}
			return true
		})
	}
	for _, s := range im.segments {
		for _, offset := range offsets {
			at := offset - s.offset
			if s.write == write && at >= 0 && uint64(at)+uint64(len(m.text)) <= s.size && !fn(s.addr+uint64(at)) {
				return nil
			}
		}
	}
	return nil
}
