// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package sumdbtest

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io/fs"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"

	"golang.org/x/mod/module"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// A Tree is a log of synthetic records, held in memory and never changed. It
// keeps the hashes that tiles are made of, 32 bytes a record, and makes texts
// when they are asked for.
type Tree struct {
	Key string // verifier key of the log that signs it

	signer note.Signer
	text   func(id int64) string
	levels [][]tlog.Hash // [L]: the hashes of the tiles of level L, one after another
}

// Module is the module version that record id of a tree is about.
func Module(id int64) module.Version {
	return module.Version{Path: "example.com/m" + strconv.FormatInt(id, 10), Version: "v1.0.0"}
}

// Text is the record of Module(id): two lines with hashes as long as real ones.
func Text(id int64) string { return text(id, "") }

// text makes records that differ by a salt.
func text(id int64, salt string) string {
	m := Module(id)
	hash := func(of string) string {
		sum := sha256.Sum256([]byte(of + salt + m.Path))
		return base64.StdEncoding.EncodeToString(sum[:])
	}
	return m.Path + " " + m.Version + " h1:" + hash("zip") + "\n" + m.Path + " " + m.Version + "/go.mod h1:" + hash("mod") + "\n"
}

// NewTree makes a tree of n records, signed by a key of its own.
func NewTree(t testing.TB, n int64) *Tree {
	t.Helper()
	skey, vkey := Key(t)
	signer, err := note.NewSigner(skey)
	if err != nil {
		t.Fatal(err)
	}
	tree := &Tree{Key: vkey, signer: signer, text: Text}
	tree.grow(n)
	return tree
}

// Fork makes another tree of n records, signed by the same key, whose records
// are t's up to the given one, and others from there on.
func (t *Tree) Fork(at, n int64) *Tree {
	return t.derive(n, func(id int64) string {
		if id < at {
			return t.text(id)
		}
		return text(id, fmt.Sprintf("fork at %d: ", at))
	})
}

// Replace makes another tree, signed by the same key, in which one record has
// another text.
func (t *Tree) Replace(id int64, text string) *Tree {
	return t.derive(t.Size(), func(other int64) string {
		if other == id {
			return text
		}
		return t.text(other)
	})
}

// Resign returns the same tree signed by another key of the same name.
func (t *Tree) Resign(tb testing.TB) *Tree {
	tb.Helper()
	other := NewTree(tb, 0)
	other.text, other.levels = t.text, t.levels
	return other
}

func (t *Tree) derive(n int64, text func(int64) string) *Tree {
	other := &Tree{Key: t.Key, signer: t.signer, text: text}
	other.grow(n)
	return other
}

// Size is the number of records.
func (t *Tree) Size() int64 { return int64(len(t.levels[0])) }

// Text is the text of a record.
func (t *Tree) Text(id int64) string { return t.text(id) }

// tileWidth is how many hashes a tile has.
const tileWidth = 256

// grow computes the hashes of n records, on all CPUs.
func (t *Tree) grow(n int64) {
	leaves := make([]tlog.Hash, n)
	var wg sync.WaitGroup
	part := max(n/int64(runtime.GOMAXPROCS(0)), 1)
	for from := int64(0); from < n; from += part {
		wg.Go(func() {
			for id := from; id < min(from+part, n); id++ {
				leaves[id] = tlog.RecordHash([]byte(t.text(id)))
			}
		})
	}
	wg.Wait()
	t.levels = [][]tlog.Hash{leaves}
	for below := leaves; len(below) >= tileWidth; {
		level := make([]tlog.Hash, len(below)/tileWidth)
		for i := range level {
			level[i] = combine(below[i*tileWidth : (i+1)*tileWidth])
		}
		t.levels = append(t.levels, level)
		below = level
	}
}

// combine hashes a power of two of hashes into one.
func combine(hashes []tlog.Hash) tlog.Hash {
	if len(hashes) == 1 {
		return hashes[0]
	}
	half := len(hashes) / 2
	return tlog.NodeHash(combine(hashes[:half]), combine(hashes[half:]))
}

// ReadHashes implements [tlog.HashReader].
func (t *Tree) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		level, n := tlog.SplitStoredHashIndex(index)
		inner := level % 8
		from, to := n<<inner, (n+1)<<inner
		if level/8 >= len(t.levels) || to > int64(len(t.levels[level/8])) {
			return nil, fs.ErrNotExist
		}
		out[i] = combine(t.levels[level/8][from:to])
	}
	return out, nil
}

// Head is the tree head over the first size records.
func (t *Tree) Head(size int64) tlog.Tree {
	root, err := tlog.TreeHash(size, t)
	if err != nil {
		panic(fmt.Sprintf("head of %d of %d records: %v", size, t.Size(), err))
	}
	return tlog.Tree{N: size, Hash: root}
}

// Signed is the signed head over the first size records.
func (t *Tree) Signed(size int64) []byte {
	return t.Sign(string(tlog.FormatTree(t.Head(size))))
}

// Sign signs any text with the log's key.
func (t *Tree) Sign(text string) []byte {
	signed, err := note.Sign(&note.Note{Text: text}, t.signer)
	if err != nil {
		panic(err) // a text without its last newline
	}
	return signed
}

// Tile is the content of a tile of height 8 in the tree of size records; nil if
// it is not in it.
func (t *Tree) Tile(tile tlog.Tile, size int64) []byte {
	from := tile.N * tileWidth
	if tile.H != 8 || tile.L < 0 || tile.L >= len(t.levels) || from+int64(tile.W) > size>>(8*tile.L) {
		return nil
	}
	data := make([]byte, 0, tile.W*tlog.HashSize)
	for _, h := range t.levels[tile.L][from : from+int64(tile.W)] {
		data = append(data, h[:]...)
	}
	return data
}

// A View is the first records of a tree, as a log that has no more shows it. It
// implements ServerOps of golang.org/x/mod/sumdb.
type View struct {
	tree *Tree
	size int64
	head func() []byte // signed once
}

// View returns the first size records of the tree.
func (t *Tree) View(size int64) *View {
	return &View{t, size, sync.OnceValue(func() []byte { return t.Signed(size) })}
}

// Signed returns the signed head.
func (v *View) Signed(context.Context) ([]byte, error) { return v.head(), nil }

// ReadRecords returns the texts of records.
func (v *View) ReadRecords(_ context.Context, id, n int64) ([][]byte, error) {
	if id < 0 || n < 0 || n > v.size || id > v.size-n {
		return nil, fs.ErrNotExist
	}
	var out [][]byte
	for i := range n {
		out = append(out, []byte(v.tree.text(id+i)))
	}
	return out, nil
}

// Lookup returns the ID of the record about m.
func (v *View) Lookup(_ context.Context, m module.Version) (int64, error) {
	number, ok := strings.CutPrefix(m.Path, "example.com/m")
	id, err := strconv.ParseInt(number, 10, 64)
	if !ok || err != nil || id < 0 || id >= v.size || Module(id) != m {
		return 0, fs.ErrNotExist
	}
	return id, nil
}

// ReadTileData returns the content of a tile.
func (v *View) ReadTileData(_ context.Context, tile tlog.Tile) ([]byte, error) {
	if data := v.tree.Tile(tile, v.size); data != nil {
		return data, nil
	}
	return nil, fs.ErrNotExist
}
