// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package cyclonedx

import (
	"time"

	cdx "github.com/CycloneDX/cyclonedx-go"

	"github.com/goassay/assay/sbom"
)

// Types of the related assets of version 1.7, which replace the references
// that 1.6 had a member for each. The schema leaves the words to the writer.
const (
	relatedAlgorithm = "algorithm"
	relatedPublicKey = "public-key"
)

// crypto writes what is known of a cryptographic asset. Words that the
// version's schema does not have are left out.
func (w *writer) crypto(c *sbom.Crypto) *cdx.CryptoProperties {
	if c == nil {
		return nil
	}
	out := &cdx.CryptoProperties{OID: c.OID}
	switch {
	case c.Algorithm != nil:
		out.AssetType, out.AlgorithmProperties = cdx.CryptoAssetTypeAlgorithm, w.algorithm(c.Algorithm)
	case c.Certificate != nil:
		out.AssetType, out.CertificateProperties = cdx.CryptoAssetTypeCertificate, w.certificate(c.Certificate)
	case c.Protocol != nil:
		out.AssetType, out.ProtocolProperties = cdx.CryptoAssetTypeProtocol, w.protocol(c.Protocol)
	case c.Material != nil:
		out.AssetType, out.RelatedCryptoMaterialProperties = cdx.CryptoAssetTypeRelatedCryptoMaterial, w.material(c.Material)
	default:
		return nil
	}
	return out
}

func (w *writer) algorithm(a *sbom.Algorithm) *cdx.CryptoAlgorithmProperties {
	s := w.schema
	out := &cdx.CryptoAlgorithmProperties{
		Primitive:              known[cdx.CryptoPrimitive](s.primitives, a.Primitive),
		ParameterSetIdentifier: a.Parameters,
		ExecutionEnvironment:   known[cdx.CryptoExecutionEnvironment](s.environments, a.Environment),
		Mode:                   known[cdx.CryptoAlgorithmMode](s.modes, a.Mode),
		Padding:                known[cdx.CryptoPadding](s.paddings, a.Padding),
		CertificationLevel:     allKnown[cdx.CryptoCertificationLevel](s.certifications, a.Certified),
		CryptoFunctions:        allKnown[cdx.CryptoFunction](s.functions, a.Functions),
	}
	if s.curves[a.Curve] {
		out.EllipticCurve = a.Curve
	} else {
		out.Curve = a.Curve
	}
	if a.ClassicalBits > 0 {
		out.ClassicalSecurityLevel = &a.ClassicalBits
	}
	if a.QuantumLevel >= 0 && a.QuantumLevel <= 6 {
		out.NistQuantumSecurityLevel = &a.QuantumLevel
	}
	return out
}

func (w *writer) certificate(c *sbom.Certificate) *cdx.CertificateProperties {
	out := &cdx.CertificateProperties{SubjectName: c.Subject, IssuerName: c.Issuer, CertificateFormat: "X.509"}
	if !c.NotBefore.IsZero() {
		out.NotValidBefore = c.NotBefore.UTC().Format(time.RFC3339)
	}
	if !c.NotAfter.IsZero() {
		out.NotValidAfter = c.NotAfter.UTC().Format(time.RFC3339)
	}
	if w.version >= V1_7 {
		out.RelatedCryptographicAssets = related(relatedAlgorithm, c.SignatureRef, relatedPublicKey, c.KeyRef)
		return out
	}
	out.SignatureAlgorithmRef, out.SubjectPublicKeyRef = cdx.BOMReference(c.SignatureRef), cdx.BOMReference(c.KeyRef)
	return out
}

func (w *writer) protocol(p *sbom.Protocol) *cdx.CryptoProtocolProperties {
	out := &cdx.CryptoProtocolProperties{
		Type:           known[cdx.CryptoProtocolType](w.schema.protocols, p.Type),
		Version:        p.Version,
		CryptoRefArray: references(p.Refs),
	}
	var suites []cdx.CipherSuite
	for _, s := range p.Suites {
		suites = append(suites, cdx.CipherSuite{Name: s.Name, Algorithms: references(s.Algorithms), Identifiers: list(s.Numbers)})
	}
	out.CipherSuites = list(suites)
	return out
}

func (w *writer) material(m *sbom.Material) *cdx.RelatedCryptoMaterialProperties {
	out := &cdx.RelatedCryptoMaterialProperties{Type: known[cdx.RelatedCryptoMaterialType](w.schema.materials, m.Type)}
	if m.Bits > 0 {
		out.Size = &m.Bits
	}
	if w.version >= V1_7 {
		out.RelatedCryptographicAssets = related(relatedAlgorithm, m.AlgorithmRef)
	} else {
		out.AlgorithmRef = cdx.BOMReference(m.AlgorithmRef)
	}
	return out
}

// related returns the assets with a ref, from pairs of types and refs.
func related(pairs ...string) *[]cdx.RelatedCryptographicAsset {
	var all []cdx.RelatedCryptographicAsset
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			all = append(all, cdx.RelatedCryptographicAsset{Type: pairs[i], Ref: pairs[i+1]})
		}
	}
	return list(all)
}

func references(refs []string) *[]cdx.BOMReference {
	var all []cdx.BOMReference
	for _, r := range refs {
		all = append(all, cdx.BOMReference(r))
	}
	return list(all)
}

// known returns a word if the schema has it.
func known[T ~string](words map[string]bool, word string) T {
	if words[word] {
		return T(word)
	}
	return ""
}

func allKnown[T ~string](words map[string]bool, all []string) *[]T {
	var out []T
	for _, word := range all {
		if words[word] {
			out = append(out, T(word))
		}
	}
	return list(out)
}

// readCrypto is the opposite of crypto.
func readCrypto(in *cdx.CryptoProperties) *sbom.Crypto {
	if in == nil {
		return nil
	}
	c := &sbom.Crypto{OID: in.OID}
	if a := in.AlgorithmProperties; a != nil {
		c.Algorithm = readAlgorithm(a)
	}
	if p := in.CertificateProperties; p != nil {
		c.Certificate = readCertificate(p)
	}
	if p := in.ProtocolProperties; p != nil {
		c.Protocol = readProtocol(p)
	}
	if m := in.RelatedCryptoMaterialProperties; m != nil {
		c.Material = &sbom.Material{Type: string(m.Type), AlgorithmRef: string(m.AlgorithmRef)}
		if m.Size != nil {
			c.Material.Bits = *m.Size
		}
		for _, r := range items(m.RelatedCryptographicAssets) {
			if r.Type == relatedAlgorithm {
				c.Material.AlgorithmRef = r.Ref
			}
		}
	}
	return c
}

func readAlgorithm(a *cdx.CryptoAlgorithmProperties) *sbom.Algorithm {
	out := &sbom.Algorithm{
		Primitive:    string(a.Primitive),
		Parameters:   a.ParameterSetIdentifier,
		Curve:        a.EllipticCurve,
		Mode:         string(a.Mode),
		Padding:      string(a.Padding),
		Environment:  string(a.ExecutionEnvironment),
		Functions:    words(a.CryptoFunctions),
		Certified:    words(a.CertificationLevel),
		QuantumLevel: -1,
	}
	if out.Curve == "" {
		out.Curve = a.Curve
	}
	if a.ClassicalSecurityLevel != nil {
		out.ClassicalBits = *a.ClassicalSecurityLevel
	}
	if a.NistQuantumSecurityLevel != nil {
		out.QuantumLevel = *a.NistQuantumSecurityLevel
	}
	return out
}

func readCertificate(p *cdx.CertificateProperties) *sbom.Certificate {
	c := &sbom.Certificate{
		Subject: p.SubjectName, Issuer: p.IssuerName,
		SignatureRef: string(p.SignatureAlgorithmRef), KeyRef: string(p.SubjectPublicKeyRef),
	}
	if t, err := time.Parse(time.RFC3339, p.NotValidBefore); err == nil {
		c.NotBefore = t.UTC()
	}
	if t, err := time.Parse(time.RFC3339, p.NotValidAfter); err == nil {
		c.NotAfter = t.UTC()
	}
	for _, r := range items(p.RelatedCryptographicAssets) {
		switch r.Type {
		case relatedAlgorithm:
			c.SignatureRef = r.Ref
		case relatedPublicKey:
			c.KeyRef = r.Ref
		}
	}
	return c
}

func readProtocol(p *cdx.CryptoProtocolProperties) *sbom.Protocol {
	out := &sbom.Protocol{Type: string(p.Type), Version: p.Version, Refs: words(p.CryptoRefArray)}
	for _, s := range items(p.CipherSuites) {
		out.Suites = append(out.Suites, sbom.Suite{Name: s.Name, Numbers: items(s.Identifiers), Algorithms: words(s.Algorithms)})
	}
	return out
}

func words[T ~string](all *[]T) []string {
	var out []string
	for _, w := range items(all) {
		out = append(out, string(w))
	}
	return out
}
