// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package gobin_test

import (
	"bytes"
	"debug/macho"
	"encoding/binary"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/goassay/assay/audit/gobin"
	"github.com/goassay/assay/audit/gobin/gobintest"
	"github.com/goassay/assay/internal/machine"
	"github.com/google/go-cmp/cmp"
)

const (
	yes     = gobin.Yes
	no      = gobin.No
	unknown = gobin.Unknown
)

// open opens path for the length of the test.
func open(t *testing.T, path string) *gobin.File {
	t.Helper()
	f, err := gobin.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// TestBuilt reads executables as the go command builds them.
func TestBuilt(t *testing.T) {
	dir := gobintest.Module(t, gobintest.GoMod)
	type facts struct {
		Format                         gobin.Format
		OS, Arch                       string
		Static, PIE, NX, CGO, Trimpath gobin.Ternary
		Symbols, DWARF                 gobin.Ternary // stripped
	}
	for _, test := range []struct {
		name string
		args []string
		want facts
	}{
		{"linux", []string{"GOOS=linux", "GOARCH=amd64"}, facts{gobin.ELF, "linux", "amd64", yes, no, yes, no, no, no, no}},
		{"stripped", []string{"GOOS=linux", "GOARCH=amd64", "-trimpath", "-ldflags=-s -w"}, facts{gobin.ELF, "linux", "amd64", yes, no, yes, no, yes, yes, yes}},
		{"no DWARF", []string{"GOOS=linux", "GOARCH=amd64", "-ldflags=-w"}, facts{gobin.ELF, "linux", "amd64", yes, no, yes, no, no, no, yes}},
		{"PIE", []string{"GOOS=linux", "GOARCH=amd64", "-buildmode=pie"}, facts{gobin.ELF, "linux", "amd64", no, yes, yes, no, no, no, no}},
		{"linux/386", []string{"GOOS=linux", "GOARCH=386"}, facts{gobin.ELF, "linux", "386", yes, no, yes, no, no, no, no}},
		{"darwin", []string{"GOOS=darwin", "GOARCH=arm64"}, facts{gobin.MachO, "darwin", "arm64", no, yes, yes, no, no, no, no}},
		{"darwin stripped", []string{"GOOS=darwin", "GOARCH=arm64", "-ldflags=-s"}, facts{gobin.MachO, "darwin", "arm64", no, yes, yes, no, no, yes, yes}},
		{"windows", []string{"GOOS=windows", "GOARCH=amd64"}, facts{gobin.PE, "windows", "amd64", no, yes, yes, no, no, no, no}},
		{"windows stripped", []string{"GOOS=windows", "GOARCH=amd64", "-ldflags=-s"}, facts{gobin.PE, "windows", "amd64", no, yes, yes, no, no, yes, yes}},
	} {
		t.Run(test.name, func(t *testing.T) {
			path := gobintest.Build(t, dir, test.args...)
			f := open(t, path)
			got := facts{f.Format, f.OS, f.Arch, f.Static, f.PIE, f.NX, f.CGO, f.Trimpath, f.Stripped.Symbols, f.Stripped.DWARF}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("facts differ (-want +got):\n%s", diff)
			}
			if f.State != gobin.StateRead || f.Library || f.Reason != "" {
				t.Errorf("state %s, library %v, reason %q", f.State, f.Library, f.Reason)
			}
			if d := f.Disagreements(); d != nil {
				t.Errorf("disagreements: %v", d)
			}
			if want := goTool(t, "tool", "buildid", path); f.BuildID != want {
				t.Errorf("build ID %q, want %q", f.BuildID, want)
			}
			compareVersion(t, f)
			if f.Format == gobin.PE && !cmp.Equal(f.Libraries, []string{"kernel32.dll"}) {
				t.Errorf("libraries: %q", f.Libraries)
			}
		})
	}
}

// TestRELRO reads what the loader is asked to protect, as readelf shows it.
func TestRELRO(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("RELRO is of ELF files, and cgo builds for this system alone")
	}
	machine.Need(t, "gcc") // for cgo
	pure, cgo := gobintest.Module(t, gobintest.GoMod), gobintest.Module(t, gobintest.GoMod)
	if err := os.WriteFile(filepath.Join(cgo, "main.go"), []byte("package main\n\n// int f(void) { return 1; }\nimport \"C\"\n\nfunc main() { println(C.f()) }\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name, dir string
		args      []string
		want      gobin.RELRO
	}{
		{"static", pure, nil, gobin.NoRELRO},
		{"pure PIE", pure, []string{"-buildmode=pie"}, gobin.PartialRELRO},
		{"cgo", cgo, []string{"CGO_ENABLED=1", "-ldflags=-linkmode=external -extldflags=-Wl,-z,relro,-z,lazy"}, gobin.PartialRELRO},
		{"cgo, bound at the start", cgo, []string{"CGO_ENABLED=1", "-ldflags=-linkmode=external -extldflags=-Wl,-z,relro,-z,now"}, gobin.FullRELRO},
		{"cgo, none", cgo, []string{"CGO_ENABLED=1", "-ldflags=-linkmode=external -extldflags=-Wl,-z,norelro"}, gobin.NoRELRO},
	} {
		f := open(t, gobintest.Build(t, test.dir, test.args...))
		if f.RELRO != test.want || f.WX != gobin.No {
			t.Errorf("%s: RELRO %s, want %s; writable code: %s", test.name, f.RELRO, test.want, f.WX)
		}
	}
}

func goTool(t *testing.T, args ...string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", args...).Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

// compareVersion compares the build info with what "go version -m" prints.
func compareVersion(t *testing.T, f *gobin.File) {
	t.Helper()
	first, want, _ := strings.Cut(goTool(t, "version", "-m", f.Path), "\n")
	if version := strings.TrimPrefix(first, f.Path+": "); f.Build.Go != version {
		t.Errorf("toolchain %q, want %q", f.Build.Go, version)
	}
	_, got, _ := strings.Cut(string(f.Build.Text()), "\n") // without the line of the toolchain
	clean := func(s string) string { return strings.ReplaceAll(strings.TrimSpace(s), "\n\t", "\n") }
	if diff := cmp.Diff(clean(want), clean(got)); diff != "" {
		t.Errorf("build info differs from go version -m (-want +got):\n%s", diff)
	}
}

func TestSettings(t *testing.T) {
	dir := gobintest.Module(t, gobintest.GoMod+"godebug tls10server=1\n")
	f := open(t, gobintest.Build(t, dir, "GOFIPS140=v1.0.0", "-tags=a,b", "-ldflags=-X main.apiToken=hunter2 -X 'main.url=https://u:hunter3@db.example/x'"))
	if diff := cmp.Diff([]string{"a", "b", "fips140v1.0"}, f.Build.Tags()); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string]string{"fips140": "on", "tls10server": "1"}, f.Build.GODEBUG()); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(&gobin.Module{Path: "example.com/prog", Version: "(devel)"}, f.Build.Main); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"-ldflags: main.apiToken", "-ldflags: main.url"}, f.Credentials); diff != "" {
		t.Error(diff)
	}
	ldflags, _ := f.Build.Setting("-ldflags")
	for _, text := range []string{ldflags, string(f.Build.Text())} {
		if strings.Contains(text, "hunter") || !strings.Contains(text, "-X main.apiToken=xxxxx") {
			t.Errorf("not redacted: %s", text)
		}
	}
	if v := f.Build.Version(); v != strings.Fields(runtime.Version())[0] {
		t.Errorf("version %q", v)
	}
}

// TestVCS stamps a clean and a dirty work tree.
func TestVCS(t *testing.T) {
	machine.Need(t, "git") // by which the go command stamps
	dir := gobintest.Module(t, gobintest.GoMod)
	git := func(args ...string) string {
		cmd := exec.CommandContext(t.Context(), "git", append([]string{"-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false"}, args...)...)
		cmd.Dir = dir
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("git %v: %v\n%s", args, err, out)
		}
		return strings.TrimSpace(string(out))
	}
	git("init", "-q")
	git("add", ".")
	git("commit", "-q", "-m", "m", "--date=2026-01-02T03:04:05Z")
	revision := git("rev-parse", "HEAD")
	for _, want := range []gobin.Ternary{no, yes} {
		if want == yes {
			if err := os.WriteFile(filepath.Join(dir, "extra.go"), []byte("package main\n"), 0o666); err != nil {
				t.Fatal(err)
			}
		}
		v := open(t, gobintest.Build(t, dir, "-buildvcs=true")).VCS
		if v == nil || v.System != "git" || v.Revision != revision || v.Modified != want || v.Time.IsZero() {
			t.Errorf("VCS %+v, want revision %s, modified %s", v, revision, want)
		}
	}
}

// TestForged reads build info that no go command at hand writes.
func TestForged(t *testing.T) {
	for _, test := range []struct {
		name    string
		version string
		lines   []string
		state   gobin.State
		release string
		setting []string // experiments
		x       []string
	}{
		{"plain", "go1.26.8", gobintest.Settings(), gobin.StateRead, "go1.26.8", nil, nil},
		{"experiment, old form", "go1.22.1 X:boringcrypto,rangefunc", gobintest.Settings("GOEXPERIMENT=boringcrypto"), gobin.StateRead, "go1.22.1", []string{"boringcrypto"}, []string{"boringcrypto", "rangefunc"}},
		{"experiment, new form", "go1.26.8-X:boringcrypto", gobintest.Settings(), gobin.StateRead, "go1.26.8", nil, []string{"boringcrypto"}},
		{"vendor", "go1.22.9 (Red Hat 1.22.9-2.el9_5) X:strictfipsruntime", gobintest.Settings(), gobin.StateRead, "go1.22.9", nil, []string{"strictfipsruntime"}},
		{"candidate", "go1.27rc1", gobintest.Settings(), gobin.StateRead, "go1.27rc1", nil, nil},
		{"development", "devel go1.27-abcdef Fri", gobintest.Settings(), gobin.StateRead, "", nil, nil},
		{"development since 1.25", "go1.27-devel_abcdef Fri", gobintest.Settings(), gobin.StateRead, "", nil, nil},
		{"version only", "go1.24.1", nil, gobin.StateUnknown, "go1.24.1", nil, nil},
		{"GOPATH mode", "go1.24.1", []string{"path\tcommand-line-arguments", "build\tCGO_ENABLED=1"}, gobin.StateRead, "go1.24.1", nil, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			data := gobintest.Forge(test.version, test.lines...)
			f, err := gobin.New(bytes.NewReader(data), int64(len(data)))
			if err != nil {
				t.Fatal(err)
			}
			if f.State != test.state || f.Build.Version() != test.release {
				t.Errorf("state %s (%s), release %q", f.State, f.Reason, f.Build.Version())
			}
			setting, x := f.Build.Experiments()
			if !cmp.Equal(setting, test.setting) || !cmp.Equal(x, test.x) {
				t.Errorf("experiments %q and %q", setting, x)
			}
			if test.state == gobin.StateUnknown && (f.Trimpath != unknown || f.CGO != unknown || f.VCS != nil) {
				t.Errorf("facts without settings: trimpath %s, cgo %s, vcs %v", f.Trimpath, f.CGO, f.VCS)
			}
		})
	}
}

func TestDisagreements(t *testing.T) {
	data := gobintest.Forge("go1.26.8", gobintest.Settings("GOARCH=arm64", "GOOS=windows", "-tags=a", "-tags=b")...)
	f, err := gobin.New(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	want := []gobin.Disagreement{{Claim: "GOOS=windows", Found: "elf"}, {Claim: "GOARCH=arm64", Found: "amd64"}}
	if diff := cmp.Diff(want, f.Disagreements()); diff != "" {
		t.Error(diff)
	}
	if got := f.Build.Repeated(); !cmp.Equal(got, []string{"-tags"}) {
		t.Errorf("repeated: %q", got)
	}
}

// TestWiped removes the build info of a real executable: it is still Go, and
// its settings are unknown.
func TestWiped(t *testing.T) {
	dir := gobintest.Module(t, gobintest.GoMod)
	for _, platform := range [][]string{{"GOOS=linux", "GOARCH=amd64"}, {"GOOS=darwin", "GOARCH=arm64"}, {"GOOS=windows", "GOARCH=amd64"}} {
		data, err := os.ReadFile(gobintest.Build(t, dir, append(platform, "-ldflags=-s")...))
		if err != nil {
			t.Fatal(err)
		}
		data = bytes.ReplaceAll(data, []byte("\xff Go buildinf:"), make([]byte, 14))
		f, err := gobin.New(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			t.Fatalf("%v: %v", platform, err)
		}
		if f.State != gobin.StateUnknown || f.Build != nil || f.Trimpath != unknown {
			t.Errorf("%v: state %s, build %v, trimpath %s", platform, f.State, f.Build, f.Trimpath)
		}
	}
}

// TestUniversal puts executables together as lipo does.
func TestUniversal(t *testing.T) {
	dir := gobintest.Module(t, gobintest.GoMod)
	arm, err := os.ReadFile(gobintest.Build(t, dir, "GOOS=darwin", "GOARCH=arm64", "-trimpath"))
	if err != nil {
		t.Fatal(err)
	}
	amd := bytes.Clone(arm) // by its header alone: that is another fact than the claim
	binary.LittleEndian.PutUint32(amd[4:], uint32(macho.CpuAmd64))
	damaged := bytes.Clone(amd[:100])
	for _, test := range []struct {
		name    string
		members [][]byte
		states  []gobin.State
		err     error
	}{
		{"two", [][]byte{amd, arm}, []gobin.State{gobin.StateRead, gobin.StateRead}, nil},
		{"one damaged", [][]byte{damaged, arm}, []gobin.State{gobin.StateUnreadable, gobin.StateRead}, nil},
		{"all damaged", [][]byte{damaged}, nil, gobin.ErrMalformed},
	} {
		for _, wide := range []bool{false, true} {
			data := lipo(wide, test.members...)
			f, err := gobin.New(bytes.NewReader(data), int64(len(data)))
			if !errors.Is(err, test.err) {
				t.Errorf("%s: error %v", test.name, err)
			}
			if err != nil {
				continue
			}
			var states []gobin.State
			for _, m := range f.Executables() {
				states = append(states, m.State)
			}
			if !cmp.Equal(states, test.states) {
				t.Errorf("%s: states %v", test.name, states)
			}
			if m := f.Members[0]; m.Arch != "amd64" || test.name == "two" && len(m.Disagreements()) != 1 {
				t.Errorf("%s: amd64 is %+v", test.name, m)
			}
			if m := f.Members[1]; m.Arch != "arm64" || m.Trimpath != yes || m.PIE != yes {
				t.Errorf("%s: arm64 is %+v", test.name, m)
			}
			if (f.State == gobin.StateRead) != (test.name == "two") {
				t.Errorf("%s: whole is %s", test.name, f.State)
			}
		}
	}
}

// TestErrors gives what is no Go executable.
func TestErrors(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		return path
	}
	forged := string(gobintest.Forge("go1.26.8"))
	loop := filepath.Join(dir, "loop")
	if err := os.Symlink(loop, loop); err != nil {
		machine.WindowsLacks(t, "symbolic links", err)
	}
	for _, test := range []struct {
		name, path string
		want       error
	}{
		{"missing", filepath.Join(dir, "missing"), fs.ErrNotExist},
		{"directory", dir, gobin.ErrNotRegular},
		{"device", os.DevNull, gobin.ErrNotRegular},
		{"empty", write("empty", ""), gobin.ErrNotExecutable},
		{"text", write("text", "MZ is how this text starts, and it goes on for a while, to more than 64 bytes."), gobin.ErrNotExecutable},
		{"script", write("script", "#!/bin/sh\n"), gobin.ErrNotExecutable},
		{"Java class", write("class", "\xCA\xFE\xBA\xBE\x00\x00\x00\x41"+strings.Repeat("x", 100)), gobin.ErrNotExecutable},
		{"object", write("object", forged[:16]+"\x01"+forged[17:]), gobin.ErrNotExecutable},
		{"magic alone", write("magic", "\x7fELF\x02\x01\x01\x00"), gobin.ErrMalformed},
		{"not Go", write("c", strings.NewReplacer(".go.build", ".xx.build", "Go buildinf", "xx buildinf").Replace(forged)), gobin.ErrNotGo},
		{"packed", write("upx", strings.NewReplacer(".go.build", ".xx.build", "\xff Go build", "UPX! build").Replace(forged)), gobin.ErrPacked},
	} {
		if f, err := gobin.Open(test.path); !errors.Is(err, test.want) {
			t.Errorf("%s: %v, error %v, want %v", test.name, f, err, test.want)
		}
	}
	if _, err := gobin.Open(loop); err == nil {
		t.Error("a loop of symbolic links was opened")
	}
}

// TestHuge gives files of 5 GB of which nothing but the head is there. What
// they claim must not be read, nor held in memory.
func TestHuge(t *testing.T) {
	const size = 5 << 30
	wiped := bytes.ReplaceAll(gobintest.Forge("go1.26.8"), []byte("\xff Go buildinf:"), make([]byte, 14))
	for _, test := range []struct {
		name string
		head []byte
		want error // of New, or behind the State
	}{
		{"zeros", nil, gobin.ErrNotExecutable},
		{"a program that ends early", gobintest.Forge("go1.26.8", gobintest.Settings()...), nil},
		{"build info of 5 GB", hugeSegment(wiped, size), gobin.ErrTooLarge},
		{"data of 5 GB", hugeSegment(bytes.ReplaceAll(wiped, []byte(".go."), []byte(".xx.")), size), gobin.ErrTooLarge},
	} {
		t.Run(test.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "huge")
			if err := os.WriteFile(path, test.head, 0o666); err != nil {
				t.Fatal(err)
			}
			if err := os.Truncate(path, size); err != nil {
				machine.WindowsLacks(t, "sparse files", err)
			}
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			f, err := gobin.Open(path)
			runtime.ReadMemStats(&after)
			if err == nil {
				err = f.Err
				f.Close()
			}
			if !errors.Is(err, test.want) {
				t.Errorf("error %v, want %v", err, test.want)
			}
			if n := after.TotalAlloc - before.TotalAlloc; n > 16<<20 {
				t.Errorf("%d bytes allocated", n)
			}
		})
	}
}
