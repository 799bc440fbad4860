// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package tlsprobe

import (
	"bytes"
	"cmp"
	"context"
	"encoding/gob"
	"errors"
	"strings"
	"sync"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// plaintext tells what an endpoint speaks before TLS, or in place of it; nil where it
// speaks TLS, or nothing came from it.
func (p *prober) plaintext(ctx context.Context) *Plaintext {
	if p.target.StartTLS == "" {
		fact := p.inClear(ctx)
		if p.taken() {
			return nil
		}
		return fact
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.clear
}

// taken reports whether the server took a hello.
func (p *prober) taken() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.control != nil
}

// An instead is what an endpoint speaks in place of TLS. It is found out once.
type instead struct {
	sync.Mutex
	known bool
	fact  *Plaintext
}

// inClear finds out what an endpoint speaks that took no hello.
func (p *prober) inClear(ctx context.Context) *Plaintext {
	p.instead.Lock()
	defer p.instead.Unlock()
	if !p.instead.known && !p.taken() {
		p.instead.known, p.instead.fact = true, p.probeClear(ctx)
	}
	return p.instead.fact
}

// speaksClear reports whether it is of no use to send hellos of a version in other
// sizes: the server speaks something else. It is found out with the hello that most
// servers take.
func (p *prober) speaksClear(ctx context.Context, v Version) bool {
	if p.target.StartTLS != "" {
		return false
	}
	if v != TLS12 {
		p.instead.Lock()
		known := p.instead.known
		p.instead.Unlock()
		if !known {
			return false
		}
	}
	fact := p.inClear(ctx)
	p.mu.Lock()
	said := p.seen.garbage()
	p.mu.Unlock()
	// Servers of HTTPS answer HTTP in clear too: to those that a hello got lost on the way to.
	return fact != nil && (len(said) > 0 || fact.Protocol != "http")
}

// probeClear finds out what an endpoint speaks. Where its answers to hellos do not tell,
// it costs three connections at most.
func (p *prober) probeClear(ctx context.Context) *Plaintext {
	p.mu.Lock()
	said, silent := p.seen.garbage(), p.seen.silent()
	p.mu.Unlock()
	what := recognise(said)
	if len(said) == 0 && !silent || what == protocolTLS {
		return nil
	}
	left := []func(context.Context) (*Plaintext, []byte){p.listen, p.askHTTP2, p.askRPC}
	for ; what == "" && len(left) > 0; left = left[1:] {
		fact, answer := left[0](ctx)
		if fact != nil {
			return fact
		}
		if len(answer) > 0 {
			said = answer
		}
		what = recognise(answer)
	}
	switch {
	case what == protocolTLS || len(said) == 0:
		return nil
	case len(left) == 0: // three connections are enough
	case what == "http":
		return p.headClear(ctx)
	case what == "h2c":
		if fact, _ := p.askHTTP2(ctx); fact != nil {
			return fact
		}
	case what == "redis":
		return p.pingRedis(ctx)
	default:
		if fact := p.survey(ctx, what); fact != nil {
			return fact
		}
	}
	return &Plaintext{Protocol: cmp.Or(what, "unknown")}
}

// garbage is the first answer to a hello that is no TLS, and is not malformed TLS either.
func (all *observations) garbage() []byte {
	for _, o := range all.list {
		if o.End == EndGarbage && len(o.rest) > 0 && len(o.Received) > 0 && !isRecord(o.Received) {
			return o.rest
		}
	}
	return nil
}

// silent reports whether the server took connections, and never said a word.
func (all *observations) silent() bool {
	met := false
	for _, o := range all.list {
		switch o.End {
		case EndAnswer, EndGarbage:
			return false
		case EndClosed, EndReset, EndTimeout:
			met = met || len(o.Received)+len(o.rest) == 0
		}
	}
	return met
}

// maxSilence is for how long an answer in clear is waited for.
const maxSilence = time.Second

// open makes a connection for a talk; nil if there is none. The caller calls its end.
func (p *prober) open(ctx context.Context) *talk {
	conn, release, err := p.gate.connect(ctx)
	if err != nil {
		return nil
	}
	t := p.newTalk(ctx, conn)
	stop := t.end
	t.end = func() {
		stop()
		conn.Close()
		release()
	}
	return t
}

// answer sends something, and returns what comes in time, up to where it is enough to
// tell what it is. More may come.
func (t *talk) answer(ctx context.Context, question []byte) []byte {
	t.conn.SetDeadline(time.Now().Add(maxSilence))
	if ctx.Err() != nil { // whose end has set a deadline before
		return nil
	}
	t.conn.Write(question) // an answer may be there all the same
	b, n := make([]byte, maxHeard), 0
	for n < len(b) {
		more, err := t.Read(b[n:])
		if n += more; err != nil || tells(b[:n]) {
			break
		}
	}
	return b[:n]
}

// tells reports whether an answer tells what is spoken, and will not tell it better: a
// line is complete, or it has none. PostgreSQL answers with one letter. A bad request may
// be bad for being in clear, as is said at its end.
func tells(b []byte) bool {
	if len(b) == 1 {
		return b[0] == 'S' || b[0] == 'N'
	}
	if bytes.HasPrefix(b, []byte("HTTP/1.1 400")) || bytes.HasPrefix(b, []byte("HTTP/1.0 400")) {
		return false
	}
	return recognise(b) != "" && bytes.ContainsFunc(b, func(r rune) bool { return r == '\n' || r > '~' || r < ' ' && r != '\t' && r != '\r' })
}

// listen waits for what the server says first, and asks one that says nothing for the
// TLS of PostgreSQL.
func (p *prober) listen(ctx context.Context) (*Plaintext, []byte) {
	t := p.open(ctx)
	if t == nil {
		return nil, nil
	}
	defer t.end()
	answer := t.answer(ctx, nil)
	if len(answer) > 0 {
		return nil, answer
	}
	answer = t.answer(ctx, postgresSSLRequest)
	switch string(answer) {
	case "S":
		return &Plaintext{Protocol: "postgres", StartTLS: Offered}, answer
	case "N":
		return &Plaintext{Protocol: "postgres", StartTLS: NotOffered}, answer
	}
	return nil, answer
}

// askHTTP2 begins HTTP/2 (RFC 9113, section 3.4), and calls a method of gRPC that there
// is not: a server of gRPC says so in its own words, another one in those of HTTP. The
// first bytes look like a request to HTTP/1 and a command to Redis: they tell too.
func (p *prober) askHTTP2(ctx context.Context) (*Plaintext, []byte) {
	t := p.open(ctx)
	if t == nil {
		return nil, nil
	}
	defer t.end()
	var question, header bytes.Buffer
	question.WriteString(http2.ClientPreface)
	w := http2.NewFramer(&question, nil)
	w.WriteSettings()
	answer := t.answer(ctx, question.Bytes())
	if recognise(answer) != "h2c" {
		return nil, answer
	}
	fields := hpack.NewEncoder(&header)
	for _, f := range [][2]string{
		{":method", "POST"}, {":scheme", "http"}, {":path", "/assay.None/None"}, {":authority", cmp.Or(p.name, "localhost")},
		{"content-type", "application/grpc"}, {"te", "trailers"},
	} {
		fields.WriteField(hpack.HeaderField{Name: f[0], Value: f[1]})
	}
	question.Reset()
	w.WriteSettingsAck()
	w.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: header.Bytes(), EndStream: true, EndHeaders: true})
	t.conn.SetDeadline(time.Now().Add(maxSilence))
	if _, err := t.conn.Write(question.Bytes()); ctx.Err() == nil && err == nil && t.callsGRPC(answer) {
		return &Plaintext{Protocol: "grpc"}, answer
	}
	return &Plaintext{Protocol: "h2c"}, answer
}

// callsGRPC reads frames, of which the first bytes were read already, until it is known
// whether the answer is one of gRPC ("gRPC over HTTP2", Responses).
func (t *talk) callsGRPC(first []byte) bool {
	r := http2.NewFramer(nil, &again{first, t})
	r.SetMaxReadFrameSize(maxFrame)
	r.ReadMetaHeaders = hpack.NewDecoder(4096, nil)
	r.MaxHeaderListSize = maxFrame
	for {
		f, err := r.ReadFrame()
		if err != nil {
			return false
		}
		h, ok := f.(*http2.MetaHeadersFrame)
		if !ok {
			continue
		}
		for _, field := range h.Fields {
			if field.Name == "grpc-status" || field.Name == "content-type" && strings.HasPrefix(field.Value, "application/grpc") {
				return true
			}
		}
		return false
	}
}

// maxFrame is the largest frame of HTTP/2 that may be sent without being asked for, in
// bytes (RFC 9113, section 4.2).
const maxFrame = 1 << 14

// again reads what was read already, and then on.
type again struct {
	first []byte
	t     *talk
}

func (a *again) Read(b []byte) (int, error) {
	if len(a.first) > 0 {
		n := copy(b, a.first)
		a.first = a.first[n:]
		return n, nil
	}
	return a.t.Read(b)
}

// pingRedis finds out whether a server of Redis wants a password.
func (p *prober) pingRedis(ctx context.Context) *Plaintext {
	fact := &Plaintext{Protocol: "redis"}
	if t := p.open(ctx); t != nil {
		defer t.end()
		fact.Auth = bytes.HasPrefix(t.answer(ctx, []byte("PING\r\n")), []byte("-NOAUTH"))
	}
	return fact
}

// askRPC calls a method of net/rpc that there is not. A server closes the connection at
// anything else without a word, and so it shows only by its answer to a call.
func (p *prober) askRPC(ctx context.Context) (*Plaintext, []byte) {
	t := p.open(ctx)
	if t == nil {
		return nil, nil
	}
	defer t.end()
	type Request struct { // of package net/rpc, with what is sent of it
		ServiceMethod string
		Seq           uint64
	}
	var question bytes.Buffer
	e := gob.NewEncoder(&question)
	if err := errors.Join(e.Encode(Request{ServiceMethod: "Assay.None"}), e.Encode(struct{ None bool }{})); err != nil {
		return nil, nil
	}
	return nil, t.answer(ctx, question.Bytes())
}

// survey greets a server whose protocol is known, and asks whether it goes on to TLS; nil
// if that is of no use.
func (p *prober) survey(ctx context.Context, what string) *Plaintext {
	name := what
	if what == smtpOrFTP {
		name = "smtp"
	}
	d, err := dialectOf(name)
	if d == nil || err != nil {
		return nil
	}
	t := p.open(ctx)
	if t == nil {
		return nil
	}
	defer t.end()
	t.fact = Plaintext{Protocol: name}
	err = d.survey(t)
	if err == errOtherProtocol && what == smtpOrFTP { // what greets like it and has no EHLO
		t.fact.Protocol = "ftp"
		err = startFTP(t)
	} else if err == nil && t.fact.StartTLS == "" {
		err = d.start(t)
	}
	switch {
	case err == errNoStartTLS:
		t.fact.StartTLS = NotOffered
	case err != nil:
		t.fact.StartTLS = Unknown
		if what == smtpOrFTP && t.fact.Protocol == name {
			t.fact.Protocol = what
		}
	case t.fact.StartTLS == "":
		t.fact.StartTLS = Offered
	}
	return &t.fact
}
