// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package sumdb

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/mod/module"
)

// fullCache takes nothing below some folders.
type fullCache struct {
	memoryCache
	full []string
}

func (c fullCache) Write(name string, data []byte) error {
	dir, _, _ := strings.Cut(name, "/")
	if slices.Contains(c.full, dir) {
		return fmt.Errorf("write %s: %w", name, syscall.ENOSPC)
	}
	return c.memoryCache.Write(name, data)
}

// What a cache does not take is counted, and the loss that no later run makes
// good is told apart. The answers hold nevertheless.
func TestUnwritten(t *testing.T) {
	srv, log := newLog(t, 600)
	for _, tt := range []struct {
		full []string
		want Unwritten // but for Files
		lost bool
	}{
		{nil, Unwritten{}, false},
		{[]string{"lookup"}, Unwritten{Records: 2}, false},
		{[]string{"tile"}, Unwritten{Tiles: 4}, false},
		{[]string{"heads"}, Unwritten{Heads: 1}, true},
		{[]string{"heads", "tile", "lookup"}, Unwritten{Records: 2, Tiles: 4, Heads: 1}, true},
	} {
		cache := fullCache{memoryCache{}, tt.full}
		v := &Verifier{Log: log, Fetcher: httpFetcher(srv.URL), Cache: cache}
		res := verify(t, v, mods(1, 300))
		u := res.Unwritten
		if u.Records != tt.want.Records || u.Tiles != tt.want.Tiles || u.Heads != tt.want.Heads || u.Forks != 0 || u.Lost() != tt.lost || u.Count() != len(u.Files) {
			t.Errorf("%v: %+v", tt.full, u)
		}
		if slices.Contains(tt.full, "heads") && (!strings.HasPrefix(u.Files[0].Name, "heads/") || !u.Files[0].Lost) {
			t.Errorf("%v: the head is not told first: %+v", tt.full, u.Files)
		}
		for _, f := range u.Files {
			if !errors.Is(f.Err, syscall.ENOSPC) || f.Lost != strings.HasPrefix(f.Name, "heads/") {
				t.Errorf("%v: %+v", tt.full, f)
			}
		}
		if res.Head == nil || res.Answers[0].Record == nil || len(res.Violations) > 0 {
			t.Errorf("%v: %+v", tt.full, res)
		}
	}
}

// Of many files the first are told, and all are counted.
func TestManyUnwritten(t *testing.T) {
	srv, log := newLog(t, 300)
	cache := fullCache{memoryCache{}, []string{"heads", "tile", "lookup"}}
	res := verify(t, &Verifier{Log: log, Fetcher: httpFetcher(srv.URL), Cache: cache}, mods(countFrom(0, 100)...))
	if u := res.Unwritten; u.Records != 100 || u.Tiles != 3 || u.Heads != 1 || len(u.Files) != maxUnwritten || !u.Files[0].Lost || u.Files[1].Lost {
		t.Errorf("%+v", u)
	}
}

// The evidence of a fork that could not be kept is told as lost.
func TestForkUnwritten(t *testing.T) {
	tree, srv, log := hiddenTree(t)
	cache := fullCache{memoryCache{}, []string{"forks"}}
	cache.memoryCache.Write(lookupUnder(t, tree, 0, tree.Fork(100, 600).Signed(600)))
	res := verify(t, &Verifier{Log: log, Fetcher: srv, Cache: cache}, modulesOf(0))
	if u := res.Unwritten; u.Forks != 1 || u.Count() != 1 || !u.Lost() || !u.Files[0].Lost || !strings.HasPrefix(u.Files[0].Name, "forks/") {
		t.Errorf("%+v", u)
	}
	if res.Violations[0].Fork == nil {
		t.Error("it is nowhere at all")
	}
}

// A sync whose folder takes nothing says so, and what was written later after
// all is no loss.
func TestSyncUnwritten(t *testing.T) {
	srv, log := newLog(t, 600)
	store := func(t *testing.T, blocked ...string) (*Verifier, string) {
		dir := t.TempDir()
		for _, name := range blocked { // a file in the place of a folder
			if err := os.WriteFile(filepath.Join(dir, name), nil, 0o666); err != nil {
				t.Fatal(err)
			}
		}
		return &Verifier{Log: log, Fetcher: httpFetcher(srv.URL), Cache: DirCache(dir)}, dir
	}
	v, _ := store(t, "lookup", "tile")
	s := syncStore(t, v, mods(1, 300), false)
	if u := s.Unwritten; u.Records != 2 || u.Tiles != 4 || u.Heads != 0 || s.NewRecords+s.NewTiles != 0 {
		t.Errorf("%+v", u)
	}
	v, dir := store(t, "lookup")
	modules := mods(countFrom(0, 600)...)
	modules = append(modules, manyUnlogged(syncBatch)...)
	v.Progress = func(int, int) { os.Remove(filepath.Join(dir, "lookup")) }
	if s := syncStore(t, v, modules, false); s.Unwritten.Count() != 0 {
		t.Errorf("%+v", s.Unwritten)
	}
	unwritten := map[string]error{}
	b := (&Verifier{Cache: fullCache{memoryCache{}, []string{"tile"}}}).newBatch(t.Context(), &carried{unwritten: unwritten})
	b.write("tile/a", nil)
	b.cache = memoryCache{}
	if b.write("tile/a", nil); len(unwritten) != 0 {
		t.Errorf("written at last, and still told: %v", unwritten)
	}
}

// manyUnlogged are module versions of which the log has no record.
func manyUnlogged(n int) []module.Version {
	var out []module.Version
	for i := range n {
		out = append(out, mod(100_000+i))
	}
	return out
}

// An inspection too keeps what it has learned, or says that it cannot.
func TestInspectUnwritten(t *testing.T) {
	srv, log := newLog(t, 600)
	v := &Verifier{Log: log, Fetcher: httpFetcher(srv.URL), Cache: fullCache{memoryCache{}, []string{"heads"}}}
	in := inspect(t, v, os.DirFS(goCache(t, srv, 3)))
	if in.Unwritten.Heads != 1 || !in.Unwritten.Lost() || in.Verified == 0 {
		t.Errorf("%+v", in)
	}
}

// A history that cannot be read is not taken for none.
func TestHistoryUnread(t *testing.T) {
	srv, log := newLog(t, 300)
	dir := t.TempDir()
	v := &Verifier{Log: log, Fetcher: httpFetcher(srv.URL), Cache: DirCache(dir)}
	if res := verify(t, v, mods(1)); res.Before != nil || res.BeforeErr != nil {
		t.Errorf("none: %+v", res)
	}
	if res := verify(t, v, mods(1)); res.Before == nil || res.BeforeErr != nil {
		t.Errorf("one: %+v", res)
	}
	heads, err := filepath.Glob(filepath.Join(dir, "heads", "*"))
	if err != nil || len(heads) != 1 {
		t.Fatal(heads, err)
	}
	if err := os.Truncate(heads[0], 10); err != nil {
		t.Fatal(err)
	}
	if res := verify(t, v, mods(1)); res.Before != nil || res.BeforeErr == nil || res.Head == nil {
		t.Errorf("a damaged one: %+v", res)
	}
	if err := os.RemoveAll(filepath.Join(dir, "heads")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "heads"), nil, 0o666); err != nil {
		t.Fatal(err)
	}
	if res := verify(t, v, mods(1)); res.Before != nil || res.BeforeErr == nil || res.Unwritten.Heads != 1 {
		t.Errorf("a file in the place of the folder: %+v", res)
	}
}
