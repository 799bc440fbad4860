// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package fips_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/goassay/assay/fips"
)

func TestImportChains(t *testing.T) {
	const listing = "x\nb x\na b\nother x y\ny\nloop loop a\nmain a b loop\n\n"
	got := fips.ImportChains(listing, "main", []string{"x", "main", "y", "absent", "loop"})
	want := map[string][]string{"x": {"main", "b", "x"}, "main": {"main"}, "loop": {"main", "loop"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if got := fips.ImportChains(listing, "none", []string{"x", "none"}); len(got) != 0 {
		t.Errorf("of no package: %v", got)
	}
}
