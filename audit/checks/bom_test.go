// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package checks

import (
	"slices"
	"strings"
	"testing"

	"github.com/goassay/assay/audit"
)

// bomForms are all the forms that are written.
var bomForms = []string{
	"cyclonedx-json@1.4", "cyclonedx-json@1.5", "cyclonedx-json@1.6", "cyclonedx-json@1.7",
	"cyclonedx-xml@1.4", "cyclonedx-xml@1.5", "cyclonedx-xml@1.6", "cyclonedx-xml@1.7",
	"spdx-json", "spdx-tag", "spdx3-json",
}

// An honest document passes in every form, offline, and everything that it
// says of modules was held against something.
func TestBOMHonest(t *testing.T) {
	f := newBOMFixture(t, "example.com/one@v1.2.3")
	for _, form := range bomForms {
		t.Run(form, func(t *testing.T) {
			rep := f.verify(t, false, f.write(t, form, true))
			facts := factsOf[BOMFacts](t, rep, BOM)
			d := facts.Documents[0]
			if rep.Verdict != audit.VerdictPass || len(rep.Findings) > 0 {
				t.Errorf("%s: %+v\n%+v", rep.Verdict, rep.Checks, rep.Findings)
			}
			if d.Unchanged != TriYes || d.Valid != TriYes || d.Proofs == nil || d.Proofs.Checkpoint != BOMMatches || d.Proofs.Records != 2 || len(d.Modules) != 2 {
				t.Errorf("%+v\n%+v", d, d.Proofs)
			}
			for _, m := range d.Modules {
				if slices.ContainsFunc([]BOMState{m.Hashes, m.H1, m.Proof, m.License}, func(s BOMState) bool { return s != BOMMatches }) {
					t.Errorf("%+v", m)
				}
			}
		})
	}
	t.Run("log", func(t *testing.T) {
		rep := f.verify(t, true, f.write(t, "spdx-tag", false))
		facts := factsOf[BOMFacts](t, rep, BOM)
		if rep.Verdict != audit.VerdictPass || *facts.Proofs != (SumDBLines{Verified: 2}) {
			t.Errorf("%s: %+v %+v", rep.Verdict, rep.Checks, rep.Findings)
		}
	})
	t.Run("nobody to ask", func(t *testing.T) {
		rep := f.verify(t, false, f.write(t, "cyclonedx-json", false))
		if res := outcomeOf(t, rep, BOM); res.ReasonID != "bom/open" || !strings.Contains(res.Reason, "example.com/one@v1.2.3") {
			t.Errorf("%+v", res)
		}
	})
}
