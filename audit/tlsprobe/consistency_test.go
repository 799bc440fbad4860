// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package tlsprobe

import (
	"fmt"
	mathrand "math/rand/v2"
	"net"
	"slices"
	"strings"
	"testing"

	"github.com/goassay/assay/audit/tlsprobe/tlstest"
	"github.com/goassay/assay/internal/machine"
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

// TestContradictions: what one server would not do, and what one may.
func TestContradictions(t *testing.T) {
	all := func(v Version, suites ...SuiteID) *hello {
		h := offer(v, suites, groupsFor(v))
		h.serverName = "service.test"
		return h
	}
	took := func(h *hello, v Version, suite SuiteID, group GroupID, kinds ...uint16) *observation {
		f := &flight{version: v, suite: suite, group: group}
		for _, kind := range kinds {
			f.extensions = append(f.extensions, extension{kind: kind})
		}
		return &observation{Exchange: Exchange{End: EndAnswer}, hello: h, flight: f}
	}
	refused := func(h *hello, alert uint8) *observation {
		return &observation{Exchange: Exchange{End: EndAnswer}, hello: h, flight: &flight{alert: &Alert{2, alert}, alertVersion: h.version}}
	}
	with := func(h *hello, change func(*hello)) *hello {
		change(h)
		return h
	}
	marked := func(o *observation, mark string) *observation {
		o.flight.raw = append(make([]byte, 30), mark...)
		return o
	}
	one := func(groups ...GroupID) func(*hello) { return func(h *hello) { h.groups = groups } }
	fewer := func(h *hello) { h.schemes = h.schemes[1:] }
	clients := []*observation{ // who follows the client's order
		took(all(TLS12, 0xC02F, 0xC030), TLS12, 0xC02F, x25519), took(all(TLS12, 0xC030, 0xC02F), TLS12, 0xC030, x25519),
		took(all(TLS12, 0xC013), TLS12, 0xC013, x25519),
	}
	for name, test := range map[string]struct {
		list []*observation
		want string
	}{
		"a version":                    {[]*observation{took(all(TLS13, 0x1301), TLS13, 0x1301, x25519), refused(all(TLS13, 0x1302), 70)}, "refused TLS 1.3, which it took"},
		"a fallback":                   {[]*observation{took(all(TLS12, 0xC02F), TLS12, 0xC02F, x25519), refused(with(all(TLS12, 0xC030), func(h *hello) { h.fallback = true }), 70)}, ""},
		"a version, of another name":   {[]*observation{took(all(TLS13, 0x1301), TLS13, 0x1301, x25519), refused(with(all(TLS13, 0x1302), func(h *hello) { h.serverName = "other.test" }), 70)}, ""},
		"an older version":             {[]*observation{took(all(TLS12, 0xC02F), TLS12, 0xC02F, x25519), took(all(TLS12, 0xC013), TLS11, 0xC013, x25519)}, "answered TLS 1.2, which it took, with TLS 1.1"},
		"an older version alone":       {[]*observation{took(all(TLS12, 0xC013), TLS11, 0xC013, x25519)}, ""},
		"a group":                      {[]*observation{took(all(TLS13, 0x1301), TLS13, 0x1301, 24), refused(with(all(TLS13, 0x1301, 0x1302), one(24, 25)), 40)}, "refused TLS 1.3"},
		"a group, other schemes":       {[]*observation{took(all(TLS13, 0x1301), TLS13, 0x1301, 24), refused(with(with(all(TLS13, 0x1301), one(24)), fewer), 40)}, ""},
		"another group":                {[]*observation{took(all(TLS13, 0x1301), TLS13, 0x1301, 24), refused(with(all(TLS13, 0x1301), one(25)), 40)}, ""},
		"two suites of one offer":      {[]*observation{took(all(TLS12, 0xC02F, 0xC030), TLS12, 0xC02F, x25519), took(all(TLS12, 0xC02F, 0xC030), TLS12, 0xC030, x25519)}, "of the same offer"},
		"two groups of one offer":      {[]*observation{took(all(TLS12, 0xC02F), TLS12, 0xC02F, x25519), took(all(TLS12, 0xC02F), TLS12, 0xC02F, 24)}, "groups 0x0018 and 0x001D of the same offer"},
		"two keys":                     {[]*observation{took(all(TLS12, 0xC02F, 0xC02B), TLS12, 0xC02F, x25519), took(with(all(TLS12, 0xC02F, 0xC02B), fewer), TLS12, 0xC02B, x25519)}, ""},
		"extensions":                   {[]*observation{took(all(TLS12, 0xC02F), TLS12, 0xC02F, x25519, extSessionTicket), took(all(TLS12, 0xC030), TLS12, 0xC030, x25519)}, "with extensions [35] and []"},
		"extensions of CBC":            {[]*observation{took(all(TLS12, 0xC02F), TLS12, 0xC02F, x25519), took(all(TLS12, 0xC013), TLS12, 0xC013, x25519, extEncryptThenMAC, extPointFormats, extStatusRequest)}, ""},
		"extensions, bare":             {[]*observation{took(all(TLS12, 0xC02F), TLS12, 0xC02F, x25519, extSessionTicket), took(with(all(TLS12, 0xC030), func(h *hello) { h.bare = true }), TLS12, 0xC030, x25519)}, ""},
		"the mark of TLS 1.3":          {[]*observation{marked(took(all(TLS12, 0xC02F), TLS12, 0xC02F, x25519), "DOWNGRD\x01"), marked(took(all(TLS12, 0xC030), TLS12, 0xC030, x25519), "DOWNGRD\x00")}, "downgraded from TLS 1.3"},
		"no mark":                      {[]*observation{marked(took(all(TLS12, 0xC02F), TLS12, 0xC02F, x25519), "abcdefgh"), marked(took(all(TLS12, 0xC030), TLS12, 0xC030, x25519), "ijklmnop")}, ""},
		"the client's order, skipped":  {append(clients, took(with(all(TLS12, 0xC013, 0xC02F, 0xC030), fewer), TLS12, 0xC02F, x25519)), "the client's order decides"},
		"the client's order, followed": {append(clients, took(with(all(TLS12, 0xC013, 0xC02F, 0xC030), fewer), TLS12, 0xC013, x25519)), ""},
		"the client's order, no group": {append(clients, took(with(with(all(TLS12, 0xC013, 0xC02F), fewer), one(25)), TLS12, 0xC02F, 0)), ""},
	} {
		seen := &observations{}
		for _, o := range test.list {
			seen.add(o)
		}
		if got := seen.contradiction(); !strings.Contains(got, test.want) || test.want == "" && got != "" {
			t.Errorf("%s: %q, not %q", name, got, test.want)
		}
	}
}

// TestProbeBackends probes pairs of servers behind one address that a connection leads to
// either of: nearly always that is noticed. By chance it may not be, but not in most of some
// runs.
func TestProbeBackends(t *testing.T) {
	machine.Need(t, "nginx")
	machine.Need(t, "openssl")
	made := tlstest.NewCertificate(t, "rsa", "example.com")
	const (
		versions = "ssl_protocols TLSv1.2 TLSv1.3; "
		groups   = "ssl_ecdh_curve X25519:P-256:P-384; "
		ciphers  = "ssl_ciphers ECDHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-AES256-GCM-SHA384; "
	)
	nginx := func(directives string) string {
		return tlstest.Nginx(t, fmt.Sprintf("server { listen LISTEN ssl; ssl_certificate %s; ssl_certificate_key %s; %s return 200; }", made.CertFile, made.KeyFile, directives)).Address
	}
	plain := nginx(versions + groups + ciphers)
	for name, other := range map[string]string{
		"no TLS 1.3": nginx("ssl_protocols TLSv1.2; " + groups + ciphers),
		"CBC":        nginx(versions + groups + "ssl_ciphers ECDHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-AES256-GCM-SHA384:ECDHE-RSA-AES128-SHA:AES128-SHA;"),
		"a group":    nginx(versions + ciphers + "ssl_ecdh_curve X25519:P-256:P-384:P-521;"),
		"no tickets": nginx(versions + groups + ciphers + "ssl_session_tickets off;"),
	} {
		t.Run(name, func(t *testing.T) {
			front := tlstest.Front(t, func(*tlstest.Hello) func(net.Conn, *tlstest.Hello) {
				return tlstest.Relay([]string{plain, other}[mathrand.IntN(2)])
			})
			const runs = 8
			noticed := 0
			for range runs {
				r := probe(t, front, Options{})
				if slices.ContainsFunc(r.Unknown, func(p Problem) bool { return p.Question == Consistency }) {
					noticed++
				}
			}
			if noticed <= runs/2 {
				t.Errorf("noticed in %d of %d runs", noticed, runs)
			}
		})
	}
}
