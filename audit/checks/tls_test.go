// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package checks

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/goassay/assay/audit"
	"github.com/goassay/assay/audit/tlsprobe"
	"github.com/goassay/assay/audit/tlsprobe/tlstest"
)

// serveTLS starts a server on loopback, and returns its address.
func serveTLS(t *testing.T, config *tls.Config) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "service.test"}, DNSNames: []string{"service.test"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(0, 2, 0), KeyUsage: x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	config.Certificates = []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}
	return tlstest.GoTLS(t, config)
}

func runTLSCheck(t *testing.T, settings map[string]string, endpoints ...string) *audit.Report {
	t.Helper()
	return runCheck(t, audit.Config{Target: &audit.Target{Dir: t.TempDir(), Endpoints: endpoints}, Settings: settings, Checks: []*audit.Check{TLS}})
}

// TestTLS audits a server whose configuration is known, by another name than it is
// connected to.
func TestTLS(t *testing.T) {
	address := serveTLS(t, &tls.Config{MinVersion: tls.VersionTLS12, CurvePreferences: []tls.CurveID{tls.X25519, tls.CurveP256}})
	rep := runTLSCheck(t, map[string]string{"tls-resolve": "service.test:443 " + address, "tls-max-connections": "100", "tls-timeout": "10s", "tls-rate": "10000"}, "service.test:443")
	if rep.Checks[0].Outcome != audit.Passed {
		t.Errorf("%+v", rep.Checks[0])
	}
	if !slices.Contains(rulesOf(rep), "tls/no-post-quantum") {
		t.Errorf("%v", rulesOf(rep))
	}
	var facts TLSFacts
	if err := json.Unmarshal(rep.Facts["tls"], &facts); err != nil {
		t.Fatal(err)
	}
	e := facts.Endpoints[0]
	if e.SNI != "service.test" || e.Address != "service.test:443" || !e.Reached || len(e.Evidence) != 2 || e.Session.NoName != tlsprobe.SameChain {
		t.Errorf("%+v", e)
	}
}

// TestTLSForgetsExchanges: what is evidence is not held besides, for a run may have a
// thousand endpoints.
func TestTLSForgetsExchanges(t *testing.T) {
	var kept TLSEndpoint
	check := &audit.Check{ID: "tls", Run: func(_ context.Context, p *audit.Pass) (any, error) {
		kept = keepEndpoint(p, &tlsprobe.Result{Exchanges: []tlsprobe.Exchange{{Asked: tlsprobe.TLS12, End: tlsprobe.EndClosed}}})
		return nil, nil
	}}
	runCheck(t, audit.Config{Target: &audit.Target{Dir: t.TempDir()}, Checks: []*audit.Check{check}})
	if !kept.Reached || len(kept.Evidence) != 1 || kept.Exchanges != nil {
		t.Errorf("%+v", kept)
	}
}

// TestTLSPins: keys that are pinned, and keys that an earlier report has.
func TestTLSPins(t *testing.T) {
	t.Parallel() // it waits
	const other = "sha256/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
	address := serveTLS(t, &tls.Config{})
	rep := runTLSCheck(t, nil, address)
	lines, err := PinsOf(rep)
	if err != nil {
		t.Fatal(err)
	}
	pin := strings.TrimPrefix(lines, address+" ")
	if err := CheckPin(pin); err != nil {
		t.Fatalf("%q: %v", lines, err)
	}
	for _, test := range []struct {
		pins, earlier string
		want          []string
	}{
		{pin, lines, nil},
		{other + "\n" + address + " " + pin, "", nil},
		{other, "", []string{"tls/pin-mismatch"}},
		{address + " " + other, "", []string{"tls/pin-mismatch"}},
		{"elsewhere.test:443 " + other, "elsewhere.test:443 " + other, nil},
		{"", address + " " + other, []string{"tls/key-changed"}},
	} {
		rep := runTLSCheck(t, map[string]string{"tls-pins": test.pins, "tls-earlier": test.earlier}, address)
		got := slices.DeleteFunc(rulesOf(rep), func(r string) bool { return !strings.HasPrefix(r, "tls/pin") && r != "tls/key-changed" })
		if diff := cmp.Diff(test.want, got, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%+v: %s", test, diff)
		}
	}
	for _, facts := range []map[string]json.RawMessage{nil, {"tls": json.RawMessage("[]")}} {
		if _, err := PinsOf(&audit.Report{Facts: facts}); err == nil {
			t.Errorf("%v: no error", facts)
		}
	}
}

// TestTLSInClear: an endpoint that speaks something else is a finding, and not unknown.
func TestTLSInClear(t *testing.T) {
	t.Parallel() // it waits
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: http.NotFoundHandler(), ErrorLog: log.New(io.Discard, "", 0)}
	go server.Serve(l)
	t.Cleanup(func() { server.Close() })
	rep := runTLSCheck(t, nil, l.Addr().String())
	if c := rep.Checks[0]; c.Outcome != audit.Failed || c.ReasonID != "" || !slices.Contains(rulesOf(rep), "tls/plaintext") {
		t.Errorf("%+v %q", c, rulesOf(rep))
	}
}

// TestTLSSPIFFE: what is demanded of SVIDs of endpoints.
func TestTLSSPIFFE(t *testing.T) {
	for _, test := range []struct {
		settings map[string]string
		demanded bool
		domain   string
		allowed  bool // /ns/mail
	}{
		{nil, false, "", true},
		{map[string]string{"spiffe-trust-domain": "prod.example", "spiffe-paths": "/ns/shop/*\n/ns/db"}, false, "prod.example", false},
		{map[string]string{"tls-spiffe": "*", "spiffe-trust-domain": "prod.example", "spiffe-paths": "/ns/shop/*\n/ns/mail"}, true, "prod.example", true},
		{map[string]string{"tls-spiffe": "test.example", "spiffe-trust-domain": "prod.example"}, true, "test.example", true},
	} {
		o, err := chainOptions(&audit.Pass{Target: &audit.Target{}, Settings: test.settings})
		if err != nil {
			t.Fatal(err)
		}
		if s := o.SVID; s.Demanded != test.demanded || s.TrustDomain != test.domain || (s.Path == nil || s.Path("/ns/mail")) != test.allowed {
			t.Errorf("%v: %+v", test.settings, s)
		}
	}
}

func TestTLSSettings(t *testing.T) {
	for key, value := range map[string]string{"tls-timeout": "soon", "tls-max-connections": "many", "tls-rate": "fast"} {
		rep := runTLSCheck(t, map[string]string{key: value}, "127.0.0.1:1")
		if c := rep.Checks[0]; c.Outcome != audit.Errored || !strings.Contains(c.Reason, key) {
			t.Errorf("%s: %+v", key, c)
		}
	}
}

func TestCheckEndpoint(t *testing.T) {
	for address, ok := range map[string]bool{
		"example.com:443": true, "[::1]:8443": true, "127.0.0.1:1": true,
		"example.com": false, ":443": false, "example.com:": false, "example.com:0": false, "example.com:70000": false, "example.com:https": false, "::1:443": false,
		"localhost:1": true, "a_b.internal.:443": true, "xn--fsqu00a.test:443": true, "[fe80::1%eth0]:443": true, strings.Repeat("a", 63) + ".test:443": true,
		"a b:443": false, " a:443": false, "a\x00:443": false, "a\n.test:443": false, "https://a.test:443": false, "a/b:443": false, "例子.测试:443": false, "a..b:443": false,
		".a:443": false, ".:443": false, "-a.test:443": false, "a-.test:443": false, "user@a.test:443": false, "[a.test]:443": true, "[fe80::1%e 0]:443": false, "[fe80::1%]:443": false,
		strings.Repeat("a", 64) + ".test:443": false, strings.Repeat("a.", 127) + "test:443": false,
	} {
		if err := CheckEndpoint(address); (err == nil) != ok {
			t.Errorf("%s: %v", address, err)
		}
	}
}
