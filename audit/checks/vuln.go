// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package checks

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/goassay/assay/audit"
	"github.com/goassay/assay/audit/modgraph"
	"github.com/goassay/assay/audit/redact"
	"github.com/goassay/assay/audit/vulns"
)

// Settings of Vuln.
const (
	SettingVulnDB      = "vuln.db"      // where the database is; default: that of the policy, of GOVULNDB, or the Go project's
	SettingVulnLevel   = "vuln.level"   // module, package or symbol (the default)
	SettingVulnScanner = "vuln.scanner" // a command that runs package engine, with zero bytes between its words
	SettingVulnTests   = "vuln.tests"   // true: test files, too
)

// Vuln finds known vulnerabilities of what the target is made of: of its
// modules and what their packages call, of executables, of bills of
// materials, of the standard library and the toolchain. The data carries no
// severity: findings rank by how close a vulnerability is to the program.
var Vuln = &audit.Check{
	ID:       "vuln",
	Requires: []*audit.Check{listing, documents},
	Applies: func(t *audit.Target) bool {
		return t.ModFile != "" || t.WorkFile != "" || hasBinaries(t) || len(t.Documents) > 0
	},
	Run:      runVuln,
	Recheck:  recheckVuln,
	Conclude: concludeVuln,
}

// VulnFacts are the facts of [Vuln].
type VulnFacts struct {
	Date            string              `json:"date"` // the day on which it was assessed, UTC: as of it statements hold, and ages are
	Database        VulnDatabase        `json:"database"`
	Level           vulns.Level         `json:"level"`
	Counts          VulnCounts          `json:"counts"`
	Targets         []VulnTarget        `json:"targets"`
	Vulnerabilities []VulnVulnerability `json:"vulnerabilities"`
	NotAssessed     []VulnNotAssessed   `json:"not_assessed"`
	Unread          []string            `json:"unread,omitempty"` // what could not be looked at at all, and why
	VEX             []VulnVEX           `json:"vex,omitempty"`    // documents whose statements were regarded
}

// VulnDatabase is the database that was asked.
type VulnDatabase struct {
	vulns.Source
	AgeDays     int    `json:"age_days"`
	LimitDays   int    `json:"limit_days"`            // how old the policy lets it be
	Fallback    string `json:"fallback,omitempty"`    // why it is not the one that was to be asked
	Attribution string `json:"attribution,omitempty"` // of the copy in this program
	Evidence    string `json:"evidence"`              // what was asked of it: [vulns.Database.Consulted]
}

// VulnCounts counts vulnerabilities that are neither withdrawn nor hidden by
// a statement, by reach; several targets count each.
type VulnCounts struct {
	Called      int `json:"called"`
	Present     int `json:"present"`
	Imported    int `json:"imported"`
	Required    int `json:"required"`
	NotAffected int `json:"not_affected"` // by statements
	NotAssessed int `json:"not_assessed"`
}

// VulnTarget is one thing that was looked at.
type VulnTarget struct {
	Kind     string         `json:"kind"` // module, binary or sbom
	Name     string         `json:"name"`
	Product  string         `json:"product,omitempty"`  // package URL; of a file that is no module's, of the type generic
	SHA256   string         `json:"sha256,omitempty"`   // of the executable, or the file that it is in: "sha256:" and hexadecimal
	BOMLink  string         `json:"bom_link,omitempty"` // of the bill of materials (CycloneDX), or of what it describes
	Packages []string       `json:"packages,omitempty"` // that were looked at, where some were named; none: all
	Platform vulns.Platform `json:"platform,omitzero"`  // for which a module was looked at
	Tags     []string       `json:"tags,omitempty"`     // build tags with which it was
	LeftOut  *VulnLeftOut   `json:"left_out,omitempty"` // what of it was not looked at; nil: nothing
	Basis    vulns.Basis    `json:"basis,omitempty"`
	Level    vulns.Level    `json:"level,omitempty"`
	Modules  int            `json:"modules"`
	Evidence string         `json:"evidence"` // what was seen of it: a [vulns.Observation]
	Upgrades []VulnUpgrade  `json:"upgrades,omitempty"`

	// What makes all upgrades together that the go command allows, in the folder
	// of the module, and what else it changes.
	Command string          `json:"command,omitempty"`
	Moves   []modgraph.Move `json:"moves,omitempty"`   // of other modules
	GoLine  *modgraph.Move  `json:"go_line,omitempty"` // if it changes
	Brings  []string        `json:"brings,omitempty"`  // vulnerabilities of Moves that were not there before: "ID MODULE@VERSION"

	assessment *vulns.Assessment
	dir        string // of a module
	location   *audit.Location
	places     map[string]*audit.Location // of lines about modules, of a module
	links      map[string]string          // BOM-Links of the components of a document, by package URL of the module
}

// VulnLeftOut is what of a main module was not looked at, because it is no part
// of it on the platform and with the build tags.
type VulnLeftOut struct {
	Folders []string `json:"folders,omitempty"` // with Go files, none of which is built; relative to the module
	Modules []string `json:"modules,omitempty"` // folders of other modules in it
	Unseen  bool     `json:"unseen,omitempty"`  // there may be more
}

// VulnVulnerability is a vulnerability of one target.
type VulnVulnerability struct {
	Target int `json:"target"` // index in Targets
	vulns.Vulnerability
	BOMLink   string           `json:"bom_link,omitempty"`  // of the module's component, in a bill of materials (CycloneDX)
	AgeDays   *int             `json:"age_days,omitempty"`  // whole days since it was published; absent if that is not known, or yet to come
	Statement *vulns.Statement `json:"statement,omitempty"` // by which it does not affect the product
	Stated    *vulns.Stated    `json:"stated,omitempty"`    // what somebody states of it: the statement, or one that outweighs others
}

// VulnNotAssessed is what could not be determined of one target.
type VulnNotAssessed struct {
	Target int `json:"target"`
	vulns.NotAssessed
}

// VulnVEX is a VEX document.
type VulnVEX struct {
	File       string `json:"file"`
	Evidence   string `json:"evidence"`
	Statements int    `json:"statements"`
	Unused     int    `json:"unused"` // that are about nothing that was found

	doc  *vulns.VEX
	used map[*vulns.Statement]bool
}

// vulnRun is one run of the check.
type vulnRun struct {
	*audit.Pass
	db    *vulns.Database
	asked *vulns.Database // the same, of which it is noted what assessments ask
	facts *VulnFacts
}

func runVuln(ctx context.Context, p *audit.Pass) (any, error) {
	r := &vulnRun{Pass: p, facts: &VulnFacts{
		Date:            p.Now.UTC().Format(time.DateOnly),
		Level:           vulns.Level(cmp.Or(p.Settings[SettingVulnLevel], string(vulns.LevelSymbol))),
		Targets:         []VulnTarget{},
		Vulnerabilities: []VulnVulnerability{}, NotAssessed: []VulnNotAssessed{},
	}}
	if err := r.open(ctx); err != nil {
		return nil, err
	}
	if err := r.readVEX(); err != nil {
		return nil, err
	}
	for _, assess := range []func(context.Context) error{r.source, r.binaries, r.documents} {
		if err := assess(ctx); err != nil {
			return nil, err
		}
	}
	for i := range r.facts.Targets {
		if err := r.judge(ctx, i); err != nil {
			return nil, err
		}
	}
	r.unusedStatements()
	r.judgeDatabase()
	r.facts.Counts.NotAssessed = len(r.facts.NotAssessed) + len(r.facts.Unread)
	asked, err := r.asked.Consulted()
	if err != nil {
		return nil, r.database(ctx, err)
	}
	r.facts.Database.Evidence = r.Evidence("vulndb", asked)
	return r.facts, r.facts.left()
}

// judge takes over what was found of a target, and reports it.
func (r *vulnRun) judge(ctx context.Context, i int) error {
	t := &r.facts.Targets[i]
	a := t.assessment
	t.Basis, t.Level = a.Basis, a.Level
	a.Observation.Name, a.Observation.Product = t.Name, t.Product
	seen, err := a.Observation.Encode()
	if err != nil {
		return err
	}
	t.Evidence = r.Evidence("vuln-observation", seen)
	var open []vulns.Vulnerability
	for _, v := range a.Vulnerabilities {
		found := VulnVulnerability{Target: i, Vulnerability: v, BOMLink: t.links[vulns.PURL(v.Module, v.Version)]}
		found.Statement, found.Stated = r.facts.statement(t, v, r.Now)
		found.known(r.Now)
		r.facts.Vulnerabilities = append(r.facts.Vulnerabilities, found)
		if found.Statement == nil && v.Withdrawn.IsZero() {
			open = append(open, v)
		}
	}
	for _, n := range a.NotAssessed {
		r.facts.NotAssessed = append(r.facts.NotAssessed, notAssessedOf(i, n))
	}
	if err := r.upgrade(ctx, t, open); err != nil {
		return err
	}
	for j := range r.facts.Vulnerabilities {
		if v := &r.facts.Vulnerabilities[j]; v.Target == i {
			r.facts.Counts.add(v)
			r.report(t, v)
		}
	}
	return nil
}

// notAssessedOf is what is told of what could not be assessed of a target.
func notAssessedOf(target int, n vulns.NotAssessed) VulnNotAssessed {
	n.Detail = redact.Text(n.Detail)
	return VulnNotAssessed{Target: target, NotAssessed: n}
}

func (c *VulnCounts) add(v *VulnVulnerability) {
	switch {
	case !v.Withdrawn.IsZero():
	case v.Statement != nil:
		c.NotAffected++
	case v.Reach == vulns.Called:
		c.Called++
	case v.Reach == vulns.Present:
		c.Present++
	case v.Reach == vulns.Imported:
		c.Imported++
	default:
		c.Required++
	}
}

// ruleOf is the rule that a vulnerability of a target violates. That nobody
// reviewed an entry counts only where the vulnerability is not close.
func (v *VulnVulnerability) ruleOf(t *VulnTarget) string {
	switch {
	case !v.Withdrawn.IsZero():
		return "vuln/withdrawn"
	case v.Statement != nil:
		return "vuln/not-affected"
	case v.Module == vulns.Toolchain:
		return "vuln/toolchain"
	case v.unexamined(t):
		return "vuln/unexamined"
	case v.Unreviewed && (v.Reach == vulns.Imported || v.Reach == vulns.Required):
		return "vuln/unreviewed"
	}
	return map[vulns.Reach]string{
		vulns.Called: "vuln/called", vulns.Present: "vuln/present", vulns.Imported: "vuln/imported", vulns.Required: "vuln/required",
	}[v.Reach]
}

// unexamined reports whether a vulnerability may be closer than it was looked for.
func (v *VulnVulnerability) unexamined(t *VulnTarget) bool {
	return t.Level == vulns.LevelModule || t.Level == vulns.LevelPackage && v.Reach == vulns.Imported
}

// subject names a vulnerability as waivers do: its ID, the module, and of what.
func (v *VulnVulnerability) subject(t *VulnTarget) audit.Subject {
	return audit.Subject{Kind: "vulnerability", Name: v.ID + " " + v.Module + " " + t.Name}
}

// report reports a vulnerability of a target.
func (r *vulnRun) report(t *VulnTarget, v *VulnVulnerability) {
	f := audit.Finding{
		Rule: v.ruleOf(t), Subject: v.subject(t), Location: t.place(v.Module),
		Args: audit.Args{
			"id": v.ID, "module": v.Module, "version": v.Version, "target": t.Name,
			"ids": append([]string{v.ID}, v.Aliases...), "summary": v.Summary,
			"symbols": first(symbolNames(v), maxNamed), "fix": t.fixOf(v), "age": v.age(),
		},
	}
	if v.Statement != nil {
		f.Args["status"], f.Args["justification"] = string(v.Statement.Status), cmp.Or(string(v.Statement.Justification), v.Statement.Impact)
	}
	if len(v.Traces) > 0 {
		f.Evidence = []string{r.Evidence("call-stack", traceText(v.Traces))}
	}
	r.Report(f)
}

// symbolNames are the functions that are called or present, or else the packages.
func symbolNames(v *VulnVulnerability) []string {
	out := []string{}
	for _, s := range v.Symbols {
		out = append(out, s.Package+"."+s.Name)
	}
	if len(out) == 0 {
		out = append(out, v.Packages...)
	}
	return out
}

// traceText writes call stacks, as evidence.
func traceText(traces []vulns.Trace) []byte {
	var b strings.Builder
	for i, t := range traces {
		if i > 0 {
			b.WriteString("\n")
		}
		for _, f := range t {
			name := f.Function
			if f.Receiver != "" {
				name = f.Receiver + "." + name
			}
			fmt.Fprintf(&b, "%s.%s", f.Package, name)
			if f.File != "" {
				fmt.Fprintf(&b, " %s:%d", filepath.ToSlash(f.File), f.Line)
			}
			b.WriteString("\n")
		}
	}
	return []byte(b.String())
}

// place is where a target's requirement of a module stands, or the target itself.
func (t *VulnTarget) place(module string) *audit.Location {
	if at, ok := t.places[module]; ok {
		return at
	}
	return t.location
}

// left says what is not known.
func (f *VulnFacts) left() error {
	what := slices.Clone(f.Unread)
	for _, n := range f.NotAssessed {
		if n.Target < 0 || n.Target >= len(f.Targets) {
			return errors.New("something of no target is not assessed")
		}
		what = append(what, notAssessedText(f.Targets[n.Target].Name, n.NotAssessed))
	}
	if len(what) == 0 {
		return nil
	}
	return audit.NotAssessed("vuln/not-assessed", audit.Args{"count": len(what), "what": first(what, maxNamed)})
}

// notAssessedText tells what is not known of what, after the reason, a word of the catalogue.
func notAssessedText(target string, n vulns.NotAssessed) string {
	about := strings.TrimSuffix(n.Module+"@"+n.Version, "@")
	text := string(n.Reason) + ": " + strings.TrimSpace(about+" "+n.Detail)
	if target != "" {
		text += " (" + target + ")"
	}
	return text
}

// database tells an error of the database from that of a run that was ended.
// Whatever else is wrong with a database, it was not asked.
func (r *vulnRun) database(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return audit.NotAssessed("vuln/no-database", audit.Args{"error": redact.Text(err.Error())})
}
