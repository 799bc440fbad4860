// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package modgraph

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/goassay/assay/audit/gocmd"
	"github.com/google/go-cmp/cmp"
)

const recorded = `{
	"Path": "example.com/main",
	"Main": true,
	"Dir": "/src/main",
	"GoVersion": "1.26"
}
{
	"Path": "example.com/a",
	"Version": "v1.0.0",
	"Replace": {"Path": "../a", "Dir": "/src/a"},
	"Update": {"Path": "example.com/a", "Version": "v1.2.0"},
	"Retracted": ["leaks"],
	"Deprecated": "use b",
	"Indirect": true,
	"Error": {"Err": "reading https://u:secret@proxy.example/x: 403 Forbidden"},
	"Origin": {"VCS": "git", "URL": "https://u:secret@git.example/a", "Hash": "0123", "TagSum": "t1:x"}
}
`

func TestParseList(t *testing.T) {
	got, err := ParseList(strings.NewReader(recorded))
	if err != nil {
		t.Fatal(err)
	}
	want := []Module{
		{Path: "example.com/main", Main: true, Dir: "/src/main", GoVersion: "1.26"},
		{Path: "example.com/a", Version: "v1.0.0", Replace: &Module{Path: "../a", Dir: "/src/a"},
			Update: &Module{Path: "example.com/a", Version: "v1.2.0"}, Retracted: []string{"leaks"}, Deprecated: "use b",
			Indirect: true, Error: "reading https://xxxxx@proxy.example/x: 403 Forbidden",
			Origin: &Origin{VCS: "git", URL: "https://xxxxx@git.example/a", Hash: "0123"}},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func TestParseListErrors(t *testing.T) {
	for _, tt := range []struct {
		name, in string
		modules  int
		err      error // nil: any
	}{
		{"cut", recorded[:len(recorded)-20], 1, io.ErrUnexpectedEOF},
		{"cut in the first", recorded[:10], 0, io.ErrUnexpectedEOF},
		{"something else", `{"ImportPath": "example.com/a"}`, 0, ErrNotList},
		{"an array", `[{"Path": "example.com/a"}]`, 0, nil},
		{"text", "go: cannot find main module", 0, nil},
		{"garbage behind", recorded + "]", 2, nil},
		{"too many", strings.Repeat(`{"Path":"m"}`, MaxModules+1), MaxModules, ErrTooMany},
		{"deep", strings.Repeat(`{"Path":"m","Replace":`, 20_000), 0, nil},
	} {
		got, err := ParseList(strings.NewReader(tt.in))
		var le *ListError
		if !errors.As(err, &le) || le.Modules != tt.modules || len(got) != tt.modules || tt.err != nil && !errors.Is(err, tt.err) {
			t.Errorf("%s: %d modules, %v", tt.name, len(got), err)
		}
	}
	if got, err := ParseList(strings.NewReader(" \n")); err != nil || len(got) != 0 {
		t.Errorf("empty list: %v, %v", got, err)
	}
}

func FuzzParseList(f *testing.F) {
	f.Add([]byte(recorded))
	f.Add([]byte(`{"Path":"a","Error":null,"Time":"2020-01-01T00:00:00Z"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		modules, err := ParseList(bytes.NewReader(data))
		var le *ListError
		if err != nil && (!errors.As(err, &le) || le.Modules != len(modules)) {
			t.Fatalf("%d modules, %v", len(modules), err)
		}
		for _, m := range modules {
			if m.Path == "" {
				t.Fatal("a module without a path")
			}
		}
	})
}

// write puts files in a temporary folder. Each begins with a line
// "-- name --"; HASH in them stands for a well-formed hash.
func write(t *testing.T, archive string) string {
	t.Helper()
	dir := t.TempDir()
	var name string
	files := make(map[string]string)
	for line := range strings.Lines(strings.ReplaceAll(archive, "HASH", hashA)) {
		if strings.HasPrefix(line, "-- ") && strings.HasSuffix(line, " --\n") {
			name = line[3 : len(line)-4]
		} else if name != "" {
			files[name] += line
		}
	}
	for name, text := range files {
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// environ is an environment for the go command that reaches no network.
func environ(t *testing.T, settings ...string) []string {
	env := append(os.Environ(), "GOENV=off", "GOFLAGS=", "GOPROXY=off", "GOWORK=", "GOTOOLCHAIN=local", "GOMODCACHE="+filepath.Join(t.TempDir(), "mod"), "GO111MODULE=")
	return append(env, settings...)
}

func paths(modules []Module) string {
	var all []string
	for _, m := range modules {
		all = append(all, m.String())
	}
	return strings.Join(all, " ")
}

const localModules = `
-- go.mod --
module example.com/main

go 1.26

require example.com/a v1.0.0

replace example.com/a => ./a
-- a/go.mod --
module example.com/a

go 1.26
-- main.go --
package main

import _ "example.com/a"

func main() {}
-- a/a.go --
package a
`

func TestList(t *testing.T) {
	for _, tt := range []struct {
		name, files string
		env         []string
		want        string
		fails       string // what the go command says
	}{
		{name: "local", files: localModules, want: "example.com/main example.com/a@v1.0.0"},
		{name: "vendor", files: localModules + "-- vendor/modules.txt --\n# nothing\n", want: "example.com/main example.com/a@v1.0.0"},
		{name: "GOFLAGS=-mod=vendor", files: localModules, env: []string{"GOFLAGS=-mod=vendor"}, want: "example.com/main example.com/a@v1.0.0"},
		{name: "GOFLAGS=-mod=mod", files: localModules, env: []string{"GOFLAGS=-mod=mod"}, want: "example.com/main example.com/a@v1.0.0"},
		{name: "no dependencies", files: "-- go.mod --\nmodule example.com/main\n\ngo 1.26\n", want: "example.com/main"},
		{name: "GOPROXY=off", files: "-- go.mod --\nmodule example.com/main\n\ngo 1.26\n\nrequire example.com/b v1.0.0\n-- go.sum --\nexample.com/b v1.0.0/go.mod HASH\n",
			want: "example.com/main example.com/b@v1.0.0", fails: "module lookup disabled by GOPROXY=off"},
		{name: "missing sum", files: "-- go.mod --\nmodule example.com/main\n\ngo 1.26\n\nrequire example.com/b v1.0.0\n",
			want: "example.com/main example.com/b@v1.0.0", fails: "example.com/b@v1.0.0: missing go.sum entry"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := write(t, tt.files)
			before := snapshot(t, dir)
			got, err := List(context.Background(), Options{Dir: dir, Environ: environ(t, tt.env...), Run: gocmd.Run})
			if err != nil {
				t.Fatal(err)
			}
			if s := paths(got.Modules); s != tt.want {
				t.Errorf("got %s, want %s", s, tt.want)
			}
			if (got.Failure != nil) != (tt.fails != "") || got.Failure != nil && !strings.Contains(got.Failure.Error(), tt.fails) {
				t.Errorf("failure %v, want %q", got.Failure, tt.fails)
			}
			if d := cmp.Diff(before, snapshot(t, dir)); d != "" {
				t.Errorf("files changed (-before +after):\n%s", d)
			}
		})
	}
}

func snapshot(t *testing.T, dir string) map[string]string {
	files := make(map[string]string)
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		files[path] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// A workspace whose go.work.sum the go command would rewrite.
func TestListWorkspace(t *testing.T) {
	dir := write(t, `
-- go.work --
go 1.26

use (
	.
	./b
)

replace example.com/c => ./c
-- go.work.sum --
example.com/unused v1.0.0 HASH
-- go.mod --
module example.com/main

go 1.26

require example.com/c v1.0.0
-- b/go.mod --
module example.com/b

go 1.26

require example.com/d v1.0.0

replace example.com/d => ../d
-- c/go.mod --
module example.com/c
-- d/go.mod --
module example.com/d
`)
	before := snapshot(t, dir)
	got, err := List(context.Background(), Options{Dir: dir, WorkFile: filepath.Join(dir, "go.work"),
		Environ: environ(t, "GOFLAGS=-mod=mod"), Run: gocmd.Run})
	if err != nil || got.Failure != nil {
		t.Fatal(err, got)
	}
	if got, want := paths(got.Modules), "example.com/b example.com/main example.com/c@v1.0.0 example.com/d@v1.0.0"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	for _, m := range got.Modules {
		if m.Replace != nil && (m.Replace.Path != "./"+path.Base(m.Path) || !Inside(dir, m.Replace.Dir)) {
			t.Errorf("%s is replaced by %s in %s", m.Path, m.Replace.Path, m.Replace.Dir)
		}
	}
	if d := cmp.Diff(before, snapshot(t, dir)); d != "" {
		t.Errorf("files changed (-before +after):\n%s", d)
	}
}

func TestListErrors(t *testing.T) {
	dir := write(t, "-- go.mod --\nmodule example.com/main\n\nrequir x\n")
	_, err := List(context.Background(), Options{Dir: dir, Environ: environ(t), Run: gocmd.Run})
	var ge *gocmd.Error
	if !errors.As(err, &ge) || !strings.Contains(err.Error(), "go.mod:3: unknown directive: requir") {
		t.Errorf("go.mod with an error: %v", err)
	}

	dir = write(t, "-- go.mod --\nmodule example.com/main\n\ngo 1.26\n\nrequire example.com/a v1.0.0\n-- go.sum --\nexample.com/a v1.0.0\n")
	if _, err = List(context.Background(), Options{Dir: dir, Environ: environ(t), Run: gocmd.Run}); err == nil || !strings.Contains(err.Error(), "go.sum:1: wrong number of fields 2") {
		t.Errorf("malformed go.sum: %v", err)
	}

	missing := func(cmd *exec.Cmd) ([]byte, error) { return nil, &gocmd.Error{Args: cmd.Args, Err: exec.ErrNotFound} }
	if _, err = List(context.Background(), Options{Dir: dir, Environ: environ(t), Run: missing}); !errors.Is(err, exec.ErrNotFound) {
		t.Errorf("no go command: %v", err)
	}

	var calls [][]string
	cut := func(cmd *exec.Cmd) ([]byte, error) {
		calls = append(calls, cmd.Args)
		return []byte(recorded[:len(recorded)-10]), nil
	}
	_, err = List(context.Background(), Options{Dir: dir, Environ: environ(t), Run: cut, Updates: true})
	if !errors.Is(err, io.ErrUnexpectedEOF) || !slices.Contains(calls[0], "-u") {
		t.Errorf("cut: %v after %v", err, calls)
	}
}
