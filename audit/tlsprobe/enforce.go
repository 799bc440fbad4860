// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package tlsprobe

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"net/http"
	"slices"
)

// A Request is one of HTTP over TLS for the root, and what of its answer tells whether the
// client's certificate was wanted. Nothing else is kept of it.
type Request struct {
	Method      string           `json:"method"`
	Certificate ShownCertificate `json:"certificate"`
	Status      int              `json:"status"`
	Complaint   Complaint        `json:"complaint,omitempty"`
}

// ShownCertificate is the client's certificate in the handshake before a request.
type ShownCertificate string

// The certificates.
const (
	ShownNone  ShownCertificate = "none"
	ShownStray ShownCertificate = "stray" // that nobody issued
	ShownOwn   ShownCertificate = "own"   // the client's own
)

// Complaint is what an answer says of the client's certificate.
type Complaint string

// The complaints.
const (
	CertificateMissing Complaint = "certificate-missing"
	CertificateBad     Complaint = "certificate-bad"
)

// complaints are sentences of pages with which servers refuse: those of nginx, and of what
// is made of it, for its codes 496 and 495, which it sends as 400.
var complaints = []struct {
	text string
	Complaint
}{
	{"No required SSL certificate was sent", CertificateMissing},
	{"The SSL certificate error", CertificateBad},
}

func complaintOf(page []byte) Complaint {
	for _, c := range complaints {
		if bytes.Contains(page, []byte(c.text)) {
			return c.Complaint
		}
	}
	return ""
}

// turnedAway reports whether an answer may be for want of a certificate, or of a better
// one. 495 and 496 are nginx's, where a page of its own is sent with them.
func (r *Request) turnedAway() bool {
	return r.Complaint != "" ||
		slices.Contains([]int{http.StatusBadRequest, http.StatusUnauthorized, http.StatusForbidden, 495, 496}, r.Status)
}

// admitted reports whether there was an answer that is none of these.
func (r *Request) admitted() bool { return r != nil && !r.turnedAway() }

// requestWith is the last request with a certificate; nil if there is none.
func (all *observations) requestWith(c ShownCertificate) *Request {
	for _, x := range slices.Backward(all.requests) {
		if x.Request.Certificate == c {
			return x.Request
		}
	}
	return nil
}

// clientAuth tells what requests show: where clients without a certificate are turned
// away, and whether those with one that nobody issued are. "" is for what they do not show.
func (all *observations) clientAuth() ClientAuth {
	none, stray, own := all.requestWith(ShownNone), all.requestWith(ShownStray), all.requestWith(ShownOwn)
	var c ClientAuth
	switch {
	case none == nil:
	case none.Complaint != "", none.turnedAway() && own.admitted():
		c.Enforced = EnforcedHTTP
	case none.admitted():
		c.Enforced = EnforcedNowhere
	}
	if stray != nil && (stray.Complaint != "" || stray.turnedAway() && (none.admitted() || own.admitted())) {
		c.Unverified = NotOffered
	}
	return c
}

// Settle completes what handshakes showed by what requests over TLS did, of which [Replay]
// tells.
func (c *ClientAuth) Settle(shown ClientAuth) {
	switch c.State {
	case AuthRequired:
		c.Enforced = EnforcedTLS
	case AuthOptional:
		c.Enforced = cmp.Or(shown.Enforced, EnforcedUnknown)
		if c.Unverified == Offered && shown.Unverified == NotOffered {
			c.Unverified = NotOffered
		}
	}
}

// enforce finds out whether a server that asks for a certificate, and does without in the
// handshake, turns clients away in HTTP: without one, and with one that nobody issued. It
// costs one connection for each, where the request that was made does not tell already.
func (p *prober) enforce(ctx context.Context) {
	p.found.mu.Lock()
	c := p.found.client
	p.found.mu.Unlock()
	if c.State != AuthOptional || p.web == nil {
		return
	}
	shown := ShownNone
	if p.own != nil {
		shown = ShownOwn
	}
	first := &Request{Method: http.MethodHead, Certificate: shown, Status: p.web.Status}
	p.keepRequestHTTP(p.webVersion, first)
	if shown != ShownNone || first.turnedAway() { // an answer to HEAD has no page that would say why
		p.askWith(ctx, ShownNone, nil)
	}
	if stray, err := strayCertificate(); err == nil && c.Unverified == Offered {
		p.askWith(ctx, ShownStray, stray)
	}
}

// askWith asks for the root with a certificate.
func (p *prober) askWith(ctx context.Context, shown ShownCertificate, certificate *tls.Certificate) {
	a, err := p.overTLS(ctx, http.MethodGet, certificate)
	if err == nil && a == nil { // it refuses in TLS now, or speaks HTTP no more
		err = errAnswer
	}
	if err != nil {
		end := endOf(err)
		if err == errBudget {
			end = EndBudget
		}
		p.problem("client certificates in HTTP", end, reason(err))
		return
	}
	p.keepRequestHTTP(a.version, &Request{Method: http.MethodGet, Certificate: shown, Status: a.Status, Complaint: a.complaint})
}

func (p *prober) keepRequestHTTP(v Version, r *Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.seen.requests = append(p.seen.requests, Exchange{Asked: v, End: EndAnswer, Request: r})
}
