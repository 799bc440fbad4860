// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package sumdb

import (
	"bytes"
	"errors"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"
)

// forkForm is the first line of the evidence of a fork.
const forkForm = "assay.sumdb-fork/v1"

// A ForkProof shows, to anybody who has the log's key and nothing else, that the log
// signed two trees of which neither is the beginning of the other.
// docs/evidence-formats.md describes its text.
type ForkProof struct {
	Key    string      // verifier key of the log: name+hash+key
	First  []byte      // the signed head of the smaller tree
	Second []byte      // that of the larger
	Hashes []tlog.Hash // the larger tree's, cut at the smaller's size; none for equal sizes

	trailer *trailer // as read; nil if the evidence was made
}

// NewForkProof makes the evidence of a fork out of two heads, in whichever order.
// Tree gives verified hashes of the larger one; it may be nil for equal sizes.
func NewForkProof(log *Log, a, b *Checkpoint, tree tlog.HashReader) (*ForkProof, error) {
	if a.Size > b.Size {
		a, b = b, a
	}
	f := &ForkProof{Key: log.Key, First: a.Signed, Second: b.Signed}
	if a.Size == 0 || a.Size == b.Size {
		return f, nil
	}
	if tree == nil {
		return nil, errors.New("no tree to cut")
	}
	var err error
	f.Hashes, err = cutProof(b.Size, a.Size, tree)
	return f, err
}

// ErrConsistent is what is wrong with the evidence of a fork that is none.
var ErrConsistent = errors.New("the smaller tree is the beginning of the larger: this is no fork")

// Verify verifies both signatures, and that the first tree is not the beginning
// of the second. It returns both heads. The error is an [*InvalidEvidenceError];
// of a fork that is none it is [ErrConsistent].
func (f *ForkProof) Verify(log *Log) (first, second *Checkpoint, err error) {
	fail := func(part string, err error) (*Checkpoint, *Checkpoint, error) {
		return nil, nil, &InvalidEvidenceError{Part: part, Err: err}
	}
	if f.Key != log.Key {
		return fail("log", fmt.Errorf("the key is not that of %s that is trusted", log.Name))
	}
	if first, err = log.OpenCheckpoint(f.First); err != nil {
		return fail("first tree head", err)
	}
	if second, err = log.OpenCheckpoint(f.Second); err != nil {
		return fail("second tree head", err)
	}
	switch {
	case !bytes.Equal(first.Signed, f.First):
		return fail("first tree head", errOwnNote)
	case !bytes.Equal(second.Signed, f.Second):
		return fail("second tree head", errOwnNote)
	}
	root, err := f.rootBehind(first, second)
	switch {
	case err != nil:
		return fail("hashes", err)
	case root == first.Root:
		return fail("tree heads", ErrConsistent)
	case !f.trailer.fits(f.body()):
		return fail("digest", errTrailer)
	}
	return first, second, nil
}

// rootBehind returns the root that the first leaves of the second tree really
// have, as many as the first tree has.
func (f *ForkProof) rootBehind(first, second *Checkpoint) (tlog.Hash, error) {
	switch {
	case first.Size > second.Size:
		return tlog.Hash{}, errors.New("the larger tree stands first")
	case first.Size > 0 && first.Size < second.Size:
		whole, root, err := cutRoots(second.Size, first.Size, f.Hashes)
		if err == nil && whole != second.Root {
			err = fmt.Errorf("they combine to %v, the signed root is %v", whole, second.Root)
		}
		return root, err
	case len(f.Hashes) > 0:
		return tlog.Hash{}, errTooMany
	case first.Size == second.Size:
		return second.Root, nil
	}
	return tlog.TreeHash(0, nil)
}

// MarshalText writes the evidence. The same fork is always the same bytes.
func (f *ForkProof) MarshalText() ([]byte, error) { return seal(f.body()), nil }

func (f *ForkProof) body() []byte {
	var w bytes.Buffer
	fmt.Fprintf(&w, "%s\nlog %s\n\n%s\n%s\nhashes %d\n", forkForm, f.Key, f.First, f.Second, len(f.Hashes))
	writeHashes(&w, f.Hashes)
	return w.Bytes()
}

// UnmarshalText reads what MarshalText writes, byte for byte. Nothing is
// verified but the form. The error is an [*InvalidEvidenceError].
func (f *ForkProof) UnmarshalText(data []byte) error {
	p := &evidenceParser{rest: data}
	var out ForkProof
	p.form(forkForm)
	p.part = "log"
	out.Key = p.field("log")
	p.blank()
	out.First = p.note()
	out.Second = p.note()
	p.part = "hashes"
	out.Hashes = p.hashes(p.count("hashes", tlog.HashSize))
	p.blank()
	out.trailer = p.end()
	p.canonical(out.body, data)
	if p.err == nil {
		*f = out
	}
	return p.err
}
