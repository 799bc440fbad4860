// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

// Package cbom makes bills of materials of cryptography (CBOM): the protocols,
// algorithms, certificates and keys that endpoints showed, and the algorithms that
// executables contain, as cryptographic assets of CycloneDX 1.6 and later.
//
// What it says of algorithms stands in their specifications. Security against
// classical computers is that of NIST SP 800-57 part 1 revision 5, table 2 for
// keys and table 3 for hash functions, rounded down to a row of the table; where the table has no
// row, of the specification that is named beside it, or absent. The quantum
// security level is NIST's category of the algorithm as FIPS 203 and 204 say it,
// of AES and of the SHA-2 hashes by which the categories are defined (call for
// proposals of 2016, section 4.A.5), and 0 for what Shor's algorithm breaks. Of all
// else it is absent: absent is not none.
//
// The same facts and metadata give the same document.
package cbom

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/goassay/assay/sbom"
)

// Metadata is what a document says of itself.
type Metadata struct {
	Time        time.Time // in seconds
	ToolVersion string    // of assay; "" if unknown
	Unassessed  []string  // what could not be looked at, or not wholly; a [PropertyUnassessed] each
}

// PropertyUnassessed is a property of a document: something stayed unknown, and why.
const PropertyUnassessed = "assay:unassessed"

// Document describes endpoints and executables. Each depends on what it uses; of
// several, the root is a collection. Without any the document has no components.
func Document(endpoints []Endpoint, executables []Executable, meta Metadata) *sbom.Document {
	b := &builder{
		Document: &sbom.Document{
			Version: 1, Created: meta.Time.UTC().Truncate(time.Second), DataLicense: "CC0-1.0",
			Tools: []sbom.Tool{{Vendor: "assay", Name: "assay", Version: meta.ToolVersion}},
		},
		known: map[string]*sbom.Component{},
	}
	for _, u := range meta.Unassessed {
		b.Properties = append(b.Properties, sbom.Property{Name: PropertyUnassessed, Value: u})
	}
	var subjects []string
	for _, e := range endpoints {
		subjects = append(subjects, b.endpoint(e))
	}
	for _, x := range executables {
		subjects = append(subjects, b.executable(x))
	}
	slices.Sort(subjects)
	subjects = slices.Compact(subjects)
	switch len(subjects) {
	case 0:
	case 1:
		b.Roots, b.Name = subjects, b.known[subjects[0]].Name
	default:
		root := &sbom.Component{
			Ref: "cryptography", Kind: sbom.KindApplication, Name: "cryptography",
			DependsOn: subjects, Depends: true, Completeness: sbom.Complete,
		}
		if meta.Unassessed != nil { // there may be more
			root.Completeness = sbom.Incomplete
		}
		b.Roots, b.Name = []string{b.keep(root)}, root.Name
	}
	if len(endpoints) > 0 {
		b.Phases = append(b.Phases, "discovery")
	}
	if len(executables) > 0 {
		b.Phases = append(b.Phases, "post-build")
	}
	b.Sort()
	return b.Document
}

// A builder collects components, each once.
type builder struct {
	*sbom.Document
	known map[string]*sbom.Component
}

// keep adds a component unless one of its Ref is there, and returns the Ref.
func (b *builder) keep(c *sbom.Component) string {
	if b.known[c.Ref] == nil {
		b.known[c.Ref] = c
		b.Components = append(b.Components, c)
	}
	return c.Ref
}

// use adds an algorithm and those that it consists of.
func (b *builder) use(a algorithm) string {
	c := &sbom.Component{
		Ref: "algorithm:" + a.name, Kind: sbom.KindCrypto, Name: a.name, Depends: true, Completeness: sbom.Complete,
		Crypto: &sbom.Crypto{OID: a.oid, Algorithm: &a.Algorithm},
	}
	if a.Environment != "" { // an implementation, and certified or not
		c.Ref += "#" + strings.Join(append([]string{a.Environment}, a.Certified...), "+")
	}
	for _, part := range a.parts {
		c.DependsOn = append(c.DependsOn, b.use(part))
	}
	return b.keep(c)
}

// useAll adds algorithms, and returns their Refs, sorted.
func (b *builder) useAll(all []algorithm) []string {
	var refs []string
	for _, a := range all {
		refs = append(refs, b.use(a))
	}
	slices.Sort(refs)
	return slices.Compact(refs)
}

// digest names a content in a Ref.
func digest(content ...any) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%q", content))
	return hex.EncodeToString(sum[:8])
}
