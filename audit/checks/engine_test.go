// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package checks

import (
	"slices"
	"testing"
	"time"

	"github.com/goassay/assay/audit"
)

// The engine's own rules and reasons have their texts in this catalogue.
func TestWaivers(t *testing.T) {
	p := newSumProject(t, 3)
	p.edit(t, sumHash("zipexample.com/m1"), sumHash("other"))
	day := func(s string) audit.Date {
		var d audit.Date
		if err := d.UnmarshalText([]byte(s)); err != nil {
			t.Fatal(err)
		}
		return d
	}
	now := day("2026-11-20").Time
	p.cfg.Now = func() time.Time { return now }
	waiver := audit.Waiver{Rule: "sumdb/mismatch", Subject: "example.com/m1@v1.0.0", Reason: "known", Owner: "o@example.com", Expires: day("2026-11-20")}
	unused := waiver
	unused.Subject = "example.com/m2@v1.0.0"
	p.cfg.Policy = audit.DefaultPolicy()
	p.cfg.Policy.File, p.cfg.Policy.Waivers = "assay.yaml", []audit.Waiver{waiver, unused}
	rep, _ := p.run(t)
	if rep.Verdict != audit.VerdictPass || !slices.Equal(rulesOf(rep), []string{"policy/waiver-unused", "sumdb/mismatch"}) {
		t.Errorf("%s %v", rep.Verdict, rulesOf(rep))
	}
	now = now.AddDate(0, 0, 1)
	rep, _ = p.run(t)
	if rep.Verdict != audit.VerdictFail || !slices.Equal(rulesOf(rep), []string{"policy/waiver-expired", "sumdb/mismatch"}) {
		t.Errorf("%s %v", rep.Verdict, rulesOf(rep))
	}
}

func TestEngineReasons(t *testing.T) {
	check := &audit.Check{ID: "network", Needs: audit.Network}
	rep := runCheck(t, audit.Config{Target: &audit.Target{}, Checks: []*audit.Check{check}, Offline: true})
	if res := outcomeOf(t, rep, check); res.ReasonID != "engine/offline" || rep.Verdict != audit.VerdictIncomplete {
		t.Errorf("%+v", res)
	}
}
