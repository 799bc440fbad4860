// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

//go:build unix

package sumlog

import (
	"path/filepath"
	"syscall"
	"testing"
)

// A named pipe, which nobody writes to, is not waited for.
func TestKeyPipe(t *testing.T) {
	dir, _ := newLog(t, 1)
	if err := syscall.Mkfifo(filepath.Join(dir, "00000000.key"), 0o600); err != nil {
		t.Fatal(err)
	}
	openWriter(t, dir).Close()
}
