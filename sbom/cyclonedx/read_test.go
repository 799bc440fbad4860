// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package cyclonedx

import (
	"errors"
	"strings"
	"testing"

	cdx "github.com/CycloneDX/cyclonedx-go"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/goassay/assay/sbom"
	"github.com/goassay/assay/sbom/internal/sbomtest"
)

// TestDecode reads what this package does not write itself.
func TestDecode(t *testing.T) {
	const head = `{"bomFormat":"CycloneDX","specVersion":"1.6",`
	for name, test := range map[string]struct {
		text string
		want *sbom.Document
	}{
		"1.0": {`<bom xmlns="http://cyclonedx.org/schema/bom/1.0" version="1"><components>
			<component type="library"><name>a</name><version>1</version><hashes><hash alg="SHA-1">AB</hash></hashes>
			<licenses><license><id>MIT</id></license><license><name>Own</name></license></licenses><modified>false</modified></component>
			<component type="library"><name>a</name><version>1</version></component></components></bom>`,
			&sbom.Document{Version: 1, Components: []*sbom.Component{
				{Ref: "#1", Kind: "library", Name: "a", Version: "1", Hashes: []sbom.Hash{{Algorithm: "SHA-1", Value: "ab"}}, License: sbom.License{Declared: "MIT", Named: []string{"Own"}}},
				{Ref: "#2", Kind: "library", Name: "a", Version: "1"}}}},
		"licences": {head + `"metadata":{"licenses":[{"license":{"id":"CC0-1.0"}}]},"components":[{"bom-ref":"a","type":"library","name":"a","licenses":[
			{"license":{"id":"MIT"}},{"license":{"id":"MIT"}},{"expression":"ISC OR X11"},{"license":{"id":"Zlib","acknowledgement":"concluded"}},
			{"license":{"name":"LicenseRef-own","acknowledgement":"concluded"}},{"license":{}}],
			"evidence":{"licenses":[{"expression":"MIT"},{"license":{"id":"MIT","properties":[{"name":"assay:license:confidence","value":"2"},{"name":"assay:license:hash","value":"x"}]}},{"license":{}}],
			"copyright":[{"text":"A"},{"text":"B"}]}}]}`,
			&sbom.Document{DataLicense: "CC0-1.0", Components: []*sbom.Component{{Ref: "a", Kind: "library", Name: "a", Copyright: "A\nB", License: sbom.License{
				Declared: "MIT AND (ISC OR X11)", Concluded: "Zlib AND LicenseRef-own",
				Evidence: []sbom.LicenseEvidence{{Expression: "MIT"}, {Expression: "MIT", Hash: sbom.Hash{Algorithm: "x"}}}}}}}},
		"tools and authors": {head + `"metadata":{"timestamp":"2026-01-02T03:04:05.678+01:00","lifecycles":[{"name":"own","description":"d"}],
			"tools":{"components":[{"type":"application","name":"a","publisher":"p"},{"type":"application","name":"b","author":"x"},{"type":"application","name":"c","manufacturer":{"name":"m"}}],
			"services":[{"name":"s","provider":{"name":"q"},"version":"2"},{"name":"t"}]},"supplier":{"contact":[{"name":"n","email":"e"},{"name":"o"}],"url":["u","v"]}},
			"components":[{"bom-ref":"a","type":"library","name":"a","author":"Somebody"}],"externalReferences":[{"type":"bom","url":"https://example.com/"},{"type":"vcs","url":"v"}],"properties":[{"name":"n","value":"v"}]}`,
			&sbom.Document{Created: sbomtest.Document().Created.Add(-3600e9), Phases: []string{"own"},
				Tools:    []sbom.Tool{{Vendor: "p", Name: "a"}, {Vendor: "x", Name: "b"}, {Vendor: "m", Name: "c"}, {Vendor: "q", Name: "s", Version: "2"}, {Name: "t"}},
				Supplier: &sbom.Party{Name: "n", Email: "e", URL: "u"}, URI: "https://example.com/",
				References: []sbom.Reference{{Type: "vcs", URL: "v"}}, Properties: []sbom.Property{{Name: "n", Value: "v"}},
				Components: []*sbom.Component{{Ref: "a", Kind: "library", Name: "a", Authors: []sbom.Party{{Name: "Somebody"}}}}}},
		"compositions": {head + `"components":[{"bom-ref":"a","type":"library","name":"a"},{"bom-ref":"b","type":"library","name":"b"},{"bom-ref":"c","type":"library","name":"c"}],
			"dependencies":[{"ref":"a","dependsOn":["b","x","b"]},{"ref":"x"}],
			"compositions":[{"aggregate":"incomplete_third_party_only","dependencies":["a","b","x"]},{"aggregate":"complete","dependencies":["b"]},{"aggregate":"not_specified","dependencies":["c"]}]}`,
			&sbom.Document{Components: []*sbom.Component{
				{Ref: "a", Kind: "library", Name: "a", DependsOn: []string{"b", "x"}, Depends: true, Completeness: sbom.Incomplete},
				{Ref: "b", Kind: "library", Name: "b", Completeness: sbom.Unknown}, {Ref: "c", Kind: "library", Name: "c"}}}},
		"crypto": {head + `"components":[{"bom-ref":"a","type":"cryptographic-asset","name":"a","cryptoProperties":{"assetType":"certificate","certificateProperties":{"notValidBefore":"soon"}}}]}`,
			&sbom.Document{Components: []*sbom.Component{{Ref: "a", Kind: "cryptographic-asset", Name: "a", Crypto: &sbom.Crypto{Certificate: &sbom.Certificate{}}}}}},
		"extensions": {`<?xml version="1.0"?><b:bom xmlns:b="http://cyclonedx.org/schema/bom/1.6" xmlns:x="urn:x"><x:y><z/></x:y><b:components><b:component type="library" bom-ref="a"><b:name>a</b:name>
			<b:licenses><x:z/><b:license><b:id>MIT</b:id></b:license></b:licenses></b:component>
			<b:component type="cryptographic-asset" bom-ref="p"><b:name>p</b:name><b:cryptoProperties><b:assetType>protocol</b:assetType><b:protocolProperties><b:type>tls</b:type><b:cipherSuites><b:cipherSuite><b:name>s</b:name></b:cipherSuite></b:cipherSuites></b:protocolProperties></b:cryptoProperties></b:component></b:components></b:bom>`,
			&sbom.Document{Components: []*sbom.Component{{Ref: "a", Kind: "library", Name: "a", License: sbom.License{Declared: "MIT"}},
				{Ref: "p", Kind: "cryptographic-asset", Name: "p", Crypto: &sbom.Crypto{Protocol: &sbom.Protocol{Type: "tls", Suites: []sbom.Suite{{Name: "s"}}}}}}}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := Decode([]byte(test.text))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestLibrary reads cryptographic assets in XML as the CycloneDX library writes them.
func TestLibrary(t *testing.T) {
	w := &writer{version: V1_6}
	var err error
	if w.schema, err = schemas[V1_6](); err != nil {
		t.Fatal(err)
	}
	want := sbomtest.Document()
	want.Sort()
	want.Name = "" // needs a property
	var b strings.Builder
	if err := cdx.NewBOMEncoder(&b, cdx.BOMFileFormatXML).Encode(w.bom(want)); err != nil {
		t.Fatal(err)
	}
	got, err := Decode([]byte(b.String()))
	if err != nil {
		t.Fatal(err)
	}
	for _, ref := range []string{"tls", "cert", "key", "alg"} {
		if diff := cmp.Diff(want.Component(ref), got.Component(ref), cmpopts.EquateEmpty()); diff != "" {
			t.Error(diff)
		}
	}
}

func TestRefused(t *testing.T) {
	for name, text := range map[string]string{
		"nothing":          "",
		"another format":   `{"spdxVersion":"SPDX-2.3"}`,
		"no version":       `{"bomFormat":"CycloneDX"}`,
		"a later version":  `{"bomFormat":"CycloneDX","specVersion":"1.8"}`,
		"two refs":         `{"bomFormat":"CycloneDX","specVersion":"1.6","components":[{"type":"library","name":"a","bom-ref":"a"},{"type":"library","name":"b","components":[{"type":"file","name":"c","bom-ref":"a"}]}]}`,
		"the root's ref":   `{"bomFormat":"CycloneDX","specVersion":"1.6","metadata":{"component":{"type":"library","name":"a","bom-ref":"a","components":[{"type":"library","name":"a","bom-ref":"a"}]}}}`,
		"later namespace":  `<bom xmlns="http://cyclonedx.org/schema/bom/1.8"/>`,
		"no namespace":     `<bom/>`,
		"broken crypto":    `<bom xmlns="http://cyclonedx.org/schema/bom/1.6"><cryptoProperties></bom>`,
		"broken":           `<bom xmlns="http://cyclonedx.org/schema/bom/1.6"><components>`,
		"unknown elements": `<bom xmlns="http://cyclonedx.org/schema/bom/1.6"><metadata><tools><a/></tools></metadata></bom>`,
	} {
		t.Run(name, func(t *testing.T) {
			if doc, err := Decode([]byte(text)); err == nil {
				t.Errorf("was read: %+v", doc)
			}
			unseen := strings.Contains(name, "ref") // by a schema
			if err := Validate([]byte(text)); err == nil && !unseen {
				t.Error("is valid")
			}
		})
	}
	if err := Validate([]byte(`{"bomFormat":"CycloneDX","specVersion":"1.3"}`)); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("1.3: got %v", err)
	}
	if _, err := Encode(sbomtest.Document(), "1.3", JSON); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("1.3: got %v", err)
	}
	control := &sbom.Document{Components: []*sbom.Component{{Ref: "\x01"}}}
	if _, err := Encode(control, V1_6, XML); err == nil {
		t.Error("wrote a ref that XML cannot hold")
	}
	if _, err := Encode(control, V1_6, JSON); err != nil {
		t.Error(err)
	}
	if _, err := Encode(&sbom.Document{Roots: []string{"x"}}, V1_6, XML); err == nil {
		t.Error("wrote a root that is not there")
	}
}

// TestCharacters writes what XML cannot hold.
func TestCharacters(t *testing.T) {
	everywhere(t, func(t *testing.T, v Version, enc Encoding) {
		want := &sbom.Document{ID: "https://example.com/no-uuid", Version: 3, Roots: []string{"a"}, Components: []*sbom.Component{
			{Ref: "a", Kind: "own", Name: "\x00\ufffe\uffff", Scope: "own", MIME: "no", CPE: "no", PURL: "pkg:\r\n\t ", Copyright: "\r\n\na",
				Supplier:   &sbom.Party{URL: "\\"},
				Hashes:     []sbom.Hash{{Algorithm: "h1", Value: "x"}, {Algorithm: "SHA-1", Value: "x"}},
				Properties: []sbom.Property{{Name: "\x01", Value: "\x02"}}},
		}}
		data, err := Encode(want, v, enc)
		if err != nil {
			t.Fatal(err)
		}
		got, err := Decode(data)
		if err != nil {
			t.Fatal(err)
		}
		want.Sort()
		if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("(-want +got):\n%s\n%s", diff, data)
		}
	})
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"bomFormat":"CycloneDX","specVersion":"1.6","components":[{"type":"library","name":"a"}]}`))
	f.Add([]byte(`<bom xmlns="http://cyclonedx.org/schema/bom/1.6"><components><component type="library"><name>a</name><cryptoProperties><algorithmRef>x</algorithmRef></cryptoProperties></component></components></bom>`))
	f.Fuzz(func(t *testing.T, data []byte) {
		doc, err := Decode(data)
		if err != nil {
			return
		}
		for _, enc := range encodings {
			if _, err := Encode(doc, V1_7, enc); errors.Is(err, ErrInvalid) {
				t.Errorf("%s: %v", enc, err)
			}
		}
	})
}
