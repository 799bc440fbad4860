// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package modgraph

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// A link within the repository is followed, one out of it is refused.
func TestReadSumFilesLinks(t *testing.T) {
	dir := t.TempDir()
	for _, folder := range []string{"repo/.git", "repo/a", "loose"} {
		if err := os.MkdirAll(filepath.Join(dir, folder), 0o777); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"secret", "repo/shared.sum"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("password in clear\n"), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	tests := []struct {
		link, target string
		out          bool
	}{
		{"repo/a/go.sum", "../shared.sum", false},
		{"repo/a/go.sum", "../../secret", true},
		{"repo/a/go.sum", filepath.Join(dir, "secret"), true},
		{"loose/go.sum", "../secret", true},
	}
	for _, tt := range tests {
		link := filepath.Join(dir, tt.link)
		os.Remove(link)
		if err := os.Symlink(tt.target, link); err != nil {
			t.Fatal(err) // on Windows it takes developer mode
		}
		files, err := ReadSumFiles(filepath.Join(filepath.Dir(link), "go.mod"), "")
		if errors.Is(err, errLeadsOut) != tt.out || (len(files) == 0) != tt.out {
			t.Errorf("%s -> %s: %d files, %v", tt.link, tt.target, len(files), err)
		}
	}
}
