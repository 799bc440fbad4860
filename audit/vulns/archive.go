// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package vulns

import (
	"archive/tar"
	"archive/zip"
	"bufio"
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/therootcompany/xz"
)

// OpenArchive opens the database in a file: one that [Database.WritePack] or
// [Install] wrote, or a zip, tar, tar.gz or tar.xz archive of a directory in the layout
// v1, with or without that directory's name in it. All entries are verified.
func OpenArchive(ctx context.Context, path string) (*Database, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open vulnerability database: %w", err)
	}
	defer f.Close()
	stat, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("open vulnerability database: %w", err)
	}
	db, err := readArchive(ctx, f, stat.Size(), Source{Kind: SourceArchive, Location: path})
	if err != nil {
		return nil, err
	}
	return db, db.Verify(ctx)
}

// readArchive reads an archive of size bytes.
func readArchive(ctx context.Context, f io.ReaderAt, size int64, source Source) (*Database, error) {
	files, err := archiveStore(ctx, f, size)
	if err != nil {
		return nil, (&Database{Source: source}).failed(err)
	}
	if pack, ok := files.(*packStore); ok {
		source.Origin = cmp.Or(source.Origin, pack.origin)
	}
	return openDatabase(ctx, files, source)
}

// archiveStore tells by its first bytes what an archive is.
func archiveStore(ctx context.Context, f io.ReaderAt, size int64) (store, error) {
	var head [6]byte
	n, _ := f.ReadAt(head[:], 0)
	r := bufio.NewReader(io.NewSectionReader(f, 0, size))
	switch {
	case bytes.HasPrefix(head[:n], []byte("PK\x03\x04")):
		return zipStore(ctx, f, size)
	case bytes.HasPrefix(head[:n], []byte("\x1f\x8b")):
		z, err := gzip.NewReader(r)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrInvalid, err)
		}
		return tarStore(ctx, z)
	case bytes.HasPrefix(head[:n], []byte("\xfd7zXZ\x00")):
		z, err := xz.NewReader(r, 64<<20)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrInvalid, err)
		}
		return tarStore(ctx, z)
	case n == 0:
		return nil, fmt.Errorf("%w: it is empty", ErrInvalid)
	}
	return tarStore(ctx, r)
}

// zipStore reads a zip archive: a packed database as it is, and another into memory.
func zipStore(ctx context.Context, f io.ReaderAt, size int64) (store, error) {
	if size > maxPack {
		return nil, fmt.Errorf("%w: more than %d bytes", ErrInvalid, maxPack)
	}
	raw := make([]byte, size) // the file may be replaced while the database is in use
	if _, err := f.ReadAt(raw, 0); err != nil && err != io.EOF {
		return nil, err
	}
	z, err := zip.NewReader(bytes.NewReader(raw), size)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	if isPack(z) {
		return newPackStore(z)
	}
	c := collection{files: memStore{}}
	for _, f := range z.File {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		name, ok := layoutName(f.Name)
		if !ok {
			continue
		}
		if !f.Mode().IsRegular() {
			return nil, fmt.Errorf("%w: %.100q is not a regular file", ErrInvalid, f.Name)
		}
		raw, err := readZipped(f, limitOf(name))
		if err == nil {
			err = c.add(name, raw)
		}
		if err != nil {
			return nil, err
		}
	}
	return c.store()
}

// tarStore reads a tar archive into memory, to its end: what compressed it has a
// checksum there.
func tarStore(ctx context.Context, r io.Reader) (store, error) {
	limited := &io.LimitedReader{R: r, N: 4 * maxTotal}
	t := tar.NewReader(limited)
	c := collection{files: memStore{}}
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		h, err := t.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrInvalid, err)
		}
		name, ok := layoutName(h.Name)
		if !ok {
			continue
		}
		if h.Typeflag != tar.TypeReg {
			return nil, fmt.Errorf("%w: %.100q is not a regular file", ErrInvalid, h.Name)
		}
		raw, err := readAll(t, limitOf(name))
		if err == nil {
			err = c.add(name, raw)
		}
		if err != nil {
			return nil, err
		}
	}
	if _, err := io.Copy(io.Discard, limited); err != nil || limited.N <= 0 {
		return nil, fmt.Errorf("%w: its end: %v", ErrInvalid, err)
	}
	return c.store()
}

// layoutName returns the name of a file that may be one of a database, without "./"; it
// may begin with the name of a directory.
func layoutName(name string) (string, bool) {
	name = strings.TrimPrefix(name, "./")
	_, base := split2(name)
	switch {
	case base == dbIndex || base == modulesIndex || base == vulnsIndex:
		return name, true
	case strings.HasPrefix(base, "ID/") && strings.HasSuffix(base, ".json"):
		return name, true
	}
	return "", false
}

// split2 splits a name before its last two elements.
func split2(name string) (dir, base string) {
	i := strings.LastIndexByte(name, '/')
	if i < 0 {
		return "", name
	}
	i = strings.LastIndexByte(name[:i], '/') + 1
	return name[:i], name[i:]
}

// limitOf is how many bytes a file may have.
func limitOf(name string) int64 {
	if _, base := split2(name); strings.HasPrefix(base, "ID/") {
		return maxEntry
	}
	return maxIndex
}

// A collection gathers the files of a database that stand in one directory of an archive.
type collection struct {
	files memStore
	total int
}

func (c *collection) add(name string, raw []byte) error {
	if _, twice := c.files[name]; twice {
		return fmt.Errorf("%w: %.100q stands in it twice", ErrInvalid, name)
	}
	if c.total += len(raw); c.total > maxTotal || len(c.files) > maxEntries+3 {
		return fmt.Errorf("%w: more than %d bytes, or %d entries", ErrInvalid, maxTotal, maxEntries)
	}
	c.files[name] = raw
	return nil
}

// store returns the files of the only directory that is a database.
func (c *collection) store() (store, error) {
	roots := []string{}
	for name := range c.files {
		if root, base := split2(name); base == dbIndex {
			roots = append(roots, root)
		}
	}
	if len(roots) != 1 {
		return nil, fmt.Errorf("%w: %d files %s in it", ErrInvalid, len(roots), dbIndex)
	}
	out := memStore{}
	for name, raw := range c.files {
		root, base := split2(name)
		if root != roots[0] {
			return nil, fmt.Errorf("%w: %.100q is not beside %s%s", ErrInvalid, name, roots[0], dbIndex)
		}
		if base != entryFile("index") { // a list of all entries, which the server has for its web pages
			out[base] = raw
		}
	}
	return out, nil
}
