// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package tlstest

import (
	"crypto/rand"
	"crypto/x509/pkix"
	"math/big"
	"testing"
	"time"

	"github.com/emmansun/gmsm/sm2"
	"github.com/emmansun/gmsm/smx509"
)

// An SMPair is what a server of TLCP has: a certificate of SM2 for signatures, with its
// key, one for encryption, and the authority above both, DER.
type SMPair struct {
	Signing, Cipher, Authority []byte
	Key                        *sm2.PrivateKey
}

// NewSMPair makes one for a name.
func NewSMPair(t testing.TB, name string) SMPair {
	t.Helper()
	now := time.Now()
	serial := int64(0)
	issue := func(template, issuer *smx509.Certificate, key, by *sm2.PrivateKey) *smx509.Certificate {
		serial++
		template.SerialNumber, template.NotBefore, template.NotAfter = big.NewInt(serial), now.Add(-time.Hour), now.Add(24*time.Hour)
		if issuer == nil {
			issuer = template
		}
		der, err := smx509.CreateCertificate(rand.Reader, template, issuer, &key.PublicKey, by)
		if err != nil {
			t.Fatal(err)
		}
		c, err := smx509.ParseCertificate(der)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	key := func() *sm2.PrivateKey {
		k, err := sm2.GenerateKey(rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	ca, signing, encryption := key(), key(), key()
	root := issue(&smx509.Certificate{Subject: pkix.Name{CommonName: "SM CA"}, IsCA: true, BasicConstraintsValid: true, KeyUsage: smx509.KeyUsageCertSign}, nil, ca, ca)
	leaf := func(usage smx509.KeyUsage) *smx509.Certificate {
		return &smx509.Certificate{Subject: pkix.Name{CommonName: name}, DNSNames: []string{name}, KeyUsage: usage}
	}
	return SMPair{
		Signing:   issue(leaf(smx509.KeyUsageDigitalSignature), root, signing, ca).Raw,
		Cipher:    issue(leaf(smx509.KeyUsageKeyEncipherment|smx509.KeyUsageDataEncipherment|smx509.KeyUsageKeyAgreement), root, encryption, ca).Raw,
		Authority: root.Raw, Key: signing,
	}
}

// TLCP is a server of TLCP with the pair.
func (p SMPair) TLCP(suites ...uint16) *ServerTLCP {
	return &ServerTLCP{Suites: suites, Signing: [][]byte{p.Signing, p.Authority}, Cipher: p.Cipher, Key: p.Key}
}

// RFC8998 is a server of TLS 1.3 with the suites of RFC 8998, and the pair.
func (p SMPair) RFC8998() *Server13 {
	return &Server13{Suites: []uint16{SM4GCM, SM4CCM}, Groups: []uint16{CurveSM2}, Chain: [][]byte{p.Signing, p.Authority}, Key: p.Key, Scheme: SM2SM3}
}
