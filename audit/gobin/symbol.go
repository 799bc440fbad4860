// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package gobin

import (
	"bytes"
	"debug/elf"
	"debug/macho"
	"debug/pe"
	"encoding/binary"
	"fmt"
	"io"
)

// A symbolTable looks up one symbol without reading the others into memory: a
// large program has half a million.
type symbolTable interface {
	// find returns the address of a symbol; 0 if there is none.
	find(name string) (addr uint64, err error)
}

// errSymbols is a symbol table that is not what it should be.
var errSymbols = fmt.Errorf("%w: symbol table", ErrMalformed)

// elfSymbols is the symbol table of an ELF file, which strip removes.
type elfSymbols struct {
	table, names *elf.Section
	order        binary.ByteOrder
	wide         bool
}

func newELFSymbols(e *elf.File) symbolTable {
	for _, s := range e.Sections {
		if s.Type == elf.SHT_SYMTAB && s.Size > 0 && int(s.Link) < len(e.Sections) &&
			(s.Flags|e.Sections[s.Link].Flags)&elf.SHF_COMPRESSED == 0 { // as no linker writes it: much may come out
			return &elfSymbols{s, e.Sections[s.Link], e.ByteOrder, e.Class == elf.ELFCLASS64}
		}
	}
	return nil
}

func (t *elfSymbols) find(name string) (uint64, error) {
	index, err := indexString(t.names.Open(), name)
	if err != nil || index == 0 {
		return 0, err
	}
	size := 16
	if t.wide {
		size = 24
	}
	r := t.table.Open()
	pooled := chunks.Get().(*[chunk + maxOverlap]byte)
	defer chunks.Put(pooled)
	buf := pooled[:4096*size]
	for {
		n, err := io.ReadFull(r, buf)
		for part := buf[:n/size*size]; len(part) > 0; part = part[size:] {
			if int64(t.order.Uint32(part)) != index {
				continue
			}
			if t.wide {
				return t.order.Uint64(part[8:]), nil
			}
			return uint64(t.order.Uint32(part[4:])), nil
		}
		if err == io.EOF || err == io.ErrUnexpectedEOF {
			return 0, nil
		}
		if err != nil {
			return 0, errSymbols
		}
	}
}

// indexString returns where a string stands in a table of strings; 0 if it does
// not: the first of a table is empty.
func indexString(r io.Reader, name string) (int64, error) {
	text := append(append([]byte{0}, name...), 0)
	pooled := chunks.Get().(*[chunk + maxOverlap]byte)
	defer chunks.Put(pooled)
	buf := pooled[:0]
	at := int64(0)
	for {
		n, err := io.ReadFull(r, buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		if i := bytes.Index(buf, text); i >= 0 {
			return at + int64(i) + 1, nil
		}
		if err == io.EOF || err == io.ErrUnexpectedEOF {
			return 0, nil
		}
		if err != nil {
			return 0, errSymbols
		}
		keep := len(text) - 1
		at += int64(len(buf) - keep)
		buf = buf[:copy(buf[:keep], buf[len(buf)-keep:])]
	}
}

// machoSymbols are those of a Mach-O file. Go writes its own names without the
// underscore of C.
type machoSymbols []macho.Symbol

func (t machoSymbols) find(name string) (uint64, error) {
	for _, s := range t {
		if s.Name == name {
			return s.Value, nil
		}
	}
	return 0, nil
}

// peSymbols are those of a PE file, whose values are offsets in sections.
type peSymbols struct {
	file *pe.File
	base uint64
}

func (t peSymbols) find(name string) (uint64, error) {
	for _, s := range t.file.Symbols {
		if s.Name != name {
			continue
		}
		if s.SectionNumber < 1 || int(s.SectionNumber) > len(t.file.Sections) {
			return 0, errSymbols
		}
		return t.base + uint64(t.file.Sections[s.SectionNumber-1].VirtualAddress) + uint64(s.Value), nil
	}
	return 0, nil
}
