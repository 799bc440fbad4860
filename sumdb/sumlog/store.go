// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package sumlog

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"

	"golang.org/x/mod/module"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/goassay/assay/sumdb"
)

// A Store is a log that is open for reading. It follows what writers in other
// processes commit: each call looks at the head first, and what is new is
// verified before anything of it is shown. Once it has shown a head it shows no
// smaller one. Its methods may be called concurrently.
type Store struct {
	dir             string
	records, hashes *os.File
	index           *index
	view            atomic.Pointer[view]
	tiles           upperTiles

	mu      sync.Mutex // guards what follows
	tree    frontier   // what is verified
	end     int64      // of the verified records in their file
	damaged error      // why nothing can be verified any more
}

// A view is a head and the file that it came from.
type view struct {
	Head
	file []byte
}

// Open opens a log and verifies all of it. The error is a [*DamageError] where
// the log is not what its head signed, and [fs.ErrNotExist] where there is none.
func Open(dir string) (*Store, error) { return open(dir, os.O_RDONLY) }

func open(dir string, flag int) (*Store, error) {
	s := &Store{dir: dir}
	head, err := readHead(dir, headFile)
	if err != nil {
		return nil, err
	}
	// Once there is a head there are the other files.
	if s.records, err = openPart(dir, recordsFile, flag); err != nil {
		return nil, err
	}
	if s.hashes, err = openPart(dir, hashesFile, flag); err != nil {
		s.records.Close()
		return nil, err
	}
	h, err := parseHead(head)
	if err != nil {
		err = &DamageError{s.path(headFile), err.Error()}
	} else if err = s.checkLength(s.hashes, tlog.StoredHashCount(h.Size)*tlog.HashSize); err == nil {
		s.index = newIndex(h.Size)
		_, err = s.current()
	}
	if err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

func openPart(dir, name string, flag int) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(dir, name), flag, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &DamageError{filepath.Join(dir, name), "missing"}
	}
	return f, err
}

// Close closes the log's files.
func (s *Store) Close() error { return errors.Join(s.records.Close(), s.hashes.Close()) }

func (s *Store) path(name string) string { return filepath.Join(s.dir, name) }

// Head returns the newest head.
func (s *Store) Head() (Head, error) {
	v, err := s.current()
	if err != nil {
		return Head{}, err
	}
	return v.Head, nil
}

// Lookup returns the number of the record of m. The error is
// [sumdb.ErrNotLogged] if there is none.
func (s *Store) Lookup(m module.Version) (int64, error) {
	v, err := s.current()
	if err != nil {
		return 0, err
	}
	id, err := s.find(recordName(m))
	if err == nil && id >= v.Size { // of a head that came after
		err = sumdb.ErrNotLogged
	}
	if errors.Is(err, sumdb.ErrNotLogged) {
		return 0, fmt.Errorf("%s: %w", m, err)
	}
	return id, err
}

// recordName is how the text of m's record begins.
func recordName(m module.Version) []byte { return []byte(m.Path + " " + m.Version + " ") }

func (s *Store) find(name []byte) (int64, error) {
	for _, id := range s.index.find(name) {
		text, err := s.text(id)
		if err != nil {
			return 0, err
		}
		if bytes.HasPrefix(text, name) {
			return id, nil
		}
	}
	return 0, sumdb.ErrNotLogged
}

// Text returns the text of a record. The error is [fs.ErrNotExist] if the log
// has not that many.
func (s *Store) Text(id int64) ([]byte, error) {
	v, err := s.current()
	if err != nil {
		return nil, err
	}
	if id < 0 || id >= v.Size {
		return nil, fs.ErrNotExist
	}
	return s.text(id)
}

// text reads a record and compares it with its hash: what a failing disk gives
// is not served.
func (s *Store) text(id int64) ([]byte, error) {
	start, end := s.index.extent(id)
	buf := make([]byte, 1+end-start)
	if _, err := s.records.ReadAt(buf[1:], start); err != nil {
		return nil, damage(s.records, err)
	}
	hashes, err := s.ReadHashes([]int64{tlog.StoredHashIndex(0, id)})
	if err != nil {
		return nil, err
	}
	if recordHash(buf) != hashes[0] {
		return nil, &DamageError{s.records.Name(), fmt.Sprintf("record %d is not what its hash says", id)}
	}
	return buf[1:], nil
}

// current returns the newest head, after everything that it covers is verified.
func (s *Store) current() (*view, error) {
	file, err := readHead(s.dir, headFile)
	if err != nil {
		return nil, err
	}
	if v := s.view.Load(); v != nil && bytes.Equal(v.file, file) {
		return v, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if file, err = readHead(s.dir, headFile); err != nil { // it may be newer than the one above
		return nil, err
	}
	v := s.view.Load()
	if v != nil && bytes.Equal(v.file, file) {
		return v, nil
	}
	return s.follow(v, file)
}

// follow goes on from one head to the next, from none at first.
func (s *Store) follow(old *view, file []byte) (*view, error) {
	head, err := parseHead(file)
	if err != nil {
		return nil, &DamageError{s.path(headFile), err.Error()}
	}
	if old != nil {
		switch {
		case head.Name != old.Name:
			return nil, &DamageError{s.path(headFile), fmt.Sprintf("head of %s in the place of one of %s", head.Name, old.Name)}
		case head.Size < old.Size, head.Size == old.Size && head.Root != old.Root:
			return nil, &RollbackError{s.path(headFile), old.Size, head.Size}
		}
	}
	// The rename may not be on the disk yet, if the writer is between it and its
	// own call. A head that a power cut takes back must have been seen by nobody:
	// the log would go on from the one before and sign another of the same size.
	if err := syncDir(s.dir); err != nil {
		return nil, err
	}
	if s.damaged != nil {
		return nil, s.damaged
	}
	if err := s.extend(head); err != nil {
		s.damaged = err
		return nil, err
	}
	v := &view{head, file}
	s.view.Store(v)
	return v, nil
}

// extend verifies the records up to a head, from those that are verified, and
// notes them in the index.
func (s *Store) extend(head Head) error {
	end, err := s.scan(&s.tree, s.end, head.Size, func(id int64, text []byte, end int64) error {
		name, err := nameOf(text)
		if err == nil {
			if other, found := s.find(name); found == nil {
				err = fmt.Errorf("is of the same version as record %d", other)
			}
		}
		if err != nil {
			return &DamageError{s.records.Name(), fmt.Sprintf("record %d: %v", id, err)}
		}
		s.index.add(name, end)
		return nil
	})
	s.end = end
	if err != nil {
		return err
	}
	if root := s.tree.root(); root != head.Root {
		return &DamageError{s.path(headFile), fmt.Sprintf("the records make the tree %v, the head signed %v", root, head.Root)}
	}
	return nil
}

// nameOf is how a record's text begins: module path, version, and a space each.
func nameOf(text []byte) ([]byte, error) {
	if i := bytes.IndexByte(text, ' '); i >= 0 {
		if j := bytes.IndexByte(text[i+1:], ' '); j >= 0 {
			return text[:i+1+j+1], nil
		}
	}
	return nil, errors.New("not lines of go.sum")
}

// Check verifies all of the log again, as it is on the disk now. The error is a
// [*DamageError].
func (s *Store) Check() error {
	v, err := s.current()
	if err != nil {
		return err
	}
	var tree frontier
	if _, err := s.scan(&tree, 0, v.Size, func(int64, []byte, int64) error { return nil }); err != nil {
		return err
	}
	if tree.root() != v.Root {
		return &DamageError{s.path(headFile), "the records do not make the tree that the head signed"}
	}
	return nil
}

// checkLength checks that a file is not shorter than it must be.
func (s *Store) checkLength(f *os.File, want int64) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if info.Size() < want {
		return &DamageError{f.Name(), fmt.Sprintf("%d bytes, at least %d are in the tree", info.Size(), want)}
	}
	return nil
}

// damage is an error of reading what must be there.
func damage(f *os.File, err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return &DamageError{f.Name(), "ends before the tree does"}
	}
	return err
}
