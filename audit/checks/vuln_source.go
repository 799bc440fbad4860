// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package checks

import (
	"cmp"
	"context"
	"path/filepath"
	"slices"
	"strings"

	"github.com/package-url/packageurl-go"

	"github.com/goassay/assay/audit"
	"github.com/goassay/assay/audit/redact"
	"github.com/goassay/assay/audit/vulns"
	"github.com/goassay/assay/sbom"
)

// source assesses the modules of the target.
func (r *vulnRun) source(ctx context.Context) error {
	l := audit.Facts[*listed](r.Pass, listing)
	if l.err != nil {
		r.facts.Unread = append(r.facts.Unread, cmp.Or(r.Target.Module, "go.mod")+": "+commandMessage(r.Pass, l.err))
		return nil
	}
	if l.listing == nil {
		return nil
	}
	if len(l.products) == 0 {
		r.facts.Unread = append(r.facts.Unread, cmp.Or(r.Target.Module, "go.mod")+": no packages")
	}
	scanner := &vulns.Scanner{Env: goEnviron(r.Pass)}
	if words := r.Settings[SettingVulnScanner]; words != "" {
		scanner.Command = strings.Split(words, "\x00")
	}
	named := sbomPatterns(r.Pass)
	for _, product := range l.products {
		src := sourceOf(l.listing, product)
		p := vulns.Program{
			Dir: cmp.Or(product.Root.Dir, r.Target.Dir), Patterns: []string{"./..."}, Tags: l.listing.Target.Tags, Tests: r.Settings[SettingVulnTests] == "true",
			Modules: src.modules(l.listing.Target.GoVersion), Packages: src.packages,
			Platform: vulns.Platform{OS: l.listing.Target.GOOS, Arch: l.listing.Target.GOARCH}, Level: r.facts.Level,
		}
		t := VulnTarget{Kind: "module", Name: product.Root.Path, Product: vulns.PURL(product.Root.Path, product.Root.Version), Modules: len(p.Modules), dir: p.Dir}
		if len(named) > 0 && !slices.Equal(named, []string{"work"}) && !slices.Equal(named, []string{"./..."}) {
			p.Patterns, t.Packages = src.matched, src.matched
		}
		var err error
		if t.assessment, err = scanner.Source(ctx, r.db, p); err != nil {
			return r.database(ctx, err)
		}
		r.facts.Targets = append(r.facts.Targets, t)
		for _, f := range src.failures {
			r.facts.Unread = append(r.facts.Unread, f.Package+": "+oneLine(redact.Text(f.Message)))
		}
	}
	return nil
}

// vulnSource is what is looked at of a main module: all its packages that
// match, those that no program imports, too, and what they import.
type vulnSource struct {
	product  *sbom.Product
	matched  []string // import paths, of the module's own
	packages []string // of all; nil if one could not be loaded
	used     []*sbom.Module
	failures []sbom.Failure
}

func sourceOf(l *sbom.Listing, product *sbom.Product) *vulnSource {
	s := &vulnSource{product: product}
	all := slices.Concat(l.Packages, l.Tests)
	index := make(map[string][]*sbom.Package, len(all))
	var queue []*sbom.Package
	for _, p := range all {
		index[p.ImportPath] = append(index[p.ImportPath], p)
		if p.Matched && p.Module != nil && p.Module.Main && p.Module.Path == product.Root.Path {
			queue = append(queue, p)
			if p.ForTest == "" {
				s.matched = append(s.matched, p.ImportPath)
			}
		}
	}
	seen := map[*sbom.Package]bool{}
	modules := map[*sbom.Module]bool{}
	for len(queue) > 0 {
		p := queue[len(queue)-1]
		queue = queue[:len(queue)-1]
		if seen[p] {
			continue
		}
		seen[p] = true
		s.packages = append(s.packages, p.ImportPath)
		if m := p.Module; m != nil && !modules[m] && m.String() != product.Root.String() {
			modules[m] = true
			s.used = append(s.used, m)
		}
		if p.Failure != nil {
			s.failures = append(s.failures, *p.Failure)
		}
		for _, path := range p.Imports {
			queue = append(queue, index[path]...)
		}
	}
	for _, p := range l.Packages { // the runtime, and what cgo needs, nobody imports
		if p.Standard && !seen[p] {
			s.packages = append(s.packages, p.ImportPath)
		}
	}
	slices.Sort(s.packages)
	slices.Sort(s.matched)
	s.matched = slices.Compact(s.matched)
	slices.SortFunc(s.used, func(a, b *sbom.Module) int { return cmp.Compare(a.String(), b.String()) })
	slices.SortFunc(s.failures, func(a, b sbom.Failure) int { return cmp.Compare(a.Package, b.Package) })
	if s.failures != nil {
		s.packages = nil
	}
	return s
}

// modules are those of the packages, with the standard library and the toolchain.
func (s *vulnSource) modules(goVersion string) []vulns.Module {
	modules := []vulns.Module{{Path: vulns.Stdlib, Version: goVersion}, {Path: vulns.Toolchain, Version: goVersion}}
	for _, m := range append([]*sbom.Module{s.product.Root}, s.used...) {
		v := vulns.Module{Path: m.Path, Version: m.Version}
		if m == s.product.Root {
			v.Version = strings.TrimSuffix(m.Version, "+dirty")
		}
		if len(m.Replaced) == 0 {
			modules = append(modules, v)
		}
		for _, replaced := range m.Replaced {
			path, version, _ := strings.Cut(replaced, "@")
			used := v
			if s.product.Locality(m) == sbom.Directory {
				used = vulns.Module{Path: m.Path}
			}
			modules = append(modules, vulns.Module{Path: path, Version: version, Replace: &used})
		}
	}
	return modules
}

// documents assesses what bills of materials list.
func (r *vulnRun) documents(ctx context.Context) error {
	for _, b := range audit.Facts[*readDocuments](r.Pass, documents).list {
		if b.doc == nil {
			r.facts.Unread = append(r.facts.Unread, b.File+": "+b.Error)
			continue
		}
		modules, product := documentModules(b.doc, r.db)
		a, err := r.db.Match(ctx, modules, vulns.Platform{OS: b.doc.Property(sbom.PropertyGOOS), Arch: b.doc.Property(sbom.PropertyGOARCH)})
		if err != nil {
			return r.database(ctx, err)
		}
		if len(modules) > 0 && !slices.ContainsFunc(modules, func(m vulns.Module) bool { return m.Path == vulns.Stdlib }) {
			a.NotAssessed = append(a.NotAssessed, vulns.NotAssessed{Module: vulns.Stdlib, Reason: vulns.NoGoVersion})
		}
		t := VulnTarget{Kind: "sbom", Name: b.File, Product: product, Modules: len(modules), assessment: a}
		if filepath.IsLocal(b.File) {
			t.location = &audit.Location{File: b.File}
		}
		if len(modules) == 0 {
			r.facts.Unread = append(r.facts.Unread, b.File+": no Go module")
		}
		r.facts.Targets = append(r.facts.Targets, t)
	}
	return nil
}

// documentModules are the Go modules that a document lists, and the package
// URL of what it describes. A component without a package URL is one if the
// database has a module of its name.
func documentModules(d *sbom.Document, db *vulns.Database) (modules []vulns.Module, product string) {
	for _, c := range d.Components {
		m := vulns.Module{Path: strings.TrimPrefix(c.Group+"/"+c.Name, "/"), Version: c.Version}
		switch purl, err := packageurl.FromString(c.PURL); {
		case c.PURL == "" && db.Lists(m.Path):
		case err != nil || purl.Type != packageurl.TypeGolang || purl.Subpath != "":
			continue
		default: // in lower case, in some tools' documents, and with another name than the component in others'
			if path := strings.TrimPrefix(purl.Namespace+"/"+purl.Name, "/"); !strings.EqualFold(path, m.Path) {
				m.Path = path
			}
			m.Version = cmp.Or(m.Version, purl.Version)
		}
		if slices.Contains(d.Roots, c.Ref) {
			product = c.PURL
		}
		modules = append(modules, documentModule(m, c.Property(sbom.PropertyLocal) != ""))
	}
	return modules, product
}

// documentModule writes a module as a database does: some tools leave out the "v".
func documentModule(m vulns.Module, local bool) vulns.Module {
	number := strings.TrimPrefix(m.Version, "v")
	switch {
	case m.Path == vulns.Stdlib || m.Path == "std":
		m.Path = vulns.Stdlib
		if number != "" {
			m.Version = "go" + strings.TrimPrefix(number, "go")
		}
	case local:
		m.Replace = &vulns.Module{Path: m.Path}
	case number == m.Version && number != "" && '0' <= number[0] && number[0] <= '9':
		m.Version = "v" + number
	}
	return m
}
