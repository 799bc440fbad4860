// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package gobin

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"slices"
)

// Of WebAssembly: the specification's binary format, sections 5.5.2 to 5.5.16.
const (
	wasmModule     = 1 // the version of a module; a component has another
	wasmCustom     = 0
	wasmData       = 11
	wasmHeader     = 8
	maxWasmName    = 64      // bytes of the names of sections that are looked at
	maxWasmSection = 4 << 10 // bytes of the custom sections that are read
)

var (
	errWasmVersion = errors.New("the toolchain's version is not recorded")
	errTwoInfos    = errors.New("there are two that differ")
)

// wasm is what there is of Go in a WebAssembly file.
type wasm struct {
	buildID string
	sign    bool
	version string              // of the toolchain
	data    []*io.SectionReader // where the text of the build info may stand
}

// readWasm reads a WebAssembly file. Go's linker writes the build info into it for the
// program alone, framed and without the toolchain's version, which stands in the section
// "producers" (https://github.com/WebAssembly/tool-conventions). Of a component, which
// has modules in it, the whole is searched.
func (f *File) readWasm(r io.ReaderAt) (sign bool, read func(io.ReaderAt) (*debug.BuildInfo, error), err error) {
	head := make([]byte, wasmHeader)
	if n, err := r.ReadAt(head, 0); n < len(head) {
		if err == io.EOF {
			err = ErrNotExecutable
		}
		return false, nil, err
	}
	f.Format, f.Arch = Wasm, "wasm"
	w := &wasm{}
	if binary.LittleEndian.Uint32(head[4:]) == wasmModule {
		err = w.module(r, f.Size)
	} else {
		w.data = []*io.SectionReader{io.NewSectionReader(r, wasmHeader, f.Size-wasmHeader)}
	}
	if err != nil {
		return false, nil, err
	}
	texts, err := w.texts()
	if err != nil {
		return false, nil, err
	}
	f.BuildID = w.buildID
	return w.sign || len(texts) > 0, func(io.ReaderAt) (*debug.BuildInfo, error) { return w.info(texts) }, nil
}

// module goes through the sections of a module.
func (w *wasm) module(r io.ReaderAt, size int64) error {
	for at, count := int64(wasmHeader), 0; at < size; count++ {
		if count == maxSections {
			return tooLarge("sections", uint64(count))
		}
		var head [1 + binary.MaxVarintLen32]byte
		n, err := r.ReadAt(head[:], at)
		if err != nil && err != io.EOF {
			return err
		}
		length, width := binary.Uvarint(head[1:max(1, n)])
		at += int64(1 + width)
		if width <= 0 || length > uint64(size-at) {
			return fmt.Errorf("%w: WebAssembly section at offset %d", ErrMalformed, at)
		}
		section := io.NewSectionReader(r, at, int64(length))
		switch head[0] {
		case wasmCustom:
			if err := w.custom(section); err != nil {
				return err
			}
		case wasmData:
			w.data = append(w.data, section)
		}
		at += int64(length)
	}
	return nil
}

// custom reads a section that has a name.
func (w *wasm) custom(section *io.SectionReader) error {
	content := make([]byte, min(section.Size(), maxWasmSection))
	if n, err := section.ReadAt(content[:min(len(content), maxWasmName)], 0); err != nil && err != io.EOF {
		return err
	} else if name, _, ok := wasmName(content[:n]); !ok || name != "go:buildid" && name != "producers" {
		return nil
	}
	if _, err := section.ReadAt(content, 0); err != nil && err != io.EOF {
		return err
	}
	name, content, _ := wasmName(content)
	if name == "producers" {
		w.producers(content)
		return nil
	}
	w.sign = true
	w.buildID, _ = findBuildID(bytes.NewReader(content))
	return nil
}

// wasmName reads a name: its length, and as many bytes.
func wasmName(b []byte) (name string, rest []byte, ok bool) {
	length, width := binary.Uvarint(b)
	if width <= 0 || length > uint64(len(b)-width) {
		return "", nil, false
	}
	b = b[width:]
	return string(b[:length]), b[length:], true
}

// producers reads who made the file: fields of names with versions. Other toolchains for
// Go, which are not asked about, say that the language is Go, too, without its version.
func (w *wasm) producers(b []byte) {
	fields, width := binary.Uvarint(b)
	if width <= 0 {
		return
	}
	b = b[width:]
	for range fields {
		field, rest, ok := wasmName(b)
		count, width := binary.Uvarint(rest)
		if !ok || width <= 0 {
			return
		}
		b = rest[width:]
		for range count {
			name, rest, ok := wasmName(b)
			if !ok {
				return
			}
			version, rest, ok := wasmName(rest)
			if !ok {
				return
			}
			b = rest
			w.sign = w.sign || field == "language" && name == "Go"
			if field == "processed-by" && name == "Go cmd/compile" {
				w.sign, w.version = true, version
			}
		}
	}
}

// texts returns the framed texts in the data that are build info.
func (w *wasm) texts() (out []*debug.BuildInfo, err error) {
	for _, data := range w.data {
		var at []int64
		err := scanSection(data, len(frameStart)-1, func(offset int64, part []byte) bool {
			for i := range frameMark.in(part) {
				at = append(at, offset+int64(i+len(frameStart)))
			}
			return len(at) <= maxPlaces
		})
		if err != nil {
			return nil, err
		}
		for _, from := range at {
			info, err := framedInfo(io.NewSectionReader(data, from, data.Size()-from))
			if err != nil {
				return nil, err
			}
			if info != nil && !slices.ContainsFunc(out, func(b *debug.BuildInfo) bool { return b.String() == info.String() }) {
				out = append(out, info)
			}
		}
	}
	return out, nil
}

// framedInfo reads the build info at the start of r, up to the end of its frame. It is
// nil if what stands there is something else.
func framedInfo(r *io.SectionReader) (*debug.BuildInfo, error) {
	limit := min(r.Size(), maxInfo)
	for size := min(limit, 32<<10); ; size = min(limit, 8*size) {
		text := make([]byte, size)
		n, err := r.ReadAt(text, 0)
		if err != nil && err != io.EOF {
			return nil, err
		}
		if text, _, ok := bytes.Cut(text[:n], []byte(frameEnd)); ok {
			info, err := debug.ParseBuildInfo(string(text))
			if err != nil || info.Path == "" && info.Main.Path == "" && len(info.Settings) == 0 {
				return nil, nil
			}
			return info, nil
		}
		if size == limit {
			return nil, nil
		}
	}
}

// info joins the build info and the version.
func (w *wasm) info(texts []*debug.BuildInfo) (*debug.BuildInfo, error) {
	switch {
	case len(texts) > 1:
		return nil, errTwoInfos
	case len(texts) == 0 && w.version == "":
		return nil, errNoInfo
	case len(texts) == 0:
		return &debug.BuildInfo{GoVersion: w.version}, nil
	}
	texts[0].GoVersion = w.version
	return texts[0], nil
}
