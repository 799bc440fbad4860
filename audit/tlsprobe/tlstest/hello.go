// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package tlstest

import (
	"errors"
	"io"
	"net"
	"slices"
	"testing"

	"golang.org/x/crypto/cryptobyte"
)

// Versions, as they stand in hellos.
const (
	TLCP  = 0x0101
	TLS10 = 0x0301
	TLS11 = 0x0302
	TLS12 = 0x0303
	TLS13 = 0x0304
)

// Content types and messages (RFC 8446, sections 4 and 5.1; RFC 5246, section 7.4).
const (
	recordCCS       = 20
	recordAlert     = 21
	recordHandshake = 22
	recordData      = 23

	messageServerHello     = 2
	messageExtensions      = 8
	messageCertificate     = 11
	messageServerExchange  = 12
	messageRequest         = 13
	messageServerHelloDone = 14
	messageVerify          = 15
	messageFinished        = 20
	messageHash            = 254
)

// Extensions (IANA registry "TLS ExtensionType Values").
const (
	extensionStatus       = 5
	extensionGroups       = 10
	extensionSchemes      = 13
	extensionMasterSecret = 23
	extensionVersions     = 43
	extensionShares       = 51
	extensionRenegotiate  = 0xFF01
)

// A Hello is a ClientHello.
type Hello struct {
	Version      uint16 // the highest that is offered
	Suites       []uint16
	Groups       []uint16
	Schemes      []uint16
	Compressions []byte
	Status       bool // an OCSP response is asked for

	random  []byte
	session []byte
	shares  map[uint16][]byte
	message []byte // as it is hashed
	record  []byte // as it stood on the wire
}

var errHello = errors.New("no ClientHello")

// ReadHello reads the ClientHello with which a connection begins: one record.
func ReadHello(r io.Reader) (*Hello, error) {
	record, err := readRecord(r)
	if err != nil {
		return nil, err
	}
	if record[0] != recordHandshake {
		return nil, errHello
	}
	h := &Hello{record: record, message: record[5:], shares: map[uint16][]byte{}}
	s := cryptobyte.String(h.message)
	var kind uint8
	var body, session, suites, compressions, extensions cryptobyte.String
	if !s.ReadUint8(&kind) || kind != 1 || !s.ReadUint24LengthPrefixed(&body) || !s.Empty() || !body.ReadUint16(&h.Version) || !body.ReadBytes(&h.random, 32) ||
		!body.ReadUint8LengthPrefixed(&session) || !body.ReadUint16LengthPrefixed(&suites) || !body.ReadUint8LengthPrefixed(&compressions) {
		return nil, errHello
	}
	h.session, h.Compressions, h.Suites = session, compressions, codes(suites)
	if !body.Empty() && !body.ReadUint16LengthPrefixed(&extensions) {
		return nil, errHello
	}
	for !extensions.Empty() {
		var kind uint16
		var data cryptobyte.String
		if !extensions.ReadUint16(&kind) || !extensions.ReadUint16LengthPrefixed(&data) {
			return nil, errHello
		}
		h.extension(kind, data)
	}
	return h, nil
}

func (h *Hello) extension(kind uint16, data cryptobyte.String) {
	var list cryptobyte.String
	switch kind {
	case extensionStatus:
		h.Status = true
	case extensionGroups:
		data.ReadUint16LengthPrefixed(&list)
		h.Groups = codes(list)
	case extensionSchemes:
		data.ReadUint16LengthPrefixed(&list)
		h.Schemes = codes(list)
	case extensionVersions:
		data.ReadUint8LengthPrefixed(&list)
		h.Version = slices.Max(append(codes(list), h.Version))
	case extensionShares:
		data.ReadUint16LengthPrefixed(&list)
		for !list.Empty() {
			var group uint16
			var key cryptobyte.String
			if !list.ReadUint16(&group) || !list.ReadUint16LengthPrefixed(&key) {
				return
			}
			h.shares[group] = key
		}
	}
}

func codes(list cryptobyte.String) []uint16 {
	var out []uint16
	var v uint16
	for list.ReadUint16(&v) {
		out = append(out, v)
	}
	return out
}

// first is the first of a list that is in another.
func first(list, other []uint16) (uint16, bool) {
	i := slices.IndexFunc(list, func(v uint16) bool { return slices.Contains(other, v) })
	if i < 0 {
		return 0, false
	}
	return list[i], true
}

// readRecord reads a record, with its header.
func readRecord(r io.Reader) ([]byte, error) {
	header := make([]byte, 5)
	if _, err := io.ReadFull(r, header); err != nil {
		return nil, err
	}
	if header[0]&0x80 != 0 { // SSL 2.0
		return nil, errHello
	}
	payload := make([]byte, int(header[3])<<8|int(header[4]))
	if _, err := io.ReadFull(r, payload); err != nil {
		return nil, err
	}
	return append(header, payload...), nil
}

func record(kind byte, version uint16, payload []byte) []byte {
	b := cryptobyte.NewBuilder(nil)
	b.AddUint8(kind)
	b.AddUint16(version)
	b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes(payload) })
	return b.BytesOrPanic()
}

func message(kind byte, body func(*cryptobyte.Builder)) []byte {
	b := cryptobyte.NewBuilder(nil)
	b.AddUint8(kind)
	b.AddUint24LengthPrefixed(body)
	return b.BytesOrPanic()
}

// Alerts (RFC 8446, section 6).
const (
	alertHandshakeFailure = 40
	alertProtocolVersion  = 70
)

// refuse sends an alert.
func refuse(c net.Conn, version uint16, description byte) {
	c.Write(record(recordAlert, version, []byte{2, description}))
}

// Front starts a server that reads the hello of each connection, and has it served by the
// one that is chosen for it: several behind one address. Where none is, it refuses the
// version.
func Front(t testing.TB, choose func(*Hello) func(net.Conn, *Hello)) string {
	t.Helper()
	return Listen(t, func(c net.Conn) {
		h, err := ReadHello(c)
		if err != nil {
			return
		}
		if serve := choose(h); serve != nil {
			serve(c, h)
			return
		}
		refuse(c, min(h.Version, TLS12), alertProtocolVersion)
	})
}

// Relay serves connections by having another server do so.
func Relay(address string) func(net.Conn, *Hello) {
	return func(c net.Conn, h *Hello) {
		server, err := net.Dial("tcp", address)
		if err != nil {
			return
		}
		defer server.Close()
		server.Write(h.record)
		go func() {
			io.Copy(server, c)
			server.(*net.TCPConn).CloseWrite()
		}()
		io.Copy(c, server)
	}
}
