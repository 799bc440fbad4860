// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package tlsprobe

import (
	"bytes"
	"crypto/rand"
	"fmt"
	mathrand "math/rand/v2"
	"net"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/cryptobyte"
)

// A responder answers hellos by hand, as no server does that is packaged. It knows
// suites in its own order, by version, and groups.
type responder struct {
	suites map[Version][]SuiteID
	groups []GroupID
	shares bool // it takes no hello of TLS 1.3 without a key share
}

func alertRecord(level, description byte) []byte {
	return []byte{typeAlert, 3, 3, 0, 2, level, description}
}

func handshakeMessage(kind byte, body []byte) []byte {
	return append([]byte{kind, byte(len(body) >> 16), byte(len(body) >> 8), byte(len(body))}, body...)
}

// serverHello writes a ServerHello. In TLS 1.3 it is a HelloRetryRequest if there is no
// share.
func serverHello(v Version, suite SuiteID, group GroupID, share []byte) []byte {
	b := cryptobyte.NewBuilder(nil)
	b.AddUint16(uint16(min(v, TLS12)))
	if v == TLS13 && share == nil {
		b.AddBytes(retryRandom)
	} else {
		b.AddBytes(make([]byte, 32))
	}
	b.AddUint8(0)
	b.AddUint16(uint16(suite))
	b.AddUint8(0)
	if v == TLS13 {
		b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) {
			b.AddUint16(extSupportedVersions)
			b.AddUint16(2)
			b.AddUint16(uint16(TLS13))
			if group != 0 {
				b.AddUint16(extKeyShare)
				b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) {
					b.AddUint16(uint16(group))
					if share != nil {
						b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes(share) })
					}
				})
			}
		})
	}
	return record(min(v, TLS12), handshakeMessage(typeServerHello, b.BytesOrPanic()))
}

// answer is what it says to a hello.
func (s *responder) answer(raw []byte) []byte {
	h, err := parseHello(raw)
	if err != nil {
		return alertRecord(2, 50)
	}
	if h.version == SSL2 {
		if len(s.suites[SSL2]) == 0 {
			return nil
		}
		b := cryptobyte.NewBuilder(nil)
		b.AddBytes([]byte{4, 0, 1, 0, 2, 0, 3})
		b.AddUint16(uint16(3 * len(s.suites[SSL2])))
		b.AddUint16(16)
		b.AddBytes([]byte("DER"))
		for _, id := range s.suites[SSL2] {
			b.AddUint24(uint32(id))
		}
		b.AddBytes(make([]byte, 16))
		body := b.BytesOrPanic()
		return append([]byte{0x80 | byte(len(body)>>8), byte(len(body))}, body...)
	}
	v := h.version
	for v <= TLS12 && v > SSL3 && len(s.suites[v]) == 0 {
		v--
	}
	if len(s.suites[v]) == 0 {
		return alertRecord(2, 70)
	}
	i := slices.IndexFunc(s.suites[v], func(id SuiteID) bool { return slices.Contains(h.suites, id) })
	if i < 0 {
		return alertRecord(2, 40)
	}
	suite := s.suites[v][i]
	var group GroupID
	if needsGroup(v, suite) && v != TLCP {
		j := slices.IndexFunc(s.groups, func(id GroupID) bool { return slices.Contains(h.groups, id) })
		if j < 0 {
			return alertRecord(2, 40)
		}
		group = s.groups[j]
	}
	out := serverHello(v, suite, group, nil)
	if s.shares && v == TLS13 {
		var ids []GroupID
		for _, share := range h.shares {
			ids = append(ids, share.group)
		}
		j := slices.IndexFunc(s.groups, func(id GroupID) bool { return slices.Contains(ids, id) })
		if j < 0 {
			return alertRecord(2, 47)
		}
		return serverHello(v, suite, s.groups[j], []byte("not a key"))
	}
	if v == TLS13 {
		return out
	}
	out = append(out, record(v, handshakeMessage(typeCertificate, []byte{0, 0, 0}))...)
	if group != 0 {
		key := []byte{3, byte(group >> 8), byte(group), 1, 4}
		if v == TLS12 {
			key = append(key, 4, 1)
		}
		out = append(out, record(v, handshakeMessage(typeServerKeyExchange, append(key, 0, 1, 0)))...)
	}
	return append(out, record(v, handshakeMessage(typeServerHelloDone, nil))...)
}

func (s *responder) handle(c net.Conn) {
	if raw, err := readRecord(c); err == nil {
		c.Write(s.answer(raw))
	}
}

// hasty are options for servers that answer at once, or never.
var hasty = Options{Timeout: 300 * time.Millisecond, Patience: 200 * time.Millisecond}

func TestProbeResponder(t *testing.T) {
	var wg sync.WaitGroup
	defer wg.Wait()
	for name, c := range map[string]struct {
		responder
		open []GroupID // that cannot be known
	}{
		"SSL 2.0":  {responder: responder{suites: map[Version][]SuiteID{SSL2: {0x010080, 0x0700C0, 0x050080}}}},
		"SSL 3.0":  {responder: responder{suites: map[Version][]SuiteID{SSL3: {0x000A, 0x0005, 0x0003}}}},
		"RFC 8998": {responder: responder{suites: map[Version][]SuiteID{TLS13: {0x00C7, 0x00C6}}, groups: []GroupID{41}}},
		"TLCP":     {responder: responder{suites: map[Version][]SuiteID{TLCP: {0xE053, 0xE011, 0xE013, 0xE051}}}},
		"ML-KEM":   {responder: responder{suites: map[Version][]SuiteID{TLS13: {0x1302}}, groups: []GroupID{0x0201}}},
		"ML-KEM, many": {responder: responder{suites: map[Version][]SuiteID{TLS13: {0x1302, 0x1304}, TLS12: {0xC02F, 0x002F}},
			groups: []GroupID{0x0202, 0x11ED, 0x11EE, 0x11EB, 24, 30}}},
		"no retry": {responder: responder{suites: map[Version][]SuiteID{TLS13: {0x1303, 0x1301}, TLS12: {0xC02F}}, groups: []GroupID{24, 29}, shares: true}},
		"GOST":     {responder: responder{suites: map[Version][]SuiteID{TLS13: {0xC103, 0xC105}}, groups: []GroupID{34, 40}}},
	} {
		together(t, &wg, name, func(t *testing.T) {
			r := probe(t, listen(t, c.handle), Options{Patience: 200 * time.Millisecond})
			for _, p := range r.Protocols {
				var got []SuiteID
				for _, s := range p.Suites {
					got = append(got, s.ID)
				}
				want := c.suites[p.Version]
				if p.Preference != PreferServer {
					want = slices.Sorted(slices.Values(want))
				}
				if state := map[bool]State{true: Offered, false: NotOffered}[len(want) > 0]; p.State != state || !slices.Equal(got, want) || len(p.Undecided) > 0 {
					t.Errorf("%v: %v %v, %v undecided; should be %v", p.Version, p.State, got, p.Undecided, want)
				}
			}
			for _, g := range r.Groups {
				want := NotOffered
				if slices.Contains(c.groups, g.ID) {
					want = Offered
				}
				if _, err := newKeyPair(g.ID); g.State != want && !(c.shares && g.State == Unknown && err != nil) {
					t.Errorf("group %s: %v, should be %v", g.Name, g.State, want)
				}
			}
			if t.Failed() && testing.Verbose() {
				t.Log(r.Unknown)
				logExchanges(t, r)
			}
		})
	}
}

// TestProbeHostile probes servers that mean no good, or do not know what they do: what
// they say is not believed, the probe ends, and nothing is called refused that they
// did not refuse.
func TestProbeHostile(t *testing.T) {
	t.Parallel() // it waits
	var wg sync.WaitGroup
	defer wg.Wait()
	good := &responder{suites: map[Version][]SuiteID{TLS13: {0x1301, 0x1302}, TLS12: {0xC02F, 0x002F}}, groups: []GroupID{29, 23}}
	after := func(what func(net.Conn, *hello)) func(net.Conn) {
		return func(c net.Conn) {
			raw, err := readRecord(c)
			if err != nil {
				return
			}
			h, err := parseHello(raw)
			if err != nil {
				h = &hello{}
			}
			what(c, h)
		}
	}
	writes := func(b []byte) func(net.Conn) { return after(func(c net.Conn, _ *hello) { c.Write(b) }) }
	endless := func(b []byte) func(net.Conn) {
		return after(func(c net.Conn, _ *hello) {
			for {
				if _, err := c.Write(b); err != nil {
					return
				}
			}
		})
	}
	pick := func(h *hello, i int) SuiteID {
		if len(h.suites) == 0 {
			return 0
		}
		return h.suites[i%len(h.suites)]
	}
	first := func(h *hello) GroupID { return slices.Concat(h.groups, []GroupID{29})[0] }
	half := good.answer((offer(TLS12, suitesFor(TLS12), groupsFor(TLS12))).marshal())
	for name, handle := range map[string]func(net.Conn){
		"never answers":       never,
		"closes at once":      func(net.Conn) {},
		"resets at once":      reset,
		"garbage":             writes(bytes.Repeat([]byte{0xA5}, 4000)),
		"zeros":               endless(make([]byte, 4096)),
		"HTTP":                writes([]byte("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")),
		"SSH":                 writes([]byte("SSH-2.0-OpenSSH_9.2\r\n")),
		"half a record":       writes(half[:40]),
		"half a record, open": after(func(c net.Conn, _ *hello) { c.Write(half[:40]); never(c) }),
		"endless warnings":    endless(alertRecord(1, 112)),
		"endless handshake":   endless(record(TLS12, append([]byte{typeServerHello, 0xFF, 0xFF, 0xFF}, make([]byte, 16000)...))),
		"endless messages": after(func(c net.Conn, h *hello) {
			c.Write(serverHello(TLS12, pick(h, 0), 0, nil))
			endlessly(c, record(TLS12, handshakeMessage(typeCertificate, []byte{0, 0, 0})))
		}),
		"endless unread": after(func(c net.Conn, h *hello) {
			c.Write(serverHello(TLS12, pick(h, 0), 0, nil))
			endlessly(c, record(TLS12, handshakeMessage(99, make([]byte, 16000))))
		}),
		"endless empty":     endless(record(TLS12, nil)),
		"not offered":       after(func(c net.Conn, h *hello) { c.Write(serverHello(h.version, 0x1399, first(h), nil)) }),
		"group not offered": after(func(c net.Conn, h *hello) { c.Write(serverHello(h.version, pick(h, 0), 0xFAFA, nil)) }),
		"higher version":    after(func(c net.Conn, h *hello) { c.Write(serverHello(TLS13, pick(h, 0), first(h), nil)) }),
		"future version":    after(func(c net.Conn, h *hello) { c.Write(serverHello(0x0399, pick(h, 0), 0, nil)) }),
		"retry, no group":   after(func(c net.Conn, h *hello) { c.Write(serverHello(TLS13, pick(h, 0), 0, nil)) }),
		"the same again":    after(func(c net.Conn, h *hello) { c.Write(serverHello(min(h.version, TLS12), 0x002F, 0, nil)) }),
		"any suite": after(func(c net.Conn, h *hello) {
			c.Write(serverHello(h.version, pick(h, mathrand.IntN(1000)), first(h), nil))
		}),
		"all that is offered": after(func(c net.Conn, h *hello) { c.Write(serverHello(h.version, pick(h, 0), first(h), nil)) }),
		"noise": after(func(c net.Conn, _ *hello) {
			b := make([]byte, 8000)
			rand.Read(b)
			b[0], b[1] = typeHandshake, 3
			c.Write(b)
		}),
	} {
		together(t, &wg, name, func(t *testing.T) {
			o := hasty
			o.MaxConnections = 60
			r := probe(t, listen(t, handle), o)
			believable := name == "any suite" || name == "all that is offered" // which is what they do
			for _, p := range r.Protocols {
				if p.State == NotOffered || p.State == Offered && !believable && !strings.HasPrefix(name, "endless") && name != "the same again" && name != "higher version" && name != "retry, no group" {
					t.Errorf("%v: %v (%s)", p.Version, p.State, p.Refusal)
				}
				for _, s := range p.Suites {
					if s.ID == 0x1399 {
						t.Errorf("%v: a suite that was not offered", p.Version)
					}
				}
			}
			for _, g := range r.Groups {
				if g.ID == 0xFAFA {
					t.Error("a group that was not offered")
				}
			}
			if len(r.Unknown) == 0 {
				t.Error("nothing is said to be unknown")
			}
			if r.Connections > 60 {
				t.Errorf("%d connections", r.Connections)
			}
		})
	}
}

// TestProbeBounded lets servers send without end, and looks at what is kept of it.
func TestProbeBounded(t *testing.T) {
	for name, b := range map[string][]byte{
		"one message":  record(TLS12, append([]byte{typeServerHello, 7, 0, 0}, make([]byte, 16000)...)),
		"certificates": slices.Concat(serverHello(TLS12, 0x002F, 0, nil), record(TLS12, handshakeMessage(typeCertificate, append([]byte{0, 0x3E, 0x80, 0, 0x3E, 0x7D}, make([]byte, 15997)...)))),
	} {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&before)
			r := probe(t, listen(t, func(c net.Conn) {
				readRecord(c)
				endlessly(c, b)
			}), Options{Timeout: time.Second, Patience: time.Nanosecond})
			runtime.GC()
			runtime.ReadMemStats(&after)
			if kept := int(after.HeapAlloc) - int(before.HeapAlloc); kept > 16<<20 {
				t.Errorf("%d bytes are kept of %d exchanges", kept, len(r.Exchanges))
			}
			runtime.KeepAlive(r)
		})
	}
}

func endlessly(c net.Conn, b []byte) {
	for {
		if _, err := c.Write(b); err != nil {
			return
		}
	}
}

// TestProbeAlerts answers with alerts of all numbers and both levels: only those that
// say so are refusals, and the others are unknown, as nothing else is ever taken.
func TestProbeAlerts(t *testing.T) {
	var wg sync.WaitGroup
	defer wg.Wait()
	slots := make(chan struct{}, 8)
	refusals := []int{10, 40, 47, 50, 60, 70, 71, 86, 109, 110} // Alert.refuses
	for level := range 4 {
		for number := range 256 {
			if level == 0 && number%16 != 0 || level == 3 && number%16 != 0 { // no such levels
				continue
			}
			slots <- struct{}{}
			together(t, &wg, fmt.Sprintf("%d-%d", level, number), func(t *testing.T) {
				defer func() { <-slots }()
				o := Options{Patience: time.Nanosecond}
				r := probe(t, listen(t, func(c net.Conn) {
					readRecord(c)
					c.Write(alertRecord(byte(level), byte(number)))
				}), o)
				want := Unknown
				if level != alertWarning && slices.Contains(refusals, number) {
					want = NotOffered
				}
				for _, p := range r.Protocols {
					if p.State != want {
						t.Errorf("%v: %v, should be %v", p.Version, p.State, want)
					}
				}
				if want == Unknown && len(r.Unknown) == 0 {
					t.Error("nothing is said to be unknown")
				}
			})
		}
	}
}
