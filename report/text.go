// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package report

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/charmbracelet/colorprofile"

	"github.com/goassay/assay/audit"
)

// Signs, each one column wide.
const (
	signGood    = "✓"
	signBad     = "✗"
	signMinor   = "-"
	signUnknown = "?"
)

// How much is shown without Options.Verbose.
const (
	maxSubjects    = 10 // of one rule
	maxDigests     = 2  // of one finding
	maxReasonLines = 10 // of one check
	maxTargets     = 5
)

// maxQuietReason is how many columns Options.Quiet has of a reason. It is one line however narrow
// the terminal, to be found by grep, and is cut only where it is a program's output or a stack.
const maxQuietReason = 2000

// screen is how many lines a terminal shows, about: after more of them the
// verdict is out of sight and is said again.
const screen = 40

// minWidth is the narrowest page that is laid out; a narrower terminal breaks lines itself.
const minWidth = 40

// page is a text report being written.
type page struct {
	buf    *bytes.Buffer
	rep    *audit.Report
	opts   Options
	width  int
	label  int // columns of the widest label
	indent int // columns before what a label stands before
}

// writeText writes for a person: the verdict, then what to do, worst first,
// then what could not be determined, then what was done.
func writeText(buf *bytes.Buffer, rep *audit.Report, opts Options) {
	p := &page{buf: new(bytes.Buffer), rep: rep, opts: opts, width: max(opts.Width, minWidth)}
	if opts.Width == 0 {
		p.width = 80
	}
	for _, s := range audit.Severities() {
		p.label = max(p.label, width(wordSeverity[s].In(rep.Lang)))
	}
	for _, t := range []audit.Text{msgAt, msgFix, msgWhy, msgControls, msgProof, msgSee, msgSubjects} {
		p.label = max(p.label, width(t.In(rep.Lang)))
	}
	p.indent = 4 + p.label + 2
	if opts.Quiet {
		p.verdict()
		p.decisive()
	} else {
		p.header()
		p.verdict()
		if opts.Environment {
			p.environment()
		}
		if opts.Endpoints {
			p.endpoints()
			p.svids()
		}
		p.upgrades()
		p.findings()
		p.incomplete()
		p.notes()
		p.waived()
		p.checks()
		if bytes.Count(p.buf.Bytes(), []byte("\n")) > screen {
			p.line()
			p.verdict()
		}
	}
	out := colorprofile.Writer{Forward: buf, Profile: max(opts.Color, colorprofile.NoTTY)}
	out.Write(p.buf.Bytes())
}

// line writes one line.
func (p *page) line(parts ...string) {
	p.buf.WriteString(strings.TrimRight(strings.Join(parts, ""), " ") + "\n")
}

// para writes s, wrapped, after a beginning of indent columns; its further
// lines are indented as far.
func (p *page) para(begin string, indent int, look paint, s string) {
	for _, l := range wrap(s, p.width-indent) {
		p.line(begin, style(look, l))
		begin = strings.Repeat(" ", indent)
	}
}

// field writes a label and what belongs to it. Nothing is written for nothing.
func (p *page) field(label audit.Text, look paint, s string) {
	if s != "" {
		p.para("    "+style(faint, pad(label.In(p.rep.Lang), p.label))+"  ", p.indent, look, s)
	}
}

// heading starts a section of n items, with what else is to be said of it.
func (p *page) heading(t audit.Text, n int, remarks ...string) {
	p.line()
	tail := say(p.rep.Lang, msgAside, audit.Args{"text": join(p.rep.Lang, append([]string{fmt.Sprint(n)}, remarks...))})
	p.line(style(strong, t.In(p.rep.Lang)), style(faint, tail))
}

func (p *page) header() {
	r := p.rep
	name := clean(r.Tool.Name)
	what := strings.TrimSpace(name+" "+clean(r.Tool.Version)) + "  " + msgAudit.In(r.Lang) + " " + target(r)
	for i, l := range wrap(what, p.width) {
		if rest, ok := strings.CutPrefix(l, name); ok && i == 0 {
			l = style(strong, name) + rest
		}
		p.line(l)
	}
	p.para("", 0, faint, when(r))
	p.line()
}

// target names what was audited: the working directory only where nothing else
// is named.
func target(r *audit.Report) string {
	var names []string
	for _, n := range slices.Concat([]string{r.Target.Module, r.Target.Dir}, r.Target.Binaries, r.Target.Units, r.Target.Manifests, r.Target.Endpoints, r.Target.SVIDs, []string{r.Target.Workload}) {
		if n = clean(n); n != "" && n != "." {
			names = append(names, n)
		}
	}
	if len(names) == 0 {
		return clean(r.Target.Dir)
	}
	return list(r.Lang, names, maxTargets)
}

// when says when the audit was, how long it took, and under which policy.
func when(r *audit.Report) string {
	return say(r.Lang, msgWhen, audit.Args{
		"time":    r.Started.UTC().Format("2006-01-02 15:04 UTC"),
		"seconds": seconds(r.Finished.Sub(r.Started).Seconds()),
		"policy":  policy(r),
	})
}

func seconds(s float64) string {
	switch {
	case s >= 10:
		return fmt.Sprintf("%.0f", s)
	case s >= 1:
		return fmt.Sprintf("%.1f", s)
	}
	return fmt.Sprintf("%.2f", s)
}

// policy says under which policy the verdict was reached.
func policy(r *audit.Report) string {
	args := audit.Args{"file": clean(r.Policy.File), "severity": severityWord(r.Lang, r.Policy.FailOn)}
	if r.Policy.File == "" {
		return say(r.Lang, msgNoFile, args)
	}
	return say(r.Lang, msgPolicy, args)
}

// list joins names, the first n of them.
func list(lang audit.Lang, names []string, n int) string {
	if len(names) > n+1 {
		names = append(slices.Clone(names[:n]), say(lang, msgMore, audit.Args{"n": len(names) - n}))
	}
	return enumerate(lang, names)
}

func (p *page) verdict() {
	r := p.rep
	sign := signUnknown
	switch r.Verdict {
	case audit.VerdictPass:
		sign = signGood
	case audit.VerdictFail:
		sign = signBad
	}
	word := " " + sign + " " + verdictWord(r.Lang, r.Verdict) + " "
	p.para(badgeStyle(r.Verdict, word)+"  ", width(word)+2, strong, summary(r))
	if counts := tally(r); counts != "" {
		p.para(strings.Repeat(" ", width(word)+2), width(word)+2, plainPaint, counts)
	}
}

func verdictWord(lang audit.Lang, v audit.Verdict) string {
	if t, ok := wordVerdict[v]; ok {
		return t.In(lang)
	}
	return clean(string(v))
}

func severityWord(lang audit.Lang, s audit.Severity) string {
	if t, ok := wordSeverity[s]; ok {
		return t.In(lang)
	}
	return clean(string(s))
}

// tally counts findings by severity and what else does not pass.
func tally(r *audit.Report) string {
	parts := severities(r.Lang, withStatus(r, audit.Open))
	if len(parts) == 0 {
		parts = append(parts, msgNoFindings.In(r.Lang))
	}
	for _, more := range []struct {
		text audit.Text
		n    int
	}{
		{msgWaivedN, len(withStatus(r, audit.Waived))},
		{msgBaselinedN, len(withStatus(r, audit.Baselined))},
		{msgUndetermined, len(incomplete(r))},
	} {
		if more.n > 0 {
			parts = append(parts, say(r.Lang, more.text, audit.Args{"n": more.n}))
		}
	}
	return join(r.Lang, parts)
}

// severities counts findings by severity: "2 critical", "1 low".
func severities(lang audit.Lang, findings []*audit.Finding) []string {
	var parts []string
	for _, same := range bySeverity(findings) {
		parts = append(parts, say(lang, msgCount, audit.Args{"n": len(same), "what": severityWord(lang, same[0].Severity)}))
	}
	return parts
}

// decisive writes what the verdict rests on, as short as it goes.
func (p *page) decisive() {
	for _, f := range withStatus(p.rep, audit.Open) {
		if f.Severity.Reaches(p.rep.Policy.FailOn) {
			p.para(p.badge(f), p.indent, plainPaint, say(p.rep.Lang, msgOf, audit.Args{"title": clean(f.Title), "subject": clean(f.Subject.Name)}))
		}
	}
	for _, c := range incomplete(p.rep) {
		begin := "  " + style(warn, signUnknown) + " "
		reason := strings.Join(cleanLines(c.Reason), " ")
		if reason == "" {
			reason = wordOutcome[c.Outcome].In(p.rep.Lang)
		}
		p.line(begin, truncate(say(p.rep.Lang, msgOf, audit.Args{"title": clean(c.ID), "subject": reason}), maxQuietReason))
	}
}

// badge is how a finding's line begins: sign and severity.
func (p *page) badge(f *audit.Finding) string {
	sign := signMinor
	if f.Severity.Reaches(p.rep.Policy.FailOn) {
		sign = signBad
	}
	look := severityPaint(f.Severity)
	return "  " + style(look, sign) + " " + style(look, pad(severityWord(p.rep.Lang, f.Severity), p.label)) + "  "
}

// checks writes one line for each check, and one for all that do not apply.
func (p *page) checks() {
	r := p.rep
	if len(r.Checks) == 0 {
		return
	}
	p.heading(msgChecks, applied(r))
	idWidth := 0
	for _, c := range r.Checks {
		idWidth = max(idWidth, width(clean(c.ID)))
	}
	var skipped []string
	for _, c := range r.Checks {
		if c.Outcome == audit.NotApplicable {
			skipped = append(skipped, clean(c.ID))
			continue
		}
		sign, look := outcomeSign(c.Outcome)
		begin := fmt.Sprintf("  %s %s  %s  ", style(look, sign), pad(clean(c.ID), idWidth), style(faint, fmt.Sprintf("%5s s", seconds(c.Seconds))))
		p.line(begin, style(faint, p.fit(p.results(c), p.width-idWidth-15)))
	}
	if len(skipped) > 0 {
		p.para("  "+signMinor+" ", 4, faint, say(r.Lang, msgOf, audit.Args{
			"title": wordOutcome[audit.NotApplicable].In(r.Lang), "subject": enumerate(r.Lang, skipped),
		}))
	}
}

// fit joins those of parts, in their order, that fit n columns together. A
// figure that does not is left out: half of one would be another.
func (p *page) fit(parts []string, n int) string {
	var taken []string
	for _, part := range parts {
		if more := append(taken, part); width(join(p.rep.Lang, more)) <= n {
			taken = more
		}
	}
	return join(p.rep.Lang, taken)
}

func outcomeSign(o audit.Outcome) (string, paint) {
	switch o {
	case audit.Passed:
		return signGood, good
	case audit.Failed:
		return signBad, bad
	case audit.NotApplicable:
		return signMinor, faint
	}
	return signUnknown, warn
}

// results says in numbers what came out of one check.
func (p *page) results(c audit.CheckResult) []string {
	var own []*audit.Finding
	for _, f := range withStatus(p.rep, audit.Open) {
		if id, _, _ := strings.Cut(f.Rule, "/"); id == c.ID {
			own = append(own, f)
		}
	}
	parts := severities(p.rep.Lang, own)
	if c.Outcome == audit.Unassessed || c.Outcome == audit.Errored {
		parts = append(parts, wordOutcome[c.Outcome].In(p.rep.Lang))
	}
	return append(parts, figures(p.rep.Lang, p.rep.Facts[c.ID])...)
}

// date writes the day of t.
func date(t time.Time) string { return t.Format(time.DateOnly) }
