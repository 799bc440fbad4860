// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package sumdb

import (
	"bytes"
	"cmp"
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
	if err := b.compareHeads(); err != nil {
		b.giveUp(err)
		return
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
			head := b.addHead(l.head, l.fresh)
			if why := b.uncompared[head]; why != nil {
				l.Record, l.Err = nil, &UncomparedError{Record: l.Record, Head: head, Err: why}
			}
			return
		}
		err = &Violation{Kind: BadRecord, Subject: "lookup of " + l.Module.String(), Detail: fmt.Sprintf("the record is not leaf %d of the signed tree of %d", p.ID, b.res.Head.Size), Evidence: [][]byte{p.Text, p.Checkpoint}}
		b.violation(err, l.fresh)
	}
	l.Record, l.Err = nil, err
}

// giveUp takes every record away: without a head that holds, none is proven.
func (b *batch) giveUp(err error) {
	b.res.Head, b.res.HeadsChecked = nil, 0
	for i := range b.lookups {
		if l := &b.lookups[i]; l.Record != nil {
			l.Record, l.Err = nil, err
		}
	}
}

// finish fills the result, and keeps what was verified.
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
				b.write(name, append(data, b.res.Head.Signed...))
			}
		}
	}
	slices.SortFunc(b.res.Answers, func(x, y Answer) int { return compareModules(x.Module, y.Module) })
	b.keep()
	b.res.Unwritten = summarize(b.carried.unwritten)
}

// keep keeps the tiles that were verified, and the head.
func (b *batch) keep() {
	if b.res.Head == nil {
		return
	}
	for p := range b.fresh {
		if _, ok := b.tiles.nodes[p]; ok {
			t := b.tiles.tile(p)
			b.write(t.Path(), b.tiles.raw[p])
		}
	}
	if err := keepHead(b.cache, b.Log, b.res.Head, b.time()); err != nil {
		b.notWritten(headName(b.res.Head), err)
	} else {
		delete(b.carried.unwritten, headName(b.res.Head))
	}
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
	if len(vs) < maxViolations {
		return append(vs, v)
	}
	if v.Kind == Fork { // garbage does not hide it
		for i, w := range slices.Backward(vs) {
			if w.Kind != Fork {
				vs[i] = v
				return vs
			}
		}
	}
	v.Evidence = nil
	return vs
}

// same reports whether v says nothing that w does not say. Each fork is another:
// it has other heads, whoever found it.
func (v *Violation) same(w *Violation) bool {
	if v.Fork != nil && w.Fork != nil {
		return v.Fork.sameFork(w.Fork)
	}
	return v.Kind == w.Kind && v.Subject == w.Subject && v.Detail == w.Detail &&
		(v.Kind != Fork || slices.EqualFunc(v.Evidence, w.Evidence, bytes.Equal))
}
