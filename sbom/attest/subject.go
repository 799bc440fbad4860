// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package attest

import (
	"cmp"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"slices"

	"github.com/goassay/assay/sbom"
)

// digestNames are in-toto's names of the algorithms that bind an artefact.
var digestNames = map[string]string{
	"SHA-256": "sha256", "SHA-384": "sha384", "SHA-512": "sha512",
	"SHA3-256": "sha3_256", "SHA3-384": "sha3_384", "SHA3-512": "sha3_512",
}

// Subjects are the artefacts that a document describes: for each of its roots
// the file or image with the root's hashes; of source the commit, if nothing in
// the working tree was changed; else the executables that the root consists of.
// Where one of the roots has none of these, the document itself is a subject:
// a digest of nothing else is known, and a name without one binds nothing.
//
// The document is given with the bytes in which it was written.
func Subjects(d *sbom.Document, document []byte) []Subject {
	var all []Subject
	bound := len(d.Roots) > 0
	for _, ref := range d.Roots {
		found := rootSubjects(d, d.Component(ref))
		all = append(all, found...)
		bound = bound && len(found) > 0
	}
	if !bound {
		all = append(all, self(d, document))
	}
	slices.SortStableFunc(all, func(a, b Subject) int { return cmp.Compare(a.Name, b.Name) })
	return slices.CompactFunc(all, func(a, b Subject) bool { return a.Name == b.Name && matches(a.Digest, b.Digest) })
}

// rootSubjects are those of one root: none if one of its executables has none.
func rootSubjects(d *sbom.Document, c *sbom.Component) []Subject {
	if c == nil {
		return nil
	}
	for _, find := range []func(*sbom.Component) (Subject, bool){fileSubject, commitSubject} {
		if s, ok := find(c); ok {
			return []Subject{s}
		}
	}
	var parts []Subject
	for _, ref := range c.Parts {
		part := d.Component(ref)
		if part == nil || part.Kind != sbom.KindApplication {
			continue // packages of a module, and their files
		}
		s, ok := fileSubject(part)
		if !ok {
			return nil
		}
		parts = append(parts, s)
	}
	return parts
}

// fileSubject is the file that a component is.
func fileSubject(c *sbom.Component) (Subject, bool) {
	s := Subject{Name: cmp.Or(c.Property(sbom.PropertyFile), c.Name), Digest: map[string]string{}}
	for _, h := range c.Hashes {
		if name := digestNames[h.Algorithm]; name != "" {
			s.Digest[name] = h.Value
		}
	}
	return s, checkSubjects([]Subject{s}) == nil
}

// commitSubject is the commit that a main module is of. That nothing was changed
// must be said: of what is not known it is not taken for granted.
func commitSubject(c *sbom.Component) (Subject, bool) {
	commit := c.Property(sbom.PropertyCommit)
	if c.Property(sbom.PropertyModified) != "false" || c.Property(sbom.PropertyFile) != "" {
		return Subject{}, false
	}
	s := Subject{Name: cmp.Or(c.PURL, c.Name), Digest: map[string]string{"gitCommit": commit}}
	return s, checkSubjects([]Subject{s}) == nil
}

// self is the subject that the document is.
func self(d *sbom.Document, document []byte) Subject {
	short, long := sha256.Sum256(document), sha512.Sum512(document)
	return Subject{Name: cmp.Or(d.ID, d.Name, "document"), Digest: map[string]string{
		"sha256": hex.EncodeToString(short[:]), "sha512": hex.EncodeToString(long[:]),
	}}
}
