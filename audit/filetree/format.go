// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package filetree

import (
	"bufio"
	"bytes"
	"compress/bzip2"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strconv"
	"strings"
	"unicode"

	"github.com/klauspost/compress/zstd"
	"github.com/therootcompany/xz"
)

// A format is that of an archive or of a compressed file.
type format string

const (
	other         format = ""
	tarArchive    format = "tar"
	zipArchive    format = "zip"
	debianPackage format = "deb"
	rpmPackage    format = "rpm"
	gzipped       format = "gzip"
	bzipped       format = "bzip2"
	xzipped       format = "xz"
	zstandard     format = "zstd"
)

// extensions are those of compressed files.
var extensions = map[format]string{gzipped: ".gz", bzipped: ".bz2", xzipped: ".xz", zstandard: ".zst"}

// compressed reports whether files of the format hold one other.
func (f format) compressed() bool { return extensions[f] != "" }

// sniff tells a format by the first bytes of a file. Those of a tar archive are a
// name, which may look like anything.
func sniff(head []byte) format {
	if hasTarSum(head) {
		return tarArchive
	}
	for _, m := range []struct {
		format format
		magic  string
	}{
		{zipArchive, "PK\x03\x04"},
		{zipArchive, "PK\x05\x06"}, // an empty one
		{debianPackage, "!<arch>\ndebian-binary"},
		{rpmPackage, "\xed\xab\xee\xdb"},
		{gzipped, "\x1f\x8b\x08"},       // RFC 1952, section 2.3.1
		{zstandard, "\x28\xb5\x2f\xfd"}, // RFC 8878, section 3.1.1
		{zstandard, "\x50\x2a\x4d\x18"}, // a skippable frame, with which pzstd begins: section 3.1.2
		{xzipped, "\xfd7zXZ\x00"},
	} {
		if bytes.HasPrefix(head, []byte(m.magic)) {
			return m.format
		}
	}
	switch {
	case len(head) >= 10 && bytes.HasPrefix(head, []byte("BZh")) && (string(head[4:10]) == "1AY&SY" || string(head[4:10]) == "\x17rE8P\x90"): // a block, or none
		return bzipped
	case isTar(head):
		return tarArchive
	}
	return other
}

// isTar reports whether head is the header of a member of a tar archive: by the
// magic of POSIX and GNU or, as the archives of Unix v7 have none, by the sum.
func isTar(head []byte) bool {
	const magicAt = 257
	return hasTarSum(head) || len(head) >= HeadSize && head[0] != 0 && bytes.HasPrefix(head[magicAt:], []byte("ustar"))
}

// hasTarSum reports whether head has the sum of a header of a tar archive, which
// nothing else has by chance. Some versions of tar added the bytes as signed ones.
func hasTarSum(head []byte) bool {
	const sumAt, sumEnd = 148, 156
	if len(head) < HeadSize || head[0] == 0 {
		return false
	}
	want, err := strconv.ParseInt(strings.Trim(string(head[sumAt:sumEnd]), " \x00"), 8, 64)
	if err != nil {
		return false
	}
	sum := int64((sumEnd - sumAt) * ' ')
	signed := sum
	for i, b := range head[:HeadSize] {
		if i < sumAt || i >= sumEnd {
			sum += int64(b)
			signed += int64(int8(b))
		}
	}
	return sum == want || signed == want
}

// isScript reports whether a file begins as a script, behind which an archive may
// stand.
func isScript(head []byte) bool { return bytes.HasPrefix(head, []byte("#!")) }

// mayHold reports whether a file is wanted, or may hold files that are.
func (w *walk) mayHold(head []byte) bool {
	return w.want(head) || sniff(head) != other || isScript(head)
}

// zipEnd returns where a zip archive ends that stands behind something else, as in
// files that unpack themselves, or 0: behind the record that ends its directory, if
// that names a directory that is there. See APPNOTE.TXT, sections 4.3.12 to 4.3.16.
func zipEnd(r io.ReaderAt, size int64) (int64, error) {
	const (
		recordSize, locatorSize = 22, 20
		record, locator, entry  = "PK\x05\x06", "PK\x06\x07", "PK\x01\x02"
	)
	tail := make([]byte, min(size, recordSize+64<<10))
	start := size - int64(len(tail))
	if n, err := r.ReadAt(tail, start); n < len(tail) {
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		return 0, err
	}
	if !bytes.Contains(tail, []byte(record)) { // as in most files; from behind the search is slow
		return 0, nil
	}
	for end := len(tail); ; {
		at := bytes.LastIndex(tail[:end], []byte(record))
		if at < 0 {
			return 0, nil
		}
		end = at
		if len(tail)-at < recordSize {
			continue
		}
		field := func(i, n int) int64 {
			if n == 2 {
				return int64(binary.LittleEndian.Uint16(tail[at+i:]))
			}
			return int64(binary.LittleEndian.Uint32(tail[at+i:]))
		}
		entries, length, offset, comment := field(10, 2), field(12, 4), field(16, 4), field(20, 2)
		behind := start + int64(at) + recordSize + comment
		if behind > size || entries == 0 {
			continue
		}
		if at >= locatorSize && bytes.HasPrefix(tail[at-locatorSize:], []byte(locator)) {
			return behind, nil
		}
		for _, directory := range []int64{start + int64(at) - length, offset} {
			head := make([]byte, len(entry))
			if directory < 0 || directory > size {
				continue
			}
			if n, _ := r.ReadAt(head, directory); n == len(head) && string(head) == entry {
				return behind, nil
			}
		}
	}
}

// open reads one file, which may be an archive.
func (w *walk) open(at place, r io.ReaderAt, size int64) error {
	head := make([]byte, min(HeadSize, size))
	if n, err := r.ReadAt(head, 0); n < len(head) {
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		return w.failed(at, err)
	}
	f, wanted := sniff(head), w.want(head)
	archive := f == tarArchive && hasTarSum(head) // whatever else it may look like
	zipSize := size
	if !archive && (wanted || f == other && isScript(head)) {
		end, err := zipEnd(r, size)
		if err != nil {
			return w.failed(at, err)
		}
		if end > 0 {
			f, archive, zipSize = zipArchive, true, end
		}
	}
	if wanted {
		it := at
		it.root = at.root && f != tarArchive // an archive is not reported whatever it is
		if err := w.report(it, r, size, nil); err != nil || !archive {
			return err
		}
	}
	if f != other && at.nested >= MaxNested {
		return w.failed(at, fmt.Errorf("%w: more than %d", ErrNested, MaxNested))
	}
	err := errNoArchive
	switch {
	case f == tarArchive:
		err = w.tar(at, r, size)
	case f == zipArchive:
		err = w.zip(at, r, zipSize)
	case f == debianPackage:
		err = w.debian(at, r, size)
	case f == rpmPackage:
		err = w.rpm(at, r, size)
	case f.compressed():
		err = w.unpacked(at, f, r, size)
	}
	if err != errNoArchive {
		return err
	}
	if at.root {
		return w.report(at, r, size, nil)
	}
	return nil
}

// errNoArchive says that a file is no archive, and holds none. All else that is
// wrong with an archive is reported.
var errNoArchive = errors.New("no archive")

// unpacked reads what is in a compressed file: a tar archive, or one file.
func (w *walk) unpacked(at place, f format, r io.ReaderAt, size int64) error {
	open := func() *unpacker { return unpack(at.budget, f, io.NewSectionReader(r, 0, size)) }
	u := open()
	defer u.close()
	head, err := u.peek()
	if err != nil {
		return w.failed(at, malformed(err))
	}
	inner := sniff(head)
	switch {
	case w.want(head):
	case inner == tarArchive:
		return w.tarStream(at, u, open)
	case inner == other && !isScript(head):
		return errNoArchive
	}
	base := at.path[strings.LastIndexAny(at.path, `/\`)+1:]
	in := at.in(strings.TrimSuffix(base, extensions[f]))
	in.root = at.root && inner == other && !w.want(head) // a script is no archive, but for what may stand behind it
	return w.load([]place{in}, u, -1)
}

// member reads a file in an archive, if it is wanted or may be an archive itself.
func (w *walk) member(at place, r io.Reader, size int64) error {
	head, err := readHead(r, size)
	if err != nil {
		return w.failed(at, malformed(err))
	}
	if !w.mayHold(head) {
		return nil
	}
	return w.load([]place{at}, io.MultiReader(bytes.NewReader(head), r), size)
}

// readHead reads the first bytes of a file of size bytes.
func readHead(r io.Reader, size int64) ([]byte, error) {
	head := make([]byte, min(HeadSize, size))
	_, err := fill(head, r)
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return head, err
}

// load reads a file into memory and opens it, at each place that it stands at. Its
// size is -1 where it is not known.
func (w *walk) load(places []place, r io.Reader, size int64) error {
	b := &buffer{budget: places[0].budget}
	defer b.free()
	var err error
	if size > MaxMemory {
		err = fmt.Errorf("%w: %d bytes", ErrTooLarge, size)
	} else if n, readErr := b.ReadFrom(r); readErr != nil {
		err = malformed(readErr)
	} else if size >= 0 && n != size {
		err = malformed(io.ErrUnexpectedEOF)
	}
	for _, at := range places {
		if err != nil {
			if err := w.failed(at, err); err != nil {
				return err
			}
		} else if err := w.open(at, b, b.size); err != nil {
			return err
		}
	}
	return nil
}

// malformed says that an error is of the archive, if it is none of reading the
// file that the archive stands in.
func malformed(err error) error {
	_, reading := errors.AsType[*fs.PathError](err)
	for _, known := range []error{ErrTooLarge, ErrMalformed, ErrDigest, ErrEncrypted, ErrNotRegular, ErrTooMany} {
		reading = reading || errors.Is(err, known)
	}
	if reading {
		return err
	}
	return fmt.Errorf("%w: %w", ErrMalformed, err)
}

// An unpacker reads what comes out of a compressed file.
type unpacker struct {
	budget  *budget
	format  format
	packed  io.Reader
	r       io.Reader // nil until the first Read
	head    []byte    // that was peeked at, and not yet read
	decoder *zstd.Decoder
}

func unpack(b *budget, f format, packed io.Reader) *unpacker {
	return &unpacker{budget: b, format: f, packed: bufio.NewReaderSize(packed, 64<<10)}
}

// The largest windows of decompressors, in bytes: that of "xz -9", and that of
// "zstd --long".
const (
	maxXZ   = 64 << 20
	maxZstd = 128 << 20
)

func (u *unpacker) start() (err error) {
	switch u.format {
	case gzipped:
		u.r, err = gzip.NewReader(u.packed)
	case bzipped:
		u.r = bzip2.NewReader(u.packed)
	case xzipped:
		u.r, err = xz.NewReader(u.packed, maxXZ)
	case zstandard:
		u.decoder, err = zstd.NewReader(u.packed, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxZstd), zstd.WithDecoderLowmem(true))
		u.r = u.decoder
	default:
		u.r = u.packed
	}
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return err
}

// peek returns the first bytes, which are read again by Read.
func (u *unpacker) peek() ([]byte, error) {
	head := make([]byte, HeadSize)
	n, err := fill(head, u)
	if err == io.EOF {
		err = nil
	}
	u.head = head[:n]
	return u.head, err
}

// Read unpacks, within the budget. The libraries are not made for every input: a
// panic of theirs is a malformed file.
func (u *unpacker) Read(p []byte) (n int, err error) {
	if len(u.head) > 0 {
		n = copy(p, u.head)
		u.head = u.head[n:]
		return n, nil
	}
	defer func() {
		if v := recover(); v != nil {
			n, err = 0, fmt.Errorf("%w: %v", ErrMalformed, v)
		}
	}()
	if u.r == nil {
		if err := u.start(); err != nil {
			u.r = failing{err}
		}
	}
	n, err = u.r.Read(p)
	if over := u.budget.unpack(n); over != nil {
		return 0, over
	}
	return n, err
}

// failing is a reader that fails.
type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

func (u *unpacker) close() {
	if u.decoder != nil {
		u.decoder.Close()
	}
}

// printable is a name from an archive without what a terminal would obey.
func printable(name string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return unicode.ReplacementChar
		}
		return r
	}, name)
}
