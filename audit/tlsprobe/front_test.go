// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package tlsprobe

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/goassay/assay/audit/tlsprobe/tlstest"
	"github.com/goassay/assay/internal/machine"
)

// listen serves connections on loopback until the test ends, and returns the address.
func listen(t *testing.T, handle func(net.Conn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	done := make(chan struct{})
	t.Cleanup(func() { close(done); l.Close(); wg.Wait() })
	wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			wg.Go(func() {
				defer c.Close()
				stop := make(chan struct{})
				defer close(stop)
				go func() {
					select {
					case <-done:
						c.Close()
					case <-stop:
					}
				}()
				c.SetDeadline(time.Now().Add(20 * time.Second))
				handle(c)
			})
		}
	})
	return l.Addr().String()
}

// readRecord reads a record, or a hello of SSL 2.0.
func readRecord(r io.Reader) ([]byte, error) {
	head := make([]byte, 5)
	if _, err := io.ReadFull(r, head); err != nil {
		return nil, err
	}
	n := int(head[3])<<8 | int(head[4])
	if head[0]&0x80 != 0 {
		n = int(head[0]&0x7F)<<8 | int(head[1]) - 3
	}
	body := make([]byte, n)
	_, err := io.ReadFull(r, body)
	return append(head, body...), err
}

// relay puts what both sides say through, after the client's first words.
func relay(client net.Conn, address string, first []byte, back func(io.Writer, io.Reader)) {
	server, err := net.Dial("tcp", address)
	if err != nil {
		return
	}
	defer server.Close()
	server.Write(first)
	go func() {
		io.Copy(server, client)
		server.(*net.TCPConn).CloseWrite()
	}()
	back(client, server)
}

func through(w io.Writer, r io.Reader) { io.Copy(w, r) }

func reset(c net.Conn) {
	c.(*net.TCPConn).SetLinger(0)
	c.Close()
}

// never lets the client wait.
func never(c net.Conn) { io.Copy(io.Discard, c) }

// crumbs puts records in clear through with one byte in each.
func crumbs(w io.Writer, r io.Reader) {
	for {
		record, err := readRecord(r)
		if err != nil {
			return
		}
		if record[0] != typeHandshake { // from here on it is encrypted
			w.Write(record)
			io.Copy(w, r)
			return
		}
		var out []byte
		for _, b := range record[5:] {
			out = append(out, record[0], record[1], record[2], 0, 1, b)
		}
		w.Write(out)
	}
}

// bytewise puts through byte by byte.
func bytewise(w io.Writer, r io.Reader) {
	b := make([]byte, 1)
	for {
		if _, err := r.Read(b); err != nil {
			return
		}
		w.Write(b)
	}
}

// speechless puts all through but alerts in clear, for which it closes the connection.
func speechless(w io.Writer, r io.Reader) {
	record, err := readRecord(r)
	if err != nil || record[0] == typeAlert {
		return
	}
	w.Write(record)
	io.Copy(w, r)
}

// A throttle lets so many connections through in a time.
type throttle struct {
	mu    sync.Mutex
	most  int
	span  time.Duration
	times []time.Time
}

func (l *throttle) ok() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	for len(l.times) > 0 && now.Sub(l.times[0]) > l.span {
		l.times = l.times[1:]
	}
	if len(l.times) >= l.most {
		return false
	}
	l.times = append(l.times, now)
	return true
}

// together runs subtests beside each other that do nothing but wait, and so need no
// processor of their own.
func together(t *testing.T, wg *sync.WaitGroup, name string, f func(*testing.T)) {
	wg.Go(func() { t.Run(name, f) })
}

// TestProbeBehind probes a server behind boxes that spoil connections: what is found
// has to be what the server does, as long as there is patience for it.
func TestProbeBehind(t *testing.T) {
	machine.Long(t, "probes servers that count requests by the clock")
	t.Parallel() // it waits
	var wg sync.WaitGroup
	defer wg.Wait()
	large := func(limit int, spoil func(net.Conn)) func(string) func(net.Conn) {
		return func(address string) func(net.Conn) {
			return func(c net.Conn) {
				first, err := readRecord(c)
				if err != nil {
					return
				}
				if len(first) > limit {
					spoil(c)
					return
				}
				relay(c, address, first, through)
			}
		}
	}
	filtered := func(back func(io.Writer, io.Reader)) func(string) func(net.Conn) {
		return func(address string) func(net.Conn) {
			return func(c net.Conn) { relay(c, address, nil, back) }
		}
	}
	throttled := func(spoil func(net.Conn)) func(string) func(net.Conn) {
		return func(address string) func(net.Conn) {
			limit := &throttle{most: 20, span: 2 * time.Second}
			return func(c net.Conn) {
				if limit.ok() {
					relay(c, address, nil, through)
				} else {
					spoil(c)
				}
			}
		}
	}
	closes := func(c net.Conn) { readRecord(c) }
	busy := func(c net.Conn) {
		readRecord(c)
		c.Write([]byte{typeAlert, 3, 3, 0, 2, 2, 80}) // internal_error
	}
	for name, front := range map[string]func(string) func(net.Conn){
		"drops above 256":         large(256, never),
		"drops above 512":         large(512, never),
		"closes above 256":        large(256, func(net.Conn) {}),
		"closes above 512":        large(512, func(net.Conn) {}),
		"resets above 256":        large(256, reset),
		"resets above 512":        large(512, reset),
		"one byte in a record":    filtered(crumbs),
		"byte by byte":            filtered(bytewise),
		"closes without an alert": filtered(speechless),
		"throttles by closing":    throttled(closes),
		"throttles by resetting":  throttled(reset),
		"throttles by an alert":   throttled(busy),
	} {
		together(t, &wg, name, func(t *testing.T) {
			behind(t, front, Options{Timeout: 2 * time.Second, Patience: 30 * time.Second}, unseen(name))
		})
	}
	together(t, &wg, "throttles by refusing", func(t *testing.T) {
		limit := &throttle{most: 20, span: 2 * time.Second}
		behind(t, filtered(through), Options{Patience: 30 * time.Second, DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			if !limit.ok() {
				return nil, &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}
			}
			return (&net.Dialer{}).DialContext(ctx, network, address)
		}}, nil)
	})
	together(t, &wg, "throttled from the start", func(t *testing.T) {
		limit := &throttle{most: 20, span: 2 * time.Second}
		for limit.ok() { // somebody else used it up
		}
		behind(t, func(address string) func(net.Conn) {
			return func(c net.Conn) {
				if limit.ok() {
					relay(c, address, nil, through)
				}
			}
		}, Options{Patience: 30 * time.Second}, nil)
	})
}

// unseen adds what stays unknown behind a box that lets no large hellos through.
func unseen(box string) func(*truth) {
	return func(w *truth) {
		w.unknown = map[string]string{}
		if strings.HasSuffix(box, "above 256") || strings.HasSuffix(box, "above 512") {
			w.unknown["ALPN of TLS 1.2"] = "a hello with ALPN may be too large"
		}
		if strings.HasSuffix(box, "above 256") {
			w.unknown["ALPN of TLS 1.3"] = "likewise"
			w.unknown["resumption of TLS 1.3"] = "so is one with a ticket"
			w.unknown["resumption of TLS 1.2"] = "likewise"
			w.session.Resumption = Unknown
		}
	}
}

// behind probes a server of package tls behind a box.
func behind(t *testing.T, front func(string) func(net.Conn), o Options, know func(*truth)) {
	config := &tls.Config{
		MinVersion: tls.VersionTLS11, MaxVersion: tls.VersionTLS13, CurvePreferences: []tls.CurveID{tls.X25519MLKEM768, tls.X25519, tls.CurveP384},
		CipherSuites: []uint16{tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, tls.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA, tls.TLS_RSA_WITH_AES_128_CBC_SHA},
	}
	w := goTruth(config, "rsa")
	made := tlstest.NewCertificate(t, "rsa", "example.com")
	w.leaves = []string{made.SHA256()}
	config.Certificates = []tls.Certificate{made.TLS(t)}
	if know != nil {
		know(w)
	}
	w.settle()
	r := probe(t, listen(t, front(serve(t, config))), o)
	compareOnce(t, r, w)
	t.Logf("%d connections, %d hellos", r.Connections, r.Hellos)
	if t.Failed() && testing.Verbose() {
		logExchanges(t, r)
	}
}

// TestProbeImpatient probes a throttled server without patience: what stayed unknown is
// named, and nothing is called refused that is offered.
func TestProbeImpatient(t *testing.T) {
	t.Parallel() // it waits
	config := &tls.Config{MinVersion: tls.VersionTLS10, Certificates: []tls.Certificate{selfSigned(t, "example.com")}}
	var wg sync.WaitGroup
	defer wg.Wait()
	for _, most := range []int{1, 2, 3, 5, 8, 13, 20, 30} {
		together(t, &wg, strconv.Itoa(most), func(t *testing.T) {
			impatient(t, config, most)
		})
	}
}

func impatient(t *testing.T, config *tls.Config, most int) {
	limit := &throttle{most: most, span: time.Hour}
	address := serve(t, config)
	r := probe(t, listen(t, func(c net.Conn) {
		if limit.ok() {
			relay(c, address, nil, through)
		}
	}), Options{Timeout: 2 * time.Second, Patience: time.Millisecond})
	honest(t, r, map[Version][]SuiteID{
		TLS13: {0x1301, 0x1302, 0x1303}, TLS12: {0xC02B, 0xC02C, 0xCCA9, 0xC009, 0xC00A}, TLS11: {0xC009, 0xC00A}, TLS10: {0xC009, 0xC00A},
	})
}

// honest demands that nothing that is offered is called refused, that nothing that is not
// is called offered, and that what is unknown is named.
func honest(t *testing.T, r *Result, offered map[Version][]SuiteID) {
	t.Helper()
	open := false
	for _, p := range r.Protocols {
		if p.State == Unknown || len(p.Undecided) > 0 {
			open = true
		}
		if p.State == NotOffered && len(offered[p.Version]) > 0 || p.State == Offered && len(offered[p.Version]) == 0 {
			t.Errorf("%v: %v", p.Version, p.State)
		}
		got := map[SuiteID]bool{}
		for _, s := range p.Suites {
			got[s.ID] = true
		}
		for _, id := range p.Undecided {
			got[id] = true
		}
		for _, id := range offered[p.Version] {
			if p.State == Offered && !got[id] {
				t.Errorf("%v: %s is called refused", p.Version, SuiteOf(id).Name)
			}
		}
	}
	for _, g := range r.Groups {
		open = open || g.State == Unknown
	}
	if open && len(r.Unknown) == 0 {
		t.Error("nothing is said to be unknown")
	}
}
