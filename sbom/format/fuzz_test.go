// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package format

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/goassay/assay/sbom/internal/sbomtest"
)

// FuzzRead reads anything. What can be read can be written in each format, or
// is refused, and reads back the same.
func FuzzRead(f *testing.F) {
	files, err := filepath.Glob("testdata/*.*")
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	for _, to := range all(f) {
		data, err := Write(sbomtest.Document(), to)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	for _, text := range small {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		_ = Validate(data)
		doc, from, err := Read(data)
		if err != nil {
			return
		}
		for _, to := range all(t) {
			written, err := Write(doc, to)
			if err != nil {
				if strings.Contains(err.Error(), "official schema") || errors.Is(err, errors.ErrUnsupported) {
					t.Errorf("from %v to %v: %v", from, to, err)
				}
				continue
			}
			again, _, err := Read(written)
			if err != nil {
				t.Fatalf("from %v to %v: %v", from, to, err)
			}
			if to.isCycloneDX() && to.Version < "1.6" {
				continue
			}
			want := *doc
			want.Version, again.Version = max(want.Version, 1), max(again.Version, 1)
			if want.ID == "" {
				again.ID = ""
			}
			if diff := cmp.Diff(&want, again, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("from %v to %v (-want +got):\n%s", from, to, diff)
			}
		}
	})
}

// small are documents that a fuzzer can do something with.
var small = []string{
	`{"bomFormat":"CycloneDX","specVersion":"1.6","metadata":{"timestamp":"2026-01-02T03:04:05Z","component":{"bom-ref":"a","type":"library","name":"a","licenses":[{"expression":"MIT OR ISC","acknowledgement":"concluded"}],"components":[{"type":"file","name":"b","hashes":[{"alg":"SHA-1","content":"1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a"}]}],"properties":[{"name":"assay:sbom:group","value":"\"x\""}]}},"dependencies":[{"ref":"a"}]}`,
	`<bom xmlns="http://cyclonedx.org/schema/bom/1.5" version="1"><metadata><timestamp>2026-01-02T03:04:05Z</timestamp></metadata><components><component type="library" bom-ref="a"><name>a</name><licenses><license><name>LicenseRef-x</name></license></licenses><supplier><name>s</name><contact><name>s</name></contact></supplier></component></components></bom>`,
	"SPDXVersion: SPDX-2.3\nSPDXID: SPDXRef-DOCUMENT\nDocumentName: d\nDocumentNamespace: urn:x:y\nCreator: Tool: t-1\nCreated: 2026-01-02T03:04:05Z\nPackageName: <text>p\nq</text>\nSPDXID: SPDXRef-p\nPackageLicenseDeclared: LicenseRef-x\nFileName: f\nSPDXID: SPDXRef-f\nFileChecksum: SHA1: 1a\nLicenseID: LicenseRef-x\nExtractedText: t\nRelationship: SPDXRef-p DEPENDS_ON NONE\nAnnotator: Tool: assay\nSPDXREF: SPDXRef-p\nAnnotationComment: a=b\n",
	`{"spdxVersion":"SPDX-2.3","creationInfo":{"created":"2026-01-02T03:04:05Z"},"packages":[{"SPDXID":"SPDXRef-x"}]}`,
	`{"spdxVersion":"SPDX-2.3","documentNamespace":"urn:x:y","creationInfo":{"created":"2026-01-02T03:04:05Z"},"packages":[{"SPDXID":"SPDXRef-a-b","name":"n","supplier":"Person: p (e)"}],"relationships":[{"spdxElementId":"SPDXRef-DOCUMENT","relationshipType":"DESCRIBES","relatedSpdxElement":"SPDXRef-a-b"}]}`,
	`{"@context":"https://spdx.org/rdf/3.0.1/spdx-context.jsonld","@graph":[{"type":"SpdxDocument","spdxId":"urn:x:y","creationInfo":{"created":"2026-01-02T03:04:05Z","createdBy":["urn:x:p"]}},{"type":"Person","spdxId":"urn:x:p","name":"p"},{"type":"software_Package","spdxId":"urn:x:y#SPDXRef-a","name":"a","suppliedBy":{"spdxId":"urn:x:p"}},{"type":"Relationship","from":"urn:x:y#SPDXRef-a","to":"NoneElement","relationshipType":"dependsOn","completeness":"complete"}]}`,
}
