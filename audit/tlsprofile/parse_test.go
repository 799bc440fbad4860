// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package tlsprofile

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// own is a profile of somebody's own, with all that there is.
const own = `id: our-servers
title: {en: Our servers}
source:
  document: Handbook of operations
  version: "3"
  date: 2026-01-31
  url: https://handbook.example.com/tls
clauses:
  - clause: "4.1"
    requirement: {en: New versions alone., zh: 仅使用新版本。}
    remedy: {en: Switch the others off.}
    level: shall
    condition:
      versions: {one_of: [TLS 1.3, TLS 1.2], forbidden: [TLS 1.1]}
  - clause: "4.1"
    part: suites
    source: {document: Another}
    requirement:
      en: |
        Forward secrecy.
    remedy: {zh: 使用 ECDHE。}
    level: should
    severity: low
    from: 2026-01-01
    until: 2031-12-31
    when:
      versions: {one_of: [TLS 1.2]}
    condition:
      suites: {in: [TLS 1.2], forbidden: {weaknesses: [no-forward-secrecy], strength_below: 128}}
      certificates: {whole_chain: true, keys: [{type: RSA, bits: 3072}, {type: ECDSA, curves: [P-256]}]}
      session: {compression: not-offered}
  - clause: "4.2"
    requirement: {en: Keys are kept safe.}
    remedy: {en: Use a module.}
    level: shall
    manual: true
`

// replace changes the profile; what is to be changed stands in it once.
func replace(from, to string) string {
	if strings.Count(own, from) != 1 {
		panic("not once: " + from)
	}
	return strings.Replace(own, from, to, 1)
}

func TestParse(t *testing.T) {
	p, err := Parse([]byte("\ufeff" + own))
	if err != nil {
		t.Fatal(err)
	}
	if p.Source.Date.String() != "2026-01-31 00:00:00 +0000 UTC" || p.Clauses[1].ID() != "4.1 (suites)" || p.Clauses[1].Source.Document != "Another" ||
		p.Clauses[0].Severity != High || p.Clauses[1].Severity != Low || !p.Clauses[2].Manual {
		t.Errorf("%+v", p)
	}
	if text, err := p.Source.Date.MarshalText(); string(text) != "2026-01-31" || err != nil {
		t.Errorf("%s %v", text, err)
	}
}

func TestParseMistakes(t *testing.T) {
	tests := []struct {
		in   string
		want string
	}{
		{"", "empty profile"},
		{"# nothing\n", "empty profile"},
		{"text", "1:1: keys and values are wanted here, this is text"},
		{"\xff", "not UTF-8 text"},
		{strings.Repeat(" ", MaxSize+1), "larger than 262144 bytes"},
		{"a: b: c", "1:4: mapping value is not allowed in this context"},
		{own + "---\n", "37:1: more than one document"},
		{replace("title: {en: Our servers}", "title: &t {en: Our servers}"), "2:8: anchors and aliases are not allowed in a profile"},
		{replace("title: {en: Our servers}", "title: !!map {en: Our servers}"), "2:8: tags are not allowed in a profile"},
		{"id: " + strings.Repeat("[", 20), "1:21: nested too deeply"},
		{"id: a", "1:1: title is missing\n1:1: document is missing\n1:1: profile without clauses"},
		{replace("our-servers", "Our Servers"), `1:5: malformed id "Our Servers": lower-case letters, digits, dots and dashes`},
		{replace("id: our-servers", "id: our-servers\nid: twice"), `2:1: duplicate key "id", first in line 1`},
		{replace("id: our-servers", "id: 3"), "1:5: text is wanted here, this is a number: put it in quotes"},
		{replace("id: our-servers", "id:"), "1:4: text is wanted here, this is nothing"},
		{replace("id: our-servers", "id: our-servers\n5: a"), "2:1: a key must be text, this is a number"},
		{replace("title: {en: Our servers}", "title: {de: Unsere}"), "2:8: title is missing\n2:9: unknown key \"de\""},
		{replace("title: {en: Our servers}", "title: {en: ' '}"), "2:8: title is missing"},
		{replace("title: {en: Our servers}", "title: Ours"), "2:8: keys and values are wanted here, this is text"},
		{replace("date: 2026-01-31", "date: 2026-02-30"), `6:9: malformed date "2026-02-30": a day such as 2006-01-02`},
		{replace("url: https://handbook.example.com/tls", "url: handbook"), `7:8: malformed URL "handbook"`},
		{replace("clause: \"4.2\"", "clause: \"4.1\""), "32:13: clause 4.1 twice: tell them apart by part"},
		{replace("clause: \"4.2\"", "part: x"), "32:5: clause is missing"},
		{replace("    manual: true\n", ""), "32:5: clause without condition: if no probe can see it, it is manual"},
		{replace("manual: true", "manual: yes"), "36:13: true or false is wanted here, this is text"},
		{replace("manual: true", "manual: true\n    condition: {client_auth: [none]}"), "36:13: a clause with a condition is not manual"},
		{replace("severity: low", "severity: worst"), `23:15: unknown severity "worst": one of high, low, medium`},
		{replace("level: should", "level: may"), `22:12: unknown level "may": one of shall, should`},
		{replace("    level: should\n", ""), "15:5: level is missing"},
		{replace("until: 2031-12-31", "until: 2025-12-31"), "25:12: until is before from"},
		{replace("[TLS 1.3, TLS 1.2]", "[TLS 1.4]"), `14:27: unknown version "TLS 1.4": one of SSL 2.0, SSL 3.0, TLCP 1.1, TLS 1.0, TLS 1.1, TLS 1.2, TLS 1.3`},
		{replace("{in: [TLS 1.2], ", "{in: [TLS 9], "), `29:21: unknown version "TLS 9"`},
		{replace("{in: [TLS 1.2], ", "{in: [], "), "29:20: empty list"},
		{replace("{in: [TLS 1.2], ", "{in: TLS 1.2, "), "29:20: a list is wanted here, this is text"},
		{replace("[no-forward-secrecy]", "[slow]"), `29:56: unknown weakness "slow": one of 3des, 64-bit-block, anonymous, cbc, des, export, md5, no-forward-secrecy, null, rc4, sha1-mac, truncated-tag, unregistered`},
		{replace("strength_below: 128", "strength_below: 0"), "29:93: a number from 1 to 1048576 is wanted here"},
		{replace("strength_below: 128", "strength_below: -5"), "29:93: a number from 1 to 1048576 is wanted here"},
		{replace("strength_below: 128", "strength_below: '128'"), "29:93: a whole number is wanted here, this is text"},
		{replace("strength_below: 128", "ciphers: [AES]"), `29:87: unknown cipher "AES"`},
		{replace("strength_below: 128", "key_exchange: [EC]"), `29:92: unknown key exchange "EC": one of DH, DHE, DHE_PSK, ECC, ECCPWD, ECDH, ECDHE, ECDHE_PSK, GOST, IBC, IBSDH, KRB5, PSK, RSA, RSA_PSK, SRP, any, none`},
		{replace("strength_below: 128", "authentication: [AES]"), `29:94: unknown authentication "AES": one of DSS, ECCPWD, ECDSA, GOST, KRB5, PSK, RSA, SM2, SM9, SRP, none`},
		{replace("{compression: not-offered}", "{compression: none}"), `31:30: unknown state "none": one of not-offered, offered`},
		{replace("{compression: not-offered}", "{}"), "31:16: nothing is demanded"},
		{replace("{compression: not-offered}", "{heartbeat: offered}"), `31:17: unknown key "heartbeat"`},
		{replace("{type: RSA, bits: 3072}", "{bits: 3072}"), "30:48: type is missing"},
		{replace("{type: RSA, bits: 3072}", "{type: DSA}"), `30:55: unknown key type "DSA": one of ECDSA, Ed25519, RSA, SM2`},
		{replace("curves: [P-256]", "curves: [P-255]"), `30:96: unknown curve "P-255": one of P-224, P-256, P-384, P-521, sm2p256v1`},
		{replace("whole_chain: true, keys: [{type: RSA, bits: 3072}, {type: ECDSA, curves: [P-256]}]", "whole_chain: true"), "30:21: nothing is demanded"},
		{replace("whole_chain: true", "signatures: [MD4-RSA]"), `30:35: unknown signature "MD4-RSA": one of DSA-SHA1, DSA-SHA256, ECDSA-SHA1, ECDSA-SHA256, ECDSA-SHA384, ECDSA-SHA512, Ed25519, MD5-RSA, SHA1-RSA, SHA256-RSA, SHA256-RSAPSS, SHA384-RSA, SHA384-RSAPSS, SHA512-RSA, SHA512-RSAPSS, SM2-SM3`},
		{replace("whole_chain: true", "staple: never"), `30:30: unknown staple "never": one of always, where-possible`},
		{replace("whole_chain: true", "status: bad"), `30:30: unknown status "bad": one of good`},
		{replace("{one_of: [TLS 1.2]}", "{in: [TLS 1.2], one_of: [TLS 1.2]}"), "27:22: versions are not of a version"},
		{replace("{one_of: [TLS 1.2]}", "{}"), "27:17: nothing is demanded"},
		{replace("versions: {one_of: [TLS 1.2]}", "groups: {in: [TLS 1.2]}"), "27:15: nothing is demanded"},
		{replace("versions: {one_of: [TLS 1.2]}", "suites: {in: [TLS 1.2]}"), "27:15: nothing is demanded"},
		{replace("versions: {one_of: [TLS 1.2]}", "suites: {in: [TLS 1.2], forbidden: {}}"), "27:42: nothing is demanded"},
		{replace("versions: {one_of: [TLS 1.2]}", "groups: {required: [P-256]}"), `27:27: unknown group "P-256"`},
		{replace("versions: {one_of: [TLS 1.2]}", "groups: {allowed: ['']}"), `27:26: unknown group ""`},
		{replace("versions: {one_of: [TLS 1.2]}", "signature_algorithms: {forbidden: [rsa]}"), `27:42: unknown signature algorithm "rsa"`},
		{replace("versions: {one_of: [TLS 1.2]}", "suites: {allowed: [ECDHE-RSA-AES128-GCM-SHA256]}"), `27:26: unknown suite "ECDHE-RSA-AES128-GCM-SHA256"`},
		{replace("versions: {one_of: [TLS 1.2]}", "preference: mine"), `27:19: unknown preference "mine": one of client, server`},
		{replace("versions: {one_of: [TLS 1.2]}", "preference: ''"), "27:7: nothing is demanded"},
		{replace("versions: {one_of: [TLS 1.2]}", "client_auth: [maybe]"), `27:21: unknown state "maybe": one of none, optional, required, required-in-http`},
		{replace("versions: {one_of: [TLS 1.2]}", "plaintext_passwords: offered"), `27:28: unknown state "offered": one of not-offered`},
		{replace("clauses:\n", "clauses:\n  -\n"), "9:4: keys and values are wanted here, this is nothing"},
		{"id: a\ntitle: {en: a}\nsource: {document: a}\nclauses: []", "4:10: empty list"},
		{replace("our-servers", "A") + "more: 1\n", "1:5: malformed id \"A\": lower-case letters, digits, dots and dashes\n37:1: unknown key \"more\""},
	}
	for _, tt := range tests {
		p, err := Parse([]byte(tt.in))
		if err == nil || p != nil {
			t.Errorf("no error, want %s", tt.want)
			continue
		}
		if diff := cmp.Diff(tt.want, err.Error()); diff != "" {
			t.Errorf("%s", diff)
		}
		if _, ok := errors.AsType[*ParseError](err); !ok {
			t.Errorf("%T is no ParseError", err)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(own)
	for _, id := range IDs() {
		data, err := builtIn.ReadFile("profiles/" + id + ".yaml")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(data))
	}
	f.Fuzz(func(t *testing.T, in string) {
		p, err := Parse([]byte(in))
		if (p == nil) == (err == nil) {
			t.Fatal("neither a profile nor an error, or both")
		}
		if err == nil {
			for _, v := range Evaluate(p, newEndpoint().Result, today) {
				if v.Outcome == "" {
					t.Error("a clause without an outcome")
				}
			}
		}
	})
}

// The example of the documentation is a profile, and its table has all that are built in.
func TestDocumentation(t *testing.T) {
	text, err := os.ReadFile("../../docs/tls-profiles.md")
	if err != nil {
		t.Fatal(err)
	}
	_, example, _ := strings.Cut(string(text), "```yaml\n")
	example, _, _ = strings.Cut(example, "```")
	if _, err := Parse([]byte(example)); err != nil {
		t.Error(err)
	}
	for _, id := range IDs() {
		if !strings.Contains(string(text), "\n| `"+id+"` |") {
			t.Errorf("%s is not documented", id)
		}
	}
	for weakness := range weaknesses {
		if !strings.Contains(string(text), "`"+weakness+"`") {
			t.Errorf("%s is not documented", weakness)
		}
	}
}
