// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package tlsprobe

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/goassay/assay/audit/tlsprobe/tlstest"
	"github.com/goassay/assay/internal/machine"
)

// directives are those of nginx that say the same as a configuration of OpenSSL. The
// certificates are made.
func (c opensslConfig) directives(t *testing.T, w *truth) string {
	t.Helper()
	var b strings.Builder
	names := map[Version]string{TLS10: "TLSv1", TLS11: "TLSv1.1", TLS12: "TLSv1.2", TLS13: "TLSv1.3"}
	b.WriteString("ssl_protocols")
	for _, v := range c.versions {
		b.WriteString(" " + names[v])
	}
	b.WriteString(";\n")
	for _, key := range c.keys {
		made := tlstest.NewCertificate(t, key, "example.com")
		w.leaves = append(w.leaves, made.SHA256())
		fmt.Fprintf(&b, "ssl_certificate %s;\nssl_certificate_key %s;\n", made.CertFile, made.KeyFile)
	}
	if c.ciphers != "" {
		fmt.Fprintf(&b, "ssl_ciphers %s;\n", c.ciphers)
	}
	if c.groups != "" {
		fmt.Fprintf(&b, "ssl_ecdh_curve %s;\n", c.groups)
	}
	if c.serverpref {
		b.WriteString("ssl_prefer_server_ciphers on;\n")
	}
	return b.String()
}

// ordinary is a configuration of nginx as many have it: Mozilla's "intermediate" of
// RSA, without DHE.
var ordinary = opensslConfig{
	versions: []Version{TLS12, TLS13}, keys: []string{"rsa"}, groups: "X25519:P-256:P-384", noDH: true,
	ciphers: "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305",
}

func TestProbeNginx(t *testing.T) {
	machine.Need(t, "nginx")
	machine.Need(t, "openssl")
	both := []Version{TLS12, TLS13}
	authority := tlstest.NewCertificate(t, "rsa", "authority")
	asked := func(enforced Enforcement, unverified State) func(*truth) {
		return func(w *truth) {
			w.auth = ClientAuth{State: AuthOptional, Versions: both3, Authorities: []string{"CN=authority"}, Unverified: unverified, Enforced: enforced}
		}
	}
	gcm := opensslConfig{versions: both, ciphers: "ECDHE+AESGCM", keys: []string{"rsa"}, groups: "X25519:P-256", noDH: true}
	for name, c := range map[string]struct {
		config opensslConfig
		server string // directives
		others string // server blocks
		know   func(*truth)
	}{
		"ordinary":           {config: ordinary},
		"server order":       {config: opensslConfig{versions: both, ciphers: "ECDHE+CHACHA20:ECDHE+AESGCM:kRSA+AES", keys: []string{"rsa"}, groups: "P-384:X25519", noDH: true, serverpref: true}},
		"two certificates":   {config: opensslConfig{versions: both, ciphers: "ECDHE:!SHA1", keys: []string{"p256", "rsa"}, groups: "X448:P-256:X25519", noDH: true, serverpref: true}},
		"old versions":       {config: opensslConfig{versions: []Version{TLS10, TLS11, TLS12}, ciphers: "ALL:!aNULL:@SECLEVEL=0", keys: []string{"rsa"}, groups: "P-256", noDH: true, serverpref: true, level0: true}},
		"one curve, one key": {config: opensslConfig{versions: both, ciphers: "ECDHE", keys: []string{"p384"}, groups: "P-384", noDH: true}},
		"no tickets, cache":  {config: gcm, server: "ssl_session_tickets off; ssl_session_cache shared:one:1m;", know: func(w *truth) { w.session.Tickets = NotOffered }},
		"no sessions":        {config: gcm, server: "ssl_session_tickets off; ssl_session_cache off;", know: func(w *truth) { w.session.Tickets, w.session.Resumption = NotOffered, NotOffered }},
		"early data":         {config: gcm, server: "ssl_early_data on;", know: func(w *truth) { w.session.EarlyData = Offered }},
		"HTTP 2":             {config: gcm, server: "http2_max_concurrent_streams 10;", know: func(w *truth) { w.alpn = []string{"h2", "http/1.1"} }},
		// nginx leads the handshake to its end without a certificate, and with any. What it
		// does not take it answers with 400.
		"verify on":           {config: gcm, server: "ssl_verify_client on;", know: asked(EnforcedHTTP, NotOffered)},
		"verify optional":     {config: gcm, server: "ssl_verify_client optional;", know: asked(EnforcedNowhere, NotOffered)},
		"optional_no_ca":      {config: gcm, server: "ssl_verify_client optional_no_ca;", know: asked(EnforcedNowhere, Offered)},
		"verify off":          {config: gcm, server: "ssl_verify_client off;"},
		"refused in HTTP":     {config: gcm, server: "ssl_verify_client optional; if ($ssl_client_verify != SUCCESS) { return 403; }", know: asked(EnforcedUnknown, NotOffered)},
		"a page of its own":   {config: gcm, server: "ssl_verify_client on; error_page 495 496 =403 /refused; location = /refused { internal; return 403; }", know: asked(EnforcedUnknown, Offered)},
		"several names":       {config: gcm, others: "other", know: func(w *truth) { w.session.WrongName = SameChain }},
		"default refuses":     {config: gcm, others: "reject", know: func(w *truth) { w.session.NoName, w.session.WrongName = Refused, Refused }},
		"default is somebody": {config: gcm, others: "default", know: func(w *truth) { w.session.NoName, w.session.WrongName = OtherChain, OtherChain }},
	} {
		t.Run(name, func(t *testing.T) {
			w := c.config.truth(t)
			w.session.NoName, w.session.WrongName = SameChain, SameChain
			w.alpn = []string{"http/1.1"}
			directives := c.config.directives(t, w) + c.server
			if strings.Contains(c.server, "ssl_verify_client") {
				directives += fmt.Sprintf("ssl_client_certificate %s;\n", authority.CertFile)
			}
			if c.know != nil {
				c.know(w)
			}
			parameters := ""
			if slices.Contains(w.alpn, "h2") {
				parameters = " http2"
			}
			block := fmt.Sprintf("server { listen LISTEN ssl%s; server_name example.com;\n%s return 200; }\n", parameters, directives)
			somebody := tlstest.NewCertificate(t, "p256", "somebody.example")
			shared, _, _ := strings.Cut(directives, "ssl_certificate ")
			if c.config.ciphers != "" {
				shared += "ssl_ciphers " + c.config.ciphers + ";"
			}
			shared += fmt.Sprintf("ssl_certificate %s; ssl_certificate_key %s; ssl_ecdh_curve X25519:P-256;", somebody.CertFile, somebody.KeyFile)
			switch c.others {
			case "other":
				block += "server { listen LISTEN ssl; server_name somebody.example; " + shared + " return 200; }\n"
			case "reject":
				block = "server { listen LISTEN ssl default_server; server_name _; " + shared + " ssl_reject_handshake on; }\n" + block
			case "default":
				block = "server { listen LISTEN ssl default_server; server_name somebody.example; " + shared + " return 200; }\n" + block
			}
			r := compare(t, tlstest.Nginx(t, block).Address, w)
			if r.Connections > 45 && (name == "ordinary" || strings.Contains(c.server, "ssl_verify_client")) {
				t.Errorf("%d connections", r.Connections)
			}
		})
	}
}
