// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package checks

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/goassay/assay/audit"
	"github.com/goassay/assay/audit/gobin"
	"github.com/goassay/assay/audit/gobin/gobintest"
)

// binaries puts files into a new directory and returns it.
func binaries(t *testing.T, files map[string][]byte) string {
	t.Helper()
	dir := t.TempDir()
	for name, data := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, data, 0o777); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// auditBinaries runs one check on files or directories given relative to dir.
func auditBinaries(t *testing.T, c *audit.Check, dir string, settings map[string]string, paths ...string) *audit.Report {
	t.Helper()
	target := &audit.Target{Dir: dir}
	for _, p := range paths {
		target.Binaries = append(target.Binaries, filepath.Join(dir, p))
	}
	return runCheck(t, audit.Config{
		Target: target, Checks: []*audit.Check{c}, Settings: settings,
		Now: func() time.Time { return time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC) },
	})
}

// outcome returns the outcome of the only check of a report, and the ID of its
// reason.
func outcome(rep *audit.Report) string {
	c := rep.Checks[0]
	return strings.TrimSpace(string(c.Outcome) + " " + c.ReasonID)
}

// found returns the findings of a report as "rule name=argument ...", with the
// arguments that keys names.
func found(rep *audit.Report, keys ...string) []string {
	out := []string{}
	for _, f := range rep.Findings {
		s := f.Rule
		for _, k := range keys {
			switch v := f.Args[k].(type) {
			case string:
				s += " " + k + "=" + v
			case []string:
				s += " " + k + "=" + strings.Join(v, ";")
			}
		}
		out = append(out, s)
	}
	slices.Sort(out)
	return out
}

const revision = "0123456789abcdef0123456789abcdef01234567"

func TestBinary(t *testing.T) {
	executableStack := gobintest.Forge("go1.26.8", gobintest.Settings()...)
	executableStack[64+56+4] |= 1 // p_flags of PT_GNU_STACK
	writableCode := gobintest.Forge("go1.26.8", gobintest.Settings()...)
	writableCode[64+4] |= 1 // p_flags of PT_LOAD
	dynamic := gobintest.Forge("go1.26.8", gobintest.Settings()...)
	dynamic[64+56] = 3
	clear(dynamic[64+56+1 : 64+56+4]) // PT_INTERP in place of PT_GNU_STACK
	forge := func(settings ...string) []byte {
		return gobintest.Forge("go1.26.8", gobintest.Settings(settings...)...)
	}
	for _, test := range []struct {
		name    string
		data    []byte
		outcome string
		want    []string // besides binary/not-pie and binary/stripped, which each forged file has
	}{
		{"clean", forge(), "pass", nil},
		{"executable stack", executableStack, "fail", []string{"binary/executable-stack"}},
		{"writable code", writableCode, "fail", []string{"binary/writable-code"}},
		{"dynamic, no RELRO", dynamic, "pass", []string{"binary/no-relro"}},
		{"out of support", gobintest.Forge("go1.24.9", gobintest.Settings()...), "pass", []string{"binary/eol-toolchain go=go1.24.9"}},
		{"dirty", forge("vcs.modified=true"), "pass", []string{"binary/dirty revision=" + revision}},
		{"no -trimpath", forge("-trimpath=false"), "pass", []string{"binary/no-trimpath"}},
		{"forged", forge("GOARCH=arm64"), "fail", []string{"binary/disagreement claims=GOARCH=arm64 / amd64"}},
		{"race", forge("-race=true", "-cover=true"), "pass", []string{"binary/instrumented flags=-race;-cover"}},
		{"for a debugger", forge("-gcflags=all=-N -l"), "pass", []string{"binary/instrumented flags=-gcflags=all=-N -l"}},
		{"credentials", forge("-ldflags=-X main.dbPassword=hunter2"), "fail", []string{"binary/credentials-in-ldflags settings=-ldflags: main.dbPassword"}},
		{"candidate", gobintest.Forge("go1.27rc1", gobintest.Settings()...), "pass", []string{"binary/devel-toolchain go=go1.27rc1"}},
		{"development", gobintest.Forge("devel go1.27-abcdef", gobintest.Settings()...), "pass", []string{"binary/devel-toolchain go=devel go1.27-abcdef"}},
		{"weak defaults", forge("DefaultGODEBUG=tls10server=1,tlsmlkem=0,zipinsecurepath=1,x509sha1=1,panicnil=1,multipartmaxparts=1001,httpcookiemaxnum=0"), "pass",
			[]string{"binary/weak-godebug go=go1.26.8 settings=httpcookiemaxnum=0;multipartmaxparts=1001;tls10server=1;tlsmlkem=0"}},
		{"strict defaults", forge("DefaultGODEBUG=tls10server=0,multipartmaxparts=0,multipartmaxheaders=10,urlmaxqueryparams=5,rsa1024min=1"), "pass", nil},
		{"SHA-1 where it still counts", gobintest.Forge("go1.23.1", gobintest.Settings("DefaultGODEBUG=x509sha1=1")...), "pass",
			[]string{"binary/eol-toolchain go=go1.23.1", "binary/weak-godebug go=go1.23.1 settings=x509sha1=1"}},
		{"no revision", gobintest.Forge("go1.26.8", "path\texample.com/prog", "mod\texample.com/prog\t(devel)\t", "build\t-trimpath=true"), "pass", []string{"binary/no-vcs"}},
		{"no revision, no modules", gobintest.Forge("go1.26.8", "path\tcommand-line-arguments", "build\t-trimpath=true"), "not-assessed binary/modules-unknown", []string{"binary/no-vcs"}},
		{"installed by version", gobintest.Forge("go1.26.8", "path\texample.com/prog", "mod\texample.com/prog\tv1.2.3\th1:x=", "build\t-trimpath=true"), "pass", nil},
		{"of the toolchain", gobintest.Forge("go1.26.8", "path\tcmd/go", "mod\tcmd\t(devel)\t", "build\t-trimpath=true"), "pass", nil},
		{"devel with revision", gobintest.Forge("go1.23.1", "path\texample.com/prog", "mod\texample.com/prog\t(devel)\t", "build\t-trimpath=true", "build\tvcs.revision="+revision), "pass",
			[]string{"binary/devel-version revision=" + revision, "binary/eol-toolchain go=go1.23.1"}},
		{"local replace", gobintest.Forge("go1.26.8", append([]string{"dep\texample.com/a\tv1.0.0", "=>\t../a\t(devel)\t", "dep\texample.com/b\tv1.0.0", "=>\texample.com/fork\tv1.0.1\th1:x="}, gobintest.Settings()...)...), "pass",
			[]string{"binary/local-replace modules=example.com/a => ../a"}},
		{"version only", gobintest.Forge("go1.26.8"), "not-assessed binary/unread", nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := binaries(t, map[string][]byte{"bin/app": test.data})
			rep := auditBinaries(t, Binary, dir, nil, "bin")
			if got := outcome(rep); got != test.outcome {
				t.Errorf("outcome %q (%s), want %q", got, rep.Checks[0].Reason, test.outcome)
			}
			want := append([]string{"binary/not-pie", "binary/stripped"}, test.want...)
			slices.Sort(want)
			if diff := cmp.Diff(want, found(rep, "revision", "claims", "flags", "go", "settings", "modules")); diff != "" {
				t.Errorf("findings (-want +got):\n%s", diff)
			}
			for _, f := range rep.Findings {
				if f.Subject != (audit.Subject{Kind: "binary", Name: "bin/app"}) || f.Location == nil || f.Location.File != "bin/app" || len(f.Evidence) != 1 {
					t.Errorf("%s: subject %v, location %v, evidence %v", f.Rule, f.Subject, f.Location, f.Evidence)
				}
			}
			if raw := rep.Facts["binary"]; bytes.Contains(raw, []byte("hunter")) {
				t.Errorf("a secret stands in the facts: %s", raw)
			}
		})
	}
}

// TestBinaryBuilt judges a real executable, and its facts.
func TestBinaryBuilt(t *testing.T) {
	module := gobintest.Module(t, strings.Replace(gobintest.GoMod, "go 1.26", "go 1.20", 1)+
		"require example.com/dep v1.0.0\nreplace example.com/dep => ./dep\n")
	for name, text := range map[string]string{
		"dep.go": "package main\n\nimport _ \"example.com/dep\"\n", "dep/go.mod": "module example.com/dep\n", "dep/dep.go": "package dep\n",
	} {
		path := filepath.Join(module, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	data, err := os.ReadFile(gobintest.Build(t, module, "GOOS=linux", "GOARCH=amd64", "-buildvcs=false"))
	if err != nil {
		t.Fatal(err)
	}
	dir := binaries(t, map[string][]byte{"app": data})
	rep := auditBinaries(t, Binary, dir, nil, "app")
	want := []string{"binary/local-replace modules=example.com/dep => ./dep", "binary/no-trimpath", "binary/no-vcs", "binary/not-pie", "binary/symbols", "binary/weak-godebug"}
	if diff := cmp.Diff(want, found(rep, "modules")); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
	type facts struct {
		Files []struct {
			Path, State, Format, Arch, PIE, NX, Static, Trimpath, Evidence string
			Stripped                                                       struct{ Symbols, DWARF string }
			Build                                                          struct{ Go string }
		}
	}
	f := factsOf[facts](t, rep, Binary).Files[0]
	got := []string{f.Path, f.State, f.Format, f.Arch, f.PIE, f.NX, f.Static, f.Trimpath, f.Stripped.Symbols, f.Stripped.DWARF}
	if diff := cmp.Diff([]string{"app", "read", "elf", "amd64", "no", "yes", "yes", "no", "no", "no"}, got); diff != "" {
		t.Errorf("facts (-want +got):\n%s", diff)
	}
	if !slices.ContainsFunc(rep.Evidence, func(e audit.EvidenceRef) bool { return e.Digest == f.Evidence && e.Kind == "build-info" }) {
		t.Errorf("evidence %q is not in the list %v", f.Evidence, rep.Evidence)
	}
}

// TestBinaryNothing gives what is nothing to judge: never a pass.
func TestBinaryNothing(t *testing.T) {
	notGo := bytes.ReplaceAll(gobintest.Forge("go1.26.8"), []byte("go.buildinfo"), []byte("xx.buildinfo"))
	notGo = bytes.ReplaceAll(notGo, []byte("Go buildinf:"), []byte("xx buildinf:"))
	dir := binaries(t, map[string][]byte{
		"other/libc.so": notGo, "other/README": []byte("text"), "empty/.keep": nil, "damaged/app": notGo[:50],
		"app": gobintest.Forge("go1.26.8", gobintest.Settings()...),
	})
	for _, c := range []*audit.Check{Binary, FIPS} {
		unread := map[*audit.Check]string{Binary: "not-assessed binary/unread", FIPS: "not-assessed fips/undetermined"}[c]
		for _, test := range []struct {
			paths   []string
			outcome string
			reason  string
		}{
			{nil, "not-applicable", ""},
			{[]string{"empty"}, "not-assessed binary/none", "empty"},
			{[]string{"other"}, "not-assessed binary/none", "(1 executables of other origin passed over)"},
			{[]string{"other/libc.so"}, unread, "other/libc.so: " + gobin.ErrNotGo.Error()},
			{[]string{"other/README"}, unread, "other/README: " + gobin.ErrNotExecutable.Error()},
			{[]string{"damaged", "app"}, unread, "1 of 2 files"},
			{[]string{"missing"}, unread, "missing: no such file"},
			{[]string{"app"}, "pass", ""},
			{[]string{"app", "other"}, "pass", ""},
		} {
			rep := auditBinaries(t, c, dir, nil, test.paths...)
			if got := outcome(rep); got != test.outcome || !strings.Contains(rep.Checks[0].Reason, test.reason) {
				t.Errorf("%s %v: %s (%s), want %s", c.ID, test.paths, got, rep.Checks[0].Reason, test.outcome)
			}
		}
	}
}

func TestFirst(t *testing.T) {
	many := make([]string, maxNamed+3)
	if got := first(many, maxNamed); len(got) != maxNamed+1 || got[maxNamed] != "+3" {
		t.Errorf("%q", got)
	}
}

// TestNameIn names files relative to the target's directory only inside it.
func TestNameIn(t *testing.T) {
	dir := t.TempDir()
	outside := filepath.Join(filepath.Dir(dir), "app")
	for path, want := range map[string]string{
		filepath.Join(dir, "bin", "app"): "bin/app", outside: outside, "nowhere/app": "nowhere/app", dir: ".",
	} {
		if got := nameIn(dir, path); got != want {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}
}

// TestBinaryCopies judges executables whose build info was edited or removed
// after the link, and whose linked default is not the one that is recorded.
func TestBinaryCopies(t *testing.T) {
	built, err := os.ReadFile(gobintest.Build(t, gobintest.Module(t, gobintest.GoMod), "GOFIPS140=latest", "-trimpath", "-ldflags=-s"))
	if err != nil {
		t.Fatal(err)
	}
	blob := bytes.Index(built, []byte("\xff Go buildinf:"))
	setting := bytes.Index(built[blob:], []byte("GOFIPS140=latest")) + blob
	edited, removed := bytes.Clone(built), bytes.Clone(built)
	copy(edited[setting:], "GOFIPS140=v1.0.0")
	copy(removed[blob:], "\xff No buildinf:")
	weak, err := os.ReadFile(gobintest.Build(t, gobintest.Module(t, gobintest.GoMod), "-trimpath", "-ldflags=-X=runtime.godebugDefault=tls10server=1"))
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		data []byte
		rule string
		args string
	}{
		"edited":  {edited, "binary/build-info-edited", "binary/build-info-edited differences=-build GOFIPS140=v1.0.0;+build GOFIPS140=latest"},
		"removed": {removed, "binary/build-info-removed", "binary/build-info-removed"},
		"weak":    {weak, "binary/weak-godebug", "binary/weak-godebug settings=tls10server=1"},
	} {
		rep := auditBinaries(t, Binary, binaries(t, map[string][]byte{"app": test.data}), nil, "app")
		if got := found(rep, "differences", "settings"); !slices.Contains(got, test.args) {
			t.Errorf("%s: %q", name, got)
		}
	}
	rep := auditBinaries(t, Binary, binaries(t, map[string][]byte{"app": built}), nil, "app")
	for _, f := range found(rep) {
		if strings.HasPrefix(f, "binary/build-info") {
			t.Errorf("as built: %s", f)
		}
	}
}

// Where the source was is read from the file, whatever -trimpath promised.
func TestBinaryBuildPaths(t *testing.T) {
	dir := gobintest.Module(t, gobintest.GoMod)
	writeFile(t, filepath.Join(dir, "line.go"), "package main\n\n//line /home/alice/secret/project/x.y:1\nfunc init() { println() }\n")
	for name, test := range map[string]struct {
		args  []string
		rule  string
		roots []string
	}{
		"plain":    {nil, "binary/no-trimpath", nil},
		"trimpath": {[]string{"-trimpath"}, "binary/build-paths", []string{"/home/alice/secret"}},
		"stripped": {[]string{"-trimpath", "-ldflags=-s -w"}, "binary/build-paths", []string{"/home/alice/secret"}},
		"windows":  {[]string{"-trimpath", "GOOS=windows", "GOARCH=amd64"}, "binary/build-paths", []string{"/home/alice/secret"}},
	} {
		data, err := os.ReadFile(gobintest.Build(t, dir, test.args...))
		if err != nil {
			t.Fatal(err)
		}
		rep := auditBinaries(t, Binary, binaries(t, map[string][]byte{"app": data}), nil, "app")
		roots := factsOf[struct{ Files []BinaryFile }](t, rep, Binary).Files[0].SourceRoots
		if !slices.Contains(rulesOf(rep), test.rule) || test.roots != nil && !slices.Equal(roots, test.roots) || !slices.Contains(roots, "/home/alice/secret") {
			t.Errorf("%s: %q %q", name, rulesOf(rep), roots)
		}
	}
}

// What is built in GOPATH mode records no modules: which they are is not known,
// and the packages are listed. A program of the standard library alone has none.
func TestBinaryNoModules(t *testing.T) {
	gopath := t.TempDir()
	for name, text := range map[string]string{
		"example.com/app/main.go": "package main\n\nimport \"example.com/lib\"\n\nfunc main() { lib.F() }\n",
		"example.com/lib/lib.go":  "package lib\n\n//go:noinline\nfunc F() { println() }\n",
		"alone/main.go":           "package main\n\nimport \"fmt\"\n\nfunc main() { fmt.Println() }\n",
	} {
		path := filepath.Join(gopath, "src", filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		writeFile(t, path, text)
	}
	build := func(dir string) []byte {
		data, err := os.ReadFile(gobintest.Build(t, filepath.Join(gopath, "src", filepath.FromSlash(dir)), "GO111MODULE=off", "GOPATH="+gopath, "-ldflags=-s"))
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	dir := binaries(t, map[string][]byte{"app": build("example.com/app"), "alone": build("alone")})
	for name, want := range map[string]string{"app": "binary/modules-unknown", "alone": ""} {
		cfg := audit.Config{Target: &audit.Target{Dir: dir, Binaries: []string{filepath.Join(dir, name)}}, Checks: []*audit.Check{Binary, SumDB}, Offline: true,
			Environ: sumEnviron(t)}
		rep := runCheck(t, cfg)
		if got := outcomeOf(t, rep, Binary).ReasonID; got != want {
			t.Errorf("%s: %q", name, got)
		}
		if got := outcomeOf(t, rep, SumDB).ReasonID; got != want {
			t.Errorf("%s, sumdb: %q", name, got)
		}
		packages := factsOf[struct{ Files []BinaryFile }](t, rep, Binary).Files[0].Packages
		if (want != "") != slices.Equal(packages, []string{"example.com/lib"}) {
			t.Errorf("%s: packages %q", name, packages)
		}
	}
}
