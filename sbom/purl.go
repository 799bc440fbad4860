// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package sbom

import (
	"strings"

	"github.com/package-url/packageurl-go"
)

// purl returns the package URL of a module. version may be empty.
//
// The golang type of the purl specification (types/golang-definition.json)
// says that namespace and name "must be lowercased", so that modules whose
// paths differ in case alone share a purl; a component's name keeps the case.
// The name is the last element of the module path, the namespace what stands
// before it.
func purl(path, version string) string {
	path = strings.ToLower(path)
	namespace, name := "", path
	if i := strings.LastIndexByte(path, '/'); i >= 0 {
		namespace, name = path[:i], path[i+1:]
	}
	return packageurl.NewPackageURL(packageurl.TypeGolang, namespace, name, version, nil, "").ToString()
}

// stdlib is the path by which vulnerability databases and `go version -m`
// viewers know the standard library. It is no module path.
const stdlib = "stdlib"

// stdlibVersion returns the version of the standard library that a toolchain
// brings: 1.26.8 for go1.26.8. There is no v in front of it.
func stdlibVersion(goVersion string) string { return strings.TrimPrefix(goVersion, "go") }

// PURL returns the package URL of the module.
func (m *Module) PURL() string { return purl(m.Path, m.Version) }
