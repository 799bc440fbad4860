// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package tlsprobe

import (
	"bytes"
	"cmp"
	"context"
	"maps"
	"slices"
)

// otherName asks for another name than the server's, and tells what it answers.
func (p *prober) otherName(ctx context.Context, name string) NameAnswer {
	p.mu.Lock()
	var h *hello
	for v := TLS12; v >= TLS10 && h == nil; v-- {
		if taken := slices.Sorted(maps.Keys(p.seen.suites[v])); len(taken) > 0 {
			certified := func(id SuiteID) bool { return isCertified(SuiteOf(id)) }
			h = &hello{version: v}
			if slices.ContainsFunc(taken, certified) { // another name may have another kind of key
				h.suites = slices.DeleteFunc(slices.Concat(taken, p.seen.rest(v, taken)), func(id SuiteID) bool { return !certified(id) })
			}
		}
	}
	p.mu.Unlock()
	var ders [][]byte
	var o *observation
	switch {
	case h != nil && len(h.suites) == 0:
		return "" // there is nothing to be compared
	case h != nil:
		h = p.offer(h.version, p.fitting(h.version, h.suites), p.usable(h.version, groupsFor(h.version)))
		h.otherName, h.serverName = true, name
		o = p.exchange(ctx, h)
		if o.accepted() {
			ders = o.flight.certificates
		}
	default:
		if h = cmp.Or(p.hello13(decryptable), p.hello13(smDecryptable)); h == nil {
			return ""
		}
		h.otherName, h.serverName = true, name
		var f *encryptedFlight
		if o, f = p.exchange13(ctx, h); f != nil {
			ders = f.certificates
		}
	}
	switch {
	case len(ders) > 0:
		if p.presents(ders[0]) {
			return SameChain
		}
		return OtherChain
	case o.accepted():
		return "" // with a suite that has no certificates
	case o.End == EndAnswer && o.flight.alert != nil:
		return Refused
	}
	p.problem("another server name", o.End, o.Detail)
	return ""
}

// rest are the suites of a version that are not among some.
func (all *observations) rest(v Version, taken []SuiteID) []SuiteID {
	return slices.DeleteFunc(suitesFor(v), func(id SuiteID) bool { return slices.Contains(taken, id) })
}

// presents reports whether a certificate is the first of a chain that is known.
func (p *prober) presents(leaf []byte) bool {
	p.found.mu.Lock()
	defer p.found.mu.Unlock()
	return slices.ContainsFunc(p.found.chains, func(c Chain) bool { return bytes.Equal(c.Certificates[0].DER, leaf) })
}
