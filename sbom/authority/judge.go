// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package authority

import (
	"strings"

	"github.com/goassay/assay/sbom"
)

// A judge judges one document.
type judge struct {
	doc        *sbom.Document
	carrier    Carrier
	components []*sbom.Component          // all but cryptographic assets
	index      map[string]*sbom.Component // by Ref
	roots      map[string]bool
	reached    map[string]bool // from the roots, by dependencies and parts
	targets    map[string]bool // of a dependency, or parts of another
}

func newJudge(doc *sbom.Document, c Carrier) *judge {
	j := &judge{
		doc: doc, carrier: c,
		index: make(map[string]*sbom.Component, len(doc.Components)),
		roots: map[string]bool{}, reached: map[string]bool{}, targets: map[string]bool{},
	}
	for _, c := range doc.Components {
		if _, ok := j.index[c.Ref]; !ok {
			j.index[c.Ref] = c
		}
		if c.Kind == sbom.KindCrypto {
			continue
		}
		j.components = append(j.components, c)
		for _, refs := range [][]string{c.DependsOn, c.Parts} {
			for _, ref := range refs {
				j.targets[ref] = j.targets[ref] || ref != c.Ref
			}
		}
	}
	var next []string
	visit := func(refs []string) {
		for _, ref := range refs {
			if j.index[ref] != nil && !j.reached[ref] {
				j.reached[ref] = true
				next = append(next, ref)
			}
		}
	}
	for _, ref := range doc.Roots {
		if j.index[ref] != nil {
			j.roots[ref] = true
		}
	}
	visit(doc.Roots)
	for len(next) > 0 {
		c := j.index[next[len(next)-1]]
		next = next[:len(next)-1]
		visit(c.DependsOn)
		visit(c.Parts)
	}
	return j
}

func (j *judge) clause(c *Clause) Result {
	t := &tally{orUnknown: c.OrUnknown, result: Result{Clause: c, Key: c.Key(), Level: c.Level}}
	if c.Judge == manual {
		t.result.Outcome = Manual
		return t.result
	}
	predicates[c.Judge](j, t)
	t.result.Outcome = t.outcome()
	return t.result
}

// A state is what there is to say of one subject.
type state int

const (
	good   state = iota
	absent       // it is not there
	wrong        // it is there, and not what is asked for
	open         // nobody can tell
)

// A finding is the state of one subject and why.
type finding struct {
	state state
	fault Fault
	value string
}

var fine = finding{}

func lacks(f Fault) finding                { return finding{state: absent, fault: f} }
func has(f Fault, value string) finding    { return finding{state: wrong, fault: f, value: value} }
func unsure(f Fault, value string) finding { return finding{state: open, fault: f, value: value} }

// A tally counts findings.
type tally struct {
	result    Result
	wrong     int
	orUnknown bool
}

// add counts what was found of a component, or with nil of the document.
func (t *tally) add(c *sbom.Component, f finding) {
	r := &t.result
	r.Judged++
	if t.orUnknown && f.state == absent {
		f.state = open
	}
	switch f.state {
	case wrong:
		t.wrong++
		fallthrough
	case absent:
		r.Lacking++
		r.Missing = list(r.Missing, c, f)
	case open:
		r.Undecided++
		r.Open = list(r.Open, c, f)
	}
}

func list(to []Subject, c *sbom.Component, f finding) []Subject {
	if len(to) == MaxSubjects {
		return to
	}
	s := Subject{What: f.fault, Value: clip(f.value)}
	if c != nil {
		s.Ref, s.Name, s.PURL = clip(c.Ref), clip(c.Name), clip(c.PURL)
		if c.Version != "" {
			s.Name = clip(c.Name + "@" + c.Version)
		}
	}
	return append(to, s)
}

// clip bounds what a document may put into a report.
func clip(s string) string {
	if len(s) <= maxValue {
		return s
	}
	return strings.ToValidUTF8(s[:maxValue], "")
}

func (t *tally) outcome() Outcome {
	level := t.result.Level
	switch {
	case t.wrong > 0, t.result.Lacking > 0 && (level == Must || level == Should):
		return Broken
	case t.result.Lacking > 0 && level == Conditional, t.result.Undecided > 0:
		return Unknown
	case t.result.Lacking > 0:
		return Absent
	case t.result.Judged == 0:
		return NotApplicable
	}
	return Met
}
