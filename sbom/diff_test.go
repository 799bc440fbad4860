// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package sbom

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCompare(t *testing.T) {
	goModule := func(name, version string, more ...func(*Component)) *Component {
		c := &Component{Ref: name + "@" + version, Kind: KindLibrary, Name: name, Version: version, PURL: purl(name, version)}
		for _, f := range more {
			f(c)
		}
		return c
	}
	licensed := func(l string) func(*Component) { return func(c *Component) { c.License.Concluded = l } }
	declared := func(l string) func(*Component) { return func(c *Component) { c.License.Declared = l } }
	hashed := func(v string) func(*Component) {
		return func(c *Component) { c.Hashes = []Hash{{"SHA-512", v}}; c.Add(PropertyH1, "h1:"+v) }
	}
	proven := func(s string) func(*Component) { return func(c *Component) { c.Add(PropertyProof, s) } }
	document := func(c ...*Component) *Document { return &Document{Components: c} }
	file := func(name string) *Component { return &Component{Kind: KindFile, Name: name} }
	tests := []struct {
		name     string
		from, to *Document
		want     Difference
	}{
		{"nothing", document(goModule("a.b/c", "v1.0.0")), document(goModule("a.b/c", "v1.0.0")), Difference{}},
		{"added and removed", document(goModule("a.b/c", "v1.0.0"), file("x")), document(goModule("a.b/d", "v1.0.0")), Difference{
			Added:   []Changed{{Name: "a.b/d", PURL: "pkg:golang/a.b/d@v1.0.0", New: "v1.0.0"}},
			Removed: []Changed{{Name: "x"}, {Name: "a.b/c", PURL: "pkg:golang/a.b/c@v1.0.0", Old: "v1.0.0"}},
		}},
		{"version and licence", document(goModule("a.b/c", "v1.0.0", licensed("MIT"), hashed("aa"))), document(goModule("a.b/c", "v1.1.0", licensed("BUSL-1.1"), hashed("bb"))), Difference{
			Changed: []Changed{{Name: "a.b/c", PURL: "pkg:golang/a.b/c@v1.1.0", Old: "v1.0.0", New: "v1.1.0", Changes: []Change{
				{FieldVersion, "v1.0.0", "v1.1.0"}, {FieldLicense, "MIT", "BUSL-1.1"}}}},
		}},
		{"the same version with another content", document(goModule("a.b/c", "v1.0.0", hashed("aa"))), document(goModule("a.b/c", "v1.0.0", hashed("bb"))), Difference{
			Changed: []Changed{{Name: "a.b/c", PURL: "pkg:golang/a.b/c@v1.0.0", Old: "v1.0.0", New: "v1.0.0", Changes: []Change{
				{FieldHash, "SHA-512 aa", "SHA-512 bb"}, {FieldH1, "h1:aa", "h1:bb"}}}},
		}},
		{"hashes in another case, of other algorithms", document(goModule("a.b/c", "v1.0.0", func(c *Component) { c.Hashes = []Hash{{"SHA-256", "AA"}, {"MD5", "0"}} })),
			document(goModule("a.b/c", "v1.0.0", func(c *Component) { c.Hashes = []Hash{{"SHA-256", "aa"}, {"SHA-512", "0"}} })), Difference{}},
		{"proof lost", document(goModule("a.b/c", "v1.0.0", proven("verified"))), document(goModule("a.b/c", "v1.0.0")), Difference{
			Changed: []Changed{{Name: "a.b/c", PURL: "pkg:golang/a.b/c@v1.0.0", Old: "v1.0.0", New: "v1.0.0", Changes: []Change{{FieldProof, "verified", ""}}}},
		}},
		{"declared is compared where nothing is concluded", document(goModule("a.b/c", "v1.0.0", declared("MIT"))), document(goModule("a.b/c", "v1.0.0", licensed("MIT"))), Difference{}},
		{"several versions", document(goModule("a.b/c", "v1.0.0"), goModule("a.b/c", "v2.0.0+incompatible")),
			document(goModule("a.b/c", "v2.0.0+incompatible"), goModule("a.b/c", "v1.5.0"), goModule("a.b/c", "v3.0.0+incompatible")), Difference{
				Changed: []Changed{{Name: "a.b/c", PURL: "pkg:golang/a.b/c@v1.5.0", Old: "v1.0.0", New: "v1.5.0", Changes: []Change{{FieldVersion, "v1.0.0", "v1.5.0"}}}},
				Added:   []Changed{{Name: "a.b/c", PURL: "pkg:golang/a.b/c@v3.0.0%2Bincompatible", New: "v3.0.0+incompatible"}},
			}},
		{"purl of another tool", document(goModule("github.com/A/b", "v1.0.0")),
			document(&Component{Name: "github.com/A/b", Version: "v1.0.0", PURL: "pkg:golang/github.com/A/b@v1.0.0?type=module"}), Difference{}},
		{"scope and directory", document(goModule("a.b/c", "v1.0.0")), document(goModule("a.b/c", "", func(c *Component) { c.Scope = ScopeExcluded; c.Add(PropertyLocal, "replace") })), Difference{
			Changed: []Changed{{Name: "a.b/c", PURL: "pkg:golang/a.b/c", Old: "v1.0.0", Changes: []Change{
				{FieldVersion, "v1.0.0", ""}, {FieldScope, "required", "excluded"}, {FieldLocal, "", "replace"}}}},
		}},
	}
	for _, test := range tests {
		got := Compare(test.from, test.to)
		if got.Empty() != (test.want.Added == nil && test.want.Removed == nil && test.want.Changed == nil) {
			t.Errorf("%s: empty: %v", test.name, got.Empty())
		}
		for _, l := range []*[]Changed{&got.Added, &got.Removed, &got.Changed} {
			if len(*l) == 0 {
				*l = nil
			}
		}
		if diff := cmp.Diff(test.want, *got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
	}
}
