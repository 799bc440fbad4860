// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package spdx

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goassay/assay/sbom"
)

// creationID names what all elements of a document have in common.
const creationID = "_:creationInfo"

// A graphWriter turns a document into SPDX 3.0.1.
type graphWriter struct {
	in    *sbom.Document
	base  string // identifiers begin with it
	byRef map[string]*sbom.Component

	supporting    []*node // agents, tools, licences and their texts
	components    []*node
	relationships []*node

	parties  map[sbom.Party]string
	licenses map[string]string // identifiers of expressions, with the texts that they use
	texts    map[string]string // identifiers of texts
}

// newGraph returns a prepared document in SPDX 3.0.1.
func newGraph(doc *sbom.Document) (*graph, error) {
	if doc.Created.IsZero() {
		return nil, ErrNoTime
	}
	base, err := base(doc.ID)
	if err != nil {
		return nil, err
	}
	w := &graphWriter{
		in: doc, base: base + "#", byRef: make(map[string]*sbom.Component),
		parties: make(map[sbom.Party]string), licenses: make(map[string]string), texts: make(map[string]string),
	}
	for _, c := range doc.Components {
		w.byRef[c.Ref] = c
	}
	info := w.creationInfo()
	for _, c := range doc.Components {
		w.component(c)
	}
	bill := &node{Type: "software_Sbom", ID: w.iri("sbom")}
	for _, p := range doc.Phases {
		if t := phasesV3[p]; t != "" {
			bill.SbomTypes = append(bill.SbomTypes, t)
		}
	}
	for _, r := range doc.Roots {
		bill.Roots = append(bill.Roots, w.id(r))
	}
	for _, n := range slices.Concat(w.components, w.relationships) {
		bill.Elements = append(bill.Elements, n.ID)
	}
	top := w.document(bill)
	all := slices.Concat([]*node{top, bill}, w.supporting, w.components, w.relationships)
	for _, n := range all {
		n.CreationInfo = &creation{name: creationID}
		if n != top {
			top.Elements = append(top.Elements, n.ID)
		}
	}
	return &graph{Context: []byte(strconv.Quote(context)), Elements: append([]*node{info}, all...)}, nil
}

// iri names something in the document that is no component: no Ref has a name
// without the prefix of identifiers.
func (w *graphWriter) iri(name string, number ...int) string {
	for _, n := range number {
		name += "-" + strconv.Itoa(n)
	}
	return w.base + name
}

// id names a component.
func (w *graphWriter) id(ref string) string { return w.base + idOf(ref) }

func (w *graphWriter) creationInfo() *node {
	info := &node{Type: "CreationInfo", BlankID: creationID, SpecVersion: string(V3_0_1), Created: w.in.Created.UTC().Format(time.RFC3339)}
	for _, a := range w.in.Authors {
		info.CreatedBy = append(info.CreatedBy, w.party(a))
	}
	if len(info.CreatedBy) == 0 { // there must be an agent
		w.supporting = append(w.supporting, &node{Type: "SoftwareAgent", ID: w.iri("assay"), Name: "assay"})
		info.CreatedBy = refs{w.iri("assay")}
	}
	for i, t := range w.in.Tools {
		n := &node{Type: "Tool", ID: w.iri("tool", i), Name: strings.Trim(t.Name+"-"+t.Version, "-")}
		w.supporting = append(w.supporting, n)
		info.CreatedUsing = append(info.CreatedUsing, n.ID)
	}
	return info
}

func (w *graphWriter) document(bill *node) *node {
	top := &node{
		Type: "SpdxDocument", ID: w.in.ID, Name: w.in.Name,
		Profiles:   []string{"core", "extension", "simpleLicensing", "software"},
		Roots:      refs{bill.ID},
		References: w.references(w.in.References),
		Extensions: extensions(w.in.Properties),
	}
	if w.in.URI != "" {
		top.References = append([]*reference{{Type: "ExternalRef", RefType: "altDownloadLocation", Locator: []string{w.in.URI}}}, top.References...)
	}
	if w.in.DataLicense != "" {
		top.DataLicense = ref(w.license(w.in.DataLicense, nil))
	}
	return top
}

// party returns the name of a person or an organisation, which is there once.
func (w *graphWriter) party(p sbom.Party) string {
	if id, ok := w.parties[p]; ok {
		return id
	}
	n := &node{Type: "Organization", ID: w.iri("agent", len(w.parties)), Name: p.Name}
	if p.Person {
		n.Type = "Person"
	}
	if p.Email != "" {
		n.Identifiers = []*externalIdentifier{{Type: "ExternalIdentifier", IdentifierType: "email", Identifier: p.Email}}
	}
	if p.URL != "" {
		n.References = []*reference{{Type: "ExternalRef", RefType: "altWebPage", Locator: []string{p.URL}}}
	}
	w.parties[p] = n.ID
	w.supporting = append(w.supporting, n)
	return n.ID
}

func (w *graphWriter) component(c *sbom.Component) {
	n := &node{
		Type: "software_Package", ID: w.id(c.Ref),
		Name: c.Name, Description: c.Description, Copyright: c.Copyright,
		VerifiedBy: integrities(c.Hashes),
		References: w.references(c.References),
		Extensions: extensions(c.Properties),
		Purpose:    purposesV3[c.Kind],
	}
	if c.Kind != "" && n.Purpose == "" {
		n.Purpose = "other"
	}
	if c.Supplier != nil {
		n.SuppliedBy = ref(w.party(*c.Supplier))
	}
	for _, a := range c.Authors {
		n.OriginatedBy = append(n.OriginatedBy, w.party(a))
	}
	if c.CPE != "" {
		kind := "cpe23"
		if strings.HasPrefix(c.CPE, "cpe:/") {
			kind = "cpe22"
		}
		n.Identifiers = []*externalIdentifier{{Type: "ExternalIdentifier", IdentifierType: kind, Identifier: c.CPE}}
	}
	if c.Kind == sbom.KindFile {
		n.Type, n.Purpose = "software_File", ""
		if strings.Count(c.MIME, "/") == 1 && !strings.HasPrefix(c.MIME, "/") && !strings.HasSuffix(c.MIME, "/") {
			n.ContentType = c.MIME
		}
	} else {
		n.Version, n.PackageURL = c.Version, c.PURL
		for _, r := range c.References {
			if r.Type == "distribution" && n.DownloadLocation == "" {
				n.DownloadLocation = r.URL
			}
			if r.Type == "website" && n.HomePage == "" {
				n.HomePage = r.URL
			}
		}
	}
	w.components = append(w.components, n)
	w.relate(c)
}

func integrities(all []sbom.Hash) []*integrity {
	var out []*integrity
	for _, h := range all {
		if a := algorithmsV3[h.Algorithm]; a != "" && h.Value != "" {
			out = append(out, &integrity{Type: "Hash", Algorithm: a, Value: h.Value})
		}
	}
	return out
}

func (w *graphWriter) references(all []sbom.Reference) []*reference {
	var out []*reference
	for _, r := range all {
		if r.URL != "" {
			out = append(out, &reference{Type: "ExternalRef", RefType: cmp.Or(referenceTypesV3[r.Type], "other"), Locator: []string{r.URL}, Comment: r.Comment})
		}
	}
	return out
}

func extensions(all []sbom.Property) []*extension {
	if len(all) == 0 {
		return nil
	}
	e := &extension{Type: "extension_CdxPropertiesExtension"}
	for _, p := range all {
		e.Properties = append(e.Properties, &cdxProperty{Type: "extension_CdxPropertyEntry", Name: p.Name, Value: p.Value})
	}
	return []*extension{e}
}

// relate writes what a component has to do with others.
func (w *graphWriter) relate(c *sbom.Component) {
	from := ref(w.id(c.Ref))
	if len(c.Parts) > 0 {
		n := w.relationship(from, "contains")
		for _, p := range c.Parts {
			n.To = append(n.To, w.id(p))
		}
	}
	w.dependencies(c, from)
	w.licensed(from, "hasDeclaredLicense", c.License.Declared, c.License.Texts)
	w.licensed(from, "hasConcludedLicense", c.License.Concluded, c.License.Texts)
}

// dependencies writes a relationship for each scope of what a component needs.
func (w *graphWriter) dependencies(c *sbom.Component, from ref) {
	completeness := completenessV3[c.Completeness]
	byScope := make(map[sbom.Scope]refs)
	for _, d := range c.DependsOn {
		scope := w.byRef[d].Scope
		byScope[scope] = append(byScope[scope], w.id(d))
	}
	for _, scope := range []sbom.Scope{"", sbom.ScopeRequired, sbom.ScopeOptional, sbom.ScopeExcluded} {
		to := byScope[scope]
		if len(to) == 0 {
			continue
		}
		n := w.relationship(from, "dependsOn")
		n.To, n.Completeness = to, completeness
		switch scope {
		case sbom.ScopeRequired:
			n.Type, n.Scope = "LifecycleScopedRelationship", "runtime"
		case sbom.ScopeExcluded:
			n.Type, n.Scope = "LifecycleScopedRelationship", "development"
		case sbom.ScopeOptional:
			n.Relationship = "hasOptionalDependency"
		}
	}
	if len(c.DependsOn) == 0 && (c.Depends || completeness != "") {
		n := w.relationship(from, "dependsOn")
		n.To, n.Completeness = refs{noneElement}, completeness
		if c.Completeness == sbom.Unknown || c.Completeness == sbom.Incomplete {
			n.To = refs{noAssertionElement}
		}
	}
}

func (w *graphWriter) relationship(from ref, kind string) *node {
	n := &node{Type: "Relationship", ID: w.iri("relationship", len(w.relationships)), From: from, Relationship: kind}
	w.relationships = append(w.relationships, n)
	return n
}

func (w *graphWriter) licensed(from ref, kind, expression string, texts map[string]string) {
	switch expression {
	case "": // no relationship: nothing is asserted
	case none:
		w.relationship(from, kind).To = refs{noneLicense}
	default:
		w.relationship(from, kind).To = refs{w.license(expression, texts)}
	}
}

// license returns the name of an expression, which is there once for each set
// of texts that it uses.
func (w *graphWriter) license(expression string, texts map[string]string) string {
	var custom []*dictionaryEntry
	key := expression
	for _, id := range licenseRefs(expression) {
		known := slices.ContainsFunc(custom, func(e *dictionaryEntry) bool { return e.Key == id })
		if texts[id] != "" && !known {
			custom = append(custom, &dictionaryEntry{Type: "DictionaryEntry", Key: id, Value: w.text(id, texts[id])})
			key += "\x00" + texts[id]
		}
	}
	if id, ok := w.licenses[key]; ok {
		return id
	}
	n := &node{Type: "simplelicensing_LicenseExpression", ID: w.iri("license", len(w.licenses)), Expression: expression, CustomIDs: custom}
	w.licenses[key] = n.ID
	w.supporting = append(w.supporting, n)
	return n.ID
}

// text returns the name of a licence's text.
func (w *graphWriter) text(id, text string) string {
	key := id + "\x00" + text
	if id, ok := w.texts[key]; ok {
		return id
	}
	n := &node{Type: "simplelicensing_SimpleLicensingText", ID: w.iri("text", len(w.texts)), Name: id, Text: text}
	w.texts[key] = n.ID
	w.supporting = append(w.supporting, n)
	return n.ID
}
