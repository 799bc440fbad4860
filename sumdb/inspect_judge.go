// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package sumdb

import (
	"bytes"
	"fmt"

	"golang.org/x/mod/module"
	"golang.org/x/mod/sumdb/tlog"
)

// judge compares each file with the verified tiles.
func (in *inspection) judge() {
	var proven []heldLookup
	for _, l := range in.heldLookups {
		if in.judgeLookup(l) && l.data != nil {
			proven = append(proven, l)
		}
	}
	in.duplicates(proven)
	for _, t := range in.heldTiles {
		in.judgeTile(t)
	}
	for _, h := range in.heldHeads {
		if in.batch.res.Head == nil {
			in.problem(h.file, FileUnchecked, noHeadDetail)
		} else if in.compared(h.file, h.head) {
			in.out.Verified++
		}
	}
}

// compared reports whether the tree of a file's head is the beginning of the one
// that everything is compared with. One that is not has ended the inspection as
// a fork, so it is only not known.
func (in *inspection) compared(f CachedFile, head *Checkpoint) bool {
	err := in.uncompared[head]
	if err != nil {
		in.problem(f, FileUnchecked, fmt.Sprintf("its tree head of %d could not be compared with the newest: %v", head.Size, err))
	}
	return err == nil
}

// noHeadDetail is why nothing could be compared.
const noHeadDetail = "no signed tree head to compare it with"

// judgeLookup judges a file that holds a lookup, and reports whether its record
// is proven.
func (in *inspection) judgeLookup(l heldLookup) bool {
	head := in.batch.res.Head
	if l.own {
		nodes, ok := in.tiles.nodes[position{0, l.id / tileWidth}]
		return ok && head != nil && l.id < head.Size && nodes[0][l.id%tileWidth] == l.leaf
	}
	switch {
	case l.key:
		in.problem(l.file, FileStaleKey, "signed by another key of the log's name")
		return false
	case l.head == nil:
		in.problem(l.file, FileForged, "no valid signature of the log")
		return false
	case l.id >= l.head.Size:
		in.problem(l.file, FileForged, fmt.Sprintf("record %d is outside its own tree of %d", l.id, l.head.Size))
		return false
	case head == nil || l.id >= head.Size:
		in.problem(l.file, FileUnchecked, noHeadDetail)
		return false
	}
	p := position{0, l.id / tileWidth}
	nodes, ok := in.tiles.nodes[p]
	switch {
	case !ok:
		in.problem(l.file, FileUnchecked, in.why(p))
	case nodes[0][l.id%tileWidth] != l.leaf:
		in.problem(l.file, FileForged, fmt.Sprintf("not what record %d of the signed tree says", l.id))
	default:
		if in.compared(l.file, l.head) {
			in.out.Verified++
		}
		return true
	}
	return false
}

func (in *inspection) judgeTile(t heldTile) {
	data, ok := in.read(t.file, maxTile)
	if !ok {
		return
	}
	p := position{t.tile.L, t.tile.N}
	head := in.batch.res.Head
	nodes, ok := in.tiles.nodes[p]
	switch {
	case len(data) != t.tile.W*tlog.HashSize:
		in.problem(t.file, FileForged, fmt.Sprintf("%d bytes for %d hashes", len(data), t.tile.W))
	case head == nil:
		in.problem(t.file, FileUnchecked, noHeadDetail)
	case t.tile.W > in.tiles.width(p):
		in.problem(t.file, FileUnchecked, fmt.Sprintf("reaches beyond the signed tree of %d", head.Size))
	case !ok:
		in.problem(t.file, FileUnchecked, in.why(p))
	default:
		for i := range t.tile.W {
			if !bytes.Equal(data[i*tlog.HashSize:(i+1)*tlog.HashSize], nodes[0][i][:]) {
				in.problem(t.file, FileForged, fmt.Sprintf("hash %d is not that of the signed tree", i))
				return
			}
		}
		in.out.Verified++
	}
}

// why says what kept the tile at p from being verified.
func (in *inspection) why(p position) string {
	for ; p.level < 8; p = (position{p.level + 1, p.n / tileWidth}) {
		if err := in.tileErr[p]; err != nil {
			return err.Error()
		}
	}
	return "the tiles to compare it with could not be had"
}

// contrast looks whether v's own cache has another record of the module than a
// file. Both may be in the tree: a log that gives one to some and the other to
// others is found by nothing else.
func (in *inspection) contrast(l *heldLookup, data []byte) {
	name, err := lookupPath(l.mod)
	if err != nil {
		return
	}
	other, err := in.cache.Read(name)
	if err != nil {
		return
	}
	rec, signed, err := parseLookup(l.mod, other)
	if err != nil || rec.ID == l.id {
		return
	}
	if head := in.openHead(signed); head != nil && rec.ID < head.Size {
		l.data = data
		in.heldLookups = append(in.heldLookups, heldLookup{mod: l.mod, id: rec.ID, leaf: tlog.RecordHash(rec.Text), head: head, data: other, own: true})
	}
}

// duplicates names the module versions of which two records are in the tree.
func (in *inspection) duplicates(proven []heldLookup) {
	first := map[module.Version]heldLookup{}
	for _, l := range proven {
		other, ok := first[l.mod]
		if !ok {
			first[l.mod] = l
			continue
		}
		if other.id == l.id {
			continue
		}
		in.violation(&Violation{
			Kind: Duplicate, Subject: "lookup of " + l.mod.String(), Evidence: [][]byte{other.data, l.data},
			Detail: fmt.Sprintf("records %d and %d are both in the signed tree", min(l.id, other.id), max(l.id, other.id)),
		}, true)
	}
}
