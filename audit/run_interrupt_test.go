// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package audit

import (
	"context"
	"errors"
	"sync"
	"testing"
)

// A check that ignores its context is left behind: Run returns with what is
// known, and what the check says afterwards changes nothing.
func TestInterrupt(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	begun, release, late := make(chan struct{}), make(chan struct{}), make(chan struct{})
	deaf := check("a", func(_ context.Context, p *Pass) (any, error) {
		defer close(late)
		p.Report(finding("a/high", "before"))
		kept := p.Evidence("k", []byte("before"))
		<-begun
		cancel()
		<-release // until the test has the report
		p.Report(finding("a/critical", "after"))
		p.Report(finding("a/nope", "after"))
		p.Progress(1, 1)
		if p.Evidence("k", []byte("after")) != Digest([]byte("after")) {
			t.Error("no digest for late evidence")
		}
		return kept, nil
	})
	heeds := check("b", func(ctx context.Context, _ *Pass) (any, error) {
		close(begun)
		<-ctx.Done()
		return "part", ctx.Err()
	})
	dependent := check("c", gives(1), deaf)
	follows := check("d", gives(1), heeds)

	store := &memory{}
	var mu sync.Mutex
	over := false
	events := func(e Event) {
		mu.Lock()
		defer mu.Unlock()
		if over {
			t.Errorf("event after the end: %+v", e)
		}
	}
	rep := mustRunContext(t, ctx, Config{Evidence: store, Events: events}, deaf, heeds, dependent, follows)
	mu.Lock()
	over = true
	mu.Unlock()
	close(release)
	<-late

	demand(t, rep, "a", Failed, reasonInterrupted, "interrupted")
	demand(t, rep, "b", Unassessed, reasonInterrupted, "interrupted")
	demand(t, rep, "c", Unassessed, reasonRequires, "needs a")
	demand(t, rep, "d", Unassessed, reasonInterrupted, "interrupted")
	if string(rep.Facts["b"]) != `"part"` {
		t.Errorf("facts %s", rep.Facts["b"])
	}
	if len(rep.Findings) != 1 || rep.Findings[0].Subject.Name != "before" {
		t.Errorf("findings %+v", rep.Findings)
	}
	if len(rep.Evidence) != 1 || rep.Evidence[0].Digest != Digest([]byte("before")) {
		t.Errorf("evidence %+v", rep.Evidence)
	}
	if got := store.digests(); len(got) != 1 || got[0] != Digest([]byte("before")) {
		t.Errorf("stored %v", got)
	}
}

// A run that was over before it began examines nothing and says so.
func TestInterruptedBefore(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	a := check("a", func(context.Context, *Pass) (any, error) {
		t.Error("ran")
		return 1, nil
	})
	rep := mustRunContext(t, ctx, Config{}, a, &Check{ID: "b", Applies: func(*Target) bool { return false }})
	demand(t, rep, "a", Unassessed, reasonInterrupted, "interrupted")
	demand(t, rep, "b", NotApplicable, "", "")
	if rep.Verdict != VerdictIncomplete {
		t.Errorf("verdict %s", rep.Verdict)
	}
}

// memory is an evidence store.
type memory struct {
	mu   sync.Mutex
	data map[string][]byte
	err  error
}

func (m *memory) Put(digest string, data []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.data == nil {
		m.data = map[string][]byte{}
	}
	m.data[digest] = append([]byte(nil), data...)
	return m.err
}

func (m *memory) digests() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []string
	for d := range m.data {
		out = append(out, d)
	}
	return out
}

// Evidence that cannot be kept is an error of the check: its verdict could not
// be proven later.
func TestEvidenceNotKept(t *testing.T) {
	a := check("a", func(_ context.Context, p *Pass) (any, error) {
		p.Evidence("k", []byte("x"))
		return 1, NotAssessed("a/unknown", Args{"what": "it"})
	})
	rep := mustRun(t, Config{Evidence: &memory{err: errors.New("disk full")}}, a)
	demand(t, rep, "a", Errored, "", "disk full")
	if len(rep.Evidence) != 0 {
		t.Errorf("evidence %v", rep.Evidence)
	}
}
