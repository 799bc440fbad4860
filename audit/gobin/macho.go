// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package gobin

import (
	"debug/macho"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
)

// readMachO fills in what the Mach-O headers say, and reports whether they bear
// a sign of the Go toolchain.
func (f *File) readMachO(r io.ReaderAt) (sign bool, err error) {
	m, err := macho.NewFile(r)
	if err != nil {
		return false, fmt.Errorf("%w: %v", ErrMalformed, err)
	}
	switch m.Type {
	case macho.TypeExec:
		f.PIE = ternary(m.Flags&macho.FlagPIE != 0)
	case macho.TypeDylib, macho.TypeBundle:
		f.Library, f.PIE = true, Yes
	default:
		return false, fmt.Errorf("%w: Mach-O %s", ErrNotExecutable, m.Type)
	}
	f.headers, f.Format, f.OS, f.Arch = m, MachO, "darwin", machoArch(m.Cpu)
	f.Static = No // every program needs libSystem
	f.NX = ternary(m.Flags&macho.FlagAllowStackExecution == 0)
	f.WX = ternary(slices.ContainsFunc(m.Loads, func(l macho.Load) bool {
		const both = 2 | 4 // VM_PROT_WRITE, VM_PROT_EXECUTE
		s, ok := l.(*macho.Segment)
		return ok && s.Prot&both == both
	}))
	f.Stripped = machoStripped(m)
	f.Libraries, _ = m.ImportedLibraries()
	for i, l := range f.Libraries {
		f.Libraries[i] = printable(l)
	}
	slices.Sort(f.Libraries)
	f.BuildID, sign = findBuildID(r)
	return sign || slices.ContainsFunc(m.Sections, func(s *macho.Section) bool {
		return s.Name == "__go_buildinfo" || s.Name == "__gopclntab"
	}), nil
}

// machoStripped looks for DWARF and for local symbols. What the loader resolves
// or others link to stays in a stripped file, too.
func machoStripped(m *macho.File) Stripped {
	const stab, typ, sect, ext = 0xe0, 0x0e, 0x0e, 0x01 // N_STAB, N_TYPE, N_SECT, N_EXT of <mach-o/nlist.h>
	symbols := m.Symtab != nil && slices.ContainsFunc(m.Symtab.Syms, func(s macho.Symbol) bool {
		return s.Type&stab != 0 || s.Type&typ == sect && s.Type&ext == 0
	})
	dwarf := slices.ContainsFunc(m.Sections, func(s *macho.Section) bool { return isDWARF(s.Name, "__") })
	return Stripped{ternary(!symbols), ternary(!dwarf)}
}

func machoArch(cpu macho.Cpu) string {
	switch cpu {
	case macho.Cpu386:
		return "386"
	case macho.CpuAmd64:
		return "amd64"
	case macho.CpuArm:
		return "arm"
	case macho.CpuArm64:
		return "arm64"
	}
	return ""
}

// maxMembers bounds the architectures of a universal file. Java class files
// bear the same first four bytes, and then a version that is at least 45.
const maxMembers = 44

// newUniversal reads a universal Mach-O file: fat_header and fat_arch, or
// fat_arch_64, of <mach-o/fat.h>, big-endian on all machines.
func newUniversal(r io.ReaderAt, size int64) (*File, error) {
	head := make([]byte, 8+maxMembers*32)
	n, err := r.ReadAt(head, 0)
	if err != nil && err != io.EOF {
		return nil, err
	}
	head = head[:n]
	count, entry := binary.BigEndian.Uint32(head[4:]), 20
	if head[3] == 0xBF {
		entry = 32
	}
	if count == 0 || count > maxMembers {
		return nil, ErrNotExecutable
	}
	if len(head) < 8+int(count)*entry {
		return nil, fmt.Errorf("%w: universal header cut short", ErrMalformed)
	}
	f := &File{Size: size, Format: Universal, OS: "darwin", Static: Unknown, PIE: Unknown, NX: Unknown, WX: Unknown,
		Stripped: Stripped{Unknown, Unknown}, CGO: Unknown, Trimpath: Unknown}
	var errs []error
	for i := range int(count) {
		m, err := newMember(r, size, head[8+i*entry:][:entry])
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", m.Arch, err))
		}
		f.Members = append(f.Members, m)
	}
	if len(errs) == len(f.Members) {
		return nil, errors.Join(errs...)
	}
	f.State = StateRead
	for _, m := range f.Members {
		if m.State != StateRead {
			f.State, f.Err, f.Reason = StateUnknown, m.Err, m.Arch+": "+m.Reason
		}
	}
	return f, nil
}

// newMember reads one architecture. With an error, the File holds the
// architecture and the reason alone.
func newMember(r io.ReaderAt, size int64, entry []byte) (*File, error) {
	order := binary.BigEndian
	arch := machoArch(macho.Cpu(order.Uint32(entry)))
	if arch == "" {
		arch = fmt.Sprintf("cpu-%d", order.Uint32(entry))
	}
	offset, length := uint64(order.Uint32(entry[8:])), uint64(order.Uint32(entry[12:]))
	if len(entry) == 32 {
		offset, length = order.Uint64(entry[8:]), order.Uint64(entry[16:])
	}
	fail := func(err error) (*File, error) {
		f := failed("", err)
		f.Format, f.OS, f.Arch = MachO, "darwin", arch
		return f, err
	}
	if offset > uint64(size) || length > uint64(size)-offset {
		return fail(fmt.Errorf("%w: architecture outside the file", ErrMalformed))
	}
	part := io.NewSectionReader(r, int64(offset), int64(length))
	ident := make([]byte, 8)
	if n, err := part.ReadAt(ident, 0); n < len(ident) {
		if err == io.EOF {
			err = ErrNotExecutable
		}
		return fail(err)
	}
	f, err := newFile(part, int64(length), ident)
	if err != nil {
		return fail(err)
	}
	if f.Arch == "" {
		f.Arch = arch
	}
	return f, nil
}
