// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package modgraph

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/mod/module"

	"github.com/goassay/assay/internal/machine"
)

func TestReadModFile(t *testing.T) {
	dir := write(t, `
-- go.mod --
// Deprecated: gone
module example.com/main

go 1.26.0
toolchain go1.26.8
godebug default=go1.25

require (
	example.com/a v1.0.0
	example.com/b v1.0.0 // indirect
)
replace example.com/a => ../a
replace example.com/a v1.0.0 => example.com/fork v1.0.1
exclude example.com/b v1.0.0
retract [v0.1.0, v0.2.0] // wrong
tool example.com/a/cmd/x
ignore ./node
`)
	got, err := ReadModFile(filepath.Join(dir, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	want := &ModFile{
		File: filepath.Join(dir, "go.mod"), Module: "example.com/main", Deprecated: "gone", Go: "1.26.0", Toolchain: "go1.26.8",
		Require: []Requirement{{"example.com/a", "v1.0.0", false, 9}, {"example.com/b", "v1.0.0", true, 10}},
		Replace: []Replacement{{"example.com/a", "", "../a", "", 12}, {"example.com/a", "v1.0.0", "example.com/fork", "v1.0.1", 13}},
		Exclude: []Exclusion{{"example.com/b", "v1.0.0", 14}},
		Retract: []Retraction{{"v0.1.0", "v0.2.0", "wrong", 15}},
		Tool:    []Line{{"example.com/a/cmd/x", 16}}, Ignore: []Line{{"./node", 17}}, Godebug: []Line{{"default=go1.25", 6}},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	for version, to := range map[string]string{"v1.0.0": "example.com/fork", "v1.1.0": "../a"} {
		if r, ok := got.Replacement(module.Version{Path: "example.com/a", Version: version}); !ok || r.NewPath != to {
			t.Errorf("%s is replaced by %v, want %s", version, r, to)
		}
	}
}

func TestReadModFileErrors(t *testing.T) {
	for text, line := range map[string]int{
		"module example.com/m\n\nrequire example.com/a latest\n": 3,
		"module example.com/m\nfrobnicate\n":                     2,
		"go 1.26\n":                                              0,
		"module (\n":                                             2,
	} {
		dir := write(t, "-- go.mod --\n"+text)
		_, err := ReadModFile(filepath.Join(dir, "go.mod"))
		var pe *ParseError
		if !errors.As(err, &pe) || pe.Line != line || !strings.Contains(err.Error(), "go.mod:") {
			t.Errorf("%q: %v in line %v", text, err, pe)
		}
	}
	dir := t.TempDir()
	if _, err := ReadModFile(filepath.Join(dir, "go.mod")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
	if err := os.Mkdir(filepath.Join(dir, "go.mod"), 0o777); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadModFile(filepath.Join(dir, "go.mod")); !errors.Is(err, errNotRegular) {
		t.Errorf("a folder: %v", err)
	}
	if err := os.Symlink("loop", filepath.Join(dir, "loop")); err == nil {
		if _, err := ReadModFile(filepath.Join(dir, "loop")); err == nil {
			t.Error("a link to itself was read")
		}
	}
	huge := filepath.Join(dir, "huge")
	if err := os.WriteFile(huge, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(huge, maxFile+1); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadModFile(huge); err == nil || !strings.Contains(err.Error(), "larger than") {
		t.Errorf("huge: %v", err)
	}
}

func TestMissingSums(t *testing.T) {
	const mod = `module example.com/main
require (
	example.com/direct v1.0.0
	example.com/indirect v1.0.0 // indirect
	example.com/local v1.0.0
	example.com/forked v1.0.0
	example.com/excluded v1.0.0
)
replace example.com/local => ./local
replace example.com/forked => example.com/fork v1.1.0
exclude example.com/excluded v1.0.0
`
	m, err := parseModFile("go.mod", []byte(mod))
	if err != nil {
		t.Fatal(err)
	}
	all := []SumLine{
		{Module: "example.com/direct", Version: "v1.0.0"},
		{Module: "example.com/direct", Version: "v1.0.0", GoMod: true},
		{Module: "example.com/indirect", Version: "v1.0.0", GoMod: true},
		{Module: "example.com/fork", Version: "v1.1.0"},
		{Module: "example.com/fork", Version: "v1.1.0", GoMod: true},
	}
	if got := MissingSums(m, all); len(got) != 0 {
		t.Errorf("nothing is missing, but got %v", got)
	}
	lines := map[string]int{"example.com/direct": 3, "example.com/indirect": 4, "example.com/fork": 6}
	for i, l := range all {
		want := []MissingSum{{l.Module, l.Version, l.GoMod, lines[l.Module]}}
		if d := cmp.Diff(want, MissingSums(m, slices.Delete(slices.Clone(all), i, i+1))); d != "" {
			t.Errorf("without %v (-want +got):\n%s", l, d)
		}
	}
}

func TestReadWorkFile(t *testing.T) {
	dir := write(t, `
-- go.work --
go 1.26
use ./a
use ../outside
replace example.com/x => ./x
-- a/go.mod --
module example.com/a
-- a/vendor/v/go.mod --
module example.com/v
-- a/testdata/t/go.mod --
module example.com/t
-- a/.hidden/go.mod --
module example.com/hidden
-- b/go.mod --
module example.com/b
-- node_modules/n/go.mod --
module example.com/n
`)
	w, err := ReadWorkFile(filepath.Join(dir, "go.work"))
	if err != nil {
		t.Fatal(err)
	}
	if w.Go != "1.26" || len(w.Use) != 2 || w.Use[0].Mod.Module != "example.com/a" || w.Use[1].Err == "" || w.Use[1].Line != 3 || len(w.Replace) != 1 {
		t.Errorf("got %+v", w)
	}
	below, whole := ModulesBelow(dir)
	want := []string{filepath.Join(dir, "a", "go.mod"), filepath.Join(dir, "b", "go.mod")}
	if d := cmp.Diff(want, below); d != "" || !whole {
		t.Errorf("whole: %v (-want +got):\n%s", whole, d)
	}
	if got := FindWorkFile(filepath.Join(dir, "a", "testdata")); got != w.File {
		t.Errorf("go.work of a folder below: %q", got)
	}
	dir = write(t, "-- go.work --\ngo 1.26\nfoo\n")
	var pe *ParseError
	if _, err := ReadWorkFile(filepath.Join(dir, "go.work")); !errors.As(err, &pe) || pe.Line != 2 {
		t.Errorf("go.work with an error: %v", err)
	}
}

func TestFoldersOf(t *testing.T) {
	dir := write(t, `-- go.mod --
module example.com/m
-- a.go --
package m
-- b/b_windows.go --
package b
-- b/c/c_test.go --
package c
-- d/notes.txt --
text
-- e/go.mod --
module example.com/e
-- e/f/f.go --
package f
-- vendor/v/v.go --
package v
-- g/testdata/t.go --
package t
-- h/_h.go --
package h
-- i/.i.go --
package i
-- node_modules/n/n.go --
package n
-- p/linked --
package p
-- q/linked --
module example.com/q
-- q/q.go --
package q
`)
	links := map[string]string{"p/p.go": "linked", "q/go.mod": "linked", "r": "b", "d/none.go": "nothing", "d/folder.go": "../b"}
	for name, target := range links { // of folders the go command follows none
		if err := os.Symlink(target, filepath.Join(dir, filepath.FromSlash(name))); err != nil {
			machine.WindowsLacks(t, "symbolic links", err)
		}
	}
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(dir, link); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{dir, dir + string(filepath.Separator), link} {
		packages, modules, whole := FoldersOf(dir)
		if d := cmp.Diff([][]string{{".", "b", "b/c", "node_modules/n", "p"}, {"e", "q"}}, [][]string{packages, modules}); d != "" || !whole {
			t.Errorf("whole: %v (-want +got):\n%s", whole, d)
		}
	}
	if below, whole := ModulesBelow(filepath.Join(link, "q")); len(below) != 1 || below[0] != filepath.Join(link, "q", "go.mod") || !whole {
		t.Errorf("below a link: %q", below)
	}
	if packages, modules, whole := FoldersOf(filepath.Join(dir, "none")); whole || packages != nil || modules != nil {
		t.Errorf("%q, %q, %v", packages, modules, whole)
	}
}

func TestInside(t *testing.T) {
	dir := t.TempDir()
	for path, want := range map[string]bool{"": true, "a": true, "a/b": true, "..": false, "../x": false, "..x": true} {
		if got := Inside(dir, filepath.Join(dir, path)); got != want {
			t.Errorf("Inside(dir, dir/%s) = %v", path, got)
		}
	}
}

func FuzzParseModFile(f *testing.F) {
	f.Add([]byte("module m\nrequire (\n\ta.b/c v1.0.0 // indirect\n)\nreplace a.b/c => ./x\nretract v1.0.0 // no\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := parseModFile("go.mod", data)
		var pe *ParseError
		if err != nil && !errors.As(err, &pe) {
			t.Fatalf("untyped: %v", err)
		}
		if err == nil {
			MissingSums(m, nil)
		}
	})
}

// TestLocate names files from the directory on within the checkout, and by their
// absolute path elsewhere, whatever the current directory is.
func TestLocate(t *testing.T) {
	top, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	at := func(name string) string { return filepath.Join(top, filepath.FromSlash(name)) }
	for _, dir := range []string{"co/.git", "co/m/bin", "co/bin", "plain/m", "away"} {
		if err := os.MkdirAll(at(dir), 0o777); err != nil {
			t.Fatal(err)
		}
	}
	for link, to := range map[string]string{"link": "co/m", "co/out": "away", "co/tool": "away/tool"} {
		if err := os.Symlink(at(to), at(link)); err != nil {
			machine.WindowsLacks(t, "symbolic links", err)
		}
	}
	t.Chdir(at("co"))
	for _, tt := range []struct {
		dir, path, want string
		near            bool
	}{
		{"co/m", "m/bin/prog", "bin/prog", true},
		{"co/m", "bin/prog", "../bin/prog", true},
		{"co/m", "prog", "../prog", true}, // looks as if it were in the directory
		{"co/m", at("co/bin/prog"), "../bin/prog", true},
		{"co", "m", "m", true},
		{"co/m", "../away/prog", filepath.ToSlash(at("away/prog")), false},
		{"plain/m", "bin/prog", filepath.ToSlash(at("co/bin/prog")), false},
		{"plain/m", at("plain/prog"), filepath.ToSlash(at("plain/prog")), false},
		{"link", at("link/prog"), "prog", true},
		{"link", "m/prog", "prog", true},
		{"link", "bin/prog", "../bin/prog", true},
		{"co/m", at("link/prog"), "prog", true},
		{"co/m", "out/prog", filepath.ToSlash(at("co/out/prog")), false}, // through a link that leads out
		{"co/m", "tool", "../tool", true},                                // a link that is in the checkout itself
	} {
		if got, near := Locate(at(tt.dir), tt.path); got != tt.want || near != tt.near {
			t.Errorf("%s, %s: %s %v, want %s %v", tt.dir, tt.path, got, near, tt.want, tt.near)
		}
	}
}
