// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package checks

import (
	"cmp"
	"context"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/goassay/assay/audit"
	"github.com/goassay/assay/audit/modgraph"
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
	r.unread(l.listing.Failures)
	if len(l.products) == 0 && len(l.listing.Failures) == 0 {
		r.facts.Unread = append(r.facts.Unread, "no-packages: "+cmp.Or(r.Target.Module, "go.mod"))
	}
	scanner := &vulns.Scanner{Env: goEnviron(r.Pass)}
	if words := r.Settings[SettingVulnScanner]; words != "" {
		scanner.Command = strings.Split(words, "\x00")
	}
	named := sbomPatterns(r.Pass)
	for i, product := range l.products {
		r.Progress(i, len(l.products)) // an analysis of calls takes minutes
		src := sourceOf(l.listing, product)
		p := vulns.Program{
			Dir: cmp.Or(product.Root.Dir, r.Target.Dir), Patterns: []string{"./..."}, Tags: l.listing.Target.Tags, Tests: r.Settings[SettingVulnTests] == "true",
			Modules: src.modules(l.listing.Target.GoVersion), Packages: src.packages, TestImports: src.testImports(),
			Platform: vulns.Platform{OS: l.listing.Target.GOOS, Arch: l.listing.Target.GOARCH}, Level: r.facts.Level,
		}
		t := VulnTarget{Kind: "module", Name: product.Root.Path, Product: vulns.PURL(product.Root.Path, product.Root.Version), Modules: len(p.Modules), dir: p.Dir}
		t.Platform, t.Tags = p.Platform, p.Tags
		modFile := filepath.Join(p.Dir, "go.mod")
		t.location, t.places = lineLocation(r.Target, modFile, 0), modulePlaces(r.Target, modFile)
		if len(named) > 0 && !slices.Equal(named, []string{"work"}) && !slices.Equal(named, []string{"./..."}) {
			p.Patterns, t.Packages = src.matched, src.matched
		} else {
			t.LeftOut = src.leftOut(p.Dir, l.products)
		}
		var err error
		if t.assessment, err = scanner.Source(ctx, r.asked, p); err != nil {
			return r.database(ctx, err)
		}
		r.facts.Targets = append(r.facts.Targets, t)
		r.unread(src.failures)
	}
	return nil
}

// unread notes packages that could not be loaded.
func (r *vulnRun) unread(failures []sbom.Failure) {
	for _, f := range failures {
		text := f.Package + ": " + oneLine(redact.Text(f.Message))
		if !slices.Contains(r.facts.Unread, text) { // main modules of a workspace share packages
			r.facts.Unread = append(r.facts.Unread, text)
		}
	}
}

// modulePlaces says in which lines a go.mod file requires modules, or it or the
// workspace puts them in the place of others.
func modulePlaces(t *audit.Target, modFile string) map[string]*audit.Location {
	places := map[string]*audit.Location{}
	replaced := func(file string, list []modgraph.Replacement) {
		for _, r := range list {
			if !r.Local() {
				places[r.NewPath] = lineLocation(t, file, r.Line)
			}
		}
	}
	if m, err := modgraph.ReadModFile(modFile); err == nil {
		for _, q := range m.Require {
			places[q.Path] = lineLocation(t, modFile, q.Line)
		}
		replaced(modFile, m.Replace)
	}
	if t.WorkFile != "" {
		if work, err := modgraph.ReadWorkFile(t.WorkFile); err == nil {
			replaced(t.WorkFile, work.Replace)
		}
	}
	return places
}

// vulnSource is what is looked at of a main module: all its packages that
// match, those that no program imports, too, and what they import.
type vulnSource struct {
	product  *sbom.Product
	index    map[string][]*sbom.Package
	own      []*sbom.Package // those of the module that match
	matched  []string        // their import paths
	packages []string        // of all; nil if one could not be loaded
	used     []*sbom.Module
	failures []sbom.Failure
}

func sourceOf(l *sbom.Listing, product *sbom.Product) *vulnSource {
	s := &vulnSource{product: product, index: map[string][]*sbom.Package{}}
	imported := map[string]bool{}
	for _, p := range slices.Concat(l.Packages, l.Tests) {
		s.index[p.ImportPath] = append(s.index[p.ImportPath], p)
		if p.Matched && p.Module != nil && p.Module.Main && p.Module.Path == product.Root.Path {
			s.own = append(s.own, p)
			if p.ForTest == "" {
				s.matched = append(s.matched, p.ImportPath)
			}
		}
		for _, path := range p.Imports {
			imported[path] = true
		}
	}
	queue := slices.Clone(s.own)
	for _, p := range l.Packages { // the runtime, and what cgo needs, nobody need import
		if p.Standard && (p.ImportPath == "runtime" || !imported[p.ImportPath]) {
			queue = append(queue, p)
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
			queue = append(queue, s.index[path]...)
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

// testImports are the packages of other modules that test files within the
// packages import, and no other file of them does.
func (s *vulnSource) testImports() []string {
	var out []string
	for _, p := range s.own {
		if p.ForTest == "" || !strings.HasPrefix(p.ImportPath, p.ForTest+" [") { // or tests that are a package apart
			continue
		}
		for _, path := range p.Imports {
			for _, q := range s.index[path] {
				imports := slices.ContainsFunc(s.index[p.ForTest], func(plain *sbom.Package) bool { return slices.Contains(plain.Imports, path) })
				if q.Module != nil && !q.Module.Main && !imports {
					out = append(out, path)
				}
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// leftOut finds what is in the folder of a main module and no part of it on this
// platform: it may be a program on another.
func (s *vulnSource) leftOut(dir string, products []*sbom.Product) *VulnLeftOut {
	packages, modules, whole := modgraph.FoldersOf(dir)
	left := VulnLeftOut{Unseen: !whole}
	for _, folder := range packages {
		if _, ok := slices.BinarySearch(s.matched, path.Join(s.product.Root.Path, folder)); !ok {
			left.Folders = append(left.Folders, folder)
		}
	}
	for _, folder := range modules {
		here := filepath.Join(dir, filepath.FromSlash(folder))
		if !slices.ContainsFunc(products, func(p *sbom.Product) bool { return p.Root.Dir == here }) {
			left.Modules = append(left.Modules, folder)
		}
	}
	if left.Folders == nil && left.Modules == nil && !left.Unseen {
		return nil
	}
	return &left
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
