// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package tlsprobe

import (
	encoding_asn1 "encoding/asn1"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// curveOIDs are the curves of keys that are groups, too (RFC 5480, RFC 5639, GB/T 33560).
var curveOIDs = map[string]GroupID{
	"1.2.840.10045.3.1.7":   secp256r1,
	"1.3.132.0.33":          21,
	"1.3.132.0.34":          24,
	"1.3.132.0.35":          25,
	"1.3.132.0.10":          22,
	"1.3.36.3.3.2.8.1.1.7":  26,
	"1.3.36.3.3.2.8.1.1.11": 27,
	"1.3.36.3.3.2.8.1.1.13": 28,
	"1.2.156.10197.1.301":   curveSM2,
}

// keyCurve is the curve of the key in a certificate: 0 if it is on none, or on one that
// is no group. It reads what package x509 does not, which knows few curves.
func keyCurve(der []byte) GroupID {
	s := cryptobyte.String(der)
	var certificate, tbs, key, algorithm cryptobyte.String
	var oid encoding_asn1.ObjectIdentifier
	ok := s.ReadASN1(&certificate, asn1.SEQUENCE) && certificate.ReadASN1(&tbs, asn1.SEQUENCE) &&
		tbs.SkipOptionalASN1(asn1.Tag(0).Constructed().ContextSpecific()) && // version
		tbs.SkipASN1(asn1.INTEGER) && // serial number
		tbs.SkipASN1(asn1.SEQUENCE) && tbs.SkipASN1(asn1.SEQUENCE) && tbs.SkipASN1(asn1.SEQUENCE) && tbs.SkipASN1(asn1.SEQUENCE) && // signature, issuer, validity, subject
		tbs.ReadASN1(&key, asn1.SEQUENCE) && key.ReadASN1(&algorithm, asn1.SEQUENCE) &&
		algorithm.SkipASN1(asn1.OBJECT_IDENTIFIER) && algorithm.ReadASN1ObjectIdentifier(&oid)
	if !ok {
		return 0
	}
	return curveOIDs[oid.String()]
}
