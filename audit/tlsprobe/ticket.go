// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package tlsprobe

import (
	"time"

	"golang.org/x/crypto/cryptobyte"
)

// extEarlyData says in a ticket how much may be sent with it (RFC 8446, section 4.2.10).
const extEarlyData = 42

// A ticket is what a NewSessionTicket says of itself.
type ticket struct {
	lifetime  time.Duration
	earlyData uint32 // max_early_data_size, in bytes
}

// parseTicket reads a NewSessionTicket of TLS 1.3 (RFC 8446, section 4.6.1).
func parseTicket(s cryptobyte.String) (ticket, bool) {
	var lifetime, age uint32
	var nonce, value cryptobyte.String
	if !s.ReadUint32(&lifetime) || !s.ReadUint32(&age) || !s.ReadUint8LengthPrefixed(&nonce) || !s.ReadUint16LengthPrefixed(&value) {
		return ticket{}, false
	}
	t := ticket{lifetime: time.Duration(lifetime) * time.Second}
	extensions, ok := readExtensions(&s)
	for _, e := range extensions {
		if data := cryptobyte.String(e.data); e.kind == extEarlyData && !data.ReadUint32(&t.earlyData) {
			return ticket{}, false
		}
	}
	return t, ok && s.Empty()
}

// tickets13 are the tickets that came after a handshake of TLS 1.3, in what the server
// sent. Of the records before them the keys are others.
func (h *handshake) tickets13() []ticket {
	opener, err := newOpener(SuiteID(h.state.CipherSuite), h.secrets["SERVER_TRAFFIC_SECRET_0"])
	if err != nil {
		return nil
	}
	var out []ticket
	var messages []byte
	s := cryptobyte.String(h.received)
	for {
		var kind uint8
		var version uint16
		var payload cryptobyte.String
		if !s.ReadUint8(&kind) || !s.ReadUint16(&version) || !s.ReadUint16LengthPrefixed(&payload) {
			return out
		}
		if kind != typeApplicationData {
			continue
		}
		inner, content, err := opener.open(payload)
		if err != nil {
			opener.sequence = 0 // the first of these keys is yet to come
			continue
		}
		if inner == typeHandshake {
			messages = append(messages, content...)
		}
		rest := cryptobyte.String(messages)
		for {
			var body cryptobyte.String
			if !rest.ReadUint8(&kind) || !rest.ReadUint24LengthPrefixed(&body) {
				break
			}
			messages = rest
			if t, ok := parseTicket(body); ok && kind == typeNewSessionTicket {
				out = append(out, t)
			}
		}
	}
}

// lifetime12 is the lifetime hint of a ticket before TLS 1.3 (RFC 5077, section 3.3),
// which comes in clear.
func (h *handshake) lifetime12() time.Duration {
	s := cryptobyte.String(h.received)
	var messages []byte
	for {
		var kind uint8
		var version uint16
		var payload cryptobyte.String
		if !s.ReadUint8(&kind) || !s.ReadUint16(&version) || !s.ReadUint16LengthPrefixed(&payload) || kind == typeChangeCipherSpec {
			break
		}
		if kind == typeHandshake {
			messages = append(messages, payload...)
		}
	}
	rest := cryptobyte.String(messages)
	for {
		var kind uint8
		var body cryptobyte.String
		var seconds uint32
		if !rest.ReadUint8(&kind) || !rest.ReadUint24LengthPrefixed(&body) {
			return 0
		}
		if kind == typeNewSessionTicket && body.ReadUint32(&seconds) {
			return time.Duration(seconds) * time.Second
		}
	}
}

// keepTickets keeps what the tickets of a handshake say: the longest lifetime, and
// whether data may be sent with one before the handshake is done.
func (p *prober) keepTickets(v Version, h *handshake) {
	if !h.done {
		return
	}
	p.found.mu.Lock()
	defer p.found.mu.Unlock()
	if v != TLS13 {
		p.found.lifetime = max(p.found.lifetime, h.lifetime12())
		return
	}
	tickets := h.tickets13()
	if len(tickets) == 0 && !h.kept { // it may have had more to say
		return
	}
	if p.found.earlyData != Offered { // to clients with a certificate, or without
		p.found.earlyData = NotOffered
	}
	for _, t := range tickets {
		p.found.lifetime = max(p.found.lifetime, t.lifetime)
		if t.earlyData > 0 {
			p.found.earlyData = Offered
		}
	}
}
