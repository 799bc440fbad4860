// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package checks

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/goassay/assay/audit"
	"github.com/goassay/assay/audit/modgraph"
	"github.com/goassay/assay/sumdb"
)

// sumAnswer is what is known of one module version: a proven record, or a
// state with its reason.
type sumAnswer struct {
	log    string // the name of the log that answers for it; "" if none
	record *sumdb.Record
	state  State // where record is nil: NotLogged or NotChecked
	reason string
	detail string
}

// claim is one hash and what carries it.
type claim struct {
	modgraph.SumLine
	kind  SourceKind
	place string // of the source
}

// sumJudgement is what the hashes amount to.
type sumJudgement struct {
	modules   []SumDBModule
	lines     SumDBLines
	hashes    *SumDBLines
	mismatch  map[moduleVersion][]claim
	notLogged map[moduleVersion][]claim
	answers   map[moduleVersion]sumAnswer
}

// judgeSums compares hashes with what the logs were proven to say. It is the
// one place where a hash becomes verified, in a run and when a stored report is
// checked again.
func judgeSums(sources []sumSource, answer func(moduleVersion) sumAnswer) *sumJudgement {
	j := &sumJudgement{
		modules:  []SumDBModule{},
		mismatch: map[moduleVersion][]claim{}, notLogged: map[moduleVersion][]claim{},
		answers: map[moduleVersion]sumAnswer{},
	}
	modules := map[moduleVersion]*SumDBModule{}
	for _, s := range sources {
		for _, l := range s.Lines {
			j.judge(claim{l, s.Kind, s.place}, modules, answer)
		}
		for _, l := range s.Unproven {
			j.judge(claim{l, s.Kind, s.place}, modules, answer)
		}
		j.count(s.Kind, NotChecked, leftOut(s.Problems))
	}
	for _, m := range slices.SortedFunc(maps.Keys(modules), compareVersions) {
		a, s := j.answers[m], modules[m]
		s.Log = a.log
		if a.record != nil {
			s.Record = &a.record.ID
		}
		slices.Sort(s.Sources)
		s.Sources = slices.Compact(s.Sources)
		for _, c := range j.mismatch[m] {
			s.Differs = append(s.Differs, c.kind)
		}
		slices.Sort(s.Differs)
		s.Differs = slices.Compact(s.Differs)
		j.modules = append(j.modules, *s)
	}
	return j
}

// judge compares one hash.
func (j *sumJudgement) judge(c claim, modules map[moduleVersion]*SumDBModule, answer func(moduleVersion) sumAnswer) {
	m := moduleVersion{Path: c.Module, Version: c.Version}
	a, ok := j.answers[m]
	if !ok && (c.Hash != "" || c.kind == SourceNamed) {
		a = answer(m)
		j.answers[m] = a
	}
	state, reason := judgeClaim(m, c, a)
	j.count(c.kind, state, 1)
	switch state {
	case Mismatch:
		j.mismatch[m] = append(j.mismatch[m], c)
	case NotLogged:
		j.notLogged[m] = append(j.notLogged[m], c)
	}
	s := modules[m]
	if s == nil {
		s = &SumDBModule{Module: m.Path, Version: m.Version}
		modules[m] = s
	}
	if state == NotChecked {
		s.Open++
	}
	if s.Lines++; s.Lines == 1 || worse(state, s.State) {
		s.State, s.Reason, s.Detail = state, reason, ""
		if reason != reasonNoHash {
			s.Detail = a.detail
		}
	}
	s.Sources = append(s.Sources, c.source())
}

// source names where a hash stands.
func (c claim) source() string {
	if c.Line == 0 {
		return c.File
	}
	return fmt.Sprintf("%s:%d", c.File, c.Line)
}

// count counts a hash: those of go.sum files are lines.
func (j *sumJudgement) count(kind SourceKind, state State, n int) {
	if kind == SourceSum {
		j.lines.add(state, n)
		return
	}
	if j.hashes == nil {
		j.hashes = &SumDBLines{}
	}
	j.hashes.add(state, n)
}

// judgeClaim compares one hash with the record.
func judgeClaim(m moduleVersion, c claim, a sumAnswer) (State, string) {
	switch {
	case c.Hash == "" && c.kind != SourceNamed:
		return NotChecked, reasonNoHash
	case a.record == nil:
		return a.state, a.reason
	}
	hash, ok := a.record.Hash(m, c.GoMod)
	switch {
	case !ok:
		return NotLogged, reasonNoLine
	case hash != c.Hash:
		return Mismatch, ""
	}
	return Verified, ""
}

// worse reports whether a tells against a module more than b.
func worse(a, b State) bool {
	order := []State{Verified, NotChecked, NotLogged, Mismatch}
	return slices.Index(order, a) > slices.Index(order, b)
}

func compareVersions(a, b moduleVersion) int {
	if c := strings.Compare(a.Path, b.Path); c != 0 {
		return c
	}
	return strings.Compare(a.Version, b.Version)
}

// incompleteSums says what was left open. Private modules were left out by the
// user's own word, and are a finding; where nothing at all was verified, that
// is no pass either.
func incompleteSums(facts *SumDBFacts) error {
	reasons := map[string]int{}
	private := false
	for _, m := range facts.Modules {
		if m.State == NotChecked && m.Reason != reasonPrivate {
			reasons[m.Reason] += m.Open
		}
		private = private || m.Reason == reasonPrivate
	}
	for _, f := range facts.Files {
		if f.Malformed > 0 {
			reasons[reasonMalformed] += f.Malformed
		}
	}
	for _, l := range facts.Logs {
		if len(l.Uncompared) > 0 {
			reasons[reasonHead] += len(l.Uncompared)
		}
	}
	total := facts.Lines.total() + facts.Hashes.total()
	unchecked := facts.Lines.NotChecked
	if facts.Hashes != nil {
		unchecked += facts.Hashes.NotChecked
	}
	switch {
	case facts.Lines.total() == 0 && facts.Required > 0:
		return audit.NotAssessed("sumdb/no-lines", audit.Args{"required": facts.Required})
	case reasons[reasonOff] > 0 && reasons[reasonOff] == unchecked:
		return audit.NotAssessed("sumdb/off", audit.Args{"lines": reasons[reasonOff]})
	case len(reasons) > 0:
		var list []string
		for _, r := range slices.Sorted(maps.Keys(reasons)) {
			list = append(list, fmt.Sprintf("%s: %d", r, reasons[r]))
		}
		return audit.NotAssessed("sumdb/not-checked", audit.Args{"lines": unchecked, "total": total, "reasons": list})
	case private && unchecked == total:
		return audit.NotAssessed("sumdb/all-private", audit.Args{"lines": total})
	}
	for _, err := range []error{facts.Cache.incomplete(), unknownLogs(facts), uncheckedCaches(facts)} {
		if err != nil {
			return err
		}
	}
	return nil
}
