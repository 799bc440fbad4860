// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package vulns_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/goassay/assay/audit/vulns"
)

// document is a VEX document with some statements.
func document(statements ...string) string {
	return `{"@context":"https://openvex.dev/ns/v0.2.0","@id":"https://example.com/vex","author":"Alice","timestamp":"2026-01-01T00:00:00Z","version":1,"future":1,"statements":[` +
		strings.Join(statements, ",") + `]}`
}

const because = `"status":"not_affected","justification":"vulnerable_code_not_in_execute_path"`

// TestVEXFind looks for the statement about a vulnerability of a product.
func TestVEXFind(t *testing.T) {
	product := vulns.PURL("example.com/prog", "v1.2.3")
	found := vulns.Vulnerability{ID: "GO-2024-2687", Aliases: []string{"CVE-2023-45288", "GHSA-4v7x-pqxf-cx7m"}, Module: "golang.org/x/net", Version: "v0.1.0"}
	of := func(vulnerability, products, rest string) string {
		return `{"vulnerability":` + vulnerability + `,"products":[` + products + `],` + rest + `}`
	}
	const id, prog = `{"name":"GO-2024-2687"}`, `{"@id":"pkg:golang/example.com/prog@v1.2.3"}`
	for name, test := range map[string]struct {
		document string
		want     vulns.Status // "": no statement
	}{
		"by ID":                     {document(of(id, prog, because)), vulns.NotAffected},
		"by alias":                  {document(of(`{"name":"CVE-2023-45288"}`, prog, because)), vulns.NotAffected},
		"by its alias":              {document(of(`{"name":"X-1","aliases":["ghsa-4v7x-pqxf-cx7m"]}`, prog, because)), vulns.NotAffected},
		"by IRI":                    {document(of(`{"@id":"https://example.com/vuln/GO-2024-2687"}`, prog, because)), vulns.NotAffected},
		"v0.0.1":                    {document(of(`"CVE-2023-45288"`, `"pkg:golang/example.com/prog@v1.2.3"`, because)), vulns.NotAffected},
		"any version":               {document(of(id, `{"@id":"pkg:golang/example.com/prog"}`, because)), vulns.NotAffected},
		"without v":                 {document(of(id, `{"@id":"pkg:golang/example.com/prog@1.2.3"}`, because)), vulns.NotAffected},
		"by identifier":             {document(of(id, `{"@id":"https://example.com/prog","identifiers":{"purl":"pkg:golang/example.com/prog@v1.2.3","cpe23":"x"}}`, because)), vulns.NotAffected},
		"with the module":           {document(of(id, `{"@id":"pkg:golang/example.com/prog","subcomponents":[{"@id":"pkg:golang/golang.org/x/net@v0.1.0"}]}`, because)), vulns.NotAffected},
		"with another module":       {document(of(id, `{"@id":"pkg:golang/example.com/prog","subcomponents":[{"@id":"pkg:golang/golang.org/x/text@v0.1.0"}]}`, because)), ""},
		"with another version of":   {document(of(id, `{"@id":"pkg:golang/example.com/prog","subcomponents":[{"@id":"pkg:golang/golang.org/x/net@v0.2.0"}]}`, because)), ""},
		"another vulnerability":     {document(of(`{"name":"GO-2024-2688"}`, prog, because)), ""},
		"a longer name":             {document(of(`{"name":"GO-2024-26871"}`, prog, because)), ""},
		"another product":           {document(of(id, `{"@id":"pkg:golang/example.com/other@v1.2.3"}`, because)), ""},
		"another version":           {document(of(id, `{"@id":"pkg:golang/example.com/prog@v1.2.4"}`, because)), ""},
		"another kind":              {document(of(id, `{"@id":"pkg:npm/example.com/prog@v1.2.3"}`, because)), ""},
		"a package in it":           {document(of(id, `{"@id":"pkg:golang/example.com/prog@v1.2.3#cmd/x"}`, because)), ""},
		"on another platform":       {document(of(id, `{"@id":"pkg:golang/example.com/prog@v1.2.3?goos=windows"}`, because)), ""},
		"the module itself":         {document(of(id, `{"@id":"pkg:golang/golang.org/x/net@v0.1.0"}`, because)), ""},
		"unknown product":           {document(of(id, `{"@id":"Unknown Product"}`, because)), ""},
		"an identifier of another":  {document(of(id, `{"@id":"pkg:golang/example.com/prog@v1.2.3","identifiers":{"purl":"pkg:golang/example.com/other@v1.2.3"}}`, because)), ""},
		"no products":               {document(`{"vulnerability":` + id + `,` + because + `}`), ""},
		"affected":                  {document(of(id, prog, `"status":"affected","action_statement":"Update."`)), vulns.IsAffected},
		"fixed":                     {document(of(id, prog, `"status":"fixed"`)), vulns.IsFixed},
		"affected after all":        {document(of(id, prog, because), of(id, prog, `"timestamp":"2026-02-01T00:00:00Z","status":"affected"`)), vulns.IsAffected},
		"at the same time":          {document(of(id, prog, because), of(id, prog, `"status":"under_investigation"`)), vulns.UnderInvestigation},
		"at the same time, earlier": {document(of(id, prog, `"status":"under_investigation"`), of(id, prog, because)), vulns.UnderInvestigation},
		"an older one":              {document(of(id, prog, because), of(id, prog, `"timestamp":"2025-02-01T00:00:00Z","status":"affected"`)), vulns.NotAffected},
		"impact":                    {document(of(id, prog, `"status":"not_affected","impact_statement":"No HTTP/2."`)), vulns.NotAffected},
	} {
		v, err := vulns.ReadVEX(strings.NewReader(test.document))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		s, ok := v.Find(vulns.Product{PURL: product}, found, time.Now())
		if ok != (test.want != "") || ok && s.Status != test.want {
			t.Errorf("%s: %+v", name, s)
		}
		if ok && s.Hides() != (test.want == vulns.NotAffected || test.want == vulns.IsFixed) {
			t.Errorf("%s: hides %v", name, s.Hides())
		}
		if _, ok := v.Find(vulns.Product{}, found, time.Now()); ok {
			t.Errorf("%s: of no product", name)
		}
	}
}

// TestVEXInvalid reads what is no OpenVEX document.
func TestVEXInvalid(t *testing.T) {
	const fine = `{"vulnerability":{"name":"X"},"products":["pkg:golang/a"],` + because + `}`
	for name, text := range map[string]string{
		"empty": "", "no JSON": "vex", "a list": "[]", "cut short": document(fine)[:200], "two": document(fine) + "{}", "no statements": document(),
		"another context":      strings.Replace(document(fine), "openvex.dev/ns", "openvex.dev/nsx", 1),
		"CycloneDX":            `{"bomFormat":"CycloneDX","vulnerabilities":[]}`,
		"no author":            strings.Replace(document(fine), "Alice", "", 1),
		"no vulnerability":     document(`{"products":["pkg:golang/a"],` + because + `}`),
		"no reason":            document(strings.Replace(fine, `,"justification":"vulnerable_code_not_in_execute_path"`, "", 1)),
		"another reason":       document(strings.Replace(fine, "vulnerable_code_not_in_execute_path", "trust_me", 1)),
		"another status":       document(strings.Replace(fine, "not_affected", "ignored", 1)),
		"affected, and reason": document(strings.Replace(fine, "not_affected", "affected", 1)),
		"large":                document(strings.Repeat(" ", vulns.MaxVEX)),
	} {
		if v, err := vulns.ReadVEX(strings.NewReader(text)); !errors.Is(err, vulns.ErrVEX) {
			t.Errorf("%s: %+v, %v", name, v, err)
		}
	}
}

// TestNewVEX states no more than what was seen.
func TestNewVEX(t *testing.T) {
	type basis struct {
		basis vulns.Basis
		level vulns.Level
	}
	const affected, open = "affected ", "under_investigation "
	absent, uncalled := "not_affected vulnerable_code_not_present", "not_affected vulnerable_code_not_in_execute_path"
	for b, want := range map[basis]map[vulns.Reach]string{
		{vulns.BasisSource, vulns.LevelSymbol}:     {vulns.Called: affected, vulns.Imported: uncalled, vulns.Required: absent},
		{vulns.BasisSource, vulns.LevelPackage}:    {vulns.Imported: open, vulns.Required: open},
		{vulns.BasisSource, vulns.LevelModule}:     {vulns.Required: open},
		{vulns.BasisModules, vulns.LevelModule}:    {vulns.Required: open},
		{vulns.BasisExecutable, vulns.LevelSymbol}: {vulns.Present: affected, vulns.Imported: absent, vulns.Required: absent},
		{vulns.BasisExecutable, vulns.LevelModule}: {vulns.Required: open},
	} {
		for reach, want := range want {
			a := &vulns.Assessment{Basis: b.basis, Level: b.level, Vulnerabilities: []vulns.Vulnerability{
				{ID: "GO-2024-2687", Aliases: []string{"CVE-1"}, Module: "golang.org/x/net", Version: "v0.1.0", Fixed: "v0.23.0", Reach: reach},
				{ID: "GO-2024-0001", Withdrawn: time.Now(), Reach: reach},
			}}
			statements := vulns.Statements{Tool: "assay v1", At: time.Unix(0, 0), Subjects: []vulns.Subject{{Product: vulns.Product{PURL: vulns.PURL("example.com/prog", "v1.0.0+incompatible")}, Claims: a.Claims(true)}}}
			v := statements.OpenVEX()
			if len(v.Statements) != 1 {
				t.Fatalf("%+v", v)
			}
			s := v.Statements[0]
			if got := string(s.Status) + " " + string(s.Justification); got != want {
				t.Errorf("%v %s: %s, want %s", b, reach, got, want)
			}
			text, err := json.Marshal(v)
			if err != nil {
				t.Fatal(err)
			}
			again, err := vulns.ReadVEX(bytes.NewReader(text))
			if err != nil || !cmp.Equal(again, v) {
				t.Errorf("%v: %s", err, text)
			}
			if found, ok := again.Find(vulns.Product{PURL: "pkg:golang/example.com/prog@v1.0.0%2Bincompatible"}, a.Vulnerabilities[0], time.Now()); !ok || found.Status != s.Status || s.Status == vulns.IsAffected && s.Action != "Update golang.org/x/net to v0.23.0." {
				t.Errorf("%+v", found)
			}
		}
	}
	for _, test := range [][3]string{
		{"example.com/a", "v1.0.0", "pkg:golang/example.com/a@v1.0.0"}, {"example.com/a", "(devel)", "pkg:golang/example.com/a"}, {"prog", "", "pkg:golang/prog"},
		{"stdlib", "go1.26.8", "pkg:golang/stdlib@1.26.8"}, {"stdlib", "devel", "pkg:golang/stdlib@devel"},
	} {
		if got := vulns.PURL(test[0], test[1]); got != test[2] {
			t.Errorf("%s, want %s", got, test[2])
		}
	}
}

func FuzzVEX(f *testing.F) {
	f.Add(document(`{"vulnerability":{"name":"X"},"products":["pkg:golang/a","pkg:golang/b@v1.0.0"],`+because+`}`), "pkg:golang/a@v1.0.0")
	f.Fuzz(func(t *testing.T, text, product string) {
		v, err := vulns.ReadVEX(strings.NewReader(text))
		if err != nil {
			return
		}
		if s, ok := v.Find(vulns.Product{PURL: product}, vulns.Vulnerability{ID: "X", Module: "a", Version: "v1.0.0"}, time.Now()); ok && len(s.Products) == 0 {
			t.Error("a statement about no product")
		}
	})
}

// TestUpgrades finds the smallest version that fixes all that has a fix.
func TestUpgrades(t *testing.T) {
	entry := func(id, module, events string) (string, string) {
		return "ID/" + id + ".json", `{"id":"` + id + `","modified":"2026-01-01T00:00:00Z","affected":[{"package":{"name":"` + module + `","ecosystem":"Go"},"ranges":[{"type":"SEMVER","events":[` + events + `]}]}]}`
	}
	files := map[string]string{"index/db.json": `{"modified":"2026-01-01T00:00:00Z"}`}
	index, list := map[string][]string{}, []string{}
	for _, e := range [][3]string{
		{"A-1", "example.com/a", `{"introduced":"0"},{"fixed":"1.2.0"}`}, {"A-2", "example.com/a", `{"introduced":"0"},{"fixed":"1.1.5"},{"introduced":"1.2.0"},{"fixed":"1.2.3"}`},
		{"A-3", "example.com/a", `{"introduced":"1.2.3"},{"fixed":"1.2.4"}`},
		{"B-1", "example.com/b", `{"introduced":"0"}`}, {"B-2", "example.com/b", `{"introduced":"0"},{"fixed":"1.1.0"}`}, {"B-3", "example.com/b", `{"introduced":"1.0.5"},{"fixed":"1.3.0"}`},
		{"C-1", "example.com/c", `{"introduced":"0"}`}, {"C-2", "example.com/c", `{"introduced":"2.0.0"}`},
		{"S-1", "stdlib", `{"introduced":"0"},{"fixed":"1.25.9"},{"introduced":"1.26.0-0"},{"fixed":"1.26.4"}`}, {"S-2", "stdlib", `{"introduced":"0"},{"fixed":"1.25.7"},{"introduced":"1.26.0-0"},{"fixed":"1.26.2"}`},
		{"D-1", "example.com/d", `{"introduced":"0"},{"fixed":"1.1.0"}`}, {"D-2", "example.com/d", `{"introduced":"1.1.0"}`},
	} {
		name, text := entry(e[0], e[1], e[2])
		files[name] = text
		ref := `{"id":"` + e[0] + `","modified":"2026-01-01T00:00:00Z"}`
		index[e[1]], list = append(index[e[1]], ref), append(list, ref)
	}
	var modules []string
	for path, refs := range index {
		modules = append(modules, `{"path":"`+path+`","vulns":[`+strings.Join(refs, ",")+`]}`)
	}
	files["index/modules.json"], files["index/vulns.json"] = "["+strings.Join(modules, ",")+"]", "["+strings.Join(list, ",")+"]"
	db, err := vulns.Open(t.Context(), dirOf(t, files), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		module, version string
		want            vulns.Upgrade
	}{
		{"example.com/a", "v1.0.0", vulns.Upgrade{To: "v1.2.4", Fixes: []string{"A-1", "A-2"}}}, // 1.2.3 would bring A-3
		{"example.com/a", "v1.1.5", vulns.Upgrade{To: "v1.2.4", Fixes: []string{"A-1"}}},
		{"example.com/b", "v1.0.0", vulns.Upgrade{To: "v1.3.0", Fixes: []string{"B-2"}, Leaves: []string{"B-1"}}}, // 1.1.0 would bring B-3
		{"example.com/b", "v1.1.0", vulns.Upgrade{To: "v1.3.0", Fixes: []string{"B-3"}, Leaves: []string{"B-1"}}},
		{"example.com/c", "v1.0.0", vulns.Upgrade{Leaves: []string{"C-1"}}},
		{"example.com/d", "v1.0.0", vulns.Upgrade{Leaves: []string{"D-1"}}}, // its fix brings one for ever
		{"stdlib", "go1.26.0", vulns.Upgrade{To: "go1.26.4", Fixes: []string{"S-1", "S-2"}}},
		{"stdlib", "go1.25.6", vulns.Upgrade{To: "go1.25.9", Fixes: []string{"S-1", "S-2"}}},
	} {
		a, err := db.Match(t.Context(), []vulns.Module{{Path: test.module, Version: test.version}}, vulns.Platform{})
		if err != nil {
			t.Fatal(err)
		}
		got, err := db.Upgrades(t.Context(), a.Vulnerabilities)
		test.want.Module, test.want.From = test.module, test.version
		if diff := cmp.Diff([]vulns.Upgrade{test.want}, got); err != nil || diff != "" {
			t.Errorf("%s %s: %v\n%s", test.module, test.version, err, diff)
		}
	}
	if got, err := db.Upgrades(t.Context(), nil); err != nil || got != nil {
		t.Error(got, err)
	}
}
