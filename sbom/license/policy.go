// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package license

import (
	"slices"
	"strings"

	"github.com/github/go-spdx/v2/spdxexp/spdxlicenses"
)

// A Policy lists licences by SPDX identifier, in any case. An entry is
//   - an identifier: "MIT", "GPL-2.0-only", "LicenseRef-...";
//   - one with an exception, which counts before an entry without: "GPL-2.0-only WITH Classpath-exception-2.0";
//   - a prefix and an asterisk, which counts after whole identifiers: "AGPL-*".
//
// In Deny and Review an entry "GPL-2.0-or-later" or "Apache-1.1+" means that version and all later ones of the licence, however
// they are offered. In Allow it means that offer alone: a project allowed under it may be refused under GPL-2.0-only.
type Policy struct {
	Allow, Deny, Review []string
}

// A Verdict is what a policy says of an expression.
type Verdict string

// Verdicts. Unknown is for what no list names, for an empty expression, and for one that is not valid.
const (
	Allowed Verdict = "allowed"
	Denied  Verdict = "denied"
	Review  Verdict = "review"
	Unknown Verdict = "unknown"
)

// A Judgement is a verdict and what decided it.
type Judgement struct {
	Verdict Verdict  `json:"verdict"`
	Reason  []string `json:"reason,omitempty"` // identifiers that decided, as in the expression; sorted
	Invalid string   `json:"invalid,omitempty"`
}

// Judge applies the policy. Of an OR the best branch counts, since the recipient chooses: allowed, else review, else unknown, else
// denied. Of an AND the worst counts: denied, then unknown, then review. For one licence Deny comes before Review before Allow.
// An exception adds permissions, so a licence with one is judged as the licence unless an entry names both. "Or later" is a choice
// that includes the version itself: it is judged by an entry of its own, else as that version.
func Judge(expression string, p Policy) Judgement {
	if strings.TrimSpace(expression) == "" {
		return Judgement{Verdict: Unknown}
	}
	e, err := parse(expression)
	if err != nil {
		return Judgement{Verdict: Unknown, Invalid: err.Error()}
	}
	j := p.judge(e)
	slices.Sort(j.Reason)
	j.Reason = slices.Compact(j.Reason)
	return j
}

var (
	bestFirst  = []Verdict{Allowed, Review, Unknown, Denied}
	worstFirst = []Verdict{Denied, Unknown, Review, Allowed}
)

func (p Policy) judge(e *expr) Judgement {
	if e.op == 0 {
		return Judgement{Verdict: p.leaf(e), Reason: []string{e.String()}}
	}
	order := worstFirst
	if e.op == '|' {
		order = bestFirst
	}
	out := Judgement{Verdict: order[len(order)-1]}
	for _, a := range e.args {
		j := p.judge(a)
		switch was, is := slices.Index(order, out.Verdict), slices.Index(order, j.Verdict); {
		case is < was:
			out = j
		case is == was && !(e.op == '|' && j.Verdict == Allowed && out.Reason != nil): // one allowed branch is enough
			out.Reason = append(out.Reason, j.Reason...)
		}
	}
	return out
}

// leaf tries the most specific name first, so that an exception or "or later" can be judged apart from its licence.
func (p Policy) leaf(e *expr) Verdict {
	base := strings.TrimSuffix(e.id, "-or-later")
	names := []string{e.String(), (&expr{id: e.id, plus: e.plus}).String()}
	if e.plus {
		names = append(names, e.id)
	} else if base != e.id {
		names = append(names, base+"-only")
	}
	lists := []struct {
		verdict Verdict
		entries []string
	}{{Denied, p.Deny}, {Review, p.Review}, {Allowed, p.Allow}}
	for i, name := range names {
		if i > 0 && name == names[i-1] {
			continue
		}
		for _, l := range lists {
			for _, entry := range l.entries {
				if canonical(entry) == name {
					return l.verdict
				}
			}
		}
	}
	for _, l := range lists {
		for _, entry := range l.entries {
			prefix, glob := strings.CutSuffix(entry, "*")
			if glob && len(e.id) >= len(prefix) && strings.EqualFold(e.id[:len(prefix)], prefix) || l.verdict != Allowed && reaches(entry, e) {
				return l.verdict
			}
		}
	}
	return Unknown
}

// canonical writes an entry as expressions are written; what is no expression matches nothing.
func canonical(entry string) string {
	e, err := parse(entry)
	if err != nil || e.op != 0 {
		return ""
	}
	return e.String()
}

// reaches reports whether an entry "X or later" includes the version of e, by the order of versions in the SPDX library.
func reaches(entry string, e *expr) bool {
	from, err := parse(entry)
	if err != nil || from.op != 0 || !from.plus && !strings.HasSuffix(from.id, "-or-later") || from.with != "" {
		return false
	}
	for _, versions := range spdxlicenses.LicenseRanges() {
		start, at := -1, -1
		for i, version := range versions {
			for _, id := range version {
				switch id := (&expr{id: id}); {
				case strings.HasSuffix(id.id, "-or-later"): // listed with the last version, whatever it begins with
				case family(id) == family(from):
					start = i
				case family(id) == family(e):
					at = i
				}
			}
		}
		if family(from) == family(e) {
			at = start
		}
		if start >= 0 && at >= start {
			return true
		}
	}
	return false
}
