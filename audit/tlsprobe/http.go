// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package tlsprobe

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// maxHead bounds what is read of an answer, in bytes.
const maxHead = 64 << 10

// askHTTP asks an endpoint that takes TLS for its root, where it speaks HTTP: it says so
// in ALPN, or by its answer.
func (p *prober) askHTTP(ctx context.Context) {
	if !p.taken() || p.target.StartTLS != "" {
		return
	}
	a, err := p.overTLS(ctx, http.MethodHead, p.own)
	if err != nil && err != errBudget && endOf(err) != EndGarbage && ctx.Err() == nil && p.gate.overloaded(alive) {
		a, err = p.overTLS(ctx, http.MethodHead, p.own)
	}
	if err != nil {
		end := endOf(err)
		if err == errBudget {
			end = EndBudget
		}
		p.problem("HTTP", end, reason(err))
	}
	if a != nil {
		p.web, p.webVersion = &a.HTTP, a.version
	}
}

// An httpAnswer is an answer to a request over TLS.
type httpAnswer struct {
	HTTP
	version   Version
	complaint Complaint
}

// overTLS asks for the root over TLS, with a client's certificate if there is one. It
// returns nothing for a server that does not speak HTTP, and an error where that stays
// open.
func (p *prober) overTLS(ctx context.Context, method string, certificate *tls.Certificate) (*httpAnswer, error) {
	conn, release, err := p.gate.connect(ctx)
	if err != nil {
		return nil, err
	}
	defer release()
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { conn.SetDeadline(time.Now()) })
	defer stop()
	conn.SetDeadline(time.Now().Add(p.timeout))
	c := tls.Client(conn, &tls.Config{
		ServerName: sniName(p.name), NextProtos: []string{"http/1.1"}, MinVersion: tls.VersionTLS10, CipherSuites: allCipherSuites(),
		InsecureSkipVerify: true, // what is presented is judged elsewhere
		GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			return cmp.Or(certificate, &tls.Certificate{}), nil
		},
	})
	begun := time.Now()
	if err := c.HandshakeContext(ctx); err != nil {
		if end := endOf(err); end == EndTimeout || end == EndReset {
			return nil, err
		}
		return nil, nil // it refuses, or takes only what package tls has not
	}
	said := c.ConnectionState().NegotiatedProtocol == "http/1.1"
	patience := min(max(4*time.Since(begun), 50*time.Millisecond), maxSilence)
	if said {
		patience = 2 * maxSilence
	}
	var a *httpAnswer
	if _, err = io.WriteString(c, p.request(method, "https")); err == nil {
		a, err = readHead(p.await(c, conn, patience), method, &url.URL{Scheme: "https", Host: p.authority("https"), Path: "/"})
	}
	if _, alert := remoteAlert(err); alert || !said && err != nil { // of a server that wants a certificate, say
		return nil, nil
	}
	if a != nil {
		a.version = Version(c.ConnectionState().Version)
	}
	return a, err
}

// await waits for the first bytes of a server that may not speak HTTP. If they do not
// come within some time, the client says that it has no more to say: most servers that
// wait for something else close the connection then, and need not be waited for.
func (p *prober) await(c *tls.Conn, conn net.Conn, patience time.Duration) io.Reader {
	first := make(chan []byte, 1)
	go func() {
		b := make([]byte, 4<<10)
		n, _ := c.Read(b)
		first <- b[:n]
	}()
	wait := time.NewTimer(patience)
	defer wait.Stop()
	select {
	case b := <-first:
		return io.MultiReader(bytes.NewReader(b), c)
	case <-wait.C:
	}
	conn.SetReadDeadline(time.Now().Add(min(p.timeout, maxSilence)))
	c.CloseWrite()
	return io.MultiReader(bytes.NewReader(<-first), c)
}

// headClear asks for the root in clear.
func (p *prober) headClear(ctx context.Context) *Plaintext {
	fact := &Plaintext{Protocol: "http"}
	t := p.open(ctx)
	if t == nil {
		return fact
	}
	defer t.end()
	if _, err := io.WriteString(t.conn, p.request(http.MethodHead, "http")); err != nil {
		return fact
	}
	if h, err := readHead(t.conn, http.MethodHead, &url.URL{Scheme: "http", Host: p.authority("http"), Path: "/"}); err == nil {
		fact.Redirect, fact.HSTS = h.Redirect, h.HSTS
	}
	return fact
}

// request is one for the root.
func (p *prober) request(method, scheme string) string {
	return method + " / HTTP/1.1\r\nHost: " + p.authority(scheme) + "\r\nUser-Agent: assay\r\nAccept: */*\r\nConnection: close\r\n\r\n"
}

// authority is what a URL calls the endpoint.
func (p *prober) authority(scheme string) string {
	host, port, _ := net.SplitHostPort(p.target.Address)
	host = cmp.Or(sniName(p.name), host)
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	if port != map[string]string{"http": "80", "https": "443"}[scheme] {
		host += ":" + port
	}
	return host
}

// readHead reads the head of an answer to a request for the root, and of the page only
// whether it complains of the client's certificate.
func readHead(r io.Reader, method string, root *url.URL) (*httpAnswer, error) {
	answer, err := http.ReadResponse(bufio.NewReader(io.LimitReader(r, maxHead)), &http.Request{Method: method})
	if err != nil {
		if errors.Is(err, io.ErrUnexpectedEOF) {
			err = io.EOF
		} else if _, ok := errors.AsType[net.Error](err); !ok && err != io.EOF {
			err = fmt.Errorf("%w: HTTP", errAnswer) // what package net/http says of it quotes it
		}
		return nil, err
	}
	h := &httpAnswer{HTTP: HTTP{Status: answer.StatusCode}}
	if method != http.MethodHead && h.Status/100 == 4 {
		page, _ := io.ReadAll(answer.Body) // what came of it
		h.complaint = complaintOf(page)
	}
	if h.Status/100 == 3 {
		h.Redirect = redirect(answer.Header.Get("Location"), root)
	}
	// Of several, the first counts (RFC 6797, section 8.1).
	if h.HSTS = answer.Header.Get("Strict-Transport-Security"); len(h.HSTS) > maxHeard {
		h.HSTS = h.HSTS[:maxHeard]
	}
	return h, nil
}

// redirect is where a Location leads, without what may be a secret; "" if it leads
// nowhere.
func redirect(location string, root *url.URL) string {
	u, err := url.Parse(location)
	if err != nil || location == "" || len(location) > 4*maxHeard {
		return ""
	}
	u = root.ResolveReference(u)
	if u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return ""
	}
	return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path, RawPath: u.RawPath}).String()
}
