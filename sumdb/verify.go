// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package sumdb

import (
	"context"
	"errors"
	"slices"
	"time"

	"golang.org/x/mod/module"
)

// A Fetcher gets what stands at a path below the log's URL, of at most limit
// bytes. The error is [fs.ErrNotExist] if the server says that there is nothing
// (404 or 410).
type Fetcher interface {
	Fetch(ctx context.Context, path string, limit int64) ([]byte, error)
}

// A Verifier looks up module versions in a log and proves what it says of them.
type Verifier struct {
	Log      *Log
	Fetcher  Fetcher               // nil: offline, by the cache alone
	Cache    Cache                 // nil: none
	Sources  []Cache               // read where Cache has nothing, such as the go command's; never written
	Known    [][]byte              // signed heads that others have seen: Head must extend them, or be one of them
	Now      time.Time             // when the heads of the network are seen; zero: time.Now
	Progress func(done, total int) // requests; nil: nobody is told

	// Concurrency is how many requests are under way at once; 0: 100. That many
	// fit into one connection of HTTP/2 to most servers (RFC 9113, section 6.5.2,
	// recommends no less). For those that do not fit, package net/http opens a
	// connection each, whose handshakes take longer than to wait.
	Concurrency int
}

// A Result is what a log was proven to say.
type Result struct {
	// Head is the largest signed head seen, to which every record is proven.
	// It is nil if there was none, if it is at odds with another, or if the cache
	// has the evidence of a fork.
	Head *Checkpoint

	// Latest is the head that the network calls the latest; nil if it did not
	// say, or was not asked. An honest log's is no smaller than Before, nor than
	// Ahead, the largest head behind a record that the network gave in this run:
	// where it is, it was asked twice.
	Latest, Ahead *Checkpoint

	Before *SeenHead // the largest head that the cache kept before; nil if none

	// BeforeErr is what kept a head of the cache from being read, or the evidence
	// of a fork. The history may then hold one that is larger than Before, or at
	// odds with the log.
	BeforeErr error

	Answers    []Answer     // one for each module version asked for, sorted
	Violations []*Violation // promises broken, by the log or what stands between
	CacheLied  bool         // the cache held what was not true; the network was asked for all of it

	// Uncompared lists the signed heads seen of which it is not known whether Head
	// extends them, smallest first: each may be a fork. Where one of them was the
	// cache's, the network's latest, or one of Verifier.Known, Head is nil. Where
	// one came with a record, that record's answer is an [*UncomparedError].
	Uncompared []Uncompared

	Unwritten Unwritten // what the cache did not take

	Heads        int // distinct signed heads seen, Head among them
	HeadsChecked int // of those, how many Head was proven to extend, or is
	Requests     int // to the log
	Tiles        int // of those, for tiles
	Rounds       int // of network: requests of one round are made at once
}

// An Answer is what is proven of one module version: a record, or why there is
// none.
type Answer struct {
	Module module.Version
	Record *Record
	Err    error
}

// ErrNotLogged is the server's word that the log has no record. It is only
// that: a log of this kind cannot prove absence.
var ErrNotLogged = errors.New("not in the log")

// ErrNotCached says that a proof would need the network, which is switched off.
var ErrNotCached = errors.New("not in the cache, and the network is switched off")

// ErrNoHead says that no signed head of the log could be had.
var ErrNoHead = errors.New("no signed tree head")

// Verify looks up modules, proves each record's inclusion in the largest
// signed head, and that this head extends every other that was seen: the one in
// the cache, the one that the network calls the latest, and those that came with
// the records. Everything that can be requested at once is: it takes two rounds
// of network. The error is the context's.
//
// A log of which the cache has the evidence of a fork, that an earlier run found,
// proves nothing: the fork is told again as a violation.
//
// Online, a head must come from the network: a cache alone proves what was
// logged, not that the log in force still says so.
func (v *Verifier) Verify(ctx context.Context, modules []module.Version) (*Result, error) {
	return v.verify(ctx, modules, &carried{})
}

// verify is Verify as a part of a run.
func (v *Verifier) verify(ctx context.Context, modules []module.Version, c *carried) (*Result, error) {
	modules = slices.Clone(modules)
	module.Sort(modules)
	modules = slices.Compact(modules)
	b := v.newBatch(ctx, c)
	b.run(modules)
	if len(b.res.Violations) > len(b.certain) && b.fromCache && v.Fetcher != nil && ctx.Err() == nil {
		// Something in the cache may be the liar: ask the network for all.
		// What it has lied about already is not forgotten.
		again := v.newBatch(ctx, c)
		again.distrust = true
		again.res.Requests, again.res.Tiles, again.res.Rounds = b.res.Requests, b.res.Tiles, b.res.Rounds
		again.requests.Store(b.requests.Load())
		again.run(modules)
		for _, lie := range b.certain {
			again.violation(lie, true)
		}
		again.res.CacheLied = true
		b = again
	}
	b.res.Requests = int(b.requests.Load())
	return &b.res, ctx.Err()
}
