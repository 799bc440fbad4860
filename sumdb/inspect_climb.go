// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package sumdb

import (
	"golang.org/x/mod/sumdb/tlog"
)

// openHeads asks for the latest head, and opens those that are kept.
func (in *inspection) openHeads() {
	b := in.batch
	b.readBefore()
	b.firstRound()
	if b.latest == nil && b.Fetcher != nil && len(in.heldLookups) > 0 {
		// A proxy that does not pass /latest on: any lookup brings a head too.
		b.lookups = []lookup{{Answer: Answer{Module: in.heldLookups[0].mod}}}
		if name, err := lookupPath(b.lookups[0].Module); err == nil {
			b.parallel([]func(){func() { b.lookup(&b.lookups[0], name) }})
		}
	}
	b.gatherHeads()
}

// climb gets and verifies the tiles that the files are compared with, from the
// top of the tree downwards.
func (in *inspection) climb() {
	b := in.batch
	b.tiles = newTileSet(b.res.Head)
	b.tileErr, b.fresh = map[position]error{}, map[position]bool{}
	levels := map[int]map[position]bool{}
	want := func(ps []position) {
		for _, p := range ps {
			if levels[p.level] == nil {
				levels[p.level] = map[position]bool{}
			}
			levels[p.level][p] = true
		}
	}
	for _, l := range in.heldLookups {
		if l.id < b.res.Head.Size {
			want(b.tiles.path(l.id))
		}
	}
	for _, t := range in.heldTiles {
		want(b.tiles.above(position{t.tile.L, t.tile.N}))
	}
	for _, h := range b.heads {
		want(b.tiles.beginning(h.Size))
	}
	if !in.climbEdge() {
		return
	}
	for level := maxLevel; level >= 0; level-- {
		in.climbLevel(levels[level])
	}
	if err := b.compareHeads(); err != nil {
		b.giveUp(err)
	}
}

// maxLevel is the highest level of tiles that a tree of [maxSize] records has.
const maxLevel = 7

// climbEdge verifies the right edge: with what is kept, else with what the
// network says.
func (in *inspection) climbEdge() bool {
	b := in.batch
	edge := b.tiles.edge()
	for _, p := range edge {
		in.readHeld(p)
	}
	if b.tiles.verifyEdge() == nil {
		return true
	}
	in.fetchAll(edge)
	err := b.tiles.verifyEdge()
	b.violation(err, true)
	if err != nil {
		b.res.Head = nil
	}
	return err == nil
}

// climbLevel verifies tiles below verified ones.
func (in *inspection) climbLevel(level map[position]bool) {
	var missing []position
	for p := range level {
		if _, ok := in.tiles.nodes[p]; ok {
			continue
		}
		if in.readHeld(p) && in.tiles.verify(p) == nil {
			continue
		}
		if in.tiles.width(p) == tileWidth { // else it is beyond the tree
			missing = append(missing, p)
		}
	}
	in.fetchAll(missing)
	for _, p := range missing {
		in.verifyTile(p)
	}
}

// readHeld reads the tile at p from v's own cache, or from those inspected.
func (in *inspection) readHeld(p position) bool {
	t := in.tiles.tile(p)
	if t.W == 0 {
		return false
	}
	data, err := in.readCache(t.Path())
	for i := 0; err != nil && i < len(in.caches); i++ {
		data, err = readFile(in.caches[i], t.Path(), maxTile)
	}
	if err != nil || len(data) != t.W*tlog.HashSize {
		return false
	}
	in.tiles.raw[p] = data
	return true
}

// fetchAll gets tiles from the network, in one round.
func (in *inspection) fetchAll(ps []position) {
	need := map[position]bool{}
	for _, p := range ps {
		delete(in.tiles.raw, p)
		need[p] = true
	}
	in.gather(need, true)
}
