// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package checks

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/goassay/assay/audit"
	"github.com/goassay/assay/sbom"
	"github.com/goassay/assay/sbom/authority"
	"github.com/goassay/assay/sumdb"
)

// judge says what the facts come to. All findings follow from them.
func (facts *BOMFacts) judge() ([]audit.Finding, error) {
	var findings []audit.Finding
	var unread, open []string
	for i := range facts.Documents {
		b := &facts.Documents[i]
		if b.Error != "" {
			unread = append(unread, b.File+": "+b.Error)
			continue
		}
		if b.Valid == TriUnknown { // of its version there is no schema here
			open = append(open, b.File+": "+b.Format)
		}
		findings = append(findings, b.judgeForm()...)
		if sig := b.Signature; sig != nil {
			switch sig.State {
			case BOMDiffers:
				findings = append(findings, b.finding("bom/signature-invalid", audit.Args{"attestation": sig.File, "error": firstLine(sig.Error)}))
			case BOMNotChecked:
				open = append(open, b.File+": "+sig.File)
			}
		}
		findings = append(findings, b.judgeProfiles()...)
		for _, profile := range b.Profiles {
			if profile.Verdict == authority.Unknown {
				open = append(open, b.File+": "+profile.ID)
			}
		}
		if facts.Verified {
			findings = append(findings, b.judgeModules()...)
			open = append(open, b.open()...)
		}
	}
	switch {
	case len(unread) > 0:
		return findings, audit.NotAssessed("bom/unread", audit.Args{"count": len(unread), "files": first(unread, maxNamed)})
	case len(open) > 0:
		return findings, audit.NotAssessed("bom/open", audit.Args{"count": len(open), "what": first(open, maxNamed)})
	}
	return findings, nil
}

// open lists what the document says and nothing was held against.
func (b *BOMDocument) open() []string {
	var out []string
	if len(b.Modules) == 0 && len(b.Unverified) == 0 { // what lists nothing is not verified
		out = append(out, b.File)
	}
	for _, m := range b.Modules {
		said := []BOMState{m.Hashes, m.H1, m.Proof, m.License}
		if slices.Contains(said, BOMNotChecked) || m.Hashes == BOMNothing && m.H1 == BOMNothing {
			out = append(out, b.File+": "+m.name())
		}
	}
	for _, u := range b.Unverified {
		out = append(out, b.File+": "+cmp.Or(u.Name, string(u.Why)))
	}
	if b.Proofs != nil && b.Proofs.Error != "" && !b.Proofs.Invalid {
		out = append(out, b.File+": "+b.Proofs.File)
	}
	return out
}

// judgeModules judges what differs from what a document says.
func (b *BOMDocument) judgeModules() []audit.Finding {
	var out []audit.Finding
	for _, m := range b.Modules {
		for _, d := range m.Differences {
			out = append(out, b.about(d.Rule, m.name(), audit.Args{"said": d.Said, "found": d.Found}))
		}
	}
	if b.Proofs == nil {
		return out
	}
	if b.Proofs.Invalid {
		out = append(out, b.finding("bom/proofs-invalid", audit.Args{"proofs": b.Proofs.File, "error": firstLine(b.Proofs.Error)}))
	}
	if b.Proofs.Checkpoint == BOMDiffers {
		found := fmt.Sprintf("%s %d %s", b.Proofs.Log, b.Proofs.Size, b.Proofs.Root)
		out = append(out, b.finding("bom/checkpoint-differs", audit.Args{"said": b.Proofs.Said, "found": found}))
	}
	return out
}

// finding is a finding about the document. Every message may name the {file}.
func (b *BOMDocument) finding(rule string, args audit.Args) audit.Finding {
	if args == nil {
		args = audit.Args{}
	}
	args["file"] = b.File
	return audit.Finding{
		Rule: rule, Subject: audit.Subject{Kind: "document", Name: b.File}, Args: args, Evidence: []string{b.Digest}, Location: locationAt(b.place),
	}
}

// about is a finding about a component of the document.
func (b *BOMDocument) about(rule, component string, args audit.Args) audit.Finding {
	args["component"] = component
	f := b.finding(rule, args)
	f.Subject = audit.Subject{Kind: "module", Name: component}
	return f
}

// judgeForm judges what can be seen in the document alone.
func (b *BOMDocument) judgeForm() []audit.Finding {
	var out []audit.Finding
	if b.Valid == TriNo {
		out = append(out, b.finding("bom/invalid", audit.Args{"format": b.Format, "error": firstLine(b.Invalid)}))
	}
	if b.Unchanged == TriNo {
		out = append(out, b.finding("bom/altered", audit.Args{"id": b.ID}))
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
			out = append(out, b.finding(rule, audit.Args{"count": len(defects), "defects": first(defects, maxNamed)}))
		}
	}
	return out
}

func firstLine(s string) string {
	s, _, _ = strings.Cut(s, "\n")
	return s
}

// judgeProfiles judges what authorities ask for.
func (b *BOMDocument) judgeProfiles() []audit.Finding {
	var out []audit.Finding
	for _, profile := range b.Profiles {
		for _, r := range profile.Clauses {
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
			var requirement audit.Text
			if r.Clause != nil { // it is not stored
				requirement = audit.Text(r.Clause.Text)
			}
			f := b.finding(rule, audit.Args{
				"profile": profile.ID, "clause": r.Key, "requirement": requirement, "count": r.Lacking, "of": r.Judged, "lacking": lacking(r),
			})
			f.Subject = audit.Subject{Kind: "clause", Name: b.File + " " + profile.ID + " " + r.Key}
			out = append(out, f)
		}
	}
	return out
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

// concludeBOM derives from stored facts what was to be reported.
func concludeBOM(stored json.RawMessage) ([]audit.Finding, error) {
	facts := new(BOMFacts)
	if err := json.Unmarshal(stored, facts); err != nil {
		return nil, err
	}
	return facts.judge()
}

// recheckBOM reads the stored documents and bundles again. Zip files are no
// evidence: what was found of them is the report's word.
func recheckBOM(stored json.RawMessage, evidence func(string) ([]byte, error)) error {
	facts := new(BOMFacts)
	if err := json.Unmarshal(stored, facts); err != nil {
		return err
	}
	var errs []error
	for i := range facts.Documents {
		if err := facts.Documents[i].recheck(evidence); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", facts.Documents[i].File, err))
		}
	}
	return errors.Join(errs...)
}

func (b *BOMDocument) recheck(evidence func(string) ([]byte, error)) error {
	if b.Digest == "" {
		if b.Error == "" {
			return errors.New("read without evidence")
		}
		return nil
	}
	data, err := evidence(b.Digest)
	if err != nil {
		return err
	}
	again := BOMDocument{Valid: TriUnknown, Unchanged: TriUnknown}
	again.read(data)
	if (again.Error == "") != (b.Error == "") {
		return fmt.Errorf("read again: %q, the report says %q", again.Error, b.Error)
	}
	var profiles []string
	for _, p := range b.Profiles {
		profiles = append(profiles, p.ID)
	}
	if again.doc == nil {
		return nil
	}
	if err := again.profiles(strings.Join(profiles, ",")); err != nil {
		return err
	}
	form := func(d *BOMDocument) any {
		return []any{d.Format, d.ID, d.Components, d.Valid, d.Unchanged, d.Tools, d.Defects, verdicts(d.Profiles)}
	}
	if !reflect.DeepEqual(form(&again), form(b)) {
		return errors.New("the document is not what the report says of it")
	}
	for _, m := range b.Modules {
		if again.doc.Component(m.Ref) == nil {
			return fmt.Errorf("no component %.200q", m.Ref)
		}
	}
	return b.Proofs.recheck(evidence)
}

// verdicts are what profiles come to, in a form that storing does not change.
func verdicts(profiles []BOMProfile) []string {
	var out []string
	for _, p := range profiles {
		out = append(out, p.ID+" "+string(p.Verdict))
		for _, c := range p.Clauses {
			out = append(out, fmt.Sprint(c.Key, c.Level, c.Outcome, c.Judged, c.Lacking, c.Undecided))
		}
	}
	return out
}

func (b *BOMProofs) recheck(evidence func(string) ([]byte, error)) error {
	if b == nil || b.Error != "" {
		return nil
	}
	data, err := evidence(b.Evidence)
	if err != nil {
		return err
	}
	log, err := sumdb.ParseLog(b.Key)
	if err != nil {
		return err
	}
	checked, err := sumdb.CheckEvidence(data, []*sumdb.Log{log})
	if err != nil {
		return err
	}
	if checked.Head == nil || checked.Head.Size != b.Size || checked.Head.Root.String() != b.Root || checked.Records != b.Records {
		return errors.New("the bundle is not what the report says of it")
	}
	return nil
}
