// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package format

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/goassay/assay/internal/machine"
	"github.com/goassay/assay/sbom"
	"github.com/goassay/assay/sbom/cyclonedx"
	"github.com/goassay/assay/sbom/internal/bound"
	"github.com/goassay/assay/sbom/internal/sbomtest"
	"github.com/goassay/assay/sbom/spdx"
)

// all returns every format that can be written.
func all(t testing.TB) []Format {
	t.Helper()
	var formats []Format
	for _, n := range names {
		for _, v := range n.versions {
			f, err := Parse(n.name + "@" + v)
			if err != nil {
				t.Fatal(err)
			}
			formats = append(formats, f)
		}
	}
	return formats
}

func TestParse(t *testing.T) {
	for word, want := range map[string]string{
		"cyclonedx-json": "cyclonedx-json@1.6", "cyclonedx-xml@1.4": "cyclonedx-xml@1.4", "spdx-json": "spdx-json@2.3",
		"spdx-tag": "spdx-tag@2.3", "spdx3-json": "spdx3-json@3.0.1",
	} {
		if f, err := Parse(word); err != nil || f.String() != want {
			t.Errorf("%s: got %v, %v; want %s", word, f, err, want)
		}
	}
	for _, word := range []string{"", "cyclonedx", "cyclonedx-json@", "cyclonedx-json@1.3", "spdx-json@3.0.1", "spdx-tag@2.3 "} {
		var unknown *UnknownError
		if _, err := Parse(word); !errors.As(err, &unknown) || !strings.Contains(err.Error(), "spdx3-json@3.0.1") {
			t.Errorf("%q: got error %v, want a list of formats", word, err)
		}
	}
	if _, err := Write(sbomtest.Document(), Format{}); err == nil {
		t.Error("wrote no format")
	}
	if f, err := Parse(Names()[0]); err != nil || f != Default {
		t.Errorf("the first format is %v, %v; want the default", f, err)
	}
}

// TestWritten writes in each format what was read in each other one.
func TestWritten(t *testing.T) {
	for _, from := range all(t) {
		first, err := Write(sbomtest.Document(), from)
		if err != nil {
			t.Fatal(from, err)
		}
		doc, f, err := Read(first)
		if err != nil || f != from {
			t.Fatalf("%v: read %v, %v", from, f, err)
		}
		for _, to := range all(t) {
			second, err := Write(doc, to)
			if err != nil {
				t.Errorf("from %v to %v: %v", from, to, err)
				continue
			}
			got, f, err := Read(second)
			if err != nil || f != to {
				t.Errorf("from %v to %v: read %v, %v", from, to, f, err)
				continue
			}
			if to.Name[:3] == "cyc" && to.Version < "1.6" {
				continue // crypto is left out; package cyclonedx tests what comes back
			}
			want := *doc
			want.Version, got.Version = max(want.Version, 1), max(got.Version, 1)
			if diff := cmp.Diff(&want, got, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("from %v to %v (-want +got):\n%s", from, to, diff)
			}
		}
	}
}

func TestReproducible(t *testing.T) {
	for _, f := range all(t) {
		doc := sbomtest.Document()
		doc.ID = ""
		want, err := Write(doc, f)
		if err != nil {
			t.Fatal(f, err)
		}
		shuffled := sbomtest.Document()
		shuffled.ID = ""
		slices.Reverse(shuffled.Components)
		for _, c := range shuffled.Components {
			slices.Reverse(c.DependsOn)
			slices.Reverse(c.Hashes)
		}
		if got, err := Write(shuffled, f); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%v: the same content in another order has other bytes: %v", f, err)
		}
		read, _, err := Read(want)
		if err != nil {
			t.Fatal(f, err)
		}
		if err := sbom.VerifyID(want, read.ID); err != nil {
			t.Error(f, err)
		}
	}
}

// TestOtherTools reads what other tools wrote of example.com/small, which needs
// two modules, and from the first one two more that are not in the program.
func TestOtherTools(t *testing.T) {
	for _, test := range []struct {
		file, format string
		root         string
		purls        int // components with a purl
		edges        int
		tool         string
		invalid      error // of the validation
	}{
		{"cyclonedx-gomod.cdx.json", "cyclonedx-json@1.6", "example.com/small", 4, 3, "cyclonedx-gomod", nil},
		{"cyclonedx-gomod-app.cdx.xml", "cyclonedx-xml@1.5", "example.com/small", 4, 3, "cyclonedx-gomod", nil},
		{"syft-1.4.cdx.json", "cyclonedx-json@1.4", "small", 7, 5, "syft", nil},
		{"syft.cdx.xml", "cyclonedx-xml@1.7", "small", 7, 5, "syft", nil},
		{"syft-2.2.spdx.json", "spdx-json@2.2", "small", 7, 5, "syft", errors.ErrUnsupported},
		{"syft.spdx", "spdx-tag@2.3", "small", 7, 5, "syft", nil},
		{"syft.spdx3.json", "spdx3-json@3.0.1", "small", 7, 5, "syft", nil},
	} {
		t.Run(test.file, func(t *testing.T) {
			data, err := os.ReadFile(filepath.Join("testdata", test.file))
			if err != nil {
				t.Fatal(err)
			}
			doc, f, err := Read(data)
			if err != nil {
				t.Fatal(err)
			}
			if f.String() != test.format {
				t.Errorf("format %v, want %v", f, test.format)
			}
			purls, edges := 0, 0
			for _, c := range doc.Components {
				edges += len(c.DependsOn)
				if c.PURL != "" {
					purls++
				}
			}
			if purls != test.purls || edges != test.edges {
				t.Errorf("%d purls and %d edges, want %d and %d", purls, edges, test.purls, test.edges)
			}
			if len(doc.Roots) != 1 || doc.Component(doc.Roots[0]).Name != test.root {
				t.Errorf("roots %q, want %s", doc.Roots, test.root)
			}
			if len(doc.Tools) != 1 || doc.Tools[0].Name != test.tool && !strings.HasPrefix(doc.Tools[0].Name, test.tool) {
				t.Errorf("tools %+v, want %s", doc.Tools, test.tool)
			}
			if err := Validate(data); !errors.Is(err, test.invalid) {
				t.Errorf("validation: got %v, want %v", err, test.invalid)
			}
			if err := sbom.VerifyID(data, doc.ID); !errors.Is(err, sbom.ErrAltered) {
				t.Errorf("a random ID passes for one of the content: %v", err)
			}
			for _, to := range all(t) {
				written, err := Write(doc, to)
				if err != nil {
					t.Errorf("write as %v: %v", to, err)
					continue
				}
				again, _, err := Read(written)
				if err != nil {
					t.Errorf("read as %v: %v", to, err)
					continue
				}
				again.Version = doc.Version
				if diff := cmp.Diff(doc, again, cmpopts.EquateEmpty()); diff != "" {
					t.Errorf("as %v (-want +got):\n%s", to, diff)
				}
			}
		})
	}
}

func TestDetect(t *testing.T) {
	for text, want := range map[string]string{
		`{"bomFormat":"CycloneDX","specVersion":"1.2"}`:                                           "cyclonedx-json@1.2",
		"\xef\xbb\xbf {\"spdxVersion\": \"SPDX-2.1\"}":                                            "spdx-json@2.1",
		`{"@graph":[],"@context":"https://spdx.org/rdf/3.0.0/spdx-context.jsonld"}`:               "spdx3-json@3.0.0",
		"<?xml version='1.0'?>\n<!-- c --><b:bom xmlns:b='http://cyclonedx.org/schema/bom/1.1'/>": "cyclonedx-xml@1.1",
		"# comment\nSPDXVersion: SPDX-2.3\r\n":                                                    "spdx-tag@2.3",
	} {
		if f, err := Detect([]byte(text)); err != nil || f.String() != want {
			t.Errorf("%s: got %v, %v; want %s", text, f, err, want)
		}
	}
	for _, text := range []string{"", "{}", "{", "<a/>", "<", "<!-- -->", "text", "[]", `{"@context":"https://example.com/"}`} {
		if f, err := Detect([]byte(text)); !errors.Is(err, ErrFormat) {
			t.Errorf("%s: got %v, %v; want %v", text, f, err, ErrFormat)
		}
		if _, _, err := Read([]byte(text)); err == nil {
			t.Errorf("%s: was read", text)
		}
		if err := Validate([]byte(text)); err == nil {
			t.Errorf("%s: is valid", text)
		}
	}
}

// TestHostile reads documents that are to cost more than they should.
func TestHostile(t *testing.T) {
	deep := func(open, end string, n int) string { return strings.Repeat(open, n) + strings.Repeat(end, n) }
	const xmlns = `xmlns="http://cyclonedx.org/schema/bom/1.6"`
	for name, test := range map[string]struct {
		text string
		want error
	}{
		"JSON, deep":      {`{"bomFormat":"CycloneDX","specVersion":"1.6","x":` + deep("[", "]", 100_000) + "}", bound.ErrTooLarge},
		"JSON, many":      {`{"bomFormat":"CycloneDX","specVersion":"1.6","components":[` + strings.Repeat("{},", 2_000_000) + "{}]}", bound.ErrTooLarge},
		"JSON, nulls":     {`{"spdxVersion":"SPDX-2.3","packages":[` + strings.Repeat("null,", 2_000_000) + "null]}", bound.ErrTooLarge},
		"JSON, truncated": {`{"bomFormat":"CycloneDX","specVersion":"1.6","components":["`, nil},
		"XML, deep":       {`<bom ` + xmlns + `>` + deep("<components><component>", "</component></components>", 1000) + `</bom>`, bound.ErrTooLarge},
		"XML, many":       {`<bom ` + xmlns + `><components>` + strings.Repeat("<component/>", 3_000_000) + `</components></bom>`, bound.ErrTooLarge},
		"XML, crypto":     {`<bom ` + xmlns + `><cryptoProperties>` + deep("<a>", "</a>", 1000) + `</cryptoProperties></bom>`, bound.ErrTooLarge},
		"XML, extension":  {`<bom ` + xmlns + `><x xmlns="urn:x">` + deep("<a>", "</a>", 100_000) + `</x>`, nil},
		"XML, entities":   {`<!DOCTYPE bom [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><bom ` + xmlns + `><components>&b;</components></bom>`, bound.ErrDoctype},
		"XML, inner":      {`<bom ` + xmlns + `><!DOCTYPE x></bom>`, bound.ErrDoctype},
		"XML, truncated":  {`<bom ` + xmlns + `><components>`, nil},
		"tags, many":      {"SPDXVersion: SPDX-2.3\n" + strings.Repeat("FileName:\n", 2_000_000), bound.ErrTooLarge},
		"tags, open text": {"SPDXVersion: SPDX-2.3\nPackageName: <text>", nil},
	} {
		t.Run(name, func(t *testing.T) {
			if len(test.text) > 1<<20 {
				machine.Long(t, "reads a large document")
			}
			_, _, err := Read([]byte(test.text))
			if err == nil || test.want != nil && !errors.Is(err, test.want) {
				t.Errorf("got error %.200v, want %v", err, test.want)
			}
		})
	}
	if testing.Short() {
		return
	}
	if _, _, err := Read(make([]byte, bound.MaxSize+1)); !errors.Is(err, bound.ErrTooLarge) {
		t.Errorf("a large document: got error %v", err)
	}
}

func TestInvalid(t *testing.T) {
	for _, f := range all(t) {
		data, err := Write(sbomtest.Document(), f)
		if err != nil {
			t.Fatal(err)
		}
		// What is wrong there is an enumeration, in each format.
		broken := bytes.ReplaceAll(data, []byte(`"library"`), []byte(`"liberry"`))
		broken = bytes.ReplaceAll(broken, []byte(`LIBRARY`), []byte(`LIBERRY`))
		if err := Validate(broken); !errors.Is(err, cyclonedx.ErrInvalid) && !errors.Is(err, spdx.ErrInvalid) {
			t.Errorf("%v: got error %v, want that it is invalid", f, err)
		}
	}
}

func TestResembles(t *testing.T) {
	dir := t.TempDir()
	file := func(text string) string {
		name := filepath.Join(dir, "f")
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	for text, want := range map[string]bool{
		"{": true, "\xef\xbb\xbf \n{\"bomFormat\"": true, "<?xml": true, "SPDXVersion: SPDX-2.3\n": true, "# note\nSPDXVersion: SPDX-2.2": true,
		"": false, " ": false, strings.Repeat("\n", 5000): false, "\x7fELF{": false, "Version: 1\n": false,
		"{name" + strings.Repeat("\x00", 252) + "ustar\x00" + strings.Repeat("\x00", 300): false,
	} {
		if Resembles(file(text)) != want {
			t.Errorf("%.40q: want %v", text, want)
		}
	}
	if Resembles(dir) || Resembles(filepath.Join(dir, "none")) {
		t.Error("what is no file")
	}
	for _, f := range all(t) {
		data, err := Write(sbomtest.Document(), f)
		if err != nil || !Resembles(file(string(data))) {
			t.Errorf("%s: %v", f, err)
		}
	}
}
