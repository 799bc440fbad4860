// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package sumdbtest

import (
	"bytes"
	"context"
	"net/http/httptest"
	"slices"
	"strings"

	"golang.org/x/mod/module"
)

// A Mutator is one lie of a log, or of a proxy that speaks for it.
type Mutator struct {
	Name string

	// Want is how a verifier must take it: a kind of violation as package
	// sumdb spells it, several with "|" between them where each is right, or
	// one of the words below.
	Want string

	// Proven says that the record asked for is proven nevertheless, because
	// the lie is not about it. Its text is the true one, in any case.
	Proven bool

	// Mutate prepares the lie. It returns nil where the lie cannot be told,
	// such as one about a tile that the tree does not have.
	Mutate func(*Attack) Answer
}

// What else a verifier may find.
const (
	Allowed   = "allowed"   // it is no lie: an honest log may say so
	Failure   = "failure"   // nothing is proven, and nobody accused
	Behind    = "behind"    // the latest head is smaller than one behind a record
	Backwards = "backwards" // the latest head is smaller than one seen before
)

// An Attack is what the liar knows.
type Attack struct {
	Tree   *Tree // what the honest log has
	Other  *Tree // the same, signed by another key of the log's name
	Size   int64 // of the tree that the honest log shows
	Before int64 // of the head that the client has kept; 0 if it has none
	Target int64 // the record that is asked for
}

// An Answer says what is answered to the request for a path below the log's
// URL, given the true answer; nil for 404, in both.
type Answer func(path string, truth []byte) []byte

// Mutators returns every lie: about heads, records and tiles, and forks.
func Mutators() []Mutator {
	return slices.Concat(headMutators(), recordMutators(), tileMutators(), forkMutators())
}

// lookup is the path at which the target's record is asked for.
func (a *Attack) lookup() string { return lookupPath(Module(a.Target)) }

func lookupPath(m module.Version) string { return "lookup/" + m.Path + "@" + m.Version }

// record is the honest answer to the lookup of a record, in its parts.
func (a *Attack) record(id int64) (text, head string) {
	return a.Tree.Text(id), string(a.Tree.Signed(a.Size))
}

// at lies about one path alone.
func at(path string, fn func(truth []byte) []byte) Answer {
	return func(asked string, truth []byte) []byte {
		if asked != path {
			return truth
		}
		return fn(truth)
	}
}

// always answers the same, whatever the truth is.
func always(said string) func([]byte) []byte {
	return func([]byte) []byte { return []byte(said) }
}

// world answers everything as another log would.
func world(tree *Tree, size int64) Answer {
	l := &Log{Server: &httptest.Server{URL: "http://log"}, tree: tree, ops: tree.View(size)}
	return func(path string, _ []byte) []byte {
		data, err := l.Fetch(context.Background(), path, 1<<20)
		if err != nil {
			return nil
		}
		return data
	}
}

// splitLookup divides the answer to a lookup.
func splitLookup(truth []byte) (record, head []byte, ok bool) {
	i := bytes.Index(truth, []byte("\n\n"))
	if i < 0 {
		return nil, nil, false
	}
	return truth[:i+2], truth[i+2:], true
}

// isLookup reports whether a path is that of a record.
func isLookup(path string) bool { return strings.HasPrefix(path, "lookup/") }
