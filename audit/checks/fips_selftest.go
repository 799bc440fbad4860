// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package checks

import (
	"context"
	"encoding/json"
	"errors"
	"os/exec"
	"slices"
	"strings"

	"github.com/goassay/assay/audit"
	"github.com/goassay/assay/fips/selftest"
)

// FIPSSelftest tries the cryptography of this program in each FIPS 140 mode, by
// running it again: the setting "self" is its path, and its arguments are
// "fips selftest --try MODE".
var FIPSSelftest = &audit.Check{
	ID:      "fips-selftest",
	Applies: func(*audit.Target) bool { return true },
	Run:     runFIPSSelftest,
}

// FIPSSelftestFacts are the facts of [FIPSSelftest].
type FIPSSelftestFacts struct {
	Runs []selftest.Run `json:"runs"`
}

func runFIPSSelftest(ctx context.Context, p *audit.Pass) (any, error) {
	facts := FIPSSelftestFacts{Runs: []selftest.Run{}}
	var notStarted []string
	for _, mode := range []string{"on", "only"} {
		r, err := tryMode(ctx, p, mode)
		if ctx.Err() != nil {
			return facts, ctx.Err()
		}
		if err != nil {
			notStarted = append(notStarted, mode+": "+withoutSecrets(err))
			continue
		}
		facts.Runs = append(facts.Runs, *r)
		subject := audit.Subject{Kind: "binary", Name: "assay"}
		if wrong := r.Wrong(); wrong != nil {
			p.Report(audit.Finding{Rule: "fips-selftest/failed", Subject: subject, Args: audit.Args{"mode": mode, "wrong": first(wrong, maxNamed)}})
			continue
		}
		p.Report(audit.Finding{Rule: "fips-selftest/passed", Subject: subject, Args: audit.Args{
			"mode": mode, "version": r.Version, "passed": r.Count(true, selftest.Passed), "refused": r.Count(false, selftest.Refused),
		}})
	}
	if notStarted != nil {
		return facts, audit.NotAssessed("fips-selftest/not-started", audit.Args{"modes": notStarted})
	}
	return facts, nil
}

// tryMode runs the program in a mode.
func tryMode(ctx context.Context, p *audit.Pass, mode string) (*selftest.Run, error) {
	cmd := exec.CommandContext(ctx, p.Settings["self"], "fips", "selftest", "--try", mode)
	cmd.Env = append(slices.DeleteFunc(slices.Clone(p.Environ), func(kv string) bool { return strings.HasPrefix(kv, "GODEBUG=") }), "GODEBUG=fips140="+mode)
	out, err := p.Exec(cmd)
	if err != nil {
		return nil, err
	}
	var r selftest.Run
	if err := json.Unmarshal(out, &r); err != nil {
		return nil, err
	}
	if r.Mode != mode {
		return nil, errors.New("an answer for another mode")
	}
	return &r, nil
}
