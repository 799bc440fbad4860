// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package checks

import (
	"context"
	"errors"
	"slices"

	"github.com/goassay/assay/audit"
	"github.com/goassay/assay/audit/redact"
	"github.com/goassay/assay/sbom"
)

// SBOMSource is what the comparison of an executable with its source found.
type SBOMSource struct {
	Same        bool              `json:"same"`
	Target      *sbom.Target      `json:"target,omitempty"` // that the source was listed for
	Package     string            `json:"package,omitempty"`
	Revision    *sbom.Revision    `json:"revision,omitempty"`
	Differences []sbom.Divergence `json:"differences"`
	Failures    []sbom.Failure    `json:"failures,omitempty"`
	Unknown     string            `json:"unknown,omitempty"` // why it could not be compared
}

// compareSource compares the executables of a document with the target's
// module, and gives those that can be compared its dependency graph.
func (r *sbomRun) compareSource(ctx context.Context, d *sbom.Document, files []sbom.Executable) error {
	for i := range files {
		x := &r.facts.Executables[i]
		x.Source = &SBOMSource{Differences: []sbom.Divergence{}}
		if err := r.compareOne(ctx, d, files[i], x); err != nil {
			return err
		}
		if x.Source.Unknown != "" {
			r.uncompared = append(r.uncompared, x.File+": "+x.Source.Unknown)
		}
	}
	return nil
}

func (r *sbomRun) compareOne(ctx context.Context, d *sbom.Document, f sbom.Executable, x *SBOMExecutable) error {
	s := x.Source
	environ := append(slices.Clip(goEnviron(r.Pass)), "GOFLAGS="+r.env.Raw("GOFLAGS")) // GOENV may set it
	o, ok := sbom.SourceOptions(f.Build, sbom.Options{Dir: r.Target.Dir, Environ: environ, Run: r.Exec})
	if !ok {
		s.Unknown = "it records no main package of a module"
		return nil
	}
	s.Package = f.Build.Package
	l, err := sbom.Packages(ctx, o)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		s.Unknown = commandMessage(r.Pass, err)
		return nil
	}
	s.Target = &l.Target
	products := l.Products()
	i := slices.IndexFunc(products, func(p *sbom.Product) bool {
		return slices.ContainsFunc(p.Programs, func(m sbom.Program) bool { return m.Package == f.Build.Package })
	})
	if i < 0 {
		r.Report(r.sourceFinding("sbom/source-other", x.File, f.Build.Package, audit.Args{"package": f.Build.Package}))
		return nil
	}
	p := products[i]
	if s.Failures = redactFailures(p.Failures); len(s.Failures) > 0 {
		s.Unknown = "packages of the source could not be loaded, first " + s.Failures[0].Package + ": " + oneLine(s.Failures[0].Message)
	}
	if rev, err := sbom.ReadRevision(ctx, o, p.Root.Path, p.Root.Dir); err == nil {
		s.Revision = rev
	} else if ctx.Err() != nil {
		return errors.Join(ctx.Err(), err)
	}
	s.Differences = append(s.Differences, sbom.CompareSource(f.Build, f.VCS, p, s.Revision)...)
	s.Same = len(s.Differences) == 0 && len(s.Failures) == 0
	for _, diff := range s.Differences {
		r.reportDifference(x.File, diff)
	}
	root := sbom.ExecutableRef(d, f)
	d.AddGraph(root, p, s.Same)
	if c := d.Component(root); s.Same && c != nil && p.Root.Dir != "" && r.Settings[SettingDescribe] == "true" {
		if err := c.DescribeFolder(p.Root.Dir); err != nil {
			s.Unknown = oneLine(redact.Text(err.Error()))
		}
	}
	return nil
}

// reportDifference reports one difference. Where packages could not be loaded,
// that the source lacks a module is not known.
func (r *sbomRun) reportDifference(file string, diff sbom.Divergence) {
	args := audit.Args{"component": diff.Module, "kind": string(diff.Kind), "binary": diff.Executable, "source": diff.Source}
	rule := "sbom/source-differs"
	switch diff.Kind {
	case sbom.SourceLacks:
		rule = "sbom/source-lacks"
	case sbom.BinaryLacks:
		rule = "sbom/executable-lacks"
	}
	r.Report(r.sourceFinding(rule, file, string(diff.Kind)+" of "+diff.Module, args))
}

func (r *sbomRun) sourceFinding(rule, file, what string, args audit.Args) audit.Finding {
	args["file"] = file
	return audit.Finding{Rule: rule, Subject: audit.Subject{Kind: "binary", Name: file + ": " + what}, Args: args, Location: modFileLocation(r.Target)}
}
