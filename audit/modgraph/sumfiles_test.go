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

// TestRepositoryRoot: of checkouts in each other the nearest counts, of whatever system.
func TestRepositoryRoot(t *testing.T) {
	top := t.TempDir()
	at := func(name string) string { return filepath.Join(top, filepath.FromSlash(name)) }
	for _, dir := range []string{"git/.git", "git/hg/.hg", "git/hg/git/.git", "git/hg/m", "git/m"} {
		if err := os.MkdirAll(at(dir), 0o777); err != nil {
			t.Fatal(err)
		}
	}
	for dir, want := range map[string]string{"git": "git", "git/m": "git", "git/hg": "git/hg", "git/hg/m": "git/hg", "git/hg/git": "git/hg/git"} {
		if got := RepositoryRoot(at(dir)); got != at(want) {
			t.Errorf("%s: %s, want %s", dir, got, want)
		}
	}
}
