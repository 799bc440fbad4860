// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package sumdb

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"sync"
	"sync/atomic"

	"golang.org/x/mod/module"
	"golang.org/x/mod/sumdb/tlog"
)

// batch is one verification under way.
type batch struct {
	*Verifier
	ctx      context.Context
	cache    Cache
	distrust bool // read nothing from the cache but the last head

	carried *carried // from and to other batches of the run

	requests  atomic.Int64
	fromCache bool // something that was used came from the cache

	lookups []lookup
	heads   []*Checkpoint             // all that were seen and are signed, each tree once
	opened  map[tlog.Hash]*Checkpoint // by the hash of the signed note; nil if it is not signed
	latest  *Checkpoint               // what the network calls the latest
	noHead  error                     // why it did not say
	tiles   *tileSet
	tileErr map[position]error
	fresh   map[position]bool // tiles from the network, to be kept
	stored  *Checkpoint       // the head in the cache
	known   []*Checkpoint     // those of Verifier.Known that are signed
	res     Result
	certain []*Violation // those of res that no cache can have caused

	uncompared map[*Checkpoint]error // those of heads that could not be compared, and why
}

// carried is what the batches of one run leave to each other: what one has seen
// is not forgotten because the next one does not see it again.
type carried struct {
	heads     []*Checkpoint    // to be compared by the next ones too
	unwritten map[string]error // what the cache has not taken so far

	kept      []*Violation    // forks that earlier runs have found
	found     map[string]bool // files of forks that this run has written
	forksRead bool            // kept has what the cache has
	forksErr  error           // what in it is no evidence of a fork, or could not be read
}

// wrote notes the file of a fork, so that it is not taken for an earlier run's.
func (c *carried) wrote(name string) {
	if c.found == nil {
		c.found = map[string]bool{}
	}
	c.found[name] = true
}

// lookup is one module's way through a batch.
type lookup struct {
	Answer
	head  []byte // the signed head behind the record
	fresh bool   // from the network
}

func (v *Verifier) newBatch(ctx context.Context, c *carried) *batch {
	b := &batch{Verifier: v, ctx: ctx, cache: v.Cache, carried: c, opened: map[tlog.Hash]*Checkpoint{}}
	if b.cache == nil {
		b.cache = noCache{}
	}
	c.readForks(b.cache, b.Log)
	return b
}

func (b *batch) run(modules []module.Version) {
	b.lookups = make([]lookup, len(modules))
	for i, m := range modules {
		b.lookups[i].Module = m
	}
	b.readBefore()
	b.firstRound()
	b.gatherHeads()
	b.chooseHead()
	if b.res.Head != nil {
		b.secondRound()
		b.prove()
	}
	b.finish()
}

// readBefore reads what earlier runs have left of the log.
func (b *batch) readBefore() {
	var err error
	b.res.Before, err = storedHead(b.cache, b.Log)
	b.res.BeforeErr = errors.Join(err, b.carried.forksErr)
}

// firstRound asks for the head and for all records at once.
func (b *batch) firstRound() {
	var jobs []func()
	var latest []byte
	said := false
	if b.Fetcher != nil {
		jobs = append(jobs, func() {
			latest, b.noHead = b.fetch("latest", maxCheckpoint)
			said = b.noHead == nil
		})
	}
	for i := range b.lookups {
		l := &b.lookups[i]
		name, err := lookupPath(l.Module)
		if err != nil {
			l.Err = err
			continue
		}
		if data, err := b.readCache(name); err == nil {
			if l.Record, l.head, err = parseLookup(l.Module, data); err == nil {
				b.fromCache = true
				continue
			}
			l.Record = nil
		}
		if b.Fetcher == nil {
			l.Err = ErrNotCached
			continue
		}
		jobs = append(jobs, func() { b.lookup(l, name) })
	}
	b.parallel(jobs)
	if said {
		b.latest = b.addHead(latest, true)
	} else if b.noHead != nil && len(jobs) == 1 && len(b.lookups) > 0 {
		// A proxy need not pass /latest on, the go command never asks for it:
		// any fresh lookup brings a head too.
		l := &b.lookups[0]
		if name, err := lookupPath(l.Module); err == nil {
			b.parallel([]func(){func() { b.lookup(l, name) }})
		}
	}
}

func (b *batch) lookup(l *lookup, name string) {
	data, err := b.fetch(name, maxLookup)
	if errors.Is(err, fs.ErrNotExist) {
		err = fmt.Errorf("%w: %w", ErrNotLogged, err)
	}
	if err != nil {
		l.Record, l.Err = nil, err
		return
	}
	l.fresh = true
	l.Record, l.head, l.Err = parseLookup(l.Module, data)
}

// addHead notes a signed head, or that it is not one.
func (b *batch) addHead(signed []byte, fresh bool) *Checkpoint {
	key := tlog.RecordHash(signed)
	if cp, ok := b.opened[key]; ok {
		return cp
	}
	cp, err := b.Log.OpenCheckpoint(signed)
	b.opened[key] = cp
	if err != nil {
		b.violation(err, fresh)
		return nil
	}
	cp = b.see(cp)
	b.opened[key] = cp
	return cp
}

// see notes a head, or returns the one of the same tree: other signatures beside
// the log's make no other head.
func (b *batch) see(cp *Checkpoint) *Checkpoint {
	for _, h := range b.heads {
		if h.Size == cp.Size && h.Root == cp.Root {
			return h
		}
	}
	b.heads = append(b.heads, cp)
	return cp
}

// gatherHeads gathers the signed heads, and takes away the records without one.
func (b *batch) gatherHeads() {
	for i := range b.lookups {
		l := &b.lookups[i]
		if l.Record == nil {
			b.violation(l.Err, true)
			continue
		}
		cp := b.addHead(l.head, l.fresh)
		switch {
		case cp == nil:
			l.Record, l.Err = nil, &Violation{Kind: BadSignature, Subject: "lookup of " + l.Module.String(), Detail: "the tree head behind the record has no valid signature"}
		case l.Record.ID >= cp.Size:
			l.Record, l.Err = nil, &Violation{Kind: BadRecord, Subject: "lookup of " + l.Module.String(), Detail: fmt.Sprintf("record %d is outside the tree of %d", l.Record.ID, cp.Size), Evidence: [][]byte{l.head}}
			b.violation(l.Err, l.fresh)
		}
	}
	b.askLatestAgain()
	if b.res.Before != nil {
		b.stored = b.addHead(b.res.Before.Signed, false)
	}
	for _, signed := range b.Known {
		if cp, err := b.Log.OpenCheckpoint(signed); err == nil {
			b.known = append(b.known, b.addHead(cp.Signed, false))
		}
	}
	for _, cp := range b.carried.heads {
		b.see(cp)
	}
	b.carried.heads = slices.Clone(b.heads)
}

// askLatestAgain asks for the latest head once more where a record of this run
// came with a larger one: the log may have grown between the two answers.
func (b *batch) askLatestAgain() {
	for i := range b.lookups {
		if l := &b.lookups[i]; l.fresh && l.Record != nil {
			if cp := b.addHead(l.head, true); b.res.Ahead == nil || cp.Size > b.res.Ahead.Size {
				b.res.Ahead = cp
			}
		}
	}
	if b.latest == nil || b.res.Ahead == nil || b.latest.Size >= b.res.Ahead.Size {
		return
	}
	b.parallel([]func(){func() {
		if signed, err := b.fetch("latest", maxCheckpoint); err == nil {
			if cp := b.addHead(signed, true); cp != nil && cp.Size > b.latest.Size {
				b.latest = cp
			}
		}
	}})
}

// chooseHead picks the largest head, unless the log has forked before. Online,
// the network must have shown one.
func (b *batch) chooseHead() {
	b.res.Latest = b.latest
	online := b.latest != nil || slices.ContainsFunc(b.lookups, func(l lookup) bool { return l.fresh && l.Record != nil })
	twins := b.twins()
	if b.forkKept() || twins || !online && b.Fetcher != nil {
		return
	}
	for _, h := range b.heads {
		if b.res.Head == nil || h.Size > b.res.Head.Size {
			b.res.Head = h
		}
	}
}

// secondRound gets all tiles that the proofs need.
func (b *batch) secondRound() {
	b.tiles = newTileSet(b.res.Head)
	b.tileErr = map[position]error{}
	b.fresh = map[position]bool{}
	need := map[position]bool{}
	want := func(ps []position) {
		for _, p := range ps {
			need[p] = true
		}
	}
	want(b.tiles.edge())
	for i := range b.lookups {
		if r := b.lookups[i].Record; r != nil {
			want(b.tiles.path(r.ID))
		}
	}
	for _, h := range b.heads {
		want(b.tiles.beginning(h.Size))
	}
	b.gather(need, false)
}

// gather gets tiles: from the cache, unless all are to be fresh, and the others
// from the network in one round.
func (b *batch) gather(need map[position]bool, fresh bool) {
	var mu sync.Mutex
	var jobs []func()
	for p := range need {
		t := b.tiles.tile(p)
		if !fresh {
			if data, err := b.readCache(t.Path()); err == nil && len(data) == t.W*tlog.HashSize {
				b.tiles.raw[p] = data
				b.fromCache = true
				continue
			}
		}
		if b.Fetcher == nil {
			b.tileErr[p] = ErrNotCached
			continue
		}
		jobs = append(jobs, func() {
			data, err := b.fetchTile(t)
			mu.Lock()
			defer mu.Unlock()
			b.res.Tiles++
			if err != nil {
				b.tileErr[p] = err
				return
			}
			b.tiles.raw[p] = data
			b.fresh[p] = true
		})
	}
	b.parallel(jobs)
}

// fetchTile gets a tile. A partial tile may be gone once the full one exists.
func (b *batch) fetchTile(t tlog.Tile) ([]byte, error) {
	data, err := b.fetch(t.Path(), maxTile)
	if errors.Is(err, fs.ErrNotExist) && t.W < tileWidth {
		full := t
		full.W = tileWidth
		if data, err := b.fetch(full.Path(), maxTile); err == nil {
			if len(data) == maxTile {
				return data[:t.W*tlog.HashSize], nil
			}
			return data, nil
		}
	}
	return data, err
}

func (b *batch) readCache(name string) ([]byte, error) {
	if b.distrust {
		return nil, fs.ErrNotExist
	}
	data, err := b.cache.Read(name)
	for _, source := range b.Sources {
		if err == nil {
			break
		}
		data, err = source.Read(name)
	}
	return data, err
}

func (b *batch) fetch(path string, limit int64) ([]byte, error) {
	b.requests.Add(1)
	return b.Fetcher.Fetch(b.ctx, path, limit)
}

// defaultConcurrency is what Verifier.Concurrency stands for when it is zero.
const defaultConcurrency = 100

// parallel runs jobs, at most Concurrency at once, as one round.
func (b *batch) parallel(jobs []func()) {
	if len(jobs) == 0 {
		return
	}
	b.res.Rounds++
	var wg sync.WaitGroup
	var done atomic.Int64
	queue := make(chan func())
	for range min(cmp.Or(b.Concurrency, defaultConcurrency), len(jobs)) {
		wg.Go(func() {
			for job := range queue {
				job()
				if b.Progress != nil {
					b.Progress(int(done.Add(1)), len(jobs))
				}
			}
		})
	}
	for _, job := range jobs {
		queue <- job
	}
	close(queue)
	wg.Wait()
}
