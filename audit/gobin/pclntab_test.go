// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package gobin

import (
	"bytes"
	"io"
	"maps"
	"slices"
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

// A name is found wherever it stands, also as the end of another and where two parts
// meet, and one that stands in too many places is as good as several.
func TestNameOffsets(t *testing.T) {
	for _, name := range []string{defaultReaders[0], defaultReaders[1], defaultNotifiers[0], "crypto/internal/fips140/check.init.0"} {
		table := bytes.Repeat([]byte("x"), 2*chunk+1000)
		var want []int64
		for _, at := range []int{0, 500, chunk - len(name) - 1, chunk - 1 + 2*len(name), 2*chunk - len(name), 2*chunk + 999 - len(name)} {
			copy(table[at:], name+"\x00")
			want = append(want, int64(at))
		}
		read := func(table []byte) (*function, []int64) {
			r := io.NewSectionReader(bytes.NewReader(table), 0, int64(len(table)))
			f := &function{}
			found, err := functionTable{r: r, units: r.Size()}.nameOffsets(located{name: f, "runtime.other_Notifier": {}})
			if err != nil {
				t.Fatal(err)
			}
			return f, slices.Sorted(maps.Keys(found))
		}
		if f, got := read(table); !slices.Equal(got, want) || f.count != 0 {
			t.Errorf("%s: %v (%d), want %v", name, got, f.count, want)
		}
		if f, got := read(bytes.Repeat([]byte(name+"\x00"), 100*maxSameName)); f.count != 2 || len(got) != maxSameName {
			t.Errorf("%s again and again: count %d, %d places", name, f.count, len(got))
		}
	}
}
