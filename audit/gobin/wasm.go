// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package gobin

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
)

// Of WebAssembly: the specification's binary format, sections 5.5.2 to 5.5.16. Of
// components: "Component Model Binary Format" of the component model.
const (
	wasmHeader = 8

	wasmModule = 1 // the version of a module
	wasmCustom = 0
	wasmImport = 2
	wasmData   = 11

	wasmComponent  = 1 // the layer of a component, behind its version
	wasmCore       = 1 // a module in it
	wasmNested     = 4 // a component in it
	maxWasmNesting = 8 // components in each other
)

var (
	errTwoInfos   = errors.New("there are two that differ")
	errPrograms   = errors.New("the modules of the component differ in it")
	errManyFrames = fmt.Errorf("it begins in more than %d places", maxPlaces)
)

// wasm is what there is of Go in a WebAssembly file: in the module that it is, or in
// those of a component, of which each is a program.
type wasm struct {
	sections int // so far
	places   int // so far, where build info begins

	sign    bool
	buildID string
	info    *debug.BuildInfo
	text    string // of info
	err     error
}

// readWasm reads a WebAssembly file. Go's linker writes the build info into it for the
// program alone, framed and without the toolchain's version, which stands in the section
// "producers" (https://github.com/WebAssembly/tool-conventions).
func (f *File) readWasm(r *io.SectionReader) (sign bool, read func(io.ReaderAt) (*debug.BuildInfo, error), err error) {
	f.Format, f.Arch = Wasm, "wasm"
	w := &wasm{}
	if err := w.read(r, 0); err != nil {
		return false, nil, err
	}
	f.BuildID = w.buildID
	return w.sign, func(io.ReaderAt) (*debug.BuildInfo, error) {
		if w.info == nil {
			return nil, cmp.Or(w.err, errNoInfo)
		}
		return w.info, w.err
	}, nil
}

// read reads a module, or a component with those in it. What has another version is searched
// for build info as the data of a module is.
func (w *wasm) read(r *io.SectionReader, nesting int) error {
	head := make([]byte, wasmHeader)
	if n, err := r.ReadAt(head, 0); n < len(head) || string(head[:4]) != "\x00asm" {
		if err != nil && err != io.EOF {
			return err
		}
		return fmt.Errorf("%w: WebAssembly header", ErrMalformed)
	}
	content := io.NewSectionReader(r, wasmHeader, r.Size()-wasmHeader)
	m := &goModule{}
	var err error
	switch {
	case binary.LittleEndian.Uint32(head[4:]) == wasmModule:
		err = w.module(content, m)
	case binary.LittleEndian.Uint16(head[6:]) == wasmComponent:
		err = w.component(content, m, nesting)
	default:
		err = w.frames(content, m)
	}
	if err != nil {
		return err
	}
	if m.unread > 0 && !m.sign {
		return tooLarge("bytes of the section producers", uint64(m.unread))
	}
	w.add(m)
	return nil
}

// each calls fn with the sections.
func (w *wasm) each(r *io.SectionReader, fn func(id byte, section *io.SectionReader) error) error {
	for at := int64(0); at < r.Size(); {
		if w.sections++; w.sections > maxSections {
			return tooLarge("sections", uint64(w.sections))
		}
		var head [1 + binary.MaxVarintLen32]byte
		n, err := r.ReadAt(head[:], at)
		if err != nil && err != io.EOF {
			return err
		}
		length, width := binary.Uvarint(head[1:max(1, n)])
		at += int64(1 + width)
		if width <= 0 || length > uint64(r.Size()-at) {
			return fmt.Errorf("%w: WebAssembly section at offset %d", ErrMalformed, at)
		}
		if err := fn(head[0], io.NewSectionReader(r, at, int64(length))); err != nil {
			return err
		}
		at += int64(length)
	}
	return nil
}

// module reads a module, which has one section of data at most.
func (w *wasm) module(r *io.SectionReader, m *goModule) error {
	data := false
	return w.each(r, func(id byte, section *io.SectionReader) error {
		switch id {
		case wasmCustom:
			return m.custom(section)
		case wasmImport:
			return m.imports(section)
		case wasmData:
			if data {
				return fmt.Errorf("%w: WebAssembly data twice", ErrMalformed)
			}
			data = true
			return w.frames(section, m)
		}
		return nil
	})
}

// component reads what is in a component. Its own sections, which say of no program that
// it has the version in them, are asked for a sign if nothing in it has one.
func (w *wasm) component(r *io.SectionReader, m *goModule, nesting int) error {
	if nesting == maxWasmNesting {
		return tooLarge("components in each other", uint64(nesting))
	}
	err := w.each(r, func(id byte, section *io.SectionReader) error {
		switch id {
		case wasmCustom:
			return m.custom(section)
		case wasmCore, wasmNested:
			return w.read(section, nesting+1)
		}
		return nil
	})
	m.version, m.versions = "", nil
	if w.sign {
		*m = goModule{}
	}
	return err
}

// frames looks for build info in data.
func (w *wasm) frames(data *io.SectionReader, m *goModule) error {
	var at []int64 // behind the start of the frame
	err := scanSection(data, len(frameStart)-1, func(offset int64, part []byte) bool {
		for i := range frameMark.in(part) {
			at = append(at, offset+int64(i+len(frameStart)))
			if w.places++; w.places > maxPlaces {
				return false
			}
		}
		return true
	})
	if err != nil || len(at) == 0 {
		return err
	}
	m.sign = true
	if w.places > maxPlaces { // somebody wants them not to be seen
		m.err = errManyFrames
		return nil
	}
	return m.framed(data, at)
}

// add takes in what a module says. Those that are Go must say the same.
func (w *wasm) add(m *goModule) {
	if !m.sign {
		return
	}
	w.buildID = cmp.Or(w.buildID, m.buildID)
	info, err := m.build()
	text := ""
	if info != nil {
		text = info.String()
	}
	switch {
	case !w.sign:
		w.sign, w.info, w.text, w.err = true, info, text, err
	case text == w.text:
		w.err = cmp.Or(w.err, err)
	default:
		version := ""
		if info != nil && w.info != nil && info.GoVersion == w.info.GoVersion {
			version = info.GoVersion
		}
		w.info, w.text, w.err = versionAlone(version), "", cmp.Or(w.err, err, errPrograms)
	}
}
