// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package tlsprofile

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/goassay/assay/audit/tlsprobe"
)

// profileOf is a profile of one clause, whose other keys are given.
func profileOf(t *testing.T, keys string) *Profile {
	t.Helper()
	p, err := Parse([]byte(`{id: own, title: {en: Own}, source: {document: Ours}, clauses: [{clause: "1", requirement: {en: a}, remedy: {en: b}, level: shall, ` + keys + `}]}`))
	if err != nil {
		t.Fatalf("%s: %v", keys, err)
	}
	return p
}

// enforced is a server that asks for a client's certificate, and does without in TLS.
func enforced(where tlsprobe.Enforcement) func(endpoint) {
	return func(e endpoint) { e.ClientAuth = tlsprobe.ClientAuth{State: tlsprobe.AuthOptional, Enforced: where} }
}

func TestConditions(t *testing.T) {
	type change = func(endpoint)
	as := func(endpoint) {}
	// clear is an endpoint that speaks something else, and answers no hello with a refusal.
	clear := func(p tlsprobe.Plaintext) change {
		return func(e endpoint) {
			for _, v := range tlsprobe.Versions {
				e.lost(v)
			}
			e.Plaintext, e.Certificates = &p, nil
			e.groups().group("ffdhe2048", unknown).group("x25519", unknown)
		}
	}
	tests := []struct {
		condition string
		change    change
		want      string // outcome, then what was seen, then what is unknown
	}{
		{"versions: {required: [TLS 1.3]}", as, "met [version TLS 1.3] []"},
		{"versions: {required: [TLS 1.3, TLS 1.1]}", as, "gap [version TLS 1.1 not-offered] []"},
		{"versions: {one_of: [TLS 1.1, TLS 1.2]}", as, "met [version TLS 1.2] []"},
		{"versions: {one_of: [TLS 1.1, TLS 1.0]}", as, "gap [version TLS 1.1 not-offered version TLS 1.0 not-offered] []"},
		{"versions: {one_of: [TLS 1.1, TLS 1.0]}", func(e endpoint) { e.lost(tlsprobe.TLS10) }, "unknown [] [version TLS 1.0 unknown]"},
		{"versions: {allowed: [TLS 1.3]}", as, "gap [version TLS 1.2] []"},
		{"versions: {allowed: [TLS 1.3, TLS 1.2]}", func(e endpoint) { e.lost(tlsprobe.SSL3) }, "unknown [] [version SSL 3.0 unknown]"},
		{"versions: {allowed: [TLS 1.3, TLS 1.2, SSL 3.0]}", func(e endpoint) { e.lost(tlsprobe.SSL3) }, "met [version TLS 1.3 version TLS 1.2] []"},
		{"versions: {forbidden: [SSL 3.0]}", func(e endpoint) { e.lost(tlsprobe.SSL3) }, "unknown [] [version SSL 3.0 unknown]"},
		{"versions: {forbidden: [SSL 3.0]}", withoutTLS, "not-applicable [] []"},
		{"versions: {required: [TLS 1.3], forbidden: [SSL 3.0]}", as, "met [version TLS 1.3 version TLS 1.2] []"},
		{"versions: {required: [TLS 1.1], forbidden: [TLS 1.2]}", as, "gap [version TLS 1.1 not-offered version TLS 1.2] []"},

		{"suites: {in: [TLS 1.3], required: [TLS_AES_128_GCM_SHA256]}", as, "met [suite TLS 1.3 TLS_AES_128_GCM_SHA256] []"},
		{"suites: {in: [TLS 1.2], required: [TLS_AES_128_GCM_SHA256]}", as, "gap [suite TLS_AES_128_GCM_SHA256 not-offered] []"},
		{"suites: {one_of: [TLS_AES_128_CCM_SHA256]}", func(e endpoint) { e.undecided(tlsprobe.TLS13, "TLS_AES_128_CCM_SHA256") }, "unknown [] [suite TLS 1.3 TLS_AES_128_CCM_SHA256 unknown]"},
		{"suites: {one_of: [TLS_AES_128_CCM_SHA256]}", func(e endpoint) { e.lost(tlsprobe.TLS13) }, "unknown [] [version TLS 1.3 unknown]"},
		{"suites: {in: [TLS 1.3], allowed: [TLS_AES_128_GCM_SHA256, TLS_AES_256_GCM_SHA384]}", func(e endpoint) { e.undecided(tlsprobe.TLS13, "TLS_AES_128_CCM_SHA256") },
			"unknown [] [suite TLS 1.3 TLS_AES_128_CCM_SHA256 unknown]"},
		{"suites: {in: [TLS 1.1], allowed: [TLS_AES_128_GCM_SHA256]}", as, "not-applicable [] []"},
		{"suites: {forbidden: {weaknesses: [cbc]}}", func(e endpoint) { e.undecided(tlsprobe.TLS12, "TLS_RSA_WITH_AES_128_CBC_SHA") }, "unknown [] [suite TLS 1.2 TLS_RSA_WITH_AES_128_CBC_SHA unknown]"},
		{"suites: {forbidden: {weaknesses: [cbc]}}", takes(tlsprobe.TLS12, "TLS_RSA_WITH_AES_128_CBC_SHA"), "gap [suite TLS 1.2 TLS_RSA_WITH_AES_128_CBC_SHA] []"},
		{"suites: {forbidden: {key_exchange: [RSA]}}", takes(tlsprobe.TLS12, "TLS_RSA_WITH_AES_128_CBC_SHA"), "gap [suite TLS 1.2 TLS_RSA_WITH_AES_128_CBC_SHA] []"},
		{"suites: {forbidden: {authentication: [PSK]}}", takes(tlsprobe.TLS12, "TLS_PSK_WITH_AES_128_CBC_SHA"), "gap [suite TLS 1.2 TLS_PSK_WITH_AES_128_CBC_SHA] []"},
		{"suites: {forbidden: {ciphers: [AES_128_CBC]}}", takes(tlsprobe.TLS12, "TLS_PSK_WITH_AES_128_CBC_SHA"), "gap [suite TLS 1.2 TLS_PSK_WITH_AES_128_CBC_SHA] []"},
		{"suites: {in: [TLS 1.3], forbidden: {strength_below: 256}}", as, "gap [suite TLS 1.3 TLS_AES_128_GCM_SHA256] []"},
		{"suites: {in: [TLS 1.3], forbidden: {weaknesses: [unregistered]}}", func(e endpoint) {
			e.protocol(tlsprobe.TLS13).Suites = []tlsprobe.Suite{tlsprobe.SuiteOf(0x1F1F)}
		}, "gap [suite TLS 1.3 0x1F1F] []"},
		{"suites: {in: [TLS 1.3], one_of: [TLS_AES_128_GCM_SHA256], forbidden: {strength_below: 128}}", as,
			"met [suite TLS 1.3 TLS_AES_128_GCM_SHA256 suite TLS 1.3 TLS_AES_256_GCM_SHA384] []"},

		{"groups: {required: [X25519MLKEM768]}", as, "met [group X25519MLKEM768] []"},
		{"groups: {in: [TLS 1.2], required: [X25519MLKEM768]}", as, "gap [group X25519MLKEM768 not-offered] []"},
		{"groups: {in: [TLS 1.2], allowed: [x25519, secp256r1, secp384r1]}", func(e endpoint) { e.group("MLKEM512", unknown) }, "met [group x25519 group secp256r1 group secp384r1] []"},
		{"groups: {in: [TLS 1.2], allowed: [x25519, secp256r1, secp384r1]}", func(e endpoint) { e.group("x448", unknown) }, "unknown [] [group x448 unknown]"},
		{"groups: {in: [TLS 1.1], allowed: [x25519]}", func(e endpoint) { e.group("x448", unknown) }, "not-applicable [] []"},
		{"groups: {forbidden: [x448]}", func(e endpoint) { e.group("x448", notOffered) }, "met [group X25519MLKEM768 group x25519 group secp256r1 group secp384r1] []"},
		{"groups: {allowed: [x448]}", func(e endpoint) {
			e.Groups = []tlsprobe.Group{{ID: 0x1F1F, State: offered, Versions: []tlsprobe.Version{tlsprobe.TLS13}}}
		}, "gap [group 0x1F1F] []"},

		{"signature_algorithms: {allowed: [ecdsa_secp256r1_sha256]}", as, "met [signature-algorithm ecdsa_secp256r1_sha256] []"},
		{"signature_algorithms: {forbidden: [ecdsa_sha1]}", func(e endpoint) { e.signs("ecdsa_sha1", unknown) }, "unknown [] [signature-algorithm ecdsa_sha1 unknown]"},
		{"signature_algorithms: {in: [TLS 1.2], required: [ecdsa_secp384r1_sha384]}", as, "gap [signature-algorithm ecdsa_secp384r1_sha384 not-offered] []"},
		{"signature_algorithms: {allowed: [ecdsa_secp384r1_sha384]}", func(e endpoint) {
			e.SignatureAlgorithms = []tlsprobe.SignatureAlgorithm{{ID: 0x1F1F, State: offered, Versions: []tlsprobe.Version{tlsprobe.TLS13}}}
		}, "gap [signature-algorithm 0x1F1F] []"},

		{"finite_field_bits: 2048", as, "not-applicable [] []"},
		{"finite_field_bits: 2048", takes(tlsprobe.TLS12, "TLS_DHE_RSA_WITH_AES_128_CBC_SHA"), "unknown [] [finite-field TLS 1.2 TLS_DHE_RSA_WITH_AES_128_CBC_SHA unknown]"},
		{"finite_field_bits: 2048", takes(tlsprobe.TLS12, "TLS_DH_anon_WITH_AES_128_CBC_SHA"), "unknown [] [finite-field TLS 1.2 TLS_DH_anon_WITH_AES_128_CBC_SHA unknown]"},
		{"finite_field_bits: 2048", func(e endpoint) { e.group("ffdhe2048", offered, tlsprobe.TLS13) }, "met [finite-field 2048 ffdhe2048] []"},
		{"finite_field_bits: 3072", func(e endpoint) { e.group("ffdhe2048", offered, tlsprobe.TLS13) }, "gap [finite-field 2048 ffdhe2048] []"},
		{"finite_field_bits: 3072", func(e endpoint) { e.group("ffdhe2048", unknown) }, "unknown [] [finite-field 2048 ffdhe2048 unknown]"},
		{"finite_field_bits: 2048", func(e endpoint) {
			e.Session.FiniteFields = []tlsprobe.FiniteField{{Bits: 1024}, {Bits: 1024, Export: true}}
		}, "gap [finite-field 1024] []"},

		{"preference: server", as, "gap [preference TLS 1.3 client preference TLS 1.2 client] []"},
		{"preference: client", func(e endpoint) { e.protocol(tlsprobe.TLS12).Preference = "" }, "unknown [] [preference TLS 1.2 unknown]"},
		{"preference: client", func(e endpoint) { e.version(tlsprobe.TLS12, "TLS_RSA_WITH_AES_128_CBC_SHA") }, "met [preference TLS 1.3 client] []"},
		{"preference: client", withoutTLS, "not-applicable [] []"},

		{"certificates: {current: true}", as, "met [validity sha256:leaf 2027-02-15T12:00:00Z] []"},
		{"certificates: {current: true, whole_chain: true}", as, "met [validity sha256:leaf 2027-02-15T12:00:00Z validity sha256:above 2030-11-27T12:00:00Z] []"},
		{"certificates: {current: true}", of(func(c *tlsprobe.Certificate) { c.NotBefore = today.AddDate(0, 0, 1) }), "gap [validity sha256:leaf 2026-11-28T12:00:00Z] []"},
		{"certificates: {trusted: true}", as, "met [trust sha256:leaf] []"},
		{"certificates: {trusted: true}", func(e endpoint) { e.Trust[0] = tlsprobe.Untrusted }, "gap [trust sha256:leaf not-offered] []"},
		{"certificates: {trusted: true}", func(e endpoint) { e.Trust[0] = tlsprobe.TrustUnknown }, "unknown [] [trust sha256:leaf unknown]"},
		{"certificates: {trusted: true, current: true}", func(e endpoint) { e.Result.Trust = nil }, "unknown [] [trust sha256:leaf unknown]"},
		{"certificates: {max_days: 89}", as, "gap [lifetime sha256:leaf 90] []"},
		{"certificates: {keys: [{type: SM2}]}", of(func(c *tlsprobe.Certificate) { c.Unreadable = "unknown curve" }), "unknown [] [certificate sha256:leaf unknown]"},
		{"certificates: {keys: [{type: RSA}]}", of(func(c *tlsprobe.Certificate) { c.Key = tlsprobe.Key{Type: "RSA", Bits: 2048} }), "met [key sha256:leaf RSA 2048] []"},
		{"certificates: {keys: [{type: RSA}]}", of(func(c *tlsprobe.Certificate) { c.Key = tlsprobe.Key{Type: "1.2.3"} }), "gap [key sha256:leaf 1.2.3] []"},
		{"certificates: {keys: [{type: RSA}]}", func(e endpoint) { e.Certificates = nil }, "unknown [] [certificate unknown]"},
		{"certificates: {keys: [{type: ECDSA}]}", func(e endpoint) { e.lost(tlsprobe.SSL2) }, "unknown [] [version SSL 2.0 unknown]"},
		{"certificates: {keys: [{type: RSA}]}", func(e endpoint) { e.lost(tlsprobe.SSL2) }, "gap [key sha256:leaf ECDSA P-256] []"},
		{"certificates: {keys: [{type: RSA}]}", func(e endpoint) { withoutTLS(e); e.Certificates = nil }, "not-applicable [] []"},
		{"certificates: {keys: [{type: ECDSA}]}", func(e endpoint) { e.SNI, e.Certificates[0].SNI, e.Certificates = "", "192.0.2.1", e.Certificates[:1] }, "met [key sha256:leaf ECDSA P-256] []"},
		{"certificates: {ocsp_responder: true}", as, "met [ocsp-responder sha256:leaf http://ocsp.example.com] []"},
		{"certificates: {ocsp_responder: true}", of(func(c *tlsprobe.Certificate) { c.OCSPServers = nil }), "gap [ocsp-responder sha256:leaf not-offered] []"},
		{"certificates: {staple: always}", as, "met [staple sha256:leaf good] []"},
		{"certificates: {staple: always}", func(e endpoint) { e.OCSP = nil }, "met [staple sha256:leaf] []"},
		{"certificates: {staple: always}", noStaple, "gap [staple sha256:leaf not-offered] []"},
		{"certificates: {staple: where-possible}", noStaple, "gap [staple sha256:leaf not-offered] []"},
		{"certificates: {staple: where-possible}", of(func(c *tlsprobe.Certificate) { c.OCSPServers = nil }), "not-applicable [] []"},
		{"certificates: {status: good}", as, "met [staple sha256:leaf good] []"},
		{"certificates: {status: good}", func(e endpoint) { e.OCSP[0].Status = "revoked" }, "gap [staple sha256:leaf revoked] []"},
		{"certificates: {status: good}", noStaple, "unknown [] [staple sha256:leaf unknown]"},
		{"certificates: {status: good}", func(e endpoint) { e.OCSP[0].Verified = unknown }, "unknown [] [staple sha256:leaf unknown]"},
		{"certificates: {status: good}", func(e endpoint) { e.OCSP[0].Verified = notOffered }, "unknown [] [staple sha256:leaf unknown]"},
		{"certificates: {status: good}", func(e endpoint) { e.OCSP[0].NextUpdate = today.Add(-time.Second) }, "unknown [] [staple sha256:leaf unknown]"},

		{"session: {extended_master_secret: offered}", as, "met [session extended_master_secret] []"},
		{"session: {extended_master_secret: offered}", noMaster, "gap [session extended_master_secret not-offered] []"},
		{"session: {extended_master_secret: offered}", func(e endpoint) { e.Session.ExtendedMasterSecret = unknown }, "unknown [] [session extended_master_secret unknown]"},
		{"session: {extended_master_secret: offered}", func(e endpoint) { e.lost(tlsprobe.TLS10) }, "unknown [] [version TLS 1.0 unknown]"},
		{"session: {extended_master_secret: offered}", func(e endpoint) { e.version(tlsprobe.TLS12) }, "not-applicable [] []"},
		{"session: {secure_renegotiation: offered, compression: not-offered}", as, "met [session secure_renegotiation session compression not-offered] []"},
		{"session: {encrypt_then_mac: offered}", as, "not-applicable [] []"},
		{"session: {encrypt_then_mac: offered}", takes(tlsprobe.TLS12, "TLS_RSA_WITH_AES_128_CBC_SHA"), "gap [session encrypt_then_mac not-offered] []"},
		{"session: {encrypt_then_mac: offered}", func(e endpoint) { e.undecided(tlsprobe.TLS12, "TLS_RSA_WITH_AES_128_CBC_SHA") }, "unknown [] [session encrypt_then_mac unknown]"},
		{"session: {encrypt_then_mac: offered}", func(e endpoint) { e.lost(tlsprobe.TLS11) }, "unknown [] [session encrypt_then_mac unknown]"},
		{"session: {early_data: not-offered}", func(e endpoint) { e.Session.EarlyData = "" }, "unknown [] [session early_data unknown]"},
		{"session: {fallback_scsv: offered}", func(e endpoint) { e.Session.FallbackSCSV = notOffered }, "gap [session fallback_scsv not-offered] []"},
		{"session: {fallback_scsv: offered}", func(e endpoint) { e.version(tlsprobe.TLS12).Session.FallbackSCSV = "" }, "not-applicable [] []"},
		{"session: {fallback_scsv: offered}", func(e endpoint) { e.lost(tlsprobe.TLS12).Session.FallbackSCSV = notOffered }, "unknown [] [session fallback_scsv unknown]"},

		{"client_auth: [none]", as, "met [client-auth none] []"},
		{"client_auth: [required, optional]", as, "gap [client-auth none] []"},
		{"client_auth: [none]", func(e endpoint) { e.ClientAuth.State = tlsprobe.AuthUnknown }, "unknown [] [client-auth unknown unknown]"},
		{"client_auth: [required]", enforced(tlsprobe.EnforcedHTTP), "gap [client-auth required-in-http] []"},
		{"client_auth: [required, required-in-http]", enforced(tlsprobe.EnforcedHTTP), "met [client-auth required-in-http] []"},
		{"client_auth: [optional]", enforced(tlsprobe.EnforcedHTTP), "gap [client-auth required-in-http] []"},
		{"client_auth: [optional]", enforced(tlsprobe.EnforcedNowhere), "met [client-auth optional] []"},
		{"client_auth: [required, required-in-http]", enforced(tlsprobe.EnforcedNowhere), "gap [client-auth optional] []"},
		{"client_auth: [required, required-in-http]", enforced(tlsprobe.EnforcedUnknown), "unknown [] [client-auth optional unknown]"},
		{"client_auth: [optional]", enforced(tlsprobe.EnforcedUnknown), "unknown [] [client-auth optional unknown]"},
		{"client_auth: [optional, required-in-http]", enforced(tlsprobe.EnforcedUnknown), "met [client-auth optional] []"},
		{"client_auth: [required]", enforced(tlsprobe.EnforcedUnknown), "gap [client-auth optional] []"},
		{"client_auth: [none]", withoutTLS, "not-applicable [] []"},

		{"plaintext_passwords: not-offered", as, "met [plaintext-passwords not-offered] []"},
		{"plaintext_passwords: not-offered", withoutTLS, "unknown [] [plaintext-passwords unknown]"},
		{"plaintext_passwords: not-offered", func(e endpoint) { e.Plaintext = &tlsprobe.Plaintext{Protocol: "smtp"} }, "met [plaintext-passwords smtp not-offered] []"},
		{"plaintext_passwords: not-offered", func(e endpoint) { e.Plaintext = &tlsprobe.Plaintext{Protocol: "smtp", Auth: true} }, "gap [plaintext-passwords smtp] []"},
		{"plaintext_passwords: not-offered", clear(tlsprobe.Plaintext{Protocol: "telnet"}), "unknown [] [plaintext-passwords telnet unknown]"},
		{"plaintext_passwords: not-offered", func(e endpoint) { e.Plaintext = &tlsprobe.Plaintext{Protocol: "ftp", StartTLS: offered} }, "unknown [] [plaintext-passwords ftp unknown]"},
		{"plaintext_passwords: not-offered", clear(tlsprobe.Plaintext{Protocol: "smtp", StartTLS: unknown}), "unknown [] [plaintext-passwords smtp unknown]"},
		{"plaintext_passwords: not-offered", clear(tlsprobe.Plaintext{Protocol: "unknown"}), "unknown [] [plaintext-passwords unknown unknown]"},

		{"versions: {required: [TLS 1.3]}", clear(tlsprobe.Plaintext{Protocol: "telnet"}), "gap [version TLS 1.3 not-offered] []"},
		{"versions: {required: [TLS 1.3]}", clear(tlsprobe.Plaintext{Protocol: "ftp", StartTLS: notOffered}), "gap [version TLS 1.3 not-offered] []"},
		{"versions: {required: [TLS 1.3]}", clear(tlsprobe.Plaintext{Protocol: "unknown"}), "unknown [] [version TLS 1.3 unknown]"},
		{"versions: {required: [TLS 1.3]}", clear(tlsprobe.Plaintext{Protocol: "http", Redirect: "https://service.test/"}), "unknown [] [version TLS 1.3 unknown]"},
		{"versions: {required: [TLS 1.3]}", func(e endpoint) {
			clear(tlsprobe.Plaintext{Protocol: "http"})(e)
			e.version(tlsprobe.TLS12, "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256")
		}, "unknown [] [version TLS 1.3 unknown]"},
		{"finite_field_bits: 2048", clear(tlsprobe.Plaintext{Protocol: "telnet"}), "not-applicable [] []"},

		{"versions: {required: [TLS 1.1]}, client_auth: [required]", as, "gap [version TLS 1.1 not-offered client-auth none] []"},
		{"versions: {required: [TLS 1.3]}, finite_field_bits: 2048", as, "met [version TLS 1.3] []"},
		{"versions: {required: [TLS 1.3]}, certificates: {status: good}", noStaple, "unknown [] [staple sha256:leaf unknown]"},
	}
	for _, tt := range tests {
		e := good()
		tt.change(e)
		v := Evaluate(profileOf(t, "condition: {"+tt.condition+"}"), e.Result, today)[0]
		if diff := cmp.Diff(tt.want, fmt.Sprint(v.Outcome, " ", v.Seen, " ", v.Unknown)); diff != "" {
			t.Errorf("%s: %s", tt.condition, diff)
		}
	}
}

func TestClauseInForce(t *testing.T) {
	day := func(s string) time.Time {
		d, err := time.Parse(time.RFC3339, s)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	tests := []struct {
		keys string
		at   string
		want Outcome
	}{
		{"from: 2026-03-01, until: 2026-03-31", "2026-02-28T23:59:59Z", NotApplicable},
		{"from: 2026-03-01, until: 2026-03-31", "2026-03-01T00:00:00Z", Gap},
		{"from: 2026-03-01, until: 2026-03-31", "2026-03-31T23:59:59Z", Gap},
		{"from: 2026-03-01, until: 2026-03-31", "2026-04-01T00:00:00Z", NotApplicable},
		{"until: 2026-03-31", "2026-04-01T07:59:59+08:00", Gap}, // it is March, in UTC
		{"when: {versions: {one_of: [TLS 1.2]}}", "2026-03-01T00:00:00Z", Gap},
		{"when: {versions: {one_of: [TLS 1.1]}}", "2026-03-01T00:00:00Z", NotApplicable},
		{"when: {versions: {one_of: [SSL 2.0]}}", "2026-03-01T00:00:00Z", Unknown},
		{"when: {suites: {in: [TLS 1.1], allowed: [TLS_AES_128_GCM_SHA256]}}", "2026-03-01T00:00:00Z", NotApplicable},
	}
	for _, tt := range tests {
		e := good().lost(tlsprobe.SSL2)
		v := Evaluate(profileOf(t, tt.keys+", condition: {client_auth: [required]}"), e.Result, day(tt.at))[0]
		if v.Outcome != tt.want || tt.want == Unknown && v.Unknown[0].Value != "SSL 2.0" {
			t.Errorf("%s at %s: %s %v", tt.keys, tt.at, v.Outcome, v.Unknown)
		}
	}
	for keys, want := range map[string]Outcome{
		"manual: true": Manual,
		"manual: true, when: {versions: {one_of: [TLS 1.1]}}":                                 NotApplicable,
		"when: {versions: {one_of: [SSL 2.0]}}, condition: {versions: {required: [TLS 1.3]}}": Met, // whether it applies or not
	} {
		if v := Evaluate(profileOf(t, keys), good().lost(tlsprobe.SSL2).Result, today)[0]; v.Outcome != want {
			t.Errorf("%s: %s", keys, v.Outcome)
		}
	}
}

// A verdict can be stored: its facts are data.
func TestVerdictJSON(t *testing.T) {
	v := Evaluate(profileOf(t, "condition: {versions: {forbidden: [TLS 1.2]}}"), good().Result, today)[0]
	got, err := json.Marshal(v)
	want := `{"outcome":"gap","seen":[{"aspect":"version","value":"TLS 1.2","state":"offered"}]}`
	if err != nil || string(got) != want {
		t.Errorf("%s, %v", got, err)
	}
	if v.Clause.ID() != "1" || v.Clause.Severity != High {
		t.Errorf("%+v", v.Clause)
	}
}
