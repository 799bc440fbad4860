// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package checks

import (
	"context"
	"slices"
	"strings"

	"github.com/goassay/assay/audit"
	"github.com/goassay/assay/audit/gobin"
	"github.com/goassay/assay/fips"
)

// FIPS judges which FIPS 140 module Go executables have, in which mode they
// start, and under what certificate: by their build info, and by what is linked.
// The policy, or the setting "fips" where it says nothing of a file, demands a
// level of what is found: one of fips.Levels. What does not meet it is a violation
// of its own. The setting "fips-certificates" is the data of certificates, as
// JSON, in place of those that are built in.
var FIPS = &audit.Check{
	ID:       "fips",
	Requires: []*audit.Check{executables},
	Applies:  hasBinaries,
	Run:      runFIPS,
	Conclude: concludeFIPS,
}

// FIPSFacts are the facts of [FIPS].
type FIPSFacts struct {
	Files    []FIPSFile `json:"files"`
	Evidence string     `json:"evidence,omitempty"` // digest of the certificates' data, where it is not what is built in
	Units    []FIPSUnit `json:"units,omitempty"`    // that were read
	Unread   []string   `json:"unread,omitempty"`   // units and manifests, and why
}

// A FIPSFile is the state of one executable, named as findings name it.
type FIPSFile struct {
	Path     string       `json:"path"`
	SHA256   string       `json:"sha256,omitempty"` // of the file, "sha256:" and hexadecimal
	File     gobin.State  `json:"state"`
	Format   gobin.Format `json:"format,omitempty"`
	OS       string       `json:"os,omitempty"`
	Arch     string       `json:"arch,omitempty"`
	Go       string       `json:"go,omitempty"`
	Reason   string       `json:"reason,omitempty"`   // why nothing is known of it
	Evidence string       `json:"evidence,omitempty"` // digest of the build info
	fips.State
	Verdict  fips.Verdict  `json:"verdict"`
	Reasons  []string      `json:"reasons,omitempty"`  // why it is not certified: what=state
	Packages fips.Packages `json:"packages,omitzero"`  // with cryptography outside of the module
	Required fips.Level    `json:"required,omitempty"` // what was demanded
	Contexts []FIPSStart   `json:"contexts,omitempty"` // environments in which it is started
}

// A FIPSUnit is a systemd unit that was read for its environment.
type FIPSUnit struct {
	Path     string `json:"path"`
	Evidence string `json:"evidence"` // of its text, without secrets
}

// A FIPSStart is an environment, and the mode in which the executable starts there.
type FIPSStart struct {
	fips.Context
	Mode fips.ModeName `json:"mode"`
}

// judgeFile judges one executable.
func judgeFile(p *audit.Pass, f BinaryFile, list fips.Certificates) FIPSFile {
	s := fips.Judge(f.File, f.seen, list, p.Now)
	if f.Copies == gobin.CopiesDiffer { // somebody edited one of them
		s.Disagreements = append(s.Disagreements, fips.Disagreement{Claim: "the build info that tools read", Against: "the one that the program reads"})
	}
	out := FIPSFile{Path: f.Path, SHA256: f.SHA256, File: f.State, Format: f.Format, OS: f.OS, Arch: f.Arch, Evidence: f.Evidence, State: s,
		Verdict: s.Verdict(), Required: fips.Level(p.Settings["fips"])}
	if level, ok := p.Policy.FIPS.Level(f.Path); ok {
		out.Required = fips.Level(level)
	}
	if out.Required == "none" {
		out.Required = fips.NoLevel
	}
	if f.Build != nil {
		out.Go = f.Build.Go
	}
	out.Verdict = out.verdict()
	if s.Seen != nil {
		out.Packages = s.Seen.Packages
	}
	if s.Basis == fips.Nothing {
		out.Reason = f.Reason
		return out
	}
	out.Reasons = s.Reasons()
	for _, d := range s.Doubts() {
		if !slices.Contains(out.Reasons, d) {
			out.Reasons = append(out.Reasons, d)
		}
	}
	slices.Sort(out.Reasons)
	return out
}

func runFIPS(ctx context.Context, p *audit.Pass) (any, error) {
	m := audit.Facts[*measured](p, executables)
	facts := FIPSFacts{Files: []FIPSFile{}}
	list := fips.BuiltInCertificates()
	if data := p.Settings["fips-certificates"]; data != "" {
		var err error
		if list, err = fips.ParseCertificates([]byte(data)); err != nil {
			return nil, err
		}
		facts.Evidence = p.Evidence("certificates", []byte(data))
	}
	contexts := facts.readContexts(p)
	for _, f := range m.Files {
		file := judgeFile(p, f, list)
		judgeContexts(p, f, &file, contexts)
		facts.Files = append(facts.Files, file)
		s := file.State
		if s.Basis == fips.Nothing {
			continue
		}
		judgeModule(p, f, s)
		judgeMode(p, f, s)
		judgeOutside(ctx, p, f, s)
		judgeWeak(p, f, s)
		if s.Meets(file.Required) == gobin.No {
			p.Report(f.finding("fips/required", audit.Args{"level": string(file.Required), "verdict": string(file.Verdict), "reasons": s.Violations(file.Required)}))
		}
	}
	if err := m.none(p.Target); err != nil {
		return facts, err
	}
	facts.Unread = append(facts.Unread, facts.unmatched(contexts)...)
	return facts, facts.incomplete()
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
