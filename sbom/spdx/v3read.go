// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package spdx

import (
	"cmp"
	"errors"
	"slices"
	"strings"

	"github.com/goassay/assay/sbom"
)

// A graphReader turns a document of SPDX 3 into the model.
type graphReader struct {
	*reader
	base   string           // identifiers of elements made here begin with it
	byName map[string]*node // all elements, by identifier
}

func (g *graph) read() (*sbom.Document, error) {
	r := &graphReader{reader: newReader(), byName: make(map[string]*node)}
	var top *node
	for _, n := range g.Elements {
		if n == nil {
			continue
		}
		r.byName[cmp.Or(n.ID, n.BlankID)] = n
		if n.Type == "SpdxDocument" && top == nil {
			top = n
		}
	}
	if top == nil {
		return nil, errors.New("no SpdxDocument")
	}
	base, _, _ := strings.Cut(top.ID, "#")
	r.base = base + "#"
	r.document(top)
	for _, n := range g.Elements {
		if n != nil && n.isComponent() {
			if err := r.component(n); err != nil {
				return nil, err
			}
		}
	}
	for _, id := range top.Roots {
		r.roots(id)
	}
	for _, n := range g.Elements {
		if n != nil && n.Relationship != "" {
			r.relationship(n)
		}
		if n != nil && n.Type == "Annotation" {
			r.annotation(n)
		}
	}
	r.finish()
	return r.doc, nil
}

func (n *node) isComponent() bool {
	switch n.Type {
	case "software_Package", "software_File", "ai_AIPackage", "dataset_DatasetPackage":
		return true
	}
	return false
}

func (r *graphReader) document(top *node) {
	r.doc.ID, r.doc.Name = top.ID, top.Name
	r.doc.Properties = readExtensions(top.Extensions)
	r.doc.References = readReferences(top.References)
	i := slices.IndexFunc(r.doc.References, func(f sbom.Reference) bool { return f.Type == "distribution" && f.Comment == "" })
	if i >= 0 {
		r.doc.URI = r.doc.References[i].URL
		r.doc.References = slices.Delete(r.doc.References, i, i+1)
	}
	if l := r.byName[string(top.DataLicense)]; l != nil {
		r.doc.DataLicense = l.Expression
	}
	info := new(node)
	if c := top.CreationInfo; c != nil {
		info = cmp.Or(c.info, r.byName[c.name], info)
	}
	r.doc.Created = readTime(info.Created)
	for _, id := range info.CreatedBy {
		if p := r.party(id); p != nil {
			r.doc.Authors = append(r.doc.Authors, *p)
		}
	}
	for _, id := range info.CreatedUsing {
		if n := r.byName[id]; n != nil {
			r.creator("Tool: " + n.Name)
		}
	}
}

// roots reads what the document describes: what it names, or what the bill of
// materials does that it names.
func (r *graphReader) roots(id string) {
	n := r.byName[id]
	if n == nil || n.Type != "software_Sbom" && n.Type != "Bom" {
		r.root(id)
		return
	}
	for _, t := range n.SbomTypes {
		if p := sbomTypes[t]; p != "" {
			r.doc.Phases = append(r.doc.Phases, p)
		}
	}
	for _, root := range n.Roots {
		r.root(root)
	}
}

// party reads a person or an organisation. A program is neither.
func (r *graphReader) party(id string) *sbom.Party {
	n := r.byName[id]
	if n == nil || n.Type != "Person" && n.Type != "Organization" && n.Type != "Agent" {
		return nil
	}
	p := &sbom.Party{Name: n.Name, Person: n.Type == "Person"}
	for _, i := range n.Identifiers {
		if i != nil && i.IdentifierType == "email" && p.Email == "" {
			p.Email = i.Identifier
		}
	}
	if all := readReferences(n.References); len(all) > 0 {
		p.URL = all[0].URL
	}
	return p
}

func (r *graphReader) component(n *node) error {
	c := &sbom.Component{
		Kind: kindsV3[n.Purpose], Name: n.Name, Version: n.Version, PURL: n.PackageURL,
		Description: n.Description, Copyright: asserted(n.Copyright), MIME: n.ContentType,
		Supplier:   r.party(string(n.SuppliedBy)),
		References: readReferences(n.References),
		Properties: readExtensions(n.Extensions),
	}
	if n.Type == "software_File" {
		c.Kind = sbom.KindFile
	}
	for _, id := range n.OriginatedBy {
		if p := r.party(id); p != nil {
			c.Authors = append(c.Authors, *p)
		}
	}
	for _, h := range n.VerifiedBy {
		if h != nil && digestsV3[h.Algorithm] != "" {
			c.Hashes = append(c.Hashes, sbom.Hash{Algorithm: digestsV3[h.Algorithm], Value: strings.ToLower(h.Value)})
		}
	}
	for _, i := range n.Identifiers {
		switch {
		case i == nil:
		case strings.HasPrefix(i.IdentifierType, "cpe") && c.CPE == "":
			c.CPE = i.Identifier
		case i.IdentifierType == "packageUrl" && c.PURL == "":
			c.PURL = i.Identifier
		}
	}
	refer := func(kind, to string) {
		if to = asserted(to); to != "" && to != none && !slices.ContainsFunc(c.References, func(f sbom.Reference) bool { return f.URL == to }) {
			c.References = append(c.References, sbom.Reference{Type: kind, URL: to})
		}
	}
	refer("distribution", n.DownloadLocation)
	refer("website", n.HomePage)
	return r.add(n.ID, strings.TrimPrefix(n.ID, r.base), c)
}

func readReferences(all []*reference) []sbom.Reference {
	var out []sbom.Reference
	for _, e := range all {
		if e == nil {
			continue
		}
		for _, l := range e.Locator {
			out = append(out, sbom.Reference{Type: cmp.Or(referenceTypes[e.RefType], "other"), URL: l, Comment: e.Comment})
		}
	}
	return out
}

func readExtensions(all []*extension) []sbom.Property {
	var out []sbom.Property
	for _, e := range all {
		if e == nil {
			continue
		}
		for _, p := range e.Properties {
			if p != nil {
				out = append(out, sbom.Property{Name: p.Name, Value: p.Value})
			}
		}
	}
	return out
}

// annotation reads a property that is written as an annotation.
func (r *graphReader) annotation(n *node) {
	p, ok := property(n.Statement)
	if c := r.byID[string(n.Subject)]; ok && c != nil && !strings.ContainsAny(p.Name, " \t\r\n") {
		c.Properties = append(c.Properties, p)
	}
}

func (r *graphReader) relationship(n *node) {
	from := string(n.From)
	switch n.Relationship {
	case "describes":
		for _, to := range n.To {
			r.root(to)
		}
	case "contains":
		for _, to := range n.To {
			r.contains(from, to)
		}
	case "dependsOn", "hasPrerequisite", "hasStaticLink", "hasDynamicLink", "hasProvidedDependency":
		r.dependsOn(n, scopesV3[n.Scope])
	case "hasOptionalDependency":
		r.dependsOn(n, sbom.ScopeOptional)
	case "hasDeclaredLicense", "hasConcludedLicense":
		r.licensed(n)
	}
}

// scopesV3 are the scopes of components that are needed in parts of the life
// cycle.
var scopesV3 = map[string]sbom.Scope{
	"runtime": sbom.ScopeRequired, "build": sbom.ScopeExcluded, "design": sbom.ScopeExcluded,
	"development": sbom.ScopeExcluded, "test": sbom.ScopeExcluded,
}

func (r *graphReader) dependsOn(n *node, scope sbom.Scope) {
	c := r.byID[string(n.From)]
	if c == nil {
		return
	}
	c.Depends = true
	for _, to := range n.To {
		if r.byID[to] != nil {
			r.depends(string(n.From), to, scope)
		}
	}
	degree := completenesses[n.Completeness]
	switch {
	case c.Completeness == sbom.Undeclared:
		c.Completeness = degree
	case c.Completeness != degree && degree != sbom.Undeclared: // of one scope, and not of another
		c.Completeness = sbom.Incomplete
	}
}

func (r *graphReader) licensed(n *node) {
	c := r.byID[string(n.From)]
	if c == nil {
		return
	}
	for _, to := range n.To {
		expression := ""
		if l := r.byName[to]; l != nil {
			expression = l.Expression
			for _, e := range l.CustomIDs {
				if text := r.customText(e); text != "" {
					if c.License.Texts == nil {
						c.License.Texts = make(map[string]string)
					}
					c.License.Texts[e.Key] = text
				}
			}
		}
		if to == noneLicense || strings.HasSuffix(to, "/NoneLicense") {
			expression = none
		}
		field := &c.License.Declared
		if n.Relationship == "hasConcludedLicense" {
			field = &c.License.Concluded
		}
		*field = conjunction(*field, expression)
	}
}

func (r *graphReader) customText(e *dictionaryEntry) string {
	if e == nil {
		return ""
	}
	if n := r.byName[e.Value]; n != nil {
		return n.Text
	}
	return ""
}

// conjunction of two expressions, each of which may be unknown.
func conjunction(a, b string) string {
	switch {
	case a == "" || a == b:
		return b
	case b == "":
		return a
	}
	return "(" + a + ") AND (" + b + ")"
}
