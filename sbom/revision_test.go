// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package sbom

import (
	"context"
	"debug/buildinfo"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/goassay/assay/audit/gocmd"
	"github.com/goassay/assay/internal/machine"
)

// TestRevision compares with what the go command stamps into a program that
// it builds in the same place.
func TestRevision(t *testing.T) {
	machine.Need(t, "git")
	const (
		root  = "-- go.mod --\nmodule example.com/m\ngo 1.26\n-- main.go --\npackage main\nfunc main() {}\n"
		v2    = "-- go.mod --\nmodule example.com/m/v2\ngo 1.26\n-- main.go --\npackage main\nfunc main() {}\n"
		sub   = root + "-- sub/go.mod --\nmodule example.com/m/sub\ngo 1.26\n-- sub/main.go --\npackage main\nfunc main() {}\n"
		subV3 = root + "-- sub/v3/go.mod --\nmodule example.com/m/sub/v3\ngo 1.26\n-- sub/v3/main.go --\npackage main\nfunc main() {}\n"
		dotV2 = "-- go.mod --\nmodule gopkg.in/m.v2\ngo 1.26\n-- main.go --\npackage main\nfunc main() {}\n"
	)
	retract := strings.Replace(root, "go 1.26\n", "go 1.26\nretract v1.1.0\nretract [v1.2.0, v1.3.0]\n", 1)
	tests := []struct {
		name, files, dir, module string
		steps                    string // of git; "write FILE" writes one
		want                     string // with TIME and HASH for those of HEAD
		stamp                    string // of the go command, where it is another: "-" for none
	}{
		{name: "no tag", files: root, want: "v0.0.0-TIME-HASH"},
		{name: "tag", files: root, steps: "tag v1.2.3", want: "v1.2.3"},
		{name: "annotated tag", files: root, steps: "tag -m x v1.2.3", want: "v1.2.3"},
		{name: "highest of several", files: root, steps: "tag v1.9.0\ntag v1.10.0\ntag v1.10.0-rc.1", want: "v1.10.0"},
		{name: "after a tag", files: root, steps: "tag v1.2.3\ncommit --allow-empty -m x", want: "v1.2.4-0.TIME-HASH"},
		{name: "after a prerelease", files: root, steps: "tag v1.2.3-rc.1\ncommit --allow-empty -m x", want: "v1.2.3-rc.1.0.TIME-HASH"},
		{name: "dirty", files: root, steps: "tag v1.2.3\nwrite main.go", want: "v1.2.3+dirty"},
		{name: "untracked", files: root, steps: "write other.txt", want: "v0.0.0-TIME-HASH+dirty"},
		{name: "ignored", files: root, steps: "write .gitignore\nadd .\ncommit -m x\ntag v1.0.0\nwrite ignored", want: "v1.0.0"},
		{name: "wrong major", files: root, steps: "tag v2.0.0", want: "v0.0.0-TIME-HASH"},
		{name: "wrong major above a right one", files: root, steps: "tag v2.0.0\ntag v1.5.0", want: "v1.5.0"},
		{name: "no version", files: root, steps: "tag release-1\ntag v1.2\ntag 1.2.3", want: "v0.0.0-TIME-HASH"},
		{name: "no tag that begins like one", files: root, steps: "tag release-1\ntag 1.2.3", want: "v0.0.0-TIME-HASH"},
		{name: "metadata", files: root, steps: "tag v1.2.3+meta", want: "v1.2.4-0.TIME-HASH"},
		{name: "tag like a pseudo-version", files: root, steps: "tag v0.0.0-20260101000000-0123456789ab", want: "v0.0.0-TIME-HASH"},
		{name: "tag out of reach", files: root, steps: "checkout -q -b other\ncommit --allow-empty -m x\ntag v1.7.0\ncheckout -q main",
			want: "v0.0.0-TIME-HASH"},
		{name: "tag out of reach above one within", files: root,
			steps: "tag v1.0.0\ncheckout -q -b other\ncommit --allow-empty -m x\ntag v1.7.0\ncheckout -q main\ncommit --allow-empty -m y", want: "v1.0.1-0.TIME-HASH"},
		{name: "retracted", files: retract, steps: "tag v1.4.0\ncommit --allow-empty -m x\ntag v1.1.0", want: "v1.1.0"},
		{name: "retracted range", files: retract, steps: "tag v1.0.0\ncommit --allow-empty -m x\ntag v1.2.5\ntag v1.3.0\ncommit --allow-empty -m y\ncommit --allow-empty -m z",
			want: "v1.3.1-0.TIME-HASH"},
		{name: "second major version", files: v2, module: "example.com/m/v2", steps: "tag v1.9.0\ntag v2.1.0", want: "v2.1.0"},
		{name: "second major version without a tag", files: v2, module: "example.com/m/v2", steps: "tag v1.9.0", want: "v2.0.0-TIME-HASH"},
		{name: "prefix", files: sub, dir: "sub", module: "example.com/m/sub", steps: "tag v1.9.0\ntag sub/v0.3.0", want: "v0.3.0"},
		{name: "prefix, after a tag", files: sub, dir: "sub", module: "example.com/m/sub", steps: "tag sub/v0.3.0\ncommit --allow-empty -m x\ntag v9.0.0", want: "v0.3.1-0.TIME-HASH"},
		{name: "root beside a prefix", files: sub, steps: "tag sub/v0.3.0", want: "v0.0.0-TIME-HASH"},
		{name: "folder of a major version", files: subV3, dir: "sub/v3", module: "example.com/m/sub/v3", steps: "tag sub/v3.1.4\ntag sub/v2.0.0", want: "v3.1.4"},
		{name: "gopkg.in", files: dotV2, module: "gopkg.in/m.v2", steps: "tag v1.0.0\ntag v2.3.0", want: "v2.3.0", stamp: "-"},
		{name: "root without go.mod", files: strings.ReplaceAll(root, "-- ", "-- sub/"), dir: "sub", module: "example.com/m", steps: "tag v1.0.0", want: ""},
		{name: "not where its path says", files: strings.ReplaceAll(sub, "-- sub/", "-- other/"), dir: "other", module: "example.com/m/sub", steps: "tag sub/v1.0.0", want: ""},
		{name: "of another root", files: strings.Replace(sub, "example.com/m/sub", "example.org/m/sub", 1), dir: "sub", module: "example.org/m/sub", steps: "tag sub/v1.0.0", want: ""},
		{name: "go.mod not committed", files: root, steps: "rm -q --cached go.mod\ncommit -m x\ntag v3.1.0", want: "v3.1.0+incompatible.dirty"},
		{name: "shallow", files: root, steps: "commit --allow-empty -m x\nshallow", want: "", stamp: "v0.0.0-TIME-HASH"},
		{name: "shallow with a tag", files: root, steps: "commit --allow-empty -m x\ntag v1.1.1\nshallow", want: "v1.1.1"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t, test.files).with("GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1", "GOFLAGS=", "GOWORK=off",
				"GIT_AUTHOR_NAME=n", "GIT_AUTHOR_EMAIL=e", "GIT_COMMITTER_NAME=n", "GIT_COMMITTER_EMAIL=e")
			git := func(args ...string) string { return f.run(t, append([]string{"git"}, args...)...) }
			git("init", "-q", "-b", "main")
			git("add", ".")
			git("commit", "-q", "-m", "first")
			for step := range strings.Lines(test.steps) {
				words := strings.Fields(step)
				switch words[0] {
				case "write":
					content := []byte("package main\n\nfunc main() { println() }\n")
					if words[1] == ".gitignore" {
						content = []byte("ignored\n")
					}
					if err := os.WriteFile(filepath.Join(f.dir, words[1]), content, 0o666); err != nil {
						t.Fatal(err)
					}
				case "shallow":
					clone := filepath.Join(t.TempDir(), "clone")
					git("clone", "-q", "--depth=1", "file://"+f.dir, clone)
					f.dir = clone
				default:
					if words[0] == "commit" {
						words = append([]string{"commit", "-q"}, words[1:]...)
					}
					git(words...)
				}
			}
			path := test.module
			if path == "" {
				path = "example.com/m"
			}
			dir := filepath.Join(f.dir, filepath.FromSlash(test.dir))
			r, err := ReadRevision(context.Background(), Options{Environ: f.environ, Run: gocmd.Run}, path, dir)
			if err != nil {
				t.Fatal(err)
			}
			expand := strings.NewReplacer("TIME", r.Time.Format("20060102150405"), "HASH", r.Commit[:12])
			if want := expand.Replace(test.want); r.Version != want {
				t.Errorf("version %q, want %q", r.Version, want)
			}
			if r.Subdir != test.dir {
				t.Errorf("subdir %q, want %q", r.Subdir, test.dir)
			}

			stamp := test.stamp
			if stamp == "" {
				stamp = test.want
			}
			if stamp == "" || stamp == "-" {
				stamp = "(devel)"
			}
			exe := filepath.Join(t.TempDir(), "exe")
			in := *f
			in.dir = dir
			in.run(t, "go", "build", "-buildvcs=true", "-o", exe, ".")
			info, err := buildinfo.ReadFile(exe)
			if err != nil {
				t.Fatal(err)
			}
			if want := expand.Replace(stamp); info.Main.Version != want {
				t.Errorf("the go command stamps %q, not %q", info.Main.Version, want)
			}
			for _, s := range info.Settings {
				if s.Key == "vcs.revision" && s.Value != r.Commit || s.Key == "vcs.modified" && (s.Value == "true") != r.Modified {
					t.Errorf("the go command stamps %s=%s", s.Key, s.Value)
				}
			}
		})
	}
}

// TestRevisionHostile: what a repository's configuration names is not run.
func TestRevisionHostile(t *testing.T) {
	machine.Need(t, "git")
	f := newFixture(t, "-- go.mod --\nmodule example.com/m\n").with("GIT_CONFIG_GLOBAL=/dev/null",
		"GIT_AUTHOR_NAME=n", "GIT_AUTHOR_EMAIL=e", "GIT_COMMITTER_NAME=n", "GIT_COMMITTER_EMAIL=e")
	for _, args := range [][]string{{"init", "-q"}, {"add", "."}, {"commit", "-q", "-m", "first"},
		{"config", "core.fsmonitor", "touch ran"}, {"remote", "add", "origin", "https://user:secret@example.com/m"}} {
		f.run(t, append([]string{"git"}, args...)...)
	}
	r, err := ReadRevision(context.Background(), Options{Environ: f.environ, Run: gocmd.Run}, "example.com/m", f.dir)
	if err != nil {
		t.Fatal(err)
	}
	if r.Modified {
		t.Error("the work tree was changed")
	}
	if r.Remote != "https://user:secret@example.com/m" {
		t.Errorf("remote %q", r.Remote)
	}
}

func TestNoRevision(t *testing.T) {
	machine.Need(t, "git")
	f := newFixture(t, "-- go.mod --\nmodule example.com/m\n")
	o := Options{Environ: append(slices.Clone(f.environ), "GIT_CEILING_DIRECTORIES="+filepath.Dir(f.dir)), Run: gocmd.Run}
	if _, err := ReadRevision(context.Background(), o, "example.com/m", f.dir); !errors.Is(err, ErrNoRevision) {
		t.Errorf("outside a repository: %v", err)
	}
	f.run(t, "git", "init", "-q")
	if _, err := ReadRevision(context.Background(), o, "example.com/m", f.dir); !errors.Is(err, ErrNoRevision) {
		t.Errorf("without a commit: %v", err)
	}
	o.Run = func(*exec.Cmd) ([]byte, error) { return nil, exec.ErrNotFound }
	if _, err := ReadRevision(context.Background(), o, "example.com/m", f.dir); !errors.Is(err, exec.ErrNotFound) || errors.Is(err, ErrNoRevision) {
		t.Errorf("without git: %v", err)
	}
}
