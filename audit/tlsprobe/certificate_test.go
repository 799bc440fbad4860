// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package tlsprobe

import (
	"bytes"
	"crypto/rand"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/emmansun/gmsm/sm2"
	"github.com/emmansun/gmsm/smx509"
	"github.com/google/go-cmp/cmp"

	"github.com/goassay/assay/internal/machine"
)

// opensslCertificate makes a self-signed certificate with openssl, which knows kinds of
// keys that Go does not.
func opensslCertificate(t *testing.T, args ...string) []byte {
	t.Helper()
	machine.Need(t, "openssl")
	dir := t.TempDir()
	if args[0] == "dsa" {
		for _, step := range [][]string{
			{"genpkey", "-genparam", "-algorithm", "DSA", "-pkeyopt", "dsa_paramgen_bits:1024", "-pkeyopt", "dsa_paramgen_q_bits:160", "-out", "params"},
			{"genpkey", "-paramfile", "params", "-out", "dsa.key"},
		} {
			cmd := exec.Command("openssl", step...)
			cmd.Dir = dir
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Fatalf("%v: %v\n%s", step, err, out)
			}
		}
		args = []string{"-new", "-key", "dsa.key", "-sha256"}
	}
	command := append([]string{"req", "-x509", "-nodes", "-keyout", "key", "-out", "crt", "-days", "10", "-subj", "/CN=assay"}, args...)
	command = append(command, "-addext", "subjectAltName=DNS:assay.example,IP:192.0.2.1", "-addext", "keyUsage=critical,digitalSignature")
	cmd := exec.Command("openssl", command...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %v\n%s", command, err, out)
	}
	data, err := os.ReadFile(filepath.Join(dir, "crt"))
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(data)
	return block.Bytes
}

func TestParseCertificateKeys(t *testing.T) {
	tests := []struct {
		args      []string
		key       Key
		signature string
	}{
		{[]string{"-newkey", "rsa:2048", "-sha256"}, Key{"RSA", 2048, ""}, "SHA256-RSA"},
		{[]string{"-newkey", "rsa:1024", "-sha1"}, Key{"RSA", 1024, ""}, "SHA1-RSA"},
		{[]string{"-newkey", "rsa:512", "-md5"}, Key{"RSA", 512, ""}, "MD5-RSA"},
		{[]string{"-newkey", "rsa:2048", "-sha384", "-sigopt", "rsa_padding_mode:pss"}, Key{"RSA", 2048, ""}, "SHA384-RSAPSS"},
		{[]string{"-newkey", "rsa-pss", "-pkeyopt", "rsa_keygen_bits:2048"}, Key{"RSA-PSS", 2048, ""}, "SHA256-RSAPSS"},
		{[]string{"-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"}, Key{"ECDSA", 256, "P-256"}, "ECDSA-SHA256"},
		{[]string{"-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-521", "-sha512"}, Key{"ECDSA", 521, "P-521"}, "ECDSA-SHA512"},
		{[]string{"-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime192v1", "-sha224"}, Key{"ECDSA", 192, "P-192"}, "ECDSA-SHA224"},
		{[]string{"-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:secp256k1"}, Key{"ECDSA", 256, "secp256k1"}, "ECDSA-SHA256"},
		{[]string{"-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:brainpoolP384r1", "-sha384"}, Key{"ECDSA", 384, "brainpoolP384r1"}, "ECDSA-SHA384"},
		{[]string{"-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-pkeyopt", "ec_param_enc:explicit"}, Key{"ECDSA", 0, ""}, "ECDSA-SHA256"},
		{[]string{"-newkey", "rsa:2048", "-sha1", "-sigopt", "rsa_padding_mode:pss"}, Key{"RSA", 2048, ""}, "SHA1-RSAPSS"},
		{[]string{"-newkey", "ed25519"}, Key{"Ed25519", 256, ""}, "Ed25519"},
		{[]string{"-newkey", "ed448"}, Key{"Ed448", 456, ""}, "Ed448"},
		{[]string{"dsa"}, Key{"DSA", 1024, ""}, "DSA-SHA256"},
	}
	for _, test := range tests {
		t.Run(strings.Join(test.args, " "), func(t *testing.T) {
			t.Parallel()
			c := ParseCertificate(opensslCertificate(t, test.args...))
			want := Certificate{
				Subject: "CN=assay", Issuer: "CN=assay", Key: test.key, Signature: test.signature, DNSNames: []string{"assay.example"},
				Addresses: []string{"192.0.2.1"}, CA: true, SelfIssued: true, KeyUsage: []string{"digitalSignature"},
				Serial: c.Serial, SHA256: c.SHA256, SPKI: c.SPKI, NotBefore: c.NotBefore, NotAfter: c.NotAfter, DER: c.DER,
			}
			if diff := cmp.Diff(want, c); diff != "" {
				t.Error(diff)
			}
			if c.NotAfter.Sub(c.NotBefore) != 10*24*time.Hour || len(c.SPKI) != len("sha256/")+44 || c.Serial == "" {
				t.Errorf("%+v", c)
			}
		})
	}
}

// smCertificate makes a certificate of SM2, and its key; issued by itself if there is no issuer.
func smCertificate(t *testing.T, template, issuer *smx509.Certificate, issuerKey *sm2.PrivateKey) (*smx509.Certificate, *sm2.PrivateKey) {
	t.Helper()
	key, err := sm2.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if template.SerialNumber == nil {
		template.SerialNumber = big.NewInt(time.Now().UnixNano())
	}
	if issuer == nil {
		issuer, issuerKey = template, key
	}
	der, err := smx509.CreateCertificate(rand.Reader, template, issuer, &key.PublicKey, issuerKey)
	if err != nil {
		t.Fatal(err)
	}
	c, err := smx509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return c, key
}

func TestParseCertificateSM2(t *testing.T) {
	x, _ := smCertificate(t, &smx509.Certificate{Subject: pkix.Name{CommonName: "国密"}, DNSNames: []string{"sm.example"}, NotBefore: time.Now(), NotAfter: time.Now().Add(time.Hour)}, nil, nil)
	c := ParseCertificate(x.Raw)
	if c.Key != (Key{"SM2", 256, "sm2p256v1"}) || c.Signature != "SM2-SM3" || c.Subject != "CN=国密" || len(c.DNSNames) != 1 || c.Unreadable != "" {
		t.Errorf("%+v", c)
	}
}

// Package x509 makes no certificate with a key of ML-DSA: another key is put in the place of a certificate's.
func TestParseCertificateMLDSA(t *testing.T) {
	der := selfSigned(t, "example.com").Certificate[0]
	b, _ := readBones(der)
	x, err := asn1.Marshal(struct {
		Algorithm pkix.AlgorithmIdentifier
		Key       asn1.BitString
	}{pkix.AlgorithmIdentifier{Algorithm: asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 3, 18}}, asn1.BitString{Bytes: make([]byte, 1952), BitLength: 1952 * 8}})
	if err != nil {
		t.Fatal(err)
	}
	parts := func(all ...[]byte) []byte {
		out, err := asn1.Marshal(asn1.RawValue{Tag: asn1.TagSequence, IsCompound: true, Bytes: bytes.Join(all, nil)})
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	c := ParseCertificate(parts(parts(b.before, x, b.after), b.outside))
	if c.Key != (Key{Type: "ML-DSA-65"}) || c.Unreadable != "" || len(c.DNSNames) != 1 {
		t.Errorf("%+v", c)
	}
}

func TestParseCertificateMalformed(t *testing.T) {
	good := selfSigned(t, "example.com").Certificate[0]
	huge := make([]byte, maxCertificate+1)
	for name, der := range map[string][]byte{
		"nothing": nil, "garbage": []byte("garbage"), "cut": good[:len(good)-1], "trailing": append(good[:len(good):len(good)], 0), "huge": huge,
	} {
		c := ParseCertificate(der)
		if c.Unreadable == "" || c.SHA256 == "" || c.SPKI != "" {
			t.Errorf("%s: %+v", name, c)
		}
	}
	// A negative serial number, which package x509 refuses.
	i := strings.Index(string(good), "\xa0\x03\x02\x01\x02\x02\x01\x01")
	odd := []byte(string(good))
	odd[i+7] = 0x81
	c := ParseCertificate(odd)
	if c.Unreadable == "" || c.Subject != "CN=example.com" || c.Key != (Key{"ECDSA", 256, "P-256"}) || c.SPKI == "" || c.NotAfter.IsZero() {
		t.Errorf("%+v", c)
	}
}

func FuzzParseCertificate(f *testing.F) {
	f.Add([]byte{0x30, 0x00})
	f.Add(selfSigned(&testing.T{}, "example.com").Certificate[0])
	f.Fuzz(func(t *testing.T, der []byte) {
		c := ParseCertificate(der)
		if c.SHA256 == "" {
			t.Error("no digest")
		}
	})
}
