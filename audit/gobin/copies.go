// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package gobin

import (
	"bytes"
	"crypto/sha256"
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

// firstCopy is what is remembered of the first copy to compare the second with. Its
// text may hold credentials, and is not kept.
type firstCopy struct {
	version string
	sum     [sha256.Size]byte // of the text
}

func newFirstCopy(info *debug.BuildInfo) *firstCopy {
	if len(info.Settings) == 0 && info.Main.Path == "" && info.Path == "" { // the version alone
		return nil
	}
	return &firstCopy{info.GoVersion, sha256.Sum256([]byte(info.String()))}
}

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
	var other *Build
	for _, text := range texts {
		second, err := debug.ParseBuildInfo(text)
		if err != nil {
			continue
		}
		if f.first != nil {
			second.GoVersion = f.first.version
			if sha256.Sum256([]byte(second.String())) == f.first.sum {
				return CopiesAgree, nil, nil
			}
			second.GoVersion = ""
		}
		other = newBuild(second)
		redactBuild(other, second)
	}
	switch {
	case other != nil && f.first != nil:
		return CopiesDiffer, other, nil
	case other != nil:
		return SecondAlone, other, nil
	case f.first != nil:
		return FirstAlone, nil, nil
	}
	return NoCopy, nil, nil
}

// maxCopies bounds the texts that are looked at.
const maxCopies = 8

// moduleInfo returns the framed texts in the segments that are not writable: the
// first copy stands in a writable one.
func (im *Image) moduleInfo() ([]string, error) {
	var out []string
	err := im.find(frameMark, []bool{false}, func(addr uint64) bool {
		if text, ok := im.framed(addr + uint64(len(frameStart))); ok {
			out = append(out, text)
		}
		return len(out) < maxCopies
	})
	return out, err
}

// framed reads the text at addr up to the end of its frame.
func (im *Image) framed(addr uint64) (string, bool) {
	r, ok := im.section(addr)
	if !ok {
		return "", false
	}
	limit := min(r.Size(), maxInfo)
	for size := min(limit, 32<<10); ; size = min(limit, 4*size) { // most are small
		text := make([]byte, size)
		n, err := r.ReadAt(text, 0)
		if err != nil && err != io.EOF {
			return "", false
		}
		if text, _, ok := bytes.Cut(text[:n], []byte(frameEnd)); ok {
			return string(text), true
		}
		if size == limit {
			return "", false
		}
	}
}
