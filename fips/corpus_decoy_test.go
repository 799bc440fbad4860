// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package fips_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"debug/elf"
	"encoding/binary"
	"io"
)

// plant writes a sum that points to itself, as that of the linker does: into the
// program's variable main.spare or, so that it stands before the linker's, into
// the build info. Its ranges are empty, and it fits them or does not.
func plant(early, fits bool) change {
	return func(s *specimen) {
		addr := s.addr("main.spare")
		if early {
			section := s.file.Section(".go.buildinfo")
			at := uint64(s.index(room)) + uint64(len(room))
			addr = (section.Addr + at - section.Offset + 15) &^ 15
		}
		at := s.offset(addr)
		if at > s.sum() == early {
			s.t.Fatal("on the wrong side of the linker's")
		}
		copy(s.data[at:], "\xff Go fipsinfo \xff\x00")
		for i := range 9 {
			binary.LittleEndian.PutUint64(s.data[at+48+8*i:], addr)
		}
		h := hmac.New(sha256.New, make([]byte, 32))
		io.WriteString(h, "go fips object v1\n")
		h.Write(make([]byte, 8*len(parts)))
		copy(s.data[at+16:], h.Sum(nil))
		if !fits {
			s.data[at+16] ^= 1
		}
	}
}

// killMark spoils the mark of the linker's sum, without which the module's test
// refuses to start.
func killMark(s *specimen) { s.data[s.sum()-16+3] ^= 1 }

// plantCopy copies the linker's sum, with its ranges, to the program's variable
// main.spare, and has it point to itself.
func plantCopy(s *specimen) {
	addr := s.addr("main.spare")
	at := s.offset(addr)
	copy(s.data[at:], s.data[s.sum()-16:][:16+32+9*8])
	binary.LittleEndian.PutUint64(s.data[at+48:], addr)
}

// note overwrites the program header of the notes: neither Linux nor Go needs it.
func (s *specimen) note(p elf.Prog64) {
	s.t.Helper()
	for i := range s.file.Progs {
		if s.file.Progs[i].Type != elf.PT_NOTE {
			continue
		}
		var b bytes.Buffer
		if err := binary.Write(&b, binary.LittleEndian, p); err != nil {
			s.t.Fatal(err)
		}
		copy(s.data[binary.LittleEndian.Uint64(s.data[32:])+uint64(i)*56:], b.Bytes())
		return
	}
	s.t.Fatal("no note")
}

// switchOn writes a default of GODEBUG that is on into main.spare, and returns its
// address.
func (s *specimen) switchOn() uint64 {
	addr := s.addr("main.spare")
	copy(s.data[s.offset(addr):], "fips140=on,")
	return addr
}

// strangeDynamic has a dynamic section, which nobody applies, put another default in
// place.
func strangeDynamic(s *specimen) {
	text := s.switchOn()
	table := text + 64
	for i, word := range []uint64{
		s.addr("runtime.godebugDefault"), uint64(elf.R_X86_64_RELATIVE), text,
		uint64(elf.DT_RELA), table, uint64(elf.DT_RELASZ), 24, 0, 0,
	} {
		binary.LittleEndian.PutUint64(s.data[s.offset(table)+8*i:], word)
	}
	at := table + 24
	s.note(elf.Prog64{Type: uint32(elf.PT_DYNAMIC), Flags: 4, Off: uint64(s.offset(at)), Vaddr: at, Filesz: 48, Memsz: 48})
}

// strangeSegment has a segment, which the next one hides, put another default in
// place.
func strangeSegment(s *specimen) {
	addr := s.addr("runtime.godebugDefault")
	page := addr &^ 0xfff
	text := s.switchOn()
	part := bytes.Clone(s.data[s.offset(page):][:0x1000])
	binary.LittleEndian.PutUint64(part[addr-page:], text)
	s.data = append(s.data, make([]byte, -len(s.data)&0xfff)...)
	s.note(elf.Prog64{Type: uint32(elf.PT_LOAD), Flags: 6, Off: uint64(len(s.data)), Vaddr: page, Filesz: 0x1000, Memsz: 0x1000})
	s.data = append(s.data, part...)
}
