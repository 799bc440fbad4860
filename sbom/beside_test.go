// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package sbom

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/goassay/assay/internal/machine"
)

// A document names files in its folder, and none elsewhere.
func TestBeside(t *testing.T) {
	root := t.TempDir()
	dir := filepath.Join(root, "documents")
	writeFile(t, filepath.Join(dir, "b.proofs"), "proofs")
	writeFile(t, filepath.Join(dir, "sub", "app"), "app")
	writeFile(t, filepath.Join(root, "secret"), "secret")
	document := filepath.Join(dir, "b.json")
	if data, err := ReadBeside(document, "b.proofs"); err != nil || string(data) != "proofs" {
		t.Errorf("%s %v", data, err)
	}
	hashes, err := HashBeside(document, "sub/app")
	if err != nil || hashes[0].Value != "a172cedcae47474b615c54d510a5d84a8dea3032e958587430b413538be3f333" || len(hashes[1].Value) != 128 {
		t.Errorf("%v %v", hashes, err)
	}
	if err := os.Symlink(filepath.Join(root, "secret"), filepath.Join(dir, "link")); err != nil {
		machine.WindowsLacks(t, "symbolic links", err)
	}
	if err := os.Symlink(root, filepath.Join(dir, "up")); err != nil {
		machine.WindowsLacks(t, "symbolic links", err)
	}
	for _, name := range []string{"link", "up/secret", "../secret", "sub/../../secret", filepath.Join(root, "secret"), "none", "sub", ""} {
		if data, err := ReadBeside(document, name); err == nil {
			t.Errorf("%s: %s", name, data)
		}
		if hashes, err := HashBeside(document, name); err == nil {
			t.Errorf("%s: %v", name, hashes)
		}
	}
	if _, err := ReadBeside(filepath.Join(root, "none", "b.json"), "b.proofs"); err == nil {
		t.Error("a folder that is not there")
	}
}
