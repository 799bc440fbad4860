// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package goenv_test

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/goassay/assay/audit/gocmd"
	"github.com/goassay/assay/audit/goenv"
	"github.com/google/go-cmp/cmp"
)

func TestGorootFile(t *testing.T) {
	for _, test := range []struct {
		name, goEnv string
		release     goenv.Release
		changes     []string
	}{
		{"all changed", "GOPROXY=https://corp.example\nGOSUMDB=off\nGOFLAGS=-mod=mod\n", goenv.Edited,
			[]string{"GOFLAGS=-mod=mod:3", "GOPROXY=https://corp.example:1", "GOSUMDB=off:2", "GOTOOLCHAIN=:0"}},
		{"one changed", "GOSUMDB=sum.golang.org\nGOTOOLCHAIN=local\n", goenv.Edited,
			[]string{"GOPROXY=:0", "GOTOOLCHAIN=local:2"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			e := read(t, setup{goroot: test.goEnv})
			var changes []string
			for _, c := range e.GorootFile.Changes {
				changes = append(changes, fmt.Sprintf("%s=%s:%d", c.Name, c.Value, c.Line))
			}
			if e.GorootFile.Release != test.release || !strings.HasPrefix(e.GorootFile.SHA256, "sha256:") {
				t.Errorf("%s %s", e.GorootFile.Release, e.GorootFile.SHA256)
			}
			if d := cmp.Diff(test.changes, changes); d != "" {
				t.Error(d)
			}
		})
	}
}

// version makes the go command report another GOVERSION.
func version(v string) func(*exec.Cmd) ([]byte, error) {
	return func(cmd *exec.Cmd) ([]byte, error) {
		out, err := gocmd.Run(cmd)
		before, after, ok := strings.Cut(string(out), `"GOVERSION": "`)
		if !ok {
			return out, err
		}
		_, after, _ = strings.Cut(after, `"`)
		return []byte(before + `"GOVERSION": "` + v + `"` + after), err
	}
}

// Nobody is told that a file was edited where the release is not known.
func TestGorootFileUnknown(t *testing.T) {
	dir := t.TempDir()
	for v, want := range map[string]goenv.Release{
		"go1.26.8": goenv.Edited, "go1.21.0": goenv.Edited, "go1.27": goenv.Edited,
		"go1.28.0": goenv.ReleaseUnknown, "go1.20.14": goenv.ReleaseUnknown, "go1.26.8-corp": goenv.ReleaseUnknown,
		"go1.26rc1": goenv.ReleaseUnknown, "devel go1.27-0123abc": goenv.ReleaseUnknown, "": goenv.ReleaseUnknown,
	} {
		e, err := goenv.Read(t.Context(), goenv.Options{
			Dir: dir, Run: version(v),
			Environ: append(exec.Command("go").Environ(), "GOROOT="+copyGoroot(t, "GOSUMDB=off\n"), "GOENV=off"),
		})
		if err != nil {
			t.Fatal(err)
		}
		if e.GorootFile.Release != want {
			t.Errorf("%s: %s, want %s", v, e.GorootFile.Release, want)
		}
	}
}

func TestIsReleased(t *testing.T) {
	for _, test := range []struct {
		name, value string
		want        bool
	}{
		{"GOSUMDB", "sum.golang.org", true}, {"GOTOOLCHAIN", "auto", true}, {"GOTOOLCHAIN", "local", false},
		{"GOPROXY", "direct", false}, {"GOFLAGS", "", false},
	} {
		if got := goenv.IsReleased(test.name, test.value); got != test.want {
			t.Errorf("IsReleased(%s, %s) = %v", test.name, test.value, got)
		}
	}
	// The toolchain that runs the tests is often one with the released chain;
	// where it is, its first proxy must be recognized as well.
	e := read(t, setup{})
	if chain := e.Defaults.GOPROXY.Raw(); goenv.IsReleased("GOPROXY", chain) {
		if proxy, _, _ := strings.Cut(chain, ","); !goenv.IsReleasedProxy(proxy) {
			t.Errorf("%s is not recognized", proxy)
		}
	}
}

// The user's file decides which go.env is read, even against the process.
func TestGorootOfUserFile(t *testing.T) {
	user := copyGoroot(t, "GOVCS=user:git\n")
	process := copyGoroot(t, "GOVCS=process:git\n")
	e := read(t, setup{user: "GOROOT=" + user + "\n", process: []string{"GOROOT=" + process}})
	if got := e.GorootFile.Path; got != filepath.Join(user, "go.env") {
		t.Errorf("read %s", got)
	}
	if got, want := e.Raw("GOROOT"), process; got != want {
		t.Errorf("GOROOT=%s, want %s", got, want)
	}
	if got := e.Raw("GOVCS"); got != "user:git" {
		t.Errorf("GOVCS=%s", got)
	}
}
