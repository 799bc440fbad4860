// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package checks

import (
	"archive/zip"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/goassay/assay/audit"
	"github.com/goassay/assay/audit/gocmd"
	"github.com/goassay/assay/sbom"
)

var stdlibVersion = regexp.MustCompile(`stdlib@\S+`)

// What the policy says of licences is judged for each component, with the way
// by which it comes in.
func TestSBOMLicenses(t *testing.T) {
	f := newBOMFixture(t, "example.com/one@v1.2.3", "private.example/secret@v1.0.0")
	tests := []struct {
		name   string
		policy audit.LicensePolicy
		want   []string
	}{
		{"nothing is asked", audit.LicensePolicy{}, nil},
		{"denied", audit.LicensePolicy{Deny: []string{"GPL-*"}}, []string{
			"sbom/license-denied example.com/Deep/two@v1.0.0 GPL-3.0-only example.com/product>example.com/one@v1.2.3>example.com/Deep/two@v1.0.0",
			"sbom/license-unknown private.example/secret@v1.0.0  example.com/product>private.example/secret@v1.0.0",
		}},
		{"allowed", audit.LicensePolicy{Allow: []string{"MIT", "GPL-3.0-only", "BSD-3-Clause"}}, []string{
			"sbom/license-unknown private.example/secret@v1.0.0  example.com/product>private.example/secret@v1.0.0",
		}},
		{"not named where others are allowed", audit.LicensePolicy{Allow: []string{"GPL-3.0-only"}}, []string{
			"sbom/license-review example.com/one@v1.2.3 MIT example.com/product>example.com/one@v1.2.3",
			"sbom/license-review stdlib BSD-3-Clause example.com/product>stdlib",
			"sbom/license-unknown private.example/secret@v1.0.0  example.com/product>private.example/secret@v1.0.0",
		}},
		{"to be reviewed", audit.LicensePolicy{Review: []string{"MIT"}}, []string{
			"sbom/license-review example.com/one@v1.2.3 MIT example.com/product>example.com/one@v1.2.3",
			"sbom/license-unknown private.example/secret@v1.0.0  example.com/product>private.example/secret@v1.0.0",
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			cfg := f.cfg
			cfg.Settings, cfg.Checks = nil, []*audit.Check{SBOM} // the policy alone asks for licences
			policy := audit.DefaultPolicy()
			policy.Licenses = test.policy
			cfg.Policy = policy
			var got []string
			for _, f := range runCheck(t, cfg).Findings {
				if strings.HasPrefix(f.Rule, "sbom/license-") {
					got = append(got, f.Rule+" "+f.Subject.Name+" "+f.Args["license"].(string)+" "+strings.Join(f.Args["way"].([]string), ">"))
				}
			}
			for i := range got { // whichever Go runs the test
				got[i] = stdlibVersion.ReplaceAllString(got[i], "stdlib")
			}
			slices.Sort(got)
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// A zip file in the module cache that is another than go.sum names says
// nothing of the module, and neither does one that cannot be read.
func TestSBOMZip(t *testing.T) {
	f := newBOMFixture(t, "example.com/one@v1.2.3")
	name := f.zipFile(t, "example.com/one", "v1.2.3")
	if err := os.Chmod(name, 0o644); err != nil {
		t.Fatal(err)
	}
	out, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	z := zip.NewWriter(out)
	if w, err := z.Create("example.com/one@v1.2.3/one.go"); err == nil {
		w.Write([]byte("package evil\n"))
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	out.Close()
	rep := runCheck(t, f.cfg)
	if !slices.Contains(rulesOf(rep), "sbom/zip-mismatch") {
		t.Errorf("%v", rulesOf(rep))
	}
	for _, c := range factsOf[SBOMFacts](t, rep, SBOM).Components {
		if one := c.Module == "example.com/one"; one != (c.SHA512 == "") || one != strings.HasPrefix(c.NoZip, "h1 h1:") {
			t.Errorf("%+v", c)
		}
	}
	writeFile(t, name, "no zip file")
	rep = runCheck(t, f.cfg)
	for _, c := range factsOf[SBOMFacts](t, rep, SBOM).Components {
		if one := c.Module == "example.com/one"; one != (c.NoZip != "") || one != (c.SHA512 == "") || c.License == "" { // the folder beside it has a licence
			t.Errorf("%+v", c)
		}
	}
}

// A hash that the checksum database contradicts is a finding of its own.
func TestSBOMDisputed(t *testing.T) {
	f := newBOMFixture(t, "example.com/one@v1.2.3")
	sum := f.cfg.Target.Dir + "/go.sum"
	data, err := os.ReadFile(sum)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.SplitAfter(string(data), "\n")
	for i, line := range lines {
		if strings.HasPrefix(line, "example.com/one v1.2.3 h1:") {
			lines[i] = "example.com/one v1.2.3 " + sbomHash + "\n"
		}
	}
	// The go command would refuse the module cache; a vendor directory it does not compare.
	writeTree(t, f.cfg.Target.Dir, map[string]string{
		"vendor/modules.txt":                         "# example.com/Deep/two v1.0.0\n## explicit; go 1.24\nexample.com/Deep/two\n# example.com/one v1.2.3\n## explicit; go 1.24\nexample.com/one\n",
		"vendor/example.com/one/one.go":              "package one\n\nimport _ \"example.com/Deep/two\"\n",
		"vendor/example.com/one/LICENSE":             mit,
		"vendor/example.com/Deep/two/two.go":         "package two\n",
		"vendor/example.com/Deep/two/testdata/x.txt": "x",
	})
	writeFile(t, sum, strings.Join(lines, ""))
	rep := runCheck(t, f.cfg)
	if rules := rulesOf(rep); !slices.Contains(rules, "sbom/hash-disputed") || !slices.Contains(rules, "sbom/zip-mismatch") {
		t.Errorf("%v %+v", rules, rep.Checks)
	}
	for _, c := range factsOf[SBOMFacts](t, rep, SBOM).Components {
		if c.Module == "example.com/one" && (c.License != "MIT" || c.Proof != string(Mismatch)) { // of the vendor directory
			t.Errorf("%+v", c)
		}
	}
}

// An executable that was built without modules, as Debian builds them, has
// modules of which no version is known.
func TestSBOMVersionsUnknown(t *testing.T) {
	gopath := t.TempDir()
	writeTree(t, gopath, map[string]string{
		"src/example.com/app/main.go":     "package main\n\nimport \"example.com/dep/sub\"\n\nfunc main() { sub.Do() }\n",
		"src/example.com/dep/sub/do.go":   "package sub\n\n//go:noinline\nfunc Do() { println(1) }\n",
		"src/example.com/dep/sub/none.md": "x",
	})
	environ := append(sumEnviron(t), "GOCACHE="+goCache(t), "CGO_ENABLED=0")
	cmd := exec.CommandContext(t.Context(), "go", "build", "-o", "app", "example.com/app")
	cmd.Dir, cmd.Env = gopath, append(slices.Clone(environ), "GO111MODULE=off", "GOPATH="+gopath)
	if _, err := gocmd.Run(cmd); err != nil {
		t.Fatal(err)
	}
	rep := runCheck(t, audit.Config{
		Target: &audit.Target{Dir: gopath, Binaries: []string{filepath.Join(gopath, "app")}}, Checks: []*audit.Check{SBOM}, Environ: environ, Offline: true,
	})
	facts := factsOf[SBOMFacts](t, rep, SBOM)
	if res := outcomeOf(t, rep, SBOM); res.ReasonID != "sbom/versions-unknown" || facts.Documents[0].Complete || !facts.Executables[0].Inferred {
		t.Errorf("%+v %+v", res, facts)
	}
	i := slices.IndexFunc(facts.Components, func(c SBOMComponent) bool { return c.Module == "example.com/dep" })
	if i < 0 || facts.Components[i].Version != "" || facts.Components[i].PURL != "pkg:golang/example.com/dep" {
		t.Errorf("%+v", facts.Components)
	}
}

// TestWays: a long way is told by its end, and needs no more memory than the graph.
func TestWays(t *testing.T) {
	d := &sbom.Document{Roots: []string{"0"}}
	for i := range 200_000 {
		d.Components = append(d.Components, &sbom.Component{Ref: strconv.Itoa(i), DependsOn: []string{strconv.Itoa(i + 1), "0"}})
	}
	d.Components = append(d.Components, &sbom.Component{Ref: "apart", DependsOn: []string{"apart"}})
	w := waysOf(d)
	for ref, want := range map[string]string{"0": "0", "2": "0>1>2", "apart": "", "none": "", "": ""} {
		if got := strings.Join(w.to(ref), ">"); got != want {
			t.Errorf("%q: %s, want %s", ref, got, want)
		}
	}
	if way := w.to("200000"); len(way) != maxWay+1 || way[0] != "…" || way[maxWay] != "200000" {
		t.Errorf("a long way: %q", way)
	}
}
