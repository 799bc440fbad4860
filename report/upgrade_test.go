// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package report

import (
	"testing"
)

func TestIsGoGet(t *testing.T) {
	for command, want := range map[string]bool{
		"go get a.b/c@v1": true, "go get a.b/c@v1 d.e/f@v2+incompatible": true,
		"": false, "go get": false, "go get ": false, "go get -u a@v1": false, "go get a@v1 -x@": false, "go get a": false, "go get a@v1  b@v1": false,
		"go get a@v1;b@v1": false, "go get a@v1\nb@v1": false, "go get a@v1$(b)": false, "go get ~/a@v1": false, "go get ../a@x": false, "go get /a@x": false, "go get a/../../b@x": false, "rm a@v1": false, "go get \u202ea@v1": false,
	} {
		if got := isGoGet(command); got != want {
			t.Errorf("%q: %v", command, got)
		}
	}
}
