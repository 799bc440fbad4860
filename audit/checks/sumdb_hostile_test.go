// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package checks

import (
	"crypto/rand"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/module"
	"golang.org/x/mod/sumdb/note"

	"github.com/goassay/assay/audit"
	"github.com/goassay/assay/sumdb"
)

// Each line that differs is told, not only the first of its module.
func TestSumDBEveryLine(t *testing.T) {
	p := newSumProject(t, 3)
	p.edit(t, sumHash("zipexample.com/m1"), sumHash("other"))
	p.edit(t, sumHash("modexample.com/m1"), sumHash("another"))
	rep, facts := p.run(t)
	if facts.Lines != (SumDBLines{Verified: 4, Mismatch: 2}) || len(rep.Findings) != 2 || rep.Findings[0].Location.Line == rep.Findings[1].Location.Line {
		t.Errorf("%+v %+v", facts.Lines, rep.Findings)
	}
}

// A right line beside a wrong one for the same excuses nothing, in whichever
// order and file they stand.
func TestSumDBContradiction(t *testing.T) {
	m := module.Version{Path: "example.com/m1", Version: "v1.0.0"}
	wrong := m.Path + " " + m.Version + " " + sumHash("other") + "\n"
	for _, file := range []string{"go.sum before", "go.sum after", "go.work.sum"} {
		p := newSumProject(t, 3)
		dir := p.cfg.Target.Dir
		data, err := os.ReadFile(p.sum)
		if err != nil {
			t.Fatal(err)
		}
		switch file {
		case "go.sum before":
			writeFile(t, p.sum, wrong+string(data))
		case "go.sum after":
			writeFile(t, p.sum, string(data)+wrong)
		default:
			p.cfg.Target.WorkFile = filepath.Join(dir, "go.work")
			writeFile(t, p.cfg.Target.WorkFile, "go 1.26\n\nuse .\n")
			writeFile(t, filepath.Join(dir, "go.work.sum"), wrong)
		}
		rep, facts := p.run(t)
		if facts.Lines != (SumDBLines{Verified: 6, Mismatch: 1}) || facts.Modules[1].State != Mismatch || len(rep.Findings) != 1 {
			t.Errorf("%s: %+v %+v", file, facts.Lines, rep.Findings)
		}
	}
}

// The go.sum files in force are those that the go command reads.
func TestSumDBFilesInForce(t *testing.T) {
	wrong := "example.com/m1 v1.0.0 " + sumHash("other") + "\n"
	tests := []struct {
		name    string
		environ func(dir string) string
		files   map[string]string
	}{
		{"-modfile", func(string) string { return "GOFLAGS=-mod=mod -modfile=alt.mod" }, map[string]string{"alt.sum": wrong}},
		{"-modfile in another folder", func(dir string) string { return "GOFLAGS=-modfile=" + filepath.Join(dir, "sub", "alt.mod") }, map[string]string{"sub/alt.sum": wrong}},
		{"GOWORK", func(dir string) string { return "GOWORK=" + filepath.Join(dir, "other.work") }, map[string]string{"other.work": "go 1.26\n\nuse .\n", "other.work.sum": wrong}},
		{"GOWORK of any name", func(dir string) string { return "GOWORK=" + filepath.Join(dir, "space") }, map[string]string{"space": "go 1.26\n\nuse .\n", "space.sum": wrong}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := newSumProject(t, 3)
			dir := p.cfg.Target.Dir
			for name, content := range tt.files {
				if err := os.MkdirAll(filepath.Join(dir, filepath.Dir(name)), 0o777); err != nil {
					t.Fatal(err)
				}
				writeFile(t, filepath.Join(dir, name), content)
			}
			p.cfg.Environ = append(p.cfg.Environ, tt.environ(dir))
			rep, facts := p.run(t)
			if facts.Lines != (SumDBLines{Verified: 6, Mismatch: 1}) || rep.Verdict != audit.VerdictFail {
				t.Errorf("%s %+v %+v", rep.Verdict, facts.Lines, facts.Files)
			}
		})
	}
	p := newSumProject(t, 3)
	p.cfg.Environ = append(p.cfg.Environ, "GOFLAGS=-overlay=overlay.json")
	rep, _ := p.run(t)
	if res := outcomeOf(t, rep, SumDB); res.Outcome != audit.Unassessed || res.ReasonID != "sumdb/overlay" {
		t.Errorf("-overlay: %+v", res)
	}
}

// A line that an early Go release wrote by mistake, and that every later one
// drops, leaves nothing open.
func TestSumDBIgnoredLine(t *testing.T) {
	p := newSumProject(t, 2)
	data, err := os.ReadFile(p.sum)
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, p.sum, string(data)+"example.com/old v1.0.0/go.mod h1:G7mAYYxgmS0lVkHyy2hEOLQCFB0DlQFTMLWggykrydY=\n")
	rep, facts := p.run(t)
	if rep.Verdict != audit.VerdictPass || facts.Lines != (SumDBLines{Verified: 4, NotChecked: 1}) || facts.Files[0].Lines != 5 {
		t.Errorf("%s %+v %+v", rep.Verdict, facts.Lines, facts.Files)
	}
}

// The name of a log leads out of no cache.
func TestSumDBNameOutside(t *testing.T) {
	_, key, err := note.GenerateKey(rand.Reader, "a.example/../../../outside")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := sumdb.ParseLog(key); err != nil {
		t.Fatal(err)
	}
	p := newSumProject(t, 2)
	below := filepath.Join(p.cfg.CacheDir, "deep", "down")
	p.cfg.CacheDir = below
	p.cfg.Environ = append(p.cfg.Environ, "GOSUMDB="+key+" "+p.log.URL)
	p.run(t)
	err = filepath.WalkDir(filepath.Dir(filepath.Dir(below)), func(path string, _ os.DirEntry, err error) error {
		if strings.Contains(path, "outside") {
			t.Errorf("%s was written", path)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// Facts that the evidence does not bear out.
func TestSumDBRecheckFacts(t *testing.T) {
	p := newSumProject(t, 10)
	p.edit(t, sumHash("zipexample.com/m7"), sumHash("other"))
	p.edit(t, "example.com/m8 v1.0.0 ", "example.com/absent v1.0.0 ")
	store, err := audit.CreateEvidenceDir(filepath.Join(t.TempDir(), "evidence"))
	if err != nil {
		t.Fatal(err)
	}
	p.cfg.Evidence = store
	rep, facts := p.run(t)
	if err := store.Verify(rep, []*audit.Check{SumDB}); err != nil {
		t.Fatal(err)
	}
	record := int64(77)
	tests := map[string]func(f *SumDBFacts){
		"log's name": func(f *SumDBFacts) { f.Logs[0].Name = "sum.golang.org" },
		"two keys":   func(f *SumDBFacts) { f.Logs[0].Key += " https://db.example" },
		"second log": func(f *SumDBFacts) { f.Logs = append(f.Logs, f.Logs[0]) },
		"head":       func(f *SumDBFacts) { f.Logs[0].Signed = strings.Replace(f.Logs[0].Signed, "\n10\n", "\n11\n", 1) },
		"no head":    func(f *SumDBFacts) { f.Logs[0].Signed = "" },
		"a module more": func(f *SumDBFacts) {
			f.Modules = append(f.Modules, SumDBModule{Module: "example.com/more", Version: "v1.0.0", State: Verified})
		},
		"a module less":    func(f *SumDBFacts) { f.Modules = f.Modules[1:] },
		"a module twice":   func(f *SumDBFacts) { f.Modules = slices.Insert(f.Modules, 0, f.Modules[0]) },
		"record":           func(f *SumDBFacts) { f.Modules[1].Record = &record },
		"no record":        func(f *SumDBFacts) { f.Modules[1].Record = nil },
		"lines of a file":  func(f *SumDBFacts) { f.Files[0].Lines++ },
		"malformed lines":  func(f *SumDBFacts) { f.Files[0].Malformed++ },
		"not-logged lines": func(f *SumDBFacts) { f.Lines.NotLogged--; f.Lines.NotChecked++ },
		"verified without proof": func(f *SumDBFacts) {
			for i := range f.Modules {
				if f.Modules[i].State == NotLogged {
					f.Modules[i].State = Verified
					f.Lines.NotLogged--
					f.Lines.Verified++
				}
			}
		},
	}
	for name, lie := range tests {
		var copied SumDBFacts
		if err := json.Unmarshal(rep.Facts["sumdb"], &copied); err != nil {
			t.Fatal(err)
		}
		lie(&copied)
		raw, err := json.Marshal(copied)
		if err != nil {
			t.Fatal(err)
		}
		if err := recheckSumDB(raw, store.Get); err == nil {
			t.Errorf("%s: passes; facts were %+v", name, facts)
		}
	}
}

// A report that says less than its facts demand.
func TestSumDBConclude(t *testing.T) {
	store, err := audit.CreateEvidenceDir(filepath.Join(t.TempDir(), "evidence"))
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name string
		set  func(p *sumProject)
		want string
	}{
		{"mismatch", func(p *sumProject) { p.edit(t, sumHash("zipexample.com/m1"), sumHash("other")) }, "sumdb/mismatch of example.com/m1@v1.0.0 is missing"},
		{"not logged", func(p *sumProject) { p.edit(t, "example.com/m1 v1.0.0 ", "example.com/x v1.0.0 ") }, "sumdb/not-logged of example.com/x@v1.0.0 is missing"},
		{"private", func(p *sumProject) { p.cfg.Environ = append(p.cfg.Environ, "GOPRIVATE=example.com/m1") }, "sumdb/private of GONOSUMDB=example.com/m1 is missing"},
		{"unplugged", func(p *sumProject) { p.log.Close() }, "sumdb/not-checked"},
		{"malformed", func(p *sumProject) { p.edit(t, "example.com/m1 v1.0.0 h1:", "example.com/m1 v1.0.0 h2:") }, "sumdb/not-checked"},
		{"off", func(p *sumProject) { p.cfg.Environ = append(p.cfg.Environ, "GOSUMDB=off") }, "sumdb/off"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := newSumProject(t, 3)
			p.cfg.Evidence = store
			tt.set(p)
			rep, _ := p.run(t)
			if err := store.Verify(rep, []*audit.Check{SumDB}); err != nil {
				t.Fatal(err)
			}
			callPass(rep)
			if err := store.Verify(rep, []*audit.Check{SumDB}); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("called a pass: %v", err)
			}
			rep.Facts = nil
			if err := store.Verify(rep, []*audit.Check{SumDB}); err == nil {
				t.Error("called a pass without facts")
			}
		})
	}
}
