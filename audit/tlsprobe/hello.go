// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package tlsprobe

import (
	"crypto/rand"
	"net/netip"
	"slices"
	"strings"

	"golang.org/x/crypto/cryptobyte"
)

// Content types of records (RFC 8446, section 5.1).
const (
	typeChangeCipherSpec = 20
	typeAlert            = 21
	typeHandshake        = 22
	typeApplicationData  = 23
)

// Handshake messages (RFC 8446, section 4; RFC 5246, section 7.4).
const (
	typeClientHello        = 1
	typeServerHello        = 2
	typeCertificate        = 11
	typeServerKeyExchange  = 12
	typeCertificateRequest = 13
	typeServerHelloDone    = 14
	typeCertificateStatus  = 22
)

// Extensions (IANA registry "TLS ExtensionType Values").
const (
	extServerName           = 0
	extStatusRequest        = 5
	extSupportedGroups      = 10
	extPointFormats         = 11
	extSignatureAlgorithms  = 13
	extALPN                 = 16
	extSCT                  = 18
	extEncryptThenMAC       = 22
	extExtendedMasterSecret = 23
	extSessionTicket        = 35
	extSupportedVersions    = 43
	extPSKModes             = 45
	extSignatureCert        = 50
	extKeyShare             = 51
	extRenegotiationInfo    = 0xFF01
)

// A hello is a ClientHello to be sent. What is nil is left out.
type hello struct {
	version     Version // the highest one that is offered, in TLS 1.3 the only one
	suites      []SuiteID
	groups      []GroupID
	schemes     []SignatureScheme
	serverName  string // a host name; an address is not sent (RFC 6066, section 3)
	shares      []keyShare
	compression bool // DEFLATE is offered too (RFC 3749)
	bare        bool // no extension that is not needed
	fallback    bool // it says that it is a second try, with an older version (RFC 7507)
	otherName   bool // serverName is not the endpoint's

	renegotiation []byte // the client's Finished of the handshake before (RFC 5746, section 3.5)
}

// A keyShare is a public key of the client (RFC 8446, section 4.2.8).
type keyShare struct {
	group GroupID
	key   []byte
}

// marshal writes the hello as it stands on the wire: one record.
func (h *hello) marshal() []byte {
	switch h.version {
	case SSL2:
		return h.marshal2()
	case SSL3, TLCP:
		return record(h.version, h.message(h.version, nil))
	}
	b := cryptobyte.NewBuilder(nil)
	h.extensions(b)
	return record(TLS10, h.message(min(h.version, TLS12), b.BytesOrPanic()))
}

// record wraps a handshake message.
func record(v Version, message []byte) []byte {
	b := cryptobyte.NewBuilder(nil)
	b.AddUint8(typeHandshake)
	b.AddUint16(uint16(v))
	b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes(message) })
	return b.BytesOrPanic()
}

// message is the handshake message, with the version in its field.
func (h *hello) message(legacy Version, extensions []byte) []byte {
	b := cryptobyte.NewBuilder(nil)
	b.AddUint8(typeClientHello)
	b.AddUint24LengthPrefixed(func(b *cryptobyte.Builder) {
		b.AddUint16(uint16(legacy))
		b.AddBytes(random(32))
		b.AddUint8LengthPrefixed(func(b *cryptobyte.Builder) {
			if h.version == TLS13 { // for boxes in between (RFC 8446, appendix D.4)
				b.AddBytes(random(32))
			}
		})
		b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) {
			if h.version != TLS13 && h.version != TLCP && h.renegotiation == nil { // and so that no suite is the first of all
				b.AddUint16(uint16(renegotiationSCSV))
			}
			for _, s := range h.suites {
				b.AddUint16(uint16(s))
			}
			if h.fallback {
				b.AddUint16(uint16(fallbackSCSV))
			}
		})
		b.AddUint8LengthPrefixed(func(b *cryptobyte.Builder) {
			if h.compression && h.version != TLS13 {
				b.AddUint8(1)
			}
			b.AddUint8(0)
		})
		if len(extensions) > 0 {
			b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes(extensions) })
		}
	})
	return b.BytesOrPanic()
}

func (h *hello) extensions(b *cryptobyte.Builder) {
	add := func(kind uint16, body func(*cryptobyte.Builder)) {
		b.AddUint16(kind)
		b.AddUint16LengthPrefixed(body)
	}
	list := func(kind uint16, values []uint16) {
		if len(values) == 0 {
			return
		}
		add(kind, func(b *cryptobyte.Builder) {
			b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) {
				for _, v := range values {
					b.AddUint16(v)
				}
			})
		})
	}
	empty := func(*cryptobyte.Builder) {}
	if name := sniName(h.serverName); name != "" {
		add(extServerName, func(b *cryptobyte.Builder) {
			b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) {
				b.AddUint8(0) // host_name
				b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes([]byte(name)) })
			})
		})
	}
	list(extSupportedGroups, codes(h.groups))
	if h.version < TLS13 && slices.ContainsFunc(h.groups, isCurve) {
		add(extPointFormats, func(b *cryptobyte.Builder) { b.AddBytes([]byte{1, 0}) })
	}
	if h.version >= TLS12 {
		list(extSignatureAlgorithms, codes(h.schemes))
	}
	if !h.bare {
		add(extStatusRequest, func(b *cryptobyte.Builder) { b.AddBytes([]byte{1, 0, 0, 0, 0}) })
		add(extSCT, empty)
	}
	if h.version < TLS13 {
		if h.renegotiation != nil {
			add(extRenegotiationInfo, func(b *cryptobyte.Builder) {
				b.AddUint8LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes(h.renegotiation) })
			})
		}
		if !h.bare {
			add(extEncryptThenMAC, empty)
			add(extSessionTicket, empty)
		}
		add(extExtendedMasterSecret, empty)
		return
	}
	if !h.bare {
		list(extSignatureCert, codes(append(schemesFor(TLS13), schemesFor(TLS12)...)))
	}
	add(extSupportedVersions, func(b *cryptobyte.Builder) {
		b.AddUint8(2)
		b.AddUint16(uint16(TLS13))
	})
	add(extPSKModes, func(b *cryptobyte.Builder) { b.AddBytes([]byte{1, 1}) }) // psk_dhe_ke
	add(extKeyShare, func(b *cryptobyte.Builder) {
		b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) {
			for _, s := range h.shares { // without one the server names the group that it would have
				b.AddUint16(uint16(s.group))
				b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes(s.key) })
			}
		})
	})
}

// marshal2 writes a CLIENT-HELLO of SSL 2.0 (section 2.5 of its specification).
func (h *hello) marshal2() []byte {
	b := cryptobyte.NewBuilder(nil)
	b.AddUint8(typeClientHello)
	b.AddUint16(uint16(SSL2))
	b.AddUint16(uint16(3 * len(h.suites)))
	b.AddUint16(0) // no session
	b.AddUint16(16)
	for _, s := range h.suites {
		b.AddUint24(uint32(s))
	}
	b.AddBytes(random(16))
	message := b.BytesOrPanic()
	return append([]byte{0x80 | byte(len(message)>>8), byte(len(message))}, message...)
}

func random(n int) []byte {
	out := make([]byte, n)
	rand.Read(out)
	return out
}

func codes[T ~uint16](values []T) []uint16 {
	out := make([]uint16, len(values))
	for i, v := range values {
		out[i] = uint16(v)
	}
	return out
}

// sniName is what a host is called in the server_name extension: no address, and no
// dot at its end (RFC 6066, section 3).
func sniName(host string) string {
	if _, err := netip.ParseAddr(host); err == nil {
		return ""
	}
	return strings.TrimSuffix(host, ".")
}
