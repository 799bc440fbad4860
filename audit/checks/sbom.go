// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package checks

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/goassay/assay/audit"
	"github.com/goassay/assay/audit/gocmd"
	"github.com/goassay/assay/audit/redact"
	"github.com/goassay/assay/sbom"
)

// SBOM makes the bill of materials of the module's programs, or of the module
// as a library if it has none, and judges whether it can stand as evidence.
var SBOM = &audit.Check{
	ID:      "sbom",
	Needs:   audit.GoCommand,
	Applies: func(t *audit.Target) bool { return t.ModFile != "" || t.WorkFile != "" },
	Run:     runSBOM,
	Recheck: recheckSBOM,
}

// SBOMFacts are the facts of [SBOM].
type SBOMFacts struct {
	Target   sbom.Target    `json:"target"`
	Vendored bool           `json:"vendored"`
	Products []SBOMProduct  `json:"products"`           // one for each main module with packages
	Failures []sbom.Failure `json:"failures,omitempty"` // patterns that name no package
}

// SBOMProduct is one bill of materials.
type SBOMProduct struct {
	Module     string          `json:"module"`
	Kind       string          `json:"kind"` // application or library
	Complete   bool            `json:"complete"`
	Programs   []SBOMProgram   `json:"programs"`
	Components []SBOMComponent `json:"components"` // without the root and the standard library
	Counts     SBOMCounts      `json:"counts"`
	Failures   []sbom.Failure  `json:"failures,omitempty"`
	Evidence   string          `json:"evidence"` // digest of the CycloneDX document
}

// SBOMProgram is a main package.
type SBOMProgram struct {
	Package string `json:"package"`
	Modules int    `json:"modules"` // that provide packages to it, without the main module
}

// SBOMComponent is a module that a product contains.
type SBOMComponent struct {
	sbom.Module
	Local sbom.Locality `json:"local,omitempty"`
	PURL  string        `json:"purl"`
}

// SBOMCounts are counts of components.
type SBOMCounts struct {
	Components int `json:"components"`
	Local      int `json:"local"`
	WithH1     int `json:"with_h1"`
	WithoutH1  int `json:"without_h1"` // among those that are not local
}

func runSBOM(ctx context.Context, p *audit.Pass) (any, error) {
	meta, err := sbomMetadata(p)
	if err != nil {
		return nil, err
	}
	listing, err := sbom.Packages(ctx, sbom.Options{
		Dir: p.Target.Dir, Environ: goEnviron(p), Run: p.Exec, Patterns: sbomPatterns(p),
	})
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case errors.Is(err, exec.ErrNotFound):
		return nil, err
	case err != nil:
		return nil, audit.NotAssessed("sbom/not-listed", audit.Args{"error": commandMessage(p, err)})
	}

	facts := &SBOMFacts{Target: listing.Target, Vendored: listing.Vendored, Products: []SBOMProduct{},
		Failures: redactFailures(listing.Failures)}
	failures := facts.Failures
	for _, product := range listing.Products() {
		bom, err := listing.Build(product, meta)
		if err != nil {
			return nil, err
		}
		var document bytes.Buffer
		if err := sbom.Write(&document, bom); err != nil {
			return nil, err
		}
		f := newSBOMProduct(product)
		f.Evidence = p.Evidence("cyclonedx", document.Bytes())
		facts.Products = append(facts.Products, f)
		failures = append(failures, f.Failures...)
	}
	reportComponents(p, facts)
	switch {
	case len(failures) > 0:
		return facts, audit.NotAssessed("sbom/incomplete", audit.Args{
			"count": len(failures), "package": failures[0].Package, "error": oneLine(failures[0].Message)})
	case len(facts.Products) == 0:
		return facts, audit.NotAssessed("sbom/no-packages", audit.Args{
			"goos": listing.Target.GOOS, "goarch": listing.Target.GOARCH})
	}
	return facts, nil
}

// sbomPatterns are the policy's, or all packages of the module. The folder of a
// workspace need not be in any module: there they are all packages of all its
// modules ("go help packages": work, since Go 1.25).
func sbomPatterns(p *audit.Pass) []string {
	if patterns := p.Policy.Targets.Packages; len(patterns) > 0 || p.Target.ModFile != "" {
		return patterns
	}
	return []string{"work"}
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

// sbomMetadata gives the document the time of SOURCE_DATE_EPOCH, or of now
// where the setting "timestamp" asks for one. Else it has none, so that its
// digest, which the report carries, depends on the packages alone.
func sbomMetadata(p *audit.Pass) (sbom.Metadata, error) {
	var fallback time.Time
	if p.Settings["timestamp"] == "now" {
		fallback = p.Now
	}
	at, err := sbom.Timestamp(p.Environ, fallback)
	return sbom.Metadata{Time: at, ToolVersion: p.Tool.Version}, err
}

func newSBOMProduct(p *sbom.Product) SBOMProduct {
	f := SBOMProduct{
		Module:     p.Root.Path,
		Kind:       "application",
		Complete:   len(p.Failures) == 0,
		Programs:   []SBOMProgram{},
		Components: []SBOMComponent{},
		Failures:   redactFailures(p.Failures),
	}
	if p.Library() {
		f.Kind = "library"
	}
	for _, m := range p.Programs {
		f.Programs = append(f.Programs, SBOMProgram{Package: m.Package, Modules: len(m.Modules)})
	}
	for _, m := range p.Modules {
		c := SBOMComponent{Module: *m, Local: p.Locality(m), PURL: m.PURL()}
		f.Components = append(f.Components, c)
		f.Counts.Components++
		switch {
		case c.Local != sbom.Published:
			f.Counts.Local++
		case c.H1 != "":
			f.Counts.WithH1++
		default:
			f.Counts.WithoutH1++
		}
	}
	return f
}

func redactFailures(failures []sbom.Failure) []sbom.Failure {
	failures = slices.Clone(failures)
	for i := range failures {
		failures[i].Message = redact.Text(failures[i].Message)
	}
	return failures
}

// reportComponents reports each component that cannot be proven, once.
func reportComponents(p *audit.Pass, facts *SBOMFacts) {
	reported := make(map[string]bool)
	for _, product := range facts.Products {
		for _, c := range product.Components {
			rule := ""
			switch {
			case c.Local != sbom.Published:
				rule = "sbom/local-component"
			case c.H1 == "":
				rule = "sbom/component-without-hash"
			}
			if rule == "" || reported[c.String()] {
				continue
			}
			reported[c.String()] = true
			p.Report(audit.Finding{
				Rule:     rule,
				Subject:  audit.Subject{Kind: "module", Name: c.String()},
				Args:     audit.Args{"component": c.String(), "product": product.Module},
				Location: modFileLocation(p.Target),
				Evidence: []string{product.Evidence},
			})
		}
	}
}

// modFileLocation is the target's go.mod, unless it lies outside the directory.
func modFileLocation(t *audit.Target) *audit.Location {
	rel, err := filepath.Rel(t.Dir, t.ModFile)
	if err != nil || !filepath.IsLocal(rel) {
		return nil
	}
	return &audit.Location{File: filepath.ToSlash(rel)}
}

// sbomIdentity is what facts and document must agree on.
type sbomIdentity struct{ name, version, h1 string }

// recheckSBOM compares the stored documents with the stored facts.
func recheckSBOM(stored json.RawMessage, evidence func(string) ([]byte, error)) error {
	var facts SBOMFacts
	if err := json.Unmarshal(stored, &facts); err != nil {
		return err
	}
	for _, product := range facts.Products {
		document, err := evidence(product.Evidence)
		if err != nil {
			return err
		}
		bom, err := sbom.Read(document)
		if err != nil {
			return fmt.Errorf("bill of materials of %s: %w", product.Module, err)
		}
		listed := map[sbomIdentity]int{{name: "stdlib", version: strings.TrimPrefix(facts.Target.GoVersion, "go")}: 1}
		for _, c := range product.Components {
			listed[sbomIdentity{c.Path, c.Version, c.H1}]++
		}
		for _, c := range *bom.Components {
			listed[sbomIdentity{c.Name, c.Version, sbom.ComponentProperty(c, sbom.PropertyH1)}]--
		}
		differ := func(n int) bool { return n != 0 }
		if bom.Metadata.Component.Name != product.Module || slices.ContainsFunc(slices.Collect(maps.Values(listed)), differ) {
			return fmt.Errorf("bill of materials of %s: its components are not those of the report", product.Module)
		}
	}
	return nil
}
