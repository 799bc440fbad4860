// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

//go:build unix

package sumdb

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"
	"time"
)

// inTime fails a test that waits for somebody to write to a named pipe.
func inTime(t *testing.T, what string, fn func()) {
	t.Helper()
	done := make(chan bool)
	go func() {
		defer close(done)
		fn()
	}()
	select {
	case <-done:
	case <-time.After(30 * time.Second):
		t.Fatalf("%s waits for a named pipe", what)
	}
}

// pipe puts a named pipe in the place of a file of a cache.
func pipe(t *testing.T, dir, name string) {
	t.Helper()
	path := filepath.Join(dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(path); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(path, 0o666); err != nil {
		t.Fatal(err)
	}
}

// Nothing that is no regular file is read, and nothing waits for it.
func TestCacheIrregular(t *testing.T) {
	dir := t.TempDir()
	cache := DirCache(dir)
	pipe(t, dir, "pipe")
	if err := os.Symlink("/dev/zero", filepath.Join(dir, "device")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("pipe", filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "folder"), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "large"), make([]byte, maxCached+1), 0o666); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"pipe", "device", "link", "folder", "large"} {
		inTime(t, name, func() {
			if data, err := cache.Read(name); err == nil {
				t.Errorf("%s: read %d bytes", name, len(data))
			}
			for _, fsys := range []fs.FS{cache, os.DirFS(dir)} {
				if data, err := readFile(fsys, name, maxCached); err == nil {
					t.Errorf("%s: %T: read %d bytes", name, fsys, len(data))
				}
			}
			if names, err := cache.List(name); name != "folder" && err == nil {
				t.Errorf("%s: lists %q", name, names)
			}
		})
	}
	// One that became a pipe just after it was looked at.
	f, err := cache.Open("pipe")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := readRegular(f, maxCached); err == nil || !strings.Contains(err.Error(), "not a regular file") {
		t.Error(err)
	}
}

// The cache is a file system as others are.
func TestCacheFS(t *testing.T) {
	srv, log := newLog(t, 300)
	cache := DirCache(t.TempDir())
	verify(t, &Verifier{Log: log, Fetcher: httpFetcher(srv.URL), Cache: cache}, mods(1, 2))
	if err := fstest.TestFS(cache, "lookup/example.com/m1@v1.0.0", "tile/8/0/000"); err != nil {
		t.Error(err)
	}
	if _, err := DirCache("").Open("cache.go"); err == nil {
		t.Error("no folder is the working directory")
	}
}

// With named pipes in the place of everything that a run reads, in its own cache
// and in another's, everything is got from the network, and an inspection calls
// them by name.
func TestPipes(t *testing.T) {
	srv, log := newLog(t, 300)
	own, other := t.TempDir(), t.TempDir()
	v := &Verifier{Log: log, Fetcher: httpFetcher(srv.URL), Cache: DirCache(own), Sources: []Cache{DirCache(other)}}
	verify(t, v, mods(1, 2))
	err := filepath.WalkDir(own, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		name, err := filepath.Rel(own, path)
		if err == nil {
			pipe(t, own, name)
			pipe(t, other, name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	inTime(t, "inspect", func() {
		for _, fsys := range []fs.FS{DirCache(other), os.DirFS(other)} {
			in := inspect(t, &Verifier{Log: log, Fetcher: httpFetcher(srv.URL)}, fsys)
			if in.Verified != 0 || len(in.Problems) != in.Lookups+in.Tiles+in.Heads || in.Lookups != 2 {
				t.Errorf("%+v", in)
			}
		}
	})
	inTime(t, "verify", func() {
		res := verify(t, v, mods(1, 2))
		if res.Answers[0].Record == nil || res.Answers[1].Record == nil || res.BeforeErr == nil || res.Unwritten.Count() != 0 {
			t.Errorf("%+v", res)
		}
	})
	pipe(t, own, "heads")
	inTime(t, "sync", func() {
		s := syncStore(t, v, mods(1, 2), true)
		if s.Answers[0].Record == nil || s.BeforeErr == nil || s.Unwritten.Heads != 1 {
			t.Errorf("%+v", s.Result)
		}
	})
}
