// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package cbom

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/goassay/assay/audit/tlsprobe"
	"github.com/goassay/assay/sbom"
)

// An algorithm is one of a name. Two of one name are the same.
type algorithm struct {
	name string
	oid  string
	sbom.Algorithm
	parts []algorithm // of a combination
}

// broken is the quantum level of what Shor's algorithm breaks; unlevelled that of
// what NIST has no category for.
const broken, unlevelled = 0, -1

func plain(name, oid, primitive string, classical, quantum int) algorithm {
	return algorithm{name: name, oid: oid, Algorithm: sbom.Algorithm{
		Primitive: primitive, Functions: functions[primitive], ClassicalBits: classical, QuantumLevel: quantum,
	}}
}

// functions are what algorithms of a primitive do.
var functions = map[string][]string{
	"ae": {"encrypt", "decrypt"}, "block-cipher": {"encrypt", "decrypt"}, "stream-cipher": {"encrypt", "decrypt"},
	"hash": {"digest"}, "mac": {"tag"}, "signature": {"sign", "verify"}, "kem": {"encapsulate", "decapsulate"},
	"pke": {"encrypt", "decrypt"}, "key-agree": {"keyderive"}, "kdf": {"keyderive"}, "drbg": {"generate"},
}

// unknown is an algorithm of which nothing is known but what it is called.
func unknown(name, oid, primitive string) algorithm {
	return plain(name, oid, primitive, 0, unlevelled)
}

// A hashFunction is one, in the words of TLS and of package x509.
type hashFunction struct {
	name, oid      string
	bits, mac      int // of security: of the function by collisions, and in HMAC
	level          int
	rsa, ecdsa, hm string // OIDs: of the signatures with it, and of HMAC
}

var hashes = map[string]hashFunction{
	"MD5":    {name: "MD5", oid: "1.2.840.113549.2.5", level: unlevelled, rsa: "1.2.840.113549.1.1.4"},
	"SHA1":   {"SHA-1", "1.3.14.3.2.26", 0, 128, unlevelled, "1.2.840.113549.1.1.5", "1.2.840.10045.4.1", "1.2.840.113549.2.7"},
	"SHA224": {"SHA-224", "2.16.840.1.101.3.4.2.4", 112, 192, unlevelled, "1.2.840.113549.1.1.14", "1.2.840.10045.4.3.1", "1.2.840.113549.2.8"},
	"SHA256": {"SHA-256", "2.16.840.1.101.3.4.2.1", 128, 256, 2, "1.2.840.113549.1.1.11", "1.2.840.10045.4.3.2", "1.2.840.113549.2.9"},
	"SHA384": {"SHA-384", "2.16.840.1.101.3.4.2.2", 192, 256, 4, "1.2.840.113549.1.1.12", "1.2.840.10045.4.3.3", "1.2.840.113549.2.10"},
	"SHA512": {"SHA-512", "2.16.840.1.101.3.4.2.3", 256, 256, unlevelled, "1.2.840.113549.1.1.13", "1.2.840.10045.4.3.4", "1.2.840.113549.2.11"},
	"SM3":    {name: "SM3", oid: "1.2.156.10197.1.401", level: unlevelled},
}

func hashOf(word string) (algorithm, bool) {
	h, ok := hashes[word]
	return plain(h.name, h.oid, "hash", h.bits, h.level), ok
}

func hmacOf(word string) (algorithm, bool) {
	h, ok := hashes[word]
	return plain("HMAC-"+h.name, h.hm, "mac", h.mac, unlevelled), ok
}

// cipherPattern reads the ciphers of suites whose names are made of family, length and mode.
var cipherPattern = regexp.MustCompile(`^(AES|CAMELLIA|ARIA)_(128|192|256)_(CBC|GCM|CCM)(_8)?$`)

// cipherOIDs are those of NIST's registry (AES), RFC 3657 and ISO/IEC 18033 (Camellia CBC).
var cipherOIDs = map[string]string{
	"AES-128-CBC": "2.16.840.1.101.3.4.1.2", "AES-128-GCM": "2.16.840.1.101.3.4.1.6", "AES-128-CCM": "2.16.840.1.101.3.4.1.7",
	"AES-192-CBC": "2.16.840.1.101.3.4.1.22", "AES-192-GCM": "2.16.840.1.101.3.4.1.26", "AES-192-CCM": "2.16.840.1.101.3.4.1.27",
	"AES-256-CBC": "2.16.840.1.101.3.4.1.42", "AES-256-GCM": "2.16.840.1.101.3.4.1.46", "AES-256-CCM": "2.16.840.1.101.3.4.1.47",
	"CAMELLIA-128-CBC": "1.2.392.200011.61.1.1.1.2", "CAMELLIA-256-CBC": "1.2.392.200011.61.1.1.1.4",
}

// otherCiphers are the rest of which something is known. Without a mode of its own, a cipher is
// a stream cipher.
var otherCiphers = map[string]struct {
	name, oid, primitive, mode, parameters string
	bits                                   int
}{
	"CHACHA20_POLY1305": {"ChaCha20-Poly1305", "1.2.840.113549.1.9.16.3.18", "ae", "", "256", 256}, // RFC 8439, section 1: a 256-bit key; RFC 8103
	"3DES_EDE_CBC":      {"3DES-CBC", "1.2.840.113549.3.7", "block-cipher", "cbc", "", 112},
	"DES_CBC":           {"DES-CBC", "1.3.14.3.2.7", "block-cipher", "cbc", "56", 0},
	"DES40_CBC":         {"DES-CBC-40", "", "block-cipher", "cbc", "40", 0},
	"DES_CBC_40":        {"DES-CBC-40", "", "block-cipher", "cbc", "40", 0},
	"RC4_128":           {"RC4-128", "1.2.840.113549.3.4", "stream-cipher", "", "128", 0},
	"RC4_56":            {"RC4-56", "", "stream-cipher", "", "56", 0},
	"RC4_40":            {"RC4-40", "", "stream-cipher", "", "40", 0},
	"RC2_CBC_40":        {"RC2-CBC-40", "", "block-cipher", "cbc", "40", 0},
	"IDEA_CBC":          {"IDEA-CBC", "1.3.6.1.4.1.188.7.1.1.2", "block-cipher", "cbc", "128", 0},
	"SEED_CBC":          {"SEED-CBC", "1.2.410.200004.1.4", "block-cipher", "cbc", "128", 0},
	"SM4_CBC":           {"SM4-CBC", "1.2.156.10197.1.104.2", "block-cipher", "cbc", "128", 0},
	"SM4":               {"SM4", "", "block-cipher", "", "", 0},
	"SM4_GCM":           {"SM4-GCM", "1.2.156.10197.1.104.8", "ae", "gcm", "128", 0},
	"SM4_CCM":           {"SM4-CCM", "1.2.156.10197.1.104.9", "ae", "ccm", "128", 0},
}

// cipherOf is the cipher of a suite, in tlsprobe's word for it, if there is one that is
// known.
func cipherOf(word string) (algorithm, bool) {
	if m := cipherPattern.FindStringSubmatch(word); m != nil {
		bits, _ := strconv.Atoi(m[2])
		name, mode := m[1]+"-"+m[2]+"-"+m[3], strings.ToLower(m[3])
		a := plain(name, cipherOIDs[name], "ae", bits, unlevelled)
		if mode == "cbc" {
			a.Primitive = "block-cipher"
		}
		if m[1] == "AES" {
			a.QuantumLevel = map[int]int{128: 1, 192: 3, 256: 5}[bits]
		}
		if m[4] != "" { // of the tag; the security of the key is the same
			a.name += "-8"
		}
		a.Mode, a.Parameters = mode, m[2]
		return a, true
	}
	if c, ok := otherCiphers[word]; ok {
		a := plain(c.name, c.oid, c.primitive, c.bits, unlevelled)
		a.Mode, a.Parameters = c.mode, c.parameters
		return a, true
	}
	switch word {
	case "", "NULL", "unknown", "SHA256", "SHA384": // of a suite in no registry; of suites with integrity alone (RFC 9150)
		return algorithm{}, false
	}
	return unknown(strings.ReplaceAll(word, "_", "-"), "", "unknown"), true
}

// curves are CycloneDX's words for groups and for the curves of keys.
var curves = map[string]string{
	"P-192": "nist/P-192", "P-224": "nist/P-224", "P-256": "nist/P-256", "P-384": "nist/P-384", "P-521": "nist/P-521",
	"secp256r1": "nist/P-256", "secp384r1": "nist/P-384", "secp521r1": "nist/P-521",
	"x25519": "other/Curve25519", "x448": "other/Curve448", "curveSM2": "oscaa/SM2", "sm2p256v1": "oscaa/SM2",
}

func curveOf(name string) string {
	name = strings.TrimSuffix(name, "tls13")
	switch {
	case curves[name] != "":
		return curves[name]
	case strings.HasPrefix(name, "brainpool"):
		return "brainpool/" + name
	case strings.HasPrefix(name, "sec"): // secp…, sect…
		return "secg/" + name
	}
	return ""
}

// fieldBits is the row of SP 800-57 part 1, table 2, for a modulus of a number of bits: of
// RSA, DSA and Diffie-Hellman. Less than the first has no security that the table names.
func fieldBits(modulus int) int {
	bits := 0
	for _, row := range [][2]int{{2048, 112}, {3072, 128}, {7680, 192}, {15360, 256}} {
		if modulus >= row[0] {
			bits = row[1]
		}
	}
	return bits
}

// curveBits is that row for a curve over a field of a number of bits. Rows below 112 bits
// are no security any more.
func curveBits(field int) int {
	bits := 0
	for _, row := range [][2]int{{224, 112}, {256, 128}, {384, 192}, {512, 256}} {
		if field >= row[0] {
			bits = row[1]
		}
	}
	return bits
}

const (
	oidDH   = "1.2.840.113549.1.3.1" // PKCS #3
	oidECDH = "1.3.132.1.12"         // RFC 5480, section 2.1.2
)

// finiteField is Diffie-Hellman with a modulus of a number of bits.
func finiteField(bits int) algorithm {
	a := plain("FFDH-"+strconv.Itoa(bits), oidDH, "key-agree", fieldBits(bits), broken)
	a.Parameters = strconv.Itoa(bits)
	return a
}

// mlkem is a parameter set of FIPS 203, section 8, with its category, and the strength
// that it demands of random numbers.
func mlkem(size string) algorithm {
	set := map[string]struct {
		oid         string
		bits, level int
	}{
		"512":  {"2.16.840.1.101.3.4.4.1", 128, 1},
		"768":  {"2.16.840.1.101.3.4.4.2", 192, 3},
		"1024": {"2.16.840.1.101.3.4.4.3", 256, 5},
	}[size]
	a := plain("ML-KEM-"+size, set.oid, "kem", set.bits, set.level)
	a.Parameters = size
	return a
}

// hybrids are the parts of hybrid groups, by name.
var hybrids = map[string]struct{ curve, mlkem string }{
	"X25519MLKEM768": {"x25519", "768"}, "SecP256r1MLKEM768": {"secp256r1", "768"},
	"SecP384r1MLKEM1024": {"secp384r1", "1024"}, "curveSM2MLKEM768": {"curveSM2", "768"},
}

// groupOf is the algorithm that a group of TLS stands for. A hybrid resists what one of
// its parts resists: it has the levels of its ML-KEM.
func groupOf(id tlsprobe.GroupID) algorithm {
	g := tlsprobe.GroupOf(id)
	if parts, ok := hybrids[g.Name]; ok {
		kem := mlkem(parts.mlkem)
		a := plain(g.Name, "", "combiner", kem.ClassicalBits, kem.QuantumLevel)
		a.Functions = functions["kem"]
		a.parts = []algorithm{ecdh(parts.curve), kem}
		return a
	}
	if size, ok := strings.CutPrefix(g.Name, "MLKEM"); ok {
		return mlkem(size)
	}
	if size, ok := strings.CutPrefix(g.Name, "ffdhe"); ok {
		bits, _ := strconv.Atoi(size)
		return finiteField(bits)
	}
	switch {
	case g.Name == "":
		return unknown("group "+id.String(), "", "unknown")
	case g.PostQuantum: // drafts with Kyber
		return unknown(g.Name, "", "combiner")
	}
	a := ecdh(g.Name)
	if a.ClassicalBits == 0 && g.Strength >= 112 { // RFC 7748, section 1; RFC 9189
		a.ClassicalBits = g.Strength
	}
	return a
}

// fieldSize reads the size of a curve's field off its name.
var fieldSize = regexp.MustCompile(`[0-9]{3}`)

// ecdh is Diffie-Hellman on a curve, by its name in TLS.
func ecdh(name string) algorithm {
	switch name {
	case "":
		return plain("ECDH", oidECDH, "key-agree", 0, broken)
	case "x25519", "x448": // RFC 8410, section 3; RFC 7748, section 1
		oid, bits := "1.3.101.110", 128
		if name == "x448" {
			oid, bits = "1.3.101.111", 224
		}
		a := plain(strings.ToUpper(name), oid, "key-agree", bits, broken)
		a.Curve = curves[name]
		return a
	}
	name = strings.TrimSuffix(name, "tls13")
	label, oid, bits := name, oidECDH, 0
	if short, ok := strings.CutPrefix(curves[name], "nist/"); ok {
		label = short
	}
	if name == "curveSM2" {
		bits = curveBits(256)
	} else if !strings.HasPrefix(name, "GC") {
		size, _ := strconv.Atoi(fieldSize.FindString(name))
		bits = curveBits(size)
	} else {
		oid = ""
	}
	a := plain("ECDH-"+label, oid, "key-agree", bits, broken)
	a.Curve = curveOf(name)
	return a
}
