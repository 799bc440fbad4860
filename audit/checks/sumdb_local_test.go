// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package checks

import (
	"archive/zip"
	"bytes"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/module"
	"golang.org/x/mod/sumdb/dirhash"

	"github.com/goassay/assay/audit"
	"github.com/goassay/assay/audit/goenv"
	"github.com/goassay/assay/audit/goroot"
)

// A vendored module needs a hash in go.sum, though no build would ask for it.
func TestSumDBVendored(t *testing.T) {
	p := newSumProject(t, 2)
	dir := filepath.Join(p.cfg.Target.Dir, "vendor")
	if err := os.Mkdir(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	list := "# example.com/m0 v1.0.0\n## explicit\nexample.com/m0\n# example.com/x v1.0.0 => example.com/m1 v1.0.0\n## explicit\nexample.com/x\n" +
		"# example.com/y v1.0.0 => ./y\n## explicit\nexample.com/y\n# example.com/none v1.0.0\n## explicit\n"
	writeFile(t, filepath.Join(dir, "modules.txt"), list)
	if rep, _ := p.run(t); len(rep.Findings) != 0 {
		t.Errorf("%+v", rep.Findings)
	}
	p.edit(t, "example.com/m1 v1.0.0 h1:", "example.com/m0 v1.0.0/go.mod h1:")
	rep, _ := p.run(t)
	i := slices.IndexFunc(rep.Findings, func(f audit.Finding) bool { return f.Rule == "sumdb/vendor-no-hash" })
	if i < 0 || rep.Findings[i].Subject.Name != "example.com/m1@v1.0.0" || rep.Findings[i].Location.Line != 4 {
		t.Errorf("%+v", rep.Findings)
	}
}

// fakeRelease is the module of a Go release that never was, and an installation
// of it.
type fakeRelease struct {
	*sumProject
	dir string // GOROOT
}

// newFakeRelease makes an installation around the real go command, because the
// check asks it for GOROOT.
func newFakeRelease(t *testing.T) *fakeRelease {
	t.Helper()
	p := newSumProject(t, 1)
	p.cfg.Target = &audit.Target{Dir: p.cfg.Target.Dir, Toolchain: true}
	r := &fakeRelease{p, t.TempDir()}
	for name, content := range map[string]string{
		"VERSION": "go1.26.8\n", "go.env": "GOTOOLCHAIN=local\n", "src/go.mod": "module std\n", "src/fmt/print.go": "package fmt\n", "bin/go": "go",
	} {
		r.write(t, name, content)
	}
	p.cfg.Environ = append(p.cfg.Environ, "GOROOT="+r.dir)
	return r
}

func (r *fakeRelease) write(t *testing.T, name, content string) {
	t.Helper()
	path := filepath.Join(r.dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	writeFile(t, path, content)
}

// release logs the release as its files are now, and serves its zip file. With
// goEnv the release has another go.env than the installation: the released one,
// of which only the digest is known.
func (r *fakeRelease) release(t *testing.T, releasedEnv bool) module.Version {
	t.Helper()
	tree, err := goroot.Scan(t.Context(), r.dir, runtime.GOOS, runtime.GOARCH, nil)
	if err != nil {
		t.Fatal(err)
	}
	m, err := tree.Module()
	if err != nil {
		t.Fatal(err)
	}
	if releasedEnv {
		tree = tree.With("go.env", goEnvSum)
	}
	hash := goroot.HashListing(tree.Listing(m))
	r.sumProject.log.Add(t, m, m.Path+" "+m.Version+" "+hash+"\n"+m.Path+" "+m.Version+"/go.mod "+sumHash("mod")+"\n")
	var buf bytes.Buffer
	z := zip.NewWriter(&buf)
	for _, f := range tree.Files {
		w, err := z.Create(m.String() + "/" + f.Name)
		if err != nil {
			t.Fatal(err)
		}
		data, err := os.ReadFile(filepath.Join(r.dir, strings.Replace(f.Name, "_go.mod", "go.mod", 1)))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(data); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	r.sumProject.log.Lie(func(w http.ResponseWriter, req *http.Request, honest http.Handler) {
		if strings.HasSuffix(req.URL.Path, "/@v/"+m.Version+".zip") {
			http.ServeContent(w, req, "x.zip", time.Time{}, bytes.NewReader(buf.Bytes()))
			return
		}
		honest.ServeHTTP(w, req)
	})
	return m
}

// An installation as released, with another go.env, and with other files, which
// are named; and what cannot be told.
func TestSumDBToolchain(t *testing.T) {
	store, err := audit.CreateEvidenceDir(filepath.Join(t.TempDir(), "evidence"))
	if err != nil {
		t.Fatal(err)
	}
	r := newFakeRelease(t)
	r.cfg.Evidence = store
	check := func(name, rule, reason string) SumDBFacts {
		t.Helper()
		rep, facts := r.run(t)
		rules := rulesOf(rep)
		if rule == "" && len(rules) > 0 || rule != "" && !slices.Equal(rules, []string{rule}) {
			t.Errorf("%s: %q", name, rules)
		}
		if res := outcomeOf(t, rep, SumDB); res.ReasonID != reason {
			t.Errorf("%s: %+v", name, res)
		}
		if err := store.Verify(rep, []*audit.Check{SumDB}); err != nil {
			t.Errorf("%s: checked again: %v", name, err)
		}
		return facts
	}
	check("not logged", "sumdb/not-logged", "")
	m := r.release(t, false)
	if facts := check("as released", "", ""); facts.Hashes.Verified != 1 || facts.Toolchain.Version != m.Version || facts.Toolchain.Differs != nil {
		t.Errorf("%+v %+v", facts.Hashes, facts.Toolchain)
	}
	r.write(t, "src/fmt/print.go", "package fmt // evil\n")
	r.write(t, "src/fmt/more.go", "package fmt\n")
	facts := check("changed", "sumdb/toolchain-mismatch", "")
	if d := facts.Toolchain.Differs; d == nil || !d.Proven || !slices.Equal(d.Changed, []string{"src/fmt/print.go"}) || !slices.Equal(d.Added, []string{"src/fmt/more.go"}) {
		t.Errorf("%+v", d)
	}
	// Without the zip file the finding stays, and the names are missing.
	r.sumProject.log.Lie(nil)
	if facts := check("no zip file", "sumdb/toolchain-mismatch", ""); facts.Toolchain.Differs != nil || facts.Toolchain.Error == "" {
		t.Errorf("%+v", facts.Toolchain)
	}
	r.cfg.Offline = true
	if facts := check("offline", "sumdb/toolchain-mismatch", ""); facts.Toolchain.Error != "offline" {
		t.Errorf("%+v", facts.Toolchain)
	}
	r.cfg.Offline = false
	if err := os.Symlink("nowhere", filepath.Join(r.dir, "src", "dangling")); err != nil {
		t.Fatal(err)
	}
	check("a link that leads nowhere", "sumdb/toolchain-mismatch", "sumdb/toolchain-unread")
	r.write(t, "VERSION", "go1.26.8-corp\n")
	check("a vendor's", "", "sumdb/no-toolchain")
	if err := os.Remove(filepath.Join(r.dir, "VERSION")); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(r.dir, "VERSION"), 0o777); err != nil {
		t.Fatal(err)
	}
	check("unreadable", "", "sumdb/toolchain-unread")
}

// A zip file that lies proves nothing, and that is said.
func TestSumDBToolchainClaimed(t *testing.T) {
	r := newFakeRelease(t)
	r.release(t, false)
	lie := *r
	lie.dir = t.TempDir()
	for _, name := range []string{"VERSION", "go.env"} {
		data, err := os.ReadFile(filepath.Join(r.dir, name))
		if err != nil {
			t.Fatal(err)
		}
		lie.write(t, name, string(data))
	}
	other := newSumProject(t, 1)
	lie.sumProject = other
	lie.release(t, false) // serves a zip file of two files
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if strings.HasSuffix(req.URL.Path, ".zip") {
			other.log.Config.Handler.ServeHTTP(w, req)
			return
		}
		r.sumProject.log.Config.Handler.ServeHTTP(w, req)
	}))
	t.Cleanup(srv.Close)
	r.write(t, "src/fmt/print.go", "package fmt // evil\n")
	r.cfg.Environ = append(r.cfg.Environ, "GOPROXY="+srv.URL)
	rep, facts := r.run(t)
	if d := facts.Toolchain.Differs; d == nil || d.Proven || rep.Findings[0].Args["naming"] != "claimed" {
		t.Errorf("%+v %+v", facts.Toolchain, rep.Findings)
	}
}

func TestSumDBGoEnvEdited(t *testing.T) {
	store, err := audit.CreateEvidenceDir(filepath.Join(t.TempDir(), "evidence"))
	if err != nil {
		t.Fatal(err)
	}
	r := newFakeRelease(t)
	r.cfg.Evidence = store
	r.write(t, "go.env", "GOPROXY=https://corp.example\nGOSUMDB=sum.golang.org\nGOTOOLCHAIN=local\n")
	r.release(t, true)
	rep, facts := r.run(t)
	if got := rulesOf(rep); !slices.Equal(got, []string{"sumdb/go-env-edited"}) || !facts.Toolchain.GoEnvOnly || facts.Hashes.Mismatch != 1 || rep.Verdict != audit.VerdictPass {
		t.Errorf("%q %+v", got, facts.Toolchain)
	}
	if err := store.Verify(rep, []*audit.Check{SumDB}); err != nil {
		t.Errorf("checked again: %v", err)
	}
	if goenv.ReleasedFile == "" {
		t.Error("no digest")
	}
}

// What the module cache holds of a project's modules, and all that it holds.
func TestSumDBModCache(t *testing.T) {
	p := newSumProject(t, 2)
	cache := t.TempDir()
	p.cfg.Environ = append(p.cfg.Environ, "GOMODCACHE="+cache)
	p.cfg.Target.ModCache = true
	if rep, _ := p.run(t); outcomeOf(t, rep, SumDB).ReasonID != "sumdb/cache-empty" {
		t.Errorf("%+v", outcomeOf(t, rep, SumDB))
	}
	m := module.Version{Path: "example.com/cached", Version: "v1.0.0"}
	folder := filepath.Join(cache, "example.com", "cached@v1.0.0")
	download := filepath.Join(cache, "cache", "download", "example.com", "cached", "@v")
	for _, dir := range []string{folder, download} {
		if err := os.MkdirAll(dir, 0o777); err != nil {
			t.Fatal(err)
		}
	}
	writeFile(t, filepath.Join(folder, "a.go"), "package a\n")
	hash, err := dirhash.HashDir(folder, m.String(), dirhash.Hash1)
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, filepath.Join(download, "v1.0.0.ziphash"), hash)
	line := m.Path + " " + m.Version + " " + hash + "\n"
	p.log.Add(t, m, line+m.Path+" "+m.Version+"/go.mod "+sumHash("mod")+"\n")
	data, err := os.ReadFile(p.sum)
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, p.sum, string(data)+line)
	store, err := audit.CreateEvidenceDir(filepath.Join(t.TempDir(), "evidence"))
	if err != nil {
		t.Fatal(err)
	}
	p.cfg.Evidence = store
	verify := func(rep *audit.Report) {
		t.Helper()
		if err := store.Verify(rep, []*audit.Check{SumDB}); err != nil {
			t.Errorf("checked again: %v", err)
		}
	}
	rep, facts := p.run(t)
	if rep.Verdict != audit.VerdictPass || *facts.Hashes != (SumDBLines{Verified: 2}) || facts.Cache.Modules != 1 || facts.Cache.Wanted != 3 {
		t.Errorf("%s %+v %+v", rep.Verdict, facts.Hashes, facts.Cache)
	}
	verify(rep)
	writeFile(t, filepath.Join(folder, "a.go"), "package evil\n")
	rep, facts = p.run(t)
	if got := rulesOf(rep); !slices.Equal(got, []string{"sumdb/cache-mismatch"}) || rep.Findings[0].Args["file"] != "GOMODCACHE/example.com/cached@v1.0.0" || rep.Findings[0].Location != nil {
		t.Errorf("%q %+v", got, rep.Findings)
	}
	verify(rep)
	writeFile(t, filepath.Join(download, "v1.0.0.ziphash"), "nonsense")
	p.cfg.Target = &audit.Target{Dir: p.cfg.Target.Dir, ModCache: true}
	writeFile(t, filepath.Join(folder, "a.go"), "package a\n")
	rep, facts = p.run(t)
	if res := outcomeOf(t, rep, SumDB); res.ReasonID != "sumdb/cache-unread" || facts.Cache.Wanted != 0 || facts.Hashes.Verified != 1 {
		t.Errorf("%+v %+v", res, facts.Cache)
	}
	verify(rep)
}
