// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package vulns_test

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/goassay/assay/audit/vulns"
	"github.com/goassay/assay/audit/vulns/engine"
	"github.com/goassay/assay/internal/machine"
)

// engineVariable makes this test's program what a Scanner starts.
const engineVariable = "ASSAY_TEST_ENGINE"

func TestMain(m *testing.M) {
	switch os.Getenv(engineVariable) {
	case "run":
		os.Exit(engine.Run(context.Background(), os.Args[1:], os.Stdout, os.Stderr))
	case "panic":
		panic("in the analysis")
	case "nothing":
		os.Exit(0)
	case "text":
		os.Stdout.WriteString("No vulnerabilities found.\n")
		os.Exit(0)
	case "short":
		os.Stdout.WriteString(`{"config":{"protocol_version":"v1.0.0","scan_level":"symbol"}}{"SBOM":{"mod`)
		os.Exit(0)
	case "unlisted":
		os.Stdout.WriteString(`{"config":{"protocol_version":"v1.0.0","scan_level":"symbol"}}{"future":{}}`)
		os.Exit(0)
	case "other":
		os.Stdout.WriteString(`{"config":{"protocol_version":"v1.0.0","scan_level":"symbol"}}{"SBOM":{"modules":[{"path":"example.com/b","version":"v0.1.0"}]}}`)
		os.Exit(0)
	case "shallow":
		os.Stdout.WriteString(`{"config":{"protocol_version":"v1.0.0","scan_level":"module"}}{"SBOM":{}}`)
		os.Exit(0)
	case "later":
		os.Stdout.WriteString(`{"config":{"protocol_version":"v2.0.0","scan_level":"symbol"}}{"SBOM":{}}`)
		os.Exit(0)
	}
	code := m.Run()
	if snapshotFolder != "" {
		os.RemoveAll(filepath.Dir(snapshotFolder))
	}
	os.Exit(code)
}

// scanner is one whose process does what the variable says.
func scanner(t testing.TB, env []string, does string) *vulns.Scanner {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return &vulns.Scanner{Command: []string{self}, Env: append(slices.Clone(env), engineVariable+"="+does)}
}

var linked = []vulns.Module{{Path: "example.com/prog"}, {Path: "example.com/a", Version: "v1.1.0"}, {Path: vulns.Stdlib, Version: goRelease()}}

// goRelease is the release of Go that the tests are built with.
func goRelease() string { return runtime.Version() }

// TestSource analyses source at each level.
func TestSource(t *testing.T) {
	env := goEnv(t, proxy(t, "example.com/a@v1.1.0", "example.com/fork@v1.1.0"))
	const calls = "func main() { println(run()) }\n\nfunc run() int { return p.F(n) }"
	for name, test := range map[string]struct {
		body  string
		level vulns.Level
		want  string // of GO-2026-0001
		trace []string
	}{
		"called":           {calls, vulns.LevelSymbol, "called [{example.com/a/p F}]", []string{"main", "run", "F"}},
		"method":           {"func main() { println((&p.T{N: n}).M()) }", vulns.LevelSymbol, "called [{example.com/a/p T.M}]", []string{"main", "M"}},
		"never called":     {"func main() { println(n) }\n\nfunc run() int { return p.F(n) }", vulns.LevelSymbol, "imported []", nil},
		"package":          {calls, vulns.LevelPackage, "imported []", nil},
		"module":           {calls, vulns.LevelModule, "required []", nil},
		"another package":  {"func main() { println(q.Q(n)) }", vulns.LevelSymbol, "required []", nil},
		"another function": {"func main() { println(p.Safe(n)) }", vulns.LevelSymbol, "imported []", nil},
	} {
		if testing.Short() && name != "called" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			dir := program(t, test.body, "")
			a, err := scanner(t, env, "run").Source(t.Context(), small(t), vulns.Program{
				Dir: dir, Patterns: []string{"./..."}, Modules: linked, Level: test.level, Platform: vulns.Platform{OS: "linux", Arch: "amd64"},
			})
			if err != nil {
				t.Fatal(err)
			}
			for _, n := range a.NotAssessed {
				t.Errorf("not assessed: %+v", n)
			}
			if a.Level != test.level || len(a.Vulnerabilities) != 2 {
				t.Fatalf("%+v", a)
			}
			v := a.Vulnerabilities[slices.IndexFunc(a.Vulnerabilities, func(v vulns.Vulnerability) bool { return v.ID == "GO-2026-0001" })]
			got := string(v.Reach) + " ["
			for _, s := range v.Symbols {
				got += "{" + s.Package + " " + s.Name + "}"
			}
			if got += "]"; got != test.want {
				t.Errorf("%s, want %s", got, test.want)
			}
			var functions []string
			for _, trace := range v.Traces {
				for _, f := range trace {
					functions = append(functions, f.Function)
					if f.Line == 0 || f.File == "" {
						t.Errorf("no place: %+v", f)
					}
				}
			}
			if !cmp.Equal(functions, test.trace) {
				t.Errorf("calls %q, want %q", functions, test.trace)
			}
		})
	}
}

// TestSourceReplaced analyses a module that stands in the place of another.
func TestSourceReplaced(t *testing.T) {
	machine.Long(t, "analyses source")
	env := goEnv(t, proxy(t, "example.com/a@v1.1.0", "example.com/fork@v1.1.0"))
	dir := program(t, "func main() { println(p.F(n)) }", "replace example.com/a => example.com/fork v1.1.0\n")
	db, err := vulns.Open(t.Context(), dirOf(t, forked()), nil)
	if err != nil {
		t.Fatal(err)
	}
	modules := []vulns.Module{{Path: "example.com/a", Version: "v1.1.0", Replace: &vulns.Module{Path: "example.com/fork", Version: "v1.1.0"}}}
	a, err := scanner(t, env, "run").Source(t.Context(), db, vulns.Program{Dir: dir, Patterns: []string{"./..."}, Modules: modules, Level: vulns.LevelSymbol})
	if err != nil || len(a.NotAssessed) != 0 || len(a.Vulnerabilities) != 1 {
		t.Fatalf("%+v, %v", a, err)
	}
	v := a.Vulnerabilities[0]
	if v.Module != "example.com/fork" || v.Reach != vulns.Called || len(v.Traces) != 1 {
		t.Errorf("%+v", v)
	}
}

// forked is a database in which the entry of example.com/a is one of example.com/fork.
func forked() map[string]string {
	out := files()
	delete(out, "ID/GO-2026-0002.json")
	delete(out, "ID/GO-2026-0003.json")
	out["index/modules.json"] = `[{"path":"example.com/fork","vulns":[{"id":"GO-2026-0001","modified":"2026-01-01T00:00:00Z","fixed":"1.2.3"}]}]`
	out["index/vulns.json"] = `[{"id":"GO-2026-0001","modified":"2026-01-01T00:00:00Z"}]`
	out["ID/GO-2026-0001.json"] = strings.ReplaceAll(out["ID/GO-2026-0001.json"], "example.com/a", "example.com/fork")
	return out
}

// TestSourceListed analyses a main module that the database lists: it has no version.
func TestSourceListed(t *testing.T) {
	machine.Long(t, "analyses source")
	env := goEnv(t, proxy(t, "example.com/a@v1.1.0"))
	dir := program(t, "func main() { println(p.F(n)) }", "")
	mod := filepath.Join(dir, "go.mod")
	text, err := os.ReadFile(mod)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(mod, bytes.Replace(text, []byte("example.com/prog"), []byte("example.com/b"), 1), 0o666); err != nil {
		t.Fatal(err)
	}
	modules := []vulns.Module{{Path: "example.com/b"}, {Path: "example.com/a", Version: "v1.1.0"}, {Path: vulns.Stdlib, Version: goRelease()}}
	a, err := scanner(t, env, "run").Source(t.Context(), small(t), vulns.Program{Dir: dir, Patterns: []string{"./..."}, Modules: modules, Level: vulns.LevelSymbol})
	if err != nil || len(a.NotAssessed) != 1 || a.NotAssessed[0].Reason != vulns.NoVersion || a.NotAssessed[0].Module != "example.com/b" || a.Vulnerabilities[0].Reach != vulns.Called {
		t.Fatalf("%+v, %v", a, err)
	}
}

// TestSourceFailures analyses what cannot be: the modules are assessed, and what is
// missing has a reason.
func TestSourceFailures(t *testing.T) {
	env := goEnv(t, proxy(t, "example.com/a@v1.1.0"))
	const fine = "func main() { println(p.F(n)) }"
	for name, test := range map[string]struct {
		body, gomod, does string
		patterns          []string
		want              vulns.Reason
	}{
		"types":           {"func main() { println(p.F(n) + undefined) }", "", "run", nil, vulns.NoTypes},
		"syntax":          {"func main() { println(p.F(n) }", "", "run", nil, vulns.NoTypes},
		"newer Go":        {fine, "toolchain go1.99.0\n\ngodebug default=go1.26\n", "newer", nil, vulns.NewerGo},
		"no such package": {fine, "", "run", []string{"./none"}, vulns.NoPackages},
		"missing module":  {fine, "", "run", []string{"example.com/missing"}, vulns.NoPackages},
		"a flag":          {fine, "", "run", []string{"-mode=binary"}, vulns.ScannerFailed},
		"panic":           {fine, "", "panic", nil, vulns.ScannerFailed},
		"nothing":         {fine, "", "nothing", nil, vulns.ScannerFailed},
		"text":            {fine, "", "text", nil, vulns.ScannerFailed},
		"cut short":       {fine, "", "short", nil, vulns.ScannerFailed},
		"no modules":      {fine, "", "unlisted", nil, vulns.ScannerFailed},
		"another module":  {fine, "", "other", nil, vulns.ScannerFailed},
		"another level":   {fine, "", "shallow", nil, vulns.ScannerFailed},
		"a later version": {fine, "", "later", nil, vulns.ScannerFailed},
	} {
		t.Run(name, func(t *testing.T) {
			if test.does != "panic" && test.does != "short" {
				machine.Long(t, "analyses source")
			}
			t.Parallel()
			dir := program(t, test.body, "")
			if test.gomod != "" {
				mod := filepath.Join(dir, "go.mod")
				text, _ := os.ReadFile(mod)
				if test.does == "newer" {
					text, test.does = []byte(strings.Replace(string(text), "go 1.26", "go 1.99", 1)), "run"
				} else {
					text = append(text, test.gomod...)
				}
				if err := os.WriteFile(mod, text, 0o666); err != nil {
					t.Fatal(err)
				}
			}
			if test.patterns == nil {
				test.patterns = []string{"./..."}
			}
			a, err := scanner(t, env, test.does).Source(t.Context(), small(t), vulns.Program{Dir: dir, Patterns: test.patterns, Modules: linked, Level: vulns.LevelSymbol})
			if err != nil {
				t.Fatal(err)
			}
			if len(a.NotAssessed) != 1 || a.NotAssessed[0].Reason != test.want || a.NotAssessed[0].Detail == "" || a.Level != vulns.LevelModule || len(a.Vulnerabilities) != 2 {
				t.Errorf("%+v", a)
			}
			for _, v := range a.Vulnerabilities {
				if v.Reach != vulns.Required {
					t.Errorf("%s: %s", v.ID, v.Reach)
				}
			}
		})
	}
	s := &vulns.Scanner{}
	if a, err := s.Source(t.Context(), small(t), vulns.Program{Modules: linked, Level: vulns.LevelSymbol}); err != nil || len(a.NotAssessed) != 1 {
		t.Errorf("no command: %+v, %v", a, err)
	}
	// Where nothing is vulnerable, nothing is started.
	if a, err := s.Source(t.Context(), small(t), vulns.Program{Modules: []vulns.Module{{Path: "example.com/b", Version: "v1.0.0"}}, Level: vulns.LevelSymbol}); err != nil || len(a.NotAssessed) != 0 || a.Level != vulns.LevelSymbol {
		t.Errorf("nothing vulnerable: %+v, %v", a, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := scanner(t, env, "run").Source(ctx, small(t), vulns.Program{Modules: linked, Level: vulns.LevelSymbol}); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// TestSourceServer analyses with the database of a server.
func TestSourceServer(t *testing.T) {
	machine.Long(t, "analyses source")
	env := goEnv(t, proxy(t, "example.com/a@v1.1.0"))
	server := serve(t, files())
	db, err := vulns.Open(t.Context(), server.URL, http.DefaultTransport)
	if err != nil {
		t.Fatal(err)
	}
	p := vulns.Program{Dir: program(t, "func main() { println(p.F(n)) }", ""), Patterns: []string{"."}, Modules: linked, Level: vulns.LevelSymbol, Tests: true, Tags: []string{"a", "b"}}
	a, err := scanner(t, env, "run").Source(t.Context(), db, p)
	if err != nil || len(a.NotAssessed) != 0 || a.Vulnerabilities[0].Reach != vulns.Called {
		t.Errorf("%+v, %v", a, err)
	}
	server.Close()
	if _, err := scanner(t, env, "run").Source(t.Context(), db, p); !errors.Is(err, vulns.ErrUnreachable) {
		t.Error(err)
	}
}
