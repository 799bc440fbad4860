// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package sumdb

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/module"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/goassay/assay/sumdb/sumdbtest"
)

// httpFetcher is the plainest way to a log.
type httpFetcher string

func (f httpFetcher) Fetch(ctx context.Context, path string, limit int64) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, "GET", string(f)+"/"+path, nil)
	if err != nil {
		return nil, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode == http.StatusNotFound || resp.StatusCode == http.StatusGone {
		return nil, fs.ErrNotExist
	}
	if resp.StatusCode != http.StatusOK {
		return nil, errors.New(resp.Status)
	}
	return io.ReadAll(io.LimitReader(resp.Body, limit))
}

func mod(i int) module.Version {
	return module.Version{Path: fmt.Sprintf("example.com/m%d", i), Version: "v1.0.0"}
}

func recordText(m module.Version) string {
	return fmt.Sprintf("%s %s h1:zip\n%[1]s %[2]s/go.mod h1:mod\n", m.Path, m.Version)
}

// newLog starts a log of n records.
func newLog(t testing.TB, n int) (*sumdbtest.Log, *Log) {
	t.Helper()
	srv := sumdbtest.New(t)
	for i := range n {
		srv.Add(t, mod(i), recordText(mod(i)))
	}
	log, err := ParseLog(srv.GOSUMDB())
	if err != nil {
		t.Fatal(err)
	}
	return srv, log
}

func mods(ids ...int) []module.Version {
	var out []module.Version
	for _, i := range ids {
		out = append(out, mod(i))
	}
	return out
}

func verify(t testing.TB, v *Verifier, ms []module.Version) *Result {
	t.Helper()
	res, err := v.Verify(context.Background(), ms)
	if err != nil {
		t.Fatal(err)
	}
	return res
}

// Sizes around the borders of tiles of one, two and three levels.
func TestVerifySizes(t *testing.T) {
	srv := sumdbtest.New(t)
	log, err := ParseLog(srv.GOSUMDB())
	if err != nil {
		t.Fatal(err)
	}
	stops := []int{1, 2, 3, 255, 256, 257, 511, 512, 513, 600}
	n := 0
	for _, stop := range stops {
		for ; n < stop; n++ {
			srv.Add(t, mod(n), recordText(mod(n)))
		}
		ids := []int{0, stop / 2, stop - 1}
		res := verify(t, &Verifier{Log: log, Fetcher: httpFetcher(srv.URL)}, mods(ids...))
		if res.Head == nil || res.Head.Size != int64(stop) || len(res.Violations) > 0 {
			t.Fatalf("size %d: head %+v, violations %v", stop, res.Head, res.Violations)
		}
		if res.Rounds != 2 {
			t.Errorf("size %d: %d rounds, want 2", stop, res.Rounds)
		}
		for _, a := range res.Answers {
			if a.Err != nil || string(a.Record.Text) != recordText(a.Module) {
				t.Errorf("size %d: %v: %v %v", stop, a.Module, a.Record, a.Err)
				continue
			}
			checkProof(t, log, a)
		}
	}
}

// checkProof verifies a's proof after a way through its text form.
func checkProof(t *testing.T, log *Log, a Answer) {
	t.Helper()
	text, err := a.Record.Proof.MarshalText()
	if err != nil {
		t.Fatal(err)
	}
	var p Proof
	if err := p.UnmarshalText(text); err != nil {
		t.Fatal(err)
	}
	if _, _, err := p.Verify(log, a.Module); err != nil {
		t.Errorf("%v: proof: %v", a.Module, err)
	}
	if _, _, err := p.Verify(log, mod(1000)); err == nil {
		t.Errorf("%v: its proof passes for another module", a.Module)
	}
}

func TestSecondRun(t *testing.T) {
	srv, log := newLog(t, 600)
	cache := DirCache(t.TempDir())
	v := &Verifier{Log: log, Fetcher: httpFetcher(srv.URL), Cache: cache}
	ms := mods(0, 1, 300, 599)
	first := verify(t, v, ms)
	// the head, 4 lookups, tiles 0/0 0/1 0/2 and 1/0
	if want := 1 + 4 + 4; first.Requests != want || len(srv.Calls()) != want {
		t.Errorf("first run: %d requests, want %d", first.Requests, want)
	}
	second := verify(t, v, ms)
	if second.Requests != 1 || second.Head == nil || second.Answers[3].Record == nil {
		t.Errorf("second run: %d requests, head %v", second.Requests, second.Head)
	}
	offline := verify(t, &Verifier{Log: log, Cache: cache}, append(ms, mod(5)))
	for _, a := range offline.Answers {
		if got, want := a.Record != nil, a.Module != mod(5); got != want {
			t.Errorf("offline: %v: record %v, %v", a.Module, got, a.Err)
		}
		if a.Module == mod(5) && !errors.Is(a.Err, ErrNotCached) {
			t.Errorf("offline: %v", a.Err)
		}
	}
	// The log grows: the stored head must be proven a prefix.
	srv.Add(t, mod(600), recordText(mod(600)))
	third := verify(t, v, ms)
	if third.Head == nil || third.Head.Size != 601 || third.Requests != 2 || third.HeadsChecked != third.Heads {
		t.Errorf("third run: %+v", third)
	}
}

// Another's cache saves requests, is verified like everything, and not written.
func TestSources(t *testing.T) {
	srv, log := newLog(t, 300)
	others := DirCache(t.TempDir())
	verify(t, &Verifier{Log: log, Fetcher: httpFetcher(srv.URL), Cache: others}, mods(1, 2, 3))
	own := DirCache(t.TempDir())
	v := &Verifier{Log: log, Fetcher: httpFetcher(srv.URL), Cache: own, Sources: []Cache{others}}
	res := verify(t, v, mods(1, 2, 3))
	if res.Requests != 1 || res.Answers[2].Record == nil {
		t.Errorf("%d requests, %v", res.Requests, res.Answers[2].Err)
	}
	name, _ := lookupPath(mod(3))
	data, err := others.Read(name)
	if err != nil {
		t.Fatal(err)
	}
	poisoned := bytes.Replace(data, []byte("h1:zip"), []byte("h1:zap"), 1)
	if err := others.Write(name, poisoned); err != nil {
		t.Fatal(err)
	}
	res = verify(t, v, mods(1, 2, 3))
	if len(res.Violations) > 0 || res.Answers[2].Record == nil || string(res.Answers[2].Record.Text) != recordText(mod(3)) {
		t.Errorf("%v %v", res.Violations, res.Answers[2].Err)
	}
	if data, _ := others.Read(name); !bytes.Equal(data, poisoned) {
		t.Error("another's cache was written")
	}
}

// Without the network nothing in a cache counts, unless the user said offline.
func TestUnplugged(t *testing.T) {
	srv, log := newLog(t, 10)
	cache := DirCache(t.TempDir())
	v := &Verifier{Log: log, Fetcher: httpFetcher(srv.URL), Cache: cache}
	verify(t, v, mods(1, 2))
	srv.Close()
	res := verify(t, v, mods(1, 2))
	if res.Head != nil || len(res.Violations) > 0 {
		t.Errorf("head %v, violations %v", res.Head, res.Violations)
	}
	for _, a := range res.Answers {
		if a.Record != nil || a.Err == nil {
			t.Errorf("%v: %v, %v", a.Module, a.Record, a.Err)
		}
	}
}

// A proxy that does not pass /latest on, as the go command never asks for it.
func TestNoLatest(t *testing.T) {
	srv, log := newLog(t, 10)
	srv.Lie(func(w http.ResponseWriter, r *http.Request, honest http.Handler) {
		if r.URL.Path == "/latest" {
			http.NotFound(w, r)
			return
		}
		honest.ServeHTTP(w, r)
	})
	v := &Verifier{Log: log, Fetcher: httpFetcher(srv.URL), Cache: DirCache(t.TempDir())}
	for run := range 2 {
		res := verify(t, v, mods(1, 2))
		if res.Head == nil || res.Answers[0].Record == nil || res.Answers[1].Record == nil {
			t.Errorf("run %d: %+v", run, res)
		}
	}
}

func TestNotLogged(t *testing.T) {
	srv, log := newLog(t, 3)
	bad := module.Version{Path: "example.com/UPPER space", Version: "v1.0.0"}
	res := verify(t, &Verifier{Log: log, Fetcher: httpFetcher(srv.URL)}, append(mods(1, 7), bad))
	for _, a := range res.Answers {
		switch a.Module {
		case mod(1):
			if a.Record == nil {
				t.Error(a.Err)
			}
		case mod(7):
			if !errors.Is(a.Err, ErrNotLogged) {
				t.Errorf("%v: %v", a.Module, a.Err)
			}
		case bad:
			if a.Err == nil {
				t.Errorf("%v: looked up", a.Module)
			}
		}
	}
}

// Each lie of a server, and what must be said of it. None may leave a record
// for module 3, or anything in the cache about it.
func TestLies(t *testing.T) {
	answer := func(honest http.Handler, r *http.Request) []byte {
		rec := newRecorder()
		honest.ServeHTTP(rec, r)
		return rec.Bytes()
	}
	edit := func(prefix string, fn func([]byte) []byte) func(http.ResponseWriter, *http.Request, http.Handler) {
		return func(w http.ResponseWriter, r *http.Request, honest http.Handler) {
			data := answer(honest, r)
			if strings.HasPrefix(r.URL.Path, prefix) {
				data = fn(data)
			}
			w.Write(data)
		}
	}
	flip := func(at int) func([]byte) []byte {
		return func(b []byte) []byte { b[at%len(b)] ^= 1; return b }
	}
	replace := func(old, new string) func([]byte) []byte {
		return func(b []byte) []byte { return bytes.Replace(b, []byte(old), []byte(new), 1) }
	}
	tests := []struct {
		name string
		lie  func(http.ResponseWriter, *http.Request, http.Handler)
		want Kind
	}{
		{"head unsigned", edit("/latest", func(b []byte) []byte { return b[:bytes.Index(b, []byte("\n\n"))+2] }), BadSignature},
		{"head of another size", edit("/latest", replace("\n300\n", "\n301\n")), BadSignature},
		{"head by another key", edit("/latest", func([]byte) []byte { return otherHead(t) }), BadSignature},
		{"huge head", edit("/latest", func(b []byte) []byte { return append(b, make([]byte, maxCheckpoint)...) }), BadSignature},
		{"empty record", edit("/lookup/example.com/m3@", func(b []byte) []byte { return b[bytes.Index(b, []byte("\n\n")):] }), BadRecord},
		{"other module's record", edit("/lookup/example.com/m3@", replace("m3", "m4")), BadRecord},
		{"line added", edit("/lookup/example.com/m3@", replace("\n\n", "\nexample.com/m3 v1.0.0 h1:evil\n\n")), BadRecord},
		{"hash changed", edit("/lookup/example.com/m3@", replace("h1:zip", "h1:zap")), BadRecord},
		{"id of another", edit("/lookup/example.com/m3@", replace("3\n", "4\n")), BadRecord},
		{"id beyond the head", edit("/lookup/example.com/m3@", replace("3\n", "4000\n")), BadRecord},
		{"id negative", edit("/lookup/example.com/m3@", replace("3\n", "-3\n")), BadRecord},
		{"id huge", edit("/lookup/example.com/m3@", replace("3\n", "99999999999999999999\n")), BadRecord},
		{"record's head unsigned", edit("/lookup/example.com/m3@", replace("\n300\n", "\n299\n")), BadSignature},
		{"tile: first bit", edit("/tile/8/0/000", flip(0)), BadTile},
		{"tile: last byte", edit("/tile/8/0/000", flip(maxTile-1)), BadTile},
		{"tile cut", edit("/tile/8/0/000", func(b []byte) []byte { return b[:len(b)-1] }), BadTile},
		{"edge tile", edit("/tile/8/0/001", flip(40)), BadTree},
		{"upper edge tile", edit("/tile/8/1/000", flip(7)), BadTree},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			srv, log := newLog(t, 300)
			srv.Lie(tt.lie)
			cache := DirCache(t.TempDir())
			res := verify(t, &Verifier{Log: log, Fetcher: httpFetcher(srv.URL), Cache: cache}, mods(3))
			if !slices.ContainsFunc(res.Violations, func(v *Violation) bool { return v.Kind == tt.want }) {
				t.Errorf("violations %v, want %s", res.Violations, tt.want)
			}
			headOnly := strings.Contains(tt.name, "head") && tt.want == BadSignature && !strings.Contains(tt.name, "record")
			if got := res.Answers[0].Record; got != nil && !headOnly {
				t.Errorf("record %q", got.Text)
			}
			if !headOnly {
				name, _ := lookupPath(mod(3))
				if _, err := cache.Read(name); err == nil {
					t.Error("the record was stored")
				}
			}
		})
	}
}

// otherHead is a head signed under the log's name by another key.
func otherHead(t *testing.T) []byte {
	other := sumdbtest.New(t)
	resp, err := http.Get(other.URL + "/latest")
	if err != nil {
		t.Error(err)
		return nil
	}
	defer resp.Body.Close()
	data, _ := io.ReadAll(resp.Body)
	return data
}

// A log that has shown one tree and now shows another.
func TestFork(t *testing.T) {
	signer, verifier := sumdbtest.Key(t)
	first, second := sumdbtest.NewWithKey(t, signer, verifier), sumdbtest.NewWithKey(t, signer, verifier)
	for i := range 20 {
		first.Add(t, mod(i), recordText(mod(i)))
		second.Add(t, mod(i+100), recordText(mod(i+100)))
	}
	log, err := ParseLog(first.GOSUMDB())
	if err != nil {
		t.Fatal(err)
	}
	for _, extra := range []int{0, 1, 300} {
		for i := range extra {
			second.Add(t, mod(i+1000), recordText(mod(i+1000)))
		}
		cache := DirCache(t.TempDir())
		verify(t, &Verifier{Log: log, Fetcher: httpFetcher(first.URL), Cache: cache}, mods(1))
		res := verify(t, &Verifier{Log: log, Fetcher: httpFetcher(second.URL), Cache: cache}, mods(101))
		if res.Head != nil || res.Answers[0].Record != nil {
			t.Errorf("+%d: a forked log is believed", extra)
		}
		i := slices.IndexFunc(res.Violations, func(v *Violation) bool { return v.Kind == Fork })
		if i < 0 || len(res.Violations[i].Evidence) != 2 {
			t.Fatalf("+%d: violations %v", extra, res.Violations)
		}
		fork := res.Violations[i].Fork
		if fork == nil {
			t.Fatalf("+%d: no proof of the fork", extra)
		}
		if a, b, err := fork.Verify(log); err != nil || a.Size != 20 || b.Size != int64(20+extra) {
			t.Errorf("+%d: %v", extra, err)
		}
		if names, err := cache.List("forks"); err != nil || len(names) != 1 {
			t.Errorf("+%d: forks kept: %v, %v", extra, names, err)
		}
		for _, signed := range res.Violations[i].Evidence {
			if _, err := log.OpenCheckpoint(signed); err != nil {
				t.Errorf("+%d: evidence: %v", extra, err)
			}
		}
		if heads, err := ReadHeads(cache, log); err != nil || len(heads) != 1 || heads[0].Size != 20 {
			t.Errorf("+%d: heads kept: %v, %v", extra, heads, err)
		}
	}
}

// A damaged or forged cache is found out, and the network asked instead.
func TestPoisonedCache(t *testing.T) {
	srv, log := newLog(t, 300)
	lookup, err := lookupPath(mod(3))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"head", lookup, "tile/8/0/000", "tile/8/0/001.p/44", "tile/8/1/000.p/1"} {
		cache := DirCache(t.TempDir())
		v := &Verifier{Log: log, Fetcher: httpFetcher(srv.URL), Cache: cache}
		verify(t, v, mods(3))
		file := name
		if name == "head" {
			names, err := headNames(cache)
			if err != nil || len(names) != 1 {
				t.Fatal(names, err)
			}
			file = names[0]
		}
		data, err := cache.Read(file)
		if err != nil {
			t.Fatal(err)
		}
		data[len(data)/3] ^= 4
		if err := cache.Write(file, data); err != nil {
			t.Fatal(err)
		}
		offline := verify(t, &Verifier{Log: log, Cache: cache}, mods(3))
		if a := offline.Answers[0]; a.Record != nil && name != "head" {
			t.Errorf("%s: offline: believed", name)
		}
		res := verify(t, v, mods(3))
		if len(res.Violations) > 0 || res.Answers[0].Record == nil {
			t.Errorf("%s: %v %v", name, res.Violations, res.Answers[0].Err)
		}
		if again := verify(t, &Verifier{Log: log, Cache: cache}, mods(3)); again.Answers[0].Record == nil {
			t.Errorf("%s: the cache was not mended: %v", name, again.Answers[0].Err)
		}
	}
}

// A tile that is missing makes nothing look absent from the log.
func TestMissingTile(t *testing.T) {
	srv, log := newLog(t, 300)
	srv.Lie(func(w http.ResponseWriter, r *http.Request, honest http.Handler) {
		if r.URL.Path == "/tile/8/0/000" {
			http.NotFound(w, r)
			return
		}
		honest.ServeHTTP(w, r)
	})
	res := verify(t, &Verifier{Log: log, Fetcher: httpFetcher(srv.URL)}, mods(3, 299))
	if a := res.Answers[1]; a.Record != nil || a.Err == nil || errors.Is(a.Err, ErrNotLogged) {
		t.Errorf("%v: %v, %v", a.Module, a.Record, a.Err)
	}
	if a := res.Answers[0]; a.Record == nil {
		t.Errorf("%v: %v", a.Module, a.Err)
	}
}

// A partial tile may be gone, once the full one exists.
func TestPartialTileGone(t *testing.T) {
	srv, log := newLog(t, 300)
	old := []byte(nil)
	srv.Lie(func(w http.ResponseWriter, r *http.Request, honest http.Handler) {
		switch {
		case r.URL.Path == "/latest" && old != nil:
			w.Write(old)
		case strings.Contains(r.URL.Path, ".p/44"):
			http.NotFound(w, r)
		default:
			honest.ServeHTTP(w, r)
		}
	})
	res, err := httpFetcher(srv.URL).Fetch(context.Background(), "latest", 1000)
	if err != nil {
		t.Fatal(err)
	}
	old = res
	for i := 300; i < 520; i++ {
		srv.Add(t, mod(i), recordText(mod(i)))
	}
	got := verify(t, &Verifier{Log: log, Fetcher: httpFetcher(srv.URL)}, nil)
	if got.Head == nil || got.Head.Size != 300 {
		t.Errorf("%+v", got)
	}
}

func TestParseLog(t *testing.T) {
	key := knownKeys["sum.golang.org"]
	for in, want := range map[string]Log{
		"sum.golang.org":                   {Name: "sum.golang.org"},
		key:                                {Name: "sum.golang.org"},
		"sum.golang.org https://m.example": {Name: "sum.golang.org", URL: "https://m.example"},
		"sum.golang.google.cn":             {Name: "sum.golang.org", URL: "https://sum.golang.google.cn"},
	} {
		log, err := ParseLog(in)
		if err != nil || log.Name != want.Name || log.URL != want.URL {
			t.Errorf("%q: %+v, %v", in, log, err)
		}
	}
	for _, in := range []string{"", " ", "unknown.example", "off2", key + "x", "a b c", "sum.golang.org http://a b", "sum.golang.org %zz"} {
		if log, err := ParseLog(in); err == nil {
			t.Errorf("%q: %+v", in, log)
		}
	}
	if _, err := ParseLog("off"); !errors.Is(err, ErrOff) {
		t.Error(err)
	}
}

// One flipped bit anywhere in a proof makes it fail.
func TestProofBits(t *testing.T) {
	srv, log := newLog(t, 300)
	res := verify(t, &Verifier{Log: log, Fetcher: httpFetcher(srv.URL)}, mods(3))
	text, err := res.Answers[0].Record.Proof.MarshalText()
	if err != nil {
		t.Fatal(err)
	}
	for i := range text {
		for bit := range 8 {
			bad := bytes.Clone(text)
			bad[i] ^= 1 << bit
			var p Proof
			if p.UnmarshalText(bad) != nil {
				continue
			}
			if _, _, err := p.Verify(log, mod(3)); err == nil {
				t.Errorf("byte %d bit %d: passes: %q", i, bit, text[max(0, i-20):i+1])
			}
		}
	}
}

func FuzzLookup(f *testing.F) {
	f.Add([]byte("3\n" + recordText(mod(3)) + "\ngo.sum database tree\n300\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		rec, _, err := parseLookup(mod(3), data)
		if (rec == nil) == (err == nil) {
			t.Fatal(rec, err)
		}
		if rec != nil && checkRecordText(mod(3), rec.Text) != nil {
			t.Fatalf("%q", rec.Text)
		}
	})
}

func FuzzProof(f *testing.F) {
	f.Add([]byte("c2sp.org/tlog-proof@v1\nextra YQ==\nindex 1\n\ncheckpoint\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		var p Proof
		if p.UnmarshalText(data) != nil {
			return
		}
		if out, err := p.MarshalText(); err != nil || !bytes.Equal(out, data) {
			t.Fatalf("%q -> %q, %v", data, out, err)
		}
	})
}

func FuzzTile(f *testing.F) {
	f.Add(int64(300), make([]byte, 44*tlog.HashSize))
	f.Fuzz(func(t *testing.T, size int64, data []byte) {
		s := newTileSet(&Checkpoint{Size: size & (1<<40 - 1), Root: tlog.RecordHash(nil)})
		for _, p := range s.edge() {
			s.raw[p] = data
		}
		if s.verifyEdge() == nil && s.head.Size > 0 {
			t.Fatal("the tiles of nothing have a root")
		}
	})
}

// recorder is a response in memory.
type recorder struct {
	bytes.Buffer
	header http.Header
}

func newRecorder() *recorder                   { return &recorder{header: http.Header{}} }
func (r *recorder) Header() http.Header        { return r.header }
func (r *recorder) WriteHeader(statusCode int) {}
