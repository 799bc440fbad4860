// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package tlstest

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/binary"
	"errors"
	"hash"
	"net"
	"slices"

	gmcipher "github.com/emmansun/gmsm/cipher"
	"github.com/emmansun/gmsm/sm3"
	"github.com/emmansun/gmsm/sm4"
	"golang.org/x/crypto/chacha20poly1305"
	"golang.org/x/crypto/cryptobyte"
)

// A wire13 is one side of a connection of TLS 1.3.
type wire13 struct {
	net.Conn
	suite      uint16
	hash       func() hash.Hash
	transcript []byte
	in, out    *aead13
}

func hashOf(suite uint16) func() hash.Hash {
	switch suite {
	case AES256GCM:
		return sha512.New384
	case SM4GCM, SM4CCM:
		return sm3.New
	}
	return sha256.New
}

// sum is the hash of all messages up to now.
func (w *wire13) sum() []byte {
	h := w.hash()
	h.Write(w.transcript)
	return h.Sum(nil)
}

// finished is a Finished (RFC 8446, section 4.4.4).
func (w *wire13) finished(secret []byte) []byte {
	m := hmac.New(w.hash, w.expand(secret, "finished", nil, w.hash().Size()))
	m.Write(w.sum())
	return message(messageFinished, func(b *cryptobyte.Builder) { b.AddBytes(m.Sum(nil)) })
}

// next is the secret that follows another in the key schedule.
func (w *wire13) next(before, shared []byte) []byte {
	out, err := hkdf.Extract(w.hash, shared, w.expand(before, "derived", w.hash().Sum(nil), w.hash().Size()))
	if err != nil {
		panic(err) // of FIPS 140 alone
	}
	return out
}

// expand is HKDF-Expand-Label (RFC 8446, section 7.1).
func (w *wire13) expand(secret []byte, label string, context []byte, n int) []byte {
	b := cryptobyte.NewBuilder(nil)
	b.AddUint16(uint16(n))
	b.AddUint8LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes([]byte("tls13 " + label)) })
	b.AddUint8LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes(context) })
	out, err := hkdf.Expand(w.hash, secret, string(b.BytesOrPanic()), n)
	if err != nil {
		panic(err) // of lengths that no hash has
	}
	return out
}

// An aead13 protects the records of one direction (RFC 8446, section 5.2).
type aead13 struct {
	cipher.AEAD
	iv       []byte
	sequence uint64
}

func (w *wire13) keys(secret []byte) *aead13 {
	n := 16
	if w.suite == AES256GCM || w.suite == ChaCha20 {
		n = 32
	}
	key := w.expand(secret, "key", nil, n)
	a, err := newAEAD(w.suite, key)
	if err != nil {
		panic(err) // of a key's length
	}
	return &aead13{AEAD: a, iv: w.expand(secret, "iv", nil, 12)}
}

func newAEAD(suite uint16, key []byte) (cipher.AEAD, error) {
	var block cipher.Block
	var err error
	switch suite {
	case ChaCha20:
		return chacha20poly1305.New(key)
	case SM4GCM, SM4CCM:
		block, err = sm4.NewCipher(key)
	default:
		block, err = aes.NewCipher(key)
	}
	if err != nil {
		return nil, err
	}
	if suite == SM4CCM {
		return gmcipher.NewCCM(block)
	}
	return cipher.NewGCM(block)
}

func (a *aead13) nonce() []byte {
	nonce := make([]byte, 12)
	binary.BigEndian.PutUint64(nonce[4:], a.sequence)
	for i := range nonce {
		nonce[i] ^= a.iv[i]
	}
	a.sequence++
	return nonce
}

// send encrypts a record.
func (w *wire13) send(kind byte, content []byte) error {
	content = append(slices.Clone(content), kind)
	n := len(content) + w.out.Overhead()
	header := []byte{recordData, 3, 3, byte(n >> 8), byte(n)}
	_, err := w.Write(w.out.Seal(header, w.out.nonce(), content, header))
	return err
}

// receive reads and decrypts a record.
func (w *wire13) receive() (kind byte, content []byte, err error) {
	for {
		r, err := readRecord(w)
		if err != nil {
			return 0, nil, err
		}
		if r[0] == recordCCS { // for boxes in between
			continue
		}
		if r[0] != recordData { // an alert in clear
			return r[0], r[5:], nil
		}
		content, err := w.in.Open(nil, w.in.nonce(), r[5:], r[:5])
		for err == nil && len(content) > 0 && content[len(content)-1] == 0 {
			content = content[:len(content)-1]
		}
		if err != nil || len(content) == 0 {
			return 0, nil, errors.New("a record that does not decrypt")
		}
		return content[len(content)-1], content[:len(content)-1], nil
	}
}
