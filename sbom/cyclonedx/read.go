// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package cyclonedx

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	cdx "github.com/CycloneDX/cyclonedx-go"

	"github.com/goassay/assay/sbom"
)

// A reader turns a document of CycloneDX into the model.
type reader struct {
	doc    *sbom.Document
	byRef  map[string]*sbom.Component
	number int // of components read
}

func (r *reader) document(bom *cdx.BOM) (*sbom.Document, error) {
	r.doc = &sbom.Document{ID: bom.SerialNumber, Version: bom.Version}
	r.byRef = make(map[string]*sbom.Component)
	if err := r.metadata(bom.Metadata); err != nil {
		return nil, err
	}
	for _, c := range items(bom.Components) {
		if _, err := r.component(&c); err != nil {
			return nil, err
		}
	}
	r.doc.References = readReferences(bom.ExternalReferences)
	if len(r.doc.Roots) == 0 {
		r.doc.URI, r.doc.References = documentURI(r.doc.References)
	}
	r.doc.Properties = append(r.doc.Properties, readProperties(bom.Properties)...)
	for _, d := range items(bom.Dependencies) {
		if c := r.byRef[d.Ref]; c != nil {
			c.Depends = true
			c.DependsOn = append(c.DependsOn, items(d.Dependencies)...)
		}
	}
	r.compositions(bom.Compositions)
	r.doc.Sort()
	return r.doc, nil
}

func (r *reader) metadata(m *cdx.Metadata) error {
	if m == nil {
		return nil
	}
	if t, err := time.Parse(time.RFC3339, m.Timestamp); err == nil {
		r.doc.Created = t.UTC().Truncate(time.Second)
	}
	for _, l := range items(m.Lifecycles) {
		r.doc.Phases = append(r.doc.Phases, string(l.Phase)+l.Name)
	}
	r.doc.Tools = readTools(m.Tools)
	r.doc.Authors = readAuthors(m.Manufacturer, m.Authors, "")
	r.doc.Supplier = readEntity(m.Supplier)
	r.doc.DataLicense = readLicenses(m.Licenses).Declared
	r.doc.Properties = readProperties(m.Properties)
	if m.Component == nil {
		return nil
	}
	root, err := r.component(m.Component)
	if err != nil {
		return err
	}
	r.doc.Roots = []string{root.Ref}
	r.doc.URI, root.References = documentURI(root.References)
	return nil
}

// documentURI returns where a document is published, which stands among the
// references of what it describes, and the other references.
func documentURI(all []sbom.Reference) (string, []sbom.Reference) {
	i := slices.IndexFunc(all, func(r sbom.Reference) bool {
		return r.Type == string(cdx.ERTypeBOM) && r.Comment == "" && len(r.Hashes) == 0
	})
	if i < 0 {
		return "", all
	}
	uri := all[i].URL // before it is overwritten
	return uri, slices.Delete(all, i, i+1)
}

// component reads a component and those within it.
func (r *reader) component(in *cdx.Component) (*sbom.Component, error) {
	r.number++
	c := &sbom.Component{
		Ref:         in.BOMRef,
		Kind:        sbom.Kind(in.Type),
		Group:       in.Group,
		Name:        in.Name,
		Version:     in.Version,
		PURL:        in.PackageURL,
		CPE:         in.CPE,
		Description: in.Description,
		Scope:       sbom.Scope(in.Scope),
		MIME:        in.MIMEType,
		Hashes:      readHashes(in.Hashes),
		License:     readLicenses(in.Licenses),
		Copyright:   in.Copyright,
		Supplier:    readEntity(in.Supplier),
		Authors:     readAuthors(in.Manufacturer, in.Authors, in.Author),
		Publisher:   in.Publisher,
		References:  readReferences(in.ExternalReferences),
		Properties:  readProperties(in.Properties),
		Crypto:      readCrypto(in.CryptoProperties),
	}
	if c.Ref == "" {
		c.Ref = "#" + strconv.Itoa(r.number) // no relative URI, so that nobody can refer to it
	}
	if r.byRef[c.Ref] != nil {
		return nil, fmt.Errorf("two components have the bom-ref %q", c.Ref)
	}
	readEvidence(in.Evidence, c)
	r.byRef[c.Ref] = c
	r.doc.Components = append(r.doc.Components, c)
	for _, p := range items(in.Components) {
		part, err := r.component(&p)
		if err != nil {
			return nil, err
		}
		c.Parts = append(c.Parts, part.Ref)
	}
	return c, nil
}

func (r *reader) compositions(all *[]cdx.Composition) {
	for _, composition := range items(all) {
		degree := sbom.Undeclared
		switch a := string(composition.Aggregate); {
		case a == string(sbom.Complete):
			degree = sbom.Complete
		case a == string(sbom.Unknown):
			degree = sbom.Unknown
		case strings.HasPrefix(a, string(sbom.Incomplete)): // of the first party only, …
			degree = sbom.Incomplete
		}
		for _, ref := range items(composition.Dependencies) {
			c := r.byRef[string(ref)]
			switch {
			case c == nil:
			case c.Completeness == sbom.Undeclared:
				c.Completeness = degree
			case c.Completeness != degree && degree != sbom.Undeclared: // the document contradicts itself
				c.Completeness = sbom.Unknown
			}
		}
	}
}

func readTools(t *cdx.ToolsChoice) []sbom.Tool {
	if t == nil {
		return nil
	}
	var all []sbom.Tool
	for _, l := range items(t.Tools) {
		all = append(all, sbom.Tool{Vendor: l.Vendor, Name: l.Name, Version: l.Version})
	}
	for _, c := range items(t.Components) {
		vendor := c.Publisher
		switch {
		case c.Supplier != nil:
			vendor = c.Supplier.Name
		case c.Manufacturer != nil:
			vendor = c.Manufacturer.Name
		case c.Author != "":
			vendor = c.Author
		}
		all = append(all, sbom.Tool{Vendor: vendor, Name: c.Name, Version: c.Version})
	}
	for _, s := range items(t.Services) {
		tool := sbom.Tool{Name: s.Name, Version: s.Version}
		if s.Provider != nil {
			tool.Vendor = s.Provider.Name
		}
		all = append(all, tool)
	}
	return all
}

func readAuthors(organisation *cdx.OrganizationalEntity, persons *[]cdx.OrganizationalContact, author string) []sbom.Party {
	var all []sbom.Party
	if p := readEntity(organisation); p != nil {
		all = append(all, *p)
	}
	for _, c := range items(persons) {
		all = append(all, sbom.Party{Name: c.Name, Email: c.Email, Person: true})
	}
	if len(all) == 0 && author != "" {
		all = append(all, sbom.Party{Name: author})
	}
	return all
}

func readEntity(e *cdx.OrganizationalEntity) *sbom.Party {
	if e == nil {
		return nil
	}
	p := &sbom.Party{Name: e.Name}
	if urls := items(e.URL); len(urls) > 0 {
		p.URL = urls[0]
	}
	contacts := items(e.Contact)
	if len(contacts) == 0 {
		return p
	}
	if p.Name == "" {
		p.Name = contacts[0].Name
	}
	p.Email = contacts[0].Email
	p.Person = len(contacts) == 1 && p.Name != "" && contacts[0].Name == p.Name
	return p
}

func readReferences(all *[]cdx.ExternalReference) []sbom.Reference {
	var out []sbom.Reference
	for _, e := range items(all) {
		out = append(out, sbom.Reference{Type: string(e.Type), URL: e.URL, Comment: e.Comment, Hashes: readHashes(e.Hashes)})
	}
	return out
}

func readHashes(all *[]cdx.Hash) []sbom.Hash {
	var out []sbom.Hash
	for _, h := range items(all) {
		out = append(out, sbom.Hash{Algorithm: string(h.Algorithm), Value: strings.ToLower(h.Value)})
	}
	return out
}

func readProperties(all *[]cdx.Property) []sbom.Property {
	var out []sbom.Property
	for _, p := range items(all) {
		out = append(out, sbom.Property(p))
	}
	return out
}
