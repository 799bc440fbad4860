// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package tlsprobe

import (
	"slices"
	"strings"
)

// session tells what hellos showed beside: the answers up to TLS 1.2.
func (all *observations) session() Session {
	old := all.applies(SSL3, TLS10, TLS11, TLS12)
	since10 := all.applies(TLS10, TLS11, TLS12)
	s := Session{
		ExtendedMasterSecret: since10, SecureRenegotiation: old, ClientRenegotiation: old, EncryptThenMAC: all.appliesCBC(), Compression: old,
		Tickets: since10, Resumption: all.applies(SSL3, TLS10, TLS11, TLS12, TLS13), EarlyData: all.applies(TLS13),
	}
	seen := func(state *State, yes bool) {
		if yes {
			*state = Offered
		} else if *state == Unknown {
			*state = NotOffered
		}
	}
	always := func(state *State, yes bool) { // of a protection the weakest answer counts: a client, or who is between, chooses the version
		if !yes {
			*state = NotOffered
		} else if *state == Unknown {
			*state = Offered
		}
	}
	has := func(f *flight, kind uint16) bool {
		_, ok := f.extension(kind)
		return ok
	}
	for _, o := range all.list {
		f := o.flight
		if !o.accepted() || f.version > TLS12 || f.version < SSL3 {
			continue
		}
		if o.hello.compression {
			seen(&s.Compression, f.compression == 1)
		}
		always(&s.SecureRenegotiation, has(f, extRenegotiationInfo))
		if f.version >= TLS10 {
			always(&s.ExtendedMasterSecret, has(f, extExtendedMasterSecret))
		}
		if o.hello.bare || f.version < TLS10 {
			continue
		}
		seen(&s.Tickets, has(f, extSessionTicket))
		if isCBC(f.suite) {
			always(&s.EncryptThenMAC, has(f, extEncryptThenMAC))
		}
	}
	s.FiniteFields = all.finiteFields()
	return s
}

// applies returns the state of a question about any of some versions that nobody asked
// yet: "" if none of them is offered.
func (all *observations) applies(versions ...Version) State {
	if slices.ContainsFunc(versions, func(v Version) bool { state, _ := all.version(v); return state != NotOffered }) {
		return Unknown
	}
	return ""
}

// appliesCBC does so for versions that have extensions, where they take suites with CBC.
func (all *observations) appliesCBC() State {
	for v := TLS10; v <= TLS12; v++ {
		if state, _ := all.version(v); state == Unknown {
			return Unknown
		}
		if slices.ContainsFunc(suitesFor(v), func(id SuiteID) bool { return isCBC(id) && all.suite(v, id) != NotOffered }) {
			return Unknown
		}
	}
	return ""
}

// isCBC reports whether a suite has the MAC beside the cipher, so that the order of the
// two matters (RFC 7366).
func isCBC(id SuiteID) bool { return strings.Contains(SuiteOf(id).Cipher, "CBC") }
