// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package checks

import (
	"context"
	"errors"
	"os/exec"
	"path/filepath"
	"slices"

	"github.com/goassay/assay/audit"
	"github.com/goassay/assay/audit/redact"
	"github.com/goassay/assay/sbom"
)

// Settings of SBOM: choices of the caller that are no policy.
const (
	SettingTimestamp = "timestamp"     // now: documents carry the time of the run where SOURCE_DATE_EPOCH gives none
	SettingDescribe  = "sbom.describe" // true: zip files are hashed and searched for licences
	SettingDownload  = "sbom.download" // true: what the module cache lacks is downloaded for it
	SettingTests     = "sbom.tests"    // true: what tests alone need is listed, and marked
	SettingTools     = "sbom.tools"    // true: what tools alone need is listed, and marked
	SettingSource    = "sbom.source"   // true: the target's module is the source of its executables, which are compared with it
	SettingLevel     = "sbom.level"    // packages or files: a [sbom.Level]
)

// listing lists the packages of the target's modules, beside the checks that
// wait for the network. It reports nothing itself, and always applies.
var listing = &audit.Check{ID: "listing", Run: runListing}

// listed is what listing measures.
type listed struct {
	listing   *sbom.Listing // nil if there is no module, or err says why not
	products  []*sbom.Product
	revisions map[string]*sbom.Revision // by module path, of main modules that version control knows
	err       error
}

func runListing(ctx context.Context, p *audit.Pass) (any, error) {
	l := &listed{revisions: make(map[string]*sbom.Revision)}
	if p.Target.ModFile == "" && p.Target.WorkFile == "" || p.Settings[SettingSource] == "true" {
		return l, nil // what an executable is built of is listed for its own target
	}
	o := sbom.Options{
		Dir: p.Target.Dir, Environ: goEnviron(p), Run: p.Exec, Patterns: sbomPatterns(p),
		Tests: p.Settings[SettingTests] == "true", Tools: p.Settings[SettingTools] == "true",
		Level: sbom.Level(p.Settings[SettingLevel]),
	}
	l.listing, l.err = sbom.Packages(ctx, o)
	if l.err != nil {
		return l, nil // SBOM says it
	}
	l.products = l.listing.Products()
	for _, product := range l.products {
		root := product.Root
		if root.Dir == "" {
			continue
		}
		r, err := sbom.ReadRevision(ctx, o, root.Path, root.Dir)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if err == nil { // else its version is unknown
			l.revisions[root.Path] = r
			root.Version = r.Version
		}
	}
	return l, nil
}

// unlisted says why the packages could not be listed, or gives the error back.
func unlisted(p *audit.Pass, err error) error {
	if errors.Is(err, exec.ErrNotFound) {
		return err
	}
	return audit.NotAssessed("sbom/not-listed", audit.Args{"error": commandMessage(p, err)})
}

// sbomPatterns are those of the command line, or the policy's, or all packages
// of the module. In the folder of a workspace, which need not be in any module,
// they are all packages of all its modules ("go help packages": work, since Go 1.25).
func sbomPatterns(p *audit.Pass) []string {
	if patterns := p.Target.Packages; len(patterns) > 0 {
		return patterns
	}
	if patterns := p.Policy.Targets.Packages; len(patterns) > 0 {
		return patterns
	}
	if p.Target.WorkFile != "" && (p.Target.ModFile == "" || filepath.Dir(p.Target.WorkFile) == p.Target.Dir) {
		return []string{"work"}
	}
	return nil
}

func redactFailures(failures []sbom.Failure) []sbom.Failure {
	failures = slices.Clone(failures)
	for i := range failures {
		failures[i].Message = redact.Text(failures[i].Message)
	}
	return failures
}
