// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package sumdb

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/module"

	"github.com/goassay/assay/sumdb/sumdbtest"
)

func syncStore(t *testing.T, v *Verifier, modules []module.Version, full bool) *Synced {
	t.Helper()
	s, err := v.Sync(context.Background(), modules, full)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func countFrom(from, to int) []int {
	var out []int
	for i := from; i < to; i++ {
		out = append(out, i)
	}
	return out
}

// Only what is new is asked for: the head, the edge, and the records that the
// store lacks.
func TestSyncDelta(t *testing.T) {
	srv, log := newLog(t, 600)
	v := &Verifier{Log: log, Fetcher: httpFetcher(srv.URL), Cache: DirCache(t.TempDir())}
	first := syncStore(t, v, mods(1, 300), false)
	// the head, 2 records, tiles 0/0, 0/1, 0/2 and 1/0
	if first.Mode != SyncDelta || first.NewRecords != 2 || first.NewTiles != 4 || first.Requests != 7 {
		t.Errorf("first: %+v %+v", first, first.Result)
	}
	if same := syncStore(t, v, mods(1, 300), false); same.NewRecords != 0 || same.NewTiles != 0 || same.Requests != 1 {
		t.Errorf("nothing new: %+v %+v", same, same.Result)
	}
	for i := 600; i < 900; i++ {
		srv.Add(t, mod(i), recordText(mod(i)))
	}
	grown := syncStore(t, v, mods(1, 300, 899), false)
	// the head, 1 record, tiles 0/2 (full now), 0/3 and 1/0
	if grown.Mode != SyncDelta || grown.NewRecords != 1 || grown.NewTiles != 3 || grown.Requests != 5 || grown.Before.Size != 600 || grown.Head.Size != 900 {
		t.Errorf("grown: %+v %+v", grown, grown.Result)
	}
}

// A store of which a file does not hold is verified as a whole, the file
// removed and got again, whether or not this run's modules need it.
func TestSyncHybrid(t *testing.T) {
	srv, log := newLog(t, 600)
	dir := t.TempDir()
	v := &Verifier{Log: log, Fetcher: httpFetcher(srv.URL), Cache: DirCache(dir)}
	syncStore(t, v, mods(1, 300, 599), false)
	spoil := func(name string) {
		t.Helper()
		path := filepath.Join(dir, filepath.FromSlash(name))
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		data[len(data)/3] ^= 1
		if err := os.WriteFile(path, data, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"tile/8/0/000", "tile/8/0/002.p/88", "tile/8/1/000.p/2", "lookup/example.com/m1@v1.0.0", "lookup/example.com/m300@v1.0.0"} {
		spoil(name)
		spoil("tile/8/0/001")
		s := syncStore(t, v, mods(1), false)
		if strings.HasPrefix(name, "tile/8/0/000") || strings.Contains(name, "m1@") || strings.Contains(name, ".p/") {
			if s.Mode != SyncHybrid || !s.CacheLied {
				t.Errorf("%s: %+v", name, s)
			}
		}
		full := syncStore(t, v, mods(1), true)
		if full.Mode != SyncFull || full.Inspection.Head == nil || len(full.Violations) > 0 {
			t.Errorf("%s: full: %+v", name, full)
		}
		if again := syncStore(t, v, mods(1, 300, 599), true); len(again.Removed) > 0 || again.Inspection.Verified != again.Inspection.Lookups+again.Inspection.Tiles+again.Inspection.Heads {
			t.Errorf("%s: after: %+v", name, again.Inspection)
		}
		if got := syncStore(t, v, mods(300), false); got.NewRecords != 0 {
			t.Errorf("%s: the record was not got again", name)
		}
	}
}

// What the network lies about is not stored, and not forgotten by the second
// way through.
func TestSyncLie(t *testing.T) {
	srv, log := newLog(t, 600)
	dir := t.TempDir()
	v := &Verifier{Log: log, Fetcher: httpFetcher(srv.URL), Cache: DirCache(dir)}
	srv.Lie(func(w http.ResponseWriter, r *http.Request, honest http.Handler) {
		if r.URL.Path == "/tile/8/0/000" {
			w.Write(make([]byte, maxTile))
			return
		}
		honest.ServeHTTP(w, r)
	})
	s := syncStore(t, v, mods(1, 599), false)
	if s.Mode != SyncHybrid || !slices.Contains(kinds(s.Result), BadTile) || s.Answers[0].Record != nil || s.Answers[1].Record == nil {
		t.Errorf("%+v %+v", s, s.Result)
	}
	if _, err := os.Stat(filepath.Join(dir, "tile/8/0/000")); err == nil {
		t.Error("the lie was stored")
	}
	srv.Lie(nil)
	if s := syncStore(t, v, mods(1, 599), false); s.Mode != SyncDelta || len(s.Violations) > 0 || s.Answers[0].Record == nil {
		t.Errorf("%+v %+v", s, s.Result)
	}
}

// Interrupted anywhere, what is stored is verified, and the next sync goes on.
func TestSyncInterrupted(t *testing.T) {
	srv, log := newLog(t, 1500)
	dir := t.TempDir()
	v := &Verifier{Log: log, Fetcher: httpFetcher(srv.URL), Cache: DirCache(dir), Concurrency: 4}
	modules := mods(countFrom(0, 1500)...)
	for _, after := range []int{1, 100, 1000, 1100, 1400} {
		ctx, cancel := context.WithCancel(context.Background())
		n := make(chan struct{}, after)
		srv.Lie(func(w http.ResponseWriter, r *http.Request, honest http.Handler) {
			select {
			case n <- struct{}{}:
			default:
				cancel()
			}
			honest.ServeHTTP(w, r)
		})
		if _, err := v.Sync(ctx, modules, false); err == nil {
			t.Logf("%d requests were enough", after)
		}
		cancel()
		srv.Lie(nil)
		in := inspect(t, v, os.DirFS(dir))
		if len(in.Problems) > 0 || len(in.Violations) > 0 {
			t.Errorf("after %d requests: %+v", after, in)
		}
	}
	s := syncStore(t, v, modules, false)
	if s.Mode != SyncDelta || s.NewRecords >= 1500 {
		t.Errorf("the last one: %+v", s)
	}
	for _, a := range s.Answers {
		if a.Record == nil {
			t.Fatalf("%v: %v", a.Module, a.Err)
		}
	}
	if again := syncStore(t, v, modules, true); again.NewRecords != 0 || again.Inspection.Lookups != 1500 || len(again.Removed) > 0 {
		t.Errorf("again: %+v", again.Inspection)
	}
}

// The history keeps one head of each day that is long over, and always the
// largest; files of killed processes go after a day.
func TestSyncTidy(t *testing.T) {
	srv, log := newLog(t, 1)
	dir := t.TempDir()
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	v := &Verifier{Log: log, Fetcher: httpFetcher(srv.URL), Cache: DirCache(dir)}
	for i := range 20 { // one every 8 hours
		v.Now = start.Add(time.Duration(i) * 8 * time.Hour)
		syncStore(t, v, nil, false)
		srv.Add(t, mod(i+1), recordText(mod(i+1)))
	}
	leftover := filepath.Join(dir, "heads", tempPrefix+"1")
	for _, age := range []time.Duration{time.Hour, 25 * time.Hour} {
		if err := os.WriteFile(leftover, nil, 0o666); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(leftover, v.Now.Add(-age), v.Now.Add(-age)); err != nil {
			t.Fatal(err)
		}
		syncStore(t, v, nil, false)
		if _, err := os.Stat(leftover); (err == nil) != (age < abandoned) {
			t.Errorf("left behind for %v: %v", age, err)
		}
	}
	heads, err := ReadHeads(v.Cache, log)
	if err != nil || len(heads) != 21 {
		t.Fatalf("%d heads, %v", len(heads), err)
	}
	v.Now = start.AddDate(0, 0, 100)
	syncStore(t, v, nil, false)
	heads, err = ReadHeads(v.Cache, log)
	if err != nil {
		t.Fatal(err)
	}
	var days []string
	for _, h := range heads {
		days = append(days, h.Seen.Format(time.DateOnly))
	}
	want := []string{"2026-01-01", "2026-01-02", "2026-01-03", "2026-01-04", "2026-01-05", "2026-01-06", "2026-01-07"}
	if days = slices.Compact(days); !slices.Equal(days, want) || len(heads) > 8 || heads[len(heads)-1].Size != 21 {
		t.Errorf("%v, %d heads", days, len(heads))
	}
}

// A store that cannot be written is an error of sync, whose whole purpose it is.
func TestSyncNoFolder(t *testing.T) {
	_, log := newLog(t, 1)
	if _, err := (&Verifier{Log: log}).Sync(context.Background(), nil, false); err == nil {
		t.Error("no folder is no error")
	}
}

// Heads that others have seen are compared too.
func TestKnownHeads(t *testing.T) {
	signer, verifier := sumdbtest.Key(t)
	first, second := sumdbtest.NewWithKey(t, signer, verifier), sumdbtest.NewWithKey(t, signer, verifier)
	for i := range 300 {
		first.Add(t, mod(i), recordText(mod(i)))
		second.Add(t, mod(i), recordText(mod(i)))
	}
	log, err := ParseLog(first.GOSUMDB())
	if err != nil {
		t.Fatal(err)
	}
	latest := func(srv *sumdbtest.Log) []byte {
		data, err := httpFetcher(srv.URL).Fetch(context.Background(), "latest", maxCheckpoint)
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	old := latest(first)
	first.Add(t, mod(1000), recordText(mod(1000)))
	second.Add(t, mod(2000), recordText(mod(2000)))
	other := latest(second)
	first.Add(t, mod(1001), recordText(mod(1001)))
	for _, tt := range []struct {
		known [][]byte
		fork  bool
	}{
		{[][]byte{old}, false},
		{[][]byte{old, []byte("not a head"), old}, false},
		{[][]byte{other}, true},
	} {
		res := verify(t, &Verifier{Log: log, Fetcher: httpFetcher(first.URL), Known: tt.known}, mods(3))
		if slices.Contains(kinds(res), Fork) != tt.fork || (res.Head == nil) != tt.fork {
			t.Errorf("%d known: %v, head %v", len(tt.known), res.Violations, res.Head)
		}
		if !tt.fork && res.HeadsChecked != 2 {
			t.Errorf("%d heads checked", res.HeadsChecked)
		}
	}
}

// A latest head that goes back, or stays behind what lookups show, is told;
// one that was only fetched a moment too early is not.
func TestLatestBehind(t *testing.T) {
	srv, log := newLog(t, 300)
	old, err := httpFetcher(srv.URL).Fetch(context.Background(), "latest", maxCheckpoint)
	if err != nil {
		t.Fatal(err)
	}
	for i := 300; i < 400; i++ {
		srv.Add(t, mod(i), recordText(mod(i)))
	}
	lies := 0
	stale := func(times int) {
		lies = times
		srv.Lie(func(w http.ResponseWriter, r *http.Request, honest http.Handler) {
			if r.URL.Path == "/latest" && lies > 0 {
				lies--
				w.Write(old)
				return
			}
			honest.ServeHTTP(w, r)
		})
	}
	cache := DirCache(t.TempDir())
	v := &Verifier{Log: log, Fetcher: httpFetcher(srv.URL), Cache: cache}
	stale(1)
	if res := verify(t, v, mods(399)); res.Latest.Size != 400 || res.Head.Size != 400 || res.Rounds != 3 {
		t.Errorf("a moment too early: %+v", res)
	}
	stale(2)
	if res := verify(t, &Verifier{Log: log, Fetcher: httpFetcher(srv.URL)}, mods(398)); res.Latest.Size != 300 || res.Head.Size != 400 || res.Answers[0].Record == nil {
		t.Errorf("behind lookups: %+v", res)
	}
	stale(1)
	if res := verify(t, v, nil); res.Latest.Size != 300 || res.Before.Size != 400 || res.Head.Size != 400 {
		t.Errorf("behind what was seen before: %+v", res)
	}
}
