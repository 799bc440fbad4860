// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

// Package unprivileged runs parts of tests as a user to whom permissions of
// files apply, also where the tests run as the superuser, as in containers.
package unprivileged

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

// Dir returns a temporary folder that f of [Run] can reach: those of testing
// are below one that is its owner's alone.
func Dir(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.Chmod(filepath.Dir(dir), 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

// Run calls f so that permissions of files apply to what f does in its own
// goroutine. A system that has no such permissions skips the test.
func Run(t testing.TB, f func()) {
	t.Helper()
	switch {
	case runtime.GOOS == "windows":
		t.Skip("Windows has no such modes of files")
	case os.Geteuid() == 0:
		asNobody(t, f)
	default:
		f()
	}
}

// RunAll is Run for what f has other goroutines do. Those of other tests are
// affected too: it is not for tests that run beside others.
func RunAll(t testing.TB, f func()) {
	t.Helper()
	if os.Geteuid() != 0 {
		Run(t, f)
		return
	}
	allAsNobody(t, f)
}
