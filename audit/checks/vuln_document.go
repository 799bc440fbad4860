// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package checks

import (
	"cmp"
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/package-url/packageurl-go"
	"golang.org/x/mod/module"

	"github.com/goassay/assay/audit"
	"github.com/goassay/assay/audit/vulns"
	"github.com/goassay/assay/sbom"
)

// documents assesses what bills of materials list.
func (r *vulnRun) documents(ctx context.Context) error {
	for _, b := range audit.Facts[*readDocuments](r.Pass, documents).list {
		if b.doc == nil {
			r.facts.Unread = append(r.facts.Unread, b.File+": "+b.Error)
			continue
		}
		l := modulesOfDocument(b.doc, r.db)
		o := &vulns.Observation{
			Basis: vulns.BasisModules, Level: vulns.LevelModule, Platform: vulns.Platform{OS: b.doc.Property(sbom.PropertyGOOS), Arch: b.doc.Property(sbom.PropertyGOARCH)},
			Modules: l.modules, NotAssessed: l.unclear,
		}
		if len(l.modules) > 0 && !slices.ContainsFunc(l.modules, func(m vulns.Module) bool { return m.Path == vulns.Stdlib }) {
			o.NotAssessed = append(o.NotAssessed, vulns.NotAssessed{Module: vulns.Stdlib, Reason: vulns.NoGoVersion})
		}
		a, err := r.asked.Assess(ctx, o)
		if err != nil {
			return r.database(ctx, err)
		}
		t := VulnTarget{Kind: "sbom", Name: b.File, Product: cmp.Or(l.product, documentProduct(&b)), Modules: len(l.modules), assessment: a, location: locationAt(b.place)}
		t.BOMLink, t.links = bomLinks(&b, l)
		if len(l.modules)+len(l.unclear) == 0 {
			r.facts.Unread = append(r.facts.Unread, "no-module: "+b.File)
		}
		r.facts.Targets = append(r.facts.Targets, t)
	}
	return nil
}

// vulnDocument is what a document says of Go modules.
type vulnDocument struct {
	modules []vulns.Module
	product string              // package URL of what it describes
	unclear []vulns.NotAssessed // components that may be of a module that the database lists

	refs  map[string]string // of the component of a module, by the module's package URL
	seen  map[string]bool   // modules by path, version and whether they are local
	paths map[string]bool   // in lower case
}

// modulesOfDocument finds the Go modules among the components of a document.
//
// Tools write them in many ways: package URLs in lower case, as their
// specification has it, or not; the major version, or a package, as the subpath
// of the URL; the whole path as the name, or its last element; no package URL.
// What the database lists is found by any of them.
func modulesOfDocument(d *sbom.Document, db *vulns.Database) *vulnDocument {
	l := &vulnDocument{refs: map[string]string{}, seen: map[string]bool{}, paths: map[string]bool{}}
	var packages []component
	for _, c := range d.Components {
		g := component{Component: c, full: strings.TrimPrefix(c.Group+"/"+c.Name, "/")}
		purl, err := packageurl.FromString(c.PURL)
		switch {
		case c.PURL != "" && err == nil && purl.Type == packageurl.TypeGolang:
			g.path, g.version = strings.TrimPrefix(purl.Namespace+"/"+purl.Name, "/"), purl.Version
			if len(d.Roots) == 1 && d.Roots[0] == c.Ref { // of several none stands for the document
				l.product = c.PURL
			}
			if purl.Subpath != "" {
				g.full = g.path + "/" + purl.Subpath
				packages = append(packages, g)
				continue
			}
			l.addModule(g, db)
		case c.PURL != "" && err == nil && purl.Type == packageurl.TypeGithub:
			g.full = "github.com/" + purl.Namespace + "/" + purl.Name
			l.addNamed(g, db)
		case g.isModulePath():
			l.addNamed(g, db)
		}
	}
	for _, p := range packages { // after the modules, which they may be of
		l.addPackage(p, db)
	}
	return l
}

// A component is one of a document, with what it may be of Go.
type component struct {
	*sbom.Component
	path, version string // of the package URL
	full          string // the name with the group, or the package URL with its subpath
}

// isModulePath reports whether the name of a component that is not said to be of
// Go is one that modules have, or that of the standard library.
func (c *component) isModulePath() bool {
	if c.PURL == "" && (c.full == vulns.Stdlib || c.full == "std") {
		return true
	}
	first, rest, _ := strings.Cut(c.full, "/")
	return strings.Contains(first, ".") && rest != "" || c.PURL == "" && strings.Contains(first, ".")
}

// addModule adds a component whose package URL names a module.
func (l *vulnDocument) addModule(c component, db *vulns.Database) {
	names := db.Spellings(c.path)
	if names == nil {
		names = []string{c.path}
		if strings.EqualFold(c.path, c.full) {
			names = []string{c.full}
		}
	}
	for _, name := range names {
		l.add(c, name)
	}
}

// addNamed adds a component whose name alone says that it is of Go, if the
// database lists it. If it lists what may be the module of a package of that
// name, that is not known.
func (l *vulnDocument) addNamed(c component, db *vulns.Database) {
	if c.full == "std" {
		c.full = vulns.Stdlib
	}
	if names := db.Spellings(c.full); names != nil {
		for _, name := range names {
			l.add(c, name)
		}
		return
	}
	for dir := path.Dir(c.full); dir != "." && dir != "/"; dir = path.Dir(dir) {
		for _, name := range db.Spellings(dir) {
			l.unclear = append(l.unclear, vulns.NotAssessed{Module: name, Version: c.Version, Reason: vulns.NoModules, Packages: []string{c.full}})
			return
		}
	}
}

// addPackage adds the module of a component whose package URL has a subpath: a
// package, or a module of which the end stands there. One that the document
// lists itself is not added again.
func (l *vulnDocument) addPackage(c component, db *vulns.Database) {
	root := strings.ToLower(c.path)
	for dir := c.full; len(dir) >= len(root) && dir != "." && dir != "/"; dir = path.Dir(dir) {
		if l.paths[strings.ToLower(dir)] {
			return
		}
		for _, name := range db.Spellings(dir) {
			_, major, _ := module.SplitPathVersion(name)
			if v := documentModule(vulns.Module{Path: name, Version: c.versions()}, false).Version; module.CheckPathMajor(v, major) == nil || !strings.HasPrefix(v, "v") {
				l.add(c, name)
				return
			}
		}
	}
}

func (l *vulnDocument) add(c component, name string) {
	m := documentModule(vulns.Module{Path: name, Version: c.versions()}, c.Property(sbom.PropertyLocal) != "")
	if key := vulns.PURL(m.Path, m.Version); l.refs[key] == "" {
		l.refs[key] = c.Ref
	}
	if key := fmt.Sprintf("%q %q %v", m.Path, m.Version, m.Replace != nil); !l.seen[key] {
		l.seen[key], l.paths[strings.ToLower(m.Path)] = true, true
		l.modules = append(l.modules, m)
	}
}

// versions is the version of a component, or both if its package URL has another
// one: that is the version of no module, and so not assessed.
func (c *component) versions() string {
	plain := func(v string) string {
		return strings.TrimSuffix(strings.TrimPrefix(strings.TrimPrefix(v, "go"), "v"), "+incompatible")
	}
	if c.Version != "" && c.version != "" && plain(c.Version) != plain(c.version) {
		return c.Version + "/" + c.version
	}
	return cmp.Or(c.Version, c.version)
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
