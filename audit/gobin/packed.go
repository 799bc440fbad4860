// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package gobin

import (
	"bytes"
	"debug/elf"
	"debug/macho"
	"debug/pe"
	"io"
	"slices"
)

// packed reports whether the file was packed by UPX, or something that lays files out as
// UPX does, which leaves nothing else readable: by its mark where UPX writes it, behind
// the headers, or by what it makes of segments and sections. A mark is easily removed,
// and the layout is what unpacks the program. That the text of the mark stands elsewhere
// says nothing.
func (f *File) packed(r io.ReaderAt) bool {
	switch h := f.headers.(type) {
	case *elf.File:
		size, entry := int64(64), int64(56)
		if h.Class == elf.ELFCLASS32 {
			size, entry = 52, 32
		}
		if packedELF(h) {
			return true
		}
		if len(h.Sections) == 0 {
			return marked(r, 0, inHead)
		}
		return marked(r, size+entry*int64(len(h.Progs)), nearHeaders) // a library keeps them
	case *pe.File:
		return packedPE(h) || marked(r, 0, inHead)
	case *macho.File:
		return packedMachO(h) || marked(r, 28+int64(h.Cmdsz), nearHeaders)
	}
	return false
}

// How far from the headers the mark stands, in bytes, and how far from the start of the
// file. In a PE file it stands before the content of the first section, wherever that
// begins.
const (
	nearHeaders = 128
	inHead      = 1024
)

func marked(r io.ReaderAt, from, reach int64) bool {
	part := make([]byte, reach)
	n, _ := r.ReadAt(part, from)
	return bytes.Contains(part[:n], []byte("UPX!"))
}

// packedELF tells by the segments: one at whose end the program starts, and memory for the
// rest that has no bytes, or a page of them. What a linker lays out so, as a small program,
// has a section that the start is in. What stands in the file and is not loaded says nothing.
func packedELF(e *elf.File) bool {
	code, room := false, false
	for _, p := range e.Progs {
		switch {
		case p.Type != elf.PT_LOAD:
		case p.Flags&elf.PF_X != 0 && p.Off == 0 && p.Filesz > pageSize:
			end := p.Vaddr + p.Filesz
			code = code || e.Entry < end && e.Entry > end-p.Filesz/4
		case p.Filesz > pageSize:
			return false
		default:
			room = true
		}
	}
	return code && room && !slices.ContainsFunc(e.Sections, func(s *elf.Section) bool {
		return s.Flags&elf.SHF_ALLOC != 0 && s.Type != elf.SHT_NULL && s.Type != elf.SHT_NOBITS && s.Addr <= e.Entry && e.Entry-s.Addr < s.Size
	})
}

// packedPE tells by the sections: the first is memory without bytes, and into it and
// the second may be written and from both code runs.
func packedPE(p *pe.File) bool {
	if len(p.Sections) < 2 {
		return false
	}
	const both = pe.IMAGE_SCN_MEM_WRITE | pe.IMAGE_SCN_MEM_EXECUTE
	room, code := p.Sections[0], p.Sections[1]
	return room.Name == "UPX0" && code.Name == "UPX1" ||
		room.Size == 0 && room.VirtualSize > 0 && room.Characteristics&both == both && code.Characteristics&both == both
}

// packedMachO tells by the names that UPX gives.
func packedMachO(m *macho.File) bool {
	return slices.ContainsFunc(m.Sections, func(s *macho.Section) bool { return s.Name == "upxTEXT" })
}
