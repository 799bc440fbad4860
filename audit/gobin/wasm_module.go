// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package gobin

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"runtime/debug"
)

// Bounds of what is read of a section.
const (
	maxWasmName    = 64       // bytes of the names of those that are looked at
	maxWasmSection = 64 << 10 // bytes of the content; Go writes a hundred, and a few KiB of imports
)

var (
	errWasmVersion = errors.New("the toolchain's version is not recorded")
	errTwoVersions = errors.New("two versions of the toolchain are recorded that differ")
)

// goModule is what a module of WebAssembly says of its Go.
type goModule struct {
	sign     bool
	buildID  string
	version  string // of the toolchain
	versions error  // why it is none
	unread   int64  // size of the producers, if they are too large

	info *debug.BuildInfo
	err  error // why it is not there, or not alone
}

// build joins the build info and the version. Where one of them is not known, it returns
// the other with the error.
func (m *goModule) build() (*debug.BuildInfo, error) {
	version := m.version
	if m.versions != nil {
		version = ""
	}
	if m.info == nil || m.err != nil {
		err := m.err
		if err == nil {
			err = m.versions
		}
		if err == nil && version == "" {
			err = errNoInfo
		}
		return versionAlone(version), err
	}
	m.info.GoVersion = version
	if version == "" && m.versions == nil {
		return m.info, errWasmVersion
	}
	return m.info, m.versions
}

// versionAlone is build info that says nothing else; nil if it does not say that.
func versionAlone(version string) *debug.BuildInfo {
	if version == "" {
		return nil
	}
	return &debug.BuildInfo{GoVersion: version}
}

// custom reads a section that has a name.
func (m *goModule) custom(section *io.SectionReader) error {
	var head [maxWasmName]byte
	n, err := section.ReadAt(head[:], 0)
	if err != nil && err != io.EOF {
		return err
	}
	name, rest, _ := wasmName(head[:n])
	if name != "go:buildid" && name != "producers" {
		return nil
	}
	from := int64(n - len(rest))
	section = io.NewSectionReader(section, from, section.Size()-from)
	content, err := wasmContent(section)
	if err != nil {
		return err
	}
	if name == "go:buildid" {
		m.sign = true
		m.buildID, _ = cutBuildID(content)
		return nil
	}
	if section.Size() > maxWasmSection {
		m.unread = section.Size()
		m.versions = tooLarge("bytes of the section producers", uint64(m.unread))
	}
	m.producers(content)
	return nil
}

// wasmContent reads a section, or as much of it as is looked at.
func wasmContent(section *io.SectionReader) ([]byte, error) {
	content := make([]byte, min(section.Size(), maxWasmSection))
	n, err := section.ReadAt(content, 0)
	if err == io.EOF {
		err = nil
	}
	return content[:n], err
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
func (m *goModule) producers(b []byte) {
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
			m.sign = m.sign || field == "language" && name == "Go"
			if field == "processed-by" && name == "Go cmd/compile" {
				m.compiled(version)
			}
		}
	}
}

// compiled takes in the version of a compiler.
func (m *goModule) compiled(version string) {
	m.sign = true
	if m.version != "" && version != m.version && m.versions == nil {
		m.versions = errTwoVersions
	}
	m.version = version
}

// imports reads what the module asks its host for. What Go's linker makes for js asks
// for functions of "gojs", or "go" before Go 1.21; it imports functions alone.
func (m *goModule) imports(section *io.SectionReader) error {
	b, err := wasmContent(section)
	if err != nil {
		return err
	}
	count, width := binary.Uvarint(b)
	b = b[max(0, width):]
	for ; count > 0; count-- {
		module, rest, _ := wasmName(b)
		_, rest, ok := wasmName(rest)
		m.sign = m.sign || module == "gojs" || module == "go"
		if !ok || len(rest) == 0 || rest[0] != 0 {
			return nil
		}
		_, width := binary.Uvarint(rest[1:]) // its type
		if width <= 0 {
			return nil
		}
		b = rest[1+width:]
	}
	return nil
}

// framed reads the build info at some places in data. Each ends where the next begins at
// the latest.
func (m *goModule) framed(data *io.SectionReader, at []int64) error {
	first := ""
	for i, from := range at {
		end := data.Size()
		if i+1 < len(at) {
			end = at[i+1] - int64(len(frameStart))
		}
		info, err := framedInfo(io.NewSectionReader(data, from, end-from))
		if err != nil {
			return err
		}
		if info == nil {
			continue
		}
		if text := info.String(); m.info == nil {
			m.info, first = info, text
		} else if text != first {
			m.err = errTwoInfos
			return nil
		}
	}
	if m.info == nil {
		m.err = errBadInfo
	}
	return nil
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
