// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package tlstest

import (
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"encoding/pem"
	"os"
	"path/filepath"
	"sync"
	"testing"
)

// A Certificate is one that signed itself, with its key, in files.
type Certificate struct {
	CertFile, KeyFile string // PEM
	DER               []byte
}

// SHA256 is the certificate's digest, as "sha256:" and hexadecimal.
func (c Certificate) SHA256() string {
	h := sha256.Sum256(c.DER)
	return "sha256:" + hex.EncodeToString(h[:])
}

// TLS is the certificate for package tls.
func (c Certificate) TLS(t testing.TB) tls.Certificate {
	t.Helper()
	pair, err := tls.LoadX509KeyPair(c.CertFile, c.KeyFile)
	if err != nil {
		t.Fatal(err)
	}
	return pair
}

// keyOptions are what openssl req is told to make the keys of a kind.
var keyOptions = map[string][]string{
	"rsa":       {"-newkey", "rsa:2048"},
	"rsa-pss":   {"-newkey", "rsa-pss", "-pkeyopt", "rsa_keygen_bits:2048"},
	"p256":      {"-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"},
	"p384":      {"-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-384"},
	"p521":      {"-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-521"},
	"secp256k1": {"-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:secp256k1"},
	"brainpool": {"-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:brainpoolP256r1"},
	"ed25519":   {"-newkey", "ed25519"},
	"ed448":     {"-newkey", "ed448"},
}

// made are the certificates that were made, by kind and name: PEM of key and
// certificate. Keys are made once for all tests.
var made = struct {
	sync.Mutex
	pem map[[2]string][2][]byte
}{pem: map[[2]string][2][]byte{}}

// NewCertificate makes a certificate for a name with openssl, or takes the one that was
// made before. The kind is of its key: "rsa", "rsa-pss", "p256", "p384", "p521",
// "secp256k1", "brainpool", "ed25519", "ed448".
func NewCertificate(t testing.TB, kind, name string) Certificate {
	t.Helper()
	dir := t.TempDir()
	c := Certificate{CertFile: filepath.Join(dir, kind+".pem"), KeyFile: filepath.Join(dir, kind+"-key.pem")}
	made.Lock()
	defer made.Unlock()
	have, ok := made.pem[[2]string{kind, name}]
	if !ok {
		Output(t, "openssl", append([]string{"req", "-x509", "-nodes", "-days", "30", "-subj", "/CN=" + name, "-addext", "subjectAltName=DNS:" + name,
			"-keyout", c.KeyFile, "-out", c.CertFile}, keyOptions[kind]...)...)
		have = [2][]byte{read(t, c.KeyFile), read(t, c.CertFile)}
		made.pem[[2]string{kind, name}] = have
	}
	write(t, c.KeyFile, have[0])
	write(t, c.CertFile, have[1])
	block, _ := pem.Decode(have[1])
	c.DER = block.Bytes
	return c
}

func read(t testing.TB, file string) []byte {
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func write(t testing.TB, file string, b []byte) {
	if err := os.WriteFile(file, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

// DHParameters makes the parameters of a finite field of a length in bits, which is one
// of those that openssl has at hand for 2048 and more, and else is made (1024).
func DHParameters(t testing.TB, bits string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "dh.pem")
	if bits == "1024" { // of RFC 2409, section 6.2: to make one takes seconds
		write(t, file, []byte(group2))
		return file
	}
	Output(t, "openssl", "genpkey", "-genparam", "-algorithm", "DH", "-pkeyopt", "group:ffdhe"+bits, "-out", file)
	return file
}

// group2 is the second Oakley group (RFC 2409, section 6.2), of 1024 bits.
const group2 = `-----BEGIN DH PARAMETERS-----
MIGHAoGBAP//////////yQ/aoiFowjTExmKLgNwc0SkCTgiKZ8x0Agu+pjsTmyJR
Sgh5jjQE3e+VGbPNOkMbMCsKbfJfFDdP4TVtbVHCReSFtXZiXn7G9ExC6aY37WsL
/1y29Aa37e44a/taiZ+lrp8kEXxLH+ZJKGZR7OZTgf//////////AgEC
-----END DH PARAMETERS-----
`
