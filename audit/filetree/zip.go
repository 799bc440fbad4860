// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package filetree

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
)

// zip reads a zip archive: what its central directory names. Of the sizes that it
// says, none is believed.
func (w *walk) zip(at place, r io.ReaderAt, size int64) error {
	d := &zipDirectory{r: io.NewSectionReader(r, 0, size), left: maxZipDirectory}
	z, err := zip.NewReader(d, size)
	if d.err != nil {
		err = d.err // the package hides it
	}
	if err != nil && !errors.Is(err, zip.ErrInsecurePath) { // GODEBUG=zipinsecurepath=0; nothing is written
		return w.failed(at, malformed(err))
	}
	d.left = math.MaxInt64
	for _, m := range z.File {
		if err := w.count(); err != nil {
			return err
		}
		if !m.Mode().IsRegular() {
			continue
		}
		if err := w.zipMember(at.in(clean(m.Name)), m, r, size); err != nil {
			return err
		}
	}
	return nil
}

func (w *walk) zipMember(at place, m *zip.File, r io.ReaderAt, size int64) error {
	const encrypted = 1 // APPNOTE.TXT, section 4.4.4
	if m.Flags&encrypted != 0 {
		return w.failed(at, ErrEncrypted)
	}
	if n := m.UncompressedSize64; m.Method == zip.Store && n == m.CompressedSize64 {
		offset, err := m.DataOffset()
		if err == nil && (offset > size || n > uint64(size-offset)) {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			return w.failed(at, malformed(err))
		}
		if n == 0 {
			return nil
		}
		return w.open(at, io.NewSectionReader(r, offset, int64(n)), int64(n)) // where it stands
	}
	content, err := m.Open()
	if err != nil {
		return w.failed(at, malformed(err))
	}
	defer content.Close()
	u := unpack(at.budget, other, content)
	head, err := u.peek()
	if err != nil {
		return w.failed(at, malformed(err))
	}
	if !w.mayHold(head) {
		return nil
	}
	return w.load([]place{at}, u, -1)
}

// maxZipDirectory bounds the central directory of a zip archive, in bytes: it is
// read into memory.
const maxZipDirectory = 128 << 20

// zipDirectory is the archive as it is read for its directory.
type zipDirectory struct {
	r    io.ReaderAt
	left int64 // bytes that may still be read
	err  error
}

func (d *zipDirectory) ReadAt(p []byte, off int64) (int, error) {
	if d.left -= int64(len(p)); d.left < 0 && d.err == nil {
		d.err = fmt.Errorf("%w: directory of a zip archive", ErrTooLarge)
	}
	if d.err != nil {
		return 0, d.err
	}
	n, err := d.r.ReadAt(p, off)
	// The package makes room for as many members as this record says, if the
	// archive is large enough for them: a sparse file is, at no cost.
	const recordSize, total = 56, 32 // APPNOTE.TXT, section 4.3.14
	if n == recordSize && bytes.HasPrefix(p, []byte("PK\x06\x06")) && binary.LittleEndian.Uint64(p[total:]) > MaxFiles {
		d.err = fmt.Errorf("%w: more than %d members", ErrTooLarge, MaxFiles)
		return 0, d.err
	}
	return n, err
}
