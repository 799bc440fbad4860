// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package sbom

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestDefects(t *testing.T) {
	sum := strings.Repeat("ab", 32)
	good := func() *Document {
		return &Document{Roots: []string{"r"}, Components: []*Component{
			{Ref: "r", Name: "github.com/A/b", Version: "v1.0.0", PURL: "pkg:golang/github.com/a/b@v1.0.0", DependsOn: []string{"m"}},
			{Ref: "m", Name: "golang.org/x/mod", Version: "v0.1.0", PURL: "pkg:golang/golang.org/x/mod@v0.1.0", Hashes: []Hash{{"SHA-256", sum}}, Parts: []string{"p"}},
			{Ref: "p", Name: "golang.org/x/mod/semver", Version: "v0.1.0", PURL: "pkg:golang/golang.org/x/mod@v0.1.0#semver"},
			{Ref: "c", Kind: KindCrypto, Name: "AES"},
		}}
	}
	tests := []struct {
		name   string
		change func(d *Document)
		want   []Defect
	}{
		{"none", func(*Document) {}, nil},
		{"no root", func(d *Document) { d.Roots = nil }, []Defect{{Kind: NoRoot}}},
		{"root elsewhere", func(d *Document) { d.Roots = []string{"r", "x"} }, []Defect{{Kind: Dangling, Detail: "x"}}},
		{"edge cut", func(d *Document) { d.Components[0].DependsOn = nil },
			[]Defect{{Unreachable, "m", "golang.org/x/mod", ""}, {Unreachable, "p", "golang.org/x/mod/semver", ""}}},
		{"edge to nowhere", func(d *Document) { d.Components[1].DependsOn = []string{"x"} }, []Defect{{Dangling, "m", "golang.org/x/mod", "x"}}},
		{"twice", func(d *Document) { d.Components = append(d.Components, d.Components[1]) }, []Defect{{DuplicateRef, "m", "golang.org/x/mod", ""}}},
		{"two wholes", func(d *Document) { d.Components[0].Parts = []string{"p"} }, []Defect{{SeveralParts, "p", "golang.org/x/mod", "r"}}},
		{"purl", func(d *Document) { d.Components[1].PURL = "golang.org/x/mod" }, []Defect{{InvalidPURL, "m", "golang.org/x/mod", "golang.org/x/mod"}}},
		{"purl of another module", func(d *Document) { d.Components[1].PURL = "pkg:golang/golang.org/x/net@v0.1.0" },
			[]Defect{{OtherPURL, "m", "golang.org/x/mod", "pkg:golang/golang.org/x/net@v0.1.0"}}},
		{"purl of another version", func(d *Document) { d.Components[1].PURL = "pkg:golang/golang.org/x/mod@v0.2.0" },
			[]Defect{{OtherPURL, "m", "golang.org/x/mod", "pkg:golang/golang.org/x/mod@v0.2.0"}}},
		{"name as other tools have it", func(d *Document) { d.Components[1].Group, d.Components[1].Name = "golang.org/x", "mod" }, nil},
		{"h1 as a hash", func(d *Document) {
			d.Components[1].Hashes[0].Value = "h1:1QivrlhwAsnMOcqgOdl9my7s9OyZl8O5/UGUTJVXoWc="
		}, []Defect{{MalformedHash, "m", "golang.org/x/mod", "SHA-256 h1:1QivrlhwAsnMOcqgOdl9my7s9OyZl8O5/UGUTJVXoWc="}}},
		{"hash of another length, in a reference", func(d *Document) {
			d.Components[1].References = []Reference{{Type: "distribution", Hashes: []Hash{{"SHA-512", sum}}}}
		}, []Defect{{MalformedHash, "m", "golang.org/x/mod", "SHA-512 " + sum}}},
		{"standard library as other tools have it", func(d *Document) {
			d.Components[1].Name, d.Components[1].Version, d.Components[1].PURL = "stdlib", "go1.26.8", "pkg:golang/stdlib@1.26.8"
		}, nil},
		{"two hashes of one module", func(d *Document) {
			d.Components[1].Properties = []Property{{PropertyH1, "h1:a"}, {PropertyH1, "h1:b"}, {PropertyReplaced, "a"}, {PropertyReplaced, "b"}}
		}, []Defect{{Repeated, "m", "golang.org/x/mod", PropertyH1}}},
		{"the same twice", func(d *Document) {
			d.Components[1].Properties = []Property{{PropertyH1, "h1:a"}, {PropertyH1, "h1:a"}}
		}, nil},
		{"cycle", func(d *Document) { d.Components[1].DependsOn = []string{"r"} }, nil},
	}
	for _, test := range tests {
		d := good()
		test.change(d)
		if diff := cmp.Diff(test.want, d.Defects()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
	}
}
