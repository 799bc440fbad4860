// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package sumdb

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/module"

	"github.com/goassay/assay/sumdb/sumdbtest"
)

// forkedStore is a store that has found a fork of a log which is honest now.
func forkedStore(t *testing.T) (dir string, v *Verifier, tree *sumdbtest.Tree, srv *sumdbtest.Log) {
	t.Helper()
	tree, srv, log := hiddenTree(t)
	dir = t.TempDir()
	v = &Verifier{Log: log, Fetcher: srv, Cache: DirCache(dir)}
	if res := verify(t, v, modulesOf(0, 35_000)); res.Head == nil { // what it holds besides is honest
		t.Fatalf("%+v", res)
	}
	defer tellFork(t, srv, tree)()
	res := verify(t, v, modulesOf(1))
	checkHidden(t, log, 600, res)
	if strings.Contains(res.Violations[0].Subject, "earlier") {
		t.Errorf("found just now: %v", res.Violations[0])
	}
	return dir, v, tree, srv
}

// forkFiles are the files of the evidence that a store keeps.
func forkFiles(t *testing.T, dir string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "forks", "*"))
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// A fork is told in every run after the one that found it, whatever the log shows
// now, until somebody removes the evidence. It costs no request.
func TestForkKept(t *testing.T) {
	dir, v, _, srv := forkedStore(t)
	files := forkFiles(t, dir)
	if len(files) != 1 {
		t.Fatal(files)
	}
	info, err := os.Stat(files[0])
	if err != nil {
		t.Fatal(err)
	}
	told := fmt.Sprintf("forks/%s, found by an earlier run at %s", filepath.Base(files[0]), info.ModTime().UTC().Format("2006-01-02T15:04:05Z"))
	check := func(t *testing.T, head *Checkpoint, violations []*Violation, answers ...Answer) {
		t.Helper()
		if head != nil || len(violations) != 1 || violations[0].Kind != Fork || violations[0].Subject != told || violations[0].Fork == nil || len(violations[0].Evidence) != 2 {
			t.Fatalf("head %v, violations %v", head, violations)
		}
		if first, second, err := violations[0].Fork.Verify(v.Log); err != nil || first.Size != 600 || second.Size != 70_000 {
			t.Error(err)
		}
		for _, a := range answers {
			if a.Record != nil || !isFork(a.Err) {
				t.Errorf("%v: %v", a.Module, a.Err)
			}
		}
	}
	offline := &Verifier{Log: v.Log, Cache: v.Cache}
	many := modulesOf(0, 35_000)
	for id := range int64(syncBatch) {
		many = append(many, sumdbtest.Module(id+1))
	}
	t.Run("verify", func(t *testing.T) {
		res := verify(t, v, modulesOf(0, 35_000))
		check(t, res.Head, res.Violations, res.Answers...)
		if res.Requests != 1 || res.CacheLied || res.BeforeErr != nil { // the head: the rest is in the store
			t.Errorf("%+v", res)
		}
	})
	t.Run("offline", func(t *testing.T) {
		res := verify(t, offline, modulesOf(0, 35_000))
		check(t, res.Head, res.Violations, res.Answers...)
	})
	t.Run("sync", func(t *testing.T) {
		s := syncStore(t, v, modulesOf(0, 35_000), false)
		check(t, s.Head, s.Violations, s.Answers...)
		if s.Mode != SyncDelta || s.Requests != 1 {
			t.Errorf("%+v", s)
		}
	})
	t.Run("large sync", func(t *testing.T) {
		s := syncStore(t, v, many, false)
		check(t, s.Head, s.Violations, s.Answers...)
		if s.Requests > syncBatch+2 {
			t.Errorf("%d requests", s.Requests)
		}
	})
	t.Run("full sync", func(t *testing.T) {
		s := syncStore(t, v, modulesOf(0, 35_000), true)
		check(t, s.Head, s.Violations, s.Answers...)
		if len(s.Removed) > 0 || s.Inspection.Forks != 1 {
			t.Errorf("%+v", s)
		}
	})
	for name, v := range map[string]*Verifier{"own": v, "offline": offline, "another's": {Log: v.Log, Fetcher: srv}} {
		t.Run("inspect/"+name, func(t *testing.T) {
			in := inspect(t, v, DirCache(dir))
			check(t, in.Head, in.Violations)
			if in.Forks != 1 || in.Verified != 0 || slices.ContainsFunc(in.Problems, func(f CachedFile) bool { return f.State != FileUnchecked }) {
				t.Errorf("%+v", in)
			}
		})
	}
	t.Run("memory", func(t *testing.T) { // a cache that knows no times
		text, err := os.ReadFile(files[0])
		if err != nil {
			t.Fatal(err)
		}
		res := verify(t, &Verifier{Log: v.Log, Fetcher: srv, Cache: memoryCache{"forks/x": text, "forks/y": text}}, modulesOf(0))
		if len(res.Violations) != 1 || res.Violations[0].Subject != "forks/x, found by an earlier run" || res.Head != nil {
			t.Errorf("%v", res.Violations)
		}
	})
	t.Run("removed", func(t *testing.T) {
		if err := os.Remove(files[0]); err != nil {
			t.Fatal(err)
		}
		if res := verify(t, v, modulesOf(0, 35_000)); len(res.Violations) > 0 || res.Head == nil || res.Answers[0].Record == nil {
			t.Errorf("%+v", res)
		}
		if in := inspect(t, v, DirCache(dir)); len(in.Violations)+len(in.Problems) > 0 {
			t.Errorf("%+v", in)
		}
	})
}

// The same fork that is seen again stays that of the run that found it first.
func TestForkAgain(t *testing.T) {
	dir, v, tree, srv := forkedStore(t)
	files := forkFiles(t, dir)
	before, err := os.Stat(files[0])
	if err != nil {
		t.Fatal(err)
	}
	old := before.ModTime().AddDate(0, -1, 0)
	if err := os.Chtimes(files[0], old, old); err != nil {
		t.Fatal(err)
	}
	defer tellFork(t, srv, tree)()
	res := verify(t, v, modulesOf(1))
	if len(res.Violations) != 1 || !strings.Contains(res.Violations[0].Subject, old.UTC().Format("2006-01-02T15:04:05Z")) {
		t.Errorf("%v", res.Violations)
	}
	if got := forkFiles(t, dir); !slices.Equal(got, files) {
		t.Errorf("%v", got)
	}
}

// A fork that a sync finds is not said to be an earlier run's by its own later
// parts.
func TestForkFoundBySync(t *testing.T) {
	tree, srv, log := hiddenTree(t)
	defer tellFork(t, srv, tree)()
	dir := DirCache(t.TempDir())
	s := syncStore(t, &Verifier{Log: log, Fetcher: srv, Cache: dir}, modulesOf(1), false)
	if len(s.Violations) != 1 || s.Violations[0].Subject != "latest" || s.Mode != SyncHybrid || s.Head != nil || s.Inspection.Forks != 1 {
		t.Errorf("%+v %v", s, s.Violations)
	}
}

// What is kept as a fork and is none is no violation, but told: an inspection
// calls it malformed, and no sync removes it.
func TestForkKeptOdd(t *testing.T) {
	dir, v, tree, _ := forkedStore(t)
	file := forkFiles(t, dir)[0]
	good, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	heads := func(a, b *sumdbtest.Tree, key string, m, n int64) []byte {
		text, err := (&ForkProof{Key: key, First: a.Signed(m), Second: b.Signed(n)}).MarshalText()
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	other := tree.Resign(t)
	for name, data := range map[string][]byte{
		"empty":       {},
		"one bit":     append([]byte{good[0] ^ 1}, good[1:]...),
		"cut":         good[:len(good)/2],
		"no fork":     heads(tree, tree, v.Log.Key, 600, 600),
		"another log": heads(other, other.Fork(10, 600), other.Key, 600, 600),
		"large":       append(slices.Clone(good), make([]byte, maxForkFile)...),
	} {
		t.Run(name, func(t *testing.T) {
			if err := os.WriteFile(file, data, 0o666); err != nil {
				t.Fatal(err)
			}
			for _, full := range []bool{false, true} {
				s := syncStore(t, v, modulesOf(0), full)
				if len(s.Violations)+len(s.Removed) > 0 || s.Head == nil || s.Answers[0].Record == nil {
					t.Errorf("%+v %+v", s, s.Result)
				}
				if s.BeforeErr == nil || !strings.Contains(s.BeforeErr.Error(), "forks/"+filepath.Base(file)) {
					t.Errorf("not told: %v", s.BeforeErr)
				}
			}
			want := FileMalformed
			if name == "large" {
				want = FileUnchecked
			}
			in := inspect(t, v, DirCache(dir))
			if len(in.Violations) > 0 || len(in.Problems) != 1 || in.Problems[0].State != want || in.Problems[0].Name != "forks/"+filepath.Base(file) || in.Head == nil {
				t.Errorf("%+v", in)
			}
		})
	}
	t.Run("many", func(t *testing.T) {
		for i := range maxForks + 10 {
			if err := os.WriteFile(filepath.Join(dir, "forks", fmt.Sprint("x", i)), []byte("x"), 0o666); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.WriteFile(file, good, 0o666); err != nil { // its name sorts before the others
			t.Fatal(err)
		}
		res := verify(t, v, []module.Version{})
		if len(res.Violations) != 1 || res.Head != nil || res.BeforeErr == nil || !strings.Contains(res.BeforeErr.Error(), "100 more") && !strings.Contains(res.BeforeErr.Error(), "99 more") {
			t.Errorf("%v, %v", res.Violations, res.BeforeErr)
		}
	})
	t.Run("no folder", func(t *testing.T) {
		if err := os.RemoveAll(filepath.Join(dir, "forks")); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "forks"), nil, 0o666); err != nil {
			t.Fatal(err)
		}
		if res := verify(t, v, modulesOf(0)); res.BeforeErr == nil || res.Head == nil {
			t.Errorf("%+v", res)
		}
	})
}

// The evidence of heads as long as a log may sign them is read again.
func TestForkLongHeads(t *testing.T) {
	tree, _, log := hiddenTree(t)
	head := func(tree *sumdbtest.Tree) *Checkpoint {
		h := tree.Head(600)
		cp, err := log.OpenCheckpoint(tree.Sign(fmt.Sprintf("go.sum database tree\n600\n%v\n%s\n", h.Hash, strings.Repeat("x", maxCheckpoint-300))))
		if err != nil {
			t.Fatal(err)
		}
		return cp
	}
	first, second := head(tree), head(tree.Fork(100, 600))
	cache := DirCache(t.TempDir())
	b := (&Verifier{Log: log, Cache: cache}).newBatch(t.Context(), &carried{})
	b.fork(first, second, "")
	res := verify(t, &Verifier{Log: log, Cache: cache}, nil)
	if len(res.Violations) != 1 || res.BeforeErr != nil {
		t.Errorf("%v, %v", res.Violations, res.BeforeErr)
	}
}
