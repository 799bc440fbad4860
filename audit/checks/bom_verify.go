// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package checks

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/mod/module"

	"github.com/goassay/assay/audit"
	"github.com/goassay/assay/audit/goenv"
	"github.com/goassay/assay/audit/modproxy"
	"github.com/goassay/assay/audit/redact"
	"github.com/goassay/assay/sbom"
	"github.com/goassay/assay/sbom/format"
	"github.com/goassay/assay/sbom/license"
	"github.com/goassay/assay/sumdb"
)

// BOMModule is what became of what a document says of a published module
// version.
type BOMModule struct {
	Ref     string   `json:"ref"`
	Module  string   `json:"module"`
	Version string   `json:"version"`
	Hashes  BOMState `json:"hashes"`           // of the zip file
	H1      BOMState `json:"h1"`               // against the zip file
	Proof   BOMState `json:"proof"`            // the claim that the checksum database has H1
	License BOMState `json:"license"`          // concluded, against the files
	Reason  string   `json:"reason,omitempty"` // why something is not checked
}

// BOMState is what became of one thing that a document says.
type BOMState string

// The states.
const (
	BOMNothing    BOMState = "nothing-said" // the document does not say it
	BOMMatches    BOMState = "matches"
	BOMDiffers    BOMState = "differs"
	BOMNotChecked BOMState = "not-checked"
)

// BOMProofs is a bundle of proofs that belongs to a document.
type BOMProofs struct {
	File    string `json:"file"`
	Digest  string `json:"digest,omitempty"`
	Log     string `json:"log,omitempty"`
	Size    int64  `json:"size,omitempty"` // of the tree
	Root    string `json:"root,omitempty"` // base64
	Records int    `json:"records"`
	Error   string `json:"error,omitempty"`
}

// verifyDocument verifies what a document says of modules, and returns what
// remains open.
func verifyDocument(ctx context.Context, p *audit.Pass, b *BOMDocument) (open []string, err error) {
	var components []*sbom.Component
	var modules []module.Version
	for _, c := range b.doc.Components {
		if m, ok := c.ModuleVersion(); ok && c.Property(sbom.PropertyMainModule) == "" && !slices.Contains(b.doc.Roots, c.Ref) {
			components, modules = append(components, c), append(modules, m)
		}
	}
	proofs := readProofs(p, b)
	origins, errs := bomOrigins(ctx, p).Read(ctx, modules)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	for i, c := range components {
		v := BOMModule{Ref: c.Ref, Module: modules[i].Path, Version: modules[i].Version}
		if errs[i] != nil {
			v.Reason = redact.Text(errs[i].Error())
		}
		v.compareZip(p, b, c, origins[i])
		v.compareProof(p, b, c, proofs)
		b.Modules = append(b.Modules, v)
		if slices.Contains([]BOMState{v.Hashes, v.H1, v.Proof, v.License}, BOMNotChecked) {
			open = append(open, b.File+": "+modules[i].String())
		}
	}
	return open, nil
}

// bomOrigins reads zip files from the module cache, if the go command says
// where that is, and from the proxies, if it may.
func bomOrigins(ctx context.Context, p *audit.Pass) *sbom.Origins {
	o := new(sbom.Origins)
	if p.CacheDir != "" {
		o.Store = filepath.Join(p.CacheDir, "sbom")
	}
	env, err := goenv.Read(ctx, goenv.Options{Dir: p.Target.Dir, Environ: p.Environ, Run: p.Exec})
	if err != nil {
		return o
	}
	o.ModCache = env.Raw("GOMODCACHE")
	if chain, err := modproxy.Parse(env.Raw("GOPROXY")); err == nil && !p.Offline && p.Settings[SettingBOMDownload] == "true" {
		o.Download = (&modproxy.Client{Transport: p.HTTP, Chain: chain, NoProxy: env.Raw("GONOPROXY")}).Download
	}
	return o
}

// compareZip compares what is said of a module with its zip file.
func (v *BOMModule) compareZip(p *audit.Pass, b *BOMDocument, c *sbom.Component, or *sbom.Origin) {
	said := slices.Clone(c.Hashes)
	for _, r := range c.References {
		if r.Type == "distribution" || r.Type == "source-distribution" {
			said = append(said, r.Hashes...)
		}
	}
	h1 := c.Property(sbom.PropertyH1)
	v.Hashes, v.H1, v.License = stateOf(len(said) > 0), stateOf(h1 != ""), stateOf(c.License.Concluded != "")
	if or == nil {
		return
	}
	name := v.Module + "@" + v.Version
	compared := false
	for _, h := range said {
		want, known := map[string]string{"SHA-256": or.SHA256, "SHA-512": or.SHA512}[h.Algorithm]
		if !known {
			continue // an algorithm that nobody should rely on alone, or not computed here
		}
		compared = true
		if !sameHex(h.Value, want) {
			v.Hashes = BOMDiffers
			p.Report(b.about("bom/hash-differs", name, audit.Args{"said": h.Algorithm + " " + h.Value, "found": h.Algorithm + " " + want}))
			break
		}
	}
	if compared && v.Hashes != BOMDiffers {
		v.Hashes = BOMMatches
	}
	if h1 != "" {
		if v.H1 = BOMMatches; h1 != or.H1 {
			v.H1 = BOMDiffers
			p.Report(b.about("bom/hash-differs", name, audit.Args{"said": h1, "found": or.H1}))
		}
	}
	if c.License.Concluded != "" {
		found := or.Concludes(c)
		if v.License = BOMMatches; !license.Equivalent(c.License.Concluded, found) {
			v.License = BOMDiffers
			p.Report(b.about("bom/license-differs", name, audit.Args{"said": c.License.Concluded, "found": found}))
		}
	}
}

func stateOf(said bool) BOMState {
	if said {
		return BOMNotChecked
	}
	return BOMNothing
}

func sameHex(a, b string) bool {
	x, err1 := hex.DecodeString(a)
	y, err2 := hex.DecodeString(b)
	return errors.Join(err1, err2) == nil && string(x) == string(y)
}

// provenRecords is what a verified bundle shows.
type provenRecords struct {
	checked *sumdb.Checked
	ids     map[string]int64 // of records, by module version
}

// readProofs reads and verifies the bundle of proofs of a document.
func readProofs(p *audit.Pass, b *BOMDocument) *provenRecords {
	name, want := p.Settings[SettingBOMProofs], ""
	if name == "" {
		if name, want = namedProofs(b.doc); name == "" {
			return nil
		}
		name = filepath.Join(filepath.Dir(b.path), name)
	}
	b.Proofs = &BOMProofs{File: nameIn(p.Target.Dir, name)}
	invalid := func(err error) *provenRecords {
		b.Proofs.Error = err.Error()
		p.Report(b.finding("bom/proofs-invalid", audit.Args{"proofs": b.Proofs.File, "error": firstLine(err.Error())}))
		return nil
	}
	data, err := format.ReadFile(name)
	if err != nil {
		b.Proofs.Error = err.Error() // and each proof remains unchecked
		return nil
	}
	b.Proofs.Digest = p.Evidence("sumdb-bundle", data)
	if want != "" && strings.TrimPrefix(b.Proofs.Digest, "sha256:") != strings.ToLower(want) {
		return invalid(fmt.Errorf("the document names a file with the hash %s, and it has %s", want, b.Proofs.Digest))
	}
	checked, err := sumdb.CheckEvidence(data, bomLogs(p))
	if err != nil {
		return invalid(err)
	}
	if checked.Head == nil {
		return invalid(errors.New("it shows that the log has forked"))
	}
	b.Proofs.Log, b.Proofs.Size, b.Proofs.Root, b.Proofs.Records = checked.Log.Name, checked.Head.Size, checked.Head.Root.String(), checked.Records
	proven := &provenRecords{checked: checked, ids: map[string]int64{}}
	bundle := new(sumdb.Bundle)
	if bundle.UnmarshalText(data) == nil {
		for _, r := range bundle.Records {
			mod, version, _ := strings.Cut(strings.SplitN(string(r.Text), "\n", 2)[0], " ")
			version, _, _ = strings.Cut(version, " ")
			proven.ids[mod+"@"+version] = r.ID
		}
	}
	return proven
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
func bomLogs(p *audit.Pass) []*sumdb.Log {
	names := []string{"sum.golang.org"}
	for _, e := range p.Environ {
		if v, ok := strings.CutPrefix(e, "GOSUMDB="); ok {
			names = append(names, v)
		}
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
// the bundle. Without one, it is left to the check sumdb.
func (v *BOMModule) compareProof(p *audit.Pass, b *BOMDocument, c *sbom.Component, proven *provenRecords) {
	h1, state := c.Property(sbom.PropertyH1), c.Property(sbom.PropertyProof)
	if state != string(Verified) {
		v.Proof = BOMNothing
		return
	}
	if v.Proof = BOMNotChecked; proven == nil {
		if b.Proofs == nil {
			v.Proof = BOMNothing // nothing that belongs to the document shows it: SumDB asks the log
		}
		return
	}
	m := module.Version{Path: v.Module, Version: v.Version}
	lines := proven.checked.Record(m)
	differs := func(found string) {
		v.Proof = BOMDiffers
		p.Report(b.about("bom/proof-differs", m.String(), audit.Args{"said": h1, "found": found}))
	}
	id, known := proven.ids[m.String()]
	switch said := c.Property(sbom.PropertyRecord); {
	case lines == nil:
		differs("no record")
	case !slices.Contains(lines, m.Path+" "+m.Version+" "+h1):
		differs(strings.Join(lines, "; "))
	case said != "" && known && said != strconv.FormatInt(id, 10):
		differs("record " + strconv.FormatInt(id, 10))
	default:
		v.Proof = BOMMatches
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
