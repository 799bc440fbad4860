// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package filetree

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// debian reads a Debian package: deb(5), an archive as of ar. What it installs is
// in the tar archive data.tar, and the programs that run meanwhile in control.tar,
// both with the extension of what compressed them.
func (w *walk) debian(at place, r io.ReaderAt, size int64) error {
	const headerSize = 60
	data := false
	at.pkg = &Package{Err: fmt.Errorf("%w: missing", ErrControl)} // deb(5): control.tar comes before data.tar
	for offset := int64(8); offset+headerSize <= size; {
		h := make([]byte, headerSize)
		if _, err := r.ReadAt(h, offset); err != nil {
			return w.failed(at, malformed(err))
		}
		offset += headerSize
		n, err := strconv.ParseInt(strings.TrimSpace(string(h[48:58])), 10, 64)
		if err != nil || n < 0 || string(h[58:]) != "`\n" || n > size-offset {
			return w.failed(at, fmt.Errorf("%w: member of an ar archive", ErrMalformed))
		}
		name := strings.TrimRight(string(h[:16]), " /")
		member := io.NewSectionReader(r, offset, n)
		switch {
		case strings.HasPrefix(name, "data.tar"):
			data = true
			err = w.debianMember(at, name, member)
		case strings.HasPrefix(name, "control.tar"):
			at.pkg = w.control(at, member)
			in := at
			in.path += "!control"
			err = w.debianMember(in, name, member)
		}
		if err != nil {
			return err
		}
		offset += n + n&1
	}
	if !data {
		return w.failed(at, fmt.Errorf("%w: no data.tar", ErrMalformed))
	}
	return nil
}

// control reads the control file of a Debian package.
func (w *walk) control(at place, r *io.SectionReader) *Package {
	head, err := readHead(io.NewSectionReader(r, 0, r.Size()), r.Size())
	if err != nil {
		return &Package{Err: fmt.Errorf("%w: %w", ErrControl, err)}
	}
	f := sniff(head)
	if f == tarArchive {
		return control(io.NewSectionReader(r, 0, r.Size()))
	}
	u := unpack(at.budget, f, io.NewSectionReader(r, 0, r.Size()))
	defer u.close()
	return control(u)
}

func (w *walk) debianMember(at place, name string, r *io.SectionReader) error {
	head, err := readHead(io.NewSectionReader(r, 0, r.Size()), r.Size())
	if err != nil {
		return w.failed(at, malformed(err))
	}
	f := sniff(head)
	if f == tarArchive {
		return w.tar(at, r, r.Size())
	}
	if !f.compressed() {
		return w.failed(at, fmt.Errorf("%w: %s is not compressed in a known way", ErrMalformed, printable(name)))
	}
	open := func() *unpacker { return unpack(at.budget, f, io.NewSectionReader(r, 0, r.Size())) }
	u := open()
	defer u.close()
	return w.tarStream(at, u, open)
}

// rpm reads an RPM package: a lead of 96 bytes, two headers, of which the first
// is padded to eight bytes, and a compressed cpio archive (RPM's manual, "Package
// Format").
func (w *walk) rpm(at place, r io.ReaderAt, size int64) error {
	offset := int64(96)
	for i := range 2 {
		h := make([]byte, 16)
		if _, err := r.ReadAt(h, offset); err != nil && err != io.EOF {
			return w.failed(at, malformed(err))
		}
		if !bytes.HasPrefix(h, []byte("\x8e\xad\xe8\x01")) {
			return w.failed(at, fmt.Errorf("%w: header of an RPM package", ErrMalformed))
		}
		entries, store := int64(binary.BigEndian.Uint32(h[8:])), int64(binary.BigEndian.Uint32(h[12:]))
		offset += 16 + 16*entries + store
		if i == 0 {
			offset = (offset + 7) &^ 7
		}
	}
	if offset >= size {
		return w.failed(at, malformed(io.ErrUnexpectedEOF))
	}
	payload := io.NewSectionReader(r, offset, size-offset)
	head, err := readHead(io.NewSectionReader(payload, 0, payload.Size()), payload.Size())
	if err != nil {
		return w.failed(at, malformed(err))
	}
	f := sniff(head)
	if !f.compressed() && !bytes.HasPrefix(head, []byte("0707")) {
		return w.failed(at, fmt.Errorf("%w: payload is not compressed in a known way", ErrMalformed))
	}
	u := unpack(at.budget, f, payload)
	defer u.close()
	return w.cpio(at, u)
}

// cpio reads the members of a cpio archive in the new ASCII format: cpio(5). Of a
// file with several names, the last has the content.
func (w *walk) cpio(at place, r io.Reader) error {
	for {
		m, err := readCPIO(r)
		if err != nil {
			return w.failed(at, malformed(err))
		}
		if m.name == "TRAILER!!!" {
			if _, err := io.Copy(io.Discard, r); err != nil { // to the checksum of what compressed it
				return w.failed(at, malformed(err))
			}
			return nil
		}
		if err := w.count(); err != nil {
			return err
		}
		content := &io.LimitedReader{R: r, N: m.size}
		if m.regular && m.size > 0 {
			if err := w.member(at.in(clean(m.name)), content, m.size); err != nil {
				return err
			}
		}
		if _, err := io.CopyN(io.Discard, r, content.N+(4-m.size%4)%4); err != nil {
			return w.failed(at, malformed(err))
		}
	}
}

type cpioMember struct {
	name    string
	size    int64
	regular bool
}

// readCPIO reads the header of a member.
func readCPIO(r io.Reader) (m cpioMember, err error) {
	const headerSize = 110
	h := make([]byte, headerSize)
	if _, err := io.ReadFull(r, h); err != nil {
		return m, noEOF(err)
	}
	if magic := string(h[:6]); magic != "070701" && magic != "070702" {
		return m, fmt.Errorf("%w: member of a cpio archive begins with %q", ErrMalformed, magic)
	}
	var fields [13]int64
	for i := range fields {
		n, err := strconv.ParseUint(string(h[6+8*i:][:8]), 16, 32)
		if err != nil {
			return m, fmt.Errorf("%w: header of a cpio archive", ErrMalformed)
		}
		fields[i] = int64(n)
	}
	mode, nameSize := fields[1], fields[11]
	if nameSize == 0 || nameSize > maxName {
		return m, fmt.Errorf("%w: name of %d bytes in a cpio archive", ErrMalformed, nameSize)
	}
	name := make([]byte, nameSize+(4-(headerSize+nameSize)%4)%4)
	if _, err := io.ReadFull(r, name); err != nil {
		return m, noEOF(err)
	}
	const typeMask, regular = 0o170000, 0o100000
	m.name, _, _ = strings.Cut(string(name), "\x00")
	m.size, m.regular = fields[6], mode&typeMask == regular
	return m, nil
}

// noEOF is an error of reading what must be there.
func noEOF(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}
