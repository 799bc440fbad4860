// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package sbom

import (
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/goassay/assay/audit/gocmd"
)

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
