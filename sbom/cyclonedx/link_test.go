// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package cyclonedx

import (
	"net/url"
	"testing"

	"github.com/goassay/assay/sbom"
)

func TestLink(t *testing.T) {
	const id = "3e671687-395b-41f5-a30f-a58921a69b79"
	for _, test := range []struct {
		id      string
		version int
		ref     string
		want    string
	}{
		{"urn:uuid:" + id, 0, "", "urn:cdx:" + id + "/1"},
		{"urn:uuid:" + id, 7, "a", "urn:cdx:" + id + "/7#a"},
		{"urn:uuid:" + id, 1, "pkg:golang/a.b/c@v1+x#\u00e9%", "urn:cdx:" + id + "/1#pkg:golang/a.b/c@v1%2Bx%23%C3%A9%25"},
		{"urn:uuid:" + id, 1, "#1", ""},
		{"urn:uuid:x/../y", 1, "a", ""},
		{"", 1, "a", ""},
		{"https://example.com/" + id, 1, "", ""},
	} {
		if got := Link(&sbom.Document{ID: test.id, Version: test.version}, test.ref); got != test.want {
			t.Errorf("%s %d %s: %s, want %s", test.id, test.version, test.ref, got, test.want)
		}
	}
}

// FuzzFragment: the bom-ref can be had from the link.
func FuzzFragment(f *testing.F) {
	f.Add("pkg:golang/example.com/lib@v1.1.0+incompatible#a b%")
	f.Fuzz(func(t *testing.T, ref string) {
		got, err := url.QueryUnescape(fragment(ref))
		if err != nil || got != ref {
			t.Errorf("%q, %v", got, err)
		}
	})
}
