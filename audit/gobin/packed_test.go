// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package gobin_test

import (
	"bytes"
	"debug/elf"
	"debug/macho"
	"debug/pe"
	"encoding/binary"
	"errors"
	"testing"

	"github.com/goassay/assay/audit/gobin"
	"github.com/goassay/assay/internal/machine"
)

// packedELF lays an ELF file out as UPX does, with a mark behind the headers: older
// releases (3) have the room last, and newer ones (4) first, with a page of the file.
func packedELF(release int, mark string, change func(progs []elf.Prog64, h *elf.Header64)) []byte {
	const size, base = 64 << 10, 0x400000
	code := elf.Prog64{Type: uint32(elf.PT_LOAD), Flags: uint32(elf.PF_R | elf.PF_X), Vaddr: base, Paddr: base, Filesz: size - 64, Memsz: size - 64, Align: 4096}
	room := elf.Prog64{Type: uint32(elf.PT_LOAD), Flags: uint32(elf.PF_R | elf.PF_W), Vaddr: base + 1<<20, Memsz: 4 << 20, Align: 4096}
	progs := []elf.Prog64{code, room, {Type: uint32(elf.PT_GNU_STACK), Flags: uint32(elf.PF_R | elf.PF_W)}}
	if release >= 4 {
		room.Vaddr, room.Filesz, code.Vaddr = base, 4096, base+8<<20
		progs[0], progs[1] = room, code
	}
	h := elf.Header64{Type: uint16(elf.ET_EXEC), Machine: uint16(elf.EM_X86_64), Version: 1, Entry: code.Vaddr + size - 1000,
		Phoff: 64, Ehsize: 64, Phentsize: 56, Phnum: uint16(len(progs))}
	copy(h.Ident[:], "\x7fELF\x02\x01\x01")
	if change != nil {
		change(progs, &h)
	}
	out := append(encode(encode(nil, h), progs), "sum."+mark...)
	return append(out, make([]byte, size-len(out))...)
}

// withSection appends a table of two sections, the first of which is null.
func withSection(data []byte, s elf.Section64) []byte {
	out := encode(data, elf.Section64{}, s)
	binary.LittleEndian.PutUint64(out[40:], uint64(len(data)))
	binary.LittleEndian.PutUint16(out[58:], 64) // of bytes
	binary.LittleEndian.PutUint16(out[60:], 2)
	return out
}

// elf32 has a section, and a mark behind the headers.
func elf32(mark string) []byte {
	h := elf.Header32{Type: uint16(elf.ET_DYN), Machine: uint16(elf.EM_386), Version: 1, Ehsize: 52, Shentsize: 40, Shoff: 200, Shnum: 1}
	copy(h.Ident[:], "\x7fELF\x01\x01\x01")
	out := append(encode(nil, h), mark...)
	return append(append(out, make([]byte, 200-len(out))...), make([]byte, 40)...)
}

// packedPE has sections as UPX leaves them.
func packedPE(names [2]string, raw, characteristics uint32, mark string) []byte {
	dos := make([]byte, 0x80)
	copy(dos, "MZ")
	dos[0x3c] = 0x80
	section := func(name string, at, size, addr uint32) pe.SectionHeader32 {
		s := pe.SectionHeader32{VirtualAddress: addr, VirtualSize: 0x1000, SizeOfRawData: size, PointerToRawData: at, Characteristics: characteristics}
		copy(s.Name[:], name)
		return s
	}
	out := encode(append(dos, "PE\x00\x00"...), pe.FileHeader{Machine: pe.IMAGE_FILE_MACHINE_AMD64, NumberOfSections: 2, SizeOfOptionalHeader: 240, Characteristics: pe.IMAGE_FILE_EXECUTABLE_IMAGE},
		pe.OptionalHeader64{Magic: 0x20b, NumberOfRvaAndSizes: 16}, section(names[0], 0x200, raw, 0x1000), section(names[1], 0x400, 0x200, 0x2000))
	out = append(out, mark...)
	return append(out, make([]byte, 0x800-len(out))...)
}

// machO has one section, and a mark behind the headers.
func machO(section, mark string) []byte {
	s := macho.Section64{Size: 16, Offset: 0x400}
	copy(s.Name[:], section)
	copy(s.Seg[:], "__TEXT")
	g := macho.Segment64{Cmd: macho.LoadCmdSegment64, Len: 72 + 80, Filesz: 0x400, Nsect: 1}
	copy(g.Name[:], "__TEXT")
	out := encode(nil, macho.FileHeader{Magic: macho.Magic64, Cpu: macho.CpuAmd64, Type: macho.TypeExec, Ncmd: 1, Cmdsz: 72 + 80}, uint32(0), g, s)
	out = append(out, mark...)
	return append(out, make([]byte, 0x500-len(out))...)
}

// TestPacked tells what is packed by how it is laid out, with the mark of UPX or
// without it, and from a program that has the text of the mark in it.
func TestPacked(t *testing.T) {
	machine.Long(t, "reads thousands of damaged files")
	const both, mark = pe.IMAGE_SCN_MEM_WRITE | pe.IMAGE_SCN_MEM_EXECUTE, "UPX!"
	plain, usual := [2]string{".text", ".data"}, [2]string{"UPX0", "UPX1"}
	far := append(packedELF(3, "", func(_ []elf.Prog64, h *elf.Header64) { h.Entry = 0x401000 })[:2000], "UPX!"...)
	entry := elf.Section64{Type: uint32(elf.SHT_PROGBITS), Flags: uint64(elf.SHF_ALLOC), Addr: 0x400000, Size: 64 << 10}
	memory, comment := entry, entry
	memory.Type, comment.Flags = uint32(elf.SHT_NOBITS), 0
	withSections := elfBomb(elf.ET_EXEC, 0, 0, 0)
	for name, test := range map[string]struct {
		data []byte
		want error
	}{
		"ELF, release 3":               {packedELF(3, mark, nil), gobin.ErrPacked},
		"ELF, release 4":               {packedELF(4, mark, nil), gobin.ErrPacked},
		"ELF, release 3, no mark":      {packedELF(3, "", nil), gobin.ErrPacked},
		"ELF, release 4, no mark":      {packedELF(4, "", nil), gobin.ErrPacked},
		"ELF, null sections":           {withSection(packedELF(3, "", nil), elf.Section64{}), gobin.ErrPacked},
		"ELF, section of memory":       {withSection(packedELF(3, "", nil), memory), gobin.ErrPacked},
		"ELF, section not loaded":      {withSection(packedELF(3, "", nil), comment), gobin.ErrPacked},
		"ELF, section of the code":     {withSection(packedELF(3, "", nil), entry), gobin.ErrNotGo},
		"ELF, zeros appended":          {append(packedELF(3, "", nil), make([]byte, 64<<10)...), gobin.ErrPacked},
		"ELF, release 4, both":         {withSection(append(packedELF(4, "", nil), make([]byte, 64<<10)...), elf.Section64{}), gobin.ErrPacked},
		"ELF, mark alone":              {packedELF(3, mark, func(p []elf.Prog64, _ *elf.Header64) { p[1].Type = 0 }), gobin.ErrPacked},
		"ELF, starts at the start":     {packedELF(3, "", func(_ []elf.Prog64, h *elf.Header64) { h.Entry = 0x401000 }), gobin.ErrNotGo},
		"ELF, no room":                 {packedELF(3, "", func(p []elf.Prog64, _ *elf.Header64) { p[1].Type = 0 }), gobin.ErrNotGo},
		"ELF, data":                    {packedELF(3, "", func(p []elf.Prog64, _ *elf.Header64) { p[1].Filesz = 8192 }), gobin.ErrNotGo},
		"ELF, mark far from the head":  {far, gobin.ErrNotGo},
		"ELF with sections, no mark":   {withSections, gobin.ErrNotGo},
		"ELF with sections, mark":      {bytes.Replace(withSections, []byte("aaaa"), []byte(mark), 1), gobin.ErrPacked},
		"ELF with sections, mark far":  {append(append(bytes.Clone(withSections[:300]), mark...), withSections[304:]...), gobin.ErrNotGo},
		"ELF of 32 bits, mark":         {elf32(mark), gobin.ErrPacked},
		"ELF of 32 bits, no mark":      {elf32(""), gobin.ErrNotGo},
		"PE":                           {packedPE(usual, 0, both, mark), gobin.ErrPacked},
		"PE, no mark":                  {packedPE(usual, 0, both, ""), gobin.ErrPacked},
		"PE, other names":              {packedPE(plain, 0, both, ""), gobin.ErrPacked},
		"PE, first has bytes":          {packedPE(plain, 0x200, both, ""), gobin.ErrNotGo},
		"PE, not writable code":        {packedPE(plain, 0, pe.IMAGE_SCN_MEM_WRITE, ""), gobin.ErrNotGo},
		"PE, one section":              {peBomb(0, 0, 0), gobin.ErrNotGo},
		"Mach-O":                       {machO("upxTEXT", mark), gobin.ErrPacked},
		"Mach-O, no mark":              {machO("upxTEXT", ""), gobin.ErrPacked},
		"Mach-O, mark alone":           {machO("__text", mark), gobin.ErrPacked},
		"Mach-O of others":             {machO("__text", ""), gobin.ErrNotGo},
		"Mach-O, mark far from header": {machO("__text", string(make([]byte, 200))+mark), gobin.ErrNotGo},
	} {
		if f, err := gobin.New(bytes.NewReader(test.data), int64(len(test.data))); !errors.Is(err, test.want) {
			t.Errorf("%s: %+v, error %v, want %v", name, f, err, test.want)
		}
	}
}
