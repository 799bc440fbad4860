// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package tlsprobe

import (
	"context"
	"maps"
	"slices"
	"strings"
)

// settleOrder asks for what the elimination left open of whose order decides.
func (p *prober) settleOrder(ctx context.Context, v Version) {
	for range 40 {
		p.mu.Lock()
		h := p.seen.orderQuestion(v)
		p.mu.Unlock()
		if h == nil || !p.ask(ctx, p.offer(v, h.suites, p.usable(v, h.groups))).accepted() {
			return
		}
	}
}

// orderQuestion returns a hello that tells more of whose order decides, nil if nothing
// is open.
func (all *observations) orderQuestion(v Version) *hello {
	taken := slices.DeleteFunc(slices.Sorted(maps.Keys(all.suites[v])), isSRP)
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
		if last := aesFirst(order); last[0] != order[len(order)-1] {
			order = last
		}
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
			return offer(v, aesFirst(rest), groupsFor(v))
		}
	}
	return nil
}

// seemsClient reports whether a server chose the first suite of each of several offers
// that it has: most probably because it was the first.
func (all *observations) seemsClient(v Version) bool {
	chosen, offers := all.choices(v, slices.Sorted(maps.Keys(all.suites[v])))
	for i, offer := range offers {
		if chosen[i] != offer[0] {
			return false
		}
	}
	return len(chosen) > 2
}

// aesFirst moves the suites with AES-GCM to the front of an offer, and those with
// ChaCha20 to its end, as a client has them whose processor knows AES: there are servers
// whose order depends on it (SSL_OP_PRIORITIZE_CHACHA of OpenSSL; package tls).
func aesFirst(suites []SuiteID) []SuiteID {
	rank := func(id SuiteID) int {
		switch s := SuiteOf(id); {
		case s.Cipher != "AES_128_GCM" && s.Cipher != "AES_256_GCM":
		case s.KeyExchange == "ECDHE" || s.KeyExchange == "any": // those that package tls looks at
			return 0
		}
		if strings.HasPrefix(SuiteOf(id).Cipher, "CHACHA20") {
			return 2
		}
		return 1
	}
	out := slices.Clone(suites)
	slices.SortStableFunc(out, func(a, b SuiteID) int { return rank(a) - rank(b) })
	return out
}

// usable leaves out the groups that the server has not, where a hello has to be small.
func (p *prober) usable(v Version, groups []GroupID) []GroupID {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.small[v] || len(p.seen.groups[v]) == 0 {
		return groups
	}
	return slices.DeleteFunc(slices.Clone(groups), func(id GroupID) bool { return !p.seen.groups[v][id] && !p.seen.curves[id] })
}

func containsAll(offer, ids []SuiteID) bool {
	return !slices.ContainsFunc(ids, func(id SuiteID) bool { return !slices.Contains(offer, id) })
}

// freely reports whether a server could choose among suites of a hello as it likes:
// nothing else in it kept any of them back.
func (all *observations) freely(o *observation, among []SuiteID) bool {
	v, h := o.flight.version, o.hello
	if v >= TLS12 && len(h.schemes) < len(schemesFor(h.version)) {
		return false
	}
	return !slices.ContainsFunc(among, func(id SuiteID) bool { return !all.groupsServe(v, id, h.groups) })
}

// choices are the exchanges in which a server chose one of several suites that it
// takes, and nothing but their order can have decided.
func (all *observations) choices(v Version, taken []SuiteID) (chosen []SuiteID, offers [][]SuiteID) {
	for _, o := range all.list {
		if !o.accepted() || o.flight.version != v || !o.hello.covers(v) {
			continue
		}
		var offer []SuiteID
		for _, id := range o.hello.suites {
			if slices.Contains(taken, id) {
				offer = append(offer, id)
			}
		}
		if len(offer) > 1 && all.freely(o, offer) {
			chosen, offers = append(chosen, o.flight.suite), append(offers, offer)
		}
	}
	return chosen, offers
}

// preference tells whose order decides, and gives the suites in the server's, if that
// is it. It is "" where one order is as good an explanation as the other.
func (all *observations) preference(v Version, taken []SuiteID) (Preference, []SuiteID) {
	if len(taken) < 2 {
		return "", taken
	}
	chosen, offers := all.choices(v, taken)
	client := len(chosen) > 0
	for i, offer := range offers {
		client = client && chosen[i] == offer[0]
	}
	order, server := serverOrder(taken, chosen, offers)
	switch {
	case client && server:
		return "", taken
	case client:
		return PreferClient, taken
	case server:
		return PreferServer, order
	case len(chosen) == 0:
		return "", taken
	}
	return PreferNeither, taken
}

// serverOrder sorts suites so that each choice is the first of its offer, and reports
// whether that is possible. What the choices leave open is in order of code points.
func serverOrder(taken, chosen []SuiteID, offers [][]SuiteID) ([]SuiteID, bool) {
	before := map[[2]SuiteID]bool{}
	for i, offer := range offers {
		for _, other := range offer {
			if other != chosen[i] {
				before[[2]SuiteID{chosen[i], other}] = true
			}
		}
	}
	var order []SuiteID
	left := slices.Clone(taken)
	for len(left) > 0 {
		first := slices.IndexFunc(left, func(id SuiteID) bool {
			return !slices.ContainsFunc(left, func(other SuiteID) bool { return before[[2]SuiteID{other, id}] })
		})
		if first < 0 {
			return taken, false
		}
		order = append(order, left[first])
		left = slices.Delete(left, first, first+1)
	}
	return order, true
}
