// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package tlsprofile

import (
	"crypto/elliptic"
	"crypto/tls"
	"crypto/x509"
	"net"
	"slices"
	"testing"
	"time"

	"golang.org/x/crypto/ocsp"

	"github.com/goassay/assay/audit/tlsprobe/tlstest"
)

// breaking are servers that break clauses: those that are named, and no others.
func breaking(t *testing.T) []served {
	p := certify(t, onCurve(t, elliptic.P256()), nil)
	return slices.Concat(breakingNIST(t, p), breakingFIPS(t, p), breakingBSI(t, p), breakingPCI(t, p), breakingMLPS(t, p), breakingGM(t, p), breakingPQ(t, p), breakingMozilla(t, p))
}

// none has a certificate name no responder.
func none(c *x509.Certificate) { c.OCSPServer = nil }

func breakingNIST(t *testing.T, p pair) []served {
	staple := p.staple()
	var out []served
	for _, s := range []served{
		{name: "no TLS 1.3", serve: openssl(p, suites12, nist, staple, no13), gaps: []string{"3.1 (required)"}},
		{name: "no TLS 1.2", serve: openssl(p, suites13, nist[:2], staple, []string{"-tls1_3"}), gaps: []string{"3.1 (tls12)"}},
		{name: "TLS 1.1", serve: openssl(p, suites13, nist[:2], staple, sloppy), gaps: []string{"3.1 (tls11)"}},
		{name: "TLS 1.0", serve: openssl(p, suites13, nist[:2], staple, sloppy[:2], []string{"-min_protocol", "TLSv1"}), gaps: []string{"3.1 (tls11)", "3.1 (forbidden)"}},
		{name: "TLS 1.1, which knows of the fallback", serve: openssl(p, nist[:2], staple, sloppy, no13), gaps: []string{"3.1 (required)", "3.1 (tls11)"}},
		{name: "ChaCha20", serve: openssl(p, suites12, nist, staple), gaps: []string{"3.3.1"}}, // which is on by default in TLS 1.3
		{name: "no staple", serve: openssl(p, suites13, suites12, nist), gaps: []string{"3.4.1.5"}},
		{name: "X25519 alone", serve: openssl(p, suites13, suites12, staple, []string{"-groups", "X25519"}), gaps: []string{"3.4.2.2"}},
		{name: "P-521, four years", serve: func(t *testing.T) string {
			q := certify(t, onCurve(t, elliptic.P521()), func(c *x509.Certificate) { none(c); c.NotAfter = c.NotBefore.AddDate(4, 0, 0) })
			return openssl(q, suites13, suites12, nist, q.staple())(t)
		}, gaps: []string{"3.2", "3.2.1 (curve)", "3.2.1 (lifetime)"}},
		{name: "no master secret", serve: withoutMaster(p, suites13, suites12, nist, staple), gaps: []string{"3.4.1.3"}},
		{name: "weak certificate", serve: func(t *testing.T) string {
			return goTLS(weak(t), func(c *tls.Config) {
				c.CurvePreferences, c.CipherSuites = []tls.CurveID{tls.CurveP256}, []uint16{tls.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA}
			})(t)
		}, gaps: []string{"3.2.1 (key)", "3.2.1 (signature)", "3.3.1", "3.4.2 (encrypt-then-mac)"}},
		{name: "no RFC 5746", serve: gnutls(p, priorities("%DISABLE_SAFE_RENEGOTIATION"), "--ocsp-response", p.file("response.der")), gaps: []string{"3.1 (required)", "3.4.1.1"}},
		// Two servers of one version each, of which none knows of the other.
		{name: "no RFC 7507", serve: func(t *testing.T) string {
			newer := openssl(p, suites12, nist, staple, no13)(t)
			older := openssl(p, nist[:2], staple, sloppy[:2], []string{"-min_protocol", "TLSv1.1", "-max_protocol", "TLSv1.1"})(t)
			return parts{older: func(h *tlstest.Hello) func(net.Conn, *tlstest.Hello) {
				if h.Version >= tlstest.TLS12 {
					return tlstest.Relay(newer)
				}
				return tlstest.Relay(older)
			}}.serve(t)
		}, gaps: []string{"3.1 (required)", "3.1 (tls11)", "3.4.2.1"}},
	} {
		s.profile = "nist-800-52r2"
		out = append(out, s)
	}
	return out
}

func breakingFIPS(t *testing.T, p pair) []served {
	var out []served
	for _, s := range []served{
		{name: "X25519 and X448", serve: openssl(p, suites13, suites12), gaps: []string{"Appendix D"}}, // which are on by default
		{name: "ChaCha20", serve: openssl(p, suites12, nist), gaps: []string{"3.3.1"}},
		{name: "TLS 1.1", serve: openssl(p, suites13, nist[:2], sloppy), gaps: []string{"3.1"}},
		{name: "short key", serve: func(t *testing.T) string {
			return openssl(certify(t, rsaKey(t, 1024), nil), suites13, nist, []string{"-cipher", "ECDHE+AESGCM:@SECLEVEL=0"})(t)
		}, gaps: []string{"3.2.1 (key)"}},
		{name: "no master secret", serve: withoutMaster(p, suites13, suites12, nist), gaps: []string{"D.Q"}},
		{name: "weak certificate", serve: func(t *testing.T) string {
			return openssl(weak(t), suites13, nist, []string{"-cipher", "ECDHE+AESGCM:@SECLEVEL=0"})(t)
		}, gaps: []string{"3.2.1 (key)", "3.2.1 (signature)"}},
	} {
		s.profile = "fips"
		out = append(out, s)
	}
	return out
}

func breakingBSI(t *testing.T, p pair) []served {
	year := func(y int) time.Time { return time.Date(y, 1, 1, 0, 0, 0, 0, time.UTC) }
	rsa3072 := func(t *testing.T) pair { return certify(t, rsaKey(t, 3072), nil) }
	pss := []string{"-groups", "P-256:P-384:ffdhe3072", "-no_tls1", "-no_tls1_1", "-sigalgs", "RSA-PSS+SHA256:RSA-PSS+SHA384"}
	cbc := func(c *tls.Config) {
		c.CurvePreferences, c.CipherSuites = []tls.CurveID{tls.CurveP256}, []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256}
	}
	var out []served
	for _, s := range []served{
		{name: "X25519", serve: openssl(p, suites13, suites12, bsi[2:], []string{"-groups", "X25519:P-256"}), gaps: []string{"3.3.2", "3.4.2"}},
		{name: "ChaCha20 and SHA-1", serve: openssl(p, suites13, bsi, []string{"-cipher", "ECDHE"}), gaps: []string{"3.3.1"}},
		{name: "ChaCha20 in TLS 1.3", serve: openssl(p, suites12, bsi), gaps: []string{"3.4.4"}},
		{name: "SHA-224", serve: openssl(p, suites13, suites12, nist), gaps: []string{"3.3.3"}},
		{name: "TLS 1.1", serve: openssl(p, suites13, nist[:2], sloppy), gaps: []string{"3.2", "3.3.1", "3.3.3"}},
		{name: "RSA, short field", serve: func(t *testing.T) string {
			return openssl(certify(t, rsaKey(t, 2048), nil), suites13, nist, []string{"-cipher", "ECDHE+AESGCM:DHE+AESGCM:@SECLEVEL=0"}, dhParameters(t, "1024"))(t)
		}, gaps: []string{"3.3.3", "3.6.1 (key)", "3.6.1 (dh)"}},
		{name: "no master secret", serve: withoutMaster(p, suites13, suites12, bsi), gaps: []string{"3.3.4 (extended-master-secret)"}},
		{name: "Ed25519, hybrids", serve: func(t *testing.T) string {
			return goTLS(edwards(t), func(c *tls.Config) {
				c.CurvePreferences, c.MinVersion = []tls.CurveID{tls.SecP256r1MLKEM768, tls.X25519MLKEM768, tls.CurveP256}, tls.VersionTLS13
			})(t)
		}, gaps: []string{"3.4.2", "3.4.3", "3.4.4", "3.6.1 (key)"}},
		{name: "CBC", serve: goTLS(p, cbc), gaps: []string{"3.3.4 (encrypt-then-mac)", "3.4.4"}},
		{name: "no RFC 5746", serve: gnutls(p, priorities("%DISABLE_SAFE_RENEGOTIATION")), gaps: []string{"3.3.4 (renegotiation)", "3.3.4 (client-renegotiation)"}},
		{name: "clients renegotiate", serve: openssl(p, suites13, suites12, bsi, []string{"-client_renegotiation"}), gaps: []string{"3.3.4 (client-renegotiation)"}},
		{name: "early data", serve: openssl(p, suites13, suites12, bsi, []string{"-early_data", "-max_early_data", "16384"}), gaps: []string{"3.4.1"}},
		// No packaged server compresses any more. What it says to clients that do is signed.
		{name: "compression", serve: func(t *testing.T) string {
			plain := openssl(p, suites13, bsi, []string{"-cipher", "ECDHE-ECDSA-AES128-GCM-SHA256"})(t)
			deflate := &tlstest.Server12{Suite: tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, Group: tlstest.P256, Chain: p.Certificate.Certificate, Key: p.signer(), Scheme: tlstest.ECDSAP256, Deflate: true}
			return tlstest.Front(t, func(h *tlstest.Hello) func(net.Conn, *tlstest.Hello) {
				if h.Version == tlstest.TLS12 && slices.Contains(h.Compressions, 1) {
					return deflate.Serve
				}
				return tlstest.Relay(plain)
			})
		}, gaps: []string{"3.3.4 (compression)"}},
		{name: "DHE to the end", serve: func(t *testing.T) string {
			return openssl(rsa3072(t), suites13, pss, []string{"-cipher", "ECDHE+AESGCM:DHE+AESGCM"}, dhParameters(t, "3072"))(t)
		}, at: year(2030).Add(-time.Second)},
		{name: "DHE", serve: func(t *testing.T) string {
			return openssl(rsa3072(t), suites13, pss, []string{"-cipher", "ECDHE+AESGCM:DHE+AESGCM"}, dhParameters(t, "3072"))(t)
		}, at: year(2030), gaps: []string{"3.3.1.1 (dhe)"}},
		{name: "RSA_PSK to the end", serve: func(t *testing.T) string {
			return openssl(rsa3072(t), suites13, pss, []string{"-cipher", "ECDHE+AESGCM:RSA-PSK-AES128-GCM-SHA256", "-psk", "0102030405060708090a0b0c0d0e0f10"})(t)
		}, at: year(2027).Add(-time.Second)},
		{name: "RSA_PSK", serve: func(t *testing.T) string {
			return openssl(rsa3072(t), suites13, pss, []string{"-cipher", "ECDHE+AESGCM:RSA-PSK-AES128-GCM-SHA256", "-psk", "0102030405060708090a0b0c0d0e0f10"})(t)
		}, at: year(2027), gaps: []string{"3.3.1.2"}},
		{name: "TLS 1.2, no hybrids", serve: openssl(p, suites13, suites12, bsi), at: late, gaps: []string{"3.2 (tls12)", "3.4.2 (hybrid)"}},
	} {
		s.profile = "bsi-tr-02102-2"
		out = append(out, s)
	}
	return out
}

func breakingPCI(t *testing.T, p pair) []served {
	var out []served
	for _, s := range []served{
		{name: "all that there is", serve: openssl(p, old, p.staple()), gaps: []string{"4.2.1 (versions)", "4.2.1 (algorithms)", "4.2.1 (signatures)", "4.2.1 (cipher-strength)", "4.2.1 (dh-strength)"}},
		{name: "expired, short key", serve: func(t *testing.T) string {
			q := certify(t, rsaKey(t, 1024), func(c *x509.Certificate) { c.NotAfter = c.NotBefore.Add(time.Minute) })
			return openssl(q, []string{"-cipher", "ECDHE+AESGCM:@SECLEVEL=0"}, q.staple())(t)
		}, gaps: []string{"4.2.1 (expired)", "4.2.1 (signatures)", "4.2.1 (key-strength)"}},
		{name: "weak certificate", serve: func(t *testing.T) string {
			q := weak(t)
			return openssl(q, q.staple(), []string{"-cipher", "ECDHE+AESGCM:@SECLEVEL=0", "-sigalgs", "RSA-PSS+SHA256:RSA+SHA256"})(t)
		}, gaps: []string{"4.2.1 (trusted)", "4.2.1 (certificate-signatures)", "4.2.1 (key-strength)"}},
		{name: "revoked", serve: func(t *testing.T) string {
			q := issue{key: onCurve(t, elliptic.P256()), status: ocsp.Revoked}.pair(t)
			return openssl(q, suites12, q.staple())(t)
		}, gaps: []string{"4.2.1 (revoked)"}},
		{name: "authority of its own", serve: openssl(p, suites12, p.staple()), strange: true, gaps: []string{"4.2.1 (trusted)"}},
	} {
		s.profile = "pci-dss-4"
		out = append(out, s)
	}
	return out
}

func breakingMLPS(t *testing.T, p pair) []served {
	all := []string{"8.1.2.2 a", "8.1.2.2 b", "8.1.4.1 c", "8.1.4.7 a", "8.1.4.8 a"}
	var out []served
	for _, s := range []served{
		{name: "NULL", serve: openssl(p, []string{"-cipher", "ECDHE+AESGCM:ECDHE-ECDSA-NULL-SHA:@SECLEVEL=0"}), gaps: []string{"8.1.2.2 b", "8.1.4.1 c", "8.1.4.8 a"}},
		{name: "anonymous", serve: openssl(p, []string{"-cipher", "ECDHE+AESGCM:aNULL:@SECLEVEL=0"}), gaps: all},
		// They go on to TLS, and take passwords before.
		{name: "passwords", startTLS: "smtp", serve: played(p, tlstest.Script{Greeting: "220 mail.example.com ESMTP\r\n", Upgrade: "STARTTLS\r\n", Answers: [][2]string{
			{"EHLO ", "250-mail.example.com\r\n250-STARTTLS\r\n250 AUTH PLAIN LOGIN\r\n"}, {"STARTTLS\r\n", "220 go ahead\r\n"}}}), gaps: all[2:3]},
		{name: "passwords", startTLS: "imap", serve: played(p, tlstest.Script{Greeting: "* OK ready\r\n", Upgrade: "A2 STARTTLS", Answers: [][2]string{
			{"A1 CAPABILITY", "* CAPABILITY IMAP4rev1 STARTTLS AUTH=PLAIN\r\na1 OK done\r\n"}, {"A2 STARTTLS", "a2 OK begin\r\n"}}}), gaps: all[2:3]},
		{name: "passwords", startTLS: "pop3", serve: played(p, tlstest.Script{Greeting: "+OK ready\r\n", Upgrade: "STLS\r\n", Answers: [][2]string{
			{"CAPA", "+OK\r\nUSER\r\nSTLS\r\n.\r\n"}, {"STLS\r\n", "+OK begin\r\n"}}}), gaps: all[2:3]},
		{name: "no passwords", startTLS: "imap", serve: played(p, tlstest.Script{Greeting: "* OK ready\r\n", Upgrade: "A2 STARTTLS", Answers: [][2]string{
			{"A1 CAPABILITY", "* CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED\r\na1 OK done\r\n"}, {"A2 STARTTLS", "a2 OK begin\r\n"}}})},
		{name: "in clear", serve: played(p, tlstest.Script{Greeting: "220 (vsFTPd 3.0.5)\r\n", Answers: [][2]string{{"AUTH TLS", "530 Please login with USER and PASS.\r\n"}, {"NOOP", "530 Please login with USER and PASS.\r\n"}, {"", "500 Unknown command.\r\n"}}}), gaps: all},
	} {
		s.profile = "mlps3"
		out = append(out, s)
	}
	return out
}

func breakingGM(t *testing.T, p pair) []served {
	sm := tlstest.NewSMPair(t, "example.com")
	rfc := func(change func(*tlstest.Server13)) func(*testing.T) string {
		return func(t *testing.T) string {
			s := sm.RFC8998()
			change(s)
			return parts{tls13: s}.serve(t)
		}
	}
	var out []served
	for _, s := range []served{
		{name: "no SM", serve: openssl(p, suites12), gaps: []string{"8.2 a", "8.2 b", "8.2 c"}},
		{name: "all that there is", serve: func(t *testing.T) string {
			return openssl(certify(t, rsaKey(t, 1024), nil), old)(t)
		}, gaps: []string{"5 a", "5 a (rsa)", "5 b", "8.2 a", "8.2 b", "8.2 c"}},
		{name: "SM1", serve: func(t *testing.T) string {
			return parts{tlcp: sm.TLCP(tlstest.ECCSM4GCM, tlstest.ECCSM1)}.serve(t)
		}, gaps: []string{"6.4.5.2.1"}},
		{name: "X25519", serve: rfc(func(s *tlstest.Server13) { s.Groups = []uint16{tlstest.X25519} }), gaps: []string{"3.3.1"}},
		{name: "ECDSA", serve: rfc(func(s *tlstest.Server13) {
			s.Chain, s.Key, s.Scheme = p.Certificate.Certificate, p.signer(), tlstest.ECDSAP256
		}), gaps: []string{"3.3.4"}},
	} {
		s.profile = "gm"
		out = append(out, s)
	}
	return out
}

func breakingPQ(t *testing.T, p pair) []served {
	var out []served
	for _, s := range []served{
		{name: "no hybrids", serve: openssl(p, suites12), gaps: []string{"2.2 (hybrid)"}},
		{name: "no TLS 1.3", serve: openssl(p, suites12, no13), gaps: []string{"2.2 (hybrid)", "3.2"}},
		{name: "X25519", serve: goTLS(p, func(c *tls.Config) { c.CurvePreferences = []tls.CurveID{tls.X25519} }), gaps: []string{"2.2 (hybrid)"}},
		{name: "ML-KEM alone", serve: server13Alone(p, func(s *tlstest.Server13) { s.Groups = []uint16{tlstest.X25519MLKEM768, tlstest.MLKEM768} }), gaps: []string{"2.2 (pure)"}},
		{name: "nothing but ML-KEM", serve: server13Alone(p, func(s *tlstest.Server13) { s.Groups = []uint16{tlstest.MLKEM768} }), gaps: []string{"2.2 (hybrid)", "2.2 (pure)"}},
		{name: "classical beside", serve: goTLS(p, func(*tls.Config) {}), at: late, gaps: []string{"2.1"}},
	} {
		s.profile = "pq"
		out = append(out, s)
	}
	return out
}

func breakingMozilla(t *testing.T, p pair) []served {
	staple := p.staple()
	alone13 := []string{"-tls1_3", "-groups", "X25519:P-256"}
	order := nginx(p, "ssl_protocols TLSv1.2 TLSv1.3; ssl_prefer_server_ciphers off; ssl_ecdh_curve X25519:prime256v1:secp384r1; ssl_ciphers ECDHE+AESGCM:ECDHE+CHACHA20;")
	modern := []served{
		{name: "TLS 1.2", serve: openssl(p, staple, mozilla), gaps: []string{"tls_versions", "tls_curves (post-quantum)"}},
		{name: "CCM, openssl's groups and order", serve: openssl(p, []string{"-tls1_3", "-ciphersuites", "TLS_AES_128_CCM_SHA256:TLS_AES_256_GCM_SHA384", "-serverpref"}),
			gaps: []string{"ciphersuites", "tls_curves", "tls_curves (post-quantum)", "ocsp_staple", "server_preferred_order"}},
		{name: "RSA, 200 days", serve: func(t *testing.T) string {
			q := certify(t, rsaKey(t, 2048), func(c *x509.Certificate) { c.NotAfter = c.NotBefore.AddDate(0, 0, 200) })
			return openssl(q, q.staple(), alone13)(t)
		}, gaps: []string{"tls_curves (post-quantum)", "certificate_types", "maximum_certificate_lifespan"}},
		{name: "P-521", serve: func(t *testing.T) string {
			q := certify(t, onCurve(t, elliptic.P521()), nil)
			return server13Alone(q, func(s *tlstest.Server13) { s.Scheme = tlstest.ECDSAP521 })(t)
		}, gaps: []string{"certificate_curves"}},
		{name: "signed with RSA", serve: func(t *testing.T) string {
			return server13Alone(issue{key: onCurve(t, elliptic.P256()), authority: rsaKey(t, 2048)}.pair(t), nil)(t)
		}, gaps: []string{"certificate_signatures"}},
		{name: "no staple", serve: server13Alone(p, func(s *tlstest.Server13) { s.Staple = nil }), gaps: []string{"ocsp_staple"}},
		{name: "its own order", serve: server13Alone(p, func(s *tlstest.Server13) { s.ServerOrder = true }), gaps: []string{"server_preferred_order"}},
	}
	intermediate := []served{
		{name: "DHE, short fields, RSA, two years", serve: func(t *testing.T) string {
			q := certify(t, rsaKey(t, 1024), func(c *x509.Certificate) { none(c); c.NotAfter = c.NotBefore.AddDate(2, 0, 0) })
			return openssl(q, []string{"-groups", "X25519:P-521", "-cipher", "ECDHE+AESGCM:DHE+AESGCM:@SECLEVEL=0", "-no_tls1", "-no_tls1_1"}, dhParameters(t, "1024"))(t)
		}, gaps: []string{"ciphers", "tls_curves", "tls_curves (post-quantum)", "rsa_key_size", "dh_param_size", "maximum_certificate_lifespan"}},
		{name: "DHE, long field", serve: func(t *testing.T) string {
			q := certify(t, rsaKey(t, 2048), nil)
			return openssl(q, mozilla[:2], mozilla[4:], []string{"-cipher", "ECDHE+AESGCM:DHE-RSA-AES128-GCM-SHA256"}, q.staple(), dhParameters(t, "2048"))(t)
		}, gaps: []string{"ciphers", "tls_curves (post-quantum)"}},
		{name: "Go, old versions", serve: goTLS(p, func(c *tls.Config) {
			c.MinVersion, c.CipherSuites = tls.VersionTLS10, []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA}
		}), gaps: []string{"tls_versions", "ciphers", "tls_curves", "server_preferred_order"}},
		{name: "P-521, SHA-1, CCM", serve: func(t *testing.T) string {
			q := certify(t, onCurve(t, elliptic.P521()), func(c *x509.Certificate) { c.SignatureAlgorithm = x509.ECDSAWithSHA1 })
			return openssl(q, q.staple(), mozilla[:2], mozilla[4:], []string{"-cipher", "ECDHE+AESGCM:@SECLEVEL=0", "-ciphersuites", "TLS_AES_128_CCM_SHA256"})(t)
		}, gaps: []string{"ciphersuites", "tls_curves (post-quantum)", "certificate_curves", "certificate_signatures"}},
		{name: "Go, Ed25519", serve: func(t *testing.T) string {
			return goTLS(edwards(t), func(c *tls.Config) {
				c.CurvePreferences, c.MinVersion = []tls.CurveID{tls.X25519MLKEM768}, tls.VersionTLS13
			})(t)
		}, gaps: []string{"tls_versions", "certificate_types", "server_preferred_order"}},
		{name: "nginx, no staple", serve: order, gaps: []string{"tls_curves (post-quantum)", "ocsp_staple"}},
	}
	for i := range modern {
		modern[i].profile = "mozilla-modern"
	}
	for i := range intermediate {
		intermediate[i].profile = "mozilla-intermediate"
	}
	return append(modern, intermediate...)
}
