// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package goenv_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/goassay/assay/audit/gocmd"
	"github.com/goassay/assay/audit/goenv"
)

// asked finds in the go command's messages what it wanted to run.
var asked = regexp.MustCompile(`go: (?:download ([^ :]+):|download ([^ ]+) for |cannot find "([^"]+)" in PATH)`)

// TestSelectToolchain compares with the go command itself: with nothing to
// download from, it says which toolchain it wanted.
func TestSelectToolchain(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ setting, goMod, goWork string }{
		{"local", "go 1.20", ""},
		{"local", "go 1.999.3", ""},
		{"auto", "go 1.20", ""},
		{"auto", "go 1.998", ""},
		{"auto", "go 1.998.2", ""},
		{"auto", "go 1.998rc1", ""},
		{"auto", "go 1.20\ntoolchain go1.998.4", ""},
		{"auto", "go 1.20\ntoolchain go1.998.4-corp // why", ""},
		{"auto", "go 1.21.0\ntoolchain default", ""},
		{"auto", "go 1.998.9\ntoolchain go1.998.4", ""},
		{"auto", "go 1.998.9\ntoolchain default", ""},
		{"auto", "go 1.20\ntoolchain nonsense", ""},
		{"auto", "go 1.20\ntoolchain go1.21.1", ""},
		{"auto", "go 1.20\ntoolchain go2.1", ""},
		{"auto", "go 1.998.1", "go 1.20"},
		{"auto", "go 1.20", "go 1.998.1"},
		{"path", "go 1.998.1", ""},
		{"path", "go 1.20", ""},
		{"go1.21.3", "go 1.20", ""},
		{"go1.21.3", "go 1.998.1", ""},
		{"go1.21.3-corp", "go 1.20", ""},
		{"go1.998.3+auto", "go 1.20", ""},
		{"go1.998.3+auto", "go 1.999.1", ""},
		{"go1.998.3+path", "go 1.20", ""},
		{"go1.21.3+auto", "go 1.20\ntoolchain go1.21.5", ""},
		{"local+auto", "go 1.998.1", ""},
		{"go1.21.3+nonsense", "go 1.20", ""},
		{"nonsense", "go 1.20", ""},
		{"+auto", "go 1.20", ""},
		{"bash", "go 1.20", ""},
		{"go2.1", "go 1.20", ""},
		{"../go1.21.3", "go 1.20", ""},
	} {
		name := strings.NewReplacer("\n", ";", "/", "_").Replace(test.setting + "," + test.goMod + "," + test.goWork)
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			mod, work := write(t, dir, "go.mod", "module example.com/m\n\n"+test.goMod+"\n"), ""
			if test.goWork != "" {
				work = write(t, dir, "go.work", test.goWork+"\n\nuse .\n")
			}
			environ := append(os.Environ(), "GOTOOLCHAIN="+test.setting, "GOPROXY=off", "GOFLAGS=", "GOENV=off",
				"GOMODCACHE="+filepath.Join(dir, "modcache"), "PWD="+dir)
			e, err := goenv.Read(t.Context(), goenv.Options{Dir: dir, Environ: environ, Run: gocmd.Run})
			if err != nil {
				t.Fatal(err)
			}
			s, err := e.SelectToolchain(mod, work)
			got := fmt.Sprintf("%s %s required=%s", s.Toolchain, s.Place, s.Required)
			if toolchainErr := (*goenv.ToolchainError)(nil); errors.As(err, &toolchainErr) {
				got = "refused"
			} else if err != nil {
				t.Fatal(err)
			}
			if want := goCommand(t, dir, environ, s.Required); got != want {
				t.Errorf("got %s, the go command: %s", got, want)
			}
		})
	}
}

// goCommand runs the go command and gives what it did in the words of the
// test above.
func goCommand(t *testing.T, dir string, environ []string, required string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-m")
	cmd.Dir, cmd.Env = dir, environ
	out, err := gocmd.Run(cmd)
	if err != nil {
		out = []byte(err.(*gocmd.Error).Stderr)
	}
	text := string(out)
	switch m := asked.FindStringSubmatch(text); {
	case m != nil && m[3] != "":
		return m[3] + " none required="
	case m != nil:
		return m[1] + m[2] + " download required=" + required // what comes after the switch it does not tell
	case strings.Contains(text, "invalid GOTOOLCHAIN") || strings.Contains(text, "invalid toolchain"):
		return "refused"
	}
	need := ""
	if _, after, ok := strings.Cut(text, "requires go >= "); ok {
		need, _, _ = strings.Cut(strings.ReplaceAll(after, ",", " "), " ")
	} else if err != nil && !strings.Contains(text, "updates to go.mod needed") { // it is running already
		t.Fatalf("go list -m: %v", err)
	}
	version, err := gocmd.Run(exec.Command("go", "env", "GOVERSION"))
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(version)) + " local required=" + need
}

func TestSelectPlace(t *testing.T) {
	dir := t.TempDir()
	bin := filepath.Join(dir, "bin")
	cached := filepath.Join(dir, "cache", "golang.org")
	if err := errors.Join(os.Mkdir(bin, 0o700), os.MkdirAll(cached, 0o700)); err != nil {
		t.Fatal(err)
	}
	e := read(t, setup{process: []string{"GOTOOLCHAIN=auto", "GOMODCACHE=" + filepath.Join(dir, "cache"), "PATH=" + bin + string(os.PathListSeparator) + os.Getenv("PATH")}})
	mod := write(t, dir, "go.mod", "module m\ngo 1.999.1\n")
	for _, want := range []goenv.Place{goenv.PlaceDownload, goenv.PlaceCache, goenv.PlacePath} {
		switch want {
		case goenv.PlaceCache:
			name := fmt.Sprintf("toolchain@v0.0.1-go1.999.1.%s-%s", e.Raw("GOHOSTOS"), e.Raw("GOHOSTARCH"))
			if err := os.Mkdir(filepath.Join(cached, name), 0o700); err != nil {
				t.Fatal(err)
			}
		case goenv.PlacePath:
			file := write(t, bin, "go1.999.1"+e.Raw("GOEXE"), "")
			if err := os.Chmod(file, 0o700); err != nil {
				t.Fatal(err)
			}
		}
		s, err := e.SelectToolchain(mod, "")
		if err != nil || s.Place != want || s.Toolchain != "go1.999.1" || s.Because != goenv.BecauseGoLine || s.GoLine != (goenv.Directive{Value: "1.999.1", Line: 2}) {
			t.Errorf("got %+v, %v; want %s", s, err, want)
		}
	}
	if s, err := e.SelectToolchain(filepath.Join(dir, "missing"), ""); err == nil {
		t.Errorf("a missing go.mod: %+v", s)
	}
}

func TestSelectModulesOff(t *testing.T) {
	mod := write(t, t.TempDir(), "go.mod", "module m\ngo 1.999.1\n")
	e := read(t, setup{process: []string{"GOTOOLCHAIN=go1.21.3", "GO111MODULE=off"}})
	if s, err := e.SelectToolchain(mod, ""); err != nil || s.Place != goenv.PlaceLocal || s.Because != goenv.BecauseModulesOff {
		t.Errorf("%+v, %v", s, err)
	}
}

func TestLocalVersion(t *testing.T) {
	for in, want := range map[string]string{
		"go1.26.8":                               "go1.26.8",
		"go1.26.8-custom":                        "go1.26.8-custom",
		"go1.24.1 X:boringcrypto":                "go1.24.1 X:boringcrypto",
		"go1.26.8-X:boringcrypto":                "go1.26.8-X:boringcrypto",
		"go1.27-devel_0123abc Tue Nov 3":         "go1.27-devel_0123abc Tue Nov 3",
		"devel go1.27-0123abc Tue Nov 3 12:00":   "go1.27",
		"devel +0123abc Tue Nov 3 12:00:00 2015": "",
		"":                                       "",
		"weekly.2011":                            "",
	} {
		if got := goenv.LocalVersion(in); got != want {
			t.Errorf("LocalVersion(%q) = %q, want %q", in, got, want)
		}
	}
}
