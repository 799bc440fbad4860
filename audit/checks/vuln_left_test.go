// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package checks

import (
	"archive/zip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/goassay/assay/audit"
	. "github.com/goassay/assay/audit/filetree/filetreetest"
	"github.com/goassay/assay/audit/gocmd"
	"github.com/goassay/assay/audit/vulns"
	"github.com/goassay/assay/internal/machine"
	"github.com/goassay/assay/sbom/format"
)

// TestVulnLeft: what keeps the source from being looked at is said, and no pass.
func TestVulnLeft(t *testing.T) {
	machine.Long(t, "analyses many programs, each in a process of its own")
	const calls = "package main\n\nimport \"example.com/lib/p\"\n\nfunc main() { println(p.F()) }\n"
	gomod := func(line string) string {
		return "module example.com/m\n\n" + line + "\n\nrequire example.com/lib v1.1.0\n"
	}
	for _, test := range []struct {
		name   string
		files  map[string]string
		change func(*audit.Config)
		reason string
	}{
		{"newer Go", map[string]string{"go.mod": gomod("go 1.99")}, nil, "requires go >= 1.99"},
		{"missing line of go.sum", map[string]string{"go.sum": ""}, nil, "missing go.sum entry"},
		{"wrong line of go.sum", map[string]string{"go.sum": "example.com/lib v1.1.0 h1:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\nexample.com/lib v1.1.0/go.mod h1:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n"}, nil, "checksum mismatch"},
		{"offline", nil, func(c *audit.Config) { c.Offline = true }, "GOPROXY=off"},
		{"no network", nil, func(c *audit.Config) { c.Environ = append(c.Environ, "GOPROXY=http://127.0.0.1:1") }, "connection refused"},
		{"no such version", map[string]string{"go.mod": strings.Replace(gomod("go 1.24"), "v1.1.0", "v1.1.1", 1)}, nil, "example.com/lib"},
		{"go.mod to be updated", map[string]string{"go.mod": "module example.com/m\n\ngo 1.24\n"}, nil, "example.com/lib"},
		{"types", map[string]string{"main.go": strings.Replace(calls, "p.F()", "p.F(1)", 1)}, nil, "do not type-check"},
		{"types of a library", map[string]string{"main.go": strings.Replace(calls, "p.F()", "p.None()", 1)}, nil, "do not type-check"},
		{"syntax", map[string]string{"bad.go": "package main\n\nfunc {\n"}, nil, "bad.go"},
		{"two packages", map[string]string{"bad.go": "package other\n"}, nil, "found packages"},
		{"build constraints", map[string]string{"win/win_windows.go": "package win\n"}, func(c *audit.Config) { c.Target.Packages = []string{"./win"} }, "build constraints exclude all Go files"},
		{"cgo alone", map[string]string{"c/c.go": "package c\n\nimport \"C\"\n"}, func(c *audit.Config) { c.Target.Packages = []string{"./c"} }, "build constraints exclude all Go files"},
		{"no such package", nil, func(c *audit.Config) { c.Target.Packages = []string{"./none"} }, "directory not found"},
		{"no such package beside another", nil, func(c *audit.Config) { c.Target.Packages = []string{"./none", "./l/..."} }, "directory not found"},
		{"no packages", map[string]string{"main.go": ""}, nil, "expected 'package'"},
	} {
		t.Run(test.name, func(t *testing.T) {
			files := map[string]string{"go.mod": gomod("go 1.24"), "go.sum": "GOSUM", "main.go": calls, "l/l.go": "package l\n"}
			for name, text := range test.files {
				files[name] = text
			}
			cfg := vulnPublished(t, []string{"example.com/lib@v1.1.0"}, files)
			if test.change != nil {
				test.change(&cfg)
			}
			rep := runCheck(t, cfg)
			if c := rep.Checks[0]; c.ReasonID != "vuln/not-assessed" || !strings.Contains(c.Reason, test.reason) || rep.Verdict == audit.VerdictPass {
				t.Errorf("%s %s: %s", c.Outcome, c.ReasonID, c.Reason)
			}
			for _, f := range rep.Findings {
				if f.Rule == "vuln/called" {
					t.Errorf("called: %s", f.Message)
				}
			}
		})
	}
}

// TestVulnOwnDocuments: of the documents that are made of a module, in each
// format, the same vulnerabilities are found as of the module itself.
func TestVulnOwnDocuments(t *testing.T) {
	cfg := vulnPublished(t, []string{"example.com/lib@v1.1.0", "example.com/fork@v1.1.0", "example.com/other@v1.1.0"}, map[string]string{
		"go.mod": "module example.com/m\n\ngo 1.24\n\nrequire (\n\texample.com/lib v1.1.0\n\texample.com/original v1.0.0\n\texample.com/other v1.1.0\n)\n\n" +
			"replace example.com/original => example.com/fork v1.1.0\n\nreplace example.com/other => ./other\n",
		"go.sum": "GOSUM", "other/go.mod": "module example.com/other\n", "other/other.go": "package other\n",
		"main.go": "package main\n\nimport (\n\t_ \"html\"\n\n\t\"example.com/lib/p\"\n\tq \"example.com/original/p\"\n\t_ \"example.com/other\"\n)\n\nfunc main() { println(p.F(), q.F()) }\n",
	})
	evidence, err := audit.CreateEvidenceDir(filepath.Join(t.TempDir(), "evidence"))
	if err != nil {
		t.Fatal(err)
	}
	made := cfg
	made.Environ = append(slices.Clone(made.Environ), "SOURCE_DATE_EPOCH=1700000000")
	made.Checks, made.Evidence = []*audit.Check{SBOM}, evidence
	facts := factsOf[SBOMFacts](t, runCheck(t, made), SBOM)
	data, err := evidence.Get(facts.Documents[0].Evidence)
	if err != nil {
		t.Fatal(err)
	}
	doc, _, err := format.Read(data)
	if err != nil {
		t.Fatal(err)
	}
	cfg.Settings[SettingVulnLevel] = "module"
	type found struct{ ID, Module, Version, Fixed string }
	assess := func() (all []found, left []string) {
		facts := factsOf[VulnFacts](t, runCheck(t, cfg), Vuln)
		for _, v := range facts.Vulnerabilities {
			if v.Module != vulns.Toolchain { // a document names none
				all = append(all, found{v.ID, v.Module, v.Version, v.Fixed})
			}
		}
		for _, n := range facts.NotAssessed {
			if n.Reason != vulns.OtherSource { // a document names what is used alone, and need not the module that it replaces
				left = append(left, string(n.Reason)+" "+n.Module)
			}
		}
		return all, left
	}
	want, wantLeft := assess()
	if len(want) < 10 || !slices.Equal(wantLeft, []string{"local-source example.com/other"}) {
		t.Fatalf("of the source: %v, %q", want, wantLeft)
	}
	cfg.Target.ModFile = ""
	for _, word := range []string{"cyclonedx-json@1.4", "cyclonedx-json@1.6", "cyclonedx-xml@1.5", "cyclonedx-xml@1.6", "spdx-json", "spdx-tag", "spdx3-json"} {
		f, err := format.Parse(word)
		if err != nil {
			t.Fatal(err)
		}
		text, err := format.Write(doc, f)
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(cfg.Target.Dir, "bom")
		writeFile(t, file, string(text))
		cfg.Target.Documents = []string{file}
		got, left := assess()
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: -source +document\n%s", word, diff)
		}
		if !slices.Equal(left, wantLeft) {
			t.Errorf("%s: not assessed %q, of the source %q", word, left, wantLeft)
		}
	}
}

// TestVulnImages: an executable is found in each archive and image as by itself,
// and located in that file.
func TestVulnImages(t *testing.T) {
	cfg := vulnTree(t, nil)
	file := filepath.Join(cfg.Target.Dir, "prog")
	cmd := exec.Command("go", "build", "-buildvcs=false", "-ldflags=-s -w", "-o", file)
	cmd.Dir, cmd.Env = cfg.Target.Dir, cfg.Environ
	if _, err := gocmd.Run(cmd); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	entries := []Entry{{Name: "usr/bin/prog", Data: string(data)}, {Name: "etc/motd", Data: "text"}}
	im := Image{Platform: "linux/amd64", Tag: "app:1", Packed: Gzip, Layers: [][]byte{Tar(entries...)}}
	files := map[string][]byte{
		"root.tar": Tar(entries...), "root.tar.gz": Gzip(Tar(entries...)), "app.zip": Zip(zip.Deflate, entries...), "app.deb": Deb(".zst", Zstd(Tar(entries...))),
		"save.tar": Tar(DockerSave(im)...), "oci.tar": Tar(OCI(im)...), "tree/usr/bin/prog": data,
	}
	for _, e := range OCI(im) {
		files["layout/"+e.Name] = []byte(e.Data)
	}
	cfg.Target.Dir, cfg.Target.ModFile = binaries(t, files), ""
	for _, root := range []string{"root.tar", "root.tar.gz", "app.zip", "app.deb", "save.tar", "oci.tar", "layout", "tree"} {
		cfg.Target.Binaries = []string{filepath.Join(cfg.Target.Dir, root)}
		rep := runCheck(t, cfg)
		facts := factsOf[VulnFacts](t, rep, Vuln)
		want := map[string]vulns.Reach{
			"GO-2026-0001": vulns.Present, "GO-2026-0002": vulns.Imported, "GO-2026-0003": vulns.Required, "GO-2026-0005": vulns.Imported, "GO-2026-0008": vulns.Required,
		}
		if got := vulnReachOf(&facts, 0); len(facts.Targets) != 1 || !cmp.Equal(got, want) || rep.Checks[0].Reason != "" {
			t.Errorf("%s: %v %+v %s", root, got, facts.Targets, rep.Checks[0].Reason)
		}
		for _, f := range rep.Findings {
			if f.Location == nil || !strings.HasPrefix(f.Location.File, root) {
				t.Errorf("%s: %s at %+v", root, f.Rule, f.Location)
			}
		}
	}
	files = map[string][]byte{"empty.tar": Tar(Entry{Name: "etc/motd", Data: "text"}), "cut.tar.gz": Gzip(Tar(entries...))[:1000]}
	cfg.Target.Dir = binaries(t, files)
	for name := range files {
		cfg.Target.Binaries = []string{filepath.Join(cfg.Target.Dir, name)}
		if rep := runCheck(t, cfg); rep.Verdict != audit.VerdictIncomplete {
			t.Errorf("%s: %s", name, rep.Verdict)
		}
	}
}

// TestVulnWaivers: a waiver hides the vulnerability that it names, until it
// expires; one of nothing that is there is said.
func TestVulnWaivers(t *testing.T) {
	machine.Long(t, "analyses many programs, each in a process of its own")
	const subject = "GO-2026-0001 example.com/lib example.com/m"
	for _, test := range []struct {
		rule, subject, expires string
		open                   bool
		want                   string // the policy's own finding
	}{
		{"vuln/called", subject, "2026-02-01", false, ""},
		{"vuln/called", "GO-2026-0001 *", "2026-02-01", false, ""},
		{"vuln/called", subject, "2026-01-31", true, "policy/waiver-expired"},
		{"vuln/called", "GO-2026-0999 example.com/lib example.com/m", "2027-01-01", true, "policy/waiver-unused"},
		{"vuln/called", "GO-2026-0001 example.com/lib example.com/n", "2027-01-01", true, "policy/waiver-unused"},
		{"vuln/called", "CVE-2026-1 example.com/lib example.com/m", "2027-01-01", true, "policy/waiver-unused"},
		{"vuln/imported", subject, "2027-01-01", true, "policy/waiver-unused"},
	} {
		cfg := vulnTree(t, nil)
		expires, err := time.Parse(time.DateOnly, test.expires)
		if err != nil {
			t.Fatal(err)
		}
		cfg.Policy = &audit.Policy{FailOn: audit.High, Waivers: []audit.Waiver{{Rule: test.rule, Subject: test.subject, Reason: "r", Owner: "o", Expires: audit.Date{Time: expires}}}}
		rep := runCheck(t, cfg)
		open := slices.ContainsFunc(rep.Findings, func(f audit.Finding) bool { return f.Rule == "vuln/called" && f.Status == audit.Open })
		var said []string
		for _, f := range rep.Findings {
			if strings.HasPrefix(f.Rule, "policy/") {
				said = append(said, f.Rule)
			}
		}
		if got := strings.Join(said, " "); open != test.open || got != test.want {
			t.Errorf("%+v: open %v, %s", test, open, got)
		}
	}
}

// TestVulnPolicy: the policy says where the database is, unless the command line
// does, and how old its data may be.
func TestVulnPolicy(t *testing.T) {
	machine.Long(t, "analyses many programs, each in a process of its own")
	for _, test := range []struct {
		age string
		old bool
	}{{"", false}, {"12d", false}, {"11d", true}, {"0d", true}} { // the data is twelve days old
		cfg := vulnTree(t, nil)
		db := cfg.Settings[SettingVulnDB]
		cfg.Settings[SettingVulnDB] = ""
		cfg.Policy = &audit.Policy{FailOn: audit.High, Vuln: audit.VulnPolicy{DB: db, MaxAge: test.age}}
		cfg.Environ = append(cfg.Environ, "GOVULNDB=file:///none") // the policy's comes first
		rep := runCheck(t, cfg)
		d := factsOf[VulnFacts](t, rep, Vuln).Database
		if old := strings.Contains(vulnRules(rep), "vuln/database-old"); old != test.old || d.AgeDays != 12 || d.Fallback != "" {
			t.Errorf("%q: old %v, %+v", test.age, old, d)
		}
		cfg.Settings[SettingVulnDB], cfg.Policy.Vuln.DB = db, "none"
		if c := runCheck(t, cfg).Checks[0]; c.Reason != "" {
			t.Errorf("the command line's: %s", c.Reason)
		}
		cfg.Settings[SettingVulnDB] = ""
		if c := runCheck(t, cfg).Checks[0]; c.ReasonID != "vuln/no-database" {
			t.Errorf("one that is not there: %s %s", c.Outcome, c.ReasonID)
		}
	}
}

// TestVulnDebian: a program of Debian names none of its modules. The standard
// library is looked up, and the others are not assessed.
func TestVulnDebian(t *testing.T) {
	machine.Need(t, "fzf")
	path, err := exec.LookPath("fzf")
	if err != nil {
		t.Fatal(err)
	}
	cfg := vulnTree(t, nil)
	cfg.Target.ModFile, cfg.Target.Binaries = "", []string{path}
	rep := runCheck(t, cfg)
	facts := factsOf[VulnFacts](t, rep, Vuln)
	if rep.Verdict == audit.VerdictPass || rep.Checks[0].ReasonID != "vuln/not-assessed" || !strings.Contains(rep.Checks[0].Reason, "modules not recorded") {
		t.Errorf("%s %s", rep.Verdict, rep.Checks[0].Reason)
	}
	if vulnReachOf(&facts, 0)["GO-2026-0008"] != vulns.Required {
		t.Errorf("the standard library: %+v", facts.Vulnerabilities)
	}
	for _, n := range facts.NotAssessed {
		if n.Reason != vulns.NoModules || n.Module == "" || len(n.Packages) == 0 {
			t.Errorf("%+v", n)
		}
	}
}
