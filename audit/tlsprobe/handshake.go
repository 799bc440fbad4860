// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package tlsprobe

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"errors"
	"io"
	"math/big"
	"net"
	"os"
	"slices"
	"strings"
	"sync"
	"time"
)

// A handshake is one that was led to its end, with package crypto/tls.
type handshake struct {
	asked   Version
	state   tls.ConnectionState
	done    bool // the handshake is complete
	kept    bool // the server closed the connection after it without complaint
	resumed bool
	request *tls.CertificateRequestInfo // that was made
	alert   string                      // with which the server ended it, as package tls names it
	end     End
	detail  string

	received []byte            // all that the server sent, up to maxAnswer
	sent     []byte            // likewise
	secrets  map[string][]byte // of the key log, by label
	random   []byte            // the client's
}

// handshakeOptions are what differs from handshake to handshake.
type handshakeOptions struct {
	version Version
	name    string   // "" for none
	alpn    []string // protocols to be offered
	client  *tls.Certificate
	cache   tls.ClientSessionCache
	suites  []uint16                         // nil for all
	quiet   bool                             // it is listened before the farewell
	then    func(net.Conn, *handshake) error // what is done with the connection in place of the farewell
}

// shake leads a handshake to its end, and closes the connection. It tries again where
// the server seems to be overloaded.
func (p *prober) shake(ctx context.Context, o handshakeOptions) *handshake {
	for try := 0; ; try++ {
		h := p.shakeOnce(ctx, o)
		if !h.busy() || ctx.Err() != nil || try == maxTries || !p.gate.overloaded(alive) {
			return h
		}
	}
}

// busy reports whether the server may have had no time for a handshake.
func (h *handshake) busy() bool {
	if h.done || h.request != nil {
		return false
	}
	return h.end == EndClosed || h.end == EndReset || h.end == EndUnreachable || h.alert == "internal error"
}

// resume leads a handshake to its end that resumes the session of the one before. Where
// it has to be tried again, so has the one before: a ticket is good for one try (RFC
// 8446, appendix C.4).
func (p *prober) resume(ctx context.Context, o handshakeOptions) *handshake {
	for try := 0; ; try++ {
		h := p.shakeOnce(ctx, o)
		if !h.busy() || ctx.Err() != nil || try == maxTries || !p.gate.overloaded(alive) {
			return h
		}
		o.cache = tls.NewLRUClientSessionCache(4)
		p.shake(ctx, o)
	}
}

// maxTries is how often a handshake is tried again.
const maxTries = 4

func (p *prober) shakeOnce(ctx context.Context, o handshakeOptions) *handshake {
	h := &handshake{asked: o.version}
	conn, release, err := p.gate.connect(ctx)
	if err != nil {
		h.end, h.detail = EndUnreachable, reason(err)
		if err == errBudget {
			h.end = EndBudget
		}
		return h
	}
	defer release()
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { conn.SetDeadline(time.Now()) })
	defer stop()
	conn.SetDeadline(time.Now().Add(p.timeout))
	recorded := &recorder{Conn: conn}
	log := &keyLog{}
	config := &tls.Config{
		KeyLogWriter: log,
		ServerName:   o.name, NextProtos: o.alpn, MinVersion: uint16(o.version), MaxVersion: uint16(o.version),
		CipherSuites: p.suites(o), CurvePreferences: p.curves(o.version), ClientSessionCache: o.cache,
		InsecureSkipVerify: true, // what is presented is judged, not trusted
		GetClientCertificate: func(r *tls.CertificateRequestInfo) (*tls.Certificate, error) {
			h.request = r
			if o.client != nil {
				return o.client, nil
			}
			return &tls.Certificate{}, nil
		},
	}
	c := tls.Client(recorded, config)
	err = c.HandshakeContext(ctx)
	h.state = c.ConnectionState()
	h.done, h.resumed = err == nil, h.state.DidResume
	switch {
	case err != nil:
	case o.then != nil:
		h.keep(recorded, log)
		err = o.then(conn, h)
	case h.request != nil || o.cache != nil:
		err = h.farewell(conn, c, o.quiet)
	}
	h.keep(recorded, log)
	h.end, h.detail = endOf(err), reason(err)
	if text, ok := remoteAlert(err); ok {
		h.end, h.alert = EndAnswer, text
	}
	return h
}

// keep keeps what was recorded.
func (h *handshake) keep(r *recorder, log *keyLog) {
	h.received, h.sent = r.received, r.sent
	h.secrets, h.random = log.parse()
}

// suites are those that package tls shall offer: all, but where a hello has to be small.
func (p *prober) suites(o handshakeOptions) []uint16 {
	if o.suites != nil {
		return o.suites
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.limit == 0 {
		return allCipherSuites()
	}
	return slices.DeleteFunc(slices.Clone(allCipherSuites()), func(id uint16) bool { return !p.seen.suites[o.version][SuiteID(id)] })
}

// curves are the groups that package tls shall offer; nil for all.
func (p *prober) curves(v Version) []tls.CurveID {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.limit == 0 {
		return nil
	}
	var out []tls.CurveID
	for _, id := range exchangeable {
		if id < 0x100 && id != curveSM2 && (p.seen.groups[v][id] || p.seen.curves[id]) {
			out = append(out, tls.CurveID(id))
		}
	}
	return out
}

// A recorder keeps what goes over a connection, up to maxAnswer each way.
type recorder struct {
	net.Conn
	received, sent []byte
}

func (r *recorder) Read(b []byte) (int, error) {
	n, err := r.Conn.Read(b)
	r.received = append(r.received, b[:min(n, maxAnswer-len(r.received))]...)
	return n, err
}

func (r *recorder) Write(b []byte) (int, error) {
	n, err := r.Conn.Write(b)
	r.sent = append(r.sent, b[:min(n, maxAnswer-len(r.sent))]...)
	return n, err
}

// A keyLog holds the secrets of a connection as package tls logs them: a label, the
// client's random, a secret.
type keyLog struct{ bytes.Buffer }

func (l *keyLog) parse() (secrets map[string][]byte, random []byte) {
	secrets = map[string][]byte{}
	for line := range strings.Lines(l.String()) {
		f := strings.Fields(line)
		if len(f) != 3 {
			continue
		}
		secret, err := hex.DecodeString(f[2])
		if err != nil {
			continue
		}
		secrets[f[0]] = secret
		random, _ = hex.DecodeString(f[1])
	}
	return secrets, random
}

// maxFarewell is for how long a server is listened to that does not close the
// connection.
const maxFarewell = time.Second

// farewell says goodbye, and listens for what the server has to say: in TLS 1.3 tickets
// come after the handshake, and only then it says that it wants a certificate.
func (h *handshake) farewell(conn net.Conn, c *tls.Conn, quiet bool) error {
	if quiet {
		conn.SetReadDeadline(time.Now().Add(maxFarewell))
		if _, err := io.Copy(io.Discard, io.LimitReader(c, maxAnswer)); err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
			return err
		}
	}
	if err := c.CloseWrite(); err != nil {
		return err
	}
	conn.SetReadDeadline(time.Now().Add(maxFarewell))
	_, err := io.Copy(io.Discard, io.LimitReader(c, maxAnswer))
	h.kept = err == nil
	return err
}

// remoteAlert is the alert in an error of package tls.
func remoteAlert(err error) (string, bool) {
	op, ok := errors.AsType[*net.OpError](err)
	if !ok || op.Op != "remote error" {
		return "", false
	}
	return strings.TrimPrefix(op.Err.Error(), "tls: "), true
}

// allCipherSuites lists what package tls has, the insecure ones too.
var allCipherSuites = sync.OnceValue(func() []uint16 {
	var out []uint16
	for _, s := range append(tls.CipherSuites(), tls.InsecureCipherSuites()...) {
		out = append(out, s.ID)
	}
	return out
})

// strayCertificate is a certificate that nobody issued, for its own name.
var strayCertificate = sync.OnceValues(func() (*tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	now := time.Now()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "not issued by anybody"}, NotBefore: now.Add(-time.Hour), NotAfter: now.Add(24 * time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, err
})

// authorities are the names of distinguished names.
func authorities(raw [][]byte) []string {
	var out []string
	for _, der := range raw {
		out = append(out, nameOf(der))
	}
	slices.Sort(out)
	return slices.Compact(out)
}
