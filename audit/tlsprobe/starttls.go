// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package tlsprobe

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"time"
)

// A dialect is a protocol that begins in clear, and how it goes on to TLS.
type dialect struct {
	name   string
	speaks []string // what recognise may call it; nil: name

	// survey finds out whether the server says that it goes on to TLS. Where the protocol
	// has no way to say so, it leaves StartTLS empty, and start asks.
	survey func(*talk) error

	// start asks the server to go on, up to its go-ahead.
	start func(*talk) error
}

var dialects = []dialect{
	{name: "ftp", survey: surveyFTP, start: startFTP},
	{name: "imap", survey: surveyIMAP, start: startIMAP},
	{name: "ldap", survey: surveyNothing, start: startLDAP},
	{name: "lmtp", speaks: []string{"lmtp", "smtp"}, survey: surveyLMTP, start: startSMTP},
	{name: "mysql", survey: surveyMySQL, start: startMySQL},
	{name: "pop3", survey: surveyPOP3, start: startPOP3},
	{name: "postgres", survey: surveyNothing, start: startPostgres},
	{name: "smtp", survey: surveySMTP, start: startSMTP},
	{name: "xmpp", survey: surveyXMPP, start: startXMPP},
	{name: "xmpp-server", speaks: []string{"xmpp"}, survey: surveyXMPPServer, start: startXMPP},
}

// Dialects lists the protocols that [Target.StartTLS] may name.
func Dialects() []string {
	var out []string
	for _, d := range dialects {
		out = append(out, d.name)
	}
	return out
}

// dialectOf finds a dialect by its name; nil if it is "".
func dialectOf(name string) (*dialect, error) {
	if name == "" {
		return nil, nil
	}
	i := slices.IndexFunc(dialects, func(d dialect) bool { return d.name == name })
	if i < 0 {
		return nil, fmt.Errorf("STARTTLS of %q is not known: one of %s is", name, strings.Join(Dialects(), ", "))
	}
	return &dialects[i], nil
}

// is reports whether what recognise said may be the dialect.
func (d *dialect) is(what string) bool {
	return what == "" || what == d.name || slices.Contains(d.speaks, what) || what == smtpOrFTP && (d.name == "ftp" || d.name == "smtp" || d.name == "lmtp")
}

// errNoStartTLS is of a server that says that it does not go on to TLS.
var errNoStartTLS = errors.New("STARTTLS is not offered")

// upgrade leads a new connection to where TLS begins, or closes it. What the server
// shows by it is kept.
func (p *prober) upgrade(ctx context.Context, conn net.Conn) (net.Conn, error) {
	d, err := dialectOf(p.target.StartTLS)
	if d == nil || err != nil {
		return conn, err
	}
	t := p.newTalk(ctx, conn)
	err = t.lead(d)
	t.end()
	if len(t.heard) > 0 || err == nil {
		p.keepClear(t.fact)
	}
	if err != nil {
		conn.Close()
		if errors.Is(err, errNoStartTLS) { // it will say so again
			p.gate.shutFor(err)
		}
		return nil, err
	}
	return conn, nil
}

// lead runs a dialect up to the server's go-ahead.
func (t *talk) lead(d *dialect) error {
	t.fact = Plaintext{Protocol: d.name}
	err := d.survey(t)
	if err == nil && t.fact.StartTLS == NotOffered {
		err = errNoStartTLS
	}
	if err == nil {
		err = d.start(t)
	}
	switch {
	case err == nil:
		t.fact.StartTLS = Offered
		// What comes together with the go-ahead was not sent by who has the key. A client
		// that reads it behind the handshake takes an attacker's words for the server's.
		t.fact.Pipelined = t.r.Buffered() > 0
		return nil
	case errors.Is(err, errNoStartTLS):
		if what := recognise(t.heard); !d.is(what) {
			break
		}
		t.fact.StartTLS = NotOffered
		return fmt.Errorf("%s: %w", d.name, err)
	}
	t.fact.StartTLS = Unknown
	if what := recognise(t.heard); !d.is(what) {
		t.fact.Protocol = what
		return fmt.Errorf("starttls %s: the server speaks %s", d.name, what)
	}
	return fmt.Errorf("starttls %s: %s", d.name, cmp.Or(reason(err), "the connection was closed")) // no chain: reason would cut off what was asked
}

// keepClear keeps what a connection showed before TLS. Of several that differ, the one
// that went on counts, and after it the one that says that it does not.
func (p *prober) keepClear(fact Plaintext) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.clear == nil {
		p.clear = &fact
		return
	}
	order := []State{Offered, NotOffered, Unknown}
	fact.Auth, fact.Pipelined = fact.Auth || p.clear.Auth, fact.Pipelined || p.clear.Pipelined
	if slices.Index(order, p.clear.StartTLS) <= slices.Index(order, fact.StartTLS) {
		fact.Protocol, fact.StartTLS = p.clear.Protocol, p.clear.StartTLS
	}
	p.clear = &fact
}

// Bounds of what is read in clear, in bytes.
const (
	maxTalk  = 64 << 10 // of one connection
	maxLine  = 4 << 10  // RFC 5321 has 512, with room for extensions; IMAP's lists of capabilities are the longest
	maxHeard = 1024     // that are kept to tell what is spoken
)

// A talk is a connection in clear.
type talk struct {
	conn  net.Conn
	r     *bufio.Reader
	end   func()
	host  string // whom the client means
	fact  Plaintext
	heard []byte // the first bytes of the server
	left  int    // bytes that may still be read
	state any    // of the dialect, between survey and start
}

// newTalk takes a connection. It lasts until the deadline of ctx, or for the prober's
// timeout, and ends with ctx. The caller calls end before TLS begins.
func (p *prober) newTalk(ctx context.Context, conn net.Conn) *talk {
	t := &talk{conn: conn, host: p.name, left: maxTalk}
	t.r = bufio.NewReaderSize(t, maxLine)
	deadline := time.Now().Add(p.timeout)
	if d, ok := ctx.Deadline(); ok && d.Before(deadline) {
		deadline = d
	}
	conn.SetDeadline(deadline)
	stop := context.AfterFunc(ctx, func() { conn.SetDeadline(time.Now()) })
	t.end = func() { stop() }
	return t
}

// Read reads from the connection, and not more than is its due.
func (t *talk) Read(b []byte) (int, error) {
	if t.left == 0 {
		return 0, errTooMuch
	}
	n, err := t.conn.Read(b[:min(len(b), t.left)])
	t.left -= n
	t.heard = append(t.heard, b[:min(n, maxHeard-len(t.heard))]...)
	return n, err
}

// line reads a line, without its end.
func (t *talk) line() (string, error) {
	b, err := t.r.ReadSlice('\n')
	if err == bufio.ErrBufferFull {
		err = errTooMuch
	}
	if err != nil {
		return "", err
	}
	return string(bytes.TrimRight(b, "\r\n")), nil
}

// say sends a line.
func (t *talk) say(format string, args ...any) error {
	_, err := fmt.Fprintf(t.conn, format+"\r\n", args...)
	return err
}

// bytes reads n bytes.
func (t *talk) bytes(n int) ([]byte, error) {
	if n > maxTalk {
		return nil, errTooMuch
	}
	b := make([]byte, n)
	if _, err := io.ReadFull(t.r, b); err != nil {
		return nil, err
	}
	return b, nil
}

// refused is the error of an answer that does not lead on. What the server says is
// quoted, in part: it is of no more use, and not ours.
func refused(step, answer string) error {
	const most = 80
	return fmt.Errorf("%s was answered with %.*q", step, most, answer)
}

// surveyNothing is of protocols in which nothing is said before.
func surveyNothing(*talk) error { return nil }
