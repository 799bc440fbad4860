// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package sbom

import (
	"testing"

	"golang.org/x/mod/module"
)

func TestRepository(t *testing.T) {
	for _, test := range []struct{ path, version, want string }{
		{"github.com/BurntSushi/toml", "v1.6.0", "https://github.com/BurntSushi/toml tag v1.6.0"},
		{"github.com/a/b/v3", "v3.1.0", "https://github.com/a/b tag v3.1.0"},
		{"github.com/a/b/sub/v3", "v3.1.0", "https://github.com/a/b tag sub/v3.1.0"},
		{"github.com/a/b/sub", "v0.1.0", "https://github.com/a/b tag sub/v0.1.0"},
		{"github.com/a/b", "v2.0.0+incompatible", "https://github.com/a/b tag v2.0.0"},
		{"github.com/a/b", "v0.0.0-20260102030405-0123456789ab", "https://github.com/a/b commit 0123456789ab"},
		{"golang.org/x/crypto/x509roots/fallback", "v0.1.0", "https://go.googlesource.com/crypto tag x509roots/fallback/v0.1.0"},
		{"k8s.io/api", "v0.1.0", " "},
		{"github.com/a", "v0.1.0", " "},
	} {
		r := Repository(module.Version{Path: test.path, Version: test.version})
		if got := r.URL + " " + r.Comment; got != test.want {
			t.Errorf("%s@%s: %q, want %q", test.path, test.version, got, test.want)
		}
	}
}

func TestModuleVersion(t *testing.T) {
	for _, test := range []struct {
		c    Component
		want string
	}{
		{Component{Name: "github.com/BurntSushi/toml", Version: "v1.6.0", PURL: "pkg:golang/github.com/burntsushi/toml@v1.6.0"}, "github.com/BurntSushi/toml@v1.6.0"},
		{Component{Name: "github.com/BurntSushi/toml", Version: "v1.6.0", PURL: "pkg:golang/github.com/BurntSushi/toml@v1.6.0?type=module"}, "github.com/BurntSushi/toml@v1.6.0"},
		{Component{Group: "github.com/a", Name: "b", Version: "v2.0.0+incompatible", PURL: "pkg:golang/github.com/a/b@v2.0.0%2Bincompatible"}, "github.com/a/b@v2.0.0+incompatible"},
		{Component{Name: "stdlib", Version: "1.26.8", PURL: "pkg:golang/stdlib@1.26.8"}, ""},
		{Component{Name: "github.com/a/b", Version: "v1.0.0", PURL: "pkg:golang/github.com/a/c@v1.0.0"}, ""},
		{Component{Name: "github.com/a/b", PURL: "pkg:golang/github.com/a/b"}, ""},
		{Component{Name: "left-pad", Version: "v1.0.0", PURL: "pkg:npm/left-pad@v1.0.0"}, ""},
		{Component{Name: "github.com/a/b", Version: "v1.0.0", PURL: "pkg:golang/github.com/a/b@v1.0.0", Properties: []Property{{PropertyLocal, "replace"}}}, "github.com/a/b@v1.0.0"},
		{Component{Name: "github.com/a/b", Version: "v1.0.0-RC1", PURL: "pkg:golang/github.com/a/b@v1.0.0-rc1"}, ""},
		{Component{Name: "github.com/a/b", Version: "v2.0.0+incompatible", PURL: "pkg:golang/github.com/a/b@v2.0.0+incompatible"}, "github.com/a/b@v2.0.0+incompatible"},
		{Component{Name: "github.com/a/b", Version: "v1.0.0", PURL: "pkg:golang/%zz"}, ""},
		{Component{Name: "../b", Version: "v1.0.0", PURL: "pkg:golang/../b@v1.0.0"}, ""},
	} {
		m, ok := test.c.ModuleVersion()
		got := ""
		if ok {
			got = m.String()
		}
		if got != test.want {
			t.Errorf("%s: %q, want %q", test.c.PURL, got, test.want)
		}
	}
}
