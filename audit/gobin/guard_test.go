// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package gobin_test

import (
	"bytes"
	"debug/elf"
	"debug/macho"
	"debug/pe"
	"encoding/binary"
	"errors"
	"runtime"
	"testing"

	"github.com/goassay/assay/audit/gobin"
	"github.com/goassay/assay/audit/gobin/gobintest"
)

const (
	bombParts = 1000 // sections or symbols, which share
	bombName  = 1 << 20
)

// encode appends values, little-endian.
func encode(b []byte, values ...any) []byte {
	for _, v := range values {
		var err error
		if b, err = binary.Append(b, binary.LittleEndian, v); err != nil {
			panic(err)
		}
	}
	return b
}

func longName() []byte { return append(bytes.Repeat([]byte("a"), bombName), 0) }

// elfBomb has sections that share a name, or needs libraries that do.
func elfBomb(typ elf.Type, sections, libraries int, flags elf.SectionFlag) []byte {
	const headerSize, sectionSize = 64, 64
	name := longName()
	dynamic := []byte{}
	for range libraries {
		dynamic = encode(dynamic, elf.Dyn64{Tag: int64(elf.DT_NEEDED)})
	}
	h := elf.Header64{Type: uint16(typ), Machine: uint16(elf.EM_X86_64), Version: 1, Ehsize: headerSize, Shentsize: sectionSize,
		Shoff: uint64(headerSize + len(name) + len(dynamic)), Shnum: uint16(sections + 3), Shstrndx: 1}
	copy(h.Ident[:], "\x7fELF\x02\x01\x01")
	out := append(append(encode(nil, h), name...), dynamic...)
	end := uint32(bombName)
	out = encode(out, elf.Section64{Name: end},
		elf.Section64{Name: end, Type: uint32(elf.SHT_STRTAB), Flags: uint64(flags), Off: headerSize, Size: uint64(len(name))},
		elf.Section64{Name: end, Type: uint32(elf.SHT_DYNAMIC), Link: 1, Off: uint64(headerSize + len(name)), Size: uint64(len(dynamic))})
	for range sections {
		out = encode(out, elf.Section64{Type: uint32(elf.SHT_PROGBITS)})
	}
	return out
}

// machoBomb has symbols that share a name.
func machoBomb() []byte {
	const start = 32 + 24
	name := longName()
	out := encode(nil, macho.FileHeader{Magic: macho.Magic64, Cpu: macho.CpuAmd64, Type: macho.TypeExec, Ncmd: 1, Cmdsz: 24}, uint32(0),
		macho.SymtabCmd{Cmd: macho.LoadCmdSymtab, Len: 24, Stroff: start, Strsize: uint32(len(name)), Symoff: uint32(start + len(name)), Nsyms: bombParts})
	out = append(out, name...)
	for range bombParts {
		out = encode(out, macho.Nlist64{Type: 0x0e})
	}
	return out
}

// peBomb has symbols or sections that share a name, or imports functions that do.
func peBomb(symbols, sections, imports int) []byte {
	name := longName()
	dos := make([]byte, 0x80)
	copy(dos, "MZ")
	dos[0x3c] = 0x80
	const optional = 240
	thunks := 40
	data := encode(nil, uint32(0x1000+thunks), uint64(0), uint32(0x1000+thunks+8*(imports+1)), uint32(0), [5]uint32{})
	for range imports {
		data = encode(data, uint64(0x1000+thunks+8*(imports+1)-2))
	}
	data = append(encode(data, uint64(0)), name...)
	at := 0x80 + 4 + 20 + optional + 40*(sections+1)
	h := pe.FileHeader{Machine: pe.IMAGE_FILE_MACHINE_AMD64, NumberOfSections: uint16(sections + 1), PointerToSymbolTable: uint32(at + len(data)),
		NumberOfSymbols: uint32(symbols), SizeOfOptionalHeader: optional, Characteristics: pe.IMAGE_FILE_EXECUTABLE_IMAGE}
	o := pe.OptionalHeader64{Magic: 0x20b, NumberOfRvaAndSizes: 16}
	o.DataDirectory[pe.IMAGE_DIRECTORY_ENTRY_IMPORT] = pe.DataDirectory{VirtualAddress: 0x1000, Size: 40}
	out := encode(append(dos, "PE\x00\x00"...), h, o,
		pe.SectionHeader32{VirtualAddress: 0x1000, VirtualSize: uint32(len(data)), SizeOfRawData: uint32(len(data)), PointerToRawData: uint32(at)})
	for range sections {
		out = encode(out, pe.SectionHeader32{Name: [8]byte{'/', '4'}})
	}
	out = append(out, data...)
	for range symbols {
		out = encode(out, pe.COFFSymbol{Name: [8]byte{4: 4}, SectionNumber: 1})
	}
	return append(encode(out, uint32(4+len(name))), name...)
}

// Files of some MiB, for which the parsers of the standard library ask for a GiB,
// and would for hundreds, are refused before that, or read without it.
func TestBombs(t *testing.T) {
	for name, test := range map[string]struct {
		data []byte
		want error
	}{
		"ELF sections":   {elfBomb(elf.ET_EXEC, bombParts, 0, 0), gobin.ErrTooLarge},
		"ELF object":     {elfBomb(elf.ET_REL, bombParts, 0, 0), gobin.ErrNotExecutable},
		"ELF libraries":  {elfBomb(elf.ET_DYN, 0, bombParts, 0), gobin.ErrTooLarge},
		"ELF compressed": {elfBomb(elf.ET_EXEC, 1, 0, elf.SHF_COMPRESSED), gobin.ErrMalformed},
		"ELF, one name":  {elfBomb(elf.ET_DYN, 0, 0, 0), gobin.ErrNotGo},
		"Mach-O symbols": {machoBomb(), gobin.ErrTooLarge},
		"universal":      {lipo(false, machoBomb()), gobin.ErrTooLarge},
		"PE symbols":     {peBomb(bombParts, 0, 0), gobin.ErrTooLarge},
		"PE sections":    {peBomb(0, bombParts, 0), gobin.ErrTooLarge},
		"PE imports":     {peBomb(0, 0, bombParts), gobin.ErrNotGo},
		"PE, some":       {peBomb(10, 0, 1), gobin.ErrNotGo},
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := gobin.New(bytes.NewReader(test.data), int64(len(test.data)))
		runtime.ReadMemStats(&after)
		if n := (after.TotalAlloc - before.TotalAlloc) >> 20; n > 100 || !errors.Is(err, test.want) {
			t.Errorf("%s: %d MiB, error %.200v, want %v", name, n, err, test.want)
		}
	}
}

// A table of relocations that is too large is refused before there is room for it.
func TestManyRelocations(t *testing.T) {
	for size, want := range map[uint64]error{24 * (4<<20 + 1): gobin.ErrTooLarge, 24 << 20: gobin.ErrMalformed} {
		data := gobintest.Forge("go1.26.8", gobintest.Settings()...)
		programs := binary.LittleEndian.Uint16(data[56:])
		at := uint64(len(data))
		dynamic := encode(nil, elf.Dyn64{Tag: int64(elf.DT_RELA), Val: 0}, elf.Dyn64{Tag: int64(elf.DT_RELASZ), Val: size}, elf.Dyn64{})
		data[16] = byte(elf.ET_DYN) // else no loader would look
		table := append([]byte{}, data[64:64+56*int(programs)]...)
		offset, addr := binary.LittleEndian.Uint64(table[8:]), binary.LittleEndian.Uint64(table[16:]) // of PT_LOAD, which is the first
		mapped := at + uint64(len(dynamic)) - offset
		binary.LittleEndian.PutUint64(table[32:], mapped)
		binary.LittleEndian.PutUint64(table[40:], mapped)
		table = encode(table, elf.Prog64{Type: uint32(elf.PT_DYNAMIC), Off: at, Vaddr: addr + at - offset, Filesz: uint64(len(dynamic))})
		data = append(append(data, dynamic...), table...)
		binary.LittleEndian.PutUint64(data[32:], at+uint64(len(dynamic))) // e_phoff
		binary.LittleEndian.PutUint16(data[56:], programs+1)
		f, err := gobin.New(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			t.Fatal(err)
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err = f.Image()
		runtime.ReadMemStats(&after)
		if n := (after.TotalAlloc - before.TotalAlloc) >> 20; n > 10 || !errors.Is(err, want) {
			t.Errorf("%d bytes: %d MiB, error %v", size, n, err)
		}
	}
}
