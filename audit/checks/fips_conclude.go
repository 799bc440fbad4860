// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package checks

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/goassay/assay/audit"
	"github.com/goassay/assay/audit/gobin"
	"github.com/goassay/assay/fips"
)

// verdict is what the facts of the file amount to.
func (f *FIPSFile) verdict() fips.Verdict {
	switch f.File {
	case gobin.StateNotGo:
		return fips.VerdictNotGo
	case gobin.StateNotExecutable, gobin.StateUnreadable:
		return fips.VerdictUnreadable
	}
	return f.State.Verdict()
}

// incomplete says what the facts leave open.
func (facts *FIPSFacts) incomplete() error {
	var open, claimed []string
	contexts := facts.Unread
	for _, f := range facts.Files {
		for _, c := range f.Contexts {
			if c.State == fips.ContextUnknown {
				contexts = append(contexts[:len(contexts):len(contexts)], c.Source+": "+c.Why)
			}
		}
		switch {
		case f.Basis == fips.Nothing:
			open = append(open, f.Path+": "+f.Reason)
		case !f.Determined():
			open = append(open, f.Path+": "+moduleName(f.InForce()))
		case f.Meets(f.Required) == gobin.Unknown, f.Verdict == fips.VerdictUnknown: // a claim of the build info may fail a demand, and cannot meet it
			claimed = append(claimed, f.Path+": "+strings.Join(f.Reasons, " "))
		}
	}
	switch {
	case len(open) > 0:
		return audit.NotAssessed("fips/undetermined", audit.Args{"count": len(open), "total": len(facts.Files), "files": first(open, maxNamed)})
	case len(contexts) > 0:
		return audit.NotAssessed("fips/context-unknown", audit.Args{"count": len(contexts), "contexts": first(contexts, maxNamed)})
	case len(claimed) > 0:
		return audit.NotAssessed("fips/claimed", audit.Args{"count": len(claimed), "files": first(claimed, maxNamed)})
	}
	return nil
}

// concludeFIPS derives from stored facts the findings that a report of them must
// hold, of those that can fail a run, and what they leave open. That the verdicts
// follow from the facts is demanded too; the facts themselves rest on the file,
// which is no evidence for its size, and is named by its SHA-256.
func concludeFIPS(raw json.RawMessage) ([]audit.Finding, error) {
	var facts FIPSFacts
	if err := json.Unmarshal(raw, &facts); err != nil {
		return nil, err
	}
	if len(facts.Files) == 0 {
		return nil, audit.NotAssessed("binary/none", audit.Args{"targets": []string{}, "not_go": 0})
	}
	var out []audit.Finding
	for _, f := range facts.Files {
		if v := f.verdict(); v != f.Verdict {
			return nil, fmt.Errorf("%s: the verdict is %s, and the facts make it %s", f.Path, f.Verdict, v)
		}
		add := func(must bool, rule string) {
			if must {
				out = append(out, audit.Finding{Rule: rule, Subject: audit.Subject{Kind: "binary", Name: f.Path}})
			}
		}
		add(f.Meets(f.Required) == gobin.No, "fips/required")
		add(f.Broken(), "fips/broken-module")
		add(f.Disagreements != nil, "fips/disagreement")
		add(f.Refusal != "", "fips/refuses-to-start")
		for _, c := range f.Contexts {
			add(c.Weakens(f.State), "fips/context-weakens")
		}
	}
	return out, facts.incomplete()
}
