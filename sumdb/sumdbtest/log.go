// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

// Package sumdbtest serves a checksum database on loopback, for tests: the
// protocol's reference server, golang.org/x/mod/sumdb, over a log whose records
// and key the test chooses, with a place to lie.
package sumdbtest

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

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

	ops     *sumdb.TestServer
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
	l.ops = sumdb.NewTestServer(signer, func(path, version string) ([]byte, error) {
		l.mu.Lock()
		defer l.mu.Unlock()
		if text, ok := l.records[path+"@"+version]; ok {
			return text, nil
		}
		return nil, fmt.Errorf("%s@%s: not found", path, version)
	})
	l.Server = httptest.NewServer(http.HandlerFunc(l.serve))
	t.Cleanup(l.Close)
	return l
}

// GOSUMDB returns the value with which the go command asks this log.
func (l *Log) GOSUMDB() string { return l.Key + " " + l.URL }

// Add logs a record for m: lines of go.sum.
func (l *Log) Add(t testing.TB, m module.Version, text string) {
	t.Helper()
	l.mu.Lock()
	l.records[m.Path+"@"+m.Version] = []byte(text)
	l.mu.Unlock()
	if _, err := l.ops.Lookup(context.Background(), m); err != nil {
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

// Calls returns the paths requested since the last call, in order.
func (l *Log) Calls() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	calls := l.calls
	l.calls = nil
	return calls
}

func (l *Log) serve(w http.ResponseWriter, r *http.Request) {
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
	switch r.URL.Path {
	case "/supported":
	default:
		if m, ok := strings.CutPrefix(r.URL.Path, "/lookup/"); ok && !l.has(m) {
			http.NotFound(w, r)
			return
		}
		sumdb.NewServer(l.ops).ServeHTTP(w, r)
	}
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
