// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package sbom

import "time"

// Crypto describes a cryptographic asset, as CycloneDX 1.6 and 1.7 have them
// (cryptoProperties). SPDX has no place for it. One of the pointers is set.
type Crypto struct {
	OID string // of the algorithm; "" if unknown

	Algorithm   *Algorithm
	Certificate *Certificate
	Protocol    *Protocol
	Material    *Material
}

// An Algorithm is a cryptographic algorithm.
type Algorithm struct {
	Primitive  string   // in CycloneDX's words: ae, block-cipher, signature, kem, key-agree, hash, mac, kdf, drbg …
	Parameters string   // parameter set: "2048", "256"
	Curve      string   // in CycloneDX's words: nist/P-256 in 1.7, P-256 before
	Mode       string   // gcm, cbc, ccm …
	Padding    string   // pkcs1v15, oaep …
	Functions  []string // encrypt, sign, verify, keygen …

	// Environment is where it runs: software-plain-ram for a Go program.
	Environment string
	// Certified are the certifications of the implementation: fips140-3-l1; none if not known.
	Certified []string

	ClassicalBits int // security against classical computers, bits; 0 if unknown
	QuantumLevel  int // NIST's category, 0 to 6; -1 if unknown
}

// A Certificate is an X.509 certificate.
type Certificate struct {
	Subject, Issuer     string // RFC 4514
	NotBefore, NotAfter time.Time
	SignatureRef        string // Ref of the algorithm it is signed with
	KeyRef              string // Ref of its public key
}

// A Protocol is a protocol with what it uses.
type Protocol struct {
	Type    string // tls, ssh, ipsec …
	Version string // "1.3"
	Suites  []Suite
	Refs    []string // of algorithms and certificates that it uses
}

// A Suite is a cipher suite.
type Suite struct {
	Name       string   // IANA's
	Numbers    []string // "0xC0", "0x2F"
	Algorithms []string // Refs
}

// Material is a key.
type Material struct {
	Type         string // public-key …
	Bits         int
	AlgorithmRef string
}
