// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package checks

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/goassay/assay/audit"
	"github.com/goassay/assay/audit/gocmd"
	"github.com/goassay/assay/audit/vulns"
)

// A forgery is a stored report on vulnerabilities that somebody changes, evidence
// too, which gets its digest anew.
type forgery struct {
	facts    VulnFacts
	evidence map[string][]byte
}

// change replaces text in evidence, and the digest that names it.
func (f *forgery) change(t *testing.T, digest *string, old, new string) {
	t.Helper()
	data := f.evidence[*digest]
	if !bytes.Contains(data, []byte(old)) {
		t.Fatalf("%s is not in %.2000s", old, data)
	}
	f.put(digest, bytes.ReplaceAll(data, []byte(old), []byte(new)))
}

func (f *forgery) put(digest *string, data []byte) {
	*digest = audit.Digest(data)
	f.evidence[*digest] = data
}

// target is the first of a kind.
func (f *forgery) target(kind string) *VulnTarget {
	return &f.facts.Targets[slices.IndexFunc(f.facts.Targets, func(t VulnTarget) bool { return t.Kind == kind })]
}

// drop removes vulnerabilities from the facts, and counts the others.
func (f *forgery) drop(which func(VulnVulnerability) bool) {
	f.facts.Vulnerabilities = slices.DeleteFunc(f.facts.Vulnerabilities, which)
	f.facts.Counts = VulnCounts{NotAssessed: f.facts.Counts.NotAssessed}
	for i := range f.facts.Vulnerabilities {
		f.facts.Counts.add(&f.facts.Vulnerabilities[i])
	}
}

// vulnReport is a report on source, an executable and a bill of materials, with a
// statement about the source.
func vulnReport(t *testing.T) func() *forgery {
	t.Helper()
	cfg := vulnTree(t, map[string]string{"a.json": `{"bomFormat":"CycloneDX","specVersion":"1.5","version":1,"components":[
		{"type":"library","name":"example.com/lib","version":"v1.1.0","purl":"pkg:golang/example.com/lib@v1.1.0"},
		{"type":"library","name":"github.com/known/lib","version":"v1.1.0","purl":"pkg:golang/github.com/known/lib@v1.1.0"},
		{"type":"library","name":"example.com/other","version":"(devel)","purl":"pkg:golang/example.com/other@%28devel%29"}]}`})
	file := filepath.Join(cfg.Target.Dir, "prog")
	cmd := exec.Command("go", "build", "-buildvcs=false", "-o", file)
	cmd.Dir, cmd.Env = cfg.Target.Dir, cfg.Environ
	if _, err := gocmd.Run(cmd); err != nil {
		t.Fatal(err)
	}
	cfg.Target.Binaries, cfg.Target.Documents = []string{file}, []string{filepath.Join(cfg.Target.Dir, "a.json")}
	cfg.Recorded = map[string][]byte{"vex:a.json": vexDocument("Alice", `"status":"not_affected","justification":"inline_mitigations_already_exist"`)}
	store, err := audit.CreateEvidenceDir(filepath.Join(t.TempDir(), "evidence"))
	if err != nil {
		t.Fatal(err)
	}
	cfg.Evidence = store
	rep := runCheck(t, cfg)
	if err := store.Verify(rep, cfg.Checks); err != nil {
		t.Fatal(err)
	}
	evidence := map[string][]byte{}
	for _, e := range rep.Evidence {
		if evidence[e.Digest], err = store.Get(e.Digest); err != nil {
			t.Fatal(err)
		}
	}
	return func() *forgery {
		f := &forgery{facts: factsOf[VulnFacts](t, rep, Vuln), evidence: map[string][]byte{}}
		for digest, data := range evidence {
			f.evidence[digest] = data
		}
		return f
	}
}

func (f *forgery) recheck(t *testing.T) error {
	t.Helper()
	stored, err := json.Marshal(f.facts)
	if err != nil {
		t.Fatal(err)
	}
	return Vuln.Recheck(stored, func(digest string) ([]byte, error) {
		if data, ok := f.evidence[digest]; ok {
			return data, nil
		}
		return nil, errors.New("unreachable")
	})
}

// edited is a zip archive with other contents; a file whose content is nil is left out.
func edited(t *testing.T, archive []byte, edit func(name string, data []byte) []byte) []byte {
	t.Helper()
	r, err := zip.NewReader(bytes.NewReader(archive), int64(len(archive)))
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	changed := false
	for _, f := range r.File {
		data, err := fs.ReadFile(r, f.Name)
		if err != nil {
			t.Fatal(err)
		}
		other := edit(f.Name, data)
		changed = changed || !bytes.Equal(data, other)
		if other == nil {
			continue
		}
		out, err := w.Create(f.Name)
		if err == nil {
			_, err = out.Write(other)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil || !changed {
		t.Fatal(err, "nothing was changed")
	}
	return b.Bytes()
}

// withoutFile is a zip archive without one of its files.
func withoutFile(t *testing.T, archive []byte, without string) []byte {
	t.Helper()
	return edited(t, archive, func(name string, data []byte) []byte {
		if name == without {
			return nil
		}
		return data
	})
}

// TestVulnRecheckSnapshot: what is said to be of the copy in this program is compared
// with it.
func TestVulnRecheckSnapshot(t *testing.T) {
	cfg := vulnTree(t, nil)
	cfg.Offline = true
	cfg.Settings[SettingVulnDB], cfg.Settings[SettingVulnLevel] = "", "module"
	store, err := audit.CreateEvidenceDir(filepath.Join(t.TempDir(), "evidence"))
	if err != nil {
		t.Fatal(err)
	}
	cfg.Evidence = store
	f := &forgery{facts: factsOf[VulnFacts](t, runCheck(t, cfg), Vuln), evidence: map[string][]byte{}}
	for _, digest := range []string{f.facts.Database.Evidence, f.facts.Targets[0].Evidence} {
		if f.evidence[digest], err = store.Get(digest); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.recheck(t); err != nil || f.facts.Database.Kind != vulns.SourceSnapshot {
		t.Fatal(err, f.facts.Database)
	}
	f.put(&f.facts.Database.Evidence, edited(t, f.evidence[f.facts.Database.Evidence], func(name string, data []byte) []byte {
		return bytes.Replace(data, []byte(`"summary":"`), []byte(`"summary":"Not `), 1)
	}))
	if err := f.recheck(t); err == nil || !strings.Contains(err.Error(), "the copy of the database in this program") {
		t.Errorf("entries that the copy does not have: %v", err)
	}
}

// TestVulnRecheckDay: a statement that holds from a moment of the day of the audit on, and
// the report is right before and after it.
func TestVulnRecheckDay(t *testing.T) {
	for hour, holds := range map[int]bool{11: false, 13: true} {
		cfg := vulnTree(t, nil)
		text := vexDocument("Alice", `"status":"not_affected","justification":"inline_mitigations_already_exist"`)
		cfg.Recorded = map[string][]byte{"vex:a.json": bytes.Replace(text, []byte("2026-01-01T00"), []byte("2026-02-02T12"), 1)}
		cfg.Now = func() time.Time { return time.Date(2026, 2, 1, hour, 0, 0, 0, time.UTC) }
		if got := vulnRules(runCheck(t, cfg)); strings.Contains(got, "vuln/not-affected") != holds { // which checks it again
			t.Errorf("at %d: %s", hour, got)
		}
	}
}

// TestVulnRecheck: what the facts say follows from the evidence; whoever changes
// one or the other alone is found out, although the counts are right.
func TestVulnRecheck(t *testing.T) {
	report := vulnReport(t)
	of := func(target int, id string) func(VulnVulnerability) bool {
		return func(v VulnVulnerability) bool { return v.Target == target && (id == "" || v.ID == id) }
	}
	for _, test := range []struct {
		name, want string
		forge      func(t *testing.T, f *forgery)
	}{
		{"honest", "", func(*testing.T, *forgery) {}},

		// Facts.
		{"a vulnerability left out", "follows from the evidence", func(_ *testing.T, f *forgery) { f.drop(of(0, "GO-2026-0003")) }},
		{"all left out", "the facts have 0", func(_ *testing.T, f *forgery) { f.drop(func(VulnVulnerability) bool { return true }) }},
		{"those of a bill of materials left out", "the facts have 0", func(_ *testing.T, f *forgery) { f.drop(of(2, "")) }},
		{"called made required", "follows from the evidence", func(_ *testing.T, f *forgery) {
			v := &f.facts.Vulnerabilities[0]
			v.Reach, v.Symbols, v.Traces = vulns.Required, nil, nil
			f.drop(of(9, ""))
		}},
		{"present made imported", "follows from the evidence", func(_ *testing.T, f *forgery) {
			for i := range f.facts.Vulnerabilities {
				if v := &f.facts.Vulnerabilities[i]; v.Reach == vulns.Present {
					v.Reach = vulns.Imported
				}
			}
			f.drop(of(9, ""))
		}},
		{"withdrawn", "follows from the evidence", func(_ *testing.T, f *forgery) {
			f.facts.Vulnerabilities[1].Withdrawn = time.Unix(1, 0)
			f.drop(of(9, ""))
		}},
		{"a version", "follows from the evidence", func(_ *testing.T, f *forgery) { f.facts.Vulnerabilities[0].Version = "v1.9.0" }},
		{"a fix", "follows from the evidence", func(_ *testing.T, f *forgery) { f.facts.Vulnerabilities[0].Fixed = "v1.1.1" }},
		{"an age", "follows from the evidence", func(_ *testing.T, f *forgery) { *f.facts.Vulnerabilities[0].AgeDays++ }},
		{"a statement about another", "follows from the evidence", func(_ *testing.T, f *forgery) {
			f.facts.Vulnerabilities[1].Statement = f.facts.Vulnerabilities[0].Statement
			f.drop(of(9, ""))
		}},
		{"an excuse", "follows from the evidence", func(_ *testing.T, f *forgery) {
			f.facts.Vulnerabilities[0].Statement.Justification = vulns.VulnerableCodeNotPresent
		}},
		{"nothing not assessed", "not assessed follow", func(_ *testing.T, f *forgery) { f.facts.NotAssessed, f.facts.Counts.NotAssessed = nil, 0 }},
		{"another reason", "not assessed", func(_ *testing.T, f *forgery) { f.facts.NotAssessed[0].Reason = vulns.BadVersion }},
		{"a deeper level", "another level", func(_ *testing.T, f *forgery) { f.target("binary").Level = vulns.LevelModule }},
		{"another basis", "another target", func(_ *testing.T, f *forgery) { f.target("binary").Basis = vulns.BasisModules }},
		{"another platform", "another target", func(_ *testing.T, f *forgery) { f.target("module").Platform.OS = "plan9" }},
		{"other build tags", "another target", func(_ *testing.T, f *forgery) { f.target("module").Tags = []string{"x"} }},
		{"another executable", "another target", func(_ *testing.T, f *forgery) { f.target("binary").SHA256 = audit.Digest(nil) }},
		{"another product", "another target", func(_ *testing.T, f *forgery) { f.target("module").Product = "pkg:golang/example.com/else" }},
		{"another name", "another target", func(_ *testing.T, f *forgery) { f.target("binary").Name = "a.json" }},
		{"a target left out", "may affect no target", func(_ *testing.T, f *forgery) { // one of which other entries were asked for
			f.drop(of(2, ""))
			f.facts.Targets = f.facts.Targets[:2]
			f.facts.NotAssessed = slices.DeleteFunc(f.facts.NotAssessed, func(n VulnNotAssessed) bool { return n.Target == 2 })
			f.facts.Counts.NotAssessed = len(f.facts.NotAssessed)
		}},
		{"another kind", "another target", func(_ *testing.T, f *forgery) { f.target("binary").Kind = "other" }},
		{"what was seen of another", "another target", func(_ *testing.T, f *forgery) { f.target("binary").Evidence = f.target("sbom").Evidence }},
		{"younger data", "days old", func(_ *testing.T, f *forgery) { f.facts.Database.AgeDays-- }},
		{"the day before", "days old", func(_ *testing.T, f *forgery) { f.facts.Date = "2026-01-30" }},
		{"no day", "the date", func(_ *testing.T, f *forgery) { f.facts.Date = "" }},
		{"other data", "entries of", func(_ *testing.T, f *forgery) { f.facts.Database.Entries++ }},
		{"of another day", "entries of", func(_ *testing.T, f *forgery) { f.facts.Database.Modified = time.Unix(1, 0) }},
		{"the copy in the program", "", func(_ *testing.T, f *forgery) { f.facts.Database.Kind = vulns.SourceSnapshot }}, // one that this program does not have
		{"more statements", "statements", func(_ *testing.T, f *forgery) { f.facts.VEX[0].Statements++ }},
		{"an unused statement", "about nothing", func(_ *testing.T, f *forgery) { f.facts.VEX[0].Unused++ }},

		// Evidence.
		{"no evidence of a target", "unreachable", func(_ *testing.T, f *forgery) { f.target("sbom").Evidence = "" }},
		{"no evidence of the database", "unreachable", func(_ *testing.T, f *forgery) { f.facts.Database.Evidence = "" }},
		{"no evidence of statements", "a.json: ", func(_ *testing.T, f *forgery) { f.facts.VEX[0].Evidence = "" }},
		{"other statements", "follows from the evidence", func(t *testing.T, f *forgery) {
			f.change(t, &f.facts.VEX[0].Evidence, "GO-2026-0001", "GO-2026-0002")
		}},
		{"no statements", "a.json: ", func(_ *testing.T, f *forgery) { f.put(&f.facts.VEX[0].Evidence, []byte("{}")) }},
		{"no observation", "observation", func(_ *testing.T, f *forgery) { f.put(&f.target("sbom").Evidence, []byte("[]")) }},
		{"a module not seen", "may affect no target", func(t *testing.T, f *forgery) {
			f.change(t, &f.target("module").Evidence, `{"path":"toolchain","version":"`, `{"path":"toolbox","version":"`)
			f.drop(func(v VulnVulnerability) bool { return v.Module == vulns.Toolchain })
		}},
		{"another version seen", "follow", func(t *testing.T, f *forgery) { f.change(t, &f.target("sbom").Evidence, "v1.1.0", "v1.9.0") }},
		{"a function not seen", "follows", func(t *testing.T, f *forgery) { f.change(t, &f.target("binary").Evidence, `"name":"F"`, `"name":"G"`) }},
		{"a call not seen", "follows", func(t *testing.T, f *forgery) {
			f.change(t, &f.target("module").Evidence, `"GO-2026-0001"`, `"GO-2026-0999"`)
		}},
		{"no analysis", "not analysed", func(t *testing.T, f *forgery) { f.change(t, &f.target("module").Evidence, `"analysed":true,`, ``) }},
		{"an entry cut out of the database", "not a valid", func(t *testing.T, f *forgery) {
			f.put(&f.facts.Database.Evidence, withoutFile(t, f.evidence[f.facts.Database.Evidence], "ID/GO-2026-0003.json"))
		}},
		{"no index", "not a valid", func(t *testing.T, f *forgery) {
			f.put(&f.facts.Database.Evidence, withoutFile(t, f.evidence[f.facts.Database.Evidence], "index/modules.json"))
		}},
		{"no archive", "the kept part", func(_ *testing.T, f *forgery) { f.put(&f.facts.Database.Evidence, nil) }},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := report()
			test.forge(t, f)
			err := f.recheck(t)
			if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
				t.Errorf("%v, want %q", err, test.want)
			}
		})
	}
	if Vuln.Recheck([]byte("[]"), nil) == nil {
		t.Error("facts that are none were accepted")
	}
	f := report()
	stored, err := json.Marshal(f.facts)
	if err != nil {
		t.Fatal(err)
	}
	twice := bytes.Replace(stored, []byte(`"vulnerabilities":`), []byte(`"vulnerabilities":[],"Vulnerabilities":`), 1)
	if err := Vuln.Recheck(twice, func(digest string) ([]byte, error) { return f.evidence[digest], nil }); err == nil || !strings.Contains(err.Error(), "names") {
		t.Errorf("facts that others read otherwise: %v", err)
	}
}
