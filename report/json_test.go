// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package report

import (
	"bytes"
	"encoding/json"
	"maps"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/goassay/assay/audit"
)

// compile compiles a schema and has it check formats too.
func compile(t testing.TB, url string, schema []byte) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(schema))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource(url, doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile(url)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func validate(s *jsonschema.Schema, data []byte) error {
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		return err
	}
	return s.Validate(doc)
}

func reportSchema(t testing.TB) *jsonschema.Schema {
	return compile(t, "https://github.com/goassay/assay/blob/main/report/schema/report.v1.json", Schema())
}

// samples are reports of the engine: each verdict, all outcomes, waived and
// open findings.
func samples(t testing.TB) map[string]*audit.Report {
	c := sampleChecks()
	out := map[string]*audit.Report{}
	for _, lang := range audit.Languages() {
		out["fail-"+string(lang)] = sample(t, lang, c...)
		out["pass-"+string(lang)] = sample(t, lang, c[4], c[5], c[7])
		out["incomplete-"+string(lang)] = sample(t, lang, c[3], c[5], c[6])
		out["nothing-"+string(lang)] = sample(t, lang, c[7])
	}
	return out
}

func TestSamplesHoldEverything(t *testing.T) {
	verdicts, outcomes, statuses := map[audit.Verdict]bool{}, map[audit.Outcome]bool{}, map[audit.Status]bool{}
	for _, rep := range samples(t) {
		verdicts[rep.Verdict] = true
		for _, c := range rep.Checks {
			outcomes[c.Outcome] = true
		}
		for _, f := range rep.Findings {
			statuses[f.Status] = true
		}
	}
	if len(verdicts) != 3 || len(outcomes) != 5 || !statuses[audit.Open] || !statuses[audit.Waived] {
		t.Errorf("samples hold only %v, %v, %v",
			slices.Collect(maps.Keys(verdicts)), slices.Collect(maps.Keys(outcomes)), slices.Collect(maps.Keys(statuses)))
	}
}

func TestJSONIsValid(t *testing.T) {
	schema := reportSchema(t)
	for name, rep := range samples(t) {
		if err := validate(schema, write(t, JSON, rep, Options{})); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	empty := &audit.Report{
		Schema: audit.Schema, Tool: audit.Tool{Name: "assay"}, Lang: audit.English,
		Policy: audit.PolicyRef{FailOn: audit.High}, Verdict: audit.VerdictIncomplete,
	}
	if err := validate(schema, write(t, JSON, empty, Options{})); err != nil {
		t.Errorf("report without lists: %v", err)
	}
}

func TestJSONReadsBack(t *testing.T) {
	for name, rep := range samples(t) {
		data := write(t, JSON, rep, Options{})
		back, err := audit.ParseReport(data)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if again := write(t, JSON, back, Options{}); !bytes.Equal(data, again) {
			t.Errorf("%s changes when it is read and written again:\n%s", name, cmp.Diff(string(data), string(again)))
		}
	}
}

func TestJSONGolden(t *testing.T) {
	c := sampleChecks()
	golden(t, "report.en.json", write(t, JSON, sample(t, audit.English, c[0], c[1], c[6], c[7]), Options{}))
}

// TestJSONEscapes: what acts on a terminal leaves as \u escapes and is read
// back as it was.
func TestJSONEscapes(t *testing.T) {
	rep := sample(t, audit.English, sampleChecks()[0])
	hostile := "a\x1b[31m\x7f\u009b\u202e\u2028\U000e0041<&>中文"
	rep.Findings[0].Message = hostile
	rep.Facts["env"] = json.RawMessage(strconv.AppendQuoteToASCII(nil, "x"))
	data := write(t, JSON, rep, Options{})
	for _, r := range string(data) {
		if r != '\n' && !strconv.IsPrint(r) {
			t.Errorf("%U is written as it is", r)
		}
	}
	if !strings.Contains(string(data), `<&>中文`) {
		t.Error("plain characters are escaped")
	}
	back, err := audit.ParseReport(data)
	if err != nil {
		t.Fatal(err)
	}
	if back.Findings[0].Message != hostile {
		t.Errorf("read back as %q", back.Findings[0].Message)
	}
}

// TestSchemaIsStrict changes a valid report in one place and expects refusal.
func TestSchemaIsStrict(t *testing.T) {
	schema := reportSchema(t)
	c := sampleChecks()
	data := write(t, JSON, sample(t, audit.English, c[0], c[1], c[3], c[5]), Options{})
	type object = map[string]any
	first := func(doc object, list string) object { return doc[list].([]any)[0].(object) }
	tests := map[string]func(object){
		"unknown key":               func(d object) { d["extra"] = 1 },
		"unknown key of a finding":  func(d object) { first(d, "findings")["extra"] = 1 },
		"unknown key of a subject":  func(d object) { first(d, "findings")["subject"].(object)["extra"] = 1 },
		"unknown key of a check":    func(d object) { first(d, "checks")["extra"] = 1 },
		"unknown key of evidence":   func(d object) { first(d, "evidence")["extra"] = 1 },
		"unknown severity":          func(d object) { first(d, "findings")["severity"] = "urgent" },
		"unknown outcome":           func(d object) { first(d, "checks")["outcome"] = "ok" },
		"unknown kind":              func(d object) { first(d, "findings")["subject"].(object)["kind"] = "person" },
		"verdict missing":           func(d object) { delete(d, "verdict") },
		"pass with an unknown":      func(d object) { d["verdict"] = "pass" },
		"digest cut":                func(d object) { first(d, "evidence")["digest"] = "sha256:abc" },
		"time with an offset":       func(d object) { d["started"] = "2026-11-20T13:05:17+01:00" },
		"no time":                   func(d object) { d["started"] = "2026-13-20T13:05:17Z" },
		"waiver of an open finding": func(d object) { first(d, "findings")["status"] = "open" },
		"waiver's time":             func(d object) { first(d, "findings")["waiver"].(object)["expires"] = "2026-11-20T00:00:00Z" },
		"null argument":             func(d object) { first(d, "findings")["args"] = object{"a": nil} },
		"fractional argument":       func(d object) { first(d, "findings")["args"] = object{"a": 1.5} },
		"line 0":                    func(d object) { first(d, "findings")["location"] = object{"file": "go.mod", "line": 0} },
		"pass with a reason":        func(d object) { first(d, "checks")["outcome"] = "pass"; first(d, "checks")["reason"] = "x" },
		"error without a reason":    func(d object) { first(d, "checks")["outcome"] = "error" },
	}
	for name, change := range tests {
		t.Run(name, func(t *testing.T) {
			var doc object
			if err := json.Unmarshal(data, &doc); err != nil {
				t.Fatal(err)
			}
			change(doc)
			changed, err := json.Marshal(doc)
			if err != nil {
				t.Fatal(err)
			}
			if validate(schema, changed) == nil {
				t.Error("accepted")
			}
		})
	}
}

// TestOraclesAreNotLinked: the validators of the tests are no part of the program.
func TestOraclesAreNotLinked(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	for dep := range strings.Lines(string(out)) {
		if strings.Contains(dep, "jsonschema") || strings.Contains(dep, "sarif") {
			t.Errorf("report imports %s", dep)
		}
	}
}
