// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package tlsprobe

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"slices"
	"sync"
	"syscall"
	"time"
)

// A prober asks one endpoint.
type prober struct {
	target  Target
	name    string // asked for in hellos
	timeout time.Duration
	gate    *gate
	own     *tls.Certificate // the client's

	mu      sync.Mutex
	seen    observations
	found   findings
	control *hello           // one that was taken
	small   map[Version]bool // of which large hellos get lost
	limit   int              // length of the smallest hello that was lost; 0: none was
	shares  bool             // TLS 1.3 is taken with a key share only

	clear   *Plaintext // what was spoken before TLS
	instead instead    // what is spoken in place of it
	web     *HTTP

	webVersion Version // of TLS
}

// Probe finds out what an endpoint takes. The error is of ctx, or of an address that is
// none; what the endpoint does, or does not, is in the Result.
func Probe(ctx context.Context, t Target, o Options) (*Result, error) {
	p, err := newProber(t, o)
	if err != nil {
		return nil, err
	}
	p.enumerate(ctx)
	var web sync.WaitGroup
	web.Go(func() { p.askHTTP(ctx) })
	p.inspect(ctx)
	web.Wait()
	p.enforce(ctx)
	clear := p.plaintext(ctx)
	p.gate.close()
	r := p.seen.result()
	r.Plaintext, r.HTTP = clear, p.web
	p.found.add(r)
	r.Address, r.Connections = t.Address, p.gate.connections()
	r.SNI = sniName(p.name)
	return r, ctx.Err()
}

func newProber(t Target, o Options) (*prober, error) {
	host, _, err := net.SplitHostPort(t.Address)
	if err != nil {
		return nil, err
	}
	if _, err := dialectOf(t.StartTLS); err != nil {
		return nil, err
	}
	dial := o.DialContext
	if dial == nil {
		dial = (&net.Dialer{}).DialContext
	}
	o.MaxConnections, o.Parallel = cmp.Or(o.MaxConnections, 200), cmp.Or(o.Parallel, 4)
	o.Timeout, o.Patience = cmp.Or(o.Timeout, 5*time.Second), cmp.Or(o.Patience, 20*time.Second)
	p := &prober{own: o.Certificate, target: t, name: cmp.Or(t.SNI, host), timeout: o.Timeout, small: map[Version]bool{}}
	if t.SNI == "-" {
		p.name = ""
	}
	p.gate = newGate(o, func(ctx context.Context) (net.Conn, error) {
		ctx, cancel := context.WithTimeout(ctx, p.timeout)
		defer cancel()
		conn, err := dial(ctx, "tcp", cmp.Or(t.Dial, t.Address))
		if err != nil {
			return nil, err
		}
		return p.upgrade(ctx, conn)
	})
	return p, nil
}

// ask sends a hello until it is known what the server says to it, or until that is not
// to be found out.
func (p *prober) ask(ctx context.Context, h *hello) *observation {
	send := func() *observation { return p.exchange(ctx, h) }
	return p.askOn(ctx, send(), send)
}

// askOn does so with a hello that was sent once. The function sends it again.
func (p *prober) askOn(ctx context.Context, o *observation, send func() *observation) *observation {
	for {
		if o.unclear() {
			o = p.confirm(ctx, o, send)
		}
		if o.accepted() || o.refused() || o.wantsIdentity() || o.End == EndGarbage || o.End == EndBudget || ctx.Err() != nil {
			break
		}
		if !p.gate.overloaded(p.answers()) {
			break
		}
		p.record(o)
		o = send()
	}
	p.record(o)
	return o
}

// answers tells what the server is known to do: as long as it took nothing at all, it
// may be that it never will.
func (p *prober) answers() liveness {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.control != nil {
		return alive
	}
	if slices.ContainsFunc(p.seen.list, func(o *observation) bool { return o.unclear() || o.refused() }) {
		return listening
	}
	return silent
}

// confirm finds out whether a server that closed the connection, or sent an alert that
// may mean anything, refuses the hello: it does if it takes another one, does the same
// again, and takes the other one again. Once would not do: a server that lets through so
// many connections in a time takes one when the time is up.
func (p *prober) confirm(ctx context.Context, o *observation, send func() *observation) *observation {
	if !p.takesControl(ctx) {
		return o
	}
	again := send()
	if again.unclear() && again.End == o.End {
		again.Confirmed = !p.gate.strained() || p.takesControl(ctx)
	}
	p.record(o)
	return again
}

// takesControl sends a hello that was taken once, and reports whether it is again.
func (p *prober) takesControl(ctx context.Context) bool {
	p.mu.Lock()
	control := p.control
	p.mu.Unlock()
	if control == nil {
		return false
	}
	o := p.exchange(ctx, control)
	p.record(o)
	return o.accepted()
}

func (p *prober) record(o *observation) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.seen.add(o)
	if o.accepted() && p.control == nil {
		p.control = o.hello
	}
}

// ended is how many exchanges are on record.
func (p *prober) ended() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.seen.list)
}

// exchange sends a hello once.
func (p *prober) exchange(ctx context.Context, h *hello) *observation {
	return p.exchangeThen(ctx, h, nil)
}

// exchangeThen sends a hello once. What is to be done with the connection after an
// answer, then does.
func (p *prober) exchangeThen(ctx context.Context, h *hello, then func(net.Conn, *observation) error) *observation {
	if !h.otherName && h.serverName != p.name { // it may be sent by others, too, once it was sent
		h.serverName = p.name
	}
	o := &observation{hello: h, Exchange: Exchange{Asked: h.version, Sent: h.marshal()}, after: p.ended()}
	conn, release, err := p.gate.connect(ctx)
	if err != nil {
		o.End, o.Detail = EndUnreachable, reason(err)
		if err == errBudget {
			o.End = EndBudget
		}
		return o
	}
	defer release()
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { conn.SetDeadline(time.Now()) })
	defer stop()
	conn.SetDeadline(time.Now().Add(p.timeout))
	_, err = conn.Write(o.Sent)
	if err == nil || errors.Is(err, syscall.EPIPE) || errors.Is(err, syscall.ECONNRESET) { // an answer may be there all the same
		answer, raw, read := readAnswer(conn, h.version)
		o.flight, o.Received, o.rest = &answer.flight, raw[:len(raw)-len(answer.records)], answer.records
		err = cmp.Or(read, err)
	}
	if err == nil {
		err = o.check()
	} else { // what came of it, which is no answer
		o.Received = slices.Concat(o.Received, o.rest)
		o.Received = o.Received[:min(len(o.Received), maxFragment)]
	}
	o.End, o.Detail = endOf(err), reason(err)
	if err == nil && then != nil {
		o.Detail = reason(then(conn, o))
		return o
	}
	if o.End == EndAnswer && o.flight.version != 0 && h.version != SSL2 {
		conn.Write(goodbye(min(h.version, TLS12)))
	}
	return o
}

// maxFragment bounds what is kept of what is no answer, in bytes.
const maxFragment = 4 << 10

// goodbye is an alert that tells a server that the client changed its mind, so that it
// has nothing to complain of in its log (RFC 8446, section 6.1).
func goodbye(v Version) []byte {
	return []byte{typeAlert, byte(v >> 8), byte(v), 0, 2, alertWarning, 0}
}

// endOf tells how an exchange ended by the error that ended it.
func endOf(err error) End {
	switch {
	case err == nil:
		return EndAnswer
	case errors.Is(err, io.EOF):
		return EndClosed
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return EndReset
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, context.DeadlineExceeded):
		return EndTimeout
	case errors.Is(err, errNotTLS), errors.Is(err, errAnswer), errors.Is(err, errTooMuch):
		return EndGarbage
	}
	return EndUnreachable
}

// reason is the text of an error without addresses, which stand beside it and differ
// from run to run.
func reason(err error) string {
	if op, ok := errors.AsType[*net.OpError](err); ok {
		err = op.Err
	}
	if call, ok := errors.AsType[*os.SyscallError](err); ok {
		err = call.Err
	}
	if err == nil || err == io.EOF {
		return ""
	}
	return err.Error()
}
