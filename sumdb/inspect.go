// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package sumdb

import (
	"context"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"golang.org/x/mod/module"
	"golang.org/x/mod/sumdb/tlog"
)

// An Inspection is what became of the files of caches when they were verified
// one by one.
type Inspection struct {
	Head *Checkpoint // to which they were verified; nil if no head could be had

	Lookups int // files that hold an answer to a lookup
	Tiles   int // that hold a tile
	Heads   int // that hold a tree head
	Forks   int // that hold the evidence of a fork, which is a violation where it holds

	Verified   int          // of lookups, tiles and heads, what is in the signed tree
	Problems   []CachedFile // all others, sorted
	Violations []*Violation // of the log, or of what stands between
	Uncompared []Uncompared // heads seen of which it is not known whether Head extends them
	Unwritten  Unwritten    // what v's own cache did not take
	Requests   int          // to the log
	Rounds     int          // of network
}

// A CachedFile is one file of a cache that is not verified.
type CachedFile struct {
	Cache  int       `json:"-"`    // index among the caches given
	Name   string    `json:"file"` // below the cache's folder
	State  FileState `json:"state"`
	Detail string    `json:"detail"`
	Data   []byte    `json:"-"` // of the first forged files: the file's content
}

// maxForgedData is of how many forged files the content is kept.
const maxForgedData = 100

// FileState says what is wrong with a file of a cache.
type FileState string

// The states of a file that is not verified.
const (
	FileForged    FileState = "forged"      // it is not what the signed tree has
	FileMalformed FileState = "malformed"   // it is nothing that a log gives
	FileStaleKey  FileState = "stale-key"   // signed by another key of the log's name, such as before a rotation
	FileUnchecked FileState = "not-checked" // what it would be compared with could not be had
)

// Inspect verifies every file of caches in the go command's layout: those in
// $GOMODCACHE/cache/download/sumdb/<log>, with answers to lookups and tiles;
// in $GOPATH/pkg/sumdb/<log>, with the latest head; and a [DirCache].
//
// A lookup is verified by its record being the leaf that it says of the signed
// tree, a tile by hashing to the entry in the tile above it or, if it is a
// partial one, by being the beginning of the tile in its place; a tree head, also
// that which came with a lookup, by being the beginning of Head's. Clients before
// Go 1.25.13 and 1.26.6 could be made to store tiles that are neither
// (GO-2026-6179), and records that were never logged (GO-2026-4984). The evidence
// of a fork is a violation, and one that does not hold is malformed. No lookup
// is made. What the caches lack comes from v's own cache and the network.
func (v *Verifier) Inspect(ctx context.Context, caches ...fs.FS) (*Inspection, error) {
	return v.inspect(ctx, &carried{}, caches...)
}

// inspect is Inspect as a part of a run.
func (v *Verifier) inspect(ctx context.Context, c *carried, caches ...fs.FS) (*Inspection, error) {
	in := &inspection{batch: v.newBatch(ctx, c), caches: caches}
	for i := range caches {
		if err := in.list(i); err != nil {
			return nil, err
		}
	}
	in.openHeads()
	in.chooseHead()
	in.tiles = newTileSet(&Checkpoint{})
	if in.batch.res.Head != nil {
		in.climb()
	}
	in.judge()
	in.keep()
	out, res := &in.out, &in.batch.res
	out.Head, out.Violations, out.Uncompared = res.Head, res.Violations, res.Uncompared
	out.Requests, out.Rounds = int(in.requests.Load()), res.Rounds
	out.Unwritten = summarize(c.unwritten)
	slices.SortFunc(out.Problems, func(a, b CachedFile) int {
		return strings.Compare(fmt.Sprint(a.Cache, a.Name), fmt.Sprint(b.Cache, b.Name))
	})
	in.quote()
	return out, ctx.Err()
}

// quote keeps the content of forged files: it shows what was forged.
func (in *inspection) quote() {
	left := maxForgedData
	for i := range in.out.Problems {
		f := &in.out.Problems[i]
		if f.State != FileForged || left == 0 {
			continue
		}
		left--
		f.Data, _ = readFile(in.caches[f.Cache], f.Name, maxLookup) // it may be gone by now
	}
}

// inspection is one Inspect under way.
type inspection struct {
	*batch
	caches []fs.FS
	out    Inspection

	heldLookups []heldLookup
	heldTiles   []heldTile
	heldHeads   []heldHead
}

// heldLookup is a file that holds the answer to a lookup.
type heldLookup struct {
	file CachedFile
	mod  module.Version
	id   int64
	leaf tlog.Hash
	head *Checkpoint // nil: not signed
	key  bool        // signed by another key of the log's name
	data []byte      // the answer, of those alone that contradict another
	own  bool        // it is that of v's own cache, and no file to be judged
}

// heldTile is a file that holds a tile.
type heldTile struct {
	file CachedFile
	tile tlog.Tile
}

// heldHead is a file that holds a tree head with the log's signature.
type heldHead struct {
	file CachedFile
	head *Checkpoint
}
