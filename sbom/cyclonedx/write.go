// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package cyclonedx

import (
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	cdx "github.com/CycloneDX/cyclonedx-go"

	"github.com/goassay/assay/sbom"
)

// A writer turns a document into one of a version of CycloneDX.
type writer struct {
	version Version
	schema  *schema
	parts   map[string]bool // refs of components that are part of another
	byRef   map[string]*sbom.Component
}

// leaveOut removes the components that the version has no place for: before
// 1.6 an algorithm could only be given as software.
func (w *writer) leaveOut(doc *sbom.Document) *sbom.Document {
	left := make(map[string]bool)
	for _, c := range doc.Components {
		if c.Kind == sbom.KindCrypto && w.version < V1_6 {
			left[c.Ref] = true
		}
	}
	if len(left) == 0 {
		return doc
	}
	isLeft := func(ref string) bool { return left[ref] }
	rest := *doc
	rest.Components = slices.DeleteFunc(slices.Clone(doc.Components), func(c *sbom.Component) bool { return left[c.Ref] })
	for i, c := range rest.Components {
		with := *c
		with.DependsOn = slices.DeleteFunc(slices.Clone(c.DependsOn), isLeft)
		with.Parts = slices.DeleteFunc(slices.Clone(c.Parts), isLeft)
		rest.Components[i] = &with
	}
	rest.Roots = slices.DeleteFunc(slices.Clone(doc.Roots), isLeft)
	rest.Properties = append(slices.Clone(doc.Properties),
		sbom.Property{Name: PropertyLeftOut, Value: fmt.Sprintf("%s: %d", sbom.KindCrypto, len(left))})
	return &rest
}

// bom returns the document. Slices of doc are shared and left as they are.
func (w *writer) bom(doc *sbom.Document) *cdx.BOM {
	w.parts, w.byRef = make(map[string]bool), make(map[string]*sbom.Component, len(doc.Components))
	for _, c := range doc.Components {
		w.byRef[c.Ref] = c
		for _, p := range c.Parts {
			w.parts[p] = true
		}
	}
	bom := &cdx.BOM{
		JSONSchema:         schemaBase + "bom-" + string(w.version) + ".schema.json",
		XMLNS:              namespace + string(w.version),
		BOMFormat:          cdx.BOMFormat,
		SpecVersion:        cdx.SpecVersion1_4 + cdx.SpecVersion(slices.Index([]Version{V1_4, V1_5, V1_6, V1_7}, w.version)),
		Version:            max(doc.Version, 1),
		Metadata:           w.metadata(doc),
		ExternalReferences: w.references(doc.References),
		Dependencies:       dependencies(doc),
		Compositions:       compositions(doc),
	}
	if serial.MatchString(doc.ID) {
		bom.SerialNumber = doc.ID
	}
	root := w.root(doc)
	var all []cdx.Component
	for _, c := range doc.Components {
		if c != root && !w.parts[c.Ref] {
			all = append(all, w.component(c))
		}
	}
	bom.Components = list(all)
	if root == nil && doc.URI != "" {
		bom.ExternalReferences = appended(bom.ExternalReferences, w.references([]sbom.Reference{{Type: "bom", URL: doc.URI}}))
	}
	return bom
}

// serial is the pattern of serial numbers.
var serial = regexp.MustCompile(`^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)

// root returns the component that the document describes, or nil if it is not
// one, or is part of another.
func (w *writer) root(doc *sbom.Document) *sbom.Component {
	if len(doc.Roots) != 1 || w.parts[doc.Roots[0]] {
		return nil
	}
	return w.byRef[doc.Roots[0]]
}

func (w *writer) metadata(doc *sbom.Document) *cdx.Metadata {
	m := &cdx.Metadata{
		Tools:      w.tools(doc.Tools),
		Licenses:   w.licenses(sbom.License{Declared: doc.DataLicense}, false),
		Properties: properties(doc.Properties),
	}
	if !doc.Created.IsZero() {
		m.Timestamp = doc.Created.UTC().Format(time.RFC3339)
	}
	if doc.Supplier != nil {
		m.Supplier = entity(*doc.Supplier)
	}
	organisation, persons := w.authors(doc.Authors)
	m.Manufacturer, m.Authors = organisation, persons
	var phases []cdx.Lifecycle
	for _, p := range doc.Phases {
		switch {
		case w.schema.phases[p]:
			phases = append(phases, cdx.Lifecycle{Phase: cdx.LifecyclePhase(p)})
		case w.version >= V1_5:
			phases = append(phases, cdx.Lifecycle{Name: p})
		}
	}
	m.Lifecycles = list(phases)
	if root := w.root(doc); root != nil {
		c := w.component(root)
		if doc.URI != "" { // of the document that describes this component
			c.ExternalReferences = appended(w.references([]sbom.Reference{{Type: "bom", URL: doc.URI}}), c.ExternalReferences)
		}
		m.Component = &c
	}
	return m
}

// tools writes what made the document, before 1.5 in a list of their own kind.
func (w *writer) tools(tools []sbom.Tool) *cdx.ToolsChoice {
	if len(tools) == 0 {
		return nil
	}
	if w.version < V1_5 {
		//lint:ignore SA1019 there is no other in 1.4
		legacy := make([]cdx.Tool, 0, len(tools))
		for _, t := range tools {
			//lint:ignore SA1019 there is no other in 1.4
			legacy = append(legacy, cdx.Tool{Vendor: t.Vendor, Name: t.Name, Version: t.Version})
		}
		return &cdx.ToolsChoice{Tools: &legacy}
	}
	var components []cdx.Component
	for _, t := range tools {
		c := cdx.Component{Type: cdx.ComponentTypeApplication, Name: t.Name, Version: t.Version}
		if t.Vendor != "" {
			c.Supplier = &cdx.OrganizationalEntity{Name: t.Vendor}
		}
		components = append(components, c)
	}
	return &cdx.ToolsChoice{Components: &components}
}

func (w *writer) component(c *sbom.Component) cdx.Component {
	out := cdx.Component{
		BOMRef:      c.Ref,
		Type:        cdx.ComponentTypeLibrary, // there must be one
		Group:       c.Group,
		Name:        c.Name,
		Version:     c.Version,
		PackageURL:  c.PURL,
		Description: c.Description,
		Publisher:   c.Publisher,
		Copyright:   c.Copyright,

		Hashes:             w.hashes(c.Hashes),
		Licenses:           w.licenses(c.License, true),
		Evidence:           w.evidence(c),
		ExternalReferences: w.references(c.References),
		Properties:         properties(c.Properties),
	}
	if w.schema.kinds[string(c.Kind)] {
		out.Type = cdx.ComponentType(c.Kind)
	}
	switch c.Scope {
	case sbom.ScopeRequired, sbom.ScopeOptional, sbom.ScopeExcluded:
		out.Scope = cdx.Scope(c.Scope)
	}
	if w.schema.mime.MatchString(c.MIME) {
		out.MIMEType = c.MIME
	}
	if cpe.MatchString(c.CPE) {
		out.CPE = c.CPE
	}
	if c.Supplier != nil {
		out.Supplier = entity(*c.Supplier)
	}
	out.Manufacturer, out.Authors = w.authors(c.Authors)
	if w.version < V1_6 && len(c.Authors) > 0 {
		out.Author = c.Authors[0].Name
		out.Authors = nil
	}
	if w.version >= V1_6 && c.Kind == sbom.KindCrypto {
		out.CryptoProperties = w.crypto(c.Crypto)
	}
	var parts []cdx.Component
	for _, p := range c.Parts {
		parts = append(parts, w.component(w.byRef[p]))
	}
	out.Components = list(parts)
	return out
}

// cpe is the beginning of the names of CPE 2.2 and 2.3, which the schemas of
// XML want in full.
var cpe = regexp.MustCompile(`^(cpe:2\.3:[aho*\-](:[A-Za-z0-9._\-*?!"#$%&'()+,/;<=>@\[\]^` + "`" + `{|}~\\:]+){10,}|[cC][pP][eE]:/[AHOaho]?(:[A-Za-z0-9._\-~%]*){0,6})$`)

// authors tells organisations from persons. The first organisation is the one
// that made it, from 1.6 on; before that all stand in one list.
func (w *writer) authors(all []sbom.Party) (*cdx.OrganizationalEntity, *[]cdx.OrganizationalContact) {
	var organisation *cdx.OrganizationalEntity
	var persons []cdx.OrganizationalContact
	for _, p := range all {
		if !p.Person && organisation == nil && w.version >= V1_6 {
			organisation = entity(p)
			continue
		}
		persons = append(persons, cdx.OrganizationalContact{Name: p.Name, Email: p.Email})
	}
	return organisation, list(persons)
}

// entity is a party where CycloneDX wants an organisation. A person is one
// whose only contact has its name.
func entity(p sbom.Party) *cdx.OrganizationalEntity {
	e := &cdx.OrganizationalEntity{Name: p.Name}
	if p.URL != "" && isIRI(p.URL) {
		e.URL = &[]string{p.URL}
	}
	contact := cdx.OrganizationalContact{Email: p.Email}
	if p.Person {
		contact.Name = p.Name
	}
	if contact != (cdx.OrganizationalContact{}) {
		e.Contact = &[]cdx.OrganizationalContact{contact}
	}
	return e
}

func (w *writer) references(all []sbom.Reference) *[]cdx.ExternalReference {
	var out []cdx.ExternalReference
	for _, r := range all {
		if !isIRI(r.URL) {
			continue
		}
		e := cdx.ExternalReference{URL: r.URL, Comment: r.Comment, Type: cdx.ERTypeOther, Hashes: w.hashes(r.Hashes)}
		if w.schema.references[r.Type] {
			e.Type = cdx.ExternalReferenceType(r.Type)
		}
		out = append(out, e)
	}
	return list(out)
}

// isIRI reports whether the schemas take a string for an IRI reference.
func isIRI(s string) bool {
	_, err := url.Parse(s)
	return err == nil && !strings.ContainsAny(s, "\\ \t\r\n")
}

func (w *writer) hashes(all []sbom.Hash) *[]cdx.Hash {
	var out []cdx.Hash
	for _, h := range all {
		if w.schema.hashes[h.Algorithm] && digest.MatchString(h.Value) {
			out = append(out, cdx.Hash{Algorithm: cdx.HashAlgorithm(h.Algorithm), Value: h.Value})
		}
	}
	return list(out)
}

// digest is the pattern of hash values.
var digest = regexp.MustCompile(`^([a-fA-F0-9]{32}|[a-fA-F0-9]{40}|[a-fA-F0-9]{64}|[a-fA-F0-9]{96}|[a-fA-F0-9]{128})$`)

func dependencies(doc *sbom.Document) *[]cdx.Dependency {
	var all []cdx.Dependency
	for _, c := range doc.Components {
		if c.Depends {
			all = append(all, cdx.Dependency{Ref: c.Ref, Dependencies: list(c.DependsOn)})
		}
	}
	return list(all)
}

// compositions declares whose dependencies are completely listed: one
// composition for each degree.
func compositions(doc *sbom.Document) *[]cdx.Composition {
	refs := make(map[sbom.Completeness][]cdx.BOMReference)
	for _, c := range doc.Components {
		switch c.Completeness {
		case sbom.Complete, sbom.Incomplete, sbom.Unknown:
			refs[c.Completeness] = append(refs[c.Completeness], cdx.BOMReference(c.Ref))
		}
	}
	var all []cdx.Composition
	for _, degree := range slices.Sorted(maps.Keys(refs)) {
		all = append(all, cdx.Composition{Aggregate: cdx.CompositionAggregate(degree), Dependencies: list(refs[degree])})
	}
	return list(all)
}

func properties(all []sbom.Property) *[]cdx.Property {
	var out []cdx.Property
	for _, p := range all {
		out = append(out, cdx.Property(p))
	}
	return list(out)
}

// list returns a list as the encoder takes it: nil if it is empty.
func list[T any](all []T) *[]T {
	if len(all) == 0 {
		return nil
	}
	return &all
}

func appended[T any](a, b *[]T) *[]T {
	return list(slices.Concat(items(a), items(b)))
}

// items is the opposite of list.
func items[T any](all *[]T) []T {
	if all == nil {
		return nil
	}
	return *all
}
