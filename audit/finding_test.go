// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package audit

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// Baselines and SARIF consumers keep fingerprints: these values never change.
func TestFingerprint(t *testing.T) {
	golden := []struct {
		rule, kind, name, want string
	}{
		{"sumdb/mismatch", "module", "example.com/m@v1.2.3", "703131252117cb4ff6d8935944a9a06e"},
		{"env/sumdb-off", "environment", "GOSUMDB", "e615a6ef57e43a871f3de08367c934e4"},
		{"", "", "", "63cab8e921e413242a44bf4e8fdc999d"},
	}
	for _, g := range golden {
		if got := fingerprint(g.rule, Subject{g.kind, g.name}); got != g.want {
			t.Errorf("%s %s %s: %s, want %s", g.rule, g.kind, g.name, got, g.want)
		}
	}
	seen := map[string]string{}
	parts := []string{"", "a", "b", "ab", "abc", "bc", "1:a", "a1:b", "1:b", "\x00", "a\x00"}
	for _, rule := range parts {
		for _, kind := range parts {
			for _, name := range parts {
				id := fmt.Sprintf("%q %q %q", rule, kind, name)
				print := fingerprint(rule, Subject{kind, name})
				if other, ok := seen[print]; ok {
					t.Errorf("%s and %s have one fingerprint", id, other)
				}
				seen[print] = id
			}
		}
	}
}

// Line, arguments, message, severity and language leave the fingerprint alone.
func TestFingerprintDependsOnRuleAndSubject(t *testing.T) {
	var prints []string
	for i, lang := range []Lang{English, Chinese} {
		a := check("a", func(_ context.Context, p *Pass) (any, error) {
			p.Report(Finding{
				Rule: "a/low", Subject: Subject{"module", "m"}, Args: Args{"x": i}, Location: &Location{File: "go.sum", Line: i + 1},
				Evidence: []string{fmt.Sprint(i)}, Fingerprint: "the check has no say",
			})
			return 1, nil
		})
		policy := &Policy{FailOn: High, Severities: map[string]Severity{"a/low": Severities()[i]}}
		prints = append(prints, mustRun(t, Config{Lang: lang, Policy: policy}, a).Findings[0].Fingerprint)
	}
	if prints[0] != prints[1] {
		t.Errorf("fingerprints %v", prints)
	}
}

func TestLocationString(t *testing.T) {
	tests := []struct {
		l    *Location
		want string
	}{
		{nil, ""},
		{&Location{}, ""},
		{&Location{File: "go.sum"}, "go.sum"},
		{&Location{File: "go.sum", Line: 3}, "go.sum:3"},
		{&Location{File: "go.sum", Line: 3, Column: 7}, "go.sum:3:7"},
		{&Location{File: "go.sum", Column: 7}, "go.sum"},
	}
	for _, tt := range tests {
		if got := tt.l.String(); got != tt.want {
			t.Errorf("%+v: %q, want %q", tt.l, got, tt.want)
		}
	}
}

func TestCompareFindings(t *testing.T) {
	at := func(file string, line, column int) *Location { return &Location{file, line, column} }
	sorted := []Finding{
		{Severity: Critical, Rule: "z"},
		{Severity: High, Rule: "a", Subject: Subject{"b", "b"}},
		{Severity: High, Rule: "a", Subject: Subject{"c", "a"}},
		{Severity: High, Rule: "a", Subject: Subject{"c", "b"}},
		{Severity: High, Rule: "a", Subject: Subject{"c", "b"}, Location: at("a", 9, 10)},
		{Severity: High, Rule: "a", Subject: Subject{"c", "b"}, Location: at("a", 10, 9)},
		{Severity: High, Rule: "a", Subject: Subject{"c", "b"}, Location: at("a", 10, 10)},
		{Severity: High, Rule: "a", Subject: Subject{"c", "b"}, Location: at("b", 1, 1)},
		{Severity: High, Rule: "a", Subject: Subject{"c", "b"}, Location: at("b", 1, 1), Args: Args{"k": "v", "l": 1}},
		{Severity: High, Rule: "a", Subject: Subject{"c", "b"}, Location: at("b", 1, 1), Args: Args{"k": "v", "l": 2}},
		{Severity: High, Rule: "a", Subject: Subject{"c", "b"}, Location: at("b", 1, 1), Args: Args{"k": "v", "l": 2}, Evidence: []string{"1"}},
		{Severity: High, Rule: "b"},
		{Severity: Medium, Rule: "a"},
		{Severity: Low, Rule: "a"},
		{Severity: Info, Rule: "a"},
	}
	for i := range sorted {
		for j := range sorted {
			want := 0
			if i < j {
				want = -1
			} else if i > j {
				want = 1
			}
			if got := compareFindings(sorted[i], sorted[j]); got != want {
				t.Errorf("%+v to %+v: %d, want %d", sorted[i], sorted[j], got, want)
			}
		}
	}
}

// Two runs that find the same in another order give the same report.
func TestDeterminism(t *testing.T) {
	severities := []string{"critical", "high", "medium", "low"}
	cfg := Config{Policy: &Policy{FailOn: High, File: "p", Waivers: []Waiver{
		{Rule: "a/low", Subject: "m1", Reason: "r", Owner: "o", Expires: Date{time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)}},
		{Rule: "b/low", Subject: "nothing", Reason: "r", Owner: "o", Expires: Date{time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)}},
		{Rule: "b/low", Subject: "m1", Reason: "r", Owner: "o", Expires: Date{time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)}},
	}}}
	run := func(seed uint64) []byte {
		rnd := rand.New(rand.NewPCG(seed, 1))
		var checks []*Check
		for _, id := range []string{"a", "b"} {
			order := rnd.Perm(200)
			checks = append(checks, check(id, func(_ context.Context, p *Pass) (any, error) {
				var wg sync.WaitGroup
				for _, n := range order {
					wg.Go(func() {
						if n%3 == 0 {
							runtime.Gosched()
						}
						f := finding(id+"/"+severities[n%4], fmt.Sprint("m", n%5))
						f.Location = &Location{File: "go.sum", Line: n % 7}
						f.Evidence = []string{p.Evidence(fmt.Sprint("kind", n%2), []byte{byte(n % 3)})}
						if n%11 == 0 {
							f.Args["hidden"] = n // shown by no text
						}
						p.Report(f)
					})
				}
				wg.Wait()
				return map[string]any{"z": 1, "y": []int{2}}, nil
			}))
		}
		checks = append(checks, check("panics", func(context.Context, *Pass) (any, error) { panic("boom") }))
		rnd.Shuffle(len(checks), func(i, j int) { checks[i], checks[j] = checks[j], checks[i] })
		rep := mustRun(t, cfg, checks...)
		rep.Started, rep.Finished = time.Time{}, time.Time{}
		for i := range rep.Checks {
			rep.Checks[i].Seconds = 0
		}
		if !slices.IsSortedFunc(rep.Findings, compareFindings) {
			t.Error("findings are not sorted")
		}
		data, err := json.MarshalIndent(rep, "", " ")
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	first := run(0)
	for seed := range uint64(20) {
		if next := run(seed + 1); !bytes.Equal(first, next) {
			t.Fatalf("seed %d (-first +this):\n%s", seed+1, cmp.Diff(string(first), string(next)))
		}
	}
}
