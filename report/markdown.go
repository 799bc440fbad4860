// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package report

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/goassay/assay/audit"
)

// How many items a Markdown report lists without Options.Verbose: GitHub
// refuses a comment of more than 65,536 characters.
const (
	maxItems = 50
	maxRows  = 100
)

// sheet is a Markdown report being written.
type sheet struct {
	buf  *bytes.Buffer
	rep  *audit.Report
	opts Options
}

// writeMarkdown writes for a comment on a change or an audit's file: GitHub
// Flavored Markdown.
func writeMarkdown(buf *bytes.Buffer, rep *audit.Report, opts Options) {
	s := &sheet{buf, rep, opts}
	s.verdict()
	if opts.Quiet {
		return
	}
	s.summary()
	s.findings()
	s.incomplete()
	s.waived()
	s.checks()
	s.evidence()
}

func (s *sheet) printf(format string, args ...any) { fmt.Fprintf(s.buf, format, args...) }

func (s *sheet) say(t audit.Text) string { return t.In(s.rep.Lang) }

// label writes a word of the writers as the beginning of a line.
func (s *sheet) label(t audit.Text) string { return capital(s.say(t)) }

// colon stands between a label and what it is of.
func (s *sheet) colon() string { return colon(s.rep.Lang) }

// capital makes the first letter a capital one. Chinese has none.
func capital(s string) string {
	r, size := utf8.DecodeRuneInString(s)
	if size == 0 {
		return ""
	}
	return string(unicode.ToUpper(r)) + s[size:]
}

// heading starts a section.
func (s *sheet) heading(level int, text string) {
	s.printf("\n%s %s\n\n", strings.Repeat("#", level), text)
}

func (s *sheet) verdict() {
	r := s.rep
	s.printf("## %s%s%s\n\n", mdText(r.Tool.Name), s.colon(), mdText(verdictWord(r.Lang, r.Verdict)))
	s.printf("**%s**", mdText(capital(summary(r))))
	s.printf(" (%s)\n", mdText(tally(r)))
	if !s.opts.Quiet {
		s.printf("\n%s %s %s %s  \n%s\n", mdText(r.Tool.Name), mdText(r.Tool.Version), s.say(msgAudit), mdText(target(r)), mdText(when(r)))
	}
}

// table writes a table. Cells are Markdown.
func (s *sheet) table(header []audit.Text, rows [][]string) {
	names := make([]string, len(header))
	for i, h := range header {
		names[i] = s.say(h)
	}
	s.printf("| %s |\n|%s\n", strings.Join(names, " | "), strings.Repeat(" --- |", len(header)))
	for _, row := range rows {
		s.printf("| %s |\n", strings.Join(row, " | "))
	}
}

// summary counts findings by severity and status.
func (s *sheet) summary() {
	if len(s.rep.Findings) == 0 {
		return
	}
	s.printf("\n")
	statuses := []audit.Status{audit.Open, audit.Waived, audit.Baselined}
	var rows [][]string
	for _, severity := range audit.Severities() {
		row := []string{severityWord(s.rep.Lang, severity)}
		for _, status := range statuses {
			n := 0
			for _, f := range withStatus(s.rep, status) {
				if f.Severity == severity {
					n++
				}
			}
			row = append(row, fmt.Sprint(n))
		}
		rows = append(rows, row)
	}
	s.table([]audit.Text{msgSeverity, msgOpen, msgWaived, msgBaselined}, rows)
}

// findings writes the open findings by severity, each rule once.
func (s *sheet) findings() {
	for _, same := range bySeverity(withStatus(s.rep, audit.Open)) {
		var rules []string
		byRule := map[string]*group{}
		for _, f := range same {
			if byRule[f.Rule] == nil {
				rules = append(rules, f.Rule)
				byRule[f.Rule] = new(group)
			}
			byRule[f.Rule].findings = append(byRule[f.Rule].findings, f)
		}
		s.heading(3, mdText(capital(severityWord(s.rep.Lang, same[0].Severity))))
		for i, id := range rules {
			if i > 0 {
				s.printf("\n")
			}
			s.rule(byRule[id])
		}
	}
}

// rule writes the findings of one rule.
func (s *sheet) rule(g *group) {
	first := g.findings[0]
	s.printf("#### %s %s\n\n", mdText(first.Title), mdCode(first.Rule))
	remedy, sameRemedy := g.shared(func(f *audit.Finding) string { return f.Remedy })
	shown := g.findings
	if len(shown) > maxItems && !s.opts.Verbose {
		shown = shown[:maxItems]
	}
	for _, f := range shown {
		s.printf("- %s (%s)", mdCode(f.Subject.Name), mdText(kindOf(s.rep.Lang, f.Subject.Kind)))
		if at := location(f); at != "" {
			s.printf(", %s", mdCode(at))
		}
		s.printf(": %s\n", mdText(f.Message))
		if !sameRemedy && f.Remedy != "" {
			s.printf("  - **%s**%s%s\n", s.label(msgFix), s.colon(), mdText(f.Remedy))
		}
		if len(f.Evidence) > 0 {
			s.printf("  - %s%s%s\n", s.label(msgProof), s.colon(), enumerate(s.rep.Lang, mdDigests(f.Evidence)))
		}
	}
	if n := len(g.findings) - len(shown); n > 0 {
		s.printf("- %s\n", say(s.rep.Lang, msgMoreItems, audit.Args{"n": n}))
	}
	if sameRemedy && remedy != "" {
		s.printf("\n**%s**%s%s\n", s.label(msgFix), s.colon(), mdText(remedy))
	}
	if c := controls(s.rep.Lang, first); c != "" {
		s.printf("\n%s%s%s\n", s.label(msgControls), s.colon(), mdText(c))
	}
	if s.opts.Verbose && s.opts.Catalogue != nil {
		if rule := s.opts.Catalogue.Rules[first.Rule]; rule != nil {
			s.printf("\n%s%s%s\n", s.label(msgWhy), s.colon(), mdText(rule.Why.In(s.rep.Lang)))
		}
	}
}

func mdDigests(digests []string) []string {
	short := make([]string, len(digests))
	for i, d := range digests {
		short[i] = mdCode(shortDigest(d))
	}
	return short
}

// incomplete writes each check that did not determine all it should, and why.
func (s *sheet) incomplete() {
	undone := incomplete(s.rep)
	if len(undone) == 0 {
		return
	}
	s.heading(3, s.say(msgIncomplete))
	for _, c := range undone {
		s.printf("- %s (%s)", mdCode(c.ID), mdText(wordOutcome[c.Outcome].In(s.rep.Lang)))
		lines := cleanLines(c.Reason)
		if len(lines) > maxReasonLines && !s.opts.Verbose {
			lines = append(lines[:maxReasonLines], "...")
		}
		if len(lines) == 1 {
			s.printf(": %s\n", mdText(lines[0]))
			continue
		}
		s.printf("\n")
		for _, l := range lines {
			s.printf("  - %s\n", mdText(l))
		}
	}
}

// waived writes what was accepted, until when, by whom and why.
func (s *sheet) waived() {
	var rows [][]string
	for _, f := range withStatus(s.rep, audit.Waived) {
		row := []string{severityWord(s.rep.Lang, f.Severity), mdCell(f.Rule), mdCell(f.Subject.Name), "", "", ""}
		if w := f.Waiver; w != nil {
			row[3], row[4], row[5] = mdText(w.Reason), mdText(w.Owner), date(w.Expires.Time)
		}
		rows = append(rows, row)
	}
	if len(rows) > 0 {
		s.heading(3, s.say(msgWaived))
		s.table([]audit.Text{msgSeverity, msgRule, msgSubject, msgReason, msgOwner, msgExpires}, rows)
	}
}

// checks writes one line for each check.
func (s *sheet) checks() {
	if len(s.rep.Checks) == 0 {
		return
	}
	s.heading(3, s.say(msgChecks))
	var rows [][]string
	for _, c := range s.rep.Checks {
		rows = append(rows, []string{
			mdCell(c.ID), mdText(wordOutcome[c.Outcome].In(s.rep.Lang)),
			mdText(join(s.rep.Lang, figures(s.rep.Lang, s.rep.Facts[c.ID]))), seconds(c.Seconds),
		})
	}
	s.table([]audit.Text{msgCheck, msgOutcome, msgFigures, msgSeconds}, rows)
}

// evidence lists the evidence that open findings cite; with Verbose, all.
func (s *sheet) evidence() {
	cited := map[string]bool{}
	for _, f := range withStatus(s.rep, audit.Open) {
		for _, d := range f.Evidence {
			cited[d] = true
		}
	}
	refs := slices.Clone(s.rep.Evidence)
	if !s.opts.Verbose {
		refs = slices.DeleteFunc(refs, func(e audit.EvidenceRef) bool { return !cited[e.Digest] })
		refs = refs[:min(len(refs), maxRows)]
	}
	if len(s.rep.Evidence) == 0 {
		return
	}
	s.heading(3, s.say(msgEvidence))
	if len(refs) == 0 {
		s.printf("%s\n", say(s.rep.Lang, msgItems, audit.Args{"n": len(s.rep.Evidence)}))
		return
	}
	var rows [][]string
	for _, e := range refs {
		rows = append(rows, []string{mdCell(e.Digest), mdText(e.Kind), fmt.Sprint(e.Size), mdText(e.Check)})
	}
	s.table([]audit.Text{msgDigest, msgKind, msgSize, msgCheck}, rows)
	if n := len(s.rep.Evidence) - len(refs); n > 0 {
		s.printf("\n%s\n", say(s.rep.Lang, msgMoreItems, audit.Args{"n": n}))
	}
}
