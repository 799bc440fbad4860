// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package vulns_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	cdx "github.com/CycloneDX/cyclonedx-go"

	"github.com/goassay/assay/audit/vulns"
	"github.com/goassay/assay/sbom/cyclonedx"
)

const sum, otherSum = "aa1f7ba1ee0a11c8b1a7d3a3a4a1ac4c8ba2c2e9c7e2b0f6d2d8c0c1b0a9f8e7", "bb1f7ba1ee0a11c8b1a7d3a3a4a1ac4c8ba2c2e9c7e2b0f6d2d8c0c1b0a9f8e7"

// TestVEXFile: a statement about a file is one about that file.
func TestVEXFile(t *testing.T) {
	found := vulns.Vulnerability{ID: "X", Module: "example.com/lib", Version: "v1.0.0"}
	prog := vulns.Product{PURL: "pkg:golang/example.com/prog@v1.2.3", SHA256: sum}
	file := vulns.Product{PURL: vulns.FilePURL("prog", sum), SHA256: sum}
	onLinux := vulns.Product{PURL: prog.PURL, Platform: vulns.Platform{OS: "linux", Arch: "amd64"}, Tags: []string{"a", "b"}}
	for _, test := range []struct {
		product  string
		of       vulns.Product
		want     bool
		problems string
	}{
		{`{"@id":"` + prog.PURL + `","hashes":{"sha-256":"` + strings.ToUpper(sum) + `"}}`, prog, true, "the same file"},
		{`{"@id":"` + prog.PURL + `","hashes":{"sha-256":"` + otherSum + `"}}`, prog, false, "another file"},
		{`{"@id":"` + prog.PURL + `","hashes":{"sha-512":"00"}}`, prog, false, "a hash that is not known"},
		{`{"@id":"` + prog.PURL + `","hashes":{"sha-256":"` + sum + `"}}`, vulns.Product{PURL: prog.PURL}, false, "the source"},
		{`{"@id":"` + prog.PURL + `"}`, prog, true, "no hash"},
		{`{"@id":"https://example.com/x","hashes":{"sha-256":"` + sum + `"}}`, prog, true, "the hash alone"},
		{`{"@id":"https://example.com/x","hashes":{"sha-256":"` + sum + `"}}`, vulns.Product{SHA256: sum}, true, "no package URL"},
		{`{"@id":"https://example.com/x","hashes":{"sha-256":""}}`, vulns.Product{}, false, "nothing"},
		{`{"@id":"pkg:golang/example.com/other","hashes":{"sha-256":"` + sum + `"}}`, prog, false, "another product with the hash"},
		{`{"@id":"` + file.PURL + `"}`, file, true, "a checksum in the package URL"},
		{`{"@id":"` + vulns.FilePURL("prog", otherSum) + `"}`, file, false, "another checksum"},
		{`{"@id":"` + prog.PURL + `?goos=linux"}`, onLinux, true, "the platform"},
		{`{"@id":"` + prog.PURL + `?goarch=amd64&goos=windows"}`, onLinux, false, "another platform"},
		{`{"@id":"` + prog.PURL + `?goos=linux"}`, vulns.Product{PURL: prog.PURL}, false, "a platform of what has none"},
		{`{"@id":"` + prog.PURL + `?tags=a%2Cb"}`, onLinux, true, "the build tags"},
		{`{"@id":"` + prog.PURL + `?tags=a"}`, onLinux, false, "other build tags"},
		{`{"@id":"` + prog.PURL + `"}`, onLinux, true, "any platform"},
		{`{"@id":"` + prog.PURL + `","subcomponents":[{"@id":"pkg:golang/example.com/lib@v1.0.0","hashes":{"sha-256":"00"}}]}`, prog, true, "a component with a hash"},
	} {
		v, err := vulns.ReadVEX(strings.NewReader(document(`{"vulnerability":{"name":"X"},"products":[` + test.product + `],` + because + `}`)))
		if err != nil {
			t.Fatal(err)
		}
		if _, ok := v.Find(test.of, found, time.Now()); ok != test.want {
			t.Errorf("%s: %v", test.problems, ok)
		}
	}
	if got := vulns.FilePURL("", ""); got != "pkg:generic/unnamed" {
		t.Error(got)
	}
}

// TestClaims: what is stated of what was not, or not wholly, looked at.
func TestClaims(t *testing.T) {
	a := &vulns.Assessment{Basis: vulns.BasisSource, Level: vulns.LevelSymbol, Vulnerabilities: []vulns.Vulnerability{
		{ID: "A", Module: "example.com/lib", Version: "v1.0.0", Reach: vulns.Imported},
		{ID: "B", Module: vulns.Toolchain, Version: "go1.26.0", Reach: vulns.Required, Fixed: "go1.26.1"},
		{ID: "C", Module: "example.com/lib", Withdrawn: time.Unix(1, 0)},
		{ID: "S", Module: vulns.Stdlib, Version: "go1.26.0", Reach: vulns.Called, Fixed: "go1.26.2", Packages: []string{"net/http"}},
		{ID: "N", Module: "example.com/lib", Version: "v1.0.0", Reach: vulns.Called, Symbols: make([]vulns.Symbol, 12)},
	}, NotAssessed: []vulns.NotAssessed{
		{Module: "example.com/fork", Version: "v1.0.0", Reason: vulns.OtherSource, Detail: "example.com/x@v1", IDs: []string{"D"}},
		{Module: "example.com/lib", Reason: vulns.OtherSource, IDs: []string{"A", "C"}},
		{Module: "example.com/unknown", Reason: vulns.NoModules},
	}}
	for whole, want := range map[bool]string{
		true:  "A not_affected, B under_investigation, S affected, N affected, D under_investigation",
		false: "A under_investigation, B under_investigation, S affected, N affected, D under_investigation",
	} {
		var got []string
		claims := a.Claims(whole)
		for _, c := range claims {
			got = append(got, c.ID+" "+string(c.Status))
			if c.Notes == "" || (c.Justification != "") != (c.Status == vulns.NotAffected) || (c.Action != "") != (c.Status == vulns.IsAffected) {
				t.Errorf("%s: %+v", c.ID, c)
			}
		}
		if strings.Join(got, ", ") != want {
			t.Errorf("%v: %s", whole, got)
		}
		if claims[2].Action != "Build with go1.26.2." || !strings.Contains(claims[2].Notes, "net/http") || claims[3].Action != "No fixed version is known." || !strings.Contains(claims[3].Notes, "2 more") {
			t.Errorf("%+v\n%+v", claims[2], claims[3])
		}
		if d := claims[4]; d.Notes != "Not assessed: other-source: example.com/fork@v1.0.0 example.com/x@v1." {
			t.Error(d.Notes)
		}
	}
	if v := (&vulns.Statements{Subjects: []vulns.Subject{{}}}).OpenVEX(); v != nil {
		t.Errorf("a document without statements: %+v", v)
	}
}

// TestAdopt: each statement of somebody is written in both formats as it was made, with its
// author, and not as what was found.
func TestAdopt(t *testing.T) {
	a := &vulns.Assessment{Basis: vulns.BasisExecutable, Level: vulns.LevelSymbol, Vulnerabilities: []vulns.Vulnerability{
		{ID: "GO-1", Aliases: []string{"CVE-1", "GHSA-1", "X", "X"}, URL: "https://example.com/1", Module: "example.com/lib", Version: "v1.0.0", Fixed: "v1.1.0", Reach: vulns.Present, Unreviewed: true},
	}}
	for _, test := range []struct {
		statement            string
		state, justification string
		version              cdx.VulnerabilityStatus
		detail               string
	}{
		{`"status":"not_affected","justification":"component_not_present"`, "not_affected", "code_not_present", "unaffected", ""},
		{`"status":"not_affected","justification":"vulnerable_code_not_present"`, "not_affected", "code_not_present", "unaffected", ""},
		{`"status":"not_affected","justification":"vulnerable_code_not_in_execute_path"`, "not_affected", "code_not_reachable", "unaffected", ""},
		{`"status":"not_affected","justification":"vulnerable_code_cannot_be_controlled_by_adversary"`, "not_affected", "", "unaffected", "vulnerable_code_cannot_be_controlled_by_adversary"},
		{`"status":"not_affected","justification":"inline_mitigations_already_exist","supplier":"Corp"`, "not_affected", "protected_by_mitigating_control", "unaffected", ""},
		{`"status":"not_affected","impact_statement":"No input."`, "not_affected", "", "unaffected", "No input."},
		{`"status":"affected","action_statement":"Do not use it."`, "exploitable", "", "affected", "Do not use it."},
		{`"status":"affected"`, "exploitable", "", "affected", "names no action"},
		{`"status":"fixed","status_notes":"Patched."`, "resolved", "", "unaffected", "Patched."},
		{`"status":"under_investigation"`, "in_triage", "", "unknown", ""},
	} {
		said, err := vulns.ReadVEX(strings.NewReader(strings.Replace(document(`{"vulnerability":{"name":"GO-1"},"products":["pkg:golang/example.com/prog"],`+test.statement+`}`), `"version"`, `"role":"Maintainer","version"`, 1)))
		if err != nil {
			t.Fatal(err)
		}
		claims := a.Claims(true)
		claims[0].Adopt(nil)
		claims[0].Adopt(said.Stated(&said.Statements[0]))
		s := vulns.Statements{Tool: "assay v1", At: time.Unix(0, 0), Subjects: []vulns.Subject{{Product: vulns.Product{PURL: "pkg:golang/example.com/prog"}, Name: "example.com/prog", Claims: claims}}}
		v := s.OpenVEX()
		got, want := v.Statements[0], said.Statements[0]
		if got.Status != want.Status || got.Justification != want.Justification || got.Impact != want.Impact || got.Supplier != want.Supplier || !got.Timestamp.Equal(said.Timestamp) ||
			want.Action != "" && got.Action != want.Action || (got.Action != "") != (got.Status == vulns.IsAffected) || !strings.HasPrefix(got.Notes, "Stated by Alice (Maintainer) in https://example.com/vex.") {
			t.Errorf("%s: %+v", test.statement, got)
		}
		bom := s.CycloneDX()
		if _, err := cyclonedx.EncodeBOM(bom); err != nil {
			t.Errorf("%s: %v", test.statement, err)
		}
		found := (*bom.Vulnerabilities)[0]
		if string(found.Analysis.State) != test.state || string(found.Analysis.Justification) != test.justification || found.Analysis.Response != nil || found.Analysis.FirstIssued != "2026-01-01T00:00:00Z" ||
			(*(*found.Affects)[0].Range)[0].Status != test.version || !strings.Contains(found.Analysis.Detail, test.detail) || !strings.Contains(found.Analysis.Detail, "Stated by Alice") || !strings.Contains(found.Analysis.Detail, "Nobody reviewed") {
			t.Errorf("%s: %+v", test.statement, found.Analysis)
		}
	}
}

// TestCycloneDX: products of one name, a product that is vulnerable itself, links, and
// what is not known. The architectures of one file are one product in OpenVEX.
func TestCycloneDX(t *testing.T) {
	const link = "urn:cdx:3e671687-395b-41f5-a30f-a58921a69b79/1"
	claim := func(id, module string, status vulns.Status) vulns.Claim {
		return vulns.Claim{Vulnerability: vulns.Vulnerability{ID: id, URL: "no URL \\", Module: module, Version: "v1.0.0", Fixed: "v1.1.0", Reach: vulns.Present, Published: time.Unix(0, 0)}, Status: status, Notes: "n"}
	}
	linked := claim("CVE-1", "example.com/prog", vulns.IsAffected)
	linked.Link = link + "#a"
	devel := claim("X", "example.com/lib", vulns.UnderInvestigation)
	devel.Version = "(devel)"
	product := vulns.Product{PURL: "pkg:golang/example.com/prog@v1.0.0", SHA256: sum}
	s := vulns.Statements{
		Tool: "assay v1", At: time.Unix(0, 0), Database: vulns.Source{Kind: vulns.SourceURL, Location: "https://example.com", Modified: time.Unix(0, 0)}, Unread: []string{"bad"},
		Subjects: []vulns.Subject{
			{Product: product, Name: "example.com/prog", Link: link + "#p", Claims: []vulns.Claim{linked, devel, claim("GO-2", "example.com/lib", vulns.UnderInvestigation)}, Unassessed: []string{"no-version: example.com/lib"}},
			{Product: product, Name: "example.com/prog", Claims: []vulns.Claim{claim("GO-2", "example.com/lib", vulns.IsAffected)}},
		},
	}
	bom := s.CycloneDX()
	data, err := cyclonedx.EncodeBOM(bom)
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{
		`"ref": "` + link + `#a"`, `"url": "` + link + `"`, `"value": "no-version: example.com/lib"`, `"value": "bad"`, `"value": "url https://example.com"`, `"aggregate": "incomplete"`,
		`"url": "no URL \\"`, `"published": "1970-01-01T00:00:00Z"`, `"recommendation": "Update example.com/lib to v1.1.0."`, `"update"`,
	} {
		if !strings.Contains(string(data), part) {
			t.Errorf("no %s in\n%s", part, data)
		}
	}
	for _, part := range []string{"advisories", "ratings", "(devel)"} {
		if strings.Contains(string(data), part) {
			t.Errorf("%s in\n%s", part, data)
		}
	}
	if n := len(*bom.Vulnerabilities); n != 4 || len(*bom.Components) != 2 {
		t.Errorf("%d vulnerabilities of %d products", n, len(*bom.Components))
	}
	if _, err := cyclonedx.Decode(data); err != nil { // no bom-ref stands twice
		t.Error(err)
	}
	v := s.OpenVEX()
	if len(v.Statements) != 3 || v.Statements[2].Status != vulns.IsAffected || v.Statements[2].Products[0].Hashes["sha-256"] != sum {
		t.Errorf("%+v", v.Statements)
	}
	if data, err := cyclonedx.EncodeBOM((&vulns.Statements{Tool: "assay v1", Unread: []string{"all"}}).CycloneDX()); err != nil || !strings.Contains(string(data), `"vulnerabilities": []`) || strings.Contains(string(data), vulns.PropertyModified) {
		t.Errorf("%v\n%s", err, data)
	}
}

// FuzzStatements: whatever an executable, a database or somebody says, the documents are valid.
func FuzzStatements(f *testing.F) {
	f.Add("GO-1", "example.com/lib", "v1.0.0", "https://example.com", "Alice", "notes", "pkg:golang/a")
	f.Add("", "", "(devel)", "%zz", "", "\x00\xff", "")
	f.Add("X", "a b\x00", strings.Repeat("v", 2000), "http://[", "x", "", "urn:cdx:x")
	f.Fuzz(func(t *testing.T, id, module, version, url, author, notes, purl string) {
		a := &vulns.Assessment{Basis: vulns.BasisExecutable, Level: vulns.LevelSymbol, Vulnerabilities: []vulns.Vulnerability{
			{ID: id, Aliases: []string{id, module}, Summary: notes, URL: url, Module: module, Version: version, Fixed: version, Reach: vulns.Present},
		}, NotAssessed: []vulns.NotAssessed{{Module: module, Version: version, Reason: vulns.NoVersion, Detail: notes, IDs: []string{id, url}}}}
		claims := a.Claims(true)
		claims[0].Adopt(&vulns.Stated{Author: author, Document: url, Status: vulns.NotAffected, Impact: notes, Notes: notes})
		s := vulns.Statements{Tool: "assay v1", At: time.Unix(0, 0), Unread: []string{notes}, Subjects: []vulns.Subject{
			{Product: vulns.Product{PURL: vulns.FilePURL(module, sum), SHA256: sum}, Name: module, Version: version, Claims: claims, Unassessed: []string{notes}},
			{Product: vulns.Product{PURL: vulns.PURL(module, version)}, Name: module, Claims: claims},
		}}
		if _, err := cyclonedx.EncodeBOM(s.CycloneDX()); err != nil {
			t.Error(err)
		}
		if _, err := json.Marshal(s.OpenVEX()); err != nil {
			t.Error(err)
		}
	})
}

// TestFuture: a statement that is yet to be made outweighs none that is.
func TestFuture(t *testing.T) {
	at := time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC)
	found := vulns.Vulnerability{ID: "X", Module: "example.com/lib", Version: "v1.0.0"}
	statement := func(time, status string) string {
		return `{"vulnerability":{"name":"X"},"products":[{"@id":"pkg:golang/example.com/prog"}],"timestamp":"` + time + `",` + status + `}`
	}
	const hides, shows = `"status":"not_affected","justification":"component_not_present"`, `"status":"affected","action_statement":"a"`
	for when, want := range map[string]vulns.Status{"2026-02-01T12:00:00Z": vulns.NotAffected, "2026-03-01T00:00:00Z": vulns.IsAffected} {
		v, err := vulns.ReadVEX(strings.NewReader(document(statement("2026-01-01T00:00:00Z", shows) + "," + statement(when, hides))))
		if err != nil {
			t.Fatal(err)
		}
		if s, ok := v.Find(vulns.Product{PURL: "pkg:golang/example.com/prog"}, found, at); !ok || s.Status != want {
			t.Errorf("%s: %+v", when, s)
		}
	}
}

// TestPlatform: that source is not affected is stated of its platform alone.
func TestPlatform(t *testing.T) {
	a := &vulns.Assessment{Basis: vulns.BasisSource, Level: vulns.LevelSymbol, Platform: vulns.Platform{OS: "linux", Arch: "arm64"}, Vulnerabilities: []vulns.Vulnerability{
		{ID: "X", Module: "example.com/lib", Version: "v1.0.0", Reach: vulns.Called}, {ID: "Y", Module: "example.com/lib", Version: "v1.0.0", Reach: vulns.Required},
	}}
	subject := vulns.Subject{Product: vulns.Product{PURL: "pkg:golang/example.com/prog", Platform: a.Platform, Tags: []string{"x"}}, Claims: a.Claims(true)}
	doc := (&vulns.Statements{Tool: "assay v1", At: time.Unix(0, 0), Subjects: []vulns.Subject{subject}}).OpenVEX()
	if got := doc.Statements[0].Products[0].ID; got != "pkg:golang/example.com/prog" {
		t.Errorf("affected: %s", got)
	}
	if got := doc.Statements[1].Products[0].ID; got != "pkg:golang/example.com/prog?goarch=arm64&goos=linux&tags=x" {
		t.Errorf("not affected: %s", got)
	}
	if !strings.Contains(doc.Statements[1].Notes, "linux/arm64") {
		t.Error(doc.Statements[1].Notes)
	}
}
