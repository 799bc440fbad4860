// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package sbom

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/package-url/packageurl-go"
)

var meta = Metadata{Time: time.Date(2026, 11, 20, 13, 0, 0, 0, time.FixedZone("", 8*3600)), ToolVersion: "v0.1.0"}

func describe(t *testing.T, f *fixture) *Document {
	t.Helper()
	l, p := f.product(t)
	return l.Document([]*Product{p}, meta)
}

// read makes a listing of what go list would print.
func read(t testing.TB, production, tests, tools string) *Listing {
	t.Helper()
	l := &Listing{Target: Target{GoVersion: "go1.26.8"}}
	r := newListReader(l, nil)
	for text, to := range map[string]*[]*Package{production: &l.Packages, tests: &l.Tests, tools: &l.Tools} {
		if text == "" {
			continue
		}
		var err error
		if *to, err = r.read(strings.NewReader(text)); err != nil {
			t.Fatal(err)
		}
	}
	return l
}

func TestDocument(t *testing.T) {
	f := newFixture(t, application)
	d := describe(t, f)
	if err := checkGraph(d); err != nil {
		t.Error(err)
	}
	if text := fmt.Sprintf("%+v", d); strings.Contains(text, f.dir) || strings.Contains(text, "./beside") {
		t.Error("the document names a folder of this machine")
	}
	for _, c := range d.Components {
		if len(c.Hashes) > 0 {
			t.Errorf("%s has hashes: h1: is none of a file", c.Ref)
		}
	}

	goVersion := strings.TrimPrefix(strings.Fields(f.run(t, "go", "env", "GOVERSION"))[0], "go")
	std := "stdlib@" + goVersion
	wantPURLs := map[string]string{
		"example.com/Deep/two@v1.0.0":         "pkg:golang/example.com/deep/two@v1.0.0",
		"example.com/beside":                  "pkg:golang/example.com/beside",
		"example.com/fork@v1.0.1":             "pkg:golang/example.com/fork@v1.0.1",
		"example.com/old@v3.0.0+incompatible": "pkg:golang/example.com/old@v3.0.0%2Bincompatible",
		"example.com/one@v1.2.3":              "pkg:golang/example.com/one@v1.2.3",
		std:                                   "pkg:golang/" + std,
	}
	purls := make(map[string]string)
	props := make(map[string][]string)
	for _, c := range d.Components {
		if c.Ref == d.Roots[0] {
			continue
		}
		purls[c.Ref] = c.PURL
		for _, p := range c.Properties {
			if p.Name == PropertyH1 && strings.HasPrefix(p.Value, "h1:") {
				p.Value = "h1:"
			}
			props[c.Ref] = append(props[c.Ref], p.Name+"="+p.Value)
		}
	}
	if diff := cmp.Diff(wantPURLs, purls); diff != "" {
		t.Errorf("components (-want +got):\n%s", diff)
	}
	wantProps := map[string][]string{
		"example.com/Deep/two@v1.0.0":         {"assay:go:h1=h1:"},
		"example.com/beside":                  {"assay:go:local=replace", "assay:go:replaced=example.com/beside@v1.0.0"},
		"example.com/fork@v1.0.1":             {"assay:go:h1=h1:", "assay:go:replaced=example.com/original@v1.0.0"},
		"example.com/old@v3.0.0+incompatible": {"assay:go:h1=h1:"},
		"example.com/one@v1.2.3":              {"assay:go:h1=h1:"},
	}
	if diff := cmp.Diff(wantProps, props); diff != "" {
		t.Errorf("properties (-want +got):\n%s", diff)
	}
	wantEdges := map[string][]string{
		"example.com/App": {"example.com/beside", "example.com/fork@v1.0.1", "example.com/old@v3.0.0+incompatible",
			"example.com/one@v1.2.3", std},
		"example.com/Deep/two@v1.0.0":         {std},
		"example.com/beside":                  nil,
		"example.com/fork@v1.0.1":             nil,
		"example.com/old@v3.0.0+incompatible": {std},
		"example.com/one@v1.2.3":              {"example.com/Deep/two@v1.0.0"},
		std:                                   nil,
	}
	edges := make(map[string][]string)
	for _, c := range d.Components {
		edges[c.Ref] = c.DependsOn
	}
	if diff := cmp.Diff(wantEdges, edges); diff != "" {
		t.Errorf("dependencies (-want +got):\n%s", diff)
	}

	root := d.Component(d.Roots[0])
	if root.Version != "" || root.PURL != "pkg:golang/example.com/app" || root.Kind != KindApplication {
		t.Errorf("root is %s %q %s; its version is not known", root.Kind, root.Version, root.PURL)
	}
	wantMains := []Property{{PropertyMainModule, "true"}, {PropertyMain, "example.com/App/cmd/first"}, {PropertyMain, "example.com/App/cmd/second"}}
	if diff := cmp.Diff(wantMains, root.Properties); diff != "" {
		t.Errorf("programs (-want +got):\n%s", diff)
	}
	if got := d.Created.Format(time.RFC3339); got != "2026-11-20T05:00:00Z" {
		t.Errorf("timestamp %s", got)
	}
}

func TestReproducible(t *testing.T) {
	a, b := describe(t, newFixture(t, application)), describe(t, newFixture(t, application))
	if diff := cmp.Diff(a, b); diff != "" {
		t.Errorf("two folders, two documents:\n%s", diff)
	}
}

// TestCompositions: where code in other languages or a failure hides
// dependencies, the document says so.
func TestCompositions(t *testing.T) {
	l := read(t, `
		{"ImportPath":"a.example/c","DepOnly":true,"Module":{"Path":"a.example/c","Version":"v1.0.0"},"CgoFiles":["c.go"],"Imports":["C"]}
		{"ImportPath":"a.example/m","Name":"main","Module":{"Path":"a.example/m","Main":true},"Imports":["a.example/c"]}`, "", "")
	aggregates := func() map[string]Completeness {
		got := make(map[string]Completeness)
		for _, c := range l.Document(l.Products(), meta).Components {
			got[c.Ref] = c.Completeness
		}
		return got
	}
	want := map[string]Completeness{
		"a.example/c@v1.0.0": "incomplete", "a.example/m": "complete", "stdlib@1.26.8": "unknown"}
	if diff := cmp.Diff(want, aggregates()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	l.Packages[0].Failure = &Failure{Package: "a.example/c", Message: "no"}
	want["a.example/m"] = "incomplete"
	if diff := cmp.Diff(want, aggregates()); diff != "" {
		t.Errorf("with a failure (-want +got):\n%s", diff)
	}
}

// checkGraph checks that references are unique and resolve, and that every
// component is reachable from the roots.
func checkGraph(d *Document) error {
	edges := make(map[string][]string)
	for _, c := range d.Components {
		if edges[c.Ref] != nil {
			return fmt.Errorf("%s is there twice", c.Ref)
		}
		edges[c.Ref] = append([]string{}, c.DependsOn...)
	}
	reached := slices.Clone(d.Roots)
	for i := 0; i < len(reached); i++ {
		if edges[reached[i]] == nil {
			return fmt.Errorf("%s is no component", reached[i])
		}
		for _, to := range edges[reached[i]] {
			if !slices.Contains(reached, to) {
				reached = append(reached, to)
			}
		}
	}
	if len(reached) != len(edges) {
		return fmt.Errorf("%d of %d components are reached", len(reached), len(edges))
	}
	return nil
}

func TestPURL(t *testing.T) {
	tests := []struct{ path, version, want string }{
		{"github.com/BurntSushi/toml", "v1.6.0", "pkg:golang/github.com/burntsushi/toml@v1.6.0"},
		{"golang.org/x/mod", "v0.42.0", "pkg:golang/golang.org/x/mod@v0.42.0"},
		{"gopkg.in/yaml.v3", "v3.0.1", "pkg:golang/gopkg.in/yaml.v3@v3.0.1"},
		{"github.com/docker/docker", "v28.0.0+incompatible", "pkg:golang/github.com/docker/docker@v28.0.0%2Bincompatible"},
		{"git.sr.ht/~sbinet/gg", "v0.6.0", "pkg:golang/git.sr.ht/~sbinet/gg@v0.6.0"},
		{"command", "", "pkg:golang/command"},
		{"stdlib", "1.26.8", "pkg:golang/stdlib@1.26.8"},
	}
	for _, test := range tests {
		got := purl(test.path, test.version)
		if got != test.want {
			t.Errorf("purl(%q, %q) = %s, want %s", test.path, test.version, got, test.want)
		}
		parsed, err := packageurl.FromString(got)
		if err != nil || parsed.ToString() != got {
			t.Errorf("%s is read back as %s, %v", got, parsed.ToString(), err)
		}
	}
}

func TestUUID5(t *testing.T) {
	// uuid.uuid5(uuid.NAMESPACE_URL, "https://example.com/") of Python.
	const want = "dd2c1780-811a-5296-81c5-178a0ef488bc"
	if got := uuid5([]byte("https://example.com/")); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestTimestamp(t *testing.T) {
	now := time.Unix(1000, 0)
	tests := []struct {
		environ []string
		want    int64 // -1 for an error
	}{
		{nil, 1000},
		{[]string{"SOURCE_DATE_EPOCH="}, 1000},
		{[]string{"SOURCE_DATE_EPOCH=7", "SOURCE_DATE_EPOCH=1780000000"}, 1780000000},
		{[]string{"SOURCE_DATE_EPOCH=0"}, 0},
		{[]string{"SOURCE_DATE_EPOCH=-1"}, -1},
		{[]string{"SOURCE_DATE_EPOCH=2026-11-20"}, -1},
		{[]string{"SOURCE_DATE_EPOCH=253402300800"}, -1},
	}
	for _, test := range tests {
		got, err := Timestamp(test.environ, now)
		if err != nil && test.want != -1 || err == nil && got.Unix() != test.want {
			t.Errorf("%v: %v, %v; want %d", test.environ, got, err, test.want)
		}
	}
}

// TestUses: what tests and tools alone need is marked, with its edges.
func TestUses(t *testing.T) {
	const production = `
		{"ImportPath":"a.example/p","DepOnly":true,"Module":{"Path":"a.example/p","Version":"v1.0.0"}}
		{"ImportPath":"a.example/m","Name":"main","Module":{"Path":"a.example/m","Main":true},"Imports":["a.example/p"]}
		{"ImportPath":"a.example/m/lib","Module":{"Path":"a.example/m","Main":true}}`
	const tests = production + `
		{"ImportPath":"a.example/t","DepOnly":true,"Module":{"Path":"a.example/t","Version":"v1.0.0"},"Imports":["a.example/u"]}
		{"ImportPath":"a.example/u","DepOnly":true,"Module":{"Path":"a.example/u","Version":"v1.0.0"}}
		{"ImportPath":"a.example/other","DepOnly":true,"Module":{"Path":"a.example/other","Version":"v1.0.0"}}
		{"ImportPath":"a.example/m [a.example/m.test]","ForTest":"a.example/m","Name":"main","Module":{"Path":"a.example/m","Main":true},"Imports":["a.example/p","a.example/t"]}
		{"ImportPath":"a.example/m.test","Name":"main","Module":{"Path":"a.example/m","Main":true},"Imports":["a.example/m [a.example/m.test]"]}
		{"ImportPath":"a.example/m/lib [a.example/m/lib.test]","ForTest":"a.example/m/lib","Module":{"Path":"a.example/m","Main":true},"Imports":["a.example/other"]}`
	const tools = `
		{"ImportPath":"a.example/p","DepOnly":true,"Module":{"Path":"a.example/p","Version":"v1.0.0"}}
		{"ImportPath":"a.example/q","DepOnly":true,"Module":{"Path":"a.example/q","Version":"v1.0.0"}}
		{"ImportPath":"a.example/tool","Name":"main","Module":{"Path":"a.example/tool","Version":"v1.0.0"},"Imports":["a.example/p","a.example/q"]}`
	l := read(t, production, tests, tools)
	d := l.Document(l.Products(), meta)
	if err := checkGraph(d); err != nil {
		t.Error(err)
	}
	got := make(map[string]string)
	for _, c := range d.Components {
		got[c.Ref] = string(c.Scope) + " " + c.Property(PropertyUse) + " " + strings.Join(c.DependsOn, " ")
	}
	want := map[string]string{
		"a.example/m":           "  a.example/p@v1.0.0 a.example/t@v1.0.0 a.example/tool@v1.0.0 stdlib@1.26.8",
		"a.example/p@v1.0.0":    "required  ",
		"a.example/t@v1.0.0":    "excluded test a.example/u@v1.0.0",
		"a.example/u@v1.0.0":    "excluded test ",
		"a.example/tool@v1.0.0": "excluded tool a.example/p@v1.0.0 a.example/q@v1.0.0",
		"a.example/q@v1.0.0":    "excluded tool ",
		"stdlib@1.26.8":         "required  ",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestCollection: each main module is a root beneath one collection; what one
// of them contains is no test dependency of another.
func TestCollection(t *testing.T) {
	l := read(t, `
		{"ImportPath":"a.example/p","DepOnly":true,"Module":{"Path":"a.example/p","Version":"v1.0.0"}}
		{"ImportPath":"a.example/m","Module":{"Path":"a.example/m","Main":true},"Imports":["a.example/p"]}
		{"ImportPath":"a.example/m/cmd","Name":"main","Module":{"Path":"a.example/m/cmd","Main":true},"Imports":["a.example/m"]}`, "", "")
	d := l.Document(l.Products(), meta)
	if err := checkGraph(d); err != nil {
		t.Error(err)
	}
	root := d.Component(d.Roots[0])
	if root.Name != "a.example/m" || !slices.Equal(root.DependsOn, []string{"a.example/m", "a.example/m/cmd"}) {
		t.Errorf("root %s of %v", root.Name, root.DependsOn)
	}
	if c := d.Component("a.example/m"); c.Kind != KindLibrary {
		t.Errorf("a.example/m is of kind %s", c.Kind)
	}
}

func TestSupplier(t *testing.T) {
	for path, want := range map[string]string{
		"github.com/BurntSushi/toml":    "BurntSushi https://github.com/BurntSushi",
		"github.com/a/b/v3/sub":         "a https://github.com/a",
		"golang.org/x/mod":              "golang.org https://golang.org",
		"gopkg.in/yaml.v3":              "go-yaml https://github.com/go-yaml",
		"gopkg.in/ini/ini.v1":           "ini https://github.com/ini",
		"git.sr.ht/~sbinet/gg":          "~sbinet https://git.sr.ht/~sbinet",
		"example.com":                   "example.com https://example.com",
		"command/line":                  "",
		"example.com:8443/not/a/module": "example.com:8443 https://example.com:8443",
	} {
		got := ""
		if p := Supplier(path); p != nil {
			got = p.Name + " " + p.URL
		}
		if got != want {
			t.Errorf("%s: %q, want %q", path, got, want)
		}
	}
}
