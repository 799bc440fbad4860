// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package license

import (
	"archive/zip"
	"slices"
	"strings"
	"testing"

	"github.com/google/licensecheck"
)

// TestOwnPatterns demands that each pattern of ours compiles, and that its identifier is known.
func TestOwnPatterns(t *testing.T) {
	licenses, exceptions := identifiers()
	if len(own()) < 5 {
		t.Fatalf("%d patterns", len(own()))
	}
	for _, l := range own() {
		if _, err := licensecheck.NewScanner([]licensecheck.License{l}); err != nil {
			t.Error(err)
		}
		if id := strings.ToLower(l.ID); licenses[id] == "" && exceptions[id] == "" {
			t.Errorf("%s is not on the SPDX list", l.ID)
		}
	}
}

// TestMatchAgrees compares the patterns compiled one by one, on demand, with licensecheck's own scanner, which has them all in one
// automaton: on the licence files of the truth set, and on licensecheck's own samples of each licence, both find the same.
func TestMatchAgrees(t *testing.T) {
	samples := truth{path: "github.com/google/licensecheck", version: "v0.3.1"}
	paths := zips(t, append(readTruth(t), samples))
	seen := map[string]bool{}
	for module, file := range paths {
		z, err := zip.OpenReader(file)
		if err != nil {
			t.Fatal(err)
		}
		defer z.Close()
		for _, f := range z.File {
			name, _ := strings.CutPrefix(f.Name, module+"/")
			dir, base := split(name)
			kind, _, _, ok := classify(dir, base)
			ok = ok && kind != KindReadme && kind != KindNotice && kind != KindThirdParty
			if !ok && !(module == samples.path+"@"+samples.version && dir == "testdata") {
				continue
			}
			tr := &tree{open: openZip(map[string]*zip.File{name: f})}
			text, sum, _, err := tr.read(name, maxFileBytes)
			if err != nil {
				t.Fatal(err)
			}
			if seen[sum] {
				continue
			}
			seen[sum] = true
			compareMatches(t, module+" "+name, text)
		}
	}
	if len(seen) < 900 {
		t.Errorf("%d texts", len(seen))
	}
}

func compareMatches(t *testing.T, name, text string) {
	t.Helper()
	ours := map[string]bool{}
	for _, l := range own() {
		ours[l.ID] = true
	}
	var got, want []string
	for _, sp := range match(text) {
		if ours[sp.id] && sp.id != "CC0-1.0" { // what licensecheck does not have
			return
		}
		got = append(got, sp.id)
	}
	for _, m := range licensecheck.Scan([]byte(text)).Match {
		if !m.IsURL {
			want = append(want, m.ID)
		}
	}
	if !slices.Equal(got, want) && !slices.Contains(got, "CC0-1.0") {
		t.Errorf("%s: %q, licensecheck finds %q", name, got, want)
	}
}
