// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package checks

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/goassay/assay/audit"
	"github.com/goassay/assay/audit/gocmd"
)

// goVersion lets the go command claim to be another one.
func goVersion(v string) func(*exec.Cmd) ([]byte, error) {
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

// toolchainTests have, for a local go command and a module, all findings and
// the reason for which the check is not assessed.
var toolchainTests = []struct {
	name    string
	local   string
	setting string // GOTOOLCHAIN
	goMod   string
	goWork  string
	setup   envSetup
	day     string // "": 2026-11-20
	path    string // a program in PATH
	want    []string
	reason  string
}{
	{name: "up to date", local: "go1.26.8", setting: "auto", goMod: "go 1.26.0"},
	{name: "not a module", local: "go1.26.8", setting: "auto"},
	{name: "end of life", local: "go1.24.13", setting: "local", goMod: "go 1.21", want: []string{
		"toolchain/empty-lookup go1.24.13", "toolchain/end-of-life go1.24.13", "toolchain/forged-tiles go1.24.13", "toolchain/unauthenticated-lines go1.24.13",
	}},
	{name: "some fixed", local: "go1.26.5", setting: "local", goMod: "go 1.26", want: []string{"toolchain/forged-tiles go1.26.5", "toolchain/unauthenticated-lines go1.26.5"}},
	{name: "end of life by the day", local: "go1.25.13", setting: "local", goMod: "go 1.21", want: []string{"toolchain/end-of-life go1.25.13"}},
	{name: "supported on an earlier day", local: "go1.25.13", setting: "local", goMod: "go 1.21", day: "2026-08-14"},
	{name: "past the horizon", local: "go1.26.8", setting: "local", goMod: "go 1.21", day: "2027-02-01", reason: "toolchain/support-unknown"},
	{name: "newer than the table", local: "go1.28.0", setting: "local", goMod: "go 1.21", day: "2027-03-01", reason: "toolchain/support-unknown"},
	{name: "too old", local: "go1.26.8", setting: "local", goMod: "go 1.27.0", want: []string{"toolchain/too-old go1.26.8"}},
	{name: "too old for the module of a workspace", local: "go1.26.8", setting: "auto", goMod: "go 1.27.0", goWork: "go 1.26", want: []string{"toolchain/too-old go1.26.8"}},
	{name: "download by the go line", local: "go1.26.8", setting: "auto", goMod: "go 1.27", want: []string{"toolchain/download go1.27.0"}},
	{name: "download by the toolchain line", local: "go1.26.8", setting: "auto", goMod: "go 1.26\ntoolchain go1.27.1", want: []string{"toolchain/download go1.27.1"}},
	{name: "download of an old one by a local one with flaws", local: "go1.26.5", setting: "go1.26.2", goMod: "go 1.26", want: []string{
		"toolchain/download go1.26.2", "toolchain/empty-lookup go1.26.2",
		"toolchain/forged-tiles go1.26.2", "toolchain/forged-tiles go1.26.5",
		"toolchain/unauthenticated-lines go1.26.2", "toolchain/unauthenticated-lines go1.26.5",
	}},
	{name: "from PATH", local: "go1.26.8", setting: "auto", goMod: "go 1.27", path: "go1.27.0", want: []string{"toolchain/path go1.27.0"}},
	{name: "not in PATH", local: "go1.26.8", setting: "path", goMod: "go 1.27", want: []string{"toolchain/missing go1.27.0"}},
	{name: "refused setting", local: "go1.26.8", setting: "nonsense", goMod: "go 1.26", want: []string{"toolchain/refused nonsense"}, reason: "toolchain/none"},
	{name: "refused line", local: "go1.26.8", setting: "auto", goMod: "go 1.26\ntoolchain nonsense", want: []string{"toolchain/refused toolchain nonsense"}, reason: "toolchain/none"},
	{name: "vendor", local: "go1.26.8-corp", setting: "local", goMod: "go 1.26", reason: "toolchain/vendor"},
	{name: "downloaded by a vendor's", local: "go1.26.7-corp", setting: "go1.26.8", goMod: "go 1.26", want: []string{"toolchain/download go1.26.8"}, reason: "toolchain/vendor"},
	{name: "experiment", local: "go1.26.8-X:boringcrypto", setting: "local", goMod: "go 1.26", want: []string{"toolchain/experiment go1.26.8-X:boringcrypto"}},
	{name: "development", local: "devel go1.28-0123abc Tue Nov 3", setting: "local", goMod: "go 1.26", want: []string{"toolchain/unreleased go1.28"}, reason: "toolchain/support-unknown"},
	{name: "candidate", local: "go1.27rc2", setting: "local", goMod: "go 1.26", want: []string{
		"toolchain/forged-tiles go1.27rc2", "toolchain/unauthenticated-lines go1.27rc2", "toolchain/unreleased go1.27rc2",
	}, reason: "toolchain/support-unknown"},
	{name: "go.env left behind", local: "go1.26.8", goMod: "go 1.27",
		setup: envSetup{goroot: "GOPROXY=https://goproxy.corp.example\nGOSUMDB=sum.golang.org\nGOTOOLCHAIN=auto\n"},
		want:  []string{"toolchain/download go1.27.0", "toolchain/goenv-left-behind go1.27.0"}},
}

func TestToolchain(t *testing.T) {
	for _, test := range toolchainTests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if test.setting != "" {
				test.setup.process = append(test.setup.process, "GOTOOLCHAIN="+test.setting)
			}
			cfg := test.setup.config(t, Toolchain)
			write := func(name, text string, mode os.FileMode) string {
				file := filepath.Join(cfg.Target.Dir, name)
				if err := os.WriteFile(file, []byte(text), mode); err != nil {
					t.Fatal(err)
				}
				return file
			}
			if test.goMod != "" {
				cfg.Target.ModFile = write("go.mod", "module example.com/m\n"+test.goMod+"\n", 0o600)
			}
			if test.goWork != "" {
				cfg.Target.WorkFile = write("go.work", test.goWork+"\nuse .\n", 0o600)
			}
			if test.path != "" {
				suffix := strings.TrimPrefix(filepath.Ext(os.Args[0]), ".test") // .exe on Windows
				write(test.path+suffix, "", 0o700)
				cfg.Environ = append(cfg.Environ, "PATH="+cfg.Target.Dir+string(os.PathListSeparator)+os.Getenv("PATH"))
			}
			day := test.day
			if day == "" {
				day = "2026-11-20"
			}
			now, err := time.Parse(time.DateOnly, day)
			if err != nil {
				t.Fatal(err)
			}
			cfg.Now = func() time.Time { return now }
			cfg.Exec = goVersion(test.local)
			rep := runCheck(t, cfg)
			got := slices.DeleteFunc(findings(rep), func(s string) bool { return !strings.HasPrefix(s, "toolchain/") })
			if d := cmp.Diff(test.want, got, cmp.Transformer("", func(s []string) string { return strings.Join(s, "\n") })); d != "" {
				t.Error(d)
			}
			for _, c := range rep.Checks {
				if c.ID == "toolchain" && (c.ReasonID != test.reason || c.Outcome == audit.Errored) {
					t.Errorf("%+v, want reason %q", c, test.reason)
				}
			}
		})
	}
}

// The line that decided is the location, and the facts say how.
func TestToolchainFacts(t *testing.T) {
	cfg := envSetup{}.config(t, Toolchain)
	cfg.Target.ModFile = filepath.Join(cfg.Target.Dir, "go.mod")
	if err := os.WriteFile(cfg.Target.ModFile, []byte("module example.com/m\n\ngo 1.26\n\ntoolchain go1.27.1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg.Exec = goVersion("go1.26.8")
	cfg.Now = func() time.Time { return time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC) }
	rep := runCheck(t, cfg)
	i := slices.IndexFunc(rep.Findings, func(f audit.Finding) bool { return f.Rule == "toolchain/download" })
	if i < 0 || rep.Findings[i].Location.String() != "go.mod:5" {
		t.Errorf("%+v", rep.Findings)
	}
	type directive struct {
		Value string
		Line  int
	}
	type facts struct {
		Toolchain, Local, GOTOOLCHAIN, Place, Because, File, Build string
		GoLine                                                     directive `json:"go_line"`
		ToolchainLine                                              directive `json:"toolchain_line"`
		Support                                                    struct{ State, Major, Until string }
	}
	want := facts{
		Toolchain: "go1.27.1", Local: "go1.26.8", GOTOOLCHAIN: "auto", Place: "download", Because: "toolchain-line", File: "go.mod", Build: "release",
		GoLine: directive{"1.26", 3}, ToolchainLine: directive{"go1.27.1", 5},
	}
	want.Support.State, want.Support.Major, want.Support.Until = "supported", "go1.27", "2027-08-01"
	if d := cmp.Diff(want, factsOf[facts](t, rep, Toolchain)); d != "" {
		t.Error(d)
	}
}

// A go.mod that cannot be read is an error, and no verdict.
func TestToolchainUnreadable(t *testing.T) {
	cfg := envSetup{}.config(t, Toolchain)
	cfg.Target.ModFile = filepath.Join(cfg.Target.Dir, "go.mod")
	rep := runCheck(t, cfg)
	for _, c := range rep.Checks {
		if c.ID == "toolchain" && c.Outcome != audit.Errored {
			t.Errorf("%+v", c)
		}
	}
}
