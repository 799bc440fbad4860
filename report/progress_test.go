// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package report

import (
	"bytes"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"

	"github.com/goassay/assay/audit"
)

// onTerminal returns a progress that believes in a terminal of n columns and a
// clock that advances by step with each look.
func onTerminal(w *bytes.Buffer, lang audit.Lang, n int, step time.Duration) *Progress {
	p := newProgress(w, lang, sampleChecks()[:3]) // env, sumdb, graph
	clock := time.Date(2026, 11, 20, 13, 5, 17, 0, time.UTC)
	p.now = func() time.Time { clock = clock.Add(step); return clock }
	p.width = func() int { return n }
	return p
}

func TestProgress(t *testing.T) {
	var buf bytes.Buffer
	p := onTerminal(&buf, audit.English, 80, time.Second)
	p.Event(audit.Event{Check: "graph", Done: 1, Total: 3})
	p.Event(audit.Event{Check: "graph", Outcome: audit.Passed})
	p.Event(audit.Event{Check: "sumdb", Done: 120, Total: 312})
	p.Event(audit.Event{Check: "goenv-of-another-check", Outcome: audit.Passed}) // required, not asked for
	p.Event(audit.Event{Check: "env", Outcome: audit.Failed})
	p.Event(audit.Event{Check: "sumdb", Outcome: audit.Passed})
	p.Close()
	p.Event(audit.Event{Check: "sumdb", Done: 313, Total: 312}) // left behind by the engine
	p.Close()

	erase := "\r" + ansi.EraseEntireLine
	want := erase + strings.Join([]string{
		"checks 0/3: graph 1/3, env, sumdb",
		"checks 1/3: env, sumdb",
		"checks 1/3: sumdb 120/312, env",
		"checks 1/3: sumdb 120/312, env",
		"checks 2/3: sumdb 120/312",
		"checks 3/3",
		"",
	}, erase)
	if got := buf.String(); got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func TestProgressFitsTheTerminal(t *testing.T) {
	for _, lang := range audit.Languages() {
		for _, n := range []int{1, 10, 20, 30} {
			var buf bytes.Buffer
			p := onTerminal(&buf, lang, n, time.Second)
			p.Event(audit.Event{Check: "graph", Done: 1, Total: 3})
			if w := width(buf.String()); w >= n && w > 0 {
				t.Errorf("%d columns on a terminal of %d: %q", w, n, buf.String())
			}
		}
	}
}

func TestProgressDrawsNotTooOften(t *testing.T) {
	var buf bytes.Buffer
	p := onTerminal(&buf, audit.English, 80, redraw/10)
	for i := range 100 {
		p.Event(audit.Event{Check: "sumdb", Done: i, Total: 100})
	}
	if n := strings.Count(buf.String(), "\r"); n != 10 {
		t.Errorf("drawn %d times in 100 events of a tenth of the interval each", n)
	}
}

func TestProgressSilentOffATerminal(t *testing.T) {
	file, err := os.Create(t.TempDir() + "/log")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var buf bytes.Buffer
	for _, p := range []*Progress{
		NewProgress(file, []string{"TERM=xterm"}, audit.English, sampleChecks()),
		NewProgress(&buf, []string{"TERM=xterm"}, audit.English, sampleChecks()),
	} {
		p.Event(audit.Event{Check: "sumdb", Done: 1, Total: 3})
		p.Close()
	}
	if info, err := file.Stat(); err != nil || info.Size() != 0 || buf.Len() != 0 {
		t.Errorf("written: %v, %v, %q", info.Size(), err, buf.String())
	}
}
