// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package sumdb

import (
	"context"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/module"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/goassay/assay/sumdb/sumdbtest"
)

func inspect(t *testing.T, v *Verifier, caches ...fs.FS) *Inspection {
	t.Helper()
	in, err := v.Inspect(context.Background(), caches...)
	if err != nil {
		t.Fatal(err)
	}
	return in
}

// states gives "state name" for each problem.
func states(in *Inspection) []string {
	var out []string
	for _, f := range in.Problems {
		out = append(out, string(f.State)+" "+f.Name)
	}
	return out
}

// goCache fills a folder as the go command does, with its own client.
func goCache(t *testing.T, srv *sumdbtest.Log, ids ...int) string {
	t.Helper()
	dir := t.TempDir()
	client := newReferenceClient(srv, dir)
	for _, i := range ids {
		if _, err := client.Lookup(mod(i).Path, mod(i).Version); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// What the go command's client keeps of an honest log is all verified, also
// after the log has grown over the borders of tiles.
func TestInspectHonest(t *testing.T) {
	srv, log := newLog(t, 100)
	dir := goCache(t, srv, 3, 99)
	for i := 100; i < 700; i++ {
		srv.Add(t, mod(i), recordText(mod(i)))
		if i == 300 || i == 520 {
			if _, err := newReferenceClient(srv, dir).Lookup(mod(i).Path, mod(i).Version); err != nil {
				t.Fatal(err)
			}
		}
	}
	v := &Verifier{Log: log, Fetcher: httpFetcher(srv.URL), Cache: DirCache(t.TempDir())}
	in := inspect(t, v, os.DirFS(dir))
	if len(in.Problems) > 0 || len(in.Violations) > 0 || in.Lookups != 4 || in.Tiles < 5 || in.Heads != 1 || in.Verified != in.Lookups+in.Tiles+in.Heads {
		t.Fatalf("%+v", in)
	}
	// What was learned is kept: the second time the head alone is asked for.
	if again := inspect(t, v, os.DirFS(dir)); again.Requests != 1 || again.Verified != in.Verified {
		t.Errorf("again: %+v", again)
	}
	// Offline it takes what the caches hold together.
	if offline := inspect(t, &Verifier{Log: log, Cache: v.Cache}, os.DirFS(dir)); len(offline.Problems) > 0 || offline.Verified != in.Verified {
		t.Errorf("offline: %+v", offline)
	}
	// Our own store too.
	if own := inspect(t, v, os.DirFS(string(v.Cache.(DirCache)))); len(own.Problems) > 0 || own.Heads != 1 || own.Tiles == 0 {
		t.Errorf("own: %+v", own)
	}
}

// Each file of a cache with one bit changed is named, and no other.
func TestInspectEveryFile(t *testing.T) {
	srv, log := newLog(t, 600)
	dir := goCache(t, srv, 3, 300, 599)
	v := &Verifier{Log: log, Fetcher: httpFetcher(srv.URL), Cache: DirCache(t.TempDir())}
	all := 0
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		all++
		name, _ := filepath.Rel(dir, path)
		name = filepath.ToSlash(name)
		good, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, at := range []int{0, len(good) / 2, len(good) - 2} {
			bad := slices.Clone(good)
			bad[at] ^= 1
			if err := os.WriteFile(path, bad, 0o666); err != nil {
				return err
			}
			in := inspect(t, v, os.DirFS(dir))
			if len(in.Problems) != 1 || in.Problems[0].Name != name || in.Problems[0].State != FileForged || len(in.Violations) > 0 {
				t.Errorf("byte %d of %s: %v, %v", at, name, in.Problems, in.Violations)
			}
			offline := inspect(t, &Verifier{Log: log, Cache: v.Cache}, os.DirFS(dir))
			if !slices.Equal(states(offline), states(in)) {
				t.Errorf("offline: byte %d of %s: %v", at, name, offline.Problems)
			}
		}
		return os.WriteFile(path, good, 0o666)
	})
	if err != nil || all < 7 {
		t.Errorf("%d files: %v", all, err)
	}
}

// A client that trusted forged tiles kept two of them, and a record that was
// never logged (the shape of GO-2026-6179): all three files are named.
func TestInspectForgedTogether(t *testing.T) {
	srv, log := newLog(t, 600)
	dir := goCache(t, srv, 3, 300, 599)
	text := strings.Replace(recordText(mod(3)), "h1:zip", "h1:bad", 1)
	leaf := tlog.RecordHash([]byte(text))
	change := func(name string, fn func([]byte) []byte) {
		t.Helper()
		path := filepath.Join(dir, filepath.FromSlash(name))
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, fn(data), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	var below []byte
	change("tile/8/0/000", func(b []byte) []byte { copy(b[3*32:], leaf[:]); below = b; return b })
	s := newTileSet(&Checkpoint{Size: 600})
	s.raw[position{0, 0}] = below
	nodes, err := s.parse(position{0, 0})
	if err != nil {
		t.Fatal(err)
	}
	change("tile/8/1/000.p/2", func(b []byte) []byte { copy(b, nodes[tileHeight][0][:]); return b })
	change("lookup/example.com/m3@v1.0.0", func(b []byte) []byte {
		return []byte(strings.Replace(string(b), "h1:zip", "h1:bad", 1))
	})
	want := []string{"forged lookup/example.com/m3@v1.0.0", "forged tile/8/0/000", "forged tile/8/1/000.p/2"}
	for _, cache := range []Cache{nil, DirCache(t.TempDir())} {
		in := inspect(t, &Verifier{Log: log, Fetcher: httpFetcher(srv.URL), Cache: cache}, os.DirFS(dir))
		if !slices.Equal(states(in), want) || len(in.Violations) > 0 {
			t.Errorf("%v, %v", in.Problems, in.Violations)
		}
	}
	// Alone with the forger's files nothing can be told: and that is what it says.
	in := inspect(t, &Verifier{Log: log}, os.DirFS(dir))
	if in.Head != nil || in.Verified != 0 || len(states(in)) != in.Lookups+in.Tiles+in.Heads {
		t.Errorf("offline: %+v", in)
	}
}

// What is no file of a log, what was signed by another key, and what reaches
// beyond the newest head.
func TestInspectStates(t *testing.T) {
	signer, verifier := sumdbtest.Key(t)
	srv := sumdbtest.NewWithKey(t, signer, verifier)
	for i := range 300 {
		srv.Add(t, mod(i), recordText(mod(i)))
	}
	log, err := ParseLog(srv.GOSUMDB())
	if err != nil {
		t.Fatal(err)
	}
	foreignKey, _ := sumdbtest.Key(t)
	foreign, err := note.NewSigner(foreignKey)
	if err != nil {
		t.Fatal(err)
	}
	text := string(tlog.FormatTree(tlog.Tree{N: 300, Hash: tlog.RecordHash(nil)}))
	byOther, err := note.Sign(&note.Note{Text: text}, foreign)
	if err != nil {
		t.Fatal(err)
	}
	record := func(m module.Version, id int, head string) string {
		data, err := tlog.FormatRecord(int64(id), []byte(recordText(m)))
		if err != nil {
			t.Fatal(err)
		}
		return string(data) + head
	}
	res, err := httpFetcher(srv.URL).Fetch(context.Background(), "latest", maxCheckpoint)
	if err != nil {
		t.Fatal(err)
	}
	honest := string(res)
	upper := module.Version{Path: "example.com/Upper", Version: "v1.0.0"}
	srv.Add(t, upper, recordText(upper))
	grown, err := httpFetcher(srv.URL).Fetch(context.Background(), "latest", maxCheckpoint)
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct{ name, content, want string }{
		{"lookup/example.com/m3@v1.0.0", record(mod(3), 3, honest), ""},
		{"lookup/example.com/!upper@v1.0.0", record(upper, 300, string(grown)), ""},
		{"lookup/example.com/m4@v1.0.0", record(mod(3), 3, honest), "forged"},   // another module's
		{"lookup/example.com/m5@v1.0.0", record(mod(5), 6, honest), "forged"},   // another leaf
		{"lookup/example.com/m7@v1.0.0", record(mod(7), 300, honest), "forged"}, // outside its own tree
		{"lookup/example.com/m8@v1.0.0", record(mod(8), 8, ""), "forged"},       // no head
		{"lookup/example.com/m9@v1.0.0", record(mod(9), 9, string(byOther)), "stale-key"},
		{"lookup/example.com/Upper@v1.0.0", record(upper, 300, string(grown)), "malformed"}, // not escaped
		{"lookup/example.com/m10", record(mod(10), 10, honest), "malformed"},
		{"lookup/example.com/m11@v1.0.0", strings.Repeat("x", maxLookup+1), "not-checked"},
		{"tile/8/0/001.p/60", strings.Repeat("x", 60*32), "not-checked"}, // beyond
		{"tile/8/0/000.p/3", strings.Repeat("x", 3*32), "forged"},
		{"tile/8/0/000.p/4", strings.Repeat("x", 3*32), "forged"},
		{"tile/8/0/x001/000", strings.Repeat("x", 256*32), "not-checked"},
		{"tile/8/0/x000/000", "", "malformed"},
		{"tile/8/0/0", "", "malformed"},
		{"tile/9/0/000", "", "malformed"},
		{"tile/8/data/000", "", "malformed"},
		{"tile/8/9/000", strings.Repeat("x", 256*32), "not-checked"},
		{"tile/8/0/x999/x999/x999/x999/x999/x999/999", "", "malformed"},
		{"latest", string(byOther), "stale-key"},
		{"heads/0000000000000000300-0000000000000000", "seen 2026-01-02T03:04:05Z\n\n" + honest, "forged"},
		{"heads/0000000000000000300-0000000000000001", "seen 2026-01-02T03:04:05Z\n\n", "forged"},
		{"lookup/example.com/.tmp-123", "half", ""},
		{"lookup/example.com/m3@v1.0.0.lock", "", ""},
		{"other/file", "", ""},
	}
	dir := t.TempDir()
	var want []string
	for _, tt := range tests {
		path := filepath.Join(dir, filepath.FromSlash(tt.name))
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(tt.content), 0o666); err != nil {
			t.Fatal(err)
		}
		if tt.want != "" {
			want = append(want, tt.want+" "+tt.name)
		}
	}
	in := inspect(t, &Verifier{Log: log, Fetcher: httpFetcher(srv.URL)}, os.DirFS(dir))
	got := states(in)
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	if in.Verified != 2 {
		t.Errorf("%+v", in)
	}
}

// A folder that does not exist holds nothing; without the network nothing is
// called right, and a log that forks is no measure.
func TestInspectNothing(t *testing.T) {
	srv, log := newLog(t, 300)
	v := &Verifier{Log: log, Fetcher: httpFetcher(srv.URL)}
	if in := inspect(t, v, os.DirFS(filepath.Join(t.TempDir(), "none"))); in.Head == nil || in.Lookups+in.Tiles+in.Heads+len(in.Problems) != 0 {
		t.Errorf("%+v", in)
	}
	dir := goCache(t, srv, 3)
	srv.Lie(func(w http.ResponseWriter, r *http.Request, _ http.Handler) { w.WriteHeader(500) })
	if in := inspect(t, v, os.DirFS(dir)); in.Head != nil || in.Verified != 0 || len(in.Problems) != in.Lookups+in.Tiles+in.Heads {
		t.Errorf("unplugged: %+v", in)
	}
	// A proxy that does not pass /latest on.
	srv.Lie(func(w http.ResponseWriter, r *http.Request, honest http.Handler) {
		if r.URL.Path == "/latest" {
			http.NotFound(w, r)
			return
		}
		honest.ServeHTTP(w, r)
	})
	if in := inspect(t, v, os.DirFS(dir)); in.Head == nil || len(in.Problems) > 0 {
		t.Errorf("no /latest: %+v", in)
	}
}

func TestInspectFork(t *testing.T) {
	signer, verifier := sumdbtest.Key(t)
	first, second := sumdbtest.NewWithKey(t, signer, verifier), sumdbtest.NewWithKey(t, signer, verifier)
	for i := range 300 {
		first.Add(t, mod(i), recordText(mod(i)))
		second.Add(t, mod(i+1), recordText(mod(i+1)))
	}
	log, err := ParseLog(first.GOSUMDB())
	if err != nil {
		t.Fatal(err)
	}
	dir := goCache(t, first, 3, 250)
	for range 2 {
		in := inspect(t, &Verifier{Log: log, Fetcher: httpFetcher(second.URL)}, os.DirFS(dir))
		if len(in.Violations) != 1 || in.Violations[0].Kind != Fork || in.Head != nil {
			t.Errorf("%+v", in)
		}
		second.Add(t, mod(1000), recordText(mod(1000)))
	}
}

// referenceOps are the ClientOps of the go command, with its layout of files.
type referenceOps struct {
	srv *sumdbtest.Log
	dir string
}

func newReferenceClient(srv *sumdbtest.Log, dir string) *referenceClient {
	return newReference(&referenceOps{srv, dir})
}

func (o *referenceOps) ReadRemote(path string) ([]byte, error) {
	return httpFetcher(o.srv.URL).Fetch(context.Background(), strings.TrimPrefix(path, "/"), 1<<20)
}

func (o *referenceOps) ReadConfig(file string) ([]byte, error) {
	if file == "key" {
		return []byte(o.srv.Key), nil
	}
	data, err := os.ReadFile(filepath.Join(o.dir, "latest"))
	if os.IsNotExist(err) {
		return nil, nil
	}
	return data, err
}

func (o *referenceOps) WriteConfig(file string, _, data []byte) error {
	return os.WriteFile(filepath.Join(o.dir, "latest"), data, 0o666)
}

// ReadCache and WriteCache leave out the log's name, which stands before each
// path.
func (o *referenceOps) ReadCache(file string) ([]byte, error) {
	_, name, _ := strings.Cut(file, "/")
	return os.ReadFile(filepath.Join(o.dir, filepath.FromSlash(name)))
}

func (o *referenceOps) WriteCache(file string, data []byte) {
	_, name, _ := strings.Cut(file, "/")
	path := filepath.Join(o.dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		panic(err)
	}
	if err := os.WriteFile(path, data, 0o666); err != nil {
		panic(err)
	}
}

func (o *referenceOps) Log(string) {}

func (o *referenceOps) SecurityError(msg string) { panic(fmt.Sprint("security error: ", msg)) }
