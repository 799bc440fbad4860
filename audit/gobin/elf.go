// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package gobin

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"fmt"
	"io"
	"slices"
	"strings"
)

// readELF fills in what the ELF headers say, and reports whether they bear a
// sign of the Go toolchain.
func (f *File) readELF(r io.ReaderAt) (sign bool, err error) {
	e, err := elf.NewFile(r)
	if err != nil {
		return false, fmt.Errorf("%w: %v", ErrMalformed, err)
	}
	if e.Type != elf.ET_EXEC && e.Type != elf.ET_DYN {
		return false, fmt.Errorf("%w: ELF %s", ErrNotExecutable, strings.ToLower(strings.TrimPrefix(e.Type.String(), "ET_")))
	}
	f.headers, f.Format, f.OS, f.Arch = e, ELF, elfOS(e), elfArch(e)
	f.elfLoading(e)
	f.elfStripped(e)
	f.BuildID = elfBuildID(e)
	return f.BuildID != "" || slices.ContainsFunc(e.Sections, func(s *elf.Section) bool {
		return s.Name == ".go.buildinfo" || s.Name == ".note.go.buildid" || strings.HasSuffix(s.Name, ".gopclntab")
	}), nil
}

// elfLoading reads the program headers and the dynamic section: all that the
// loader looks at.
func (f *File) elfLoading(e *elf.File) {
	var interp, dynamic, relro, wx bool
	for _, p := range e.Progs {
		switch p.Type {
		case elf.PT_LOAD:
			wx = wx || p.Flags&(elf.PF_W|elf.PF_X) == elf.PF_W|elf.PF_X
		case elf.PT_GNU_RELRO:
			relro = true
		case elf.PT_INTERP:
			interp = true
		case elf.PT_DYNAMIC:
			dynamic = true
		case elf.PT_GNU_STACK: // without it, the default of the kernel for the architecture holds
			f.NX = ternary(p.Flags&elf.PF_X == 0)
		}
	}
	flags, _ := e.DynValue(elf.DT_FLAGS_1)
	pieFlag := slices.ContainsFunc(flags, func(v uint64) bool { return elf.DynFlag1(v)&elf.DF_1_PIE != 0 })
	f.Library = e.Type == elf.ET_DYN && !interp && !pieFlag
	f.PIE, f.WX, f.RELRO = ternary(e.Type == elf.ET_DYN), ternary(wx), NoRELRO
	if relro {
		f.RELRO = PartialRELRO
		older, _ := e.DynValue(elf.DT_FLAGS)
		bound := func(list []uint64, flag uint64) bool {
			return slices.ContainsFunc(list, func(v uint64) bool { return v&flag != 0 })
		}
		now, _ := e.DynValue(elf.DT_BIND_NOW)
		if !dynamic || now != nil || bound(flags, uint64(elf.DF_1_NOW)) || bound(older, uint64(elf.DF_BIND_NOW)) {
			f.RELRO = FullRELRO
		}
	}
	libs, err := e.ImportedLibraries()
	for _, l := range libs {
		f.Libraries = append(f.Libraries, printable(l))
	}
	slices.Sort(f.Libraries)
	switch {
	case interp || len(libs) > 0:
		f.Static = No
	case !dynamic:
		f.Static = Yes
	case err == nil && len(e.Sections) > 0: // the dynamic section was found by its section header
		f.Static = Yes
	}
}

// elfStripped looks for the symbol table and for DWARF. With no section headers
// left, no tool finds either.
func (f *File) elfStripped(e *elf.File) {
	symbols, dwarf := false, false
	for _, s := range e.Sections {
		symbols = symbols || s.Type == elf.SHT_SYMTAB && s.Size > 0
		dwarf = dwarf || isDWARF(s.Name, ".")
	}
	f.Stripped = Stripped{ternary(!symbols), ternary(!dwarf)}
}

// isDWARF reports whether a section holds debugging information; compressed
// sections are called zdebug.
func isDWARF(name, prefix string) bool {
	name = strings.TrimPrefix(name, prefix)
	return strings.HasPrefix(name, "debug_info") || strings.HasPrefix(name, "zdebug_info") || strings.HasPrefix(name, "debug_line") || strings.HasPrefix(name, "zdebug_line")
}

// elfBuildID returns Go's build ID from the notes: owner "Go", type 4. See
// cmd/internal/buildid.
func elfBuildID(e *elf.File) string {
	for _, p := range e.Progs {
		if p.Type != elf.PT_NOTE {
			continue
		}
		notes := make([]byte, min(p.Filesz, 4<<10))
		n, _ := p.ReadAt(notes, 0)
		if id := goNote(notes[:n], e.ByteOrder, p.Align); id != "" {
			return printable(id)
		}
	}
	return ""
}

func goNote(b []byte, order binary.ByteOrder, align uint64) string {
	if align != 8 {
		align = 4
	}
	up := func(n uint64) uint64 { return (n + align - 1) / align * align }
	for len(b) >= 12 {
		nameSize, descSize, typ := uint64(order.Uint32(b)), uint64(order.Uint32(b[4:])), order.Uint32(b[8:])
		desc := 12 + up(nameSize) // both sizes have 32 bits: no overflow
		if desc+descSize > uint64(len(b)) {
			return ""
		}
		if typ == 4 && string(b[12:12+nameSize]) == "Go\x00\x00" {
			return string(b[desc : desc+descSize])
		}
		b = b[min(desc+up(descSize), uint64(len(b))):]
	}
	return ""
}

// elfOS returns the operating system if the header names it. Linux and most
// others leave the field at 0.
func elfOS(e *elf.File) string {
	switch e.OSABI {
	case elf.ELFOSABI_LINUX:
		return "linux"
	case elf.ELFOSABI_FREEBSD:
		return "freebsd"
	case elf.ELFOSABI_NETBSD:
		return "netbsd"
	case elf.ELFOSABI_OPENBSD:
		return "openbsd"
	}
	for _, p := range e.Progs { // the kernel looks for either
		note := make([]byte, min(p.Filesz, 20))
		if p.Type != elf.PT_NOTE {
			continue
		}
		if _, err := p.ReadAt(note, 0); err == nil && bytes.HasSuffix(note, []byte("OpenBSD\x00")) {
			return "openbsd"
		}
	}
	return ""
}

// elfArch returns the architecture in GOARCH words, "" if Go has none for it.
func elfArch(e *elf.File) string {
	little := func(arch string) string {
		if e.Data == elf.ELFDATA2LSB {
			return arch + "le"
		}
		return arch
	}
	switch e.Machine {
	case elf.EM_386:
		return "386"
	case elf.EM_X86_64:
		return "amd64"
	case elf.EM_ARM:
		return "arm"
	case elf.EM_AARCH64:
		return "arm64"
	case elf.EM_LOONGARCH:
		return "loong64"
	case elf.EM_MIPS:
		if e.Class == elf.ELFCLASS64 {
			return little("mips64")
		}
		return little("mips")
	case elf.EM_PPC64:
		return little("ppc64")
	case elf.EM_RISCV:
		return "riscv64"
	case elf.EM_S390:
		return "s390x"
	}
	return ""
}
