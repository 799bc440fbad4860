// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package checks

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/goassay/assay/audit"
	"github.com/goassay/assay/audit/gobin/gobintest"
)

// TestSBOMSource: executables are compared with the source that is named, and
// what cannot be compared is told.
func TestSBOMSource(t *testing.T) {
	line := func(words ...string) string { return strings.Join(words, "\t") }
	head := []string{line("path", "example.com/m/cmd/m"), line("mod", "example.com/m", "(devel)", "")}
	settings := []string{line("build", "CGO_ENABLED=0"), line("build", "GOOS=linux"), line("build", "GOARCH=amd64")}
	hashed, hashless := line("dep", "example.com/hashed", "v1.0.0", sbomHash), line("dep", "example.com/hashless", "v1.2.0", sbomHash)
	beside := line("dep", "example.com/beside", "v1.0.0") + "\n" + line("=>", "./beside", "(devel)", "")
	tests := []struct {
		name   string
		lines  []string
		rules  []string // of differences
		reason string
		same   bool
	}{
		{"same", slices.Concat(head, []string{beside, hashed, hashless}, settings), nil, "", true},
		{"another version, one more and one less", slices.Concat(head, []string{beside, line("dep", "example.com/evil", "v1.0.0", sbomHash), strings.Replace(hashed, "v1.0.0", "v1.0.1", 1)}, settings),
			[]string{"sbom/executable-lacks", "sbom/source-differs", "sbom/source-lacks"}, "", false},
		{"another program", slices.Concat([]string{line("path", "example.com/m/cmd/other"), head[1]}, settings), []string{"sbom/source-other"}, "", false},
		{"no modules", slices.Concat(head[:1], settings), nil, "could not be compared", false},
		{"built of files", slices.Concat([]string{line("path", "command-line-arguments"), head[1]}, settings), nil, "could not be compared", false},
		{"of a source that does not load", slices.Concat(head, settings), nil, "could not be compared", false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			cfg := sbomTree(t, sbomVendored)
			file := filepath.Join(cfg.Target.Dir, "prog")
			if err := os.WriteFile(file, gobintest.Forge("go1.26.8", test.lines...), 0o777); err != nil {
				t.Fatal(err)
			}
			if strings.HasPrefix(test.name, "of a source") {
				if err := os.WriteFile(cfg.Target.ModFile, []byte("modul\n"), 0o666); err != nil {
					t.Fatal(err)
				}
			}
			cfg.Target.Binaries = []string{file}
			cfg.Settings = map[string]string{SettingSource: "true"}
			rep := runCheck(t, cfg)
			var rules []string
			for _, f := range rep.Findings {
				if f.Subject.Kind == "binary" {
					rules = append(rules, f.Rule)
				}
			}
			slices.Sort(rules)
			if !slices.Equal(rules, test.rules) {
				t.Errorf("findings %v, want %v", rules, test.rules)
			}
			facts := sbomFacts(t, rep)
			if len(facts.Executables) != 1 || facts.Executables[0].Source == nil || facts.Executables[0].Source.Same != test.same || len(facts.Products) != 0 {
				t.Errorf("facts %+v", facts.Executables)
			}
			res := rep.Checks[0]
			if unassessed := res.Outcome == audit.Unassessed; unassessed != (test.reason != "") || !strings.Contains(res.Reason, test.reason) {
				t.Errorf("outcome %s: %s", res.Outcome, res.Reason)
			}
		})
	}
}
