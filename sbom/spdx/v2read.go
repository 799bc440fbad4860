// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package spdx

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/goassay/assay/sbom"
)

// A reader turns a document of SPDX into the model.
type reader struct {
	doc   *sbom.Document
	byID  map[string]*sbom.Component
	taken map[string]bool   // Refs
	whole map[string]bool   // identifiers of what is part of something
	texts map[string]string // of licences
	scope map[string][]sbom.Scope
}

func newReader() *reader {
	return &reader{
		doc: new(sbom.Document), byID: make(map[string]*sbom.Component), whole: make(map[string]bool),
		taken: make(map[string]bool), texts: make(map[string]string), scope: make(map[string][]sbom.Scope),
	}
}

func (d *document) read() (*sbom.Document, error) {
	if err := d.check(); err != nil {
		return nil, err
	}
	r := newReader()
	r.doc.ID, r.doc.Name, r.doc.DataLicense = d.Namespace, d.Name, d.DataLicense
	r.doc.Created = readTime(d.CreationInfo.Created)
	for _, c := range d.CreationInfo.Creators {
		r.creator(c)
	}
	r.doc.Properties = readAnnotations(d.Annotations)
	for _, e := range d.Extracted {
		if e.Text != noAssertion {
			r.texts[e.ID] = e.Text
		}
	}
	for _, p := range d.Packages {
		if p == nil {
			continue
		}
		if err := r.add(p.ID, p.ID, p.read()); err != nil {
			return nil, err
		}
	}
	for _, f := range d.Files {
		if f == nil {
			continue
		}
		if err := r.add(f.ID, f.ID, f.read()); err != nil {
			return nil, err
		}
	}
	for _, id := range d.DocumentDescribes {
		r.root(id)
	}
	for _, e := range d.Relationships {
		r.relationship(e)
	}
	for _, p := range d.Packages {
		if p != nil {
			for _, f := range p.HasFiles {
				r.contains(p.ID, f)
			}
		}
	}
	r.finish()
	return r.doc, nil
}

func readTime(s string) time.Time {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return time.Time{}
	}
	return t.UTC().Truncate(time.Second)
}

// creator reads who made the document.
func (r *reader) creator(s string) {
	if s == tool {
		return // nobody is known
	}
	if name, ok := strings.CutPrefix(s, "Tool:"); ok {
		t := sbom.Tool{Name: strings.TrimSpace(name)}
		if m := toolVersion.FindStringSubmatch(t.Name); m != nil {
			t.Name, t.Version = m[1], m[2]
		}
		r.doc.Tools = append(r.doc.Tools, t)
		return
	}
	if p := readParty(s); p != nil {
		r.doc.Authors = append(r.doc.Authors, *p)
	}
}

// toolVersion finds the version in "name-version" (section 6.8).
var toolVersion = regexp.MustCompile(`^(.+?)-((?:v|go)?[0-9].*)$`)

// readParty is the opposite of party.
func readParty(s string) *sbom.Party {
	p := new(sbom.Party)
	kind, name, ok := strings.Cut(s, ":")
	if !ok || kind != "Person" && kind != "Organization" {
		return nil // NOASSERTION, too
	}
	p.Person, p.Name = kind == "Person", strings.TrimSpace(name)
	if m := email.FindStringSubmatch(p.Name); m != nil {
		p.Name, p.Email = m[1], m[2]
	}
	return p
}

var email = regexp.MustCompile(`^(.*?) *\(([^()]*)\)$`)

func readAnnotations(all []annotation) []sbom.Property {
	var out []sbom.Property
	for _, a := range all {
		if p, ok := property(a.Comment); ok && a.Annotator == tool {
			out = append(out, p)
		}
	}
	return out
}

func (p *pkg) read() *sbom.Component {
	c := &sbom.Component{
		Kind:        kinds[p.Purpose],
		Name:        asserted(p.Name),
		Version:     p.Version,
		Description: p.Description,
		Copyright:   asserted(p.CopyrightText),
		Supplier:    readParty(p.Supplier),
		Hashes:      readChecksums(p.Checksums),
		License:     sbom.License{Declared: asserted(p.LicenseDeclared), Concluded: asserted(p.LicenseConcluded)},
		Properties:  readAnnotations(p.Annotations),
	}
	if a := readParty(p.Originator); a != nil {
		c.Authors = []sbom.Party{*a}
	}
	for _, e := range p.ExternalRefs {
		switch {
		case e.Type == "purl" && c.PURL == "":
			c.PURL = e.Locator
		case strings.HasPrefix(e.Type, "cpe2") && c.CPE == "":
			c.CPE = e.Locator
		case e.Type != "purl" && !strings.HasPrefix(e.Type, "cpe2"):
			c.References = append(c.References, sbom.Reference{Type: e.Type, URL: e.Locator, Comment: e.Comment})
		}
	}
	refer := func(kind, to string) {
		known := slices.ContainsFunc(c.References, func(r sbom.Reference) bool { return r.URL == to })
		if to = asserted(to); to != "" && to != none && !known {
			c.References = append(c.References, sbom.Reference{Type: kind, URL: to})
		}
	}
	refer("distribution", p.DownloadLocation)
	refer("website", p.Homepage)
	return c
}

func (f *file) read() *sbom.Component {
	return &sbom.Component{
		Kind:       sbom.KindFile,
		Name:       asserted(f.Name),
		Copyright:  asserted(f.CopyrightText),
		Hashes:     readChecksums(f.Checksums),
		License:    sbom.License{Concluded: asserted(f.LicenseConcluded)},
		Properties: readAnnotations(f.Annotations),
	}
}

// asserted is a value, or "" if it is said not to be known.
func asserted(s string) string {
	if s == noAssertion {
		return ""
	}
	return s
}

func readChecksums(all []checksum) []sbom.Hash {
	var out []sbom.Hash
	for _, c := range all {
		if a := digests[c.Algorithm]; a != "" {
			out = append(out, sbom.Hash{Algorithm: a, Value: strings.ToLower(c.Value)})
		}
	}
	return out
}

// add adds the component with an identifier, which has the name within it.
func (r *reader) add(id, name string, c *sbom.Component) error {
	c.Ref = refOf(name)
	if id == "" || id == documentID || r.byID[id] != nil || r.taken[c.Ref] {
		return fmt.Errorf("component %q: no SPDXID, or one that another element has: %q", c.Name, id)
	}
	r.byID[id], r.taken[c.Ref] = c, true
	r.doc.Components = append(r.doc.Components, c)
	return nil
}

func (r *reader) root(id string) {
	if c := r.byID[id]; c != nil && !slices.Contains(r.doc.Roots, c.Ref) {
		r.doc.Roots = append(r.doc.Roots, c.Ref)
	}
}

// contains notes that a component is part of another, unless it is of one
// already.
func (r *reader) contains(whole, part string) {
	w, p := r.byID[whole], r.byID[part]
	if w == nil || p == nil || w == p || r.whole[part] {
		return
	}
	r.whole[part] = true
	w.Parts = append(w.Parts, p.Ref)
}

func (r *reader) depends(id, on string, scope sbom.Scope) {
	c := r.byID[id]
	if c == nil {
		return
	}
	c.Depends = true
	switch d := r.byID[on]; {
	case on == none && c.Completeness == sbom.Undeclared:
		c.Completeness = sbom.Complete
	case on == noAssertion:
		c.Completeness = sbom.Unknown
	case d != nil:
		c.DependsOn = append(c.DependsOn, d.Ref)
		r.scope[on] = append(r.scope[on], scope)
	}
}

// relationship reads one of those of section 11.1 that the model has a place for.
func (r *reader) relationship(e relationship) {
	switch e.Type {
	case "DESCRIBES":
		if e.From == documentID {
			r.root(e.To)
		}
	case "DESCRIBED_BY":
		if e.To == documentID {
			r.root(e.From)
		}
	case "CONTAINS":
		r.contains(e.From, e.To)
	case "CONTAINED_BY", "PACKAGE_OF":
		r.contains(e.To, e.From)
	case "DEPENDS_ON", "HAS_PREREQUISITE", "STATIC_LINK", "DYNAMIC_LINK":
		r.depends(e.From, e.To, "")
	case "DEPENDENCY_OF", "RUNTIME_DEPENDENCY_OF", "PREREQUISITE_FOR":
		r.depends(e.To, e.From, "")
	case "OPTIONAL_DEPENDENCY_OF", "PROVIDED_DEPENDENCY_OF":
		r.depends(e.To, e.From, sbom.ScopeOptional)
	case "DEV_DEPENDENCY_OF", "TEST_DEPENDENCY_OF", "BUILD_DEPENDENCY_OF", "DEV_TOOL_OF", "TEST_TOOL_OF", "BUILD_TOOL_OF":
		r.depends(e.To, e.From, sbom.ScopeExcluded)
	}
}

// finish gives components what was learnt from other elements: the texts of
// their licences, and their scope if all that need them agree on it.
func (r *reader) finish() {
	for id, c := range r.byID {
		scopes := r.scope[id]
		slices.Sort(scopes)
		if scopes = slices.Compact(scopes); len(scopes) == 1 {
			c.Scope = scopes[0]
		}
		for _, ref := range licenseRefs(c.License.Declared, c.License.Concluded) {
			if text := r.texts[ref]; text != "" {
				if c.License.Texts == nil {
					c.License.Texts = make(map[string]string)
				}
				c.License.Texts[ref] = text
			}
		}
	}
	r.doc.Sort()
}
