// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package vulns

import (
	"archive/zip"
	"bytes"
	"cmp"
	"compress/flate"
	"context"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// A packed database is one file, a zip archive: the indexes as they are in the layout
// v1, and the entries, byte for byte, in blocks. An entry can be read without the
// others, and those of one module mostly share a block. The archive's comment is the
// origin of the database.
const (
	packTable = "entries/table" // a line for each entry: ID, block, offset and size in it, in bytes
	packBlock = "entries/%04d"
	blockSize = 128 << 10 // bytes after which a block ends
	maxBlock  = blockSize + maxEntry
	maxPack   = 128 << 20 // bytes of a packed database
)

// WritePack writes a database in one small file that [OpenArchive] reads. The same
// content, of the same origin, makes the same bytes. All entries are verified before.
func (db *Database) WritePack(ctx context.Context, w io.Writer) error {
	type content struct {
		id, module string
		raw        []byte
	}
	var list []content
	err := db.read(ctx, db.all(), func(e *entry, raw []byte) error {
		list = append(list, content{e.ID, e.modules()[0], bytes.Clone(raw)})
		return nil
	})
	if err != nil {
		return err
	}
	slices.SortFunc(list, func(a, b content) int { return cmp.Or(cmp.Compare(a.module, b.module), cmp.Compare(a.id, b.id)) })
	z := zip.NewWriter(w)
	z.RegisterCompressor(zip.Deflate, func(w io.Writer) (io.WriteCloser, error) { return flate.NewWriter(w, flate.BestCompression) })
	write := func(name string, raw []byte) error {
		f, err := z.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate})
		if err == nil {
			_, err = f.Write(raw)
		}
		return err
	}
	for _, name := range []string{dbIndex, modulesIndex, vulnsIndex} {
		raw, err := db.files.read(ctx, name, maxIndex)
		if err == nil {
			err = write(name, raw)
		}
		if err != nil {
			return err
		}
	}
	var table strings.Builder
	var block []byte
	number := 0
	for i, c := range list {
		fmt.Fprintf(&table, "%s %d %d %d\n", c.id, number, len(block), len(c.raw))
		block = append(block, c.raw...)
		if len(block) >= blockSize || i == len(list)-1 {
			if err := write(fmt.Sprintf(packBlock, number), block); err != nil {
				return err
			}
			block, number = block[:0], number+1
		}
	}
	if err := write(packTable, []byte(table.String())); err != nil {
		return err
	}
	if err := z.SetComment(db.Origin); err != nil {
		return err
	}
	return z.Close()
}

// packStore is a packed database.
type packStore struct {
	files  map[string]*zip.File // by name
	places map[string]place     // of entries, by ID
	origin string               // URL, or ""
}

// A place is where an entry stands.
type place struct{ block, offset, size int }

// isPack reports whether a zip archive is a packed database.
func isPack(z *zip.Reader) bool {
	return slices.ContainsFunc(z.File, func(f *zip.File) bool { return f.Name == packTable })
}

// newPackStore reads the table of the entries.
func newPackStore(z *zip.Reader) (*packStore, error) {
	s := &packStore{make(map[string]*zip.File, len(z.File)), map[string]place{}, OriginOf(z.Comment)}
	for _, f := range z.File {
		if s.files[f.Name] != nil {
			return nil, fmt.Errorf("%w: %.100q stands in it twice", ErrInvalid, f.Name)
		}
		s.files[f.Name] = f
	}
	raw, err := s.file(packTable, maxIndex)
	if err != nil {
		return nil, err
	}
	for line := range strings.Lines(string(raw)) {
		fields := strings.Split(strings.TrimSuffix(line, "\n"), " ")
		if len(fields) != 4 {
			return nil, fmt.Errorf("%w: table of entries", ErrInvalid)
		}
		var numbers [3]int
		for i := range numbers {
			n, err := strconv.ParseUint(fields[1+i], 10, 31)
			if err != nil {
				return nil, fmt.Errorf("%w: table of entries", ErrInvalid)
			}
			numbers[i] = int(n)
		}
		if _, twice := s.places[fields[0]]; twice || !validID(fields[0]) || len(s.places) >= maxEntries {
			return nil, fmt.Errorf("%w: table of entries", ErrInvalid)
		}
		s.places[fields[0]] = place{numbers[0], numbers[1], numbers[2]}
	}
	return s, nil
}

func (s *packStore) read(_ context.Context, name string, limit int64) ([]byte, error) {
	return s.file(name, limit)
}

func (s *packStore) file(name string, limit int64) ([]byte, error) {
	f := s.files[name]
	if f == nil {
		return nil, fmt.Errorf("%w: no file %s", ErrInvalid, name)
	}
	return readZipped(f, limit)
}

// readZipped reads one file of a zip archive, whose checksum is compared.
func readZipped(f *zip.File, limit int64) (raw []byte, err error) {
	if f.UncompressedSize64 > uint64(limit) {
		return nil, fmt.Errorf("%w: %.100q has more than %d bytes", ErrInvalid, f.Name, limit)
	}
	r, err := f.Open()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	defer r.Close()
	return readAll(r, limit)
}

func (s *packStore) entries(ctx context.Context, ids []string, fn func(string, []byte) error) error {
	ids = slices.Clone(ids)
	slices.SortFunc(ids, func(a, b string) int {
		return cmp.Or(cmp.Compare(s.places[a].block, s.places[b].block), cmp.Compare(s.places[a].offset, s.places[b].offset))
	})
	var block []byte
	open, total := -1, 0
	for _, id := range ids {
		p, ok := s.places[id]
		if !ok {
			return fmt.Errorf("%w: no entry %s", ErrInvalid, id)
		}
		if p.block != open {
			if err := ctx.Err(); err != nil {
				return err
			}
			var err error
			if block, err = s.file(fmt.Sprintf(packBlock, p.block), maxBlock); err != nil {
				return err
			}
			if open, total = p.block, total+len(block); total > maxTotal { // a few bytes can become as many
				return fmt.Errorf("%w: more than %d bytes", ErrInvalid, maxTotal)
			}
		}
		if p.offset > len(block) || p.size > len(block)-p.offset {
			return fmt.Errorf("%w: entry %s is not in its block", ErrInvalid, id)
		}
		if err := fn(id, block[p.offset:][:p.size]); err != nil {
			return err
		}
	}
	return nil
}

func (s *packStore) list() ([]string, error) {
	ids := make([]string, 0, len(s.places))
	for id := range s.places {
		ids = append(ids, id)
	}
	return ids, nil
}
