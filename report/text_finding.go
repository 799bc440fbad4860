// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package report

import (
	"strings"

	"github.com/goassay/assay/audit"
)

// findings writes the open findings, group by group.
func (p *page) findings() {
	for _, g := range groups(p.rep) {
		if p.note(g.findings[0]) {
			continue // worst first: all of the group are notes
		}
		p.line()
		p.groupHeading(g)
		if g.folded {
			p.many(g)
			continue
		}
		for _, f := range g.findings {
			p.one(f)
		}
	}
}

// note reports whether f is told in one line: it is good to know, decides
// nothing, and the whole is asked for with Verbose.
func (p *page) note(f *audit.Finding) bool {
	return f.Severity == audit.Info && !f.Severity.Reaches(p.rep.Policy.FailOn) && !p.opts.Verbose
}

// notes writes one line for each rule of which there are notes alone.
func (p *page) notes() {
	byRule := map[string]*group{}
	var rules []string
	for _, g := range groups(p.rep) {
		if !p.note(g.findings[0]) {
			continue
		}
		for _, f := range g.findings {
			if byRule[f.Rule] == nil {
				byRule[f.Rule] = &group{}
				rules = append(rules, f.Rule)
			}
			byRule[f.Rule].findings = append(byRule[f.Rule].findings, f)
		}
	}
	if len(rules) == 0 {
		return
	}
	p.heading(msgNotes, len(rules), msgNotesMore.In(p.rep.Lang))
	for _, rule := range rules {
		g := byRule[rule]
		first := g.findings[0]
		what := clean(first.Subject.Name)
		if places := g.places(); len(places) > 1 {
			kind, same := g.shared(func(f *audit.Finding) string { return f.Subject.Kind })
			if !same {
				kind = ""
			}
			what = count(p.rep.Lang, kind, len(places))
		}
		text := say(p.rep.Lang, msgOf, audit.Args{"title": clean(first.Title), "subject": what})
		room := p.width - 4 - width(text) - width(rule)
		if room < 2 {
			p.para("  "+signMinor+" ", 4, plainPaint, text)
			p.para(strings.Repeat(" ", 4), 4, faint, clean(rule))
			continue
		}
		p.line("  "+signMinor+" "+text, strings.Repeat(" ", room), style(faint, clean(rule)))
	}
}

// groupHeading names the subject of a group, or counts its subjects.
func (p *page) groupHeading(g *group) {
	first := g.findings[0].Subject
	if !g.folded {
		name, kind := clean(first.Name), kindOf(p.rep.Lang, first.Kind)
		if first.Kind == "clause" {
			name = clean(profileOf(first.Name))
		}
		lines := wrap(name, p.width)
		for i, l := range lines {
			tail := ""
			if i == len(lines)-1 && width(l)+2+width(kind) <= p.width {
				tail = "  " + style(faint, kind)
			}
			p.line(style(strong, l), tail)
		}
		return
	}
	kind, same := g.shared(func(f *audit.Finding) string { return f.Subject.Kind })
	if !same {
		kind = ""
	}
	p.line(style(strong, count(p.rep.Lang, kind, len(g.places()))))
}

// one writes one finding under the heading of its subject.
func (p *page) one(f *audit.Finding) {
	p.title(f)
	p.message(f.Message)
	p.field(msgAt, plainPaint, location(f))
	p.field(msgFix, good, clean(f.Remedy))
	p.background(f, f.Evidence)
}

// many writes the findings of one rule as one: what they share once, and
// their subjects.
func (p *page) many(g *group) {
	first := g.findings[0]
	p.title(first)
	message, same := g.shared(func(f *audit.Finding) string { return f.Message })
	if !same {
		message = say(p.rep.Lang, msgOf, audit.Args{"title": msgExample.In(p.rep.Lang), "subject": message})
	}
	p.message(message)
	if p.opts.Verbose {
		p.each(g, same)
	} else {
		names, common := commonTail(g.places())
		subjects := list(p.rep.Lang, names, maxSubjects)
		if common != "" {
			subjects = say(p.rep.Lang, msgOf, audit.Args{"title": common, "subject": subjects})
		}
		p.field(msgSubjects, plainPaint, subjects)
	}
	remedy, same := g.shared(func(f *audit.Finding) string { return f.Remedy })
	if !same {
		remedy = say(p.rep.Lang, msgOf, audit.Args{"title": msgExample.In(p.rep.Lang), "subject": remedy})
	}
	p.field(msgFix, good, clean(remedy))
	p.background(first, g.evidence())
}

// each lists the subjects of a folded group, with place and message.
func (p *page) each(g *group, sameMessage bool) {
	label := msgSubjects
	for _, f := range g.findings {
		s := clean(f.Subject.Name)
		if at := location(f); at != "" {
			s += say(p.rep.Lang, msgAside, audit.Args{"text": at})
		}
		p.field(label, plainPaint, s)
		if !sameMessage {
			p.para(strings.Repeat(" ", p.indent+2), p.indent+2, faint, clean(f.Message))
		}
		label = audit.Text{}
	}
}

// title writes severity, title and, at the end of the line or below, the rule.
func (p *page) title(f *audit.Finding) {
	rule := clean(f.Rule)
	lines := wrap(clean(f.Title), p.width-p.indent)
	begin := p.badge(f)
	for i, l := range lines {
		tail := ""
		if room := p.width - p.indent - width(l) - width(rule); i == len(lines)-1 && room >= 2 {
			tail = strings.Repeat(" ", room) + style(faint, rule)
			rule = ""
		}
		p.line(begin, style(strong, l), tail)
		begin = strings.Repeat(" ", p.indent)
	}
	if rule != "" {
		p.para(begin, p.indent, faint, rule)
	}
}

func (p *page) message(s string) {
	if s = clean(s); s != "" {
		p.para(strings.Repeat(" ", p.indent), p.indent, plainPaint, s)
	}
}

// background writes what a rule rests on: clauses and evidence; with Verbose
// also why it matters and where to read on.
func (p *page) background(f *audit.Finding, digests []string) {
	if rule := p.rule(f.Rule); rule != nil && p.opts.Verbose {
		p.field(msgWhy, plainPaint, clean(rule.Why.In(p.rep.Lang)))
		for _, ref := range rule.References {
			p.field(msgSee, plainPaint, clean(ref))
		}
	}
	p.field(msgControls, faint, controls(p.rep.Lang, f))
	short := make([]string, len(digests))
	for i, d := range digests {
		short[i] = shortDigest(d)
	}
	n := maxDigests
	if p.opts.Verbose {
		n = len(short)
	}
	p.field(msgProof, faint, list(p.rep.Lang, short, n))
}

// rule returns the rule of that ID, or nil where it is not known.
func (p *page) rule(id string) *audit.Rule {
	if p.opts.Catalogue == nil {
		return nil
	}
	return p.opts.Catalogue.Rules[id]
}

// controls names the clauses that ask for what the rule of f checks.
func controls(lang audit.Lang, f *audit.Finding) string {
	names := make([]string, len(f.Controls))
	for i, c := range f.Controls {
		names[i] = clean(c.Framework + " " + c.Clause)
	}
	return enumerate(lang, names)
}

// incomplete writes each check that did not determine all it should, and why.
func (p *page) incomplete() {
	undone := incomplete(p.rep)
	if len(undone) == 0 {
		return
	}
	p.heading(msgIncomplete, len(undone))
	indent := 0
	for _, c := range undone {
		indent = max(indent, 4+width(clean(c.ID))+2)
	}
	indent = min(indent, 24)
	for _, c := range undone {
		begin := "  " + style(warn, signUnknown) + " " + style(strong, pad(clean(c.ID), indent-4))
		if width(clean(c.ID))+6 > indent {
			p.line(begin)
			begin = strings.Repeat(" ", indent)
		}
		for _, l := range p.reason(c, p.width-indent) {
			p.line(begin, style(plainPaint, l))
			begin = strings.Repeat(" ", indent)
		}
	}
}

// reason returns the lines of a check's reason, wrapped at width columns. An
// error may hold all that another program said, or a stack.
func (p *page) reason(c audit.CheckResult, width int) []string {
	var lines []string
	for _, l := range cleanLines(c.Reason) {
		lines = append(lines, wrap(l, width)...)
	}
	if len(lines) == 0 {
		return []string{wordOutcome[c.Outcome].In(p.rep.Lang)}
	}
	if n := len(lines) - maxReasonLines; n > 0 && !p.opts.Verbose {
		return append(lines[:maxReasonLines], say(p.rep.Lang, msgMoreLines, audit.Args{"n": n}))
	}
	return lines
}

// waived writes each waived finding: until when, by whom and why.
func (p *page) waived() {
	waived := withStatus(p.rep, audit.Waived)
	if len(waived) > 0 {
		p.heading(msgWaived, len(waived))
	}
	for _, f := range waived {
		begin := "  " + signMinor + " " + style(faint, pad(severityWord(p.rep.Lang, f.Severity), p.label)) + "  "
		p.para(begin, p.indent, plainPaint, acceptance(p.rep.Lang, f))
	}
}

// acceptance says what was waived, until when, by whom and why.
func acceptance(lang audit.Lang, f *audit.Finding) string {
	if f.Waiver == nil {
		return clean(f.Rule + " " + f.Subject.Name)
	}
	return say(lang, msgUntil, audit.Args{
		"rule": clean(f.Rule), "subject": clean(f.Subject.Name), "date": date(f.Waiver.Expires.Time),
		"owner": clean(f.Waiver.Owner), "reason": clean(f.Waiver.Reason),
	})
}
