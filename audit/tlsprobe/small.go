// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package tlsprobe

import (
	"cmp"
	"context"
	"slices"
	"strings"
)

// There are boxes that drop hellos of more than 256 bytes, or 512, or close the
// connection. What is lost on the way is asked for in small hellos.

// maxSmall is the length of a hello that gets through everywhere, in bytes.
const maxSmall = 255

// lost reports whether a hello may have been lost for its size.
func (o *observation) lost() bool {
	return len(o.Sent) > maxSmall && (o.End == EndTimeout || o.End == EndClosed || o.End == EndReset)
}

// isSmall reports whether hellos of a version have to be small.
func (p *prober) isSmall(v Version) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.small[v]
}

// tooLarge reports whether a hello is as large as one that was lost.
func (p *prober) tooLarge(h *hello) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if h.serverName != p.name {
		h.serverName = p.name
	}
	return p.limit > 0 && len(h.marshal()) >= p.limit
}

// firstSmall offers what there is in a version in small hellos, until one is taken or
// the version is refused, when a large one was lost. It returns nil if the small ones
// are lost, too, or the large one is not, the next time.
func (p *prober) firstSmall(ctx context.Context, v Version) *observation {
	var o *observation
	known := p.tooLarge(offer(v, suitesFor(v), groupsFor(v)))
	for i, h := range p.smallOffers(v) {
		if o = p.exchange(ctx, h); o.unclear() && known {
			o = p.confirm(ctx, o, func() *observation { return p.exchange(ctx, h) })
		}
		if p.record(o); !o.accepted() && !o.refused() && !known {
			return nil
		}
		if i == 0 && !known { // is it the size, or was the server busy?
			large := p.exchange(ctx, offer(v, suitesFor(v), groupsFor(v)))
			p.record(large)
			if !large.lost() {
				return nil
			}
			p.mu.Lock()
			if p.limit == 0 || p.limit > len(large.Sent) {
				p.limit = len(large.Sent)
			}
			p.mu.Unlock()
			known = true
		}
		if o.accepted() || o.rules(v-1) || ctx.Err() != nil {
			break
		}
	}
	p.mu.Lock()
	p.small[v] = true
	p.mu.Unlock()
	return o
}

// smallOffers splits all that there is in a version into hellos of at most maxSmall
// bytes, with what most servers take in the first.
func (p *prober) smallOffers(v Version) []*hello {
	var out []*hello
	if v == TLS13 {
		for part := range slices.Chunk(groupsFor(v), 12) {
			h := offer(v, suitesFor(v), part)
			h.bare = true
			out = append(out, h)
		}
		return out
	}
	suites := suitesFor(v)
	slices.SortStableFunc(suites, func(a, b SuiteID) int { return cmp.Compare(rarity(a), rarity(b)) })
	empty := &hello{version: v, groups: groupsFor(v), schemes: schemesFor(v), serverName: p.name, bare: true}
	for part := range slices.Chunk(suites, max(1, (maxSmall-len(empty.marshal()))/2)) {
		h := offer(v, part, groupsFor(v))
		h.bare = true
		out = append(out, h)
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
