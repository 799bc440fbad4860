// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package sbom

import (
	"archive/zip"
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"slices"
	"strings"

	"github.com/klauspost/compress/flate"
	modzip "golang.org/x/mod/zip"
)

// A zipHasher computes the h1: hash of zip files, one after the other: what
// dirhash.Hash1 of golang.org/x/mod computes. Most of that is inflating small files,
// and half of that again would be memory for each of them.
type zipHasher struct {
	packed  []byte // of one file
	source  bytes.Reader
	inflate io.ReadCloser
	buf     []byte
	file    hash.Hash
}

// maxPacked is how large a file is read in one piece, in bytes.
const maxPacked = 1 << 20

func newZipHasher() *zipHasher {
	return &zipHasher{inflate: flate.NewReader(bytes.NewReader(nil)), buf: make([]byte, 64<<10), file: sha256.New()}
}

// hash1 returns the h1: hash of the files in a zip file that r holds.
func (z *zipHasher) hash1(r io.ReaderAt, files []*zip.File) (string, error) {
	files = slices.Clone(files)
	slices.SortFunc(files, func(a, b *zip.File) int { return strings.Compare(a.Name, b.Name) })
	left := uint64(modzip.MaxZipFile)
	all := sha256.New()
	for i, f := range files {
		if i > 0 && files[i-1].Name == f.Name {
			return "", fmt.Errorf("%.100q is there twice", f.Name)
		}
		if strings.Contains(f.Name, "\n") {
			return "", errors.New("a file name with a newline")
		}
		if f.UncompressedSize64 > left {
			return "", fmt.Errorf("its files are larger than %d bytes", modzip.MaxZipFile)
		}
		left -= f.UncompressedSize64
		if err := z.hashFile(r, f); err != nil {
			return "", fmt.Errorf("%.100q: %w", f.Name, err)
		}
		fmt.Fprintf(all, "%s  %s\n", hex.EncodeToString(z.file.Sum(nil)), f.Name)
	}
	return "h1:" + base64.StdEncoding.EncodeToString(all.Sum(nil)), nil
}

// hashFile hashes the content of one file, which has exactly the size that the
// directory says. Its checksum is not looked at: the hash says more.
func (z *zipHasher) hashFile(r io.ReaderAt, f *zip.File) error {
	z.file.Reset()
	at, err := f.DataOffset()
	if err != nil {
		return err
	}
	var content io.Reader = io.NewSectionReader(r, at, int64(f.CompressedSize64))
	switch {
	case f.Method == zip.Store:
	case f.Method != zip.Deflate:
		return zip.ErrAlgorithm
	default:
		if content, err = z.deflated(content, f.CompressedSize64); err != nil {
			return err
		}
	}
	n, err := io.CopyBuffer(struct{ io.Writer }{z.file}, struct{ io.Reader }{io.LimitReader(content, int64(f.UncompressedSize64)+1)}, z.buf)
	if err == nil && uint64(n) != f.UncompressedSize64 {
		err = errors.New("not of the size that the directory says")
	}
	return err
}

// deflated inflates what is in content.
func (z *zipHasher) deflated(content io.Reader, size uint64) (io.Reader, error) {
	if size > maxPacked {
		return z.inflate, z.inflate.(flate.Resetter).Reset(bufio.NewReader(content), nil)
	}
	z.packed = slices.Grow(z.packed[:0], int(size))[:size]
	if _, err := io.ReadFull(content, z.packed); err != nil {
		return nil, err
	}
	z.source.Reset(z.packed)
	return z.inflate, z.inflate.(flate.Resetter).Reset(&z.source, nil)
}
