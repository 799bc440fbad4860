// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package gobin

import (
	"debug/elf"
	"os"
	"testing"

	"github.com/goassay/assay/audit/gobin/gobintest"
	"github.com/goassay/assay/internal/machine"
)

// TestNotPacked: what linkers make is not packed, with sections or without, whatever else
// is known of it.
func TestNotPacked(t *testing.T) {
	machine.Long(t, "builds programs")
	var files []string
	dir := gobintest.Module(t, gobintest.GoMod)
	for _, args := range [][]string{
		{"GOARCH=amd64"}, {"GOARCH=amd64", "-ldflags=-s -w"}, {"GOARCH=amd64", "-buildmode=pie", "-ldflags=-s -w"}, {"GOARCH=386", "-ldflags=-s -w"}, {"GOARCH=arm64", "-ldflags=-s -w"},
	} {
		files = append(files, gobintest.Build(t, dir, append([]string{"GOOS=linux"}, args...)...))
	}
	for _, path := range []string{"/bin/sh", "/bin/ls", "/usr/bin/env", "/usr/bin/git", "/sbin/ldconfig"} { // of this machine, where it has them
		if _, err := os.Stat(path); err == nil {
			files = append(files, path)
		}
	}
	for _, path := range files {
		e, err := elf.Open(path)
		if err != nil {
			continue // of another system
		}
		defer e.Close()
		if packedELF(e) {
			t.Errorf("%s is called packed", path)
		}
		if e.Sections = nil; packedELF(e) {
			t.Errorf("%s without sections is called packed", path)
		}
	}
}
