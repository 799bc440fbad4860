// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package sumdb

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"golang.org/x/mod/module"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/goassay/assay/sumdb/sumdbtest"
)

// hiddenSizes are sizes of forks that lie behind one record while everything
// else is honest: around the borders of tiles, far from any tile that the
// records need, and next to the newest head.
var hiddenSizes = []int64{1, 2, 255, 256, 257, 600, 40_000, 51_200, 65_536, 69_999}

var hidden struct { // made once: it is never changed
	once sync.Once
	tree *sumdbtest.Tree
}

// hiddenTree is a log of three levels of tiles.
func hiddenTree(t *testing.T) (*sumdbtest.Tree, *sumdbtest.Log, *Log) {
	t.Helper()
	hidden.once.Do(func() { hidden.tree = sumdbtest.NewTree(t, 70_000) })
	tree := hidden.tree
	srv := sumdbtest.Serve(t, tree)
	log, err := ParseLog(srv.GOSUMDB())
	if err != nil {
		t.Fatal(err)
	}
	return tree, srv, log
}

// lookupUnder is the answer to the lookup of a record with a chosen head.
func lookupUnder(t *testing.T, tree *sumdbtest.Tree, id int64, head []byte) (name string, data []byte) {
	t.Helper()
	name, err := lookupPath(sumdbtest.Module(id))
	if err != nil {
		t.Fatal(err)
	}
	data, err = tlog.FormatRecord(id, []byte(tree.Text(id)))
	if err != nil {
		t.Fatal(err)
	}
	return name, append(data, head...)
}

// tellFork has the server give the record 1 under the head of a fork, until the
// function that it returns is called.
func tellFork(t *testing.T, srv *sumdbtest.Log, tree *sumdbtest.Tree) (stop func()) {
	t.Helper()
	name, answer := lookupUnder(t, tree, 1, tree.Fork(100, 600).Signed(600))
	return tell(srv, name, answer)
}

// tell has the server give an answer of the name, until the function that it
// returns is called.
func tell(srv *sumdbtest.Log, name string, answer []byte) (stop func()) {
	srv.Mutate(func(path string, truth []byte) []byte {
		if path == name {
			return answer
		}
		return truth
	})
	return func() { srv.Mutate(nil) }
}

// checkHidden checks that a fork was found and proven, and nothing believed.
func checkHidden(t *testing.T, log *Log, size int64, res *Result) {
	t.Helper()
	if !slices.Equal(kinds(res), []Kind{Fork}) || res.Head != nil || res.Answers[0].Record != nil {
		t.Fatalf("violations %v, head %v, record %v, heads %d, checked %d", res.Violations, res.Head, res.Answers[0].Record, res.Heads, res.HeadsChecked)
	}
	fork := res.Violations[0].Fork
	if fork == nil {
		t.Fatal("no proof of it")
	}
	if first, second, err := fork.Verify(log); err != nil || first.Size != size || second.Size != 70_000 {
		t.Errorf("its proof: %v", err)
	}
}

// A signed head of another tree behind a record is found at any size, whether
// the network gives it, or the own cache or another's holds it.
func TestHiddenFork(t *testing.T) {
	tree, srv, log := hiddenTree(t)
	for _, size := range hiddenSizes {
		signed := tree.Fork(min(100, size-1), size).Signed(size)
		name, answer := lookupUnder(t, tree, 0, signed)
		ask := modulesOf(0, 35_000)
		t.Run(fmt.Sprintf("network/%d", size), func(t *testing.T) {
			defer tell(srv, name, answer)()
			cache := memoryCache{}
			checkHidden(t, log, size, verify(t, &Verifier{Log: log, Fetcher: srv, Cache: cache}, ask))
			if forks, _ := cache.List("forks"); len(forks) != 1 || len(cache) != 1 {
				t.Errorf("kept: %d files, %d forks", len(cache), len(forks))
			}
		})
		for _, where := range []string{"cache", "source"} {
			t.Run(fmt.Sprintf("%s/%d", where, size), func(t *testing.T) {
				own, other := memoryCache{}, memoryCache{}
				v := &Verifier{Log: log, Fetcher: srv, Cache: own, Sources: []Cache{other}}
				map[string]memoryCache{"cache": own, "source": other}[where].Write(name, answer)
				checkHidden(t, log, size, verify(t, v, ask))
			})
		}
		t.Run(fmt.Sprintf("stored/%d", size), func(t *testing.T) {
			cache := memoryCache{}
			cp, err := log.OpenCheckpoint(signed)
			if err != nil {
				t.Fatal(err)
			}
			if err := keepHead(cache, log, cp, (&Verifier{}).time()); err != nil {
				t.Fatal(err)
			}
			checkHidden(t, log, size, verify(t, &Verifier{Log: log, Fetcher: srv, Cache: cache}, ask))
		})
	}
}

func modulesOf(ids ...int64) []module.Version {
	var out []module.Version
	for _, id := range ids {
		out = append(out, sumdbtest.Module(id))
	}
	return out
}

// without is the log whose tile of the given path is not to be had.
func without(path string) sumdbtest.Answer {
	return func(asked string, truth []byte) []byte {
		if asked == path {
			return nil
		}
		return truth
	}
}

// A head that cannot be compared is told, and its record is not given as proven
// although it is in the tree: nor is it stored. What came under other heads is.
func TestUncompared(t *testing.T) {
	tree, srv, log := hiddenTree(t)
	const missing = "tile/8/0/002" // of the head of 600
	name, answer := lookupUnder(t, tree, 0, tree.Signed(600))
	told := func(path string, truth []byte) []byte {
		if path == name {
			return answer
		}
		return without(missing)(path, truth)
	}
	check := func(t *testing.T, res *Result, want error) {
		t.Helper()
		if len(res.Violations) > 0 || res.Head == nil || len(res.Uncompared) != 1 || res.Uncompared[0].Size != 600 || res.HeadsChecked != res.Heads-1 {
			t.Fatalf("%+v", res)
		}
		var e *UncomparedError
		if a := res.Answers[0]; a.Record != nil || !errors.As(a.Err, &e) || e.Head.Size != 600 || !errors.Is(a.Err, want) || !errors.Is(res.Uncompared[0].Err, want) {
			t.Fatalf("%v: %v, %v", a.Module, a.Record, a.Err)
		}
		if _, cp, err := e.Record.Proof.Verify(log, sumdbtest.Module(0)); err != nil || cp.Size != 70_000 {
			t.Errorf("the record is in the tree nevertheless: %v", err)
		}
		if res.Answers[1].Record == nil {
			t.Error(res.Answers[1].Err)
		}
	}
	ask := modulesOf(0, 35_000)
	t.Run("refused", func(t *testing.T) {
		srv.Mutate(told)
		defer srv.Mutate(nil)
		cache := memoryCache{}
		v := &Verifier{Log: log, Fetcher: srv, Cache: cache}
		check(t, verify(t, v, ask), fs.ErrNotExist)
		if _, err := cache.Read(name); err == nil {
			t.Error("the record was stored")
		}
		srv.Mutate(nil)
		if res := verify(t, v, ask); res.Answers[0].Record == nil || len(res.Uncompared) > 0 {
			t.Errorf("afterwards: %+v", res)
		}
	})
	t.Run("offline", func(t *testing.T) {
		cache := memoryCache{}
		verify(t, &Verifier{Log: log, Fetcher: srv, Cache: cache}, ask)
		cache.Write(name, answer)
		check(t, verify(t, &Verifier{Log: log, Cache: cache}, ask), ErrNotCached)
		v := &Verifier{Log: log, Fetcher: srv, Cache: cache}
		if res := verify(t, v, ask); res.Answers[0].Record == nil || res.HeadsChecked != res.Heads || res.Requests != 2 {
			t.Errorf("online: %+v", res) // the head, and the tile
		}
		if res := verify(t, &Verifier{Log: log, Cache: cache}, ask); res.Answers[0].Record == nil {
			t.Errorf("offline again: %+v", res)
		}
	})
	t.Run("forged", func(t *testing.T) {
		srv.Mutate(func(path string, truth []byte) []byte {
			if path == missing {
				return make([]byte, maxTile)
			}
			return told(path, truth)
		})
		defer srv.Mutate(nil)
		res := verify(t, &Verifier{Log: log, Fetcher: srv}, ask)
		if !slices.Equal(kinds(res), []Kind{BadTile}) || len(res.Uncompared) != 1 || res.Answers[0].Record != nil || res.Answers[1].Record == nil {
			t.Errorf("%+v", res)
		}
	})
	t.Run("known", func(t *testing.T) {
		srv.Mutate(without(missing))
		defer srv.Mutate(nil)
		res := verify(t, &Verifier{Log: log, Fetcher: srv, Known: [][]byte{tree.Signed(600)}}, ask)
		if res.Head != nil || res.Answers[1].Record != nil || len(res.Uncompared) != 1 || res.HeadsChecked != 0 || len(res.Violations) > 0 {
			t.Errorf("%+v", res)
		}
	})
}

// Several forks behind several records are all told, each with its proof.
func TestSeveralForks(t *testing.T) {
	tree, srv, log := hiddenTree(t)
	answers := map[string][]byte{}
	for id, size := range []int64{300, 600, 40_000, 70_000} {
		name, answer := lookupUnder(t, tree, int64(id), tree.Fork(100, size).Signed(size))
		answers[name] = answer
	}
	tell := func(t *testing.T, want int) {
		srv.Mutate(func(path string, truth []byte) []byte {
			if answer, ok := answers[path]; ok {
				return answer
			}
			return truth
		})
		cache := memoryCache{}
		res := verify(t, &Verifier{Log: log, Fetcher: srv, Cache: cache}, modulesOf(0, 1, 2, 3))
		if forks, _ := cache.List("forks"); len(res.Violations) != want || len(forks) != want || res.Head != nil {
			t.Errorf("%v, kept %d", res.Violations, len(forks))
		}
	}
	tell(t, 1) // two of one size, before any tile is asked for
	name, answer := lookupUnder(t, tree, 3, tree.Fork(50, 600).Signed(600))
	answers[name] = answer
	tell(t, 1)
	delete(answers, name)
	tell(t, 3)
}

// A fork that the cache holds is not forgotten when the cache is found to lie
// and the network is asked for all of it.
func TestForkBesideLie(t *testing.T) {
	tree, srv, log := hiddenTree(t)
	cache := memoryCache{}
	v := &Verifier{Log: log, Fetcher: srv, Cache: cache}
	ask := modulesOf(0, 35_000)
	verify(t, v, ask)
	cache.Write(lookupUnder(t, tree, 0, tree.Fork(100, 600).Signed(600)))
	for name, data := range cache {
		if strings.HasPrefix(name, "tile/8/1/") {
			data[5] ^= 1
		}
	}
	if res := verify(t, v, ask); !res.CacheLied || !slices.Contains(kinds(res), Fork) || res.Head != nil {
		t.Errorf("%+v", res)
	}
}

// Nor is one that was seen in an earlier part of a sync, when the tile that
// shows it could not be had.
func TestForkInPartOfSync(t *testing.T) {
	tree, srv, log := hiddenTree(t)
	name, answer := lookupUnder(t, tree, 0, tree.Fork(100, 60_000).Signed(60_000))
	const tile = "tile/8/0/234"
	told := map[string]bool{}
	srv.Mutate(func(path string, truth []byte) []byte {
		if told[path] || path != name && path != tile {
			return truth
		}
		told[path] = true
		if path == name {
			return answer
		}
		return nil
	})
	var ids []int64
	for id := range int64(syncBatch + 10) {
		ids = append(ids, id)
	}
	v := &Verifier{Log: log, Fetcher: srv, Cache: DirCache(t.TempDir()), Concurrency: 1}
	s, err := v.Sync(t.Context(), modulesOf(ids...), false)
	if err != nil || !told[tile] || !slices.Contains(kinds(s.Result), Fork) || s.Head != nil {
		t.Errorf("%v, %+v", err, s)
	}
}

// Whatever was proven online is proven offline, however the log grew in between:
// the tiles that compare a head are kept with the next one.
func TestGrowthOffline(t *testing.T) {
	_, srv, log := hiddenTree(t)
	cache := memoryCache{}
	sizes := []int64{3, 200, 255, 256, 257, 400, 512, 600, 5000, 65_535, 65_536, 65_700, 69_000, 69_100, 70_000}
	var asked []int64
	for _, size := range sizes {
		srv.Show(size)
		res := verify(t, &Verifier{Log: log, Fetcher: srv, Cache: cache}, modulesOf(size-1))
		if res.Answers[0].Record == nil || len(res.Uncompared) > 0 {
			t.Fatalf("%d: %+v", size, res)
		}
		asked = append(asked, size-1)
		offline := verify(t, &Verifier{Log: log, Cache: cache}, modulesOf(asked...))
		if offline.Heads != len(asked) || offline.HeadsChecked != len(asked) {
			t.Errorf("%d: %+v", size, offline)
		}
		again := verify(t, &Verifier{Log: log, Fetcher: srv, Cache: cache}, modulesOf(asked...))
		if again.Requests != 1 {
			t.Errorf("%d: %d requests, %+v", size, again.Requests, srv.Calls())
		}
		srv.Calls()
	}
}

// What compares a head costs as many tiles as its right edge has, and they are
// shared.
func TestBeginning(t *testing.T) {
	s := newTileSet(&Checkpoint{Size: 1 << 40})
	for _, tt := range []struct {
		size int64
		want []position
	}{
		{0, nil},
		{1, []position{{0, 0}, {1, 0}, {2, 0}, {3, 0}, {4, 0}, {5, 0}}},
		{255, []position{{0, 0}, {1, 0}, {2, 0}, {3, 0}, {4, 0}, {5, 0}}},
		{256, []position{{1, 0}, {2, 0}, {3, 0}, {4, 0}, {5, 0}}},
		{70_000, []position{{0, 273}, {1, 1}, {2, 0}, {3, 0}, {4, 0}, {5, 0}}},
		{1 << 24, []position{{3, 0}, {4, 0}, {5, 0}}},
	} {
		if got := s.beginning(tt.size); !slices.Equal(got, tt.want) {
			t.Errorf("%d: %v, want %v", tt.size, got, tt.want)
		}
	}
}

// A file whose own head is of a fork ends an inspection as one; a file whose head
// cannot be compared is not called verified.
func TestInspectComparesHeads(t *testing.T) {
	tree, srv, log := hiddenTree(t)
	put := func(t *testing.T, head *sumdbtest.Tree, size int64) DirCache {
		t.Helper()
		dir := DirCache(t.TempDir())
		name, answer := lookupUnder(t, tree, 0, head.Signed(size))
		if err := dir.Write(name, answer); err != nil {
			t.Fatal(err)
		}
		return dir
	}
	v := &Verifier{Log: log, Fetcher: srv}
	for _, size := range hiddenSizes {
		in := inspect(t, v, put(t, tree.Fork(min(100, size-1), size), size))
		if len(in.Violations) != 1 || in.Violations[0].Kind != Fork || in.Violations[0].Fork == nil || in.Head != nil || in.Verified != 0 {
			t.Errorf("%d: %+v", size, in)
		}
		if in := inspect(t, v, put(t, tree, size)); len(in.Problems)+len(in.Violations)+len(in.Uncompared) > 0 || in.Verified != 1 {
			t.Errorf("%d: %+v", size, in)
		}
	}
	dir := put(t, tree, 600)
	if err := dir.Write("latest", tree.Signed(600)); err != nil {
		t.Fatal(err)
	}
	srv.Mutate(without("tile/8/0/002"))
	defer srv.Mutate(nil)
	for _, cache := range []fs.FS{dir, os.DirFS(string(dir))} {
		in, err := v.Inspect(context.Background(), cache)
		want := []string{"not-checked latest", "not-checked lookup/example.com/m0@v1.0.0"}
		if err != nil || !slices.Equal(states(in), want) || in.Verified != 0 || len(in.Uncompared) != 1 || in.Head == nil {
			t.Errorf("%+v", in)
		}
	}
}
