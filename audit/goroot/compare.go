// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package goroot

import (
	"archive/zip"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"golang.org/x/mod/module"
)

// A Comparison names the files by which an installation differs from the
// module's zip file.
type Comparison struct {
	Changed []string `json:"changed"`
	Missing []string `json:"missing"`
	Added   []string `json:"added"`

	// Proven reports that with exactly these files put right the installation
	// has the hash that the log has: no other file differs. Without it the names
	// are what the zip file says, and nothing more.
	Proven bool `json:"proven"`
}

// Bounds of what is read out of a zip file.
const (
	maxDiffering = 2000    // files whose content is read
	maxContent   = 1 << 30 // bytes of them
)

// Compare names the differences between the tree and the zip file of m, whose
// logged hash is known. It reads the zip's directory, which has a size and a
// CRC-32 for each file, and the content of the files that differ, nothing else:
// some MiB out of 70. The zip file need not be trusted. Whether what it said is
// true shows when the tree is put right by it.
func (t *Tree) Compare(m module.Version, r io.ReaderAt, size int64, logged string) (*Comparison, error) {
	z, err := zip.NewReader(r, size)
	if err != nil {
		return nil, err
	}
	if len(z.File) > maxFiles {
		return nil, fmt.Errorf("more than %d files", maxFiles)
	}
	entries := make(map[string]*zip.File, len(z.File))
	for _, f := range z.File {
		name, ok := strings.CutPrefix(f.Name, m.String()+"/")
		if !ok || entries[name] != nil {
			return nil, fmt.Errorf("malformed entry %.100q", f.Name)
		}
		entries[name] = f
	}
	c := &Comparison{Changed: []string{}, Missing: []string{}, Added: []string{}}
	for _, f := range t.Files {
		e := entries[f.Name]
		delete(entries, f.Name)
		switch {
		case e == nil:
			c.Added = append(c.Added, f.Name)
		case e.UncompressedSize64 != uint64(f.Size) || e.CRC32 != f.CRC32:
			c.Changed = append(c.Changed, f.Name)
		}
	}
	for name := range entries {
		c.Missing = append(c.Missing, name)
	}
	slices.Sort(c.Missing)
	right, err := t.corrected(c, m, z)
	if err != nil {
		return c, err
	}
	c.Proven = HashListing(right.Listing(m)) == logged
	return c, nil
}

// errTooMuch is a tree that has little to do with the zip file.
var errTooMuch = errors.New("too much differs to be put right")

// corrected is the tree with the differing files as the zip file has them.
func (t *Tree) corrected(c *Comparison, m module.Version, z *zip.Reader) (*Tree, error) {
	if len(c.Changed)+len(c.Missing) > maxDiffering {
		return nil, errTooMuch
	}
	wanted := map[string]bool{}
	for _, name := range slices.Concat(c.Changed, c.Missing) {
		wanted[name] = true
	}
	right := *t
	right.Files = slices.DeleteFunc(slices.Clone(t.Files), func(f File) bool {
		_, added := slices.BinarySearch(c.Added, f.Name)
		return added || wanted[f.Name]
	})
	left := uint64(maxContent)
	for _, e := range z.File {
		name := strings.TrimPrefix(e.Name, m.String()+"/")
		if !wanted[name] {
			continue
		}
		if e.UncompressedSize64 > left {
			return nil, errTooMuch
		}
		left -= e.UncompressedSize64
		f := File{Name: name, Size: int64(e.UncompressedSize64), CRC32: e.CRC32}
		if err := f.unzip(e); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		right.Files = append(right.Files, f)
	}
	slices.SortFunc(right.Files, func(a, b File) int { return strings.Compare(a.Name, b.Name) })
	return &right, nil
}

// unzip hashes an entry. A reader of package zip ends at the size that the
// directory says, and checks the CRC-32.
func (f *File) unzip(e *zip.File) error {
	r, err := e.Open()
	if err != nil {
		return err
	}
	defer r.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, io.LimitReader(r, maxContent)); err != nil {
		return err
	}
	sum.Sum(f.SHA256[:0])
	return nil
}
