// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package sumdb

import (
	"errors"
	"fmt"
	"math/bits"
	"slices"

	"golang.org/x/mod/sumdb/tlog"
)

// Many records of one tree share most hashes of their inclusion proofs, and
// some hashes follow from other records. A multi-proof is what is left: walk
// the tree of RFC 6962, section 2.1, from the root downwards and from left to
// right. A subtree without any of the records is one hash of the list; a leaf
// that is a record is hashed; everything else is the hash of its two parts. So
// the list needs no positions, and there is one list only for given records.

// span is the subtree over the leaves [lo, hi).
type span struct{ lo, hi int64 }

func (s span) size() int64 { return s.hi - s.lo }

// halves splits a span of two leaves or more at the largest power of two that
// is smaller than its size.
func (s span) halves() (left, right span) {
	mid := s.lo + 1<<(bits.Len64(uint64(s.size()-1))-1)
	return span{s.lo, mid}, span{mid, s.hi}
}

var (
	errTooFew  = errors.New("too few hashes")
	errTooMany = errors.New("too many hashes")
)

// rootOf computes the root of a tree of that size out of leaves, whose IDs are
// ascending, and the list of a multi-proof, of which nothing may be left over.
func rootOf(size int64, ids []int64, leaves, hashes []tlog.Hash) (tlog.Hash, error) {
	w := walk{ids: ids, leaves: leaves, hashes: hashes}
	if size == 0 {
		return tlog.TreeHash(0, nil)
	}
	root, err := w.root(span{0, size})
	if err == nil && len(w.hashes) > 0 {
		err = errTooMany
	}
	return root, err
}

// walk is one walk through a tree. Its depth is that of the tree, 60 at most.
type walk struct {
	ids    []int64 // of the records that are still to come
	leaves []tlog.Hash
	hashes []tlog.Hash
}

func (w *walk) root(s span) (tlog.Hash, error) {
	if len(w.ids) == 0 || w.ids[0] >= s.hi {
		if len(w.hashes) == 0 {
			return tlog.Hash{}, errTooFew
		}
		h := w.hashes[0]
		w.hashes = w.hashes[1:]
		return h, nil
	}
	if s.size() == 1 {
		h := w.leaves[0]
		w.ids, w.leaves = w.ids[1:], w.leaves[1:]
		return h, nil
	}
	l, r := s.halves()
	left, err := w.root(l)
	if err != nil {
		return left, err
	}
	right, err := w.root(r)
	return tlog.NodeHash(left, right), err
}

// multiProof assembles the list for records, whose IDs are ascending, out of
// their inclusion proofs in the tree of that size. The proofs are not verified
// here, but contradictions among them are errors.
func multiProof(size int64, ids []int64, proofs []tlog.RecordProof) ([]tlog.Hash, error) {
	known := map[span]tlog.Hash{}
	for i, id := range ids {
		siblings, err := siblings(size, id)
		if err != nil {
			return nil, err
		}
		if len(siblings) != len(proofs[i]) {
			return nil, fmt.Errorf("the proof of record %d has %d hashes, not %d", id, len(proofs[i]), len(siblings))
		}
		for j, s := range siblings {
			if h, ok := known[s]; ok && h != proofs[i][j] {
				return nil, fmt.Errorf("the proof of record %d contradicts another", id)
			}
			known[s] = proofs[i][j]
		}
	}
	var out []tlog.Hash
	var collect func(s span, ids []int64)
	collect = func(s span, ids []int64) {
		if len(ids) == 0 {
			out = append(out, known[s])
			return
		}
		if s.size() == 1 {
			return
		}
		l, r := s.halves()
		at, _ := slices.BinarySearch(ids, r.lo)
		collect(l, ids[:at])
		collect(r, ids[at:])
	}
	if size > 0 && len(ids) > 0 {
		collect(span{0, size}, ids)
	}
	return out, nil
}

// siblings lists the subtrees whose hashes make up the inclusion proof of a
// record, from the leaf upwards, as RFC 6962, section 2.1.1, has them.
func siblings(size, id int64) ([]span, error) {
	if id < 0 || id >= size {
		return nil, fmt.Errorf("record %d is outside the tree of %d", id, size)
	}
	var out []span
	for s := (span{0, size}); s.size() > 1; {
		l, r := s.halves()
		if id < r.lo {
			out, s = append(out, r), l
		} else {
			out, s = append(out, l), r
		}
	}
	slices.Reverse(out)
	return out, nil
}

// cutProof lists the hashes of the subtrees of a tree of n leaves that lie
// wholly before or wholly behind leaf m, from left to right, 0 < m < n.
func cutProof(n, m int64, tree tlog.HashReader) ([]tlog.Hash, error) {
	var out []tlog.Hash
	var cut func(s span) error
	cut = func(s span) error {
		if s.hi <= m || s.lo >= m {
			h, err := spanHash(s, tree)
			out = append(out, h)
			return err
		}
		l, r := s.halves()
		return errors.Join(cut(l), cut(r))
	}
	err := cut(span{0, n})
	return out, err
}

// spanHash reads the hash of a subtree: a complete one is stored, another is
// combined of its parts.
func spanHash(s span, tree tlog.HashReader) (tlog.Hash, error) {
	if n := s.size(); n&(n-1) == 0 {
		level := bits.Len64(uint64(n)) - 1
		h, err := tree.ReadHashes([]int64{tlog.StoredHashIndex(level, s.lo>>level)})
		if err != nil {
			return tlog.Hash{}, err
		}
		return h[0], nil
	}
	l, r := s.halves()
	left, err := spanHash(l, tree)
	if err != nil {
		return left, err
	}
	right, err := spanHash(r, tree)
	return tlog.NodeHash(left, right), err
}

// cutRoots computes out of the hashes of a cutProof the root of the whole tree,
// and that of its first m leaves.
func cutRoots(n, m int64, hashes []tlog.Hash) (whole, first tlog.Hash, err error) {
	next := func() (tlog.Hash, error) {
		if len(hashes) == 0 {
			return tlog.Hash{}, errTooFew
		}
		h := hashes[0]
		hashes = hashes[1:]
		return h, nil
	}
	// roots returns the hash of s, and that of the part of it before m.
	var roots func(s span) (whole, first tlog.Hash, err error)
	roots = func(s span) (whole, first tlog.Hash, err error) {
		if s.hi <= m || s.lo >= m {
			whole, err = next()
			return whole, whole, err
		}
		l, r := s.halves()
		left, leftFirst, err := roots(l)
		if err != nil {
			return left, left, err
		}
		right, rightFirst, err := roots(r)
		whole = tlog.NodeHash(left, right)
		if m <= r.lo {
			return whole, leftFirst, err
		}
		return whole, tlog.NodeHash(left, rightFirst), err
	}
	whole, first, err = roots(span{0, n})
	if err == nil && len(hashes) > 0 {
		err = errTooMany
	}
	return whole, first, err
}
