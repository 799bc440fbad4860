// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package tlsprobe

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509/pkix"
	encoding_asn1 "encoding/asn1"
	"encoding/base64"
	"time"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// Where lists of SCTs stand (RFC 6962, section 3.3).
const (
	SourceCertificate = "certificate"
	SourceTLS         = "tls"
	SourceOCSP        = "ocsp"
)

// What is wrong with an SCT.
const (
	SCTMalformed     = "malformed"
	SCTVersion       = "version"       // another than v1
	SCTUnknownLog    = "unknown-log"   // no log of that identifier is known
	SCTUnknownIssuer = "no-issuer"     // the issuer, which the log signed with, is not known
	SCTSignature     = "bad-signature" // it is not the log's, or not of this certificate
	SCTFuture        = "future"        // the log says that it will have seen the certificate
)

var (
	oidSCTs     = encoding_asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 11129, 2, 4, 2}
	oidPoison   = encoding_asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 11129, 2, 4, 3}
	oidOCSPSCTs = encoding_asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 11129, 2, 4, 5}
)

// maxSCTs bounds the SCTs of one list that are read: there are two to five.
const maxSCTs = 64

// readSCTs reads and verifies the SCTs of the three places.
func readSCTs(c Chain, issuer *link, o ChainOptions) []SCT {
	leaf := newLink(c.Certificates[0])
	if leaf.rest == nil {
		return nil
	}
	var out []SCT
	read := func(source string, list []byte, entry []byte) {
		for _, s := range ReadSCTs(list, entry, o.Logs, o.Now) {
			s.Certificate, s.Source = leaf.SHA256, source
			out = append(out, s)
		}
	}
	if list, ok := octets(leaf.rest.Extensions, oidSCTs); ok {
		read(SourceCertificate, list, precertEntry(leaf.DER, issuer))
	}
	if len(c.Timestamps) > 0 {
		read(SourceTLS, c.Timestamps, certificateEntry(leaf.DER))
	}
	if list := stapledSCTs(c.Staple, leaf.rest); list != nil {
		read(SourceOCSP, list, certificateEntry(leaf.DER))
	}
	return out
}

// octets is the OCTET STRING in an extension.
func octets(extensions []pkix.Extension, oid encoding_asn1.ObjectIdentifier) ([]byte, bool) {
	for _, e := range extensions {
		if e.Id.Equal(oid) {
			s := cryptobyte.String(e.Value)
			var list cryptobyte.String
			if !s.ReadASN1(&list, asn1.OCTET_STRING) || !s.Empty() {
				return nil, true
			}
			return list, true
		}
	}
	return nil, false
}

// ReadSCTs reads a SignedCertificateTimestampList (RFC 6962, section 3.3), and verifies
// each against an entry of a log: the entry's type and what follows, as in section 3.2; nil
// if it is not known. What cannot be read is one SCT with a problem.
func ReadSCTs(list, entry []byte, logs *Logs, now time.Time) []SCT {
	s := cryptobyte.String(list)
	var scts cryptobyte.String
	var out []SCT
	if !s.ReadUint16LengthPrefixed(&scts) || !s.Empty() || scts.Empty() {
		return []SCT{{Verified: NotOffered, Problem: SCTMalformed}}
	}
	for !scts.Empty() && len(out) < maxSCTs {
		var one cryptobyte.String
		if !scts.ReadUint16LengthPrefixed(&one) {
			return append(out, SCT{Verified: NotOffered, Problem: SCTMalformed})
		}
		out = append(out, readSCT(one, entry, logs, now))
	}
	return out
}

// readSCT reads a SignedCertificateTimestamp (RFC 6962, section 3.2), and verifies it.
func readSCT(s cryptobyte.String, entry []byte, logs *Logs, now time.Time) SCT {
	var version, hash, algorithm uint8
	var milliseconds uint64
	var id []byte
	var extensions, signature cryptobyte.String
	if !s.ReadUint8(&version) {
		return SCT{Verified: NotOffered, Problem: SCTMalformed}
	}
	if version != 0 {
		return SCT{Verified: Unknown, Problem: SCTVersion}
	}
	if !s.ReadBytes(&id, sha256.Size) || !s.ReadUint64(&milliseconds) || !s.ReadUint16LengthPrefixed(&extensions) ||
		!s.ReadUint8(&hash) || !s.ReadUint8(&algorithm) || !s.ReadUint16LengthPrefixed(&signature) || !s.Empty() {
		return SCT{Verified: NotOffered, Problem: SCTMalformed}
	}
	out := SCT{Log: base64.StdEncoding.EncodeToString(id), Verified: Unknown}
	if milliseconds > 253402300799999 { // the year 9999, the last that RFC 3339 can write
		out.Verified, out.Problem = NotOffered, SCTFuture
		return out
	}
	out.Time = time.UnixMilli(int64(milliseconds)).UTC()
	log := logs.byID([sha256.Size]byte(id))
	if log != nil {
		out.Name = log.Name
	}
	switch {
	case out.Time.After(now):
		out.Verified, out.Problem = NotOffered, SCTFuture
	case log == nil:
		out.Problem = SCTUnknownLog
	case entry == nil:
		out.Problem = SCTUnknownIssuer
	case !log.signed(signedTimestamp(milliseconds, entry, extensions), hash, algorithm, signature):
		out.Verified, out.Problem = NotOffered, SCTSignature
	default:
		out.Verified = Offered
	}
	return out
}

// signedTimestamp is what a log signs (RFC 6962, section 3.2).
func signedTimestamp(milliseconds uint64, entry, extensions []byte) []byte {
	var b cryptobyte.Builder
	b.AddUint8(0) // v1
	b.AddUint8(0) // certificate_timestamp
	b.AddUint64(milliseconds)
	b.AddBytes(entry)
	b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes(extensions) })
	out, err := b.Bytes()
	if err != nil {
		return nil
	}
	return out
}

// signed verifies a DigitallySigned (RFC 5246, section 4.7). Logs sign with SHA-256, and
// with ECDSA on P-256 or RSA (RFC 6962, section 2.1.4).
func (l *Log) signed(message []byte, hash, algorithm uint8, signature []byte) bool {
	if hash != 4 || message == nil { // sha256
		return false
	}
	digest := sha256.Sum256(message)
	switch key := l.public.(type) {
	case *ecdsa.PublicKey:
		return algorithm == 3 && ecdsa.VerifyASN1(key, digest[:], signature)
	case *rsa.PublicKey:
		return algorithm == 1 && rsa.VerifyPKCS1v15(key, crypto.SHA256, digest[:], signature) == nil
	}
	return false
}

// certificateEntry is the x509_entry of a certificate.
func certificateEntry(der []byte) []byte {
	var b cryptobyte.Builder
	b.AddUint16(0)
	b.AddUint24LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes(der) })
	return bytesOf(&b)
}

// precertEntry is the precert_entry of which a certificate was made: the hash of the
// issuer's key, and the TBSCertificate without the list of SCTs that was put in after
// the log had signed. Nil if the issuer is not known.
func precertEntry(der []byte, issuer *link) []byte {
	if issuer == nil {
		return nil
	}
	b, ok := readBones(der)
	i, okIssuer := readBones(issuer.DER)
	if !ok || !okIssuer {
		return nil
	}
	tbs, ok := withoutSCTs(b.tbs)
	if !ok {
		return nil
	}
	hash := sha256.Sum256(i.spki)
	var out cryptobyte.Builder
	out.AddUint16(1)
	out.AddBytes(hash[:])
	out.AddUint24LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes(tbs) })
	return bytesOf(&out)
}

func bytesOf(b *cryptobyte.Builder) []byte {
	out, err := b.Bytes()
	if err != nil {
		return nil
	}
	return out
}

// withoutSCTs is a TBSCertificate without the extensions that make the difference between
// a certificate and its precertificate (RFC 6962, sections 3.1 and 3.3).
func withoutSCTs(tbs cryptobyte.String) ([]byte, bool) {
	var content, wrapped, list cryptobyte.String
	if !tbs.ReadASN1(&content, asn1.SEQUENCE) || !tbs.Empty() {
		return nil, false
	}
	var before []byte
	tag := asn1.Tag(3).Constructed().ContextSpecific()
	for !content.PeekASN1Tag(tag) {
		var element cryptobyte.String
		var any asn1.Tag
		if !content.ReadAnyASN1Element(&element, &any) {
			return nil, false
		}
		before = append(before, element...)
	}
	if !content.ReadASN1(&wrapped, tag) || !content.Empty() || !wrapped.ReadASN1(&list, asn1.SEQUENCE) || !wrapped.Empty() {
		return nil, false
	}
	var kept []byte
	for !list.Empty() {
		var element, inside cryptobyte.String
		var oid encoding_asn1.ObjectIdentifier
		if !list.ReadASN1Element(&element, asn1.SEQUENCE) {
			return nil, false
		}
		whole := bytes.Clone(element)
		if !element.ReadASN1(&inside, asn1.SEQUENCE) || !inside.ReadASN1ObjectIdentifier(&oid) {
			return nil, false
		}
		if !oid.Equal(oidSCTs) && !oid.Equal(oidPoison) {
			kept = append(kept, whole...)
		}
	}
	var b cryptobyte.Builder
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddBytes(before)
		if len(kept) == 0 { // Extensions has at least one (RFC 5280, section 4.1)
			return
		}
		b.AddASN1(tag, func(b *cryptobyte.Builder) {
			b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) { b.AddBytes(kept) })
		})
	})
	out := bytesOf(&b)
	return out, out != nil
}
