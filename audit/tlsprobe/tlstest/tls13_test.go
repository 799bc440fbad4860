// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package tlstest

import (
	"crypto/ecdsa"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"slices"
	"testing"

	"github.com/emmansun/gmsm/sm2"
	"github.com/emmansun/gmsm/smx509"
	"golang.org/x/crypto/cryptobyte"
)

// serve13 starts a server of TLS 1.3 alone.
func serve13(t *testing.T, s *Server13) string {
	t.Helper()
	return Front(t, func(*Hello) func(net.Conn, *Hello) { return s.Serve })
}

// TestServer13 has package tls lead handshakes with each suite and group to their end:
// with a HelloRetryRequest, and without.
func TestServer13(t *testing.T) {
	made := NewCertificate(t, "p256", "example.com").TLS(t)
	pool := x509.NewCertPool()
	pool.AddCert(made.Leaf)
	for _, suite := range []uint16{AES128GCM, AES256GCM, ChaCha20} {
		for _, group := range []uint16{X25519MLKEM768, X25519, P256, P384, P521} {
			s := &Server13{Suites: []uint16{suite}, Groups: []uint16{group}, Chain: made.Certificate, Key: Signer(t, made), Scheme: ECDSAP256, Staple: []byte("response")}
			c, err := tls.Dial("tcp", serve13(t, s), &tls.Config{ServerName: "example.com", RootCAs: pool})
			if err != nil {
				t.Errorf("%#x %#x: %v", suite, group, err)
				continue
			}
			state := c.ConnectionState()
			if state.CipherSuite != suite || state.CurveID != tls.CurveID(group) || string(state.OCSPResponse) != "response" {
				t.Errorf("%#x %#x: %#x, %v, staple %q", suite, group, state.CipherSuite, state.CurveID, state.OCSPResponse)
			}
			c.CloseWrite()
			if rest, err := io.ReadAll(c); err != nil || len(rest) > 0 {
				t.Errorf("%#x %#x: %q %v", suite, group, rest, err)
			}
			c.Close()
		}
	}
}

// TestServer13Refuses: it takes no other version, suite, group or signature algorithm.
func TestServer13Refuses(t *testing.T) {
	made := NewCertificate(t, "p256", "example.com").TLS(t)
	good := Server13{Suites: []uint16{AES128GCM}, Groups: []uint16{X25519}, Chain: made.Certificate, Key: Signer(t, made), Scheme: ECDSAP256}
	for name, change := range map[string]func(*Server13, *tls.Config){
		"version": func(_ *Server13, c *tls.Config) { c.MaxVersion = tls.VersionTLS12 },
		"suite":   func(s *Server13, _ *tls.Config) { s.Suites = []uint16{SM4GCM} },
		"group":   func(s *Server13, _ *tls.Config) { s.Groups = []uint16{CurveSM2, MLKEM768} },
		"scheme":  func(s *Server13, _ *tls.Config) { s.Scheme = SM2SM3 },
	} {
		s, config := good, &tls.Config{InsecureSkipVerify: true}
		change(&s, config)
		if c, err := tls.Dial("tcp", serve13(t, &s), config); err == nil {
			c.Close()
			t.Errorf("%s: it takes it", name)
		}
	}
}

// TestServerTLCP: its signatures are those that GB/T 38636-2020 wants, 6.4.5.4.
func TestServerTLCP(t *testing.T) {
	pair := NewSMPair(t, "example.com")
	root, err := smx509.ParseCertificate(pair.Authority)
	if err != nil {
		t.Fatal(err)
	}
	for _, suite := range []uint16{ECCSM4GCM, ECCSM4CBC, ECDHESM4GCM, ECDHESM4CBC} {
		c, err := net.Dial("tcp", Front(t, func(*Hello) func(net.Conn, *Hello) { return pair.TLCP(suite).Serve }))
		if err != nil {
			t.Fatal(err)
		}
		hello := message(1, func(b *cryptobyte.Builder) {
			b.AddUint16(TLCP)
			b.AddBytes(make([]byte, 32))
			b.AddUint8(0)
			b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) { b.AddUint16(suite) })
			b.AddUint8LengthPrefixed(func(b *cryptobyte.Builder) { b.AddUint8(0) })
		})
		c.Write(record(recordHandshake, TLCP, hello))
		answer, err := readRecord(c)
		c.Close()
		if err != nil {
			t.Fatal(err)
		}
		messages := map[uint8]cryptobyte.String{}
		for s := cryptobyte.String(answer[5:]); !s.Empty(); {
			var kind uint8
			var body cryptobyte.String
			if !s.ReadUint8(&kind) || !s.ReadUint24LengthPrefixed(&body) {
				t.Fatal("malformed messages")
			}
			messages[kind] = body
		}
		var list, der, signature cryptobyte.String
		var chain [][]byte
		body := messages[messageCertificate]
		body.ReadUint24LengthPrefixed(&list)
		for list.ReadUint24LengthPrefixed(&der) {
			chain = append(chain, der)
		}
		if len(chain) != 3 {
			t.Fatalf("%d certificates", len(chain))
		}
		signing, err1 := smx509.ParseCertificate(chain[0])
		encryption, err2 := smx509.ParseCertificate(chain[1])
		if err1 != nil || err2 != nil || signing.CheckSignatureFrom(root) != nil || encryption.CheckSignatureFrom(root) != nil ||
			signing.KeyUsage != smx509.KeyUsageDigitalSignature || encryption.KeyUsage&smx509.KeyUsageDigitalSignature != 0 {
			t.Errorf("certificates: %v %v", err1, err2)
		}
		random := messages[messageServerHello][2:34]
		content := slices.Concat(make([]byte, 32), random)
		exchange := messages[messageServerExchange]
		if suite == ECDHESM4CBC || suite == ECDHESM4GCM {
			content = append(content, exchange[:69]...)
			exchange = exchange[69:]
			if _, ok := messages[messageRequest]; !ok {
				t.Errorf("%#x: no CertificateRequest", suite)
			}
		} else {
			content = append(content, byte(len(chain[1])>>16), byte(len(chain[1])>>8), byte(len(chain[1])))
			content = append(content, chain[1]...)
		}
		exchange.ReadUint16LengthPrefixed(&signature)
		if !sm2.VerifyASN1WithSM2(signing.PublicKey.(*ecdsa.PublicKey), nil, content, signature) {
			t.Errorf("%#x: wrong signature", suite)
		}
		if _, ok := messages[messageServerHelloDone]; !ok {
			t.Errorf("%#x: no end", suite)
		}
	}
}
