// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package checks

import (
	"context"
	"strings"

	"github.com/goassay/assay/audit"
	"github.com/goassay/assay/audit/gobin"
	"github.com/goassay/assay/fips"
)

// FIPS judges which FIPS 140 module Go executables declare, in which mode, and
// under what certificate. With the setting "fips" = "require", what does not
// declare a certified module that is on is a violation of its own.
var FIPS = &audit.Check{
	ID:       "fips",
	Requires: []*audit.Check{executables},
	Applies:  hasBinaries,
	Run:      runFIPS,
}

// FIPSFacts are the facts of [FIPS].
type FIPSFacts struct {
	Files    []FIPSFile `json:"files"`
	Required bool       `json:"required"` // a certified module was asked for
}

// A FIPSFile is the state of one executable, named as findings name it.
type FIPSFile struct {
	Path     string      `json:"path"`
	File     gobin.State `json:"state"`
	Go       string      `json:"go,omitempty"`
	Evidence string      `json:"evidence,omitempty"` // digest of the build info
	fips.State
}

func runFIPS(_ context.Context, p *audit.Pass) (any, error) {
	m := audit.Facts[*measured](p, executables)
	facts := FIPSFacts{Files: []FIPSFile{}, Required: p.Settings["fips"] == "require"}
	var open, claimed []string
	for _, f := range m.Files {
		s := fips.Judge(f.File, p.Now)
		file := FIPSFile{Path: f.Path, File: f.State, Evidence: f.Evidence, State: s}
		if f.Build != nil {
			file.Go = f.Build.Go
		}
		facts.Files = append(facts.Files, file)
		switch {
		case s.Basis == fips.Nothing:
			open = append(open, f.Path+": "+f.Reason)
			continue
		case !s.Determined():
			open = append(open, f.Path+": "+strings.TrimSpace(string(s.Module.Declared)+" "+s.Module.Version))
		}
		judgeModule(p, f, s)
		judgeMode(p, f, s)
		switch reasons := s.Reasons(); {
		case reasons != nil && facts.Required:
			p.Report(f.finding("fips/required", audit.Args{"reasons": reasons}))
		case reasons == nil && s.Determined():
			claimed = append(claimed, f.Path)
		}
	}
	if err := m.none(p.Target); err != nil {
		return facts, err
	}
	if len(open) > 0 {
		return facts, audit.NotAssessed("fips/undetermined",
			audit.Args{"count": len(open), "total": len(m.Files), "files": first(open, maxNamed)})
	}
	if facts.Required && len(claimed) > 0 {
		// Build info is a claim, which a linker flag can forge: it may fail the
		// demand, and cannot meet it.
		return facts, audit.NotAssessed("fips/claimed", audit.Args{"count": len(claimed), "files": first(claimed, maxNamed)})
	}
	return facts, nil
}

// judgeModule judges the module that is declared, and its certificate.
func judgeModule(p *audit.Pass, f BinaryFile, s fips.State) {
	c := s.Certificate
	switch s.Module.Declared {
	case fips.NoModule:
		if s.Mode.Declared.Enabled() {
			p.Report(f.finding("fips/uncertified-source", audit.Args{"version": "latest", "go": f.Build.Go}))
		} else {
			p.Report(f.finding("fips/no-module", nil))
		}
	case fips.BoringCrypto:
		p.Report(f.finding("fips/boringcrypto-declared", audit.Args{"linked": string(s.Module.Linked), "certificate": string(c.State)}))
	case fips.System:
		p.Report(f.finding("fips/system-module", audit.Args{"go": f.Build.Go}))
	case fips.Native:
		args := audit.Args{"version": s.Module.Version, "go": f.Build.Go, "as_of": c.AsOf}
		switch c.State {
		case fips.InProcess:
			p.Report(f.finding("fips/in-process", args))
		case fips.Historical:
			args["number"], args["sunset"] = c.Number, c.Sunset
			p.Report(f.finding("fips/historical", args))
		case fips.None:
			p.Report(f.finding("fips/uncertified-source", args))
		case fips.Certified:
			args["number"], args["mode"] = c.Number, string(s.Mode.Declared)
			p.Report(f.finding("fips/declared-only", args))
		}
	}
}

// judgeMode judges what the program does with its module when it starts.
func judgeMode(p *audit.Pass, f BinaryFile, s fips.State) {
	if s.Module.Declared == fips.Native {
		switch s.Mode.Declared {
		case fips.Off:
			p.Report(f.finding("fips/forced-off", audit.Args{"version": s.Module.Version}))
		case fips.Unset:
			p.Report(f.finding("fips/not-default", audit.Args{"version": s.Module.Version}))
		}
	}
	if s.Mode.Declared == fips.Only {
		p.Report(f.finding("fips/only-mode", nil))
	}
	if s.Refusal != "" {
		p.Report(f.finding("fips/refuses-to-start", audit.Args{"reason": string(s.Refusal), "mode": string(s.Mode.Declared)}))
	}
	if s.Disagreements != nil {
		p.Report(f.finding("fips/disagreement", audit.Args{
			"claims": pairs(s.Disagreements, func(d fips.Disagreement) (string, string) { return d.Claim, d.Against })}))
	}
}
