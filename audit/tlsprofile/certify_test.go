// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package tlsprofile

import (
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
	"math/big"
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/crypto/ocsp"
)

// A pair is a certificate with its key, the authority above it, and an OCSP response.
type pair struct {
	tls.Certificate
	folder string // with cert.pem, ca.pem, both in chain.pem, key.pem and response.der
}

func (p pair) file(name string) string { return filepath.Join(p.folder, name) }

// signer is the key.
func (p pair) signer() crypto.Signer { return p.PrivateKey.(crypto.Signer) }

// An issue is how a certificate is made.
type issue struct {
	key       crypto.Signer
	authority crypto.Signer                // nil: one on P-256
	change    func(leaf *x509.Certificate) // nil: as a profile wants it
	status    int                          // of the OCSP response
}

// certify makes a certificate as a profile wants it; change makes it another.
func certify(t *testing.T, key crypto.Signer, change func(leaf *x509.Certificate)) pair {
	t.Helper()
	return issue{key: key, change: change}.pair(t)
}

func (i issue) pair(t *testing.T) pair {
	t.Helper()
	must := func(data []byte, err error) []byte {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	ca := i.authority
	if ca == nil {
		ca = onCurve(t, elliptic.P256())
	}
	now := time.Now()
	root := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Test CA"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(time.Hour), KeyUsage: x509.KeyUsageCertSign,
	}
	rootDER := must(x509.CreateCertificate(rand.Reader, root, root, ca.Public(), ca))
	root, err := x509.ParseCertificate(rootDER)
	if err != nil {
		t.Fatal(err)
	}
	leaf := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "example.com"}, DNSNames: []string{"example.com"},
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(24 * time.Hour), KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment,
		OCSPServer: []string{"http://ocsp.invalid"},
	}
	if i.change != nil {
		i.change(leaf)
	}
	der := must(x509.CreateCertificate(rand.Reader, leaf, root, i.key.Public(), ca))
	answer := ocsp.Response{Status: i.status, SerialNumber: leaf.SerialNumber, ThisUpdate: now.Add(-time.Minute), NextUpdate: now.Add(time.Hour)}
	if i.status == ocsp.Revoked {
		answer.RevokedAt = now.Add(-time.Minute)
	}
	response := must(ocsp.CreateResponse(root, root, answer, ca))
	p := pair{tls.Certificate{Certificate: [][]byte{der, rootDER}, PrivateKey: i.key, OCSPStaple: response}, t.TempDir()}
	leafPEM, rootPEM := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: rootDER})
	for name, data := range map[string][]byte{
		"cert.pem":     leafPEM,
		"ca.pem":       rootPEM,
		"chain.pem":    append(leafPEM, rootPEM...),
		"key.pem":      pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: must(x509.MarshalPKCS8PrivateKey(i.key))}),
		"response.der": response,
		"response.pem": pem.EncodeToMemory(&pem.Block{Type: "OCSP RESPONSE", Bytes: response}), // as gnutls-serv wants it
	} {
		if err := os.WriteFile(p.file(name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return p
}

func onCurve(t *testing.T, curve elliptic.Curve) crypto.Signer {
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
