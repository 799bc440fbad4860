// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package checks

import (
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	cdx "github.com/CycloneDX/cyclonedx-go"

	"github.com/goassay/assay/audit"
	"github.com/goassay/assay/audit/gocmd"
	"github.com/goassay/assay/audit/vulns"
	"github.com/goassay/assay/sbom/format"
)

// vexDocument is an OpenVEX document of an author with one statement about example.com/m.
func vexDocument(author, rest string) []byte {
	return fmt.Appendf(nil, `{"@context":"https://openvex.dev/ns/v0.2.0","@id":"https://example.com/%[1]s","author":%[1]q,"timestamp":"2026-01-01T00:00:00Z","version":1,
		"statements":[{"vulnerability":{"name":"GO-2026-0001"},"products":[{"@id":"pkg:golang/example.com/m"}],%[2]s}]}`, author, rest)
}

// TestVulnStated: what somebody states is in both documents, with the author; of two
// documents the one that hides less is.
func TestVulnStated(t *testing.T) {
	const fine = `"status":"not_affected","justification":"inline_mitigations_already_exist"`
	for _, test := range []struct {
		name, vex, cdx string
		documents      map[string][]byte
	}{
		{"nobody", "affected", "exploitable", nil},
		{"fine", "not_affected", "not_affected", map[string][]byte{"vex:a.json": vexDocument("Alice", fine)}},
		{"triage", "under_investigation", "in_triage", map[string][]byte{"vex:a.json": vexDocument("Alice", `"status":"under_investigation"`)}},
		{"two", "affected", "exploitable", map[string][]byte{"vex:a.json": vexDocument("Bob", fine), "vex:b.json": vexDocument("Alice", `"status":"affected","action_statement":"Pull the plug."`)}},
		{"two, turned", "affected", "exploitable", map[string][]byte{"vex:b.json": vexDocument("Bob", fine), "vex:a.json": vexDocument("Alice", `"status":"affected","action_statement":"Pull the plug."`)}},
	} {
		cfg := vulnTree(t, nil)
		cfg.Recorded = test.documents
		rep := runCheck(t, cfg)
		facts := factsOf[VulnFacts](t, rep, Vuln)
		vex, err := facts.OpenVEX("assay v1", "", cfg.Now())
		if err != nil {
			t.Fatal(err)
		}
		bom, err := facts.CycloneDX("assay v1", "", cfg.Now())
		if err != nil {
			t.Fatal(err)
		}
		if err := format.Validate(bom); err != nil {
			t.Error(err)
		}
		said := strings.Count(string(vex), "Stated by Alice in https://example.com/Alice")
		if said != min(1, len(test.documents)) || strings.Count(string(bom), "Stated by Alice") != said || strings.Contains(string(vex)+string(bom), "Bob") {
			t.Errorf("%s: %d\n%s\n%s", test.name, said, vex, bom)
		}
		if v := vexOf(t, vex, "GO-2026-0001"); string(v.Status) != test.vex {
			t.Errorf("%s: %+v", test.name, v)
		}
		if v := analysisOf(t, bom, "GO-2026-0001"); string(v.State) != test.cdx {
			t.Errorf("%s: %+v", test.name, v)
		}
		if s := string(vex) + string(bom); strings.Contains(s, "GO-2026-0006") { // withdrawn
			t.Errorf("%s: %s", test.name, s)
		}
		if v := vexOf(t, vex, "GO-2026-0004"); v.Status != vulns.UnderInvestigation { // of the toolchain
			t.Errorf("%s: %+v", test.name, v)
		}
	}
}

func vexOf(t *testing.T, data []byte, id string) *vulns.Statement {
	t.Helper()
	doc, err := vulns.ReadVEX(strings.NewReader(string(data)))
	if err != nil {
		t.Fatal(err)
	}
	for i := range doc.Statements {
		if doc.Statements[i].Vulnerability.Name == id {
			return &doc.Statements[i]
		}
	}
	t.Fatalf("nothing is stated of %s", id)
	return nil
}

func analysisOf(t *testing.T, data []byte, id string) *cdx.VulnerabilityAnalysis {
	t.Helper()
	bom := new(cdx.BOM)
	if err := cdx.NewBOMDecoder(strings.NewReader(string(data)), cdx.BOMFileFormatJSON).Decode(bom); err != nil {
		t.Fatal(err)
	}
	for _, v := range *bom.Vulnerabilities {
		if v.ID == id {
			return v.Analysis
		}
	}
	t.Fatalf("nothing is stated of %s", id)
	return nil
}

// TestVulnFileProduct: an executable that is of no module is named by its hash, and what
// is stated of it, in the document that was written, is read again.
func TestVulnFileProduct(t *testing.T) {
	cfg := vulnTree(t, nil)
	file := filepath.Join(t.TempDir(), "my prog")
	cmd := exec.Command("go", "build", "-buildvcs=false", "-o", file, "main.go")
	cmd.Dir, cmd.Env = cfg.Target.Dir, cfg.Environ
	if _, err := gocmd.Run(cmd); err != nil {
		t.Fatal(err)
	}
	cfg.Target.ModFile, cfg.Target.Binaries = "", []string{file}
	rep := runCheck(t, cfg)
	facts := factsOf[VulnFacts](t, rep, Vuln)
	target := facts.Targets[0]
	if want := "pkg:generic/my%20prog?checksum=" + target.SHA256; target.Product != want || !strings.HasPrefix(target.SHA256, "sha256:") {
		t.Errorf("%s, want %s", target.Product, want)
	}
	for _, f := range rep.Findings {
		if f.Location == nil || f.Location.File != filepath.ToSlash(file) { // elsewhere, and yet somewhere
			t.Errorf("%s at %+v", f.Rule, f.Location)
		}
	}
	doc, err := facts.OpenVEX("assay v1", "", cfg.Now())
	if err != nil {
		t.Fatal(err)
	}
	edited := strings.Replace(string(doc), `"status": "affected",`, `"status": "not_affected", "justification": "inline_mitigations_already_exist",`, 1)
	cfg.Recorded = map[string][]byte{"vex:edited.json": []byte(edited)}
	if got := vulnRules(runCheck(t, cfg)); !strings.Contains(got, "vuln/not-affected") {
		t.Errorf("%s\n%s", got, edited)
	}
	cfg.Recorded = map[string][]byte{"vex:edited.json": []byte(strings.ReplaceAll(edited, strings.TrimPrefix(target.SHA256, "sha256:"), strings.Repeat("0", 64)))}
	if got := vulnRules(runCheck(t, cfg)); strings.Contains(got, "vuln/not-affected") || !strings.Contains(got, "vuln/vex-unused") {
		t.Errorf("of another file: %s", got)
	}
	for name, want := range map[string]string{"image.tar!/usr/bin/x": "pkg:generic/x", "/": "pkg:generic/%2F", "prog!arm64": "pkg:generic/prog%21arm64"} {
		if got := fileProduct(name, ""); got != want {
			t.Errorf("%s: %s", name, got)
		}
	}
}

// TestVulnBOMLink: what is stated of a bill of materials refers into it, where that can be.
func TestVulnBOMLink(t *testing.T) {
	const lib = `{"bom-ref":"pkg:golang/example.com/lib@v1.1.0+x y","type":"library","name":"example.com/lib","version":"v1.1.0","purl":"pkg:golang/example.com/lib@v1.1.0"}`
	const serial = `"serialNumber":"urn:uuid:3e671687-395b-41f5-a30f-a58921a69b79",`
	const link = "urn:cdx:3e671687-395b-41f5-a30f-a58921a69b79/"
	for _, test := range []struct{ name, head, root, want, product string }{
		{"root", serial + `"version":2,`, `{"bom-ref":"r","type":"application","name":"app","version":"1","purl":"pkg:oci/app@1"}`, link + "2#r", "pkg:oci/app@1"},
		{"module", serial, `{"bom-ref":"r","type":"application","name":"example.com/m","purl":"pkg:golang/example.com/m"}`, link + "1#r", "pkg:golang/example.com/m"},
		{"name alone", serial, `{"bom-ref":"r","type":"application","group":"g","name":"app","version":"1"}`, link + "1#r", "pkg:generic/g/app@1"},
		{"no root", serial, "", link + "1", "pkg:generic/a.json?checksum=sha256:"},
		{"no serial number", "", `{"bom-ref":"r","type":"application","name":"app"}`, "", "pkg:generic/app"},
		{"upper case", `"serialNumber":"urn:uuid:3E671687-395B-41F5-A30F-A58921A69B79",`, "", "", "pkg:generic/a.json?checksum=sha256:"},
	} {
		metadata := ""
		if test.root != "" {
			metadata = `"metadata":{"component":` + test.root + `},`
		}
		cfg := vulnTree(t, map[string]string{"a.json": `{"bomFormat":"CycloneDX","specVersion":"1.5",` + test.head + metadata + `"components":[` + lib + `]}`})
		cfg.Target.ModFile, cfg.Target.Documents = "", []string{filepath.Join(cfg.Target.Dir, "a.json")}
		facts := factsOf[VulnFacts](t, runCheck(t, cfg), Vuln)
		target, found := facts.Targets[0], facts.Vulnerabilities[0]
		if target.BOMLink != test.want || !strings.HasPrefix(target.Product, test.product) {
			t.Errorf("%s: %s %s", test.name, target.BOMLink, target.Product)
		}
		document, _, _ := strings.Cut(test.want, "#")
		if (found.BOMLink == "") != (test.want == "") || found.BOMLink != "" && found.BOMLink != document+"#pkg:golang/example.com/lib@v1.1.0%2Bx%20y" {
			t.Errorf("%s: %s", test.name, found.BOMLink)
		}
		bom, err := facts.CycloneDX("assay v1", "", cfg.Now())
		if err != nil || strings.Contains(string(bom), `"ref": "`+found.BOMLink+`"`) != (test.want != "") || !strings.Contains(string(bom), "no-go-version: stdlib") {
			t.Errorf("%s: %v\n%s", test.name, err, bom)
		}
	}
}

// TestVulnNothing: without statements there is no OpenVEX, and CycloneDX says what is unknown.
func TestVulnNothing(t *testing.T) {
	facts := VulnFacts{Unread: []string{"prog: damaged"}}
	if _, err := facts.OpenVEX("assay v1", "", time.Now()); !errors.Is(err, ErrNoStatements) {
		t.Error(err)
	}
	bom, err := facts.CycloneDX("assay v1", "", time.Unix(0, 0))
	if err != nil || !strings.Contains(string(bom), "prog: damaged") {
		t.Errorf("%v\n%s", err, bom)
	}
	r := &vulnRun{facts: &facts, Pass: &audit.Pass{Target: &audit.Target{Dir: ".", ModFile: "go.mod"}}}
	if at := r.somewhere("/elsewhere/a.vex"); at == nil || at.File != "go.mod" {
		t.Errorf("%+v", at)
	}
	if at := r.somewhere("a.vex"); at.File != "a.vex" {
		t.Errorf("%+v", at)
	}
}
