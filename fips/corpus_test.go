// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package fips_test

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/goassay/assay/audit/gobin"
	"github.com/goassay/assay/fips"
	"github.com/goassay/assay/internal/machine"
)

var (
	allWays   = flag.Bool("all-ways", false, "build the corpus in all combinations of options, and with other toolchains, which the module proxy must serve; takes minutes")
	corpusDir = flag.String("corpus", "", "write the corpus into this directory, with the truth as truth.tsv")
)

// TestCorpus holds assay's word for each executable against what the executable
// does when it runs. No executable is called certified that does not run in FIPS
// mode with the certified module, but for those whose limit says why.
func TestCorpus(t *testing.T) {
	machine.Long(t, "builds some hundred executables")
	if runtime.GOOS != "linux" || runtime.GOARCH != "amd64" {
		t.Skip("the executables are built for linux/amd64, run, and changed as ELF files")
	}
	c := &corpus{root: t.TempDir(), bases: map[string]*base{}, names: map[string]bool{}}
	if *corpusDir != "" {
		if err := os.MkdirAll(*corpusDir, 0o777); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := os.WriteFile(filepath.Join(*corpusDir, "truth.tsv"), []byte(c.table()), 0o666); err != nil {
				t.Error(err)
			}
		})
	}
	list := ways
	if *allWays {
		list = append(slices.Clone(ways), combinations()...)
		list = append(list, toolchains(t)...)
	}
	for _, w := range list {
		if w.slow && !*allWays && *corpusDir == "" {
			continue
		}
		t.Run(w.name, func(t *testing.T) {
			t.Parallel()
			if w.needs != "" {
				machine.Need(t, w.needs)
			}
			c.hold(t, w)
		})
	}
}

// A corpus builds each executable once.
type corpus struct {
	root  string
	mu    sync.Mutex
	bases map[string]*base
	rows  []string
	names map[string]bool
}

type base struct {
	once sync.Once
	data []byte
}

// hold makes an executable, runs it, and holds what assay says against that.
func (c *corpus) hold(t *testing.T, w way) {
	var data []byte
	if w.make != nil {
		data = w.make(t, func(w way) []byte { return c.build(t, w) })
	} else {
		data = c.build(t, w)
	}
	if w.change != nil {
		s := dissect(t, bytes.Clone(data))
		w.change(s)
		data = s.data
	}
	path := filepath.Join(t.TempDir(), "prog")
	if *corpusDir != "" {
		path = filepath.Join(*corpusDir, c.fileName(w.name))
	}
	if err := os.WriteFile(path, data, 0o777); err != nil {
		t.Fatal(err)
	}
	truth := measure(t, path, w)
	if why := truth.consistent(); why != "" {
		t.Errorf("the witness contradicts itself: %s", why)
	}
	rule := w.verdict
	if truth.how != "" {
		rule = truth.verdict(claimed(data))
	}
	got, states := judgeAll(t, data)
	if got != w.verdict {
		t.Errorf("%s, want %s: %s", got, w.verdict, explain(states))
	}
	switch differ := got != rule; {
	case differ && w.gap == "" && w.limit == "":
		t.Errorf("%s, and by what it does it is %s: %+v\n%s", got, rule, truth, explain(states))
	case !differ && w.gap+w.limit != "" && truth.how != "" && !sealed(w):
		t.Errorf("no gap and no limit: %s", got)
	case got == certified && w.limit == "" && truth.how != "" && !truth.proves():
		t.Errorf("certified, and it does not run so: %+v", truth)
	case w.gap != "" && got != unknown && got != unreadable:
		t.Errorf("a gap leaves %s", got)
	}
	truth.compareDefault(t, states)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.rows = append(c.rows, truth.row(path, w, rule, got))
}

// proves reports whether the program ran in FIPS mode with the certified module.
func (t truth) proves() bool {
	for _, r := range []run{t.plain, t.on} {
		if !r.starts || !r.enabled || frozen(r.module) != "v1.0.0-c2097c7c" {
			return false
		}
	}
	return true
}

// sealed reports whether the change is one that a program does not show when it
// runs.
func sealed(w way) bool { return w.limit == limitSeal || w.limit == limitBuilt }

// compareDefault compares the default of GODEBUG with what the program printed.
func (t truth) compareDefault(tt *testing.T, states []fips.State) {
	if !t.plain.starts {
		return
	}
	for _, s := range states {
		if s.Seen == nil {
			tt.Error("not looked at")
			continue
		}
		if s.Seen.Module == fips.Unknown && s.Verdict() == unknown { // nothing is said of it
			continue
		}
		exact := len(s.Seen.GODEBUG) == 1 && s.Seen.GODEBUG[0] == t.plain.godebug
		if s.Seen.Basis == gobin.BySearch {
			exact = slices.Contains(s.Seen.GODEBUG, t.plain.godebug) || s.Seen.GODEBUG == nil && t.plain.godebug == ""
		}
		if !exact {
			tt.Errorf("default of GODEBUG %q by %s, and the program prints %q", s.Seen.GODEBUG, s.Seen.Basis, t.plain.godebug)
		}
	}
}

// judgeAll is assay's word: of a universal file the one that all members have.
func judgeAll(t *testing.T, data []byte) (fips.Verdict, []fips.State) {
	f, err := gobin.New(bytes.NewReader(data), int64(len(data)))
	if errors.Is(err, gobin.ErrNotGo) {
		return notGo, nil
	}
	if err != nil {
		return unreadable, nil
	}
	var verdict fips.Verdict
	var states []fips.State
	for _, m := range f.Executables() {
		s := fips.Judge(m, fips.Look(m), fips.BuiltInCertificates(), now)
		if copies, _, err := m.CompareBuildInfo(); err == nil && copies == gobin.CopiesDiffer { // as the check does
			s.Disagreements = append(s.Disagreements, fips.Disagreement{Claim: "one copy of the build info", Against: "the other"})
		}
		if v := s.Verdict(); verdict == "" {
			verdict = v
		} else if v != verdict {
			t.Errorf("%s and %s", verdict, v)
		}
		states = append(states, s)
	}
	return verdict, states
}

// build builds an executable, or takes the one that was built of the same source in
// the same way.
func (c *corpus) build(t *testing.T, w way) []byte {
	t.Helper()
	key := fmt.Sprintf("%q", []any{w.args, w.source, w.debug, w.gomod, w.decoy})
	c.mu.Lock()
	b := c.bases[key]
	if b == nil {
		b = new(base)
		c.bases[key] = b
	}
	dir := filepath.Join(c.root, fmt.Sprint(len(c.bases), w.source))
	c.mu.Unlock()
	b.once.Do(func() { b.data = compile(t, dir, w) })
	if b.data == nil {
		t.Fatal("not built")
	}
	return b.data
}

func (c *corpus) fileName(name string) string {
	name = strings.Trim(regexp.MustCompile(`[^a-zA-Z0-9.]+`).ReplaceAllString(name, "-"), "-.")
	c.mu.Lock()
	defer c.mu.Unlock()
	for c.names[name] {
		name += "+"
	}
	c.names[name] = true
	return name
}

func (c *corpus) table() string {
	slices.Sort(c.rows)
	return rowHead + strings.Join(c.rows, "")
}

// explain is what states rest on.
func explain(states []fips.State) string {
	var out []string
	for _, s := range states {
		out = append(out, fmt.Sprintf("reasons %q, doubts %q, disagreements %q, mode %+v, module %+v, seen %+v", s.Reasons(), s.Doubts(), s.Disagreements, s.Mode, s.Module, s.Seen))
	}
	return strings.Join(out, "\n")
}
