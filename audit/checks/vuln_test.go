// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package checks

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/goassay/assay/audit"
	"github.com/goassay/assay/audit/gocmd"
	"github.com/goassay/assay/audit/vulns"
)

// vulnEngine is the argument that makes this test's program the analysis of source.
const vulnEngine = "vuln-engine"

// A vulnEntry is an entry of the database of tests.
type vulnEntry struct {
	id, module, fixed string
	packages          map[string][]string // symbols by package
	more              string              // members of the entry
	review            string
}

var vulnEntries = []vulnEntry{
	{id: "GO-2026-0001", module: "example.com/a", fixed: "1.1.0", packages: map[string][]string{"example.com/a": {"Bad"}}},
	{id: "GO-2026-0002", module: "example.com/b", packages: map[string][]string{"example.com/b": {"Bad"}}},
	{id: "GO-2026-0003", module: "example.com/c", fixed: "1.0.1", packages: map[string][]string{"example.com/c/bad": {"Bad"}}},
	{id: "GO-2026-0004", module: "example.com/c", fixed: "1.0.2", packages: map[string][]string{"example.com/c/bad": nil}, review: "UNREVIEWED"},
	{id: "GO-2026-0005", module: "example.com/c", packages: map[string][]string{"example.com/c/bad": nil}, more: `"withdrawn":"2026-02-01T00:00:00Z",`},
	{id: "GO-2026-0006", module: "toolchain", fixed: "1.999.0", packages: map[string][]string{"cmd/go": nil}},
	{id: "GO-2026-0007", module: "example.com/away", packages: map[string][]string{"example.com/away": nil}},
}

// vulnDB writes a database whose entries were modified at a time, and returns
// its folder.
func vulnDB(t *testing.T, modified time.Time) string {
	t.Helper()
	dir := t.TempDir()
	at := modified.UTC().Format(time.RFC3339)
	write := func(name string, v any) {
		t.Helper()
		data, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		name = filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
			t.Fatal(err)
		}
		writeFile(t, name, string(data))
	}
	type object = map[string]any
	modules := map[string][]object{}
	var index []object
	for _, e := range vulnEntries {
		var imports []object
		for path, symbols := range e.packages {
			imports = append(imports, object{"path": path, "symbols": symbols})
		}
		events := []object{{"introduced": "0"}}
		listed := object{"id": e.id, "modified": at}
		if e.fixed != "" {
			events = append(events, object{"fixed": e.fixed})
			listed["fixed"] = e.fixed
		}
		modules[e.module] = append(modules[e.module], listed)
		index = append(index, object{"id": e.id, "modified": at, "aliases": []string{"CVE-" + e.id[3:]}})
		entry := object{
			"schema_version": "1.3.1", "id": e.id, "modified": at, "published": "2026-01-01T00:00:00Z", "aliases": []string{"CVE-" + e.id[3:]}, "summary": "Test of " + e.module,
			"affected": []object{{"package": object{"name": e.module, "ecosystem": "Go"}, "ranges": []object{{"type": "SEMVER", "events": events}},
				"ecosystem_specific": object{"imports": imports}}},
			"database_specific": object{"url": "https://pkg.go.dev/vuln/" + e.id, "review_status": cmp.Or(e.review, "REVIEWED")},
		}
		if e.more != "" {
			entry["withdrawn"] = "2026-02-01T00:00:00Z"
		}
		write("ID/"+e.id+".json", entry)
	}
	var list []object
	for path, vs := range modules {
		list = append(list, object{"path": path, "vulns": vs})
	}
	slices.SortFunc(list, func(a, b object) int { return cmp.Compare(a["path"].(string), b["path"].(string)) })
	write("index/modules.json", list)
	write("index/vulns.json", index)
	write("index/db.json", object{"modified": at})
	return dir
}

// vulnModule is a program that calls what is vulnerable of one module, imports
// another, and has a third of which it uses something else.
var vulnModule = map[string]string{
	"go.mod":  "module example.com/m\n\ngo 1.26\n\nrequire (\n\texample.com/a v1.0.0\n\texample.com/b v1.0.0\n\texample.com/c v1.0.0\n)\n",
	"main.go": "package main\n\nimport (\n\t\"example.com/a\"\n\t\"example.com/b\"\n\t_ \"example.com/c/ok\"\n)\n\nfunc main() { a.Bad(); b.Good() }\n",
	"vendor/modules.txt": "# example.com/a v1.0.0\n## explicit; go 1.26\nexample.com/a\n# example.com/b v1.0.0\n## explicit; go 1.26\nexample.com/b\n" +
		"# example.com/c v1.0.0\n## explicit; go 1.26\nexample.com/c/ok\n",
	"vendor/example.com/a/a.go":     "package a\n\nfunc Bad() { println() }\n",
	"vendor/example.com/b/b.go":     "package b\n\nfunc Bad() { println() }\n\nfunc Good() { println() }\n",
	"vendor/example.com/c/ok/ok.go": "package ok\n",
}

// vulnConfig is a run of Vuln on a module, with a database of today.
func vulnConfig(t *testing.T, files map[string]string) audit.Config {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cfg := sbomTree(t, files)
	cfg.Checks = []*audit.Check{Vuln}
	cfg.CacheDir = t.TempDir()
	cfg.Settings = map[string]string{SettingVulnDB: vulnDB(t, time.Now()), SettingVulnScanner: self + "\x00" + vulnEngine}
	return cfg
}

// vulnFindings are rule, subject and line of the findings of a report.
func vulnFindings(rep *audit.Report) []string {
	var out []string
	for _, f := range rep.Findings {
		line := ""
		if f.Location != nil {
			line = fmt.Sprintf(" %s:%d", f.Location.File, f.Location.Line)
		}
		out = append(out, strings.TrimPrefix(f.Rule, "vuln/")+" "+f.Subject.Name+line)
	}
	slices.Sort(out)
	return out
}

func TestVulnSource(t *testing.T) {
	cfg := vulnConfig(t, vulnModule)
	rep := runCheck(t, cfg)
	want := []string{
		"called GO-2026-0001 example.com/a example.com/m go.mod:6",
		"imported GO-2026-0002 example.com/b example.com/m go.mod:7",
		"required GO-2026-0003 example.com/c example.com/m go.mod:8",
		"toolchain GO-2026-0006 toolchain example.com/m go.mod:0",
		"unreviewed GO-2026-0004 example.com/c example.com/m go.mod:8",
		"withdrawn GO-2026-0005 example.com/c example.com/m go.mod:8",
	}
	if diff := gocmp.Diff(want, vulnFindings(rep)); diff != "" {
		t.Fatalf("findings (-want +got):\n%s\n%+v", diff, rep.Checks)
	}
	if res := rep.Checks[0]; res.Outcome != audit.Failed {
		t.Errorf("%+v", res)
	}
	called := rep.Findings[slices.IndexFunc(rep.Findings, func(f audit.Finding) bool { return f.Rule == "vuln/called" })]
	if called.Args["fix"] != "get: example.com/a@v1.1.0" || len(called.Evidence) != 1 || !strings.Contains(called.Message, "example.com/a.Bad") || !strings.Contains(called.Message, "CVE-2026-0001") {
		t.Errorf("%+v", called)
	}
	facts := factsOf[VulnFacts](t, rep, Vuln)
	if want := (VulnCounts{Called: 1, Imported: 1, Required: 3}); facts.Counts != want {
		t.Errorf("counts %+v", facts.Counts)
	}
	if facts.Database.Entries != len(vulnEntries) || facts.Database.Fallback != "" || facts.Level != vulns.LevelSymbol {
		t.Errorf("%+v", facts.Database)
	}

	cfg.Settings[SettingVulnLevel] = "module"
	if got := vulnFindings(runCheck(t, cfg)); !slices.Contains(got, "required GO-2026-0001 example.com/a example.com/m go.mod:6") {
		t.Errorf("at module level: %q", got)
	}
	cfg.Settings[SettingVulnLevel], cfg.Settings[SettingVulnScanner] = "", ""
	if res := runCheck(t, cfg).Checks[0]; res.Outcome != audit.Failed || res.ReasonID != "vuln/not-assessed" && res.Outcome != audit.Unassessed {
		rep := runCheck(t, cfg)
		if rep.Checks[0].ReasonID != "vuln/not-assessed" {
			t.Errorf("without a scanner: %+v", rep.Checks[0])
		}
	}
}

// TestVulnStatements: a statement hides what it is about, and nothing else.
func TestVulnStatements(t *testing.T) {
	const product = "pkg:golang/example.com/m"
	vex := func(product, id, status string) []byte {
		doc := map[string]any{
			"@context": "https://openvex.dev/ns/v0.2.0", "@id": "https://example.com/vex", "author": "a", "timestamp": "2026-01-01T00:00:00Z", "version": 1,
			"statements": []any{map[string]any{"vulnerability": map[string]any{"name": id}, "products": []any{map[string]any{"@id": product}}, "status": status}},
		}
		if status == "not_affected" {
			doc["statements"].([]any)[0].(map[string]any)["justification"] = "inline_mitigations_already_exist"
		}
		data, err := json.Marshal(doc)
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	const open, hidden, unused = "required GO-2026-0001 example.com/a example.com/m go.mod:6", "not-affected GO-2026-0001 example.com/a example.com/m go.mod:6", "vex-unused s.json"
	for name, tt := range map[string]struct {
		data []byte
		want []string // of these three
	}{
		"by ID":               {vex(product, "GO-2026-0001", "not_affected"), []string{hidden}},
		"by alias":            {vex(product, "CVE-2026-0001", "not_affected"), []string{hidden}},
		"affected":            {vex(product, "GO-2026-0001", "under_investigation"), []string{open}},
		"of another product":  {vex("pkg:golang/example.com/other", "GO-2026-0001", "not_affected"), []string{open, unused}},
		"of another version":  {vex(product+"@v9.0.0", "GO-2026-0001", "not_affected"), []string{open, unused}},
		"of nothing found":    {vex(product, "GO-2026-9999", "not_affected"), []string{open, unused}},
		"affected, elsewhere": {vex("pkg:golang/example.com/other", "GO-2026-0001", "affected"), []string{open, unused}},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := vulnConfig(t, vulnModule)
			cfg.Settings[SettingVulnLevel] = "module"
			cfg.Recorded = map[string][]byte{"vex:s.json": tt.data}
			var got []string
			for _, f := range vulnFindings(runCheck(t, cfg)) {
				if f == open || f == hidden || f == unused {
					got = append(got, f)
				}
			}
			slices.Sort(tt.want)
			if diff := gocmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	cfg := vulnConfig(t, vulnModule)
	cfg.Recorded = map[string][]byte{"vex:s.json": []byte("{}")}
	if res := runCheck(t, cfg).Checks[0]; res.ReasonID != "vuln/vex-unread" {
		t.Errorf("malformed: %+v", res)
	}
}

// TestVulnDatabases: which database is asked, and that none is no pass.
func TestVulnDatabases(t *testing.T) {
	module := map[string]string{"go.mod": "module example.com/m\n\ngo 1.26\n", "m.go": "package m\n"}
	old := time.Now().AddDate(0, 0, -40)
	run := func(change func(*audit.Config)) (*audit.Report, VulnFacts) {
		t.Helper()
		cfg := vulnConfig(t, module)
		change(&cfg)
		rep := runCheck(t, cfg)
		if _, ok := rep.Facts["vuln"]; !ok {
			return rep, VulnFacts{}
		}
		return rep, factsOf[VulnFacts](t, rep, Vuln)
	}
	rep, facts := run(func(cfg *audit.Config) { cfg.Settings[SettingVulnDB] = vulnDB(t, old) })
	if got := vulnFindings(rep); !slices.ContainsFunc(got, func(f string) bool { return strings.HasPrefix(f, "database-old ") }) || facts.Database.AgeDays != 40 {
		t.Errorf("old: %q %+v", got, facts.Database)
	}
	rep, _ = run(func(cfg *audit.Config) {
		cfg.Settings[SettingVulnDB] = vulnDB(t, old)
		cfg.Policy = audit.DefaultPolicy()
		cfg.Policy.Vuln.MaxAge = "41d"
	})
	if got := vulnFindings(rep); slices.ContainsFunc(got, func(f string) bool { return strings.HasPrefix(f, "database-old ") }) {
		t.Errorf("as old as the policy allows: %q", got)
	}
	_, facts = run(func(cfg *audit.Config) { cfg.Settings[SettingVulnDB] = "" }) // offline
	if facts.Database.Kind != vulns.SourceSnapshot || facts.Database.Fallback != "offline" || facts.Database.Attribution == "" {
		t.Errorf("offline: %+v", facts.Database)
	}
	_, facts = run(func(cfg *audit.Config) {
		cfg.Settings[SettingVulnDB] = ""
		db, err := vulns.Open(t.Context(), vulnDB(t, time.Now()), nil)
		if err == nil {
			_, err = vulns.Install(t.Context(), VulnDir(cfg.CacheDir), db, false)
		}
		if err != nil {
			t.Fatal(err)
		}
	})
	if facts.Database.Kind == vulns.SourceSnapshot || facts.Database.Entries != len(vulnEntries) {
		t.Errorf("installed: %+v", facts.Database)
	}
	server := httptest.NewServer(http.FileServer(http.Dir(vulnDB(t, time.Now()))))
	defer server.Close()
	_, facts = run(func(cfg *audit.Config) {
		cfg.Offline, cfg.Network.HTTP = false, http.DefaultTransport
		cfg.Settings[SettingVulnDB] = strings.Replace(server.URL, "http://", "http://user:hunter2@", 1)
	})
	if facts.Database.Kind != vulns.SourceURL || strings.Contains(fmt.Sprint(facts), "hunter2") {
		t.Errorf("over HTTP: %+v", facts.Database)
	}
	server.Close()
	for name, change := range map[string]func(*audit.Config){
		"empty folder": func(cfg *audit.Config) { cfg.Settings[SettingVulnDB] = t.TempDir() },
		"entry removed": func(cfg *audit.Config) {
			if err := os.Remove(filepath.Join(cfg.Settings[SettingVulnDB], "ID", "GO-2026-0001.json")); err != nil {
				t.Fatal(err)
			}
		},
		"no such server": func(cfg *audit.Config) {
			cfg.Offline, cfg.Network.HTTP = false, http.DefaultTransport
			cfg.Settings[SettingVulnDB] = server.URL
		},
		"broken installed one": func(cfg *audit.Config) {
			cfg.Settings[SettingVulnDB] = ""
			if err := os.MkdirAll(VulnDir(cfg.CacheDir), 0o777); err != nil {
				t.Fatal(err)
			}
			writeFile(t, filepath.Join(VulnDir(cfg.CacheDir), "vulndb.zip"), "no archive")
		},
	} {
		rep, _ := run(change)
		if res := rep.Checks[0]; res.Outcome != audit.Unassessed || res.ReasonID != "vuln/no-database" {
			t.Errorf("%s: %+v", name, res)
		}
	}
}

// TestVulnTargets: executables and bills of materials, and what is not assessed.
func TestVulnTargets(t *testing.T) {
	cfg := vulnConfig(t, map[string]string{"go.mod": "module example.com/m\n\ngo 1.26\n", "m.go": "package m\n\nimport _ \"example.com/gone\"\n"})
	if res := runCheck(t, cfg).Checks[0]; res.ReasonID != "vuln/not-assessed" || !strings.Contains(res.Reason, "example.com/gone") {
		t.Errorf("a package that is missing: %+v", res)
	}

	dir := cfg.Target.Dir
	exe := filepath.Join(dir, "server")
	writeForged(t, exe, &debug.BuildInfo{GoVersion: "go1.26.8", Path: "example.com/main", Main: debug.Module{Path: "example.com/main", Version: "v1.0.0"},
		Deps: []*debug.Module{{Path: "example.com/a", Version: "v1.0.0"}}, Settings: []debug.BuildSetting{{Key: "GOOS", Value: "linux"}, {Key: "GOARCH", Value: "amd64"}}})
	cfg.Target = &audit.Target{Dir: dir, Binaries: []string{exe}}
	rep := runCheck(t, cfg)
	if got := vulnFindings(rep); !slices.Contains(got, "required GO-2026-0001 example.com/a server server:0") || rep.Checks[0].ReasonID != "vuln/not-assessed" {
		t.Errorf("an executable without functions: %q %+v", got, rep.Checks[0])
	}
	writeFile(t, exe, "no executable")
	if res := runCheck(t, cfg).Checks[0]; res.ReasonID != "vuln/not-assessed" {
		t.Errorf("no executable: %+v", res)
	}

	document := filepath.Join(dir, "m.cdx.json")
	writeFile(t, document, `{"bomFormat":"CycloneDX","specVersion":"1.6","metadata":{"component":{"type":"application","name":"m","bom-ref":"m","purl":"pkg:golang/example.com/m@v1.0.0"}},
		"components":[{"type":"library","bom-ref":"a","name":"example.com/a","version":"v1.0.0","purl":"pkg:golang/example.com/a@v1.0.0"},
		{"type":"library","bom-ref":"b","name":"example.com/away","purl":"pkg:golang/example.com/away"}]}`)
	cfg.Target = &audit.Target{Dir: dir, Documents: []string{document}}
	rep = runCheck(t, cfg)
	if got := vulnFindings(rep); !slices.Equal(got, []string{"required GO-2026-0001 example.com/a m.cdx.json m.cdx.json:0"}) {
		t.Errorf("a document: %q", got)
	}
	if res := rep.Checks[0]; res.ReasonID != "vuln/not-assessed" || !strings.Contains(res.Reason, "example.com/away") {
		t.Errorf("a module without version that the database lists: %+v", res)
	}
}

// TestVulnPresent: a program that is built has code of what is vulnerable.
func TestVulnPresent(t *testing.T) {
	cfg := vulnConfig(t, vulnModule)
	exe := filepath.Join(cfg.Target.Dir, "prog")
	build(t, cfg, exe)
	cfg.Target = &audit.Target{Dir: cfg.Target.Dir, Binaries: []string{exe}}
	rep := runCheck(t, cfg)
	got := vulnFindings(rep)
	if !slices.Contains(got, "present GO-2026-0001 example.com/a prog prog:0") || !slices.Contains(got, "imported GO-2026-0002 example.com/b prog prog:0") {
		t.Errorf("%q %+v", got, rep.Checks[0])
	}
	doc, err := VulnVEXDocument(ptr(factsOf[VulnFacts](t, rep, Vuln)), "test", time.Now())
	if err != nil || !strings.Contains(string(doc), `"pkg:golang/example.com/m`) {
		t.Errorf("%s, %v", doc, err)
	}
	if vex, err := vulns.ReadVEX(strings.NewReader(string(doc))); err != nil || len(vex.Statements) == 0 {
		t.Errorf("%v", err)
	}
}

func ptr[T any](v T) *T { return &v }

// build builds the module of a run for this machine.
func build(t *testing.T, cfg audit.Config, exe string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "build", "-o", exe, ".")
	cmd.Dir, cmd.Env = cfg.Target.Dir, append(cfg.Environ, "GOOS="+runtime.GOOS, "GOARCH="+runtime.GOARCH)
	if _, err := gocmd.Run(cmd); err != nil {
		t.Fatal(err)
	}
}
