// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package checks

import (
	"cmp"
	"context"
	"errors"
	"path/filepath"
	"slices"

	"github.com/goassay/assay/audit"
	"github.com/goassay/assay/audit/goenv"
)

// Toolchain judges the Go that would build the target: its support, the flaws
// by which it would accept forged modules, and how it comes here. Its facts
// are a [ToolchainFacts].
var Toolchain = &audit.Check{ID: "toolchain", Requires: []*audit.Check{Env}, Run: runToolchain}

// ToolchainFacts is the Go that would run, and what is known about it.
type ToolchainFacts struct {
	*goenv.Selection
	Build      goenv.Build      `json:"build"`
	Support    goenv.Support    `json:"support"`
	Advisories []AdvisoryStatus `json:"advisories"`
}

// AdvisoryStatus says which advisories affect a toolchain that takes part: the
// one that runs, and the local one, which downloads and verifies it.
type AdvisoryStatus struct {
	Toolchain string           `json:"toolchain"`
	Known     bool             `json:"known"` // whether its version tells
	Affected  []goenv.Advisory `json:"affected"`
}

func runToolchain(_ context.Context, p *audit.Pass) (any, error) {
	env := audit.Facts[*EnvFacts](p, Env)
	s, err := env.SelectToolchain(p.Target.ModFile, p.Target.WorkFile)
	j := toolchainJudge{p, s, s.File}
	s.File, s.RequiredBy = j.relative(s.File), j.relative(s.RequiredBy)
	facts := &ToolchainFacts{Selection: s, Build: goenv.BuildUnknown, Support: goenv.SupportOf("", p.Now), Advisories: []AdvisoryStatus{}}
	if refused := (*goenv.ToolchainError)(nil); errors.As(err, &refused) {
		what := refused.What
		if filepath.IsAbs(what) {
			what = j.relative(what)
		}
		j.report("toolchain/refused", refused.Value, s.Line.Line, audit.Args{"what": what, "error": refused.Err.Error()})
		return facts, audit.NotAssessed("toolchain/none", audit.Args{"value": refused.Value})
	} else if err != nil {
		return facts, err
	}
	facts.Build = goenv.BuildOf(s.Toolchain)
	facts.Support = goenv.SupportOf(s.Toolchain, p.Now)
	for _, name := range slices.Compact([]string{s.Toolchain, goenv.LocalVersion(s.Local)}) {
		affected, known := goenv.AdvisoriesOf(name)
		facts.Advisories = append(facts.Advisories, AdvisoryStatus{name, known, affected})
	}
	j.selection(env)
	j.version(facts)
	return facts, unknownToolchain(facts)
}

// unknownToolchain returns why the toolchain could not be judged, or nil.
func unknownToolchain(facts *ToolchainFacts) error {
	if facts.Support.State == goenv.SupportUnknown {
		reason := "toolchain/support-unknown"
		if facts.Build == goenv.BuildVendor {
			reason = "toolchain/vendor"
		}
		return audit.NotAssessed(reason, audit.Args{"toolchain": facts.Toolchain, "as_of": facts.Support.AsOf})
	}
	for _, a := range facts.Advisories {
		if !a.Known {
			return audit.NotAssessed("toolchain/vendor", audit.Args{"toolchain": a.Toolchain, "as_of": facts.Support.AsOf})
		}
	}
	return nil
}

// toolchainJudge holds what the rules of toolchain are judged on.
type toolchainJudge struct {
	p    *audit.Pass
	s    *goenv.Selection
	file string // the go.work or go.mod that was consulted, absolute
}

// relative returns the path of a file as seen from the target.
func (j toolchainJudge) relative(file string) string {
	if rel, err := filepath.Rel(j.p.Target.Dir, file); file != "" && err == nil {
		return filepath.ToSlash(rel)
	}
	return file
}

// report reports on a toolchain, at a line of the file that was consulted
// where that decided and lies in the target.
func (j toolchainJudge) report(rule, name string, line int, args audit.Args) {
	all := audit.Args{"toolchain": name, "local": j.s.Local, "setting": j.s.Setting, "file": j.s.File, "because": j.because()}
	for key, value := range args {
		all[key] = value
	}
	f := audit.Finding{Rule: rule, Subject: audit.Subject{Kind: "toolchain", Name: name}, Args: all}
	if line > 0 && filepath.IsLocal(filepath.FromSlash(j.s.File)) {
		f.Location = &audit.Location{File: j.s.File, Line: line}
	}
	j.p.Report(f)
}

// because says in the words of the go command what decided.
func (j toolchainJudge) because() string {
	switch j.s.Because {
	case goenv.BecauseSetting:
		return "GOTOOLCHAIN=" + j.s.Setting
	case goenv.BecauseLine:
		return j.s.File + ": toolchain " + j.s.Line.Value
	case goenv.BecauseGoLine:
		return j.s.File + ": go " + j.s.GoLine.Value
	}
	return j.s.Local
}

// line returns the line of the file that decided, or 0.
func (j toolchainJudge) line() int {
	switch j.s.Because {
	case goenv.BecauseLine:
		return j.s.Line.Line
	case goenv.BecauseGoLine:
		return j.s.GoLine.Line
	}
	return 0
}

// selection judges where the toolchain comes from.
func (j toolchainJudge) selection(env *EnvFacts) {
	name, line := j.s.Toolchain, j.line()
	switch j.s.Place {
	case goenv.PlaceDownload:
		j.report("toolchain/download", name, line, nil)
	case goenv.PlacePath:
		j.report("toolchain/path", name, line, nil)
	case goenv.PlaceNone:
		j.report("toolchain/missing", name, line, nil)
	}
	if j.s.Required != "" {
		at := 0
		if j.s.RequiredBy == j.s.File {
			at = j.s.GoLine.Line
		}
		j.report("toolchain/too-old", name, at, audit.Args{"required": j.s.Required, "required_by": j.s.RequiredBy})
	}
	if j.s.Place == goenv.PlaceLocal || env.GorootFile.Release != goenv.Edited {
		return
	}
	var lost []string
	for _, c := range env.GorootFile.Changes {
		if v, _ := env.Lookup(c.Name); v.Source == goenv.Goroot && c.Name != "GOTOOLCHAIN" {
			lost = append(lost, c.Name)
		}
	}
	if len(lost) > 0 {
		j.report("toolchain/goenv-left-behind", name, line, audit.Args{"names": lost})
	}
}

// advisoryRules are the rules for advisories.
var advisoryRules = map[string]string{
	"GO-2026-4984": "toolchain/empty-lookup",
	"GO-2026-6179": "toolchain/forged-tiles",
	"GO-2026-6180": "toolchain/unauthenticated-lines",
}

// version judges the version that would run, and the advisories.
func (j toolchainJudge) version(facts *ToolchainFacts) {
	switch facts.Build {
	case goenv.BuildDevelopment, goenv.BuildPrerelease:
		j.report("toolchain/unreleased", j.s.Toolchain, j.line(), nil)
	case goenv.BuildExperiment:
		j.report("toolchain/experiment", j.s.Toolchain, j.line(), nil)
	}
	if s := facts.Support; s.State == goenv.EndOfLife {
		j.report("toolchain/end-of-life", j.s.Toolchain, j.line(), audit.Args{"major": s.Major, "ended": cmp.Or(s.Ended, "< 2019-09-03")})
	}
	for _, status := range facts.Advisories {
		for _, a := range status.Affected {
			j.report(advisoryRules[a.ID], status.Toolchain, 0, audit.Args{"id": a.ID, "cve": a.CVE, "fixed": a.Fixed})
		}
	}
}
