// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package unprivileged

import (
	"runtime"
	"syscall"
	"testing"
)

// nobody is a user that owns no file.
const nobody = 65534

// asNobody calls f with another user's access to files. The system call is
// about the calling thread alone (setfsuid(2)), which is f's meanwhile; it also
// takes the capabilities away by which the superuser passes permissions over.
func asNobody(t testing.TB, f func()) {
	t.Helper()
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	setfsuid := func(uid uintptr) uintptr {
		old, _, _ := syscall.RawSyscall(syscall.SYS_SETFSUID, uid, 0, 0) // never fails: it returns the old one
		return old
	}
	old := setfsuid(nobody)
	defer setfsuid(old)
	if setfsuid(nobody) != nobody {
		t.Fatal("cannot act as another user")
	}
	f()
}

// allAsNobody calls f with another effective user, which is of all threads, and
// has no capabilities.
func allAsNobody(t testing.TB, f func()) {
	t.Helper()
	if err := syscall.Setreuid(-1, nobody); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := syscall.Setreuid(-1, 0); err != nil {
			t.Fatal(err)
		}
	}()
	f()
}
