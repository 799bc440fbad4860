// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package tlsprobe

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"maps"
	"slices"
	"sync"
	"time"
)

// findings are what was seen beside the answers to hellos.
type findings struct {
	mu         sync.Mutex
	chains     []Chain
	client     ClientAuth
	alpn       []string
	authTried  bool
	resumption State

	resumptionOf Version
	fallback     State
	noName       NameAnswer
	wrongName    NameAnswer
	problems     []Problem

	earlyData, renegotiation State
	lifetime                 time.Duration // of tickets
}

// inspect looks at what an endpoint does beside taking what it takes: which is known
// now.
func (p *prober) inspect(ctx context.Context) {
	version := func(v Version) bool {
		p.mu.Lock()
		defer p.mu.Unlock()
		return len(p.seen.suites[v]) > 0
	}
	p.found.client.State = AuthUnknown
	p.found.resumption, p.found.fallback = Unknown, Unknown
	for _, o := range p.seen.list {
		if o.accepted() && o.flight.version != TLS13 {
			p.keepFlight(o)
		}
	}
	var newest Version // up to TLS 1.2, that package tls has
	for _, v := range []Version{TLS12, TLS11, TLS10} {
		if version(v) {
			newest = v
			break
		}
	}
	var wg sync.WaitGroup
	if version(TLS13) {
		wg.Go(func() { p.signatures13(ctx) })
		wg.Go(func() { p.complete(ctx, TLS13) })
	}
	if newest != 0 && p.isSmall(newest) {
		p.askExtensions(ctx, newest)
	}
	if newest != 0 {
		wg.Go(func() { p.signatures12(ctx, newest) })
		wg.Go(func() { p.complete(ctx, newest) })
		wg.Go(func() { p.renegotiate(ctx, newest) })
	}
	wg.Go(func() { p.found.fallback = p.downgrade(ctx) })
	wg.Wait()
	if sniName(p.name) != "" {
		wg.Go(func() { p.found.noName = p.otherName(ctx, "") })
		wg.Go(func() { p.found.wrongName = p.otherName(ctx, "not-this-one.invalid") })
		wg.Wait()
	}
}

// askExtensions asks for what is left out of hellos that have to be small: with a suite
// of CBC, if there is one, for that is asked about, too.
func (p *prober) askExtensions(ctx context.Context, v Version) {
	p.mu.Lock()
	suites := slices.Sorted(maps.Keys(p.seen.suites[v]))
	p.mu.Unlock()
	if slices.ContainsFunc(suites, isCBC) {
		suites = slices.DeleteFunc(suites, func(id SuiteID) bool { return !isCBC(id) })
	}
	h := p.offer(v, p.fitting(v, suites), p.usable(v, groupsFor(v)))
	h.bare, h.compression = false, true
	p.ask(ctx, h)
}

// keepFlight keeps the chain of an answer in clear.
func (p *prober) keepFlight(o *observation) {
	f := o.flight
	timestamps, _ := f.extension(extSCT)
	p.keepChain(f.version, o.hello.serverName, f.certificates, f.status, timestamps)
	if f.request != nil {
		p.keepRequest(f.version, f.request)
	}
}

// keepRequest keeps that a certificate was asked for.
func (p *prober) keepRequest(v Version, r *certificateRequest) {
	p.found.mu.Lock()
	defer p.found.mu.Unlock()
	c := &p.found.client
	if !slices.Contains(c.Versions, v) {
		c.Versions = append(c.Versions, v)
		slices.Sort(c.Versions)
		slices.Reverse(c.Versions)
	}
	c.Authorities = append(c.Authorities, authorities(r.authorities)...)
	slices.Sort(c.Authorities)
	c.Authorities = slices.Compact(c.Authorities)
	c.Schemes = append(c.Schemes, r.schemes...)
	slices.Sort(c.Schemes)
	c.Schemes = slices.Compact(c.Schemes)
}

// maxChains bounds the different chains that are kept of one endpoint.
const maxChains = 16

// keepChain keeps a chain, if it is another than those that are known.
func (p *prober) keepChain(v Version, name string, ders [][]byte, staple, timestamps []byte) {
	if len(ders) == 0 {
		return
	}
	name = sniName(name)
	p.found.mu.Lock()
	defer p.found.mu.Unlock()
	for i := range p.found.chains {
		c := &p.found.chains[i]
		if c.SNI != name || len(c.Certificates) != len(ders) || !slices.EqualFunc(c.Certificates, ders, func(c Certificate, der []byte) bool { return bytes.Equal(c.DER, der) }) {
			continue
		}
		if !slices.Contains(c.Versions, v) {
			c.Versions = append(c.Versions, v)
		}
		if c.Staple == nil {
			c.Staple = staple
		}
		if c.Timestamps == nil {
			c.Timestamps = timestamps
		}
		return
	}
	if len(p.found.chains) == maxChains {
		return
	}
	c := Chain{Versions: []Version{v}, SNI: name, Staple: staple, Timestamps: timestamps}
	for _, der := range ders {
		c.Certificates = append(c.Certificates, ParseCertificate(der))
	}
	p.found.chains = append(p.found.chains, c)
}

// hello13 is a hello of TLS 1.3 with which a handshake can be begun here, with some of the
// suites that can be decrypted; nil if the server takes none. Where it has curveSM2, that
// is for the suites of RFC 8998 (section 3.3.1), and others for others.
func (p *prober) hello13(suites []SuiteID) *hello {
	p.mu.Lock()
	defer p.mu.Unlock()
	h := &hello{version: TLS13, schemes: schemesFor(TLS13), bare: p.small[TLS13]}
	for _, id := range suites {
		if p.seen.suites[TLS13][id] {
			h.suites = append(h.suites, id)
		}
	}
	groups := slices.DeleteFunc(slices.Clone(exchangeable), func(id GroupID) bool { return !p.seen.groups[TLS13][id] })
	if len(h.suites) == 0 || len(groups) == 0 {
		return nil
	}
	h.groups = groups[:1]
	if isSM4(suites[0]) && groups[len(groups)-1] == curveSM2 {
		h.groups = groups[len(groups)-1:]
	}
	return h
}

// signatures13 asks for the signature algorithms of TLS 1.3, and with them for the
// certificates of all kinds of keys.
func (p *prober) signatures13(ctx context.Context) {
	common, sm := p.hello13(decryptable), p.hello13(smDecryptable)
	if common == nil && sm == nil {
		p.problem("signature algorithms of TLS 1.3", EndGarbage, "no suite or no group that is understood here")
	}
	for _, all := range []*hello{common, sm} {
		if all != nil {
			p.signaturesOf(ctx, all)
		}
	}
}

// signaturesOf asks for those of some suites.
func (p *prober) signaturesOf(ctx context.Context, all *hello) {
	left := all.schemes
	for len(left) > 0 {
		h := *all
		h.schemes = left
		o, f := p.ask13(ctx, &h)
		if f == nil {
			if o.accepted() {
				p.problem("signature algorithms of TLS 1.3", EndGarbage, o.Detail)
			}
			return
		}
		timestamps := f.timestamps
		p.keepChain(TLS13, h.serverName, f.certificates, f.status, timestamps)
		if f.request != nil {
			p.keepRequest(TLS13, f.request)
		}
		next := slices.DeleteFunc(slices.Clone(left), func(id SignatureScheme) bool { return id == f.scheme })
		if len(next) == len(left) { // it signs with what was not offered
			return
		}
		left = next
	}
}

// signatures12 asks for the signature algorithms of TLS 1.2, for each kind of key.
func (p *prober) signatures12(ctx context.Context, v Version) {
	if v != TLS12 { // before, they are MD5 and SHA-1
		return
	}
	for _, key := range []string{"ECDSA", "RSA", "DSS"} {
		p.mu.Lock()
		suites := slices.Sorted(maps.Keys(p.seen.suites[v]))
		left := slices.DeleteFunc(schemesFor(v), func(id SignatureScheme) bool { return id.authentication() != key || p.seen.scheme(v, id) == Offered })
		p.mu.Unlock()
		suites = slices.DeleteFunc(suites, func(id SuiteID) bool { return !isSigned(SuiteOf(id)) || SuiteOf(id).Authentication != key })
		others := p.otherSuites(v, key)
		oddFirst(suites)
		groups := p.oddGroupsFirst(v, p.usable(v, groupsFor(v)))
		for suites = p.fitting(v, suites); len(left) > 0 && len(suites) > 0; {
			h := p.offer(v, slices.Concat(others, suites), groups)
			h.schemes = left
			o := p.ask(ctx, h)
			if !o.accepted() {
				break
			}
			p.keepFlight(o)
			if slices.Contains(others, o.flight.suite) { // another server, most probably: see contradiction
				others = nil
				continue
			}
			next := slices.DeleteFunc(slices.Clone(left), func(id SignatureScheme) bool { return id == o.scheme() })
			if len(next) == len(left) { // it signs with what was not offered
				break
			}
			left = next
		}
	}
}

// complete leads handshakes of a version to their end: one that keeps a ticket, one that
// uses it, and where a certificate of the client is asked for, one with a stray one.
func (p *prober) complete(ctx context.Context, v Version) {
	o := handshakeOptions{version: v, name: sniName(p.name), alpn: []string{"h2", "http/1.1"}, cache: tls.NewLRUClientSessionCache(4)}
	if v != TLS13 {
		o.alpn = []string{"http/1.1"} // so that both are seen
	}
	if p.isSmall(v) {
		o.alpn = nil
		p.problem("ALPN of "+v.String(), EndTimeout, "large hellos are lost")
	}
	first := p.shakeClearly(ctx, o)
	if !first.done && first.request == nil {
		p.problem("complete handshake of "+v.String(), first.end, first.detail)
		p.keepAuth(v, p.authInClear(v))
		return
	}
	p.keepTickets(v, first)
	if protocol := first.state.NegotiatedProtocol; protocol != "" {
		p.found.mu.Lock()
		p.found.alpn = append(p.found.alpn, protocol)
		p.found.mu.Unlock()
	}
	state := first.auth()
	if state == AuthUnknown {
		p.problem("client certificates in "+v.String(), first.end, first.detail)
	}
	p.keepAuth(v, state)
	if first.request != nil {
		p.tryStray(ctx, o)
	}
	if first.request != nil && p.own != nil {
		o.client = p.own
		if first = p.shakeClearly(ctx, o); p.keepOwn(v, first) {
			state = AuthOptional // the sessions of such clients can be seen
			p.keepTickets(v, first)
		}
	}
	if !first.done || state == AuthRequired {
		p.problem("sessions of "+v.String(), first.end, "the handshake needs a certificate of the client")
		return
	}
	second := p.resume(ctx, o)
	p.mu.Lock()
	limited := p.limit > 0 // a hello with a ticket may be too large
	p.mu.Unlock()
	lost := v == TLS13 && !first.kept && len(first.tickets13()) == 0 // a ticket may have been
	if !second.done || (limited || lost) && !second.resumed {
		p.problem("resumption of "+v.String(), second.end, second.detail)
		return
	}
	p.keepResumption(v, second.resumed)
}

// keepResumption keeps whether a session was resumed: in TLS 1.3, where there is it.
func (p *prober) keepResumption(v Version, resumed bool) {
	p.found.mu.Lock()
	defer p.found.mu.Unlock()
	if p.found.resumptionOf > v {
		return
	}
	p.found.resumptionOf, p.found.resumption = v, NotOffered
	if resumed {
		p.found.resumption = Offered
	}
}

// downgrade asks for a version that is not the newest, and says that it is a second
// try: a server that knows RFC 7507 refuses.
func (p *prober) downgrade(ctx context.Context) State {
	p.mu.Lock()
	var taken []Version
	for v := TLS13; v >= TLS10; v-- {
		if len(p.seen.suites[v]) > 0 {
			taken = append(taken, v)
		}
	}
	p.mu.Unlock()
	if len(taken) < 2 {
		return p.settled() // there is nothing to fall back to, as far as is known
	}
	v := taken[1]
	p.mu.Lock()
	suites := slices.Sorted(maps.Keys(p.seen.suites[v]))
	p.mu.Unlock()
	h := p.offer(v, p.fitting(v, suites), p.usable(v, groupsFor(v)))
	h.fallback = true
	o := p.ask(ctx, h)
	switch {
	case o.accepted():
		return NotOffered
	case o.says(alertFallback), o.refused(): // the same suites without the signal are taken
		return Offered
	}
	p.problem("fallback to "+v.String(), o.End, o.Detail)
	return Unknown
}

// settled is "" if it is known of each version whether it is offered, else Unknown.
func (p *prober) settled() State {
	p.mu.Lock()
	defer p.mu.Unlock()
	for v := SSL3; v <= TLS13; v++ {
		if state, _ := p.seen.version(v); state == Unknown {
			return Unknown
		}
	}
	return ""
}

// fitting leaves out suites for which there is no room in a hello that has to be small.
func (p *prober) fitting(v Version, suites []SuiteID) []SuiteID {
	if !p.isSmall(v) {
		return suites
	}
	return suites[:min(len(suites), 16)]
}

// add puts what was found into a result.
func (f *findings) add(r *Result) {
	f.mu.Lock()
	defer f.mu.Unlock()
	r.Certificates = f.chains
	slices.SortStableFunc(r.Certificates, func(a, b Chain) int {
		return cmp.Compare(a.Certificates[0].SHA256, b.Certificates[0].SHA256)
	})
	for _, c := range r.Certificates {
		slices.SortFunc(c.Versions, func(a, b Version) int { return cmp.Compare(b, a) })
	}
	shown := r.ClientAuth
	r.ClientAuth = f.client
	r.ClientAuth.Settle(shown)
	slices.Sort(f.alpn)
	r.ALPN = slices.Compact(f.alpn)
	r.Session.FallbackSCSV = f.fallback
	if r.Session.Resumption != "" {
		r.Session.Resumption = f.resumption
	}
	if r.Session.EarlyData != "" {
		r.Session.EarlyData = cmp.Or(f.earlyData, Unknown)
	}
	if r.Session.ClientRenegotiation != "" {
		r.Session.ClientRenegotiation = cmp.Or(f.renegotiation, Unknown)
	}
	r.Session.TicketLifetime = int(f.lifetime / time.Second)
	r.Session.NoName, r.Session.WrongName = f.noName, f.wrongName
	r.Unknown = append(r.Unknown, f.problems...)
	slices.SortStableFunc(r.Unknown, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Question, b.Question), cmp.Compare(a.End, b.End), cmp.Compare(a.Detail, b.Detail))
	})
}

// problem keeps what stayed unknown.
func (p *prober) problem(question string, end End, detail string) {
	p.found.mu.Lock()
	defer p.found.mu.Unlock()
	p.found.problems = append(p.found.problems, Problem{Question: question, End: end, Detail: detail, Times: 1})
}
