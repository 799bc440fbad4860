// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package checks

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/goassay/assay/audit"
	"github.com/goassay/assay/sumdb"
)

// SumDBEvidence makes a file of evidence out of the facts of [SumDB] and what
// the run kept: a proof where one module version alone was named, else a
// bundle. Executables of the target are read again, for the digests of the files.
// It is an error if a hash differs, if nothing was proven, if an executable was
// changed meanwhile, or if several logs answered: a bundle leads to one tree head.
func SumDBEvidence(ctx context.Context, t *audit.Target, facts *SumDBFacts, seen time.Time, kept func(digest string) []byte) ([]byte, error) {
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
	subjects, err := subjectsOf(ctx, t, facts, answers, records, kept)
	if err != nil {
		return nil, err
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

// subjectsOf lists what carries hashes. A file without any is no subject.
func subjectsOf(ctx context.Context, t *audit.Target, facts *SumDBFacts, answers map[moduleVersion]SumDBModule, records map[moduleVersion]*sumdb.Record, kept func(string) []byte) ([]sumdb.Subject, error) {
	binaries, err := readBinaries(ctx, t)
	if err != nil {
		return nil, err
	}
	var out []sumdb.Subject
	seen := map[SumDBFile]bool{} // a go.sum may be named, and that of the module too
	for _, f := range facts.Files {
		if f.Lines == 0 || seen[f] {
			continue
		}
		seen[f] = true
		s, err := parseSource(f.Kind, f.File, kept(f.Evidence))
		if err != nil {
			return nil, err
		}
		subject := sumdb.Subject{Kind: string(f.Kind), Name: f.File}
		switch f.Kind {
		case SourceSum:
			subject.Digest = f.Evidence // of the file, byte for byte
		case SourceBinary:
			if subject.Digest, err = binaryDigest(binaries, f); err != nil {
				return nil, err
			}
		case SourceNamed:
			subject.Digest = sumdb.NoDigest
		default:
			return nil, fmt.Errorf("%s: evidence of what is of kind %s cannot be checked again", f.File, f.Kind)
		}
		if err := fillSubject(&subject, s, answers, records); err != nil {
			return nil, err
		}
		out = append(out, subject)
	}
	return out, nil
}

// fillSubject sorts the hashes of one source into those that a record proves
// and the others.
func fillSubject(out *sumdb.Subject, s sumSource, answers map[moduleVersion]SumDBModule, records map[moduleVersion]*sumdb.Record) error {
	hashes, err := sourceHashes(s)
	for _, h := range hashes {
		v := moduleVersion{Path: h.Module, Version: h.Version}
		state, reason := NotChecked, h.reason
		if reason == "" {
			state, reason = judgeClaim(v, claim{h.SumLine, s.Kind, ""}, sumAnswer{record: records[v], state: NotChecked, reason: answers[v].Reason})
		}
		switch {
		case state == Verified:
			out.Lines = append(out.Lines, h.text)
		case reason == "":
			out.Unproven = append(out.Unproven, sumdb.Unproven{Reason: string(state), Line: h.text})
		default:
			out.Unproven = append(out.Unproven, sumdb.Unproven{Reason: reason, Line: h.text})
		}
	}
	return err
}
