// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package tlsprofile

import (
	"crypto/elliptic"
	"crypto/tls"
	"testing"

	"github.com/goassay/assay/audit/tlsprobe/tlstest"
)

// meeting are servers that meet profiles: all of their clauses.
func meeting(t *testing.T) []served {
	p := certify(t, onCurve(t, elliptic.P256()), nil)
	sm := tlstest.NewSMPair(t, "example.com")
	hybrid := func(groups ...tls.CurveID) func(*tls.Config) {
		return func(c *tls.Config) { c.CurvePreferences, c.MinVersion = groups, tls.VersionTLS13 }
	}
	return []served{
		{name: "openssl", profile: "fips", serve: openssl(p, suites13, suites12, nist)},
		{name: "openssl", profile: "nist-800-52r2", serve: openssl(p, suites13, suites12, nist, p.staple())},
		{name: "openssl with CBC", profile: "nist-800-52r2", serve: openssl(p, suites13, nist, p.staple(), []string{"-cipher", "ECDHE+AES"})},
		{name: "openssl", profile: "bsi-tr-02102-2", serve: openssl(p, suites13, suites12, bsi)},
		{name: "openssl with CBC", profile: "bsi-tr-02102-2", serve: openssl(p, suites13, bsi, []string{"-cipher", "ECDHE+AESGCM:ECDHE-ECDSA-AES128-SHA256"})},
		{name: "openssl", profile: "bsi-tr-02102-2", serve: openssl(p, suites13, suites12, bsi), at: late.AddDate(0, 0, -1)},
		{name: "Go", profile: "bsi-tr-02102-2", serve: goTLS(p, hybrid(tls.SecP256r1MLKEM768, tls.SecP384r1MLKEM1024)), at: late, gaps: []string{"3.4.4"}}, // it has ChaCha20, always
		{name: "openssl", profile: "pci-dss-4", serve: openssl(p, suites12, p.staple())},
		{name: "nginx", profile: "mlps3", serve: nginx(p, "ssl_protocols TLSv1.2 TLSv1.3;")},
		{name: "Go", profile: "pq", serve: goTLS(p, func(*tls.Config) {})},
		{name: "Go, hybrids alone", profile: "pq", serve: goTLS(p, hybrid(tls.X25519MLKEM768)), at: late},
		{name: "hybrid, client's order", profile: "mozilla-modern", serve: server13Alone(p, nil)},
		{name: "hybrid, client's order, openssl for TLS 1.2", profile: "mozilla-intermediate", serve: func(t *testing.T) string {
			return parts{tls13: server13(p, nil), older: relayed(t, openssl(p, mozilla, p.staple()))}.serve(t)
		}},
		{name: "TLCP and RFC 8998", profile: "gm", serve: func(t *testing.T) string {
			return parts{tls13: sm.RFC8998(), tlcp: sm.TLCP(tlstest.ECCSM4GCM, tlstest.ECCSM4CBC, tlstest.ECDHESM4GCM, tlstest.ECDHESM4CBC)}.serve(t)
		}},
		{name: "TLCP alone", profile: "gm", serve: func(t *testing.T) string { return parts{tlcp: sm.TLCP(tlstest.ECCSM4GCM)}.serve(t) }},
		{name: "RFC 8998 alone", profile: "gm", serve: func(t *testing.T) string { return parts{tls13: sm.RFC8998()}.serve(t) }},
	}
}
