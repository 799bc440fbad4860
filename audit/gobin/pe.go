// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package gobin

import (
	"bytes"
	"debug/pe"
	"encoding/binary"
	"fmt"
	"io"
	"slices"
	"strings"
)

// readPE fills in what the PE headers say, and reports whether the file bears a
// sign of the Go toolchain. PE has no section of Go's own.
func (f *File) readPE(r io.ReaderAt) (sign bool, err error) {
	if !hasPESignature(r) {
		return false, ErrNotExecutable // a DOS program, or a text that starts with MZ
	}
	p, err := pe.NewFile(r)
	if err != nil {
		return false, fmt.Errorf("%w: %v", ErrMalformed, err)
	}
	var characteristics uint16
	switch h := p.OptionalHeader.(type) {
	case *pe.OptionalHeader32:
		characteristics = h.DllCharacteristics
	case *pe.OptionalHeader64:
		characteristics = h.DllCharacteristics
	default:
		return false, fmt.Errorf("%w: PE object", ErrNotExecutable)
	}
	f.headers, f.Format, f.OS, f.Arch = p, PE, "windows", peArch(p.Machine)
	f.Library = p.Characteristics&pe.IMAGE_FILE_DLL != 0
	f.Static = No // every program needs the system's libraries
	f.PIE = ternary(characteristics&pe.IMAGE_DLLCHARACTERISTICS_DYNAMIC_BASE != 0 &&
		p.Characteristics&pe.IMAGE_FILE_RELOCS_STRIPPED == 0)
	f.NX = ternary(characteristics&pe.IMAGE_DLLCHARACTERISTICS_NX_COMPAT != 0)
	f.WX = ternary(slices.ContainsFunc(p.Sections, func(s *pe.Section) bool {
		const both = pe.IMAGE_SCN_MEM_WRITE | pe.IMAGE_SCN_MEM_EXECUTE
		return s.Characteristics&both == both
	}))
	f.Stripped = Stripped{ternary(p.NumberOfSymbols == 0), ternary(!slices.ContainsFunc(p.Sections, func(s *pe.Section) bool {
		return isDWARF(s.Name, ".")
	}))}
	f.Libraries = peLibraries(p)
	f.BuildID, sign = findBuildID(r)
	return sign, nil
}

// hasPESignature reports whether the DOS header, at offset 0x3c, points to a PE
// signature.
func hasPESignature(r io.ReaderAt) bool {
	var b [4]byte
	if _, err := r.ReadAt(b[:], 0x3c); err != nil {
		return false
	}
	_, err := r.ReadAt(b[:], int64(binary.LittleEndian.Uint32(b[:])))
	return err == nil && string(b[:]) == "PE\x00\x00"
}

// Bounds of an import table. A large program imports a hundred libraries, and some
// thousand functions.
const (
	maxImports = 1 << 20 // functions and libraries
	maxDLL     = 4 << 10 // bytes of a name
)

// peLibraries returns the libraries of the import table from which functions are
// imported by name. ImportedLibraries of debug/pe returns none, and ImportedSymbols
// copies the name of each function, of which many may share a long one.
func peLibraries(p *pe.File) []string {
	var directory []pe.DataDirectory
	width := 8
	switch h := p.OptionalHeader.(type) {
	case *pe.OptionalHeader32:
		directory, width = h.DataDirectory[:min(h.NumberOfRvaAndSizes, uint32(len(h.DataDirectory)))], 4
	case *pe.OptionalHeader64:
		directory = h.DataDirectory[:min(h.NumberOfRvaAndSizes, uint32(len(h.DataDirectory)))]
	}
	if len(directory) <= pe.IMAGE_DIRECTORY_ENTRY_IMPORT {
		return nil
	}
	table := directory[pe.IMAGE_DIRECTORY_ENTRY_IMPORT].VirtualAddress
	i := slices.IndexFunc(p.Sections, func(s *pe.Section) bool {
		return s.Offset != 0 && s.VirtualAddress <= table && table-s.VirtualAddress < s.VirtualSize
	})
	if i < 0 {
		return nil
	}
	base := p.Sections[i].VirtualAddress
	data, err := p.Sections[i].Data()
	if err != nil {
		return nil
	}
	at := func(address uint32) []byte { // what stands there, to the end of the section
		return data[min(uint64(address-base), uint64(len(data))):]
	}
	var libs []string
	left := maxImports
	for d := at(table); len(d) >= 20 && binary.LittleEndian.Uint32(d) != 0; d = d[20:] {
		name := at(binary.LittleEndian.Uint32(d[12:]))
		named := false
		for thunk := at(binary.LittleEndian.Uint32(d)); ; thunk = thunk[width:] {
			if left--; left < 0 || len(thunk) < width {
				return nil
			}
			if binary.LittleEndian.Uint32(thunk) == 0 && (width == 4 || binary.LittleEndian.Uint32(thunk[4:]) == 0) {
				break
			}
			named = named || thunk[width-1]&0x80 == 0 // else by its number
		}
		if end := bytes.IndexByte(name[:min(len(name), maxDLL)], 0); named && end >= 0 {
			libs = append(libs, strings.ToLower(printable(string(name[:end]))))
		}
	}
	slices.Sort(libs)
	return slices.Compact(libs)
}

func peArch(machine uint16) string {
	switch machine {
	case pe.IMAGE_FILE_MACHINE_I386:
		return "386"
	case pe.IMAGE_FILE_MACHINE_AMD64:
		return "amd64"
	case pe.IMAGE_FILE_MACHINE_ARMNT:
		return "arm"
	case pe.IMAGE_FILE_MACHINE_ARM64:
		return "arm64"
	}
	return ""
}
