// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package tlsprobe

import (
	"bytes"

	"golang.org/x/crypto/cryptobyte"
)

// A keyExchange is a ServerKeyExchange (RFC 5246, section 7.4.3; RFC 8422, section 5.4).
type keyExchange struct {
	group  GroupID // of a named curve
	prime  []byte  // of a finite field, or the modulus of an export key
	base   []byte
	scheme SignatureScheme // with which it is signed, in TLS 1.2
}

// parseExchange reads a ServerKeyExchange of a suite.
func parseExchange(s cryptobyte.String, suite Suite, v Version) (*keyExchange, bool) {
	x := &keyExchange{}
	var part cryptobyte.String
	if v == TLCP || suite.KeyExchange == "SRP" || suite.KeyExchange == "GOST" || suite.KeyExchange == "unknown" || suite.KeyExchange == "ECCPWD" {
		return x, true // nothing in it is asked for
	}
	if has := suite.KeyExchange; has == "PSK" || has == "RSA_PSK" || has == "DHE_PSK" || has == "ECDHE_PSK" {
		if !s.ReadUint16LengthPrefixed(&part) { // the hint
			return nil, false
		}
	}
	switch suite.KeyExchange {
	case "ECDHE", "ECDH", "ECDHE_PSK":
		var kind uint8
		var group uint16
		if !s.ReadUint8(&kind) {
			return nil, false
		}
		if kind != 3 { // curves that are no named ones (RFC 8422, section 5.4): deprecated, and not read
			return x, true
		}
		if !s.ReadUint16(&group) || !s.ReadUint8LengthPrefixed(&part) {
			return nil, false
		}
		x.group = GroupID(group)
	case "DHE", "DH", "DHE_PSK", "RSA": // RSA: the key of export suites
		var prime, base cryptobyte.String
		if !s.ReadUint16LengthPrefixed(&prime) || !s.ReadUint16LengthPrefixed(&base) {
			return nil, false
		}
		x.prime, x.base = bytes.Clone(prime), bytes.Clone(base)
		if suite.KeyExchange != "RSA" && !s.ReadUint16LengthPrefixed(&part) {
			return nil, false
		}
	}
	if v >= TLS12 && suite.Authentication != "none" && suite.Authentication != "PSK" && !s.Empty() {
		var scheme uint16
		if !s.ReadUint16(&scheme) {
			return nil, false
		}
		x.scheme = SignatureScheme(scheme)
	}
	return x, true
}
