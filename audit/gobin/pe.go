// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package gobin

import (
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
	f.Format, f.OS, f.Arch = PE, "windows", peArch(p.Machine)
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

// peLibraries returns the libraries of the import table. ImportedLibraries of
// debug/pe returns none.
func peLibraries(p *pe.File) []string {
	symbols, err := p.ImportedSymbols()
	if err != nil {
		return nil
	}
	var libs []string
	for _, s := range symbols {
		if _, lib, ok := strings.Cut(s, ":"); ok {
			libs = append(libs, strings.ToLower(printable(lib)))
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
