// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package checks

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/mod/module"

	"github.com/goassay/assay/audit"
	"github.com/goassay/assay/audit/goenv"
	"github.com/goassay/assay/sbom"
	"github.com/goassay/assay/sbom/format"
	"github.com/goassay/assay/sumdb"
)

// BOMProofs is a bundle of proofs that belongs to a document.
type BOMProofs struct {
	File       string   `json:"file"`
	Digest     string   `json:"digest,omitempty"`   // of the file
	Evidence   string   `json:"evidence,omitempty"` // the same, if it holds: other files are not kept
	Log        string   `json:"log,omitempty"`
	Key        string   `json:"key,omitempty"`  // of the log: name+hash+key
	Size       int64    `json:"size,omitempty"` // of the tree
	Root       string   `json:"root,omitempty"` // base64
	Records    int      `json:"records"`
	Checkpoint BOMState `json:"checkpoint"` // that the document names, against Size and Root
	Said       string   `json:"said,omitempty"`
	Error      string   `json:"error,omitempty"`
	Invalid    bool     `json:"invalid,omitempty"` // it was read and does not hold
}

// provenRecords is what a verified bundle shows.
type provenRecords struct {
	checked *sumdb.Checked
	ids     map[string]int64 // of records, by module version
	other   bool             // not the bundle that the document names
}

// readProofs reads and verifies the bundle of proofs of a document.
func readProofs(p *audit.Pass, b *BOMDocument, env *goenv.Env) *provenRecords {
	named, want := namedProofs(b.doc)
	name := p.Settings[SettingBOMProofs]
	read := func() ([]byte, error) { return format.ReadFile(name) }
	own := name == ""
	if own {
		if named == "" {
			return nil
		}
		name = filepath.Join(filepath.Dir(b.path), named)
		read = func() ([]byte, error) { return sbom.ReadBeside(b.path, named) }
	}
	b.Proofs = &BOMProofs{File: nameIn(p.Target.Dir, name), Checkpoint: BOMNothing}
	data, err := read()
	if err != nil {
		b.Proofs.Error = err.Error() // and each proof remains unchecked
		return nil
	}
	b.Proofs.Digest = audit.Digest(data)
	other := named != "" && b.Proofs.Digest != "sha256:"+strings.ToLower(want)
	if own && other {
		err = fmt.Errorf("the document names a file with the hash %.100s, and it has %s", want, b.Proofs.Digest)
	}
	var checked *sumdb.Checked
	if err == nil {
		checked, err = sumdb.CheckEvidence(data, bomLogs(p, env))
	}
	if err == nil && checked.Head == nil {
		err = errors.New("it shows that the log has forked")
	}
	if err != nil { // what is no evidence, which may be any file, is not kept
		b.Proofs.Error, b.Proofs.Invalid = err.Error(), true
		return nil
	}
	b.Proofs.Evidence = p.Evidence("sumdb-bundle", data)
	b.Proofs.fill(checked)
	b.Proofs.compareCheckpoint(b.doc)
	proven := &provenRecords{checked: checked, ids: map[string]int64{}, other: other}
	proven.number(data)
	return proven
}

func (b *BOMProofs) fill(c *sumdb.Checked) {
	b.Log, b.Key, b.Size, b.Root, b.Records = c.Log.Name, c.Log.Key, c.Head.Size, c.Head.Root.String(), c.Records
}

// compareCheckpoint compares the checkpoint that the document names with the head
// to which the proofs lead.
func (b *BOMProofs) compareCheckpoint(d *sbom.Document) {
	head := fmt.Sprintf("%s %d %s", b.Log, b.Size, b.Root)
	for _, p := range d.Properties {
		if p.Name != sbom.PropertyCheckpoint {
			continue
		}
		switch name, _, _ := strings.Cut(p.Value, " "); {
		case p.Value == head && b.Checkpoint != BOMDiffers:
			b.Checkpoint, b.Said = BOMMatches, p.Value
		case name == b.Log && p.Value != head, b.Checkpoint == BOMNothing:
			b.Checkpoint, b.Said = BOMDiffers, p.Value
		}
	}
}

// number takes the numbers of the records in the log.
func (r *provenRecords) number(data []byte) {
	evidence, err := sumdb.OpenEvidence(data)
	if err != nil {
		return
	}
	add := func(id int64, text []byte) {
		words := strings.Fields(strings.SplitN(string(text), "\n", 2)[0])
		if len(words) == 3 {
			r.ids[words[0]+"@"+strings.TrimSuffix(words[1], "/go.mod")] = id
		}
	}
	switch e := evidence.(type) {
	case *sumdb.Bundle:
		for _, record := range e.Records {
			add(record.ID, record.Text)
		}
	case *sumdb.Proof:
		add(e.ID, e.Text)
	}
}

// namedProofs returns the file of proofs that a document names beside itself,
// and its SHA-256 hash.
func namedProofs(d *sbom.Document) (file, sha256 string) {
	for _, r := range d.References {
		if r.Type != "evidence" && r.Type != "attestation" || !strings.HasSuffix(r.URL, ".proofs") || !filepath.IsLocal(r.URL) || strings.ContainsAny(r.URL, `/\:`) {
			continue
		}
		for _, h := range r.Hashes {
			if h.Algorithm == "SHA-256" {
				return r.URL, h.Value
			}
		}
	}
	return "", ""
}

// bomLogs are the logs that are trusted: that of GOSUMDB, the one known by name, and the policy's.
func bomLogs(p *audit.Pass, env *goenv.Env) []*sumdb.Log {
	names := []string{"sum.golang.org"}
	if env != nil {
		names = append(names, env.Raw("GOSUMDB"))
	}
	for _, l := range p.Policy.SumDB.Logs {
		names = append(names, l.GOSUMDB)
	}
	var logs []*sumdb.Log
	for _, name := range names {
		if log, err := sumdb.ParseLog(name); err == nil {
			logs = append(logs, log)
		}
	}
	return logs
}

// compareProof compares the claim that the checksum database has a hash with
// the bundle or, where there is none, with what the checksum database said.
func (v *bomVerifier) compareProof(m *BOMModule, c *sbom.Component) {
	h1, claimed := c.Property(sbom.PropertyH1), c.Property(sbom.PropertyProof) == string(Verified)
	record, log := c.Property(sbom.PropertyRecord), c.Property(sbom.PropertyLog)
	switch {
	case !claimed && record == "":
		m.Proof = BOMNothing
		v.contradicted(m, h1)
	case h1 == "":
		m.Proof = m.differs("bom/proof-differs", string(Verified), "no-hash")
	case v.proofs != nil:
		m.compareBundle(v.proofs, h1, record, log)
	case v.document.Proofs == nil && v.log != nil:
		m.compareLog(v.log, h1, record, log)
	default:
		m.Proof = BOMNotChecked
	}
}

// contradicted finds a hash for which no proof is claimed, and which the bundle
// refutes.
func (v *bomVerifier) contradicted(m *BOMModule, h1 string) {
	if v.proofs == nil || h1 == "" {
		return
	}
	lines := v.proofs.checked.Record(module.Version{Path: m.Module, Version: m.Version})
	if lines != nil && !slices.Contains(lines, m.Module+" "+m.Version+" "+h1) {
		m.Proof = m.differs("bom/proof-differs", h1, strings.Join(lines, "; "))
	}
}

func (m *BOMModule) compareBundle(proven *provenRecords, h1, record, log string) {
	lines := proven.checked.Record(module.Version{Path: m.Module, Version: m.Version})
	id, known := proven.ids[m.name()]
	switch {
	case lines == nil:
		m.Proof = m.differs("bom/proof-differs", h1, "no-record")
	case !slices.Contains(lines, m.Module+" "+m.Version+" "+h1):
		m.Proof = m.differs("bom/proof-differs", h1, strings.Join(lines, "; "))
	case record != "" && (!known || record != strconv.FormatInt(id, 10)):
		m.Proof = m.differs("bom/proof-differs", "record "+record, "other-record: "+strconv.FormatInt(id, 10))
	case log != "" && log != proven.checked.Log.Name:
		m.Proof = m.differs("bom/proof-differs", log, "other-log: "+proven.checked.Log.Name)
	default:
		m.Proof = BOMMatches
	}
}

func (m *BOMModule) compareLog(facts *SumDBFacts, h1, record, log string) {
	i := slices.IndexFunc(facts.Modules, func(s SumDBModule) bool { return s.Module == m.Module && s.Version == m.Version })
	if i < 0 {
		m.Proof = BOMNotChecked
		return
	}
	switch s := facts.Modules[i]; {
	case s.State == Mismatch:
		m.Proof = m.differs("bom/proof-differs", h1, "other-hash")
	case s.State == NotLogged:
		m.Proof = m.differs("bom/proof-differs", h1, "no-record")
	case s.State != Verified, log != "" && log != s.Log: // the hash of a private module nobody was asked about
		m.Proof, m.Reason = BOMNotChecked, s.Reason
	case record != "" && s.Record != nil && record != strconv.FormatInt(*s.Record, 10):
		m.Proof = m.differs("bom/proof-differs", "record "+record, "other-record: "+strconv.FormatInt(*s.Record, 10))
	default:
		m.Proof = BOMMatches
	}
}

// BOMNeedsLog reports whether files of bills of materials carry h1: hashes of
// which no bundle of proofs beside them tells: the log has to be asked.
func BOMNeedsLog(files []string) bool {
	return slices.ContainsFunc(files, func(name string) bool {
		data, err := format.ReadFile(name)
		if err != nil {
			return false
		}
		doc, _, err := format.Read(data)
		if err != nil {
			return false
		}
		proofs, _ := namedProofs(doc)
		return proofs == "" && (&BOMDocument{doc: doc}).sumLines() != nil
	})
}
