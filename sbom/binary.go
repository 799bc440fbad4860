// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package sbom

import (
	"cmp"
	"path"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/mod/module"

	"github.com/goassay/assay/audit/gobin"
)

// Properties of executables and of what they contain.
const (
	PropertyGoVersion  = "assay:go:version"         // of an executable: the toolchain that it says it was built with
	PropertyFile       = "assay:file"               // of an executable: its path below what the document describes
	PropertySetting    = "assay:go:setting"         // of an executable: a setting of its build, key=value
	PropertyInferred   = "assay:go:module_inferred" // import-path: the module's path was inferred from import paths in the function table
	PropertyPackage    = "assay:go:package"         // an import path in the function table, of a module that was inferred
	PropertyNoModules  = "assay:go:no_modules"      // of an executable: true if it does not record the modules it was built from
	PropertyCommit     = "assay:vcs:revision"       // commit
	PropertyCommitTime = "assay:vcs:time"           // RFC 3339
)

// An Executable is a Go executable that a document describes.
type Executable struct {
	*gobin.File
	Name     string     // path below the root that was named, with slashes; of that itself its last element
	SHA512   string     // hexadecimal; "" if it was not computed
	Packages []string   // import paths of modules in the function table, where the build info has no modules
	Within   *Component // the image or package that it is in, as [ImageComponent] and [PackageComponents] make it; nil if none
	Linked   []string   // all import paths in the function table, for a document at [PackageLevel]; nil else
}

// Binaries describes executables. Each is a component with the modules that
// its build info records, and depends on all of them: which of these needs
// which, it does not record. What executables are in is a component, of which
// they are parts. Where there is more than one of all these, the root is group,
// a collection, which may not be nil then.
//
// A module of which an executable records nothing is named by the import paths
// of the packages that have functions in it. Its version is unknown.
func Binaries(files []Executable, group *Component, meta Metadata) *Document {
	d := meta.document("post-build")
	b := &binaryBuilder{Document: d, known: make(map[string]*Component)}
	var roots []string
	for _, f := range files {
		c := b.add(f)
		if f.Within == nil {
			roots = append(roots, c.Ref)
			continue
		}
		within := b.known[f.Within.Ref]
		if within == nil {
			within = b.keep(f.Within)
			roots = append(roots, within.Ref)
		}
		within.DependsOn, within.Depends = append(within.DependsOn, c.Ref), true
		within.Parts = append(within.Parts, c.Ref)
	}
	if d.Roots = roots; len(roots) > 1 {
		group.DependsOn, group.Depends, group.Parts = slices.Clone(roots), true, roots
		d.Components = append(d.Components, group)
		d.Roots = []string{group.Ref}
	}
	if len(d.Roots) > 0 {
		d.Name = d.Component(d.Roots[0]).Name
	}
	d.Sort()
	return d
}

// Add adds components that one of the document needs, such as the source
// packages of a Debian package. Those that are there already are not added again.
func (d *Document) Add(needs *Component, others []*Component) {
	for _, c := range others {
		if d.Component(c.Ref) == nil {
			d.Components = append(d.Components, c)
		}
		if !slices.Contains(needs.DependsOn, c.Ref) {
			needs.DependsOn = append(needs.DependsOn, c.Ref)
		}
	}
	d.Sort()
}

type binaryBuilder struct {
	*Document
	known map[string]*Component // by Ref
}

func (b *binaryBuilder) add(f Executable) *Component {
	c := f.component()
	if f.Within != nil {
		c.Ref = f.Within.Ref + "!/" + f.Name
	}
	for ref, n := c.Ref, 2; b.known[c.Ref] != nil; n++ { // an archive may have a name twice
		c.Ref = ref + "#" + strconv.Itoa(n)
	}
	b.known[c.Ref] = c
	b.Components = append(b.Components, c)
	owners := make(map[string]*Component) // by the module path that import paths begin with
	for _, m := range f.modules() {
		required := before(cmp.Or(m.Property(PropertyReplaced), m.Name), "@")
		owners[required] = b.module(m)
		c.DependsOn = append(c.DependsOn, owners[required].Ref)
	}
	if f.Build != nil && f.Build.Version() != "" {
		std := stdlibComponent(f.Build.Version())
		if f.Static == gobin.Yes && f.CGO == gobin.No {
			std.Completeness = Complete
		}
		owners[stdlib] = b.keep(std)
		c.DependsOn = append(c.DependsOn, owners[stdlib].Ref)
	} else {
		c.Completeness = Unknown
	}
	b.linked(f, c, owners)
	return c
}

// linked adds the packages that have functions in the executable, as parts of
// their modules. Which of them imports which is not recorded.
func (b *binaryBuilder) linked(f Executable, executable *Component, owners map[string]*Component) {
	main := ""
	if f.Build != nil && f.Build.Main != nil {
		main = f.Build.Main.Path
		owners[main] = executable
	}
	for _, importPath := range f.Linked {
		if importPath == "main" && f.Build != nil && f.Build.Package != "" {
			importPath = f.Build.Package
		}
		owner, required := executable, importPath
		for owners[required] == nil && required != "." {
			required = path.Dir(required)
		}
		switch {
		case owners[required] != nil:
			owner = owners[required]
		case gobin.IsStandard(importPath) && owners[stdlib] != nil:
			owner, required = owners[stdlib], ""
		}
		sub := importPath
		if rest, ok := strings.CutPrefix(importPath+"/", required+"/"); ok {
			sub = strings.TrimSuffix(rest, "/")
		}
		c := packageComponent(owner, packageRef(owner.Ref, sub), sub, importPath)
		c.Completeness = Unknown
		if b.known[c.Ref] == nil {
			owner.Parts = append(owner.Parts, c.Ref)
			b.keep(c)
		}
	}
}

// ExecutableRef returns the Ref of an executable in a document of [Binaries],
// or "" if it is not there.
func ExecutableRef(d *Document, f Executable) string {
	sum := strings.TrimPrefix(f.SHA256, "sha256:")
	for _, c := range d.Components {
		if c.Property(PropertyFile) == f.Name && slices.Contains(c.Hashes, Hash{"SHA-256", sum}) {
			return c.Ref
		}
	}
	return ""
}

// keep adds a component unless it is there.
func (b *binaryBuilder) keep(c *Component) *Component {
	if known := b.known[c.Ref]; known != nil {
		known.merge(c)
		return known
	}
	b.known[c.Ref] = c
	b.Components = append(b.Components, c)
	return c
}

// module adds the component of a module. Two executables may record two
// hashes of one version: these are two components.
func (b *binaryBuilder) module(c *Component) *Component {
	if known := b.known[c.Ref]; known != nil && known.Property(PropertyH1) != c.Property(PropertyH1) {
		c.Ref += "#" + cmp.Or(c.Property(PropertyH1), "no-h1")
	}
	return b.keep(c)
}

// component returns that of the executable itself, without what it needs.
func (f Executable) component() *Component {
	c := &Component{
		Ref: "file:" + f.Name, Kind: KindApplication, Name: path.Base(f.Name),
		Depends: true, Completeness: Complete,
	}
	if sum, ok := strings.CutPrefix(f.SHA256, "sha256:"); ok {
		c.Hashes = append(c.Hashes, Hash{"SHA-256", sum})
	}
	if f.SHA512 != "" {
		c.Hashes = append(c.Hashes, Hash{"SHA-512", f.SHA512})
	}
	c.Add(PropertyMainModule, "true")
	c.Add(PropertyFile, f.Name)
	if len(f.Libraries) > 0 || f.CGO != gobin.No {
		c.Completeness = Incomplete // what C code brought with it is not recorded
	}
	if f.VCS != nil {
		c.Add(PropertyCommit, f.VCS.Revision)
		if f.VCS.Modified == gobin.Yes {
			c.Add(PropertyModified, "true")
		}
	}
	build := f.Build
	if build == nil {
		c.Completeness = Unknown
		return c
	}
	c.Add(PropertyGoVersion, build.Go)
	c.Add(PropertyMain, build.Package)
	for _, s := range build.Settings {
		if slices.Contains(describedSettings, s.Key) {
			c.Add(PropertySetting, s.Key+"="+s.Value)
		}
	}
	switch m := build.Main; {
	case m != nil:
		c.Name, c.Version = m.Path, released(m.Version)
		c.PURL = purl(m.Path, c.Version)
		c.Supplier = Supplier(m.Path)
		c.Add(PropertyH1, m.Sum)
	case len(build.Deps) == 0 && f.Packages != nil:
		c.Add(PropertyNoModules, "true")
		c.Completeness = Unknown
	}
	return c
}

// describedSettings are those that say for what an executable was built.
var describedSettings = []string{"-tags", "CGO_ENABLED", "GOARCH", "GOEXPERIMENT", "GOFIPS140", "GOOS", "-buildmode"}

// released returns a version, or "" for what the go command writes where
// there is none, or what is longer than any version.
func released(version string) string {
	if version == "(devel)" || len(version) > maxVersion {
		return ""
	}
	return version
}

// maxVersion bounds a version, in bytes: that of CycloneDX's schema is 1024.
const maxVersion = 1024

// modules returns the components of the modules that the executable contains.
func (f Executable) modules() []*Component {
	var all []*Component
	if f.Build != nil {
		for _, m := range f.Build.Deps {
			all = append(all, recordedModule(m))
		}
	}
	if len(all) > 0 || f.Build != nil && f.Build.Main != nil {
		return all
	}
	packages := make(map[string][]string)
	for _, p := range f.Packages {
		m := inferModule(p)
		packages[m] = append(packages[m], p)
	}
	for m, paths := range packages {
		c := moduleOf(m, "")
		c.Add(PropertyInferred, "import-path")
		for _, p := range paths {
			c.Add(PropertyPackage, p)
		}
		all = append(all, c)
	}
	slices.SortFunc(all, func(a, b *Component) int { return cmp.Compare(a.Ref, b.Ref) })
	return all
}

// takenRefs are the names of other components, which no published module has.
var takenRefs = []string{stdlib, "executables", "workspace"}

// moduleOf returns the component of a module of which no dependencies are known.
func moduleOf(modulePath, version string) *Component {
	m := &Module{Path: modulePath, Version: version}
	ref := m.String()
	if slices.Contains(takenRefs, m.Path) || module.CheckImportPath(m.Path) != nil {
		ref = "module:" + ref // build info may hold anything
	}
	return &Component{
		Ref: ref, Kind: KindLibrary, Name: cmp.Or(m.Path, "unnamed"), Version: m.Version, PURL: m.PURL(),
		Scope: ScopeRequired, Depends: true, Completeness: Unknown, Supplier: Supplier(m.Path),
	}
}

// recordedModule returns the component of a module as build info has it:
// what was compiled in is the replacement, if there is one.
func recordedModule(m gobin.Module) *Component {
	used := m
	if m.Replace != nil {
		used = *m.Replace
	}
	local := m.Replace != nil && released(used.Version) == ""
	if local {
		used = m // the name that imports use: a directory is no name for others
		used.Version, used.Sum = "", ""
	}
	c := moduleOf(used.Path, released(used.Version))
	c.Add(PropertyH1, used.Sum)
	if local {
		c.Add(PropertyLocal, string(Directory))
	}
	if m.Replace != nil {
		c.Add(PropertyReplaced, m.Path+"@"+m.Version)
	}
	return c
}

// inferModule returns what the path of the module with a package probably is:
// on hosts with accounts, and beneath golang.org/x, the first three elements, elsewhere the
// first two, with a major
// version behind. Nothing in an executable without module lines proves it.
func inferModule(importPath string) string {
	words := strings.Split(importPath, "/")
	n := 2
	if slices.Contains(ownerHosts, words[0]) || strings.HasPrefix(importPath, "golang.org/x/") {
		n = 3
	}
	if words[0] == "gopkg.in" && len(words) > 1 && !strings.Contains(words[1], ".v") {
		n = 3
	}
	n = min(n, len(words))
	if len(words) > n && isMajor(words[n]) {
		n++
	}
	return strings.Join(words[:n], "/")
}

// isMajor reports whether s is v2, v3 and so on.
func isMajor(s string) bool {
	digits, ok := strings.CutPrefix(s, "v")
	return ok && digits != "" && digits[0] != '0' && digits != "1" && strings.Trim(digits, "0123456789") == ""
}
