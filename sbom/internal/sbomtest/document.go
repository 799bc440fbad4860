// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

// Package sbomtest has documents for the tests of what writes and reads them.
package sbomtest

import (
	"strings"
	"time"

	"github.com/goassay/assay/sbom"
)

// Document returns one with something in each field of the model.
func Document() *sbom.Document {
	root := &sbom.Component{
		Ref: "example.com/Root@v1.0.0", Kind: sbom.KindApplication, Name: "example.com/Root", Version: "v1.0.0",
		PURL:    "pkg:golang/example.com/root@v1.0.0",
		License: sbom.License{Declared: "Apache-2.0", Concluded: "Apache-2.0"},
		Authors: []sbom.Party{{Name: "Example Ltd", Email: "sbom@example.com", URL: "https://example.com/"}},
		References: []sbom.Reference{{Type: "distribution", URL: "https://example.com/root.tar.gz", Hashes: []sbom.Hash{
			{Algorithm: "SHA-512", Value: strings.Repeat("0f", 64)}}}},
		Properties: []sbom.Property{{Name: "assay:go:main", Value: "example.com/Root/cmd/root"},
			{Name: "assay:go:main", Value: "example.com/Root/cmd/other"}, {Name: "bsi:component:filename", Value: "root"}},
		Parts:     []string{"example.com/Root/pkg", "example.com/Root/file"},
		DependsOn: []string{"a@v1", "m@v2", "stdlib@1.26"}, Depends: true, Completeness: sbom.Incomplete,
	}
	part := &sbom.Component{Ref: "example.com/Root/pkg", Kind: sbom.KindLibrary, Name: "pkg",
		Parts: []string{"example.com/Root/pkg/x.go"}}
	file := &sbom.Component{Ref: "example.com/Root/file", Kind: sbom.KindFile, Name: "cmd/tool/main.go", MIME: "text/x-go",
		Hashes:  []sbom.Hash{{Algorithm: "SHA-1", Value: strings.Repeat("1a", 20)}, {Algorithm: "SHA-256", Value: strings.Repeat("2b", 32)}},
		License: sbom.License{Concluded: "MIT"}, Copyright: "Copyright 2026 A"}
	inner := &sbom.Component{Ref: "example.com/Root/pkg/x.go", Kind: sbom.KindFile, Name: "pkg/x.go",
		Hashes: []sbom.Hash{{Algorithm: "SHA-1", Value: strings.Repeat("3c", 20)}}}
	compound := &sbom.Component{
		Ref: "m@v2", Kind: sbom.KindLibrary, Group: "gopkg.in", Name: "m", Version: "v2", PURL: "pkg:golang/m@v2",
		CPE: "cpe:2.3:a:example:m:2:*:*:*:*:*:*:*", Description: "a <library> & more\nin two lines", Scope: sbom.ScopeRequired,
		Hashes: []sbom.Hash{{Algorithm: "SHA-256", Value: strings.Repeat("ab", 32)}, {Algorithm: "SHA-512", Value: strings.Repeat("cd", 64)}},
		License: sbom.License{
			Declared: "MIT", Concluded: "(MIT OR Apache-2.0) AND LicenseRef-own",
			Evidence: []sbom.LicenseEvidence{
				{Expression: "MIT OR Apache-2.0", File: "LICENSE", Hash: sbom.Hash{Algorithm: "SHA-256", Value: strings.Repeat("ef", 32)}, Confidence: 0.975, Lines: "1-201"},
				{Expression: "LicenseRef-own", File: "sub/LICENSE", Confidence: 1},
			},
			Texts: map[string]string{"LicenseRef-own": "Do as you\nlike. <tag> </text>"},
		},
		Copyright: "Copyright (c) 2011 The M Authors\nCopyright 2020 山田 <y@example.jp>",
		Supplier:  &sbom.Party{Name: "Example Org", URL: "https://example.org/", Email: "info@example.org"},
		Authors:   []sbom.Party{{Name: "A. Person", Email: "a@example.com", Person: true}, {Name: "B. Person", Person: true}},
		Publisher: "Example Publisher",
		References: []sbom.Reference{
			{Type: "attestation", URL: "proofs/m.txt", Comment: "inclusion proof", Hashes: []sbom.Hash{{Algorithm: "SHA-256", Value: strings.Repeat("99", 32)}}},
			{Type: "vcs", URL: "https://example.org/m"}, {Type: "website", URL: "https://example.org/"},
		},
		Properties: []sbom.Property{{Name: "assay:go:h1", Value: "h1:abc="}, {Name: "odd=name", Value: " with\nlines = \"and\" <quotes> "}},
		DependsOn:  []string{"stdlib@1.26"}, Depends: true, Completeness: sbom.Complete,
	}
	return &sbom.Document{
		ID: "urn:uuid:6ba7b811-9dad-51d1-80b4-00c04fd430c8", Version: 1, Name: "Root 1.0.0",
		Created: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), URI: "https://example.com/root.cdx.json",
		Tools:    []sbom.Tool{{Vendor: "The assay authors", Name: "assay", Version: "v1.2.3"}, {Name: "other"}},
		Authors:  []sbom.Party{{Name: "Example Ltd", Email: "sbom@example.com", URL: "https://example.com/"}, {Name: "A. Person", Email: "a@example.com", Person: true}},
		Supplier: &sbom.Party{Name: "C. Person", Email: "c@example.com", Person: true},
		Phases:   []string{"pre-build", "post-build"},
		Roots:    []string{root.Ref},
		Components: []*sbom.Component{root, part, file, inner, compound,
			{Ref: "a@v1", Kind: sbom.KindLibrary, Name: "a", Scope: sbom.ScopeExcluded, License: sbom.License{Declared: "NONE", Concluded: "BSD-3-Clause"}, Depends: true},
			{Ref: "both", Kind: sbom.KindLibrary, Name: "both", Scope: sbom.ScopeOptional, License: sbom.License{Declared: "MIT AND ISC", Concluded: "MIT OR ISC", Named: []string{"A Licence", "B"}}},
			{Ref: "stdlib@1.26", Kind: sbom.KindLibrary, Name: "stdlib", Version: "1.26", License: sbom.License{Declared: "BSD-3-Clause"}, Completeness: sbom.Unknown, Depends: true},
			{Ref: "image", Kind: sbom.KindContainer, Name: "image", License: sbom.License{Concluded: "LicenseRef-x"}},
			{Ref: "os", Kind: sbom.KindSystem, Name: "debian", Version: "13"},
			{Ref: "data", Kind: sbom.KindData, Name: "data", References: []sbom.Reference{{Type: "patent", URL: "https://example.com/p"}, {Type: "other", URL: "not an\\iri"}}},
			{Ref: "alg", Kind: sbom.KindCrypto, Name: "ECDSA-P256", Crypto: &sbom.Crypto{OID: "1.2.840.10045.4.3.2", Algorithm: &sbom.Algorithm{
				Primitive: "signature", Parameters: "256", Curve: "nist/P-256", Padding: "raw", Functions: []string{"sign", "verify"},
				Environment: "software-plain-ram", Certified: []string{"fips140-3-l1"}, ClassicalBits: 128, QuantumLevel: 0}}},
			{Ref: "aes", Kind: sbom.KindCrypto, Name: "AES-128-GCM", Crypto: &sbom.Crypto{Algorithm: &sbom.Algorithm{
				Primitive: "ae", Mode: "gcm", QuantumLevel: -1}}},
			{Ref: "wrap", Kind: sbom.KindCrypto, Name: "AES-KW", Crypto: &sbom.Crypto{Algorithm: &sbom.Algorithm{Primitive: "key-wrap", QuantumLevel: 1}}},
			{Ref: "cert", Kind: sbom.KindCrypto, Name: "example.com", Crypto: &sbom.Crypto{Certificate: &sbom.Certificate{
				Subject: "CN=example.com", Issuer: "CN=CA", NotBefore: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC),
				NotAfter: time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC), SignatureRef: "alg", KeyRef: "key"}}},
			{Ref: "key", Kind: sbom.KindCrypto, Name: "key", Crypto: &sbom.Crypto{Material: &sbom.Material{Type: "public-key", Bits: 256, AlgorithmRef: "alg"}}},
			{Ref: "tls", Kind: sbom.KindCrypto, Name: "TLS", Crypto: &sbom.Crypto{Protocol: &sbom.Protocol{Type: "tls", Version: "1.3",
				Suites: []sbom.Suite{{Name: "TLS_AES_128_GCM_SHA256", Numbers: []string{"0x13", "0x01"}, Algorithms: []string{"aes", "alg"}}, {Name: "second"}}, Refs: []string{"alg", "cert"}}}},
		},
		References:  []sbom.Reference{{Type: "evidence", URL: "root.proofs.zip", Hashes: []sbom.Hash{{Algorithm: "SHA-256", Value: strings.Repeat("77", 32)}}}},
		Properties:  []sbom.Property{{Name: "assay:go:goos", Value: "linux"}, {Name: "assay:go:tag", Value: "a"}, {Name: "assay:go:tag", Value: "b"}},
		DataLicense: "CC0-1.0",
	}
}
