// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package gobin

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"iter"

	"github.com/goassay/assay/audit/filetree"
)

// A mark is a text by which something is told. It is looked for from its byte number
// rare on, which is one that executables seldom have: else most of the time goes
// into what only begins like it.
type mark struct {
	text string
	rare int
}

// The marks that may stand anywhere in a file.
var (
	fipsMark  = mark{fipsMagic, 2}  // 'G'; 0xff is one byte of fifty
	frameMark = mark{frameStart, 4} // 0x92
)

// in yields each place in b at which the mark stands.
func (m mark) in(b []byte) iter.Seq[int] {
	return func(yield func(int) bool) {
		for from := m.rare; from < len(b); from++ {
			i := bytes.Index(b[from:], []byte(m.text[m.rare:]))
			if i < 0 {
				return
			}
			from += i
			if at := from - m.rare; string(b[at:from]) == m.text[:m.rare] && !yield(at) {
				return
			}
		}
	}
}

// places are the offsets at which marks stand in a file. One that is not in the map
// was not looked for, or stands in more than maxPlaces.
type places map[mark][]int64

// maxPlaces bounds the places of a mark that are remembered. There is one, or two
// with the first copy of the build info, and some programs have the text of a mark
// as a constant.
const maxPlaces = 64

// search reads a file once for what needs all of it: its SHA-256, and where the sum
// of the FIPS module and the second copy of the build info may stand (see
// [Image.FIPSInfo] and [File.CompareBuildInfo]).
func search(ctx context.Context, f *filetree.File) (sum string, found places, err error) {
	h := sha256.New()
	pooled := chunks.Get().(*[chunk + maxOverlap]byte)
	defer chunks.Put(pooled)
	found = places{fipsMark: nil, frameMark: nil}
	kept := 0 // bytes of the last part, in which a mark may have begun
	for at := int64(0); at < f.Size; {
		if err := ctx.Err(); err != nil {
			return "", nil, err
		}
		part := pooled[:kept+int(min(chunk, f.Size-at))]
		n, err := f.ReadAt(part[kept:], at)
		if n < len(part)-kept {
			return "", nil, cmp.Or(err, io.ErrUnexpectedEOF)
		}
		h.Write(part[kept:])
		for m, offsets := range found {
			fresh := part[max(0, kept-len(m.text)+1):] // in the bytes before, it would have been found
			for i := range m.in(fresh) {
				offsets = append(offsets, at+int64(n-len(fresh)+i))
				if len(offsets) > maxPlaces {
					break
				}
			}
			if found[m] = offsets; len(offsets) > maxPlaces { // somebody wants them not to be seen
				delete(found, m)
			}
		}
		at += int64(n)
		kept = copy(pooled[:], part[max(0, len(part)-maxOverlap):])
	}
	return "sha256:" + hex.EncodeToString(h.Sum(nil)), found, nil
}
