// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package tlsprobe

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"
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
	p.mu.Lock()
	var open []*observation
	for i, o := range p.seen.list {
		alive := slices.ContainsFunc(p.seen.list[i+1:], func(later *observation) bool { return later.accepted() && later.after > i })
		if o.unclear() && alive {
			open = append(open, o)
		}
	}
	p.mu.Unlock()
	for _, o := range open {
		if p.answered(o.hello) {
			continue
		}
		again := p.exchange(ctx, o.hello)
		if again.unclear() && again.End == o.End {
			again.Confirmed = true
			p.record(again)
			continue
		}
		p.record(again)
		if !again.refused() && p.ask(ctx, o.hello).accepted() { // it was overloaded, and there is more
			p.enumerateVersion(ctx, o.hello.version)
		}
	}
}

// answered reports whether a hello was sent again, and taken or refused.
func (p *prober) answered(h *hello) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.ContainsFunc(p.seen.list, func(o *observation) bool { return o.hello == h && o.settled() })
}

// enumerateTLS12 asks for TLS 1.2 and all that is older: the server takes the newest
// that it has, and so a refusal is one of all that are older still.
func (p *prober) enumerateTLS12(ctx context.Context) {
	groups := true // of the newest version; the server has one list
	for v := TLS12; v >= SSL3; v-- {
		first := p.first(ctx, v)
		if !first.accepted() {
			if a := first.flight; first.refused() && a.alert != nil && a.alert.Description == alertProtocolVersion {
				return
			}
			continue
		}
		v = first.flight.version
		p.enumerateSuites(ctx, v, groups)
		groups = false
	}
}

// enumerateVersion asks for one version alone.
func (p *prober) enumerateVersion(ctx context.Context, v Version) {
	if p.first(ctx, v).accepted() {
		p.enumerateSuites(ctx, v, v == TLS13)
	}
}

func offer(v Version, suites []SuiteID, groups []GroupID) *hello {
	return &hello{version: v, suites: suites, groups: groups, schemes: schemesFor(v)}
}

// maxSmall is the length of a hello that gets through everywhere, in bytes: there are
// boxes that drop what is longer than 256, or 512.
const maxSmall = 255

// first offers all that there is in a version. Where that is lost on the way, it finds
// out whether a small hello is not.
func (p *prober) first(ctx context.Context, v Version) *observation {
	h := offer(v, suitesFor(v), groupsFor(v))
	h.compression = v < TLS13 && v >= SSL3
	o := p.ask(ctx, h)
	if o.accepted() || o.refused() || o.End == EndBudget || o.End == EndUnreachable || v < SSL3 || p.speaksClear(ctx, v) {
		return o
	}
	for _, h := range smallOffers(v, suitesFor(v), groupsFor(v)) {
		if small := p.ask(ctx, h); small.accepted() {
			p.mu.Lock()
			p.chunked = true
			p.mu.Unlock()
			return small
		}
	}
	return o
}

// smallOffers splits an offer into hellos of at most maxSmall bytes, the ones that most
// servers take first.
func smallOffers(v Version, suites []SuiteID, groups []GroupID) []*hello {
	const most = 40 // suites, or groups in TLS 1.3
	var out []*hello
	if v == TLS13 {
		for part := range slices.Chunk(groups, 12) {
			out = append(out, &hello{version: v, suites: suites, groups: part, schemes: schemesFor(v), bare: true})
		}
		return out
	}
	suites = slices.Clone(suites)
	slices.SortStableFunc(suites, func(a, b SuiteID) int { return cmp.Compare(rarity(a), rarity(b)) })
	for part := range slices.Chunk(suites, most) {
		out = append(out, &hello{version: v, suites: part, groups: groups, schemes: schemesFor(v), bare: true})
	}
	return out
}

// rarity sorts what many servers have before what few have.
func rarity(id SuiteID) int {
	s := SuiteOf(id)
	n := 0
	if s.Authentication != "RSA" && s.Authentication != "ECDSA" {
		n += 4
	}
	if !strings.HasPrefix(s.Cipher, "AES_") && !strings.HasPrefix(s.Cipher, "3DES") {
		n += 2
	}
	if s.KeyExchange != "ECDHE" && s.KeyExchange != "RSA" {
		n++
	}
	return n
}

// enumerateSuites asks for the suites of a version of which some is taken, and for the
// groups too, where they are wanted.
func (p *prober) enumerateSuites(ctx context.Context, v Version, wantGroups bool) {
	p.mu.Lock()
	chunked := p.chunked
	p.mu.Unlock()
	switch {
	case v == SSL2: // one answer names all
		return
	case chunked:
		for _, h := range smallOffers(v, suitesFor(v), groupsFor(v)) {
			p.eliminate(ctx, h, false)
		}
	default:
		h := offer(v, suitesFor(v), groupsFor(v))
		p.eliminate(ctx, h, wantGroups)
	}
	if wantGroups && !chunked {
		p.enumerateGroups(ctx, v)
	}
	if !chunked && p.undecided(v) {
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
	vain := 0 // answers that named no new group, one after the other
	for turn := 1; len(left) > 0; turn++ {
		h := *all
		h.suites = slices.Clone(left)
		if turn%2 == 1 { // so that a server that follows the client's order is found out
			slices.Reverse(h.suites)
		}
		if shrink {
			h.groups = p.unnamed(v, all.groups, slices.ContainsFunc(left, isECDSA))
		}
		named := p.countGroups(v)
		o := p.ask(ctx, &h)
		if !o.accepted() && !o.failed() || o.flight.version != v {
			return
		}
		left = slices.DeleteFunc(left, func(id SuiteID) bool { return id == o.flight.suite })
		if vain++; p.countGroups(v) > named {
			vain = 0
		}
		shrink = shrink && vain < 2 // they seem to be used up, and the order of suites shall be seen
	}
}

// enumerateGroups offers the groups that were not named yet, with suites that need one
// and are taken, until the server refuses. Suites of keys on a curve need that curve
// beside: they are used where there are no others.
func (p *prober) enumerateGroups(ctx context.Context, v Version) {
	for {
		named := p.countGroups(v)
		p.mu.Lock()
		suites := slices.Sorted(maps.Keys(p.seen.grouped[v]))
		p.mu.Unlock()
		suites = slices.DeleteFunc(suites, func(id SuiteID) bool { return !needsGroup(v, id) })
		keep := v != TLS13 && !slices.ContainsFunc(suites, func(id SuiteID) bool { return !isECDSA(id) })
		if !keep && v != TLS13 {
			suites = slices.DeleteFunc(suites, isECDSA)
		}
		left := p.unnamed(v, groupsFor(v), keep)
		if len(suites) == 0 || len(left) == 0 {
			return
		}
		if !p.ask(ctx, offer(v, suites, left)).accepted() {
			return
		}
		if p.countGroups(v) == named { // the key's own curve: was the server free to choose?
			p.mu.Lock()
			taken := slices.Sorted(maps.Keys(p.seen.groups[v]))
			p.mu.Unlock()
			slices.SortFunc(taken, func(a, b GroupID) int { return slices.Index(groupsFor(v), b) - slices.Index(groupsFor(v), a) })
			if len(taken) > 1 {
				p.ask(ctx, offer(v, suites, taken))
			}
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

// settleOrder asks for what the elimination left open of whose order decides.
func (p *prober) settleOrder(ctx context.Context, v Version) {
	for range 40 {
		p.mu.Lock()
		h := p.seen.orderQuestion(v)
		p.mu.Unlock()
		if h == nil || !p.ask(ctx, h).accepted() {
			return
		}
	}
}

// orderQuestion returns a hello that tells more of whose order decides, nil if nothing
// is open.
func (all *observations) orderQuestion(v Version) *hello {
	taken := slices.Sorted(maps.Keys(all.suites[v]))
	if len(taken) < 2 {
		return nil
	}
	preference, _ := all.preference(v, taken)
	if preference == PreferClient || preference == PreferNeither {
		return nil
	}
	chosen, offers := all.choices(v, taken)
	order, _ := serverOrder(taken, chosen, offers)
	if preference == "" && len(chosen) >= len(taken)-1 { // the last comes first
		order = slices.Clone(order)
		slices.Reverse(order)
		return offer(v, order, groupsFor(v))
	}
	for i := range order[:len(order)-1] { // who is not known to be the first of those behind
		rest := order[i:]
		known := false
		for j, o := range offers {
			known = known || chosen[j] == rest[0] && containsAll(o, rest)
		}
		if !known {
			rest = slices.Clone(rest)
			slices.Reverse(rest)
			return offer(v, rest, groupsFor(v))
		}
	}
	return nil
}

func containsAll(offer, ids []SuiteID) bool {
	return !slices.ContainsFunc(ids, func(id SuiteID) bool { return !slices.Contains(offer, id) })
}
