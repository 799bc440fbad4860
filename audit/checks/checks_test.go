// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package checks

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/goassay/assay/audit"
	"github.com/goassay/assay/audit/gocmd"
	"github.com/goassay/assay/audit/vulns/engine"
	"github.com/goassay/assay/internal/machine"
	"github.com/goassay/assay/report"
)

// produced collects the rules and reasons that the tests of this package made
// checks report: the catalogue holds no other.
var produced struct {
	sync.Mutex
	rules, reasons map[string]bool
}

// TestMain runs the tests and then, if none was left out, demands that each
// rule and reason of the catalogue was produced by one of them.
func TestMain(m *testing.M) {
	if os.Getenv(selftestEnv) != "" {
		selftestAgain()
		return
	}
	if os.Getenv(scannerEnv) != "" {
		os.Exit(engine.Run(context.Background(), os.Args[1:], os.Stdout, os.Stderr))
	}
	produced.rules, produced.reasons = map[string]bool{}, map[string]bool{}
	flag.Parse()
	code := m.Run()
	partial := flag.Lookup("test.run").Value.String() != "" || flag.Lookup("test.skip").Value.String() != "" ||
		flag.Lookup("test.list").Value.String() != "" || flag.Lookup("test.fuzz").Value.String() != "" || testing.Short()
	if git, _ := machine.Has("git"); code == 0 && !partial && git { // without it not every rule is produced
		code = demandAllProduced()
	}
	os.Exit(code)
}

func demandAllProduced() int {
	var missing []string
	for id := range Catalogue().Rules {
		if !produced.rules[id] {
			missing = append(missing, "rule "+id)
		}
	}
	for id := range Catalogue().Reasons {
		if !produced.reasons[id] {
			missing = append(missing, "reason "+id)
		}
	}
	if len(missing) == 0 {
		return 0
	}
	slices.Sort(missing)
	fmt.Printf("FAIL: in the catalogue, and produced by no test:\n\t%s\n", strings.Join(missing, "\n\t"))
	return 1
}

// runCheck runs checks as cfg says, with what it leaves out filled in, and
// demands of the report what every report must keep: both languages, nothing
// absent from the catalogue, and a stored form that reads back the same.
func runCheck(t *testing.T, cfg audit.Config) *audit.Report {
	t.Helper()
	return runCheckContext(t, context.Background(), cfg)
}

func runCheckContext(t *testing.T, ctx context.Context, cfg audit.Config) *audit.Report {
	t.Helper()
	if cfg.Catalogue == nil {
		cfg.Catalogue = Catalogue()
	}
	if cfg.Exec == nil {
		cfg.Exec = gocmd.Run
	}
	if cfg.Environ == nil {
		cfg.Environ = os.Environ()
	}
	var store *audit.EvidenceDir
	if cfg.Evidence == nil { // what is reported can be checked again
		var err error
		if store, err = audit.CreateEvidenceDir(filepath.Join(t.TempDir(), "evidence")); err != nil {
			t.Fatal(err)
		}
		cfg.Evidence = store
	}
	rep, err := audit.Run(ctx, cfg)
	if err != nil {
		t.Fatal(err)
	}
	if store != nil {
		if err := store.Verify(rep, cfg.Checks); err != nil {
			t.Errorf("an honest report is called invalid: %v", err)
		}
	}
	produced.Lock()
	defer produced.Unlock()
	for _, f := range rep.Findings {
		produced.rules[f.Rule] = true
	}
	for _, c := range rep.Checks {
		if c.ReasonID != "" {
			produced.reasons[c.ReasonID] = true
		}
		if c.Outcome == audit.Errored {
			t.Logf("check %s: error: %s", c.ID, c.Reason)
		}
	}
	demandLanguages(t, rep)
	demandSchema(t, rep)
	return rep
}

// reportSchema is the schema of reports, compiled.
var reportSchema = sync.OnceValues(func() (*jsonschema.Schema, error) {
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(report.Schema()))
	if err != nil {
		return nil, err
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("report.json", doc); err != nil {
		return nil, err
	}
	return c.Compile("report.json")
})

// demandSchema demands that the report, as it is written, fits its schema.
func demandSchema(t *testing.T, rep *audit.Report) {
	t.Helper()
	schema, err := reportSchema()
	if err != nil {
		t.Fatal(err)
	}
	written := *rep // without what the command adds
	written.Tool = audit.Tool{Name: "assay", Version: "v0.0.0", Go: "go1.26.0"}
	written.Target.Dir = "."
	var buf bytes.Buffer
	if err := report.Write(&buf, report.JSON, &written, report.Options{}); err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(&buf)
	if err != nil {
		t.Fatal(err)
	}
	if err := schema.Validate(doc); err != nil {
		t.Errorf("the report does not fit its schema: %v", err)
	}
}

// demandLanguages renders a stored copy of the report in both languages.
func demandLanguages(t *testing.T, rep *audit.Report) {
	t.Helper()
	data, err := json.Marshal(rep)
	if err != nil {
		t.Fatal(err)
	}
	for _, lang := range audit.Languages() {
		stored, err := audit.ParseReport(data)
		if err != nil {
			t.Fatal(err)
		}
		if err := stored.Translate(Catalogue(), lang); err != nil {
			t.Errorf("%s: %v", lang, err)
		}
		for i, f := range stored.Findings {
			if f.Message == "" || f.Title == "" {
				t.Errorf("%s: %s has no text", lang, f.Rule)
			}
			if lang == rep.Lang && f.Message != rep.Findings[i].Message {
				t.Errorf("%s: rendered again as %q, was %q", f.Rule, f.Message, rep.Findings[i].Message)
			}
		}
	}
}

// quietHome is a home folder in which the go command counts nothing for
// telemetry: it would go on after its end, in a folder that is being removed.
func quietHome(t *testing.T) string {
	t.Helper()
	home := t.TempDir()
	telemetry := filepath.Join(home, ".config", "go", "telemetry")
	if err := os.MkdirAll(telemetry, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(telemetry, "mode"), []byte("off 2024-01-01"), 0o600); err != nil {
		t.Fatal(err)
	}
	return home
}

// factsOf decodes the facts of a check.
func factsOf[T any](t *testing.T, rep *audit.Report, c *audit.Check) T {
	t.Helper()
	var facts T
	if err := json.Unmarshal(rep.Facts[c.ID], &facts); err != nil {
		t.Fatalf("facts of %s: %v\n%s", c.ID, err, rep.Facts[c.ID])
	}
	return facts
}

// rulesOf lists the rules of a report's findings, sorted, each once.
func rulesOf(rep *audit.Report) []string {
	rules := map[string]bool{}
	for _, f := range rep.Findings {
		rules[f.Rule] = true
	}
	return slices.Sorted(maps.Keys(rules))
}

// The catalogue is complete: both languages, all texts, clauses that exist,
// and the same arguments in both languages.
func TestCatalogue(t *testing.T) {
	c := Catalogue()
	complete := func(where string, text audit.Text) {
		t.Helper()
		if strings.TrimSpace(text.EN) == "" || strings.TrimSpace(text.ZH) == "" {
			t.Errorf("%s: not in both languages", where)
		}
		en, err := text.Placeholders(audit.English)
		if err != nil {
			t.Errorf("%s: en: %v", where, err)
		}
		zh, err := text.Placeholders(audit.Chinese)
		if err != nil {
			t.Errorf("%s: zh: %v", where, err)
		}
		if !slices.Equal(en, zh) {
			t.Errorf("%s: placeholders %v in English, %v in Chinese", where, en, zh)
		}
	}
	chinese := func(where string, text audit.Text) {
		t.Helper()
		if !strings.ContainsFunc(text.ZH, func(r rune) bool { return r >= 0x4e00 && r <= 0x9fff }) {
			t.Errorf("%s: zh has no Chinese", where)
		}
	}
	for id, r := range c.Rules {
		if !r.Severity.Valid() {
			t.Errorf("%s: severity %q", id, r.Severity)
		}
		if check, name, ok := strings.Cut(id, "/"); !ok || check == "" || name == "" {
			t.Errorf("%s: not check/name", id)
		}
		complete(id+": title", r.Title)
		complete(id+": message", r.Message)
		complete(id+": why", r.Why)
		complete(id+": remedy", r.Remedy)
		chinese(id+": title", r.Title)
		chinese(id+": why", r.Why)
		for _, control := range r.Controls {
			f := c.Frameworks[control.Framework]
			if f == nil {
				t.Errorf("%s: unknown framework %q", id, control.Framework)
				continue
			}
			if _, ok := f.Clause(control.Clause); !ok {
				t.Errorf("%s: %s has no clause %q", id, control.Framework, control.Clause)
			}
		}
	}
	for id, r := range c.Reasons {
		complete(id, r.Text)
	}
	for argument, words := range c.Terms {
		for word, text := range words {
			complete(argument+" "+word, text)
			chinese(argument+" "+word, text)
		}
	}
	for id, f := range c.Frameworks {
		complete(id, f.Title)
		for _, clause := range f.Clauses {
			complete(id+" "+clause.ID, clause.Title)
		}
	}
}
