// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package tlsprobe

import (
	"fmt"
	"slices"

	"golang.org/x/crypto/cryptobyte"
)

// An Exchange is a hello that was sent, and what came of it: the evidence that what is
// said of versions, suites and groups rests on. See [Replay].
type Exchange struct {
	Asked    Version `json:"asked"`    // the version whose hello it is
	Sent     []byte  `json:"sent"`     // as it stood on the wire, behind what STARTTLS needs
	Received []byte  `json:"received"` // up to where encryption begins; of what is no answer, the first 4 KiB
	End      End     `json:"end"`
	Detail   string  `json:"detail,omitempty"` // the error, where there is one

	// Scheme is the signature algorithm of an answer of TLS 1.3, which was encrypted.
	Scheme SignatureScheme `json:"scheme,omitempty"`

	// Confirmed is set where the server closed the connection without a word, did so
	// again, and took another hello in between: it refuses, and is not overloaded.
	Confirmed bool `json:"confirmed,omitempty"`

	// Request is set where this is no hello, but a request over TLS: of it nothing is Sent
	// or Received, for it was encrypted.
	Request *Request `json:"request,omitempty"`
}

// End is how an exchange ended.
type End string

// The ends. Of all but EndAnswer nothing follows for what was offered, unless they are
// confirmed.
const (
	EndAnswer      End = "answer"      // a flight, or an alert
	EndClosed      End = "closed"      // the server closed the connection
	EndReset       End = "reset"       // the connection was reset
	EndTimeout     End = "timeout"     // nothing came in time
	EndUnreachable End = "unreachable" // no connection, or none that STARTTLS led to TLS
	EndGarbage     End = "garbage"     // what came is no TLS, or malformed
	EndBudget      End = "budget"      // not asked: the connections are used up
)

// An observation is an exchange that was read.
type observation struct {
	Exchange
	hello  *hello
	flight *flight // nil unless something was read
	rest   []byte  // what came behind what was read, on a connection that is still open
	after  int     // how many had ended when this one began
}

// scheme is the signature algorithm that the server signed with; 0 if that does not show.
func (o *observation) scheme() SignatureScheme {
	if o.flight != nil && o.flight.exchange != nil {
		return o.flight.exchange.scheme
	}
	return o.Scheme
}

// check finds what no server may answer: it chose what was not offered.
func (o *observation) check() error {
	f, h := o.flight, o.hello
	switch {
	case f.version == 0 || f.version == SSL2:
		return nil
	case f.version > h.version || f.version != h.version && !h.covers(f.version) && !(h.version == TLS13 && f.version >= SSL3):
		return fmt.Errorf("%w: %v, which was not offered", errAnswer, f.version)
	case !slices.Contains(h.suites, f.suite):
		return fmt.Errorf("%w: suite %v, which was not offered", errAnswer, f.suite)
	case f.group != 0 && len(h.groups) > 0 && !slices.Contains(h.groups, f.group):
		return fmt.Errorf("%w: group %v, which was not offered", errAnswer, f.group)
	}
	return nil
}

// accepted reports whether the server took what was offered.
func (o *observation) accepted() bool {
	return o.End == EndAnswer && o.flight != nil && o.flight.version != 0
}

// refused reports whether the server said that it takes nothing of it.
func (o *observation) refused() bool {
	switch {
	case o.wantsIdentity():
		return false
	case o.End == EndAnswer && o.flight.alert != nil && o.flight.version == 0:
		return o.flight.alert.refuses() || o.Confirmed
	case o.End == EndClosed || o.End == EndReset:
		return o.Confirmed && len(o.Received) == 0
	}
	return false
}

// says reports whether the server answered with an alert.
func (o *observation) says(description uint8) bool {
	return o.End == EndAnswer && o.flight.version == 0 && o.flight.alert != nil && o.flight.alert.Description == description
}

// wantsIdentity reports whether the server chose a suite of SRP, and does not know the
// user (RFC 5054, section 2.5.1.3).
func (o *observation) wantsIdentity() bool {
	return o.says(alertUnknownIdentity) && slices.ContainsFunc(o.hello.suites, isSRP)
}

// unclear reports whether the server may have refused, or had no time.
func (o *observation) unclear() bool {
	if o.accepted() || o.refused() || o.wantsIdentity() {
		return false
	}
	return o.End == EndAnswer || (o.End == EndClosed || o.End == EndReset) && len(o.Received) == 0
}

// refusal says how the server refused.
func (o *observation) refusal() string {
	if o.End == EndAnswer {
		return "alert " + o.flight.alert.String()
	}
	return string(o.End)
}

// read reads an exchange that was stored.
func (x Exchange) read() (*observation, error) {
	h, err := parseHello(x.Sent)
	if err != nil {
		return nil, err
	}
	if h.version != x.Asked {
		return nil, fmt.Errorf("a hello of %v is called one of %v", h.version, x.Asked)
	}
	o := &observation{Exchange: x, hello: h}
	if x.End == EndAnswer {
		if o.flight, err = parseAnswer(x.Received, x.Asked); err != nil {
			return nil, err
		}
		if err := o.check(); err != nil {
			return nil, err
		}
		if o.flight.version == 0 && o.flight.alert == nil {
			return nil, fmt.Errorf("%w: neither a ServerHello nor an alert", errAnswer)
		}
	}
	return o, nil
}

// parseHello reads a ClientHello that marshal wrote.
func parseHello(raw []byte) (*hello, error) {
	malformed := fmt.Errorf("malformed ClientHello")
	s := cryptobyte.String(raw)
	if len(raw) > 0 && raw[0]&0x80 != 0 {
		return parseHello2(s)
	}
	h := &hello{}
	var kind, message uint8
	var outer, legacy uint16
	var payload, body, part, session, compressions cryptobyte.String
	if !s.ReadUint8(&kind) || kind != typeHandshake || !s.ReadUint16(&outer) || !s.ReadUint16LengthPrefixed(&payload) || !s.Empty() ||
		!payload.ReadUint8(&message) || message != typeClientHello || !payload.ReadUint24LengthPrefixed(&body) || !payload.Empty() ||
		!body.ReadUint16(&legacy) || !body.Skip(32) || !body.ReadUint8LengthPrefixed(&session) || !body.ReadUint16LengthPrefixed(&part) ||
		!body.ReadUint8LengthPrefixed(&compressions) {
		return nil, malformed
	}
	h.version = Version(legacy)
	for !part.Empty() {
		var id uint16
		if !part.ReadUint16(&id) {
			return nil, malformed
		}
		switch SuiteID(id) {
		case renegotiationSCSV:
		case fallbackSCSV:
			h.fallback = true
		default:
			h.suites = append(h.suites, SuiteID(id))
		}
	}
	h.compression = slices.Contains([]byte(compressions), 1)
	if body.Empty() {
		return h, nil
	}
	var extensions cryptobyte.String
	if !body.ReadUint16LengthPrefixed(&extensions) || !body.Empty() {
		return nil, malformed
	}
	for !extensions.Empty() {
		var kind uint16
		var data cryptobyte.String
		if !extensions.ReadUint16(&kind) || !extensions.ReadUint16LengthPrefixed(&data) || !h.readExtension(kind, data) {
			return nil, malformed
		}
	}
	return h, nil
}

// readExtension keeps what is asked of an extension.
func (h *hello) readExtension(kind uint16, data cryptobyte.String) bool {
	var list cryptobyte.String
	switch kind {
	case extServerName:
		var form uint8
		var name cryptobyte.String
		if !data.ReadUint16LengthPrefixed(&list) || !list.ReadUint8(&form) || !list.ReadUint16LengthPrefixed(&name) {
			return false
		}
		h.serverName = string(name)
	case extSupportedGroups:
		var ok bool
		h.groups, ok = readCodes[GroupID](data)
		return ok
	case extSignatureAlgorithms:
		var ok bool
		h.schemes, ok = readCodes[SignatureScheme](data)
		return ok
	case extSupportedVersions:
		var v uint16
		if !data.ReadUint8LengthPrefixed(&list) || !list.ReadUint16(&v) {
			return false
		}
		h.version = Version(v)
	case extKeyShare:
		if !data.ReadUint16LengthPrefixed(&list) {
			return false
		}
		for !list.Empty() {
			var group uint16
			var key cryptobyte.String
			if !list.ReadUint16(&group) || !list.ReadUint16LengthPrefixed(&key) {
				return false
			}
			h.shares = append(h.shares, keyShare{GroupID(group), key})
		}
	}
	return true
}

func readCodes[T ~uint16](data cryptobyte.String) (out []T, ok bool) {
	var list cryptobyte.String
	if !data.ReadUint16LengthPrefixed(&list) {
		return nil, false
	}
	for !list.Empty() {
		var v uint16
		if !list.ReadUint16(&v) {
			return nil, false
		}
		out = append(out, T(v))
	}
	return out, true
}

func parseHello2(s cryptobyte.String) (*hello, error) {
	h := &hello{version: SSL2}
	var length, version, suites, session, challenge uint16
	var kind uint8
	if !s.ReadUint16(&length) || int(length&0x7FFF) != len(s) || !s.ReadUint8(&kind) || kind != typeClientHello || !s.ReadUint16(&version) ||
		Version(version) != SSL2 || !s.ReadUint16(&suites) || suites%3 != 0 || !s.ReadUint16(&session) || !s.ReadUint16(&challenge) {
		return nil, fmt.Errorf("malformed CLIENT-HELLO")
	}
	for range suites / 3 {
		var id uint32
		if !s.ReadUint24(&id) {
			return nil, fmt.Errorf("malformed CLIENT-HELLO")
		}
		h.suites = append(h.suites, SuiteID(id))
	}
	return h, nil
}
