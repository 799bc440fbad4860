// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package tlsprobe

import (
	encoding_asn1 "encoding/asn1"
	"errors"
	"math/bits"
	"time"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// bones are the parts that no certificate is without (RFC 5280, section 4.1), read
// whatever the key, the signature and the extensions are.
type bones struct {
	tbs                 []byte // TBSCertificate
	before, spki, after []byte // its content: up to the key, SubjectPublicKeyInfo, and what follows
	outside             []byte // what follows the TBSCertificate
	serial              []byte
	issuer, subject     []byte
	notBefore, notAfter time.Time // zero if they are malformed
	key                 Key
	signature           string // name or OID of its algorithm
}

var errBones = errors.New("malformed certificate")

// readBones reads a certificate.
func readBones(der []byte) (*bones, bool) {
	b := &bones{}
	s := cryptobyte.String(der)
	var certificate, tbs, inside, serial, validity, issuer, subject, spki cryptobyte.String
	if !s.ReadASN1(&certificate, asn1.SEQUENCE) || !s.Empty() || !certificate.ReadASN1Element(&tbs, asn1.SEQUENCE) {
		return nil, false
	}
	b.tbs, b.outside = tbs, certificate
	if !tbs.ReadASN1(&inside, asn1.SEQUENCE) {
		return nil, false
	}
	s = inside
	ok := s.SkipOptionalASN1(asn1.Tag(0).Constructed().ContextSpecific()) && // version
		s.ReadASN1(&serial, asn1.INTEGER) && s.SkipASN1(asn1.SEQUENCE) && // signature
		s.ReadASN1Element(&issuer, asn1.SEQUENCE) && s.ReadASN1(&validity, asn1.SEQUENCE) && s.ReadASN1Element(&subject, asn1.SEQUENCE)
	if !ok {
		return nil, false
	}
	b.before = inside[:len(inside)-len(s)]
	if !s.ReadASN1Element(&spki, asn1.SEQUENCE) {
		return nil, false
	}
	b.spki, b.after = spki, s
	for len(serial) > 0 && serial[0] == 0 {
		serial = serial[1:]
	}
	b.serial, b.issuer, b.subject = serial, issuer, subject
	readTime(&validity, &b.notBefore)
	readTime(&validity, &b.notAfter)
	b.key = readKey(spki)
	var algorithm cryptobyte.String
	if certificate.ReadASN1(&algorithm, asn1.SEQUENCE) {
		b.signature = readOID(&algorithm)
		if name := signatureNames[b.signature]; name != "" {
			b.signature = name
		}
		if b.signature == "RSAPSS" {
			b.signature = pssHash(algorithm) + "-RSAPSS"
		}
	}
	return b, true
}

// pssHash is the hash of RSASSA-PSS-params (RFC 4055, section 3.1), where SHA-1 goes
// without saying.
func pssHash(algorithm cryptobyte.String) string {
	var parameters, explicit, hash cryptobyte.String
	var present bool
	if !algorithm.ReadASN1(&parameters, asn1.SEQUENCE) || !parameters.ReadOptionalASN1(&explicit, &present, asn1.Tag(0).Constructed().ContextSpecific()) {
		return "unknown"
	}
	if !present {
		return "SHA1"
	}
	if !explicit.ReadASN1(&hash, asn1.SEQUENCE) {
		return "unknown"
	}
	oid := readOID(&hash)
	if name := hashNames[oid]; name != "" {
		return name
	}
	return oid
}

// hashNames are hashes of RSASSA-PSS.
var hashNames = map[string]string{
	"1.2.840.113549.2.5":     "MD5",
	"1.3.14.3.2.26":          "SHA1",
	"2.16.840.1.101.3.4.2.4": "SHA224",
	"2.16.840.1.101.3.4.2.1": "SHA256",
	"2.16.840.1.101.3.4.2.2": "SHA384",
	"2.16.840.1.101.3.4.2.3": "SHA512",
}

// readTime reads a time of either form (RFC 5280, section 4.1.2.5).
func readTime(s *cryptobyte.String, out *time.Time) {
	var t time.Time
	if s.PeekASN1Tag(asn1.UTCTime) && s.ReadASN1UTCTime(&t) || s.PeekASN1Tag(asn1.GeneralizedTime) && s.ReadASN1GeneralizedTime(&t) {
		*out = t.UTC()
	}
}

// readOID reads an object identifier; "" if it is malformed.
func readOID(s *cryptobyte.String) string {
	var oid encoding_asn1.ObjectIdentifier
	if !s.ReadASN1ObjectIdentifier(&oid) {
		return ""
	}
	return oid.String()
}

// readKey reads a SubjectPublicKeyInfo (RFC 5280, section 4.1.2.7).
func readKey(spki cryptobyte.String) Key {
	var info, algorithm cryptobyte.String
	var key []byte
	if !spki.ReadASN1(&info, asn1.SEQUENCE) || !info.ReadASN1(&algorithm, asn1.SEQUENCE) {
		return Key{}
	}
	oid := readOID(&algorithm)
	k, known := keyTypes[oid]
	if !known {
		k.Type = oid
	}
	if !info.ReadASN1BitStringAsBytes(&key) {
		return k
	}
	switch k.Type {
	case "RSA", "RSA-PSS":
		k.Bits = modulusBits(key)
	case "DSA":
		k.Bits = primeBits(algorithm)
	case "ECDSA":
		curve := readOID(&algorithm)
		c, known := keyCurves[curve]
		if !known {
			c.name = curve
		}
		k.Curve, k.Bits = c.name, c.bits
		if curve == "1.2.156.10197.1.301" {
			k.Type = "SM2"
		}
	}
	return k
}

// modulusBits is the size of the modulus of an RSAPublicKey (RFC 8017, appendix A.1.1).
func modulusBits(key cryptobyte.String) int {
	var public, modulus cryptobyte.String
	if !key.ReadASN1(&public, asn1.SEQUENCE) || !public.ReadASN1(&modulus, asn1.INTEGER) {
		return 0
	}
	return integerBits(modulus)
}

// primeBits is the size of the prime of Dss-Parms (RFC 3279, section 2.3.2).
func primeBits(algorithm cryptobyte.String) int {
	var parameters, prime cryptobyte.String
	if !algorithm.ReadASN1(&parameters, asn1.SEQUENCE) || !parameters.ReadASN1(&prime, asn1.INTEGER) {
		return 0
	}
	return integerBits(prime)
}

// integerBits is the length of a positive integer.
func integerBits(b []byte) int {
	for len(b) > 0 && b[0] == 0 {
		b = b[1:]
	}
	if len(b) == 0 {
		return 0
	}
	return (len(b)-1)*8 + bits.Len8(b[0])
}

// withoutKey is the certificate with a key of a kind that nobody knows, which package
// x509 passes over. Its signature is wrong then, and is not looked at.
func (b *bones) withoutKey() []byte {
	var out cryptobyte.Builder
	out.AddASN1(asn1.SEQUENCE, func(certificate *cryptobyte.Builder) {
		certificate.AddASN1(asn1.SEQUENCE, func(tbs *cryptobyte.Builder) {
			tbs.AddBytes(b.before)
			tbs.AddASN1(asn1.SEQUENCE, func(info *cryptobyte.Builder) {
				info.AddASN1(asn1.SEQUENCE, func(algorithm *cryptobyte.Builder) {
					algorithm.AddASN1ObjectIdentifier(encoding_asn1.ObjectIdentifier{2, 999}) // for examples (ITU-T X.660)
				})
				info.AddASN1BitString(nil)
			})
			tbs.AddBytes(b.after)
		})
		certificate.AddBytes(b.outside)
	})
	der, err := out.Bytes()
	if err != nil {
		return nil
	}
	return der
}

// keyTypes are kinds of keys, by the algorithm of SubjectPublicKeyInfo.
var keyTypes = map[string]Key{
	"1.2.840.113549.1.1.1":    {Type: "RSA"},
	"1.2.840.113549.1.1.10":   {Type: "RSA-PSS"}, // RFC 4055
	"1.2.840.10040.4.1":       {Type: "DSA"},
	"1.2.840.10045.2.1":       {Type: "ECDSA"},
	"1.2.156.10197.1.301":     {Type: "SM2", Bits: 256, Curve: "sm2p256v1"}, // GB/T 33560
	"1.3.101.110":             {Type: "X25519", Bits: 256},                  // RFC 8410
	"1.3.101.111":             {Type: "X448", Bits: 448},
	"1.3.101.112":             {Type: "Ed25519", Bits: 256},
	"1.3.101.113":             {Type: "Ed448", Bits: 456},
	"2.16.840.1.101.3.4.3.17": {Type: "ML-DSA-44"}, // RFC 9881
	"2.16.840.1.101.3.4.3.18": {Type: "ML-DSA-65"},
	"2.16.840.1.101.3.4.3.19": {Type: "ML-DSA-87"},
	"2.16.840.1.101.3.4.3.20": {Type: "SLH-DSA-SHA2-128s"}, // RFC 9909
	"2.16.840.1.101.3.4.3.21": {Type: "SLH-DSA-SHA2-128f"},
	"2.16.840.1.101.3.4.3.22": {Type: "SLH-DSA-SHA2-192s"},
	"2.16.840.1.101.3.4.3.23": {Type: "SLH-DSA-SHA2-192f"},
	"2.16.840.1.101.3.4.3.24": {Type: "SLH-DSA-SHA2-256s"},
	"2.16.840.1.101.3.4.3.25": {Type: "SLH-DSA-SHA2-256f"},
	"2.16.840.1.101.3.4.3.26": {Type: "SLH-DSA-SHAKE-128s"},
	"2.16.840.1.101.3.4.3.27": {Type: "SLH-DSA-SHAKE-128f"},
	"2.16.840.1.101.3.4.3.28": {Type: "SLH-DSA-SHAKE-192s"},
	"2.16.840.1.101.3.4.3.29": {Type: "SLH-DSA-SHAKE-192f"},
	"2.16.840.1.101.3.4.3.30": {Type: "SLH-DSA-SHAKE-256s"},
	"2.16.840.1.101.3.4.3.31": {Type: "SLH-DSA-SHAKE-256f"},
	"1.2.643.2.2.19":          {Type: "GOST R 34.10-2001", Bits: 256}, // RFC 4491
	"1.2.643.7.1.1.1.1":       {Type: "GOST R 34.10-2012", Bits: 256}, // RFC 9215
	"1.2.643.7.1.1.1.2":       {Type: "GOST R 34.10-2012", Bits: 512},
}

// keyCurves are curves of keys. Those of NIST have the names that package elliptic gives them.
var keyCurves = map[string]struct {
	name string
	bits int
}{
	"1.2.840.10045.3.1.1":   {"P-192", 192},
	"1.3.132.0.33":          {"P-224", 224},
	"1.2.840.10045.3.1.7":   {"P-256", 256},
	"1.3.132.0.34":          {"P-384", 384},
	"1.3.132.0.35":          {"P-521", 521},
	"1.3.132.0.10":          {"secp256k1", 256},
	"1.3.36.3.3.2.8.1.1.1":  {"brainpoolP160r1", 160}, // RFC 5639
	"1.3.36.3.3.2.8.1.1.3":  {"brainpoolP192r1", 192},
	"1.3.36.3.3.2.8.1.1.5":  {"brainpoolP224r1", 224},
	"1.3.36.3.3.2.8.1.1.7":  {"brainpoolP256r1", 256},
	"1.3.36.3.3.2.8.1.1.8":  {"brainpoolP256t1", 256},
	"1.3.36.3.3.2.8.1.1.9":  {"brainpoolP320r1", 320},
	"1.3.36.3.3.2.8.1.1.11": {"brainpoolP384r1", 384},
	"1.3.36.3.3.2.8.1.1.12": {"brainpoolP384t1", 384},
	"1.3.36.3.3.2.8.1.1.13": {"brainpoolP512r1", 512},
	"1.3.36.3.3.2.8.1.1.14": {"brainpoolP512t1", 512},
	"1.2.156.10197.1.301":   {"sm2p256v1", 256},
}

// signatureNames are algorithms of signatures that package x509 does not name, or that a
// certificate may have which it does not read.
var signatureNames = map[string]string{
	"1.2.840.113549.1.1.2":    "MD2-RSA",
	"1.2.840.113549.1.1.3":    "MD4-RSA",
	"1.2.840.113549.1.1.4":    "MD5-RSA",
	"1.2.840.113549.1.1.5":    "SHA1-RSA",
	"1.3.14.3.2.29":           "SHA1-RSA", // of OIW, before PKCS #1 had it
	"1.2.840.113549.1.1.10":   "RSAPSS",
	"1.2.840.113549.1.1.11":   "SHA256-RSA",
	"1.2.840.113549.1.1.12":   "SHA384-RSA",
	"1.2.840.113549.1.1.13":   "SHA512-RSA",
	"1.2.840.113549.1.1.14":   "SHA224-RSA",
	"1.2.840.10040.4.3":       "DSA-SHA1",
	"2.16.840.1.101.3.4.3.1":  "DSA-SHA224",
	"2.16.840.1.101.3.4.3.2":  "DSA-SHA256",
	"1.2.840.10045.4.1":       "ECDSA-SHA1",
	"1.2.840.10045.4.3.1":     "ECDSA-SHA224",
	"1.2.840.10045.4.3.2":     "ECDSA-SHA256",
	"1.2.840.10045.4.3.3":     "ECDSA-SHA384",
	"1.2.840.10045.4.3.4":     "ECDSA-SHA512",
	"2.16.840.1.101.3.4.3.9":  "ECDSA-SHA3-224",
	"2.16.840.1.101.3.4.3.10": "ECDSA-SHA3-256",
	"2.16.840.1.101.3.4.3.11": "ECDSA-SHA3-384",
	"2.16.840.1.101.3.4.3.12": "ECDSA-SHA3-512",
	"2.16.840.1.101.3.4.3.13": "SHA3-224-RSA",
	"2.16.840.1.101.3.4.3.14": "SHA3-256-RSA",
	"2.16.840.1.101.3.4.3.15": "SHA3-384-RSA",
	"2.16.840.1.101.3.4.3.16": "SHA3-512-RSA",
	"1.2.156.10197.1.501":     "SM2-SM3", // GB/T 33560
	"1.2.156.10197.1.504":     "SM3-RSA",
	"1.3.101.112":             "Ed25519",
	"1.3.101.113":             "Ed448",
	"2.16.840.1.101.3.4.3.17": "ML-DSA-44",
	"2.16.840.1.101.3.4.3.18": "ML-DSA-65",
	"2.16.840.1.101.3.4.3.19": "ML-DSA-87",
	"2.16.840.1.101.3.4.3.20": "SLH-DSA-SHA2-128s",
	"2.16.840.1.101.3.4.3.21": "SLH-DSA-SHA2-128f",
	"2.16.840.1.101.3.4.3.22": "SLH-DSA-SHA2-192s",
	"2.16.840.1.101.3.4.3.23": "SLH-DSA-SHA2-192f",
	"2.16.840.1.101.3.4.3.24": "SLH-DSA-SHA2-256s",
	"2.16.840.1.101.3.4.3.25": "SLH-DSA-SHA2-256f",
	"2.16.840.1.101.3.4.3.26": "SLH-DSA-SHAKE-128s",
	"2.16.840.1.101.3.4.3.27": "SLH-DSA-SHAKE-128f",
	"2.16.840.1.101.3.4.3.28": "SLH-DSA-SHAKE-192s",
	"2.16.840.1.101.3.4.3.29": "SLH-DSA-SHAKE-192f",
	"2.16.840.1.101.3.4.3.30": "SLH-DSA-SHAKE-256s",
	"2.16.840.1.101.3.4.3.31": "SLH-DSA-SHAKE-256f",
	"1.2.643.2.2.3":           "GOST R 34.10-2001",
	"1.2.643.7.1.1.3.2":       "GOST R 34.10-2012",
	"1.2.643.7.1.1.3.3":       "GOST R 34.10-2012",
}
