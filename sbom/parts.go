// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package sbom

import (
	"cmp"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/goassay/assay/audit/filetree"
)

// A Level is how deep a document goes.
type Level string

// The levels. What stands at a deeper one is part of what stands above it.
const (
	ModuleLevel  Level = ""         // modules and the standard library
	PackageLevel Level = "packages" // and their packages that are compiled in
	FileLevel    Level = "files"    // and the files that these are compiled from
)

// Properties of packages and files.
const (
	PropertyImportPath = "assay:go:import_path" // of a package: its import path
	PropertySource     = "assay:go:source"      // of a file: its path within the module
)

// A SourceFile is a file of a package.
type SourceFile struct {
	Name   string // relative to the folder of the package, with slashes
	SHA256 string // hexadecimal
	SHA512 string
}

// maxSource bounds one file that is hashed, in bytes: that of a zip file of a
// module (https://go.dev/ref/mod#zip-path-size-constraints).
const maxSource = 500 << 20

// A sourceReader hashes files, each once.
type sourceReader map[string]SourceFile

// read hashes the files of a package in a folder.
func (known sourceReader) read(dir string, names []string) ([]SourceFile, error) {
	var files []SourceFile
	for _, name := range names {
		full := filepath.Join(dir, filepath.FromSlash(name))
		f, ok := known[full]
		if !ok {
			var err error
			if f, err = hashSource(full); err != nil {
				return nil, fmt.Errorf("%s: %w", name, withoutPath(err))
			}
			known[full] = f
		}
		f.Name = filepath.ToSlash(name)
		files = append(files, f)
	}
	slices.SortFunc(files, func(a, b SourceFile) int { return cmp.Compare(a.Name, b.Name) })
	return slices.Compact(files), nil
}

// withoutPath returns what an error of the file system says, without the path,
// which is one of this machine.
func withoutPath(err error) error {
	if e, ok := err.(*os.PathError); ok {
		return e.Err
	}
	return err
}

func hashSource(name string) (SourceFile, error) {
	f, size, err := filetree.Open(name)
	if err != nil {
		return SourceFile{}, err
	}
	defer f.Close()
	if size > maxSource {
		return SourceFile{}, fmt.Errorf("larger than %d bytes", maxSource)
	}
	short, long := sha256.New(), sha512.New()
	if _, err := io.Copy(io.MultiWriter(short, long), io.LimitReader(f, maxSource)); err != nil {
		return SourceFile{}, err
	}
	return SourceFile{SHA256: hex.EncodeToString(short.Sum(nil)), SHA512: hex.EncodeToString(long.Sum(nil))}, nil
}

// implied returns what a package imports, and what the go command adds without
// an import (LinkerDeps and addImport in cmd/go/internal/load): every program
// starts in package runtime, and C code needs three packages more.
func (p *Package) implied() []string {
	imports := slices.Clone(p.Imports)
	if p.Name == "main" {
		imports = append(imports, "runtime")
	}
	if slices.Contains(p.Imports, "C") && p.ImportPath != "runtime/cgo" {
		imports = append(imports, "runtime/cgo", "syscall", "unsafe")
	}
	return imports
}

// impliedClosure is closure, with what the go command adds.
func impliedClosure(roots []*Package, index map[string]*Package) []*Package {
	all := slices.Clone(roots)
	seen := make(map[*Package]bool, len(index))
	for _, p := range all {
		seen[p] = true
	}
	for i := 0; i < len(all); i++ {
		for _, path := range all[i].implied() {
			if p := index[path]; p != nil && !seen[p] {
				seen[p] = true
				all = append(all, p)
			}
		}
	}
	return all
}

// A partsWriter adds packages and files to the modules of a document.
type partsWriter struct {
	l   *Listing
	add func(*Component) *Component // adds a component, or merges it with the one of its Ref
	has func(ref string) *Component // nil if there is none
}

// product adds the packages of a product: those that it consists of, and
// marked as excluded those that its tests and tools need besides.
func (w partsWriter) product(p *Product) {
	w.packages(p, impliedClosure(p.packages, p.index), "")
	for _, u := range p.used {
		w.packages(p, closure(u.packages, u.index), u.use)
	}
}

func (w partsWriter) packages(p *Product, packages []*Package, use Use) {
	refs := make(map[string]string, len(packages)) // by import path
	for _, q := range packages {
		if owner := w.owner(q); owner != nil && q.importable() {
			refs[q.ImportPath] = packageRef(owner.Ref, ownPath(q, owner))
		}
	}
	for _, q := range packages {
		ref := refs[q.ImportPath]
		if ref == "" || use != "" && w.has(ref) != nil {
			continue
		}
		owner := w.owner(q)
		c := packageComponent(owner, ref, ownPath(q, owner), q.plainPath())
		c.Completeness = Complete
		if q.Native || q.Failure != nil {
			c.Completeness = Incomplete
		}
		if use != "" {
			c.Scope = ScopeExcluded
			c.Add(PropertyUse, string(use))
		}
		for _, path := range q.implied() {
			if to := refs[path]; to != "" && to != ref {
				c.DependsOn = append(c.DependsOn, to)
			}
		}
		if w.has(ref) == nil {
			owner.Parts = append(owner.Parts, ref)
		}
		c = w.add(c)
		w.files(c, q, ownPath(q, owner))
	}
}

// owner returns the component that a package is part of.
func (w partsWriter) owner(q *Package) *Component {
	switch {
	case q.Standard:
		return w.has(w.l.stdlibRef())
	case q.Module != nil:
		return w.has(q.Module.String())
	}
	return nil
}

// importable reports whether a package is more than a product of go test: the
// program of a test, or a package of tests alone, which is its own file's.
func (p *Package) importable() bool {
	external := p.ForTest != "" && strings.HasSuffix(p.plainPath(), "_test")
	return !external && !(p.Name == "main" && strings.HasSuffix(p.ImportPath, ".test"))
}

// plainPath is the import path of a package that was recompiled for a test.
func (p *Package) plainPath() string { return before(p.ImportPath, " [") }

// ownPath is the path of a package below its module, "" for its root. Import
// paths begin with the path that go.mod requires, which a replacement may not have.
func ownPath(q *Package, owner *Component) string {
	if q.Standard {
		return q.plainPath()
	}
	for _, required := range append([]string{q.Module.Path}, q.Module.Replaced...) {
		if rest, ok := strings.CutPrefix(q.plainPath()+"/", before(required, "@")+"/"); ok {
			return strings.TrimSuffix(rest, "/")
		}
	}
	return q.plainPath()
}

// packageRef is that of a package in a module. No module's version has a "#",
// and no import path a "!".
func packageRef(owner, sub string) string {
	return owner + "#" + cmp.Or(sub, ".")
}

// packageComponent returns the component of a package. A purl names a package
// by its path below the module; there is none for the one at the root, as that
// would be the module's.
func packageComponent(owner *Component, ref, sub, importPath string) *Component {
	c := &Component{
		Ref: ref, Kind: KindLibrary, Name: importPath, Version: owner.Version,
		Scope: owner.Scope, Depends: true, Supplier: owner.Supplier,
	}
	c.PURL = withSubpath(owner.PURL, sub)
	c.Add(PropertyImportPath, importPath)
	return c
}

// files adds the files of a package.
func (w partsWriter) files(c *Component, q *Package, sub string) {
	if w.l.level != FileLevel {
		return
	}
	for _, f := range q.Files {
		name := path.Join(sub, f.Name)
		ref := c.Ref + "!" + f.Name
		if w.has(ref) != nil {
			continue
		}
		file := &Component{
			Ref: ref, Kind: KindFile, Name: name, Scope: c.Scope, Supplier: c.Supplier,
			Hashes: []Hash{{"SHA-256", f.SHA256}, {"SHA-512", f.SHA512}},
		}
		file.Add(PropertySource, name)
		file.Add(PropertyBSIFilename, path.Base(f.Name))
		file.Add(PropertyBSIExecutable, "non-executable")
		file.Add(PropertyBSIArchive, "no archive")
		file.Add(PropertyBSIStructured, "unstructured")
		w.add(file)
		c.Parts = append(c.Parts, ref)
	}
}
