// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package gobin

import (
	"bytes"
	"debug/plan9obj"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
)

// The formats of which only the build info is read, and no code: see [Format.Shallow].
const (
	Plan9 Format = "plan9" // a.out(6) of Plan 9
	XCOFF Format = "xcoff" // of AIX
	Wasm  Format = "wasm"  // WebAssembly, for a browser or WASI
)

// Shallow reports whether files of the format are read for their build info alone:
// how they are loaded, what functions they have, and what else is linked is Unknown.
func (f Format) Shallow() bool { return f == Plan9 || f == XCOFF || f == Wasm }

// ErrShallow is what asks for the code of a file whose format is [Format.Shallow].
var ErrShallow = errors.New("a format of which only the build info is read")

// isShallow reports whether a file that begins with head may be one of the formats. Those
// of Plan 9 and XCOFF begin with numbers that other files have, too: see [File.other].
func isShallow(head []byte) bool {
	return isPlan9(head) || isXCOFF(head) || bytes.HasPrefix(head, []byte("\x00asm"))
}

// readShallow fills in what the header says, and returns what reads the build info.
func (f *File) readShallow(r io.ReaderAt, ident []byte) (sign bool, info func(io.ReaderAt) (*debug.BuildInfo, error), err error) {
	switch {
	case bytes.HasPrefix(ident, []byte("\x00asm")):
		return f.readWasm(io.NewSectionReader(r, 0, f.Size))
	case isXCOFF(ident):
		return f.readSections(r, f.readXCOFF)
	}
	return f.readSections(r, f.readPlan9)
}

// A dataSection is the data of a program, and the address that it is loaded at.
type dataSection struct {
	*io.SectionReader
	addr uint64
}

// readSections reads a format that has the build info in a section of data, as
// package debug/buildinfo does, which misses some: in files without symbols, and where
// the size of the code is no multiple of 16.
func (f *File) readSections(r io.ReaderAt, header func(io.ReaderAt) (dataSection, error)) (bool, func(io.ReaderAt) (*debug.BuildInfo, error), error) {
	data, err := header(r)
	if err != nil {
		return false, nil, err
	}
	at, marked, found, err := data.findInfo()
	if err != nil {
		return false, nil, err
	}
	var sign bool
	f.BuildID, sign = findBuildID(r)
	return sign || marked, func(io.ReaderAt) (*debug.BuildInfo, error) {
		if !found {
			return nil, errNoInfo
		}
		return parseInfo(data.SectionReader, at)
	}, nil
}

// maxSought is how many bytes of a file that is not laid out as its header says are
// searched for a sign of Go: about all that may be read of it.
const maxSought = MaxRead - 1<<20

// other tells what a file is that begins like a program, and whose header is not that of
// one: damaged, if there is a sign of Go in it, and else another kind of file.
func (f *File) other(r io.ReaderAt, what string) error {
	kind := ErrNotExecutable
	if _, sign := findBuildID(r); sign {
		kind = ErrMalformed
	}
	err := scanSection(io.NewSectionReader(r, 0, min(f.Size, maxSought)), len(infoMagic)-1, func(_ int64, part []byte) bool {
		if bytes.Contains(part, []byte(infoMagic)) {
			kind = ErrMalformed
		}
		return kind != ErrMalformed
	})
	if err != nil {
		return err
	}
	return fmt.Errorf("%w: %s", kind, what)
}

// isPlan9 reports whether head begins like a program for Plan 9.
func isPlan9(head []byte) bool {
	if len(head) < 4 {
		return false
	}
	switch binary.BigEndian.Uint32(head) {
	case plan9obj.Magic386, plan9obj.MagicAMD64, plan9obj.MagicARM:
		return true
	}
	return false
}

// readPlan9 reads the header of a program for Plan 9: a.out(6). The system loads code
// and data, and so the tables behind them may be of any size.
func (f *File) readPlan9(r io.ReaderAt) (dataSection, error) {
	p, err := plan9obj.NewFile(r)
	if err != nil {
		return dataSection{}, fmt.Errorf("%w: %w", ErrNotExecutable, err)
	}
	text, data := int64(p.Section("text").Size), int64(p.Section("data").Size)
	start := int64(p.HdrSize) + text
	if text == 0 || data == 0 || start+data > f.Size {
		return dataSection{}, f.other(r, "sizes of a Plan 9 program that are not the file's")
	}
	f.Format, f.OS = Plan9, "plan9"
	f.Arch = map[uint32]string{plan9obj.Magic386: "386", plan9obj.MagicAMD64: "amd64", plan9obj.MagicARM: "arm"}[p.Magic]
	return dataSection{io.NewSectionReader(r, start, data), 0}, nil // at the start of a page, whichever
}

// Of an XCOFF header: the AIX manual, "XCOFF Object File Format". Numbers are big-endian.
const (
	xcoff32, xcoff64 = 0x01DF, 0x01F7
	xcoffExec        = 0x0002  // F_EXEC
	minAux, maxAux   = 28, 128 // bytes of an auxiliary header: 28, 72 or, of 64 bits, 120
	xcoffData        = 0x40    // STYP_DATA
)

// isXCOFF reports whether head begins like an XCOFF file.
func isXCOFF(head []byte) bool {
	if len(head) < 2 {
		return false
	}
	magic := binary.BigEndian.Uint16(head)
	return magic == xcoff32 || magic == xcoff64
}

// readXCOFF reads the header of an XCOFF program, and those of its sections. An object,
// which is none, has no auxiliary header, and the flag of programs is not set. Other files
// that begin with the number hardly have both.
func (f *File) readXCOFF(r io.ReaderAt) (dataSection, error) {
	var head [24]byte
	if n, err := r.ReadAt(head[:], 0); n < len(head) {
		if err != nil && err != io.EOF {
			return dataSection{}, err
		}
		return dataSection{}, ErrNotExecutable
	}
	aux, program := int64(binary.BigEndian.Uint16(head[16:])), binary.BigEndian.Uint16(head[18:])&xcoffExec != 0
	if aux == 0 && !program {
		return dataSection{}, fmt.Errorf("%w: XCOFF object", ErrNotExecutable)
	}
	if aux < minAux || aux > maxAux || !program {
		return dataSection{}, f.other(r, "XCOFF header that is not a program's")
	}
	wide := binary.BigEndian.Uint16(head[:]) == xcoff64
	start, entry := int64(20), 40
	f.Format, f.OS = XCOFF, "aix"
	if wide {
		start, entry, f.Arch = 24, 72, "ppc64"
	}
	start += aux
	table := make([]byte, int(binary.BigEndian.Uint16(head[2:]))*entry)
	if n, err := r.ReadAt(table, start); n < len(table) {
		if err != io.EOF {
			return dataSection{}, err
		}
		return dataSection{}, fmt.Errorf("%w: XCOFF sections cut short", ErrMalformed)
	}
	for ; len(table) > 0; table = table[entry:] {
		var addr, size, offset uint64
		flags := uint32(0)
		if wide {
			addr, size, offset, flags = binary.BigEndian.Uint64(table[16:]), binary.BigEndian.Uint64(table[24:]), binary.BigEndian.Uint64(table[32:]), binary.BigEndian.Uint32(table[64:])
		} else {
			word := func(at int) uint64 { return uint64(binary.BigEndian.Uint32(table[at:])) }
			addr, size, offset, flags = word(12), word(16), word(20), uint32(word(36))
		}
		if flags&0xffff != xcoffData {
			continue
		}
		if offset > uint64(f.Size) || size > uint64(f.Size)-offset {
			return dataSection{}, fmt.Errorf("%w: XCOFF data outside the file", ErrMalformed)
		}
		return dataSection{io.NewSectionReader(r, int64(offset), int64(size)), addr}, nil
	}
	const noData = "XCOFF program without data"
	if err := f.other(r, noData); !errors.Is(err, ErrNotExecutable) {
		return dataSection{}, err
	}
	return dataSection{}, fmt.Errorf("%w: %s", ErrNotGo, noData)
}

// The build info as the linker writes it: see readRawBuildInfo in debug/buildinfo.
const (
	infoMagic  = "\xff Go buildinf:"
	infoAlign  = 16
	infoHeader = 32
	infoInline = 0x2 // of the flags: texts follow the header, since Go 1.18
)

var (
	errNoInfo  = errors.New("there is none")
	errOldInfo = errors.New("it is of Go before 1.18, and not read in this format")
	errBadInfo = fmt.Errorf("%w: build info", ErrMalformed)
)

// findInfo returns the offset of the build info in the section. It is the address that
// is aligned, see searchMagic in debug/buildinfo: where AIX's linker links, the section
// may begin anywhere. The section is marked if the mark stands in it, aligned or not.
func (s dataSection) findInfo() (at int64, marked, found bool, err error) {
	err = scanSection(s.SectionReader, len(infoMagic)-1, func(offset int64, part []byte) bool {
		for from := 0; ; from++ {
			i := bytes.Index(part[from:], []byte(infoMagic))
			if i < 0 {
				return true
			}
			marked, from = true, from+i
			if at = offset + int64(from); (s.addr+uint64(at))%infoAlign == 0 {
				found = true
				return false
			}
		}
	})
	return at, marked, found, err
}

// parseInfo reads the build info at an offset. Where only the toolchain's version can be
// read, it returns that with the error.
func parseInfo(data *io.SectionReader, at int64) (*debug.BuildInfo, error) {
	head := make([]byte, infoHeader)
	if n, err := data.ReadAt(head, at); n < len(head) {
		return nil, cutShort(err)
	}
	if head[15]&infoInline == 0 {
		return nil, errOldInfo
	}
	version, at, err := infoText(data, at+infoHeader)
	if err == nil && version == "" {
		err = errBadInfo
	}
	if err != nil {
		return nil, err
	}
	text, _, err := infoText(data, at)
	if err != nil {
		return &debug.BuildInfo{GoVersion: version}, err
	}
	lines := ""
	if len(text) > len(frameStart)+len(frameEnd) && text[len(text)-len(frameEnd)-1] == '\n' {
		lines = text[len(frameStart) : len(text)-len(frameEnd)]
	}
	info, err := debug.ParseBuildInfo(lines)
	if err != nil {
		info = &debug.BuildInfo{}
	}
	info.GoVersion = version
	return info, err
}

// infoText reads one of the texts of the build info, and where the next is.
func infoText(data *io.SectionReader, at int64) (text string, next int64, err error) {
	var head [binary.MaxVarintLen64]byte
	n, err := data.ReadAt(head[:], at)
	if err != nil && err != io.EOF {
		return "", 0, err
	}
	size, width := binary.Uvarint(head[:n])
	if width <= 0 || size > uint64(data.Size()) {
		return "", 0, errBadInfo
	}
	if size > maxInfo {
		return "", 0, ErrTooLarge
	}
	b := make([]byte, size)
	at += int64(width)
	if n, err := data.ReadAt(b, at); n < len(b) {
		return "", 0, cutShort(err)
	}
	return string(b), at + int64(size), nil
}

// cutShort is the error of a read that found too little.
func cutShort(err error) error {
	if err == io.EOF {
		return errBadInfo
	}
	return err
}

// scanSection calls fn with the content in parts that overlap by overlap bytes, until it
// returns false.
func scanSection(data *io.SectionReader, overlap int, fn func(offset int64, part []byte) bool) error {
	pooled := chunks.Get().(*[chunk + maxOverlap]byte)
	defer chunks.Put(pooled)
	for at := int64(0); at < data.Size(); at += chunk {
		n, err := data.ReadAt(pooled[:chunk+overlap], at)
		if err != nil && err != io.EOF {
			return err
		}
		if !fn(at, pooled[:n]) {
			return nil
		}
	}
	return nil
}
