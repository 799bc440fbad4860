// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package tlsprobe

import "slices"

// scheme tells whether the server signs with an algorithm in a version.
func (all *observations) scheme(v Version, id SignatureScheme) State {
	for _, o := range all.list {
		if o.accepted() && o.flight.version == v && o.scheme() == id {
			return Offered
		}
	}
	if v < TLS13 && !slices.ContainsFunc(suitesFor(v), func(suite SuiteID) bool { return signsWith(suite, id) && all.suite(v, suite) != NotOffered }) {
		return NotOffered // with which no key is used
	}
	for _, o := range all.list {
		if o.hello.version == v && slices.Contains(o.hello.schemes, id) && (o.refused() || o.givesUp() && o.flight.version == v) && all.signs(v, o.hello, id) {
			return NotOffered
		}
	}
	return Unknown
}

// signs reports whether a refusal of a signature algorithm in a version cannot be for
// want of a suite or a group: one was offered that the server takes and signs for. In
// TLS 1.2 that has to be one of the algorithm's kind of key, and no suite of
// another: there are servers that choose a suite first, and then find that they cannot
// sign for it.
func (all *observations) signs(v Version, h *hello, id SignatureScheme) bool {
	if v < TLS13 && slices.ContainsFunc(h.suites, func(suite SuiteID) bool { return isSigned(SuiteOf(suite)) && !signsWith(suite, id) }) {
		return false
	}
	if v == TLS13 && !all.suits(h, id) {
		return false
	}
	for _, o := range all.list {
		if o.accepted() && o.flight.version == v && o.scheme() != 0 && slices.Contains(h.suites, o.flight.suite) &&
			(o.flight.group == 0 || slices.Contains(h.groups, o.flight.group)) && all.groupsServe(v, o.flight.suite, h.groups) {
			return true
		}
	}
	return false
}

// suits reports whether a hello of TLS 1.3 offers suites with which a server may sign with
// an algorithm: with those of RFC 8998 it signs with SM2 alone (section 3.3.4), and, where
// it has them, may do so with no others.
func (all *observations) suits(h *hello, id SignatureScheme) bool {
	sm := func(suite SuiteID) bool { return isSM4(suite) == (id == sm2sigSM3) }
	for suite := range all.suites[TLS13] {
		if sm(suite) {
			return slices.ContainsFunc(h.suites, sm)
		}
	}
	return true
}

// signsWith reports whether a signature algorithm is of the kind of key that a suite
// before TLS 1.3 is signed with. Ed25519 and Ed448 count as ECDSA (RFC 8422, section
// 5.10).
func signsWith(suite SuiteID, id SignatureScheme) bool {
	s := SuiteOf(suite)
	return isSigned(s) && s.Authentication == id.authentication()
}

// authentication is what suites of its kind of key are called after.
func (id SignatureScheme) authentication() string {
	switch {
	case id == 0x0807 || id == 0x0808 || id&0xFF == 3:
		return "ECDSA"
	case id < 0x0700 && id&0xFF == 2:
		return "DSS"
	}
	return "RSA"
}

// schemeList lists the signature algorithms that are offered in some version, or
// unknown in one whose servers sign.
func (all *observations) schemeList() []SignatureAlgorithm {
	var out []SignatureAlgorithm
	for _, s := range schemes {
		a := SignatureAlgorithmOf(s.id)
		a.State = NotOffered
		for _, v := range []Version{TLS13, TLS12} {
			version, _ := all.version(v)
			if version == NotOffered || !slices.Contains(schemesFor(v), s.id) || version == Offered && !all.signsAtAll(v) {
				continue
			}
			switch all.scheme(v, s.id) {
			case Offered:
				a.State, a.Versions = Offered, append(a.Versions, v)
			case Unknown:
				if a.State == NotOffered {
					a.State = Unknown
				}
			}
		}
		if a.State != NotOffered {
			out = append(out, a)
		}
	}
	return out
}

// signsAtAll reports whether some suite that is taken in a version has the server sign.
func (all *observations) signsAtAll(v Version) bool {
	if v == TLS13 {
		return true
	}
	for id := range all.suites[v] {
		if s := SuiteOf(id); isSigned(s) {
			return true
		}
	}
	return false
}

// isCertified reports whether a server shows a certificate with a suite.
func isCertified(s Suite) bool {
	return s.KeyExchange != "SRP" && !slices.Contains([]string{"none", "PSK", "SRP", "KRB5", "ECCPWD"}, s.Authentication)
}

// isSigned reports whether a server signs its part of a suite's key exchange.
func isSigned(s Suite) bool {
	return (s.KeyExchange == "ECDHE" || s.KeyExchange == "DHE") && s.Authentication != "none"
}
