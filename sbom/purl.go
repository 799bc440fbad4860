// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package sbom

import (
	"path"
	"strings"

	"github.com/package-url/packageurl-go"
	"golang.org/x/mod/module"
)

// purl returns the package URL of a module, or "" for what no import path can
// name: build info may hold anything. version may be empty, and is left out
// where it cannot be one.
//
// The golang type of the purl specification (types/golang-definition.json)
// says that namespace and name "must be lowercased", so that modules whose
// paths differ in case alone share a purl; a component's name keeps the case.
// The name is the last element of the module path, the namespace what stands
// before it.
func purl(path, version string) string {
	if module.CheckImportPath(path) != nil || path == adHoc {
		return ""
	}
	if strings.Trim(version, versionCharacters) != "" {
		version = ""
	}
	path = strings.ToLower(path)
	namespace, name := "", path
	if i := strings.LastIndexByte(path, '/'); i >= 0 {
		namespace, name = path[:i], path[i+1:]
	}
	return packageurl.NewPackageURL(packageurl.TypeGolang, namespace, name, version, nil, "").ToString()
}

// adHoc is what the go command calls a program that it builds of files that
// were named, as in "go build main.go".
const adHoc = "command-line-arguments"

// versionCharacters are those that versions of modules and toolchains have.
const versionCharacters = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.+-_"

// withSubpath returns the purl of something in a module: its path below it is
// the subpath, whose case is kept. It is "" for what cannot be one.
func withSubpath(of, sub string) string {
	if of == "" || sub == "" || path.Clean(sub) != sub || module.CheckImportPath(sub) != nil {
		return ""
	}
	p, err := packageurl.FromString(of)
	if err != nil {
		return ""
	}
	p.Subpath = sub
	return p.ToString()
}

// otherPURL returns a package URL of another type, or "" for what cannot be one.
func otherPURL(kind, namespace, name, version string, qualifiers map[string]string) string {
	p := packageurl.NewPackageURL(kind, namespace, name, version, packageurl.QualifiersFromMap(qualifiers), "")
	text := p.ToString()
	if parsed, err := packageurl.FromString(text); err != nil || name == "" || parsed.ToString() != text {
		return ""
	}
	return text
}

// stdlib is the path by which vulnerability databases and `go version -m`
// viewers know the standard library. It is no module path.
const stdlib = "stdlib"

// stdlibVersion returns the version of the standard library that a toolchain
// brings: 1.26.8 for go1.26.8. There is no v in front of it.
func stdlibVersion(goVersion string) string { return strings.TrimPrefix(goVersion, "go") }

// PURL returns the package URL of the module, or "" if its path is none.
func (m *Module) PURL() string { return purl(m.Path, m.Version) }
