// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package audit

import (
	"errors"
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/goassay/assay/internal/strictyaml"
)

// policyRules are the rules that the tests' policies know.
var policyRules = map[string]*Rule{"env/sumdb-off": {}, "graph/local-replace": {}}

const goodWaiver = `waivers:
  - rule: env/sumdb-off
    subject: GOSUMDB
    reason: mirrored log
    owner: li
    expires: 2026-01-02
`

// policyErrors unjoins what ParsePolicy returns.
func policyErrors(t *testing.T, err error) []*PolicyError {
	t.Helper()
	if err == nil {
		return nil
	}
	if e, ok := err.(*PolicyError); ok {
		return []*PolicyError{e}
	}
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		t.Fatalf("%T is no *PolicyError: %v", err, err)
	}
	var out []*PolicyError
	for _, err := range joined.Unwrap() {
		e, ok := err.(*PolicyError)
		if !ok {
			t.Fatalf("%T is no *PolicyError: %v", err, err)
		}
		out = append(out, e)
	}
	return out
}

func TestParsePolicy(t *testing.T) {
	data, err := os.ReadFile("testdata/policy/full.yaml")
	if err != nil {
		t.Fatal(err)
	}
	got, err := ParsePolicy("assay.yaml", data, policyRules)
	if err != nil {
		t.Fatal(err)
	}
	want := &Policy{
		FailOn:     Medium,
		Severities: map[string]Severity{"env/sumdb-off": Critical, "graph/local-replace": Info},
		Targets:    PolicyTargets{Binaries: []string{"bin", "out/server"}, Endpoints: []string{"example.com:443"}, Packages: []string{"./cmd/..."}},
		Waivers: []Waiver{
			{Rule: "env/sumdb-off", Subject: "GOSUMDB", Reason: "the log is mirrored: see\nticket 12\n", Owner: "李雷", Expires: day("2026-12-31"), Line: 10},
			{Rule: "graph/local-replace", Subject: "example.com/*", Reason: "3", Owner: "true", Expires: day("2027-01-01"), Line: 17},
		},
		SumDB: SumDBPolicy{Logs: []PolicyLog{{
			GOSUMDB: "sum.corp.example+063adbe3+AXgAzGrv9bJx9Zw9/PXCBGXzIiygKzbyYF/a0x6nlD7J https://sum.corp.example",
			Modules: []string{"corp.example/*", "*.corp.example"},
		}}},
		SPIFFE: SPIFFEPolicy{TrustDomain: "prod.example", Paths: []string{"/ns/shop/*"}},
		FIPS:   FIPSPolicy{Require: []FIPSRequirement{{Paths: []string{"bin/server", "bin/tools/*"}, Level: "certified"}, {Paths: []string{"*"}, Level: "none"}}},
		Allowlist: AllowlistPolicy{
			Applicant: "韩梅梅", Department: "Build", Contact: "13800138000", Owner: "li", Purpose: "builds", Basis: []string{"8.1.3.2"},
			ValidFrom: day("2026-01-01"), ValidUntil: day("2026-12-31"),
			Addresses: map[string][]string{"goproxy.corp.example": {"192.0.2.0/24"}, "sum.golang.org": nil},
		},
		File: "assay.yaml", Digest: Digest(data),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("policy (-want +got):\n%s", diff)
	}
}

// What an editor may add to a policy changes nothing.
func TestParsePolicyAccepts(t *testing.T) {
	low := &Policy{FailOn: Low}
	tests := []struct {
		name, in string
		want     *Policy
	}{
		{"empty", "", DefaultPolicy()},
		{"blank", "\n \n", DefaultPolicy()},
		{"comment", "# nothing yet\n", DefaultPolicy()},
		{"null", "null\n", DefaultPolicy()},
		{"marker", "---\n", DefaultPolicy()},
		{"byte order mark", "\ufefffail_on: low\n", low},
		{"CRLF", "# c\r\nfail_on: low\r\n", low},
		{"no newline", "fail_on: low", low},
		{"start and end markers", "---\nfail_on: low\n...\n", low},
		{"marker after a comment", "# c\n---\nfail_on: low\n# d\n...\n# e\n", low},
		{"flow style", "{fail_on: low}", low},
		{"JSON", `{"fail_on": "low"}`, low},
		{"comments", "fail_on: low # why not\n# end\n", low},
		{"keys without values", "fail_on:\nseverities:\ntargets:\n  binaries:\nwaivers:\nallowlist:\n  applicant:\n  valid_from:\n", DefaultPolicy()},
		{"deep enough", "targets: {binaries: [a]}\nfail_on: low", &Policy{FailOn: Low, Targets: PolicyTargets{Binaries: []string{"a"}}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := ParsePolicy("p", []byte(tt.in), policyRules)
			if err != nil {
				t.Fatal(err)
			}
			tt.want.File, tt.want.Digest = "p", Digest([]byte(tt.in))
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("policy (-want +got):\n%s", diff)
			}
		})
	}
}

func TestParsePolicyErrors(t *testing.T) {
	without := func(key string) string {
		var lines []string
		for line := range strings.Lines(goodWaiver) {
			if strings.HasPrefix(strings.TrimLeft(line, " -"), key+":") {
				if key != "rule" { // which carries the dash
					continue
				}
				line = "  - # nothing\n"
			}
			lines = append(lines, line)
		}
		return strings.Join(lines, "")
	}
	with := func(old, new string) string {
		if !strings.Contains(goodWaiver, old) {
			t.Fatalf("no %q in the waiver", old)
		}
		return strings.Replace(goodWaiver, old, new, 1)
	}
	tests := []struct {
		name, in string
		want     []string // line:column: part of the message, and " ? hint"
	}{
		{"unknown key", "fail_on: low\nwaiver: []\n", []string{`2:1: unknown key "waiver" ? waivers`}},
		{"unknown key, nothing near", "zzz: 1\n", []string{`1:1: unknown key "zzz"`}},
		{"unknown key in targets", "targets:\n  binarys: [x]\n", []string{`2:3: unknown key "binarys" ? binaries`}},
		{"unknown key in a waiver", with("owner", "ovner"), []string{`2:5: waiver without owner`, `5:5: unknown key "ovner" ? owner`}},
		{"key of another place", "binaries: [x]\n", []string{`1:1: unknown key "binaries"`}},
		{"key in other case", "Fail_On: low\n", []string{`1:1: unknown key "Fail_On" ? fail_on`}},
		{"field that is no key", "File: x\nline: 3\n-: x\n", []string{`1:1: unknown key "File"`, `2:1: unknown key "line"`, `3:1: unknown key "-"`}},
		{"empty key", "\"\": x\n", []string{`1:1: unknown key ""`}},
		{"unknown rule in severities", "severities:\n  env/sumdb-of: low\n", []string{`2:3: unknown rule "env/sumdb-of" ? env/sumdb-off`}},
		{"unknown rule and severity", "severities:\n  'a.b''c': hihg\n", []string{`2:3: unknown rule "a.b'c"`, `2:13: unknown severity "hihg": one of critical, high, medium, low, info ? high`}},
		{"unknown rule in a waiver", with("env/sumdb-off", "env/sumdb"), []string{`2:11: unknown rule "env/sumdb" ? env/sumdb-off`}},
		{"unknown severity", "fail_on: hi\n", []string{`1:10: unknown severity "hi": one of critical, high, medium, low, info`}},
		{"severity in other case", "fail_on: High\n", []string{`1:10: unknown severity "High": one of critical, high, medium, low, info ? high`}},
		{"severity without value", "severities:\n  env/sumdb-off:\n", []string{`2:18: unknown severity ""`}},
		{"waiver without rule", without("rule"), []string{`3:5: waiver without rule`}},
		{"waiver without subject", without("subject"), []string{`2:5: waiver without subject`}},
		{"waiver without reason", without("reason"), []string{`2:5: waiver without reason`}},
		{"waiver without owner", without("owner"), []string{`2:5: waiver without owner`}},
		{"waiver without expires", without("expires"), []string{`2:5: waiver without expires`}},
		{"waiver with blank reason", with("mirrored log", `" "`), []string{`2:5: waiver without reason`}},
		{"waiver with null owner", with("li", "null"), []string{`2:5: waiver without owner`}},
		{"waiver with no day", with("2026-01-02", "0001-01-01"), []string{`2:5: waiver without expires`}},
		{"waiver of nothing", "waivers:\n  - {}\n", []string{`2:5: waiver without rule`, `2:5: waiver without subject`, `2:5: waiver without reason`, `2:5: waiver without owner`, `2:5: waiver without expires`}},
		{"empty waiver", "waivers:\n  -\n", []string{`2:5: empty entry in a list`}},
		{"day that is none", with("2026-01-02", "2026-02-30"), []string{`6:14: malformed date "2026-02-30"`}},
		{"day without zeros", with("2026-01-02", "2026-1-2"), []string{`6:14: malformed date "2026-1-2"`}},
		{"day with time", with("2026-01-02", "2026-01-02T00:00:00Z"), []string{`6:14: malformed date "2026-01-02T00:00:00Z"`}},
		{"day as number", with("2026-01-02", "20260102"), []string{`6:14: text is wanted here, this is a number: put it in quotes`}},
		{"day as list", with("2026-01-02", "[2026-01-02]"), []string{`6:14: text is wanted here, this is a list`}},
		{"two bad days", "allowlist:\n  valid_from: x\n  valid_until: y\n", []string{`2:15: malformed date "x"`, `3:16: malformed date "y"`}},
		{"period backwards", "allowlist:\n  valid_from: 2026-02-01\n  valid_until: 2026-01-31\n", []string{`3:16: valid_until is before valid_from`}},
		{"author without name", "sbom:\n  authors:\n    - email: a@b.example\n", []string{`3:7: party without name`}},
		{"author without anything", "sbom:\n  authors:\n    - {}\n", []string{`3:7: party without name`}},
		{"author whom nobody reaches", "sbom:\n  authors:\n    - name: A\n", []string{`3:7: party without email and url`}},
		{"author with bad e-mail", "sbom:\n  authors:\n    - {name: A, email: nobody}\n", []string{`3:24: malformed e-mail address "nobody"`}},
		{"supplier with bad URL", "sbom:\n  supplier: {name: A, url: example.com}\n", []string{`2:28: malformed URL "example.com"`}},
		{"supplier with a password", "sbom:\n  supplier: {name: A, url: 'https://a:b@example.com'}\n", []string{`2:28: malformed URL`}},
		{"relative URI", "sbom:\n  uri: sbom.json\n", []string{`2:8: malformed URL "sbom.json"`}},
		{"unknown key of a party", "sbom:\n  supplier: {name: A, mail: x}\n", []string{`2:13: party without email and url`, `2:23: unknown key "mail" ? email`}},
		{"empty licence", "licenses:\n  allow: [' ']\n", []string{`2:11: empty licence`}},
		{"licence in two lists", "licenses:\n  allow: [MIT]\n  deny: [mit]\n", []string{`3:10: mit is in two lists, or twice in one: allow`}},
		{"licence twice", "licenses:\n  review: [MIT, MIT]\n", []string{`2:17: MIT is in two lists, or twice in one: review`}},
		{"unknown list of licences", "licenses:\n  allowed: [MIT]\n", []string{`2:3: unknown key "allowed" ? allow`}},
		{"log without gosumdb", "sumdb:\n  logs:\n    - modules: [a]\n", []string{`3:7: log without gosumdb`}},
		{"log without modules", "sumdb:\n  logs:\n    - gosumdb: sum.corp.example+063adbe3+AXgAzGrv9bJx9Zw9/PXCBGXzIiygKzbyYF/a0x6nlD7J\n", []string{`3:7: log without modules`}},
		{"log without key", "sumdb: {logs: [{gosumdb: sum.golang.org, modules: [a]}]}\n", []string{`1:26: gosumdb does not begin with name+key: malformed verifier id`}},
		{"log off", "sumdb: {logs: [{gosumdb: \"off\", modules: [a]}]}\n", []string{`1:26: gosumdb does not begin with name+key: malformed verifier id`}},
		{"log of three words", "sumdb: {logs: [{gosumdb: a b c, modules: [a]}]}\n", []string{`1:26: gosumdb is name+key, or name+key and a URL`}},
		{"log that is text", "sumdb: {logs: [a]}\n", []string{`1:16: keys and values are wanted here, this is text`}},
		{"log whose key is a list", "sumdb: {logs: [{gosumdb: [a], modules: [a]}]}\n", []string{`1:26: text is wanted here, this is a list`}},
		{"log with bad patterns", "sumdb:\n  logs:\n    - gosumdb: sum.corp.example+063adbe3+AXgAzGrv9bJx9Zw9/PXCBGXzIiygKzbyYF/a0x6nlD7J\n      modules: ['a[', ' ', 'a,b', 1]\n", []string{`4:17: malformed pattern "a["`, `4:23: malformed pattern " "`, `4:28: malformed pattern "a,b"`, `4:35: text is wanted here, this is a number`}},
		{"requirement without level", "fips:\n  require:\n    - paths: [a]\n", []string{`3:7: requirement without level`}},
		{"requirement without paths", "fips:\n  require:\n    - level: none\n", []string{`3:7: requirement without paths`}},
		{"unknown level", "fips: {require: [{paths: [a], level: certifed}]}\n", []string{`1:38: unknown level "certifed" ? certified`}},
		{"requirement with bad patterns", "fips: {require: [{paths: ['a[', ' '], level: none}]}\n", []string{`1:27: malformed pattern "a["`, `1:33: malformed pattern " "`}},
		{"requirement that is text", "fips: {require: [a]}\n", []string{`1:18: keys and values are wanted here, this is text`}},
		{"two logs of one name", "sumdb:\n  logs:\n    - gosumdb: sum.corp.example+063adbe3+AXgAzGrv9bJx9Zw9/PXCBGXzIiygKzbyYF/a0x6nlD7J\n      modules: [a]\n    - gosumdb: sum.corp.example+063adbe3+AXgAzGrv9bJx9Zw9/PXCBGXzIiygKzbyYF/a0x6nlD7J https://other.example\n      modules: [b]\n", []string{`5:16: two logs called sum.corp.example`}},
		{"malformed pattern", with("GOSUMDB", "'a[b'"), []string{`3:14: malformed pattern "a[b"`}},
		{"malformed pattern at the end", with("GOSUMDB", `'a\'`), []string{`3:14: malformed pattern`}},
		{"two documents", "fail_on: low\n---\nfail_on: high\n", []string{`2:1: more than one document`}},
		{"two empty documents", "---\n---\n", []string{`2:1: more than one document`}},
		{"a document after an empty one", "---\n---\nfail_on: low\n", []string{`2:1: more than one document`}},
		{"a document before an empty one", "fail_on: low\n---\n", []string{`2:1: more than one document`}},
		{"a document after the end", "fail_on: low\n...\nfail_on: high\n", []string{`3:1: more than one document`}},
		{"a document after an empty end", "---\n...\n---\nfail_on: low\n", []string{`3:1: more than one document`}},
		{"duplicate keys", "fail_on: low\nwaivers: []\nfail_on: high\nwaivers: []\n", []string{`3:1: duplicate key "fail_on", first in line 1`, `4:1: duplicate key "waivers", first in line 2`}},
		{"duplicate rule", "severities:\n  env/sumdb-off: low\n  \"env/sumdb-off\": high\n", []string{`3:3: duplicate key "env/sumdb-off", first in line 2`}},
		{"text for all", "hello\n", []string{`1:1: keys and values are wanted here, this is text`}},
		{"list for all", "[a]\n", []string{`1:1: keys and values are wanted here, this is a list`}},
		{"list for text", "fail_on: [low]\n", []string{`1:10: text is wanted here, this is a list`}},
		{"map for text", "fail_on: {a: b}\n", []string{`1:10: text is wanted here, this is keys and values`}},
		{"number for text", "allowlist:\n  contact: 13800138000\n", []string{`2:12: text is wanted here, this is a number: put it in quotes`}},
		{"boolean for text", "allowlist: {owner: true}\n", []string{`1:20: text is wanted here, this is a boolean: put it in quotes`}},
		{"not a number for text", "allowlist: {owner: .nan}\n", []string{`1:20: text is wanted here, this is a number: put it in quotes`}},
		{"text for list", "targets: {binaries: x}\n", []string{`1:21: a list is wanted here, this is text`}},
		{"map for list", "waivers: {a: b}\n", []string{`1:10: a list is wanted here, this is keys and values`}},
		{"list for map", "severities: [a]\n", []string{`1:13: keys and values are wanted here, this is a list`}},
		{"text for waiver", "waivers: [a]\n", []string{`1:11: keys and values are wanted here, this is text`}},
		{"things in a list", "targets: {endpoints: [1, a, null, [b]]}\n", []string{`1:23: text is wanted here, this is a number`, `1:29: empty entry in a list`, `1:35: text is wanted here, this is a list`}},
		{"key that is no text", "severities: {1: low}\n", []string{`1:14: a key must be text, this is a number`}},
		{"anchor", "targets:\n  binaries: &a [x]\n", []string{`2:13: anchors and aliases are not allowed in a policy`}},
		{"alias", "targets: *a\n", []string{`1:10: anchors and aliases are not allowed in a policy`}},
		{"merge key", "targets:\n  <<: x\n", []string{`2:3: merge keys are not allowed in a policy`}},
		{"tag", "fail_on: !!str low\n", []string{`1:10: tags are not allowed in a policy`}},
		{"complex key", "? fail_on\n: low\n", []string{`1:1: complex keys are not allowed in a policy`}},
		{"directive", "%YAML 1.2\n---\nfail_on: low\n", []string{`1:1: directives are not allowed in a policy`}},
		{"tab", "severities:\n\tenv/sumdb-off: low\n", []string{`2:1: found character '	' that cannot start any token`}},
		{"unclosed", "targets: {\n", []string{`1:10: `}},
		{"not UTF-8", "fail_on: \xff\n", []string{`0:0: not UTF-8 text`}},
		{"UTF-16", "\xff\xfef\x00", []string{`0:0: not UTF-8 text`}},
		{"CRLF keeps lines", "targets:\r\n  binaries: []\r\nfail_on: hihg\r\n", []string{`3:10: unknown severity "hihg": one of critical, high, medium, low, info ? high`}},
		{"byte order mark keeps columns", "\ufefffail_on: hihg\n", []string{`1:10: unknown severity "hihg": one of critical, high, medium, low, info ? high`}},
		{"columns are characters", "{allowlist: {owner: 李雷}, fail_on: hihg}\n", []string{`1:35: unknown severity "hihg": one of critical, high, medium, low, info ? high`}},
		{
			"all at once, in the order of the file", "waivers: 3\nfail_on: hi\nx: 1\nseverities: {nope: low}\n",
			[]string{`1:10: a list is wanted`, `2:10: unknown severity "hi"`, `3:1: unknown key "x"`, `4:14: unknown rule "nope"`},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p, err := ParsePolicy("dir/assay.yaml", []byte(tt.in), policyRules)
			if err == nil {
				t.Fatalf("accepted: %+v", p)
			}
			if p != nil {
				t.Error("a policy came with the error")
			}
			errs := policyErrors(t, err)
			for i, e := range errs {
				if e.File != "dir/assay.yaml" {
					t.Errorf("file %q", e.File)
				}
				got := fmt.Sprintf("%d:%d: %s", e.Line, e.Column, e.Message)
				if i >= len(tt.want) {
					t.Errorf("also: %s ? %s", got, e.Hint)
					continue
				}
				message, hint, _ := strings.Cut(tt.want[i], " ? ")
				if !strings.HasPrefix(got, message) || e.Hint != hint {
					t.Errorf("error %d:\n got %s ? %s\nwant %s", i, got, e.Hint, tt.want[i])
				}
			}
			if len(errs) < len(tt.want) {
				t.Errorf("%d errors, want %d", len(errs), len(tt.want))
			}
		})
	}
}

func TestPolicyErrorText(t *testing.T) {
	tests := []struct {
		e    PolicyError
		want string
	}{
		{PolicyError{File: "a.yaml", Line: 3, Column: 5, Message: "m"}, "a.yaml:3:5: m"},
		{PolicyError{File: "a.yaml", Line: 3, Message: "m"}, "a.yaml:3: m"},
		{PolicyError{File: "a.yaml", Message: "m", Hint: "h"}, "a.yaml: m"},
	}
	for _, tt := range tests {
		if got := tt.e.Error(); got != tt.want {
			t.Errorf("%q, want %q", got, tt.want)
		}
	}
}

// Nothing that a policy may hold takes more than memory and time in proportion
// to its size: bombs are refused before they are parsed.
func TestParsePolicyBounds(t *testing.T) {
	bomb := "a: &a [x, x]\n"
	for c := 'b'; c < 'z'; c++ {
		bomb += fmt.Sprintf("%c: &%c [*%c, *%c]\n", c, c, c-1, c-1)
	}
	tests := []struct{ name, in, want string }{
		{"too large", strings.Repeat("#", MaxPolicySize+1), "larger than"},
		{"aliases", bomb, "anchors and aliases are not allowed"},
		{"aliases in a second document", "fail_on: low\n---\n" + bomb, "more than one document"},
		{"brackets", strings.Repeat("[", MaxPolicySize), "nested too deeply"},
		{"closed brackets", strings.Repeat("[", 50_000) + strings.Repeat("]", 50_000), "nested too deeply"},
		{"braces", strings.Repeat("{a: ", MaxPolicySize/4), "nested too deeply"},
		{"dashes", strings.Repeat("- ", MaxPolicySize/2), "nested too deeply"},
		{"wrong entries", "targets: {binaries: [" + strings.Repeat("1,", MaxPolicySize/16) + "1]}", "this is a number"},
		{"unknown keys", unknownKeys(), "more than 1000 keys"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := ParsePolicy("p", []byte(tt.in), policyRules)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %.200v, want %q", err, tt.want)
			}
		})
	}
	t.Run("many waivers", func(t *testing.T) {
		head, one, _ := strings.Cut(goodWaiver, "\n")
		n := MaxPolicySize/len(one) - 1
		p, err := ParsePolicy("p", []byte(head+"\n"+strings.Repeat(one, n)), policyRules)
		if err != nil {
			t.Fatal(err)
		}
		if len(p.Waivers) != n || p.Waivers[n-1].Line != 2+5*(n-1) {
			t.Errorf("%d waivers, the last in line %d", len(p.Waivers), p.Waivers[len(p.Waivers)-1].Line)
		}
	})
}

func unknownKeys() string {
	var b strings.Builder
	for i := 0; b.Len() < MaxPolicySize/8; i++ {
		fmt.Fprintf(&b, "k%d: 1\n", i)
	}
	return b.String()
}

func FuzzParsePolicy(f *testing.F) {
	full, err := os.ReadFile("testdata/policy/full.yaml")
	if err != nil {
		f.Fatal(err)
	}
	for _, s := range []string{string(full), "", "fail_on: low\n", goodWaiver, "\ufeff---\n...\n", "a: &a [*a]", "{a: [", "? a\n: b\n", "- - - -", "\"\\x\"", "|\n  a", "a: >-\r\n\tb"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := ParsePolicy("p", data, policyRules)
		if (p == nil) == (err == nil) {
			t.Fatalf("policy %v, error %v", p, err)
		}
		for _, e := range policyErrors(t, err) {
			if e.File != "p" || e.Message == "" || e.Line < 0 || e.Column < 0 {
				t.Errorf("%+v", e)
			}
		}
		if err != nil {
			return
		}
		if !p.FailOn.Valid() {
			t.Errorf("threshold %q", p.FailOn)
		}
		for _, w := range p.Waivers {
			if blank(w.Rule) || blank(w.Subject) || blank(w.Reason) || blank(w.Owner) || w.Expires.IsZero() || w.Line == 0 {
				t.Errorf("incomplete waiver: %+v", w)
			}
		}
	})
}

// The decoder knows every type that a policy is made of.
func TestPolicyTypes(t *testing.T) {
	var walk func(reflect.Type)
	walk = func(typ reflect.Type) {
		switch {
		case typ == reflect.TypeFor[Date]() || typ.Kind() == reflect.String:
		case typ.Kind() == reflect.Slice || typ.Kind() == reflect.Map:
			walk(typ.Elem())
		case typ.Kind() == reflect.Struct:
			for i, name := range strictyaml.Keys(typ) {
				if name != "" {
					walk(typ.Field(i).Type)
				} else if typ.Field(i).Tag.Get("yaml") != "-" {
					t.Errorf("%s.%s has no key", typ, typ.Field(i).Name)
				}
			}
		default:
			t.Errorf("%s", typ)
		}
	}
	walk(reflect.TypeFor[Policy]())
	var pe *PolicyError
	if !errors.As(errors.Join(&PolicyError{}), &pe) {
		t.Error("a joined *PolicyError is not found")
	}
}
