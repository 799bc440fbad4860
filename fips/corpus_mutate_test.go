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
	"strings"
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

// wipeFirst removes the build info that tools read; wipeBoth also what the program
// itself reads.
func wipeFirst(s *specimen) { wipe(s.data) }

func wipeBoth(s *specimen) {
	wipeFirst(s)
	for range 2 {
		if i := bytes.Index(s.data, []byte(infoStart)); i >= 0 {
			clear(s.data[i:][:bytes.Index(s.data[i:], []byte(infoEnd))+len(infoEnd)])
		}
	}
}

// The frame of both copies of the build info: cmd/go/internal/modload.
const (
	infoStart = "\x30\x77\xaf\x0c\x92\x74\x08\x02\x41\xe1\xc1\x07\xe6\xd6\x18\xe6"
	infoEnd   = "\xf9\x32\x43\x31\x86\x18\x20\x72\x00\x82\x42\x10\x41\x16\xd8\xf2"
)

// room is what forge takes from to keep the length of the build info: a value of a
// linker flag.
const room = "main.room="

var roomy = "-ldflags=-checklinkname=0 -X " + room + strings.Repeat("r", 200)

// forge replaces lines of the build info, in its first copies. The second argument
// is 1 for the copy that tools read alone, 2 for both.
func forge(copies int, oldnew ...string) change {
	return func(s *specimen) {
		s.t.Helper()
		done := 0
		for from := 0; ; {
			i := bytes.Index(s.data[from:], []byte(infoStart))
			if i < 0 {
				break
			}
			from += i + len(infoStart)
			n := bytes.Index(s.data[from:], []byte(infoEnd))
			if n < 0 {
				break
			}
			text := string(s.data[from:][:n])
			if !strings.HasPrefix(text, "path\t") {
				continue
			}
			if blob := bytes.LastIndex(s.data[:from], []byte("\xff Go buildinf:")); copies == 1 && (blob < 0 || from-blob > 200) {
				continue
			}
			forged := text
			for j := 0; j < len(oldnew); j += 2 {
				if !strings.Contains(forged, oldnew[j]) {
					s.t.Fatalf("no %q in %q", oldnew[j], forged)
				}
				forged = strings.Replace(forged, oldnew[j], oldnew[j+1], 1)
			}
			at := strings.Index(forged, room) + len(room)
			switch more := len(forged) - len(text); {
			case more > 0:
				forged = forged[:at] + forged[at+more:]
			case more < 0:
				forged = forged[:at] + strings.Repeat("r", -more) + forged[at:]
			}
			copy(s.data[from:], forged)
			done++
		}
		if done != copies {
			s.t.Fatalf("%d copies of the build info", done)
		}
	}
}

// replace replaces a text wherever it is, by one of its length.
func replace(old, text string) change {
	return func(s *specimen) {
		if len(old) != len(text) || !bytes.Contains(s.data, []byte(old)) {
			s.t.Fatalf("%q for %q", text, old)
		}
		copy(s.data, bytes.ReplaceAll(s.data, []byte(old), []byte(text)))
	}
}

// rename gives the functions of one version of the module the names of another, in
// the function table. Names that are too short for it go to another package. The
// names that assay looks for come to be, and the module's test has its own.
func rename(from, to string) change {
	escape := func(v string) string { return strings.ReplaceAll(v, ".", "%2e") }
	return func(s *specimen) {
		section := s.file.Section(".gopclntab")
		table := s.data[section.Offset:][:section.FileSize]
		test := "crypto/internal/fips140/" + to + "/check.init.0"
		before := nameOffset(table, "crypto/internal/fips140/"+from+"/check.init.0")
		for _, old := range []string{"crypto/internal/fips140/" + from + "/", "crypto/internal/fips140/" + escape(from) + "."} {
			for at := 0; ; {
				i := bytes.Index(table[at:], []byte(old))
				if i < 0 {
					break
				}
				at += i
				end := bytes.IndexByte(table[at:], 0)
				name := "crypto/internal/fips140/" + to + "/x.y"
				for _, sought := range []string{"crypto/internal/fips140/" + to + "/sha256.blockSHANI", test} {
					if !bytes.Contains(table, []byte(sought)) && end >= len(sought)+1 {
						name = sought + "\x00"
					}
				}
				if end < len(name) {
					name = "crypto/x.y"
				}
				copy(table[at:at+end], name+strings.Repeat("z", end-len(name)))
				at += end
			}
		}
		after := nameOffset(table, test)
		if before == 0 || after == 0 {
			s.t.Fatal("the module's test is not renamed")
		}
		eachFunction(table, func(name []byte) {
			switch binary.LittleEndian.Uint32(name) {
			case before:
				binary.LittleEndian.PutUint32(name, after)
			case after:
				binary.LittleEndian.PutUint32(name, before)
			}
		})
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

// strangeFunction gives another function the name of one, in the function table: the
// runtime looks functions up by their address.
func strangeFunction(name, other string) change {
	return func(s *specimen) {
		section := s.file.Section(".gopclntab")
		table := s.data[section.Offset:][:section.FileSize]
		want, from := nameOffset(table, name), nameOffset(table, other)
		done := 0
		eachFunction(table, func(at []byte) {
			if want != 0 && from != 0 && binary.LittleEndian.Uint32(at) == from {
				binary.LittleEndian.PutUint32(at, want)
				done++
			}
		})
		if done != 1 {
			s.t.Fatalf("%d functions %s", done, other)
		}
	}
}

// A function table begins with eight bytes and with numbers (runtime.pcHeader).
func pcHeader(table []byte, i int) int { return int(binary.LittleEndian.Uint64(table[8+8*i:])) }

// nameOffset is where a name stands among those of a function table; 0 if it does not.
func nameOffset(table []byte, name string) uint32 {
	return uint32(bytes.Index(table[pcHeader(table, 3):], []byte("\x00"+name+"\x00")) + 1)
}

// eachFunction calls fn with where each function has its name.
func eachFunction(table []byte, fn func(name []byte)) {
	functab := pcHeader(table, 7)
	for i := range pcHeader(table, 0) {
		fn(table[functab+int(binary.LittleEndian.Uint32(table[functab+8*i+4:])):][4:8])
	}
}
