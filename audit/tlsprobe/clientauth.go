// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package tlsprobe

import (
	"context"
	"slices"
)

// authInClear tells whether a certificate is wanted, by the flights up to TLS 1.2, which
// are in clear: where there is no request in any of them, it is not.
func (p *prober) authInClear(v Version) ClientAuthState {
	p.mu.Lock()
	defer p.mu.Unlock()
	state := AuthUnknown
	for _, o := range p.seen.list {
		if !o.accepted() || o.flight.version != v || v == TLS13 || !o.flight.done {
			continue
		}
		if o.flight.request != nil {
			return AuthUnknown
		}
		state = AuthNone
	}
	return state
}

// auth tells whether a certificate is wanted, by a handshake without one.
func (h *handshake) auth() ClientAuthState {
	if h.request == nil {
		return AuthNone
	}
	return map[State]ClientAuthState{Offered: AuthOptional, NotOffered: AuthRequired, Unknown: AuthUnknown}[h.taken()]
}

// taken reports whether the server took the client's certificate, or that there was
// none. In TLS 1.3 it says so after the client's handshake is done: by an alert, or by
// going on. Tickets are something to go on with (RFC 8446, section 4.6.1).
func (h *handshake) taken() State {
	switch {
	case h.done && (h.kept || h.asked == TLS13 && len(h.tickets13()) > 0):
		return Offered
	case h.alert != "":
		return NotOffered
	}
	return Unknown
}

// shakeClearly leads a handshake to its end. Where the server ended it, and its alert was
// lost because of the farewell, it listens for it before, the next time.
func (p *prober) shakeClearly(ctx context.Context, o handshakeOptions) *handshake {
	h := p.shake(ctx, o)
	if h.request != nil && h.taken() == Unknown && h.end != EndBudget {
		o.quiet = true
		return p.shake(ctx, o)
	}
	return h
}

// keepAuth keeps what was found in a version. Where versions differ, the weakest counts:
// it is the client that chooses.
func (p *prober) keepAuth(v Version, state ClientAuthState) {
	p.found.mu.Lock()
	defer p.found.mu.Unlock()
	order := []ClientAuthState{AuthNone, AuthOptional, AuthUnknown, AuthRequired}
	c := &p.found.client
	if !p.found.authTried || slices.Index(order, state) < slices.Index(order, c.State) {
		c.State = state
	}
	p.found.authTried = true
}

// tryStray shows a certificate that nobody issued.
func (p *prober) tryStray(ctx context.Context, o handshakeOptions) {
	stray, err := strayCertificate()
	if err != nil {
		p.problem("stray client certificate", EndUnreachable, err.Error())
		return
	}
	o.client, o.cache = stray, nil
	h := p.shakeClearly(ctx, o)
	state := h.taken()
	if state == Unknown {
		p.problem("stray client certificate in "+o.version.String(), h.end, h.detail)
	}
	p.found.mu.Lock()
	defer p.found.mu.Unlock()
	order := []State{Offered, NotOffered, Unknown, ""} // it is the client that chooses the version
	if c := &p.found.client; slices.Index(order, state) < slices.Index(order, c.Unverified) {
		c.Unverified = state
	}
}

// keepOwn keeps whether the server took the client's own certificate, and reports it. It
// is the weakest that counts, as of others: a version that refuses.
func (p *prober) keepOwn(v Version, h *handshake) bool {
	state := h.taken()
	if state == Unknown {
		p.problem("the client's certificate in "+v.String(), h.end, h.detail)
	}
	p.found.mu.Lock()
	defer p.found.mu.Unlock()
	order := []State{NotOffered, Unknown, Offered, ""}
	if c := &p.found.client; slices.Index(order, state) < slices.Index(order, c.Own) {
		c.Own = state
	}
	return state == Offered
}
