// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package report

import (
	"encoding/json"
	"testing"

	"github.com/goassay/assay/audit"
	"github.com/goassay/assay/internal/machine"
	"github.com/goassay/assay/report/sariftest"
)

// officialSARIF is the JSON Schema of SARIF 2.1.0 with Errata 01.
func officialSARIF(t *testing.T) []byte {
	t.Helper()
	machine.Long(t, "may fetch the schema from the module proxy")
	schema, err := sariftest.Schema()
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

func TestSARIFIsValid(t *testing.T) {
	schema := compile(t, sarifSchema, officialSARIF(t))
	reports := samples(t)
	for _, rep := range samples(t) {
		for i := range rep.Findings {
			if i%2 == 0 && rep.Findings[i].Status == audit.Open {
				rep.Findings[i].Status = audit.Baselined
			}
		}
		reports["baselined-"+string(rep.Verdict)+string(rep.Lang)] = rep
	}
	for _, s := range hostile {
		reports["hostile "+s] = hostileReport(t, s)
	}
	for name, rep := range reports {
		for _, cat := range []*audit.Catalogue{nil, sampleCatalogue()} {
			if err := validate(schema, write(t, SARIF, rep, Options{Catalogue: cat})); err != nil {
				t.Errorf("%q: %v", name, err)
			}
		}
	}
	if validate(schema, []byte(`{"version": "2.1.0", "runs": [{"tool": {"driver": {}}}]}`)) == nil {
		t.Error("the schema accepts a tool without a name")
	}
}

func TestSARIFGolden(t *testing.T) {
	c := sampleChecks()
	golden(t, "report.en.sarif", write(t, SARIF, sample(t, audit.English, c[0], c[1], c[6]), Options{Catalogue: sampleCatalogue()}))
	golden(t, "report.zh.sarif", write(t, SARIF, sample(t, audit.Chinese, c[0], c[1], c[6]), Options{Catalogue: sampleCatalogue()}))
}

func readSARIF(t *testing.T, rep *audit.Report) sarifRun {
	t.Helper()
	var log sarifLog
	if err := json.Unmarshal(write(t, SARIF, rep, Options{Catalogue: sampleCatalogue()}), &log); err != nil {
		t.Fatal(err)
	}
	return log.Runs[0]
}

// TestSARIFReferences: every index refers to what it names, every result has a
// place, and no two results have the same fingerprint.
func TestSARIFReferences(t *testing.T) {
	for name, rep := range samples(t) {
		run := readSARIF(t, rep)
		if len(run.Results) != len(rep.Findings) {
			t.Errorf("%s: %d results of %d findings", name, len(run.Results), len(rep.Findings))
		}
		seen := map[string]bool{}
		for _, res := range run.Results {
			rule := run.Tool.Driver.Rules[res.RuleIndex]
			loc := res.Locations[0].PhysicalLocation.ArtifactLocation
			hash := res.PartialFingerprints["primaryLocationLineHash"]
			switch {
			case rule.ID != res.RuleID:
				t.Errorf("%s: %s refers to rule %s", name, res.RuleID, rule.ID)
			case loc.URI == "" || run.Artifacts[*loc.Index].Location.URI != loc.URI:
				t.Errorf("%s: %s has no artifact", name, res.RuleID)
			case seen[hash]:
				t.Errorf("%s: fingerprint %s stands twice", name, hash)
			case rule.HelpURI == "" || rule.Help == nil || rule.Properties["security-severity"] == nil:
				t.Errorf("%s: rule %s is not complete: %+v", name, rule.ID, rule)
			}
			seen[hash] = true
			for _, ref := range res.Taxa {
				if got := run.Taxonomies[ref.ToolComponent.Index].Taxa[ref.Index].ID; got != ref.ID {
					t.Errorf("%s: %s refers to clause %s as %s", name, res.RuleID, got, ref.ID)
				}
			}
		}
		for _, n := range run.Invocations[0].ToolExecutionNotifications {
			if got := run.Tool.Driver.Notifications[n.Descriptor.Index].ID; got != n.Descriptor.ID {
				t.Errorf("%s: notification %s refers to %s", name, n.Descriptor.ID, got)
			}
		}
		if got, want := run.Invocations[0].ExecutionSuccessful, len(incomplete(rep)) == 0 && rep.Verdict != audit.VerdictIncomplete; got != want {
			t.Errorf("%s: executionSuccessful is %v", name, got)
		}
	}
}

func TestSARIFSuppressions(t *testing.T) {
	run := readSARIF(t, sample(t, audit.English, sampleChecks()[0]))
	for _, res := range run.Results {
		waived := res.RuleID == "env/insecure"
		if res.Suppressions == nil || (len(*res.Suppressions) == 1) != waived {
			t.Errorf("%s: suppressions %v", res.RuleID, res.Suppressions)
		}
	}
	rep := sample(t, audit.English, sampleChecks()[4])
	for _, res := range readSARIF(t, rep).Results {
		if res.Suppressions != nil || res.BaselineState != "" {
			t.Errorf("%s: suppressions or baseline where there is none", res.RuleID)
		}
	}
	rep.Findings[0].Status = audit.Baselined
	states := ""
	for _, res := range readSARIF(t, rep).Results {
		states += res.BaselineState + " "
	}
	if states != "unchanged new " {
		t.Errorf("baseline states %q", states)
	}
}

func TestSARIFPlaces(t *testing.T) {
	module := audit.TargetRef{Dir: ".", Module: "example.com/m"}
	tests := []struct {
		name    string
		target  audit.TargetRef
		policy  string
		subject audit.Subject
		at      *audit.Location
		uri     string
		base    bool
		line    int
	}{
		{"line", module, "", audit.Subject{Kind: "module", Name: "m"}, &audit.Location{File: "go.sum", Line: 7}, "go.sum", true, 7},
		{"whole file", module, "", audit.Subject{Kind: "module", Name: "m"}, &audit.Location{File: "a b/go.mod"}, "a%20b/go.mod", true, 1},
		{"module", module, "", audit.Subject{Kind: "module", Name: "m"}, nil, "go.mod", true, 1},
		{"environment", module, "", audit.Subject{Kind: "environment", Name: "GOPROXY"}, nil, "go.mod", true, 1},
		{"file", module, "", audit.Subject{Kind: "file", Name: "vendor/modules.txt"}, nil, "vendor/modules.txt", true, 1},
		{"binary", audit.TargetRef{}, "", audit.Subject{Kind: "binary", Name: "bin/tool"}, nil, "bin/tool", true, 1},
		{"binary elsewhere", audit.TargetRef{}, "", audit.Subject{Kind: "binary", Name: "/usr/bin/tool"}, nil, "file:///usr/bin/tool", false, 1},
		{"binary on Windows", audit.TargetRef{}, "", audit.Subject{Kind: "binary", Name: `C:\Program Files\tool.exe`}, nil, "file:///C:/Program%20Files/tool.exe", false, 1},
		{"toolchain of a binary", audit.TargetRef{Binaries: []string{"./tool"}}, "", audit.Subject{Kind: "toolchain", Name: "go1.20"}, nil, "tool", true, 1},
		{"endpoint", audit.TargetRef{Endpoints: []string{"example.com:443"}}, "assay.yaml", audit.Subject{Kind: "endpoint", Name: "example.com:443"}, nil, "assay.yaml", true, 1},
		{"document", audit.TargetRef{Documents: []string{"a b.cdx.json"}}, "", audit.Subject{Kind: "database", Name: "snapshot"}, nil, "a%20b.cdx.json", true, 1},
		{"endpoint alone", audit.TargetRef{}, "", audit.Subject{Kind: "endpoint", Name: "example.com:443"}, nil, "go.mod", true, 1},
		{"in a checkout", audit.TargetRef{Dir: ".", Checkout: "sub/m", Module: "example.com/m"}, "", audit.Subject{Kind: "module", Name: "m"}, nil, "sub/m/go.mod", true, 1},
		{"beside it, in the checkout", audit.TargetRef{Dir: ".", Checkout: "sub/m"}, "", audit.Subject{Kind: "file", Name: "m"}, &audit.Location{File: "../../go.work", Line: 3}, "go.work", true, 3},
		{"outside of the checkout", audit.TargetRef{Dir: ".", Checkout: "sub"}, "", audit.Subject{Kind: "file", Name: "../../go.work"}, &audit.Location{File: "../../go.work", Line: 3}, "sub/go.mod", true, 1},
		{"outside of the root", audit.TargetRef{Dir: ".", Checkout: ".", Binaries: []string{"bin/tool"}}, "", audit.Subject{Kind: "file", Name: "../go.work"}, &audit.Location{File: "../go.work", Line: 3}, "bin/tool", true, 1},
		{"outside of what is no checkout", module, "", audit.Subject{Kind: "module", Name: "m"}, &audit.Location{File: "../go.work", Line: 3}, "go.mod", true, 1},
		{"outside, and the subject called by its last element", audit.TargetRef{Dir: ".", Checkout: "a/b", Module: "m"}, "", audit.Subject{Kind: "file", Name: "../go.work"}, &audit.Location{File: "../../../go.work", Line: 3}, "a/b/go.mod", true, 1},
		{"relative to another directory", audit.TargetRef{Dir: ".", Checkout: "a/b", Binaries: []string{"../tool"}, Documents: []string{"/x.json"}}, "", audit.Subject{Kind: "binary", Name: "../tool"}, nil, "file:///x.json", false, 1},
		{"at the root", audit.TargetRef{Dir: "sub", Checkout: "."}, "", audit.Subject{Kind: "file", Name: "m"}, &audit.Location{File: "go.mod"}, "go.mod", true, 1},
		{"elsewhere than the checkout", audit.TargetRef{Dir: ".", Checkout: "sub"}, "", audit.Subject{Kind: "binary", Name: "/usr/bin/tool"}, nil, "file:///usr/bin/tool", false, 1},
		{"in what is no checkout", audit.TargetRef{Dir: ".", Checkout: "../sub"}, "", audit.Subject{Kind: "file", Name: "m"}, &audit.Location{File: "go.mod"}, "go.mod", true, 1},
		{"colon", module, "", audit.Subject{Kind: "file", Name: "a:b"}, nil, "./a:b", true, 1},
		{"colon in a checkout", audit.TargetRef{Dir: ".", Checkout: "m"}, "", audit.Subject{Kind: "file", Name: "a:b"}, nil, "m/a:b", true, 1},
		{"colon of the checkout", audit.TargetRef{Dir: ".", Checkout: "x:y"}, "", audit.Subject{Kind: "file", Name: "m"}, nil, "./x:y/m", true, 1},
		{"in a checkout on Windows", audit.TargetRef{Dir: ".", Checkout: "m"}, "", audit.Subject{Kind: "binary", Name: "x"}, &audit.Location{File: "C:/x"}, "file:///C:/x", false, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			rep := &audit.Report{Target: tt.target, Policy: audit.PolicyRef{File: tt.policy}, Findings: []audit.Finding{{Rule: "a/b", Subject: tt.subject, Location: tt.at}}}
			got := readSARIF(t, rep).Results[0].Locations[0].PhysicalLocation
			if got.ArtifactLocation.URI != tt.uri || (got.ArtifactLocation.URIBaseID != "") != tt.base || got.Region.StartLine != tt.line {
				t.Errorf("got %+v", got)
			}
		})
	}
}

// TestSARIFCategory: audits of one directory have one category, however it was named.
func TestSARIFCategory(t *testing.T) {
	for _, tt := range []struct {
		target audit.TargetRef
		want   string
	}{
		{audit.TargetRef{Dir: "."}, "assay/"},
		{audit.TargetRef{Dir: "sub"}, "assay/sub/"},
		{audit.TargetRef{Dir: "sub", Checkout: "."}, "assay/"},
		{audit.TargetRef{Dir: ".", Checkout: "sub"}, "assay/sub/"},
		{audit.TargetRef{Dir: ".", Checkout: "../sub"}, "assay/"},
		{audit.TargetRef{Dir: "C:/sub"}, "assay/"},
		{audit.TargetRef{Dir: "/sub"}, "assay/"},
	} {
		if got := readSARIF(t, &audit.Report{Target: tt.target}).AutomationDetails.ID; got != tt.want {
			t.Errorf("%+v: %s, want %s", tt.target, got, tt.want)
		}
	}
}
