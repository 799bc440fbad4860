// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package license

import (
	"io/fs"
	"strings"
	"testing"
)

// FuzzScan gives hostile texts to all readers of a module's files.
func FuzzScan(f *testing.F) {
	f.Add("LICENSE", mit, "# License\n\nMIT or Apache-2.0\n", "// SPDX-License-Identifier: MIT AND (ISC)\npackage m\n")
	f.Add("x/COPYING", gplNotice, "License\n---\nGPLv3+", "/* "+apacheNotice+" */ package m")
	f.Add("LICENSES/MIT.txt", commonsClause, "", "//go:embed x/*\n#include \"x/\"")
	f.Add("a/NOTICE", utf16LE(isc), "licensed under either", "")
	f.Fuzz(func(t *testing.T, name, license, readme, code string) {
		m := files("README.md", readme, "a.go", code, "x/y.h", code, "LICENSE.txt", license)
		if validName(name) {
			m = files("README.md", readme, "a.go", code, "x/y.h", code, name, license)
		}
		r, err := Scan(m, Options{})
		if err != nil {
			t.Skip()
		}
		check(t, r)
	})
}

func validName(name string) bool {
	return fs.ValidPath(name) && name != "." && name != "a.go" && name != "README.md" && name != "x" && !strings.HasPrefix(name, "x/y.h") &&
		!strings.HasPrefix(name, "a.go/") && !strings.HasPrefix(name, "README.md/")
}

// FuzzNormalize demands that what is accepted is written in a form that is accepted as the same.
func FuzzNormalize(f *testing.F) {
	for _, s := range []string{"MIT", "(MIT OR ISC) AND GPL-2.0+ WITH Classpath-exception-2.0", "DocumentRef-a:LicenseRef-b", "((", "MIT AND AND"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		n, err := Normalize(s)
		if err != nil {
			return
		}
		if len(n) > maxExpression {
			return // it grew: the suffixes of GNU licences
		}
		again, err := Normalize(n)
		if err != nil || again != n {
			t.Errorf("%q: %q, then %q, %v", s, n, again, err)
		}
		for _, p := range []Policy{{}, {Allow: []string{s}}, {Deny: []string{s, "GPL-*"}}} {
			if j := Judge(s, p); j.Invalid != "" || j.Verdict == "" || j.Verdict == Allowed && p.Allow == nil {
				t.Errorf("%q: %+v", s, j)
			}
		}
	})
}
