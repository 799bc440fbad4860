// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package sbom

import (
	"debug/buildinfo"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"runtime"
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

const workspace = `
-- go.work --
go 1.26
use (
	./a
	./b
)
-- a/go.mod --
module example.com/a
go 1.26
-- a/main.go --
package main
import _ "example.com/b"
func main() {}
-- b/go.mod --
module example.com/b
go 1.26
require example.com/one v1.2.3
-- b/b.go --
package b
import _ "example.com/one"
`

func TestWorkspace(t *testing.T) {
	f := newFixture(t, workspace)

	// go.work.sum is missing: the go command would write it, with hashes of
	// what it found in the cache. Nothing may change.
	before := snapshot(t, f.dir)
	_, err := Packages(t.Context(), Options{Dir: f.dir, Environ: f.environ, Run: gocmd.Run, Patterns: []string{"./a/...", "./b/..."}})
	if err == nil || !strings.Contains(err.Error(), "go.sum") {
		t.Errorf("without go.work.sum: error %v, want one that names go.sum", err)
	}
	if diff := cmp.Diff(before, snapshot(t, f.dir)); diff != "" {
		t.Errorf("the workspace changed:\n%s", diff)
	}

	f.run(t, "go", "list", "-deps", "./a") // writes go.work.sum
	l := f.list(t, "./a/...", "./b/...")
	if !l.Target.Workspace {
		t.Error("not a workspace")
	}
	got := make(map[string][]string)
	for _, p := range l.Products() {
		got[p.Root.Path] = identities(p, p.Modules)
		if m := p.Modules[len(p.Modules)-1]; m.Path != "example.com/one" || m.H1 == "" {
			t.Errorf("%s: no hash for %s", p.Root, m)
		}
	}
	want := map[string][]string{
		"example.com/a": {"example.com/Deep/two@v1.0.0", "example.com/b@workspace", "example.com/one@v1.2.3"},
		"example.com/b": {"example.com/Deep/two@v1.0.0", "example.com/one@v1.2.3"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("products (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(built(t, f, "./a"), got["example.com/a"]); diff != "" {
		t.Errorf("a (-binary +product):\n%s", diff)
	}
}

func TestVendor(t *testing.T) {
	f := newFixture(t, application)
	_, online := f.product(t)
	f.run(t, "go", "mod", "vendor")
	f = f.with("GOPROXY=off", "GOMODCACHE="+t.TempDir())
	l, p := f.product(t)
	if !l.Vendored {
		t.Error("not vendored")
	}
	if diff := cmp.Diff(identities(online, online.Modules), identities(p, p.Modules)); diff != "" {
		t.Errorf("modules (-cache +vendor):\n%s", diff)
	}
	for i, m := range p.Modules {
		if m.H1 != online.Modules[i].H1 {
			t.Errorf("%s: hash %q, want %q", m, m.H1, online.Modules[i].H1)
		}
	}
}

// TestReadOnly: with -mod=mod the go command would add the missing
// requirement to go.mod.
func TestReadOnly(t *testing.T) {
	f := newFixture(t, application)
	writeFile(t, filepath.Join(f.dir, "cmd/first/new.go"), "package main\n\nimport _ \"example.com/unused\"\n")
	gomod := filepath.Join(f.dir, "go.mod")
	data, err := os.ReadFile(gomod)
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, gomod, strings.ReplaceAll(string(data), "example.com/unused", "example.com/one"))
	before := snapshot(t, f.dir)
	for _, flags := range []string{"", "-mod=mod", "'-mod=mod' -modcacherw"} {
		_, err := Packages(t.Context(), Options{Dir: f.dir, Environ: f.with("GOFLAGS=" + flags).environ, Run: gocmd.Run})
		if err == nil || !strings.Contains(err.Error(), "go.mod") {
			t.Errorf("GOFLAGS=%s: error %v, want one that names go.mod", flags, err)
		}
	}
	if diff := cmp.Diff(before, snapshot(t, f.dir)); diff != "" {
		t.Errorf("the module changed:\n%s", diff)
	}
}

func snapshot(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := make(map[string]string)
	err := fs.WalkDir(os.DirFS(dir), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(filepath.Join(dir, name))
		files[name] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
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

func TestTarget(t *testing.T) {
	f := newFixture(t, application).with("GOOS=windows", "GOARCH=arm64", "GOFLAGS=-tags=b,a -trimpath", "GOEXPERIMENT=jsonv2")
	want := Target{GOOS: "windows", GOARCH: "arm64", Tags: []string{"a", "b"}, Experiments: []string{"jsonv2"},
		GoVersion: strings.Fields(runtime.Version())[0]}
	if diff := cmp.Diff(want, f.list(t).Target); diff != "" {
		t.Errorf("target (-want +got):\n%s", diff)
	}
}

func TestSplitQuoted(t *testing.T) {
	tests := []struct {
		in   string
		want []string
	}{
		{"", nil},
		{" -a\t-b=c ", []string{"-a", "-b=c"}},
		{`'-ldflags=-s -w' "-tags=a b" -x='y`, []string{"-ldflags=-s -w", "-tags=a b", "-x='y"}},
		{`-a 'open`, []string{"-a"}},
	}
	for _, test := range tests {
		if diff := cmp.Diff(test.want, splitQuoted(test.in)); diff != "" {
			t.Errorf("%q (-want +got):\n%s", test.in, diff)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add(`{"ImportPath":"a","Name":"main","Module":{"Path":"a","Main":true},"Imports":["b","C"]}` +
		`{"ImportPath":"b","DepOnly":true,"Module":{"Path":"b","Version":"v1.0.0","Replace":{"Path":"../b"}},"Imports":["a"]}`)
	f.Add(`{"ImportPath":"a","Error":{"Pos":"a.go:1","Err":"no"}}{"ImportPath":"`)
	f.Fuzz(func(t *testing.T, s string) {
		l := &Listing{Target: Target{GoVersion: "go1.26.8"}}
		if l.read(strings.NewReader(s), nil) != nil {
			return
		}
		for _, p := range l.Products() {
			bom, err := l.Build(p, Metadata{})
			if err != nil {
				t.Fatal(err)
			}
			if err := checkGraph(bom); err != nil {
				t.Error(fmt.Errorf("%q: %w", s, err))
			}
		}
	})
}
