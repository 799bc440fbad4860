// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package tlsprobe

import (
	"bytes"
	"context"
	"fmt"
	"net"

	"golang.org/x/crypto/cryptobyte"
)

// Handshake messages that TLS 1.3 encrypts (RFC 8446, section 4).
const (
	typeNewSessionTicket    = 4
	typeEncryptedExtensions = 8
	typeCertificateVerify   = 15
	typeFinished            = 20
)

// An encryptedFlight is what a server of TLS 1.3 sends encrypted in answer to a hello:
// what it would do with it, of which nothing shows on the wire.
type encryptedFlight struct {
	extensions   []extension // of EncryptedExtensions
	certificates [][]byte    // as sent, DER
	status       []byte      // an OCSP response for the first, DER
	timestamps   []byte      // a SignedCertificateTimestampList for the first
	request      *certificateRequest
	scheme       SignatureScheme // with which the server signed
}

// exchange13 sends a hello of TLS 1.3 with a key share, and reads all that the server
// answers. The connection is left before the handshake is done. The second result is
// nil unless the server took the hello.
func (p *prober) exchange13(ctx context.Context, h *hello) (*observation, *encryptedFlight) {
	pair, err := newKeyPair(h.groups[0])
	if err != nil {
		return &observation{hello: h, Exchange: Exchange{Asked: TLS13, End: EndGarbage, Detail: err.Error()}}, nil
	}
	h.shares = []keyShare{{pair.group, pair.public}}
	var f *encryptedFlight
	o := p.exchangeThen(ctx, h, func(conn net.Conn, o *observation) error {
		if o.flight.version != TLS13 || o.flight.retry {
			return nil
		}
		var err error
		if f, err = readEncrypted(conn, o, pair); err == nil {
			o.Scheme = f.scheme
		}
		return err
	})
	return o, f
}

// ask13 does so until it is known what the server says, or that is not to be found out.
func (p *prober) ask13(ctx context.Context, h *hello) (*observation, *encryptedFlight) {
	var f *encryptedFlight
	send := func() (o *observation) {
		o, f = p.exchange13(ctx, h)
		return o
	}
	return p.askOn(ctx, send(), send), f
}

// maxEncrypted bounds what is read of an encrypted flight, in records.
const maxEncrypted = 4096

// readEncrypted reads the rest of a flight that begins with a ServerHello.
func readEncrypted(conn net.Conn, o *observation, pair *keyPair) (*encryptedFlight, error) {
	data, _ := o.flight.extension(extKeyShare)
	s := cryptobyte.String(data)
	var group uint16
	var share cryptobyte.String
	if !s.ReadUint16(&group) || GroupID(group) != pair.group || !s.ReadUint16LengthPrefixed(&share) {
		return nil, fmt.Errorf("%w: key_share", errAnswer)
	}
	secret, err := pair.shared(share)
	if err != nil {
		return nil, err
	}
	h, ok := suiteHash(o.flight.suite)
	if !ok {
		return nil, fmt.Errorf("%w: suite %v", errAnswer, o.flight.suite)
	}
	transcript := h()
	transcript.Write(o.Sent[5:])
	transcript.Write(o.flight.raw)
	traffic, err := handshakeSecret(h, secret, transcript.Sum(nil))
	if err != nil {
		return nil, err
	}
	opener, err := newOpener(o.flight.suite, traffic)
	if err != nil {
		return nil, err
	}
	return opener.flight(&recordReader{r: conn, buf: o.rest})
}

// flight reads decrypted messages up to CertificateVerify, after which there is nothing
// to learn.
func (o *opener) flight(r *recordReader) (*encryptedFlight, error) {
	f := &encryptedFlight{}
	var messages []byte
	for range maxEncrypted {
		kind, payload, err := r.next()
		if err != nil {
			return nil, err
		}
		switch kind {
		case typeChangeCipherSpec: // for boxes in between
			continue
		case typeAlert:
			return nil, fmt.Errorf("%w: alert in clear", errAnswer)
		}
		kind, content, err := o.open(payload)
		if err != nil {
			return nil, err
		}
		if kind == typeAlert && len(content) == 2 {
			return nil, &alertError{Alert{content[0], content[1]}}
		}
		if kind != typeHandshake {
			return nil, fmt.Errorf("%w: content type %d", errAnswer, kind)
		}
		if messages = append(messages, content...); len(messages) > maxAnswer {
			return nil, errTooMuch
		}
		for len(messages) >= 4 {
			n := 4 + int(messages[1])<<16 + int(messages[2])<<8 + int(messages[3])
			if n > maxAnswer {
				return nil, errTooMuch
			}
			if len(messages) < n {
				break
			}
			if done, err := f.message(messages[0], messages[4:n]); done || err != nil {
				return f, err
			}
			messages = messages[n:]
		}
	}
	return nil, errTooMuch
}

// An alertError is an alert that came encrypted.
type alertError struct{ alert Alert }

func (e *alertError) Error() string { return "alert " + e.alert.String() }

// message reads one message, and reports whether it is the last that is of use.
func (f *encryptedFlight) message(kind uint8, body cryptobyte.String) (done bool, err error) {
	ok := true
	switch kind {
	case typeEncryptedExtensions:
		f.extensions, ok = readExtensions(&body)
	case typeCertificateRequest:
		f.request, ok = parseRequest13(body)
	case typeCertificate:
		ok = f.certificate(body)
	case typeCertificateVerify:
		var scheme uint16
		ok = body.ReadUint16(&scheme)
		f.scheme, done = SignatureScheme(scheme), true
	case typeFinished:
		done = true
	}
	if !ok {
		return true, fmt.Errorf("%w: message %d", errAnswer, kind)
	}
	return done, nil
}

// certificate reads a Certificate (RFC 8446, section 4.4.2).
func (f *encryptedFlight) certificate(body cryptobyte.String) bool {
	var context, list cryptobyte.String
	if !body.ReadUint8LengthPrefixed(&context) || !body.ReadUint24LengthPrefixed(&list) {
		return false
	}
	for !list.Empty() {
		var der cryptobyte.String
		if !list.ReadUint24LengthPrefixed(&der) {
			return false
		}
		extensions, ok := readExtensions(&list)
		if !ok {
			return false
		}
		f.certificates = append(f.certificates, bytes.Clone(der))
		if len(f.certificates) > 1 {
			continue
		}
		for _, e := range extensions {
			s := cryptobyte.String(e.data)
			var form uint8
			var response cryptobyte.String
			switch {
			case e.kind == extSCT:
				f.timestamps = e.data
			case e.kind == extStatusRequest && s.ReadUint8(&form) && form == 1 && s.ReadUint24LengthPrefixed(&response):
				f.status = bytes.Clone(response)
			}
		}
	}
	return true
}

// readExtensions reads a list of extensions with its length before.
func readExtensions(s *cryptobyte.String) ([]extension, bool) {
	var list cryptobyte.String
	if !s.ReadUint16LengthPrefixed(&list) {
		return nil, false
	}
	var out []extension
	for !list.Empty() {
		var e extension
		var data cryptobyte.String
		if !list.ReadUint16(&e.kind) || !list.ReadUint16LengthPrefixed(&data) {
			return nil, false
		}
		for _, other := range out {
			if other.kind == e.kind { // RFC 8446, section 4.2
				return nil, false
			}
		}
		e.data = bytes.Clone(data)
		out = append(out, e)
	}
	return out, true
}

// extAuthorities lists distinguished names of authorities (RFC 8446, section 4.2.4).
const extAuthorities = 47

// parseRequest13 reads a CertificateRequest (RFC 8446, section 4.3.2).
func parseRequest13(s cryptobyte.String) (*certificateRequest, bool) {
	r := &certificateRequest{}
	var context cryptobyte.String
	if !s.ReadUint8LengthPrefixed(&context) {
		return nil, false
	}
	extensions, ok := readExtensions(&s)
	for _, e := range extensions {
		data := cryptobyte.String(e.data)
		switch e.kind {
		case extSignatureAlgorithms:
			if r.schemes, ok = readCodes[SignatureScheme](data); !ok {
				return nil, false
			}
		case extAuthorities:
			var names cryptobyte.String
			if !data.ReadUint16LengthPrefixed(&names) || !readNames(names, r) {
				return nil, false
			}
		}
	}
	return r, ok
}

// readNames reads distinguished names of authorities.
func readNames(s cryptobyte.String, r *certificateRequest) bool {
	for !s.Empty() {
		var name cryptobyte.String
		if !s.ReadUint16LengthPrefixed(&name) {
			return false
		}
		r.authorities = append(r.authorities, bytes.Clone(name))
	}
	return true
}

// A recordReader reads records, some of which came already.
type recordReader struct {
	r   net.Conn
	buf []byte
}

// next reads a record.
func (r *recordReader) next() (kind uint8, payload []byte, err error) {
	for {
		if len(r.buf) >= 5 {
			n := int(r.buf[3])<<8 | int(r.buf[4])
			if n > maxRecord || !isRecord(r.buf) {
				return 0, nil, errAnswer
			}
			if len(r.buf) >= 5+n {
				kind, payload, r.buf = r.buf[0], r.buf[5:5+n], r.buf[5+n:]
				return kind, payload, nil
			}
		}
		more := make([]byte, 8<<10)
		n, err := r.r.Read(more)
		r.buf = append(r.buf, more[:n]...)
		if err != nil && n == 0 {
			return 0, nil, err
		}
	}
}
