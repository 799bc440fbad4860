// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package authority

import (
	"slices"
	"strings"

	"github.com/goassay/assay/sbom"
)

// Properties of the BSI's taxonomy for CycloneDX, v0.1.2. The first three stand
// exactly once in a component, the others at most once.
const (
	PropertyExecutable       = "bsi:component:executable"       // "executable" or "non-executable"
	PropertyArchive          = "bsi:component:archive"          // "archive" or "no archive"
	PropertyStructured       = "bsi:component:structured"       // "structured" or "unstructured"
	PropertyFilename         = "bsi:component:filename"         // a name, not a path
	PropertyEffectiveLicence = "bsi:component:effectiveLicence" // an SPDX expression

	// propertyEffectiveLicense is how the guideline itself, section 8.2, spells it.
	propertyEffectiveLicense = "bsi:component:effectiveLicense"
)

// PropertyRole is a property of components that TR-03183-2 asks less of. No
// format has a field for this.
const (
	PropertyRole = "assay:bsi:component"

	// RoleLogical is a component that groups others and is no file (3.2.2).
	RoleLogical = "logical"
	// RoleEmbedded is one that is there as part of a file that cannot be taken
	// apart, such as the standard library in a program: what only a file has is
	// left out (3.2.1).
	RoleEmbedded = "embedded"
)

// Types of references, in CycloneDX's words.
const (
	distribution = "distribution"
	sourceCode   = "source-distribution"
	vcs          = "vcs"
	securityTxt  = "rfc-9116"
	bom          = "bom"
)

// The roles of components (3.2) decide what is asked of them. Of all: creator,
// name and version. A referenced component has its own bill of materials, an
// identified one is outside the scope of delivery: of tests and tools CycloneDX
// says excluded.
func linked(j *judge, c *sbom.Component) bool {
	return !logical(j, c) && !j.roots[c.Ref] && !outside(j, c) && slices.ContainsFunc(c.References, func(r sbom.Reference) bool { return r.Type == bom })
}

func outside(j *judge, c *sbom.Component) bool {
	return !logical(j, c) && !j.roots[c.Ref] && c.Scope == sbom.ScopeExcluded
}

func logical(_ *judge, c *sbom.Component) bool { return c.Property(PropertyRole) == RoleLogical }

func embedded(j *judge, c *sbom.Component) bool {
	return filed(j, c) && c.Property(PropertyRole) == RoleEmbedded
}

// named are the components that need identifiers: all but those referenced.
func named(j *judge, c *sbom.Component) bool { return !linked(j, c) }

// detailed are those described in full, and the logical ones.
func detailed(j *judge, c *sbom.Component) bool { return !linked(j, c) && !outside(j, c) }

// filed are those that are files, and described in full; whole those of them
// that stand alone.
func filed(j *judge, c *sbom.Component) bool { return detailed(j, c) && !logical(j, c) }

func whole(j *judge, c *sbom.Component) bool { return filed(j, c) && !embedded(j, c) }

// mapped are those of which CycloneDX holds the file's hash with a reference. In
// SPDX 3 it stands with a file, of which a Document keeps the hash alone.
func mapped(j *judge, c *sbom.Component) bool {
	return whole(j, c) && j.carrier.Format == "CycloneDX"
}

// formatBSI is section 4.
func (j *judge) formatBSI() finding {
	c := j.carrier
	var enough, released bool
	switch c.Format {
	case "CycloneDX":
		enough, released = atLeast(c.Version, 1, 6)
	case "SPDX":
		enough, released = atLeast(c.Version, 3, 0, 1)
	case "":
		return unsure("format-unknown", "")
	default:
		return has("format", c.Format)
	}
	switch {
	case c.Version == "":
		return unsure("format-unknown", c.Format)
	case !released:
		return has("format-unreleased", c.Format+" "+c.Version)
	case !enough:
		return has("format-old", c.Format+" "+c.Version)
	case c.Encoding == "":
		return unsure("encoding-unknown", "")
	case c.Encoding != "json" && c.Encoding != "xml":
		return has("encoding", c.Encoding)
	}
	return fine
}

func (j *judge) valid() finding {
	switch j.carrier.Valid {
	case Yes:
		return fine
	case No:
		return has("invalid", "")
	}
	return unsure("valid-unknown", "")
}

func (j *judge) noVulnerabilities() finding {
	switch j.carrier.Vulnerabilities {
	case Yes:
		return has("vulnerabilities", "")
	case No:
		return fine
	}
	return unsure("vulnerabilities-unknown", "")
}

// linked is section 5.1: a bill of materials that stands elsewhere has to
// conform itself, and this one does not show whether it does.
func (j *judge) linked(*sbom.Component) finding { return unsure("linked", "") }

// logicalOnly is section 3.2.2: a logical component has no field of a file, and
// groups others.
func (j *judge) logicalOnly(c *sbom.Component) finding {
	for _, p := range []string{PropertyFilename, PropertyExecutable, PropertyArchive, PropertyStructured} {
		if c.Property(p) != "" {
			return has("logical-file", p)
		}
	}
	if len(c.Hashes) > 0 {
		return has("logical-file", c.Hashes[0].Algorithm)
	}
	if len(c.DependsOn) == 0 && len(c.Parts) == 0 {
		return has("logical-leaf", "")
	}
	return fine
}

// contained is section 3.2.1: an embedded component is part of another one.
func (j *judge) contained(c *sbom.Component) finding {
	if j.roots[c.Ref] || !j.targets[c.Ref] {
		return has("embedded-alone", "")
	}
	return fine
}

func (j *judge) creator() finding {
	if len(j.doc.Authors) == 0 {
		return lacks("author")
	}
	return contact(j.doc.Authors)
}

// uri takes the identifier, too: section 8.2 has the serial number of CycloneDX
// and the IRI of SPDX for it.
func (j *judge) uri() finding {
	uri := j.doc.URI
	if uri == "" {
		uri = j.doc.ID
	}
	switch {
	case uri == "":
		return lacks("sbom-uri")
	case !validURI(uri):
		return has("uri", uri)
	}
	return fine
}

func (j *judge) componentCreator(c *sbom.Component) finding {
	if len(c.Authors) == 0 {
		return lacks("creator")
	}
	return contact(c.Authors)
}

// contact asks for one party with an e-mail address or, without one, a URL.
func contact(parties []sbom.Party) finding {
	bad := ""
	for _, p := range parties {
		switch {
		case validEmail(p.Email) || p.Email == "" && validURL(p.URL):
			return fine
		case bad == "":
			bad = p.Email + p.URL
		}
	}
	if bad != "" {
		return has("contact", bad)
	}
	return lacks("no-contact")
}

func (j *judge) filename(c *sbom.Component) finding {
	v, f := single(c, PropertyFilename)
	if f == fine && (strings.ContainsAny(v, `/\`) || v == "." || v == "..") {
		return has("path", v)
	}
	return f
}

// property makes a judgement on a property with a few values.
func property(name string, values ...string) func(*judge, *sbom.Component) finding {
	return func(_ *judge, c *sbom.Component) finding {
		v, f := single(c, name)
		if f == fine && !slices.Contains(values, v) {
			return has("value", name+"="+v)
		}
		return f
	}
}

// single returns the value of a property that may stand once.
func single(c *sbom.Component, name string) (string, finding) {
	var values []string
	for _, p := range c.Properties {
		if p.Name == name {
			values = append(values, p.Value)
		}
	}
	switch {
	case len(values) > 1:
		return "", has("repeated", name)
	case len(values) == 0 || values[0] == "":
		return "", lacks("property")
	}
	return values[0], fine
}

func (j *judge) dependencies(c *sbom.Component) finding {
	if !c.Depends && len(c.DependsOn) == 0 && len(c.Parts) == 0 {
		return lacks("dependencies")
	}
	return j.dangling(c)
}

func (j *judge) distributionLicence(c *sbom.Component) finding {
	if c.License.Concluded == "" && len(c.License.Named) > 0 {
		return has("licence-named", c.License.Named[0])
	}
	return licence(c.License.Concluded)
}

// originalLicence takes NONE: nothing exists then that could be given.
func (j *judge) originalLicence(c *sbom.Component) finding {
	if c.License.Declared == "NONE" {
		return fine
	}
	return licence(c.License.Declared)
}

func (j *judge) effectiveLicence(c *sbom.Component) finding {
	for _, name := range []string{PropertyEffectiveLicence, propertyEffectiveLicense} {
		if v := c.Property(name); v != "" {
			return licence(v)
		}
	}
	return lacks("property")
}

// licence is section 6.1.
func licence(expression string) finding {
	switch {
	case !given(expression):
		return lacks("licence")
	case expression == "NONE":
		return has("licence-none", "")
	case !validExpression(expression):
		return has("licence-named", expression)
	}
	return fine
}

// sha512 takes the hash of the component's file wherever it stands.
func (j *judge) sha512(c *sbom.Component) finding {
	hashes := slices.Clone(c.Hashes)
	for _, r := range c.References {
		if r.Type == distribution {
			hashes = append(hashes, r.Hashes...)
		}
	}
	return sha512(hashes)
}

// mappedSHA512 asks for it where section 8.2 has it in CycloneDX.
func (j *judge) mappedSHA512(c *sbom.Component) finding { return j.referenced(c, distribution) }

func (j *judge) sourceHash(c *sbom.Component) finding { return j.referenced(c, sourceCode, vcs) }

// referenced asks for a SHA-512 with a reference of one of the types.
func (j *judge) referenced(c *sbom.Component, types ...string) finding {
	var hashes []sbom.Hash
	for _, r := range c.References {
		if slices.Contains(types, r.Type) {
			hashes = append(hashes, r.Hashes...)
		}
	}
	return sha512(hashes)
}

func sha512(hashes []sbom.Hash) finding {
	for _, h := range hashes {
		if h.Algorithm != "SHA-512" {
			continue
		}
		if !validHash(h) {
			return has("hash-malformed", h.Algorithm+" "+h.Value)
		}
		return fine
	}
	return lacks("sha-512")
}

func (j *judge) sourceURI(c *sbom.Component) finding     { return reference(c, sourceCode, vcs) }
func (j *judge) deployableURI(c *sbom.Component) finding { return reference(c, distribution) }
func (j *judge) securityTxt(c *sbom.Component) finding   { return reference(c, securityTxt) }

// reference asks for a URI with a reference of one of the types.
func reference(c *sbom.Component, types ...string) finding {
	result := lacks("reference")
	for _, r := range c.References {
		switch {
		case !slices.Contains(types, r.Type):
		case validURI(r.URL):
			return fine
		default:
			result = has("uri", r.URL)
		}
	}
	return result
}
