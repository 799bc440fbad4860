// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package checks

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/goassay/assay/audit"
	"github.com/goassay/assay/audit/gocmd"
	"github.com/goassay/assay/sbom"
)

// foreign is a document as tools write them that do not check themselves: h1:
// as a SHA-256, a package URL of something else, and no edges.
const foreign = `{
  "bomFormat": "CycloneDX", "specVersion": "1.5", "version": 1, "serialNumber": "urn:uuid:3e671687-395b-41f5-a30f-a58921a69b79",
  "metadata": {"tools": [{"name": "other"}], "component": {"type": "application", "bom-ref": "app", "name": "app"}},
  "components": [
    {"type": "library", "bom-ref": "one", "name": "example.com/one", "version": "v1.2.3", "purl": "pkg:golang/example.com/one@v1.2.3?type=module",
     "hashes": [{"alg": "SHA-256", "content": "%H1%"}]},
    {"type": "library", "bom-ref": "two", "name": "example.com/two", "version": "v1.0.0", "purl": "pkg:golang/example.com/three@v1.0.0"},
    {"type": "library", "bom-ref": "pad", "name": "left-pad", "version": "1.0.0", "purl": "pkg:npm/left-pad@1.0.0"}
  ]%MORE%
}`

func checkDocument(t *testing.T, data, profiles string, verify bool) *audit.Report {
	t.Helper()
	name := filepath.Join(t.TempDir(), "bom.json")
	writeFile(t, name, data)
	cfg := audit.Config{
		Target: &audit.Target{Dir: filepath.Dir(name), Documents: []string{name}}, Checks: []*audit.Check{BOM}, Offline: true,
		Settings: map[string]string{SettingBOMProfiles: profiles}, Environ: sumEnviron(t),
	}
	if verify {
		cfg.Settings[SettingBOMVerify] = "true"
	}
	return runCheck(t, cfg)
}

func TestBOMForm(t *testing.T) {
	plain := strings.NewReplacer("%H1%", strings.Repeat("ab", 32), "%MORE%", "")
	edges := strings.NewReplacer("%H1%", strings.Repeat("ab", 32), "%MORE%", `, "dependencies": [{"ref": "app", "dependsOn": ["one", "two", "pad"]}]`)
	tests := []struct {
		name, data, profiles string
		rules                []string
		reason               string
	}{
		{"defects", plain.Replace(foreign), "", []string{"bom/malformed", "bom/unreachable"}, ""},
		{"edges", edges.Replace(foreign), "", []string{"bom/malformed"}, ""},
		{"an edge to nowhere", strings.Replace(edges.Replace(foreign), `"pad"]`, `"pad", "gone"]`, 1), "", []string{"bom/malformed"}, ""},
		{"no hash", strings.Replace(edges.Replace(foreign), strings.Repeat("ab", 32), sbomHash, 1), "", []string{"bom/invalid", "bom/malformed"}, ""},
		{"schema", strings.Replace(edges.Replace(foreign), `"version": 1,`, `"version": 1, "more": 1,`, 1), "", []string{"bom/invalid", "bom/malformed"}, ""},
		{"clauses", edges.Replace(foreign), "bsi-2.1,ntia", []string{"bom/clause-missed", "bom/clause-violated", "bom/malformed"}, "*"},
		{"no document", "{}", "", nil, "bom/unread"},
		{"no JSON", "{", "", nil, "bom/unread"},
		{"empty", "", "", nil, "bom/unread"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			rep := checkDocument(t, test.data, test.profiles, false)
			if diff := cmp.Diff(test.rules, append([]string(nil), rulesOf(rep)...)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if res := outcomeOf(t, rep, BOM); test.reason != "*" && res.ReasonID != test.reason {
				t.Errorf("%+v", res)
			}
		})
	}
	t.Run("no file", func(t *testing.T) {
		cfg := audit.Config{Target: &audit.Target{Dir: t.TempDir(), Documents: []string{filepath.Join(t.TempDir(), "none")}}, Checks: []*audit.Check{BOM}, Environ: sumEnviron(t)}
		if res := outcomeOf(t, runCheck(t, cfg), BOM); res.ReasonID != "bom/unread" {
			t.Errorf("%+v", res)
		}
	})
	t.Run("unknown profile", func(t *testing.T) {
		if res := outcomeOf(t, checkDocument(t, plain.Replace(foreign), "none", false), BOM); res.Outcome != audit.Errored {
			t.Errorf("%+v", res)
		}
	})
	t.Run("verified", func(t *testing.T) {
		rep := checkDocument(t, edges.Replace(foreign), "", true)
		facts := factsOf[BOMFacts](t, rep, BOM)
		var open []string
		for _, u := range facts.Documents[0].Unverified {
			open = append(open, u.Name+" "+string(u.Why))
		}
		if diff := cmp.Diff([]string{"left-pad@1.0.0 other", "example.com/two@v1.0.0 other"}, open); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		if res := outcomeOf(t, rep, BOM); res.ReasonID != "bom/open" {
			t.Errorf("%+v", res)
		}
	})
}

// Executables are compared with the files beside a document.
func TestBOMExecutable(t *testing.T) {
	dir := t.TempDir()
	writeTree(t, dir, map[string]string{"go.mod": "module example.com/app\n\ngo 1.24\n", "main.go": "package main\n\nfunc main() {}\n"})
	environ := append(sumEnviron(t), "GOCACHE="+goCache(t), "CGO_ENABLED=0", "SOURCE_DATE_EPOCH=1")
	cmd := exec.CommandContext(t.Context(), "go", "build", "-o", "app", ".")
	cmd.Dir, cmd.Env = dir, environ
	if _, err := gocmd.Run(cmd); err != nil {
		t.Fatal(err)
	}
	store, err := audit.CreateEvidenceDir(filepath.Join(t.TempDir(), "evidence"))
	if err != nil {
		t.Fatal(err)
	}
	app := filepath.Join(dir, "app")
	cfg := audit.Config{Target: &audit.Target{Dir: dir, Binaries: []string{app}}, Checks: []*audit.Check{SBOM}, Evidence: store, Environ: environ, Offline: true}
	data, err := store.Get(factsOf[SBOMFacts](t, runCheck(t, cfg), SBOM).Documents[0].Evidence)
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(dir, "app.cdx.json")
	writeFile(t, name, string(data))
	verify := audit.Config{
		Target: &audit.Target{Dir: dir, Documents: []string{name}}, Checks: []*audit.Check{BOM}, Environ: environ, Offline: true,
		Settings: map[string]string{SettingBOMVerify: "true"},
	}
	rep := runCheck(t, verify)
	if rep.Verdict != audit.VerdictPass {
		t.Errorf("%s: %+v %+v", rep.Verdict, rep.Checks, rep.Findings)
	}
	writeFile(t, app, "changed")
	if rep := runCheck(t, verify); !slices.Equal(rulesOf(rep), []string{"bom/file-differs"}) {
		t.Errorf("changed: %v", rulesOf(rep))
	}
	for _, step := range []struct {
		what    string
		prepare func() error
	}{
		{"gone", func() error { return os.Remove(app) }},
		{"folder", func() error { return os.Mkdir(app, 0o777) }},
	} {
		if err := step.prepare(); err != nil {
			t.Fatal(err)
		}
		if res := outcomeOf(t, runCheck(t, verify), BOM); res.ReasonID != "bom/open" {
			t.Errorf("%s: %+v", step.what, res)
		}
	}
	// Files that hold no executable, and one that cannot be read as one.
	none := filepath.Join(t.TempDir(), "none")
	if err := os.Mkdir(none, 0o777); err != nil {
		t.Fatal(err)
	}
	cfg.Target, cfg.Evidence = &audit.Target{Dir: dir, Binaries: []string{none}}, nil
	if res := outcomeOf(t, runCheck(t, cfg), SBOM); res.ReasonID != "sbom/no-executables" {
		t.Errorf("%+v", res)
	}
	broken := filepath.Join(t.TempDir(), "broken")
	writeFile(t, broken, "\x7fELF\x02\x01\x01 and no more")
	cfg.Target = &audit.Target{Dir: dir, Binaries: []string{broken}}
	if res := outcomeOf(t, runCheck(t, cfg), SBOM); res.ReasonID != "sbom/unread" {
		t.Errorf("%+v", res)
	}
}

// What the standard library's hashes are of can be compared too.
func TestBOMToolchain(t *testing.T) {
	f := newBOMFixture(t, "example.com/one@v1.2.3")
	std := func(change func(*sbom.Component)) func(d *sbom.Document) {
		return func(d *sbom.Document) {
			for _, c := range d.Components {
				if c.IsStdlib() {
					c.Hashes = []sbom.Hash{{Algorithm: "SHA-256", Value: strings.Repeat("0", 64)}}
					c.Add(sbom.PropertyToolchain, "golang.org/toolchain@v0.0.1-go"+c.Version+".linux-amd64")
					change(c)
				}
			}
		}
	}
	for name, change := range map[string]func(*sbom.Component){
		"not there":    func(*sbom.Component) {},
		"another's":    func(c *sbom.Component) { setProperty(c, sbom.PropertyToolchain, "example.com/one@v1.2.3") },
		"of no module": func(c *sbom.Component) { setProperty(c, sbom.PropertyToolchain, "") },
	} {
		rep := f.verify(t, false, f.write(t, "cyclonedx-json", true, std(change)))
		if res := outcomeOf(t, rep, BOM); res.ReasonID != "bom/open" || len(rep.Findings) > 0 {
			t.Errorf("%s: %+v %+v", name, res, rep.Findings)
		}
	}
}

// A stored report is judged again: by its facts, and by the stored documents.
func TestBOMRecheck(t *testing.T) {
	f := newBOMFixture(t, "example.com/one@v1.2.3")
	name := f.write(t, "cyclonedx-json", true)
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	cfg := f.verification(false, name)
	cfg.Settings[SettingBOMProfiles] = "ntia"
	good := factsOf[BOMFacts](t, runCheck(t, cfg), BOM)
	evidence := func(digest string) ([]byte, error) {
		switch digest {
		case audit.Digest(data):
			return data, nil
		case audit.Digest(f.proofs):
			return f.proofs, nil
		}
		return nil, os.ErrNotExist
	}
	tests := []struct {
		name    string
		change  func(d *BOMDocument)
		recheck bool // found by Recheck
		rules   []string
		open    bool
	}{
		{"honest", func(*BOMDocument) {}, false, nil, false},
		{"altered", func(d *BOMDocument) { d.Unchanged = TriNo }, true, []string{"bom/altered"}, false},
		{"invalid", func(d *BOMDocument) { d.Valid = TriNo }, true, []string{"bom/invalid"}, false},
		{"defects", func(d *BOMDocument) { d.Defects = []sbom.Defect{{Kind: sbom.NoRoot}} }, true, []string{"bom/unreachable"}, false},
		{"another ID", func(d *BOMDocument) { d.ID = "x" }, true, nil, false},
		{"not read", func(d *BOMDocument) { d.Error = "x" }, true, nil, true},
		{"no evidence", func(d *BOMDocument) { d.Digest = "" }, true, nil, false},
		{"evidence gone", func(d *BOMDocument) { d.Digest = "sha256:0" }, true, nil, false},
		{"a component that is none", func(d *BOMDocument) { d.Modules[0].Ref = "x" }, true, nil, false},
		{"profile", func(d *BOMDocument) { d.Profiles[0].ID = "none" }, true, nil, false},
		{"clause", func(d *BOMDocument) { d.Profiles[0].Clauses[0].Lacking++ }, true, nil, false},
		{"difference", func(d *BOMDocument) {
			d.Modules[0].Differences = []BOMDifference{{"bom/hash-differs", "a", "b"}}
		}, false, []string{"bom/hash-differs"}, false},
		{"not checked", func(d *BOMDocument) { d.Modules[0].H1 = BOMNotChecked }, false, nil, true},
		{"unverified", func(d *BOMDocument) { d.Unverified = []BOMOpen{{Why: BOMOther}} }, false, nil, true},
		{"proofs", func(d *BOMDocument) { d.Proofs.Error, d.Proofs.Invalid = "x", true }, false, []string{"bom/proofs-invalid"}, false},
		{"proofs gone", func(d *BOMDocument) { d.Proofs.Error = "x" }, false, nil, true},
		{"checkpoint", func(d *BOMDocument) { d.Proofs.Checkpoint = BOMDiffers }, false, []string{"bom/checkpoint-differs"}, false},
		{"tree", func(d *BOMDocument) { d.Proofs.Size++ }, true, nil, false},
		{"key", func(d *BOMDocument) { d.Proofs.Key = "x" }, true, nil, false},
		{"another log", func(d *BOMDocument) { d.Proofs.Key = "sum.golang.org" }, true, nil, false},
		{"bundle gone", func(d *BOMDocument) { d.Proofs.Evidence = "sha256:0" }, true, nil, false},
	}
	for _, test := range tests {
		stored, err := json.Marshal(good)
		if err != nil {
			t.Fatal(err)
		}
		var facts BOMFacts
		if err := json.Unmarshal(stored, &facts); err != nil {
			t.Fatal(err)
		}
		test.change(&facts.Documents[0])
		if stored, err = json.Marshal(facts); err != nil {
			t.Fatal(err)
		}
		if err := BOM.Recheck(stored, evidence); (err != nil) != test.recheck {
			t.Errorf("%s: recheck: %v", test.name, err)
		}
		findings, err := BOM.Conclude(stored)
		var rules []string
		for _, f := range findings {
			if f.Rule != "bom/clause-violated" { // nobody is named who made it
				rules = append(rules, f.Rule)
			}
		}
		if diff := cmp.Diff(test.rules, rules); diff != "" || (err != nil) != test.open {
			t.Errorf("%s: %v (-want +got):\n%s", test.name, err, diff)
		}
	}
	writeFile(t, name, strings.Replace(string(data), "example.com/one", "example.com/two", 1))
	if rep := f.verify(t, false, name); !slices.Contains(rulesOf(rep), "bom/altered") || rep.Verdict != audit.VerdictFail {
		t.Errorf("%s %v", rep.Verdict, rulesOf(rep))
	}
	for _, stored := range []string{"[", `{"documents": 1}`} {
		if _, err := BOM.Conclude([]byte(stored)); err == nil {
			t.Errorf("%s is concluded", stored)
		}
		if BOM.Recheck([]byte(stored), evidence) == nil {
			t.Errorf("%s is rechecked", stored)
		}
	}
}

// Zip files that the module cache lacks come from the proxy, where that is asked for.
func TestBOMDownload(t *testing.T) {
	f := newBOMFixture(t, "example.com/one@v1.2.3")
	proxy := httptest.NewServer(http.FileServer(http.Dir(filepath.Join(filepath.Dir(f.cache), "proxy"))))
	defer proxy.Close()
	cfg := f.verification(false, f.write(t, "cyclonedx-json", true))
	cfg.Environ = append(slices.Clone(cfg.Environ), "GOMODCACHE="+t.TempDir(), "GOPROXY="+proxy.URL)
	for _, step := range []struct {
		online, download bool
		verdict          audit.Verdict
	}{{true, false, audit.VerdictIncomplete}, {false, true, audit.VerdictIncomplete}, {true, true, audit.VerdictPass}} {
		cfg.Offline = !step.online
		cfg.Settings[SettingBOMDownload] = strconv.FormatBool(step.download)
		if rep := runCheck(t, cfg); rep.Verdict != step.verdict {
			t.Errorf("%+v: %s %+v", step, rep.Verdict, rep.Checks)
		}
	}
}

// Without a go command nobody knows where the module cache is: nothing is verified.
func TestBOMWithoutGo(t *testing.T) {
	f := newBOMFixture(t, "example.com/one@v1.2.3")
	cfg := f.verification(false, f.write(t, "cyclonedx-json", true))
	cfg.Exec = func(cmd *exec.Cmd) ([]byte, error) { return nil, &gocmd.Error{Args: cmd.Args, Err: exec.ErrNotFound} }
	if rep := runCheck(t, cfg); rep.Verdict == audit.VerdictPass {
		t.Errorf("%s %+v", rep.Verdict, rep.Checks)
	}
}
