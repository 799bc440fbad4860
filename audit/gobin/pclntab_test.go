// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package gobin

import (
	"io"
	"strings"
	"testing"
)

func TestSourceRoot(t *testing.T) {
	for name, want := range map[string]string{
		"/home/alice/src/m/main.go": "/home/alice/src", "/srv/main.go": "/srv", "/main.go": "", "": "", "/": "", "main.go": "",
		"example.com/m/main.go": "", "C:/Users/bob/m/main.go": "C:/Users/bob/m", `d:\src\main.go`: "d:/src", "C:main.go": "", "1:/x/y.go": "", "./x/y.go": "",
	} {
		if got := sourceRoot(name); got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
}

// The package that goes with a name is that of the name alone, whatever stands
// before it.
func TestFunctionsPackages(t *testing.T) {
	names := []string{"a/b.F", "a/b.(*T).G", "a/b.F[a/c.T]", "a/b.init.0", "a/b.x/y.F", "a/b%2ec.F", "a/b%2ec.G", "a/b.c.F", "a/b.", "a/b", ".", "type:.eq.a/b.T",
		"a%2525.F", "a%25.F", "a%.F", "a[b].F", "go.F", "go:main", "main.main", "_cgo_x", "_cgo.F", "main.(*T[go.shape.int]).F", "main..F"}
	for _, a := range names {
		for _, b := range names {
			table := strings.NewReader(a + "\x00" + b + "\x00")
			im := &Image{functionTable: func() (functionTable, error) {
				return functionTable{r: io.NewSectionReader(table, 0, table.Size()), units: table.Size()}, nil
			}}
			var got []string
			if err := im.Functions(func(pkg, name string) {
				if got = append(got, name); pkg != PackageOf(name) {
					t.Errorf("%s behind %s: of package %q, want %q", name, a, pkg, PackageOf(name))
				}
			}); err != nil || len(got) != 2 {
				t.Errorf("%q %v", got, err)
			}
		}
	}
}
