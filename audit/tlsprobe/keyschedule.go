// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package tlsprobe

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/binary"
	"fmt"
	"hash"

	gmcipher "github.com/emmansun/gmsm/cipher"
	"github.com/emmansun/gmsm/sm3"
	"github.com/emmansun/gmsm/sm4"
	"golang.org/x/crypto/chacha20poly1305"
	"golang.org/x/crypto/cryptobyte"
)

// suiteHash is the hash of a suite of TLS 1.3 that can be decrypted here.
func suiteHash(id SuiteID) (func() hash.Hash, bool) {
	switch id {
	case 0x1301, 0x1303:
		return sha256.New, true
	case 0x1302:
		return sha512.New384, true
	case sm4GCM, sm4CCM:
		return sm3.New, true
	}
	return nil, false
}

// The suites of RFC 8998.
const (
	sm4GCM SuiteID = 0x00C6
	sm4CCM SuiteID = 0x00C7
)

// decryptable are the suites of TLS 1.3 that can be decrypted here, and smDecryptable
// those of RFC 8998: with them a server has other keys, and signs with SM2 alone (section
// 3.3.4).
var (
	decryptable   = []SuiteID{0x1301, 0x1302, 0x1303}
	smDecryptable = []SuiteID{sm4GCM, sm4CCM}
)

func isSM4(id SuiteID) bool { return id == sm4GCM || id == sm4CCM }

// handshakeSecret derives server_handshake_traffic_secret (RFC 8446, section 7.1) from
// the shared secret and the hash of both hellos.
func handshakeSecret(h func() hash.Hash, shared, transcript []byte) ([]byte, error) {
	zeros := make([]byte, h().Size())
	early, err := hkdf.Extract(h, zeros, nil)
	if err != nil {
		return nil, err
	}
	derived, err := expandLabel(h, early, "derived", h().Sum(nil), h().Size())
	if err != nil {
		return nil, err
	}
	secret, err := hkdf.Extract(h, shared, derived)
	if err != nil {
		return nil, err
	}
	return expandLabel(h, secret, "s hs traffic", transcript, h().Size())
}

// expandLabel is HKDF-Expand-Label (RFC 8446, section 7.1).
func expandLabel(h func() hash.Hash, secret []byte, label string, context []byte, n int) ([]byte, error) {
	b := cryptobyte.NewBuilder(nil)
	b.AddUint16(uint16(n))
	b.AddUint8LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes([]byte("tls13 " + label)) })
	b.AddUint8LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes(context) })
	return hkdf.Expand(h, secret, string(b.BytesOrPanic()), n)
}

// A opener decrypts the records of one direction of TLS 1.3 (RFC 8446, section 5.2).
type opener struct {
	aead     cipher.AEAD
	iv       []byte
	sequence uint64
}

// newOpener makes the keys of a traffic secret.
func newOpener(suite SuiteID, secret []byte) (*opener, error) {
	h, ok := suiteHash(suite)
	if !ok {
		return nil, fmt.Errorf("suite %v is not decrypted here", suite)
	}
	n := 32
	if suite == 0x1301 || isSM4(suite) {
		n = 16
	}
	key, err := expandLabel(h, secret, "key", nil, n)
	if err != nil {
		return nil, err
	}
	o := &opener{}
	if o.iv, err = expandLabel(h, secret, "iv", nil, 12); err != nil {
		return nil, err
	}
	o.aead, err = newAEAD13(suite, key)
	return o, err
}

func newAEAD13(suite SuiteID, key []byte) (cipher.AEAD, error) {
	var block cipher.Block
	var err error
	switch suite {
	case 0x1303:
		return chacha20poly1305.New(key)
	case sm4GCM, sm4CCM:
		block, err = sm4.NewCipher(key)
	default:
		block, err = aes.NewCipher(key)
	}
	if err != nil {
		return nil, err
	}
	if suite == sm4CCM {
		return gmcipher.NewCCM(block)
	}
	return cipher.NewGCM(block)
}

// open decrypts the payload of a record, and tells its true content type.
func (o *opener) open(payload []byte) (kind uint8, content []byte, err error) {
	nonce := make([]byte, 12)
	binary.BigEndian.PutUint64(nonce[4:], o.sequence)
	for i := range nonce {
		nonce[i] ^= o.iv[i]
	}
	o.sequence++
	header := []byte{typeApplicationData, 3, 3, byte(len(payload) >> 8), byte(len(payload))}
	content, err = o.aead.Open(nil, nonce, payload, header)
	if err != nil {
		return 0, nil, fmt.Errorf("%w: record that does not decrypt", errAnswer)
	}
	for len(content) > 0 && content[len(content)-1] == 0 { // padding
		content = content[:len(content)-1]
	}
	if len(content) == 0 {
		return 0, nil, fmt.Errorf("%w: record without a content type", errAnswer)
	}
	return content[len(content)-1], content[:len(content)-1], nil
}
