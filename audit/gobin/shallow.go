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

// isShallow reports whether a file that begins with head may be one of the formats. That
// of Plan 9 and of XCOFF begin with numbers that other files have, too: what else the
// head says is regarded where it is there.
func isShallow(head []byte) bool {
	return isPlan9(head) || isXCOFF(head) || bytes.HasPrefix(head, []byte("\x00asm"))
}

// readShallow fills in what the header says, and returns what reads the build info.
func (f *File) readShallow(r io.ReaderAt, ident []byte) (sign bool, info func(io.ReaderAt) (*debug.BuildInfo, error), err error) {
	switch {
	case bytes.HasPrefix(ident, []byte("\x00asm")):
		return f.readWasm(r)
	case isXCOFF(ident):
		return f.readSections(r, f.readXCOFF)
	}
	return f.readSections(r, f.readPlan9)
}

// readSections reads a format that has the build info in a section of data, as
// package debug/buildinfo does, which misses some: in files without symbols, and where
// the size of the code is no multiple of 16.
func (f *File) readSections(r io.ReaderAt, header func(io.ReaderAt) (data *io.SectionReader, err error)) (bool, func(io.ReaderAt) (*debug.BuildInfo, error), error) {
	data, err := header(r)
	if err != nil {
		return false, nil, err
	}
	at, found, err := findInfo(data)
	if err != nil {
		return false, nil, err
	}
	var sign bool
	f.BuildID, sign = findBuildID(r)
	return sign || found, func(io.ReaderAt) (*debug.BuildInfo, error) {
		if !found {
			return nil, errNoInfo
		}
		return parseInfo(data, at)
	}, nil
}

// isPlan9 reports whether head is that of a program for Plan 9: a magic number, and
// sizes of which the code's and the data's are not nothing.
func isPlan9(head []byte) bool {
	if len(head) < 8 {
		return false
	}
	switch binary.BigEndian.Uint32(head) {
	case plan9obj.Magic386, plan9obj.MagicAMD64, plan9obj.MagicARM:
	default:
		return false
	}
	return binary.BigEndian.Uint32(head[4:]) != 0 && (len(head) < 12 || binary.BigEndian.Uint32(head[8:]) != 0)
}

// readPlan9 reads the header of a program for Plan 9: a.out(6). Another file that begins
// like one has other sizes.
func (f *File) readPlan9(r io.ReaderAt) (*io.SectionReader, error) {
	p, err := plan9obj.NewFile(r)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNotExecutable, err)
	}
	end := int64(p.HdrSize)
	var data *io.SectionReader
	for _, s := range p.Sections {
		if s.Name == "data" {
			data = io.NewSectionReader(r, end, int64(s.Size))
		}
		end += int64(s.Size)
	}
	if end > f.Size || data == nil {
		return nil, fmt.Errorf("%w: sizes of a Plan 9 program that are not the file's", ErrNotExecutable)
	}
	f.Format, f.OS = Plan9, "plan9"
	f.Arch = map[uint32]string{plan9obj.Magic386: "386", plan9obj.MagicAMD64: "amd64", plan9obj.MagicARM: "arm"}[p.Magic]
	return data, nil
}

// Of an XCOFF header: the AIX manual, "XCOFF Object File Format". Numbers are big-endian.
const (
	xcoff32, xcoff64 = 0x01DF, 0x01F7
	xcoffExec        = 0x0002  // F_EXEC
	minAux, maxAux   = 28, 128 // bytes of an auxiliary header: 28, 72 or, of 64 bits, 120
	xcoffData        = 0x40    // STYP_DATA
)

// isXCOFF reports whether head is that of an XCOFF program. An object, which is none,
// has no auxiliary header, or the flag of programs is not set. Other files that begin with
// the number hardly have both.
func isXCOFF(head []byte) bool {
	if len(head) < 2 {
		return false
	}
	magic := binary.BigEndian.Uint16(head)
	if magic != xcoff32 && magic != xcoff64 {
		return false
	}
	if len(head) < 20 {
		return true
	}
	aux, flags := binary.BigEndian.Uint16(head[16:]), binary.BigEndian.Uint16(head[18:])
	return flags&xcoffExec != 0 && aux >= minAux && aux <= maxAux
}

// readXCOFF reads the header of an XCOFF program, and those of its sections.
func (f *File) readXCOFF(r io.ReaderAt) (*io.SectionReader, error) {
	var head [24]byte
	if n, err := r.ReadAt(head[:], 0); n < len(head) || !isXCOFF(head[:]) {
		if err != nil && err != io.EOF {
			return nil, err
		}
		return nil, ErrNotExecutable
	}
	wide := binary.BigEndian.Uint16(head[:]) == xcoff64
	start, entry := int64(20), 40
	f.Format, f.OS = XCOFF, "aix"
	if wide {
		start, entry, f.Arch = 24, 72, "ppc64"
	}
	start += int64(binary.BigEndian.Uint16(head[16:]))
	table := make([]byte, int(binary.BigEndian.Uint16(head[2:]))*entry)
	if n, err := r.ReadAt(table, start); n < len(table) {
		if err != io.EOF {
			return nil, err
		}
		return nil, fmt.Errorf("%w: XCOFF sections cut short", ErrMalformed)
	}
	for ; len(table) > 0; table = table[entry:] {
		var size, offset uint64
		flags := uint32(0)
		if wide {
			size, offset, flags = binary.BigEndian.Uint64(table[24:]), binary.BigEndian.Uint64(table[32:]), binary.BigEndian.Uint32(table[64:])
		} else {
			size, offset, flags = uint64(binary.BigEndian.Uint32(table[16:])), uint64(binary.BigEndian.Uint32(table[20:])), binary.BigEndian.Uint32(table[36:])
		}
		if flags&0xffff != xcoffData {
			continue
		}
		if offset > uint64(f.Size) || size > uint64(f.Size)-offset {
			return nil, fmt.Errorf("%w: XCOFF data outside the file", ErrMalformed)
		}
		return io.NewSectionReader(r, int64(offset), int64(size)), nil
	}
	return io.NewSectionReader(r, 0, 0), nil
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

// findInfo returns the offset of the build info in a section, of which it is aligned.
func findInfo(data *io.SectionReader) (at int64, found bool, err error) {
	err = scanSection(data, len(infoMagic)-1, func(offset int64, part []byte) bool {
		for from := 0; ; from++ {
			i := bytes.Index(part[from:], []byte(infoMagic))
			if i < 0 {
				return true
			}
			from += i
			if at = offset + int64(from); at%infoAlign == 0 {
				found = true
				return false
			}
		}
	})
	return at, found, err
}

// parseInfo reads the build info at an offset.
func parseInfo(data *io.SectionReader, at int64) (*debug.BuildInfo, error) {
	head := make([]byte, infoHeader)
	if n, err := data.ReadAt(head, at); n < len(head) {
		return nil, cutShort(err)
	}
	if head[15]&infoInline == 0 {
		return nil, errOldInfo
	}
	at += infoHeader
	var texts [2]string
	for i := range texts {
		var head [binary.MaxVarintLen64]byte
		n, err := data.ReadAt(head[:], at)
		if err != nil && err != io.EOF {
			return nil, err
		}
		size, width := binary.Uvarint(head[:n])
		if width <= 0 || size > uint64(data.Size()) {
			return nil, errBadInfo
		}
		if size > maxInfo {
			return nil, ErrTooLarge
		}
		text := make([]byte, size)
		if n, err := data.ReadAt(text, at+int64(width)); n < len(text) {
			return nil, cutShort(err)
		}
		texts[i], at = string(text), at+int64(width)+int64(size)
	}
	if texts[0] == "" {
		return nil, errBadInfo
	}
	lines := ""
	if t := texts[1]; len(t) > len(frameStart)+len(frameEnd) && t[len(t)-len(frameEnd)-1] == '\n' {
		lines = t[len(frameStart) : len(t)-len(frameEnd)]
	}
	info, err := debug.ParseBuildInfo(lines)
	if err != nil {
		return nil, err
	}
	info.GoVersion = texts[0]
	return info, nil
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
