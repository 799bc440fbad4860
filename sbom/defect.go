// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package sbom

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/package-url/packageurl-go"
)

// A Defect is something in a document that cannot be right, whatever it
// describes. The schemas of the formats do not find it.
type Defect struct {
	Kind   DefectKind `json:"kind"`
	Ref    string     `json:"ref,omitempty"` // of the component; "" for the document
	Name   string     `json:"name,omitempty"`
	Detail string     `json:"detail,omitempty"`
}

// A DefectKind is what is wrong.
type DefectKind string

// The kinds of defects.
const (
	NoRoot        DefectKind = "no-root"        // the document does not say what it describes
	DuplicateRef  DefectKind = "duplicate-ref"  // two components have one name in the document
	Dangling      DefectKind = "dangling"       // a reference leads to no component
	Unreachable   DefectKind = "unreachable"    // no root needs it, and it is part of none
	InvalidPURL   DefectKind = "invalid-purl"   // no package URL by the specification
	OtherPURL     DefectKind = "other-purl"     // a package URL of another name or version than the component's
	MalformedHash DefectKind = "malformed-hash" // not of the length of its algorithm, or not hexadecimal: h1: is none
	SeveralParts  DefectKind = "several-parts"  // part of two components
	Repeated      DefectKind = "repeated"       // a property that can have one value has two: readers may take either
)

// hashBytes are the lengths of digests, in CycloneDX's spelling.
var hashBytes = map[string]int{
	"MD5": 16, "SHA-1": 20, "SHA-224": 28, "SHA-256": 32, "SHA-384": 48, "SHA-512": 64,
	"SHA3-224": 28, "SHA3-256": 32, "SHA3-384": 48, "SHA3-512": 64,
	"BLAKE2b-256": 32, "BLAKE2b-384": 48, "BLAKE2b-512": 64, "BLAKE3": 32, "Streebog-256": 32, "Streebog-512": 64,
}

// singular are properties that have one value.
var singular = []string{
	PropertyH1, PropertyProof, PropertyLog, PropertyRecord, PropertyLocal, PropertyMainModule, PropertyFile, PropertyToolchain, PropertyToolchainH1,
}

// Defects returns what is wrong in the document by itself, in the order of its
// components.
func (d *Document) Defects() []Defect {
	var out []Defect
	index := make(map[string]*Component, len(d.Components))
	for _, c := range d.Components {
		if index[c.Ref] != nil {
			out = append(out, Defect{DuplicateRef, c.Ref, c.fullName(), ""})
			continue
		}
		index[c.Ref] = c
	}
	if len(d.Roots) == 0 {
		out = append(out, Defect{Kind: NoRoot})
	}
	for _, ref := range d.Roots {
		if index[ref] == nil {
			out = append(out, Defect{Kind: Dangling, Detail: ref})
		}
	}
	parents := make(map[string]string)
	for _, c := range d.Components {
		for _, ref := range slices.Concat(c.DependsOn, c.Parts) {
			if index[ref] == nil {
				out = append(out, Defect{Dangling, c.Ref, c.fullName(), ref})
			}
		}
		for _, ref := range c.Parts {
			if first, again := parents[ref]; again && first != c.Ref {
				out = append(out, Defect{SeveralParts, ref, c.fullName(), first})
			}
			parents[ref] = c.Ref
		}
		out = append(out, c.defects()...)
	}
	if len(d.Roots) > 0 {
		reached := d.reachable(index)
		for _, c := range d.Components {
			if !reached[c.Ref] && c.Kind != KindCrypto {
				out = append(out, Defect{Unreachable, c.Ref, c.fullName(), ""})
			}
		}
	}
	return out
}

// reachable returns what the roots need, with its parts.
func (d *Document) reachable(index map[string]*Component) map[string]bool {
	reached := make(map[string]bool)
	queue := slices.Clone(d.Roots)
	for len(queue) > 0 {
		ref := queue[len(queue)-1]
		queue = queue[:len(queue)-1]
		if c := index[ref]; c != nil && !reached[ref] {
			reached[ref] = true
			queue = append(append(queue, c.DependsOn...), c.Parts...)
		}
	}
	return reached
}

// defects returns what is wrong with the component by itself.
func (c *Component) defects() []Defect {
	var out []Defect
	if c.PURL != "" {
		switch p, err := packageurl.FromString(c.PURL); {
		case err != nil || !strings.HasPrefix(c.PURL, "pkg:"):
			out = append(out, Defect{InvalidPURL, c.Ref, c.fullName(), c.PURL})
		case p.Type == "golang" && !c.agrees(p):
			out = append(out, Defect{OtherPURL, c.Ref, c.fullName(), c.PURL})
		}
	}
	for _, name := range singular {
		first := c.Property(name)
		if slices.ContainsFunc(c.Properties, func(p Property) bool { return p.Name == name && p.Value != first }) {
			out = append(out, Defect{Repeated, c.Ref, c.fullName(), name})
		}
	}
	hashes := c.Hashes
	for _, r := range c.References {
		hashes = append(slices.Clip(hashes), r.Hashes...)
	}
	for _, h := range hashes {
		raw, err := hex.DecodeString(h.Value)
		if n, known := hashBytes[h.Algorithm]; err != nil || known && len(raw) != n {
			out = append(out, Defect{MalformedHash, c.Ref, c.fullName(), fmt.Sprintf("%s %.200s", h.Algorithm, h.Value)})
		}
	}
	return out
}

// agrees reports whether a package URL of a Go module or package says the same
// as name and version do. Tools differ in what they write as a name: the module's
// path, its last element, or the path of a package.
func (c *Component) agrees(p packageurl.PackageURL) bool {
	path := strings.Trim(p.Namespace+"/"+p.Name, "/")
	name := c.fullName()
	named := strings.EqualFold(path, name) || strings.EqualFold(p.Name, name) || strings.EqualFold(path+"/"+p.Subpath, name) ||
		strings.HasPrefix(strings.ToLower(name), strings.ToLower(path)+"/")
	bare := func(v string) string { return strings.TrimPrefix(strings.TrimPrefix(v, "v"), "go") } // of the standard library go1.26.8
	return named && (p.Version == "" || c.Version == "" || bare(p.Version) == bare(c.Version))
}
