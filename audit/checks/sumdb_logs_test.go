// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package checks

import (
	"crypto/rand"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"

	"github.com/goassay/assay/audit"
	"github.com/goassay/assay/sumdb"
	"github.com/goassay/assay/sumdb/sumdbtest"
)

// What a run about the logs themselves could not find out is no pass, though
// there be no hash that was left unchecked.
func TestSumDBLogUnknown(t *testing.T) {
	failing := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { http.Error(w, "", http.StatusInternalServerError) }))
	t.Cleanup(failing.Close)
	closed := httptest.NewServer(nil)
	closed.Close()
	tests := []struct {
		name    string
		environ func(p *sumProject) []string
		sync    string // reasons
		doctor  string
	}{
		{"off", func(*sumProject) []string { return []string{"GOSUMDB=off"} }, "sumdb/log-unknown", "sumdb/log-unknown"},
		{"garbage", func(*sumProject) []string { return []string{"GOSUMDB=garbage"} }, "sumdb/log-unknown", "sumdb/log-unknown"},
		{"no proxy", func(*sumProject) []string { return []string{"GOPROXY=bogus://x"} }, "sumdb/log-unknown", "sumdb/log-unknown"},
		{"network down", func(p *sumProject) []string { return []string{"GOPROXY=" + closed.URL} }, "sumdb/log-unknown", "sumdb/nothing-kept"},
		{"one proxy fails", func(p *sumProject) []string { return []string{"GOPROXY=" + p.log.URL + "," + failing.URL} }, "sumdb/log-unknown", ""},
		{"one proxy is down", func(p *sumProject) []string { return []string{"GOPROXY=" + p.log.URL + "|" + closed.URL} }, "sumdb/log-unknown", ""},
		{"all well", func(*sumProject) []string { return nil }, "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := newSumProject(t, 3)
			p.cfg.Environ = append(p.cfg.Environ, tt.environ(p)...)
			p.cfg.Target = &audit.Target{Dir: p.cfg.Target.Dir}
			demandReason(t, p, "sync", tt.sync, func() *audit.Report { rep, _ := p.sync(t, "delta"); return rep })
			p.cfg.Settings = nil
			p.cfg.Target = &audit.Target{Dir: p.cfg.Target.Dir, LogCache: true}
			demandReason(t, p, "doctor", tt.doctor, func() *audit.Report { rep, _ := p.run(t); return rep })
		})
	}
}

// demandReason demands that a run ends with a reason, or is a pass, and that the
// stored facts say the same.
func demandReason(t *testing.T, p *sumProject, what, reason string, run func() *audit.Report) {
	t.Helper()
	store, err := audit.CreateEvidenceDir(filepath.Join(t.TempDir(), "evidence"))
	if err != nil {
		t.Fatal(err)
	}
	p.cfg.Evidence = store
	rep := run()
	res := outcomeOf(t, rep, SumDB)
	if res.ReasonID != reason || (res.Outcome == audit.Passed) != (reason == "") {
		t.Errorf("%s: %+v", what, res)
	}
	if err := store.Verify(rep, []*audit.Check{SumDB}); err != nil {
		t.Errorf("%s: %v", what, err)
	}
	callPass(rep)
	if err := store.Verify(rep, []*audit.Check{SumDB}); (err == nil) != (reason == "") {
		t.Errorf("%s: called a pass: %v", what, err)
	}
}

// callPass makes a report say that all is well.
func callPass(r *audit.Report) {
	c := &r.Checks[0]
	c.Outcome, c.Reason, c.ReasonID, c.ReasonArgs = audit.Passed, "", "", nil
	r.Findings, r.Verdict = nil, audit.VerdictPass
}

// A proxy that serves a head without the log's signature is named.
func TestSumDBForgedHead(t *testing.T) {
	p := newSumProject(t, 3)
	old := string(p.latest(t))
	forger := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Write([]byte(strings.Replace(old, "\n3\n", "\n2\n", 1)))
	}))
	t.Cleanup(forger.Close)
	p.cfg.Environ = append(p.cfg.Environ, "GOPROXY="+p.log.URL+","+forger.URL)
	rep, facts := p.sync(t, "delta")
	if got := rulesOf(rep); !slices.Equal(got, []string{"sumdb/bad-signature"}) || facts.Logs[0].Proxies[1].State != ProxyForged {
		t.Fatalf("%v %+v", got, facts.Logs[0].Proxies)
	}
	if what := rep.Findings[0].Args["what"]; what != forger.URL+"/sumdb/"+sumdbtest.Name+"/latest" {
		t.Errorf("names %v", what)
	}
}

// Doctor looks at what was kept of each log in force, the policy's too, and says
// what is kept of others.
func TestSumDBDoctorLogs(t *testing.T) {
	p := newSumProject(t, 3)
	policy := audit.DefaultPolicy()
	policy.SumDB.Logs = []audit.PolicyLog{{GOSUMDB: p.log.GOSUMDB(), Modules: []string{"example.com/*"}}}
	p.cfg.Policy = policy
	p.cfg.Environ = append(p.cfg.Environ, "GOSUMDB=off")
	p.run(t)
	files, err := filepath.Glob(filepath.Join(p.cfg.CacheDir, "sumdb", "*", "lookup", "example.com", "m1@v1.0.0"))
	if err != nil || len(files) != 1 {
		t.Fatal(files, err)
	}
	data, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	p.cfg.Target = &audit.Target{Dir: p.cfg.Target.Dir, LogCache: true}
	if rep, facts := p.run(t); rep.Verdict != audit.VerdictPass || facts.Kept.Verified == 0 {
		t.Fatalf("%s %+v %+v", rep.Verdict, facts.Kept, rep.Checks)
	}
	writeFile(t, files[0], strings.Replace(string(data), "h1:", "h1:AAA", 1))
	if rep, _ := p.run(t); !slices.Equal(rulesOf(rep), []string{"sumdb/forged-cache"}) {
		t.Errorf("%v", rep.Findings)
	}
	writeFile(t, files[0], string(data))

	modcache, gopath := t.TempDir(), t.TempDir()
	p.cfg.Environ = append(p.cfg.Environ, "GOMODCACHE="+modcache, "GOPATH="+gopath)
	for _, dir := range []string{filepath.Join(modcache, "cache", "download", "sumdb", "old.example"), filepath.Join(gopath, "pkg", "sumdb", "other.example", "log")} {
		if err := os.MkdirAll(dir, 0o777); err != nil {
			t.Fatal(err)
		}
	}
	rep, facts := p.run(t)
	want := []string{"GOPATH/pkg/sumdb/other.example", "GOMODCACHE/cache/download/sumdb/old.example"}
	if res := outcomeOf(t, rep, SumDB); res.ReasonID != "sumdb/other-logs" || !slices.Equal(facts.Strangers, want) {
		t.Errorf("%+v %q", res, facts.Strangers)
	}
}

// One log may be both the policy's and that of GOSUMDB, and two may share a name
// while a key is rotated: an honest report of them is valid.
func TestSumDBLogTwice(t *testing.T) {
	p := newSumProject(t, 4)
	store, err := audit.CreateEvidenceDir(filepath.Join(t.TempDir(), "evidence"))
	if err != nil {
		t.Fatal(err)
	}
	p.cfg.Evidence = store
	p.cfg.Policy = audit.DefaultPolicy()
	p.cfg.Policy.SumDB.Logs = []audit.PolicyLog{{GOSUMDB: p.log.GOSUMDB(), Modules: []string{"example.com/m1"}}}
	rep, facts := p.run(t)
	if len(facts.Logs) != 1 || facts.Lines.Verified != 8 {
		t.Errorf("%+v", facts)
	}
	if err := store.Verify(rep, []*audit.Check{SumDB}); err != nil {
		t.Errorf("one log: %v", err)
	}

	other := sumdbtest.New(t) // of the same name, with another key
	other.Add(t, sumModule(1), sumText(sumModule(1)))
	p.cfg.Policy.SumDB.Logs[0].GOSUMDB = other.GOSUMDB()
	rep, facts = p.run(t)
	if len(facts.Logs) != 2 || facts.Lines.Verified != 8 || facts.Logs[0].Name == facts.Logs[1].Name || facts.Modules[1].Log != facts.Logs[0].Name {
		t.Errorf("%+v", facts)
	}
	if err := store.Verify(rep, []*audit.Check{SumDB}); err != nil {
		t.Errorf("two keys: %v", err)
	}
}

// A report that leaves out what its facts say of the logs and of what was kept.
func TestSumDBConcludeLogs(t *testing.T) {
	facts := SumDBFacts{
		Logs: []SumDBLog{
			{Name: "a", Latest: 5, Before: 6, Ahead: 7, Proxies: []SumDBProxy{{State: ProxySigned, Size: 4}, {State: ProxyForged}, {State: ProxyNone}}},
			{Name: "b", Latest: 5, Before: 5, Ahead: 5, Proxies: []SumDBProxy{{State: ProxySigned, Size: 5}}},
			{Name: "c", NoLatest: true, Before: 6, Violations: []SumDBViolation{{Kind: "fork"}}},
		},
		Caches: []SumDBLogCache{{Cache: "x", SumDBKept: SumDBKept{Forged: 1, StaleKey: 1, Malformed: 1}}, {Cache: "y", SumDBKept: SumDBKept{Verified: 1}}},
	}
	_, verifier := sumdbtest.Key(t)
	facts.Logs = append(facts.Logs, SumDBLog{Name: "d", Key: verifier, NoLatest: true, Sync: &SumDBSync{}})
	facts.Logs[3].Sync.Removed = append(facts.Logs[3].Sync.Removed, sumdb.CachedFile{State: sumdb.FileForged}, sumdb.CachedFile{State: sumdb.FileUnchecked})
	raw := mustJSON(t, facts)
	findings, err := concludeSumDB(raw)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range findings {
		name, _, _ := strings.Cut(f.Subject.Name, "/sumdb/")
		got = append(got, f.Rule+" "+name)
	}
	slices.Sort(got)
	want := []string{
		"sumdb/bad-signature a", "sumdb/forged-cache ASSAY_CACHE", "sumdb/forged-cache x", "sumdb/fork c", "sumdb/malformed-cache x",
		"sumdb/older-head a", "sumdb/rollback a", "sumdb/stale-cache x", "sumdb/stalled a",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

// Evidence of a violation is read again, and that of a fork verified.
func TestSumDBRecheckViolations(t *testing.T) {
	signer, verifier := sumdbtest.Key(t)
	first, second := sumdbtest.NewWithKey(t, signer, verifier), sumdbtest.NewWithKey(t, signer, verifier)
	for i := range 3 {
		first.Add(t, sumModule(i), sumText(sumModule(i)))
		second.Add(t, sumModule(3-i), sumText(sumModule(3-i)))
	}
	store, err := audit.CreateEvidenceDir(filepath.Join(t.TempDir(), "evidence"))
	if err != nil {
		t.Fatal(err)
	}
	p := newSumProject(t, 3)
	p.cfg.Evidence = store
	p.cfg.Environ = append(p.cfg.Environ, "GOSUMDB="+verifier, "GOPROXY="+first.URL+","+second.URL)
	rep, facts := p.sync(t, "delta")
	if err := store.Verify(rep, []*audit.Check{SumDB}); err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(facts.Logs[0].Violations, func(v SumDBViolation) bool { return v.Fork != "" })
	if i < 0 {
		t.Fatalf("%+v", facts.Logs[0].Violations)
	}
	v := &facts.Logs[0].Violations[i]
	for name, lie := range map[string]func(){
		"fork":     func() { v.Fork = v.Evidence[0] },
		"evidence": func() { v.Evidence = []string{"sha256:" + strings.Repeat("0", 64)} },
	} {
		was := *v
		lie()
		if err := recheckSumDB(mustJSON(t, facts), store.Get); err == nil {
			t.Errorf("%s: passes", name)
		}
		*v = was
	}
	callPass(rep)
	if err := store.Verify(rep, []*audit.Check{SumDB}); err == nil || !strings.Contains(err.Error(), "sumdb/fork") {
		t.Errorf("called a pass: %v", err)
	}
}

func mustJSON(t *testing.T, v any) []byte {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// A head that was seen and could not be compared is a question left open, and so is
// the record that came with it.
func TestSumDBUncompared(t *testing.T) {
	p := newSumProject(t, 257)
	old := p.fetch(t, "lookup/example.com/m1@v1.0.0")
	for i := 257; i < 600; i++ {
		p.log.Add(t, sumModule(i), sumText(sumModule(i)))
	}
	writeFile(t, p.sum, sumText(sumModule(1))+sumText(sumModule(2)))
	refuse := true
	p.log.Lie(func(w http.ResponseWriter, r *http.Request, honest http.Handler) {
		switch {
		case r.URL.Path == "/lookup/example.com/m1@v1.0.0":
			w.Write(old)
		case refuse && strings.HasPrefix(r.URL.Path, "/tile/8/0/001"):
			http.Error(w, "", http.StatusForbidden)
		default:
			honest.ServeHTTP(w, r)
		}
	})
	demandReason(t, p, "refused", "sumdb/not-checked", func() *audit.Report {
		rep, facts := p.run(t)
		if u := facts.Logs[0].Uncompared; len(u) != 1 || u[0].Size != 257 || facts.Lines != (SumDBLines{Verified: 2, NotChecked: 2}) || facts.Modules[0].Reason != reasonHead {
			t.Errorf("%+v %+v", facts.Logs[0], facts.Modules)
		}
		return rep
	})
	refuse = false
	demandReason(t, p, "served", "", func() *audit.Report { rep, _ := p.run(t); return rep })
}

// What cannot be kept, or was kept and cannot be read, is told: the next run, or
// this one, has nothing to hold the log to.
func TestSumDBNotKept(t *testing.T) {
	p := newSumProject(t, 3)
	p.run(t)
	heads, err := filepath.Glob(filepath.Join(p.cfg.CacheDir, "sumdb", "*", "heads", "*"))
	if err != nil || len(heads) != 1 {
		t.Fatal(heads, err)
	}
	writeFile(t, heads[0], "garbage")
	if rep, facts := p.run(t); !slices.Contains(rulesOf(rep), "sumdb/history-unread") || facts.Lines.Verified != 6 {
		t.Errorf("%v %+v", rulesOf(rep), facts.Logs)
	}

	p.cfg.CacheDir = t.TempDir()
	writeFile(t, filepath.Join(p.cfg.CacheDir, "sumdb"), "a file where a folder must be")
	rep, facts := p.run(t)
	if !slices.Contains(rulesOf(rep), "sumdb/not-kept") || facts.Lines.Verified != 6 || !facts.Logs[0].Unwritten.Lost {
		t.Errorf("%v %+v", rulesOf(rep), facts.Logs)
	}
	if raw := rep.Facts["sumdb"]; strings.Contains(string(raw), p.cfg.CacheDir) {
		t.Errorf("the report names a folder of this machine: %s", raw)
	}
	if rep, _ := p.sync(t, "delta"); outcomeOf(t, rep, SumDB).ReasonID != "sumdb/log-unknown" {
		t.Errorf("sync: %+v", outcomeOf(t, rep, SumDB))
	}
}

// What a report says of kept files is one thing throughout, and private is only
// what a pattern matches.
func TestSumDBRecheckKept(t *testing.T) {
	p := newSumProject(t, 3)
	store, err := audit.CreateEvidenceDir(filepath.Join(t.TempDir(), "evidence"))
	if err != nil {
		t.Fatal(err)
	}
	p.cfg.Evidence = store
	p.run(t)
	files, err := filepath.Glob(filepath.Join(p.cfg.CacheDir, "sumdb", "*", "lookup", "example.com", "m1@v1.0.0"))
	if err != nil || len(files) != 1 {
		t.Fatal(files, err)
	}
	data, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, files[0], strings.Replace(string(data), "h1:", "h1:AAA", 1))
	p.cfg.Target = &audit.Target{Dir: p.cfg.Target.Dir, LogCache: true}
	rep, facts := p.run(t)
	if err := recheckSumDB(rep.Facts["sumdb"], store.Get); err != nil || facts.Kept.Forged != 1 {
		t.Fatal(err, facts.Kept)
	}
	i := slices.IndexFunc(facts.Caches, func(c SumDBLogCache) bool { return c.Forged == 1 })
	for name, lie := range map[string]func(f *SumDBFacts){
		"no forged file": func(f *SumDBFacts) { f.Caches[i].Forged, f.Kept.Forged = 0, 0 },
		"a verified one": func(f *SumDBFacts) { f.Kept.Verified++ },
		"no folder":      func(f *SumDBFacts) { f.Caches = nil },
		"no count":       func(f *SumDBFacts) { f.Kept = nil },
		"no list":        func(f *SumDBFacts) { f.Caches[i].Problems = nil },
	} {
		var copied SumDBFacts
		if err := json.Unmarshal(rep.Facts["sumdb"], &copied); err != nil {
			t.Fatal(err)
		}
		lie(&copied)
		if err := recheckSumDB(mustJSON(t, copied), store.Get); err == nil {
			t.Errorf("%s: passes", name)
		}
	}

	p = newSumProject(t, 3)
	p.cfg.Evidence = store
	p.cfg.Environ = append(p.cfg.Environ, "GOPRIVATE=example.com/m1")
	_, facts = p.run(t)
	facts.Modules[1].Detail = "other.example/*"
	if err := recheckSumDB(mustJSON(t, facts), store.Get); err == nil {
		t.Error("private by a pattern that does not match: passes")
	}
}

// A proxy that says that it passes the log on, and has no head of it, is not one
// that never heard of it.
func TestSumDBNoHead(t *testing.T) {
	p := newSumProject(t, 3)
	headless := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasSuffix(r.URL.Path, "/supported") {
			http.NotFound(w, r)
		}
	}))
	t.Cleanup(headless.Close)
	p.cfg.Environ = append(p.cfg.Environ, "GOPROXY="+p.log.URL+","+headless.URL)
	rep, facts := p.sync(t, "delta")
	if res := outcomeOf(t, rep, SumDB); res.ReasonID != "sumdb/log-unknown" || facts.Logs[0].Proxies[1].State != ProxyUnknown {
		t.Errorf("%+v %+v", res, facts.Logs[0].Proxies)
	}
}

// A folder of another log may stand where the path of a log in force begins.
func TestSumDBStrangerBeside(t *testing.T) {
	p := newSumProject(t, 3)
	modcache := t.TempDir()
	p.cfg.Environ = append(p.cfg.Environ, "GOMODCACHE="+modcache)
	p.cfg.Target = &audit.Target{Dir: p.cfg.Target.Dir, LogCache: true}
	signer, verifier, err := note.GenerateKey(rand.Reader, "host.example/corp/log")
	if err != nil {
		t.Fatal(err)
	}
	log := sumdbtest.NewWithKey(t, signer, verifier)
	p.cfg.Environ = append(p.cfg.Environ, "GOSUMDB="+log.GOSUMDB())
	kept := filepath.Join(modcache, "cache", "download", "sumdb", "host.example")
	for _, dir := range []string{"corp/log/lookup", "corp/other", "lookup"} {
		if err := os.MkdirAll(filepath.Join(kept, filepath.FromSlash(dir)), 0o777); err != nil {
			t.Fatal(err)
		}
	}
	_, facts := p.run(t)
	want := []string{"GOMODCACHE/cache/download/sumdb/host.example/corp/other", "GOMODCACHE/cache/download/sumdb/host.example/lookup"}
	if !slices.Equal(facts.Strangers, want) {
		t.Errorf("%q", facts.Strangers)
	}
}
