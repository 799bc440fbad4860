// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package gobin

import (
	"bytes"
	"io"
	"runtime/debug"
)

// Copies says how the two copies of the build info relate. The linker writes the
// first for tools (debug/buildinfo), and the second as the string that the
// program itself returns from debug.ReadBuildInfo: runtime.modinfo. Who edits one
// forgets the other.
type Copies string

// The relations.
const (
	CopiesAgree  Copies = "agree"
	CopiesDiffer Copies = "differ"
	SecondAlone  Copies = "second-alone" // the first was removed
	FirstAlone   Copies = "first-alone"  // nothing in the program reads the second, or it was removed
	NoCopy       Copies = "none"
)

// The frame of the second copy: infoStart and infoEnd of
// cmd/go/internal/modload.
const (
	frameStart = "\x30\x77\xaf\x0c\x92\x74\x08\x02\x41\xe1\xc1\x07\xe6\xd6\x18\xe6"
	frameEnd   = "\xf9\x32\x43\x31\x86\x18\x20\x72\x00\x82\x42\x10\x41\x16\xd8\xf2"
)

// CompareBuildInfo compares the two copies of the build info. Of a second copy
// that differs, or stands alone, it returns what it says; the toolchain's release
// is not in it.
func (f *File) CompareBuildInfo() (Copies, *Build, error) {
	im, err := f.Image()
	if err != nil {
		return "", nil, err
	}
	texts, err := im.moduleInfo()
	if err != nil {
		return "", nil, err
	}
	first, firstErr := readInfo(io.NewSectionReader(&budget{r: f.reader, left: MaxRead}, 0, f.Size))
	if firstErr == nil && len(first.Settings) == 0 && first.Main.Path == "" && first.Path == "" {
		firstErr = errVersionOnly
	}
	var other *Build
	for _, text := range texts {
		second, err := debug.ParseBuildInfo(text)
		if err != nil {
			continue
		}
		if firstErr == nil {
			second.GoVersion = first.GoVersion
			if second.String() == first.String() {
				return CopiesAgree, nil, nil
			}
			second.GoVersion = ""
		}
		other = newBuild(second)
		redactBuild(other, second)
	}
	switch {
	case other != nil && firstErr == nil:
		return CopiesDiffer, other, nil
	case other != nil:
		return SecondAlone, other, nil
	case firstErr == nil:
		return FirstAlone, nil, nil
	}
	return NoCopy, nil, nil
}

// moduleInfo returns the framed texts in the segments that are not writable: the
// first copy stands in a writable one.
func (im *Image) moduleInfo() ([]string, error) {
	var out []string
	err := im.scan(false, len(frameStart)-1, func(addr uint64, part []byte) bool {
		for from := 0; len(out) < 8; {
			i := bytes.Index(part[from:], []byte(frameStart))
			if i < 0 {
				return true
			}
			if text, ok := im.framed(addr + uint64(from+i+len(frameStart))); ok {
				out = append(out, text)
			}
			from += i + 1
		}
		return false
	})
	return out, err
}

// framed reads the text at addr up to the end of its frame.
func (im *Image) framed(addr uint64) (string, bool) {
	r, ok := im.section(addr)
	if !ok {
		return "", false
	}
	text := make([]byte, min(r.Size(), maxInfo))
	n, err := r.ReadAt(text, 0)
	if err != nil && err != io.EOF {
		return "", false
	}
	text, _, ok = bytes.Cut(text[:n], []byte(frameEnd))
	return string(text), ok
}
