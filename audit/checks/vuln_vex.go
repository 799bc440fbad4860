// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package checks

import (
	"cmp"
	"encoding/json"
	"errors"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/package-url/packageurl-go"

	"github.com/goassay/assay/audit"
	"github.com/goassay/assay/audit/modgraph"
	"github.com/goassay/assay/audit/vulns"
	"github.com/goassay/assay/sbom/cyclonedx"
)

// ErrNoStatements reports that there is nothing to state: OpenVEX has no
// document without statements.
var ErrNoStatements = errors.New("no statements")

// OpenVEX writes the facts of [Vuln] as an OpenVEX document: one statement for
// each vulnerability of each target, and for each that may affect what could
// not be assessed. What somebody states in a document that the run read is
// carried over, and who that is. tool is the name and version of the program,
// author who issues the document, or "" if that is the program.
func (f *VulnFacts) OpenVEX(tool, author string, at time.Time) ([]byte, error) {
	doc := f.statements(tool, author, at).OpenVEX()
	if doc == nil {
		return nil, ErrNoStatements
	}
	data, err := json.MarshalIndent(doc, "", "  ")
	return append(data, '\n'), err
}

// CycloneDX writes the facts of [Vuln] as a VEX document in CycloneDX, which
// conforms to the official schema, with the same statements. It also says what
// could not be assessed at all.
func (f *VulnFacts) CycloneDX(tool, author string, at time.Time) ([]byte, error) {
	return cyclonedx.EncodeBOM(f.statements(tool, author, at).CycloneDX())
}

func (f *VulnFacts) statements(tool, author string, at time.Time) *vulns.Statements {
	s := &vulns.Statements{Tool: tool, Author: author, At: at, Database: f.Database.Source, Unread: f.Unread}
	for i := range f.Targets {
		t := &f.Targets[i]
		subject := vulns.Subject{Product: t.product(), Link: t.BOMLink}
		subject.Name, subject.Version = t.Name, ""
		if p, err := packageurl.FromString(t.Product); err == nil { // no path of this machine
			subject.Name, subject.Version = strings.TrimPrefix(p.Namespace+"/"+p.Name, "/"), p.Version
		}
		a := &vulns.Assessment{Basis: t.Basis, Level: t.Level, Platform: t.Platform}
		var found []*VulnVulnerability
		for j := range f.Vulnerabilities {
			if v := &f.Vulnerabilities[j]; v.Target == i {
				a.Vulnerabilities = append(a.Vulnerabilities, v.Vulnerability)
				found = append(found, v)
			}
		}
		for _, n := range f.NotAssessed {
			if n.Target == i {
				a.NotAssessed = append(a.NotAssessed, n.NotAssessed)
				subject.Unassessed = append(subject.Unassessed, notAssessedText("", n.NotAssessed))
			}
		}
		subject.Claims = a.Claims(len(t.Packages) == 0)
		for j := range subject.Claims {
			c := &subject.Claims[j]
			k := slices.IndexFunc(found, func(v *VulnVulnerability) bool {
				return v.ID == c.ID && v.Module == c.Module && v.Version == c.Version
			})
			if k >= 0 {
				c.Link = found[k].BOMLink
				c.Adopt(found[k].Stated)
			}
		}
		s.Subjects = append(s.Subjects, subject)
	}
	return s
}

// product is what statements about the target name.
func (t *VulnTarget) product() vulns.Product {
	return vulns.Product{PURL: t.Product, SHA256: strings.TrimPrefix(t.SHA256, "sha256:"), Platform: t.Platform, Tags: t.Tags}
}

// fileProduct is the package URL of a file that is no module's.
func fileProduct(name, digest string) string {
	name = filepath.ToSlash(name)
	if base := path.Base(name); base != "." && base != "/" {
		name = base
	}
	return vulns.FilePURL(name, strings.TrimPrefix(digest, "sha256:"))
}

// documentProduct is the package URL of what a document describes, where that
// is no Go module; or of the document, where it describes nothing.
func documentProduct(b *BOMDocument) string {
	if len(b.doc.Roots) == 1 {
		if root := b.doc.Component(b.doc.Roots[0]); root != nil {
			if _, err := packageurl.FromString(root.PURL); err == nil {
				return root.PURL
			}
			if root.Name != "" {
				return packageurl.NewPackageURL(packageurl.TypeGeneric, root.Group, root.Name, root.Version, nil, "").ToString()
			}
		}
	}
	return fileProduct(b.path, b.Digest)
}

// bomLinks returns the BOM-Link of what a document describes, or of the document,
// and those of its components that are Go modules, by their package URLs.
func bomLinks(b *BOMDocument, l *vulnDocument) (string, map[string]string) {
	if !strings.HasPrefix(b.Format, "cyclonedx-") {
		return "", nil
	}
	link, links := cyclonedx.Link(b.doc, ""), map[string]string{}
	for _, root := range b.doc.Roots {
		link = cmp.Or(cyclonedx.Link(b.doc, root), link)
	}
	for module, ref := range l.refs {
		links[module] = cyclonedx.Link(b.doc, ref)
	}
	return link, links
}

// somewhere is where a finding is shown that is of no target in particular: at a
// file that is called as it is shown, if that is near, or where the first target is.
func (r *vulnRun) somewhere(file string) *audit.Location {
	if filepath.IsLocal(file) {
		if name, near := modgraph.Locate(r.Target.Dir, file); near {
			return locationAt(name)
		}
	}
	for i := range r.facts.Targets {
		return r.facts.Targets[i].place("")
	}
	return modFileLocation(r.Target)
}
