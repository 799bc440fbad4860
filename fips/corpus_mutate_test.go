// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package fips_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"debug/elf"
	"encoding/binary"
	"errors"
	"io"
	"testing"
)

// A specimen is an ELF executable of linux/amd64 that is about to be changed. It
// finds its way by the symbol table alone, so that no mistake of gobin's hides one
// of the corpus.
type specimen struct {
	t       *testing.T
	data    []byte
	file    *elf.File
	symbols map[string]elf.Symbol
}

func dissect(t *testing.T, data []byte) *specimen {
	t.Helper()
	f, err := elf.NewFile(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	s := &specimen{t, data, f, map[string]elf.Symbol{}}
	list, err := f.Symbols()
	if err != nil && !errors.Is(err, elf.ErrNoSymbols) {
		t.Fatal(err)
	}
	for _, sym := range list {
		s.symbols[sym.Name] = sym
	}
	return s
}

// addr is the address of a symbol.
func (s *specimen) addr(name string) uint64 {
	s.t.Helper()
	sym, ok := s.symbols[name]
	if !ok {
		s.t.Fatalf("no symbol %s", name)
	}
	return sym.Value
}

// offset is where an address is in the file.
func (s *specimen) offset(addr uint64) int {
	s.t.Helper()
	for _, p := range s.file.Progs {
		if p.Type == elf.PT_LOAD && addr-p.Vaddr < p.Filesz {
			return int(p.Off + addr - p.Vaddr)
		}
	}
	s.t.Fatalf("%#x is not in the file", addr)
	return 0
}

// part is the range of the module of that kind: text, rodata, noptrdata, data.
func (s *specimen) part(kind string) (start, end uint64) {
	s.t.Helper()
	return s.addr("go:" + kind + "fipsstart"), s.addr("go:" + kind + "fipsend")
}

var parts = []string{"text", "rodata", "noptrdata", "data"}

// flip flips a bit in the module, at that share of a range.
func flip(kind string, per1000 uint64) change {
	return func(s *specimen) {
		start, end := s.part(kind)
		if end <= start {
			s.t.Fatalf("no %s", kind)
		}
		s.data[s.offset(start+min((end-start)*per1000/1000, end-start-1))] ^= 4
	}
}

// flipBeside flips a bit right before or behind a range of the module.
func flipBeside(kind string, behind bool) change {
	return func(s *specimen) {
		start, end := s.part(kind)
		if behind {
			s.data[s.offset(end)] ^= 4
			return
		}
		s.data[s.offset(start-1)] ^= 4
	}
}

// flipIn flips a bit in the first byte of a symbol.
func flipIn(name string) change {
	return func(s *specimen) { s.data[s.offset(s.addr(name))] ^= 4 }
}

// flipText flips a bit in a text that the program holds.
func flipText(text string) change {
	return func(s *specimen) { s.data[s.index(text)+len(text)/2] ^= 4 }
}

func (s *specimen) index(text string) int {
	s.t.Helper()
	i := bytes.Index(s.data, []byte(text))
	if i < 0 {
		s.t.Fatalf("no %q", text)
	}
	return i
}

// flipSection flips a bit in a section that the loader does not load.
func flipSection(name string) change {
	return func(s *specimen) {
		section := s.file.Section(name)
		if section == nil || section.Flags&elf.SHF_ALLOC != 0 {
			s.t.Fatalf("section %s", name)
		}
		s.data[section.Offset+section.FileSize/2] ^= 4
	}
}

// sum is where the module's sum is in the file.
func (s *specimen) sum() int { return s.offset(s.addr("go:fipsinfo")) + 16 }

func flipSum(s *specimen)  { s.data[s.sum()+7] ^= 8 }
func zeroSum(s *specimen)  { clear(s.data[s.sum():][:32]) }
func flipMark(s *specimen) { s.data[s.sum()-10] ^= 1 }

// seal computes the sum of a program that the loader does not relocate, and writes
// it: crypto/internal/fips140/check, with the key that everybody has.
func seal(s *specimen) {
	at := s.sum()
	h := hmac.New(sha256.New, make([]byte, 32))
	io.WriteString(h, "go fips object v1\n")
	for i := range parts {
		pair := s.data[at+32+8+16*i:]
		start, end := binary.LittleEndian.Uint64(pair), binary.LittleEndian.Uint64(pair[8:])
		h.Write(binary.BigEndian.AppendUint64(nil, end-start))
		if end > start {
			h.Write(s.data[s.offset(start):][:end-start])
		}
	}
	copy(s.data[at:], h.Sum(nil))
}

// sealUnchanged says that seal does what the linker does: else it would prove
// nothing.
func sealUnchanged(s *specimen) {
	before := bytes.Clone(s.data)
	seal(s)
	if !bytes.Equal(before, s.data) {
		s.t.Error("the linker's sum is another")
	}
}

// emptyRanges has the sum computed over nothing.
func emptyRanges(s *specimen) {
	for i := range parts {
		pair := s.data[s.sum()+32+8+16*i:]
		copy(pair[8:16], pair[:8])
	}
}

// moveSymbol gives a symbol the address of another. Nothing reads the symbol table
// when the program runs.
func moveSymbol(name, to string) change {
	return func(s *specimen) {
		want := s.addr(to)
		value := binary.LittleEndian.AppendUint64(nil, s.addr(name))
		table := s.file.Section(".symtab")
		names, err := s.file.Section(".strtab").Data()
		if err != nil {
			s.t.Fatal(err)
		}
		for at := table.Offset; at < table.Offset+table.FileSize; at += 24 {
			entry := s.data[at:][:24]
			got, _, _ := bytes.Cut(names[binary.LittleEndian.Uint32(entry):], []byte{0})
			if string(got) == name && bytes.Equal(entry[8:16], value) {
				binary.LittleEndian.PutUint64(entry[8:], want)
				return
			}
		}
		s.t.Fatalf("no symbol %s", name)
	}
}

// sstrip removes the section headers, as the tool of that name does.
func sstrip(s *specimen) {
	h := s.data
	if h[4] == byte(elf.ELFCLASS32) {
		clear(h[32:36])
		clear(h[46:52])
	} else {
		clear(h[40:48])
		clear(h[58:64])
	}
	// What no segment needs goes.
	end := uint64(0)
	for _, p := range s.file.Progs {
		end = max(end, p.Off+p.Filesz)
	}
	s.data = s.data[:end]
}

// appendJunk adds bytes behind the end.
func appendJunk(s *specimen) {
	s.data = append(s.data, bytes.Repeat([]byte("\xff Go fipsinfo \xff\x00GOFIPS140=off fips140=off\n"), 200)...)
}

// truncate cuts a part of the file away, per mille.
func truncate(keep int) change {
	return func(s *specimen) { s.data = s.data[:len(s.data)/1000*keep] }
}

// scramble makes of a program what a packer leaves of it: its headers, a mark, and
// bytes that nobody can read.
func scramble(mark string) change {
	return func(s *specimen) {
		sstrip(s)
		for i := 0x400; i < len(s.data); i++ {
			s.data[i] ^= byte(i*i>>3) | 1
		}
		for _, p := range s.file.Progs {
			if p.Type == elf.PT_NOTE {
				clear(s.data[p.Off:][:p.Filesz])
			}
		}
		copy(s.data[0x300:], mark)
	}
}

// all makes several changes, one after the other.
func all(changes ...change) change {
	return func(s *specimen) {
		for _, c := range changes {
			c(s)
		}
	}
}

type change func(*specimen)

// lipo puts executables of macOS together in one file: fat_header and fat_arch of
// <mach-o/fat.h>, with members at multiples of 16 KiB.
func lipo(members ...[]byte) []byte {
	const align = 1 << 14
	head := binary.BigEndian.AppendUint32([]byte("\xca\xfe\xba\xbe"), uint32(len(members)))
	var body []byte
	for _, m := range members {
		body = append(body, make([]byte, -len(body)&(align-1))...)
		head = append(head, m[7], m[6], m[5], m[4], m[11], m[10], m[9], m[8])
		for _, n := range []int{align + len(body), len(m), 14} {
			head = binary.BigEndian.AppendUint32(head, uint32(n))
		}
		body = append(body, m...)
	}
	return append(append(head, make([]byte, align-len(head))...), body...)
}
