// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package spdx

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/goassay/assay/sbom"
	"github.com/goassay/assay/sbom/internal/sbomtest"
)

func TestIDs(t *testing.T) {
	seen := make(map[string]string)
	for _, ref := range []string{"a", "a-b", "a--b", "a-2db", "a/b", "a-2fb", "DOCUMENT", "-44OCUMENT", "D", "é", "\x00", "SPDXRef-", "SPDXRef-a", "SPDXRef-a-b",
		"SPDXRef-a--b", "SPDXRef-a-2fb", "SPDXRef-a_b", "SPDXRef-Package-go-module", "-", "--", "a-", "A-2Fb", "a-zz", "golang.org/x/net@v0.62.0"} {
		id := idOf(ref)
		if other, ok := seen[id]; ok {
			t.Errorf("%q and %q are both %s", ref, other, id)
		}
		seen[id] = ref
		if rest, ok := strings.CutPrefix(id, idPrefix); !ok || !plainID.MatchString(rest) || id == documentID {
			t.Errorf("%q: %s is no identifier", ref, id)
		}
		if got := refOf(id); got != ref {
			t.Errorf("%q became %s and %q", ref, id, got)
		}
	}
	// Identifiers of other tools stay what they are.
	for _, id := range []string{"SPDXRef-Package-go-module-x", "SPDXRef-a-b", "SPDXRef-"} {
		if ref := refOf(id); ref != id {
			t.Errorf("%s became %q", id, ref)
		}
	}
}

// TestDecode reads what this package does not write itself.
func TestDecode(t *testing.T) {
	const head = `{"spdxVersion":"SPDX-2.2","documentNamespace":"urn:x:y",`
	const graph = `{"@context":"https://spdx.org/rdf/3.0.1/spdx-context.jsonld","@graph":[null,`
	for name, test := range map[string]struct {
		text string
		want *sbom.Document
	}{
		"packages and files": {head + `"documentDescribes":["SPDXRef-a","SPDXRef-a","SPDXRef-none"],"creationInfo":{"created":"no time","creators":["Tool: go-licenses-v1.2","Tool: x","nobody"]},
			"annotations":[{"annotator":"Person: p","comment":"a=b"},{"annotator":"Tool: assay","comment":"c%3D=d=e"}],
			"packages":[null,{"SPDXID":"SPDXRef-a","name":"a","downloadLocation":"git+https://example.com/a","homepage":"NONE","hasFiles":["SPDXRef-f","SPDXRef-none"],
			"checksums":[{"algorithm":"SHA1","checksumValue":"AB"},{"algorithm":"OWN","checksumValue":"1"}],"supplier":"NOASSERTION",
			"externalRefs":[{"referenceType":"purl","referenceLocator":"pkg:a"},{"referenceType":"purl","referenceLocator":"pkg:b"},{"referenceType":"cpe22Type","referenceLocator":"cpe:/a:b"},{"referenceType":"cpe23Type","referenceLocator":"c"}]}],
			"files":[null,{"SPDXID":"SPDXRef-f","fileName":"f","copyrightText":"NOASSERTION"}],
			"hasExtractedLicensingInfos":[{"licenseId":"LicenseRef-x","extractedText":"NOASSERTION"}]}`,
			&sbom.Document{ID: "urn:x:y", Roots: []string{"a"}, Tools: []sbom.Tool{{Name: "go-licenses", Version: "v1.2"}, {Name: "x"}}, Properties: []sbom.Property{{Name: "c=", Value: "d=e"}},
				Components: []*sbom.Component{
					{Ref: "a", Name: "a", PURL: "pkg:a", CPE: "cpe:/a:b", Parts: []string{"f"}, Hashes: []sbom.Hash{{Algorithm: "SHA-1", Value: "ab"}},
						References: []sbom.Reference{{Type: "distribution", URL: "git+https://example.com/a"}}},
					{Ref: "f", Name: "f", Kind: sbom.KindFile}}}},
		"relationships": {head + `"packages":[{"SPDXID":"SPDXRef-a","name":"a"},{"SPDXID":"SPDXRef-b","name":"b"},{"SPDXID":"SPDXRef-c","name":"c"},{"SPDXID":"SPDXRef-d","name":"d"}],"relationships":[
			{"spdxElementId":"SPDXRef-b","relationshipType":"DESCRIBED_BY","relatedSpdxElement":"SPDXRef-DOCUMENT"},
			{"spdxElementId":"SPDXRef-b","relationshipType":"DESCRIBED_BY","relatedSpdxElement":"SPDXRef-a"},
			{"spdxElementId":"SPDXRef-a","relationshipType":"DESCRIBES","relatedSpdxElement":"SPDXRef-b"},
			{"spdxElementId":"SPDXRef-c","relationshipType":"CONTAINED_BY","relatedSpdxElement":"SPDXRef-a"},
			{"spdxElementId":"SPDXRef-b","relationshipType":"CONTAINS","relatedSpdxElement":"SPDXRef-c"},
			{"spdxElementId":"SPDXRef-b","relationshipType":"CONTAINS","relatedSpdxElement":"SPDXRef-b"},
			{"spdxElementId":"SPDXRef-a","relationshipType":"DEPENDENCY_OF","relatedSpdxElement":"SPDXRef-b"},
			{"spdxElementId":"SPDXRef-c","relationshipType":"TEST_DEPENDENCY_OF","relatedSpdxElement":"SPDXRef-b"},
			{"spdxElementId":"SPDXRef-d","relationshipType":"OPTIONAL_DEPENDENCY_OF","relatedSpdxElement":"SPDXRef-b"},
			{"spdxElementId":"SPDXRef-c","relationshipType":"STATIC_LINK","relatedSpdxElement":"SPDXRef-d"},
			{"spdxElementId":"SPDXRef-none","relationshipType":"DEPENDS_ON","relatedSpdxElement":"SPDXRef-d"},
			{"spdxElementId":"SPDXRef-d","relationshipType":"DEPENDS_ON","relatedSpdxElement":"NOASSERTION"},
			{"spdxElementId":"SPDXRef-a","relationshipType":"DEPENDS_ON","relatedSpdxElement":"NONE"},
			{"spdxElementId":"SPDXRef-a","relationshipType":"OWN","relatedSpdxElement":"SPDXRef-b"}]}`,
			&sbom.Document{ID: "urn:x:y", Roots: []string{"b"}, Components: []*sbom.Component{
				{Ref: "a", Name: "a", Parts: []string{"c"}, Depends: true, Completeness: sbom.Complete},
				{Ref: "b", Name: "b", DependsOn: []string{"a", "c", "d"}, Depends: true},
				{Ref: "c", Name: "c", DependsOn: []string{"d"}, Depends: true, Scope: sbom.ScopeExcluded},
				{Ref: "d", Name: "d", Depends: true, Completeness: sbom.Unknown}}}},
		"tags": {"\xef\xbb\xbf# c\r\nSPDXVersion: SPDX-2.2\r\nUnknown: x\r\nFileName: free\r\nSPDXID: SPDXRef-free\r\nPackageName: <text>a\r\nb</text> rest\r\n" +
			"SPDXID: SPDXRef-a\r\nPackageVerificationCode: 12 (excludes: ./x)\r\nExternalRef: OTHER x\r\nExternalRefComment: lost\r\nFileName: in\r\nSPDXID: SPDXRef-in\r\nLicenseConcluded: MIT\r\nUnknown: y\r\nExtractedText: no\r\nLicenseName: no",
			&sbom.Document{Components: []*sbom.Component{{Ref: "a", Name: "a\r\nb", Parts: []string{"in"}},
				{Ref: "free", Name: "free", Kind: sbom.KindFile}, {Ref: "in", Name: "in", Kind: sbom.KindFile, License: sbom.License{Concluded: "MIT"}}}}},
		"graph": {graph + `{"type":"SpdxDocument","spdxId":"https://example.com/d#doc","creationInfo":{"created":"2026-01-02T03:04:05Z","createdBy":[{"type":"Person","spdxId":"p"},"agent","none"],"createdUsing":"t"},"rootElement":["a","https://example.com/d#SPDXRef-b"],"dataLicense":"none"},
			{"type":"Person","spdxId":"p","name":"P","externalIdentifier":[null,{"externalIdentifierType":"email","identifier":"e"}]},{"type":"SoftwareAgent","spdxId":"agent","name":"A"},{"type":"Tool","spdxId":"t","name":"T-2"},
			{"type":"software_Package","spdxId":"a","name":"a","suppliedBy":null,"originatedBy":"p","externalIdentifier":[null,{"externalIdentifierType":"packageUrl","identifier":"pkg:a"}],"verifiedUsing":[null,{"type":"Hash","algorithm":"own"}],"externalRef":[null,{"locator":["x"]}],"extension":[null,{"extension_cdxProperty":[null]}],"software_downloadLocation":"NOASSERTION","software_homePage":"https://example.com/"},
			{"type":"software_Package","spdxId":"https://example.com/d#SPDXRef-b","name":"b"},
			{"type":"Annotation","subject":"a","statement":"n=v"},{"type":"Annotation","subject":"a","statement":"no property = at all"},
			{"type":"Relationship","relationshipType":"describes","from":"d","to":"a"},
			{"type":"Relationship","relationshipType":"dependsOn","from":"a","to":["https://example.com/d#SPDXRef-b"],"completeness":"complete"},
			{"type":"LifecycleScopedRelationship","relationshipType":"hasStaticLink","scope":"test","from":"a","to":["https://example.com/d#SPDXRef-b"],"completeness":"noAssertion"},
			{"type":"Relationship","relationshipType":"dependsOn","from":"none","to":["a"]},
			{"type":"Relationship","relationshipType":"hasDeclaredLicense","from":"none","to":["l"]},
			{"type":"Relationship","relationshipType":"hasDeclaredLicense","from":"a","to":["l","m"]},
			{"type":"Relationship","relationshipType":"hasDeclaredLicense","from":"https://example.com/d#SPDXRef-b","to":"https://spdx.org/rdf/3.0.1/terms/ExpandedLicensing/NoneLicense"},
			{"type":"simplelicensing_LicenseExpression","spdxId":"l","simplelicensing_licenseExpression":"MIT","simplelicensing_customIdToUri":[null,{"key":"LicenseRef-q","value":"none"}]},
			{"type":"simplelicensing_LicenseExpression","spdxId":"m","simplelicensing_licenseExpression":"ISC"}]}`,
			&sbom.Document{ID: "https://example.com/d#doc", Created: sbomtest.Document().Created, Authors: []sbom.Party{{Name: "P", Email: "e", Person: true}},
				Tools: []sbom.Tool{{Name: "T", Version: "2"}}, Roots: []string{"a", "b"}, Components: []*sbom.Component{
					{Ref: "a", Name: "a", PURL: "pkg:a", Authors: []sbom.Party{{Name: "P", Email: "e", Person: true}}, Depends: true, DependsOn: []string{"b"}, Completeness: sbom.Incomplete,
						References: []sbom.Reference{{Type: "other", URL: "x"}, {Type: "website", URL: "https://example.com/"}}, License: sbom.License{Declared: "(MIT) AND (ISC)"}, Properties: []sbom.Property{{Name: "n", Value: "v"}}},
					{Ref: "b", Name: "b", License: sbom.License{Declared: "NONE"}}}}},
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

func TestRefused(t *testing.T) {
	for name, text := range map[string]string{
		"nothing":            "",
		"another format":     `{"bomFormat":"CycloneDX"}`,
		"an older version":   `{"spdxVersion":"SPDX-2.1"}`,
		"no JSON":            `{"spdxVersion":"SPDX-2.3"`,
		"another type":       `{"spdxVersion":"SPDX-2.3","packages":"x"}`,
		"two identifiers":    `{"spdxVersion":"SPDX-2.3","packages":[{"SPDXID":"SPDXRef-a"},{"SPDXID":"SPDXRef-a"}]}`,
		"two Refs":           `{"spdxVersion":"SPDX-2.3","packages":[{"SPDXID":"SPDXRef-a-b"}],"files":[{"SPDXID":"SPDXRef-SPDXRef--a--b"}]}`,
		"no identifier":      `{"spdxVersion":"SPDX-2.3","files":[{"fileName":"f"}]}`,
		"the document's":     `{"spdxVersion":"SPDX-2.3","packages":[{"SPDXID":"SPDXRef-DOCUMENT"}]}`,
		"no graph":           `{"@context":"https://spdx.org/rdf/3.0.1/spdx-context.jsonld"}`,
		"no document":        `{"@context":"https://spdx.org/rdf/3.0.1/spdx-context.jsonld","@graph":[{"type":"software_Package","spdxId":"a"}]}`,
		"a number for a ref": `{"@context":"https://spdx.org/rdf/3.0.1/spdx-context.jsonld","@graph":[{"type":"SpdxDocument","spdxId":"urn:a","dataLicense":1}]}`,
		"creation":           `{"@context":"https://spdx.org/rdf/3.0.1/spdx-context.jsonld","@graph":[{"type":"SpdxDocument","spdxId":"urn:a","creationInfo":1}]}`,
		"two in a graph":     `{"@context":"https://spdx.org/rdf/3.0.1/spdx-context.jsonld","@graph":[{"type":"SpdxDocument","spdxId":"urn:a"},{"type":"software_Package","spdxId":"a"},{"type":"software_Package","spdxId":"a"}]}`,
		"no tag":             "SPDXVersion: SPDX-2.3\nno tag\n",
		"no relationship":    "SPDXVersion: SPDX-2.3\nRelationship: a b\n",
		"text without end":   "SPDXVersion: SPDX-2.3\nPackageName: <text>\n\n",
	} {
		t.Run(name, func(t *testing.T) {
			if doc, err := Decode([]byte(text)); err == nil {
				t.Errorf("was read: %+v", doc)
			}
			if err := Validate([]byte(text)); err == nil {
				t.Error("is valid")
			}
		})
	}
}

func TestNotWritten(t *testing.T) {
	everywhere(t, func(t *testing.T, v Version, enc Encoding) {
		doc := sbomtest.Document()
		doc.Created = doc.Created.AddDate(-3000, 0, 0)
		doc.ID = "relative"
		if _, err := Encode(doc, v, enc); err == nil {
			t.Error("wrote a document with a relative ID")
		}
		doc = &sbom.Document{}
		if _, err := Encode(doc, v, enc); !errors.Is(err, ErrNoTime) {
			t.Errorf("got %v, want %v", err, ErrNoTime)
		}
		doc = sbomtest.Document()
		doc.DataLicense = "MIT"
		want := ErrDataLicense
		if v == V3_0_1 {
			want = nil
		}
		if _, err := Encode(doc, v, enc); !errors.Is(err, want) {
			t.Errorf("got %v, want %v", err, want)
		}
		doc.Roots = []string{"not there"}
		if _, err := Encode(doc, v, enc); err == nil {
			t.Error("wrote a root that is not there")
		}
	})
	if _, err := Encode(sbomtest.Document(), V3_0_1, TagValue); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("3.0.1 as tag-value: got %v", err)
	}
}

// TestLeast writes a document with nothing but a time, and odd values.
func TestLeast(t *testing.T) {
	everywhere(t, func(t *testing.T, v Version, enc Encoding) {
		want := &sbom.Document{ID: "https://example.com/a#b", Created: sbomtest.Document().Created, Components: []*sbom.Component{
			{Ref: "DOCUMENT", Name: "<text>", Version: " v ", PURL: "pkg: with space", CPE: "cpe:/a:b", Completeness: sbom.Unknown, Copyright: "</text>", Depends: true,
				Properties: []sbom.Property{{Name: "a=%3D\n", Value: "</text>\n"}}},
			{Ref: "f", Kind: sbom.KindFile, Name: "f", Version: "1", MIME: "//", Hashes: []sbom.Hash{{Algorithm: "SHA-1", Value: "00"}, {Algorithm: "own", Value: "00"}}, Completeness: sbom.Incomplete},
		}}
		data, err := Encode(want, v, enc)
		if err != nil {
			t.Fatal(err)
		}
		got, err := Decode(data)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("(-want +got):\n%s\n%s", diff, data)
		}
	})
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte("SPDXVersion: SPDX-2.3\nPackageName: <text>a</text>\nSPDXID: SPDXRef-a\nRelationship: SPDXRef-a DEPENDS_ON NONE\n"))
	f.Add([]byte(`{"spdxVersion":"SPDX-2.3","packages":[{"SPDXID":"SPDXRef-a"}]}`))
	f.Add([]byte(`{"@context":"https://spdx.org/rdf/3.0.1/spdx-context.jsonld","@graph":[{"type":"SpdxDocument","spdxId":"urn:a"},{"type":"software_File","spdxId":"urn:b"}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		doc, err := Decode(data)
		if err != nil {
			return
		}
		for _, v := range []Version{V2_3, V3_0_1} {
			if _, err := Encode(doc, v, JSON); errors.Is(err, ErrInvalid) {
				t.Errorf("%s: %v", v, err)
			}
		}
	})
}
