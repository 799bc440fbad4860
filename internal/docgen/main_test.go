// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/goassay/assay/audit/checks"
)

func TestDocsAreUpToDate(t *testing.T) {
	root := filepath.Join("..", "..")
	catalogue, err := checks.ReadCatalogue(os.DirFS(filepath.Join(root, "audit", "checks")))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(catalogue, checks.Catalogue()); diff != "" {
		t.Errorf("what the program reads is not the catalogue: go run ./internal/docgen (-want +got)\n%s", diff)
	}
	for name, want := range documents(catalogue) {
		got, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(name)))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(bytes.ReplaceAll(got, []byte("\r\n"), []byte("\n")), want) {
			t.Errorf("%s is out of date: go run ./internal/docgen", name)
		}
	}
}
