// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package vulns_test

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io/fs"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/goassay/assay/audit/vulns"
	"github.com/goassay/assay/internal/machine"
)

// files are those of a small database.
func files() map[string]string {
	return map[string]string{
		"index/db.json": `{"modified":"2026-02-03T04:05:06Z"}`,
		"index/modules.json": `[{"path":"example.com/a","vulns":[{"id":"GO-2026-0001","modified":"2026-01-01T00:00:00Z","fixed":"1.2.3"},
			{"id":"GO-2026-0002","modified":"2026-02-03T04:05:06Z"}]},
			{"path":"example.com/b","vulns":[{"id":"GO-2026-0002","modified":"2026-02-03T04:05:06Z","fixed":"0.5.0"}]},
			{"path":"stdlib","vulns":[{"id":"GO-2026-0003","modified":"2026-01-01T00:00:00Z","fixed":"1.26.4"}]}]`,
		"index/vulns.json": `[{"id":"GO-2026-0001","modified":"2026-01-01T00:00:00Z","aliases":["CVE-2026-1"]},
			{"id":"GO-2026-0002","modified":"2026-02-03T04:05:06Z"},{"id":"GO-2026-0003","modified":"2026-01-01T00:00:00Z"}]`,
		"ID/GO-2026-0001.json": `{"id":"GO-2026-0001","modified":"2026-01-01T00:00:00Z","published":"2026-01-01T00:00:00Z","aliases":["CVE-2026-1"],"summary":"One",
			"affected":[{"package":{"name":"example.com/a","ecosystem":"Go"},"ranges":[{"type":"SEMVER","events":[{"introduced":"1.0.0"},{"fixed":"1.2.3"}]}],
			"ecosystem_specific":{"imports":[{"path":"example.com/a/p","symbols":["F","T.M"]},{"path":"example.com/a/windows","goos":["windows"]}]}}],
			"database_specific":{"url":"https://example.com/1","review_status":"REVIEWED"}}`,
		"ID/GO-2026-0002.json": `{"id":"GO-2026-0002","modified":"2026-02-03T04:05:06Z","summary":"Two","affected":[
			{"package":{"name":"example.com/a","ecosystem":"Go"},"ranges":[{"type":"SEMVER","events":[{"introduced":"0"}]}],"ecosystem_specific":{"custom_ranges":[{"type":"ECOSYSTEM"}]}},
			{"package":{"name":"example.com/b","ecosystem":"Go"},"ranges":[{"type":"SEMVER","events":[{"introduced":"0"},{"fixed":"0.5.0"}]}]}],
			"database_specific":{"review_status":"UNREVIEWED"}}`,
		"ID/GO-2026-0003.json": `{"id":"GO-2026-0003","modified":"2026-01-01T00:00:00Z","affected":[{"package":{"name":"stdlib","ecosystem":"Go"},"ranges":[{"type":"SEMVER",
			"events":[{"introduced":"0"},{"fixed":"1.25.9"},{"introduced":"1.26.0-0"},{"fixed":"1.26.4"}]}],"ecosystem_specific":{"imports":[{"path":"net/http","symbols":["Get"]}]}}]}`,
	}
}

// replaced is the small database with a text of one of its files replaced.
func replaced(name, old, new string) map[string]string {
	out := files()
	if !strings.Contains(out[name], old) {
		panic(name + " does not hold " + old)
	}
	out[name] = strings.Replace(out[name], old, new, 1)
	return out
}

// without is the small database without a file.
func without(name string) map[string]string {
	out := files()
	delete(out, name)
	return out
}

// dirOf writes a database into a directory.
func dirOf(t testing.TB, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// tarOf makes a tar archive, with a prefix to each name.
func tarOf(files map[string]string, prefix string) []byte {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		w.WriteHeader(&tar.Header{Name: prefix + name, Size: int64(len(files[name])), Mode: 0o644})
		w.Write([]byte(files[name]))
	}
	w.Close()
	return b.Bytes()
}

func zipOf(files map[string]string, prefix string) []byte {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		f, _ := w.Create(prefix + name)
		f.Write([]byte(files[name]))
	}
	w.Close()
	return b.Bytes()
}

func gzipped(raw []byte) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Write(raw)
	w.Close()
	return b.Bytes()
}

func fileOf(t testing.TB, content []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "archive")
	if err := os.WriteFile(path, content, 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}

// serve is a server with the compressed forms of files.
func serve(t testing.TB, files map[string]string) *httptest.Server {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := strings.TrimPrefix(r.URL.Path, "/")
		if text, ok := files[strings.TrimSuffix(name, ".gz")]; ok && strings.HasSuffix(name, ".json.gz") {
			w.Write(gzipped([]byte(text)))
			return
		}
		if text, ok := files[name]; ok && strings.HasSuffix(name, ".zip") {
			w.Write([]byte(text))
			return
		}
		http.NotFound(w, r)
	}))
	t.Cleanup(s.Close)
	return s
}

// vulnerable are modules that each entry of the small database affects.
var vulnerable = []vulns.Module{
	{Path: "example.com/a", Version: "v1.1.0"}, {Path: "example.com/b", Version: "v0.4.9"}, {Path: vulns.Stdlib, Version: "go1.26.3"},
}

// found are the IDs that affect the vulnerable modules.
func found(t testing.TB, db *vulns.Database) []string {
	t.Helper()
	a, err := db.Match(t.Context(), vulnerable, vulns.Platform{})
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, v := range a.Vulnerabilities {
		ids = append(ids, v.ID+" "+v.Module)
	}
	return ids
}

var all = []string{"GO-2026-0001 example.com/a", "GO-2026-0002 example.com/a", "GO-2026-0002 example.com/b", "GO-2026-0003 stdlib"}

// TestOpen opens the same database wherever it is.
func TestOpen(t *testing.T) {
	dir := dirOf(t, files())
	packed := t.TempDir()
	db, err := vulns.Open(t.Context(), dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := vulns.Install(t.Context(), packed, db, false); err != nil {
		t.Fatal(err)
	}
	var exported bytes.Buffer
	if err := db.Export(t.Context(), &exported); err != nil {
		t.Fatal(err)
	}
	server := serve(t, files())
	for name, test := range map[string]struct {
		location string
		kind     vulns.SourceKind
	}{
		"directory":    {dir, vulns.SourceDirectory},
		"file URL":     {"file://" + filepath.ToSlash(dir), vulns.SourceDirectory},
		"zip":          {fileOf(t, zipOf(files(), "")), vulns.SourceArchive},
		"zip, nested":  {fileOf(t, zipOf(files(), "vulndb-2026/x/")), vulns.SourceArchive},
		"tar":          {fileOf(t, tarOf(files(), "./")), vulns.SourceArchive},
		"tar.gz":       {fileOf(t, gzipped(tarOf(files(), "db/"))), vulns.SourceArchive},
		"installed":    {filepath.Join(packed, "vulndb.zip"), vulns.SourceArchive},
		"exported":     {fileOf(t, exported.Bytes()), vulns.SourceArchive},
		"server":       {server.URL, vulns.SourceURL},
		"server/":      {server.URL + "/", vulns.SourceURL},
		"with an list": {dirOf(t, with(files(), "ID/index.json", "[]")), vulns.SourceDirectory},
	} {
		t.Run(name, func(t *testing.T) {
			db, err := vulns.Open(t.Context(), test.location, http.DefaultTransport)
			if err != nil {
				t.Fatal(err)
			}
			if err := db.Verify(t.Context()); err != nil {
				t.Error(err)
			}
			if got := found(t, db); !cmp.Equal(got, all) {
				t.Errorf("found %q", got)
			}
			want := vulns.Source{Kind: test.kind, Location: test.location, Modified: time.Date(2026, 2, 3, 4, 5, 6, 0, time.UTC), Entries: 3, Modules: 3}
			if test.kind == vulns.SourceDirectory {
				want.Location = strings.TrimPrefix(want.Location, "file://")
			}
			if test.kind == vulns.SourceURL {
				want.Location, want.Origin = server.URL, server.URL
			}
			if !cmp.Equal(db.Source, want) {
				t.Errorf("%+v, want %+v", db.Source, want)
			}
		})
	}
}

func with(files map[string]string, name, text string) map[string]string {
	files[name] = text
	return files
}

// damaged are databases of which nothing may be told. Those that the indexes do not give
// away show when their entries are read.
func damaged() map[string]map[string]string {
	const m, v, e = "index/modules.json", "index/vulns.json", "ID/GO-2026-0001.json"
	return map[string]map[string]string{
		"empty":                         {},
		"no time":                       with(files(), "index/db.json", "{}"),
		"time that is none":             with(files(), "index/db.json", `{"modified":"today"}`),
		"empty index of modules":        with(files(), m, "[]"),
		"empty index of entries":        with(files(), v, "[]"),
		"null":                          with(files(), m, "null"),
		"index cut short":               with(files(), m, files()[m][:200]),
		"index of another schema":       with(files(), m, `{"example.com/a":["GO-2026-0001"]}`),
		"a web page":                    with(files(), "index/db.json", "<html>"),
		"two values":                    with(files(), "index/db.json", files()["index/db.json"]+"{}"),
		"no index of modules":           without(m),
		"no index of entries":           without(v),
		"no db":                         without("index/db.json"),
		"no entry":                      without(e),
		"an entry in one index":         replaced(v, `{"id":"GO-2026-0001","modified":"2026-01-01T00:00:00Z","aliases":["CVE-2026-1"]},`, ""),
		"an entry in the other":         replaced(v, `[{"id`, `[{"id":"GO-2026-0009","modified":"2026-01-01T00:00:00Z"},{"id`),
		"an entry in no index":          with(files(), "ID/GO-2026-0009.json", files()[e]),
		"an entry twice":                replaced(v, "GO-2026-0002", "GO-2026-0001"),
		"an entry twice in a module":    replaced(m, "GO-2026-0002", "GO-2026-0001"),
		"a module twice":                replaced(m, `"example.com/b"`, `"example.com/a"`),
		"a module without entries":      replaced(m, `[{"path"`, `[{"path":"example.com/c","vulns":[]},{"path"`),
		"a module without a path":       replaced(m, `"example.com/b"`, `""`),
		"times that differ":             replaced(m, "2026-01-01", "2026-01-02"),
		"later than the database":       replaced("index/db.json", "02-03", "02-02"),
		"an ID that leaves the folder":  replaced(v, "GO-2026-0001", "../GO-2026-0001"),
		"a missing module":              replaced(m, `"example.com/b"`, `"example.com/c"`),
		"an entry modified later":       replaced(e, `"modified":"2026-01-01`, `"modified":"2026-01-05`),
		"an entry of another ID":        replaced(e, `"id":"GO-2026-0001"`, `"id":"GO-2026-0003"`),
		"an entry without an ID":        replaced(e, `"id":"GO-2026-0001",`, ""),
		"an entry cut short":            with(files(), e, files()[e][:100]),
		"an entry of another module":    replaced(e, `"name":"example.com/a"`, `"name":"example.com/z"`),
		"an entry that affects nothing": replaced(e, `"ecosystem":"Go"`, `"ecosystem":"npm"`),
		"an entry that affects none":    replaced(e, `"affected"`, `"affects"`),
		"another kind of range":         replaced(e, `"SEMVER"`, `"GIT"`),
		"another kind of event":         replaced(e, `"fixed"`, `"last_affected"`),
		"an event that is two":          replaced(e, `{"introduced":"1.0.0"}`, `{"introduced":"1.0.0","fixed":"1.0.0"}`),
		"no introduction":               replaced(e, `{"introduced":"1.0.0"},`, ""),
		"a version that is none":        replaced(e, `"1.0.0"`, `"one"`),
		"a package without a path":      replaced(e, `"path":"example.com/a/p",`, ""),
		"fixed by the index alone":      replaced(m, `"fixed":"0.5.0"`, `"fixed":"0.3.0"`),
		"fixed for ever by the index":   replaced(m, `06Z"}]},`, `06Z","fixed":"0.0.1"}]},`),
		"fixed at what is no version":   replaced(m, `"fixed":"1.2.3"`, `"fixed":"soon"`),
	}
}

// TestDamaged opens databases that are damaged, wherever they are: nothing says that there
// are no vulnerabilities.
func TestDamaged(t *testing.T) {
	for name, files := range damaged() {
		t.Run(name, func(t *testing.T) {
			for where, location := range map[string]string{
				"directory": dirOf(t, files), "server": serve(t, files).URL, "zip": fileOf(t, zipOf(files, "")), "tar.gz": fileOf(t, gzipped(tarOf(files, "x/"))),
			} {
				if where == "server" && name == "an entry in no index" {
					continue // which files a server has besides, nobody can see
				}
				db, err := vulns.Open(t.Context(), location, http.DefaultTransport)
				if err == nil {
					if where == "zip" || where == "tar.gz" {
						t.Errorf("%s: opened", where)
					}
					err = db.Verify(t.Context())
				}
				if !errors.Is(err, vulns.ErrInvalid) {
					t.Errorf("%s: %v", where, err)
				}
			}
			server := serve(t, with(maps.Clone(files), "vulndb.zip", string(zipOf(files, ""))))
			if _, err := vulns.Fetch(t.Context(), server.URL, http.DefaultTransport); !errors.Is(err, vulns.ErrInvalid) {
				t.Errorf("fetch: %v", err)
			}
		})
	}
	for name, location := range map[string]string{
		"empty file": fileOf(t, nil), "text": fileOf(t, []byte("hello")), "half a zip": fileOf(t, zipOf(files(), "")[:900]),
		"half a tar.gz":     fileOf(t, gzipped(tarOf(files(), ""))[:700]),
		"tar without end":   fileOf(t, tarOf(files(), "")[:4000]),
		"tar.gz, damaged":   fileOf(t, flipLast(gzipped(tarOf(files(), "")))),
		"two databases":     fileOf(t, append(tarOf(files(), "a/")[:len(tarOf(files(), "a/"))-1024], tarOf(files(), "b/")...)),
		"the same twice":    fileOf(t, append(tarOf(files(), "a/")[:len(tarOf(files(), "a/"))-1024], tarOf(files(), "a/")...)),
		"a link":            fileOf(t, linkTar()),
		"no directory":      filepath.Join(t.TempDir(), "none"),
		"a URL of a file":   "file://other/x",
		"an empty file URL": "file:",
	} {
		if db, err := vulns.Open(t.Context(), location, nil); err == nil {
			t.Errorf("%s: %+v", name, db.Source)
		}
	}
}

// flipLast changes the checksum at the end.
func flipLast(raw []byte) []byte {
	raw[len(raw)-6] ^= 1
	return raw
}

// linkTar is an archive in which a link stands for an entry.
func linkTar() []byte {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	w.WriteHeader(&tar.Header{Name: "ID/GO-2026-0001.json", Typeflag: tar.TypeSymlink, Linkname: "/etc/passwd"})
	w.Close()
	return b.Bytes()
}

// TestServer tells a server that cannot be asked from one that has no database.
func TestServer(t *testing.T) {
	status := func(code int) string {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }))
		t.Cleanup(s.Close)
		return s.URL
	}
	closed := httptest.NewServer(http.NotFoundHandler())
	closed.Close()
	for location, want := range map[string]error{
		status(500): vulns.ErrUnreachable, status(403): vulns.ErrUnreachable, status(429): vulns.ErrUnreachable, closed.URL: vulns.ErrUnreachable,
		status(404): vulns.ErrInvalid,
	} {
		if _, err := vulns.Open(t.Context(), location, http.DefaultTransport); !errors.Is(err, want) {
			t.Errorf("%v, want %v", err, want)
		}
	}
	secret := strings.Replace(closed.URL, "http://", "http://user:S3CRET@", 1)
	if _, err := vulns.Open(t.Context(), secret, http.DefaultTransport); err == nil || strings.Contains(err.Error(), "S3CRET") {
		t.Error(err)
	}
	huge := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { // which becomes large when it is decompressed
		z := gzip.NewWriter(w)
		zero := make([]byte, 1<<20)
		for range 65 {
			z.Write(zero)
		}
		z.Close()
	}))
	t.Cleanup(huge.Close)
	if _, err := vulns.Open(t.Context(), huge.URL, http.DefaultTransport); !errors.Is(err, vulns.ErrInvalid) {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := vulns.Open(ctx, serve(t, files()).URL, http.DefaultTransport); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	plain := httptest.NewServer(http.FileServer(http.Dir(dirOf(t, files())))) // without compressed forms
	t.Cleanup(plain.Close)
	db, err := vulns.Open(t.Context(), plain.URL, http.DefaultTransport)
	if err != nil || !cmp.Equal(found(t, db), all) {
		t.Error(err)
	}
}

// TestFetch downloads a database, as an archive or entry by entry.
func TestFetch(t *testing.T) {
	archived := with(files(), "vulndb.zip", string(zipOf(files(), "")))
	for name, s := range map[string]*httptest.Server{"entries": serve(t, files()), "archive": serve(t, archived)} {
		db, err := vulns.Fetch(t.Context(), s.URL, http.DefaultTransport)
		if err != nil {
			t.Fatal(name, err)
		}
		s.Close()
		if got := found(t, db); !cmp.Equal(got, all) || db.Kind != vulns.SourceURL {
			t.Errorf("%s: %q %+v", name, got, db.Source)
		}
	}
	old := replaced("index/db.json", "2026-02-03T04:05:06Z", "2026-03-03T04:05:06Z")
	old["vulndb.zip"] = string(zipOf(files(), ""))
	if _, err := vulns.Fetch(t.Context(), serve(t, old).URL, http.DefaultTransport); !errors.Is(err, vulns.ErrInvalid) {
		t.Errorf("old archive: %v", err)
	}
	if _, err := vulns.Fetch(t.Context(), t.TempDir(), http.DefaultTransport); err == nil {
		t.Error("fetched a directory")
	}
}

// TestInstall puts databases into a directory one after the other.
func TestInstall(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "b")
	if _, err := vulns.Installed(t.Context(), dir); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	open := func(files map[string]string) *vulns.Database {
		db, err := vulns.Open(t.Context(), dirOf(t, files), nil)
		if err != nil {
			t.Fatal(err)
		}
		return db
	}
	if _, err := vulns.Install(t.Context(), dir, open(files()), false); err != nil {
		t.Fatal(err)
	}
	before, err := vulns.Installed(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	newer := open(replaced("index/db.json", "2026-02-03", "2026-02-04"))
	if got, err := vulns.Install(t.Context(), dir, newer, false); err != nil || !got.Modified.Equal(newer.Modified) {
		t.Fatal(got, err)
	}
	if !cmp.Equal(found(t, before), all) { // it is replaced under the one who reads it
		t.Error("the database that was open changed")
	}
	if _, err := vulns.Install(t.Context(), dir, open(files()), false); !errors.Is(err, vulns.ErrOlder) {
		t.Errorf("older: %v", err)
	}
	broken := open(with(files(), "ID/GO-2026-0001.json", "{}"))
	if _, err := vulns.Install(t.Context(), dir, broken, true); !errors.Is(err, vulns.ErrInvalid) {
		t.Errorf("broken: %v", err)
	}
	if db, err := vulns.Installed(t.Context(), dir); err != nil || !db.Modified.Equal(newer.Modified) {
		t.Errorf("what was refused was installed: %v", err)
	}
	if _, err := vulns.Install(t.Context(), dir, open(files()), true); err != nil {
		t.Errorf("older, and wanted: %v", err)
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 1 {
		t.Errorf("left in the directory: %v, %v", left, err)
	}
	out := filepath.Join(t.TempDir(), "out")
	if err := newer.ExportDir(t.Context(), out); err != nil {
		t.Fatal(err)
	}
	if err := newer.ExportDir(t.Context(), out); !errors.Is(err, fs.ErrExist) {
		t.Error(err)
	}
	if db, err := vulns.Open(t.Context(), out, nil); err != nil || !cmp.Equal(found(t, db), all) {
		t.Error(err)
	}
}

// TestNewest: the newer counts, and a broken one is no reason to take another.
func TestNewest(t *testing.T) {
	dir := t.TempDir()
	newest := func(want vulns.SourceKind) {
		t.Helper()
		if db, err := vulns.Newest(t.Context(), dir); err != nil || db.Kind != want {
			t.Errorf("%+v, %v, want %s", db, err, want)
		}
	}
	newest(vulns.SourceSnapshot)
	for year, want := range map[string]vulns.SourceKind{"2001": vulns.SourceSnapshot, "2099": vulns.SourceArchive} {
		fs := files()
		for name, text := range fs {
			fs[name] = strings.ReplaceAll(text, `"2026-`, `"`+year+`-`)
		}
		db, err := vulns.Open(t.Context(), dirOf(t, fs), nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := vulns.Install(t.Context(), dir, db, true); err != nil {
			t.Fatal(err)
		}
		newest(want)
	}
	if err := os.WriteFile(filepath.Join(dir, "vulndb.zip"), []byte("PK\x03\x04"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := vulns.Newest(t.Context(), dir); !errors.Is(err, vulns.ErrInvalid) {
		t.Error(err)
	}
	if db, err := vulns.Newest(t.Context(), ""); err != nil || db.Kind != vulns.SourceSnapshot {
		t.Error(err)
	}
}

// TestOrigin: where a database was downloaded goes along with it, without credentials.
func TestOrigin(t *testing.T) {
	server := serve(t, files())
	db, err := vulns.Fetch(t.Context(), strings.Replace(server.URL, "://", "://user:hunter2@", 1)+"/", http.DefaultTransport)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if _, err := vulns.Install(t.Context(), dir, db, false); err != nil {
		t.Fatal(err)
	}
	got, err := vulns.Installed(t.Context(), dir)
	if err != nil || got.Origin != db.Origin || strings.Contains(got.Origin, "hunter2") || got.Origin != server.URL {
		t.Errorf("%+v, %v", got.Source, err)
	}
	for _, location := range []string{"", "/a", "a", "file:///a", "http://", "http://a/%zz", "https://a/" + strings.Repeat("a", 3000), "javascript:alert(1)"} {
		if o := vulns.OriginOf(location); o != "" {
			t.Errorf("%s: %s", location, o)
		}
	}
}

// TestInstalledDamage flips each part of an installed database: none is read as another.
func TestInstalledDamage(t *testing.T) {
	db, err := vulns.Open(t.Context(), dirOf(t, files()), nil)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := db.WritePack(t.Context(), &b); err != nil {
		t.Fatal(err)
	}
	step := 1
	if testing.Short() {
		step = 5
	}
	for i := 0; i < b.Len(); i += step {
		raw := bytes.Clone(b.Bytes())
		raw[i] ^= 0x10
		if db, err := vulns.OpenArchive(t.Context(), fileOf(t, raw)); err == nil && !cmp.Equal(found(t, db), all) {
			t.Errorf("byte %d: another database", i)
		}
	}
	for n := range b.Len() {
		if n%7 == 0 {
			if _, err := vulns.OpenArchive(t.Context(), fileOf(t, b.Bytes()[:n])); err == nil {
				t.Errorf("cut at %d", n)
			}
		}
	}
}

// TestSnapshot verifies the copy in this program, whose entries are byte for byte those
// that were published.
func TestSnapshot(t *testing.T) {
	db, err := vulns.Open(t.Context(), "", nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Verify(t.Context()); err != nil {
		t.Error(err)
	}
	if db.Kind != vulns.SourceSnapshot || db.Entries < 4000 || db.Modules < 1000 || db.Age(db.Modified.Add(time.Hour)) != time.Hour || !db.Lists(vulns.Stdlib) || db.Lists("example.com/none") {
		t.Errorf("%+v", db.Source)
	}
	a, err := db.Match(t.Context(), []vulns.Module{{Path: vulns.Toolchain, Version: "go1.20.1"}}, vulns.Platform{})
	if err != nil || !slices.ContainsFunc(a.Vulnerabilities, func(v vulns.Vulnerability) bool { return v.ID == "GO-2023-1840" || strings.HasPrefix(v.Fixed, "go1.") }) {
		t.Errorf("toolchain: %+v, %v", a, err)
	}
	notice, err := os.ReadFile("snapshot/NOTICE")
	if err != nil || !strings.Contains(string(notice), db.Modified.Format(time.RFC3339)) || !strings.Contains(string(notice), "CC-BY-4.0") || !strings.Contains(vulns.SnapshotAttribution, "CC-BY-4.0") {
		t.Errorf("%v: %s", err, notice)
	}
}

// TestXZ reads an archive that xz made.
func TestXZ(t *testing.T) {
	machine.Need(t, "xz")
	path := fileOf(t, tarOf(files(), "./"))
	if msg, err := exec.CommandContext(t.Context(), "xz", path).CombinedOutput(); err != nil {
		t.Fatalf("%v %s", err, msg)
	}
	db, err := vulns.OpenArchive(t.Context(), path+".xz")
	if err != nil || !cmp.Equal(found(t, db), all) {
		t.Error(err)
	}
	raw, _ := os.ReadFile(path + ".xz")
	if _, err := vulns.OpenArchive(t.Context(), fileOf(t, raw[:len(raw)/2])); !errors.Is(err, vulns.ErrInvalid) {
		t.Error(err)
	}
}
