// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package tlsprobe

import (
	"crypto/tls"
	"crypto/x509"
	"slices"
	"testing"

	"github.com/goassay/assay/audit/tlsprobe/tlstest"
)

// goOrder is the order of package tls for clients whose processors know AES (its
// cipherSuitesPreferenceOrder).
var goOrder = []uint16{
	tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
	tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, tls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256, tls.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA,
	tls.TLS_RSA_WITH_AES_128_CBC_SHA, tls.TLS_RSA_WITH_3DES_EDE_CBC_SHA,
}

// goTruth is what package tls documents of a configuration: the suites and groups that
// it is given, and its own order of suites.
func goTruth(c *tls.Config, keys ...string) *truth {
	w := &truth{suites: map[Version][]SuiteID{}, groups: map[GroupID][]Version{}, schemes: map[SignatureScheme][]Version{}}
	for v := Version(c.MinVersion); v <= Version(c.MaxVersion); v++ {
		w.suites[v] = nil
		if v == TLS13 { // "TLS 1.3 ciphersuites are not configurable"
			w.suites[v] = []SuiteID{0x1301, 0x1302, 0x1303}
			continue
		}
		for _, s := range append(tls.CipherSuites(), tls.InsecureCipherSuites()...) {
			ecdsa := SuiteOf(SuiteID(s.ID)).Authentication == "ECDSA"
			if slices.Contains(c.CipherSuites, s.ID) && slices.Contains(s.SupportedVersions, uint16(v)) && slices.Contains(keys, map[bool]string{true: "p256", false: "rsa"}[ecdsa]) {
				w.suites[v] = append(w.suites[v], SuiteID(s.ID))
			}
		}
	}
	for v, ids := range w.suites {
		if v != TLS13 {
			rank := func(id SuiteID) int { // the first certificate that the client takes is chosen before a suite
				key := map[string]string{"ECDSA": "p256", "RSA": "rsa"}[SuiteOf(id).Authentication]
				return 100*slices.Index(keys, key) + slices.Index(goOrder, uint16(id))
			}
			slices.SortFunc(ids, func(a, b SuiteID) int { return rank(a) - rank(b) })
		}
	}
	w.prefers = every(w.suites, PreferServer)
	for _, v := range []Version{TLS13, w.newestOld()} {
		for _, id := range c.CurvePreferences {
			if w.offers(v) && (v == TLS13 || id < 0x100) {
				w.groups[GroupID(id)] = append(w.groups[GroupID(id)], v)
			}
		}
	}
	for _, key := range keys {
		for _, v := range []Version{TLS13, TLS12} {
			ids := map[string][]SignatureScheme{"p256": {0x0403}, "rsa": {0x0804, 0x0805, 0x0806}, "ed25519": {0x0807}}[key]
			if key == "rsa" && v == TLS12 {
				ids = append(ids, 0x0401, 0x0501, 0x0601)
			}
			if key == "p256" && v == TLS12 {
				ids = append(ids, 0x0503, 0x0603)
			}
			for _, id := range ids {
				if w.offers(v) {
					w.schemes[id] = append(w.schemes[id], v)
				}
			}
		}
	}
	w.session.EncryptThenMAC = NotOffered
	w.session.NoName, w.session.WrongName = SameChain, SameChain
	return w
}

func TestProbeGoTLS(t *testing.T) {
	t.Parallel() // it waits
	aead := []uint16{tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384, tls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
		tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256}
	cbc := []uint16{tls.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA, tls.TLS_RSA_WITH_AES_128_CBC_SHA, tls.TLS_RSA_WITH_3DES_EDE_CBC_SHA}
	authority := tlstest.NewCertificate(t, "rsa", "authority")
	pool := x509.NewCertPool()
	x, err := x509.ParseCertificate(authority.DER)
	if err != nil {
		t.Fatal(err)
	}
	pool.AddCert(x)
	auth := func(kind tls.ClientAuthType, state ClientAuthState, unverified State) (func(*tls.Config), func(*truth)) {
		return func(c *tls.Config) { c.ClientAuth, c.ClientCAs = kind, pool },
			func(w *truth) {
				w.auth = ClientAuth{State: state, Versions: both3, Authorities: []string{"CN=authority"}, Unverified: unverified}
				if state == AuthRequired {
					demanded(w)
				}
			}
	}
	type row struct {
		min, max uint16
		suites   []uint16
		groups   []tls.CurveID
		keys     []string
		set      func(*tls.Config)
		know     func(*truth)
	}
	rows := map[string]row{
		"hybrids":         {tls.VersionTLS13, tls.VersionTLS13, nil, []tls.CurveID{tls.X25519MLKEM768, tls.SecP256r1MLKEM768, tls.SecP384r1MLKEM1024}, []string{"p256"}, nil, nil},
		"hybrid and P256": {tls.VersionTLS12, tls.VersionTLS13, aead, []tls.CurveID{tls.X25519MLKEM768, tls.CurveP256}, []string{"rsa"}, nil, nil},
		"two keys":        {tls.VersionTLS12, tls.VersionTLS13, aead, []tls.CurveID{tls.X25519, tls.CurveP256, tls.CurveP384, tls.CurveP521}, []string{"p256", "rsa"}, nil, nil},
		"old alone":       {tls.VersionTLS10, tls.VersionTLS11, cbc, []tls.CurveID{tls.X25519}, []string{"rsa"}, nil, untried},
		"all versions":    {tls.VersionTLS10, tls.VersionTLS13, append(cbc, aead...), []tls.CurveID{tls.X25519, tls.CurveP521}, []string{"rsa"}, nil, nil},
		"ALPN":            {tls.VersionTLS12, tls.VersionTLS13, aead, []tls.CurveID{tls.CurveP384}, []string{"rsa"}, func(c *tls.Config) { c.NextProtos = []string{"h2", "http/1.1"} }, func(w *truth) { w.alpn = []string{"h2", "http/1.1"} }},
		"no tickets": {tls.VersionTLS12, tls.VersionTLS13, aead, []tls.CurveID{tls.CurveP256}, []string{"rsa"}, func(c *tls.Config) { c.SessionTicketsDisabled = true },
			func(w *truth) { w.session.Tickets, w.session.Resumption = NotOffered, NotOffered }},
	}
	for kind, want := range map[tls.ClientAuthType]struct {
		state      ClientAuthState
		unverified State
	}{
		tls.RequestClientCert: {AuthOptional, Offered}, tls.RequireAnyClientCert: {AuthRequired, Offered},
		tls.VerifyClientCertIfGiven: {AuthOptional, NotOffered}, tls.RequireAndVerifyClientCert: {AuthRequired, NotOffered},
	} {
		set, know := auth(kind, want.state, want.unverified)
		rows[kind.String()] = row{tls.VersionTLS12, tls.VersionTLS13, aead, []tls.CurveID{tls.X25519}, []string{"rsa"}, set, know}
	}
	for name, c := range rows {
		t.Run(name, func(t *testing.T) {
			config := &tls.Config{MinVersion: c.min, MaxVersion: c.max, CipherSuites: c.suites, CurvePreferences: c.groups}
			if c.set != nil {
				c.set(config)
			}
			w := goTruth(config, c.keys...)
			for _, key := range c.keys {
				made := tlstest.NewCertificate(t, key, "example.com")
				w.leaves = append(w.leaves, made.SHA256())
				config.Certificates = append(config.Certificates, made.TLS(t))
			}
			if c.know != nil {
				c.know(w)
			}
			compare(t, serve(t, config), w)
		})
	}
}
