// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package sumlog

import (
	"bufio"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/module"
	xsumdb "golang.org/x/mod/sumdb"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/goassay/assay/sumdb"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv("SUMLOG_APPEND"); dir != "" {
		appendForever(dir)
	}
	if dir := os.Getenv("SUMLOG_ROTATE"); dir != "" {
		rotateForever(dir)
	}
	os.Exit(m.Run())
}

func hashOf(word string) string {
	var sum [32]byte
	copy(sum[:], word)
	return "h1:" + base64.StdEncoding.EncodeToString(sum[:])
}

func record(i int) Record {
	m := module.Version{Path: fmt.Sprintf("corp.example/m%d", i), Version: "v1.0.0"}
	return Record{m, hashOf("zip" + m.Path), hashOf("mod" + m.Path)}
}

func records(from, to int) []Record {
	var out []Record
	for i := from; i < to; i++ {
		out = append(out, record(i))
	}
	return out
}

// newLog makes a log of n records.
func newLog(t testing.TB, n int) (dir string, key *Key) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "log")
	key, err := NewKey("sum.corp.example")
	if err != nil {
		t.Fatal(err)
	}
	if err := Create(dir, key); err != nil {
		t.Fatal(err)
	}
	if err := key.WriteFile(filepath.Join(dir, key.FileName())); err != nil {
		t.Fatal(err)
	}
	if n > 0 {
		w := openWriter(t, dir)
		defer w.Close()
		if _, err := w.Append(records(0, n)...); err != nil {
			t.Fatal(err)
		}
	}
	return dir, key
}

func openWriter(t testing.TB, dir string) *Writer {
	t.Helper()
	keys, err := ReadKeys(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	w, err := OpenWriter(context.Background(), dir, keys)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func openStore(t testing.TB, dir string) *Store {
	t.Helper()
	s, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// What is appended is found, in other processes' stores too, and its tree is
// the one that package tlog makes.
func TestAppend(t *testing.T) {
	dir, _ := newLog(t, 0)
	s := openStore(t, dir)
	w := openWriter(t, dir)
	defer w.Close()
	var tree []tlog.Hash
	reader := tlog.HashReaderFunc(func(at []int64) ([]tlog.Hash, error) {
		var out []tlog.Hash
		for _, i := range at {
			out = append(out, tree[i])
		}
		return out, nil
	})
	n := 0
	for _, more := range []int{1, 1, 3, 250, 1, 1, 255, 100} {
		added, err := w.Append(records(n, n+more)...)
		if err != nil {
			t.Fatal(err)
		}
		for i, a := range added {
			if a.ID != int64(n+i) || !a.New {
				t.Fatalf("%+v", a)
			}
			hashes, err := tlog.StoredHashes(a.ID, record(n+i).Text(), reader)
			if err != nil {
				t.Fatal(err)
			}
			tree = append(tree, hashes...)
		}
		n += more
		root, err := tlog.TreeHash(int64(n), reader)
		if err != nil {
			t.Fatal(err)
		}
		head, err := s.Head()
		if err != nil || head.Size != int64(n) || head.Root != root {
			t.Fatalf("%d records: head of %d, %v", n, head.Size, err)
		}
	}
	for i := range n {
		id, err := s.Lookup(record(i).Module)
		text, err2 := s.Text(id)
		if err != nil || err2 != nil || id != int64(i) || string(text) != string(record(i).Text()) {
			t.Fatalf("record %d: %d, %v, %v", i, id, err, err2)
		}
	}
	if _, err := s.Lookup(record(n).Module); !errors.Is(err, sumdb.ErrNotLogged) {
		t.Errorf("%v", err)
	}
	if _, err := s.Text(int64(n)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v", err)
	}
	if err := s.Check(); err != nil {
		t.Error(err)
	}
}

// The same again is no new record; another hash is refused forever, and with it
// the whole batch.
func TestAppendAgain(t *testing.T) {
	dir, _ := newLog(t, 5)
	other := record(3)
	other.Zip = hashOf("other")
	otherMod := record(3)
	otherMod.GoMod = hashOf("other")
	for range 2 { // also after the log was opened anew
		w := openWriter(t, dir)
		added, err := w.Append(record(3), record(7), record(7))
		if err != nil || added[0] != (Added{3, false}) || added[1].ID != 5 || added[2].ID != 5 {
			t.Fatalf("%v %v", added, err)
		}
		for _, bad := range [][]Record{{other}, {otherMod}, {record(8), other}, {record(8), {record(8).Module, hashOf("a"), hashOf("b")}}} {
			_, err := w.Append(bad...)
			var refused *RefusedError
			if !errors.As(err, &refused) {
				t.Fatalf("%v: %v", bad, err)
			}
		}
		if w.Head().Size != 6 {
			t.Errorf("%d records", w.Head().Size)
		}
		w.Close()
	}
	for name, bad := range map[string]Record{
		"path": {module.Version{Path: "no path", Version: "v1.0.0"}, hashOf("a"), hashOf("b")}, "version": {module.Version{Path: "corp.example/m", Version: "v1"}, hashOf("a"), hashOf("b")},
		"hash": {record(9).Module, "h1:abc", hashOf("b")}, "algorithm": {record(9).Module, "h2:" + hashOf("a")[3:], hashOf("b")}, "no go.mod": {record(9).Module, hashOf("a"), ""},
	} {
		w := openWriter(t, dir)
		if _, err := w.Append(bad); err == nil {
			t.Errorf("%s: appended", name)
		}
		w.Close()
	}
}

// What lies behind the head is cut off, and anything before it is not what was
// signed: nothing is served then.
func TestDamage(t *testing.T) {
	dir, _ := newLog(t, 20)
	copyOf := func() string {
		to := filepath.Join(t.TempDir(), "log")
		if err := os.CopyFS(to, os.DirFS(dir)); err != nil {
			t.Fatal(err)
		}
		entries, err := os.ReadDir(to)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			if err := os.Chmod(filepath.Join(to, e.Name()), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		return to
	}
	for _, name := range []string{"records", "hashes"} {
		for _, tail := range []string{"x", "corp.example/torn v1.0.0 h1:", strings.Repeat("\x00", 5000)} {
			to := copyOf()
			f, err := os.OpenFile(filepath.Join(to, name), os.O_APPEND|os.O_WRONLY, 0)
			if err != nil {
				t.Fatal(err)
			}
			f.WriteString(tail)
			f.Close()
			w := openWriter(t, to)
			if _, err := w.Append(records(20, 23)...); err != nil {
				t.Errorf("torn %s: %v", name, err)
			}
			w.Close()
			if err := openStore(t, to).Check(); err != nil {
				t.Errorf("torn %s: %v", name, err)
			}
		}
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		for at := 0; at < len(data); at += 1 + len(data)/97 {
			for _, damage := range [][]byte{data[:at], append(append(slices.Clone(data[:at]), data[at]^1), data[at+1:]...)} {
				to := copyOf()
				if err := os.WriteFile(filepath.Join(to, name), damage, 0o600); err != nil {
					t.Fatal(err)
				}
				s, err := Open(to)
				var d *DamageError
				if err == nil {
					err = s.Check()
					s.Close()
				}
				if !errors.As(err, &d) {
					t.Fatalf("%s damaged at %d of %d: %v", name, at, len(data), err)
				}
			}
		}
	}
	head, err := os.ReadFile(filepath.Join(dir, "head"))
	if err != nil {
		t.Fatal(err)
	}
	for at := range head {
		to := copyOf()
		bad := slices.Clone(head)
		bad[at] ^= 1
		if err := os.WriteFile(filepath.Join(to, "head"), bad, 0o600); err != nil {
			t.Fatal(err)
		}
		if s, err := Open(to); err == nil {
			s.Close()
			t.Fatalf("head damaged at %d: opened", at)
		}
	}
}

// An older copy that is put back is not served by who has served a newer one.
func TestRollback(t *testing.T) {
	dir, _ := newLog(t, 5)
	s := openStore(t, dir)
	old, err := os.ReadFile(filepath.Join(dir, "head"))
	if err != nil {
		t.Fatal(err)
	}
	w := openWriter(t, dir)
	if _, err := w.Append(record(5)); err != nil {
		t.Fatal(err)
	}
	w.Close()
	if head, err := s.Head(); err != nil || head.Size != 6 {
		t.Fatal(head, err)
	}
	if err := os.WriteFile(filepath.Join(dir, "head"), old, 0o600); err != nil {
		t.Fatal(err)
	}
	var rollback *RollbackError
	if _, err := s.Head(); !errors.As(err, &rollback) || rollback.Served != 6 || rollback.Size != 5 {
		t.Errorf("%v", err)
	}
}

// During a rotation both keys open the head; before and after, one does.
func TestRotation(t *testing.T) {
	dir, old := newLog(t, 3)
	next, err := NewKey(old.Name())
	if err != nil {
		t.Fatal(err)
	}
	opens := func(key *Key) bool {
		log, err := sumdb.ParseLog(key.Verifier())
		if err != nil {
			t.Fatal(err)
		}
		head, err := openStore(t, dir).Head()
		if err != nil {
			t.Fatal(err)
		}
		cp, err := log.OpenCheckpoint(head.Signed)
		return err == nil && cp.Size == head.Size
	}
	if !opens(old) || opens(next) {
		t.Error("before")
	}
	w := openWriter(t, dir)
	if err := w.FinishRotation(); !errors.Is(err, ErrNotRotating) {
		t.Errorf("%v", err)
	}
	if err := w.Rotate(old); err == nil {
		t.Error("to the same key")
	}
	stranger, err := NewKey("other.example")
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Rotate(stranger); err == nil {
		t.Error("to another log's key")
	}
	if err := next.WriteFile(filepath.Join(dir, next.FileName())); err != nil {
		t.Fatal(err)
	}
	if err := w.Rotate(next); err != nil {
		t.Fatal(err)
	}
	if err := w.Rotate(stranger); !errors.Is(err, ErrRotating) {
		t.Errorf("%v", err)
	}
	w.Close()
	if !opens(old) || !opens(next) {
		t.Error("during")
	}
	w = openWriter(t, dir)
	if _, err := w.Append(record(3)); err != nil {
		t.Fatal(err)
	}
	if !opens(old) || !opens(next) {
		t.Error("during, after an append")
	}
	if err := w.FinishRotation(); err != nil {
		t.Fatal(err)
	}
	w.Close()
	if opens(old) || !opens(next) {
		t.Error("after")
	}
	if _, err := OpenWriter(context.Background(), dir, []*Key{old}); err == nil {
		t.Error("the old key still writes")
	}
}

// A private key shows in nothing but its file, which is its owner's.
func TestKey(t *testing.T) {
	dir, key := newLog(t, 0)
	file := filepath.Join(dir, key.FileName())
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	secret := strings.TrimSpace(string(text))
	for _, shown := range []string{fmt.Sprintf("%v %+v %#v %s %q %d", key, key, key, key, key, key), key.Verifier()} {
		if strings.Contains(shown, secret) || strings.Contains(shown, "PRIVATE") {
			t.Errorf("%s", shown)
		}
	}
	if err := key.WriteFile(file); !errors.Is(err, fs.ErrExist) {
		t.Errorf("overwritten: %v", err)
	}
	if err := Create(dir, key); !errors.Is(err, fs.ErrExist) {
		t.Errorf("made twice: %v", err)
	}
	if runtime.GOOS != "windows" {
		if err := os.Chmod(file, 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := ReadKey(file); err == nil {
			t.Error("a key that all may read is used")
		}
	}
	bad := filepath.Join(t.TempDir(), "bad.key")
	if err := os.WriteFile(bad, []byte(secret[:len(secret)-5]), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadKey(bad); err == nil || strings.Contains(err.Error(), secret[20:40]) {
		t.Errorf("%v", err)
	}
	for _, name := range []string{"", "a b", "a+b", "https://a", "a/", "ü.example"} {
		if _, err := NewKey(name); err == nil {
			t.Errorf("name %q", name)
		}
	}
}

// appendForever appends records one by one until the process is killed, and
// says of each where it is.
func appendForever(dir string) {
	keys, err := ReadKeys(dir, nil)
	if err != nil {
		panic(err)
	}
	w, err := OpenWriter(context.Background(), dir, keys)
	if err != nil {
		panic(err)
	}
	for i := int(w.Head().Size); ; i++ {
		added, err := w.Append(record(i))
		if err != nil {
			panic(err)
		}
		head := w.Head()
		fmt.Printf("%d %d %s\n", added[0].ID, head.Size, head.Root)
	}
}

// A writer that is killed at any moment loses nothing that it acknowledged, and
// never signs two trees of one size.
func TestKilled(t *testing.T) {
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir, _ := newLog(t, 0)
	r := rand.New(rand.NewPCG(5, 6))
	roots := map[string]string{}
	acknowledged := -1
	for round := range 25 {
		cmd := exec.Command(exe)
		cmd.Env = append(os.Environ(), "SUMLOG_APPEND="+dir)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		stop := 1 + r.IntN(12)
		for n := 0; lines.Scan(); n++ {
			f := strings.Fields(lines.Text())
			if len(f) != 3 {
				continue // cut off by the kill
			}
			var id int
			if _, err := fmt.Sscan(f[0], &id); err != nil || id != acknowledged+1 && n > 0 {
				t.Fatalf("round %d: record %s after %d", round, f[0], acknowledged)
			}
			if id > acknowledged {
				acknowledged = id
			}
			if other, ok := roots[f[1]]; ok && other != f[2] {
				t.Fatalf("round %d: two trees of size %s", round, f[1])
			}
			roots[f[1]] = f[2]
			if n == stop {
				time.AfterFunc(time.Duration(r.IntN(3000))*time.Microsecond, func() { cmd.Process.Kill() })
			}
		}
		cmd.Wait()
		s, err := Open(dir)
		if err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		head, err := s.Head()
		if err != nil || head.Size <= int64(acknowledged) {
			t.Fatalf("round %d: head of %d, record %d was acknowledged, %v", round, head.Size, acknowledged, err)
		}
		if root, ok := roots[fmt.Sprint(head.Size)]; ok && root != head.Root.String() {
			t.Fatalf("round %d: another tree of size %d than was acknowledged", round, head.Size)
		}
		roots[fmt.Sprint(head.Size)] = head.Root.String()
		acknowledged = int(head.Size) - 1
		if err := s.Check(); err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		s.Close()
	}
	// Every tree that was ever shown is the beginning of the last.
	s := openStore(t, dir)
	for size, root := range roots {
		var n int64
		fmt.Sscan(size, &n)
		if got, err := tlog.TreeHash(n, s); err != nil || got.String() != root {
			t.Errorf("tree of %d: %v, %v", n, got, err)
		}
	}
	t.Logf("%d records", acknowledged+1)
}

// Two writers wait for each other, and readers see one log.
func TestTwoWriters(t *testing.T) {
	dir, _ := newLog(t, 0)
	done := make(chan error)
	for part := range 2 {
		go func() {
			for i := range 20 {
				keys, err := ReadKeys(dir, nil)
				if err != nil {
					done <- err
					return
				}
				w, err := OpenWriter(context.Background(), dir, keys)
				if err == nil {
					_, err = w.Append(record(part*1000 + i))
					w.Close()
				}
				if err != nil {
					done <- err
					return
				}
			}
			done <- nil
		}()
	}
	for range 2 {
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	}
	s := openStore(t, dir)
	if head, err := s.Head(); err != nil || head.Size != 40 {
		t.Errorf("%d, %v", head.Size, err)
	}
	if err := s.Check(); err != nil {
		t.Error(err)
	}
}

// client is the reference client's way to a server, with nothing kept.
type client struct {
	url, key string
	latest   []byte
}

func (c *client) ReadRemote(path string) ([]byte, error) {
	resp, err := http.Get(c.url + path)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	data := new(strings.Builder)
	if _, err := bufio.NewReader(resp.Body).WriteTo(data); err != nil {
		return nil, err
	}
	if resp.StatusCode != 200 {
		return nil, fmt.Errorf("%s: %s", resp.Status, data)
	}
	return []byte(data.String()), nil
}

func (c *client) ReadConfig(file string) ([]byte, error) {
	if file == "key" {
		return []byte(c.key), nil
	}
	return c.latest, nil
}
func (c *client) WriteConfig(_ string, _, data []byte) error { c.latest = data; return nil }
func (c *client) ReadCache(string) ([]byte, error)           { return nil, fs.ErrNotExist }
func (c *client) WriteCache(string, []byte)                  {}
func (c *client) Log(string)                                 {}
func (c *client) SecurityError(msg string)                   { panic(msg) }

type fetcher string

func (f fetcher) Fetch(_ context.Context, path string, limit int64) ([]byte, error) {
	return (&client{url: string(f)}).ReadRemote("/" + path)
}

// The reference client and this project's own verify what is served, at the
// root and as a proxy passes it on.
func TestServe(t *testing.T) {
	dir, key := newLog(t, 700)
	srv := httptest.NewServer(Handler(openStore(t, dir), nil))
	defer srv.Close()
	for _, base := range []string{srv.URL, srv.URL + "/sumdb/" + key.Name()} {
		c := xsumdb.NewClient(&client{url: base, key: key.Verifier()})
		for _, i := range []int{0, 255, 256, 511, 699} {
			lines, err := c.Lookup(record(i).Module.Path, "v1.0.0")
			if err != nil || len(lines) != 1 || !strings.Contains(lines[0], hashOf("zip"+record(i).Module.Path)) {
				t.Errorf("%s: record %d: %q, %v", base, i, lines, err)
			}
		}
		log, err := sumdb.ParseLog(key.Verifier())
		if err != nil {
			t.Fatal(err)
		}
		var modules []module.Version
		for i := range 700 {
			modules = append(modules, record(i).Module)
		}
		res, err := (&sumdb.Verifier{Log: log, Fetcher: fetcher(base)}).Verify(context.Background(), modules)
		if err != nil || res.Head == nil || len(res.Violations) > 0 {
			t.Fatalf("%v %v", res.Violations, err)
		}
		for _, a := range res.Answers {
			if a.Record == nil {
				t.Fatalf("%v: %v", a.Module, a.Err)
			}
		}
	}
}

// What is asked for and is not there, or must not be given.
func TestServeRefusals(t *testing.T) {
	dir, _ := newLog(t, 300)
	h := Handler(openStore(t, dir), nil)
	get := func(method, path string) (int, http.Header) {
		rec := httptest.NewRecorder()
		req := httptest.NewRequest(method, "/", nil)
		req.URL.Path = path
		h.ServeHTTP(rec, req)
		return rec.Code, rec.Header()
	}
	for path, want := range map[string]int{
		"/supported": 200, "/latest": 200, "/lookup/corp.example/m3@v1.0.0": 200, "/tile/8/0/000": 200, "/tile/8/0/001.p/44": 200,
		"/tile/8/0/001.p/7": 200, "/tile/8/1/000.p/1": 200, "/tile/8/data/000": 200,
		"/tile/8/0/001": 404, "/tile/8/0/001.p/45": 404, "/tile/8/0/002": 404, "/tile/8/1/000": 404, "/tile/8/7/000": 404, "/tile/8/60/000": 404,
		"/tile/7/0/000": 404, "/tile/30/0/000": 404, "/tile/1/0/000": 404, "/tile/8/0/0": 404, "/tile/": 404, "/tile/8/0/x999/x999/x999/x999/x999/999": 404,
		"/lookup/corp.example/m300@v1.0.0": 404, "/lookup/corp.example/m3@v1": 404, "/lookup/Corp.example/m3@v1.0.0": 404, "/lookup/": 404, "/lookup/x": 404,
		"/": 404, "": 404, "/head": 404, "/../head": 404, "/records": 404, "/lookup/" + strings.Repeat("x", 5000): 404, "/sumdb/other/latest": 404,
	} {
		if code, _ := get("GET", path); code != want && !(want == 404 && code == 400) {
			t.Errorf("%.60s: %d, want %d", path, code, want)
		}
	}
	for _, method := range []string{"POST", "PUT", "DELETE", "OPTIONS"} {
		if code, _ := get(method, "/latest"); code != http.StatusMethodNotAllowed {
			t.Errorf("%s: %d", method, code)
		}
	}
	if _, header := get("GET", "/tile/8/0/000"); !strings.Contains(header.Get("Cache-Control"), "immutable") {
		t.Errorf("%v", header)
	}
	for _, path := range []string{"/latest", "/tile/8/0/001.p/44", "/tile/8/0/009"} {
		if _, header := get("GET", path); strings.Contains(header.Get("Cache-Control"), "immutable") {
			t.Errorf("%s: %v", path, header)
		}
	}
	// A log that is damaged says nothing, and not where it lies.
	if err := os.WriteFile(filepath.Join(dir, "head"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, httptest.NewRequest("GET", "/latest", nil))
	if rec.Code != 500 || strings.Contains(rec.Body.String(), dir) {
		t.Errorf("%d %s", rec.Code, rec.Body)
	}
}

func FuzzServe(f *testing.F) {
	dir, _ := newLog(f, 300)
	s, err := Open(dir)
	if err != nil {
		f.Fatal(err)
	}
	h := Handler(s, nil)
	for _, path := range []string{"/supported", "/latest", "/lookup/corp.example/m3@v1.0.0", "/tile/8/0/001.p/44", "/tile/8/-1/000", "/tile/30/0/0", "/sumdb/sum.corp.example/latest"} {
		f.Add(path)
	}
	f.Fuzz(func(t *testing.T, path string) {
		req := httptest.NewRequest("GET", "/", nil)
		req.URL.Path = path
		h.ServeHTTP(httptest.NewRecorder(), req)
	})
}
