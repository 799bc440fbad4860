// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package tlsprobe

import (
	"context"
	"maps"
	"slices"
	"sync"
)

// enumerate asks for all versions, each family on its own.
func (p *prober) enumerate(ctx context.Context) {
	var wg sync.WaitGroup
	wg.Go(func() { p.enumerateVersion(ctx, TLS13) })
	wg.Go(func() { p.enumerateTLS12(ctx) })
	wg.Go(func() {
		p.enumerateVersion(ctx, SSL2)
		p.enumerateVersion(ctx, TLCP)
	})
	wg.Wait()
	p.askAgain(ctx)
}

// askAgain asks again what the server closed the connection at, as long as nothing was
// known that it takes: if it does the same now, it refuses.
func (p *prober) askAgain(ctx context.Context) {
	for _, i := range p.openEnds() {
		p.mu.Lock()
		o, calm, proven := p.seen.list[i], p.seen.calm(i), p.seen.alive(i)
		p.mu.Unlock()
		send := func() *observation { return p.exchange(ctx, o.hello) }
		if !proven && !p.takesControl(ctx) {
			continue
		}
		again := send()
		if again.Confirmed = again.unclear() && again.End == o.End && calm; again.unclear() {
			again = p.confirm(ctx, again, send)
		}
		p.record(again)
		if again.accepted() || !again.refused() && p.ask(ctx, o.hello).accepted() { // it was overloaded, and there is more
			p.enumerateSuites(ctx, o.hello.version, o.hello.version == TLS13)
		}
	}
}

// openEnds lists the exchanges that the server ended without a word, and of whose
// hellos nothing is known yet, if it takes others: by their numbers.
func (p *prober) openEnds() []int {
	p.mu.Lock()
	defer p.mu.Unlock()
	var out []int
	for i, o := range p.seen.list {
		answered := slices.ContainsFunc(p.seen.list[i+1:], func(later *observation) bool {
			return later.hello == o.hello && (later.unclear() || later.accepted() || later.refused())
		})
		large := p.limit > 0 && len(o.Sent) >= p.limit // it was lost, and no answer
		if o.unclear() && p.control != nil && !answered && !large {
			out = append(out, i)
		}
	}
	return out
}

// alive reports whether the server took a hello that was sent after an exchange.
func (all *observations) alive(i int) bool {
	return slices.ContainsFunc(all.list[i+1:], func(o *observation) bool { return o.accepted() && o.after > i })
}

// calm reports whether the server shows no sign that it is overloaded: but for an
// exchange, and others with the same hello, all were answered.
func (all *observations) calm(i int) bool {
	return !slices.ContainsFunc(all.list, func(o *observation) bool {
		return o.hello != all.list[i].hello && !o.accepted() && !o.refused() && o.hello.version > TLCP
	})
}

// enumerateTLS12 asks for TLS 1.2 and all that is older: the server takes the newest
// that it has, and if it says that it has none of these, that is an answer about all
// that are older still.
func (p *prober) enumerateTLS12(ctx context.Context) {
	groups := true // of the newest version; the server has one list
	for v := TLS12; v >= SSL3; v-- {
		o := p.first(ctx, v)
		if o.rules(SSL3) {
			return
		}
		if o.accepted() {
			v = o.flight.version
		}
		if p.takes(v) {
			p.enumerateSuites(ctx, v, groups)
			groups = false
		}
	}
}

// enumerateVersion asks for one version alone.
func (p *prober) enumerateVersion(ctx context.Context, v Version) {
	if p.first(ctx, v); p.takes(v) {
		p.enumerateSuites(ctx, v, v == TLS13)
	}
}

// takes reports whether the server takes anything of a version.
func (p *prober) takes(v Version) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.seen.suites[v]) > 0
}

func offer(v Version, suites []SuiteID, groups []GroupID) *hello {
	return &hello{version: v, suites: suites, groups: groups, schemes: schemesFor(v)}
}

// offer makes a hello as this server wants it: small, with key shares.
func (p *prober) offer(v Version, suites []SuiteID, groups []GroupID) *hello {
	h := offer(v, suites, groups)
	p.mu.Lock()
	h.bare = p.small[v]
	shares := p.shares
	p.mu.Unlock()
	if v == TLS13 && shares {
		h.addShares()
	}
	return h
}

// addShares adds a key share for each group that can be exchanged here.
func (h *hello) addShares() {
	h.shares = nil
	for _, id := range h.groups {
		if pair, err := newKeyPair(id); err == nil {
			h.shares = append(h.shares, keyShare{id, pair.public})
		}
	}
}

// first offers all that there is in a version.
func (p *prober) first(ctx context.Context, v Version) *observation {
	h := p.offer(v, aesFirst(suitesFor(v)), groupsFor(v))
	h.compression = v < TLS13 && v >= SSL3
	if v < SSL3 { // what they close the connection at is asked again later, when more is known of the server
		o := p.exchange(ctx, h)
		p.record(o)
		return o
	}
	if p.tooLarge(h) {
		return p.firstSmall(ctx, v)
	}
	o := p.exchange(ctx, h)
	if o.lost() {
		p.record(o)
		if small := p.firstSmall(ctx, v); small != nil {
			return small
		}
		o = p.exchange(ctx, h)
	}
	o = p.askOn(ctx, o, func() *observation { return p.exchange(ctx, h) })
	if !o.accepted() && !o.refused() && o.End != EndBudget && o.End != EndUnreachable && p.speaksClear(ctx, v) {
		return o
	}
	switch {
	case o.wantsIdentity(): // it chose SRP: what else is there?
		others := p.offer(v, slices.DeleteFunc(aesFirst(suitesFor(v)), isSRP), groupsFor(v))
		others.compression = h.compression
		o = p.ask(ctx, others)
		if o.accepted() || o.refused() { // the alert is one of SRP
			p.eliminateSRP(ctx, v)
		}
	case v == TLS13 && o.refused() && !o.says(alertProtocolVersion) && ctx.Err() == nil:
		o = p.firstWithShare(ctx, o)
	}
	return o
}

// firstWithShare offers all that there is in TLS 1.3 with key shares to a server that
// took nothing without.
func (p *prober) firstWithShare(ctx context.Context, refused *observation) *observation {
	h := p.offer(TLS13, aesFirst(suitesFor(TLS13)), groupsFor(TLS13))
	h.addShares()
	o := p.ask(ctx, h)
	if !o.accepted() {
		return refused
	}
	p.mu.Lock()
	p.shares = true
	p.mu.Unlock()
	return o
}

// enumerateSuites asks for the suites of a version of which some is taken, and for the
// groups too, where they are wanted.
func (p *prober) enumerateSuites(ctx context.Context, v Version, wantGroups bool) {
	if v == SSL2 { // one answer names all
		return
	}
	if p.isSmall(v) {
		for _, h := range p.smallOffers(v) {
			p.eliminate(ctx, h, false)
		}
	} else {
		p.eliminate(ctx, offer(v, suitesFor(v), groupsFor(v)), wantGroups)
	}
	if wantGroups {
		p.enumerateGroups(ctx, v)
	}
	if !p.isSmall(v) && p.undecided(v) {
		p.eliminate(ctx, offer(v, suitesFor(v), groupsFor(v)), false)
	}
	p.settleOrder(ctx, v)
}

// eliminate offers what all has, without what was taken already, until the server
// refuses. In TLS 1.3 and with curves, each answer names a suite and a group; where the
// groups are to be found too, both are left out of the next offer.
func (p *prober) eliminate(ctx context.Context, all *hello, shrink bool) {
	v := all.version
	left := p.untaken(v, all.suites)
	vain := 0           // answers that named no new group, one after the other
	var again []SuiteID // whose place is asked for again
	for turn := 1; len(left) > 0; turn++ {
		if shrink = shrink && vain == 0 && !p.takesCommon13(v); !shrink { // the groups seem to be used up, or the suites: that is to be seen
			vain = 1
		}
		suites, groups := slices.Clone(left), all.groups
		if turn%2 == 1 { // so that a server that follows the client's order is found out
			slices.Reverse(suites)
		}
		if shrink {
			groups = p.unnamed(v, groups, slices.ContainsFunc(left, isECDSA))
		}
		named := p.countGroups(v)
		o := p.ask(ctx, p.offer(v, aesFirst(suites), groups))
		if o.wantsIdentity() {
			left = slices.DeleteFunc(left, isSRP)
			p.eliminateSRP(ctx, v)
			continue
		}
		if !o.accepted() || o.flight.version != v {
			return
		}
		if vain++; p.countGroups(v) > named {
			vain = 0
		}
		if vain == 1 && shrink { // a suite before it may have been left out for want of a group: it is asked for its place again
			again = append(again, o.flight.suite)
			continue
		}
		p.mu.Lock()
		if p.seen.seemsClient(v) { // it has no place
			left = slices.DeleteFunc(left, func(id SuiteID) bool { return slices.Contains(again, id) })
		}
		p.mu.Unlock()
		left = slices.DeleteFunc(left, func(id SuiteID) bool { return id == o.flight.suite })
	}
}

// takesCommon13 reports whether the server takes the three suites of TLS 1.3 that nearly
// all have, and few have more.
func (p *prober) takesCommon13(v Version) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return v == TLS13 && p.seen.suites[v][0x1301] && p.seen.suites[v][0x1302] && p.seen.suites[v][0x1303]
}

// eliminateSRP offers each suite of SRP alone: a server that chooses one complains that
// it does not know the user (RFC 5054, section 2.5.1.3), and does not say what it chose.
// No user is named, for the server would look him up; one that does not choose SRP
// without, as GnuTLS, seems not to have it.
func (p *prober) eliminateSRP(ctx context.Context, v Version) {
	for _, id := range p.untaken(v, suitesFor(v)) {
		if isSRP(id) {
			p.ask(ctx, p.offer(v, []SuiteID{id}, groupsFor(v)))
		}
	}
}

func isSRP(id SuiteID) bool { return SuiteOf(id).KeyExchange == "SRP" }

// enumerateGroups offers the groups that were not named yet, with suites that need one
// and are taken, until the server refuses. Suites of keys on a curve need that curve
// beside: they are used where there are no others.
func (p *prober) enumerateGroups(ctx context.Context, v Version) {
	for {
		named := p.countGroups(v)
		p.mu.Lock()
		suites := slices.Sorted(maps.Keys(p.seen.grouped[v]))
		p.mu.Unlock()
		keep := v != TLS13 && !slices.ContainsFunc(suites, func(id SuiteID) bool { return !isECDSA(id) })
		if !keep && v != TLS13 {
			suites = slices.DeleteFunc(suites, isECDSA)
		}
		left := p.unnamed(v, groupsFor(v), keep)
		if len(suites) == 0 || len(left) == 0 {
			return
		}
		suites = suites[:min(len(suites), 8)]                                              // so that the hello is small
		if !p.ask(ctx, p.offer(v, suites, left)).accepted() || p.countGroups(v) == named { // or the key's own curve: see bound
			return
		}
	}
}

// countGroups is how many groups the server named.
func (p *prober) countGroups(v Version) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.seen.groups[v])
}

// untaken leaves out the suites that the server took.
func (p *prober) untaken(v Version, suites []SuiteID) []SuiteID {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(suites), func(id SuiteID) bool { return p.seen.suites[v][id] })
}

// unnamed leaves out the groups that the server named. The curves of its keys may be
// kept, at the end.
func (p *prober) unnamed(v Version, groups []GroupID, keep bool) []GroupID {
	p.mu.Lock()
	defer p.mu.Unlock()
	out := slices.DeleteFunc(slices.Clone(groups), func(id GroupID) bool { return p.seen.groups[v][id] || keep && p.seen.curves[id] })
	if keep && v != TLS13 {
		out = append(out, slices.Sorted(maps.Keys(p.seen.curves))...)
	}
	return out
}

// undecided reports whether the state of a suite is unknown that asking may tell.
func (p *prober) undecided(v Version) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.ContainsFunc(suitesFor(v), func(id SuiteID) bool { return p.seen.suite(v, id) == Unknown })
}
