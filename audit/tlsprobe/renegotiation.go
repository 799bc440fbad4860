// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package tlsprobe

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"net"
	"slices"
	"strings"

	"golang.org/x/crypto/chacha20poly1305"
	"golang.org/x/crypto/cryptobyte"
)

// A client may ask for a second handshake on a connection (RFC 5246, section 7.4.1.2). It
// costs the server more than the client, and there is hardly a use for it: a server
// does well to refuse. It is tried in TLS 1.2 with suites of AES-GCM and ChaCha20, where
// package tls leads the first handshake, and logs its secret.

// renegotiate asks for a second handshake, and keeps what the server does.
func (p *prober) renegotiate(ctx context.Context, v Version) {
	state, end, detail := p.tryRenegotiation(ctx, v)
	if state == Unknown {
		p.problem("client renegotiation", end, detail)
	}
	p.found.mu.Lock()
	p.found.renegotiation = state
	p.found.mu.Unlock()
}

func (p *prober) tryRenegotiation(ctx context.Context, v Version) (state State, end End, detail string) {
	o := handshakeOptions{version: v, name: sniName(p.name), client: p.own}
	p.mu.Lock()
	for id := range p.seen.suites[v] {
		if slices.Contains(allCipherSuites(), uint16(id)) && v == TLS12 && isAEAD12(id) {
			o.suites = append(o.suites, uint16(id))
		}
	}
	p.mu.Unlock()
	if len(o.suites) == 0 {
		return Unknown, EndAnswer, "no suite with which it can be tried here"
	}
	var answered renegotiation
	var ending error
	o.then = func(conn net.Conn, h *handshake) error {
		answered, ending = h.renegotiate(conn, p.offer(v, suiteIDs(o.suites), groupsFor(v)))
		return ending
	}
	h := p.shake(ctx, o)
	switch {
	case !h.done:
		return Unknown, h.end, h.detail
	case answered == renegotiationBegun:
		return Offered, "", ""
	case answered == renegotiationRefused, h.end == EndClosed, h.end == EndReset:
		return NotOffered, "", ""
	}
	return Unknown, h.end, h.detail
}

func suiteIDs(ids []uint16) []SuiteID {
	var out []SuiteID
	for _, id := range slices.Sorted(slices.Values(ids)) {
		out = append(out, SuiteID(id))
	}
	return out
}

// isAEAD12 reports whether records of a suite of TLS 1.2 can be written here.
func isAEAD12(id SuiteID) bool {
	c := SuiteOf(id).Cipher
	return c == "AES_128_GCM" || c == "AES_256_GCM" || c == "CHACHA20_POLY1305"
}

// renegotiation is what a server does when a second handshake is asked for.
type renegotiation int

const (
	renegotiationUnknown renegotiation = iota
	renegotiationBegun
	renegotiationRefused
)

// renegotiate sends a ClientHello on a connection whose first handshake is done.
func (h *handshake) renegotiate(conn net.Conn, again *hello) (renegotiation, error) {
	client, server, err := h.channels12()
	if err != nil {
		return renegotiationUnknown, err
	}
	finished, err := h.finished12(client)
	if err != nil {
		return renegotiationUnknown, err
	}
	again.renegotiation = finished
	if !h.secure12() {
		again.renegotiation = nil
	}
	if _, err := conn.Write(client.seal(typeHandshake, again.marshal()[5:])); err != nil {
		return renegotiationUnknown, err
	}
	server.sequence = 1 // behind its Finished
	r := &recordReader{r: conn}
	for range maxAnswers {
		kind, payload, err := r.next()
		if err != nil {
			return renegotiationUnknown, err
		}
		content, err := server.open12(kind, payload)
		switch {
		case err != nil:
			return renegotiationUnknown, err
		case kind == typeHandshake && len(content) > 0 && content[0] == typeServerHello:
			return renegotiationBegun, nil
		case kind == typeAlert && len(content) == 2:
			return renegotiationRefused, nil
		}
	}
	return renegotiationUnknown, errTooMuch
}

// maxAnswers bounds what is read of an answer, in records.
const maxAnswers = 64

// serverHello12 is the ServerHello of a recorded handshake.
func (h *handshake) serverHello12() *flight {
	p := &parser{asked: h.asked}
	p.feed(h.received) // whatever comes behind
	return &p.flight
}

// secure12 reports whether the server bound renegotiation to the first handshake.
func (h *handshake) secure12() bool {
	_, ok := h.serverHello12().extension(extRenegotiationInfo)
	return ok
}

// A channel encrypts or decrypts records of one direction of TLS 1.2 with an AEAD.
type channel struct {
	aead     cipher.AEAD
	iv       []byte
	explicit bool // the nonce stands in the record (RFC 5288, section 3), else it is counted (RFC 7905, section 2)
	sequence uint64
}

// channels12 derives the keys of a handshake (RFC 5246, section 6.3).
func (h *handshake) channels12() (client, server *channel, err error) {
	raw := h.serverHello12().raw
	master := h.secrets["CLIENT_RANDOM"]
	suite := SuiteOf(SuiteID(h.state.CipherSuite))
	if len(raw) < 38 || master == nil || !isAEAD12(suite.ID) {
		return nil, nil, errors.New("keys that are not known")
	}
	size, fixed := 32, 4
	if suite.Cipher == "AES_128_GCM" {
		size = 16
	}
	chacha := suite.Cipher == "CHACHA20_POLY1305"
	if chacha {
		fixed = 12
	}
	seed := slices.Concat(raw[6:38], h.random)
	block := prf12(hash12(suite), master, "key expansion", seed, 2*size+2*fixed)
	make12 := func(key, iv []byte) (*channel, error) {
		if chacha {
			aead, err := chacha20poly1305.New(key)
			return &channel{aead: aead, iv: iv}, err
		}
		b, err := aes.NewCipher(key)
		if err != nil {
			return nil, err
		}
		aead, err := cipher.NewGCM(b)
		return &channel{aead: aead, iv: iv, explicit: true}, err
	}
	if client, err = make12(block[:size], block[2*size:2*size+fixed]); err != nil {
		return nil, nil, err
	}
	server, err = make12(block[size:2*size], block[2*size+fixed:])
	return client, server, err
}

// hash12 is the hash of a suite's pseudorandom function.
func hash12(s Suite) func() hash.Hash {
	if strings.HasSuffix(s.Name, "_SHA384") {
		return sha512.New384
	}
	return sha256.New
}

// prf12 is the pseudorandom function of TLS 1.2 (RFC 5246, section 5).
func prf12(h func() hash.Hash, secret []byte, label string, seed []byte, n int) []byte {
	seed = slices.Concat([]byte(label), seed)
	mac := func(parts ...[]byte) []byte {
		m := hmac.New(h, secret)
		for _, part := range parts {
			m.Write(part)
		}
		return m.Sum(nil)
	}
	var out []byte
	for a := mac(seed); len(out) < n; a = mac(a) {
		out = append(out, mac(a, seed)...)
	}
	return out[:n]
}

// finished12 reads the client's Finished, the first record that it encrypted. The second
// hello has to repeat it (RFC 5746, section 3.5).
func (h *handshake) finished12(client *channel) ([]byte, error) {
	s := cryptobyte.String(h.sent)
	encrypted := false
	for {
		var kind uint8
		var version uint16
		var payload cryptobyte.String
		if !s.ReadUint8(&kind) || !s.ReadUint16(&version) || !s.ReadUint16LengthPrefixed(&payload) {
			return nil, errors.New("no Finished of the client")
		}
		if encrypted {
			content, err := client.open12(kind, payload)
			if err != nil {
				return nil, err
			}
			if len(content) != 16 || content[0] != typeFinished {
				return nil, errors.New("no Finished of the client")
			}
			return content[4:], nil
		}
		encrypted = kind == typeChangeCipherSpec
	}
}

// nonce12 is the nonce of the next record.
func (c *channel) nonce12() []byte {
	var sequence [8]byte
	binary.BigEndian.PutUint64(sequence[:], c.sequence)
	if c.explicit {
		return slices.Concat(c.iv, sequence[:])
	}
	nonce := slices.Clone(c.iv)
	for i, b := range sequence {
		nonce[4+i] ^= b
	}
	return nonce
}

// additional12 is what is authenticated beside the content (RFC 5246, section 6.2.3.3).
func (c *channel) additional12(kind uint8, n int) []byte {
	out := binary.BigEndian.AppendUint64(nil, c.sequence)
	return append(out, kind, byte(TLS12>>8), byte(TLS12&0xFF), byte(n>>8), byte(n))
}

// seal encrypts a record.
func (c *channel) seal(kind uint8, content []byte) []byte {
	nonce := c.nonce12()
	var payload []byte
	if c.explicit {
		payload = slices.Clone(nonce[4:])
	}
	payload = c.aead.Seal(payload, nonce, content, c.additional12(kind, len(content)))
	c.sequence++
	return append([]byte{kind, 3, 3, byte(len(payload) >> 8), byte(len(payload))}, payload...)
}

// open12 decrypts the payload of a record.
func (c *channel) open12(kind uint8, payload []byte) ([]byte, error) {
	nonce := c.nonce12()
	if c.explicit {
		if len(payload) < 8 {
			return nil, fmt.Errorf("%w: record of %d bytes", errAnswer, len(payload))
		}
		nonce, payload = slices.Concat(c.iv, payload[:8]), payload[8:]
	}
	n := len(payload) - c.aead.Overhead()
	if n < 0 {
		return nil, fmt.Errorf("%w: record of %d bytes", errAnswer, len(payload))
	}
	content, err := c.aead.Open(nil, nonce, payload, c.additional12(kind, n))
	if err != nil {
		return nil, fmt.Errorf("%w: record that does not decrypt", errAnswer)
	}
	c.sequence++
	return content, nil
}
