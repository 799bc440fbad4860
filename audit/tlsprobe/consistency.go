// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package tlsprobe

import (
	"cmp"
	"fmt"
	"slices"
)

// Consistency is the question of a [Problem] whether an endpoint is one server, or several
// with the same settings. Where it is not, what one of them refused another one may take.
const Consistency = "consistency"

// contradiction tells what one server would not do: it took something once and refused it
// another time, or answered the same in two ways. "" if there is no such thing.
func (all *observations) contradiction() string {
	for _, find := range []func(*observation) string{all.refusedVersion, all.refusedSuite, all.refusedGroup, all.answeredOlder, all.skippedSuite} {
		for _, o := range all.list {
			if detail := find(o); detail != "" {
				return detail
			}
		}
	}
	return cmp.Or(all.choseOtherwise(), all.answeredOtherwise())
}

// refusedVersion tells whether a server said that it has not a version which it took.
func (all *observations) refusedVersion(o *observation) string {
	v := o.hello.version
	if o.hello.fallback || v < SSL3 || !o.says(alertProtocolVersion) || !all.takesNamed(v, o.hello.serverName) {
		return ""
	}
	return "refused " + v.String() + ", which it took"
}

// takesNamed reports whether a version was taken in an exchange with a name.
func (all *observations) takesNamed(v Version, name string) bool {
	return slices.ContainsFunc(all.list, func(o *observation) bool {
		return o.accepted() && o.flight.version == v && o.hello.version == v && o.hello.serverName == name
	})
}

// answeredOlder tells whether a server answered with an older version than it has of those
// that were offered: it chooses the version before all else (RFC 5246, appendix E.1).
func (all *observations) answeredOlder(o *observation) string {
	v := o.hello.version
	if !o.accepted() || v < SSL3 || v == TLS13 || o.flight.version >= v || !all.takesNamed(v, o.hello.serverName) {
		return ""
	}
	return "answered " + v.String() + ", which it took, with " + o.flight.version.String()
}

// refusedSuite tells whether a server refused a suite which it took, with nothing in the
// hello that would be the reason.
func (all *observations) refusedSuite(o *observation) string {
	h, v := o.hello, o.hello.version
	if !o.refused() || h.fallback || v < SSL3 || v == TLCP || all.missesShare(h, 0) {
		return ""
	}
	for _, id := range h.suites { // the server may have chosen one of these, and then found no group
		if all.suites[v][id] && !all.groupsServe(v, id, h.groups) {
			return ""
		}
	}
	for _, id := range h.suites {
		took := func(other *observation) bool {
			return other.accepted() && other.flight.version == v && other.flight.suite == id && other.hello.version == v && other.hello.serverName == h.serverName
		}
		signs := len(h.schemes) >= len(schemesFor(v)) || v == TLS12 && !isSigned(SuiteOf(id)) && !slices.ContainsFunc(h.suites, func(id SuiteID) bool { return isSigned(SuiteOf(id)) })
		if signs && !isSRP(id) && slices.ContainsFunc(all.list, took) {
			return "refused " + v.String() + " " + id.String() + ", which it took"
		}
	}
	return ""
}

// refusedGroup tells whether a server refused a group which it took, with a suite that needs
// one.
func (all *observations) refusedGroup(o *observation) string {
	h, v := o.hello, o.hello.version
	if !o.refused() || h.fallback || len(h.schemes) < len(schemesFor(v)) || all.missesShare(h, 0) || !all.suitesServe(v, h.suites, h.groups) {
		return ""
	}
	for _, id := range h.groups {
		took := func(other *observation) bool {
			return other.accepted() && other.flight.version == v && other.flight.group == id && other.hello.serverName == h.serverName
		}
		if all.groups[v][id] && !all.missesShare(h, id) && slices.ContainsFunc(all.list, took) && (v == TLS13 || !all.curves[id]) { // the curve of a key stands beside all
			return "refused " + v.String() + " group " + id.String() + ", which it took"
		}
	}
	return ""
}

// skippedSuite tells whether a server that follows the client's order did not: one that was
// offered before the suite that it chose is not taken by all.
func (all *observations) skippedSuite(o *observation) string {
	v := o.hello.version
	if !o.accepted() || o.givesUp() || v != TLS12 || o.flight.version != v {
		return ""
	}
	var taken []SuiteID
	for _, id := range o.hello.suites {
		if all.suites[v][id] && !isSRP(id) {
			taken = append(taken, id)
		}
	}
	other := func(id SuiteID) bool { // with another kind of key, for which there may be no signature algorithm
		s := SuiteOf(id)
		return isSigned(s) && s.Authentication != SuiteOf(o.flight.suite).Authentication || !all.groupsServe(v, id, o.hello.groups)
	}
	if len(taken) < 2 || taken[0] == o.flight.suite || slices.ContainsFunc(taken, other) {
		return ""
	}
	if preference, _ := all.preference(v, taken); preference != PreferClient {
		return ""
	}
	return "chose " + v.String() + " " + o.flight.suite.String() + ", where " + taken[0].String() + " stood before it, and the client's order decides"
}

// choseOtherwise tells whether a server chose two suites, or two groups, of the same offer.
// With other signature algorithms it may have to choose a suite of another kind of key, or
// one without a signature.
func (all *observations) choseOtherwise() string {
	seen := map[string]*observation{}
	for _, o := range all.list {
		f, h := o.flight, o.hello
		if !o.accepted() || o.givesUp() || f.version < TLS12 || f.version != h.version {
			continue
		}
		suite := SuiteOf(f.suite)
		asked := fmt.Sprint(f.version, h.serverName, h.bare, h.compression, h.fallback, f.retry, h.suites, h.groups, isSigned(suite), suite.Authentication)
		before := seen[asked]
		switch {
		case before == nil:
			seen[asked] = o
		case before.flight.suite != f.suite:
			return "chose " + f.version.String() + " " + f.suite.String() + " and " + before.flight.suite.String() + " of the same offer"
		case before.flight.group != f.group:
			return "chose " + f.version.String() + " groups " + f.group.String() + " and " + before.flight.group.String() + " of the same offer"
		}
	}
	return ""
}

// variable are the extensions that one server sends, and does not send: with suites of
// curves alone, of CBC alone, or once it has a response.
var variable = []uint16{extPointFormats, extEncryptThenMAC, extStatusRequest, extSCT}

// downgrade is what a server says with the random of its ServerHello of the versions that it
// has: one that has TLS 1.3 ends that of TLS 1.2 with a mark (RFC 8446, section 4.1.3).
func (f *flight) downgrade() string {
	const header, random = 6, 32
	if len(f.raw) < header+random || f.version > TLS12 {
		return ""
	}
	switch string(f.raw[header+24 : header+random]) {
	case "DOWNGRD\x01":
		return ", downgraded from TLS 1.3"
	case "DOWNGRD\x00":
		return ", downgraded from TLS 1.2 or newer"
	}
	return ""
}

// answeredOtherwise tells whether two answers of one version differ in what does not depend
// on what was asked: in the extensions of the ServerHello, and in what it says of other
// versions.
func (all *observations) answeredOtherwise() string {
	seen := map[string]string{}
	for _, o := range all.list {
		if !o.accepted() || o.flight.version < TLS10 || o.flight.version == TLCP {
			continue
		}
		f, h := o.flight, o.hello
		asked := fmt.Sprint(f.version, h.version, h.serverName, h.bare, h.compression, h.fallback, f.retry)
		var kinds []uint16
		for _, e := range f.extensions {
			if !slices.Contains(variable, e.kind) {
				kinds = append(kinds, e.kind)
			}
		}
		answer := fmt.Sprint(kinds) + f.downgrade()
		if before, ok := seen[asked]; ok && before != answer {
			return "answered " + f.version.String() + " with extensions " + before + " and " + answer
		}
		seen[asked] = answer
	}
	return ""
}
