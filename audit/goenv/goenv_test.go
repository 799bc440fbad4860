// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package goenv_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/goassay/assay/audit/gocmd"
	"github.com/goassay/assay/audit/goenv"
	"github.com/goassay/assay/internal/machine"
	"github.com/google/go-cmp/cmp"
)

// A setup is what a test configures; the rest of the environment is bare.
type setup struct {
	user    string // content of the user's file; "-" for none
	goroot  string // content of go.env in a copy of GOROOT; "" for the real GOROOT
	process []string
	git     string // content of git's global configuration
}

// read writes the setup to files and reads the configuration.
func read(t *testing.T, s setup) *goenv.Env {
	t.Helper()
	e, err := tryRead(t, s)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func tryRead(t *testing.T, s setup) (*goenv.Env, error) {
	t.Helper()
	dir := t.TempDir()
	// Counting for telemetry goes on after the go command has ended, in the
	// folder that the test is about to remove.
	telemetry := filepath.Join(dir, "home", ".config", "go", "telemetry")
	if err := os.MkdirAll(telemetry, 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, telemetry, "mode", "off 2024-01-01")
	environ := []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + filepath.Join(dir, "home"),
		"GOCACHE=" + filepath.Join(dir, "cache"), "GOENV=" + write(t, dir, "user.env", s.user),
		"GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=" + write(t, dir, "gitconfig", s.git),
	}
	if s.user == "-" {
		os.Remove(filepath.Join(dir, "user.env"))
	}
	if s.goroot != "" {
		environ = append(environ, "GOROOT="+copyGoroot(t, s.goroot))
	}
	return goenv.Read(t.Context(), goenv.Options{Dir: dir, Environ: append(environ, s.process...), Run: gocmd.Run})
}

func write(t *testing.T, dir, name, data string) string {
	t.Helper()
	file := filepath.Join(dir, name)
	if err := os.WriteFile(file, []byte(data), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// copyGoroot makes a GOROOT of symbolic links to the real one, with a go.env
// of its own.
func copyGoroot(t *testing.T, goEnv string) string {
	t.Helper()
	out, err := gocmd.Run(exec.Command("go", "env", "GOROOT"))
	if err != nil {
		t.Fatal(err)
	}
	goroot, dir := strings.TrimSpace(string(out)), t.TempDir()
	entries, err := os.ReadDir(goroot)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		if entry.Name() == "go.env" {
			continue
		}
		if err := os.Symlink(filepath.Join(goroot, entry.Name()), filepath.Join(dir, entry.Name())); err != nil {
			machine.WindowsLacks(t, "symbolic links", err)
		}
	}
	write(t, dir, "go.env", goEnv)
	return dir
}

// origin prints where a value comes from and what it shadows.
func origin(v goenv.Variable) string {
	place := func(o goenv.Origin) string {
		s := fmt.Sprintf("%s=%q", o.Source, o.Value)
		if o.File != "" {
			s += fmt.Sprintf(" %s:%d", filepath.Base(o.File), o.Line)
		}
		return s
	}
	s := place(v.Origin)
	if v.Via != "" {
		s += " via " + v.Via
	}
	if v.ProcessEmpty {
		s += " process-empty"
	}
	for _, o := range v.Shadows {
		s += "; " + place(o)
	}
	return s
}

func TestSources(t *testing.T) {
	const goEnv = "# comment\nGOSUMDB=sum.golang.org\nGOPROXY=https://goroot.example\nGOTOOLCHAIN=auto\nGOVCS=*:git\n"
	for _, test := range []struct {
		name  string
		setup setup
		want  map[string]string
	}{
		{
			"all sources",
			setup{
				goroot:  goEnv,
				user:    "GOPROXY=https://user.example\nGOPRIVATE=first.example\nGOPRIVATE=corp.example\n",
				process: []string{"GOPROXY=https://process.example,direct", "GOFLAGS=-mod=mod"},
			},
			map[string]string{
				"GOPROXY":     `process="https://process.example,direct"; user="https://user.example" user.env:1; goroot="https://goroot.example" go.env:3`,
				"GOSUMDB":     `goroot="sum.golang.org" go.env:2`,
				"GOPRIVATE":   `user="corp.example" user.env:3`,
				"GONOPROXY":   `user="corp.example" user.env:3 via GOPRIVATE`,
				"GONOSUMDB":   `user="corp.example" user.env:3 via GOPRIVATE`,
				"GOTOOLCHAIN": `goroot="auto" go.env:4`,
				"GOVCS":       `goroot="*:git" go.env:5`,
				"GOFLAGS":     `process="-mod=mod"`,
				"GOAUTH":      `builtin="netrc"`,
				"GOINSECURE":  `builtin=""`,
			},
		},
		{
			"an empty process variable does not override",
			setup{goroot: goEnv, user: "GOPRIVATE=corp.example\n", process: []string{"GOPRIVATE=", "GOPROXY="}},
			map[string]string{
				"GOPRIVATE": `user="corp.example" user.env:1 process-empty`,
				"GOPROXY":   `goroot="https://goroot.example" go.env:3 process-empty`,
			},
		},
		{
			"an empty line of the user's file does",
			setup{goroot: goEnv, user: "GOPROXY=\nGOAUTH=\n"},
			map[string]string{
				"GOPROXY": `user="" user.env:1; goroot="https://goroot.example" go.env:3`,
				"GOAUTH":  `builtin="netrc"`,
			},
		},
		{
			"the user's file switched off",
			setup{goroot: goEnv, user: "GOPROXY=https://user.example\n", process: []string{"GOENV=off"}},
			map[string]string{
				"GOPROXY": `goroot="https://goroot.example" go.env:3`,
				"GOENV":   `process="off"`,
			},
		},
		{
			"what the files cannot set",
			setup{goroot: goEnv + "GOROOT=/other\n", user: "GODEBUG=tls10server=1\nGOVERSION=go1.1\n", process: []string{"GOHOSTOS=plan9"}},
			map[string]string{
				"GODEBUG": `builtin=""`,
			},
		},
		{
			"names that go env does not list",
			setup{goroot: goEnv, user: "CGO_CFLAGS_ALLOW=.*\n"},
			map[string]string{"CGO_CFLAGS_ALLOW": `user=".*" user.env:1`},
		},
		{
			"GOTOOLCHAIN as it is, although the go command runs with local",
			setup{goroot: goEnv, process: []string{"GOTOOLCHAIN=go1.21.3+auto"}},
			map[string]string{"GOTOOLCHAIN": `process="go1.21.3+auto"; goroot="auto" go.env:4`},
		},
		{
			"explicit overrides of GOPRIVATE",
			setup{goroot: goEnv, user: "GOPRIVATE=corp.example\nGONOPROXY=none\n"},
			map[string]string{
				"GONOPROXY": `user="none" user.env:2`,
				"GONOSUMDB": `user="corp.example" user.env:1 via GOPRIVATE`,
			},
		},
		{
			"a cache program, which is not started",
			setup{goroot: goEnv, user: "GOCACHEPROG=/nowhere/prog\nGOFLAGS=-v\n"},
			map[string]string{"GOCACHEPROG": `user="/nowhere/prog" user.env:1`, "GOFLAGS": `user="-v" user.env:2`, "GOAUTH": `builtin="netrc"`},
		},
		{
			"a carriage return belongs to the value",
			setup{goroot: goEnv, user: "GOPRIVATE=corp.example\r\n"},
			map[string]string{"GOPRIVATE": `user="corp.example\r" user.env:1`},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			e := read(t, test.setup)
			got := map[string]string{}
			for name := range test.want {
				v, ok := e.Lookup(name)
				if !ok {
					t.Errorf("%s is missing", name)
				}
				got[name] = origin(v)
			}
			if d := cmp.Diff(test.want, got); d != "" {
				t.Error(d)
			}
			for _, name := range []string{"GOVERSION", "GOHOSTOS"} {
				if v, _ := e.Lookup(name); v.Source != goenv.Builtin || v.Value.Raw() == "go1.1" || v.Value.Raw() == "plan9" {
					t.Errorf("%s: %s", name, origin(v))
				}
			}
		})
	}
}

func TestDefaults(t *testing.T) {
	e := read(t, setup{
		goroot:  "GOPROXY=https://vendor.example,off\nGOSUMDB=off\nGOTOOLCHAIN=local\n",
		user:    "GOPROXY=https://user.example\nGOSUMDB=other\n",
		process: []string{"GOPROXY=direct", "GOSUMDB=another"},
	})
	got := fmt.Sprint(e.Defaults)
	if want := "{https://vendor.example,off off local}"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestUserFile(t *testing.T) {
	e := read(t, setup{user: "GOPRVATE=a\n# comment\nexport GOPROXY=off\n\n GOSUMDB=off\nGOFLAGS = -x\nnothing\n"})
	var settings, ignored []string
	for _, s := range e.UserFile.Settings {
		settings = append(settings, fmt.Sprintf("%d:%s", s.Line, s.Name))
	}
	for _, s := range e.UserFile.Ignored {
		ignored = append(ignored, fmt.Sprintf("%d:%s", s.Line, s.Text))
	}
	if d := cmp.Diff([]string{"1:GOPRVATE", "6:GOFLAGS "}, settings); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]string{"3:export GOPROXY=off", "5: GOSUMDB=off", "7:nothing"}, ignored); d != "" {
		t.Error(d)
	}
	if e := read(t, setup{user: "-"}); e.UserFile.State != goenv.FileMissing {
		t.Errorf("missing file: %s", e.UserFile.State)
	}
	if e := read(t, setup{process: []string{"GOENV=" + os.DevNull}}); e.UserFile.State != goenv.FileRead {
		t.Errorf("null device: %s", e.UserFile.State)
	}
	if e := read(t, setup{process: []string{"GOENV=" + t.TempDir()}}); e.UserFile.State != goenv.FileUnreadable || e.UserFile.Reason == "" {
		t.Errorf("folder: %s %q", e.UserFile.State, e.UserFile.Reason)
	}
	large := write(t, t.TempDir(), "large", strings.Repeat("#\n", 4<<20))
	if _, err := tryRead(t, setup{process: []string{"GOENV=" + large}}); !errors.Is(err, goenv.ErrTooLarge) {
		t.Errorf("large file: %v", err)
	}
}

func TestReadErrors(t *testing.T) {
	run := func(err error, out string) func(*exec.Cmd) ([]byte, error) {
		return func(*exec.Cmd) ([]byte, error) { return []byte(out), err }
	}
	options := goenv.Options{Dir: t.TempDir()}
	options.Run = run(exec.ErrNotFound, "")
	if _, err := goenv.Read(t.Context(), options); !errors.Is(err, exec.ErrNotFound) {
		t.Errorf("no go command: %v", err)
	}
	options.Run = run(nil, "<html>")
	if _, err := goenv.Read(t.Context(), options); err == nil || !strings.HasPrefix(err.Error(), "go env: unexpected output") {
		t.Errorf("no JSON: %v", err)
	}
	if _, err := tryRead(t, setup{process: []string{"GO111MODULE=maybe"}}); err == nil || !strings.Contains(err.Error(), "unknown environment setting GO111MODULE=maybe") {
		t.Errorf("refused: %v", err)
	}
}

// The go command must neither switch toolchains nor fail where go.mod asks
// for one that is not here.
func TestReadNewerModule(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "go.mod", "module example.com/m\n\ngo 1.999.1\n")
	e, err := goenv.Read(t.Context(), goenv.Options{Dir: dir, Environ: append(os.Environ(), "GOTOOLCHAIN=auto", "GOPROXY=off"), Run: gocmd.Run})
	if err != nil {
		t.Fatal(err)
	}
	if got := e.Raw("GOTOOLCHAIN"); got != "auto" {
		t.Errorf("GOTOOLCHAIN=%s", got)
	}
}

func TestSecrets(t *testing.T) {
	const secret = "s3cr3tvalue"
	e := read(t, setup{
		user:    "GOPROXY=https://me:" + secret + "@user.example\n not a setting token=" + secret + "\n",
		process: []string{"GOPROXY=https://" + secret + "@process.example", "GOFLAGS=-ldflags=-X=main.token=" + secret, "HTTPS_PROXY=u:" + secret + "@corp.example:3128", "GIT_CONFIG_COUNT=1", "GIT_CONFIG_KEY_0=url.https://u:" + secret + "@git.example/.insteadof", "GIT_CONFIG_VALUE_0=https://git.example/"},
	})
	data, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	all := []string{string(data)}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d"} {
		all = append(all, fmt.Sprintf(verb, *e))
	}
	for _, shown := range all {
		if strings.Contains(shown, secret) {
			t.Errorf("shows the secret: %s", shown)
		}
	}
	if !strings.Contains(e.Raw("GOPROXY"), secret) {
		t.Error("Raw does not have the secret")
	}
	if len(e.Git.Settings) != 1 && e.Git.State == goenv.GitRead {
		t.Errorf("git: %v", e.Git)
	}
}

func TestNearest(t *testing.T) {
	for name, want := range map[string]string{
		"GOPRVATE": "GOPRIVATE", "GOPROXI": "GOPROXY", "GOSUMBD": "GOSUMDB", "GOFLAG": "GOFLAGS", "GOFLAGS ": "GOFLAGS",
		"GOPROXY": "GOPROXY", "GONOSUMCHECK": "", "GOMAXPROCS": "", "GOTRACEBACK": "", "GOMEMLIMIT": "", "GOCOVERDIR": "",
		"GOLANG_VERSION": "", "GOROOT_BOOTSTRAP": "", "": "", strings.Repeat("G", 1000): "",
	} {
		if got := goenv.Nearest(name); got != want {
			t.Errorf("Nearest(%q) = %q, want %q", name, got, want)
		}
	}
}
