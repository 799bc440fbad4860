// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package report

import (
	"path"
	"slices"
	"strings"

	"github.com/goassay/assay/audit"
)

// A group is findings that a person reads together: those of one subject, or
// many of one rule.
type group struct {
	findings []*audit.Finding // at least one, worst first
	folded   bool             // all of one rule, about several subjects
}

// fold is how many open findings one rule may have before they are told as one.
const fold = 3

// groups gathers the open findings of rep: worst first, each rule with many
// findings once, the rest by subject. Findings come sorted, worst first, so a
// group stands where its worst finding stands.
func groups(rep *audit.Report) []*group {
	perRule := map[string]int{}
	open := withStatus(rep, audit.Open)
	for _, f := range open {
		if f.Subject.Kind != "clause" { // each demands something else
			perRule[f.Rule]++
		}
	}
	type key struct {
		rule    string
		subject audit.Subject
	}
	var out []*group
	at := map[key]*group{}
	for _, f := range open {
		k := key{subject: f.Subject}
		if f.Subject.Kind == "clause" { // of one endpoint and profile together
			k.subject.Name = profileOf(f.Subject.Name)
		}
		if perRule[f.Rule] > fold {
			k = key{rule: f.Rule}
		}
		g := at[k]
		if g == nil {
			g = &group{folded: k.rule != ""}
			at[k] = g
			out = append(out, g)
		}
		g.findings = append(g.findings, f)
	}
	return out
}

// profileOf is the endpoint and the profile in the name of a clause.
func profileOf(name string) string {
	endpoint, rest, _ := strings.Cut(name, " ")
	profile, _, _ := strings.Cut(rest, " ")
	return endpoint + " " + profile
}

// withStatus returns the findings of rep with that status, worst first. In a
// stored report that was tampered with, a status that is none counts as open,
// and a severity that is none as the worst: neither hides a finding.
func withStatus(rep *audit.Report, status audit.Status) []*audit.Finding {
	var out []*audit.Finding
	for i := range rep.Findings {
		f := &rep.Findings[i]
		known := f.Status == audit.Waived || f.Status == audit.Baselined
		if f.Status == status || status == audit.Open && !known {
			out = append(out, f)
		}
	}
	rank := func(s audit.Severity) int { return slices.Index(audit.Severities(), s) }
	slices.SortStableFunc(out, func(a, b *audit.Finding) int { return rank(a.Severity) - rank(b.Severity) })
	return out
}

// bySeverity splits findings, worst first, at each change of severity.
func bySeverity(findings []*audit.Finding) [][]*audit.Finding {
	var out [][]*audit.Finding
	for i, f := range findings {
		if i == 0 || f.Severity != findings[i-1].Severity {
			out = append(out, nil)
		}
		out[len(out)-1] = append(out[len(out)-1], f)
	}
	return out
}

// shared returns what get gives for all findings of g, or for the first, and
// whether they agree.
func (g *group) shared(get func(*audit.Finding) string) (string, bool) {
	first := get(g.findings[0])
	return first, !slices.ContainsFunc(g.findings, func(f *audit.Finding) bool { return get(f) != first })
}

// places returns subject and location of each finding, cleaned.
func (g *group) places() []string {
	out := make([]string, len(g.findings))
	for i, f := range g.findings {
		out[i] = clean(f.Subject.Name)
	}
	return slices.Compact(out)
}

// commonTail takes off the words that several names end in, as those of
// vulnerabilities do that name a module and a target.
func commonTail(names []string) (rest []string, tail string) {
	if len(names) < 2 {
		return names, ""
	}
	common := strings.Split(names[0], " ")
	common = common[1:] // a name is never nothing
	for _, n := range names[1:] {
		words := strings.Split(n, " ")
		i := 0
		for i < min(len(common), len(words)-1) && common[len(common)-1-i] == words[len(words)-1-i] {
			i++
		}
		common = common[len(common)-i:]
	}
	if len(common) == 0 {
		return names, ""
	}
	tail = strings.Join(common, " ")
	for _, n := range names {
		rest = append(rest, strings.TrimSuffix(n, " "+tail))
	}
	return rest, tail
}

// evidence returns the digests that the findings of g cite.
func (g *group) evidence() []string {
	var out []string
	for _, f := range g.findings {
		out = append(out, f.Evidence...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// location returns where f stands, unless its subject says so already: it is the
// file as the user named it.
func location(f *audit.Finding) string {
	if f.Location == nil || f.Location.String() == f.Subject.Name {
		return ""
	}
	switch f.Subject.Kind {
	case "binary", "document", "file":
		if f.Location.Line == 0 && path.Base(slashed(f.Location.File)) == path.Base(slashed(f.Subject.Name)) {
			return ""
		}
	}
	return clean(f.Location.String())
}

// incomplete returns the checks that did not determine all they should. One
// that failed and also gives a reason is among them.
func incomplete(rep *audit.Report) []audit.CheckResult {
	return slices.DeleteFunc(slices.Clone(rep.Checks), func(c audit.CheckResult) bool {
		switch c.Outcome {
		case audit.Unassessed, audit.Errored:
			return false
		case audit.Failed:
			return c.Reason == ""
		}
		return true
	})
}

// applied counts the checks that apply to the target.
func applied(rep *audit.Report) int {
	n := 0
	for _, c := range rep.Checks {
		if c.Outcome != audit.NotApplicable {
			n++
		}
	}
	return n
}

// reaching counts the open findings that reach the policy's threshold.
func reaching(rep *audit.Report) int {
	n := 0
	for _, f := range withStatus(rep, audit.Open) {
		if f.Severity.Reaches(rep.Policy.FailOn) {
			n++
		}
	}
	return n
}

// summary says in one sentence what the verdict rests on.
func summary(rep *audit.Report) string {
	n := reaching(rep)
	args := audit.Args{"n": n, "severity": severityWord(rep.Lang, rep.Policy.FailOn)}
	switch {
	case rep.Verdict == audit.VerdictPass:
		return msgPassed.In(rep.Lang)
	case rep.Verdict == audit.VerdictFail && n == 1:
		return say(rep.Lang, msgFailedOne, args)
	case rep.Verdict == audit.VerdictFail:
		return say(rep.Lang, msgFailed, args)
	}
	if n = len(incomplete(rep)); n == 0 {
		return msgNothing.In(rep.Lang)
	}
	return say(rep.Lang, msgIncompleteN, audit.Args{"n": n, "of": applied(rep)})
}
