// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package checks

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"sync"

	"github.com/goassay/assay/audit"
	"github.com/goassay/assay/audit/modgraph"
	"github.com/goassay/assay/sbom"
	"github.com/goassay/assay/sbom/authority"
	"github.com/goassay/assay/sbom/cyclonedx"
	"github.com/goassay/assay/sbom/format"
	"github.com/goassay/assay/sbom/spdx"
)

// Settings of BOM.
const (
	SettingBOMVerify   = "bom.verify"   // true: hashes and proofs are verified, not the form alone
	SettingBOMProfiles = "bom.profiles" // IDs of package authority, with commas between
	SettingBOMProofs   = "bom.proofs"   // a file with a bundle of proofs; default: the one that a document names
	SettingBOMDownload = "bom.download" // true: zip files that the module cache lacks are downloaded
)

// BOM verifies bills of materials that somebody wrote, in any format: their
// form, what they say of modules against the modules' zip files, their proofs;
// and judges them by what authorities ask for. Whose they are, nothing in them
// shows.
var BOM = &audit.Check{
	ID:       "bom",
	Requires: []*audit.Check{documents},
	Applies:  hasDocuments,
	Run: func(ctx context.Context, p *audit.Pass) (any, error) {
		return runBOM(ctx, p, nil)
	},
	Recheck:  recheckBOM,
	Conclude: concludeBOM,
}

// BOMLogged is [BOM] where the checksum database is asked: what a document
// says of it and no bundle of proofs shows is held against its answers.
var BOMLogged = &audit.Check{
	ID:       BOM.ID,
	Requires: []*audit.Check{documents, SumDB},
	Applies:  hasDocuments,
	Run: func(ctx context.Context, p *audit.Pass) (any, error) {
		return runBOM(ctx, p, audit.Facts[*SumDBFacts](p, SumDB))
	},
	Recheck:  recheckBOM,
	Conclude: concludeBOM,
}

func hasDocuments(t *audit.Target) bool { return len(t.Documents) > 0 }

// BOMFacts are the facts of [BOM].
type BOMFacts struct {
	Hashes    *SumDBLines   `json:"hashes,omitempty"` // of zip files, by SHA-2 and by h1:, that documents give
	Proofs    *SumDBLines   `json:"proofs,omitempty"` // against bundles, or the checksum database
	Verified  bool          `json:"verified"`         // hashes and proofs were looked at, not the form alone
	Documents []BOMDocument `json:"documents"`
}

// BOMDocument is one bill of materials.
type BOMDocument struct {
	File       string        `json:"file"`
	Error      string        `json:"error,omitempty"`   // why it could not be read: nothing else is known
	Invalid    string        `json:"invalid,omitempty"` // what the schema says against it
	Format     string        `json:"format,omitempty"`
	ID         string        `json:"id,omitempty"`
	Digest     string        `json:"evidence,omitempty"` // digest of the file
	Tools      []string      `json:"tools,omitempty"`
	Components int           `json:"components"`
	Valid      Tri           `json:"valid"`     // by the official schema
	Unchanged  Tri           `json:"unchanged"` // since the ID was derived from its content; unknown where it is no such ID
	Defects    []sbom.Defect `json:"defects,omitempty"`
	Subjects   []string      `json:"subjects,omitempty"` // what it describes: that they are so, is its maker's word
	Modules    []BOMModule   `json:"modules,omitempty"`
	Unverified []BOMOpen     `json:"unverified,omitempty"` // what it says besides and nothing was held against
	Proofs     *BOMProofs    `json:"proofs,omitempty"`
	Profiles   []BOMProfile  `json:"profiles,omitempty"`
	Signature  *BOMSignature `json:"signature,omitempty"` // where keys were given

	doc   *sbom.Document
	path  string
	place string // as [modgraph.Locate] names it; "" in stored facts
}

// Tri is yes, no, or unknown.
type Tri string

// The values of a Tri.
const (
	TriYes     Tri = "yes"
	TriNo      Tri = "no"
	TriUnknown Tri = "unknown"
)

// BOMProfile is what a document is by what an authority asks for.
type BOMProfile struct {
	ID      string             `json:"id"`
	Title   audit.Text         `json:"title"`
	Verdict authority.Outcome  `json:"verdict"`
	Clauses []authority.Result `json:"clauses"`
}

// documents reads the bills of materials of the target once for all checks. It
// reports nothing itself, and always applies.
var documents = &audit.Check{ID: "documents", Run: runDocuments}

type readDocuments struct{ list []BOMDocument }

func runDocuments(_ context.Context, p *audit.Pass) (any, error) {
	read := &readDocuments{list: make([]BOMDocument, len(p.Target.Documents))}
	var wg sync.WaitGroup
	for i, name := range p.Target.Documents {
		wg.Go(func() { read.list[i] = readDocument(p, name) })
	}
	wg.Wait()
	return read, nil
}

func readDocument(p *audit.Pass, name string) BOMDocument {
	b := BOMDocument{File: nameIn(p.Target.Dir, name), path: name, Valid: TriUnknown, Unchanged: TriUnknown}
	b.place, _ = modgraph.Locate(p.Target.Dir, name)
	data, err := format.ReadFile(name)
	if err != nil {
		b.Error = err.Error()
		return b
	}
	b.Digest = p.Evidence("bill-of-materials", data)
	b.read(data)
	return b
}

// read reads what can be seen in the document alone.
func (b *BOMDocument) read(data []byte) {
	if b.parse(data); b.doc == nil {
		return
	}
	switch err := format.Validate(data); {
	case err == nil:
		b.Valid = TriYes
	case errors.Is(err, cyclonedx.ErrInvalid), errors.Is(err, spdx.ErrInvalid):
		b.Valid, b.Invalid = TriNo, err.Error()
	}
}

// parse reads the document, which need not fit a schema.
func (b *BOMDocument) parse(data []byte) {
	doc, f, err := format.Read(data)
	if err != nil {
		b.Error = err.Error()
		return
	}
	b.doc, b.Format, b.ID, b.Components, b.Defects = doc, f.String(), doc.ID, len(doc.Components), doc.Defects()
	for _, t := range doc.Tools {
		b.Tools = append(b.Tools, strings.TrimSpace(t.Name+" "+t.Version))
	}
	switch {
	case sbom.VerifyID(data, doc.ID) == nil:
		b.Unchanged = TriYes
	case writtenByAssay(doc):
		b.Unchanged = TriNo
	}
}

// writtenByAssay reports whether a document, or what became of it, was written
// by assay: it names assay as its tool, or has properties of assay and not the
// identifier of another tool, which are random UUIDs.
func writtenByAssay(d *sbom.Document) bool {
	if slices.ContainsFunc(d.Tools, func(t sbom.Tool) bool { return t.Name == "assay" }) {
		return true
	}
	if uuid := d.ID[strings.LastIndexAny(d.ID, ":/")+1:]; len(uuid) >= 36 && uuid[14] == '4' {
		return false
	}
	ours := func(p sbom.Property) bool { return strings.HasPrefix(p.Name, "assay:") }
	return slices.ContainsFunc(d.Properties, ours) ||
		slices.ContainsFunc(d.Components, func(c *sbom.Component) bool { return slices.ContainsFunc(c.Properties, ours) })
}

// sumLines gives the h1: hashes that a document carries, as a source of hashes
// for the checksum database.
func (b *BOMDocument) sumLines() []modgraph.SumLine {
	if b.doc == nil {
		return nil
	}
	var lines []modgraph.SumLine
	for _, c := range b.doc.Components {
		m, ok := c.ModuleVersion()
		if h1 := c.Property(sbom.PropertyH1); ok && h1 != "" {
			lines = append(lines, modgraph.SumLine{File: b.File, Module: m.Path, Version: m.Version, Hash: h1})
		}
	}
	slices.SortFunc(lines, func(a, b modgraph.SumLine) int {
		return cmp.Or(cmp.Compare(a.Module, b.Module), cmp.Compare(a.Version, b.Version), cmp.Compare(a.Hash, b.Hash))
	})
	return slices.Compact(lines)
}

// gatherDocuments takes the hashes of bills of materials.
func (r *sumDBRun) gatherDocuments() {
	for _, b := range audit.Facts[*readDocuments](r.Pass, documents).list {
		lines := b.sumLines()
		if len(lines) == 0 {
			continue
		}
		s, err := parseSource(SourceSBOM, b.File, sumListing(lines))
		if err == nil {
			s.place = b.place
			r.sources = append(r.sources, s)
		}
	}
}

func runBOM(ctx context.Context, p *audit.Pass, log *SumDBFacts) (any, error) {
	facts := &BOMFacts{Documents: audit.Facts[*readDocuments](p, documents).list, Verified: p.Settings[SettingBOMVerify] == "true"}
	for i := range facts.Documents {
		b := &facts.Documents[i]
		if b.doc == nil {
			continue
		}
		if err := b.profiles(p.Settings[SettingBOMProfiles]); err != nil {
			return nil, err
		}
		if err := readSignature(p, b); err != nil {
			return nil, err
		}
		if facts.Verified {
			if err := verifyDocument(ctx, p, b, log); err != nil {
				return nil, err
			}
			facts.count(b)
		}
	}
	findings, err := facts.judge()
	for _, f := range findings {
		p.Report(f)
	}
	return facts, err
}

// count adds what became of a document's modules.
func (f *BOMFacts) count(b *BOMDocument) {
	if f.Hashes == nil {
		f.Hashes, f.Proofs = new(SumDBLines), new(SumDBLines)
	}
	states := map[BOMState]State{BOMMatches: Verified, BOMDiffers: Mismatch, BOMNotChecked: NotChecked}
	for _, m := range b.Modules {
		for _, s := range []BOMState{m.Hashes, m.H1} {
			if s != BOMNothing {
				f.Hashes.add(states[s], 1)
			}
		}
		if m.Proof != BOMNothing {
			f.Proofs.add(states[m.Proof], 1)
		}
	}
}

// profiles judges the document by what authorities ask for.
func (b *BOMDocument) profiles(ids string) error {
	for id := range strings.SplitSeq(ids, ",") {
		if id == "" {
			continue
		}
		profile, err := authority.Find(id)
		if err != nil {
			return err
		}
		results := profile.Judge(b.doc, b.carrier())
		b.Profiles = append(b.Profiles, BOMProfile{ID: id, Title: audit.Text(profile.Title), Verdict: authority.Verdict(results), Clauses: results})
	}
	return nil
}

// carrier is what authorities ask of the file itself.
func (b *BOMDocument) carrier() authority.Carrier {
	name, version, _ := strings.Cut(b.Format, "@")
	c := authority.Carrier{Format: "SPDX", Version: version, Valid: authority.Answer(b.Valid), Encoding: "json"}
	if b.Valid == TriUnknown {
		c.Valid = ""
	}
	if strings.HasPrefix(name, "cyclonedx") {
		c.Format = "CycloneDX"
	}
	switch {
	case strings.HasSuffix(name, "-xml"):
		c.Encoding = "xml"
	case strings.HasSuffix(name, "-tag"):
		c.Encoding = "tag-value"
	}
	c.Vulnerabilities = authority.No
	if b.doc.Vulnerabilities {
		c.Vulnerabilities = authority.Yes
	}
	return c
}
