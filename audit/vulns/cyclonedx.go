// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package vulns

import (
	"cmp"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	cdx "github.com/CycloneDX/cyclonedx-go"
)

// Properties of VEX documents in CycloneDX.
const (
	PropertyDatabase   = "assay:vuln:database"          // of the document: kind of the database, and its URL
	PropertyModified   = "assay:vuln:database_modified" // of the document: when that was modified last
	PropertyReach      = "assay:vuln:reach"             // of a vulnerability: called, present, imported or required
	PropertyUnassessed = "assay:unassessed"             // of the document, or a product: what is not known of it, and why
)

// CycloneDX writes the claims as a document of CycloneDX 1.6, without a serial number. Each
// product is a component, and each module of it that something is stated of is one within
// it; a vulnerability is listed for each product, because the analysis is of that one.
//
// "Exploitable" is, in the words of its schema, what "may be directly or indirectly
// exploitable": that is said of what OpenVEX calls affected, and nothing else.
// There are no ratings, because the data has no severity.
func (s *Statements) CycloneDX() *cdx.BOM {
	name, version, _ := strings.Cut(s.Tool, " ")
	w := &cdxWriter{at: s.At.UTC().Truncate(time.Second), list: []cdx.Vulnerability{}, refs: map[string]int{}}
	var products []cdx.Component
	for i := range s.Subjects {
		products = append(products, w.product(&s.Subjects[i]))
	}
	bom := &cdx.BOM{
		BOMFormat: cdx.BOMFormat, SpecVersion: cdx.SpecVersion1_6, Version: 1,
		Metadata: &cdx.Metadata{
			Timestamp: w.at.Format(time.RFC3339), Properties: s.properties(),
			Tools: &cdx.ToolsChoice{Components: &[]cdx.Component{{Type: cdx.ComponentTypeApplication, Name: name, Version: version, Supplier: &cdx.OrganizationalEntity{Name: name}}}},
		},
		Vulnerabilities: &w.list, // also if it is empty
	}
	if s.Author != "" {
		bom.Metadata.Authors = &[]cdx.OrganizationalContact{{Name: s.Author}}
	}
	if len(products) == 1 {
		bom.Metadata.Component = &products[0]
	} else if len(products) > 1 {
		bom.Components = &products
	}
	if len(products) > 0 { // of what they consist of, it is only what is vulnerable that is listed
		composition := cdx.Composition{Aggregate: cdx.CompositionAggregateIncomplete, Assemblies: &[]cdx.BOMReference{}}
		for _, p := range products {
			*composition.Assemblies = append(*composition.Assemblies, cdx.BOMReference(p.BOMRef))
		}
		bom.Compositions = &[]cdx.Composition{composition}
	}
	return bom
}

// properties are those of the document: the database, and what is not known of no product
// in particular.
func (s *Statements) properties() *[]cdx.Property {
	database := string(s.Database.Kind)
	if s.Database.Kind == SourceURL { // else it is a path of this machine
		database += " " + s.Database.Location
	}
	all := []cdx.Property{
		{Name: PropertyDatabase, Value: database},
		{Name: PropertyModified, Value: s.Database.Modified.UTC().Format(time.RFC3339)},
	}
	if s.Database.Kind == "" { // it could not be read
		all = nil
	}
	return appendUnassessed(all, s.Unread)
}

func appendUnassessed(all []cdx.Property, what []string) *[]cdx.Property {
	for _, text := range what {
		all = append(all, cdx.Property{Name: PropertyUnassessed, Value: text})
	}
	if len(all) == 0 {
		return nil
	}
	return &all
}

// cdxWriter collects the vulnerabilities of all products.
type cdxWriter struct {
	at   time.Time
	list []cdx.Vulnerability
	refs map[string]int // bom-refs, and how often they were wanted
}

// ref makes a bom-ref that no other component has.
func (w *cdxWriter) ref(wanted string) string {
	w.refs[wanted]++
	if n := w.refs[wanted]; n > 1 {
		return w.ref(wanted + "|" + strconv.Itoa(n))
	}
	return wanted
}

// product writes a product, and what is stated of it.
func (w *cdxWriter) product(s *Subject) cdx.Component {
	p := cdx.Component{
		BOMRef: w.ref(s.PURL), Type: cdx.ComponentTypeApplication, Name: s.Name, Version: shownVersion(s.Version), PackageURL: s.onPlatform(),
		Properties: appendUnassessed(nil, s.Unassessed),
	}
	if s.SHA256 != "" {
		p.Hashes = &[]cdx.Hash{{Algorithm: cdx.HashAlgoSHA256, Value: s.SHA256}}
	}
	if s.Link != "" {
		document, _, _ := strings.Cut(s.Link, "#")
		p.ExternalReferences = &[]cdx.ExternalReference{{Type: cdx.ERTypeBOM, URL: document}}
	}
	var modules []cdx.Component
	for i := range s.Claims {
		c := &s.Claims[i]
		at := slices.IndexFunc(modules, func(m cdx.Component) bool { return m.Name == c.Module && m.Version == shownVersion(c.Version) })
		if at < 0 {
			purl := PURL(c.Module, c.Version)
			at = len(modules)
			modules = append(modules, cdx.Component{BOMRef: w.ref(p.BOMRef + "|" + purl), Type: cdx.ComponentTypeLibrary, Name: c.Module, Version: shownVersion(c.Version), PackageURL: purl})
		}
		w.list = append(w.list, w.vulnerability(c, modules[at].BOMRef))
	}
	if modules != nil {
		p.Components = &modules
	}
	return p
}

// shownVersion is a version, without what stands for none, or is longer than the schema
// allows.
func shownVersion(version string) string {
	if version == "(devel)" || len(version) > 1024 {
		return ""
	}
	return version
}

func (w *cdxWriter) vulnerability(c *Claim, ref string) cdx.Vulnerability {
	v := cdx.Vulnerability{
		BOMRef: w.ref(ref + "|" + c.ID), ID: c.ID, Source: source(c.ID, c.URL), Description: c.Summary, Recommendation: c.fix(),
		Published: date(c.Published), Updated: date(c.Modified), Analysis: c.analysis(), Affects: &[]cdx.Affects{},
	}
	if c.Reach != "" {
		v.Properties = &[]cdx.Property{{Name: PropertyReach, Value: string(c.Reach)}}
	}
	if _, err := url.Parse(c.URL); err == nil && c.URL != "" && !strings.ContainsAny(c.URL, "\\ \t\r\n") {
		v.Advisories = &[]cdx.Advisory{{URL: c.URL}}
	}
	var references []cdx.VulnerabilityReference
	for _, id := range c.aliases() {
		references = append(references, cdx.VulnerabilityReference{ID: id, Source: cmp.Or(source(id, ""), &cdx.Source{})})
	}
	if references != nil {
		v.References = &references
	}
	for _, ref := range []string{ref, c.Link} {
		if ref == "" {
			continue
		}
		a := cdx.Affects{Ref: ref}
		if version := shownVersion(c.Version); version != "" {
			a.Range = &[]cdx.AffectedVersions{{Version: version, Status: versionStatus[c.Status]}}
		}
		*v.Affects = append(*v.Affects, a)
	}
	return v
}

// source names who publishes a vulnerability, as far as its identifier tells.
func source(id, address string) *cdx.Source {
	s := &cdx.Source{URL: address}
	kind, _, _ := strings.Cut(id, "-")
	switch kind {
	case "GO":
		s.Name, s.URL = "Go Vulnerability Database", cmp.Or(address, "https://pkg.go.dev/vuln/"+id)
	case "CVE":
		s.Name, s.URL = "CVE", cmp.Or(address, "https://www.cve.org/CVERecord?id="+id)
	case "GHSA":
		s.Name, s.URL = "GitHub Advisories", cmp.Or(address, "https://github.com/advisories/"+id)
	}
	if *s == (cdx.Source{}) {
		return nil
	}
	return s
}

func date(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

var versionStatus = map[Status]cdx.VulnerabilityStatus{
	IsAffected: cdx.VulnerabilityStatusAffected, NotAffected: cdx.VulnerabilityStatusNotAffected, IsFixed: cdx.VulnerabilityStatusNotAffected,
	UnderInvestigation: cdx.VulnerabilityStatusUnknown,
}

// analysisState has the state for each status, by what the schema of CycloneDX 1.6
// (impactAnalysisState) and OpenVEX v0.2.0 ("Status Labels") say they mean.
var analysisState = map[Status]cdx.ImpactAnalysisState{
	IsAffected: cdx.IASExploitable, NotAffected: cdx.IASNotAffected, IsFixed: cdx.IASResolved, UnderInvestigation: cdx.IASInTriage,
}

// analysisJustification has the justification for each of OpenVEX. Neither specification
// maps them; these are those of the same meaning in the schema of CycloneDX 1.6
// (impactAnalysisJustification) and in OpenVEX v0.2.0 ("Status Justifications"). What
// means that an adversary cannot control the code has none: the detail says it.
var analysisJustification = map[Justification]cdx.ImpactAnalysisJustification{
	ComponentNotPresent:      cdx.IAJCodeNotPresent,
	VulnerableCodeNotPresent: cdx.IAJCodeNotPresent,
	NotInExecutePath:         cdx.IAJCodeNotReachable,
	MitigationsExist:         cdx.IAJProtectedByMitigatingControl,
}

func (c *Claim) analysis() *cdx.VulnerabilityAnalysis {
	a := &cdx.VulnerabilityAnalysis{State: analysisState[c.Status], Justification: analysisJustification[c.Justification]}
	var detail []string
	if c.Justification != "" {
		detail = append(detail, fmt.Sprintf("OpenVEX: %s.", c.Justification))
	}
	if c.Impact != "" {
		detail = append(detail, c.Impact)
	}
	if c.Unreviewed {
		detail = append(detail, "Nobody reviewed the entry of the database.")
	}
	switch {
	case c.Stated != nil:
		if c.Action != "" {
			detail = append(detail, c.Action)
		}
		a.FirstIssued = date(c.Stated.At)
	case c.Status == IsAffected && c.Fixed != "":
		a.Response = &[]cdx.ImpactAnalysisResponse{cdx.IARUpdate}
	}
	a.Detail = strings.Join(append(detail, c.Notes), " ")
	return a
}
