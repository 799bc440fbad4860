// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

// Package machine says what becomes of a test that needs what not every machine
// has: a program that is the oracle, a feature of the kernel. Somebody's own
// machine may lack it, and the test is skipped. In CI (CI=true) the lack is a
// failure: .ci/run installs what there is to install.
package machine

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"testing"
)

// Need ends a test if one of the programs is not installed.
func Need(t testing.TB, programs ...string) {
	t.Helper()
	for _, name := range programs {
		if has, err := Has(name); err != nil {
			t.Fatal(err)
		} else if !has {
			t.Skip(name, "is not installed")
		}
	}
}

// Has reports whether a program is installed. In CI it is an error if it is not.
func Has(program string) (bool, error) {
	_, err := exec.LookPath(program)
	if err == nil || !inCI() {
		return err == nil, nil
	}
	return false, fmt.Errorf("%s is not installed: CI must have it", program)
}

// Lacks ends a test because the machine lacks something else than a program.
func Lacks(t testing.TB, what string, err error) {
	t.Helper()
	if inCI() {
		t.Fatalf("no %s here: %v: CI must have it", what, err)
	}
	t.Skipf("no %s here: %v", what, err)
}

// WindowsLacks ends a test because a file system of Windows may not offer
// something to every user. Everywhere else its lack is a failure, in CI or not.
func WindowsLacks(t testing.TB, what string, err error) {
	t.Helper()
	if runtime.GOOS != "windows" {
		t.Fatalf("no %s: %v", what, err)
	}
	t.Skipf("no %s for this user of Windows: %v", what, err)
}

// Long ends a test with -short, which is for the minutes between two edits and for
// the race detector, under which what starts processes or reads thousands of
// files takes ten times as long. The run without -short makes all of them: it is
// README's, and the last step of .ci/run.
func Long(t testing.TB, what string) {
	t.Helper()
	if testing.Short() {
		t.Skipf("-short leaves out what %s", what)
	}
}

func inCI() bool { return os.Getenv("CI") == "true" }
