// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package vulns

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/url"
	pathpkg "path"
	"slices"
	"strings"
	"unicode"

	"github.com/goassay/assay/audit/gobin"
	"github.com/goassay/assay/audit/redact"
)

// Binary assesses an executable: the modules that its build info names, the standard
// library of the Go that built it, and which vulnerable functions it has code of. These
// come from the runtime's function table, which stripping leaves: a stripped executable
// is assessed as it would be if it were not. Of a universal file, ask its members.
//
// Build info is a claim. Packages that the function table shows and none of its modules
// has, all if it names none, are listed as not assessed.
func (db *Database) Binary(ctx context.Context, f *gobin.File) (*Assessment, error) {
	o := &Observation{Basis: BasisExecutable, Level: LevelSymbol, Platform: Platform{f.OS, f.Arch}, SHA256: f.SHA256}
	o.Modules, o.NotAssessed = modulesOf(f.Build, f.Reason)
	o.clean()
	m, err := db.match(ctx, o.Modules, o.Platform)
	if err != nil {
		return nil, err
	}
	c := newContents(o.Modules)
	if f.Build != nil {
		c.main = f.Build.Package
	}
	if err := c.read(f, m.found); err != nil {
		o.Level = LevelModule
		o.NotAssessed = append(o.NotAssessed, NotAssessed{Reason: NoSymbols, Detail: err.Error()})
		if b := f.Build; b == nil || b.Main == nil && b.Deps == nil {
			o.NotAssessed = append(o.NotAssessed, NotAssessed{Reason: NoModules, Detail: f.Reason})
		}
		return o.judge(db, m), nil
	}
	o.Packages, o.Functions = c.seen(m.found)
	return o.judge(db, m), nil
}

// modulesOf lists the modules that build info names, and the standard library. why says
// why not all of it could be read.
func modulesOf(b *gobin.Build, why string) (modules []Module, missing []NotAssessed) {
	if b == nil || b.Go == "" {
		missing = []NotAssessed{{Module: Stdlib, Reason: NoGoVersion, Detail: why}}
	} else {
		modules = []Module{{Path: Stdlib, Version: b.Go}}
	}
	if b == nil {
		return nil, missing
	}
	list := b.Deps
	if b.Main != nil {
		list = append([]gobin.Module{*b.Main}, list...)
	}
	for _, m := range list {
		mod := Module{Path: m.Path, Version: m.Version}
		if r := m.Replace; r != nil {
			mod.Replace = &Module{Path: r.Path, Version: r.Version}
			if r.Version == "" || r.Version == "(devel)" { // a directory, whose name may be anything
				mod.Replace.Path = redact.Text(r.Path)
			}
		}
		modules = append(modules, mod)
	}
	return modules, missing
}

// contents are the packages and functions that an executable has code of.
type contents struct {
	modules  map[string]bool            // paths
	main     string                     // import path of the main package; "" if it is not known
	packages map[string]string          // and the module of each
	symbols  map[string]map[string]bool // of the packages that are asked for
}

func newContents(modules []Module) *contents {
	c := &contents{modules: map[string]bool{}, packages: map[string]string{}, symbols: map[string]map[string]bool{}}
	for _, m := range modules {
		if m.Path != Stdlib {
			c.modules[m.Path] = true
		}
	}
	return c
}

// seen lists the packages, and the functions that vulnerabilities are in.
func (c *contents) seen(found []*match) (packages []string, functions []Symbol) {
	for _, v := range found {
		for _, p := range v.Affected {
			pkg := v.inProgram(p.Path)
			for _, name := range p.Symbols {
				if c.symbols[pkg][name] {
					functions = append(functions, Symbol{pkg, name})
				}
			}
		}
	}
	return slices.Sorted(maps.Keys(c.packages)), sortedSymbols(functions)
}

// contents are the packages and functions of an observation.
func (o *Observation) contents() *contents {
	c := newContents(o.Modules)
	for _, p := range o.Packages {
		c.packages[p] = c.moduleOf(p)
	}
	for _, f := range o.Functions {
		if c.symbols[f.Package] == nil {
			c.symbols[f.Package] = map[string]bool{}
		}
		c.symbols[f.Package][f.Name] = true
	}
	return c
}

// read goes through the functions of an executable.
func (c *contents) read(f *gobin.File, found []*match) error {
	im, err := f.Image()
	if err != nil {
		return err
	}
	return c.collect(im, found)
}

// functions are those of an executable; see [gobin.Image].
type functions interface {
	Code(fn func(pkg, name string)) error
	Functions(fn func(pkg, name string)) error
}

// collect keeps the packages, and the functions of those in which some match says that
// only some are vulnerable. Where the inline trees cannot be read, as of a release of Go
// that is not known yet, it takes all names: a few more, never fewer.
func (c *contents) collect(im functions, found []*match) error {
	for _, v := range found {
		for _, p := range v.Affected {
			if len(p.Symbols) > 0 {
				c.symbols[v.inProgram(p.Path)] = map[string]bool{}
			}
		}
	}
	last, path := "", ""
	add := func(pkg, name string) {
		if pkg == "" || strings.HasPrefix(name, "type.") {
			return // what the compiler made
		}
		if pkg == "main" && c.main != "" {
			pkg = c.main
		}
		if pkg != last {
			last, path = pkg, cutPath(importPath(pkg))
			c.packages[path] = ""
		}
		if symbols := c.symbols[path]; symbols != nil {
			symbols[symbolName(name)] = true
		}
	}
	err := im.Code(add)
	if err != nil {
		err = im.Functions(add)
	}
	if err == nil && len(c.packages) == 0 {
		err = errors.New("function table without functions")
	}
	return err
}

// importPath decodes the path of a package once more: Go 1.27 encodes that of some
// closures twice. No import path holds a "%" (golang.org/x/mod/module.CheckImportPath).
func importPath(pkg string) string {
	if strings.IndexByte(pkg, '%') >= 0 {
		if decoded, err := url.PathUnescape(pkg); err == nil {
			return decoded
		}
	}
	return strings.Clone(pkg)
}

// cutPath brings the path of a package into its bounds, at the end of a character.
func cutPath(path string) string {
	path = valid(path)
	if len(path) <= maxPath {
		return path
	}
	return strings.ToValidUTF8(path[:maxPath], "")
}

// adHoc is what the go command calls a program that it builds of files that are named.
const adHoc = "command-line-arguments"

// moduleOf returns the module of a package: the one with the longest path that the
// package's begins with, [Stdlib], or "" if there is none. A main package whose path
// nobody recorded is of no module that could be asked about, and passes for [Stdlib].
func (c *contents) moduleOf(pkg string) string {
	if m := strings.TrimSuffix(pkg, "_test"); c.modules[m] && !c.modules[pkg] {
		return m
	}
	for m := pkg; m != ""; m = m[:max(0, strings.LastIndexByte(m, '/'))] {
		if c.modules[m] {
			return m
		}
	}
	if gobin.IsStandard(pkg) || pkg == "main" || pkg == adHoc {
		return Stdlib
	}
	return ""
}

// within reports whether a package's path is a module's, or below it.
func within(pkg, module string) bool {
	rest, ok := strings.CutPrefix(pkg, module)
	return ok && (rest == "" || rest[0] == '/')
}

// inProgram returns the path that a package of the vulnerability has in the program.
func (v *match) inProgram(pkg string) string {
	if v.as == v.Module || !within(pkg, v.Module) {
		return pkg
	}
	return v.as + strings.TrimPrefix(pkg, v.Module)
}

// narrow tells how close a vulnerability is.
func (c *contents) narrow(v *match) {
	if len(v.Affected) == 0 { // whatever there is of the module
		for pkg, module := range c.packages {
			if module == v.as {
				v.Packages = append(v.Packages, pkg)
			}
		}
		if v.Packages = named(v.Packages); len(v.Packages) > 0 {
			v.Reach = Present
		}
		return
	}
	for _, p := range v.Affected {
		pkg := v.inProgram(p.Path)
		if _, linked := c.packages[pkg]; !linked {
			continue
		}
		v.Packages = append(v.Packages, p.Path)
		if v.Reach == Required {
			v.Reach = Imported
		}
		if len(p.Symbols) == 0 {
			v.Reach = Present
		}
		for _, name := range p.Symbols {
			if c.symbols[pkg][name] {
				v.Reach = Present
				v.Symbols = append(v.Symbols, Symbol{p.Path, name})
			}
		}
	}
	slices.Sort(v.Packages)
	v.Packages = slices.Compact(v.Packages)
	v.Symbols = sortedSymbols(v.Symbols)
}

// symbolName returns the name of a function as a database writes it, by the name that the
// linker gives it: without the package and type arguments, and of a method "Type.Method".
func symbolName(name string) string {
	name = withoutTypeArguments(name)
	name = name[strings.LastIndexByte(name, '/')+1:]
	_, name, _ = strings.Cut(name, ".")
	if rest, ok := strings.CutPrefix(name, "(*"); ok {
		return strings.Replace(rest, ")", "", 1)
	}
	return strings.Clone(name)
}

// withoutTypeArguments removes what is in brackets.
func withoutTypeArguments(name string) string {
	if strings.IndexByte(name, '[') < 0 {
		return name
	}
	out, depth := make([]byte, 0, len(name)), 0
	for _, b := range []byte(name) {
		switch {
		case b == '[':
			depth++
		case b == ']' && depth > 0:
			depth--
		case depth == 0:
			out = append(out, b)
		}
	}
	return string(out)
}

// Bounds of what is named of an executable: the packages of a module, and the modules that
// are not assessed.
const (
	maxNamed   = 20
	maxStrange = 500
)

// strangers lists the packages that belong to no module, by the module that they seem to
// be of: one of the database, or one with a path as most have.
func (db *Database) strangers(c *contents) []NotAssessed {
	by := map[string][]string{}
	for pkg, module := range c.packages {
		if module == "" && !c.promoted(pkg) {
			guess := db.guess(pkg)
			by[guess] = append(by[guess], pkg)
		}
	}
	var out []NotAssessed
	for _, module := range slices.Sorted(maps.Keys(by)) {
		if len(out) == maxStrange {
			return append(out, NotAssessed{Reason: NoModules, Detail: fmt.Sprintf("%d more modules", len(by)-maxStrange)})
		}
		out = append(out, NotAssessed{Module: printable(module), Reason: NoModules, IDs: sortedIDs(db.modules[module]), Packages: named(by[module])})
	}
	return out
}

// named sorts packages, and returns the first of them in a form that disturbs no report:
// the names of an executable may hold anything.
func named(packages []string) []string {
	slices.Sort(packages)
	packages = slices.Clone(packages[:min(len(packages), maxNamed)])
	for i, p := range packages {
		packages[i] = printable(p)
	}
	return packages
}

// printable replaces what could disturb a terminal or a line of a report.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return unicode.ReplacementChar
	}, s)
}

// promoted reports whether what looks like a package is a known one, a type in it, and
// the package of a method that the type has from a field: a/b.T.database/sql, or
// regexp.(*T).regexp/syntax. Without a slash or "(*", it may be a host of that name.
func (c *contents) promoted(pkg string) bool {
	for i := range pkg {
		if pkg[i] == '.' {
			if _, known := c.packages[pkg[:i]]; known && (strings.IndexByte(pkg[:i], '/') >= 0 || strings.HasPrefix(pkg[i+1:], "(*")) {
				return true
			}
		}
	}
	return false
}

// guess returns the path of the module that a package seems to be of.
func (db *Database) guess(pkg string) string {
	if i := strings.LastIndex(pkg, "/vendor/"); i >= 0 { // as it was before modules
		pkg = pkg[i+len("/vendor/"):]
	}
	for path := pkg; path != "." && path != "/"; path = pathpkg.Dir(path) {
		if db.Lists(path) {
			return path
		}
	}
	parts := strings.Split(pkg, "/")
	n := 2
	switch parts[0] {
	case "github.com", "gitlab.com", "bitbucket.org", "codeberg.org", "golang.org":
		n = 3
	}
	return strings.Join(parts[:min(n, len(parts))], "/")
}

// sortedSymbols sorts symbols and leaves each there once.
func sortedSymbols(list []Symbol) []Symbol {
	slices.SortFunc(list, func(a, b Symbol) int {
		return cmp.Or(cmp.Compare(a.Package, b.Package), cmp.Compare(a.Name, b.Name))
	})
	return slices.Compact(list)
}
