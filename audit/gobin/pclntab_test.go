// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package gobin

import "testing"

func TestSourceRoot(t *testing.T) {
	for name, want := range map[string]string{
		"/home/alice/src/m/main.go": "/home/alice/src", "/srv/main.go": "/srv", "/main.go": "", "": "", "/": "", "main.go": "",
		"example.com/m/main.go": "", "C:/Users/bob/m/main.go": "C:/Users/bob/m", `d:\src\main.go`: "d:/src", "C:main.go": "", "1:/x/y.go": "", "./x/y.go": "",
	} {
		if got := sourceRoot(name); got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
}
