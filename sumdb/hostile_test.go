// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package sumdb

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/goassay/assay/sumdb/sumdbtest"
)

func kinds(res *Result) []Kind {
	var out []Kind
	for _, v := range res.Violations {
		out = append(out, v.Kind)
	}
	return out
}

// A fork that is shown once, and hidden when the network is asked again
// because the cache is suspected, stays a fork.
func TestForkShownOnce(t *testing.T) {
	signer, verifier := sumdbtest.Key(t)
	first, second := sumdbtest.NewWithKey(t, signer, verifier), sumdbtest.NewWithKey(t, signer, verifier)
	for i := range 20 {
		first.Add(t, mod(i), recordText(mod(i)))
		second.Add(t, mod(i+100), recordText(mod(i+100)))
	}
	log, err := ParseLog(first.GOSUMDB())
	if err != nil {
		t.Fatal(err)
	}
	other, err := httpFetcher(second.URL).Fetch(context.Background(), "latest", maxCheckpoint)
	if err != nil {
		t.Fatal(err)
	}
	v := &Verifier{Log: log, Fetcher: httpFetcher(first.URL), Cache: DirCache(t.TempDir())}
	verify(t, v, mods(1))
	shown := false
	first.Lie(func(w http.ResponseWriter, r *http.Request, honest http.Handler) {
		if r.URL.Path == "/latest" && !shown {
			shown = true
			w.Write(other)
			return
		}
		honest.ServeHTTP(w, r)
	})
	res := verify(t, v, mods(1))
	if !slices.Equal(kinds(res), []Kind{Fork}) || res.Head != nil || res.Answers[0].Record != nil {
		t.Errorf("%v, head %v", res.Violations, res.Head)
	}
}

// A lie of the network is told, also where an honest answer follows.
func TestTileForgedOnce(t *testing.T) {
	srv, log := newLog(t, 300)
	v := &Verifier{Log: log, Fetcher: httpFetcher(srv.URL), Cache: DirCache(t.TempDir())}
	verify(t, v, mods(299))
	forged := false
	srv.Lie(func(w http.ResponseWriter, r *http.Request, honest http.Handler) {
		if r.URL.Path == "/tile/8/0/000" && !forged {
			forged = true
			w.Write(make([]byte, maxTile))
			return
		}
		honest.ServeHTTP(w, r)
	})
	if res := verify(t, v, mods(3, 299)); !slices.Equal(kinds(res), []Kind{BadTile}) {
		t.Errorf("%v", res.Violations)
	}
}

// Where network and cache lie in one run, the network's lie is told, and the
// cache's is mended.
func TestBothLie(t *testing.T) {
	srv, log := newLog(t, 300)
	cache := DirCache(t.TempDir())
	v := &Verifier{Log: log, Fetcher: httpFetcher(srv.URL), Cache: cache}
	verify(t, v, mods(299))
	name, err := lookupPath(mod(299))
	if err != nil {
		t.Fatal(err)
	}
	data, err := cache.Read(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := cache.Write(name, []byte(strings.Replace(string(data), "h1:zip", "h1:zap", 1))); err != nil {
		t.Fatal(err)
	}
	forged := false
	srv.Lie(func(w http.ResponseWriter, r *http.Request, honest http.Handler) {
		if r.URL.Path == "/tile/8/0/000" && !forged {
			forged = true
			w.Write(make([]byte, maxTile))
			return
		}
		honest.ServeHTTP(w, r)
	})
	res := verify(t, v, mods(3, 299))
	if !slices.Equal(kinds(res), []Kind{BadTile}) || res.Answers[0].Record == nil || res.Answers[1].Record == nil {
		t.Errorf("%v %v %v", res.Violations, res.Answers[0].Err, res.Answers[1].Err)
	}
}

// signedLog is a log of n records, and its signer of any other head.
func signedLog(t *testing.T, n int) (*sumdbtest.Log, *Log, func(tlog.Tree) []byte) {
	key, verifier := sumdbtest.Key(t)
	srv := sumdbtest.NewWithKey(t, key, verifier)
	for i := range n {
		srv.Add(t, mod(i), recordText(mod(i)))
	}
	log, err := ParseLog(srv.GOSUMDB())
	if err != nil {
		t.Fatal(err)
	}
	signer, err := note.NewSigner(key)
	if err != nil {
		t.Fatal(err)
	}
	return srv, log, func(tree tlog.Tree) []byte {
		signed, err := note.Sign(&note.Note{Text: string(tlog.FormatTree(tree))}, signer)
		if err != nil {
			t.Error(err)
		}
		return signed
	}
}

// Heads behind older records, honest ones and others.
func TestForkOfOldHeads(t *testing.T) {
	srv, log, sign := signedLog(t, 600)
	honestRoot := func(size int64) tlog.Hash {
		var hashes []tlog.Hash
		reader := tlog.HashReaderFunc(func(at []int64) ([]tlog.Hash, error) {
			var out []tlog.Hash
			for _, i := range at {
				out = append(out, hashes[i])
			}
			return out, nil
		})
		for i := range size {
			more, err := tlog.StoredHashes(i, []byte(recordText(mod(int(i)))), reader)
			if err != nil {
				t.Fatal(err)
			}
			hashes = append(hashes, more...)
		}
		root, err := tlog.TreeHash(size, reader)
		if err != nil {
			t.Fatal(err)
		}
		return root
	}
	wrong := tlog.RecordHash([]byte("wrong"))
	tests := []struct {
		name    string
		heads   []tlog.Tree // behind the records of modules 0, 1, ...
		fork    bool
		checked int
	}{
		{"honest, tiles at hand", []tlog.Tree{{N: 200, Hash: honestRoot(200)}}, false, 2},
		{"honest, tiles of no record", []tlog.Tree{{N: 300, Hash: honestRoot(300)}}, false, 2},
		{"honest, at the border of a tile", []tlog.Tree{{N: 512, Hash: honestRoot(512)}}, false, 2},
		{"wrong, tiles at hand", []tlog.Tree{{N: 200, Hash: wrong}}, true, 0},
		{"wrong, tiles of no record", []tlog.Tree{{N: 300, Hash: wrong}}, true, 0},
		{"wrong, at the border of a tile", []tlog.Tree{{N: 512, Hash: wrong}}, true, 0},
		{"two of one size", []tlog.Tree{{N: 300, Hash: honestRoot(300)}, {N: 300, Hash: wrong}}, true, 0},
		{"two of the newest size", []tlog.Tree{{N: 600, Hash: wrong}}, true, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			srv.Lie(func(w http.ResponseWriter, r *http.Request, honest http.Handler) {
				for i, head := range tt.heads {
					if strings.HasPrefix(r.URL.Path, fmt.Sprintf("/lookup/example.com/m%d@", i)) {
						record, err := tlog.FormatRecord(int64(i), []byte(recordText(mod(i))))
						if err != nil {
							t.Error(err)
						}
						w.Write(append(record, sign(head)...))
						return
					}
				}
				honest.ServeHTTP(w, r)
			})
			res := verify(t, &Verifier{Log: log, Fetcher: httpFetcher(srv.URL)}, mods(0, 1))
			if fork := slices.Contains(kinds(res), Fork); fork != tt.fork || fork != (res.Answers[0].Record == nil) {
				t.Errorf("violations %v, record %v", res.Violations, res.Answers[0].Record)
			}
			if !tt.fork && res.HeadsChecked != tt.checked {
				t.Errorf("%d heads checked, want %d", res.HeadsChecked, tt.checked)
			}
		})
	}
}

// Signed sizes at which package tlog would not end.
func TestHugeTree(t *testing.T) {
	_, log, sign := signedLog(t, 1)
	for _, n := range []int64{maxSize + 1, 1<<62 + 1, 1<<63 - 1} {
		if cp, err := log.OpenCheckpoint(sign(tlog.Tree{N: n})); err == nil {
			t.Errorf("size %d: %+v", n, cp)
		}
	}
	cp, err := log.OpenCheckpoint(sign(tlog.Tree{N: maxSize}))
	if err != nil {
		t.Fatal(err)
	}
	p := &Proof{ID: maxSize - 1, Text: []byte(recordText(mod(1))), Hashes: make(tlog.RecordProof, 60), Checkpoint: cp.Signed}
	if _, _, err := p.Verify(log, mod(1)); err == nil {
		t.Error("a proof of nothing passes")
	}
	s := newTileSet(cp)
	s.path(maxSize - 1)
	if err := s.verifyEdge(); err == nil {
		t.Error("the tiles of nothing have a root")
	}
}

// A server that answers everything with garbage fills no memory with it.
func TestGarbage(t *testing.T) {
	srv, log := newLog(t, 3)
	garbage := make([]byte, maxLookup)
	rand.Read(garbage)
	srv.Lie(func(w http.ResponseWriter, r *http.Request, honest http.Handler) {
		if strings.HasPrefix(r.URL.Path, "/lookup") {
			w.Write(garbage)
			return
		}
		honest.ServeHTTP(w, r)
	})
	ids := make([]int, 5*maxViolations)
	for i := range ids {
		ids[i] = i
	}
	res := verify(t, &Verifier{Log: log, Fetcher: httpFetcher(srv.URL)}, mods(ids...))
	if len(res.Violations) != maxViolations {
		t.Errorf("%d violations", len(res.Violations))
	}
	kept := 0
	for _, a := range res.Answers {
		var v *Violation
		if a.Record != nil || !errors.As(a.Err, &v) || v.Kind != BadRecord {
			t.Fatalf("%v: %v, %v", a.Module, a.Record, a.Err)
		}
		kept += len(v.Evidence)
	}
	if kept > maxViolations {
		t.Errorf("%d answers are kept", kept)
	}
}
