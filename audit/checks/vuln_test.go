// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package checks

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/goassay/assay/audit"
	"github.com/goassay/assay/audit/gocmd"
	"github.com/goassay/assay/audit/vulns"
	"github.com/goassay/assay/sbom"
)

// scannerEnv makes this test's program what the check starts to analyse source.
const scannerEnv = "ASSAY_TEST_SCANNER"

// vulnEntry is an entry of the tests' database: of one module, below 1.9.0.
type vulnEntry struct{ id, module, imports, extra, review string }

var vulnEntries = []vulnEntry{
	{"GO-2026-0001", "example.com/lib", `[{"path":"example.com/lib/p","symbols":["F"]}]`, `"aliases":["CVE-2026-1"],`, "REVIEWED"},
	{"GO-2026-0002", "example.com/lib", `[{"path":"example.com/lib/p","symbols":["Unused"]}]`, "", "REVIEWED"},
	{"GO-2026-0003", "example.com/lib", `[{"path":"example.com/lib/none"}]`, "", "REVIEWED"},
	{"GO-2026-0004", "toolchain", `[{"path":"cmd/go"}]`, "", "REVIEWED"},
	{"GO-2026-0005", "example.com/lib", `[{"path":"example.com/lib/p","symbols":["Unused"]}]`, "", "UNREVIEWED"},
	{"GO-2026-0006", "example.com/lib", `[{"path":"example.com/lib/p"}]`, `"withdrawn":"2026-01-01T00:00:00Z",`, "REVIEWED"},
	{"GO-2026-0007", "example.com/other", `[{"path":"example.com/other"}]`, "", "REVIEWED"},
	{"GO-2026-0009", "example.com/Upper/lib", `[]`, "", "REVIEWED"},
	{"GO-2026-0010", "github.com/known/lib", `[]`, "", "REVIEWED"},
	{"GO-2026-0008", "stdlib", `[{"path":"net/smtp","symbols":["SendMail"]}]`, "", "REVIEWED"},
}

// vulnDB writes the tests' database, of a time, with more entries: a module
// "path@version" is affected below that version.
func vulnDB(t *testing.T, modified string, more ...vulnEntry) string {
	t.Helper()
	const at = "2026-01-01T00:00:00Z"
	files, modules, ids := map[string]string{"index/db.json": `{"modified":"` + modified + `"}`}, map[string][]string{}, []string{}
	for _, e := range append(slices.Clone(vulnEntries), more...) {
		fixed := "1.9.0"
		if path, version, ok := strings.Cut(e.module, "@"); ok {
			e.module, fixed = path, version
		}
		if e.module == "toolchain" || e.module == "stdlib" {
			fixed = "1.99.0"
		}
		ids = append(ids, fmt.Sprintf(`{"id":%q,"modified":%q}`, e.id, at))
		modules[e.module] = append(modules[e.module], fmt.Sprintf(`{"id":%q,"modified":%q,"fixed":%q}`, e.id, at, fixed))
		files["ID/"+e.id+".json"] = fmt.Sprintf(`{"id":%q,"modified":%q,"published":%[2]q,%[3]s"summary":"Something","affected":[{"package":{"name":%[4]q,"ecosystem":"Go"},
			"ranges":[{"type":"SEMVER","events":[{"introduced":"0"},{"fixed":%[5]q}]}],"ecosystem_specific":{"imports":%[6]s}}],"database_specific":{"url":"https://example.com/v","review_status":%[7]q}}`,
			e.id, at, e.extra, e.module, fixed, e.imports, e.review)
	}
	var list []string
	for path, vulns := range modules {
		list = append(list, fmt.Sprintf(`{"path":%q,"vulns":[%s]}`, path, strings.Join(vulns, ",")))
	}
	files["index/modules.json"], files["index/vulns.json"] = "["+strings.Join(list, ",")+"]", "["+strings.Join(ids, ",")+"]"
	dir := t.TempDir()
	writeTree(t, dir, files)
	return dir
}

const vulnMod = "module example.com/m\n\ngo 1.24\n\nrequire example.com/lib v1.1.0\n"

// vulnTree is a run of Vuln on a vendored module.
func vulnTree(t *testing.T, files map[string]string) audit.Config {
	t.Helper()
	all := map[string]string{
		"go.mod": vulnMod, "main.go": "package main\n\nimport \"example.com/lib/p\"\n\nfunc main() { println(p.F()) }\n",
		"vendor/modules.txt":            "# example.com/lib v1.1.0\n## explicit; go 1.21\nexample.com/lib/p\n",
		"vendor/example.com/lib/p/p.go": "package p\n\n//go:noinline\nfunc F() int { return 1 }\n\nfunc Unused() int { return 2 }\n\nfunc Safe() int { return 3 }\n",
	}
	for name, text := range files {
		all[name] = text
	}
	cfg := sbomTree(t, all)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cfg.Environ = append(cfg.Environ, scannerEnv+"=1", "GOVULNDB=")
	cfg.Checks = []*audit.Check{Vuln}
	cfg.Now = func() time.Time { return time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC) }
	cfg.Settings = map[string]string{SettingVulnDB: vulnDB(t, "2026-01-20T00:00:00Z"), SettingVulnScanner: self}
	return cfg
}

func vulnRules(rep *audit.Report) string { return strings.Join(rulesOf(rep), " ") }

const vulnAll = "vuln/called vuln/imported vuln/required vuln/toolchain vuln/unreviewed vuln/withdrawn"

// TestVulnSource: each reach, at each level; what a lesser level hides is not called better.
func TestVulnSource(t *testing.T) {
	safe := map[string]string{"main.go": "package main\n\nimport \"example.com/lib/p\"\n\nfunc main() { println(p.Safe()) }\n"}
	for _, test := range []struct {
		name, level, want string
		files             map[string]string
	}{
		{"symbol", "", vulnAll, nil},
		{"package", "package", "vuln/required vuln/toolchain vuln/unexamined vuln/withdrawn", nil},
		{"module", "module", "vuln/toolchain vuln/unexamined vuln/withdrawn", nil},
		{"safe", "", strings.Replace(vulnAll, "vuln/called ", "", 1), safe},
		{"called by a library beside a program", "", vulnAll, map[string]string{
			"main.go": "package main\n\nfunc main() {}\n", "lib/lib.go": "package lib\n\nimport \"example.com/lib/p\"\n\nfunc Do() int { return p.F() }\n"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			cfg := vulnTree(t, test.files)
			cfg.Settings[SettingVulnLevel] = test.level
			rep := runCheck(t, cfg)
			if got := vulnRules(rep); got != test.want || rep.Checks[0].Reason != "" {
				t.Errorf("%s; %s, want %s", got, rep.Checks[0].Reason, test.want)
			}
			for _, f := range rep.Findings {
				if f.Location == nil || f.Location.File != "go.mod" {
					t.Errorf("%s is nowhere: %+v", f.Rule, f.Location)
				}
				if strings.Contains(f.Subject.Name, "example.com/lib") && f.Location.Line != 5 {
					t.Errorf("%s at line %d", f.Rule, f.Location.Line)
				}
			}
			facts := factsOf[VulnFacts](t, rep, Vuln)
			doc, err := facts.OpenVEX("assay v1", "", cfg.Now())
			if err != nil {
				t.Fatal(err)
			}
			if excuse := strings.Contains(string(doc), "not_affected"); excuse != (test.level == "") {
				t.Errorf("statements at the level %q:\n%s", test.level, doc)
			}
		})
	}
}

// TestVulnNamed: of some packages nothing is stated about the product.
func TestVulnNamed(t *testing.T) {
	cfg := vulnTree(t, nil)
	cfg.Target.Packages = []string{"."}
	rep := runCheck(t, cfg)
	facts := factsOf[VulnFacts](t, rep, Vuln)
	doc, err := facts.OpenVEX("assay v1", "", cfg.Now())
	if err != nil || vulnRules(rep) != vulnAll || strings.Contains(string(doc), "not_affected") {
		t.Errorf("%s %v\n%s", vulnRules(rep), err, doc)
	}
}

// TestVulnUnknown: what cannot be looked at is said, and no pass.
func TestVulnUnknown(t *testing.T) {
	for name, change := range map[string]func(*audit.Config){
		"types": func(c *audit.Config) {
			writeFile(t, filepath.Join(c.Target.Dir, "bad.go"), "package main\n\nvar x = undefined\n")
		},
		"import": func(c *audit.Config) {
			writeFile(t, filepath.Join(c.Target.Dir, "bad.go"), "package main\n\nimport _ \"example.com/none\"\n")
		},
		"go.mod":  func(c *audit.Config) { writeFile(t, c.Target.ModFile, "modul\n") },
		"scanner": func(c *audit.Config) { c.Settings[SettingVulnScanner] = "" },
		"go list": func(c *audit.Config) {
			c.Exec = func(cmd *exec.Cmd) ([]byte, error) {
				if slices.Contains(cmd.Args, "list") {
					return nil, errors.New("broken")
				}
				return gocmd.Run(cmd)
			}
		},
		"no binary": func(c *audit.Config) {
			c.Target.ModFile = ""
			c.Target.Binaries = []string{filepath.Join(c.Target.Dir, "go.mod")}
		},
		"future": func(c *audit.Config) { c.Settings[SettingVulnDB] = vulnDB(t, "2099-01-01T00:00:00Z") },
		"local": func(c *audit.Config) {
			writeTree(t, c.Target.Dir, map[string]string{"go.mod": vulnMod + "replace example.com/lib => ./l\n", "l/go.mod": "module example.com/lib\n", "l/p/p.go": "package p\n\nfunc F() int { return 1 }\n"})
			os.RemoveAll(filepath.Join(c.Target.Dir, "vendor"))
		},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := vulnTree(t, nil)
			change(&cfg)
			rep := runCheck(t, cfg)
			if c := rep.Checks[0]; c.Outcome == audit.Passed || c.ReasonID != "vuln/not-assessed" {
				t.Errorf("%s %s %s", c.Outcome, c.ReasonID, c.Reason)
			}
		})
	}
}

// TestVulnNoDatabase: without a database nothing passes, and no secret of its URL is told.
func TestVulnNoDatabase(t *testing.T) {
	for name, location := range map[string]string{
		"absent": "none", "empty": t.TempDir(), "bad URL": "https://user:hunter2%zz@example.com/", "unreachable": "http://user:hunter2@127.0.0.1:1/",
	} {
		cfg := vulnTree(t, nil)
		cfg.Offline, cfg.Settings[SettingVulnDB] = false, location
		rep := runCheck(t, cfg)
		data, _ := json.Marshal(rep)
		if c := rep.Checks[0]; c.Outcome == audit.Passed || c.ReasonID != "vuln/no-database" || strings.Contains(string(data), "hunter2") {
			t.Errorf("%s: %s %s %s", name, c.Outcome, c.ReasonID, c.Reason)
		}
	}
	for _, file := range []string{"index/db.json", "index/modules.json", "index/vulns.json", "ID/GO-2026-0001.json"} {
		for _, text := range []string{"", "{}", "[{", `{"schema":2}`} {
			cfg := vulnTree(t, nil)
			writeFile(t, filepath.Join(cfg.Settings[SettingVulnDB], filepath.FromSlash(file)), text)
			if c := runCheck(t, cfg).Checks[0]; c.ReasonID != "vuln/no-database" {
				t.Errorf("%s of %q: %s %s", file, text, c.Outcome, c.Reason)
			}
		}
	}
}

type unreachable struct{}

func (unreachable) RoundTrip(*http.Request) (*http.Response, error) {
	return nil, errors.New("no route")
}

// TestVulnFallback: the copy in the program and the installed database are labelled.
func TestVulnFallback(t *testing.T) {
	cfg := vulnTree(t, nil)
	cfg.CacheDir = t.TempDir()
	cfg.Settings[SettingVulnDB] = ""
	cfg.Now = func() time.Time { return time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC) }
	for _, offline := range []bool{true, false} {
		cfg.Offline, cfg.Network.HTTP = offline, unreachable{}
		rep := runCheck(t, cfg)
		if d := factsOf[VulnFacts](t, rep, Vuln).Database; d.Kind != vulns.SourceSnapshot || d.Fallback == "" || d.Attribution == "" || !strings.Contains(vulnRules(rep), "vuln/database-old") {
			t.Errorf("%+v %s", d, vulnRules(rep))
		}
	}
	for modified, kind := range map[string]vulns.SourceKind{"2026-01-02T00:00:00Z": vulns.SourceSnapshot, "2029-12-31T00:00:00Z": vulns.SourceArchive} {
		db, err := vulns.Open(t.Context(), vulnDB(t, modified), nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := vulns.Install(t.Context(), VulnDir(cfg.CacheDir), db, true); err != nil {
			t.Fatal(err)
		}
		if d := factsOf[VulnFacts](t, runCheck(t, cfg), Vuln).Database; d.Kind != kind {
			t.Errorf("%s: %+v", modified, d)
		}
	}
}

// TestVulnOfflineNamed: in the place of a named server nothing is taken offline
// but what was downloaded from there.
func TestVulnOfflineNamed(t *testing.T) {
	server := httptest.NewServer(http.FileServer(http.Dir(vulnDB(t, "2026-01-20T00:00:00Z"))))
	defer server.Close()
	db, err := vulns.Fetch(t.Context(), server.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	cfg := vulnTree(t, nil)
	cfg.CacheDir, cfg.Offline = t.TempDir(), true
	for _, name := range []string{"nothing installed", "installed"} {
		for location, ok := range map[string]bool{server.URL + "/": true, server.URL + "/other": false, vulns.DefaultURL: true} {
			ok = ok && name == "installed" || location == vulns.DefaultURL
			cfg.Settings[SettingVulnDB] = location
			rep := runCheck(t, cfg)
			if c := rep.Checks[0]; ok == (c.ReasonID == "vuln/no-database") {
				t.Errorf("%s, %s: %s", name, location, c.Reason)
			} else if ok && factsOf[VulnFacts](t, rep, Vuln).Database.Fallback != "offline" {
				t.Errorf("%s, %s is no fallback", name, location)
			}
		}
		if _, err := vulns.Install(t.Context(), VulnDir(cfg.CacheDir), db, true); err != nil {
			t.Fatal(err)
		}
	}
}

// TestVulnBinary: present code; the same file twice is one target.
func TestVulnBinary(t *testing.T) {
	cfg := vulnTree(t, nil)
	file := filepath.Join(cfg.Target.Dir, "prog")
	cmd := exec.Command("go", "build", "-buildvcs=false", "-ldflags=-s -w", "-o", file)
	cmd.Dir, cmd.Env = cfg.Target.Dir, cfg.Environ
	if _, err := gocmd.Run(cmd); err != nil {
		t.Fatal(err)
	}
	cfg.Target.ModFile, cfg.Target.Binaries = "", []string{file, file}
	rep := runCheck(t, cfg)
	facts := factsOf[VulnFacts](t, rep, Vuln)
	if !strings.Contains(vulnRules(rep), "vuln/present") || len(facts.Targets) != 1 {
		t.Errorf("%s %+v", vulnRules(rep), facts.Targets)
	}
	for _, f := range rep.Findings {
		if f.Location == nil || f.Location.File != "prog" {
			t.Errorf("%s at %+v", f.Rule, f.Location)
		}
	}
}

// TestVulnVEX: a statement hides what it is about, and nothing else.
func TestVulnVEX(t *testing.T) {
	for _, test := range []struct {
		product, id string
		hides       bool
	}{
		{"pkg:golang/example.com/m", "CVE-2026-1", true}, {"pkg:golang/example.com/m", "GO-2026-0001", true}, {"pkg:golang/example.com/n", "GO-2026-0001", false},
		{"pkg:golang/example.com/m@v9.9.9", "GO-2026-0001", false}, {"pkg:golang/example.com/m", "GO-2026-0999", false},
	} {
		cfg := vulnTree(t, nil)
		cfg.Recorded = map[string][]byte{"vex:a.json": fmt.Appendf(nil, `{"@context":"https://openvex.dev/ns/v0.2.0","@id":"https://example.com/x","author":"a","timestamp":"2026-01-01T00:00:00Z","version":1,
			"statements":[{"vulnerability":{"name":%q},"products":[{"@id":%q}],"status":"not_affected","justification":"inline_mitigations_already_exist"}]}`, test.id, test.product)}
		rep := runCheck(t, cfg)
		got := vulnRules(rep)
		if strings.Contains(got, "vuln/not-affected") != test.hides || strings.Contains(got, "vuln/called") == test.hides || strings.Contains(got, "vuln/vex-unused") == test.hides {
			t.Errorf("%+v: %s", test, got)
		}
	}
	cfg := vulnTree(t, nil)
	cfg.Recorded = map[string][]byte{"vex:a.json": []byte("{}")}
	if c := runCheck(t, cfg).Checks[0]; c.ReasonID != "vuln/vex-unread" {
		t.Errorf("%+v", c)
	}
}

// TestVulnDocument: documents of other tools; what they leave out is not assessed.
func TestVulnDocument(t *testing.T) {
	for _, test := range []struct{ name, components, want, reason string }{
		{"full", `{"type":"library","name":"example.com/lib","version":"v1.1.0","purl":"pkg:golang/example.com/lib@v1.1.0"},{"type":"library","name":"stdlib","version":"1.99.0","purl":"pkg:golang/stdlib@1.99.0"}`, "vuln/unexamined", ""},
		{"no v", `{"type":"library","group":"example.com","name":"lib","version":"1.1.0","purl":"pkg:golang/example.com/lib@1.1.0"}`, "vuln/unexamined", "stdlib"},
		{"devel", `{"type":"library","name":"example.com/lib","version":"(devel)","purl":"pkg:golang/example.com/lib@%28devel%29"}`, "", "no version: example.com/lib"},
		{"another name", `{"type":"library","name":"lib","purl":"pkg:golang/example.com/lib@v1.1.0"}`, "vuln/unexamined", "stdlib"},
		{"no package URL", `{"type":"library","name":"example.com/lib","version":"v1.1.0"}`, "vuln/unexamined", "stdlib"},
		{"lower case", `{"type":"library","name":"lib","purl":"pkg:golang/example.com/upper/lib@v1.1.0"}`, "vuln/unexamined", "stdlib"},
		{"major version as subpath", `{"type":"library","name":"example.com/lib","purl":"pkg:golang/example.com/lib@v1.1.0#v2"}`, "vuln/unexamined", "stdlib"},
		{"package", `{"type":"library","name":"example.com/lib/p","purl":"pkg:golang/example.com/lib@v1.1.0#p"}`, "vuln/unexamined", "stdlib"},
		{"package of a listed module", `{"type":"library","name":"example.com/lib","purl":"pkg:golang/example.com/lib@v1.9.0"},{"type":"library","name":"p","version":"v1.1.0","purl":"pkg:golang/example.com/lib@v1.1.0#p"}`, "", "stdlib"},
		{"package of another major version", `{"type":"library","name":"p","version":"v2.1.0","purl":"pkg:golang/example.com/lib@v2.1.0#v2/p"}`, "", "no Go module"},
		{"malformed package URL", `{"type":"library","name":"example.com/lib","version":"v1.1.0","purl":"pkg:golang/"}`, "vuln/unexamined", "stdlib"},
		{"GitHub", `{"type":"library","name":"x","version":"v1.1.0","purl":"pkg:github/known/lib@v1.1.0"}`, "vuln/unexamined", "stdlib"},
		{"package without a package URL", `{"type":"library","name":"example.com/lib/p","version":"v1.1.0"}`, "", "modules not recorded: example.com/lib@v1.1.0"},
		{"two versions", `{"type":"library","name":"example.com/lib","version":"v1.9.0","purl":"pkg:golang/example.com/lib@v1.1.0"}`, "", "example.com/lib@v1.9.0/v1.1.0"},
		{"two versions of Go", `{"type":"library","name":"stdlib","version":"go1.99.0","purl":"pkg:golang/stdlib@1.2"}`, "", "stdlib@go1.99.0/1.2"},
		{"one version in two spellings", `{"type":"library","name":"example.com/lib","version":"1.1.0","purl":"pkg:golang/example.com/lib@v1.1.0%2Bincompatible"}`, "vuln/unexamined", "stdlib"},
		{"standard library without a package URL", `{"type":"library","name":"std","version":"1.20.1"}`, "vuln/unexamined", ""},
		{"no Go", `{"type":"library","name":"left-pad","version":"1.0.0","purl":"pkg:npm/left-pad@1.0.0"}`, "", "no Go module"},
	} {
		cfg := vulnTree(t, map[string]string{"a.json": `{"bomFormat":"CycloneDX","specVersion":"1.5","version":1,"components":[` + test.components + `]}`})
		cfg.Target.ModFile, cfg.Target.Documents = "", []string{filepath.Join(cfg.Target.Dir, "a.json")}
		rep := runCheck(t, cfg)
		if got := vulnRules(rep); !strings.Contains(got, test.want) || (got == "") != (test.want == "") || (rep.Checks[0].Reason == "") != (test.reason == "") || !strings.Contains(rep.Checks[0].Reason, test.reason) {
			t.Errorf("%s: %s; %s", test.name, got, rep.Checks[0].Reason)
		}
	}
}

// TestVulnPartly: one that is fixed in a version that another affects is not one
// without a fix.
func TestVulnPartly(t *testing.T) {
	target := &VulnTarget{Upgrades: []VulnUpgrade{{Upgrade: vulns.Upgrade{Module: "example.com/b", From: "v0.9.0", Leaves: []string{"GO-1", "GO-2"}}}}}
	for fixed, want := range map[string]string{"v1.0.0": "partly: v1.0.0", "": "none"} {
		v := &VulnVulnerability{Vulnerability: vulns.Vulnerability{ID: "GO-1", Module: "example.com/b", Version: "v0.9.0", Fixed: fixed}}
		if got := target.fixOf(v); !slices.Equal(got, []string{want}) {
			t.Errorf("%q: %q", fixed, got)
		}
	}
}

// TestVulnUnreviewed: that nobody reviewed an entry makes nothing that is called
// less of a finding.
func TestVulnUnreviewed(t *testing.T) {
	cfg := vulnTree(t, nil)
	cfg.Settings[SettingVulnDB] = vulnDB(t, "2026-01-20T00:00:00Z", vulnEntry{"GO-2026-0020", "example.com/lib", `[{"path":"example.com/lib/p","symbols":["F"]}]`, "", "UNREVIEWED"})
	rep := runCheck(t, cfg)
	for _, f := range rep.Findings {
		if strings.HasPrefix(f.Subject.Name, "GO-2026-0020 ") {
			if f.Rule != "vuln/called" || !strings.Contains(f.Message, "nobody reviewed") {
				t.Errorf("%s: %s", f.Rule, f.Message)
			}
			return
		}
	}
	t.Error("not found")
}

// FuzzVulnDocument: whatever a component is called, the search for its module ends, and
// what is found is said once.
func FuzzVulnDocument(f *testing.F) {
	db, err := vulns.Snapshot()
	if err != nil {
		f.Fatal(err)
	}
	f.Add("github.com/Azure/go-autorest", "v14.2.0", "pkg:golang/github.com/azure/go-autorest@v14.2.0#autorest")
	f.Add("/", "", "pkg:golang/%2F@v1.0.0#sub")
	f.Add("golang.org/x/net/html", "v0.1.0", "")
	f.Fuzz(func(t *testing.T, name, version, purl string) {
		c := &sbom.Component{Ref: "a", Name: name, Version: version, PURL: purl}
		l := modulesOfDocument(&sbom.Document{Roots: []string{"a"}, Components: []*sbom.Component{c, c}}, db)
		seen := map[vulns.Module]bool{}
		for _, m := range l.modules {
			m.Replace = nil
			if seen[m] {
				t.Errorf("%q %q %q: %v twice", name, version, purl, m)
			}
			seen[m] = true
		}
	})
}

// TestVulnDocumentOdd: no path of a package URL keeps the search from ending, and
// of two things that a document describes none stands for it.
func TestVulnDocumentOdd(t *testing.T) {
	db, err := vulns.Open(t.Context(), vulnDB(t, "2026-01-20T00:00:00Z"), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, purl := range []string{"pkg:golang/%2F@v1.0.0#sub", "pkg:golang/%2F%2F@v1#/", "pkg:golang/.@v1#..", "pkg:golang/a.b//@v1#/c", "pkg:github/%2F/%2F@v1"} {
		modulesOfDocument(&sbom.Document{Components: []*sbom.Component{{Ref: "a", Name: "/", Group: "a.b/", PURL: purl}, {Ref: "b", Name: "/a.b"}, {Ref: "c", Name: "a.b/"}}}, db)
	}
	d := &sbom.Document{Roots: []string{"a", "b"}, Components: []*sbom.Component{{Ref: "a", PURL: "pkg:golang/example.com/a"}, {Ref: "b", PURL: "pkg:golang/example.com/b"}}}
	if l := modulesOfDocument(d, db); l.product != "" {
		t.Error(l.product)
	}
	if d.Roots = d.Roots[:1]; modulesOfDocument(d, db).product != "pkg:golang/example.com/a" {
		t.Error("the only root does not stand for the document")
	}
}

// TestVulnImpossible: stored facts that no run leaves behind.
func TestVulnImpossible(t *testing.T) {
	sound := func() *VulnFacts {
		return &VulnFacts{
			Database: VulnDatabase{Source: vulns.Source{Modified: time.Unix(1, 0)}},
			Targets:  []VulnTarget{{Kind: "module", Level: vulns.LevelSymbol}}, Counts: VulnCounts{Called: 1},
			Vulnerabilities: []VulnVulnerability{{Vulnerability: vulns.Vulnerability{ID: "X", Reach: vulns.Called}}},
		}
	}
	for what, change := range map[string]func(*VulnFacts){
		"":                  func(*VulnFacts) {},
		"no database":       func(f *VulnFacts) { f.Database.Modified = time.Time{} },
		"a list cut":        func(f *VulnFacts) { f.Vulnerabilities = nil },
		"no counts":         func(f *VulnFacts) { f.Counts = VulnCounts{} },
		"withdrawn":         func(f *VulnFacts) { f.Vulnerabilities[0].Withdrawn = time.Unix(1, 0) },
		"a statement":       func(f *VulnFacts) { f.Vulnerabilities[0].Statement = &vulns.Statement{} },
		"another reach":     func(f *VulnFacts) { f.Vulnerabilities[0].Reach = "bogus" },
		"no target":         func(f *VulnFacts) { f.Vulnerabilities[0].Target = 1 },
		"a negative one":    func(f *VulnFacts) { f.Vulnerabilities[0].Target = -1 },
		"no level":          func(f *VulnFacts) { f.Targets[0].Level = "" },
		"an SBOM, in depth": func(f *VulnFacts) { f.Targets[0].Kind = "sbom" },
		"another kind":      func(f *VulnFacts) { f.Targets[0].Kind = "new" },
	} {
		f := sound()
		change(f)
		stored, err := json.Marshal(f)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Vuln.Conclude(stored); (err == nil) != (what == "") {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// TestVulnConcludes: that data is old, and that statements are about nothing,
// follows from the facts, so that a stored report cannot leave it out.
func TestVulnConcludes(t *testing.T) {
	facts := VulnFacts{Database: VulnDatabase{Source: vulns.Source{Modified: time.Unix(1, 0)}, AgeDays: 31, LimitDays: 30}, VEX: []VulnVEX{{File: "used.json"}, {File: "s.json", Unused: 1}}}
	stored, err := json.Marshal(facts)
	if err != nil {
		t.Fatal(err)
	}
	found, err := Vuln.Conclude(stored)
	if err != nil || len(found) != 2 || found[0].Rule != "vuln/database-old" || found[1].Rule != "vuln/vex-unused" || found[1].Subject.Name != "s.json" {
		t.Errorf("%+v, %v", found, err)
	}
}
