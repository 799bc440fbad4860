// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

// Package sumdbtest serves a checksum database on loopback, for tests and
// benchmarks: the protocol's reference server, golang.org/x/mod/sumdb, over a
// log whose records and key the test chooses, with a place to lie.
//
// [New] begins an empty log, to which a test adds records. [Serve] shows a
// [Tree] of as many synthetic records as are wanted, up to millions, at any size
// up to its own:
//
//	tree := sumdbtest.NewTree(b, 1_000_000) // about a second
//	log := sumdbtest.Serve(b, tree)
//	log.Delay(100 * time.Millisecond) // of each request; costs no CPU
//	modules := []module.Version{sumdbtest.Module(0), sumdbtest.Module(999_999)}
//
// A [Log] can be asked over HTTP, at its URL, or in memory: it is a Fetcher of
// package sumdb, so that a benchmark can count the work of a verifier without
// that of two HTTP stacks.
//
// [Mutators] is a table of lies for it.
package sumdbtest

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/mod/module"
	"golang.org/x/mod/sumdb"
	"golang.org/x/mod/sumdb/note"
)

// Name is the name of the log.
const Name = "sumdb.test.example"

// A Log is a checksum database served on loopback, below its own URL, and also
// as a proxy would pass it on, below URL/sumdb/Name.
type Log struct {
	*httptest.Server
	Key string // verifier key: name+hash+key

	ops     sumdb.ServerOps
	test    *sumdb.TestServer // ops, of a log to which records can be added
	tree    *Tree             // what ops shows, of one that was made by Serve
	delay   atomic.Int64      // nanoseconds
	lied    atomic.Int64
	mu      sync.Mutex
	records map[string][]byte
	calls   []string
	lie     func(w http.ResponseWriter, r *http.Request, honest http.Handler)
}

// New starts a log with no records, and ends it with the test.
func New(t testing.TB) *Log {
	t.Helper()
	signer, verifier := Key(t)
	return NewWithKey(t, signer, verifier)
}

// Key makes a key of the log's name.
func Key(t testing.TB) (signer, verifier string) {
	t.Helper()
	signer, verifier, err := note.GenerateKey(rand.Reader, Name)
	if err != nil {
		t.Fatal(err)
	}
	return signer, verifier
}

// NewWithKey starts a log that signs with a given key, so that a second one can
// take the place of a first.
func NewWithKey(t testing.TB, signer, verifier string) *Log {
	t.Helper()
	l := &Log{Key: verifier, records: map[string][]byte{}}
	l.test = sumdb.NewTestServer(signer, func(path, version string) ([]byte, error) {
		l.mu.Lock()
		defer l.mu.Unlock()
		if text, ok := l.records[path+"@"+version]; ok {
			return text, nil
		}
		return nil, fmt.Errorf("%s@%s: not found", path, version)
	})
	l.ops = l.test
	l.start(t)
	return l
}

// Serve starts a log that shows all of a tree. No records can be added to it.
func Serve(t testing.TB, tree *Tree) *Log {
	t.Helper()
	l := &Log{Key: tree.Key, tree: tree, ops: tree.View(tree.Size())}
	l.start(t)
	return l
}

func (l *Log) start(t testing.TB) {
	l.Server = httptest.NewServer(http.HandlerFunc(l.serve))
	t.Cleanup(l.Close)
}

// Show makes a log of [Serve] show the first size records of its tree, so that
// it grows, or goes back.
func (l *Log) Show(size int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ops = l.tree.View(size)
}

// Delay makes each answer wait for d, as a distant server's does. Many requests
// can wait at once, and waiting takes no CPU.
func (l *Log) Delay(d time.Duration) { l.delay.Store(int64(d)) }

// GOSUMDB returns the value with which the go command asks this log.
func (l *Log) GOSUMDB() string { return l.Key + " " + l.URL }

// Add logs a record for m: lines of go.sum.
func (l *Log) Add(t testing.TB, m module.Version, text string) {
	t.Helper()
	if l.test == nil {
		t.Fatal("a log over a tree takes no records")
	}
	l.mu.Lock()
	l.records[m.Path+"@"+m.Version] = []byte(text)
	l.mu.Unlock()
	if _, err := l.test.Lookup(context.Background(), m); err != nil {
		t.Fatal(err)
	}
}

// Lie lets fn answer requests in the log's place. The path of r is below the
// log's URL; honest gives the true answer.
func (l *Log) Lie(fn func(w http.ResponseWriter, r *http.Request, honest http.Handler)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lie = fn
}

// Mutate lets fn change answers: it makes the lies of a [Mutator] the log's own.
// They are told to whoever asks, over HTTP or by Fetch, until the next Mutate or
// Lie. nil ends it.
func (l *Log) Mutate(fn Answer) {
	l.lied.Store(0)
	if fn == nil {
		l.Lie(nil)
		return
	}
	l.Lie(func(w http.ResponseWriter, r *http.Request, honest http.Handler) {
		a := &answer{header: http.Header{}}
		honest.ServeHTTP(a, r)
		truth := a.body.Bytes()
		if a.status != 0 && a.status != http.StatusOK {
			truth = nil
		}
		said := fn(strings.TrimPrefix(r.URL.Path, "/"), bytes.Clone(truth))
		if (said == nil) != (truth == nil) || !bytes.Equal(said, truth) {
			l.lied.Add(1)
		}
		if said == nil {
			http.NotFound(w, r)
			return
		}
		w.Write(said)
	})
}

// Lied is how many answers since the last Mutate were not the true ones.
func (l *Log) Lied() int { return int(l.lied.Load()) }

// Calls returns the paths requested since the last call, in order.
func (l *Log) Calls() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	calls := l.calls
	l.calls = nil
	return calls
}

// Fetch answers in memory what the log answers to a request below its URL: it
// implements the Fetcher of package sumdb.
func (l *Log) Fetch(ctx context.Context, path string, limit int64) ([]byte, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, l.URL+"/"+path, nil)
	if err != nil {
		return nil, err
	}
	w := &answer{header: http.Header{}}
	l.serve(w, r)
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case w.status == http.StatusNotFound, w.status == http.StatusGone:
		return nil, fs.ErrNotExist
	case w.status != 0 && w.status != http.StatusOK:
		return nil, fmt.Errorf("get %s: %d %s", path, w.status, http.StatusText(w.status))
	case int64(w.body.Len()) > limit:
		return nil, fmt.Errorf("get %s: more than %d bytes", path, limit)
	}
	return w.body.Bytes(), nil
}

// answer is a response in memory.
type answer struct {
	header http.Header
	status int // 0: none was written
	body   bytes.Buffer
}

func (a *answer) Header() http.Header         { return a.header }
func (a *answer) Write(p []byte) (int, error) { return a.body.Write(p) }
func (a *answer) WriteHeader(status int) {
	if a.status == 0 {
		a.status = status
	}
}

func (l *Log) serve(w http.ResponseWriter, r *http.Request) {
	if d := time.Duration(l.delay.Load()); d > 0 {
		select {
		case <-time.After(d):
		case <-r.Context().Done():
			return
		}
	}
	r.URL.Path = strings.TrimPrefix(r.URL.Path, "/sumdb/"+Name)
	l.mu.Lock()
	l.calls = append(l.calls, r.URL.Path)
	lie := l.lie
	l.mu.Unlock()
	honest := http.HandlerFunc(l.honest)
	if lie != nil {
		lie(w, r, honest)
		return
	}
	honest(w, r)
}

func (l *Log) honest(w http.ResponseWriter, r *http.Request) {
	defer func() { // the reference test server panics for tiles out of range
		if recover() != nil {
			http.NotFound(w, r)
		}
	}()
	if r.URL.Path == "/supported" {
		return
	}
	if m, ok := strings.CutPrefix(r.URL.Path, "/lookup/"); ok && l.test != nil && !l.has(m) {
		http.NotFound(w, r)
		return
	}
	l.mu.Lock()
	ops := l.ops
	l.mu.Unlock()
	sumdb.NewServer(ops).ServeHTTP(w, r)
}

func (l *Log) has(escaped string) bool {
	path, version, _ := strings.Cut(escaped, "@")
	path, err := module.UnescapePath(path)
	if err != nil {
		return false
	}
	if version, err = module.UnescapeVersion(version); err != nil {
		return false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	_, ok := l.records[path+"@"+version]
	return ok
}
