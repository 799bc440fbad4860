// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package checks

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/mod/sumdb/dirhash"

	"github.com/goassay/assay/audit"
	"github.com/goassay/assay/audit/gocmd"
	"github.com/goassay/assay/audit/vulns"
	"github.com/goassay/assay/internal/machine"
)

// vulnPublished is a run of Vuln on files that need modules of a proxy, each with
// package p of the library. In each text, GOSUM stands for their go.sum.
func vulnPublished(t *testing.T, modules []string, files map[string]string) audit.Config {
	t.Helper()
	proxy, sums := t.TempDir(), ""
	for _, mod := range modules {
		path, version, _ := strings.Cut(mod, "@")
		gomod := "module " + path + "\n\ngo 1.24\n"
		publishModule(t, proxy, mod, map[string]string{"go.mod": gomod, "p/p.go": vulnP})
		zip, err := dirhash.HashZip(filepath.Join(proxy, filepath.FromSlash(path), "@v", version+".zip"), dirhash.Hash1)
		if err != nil {
			t.Fatal(err)
		}
		mod, err := dirhash.Hash1([]string{"go.mod"}, func(string) (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(gomod)), nil })
		if err != nil {
			t.Fatal(err)
		}
		sums += path + " " + version + " " + zip + "\n" + path + " " + version + "/go.mod " + mod + "\n"
	}
	all := map[string]string{}
	for name, text := range files {
		all[name] = strings.ReplaceAll(text, "GOSUM", sums)
	}
	cfg := vulnKind(t, all)
	removeAll(t, filepath.Join(cfg.Target.Dir, "vendor"))
	cfg.Offline = false
	cfg.Environ = append(cfg.Environ, "GOPROXY=file://"+filepath.ToSlash(proxy), "GONOSUMDB=*", "GOSUMDB=off")
	return cfg
}

// notAssessed are the modules that are not assessed, with the reason.
func notAssessed(facts *VulnFacts) (out []string) {
	for _, n := range facts.NotAssessed {
		out = append(out, facts.Targets[n.Target].Name+": "+string(n.Reason)+" "+strings.TrimSuffix(n.Module+"@"+n.Version, "@"))
	}
	return append(out, facts.Unread...)
}

// only are the reaches of some entries alone.
func only(reaches map[string]vulns.Reach, ids ...string) map[string]vulns.Reach {
	out := map[string]vulns.Reach{}
	for _, id := range ids {
		if r, ok := reaches[id]; ok {
			out[id] = r
		}
	}
	return out
}

// TestVulnWorkspace: each main module is a target, with the versions that the
// workspace selects, and what is used in their place.
func TestVulnWorkspace(t *testing.T) {
	const calls = "package main\n\nimport \"example.com/lib/p\"\n\nfunc main() { println(p.F()) }\n"
	gomod := func(name, version string) string {
		return "module example.com/" + name + "\n\ngo 1.24\n\nrequire example.com/lib " + version + "\n"
	}
	tree := map[string]string{
		"a/go.mod": gomod("a", "v1.1.0"), "a/go.sum": "GOSUM", "a/main.go": calls,
		"b/go.mod": gomod("b", "v1.2.0"), "b/go.sum": "GOSUM", "b/main.go": strings.ReplaceAll(calls, "F", "Safe"),
		"c/go.mod": "module example.com/c\n\ngo 1.24\n", "c/main.go": "package main\n\nimport \"html\"\n\nvar _ = html.EscapeString\n\nfunc main() {}\n",
		"l/go.mod": "module example.com/lib\n", "l/p/p.go": vulnP,
	}
	const used = "go 1.24\n\nuse (\n\t./a\n\t./b\n\t./c\n)\n\n"
	type reaches = map[string]vulns.Reach
	for _, test := range []struct {
		name, work, fixed string
		packages          []string
		want              map[string]reaches // of the entries of the library, the fork and package html, by target
		left              []string
	}{
		{"selected", used, "", nil, map[string]reaches{
			"example.com/a v1.2.0": {"GO-2026-0001": vulns.Called, "GO-2026-0109": vulns.Required},
			"example.com/b v1.2.0": {"GO-2026-0001": vulns.Imported, "GO-2026-0109": vulns.Required},
			"example.com/c":        {"GO-2026-0109": vulns.Imported},
		}, nil},
		{"named", used, "", []string{"./a/..."}, map[string]reaches{"example.com/a v1.2.0": {"GO-2026-0001": vulns.Called, "GO-2026-0109": vulns.Required}}, nil},
		{"fixed", used + "replace example.com/lib => example.com/lib v1.9.0\n", "", []string{"./a"}, map[string]reaches{"example.com/a": {"GO-2026-0109": vulns.Required}}, nil},
		{"fork", used + "replace example.com/lib => example.com/fork v1.1.0\n", "", []string{"./a"},
			map[string]reaches{"example.com/a v1.1.0": {"GO-2026-0106": vulns.Called, "GO-2026-0109": vulns.Required}}, []string{"example.com/a: other-source example.com/lib@v1.2.0"}},
		{"directory", used + "replace example.com/lib => ./l\n", "", []string{"./a"},
			map[string]reaches{"example.com/a": {"GO-2026-0109": vulns.Required}}, []string{"example.com/a: local-source example.com/lib@v1.2.0"}},
		{"main module", strings.Replace(used, "./c", "./l", 1), "", []string{"./a"},
			map[string]reaches{"example.com/a": {"GO-2026-0109": vulns.Required}}, []string{"example.com/a: no-version example.com/lib"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			if test.name != "named" {
				machine.Long(t, "analyses several modules")
			}
			files := map[string]string{"go.work": test.work, "go.work.sum": "GOSUM"}
			for name, text := range tree {
				files[name] = text
			}
			cfg := vulnPublished(t, []string{"example.com/lib@v1.1.0", "example.com/lib@v1.2.0", "example.com/lib@v1.9.0", "example.com/fork@v1.1.0"}, files)
			removeAll(t, filepath.Join(cfg.Target.Dir, "go.mod"))
			removeAll(t, filepath.Join(cfg.Target.Dir, "main.go"))
			cfg.Target.ModFile, cfg.Target.Module, cfg.Target.WorkFile = "", "", filepath.Join(cfg.Target.Dir, "go.work")
			cfg.Target.Packages = test.packages
			rep := runCheck(t, cfg)
			facts := factsOf[VulnFacts](t, rep, Vuln)
			got := map[string]reaches{}
			for i, target := range facts.Targets {
				all := vulnReachOf(&facts, i)
				if len(test.left) == 0 {
					sameAsGovulncheck(t, cfg, filepath.Join(cfg.Target.Dir, strings.TrimPrefix(target.Name, "example.com/")), all)
				}
				name := target.Name
				for _, v := range facts.Vulnerabilities {
					if v.Target == i && (v.ID == "GO-2026-0001" || v.ID == "GO-2026-0106") {
						name += " " + v.Version
					}
				}
				got[name] = only(all, "GO-2026-0001", "GO-2026-0109", "GO-2026-0106")
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
			for _, f := range rep.Findings {
				target := f.Args["target"].(string)
				file, line := strings.TrimPrefix(target, "example.com/")+"/go.mod", 0
				switch f.Args["module"] {
				case "example.com/lib":
					line = 5
				case "example.com/fork":
					file, line = "go.work", 9
				}
				if f.Location == nil || f.Location.File != file || f.Location.Line != line {
					t.Errorf("%s of %s at %+v, want %s:%d", f.Args["module"], target, f.Location, file, line)
				}
			}
			if left := notAssessed(&facts); !slices.Equal(left, test.left) || (rep.Checks[0].Reason == "") != (test.left == nil) {
				t.Errorf("not assessed: %q, want %q; %s %s", left, test.left, rep.Checks[0].Outcome, rep.Checks[0].Reason)
			}
		})
	}
}

// TestVulnReplaced: what the build list names is looked up, be it a fork, another
// version, one of no release, or of a module whose path says more than its name.
func TestVulnReplaced(t *testing.T) {
	machine.Long(t, "analyses many programs, each in a process of its own")
	for _, test := range []struct {
		name, require, replace, path string
		want                         map[string]vulns.Reach // of the entries of package p
		left                         []string
	}{
		{"fork", "example.com/lib v1.1.0", "example.com/fork v1.1.0", "", map[string]vulns.Reach{"GO-2026-0106": vulns.Called}, []string{"example.com/m: other-source example.com/lib@v1.1.0"}},
		{"fixed fork", "example.com/lib v1.1.0", "example.com/fork v1.9.0", "", nil, []string{"example.com/m: other-source example.com/lib@v1.1.0"}},
		{"fork of no entries", "example.com/lib v1.1.0", "example.com/unlisted v1.1.0", "", nil, []string{"example.com/m: other-source example.com/lib@v1.1.0"}},
		{"fixed by another version", "example.com/lib v1.1.0", "example.com/lib v1.9.0", "", nil, nil},
		{"vulnerable by another version", "example.com/lib v1.9.0", "example.com/lib v1.1.0", "", map[string]vulns.Reach{"GO-2026-0001": vulns.Called}, nil},
		{"directory", "example.com/lib v1.1.0", "./l", "", nil, []string{"example.com/m: local-source example.com/lib@v1.1.0"}},
		{"unlisted directory", "example.com/unlisted v1.1.0", "./l", "example.com/unlisted/p", nil, nil},
		{"before the fix", "example.com/lib v1.8.1-0.20260102030405-0123456789ab", "", "", map[string]vulns.Reach{"GO-2026-0001": vulns.Called}, nil},
		{"of no release", "example.com/lib v0.0.0-20260102030405-0123456789ab", "", "", map[string]vulns.Reach{"GO-2026-0001": vulns.Called}, nil},
		{"candidate of the fix", "example.com/lib v1.9.0-rc.1", "", "", map[string]vulns.Reach{"GO-2026-0001": vulns.Called}, nil},
		{"after the fix", "example.com/lib v1.9.1-0.20260102030405-0123456789ab", "", "", nil, nil},
		{"major version", "example.com/lib/v2 v2.1.0", "", "example.com/lib/v2/p", map[string]vulns.Reach{"GO-2026-0107": vulns.Called}, nil},
		{"fixed major version", "example.com/lib/v2 v2.9.0", "", "example.com/lib/v2/p", nil, nil},
		{"incompatible", "example.com/old v3.0.0+incompatible", "", "example.com/old/p", map[string]vulns.Reach{"GO-2026-0108": vulns.Called}, nil},
		{"fixed incompatible", "example.com/old v3.1.0+incompatible", "", "example.com/old/p", nil, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			required, version, _ := strings.Cut(test.require, " ")
			path := test.path
			if path == "" {
				path = "example.com/lib/p"
			}
			replace, list := "", "# "+required+" "+version
			if test.replace != "" {
				replace = "replace " + required + " => " + test.replace + "\n"
				list += " => " + test.replace
			}
			list += "\n## explicit; go 1.24\n" + path + "\n"
			if replace != "" {
				list += "# " + required + " => " + test.replace + "\n"
			}
			cfg := vulnKind(t, map[string]string{
				"go.mod":                   "module example.com/m\n\ngo 1.24\n\nrequire " + test.require + "\n\n" + replace,
				"main.go":                  "package main\n\nimport \"" + path + "\"\n\nfunc main() { println(p.F()) }\n",
				"vendor/modules.txt":       list,
				"vendor/" + path + "/p.go": vulnP,
				"l/go.mod":                 "module " + required + "\n",
			})
			rep := runCheck(t, cfg)
			facts := factsOf[VulnFacts](t, rep, Vuln)
			all := vulnReachOf(&facts, 0)
			if test.left == nil {
				sameAsGovulncheck(t, cfg, cfg.Target.Dir, all)
			}
			got := only(all, "GO-2026-0001", "GO-2026-0106", "GO-2026-0107", "GO-2026-0108")
			if len(got)+len(test.want) > 0 && !cmp.Equal(got, test.want) {
				t.Errorf("%v, want %v", got, test.want)
			}
			if left := notAssessed(&facts); !slices.Equal(left, test.left) || (rep.Checks[0].Reason == "") != (test.left == nil) {
				t.Errorf("not assessed: %q, want %q; %s %s", left, test.left, rep.Checks[0].Outcome, rep.Checks[0].Reason)
			}
		})
	}
}

// TestVulnMainModule: a main module that the database lists has the version that
// version control knows of. What calls its own functions is not analysed.
func TestVulnMainModule(t *testing.T) {
	machine.Long(t, "analyses many programs, each in a process of its own")
	machine.Need(t, "git")
	const none, calls = "example.com/lib: no-version example.com/lib", "example.com/lib: not-analysed example.com/lib@"
	for _, test := range []struct {
		name, tag, dirty string
		want             vulns.Reach // of GO-2026-0001
		left             []string
	}{
		{"vulnerable", "v1.2.3", "", vulns.Imported, []string{calls + "v1.2.3"}},
		{"vulnerable, and changed", "v1.2.3", "changed", vulns.Imported, []string{calls + "v1.2.3"}},
		{"fixed", "v1.9.0", "", "", nil},
		{"no release", "", "", vulns.Imported, nil},
		{"no version control", "none", "", "", []string{none}},
	} {
		t.Run(test.name, func(t *testing.T) {
			cfg := vulnKind(t, map[string]string{
				"go.mod": "module example.com/lib\n\ngo 1.24\n", "p/p.go": vulnP, "main.go": "package main\n\nimport \"example.com/lib/p\"\n\nfunc main() { println(p.F()) }\n",
			})
			removeAll(t, filepath.Join(cfg.Target.Dir, "vendor"))
			cfg.Target.Module = "example.com/lib"
			git := func(args ...string) {
				cmd := exec.CommandContext(t.Context(), "git", args...)
				cmd.Dir = cfg.Target.Dir
				cmd.Env = append(cfg.Environ, "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1", "GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@example.com", "GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@example.com")
				if _, err := gocmd.Run(cmd); err != nil {
					t.Fatal(err)
				}
			}
			if test.tag != "none" {
				git("init", "-q")
				git("add", ".")
				git("commit", "-q", "-m", "first")
				if test.tag != "" {
					git("tag", test.tag)
				}
				if test.dirty != "" {
					writeFile(t, filepath.Join(cfg.Target.Dir, "changed.go"), "package main\n")
				}
			}
			rep := runCheck(t, cfg)
			facts := factsOf[VulnFacts](t, rep, Vuln)
			if got := vulnReachOf(&facts, 0)["GO-2026-0001"]; got != test.want {
				t.Errorf("%q, want %q", got, test.want)
			}
			left := notAssessed(&facts)
			if test.tag == "" && len(left) == 1 && strings.HasPrefix(left[0], calls+"v0.0.0-") {
				left = nil
			}
			if !slices.Equal(left, test.left) {
				t.Errorf("not assessed: %q, want %q", left, test.left)
			}
			doc, err := facts.OpenVEX("somebody", "", cfg.Now())
			if err != nil && !errors.Is(err, ErrNoStatements) {
				t.Fatal(err)
			}
			if test.want != "" && (!strings.Contains(string(doc), "under_investigation") || strings.Contains(string(doc), "in_execute_path")) {
				t.Errorf("statements on what was not analysed:\n%s", doc)
			}
		})
	}
}

func removeAll(t *testing.T, name string) {
	t.Helper()
	if err := os.RemoveAll(name); err != nil {
		t.Fatal(err)
	}
}
