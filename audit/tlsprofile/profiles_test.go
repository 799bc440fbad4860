// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package tlsprofile

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/goassay/assay/audit/tlsprobe"
)

// A broken endpoint breaks clauses, and no others.
type broken struct {
	clauses []string
	change  func(endpoint)
	at      time.Time // today, if it is zero
}

func breaks(change func(endpoint), clauses ...string) broken {
	return broken{clauses: clauses, change: change}
}

// late is when what the BSI recommends until some year is not recommended any more.
var late = time.Date(2032, 1, 1, 0, 0, 0, 0, time.UTC)

// of makes a change that sets the keys, signatures and so on of the server's certificate.
func of(set func(*tlsprobe.Certificate)) func(endpoint) {
	return func(e endpoint) { set(e.leaf()) }
}

func takes(v tlsprobe.Version, suite string) func(endpoint) {
	return func(e endpoint) { e.add(v, suite) }
}

var (
	weakKey    = of(func(c *tlsprobe.Certificate) { c.Key = tlsprobe.Key{Type: "RSA", Bits: 1024} })
	weakHash   = of(func(c *tlsprobe.Certificate) { c.Signature = "ECDSA-SHA1" })
	noStaple   = func(e endpoint) { e.Certificates[0].Staple, e.OCSP = nil, nil }
	noMaster   = func(e endpoint) { e.Session.ExtendedMasterSecret = notOffered }
	noSecure   = func(e endpoint) { e.Session.SecureRenegotiation = notOffered }
	withoutTLS = func(e endpoint) { e.version(tlsprobe.TLS12).version(tlsprobe.TLS13) }
)

// profiles are a server that meets each, and servers that break it.
var profiles = map[string]struct {
	meets  func() endpoint
	broken []broken
}{
	"mozilla-modern": {
		func() endpoint { return good().version(tlsprobe.TLS12) },
		[]broken{
			breaks(takes(tlsprobe.TLS12, "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"), "tls_versions"),
			breaks(takes(tlsprobe.TLS13, "TLS_AES_128_CCM_SHA256"), "ciphersuites"),
			breaks(func(e endpoint) { e.group("secp521r1", offered, tlsprobe.TLS13) }, "tls_curves"),
			breaks(func(e endpoint) { e.groups("x25519", "secp256r1") }, "tls_curves (post-quantum)"),
			breaks(of(func(c *tlsprobe.Certificate) { c.Key = tlsprobe.Key{Type: "RSA", Bits: 4096} }), "certificate_types"),
			breaks(of(func(c *tlsprobe.Certificate) { c.Key.Curve = "P-521" }), "certificate_curves"),
			breaks(of(func(c *tlsprobe.Certificate) { c.Signature = "SHA256-RSA" }), "certificate_signatures"),
			breaks(of(func(c *tlsprobe.Certificate) { c.NotAfter = c.NotAfter.Add(time.Second) }), "maximum_certificate_lifespan"),
			breaks(noStaple, "ocsp_staple"),
			breaks(func(e endpoint) { e.protocol(tlsprobe.TLS13).Preference = tlsprobe.PreferServer }, "server_preferred_order"),
		},
	},
	"mozilla-intermediate": {
		good,
		[]broken{
			breaks(takes(tlsprobe.TLS11, "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA"), "tls_versions"),
			breaks(func(e endpoint) { e.version(tlsprobe.TLS12) }, "tls_versions"),
			breaks(takes(tlsprobe.TLS12, "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA"), "ciphers"),
			breaks(takes(tlsprobe.TLS13, "TLS_AES_128_CCM_SHA256"), "ciphersuites"),
			breaks(func(e endpoint) { e.group("secp521r1", offered, tlsprobe.TLS12) }, "tls_curves"),
			breaks(func(e endpoint) { e.groups("x25519", "secp256r1") }, "tls_curves (post-quantum)"),
			breaks(of(func(c *tlsprobe.Certificate) { c.Key = tlsprobe.Key{Type: "Ed25519", Bits: 256} }), "certificate_types"),
			breaks(of(func(c *tlsprobe.Certificate) { c.Key.Curve = "P-521" }), "certificate_curves"),
			breaks(weakKey, "rsa_key_size"),
			breaks(weakHash, "certificate_signatures"),
			breaks(func(e endpoint) { e.Session.FiniteFields = []tlsprobe.FiniteField{{Bits: 1024}} }, "dh_param_size"),
			breaks(of(func(c *tlsprobe.Certificate) { c.NotAfter = c.NotBefore.AddDate(0, 0, 367) }), "maximum_certificate_lifespan"),
			breaks(noStaple, "ocsp_staple"),
			breaks(func(e endpoint) { e.protocol(tlsprobe.TLS12).Preference = tlsprobe.PreferNeither }, "server_preferred_order"),
		},
	},
	"nist-800-52r2": {
		good,
		[]broken{
			breaks(func(e endpoint) { e.version(tlsprobe.TLS13) }, "3.1 (required)"),
			breaks(func(e endpoint) { e.version(tlsprobe.TLS12) }, "3.1 (tls12)"),
			breaks(takes(tlsprobe.TLS11, "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"), "3.1 (tls11)"),
			breaks(takes(tlsprobe.TLS10, "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"), "3.1 (forbidden)"),
			breaks(of(func(c *tlsprobe.Certificate) { c.OCSPServers = nil }), "3.2"),
			breaks(weakKey, "3.2.1 (key)"),
			breaks(weakHash, "3.2.1 (signature)"),
			breaks(func(e endpoint) { e.Certificates[0].Certificates[1].Signature = "SHA1-RSA" }, "3.2.1 (signature)"),
			breaks(of(func(c *tlsprobe.Certificate) { c.Key.Curve = "P-521" }), "3.2.1 (curve)"),
			breaks(of(func(c *tlsprobe.Certificate) { c.NotAfter = c.NotBefore.AddDate(3, 0, 2) }), "3.2.1 (lifetime)"),
			breaks(takes(tlsprobe.TLS13, "TLS_CHACHA20_POLY1305_SHA256"), "3.3.1"),
			breaks(takes(tlsprobe.TLS12, "TLS_RSA_WITH_AES_128_GCM_SHA256"), "3.3.1"),
			breaks(noSecure, "3.4.1.1"),
			breaks(noMaster, "3.4.1.3"),
			breaks(noStaple, "3.4.1.5"),
			breaks(func(e endpoint) {
				e.version(tlsprobe.TLS13).add(tlsprobe.TLS11, "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256")
				e.Session.FallbackSCSV = notOffered
			}, "3.1 (required)", "3.1 (tls11)", "3.4.2.1"),
			breaks(func(e endpoint) { e.groups("x25519", "X25519MLKEM768") }, "3.4.2.2"),
			breaks(takes(tlsprobe.TLS12, "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256"), "3.4.2 (encrypt-then-mac)"),
		},
	},
	"fips": {
		func() endpoint { return good().groups("SecP256r1MLKEM768", "X25519MLKEM768", "secp256r1", "ffdhe2048") },
		[]broken{
			breaks(takes(tlsprobe.TLS11, "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA"), "3.1"),
			breaks(takes(tlsprobe.TLS13, "TLS_CHACHA20_POLY1305_SHA256"), "3.3.1"),
			breaks(func(e endpoint) { e.group("x25519", offered, tlsprobe.TLS13) }, "Appendix D"),
			breaks(func(e endpoint) {
				e.add(tlsprobe.TLS12, "TLS_DHE_RSA_WITH_AES_128_GCM_SHA256").Session.FiniteFields = []tlsprobe.FiniteField{{Bits: 1024}}
			}, "Appendix D"),
			breaks(noMaster, "D.Q"),
			breaks(weakKey, "3.2.1 (key)"),
			breaks(weakHash, "3.2.1 (signature)"),
		},
	},
	"pci-dss-4": {
		good,
		[]broken{
			breaks(of(func(c *tlsprobe.Certificate) { c.NotAfter = today.Add(-time.Second) }), "4.2.1 (expired)"),
			breaks(of(func(c *tlsprobe.Certificate) { c.NotBefore = today.Add(time.Second) }), "4.2.1 (expired)"),
			breaks(func(e endpoint) { e.Trust[0] = tlsprobe.Untrusted }, "4.2.1 (trusted)"),
			breaks(func(e endpoint) { e.OCSP[0].Status = "revoked" }, "4.2.1 (revoked)"),
			breaks(takes(tlsprobe.TLS10, "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA"), "4.2.1 (versions)"),
			breaks(takes(tlsprobe.TLS12, "TLS_RSA_WITH_3DES_EDE_CBC_SHA"), "4.2.1 (algorithms)"),
			breaks(func(e endpoint) { e.signs("ecdsa_sha1", offered, tlsprobe.TLS12) }, "4.2.1 (signatures)"),
			breaks(weakHash, "4.2.1 (certificate-signatures)"),
			breaks(takes(tlsprobe.TLS12, "TLS_RSA_WITH_DES_CBC_SHA"), "4.2.1 (algorithms)", "4.2.1 (cipher-strength)"),
			breaks(weakKey, "4.2.1 (key-strength)"),
			breaks(func(e endpoint) {
				e.add(tlsprobe.TLS12, "TLS_DHE_RSA_WITH_AES_128_GCM_SHA256").Session.FiniteFields = []tlsprobe.FiniteField{{Bits: 2048}, {Bits: 1024}}
			}, "4.2.1 (dh-strength)"),
		},
	},
	"bsi-tr-02102-2": {
		func() endpoint {
			e := good().version(tlsprobe.TLS12, "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "TLS_DHE_RSA_WITH_AES_128_GCM_SHA256", "TLS_ECDH_ECDSA_WITH_AES_128_GCM_SHA256").
				groups("SecP256r1MLKEM768", "secp256r1", "secp384r1")
			e.Session.FiniteFields = []tlsprobe.FiniteField{{Bits: 3072, Name: "ffdhe3072"}}
			return e
		},
		[]broken{
			breaks(takes(tlsprobe.TLS11, "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"), "3.2"),
			{[]string{"3.2 (tls12)", "3.3.1.1 (dhe)", "3.3.1.2", "3.4.2 (hybrid)"}, func(endpoint) {}, late},
			{[]string{"3.3.1.1 (dhe)", "3.3.1.2"}, func(endpoint) {}, late.AddDate(-2, 0, 0)},
			{[]string{"3.3.1.2"}, func(endpoint) {}, late.AddDate(-2, 0, -1)},
			{nil, func(endpoint) {}, late.AddDate(-5, 0, -1)},
			breaks(takes(tlsprobe.TLS12, "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256"), "3.3.1"),
			breaks(func(e endpoint) { e.group("x25519", offered, tlsprobe.TLS12) }, "3.3.2"),
			breaks(func(e endpoint) { e.signs("rsa_pkcs1_sha256", offered, tlsprobe.TLS12) }, "3.3.3"),
			breaks(noSecure, "3.3.4 (renegotiation)"),
			breaks(func(e endpoint) { e.Session.ClientRenegotiation = offered }, "3.3.4 (client-renegotiation)"),
			breaks(func(e endpoint) { e.Session.Compression = offered }, "3.3.4 (compression)"),
			breaks(takes(tlsprobe.TLS12, "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256"), "3.3.4 (encrypt-then-mac)"),
			breaks(noMaster, "3.3.4 (extended-master-secret)"),
			breaks(func(e endpoint) { e.Session.EarlyData = offered }, "3.4.1"),
			breaks(func(e endpoint) { e.group("x25519", offered, tlsprobe.TLS13) }, "3.4.2"),
			breaks(func(e endpoint) { e.group("MLKEM768", offered, tlsprobe.TLS13) }, "3.4.2"),
			breaks(func(e endpoint) { e.signs("ed25519", offered, tlsprobe.TLS13) }, "3.4.3"),
			breaks(takes(tlsprobe.TLS13, "TLS_CHACHA20_POLY1305_SHA256"), "3.4.4"),
			breaks(of(func(c *tlsprobe.Certificate) { c.Key = tlsprobe.Key{Type: "RSA", Bits: 2048} }), "3.6.1 (key)"),
			breaks(func(e endpoint) { e.Session.FiniteFields[0] = tlsprobe.FiniteField{Bits: 2048, Name: "ffdhe2048"} }, "3.6.1 (dh)"),
		},
	},
	"mlps3": {
		good,
		[]broken{
			breaks(takes(tlsprobe.TLS12, "TLS_RSA_WITH_RC4_128_MD5"), "8.1.2.2 a", "8.1.2.2 b", "8.1.4.7 a", "8.1.4.8 a"),
			breaks(takes(tlsprobe.TLS12, "TLS_RSA_WITH_RC4_128_SHA"), "8.1.2.2 b", "8.1.4.8 a"),
			breaks(takes(tlsprobe.TLS12, "TLS_RSA_WITH_NULL_SHA256"), "8.1.2.2 b", "8.1.4.1 c", "8.1.4.8 a"),
			breaks(takes(tlsprobe.SSL3, "TLS_RSA_WITH_AES_128_CBC_SHA"), "8.1.2.2 a", "8.1.2.2 b", "8.1.4.7 a", "8.1.4.8 a"),
			breaks(func(e endpoint) { e.Plaintext = &tlsprobe.Plaintext{Protocol: "imap", Auth: true} }, "8.1.4.1 c"),
			breaks(func(e endpoint) { withoutTLS(e); e.Plaintext = &tlsprobe.Plaintext{Protocol: "http"} },
				"8.1.2.2 a", "8.1.2.2 b", "8.1.4.1 c", "8.1.4.7 a", "8.1.4.8 a"),
		},
	},
	"gm": {
		func() endpoint {
			return good().version(tlsprobe.TLCP, "ECC_SM4_CBC_SM3", "ECDHE_SM4_GCM_SM3").add(tlsprobe.TLS13, "TLS_SM4_GCM_SM3").
				group("curveSM2", offered, tlsprobe.TLS13).signs("sm2sig_sm3", offered, tlsprobe.TLS13)
		},
		[]broken{
			breaks(takes(tlsprobe.TLS12, "TLS_RSA_WITH_RC4_128_SHA"), "5 a"),
			breaks(weakKey, "5 a (rsa)"),
			breaks(takes(tlsprobe.TLS10, "TLS_RSA_WITH_AES_128_CBC_SHA256"), "5 b"),
			breaks(func(e endpoint) { e.version(tlsprobe.TLCP).version(tlsprobe.TLS13) }, "8.2 a", "8.2 b", "8.2 c"),
			breaks(func(e endpoint) { e.version(tlsprobe.TLCP, "IBC_SM4_CBC_SM3").version(tlsprobe.TLS13) }, "8.2 a"),
			breaks(func(e endpoint) { e.version(tlsprobe.TLCP, "RSA_SM4_CBC_SHA256").version(tlsprobe.TLS13) }, "8.2 a", "8.2 b"),
			breaks(takes(tlsprobe.TLCP, "ECC_SM1_SM3"), "6.4.5.2.1"),
			breaks(func(e endpoint) { e.groups("x25519") }, "3.3.1"),
			breaks(func(e endpoint) { e.SignatureAlgorithms = e.SignatureAlgorithms[:1] }, "3.3.4"),
		},
	},
	"pq": {
		good,
		[]broken{
			breaks(func(e endpoint) { e.groups("x25519").group("X25519Kyber768Draft00", offered, tlsprobe.TLS13) }, "2.2 (hybrid)"),
			breaks(func(e endpoint) { e.group("MLKEM768", offered, tlsprobe.TLS13) }, "2.2 (pure)"),
			breaks(func(e endpoint) { e.version(tlsprobe.TLS13) }, "3.2"),
			{[]string{"2.1"}, func(endpoint) {}, late},
			{nil, func(e endpoint) { e.version(tlsprobe.TLS12).groups("X25519MLKEM768") }, late},
		},
	},
}

func TestProfilesMet(t *testing.T) {
	for _, id := range IDs() {
		verdicts := Evaluate(builtin(t, id), profiles[id].meets().Result, today)
		for _, v := range verdicts {
			if v.Outcome == Gap || v.Outcome == Unknown || (v.Outcome == Manual) != v.Clause.Manual {
				t.Errorf("%s %s: %s %v %v", id, v.Clause.ID(), v.Outcome, v.Seen, v.Unknown)
			}
		}
		if len(with(verdicts, Met)) == 0 {
			t.Errorf("%s: nothing is met", id)
		}
	}
}

func TestProfilesBroken(t *testing.T) {
	for _, id := range slices.Sorted(maps.Keys(profiles)) {
		p, reached := builtin(t, id), map[string]bool{}
		for _, b := range profiles[id].broken {
			e, now := profiles[id].meets(), today
			if b.change(e); !b.at.IsZero() {
				now = b.at
				e.leaf().NotAfter, e.leaf().NotBefore = now.AddDate(0, 0, 1), now.AddDate(0, 0, -1)
			}
			verdicts := Evaluate(p, e.Result, now)
			if diff := cmp.Diff(b.clauses, with(verdicts, Gap)); diff != "" {
				t.Errorf("%s: gaps other than %v: %s", id, b.clauses, diff)
			}
			if open := with(verdicts, Unknown); len(open) > 0 {
				t.Errorf("%s: %v: unknown is %v", id, b.clauses, open)
			}
			for _, v := range verdicts {
				if v.Outcome != Gap {
					continue
				}
				reached[v.Clause.ID()] = true
				if len(v.Seen) == 0 {
					t.Errorf("%s %s: a gap, and nothing seen", id, v.Clause.ID())
				}
			}
		}
		for i := range p.Clauses {
			if c := &p.Clauses[i]; !c.Manual && !reached[c.ID()] {
				t.Errorf("%s %s: no test breaks it", id, c.ID())
			}
		}
	}
}

// Of an endpoint that shows nothing nothing is met, and nothing is a gap.
func TestProfilesUnknown(t *testing.T) {
	nobody := newEndpoint()
	for _, v := range tlsprobe.Versions {
		nobody.lost(v)
	}
	nobody.ClientAuth.State = tlsprobe.AuthUnknown
	for _, r := range []*tlsprobe.Result{nobody.Result, {}} {
		for _, id := range IDs() {
			for _, now := range []time.Time{today, late} {
				for _, v := range Evaluate(builtin(t, id), r, now) {
					if v.Outcome == Met || v.Outcome == Gap || v.Outcome == Unknown && len(v.Unknown) == 0 {
						t.Errorf("%s %s: %s", id, v.Clause.ID(), v.Outcome)
					}
				}
			}
		}
	}
}

// What is unknown of a good server keeps clauses from being met; and none is a gap.
func TestProfilesInPart(t *testing.T) {
	for _, id := range IDs() {
		for _, v := range []tlsprobe.Version{tlsprobe.SSL2, tlsprobe.TLS10, tlsprobe.TLS12, tlsprobe.TLS13} {
			e := profiles[id].meets().lost(v)
			before := with(Evaluate(builtin(t, id), profiles[id].meets().Result, today), Met)
			for _, verdict := range Evaluate(builtin(t, id), e.Result, today) {
				if verdict.Outcome == Gap {
					t.Errorf("%s %s without %v: gap %v", id, verdict.Clause.ID(), v, verdict.Seen)
				}
				if verdict.Outcome == Met && !slices.Contains(before, verdict.Clause.ID()) {
					t.Errorf("%s %s without %v: met", id, verdict.Clause.ID(), v)
				}
			}
		}
	}
}

func TestProfilesComplete(t *testing.T) {
	if diff := cmp.Diff(slices.Sorted(maps.Keys(profiles)), IDs()); diff != "" {
		t.Errorf("profiles: %s", diff)
	}
	for _, id := range IDs() {
		p := builtin(t, id)
		if p.ID != id || p.Source.Version == "" || p.Source.Date.IsZero() || p.Source.URL == "" {
			t.Errorf("%s: %s %+v", id, p.ID, p.Source)
		}
		texts := []Text{p.Title}
		for _, c := range p.Clauses {
			texts = append(texts, c.Requirement, c.Remedy)
		}
		for _, text := range texts {
			if text.EN == "" || text.ZH == "" || text.In("en") != text.EN || text.In("zh") != text.ZH {
				t.Errorf("%s: %+v", id, text)
			}
			if strings.ContainsFunc(text.EN, func(r rune) bool { return r > 0x7F }) || !strings.ContainsFunc(text.ZH, func(r rune) bool { return r >= 0x4E00 }) {
				t.Errorf("%s: languages confused: %+v", id, text)
			}
		}
	}
}

func TestGetUnknown(t *testing.T) {
	_, err := Get("../profiles/pq")
	u, ok := errors.AsType[*UnknownError](err)
	if !ok || u.ID != "../profiles/pq" || !strings.Contains(err.Error(), "mlps3, mozilla-intermediate") {
		t.Error(err)
	}
}

func TestTextIn(t *testing.T) {
	if (Text{EN: "a"}).In("zh") != "a" || (Text{ZH: "b"}).In("en") != "b" {
		t.Error("a text in one language is lost in the other")
	}
}
