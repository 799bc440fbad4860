// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package audit

import (
	"strings"
	"testing"
)

func TestVerdict(t *testing.T) {
	// Every set of outcomes, without a finding that counts: incomplete if
	// something is unknown or nothing was examined.
	outcomes := []Outcome{Passed, Failed, NotApplicable, Unassessed, Errored}
	for set := range 1 << len(outcomes) {
		var checks []CheckResult
		want := VerdictIncomplete
		for i, o := range outcomes {
			if set&(1<<i) != 0 {
				checks = append(checks, CheckResult{Outcome: o})
			}
		}
		examined, unknown := set&0b00011 != 0, set&0b11000 != 0
		if examined && !unknown {
			want = VerdictPass
		}
		if got := verdict(checks, nil, High); got != want {
			t.Errorf("%v: %s, want %s", checks, got, want)
		}
		counting := []Finding{{Severity: Low, Status: Open}, {Severity: High, Status: Open}}
		if got := verdict(checks, counting, High); got != VerdictFail {
			t.Errorf("%v and a finding that counts: %s, want %s", checks, got, VerdictFail)
		}
		harmless := []Finding{{Severity: Medium, Status: Open}, {Severity: Critical, Status: Waived}, {Severity: Critical, Status: Baselined}}
		if got := verdict(checks, harmless, High); got != want {
			t.Errorf("%v and findings that do not count: %s, want %s", checks, got, want)
		}
	}
}

func TestCounts(t *testing.T) {
	// Rows: severity; columns: threshold, worst first.
	table := map[Severity]string{
		Critical: "yyyyy",
		High:     "nyyyy",
		Medium:   "nnyyy",
		Low:      "nnnyy",
		Info:     "nnnny",
		"":       "nnnnn",
		"HIGH":   "nnnnn",
	}
	for severity, row := range table {
		for i, threshold := range Severities() {
			want := row[i] == 'y'
			if got := severity.Reaches(threshold); got != want {
				t.Errorf("%q reaches %q: %t, want %t", severity, threshold, got, want)
			}
			for _, status := range []Status{Open, Waived, Baselined, ""} {
				if got := counts(Finding{Severity: severity, Status: status}, threshold); got != (want && status == Open) {
					t.Errorf("%q %q at %q counts: %t", status, severity, threshold, got)
				}
			}
		}
		if severity.Reaches("none") {
			t.Errorf("%q reaches a threshold that is none", severity)
		}
		if severity.Valid() != strings.Contains(row, "y") {
			t.Errorf("%q valid: %t", severity, severity.Valid())
		}
	}
}

func TestExitCodes(t *testing.T) {
	for v, want := range map[Verdict]int{VerdictPass: 0, VerdictFail: 1, VerdictIncomplete: 3, "": 3, "passed": 3} {
		if got := v.ExitCode(); got != want {
			t.Errorf("%q: %d, want %d", v, got, want)
		}
	}
	if ExitUsage != 2 || ExitInvalidEvidence != 4 || ExitInterrupted != 130 {
		t.Error("exit codes differ from the documented ones")
	}
}

func TestParseReportErrors(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"empty", "", "not a report: unexpected end of JSON input"},
		{"cut", `{"schema": "assay.report/v1"`, "not a report: unexpected end of JSON input"},
		{"two", `{"schema": "assay.report/v1"} {}`, "not a report: invalid character '{' after top-level value"},
		{"list", `[]`, "not a report: json: cannot unmarshal array"},
		{"null", `null`, `not a report: no schema "assay.report/v1"`},
		{"another document", `{"bomFormat": "CycloneDX"}`, `not a report: no schema "assay.report/v1"`},
		{"another schema", `{"schema": "https://example.com"}`, `not a report: no schema "assay.report/v1"`},
		{"a later schema", `{"schema": "assay.report/v2"}`, `report has schema "assay.report/v2", this program reads "assay.report/v1"`},
		{"bad time", `{"schema": "assay.report/v1", "started": "yesterday"}`, "not a report: "},
		{"bad waiver", `{"schema": "assay.report/v1", "findings": [{"waiver": {"expires": "2026-02-30"}}]}`, "not a report: "},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r, err := ParseReport([]byte(tt.in))
			if r != nil || err == nil || !strings.HasPrefix(err.Error(), tt.want) {
				t.Errorf("report %v, error %v, want %q", r, err, tt.want)
			}
		})
	}
}

func FuzzParseReport(f *testing.F) {
	f.Add([]byte(`{"schema": "assay.report/v1", "policy": {"fail_on": "high"}, "findings": [{"rule": "a/b", "args": {"x": 1e6}, "waiver": {"expires": "2026-01-02"}}], "facts": {"a": {"evidence": ["sha256:00"]}}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := ParseReport(data)
		if err != nil {
			return
		}
		_ = r.consistent()
		_ = r.digests()
		_ = r.Translate(testCatalogue(), Chinese)
	})
}
