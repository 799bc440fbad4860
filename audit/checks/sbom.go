// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package checks

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/goassay/assay/audit"
	"github.com/goassay/assay/audit/gocmd"
	"github.com/goassay/assay/audit/redact"
	"github.com/goassay/assay/sbom"
	"github.com/goassay/assay/sbom/cyclonedx"
)

// SBOM makes bills of materials: of the programs of the target's modules, or of
// the modules as libraries if they have none, and of its executables. It judges
// whether they can stand as evidence.
var SBOM = &audit.Check{
	ID:       "sbom",
	Needs:    audit.GoCommand,
	Requires: []*audit.Check{Env, listing, executables, SumDB},
	Applies:  func(t *audit.Target) bool { return t.ModFile != "" || t.WorkFile != "" || hasBinaries(t) },
	Run:      runSBOM,
	Recheck:  recheckSBOM,
}

// SBOMFacts are the facts of [SBOM].
type SBOMFacts struct {
	Target      *sbom.Target     `json:"target,omitempty"` // of the source
	Vendored    bool             `json:"vendored"`
	Products    []SBOMProduct    `json:"products"` // one for each main module with packages
	Executables []SBOMExecutable `json:"executables,omitempty"`
	Components  []SBOMComponent  `json:"components"` // without roots and standard library
	Counts      SBOMCounts       `json:"counts"`
	Failures    []sbom.Failure   `json:"failures,omitempty"` // patterns that name no package
	Documents   []SBOMDocument   `json:"documents"`
}

// SBOMDocument is a bill of materials.
type SBOMDocument struct {
	Subject    string `json:"subject"` // source or executables
	Components int    `json:"components"`
	Complete   bool   `json:"complete"` // nothing is known to be missing
	Evidence   string `json:"evidence"` // digest of the document, in CycloneDX JSON
}

// SBOMProduct is what is made of one main module.
type SBOMProduct struct {
	Module   string         `json:"module"`
	Version  string         `json:"version,omitempty"` // by which the go command stamps programs; empty: unknown
	Kind     string         `json:"kind"`              // application or library
	Complete bool           `json:"complete"`
	Programs []SBOMProgram  `json:"programs"`
	Revision *sbom.Revision `json:"revision,omitempty"`
	Modules  int            `json:"modules"`            // that it contains, without the main module
	Excluded int            `json:"excluded,omitempty"` // of those, needed by tests and tools alone
	Failures []sbom.Failure `json:"failures,omitempty"`
}

// SBOMProgram is a main package.
type SBOMProgram struct {
	Package string `json:"package"`
	Modules int    `json:"modules"` // that provide packages to it, without the main module
}

// SBOMExecutable is an executable.
type SBOMExecutable struct {
	File     string `json:"file"`
	Module   string `json:"module,omitempty"` // its main module
	Version  string `json:"version,omitempty"`
	Modules  int    `json:"modules"`            // that it contains, without the main module
	Inferred bool   `json:"inferred,omitempty"` // it records none: they follow from import paths, and their versions are unknown

	Source *SBOMSource `json:"source,omitempty"` // how it compares with the source that was named
}

// SBOMComponent is a module that is contained.
type SBOMComponent struct {
	Ref      string        `json:"ref"` // in the document
	Document int           `json:"document"`
	Module   string        `json:"module"`
	Version  string        `json:"version,omitempty"`
	PURL     string        `json:"purl"`
	H1       string        `json:"h1,omitempty"`
	Replaced []string      `json:"replaced,omitempty"`
	Local    sbom.Locality `json:"local,omitempty"`
	Use      string        `json:"use,omitempty"`     // test or tool: it is no part of the product
	SHA512   string        `json:"sha512,omitempty"`  // of the zip file
	License  string        `json:"license,omitempty"` // concluded
	Proof    string        `json:"proof,omitempty"`   // what the checksum database says of H1
	NoZip    string        `json:"no_zip,omitempty"`  // why the zip file could not be read
}

// SBOMCounts are counts of components.
type SBOMCounts struct {
	Components     int `json:"components"`
	Local          int `json:"local"`
	WithH1         int `json:"with_h1"`
	WithoutH1      int `json:"without_h1"` // among those that are not local
	Verified       int `json:"verified"`   // whose H1 the checksum database has, proven
	WithHashes     int `json:"with_hashes"`
	WithLicense    int `json:"with_license"`
	VersionUnknown int `json:"version_unknown"` // that are not local
}

func runSBOM(ctx context.Context, p *audit.Pass) (any, error) {
	meta, err := sbomMetadata(p)
	if err != nil {
		return nil, err
	}
	r := &sbomRun{
		Pass: p, meta: meta, env: audit.Facts[*EnvFacts](p, Env), sumdb: audit.Facts[*SumDBFacts](p, SumDB),
		listed: audit.Facts[*listed](p, listing), measured: audit.Facts[*measured](p, executables),
		facts: &SBOMFacts{Products: []SBOMProduct{}, Components: []SBOMComponent{}, Documents: []SBOMDocument{}},
	}
	if r.listed.err != nil {
		return nil, unlisted(p, r.listed.err)
	}
	if r.listed.listing != nil {
		if err := r.source(ctx); err != nil {
			return nil, err
		}
	}
	if hasBinaries(p.Target) {
		if err := r.executables(ctx); err != nil {
			return nil, err
		}
	}
	r.reportComponents()
	return r.facts, r.open()
}

// sbomRun makes the documents of one run.
type sbomRun struct {
	*audit.Pass
	meta     sbom.Metadata
	env      *EnvFacts
	sumdb    *SumDBFacts
	listed   *listed
	measured *measured
	facts    *SBOMFacts
	unread   []string // executables

	uncompared []string // executables, and why they could not be compared with the source
}

// source makes the document of the target's modules.
func (r *sbomRun) source(ctx context.Context) error {
	l, f := r.listed.listing, r.facts
	f.Target, f.Vendored, f.Failures = &l.Target, l.Vendored, redactFailures(l.Failures)
	complete := len(f.Failures) == 0
	for _, product := range r.listed.products {
		s := newSBOMProduct(product, r.listed.revisions[product.Root.Path])
		complete = complete && s.Complete
		f.Products = append(f.Products, s)
	}
	if len(f.Products) == 0 {
		return nil
	}
	d := l.Document(r.listed.products, r.meta)
	for _, product := range r.listed.products {
		if rev := r.listed.revisions[product.Root.Path]; rev != nil {
			d.Component(product.Root.String()).DescribeRevision(rev, redact.URL(rev.Remote))
		}
	}
	return r.finish(ctx, "source", d, complete)
}

func newSBOMProduct(p *sbom.Product, rev *sbom.Revision) SBOMProduct {
	f := SBOMProduct{
		Module:   p.Root.Path,
		Version:  p.Root.Version,
		Kind:     "application",
		Complete: len(p.Failures) == 0,
		Programs: []SBOMProgram{},
		Revision: rev,
		Modules:  len(p.Modules),
		Failures: redactFailures(p.Failures),
	}
	if p.Library() {
		f.Kind = "library"
	}
	for _, m := range p.Programs {
		f.Programs = append(f.Programs, SBOMProgram{Package: m.Package, Modules: len(m.Modules)})
	}
	for _, m := range p.Modules {
		if p.Use(m) != "" {
			f.Excluded++
		}
	}
	return f
}

// finish describes the components of a document further, and keeps it.
func (r *sbomRun) finish(ctx context.Context, subject string, d *sbom.Document, complete bool) error {
	noZip := map[string]string{}
	if r.Settings[SettingDescribe] == "true" || r.Policy.Licenses.Demands() {
		var err error
		if noZip, err = r.describe(ctx, d); err != nil {
			return err
		}
	}
	r.prove(d)
	r.distribute(d)
	d.Complete()
	r.judgeLicenses(d)
	document, err := cyclonedx.Encode(d, cyclonedx.V1_6, cyclonedx.JSON)
	if err != nil {
		return err
	}
	r.addComponents(d, noZip)
	r.facts.Documents = append(r.facts.Documents, SBOMDocument{
		Subject: subject, Components: len(d.Components), Complete: complete, Evidence: r.Evidence("cyclonedx", document),
	})
	return nil
}

// distribute adds where the executable is published that a document describes,
// as the policy says.
func (r *sbomRun) distribute(d *sbom.Document) {
	if url := r.Policy.SBOM.Distribution; url != "" && len(d.Roots) == 1 {
		if c := d.Component(d.Roots[0]); c.Property(sbom.PropertyFile) != "" {
			c.References = append(c.References, sbom.Reference{Type: "distribution", URL: url, Hashes: slices.Clone(c.Hashes)})
		}
	}
}

// open says what is not known.
func (r *sbomRun) open() error {
	f := r.facts
	failures := f.Failures
	for _, p := range f.Products {
		failures = append(failures, p.Failures...)
	}
	if err := r.measured.stopped; err != nil {
		return err
	}
	switch {
	case len(failures) > 0:
		return audit.NotAssessed("sbom/incomplete", audit.Args{
			"count": len(failures), "package": failures[0].Package, "error": oneLine(failures[0].Message)})
	case f.Target != nil && len(f.Products) == 0:
		return audit.NotAssessed("sbom/no-packages", audit.Args{"goos": f.Target.GOOS, "goarch": f.Target.GOARCH})
	case len(r.unread) > 0:
		return audit.NotAssessed("sbom/unread", audit.Args{"count": len(r.unread), "files": first(r.unread, maxNamed)})
	case hasBinaries(r.Target) && len(f.Executables) == 0:
		return audit.NotAssessed("sbom/no-executables", audit.Args{"targets": r.Target.Binaries})
	case len(r.uncompared) > 0:
		return audit.NotAssessed("sbom/not-compared", audit.Args{"count": len(r.uncompared), "files": first(r.uncompared, maxNamed)})
	case f.Counts.VersionUnknown > 0 || len(r.inferred()) > 0:
		return audit.NotAssessed("sbom/versions-unknown", audit.Args{"count": f.Counts.VersionUnknown, "files": first(r.unversioned(), maxNamed)})
	}
	return nil
}

// commandMessage is what a failed command said, in one line: without its
// command line, the folder of the target, and what it said of its progress.
// Offline, it speaks of the GOPROXY that the audit gave it.
func commandMessage(p *audit.Pass, err error) string {
	said := err.Error()
	var failed *gocmd.Error
	if errors.As(err, &failed) && failed.Stderr != "" {
		said = failed.Stderr
	}
	if p.Offline {
		said = strings.ReplaceAll(said, "module lookup disabled by GOPROXY=off", "not in the module cache")
	}
	return strings.ReplaceAll(oneLine(redact.Text(said)), p.Target.Dir+string(filepath.Separator), "")
}

// oneLine makes one line of the go command's messages, which go on with
// indented hints.
func oneLine(s string) string {
	var lines []string
	for line := range strings.Lines(s) {
		line = strings.Join(strings.Fields(line), " ")
		if line != "" && !strings.HasPrefix(line, "go: downloading ") {
			lines = append(lines, line)
		}
	}
	return strings.ReplaceAll(strings.Join(lines, "; "), ":; ", ": ")
}

// sbomMetadata gives documents the time of SOURCE_DATE_EPOCH, or of now where
// the setting asks for one. Else they have none, so that their digests, which
// the report carries, depend on what they describe alone.
func sbomMetadata(p *audit.Pass) (sbom.Metadata, error) {
	var fallback time.Time
	if p.Settings[SettingTimestamp] == "now" {
		fallback = p.Now
	}
	at, err := sbom.Timestamp(p.Environ, fallback)
	m := sbom.Metadata{Time: at, ToolVersion: p.Tool.Version, URI: p.Policy.SBOM.URI}
	for _, a := range p.Policy.SBOM.Authors {
		m.Authors = append(m.Authors, party(a))
	}
	if s := p.Policy.SBOM.Supplier; s.Name != "" {
		supplier := party(s)
		m.Supplier = &supplier
	}
	return m, err
}

func party(p audit.PolicyParty) sbom.Party {
	return sbom.Party{Name: p.Name, Email: p.Email, URL: p.URL}
}

// modFileLocation is the target's go.mod, unless it lies outside the directory.
func modFileLocation(t *audit.Target) *audit.Location {
	rel, err := filepath.Rel(t.Dir, t.ModFile)
	if err != nil || !filepath.IsLocal(rel) {
		return nil
	}
	return &audit.Location{File: filepath.ToSlash(rel)}
}
