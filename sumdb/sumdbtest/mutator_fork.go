// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package sumdbtest

import (
	"fmt"

	"golang.org/x/mod/sumdb/tlog"
)

// forkMutators are logs, signed by the true key, that are at odds with the head
// that the client has kept, or go back behind it.
func forkMutators() []Mutator {
	// known tells the lie to those who have kept a head.
	known := func(name, want string, mutate func(*Attack) Answer) Mutator {
		return Mutator{Name: name, Want: want, Mutate: func(a *Attack) Answer {
			if a.Before == 0 {
				return nil
			}
			return mutate(a)
		}}
	}
	var out []Mutator
	for _, size := range behindSizes {
		out = append(out, behind(size, fork, func(a *Attack, n int64) []byte {
			return a.Tree.Sign(string(tlog.FormatTree(tlog.Tree{N: n, Hash: tlog.RecordHash(nil)}))) // of a tree that nobody need make
		}))
		out = append(out, behind(size, Allowed, func(a *Attack, n int64) []byte { return a.Tree.Signed(n) }).proven())
	}
	rollback := known("rollback of everything", Backwards, func(a *Attack) Answer {
		if a.Target >= a.Before-1 {
			return nil // it would not have the record
		}
		return world(a.Tree, a.Before-1)
	})
	rollback.Proven = true
	return append(out, []Mutator{
		rollback,
		known("latest head of before the one kept", Behind, func(a *Attack) Answer {
			return at("latest", func([]byte) []byte { return a.Tree.Signed(a.Before - 1) })
		}).proven(),
		known("fork at the first record", fork, func(a *Attack) Answer { return world(a.Tree.Fork(0, a.Size), a.Size) }),
		known("fork at the last record known", fork, func(a *Attack) Answer { return world(a.Tree.Fork(a.Before-1, a.Size), a.Size) }),
		known("fork of the size known", fork, func(a *Attack) Answer {
			if a.Target >= a.Before {
				return nil
			}
			return world(a.Tree.Fork(a.Before-1, a.Before), a.Before)
		}),
		known("fork smaller than what is known", fork+"|"+badTile+"|"+badTree, func(a *Attack) Answer {
			if a.Before < 2 || a.Target >= a.Before-1 {
				return nil
			}
			return world(a.Tree.Fork(a.Before-2, a.Before), a.Before-1)
		}),
		known("fork in the latest head alone", fork, func(a *Attack) Answer {
			signed := a.Tree.Fork(a.Before-1, a.Size).Signed(a.Size)
			return at("latest", func([]byte) []byte { return signed })
		}),
		known("fork in the latest head alone, of the size known", fork, func(a *Attack) Answer {
			signed := a.Tree.Fork(a.Before-1, a.Before).Signed(a.Before)
			return at("latest", func([]byte) []byte { return signed })
		}),
		known("fork behind the record alone", fork, func(a *Attack) Answer {
			signed := a.Tree.Fork(a.Before-1, a.Size).Signed(a.Size)
			return at(a.lookup(), func(truth []byte) []byte {
				record, _, _ := splitLookup(truth)
				return append(record, signed...)
			})
		}),
		{Name: "twins: two latest heads of one size", Want: fork, Mutate: func(a *Attack) Answer {
			signed := a.Tree.Fork(a.Size-1, a.Size).Signed(a.Size)
			return at("latest", func([]byte) []byte { return signed })
		}},
		{Name: "another key's log", Want: badSignature, Mutate: func(a *Attack) Answer { return world(a.Other, a.Size) }},
	}...)
}

// behindSizes are sizes of older heads behind a record: around the borders of
// tiles, and far from what the records need. 0 stands for one less than the log
// has.
var behindSizes = []int64{1, 2, 255, 256, 257, 600, 40_000, 51_200, 0}

// behind gives the record under an older head than everything else, which is
// honest or of a fork. It is no lie about the latest head, or another record.
func behind(size int64, want string, signed func(a *Attack, n int64) []byte) Mutator {
	name := fmt.Sprintf("%d records", size)
	if size == 0 {
		name = "all records but the last"
	}
	return Mutator{Name: fmt.Sprintf("older head behind the record, of %s, %s", name, want), Want: want, Mutate: func(a *Attack) Answer {
		n := size
		if n == 0 {
			n = a.Size - 1
		}
		if n <= a.Target || n >= a.Size {
			return nil
		}
		head := signed(a, n)
		return at(a.lookup(), func(truth []byte) []byte {
			record, _, _ := splitLookup(truth)
			return append(record, head...)
		})
	}}
}

// proven is m, where the record is proven nevertheless.
func (m Mutator) proven() Mutator {
	m.Proven = true
	return m
}
