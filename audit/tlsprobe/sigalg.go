// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package tlsprobe

import "fmt"

// SignatureScheme is the code point of a signature algorithm: in TLS 1.2 a hash and a
// signature (RFC 5246, section 7.4.1.4.1), since TLS 1.3 one number (IANA registry
// "TLS SignatureScheme").
type SignatureScheme uint16

// String writes the code point, as "0x0403".
func (id SignatureScheme) String() string { return fmt.Sprintf("0x%04X", uint16(id)) }

// MarshalText writes the code point, as "0x0403".
func (id SignatureScheme) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// UnmarshalText reads what MarshalText writes.
func (id *SignatureScheme) UnmarshalText(text []byte) error {
	n, err := parseCode(string(text), 16)
	*id = SignatureScheme(n)
	return err
}

// sm2sigSM3 is of RFC 8998.
const sm2sigSM3 SignatureScheme = 0x0708

// schemes are the signature algorithms that are offered, the strongest first. Those of
// TLS 1.2 that TLS 1.3 forbids have the names of their parts.
var schemes = []struct {
	id    SignatureScheme
	name  string
	old   bool // TLS 1.3 has it not in handshakes (RFC 8446, section 4.2.3)
	new13 bool // it is of TLS 1.3 alone
}{
	{0x0403, "ecdsa_secp256r1_sha256", false, false},
	{0x0503, "ecdsa_secp384r1_sha384", false, false},
	{0x0603, "ecdsa_secp521r1_sha512", false, false},
	{0x0807, "ed25519", false, false},
	{0x0808, "ed448", false, false},
	{0x0904, "mldsa44", false, true}, // draft-ietf-tls-mldsa
	{0x0905, "mldsa65", false, true},
	{0x0906, "mldsa87", false, true},
	{0x081A, "ecdsa_brainpoolP256r1tls13_sha256", false, true}, // RFC 8734
	{0x081B, "ecdsa_brainpoolP384r1tls13_sha384", false, true},
	{0x081C, "ecdsa_brainpoolP512r1tls13_sha512", false, true},
	{0x0804, "rsa_pss_rsae_sha256", false, false},
	{0x0805, "rsa_pss_rsae_sha384", false, false},
	{0x0806, "rsa_pss_rsae_sha512", false, false},
	{0x0809, "rsa_pss_pss_sha256", false, false},
	{0x080A, "rsa_pss_pss_sha384", false, false},
	{0x080B, "rsa_pss_pss_sha512", false, false},
	{0x0401, "rsa_pkcs1_sha256", true, false},
	{0x0501, "rsa_pkcs1_sha384", true, false},
	{0x0601, "rsa_pkcs1_sha512", true, false},
	{sm2sigSM3, "sm2sig_sm3", false, true},
	{0x0303, "ecdsa_sha224", true, false},
	{0x0301, "rsa_pkcs1_sha224", true, false},
	{0x0402, "dsa_sha256", true, false},
	{0x0502, "dsa_sha384", true, false},
	{0x0602, "dsa_sha512", true, false},
	{0x0302, "dsa_sha224", true, false},
	{0x0203, "ecdsa_sha1", true, false},
	{0x0201, "rsa_pkcs1_sha1", true, false},
	{0x0202, "dsa_sha1", true, false},
	{0x0103, "ecdsa_md5", true, false},
	{0x0101, "rsa_pkcs1_md5", true, false},
}

// A SignatureAlgorithm is a signature algorithm, and whether the server signs with it.
type SignatureAlgorithm struct {
	ID       SignatureScheme `json:"id"`
	Name     string          `json:"name"`
	State    State           `json:"state"`
	Versions []Version       `json:"versions,omitempty"` // in which it was seen
}

// SignatureAlgorithmOf tells what is known of a code point.
func SignatureAlgorithmOf(id SignatureScheme) SignatureAlgorithm {
	for _, s := range schemes {
		if s.id == id {
			return SignatureAlgorithm{ID: id, Name: s.name}
		}
	}
	return SignatureAlgorithm{ID: id}
}

// schemesFor lists the signature algorithms that a hello of a version may name.
func schemesFor(v Version) []SignatureScheme {
	var out []SignatureScheme
	for _, s := range schemes {
		if v == TLS13 && s.old || v != TLS13 && s.new13 {
			continue
		}
		out = append(out, s.id)
	}
	return out
}
