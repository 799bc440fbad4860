// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"golang.org/x/net/html"

	"github.com/goassay/assay/audit"
	"github.com/goassay/assay/audit/allowlist"
)

func allowlistDay(s string) (d allowlist.Date) {
	if err := d.UnmarshalText([]byte(s)); err != nil {
		panic(err)
	}
	return d
}

// sampleAllowlist is a form with each kind of service, known and unknown.
func sampleAllowlist() *allowlist.Application {
	digest := func(c string) string { return "sha256:" + strings.Repeat(c, 64) }
	terms := allowlist.Terms{
		Purpose: "CI builds of the payment platform", Owner: "Li Lei", Basis: append(allowlist.SuggestedBasis(), "IT-SEC-7 §4"),
		Validity: allowlist.Validity{From: allowlistDay("2026-12-01"), Until: allowlistDay("2027-11-30")},
	}
	known := func(leaf string) *allowlist.TLS {
		return &allowlist.TLS{
			State: allowlist.Known, Leaf: digest(leaf), SPKI: digest("e"), Version: "TLS 1.3", Subject: "CN=proxy",
			Issuer: "CN=Corp Issuing CA 2,O=Corp Example", Names: []string{"goproxy.corp.example", "192.0.2.7"},
			NotBefore: time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC), NotAfter: time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC),
			Trust: allowlist.TrustVerified, Evidence: digest("f"),
		}
	}
	refused := known("b")
	refused.Trust, refused.TrustError = allowlist.TrustRefused, "x509: certificate signed by unknown authority"
	template := func(u string, use allowlist.Use) allowlist.URL {
		return allowlist.URL{URL: u, Match: allowlist.Template, Use: use}
	}
	a := &allowlist.Application{
		Schema: allowlist.Schema, Measured: time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC), Module: "corp.example/pay/gateway",
		Applicant: "Han Meimei", Department: "Platform", Contact: "platform@corp.example", Terms: terms,
		Settings: allowlist.Settings{GOPROXY: "https://goproxy.corp.example:8443/go,direct", GONOPROXY: "git.corp.example", GOSUMDB: "sum.golang.org", GOTOOLCHAIN: "auto"},
		Services: []allowlist.Service{
			{
				Host: "egress.corp.example", Port: 3128, Protocol: allowlist.HTTP, Roles: []allowlist.Role{allowlist.EgressProxy}, Basis: allowlist.Configured,
				URLs: []allowlist.URL{}, Addresses: allowlist.Addresses{State: allowlist.Known, Ranges: []string{"198.51.100.9/32"}, Source: allowlist.FromResolver, Observed: []string{"198.51.100.9"}},
			},
			{
				Host: "git.corp.example", Port: 443, Protocol: allowlist.HTTPS, Roles: []allowlist.Role{allowlist.VersionCtrl}, Basis: allowlist.Inferred,
				URLs: []allowlist.URL{
					template("https://git.corp.example/{repository}/info/refs", allowlist.UseRepository),
					template("https://git.corp.example/{repository}/git-upload-pack", allowlist.UseUploadPack),
					{URL: "https://git.corp.example/team/lib", Match: allowlist.Exact, Use: allowlist.UseDiscovery},
				},
				Addresses: allowlist.Addresses{State: allowlist.Unknown, Reason: allowlist.ReasonResolve, Detail: "lookup git.corp.example: no such host", Ranges: []string{}, Observed: []string{}},
				TLS:       &allowlist.TLS{State: allowlist.Unknown, Reason: allowlist.ReasonConnect, Detail: "lookup git.corp.example: no such host"},
			},
			{
				Host: "goproxy.corp.example", Port: 8443, Protocol: allowlist.HTTPS, Basis: allowlist.Configured, Via: "http://egress.corp.example:3128",
				Roles: []allowlist.Role{allowlist.ModuleProxy, allowlist.Toolchains},
				URLs: []allowlist.URL{
					template("https://goproxy.corp.example:8443/go/golang.org/toolchain/@v/{version}.zip", allowlist.UseToolchain),
					template("https://goproxy.corp.example:8443/go/{module}/@latest", allowlist.UseLatest),
					template("https://goproxy.corp.example:8443/go/{module}/@v/list", allowlist.UseList),
					template("https://goproxy.corp.example:8443/go/{module}/@v/{version}.info", allowlist.UseInfo),
					template("https://goproxy.corp.example:8443/go/{module}/@v/{version}.mod", allowlist.UseGoMod),
					template("https://goproxy.corp.example:8443/go/{module}/@v/{version}.zip", allowlist.UseZip),
					{URL: "https://goproxy.corp.example:8443/go/github.com/%21burnt%21sushi/toml/@v/v1.5.0.zip", Match: allowlist.Exact, Use: allowlist.UseZip},
				},
				Addresses: allowlist.Addresses{State: allowlist.Known, Ranges: []string{"192.0.2.0/28", "2001:db8::/64"}, Source: allowlist.FromPolicy, Observed: []string{"192.0.2.7", "2001:db8::7"}},
				TLS:       known("a"),
			},
			{
				Host: "sum.golang.org", Port: 443, Protocol: allowlist.HTTPS, Roles: []allowlist.Role{allowlist.ChecksumDB}, Basis: allowlist.Configured,
				URLs: []allowlist.URL{
					template("https://sum.golang.org/lookup/{module}@{version}", allowlist.UseLookup),
					template("https://sum.golang.org/tile/8/{level}/{index}", allowlist.UseTile),
					{URL: "https://sum.golang.org/latest", Match: allowlist.Exact, Use: allowlist.UseTreeHead, Optional: true},
				},
				Addresses: allowlist.Addresses{State: allowlist.Known, Ranges: []string{"203.0.113.7/32"}, Source: allowlist.FromResolver, Observed: []string{"203.0.113.7"}},
				TLS:       refused,
			},
		},
		Remarks: []allowlist.Remark{
			{Kind: allowlist.RemarkDirect}, {Kind: allowlist.RemarkDirectFallback},
			{Kind: allowlist.RemarkEgressProxy, Detail: "http://egress.corp.example:3128"}, {Kind: allowlist.RemarkResolved},
		},
	}
	for i := range a.Services {
		a.Services[i].Terms = terms
	}
	return a
}

func writeAllowlist(t testing.TB, format Format, a *allowlist.Application, lang audit.Lang) []byte {
	t.Helper()
	var buf bytes.Buffer
	if err := WriteAllowlist(&buf, format, a, lang); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

func allowlistCompiled(t testing.TB) *jsonschema.Schema {
	return compile(t, "https://github.com/goassay/assay/blob/main/report/schema/allowlist.v1.json", AllowlistSchema())
}

func TestAllowlistGolden(t *testing.T) {
	for _, lang := range audit.Languages() {
		golden(t, "allowlist."+string(lang)+".md", writeAllowlist(t, Markdown, sampleAllowlist(), lang))
		golden(t, "allowlist."+string(lang)+".html", writeAllowlist(t, HTML, sampleAllowlist(), lang))
	}
	golden(t, "allowlist.json", writeAllowlist(t, JSON, sampleAllowlist(), ""))
}

func TestAllowlistJSON(t *testing.T) {
	schema := allowlistCompiled(t)
	empty, err := allowlist.Measure(t.Context(), allowlist.Options{Offline: true})
	if err != nil {
		t.Fatal(err)
	}
	for name, a := range map[string]*allowlist.Application{"sample": sampleAllowlist(), "empty": empty} {
		data := writeAllowlist(t, JSON, a, "")
		if err := validate(schema, data); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		back, err := allowlist.Parse(data)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if diff := cmp.Diff(string(data), string(writeAllowlist(t, JSON, back, ""))); diff != "" {
			t.Errorf("%s: written again: %s", name, diff)
		}
	}
}

// TestAllowlistSchema: what Parse refuses for its shape, the schema refuses too.
func TestAllowlistSchema(t *testing.T) {
	schema := allowlistCompiled(t)
	good := string(writeAllowlist(t, JSON, sampleAllowlist(), ""))
	for _, tt := range [][2]string{
		{`assay.allowlist/v1`, `assay.allowlist/v2`}, {`"applicant"`, `"Applicant"`}, {`"port": 443`, `"port": 70000`},
		{`"port": 443`, `"port": "443"`}, {`"protocol": "https"`, `"protocol": "ssh"`}, {`"match": "exact"`, `"match": "prefix"`},
		{`"match": "exact"`, `"match": "template"`}, {`"role`, `"rule`}, {`"url": "https://`, `"url": "ftp://`}, {`"module-proxy"`, `"proxy"`},
		{`"kind": "direct"`, `"kind": "indirect"`}, {`"state": "known"`, `"state": "guessed"`}, {`"reason": "not-resolved"`, `"reason": "tired"`},
		{`"leaf": "sha256:`, `"leaf": "sha1:`}, {`"from": "2026-12-01"`, `"from": "1.12.2026"`}, {`"trust": "verified"`, `"trust": "yes"`},
		{`"observed"`, `"seen"`}, {`"services": [`, `"services": [null, `},
	} {
		if !strings.Contains(good, tt[0]) {
			t.Fatalf("%s is not in the form", tt[0])
		}
		bad := []byte(strings.Replace(good, tt[0], tt[1], 1))
		if err := validate(schema, bad); err == nil {
			t.Errorf("the schema accepts %s", tt[1])
		}
		if _, err := allowlist.Parse(bad); err == nil {
			t.Errorf("Parse accepts %s", tt[1])
		}
	}
	// The words of the schema are those of the package.
	var words struct {
		Properties struct {
			Remarks struct {
				Items struct{ Properties struct{ Kind enum } }
			}
		}
		Defs struct {
			Reason  enum
			URL     struct{ Properties struct{ Use enum } }
			Service struct {
				Properties struct{ Roles struct{ Items enum } }
			}
		} `json:"$defs"`
	}
	if err := json.Unmarshal(AllowlistSchema(), &words); err != nil {
		t.Fatal(err)
	}
	sameWords(t, words.Properties.Remarks.Items.Properties.Kind, allowlist.RemarkKinds())
	sameWords(t, words.Defs.Reason, allowlist.Reasons())
	sameWords(t, words.Defs.URL.Properties.Use, allowlist.Uses())
	sameWords(t, words.Defs.Service.Properties.Roles.Items, allowlist.Roles())
}

type enum struct{ Enum []string }

func sameWords[T ~string](t *testing.T, e enum, words []T) {
	t.Helper()
	var want []string
	for _, w := range words {
		want = append(want, string(w))
	}
	if diff := cmp.Diff(want, e.Enum); diff != "" {
		t.Error(diff)
	}
}

// TestAllowlistTexts: every word of a form has a text in both languages.
func TestAllowlistTexts(t *testing.T) {
	check := func(what string, texts ...audit.Text) {
		t.Helper()
		for _, text := range texts {
			if text.EN == "" || text.ZH == "" {
				t.Errorf("%s has no text in both languages", what)
			}
		}
	}
	for _, r := range allowlist.Roles() {
		check(string(r), formRoles[r].name, formRoles[r].purpose)
	}
	for _, u := range allowlist.Uses() {
		check(string(u), formUses[u])
	}
	for _, r := range allowlist.Reasons() {
		check(string(r), formReasons[r])
	}
	for _, r := range allowlist.RemarkKinds() {
		check(string(r), formRemarks[r])
	}
	for _, b := range allowlist.SuggestedBasis() {
		check(b, formClauses[b])
	}
	if n := len(slices.Collect(maps.Keys(formRemarks))); n != len(allowlist.RemarkKinds()) {
		t.Errorf("%d remarks have a text", n)
	}
}

// TestAllowlistEscapes: nothing in a form acts on who reads it.
func TestAllowlistEscapes(t *testing.T) {
	const hostile = "</td><script>alert(1)</script>{{.}}|**x**\x1b[31m\u202e"
	a := sampleAllowlist()
	a.Applicant, a.Module, a.Owner, a.Basis = hostile, hostile, hostile, []string{hostile}
	s := &a.Services[2]
	s.Host, s.Purpose, s.Via, s.TLS.Issuer, s.TLS.Names = hostile, hostile, hostile, hostile, []string{hostile}
	s.URLs[0].URL, s.Addresses.Ranges[0] = hostile, hostile
	a.Services[1].Addresses.Detail, a.Services[3].TLS.TrustError = hostile, hostile
	a.Remarks[2].Detail, a.Settings.GOPROXY = hostile, hostile
	for _, lang := range audit.Languages() {
		page := writeAllowlist(t, HTML, a, lang)
		z := html.NewTokenizer(bytes.NewReader(page))
		for {
			tt := z.Next()
			if tt == html.ErrorToken {
				if !errors.Is(z.Err(), io.EOF) {
					t.Error(z.Err())
				}
				break
			}
			if name, _ := z.TagName(); string(name) == "script" || string(name) == "link" || string(name) == "img" {
				t.Errorf("%s: the page has a %s", lang, name)
			}
		}
		for format, data := range map[Format][]byte{HTML: page, Markdown: writeAllowlist(t, Markdown, a, lang), JSON: writeAllowlist(t, JSON, a, lang)} {
			if bytes.ContainsAny(data, "\x1b\u202e") {
				t.Errorf("%s: a control character is in the form", format)
			}
			if format != JSON && bytes.Contains(data, []byte("<script")) {
				t.Errorf("%s: a tag is in the form", format)
			}
		}
	}
}
