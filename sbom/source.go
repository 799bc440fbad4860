// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package sbom

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Names of the properties of documents made here. Those of a document describe
// for what it holds; those of a component, the component.
const (
	PropertyGOOS       = "assay:go:goos"
	PropertyGOARCH     = "assay:go:goarch"
	PropertyCgoEnabled = "assay:go:cgo_enabled" // true or false
	PropertyTag        = "assay:go:tag"         // one for each build tag
	PropertyExperiment = "assay:go:experiment"  // one for each GOEXPERIMENT
	PropertyVendored   = "assay:go:vendored"    // true: packages come from a vendor directory

	PropertyMain     = "assay:go:main"      // of a root: import path of a main package
	PropertyH1       = "assay:go:h1"        // the h1: hash of go.sum; it is no hash of a file
	PropertyReplaced = "assay:go:replaced"  // path@version that this component replaces
	PropertyLocal    = "assay:go:local"     // a Locality: there is no published version
	PropertyUse      = "assay:go:use"       // test or tool: why a component of scope excluded is listed
	PropertyModified = "assay:vcs:modified" // true or false

	PropertyMainModule = "assay:go:main_module" // true: of a module that the document describes, not one that it depends on
)

// Metadata is what a document says of its own making.
type Metadata struct {
	Time        time.Time // written in UTC; none if zero; see [Timestamp]
	ToolVersion string    // of assay; "" if unknown
	Authors     []Party   // who made the document
	Supplier    *Party    // who supplies what it describes
	URI         string    // where it will be published
}

// document begins a document.
func (meta Metadata) document(phase string) *Document {
	d := &Document{
		Version: 1,
		Created: meta.Time.UTC().Truncate(time.Second),
		URI:     meta.URI,
		Tools:   []Tool{{Vendor: "assay", Name: "assay", Version: meta.ToolVersion}},
		Authors: meta.Authors, Supplier: meta.Supplier,
		Phases:      []string{phase},
		DataLicense: "CC0-1.0",
	}
	if meta.Time.IsZero() {
		d.Created = time.Time{}
	}
	return d
}

// Document describes products of the listing. The root is the main module or,
// of several, a collection of them. Each module that provides a package is a
// component, and so is the standard library. The dependency graph is that of
// the imports, with modules for nodes.
//
// The same products and metadata give the same document.
func (l *Listing) Document(products []*Product, meta Metadata) *Document {
	d := meta.document("pre-build")
	l.describeTarget(d)
	seen := make(map[string]*Component)
	add := func(c *Component) *Component {
		if known := seen[c.Ref]; known != nil {
			known.merge(c)
			return known
		}
		seen[c.Ref] = c
		d.Components = append(d.Components, c)
		return c
	}
	add(l.stdlib())
	parts := partsWriter{l: l, add: add, has: func(ref string) *Component { return seen[ref] }}
	for _, p := range products {
		root := add(l.rootComponent(p))
		d.Roots = append(d.Roots, root.Ref)
		for _, m := range p.Modules {
			add(l.moduleComponent(p, m))
		}
	}
	if l.level != ModuleLevel {
		for _, p := range products {
			parts.product(p)
		}
	}
	if len(products) > 1 {
		c := collection(products)
		d.Components = append(d.Components, c)
		d.Roots = []string{c.Ref}
	}
	if len(products) > 0 {
		d.Name = d.Component(d.Roots[0]).Name
	}
	d.Sort()
	return d
}

func (l *Listing) describeTarget(d *Document) {
	add := func(name, value string) { d.Properties = append(d.Properties, Property{name, value}) }
	add(PropertyGOOS, l.Target.GOOS)
	add(PropertyGOARCH, l.Target.GOARCH)
	add(PropertyCgoEnabled, strconv.FormatBool(l.Target.CgoEnabled))
	for _, t := range l.Target.Tags {
		add(PropertyTag, t)
	}
	for _, e := range l.Target.Experiments {
		add(PropertyExperiment, e)
	}
	if l.Vendored {
		add(PropertyVendored, "true")
	}
}

// merge adds to a component what another product of the same document knows of
// it: what one of them needs, the component needs.
func (c *Component) merge(other *Component) {
	c.DependsOn = append(c.DependsOn, other.DependsOn...)
	c.Depends = c.Depends || other.Depends
	if other.Scope == ScopeRequired {
		c.Scope = ScopeRequired
	}
	if c.Scope == ScopeRequired {
		c.Properties = slices.DeleteFunc(c.Properties, func(p Property) bool { return p.Name == PropertyUse })
	}
	for _, p := range other.Properties {
		if !slices.Contains(c.Properties, p) && p.Name != PropertyUse && p.Name != PropertyLocal {
			c.Properties = append(c.Properties, p)
		}
	}
	if other.Completeness == Incomplete || other.Completeness == Unknown && c.Completeness == Complete {
		c.Completeness = other.Completeness
	}
	if other.Kind == KindApplication {
		c.Kind = KindApplication
	}
}

// collection returns the root of a document that describes several products.
// Its name is what their paths begin with, if that is anything.
func collection(products []*Product) *Component {
	var refs []string
	prefix := strings.Split(products[0].Root.Path, "/")
	for _, p := range products {
		refs = append(refs, p.Root.String())
		words := strings.Split(p.Root.Path, "/")
		n := 0
		for n < len(words) && n < len(prefix) && words[n] == prefix[n] {
			n++
		}
		prefix = prefix[:n]
	}
	return &Component{
		Ref: "workspace:", Kind: KindApplication, Name: cmp.Or(strings.Join(prefix, "/"), "workspace"),
		DependsOn: refs, Depends: true, Completeness: Complete,
	}
}

func (l *Listing) rootComponent(p *Product) *Component {
	c := l.moduleComponent(p, p.Root)
	c.Kind, c.Scope = KindApplication, ""
	if p.Library() {
		c.Kind = KindLibrary
	}
	c.Add(PropertyMainModule, "true")
	for _, m := range p.Programs {
		c.Add(PropertyMain, m.Package)
	}
	return c
}

func (l *Listing) moduleComponent(p *Product, m *Module) *Component {
	c := &Component{
		Ref: m.String(), Kind: KindLibrary, Name: m.Path, Version: m.Version, PURL: m.PURL(),
		Scope: ScopeRequired, Depends: true, Completeness: Complete, Supplier: Supplier(m.Path),
	}
	c.Add(PropertyH1, m.H1)
	c.Add(PropertyLocal, string(p.Locality(m)))
	for _, r := range m.Replaced {
		c.Add(PropertyReplaced, r)
	}
	if use := p.uses[m]; use != "" {
		c.Scope = ScopeExcluded
		c.Add(PropertyUse, string(use))
	}
	for _, d := range p.DependsOn(m) {
		c.DependsOn = append(c.DependsOn, d.String())
	}
	// Every program starts in package runtime, whether it imports anything or not.
	if p.standard[m] || m == p.Root {
		c.DependsOn = append(c.DependsOn, l.stdlibRef())
	}
	// Nobody told the go command what code in other languages links.
	if p.native[m] || len(p.Failures) > 0 {
		c.Completeness = Incomplete
	}
	return c
}

// stdlib is the component of the standard library. Which libraries of the
// system it is linked with, if any, is decided by the linker: with cgo, and on
// systems whose kernel is asked by way of them alone.
func (l *Listing) stdlib() *Component {
	c := stdlibComponent(l.Target.GoVersion)
	if !l.Target.CgoEnabled && slices.Contains(selfContained, l.Target.GOOS) {
		c.Completeness = Complete
	}
	return c
}

// selfContained are the systems on which a program without cgo needs no library.
var selfContained = []string{"dragonfly", "freebsd", "js", "linux", "netbsd", "plan9", "wasip1"}

func stdlibComponent(goVersion string) *Component {
	version := stdlibVersion(goVersion)
	c := &Component{
		Ref: stdlibRef(version), Kind: KindLibrary, Name: stdlib, Version: version, PURL: purl(stdlib, version),
		Scope: ScopeRequired, Depends: true, Completeness: Unknown,
		Supplier: &Party{Name: "The Go Authors", URL: "https://go.dev"},
		License:  License{Declared: "BSD-3-Clause", Concluded: "BSD-3-Clause"},
	}
	c.References = append(c.References, Reference{Type: "license", URL: "https://go.dev/LICENSE"}, Reference{Type: "vcs", URL: "https://go.googlesource.com/go", Comment: "tag go" + version})
	return c
}

// stdlibRef is no module's: the first element of a published module's path has
// a dot, and the version of a main module begins with a v.
func stdlibRef(version string) string { return stdlib + "@" + version }

func (l *Listing) stdlibRef() string { return stdlibRef(stdlibVersion(l.Target.GoVersion)) }
