// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package tlstest

import (
	"bytes"
	"crypto"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/tls"
	"errors"
	"net"
	"slices"
	"testing"

	"github.com/emmansun/gmsm/sm2"
	"golang.org/x/crypto/cryptobyte"
)

// Suites of TLS 1.3 (RFC 8446, appendix B.4; RFC 8998).
const (
	AES128GCM = 0x1301
	AES256GCM = 0x1302
	ChaCha20  = 0x1303
	SM4GCM    = 0x00C6
	SM4CCM    = 0x00C7
)

// Signature algorithms (IANA registry "TLS SignatureScheme").
const (
	ECDSAP256 = 0x0403
	ECDSAP384 = 0x0503
	ECDSAP521 = 0x0603
	RSAPSS256 = 0x0804
	SM2SM3    = 0x0708 // RFC 8998
)

// A Server13 is a server of TLS 1.3 that does what no packaged one does: it follows the
// client's order of suites and has hybrid groups, has ML-KEM alone, or the suites of RFC
// 8998. Its handshakes are complete. It gives no tickets.
type Server13 struct {
	Suites      []uint16
	Groups      []uint16 // in its order
	Chain       [][]byte // DER
	Key         crypto.Signer
	Scheme      uint16 // with which the key signs
	Staple      []byte // sent where it is asked for; nil for none
	ServerOrder bool   // of suites
}

// Serve leads the handshake of a connection to its end, and waits for the client to say
// goodbye.
func (s *Server13) Serve(c net.Conn, h *Hello) {
	if h.Version != TLS13 {
		refuse(c, min(h.Version, TLS12), alertProtocolVersion)
		return
	}
	order, others := h.Suites, s.Suites
	if s.ServerOrder {
		order, others = others, order
	}
	suite, ok1 := first(order, others)
	group, ok2 := first(s.Groups, h.Groups)
	if !ok1 || !ok2 || !slices.Contains(h.Schemes, s.Scheme) {
		refuse(c, TLS12, alertHandshakeFailure)
		return
	}
	w := &wire13{Conn: c, hash: hashOf(suite), suite: suite}
	if h.shares[group] == nil {
		var err error
		if h, err = w.retry(h, group); err != nil {
			return
		}
	}
	w.shake(s, h, group)
}

// retry sends a HelloRetryRequest, and reads the second hello (RFC 8446, section 4.1.4).
func (w *wire13) retry(h *Hello, group uint16) (*Hello, error) {
	w.transcript = h.message
	sum := w.sum()
	w.transcript = message(messageHash, func(b *cryptobyte.Builder) { b.AddBytes(sum) }) // section 4.4.1
	name := sha256.Sum256([]byte("HelloRetryRequest"))
	hello := serverHello(h, name[:], w.suite, func(b *cryptobyte.Builder) { b.AddUint16(group) })
	w.transcript = append(w.transcript, hello...)
	w.Write(record(recordHandshake, TLS12, hello))
	for {
		r, err := readRecord(w)
		switch {
		case err != nil:
			return nil, err
		case r[0] == recordCCS:
			continue
		case r[0] != recordHandshake:
			return nil, errHello
		}
		again, err := ReadHello(bytes.NewReader(r))
		if err == nil && again.shares[group] == nil {
			err = errShare
		}
		return again, err
	}
}

// serverHello is a ServerHello of TLS 1.3, or a HelloRetryRequest.
func serverHello(h *Hello, random []byte, suite uint16, share func(*cryptobyte.Builder)) []byte {
	return message(messageServerHello, func(b *cryptobyte.Builder) {
		b.AddUint16(TLS12)
		b.AddBytes(random)
		b.AddUint8LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes(h.session) })
		b.AddUint16(suite)
		b.AddUint8(0)
		b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) {
			b.AddUint16(extensionVersions)
			b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) { b.AddUint16(TLS13) })
			b.AddUint16(extensionShares)
			b.AddUint16LengthPrefixed(share)
		})
	})
}

// shake sends the server's flight, and reads the client's (RFC 8446, section 2).
func (w *wire13) shake(s *Server13, h *Hello, group uint16) error {
	share, shared, err := exchange(group, h.shares[group])
	if err != nil {
		refuse(w, TLS12, 47)
		return err
	}
	random := make([]byte, 32)
	rand.Read(random)
	hello := serverHello(h, random, w.suite, func(b *cryptobyte.Builder) {
		b.AddUint16(group)
		b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes(share) })
	})
	w.transcript = slices.Concat(w.transcript, h.message, hello)
	w.Write(record(recordHandshake, TLS12, hello))

	// RFC 8446, section 7.1.
	size := w.hash().Size()
	zeros := make([]byte, size)
	early, err := hkdf.Extract(w.hash, zeros, nil)
	if err != nil {
		return err
	}
	secret := w.next(early, shared)
	client, server := w.expand(secret, "c hs traffic", w.sum(), size), w.expand(secret, "s hs traffic", w.sum(), size)
	master := w.next(secret, zeros)
	w.in, w.out = w.keys(client), w.keys(server)

	flight, err := s.flight(w, h)
	if err != nil {
		return err
	}
	w.transcript = append(w.transcript, flight...)
	finished := w.finished(server)
	w.transcript = append(w.transcript, finished...)
	w.send(recordHandshake, append(flight, finished...))

	in, out := w.keys(w.expand(master, "c ap traffic", w.sum(), size)), w.keys(w.expand(master, "s ap traffic", w.sum(), size))
	want := w.finished(client)
	kind, content, err := w.receive()
	if err != nil {
		return err
	}
	if kind != recordHandshake || !hmac.Equal(content, want) {
		return errors.New("no Finished of the client")
	}
	w.in, w.out = in, out
	for {
		kind, _, err := w.receive()
		if err != nil {
			return err
		}
		if kind == recordAlert { // close_notify, or a complaint
			return w.send(recordAlert, []byte{1, 0})
		}
	}
}

// flight is what the server says of itself, up to CertificateVerify.
func (s *Server13) flight(w *wire13, h *Hello) ([]byte, error) {
	out := message(messageExtensions, func(b *cryptobyte.Builder) { b.AddUint16(0) })
	out = append(out, message(messageCertificate, func(b *cryptobyte.Builder) {
		b.AddUint8(0)
		b.AddUint24LengthPrefixed(func(b *cryptobyte.Builder) {
			for i, der := range s.Chain {
				b.AddUint24LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes(der) })
				b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) {
					if i == 0 && s.Staple != nil && h.Status {
						b.AddUint16(extensionStatus)
						b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) { addStatus(b, s.Staple) })
					}
				})
			}
		})
	})...)
	w.transcript = append(w.transcript, out...)
	sum := w.sum()
	w.transcript = w.transcript[:len(w.transcript)-len(out)]
	content := slices.Repeat([]byte{' '}, 64) // RFC 8446, section 4.4.3
	content = append(content, "TLS 1.3, server CertificateVerify\x00"...)
	signature, err := sign(s.Key, s.Scheme, append(content, sum...))
	if err != nil {
		return nil, err
	}
	return append(out, message(messageVerify, func(b *cryptobyte.Builder) {
		b.AddUint16(s.Scheme)
		b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes(signature) })
	})...), nil
}

// addStatus writes a CertificateStatus (RFC 6066, section 8).
func addStatus(b *cryptobyte.Builder, response []byte) {
	b.AddUint8(1)
	b.AddUint24LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes(response) })
}

// sign signs with an algorithm.
func sign(key crypto.Signer, scheme uint16, content []byte) ([]byte, error) {
	switch scheme {
	case SM2SM3: // with the identifier of RFC 8998, section 3.2.1
		return key.Sign(rand.Reader, content, sm2.NewSM2SignerOption(true, []byte("TLSv1.3+GM+Cipher+Suite")))
	case RSAPSS256:
		sum := sha256.Sum256(content)
		return key.Sign(rand.Reader, sum[:], &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: crypto.SHA256})
	}
	h := map[uint16]crypto.Hash{ECDSAP256: crypto.SHA256, ECDSAP384: crypto.SHA384, ECDSAP521: crypto.SHA512}[scheme]
	if h == 0 {
		return nil, errors.New("a signature algorithm that is not known")
	}
	sum := h.New()
	sum.Write(content)
	return key.Sign(rand.Reader, sum.Sum(nil), h)
}

// Signer is the key of a certificate of package tls.
func Signer(t testing.TB, c tls.Certificate) crypto.Signer {
	t.Helper()
	key, ok := c.PrivateKey.(crypto.Signer)
	if !ok {
		t.Fatal("a key that does not sign")
	}
	return key
}
