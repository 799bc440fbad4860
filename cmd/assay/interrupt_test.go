// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

//go:build linux || darwin

package main

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/goassay/assay/audit"
)

// An interrupt also ends what waits for input that does not come.
func TestInterruptedInput(t *testing.T) {
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	assay := filepath.Join(t.TempDir(), "assay") // by this name TestMain runs the command
	if err := os.Symlink(program, assay); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"report", "-"}, {"graph", "--from", "-"}} {
		code := -1
		for wait := 200 * time.Millisecond; code < 0 && wait < 10*time.Second; wait *= 2 {
			code = interrupted(t, wait, assay, args...) // negative: the signal came before the command was ready for it
		}
		if code != audit.ExitInterrupted {
			t.Errorf("%v: exit code %d", args, code)
		}
	}
}

// interrupted runs a command whose input does not come, interrupts it, and
// returns its exit code.
func interrupted(t *testing.T, wait time.Duration, name string, args ...string) int {
	t.Helper()
	cmd := exec.Command(name, args...)
	input, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	time.Sleep(wait)
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Error(err)
	}
	stuck := time.AfterFunc(30*time.Second, func() { input.Close() })
	defer stuck.Stop()
	var exit *exec.ExitError
	if err := cmd.Wait(); !errors.As(err, &exit) {
		t.Fatalf("%v: %v", args, err)
	}
	return exit.ExitCode()
}

// Nothing waits for a pipe that lies where a file is looked for.
func TestPipeInPlaceOfFile(t *testing.T) {
	for _, name := range []string{"go.mod", "assay.yaml"} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "go.mod"), []byte("module example.com/m\n"), 0o666); err != nil {
			t.Fatal(err)
		}
		pipe := filepath.Join(dir, name)
		os.Remove(pipe)
		if err := syscall.Mkfifo(pipe, 0o666); err != nil {
			t.Fatal(err)
		}
		var stderr bytes.Buffer
		inv := &invocation{args: []string{"sumdb", "verify", "-C", dir}, stdout: io.Discard, stderr: &stderr}
		if code := inv.main(t.Context()); code != audit.ExitUsage || !strings.Contains(stderr.String(), "not a regular file") {
			t.Errorf("%s: exit code %d: %s", name, code, stderr.String())
		}
	}
}
