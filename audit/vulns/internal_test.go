// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package vulns

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"golang.org/x/mod/semver"
	"golang.org/x/sync/errgroup"

	"github.com/goassay/assay/audit/gobin"
	"github.com/goassay/assay/internal/machine"
)

// ForgetSnapshot lets the next call of Snapshot open it again.
func ForgetSnapshot() {
	openSnapshot = sync.OnceValues(func() (*Database, error) {
		return readArchive(context.Background(), strings.NewReader(snapshot), int64(len(snapshot)), Source{Kind: SourceSnapshot})
	})
}

func TestGoVersion(t *testing.T) {
	for release, want := range map[string]string{
		"go1.26.8": "v1.26.8", "go1.26": "v1.26.0", "go1": "v1.0.0", "go1.27rc1": "v1.27.0-rc.1", "go1.5beta2": "v1.5.0-beta.2", "go1.26.8 X:a,b": "v1.26.8", "go1.26.8-X:a": "v1.26.8",
		"go1.20-pre4": "v1.20.0-pre.4", "go1.22.2-fips": "v1.22.2", "go1.22.2+vendor": "v1.22.2", "v1.26.8": "v1.26.8", "go1.19.8 (Red Hat)": "v1.19.8",
		"": "", "devel go1.27-abc": "", "go1.27-devel_abc": "", "go2.0": "", "1.26.8": "", "go1.26.8x": "", "gccgo": "", "v1": "", "go1.2.3.4": "", "(devel)": "",
	} {
		if got, ok := goSemver(release); ok != (want != "") || ok && got != want {
			t.Errorf("%q: %q, %v, want %q", release, got, ok, want)
		}
	}
	for version, want := range map[string]string{"v1.26.8": "go1.26.8", "v1.21.0": "go1.21.0", "v1.20.0": "go1.20", "v1.19.8": "go1.19.8", "v1.27.0-rc.1": "go1.27rc1", "v1.26.0-0": "go1.26"} {
		if got := goVersion(version); got != want {
			t.Errorf("%s: %s, want %s", version, got, want)
		}
	}
}

// TestFixed looks for the smallest later version that is not affected, and for what the
// index may say.
func TestFixed(t *testing.T) {
	e, err := decodeEntry([]byte(`{"id":"X","modified":"2026-01-01T00:00:00Z","affected":[
		{"package":{"name":"a","ecosystem":"Go"},"ranges":[{"type":"SEMVER","events":[{"fixed":"1.5.0"},{"introduced":"1.0.0"},{"introduced":"2.0.0"},{"fixed":"2.1.0"}]}]},
		{"package":{"name":"a","ecosystem":"Go"},"ranges":[{"type":"SEMVER","events":[{"introduced":"1.4.0"},{"fixed":"1.6.0"}]}]},
		{"package":{"name":"b","ecosystem":"Go"},"ranges":[{"type":"SEMVER","events":[{"introduced":"0"},{"fixed":"1.0.0"},{"introduced":"1.0.0"}]}]},
		{"package":{"name":"c","ecosystem":"Go"}}]}`))
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		module, version string
		affected        bool
		fixed           string
	}{
		{"a", "v0.9.0", false, "v1.6.0"}, {"a", "v1.2.0", true, "v1.6.0"}, {"a", "v1.5.5", true, "v1.6.0"}, {"a", "v1.6.0", false, "v2.1.0"}, {"a", "v2.0.0", true, "v2.1.0"}, {"a", "v2.1.0", false, ""},
		{"b", "v0.5.0", true, ""}, {"b", "v1.0.0", true, ""}, {"c", "v1.0.0", true, ""}, {"d", "v1.0.0", false, ""},
	} {
		if got := e.affects(test.module, test.version); got != test.affected {
			t.Errorf("%s %s: affected %v", test.module, test.version, got)
		}
		if got := e.fixed(test.module, test.version); got != test.fixed {
			t.Errorf("%s %s: fixed at %s, want %s", test.module, test.version, got, test.fixed)
		}
	}
	for version, want := range map[string]bool{"v2.1.0": true, "v1.6.0": false, "v1.5.0": false, "v3.0.0": true} {
		if e.fixedFrom("a", version) != want {
			t.Error(version, want)
		}
	}
	if e.fixedFrom("b", "v9.0.0") || e.fixedFrom("c", "v9.0.0") {
		t.Error("fixed in spite of a range without an end")
	}
}

func TestSymbolName(t *testing.T) {
	for name, want := range map[string]string{
		"a.F": "F", "a/b.(*T).M": "T.M", "a/b.T.M": "T.M", "a/b.F[...]": "F", "a/b.(*T[go.shape.int]).M": "T.M", "a/b.T[a/c.X[int]].M": "T.M", "a%2eb.F": "F",
		"a/b.F.func1": "F.func1", "a/b.(*T).M-fm": "T.M-fm", "a/b.F[x/y.Z].func1[x/y.Z]": "F.func1", "a/b.init.0": "init.0", "a/b": "", "": "", "a.F]": "F]",
	} {
		if got := symbolName(name); got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
}

func FuzzEntry(f *testing.F) {
	f.Add([]byte(`{"id":"X","modified":"2026-01-01T00:00:00Z","affected":[{"package":{"name":"a","ecosystem":"Go"},"ranges":[{"type":"SEMVER","events":[{"introduced":"0"},{"fixed":"1.5.0"}]}],
		"ecosystem_specific":{"imports":[{"path":"a/b","goos":["linux"],"symbols":["F"]}]}}]}`), "v1.0.0")
	f.Fuzz(func(t *testing.T, raw []byte, version string) {
		e, err := decodeEntry(raw)
		if err != nil {
			return
		}
		version, ok := semverOf(version)
		if !ok {
			return
		}
		for _, m := range e.modules() {
			if fixed := e.fixed(m, version); fixed != "" && (e.affects(m, fixed) || semver.Compare(fixed, version) <= 0) {
				t.Errorf("%s: %s is fixed at %s", m, version, fixed)
			}
			if e.fixedFrom(m, version) && e.affects(m, version) {
				t.Errorf("%s: fixed from %s on, and affected", m, version)
			}
			e.packages(m, version, Platform{OS: "linux"})
		}
	})
}

func FuzzIndex(f *testing.F) {
	f.Add([]byte(`{"modified":"2026-01-01T00:00:00Z"}`), []byte(`[{"path":"a","vulns":[{"id":"X","modified":"2026-01-01T00:00:00Z"}]}]`), []byte(`[{"id":"X","modified":"2026-01-01T00:00:00Z"}]`),
		[]byte(`{"id":"X","modified":"2026-01-01T00:00:00Z","affected":[{"package":{"name":"a","ecosystem":"Go"}}]}`))
	f.Fuzz(func(t *testing.T, meta, modules, vulns, entry []byte) {
		db, err := openDatabase(t.Context(), memStore{dbIndex: meta, modulesIndex: modules, vulnsIndex: vulns, "ID/X.json": entry}, Source{})
		if err != nil {
			return
		}
		if db.Entries == 0 || db.Modules == 0 || db.Modified.IsZero() {
			t.Error("an empty database was opened")
		}
		db.Verify(t.Context())
		db.Match(t.Context(), []Module{{Path: "a", Version: "v1.0.0"}, {Path: "stdlib", Version: "go1.26.8"}}, Platform{})
	})
}

func FuzzArchive(f *testing.F) {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for name, text := range map[string]string{
		dbIndex: `{"modified":"2026-01-01T00:00:00Z"}`, modulesIndex: `[{"path":"a","vulns":[{"id":"X","modified":"2026-01-01T00:00:00Z"}]}]`, vulnsIndex: `[{"id":"X","modified":"2026-01-01T00:00:00Z"}]`,
		"ID/X.json": `{"id":"X","modified":"2026-01-01T00:00:00Z","affected":[{"package":{"name":"a","ecosystem":"Go"}}]}`,
	} {
		w, _ := z.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Store})
		w.Write([]byte(text))
	}
	z.Close()
	f.Add(b.Bytes())
	db, err := readArchive(context.Background(), bytes.NewReader(b.Bytes()), int64(b.Len()), Source{})
	if err != nil {
		f.Fatal(err)
	}
	var p bytes.Buffer
	if err := db.WritePack(context.Background(), &p); err != nil {
		f.Fatal(err)
	}
	f.Add(p.Bytes())
	f.Add([]byte("\x1f\x8b\x08\x00"))
	f.Add([]byte("\xfd7zXZ\x00"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		if db, err := readArchive(ctx, bytes.NewReader(raw), int64(len(raw)), Source{}); err == nil {
			db.Verify(ctx)
			db.Match(ctx, []Module{{Path: "a", Version: "v1.0.0"}}, Platform{})
		}
	})
}

func FuzzStream(f *testing.F) {
	f.Add([]byte(`{"config":{"protocol_version":"v1.0.0","go_version":"go1.26.8","scan_level":"symbol"}}
		{"SBOM":{"modules":[{"path":"a","version":"v1.0.0"}]}}{"osv":{"id":"X"}}{"progress":{"message":"…"}}
		{"finding":{"osv":"X","trace":[{"module":"a","package":"a/b","function":"F","receiver":"*T[P]","position":{"filename":"x.go","line":1,"column":2}},{"module":"main"}]}}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		s, err := decodeStream(raw)
		if err != nil {
			return
		}
		v := &match{Vulnerability: Vulnerability{ID: "X", Module: "a", Reach: Required}, as: "a"}
		v.refine(s.findings)
		if v.Reach == Called && len(v.Traces) == 0 {
			t.Error("called, and no trace")
		}
	})
}

func TestStream(t *testing.T) {
	s, err := decodeStream([]byte(`{"config":{"protocol_version":"v1.0.0","scan_level":"symbol"}}{"SBOM":{}}
		{"finding":{"osv":"X","trace":[{"module":"a"}]}}
		{"finding":{"osv":"X","trace":[{"module":"a","package":"a/b","function":"M","receiver":"*T[P]"},{"module":"m","package":"m","function":"main"}]}}
		{"finding":{"osv":"X","trace":[{"module":"a","package":"a/b"}]}}
		{"finding":{"osv":"X","trace":[{"module":"a","package":"a/other","function":"F"}]}}
		{"finding":{"osv":"Y","trace":[{"module":"a","package":"a/b","function":"F"}]}}`))
	if err != nil {
		t.Fatal(err)
	}
	v := &match{Vulnerability: Vulnerability{ID: "X", Module: "a", Reach: Required, Affected: []Package{{Path: "a/b"}}}, as: "a"}
	v.refine(s.findings)
	if v.Reach != Called || len(v.Symbols) != 1 || v.Symbols[0] != (Symbol{"a/b", "T.M"}) || len(v.Traces) != 1 || v.Traces[0][0].Function != "main" {
		t.Errorf("%+v", v)
	}
	for _, text := range []string{
		`{"config":{"protocol_version":"v1.0.0"}}{"SBOM":{}}{"finding":{"osv":"X"}}`, `{"config":{"protocol_version":"v1.0.0"}}{"SBOM":{}}{"finding":{"trace":[{}]}}`, `{"SBOM":{}}`, `[]`, ``,
	} {
		if s, err := decodeStream([]byte(text)); err == nil {
			t.Errorf("%s: %+v", text, s)
		}
	}
}

// TestStrangers names the modules that packages seem to be of.
func TestStrangers(t *testing.T) {
	db := &Database{modules: map[string][]reference{"k8s.io/client-go": {{ID: "X"}}, "github.com/a/b/v2": {{ID: "Y"}}}}
	c := newContents([]Module{{Path: Stdlib}, {Path: "example.com/a"}, {Path: "example.com/a/nested"}})
	for _, pkg := range []string{
		"main", "net/http", "vendor/golang.org/x/net/idna", "example.com/a", "example.com/a/b", "example.com/a/nested/c", "example.com/a_test", "k8s.io/client-go/rest", "github.com/a/b/v2/x",
		"github.com/c/d/e/f", "example.org/x/y/z", "example.net", "k8s.io/kubernetes/vendor/github.com/q/r/s", "example.com/a/b.T.database/sql", "gopkg.in/yaml.v3", "example.com/ab", "mycorp/x/y", "mycorp/x", "x_cgo_munmap", "_", "regexp", "regexp.(*onePassInst).regexp/syntax", "regexp.example/x", "/x/y/z", "internal/abi", "command-line-arguments",
	} {
		c.packages[importPath(strings.ReplaceAll(pkg, "yaml.", "yaml%2e"))] = c.moduleOf(pkg)
	}
	if c.packages["example.com/a/nested/c"] != "example.com/a/nested" || c.packages["example.com/a_test"] != "example.com/a" || c.packages["main"] != Stdlib {
		t.Errorf("%v", c.packages)
	}
	var got []string
	for _, n := range db.strangers(c) {
		got = append(got, n.Module+" "+strings.Join(n.IDs, ",")+" "+strings.Join(n.Packages, ","))
	}
	want := []string{
		"/x  /x/y/z", "example.com/ab  example.com/ab", "example.net  example.net", "example.org/x  example.org/x/y/z", "github.com/a/b/v2 Y github.com/a/b/v2/x", "github.com/c/d  github.com/c/d/e/f",
		"github.com/q/r  k8s.io/kubernetes/vendor/github.com/q/r/s", "gopkg.in/yaml.v3  gopkg.in/yaml.v3", "k8s.io/client-go X k8s.io/client-go/rest", "mycorp/x  mycorp/x,mycorp/x/y", "regexp.example/x  regexp.example/x",
	}
	if !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	for i := range 2 * maxStrange {
		c.packages[fmt.Sprintf("example.%d/\x1b[31m", i)] = ""
	}
	many := db.strangers(c)
	if last := many[len(many)-1]; len(many) != maxStrange+1 || last.Detail == "" || last.Module != "" || strings.ContainsRune(many[2].Packages[0]+many[2].Module, 0x1b) {
		t.Errorf("%d, the last %+v", len(many), last)
	}
	if importPath("a%zz") != "a%zz" {
		t.Error("what is not encoded was changed")
	}
}

func TestClip(t *testing.T) {
	if got := clip(strings.Repeat("é", maxDetail)); len(got) > maxDetail+4 || !strings.HasSuffix(got, "é…") || !utf8.ValidString(got) {
		t.Errorf("%d bytes", len(got))
	}
	if fileURL("/a") != "file:///a" || fileURL("C:/a") != "file:///C:/a" {
		t.Error("file URL")
	}
	if u, err := url.Parse("file:///C:/a"); err != nil {
		t.Error(err)
	} else if path, err := filePath(u); err != nil || path != "C:/a" {
		t.Error(path, err)
	}
	for _, r := range []Reach{Called, Present, Imported, Required, "future"} {
		if r.Closer(r) != 0 || r != Called && Called.Closer(r) >= 0 {
			t.Error(r)
		}
	}
}

func TestReasons(t *testing.T) {
	for text, want := range map[string]Reason{
		"package requires newer Go version go1.99": NewerGo, "go: go.mod requires go >= 1.99 (running go 1.26)": NewerGo, "There are errors with the provided package patterns: undefined: x": NoTypes,
		"no go.mod file": NoPackages, "signal: killed": ScannerFailed, "panic: x": ScannerFailed,
	} {
		if got := reasonOf(errors.New(text)); got != want {
			t.Errorf("%s: %s", text, got)
		}
	}
}

// fakeFunctions are names; those of code if the inline trees can be read.
type fakeFunctions struct {
	names []string
	trees bool
}

func (f fakeFunctions) Code(fn func(pkg, name string)) error {
	if !f.trees {
		return errors.New("no inline trees")
	}
	return f.Functions(fn)
}

func (f fakeFunctions) Functions(fn func(pkg, name string)) error {
	for _, name := range f.names {
		fn(gobin.PackageOf(name), name)
	}
	return nil
}

// TestCollect takes the names where there are no inline trees.
func TestCollect(t *testing.T) {
	names := []string{"main.main", "a/b.F", "type..eq.a/c.T", "go.uber.org/x.(*T[...]).M", "runtime.main", "a/b.(*T).M"}
	for _, trees := range []bool{true, false} {
		c := newContents([]Module{{Path: Stdlib}, {Path: "go.uber.org/x"}, {Path: "a/b"}, {Path: "example.com/prog"}})
		c.main = "example.com/prog/cmd"
		v := &match{Vulnerability: Vulnerability{Module: "go.uber.org/x", Reach: Required, Affected: []Package{{Path: "go.uber.org/x", Symbols: []string{"T.M", "F"}}}}, as: "go.uber.org/x"}
		if err := c.collect(fakeFunctions{names, trees}, []*match{v}); err != nil {
			t.Fatal(err)
		}
		o := &Observation{Modules: []Module{{Path: "a/b"}, {Path: "example.com/prog"}}}
		o.Packages, o.Functions = c.seen([]*match{v})
		c = o.contents()
		c.narrow(v)
		if v.Reach != Present || len(v.Symbols) != 1 || len(c.packages) != 4 || c.packages["example.com/prog/cmd"] != "example.com/prog" {
			t.Errorf("%+v %v", v, c.packages)
		}
	}
	if err := newContents(nil).collect(fakeFunctions{}, nil); err == nil {
		t.Error("no functions")
	}
}

// TestConcurrent asks one database from several goroutines.
func TestConcurrent(t *testing.T) {
	db, err := Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	var g errgroup.Group
	for range 4 {
		g.Go(func() error {
			a, err := db.Match(t.Context(), []Module{{Path: Stdlib, Version: "go1.20"}, {Path: "golang.org/x/net", Version: "v0.1.0"}}, Platform{})
			if err == nil && len(a.Vulnerabilities) == 0 {
				err = errors.New("nothing found")
			}
			return err
		})
	}
	if err := g.Wait(); err != nil {
		t.Error(err)
	}
}

// pack makes a packed database of some files.
func pack(files map[string]string) []byte {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for name, text := range files {
		w, _ := z.Create(name)
		w.Write([]byte(text))
	}
	z.Close()
	return b.Bytes()
}

// TestHostilePack reads packed databases whose table leads elsewhere, or to more than can
// be held.
func TestHostilePack(t *testing.T) {
	machine.Long(t, "unpacks gigabytes")
	files := func(table string) map[string]string {
		return map[string]string{
			dbIndex: `{"modified":"2026-01-01T00:00:00Z"}`, modulesIndex: `[{"path":"a","vulns":[{"id":"X","modified":"2026-01-01T00:00:00Z"}]}]`, vulnsIndex: `[{"id":"X","modified":"2026-01-01T00:00:00Z"}]`,
			"entries/0000": `{"id":"X","modified":"2026-01-01T00:00:00Z","affected":[{"package":{"name":"a","ecosystem":"Go"}}]}`, packTable: table,
		}
	}
	verify := func(raw []byte) error {
		db, err := readArchive(t.Context(), bytes.NewReader(raw), int64(len(raw)), Source{})
		if err == nil {
			err = db.Verify(t.Context())
		}
		return err
	}
	if err := verify(pack(files("X 0 0 99\n"))); err != nil {
		t.Error(err)
	}
	for _, table := range []string{
		"", "X 0 0 98\n", "X 0 1 98\n", "X 0 200 1\n", "X 0 0 2000000000\n", "X 1 0 99\n", "X 0 -1 99\n", "X 0 0\n", "X 0 0 99 1\n", "X 0 0 x\n", "Y 0 0 99\n", "X 0 0 99\nX 0 0 99\n", "X 0 0 99\nY 0 0 99\n", "../X 0 0 99\n",
	} {
		if err := verify(pack(files(table))); !errors.Is(err, ErrInvalid) {
			t.Errorf("%q: %v", table, err)
		}
	}
	large := map[string]string{packTable: ""}
	var ids []string
	zero := strings.Repeat("\x00", maxBlock)
	for i := range maxTotal/maxBlock + 1 {
		large[fmt.Sprintf(packBlock, i)] = zero
		ids = append(ids, fmt.Sprintf("X%d", i))
		large[packTable] += fmt.Sprintf("X%d %d 0 1\n", i, i)
	}
	raw := pack(large)
	store, err := archiveStore(t.Context(), bytes.NewReader(raw), int64(len(raw)))
	if err != nil {
		t.Fatal(err)
	}
	if err := store.entries(t.Context(), ids, func(string, []byte) error { return nil }); !errors.Is(err, ErrInvalid) {
		t.Errorf("%d bytes of %d: %v", len(raw), maxTotal, err)
	}
}
