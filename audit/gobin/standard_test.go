// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package gobin_test

import (
	"strings"
	"testing"

	"github.com/goassay/assay/audit/gobin"
)

func TestIsStandard(t *testing.T) {
	for pkg := range strings.FieldsSeq(goTool(t, "list", "std", "cmd")) {
		if !gobin.IsStandard(pkg) {
			t.Errorf("%s is in the standard library", pkg)
		}
	}
	for pkg, want := range map[string]bool{
		"fmt_test": true, "net/http_test": true, "vendor/golang.org/x/net/idna": true, "mycorp/x": false, "main": false, "": false,
		"command-line-arguments": false, "example.com/fmt": false, "fmtx/x": false, "fmt_test/x": false, "example.com": false,
		"x_cgo_munmap": true, "_": true, "_ZN11__sanitizer": true,
	} {
		if got := gobin.IsStandard(pkg); got != want {
			t.Errorf("%q: %v", pkg, got)
		}
	}
}
