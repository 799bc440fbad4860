// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package vulns

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
)

// asked are the entries that were asked for, byte for byte, by ID.
type asked struct {
	mu      sync.Mutex
	entries map[string][]byte
}

func (a *asked) add(id string, raw []byte) {
	if a == nil {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.entries[id] == nil {
		a.entries[id] = bytes.Clone(raw)
	}
}

// Recording returns the same database, which notes what is asked of it from now on; see
// [Database.Consulted].
func (db *Database) Recording() *Database {
	return &Database{
		Source: db.Source, files: db.files, raw: db.raw, modules: db.modules, ids: db.ids,
		asked: &asked{entries: map[string][]byte{}},
	}
}

// Consulted returns what assessments of a [Database.Recording] rest on, byte for byte as
// the database has it: its time, the index of modules, and the entries that were looked
// into, which are those that may affect a module by that index. It is a zip archive with
// the names of the layout v1, in which nothing is compressed: the same questions make the
// same bytes.
func (db *Database) Consulted() ([]byte, error) {
	if db.asked == nil {
		return nil, errors.New("what is asked of the database is not noted")
	}
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	write := func(name string, raw []byte) error {
		w, err := z.CreateHeader(&zip.FileHeader{Name: name})
		if err == nil {
			_, err = w.Write(raw)
		}
		return err
	}
	for _, name := range []string{dbIndex, modulesIndex} {
		if err := write(name, db.raw[name]); err != nil {
			return nil, err
		}
	}
	db.asked.mu.Lock()
	defer db.asked.mu.Unlock()
	for _, id := range slices.Sorted(maps.Keys(db.asked.entries)) {
		if err := write(entryFile(id), db.asked.entries[id]); err != nil {
			return nil, err
		}
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	if b.Len() > maxPack {
		return nil, fmt.Errorf("%w: more than %d bytes of it were looked into", ErrInvalid, maxPack)
	}
	return b.Bytes(), nil
}

// Unasked lists the entries of a database that [OpenConsulted] opened which nothing asked
// for since [Database.Recording], sorted: something that was assessed is left out.
func (db *Database) Unasked() []string {
	some, ok := db.files.(someStore)
	if !ok || db.asked == nil {
		return nil
	}
	ids, _ := some.memStore.list() // which does not fail
	db.asked.mu.Lock()
	defer db.asked.mu.Unlock()
	ids = slices.DeleteFunc(ids, func(id string) bool { return db.asked.entries[id] != nil })
	slices.Sort(ids)
	return ids
}

// OpenConsulted opens what [Database.Consulted] returned, and verifies it. To ask it for
// another entry is an error. It may come from anybody.
func OpenConsulted(ctx context.Context, raw []byte) (*Database, error) {
	files, err := zipStore(ctx, bytes.NewReader(raw), int64(len(raw)))
	if err != nil {
		return nil, err
	}
	mem, ok := files.(memStore)
	if !ok {
		return nil, fmt.Errorf("%w: it is packed", ErrInvalid)
	}
	db, err := openDatabase(ctx, someStore{mem}, Source{Kind: sourceConsulted})
	if err != nil {
		return nil, err
	}
	ids, err := mem.list()
	if err != nil {
		return nil, err
	}
	return db, db.read(ctx, ids, func(*entry, []byte) error { return nil })
}

// someStore has not all of the entries.
type someStore struct{ memStore }

func (someStore) list() ([]string, error) { return nil, nil }

// PartOf reports as an error if the indexes of a database that [OpenConsulted] opened, or
// an entry in it, are not those of another database, byte for byte.
func (db *Database) PartOf(ctx context.Context, other *Database) error {
	for name, raw := range db.raw {
		if !bytes.Equal(raw, other.raw[name]) {
			return fmt.Errorf("%s is another", name)
		}
	}
	some, ok := db.files.(someStore)
	if !ok {
		return fmt.Errorf("%w: it has all entries", ErrInvalid)
	}
	ids, err := some.memStore.list()
	if err != nil {
		return err
	}
	return other.read(ctx, ids, func(e *entry, raw []byte) error {
		if mine, err := db.files.read(ctx, entryFile(e.ID), maxEntry); err != nil || !bytes.Equal(mine, raw) {
			return fmt.Errorf("the entry %s is another", e.ID)
		}
		return nil
	})
}
