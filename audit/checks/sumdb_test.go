// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package checks

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/module"

	"github.com/goassay/assay/audit"
	"github.com/goassay/assay/sumdb/sumdbtest"
)

// sumHash makes a well-formed h1 hash out of a word.
func sumHash(word string) string {
	var sum [32]byte
	copy(sum[:], word)
	return "h1:" + base64.StdEncoding.EncodeToString(sum[:])
}

// sumText is the record, and the two lines of go.sum, of a module version.
func sumText(m module.Version) string {
	return fmt.Sprintf("%s %s %s\n%[1]s %[2]s/go.mod %[4]s\n", m.Path, m.Version, sumHash("zip"+m.Path), sumHash("mod"+m.Path))
}

// sumModule is the i-th module of a sumProject.
func sumModule(i int) module.Version {
	return module.Version{Path: fmt.Sprintf("example.com/m%d", i), Version: "v1.0.0"}
}

// sumProject is a module with a go.sum of n logged modules, and the log.
type sumProject struct {
	log *sumdbtest.Log
	cfg audit.Config
	sum string // path of go.sum
}

func newSumProject(t *testing.T, n int) *sumProject {
	t.Helper()
	p := &sumProject{log: sumdbtest.New(t)}
	var sum strings.Builder
	for i := range n {
		m := module.Version{Path: fmt.Sprintf("example.com/m%d", i), Version: "v1.0.0"}
		p.log.Add(t, m, sumText(m))
		sum.WriteString(sumText(m))
	}
	dir := t.TempDir()
	mod := filepath.Join(dir, "go.mod")
	p.sum = filepath.Join(dir, "go.sum")
	writeFile(t, mod, "module example.com/main\n\ngo 1.26\n")
	writeFile(t, p.sum, sum.String())
	p.cfg = audit.Config{
		Target:   &audit.Target{Dir: dir, ModFile: mod},
		Checks:   []*audit.Check{SumDB},
		Environ:  sumEnviron(t, "GOSUMDB="+p.log.Key, "GOPROXY="+p.log.URL),
		CacheDir: t.TempDir(),
	}
	return p
}

// sumEnviron is the environment of a machine on which nobody configured anything.
func sumEnviron(t *testing.T, extra ...string) []string {
	return append([]string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + quietHome(t), "GOENV=off", "GOTOOLCHAIN=local", "GOWORK=off",
		"GOCACHE=" + t.TempDir(), "GOMODCACHE=" + t.TempDir(), "GOFLAGS=",
	}, extra...)
}

func writeFile(t *testing.T, name, content string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(content), 0o666); err != nil {
		t.Fatal(err)
	}
}

// edit replaces a part of the project's go.sum.
func (p *sumProject) edit(t *testing.T, old, new string) {
	t.Helper()
	data, err := os.ReadFile(p.sum)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(data, []byte(old)) {
		t.Fatalf("go.sum has no %q", old)
	}
	writeFile(t, p.sum, strings.Replace(string(data), old, new, 1))
}

func (p *sumProject) run(t *testing.T) (*audit.Report, SumDBFacts) {
	t.Helper()
	rep := runCheck(t, p.cfg)
	return rep, factsOf[SumDBFacts](t, rep, SumDB)
}

func outcomeOf(t *testing.T, rep *audit.Report, c *audit.Check) audit.CheckResult {
	t.Helper()
	res, ok := rep.Check(c.ID)
	if !ok {
		t.Fatalf("no result of %s", c.ID)
	}
	return res
}

func TestSumDBVerified(t *testing.T) {
	p := newSumProject(t, 20)
	rep, facts := p.run(t)
	if rep.Verdict != audit.VerdictPass || facts.Lines != (SumDBLines{Verified: 40}) || len(facts.Modules) != 20 {
		t.Fatalf("%s: %+v", rep.Verdict, facts.Lines)
	}
	if facts.Logs[0].Size != 20 || facts.Rounds != 2 || facts.Requests != 1+20+1 {
		t.Errorf("%+v", facts)
	}
	calls := p.log.Calls()
	if calls[0] != "/supported" {
		t.Errorf("first request: %s", calls[0])
	}
	_, again := p.run(t)
	if again.Lines != facts.Lines || again.Requests != 1 || len(p.log.Calls()) != 1 {
		t.Errorf("second run: %+v", again)
	}
	p.cfg.Offline = true
	rep, offline := p.run(t)
	if rep.Verdict != audit.VerdictPass || offline.Lines != facts.Lines || offline.Requests != 0 || len(p.log.Calls()) != 0 {
		t.Errorf("offline: %s %+v", rep.Verdict, offline)
	}
}

// One changed character makes exactly that module's finding.
func TestSumDBMismatch(t *testing.T) {
	for _, goMod := range []bool{false, true} {
		p := newSumProject(t, 20)
		word := "zip"
		if goMod {
			word = "mod"
		}
		good := sumHash(word + "example.com/m7")
		bad := good[:4] + string(good[4]^1) + good[5:]
		p.edit(t, good, bad)
		rep, facts := p.run(t)
		if rep.Verdict != audit.VerdictFail || len(rep.Findings) != 1 || facts.Lines != (SumDBLines{Verified: 39, Mismatch: 1}) {
			t.Fatalf("%s %+v %v", rep.Verdict, facts.Lines, rep.Findings)
		}
		f := rep.Findings[0]
		if f.Rule != "sumdb/mismatch" || f.Subject.Name != "example.com/m7@v1.0.0" || f.Severity != audit.Critical ||
			f.Args["have"] != bad || f.Args["logged"] != good || f.Location.File != "go.sum" || len(f.Evidence) != 1 {
			t.Errorf("%+v", f)
		}
	}
}

func TestSumDBUnplugged(t *testing.T) {
	p := newSumProject(t, 5)
	p.run(t) // a warm cache must not speak for the network
	p.log.Close()
	rep, facts := p.run(t)
	if rep.Verdict != audit.VerdictIncomplete || facts.Lines != (SumDBLines{NotChecked: 10}) {
		t.Errorf("%s %+v", rep.Verdict, facts.Lines)
	}
	if res := outcomeOf(t, rep, SumDB); res.ReasonID != "sumdb/not-checked" || !strings.Contains(res.Reason, "network: 10") {
		t.Errorf("%+v", res)
	}
	if strings.Contains(string(rep.Facts["sumdb"]), `"verified"`) && !strings.Contains(string(rep.Facts["sumdb"]), `"verified":0`) {
		t.Errorf("%s", rep.Facts["sumdb"])
	}
}

// Each way in which a line ends as not-checked or not-logged.
func TestSumDBStates(t *testing.T) {
	status := func(code int) func(http.ResponseWriter, *http.Request, http.Handler) {
		return func(w http.ResponseWriter, r *http.Request, honest http.Handler) {
			if strings.Contains(r.URL.Path, "/m3@") {
				w.WriteHeader(code)
				return
			}
			honest.ServeHTTP(w, r)
		}
	}
	all := SumDBLines{NotChecked: 10}
	tests := []struct {
		name    string
		set     func(p *sumProject)
		lines   SumDBLines
		reason  string // of the module m3
		outcome audit.Outcome
		because string // ID of the outcome's reason
		rules   []string
	}{
		{"GOSUMDB=off", func(p *sumProject) { p.cfg.Environ = append(p.cfg.Environ, "GOSUMDB=off") }, all, "off", audit.Unassessed, "sumdb/off", nil},
		{"GOSUMDB malformed", func(p *sumProject) { p.cfg.Environ = append(p.cfg.Environ, "GOSUMDB=unknown.example") }, all, "config", audit.Unassessed, "sumdb/not-checked", nil},
		{"GOPROXY malformed", func(p *sumProject) { p.cfg.Environ = append(p.cfg.Environ, "GOPROXY=ftp://proxy.example") }, all, "config", audit.Unassessed, "sumdb/not-checked", nil},
		{"all private", func(p *sumProject) { p.cfg.Environ = append(p.cfg.Environ, "GONOSUMDB=*") }, all, "private", audit.Unassessed, "sumdb/all-private", []string{"sumdb/private"}},
		{"one private", func(p *sumProject) { p.cfg.Environ = append(p.cfg.Environ, "GOPRIVATE=example.com/m3") }, SumDBLines{Verified: 8, NotChecked: 2}, "private", audit.Passed, "", []string{"sumdb/private"}},
		{"offline, nothing cached", func(p *sumProject) { p.cfg.Offline = true }, all, "offline", audit.Unassessed, "sumdb/not-checked", nil},
		{"403", func(p *sumProject) { p.log.Lie(status(403)) }, SumDBLines{Verified: 8, NotChecked: 2}, "http-403", audit.Unassessed, "sumdb/not-checked", nil},
		{"404", func(p *sumProject) { p.log.Lie(status(404)) }, SumDBLines{Verified: 8, NotLogged: 2}, "not-found", audit.Failed, "", []string{"sumdb/not-logged"}},
		{"410", func(p *sumProject) { p.log.Lie(status(410)) }, SumDBLines{Verified: 8, NotLogged: 2}, "not-found", audit.Failed, "", []string{"sumdb/not-logged"}},
		{"500", func(p *sumProject) { p.log.Lie(status(500)) }, SumDBLines{Verified: 8, NotChecked: 2}, "http-500", audit.Unassessed, "sumdb/not-checked", nil},
		{"a web page with 200", func(p *sumProject) {
			p.log.Lie(func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
				fmt.Fprint(w, "<!DOCTYPE html><html>log in</html>")
			})
		}, all, "html", audit.Unassessed, "sumdb/not-checked", nil},
		{"proxy forbids the database", func(p *sumProject) {
			p.log.Lie(func(w http.ResponseWriter, r *http.Request, _ http.Handler) { w.WriteHeader(403) })
		}, all, "http-403", audit.Unassessed, "sumdb/not-checked", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := newSumProject(t, 5)
			tt.set(p)
			rep, facts := p.run(t)
			if facts.Lines != tt.lines {
				t.Errorf("lines %+v, want %+v", facts.Lines, tt.lines)
			}
			if i := slices.IndexFunc(facts.Modules, func(m SumDBModule) bool { return m.Module == "example.com/m3" }); facts.Modules[i].Reason != tt.reason {
				t.Errorf("m3: %+v, want reason %s", facts.Modules[i], tt.reason)
			}
			if res := outcomeOf(t, rep, SumDB); res.Outcome != tt.outcome || res.ReasonID != tt.because {
				t.Errorf("outcome %s %s %q, want %s %s", res.Outcome, res.ReasonID, res.Reason, tt.outcome, tt.because)
			}
			if got := rulesOf(rep); !slices.Equal(got, tt.rules) {
				t.Errorf("rules %v, want %v", got, tt.rules)
			}
		})
	}
}

// Without a line nothing is verified: that is a pass only where nothing is
// required either.
func TestSumDBNoLines(t *testing.T) {
	for _, tt := range []struct {
		mod     string
		outcome audit.Outcome
		reason  string
	}{
		{"module example.com/main\n\ngo 1.26\n", audit.Passed, ""},
		{"module example.com/main\n\ngo 1.26\n\nrequire example.com/m1 v1.0.0\n", audit.Unassessed, "sumdb/no-lines"},
		{"module example.com/main\n\ngo 1.26\n\nrequire example.com/m1 v1.0.0\n\nreplace example.com/m1 => ./m1\n", audit.Passed, ""},
		{"module example.com/main\n\nrequir\n", audit.Unassessed, "graph/unreadable"},
	} {
		p := newSumProject(t, 1)
		if err := os.Remove(p.sum); err != nil {
			t.Fatal(err)
		}
		writeFile(t, p.cfg.Target.ModFile, tt.mod)
		res := outcomeOf(t, runCheck(t, p.cfg), SumDB)
		if res.Outcome != tt.outcome || res.ReasonID != tt.reason {
			t.Errorf("%q: %+v", tt.mod, res)
		}
	}
}

// A go.mod that cannot be read hides no mismatch, and lets nothing pass.
func TestSumDBUnreadableModFile(t *testing.T) {
	p := newSumProject(t, 3)
	writeFile(t, p.cfg.Target.ModFile, "module example.com/main\n\nrequir\n")
	rep, facts := p.run(t)
	if res := outcomeOf(t, rep, SumDB); res.ReasonID != "graph/unreadable" || facts.Lines != (SumDBLines{Verified: 6}) {
		t.Errorf("%+v %+v", res, facts.Lines)
	}
	p.edit(t, sumHash("zipexample.com/m1"), sumHash("other"))
	if rep, _ := p.run(t); rep.Verdict != audit.VerdictFail || !slices.Equal(rulesOf(rep), []string{"sumdb/mismatch"}) {
		t.Errorf("%s %v", rep.Verdict, rulesOf(rep))
	}
}

// With -modfile the requirements that count are those of the other file.
func TestSumDBNoLinesModfile(t *testing.T) {
	p := newSumProject(t, 1)
	if err := os.Remove(p.sum); err != nil {
		t.Fatal(err)
	}
	writeFile(t, filepath.Join(p.cfg.Target.Dir, "alt.mod"), "module example.com/main\n\ngo 1.26\n\nrequire example.com/m0 v1.0.0\n")
	if res := outcomeOf(t, runCheck(t, p.cfg), SumDB); res.Outcome != audit.Passed {
		t.Errorf("go.mod: %+v", res)
	}
	p.cfg.Environ = append(p.cfg.Environ, "GOFLAGS=-modfile=alt.mod")
	if res := outcomeOf(t, runCheck(t, p.cfg), SumDB); res.ReasonID != "sumdb/no-lines" {
		t.Errorf("alt.mod: %+v", res)
	}
}

// A private module's name is told to nobody.
func TestSumDBPrivacy(t *testing.T) {
	p := newSumProject(t, 5)
	p.cfg.Environ = append(p.cfg.Environ, "GOPRIVATE=example.com/m3")
	p.run(t)
	for _, call := range p.log.Calls() {
		if strings.Contains(call, "m3") {
			t.Errorf("asked for %s", call)
		}
	}
}

// Malformed lines count as lines that were not checked.
func TestSumDBMalformedLines(t *testing.T) {
	p := newSumProject(t, 2)
	data, err := os.ReadFile(p.sum)
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, p.sum, string(data)+"one two\nexample.com/m9 v1.0.0 h2:abc\n\n")
	_, facts := p.run(t)
	if facts.Lines != (SumDBLines{Verified: 4, NotChecked: 2}) || facts.Files[0].Lines != 6 {
		t.Errorf("%+v %+v", facts.Lines, facts.Files)
	}
}

// A record that lacks the very line is no proof of it.
func TestSumDBNoLine(t *testing.T) {
	p := newSumProject(t, 2)
	m := module.Version{Path: "example.com/half", Version: "v1.0.0"}
	p.log.Add(t, m, fmt.Sprintf("%s %s/go.mod %s\n", m.Path, m.Version, sumHash("mod"+m.Path)))
	data, err := os.ReadFile(p.sum)
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, p.sum, string(data)+sumText(m))
	rep, facts := p.run(t)
	if facts.Lines != (SumDBLines{Verified: 5, NotLogged: 1}) || rep.Verdict != audit.VerdictFail {
		t.Errorf("%+v", facts.Lines)
	}
}

// Each lie of the log is a finding by name.
func TestSumDBViolations(t *testing.T) {
	edit := func(prefix string, fn func([]byte) []byte) func(http.ResponseWriter, *http.Request, http.Handler) {
		return func(w http.ResponseWriter, r *http.Request, honest http.Handler) {
			rec := httptest.NewRecorder()
			honest.ServeHTTP(rec, r)
			data := rec.Body.Bytes()
			if strings.HasPrefix(r.URL.Path, prefix) {
				data = fn(data)
			}
			w.Write(data)
		}
	}
	flip := func(b []byte) []byte { b[len(b)/2] ^= 1; return b }
	tests := []struct {
		rule string
		lie  func(http.ResponseWriter, *http.Request, http.Handler)
	}{
		{"sumdb/bad-signature", edit("/latest", flip)},
		{"sumdb/bad-record", edit("/lookup/example.com/m3@", func(b []byte) []byte { return bytes.Replace(b, []byte("h1:"), []byte("h1:AAAA"), 1) })},
		{"sumdb/bad-tree", edit("/tile/8/0/001", flip)},
		{"sumdb/bad-tile", edit("/tile/8/0/000", flip)},
	}
	for _, tt := range tests {
		t.Run(tt.rule, func(t *testing.T) {
			p := newSumProject(t, 260)
			p.log.Lie(tt.lie)
			rep, _ := p.run(t)
			if rep.Verdict != audit.VerdictFail || !slices.Contains(rulesOf(rep), tt.rule) {
				t.Errorf("%s: %v", rep.Verdict, rulesOf(rep))
			}
		})
	}
}

func TestSumDBFork(t *testing.T) {
	signer, verifier := sumdbtest.Key(t)
	p := newSumProject(t, 3)
	first, second := sumdbtest.NewWithKey(t, signer, verifier), sumdbtest.NewWithKey(t, signer, verifier)
	for i := range 3 {
		m := module.Version{Path: fmt.Sprintf("example.com/m%d", i), Version: "v1.0.0"}
		first.Add(t, m, sumText(m))
	}
	for _, i := range []int{2, 1, 0} {
		m := module.Version{Path: fmt.Sprintf("example.com/m%d", i), Version: "v1.0.0"}
		second.Add(t, m, sumText(m))
	}
	environ := p.cfg.Environ
	p.cfg.Environ = append(slices.Clone(environ), "GOSUMDB="+first.Key, "GOPROXY="+first.URL)
	if rep, _ := p.run(t); rep.Verdict != audit.VerdictPass {
		t.Fatalf("%v", rep.Findings)
	}
	p.cfg.Environ = append(slices.Clone(environ), "GOSUMDB="+second.Key, "GOPROXY="+second.URL)
	rep, facts := p.run(t)
	i := slices.IndexFunc(rep.Findings, func(f audit.Finding) bool { return f.Rule == "sumdb/fork" })
	if i < 0 || len(rep.Findings[i].Evidence) != 3 {
		t.Errorf("both heads and what stands on its own: %+v", rep.Findings)
	}
	if !slices.Contains(rulesOf(rep), "sumdb/fork") || facts.Lines != (SumDBLines{NotChecked: 6}) {
		t.Errorf("%v %+v", rulesOf(rep), facts.Lines)
	}
}

// A workspace: go.work.sum and the go.sum of each module used.
func TestSumDBWorkspace(t *testing.T) {
	p := newSumProject(t, 4)
	dir := p.cfg.Target.Dir
	m := module.Version{Path: "example.com/m9", Version: "v1.0.0"}
	p.log.Add(t, m, sumText(m))
	if err := os.Mkdir(filepath.Join(dir, "sub"), 0o777); err != nil {
		t.Fatal(err)
	}
	writeFile(t, filepath.Join(dir, "sub", "go.mod"), "module example.com/sub\n\ngo 1.26\n")
	writeFile(t, filepath.Join(dir, "sub", "go.sum"), sumText(m))
	writeFile(t, filepath.Join(dir, "go.work"), "go 1.26\n\nuse (\n\t.\n\t./sub\n)\n")
	writeFile(t, filepath.Join(dir, "go.work.sum"), sumText(m))
	p.cfg.Target.WorkFile = filepath.Join(dir, "go.work")
	_, facts := p.run(t)
	if facts.Lines != (SumDBLines{Verified: 8 + 2 + 2}) || len(facts.Files) != 3 || len(facts.Modules) != 5 {
		t.Errorf("%+v %+v", facts.Lines, facts.Files)
	}
}

// Stored evidence is enough to reach the same states again, and a report that
// claims more than its evidence shows is found out.
func TestSumDBRecheck(t *testing.T) {
	p := newSumProject(t, 10)
	p.edit(t, sumHash("zipexample.com/m7"), sumHash("other"))
	dir := filepath.Join(t.TempDir(), "evidence")
	store, err := audit.CreateEvidenceDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	p.cfg.Evidence = store
	rep, facts := p.run(t)
	if err := store.Verify(rep, []*audit.Check{SumDB}); err != nil {
		t.Fatal(err)
	}
	tests := map[string]func(f *SumDBFacts){
		"mismatch called verified": func(f *SumDBFacts) {
			for i := range f.Modules {
				f.Modules[i].State = Verified
			}
		},
		"count":           func(f *SumDBFacts) { f.Lines.Verified++ },
		"another's proof": func(f *SumDBFacts) { f.Modules[1].Evidence = f.Modules[2].Evidence },
		"proof left out":  func(f *SumDBFacts) { f.Modules[1].Evidence = "" },
		"go.sum left out": func(f *SumDBFacts) { f.Files = nil },
		"another head":    func(f *SumDBFacts) { f.Logs[0].Size++ },
		"no log":          func(f *SumDBFacts) { f.Logs = nil },
		"key of a known name": func(f *SumDBFacts) {
			f.Logs[0].Key = strings.Replace(f.Logs[0].Key, sumdbtest.Name, "sum.golang.org", 1)
		},
		"malformed key": func(f *SumDBFacts) { f.Logs[0].Key = "x" },
	}
	for name, lie := range tests {
		var copied SumDBFacts
		raw, _ := json.Marshal(facts)
		if err := json.Unmarshal(raw, &copied); err != nil {
			t.Fatal(err)
		}
		lie(&copied)
		raw, _ = json.Marshal(copied)
		if err := recheckSumDB(raw, store.Get); err == nil {
			t.Errorf("%s: passes", name)
		}
	}
}

// An interrupted run knows nothing, and says so.
func TestSumDBInterrupted(t *testing.T) {
	p := newSumProject(t, 5)
	ctx, cancel := context.WithCancel(context.Background())
	p.log.Lie(func(w http.ResponseWriter, r *http.Request, honest http.Handler) {
		cancel()
		honest.ServeHTTP(w, r)
	})
	rep := runCheckContext(t, ctx, p.cfg)
	if res := outcomeOf(t, rep, SumDB); res.Outcome != audit.Unassessed || res.ReasonID != "engine/interrupted" {
		t.Errorf("%+v", res)
	}
}
