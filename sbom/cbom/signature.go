// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package cbom

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/goassay/assay/audit/tlsprobe"
)

// OIDs of keys and signatures.
const (
	oidRSA = "1.2.840.113549.1.1.1"  // RFC 8017, appendix C
	oidPSS = "1.2.840.113549.1.1.10" // likewise
	oidEC  = "1.2.840.10045.2.1"     // RFC 5480
)

// pkcs1, pssWith, ecdsaWith and dsaWith are signatures with a hash, or with any for "". How secure
// they are depends on the key.
func pkcs1(word string) algorithm {
	h := hashes[word]
	a := plain(join("RSASSA-PKCS1-v1_5", h.name), h.rsa, "signature", 0, broken)
	a.Padding = "pkcs1v15"
	return a
}

func pssWith(word string) algorithm {
	a := plain(join("RSASSA-PSS", hashes[word].name), oidPSS, "signature", 0, broken)
	a.Padding = "other" // CycloneDX has no word for it
	return a
}

func ecdsaWith(word string) algorithm {
	return plain(join("ECDSA", hashes[word].name), hashes[word].ecdsa, "signature", 0, broken)
}

func dsaWith(word string) algorithm {
	oid := map[string]string{"SHA1": "1.2.840.10040.4.3", "SHA224": "2.16.840.1.101.3.4.3.1", "SHA256": "2.16.840.1.101.3.4.3.2",
		"SHA384": "2.16.840.1.101.3.4.3.3", "SHA512": "2.16.840.1.101.3.4.3.4"}[word]
	return plain(join("DSA", hashes[word].name), oid, "signature", 0, broken)
}

func join(name, hash string) string {
	if hash == "" {
		return name
	}
	return name + "-" + hash
}

// named are signatures that have one parameter set each, by the words of tlsprobe
// for keys and certificates, and of TLS.
var named = map[string]algorithm{
	"ed25519":   edwards("Ed25519", "1.3.101.112", 128), // RFC 8032, section 8.5; RFC 8410
	"ed448":     edwards("Ed448", "1.3.101.113", 224),
	"mldsa44":   mldsa("44", "2.16.840.1.101.3.4.3.17", 128, 2), // FIPS 204, table 1
	"mldsa65":   mldsa("65", "2.16.840.1.101.3.4.3.18", 192, 3),
	"mldsa87":   mldsa("87", "2.16.840.1.101.3.4.3.19", 256, 5),
	"sm2-sm3":   plain("SM2-SM3", "1.2.156.10197.1.501", "signature", 0, broken), // GM/T 0006
	"sm2":       sm2("SM2", "signature"),
	"sm2sigsm3": plain("SM2-SM3", "1.2.156.10197.1.501", "signature", 0, broken), // RFC 8998
	"sm3-sm2":   plain("SM2-SM3", "1.2.156.10197.1.501", "signature", 0, broken),
}

func edwards(name, oid string, bits int) algorithm {
	a := plain(name, oid, "signature", bits, broken)
	a.Curve = "other/" + name
	return a
}

func mldsa(size, oid string, bits, level int) algorithm {
	a := plain("ML-DSA-"+size, oid, "signature", bits, level)
	a.Parameters = size
	return a
}

func sm2(name, primitive string) algorithm {
	a := plain(name, "1.2.156.10197.1.301", primitive, curveBits(256), broken)
	a.Curve = "oscaa/SM2"
	return a
}

// word is a name as the keys of named are written.
func word(name string) string {
	name = strings.ReplaceAll(strings.ToLower(name), "_", "")
	if rest, ok := strings.CutPrefix(name, "ml-dsa-"); ok {
		return "mldsa" + rest
	}
	return name
}

// schemePattern reads the names of signature schemes in TLS.
var schemePattern = regexp.MustCompile(`^(rsa_pkcs1|rsa_pss_rsae|rsa_pss_pss|ecdsa|dsa)_(?:[a-zA-Z0-9]+_)?(md5|sha[0-9]+)$`)

// schemeOf is the signature that a scheme of TLS stands for. The curve that TLS 1.3 ties
// to a scheme of ECDSA is that of the key: TLS 1.2 has the same numbers for any.
func schemeOf(id tlsprobe.SignatureScheme) algorithm {
	name := tlsprobe.SignatureAlgorithmOf(id).Name
	if a, ok := named[word(name)]; ok {
		return a
	}
	if m := schemePattern.FindStringSubmatch(name); m != nil {
		hash := strings.ToUpper(m[2])
		switch m[1] {
		case "rsa_pkcs1":
			return pkcs1(hash)
		case "ecdsa":
			return ecdsaWith(hash)
		case "dsa":
			return dsaWith(hash)
		}
		return pssWith(hash)
	}
	return unknown("signature scheme "+id.String(), "", "signature")
}

// isOID tells an OID, which stands where there is no name.
var isOID = regexp.MustCompile(`^[0-2](\.[0-9]+)+$`)

// signatureOf is the signature of a certificate, in the words of package x509 and tlsprobe.
func signatureOf(name string) (algorithm, bool) {
	if a, ok := named[word(name)]; ok {
		return a, true
	}
	first, second, _ := strings.Cut(name, "-")
	_, hash1 := hashes[first]
	_, hash2 := hashes[second]
	switch {
	case name == "":
		return algorithm{}, false
	case hash1 && second == "RSA":
		return pkcs1(first), true
	case hash1 && second == "RSAPSS":
		return pssWith(first), true
	case hash2 && first == "ECDSA":
		return ecdsaWith(second), true
	case hash2 && first == "DSA":
		return dsaWith(second), true
	case isOID.MatchString(name):
		return unknown(name, name, "signature"), true
	}
	return unknown(name, "", "signature"), true
}

// keyOf is the algorithm of a public key.
func keyOf(k tlsprobe.Key) (algorithm, bool) {
	if a, ok := named[word(k.Type)]; ok {
		return a, true
	}
	bits := strconv.Itoa(k.Bits)
	switch {
	case k.Type == "":
		return algorithm{}, false
	case (k.Type == "RSA" || k.Type == "RSA-PSS" || k.Type == "DSA") && k.Bits > 0:
		a := plain(k.Type+"-"+bits, map[string]string{"RSA": oidRSA, "RSA-PSS": oidPSS, "DSA": "1.2.840.10040.4.1"}[k.Type], "signature", fieldBits(k.Bits), broken)
		if k.Type == "RSA" { // for either use
			a.Primitive, a.Functions = "pke", append(append([]string{}, functions["pke"]...), functions["signature"]...)
		}
		a.Parameters = bits
		return a, true
	case k.Type == "ECDSA" && k.Curve != "" && !isOID.MatchString(k.Curve):
		a := plain("EC-"+k.Curve, oidEC, "signature", curveBits(k.Bits), broken)
		a.Curve = curveOf(k.Curve)
		return a, true
	case k.Type == "X25519", k.Type == "X448":
		return ecdh(strings.ToLower(k.Type)), true
	case isOID.MatchString(k.Type):
		return unknown(k.Type, k.Type, "unknown"), true
	}
	return unknown(strings.TrimSuffix(k.Type+"-"+k.Curve, "-"), "", "signature"), true
}
