// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package sbom

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/package-url/packageurl-go"

	"github.com/goassay/assay/audit/gocmd"
)

func (f *fixture) listAt(t *testing.T, level Level, patterns ...string) *Listing {
	t.Helper()
	l, err := Packages(t.Context(), Options{Dir: f.dir, Environ: f.environ, Run: gocmd.Run, Patterns: patterns, Level: level})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// checkParts checks that parts are there, and part of one component each.
func checkParts(t *testing.T, d *Document) {
	t.Helper()
	whole := make(map[string]string)
	for _, c := range d.Components {
		for _, p := range c.Parts {
			if whole[p] != "" || d.Component(p) == nil {
				t.Errorf("%s is part of %s, and of %q", p, c.Ref, whole[p])
			}
			whole[p] = c.Ref
		}
		for _, to := range c.DependsOn {
			if d.Component(to) == nil {
				t.Errorf("%s needs %s, which is not there", c.Ref, to)
			}
		}
		if c.PURL == "" {
			continue
		}
		if p, err := packageurl.FromString(c.PURL); err != nil || p.ToString() != c.PURL {
			t.Errorf("%s: purl %s: %v", c.Ref, c.PURL, err)
		}
	}
	for _, c := range d.Components {
		if isPart := c.Property(PropertyImportPath) != "" || c.Kind == KindFile; isPart != (whole[c.Ref] != "") {
			t.Errorf("%s is part of %q", c.Ref, whole[c.Ref])
		}
	}
}

// TestPackageLevel compares the packages of documents with those that the go
// command lists for the programs.
func TestPackageLevel(t *testing.T) {
	here, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	for name, f := range map[string]*fixture{
		"application":         newFixture(t, application),
		"this repository":     {dir: here, environ: append(os.Environ(), "CGO_ENABLED=0")},
		"windows":             newFixture(t, application).with("GOOS=windows"),
		"code in C":           newFixture(t, withC).with("CGO_ENABLED=1"),
		"workspace, at depth": newFixture(t, largeWorkspace(4)),
	} {
		t.Run(name, func(t *testing.T) {
			pattern := "./..."
			if strings.HasPrefix(name, "workspace") {
				pattern = "work"
				f.run(t, "go", "list", "-deps", "work")
			}
			l := f.listAt(t, PackageLevel, pattern)
			products := l.Products()
			d := l.Document(products, meta)
			checkParts(t, d)
			var named []string
			for _, p := range products {
				for _, m := range p.Programs {
					named = append(named, m.Package)
				}
				if p.Library() {
					named = append(named, ofModule(t, f, p.Root.Path)...)
				}
			}
			want := strings.Fields(f.run(t, append([]string{"go", "list", "-deps", "--"}, named...)...))
			var got []string
			for _, c := range d.Components {
				if path := c.Property(PropertyImportPath); path != "" {
					got = append(got, path)
				}
			}
			slices.Sort(want)
			slices.Sort(got)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-go list +document):\n%s", diff)
			}
		})
	}
}

const withC = `
-- go.mod --
module example.com/c
go 1.26
-- main.go --
package main
// int f(void) { return 1; }
import "C"
func main() { println(C.f()) }
`

func TestPackageComponents(t *testing.T) {
	l := newFixture(t, application).listAt(t, FileLevel, "./cmd/...")
	d := l.Document(l.Products(), meta)
	checkParts(t, d)
	got := make(map[string]string)
	for _, c := range d.Components {
		if strings.HasPrefix(c.Ref, "example.com/") && strings.Contains(c.Ref, "#") {
			var edges []string
			for _, to := range c.DependsOn {
				if strings.HasPrefix(to, "example.com/") {
					edges = append(edges, to)
				}
			}
			got[c.Ref] = strings.Join(append([]string{c.Name, c.PURL}, edges...), " ")
		}
	}
	want := map[string]string{
		"example.com/App#cmd/first": "example.com/App/cmd/first pkg:golang/example.com/app#cmd/first " +
			"example.com/App#internal/shared example.com/fork@v1.0.1#. example.com/one@v1.2.3#.",
		"example.com/App#cmd/first!main.go":            "cmd/first/main.go ",
		"example.com/App#cmd/second":                   "example.com/App/cmd/second pkg:golang/example.com/app#cmd/second example.com/beside#.",
		"example.com/App#cmd/second!main.go":           "cmd/second/main.go ",
		"example.com/App#internal/shared":              "example.com/App/internal/shared pkg:golang/example.com/app#internal/shared example.com/old@v3.0.0+incompatible#.",
		"example.com/App#internal/shared!shared.go":    "internal/shared/shared.go ",
		"example.com/Deep/two@v1.0.0#.":                "example.com/Deep/two ",
		"example.com/Deep/two@v1.0.0#.!two.go":         "two.go ",
		"example.com/beside#.":                         "example.com/beside ",
		"example.com/beside#.!beside.go":               "beside.go ",
		"example.com/fork@v1.0.1#.":                    "example.com/original ",
		"example.com/fork@v1.0.1#.!original.go":        "original.go ",
		"example.com/old@v3.0.0+incompatible#.":        "example.com/old ",
		"example.com/old@v3.0.0+incompatible#.!old.go": "old.go ",
		"example.com/one@v1.2.3#.":                     "example.com/one  example.com/Deep/two@v1.0.0#.",
		"example.com/one@v1.2.3#.!one.go":              "one.go ",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	sum := sha256.Sum256([]byte("package two\nimport _ \"os\"\n"))
	if c := d.Component("example.com/Deep/two@v1.0.0#.!two.go"); len(c.Hashes) != 2 || c.Hashes[0].Value != hex.EncodeToString(sum[:]) || len(c.Hashes[1].Value) != 128 {
		t.Errorf("hashes %v", c.Hashes)
	}
}

// TestExcludedPackages: what tests and tools alone need is marked on each level.
func TestExcludedPackages(t *testing.T) {
	f := newFixture(t, application)
	l, err := Packages(t.Context(), Options{Dir: f.dir, Environ: f.environ, Run: gocmd.Run, Level: FileLevel, Tests: true})
	if err != nil {
		t.Fatal(err)
	}
	d := l.Document(l.Products(), meta)
	checkParts(t, d)
	for ref, use := range map[string]string{"example.com/fortests@v1.0.0#.": "test", "example.com/one@v1.2.3#.": "", "stdlib@" + stdlibVersion(l.Target.GoVersion) + "#testing": "test"} {
		c := d.Component(ref)
		if c == nil || c.Property(PropertyUse) != use || (c.Scope == ScopeExcluded) != (use != "") {
			t.Errorf("%s: %+v", ref, c)
		}
	}
	for _, c := range d.Components {
		if c.Kind == KindFile {
			continue // internal/abi has abi_test.s, which is compiled
		}
		if strings.Contains(c.Ref, "_test") || strings.Contains(c.Ref, ".test") || strings.Contains(c.Ref, " [") {
			t.Errorf("%s is a product of go test", c.Ref)
		}
	}
}

// TestFilesUnread: a file that cannot be read is a failure, without paths of
// this machine; files that an overlay replaces are not read.
func TestFilesUnread(t *testing.T) {
	f := newFixture(t, "-- go.mod --\nmodule example.com/m\ngo 1.26\n-- m.go --\npackage m\n")
	l := &Listing{level: FileLevel, Target: Target{GoVersion: "go1.26.8"}}
	var err error
	l.Packages, err = newListReader(l, nil).read(strings.NewReader(`{"ImportPath":"example.com/m","Name":"m","Module":{"Path":"example.com/m","Main":true},
		"Dir":"` + filepath.ToSlash(f.dir) + `","GoFiles":["m.go","gone.go","` + filepath.ToSlash(filepath.Join(f.dir, "made.go")) + `"]}`))
	if err != nil {
		t.Fatal(err)
	}
	p := l.Products()
	if len(p) != 1 || len(p[0].Failures) != 1 || !strings.Contains(p[0].Failures[0].Message, "gone.go") || strings.Contains(p[0].Failures[0].Message, f.dir) {
		t.Errorf("products %+v", p)
	}
	f = f.with("GOFLAGS=-overlay=x.json")
	if _, err := Packages(t.Context(), Options{Dir: f.dir, Environ: f.environ, Run: gocmd.Run, Level: FileLevel}); err == nil || !strings.Contains(err.Error(), "overlay") {
		t.Errorf("with an overlay: %v", err)
	}
}
