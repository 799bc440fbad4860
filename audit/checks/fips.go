// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package checks

import (
	"context"
	"strings"

	"github.com/goassay/assay/audit"
	"github.com/goassay/assay/audit/gobin"
	"github.com/goassay/assay/fips"
)

// FIPS judges which FIPS 140 module Go executables have, in which mode they
// start, and under what certificate: by their build info, and by what is linked.
// With the setting "fips" = "require", what does not show a certified module that
// is intact and on is a violation of its own.
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
		s := fips.Judge(f.File, f.seen, p.Now)
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
			open = append(open, f.Path+": "+moduleName(s.InForce()))
		}
		judgeModule(p, f, s)
		judgeMode(p, f, s)
		switch reasons := s.Reasons(); {
		case reasons != nil && facts.Required:
			p.Report(f.finding("fips/required", audit.Args{"reasons": reasons}))
		case reasons == nil && s.Determined() && s.Doubts() != nil:
			claimed = append(claimed, f.Path+": "+strings.Join(s.Doubts(), " "))
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
		// A claim of the build info may fail the demand, and cannot meet it.
		return facts, audit.NotAssessed("fips/claimed", audit.Args{"count": len(claimed), "files": first(claimed, maxNamed)})
	}
	return facts, nil
}

// moduleName names a module with its version.
func moduleName(m fips.Module) string { return strings.TrimSpace(string(m.Declared) + " " + m.Version) }

// judgeModule judges the module that is linked or, where that could not be
// seen, declared, and its certificate.
func judgeModule(p *audit.Pass, f BinaryFile, s fips.State) {
	m, c := s.InForce(), s.Certificate
	goVersion := ""
	if f.Build != nil {
		goVersion = f.Build.Go
	}
	switch m.Declared {
	case fips.NoModule:
		if s.Mode.Effective().Enabled() {
			p.Report(f.finding("fips/uncertified-source", audit.Args{"version": "latest", "go": goVersion}))
		} else {
			p.Report(f.finding("fips/no-module", nil))
		}
	case fips.BoringCrypto:
		p.Report(f.finding("fips/boringcrypto-declared", audit.Args{"linked": string(m.Linked), "certificate": string(c.State)}))
	case fips.System:
		p.Report(f.finding("fips/system-module", audit.Args{"go": goVersion}))
	case fips.Native:
		judgeNative(p, f, s, audit.Args{"version": m.Version, "go": goVersion, "as_of": c.AsOf})
	}
	if s.Broken() {
		p.Report(f.finding("fips/broken-module", audit.Args{"module": moduleName(m), "detail": s.Seen.Detail}))
	}
}

// judgeNative judges Go's own module.
func judgeNative(p *audit.Pass, f BinaryFile, s fips.State, args audit.Args) {
	c := s.Certificate
	if s.Seen != nil && s.Seen.Module == fips.NoModule {
		p.Report(f.finding("fips/not-linked", args))
		return
	}
	switch c.State {
	case fips.InProcess:
		p.Report(f.finding("fips/in-process", args))
	case fips.Historical:
		args["number"], args["sunset"] = c.Number, c.Sunset
		p.Report(f.finding("fips/historical", args))
	case fips.None:
		p.Report(f.finding("fips/uncertified-source", args))
	case fips.Certified:
		args["number"], args["mode"] = c.Number, string(s.Mode.Effective())
		doubts := append(s.Reasons(), s.Doubts()...)
		if len(doubts) == 0 {
			p.Report(f.finding("fips/certified-module", args))
			return
		}
		args["doubts"] = doubts
		p.Report(f.finding("fips/declared-only", args))
	}
}

// judgeMode judges what the program does with its module when it starts.
func judgeMode(p *audit.Pass, f BinaryFile, s fips.State) {
	m, mode := s.InForce(), s.Mode.Effective()
	chosen := m.Declared == fips.Native && (s.Module.Declared == fips.Native || m.Version != "latest")
	if chosen && (s.Seen == nil || s.Seen.Module != fips.NoModule) {
		switch mode {
		case fips.Off:
			p.Report(f.finding("fips/forced-off", audit.Args{"version": m.Version}))
		case fips.Unset:
			p.Report(f.finding("fips/not-default", audit.Args{"version": m.Version}))
		}
	}
	if mode == fips.Only {
		p.Report(f.finding("fips/only-mode", nil))
	}
	if s.Refusal != "" {
		p.Report(f.finding("fips/refuses-to-start", audit.Args{"reason": string(s.Refusal), "mode": string(mode)}))
	}
	if s.Disagreements != nil {
		p.Report(f.finding("fips/disagreement", audit.Args{
			"claims": pairs(s.Disagreements, func(d fips.Disagreement) (string, string) { return d.Claim, d.Against })}))
	}
}
