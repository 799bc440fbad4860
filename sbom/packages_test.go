// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package sbom

import (
	"debug/buildinfo"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/goassay/assay/audit/gocmd"
)

// identities are modules as `go version -m` shows them: "path@version", with
// " <= path@version" behind it where that is replaced.
func identities(p *Product, modules []*Module) []string {
	var all []string
	for _, m := range modules {
		s := m.String()
		switch p.Locality(m) {
		case Directory:
			s = m.Path + "@local"
		case Workspace:
			s = m.Path + "@workspace"
		}
		for _, r := range m.Replaced {
			s += " <= " + r
		}
		all = append(all, s)
	}
	slices.Sort(all)
	return all
}

// built builds a program and returns what its build information says.
func built(t *testing.T, f *fixture, program string) []string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "program")
	f.run(t, "go", "build", "-o", file, program)
	info, err := buildinfo.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, d := range info.Deps {
		s := d.Path + "@" + d.Version
		switch {
		case d.Replace == nil && d.Version == "(devel)":
			s = d.Path + "@workspace"
		case d.Replace != nil && strings.HasPrefix(d.Replace.Path, "."):
			s = d.Path + "@local <= " + s
		case d.Replace != nil:
			s = d.Replace.Path + "@" + d.Replace.Version + " <= " + s
		}
		all = append(all, s)
	}
	slices.Sort(all)
	return all
}

func TestProgramsEqualBinaries(t *testing.T) {
	f := newFixture(t, application)
	deep := []string{"example.com/Deep/two@v1.0.0", "example.com/fork@v1.0.1 <= example.com/original@v1.0.0",
		"example.com/old@v3.0.0+incompatible", "example.com/one@v1.2.3"}
	beside := "example.com/beside@local <= example.com/beside@v1.0.0"
	tests := []struct {
		name    string
		environ []string
		want    map[string][]string
	}{
		{"linux", nil, map[string][]string{
			"example.com/App/cmd/first":  deep,
			"example.com/App/cmd/second": {beside},
		}},
		{"windows", []string{"GOOS=windows"}, map[string][]string{
			"example.com/App/cmd/first":  append(slices.Clone(deep), "example.com/win@v0.1.0"),
			"example.com/App/cmd/second": {beside},
		}},
		{"tags", []string{"GOFLAGS=-tags=special"}, map[string][]string{
			"example.com/App/cmd/first":  deep,
			"example.com/App/cmd/second": {beside, "example.com/tagged@v0.0.0-20260102030405-0123456789ab"},
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			f := f.with(test.environ...)
			_, p := f.product(t)
			union := make(map[string]bool)
			got := make(map[string][]string)
			for _, program := range p.Programs {
				got[program.Package] = identities(p, program.Modules)
				for _, m := range got[program.Package] {
					union[m] = true
				}
				if diff := cmp.Diff(built(t, f, program.Package), got[program.Package]); diff != "" {
					t.Errorf("%s (-binary +program):\n%s", program.Package, diff)
				}
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("programs (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(slices.Sorted(maps.Keys(union)), identities(p, p.Modules)); diff != "" {
				t.Errorf("product (-programs +modules):\n%s", diff)
			}
			for _, m := range p.Modules {
				if hashed := strings.HasPrefix(m.H1, "h1:"); hashed != (p.Locality(m) == Published) {
					t.Errorf("%s has hash %q", m, m.H1)
				}
			}
			if len(p.Failures) > 0 {
				t.Errorf("failures: %v", p.Failures)
			}
		})
	}
}

func TestLibrary(t *testing.T) {
	_, p := newFixture(t, application).product(t, "./library")
	if !p.Library() {
		t.Error("not a library")
	}
	want := []string{"example.com/one@v1.2.3", "example.com/unused@v1.0.0"}
	if diff := cmp.Diff(want, identities(p, p.Modules)); diff != "" {
		t.Errorf("modules (-want +got):\n%s", diff)
	}
}

// TestOwnRepository compares with lists that share no code: the go command's
// own, and those in binaries.
func TestOwnRepository(t *testing.T) {
	dir, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	f := &fixture{dir: dir, environ: os.Environ()}
	_, p := f.product(t)
	patterns := []string{"./..."} // of a library
	if !p.Library() {
		patterns = nil
	}
	for _, program := range p.Programs {
		patterns = append(patterns, program.Package)
		if diff := cmp.Diff(built(t, f, program.Package), identities(p, program.Modules)); diff != "" {
			t.Errorf("%s (-binary +program):\n%s", program.Package, diff)
		}
	}
	args := []string{"go", "list", "-e", "-deps", "-f", "{{with .Module}}{{if not .Main}}{{.Path}}@{{.Version}}{{end}}{{end}}"}
	want := strings.Fields(f.run(t, append(args, patterns...)...))
	slices.Sort(want)
	if diff := cmp.Diff(slices.Compact(want), identities(p, p.Modules)); diff != "" {
		t.Errorf("modules (-go list +product):\n%s", diff)
	}
}

func TestFailures(t *testing.T) {
	const broken = `
-- go.mod --
module example.com/broken
go 1.26
-- main.go --
package main
import (
	_ "example.com/broken/library"
	_ "example.com/missing/one"
)
func main() {}
-- library/library.go --
package library
import _ "example.com/missing/two"
-- garbled/garbled.go --
packag garbled
-- mixed/a.go --
package a
-- mixed/b.go --
package main
-- windows/windows.go --
//go:build windows
package windows
`
	_, p := newFixture(t, broken).product(t)
	var got []string
	for _, f := range p.Failures {
		got = append(got, f.Package)
		if f.Message == "" {
			t.Errorf("%s: no message", f.Package)
		}
	}
	want := []string{"example.com/broken/garbled", "example.com/broken/mixed", "example.com/missing/one", "example.com/missing/two"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("failures (-want +got):\n%s", diff)
	}

	for name, l := range map[string]*Listing{
		"a pattern for nothing": newFixture(t, broken).list(t, "./nowhere"),
		"no module":             newFixture(t, "-- main.go --\npackage main\n").list(t),
	} {
		if len(l.Products()) != 0 || len(l.Failures) != 1 {
			t.Errorf("%s: products %v, failures %v; want one failure", name, l.Products(), l.Failures)
		}
	}
}

func TestPackagesErrors(t *testing.T) {
	tests := []struct {
		name, files, want string
		environ           []string
	}{
		{"unreadable go.mod", "-- go.mod --\nmodul x\n", "unknown directive", nil},
		{"bad flag", application, "GOFLAGS", []string{"GOFLAGS=-nonsense"}},
		{"no go command", application, "not found", []string{"PATH="}},
		{"overlay in a workspace", workspace, "-overlay", []string{"GOFLAGS=-overlay=x.json"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if test.name == "no go command" {
				t.Setenv("PATH", "") // where os/exec looks
			}
			f := &fixture{dir: t.TempDir(), environ: append(os.Environ(), test.environ...)}
			writeFiles(t, f.dir, test.files)
			_, err := Packages(t.Context(), Options{Dir: f.dir, Environ: f.environ, Run: gocmd.Run})
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want one with %q", err, test.want)
			}
		})
	}
}

func FuzzListing(f *testing.F) {
	f.Add(`{"ImportPath":"a","Name":"main","Module":{"Path":"a","Main":true},"Imports":["b","C"]}` +
		`{"ImportPath":"b","DepOnly":true,"Module":{"Path":"b","Version":"v1.0.0","Replace":{"Path":"../b"}},"Imports":["a"]}`)
	f.Add(`{"ImportPath":"a","Error":{"Pos":"a.go:1","Err":"no"}}{"ImportPath":"`)
	f.Fuzz(func(t *testing.T, s string) {
		l := &Listing{Target: Target{GoVersion: "go1.26.8"}}
		r := newListReader(l, nil)
		var err error
		if l.Packages, err = r.read(strings.NewReader(s)); err != nil {
			return
		}
		l.Tests, _ = r.read(strings.NewReader(s))
		if products := l.Products(); len(products) > 0 {
			if err := checkGraph(l.Document(products, Metadata{})); err != nil {
				t.Error(fmt.Errorf("%q: %w", s, err))
			}
		}
	})
}
