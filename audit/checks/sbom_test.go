// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package checks

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/goassay/assay/audit"
	"github.com/goassay/assay/audit/gocmd"
)

// sbomTree writes files into a folder and returns a run of SBOM on it, offline
// and with an empty module cache.
func sbomTree(t *testing.T, files map[string]string) audit.Config {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		name = filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(content), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return audit.Config{
		Target:    &audit.Target{Dir: dir, ModFile: filepath.Join(dir, "go.mod"), Module: "example.com/m"},
		Checks:    []*audit.Check{SBOM},
		Catalogue: Catalogue(),
		Offline:   true,
		Exec:      gocmd.Run,
		Environ: append(os.Environ(), "GOENV=off", "GOFLAGS=-modcacherw", "GOTOOLCHAIN=local", "GOWORK=", "GOMODCACHE="+t.TempDir(),
			"GOOS=linux", "GOARCH=amd64", "CGO_ENABLED=0"),
	}
}

func sbomFacts(t *testing.T, rep *audit.Report) SBOMFacts {
	t.Helper()
	var facts SBOMFacts
	if err := json.Unmarshal(rep.Facts["sbom"], &facts); err != nil {
		t.Fatalf("facts: %v", err)
	}
	return facts
}

const sbomHash = "h1:1QivrlhwAsnMOcqgOdl9my7s9OyZl8O5/UGUTJVXoWc="

// sbomVendored is a module whose dependencies come from its vendor directory,
// where the go command asks for no hash, and from a directory beside it.
var sbomVendored = map[string]string{
	"go.mod": `module example.com/m

go 1.26

require (
	example.com/hashed v1.0.0
	example.com/hashless v1.2.0
	example.com/beside v1.0.0
)

replace example.com/beside => ./beside
`,
	"go.sum": "example.com/hashed v1.0.0 " + sbomHash + "\n" +
		"example.com/hashless v1.2.0/go.mod " + sbomHash + "\n",
	"vendor/modules.txt": `# example.com/beside v1.0.0 => ./beside
## explicit; go 1.26
example.com/beside
# example.com/hashed v1.0.0
## explicit
example.com/hashed
# example.com/hashless v1.2.0
## explicit
example.com/hashless
# example.com/beside => ./beside
`,
	"vendor/example.com/hashed/hashed.go":     "package hashed\n",
	"vendor/example.com/hashless/hashless.go": "package hashless\n",
	"vendor/example.com/beside/beside.go":     "package beside\n",
	"beside/go.mod":                           "module example.com/beside\n\ngo 1.26\n",
	"beside/beside.go":                        "package beside\n",
	"library.go":                              "package m\n\nimport _ \"example.com/hashed\"\n",
	"cmd/m/main.go": "package main\n\nimport (\n\t_ \"example.com/beside\"\n\t_ \"example.com/hashless\"\n\t_ \"example.com/m\"\n)\n\n" +
		"func main() {}\n",
}

func TestSBOMComponents(t *testing.T) {
	cfg := sbomTree(t, sbomVendored)
	rep := runCheck(t, cfg)

	type finding struct{ rule, subject, component, product, file string }
	var got []finding
	for _, f := range rep.Findings {
		got = append(got, finding{f.Rule, f.Subject.Kind + " " + f.Subject.Name, f.Args["component"].(string), f.Args["product"].(string), f.Location.File})
	}
	want := []finding{
		{"sbom/component-without-hash", "module example.com/hashless@v1.2.0", "example.com/hashless@v1.2.0", "example.com/m", "go.mod"},
		{"sbom/local-component", "module example.com/beside", "example.com/beside", "example.com/m", "go.mod"},
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(finding{})); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}

	facts := sbomFacts(t, rep)
	if !facts.Vendored || len(facts.Products) != 1 {
		t.Fatalf("vendored %v, %d products", facts.Vendored, len(facts.Products))
	}
	p := facts.Products[0]
	wantProduct := SBOMProduct{
		Module: "example.com/m", Kind: "application", Complete: true,
		Programs: []SBOMProgram{{Package: "example.com/m/cmd/m", Modules: 3}},
		Modules:  3,
	}
	components, document := facts.Components, facts.Documents[0].Evidence
	if diff := cmp.Diff(wantProduct, p); diff != "" {
		t.Errorf("product (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(SBOMCounts{Components: 3, Local: 1, WithH1: 1, WithoutH1: 1}, facts.Counts); diff != "" {
		t.Errorf("counts (-want +got):\n%s", diff)
	}
	var list []string
	for _, c := range components {
		list = append(list, strings.Join([]string{c.Module, c.Version, c.H1, string(c.Local), c.PURL}, "|"))
	}
	wantList := []string{
		"example.com/beside|||replace|pkg:golang/example.com/beside",
		"example.com/hashed|v1.0.0|" + sbomHash + "||pkg:golang/example.com/hashed@v1.0.0",
		"example.com/hashless|v1.2.0|||pkg:golang/example.com/hashless@v1.2.0",
	}
	if diff := cmp.Diff(wantList, list); diff != "" {
		t.Errorf("components (-want +got):\n%s", diff)
	}
	if again := sbomFacts(t, runCheck(t, cfg)).Documents[0].Evidence; again != document {
		t.Errorf("two runs, two documents: %s, %s", document, again)
	}
}

func TestSBOMOutcomes(t *testing.T) {
	const gomod = "module example.com/m\n\ngo 1.26\n"
	tests := []struct {
		name    string
		files   map[string]string
		outcome audit.Outcome
		reason  string // part of it
		kind    string // of the only product; "" for none
	}{
		{"library", map[string]string{"go.mod": gomod, "m.go": "package m\n\nimport _ \"os\"\n"}, audit.Passed, "", "library"},
		{"program", map[string]string{"go.mod": gomod, "m.go": "package main\n\nfunc main() {}\n"}, audit.Passed, "", "application"},
		{"package missing", map[string]string{"go.mod": gomod, "m.go": "package main\n\nimport _ \"example.com/gone\"\n\nfunc main() {}\n"},
			audit.Unassessed, "example.com/gone", "application"},
		{"module not in the cache", map[string]string{
			"go.mod": gomod + "\nrequire example.com/gone v1.0.0\n",
			"go.sum": "example.com/gone v1.0.0 " + sbomHash + "\nexample.com/gone v1.0.0/go.mod " + sbomHash + "\n",
			"m.go":   "package main\n\nimport _ \"example.com/gone\"\n\nfunc main() {}\n"},
			audit.Unassessed, "GOPROXY=off", "application"},
		{"go.mod unreadable", map[string]string{"go.mod": "modul\n", "m.go": "package m\n"}, audit.Unassessed, "go.mod", ""},
		{"no packages", map[string]string{"go.mod": gomod, "m_windows.go": "package m\n"}, audit.Unassessed, "linux/amd64", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			rep := runCheck(t, sbomTree(t, test.files))
			res := rep.Checks[0]
			if res.Outcome != test.outcome || !strings.Contains(res.Reason, test.reason) {
				t.Errorf("outcome %s, reason %q; want %s, %q", res.Outcome, res.Reason, test.outcome, test.reason)
			}
			kind := ""
			if _, ok := rep.Facts["sbom"]; ok {
				if facts := sbomFacts(t, rep); len(facts.Products) == 1 {
					kind = facts.Products[0].Kind
					if complete := facts.Products[0].Complete; complete != (test.outcome == audit.Passed) {
						t.Errorf("complete: %v", complete)
					}
				}
			}
			if kind != test.kind {
				t.Errorf("kind %q, want %q", kind, test.kind)
			}
		})
	}
}

func TestSBOMWorkspace(t *testing.T) {
	const gomod = "module example.com/%s\n\ngo 1.26\n"
	cfg := sbomTree(t, map[string]string{
		"go.work":  "go 1.26\n\nuse ./a\n\nuse ./b\n",
		"a/go.mod": fmt.Sprintf(gomod, "a"), "a/main.go": "package main\n\nfunc main() {}\n",
		"b/go.mod": fmt.Sprintf(gomod, "b"), "b/b.go": "package b\n",
	})
	cfg.Target = &audit.Target{Dir: cfg.Target.Dir, WorkFile: filepath.Join(cfg.Target.Dir, "go.work")}
	rep := runCheck(t, cfg)
	var products []string
	for _, p := range sbomFacts(t, rep).Products {
		products = append(products, p.Module+" "+p.Kind)
	}
	if diff := cmp.Diff([]string{"example.com/a application", "example.com/b library"}, products); diff != "" {
		t.Errorf("products (-want +got):\n%s", diff)
	}
	if res := rep.Checks[0]; res.Outcome != audit.Passed {
		t.Errorf("outcome %s: %s", res.Outcome, res.Reason)
	}
}

func TestSBOMWithoutGo(t *testing.T) {
	cfg := sbomTree(t, map[string]string{"go.mod": "module example.com/m\n"})
	cfg.Exec = func(cmd *exec.Cmd) ([]byte, error) {
		return nil, &gocmd.Error{Args: cmd.Args, Err: exec.ErrNotFound}
	}
	if res := runCheck(t, cfg).Checks[0]; res.ReasonID != "engine/requires" {
		t.Errorf("outcome %s, reason %q: %s", res.Outcome, res.ReasonID, res.Reason)
	}
}

// TestSBOMRecheck: facts that differ from the stored document are found, and
// so is a document that was changed.
func TestSBOMRecheck(t *testing.T) {
	cfg := sbomTree(t, sbomVendored)
	dir := t.TempDir()
	store, err := audit.CreateEvidenceDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	cfg.Evidence = store
	facts := sbomFacts(t, runCheck(t, cfg))
	digest := facts.Documents[0].Evidence
	document, err := store.Get(digest)
	if err != nil {
		t.Fatal(err)
	}

	recheck := func(facts SBOMFacts, document []byte) error {
		stored, err := json.Marshal(facts)
		if err != nil {
			t.Fatal(err)
		}
		return SBOM.Recheck(stored, func(d string) ([]byte, error) {
			if d != digest {
				return nil, errors.New("no such evidence")
			}
			return document, nil
		})
	}
	if err := recheck(facts, document); err != nil {
		t.Errorf("unchanged: %v", err)
	}
	if recheck(facts, []byte(strings.Replace(string(document), "v1.2.0", "v1.2.1", 1))) == nil {
		t.Error("a changed document is not found")
	}
	facts.Components[1].H1 = ""
	if recheck(facts, document) == nil {
		t.Error("changed facts are not found")
	}
}
