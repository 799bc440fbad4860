// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/goassay/assay/audit/vulns"
)

// The snapshot in the repository is what is written of what it holds.
func TestRenew(t *testing.T) {
	db, err := vulns.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	exported := filepath.Join(t.TempDir(), "vulndb")
	if err := db.ExportDir(t.Context(), exported); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := renew(t.Context(), exported, dir); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(filepath.Join(dir, "NOTICE"))
	if err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile("../../audit/vulns/snapshot/NOTICE")
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("NOTICE differs from that in the repository: %v", err)
	}
	again, err := vulns.OpenArchive(t.Context(), filepath.Join(dir, "vulndb.zip")) // compression may change with releases of Go
	if err != nil || again.Entries != db.Entries || !again.Modified.Equal(db.Modified) {
		t.Errorf("%+v, %v", again, err)
	}
	for _, location := range []string{"", t.TempDir(), "http://127.0.0.1:1/"} {
		if err := renew(t.Context(), location, dir); err == nil {
			t.Errorf("%q", location)
		}
	}
}
