// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"io"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/charmbracelet/x/ansi"
	"golang.org/x/term"

	"github.com/goassay/assay/audit"
)

// Progress shows on a terminal how far an audit is, in one line that it draws
// again and again, and removes at the end. Elsewhere it writes nothing: a log
// would keep every state of the line.
type Progress struct {
	w     io.Writer
	lang  audit.Lang
	width func() int // of the terminal, in columns

	mu      sync.Mutex
	checks  []string // those to come and under way, by ID
	total   int
	steps   map[string]audit.Event // the last event of each check that counts its steps
	drawn   time.Time
	now     func() time.Time
	visible bool
	closed  bool
}

// redraw is the least time between two states of the line: what changes faster
// nobody reads.
const redraw = 80 * time.Millisecond

// NewProgress returns the progress of an audit that makes the given checks. It
// writes to w only if that is a terminal that can move its cursor: one for
// which TERM, in environ, is set and not dumb.
func NewProgress(w io.Writer, environ []string, lang audit.Lang, checks []*audit.Check) *Progress {
	p := newProgress(w, lang, checks)
	f, ok := w.(*os.File)
	if !ok || !isTerminal(w) || dumb(environ) {
		p.closed = true
		return p
	}
	p.width = func() int {
		n, _, err := term.GetSize(int(f.Fd()))
		if err != nil || n <= 0 {
			return 80
		}
		return n
	}
	return p
}

func newProgress(w io.Writer, lang audit.Lang, checks []*audit.Check) *Progress {
	p := &Progress{w: w, lang: lang, total: len(checks), steps: map[string]audit.Event{}, now: time.Now}
	for _, c := range checks {
		p.checks = append(p.checks, c.ID)
	}
	return p
}

// Event takes in what the engine tells: use it as audit.Config.Events.
func (p *Progress) Event(e audit.Event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return
	}
	if e.Outcome != "" {
		delete(p.steps, e.Check)
		p.checks = slices.DeleteFunc(p.checks, func(id string) bool { return id == e.Check })
	} else {
		p.steps[e.Check] = e
	}
	if now := p.now(); now.Sub(p.drawn) >= redraw {
		p.drawn = now
		p.draw()
	}
}

// Close removes the line. What the engine tells from then on is not shown.
func (p *Progress) Close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.visible {
		io.WriteString(p.w, "\r"+ansi.EraseEntireLine)
	}
	p.closed, p.visible = true, false
}

// draw replaces the line. It leaves the last column free, where some terminals
// would go on to the next line.
func (p *Progress) draw() {
	line := truncate(p.line(), p.width()-1)
	io.WriteString(p.w, "\r"+ansi.EraseEntireLine+line)
	p.visible = true
}

// line counts the checks, and names those that are not done: first those that
// count their steps.
func (p *Progress) line() string {
	var parts []string
	for _, counting := range []bool{true, false} {
		for _, id := range p.checks {
			e, ok := p.steps[id]
			switch {
			case ok != counting:
			case ok && e.Total > 0:
				parts = append(parts, fmt.Sprintf("%s %d/%d", clean(id), e.Done, e.Total))
			default:
				parts = append(parts, clean(id))
			}
		}
	}
	s := say(p.lang, msgProgress, audit.Args{"done": p.total - len(p.checks), "total": p.total})
	if len(parts) > 0 {
		s += colon(p.lang) + enumerate(p.lang, parts)
	}
	return s
}
