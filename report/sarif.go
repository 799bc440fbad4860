// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package report

import (
	"bytes"
	"cmp"
	"fmt"
	"net/url"
	"path"
	"slices"
	"strings"

	"golang.org/x/mod/semver"

	"github.com/goassay/assay/audit"
)

const (
	sarifSchema = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
	sarifRoot   = "%SRCROOT%" // the root of the checkout; see fileLocation
	homepage    = "https://github.com/goassay/assay"
	errorID     = "engine/error" // the notification of a check that failed itself
	rulesPage   = homepage + "/blob/main/docs/rules.md"
	sarifTime   = "2006-01-02T15:04:05.000Z"
)

// writeSARIF writes a SARIF 2.1.0 log with one run.
func writeSARIF(buf *bytes.Buffer, rep *audit.Report, cat *audit.Catalogue) error {
	if cat == nil {
		cat = new(audit.Catalogue)
	}
	s := &sarifWriter{rep: rep, cat: cat, rules: map[string]int{}, artifacts: map[string]int{}, seen: map[string]int{}}
	return encodeJSON(buf, sarifLog{Schema: sarifSchema, Version: "2.1.0", Runs: []sarifRun{s.write()}})
}

// sarifWriter builds a run. Rules, artifacts and taxa are listed once, in the
// order in which results need them, and referred to by index.
type sarifWriter struct {
	rep       *audit.Report
	cat       *audit.Catalogue
	run       sarifRun
	rules     map[string]int
	artifacts map[string]int
	seen      map[string]int // results by fingerprint
}

func (s *sarifWriter) write() sarifRun {
	r := s.rep
	s.run = sarifRun{
		Tool:              sarifTool{Driver: sarifComponent{Name: clean(r.Tool.Name), Version: clean(r.Tool.Version), InformationURI: homepage}},
		Language:          string(r.Lang),
		AutomationDetails: sarifAutomation{ID: category(cmp.Or(r.Target.Checkout, r.Target.Dir))},
		OriginalURIBaseIDs: map[string]sarifArtifactLocation{
			sarifRoot: {Description: &sarifMessage{Text: sarifText(msgDirectory.In(r.Lang))}},
		},
		// Columns of a report are bytes, which SARIF cannot express: regions
		// are whole lines.
		ColumnKind: "unicodeCodePoints",
		Results:    []sarifResult{},
		Properties: map[string]any{"verdict": r.Verdict, "target": r.Target, "policy": r.Policy},
	}
	driver := &s.run.Tool.Driver
	if semver.IsValid(r.Tool.Version) {
		driver.SemanticVersion = strings.TrimPrefix(r.Tool.Version, "v")
	}
	for i := range r.Findings {
		s.run.Results = append(s.run.Results, s.result(&r.Findings[i]))
	}
	for i, t := range s.run.Taxonomies {
		driver.SupportedTaxonomies = append(driver.SupportedTaxonomies, sarifComponentIndex{t.Name, i})
	}
	s.run.Invocations = []sarifInvocation{s.invocation()}
	return s.run
}

// category tells the audits of several directories of one repository apart.
// GitHub takes what stands before the last slash.
func category(dir string) string {
	if dir = slashed(dir); dir == "." || !isLocal(dir) {
		return "assay/"
	}
	return "assay/" + clean(dir) + "/"
}

// isLocal reports whether a cleaned path with slashes lies in the audited directory.
func isLocal(name string) bool {
	return !path.IsAbs(name) && !hasDrive(name) && name != ".." && !strings.HasPrefix(name, "../")
}

// hasDrive reports whether a path with slashes begins with a drive letter of
// Windows. Elsewhere a file may be called a:b.
func hasDrive(name string) bool {
	return len(name) > 2 && name[1] == ':' && name[2] == '/' && (name[0]|0x20) >= 'a' && (name[0]|0x20) <= 'z'
}

// sarifText makes s a plain text message, in which brackets and backslashes
// have a meaning (3.11.6).
func sarifText(s string) string {
	return strings.NewReplacer(`\`, `\\`, `[`, `\[`, `]`, `\]`).Replace(clean(s))
}

func (s *sarifWriter) result(f *audit.Finding) sarifResult {
	text := sarifText(f.Message)
	if f.Remedy != "" {
		text += "\n" + say(s.rep.Lang, msgOf, audit.Args{"title": msgFix.In(s.rep.Lang), "subject": sarifText(f.Remedy)})
	}
	s.seen[f.Fingerprint]++
	res := sarifResult{
		RuleID:    clean(f.Rule),
		RuleIndex: s.rule(f),
		Kind:      "fail",
		Level:     sarifLevel(f.Severity),
		Message:   sarifMessage{Text: text},
		Locations: []sarifLocation{s.location(f)},
		PartialFingerprints: map[string]string{
			"assay/v1": f.Fingerprint,
			// GitHub knows results by this name alone, and computes it from
			// the line's text where it is absent. The number tells apart what
			// one rule says of one subject in several places.
			"primaryLocationLineHash": fmt.Sprintf("%s:%d", f.Fingerprint, s.seen[f.Fingerprint]),
		},
		Taxa:       s.taxa(f),
		Properties: map[string]any{"severity": f.Severity, "status": f.Status},
	}
	if len(f.Evidence) > 0 {
		res.Properties["evidence"] = f.Evidence
	}
	if s.has(audit.Baselined) {
		res.BaselineState = "new"
		if f.Status == audit.Baselined {
			res.BaselineState = "unchanged"
		}
	}
	if s.has(audit.Waived) { // then all results say whether they are suppressed (3.27.23)
		res.Suppressions = suppressions(f)
	}
	return res
}

func (s *sarifWriter) has(status audit.Status) bool {
	return slices.ContainsFunc(s.rep.Findings, func(f audit.Finding) bool { return f.Status == status })
}

func suppressions(f *audit.Finding) *[]sarifSuppression {
	out := []sarifSuppression{}
	if f.Status == audit.Waived {
		sup := sarifSuppression{Kind: "external", Status: "accepted"}
		if w := f.Waiver; w != nil {
			sup.Justification = clean(w.Reason)
			sup.Properties = map[string]any{"owner": clean(w.Owner), "expires": date(w.Expires.Time)}
		}
		out = append(out, sup)
	}
	return &out
}

func sarifLevel(s audit.Severity) string {
	switch s {
	case audit.Critical, audit.High:
		return "error"
	case audit.Medium:
		return "warning"
	}
	return "note"
}

// securitySeverity places a severity in the middle of the range that GitHub
// calls by the same name. Information has no severity there.
func securitySeverity(s audit.Severity) string {
	switch s {
	case audit.Critical:
		return "9.5"
	case audit.High:
		return "8.0"
	case audit.Medium:
		return "5.5"
	case audit.Low:
		return "2.0"
	}
	return ""
}

// rule lists the rule of f, once, and returns its index. Its level is that of
// the finding: a policy may have changed it.
func (s *sarifWriter) rule(f *audit.Finding) int {
	if i, ok := s.rules[f.Rule]; ok {
		return i
	}
	id := clean(f.Rule)
	d := sarifDescriptor{
		ID: id, Name: pascalCase(id), HelpURI: rulesPage + "#" + anchor(id),
		ShortDescription:     &sarifMessage{Text: clean(f.Title)},
		DefaultConfiguration: &sarifConfiguration{Level: sarifLevel(f.Severity)},
		Properties:           map[string]any{"tags": []string{"security", "supply-chain"}, "precision": "very-high"},
	}
	if score := securitySeverity(f.Severity); score != "" {
		d.Properties["security-severity"] = score
	}
	if rule := s.cat.Rules[f.Rule]; rule != nil {
		why := clean(rule.Why.In(s.rep.Lang))
		if why != "" {
			d.FullDescription = &sarifMessage{Text: why}
		}
		d.Help = s.help(rule, why)
	}
	for _, ref := range s.taxa(f) {
		d.Relationships = append(d.Relationships, sarifRelationship{Target: ref, Kinds: []string{"relevant"}})
	}
	i := len(s.rules)
	s.rules[f.Rule] = i
	s.run.Tool.Driver.Rules = append(s.run.Tool.Driver.Rules, d)
	return i
}

// help is what GitHub shows beside a result.
func (s *sarifWriter) help(rule *audit.Rule, why string) *sarifMessage {
	lang := s.rep.Lang
	remedy := rule.Remedy.In(lang)
	if names, err := rule.Remedy.Placeholders(lang); err == nil {
		args := audit.Args{}
		for _, n := range names {
			args[n] = "<" + n + ">"
		}
		remedy = say(lang, rule.Remedy, args)
	}
	remedy = clean(remedy)
	md := "**" + msgFix.In(lang) + "**: " + mdText(remedy) + "\n"
	text := say(lang, msgOf, audit.Args{"title": msgFix.In(lang), "subject": remedy})
	if why != "" {
		md, text = mdText(why)+"\n\n"+md, why+"\n"+text
	}
	for _, ref := range rule.References {
		md += "\n- <" + mdURL(ref) + ">"
	}
	return &sarifMessage{Text: text, Markdown: strings.TrimSpace(md)}
}

// pascalCase makes the readable name that SARIF recommends for a rule:
// sumdb/not-logged becomes SumdbNotLogged.
func pascalCase(id string) string {
	var b strings.Builder
	for word := range strings.FieldsFuncSeq(id, func(r rune) bool { return r == '/' || r == '-' }) {
		first := []rune(word)[0]
		b.WriteString(strings.ToUpper(string(first)) + word[len(string(first)):])
	}
	return b.String()
}

// anchor returns the anchor that GitHub gives a heading that holds a rule's ID.
func anchor(id string) string { return url.PathEscape(strings.ReplaceAll(id, "/", "")) }

// location returns where GitHub shows f. A finding without a place in a file
// is shown at the file that its subject comes from, and so is one whose place has
// no URI.
func (s *sarifWriter) location(f *audit.Finding) sarifLocation {
	var loc sarifArtifactLocation
	line, ok := 1, false
	if f.Location != nil && f.Location.File != "" {
		if loc, ok = s.fileLocation(f.Location.File); ok {
			line = max(f.Location.Line, 1)
		}
	}
	if !ok {
		loc, _ = s.fileLocation(s.home(f))
	}
	i, ok := s.artifacts[loc.URI]
	if !ok {
		i = len(s.artifacts)
		s.artifacts[loc.URI] = i
		s.run.Artifacts = append(s.run.Artifacts, sarifArtifact{Location: loc, Roles: []string{"analysisTarget"}})
	}
	loc.Index = &i
	return sarifLocation{
		PhysicalLocation: sarifPhysicalLocation{ArtifactLocation: loc, Region: sarifRegion{StartLine: line}},
		LogicalLocations: []sarifLogicalLocation{{FullyQualifiedName: clean(f.Subject.Name), Kind: clean(f.Subject.Kind)}},
	}
}

// home returns the file that stands for the subject of f. Names that lead out of the
// directory are passed over: they may be relative to what was the current one.
func (s *sarifWriter) home(f *audit.Finding) string {
	t := s.rep.Target
	var names []string
	if f.Subject.Kind == "file" || f.Subject.Kind == "binary" {
		names = append(names, f.Subject.Name)
	}
	if t.Module != "" {
		names = append(names, "go.mod")
	}
	names = append(names, t.Binaries[:min(1, len(t.Binaries))]...)
	names = append(names, t.Documents[:min(1, len(t.Documents))]...)
	names = append(names, s.rep.Policy.File)
	for _, name := range names {
		if at := slashed(name); name != "" && (isLocal(at) || path.IsAbs(at) || hasDrive(at)) {
			return name
		}
	}
	return "go.mod"
}

// slashed returns a cleaned path with slashes.
func slashed(name string) string { return path.Clean(strings.ReplaceAll(name, `\`, "/")) }

// fileLocation makes a file name a URI: relative to the root of the checkout, as
// GitHub asks, or to the audited directory if that is in none; or of a file
// elsewhere on the machine. A relative one that leads out has none that could be
// resolved.
func (s *sarifWriter) fileLocation(name string) (loc sarifArtifactLocation, ok bool) {
	name = slashed(name)
	switch {
	case path.IsAbs(name):
		return sarifArtifactLocation{URI: (&url.URL{Scheme: "file", Path: name}).String()}, true
	case hasDrive(name): // C:/...
		return sarifArtifactLocation{URI: (&url.URL{Scheme: "file", Path: "/" + name}).String()}, true
	}
	if in := s.rep.Target.Checkout; isLocal(in) { // it may be that of a stored report
		name = path.Join(in, name)
	}
	return sarifArtifactLocation{URI: (&url.URL{Path: name}).String(), URIBaseID: sarifRoot}, isLocal(name)
}

// taxa refers to the clauses that ask for what the rule of f checks, and lists
// those that are not yet listed.
func (s *sarifWriter) taxa(f *audit.Finding) []sarifReference {
	var refs []sarifReference
	for _, c := range f.Controls {
		t := s.taxonomy(c.Framework)
		taxa := &s.run.Taxonomies[t].Taxa
		i := slices.IndexFunc(*taxa, func(d sarifDescriptor) bool { return d.ID == clean(c.Clause) })
		if i < 0 {
			i = len(*taxa)
			*taxa = append(*taxa, s.clause(c))
		}
		refs = append(refs, sarifReference{
			ID: clean(c.Clause), Index: i,
			ToolComponent: &sarifComponentIndex{Name: s.run.Taxonomies[t].Name, Index: t},
		})
	}
	return refs
}

func (s *sarifWriter) clause(c audit.Control) sarifDescriptor {
	d := sarifDescriptor{ID: clean(c.Clause)}
	if fw := s.cat.Frameworks[c.Framework]; fw != nil {
		if clause, ok := fw.Clause(c.Clause); ok {
			d.ShortDescription = &sarifMessage{Text: clean(clause.Title.In(s.rep.Lang))}
		}
	}
	return d
}

// taxonomy returns the index of a framework among the run's taxonomies.
func (s *sarifWriter) taxonomy(id string) int {
	i := slices.IndexFunc(s.run.Taxonomies, func(c sarifComponent) bool { return c.Name == clean(id) })
	if i >= 0 {
		return i
	}
	c := sarifComponent{Name: clean(id)}
	if fw := s.cat.Frameworks[id]; fw != nil {
		c.ShortDescription = &sarifMessage{Text: clean(fw.Title.In(s.rep.Lang))}
		if u, err := url.Parse(fw.Source); err == nil && u.Scheme == "https" {
			c.InformationURI = u.String()
		}
	}
	s.run.Taxonomies = append(s.run.Taxonomies, c)
	return len(s.run.Taxonomies) - 1
}

// invocation says whether all was determined, and what was not.
func (s *sarifWriter) invocation() sarifInvocation {
	undone := incomplete(s.rep)
	inv := sarifInvocation{
		ExecutionSuccessful: len(undone) == 0 && s.rep.Verdict != audit.VerdictIncomplete,
		ExitCode:            s.rep.Verdict.ExitCode(),
		StartTimeUTC:        s.rep.Started.UTC().Format(sarifTime),
		EndTimeUTC:          s.rep.Finished.UTC().Format(sarifTime),
	}
	driver := &s.run.Tool.Driver
	for _, c := range undone {
		id, level := clean(c.ReasonID), "warning"
		if id == "" {
			id, level = errorID, "error"
		}
		i := slices.IndexFunc(driver.Notifications, func(d sarifDescriptor) bool { return d.ID == id })
		if i < 0 {
			i = len(driver.Notifications)
			driver.Notifications = append(driver.Notifications, sarifDescriptor{ID: id, Name: pascalCase(id)})
		}
		inv.ToolExecutionNotifications = append(inv.ToolExecutionNotifications, sarifNotification{
			Descriptor: sarifReference{ID: id, Index: i},
			Level:      level,
			Message:    sarifMessage{Text: sarifText(c.ID + colon(s.rep.Lang) + c.Reason)},
			Properties: map[string]any{"check": clean(c.ID), "outcome": c.Outcome},
		})
	}
	return inv
}
