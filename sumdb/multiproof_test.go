// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package sumdb

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"golang.org/x/mod/sumdb/tlog"
)

// memoryTree has the stored hashes of a tree in memory.
type memoryTree []tlog.Hash

func (t memoryTree) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	var out []tlog.Hash
	for _, i := range indexes {
		if i >= int64(len(t)) {
			return nil, fmt.Errorf("no hash %d", i)
		}
		out = append(out, t[i])
	}
	return out, nil
}

// newMemoryTree makes a tree of n records, of which text gives the text.
func newMemoryTree(t testing.TB, n int, text func(int) string) memoryTree {
	t.Helper()
	var tree memoryTree
	for i := range n {
		more, err := tlog.StoredHashes(int64(i), []byte(text(i)), tree)
		if err != nil {
			t.Fatal(err)
		}
		tree = append(tree, more...)
	}
	return tree
}

func word(i int) string { return fmt.Sprintf("record %d\n", i) }

// A multi-proof leads to the root that package tlog computes, for every set of
// records of small trees and random ones of larger trees, and no list that is
// shorter, longer or different does.
func TestMultiProof(t *testing.T) {
	tree := newMemoryTree(t, 1000, word)
	r := rand.New(rand.NewPCG(1, 2))
	check := func(size int64, ids []int64) {
		t.Helper()
		root, err := tlog.TreeHash(size, tree)
		if err != nil {
			t.Fatal(err)
		}
		var proofs []tlog.RecordProof
		var leaves []tlog.Hash
		total := 0
		for _, id := range ids {
			p, err := tlog.ProveRecord(size, id, tree)
			if err != nil {
				t.Fatal(err)
			}
			proofs = append(proofs, p)
			total += len(p)
			leaves = append(leaves, tlog.RecordHash([]byte(word(int(id)))))
		}
		hashes, err := multiProof(size, ids, proofs)
		if err != nil || len(hashes) > total {
			t.Fatalf("size %d, records %v: %d hashes of %d, %v", size, ids, len(hashes), total, err)
		}
		if got, err := rootOf(size, ids, leaves, hashes); err != nil || got != root {
			t.Fatalf("size %d, records %v: %v, %v", size, ids, got, err)
		}
		if _, err := rootOf(size, ids, leaves, append(slices.Clone(hashes), tlog.Hash{})); err == nil {
			t.Fatalf("size %d, records %v: a hash too many", size, ids)
		}
		if len(hashes) == 0 {
			return
		}
		if _, err := rootOf(size, ids, leaves, hashes[1:]); err == nil {
			t.Fatalf("size %d, records %v: a hash too few", size, ids)
		}
		bad := slices.Clone(hashes)
		bad[r.IntN(len(bad))][r.IntN(32)] ^= 1
		if got, err := rootOf(size, ids, leaves, bad); err != nil || got == root {
			t.Fatalf("size %d, records %v: a changed hash goes unnoticed", size, ids)
		}
	}
	for size := int64(1); size <= 9; size++ {
		for set := 1; set < 1<<size; set++ {
			var ids []int64
			for id := range size {
				if set>>id&1 == 1 {
					ids = append(ids, id)
				}
			}
			check(size, ids)
		}
	}
	for range 300 {
		size := 1 + r.Int64N(1000)
		var ids []int64
		for range 1 + r.IntN(20) {
			ids = append(ids, r.Int64N(size))
		}
		slices.Sort(ids)
		check(size, slices.Compact(ids))
	}
}

func TestMultiProofErrors(t *testing.T) {
	tree := newMemoryTree(t, 20, word)
	p3, err := tlog.ProveRecord(20, 3, tree)
	if err != nil {
		t.Fatal(err)
	}
	p4, err := tlog.ProveRecord(20, 4, tree)
	if err != nil {
		t.Fatal(err)
	}
	bad := slices.Clone(p4)
	bad[len(bad)-1][0] ^= 1
	for name, err := range map[string]error{
		"outside":       second(multiProof(20, []int64{20}, []tlog.RecordProof{p3})),
		"negative":      second(multiProof(20, []int64{-1}, []tlog.RecordProof{p3})),
		"short":         second(multiProof(20, []int64{3}, []tlog.RecordProof{p3[1:]})),
		"contradiction": second(multiProof(20, []int64{3, 4}, []tlog.RecordProof{p3, bad})),
	} {
		if err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func second[T any](_ T, err error) error { return err }

// A cut gives both roots, for every pair of sizes.
func TestCutProof(t *testing.T) {
	tree := newMemoryTree(t, 70, word)
	for n := int64(2); n <= 70; n++ {
		whole, err := tlog.TreeHash(n, tree)
		if err != nil {
			t.Fatal(err)
		}
		for m := int64(1); m < n; m++ {
			first, err := tlog.TreeHash(m, tree)
			if err != nil {
				t.Fatal(err)
			}
			hashes, err := cutProof(n, m, tree)
			if err != nil {
				t.Fatal(err)
			}
			if w, f, err := cutRoots(n, m, hashes); err != nil || w != whole || f != first {
				t.Fatalf("%d of %d: %v", m, n, err)
			}
			if _, _, err := cutRoots(n, m, hashes[1:]); err == nil {
				t.Fatalf("%d of %d: a hash too few", m, n)
			}
			if _, _, err := cutRoots(n, m, append(hashes, whole)); err == nil {
				t.Fatalf("%d of %d: a hash too many", m, n)
			}
		}
	}
	if _, err := cutProof(71, 3, tree); err == nil {
		t.Error("hashes that the tree does not have")
	}
}
