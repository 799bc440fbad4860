// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package tlsprobe

import (
	"encoding/json"
	"net"
	"slices"
	"testing"
	"time"

	"golang.org/x/crypto/chacha20poly1305"
	"golang.org/x/crypto/cryptobyte"

	"github.com/google/go-cmp/cmp"
)

// flights are answers to begin with.
func flights() [][]byte {
	s := &responder{suites: map[Version][]SuiteID{TLS13: {0x1301}, TLS12: {0xC02F}, TLS10: {0x000A}, SSL2: {0x010080}, TLCP: {0xE013}}, groups: []GroupID{29}}
	var out [][]byte
	for _, v := range Versions {
		out = append(out, s.answer(offer(v, suitesFor(v), groupsFor(v)).marshal()))
	}
	return append(out, alertRecord(2, 40), alertRecord(1, 112), []byte{0x80, 3, 0, 0, 1})
}

// FuzzAnswer reads answers, whole and in pieces, and demands that the pieces do not
// matter.
func FuzzAnswer(f *testing.F) {
	for i, b := range flights() {
		f.Add(b, uint16(Versions[i%len(Versions)]), []byte{1, 5, 40})
	}
	f.Fuzz(func(t *testing.T, raw []byte, asked uint16, cuts []byte) {
		whole, err := parseAnswer(raw, Version(asked))
		p := &parser{asked: Version(asked)}
		rest, last := raw, errTooSmall
		for i := 0; len(rest) > 0 && last == errTooSmall; i++ {
			n := len(rest)
			if i < len(cuts) {
				n = min(int(cuts[i])+1, n)
			}
			last = p.feed(rest[:n])
			rest = rest[n:]
		}
		if (err == nil) != (last == nil) || len(raw) > 0 && err == nil && (whole.version != p.version || whole.suite != p.suite || whole.group != p.group) {
			t.Errorf("whole: %v %v, in pieces: %v %v", err, whole, last, p.flight)
		}
		if len(p.handshake) > maxAnswer+maxRecord || len(p.records) > maxRecord+5 && last == nil && len(raw) < maxRecord {
			t.Errorf("%d bytes of messages, %d of records kept", len(p.handshake), len(p.records))
		}
		parseAnswer(raw, SSL2)
	})
}

// FuzzHello reads hellos, and demands that what is read can be written and read again.
func FuzzHello(f *testing.F) {
	for _, v := range Versions {
		f.Add(offer(v, suitesFor(v), groupsFor(v)).marshal())
	}
	h := offer(TLS13, suitesFor(TLS13), exchangeable)
	h.addShares()
	h.serverName = "example.com"
	f.Add(h.marshal())
	f.Fuzz(func(t *testing.T, raw []byte) {
		h, err := parseHello(raw)
		if err != nil || !slices.Contains(Versions, h.version) || h.version < SSL3 || len(raw) > 1<<14 {
			return
		}
		h.serverName = ""
		again, err := parseHello(h.marshal())
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(h.suites, again.suites) && h.version != SSL2 {
			t.Errorf("suites %v, then %v", h.suites, again.suites)
		}
	})
}

// FuzzEncrypted reads the messages that TLS 1.3 encrypts, and tickets.
func FuzzEncrypted(f *testing.F) {
	f.Add(uint8(typeEncryptedExtensions), []byte{0, 0})
	f.Add(uint8(typeCertificateRequest), []byte{0, 0, 8, 0, 13, 0, 4, 0, 2, 4, 3})
	f.Add(uint8(typeCertificate), []byte{0, 0, 0, 6, 0, 0, 1, 0x30, 0, 0})
	f.Add(uint8(typeCertificateVerify), []byte{8, 4, 0, 1, 0})
	f.Add(uint8(typeNewSessionTicket), []byte{0, 0, 0, 10, 0, 0, 0, 0, 0, 0, 1, 1, 0, 8, 0, 42, 0, 4, 0, 0, 0, 1})
	f.Fuzz(func(t *testing.T, kind uint8, body []byte) {
		e := &encryptedFlight{}
		e.message(kind, cryptobyte.String(body))
		parseTicket(cryptobyte.String(body))
		parseRequest(cryptobyte.String(body), TLS12)
		parseExchange(cryptobyte.String(body), SuiteOf(0xC02F), TLS12)
		parseExchange(cryptobyte.String(body), SuiteOf(0x0033), TLS10)
		keyCurve(body)
		h := &handshake{asked: TLS12, received: body, sent: body}
		h.lifetime12()
		h.serverHello12()
		aead, err := chacha20poly1305.New(make([]byte, 32))
		if err != nil {
			t.Fatal(err)
		}
		h.finished12(&channel{aead: aead, iv: make([]byte, 12)})
		h.finished12(&channel{aead: aead, iv: make([]byte, 4), explicit: true})
	})
}

// silent is a connection on which nothing comes.
type silentConn struct{ net.Conn }

func (silentConn) Read([]byte) (int, error)    { return 0, net.ErrClosed }
func (silentConn) SetDeadline(time.Time) error { return nil }

// FuzzRecords reads encrypted records.
func FuzzRecords(f *testing.F) {
	for _, b := range flights() {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		secret := make([]byte, 32)
		o, err := newOpener(0x1301, secret)
		if err != nil {
			t.Fatal(err)
		}
		o.flight(&recordReader{r: silentConn{}, buf: raw})
	})
}

// FuzzReplay replays exchanges that were stored, and demands that the same is said of
// them each time, and of what is unknown, why.
func FuzzReplay(f *testing.F) {
	var all []Exchange
	for i, b := range flights()[:len(Versions)] {
		v := Versions[i]
		all = append(all, Exchange{Asked: v, Sent: offer(v, suitesFor(v), groupsFor(v)).marshal(), Received: b, End: EndAnswer})
	}
	for _, x := range all {
		if raw, err := json.Marshal([]Exchange{x}); err == nil {
			f.Add(raw)
		}
	}
	if raw, err := json.Marshal([]Exchange{all[0], {Asked: TLS13, End: EndAnswer, Request: &Request{Method: "GET", Certificate: ShownStray, Status: 400, Complaint: CertificateBad}}}); err == nil {
		f.Add(raw)
	}
	if raw, err := json.Marshal(append(all, Exchange{Asked: TLS12, Sent: all[1].Sent, End: EndClosed, Confirmed: true})); err == nil {
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		var exchanges []Exchange
		if json.Unmarshal(raw, &exchanges) != nil || len(exchanges) > 20 {
			return
		}
		r, err := Replay(exchanges)
		if err != nil {
			return
		}
		again, err := Replay(r.Exchanges)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(r, again); diff != "" {
			t.Error(diff)
		}
		for _, p := range r.Protocols {
			if p.State == Unknown && !slices.ContainsFunc(r.Unknown, func(u Problem) bool { return u.Question == p.Version.String() }) {
				t.Errorf("%v is unknown, and nothing says why", p.Version)
			}
		}
	})
}
