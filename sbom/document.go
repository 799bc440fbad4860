// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package sbom

import (
	"cmp"
	"slices"
	"time"
)

// A Document is a bill of materials, in no format. Packages cyclonedx and spdx
// beneath this one read and write it; [Listing.Document] and its like make one.
//
// It holds what the formats have in common. What one of them cannot carry
// travels as a [Property].
type Document struct {
	ID      string    // a URI: urn:uuid:… in CycloneDX, the namespace in SPDX 2.3, the IRI in SPDX 3; "" before it is known
	Version int       // of the document under this ID, from 1; 0 if the format has none
	Name    string    // of the document itself, as SPDX has one; "" if none
	Created time.Time // UTC, in seconds; zero if unknown
	URI     string    // where the document itself is published (BSI TR-03183-2, 5.2.1 "URI of the SBOM"); "" if unknown

	Tools    []Tool
	Authors  []Party // who made the document
	Supplier *Party  // who supplies what it describes; nil if unknown

	// Phases say from what the document was made, in the words of CycloneDX's
	// lifecycle phases: "pre-build" for sources, "build", "post-build" for a
	// finished file. CISA calls it the generation context.
	Phases []string

	// Roots are the Refs of the components that the document describes. It is
	// one in a document made here, and one or none in CycloneDX.
	Roots []string

	Components []*Component // roots and all others, sorted by Ref
	References []Reference  // of the document, such as its bundle of proofs
	Properties []Property

	// Vulnerabilities says that the document carries information on
	// vulnerabilities. It is read, and never written.
	Vulnerabilities bool

	// DataLicense is the licence of the document itself, an SPDX expression.
	// SPDX 2.3 allows CC0-1.0 alone.
	DataLicense string
}

// A Component is one thing that a document lists.
type Component struct {
	Ref     string // names it within the document
	Kind    Kind
	Group   string // CycloneDX's group; "" in documents made here
	Name    string // a module's path with its case kept
	Version string // "" if unknown
	PURL    string // package URL; "" if there is none
	CPE     string

	Description string
	Scope       Scope
	MIME        string // media type of a file

	// Hashes are those of the component's file: of a module its zip as the
	// proxy serves it, of an executable itself. A hash of something else (h1:,
	// a VCS revision) is none of them.
	Hashes []Hash

	License   License
	Copyright string // copyright lines, one per line; "" if none was found

	Supplier  *Party
	Authors   []Party
	Publisher string

	References []Reference
	Properties []Property

	// Parts are the Refs of the components that this one consists of: the
	// packages of a module, the files of a package, the executables of an
	// image. A component is part of one other at most.
	Parts []string

	// DependsOn are the Refs of the components that this one needs, sorted.
	// Depends tells no dependencies from dependencies that are not declared:
	// a format may leave a component out of its graph.
	DependsOn []string
	Depends   bool

	// Completeness says whether DependsOn is all there is.
	Completeness Completeness

	Crypto *Crypto // of a [KindCrypto]; else nil
}

// Kind is what a component is, in the words of CycloneDX's component types.
type Kind string

// Kinds of components. Others that CycloneDX names are kept as they are read.
const (
	KindApplication Kind = "application"
	KindLibrary     Kind = "library"
	KindContainer   Kind = "container"
	KindFile        Kind = "file"
	KindSystem      Kind = "operating-system"
	KindCrypto      Kind = "cryptographic-asset"
	KindData        Kind = "data"
)

// Scope is whether a component is there when the product runs, in the words
// of CycloneDX. The zero Scope is unspecified, which CycloneDX reads as required.
type Scope string

// The scopes.
const (
	ScopeRequired Scope = "required"
	ScopeOptional Scope = "optional" // may be there
	ScopeExcluded Scope = "excluded" // tests and tools: used, and no part of the product
)

// Completeness says how much of a component's dependencies is listed, in the
// words of CycloneDX's composition aggregates and SPDX 3's
// RelationshipCompleteness.
type Completeness string

// The degrees of completeness.
const (
	Undeclared Completeness = ""
	Complete   Completeness = "complete"
	Incomplete Completeness = "incomplete"
	Unknown    Completeness = "unknown" // declared to be unknown
)

// A Hash is a digest of a file.
type Hash struct {
	Algorithm string // in CycloneDX's spelling: SHA-256, SHA-512, SHA3-256, BLAKE2b-256, MD5 …
	Value     string // lower-case hexadecimal
}

// A Property is a name and a value with no other place in a format. SPDX has
// them as annotations.
type Property struct{ Name, Value string }

// A Reference leads to something outside the document.
type Reference struct {
	Type    string // in CycloneDX's words: distribution, vcs, website, attestation, evidence, issue-tracker …
	URL     string // a URI; a relative one is relative to the document
	Comment string
	Hashes  []Hash // of what is there
}

// A Party is a person or an organisation.
type Party struct {
	Name   string
	Person bool // else an organisation
	Email  string
	URL    string
}

// A Tool made a document.
type Tool struct{ Vendor, Name, Version string }

// License is what is known of a component's licence.
type License struct {
	// Declared is what its authors say, Concluded what was concluded from the
	// component's files: SPDX expressions. "" is unknown (NOASSERTION),
	// "NONE" that there is no licence.
	Declared  string
	Concluded string

	// Named are names of licences that are no SPDX expressions, as other tools
	// write them.
	Named []string

	Evidence []LicenseEvidence // what Concluded rests on, sorted by File

	// Texts are the texts of the LicenseRef- identifiers that the expressions
	// use, by identifier.
	Texts map[string]string
}

// LicenseEvidence is a licence found in a file.
type LicenseEvidence struct {
	Expression string  // an SPDX expression
	File       string  // its path within the component, with slashes
	Hash       Hash    // of the file
	Confidence float64 // share of the file's text that the licence covers, 0 to 1
	Lines      string  // "1-201"; "" for the whole file
}

// Sort brings a document into the order that Components and the lists in it
// are documented to have, so that the same content gives the same bytes.
func (d *Document) Sort() {
	slices.SortFunc(d.Components, func(a, b *Component) int { return cmp.Compare(a.Ref, b.Ref) })
	for _, c := range d.Components {
		slices.Sort(c.DependsOn)
		c.DependsOn = slices.Compact(c.DependsOn)
		slices.Sort(c.Parts)
		slices.SortFunc(c.Hashes, func(a, b Hash) int { return cmp.Compare(a.Algorithm, b.Algorithm) })
		slices.SortStableFunc(c.References, func(a, b Reference) int {
			return cmp.Or(cmp.Compare(a.Type, b.Type), cmp.Compare(a.URL, b.URL))
		})
	}
}

// Component returns the component with a Ref, or nil.
func (d *Document) Component(ref string) *Component {
	i := slices.IndexFunc(d.Components, func(c *Component) bool { return c.Ref == ref })
	if i < 0 {
		return nil
	}
	return d.Components[i]
}

// Property returns the first value of a property, or "".
func (c *Component) Property(name string) string { return property(c.Properties, name) }

// Property returns the first value of a property of the document, or "".
func (d *Document) Property(name string) string { return property(d.Properties, name) }

func property(all []Property, name string) string {
	for _, p := range all {
		if p.Name == name {
			return p.Value
		}
	}
	return ""
}

// Add adds a property that has a value.
func (c *Component) Add(name, value string) {
	if value != "" {
		c.Properties = append(c.Properties, Property{name, value})
	}
}
