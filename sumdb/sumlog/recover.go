// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package sumlog

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"golang.org/x/mod/sumdb/tlog"
)

// A Cut is what lay behind the head of an append that was not finished.
type Cut struct {
	File string // where what was written of the records is kept
	Size int64  // in bytes
}

// Cut returns what was cut off when the log was opened, or nil. Nothing is
// thrown away: it is kept in a file of the log's folder.
func (w *Writer) Cut() *Cut { return w.cutOff }

// recover commits what an earlier writer had signed, and refuses a log whose
// head is not the newest.
func (w *Writer) recover(keys []*Key) error {
	if err := w.resume(keys); err != nil {
		return err
	}
	var sealed, none tlog.Hash
	n, err := w.store.hashes.ReadAt(sealed[:], w.store.hashesEnd())
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if n == len(sealed) && sealed != none {
		size := w.store.tree.size
		return &DamageError{w.store.path(headFile), fmt.Sprintf(
			"it covers %d records, and %s has the hash of record %d, which only a newer head puts there: was an older copy put back?", size, hashesFile, size)}
	}
	return w.store.checkTrace()
}

// checkTrace checks that the records behind the head are of one append that was
// under way: their hashes were brought to the disk before them.
func (s *Store) checkTrace() error {
	size, err := s.recordsBehind()
	if err != nil || size == s.tree.size {
		return err
	}
	info, err := s.hashes.Stat()
	if err != nil {
		return err
	}
	if info.Size() < tlog.StoredHashCount(size)*tlog.HashSize {
		return &DamageError{s.path(headFile), fmt.Sprintf(
			"it covers %d records, and %s has %d, of which %s shows no append that was under way: was an older copy put back?", s.tree.size, recordsFile, size, hashesFile)}
	}
	return nil
}

// recordsBehind returns how many records there are with those behind the head.
// One that was not written to its end is none.
func (s *Store) recordsBehind() (int64, error) {
	records := s.recordsFrom(s.end)
	var buf [1 + maxRecord]byte
	for size := s.tree.size; ; size++ {
		switch _, err := readRecord(records, buf[:1]); {
		case errors.Is(err, errLong): // there is at least one more where nobody can tell them apart
			return size + 1, nil
		case errors.Is(err, io.EOF):
			return size, nil
		case err != nil:
			return 0, err
		}
	}
}

// resume commits a head that was signed when its writer was killed: its records
// are on the disk, or it would not be there.
func (w *Writer) resume(keys []*Key) error {
	s := w.store
	file, err := readHead(s.dir, nextFile)
	var damaged *DamageError
	if errors.Is(err, fs.ErrNotExist) || errors.As(err, &damaged) {
		return nil
	}
	if err != nil {
		return err
	}
	next, err := parseHead(file)
	if err != nil || next.Name != w.Head().Name || next.Size <= w.Head().Size {
		return nil // cut short, or nothing that a commit of records leaves
	}
	// It was signed, so no private key is needed to commit it, but for those that
	// the head does not vouch for.
	foreign := func(verifier string) bool {
		return !slices.Contains(w.Head().Keys, verifier) && keyOf(verifier, keys) == nil
	}
	if i := slices.IndexFunc(next.Keys, foreign); i >= 0 {
		if slices.Contains(w.Head().Keys, next.Keys[0]) {
			return &MissingKeyError{next.Keys[i]}
		}
		return nil // whoever signed it, it was not this log's writer
	}
	tree := s.tree.clone()
	hashes, err := s.rehash(&tree, next.Size)
	if err == nil && tree.root() != next.Root {
		err = &DamageError{s.path(nextFile), "the records are not those that it signed"}
	}
	if err != nil {
		return fmt.Errorf("commit the %d records of %s: %w", next.Size, nextFile, err)
	}
	if _, err := s.hashes.WriteAt(hashes, s.hashesEnd()); err != nil {
		return err
	}
	if err := s.hashes.Sync(); err != nil {
		return err
	}
	if err := commitHead(s.dir); err != nil {
		return err
	}
	_, err = s.current()
	return err
}

// rehash computes the hashes that are stored with the records that tree has not
// yet, up to size records, and adds these to tree.
func (s *Store) rehash(tree *frontier, size int64) ([]byte, error) {
	records := s.recordsFrom(s.end)
	var buf [1 + maxRecord]byte
	var stored []tlog.Hash
	var out []byte
	for tree.size < size {
		text, err := readRecord(records, buf[:1])
		if err != nil {
			return nil, damage(s.records, s.inRecord(tree.size, err))
		}
		stored = tree.add(recordHash(text), stored[:0])
		for _, hash := range stored {
			out = append(out, hash[:]...)
		}
	}
	return out, nil
}

// cut takes away what lies behind the head of an append that was not finished.
func (w *Writer) cut() error {
	s := w.store
	info, err := s.records.Stat()
	if err != nil {
		return err
	}
	if n := info.Size() - s.end; n > 0 {
		if err := w.keep(n); err != nil {
			return fmt.Errorf("keep what is cut off: %w", err)
		}
		if err := errors.Join(s.records.Truncate(s.end), s.records.Sync()); err != nil {
			return err
		}
		step("records cut")
	}
	// The trace goes last.
	return s.hashes.Truncate(s.hashesEnd())
}

// keep copies the last n bytes of the records into a file.
func (w *Writer) keep(n int64) error {
	s := w.store
	f, err := os.CreateTemp(s.dir, fmt.Sprintf("cut-%d-*", s.tree.size))
	if err != nil {
		return err
	}
	_, err = io.Copy(f, io.NewSectionReader(s.records, s.end, n))
	if err := errors.Join(err, f.Sync(), f.Close(), syncDir(s.dir)); err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	w.cutOff = &Cut{File: filepath.Clean(f.Name()), Size: n}
	return nil
}
