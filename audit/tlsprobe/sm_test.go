// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package tlsprobe

import (
	"net"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/goassay/assay/audit/tlsprobe/tlstest"
)

// TestProbeSM probes servers of RFC 8998 and TLCP whose signatures are real: what they
// encrypt is read, with SM4 and SM3.
func TestProbeSM(t *testing.T) {
	pair := tlstest.NewSMPair(t, "example.com")
	made := tlstest.NewCertificate(t, "p256", "example.com")
	common := &tlstest.Server13{
		Suites: []uint16{tlstest.AES128GCM}, Groups: []uint16{tlstest.X25519}, Chain: [][]byte{made.DER}, Key: tlstest.Signer(t, made.TLS(t)), Scheme: tlstest.ECDSAP256,
	}
	one := func(suite uint16) *tlstest.Server13 {
		s := pair.RFC8998()
		s.Suites = []uint16{suite}
		return s
	}
	for name, test := range map[string]struct {
		choose  func(*tlstest.Hello) func(net.Conn, *tlstest.Hello)
		schemes []string
		keys    []string
	}{
		"SM4-GCM": {func(*tlstest.Hello) func(net.Conn, *tlstest.Hello) { return one(tlstest.SM4GCM).Serve }, []string{"sm2sig_sm3"}, []string{"SM2"}},
		"SM4-CCM": {func(*tlstest.Hello) func(net.Conn, *tlstest.Hello) { return one(tlstest.SM4CCM).Serve }, []string{"sm2sig_sm3"}, []string{"SM2"}},
		"beside others": {func(h *tlstest.Hello) func(net.Conn, *tlstest.Hello) {
			if slices.Contains(h.Suites, tlstest.AES128GCM) && slices.Contains(h.Groups, tlstest.X25519) {
				return common.Serve
			}
			return pair.RFC8998().Serve
		}, []string{"ecdsa_secp256r1_sha256", "sm2sig_sm3"}, []string{"ECDSA", "SM2"}},
		"TLCP": {func(h *tlstest.Hello) func(net.Conn, *tlstest.Hello) {
			if h.Version != tlstest.TLCP {
				return nil
			}
			return pair.TLCP(tlstest.ECCSM4GCM, tlstest.ECDHESM4CBC).Serve
		}, nil, []string{"SM2"}},
	} {
		t.Run(name, func(t *testing.T) {
			r := probe(t, tlstest.Front(t, test.choose), Options{})
			var schemes, keys []string
			for _, s := range r.SignatureAlgorithms {
				if s.State != Offered {
					t.Errorf("%s: %s", s.Name, s.State)
				}
				schemes = append(schemes, s.Name)
			}
			for _, c := range r.Certificates {
				keys = append(keys, c.Certificates[0].Key.Type)
			}
			slices.Sort(keys)
			if diff := cmp.Diff(test.schemes, schemes); diff != "" {
				t.Errorf("signature algorithms: %s", diff)
			}
			if diff := cmp.Diff(test.keys, keys); diff != "" {
				t.Errorf("keys: %s", diff)
			}
			if t.Failed() && testing.Verbose() {
				t.Log(r.Unknown)
				logExchanges(t, r)
			}
		})
	}
}

// A refusal of sm2sig_sm3 tells only where suites of RFC 8998 were offered, of a server
// that has some; and one of others where others were.
func TestSchemeOfSuites(t *testing.T) {
	took := func(suite SuiteID, group GroupID, scheme SignatureScheme) *observation {
		return &observation{Exchange: Exchange{End: EndAnswer, Scheme: scheme}, hello: offer(TLS13, suitesFor(TLS13), groupsFor(TLS13)), flight: &flight{version: TLS13, suite: suite, group: group}}
	}
	refused := func(suite SuiteID, group GroupID) *observation {
		return &observation{Exchange: Exchange{End: EndAnswer}, hello: offer(TLS13, []SuiteID{suite}, []GroupID{group}), flight: &flight{alert: &Alert{2, 40}}}
	}
	for name, test := range map[string]struct {
		list      []*observation
		sm, ecdsa State
	}{
		"no SM":            {[]*observation{took(0x1301, x25519, 0x0804), refused(0x1301, x25519)}, NotOffered, NotOffered},
		"asked for common": {[]*observation{took(0x1301, x25519, 0x0804), took(sm4GCM, curveSM2, 0), refused(0x1301, x25519)}, Unknown, NotOffered},
		"asked for SM":     {[]*observation{took(0x1301, x25519, 0x0804), took(sm4GCM, curveSM2, 0x0809), refused(sm4GCM, curveSM2)}, NotOffered, Unknown},
		"SM alone":         {[]*observation{took(sm4GCM, curveSM2, 0x0809), refused(sm4GCM, curveSM2)}, NotOffered, NotOffered},
	} {
		all := &observations{}
		for _, o := range test.list {
			all.add(o)
		}
		if sm, ecdsa := all.scheme(TLS13, sm2sigSM3), all.scheme(TLS13, 0x0403); sm != test.sm || ecdsa != test.ecdsa {
			t.Errorf("%s: %s, %s", name, sm, ecdsa)
		}
	}
}
