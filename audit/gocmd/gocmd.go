// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

// Package gocmd runs the go command, and the few other programs an audit asks,
// with bounded output and errors that carry the program's own message.
package gocmd

import (
	"bytes"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"time"
)

// MaxOutput bounds what one command may print, in bytes, on standard output.
// The JSON module list of the largest public projects is under 10 MiB.
const MaxOutput = 256 << 20

// maxStderr bounds the part of standard error that is kept, in bytes.
const maxStderr = 64 << 10

// How long a command's pipes stay open after it has ended, for a grandchild may
// hold them. What the command itself printed is read within that time: on a
// busy machine the reader may have to wait for its turn, and a short delay
// would make errors of commands that succeeded. Nobody waits for the output of
// one that was killed.
const (
	drainDelay  = 3 * time.Second
	cancelDelay = 200 * time.Millisecond
)

// Error is a command that could not be started or did not exit with 0.
type Error struct {
	Args   []string // program and arguments
	Stderr string   // what it printed on standard error, trimmed, at most 64 KiB
	Err    error    // why: an *exec.ExitError, exec.ErrNotFound, a context error, ErrTooLarge
}

// ErrTooLarge reports a command that printed more than MaxOutput.
var ErrTooLarge = errors.New("output too large")

// Error gives the program, its arguments and its own message; of a program that
// is not there, its name.
func (e *Error) Error() string {
	if errors.Is(e.Err, exec.ErrNotFound) {
		return e.Err.Error()
	}
	msg := e.Stderr
	if msg == "" {
		msg = e.Err.Error()
	}
	return strings.Join(e.Args, " ") + ": " + msg
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// Run runs cmd, which must not have been started, and returns what it printed
// on standard output, also when it failed. A command made with
// [exec.CommandContext] is killed when its context ends, and its pipes are
// closed a moment later, so that a grandchild that keeps them open cannot
// hold up the audit. Every error is an [*Error].
func Run(cmd *exec.Cmd) ([]byte, error) { return run(cmd, MaxOutput) }

func run(cmd *exec.Cmd, limit int) ([]byte, error) {
	stdout := &bounded{limit: limit}
	stderr := &bounded{limit: maxStderr, truncate: true}
	cmd.Stdout, cmd.Stderr = stdout, stderr
	cmd.WaitDelay = drainDelay
	if kill := cmd.Cancel; kill != nil {
		cmd.Cancel = func() error {
			cmd.WaitDelay = cancelDelay // os/exec reads it once Cancel has returned
			return kill()
		}
	}
	cmd.Env = withGOGC(cmd)
	err := cmd.Run()
	if stdout.overflow {
		err = ErrTooLarge
	}
	if err == nil {
		return stdout.buf.Bytes(), nil
	}
	if errors.Is(err, exec.ErrNotFound) {
		err = fmt.Errorf("%s: %w", cmd.Args[0], exec.ErrNotFound)
	}
	return stdout.buf.Bytes(), &Error{
		Args:   cmd.Args,
		Stderr: strings.TrimSpace(stderr.buf.String()),
		Err:    err,
	}
}

// withGOGC returns the command's environment, for the go command with a less
// eager garbage collector: on a module of some hundred dependencies go list
// takes a quarter less processor time for a few MiB more.
func withGOGC(cmd *exec.Cmd) []string {
	environ := cmd.Environ()
	set := slices.ContainsFunc(environ, func(kv string) bool { return strings.HasPrefix(kv, "GOGC=") })
	if cmd.Args[0] != "go" || set {
		return environ
	}
	return append(environ, "GOGC=400")
}

// bounded is a buffer with a limit: past it, writes fail, or are dropped.
type bounded struct {
	buf      bytes.Buffer
	limit    int
	truncate bool
	overflow bool
}

func (b *bounded) Write(p []byte) (int, error) {
	room := b.limit - b.buf.Len()
	if len(p) <= room {
		return b.buf.Write(p)
	}
	b.buf.Write(p[:max(room, 0)])
	if b.truncate {
		return len(p), nil
	}
	b.overflow = true
	return max(room, 0), ErrTooLarge
}
