// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package vulns_test

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/goassay/assay/audit/vulns"
	"github.com/goassay/assay/internal/machine"
)

// TestSourceNotAnalysed analyses a main module that the database lists, at a version
// that the analysis does not know: nothing is stated of what it passes over.
func TestSourceNotAnalysed(t *testing.T) {
	machine.Long(t, "analyses source")
	env := goEnv(t, proxy(t, "example.com/a@v1.1.0"))
	dir := program(t, "func main() { println(p.Safe(n)) }", "")
	mod := filepath.Join(dir, "go.mod")
	text, err := os.ReadFile(mod)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(mod, bytes.Replace(text, []byte("example.com/prog"), []byte("example.com/b"), 1), 0o666); err != nil {
		t.Fatal(err)
	}
	p := vulns.Program{
		Dir: dir, Patterns: []string{"./..."}, Packages: []string{"example.com/b", "example.com/a/p", "os"},
		Modules: []vulns.Module{{Path: "example.com/b", Version: "v0.4.0"}, {Path: "example.com/a", Version: "v1.1.0"}, {Path: vulns.Stdlib, Version: goRelease()}},
	}
	a, err := scanner(t, env, "run").Source(t.Context(), small(t), p)
	if err != nil {
		t.Fatal(err)
	}
	want := []vulns.NotAssessed{{Module: "example.com/b", Version: "v0.4.0", Reason: vulns.NotAnalysed, IDs: []string{"GO-2026-0002"}, Packages: []string{"example.com/b"}}}
	if diff := cmp.Diff(want, a.NotAssessed); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	for _, c := range a.Claims(true) {
		want := vulns.NotAffected // of a, whose function is not called
		if c.Module == "example.com/b" || c.ID == "GO-2026-0002" {
			want = vulns.UnderInvestigation
		}
		if c.ID == "GO-2026-0002" && c.Module == "example.com/a" {
			want = vulns.IsAffected // any function of the module
		}
		if c.Status != want {
			t.Errorf("%s of %s: %s, want %s", c.ID, c.Module, c.Status, want)
		}
	}
}

// TestSourceTestImports analyses a module that a test file within a package alone imports.
func TestSourceTestImports(t *testing.T) {
	machine.Long(t, "analyses what tests need of the standard library")
	env := goEnv(t, proxy(t, "example.com/a@v1.1.0"))
	for call, want := range map[string]vulns.Reach{"F": vulns.Called, "Safe": vulns.Imported} {
		dir := program(t, "func main() {}", "")
		for name, text := range map[string]string{
			"main.go":      "package main\n\nfunc main() {}\n",
			"main_test.go": "package main\n\nimport (\n\t\"testing\"\n\n\t\"example.com/a/p\"\n)\n\nfunc TestX(t *testing.T) { println(p." + call + "(1)) }\n",
		} {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
				t.Fatal(err)
			}
		}
		a, err := scanner(t, env, "run").Source(t.Context(), small(t), vulns.Program{
			Dir: dir, Patterns: []string{"./..."}, Tests: true, TestImports: []string{"example.com/a/p"}, Modules: linked,
		})
		if err != nil || len(a.NotAssessed) != 0 {
			t.Fatalf("%+v, %v", a.NotAssessed, err)
		}
		i := slices.IndexFunc(a.Vulnerabilities, func(v vulns.Vulnerability) bool { return v.ID == "GO-2026-0001" })
		if v := a.Vulnerabilities[i]; v.Reach != want {
			t.Errorf("p.%s: %s, want %s", call, v.Reach, want)
		} else if want == vulns.Called && !slices.ContainsFunc(v.Traces[0], func(f vulns.Frame) bool { return f.Function == "TestX" }) {
			t.Errorf("called by %+v", v.Traces[0])
		} else {
			for _, trace := range v.Traces {
				for _, f := range trace { // the program that runs the tests is generated, somewhere
					if f.File != "" && !filepath.IsLocal(f.File) || (f.File == "") != (f.Line == 0) {
						t.Errorf("a file of no module: %+v", f)
					}
				}
			}
		}
	}
}
