// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package tlsprobe

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"net"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/goassay/assay/audit/tlsprobe/tlstest"
)

// serve starts a server of package crypto/tls on loopback, and returns its address.
func serve(t *testing.T, config *tls.Config) string {
	t.Helper()
	return tlstest.GoTLS(t, config)
}

// selfSigned makes a certificate for a name.
func selfSigned(t *testing.T, name string) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), KeyUsage: x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// offered lists the suites of a version that are offered, by name.
func offered(r *Result, v Version) []string {
	var out []string
	for _, p := range r.Protocols {
		for _, s := range p.Suites {
			if p.Version == v {
				out = append(out, s.Name)
			}
		}
	}
	return out
}

func TestProbeGo(t *testing.T) {
	address := serve(t, &tls.Config{
		Certificates: []tls.Certificate{selfSigned(t, "example.com")}, MinVersion: tls.VersionTLS12,
		CurvePreferences: []tls.CurveID{tls.X25519MLKEM768, tls.X25519, tls.CurveP256},
		CipherSuites:     []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384},
	})
	r := probe(t, address, Options{})
	want := map[Version][]string{
		TLS13: {"TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"},
		TLS12: {"TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"},
	}
	for _, p := range r.Protocols {
		got := offered(r, p.Version)
		slices.Sort(got)
		if diff := cmp.Diff(want[p.Version], got); diff != "" {
			t.Errorf("%v: %s", p.Version, diff)
		}
		if state := map[bool]State{true: Offered, false: NotOffered}[want[p.Version] != nil]; p.State != state {
			t.Errorf("%v: %v", p.Version, p.State)
		}
	}
	var groups []string
	for _, g := range r.Groups {
		switch g.State {
		case Offered:
			groups = append(groups, g.Name)
		case Unknown:
			t.Errorf("group %s is unknown", g.Name)
		}
	}
	if diff := cmp.Diff([]string{"X25519MLKEM768", "x25519", "secp256r1"}, groups); diff != "" {
		t.Errorf("groups: %s", diff)
	}
	if len(r.Unknown) > 0 || r.ClientAuth.State != AuthNone || len(r.Certificates) != 1 {
		t.Errorf("%+v %+v %+v", r.Unknown, r.ClientAuth, r.Certificates)
	}
}

func TestProbeNobody(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	l.Close()
	r := probe(t, address, Options{})
	for _, p := range r.Protocols {
		if p.State != Unknown {
			t.Errorf("%v: %v", p.Version, p.State)
		}
	}
	if len(r.Unknown) == 0 {
		t.Error("nothing is said to be unknown")
	}
}

// TestProbeOwnCertificate: a client's certificate is shown to who asks for one, and what its
// sessions are like is seen then.
func TestProbeOwnCertificate(t *testing.T) {
	own, other := selfSigned(t, "client.example"), selfSigned(t, "other.example")
	clients := x509.NewCertPool()
	for _, c := range []tls.Certificate{own} {
		leaf, err := x509.ParseCertificate(c.Certificate[0])
		if err != nil {
			t.Fatal(err)
		}
		clients.AddCert(leaf)
	}
	mutual := &tls.Config{Certificates: []tls.Certificate{selfSigned(t, "example.com")}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: clients}
	for _, test := range []struct {
		name       string
		config     *tls.Config
		own        *tls.Certificate
		state      ClientAuthState
		taken      State
		unverified State
		resumption State
		earlyData  State
	}{
		{"taken", mutual, &own, AuthRequired, Offered, NotOffered, Offered, NotOffered},
		{"refused", mutual, &other, AuthRequired, NotOffered, NotOffered, Unknown, Unknown},
		{"none", mutual, nil, AuthRequired, "", NotOffered, Unknown, Unknown},
		{"not asked for", &tls.Config{Certificates: mutual.Certificates}, &own, AuthNone, "", "", Offered, NotOffered},
	} {
		r := probe(t, serve(t, test.config), Options{Certificate: test.own})
		if c := r.ClientAuth; c.State != test.state || c.Own != test.taken || c.Unverified != test.unverified || r.Session.Resumption != test.resumption || r.Session.EarlyData != test.earlyData {
			t.Errorf("%s: %+v, %+v", test.name, c, r.Session)
		}
	}
}
