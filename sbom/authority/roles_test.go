// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package authority

import (
	"fmt"
	"strings"
	"testing"

	"github.com/goassay/assay/sbom"
)

// result is what a profile says of a document by one clause.
func result(t *testing.T, profile, key string, doc *sbom.Document, c Carrier) Result {
	t.Helper()
	p, err := Find(profile)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range p.Judge(doc, c) {
		if r.Key == key {
			return r
		}
	}
	t.Fatalf("%s has no clause %s", profile, key)
	return Result{}
}

func bsi(t *testing.T, doc *sbom.Document, c Carrier) []Result {
	t.Helper()
	p, err := Find("bsi-2.1")
	if err != nil {
		t.Fatal(err)
	}
	return p.Judge(doc, c)
}

func TestLogicalRootNeedsNoFile(t *testing.T) {
	doc, c := conforming()
	root := doc.Component("root")
	root.Hashes, root.References, root.Properties = nil, nil, nil
	if got := Verdict(bsi(t, doc, c)); got != Broken {
		t.Errorf("a file without the fields of one: %s", got)
	}
	root.Add(PropertyRole, RoleLogical)
	for _, r := range bsi(t, doc, c) {
		if r.Outcome != Met && r.Outcome != Manual && r.Outcome != NotApplicable && r.Outcome != Absent {
			t.Errorf("%s: %s %v %v", r.Key, r.Outcome, r.Missing, r.Open)
		}
	}
	if r := result(t, "bsi-2.1", "3.2.2/logical components", doc, c); r.Outcome != Met || r.Judged != 1 {
		t.Errorf("logical root: %+v", r)
	}
	root.License.Concluded = ""
	if got := Verdict(bsi(t, doc, c)); got != Broken {
		t.Errorf("a logical component without distribution licences: %s", got)
	}
}

func TestEmbeddedComponentHasNoFile(t *testing.T) {
	doc, c := conforming()
	two := doc.Component("two")
	two.Hashes, two.Properties, two.References = nil, []sbom.Property{{Name: PropertyRole, Value: RoleEmbedded}}, two.References[1:]
	if got := Verdict(bsi(t, doc, c)); got != Met {
		t.Errorf("verdict %s", got)
	}
	two.References = nil
	if r := result(t, "bsi-2.1", "5.2.4/source code URI", doc, c); r.Outcome != Unknown || r.Missing[0].Ref != "two" {
		t.Errorf("it has a source all the same: %+v", r)
	}
}

func TestExcludedComponentIsIdentifiedOnly(t *testing.T) {
	doc, c := conforming()
	tool := &sbom.Component{
		Ref: "tool", Name: "example.com/tool", Version: "v1.0.0", PURL: "pkg:golang/example.com/tool@v1.0.0",
		Scope: sbom.ScopeExcluded, Authors: []sbom.Party{{URL: "https://example.com"}},
	}
	doc.Components = append(doc.Components, tool)
	doc.Component("root").DependsOn = append(doc.Component("root").DependsOn, "tool")
	if got := Verdict(bsi(t, doc, c)); got != Met {
		t.Errorf("verdict %s", got)
	}
	tool.PURL = ""
	if r := result(t, "bsi-2.1", "5.2.4/other unique identifiers", doc, c); r.Outcome != Unknown || r.Lacking != 1 || r.Judged != 4 {
		t.Errorf("without an identifier: %+v", r)
	}
	tool.Scope = ""
	if got := Verdict(bsi(t, doc, c)); got != Broken {
		t.Errorf("verdict %s on a delivered component that is identified only", got)
	}
	root := doc.Component("root")
	root.Scope, root.Properties = sbom.ScopeExcluded, nil
	if r := result(t, "bsi-2.1", "5.2.2/executable property", doc, c); r.Lacking != 2 {
		t.Errorf("a root is delivered whatever its scope: %+v", r)
	}
}

func TestLinkedComponentLeavesTheVerdictOpen(t *testing.T) {
	doc, c := conforming()
	two := doc.Component("two")
	*two = sbom.Component{
		Ref: "two", Name: "example.com/two", Version: "v1.0.0", Authors: two.Authors,
		References: []sbom.Reference{{Type: "bom", URL: "https://example.com/two.json"}},
	}
	if got := Verdict(bsi(t, doc, c)); got != Unknown {
		t.Errorf("verdict %s", got)
	}
}

func TestSPDX3(t *testing.T) {
	doc, _ := conforming()
	for _, c := range doc.Components {
		for i := range c.References {
			c.References[i].Hashes = nil // the hash stands with the file
		}
	}
	c := Carrier{Format: "SPDX", Version: "3.0.1", Encoding: "json", Valid: Yes, Vulnerabilities: No}
	if got := Verdict(bsi(t, doc, c)); got != Met {
		t.Errorf("verdict %s", got)
	}
	if r := result(t, "bsi-2.1", "8.2/hash in CycloneDX", doc, c); r.Outcome != NotApplicable {
		t.Errorf("a clause on CycloneDX: %s", r.Outcome)
	}
}

func TestNoLicenceWasAssigned(t *testing.T) {
	doc, c := conforming()
	doc.Component("one").License.Declared = "NONE"
	if r := result(t, "bsi-2.1", "5.2.4/original licences", doc, c); r.Outcome != Met {
		t.Errorf("NONE says that there is nothing to give: %+v", r)
	}
}

func TestEmptyDocumentMeetsNothing(t *testing.T) {
	for _, p := range Profiles() {
		for _, r := range p.Judge(&sbom.Document{}, Carrier{}) {
			if r.Outcome == Met || r.Outcome == NotApplicable {
				t.Errorf("%s %s: %s", p.ID, r.Key, r.Outcome)
			}
		}
	}
}

func TestRelationshipsMayGoInCircles(t *testing.T) {
	doc, c := conforming()
	doc.Component("two").DependsOn = []string{"one", "two", "root"}
	doc.Component("one").Parts = []string{"one"}
	if got := Verdict(bsi(t, doc, c)); got != Met {
		t.Errorf("verdict %s", got)
	}
	lone := &sbom.Component{Ref: "lone", Name: "lone", DependsOn: []string{"lone"}, Depends: true, Completeness: sbom.Complete}
	doc.Components = append(doc.Components, lone)
	if r := result(t, "ntia", "Data Fields/Dependency Relationship", doc, c); r.Lacking != 1 || r.Missing[0].Ref != "lone" {
		t.Errorf("a component that depends on itself alone: %+v", r)
	}
}

func TestReportsAreBounded(t *testing.T) {
	doc, c := conforming()
	for i := range 1000 {
		doc.Components = append(doc.Components, &sbom.Component{Ref: fmt.Sprint(strings.Repeat("世", 100), i), PURL: strings.Repeat("x", 1000)})
	}
	for _, r := range bsi(t, doc, c) {
		if len(r.Missing) > MaxSubjects || len(r.Open) > MaxSubjects {
			t.Errorf("%s lists %d and %d", r.Key, len(r.Missing), len(r.Open))
		}
		for _, s := range r.Missing {
			if len(s.Ref) > maxValue || len(s.PURL) > maxValue || len(s.Value) > maxValue {
				t.Fatalf("%s: not clipped: %+v", r.Key, s)
			}
		}
	}
	if r := result(t, "bsi-2.1", "5.2.2/component name", doc, c); r.Lacking != 1000 || r.Judged != 1003 || len(r.Missing) != MaxSubjects {
		t.Errorf("count %d of %d, listed %d", r.Lacking, r.Judged, len(r.Missing))
	}
}

func TestValidExpression(t *testing.T) {
	for text, want := range map[string]bool{
		"MIT": true, "MIT AND Apache-2.0": true, "(MIT OR Apache-2.0) AND BSD-3-Clause": true, "GPL-2.0-only WITH Classpath-exception-2.0": true,
		"GPL-2.0+": true, "LicenseRef-scancode-public-domain": true, "DocumentRef-a:LicenseRef-b": true, "((MIT))": true,
		"": false, "MIT Apache-2.0": false, "MIT AND": false, "AND MIT": false, "(MIT": false, "MIT)": false, "()": false, "MIT/Apache-2.0": false,
		"MIT WITH": false, "(MIT) WITH a": false, "MIT WITH a WITH b": false, "MIT WITH a AND b WITH c": true, "MIT (Apache-2.0)": false, "The MIT License": false, "WITH a": false,
		strings.Repeat("(", maxExpression) + "MIT": false,
	} {
		if got := validExpression(text); got != want {
			t.Errorf("validExpression(%.40q) = %v", text, got)
		}
	}
}

func TestAtLeast(t *testing.T) {
	for version, want := range map[string][2]bool{
		"1.6": {true, true}, "1.6.1": {true, true}, "1.10": {true, true}, "2": {true, true}, "1.5": {false, true}, "1": {false, true},
		"": {}, "1.6-rc1": {}, "v1.6": {}, "1..6": {}, "-1.6": {}, "1.2.3.4.5": {}, "99999999": {},
	} {
		if enough, released := atLeast(version, 1, 6); enough != want[0] || released != want[1] {
			t.Errorf("atLeast(%q) = %v, %v", version, enough, released)
		}
	}
}

func TestAddresses(t *testing.T) {
	for text, want := range map[string][3]bool{ // an e-mail address, a URL, a URI
		"a@example.com": {true, false, false}, "A <a@example.com>": {}, "https://example.com": {false, true, true}, "https://": {},
		"ftp://example.com/a": {false, false, true}, "urn:uuid:3e671687-395b-41f5-a30f-a58921a69b79": {false, false, true},
		"git+https://example.com/a": {false, false, true}, "example.com": {}, "/a": {}, "http://a b": {}, "https://example.com/a b": {}, "": {},
	} {
		if got := [3]bool{validEmail(text), validURL(text), validURI(text)}; got != want {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
}

func FuzzValid(f *testing.F) {
	f.Add("MIT OR (Apache-2.0 WITH a)")
	f.Fuzz(func(t *testing.T, s string) {
		validExpression(s)
		atLeast(s, 3, 0, 1)
		if validEmail(s) && !strings.Contains(s, "@") {
			t.Errorf("%q is no e-mail address", s)
		}
		if len(clip(s)) > maxValue {
			t.Errorf("%q is not clipped", s)
		}
		validURI(s)
		validCPE(s)
		validPURL(s)
	})
}
