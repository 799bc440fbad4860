// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package sumdbtest

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"
)

// storage is the tree as package tlog stores it.
type storage []tlog.Hash

func (s storage) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	var out []tlog.Hash
	for _, i := range indexes {
		out = append(out, s[i])
	}
	return out, nil
}

// A tree has the hashes that package tlog computes, at every size.
func TestTree(t *testing.T) {
	const size = 600
	tree := NewTree(t, size)
	var stored storage
	for id := range int64(size) {
		more, err := tlog.StoredHashes(id, []byte(Text(id)), stored)
		if err != nil {
			t.Fatal(err)
		}
		stored = append(stored, more...)
		root, err := tlog.TreeHash(id+1, stored)
		if err != nil {
			t.Fatal(err)
		}
		if head := tree.Head(id + 1); head.N != id+1 || head.Hash != root {
			t.Fatalf("head of %d: %+v, want %v", id+1, head, root)
		}
		for _, tile := range tlog.NewTiles(8, id, id+1) {
			want, err := tlog.ReadTileData(tile, stored)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(tree.Tile(tile, id+1), want) || tree.Tile(tile, id) != nil {
				t.Fatalf("%s of %d", tile.Path(), id+1)
			}
		}
	}
	if hashes, err := tree.ReadHashes([]int64{tlog.StoredHashIndex(0, size)}); err == nil {
		t.Errorf("beyond the tree: %v", hashes)
	}
}

func TestDerivedTrees(t *testing.T) {
	tree := NewTree(t, 300)
	fork := tree.Fork(200, 310)
	if fork.Head(200) != tree.Head(200) || fork.Head(201) == tree.Head(201) || fork.Size() != 310 {
		t.Error("fork at another record")
	}
	if r := tree.Replace(7, EvilText(7)); r.Head(7) != tree.Head(7) || r.Head(8) == tree.Head(8) || !strings.Contains(r.Text(7), Evil) {
		t.Error("the record was not replaced")
	}
	if other := tree.Resign(t); other.Key == tree.Key || other.Head(300) != tree.Head(300) {
		t.Error("not the same tree under another key")
	}
}

// A served tree grows, waits, and knows no more than it shows.
func TestServe(t *testing.T) {
	log := Serve(t, NewTree(t, 300))
	ctx := context.Background()
	lookup := func(id int64) string { return lookupPath(Module(id)) }
	for _, path := range []string{"latest", "supported", lookup(299), "tile/8/0/000", "tile/8/0/001.p/44", "tile/8/1/000.p/1", "sumdb/" + Name + "/latest"} {
		if _, err := log.Fetch(ctx, path, 1<<20); err != nil {
			t.Errorf("%s: %v", path, err)
		}
	}
	for _, path := range []string{"", lookup(300), "lookup/example.com/other@v1.0.0", "lookup/example.com/m01@v1.0.0", "tile/8/0/001", "tile/8/9/000", "tile/4/0/000"} {
		if data, err := log.Fetch(ctx, path, 1<<20); err == nil {
			t.Errorf("%s: %q", path, data)
		}
	}
	if _, err := log.Fetch(ctx, "tile/8/0/000", 8191); err == nil {
		t.Error("more than the limit")
	}
	log.Show(100)
	if _, err := log.Fetch(ctx, lookup(100), 1<<20); err == nil {
		t.Error("a record that is not shown")
	}
	if head, err := log.Fetch(ctx, "latest", 1<<20); err != nil || !strings.Contains(string(head), "\n100\n") {
		t.Errorf("%q, %v", head, err)
	}
	if calls := log.Calls(); !slices.Contains(calls, "/latest") || len(calls) < 15 {
		t.Errorf("calls: %q", calls)
	}
	log.Delay(time.Hour)
	ctx, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := log.Fetch(ctx, "latest", 1<<20); err == nil {
		t.Error("the answer did not wait")
	}
}

// Names are what reports are searched for.
func TestMutatorNames(t *testing.T) {
	seen := map[string]bool{}
	for _, m := range Mutators() {
		if seen[m.Name] || m.Want == "" {
			t.Errorf("%q, want %q", m.Name, m.Want)
		}
		seen[m.Name] = true
	}
	if len(seen) < 250 {
		t.Errorf("%d lies", len(seen))
	}
	t.Logf("%d lies", len(seen))
}

func BenchmarkNewTree(b *testing.B) {
	for b.Loop() {
		NewTree(b, 1_000_000)
	}
}
