// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package sumdb

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"

	"golang.org/x/mod/sumdb/tlog"
)

// An Uncompared is a signed head that was seen, of which it is not known
// whether [Result].Head extends it.
type Uncompared struct {
	*Checkpoint
	Err error // what kept it from being compared, such as a tile that could not be had
}

// An UncomparedError says that a record is in the tree of [Result].Head, but
// that the head that came with the record could not be compared with that one.
// The log may have signed a fork there. A record that was answered under such a
// head is not given as proven, as the go command's client refuses it.
type UncomparedError struct {
	Record *Record     // proven to Result.Head
	Head   *Checkpoint // that came with it
	Err    error       // what kept it from being compared
}

// Error names the head's size and what kept it from being compared.
func (e *UncomparedError) Error() string {
	return fmt.Sprintf("the signed head of %d behind the record could not be compared with the newest: %v", e.Head.Size, e.Err)
}

// Unwrap returns what kept the head from being compared.
func (e *UncomparedError) Unwrap() error { return e.Err }

// twins looks for signed trees of one size. They are a fork that shows without
// any tile.
func (b *batch) twins() bool {
	sizes := map[int64]*Checkpoint{}
	var fork error
	for _, h := range b.heads {
		if other := sizes[h.Size]; other == nil {
			sizes[h.Size] = h
		} else {
			fork = b.fork(other, h, forkDetail(other, h))
		}
	}
	if fork != nil {
		b.giveUp(fork)
	}
	return fork != nil
}

// mustExtend lists the heads without which nothing is proven: the one in the
// cache, the one that the network calls latest, and those that others have seen.
// Any other came with a record, and is that record's matter.
func (b *batch) mustExtend() []*Checkpoint {
	out := slices.Clone(b.known)
	if b.stored != nil {
		out = append(out, b.stored)
	}
	if b.latest != nil {
		out = append(out, b.latest)
	}
	return out
}

// compareHeads compares every head that was seen with the chosen one. The error
// is why that one is not to be believed: a fork, or a head of [batch.mustExtend]
// that could not be compared.
func (b *batch) compareHeads() error {
	must := b.mustExtend()
	b.uncompared = map[*Checkpoint]error{}
	var wrong error
	for _, h := range b.heads {
		err := b.extends(h)
		switch {
		case err == nil:
			b.res.HeadsChecked++
			continue
		case isFork(err):
			wrong = err
			continue
		case slices.Contains(must, h) && wrong == nil:
			wrong = err
		}
		b.uncompared[h] = err
		b.res.Uncompared = append(b.res.Uncompared, Uncompared{h, err})
	}
	slices.SortFunc(b.res.Uncompared, func(x, y Uncompared) int {
		return cmp.Or(cmp.Compare(x.Size, y.Size), bytes.Compare(x.Root[:], y.Root[:]))
	})
	return wrong
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
	for _, p := range slices.Backward(b.tiles.beginning(h.Size)) {
		if err := b.verifyTile(p); err != nil {
			return err
		}
	}
	proof, err := tlog.ProveTree(head.Size, h.Size, b.tiles)
	if err != nil {
		return err
	}
	if err := tlog.CheckTree(proof, head.Size, head.Root, h.Size, h.Root); err != nil {
		return b.fork(h, head, forkDetail(h, head))
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
	proof, err := NewForkProof(b.Log, first, second, tree)
	var text []byte
	if err == nil {
		v.Fork = proof
		text, err = proof.MarshalText()
	}
	name := fmt.Sprintf("%s/%x", forksDir, sha256.Sum256(text))
	switch kept, readErr := b.cache.Read(name); {
	case err != nil:
		b.notWritten(name, err)
	case readErr != nil || !bytes.Equal(kept, text): // else its time stays that of the run that found it first
		b.write(name, text)
		b.carried.wrote(name)
	}
	b.violation(v, true)
	return v
}

func isFork(err error) bool {
	var v *Violation
	return errors.As(err, &v) && v.Kind == Fork
}
