// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package sumlog

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/mod/sumdb/tlog"
)

// Tiles of every level are those that package tlog makes, twice, as the upper
// ones are kept; and none is served that does not fit what is stored above it.
func TestTile(t *testing.T) {
	const size = 65_536 + 300
	dir, _ := newLog(t, size)
	s := openStore(t, dir)
	var hashes []tlog.Hash
	reader := tlog.HashReaderFunc(func(at []int64) ([]tlog.Hash, error) {
		var out []tlog.Hash
		for _, i := range at {
			out = append(out, hashes[i])
		}
		return out, nil
	})
	for i := range size {
		more, err := tlog.StoredHashes(int64(i), record(i).Text(), reader)
		if err != nil {
			t.Fatal(err)
		}
		hashes = append(hashes, more...)
	}
	tiles := []tlog.Tile{
		{H: 8, L: 0, N: 0, W: 256}, {H: 8, L: 0, N: 256, W: 256}, {H: 8, L: 0, N: 257, W: 44}, {H: 8, L: 0, N: 257, W: 1},
		{H: 8, L: 1, N: 0, W: 256}, {H: 8, L: 1, N: 1, W: 1}, {H: 8, L: 2, N: 0, W: 1},
	}
	for range 2 {
		for _, tile := range tiles {
			want, err := tlog.ReadTileData(tile, reader)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := s.Tile(tile); err != nil || !bytes.Equal(got, want) {
				t.Errorf("%s: %v", tile.Path(), err)
			}
		}
	}
	for _, tile := range []tlog.Tile{{H: 8, L: 2, N: 0, W: 2}, {H: 8, L: 0, N: 257, W: 45}, {H: 8, L: -1, N: 0, W: 256}, {H: 7, L: 0, N: 0, W: 128}} {
		if _, err := s.Tile(tile); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%+v: %v", tile, err)
		}
	}
	f, err := os.OpenFile(filepath.Join(dir, hashesFile), os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteAt([]byte{0xff}, tlog.StoredHashIndex(0, 65_536+256)*tlog.HashSize); err != nil {
		t.Fatal(err)
	}
	var damaged *DamageError
	for _, tile := range []tlog.Tile{{H: 8, L: 0, N: 257, W: 44}, {H: 8, L: 0, N: 257, W: 1}} {
		_, err := s.Tile(tile)
		if wide := tile.W > 1; wide && !errors.As(err, &damaged) {
			t.Errorf("%s of a changed hash: %v", tile.Path(), err)
		}
	}
	if _, err := s.Text(65_536 + 256); !errors.As(err, &damaged) {
		t.Errorf("record of a changed hash: %v", err)
	}
	if err := s.Check(); !errors.As(err, &damaged) {
		t.Errorf("%v", err)
	}
}

// Errors say which file, record and hash is meant.
func TestErrors(t *testing.T) {
	a, b := record(1), record(1)
	b.Zip = hashOf("other")
	c := a
	c.GoMod = hashOf("other")
	for want, err := range map[string]error{
		"corp.example/m1@v1.0.0 is " + a.Zip + " in record 5 and cannot become " + b.Zip + ": what is logged never changes":                  &RefusedError{5, a, b},
		"corp.example/m1@v1.0.0/go.mod is " + a.GoMod + " in the same batch and cannot become " + c.GoMod + ": what is logged never changes": &RefusedError{-1, a, c},
		"head: broken": &DamageError{"head", "broken"},
		"head: a tree of 3 records in place of another of 5: was an older copy put back?": &RollbackError{"head", 5, 3},
		"the private key of k is missing":                                                 &MissingKeyError{"k"},
	} {
		if err.Error() != want {
			t.Errorf("%s, want %s", err, want)
		}
	}
	for _, version := range []string{"v1.0", "v1.0.0+build", "v0.0.0-20260230000000-aaaaaaaaaaaa", "latest", ""} {
		m := record(1).Module
		m.Version = version
		if err := CheckModule(m); err == nil {
			t.Errorf("%q", version)
		}
	}
	if key := fmt.Sprintf("%v %+v %#v %s", mustKey(t), mustKey(t), mustKey(t), mustKey(t)); bytes.Contains([]byte(key), []byte("PRIVATE")) {
		t.Error(key)
	}
}

func mustKey(t *testing.T) *Key {
	t.Helper()
	key, err := NewKey("sum.corp.example")
	if err != nil {
		t.Fatal(err)
	}
	return key
}
