// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package audit

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// day is a date of the tests.
func day(s string) Date {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		panic(err)
	}
	return Date{t}
}

func TestWaiverCovers(t *testing.T) {
	tests := []struct {
		pattern, subject string
		want             bool
	}{
		{"example.com/m@v1.0.0", "example.com/m@v1.0.0", true},
		{"example.com/m@v1.0.0", "example.com/m@v1.0.1", false},
		{"example.com/m", "example.com/m@v1.0.0", false},
		{"Example.com", "example.com", false},
		{"*", "example.com/a/b", true},
		{"*", "", true},
		{"example.com/*", "example.com/a", true},
		{"example.com/*", "example.com/a/b@v1", true}, // across slashes at the end
		{"example.com/*", "example.com/", true},
		{"example.com/*", "example.com", false},
		{"example.com*", "example.com.evil/a", true},
		{"example.com/a@*", "example.com/a@v1", true},
		{"example.com/*/m", "example.com/a/m", true},
		{"example.com/*/m", "example.com/a/b/m", false}, // not across slashes inside
		{"*/m", "a/m", true},
		{"*/m", "a/b/m", false},
		{"*/*", "a/b", true},
		{"*/*", "a/b/c", false}, // a pattern with a second * is path.Match's throughout
		{"v?", "v1", true},
		{"v?", "v12", false},
		{"v[0-9]", "v7", true},
		{"v[0-9]", "vx", false},
		{"v[0-9]", "v[0-9]", true}, // its own name, letter by letter
		{`v\*`, "v*", true},
		{`v\*`, "v1", false},
		{"v[", "v1", false},
	}
	for _, tt := range tests {
		w := &Waiver{Rule: "a/high", Subject: tt.pattern}
		f := finding("a/high", tt.subject)
		if got := w.Covers(&f); got != tt.want {
			t.Errorf("%q covers %q: %t, want %t", tt.pattern, tt.subject, got, tt.want)
		}
		f.Rule = "a/high2"
		if w.Covers(&f) {
			t.Errorf("%q covers a finding of another rule", tt.pattern)
		}
	}
}

func TestWaiverExpired(t *testing.T) {
	w := &Waiver{Expires: day("2026-02-28")}
	east, west := time.FixedZone("", 14*3600), time.FixedZone("", -12*3600)
	tests := []struct {
		now  time.Time
		want bool
	}{
		{time.Date(2026, 2, 27, 0, 0, 0, 0, time.UTC), false},
		{time.Date(2026, 2, 28, 0, 0, 0, 0, time.UTC), false},
		{time.Date(2026, 2, 28, 23, 59, 59, 999_999_999, time.UTC), false},
		{time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC), true},
		{time.Date(2026, 3, 1, 13, 59, 59, 0, east), false}, // still the last day in UTC
		{time.Date(2026, 3, 1, 14, 0, 0, 0, east), true},
		{time.Date(2026, 2, 28, 11, 59, 59, 0, west), false},
		{time.Date(2026, 2, 28, 12, 0, 0, 0, west), true},
	}
	for _, tt := range tests {
		if got := w.Expired(tt.now); got != tt.want {
			t.Errorf("at %s: %t, want %t", tt.now, got, tt.want)
		}
	}
}

// What waivers make of findings, and what is said of waivers.
func TestWaivers(t *testing.T) {
	waiver := func(rule, subject, expires string) Waiver {
		return Waiver{Rule: rule, Subject: subject, Reason: "because", Owner: "li", Expires: day(expires), Line: 7}
	}
	full := func(p *Pass) (any, error) { p.Report(finding("a/high", "m")); return 1, nil }
	part := func(p *Pass) (any, error) {
		p.Report(finding("a/high", "m"))
		return 1, NotAssessed("a/unknown", Args{"what": "the rest"})
	}
	const valid, over = "2026-06-15", "2026-06-14"
	tests := []struct {
		name    string
		run     func(*Pass) (any, error)
		waivers []Waiver
		want    []string // rule, subject, status
		outcome Outcome
		verdict Verdict
	}{
		{"none", full, nil, []string{"a/high m open"}, Failed, VerdictFail},
		{"covers", full, []Waiver{waiver("a/high", "m", valid)}, []string{"a/high m waived"}, Passed, VerdictPass},
		{"covers what is not all", part, []Waiver{waiver("a/high", "m", valid)}, []string{"a/high m waived"}, Unassessed, VerdictIncomplete},
		{"expired", full, []Waiver{waiver("a/high", "m", over)}, []string{"a/high m open", ruleWaiverExpired + " a/high m open"}, Failed, VerdictFail},
		{"expired and renewed", full, []Waiver{waiver("a/high", "m", over), waiver("a/high", "m", valid)}, []string{ruleWaiverExpired + " a/high m open", "a/high m waived"}, Passed, VerdictPass},
		{"unused", full, []Waiver{waiver("a/high", "n", valid)}, []string{"a/high m open", ruleWaiverUnused + " a/high n open"}, Failed, VerdictFail},
		{"of another rule", full, []Waiver{waiver("a/low", "m", valid)}, []string{"a/high m open", ruleWaiverUnused + " a/low m open"}, Failed, VerdictFail},
		{"unused, as far as is known", part, []Waiver{waiver("a/high", "n", valid)}, []string{"a/high m open"}, Failed, VerdictFail},
		{"unused, the check failed", func(*Pass) (any, error) { return nil, errors.New("x") }, []Waiver{waiver("a/high", "m", valid)}, nil, Errored, VerdictIncomplete},
		{"of a check that did not run", full, []Waiver{waiver("b/high", "m", valid), waiver("a/high", "m", valid)}, []string{"a/high m waived"}, Passed, VerdictPass},
		{"expired, of a check that did not run", full, []Waiver{waiver("b/high", "m", over), waiver("a/high", "m", valid)}, []string{ruleWaiverExpired + " b/high m open", "a/high m waived"}, Passed, VerdictPass},
		{"two cover", full, []Waiver{waiver("a/high", "*", valid), waiver("a/high", "m", valid)}, []string{"a/high m waived"}, Passed, VerdictPass},
		{"of an expired waiver", full, []Waiver{waiver("a/high", "m", over), waiver(ruleWaiverExpired, "a/high m", valid)}, []string{"a/high m open", ruleWaiverExpired + " a/high m waived"}, Failed, VerdictFail},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a := check("a", func(_ context.Context, p *Pass) (any, error) { return tt.run(p) })
			now := func() time.Time { return time.Date(2026, 6, 15, 23, 59, 59, 0, time.UTC) }
			rep := mustRun(t, Config{Policy: &Policy{FailOn: High, File: "assay.yaml", Waivers: tt.waivers}, Now: now}, a)
			var got []string
			for _, f := range rep.Findings {
				got = append(got, f.Rule+" "+f.Subject.Name+" "+string(f.Status))
				if (f.Status == Waived) != (f.Waiver != nil) {
					t.Errorf("%s is %s, its waiver is %v", f.Rule, f.Status, f.Waiver)
				}
				if f.Subject.Kind == "policy" {
					if diff := cmp.Diff(&Location{File: "assay.yaml", Line: 7}, f.Location); diff != "" {
						t.Errorf("location (-want +got):\n%s", diff)
					}
				}
			}
			slices.Sort(got)
			slices.Sort(tt.want)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("findings (-want +got):\n%s", diff)
			}
			if res, _ := rep.Check("a"); res.Outcome != tt.outcome || rep.Verdict != tt.verdict {
				t.Errorf("%s, %s; want %s, %s", res.Outcome, rep.Verdict, tt.outcome, tt.verdict)
			}
		})
	}
}

// A waiver of a check that applies to nothing is not unused: nothing was seen.
func TestWaiverOfCheckNotApplicable(t *testing.T) {
	a := &Check{ID: "a", Applies: func(*Target) bool { return false }}
	w := Waiver{Rule: "a/high", Subject: "m", Reason: "r", Owner: "o", Expires: day("2999-01-01")}
	if rep := mustRun(t, Config{Policy: &Policy{FailOn: High, Waivers: []Waiver{w}}}, a); len(rep.Findings) != 0 {
		t.Errorf("findings %+v", rep.Findings)
	}
}

// Which of several waivers a finding shows is the policy's order.
func TestWaiverShown(t *testing.T) {
	first := Waiver{Rule: "a/high", Subject: "m*", Reason: "first", Owner: "o", Expires: day("2999-01-01")}
	second := Waiver{Rule: "a/high", Subject: "m", Reason: "second", Owner: "o", Expires: day("2999-01-01")}
	a := check("a", func(_ context.Context, p *Pass) (any, error) { return reports(nil, finding("a/high", "m"))(p) })
	rep := mustRun(t, Config{Policy: &Policy{FailOn: High, Waivers: []Waiver{first, second}}}, a)
	if diff := cmp.Diff(&first, rep.Findings[0].Waiver); diff != "" {
		t.Errorf("waiver (-want +got):\n%s", diff)
	}
	data, err := json.Marshal(rep)
	if err != nil {
		t.Fatal(err)
	}
	stored, err := ParseReport(data)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(rep.Findings, stored.Findings); diff != "" {
		t.Errorf("findings of the stored report (-want +got):\n%s", diff)
	}
}

// The policy's severity decides, both ways, before threshold and waivers.
func TestSeverities(t *testing.T) {
	tests := []struct {
		override Severity
		outcome  Outcome
		verdict  Verdict
	}{
		{Critical, Failed, VerdictFail}, {High, Failed, VerdictFail}, {Medium, Passed, VerdictPass}, {Info, Passed, VerdictPass},
	}
	for _, tt := range tests {
		for _, rule := range []string{"a/critical", "a/low"} {
			a := check("a", func(_ context.Context, p *Pass) (any, error) { return reports(nil, finding(rule, "m"))(p) })
			policy := &Policy{FailOn: High, Severities: map[string]Severity{rule: tt.override, "b/low": Critical}}
			rep := mustRun(t, Config{Policy: policy}, a)
			demand(t, rep, "a", tt.outcome, "", "")
			if rep.Verdict != tt.verdict || rep.Findings[0].Severity != tt.override {
				t.Errorf("%s as %s: %s, %s", rule, tt.override, rep.Verdict, rep.Findings[0].Severity)
			}
		}
	}
	// The rules of the policy itself are no exception.
	w := Waiver{Rule: "a/high", Subject: "m", Reason: "r", Owner: "o", Expires: day("2020-01-01")}
	policy := &Policy{FailOn: High, Waivers: []Waiver{w}, Severities: map[string]Severity{ruleWaiverExpired: Critical}}
	if rep := mustRun(t, Config{Policy: policy}, check("a", gives(1))); rep.Verdict != VerdictFail {
		t.Errorf("verdict %s", rep.Verdict)
	}
}

// A catalogue without the engine's own rules is a mistake of the program.
func TestPolicyRulesMissing(t *testing.T) {
	w := Waiver{Rule: "a/high", Subject: "m", Reason: "r", Owner: "o", Expires: day("2020-01-01")}
	cfg := Config{Checks: []*Check{check("a", gives(1))}, Target: &Target{}, Catalogue: &Catalogue{}, Policy: &Policy{FailOn: High, Waivers: []Waiver{w}}}
	if rep, err := Run(context.Background(), cfg); rep != nil || err == nil {
		t.Errorf("report %v, error %v", rep, err)
	}
}

func TestDateJSON(t *testing.T) {
	for date, want := range map[Date]string{day("2026-12-31"): `"2026-12-31"`, {}: `""`, {time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC)}: `"2026-01-02"`} {
		data, err := json.Marshal(date)
		if err != nil || string(data) != want {
			t.Errorf("%v: %s, %v; want %s", date, data, err, want)
		}
		var back Date
		if err := json.Unmarshal(data, &back); err != nil {
			t.Errorf("%s: %v", data, err)
		}
		if again, err := json.Marshal(back); err != nil || string(again) != want {
			t.Errorf("%s came back as %s, %v", data, again, err)
		}
		if text, err := date.MarshalText(); err != nil || `"`+string(text)+`"` != want {
			t.Errorf("%v: text %s, %v", date, text, err)
		}
	}
	for _, bad := range []string{`"2026-02-30"`, `"2026-1-2"`, `20260102`, `null1`, `"2026-01-02T00:00:00Z"`, `{}`} {
		var d Date
		if err := json.Unmarshal([]byte(bad), &d); err == nil {
			t.Errorf("%s accepted as %v", bad, d)
		}
	}
}

func TestSPIFFEPolicy(t *testing.T) {
	p := SPIFFEPolicy{Paths: []string{"/ns/shop/*", "/ns/*/sa/mail", "/db"}}
	for path, want := range map[string]bool{
		"/ns/shop/sa/cart": true, "/ns/x/sa/mail": true, "/ns/x/y/sa/mail": false, "/db": true, "/db/2": false, "": false, "/ns/shopping": false,
	} {
		if p.Allows(path) != want {
			t.Errorf("%s: want %t", path, want)
		}
	}
	if !(SPIFFEPolicy{}).Allows("/any") {
		t.Error("a policy without paths allows all")
	}
	for pattern, ok := range map[string]bool{"/": true, "/a/[bc]": true, "a": false, "": false, "*": false, "/[": false} {
		if err := CheckSPIFFEPath(pattern); (err == nil) != ok {
			t.Errorf("%s: %v", pattern, err)
		}
	}
	_, err := ParsePolicy("p", []byte("spiffe:\n  trust_domain: Prod Example\n  paths: ['/[', ns]\n"), nil)
	want := `p:2:17: malformed trust domain "Prod Example": a name such as prod.example
p:3:11: path "/[": malformed pattern
p:3:17: path "ns": a path begins with /, and so does its pattern`
	if err == nil || err.Error() != want {
		t.Errorf("%v\nwant %s", err, want)
	}
}
