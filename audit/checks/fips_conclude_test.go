// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package checks

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/goassay/assay/audit"
	"github.com/goassay/assay/audit/gobin/gobintest"
	"github.com/goassay/assay/fips"
)

// A report that says less than its facts demand, or whose verdicts do not follow
// from them, is found out.
func TestFIPSConclude(t *testing.T) {
	certified, err := os.ReadFile(gobintest.Build(t, gobintest.Module(t, gobintest.GoMod), "GOARCH=amd64", "GOFIPS140=v1.0.0"))
	if err != nil {
		t.Fatal(err)
	}
	broken := bytes.Clone(certified)
	broken[bytes.Index(broken, []byte("\xff Go fipsinfo \xff\x00"))+20] ^= 1
	forge := func(settings ...string) []byte {
		return gobintest.Forge("go1.26.8", gobintest.Settings(settings...)...)
	}
	for _, test := range []struct {
		name  string
		data  []byte
		level string
		unit  string
		want  string // what is missing when the report is called a pass
	}{
		{"certified", certified, "certified", "", ""},
		{"not required", forge(), "", "", ""},
		{"required", forge(), "certified", "", "fips/required of app is missing"},
		{"broken", broken, "", "", "fips/broken-module of app is missing"},
		{"contradictory", forge("-tags=fips140v1.0"), "", "", "fips/disagreement of app is missing"},
		{"refuses", forge("GOFIPS140=v1.0.0-c2097c7c", "-tags=fips140v1.0,purego", "DefaultGODEBUG=fips140=on"), "", "", "fips/refuses-to-start of app is missing"},
		{"off where it starts", certified, "", "[Service]\nExecStart=/app\nEnvironment=GODEBUG=fips140=off\n", "fips/context-weakens of app is missing"},
		{"unknown where it starts", certified, "", "[Service]\nExecStart=/app\nEnvironmentFile=/x\n", "fips/context-unknown"},
		{"no unit", certified, "", "[Unit]\n", "fips/context-unknown"},
		{"claimed", forge("GOFIPS140=v1.0.0-c2097c7c", "-tags=fips140v1.0", "DefaultGODEBUG=fips140=on"), "certified", "", "fips/claimed"},
		{"undetermined", forge("GOFIPS140=v1.29.0", "-tags=fips140v1.29", "DefaultGODEBUG=fips140=on"), "", "", "fips/undetermined"},
		{"unreadable", []byte("text"), "", "", "fips/undetermined"},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := binaries(t, map[string][]byte{"app": test.data})
			cfg := audit.Config{Target: &audit.Target{Dir: dir, Binaries: []string{filepath.Join(dir, "app")}}, Checks: []*audit.Check{FIPS}, Settings: map[string]string{"fips": test.level}}
			if test.unit != "" {
				cfg.Target.Units = []string{filepath.Join(dir, "app.service")}
				writeFile(t, cfg.Target.Units[0], test.unit)
			}
			store, err := audit.CreateEvidenceDir(filepath.Join(t.TempDir(), "evidence"))
			if err != nil {
				t.Fatal(err)
			}
			cfg.Evidence = store
			rep := runCheck(t, cfg)
			if err := store.Verify(rep, []*audit.Check{FIPS}); err != nil {
				t.Fatal(err)
			}
			callPass(rep)
			if err := store.Verify(rep, []*audit.Check{FIPS}); (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
				t.Errorf("called a pass: %v", err)
			}
			facts := factsOf[FIPSFacts](t, rep, FIPS)
			facts.Files[0].Verdict = map[bool]fips.Verdict{true: fips.VerdictBroken, false: fips.VerdictCertified}[facts.Files[0].Verdict == fips.VerdictCertified]
			if _, err := concludeFIPS(mustJSON(t, facts)); err == nil || !strings.Contains(err.Error(), "the facts make it") {
				t.Errorf("another verdict: %v", err)
			}
		})
	}
	if _, err := concludeFIPS([]byte(`{"files": []}`)); err == nil {
		t.Error("no files pass")
	}
	if _, err := concludeFIPS([]byte(`[]`)); err == nil {
		t.Error("no facts pass")
	}
}
