// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package sbom

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/CycloneDX/cyclonedx-go"
	"github.com/google/go-cmp/cmp"
	"github.com/package-url/packageurl-go"
)

var meta = Metadata{Time: time.Date(2026, 11, 20, 13, 0, 0, 0, time.FixedZone("", 8*3600)), ToolVersion: "v0.1.0"}

func build(t *testing.T, f *fixture) (*cyclonedx.BOM, []byte) {
	t.Helper()
	l, p := f.product(t)
	bom, err := l.Build(p, meta)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := Write(&out, bom); err != nil {
		t.Fatal(err)
	}
	return bom, out.Bytes()
}

func TestBuild(t *testing.T) {
	f := newFixture(t, application)
	bom, data := build(t, f)
	if err := officialSchema(t).Validate(data); err != nil {
		t.Errorf("%+v", err)
	}
	if err := checkGraph(bom); err != nil {
		t.Error(err)
	}
	if bytes.Contains(data, []byte(f.dir)) || bytes.Contains(data, []byte("./beside")) {
		t.Error("the document names a folder of this machine")
	}
	if bytes.Contains(data, []byte(`"hashes"`)) {
		t.Error("the document has hashes: h1: is none of a file")
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
	for _, c := range *bom.Components {
		purls[c.BOMRef] = c.PackageURL
		if c.Properties == nil {
			continue
		}
		for _, p := range *c.Properties {
			if p.Name == PropertyH1 && strings.HasPrefix(p.Value, "h1:") {
				p.Value = "h1:"
			}
			props[c.BOMRef] = append(props[c.BOMRef], p.Name+"="+p.Value)
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
	for _, d := range *bom.Dependencies {
		edges[d.Ref] = nil
		if d.Dependencies != nil {
			edges[d.Ref] = *d.Dependencies
		}
	}
	if diff := cmp.Diff(wantEdges, edges); diff != "" {
		t.Errorf("dependencies (-want +got):\n%s", diff)
	}

	root := bom.Metadata.Component
	if root.Version != "" || root.PackageURL != "pkg:golang/example.com/app" || root.Type != cyclonedx.ComponentTypeApplication {
		t.Errorf("root is %s %q %s; its version is not known", root.Type, root.Version, root.PackageURL)
	}
	wantMains := []cyclonedx.Property{
		{Name: PropertyMain, Value: "example.com/App/cmd/first"}, {Name: PropertyMain, Value: "example.com/App/cmd/second"}}
	if diff := cmp.Diff(wantMains, *root.Properties); diff != "" {
		t.Errorf("programs (-want +got):\n%s", diff)
	}
	if got := bom.Metadata.Timestamp; got != "2026-11-20T05:00:00Z" {
		t.Errorf("timestamp %s", got)
	}
}

func TestRead(t *testing.T) {
	_, data := build(t, newFixture(t, application))
	bom, err := Read(data)
	if err != nil {
		t.Fatal(err)
	}
	if got := ComponentProperty((*bom.Components)[0], PropertyH1); !strings.HasPrefix(got, "h1:") {
		t.Errorf("hash of the first component: %q", got)
	}
	for _, change := range [][2]string{{"v1.2.3", "v1.2.4"}, {"h1:", "h1:A"}, {`"urn:uuid:`, `"urn:uuid:0`}, {`"stdlib@`, `"stdlib@0`}} {
		if _, err := Read(bytes.Replace(data, []byte(change[0]), []byte(change[1]), 1)); !errors.Is(err, ErrAltered) {
			t.Errorf("%q for %q: error %v, want ErrAltered", change[1], change[0], err)
		}
	}
}

func FuzzRead(f *testing.F) {
	l := &Listing{Target: Target{GoVersion: "go1.26.8"}}
	if err := l.read(strings.NewReader(`{"ImportPath":"a","Name":"main","Module":{"Path":"a","Main":true}}`), nil); err != nil {
		f.Fatal(err)
	}
	bom, err := l.Build(l.Products()[0], Metadata{})
	if err != nil {
		f.Fatal(err)
	}
	var document bytes.Buffer
	if err := Write(&document, bom); err != nil {
		f.Fatal(err)
	}
	f.Add(document.Bytes())
	f.Fuzz(func(t *testing.T, data []byte) {
		bom, err := Read(data)
		if err == nil && (bom.Metadata.Component == nil || bom.Components == nil) {
			t.Error("no error, and nothing to read")
		}
	})
}

func TestReproducible(t *testing.T) {
	_, a := build(t, newFixture(t, application))
	_, b := build(t, newFixture(t, application))
	if diff := cmp.Diff(string(a), string(b)); diff != "" {
		t.Errorf("two folders, two documents:\n%s", diff)
	}
	_, c := build(t, newFixture(t, application).with("GOARCH=arm64"))
	if serial(a) == serial(c) {
		t.Error("two documents have one serial number")
	}
}

func serial(document []byte) string {
	_, after, _ := bytes.Cut(document, []byte(`"serialNumber": "`))
	return string(after[:45])
}

// TestCompositions: where code in other languages or a failure hides
// dependencies, the document says so.
func TestCompositions(t *testing.T) {
	l := &Listing{Target: Target{GoVersion: "go1.26.8"}}
	err := l.read(strings.NewReader(`
		{"ImportPath":"a.example/c","DepOnly":true,"Module":{"Path":"a.example/c","Version":"v1.0.0"},"CgoFiles":["c.go"],"Imports":["C"]}
		{"ImportPath":"a.example/m","Name":"main","Module":{"Path":"a.example/m","Main":true},"Imports":["a.example/c"]}`), nil)
	if err != nil {
		t.Fatal(err)
	}
	aggregates := func() map[string]cyclonedx.CompositionAggregate {
		bom, err := l.Build(l.Products()[0], meta)
		if err != nil {
			t.Fatal(err)
		}
		got := make(map[string]cyclonedx.CompositionAggregate)
		for _, c := range *bom.Compositions {
			for _, ref := range *c.Dependencies {
				got[string(ref)] = c.Aggregate
			}
		}
		return got
	}
	want := map[string]cyclonedx.CompositionAggregate{
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

// checkGraph checks what the schema cannot: references are unique and
// resolve, every component is reachable from the root.
func checkGraph(bom *cyclonedx.BOM) error {
	refs := map[string]bool{bom.Metadata.Component.BOMRef: true}
	for _, c := range *bom.Components {
		if refs[c.BOMRef] {
			return fmt.Errorf("%s is there twice", c.BOMRef)
		}
		refs[c.BOMRef] = true
	}
	edges := make(map[string][]string)
	for _, d := range *bom.Dependencies {
		if _, twice := edges[d.Ref]; twice || !refs[d.Ref] {
			return fmt.Errorf("%s is not one node", d.Ref)
		}
		edges[d.Ref] = []string{}
		if d.Dependencies != nil {
			edges[d.Ref] = *d.Dependencies
		}
	}
	reached := []string{bom.Metadata.Component.BOMRef}
	for i := 0; i < len(reached); i++ {
		for _, to := range edges[reached[i]] {
			if !slices.Contains(reached, to) {
				reached = append(reached, to)
			}
		}
	}
	if len(reached) != len(refs) || len(edges) != len(refs) {
		return fmt.Errorf("%d of %d components are reached, %d have a node", len(reached), len(refs), len(edges))
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

// officialSchema reads the schema from the Go library of the CycloneDX
// project in the module cache.
func officialSchema(t *testing.T) *Schema {
	t.Helper()
	f := &fixture{dir: ".", environ: os.Environ()}
	dir := strings.TrimSpace(f.run(t, "go", "list", "-m", "-f", "{{.Dir}}", "github.com/CycloneDX/cyclonedx-go"))
	s, err := NewSchema(os.DirFS(dir + "/schema"))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestValidate(t *testing.T) {
	s := officialSchema(t)
	tests := []struct {
		name, document string
		valid          bool
	}{
		{"least", `{"bomFormat":"CycloneDX","specVersion":"1.6"}`, true},
		{"no JSON", `{"bomFormat"`, false},
		{"no version", `{"bomFormat":"CycloneDX"}`, false},
		{"unknown key", `{"bomFormat":"CycloneDX","specVersion":"1.6","bom":1}`, false},
		{"h1 as hash", `{"bomFormat":"CycloneDX","specVersion":"1.6","components":[{"type":"library","name":"m",
			"hashes":[{"alg":"SHA-256","content":"h1:1QivrlhwAsnMOcqgOdl9my7s9OyZl8O5/UGUTJVXoWc="}]}]}`, false},
		{"timestamp", `{"bomFormat":"CycloneDX","specVersion":"1.6","metadata":{"timestamp":"yesterday"}}`, false},
		{"licence of the SPDX list", `{"bomFormat":"CycloneDX","specVersion":"1.6","components":[{"type":"library","name":"m",
			"licenses":[{"license":{"id":"BSD-3-Clause"}}]}]}`, true},
		{"licence of no list", `{"bomFormat":"CycloneDX","specVersion":"1.6","components":[{"type":"library","name":"m",
			"licenses":[{"license":{"id":"BSD3"}}]}]}`, false},
	}
	for _, test := range tests {
		if err := s.Validate([]byte(test.document)); (err == nil) != test.valid {
			t.Errorf("%s: %v", test.name, err)
		}
	}
}
