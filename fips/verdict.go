// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package fips

import "github.com/goassay/assay/audit/gobin"

// Verdict is what a State amounts to, in one word. Certified and InProcessModule
// are said only of what was seen: the module itself, intact, and on by the default
// that the runtime reads.
type Verdict string

// The verdicts.
const (
	VerdictCertified   Verdict = "certified"   // by a certificate that is active
	VerdictInProcess   Verdict = "in-process"  // submitted for one
	VerdictUncertified Verdict = "uncertified" // FIPS mode is on, and no active certificate covers the module
	VerdictDisabled    Verdict = "disabled"    // the module is there, and off by default
	VerdictBroken      Verdict = "broken"      // the program does not start in FIPS mode: see Reasons
	VerdictNoModule    Verdict = "no-module"   // none is linked, or none was chosen and FIPS mode is off
	VerdictUnknown     Verdict = "unknown"     // see Doubts
	VerdictNotGo       Verdict = "not-go"      // an executable, and not of Go
	VerdictUnreadable  Verdict = "unreadable"  // or no executable
)

// Verdict says what the state amounts to.
func (s State) Verdict() Verdict {
	m, mode := s.InForce(), s.Mode.Effective()
	switch {
	case s.Basis == Nothing:
		return VerdictUnknown
	case s.Broken(), s.Refusal != "":
		return VerdictBroken
	case s.Seen != nil && s.Seen.Module == NoModule && m.Declared != System, m.Declared != NoModule && m.Declared != Unknown && m.Linked == gobin.No:
		return VerdictNoModule
	case m.Declared == Unknown:
		return VerdictUnknown
	case m.Declared == NoModule && !mode.Enabled() && mode != ModeUnknown:
		return VerdictNoModule
	case s.Module.Declared == Unknown && m.Version == "latest" && !mode.Enabled() && mode != ModeUnknown: // that anybody chose it stands nowhere
		return VerdictNoModule
	case m.Declared == Native && !mode.Enabled() && mode != ModeUnknown:
		return VerdictDisabled
	case m.Declared != BoringCrypto && mode == ModeUnknown, s.Certificate.State == NotKnown:
		return VerdictUnknown
	case s.Certificate.State == None, s.Certificate.State == Historical:
		return VerdictUncertified
	case s.Disagreements != nil, s.Doubts() != nil:
		return VerdictUnknown
	case s.Certificate.State == InProcess:
		return VerdictInProcess
	}
	return VerdictCertified
}

// Level is what is demanded of an executable.
type Level string

// The levels.
const (
	NoLevel              Level = ""                        // nothing
	LevelCertified       Level = "certified"               // VerdictCertified
	LevelCertifiedOrSoon Level = "validated-or-in-process" // that, or VerdictInProcess
	LevelAnyModule       Level = "any-module"              // a FIPS module that is linked, intact and on
)

// Levels are those that can be demanded.
var Levels = []Level{LevelCertified, LevelCertifiedOrSoon, LevelAnyModule}

// Meets reports whether the executable is what is demanded. It is Unknown where
// only doubts speak against it: a claim of the build info may fail a demand, and
// cannot meet it.
func (s State) Meets(l Level) gobin.Ternary {
	if l == NoLevel {
		return gobin.Yes
	}
	switch met := s.Verdict(); {
	case s.Basis == Nothing:
		return gobin.Unknown
	case s.Violations(l) != nil:
		return gobin.No
	case l == LevelAnyModule && s.proven(),
		met == VerdictCertified,
		met == VerdictInProcess && l != LevelCertified:
		return gobin.Yes
	}
	return gobin.Unknown
}

// Violations are those of the reasons that a level does not allow; nil if it allows
// all.
func (s State) Violations(l Level) []string {
	var out []string
	for _, reason := range s.Reasons() {
		allowed := false
		switch reason {
		case "certificate=in-process":
			allowed = l != LevelCertified
		case "certificate=none", "certificate=historical":
			allowed = l == LevelAnyModule
		case "module=none": // the toolchain's own source, switched on by GODEBUG
			allowed = l == LevelAnyModule && s.Mode.Effective().Enabled()
		}
		if !allowed {
			out = append(out, reason)
		}
	}
	return out
}

// proven reports whether the native module, of whichever version, was seen to be
// linked, intact and on.
func (s State) proven() bool {
	return s.Seen != nil && s.Seen.Module == Native && s.Seen.Integrity == gobin.Intact &&
		s.Seen.Mode.Enabled() && s.Seen.Basis != gobin.BySearch && !s.Seen.Disputed
}
