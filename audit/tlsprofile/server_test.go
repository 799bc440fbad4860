// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package tlsprofile

import (
	"context"
	"crypto/elliptic"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/goassay/assay/audit/tlsprobe"
	"github.com/goassay/assay/audit/tlsprobe/tlstest"
	"github.com/goassay/assay/internal/machine"
)

// Real servers on loopback: one that is configured for each profile, and ones that break
// its clauses. What no packaged server does, those of package tlstest do: hybrid groups in
// the client's order, TLCP, RFC 8998.

// A served endpoint is a server, and what a profile says of it.
type served struct {
	name     string
	profile  string
	serve    func(t *testing.T) string // starts it, and returns its address
	gaps     []string                  // clauses that are not met: these, and no others
	strange  bool                      // nobody trusts the authority of its certificate
	startTLS string                    // the protocol that leads to TLS
	at       time.Time                 // on which it is judged; zero: now
}

// judged probes a server, and judges it by a profile.
func judged(t *testing.T, s served) []Verdict {
	t.Helper()
	target := tlsprobe.Target{Address: s.serve(t), SNI: "example.com", StartTLS: s.startTLS}
	r, err := tlsprobe.Probe(context.Background(), target, tlsprobe.Options{})
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	for _, chain := range r.Certificates {
		for _, c := range chain.Certificates {
			if parsed, err := x509.ParseCertificate(c.DER); err == nil && parsed.IsCA && !s.strange {
				roots.AddCert(parsed)
			}
		}
	}
	r.Examine(tlsprobe.ChainOptions{Roots: tlsprobe.Roots{System: roots, Mozilla: roots}}) // so that staples are verified
	if s.at.IsZero() {
		s.at = time.Now()
	}
	return Evaluate(builtin(t, s.profile), r, s.at)
}

// expect demands that of a server some clauses are gaps, and no others, and that nothing is
// unknown. It returns the outcomes of the clauses.
func expect(t *testing.T, s served) map[string]Outcome {
	t.Helper()
	verdicts := judged(t, s)
	if diff := cmp.Diff(s.gaps, with(verdicts, Gap)); diff != "" {
		for _, v := range verdicts {
			if v.Outcome == Gap {
				t.Logf("%s: %v", v.Clause.ID(), v.Seen)
			}
		}
		t.Errorf("%s: gaps: %s", s.profile, diff)
	}
	out := map[string]Outcome{}
	for _, v := range verdicts {
		out[v.Clause.ID()] = v.Outcome
		if v.Outcome == Unknown {
			t.Errorf("%s %s: unknown: %v", s.profile, v.Clause.ID(), v.Unknown)
		}
	}
	return out
}

// TestServers: each profile passes a server that was made for it, and of each of its clauses
// that a probe can see one server meets it, and one breaks it.
func TestServers(t *testing.T) {
	machine.Long(t, "probes dozens of servers for each profile")
	reached, passed, left := map[string]bool{}, map[string]bool{}, 0
	for _, s := range slices.Concat(meeting(t), breaking(t)) {
		left++
		t.Run(s.profile+"/"+s.name, func(t *testing.T) {
			for clause, outcome := range expect(t, s) {
				reached[fmt.Sprintf("%s %s: %s", s.profile, clause, outcome)] = true
			}
			passed[s.profile] = passed[s.profile] || len(s.gaps) == 0 && s.at.IsZero()
			left--
		})
	}
	if left > 0 { // some are not installed, or not asked for
		t.Skip("not all servers ran")
	}
	for _, id := range IDs() {
		if !passed[id] {
			t.Errorf("%s: no server passes", id)
		}
		for _, c := range builtin(t, id).Clauses {
			for _, outcome := range []Outcome{Met, Gap} {
				if what := fmt.Sprintf("%s %s: %s", id, c.ID(), outcome); !c.Manual && !reached[what] {
					t.Errorf("no server: %s", what)
				}
			}
		}
	}
}

// A server that is asked by its address, or by a name with a dot at its end, has a certificate,
// too.
func TestServerByAddress(t *testing.T) {
	p := certify(t, onCurve(t, elliptic.P256()), nil)
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

// Arguments of openssl s_server.
var (
	suites13 = []string{"-ciphersuites", "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384"}
	suites12 = []string{"-cipher", "ECDHE+AESGCM"}
	nist     = []string{"-groups", "P-256:P-384", "-no_tls1", "-no_tls1_1", "-no_ssl3"}
	bsi      = []string{"-groups", "P-256:P-384:ffdhe3072", "-no_tls1", "-no_tls1_1", "-sigalgs", "ECDSA+SHA256:ECDSA+SHA384:ECDSA+SHA512"} // by default SHA-224, too
	// What OpenSSL takes only if it is told that nothing matters.
	old     = []string{"-cipher", "ALL:COMPLEMENTOFALL:@SECLEVEL=0", "-min_protocol", "TLSv1"}
	sloppy  = []string{"-cipher", "ECDHE+AESGCM:ECDHE-ECDSA-AES128-SHA:@SECLEVEL=0", "-min_protocol", "TLSv1.1"}
	no13    = []string{"-no_tls1_3"}
	mozilla = []string{"-groups", "X25519:P-256:P-384", "-cipher", "ECDHE+AESGCM:ECDHE+CHACHA20:!DHE", "-no_tls1", "-no_tls1_1"}
)

// openssl is a server of s_server with arguments.
func openssl(p pair, args ...[]string) func(*testing.T) string {
	return func(t *testing.T) string {
		all := []string{"-cert", p.file("cert.pem"), "-key", p.file("key.pem"), "-cert_chain", p.file("ca.pem")}
		return tlstest.OpenSSL(t, append(all, slices.Concat(args...)...)...).Address
	}
}

// staple has s_server send the OCSP response of a certificate.
func (p pair) staple() []string { return []string{"-status_file", p.file("response.der")} }

// withoutMaster is s_server without the extended master secret: it has no argument for that.
func withoutMaster(p pair, args ...[]string) func(*testing.T) string {
	return func(t *testing.T) string {
		file := filepath.Join(t.TempDir(), "openssl.cnf")
		text := "openssl_conf = init\n[init]\nssl_conf = ssl\n[ssl]\nsystem_default = options\n[options]\nOptions = -ExtendedMasterSecret\n"
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		t.Setenv("OPENSSL_CONF", file)
		return openssl(p, args...)(t)
	}
}

// nginx is a server of nginx with directives.
func nginx(p pair, directives string) func(*testing.T) string {
	return func(t *testing.T) string {
		return tlstest.Nginx(t, fmt.Sprintf("server { listen LISTEN ssl; ssl_certificate %s; ssl_certificate_key %s; %s }", p.file("chain.pem"), p.file("key.pem"), directives)).Address
	}
}

// gnutls is a server of gnutls-serv with a list of priorities.
func gnutls(p pair, priorities string, args ...string) func(*testing.T) string {
	return func(t *testing.T) string {
		all := []string{"--x509certfile", p.file("chain.pem"), "--x509keyfile", p.file("key.pem"), "--priority", priorities}
		return tlstest.GnuTLS(t, append(all, args...)...).Address
	}
}

// goTLS is a server of package tls.
func goTLS(p pair, change func(*tls.Config)) func(*testing.T) string {
	return func(t *testing.T) string {
		c := &tls.Config{Certificates: []tls.Certificate{p.Certificate}}
		change(c)
		return tlstest.GoTLS(t, c)
	}
}

// server13 is a server of TLS 1.3 with what Mozilla wants.
func server13(p pair, change func(*tlstest.Server13)) *tlstest.Server13 {
	s := &tlstest.Server13{
		Suites: []uint16{tlstest.AES128GCM, tlstest.AES256GCM, tlstest.ChaCha20}, Groups: []uint16{tlstest.X25519MLKEM768, tlstest.X25519, tlstest.P256, tlstest.P384},
		Chain: p.Certificate.Certificate, Key: p.signer(), Scheme: tlstest.ECDSAP256, Staple: p.OCSPStaple,
	}
	if change != nil {
		change(s)
	}
	return s
}

// parts are servers behind one address: for hellos of TLS 1.3, for those of TLS 1.2 and
// older, and for those of TLCP. Nil is for none.
type parts struct {
	tls13 *tlstest.Server13
	tlcp  *tlstest.ServerTLCP
	older func(*tlstest.Hello) func(net.Conn, *tlstest.Hello)
}

func (p parts) serve(t *testing.T) string {
	return tlstest.Front(t, func(h *tlstest.Hello) func(net.Conn, *tlstest.Hello) {
		switch {
		case h.Version == tlstest.TLS13 && p.tls13 != nil:
			return p.tls13.Serve
		case h.Version == tlstest.TLCP && p.tlcp != nil:
			return p.tlcp.Serve
		case h.Version != tlstest.TLCP && p.older != nil:
			return p.older(h)
		}
		return nil
	})
}

// server13Alone is a server of TLS 1.3 and nothing else.
func server13Alone(p pair, change func(*tlstest.Server13)) func(*testing.T) string {
	return func(t *testing.T) string { return parts{tls13: server13(p, change)}.serve(t) }
}

// relayed has another server answer hellos of TLS 1.2 and older.
func relayed(t *testing.T, serve func(*testing.T) string) func(*tlstest.Hello) func(net.Conn, *tlstest.Hello) {
	address := serve(t)
	return func(*tlstest.Hello) func(net.Conn, *tlstest.Hello) { return tlstest.Relay(address) }
}

// dhParameters has s_server exchange keys in a finite field.
func dhParameters(t *testing.T, bits string) []string {
	t.Helper()
	return []string{"-dhparam", tlstest.DHParameters(t, bits)}
}

// played is a server that says a script, and may go on to TLS.
func played(p pair, s tlstest.Script) func(*testing.T) string {
	return func(t *testing.T) string {
		return tlstest.Play(t, s, &tls.Config{Certificates: []tls.Certificate{p.Certificate}, MinVersion: tls.VersionTLS12})
	}
}

// priorities are those of GnuTLS that NIST and the BSI like, with TLS 1.2.
func priorities(more ...string) string {
	list := []string{
		"NONE", "+VERS-TLS1.2", "+GROUP-SECP256R1", "+GROUP-SECP384R1", "+ECDHE-ECDSA", "+AES-128-GCM", "+AES-256-GCM", "+AEAD",
		"+SIGN-ECDSA-SHA256", "+SIGN-ECDSA-SHA384", "+SIGN-ECDSA-SHA512", "+SIGN-ECDSA-SECP256R1-SHA256",
	}
	return strings.Join(append(list, more...), ":")
}
