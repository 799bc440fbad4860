// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package tlsprobe

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ocsp"

	"github.com/goassay/assay/audit/tlsprobe/tlstest"
	"github.com/goassay/assay/internal/machine"
)

// TestProbeStaple probes servers that staple an OCSP response, in both versions.
func TestProbeStaple(t *testing.T) {
	machine.Need(t, "openssl")
	made := tlstest.NewCertificate(t, "rsa", "example.com")
	x, err := x509.ParseCertificate(made.DER)
	if err != nil {
		t.Fatal(err)
	}
	response, err := ocsp.CreateResponse(x, x, ocsp.Response{SerialNumber: x.SerialNumber, ThisUpdate: time.Now(), NextUpdate: time.Now().Add(time.Hour)}, made.TLS(t).PrivateKey.(crypto.Signer))
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "response.der")
	if err := os.WriteFile(file, response, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, start := range map[string]func(t *testing.T) *tlstest.Server{
		"openssl": func(t *testing.T) *tlstest.Server {
			return tlstest.OpenSSL(t, "-cert", made.CertFile, "-key", made.KeyFile, "-status_file", file)
		},
		"nginx": func(t *testing.T) *tlstest.Server {
			return tlstest.Nginx(t, fmt.Sprintf("server { listen LISTEN ssl; ssl_protocols TLSv1.2 TLSv1.3; ssl_certificate %s; ssl_certificate_key %s; ssl_stapling on; ssl_stapling_file %s; return 200; }", made.CertFile, made.KeyFile, file))
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := probe(t, start(t).Address, Options{})
			var in []Version
			for _, c := range r.Certificates {
				if bytes.Equal(c.Staple, response) {
					in = append(in, c.Versions...)
				}
			}
			if len(r.Certificates) != 1 || !slices.Equal(in, both3) {
				t.Errorf("stapled in %v, with %d chains", in, len(r.Certificates))
			}
		})
	}
}

// TestProbeSSL3 is skipped where openssl was built without SSL 3.0, as Debian's is: then
// the truth is that it is refused, which the other tests demand.
func TestProbeSSL3(t *testing.T) {
	if strings.Contains(tlstest.Output(t, "openssl", "list", "-disabled"), "SSL3") {
		t.Skip("openssl is built without SSL 3.0")
	}
	c := opensslConfig{versions: []Version{SSL3, TLS10}, ciphers: "kRSA:@SECLEVEL=0", keys: []string{"rsa"}}
	w := c.truth(t)
	w.session.NoName, w.session.WrongName = SameChain, SameChain
	untried(w)
	compare(t, tlstest.OpenSSL(t, c.arguments(t, w)...).Address, w)
}
