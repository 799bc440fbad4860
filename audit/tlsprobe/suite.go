// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package tlsprobe

import (
	"fmt"
	"slices"
	"strings"
	"sync"
)

// SuiteID is the code point of a cipher suite: two bytes, in SSL 2.0 three.
type SuiteID uint32

// Signalling values, which are offered like suites and never chosen.
const (
	renegotiationSCSV SuiteID = 0x00FF // RFC 5746, section 3.3
	fallbackSCSV      SuiteID = 0x5600 // RFC 7507
)

// String writes the code point, as "0xC02F".
func (id SuiteID) String() string {
	if id > 0xFFFF {
		return fmt.Sprintf("0x%06X", uint32(id))
	}
	return fmt.Sprintf("0x%04X", uint32(id))
}

// MarshalText writes the code point, as "0xC02F".
func (id SuiteID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// UnmarshalText reads what MarshalText writes.
func (id *SuiteID) UnmarshalText(text []byte) error {
	n, err := parseCode(string(text), 24)
	*id = SuiteID(n)
	return err
}

// A Suite is a cipher suite, and what its name says of it.
type Suite struct {
	ID             SuiteID `json:"id"`
	Name           string  `json:"name"`                     // the registry's: "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"; "" if it is in none
	KeyExchange    string  `json:"key_exchange"`             // "ECDHE", "DHE", "RSA", "PSK"...; "any" in TLS 1.3, where the group tells
	Authentication string  `json:"authentication,omitempty"` // of the server: "RSA", "ECDSA", "PSK", "none"...
	Cipher         string  `json:"cipher"`                   // "AES_128_GCM"
	Strength       int     `json:"strength"`                 // of the cipher, in bits of security

	// Secure is set where no Weaknesses are: what RFC 9325, section 4, recommends.
	Secure     bool       `json:"secure"`
	Weaknesses []Weakness `json:"weaknesses,omitempty"`
}

// A Weakness is a reason not to use a cipher suite.
type Weakness string

// The weaknesses.
const (
	WeakNull       Weakness = "null"               // no encryption
	WeakAnonymous  Weakness = "anonymous"          // the server is not authenticated
	WeakExport     Weakness = "export"             // keys cut to 40 or 56 bits
	WeakRC4        Weakness = "rc4"                // RFC 7465
	WeakDES        Weakness = "des"                // 56 bits
	Weak3DES       Weakness = "3des"               // blocks of 64 bits: CVE-2016-2183
	WeakBlock64    Weakness = "64-bit-block"       // IDEA, RC2, GOST 28147: the same
	WeakMD5        Weakness = "md5"                // HMAC-MD5
	WeakSHA1       Weakness = "sha1-mac"           // HMAC-SHA-1: not broken, and of an old suite
	WeakCBC        Weakness = "cbc"                // MAC, then encrypt: Lucky Thirteen
	WeakTruncated  Weakness = "truncated-tag"      // CCM_8: 64 bits of tag
	WeakNoSecrecy  Weakness = "no-forward-secrecy" // one key opens all sessions ever recorded
	WeakNoRegistry Weakness = "unregistered"       // a code point that was never registered for it
)

// parseSuite tells a suite's properties by its name, which is made of them: RFC 5246,
// appendix C, and RFC 8446, appendix B.4.
func parseSuite(id SuiteID, name string, registered bool) Suite {
	s := Suite{ID: id, Name: name, KeyExchange: "any"}
	rest := strings.TrimPrefix(strings.TrimPrefix(strings.TrimPrefix(strings.TrimSuffix(name, "_OLD"), "TLS_"), "SSL_"), "CK_")
	exchange, cipher, ok := strings.Cut(rest, "_WITH_")
	switch {
	case is13(id): // no key exchange in the name, or a false one of GOST
		if ok {
			rest = cipher
		}
		s.Cipher = cipherOf(rest)
	case id >= tlcpFirst && id <= tlcpLast:
		exchange, rest, _ = strings.Cut(rest, "_")
		s.KeyExchange, s.Authentication = tlcpExchange(exchange)
		s.Cipher = cipherOf(rest)
	case id > 0xFFFF: // of SSL 2.0: what stands before is the cipher, and RSA all the exchange there is
		s.KeyExchange, s.Authentication, s.Cipher = "RSA", "RSA", exchange
	case !ok:
		s.KeyExchange, s.Authentication, s.Cipher = "GOST", "GOST", cipherOf(strings.TrimPrefix(rest, "GOST2012_"))
	default:
		s.KeyExchange, s.Authentication = exchangeOf(strings.TrimSuffix(exchange, "_FIPS"))
		s.Cipher = cipherOf(cipher)
	}
	s.Strength = strengthOf(s.Cipher)
	s.Weaknesses = weaknessesOf(s, !registered)
	s.Secure = len(s.Weaknesses) == 0
	return s
}

// tlcpFirst and tlcpLast bound the code points of TLCP.
const tlcpFirst, tlcpLast SuiteID = 0xE001, 0xE05F

// is13 reports whether a suite is of TLS 1.3, where it is a cipher and a hash alone.
func is13(id SuiteID) bool {
	switch {
	case id>>8 == 0x13, id == 0x00C6, id == 0x00C7: // RFC 8446; RFC 8998
		return true
	case id == 0xC0B4, id == 0xC0B5: // RFC 9150
		return true
	}
	return id >= 0xC103 && id <= 0xC106 // RFC 9367
}

// exchangeOf splits "ECDHE_RSA" and the like.
func exchangeOf(text string) (exchange, authentication string) {
	text, _, _ = strings.Cut(text, "_EXPORT")
	switch text {
	case "NULL":
		return "none", "none"
	case "RSA", "PSK", "KRB5", "ECCPWD":
		return text, text
	case "RSA_PSK":
		return "RSA_PSK", "RSA"
	case "PSK_DHE":
		return "DHE_PSK", "PSK"
	case "DHE_PSK", "ECDHE_PSK":
		return text, "PSK"
	case "SRP_SHA":
		return "SRP", "SRP"
	}
	if strings.HasPrefix(text, "GOST") {
		return "GOST", "GOST"
	}
	if strings.HasPrefix(text, "SRP_SHA_") {
		return "SRP", strings.TrimPrefix(text, "SRP_SHA_")
	}
	exchange, authentication, _ = strings.Cut(text, "_")
	if authentication == "anon" {
		authentication = "none"
	}
	return exchange, authentication
}

// tlcpExchange is what GB/T 38636-2020, 6.4.5.2.1, means with an exchange's name: ECC is
// encryption with the key of the server's second certificate, as RSA is.
func tlcpExchange(text string) (exchange, authentication string) {
	switch text {
	case "ECC", "ECDHE":
		return text, "SM2"
	case "IBC", "IBSDH":
		return text, "SM9"
	}
	return text, text
}

// cipherOf cuts the hash off the end.
func cipherOf(text string) string {
	if i := strings.LastIndexByte(text, '_'); i > 0 && !strings.HasSuffix(text, "_CCM") && !strings.HasSuffix(text, "_CCM_8") &&
		!strings.HasSuffix(text, "_MGM_L") && !strings.HasSuffix(text, "_MGM_S") && !strings.HasSuffix(text, "_CTR_OMAC") && !strings.HasSuffix(text, "_CNT_IMIT") {
		return text[:i]
	}
	return text
}

func strengthOf(cipher string) int {
	is := func(s string) bool { return strings.Contains(cipher, s) }
	switch {
	case is("NULL"), cipher == "SHA256", cipher == "SHA384": // RFC 9150: integrity alone
		return 0
	case is("_40"), is("DES40"), is("EXPORT40"):
		return 40
	case is("_56"), cipher == "DES_CBC", is("DES_64"):
		return 56
	case is("RC4_64"):
		return 64
	case is("3DES"), is("DES_192"):
		return 112 // NIST SP 800-57 part 1, table 2
	case is("256"), is("CHACHA20"), is("KUZNYECHIK"), is("MAGMA"), is("28147"), is("GOST8912"):
		return 256
	}
	return 128
}

func weaknessesOf(s Suite, unregistered bool) []Weakness {
	var out []Weakness
	name, add := s.Name, func(when bool, w Weakness) {
		if when {
			out = append(out, w)
		}
	}
	has := func(parts ...string) bool {
		return slices.ContainsFunc(parts, func(p string) bool { return strings.Contains(name, p) })
	}
	add(s.Strength == 0, WeakNull)
	add(s.Authentication == "none", WeakAnonymous)
	add(has("EXPORT"), WeakExport)
	add(has("RC4"), WeakRC4)
	add(has("3DES", "DES_192"), Weak3DES)
	add(has("_DES_") && !has("DES_192"), WeakDES)
	add(has("IDEA", "RC2", "28147", "GOST8912"), WeakBlock64)
	add(strings.HasSuffix(name, "_MD5"), WeakMD5)
	add(strings.HasSuffix(name, "_SHA") || strings.HasSuffix(name, "_SHA1"), WeakSHA1)
	add(has("_CBC", "CBC_"), WeakCBC)
	add(strings.HasSuffix(strings.TrimSuffix(name, "_SHA256"), "_CCM_8"), WeakTruncated)
	add(!slices.Contains([]string{"any", "none", "ECDHE", "DHE", "ECDHE_PSK", "DHE_PSK", "ECCPWD", "SRP", "IBSDH"}, s.KeyExchange), WeakNoSecrecy)
	add(unregistered, WeakNoRegistry)
	return out
}

// known are the suites of all tables.
var known = sync.OnceValue(func() map[SuiteID]Suite {
	out := map[SuiteID]Suite{}
	for _, table := range [][]registration[SuiteID]{registeredSuites, tlcpSuites, ssl2Suites} {
		for _, r := range table {
			out[r.id] = parseSuite(r.id, r.name, !slices.Contains(neverRegistered, r.id))
		}
	}
	return out
})

// SuiteOf tells what is known of a code point; of one that is in no registry, only
// that.
func SuiteOf(id SuiteID) Suite {
	if s, ok := known()[id]; ok {
		return s
	}
	return Suite{ID: id, KeyExchange: "unknown", Cipher: "unknown", Weaknesses: []Weakness{WeakNoRegistry}}
}

// neverRegistered are the code points in use that no registry has for what they are.
var neverRegistered = []SuiteID{
	0x0060, 0x0061, 0x0080, 0x0081, 0x0082, 0x0083, 0xCC13, 0xCC14, 0xCC15, 0xFEFE, 0xFEFF, 0xFF85, 0xFF87, 0xFFE0, 0xFFE1,
}

// suitesFor lists the suites that can be negotiated in a version.
func suitesFor(v Version) []SuiteID {
	var out []SuiteID
	table := registeredSuites
	switch v {
	case TLCP:
		table = tlcpSuites
	case SSL2:
		table = ssl2Suites
	}
	for _, r := range table {
		if table[0].id == registeredSuites[0].id && is13(r.id) != (v == TLS13) || v < TLS12 && v >= SSL3 && onlySince12(r.name) {
			continue
		}
		out = append(out, r.id)
	}
	return out
}

// onlySince12 reports whether a suite needs TLS 1.2, for its AEAD or its hash: RFC
// 5246, section 1.2, and RFC 5288, section 4.
func onlySince12(name string) bool {
	for _, part := range []string{"_GCM", "_CCM", "POLY1305", "_OCB", "_SHA256", "_SHA384", "ARIA", "_OMAC", "GOSTR341112"} {
		if strings.Contains(name, part) {
			// RFC 5487 and RFC 5489: PSK with CBC, for all versions. RFC 6367 says nothing
			// of versions, and OpenSSL takes its suites in all.
			old := slices.ContainsFunc([]string{"_AES_128_CBC_SHA256", "_AES_256_CBC_SHA384", "_CAMELLIA_128_CBC_SHA256", "_CAMELLIA_256_CBC_SHA384", "_NULL_SHA"},
				func(cipher string) bool { return strings.Contains(name, cipher) })
			return !(old && strings.Contains(name, "PSK"))
		}
	}
	return false
}
