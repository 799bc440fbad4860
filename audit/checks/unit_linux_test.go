// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package checks

import (
	"errors"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"syscall"
	"testing"
	"unsafe"

	"github.com/goassay/assay/audit/gobin/gobintest"
	"github.com/goassay/assay/internal/machine"
)

// The tests' own executable can start a program under
// a filter: with filterEnv set, its arguments are the number of a system call to
// deny, what to answer to it, and the program.
const filterEnv = "ASSAY_TEST_FILTER"

func init() {
	if os.Getenv(filterEnv) != "" {
		call, _ := strconv.Atoi(os.Args[1])
		answer, _ := strconv.ParseUint(os.Args[2], 10, 32)
		println("filter:", startDenied(uint32(call), uint32(answer), os.Args[3]).Error())
		os.Exit(3)
	}
}

// Answers of seccomp(2): kill the process, or the error EPERM.
const (
	answerKill  = 0x80000000
	answerEPERM = 0x00050000 | uint32(syscall.EPERM)
)

// startDenied replaces this process by a program that may not make one system
// call. Between filter and start the runtime of this process makes no call.
func startDenied(call, answer uint32, program string) error {
	const prSetNoNewPrivs, seccompModeFilter = 38, 2 // linux/prctl.h, linux/seccomp.h
	filter := []syscall.SockFilter{
		{Code: syscall.BPF_LD | syscall.BPF_W | syscall.BPF_ABS, K: 0}, // seccomp_data.nr
		{Code: syscall.BPF_JMP | syscall.BPF_JEQ | syscall.BPF_K, K: call, Jf: 1},
		{Code: syscall.BPF_RET | syscall.BPF_K, K: answer},
		{Code: syscall.BPF_RET | syscall.BPF_K, K: 0x7fff0000}, // allow
	}
	prog := syscall.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	path, err := syscall.BytePtrFromString(program)
	if err != nil {
		return err
	}
	argv, envv := []*byte{path, nil}, []*byte{nil}
	runtime.LockOSThread()
	if _, _, e := syscall.RawSyscall6(syscall.SYS_PRCTL, prSetNoNewPrivs, 1, 0, 0, 0, 0); e != 0 {
		return e
	}
	if _, _, e := syscall.RawSyscall(syscall.SYS_PRCTL, syscall.PR_SET_SECCOMP, seccompModeFilter, uintptr(unsafe.Pointer(&prog))); e != 0 {
		return e
	}
	_, _, e := syscall.RawSyscall(syscall.SYS_EXECVE, uintptr(unsafe.Pointer(path)), uintptr(unsafe.Pointer(&argv[0])), uintptr(unsafe.Pointer(&envv[0])))
	return e
}

// A Go program really dies without each of the calls, killed or refused, and
// lives without another one.
func TestNeededCalls(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	program := gobintest.Build(t, gobintest.Module(t, gobintest.GoMod))
	run := func(call int, answer uint32) error {
		cmd := exec.CommandContext(t.Context(), self, strconv.Itoa(call), strconv.FormatUint(uint64(answer), 10), program)
		cmd.Env = append(os.Environ(), filterEnv+"=1")
		return cmd.Run()
	}
	if err := run(syscall.SYS_ACCT, answerKill); err != nil {
		machine.Lacks(t, "system call filters", err)
	}
	numbers := map[string]int{
		"clone": syscall.SYS_CLONE, "rt_sigaction": syscall.SYS_RT_SIGACTION,
		"rt_sigprocmask": syscall.SYS_RT_SIGPROCMASK, "sigaltstack": syscall.SYS_SIGALTSTACK,
	}
	for _, n := range needed {
		number, ok := numbers[n.call]
		if !ok {
			t.Errorf("%s: no number", n.call)
			continue
		}
		var exit *exec.ExitError
		if err := run(number, answerKill); !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGSYS {
			t.Errorf("%s killed: %v", n.call, err)
		}
		if err := run(number, answerEPERM); !errors.As(err, &exit) || exit.ExitCode() == 3 {
			t.Errorf("%s refused: %v", n.call, err)
		}
	}
}
