// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package tlsprobe

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"golang.org/x/crypto/cryptobyte"
)

// A flight is what a server sends before encryption begins.
type flight struct {
	version     Version // that was negotiated
	suite       SuiteID
	retry       bool    // a HelloRetryRequest
	group       GroupID // of it, or of the ServerKeyExchange; 0 if there is none
	compression uint8
	extensions  []extension
	raw         []byte // the ServerHello, as it is hashed

	certificates [][]byte // as sent, DER
	status       []byte   // an OCSP response, DER
	exchange     *keyExchange
	request      *certificateRequest
	suites       []SuiteID // of SSL 2.0, where the server sends its whole list
	alert        *Alert
	alertVersion Version // of its record
	warnings     []Alert // before a ServerHello
	done         bool    // there is no more before encryption, or before the client's turn
}

type extension struct {
	kind uint16
	data []byte
}

// extension returns the content of an extension of the ServerHello.
func (f *flight) extension(kind uint16) ([]byte, bool) {
	for _, e := range f.extensions {
		if e.kind == kind {
			return e.data, true
		}
	}
	return nil, false
}

// A certificateRequest asks for the client's certificate (RFC 5246, section 7.4.4).
type certificateRequest struct {
	schemes     []SignatureScheme
	authorities [][]byte // distinguished names, DER
}

const (
	alertWarning = 1 // level

	alertProtocolVersion = 70
	alertFallback        = 86 // inappropriate_fallback
	alertUnknownIdentity = 115
)

// Errors of reading an answer.
var (
	errNotTLS   = errors.New("the answer is no TLS")
	errAnswer   = errors.New("malformed answer")
	errTooMuch  = errors.New("answer of more than it may have")
	errTooSmall = errors.New("answer cut off") // more may come
)

// maxAnswer bounds what is read of one answer, in bytes. A chain of certificates has
// some KiB; one of the longest lists of authorities, 64 KiB.
const maxAnswer = 512 << 10

// maxRecord is the largest payload of a record (RFC 5246, section 6.2.3).
const maxRecord = 1<<14 + 2048

// parseAnswer reads what a server sent in answer to a hello of a version. The error is
// errTooSmall where more is to come, with what is known so far.
func parseAnswer(raw []byte, asked Version) (*flight, error) {
	p := &parser{asked: asked}
	err := p.feed(raw)
	return &p.flight, err
}

// A parser reads an answer as it comes.
type parser struct {
	flight
	asked     Version
	records   []byte // not yet read
	handshake []byte // likewise, of messages
}

// feed takes the next bytes. It returns errTooSmall until the answer is complete.
func (p *parser) feed(b []byte) error {
	p.records = append(p.records, b...)
	for {
		s := cryptobyte.String(p.records)
		if p.asked == SSL2 && len(s) > 0 && s[0] != typeAlert && s[0] != typeHandshake {
			err := p.answer2(p.records)
			if err == nil {
				p.records = nil
			}
			return err
		}
		var kind uint8
		var version uint16
		var payload cryptobyte.String
		if len(s) > 0 && !isRecord(s) {
			return errNotTLS
		}
		if len(s) >= 5 && int(s[3])<<8|int(s[4]) > maxRecord {
			return errAnswer
		}
		if !s.ReadUint8(&kind) || !s.ReadUint16(&version) || !s.ReadUint16LengthPrefixed(&payload) {
			return errTooSmall
		}
		p.records = s
		if kind == typeAlert {
			p.alertVersion = Version(version)
		}
		if done, err := p.record(kind, payload); done || err != nil {
			return err
		}
	}
}

// record reads one record, and reports whether it is the last.
func (p *parser) record(kind uint8, payload []byte) (done bool, err error) {
	switch kind {
	case typeAlert:
		if len(payload) != 2 { // encrypted, or nonsense
			return true, errAnswer
		}
		alert := Alert{payload[0], payload[1]}
		if alert.Level == alertWarning && alert.Description != 0 {
			if p.warnings = append(p.warnings, alert); len(p.warnings) > 16 {
				return true, errAnswer
			}
			return false, nil
		}
		p.alert = &alert
		return true, nil
	case typeHandshake:
		p.handshake, err = p.messages(append(p.handshake, payload...), p.asked)
		return p.done, err
	}
	if p.version == 0 {
		return true, errAnswer
	}
	p.done = true // what comes next is encrypted
	return true, nil
}

// isRecord reports whether bytes may begin a record of TLS.
func isRecord(b []byte) bool {
	return b[0] >= typeChangeCipherSpec && b[0] <= typeApplicationData && (len(b) < 2 || b[1] == 3 || b[1] == 1)
}

// messages reads complete handshake messages, and returns what is left.
func (f *flight) messages(raw []byte, asked Version) ([]byte, error) {
	for len(raw) >= 4 && !f.done {
		n := int(raw[1])<<16 | int(raw[2])<<8 | int(raw[3])
		if n > maxAnswer {
			return nil, errTooMuch
		}
		if len(raw) < 4+n {
			break
		}
		if err := f.message(raw[0], raw[4:4+n], asked); err != nil {
			return nil, err
		}
		if raw[0] == typeServerHello {
			f.raw = bytes.Clone(raw[:4+n])
		}
		raw = raw[4+n:]
	}
	return raw, nil
}

func (f *flight) message(kind uint8, body cryptobyte.String, asked Version) error {
	if (f.version == 0) != (kind == typeServerHello) {
		return fmt.Errorf("%w: message %d", errAnswer, kind)
	}
	ok := true
	switch kind {
	case typeServerHello:
		return f.serverHello(body)
	case typeCertificate:
		var list cryptobyte.String
		ok = body.ReadUint24LengthPrefixed(&list) && body.Empty()
		for ok && !list.Empty() {
			var der cryptobyte.String
			ok = list.ReadUint24LengthPrefixed(&der)
			f.certificates = append(f.certificates, bytes.Clone(der))
		}
	case typeCertificateStatus:
		var form uint8
		var response cryptobyte.String
		ok = body.ReadUint8(&form) && body.ReadUint24LengthPrefixed(&response)
		if form == 1 {
			f.status = bytes.Clone(response)
		}
	case typeServerKeyExchange:
		f.exchange, ok = parseExchange(body, SuiteOf(f.suite), f.version)
		if ok {
			f.group = f.exchange.group
		}
	case typeCertificateRequest:
		f.request, ok = parseRequest(body, f.version)
	case typeServerHelloDone:
		f.done = true
	}
	if !ok {
		return fmt.Errorf("%w: message %d", errAnswer, kind)
	}
	return nil
}

// retryRandom is the random of a HelloRetryRequest: SHA-256 of its name (RFC 8446,
// section 4.1.3).
var retryRandom = []byte{
	0xCF, 0x21, 0xAD, 0x74, 0xE5, 0x9A, 0x61, 0x11, 0xBE, 0x1D, 0x8C, 0x02, 0x1E, 0x65, 0xB8, 0x91,
	0xC2, 0xA2, 0x11, 0x16, 0x7A, 0xBB, 0x8C, 0x5E, 0x07, 0x9E, 0x09, 0xE2, 0xC8, 0xA8, 0x33, 0x9C,
}

func (f *flight) serverHello(s cryptobyte.String) error {
	var version, suite uint16
	var session cryptobyte.String
	var random []byte
	if !s.ReadUint16(&version) || !s.ReadBytes(&random, 32) || !s.ReadUint8LengthPrefixed(&session) ||
		len(session) > 32 || !s.ReadUint16(&suite) || !s.ReadUint8(&f.compression) {
		return fmt.Errorf("%w: ServerHello", errAnswer)
	}
	f.version, f.suite = Version(version), SuiteID(suite)
	f.retry = bytes.Equal(random, retryRandom)
	if !s.Empty() {
		var ok bool
		if f.extensions, ok = readExtensions(&s); !ok || !s.Empty() {
			return fmt.Errorf("%w: extensions of ServerHello", errAnswer)
		}
	}
	if data, ok := f.extension(extSupportedVersions); ok {
		if len(data) != 2 {
			return fmt.Errorf("%w: supported_versions", errAnswer)
		}
		f.version = Version(data[0])<<8 | Version(data[1])
	}
	if f.version == TLS13 {
		f.done = true // the rest is encrypted, or there is none
		if data, ok := f.extension(extKeyShare); ok {
			if len(data) < 2 {
				return fmt.Errorf("%w: key_share", errAnswer)
			}
			f.group = GroupID(data[0])<<8 | GroupID(data[1])
		}
	}
	return nil
}

func parseRequest(s cryptobyte.String, v Version) (*certificateRequest, bool) {
	r := &certificateRequest{}
	var kinds, schemes, names cryptobyte.String
	if !s.ReadUint8LengthPrefixed(&kinds) || v == TLS12 && !s.ReadUint16LengthPrefixed(&schemes) || !s.ReadUint16LengthPrefixed(&names) {
		return nil, false
	}
	for !schemes.Empty() {
		var scheme uint16
		if !schemes.ReadUint16(&scheme) {
			return nil, false
		}
		r.schemes = append(r.schemes, SignatureScheme(scheme))
	}
	return r, readNames(names, r)
}

// answer2 reads a SERVER-HELLO or an ERROR of SSL 2.0 (sections 2.6 and 2.7 of its
// specification).
func (f *flight) answer2(raw []byte) error {
	if len(raw) < 3 {
		return errTooSmall
	}
	head, n := 2, int(raw[0]&0x7F)<<8|int(raw[1])
	if raw[0]&0x80 == 0 { // with padding
		head, n = 3, int(raw[0]&0x3F)<<8|int(raw[1])
	}
	if len(raw) > head && raw[head] != 0 && raw[head] != 4 { // a greeting, say: there is no need to wait for so much of it
		return errNotTLS
	}
	if len(raw) < head+n {
		return errTooSmall
	}
	s := cryptobyte.String(raw[head : head+n])
	var kind, hit, form uint8
	var version, certificate, suites, connection uint16
	if !s.ReadUint8(&kind) {
		return errNotTLS
	}
	switch {
	case kind == 0 && len(s) == 2: // ERROR: no cipher, or a bad certificate
		f.alert = &Alert{2, 40}
		return nil
	case kind != 4 || !s.ReadUint8(&hit) || !s.ReadUint8(&form) || !s.ReadUint16(&version) || version != uint16(SSL2):
		return errNotTLS
	}
	var der []byte
	if !s.ReadUint16(&certificate) || !s.ReadUint16(&suites) || !s.ReadUint16(&connection) || suites%3 != 0 ||
		!s.ReadBytes(&der, int(certificate)) {
		return errAnswer
	}
	for range suites / 3 {
		var id uint32
		if !s.ReadUint24(&id) {
			return errAnswer
		}
		f.suites = append(f.suites, SuiteID(id))
	}
	f.version, f.done = SSL2, true
	if len(der) > 0 {
		f.certificates = [][]byte{der}
	}
	return nil
}

// readAnswer reads from a connection until the answer to a hello is complete, and
// returns all that came. What came behind it is among the parser's records.
func readAnswer(r io.Reader, asked Version) (p *parser, raw []byte, err error) {
	p = &parser{asked: asked}
	buf := make([]byte, 8<<10)
	for {
		n, err := r.Read(buf)
		raw = append(raw, buf[:n]...)
		if parsed := p.feed(buf[:n]); parsed != errTooSmall {
			return p, raw, parsed
		}
		if err != nil {
			return p, raw, err
		}
		if len(raw) > maxAnswer {
			return p, raw, errTooMuch
		}
	}
}
