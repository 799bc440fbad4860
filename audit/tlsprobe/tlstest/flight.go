// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package tlstest

import (
	"crypto"
	"crypto/ecdh"
	"crypto/rand"
	"io"
	"net"
	"slices"

	gmecdh "github.com/emmansun/gmsm/ecdh"
	"github.com/emmansun/gmsm/sm2"
	"golang.org/x/crypto/cryptobyte"
)

// A ServerTLCP is a server of TLCP 1.1 (GB/T 38636-2020) up to its ServerHelloDone: all
// that it says in clear, with signatures that are right. It takes its own order of suites.
type ServerTLCP struct {
	Suites  []uint16
	Signing [][]byte // DER: the certificate for signatures, and those above it
	Cipher  []byte   // DER: the certificate for encryption
	Key     crypto.Signer
}

// Suites of TLCP (GB/T 38636-2020, 6.4.5.2.1).
const (
	ECDHESM4CBC = 0xE011
	ECCSM4CBC   = 0xE013
	ECDHESM4GCM = 0xE051
	ECCSM4GCM   = 0xE053
	ECCSM1      = 0xE003 // of GM/T 0024-2014
)

// Serve answers a hello.
func (s *ServerTLCP) Serve(c net.Conn, h *Hello) {
	suite, ok := first(s.Suites, h.Suites)
	if h.Version != TLCP || !ok {
		refuse(c, min(h.Version, TLS12), alertHandshakeFailure)
		return
	}
	random := serverRandom()
	out := helloOf(h, TLCP, suite, random, 0, nil)
	out = append(out, certificates(slices.Concat(s.Signing[:1], [][]byte{s.Cipher}, s.Signing[1:]))...) // 6.4.5.3: the one for signatures comes first
	exchange, err := s.exchange(suite, slices.Concat(h.random, random))
	if err != nil {
		return
	}
	out = append(out, exchange...)
	if suite == ECDHESM4CBC || suite == ECDHESM4GCM { // which takes the client's key (6.4.5.4)
		out = append(out, message(messageRequest, func(b *cryptobyte.Builder) {
			b.AddUint8LengthPrefixed(func(b *cryptobyte.Builder) { b.AddUint8(64) }) // ecdsa_sign
			b.AddUint16(0)                                                           // whoever issued it
		})...)
	}
	out = append(out, message(messageServerHelloDone, func(*cryptobyte.Builder) {})...)
	c.Write(record(recordHandshake, TLCP, out))
	io.Copy(io.Discard, c)
}

// exchange is the ServerKeyExchange (GB/T 38636-2020, 6.4.5.4): what is signed is, of ECC,
// the certificate for encryption; of ECDHE, the server's share.
func (s *ServerTLCP) exchange(suite uint16, randoms []byte) ([]byte, error) {
	b := cryptobyte.NewBuilder(nil)
	var share []byte
	if suite == ECDHESM4CBC || suite == ECDHESM4GCM {
		key, err := gmecdh.P256().GenerateKey(rand.Reader)
		if err != nil {
			return nil, err
		}
		share = named(CurveSM2, key.PublicKey().Bytes())
		b.AddBytes(share)
	} else {
		b.AddUint24LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes(s.Cipher) })
	}
	signature, err := s.Key.Sign(rand.Reader, append(randoms, b.BytesOrPanic()...), sm2.DefaultSM2SignerOpts)
	if err != nil {
		return nil, err
	}
	return message(messageServerExchange, func(b *cryptobyte.Builder) {
		b.AddBytes(share)
		b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes(signature) })
	}), nil
}

// A Server12 is a server of TLS 1.2 that does what no packaged one does any more, up to its
// ServerHelloDone: all that it says in clear. It takes one suite of ECDHE, and one group.
type Server12 struct {
	Suite  uint16
	Group  uint16   // X25519 or P-256
	Chain  [][]byte // DER
	Key    crypto.Signer
	Scheme uint16 // with which the key signs

	Deflate bool // it compresses, where the client has it (RFC 3749)
}

// Serve answers a hello.
func (s *Server12) Serve(c net.Conn, h *Hello) {
	if !slices.Contains(h.Suites, s.Suite) || !slices.Contains(h.Groups, s.Group) || !slices.Contains(h.Schemes, s.Scheme) {
		refuse(c, min(h.Version, TLS12), alertHandshakeFailure)
		return
	}
	random, compression := serverRandom(), uint8(0)
	if s.Deflate && slices.Contains(h.Compressions, 1) {
		compression = 1
	}
	out := helloOf(h, TLS12, s.Suite, random, compression, func(b *cryptobyte.Builder) {
		b.AddUint16(extensionRenegotiate)
		b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) { b.AddUint8(0) })
		b.AddUint16(extensionMasterSecret)
		b.AddUint16(0)
	})
	out = append(out, certificates(s.Chain)...)
	curve := ecdh.X25519()
	if s.Group == P256 {
		curve = ecdh.P256()
	}
	key, err := curve.GenerateKey(rand.Reader)
	if err != nil {
		return
	}
	share := named(s.Group, key.PublicKey().Bytes())
	signature, err := sign(s.Key, s.Scheme, slices.Concat(h.random, random, share)) // RFC 8422, section 5.4
	if err != nil {
		return
	}
	out = append(out, message(messageServerExchange, func(b *cryptobyte.Builder) {
		b.AddBytes(share)
		b.AddUint16(s.Scheme)
		b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes(signature) })
	})...)
	out = append(out, message(messageServerHelloDone, func(*cryptobyte.Builder) {})...)
	c.Write(record(recordHandshake, TLS12, out))
	io.Copy(io.Discard, c)
}

func serverRandom() []byte {
	out := make([]byte, 32)
	rand.Read(out)
	return out
}

// named is a public key on a named curve (RFC 8422, section 5.4).
func named(group uint16, public []byte) []byte {
	return append([]byte{3, byte(group >> 8), byte(group), byte(len(public))}, public...)
}

// helloOf is a ServerHello before TLS 1.3.
func helloOf(h *Hello, version, suite uint16, random []byte, compression uint8, extensions func(*cryptobyte.Builder)) []byte {
	return message(messageServerHello, func(b *cryptobyte.Builder) {
		b.AddUint16(version)
		b.AddBytes(random)
		b.AddUint8(0)
		b.AddUint16(suite)
		b.AddUint8(compression)
		if extensions != nil {
			b.AddUint16LengthPrefixed(extensions)
		}
	})
}

// certificates is a Certificate before TLS 1.3.
func certificates(ders [][]byte) []byte {
	return message(messageCertificate, func(b *cryptobyte.Builder) {
		b.AddUint24LengthPrefixed(func(b *cryptobyte.Builder) {
			for _, der := range ders {
				b.AddUint24LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes(der) })
			}
		})
	})
}
