// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package tlsprobe

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"slices"
	"time"
)

// A Chain is what a server presented as its certificates, in the order in which it
// sent them.
type Chain struct {
	Versions     []Version     `json:"versions"`      // in whose handshakes it was seen
	SNI          string        `json:"sni,omitempty"` // the name that was asked for
	Certificates []Certificate `json:"chain"`

	// What was sent with the first: an OCSP response, DER, and a
	// SignedCertificateTimestampList (RFC 6962, section 3.3).
	Staple     []byte `json:"-"`
	Timestamps []byte `json:"-"`
}

// A Certificate is what stands in one, and nothing of what is to be thought of it.
type Certificate struct {
	Subject     string    `json:"subject"` // RFC 2253
	Issuer      string    `json:"issuer"`
	Serial      string    `json:"serial"` // hexadecimal
	NotBefore   time.Time `json:"not_before"`
	NotAfter    time.Time `json:"not_after"`
	Key         Key       `json:"key"`
	Signature   string    `json:"signature"` // "SHA256-RSA", "ECDSA-SHA256"; an OID if it is not known
	DNSNames    []string  `json:"dns_names,omitempty"`
	Addresses   []string  `json:"ip_addresses,omitempty"`
	URIs        []string  `json:"uris,omitempty"`
	CA          bool      `json:"ca"`
	SelfIssued  bool      `json:"self_issued,omitempty"` // issuer and subject are the same
	KeyUsage    []string  `json:"key_usage,omitempty"`   // the names of RFC 5280, section 4.2.1.3
	ExtKeyUsage []string  `json:"ext_key_usage,omitempty"`
	OCSPServers []string  `json:"ocsp_servers,omitempty"`
	CRLs        []string  `json:"crls,omitempty"`
	MustStaple  bool      `json:"must_staple,omitempty"` // RFC 7633
	SHA256      string    `json:"sha256"`                // of the certificate, "sha256:" and hexadecimal
	SPKI        string    `json:"spki"`                  // its pin, "sha256/" and base64 (RFC 7469, section 2.4)
	Unreadable  string    `json:"unreadable,omitempty"`  // why nothing else is known of it

	// DER is the certificate itself.
	DER []byte `json:"-"`
}

// A Key is a public key.
type Key struct {
	Type string `json:"type"` // "RSA", "ECDSA", "Ed25519", "SM2"; an OID if it is not known
	Bits int    `json:"bits,omitempty"`
	// Group is the curve of the key.
	Curve string `json:"curve,omitempty"`
}

// ParseCertificate reads a certificate as it was sent. What cannot be read has its
// digest, and Unreadable says why.
func ParseCertificate(der []byte) Certificate {
	c := Certificate{DER: der, SHA256: "sha256:" + hex.EncodeToString(sum(der))}
	x, err := x509.ParseCertificate(der)
	if err != nil {
		c.Unreadable = err.Error()
		return c
	}
	c.Subject, c.Issuer = x.Subject.String(), x.Issuer.String()
	c.Serial = hex.EncodeToString(x.SerialNumber.Bytes())
	c.NotBefore, c.NotAfter = x.NotBefore.UTC(), x.NotAfter.UTC()
	c.Key = keyOf(x)
	c.Signature = x.SignatureAlgorithm.String()
	c.DNSNames = x.DNSNames
	for _, ip := range x.IPAddresses {
		c.Addresses = append(c.Addresses, ip.String())
	}
	for _, u := range x.URIs {
		c.URIs = append(c.URIs, u.String())
	}
	c.CA = x.BasicConstraintsValid && x.IsCA
	c.SelfIssued = slices.Equal(x.RawIssuer, x.RawSubject)
	c.KeyUsage, c.ExtKeyUsage = usages(x)
	c.OCSPServers, c.CRLs = x.OCSPServer, x.CRLDistributionPoints
	c.MustStaple = mustStaple(x)
	pin := sha256.Sum256(x.RawSubjectPublicKeyInfo)
	c.SPKI = "sha256/" + base64.StdEncoding.EncodeToString(pin[:])
	return c
}

func sum(b []byte) []byte {
	h := sha256.Sum256(b)
	return h[:]
}

func keyOf(x *x509.Certificate) Key {
	switch k := x.PublicKey.(type) {
	case *rsa.PublicKey:
		return Key{Type: "RSA", Bits: k.N.BitLen()}
	case *ecdsa.PublicKey:
		return Key{Type: "ECDSA", Bits: k.Curve.Params().BitSize, Curve: k.Curve.Params().Name}
	case ed25519.PublicKey:
		return Key{Type: "Ed25519", Bits: 256}
	}
	return Key{Type: x.PublicKeyAlgorithm.String()}
}

var usageNames = []string{"digitalSignature", "nonRepudiation", "keyEncipherment", "dataEncipherment", "keyAgreement", "keyCertSign", "cRLSign", "encipherOnly", "decipherOnly"}

var extUsageNames = map[x509.ExtKeyUsage]string{
	x509.ExtKeyUsageAny: "anyExtendedKeyUsage", x509.ExtKeyUsageServerAuth: "serverAuth", x509.ExtKeyUsageClientAuth: "clientAuth",
	x509.ExtKeyUsageCodeSigning: "codeSigning", x509.ExtKeyUsageEmailProtection: "emailProtection",
	x509.ExtKeyUsageTimeStamping: "timeStamping", x509.ExtKeyUsageOCSPSigning: "OCSPSigning",
}

func usages(x *x509.Certificate) (usage, extended []string) {
	for i, name := range usageNames {
		if x.KeyUsage&(1<<i) != 0 {
			usage = append(usage, name)
		}
	}
	for _, u := range x.ExtKeyUsage {
		name := extUsageNames[u]
		if name == "" {
			name = fmt.Sprintf("unknown %d", u)
		}
		extended = append(extended, name)
	}
	for _, oid := range x.UnknownExtKeyUsage {
		extended = append(extended, oid.String())
	}
	return usage, extended
}

// oidFeature is the TLS feature extension (RFC 7633).
var oidFeature = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 1, 24}

func mustStaple(x *x509.Certificate) bool {
	for _, e := range x.Extensions {
		var features []int
		if !e.Id.Equal(oidFeature) {
			continue
		}
		if _, err := asn1.Unmarshal(e.Value, &features); err == nil {
			return slices.Contains(features, extStatusRequest)
		}
	}
	return false
}

// nameOf is a distinguished name in the form of RFC 2253.
func nameOf(der []byte) string {
	var name pkix.RDNSequence
	if rest, err := asn1.Unmarshal(der, &name); err != nil || len(rest) > 0 {
		return "malformed name"
	}
	return name.String()
}
