// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package gobin

import (
	"bytes"
	"debug/elf"
	"debug/macho"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strconv"
)

// Bounds of what the parsers of the standard library keep for each part of a file,
// whatever the size of the file. They copy the name of each section and symbol, and
// many may share one long name: a file of some MiB can ask for a hundred GiB.
const (
	maxSectionNames = 1 << 20  // bytes of all names of sections, and of libraries, together
	maxSymbolNames  = 64 << 20 // of symbols; those of a large program have half of it
	maxSymbols      = 2 << 20
	maxHeaders      = 4 << 20 // bytes of a table of headers; Go writes some KiB
	maxSections     = 1 << 16
	maxSectRelocs   = 1 << 20 // of all sections: of objects, a program has none
)

// guard refuses, before a parser of the standard library reads it, a file that
// would need much more memory than it has bytes. What is malformed otherwise is left
// to the parser to tell.
func guard(r io.ReaderAt, size int64, ident []byte) error {
	if isShallow(ident) { // the parser of this package asks for no more than the file has
		return nil
	}
	g := &guarded{r: newBudget(r, 2*MaxRead), size: size}
	var err error
	switch {
	case bytes.HasPrefix(ident, []byte("\x7FELF")):
		err = g.elf()
	case bytes.HasPrefix(ident, []byte("MZ")):
		err = g.pe()
	default:
		err = g.macho()
	}
	if err == nil { // of the file system, or too much
		err = g.r.err
	}
	if g.object && errors.Is(err, ErrTooLarge) { // compilers write a section for each function
		return fmt.Errorf("%w: an object", ErrNotExecutable)
	}
	return err
}

// guarded is a file that guard looks at.
type guarded struct {
	r      *budget
	size   int64
	object bool // no program and no library
}

// tooLarge says what is.
func tooLarge(what string, n uint64) error { return fmt.Errorf("%w: %s: %d", ErrTooLarge, what, n) }

// part reads what there is of size bytes at an offset; a table that has more than
// limit is none that is read.
func (g *guarded) part(offset, size, limit uint64, what string) ([]byte, error) {
	if offset > uint64(g.size) {
		return nil, nil
	}
	if size = min(size, uint64(g.size)-offset); size > limit {
		return nil, tooLarge(what, size)
	}
	data := make([]byte, size)
	n, err := g.r.ReadAt(data, int64(offset))
	if err == io.EOF {
		err = nil
	}
	return data[:n], err
}

// names adds up the lengths of texts in a table, which end in zero.
type names struct {
	table []byte
	limit uint64
	total uint64
	what  string
}

func (n *names) add(at uint64) error {
	if at >= uint64(len(n.table)) {
		return nil
	}
	rest := n.table[at:]
	if end := bytes.IndexByte(rest, 0); end >= 0 {
		rest = rest[:end]
	}
	if n.total += uint64(len(rest)); n.total > n.limit {
		return tooLarge(n.what, n.total)
	}
	return nil
}

// elf looks at the names of sections, and at those of libraries, which the dynamic
// section has. Symbols are not read by the parser.
func (g *guarded) elf() error {
	h, err := g.part(0, 64, 64, "header")
	if err != nil || len(h) < 52 {
		return err
	}
	order := binary.ByteOrder(binary.LittleEndian)
	if elf.Data(h[elf.EI_DATA]) == elf.ELFDATA2MSB {
		order = binary.BigEndian
	}
	typ := elf.Type(order.Uint16(h[16:]))
	g.object = typ != elf.ET_EXEC && typ != elf.ET_DYN
	wide := elf.Class(h[elf.EI_CLASS]) == elf.ELFCLASS64
	var offset, entry, count, namesAt uint64
	minEntry := uint64(40)
	if wide {
		if len(h) < 64 {
			return nil
		}
		minEntry = 64
		offset, entry, count, namesAt = order.Uint64(h[40:]), uint64(order.Uint16(h[58:])), uint64(order.Uint16(h[60:])), uint64(order.Uint16(h[62:]))
		h = h[54:] // e_phentsize
	} else {
		offset, entry, count, namesAt = uint64(order.Uint32(h[32:])), uint64(order.Uint16(h[46:])), uint64(order.Uint16(h[48:])), uint64(order.Uint16(h[50:]))
		h = h[42:]
	}
	if n := uint64(order.Uint16(h)) * uint64(order.Uint16(h[2:])); n > maxHeaders {
		return tooLarge("bytes of program headers", n)
	}
	if offset == 0 {
		return nil
	}
	type section struct {
		name, typ, link     uint32
		flags, offset, size uint64
	}
	parse := func(b []byte) section {
		if wide {
			return section{order.Uint32(b), order.Uint32(b[4:]), order.Uint32(b[40:]), order.Uint64(b[8:]), order.Uint64(b[24:]), order.Uint64(b[32:])}
		}
		return section{order.Uint32(b), order.Uint32(b[4:]), order.Uint32(b[24:]), uint64(order.Uint32(b[8:])), uint64(order.Uint32(b[16:])), uint64(order.Uint32(b[20:]))}
	}
	if count == 0 { // see elf.NewFile
		first, err := g.part(offset, minEntry, minEntry, "section header")
		if err != nil || uint64(len(first)) < minEntry {
			return err
		}
		s := parse(first)
		if count = s.size; namesAt == uint64(elf.SHN_XINDEX) {
			namesAt = uint64(s.link)
		}
	}
	if count > maxSections {
		return tooLarge("sections", count)
	}
	if entry < minEntry {
		return nil
	}
	if count*entry > maxHeaders {
		return tooLarge("bytes of section headers", count*entry)
	}
	table, err := g.part(offset, count*entry, maxHeaders, "section headers")
	if err != nil {
		return err
	}
	var list []section
	for ; uint64(len(table)) >= entry; table = table[entry:] {
		list = append(list, parse(table))
	}
	strings := func(at uint64, limit uint64, what string) (*names, error) {
		n := &names{limit: maxSectionNames, what: what}
		if at == 0 || at >= uint64(len(list)) {
			return n, nil
		}
		s := list[at]
		if s.flags&uint64(elf.SHF_COMPRESSED) != 0 { // it would be unpacked
			return nil, fmt.Errorf("%w: compressed table of names", ErrMalformed)
		}
		var err error
		n.table, err = g.part(s.offset, s.size, limit, what)
		return n, err
	}
	n, err := strings(namesAt, 4*maxSectionNames, "bytes of section names")
	if err != nil {
		return err
	}
	for _, s := range list {
		if err := n.add(uint64(s.name)); err != nil {
			return err
		}
	}
	for _, s := range list {
		if elf.SectionType(s.typ) != elf.SHT_DYNAMIC {
			continue
		}
		if s.flags&uint64(elf.SHF_COMPRESSED) != 0 {
			return fmt.Errorf("%w: compressed dynamic section", ErrMalformed)
		}
		dynamic, err := g.part(s.offset, s.size, maxHeaders, "bytes of the dynamic section")
		if err != nil {
			return err
		}
		n, err := strings(uint64(s.link), MaxRead, "bytes of library names")
		if err != nil {
			return err
		}
		for {
			var tag, value uint64
			switch {
			case wide && len(dynamic) >= 16:
				tag, value, dynamic = order.Uint64(dynamic), order.Uint64(dynamic[8:]), dynamic[16:]
			case !wide && len(dynamic) >= 8:
				tag, value, dynamic = uint64(order.Uint32(dynamic)), uint64(order.Uint32(dynamic[4:])), dynamic[8:]
			default:
				return nil // the parser reads one
			}
			if elf.DynTag(tag) == elf.DT_NEEDED {
				if err := n.add(value); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// macho looks at the load commands, and at the names of symbols.
func (g *guarded) macho() error {
	h, err := g.part(0, 32, 32, "header")
	if err != nil || len(h) < 28 {
		return err
	}
	order := binary.ByteOrder(binary.LittleEndian)
	if h[0] == 0xFE {
		order = binary.BigEndian
	}
	typ := macho.Type(order.Uint32(h[12:]))
	g.object = typ != macho.TypeExec && typ != macho.TypeDylib && typ != macho.TypeBundle
	wide, start, entry := order.Uint32(h) == macho.Magic64, uint64(28), uint64(12)
	if wide {
		start, entry = 32, 16
	}
	commands, err := g.part(start, uint64(order.Uint32(h[20:])), maxHeaders, "bytes of load commands")
	if err != nil {
		return err
	}
	symbols, relocs, indirect := uint64(0), uint64(0), uint64(0)
	total := uint64(0) // of names
	for len(commands) >= 8 {
		cmd, size := macho.LoadCmd(order.Uint32(commands)), uint64(order.Uint32(commands[4:]))
		if size < 8 || size > uint64(len(commands)) {
			return nil
		}
		c := commands[:size]
		commands = commands[size:]
		switch {
		case cmd == macho.LoadCmdSymtab && size >= 24:
			at, count := uint64(order.Uint32(c[8:])), uint64(order.Uint32(c[12:]))
			if symbols += count; symbols > maxSymbols {
				return tooLarge("symbols", symbols)
			}
			strings, err := g.part(uint64(order.Uint32(c[16:])), uint64(order.Uint32(c[20:])), MaxRead, "bytes of symbol names")
			if err != nil {
				return err
			}
			n := &names{table: strings, limit: maxSymbolNames, total: total, what: "bytes of symbol names"}
			if err := g.each(at, count, entry, func(b []byte) error { return n.add(uint64(order.Uint32(b))) }); err != nil {
				return err
			}
			total = n.total
		case cmd == macho.LoadCmdDysymtab && size >= 64:
			if indirect += uint64(order.Uint32(c[60:])); indirect > maxSymbols {
				return tooLarge("indirect symbols", indirect)
			}
		case cmd == macho.LoadCmdSegment || cmd == macho.LoadCmdSegment64:
			head, section, at := 56, 68, 52
			if cmd == macho.LoadCmdSegment64 {
				head, section, at = 72, 80, 60
			}
			for c := c[min(head, len(c)):]; len(c) >= section; c = c[section:] {
				if relocs += uint64(order.Uint32(c[at:])); relocs > maxSectRelocs {
					return tooLarge("relocations of sections", relocs)
				}
			}
		}
	}
	return nil
}

// each calls fn with each entry of a table, which it reads in parts.
func (g *guarded) each(offset, count, entry uint64, fn func([]byte) error) error {
	const some = 4096
	for count > 0 {
		n := min(count, some)
		data, err := g.part(offset, n*entry, some*entry, "")
		if err != nil {
			return err
		}
		if len(data) == 0 {
			return nil
		}
		for ; uint64(len(data)) >= entry; data = data[entry:] {
			if err := fn(data); err != nil {
				return err
			}
		}
		count, offset = count-n, offset+n*entry
	}
	return nil
}

// pe looks at the names of symbols and of sections.
func (g *guarded) pe() error {
	var at [4]byte
	if _, err := g.r.ReadAt(at[:], 0x3c); err != nil {
		return nil
	}
	const header, symbol, section = 20, 18, 40
	start := uint64(binary.LittleEndian.Uint32(at[:])) + 4
	h, err := g.part(start, header, header, "header")
	if err != nil || len(h) < header {
		return err
	}
	sections, symbolsAt, symbols := uint64(binary.LittleEndian.Uint16(h[2:])), binary.LittleEndian.Uint32(h[8:]), binary.LittleEndian.Uint32(h[12:])
	if symbolsAt != 0 && symbols > maxSymbols {
		return tooLarge("symbols", uint64(symbols))
	}
	var strings []byte
	if symbolsAt != 0 {
		offset := uint64(symbolsAt + symbol*symbols) // of 32 bits, as debug/pe computes it
		length, err := g.part(offset, 4, 4, "string table")
		if err != nil {
			return err
		}
		if len(length) == 4 && binary.LittleEndian.Uint32(length) > 4 {
			if strings, err = g.part(offset, uint64(binary.LittleEndian.Uint32(length)), MaxRead, "bytes of symbol names"); err != nil {
				return err
			}
		}
	}
	n, aux := &names{table: strings, limit: maxSymbolNames, what: "bytes of symbol names"}, 0
	if symbolsAt != 0 {
		err := g.each(uint64(symbolsAt), uint64(symbols), symbol, func(b []byte) error {
			if aux > 0 {
				aux--
				return nil
			}
			aux = int(b[17])
			if binary.LittleEndian.Uint32(b) != 0 {
				return nil // it stands here
			}
			return n.add(uint64(binary.LittleEndian.Uint32(b[4:])))
		})
		if err != nil {
			return err
		}
	}
	n, relocs := &names{table: strings, limit: maxSectionNames, what: "bytes of section names"}, uint64(0)
	return g.each(start+header+uint64(binary.LittleEndian.Uint16(h[16:])), sections, section, func(b []byte) error {
		if relocs += uint64(binary.LittleEndian.Uint16(b[32:])); relocs > maxSectRelocs {
			return tooLarge("relocations of sections", relocs)
		}
		if b[0] != '/' {
			return nil
		}
		name, _, _ := bytes.Cut(b[1:8], []byte{0})
		i, err := strconv.Atoi(string(name))
		if err != nil { // which the parser tells
			return nil
		}
		return n.add(uint64(uint32(i)))
	})
}
