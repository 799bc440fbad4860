// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package cyclonedx

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	cdx "github.com/CycloneDX/cyclonedx-go"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/goassay/assay/internal/machine"
	"github.com/goassay/assay/sbom"
	"github.com/goassay/assay/sbom/internal/sbomtest"
)

var (
	versions  = []Version{V1_4, V1_5, V1_6, V1_7}
	encodings = []Encoding{JSON, XML}
)

// everywhere runs a test for each version and encoding.
func everywhere(t *testing.T, test func(t *testing.T, v Version, enc Encoding)) {
	for _, v := range versions {
		for _, enc := range encodings {
			t.Run(fmt.Sprintf("%s-%s", v, enc), func(t *testing.T) { test(t, v, enc) })
		}
	}
}

// comparable returns what of a document comes back in a version.
func withoutLost(doc *sbom.Document, v Version) *sbom.Document {
	doc.Sort()
	if v >= V1_6 {
		return doc
	}
	doc.Components = slices.DeleteFunc(doc.Components, func(c *sbom.Component) bool { return c.Kind == sbom.KindCrypto })
	doc.Properties = append(doc.Properties, sbom.Property{Name: PropertyLeftOut, Value: "cryptographic-asset: 6"})
	return doc
}

func TestRoundTrip(t *testing.T) {
	everywhere(t, func(t *testing.T, v Version, enc Encoding) {
		data, err := Encode(sbomtest.Document(), v, enc)
		if err != nil {
			t.Fatal(err)
		}
		if os.Getenv("SHOW") != "" {
			t.Log(string(data))
		}
		got, err := Decode(data)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(withoutLost(sbomtest.Document(), v), got, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		if err := Validate(data); err != nil {
			t.Error(err)
		}
		again, err := Encode(got, v, enc)
		if err != nil {
			t.Fatal(err)
		}
		if v >= V1_6 && string(again) != string(data) {
			t.Error("written again, the bytes differ")
		}
	})
}

func TestIdentity(t *testing.T) {
	everywhere(t, func(t *testing.T, v Version, enc Encoding) {
		doc := sbomtest.Document()
		doc.ID = ""
		data, err := Encode(doc, v, enc)
		if err != nil {
			t.Fatal(err)
		}
		got, err := Decode(data)
		if err != nil {
			t.Fatal(err)
		}
		if err := sbom.VerifyID(data, got.ID); err != nil {
			t.Error(err)
		}
		altered := []byte(strings.Replace(string(data), "v1.2.3", "v1.2.4", 1))
		if err := sbom.VerifyID(altered, got.ID); err == nil {
			t.Error("an altered document has the ID of its content")
		}
	})
}

// TestXSD validates what is written as XML with another program, against the
// official schemas of XML.
func TestXSD(t *testing.T) {
	machine.Need(t, "xmllint")
	folder := schemasOfXML(t)
	for _, v := range versions {
		t.Run(string(v), func(t *testing.T) {
			data, err := Encode(sbomtest.Document(), v, XML)
			if err != nil {
				t.Fatal(err)
			}
			file := filepath.Join(t.TempDir(), "bom.xml")
			if err := os.WriteFile(file, data, 0o600); err != nil {
				t.Fatal(err)
			}
			out, err := exec.Command("xmllint", "--nonet", "--noout", "--schema", filepath.Join(folder, "bom-"+string(v)+".xsd"), file).CombinedOutput()
			if err != nil {
				t.Errorf("%v\n%.3000s", err, out)
			}
		})
	}
}

// schemasOfXML returns a folder with the official schemas of XML, from the Go
// library of the CycloneDX project. They name each other by file.
func schemasOfXML(t *testing.T) string {
	t.Helper()
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/CycloneDX/cyclonedx-go").Output()
	if err != nil {
		t.Fatal(err)
	}
	from, to := filepath.Join(strings.TrimSpace(string(out)), "schema"), t.TempDir()
	for _, name := range []string{"bom-1.4.xsd", "bom-1.5.xsd", "bom-1.6.xsd", "bom-1.7.xsd", "spdx.xsd"} {
		data, err := os.ReadFile(filepath.Join(from, name))
		if err != nil {
			t.Fatal(err)
		}
		text := strings.Replace(string(data), `schemaLocation="http://cyclonedx.org/schema/spdx"`, `schemaLocation="spdx.xsd"`, 1)
		if err := os.WriteFile(filepath.Join(to, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return to
}

// TestEncodeBOM: a document of the library's types gets an ID of its content, and is valid
// or an error.
func TestEncodeBOM(t *testing.T) {
	bom := &cdx.BOM{SpecVersion: cdx.SpecVersion1_6, Version: 1, Vulnerabilities: &[]cdx.Vulnerability{{ID: "X", Source: &cdx.Source{Name: "s"}}}}
	data, err := EncodeBOM(bom)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := Decode(data)
	if err != nil || sbom.VerifyID(data, doc.ID) != nil || bom.SerialNumber != "" {
		t.Errorf("%v %s", err, data)
	}
	bom.SerialNumber = doc.ID
	if again, err := EncodeBOM(bom); err != nil || string(again) != string(data) {
		t.Errorf("%v %s", err, again)
	}
	(*bom.Vulnerabilities)[0].Published = "yesterday"
	if _, err := EncodeBOM(bom); !errors.Is(err, ErrInvalid) {
		t.Error(err)
	}
	bom.SpecVersion = cdx.SpecVersion1_3
	if _, err := EncodeBOM(bom); !errors.Is(err, errors.ErrUnsupported) {
		t.Error(err)
	}
}
