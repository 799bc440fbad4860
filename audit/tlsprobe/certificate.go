// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package tlsprobe

import (
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
	IssuerURLs  []string  `json:"issuer_urls,omitempty"` // of the issuer's certificate (RFC 5280, section 4.2.2.1)
	MustStaple  bool      `json:"must_staple,omitempty"` // RFC 7633
	SHA256      string    `json:"sha256"`                // of the certificate, "sha256:" and hexadecimal
	SPKI        string    `json:"spki"`                  // its pin, "sha256/" and base64 (RFC 7469, section 2.4)
	Unreadable  string    `json:"unreadable,omitempty"`  // why package x509 does not read it

	// DER is the certificate itself.
	DER []byte `json:"-"`
}

// A Key is a public key.
type Key struct {
	Type  string `json:"type"` // "RSA", "ECDSA", "Ed25519", "SM2", "ML-DSA-65"; an OID if it is not known
	Bits  int    `json:"bits,omitempty"`
	Curve string `json:"curve,omitempty"` // of ECDSA: "P-256", "brainpoolP256r1"; an OID if it is not known
}

// maxCertificate bounds the size of a certificate that is read. The largest of public
// authorities, with a hundred names, have 10 KiB.
const maxCertificate = 256 << 10

// ParseCertificate reads a certificate as it was sent. Package x509 refuses a certificate
// for the kind of its key, or for an oddity that others let pass: then the fields are
// those that the DER gives up, and if not the key alone is to blame, Unreadable says why
// there are no more. Of what is no certificate there is the digest.
func ParseCertificate(der []byte) Certificate {
	c := Certificate{DER: der, SHA256: "sha256:" + hex.EncodeToString(sum(der))}
	if len(der) > maxCertificate {
		c.Unreadable = fmt.Sprintf("larger than %d bytes", maxCertificate)
		return c
	}
	x, err := x509.ParseCertificate(der)
	b, ok := readBones(der)
	if !ok {
		if err == nil {
			err = errBones
		}
		c.Unreadable = err.Error()
		return c
	}
	c.fillBones(b)
	if err != nil {
		if x, _ = x509.ParseCertificate(b.withoutKey()); x == nil {
			c.Unreadable = err.Error()
			return c
		}
	}
	c.fill(x)
	return c
}

// fillBones fills in what every certificate has.
func (c *Certificate) fillBones(b *bones) {
	c.Subject, c.Issuer = nameOf(b.subject), nameOf(b.issuer)
	c.Serial = hex.EncodeToString(b.serial)
	c.NotBefore, c.NotAfter = b.notBefore, b.notAfter
	c.Key = b.key
	c.Signature = b.signature
	c.SelfIssued = slices.Equal(b.issuer, b.subject)
	pin := sha256.Sum256(b.spki)
	c.SPKI = "sha256/" + base64.StdEncoding.EncodeToString(pin[:])
}

// fill fills in what package x509 reads.
func (c *Certificate) fill(x *x509.Certificate) {
	c.Subject, c.Issuer = x.Subject.String(), x.Issuer.String()
	c.Serial = hex.EncodeToString(x.SerialNumber.Bytes())
	c.NotBefore, c.NotAfter = x.NotBefore.UTC(), x.NotAfter.UTC()
	if x.SignatureAlgorithm != x509.UnknownSignatureAlgorithm { // it knows the hash of RSASSA-PSS
		c.Signature = x.SignatureAlgorithm.String()
	}
	c.DNSNames = x.DNSNames
	for _, ip := range x.IPAddresses {
		c.Addresses = append(c.Addresses, ip.String())
	}
	for _, u := range x.URIs {
		c.URIs = append(c.URIs, u.String())
	}
	c.CA = x.BasicConstraintsValid && x.IsCA
	c.KeyUsage, c.ExtKeyUsage = usages(x)
	c.OCSPServers, c.CRLs, c.IssuerURLs = x.OCSPServer, x.CRLDistributionPoints, x.IssuingCertificateURL
	c.MustStaple = mustStaple(x)
}

func sum(b []byte) []byte {
	h := sha256.Sum256(b)
	return h[:]
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
