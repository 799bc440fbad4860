// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package sbom

import (
	"cmp"
	"maps"
	"slices"
	"strings"
)

// A Difference is what changed from one document to another, by component.
// Where a document is published, who made it and when plays no part in it.
type Difference struct {
	Added   []Changed `json:"added"`
	Removed []Changed `json:"removed"`
	Changed []Changed `json:"changed"`
}

// Empty reports whether nothing changed.
func (d *Difference) Empty() bool { return len(d.Added)+len(d.Removed)+len(d.Changed) == 0 }

// Changed is one component that is new, gone or different.
type Changed struct {
	Name    string   `json:"name"`
	PURL    string   `json:"purl,omitempty"` // in the new document, or where it is gone in the old one
	Old     string   `json:"old,omitempty"`  // version
	New     string   `json:"new,omitempty"`
	Changes []Change `json:"changes,omitempty"` // of a component that both have
}

// A Change is one field with another value.
type Change struct {
	Field ChangedField `json:"field"`
	Old   string       `json:"old,omitempty"` // empty: it had none
	New   string       `json:"new,omitempty"`
}

// A ChangedField says what differs.
type ChangedField string

// The fields that are compared.
const (
	FieldVersion ChangedField = "version"
	FieldLicense ChangedField = "license" // concluded, or declared where nothing is concluded
	FieldHash    ChangedField = "hash"    // one algorithm that both have: the same version with another content
	FieldH1      ChangedField = "h1"
	FieldProof   ChangedField = "proof"
	FieldScope   ChangedField = "scope"
	FieldLocal   ChangedField = "local" // a directory in the place of a published version
)

// Compare returns what changed from one document to another. Components are the
// same if their package URLs without version are, or without one their
// names. Where a document has several versions of one, the versions that both
// have are left out first, and the rest compared in the order of their versions.
func Compare(from, to *Document) *Difference {
	d := &Difference{Added: []Changed{}, Removed: []Changed{}, Changed: []Changed{}}
	a, b := from.byIdentity(), to.byIdentity()
	keys := maps.Clone(a)
	maps.Copy(keys, b)
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		d.compare(a[key], b[key])
	}
	return d
}

// byIdentity groups components that are versions of one thing.
func (d *Document) byIdentity() map[string][]*Component {
	groups := make(map[string][]*Component)
	for _, c := range d.Components {
		key := c.identity()
		groups[key] = append(groups[key], c)
	}
	for _, g := range groups {
		slices.SortStableFunc(g, func(a, b *Component) int { return cmp.Compare(a.Version, b.Version) })
	}
	return groups
}

func (c *Component) identity() string {
	if c.PURL == "" {
		return string(c.Kind) + " " + c.Group + " " + c.Name
	}
	base, rest, _ := strings.Cut(c.PURL, "?")
	base, fragment, _ := strings.Cut(base, "#")
	if _, f, ok := strings.Cut(rest, "#"); ok {
		fragment = f
	}
	if i := strings.LastIndexByte(base, '@'); i > strings.LastIndexByte(base, '/') {
		base = base[:i]
	}
	// Other tools keep the case of Go paths, against the specification of purl.
	if strings.HasPrefix(base, "pkg:golang/") {
		base = strings.ToLower(base)
	}
	return base + "#" + fragment
}

func (d *Difference) compare(a, b []*Component) {
	a, b = slices.Clone(a), slices.Clone(b)
	for i := 0; i < len(a); i++ {
		j := slices.IndexFunc(b, func(c *Component) bool { return c.Version == a[i].Version })
		if j >= 0 {
			d.pair(a[i], b[j])
			a, b = slices.Delete(a, i, i+1), slices.Delete(b, j, j+1)
			i--
		}
	}
	n := min(len(a), len(b))
	for i := range n {
		d.pair(a[i], b[i])
	}
	for _, c := range a[n:] {
		d.Removed = append(d.Removed, Changed{Name: c.fullName(), PURL: c.PURL, Old: c.Version})
	}
	for _, c := range b[n:] {
		d.Added = append(d.Added, Changed{Name: c.fullName(), PURL: c.PURL, New: c.Version})
	}
}

func (c *Component) fullName() string {
	if c.Group == "" {
		return c.Name
	}
	return c.Group + "/" + c.Name
}

// pair compares two states of one component.
func (d *Difference) pair(a, b *Component) {
	out := Changed{Name: b.fullName(), PURL: b.PURL, Old: a.Version, New: b.Version}
	add := func(field ChangedField, from, to string) {
		if from != to {
			out.Changes = append(out.Changes, Change{field, from, to})
		}
	}
	add(FieldVersion, a.Version, b.Version)
	add(FieldLicense, cmp.Or(a.License.Concluded, a.License.Declared), cmp.Or(b.License.Concluded, b.License.Declared))
	if a.Version == b.Version { // of another version each hash is another
		for _, h := range a.Hashes {
			for _, g := range b.Hashes {
				if h.Algorithm == g.Algorithm && !strings.EqualFold(h.Value, g.Value) {
					add(FieldHash, h.Algorithm+" "+h.Value, g.Algorithm+" "+g.Value)
				}
			}
		}
		if a.Property(PropertyH1) != "" && b.Property(PropertyH1) != "" {
			add(FieldH1, a.Property(PropertyH1), b.Property(PropertyH1))
		}
	}
	if a.Property(PropertyProof) != "" || b.Property(PropertyProof) != "" {
		add(FieldProof, a.Property(PropertyProof), b.Property(PropertyProof))
	}
	required := func(c *Component) string { return string(cmp.Or(c.Scope, ScopeRequired)) }
	add(FieldScope, required(a), required(b))
	add(FieldLocal, a.Property(PropertyLocal), b.Property(PropertyLocal))
	if out.Changes != nil {
		d.Changed = append(d.Changed, out)
	}
}
