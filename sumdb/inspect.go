// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package sumdb

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"

	"golang.org/x/mod/module"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// An Inspection is what became of the files of caches when they were verified
// one by one.
type Inspection struct {
	Head *Checkpoint // to which they were verified; nil if no head could be had

	Lookups int // files that hold an answer to a lookup
	Tiles   int // that hold a tile
	Heads   int // that hold a tree head

	Verified   int          // of all these, what is in the signed tree
	Problems   []CachedFile // all others, sorted
	Violations []*Violation // of the log, or of what stands between
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
// partial one, by being the beginning of the tile in its place. Clients before
// Go 1.25.13 and 1.26.6 could be made to store tiles that are neither
// (GO-2026-6179), and records that were never logged (GO-2026-4984). No lookup
// is made. What the caches lack comes from v's own cache and the network.
func (v *Verifier) Inspect(ctx context.Context, caches ...fs.FS) (*Inspection, error) {
	in := &inspection{batch: v.newBatch(ctx), caches: caches}
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
	out := &in.out
	out.Head, out.Violations, out.Requests, out.Rounds = in.batch.res.Head, in.batch.res.Violations, int(in.requests.Load()), in.batch.res.Rounds
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

// maxFiles bounds the files of one cache.
const maxFiles = 10_000_000

// list reads the names of a cache, and what its lookups and heads say.
func (in *inspection) list(cache int) error {
	n := 0
	return fs.WalkDir(in.caches[cache], ".", func(name string, entry fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) && name == "." {
			return fs.SkipAll
		}
		if err != nil {
			in.problem(CachedFile{Cache: cache, Name: name}, FileUnchecked, err.Error())
			return nil
		}
		if n++; n > maxFiles {
			return fmt.Errorf("more than %d files", maxFiles)
		}
		if entry.IsDir() {
			return in.ctx.Err()
		}
		file := CachedFile{Cache: cache, Name: name}
		switch dir, _, _ := strings.Cut(name, "/"); {
		case strings.HasPrefix(entry.Name(), tempPrefix) || strings.HasSuffix(name, ".lock"):
		case dir == "lookup":
			in.out.Lookups++
			in.listLookup(file)
		case dir == "tile":
			in.out.Tiles++
			in.listTile(file)
		case dir == headsDir || name == "latest":
			in.out.Heads++
			in.listHead(file)
		}
		return nil
	})
}

func (in *inspection) problem(f CachedFile, state FileState, detail string) {
	f.State, f.Detail = state, detail
	in.out.Problems = append(in.out.Problems, f)
}

// read reads a file of at most limit bytes, or says why it cannot.
func (in *inspection) read(file CachedFile, limit int64) ([]byte, bool) {
	data, err := readFile(in.caches[file.Cache], file.Name, limit)
	if err != nil {
		in.problem(file, FileUnchecked, err.Error())
	}
	return data, err == nil
}

func readFile(fsys fs.FS, name string, limit int64) ([]byte, error) {
	info, err := fs.Stat(fsys, name)
	if err == nil && !info.Mode().IsRegular() {
		err = errors.New("not a regular file") // opening a named pipe would wait
	}
	if err != nil {
		return nil, err
	}
	f, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(data)) > limit {
		err = errors.New("file too large")
	}
	return data, err
}

// listLookup reads the answer to a lookup.
func (in *inspection) listLookup(file CachedFile) {
	data, ok := in.read(file, maxLookup)
	if !ok {
		return
	}
	m, err := lookupModule(file.Name)
	if err != nil {
		in.problem(file, FileMalformed, err.Error())
		return
	}
	rec, signed, err := parseLookup(m, data)
	if err != nil {
		var v *Violation
		errors.As(err, &v)
		in.problem(file, FileForged, v.Detail)
		return
	}
	l := heldLookup{file: file, mod: m, id: rec.ID, leaf: tlog.RecordHash(rec.Text)}
	if l.head = in.openHead(signed); l.head == nil {
		l.key = otherKey(in.Log, signed)
	}
	in.contrast(&l, data)
	in.heldLookups = append(in.heldLookups, l)
}

// lookupModule is the inverse of lookupPath.
func lookupModule(name string) (module.Version, error) {
	rest, _ := strings.CutPrefix(name, "lookup/")
	i := strings.LastIndex(rest, "@")
	if i < 0 {
		return module.Version{}, errors.New("not the name of a module version")
	}
	path, err := module.UnescapePath(rest[:i])
	if err != nil {
		return module.Version{}, err
	}
	version, err := module.UnescapeVersion(rest[i+1:])
	return module.Version{Path: path, Version: version}, err
}

// openHead opens a head that a file holds. That it is not signed is the file's
// fault and no violation of the log.
func (in *inspection) openHead(signed []byte) *Checkpoint {
	if _, err := in.Log.OpenCheckpoint(signed); err != nil {
		return nil
	}
	return in.addHead(signed, false)
}

// otherKey reports whether a note has a signature line with the log's name and
// another key's hash. Nobody has verified it.
func otherKey(log *Log, signed []byte) bool {
	n, err := note.Open(signed, note.VerifierList())
	var unverified *note.UnverifiedNoteError
	if err != nil && errors.As(err, &unverified) {
		n = unverified.Note
	}
	return n != nil && slices.ContainsFunc(n.UnverifiedSigs, func(s note.Signature) bool {
		return s.Name == log.Name && s.Hash != log.Verifier.KeyHash()
	})
}

// listHead reads a tree head.
func (in *inspection) listHead(file CachedFile) {
	data, ok := in.read(file, maxHeadFile)
	if !ok {
		return
	}
	signed := data
	if file.Name != "latest" {
		_, signed, _ = bytes.Cut(data, []byte("\n\n"))
	}
	cp := in.openHead(signed)
	switch {
	case cp == nil && otherKey(in.Log, signed):
		in.problem(file, FileStaleKey, "signed by another key of the log's name")
	case cp == nil:
		in.problem(file, FileForged, "no valid signature of the log")
	case file.Name != "latest" && headName(cp) != file.Name:
		in.problem(file, FileForged, "holds another head than its name says")
	default:
		in.out.Verified++
	}
}

// listTile reads the name of a tile.
func (in *inspection) listTile(file CachedFile) {
	t, err := tlog.ParseTilePath(file.Name)
	switch {
	case err != nil:
		in.problem(file, FileMalformed, err.Error())
	case t.H != tileHeight || t.L < 0 || t.N > maxSize/tileWidth:
		in.problem(file, FileMalformed, "not a tile that the log serves")
	default:
		in.heldTiles = append(in.heldTiles, heldTile{file, t})
	}
}

// openHeads asks for the latest head, and opens those that are kept.
func (in *inspection) openHeads() {
	b := in.batch
	b.res.Before = storedHead(b.cache, b.Log)
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
	for _, h := range b.mustExtend() {
		want(b.tiles.path(max(h.Size-1, 0)))
	}
	if !in.climbEdge() {
		return
	}
	for level := len(b.tiles.edge()) + 1; level >= 0; level-- { // no tree has more levels
		in.climbLevel(levels[level])
	}
	for _, h := range b.heads {
		err := b.extends(h)
		if isViolation(err) || err != nil && slices.Contains(b.mustExtend(), h) {
			b.res.Head = nil
			return
		}
	}
}

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
