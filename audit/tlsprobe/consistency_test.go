// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package tlsprobe

import (
	"slices"
	"testing"
)

// TestContradiction: a server that takes what it refused may be two, and then nothing that
// was refused is known to be refused by both.
func TestContradiction(t *testing.T) {
	asking := func(change func(*hello)) *hello {
		h := offer(TLS12, []SuiteID{0xC02F, 0x009C}, groupsFor(TLS12))
		h.serverName = "service.test"
		change(h)
		return h
	}
	as := func(*hello) {}
	took := &observation{Exchange: Exchange{End: EndAnswer}, hello: asking(as), flight: &flight{version: TLS12, suite: 0x009C}}
	for name, test := range map[string]struct {
		refused *hello
		want    string
	}{
		"the same":                   {asking(as), "refused TLS 1.2 0x009C, which it took"},
		"another suite":              {asking(func(h *hello) { h.suites = []SuiteID{0xC030} }), ""},
		"fewer groups":               {asking(func(h *hello) { h.groups = h.groups[1:] }), ""},
		"fewer signature algorithms": {asking(func(h *hello) { h.schemes = h.schemes[1:] }), ""},
		"another name":               {asking(func(h *hello) { h.serverName = "other.test" }), ""},
		"a fallback":                 {asking(func(h *hello) { h.fallback = true }), ""},
		"another version":            {offer(TLS11, []SuiteID{0x009C}, groupsFor(TLS11)), ""},
	} {
		all := &observations{}
		all.add(&observation{Exchange: Exchange{End: EndAnswer}, hello: test.refused, flight: &flight{alert: &Alert{2, 40}, alertVersion: TLS12}})
		all.add(took)
		if got := all.contradiction(); got != test.want {
			t.Errorf("%s: %q, not %q", name, got, test.want)
		}
		said := slices.ContainsFunc(all.problems(), func(p Problem) bool { return p.Question == Consistency })
		if said != (test.want != "") {
			t.Errorf("%s: %v", name, all.problems())
		}
	}
}

// TestWeakest: where versions differ in what protects a session, the weakest answer counts,
// whichever comes first.
func TestWeakest(t *testing.T) {
	answer := func(v Version, kinds ...uint16) *observation {
		f := &flight{version: v, suite: 0xC013}
		for _, kind := range kinds {
			f.extensions = append(f.extensions, extension{kind: kind})
		}
		return &observation{Exchange: Exchange{End: EndAnswer}, hello: offer(v, []SuiteID{0xC013}, groupsFor(v)), flight: f}
	}
	strong, weak := answer(TLS12, extRenegotiationInfo, extExtendedMasterSecret, extEncryptThenMAC), answer(TLS11)
	for name, test := range map[string]struct {
		list []*observation
		want State
	}{
		"strong":      {[]*observation{strong, strong}, Offered},
		"weak":        {[]*observation{weak}, NotOffered},
		"weak behind": {[]*observation{strong, weak}, NotOffered},
		"weak before": {[]*observation{weak, strong}, NotOffered},
		"none":        {nil, Unknown},
	} {
		all := &observations{}
		for _, o := range test.list {
			all.add(o)
		}
		s := all.session()
		if s.SecureRenegotiation != test.want || s.ExtendedMasterSecret != test.want || s.EncryptThenMAC != test.want {
			t.Errorf("%s: %+v", name, s)
		}
	}
}
