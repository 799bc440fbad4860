// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package checks

import (
	"cmp"
	"context"
	"errors"
	"path/filepath"
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
	Applies:  func(t *audit.Target) bool { return len(t.Documents) > 0 },
	Run:      runBOM,
}

// BOMFacts are the facts of [BOM].
type BOMFacts struct {
	Hashes    *SumDBLines   `json:"hashes,omitempty"` // of zip files, by SHA-2 and by h1:, that documents give
	Proofs    *SumDBLines   `json:"proofs,omitempty"` // against bundles
	Documents []BOMDocument `json:"documents"`
}

// BOMDocument is one bill of materials.
type BOMDocument struct {
	File       string        `json:"file"`
	Error      string        `json:"error,omitempty"`   // why it could not be read: nothing else is known
	Invalid    string        `json:"invalid,omitempty"` // what the schema says against it
	Format     string        `json:"format,omitempty"`
	ID         string        `json:"id,omitempty"`
	Digest     string        `json:"digest,omitempty"` // of the file: the evidence
	Tools      []string      `json:"tools,omitempty"`
	Components int           `json:"components"`
	Valid      Tri           `json:"valid"`     // by the official schema
	Unchanged  Tri           `json:"unchanged"` // since the ID was derived from its content; unknown where it is no such ID
	Defects    []sbom.Defect `json:"defects,omitempty"`
	Modules    []BOMModule   `json:"modules,omitempty"`
	Proofs     *BOMProofs    `json:"proofs,omitempty"`
	Profiles   []BOMProfile  `json:"profiles,omitempty"`

	doc  *sbom.Document
	path string
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
	data, err := format.ReadFile(name)
	if err != nil {
		b.Error = err.Error()
		return b
	}
	b.Digest = p.Evidence("bill-of-materials", data)
	doc, f, err := format.Read(data)
	if err != nil {
		b.Error = err.Error()
		return b
	}
	b.doc, b.Format, b.ID, b.Components, b.Defects = doc, f.String(), doc.ID, len(doc.Components), doc.Defects()
	for _, t := range doc.Tools {
		b.Tools = append(b.Tools, strings.TrimSpace(t.Name+" "+t.Version))
	}
	switch err := format.Validate(data); {
	case err == nil:
		b.Valid = TriYes
	case errors.Is(err, cyclonedx.ErrInvalid), errors.Is(err, spdx.ErrInvalid):
		b.Valid, b.Invalid = TriNo, err.Error()
	}
	switch {
	case sbom.VerifyID(data, doc.ID) == nil:
		b.Unchanged = TriYes
	case slices.ContainsFunc(doc.Tools, func(t sbom.Tool) bool { return t.Name == "assay" }):
		b.Unchanged = TriNo
	}
	return b
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
			r.sources = append(r.sources, s)
		}
	}
}

func runBOM(ctx context.Context, p *audit.Pass) (any, error) {
	facts := &BOMFacts{Documents: audit.Facts[*readDocuments](p, documents).list}
	var unread, open []string
	for i := range facts.Documents {
		b := &facts.Documents[i]
		if b.doc == nil {
			unread = append(unread, b.File+": "+b.Error)
			continue
		}
		judgeForm(p, b)
		if err := judgeProfiles(p, b); err != nil {
			return nil, err
		}
		for _, profile := range b.Profiles {
			if profile.Verdict == authority.Unknown {
				open = append(open, b.File+": "+profile.ID)
			}
		}
		if p.Settings[SettingBOMVerify] != "true" {
			continue
		}
		left, err := verifyDocument(ctx, p, b)
		if err != nil {
			return nil, err
		}
		open = append(open, left...)
		facts.count(b)
	}
	switch {
	case len(unread) > 0:
		return facts, audit.NotAssessed("bom/unread", audit.Args{"count": len(unread), "files": first(unread, maxNamed)})
	case len(open) > 0:
		return facts, audit.NotAssessed("bom/open", audit.Args{"count": len(open), "what": first(open, maxNamed)})
	}
	return facts, nil
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

// finding is a finding about the document. Every message may name the {file}.
func (b *BOMDocument) finding(rule string, args audit.Args) audit.Finding {
	if args == nil {
		args = audit.Args{}
	}
	args["file"] = b.File
	f := audit.Finding{Rule: rule, Subject: audit.Subject{Kind: "document", Name: b.File}, Args: args, Evidence: []string{b.Digest}}
	if filepath.IsLocal(b.File) {
		f.Location = &audit.Location{File: b.File}
	}
	return f
}

// about is a finding about a component of the document.
func (b *BOMDocument) about(rule, component string, args audit.Args) audit.Finding {
	args["component"] = component
	f := b.finding(rule, args)
	f.Subject = audit.Subject{Kind: "module", Name: component}
	return f
}

// judgeForm judges what can be seen in the document alone.
func judgeForm(p *audit.Pass, b *BOMDocument) {
	if b.Valid == TriNo {
		p.Report(b.finding("bom/invalid", audit.Args{"format": b.Format, "error": firstLine(b.Invalid)}))
	}
	if b.Unchanged == TriNo {
		p.Report(b.finding("bom/altered", audit.Args{"id": b.ID}))
	}
	rules := map[string][]string{}
	for _, d := range b.Defects {
		rule := "bom/malformed"
		if d.Kind == sbom.Unreachable || d.Kind == sbom.NoRoot {
			rule = "bom/unreachable"
		}
		text := string(d.Kind)
		if d.Name+d.Detail != "" {
			text += ": " + strings.TrimSpace(d.Name+" "+d.Detail)
		}
		rules[rule] = append(rules[rule], text)
	}
	for _, rule := range []string{"bom/malformed", "bom/unreachable"} {
		if defects := rules[rule]; defects != nil {
			p.Report(b.finding(rule, audit.Args{"count": len(defects), "defects": first(defects, maxNamed)}))
		}
	}
}

func firstLine(s string) string {
	s, _, _ = strings.Cut(s, "\n")
	return s
}

// judgeProfiles judges the document by what authorities ask for.
func judgeProfiles(p *audit.Pass, b *BOMDocument) error {
	for id := range strings.SplitSeq(p.Settings[SettingBOMProfiles], ",") {
		if id == "" {
			continue
		}
		profile, err := authority.Find(id)
		if err != nil {
			return err
		}
		results := profile.Judge(b.doc, b.carrier())
		b.Profiles = append(b.Profiles, BOMProfile{ID: id, Title: audit.Text(profile.Title), Verdict: authority.Verdict(results), Clauses: results})
		for _, r := range results {
			rule := ""
			switch {
			case r.Outcome != authority.Broken:
				continue
			case r.Level == authority.Must || r.Level == authority.Conditional:
				rule = "bom/clause-violated"
			case r.Level == authority.Should:
				rule = "bom/clause-missed"
			default:
				continue
			}
			f := b.finding(rule, audit.Args{
				"profile": id, "clause": r.Key, "requirement": audit.Text(r.Clause.Text), "count": r.Lacking, "of": r.Judged, "lacking": lacking(r),
			})
			f.Subject = audit.Subject{Kind: "clause", Name: b.File + " " + id + " " + r.Key}
			p.Report(f)
		}
	}
	return nil
}

// lacking names what a clause finds lacking.
func lacking(r authority.Result) []string {
	var out []string
	for _, s := range r.Missing {
		name := cmp.Or(s.Name, "document")
		text := string(s.What) + ": " + name
		if s.Value != "" {
			text += " (" + s.Value + ")"
		}
		out = append(out, text)
	}
	return first(out, maxNamed)
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
