// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package gocmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// wait is how long a test waits for what must happen before it gives up.
const wait = 30 * time.Second

// TestMain lets the test binary be the program that the tests run: what it
// does is the first word of GOCMD_TEST, on which the other words depend.
func TestMain(m *testing.M) {
	if words := strings.Fields(os.Getenv("GOCMD_TEST")); len(words) > 0 {
		os.Exit(act(words[0], words[1:]))
	}
	os.Exit(m.Run())
}

func act(what string, args []string) int {
	number := func(i int) int {
		n, err := strconv.Atoi(args[i])
		if err != nil {
			panic(err)
		}
		return n
	}
	switch what {
	case "print": // so many bytes to stdout, to stderr, and the exit code
		os.Stderr.WriteString(strings.Repeat("e", number(1)))
		os.Stdout.WriteString(strings.Repeat("o", number(0)))
		return number(2)
	case "endless":
		for {
			if _, err := os.Stdout.WriteString(strings.Repeat("o", 1<<16)); err != nil {
				return 9
			}
		}
	case "endless-stderr": // far more than is kept, then end well
		for range 100 {
			os.Stderr.WriteString(strings.Repeat("e", maxStderr))
		}
		os.Stdout.WriteString("done")
	case "lines":
		fmt.Fprint(os.Stderr, "\n  go: first\n  second  \n\n")
		return 1
	case "stdin":
		io.Copy(os.Stdout, os.Stdin)
	case "where":
		dir, _ := os.Getwd()
		fmt.Printf("%s %s", dir, os.Getenv("GOCMD_OTHER"))
	case "kill": // itself
		self, _ := os.FindProcess(os.Getpid())
		self.Kill()
		select {}
	case "sleep":
		io.Copy(io.Discard, announce(args[0]))
	case "deaf": // to all that can be refused
		signal.Ignore(os.Interrupt, syscall.SIGTERM)
		io.Copy(io.Discard, announce(args[0]))
	case "parent", "parent-gone": // of a child that keeps the pipes open
		child := exec.Command(os.Args[0])
		child.Env = append(os.Environ(), "GOCMD_TEST=sleep "+args[0])
		child.Stdout, child.Stderr = os.Stdout, os.Stderr
		if err := child.Start(); err != nil {
			panic(err)
		}
		os.Stdout.WriteString("out")
		if what == "parent" {
			child.Wait()
		}
	default:
		panic("unknown: " + what)
	}
	return 0
}

// announce tells the test that the program has begun. The connection ends with
// the test.
func announce(address string) net.Conn {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		panic(err)
	}
	return conn
}

// program is a command that does what words say.
func program(ctx context.Context, words string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, os.Args[0], "arg")
	cmd.Env = append(os.Environ(), "GOCMD_TEST="+words)
	return cmd
}

// runError runs cmd and demands an *Error.
func runError(t *testing.T, cmd *exec.Cmd, limit int) ([]byte, *Error) {
	t.Helper()
	out, err := run(cmd, limit)
	var e *Error
	if !errors.As(err, &e) {
		t.Fatalf("output of %d bytes, error %v", len(out), err)
	}
	if strings.Join(e.Args, " ") != strings.Join(cmd.Args, " ") {
		t.Errorf("arguments %q", e.Args)
	}
	return out, e
}

func TestRun(t *testing.T) {
	out, err := Run(program(t.Context(), "print 5 7 0"))
	if err != nil || string(out) != "ooooo" {
		t.Errorf("%q, %v", out, err)
	}
	if out, err := Run(program(t.Context(), "print 0 0 0")); err != nil || len(out) != 0 {
		t.Errorf("%q, %v", out, err)
	}
	cmd := program(t.Context(), "stdin")
	cmd.Stdin = strings.NewReader("in")
	if out, err := Run(cmd); err != nil || string(out) != "in" {
		t.Errorf("%q, %v", out, err)
	}
	cmd = program(t.Context(), "where")
	cmd.Dir = t.TempDir()
	cmd.Env = append(cmd.Env, "GOCMD_OTHER=x")
	dir, err := filepath.EvalSymlinks(cmd.Dir)
	if err != nil {
		t.Fatal(err)
	}
	if out, err := Run(cmd); err != nil || string(out) != dir+" x" && string(out) != cmd.Dir+" x" {
		t.Errorf("%q, %v; want %s", out, err, dir)
	}
}

// The go command alone gets a GOGC, unless it has one.
func TestWithGOGC(t *testing.T) {
	tests := []struct {
		program string
		env     []string
		want    string
	}{
		{"go", []string{"A=b"}, "A=b GOGC=400"},
		{"go", []string{"GOGC=off", "A=b"}, "GOGC=off A=b"},
		{"go", []string{"GOGCX=1"}, "GOGCX=1 GOGC=400"},
		{"git", []string{"A=b"}, "A=b"},
	}
	for _, tt := range tests {
		cmd := &exec.Cmd{Args: []string{tt.program}, Env: tt.env}
		got := slices.DeleteFunc(withGOGC(cmd), func(kv string) bool { return strings.HasPrefix(kv, "SYSTEMROOT=") })
		if strings.Join(got, " ") != tt.want {
			t.Errorf("%s with %v: %v, want %s", tt.program, tt.env, got, tt.want)
		}
	}
}

func TestRunExitCode(t *testing.T) {
	for _, code := range []int{1, 2, 66} {
		out, e := runError(t, program(t.Context(), fmt.Sprintf("print 3 2 %d", code)), MaxOutput)
		var exit *exec.ExitError
		if !errors.As(e, &exit) || exit.ExitCode() != code {
			t.Errorf("error %v, want exit code %d", e.Err, code)
		}
		if string(out) != "ooo" || e.Stderr != "ee" {
			t.Errorf("output %q, %q", out, e.Stderr)
		}
		if want := os.Args[0] + " arg: ee"; e.Error() != want {
			t.Errorf("%q, want %q", e.Error(), want)
		}
	}
	_, e := runError(t, program(t.Context(), "print 0 0 3"), MaxOutput)
	if want := os.Args[0] + " arg: exit status 3"; e.Error() != want {
		t.Errorf("%q, want %q", e.Error(), want)
	}
	if _, e := runError(t, program(t.Context(), "lines"), MaxOutput); e.Stderr != "go: first\n  second" {
		t.Errorf("stderr %q", e.Stderr)
	}
}

func TestRunSignal(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no signals")
	}
	_, e := runError(t, program(t.Context(), "kill"), MaxOutput)
	var exit *exec.ExitError
	if !errors.As(e, &exit) || exit.ExitCode() != -1 || !strings.HasSuffix(e.Error(), ": signal: killed") {
		t.Errorf("%v", e)
	}
}

func TestRunOutputBound(t *testing.T) {
	const limit = 100_000
	for _, tt := range []struct {
		n    int
		want error
	}{{limit - 1, nil}, {limit, nil}, {limit + 1, ErrTooLarge}, {10 * limit, ErrTooLarge}} {
		out, err := run(program(t.Context(), fmt.Sprintf("print %d 0 0", tt.n)), limit)
		if !errors.Is(err, tt.want) || (err == nil) != (tt.want == nil) || len(out) != min(tt.n, limit) {
			t.Errorf("%d bytes: got %d, %v", tt.n, len(out), err)
		}
	}
	// A program that prints without end is ended by its broken pipe.
	out, e := runError(t, program(t.Context(), "endless"), limit)
	if !errors.Is(e, ErrTooLarge) || len(out) != limit {
		t.Errorf("%d bytes, %v", len(out), e)
	}
}

func TestRunStderrBound(t *testing.T) {
	out, err := Run(program(t.Context(), "endless-stderr"))
	if err != nil || string(out) != "done" {
		t.Errorf("%q, %v", out, err)
	}
	for _, n := range []int{maxStderr, maxStderr + 1, 5 * maxStderr} {
		_, e := runError(t, program(t.Context(), fmt.Sprintf("print 0 %d 1", n)), MaxOutput)
		if len(e.Stderr) != maxStderr {
			t.Errorf("%d bytes printed, %d kept", n, len(e.Stderr))
		}
	}
}

func TestRunMissingProgram(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	out, e := runError(t, exec.CommandContext(t.Context(), "go", "list", "-m"), MaxOutput)
	if !errors.Is(e, exec.ErrNotFound) || len(out) != 0 {
		t.Errorf("%q, %v", out, e)
	}
	if want := "go: " + exec.ErrNotFound.Error(); e.Error() != want {
		t.Errorf("%q, want %q", e.Error(), want)
	}
}

func TestRunMissingFolder(t *testing.T) {
	cmd := program(t.Context(), "where")
	cmd.Dir = filepath.Join(t.TempDir(), "missing")
	if _, e := runError(t, cmd, MaxOutput); errors.Is(e, exec.ErrNotFound) {
		t.Errorf("a missing folder taken for a missing program: %v", e)
	}
}

// When its context ends, a command is killed, whatever it ignores, and a child
// of its own that keeps the pipes open holds nothing up.
func TestRunInterrupted(t *testing.T) {
	for _, what := range []string{"sleep", "deaf", "parent"} {
		t.Run(what, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			out, err := whileAlive(t, ctx, what, cancel)
			if err == nil {
				t.Error("no error")
			}
			if what == "parent" && string(out) != "out" {
				t.Errorf("output %q", out)
			}
		})
	}
}

// A program that has ended well, and left a child behind that keeps its pipes
// open, may not have printed all: an error, and no wait for the child.
func TestRunChildLeftBehind(t *testing.T) {
	out, err := whileAlive(t, t.Context(), "parent-gone", func() {})
	if !errors.Is(err, exec.ErrWaitDelay) || string(out) != "out" {
		t.Errorf("%q, %v", out, err)
	}
}

// whileAlive runs a program that announces itself, calls then once it has, and
// demands that Run returns while the one that announced itself may live on.
func whileAlive(t *testing.T, ctx context.Context, what string, then func()) ([]byte, error) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	type result struct {
		out []byte
		err error
	}
	done := make(chan result, 1)
	go func() {
		out, err := Run(program(ctx, what+" "+listener.Addr().String()))
		done <- result{out, err}
	}()
	conn, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close() // ends a child left behind
	then()
	select {
	case r := <-done:
		if e := (*Error)(nil); !errors.As(r.err, &e) {
			t.Errorf("%v is no *Error", r.err)
		}
		return r.out, r.err
	case <-time.After(wait):
		t.Fatal("still running")
		return nil, nil
	}
}

func TestRunContextEndedBefore(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, e := runError(t, program(ctx, "print 1 1 0"), MaxOutput)
	if !errors.Is(e, context.Canceled) {
		t.Errorf("%v", e)
	}
}

func TestBounded(t *testing.T) {
	for _, truncate := range []bool{false, true} {
		b := &bounded{limit: 5, truncate: truncate}
		var total int
		var failed error
		for _, s := range []string{"ab", "", "cd", "ef", "gh"} {
			n, err := b.Write([]byte(s))
			total += n
			failed = errors.Join(failed, err)
		}
		if b.buf.String() != "abcde" || b.overflow == truncate || (failed == nil) != truncate {
			t.Errorf("truncate %t: %q, overflow %t, %v", truncate, b.buf.String(), b.overflow, failed)
		}
		if want := map[bool]int{false: 5, true: 8}[truncate]; total != want {
			t.Errorf("truncate %t: %d bytes taken, want %d", truncate, total, want)
		}
	}
}
