// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package checks

import (
	"errors"
	"fmt"
	"time"

	"github.com/goassay/assay/sumdb"
)

// SumDBEvidence makes a file of evidence out of the facts of [SumDB] and what
// the run kept: a proof where one module version alone was named, else a
// bundle. It is an error if a hash differs, if nothing was proven, or if several
// logs answered: a bundle leads to one tree head.
func SumDBEvidence(facts *SumDBFacts, seen time.Time, kept func(digest string) []byte) ([]byte, error) {
	var proofs []*sumdb.Proof
	answers := map[moduleVersion]SumDBModule{}
	records := map[moduleVersion]*sumdb.Record{}
	log := ""
	for _, m := range facts.Modules {
		v := moduleVersion{Path: m.Module, Version: m.Version}
		answers[v] = m
		if m.State == Mismatch {
			return nil, fmt.Errorf("the hash of %s differs from the log's", v)
		}
		if m.Evidence == "" {
			continue
		}
		if log != "" && log != m.Log {
			return nil, errors.New("several logs answered: prove what each of them says by itself")
		}
		log = m.Log
		p := new(sumdb.Proof)
		if err := p.UnmarshalText(kept(m.Evidence)); err != nil {
			return nil, fmt.Errorf("%s: %w", v, err)
		}
		proofs = append(proofs, p)
		records[v] = &sumdb.Record{ID: p.ID, Text: p.Text, Proof: p}
	}
	if len(proofs) == 0 {
		return nil, errors.New("nothing was proven")
	}
	if len(facts.Files) == 1 && facts.Files[0].Kind == SourceNamed && len(facts.Modules) == 1 {
		return proofs[0].MarshalText()
	}
	var subjects []sumdb.Subject
	for _, f := range facts.Files {
		s, err := parseSource(f.Kind, f.File, kept(f.Evidence))
		if err != nil {
			return nil, err
		}
		subjects = append(subjects, subjectOf(f, s, answers, records))
	}
	for _, l := range facts.Logs {
		if l.Name != log {
			continue
		}
		parsed, err := sumdb.ParseLog(l.Key)
		if err != nil {
			return nil, err
		}
		if l.Before == l.Size && !l.Since.IsZero() {
			seen = l.Since // this run saw it again, or not at all
		}
		b, err := sumdb.NewBundle(parsed, proofs, subjects, seen)
		if err != nil {
			return nil, err
		}
		if _, err := b.Verify(parsed); err != nil { // what is handed over was tried
			return nil, err
		}
		return b.MarshalText()
	}
	return nil, fmt.Errorf("no log called %s", log)
}

// subjectOf sorts the hashes of one source into those that a record proves and
// the others.
func subjectOf(f SumDBFile, s sumSource, answers map[moduleVersion]SumDBModule, records map[moduleVersion]*sumdb.Record) sumdb.Subject {
	out := sumdb.Subject{Kind: string(f.Kind), Digest: f.Evidence, Name: f.File}
	for _, l := range append(s.Lines, s.Unproven...) {
		v := moduleVersion{Path: l.Module, Version: l.Version}
		a := sumAnswer{record: records[v], state: NotChecked, reason: answers[v].Reason}
		state, reason := judgeClaim(v, claim{l, f.Kind}, a)
		switch {
		case state == Verified:
			out.Lines = append(out.Lines, sumText3(l))
		case reason == "":
			out.Unproven = append(out.Unproven, sumdb.Unproven{Reason: string(state), Line: sumText3(l)})
		default:
			out.Unproven = append(out.Unproven, sumdb.Unproven{Reason: reason, Line: sumText3(l)})
		}
	}
	for range leftOut(s.Problems) {
		out.Unproven = append(out.Unproven, sumdb.Unproven{Reason: reasonMalformed, Line: "a line that cannot be read"})
	}
	return out
}
