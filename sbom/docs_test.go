// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package sbom

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/package-url/packageurl-go"
)

// TestPropertiesDocumented: each property that documents have is explained.
func TestPropertiesDocumented(t *testing.T) {
	doc, err := os.ReadFile(filepath.Join("..", "docs", "sbom.md"))
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	name := regexp.MustCompile(`"((?:assay|bsi):[a-z0-9_:]+)"`)
	found := 0
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range name.FindAllStringSubmatch(string(source), -1) {
			if found++; !strings.Contains(string(doc), "`"+m[1]+"`") {
				t.Errorf("%s of %s is not in docs/sbom.md", m[1], file)
			}
		}
	}
	if found < 20 {
		t.Errorf("%d properties found", found)
	}
}

// FuzzPURL: whatever build info, archives and control files say, a purl is one
// that is read back as it was written, or none.
func FuzzPURL(f *testing.F) {
	for _, path := range []string{"github.com/BurntSushi/toml", "", adHoc, "a b", "/", "..", "a//b", "a/./b", "\x00", "pkg:golang/a@b?c#d", "%2e%2e", "é"} {
		f.Add(path, "v1.0.0", "sub/pkg")
		f.Add("example.com/m", path, path)
	}
	f.Fuzz(func(t *testing.T, path, version, sub string) {
		module := purl(path, version)
		for _, text := range []string{module, withSubpath(module, sub), otherPURL("deb", "debian", path, version, map[string]string{"arch": "source"})} {
			if text == "" {
				continue
			}
			p, err := packageurl.FromString(text)
			if err != nil || p.Name == "" || p.ToString() != text || strings.ContainsAny(text, " \t\r\n\x00<>\"\\^`{|}") {
				t.Errorf("%q %q %q: %q: %v", path, version, sub, text, err)
			}
		}
	})
}
