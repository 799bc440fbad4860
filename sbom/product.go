// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package sbom

import (
	"cmp"
	"maps"
	"slices"
	"strings"
)

// A Product is one main module with what it contains: its programs if it has
// any, else its library packages.
type Product struct {
	Root     *Module
	Programs []Program // sorted by import path; empty for a library
	Modules  []*Module // that provide packages, without Root; sorted

	// Failures are the packages that could not be loaded: those of the root
	// that match, programs or not, and all that the product imports. If there
	// are any, Programs and Modules may lack some.
	Failures []Failure

	uses     map[*Module]Use // of modules that are not in the product itself
	packages []*Package      // of the product itself, in the order of the listing
	index    map[string]*Package
	used     []usedPackages // for its tests and tools
	edges    map[*Module][]*Module
	standard map[*Module]bool // imports the standard library
	native   map[*Module]bool // has packages with code that is no Go
}

// A Program is a main package.
type Program struct {
	Package string    `json:"package"`
	Modules []*Module `json:"-"` // that provide packages to it, without the main module; sorted
}

// Library reports whether the product has no program.
func (p *Product) Library() bool { return len(p.Programs) == 0 }

// DependsOn returns the other modules whose packages the packages of m import,
// sorted.
func (p *Product) DependsOn(m *Module) []*Module { return p.edges[m] }

// usedPackages are packages that are used and no part of the product.
type usedPackages struct {
	use      Use
	packages []*Package // those that are named: what they need is in index
	index    map[string]*Package
}

// A Use says for what a module is needed that is no part of the product.
type Use string

// The uses.
const (
	ForTests Use = "test" // its tests alone import it
	ForTools Use = "tool" // a tool line of go.mod names it, or what it needs
)

// Use returns that of a module, or "" if the product contains it.
func (p *Product) Use(m *Module) Use { return p.uses[m] }

// A Locality says whether a module's code is that of a published version.
type Locality string

// The localities.
const (
	Published Locality = ""
	Directory Locality = "replace"   // a directory that a replace directive names
	Workspace Locality = "workspace" // another main module of the workspace
)

// Locality returns that of a module which the product contains.
func (p *Product) Locality(m *Module) Locality {
	switch {
	case m.directory:
		return Directory
	case m.Main && m != p.Root:
		return Workspace
	}
	return Published
}

// Products returns one product for each main module that has packages among
// those that match: one, or in a workspace several. They are sorted by path.
//
// Imports are followed from the main packages of the module. This gives the
// same set as `go list -deps` of the main packages alone: the packages that
// the go command adds without an import (runtime, and what cgo needs) are all
// in the standard library.
func (l *Listing) Products() []*Product {
	index, roots := group(l.Packages)
	tests, testRoots := group(l.Tests)
	tools, toolRoots := group(l.Tools)
	var products []*Product
	for m, packages := range roots {
		if !m.Main {
			continue
		}
		p := newProduct(m, packages, index, l.Failures)
		p.use(ForTests, p.tested(testRoots[m]), tests)
		var tool []*Package // of whichever module: each main module of a workspace has them all
		for _, some := range toolRoots {
			tool = append(tool, some...)
		}
		p.use(ForTools, tool, tools)
		products = append(products, p)
	}
	slices.SortFunc(products, func(a, b *Product) int { return cmp.Compare(a.Root.Path, b.Root.Path) })
	return products
}

// group returns packages by import path, and those that match by their module.
func group(packages []*Package) (index map[string]*Package, matched map[*Module][]*Package) {
	index = make(map[string]*Package, len(packages))
	matched = make(map[*Module][]*Package)
	for _, p := range packages {
		index[p.ImportPath] = p
		if p.Matched && p.Module != nil {
			matched[p.Module] = append(matched[p.Module], p)
		}
	}
	return index, matched
}

// newProduct makes the product of a main module from those of its packages
// that match, and the failures that nobody owns.
func newProduct(root *Module, matched []*Package, index map[string]*Package, orphans []Failure) *Product {
	p := &Product{
		Root:     root,
		uses:     make(map[*Module]Use),
		edges:    make(map[*Module][]*Module),
		standard: make(map[*Module]bool),
		native:   make(map[*Module]bool),
		index:    index,
	}
	for _, f := range orphans {
		p.fail(f)
	}
	var mains []*Package
	for _, m := range matched {
		if m.Failure != nil { // also of a library: its name may be wrong
			p.fail(*m.Failure)
		}
		if m.Name == "main" {
			mains = append(mains, m)
		}
	}
	for _, m := range mains {
		modules := p.modules(closure([]*Package{m}, index))
		p.Programs = append(p.Programs, Program{Package: m.ImportPath, Modules: modules})
	}
	slices.SortFunc(p.Programs, func(a, b Program) int { return cmp.Compare(a.Package, b.Package) })
	if len(mains) > 0 {
		matched = mains
	}
	p.packages = closure(matched, index)
	p.Modules = p.modules(p.packages)
	p.link(p.packages, index)
	return p
}

// tested returns those of the packages of a listing with tests that are tests
// of packages of the product's own module.
func (p *Product) tested(packages []*Package) []*Package {
	own := make(map[string]bool)
	for _, q := range p.packages {
		own[q.ImportPath] = q.Module == p.Root
	}
	return slices.DeleteFunc(slices.Clone(packages), func(q *Package) bool {
		return !own[cmp.Or(q.ForTest, strings.TrimSuffix(q.ImportPath, ".test"))]
	})
}

// use adds the modules that packages need which are no part of the product.
func (p *Product) use(use Use, roots []*Package, index map[string]*Package) {
	if len(roots) == 0 {
		return
	}
	p.used = append(p.used, usedPackages{use, roots, index})
	packages := closure(roots, index)
	for _, m := range p.modules(packages) {
		if _, known := slices.BinarySearchFunc(p.Modules, m, compareModules); !known {
			p.uses[m] = use
			p.Modules = append(p.Modules, m)
			slices.SortFunc(p.Modules, compareModules)
		}
	}
	p.link(packages, index)
	for _, q := range roots { // tools of other modules hang on the root
		if q.Module != nil && q.Module != p.Root && !slices.Contains(p.edges[p.Root], q.Module) {
			p.edges[p.Root] = append(p.edges[p.Root], q.Module)
			slices.SortFunc(p.edges[p.Root], compareModules)
		}
	}
}

// closure returns the packages that roots import, themselves included.
func closure(roots []*Package, index map[string]*Package) []*Package {
	seen := make(map[*Package]bool, len(index))
	var all []*Package
	add := func(p *Package) {
		if p != nil && !seen[p] {
			seen[p] = true
			all = append(all, p)
		}
	}
	for _, p := range roots {
		add(p)
	}
	for i := 0; i < len(all); i++ {
		for _, path := range all[i].Imports {
			add(index[path]) // nil for "C"
		}
	}
	return all
}

// modules returns the modules of packages, without the root, sorted.
func (p *Product) modules(packages []*Package) []*Module {
	set := make(map[*Module]bool)
	for _, q := range packages {
		if q.Module != nil && q.Module != p.Root {
			set[q.Module] = true
		}
	}
	return sortModules(set)
}

func sortModules(set map[*Module]bool) []*Module {
	return slices.SortedFunc(maps.Keys(set), compareModules)
}

func compareModules(a, b *Module) int { return cmp.Compare(a.String(), b.String()) }

// link gathers what packages tell of their modules: the edges between them, and
// which packages failed.
func (p *Product) link(packages []*Package, index map[string]*Package) {
	edges := make(map[*Module]map[*Module]bool)
	for m, known := range p.edges {
		edges[m] = make(map[*Module]bool)
		for _, to := range known {
			edges[m][to] = true
		}
	}
	for _, q := range packages {
		if q.Failure != nil {
			p.fail(*q.Failure)
		}
		if q.Module == nil {
			continue
		}
		p.native[q.Module] = p.native[q.Module] || q.Native
		for _, path := range q.Imports {
			to := index[path]
			switch {
			case to == nil:
				if path != "C" {
					p.fail(Failure{Package: path, Message: "imported by " + q.ImportPath + " but not listed by the go command"})
				}
			case to.Standard:
				p.standard[q.Module] = true
			case to.Module != nil && to.Module != q.Module:
				if edges[q.Module] == nil {
					edges[q.Module] = make(map[*Module]bool)
				}
				edges[q.Module][to.Module] = true
			}
		}
	}
	for m, set := range edges {
		p.edges[m] = sortModules(set)
	}
}

// fail records a failure once, in order.
func (p *Product) fail(f Failure) {
	i, found := slices.BinarySearchFunc(p.Failures, f, func(a, b Failure) int {
		return cmp.Or(cmp.Compare(a.Package, b.Package), cmp.Compare(a.Position, b.Position), cmp.Compare(a.Message, b.Message))
	})
	if !found {
		p.Failures = slices.Insert(p.Failures, i, f)
	}
}
