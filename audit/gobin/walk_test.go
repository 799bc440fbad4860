// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package gobin_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/goassay/assay/audit/gobin"
	"github.com/goassay/assay/audit/gobin/gobintest"
	"github.com/goassay/assay/internal/machine"
	"github.com/goassay/assay/internal/unprivileged"
)

// walk returns the state of each file that Walk reports, by its path relative
// to dir.
func walk(t *testing.T, ctx context.Context, dir string, roots ...string) (map[string]gobin.State, error) {
	t.Helper()
	got := map[string]gobin.State{}
	var mu sync.Mutex
	err := gobin.Walk(ctx, roots, func(f *gobin.File) error {
		mu.Lock()
		defer mu.Unlock()
		name, err := filepath.Rel(dir, f.Path)
		if err != nil {
			return err
		}
		if _, ok := got[name]; ok {
			t.Errorf("%s is reported twice", name)
		}
		got[filepath.ToSlash(name)] = f.State
		return nil
	})
	return got, err
}

func TestWalk(t *testing.T) {
	dir := t.TempDir()
	forged := gobintest.Forge("go1.26.8", gobintest.Settings()...)
	for name, data := range map[string][]byte{
		"bin/app": forged, "bin/README": []byte("text"), "bin/damaged": forged[:40],
		"bin/old": gobintest.Forge("go1.17.1"), "outside/other": forged,
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, data, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	bin := filepath.Join(dir, "bin")
	for name, to := range map[string]string{"self": "self", "up": "..", "here": ".", "app-link": "app", "out": "../outside/other"} {
		if err := os.Symlink(to, filepath.Join(bin, name)); err != nil {
			machine.WindowsLacks(t, "symbolic links", err)
		}
	}
	if err := os.Link(filepath.Join(bin, "app"), filepath.Join(bin, "app2")); err != nil {
		machine.WindowsLacks(t, "hard links", err)
	}
	inBin := map[string]gobin.State{"bin/app": gobin.StateRead, "bin/damaged": gobin.StateUnreadable, "bin/old": gobin.StateUnknown}
	for _, test := range []struct {
		name  string
		roots []string
		want  map[string]gobin.State
	}{
		{"directory", []string{"bin"}, inBin},
		{"link to a directory", []string{"bin/here"}, map[string]gobin.State{
			"bin/here/app": gobin.StateRead, "bin/here/damaged": gobin.StateUnreadable, "bin/here/old": gobin.StateUnknown}},
		{"twice, and files in it", []string{"bin", "bin/app", "bin/app2", "bin"}, inBin},
		{"files", []string{"bin/app-link", "bin/README", "bin/missing", "bin/self"}, map[string]gobin.State{
			"bin/app-link": gobin.StateRead, "bin/README": gobin.StateNotExecutable, "bin/missing": gobin.StateUnreadable, "bin/self": gobin.StateUnreadable}},
	} {
		var roots []string
		for _, r := range test.roots {
			roots = append(roots, filepath.Join(dir, r))
		}
		got, err := walk(t, t.Context(), dir, roots...)
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
	}

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := walk(t, ctx, dir, bin); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

func TestWalkUnreadable(t *testing.T) {
	dir := unprivileged.Dir(t)
	if err := os.WriteFile(filepath.Join(dir, "file"), gobintest.Forge("go1.26.8"), 0); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "sub"), 0); err != nil {
		t.Fatal(err)
	}
	unprivileged.RunAll(t, func() {
		got, err := walk(t, t.Context(), dir, dir)
		want := map[string]gobin.State{"file": gobin.StateUnreadable, "sub": gobin.StateUnreadable}
		if err != nil || !cmp.Equal(got, want) {
			t.Errorf("%v, error %v", got, err)
		}
	})
}

// Of a large file that is named there is a digest, and little of it in memory at
// any time.
func TestWalkLarge(t *testing.T) {
	const size = 256 << 20
	head := []byte("\x7fELF\x02\x01\x01")
	path := filepath.Join(t.TempDir(), "large")
	if err := os.WriteFile(path, head, 0o666); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, size); err != nil {
		machine.WindowsLacks(t, "sparse files", err)
	}
	h := sha256.New()
	h.Write(head)
	zeros := make([]byte, 1<<20)
	for left := size - len(head); left > 0; left -= min(left, len(zeros)) {
		h.Write(zeros[:min(left, len(zeros))])
	}
	want := "sha256:" + hex.EncodeToString(h.Sum(nil))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	err := gobin.Walk(t.Context(), []string{path}, func(f *gobin.File) error {
		if f.State != gobin.StateUnreadable || f.SHA256 != want || f.Size != size {
			t.Errorf("%s %s %d, want %s", f.State, f.SHA256, f.Size, want)
		}
		return nil
	})
	runtime.ReadMemStats(&after)
	if n := after.TotalAlloc - before.TotalAlloc; err != nil || n > 16<<20 {
		t.Errorf("error %v, %d bytes allocated", err, n)
	}
}
