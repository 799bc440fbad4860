// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package checks

import (
	"crypto/rand"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/module"
	"golang.org/x/mod/sumdb/note"

	"github.com/goassay/assay/audit"
	"github.com/goassay/assay/audit/gobin/gobintest"
	"github.com/goassay/assay/sumdb"
	"github.com/goassay/assay/sumdb/sumdbtest"
)

// dep is the m-th module of a sumProject as build info records it.
func dep(i int) *debug.Module {
	m := sumModule(i)
	return &debug.Module{Path: m.Path, Version: m.Version, Sum: sumHash("zip" + m.Path)}
}

// writeForged writes an executable with that build info.
func writeForged(t *testing.T, name string, info *debug.BuildInfo) {
	t.Helper()
	lines := strings.Split(strings.TrimSuffix(info.String(), "\n"), "\n")[1:] // the first is the version
	if err := os.WriteFile(name, gobintest.Forge(info.GoVersion, lines...), 0o777); err != nil {
		t.Fatal(err)
	}
}

// Of modules that are named the finding shows what the log says; of one that
// the log does not have, that it has none.
func TestSumDBNamedModules(t *testing.T) {
	p := newSumProject(t, 3)
	p.cfg.Target = &audit.Target{Dir: p.cfg.Target.Dir, Modules: []string{"example.com/m1@v1.0.0", "example.com/none@v1.0.0"}}
	rep, facts := p.run(t)
	i := slices.IndexFunc(rep.Findings, func(f audit.Finding) bool { return f.Rule == "sumdb/logged" })
	if i < 0 || rep.Findings[i].Subject.Name != "example.com/m1@v1.0.0" || !strings.Contains(rep.Findings[i].Message, sumHash("zipexample.com/m1")) || len(rep.Findings[i].Evidence) != 1 {
		t.Errorf("%+v", rep.Findings)
	}
	if len(facts.Modules) != 2 || facts.Modules[0].State != Verified || facts.Modules[1].State != NotLogged || !slices.Equal(rulesOf(rep), []string{"sumdb/logged", "sumdb/not-logged"}) {
		t.Errorf("%q %+v", rulesOf(rep), facts.Modules)
	}
}

// A go.sum file that is named by itself, without any module around it.
func TestSumDBNamedFile(t *testing.T) {
	p := newSumProject(t, 3)
	p.cfg.Target = &audit.Target{Dir: p.cfg.Target.Dir, SumFiles: []string{p.sum}}
	rep, facts := p.run(t)
	if rep.Verdict != audit.VerdictPass || facts.Lines != (SumDBLines{Verified: 6}) || facts.Files[0].Kind != SourceSum {
		t.Errorf("%s %+v", rep.Verdict, facts)
	}
	if want := []string{"go.sum:3", "go.sum:4"}; !slices.Equal(facts.Modules[1].Sources, want) {
		t.Errorf("sources %q, want %q", facts.Modules[1].Sources, want)
	}
	if facts.Modules[1].Log != sumdbtest.Name {
		t.Errorf("log %q", facts.Modules[1].Log)
	}
	writeFile(t, p.sum, "\n")
	if rep, _ := p.run(t); outcomeOf(t, rep, SumDB).ReasonID != "sumdb/empty-file" {
		t.Errorf("empty: %+v", outcomeOf(t, rep, SumDB))
	}
}

// Every module that an executable records is accounted for: its own hash, that
// of what replaces it, or that there is none.
func TestSumDBBinary(t *testing.T) {
	p := newSumProject(t, 5)
	exe := filepath.Join(p.cfg.Target.Dir, "server")
	p.cfg.Target = &audit.Target{Dir: p.cfg.Target.Dir, Binaries: []string{exe}}
	replaced := &debug.Module{Path: "example.com/original", Version: "v1.0.0", Replace: dep(2)}
	local := &debug.Module{Path: "example.com/local", Version: "v1.0.0", Replace: &debug.Module{Path: "../local", Version: ""}}
	poisoned := dep(3)
	poisoned.Sum = sumHash("poison")
	tests := []struct {
		name   string
		main   debug.Module
		deps   []*debug.Module
		hashes *SumDBLines
		rules  []string
		reason string // ID
	}{
		{"all logged", debug.Module{Path: "example.com/main", Version: "(devel)"}, []*debug.Module{dep(0), dep(1)}, &SumDBLines{Verified: 2}, nil, ""},
		{"main module with a hash", *dep(4), []*debug.Module{dep(0)}, &SumDBLines{Verified: 2}, nil, ""},
		{"replaced by another module", debug.Module{Path: "example.com/main"}, []*debug.Module{dep(0), replaced}, &SumDBLines{Verified: 2}, nil, ""},
		{"replaced by a folder", debug.Module{Path: "example.com/main"}, []*debug.Module{dep(0), local}, &SumDBLines{Verified: 1, NotChecked: 1}, nil, "sumdb/not-checked"},
		{"poisoned", debug.Module{Path: "example.com/main"}, []*debug.Module{dep(0), poisoned}, &SumDBLines{Verified: 1, Mismatch: 1}, []string{"sumdb/binary-mismatch"}, ""},
		{"in no module", debug.Module{}, nil, &SumDBLines{}, nil, "binary/modules-unknown"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			store, err := audit.CreateEvidenceDir(filepath.Join(t.TempDir(), "evidence"))
			if err != nil {
				t.Fatal(err)
			}
			p.cfg.Evidence = store
			info := &debug.BuildInfo{GoVersion: "go1.26.8", Path: "example.com/main", Main: tt.main, Deps: tt.deps, Settings: []debug.BuildSetting{{Key: "GOOS", Value: "linux"}, {Key: "GOARCH", Value: "amd64"}}}
			writeForged(t, exe, info)
			rep, facts := p.run(t)
			if (facts.Hashes == nil) != (tt.hashes == nil) || facts.Hashes != nil && *facts.Hashes != *tt.hashes || facts.Lines != (SumDBLines{}) {
				t.Errorf("%+v, lines %+v", facts.Hashes, facts.Lines)
			}
			if got := rulesOf(rep); !slices.Equal(got, tt.rules) {
				t.Errorf("rules %q", got)
			}
			if res := outcomeOf(t, rep, SumDB); res.ReasonID != tt.reason {
				t.Errorf("%+v", res)
			}
			if facts.Builders[0].State != NotChecked || facts.Builders[0].Version != "v0.0.1-go1.26.8.linux-amd64" || facts.Builders[0].Release != NotLogged {
				t.Errorf("%+v", facts.Builders)
			}
			if err := store.Verify(rep, []*audit.Check{SumDB}); err != nil {
				t.Errorf("checked again: %v", err)
			}
		})
	}
	writeFile(t, exe, "no executable")
	rep, _ := p.run(t)
	if res := outcomeOf(t, rep, SumDB); res.ReasonID != "binary/unread" {
		t.Errorf("%+v", res)
	}
}

// A release of Go that built an executable is looked up by name; whether it was
// that very one stays open.
func TestSumDBBuilder(t *testing.T) {
	p := newSumProject(t, 2)
	m := module.Version{Path: toolchainPath, Version: "v0.0.1-go1.26.8.linux-amd64"}
	p.log.Add(t, m, sumText(m))
	exe := filepath.Join(p.cfg.Target.Dir, "server")
	p.cfg.Target = &audit.Target{Dir: p.cfg.Target.Dir, Binaries: []string{exe}}
	for version, want := range map[string]State{"go1.26.8": Verified, "go1.26.8-X:boringcrypto": Verified, "go1.26.8 X:boringcrypto": Verified, "go1.26.9": NotLogged, "go1.26.8-corp": "", "devel go1.27-abc": "", "go1.20.3": ""} {
		writeForged(t, exe, &debug.BuildInfo{GoVersion: version, Path: "example.com/main", Deps: []*debug.Module{dep(0)}, Settings: []debug.BuildSetting{{Key: "GOOS", Value: "linux"}}})
		rep, facts := p.run(t)
		b := facts.Builders[0]
		if b.Release != want || b.State != NotChecked || b.Reason != "no-hash" || (b.Record != nil) != (want == Verified) || rep.Verdict != audit.VerdictPass {
			t.Errorf("%s: %+v, %s", version, b, rep.Verdict)
		}
	}
}

// Several logs: the policy's answers for its own modules, GOPRIVATE or not.
func TestSumDBSeveralLogs(t *testing.T) {
	p := newSumProject(t, 4)
	own := sumdbtest.New(t) // of the same name, with another key
	signer, verifier, err := note.GenerateKey(rand.Reader, "corp.example")
	if err != nil {
		t.Fatal(err)
	}
	corp := sumdbtest.NewWithKey(t, signer, verifier)
	m := sumModule(2)
	corp.Add(t, m, sumText(m))
	store, err := audit.CreateEvidenceDir(filepath.Join(t.TempDir(), "evidence"))
	if err != nil {
		t.Fatal(err)
	}
	p.cfg.Evidence = store
	p.cfg.Policy = audit.DefaultPolicy()
	p.cfg.Policy.SumDB.Logs = []audit.PolicyLog{
		{GOSUMDB: corp.GOSUMDB(), Modules: []string{"example.com/m2", "corp.example/*"}},
		{GOSUMDB: own.GOSUMDB(), Modules: []string{"unused.example"}},
	}
	p.cfg.Environ = append(p.cfg.Environ, "GOPRIVATE=example.com/m2,example.com/m3")
	rep, facts := p.run(t)
	if facts.Lines != (SumDBLines{Verified: 6, NotChecked: 2}) || len(facts.Logs) != 2 || !slices.Equal(rulesOf(rep), []string{"sumdb/private"}) {
		t.Fatalf("%+v, %d logs, %v", facts.Lines, len(facts.Logs), rulesOf(rep))
	}
	var logs []string
	for _, m := range facts.Modules {
		logs = append(logs, m.Log)
	}
	if want := []string{sumdbtest.Name, sumdbtest.Name, "corp.example", ""}; !slices.Equal(logs, want) {
		t.Errorf("%q, want %q", logs, want)
	}
	for _, call := range p.log.Calls() {
		if strings.Contains(call, "m2") || strings.Contains(call, "m3") {
			t.Errorf("the public log was asked for %s", call)
		}
	}
	if err := store.Verify(rep, []*audit.Check{SumDB}); err != nil {
		t.Errorf("checked again: %v", err)
	}
	for name, lie := range map[string]func(f *SumDBFacts){
		"another log's":  func(f *SumDBFacts) { f.Modules[2].Log = sumdbtest.Name },
		"no log's":       func(f *SumDBFacts) { f.Modules[2].Log = "" },
		"the log twice":  func(f *SumDBFacts) { f.Logs = append(f.Logs, f.Logs[0]) },
		"the log's head": func(f *SumDBFacts) { f.Logs[0].Signed = f.Logs[1].Signed },
	} {
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
			t.Errorf("%s: passes", name)
		}
	}
	// With the public one off, the other still answers.
	p.cfg.Environ = append(p.cfg.Environ, "GOSUMDB=off")
	if _, facts := p.run(t); facts.Lines != (SumDBLines{Verified: 2, NotChecked: 6}) {
		t.Errorf("off: %+v", facts.Lines)
	}
}

// sync runs the check as assay sumdb sync does.
func (p *sumProject) sync(t *testing.T, mode string) (*audit.Report, SumDBFacts) {
	t.Helper()
	p.cfg.Settings = map[string]string{"sumdb-sync": mode}
	p.cfg.Target.Sync = true
	return p.run(t)
}

func TestSumDBSync(t *testing.T) {
	p := newSumProject(t, 300)
	if _, facts := p.sync(t, "delta"); facts.Synced.Records != 300 || facts.Synced.Tiles == 0 || facts.Logs[0].Sync.Mode != sumdb.SyncDelta || facts.Lines.Verified != 600 {
		t.Errorf("first: %+v", facts.Synced)
	}
	if _, facts := p.sync(t, "delta"); *facts.Synced != (SumDBSynced{}) || facts.Logs[0].Before != 300 || facts.Logs[0].Since.IsZero() {
		t.Errorf("second: %+v %+v", facts.Synced, facts.Logs[0])
	}
	matches, err := filepath.Glob(filepath.Join(p.cfg.CacheDir, "sumdb", "*", "lookup", "example.com", "m7@v1.0.0"))
	if err != nil || len(matches) != 1 {
		t.Fatal(matches, err)
	}
	data, err := os.ReadFile(matches[0])
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, matches[0], strings.Replace(string(data), "h1:", "h1:AAA", 1))
	rep, facts := p.sync(t, "full")
	if facts.Synced.Removed != 1 || facts.Synced.Records != 1 || facts.Synced.Checked < 300 || facts.Logs[0].Sync.Mode != sumdb.SyncFull || facts.Lines.Verified != 600 {
		t.Errorf("full: %+v", facts.Synced)
	}
	if got := rulesOf(rep); !slices.Equal(got, []string{"sumdb/forged-cache"}) || len(rep.Findings[0].Evidence) != 1 {
		t.Errorf("%v", rep.Findings)
	}
	// Nothing is named, and the head is kept all the same.
	p.cfg.Target = &audit.Target{Dir: p.cfg.Target.Dir}
	p.log.Add(t, sumModule(300), sumText(sumModule(300)))
	if rep, facts := p.sync(t, "delta"); rep.Verdict != audit.VerdictPass || facts.Logs[0].Size != 301 || facts.Synced.Tiles == 0 {
		t.Errorf("head alone: %s %+v", rep.Verdict, facts.Logs[0])
	}
}

// A latest head that goes back, and one that stays behind the lookups.
func TestSumDBLatestBehind(t *testing.T) {
	p := newSumProject(t, 3)
	old := p.latest(t)
	for i := 3; i < 5; i++ {
		p.log.Add(t, sumModule(i), sumText(sumModule(i)))
	}
	stale := func(w http.ResponseWriter, r *http.Request, honest http.Handler) {
		if r.URL.Path == "/latest" {
			w.Write(old)
			return
		}
		honest.ServeHTTP(w, r)
	}
	p.log.Lie(stale)
	rep, facts := p.run(t)
	if got := rulesOf(rep); !slices.Equal(got, []string{"sumdb/stalled"}) || facts.Lines.Verified != 6 || facts.Logs[0].Size != 5 || facts.Logs[0].Latest != 3 {
		t.Errorf("%v %+v", got, facts.Logs[0])
	}
	rep, facts = p.run(t) // all is cached now
	if got := rulesOf(rep); !slices.Equal(got, []string{"sumdb/rollback"}) || facts.Lines.Verified != 6 || facts.Logs[0].Before != 5 {
		t.Errorf("%v %+v", got, facts.Logs[0])
	}
	if len(rep.Findings[0].Evidence) != 2 {
		t.Errorf("%+v", rep.Findings[0])
	}
}

// latest gives the log's newest head.
func (p *sumProject) latest(t *testing.T) []byte {
	t.Helper()
	return p.fetch(t, "latest")
}

// fetch asks the log past everything that counts.
func (p *sumProject) fetch(t *testing.T, path string) []byte {
	t.Helper()
	rec := httptest.NewRecorder()
	p.log.Config.Handler.ServeHTTP(rec, httptest.NewRequest("GET", "/"+path, nil))
	if rec.Code != http.StatusOK {
		t.Fatal(rec.Code)
	}
	p.log.Calls()
	return rec.Body.Bytes()
}

// Two proxies of one chain, of which one is behind, one is down, and one has
// never heard of the log.
func TestSumDBOlderHead(t *testing.T) {
	p := newSumProject(t, 3)
	old := p.latest(t)
	p.log.Add(t, sumModule(3), sumText(sumModule(3)))
	behind := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.Write(old) }))
	t.Cleanup(behind.Close)
	closed := httptest.NewServer(nil)
	closed.Close()
	none := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(none.Close)
	p.cfg.Environ = append(p.cfg.Environ, "GOPROXY="+strings.Join([]string{p.log.URL, behind.URL, closed.URL, none.URL, "direct"}, ","))
	rep, facts := p.sync(t, "delta")
	if got := rulesOf(rep); !slices.Equal(got, []string{"sumdb/older-head"}) || facts.Lines.Verified != 6 {
		t.Fatalf("%v %+v", got, facts)
	}
	var sizes []int64
	for _, proxy := range facts.Logs[0].Proxies {
		sizes = append(sizes, proxy.Size)
		if (proxy.Size == 0) != (proxy.Error != "") {
			t.Errorf("%+v", proxy)
		}
	}
	if !slices.Equal(sizes, []int64{4, 3, 0, 0}) || rep.Findings[0].Args["size"] != int64(3) {
		t.Errorf("%v %v", sizes, rep.Findings[0].Args)
	}
	// One that shows another tree is a fork, whichever the go command would ask.
	signer, verifier := sumdbtest.Key(t)
	first, second := sumdbtest.NewWithKey(t, signer, verifier), sumdbtest.NewWithKey(t, signer, verifier)
	for i := range 3 {
		first.Add(t, sumModule(i), sumText(sumModule(i)))
		second.Add(t, sumModule(i+1), sumText(sumModule(i+1)))
	}
	first.Add(t, sumModule(9), sumText(sumModule(9)))
	p.cfg.Environ = append(p.cfg.Environ, "GOSUMDB="+verifier, "GOPROXY="+first.URL+","+second.URL)
	p.cfg.CacheDir = t.TempDir()
	rep, facts = p.sync(t, "delta")
	if !slices.Contains(rulesOf(rep), "sumdb/fork") || facts.Lines.Verified != 0 {
		t.Errorf("%v %+v", rulesOf(rep), facts.Lines)
	}
}

// The head that the go command has seen is compared too.
func TestSumDBGoHead(t *testing.T) {
	signer, verifier := sumdbtest.Key(t)
	first, second := sumdbtest.NewWithKey(t, signer, verifier), sumdbtest.NewWithKey(t, signer, verifier)
	p := newSumProject(t, 3)
	for i := range 3 {
		first.Add(t, sumModule(i), sumText(sumModule(i)))
		second.Add(t, sumModule(i+1), sumText(sumModule(i+1)))
	}
	gopath := t.TempDir()
	p.cfg.Environ = append(p.cfg.Environ, "GOSUMDB="+verifier, "GOPROXY="+first.URL, "GOPATH="+gopath)
	p.log = second
	dir := filepath.Join(gopath, "pkg", "sumdb", sumdbtest.Name)
	if err := os.MkdirAll(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	writeFile(t, filepath.Join(dir, "latest"), string(p.latest(t)))
	rep, facts := p.run(t)
	if !slices.Contains(rulesOf(rep), "sumdb/fork") || facts.Lines.Verified != 0 {
		t.Errorf("%v %+v", rulesOf(rep), facts.Lines)
	}
	p.log = first
	writeFile(t, filepath.Join(dir, "latest"), string(p.latest(t)))
	p.cfg.CacheDir = t.TempDir()
	if rep, facts := p.run(t); rep.Verdict != audit.VerdictPass || facts.Lines.Verified != 6 {
		t.Errorf("%s %+v", rep.Verdict, facts.Lines)
	}
}

// What was kept of the log is verified file by file.
func TestSumDBDoctor(t *testing.T) {
	p := newSumProject(t, 300)
	p.run(t)
	modcache := t.TempDir()
	gopath := t.TempDir()
	own := filepath.Join(p.cfg.CacheDir, "sumdb", strings.Join(strings.Split(p.log.Key, "+")[:2], "+"))
	kept := filepath.Join(modcache, "cache", "download", "sumdb", sumdbtest.Name)
	if err := os.CopyFS(kept, os.DirFS(own)); err != nil {
		t.Fatal(err)
	}
	p.cfg.Environ = append(p.cfg.Environ, "GOMODCACHE="+modcache, "GOPATH="+gopath)
	p.cfg.Target = &audit.Target{Dir: p.cfg.Target.Dir, LogCache: true}
	rep, facts := p.run(t)
	if rep.Verdict != audit.VerdictPass || facts.Kept.Verified < 600 || len(facts.Caches) != 3 || facts.Caches[0].Verified != facts.Caches[2].Verified {
		t.Fatalf("%s %+v %+v", rep.Verdict, facts.Kept, facts.Caches)
	}
	edit := func(name, old, new string) {
		t.Helper()
		path := filepath.Join(kept, filepath.FromSlash(name))
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		writeFile(t, path, strings.Replace(string(data), old, new, 1))
	}
	edit("lookup/example.com/m7@v1.0.0", "h1:", "h1:AAA")
	edit("lookup/example.com/m8@v1.0.0", "h1:", "h1:AAA")
	writeFile(t, filepath.Join(kept, "tile", "8", "nonsense"), "")
	signer, _ := sumdbtest.Key(t)
	other := sumdbtest.NewWithKey(t, signer, "")
	other.Add(t, sumModule(0), sumText(sumModule(0)))
	honest := p.log
	p.log = other
	foreign := string(p.latest(t))
	p.log = honest
	if err := os.MkdirAll(filepath.Join(gopath, "pkg", "sumdb", sumdbtest.Name), 0o777); err != nil {
		t.Fatal(err)
	}
	writeFile(t, filepath.Join(gopath, "pkg", "sumdb", sumdbtest.Name, "latest"), foreign)
	rep, facts = p.run(t)
	if got := rulesOf(rep); !slices.Equal(got, []string{"sumdb/forged-cache", "sumdb/malformed-cache", "sumdb/stale-cache"}) {
		t.Errorf("%q", got)
	}
	if *facts.Kept != (SumDBKept{Verified: facts.Kept.Verified, Forged: 2, StaleKey: 1, Malformed: 1}) || len(rep.Findings[0].Evidence) != 2 {
		t.Errorf("%+v %+v", facts.Kept, rep.Findings[0])
	}
	if rep.Findings[0].Subject.Name != "GOMODCACHE/cache/download/sumdb/"+sumdbtest.Name {
		t.Errorf("%+v", rep.Findings[0].Subject)
	}
	// A second record of a module that is in the log too, under another's name.
	p.log.Add(t, moduleVersion{Path: "example.com/z", Version: "v1.0.0"}, strings.ReplaceAll(sumText(sumModule(9)), "h1:", "h1:A"))
	second := string(p.fetch(t, "lookup/example.com/z@v1.0.0"))
	writeFile(t, filepath.Join(kept, "lookup", "example.com", "m9@v1.0.0"), second)
	rep, _ = p.run(t)
	if got := rulesOf(rep); !slices.Contains(got, "sumdb/duplicate-record") {
		t.Errorf("%q", got)
	}
	p.log.Close()
	rep, facts = p.run(t)
	if res := outcomeOf(t, rep, SumDB); res.ReasonID != "sumdb/cache-unchecked" && res.Outcome != audit.Failed || facts.Kept.Verified > 3 {
		t.Errorf("unplugged: %+v %+v", res, facts.Kept)
	}
}

// Without the network nothing that is kept can be called right.
func TestSumDBDoctorUnplugged(t *testing.T) {
	p := newSumProject(t, 3)
	p.run(t)
	p.cfg.Target = &audit.Target{Dir: p.cfg.Target.Dir, LogCache: true}
	p.log.Close()
	rep, facts := p.run(t)
	if res := outcomeOf(t, rep, SumDB); res.ReasonID != "sumdb/cache-unchecked" || facts.Kept.NotChecked == 0 {
		t.Errorf("%+v %+v", res, facts.Kept)
	}
	p.cfg.Offline = true
	if rep, facts := p.run(t); rep.Verdict != audit.VerdictPass || facts.Kept.NotChecked != 0 || facts.Requests != 0 {
		t.Errorf("offline, all at hand: %s %+v", rep.Verdict, facts.Kept)
	}
}

// Times of heads are those of the run.
func TestSumDBSince(t *testing.T) {
	p := newSumProject(t, 3)
	now := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	p.cfg.Now = func() time.Time { return now }
	p.run(t)
	p.cfg.Now = nil
	if _, facts := p.run(t); !facts.Logs[0].Since.Equal(now) {
		t.Errorf("%v", facts.Logs[0].Since)
	}
}
