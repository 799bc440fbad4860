// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

// Package certtest makes certificates, OCSP responses and certificate timestamps for tests.
package certtest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/crypto/cryptobyte"
	cryptobyte_asn1 "golang.org/x/crypto/cryptobyte/asn1"
	"golang.org/x/crypto/ocsp"
)

// Now is the time at which certificates are made, unless they say otherwise.
var Now = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)

// An Identity is a certificate and its key.
type Identity struct {
	*x509.Certificate
	Key crypto.Signer
}

var serial atomic.Int64

// Root makes a self-signed authority, valid for ten years around [Now].
func Root(t testing.TB, name string, change ...func(*x509.Certificate)) *Identity {
	t.Helper()
	return create(t, nil, name, append([]func(*x509.Certificate){authority}, change...))
}

// SelfSigned makes a certificate of a server that nobody else issued.
func SelfSigned(t testing.TB, name string, change ...func(*x509.Certificate)) *Identity {
	t.Helper()
	return create(t, nil, name, change)
}

// Authority makes an authority below another.
func (i *Identity) Authority(t testing.TB, name string, change ...func(*x509.Certificate)) *Identity {
	t.Helper()
	return create(t, i, name, append([]func(*x509.Certificate){authority}, change...))
}

// Server makes a certificate for a host name, valid for 90 days from a month before [Now].
func (i *Identity) Server(t testing.TB, name string, change ...func(*x509.Certificate)) *Identity {
	t.Helper()
	return create(t, i, name, change)
}

func authority(c *x509.Certificate) {
	c.IsCA, c.BasicConstraintsValid, c.DNSNames, c.ExtKeyUsage = true, true, nil, nil
	c.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageCRLSign
	c.NotBefore, c.NotAfter = Now.AddDate(-5, 0, 0), Now.AddDate(5, 0, 0)
}

// WithKey makes the certificate have a key that is given, in PublicKey of the template.
func WithKey(key crypto.Signer) func(*x509.Certificate) {
	return func(c *x509.Certificate) { c.PublicKey = key }
}

func create(t testing.TB, issuer *Identity, name string, change []func(*x509.Certificate)) *Identity {
	t.Helper()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1000 + serial.Add(1)), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name},
		NotBefore: Now.AddDate(0, -1, 0), NotAfter: Now.AddDate(0, -1, 90).Add(-time.Second),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}, BasicConstraintsValid: true,
	}
	for _, f := range change {
		f(template)
	}
	key, ok := template.PublicKey.(crypto.Signer)
	if !ok {
		var err error
		if key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
			t.Fatal(err)
		}
	}
	template.PublicKey = nil
	parent, signer := template, key
	if issuer != nil {
		parent, signer = issuer.Certificate, issuer.Key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), signer)
	if err != nil {
		t.Fatal(err)
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return &Identity{c, key}
}

// Pool is a store with certificates.
func Pool(roots ...*Identity) *x509.CertPool {
	pool := x509.NewCertPool()
	for _, r := range roots {
		pool.AddCert(r.Certificate)
	}
	return pool
}

// Staple makes an OCSP response, valid from an hour before [Now] for a week, signed by the
// issuer unless a responder is given.
func (i *Identity) Staple(t testing.TB, of *Identity, responder *Identity, change ...func(*ocsp.Response)) []byte {
	t.Helper()
	template := ocsp.Response{Status: ocsp.Good, SerialNumber: of.SerialNumber, ThisUpdate: Now.Add(-time.Hour), NextUpdate: Now.AddDate(0, 0, 7)}
	signer := i
	if responder != nil {
		signer, template.Certificate = responder, responder.Certificate
	}
	for _, f := range change {
		f(&template)
	}
	der, err := ocsp.CreateResponse(i.Certificate, signer.Certificate, template, signer.Key)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

// A Log is a log of certificate transparency.
type Log struct {
	Name string
	Key  crypto.Signer
}

// NewLog makes a log.
func NewLog(t testing.TB, name string) *Log {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return &Log{name, key}
}

func (l *Log) public(t testing.TB) []byte {
	der, err := x509.MarshalPKIXPublicKey(l.Key.Public())
	if err != nil {
		t.Fatal(err)
	}
	return der
}

// List is a list of logs as Chrome has it.
func List(t testing.TB, logs ...*Log) []byte {
	t.Helper()
	var entries []map[string]any
	for _, l := range logs {
		key := l.public(t)
		id := sha256.Sum256(key)
		entries = append(entries, map[string]any{
			"description": l.Name, "log_id": base64.StdEncoding.EncodeToString(id[:]), "key": base64.StdEncoding.EncodeToString(key),
			"state": map[string]any{"usable": map[string]any{"timestamp": Now}},
		})
	}
	data, err := json.Marshal(map[string]any{"log_list_timestamp": Now, "operators": []any{map[string]any{"name": "assay", "logs": entries}}})
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// Timestamp makes an SCT of a certificate (RFC 6962, section 3.2), an x509_entry.
func (l *Log) Timestamp(t testing.TB, of *Identity, at time.Time) []byte {
	t.Helper()
	var entry cryptobyte.Builder
	entry.AddUint16(0)
	entry.AddUint24LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes(of.Raw) })
	return l.sign(t, entry.BytesOrPanic(), at)
}

func (l *Log) sign(t testing.TB, entry []byte, at time.Time) []byte {
	t.Helper()
	var message cryptobyte.Builder
	message.AddUint16(0)
	message.AddUint64(uint64(at.UnixMilli()))
	message.AddBytes(entry)
	message.AddUint16(0)
	digest := sha256.Sum256(message.BytesOrPanic())
	signature, err := l.Key.Sign(rand.Reader, digest[:], crypto.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	id := sha256.Sum256(l.public(t))
	var sct cryptobyte.Builder
	sct.AddUint8(0)
	sct.AddBytes(id[:])
	sct.AddUint64(uint64(at.UnixMilli()))
	sct.AddUint16(0)
	sct.AddUint8(4) // sha256
	sct.AddUint8(3) // ecdsa
	sct.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes(signature) })
	return sct.BytesOrPanic()
}

// SCTList is a SignedCertificateTimestampList (RFC 6962, section 3.3).
func SCTList(scts ...[]byte) []byte {
	var b cryptobyte.Builder
	b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) {
		for _, s := range scts {
			b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes(s) })
		}
	})
	return b.BytesOrPanic()
}

// SCTExtension is a list of SCTs in an extension.
func SCTExtension(oid asn1.ObjectIdentifier, list []byte) pkix.Extension {
	var b cryptobyte.Builder
	b.AddASN1(cryptobyte_asn1.OCTET_STRING, func(b *cryptobyte.Builder) { b.AddBytes(list) })
	return pkix.Extension{Id: oid, Value: b.BytesOrPanic()}
}

// Logged makes a certificate for a host name with SCTs in it: what the logs sign is the
// same certificate that was issued without.
func (i *Identity) Logged(t testing.TB, name string, at time.Time, logs []*Log, change ...func(*x509.Certificate)) *Identity {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	number := big.NewInt(1000 + serial.Add(1))
	change = append(change, WithKey(key), func(c *x509.Certificate) { c.SerialNumber = number })
	before := i.Server(t, name, change...)
	hash := sha256.Sum256(i.RawSubjectPublicKeyInfo)
	var entry cryptobyte.Builder
	entry.AddUint16(1)
	entry.AddBytes(hash[:])
	entry.AddUint24LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes(before.RawTBSCertificate) })
	var scts [][]byte
	for _, l := range logs {
		scts = append(scts, l.sign(t, entry.BytesOrPanic(), at))
	}
	extension := SCTExtension(asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 11129, 2, 4, 2}, SCTList(scts...))
	return i.Server(t, name, append(change, func(c *x509.Certificate) { c.ExtraExtensions = append(c.ExtraExtensions, extension) })...)
}
