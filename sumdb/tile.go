// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package sumdb

import (
	"fmt"
	"math/bits"

	"golang.org/x/mod/sumdb/tlog"
)

// tileHeight is the only height of tiles that checksum databases serve
// (golang.org/design/25530-sumdb): 256 hashes to a tile.
const (
	tileHeight = 8
	tileWidth  = 1 << tileHeight
	maxTile    = tileWidth * tlog.HashSize // bytes
)

// position names a tile, whatever its width.
type position struct {
	level int   // L: its hashes are those of complete subtrees of 256^L records
	n     int64 // N: its place in the level
}

// tileSet is a set of tiles, each given as its hashes, which a tree head
// verifies one by one.
type tileSet struct {
	head  *Checkpoint
	raw   map[position][]byte    // fetched, not verified
	nodes map[position]tileNodes // verified
}

// tileNodes has the hashes of a verified tile: [0] as served, [i] those of
// complete subtrees of 2^i entries.
type tileNodes [][]tlog.Hash

func newTileSet(head *Checkpoint) *tileSet {
	return &tileSet{head: head, raw: map[position][]byte{}, nodes: map[position]tileNodes{}}
}

// width returns how many hashes the tile has in the tree, from 0 to 256.
func (s *tileSet) width(p position) int {
	return int(min(max(s.head.Size>>(tileHeight*p.level)-p.n*tileWidth, 0), tileWidth))
}

// tile returns the tile's coordinates in the tree.
func (s *tileSet) tile(p position) tlog.Tile {
	return tlog.Tile{H: tileHeight, L: p.level, N: p.n, W: s.width(p)}
}

// edge lists the tiles that are not full: those at the tree's right edge.
// Together they hold every subtree that the root is combined of.
func (s *tileSet) edge() []position {
	var out []position
	for level := 0; s.head.Size>>(tileHeight*level) > 0; level++ {
		p := position{level, s.head.Size >> (tileHeight * (level + 1))}
		if s.width(p) > 0 {
			out = append(out, p)
		}
	}
	return out
}

// path lists the tiles above record id, from the leaves up. Together with the
// edge they hold every hash of its inclusion proof.
func (s *tileSet) path(id int64) []position { return s.above(position{0, id / tileWidth}) }

// above lists the tile at p and those above it, as far as the tree has them.
func (s *tileSet) above(p position) []position {
	var out []position
	for ; s.head.Size>>(tileHeight*p.level) > 0; p = (position{p.level + 1, p.n / tileWidth}) {
		if s.width(p) > 0 {
			out = append(out, p)
		}
	}
	return out
}

// beginning lists the tiles that hold every hash of the proof that the tree
// extends the one of its first size records: those of the smaller tree's right
// edge, and those above them. All stand above the first one.
func (s *tileSet) beginning(size int64) []position {
	if size == 0 {
		return nil
	}
	level := bits.TrailingZeros64(uint64(size)) / tileHeight // the tree has no edge below
	return s.above(position{level, size >> (tileHeight * (level + 1))})
}

// verifyEdge verifies the tiles of the right edge: combined as RFC 6962
// combines subtrees, they must give the signed root.
func (s *tileSet) verifyEdge() error {
	if s.head.Size == 0 {
		return nil
	}
	for _, p := range s.edge() {
		nodes, err := s.parse(p)
		if err != nil {
			return err
		}
		s.nodes[p] = nodes
	}
	root, err := tlog.TreeHash(s.head.Size, s)
	if err == nil && root != s.head.Root {
		err = fmt.Errorf("right edge combines to %v, signed root is %v", root, s.head.Root)
	}
	if err != nil {
		clear(s.nodes)
		return &Violation{Kind: BadTree, Subject: "tile", Detail: err.Error(), Evidence: [][]byte{s.head.Signed}}
	}
	return nil
}

// verify verifies the tile at p, and those above it as far as they are not
// verified yet. The right edge must have been verified before.
func (s *tileSet) verify(p position) error {
	if _, ok := s.nodes[p]; ok {
		return nil
	}
	if s.width(p) < tileWidth { // it would be of the edge
		return fmt.Errorf("%s: not in the tree", s.tile(p).Path())
	}
	above := position{p.level + 1, p.n / tileWidth}
	if err := s.verify(above); err != nil {
		return err
	}
	nodes, err := s.parse(p)
	if err != nil {
		return err
	}
	if nodes[tileHeight][0] != s.nodes[above][0][p.n%tileWidth] {
		return &Violation{Kind: BadTile, Subject: s.tile(p).Path(), Detail: "does not hash to its entry in the tile above", Evidence: [][]byte{s.raw[p]}}
	}
	s.nodes[p] = nodes
	return nil
}

// errMissing is a tile that could not be had.
type errMissing struct{ path string }

func (e errMissing) Error() string { return e.path + ": no such tile" }

// parse reads the fetched tile at p and computes the hashes over it.
func (s *tileSet) parse(p position) (tileNodes, error) {
	data, ok := s.raw[p]
	if !ok {
		return nil, errMissing{s.tile(p).Path()}
	}
	w := s.width(p)
	if len(data) != w*tlog.HashSize {
		return nil, &Violation{Kind: BadTile, Subject: s.tile(p).Path(), Detail: fmt.Sprintf("%d bytes for %d hashes", len(data), w), Evidence: [][]byte{data}}
	}
	level := make([]tlog.Hash, w)
	for i := range level {
		copy(level[i][:], data[i*tlog.HashSize:])
	}
	nodes := tileNodes{level}
	for len(nodes) <= tileHeight {
		below := nodes[len(nodes)-1]
		level := make([]tlog.Hash, len(below)/2)
		for i := range level {
			level[i] = tlog.NodeHash(below[2*i], below[2*i+1])
		}
		nodes = append(nodes, level)
	}
	return nodes, nil
}

// ReadHashes returns the hashes at the given indexes of the tree's storage
// (see [tlog.StoredHashIndex]) out of verified tiles. It implements
// [tlog.HashReader].
func (s *tileSet) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		level, n := tlog.SplitStoredHashIndex(index)
		inner := level % tileHeight
		p := position{level / tileHeight, n << inner / tileWidth}
		nodes, ok := s.nodes[p]
		if !ok {
			return nil, errMissing{s.tile(p).Path()}
		}
		at := n - p.n*(tileWidth>>inner)
		if at >= int64(len(nodes[inner])) {
			return nil, fmt.Errorf("hash %d is outside the tree", index)
		}
		out[i] = nodes[inner][at]
	}
	return out, nil
}
