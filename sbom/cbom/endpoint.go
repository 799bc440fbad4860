// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package cbom

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/goassay/assay/audit/tlsprobe"
	"github.com/goassay/assay/sbom"
)

// Properties of endpoints and certificates.
const (
	PropertySNI     = "assay:tls:sni"     // the name that was asked for
	PropertySerial  = "assay:x509:serial" // of a certificate, hexadecimal
	PropertyUnknown = "assay:tls:unknown" // a question that stayed open
	PropertyReached = "assay:tls:reached" // false: the endpoint answered nothing
)

// An Endpoint is what a TLS endpoint showed, as assay's report has it.
type Endpoint struct {
	*tlsprobe.Result
	Reached bool `json:"reached"` // it answered anything at all
}

// endpoint adds an endpoint with what it uses.
func (b *builder) endpoint(e Endpoint) string {
	c := &sbom.Component{
		Ref: "endpoint:" + e.Address, Kind: sbom.KindApplication, Name: e.Address,
		Depends: true, Completeness: sbom.Complete,
	}
	if e.SNI != "" {
		c.Ref += "#" + e.SNI
		c.Add(PropertySNI, e.SNI)
	}
	if !e.Reached {
		c.Completeness = sbom.Unknown
		c.Add(PropertyReached, "false")
	}
	for _, question := range open(e.Result) {
		if c.Completeness == sbom.Complete {
			c.Completeness = sbom.Incomplete
		}
		c.Add(PropertyUnknown, question)
	}
	for _, p := range e.Protocols {
		if p.State == tlsprobe.Offered {
			c.DependsOn = append(c.DependsOn, b.protocol(e.Result, p))
		}
	}
	for _, chain := range e.Certificates {
		for _, cert := range chain.Certificates {
			c.DependsOn = append(c.DependsOn, b.certificate(cert))
		}
	}
	return b.keep(c)
}

// open lists what stayed unknown of an endpoint, sorted.
func open(r *tlsprobe.Result) []string {
	var out []string
	for _, p := range r.Protocols {
		if p.State == tlsprobe.Unknown || len(p.Undecided) > 0 {
			out = append(out, p.Version.String())
		}
	}
	for _, g := range r.Groups {
		if g.State == tlsprobe.Unknown {
			out = append(out, "group "+cmp.Or(g.Name, g.ID.String()))
		}
	}
	for _, s := range r.SignatureAlgorithms {
		if s.State == tlsprobe.Unknown {
			out = append(out, "signature algorithm "+cmp.Or(s.Name, s.ID.String()))
		}
	}
	for _, p := range r.Unknown {
		out = append(out, p.Question)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// protocol adds a version with what the endpoint takes of it. Endpoints that take
// the same share the component.
func (b *builder) protocol(r *tlsprobe.Result, p tlsprobe.Protocol) string {
	name, version, _ := strings.Cut(p.Version.String(), " ")
	out := &sbom.Protocol{Type: "tls", Version: version}
	if name == "TLCP" { // GB/T 38636 is another protocol
		out.Type = "other"
	}
	c := &sbom.Component{
		Kind: sbom.KindCrypto, Name: name, Version: version, Depends: true, Completeness: sbom.Complete,
		Crypto: &sbom.Crypto{Protocol: out},
	}
	for _, s := range p.Suites {
		algorithms := b.useAll(suiteAlgorithms(s))
		out.Suites = append(out.Suites, sbom.Suite{Name: cmp.Or(s.Name, s.ID.String()), Numbers: numbers(s.ID), Algorithms: algorithms})
		c.DependsOn = append(c.DependsOn, algorithms...)
	}
	out.Refs = b.useAll(exchanged(r, p))
	c.DependsOn = append(c.DependsOn, out.Refs...)
	if len(p.Undecided) > 0 {
		c.Completeness = sbom.Incomplete
	}
	c.Ref = "protocol:" + strings.ToLower(name) + "@" + version + "#" + digest(out.Suites, out.Refs, c.Completeness)
	return b.keep(c)
}

// numbers are the bytes of a suite's code point.
func numbers(id tlsprobe.SuiteID) []string {
	var out []string
	if id > 0xFFFF { // SSL 2.0 has three
		out = append(out, fmt.Sprintf("0x%02X", byte(id>>16)))
	}
	return append(out, fmt.Sprintf("0x%02X", byte(id>>8)), fmt.Sprintf("0x%02X", byte(id)))
}

// exchanged are the groups and signatures that were seen in a version.
func exchanged(r *tlsprobe.Result, p tlsprobe.Protocol) []algorithm {
	var out []algorithm
	for _, g := range r.Groups {
		if g.State == tlsprobe.Offered && slices.Contains(g.Versions, p.Version) {
			out = append(out, groupOf(g.ID))
		}
	}
	for _, s := range r.SignatureAlgorithms {
		if s.State == tlsprobe.Offered && slices.Contains(s.Versions, p.Version) {
			out = append(out, schemeOf(s.ID))
		}
	}
	finite := slices.ContainsFunc(p.Suites, func(s tlsprobe.Suite) bool { return strings.HasPrefix(s.KeyExchange, "DHE") })
	if finite && p.Version != tlsprobe.TLS13 {
		for _, f := range r.Session.FiniteFields {
			if !f.Export {
				out = append(out, finiteField(f.Bits))
			}
		}
	}
	return out
}

// suiteAlgorithms are the algorithms that a suite names. Which group and which
// signature go with it, the handshake decides: here stands the kind alone.
func suiteAlgorithms(s tlsprobe.Suite) []algorithm {
	var out []algorithm
	tlcp := s.Authentication == "SM2"
	switch s.KeyExchange {
	case "ECDHE", "ECDH", "ECDHE_PSK":
		if tlcp {
			out = append(out, sm2("SM2-key-exchange", "key-agree"))
		} else {
			out = append(out, ecdh(""))
		}
	case "DHE", "DH", "DHE_PSK":
		out = append(out, plain("FFDH", oidDH, "key-agree", 0, broken))
	case "RSA", "RSA_PSK":
		a := plain("RSAES-PKCS1-v1_5", oidRSA, "pke", 0, broken)
		a.Padding = "pkcs1v15"
		out = append(out, a)
	case "ECC":
		out = append(out, sm2("SM2-encryption", "pke"))
	case "SRP":
		out = append(out, plain("SRP", "", "key-agree", 0, broken))
	}
	switch {
	case s.KeyExchange == "RSA" || s.KeyExchange == "RSA_PSK": // whoever can decrypt is the server
	case tlcp:
		out = append(out, named["sm2-sm3"])
	case s.Authentication == "RSA":
		out = append(out, plain("RSA-signature", oidRSA, "signature", 0, broken))
	case s.Authentication == "ECDSA":
		out = append(out, ecdsaWith(""))
	case s.Authentication == "DSS":
		out = append(out, dsaWith(""))
	}
	cipher, encrypts := cipherOf(s.Cipher)
	if encrypts {
		out = append(out, cipher)
	}
	_, hash, _ := strings.Cut(s.Name, s.Cipher+"_")
	hash = strings.TrimSuffix(hash, "_OLD")
	if hash == "SHA" {
		hash = "SHA1"
	}
	find := hmacOf
	if encrypts && cipher.Primitive == "ae" { // of the key derivation
		find = hashOf
	}
	if a, ok := find(hash); ok {
		out = append(out, a)
	}
	return out
}

// certificate adds a certificate with its key. One that cannot be read is a file
// with a hash.
func (b *builder) certificate(cert tlsprobe.Certificate) string {
	out := &sbom.Certificate{Subject: cert.Subject, Issuer: cert.Issuer, NotBefore: cert.NotBefore, NotAfter: cert.NotAfter}
	c := &sbom.Component{
		Ref: "certificate:" + cert.SHA256, Kind: sbom.KindCrypto, Name: cmp.Or(cert.Subject, "certificate"),
		Depends: true, Completeness: sbom.Complete, Crypto: &sbom.Crypto{Certificate: out},
	}
	if sum, ok := strings.CutPrefix(cert.SHA256, "sha256:"); ok {
		c.Hashes = []sbom.Hash{{Algorithm: "SHA-256", Value: sum}}
	}
	c.Add(PropertySerial, cert.Serial)
	if a, ok := signatureOf(cert.Signature); ok {
		out.SignatureRef = b.use(a)
		c.DependsOn = append(c.DependsOn, out.SignatureRef)
	}
	if a, ok := keyOf(cert.Key); ok && cert.SPKI != "" {
		algorithm := b.use(a)
		out.KeyRef = b.keep(&sbom.Component{
			Ref: "key:" + cert.SPKI, Kind: sbom.KindCrypto, Name: a.name + " public key",
			DependsOn: []string{algorithm}, Depends: true, Completeness: sbom.Complete,
			Crypto: &sbom.Crypto{Material: &sbom.Material{Type: "public-key", Bits: cert.Key.Bits, AlgorithmRef: algorithm}},
		})
		c.DependsOn = append(c.DependsOn, out.KeyRef)
	}
	if out.SignatureRef == "" || out.KeyRef == "" {
		c.Completeness = sbom.Unknown
	}
	return b.keep(c)
}
