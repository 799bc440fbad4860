// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package checks

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/goassay/assay/audit"
	"github.com/goassay/assay/audit/vulns"
	"github.com/goassay/assay/internal/machine"
)

// vulnKinds are entries of what packages k and win of the library have.
var vulnKinds = []vulnEntry{
	{"GO-2026-0101", "example.com/lib", `[{"path":"example.com/lib/k","symbols":["Box.Get"]}]`, "", "REVIEWED"},
	{"GO-2026-0102", "example.com/lib", `[{"path":"example.com/lib/k","symbols":["S.Do"]}]`, "", "REVIEWED"},
	{"GO-2026-0103", "example.com/lib", `[{"path":"example.com/lib/k","symbols":["Plain"]}]`, "", "REVIEWED"},
	{"GO-2026-0104", "example.com/lib", `[{"path":"example.com/lib/k","symbols":["Map"]}]`, "", "REVIEWED"},
	{"GO-2026-0105", "example.com/lib", `[{"path":"example.com/lib/p","goos":["windows"],"symbols":["F"]}]`, "", "REVIEWED"},
	{"GO-2026-0106", "example.com/fork", `[{"path":"example.com/fork/p","symbols":["F"]}]`, "", "REVIEWED"},
	{"GO-2026-0107", "example.com/lib/v2@2.9.0", `[{"path":"example.com/lib/v2/p","symbols":["F"]}]`, "", "REVIEWED"},
	{"GO-2026-0108", "example.com/old@3.1.0", `[{"path":"example.com/old/p","symbols":["F"]}]`, "", "REVIEWED"},
	{"GO-2026-0109", "stdlib", `[{"path":"html","symbols":["UnescapeString"]}]`, "", "REVIEWED"},
}

const vulnK = `package k

type Box[T any] struct{ v T }

func (b *Box[T]) Get() T { return b.v }

func Map[T any](v T) T { return v }

type Doer interface{ Do() int }

type S struct{}

func (S) Do() int { return 1 }

func Plain() int { return 2 }

func Safe() int { return 3 }
`

const vulnP = "package p\n\n//go:noinline\nfunc F() int { return 1 }\n\nfunc Safe() int { return 3 }\n"

// vulnKind is a run of Vuln on a vendored module, with the entries of vulnKinds.
func vulnKind(t *testing.T, files map[string]string, environ ...string) audit.Config {
	t.Helper()
	all := map[string]string{
		"vendor/modules.txt":            "# example.com/lib v1.1.0\n## explicit; go 1.24\nexample.com/lib/k\nexample.com/lib/p\n",
		"vendor/example.com/lib/k/k.go": vulnK,
	}
	for name, text := range files {
		all[name] = text
	}
	cfg := vulnTree(t, all)
	cfg.Environ = append(cfg.Environ, environ...)
	cfg.Settings[SettingVulnDB] = vulnDB(t, "2026-01-20T00:00:00Z", vulnKinds...)
	return cfg
}

// vulnReach runs the check, which must have determined everything, and returns
// how close the vulnerabilities are to its one target, by ID.
func vulnReach(t *testing.T, cfg audit.Config) map[string]vulns.Reach {
	t.Helper()
	rep := runCheck(t, cfg)
	if reason := rep.Checks[0].Reason; reason != "" {
		t.Errorf("not assessed: %s", reason)
	}
	facts := factsOf[VulnFacts](t, rep, Vuln)
	if len(facts.Targets) != 1 {
		t.Fatalf("targets: %+v", facts.Targets)
	}
	return vulnReachOf(&facts, 0)
}

// vulnReachOf are the reaches of a target's vulnerabilities, without those that
// are withdrawn.
func vulnReachOf(facts *VulnFacts, target int) map[string]vulns.Reach {
	out := map[string]vulns.Reach{}
	for _, v := range facts.Vulnerabilities {
		if v.Target == target && v.Withdrawn.IsZero() {
			out[v.ID] = v.Reach
		}
	}
	return out
}

// sameAsGovulncheck compares what was found of the source in a folder with what
// govulncheck finds, if the variable GOVULNCHECK names it. That one looks up modules of which a package is loaded, and
// no toolchain.
func sameAsGovulncheck(t *testing.T, cfg audit.Config, dir string, got map[string]vulns.Reach) {
	t.Helper()
	program := os.Getenv("GOVULNCHECK")
	if program == "" {
		return
	}
	args := []string{"-format=json", "-db=file://" + filepath.ToSlash(cfg.Settings[SettingVulnDB])}
	for _, v := range cfg.Environ {
		if tags, ok := strings.CutPrefix(v, "GOFLAGS=-tags="); ok {
			args = append(args, "-tags="+tags)
		}
	}
	if cfg.Settings[SettingVulnTests] == "true" {
		args = append(args, "-test")
	}
	cmd := exec.CommandContext(t.Context(), program, append(args, "./...")...)
	cmd.Dir, cmd.Env = dir, append(slices.Clone(cfg.Environ), "PWD="+dir, "GOPACKAGESDRIVER=off")
	out, err := cmd.Output()
	if failed, ok := errors.AsType[*exec.ExitError](err); ok {
		t.Fatalf("govulncheck: %v\n%s", err, failed.Stderr)
	}
	want := map[string]vulns.Reach{}
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var m struct {
			Finding *struct {
				OSV   string
				Trace []struct{ Package, Function string }
			}
		}
		if err := d.Decode(&m); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		if m.Finding == nil {
			continue
		}
		reach := vulns.Required
		if first := m.Finding.Trace[0]; first.Function != "" {
			reach = vulns.Called
		} else if first.Package != "" {
			reach = vulns.Imported
		}
		if old, ok := want[m.Finding.OSV]; !ok || reach.Closer(old) < 0 {
			want[m.Finding.OSV] = reach
		}
	}
	if got["GO-2026-0105"] == "" { // its source mode does not ask for which system an entry is
		delete(want, "GO-2026-0105")
	}
	here := map[string]vulns.Reach{}
	for id, reach := range got {
		if id != "GO-2026-0004" {
			here[id] = reach
		}
	}
	if diff := cmp.Diff(want, here); diff != "" {
		t.Errorf("-govulncheck +here\n%s", diff)
	}
}

// TestVulnBuild: what is looked at is what is built: for the tags, the platform,
// with cgo or without it, with tests or without them.
func TestVulnBuild(t *testing.T) {
	machine.Long(t, "analyses many programs, each in a process of its own")
	const safe = "package main\n\nimport \"example.com/lib/p\"\n\nfunc main() { println(p.Safe()) }\n"
	const calls = "package main\n\nimport \"example.com/lib/p\"\n\nvar x = p.F()\n"
	const empty = "package main\n\nfunc main() {}\n"
	with := func(name, text, main string) map[string]string {
		return map[string]string{name: text, "main.go": main}
	}
	for _, test := range []struct {
		name    string
		files   map[string]string
		environ []string
		tests   bool
		want    vulns.Reach // of GO-2026-0001
	}{
		{"tag", with("tagged.go", "//go:build extra\n\n"+calls, safe), []string{"GOFLAGS=-tags=other,extra"}, false, vulns.Called},
		{"no tag", with("tagged.go", "//go:build extra\n\n"+calls, safe), nil, false, vulns.Imported},
		{"the module alone behind a tag", with("tagged.go", "//go:build extra\n\n"+calls, empty), []string{"GOFLAGS=-tags=extra"}, false, vulns.Called},
		{"nothing without a tag", with("tagged.go", "//go:build extra\n\n"+calls, empty), nil, false, ""},
		{"another system", with("call_windows.go", calls, safe), nil, false, vulns.Imported},
		{"that system", with("call_windows.go", calls, safe), []string{"GOOS=windows"}, false, vulns.Called},
		{"another processor", with("call_arm64.go", calls, safe), nil, false, vulns.Imported},
		{"that processor", with("call_arm64.go", calls, safe), []string{"GOARCH=arm64"}, false, vulns.Called},
		{"a test", with("main_test.go", calls, safe), nil, true, vulns.Called},
		{"no test", with("main_test.go", calls, safe), nil, false, vulns.Imported},
		{"a test alone", with("main_test.go", calls, empty), nil, true, vulns.Called},
		{"a test apart", with("main_test.go", strings.Replace(calls, "main", "main_test", 1), empty), nil, true, vulns.Called},
		{"no test apart", with("main_test.go", strings.Replace(calls, "main", "main_test", 1), empty), nil, false, ""},
		{"a test that calls nothing", with("main_test.go", strings.Replace(calls, "p.F", "p.Safe", 1), empty), nil, true, vulns.Imported},
		{"cgo", with("c.go", strings.Replace(calls, "\nimport", "\nimport \"C\"\n\nimport", 1), safe), []string{"CGO_ENABLED=1"}, false, vulns.Called},
		{"a driver of go/packages", with("call.go", calls, safe), []string{"GOPACKAGESDRIVER=none"}, false, vulns.Called},
		{"no cgo", with("c.go", strings.Replace(calls, "\nimport", "\nimport \"C\"\n\nimport", 1), safe), nil, false, vulns.Imported},
	} {
		t.Run(test.name, func(t *testing.T) {
			if test.name == "cgo" {
				machine.Need(t, "gcc")
			}
			cfg := vulnKind(t, test.files, test.environ...)
			if test.tests {
				cfg.Settings[SettingVulnTests], cfg.Settings[SettingTests] = "true", "true"
			}
			got := vulnReach(t, cfg)
			if alone := test.name == "a test alone" || test.name == "a test that calls nothing"; !alone { // there govulncheck finds nothing
				sameAsGovulncheck(t, cfg, cfg.Target.Dir, got)
			}
			if got["GO-2026-0001"] != test.want {
				t.Errorf("%q, want %q", got["GO-2026-0001"], test.want)
			}
			windows := vulns.Reach("") // what is affected on Windows alone
			if test.name == "that system" {
				windows = vulns.Called
			}
			if got["GO-2026-0105"] != windows {
				t.Errorf("of windows: %q, want %q", got["GO-2026-0105"], windows)
			}
		})
	}
}

// TestVulnCall: each way to call a function.
func TestVulnCall(t *testing.T) {
	machine.Long(t, "analyses many programs, each in a process of its own")
	for _, test := range []struct {
		name, body, id string
		want           vulns.Reach
	}{
		{"method of an instance", "new(k.Box[int]).Get()", "GO-2026-0101", vulns.Called},
		{"instance alone", "_ = new(k.Box[int])", "GO-2026-0101", vulns.Imported},
		{"generic function", "k.Map(1)", "GO-2026-0104", vulns.Called},
		{"interface", "var d k.Doer = k.S{}\n\td.Do()", "GO-2026-0102", vulns.Called},
		{"interface of something else", "var d k.Doer = own{}\n\td.Do()", "GO-2026-0102", vulns.Imported},
		{"method value", "f := k.S{}.Do\n\tf()", "GO-2026-0102", vulns.Called},
		{"method expression", "f := k.S.Do\n\tf(k.S{})", "GO-2026-0102", vulns.Called},
		{"function value", "f := k.Plain\n\tf()", "GO-2026-0103", vulns.Called},
		{"function value, never called", "f := k.Plain\n\t_ = f", "GO-2026-0103", vulns.Imported},
		{"deferred", "defer k.Plain()", "GO-2026-0103", vulns.Called},
		{"goroutine", "go k.Plain()", "GO-2026-0103", vulns.Called},
		{"reflection", "reflect.ValueOf(k.S{}).Method(0).Call(nil)", "GO-2026-0102", vulns.Imported}, // as the documentation of govulncheck says
	} {
		t.Run(test.name, func(t *testing.T) {
			imports := "import \"example.com/lib/k\"\n"
			if strings.Contains(test.body, "reflect.") {
				imports += "\nimport \"reflect\"\n"
			}
			cfg := vulnKind(t, map[string]string{
				"main.go": "package main\n\n" + imports + "\ntype own struct{}\n\nfunc (own) Do() int { return k.Safe() }\n\nfunc main() {\n\t" + test.body + "\n}\n",
			})
			got := vulnReach(t, cfg)
			sameAsGovulncheck(t, cfg, cfg.Target.Dir, got)
			if got[test.id] != test.want {
				t.Errorf("%s: %q, want %q", test.id, got[test.id], test.want)
			}
			for id, reach := range got {
				if id != test.id && reach == vulns.Called && id != "GO-2026-0005" { // which is about all of the module
					t.Errorf("%s is called", id)
				}
			}
		})
	}
}
