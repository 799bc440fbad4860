// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package spdx

import (
	"cmp"
	"crypto/fips140"
	"crypto/sha1"
	"encoding/hex"
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/goassay/assay/sbom"
)

// tool is who annotates with properties, and who made a document of which
// nobody else is known to have.
const tool = "Tool: assay"

// ccZero is the licence of all documents of SPDX 2.3 (section 6.2).
const ccZero = "CC0-1.0"

// A writer turns a document into SPDX 2.3.
type writer struct {
	in      *sbom.Document
	out     *document
	created string
	byRef   map[string]*sbom.Component
	texts   map[string]string // of licences, by identifier
}

// newDocument returns a prepared document in SPDX 2.3.
func newDocument(doc *sbom.Document) (*document, error) {
	if doc.Created.IsZero() {
		return nil, ErrNoTime
	}
	if doc.DataLicense != "" && doc.DataLicense != ccZero {
		return nil, fmt.Errorf("%s: %w", doc.DataLicense, ErrDataLicense)
	}
	base, err := base(doc.ID)
	if err != nil {
		return nil, err
	}
	w := &writer{in: doc, created: doc.Created.UTC().Format(time.RFC3339), byRef: make(map[string]*sbom.Component), texts: make(map[string]string)}
	w.out = &document{
		SPDXVersion:  "SPDX-2.3",
		DataLicense:  ccZero,
		ID:           documentID,
		Name:         doc.Name,
		Namespace:    base,
		CreationInfo: creationInfo{Created: w.created, Creators: creators(doc)},
		Annotations:  w.annotations(doc.Properties),
	}
	for _, c := range doc.Components {
		w.byRef[c.Ref] = c
	}
	if w.out.Name == "" && len(doc.Roots) > 0 {
		root := w.byRef[doc.Roots[0]]
		w.out.Name = strings.TrimSpace(root.Name + " " + root.Version)
	}
	w.out.Name = cmp.Or(w.out.Name, "unnamed")
	for _, r := range doc.Roots {
		w.relate(documentID, "DESCRIBES", idOf(r))
	}
	for _, c := range doc.Components {
		if isFile(c) {
			w.out.Files = append(w.out.Files, w.file(c))
		} else {
			w.out.Packages = append(w.out.Packages, w.pkg(c))
		}
		w.relationships(c)
	}
	for _, id := range slices.Sorted(maps.Keys(w.texts)) {
		w.out.Extracted = append(w.out.Extracted, extracted{ID: id, Text: cmp.Or(w.texts[id], noAssertion)})
	}
	return w.out, nil
}

// base returns an ID without its fragment: identifiers of elements come there.
func base(id string) (string, error) {
	base, _, _ := strings.Cut(id, "#")
	if u, err := url.Parse(base); err != nil || !u.IsAbs() {
		return "", fmt.Errorf("ID %q: no absolute URI", id)
	}
	return base, nil
}

// isFile reports whether a component is a file of SPDX, which must have a
// SHA-1 (section 8.4). Other files are packages whose purpose is a file.
func isFile(c *sbom.Component) bool { return c.Kind == sbom.KindFile && hasSHA1(c) }

func hasSHA1(c *sbom.Component) bool {
	return slices.ContainsFunc(c.Hashes, func(h sbom.Hash) bool { return h.Algorithm == "SHA-1" })
}

func creators(doc *sbom.Document) []string {
	var all []string
	for _, t := range doc.Tools {
		all = append(all, "Tool: "+strings.Trim(t.Name+"-"+t.Version, "-"))
	}
	for _, a := range doc.Authors {
		all = append(all, party(a))
	}
	if len(all) == 0 {
		return []string{tool}
	}
	return all
}

// party writes a party as section 6.8 has it.
func party(p sbom.Party) string {
	kind := "Organization: "
	if p.Person {
		kind = "Person: "
	}
	if p.Email != "" {
		return kind + p.Name + " (" + p.Email + ")"
	}
	return kind + p.Name
}

func (w *writer) annotations(properties []sbom.Property) []annotation {
	var all []annotation
	for _, p := range properties {
		all = append(all, annotation{Date: w.created, Type: "OTHER", Annotator: tool, Comment: statement(p)})
	}
	return all
}

// statement writes a property as an annotation says it.
func statement(p sbom.Property) string { return nameEscape.Replace(p.Name) + "=" + p.Value }

// property is the opposite of statement.
func property(statement string) (sbom.Property, bool) {
	name, value, ok := strings.Cut(statement, "=")
	return sbom.Property{Name: nameUnescape.Replace(name), Value: value}, ok
}

var (
	nameEscape   = strings.NewReplacer("%", "%25", "=", "%3D")
	nameUnescape = strings.NewReplacer("%25", "%", "%3D", "=")
)

func (w *writer) pkg(c *sbom.Component) *pkg {
	p := &pkg{
		ID:               idOf(c.Ref),
		Name:             cmp.Or(c.Name, noAssertion),
		Version:          c.Version,
		Supplier:         noAssertion,
		DownloadLocation: noAssertion,
		FilesAnalyzed:    new(bool),
		Checksums:        checksums(c.Hashes),
		LicenseConcluded: cmp.Or(c.License.Concluded, noAssertion),
		LicenseDeclared:  cmp.Or(c.License.Declared, noAssertion),
		CopyrightText:    cmp.Or(c.Copyright, noAssertion),
		Description:      c.Description,
		Purpose:          purposes[c.Kind],
		Annotations:      w.annotations(c.Properties),
	}
	if c.Supplier != nil {
		p.Supplier = party(*c.Supplier)
	}
	if len(c.Authors) > 0 {
		p.Originator = party(c.Authors[0])
	}
	if c.Kind != "" && p.Purpose == "" {
		p.Purpose = "OTHER"
	}
	if code := w.verificationCode(c); code != "" {
		*p.FilesAnalyzed, p.VerificationCode = true, &verificationCode{code}
	}
	if c.PURL != "" {
		p.ExternalRefs = append(p.ExternalRefs, externalRef{Category: "PACKAGE-MANAGER", Type: "purl", Locator: c.PURL})
	}
	if c.CPE != "" {
		kind := "cpe23Type"
		if strings.HasPrefix(c.CPE, "cpe:/") {
			kind = "cpe22Type"
		}
		p.ExternalRefs = append(p.ExternalRefs, externalRef{Category: "SECURITY", Type: kind, Locator: c.CPE})
	}
	for _, r := range c.References {
		if r.Type != "" && r.URL != "" && !strings.ContainsAny(r.Type+r.URL, " \t\r\n") {
			p.ExternalRefs = append(p.ExternalRefs, externalRef{Category: "OTHER", Type: r.Type, Locator: r.URL, Comment: r.Comment})
		}
		if !isURL.MatchString(r.URL) {
			continue
		}
		if r.Type == "distribution" && p.DownloadLocation == noAssertion {
			p.DownloadLocation = r.URL
		}
		if r.Type == "website" && p.Homepage == "" {
			p.Homepage = r.URL
		}
	}
	w.collect(c)
	return p
}

var isURL = regexp.MustCompile(`^(https?|ftp|git)://[^\s\\]+$`)

func (w *writer) file(c *sbom.Component) *file {
	w.collect(c)
	return &file{
		ID:               idOf(c.Ref),
		Name:             cmp.Or(c.Name, noAssertion),
		Checksums:        checksums(c.Hashes),
		LicenseConcluded: cmp.Or(c.License.Concluded, noAssertion),
		CopyrightText:    cmp.Or(c.Copyright, noAssertion),
		Annotations:      w.annotations(c.Properties),
	}
}

// verificationCode returns that of a package (section 7.9): the SHA-1 of those
// of its files; "" if it has none in the document. The specification says
// SHA-1; nothing is protected by it.
func (w *writer) verificationCode(c *sbom.Component) string {
	var sums []string
	for _, part := range c.Parts {
		p := w.byRef[part]
		if !isFile(p) {
			continue
		}
		for _, h := range p.Hashes {
			if h.Algorithm == "SHA-1" {
				sums = append(sums, h.Value)
			}
		}
	}
	if len(sums) == 0 {
		return ""
	}
	slices.Sort(sums)
	var sum []byte
	fips140.WithoutEnforcement(func() {
		s := sha1.Sum([]byte(strings.Join(sums, "")))
		sum = s[:]
	})
	return hex.EncodeToString(sum)
}

func checksums(all []sbom.Hash) []checksum {
	var out []checksum
	for _, h := range all {
		if a := algorithms[h.Algorithm]; a != "" {
			out = append(out, checksum{Algorithm: a, Value: h.Value})
		}
	}
	return out
}

// collect notes the licences that the document must say the texts of (section
// 10): those that the expressions of a component refer to.
func (w *writer) collect(c *sbom.Component) {
	for _, id := range licenseRefs(c.License.Declared, c.License.Concluded) {
		if w.texts[id] == "" {
			w.texts[id] = c.License.Texts[id]
		}
	}
}

// licenseRefs returns the identifiers of licences in expressions that are not
// on SPDX's list.
func licenseRefs(expressions ...string) []string {
	var all []string
	for _, e := range expressions {
		all = append(all, licenseRef.FindAllString(e, -1)...)
	}
	return all
}

var licenseRef = regexp.MustCompile(`\bLicenseRef-[A-Za-z0-9.-]+`)

// dependency is the relationship of a component to one that it needs, by the
// scope of the latter.
var dependency = map[sbom.Scope]string{
	sbom.ScopeExcluded: "DEV_DEPENDENCY_OF",
	sbom.ScopeOptional: "OPTIONAL_DEPENDENCY_OF",
}

func (w *writer) relationships(c *sbom.Component) {
	id := idOf(c.Ref)
	for _, p := range c.Parts {
		w.relate(id, "CONTAINS", idOf(p))
	}
	for _, d := range c.DependsOn {
		if kind, ok := dependency[w.byRef[d].Scope]; ok {
			w.relate(idOf(d), kind, id) // the other way round
		} else {
			w.relate(id, "DEPENDS_ON", idOf(d))
		}
	}
	// Section 11.2: NONE is that there are no others, NOASSERTION that it is
	// not known.
	switch {
	case c.Completeness == sbom.Unknown || c.Completeness == sbom.Incomplete:
		w.relate(id, "DEPENDS_ON", noAssertion)
	case c.Depends && len(c.DependsOn) == 0:
		w.relate(id, "DEPENDS_ON", none)
	}
}

func (w *writer) relate(from, kind, to string) {
	w.out.Relationships = append(w.out.Relationships, relationship{From: from, Type: kind, To: to})
}
