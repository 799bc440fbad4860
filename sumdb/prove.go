// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package sumdb

import (
	"cmp"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/mod/module"
	"golang.org/x/mod/semver"
	"golang.org/x/mod/sumdb/tlog"
)

// prove verifies the tiles, the heads against each other, and every record.
func (b *batch) prove() {
	for _, p := range b.tiles.edge() {
		if err := b.tileErr[p]; err != nil {
			b.giveUp(err)
			return
		}
	}
	if err := b.tiles.verifyEdge(); err != nil {
		b.violation(err, !slices.ContainsFunc(b.tiles.edge(), func(p position) bool { return !b.fresh[p] }))
		b.giveUp(err)
		return
	}
	for _, h := range b.heads {
		err := b.extends(h)
		switch {
		case err == nil:
			b.res.HeadsChecked++
		case isViolation(err):
			b.giveUp(err)
			return
		case slices.Contains(b.mustExtend(), h):
			b.giveUp(err)
			return
		}
	}
	for i := range b.lookups {
		b.proveRecord(&b.lookups[i])
	}
}

// verifyPath verifies the tiles above record id.
func (b *batch) verifyPath(id int64) error {
	for _, p := range slices.Backward(b.tiles.path(id)) {
		if err := b.verifyTile(p); err != nil {
			return err
		}
	}
	return nil
}

// verifyTile verifies one tile below a verified one.
func (b *batch) verifyTile(p position) error {
	if err := b.tileErr[p]; err != nil {
		return err
	}
	err := b.tiles.verify(p)
	b.violation(err, b.fresh[p])
	return err
}

// extends proves that the chosen head extends h, which is smaller or the same.
// A fork needs no network to be believed: both heads bear the log's signature,
// and every tile between them was verified.
func (b *batch) extends(h *Checkpoint) error {
	head := b.res.Head
	switch {
	case h == head:
		return nil
	case h.Size == 0: // its root was checked when it was opened
		return nil
	}
	must := slices.Contains(b.mustExtend(), h)
	for _, p := range slices.Backward(b.tiles.path(h.Size - 1)) {
		if err := b.verifyTile(p); err != nil && (must || isViolation(err)) {
			return err // a tile that is not at hand may not be needed
		}
	}
	proof, err := tlog.ProveTree(head.Size, h.Size, b.tiles)
	if err != nil {
		return err
	}
	if err := tlog.CheckTree(proof, head.Size, head.Root, h.Size, h.Root); err != nil {
		return b.fork(h, head, fmt.Sprintf("the signed tree of size %d is not the beginning of the one of size %d", h.Size, head.Size))
	}
	return nil
}

// fork notes a fork, and keeps its evidence where the next run does not lose it:
// the heads that show it may never be seen together again.
func (b *batch) fork(first, second *Checkpoint, detail string) error {
	v := &Violation{Kind: Fork, Subject: "latest", Detail: detail, Evidence: [][]byte{first.Signed, second.Signed}}
	var tree tlog.HashReader
	if b.tiles != nil {
		tree = b.tiles
	}
	if proof, err := NewForkProof(b.Log, first, second, tree); err == nil {
		v.Fork = proof
		if text, err := proof.MarshalText(); err == nil {
			b.cache.Write(fmt.Sprintf("forks/%x", sha256.Sum256(text)), text)
		}
	}
	b.violation(v, true)
	return v
}

// proveRecord proves l's record, or takes it away.
func (b *batch) proveRecord(l *lookup) {
	if l.Record == nil {
		return
	}
	err := b.verifyPath(l.Record.ID)
	var hashes tlog.RecordProof
	if err == nil {
		hashes, err = tlog.ProveRecord(b.res.Head.Size, l.Record.ID, b.tiles)
	}
	if err == nil {
		p := &Proof{ID: l.Record.ID, Text: l.Record.Text, Hashes: hashes, Checkpoint: b.res.Head.Signed}
		l.Record.Proof = p
		if tlog.CheckRecord(hashes, b.res.Head.Size, b.res.Head.Root, p.ID, tlog.RecordHash(p.Text)) == nil {
			return
		}
		err = &Violation{Kind: BadRecord, Subject: "lookup of " + l.Module.String(), Detail: fmt.Sprintf("the record is not leaf %d of the signed tree of %d", p.ID, b.res.Head.Size), Evidence: [][]byte{p.Text, p.Checkpoint}}
		b.violation(err, l.fresh)
	}
	l.Record, l.Err = nil, err
}

// giveUp takes every record away: without a head that holds, none is proven.
func (b *batch) giveUp(err error) {
	b.res.Head = nil
	for i := range b.lookups {
		if l := &b.lookups[i]; l.Record != nil {
			l.Record, l.Err = nil, err
		}
	}
}

// finish fills the result, and keeps what was verified. A cache that cannot be
// written costs the next run time, and no truth.
func (b *batch) finish() {
	if b.res.Head == nil {
		err := ErrNoHead
		if b.noHead != nil {
			err = fmt.Errorf("%w: %w", ErrNoHead, b.noHead)
		} else if b.Fetcher == nil {
			err = fmt.Errorf("%w: %w", ErrNoHead, ErrNotCached)
		}
		b.giveUp(err)
	}
	b.res.Heads = len(b.heads)
	for i := range b.lookups {
		l := &b.lookups[i]
		b.res.Answers = append(b.res.Answers, l.Answer)
		if name, err := lookupPath(l.Module); err == nil && l.Record != nil && l.fresh {
			if data, err := tlog.FormatRecord(l.Record.ID, l.Record.Text); err == nil {
				b.cache.Write(name, append(data, b.res.Head.Signed...))
			}
		}
	}
	slices.SortFunc(b.res.Answers, func(x, y Answer) int { return compareModules(x.Module, y.Module) })
	b.keep()
}

// keep keeps the tiles that were verified, and the head.
func (b *batch) keep() {
	if b.res.Head == nil {
		return
	}
	for p := range b.fresh {
		if _, ok := b.tiles.nodes[p]; ok {
			t := b.tiles.tile(p)
			b.cache.Write(t.Path(), b.tiles.raw[p])
		}
	}
	keepHead(b.cache, b.Log, b.res.Head, b.time())
}

func compareModules(a, b module.Version) int {
	return cmp.Or(
		strings.Compare(a.Path, b.Path),
		semver.Compare(a.Version, b.Version),
		strings.Compare(a.Version, b.Version),
	)
}

// maxViolations bounds the violations that are told with their evidence, which
// a server could give without end. What the others were about is unproven, and
// its answer says why.
const maxViolations = 100

// violation notes err if it is one. It is certain if no cache can have caused it.
func (b *batch) violation(err error, certain bool) {
	var v *Violation
	if !errors.As(err, &v) {
		return
	}
	b.res.Violations = appendNew(b.res.Violations, v)
	if certain {
		b.certain = appendNew(b.certain, v)
	}
}

// appendNew appends v to those of which it is none yet.
func appendNew(vs []*Violation, v *Violation) []*Violation {
	if slices.ContainsFunc(vs, v.same) {
		return vs
	}
	if len(vs) >= maxViolations {
		v.Evidence = nil
		return vs
	}
	return append(vs, v)
}

func (v *Violation) same(w *Violation) bool {
	return v.Kind == w.Kind && v.Subject == w.Subject && v.Detail == w.Detail
}

func isViolation(err error) bool {
	var v *Violation
	return errors.As(err, &v)
}
