// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package authority

import (
	"slices"
	"strconv"
	"strings"

	"github.com/goassay/assay/sbom"
)

// A predicate judges what one clause asks for.
type predicate func(*judge, *tally)

// manual is the judge of what no document shows.
const manual = "manual"

// predicates by the names that profiles use. Those of bsi.* know the roles that
// TR-03183-2 gives to components; the others are asked of every component.
var predicates = map[string]predicate{
	"format":         document((*judge).format),
	"format-version": document((*judge).formatVersion),
	"author":         document((*judge).author),
	"author-or-tool": document((*judge).authorOrTool),
	"timestamp":      document((*judge).timestamp),
	"tool":           document((*judge).tool),
	"tool-version":   document((*judge).toolVersion),
	"context":        document((*judge).context),
	"signature":      document((*judge).signature),
	"sbom-version":   document((*judge).sbomVersion),

	"supplier":     each(every, (*judge).supplier),
	"producer":     each(every, (*judge).producer),
	"name":         each(every, (*judge).name),
	"version":      each(every, (*judge).version),
	"identifier":   each(every, (*judge).identifier),
	"hash":         each(every, (*judge).hash),
	"license":      each(every, (*judge).license),
	"relationship": each(every, (*judge).relationship),
	"completeness": each(every, (*judge).completeness),
	"direct":       (*judge).direct,
	"recursion":    recursion(every),

	"bsi.format":               document((*judge).formatBSI),
	"bsi.valid":                document((*judge).valid),
	"bsi.no-vulnerabilities":   document((*judge).noVulnerabilities),
	"bsi.recursion":            recursion(detailed),
	"bsi.linked":               each(linked, (*judge).linked),
	"bsi.logical":              each(logical, (*judge).logicalOnly),
	"bsi.embedded":             each(embedded, (*judge).contained),
	"bsi.sbom-creator":         document((*judge).creator),
	"bsi.sbom-uri":             document((*judge).uri),
	"bsi.creator":              each(every, (*judge).componentCreator),
	"bsi.filename":             each(whole, (*judge).filename),
	"bsi.dependencies":         each(detailed, (*judge).dependencies),
	"bsi.completeness":         each(detailed, (*judge).completeness),
	"bsi.distribution-licence": each(detailed, (*judge).distributionLicence),
	"bsi.sha-512":              each(whole, (*judge).sha512),
	"bsi.executable":           each(whole, property(PropertyExecutable, "executable", "non-executable")),
	"bsi.archive":              each(whole, property(PropertyArchive, "archive", "no archive")),
	"bsi.structured":           each(whole, property(PropertyStructured, "structured", "unstructured")),
	"bsi.source-uri":           each(filed, (*judge).sourceURI),
	"bsi.deployable-uri":       each(whole, (*judge).deployableURI),
	"bsi.identifier":           each(named, (*judge).identifier),
	"bsi.original-licence":     each(detailed, (*judge).originalLicence),
	"bsi.effective-licence":    each(detailed, (*judge).effectiveLicence),
	"bsi.source-hash":          each(filed, (*judge).sourceHash),
	"bsi.security-txt":         each(detailed, (*judge).securityTxt),
	"bsi.mapped-sha-512":       each(mapped, (*judge).mappedSHA512),
}

// document makes a predicate of a judgement on the document.
func document(of func(*judge) finding) predicate {
	return func(j *judge, t *tally) { t.add(nil, of(j)) }
}

// each makes a predicate of a judgement on components. A document that lists
// none meets no clause on its components.
func each(which func(*judge, *sbom.Component) bool, of func(*judge, *sbom.Component) finding) predicate {
	return func(j *judge, t *tally) {
		if len(j.components) == 0 {
			t.add(nil, has("no-component", ""))
		}
		for _, c := range j.components {
			if which(j, c) {
				t.add(c, of(j, c))
			}
		}
	}
}

func every(*judge, *sbom.Component) bool { return true }

// format asks for a format that tools read and write everywhere.
func (j *judge) format() finding {
	switch j.carrier.Format {
	case "CycloneDX", "SPDX":
		return fine
	case "":
		return unsure("format-unknown", "")
	}
	return has("format", j.carrier.Format)
}

func (j *judge) formatVersion() finding {
	if j.carrier.Version == "" {
		return unsure("format-unknown", j.carrier.Format)
	}
	return fine
}

func (j *judge) author() finding {
	if slices.ContainsFunc(j.doc.Authors, identified) {
		return fine
	}
	return lacks("author")
}

// authorOrTool takes a tool, too: an author may be "some third-party analysis
// tool" (NTIA, IV, Data Fields).
func (j *judge) authorOrTool() finding {
	if j.tool() == fine {
		return fine
	}
	return j.author()
}

func (j *judge) timestamp() finding {
	if j.doc.Created.IsZero() {
		return lacks("timestamp")
	}
	return fine
}

func (j *judge) tool() finding {
	if slices.ContainsFunc(j.doc.Tools, func(t sbom.Tool) bool { return given(t.Name) }) {
		return fine
	}
	return lacks("tool")
}

func (j *judge) toolVersion() finding {
	if i := slices.IndexFunc(j.doc.Tools, func(t sbom.Tool) bool { return !given(t.Version) }); i >= 0 || len(j.doc.Tools) == 0 {
		return lacks("tool-version")
	}
	return fine
}

func (j *judge) context() finding {
	if slices.ContainsFunc(j.doc.Phases, given) {
		return fine
	}
	return lacks("context")
}

func (j *judge) signature() finding {
	switch j.carrier.Signed {
	case Yes:
		return unsure("signature-unverified", "") // whose it is, a document does not tell
	case No:
		return lacks("signature")
	}
	return unsure("signature-unknown", "")
}

// sbomVersion asks for a version of the document itself, which only CycloneDX has.
func (j *judge) sbomVersion() finding {
	switch {
	case j.doc.Version > 0 && j.doc.ID != "":
		return fine
	case j.carrier.Format == "SPDX":
		return unsure("sbom-version-spdx", "")
	}
	return lacks("sbom-version")
}

// supplier takes any party that stands for the component: the documents of
// 2021 and 2025 mean by it who "creates, defines, and identifies" it.
func (j *judge) supplier(c *sbom.Component) finding {
	if c.Supplier != nil && identified(*c.Supplier) || j.producer(c) == fine {
		return fine
	}
	return lacks("supplier")
}

// producer takes who made the component. A supplier may be a distributor.
func (j *judge) producer(c *sbom.Component) finding {
	switch {
	case slices.ContainsFunc(c.Authors, identified), given(c.Publisher):
		return fine
	case c.Supplier != nil && identified(*c.Supplier):
		return unsure("supplier-only", c.Supplier.Name)
	}
	return lacks("producer")
}

func (j *judge) name(c *sbom.Component) finding {
	if !given(c.Name) {
		return lacks("name")
	}
	return fine
}

func (j *judge) version(c *sbom.Component) finding {
	if !given(c.Version) {
		return lacks("version")
	}
	return fine
}

func (j *judge) identifier(c *sbom.Component) finding {
	switch {
	case c.PURL != "" && !validPURL(c.PURL):
		return has("purl", c.PURL)
	case c.CPE != "" && !validCPE(c.CPE):
		return has("cpe", c.CPE)
	case c.PURL == "" && c.CPE == "":
		return lacks("identifier")
	}
	return fine
}

func (j *judge) hash(c *sbom.Component) finding {
	hashes := slices.Clone(c.Hashes)
	for _, r := range c.References {
		if r.Type == distribution {
			hashes = append(hashes, r.Hashes...)
		}
	}
	for _, h := range hashes {
		if !validHash(h) {
			return has("hash-malformed", h.Algorithm+" "+h.Value)
		}
	}
	if len(hashes) == 0 {
		return lacks("hash")
	}
	return fine
}

func (j *judge) license(c *sbom.Component) finding {
	if c.License.Declared == "" && c.License.Concluded == "" && len(c.License.Named) == 0 {
		return lacks("licence")
	}
	return fine
}

// relationship asks that a component is related to what it is a part of, and
// that no relationship leads nowhere.
func (j *judge) relationship(c *sbom.Component) finding {
	if !j.roots[c.Ref] && !j.targets[c.Ref] {
		return lacks("unrelated")
	}
	return j.dangling(c)
}

func (j *judge) dangling(c *sbom.Component) finding {
	for _, refs := range [][]string{c.DependsOn, c.Parts} {
		for _, ref := range refs {
			if j.index[ref] == nil {
				return has("dangling", ref)
			}
		}
	}
	return fine
}

func (j *judge) completeness(c *sbom.Component) finding {
	if c.Completeness == sbom.Undeclared {
		return lacks("completeness")
	}
	return fine
}

// direct asks that all direct dependencies of the roots are listed.
func (j *judge) direct(t *tally) {
	if len(j.roots) == 0 {
		t.add(nil, has("no-root", ""))
	}
	for _, c := range j.components {
		if j.roots[c.Ref] {
			t.add(c, j.enumerated(c))
		}
	}
}

// enumerated says whether all that a component depends on is listed.
func (j *judge) enumerated(c *sbom.Component) finding {
	switch {
	case c.Completeness == sbom.Incomplete:
		return has("incomplete", "")
	case c.Completeness != sbom.Complete:
		return unsure("incomplete-unknown", "")
	case !c.Depends && len(c.DependsOn) == 0 && len(c.Parts) == 0:
		return unsure("dependencies", "")
	}
	return j.dangling(c)
}

// recursion asks that every component can be reached from a root, and that of
// those which match all dependencies are listed.
func recursion(which func(*judge, *sbom.Component) bool) predicate {
	return func(j *judge, t *tally) {
		if len(j.roots) == 0 {
			t.add(nil, has("no-root", ""))
			return
		}
		for _, c := range j.components {
			switch {
			case !j.reached[c.Ref]:
				t.add(c, has("unreachable", ""))
			case which(j, c):
				t.add(c, j.enumerated(c))
			default:
				t.add(c, fine)
			}
		}
	}
}

// identified reports whether a party is more than nothing.
func identified(p sbom.Party) bool { return given(p.Name) || given(p.Email) || given(p.URL) }

// given reports whether a text says something. SPDX and many tools write that
// they say nothing.
func given(s string) bool {
	switch strings.ToUpper(strings.TrimSpace(s)) {
	case "", "NOASSERTION", "UNKNOWN", "N/A":
		return false
	}
	return true
}

// atLeast compares a released version of a format, numbers between dots, with
// the lowest that is taken. It fails on any other text.
func atLeast(version string, least ...int) (enough, released bool) {
	var numbers []int
	for part := range strings.SplitSeq(version, ".") {
		n, err := strconv.ParseUint(part, 10, 16)
		if err != nil || len(numbers) == 4 {
			return false, false
		}
		numbers = append(numbers, int(n))
	}
	for len(numbers) < len(least) {
		numbers = append(numbers, 0)
	}
	return slices.Compare(numbers, least) >= 0, true
}
