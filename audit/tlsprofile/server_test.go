// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package tlsprofile

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ocsp"

	"github.com/google/go-cmp/cmp"

	"github.com/goassay/assay/audit/tlsprobe"
	"github.com/goassay/assay/audit/tlsprobe/tlstest"
	"github.com/goassay/assay/internal/machine"
)

// Real servers on loopback: one that is configured for each profile, and ones that break
// its clauses. OpenSSL 3.0 has no hybrid groups, and Go's server decides the order of suites
// by its own; so none is all that Mozilla asks for. Nothing that Debian has speaks TLCP or
// RFC 8998.

// A pair is a certificate with its key, and an OCSP response for it.
type pair struct {
	tls.Certificate
	folder string // with cert.pem, key.pem and response.der
}

func (p pair) file(name string) string { return filepath.Join(p.folder, name) }

// certify makes a certificate as a profile wants it; change makes it another.
func certify(t *testing.T, key crypto.Signer, change func(leaf *x509.Certificate)) pair {
	t.Helper()
	ca := signer(t, elliptic.P256())
	now := time.Now()
	root := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Test CA"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(time.Hour), KeyUsage: x509.KeyUsageCertSign,
	}
	rootDER, err := x509.CreateCertificate(rand.Reader, root, root, ca.Public(), ca)
	if err != nil {
		t.Fatal(err)
	}
	if root, err = x509.ParseCertificate(rootDER); err != nil {
		t.Fatal(err)
	}
	leaf := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "example.com"}, DNSNames: []string{"example.com"},
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(24 * time.Hour), KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment,
		OCSPServer: []string{"http://ocsp.invalid"},
	}
	if change != nil {
		change(leaf)
	}
	der, err := x509.CreateCertificate(rand.Reader, leaf, root, key.Public(), ca)
	if err != nil {
		t.Fatal(err)
	}
	response, err := ocsp.CreateResponse(root, root, ocsp.Response{Status: ocsp.Good, SerialNumber: leaf.SerialNumber, ThisUpdate: now, NextUpdate: now.Add(time.Hour)}, ca)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	p := pair{tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, OCSPStaple: response}, t.TempDir()}
	for name, data := range map[string][]byte{
		"cert.pem":     pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		"key.pem":      pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret}),
		"response.der": response,
	} {
		if err := os.WriteFile(p.file(name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return p
}

func signer(t *testing.T, curve elliptic.Curve) crypto.Signer {
	t.Helper()
	key, err := ecdsa.GenerateKey(curve, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func rsaKey(t *testing.T, bits int) crypto.Signer {
	t.Helper()
	t.Setenv("GODEBUG", "rsa1024min=0") // a short key is what is to be found
	key, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// freePort finds a port on which nobody listens. Another may take it before the server
// does, which then does not start.
func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	return port
}

// start runs a server program until the test ends, and waits until it listens.
func start(t *testing.T, address string, name string, args ...string) string {
	t.Helper()
	machine.Need(t, name)
	cmd := exec.Command(name, args...)
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { cmd.Wait(); close(ended) }()
	t.Cleanup(func() { cmd.Process.Kill(); <-ended })
	for range 200 {
		if c, err := net.Dial("tcp", address); err == nil {
			c.Close()
			return address
		}
		select {
		case <-ended:
			t.Fatalf("%s %v: %s", name, args, output.String())
		case <-time.After(20 * time.Millisecond):
		}
	}
	t.Fatalf("%s does not listen", name)
	return ""
}

// serveOpenSSL starts openssl s_server with more arguments than it needs.
func serveOpenSSL(t *testing.T, p pair, args ...string) string {
	t.Helper()
	address := net.JoinHostPort("127.0.0.1", freePort(t))
	all := []string{"s_server", "-accept", address, "-quiet", "-cert", p.file("cert.pem"), "-key", p.file("key.pem")}
	return start(t, address, "openssl", append(all, args...)...)
}

// serveNginx starts nginx with directives for its server.
func serveNginx(t *testing.T, p pair, directives string) string {
	t.Helper()
	address := net.JoinHostPort("127.0.0.1", freePort(t))
	folder := t.TempDir()
	config := filepath.Join(folder, "nginx.conf")
	text := fmt.Sprintf(`daemon off; master_process off; pid %[1]s/pid; error_log stderr; worker_processes 1;
events { worker_connections 64; }
http {
	access_log off; client_body_temp_path %[1]s/a; proxy_temp_path %[1]s/b; fastcgi_temp_path %[1]s/c; uwsgi_temp_path %[1]s/d; scgi_temp_path %[1]s/e;
	server { listen %[2]s ssl; ssl_certificate %[3]s; ssl_certificate_key %[4]s; %[5]s }
}`, folder, address, p.file("cert.pem"), p.file("key.pem"), directives)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return start(t, address, "nginx", "-p", folder, "-e", "stderr", "-c", config)
}

// judged probes a server, and judges it by a profile.
func judged(t *testing.T, address, profile string) []Verdict {
	t.Helper()
	r, err := tlsprobe.Probe(context.Background(), tlsprobe.Target{Address: address, SNI: "example.com"}, tlsprobe.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return Evaluate(builtin(t, profile), r, time.Now())
}

// unprobed are clauses whose facts the probe may not have found out. Everything else must
// be known of a server that answers.
var unprobed = []string{"4.2.1 (revoked)", "4.2.1 (trusted)", "3.3.4 (client-renegotiation)", "3.4.1"}

// expect demands that of a server some clauses are gaps, and no others.
func expect(t *testing.T, address, profile string, gaps ...string) {
	t.Helper()
	verdicts := judged(t, address, profile)
	if diff := cmp.Diff(gaps, with(verdicts, Gap)); diff != "" {
		for _, v := range verdicts {
			if v.Outcome == Gap {
				t.Logf("%s: %v", v.Clause.ID(), v.Seen)
			}
		}
		t.Errorf("%s: gaps: %s", profile, diff)
	}
	for _, v := range verdicts {
		if v.Outcome == Unknown && !slices.Contains(unprobed, v.Clause.ID()) {
			t.Errorf("%s %s: unknown: %v", profile, v.Clause.ID(), v.Unknown)
		}
	}
}

// Arguments of openssl s_server.
var (
	suites13 = []string{"-ciphersuites", "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384"}
	suites12 = []string{"-cipher", "ECDHE+AESGCM"}
	nist     = []string{"-groups", "P-256:P-384", "-no_tls1", "-no_tls1_1", "-no_ssl3"}
	bsi      = []string{"-groups", "P-256:P-384", "-no_tls1", "-no_tls1_1", "-sigalgs", "ECDSA+SHA256:ECDSA+SHA384:ECDSA+SHA512"} // by default SHA-224, too
	// What OpenSSL takes only if it is told that nothing matters.
	old = []string{"-cipher", "ALL:COMPLEMENTOFALL:@SECLEVEL=0", "-min_protocol", "TLSv1"}
)

func join(lists ...[]string) []string { return slices.Concat(lists...) }

func TestServersMeet(t *testing.T) {
	p := certify(t, signer(t, elliptic.P256()), nil)
	staple := []string{"-status_file", p.file("response.der")}
	t.Run("fips", func(t *testing.T) { expect(t, serveOpenSSL(t, p, join(suites13, suites12, nist)...), "fips") })
	t.Run("nist", func(t *testing.T) {
		expect(t, serveOpenSSL(t, p, join(suites13, suites12, nist, staple)...), "nist-800-52r2")
	})
	t.Run("bsi", func(t *testing.T) {
		expect(t, serveOpenSSL(t, p, join(suites13, suites12, bsi)...), "bsi-tr-02102-2")
	})
	t.Run("pci", func(t *testing.T) { expect(t, serveOpenSSL(t, p, join(suites12, staple)...), "pci-dss-4") })
	t.Run("mlps3", func(t *testing.T) { expect(t, serveNginx(t, p, "ssl_protocols TLSv1.2 TLSv1.3;"), "mlps3") })
	t.Run("pq", func(t *testing.T) {
		expect(t, tlstest.GoTLS(t, &tls.Config{Certificates: []tls.Certificate{p.Certificate}}), "pq")
	})
	// All but the order of suites, which is the server's in Go.
	mozilla := func(v uint16) *tls.Config {
		return &tls.Config{
			Certificates: []tls.Certificate{p.Certificate}, MinVersion: v, CurvePreferences: []tls.CurveID{tls.X25519MLKEM768, tls.X25519, tls.CurveP256, tls.CurveP384},
			CipherSuites: []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256},
		}
	}
	t.Run("modern", func(t *testing.T) {
		expect(t, tlstest.GoTLS(t, mozilla(tls.VersionTLS13)), "mozilla-modern", "server_preferred_order")
	})
	t.Run("intermediate", func(t *testing.T) {
		expect(t, tlstest.GoTLS(t, mozilla(tls.VersionTLS12)), "mozilla-intermediate", "server_preferred_order")
	})
	// All but the hybrid group, and the staple, which nginx would have to fetch.
	t.Run("nginx", func(t *testing.T) {
		config := "ssl_protocols TLSv1.2 TLSv1.3; ssl_prefer_server_ciphers off; ssl_ecdh_curve X25519:prime256v1:secp384r1; ssl_ciphers " +
			"ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305;"
		expect(t, serveNginx(t, p, config), "mozilla-intermediate", "tls_curves (post-quantum)", "ocsp_staple")
	})
}

// A server that is asked by its address, or by a name with a dot at its end, has a certificate,
// too.
func TestServerByAddress(t *testing.T) {
	p := certify(t, signer(t, elliptic.P256()), nil)
	address := tlstest.GoTLS(t, &tls.Config{Certificates: []tls.Certificate{p.Certificate}})
	for _, name := range []string{"", "-", "example.com."} {
		r, err := tlsprobe.Probe(context.Background(), tlsprobe.Target{Address: address, SNI: name}, tlsprobe.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if v := Evaluate(profileOf(t, "condition: {certificates: {keys: [{type: ECDSA}]}}"), r, time.Now())[0]; v.Outcome != Met {
			t.Errorf("%q: %+v", name, v)
		}
	}
}

func TestServersBreak(t *testing.T) {
	p := certify(t, signer(t, elliptic.P256()), nil)
	staple := []string{"-status_file", p.file("response.der")}
	none := func(c *x509.Certificate) { c.OCSPServer = nil }
	tests := []struct {
		profile string
		serve   func(t *testing.T) string
		gaps    []string
	}{
		{"nist-800-52r2", openssl(p, suites12, nist, staple, []string{"-no_tls1_3"}), []string{"3.1 (required)"}},
		{"nist-800-52r2", openssl(p, suites13, nist[:2], staple, []string{"-tls1_3"}), []string{"3.1 (tls12)"}},
		{"nist-800-52r2", openssl(p, suites13, nist[:2], staple, []string{"-cipher", "ECDHE+AESGCM:ECDHE-ECDSA-AES128-SHA:@SECLEVEL=0", "-min_protocol", "TLSv1.1"}), []string{"3.1 (tls11)"}},
		{"nist-800-52r2", openssl(p, suites13, nist[:2], staple, []string{"-cipher", "ECDHE+AESGCM:ECDHE-ECDSA-AES128-SHA:@SECLEVEL=0", "-min_protocol", "TLSv1"}), []string{"3.1 (tls11)", "3.1 (forbidden)"}},
		{"nist-800-52r2", openssl(p, suites12, nist, staple), []string{"3.3.1"}}, // ChaCha20 is on by default in TLS 1.3
		{"nist-800-52r2", openssl(p, suites13, suites12, nist), []string{"3.4.1.5"}},
		{"nist-800-52r2", openssl(p, suites13, suites12, staple, []string{"-groups", "X25519"}), []string{"3.4.2.2"}},
		{"nist-800-52r2", func(t *testing.T) string {
			q := certify(t, signer(t, elliptic.P521()), func(c *x509.Certificate) { none(c); c.NotAfter = c.NotBefore.AddDate(4, 0, 0) })
			return serveOpenSSL(t, q, join(suites13, suites12, nist, staple)...)
		}, []string{"3.2", "3.2.1 (curve)", "3.2.1 (lifetime)"}},
		{"fips", openssl(p, suites13, suites12), []string{"Appendix D"}}, // X25519 and X448 are on by default
		{"fips", openssl(p, suites12, nist), []string{"3.3.1"}},
		{"fips", openssl(p, suites13, nist[:2], []string{"-cipher", "ECDHE+AESGCM:ECDHE-ECDSA-AES128-SHA:@SECLEVEL=0", "-min_protocol", "TLSv1.1"}), []string{"3.1"}},
		{"fips", func(t *testing.T) string {
			return serveOpenSSL(t, certify(t, rsaKey(t, 1024), nil), join(suites13, nist, []string{"-cipher", "ECDHE+AESGCM:@SECLEVEL=0"})...)
		}, []string{"3.2.1 (key)"}},
		{"bsi-tr-02102-2", openssl(p, suites13, suites12, bsi[2:], []string{"-groups", "X25519:P-256"}), []string{"3.3.2", "3.4.2"}},
		{"bsi-tr-02102-2", openssl(p, suites13, bsi, []string{"-cipher", "ECDHE"}), []string{"3.3.1"}},
		{"bsi-tr-02102-2", openssl(p, suites12, bsi), []string{"3.4.4"}},
		{"bsi-tr-02102-2", openssl(p, suites13, suites12, nist), []string{"3.3.3"}},
		{"bsi-tr-02102-2", openssl(p, suites13, nist[:2], []string{"-cipher", "ECDHE+AESGCM:ECDHE-ECDSA-AES128-SHA:@SECLEVEL=0", "-min_protocol", "TLSv1.1"}), []string{"3.2", "3.3.1", "3.3.3"}},
		{"bsi-tr-02102-2", func(t *testing.T) string {
			return serveOpenSSL(t, certify(t, rsaKey(t, 2048), nil), join(suites13, nist, []string{"-cipher", "ECDHE+AESGCM:DHE+AESGCM:@SECLEVEL=0", "-dhparam", dhParameters(t)})...)
		}, []string{"3.3.3", "3.6.1 (key)", "3.6.1 (dh)"}},
		{"pci-dss-4", openssl(p, old, staple), []string{"4.2.1 (versions)", "4.2.1 (algorithms)", "4.2.1 (signatures)", "4.2.1 (cipher-strength)", "4.2.1 (dh-strength)"}},
		{"pci-dss-4", func(t *testing.T) string {
			q := certify(t, rsaKey(t, 1024), func(c *x509.Certificate) { c.NotAfter = c.NotBefore.Add(time.Minute) })
			return serveOpenSSL(t, q, join([]string{"-cipher", "ECDHE+AESGCM:@SECLEVEL=0"}, staple)...)
		}, []string{"4.2.1 (expired)", "4.2.1 (signatures)", "4.2.1 (key-strength)"}},
		{"nist-800-52r2", withoutMaster(p, suites13, suites12, nist, staple), []string{"3.4.1.3"}},
		{"fips", withoutMaster(p, suites13, suites12, nist), []string{"D.Q"}},
		{"bsi-tr-02102-2", withoutMaster(p, suites13, suites12, bsi), []string{"3.3.4 (extended-master-secret)"}},
		{"mlps3", openssl(p, []string{"-cipher", "ECDHE+AESGCM:ECDHE-ECDSA-NULL-SHA:@SECLEVEL=0"}), []string{"8.1.2.2 b", "8.1.4.1 c", "8.1.4.8 a"}},
		{"mlps3", openssl(p, []string{"-cipher", "ECDHE+AESGCM:aNULL:@SECLEVEL=0"}), []string{"8.1.2.2 a", "8.1.2.2 b", "8.1.4.1 c", "8.1.4.7 a", "8.1.4.8 a"}},
		{"pq", openssl(p, suites12), []string{"2.2 (hybrid)"}},
		{"pq", openssl(p, suites12, []string{"-no_tls1_3"}), []string{"2.2 (hybrid)", "3.2"}},
		{"gm", openssl(p, suites12), []string{"8.2 a", "8.2 b", "8.2 c"}},
		{"gm", func(t *testing.T) string {
			return serveOpenSSL(t, certify(t, rsaKey(t, 1024), nil), old...)
		}, []string{"5 a", "5 a (rsa)", "5 b", "8.2 a", "8.2 b", "8.2 c"}},
		{"mozilla-modern", openssl(p, staple, []string{"-groups", "X25519:P-256:P-384", "-cipher", "ECDHE+AESGCM", "-no_tls1", "-no_tls1_1"}), []string{"tls_versions", "tls_curves (post-quantum)"}},
		{"mozilla-modern", openssl(p, []string{"-tls1_3", "-ciphersuites", "TLS_AES_128_CCM_SHA256:TLS_AES_256_GCM_SHA384", "-serverpref"}),
			[]string{"ciphersuites", "tls_curves", "tls_curves (post-quantum)", "ocsp_staple", "server_preferred_order"}},
		{"mozilla-modern", func(t *testing.T) string {
			q := certify(t, rsaKey(t, 2048), func(c *x509.Certificate) { c.NotAfter = c.NotBefore.AddDate(0, 0, 200) })
			return serveOpenSSL(t, q, join(staple, []string{"-tls1_3", "-groups", "X25519:P-256"})...)
		}, []string{"tls_curves (post-quantum)", "certificate_types", "maximum_certificate_lifespan"}},
		{"mozilla-intermediate", func(t *testing.T) string {
			q := certify(t, rsaKey(t, 1024), func(c *x509.Certificate) { none(c); c.NotAfter = c.NotBefore.AddDate(2, 0, 0) })
			return serveOpenSSL(t, q, "-groups", "X25519:P-521", "-cipher", "ECDHE+AESGCM:DHE+AESGCM:@SECLEVEL=0", "-dhparam", dhParameters(t), "-no_tls1", "-no_tls1_1")
		}, []string{"ciphers", "tls_curves", "tls_curves (post-quantum)", "rsa_key_size", "dh_param_size", "maximum_certificate_lifespan"}},
		{"mozilla-intermediate", func(t *testing.T) string {
			return tlstest.GoTLS(t, &tls.Config{Certificates: []tls.Certificate{p.Certificate}, MinVersion: tls.VersionTLS10, CipherSuites: []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA}})
		}, []string{"tls_versions", "ciphers", "tls_curves", "server_preferred_order"}},
		{"nist-800-52r2", func(t *testing.T) string {
			return tlstest.GoTLS(t, &tls.Config{Certificates: []tls.Certificate{weak(t).Certificate}, CurvePreferences: []tls.CurveID{tls.CurveP256}, CipherSuites: []uint16{tls.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA}})
		}, []string{"3.2.1 (key)", "3.2.1 (signature)", "3.3.1", "3.4.2 (encrypt-then-mac)"}},
		{"fips", func(t *testing.T) string {
			return serveOpenSSL(t, weak(t), join(suites13, nist, []string{"-cipher", "ECDHE+AESGCM:@SECLEVEL=0"})...)
		}, []string{"3.2.1 (key)", "3.2.1 (signature)"}},
		{"pci-dss-4", func(t *testing.T) string {
			return serveOpenSSL(t, weak(t), join(staple, []string{"-cipher", "ECDHE+AESGCM:@SECLEVEL=0", "-sigalgs", "RSA-PSS+SHA256:RSA+SHA256"})...)
		}, []string{"4.2.1 (certificate-signatures)", "4.2.1 (key-strength)"}},
		{"mozilla-intermediate", func(t *testing.T) string {
			q := certify(t, signer(t, elliptic.P521()), func(c *x509.Certificate) { c.SignatureAlgorithm = x509.ECDSAWithSHA1 })
			return serveOpenSSL(t, q, join([]string{"-status_file", q.file("response.der"), "-groups", "X25519:P-256:P-384", "-cipher", "ECDHE+AESGCM:@SECLEVEL=0", "-ciphersuites", "TLS_AES_128_CCM_SHA256"}, nist[2:])...)
		}, []string{"ciphersuites", "tls_curves (post-quantum)", "certificate_curves", "certificate_signatures"}},
		{"mozilla-intermediate", func(t *testing.T) string {
			return tlstest.GoTLS(t, &tls.Config{Certificates: []tls.Certificate{edwards(t).Certificate}, CurvePreferences: []tls.CurveID{tls.X25519MLKEM768}, MinVersion: tls.VersionTLS13})
		}, []string{"tls_versions", "certificate_types", "server_preferred_order"}},
		{"bsi-tr-02102-2", func(t *testing.T) string {
			return tlstest.GoTLS(t, &tls.Config{Certificates: []tls.Certificate{edwards(t).Certificate}, CurvePreferences: []tls.CurveID{tls.SecP256r1MLKEM768, tls.X25519MLKEM768, tls.CurveP256}, MinVersion: tls.VersionTLS13})
		}, []string{"3.4.2", "3.4.3", "3.4.4", "3.6.1 (key)"}},
		{"bsi-tr-02102-2", func(t *testing.T) string {
			return tlstest.GoTLS(t, &tls.Config{Certificates: []tls.Certificate{p.Certificate}, CurvePreferences: []tls.CurveID{tls.CurveP256}, CipherSuites: []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256}})
		}, []string{"3.3.4 (encrypt-then-mac)", "3.4.4"}},
		{"pq", func(t *testing.T) string {
			return tlstest.GoTLS(t, &tls.Config{Certificates: []tls.Certificate{p.Certificate}, CurvePreferences: []tls.CurveID{tls.X25519}})
		}, []string{"2.2 (hybrid)"}},
	}
	for i, tt := range tests {
		t.Run(fmt.Sprintf("%s/%d", tt.profile, i), func(t *testing.T) { expect(t, tt.serve(t), tt.profile, tt.gaps...) })
	}
}

// weak is a certificate with a short key, signed with SHA-1.
func weak(t *testing.T) pair {
	t.Helper()
	return certify(t, rsaKey(t, 1024), func(c *x509.Certificate) { c.SignatureAlgorithm = x509.ECDSAWithSHA1 })
}

func edwards(t *testing.T) pair {
	t.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return certify(t, key, nil)
}

// openssl is a server with arguments.
func openssl(p pair, args ...[]string) func(*testing.T) string {
	return func(t *testing.T) string { return serveOpenSSL(t, p, join(args...)...) }
}

// withoutMaster is one that does without the extended master secret: s_server has no argument
// for that.
func withoutMaster(p pair, args ...[]string) func(*testing.T) string {
	return func(t *testing.T) string {
		file := filepath.Join(t.TempDir(), "openssl.cnf")
		text := "openssl_conf = init\n[init]\nssl_conf = ssl\n[ssl]\nsystem_default = options\n[options]\nOptions = -ExtendedMasterSecret\n"
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		t.Setenv("OPENSSL_CONF", file)
		return serveOpenSSL(t, p, join(args...)...)
	}
}

// dhParameters is a file with a field of 1024 bits: the second Oakley group (RFC 2409,
// section 6.2).
func dhParameters(t *testing.T) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "dh.pem")
	prime := strings.Join(strings.Fields(`FFFFFFFF FFFFFFFF C90FDAA2 2168C234 C4C6628B 80DC1CD1 29024E08 8A67CC74 020BBEA6 3B139B22 514A0879 8E3404DD
		EF9519B3 CD3A431B 302B0A6D F25F1437 4FE1356D 6D51C245 E485B576 625E7EC6 F44C42E9 A637ED6B 0BFF5CB6 F406B7ED EE386BFB 5A899FA5 AE9F2411 7C4B1FE6 49286651 ECE65381 FFFFFFFF FFFFFFFF`), "")
	p, ok := new(big.Int).SetString(prime, 16)
	if !ok {
		t.Fatal("the prime is no number")
	}
	der := append([]byte{0x30, 0x81, 0x88, 0x02, 0x81, 0x81, 0}, p.Bytes()...)
	der = append(der, 0x02, 0x01, 0x02)
	der[2] = byte(len(der) - 3)
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "DH PARAMETERS", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}
