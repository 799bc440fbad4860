// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package tlsprobe

import (
	"maps"
	"slices"
)

// group tells whether a group can be negotiated in a version.
func (all *observations) group(v Version, id GroupID) State {
	if all.groups[v][id] {
		return Offered
	}
	for _, o := range all.list {
		i := slices.Index(o.hello.groups, id)
		if o.hello.version != v || i < 0 {
			continue
		}
		if o.refused() && all.suitesServe(v, o.hello.suites, o.hello.groups) && !all.missesShare(o.hello, id) {
			return NotOffered
		}
		if o.accepted() && o.flight.version == v && (i < slices.Index(o.hello.groups, o.flight.group) && all.bound(v, o.flight) || o.givesUp() && len(o.hello.schemes) >= len(schemesFor(o.hello.version))) {
			return NotOffered
		}
	}
	return Unknown
}

// givesUp reports whether the server chose a suite, and then found that it cannot
// exchange keys with it: it has none of the groups, or of the signature algorithms.
func (o *observation) givesUp() bool {
	f := o.flight
	return o.accepted() && f.version < TLS13 && f.version >= SSL3 && f.exchange == nil && f.alert != nil && (needsGroup(f.version, f.suite) || isSigned(SuiteOf(f.suite)))
}

// bound reports whether a server chose the curve of its key because there is no way
// around it: all suites that it takes and that need a group are of that key, and so
// every client has to name the curve. A group that came before it in the client's order
// and was not chosen is then one that the server has not, or that stands behind the curve
// in its own order, and it can never be negotiated.
func (all *observations) bound(v Version, f *flight) bool {
	if v == TLS13 || !all.curves[f.group] || !isECDSA(f.suite) {
		return false
	}
	for id := range all.grouped[v] {
		if !isECDSA(id) {
			return false
		}
	}
	return true
}

// suitesServe reports whether a refusal of groups in a version cannot be for want of a
// suite: one was offered that the server takes, and that needs a group, and no other
// than the one that is exchanged.
func (all *observations) suitesServe(v Version, suites []SuiteID, groups []GroupID) bool {
	return slices.ContainsFunc(suites, func(id SuiteID) bool {
		return all.grouped[v][id] && (v == TLS13 || !isECDSA(id) || all.groupsServe(v, id, groups))
	})
}

// groupsServe reports whether a refusal of a suite in a version cannot be for want of a
// group: all were offered, or one that the server takes, and those of its keys.
func (all *observations) groupsServe(v Version, id SuiteID, offered []GroupID) bool {
	if v < TLS10 || v == TLCP || len(offered) >= len(groupsFor(v)) { // or there is no such extension
		return true
	}
	if v < TLS13 && isECDSA(id) && len(all.curves) == 0 { // there may be such a key, on a curve that was not offered
		return false
	}
	if v < TLS13 && isECDSA(id) {
		for curve := range all.curves {
			if !slices.Contains(offered, curve) {
				return false
			}
		}
	}
	return slices.ContainsFunc(offered, func(g GroupID) bool { return all.groups[v][g] })
}

// isECDSA reports whether a suite before TLS 1.3 is of servers whose keys are on a curve.
func isECDSA(id SuiteID) bool { return SuiteOf(id).Authentication == "ECDSA" }

// groupList lists the groups that are offered in some version, or unknown in one that
// is, and those that resist quantum computers whatever their state.
func (all *observations) groupList() []Group {
	var out []Group
	var ids []GroupID
	for _, g := range groups {
		ids = append(ids, g.id)
	}
	for _, v := range Versions {
		for _, id := range slices.Sorted(maps.Keys(all.groups[v])) {
			if !slices.Contains(ids, id) {
				ids = append(ids, id)
			}
		}
	}
	asked := all.askedGroups()
	for _, id := range ids {
		g := GroupOf(id)
		g.State = NotOffered
		for _, v := range Versions {
			switch state := all.group(v, id); {
			case state == Offered:
				g.State, g.Versions = Offered, append(g.Versions, v)
			case state == Unknown && g.State == NotOffered && slices.Contains(asked, v) && slices.Contains(groupsFor(v), id):
				g.State = Unknown
			}
		}
		if g.State != NotOffered || g.PostQuantum {
			out = append(out, g)
		}
	}
	return out
}

// askedGroups lists the versions whose groups decide: TLS 1.3, and the newest of those
// before, for a server has one list for them; where they are taken, or that is unknown.
func (all *observations) askedGroups() []Version {
	var out []Version
	if all.usesGroups(TLS13) {
		out = append(out, TLS13)
	}
	for v := TLS12; v >= TLS10; v-- {
		if state, _ := all.version(v); state == NotOffered {
			continue
		}
		if all.usesGroups(v) {
			out = append(out, v)
		}
		break
	}
	return out
}

// usesGroups reports whether some suite that is taken in a version needs a group, or
// whether that is unknown.
func (all *observations) usesGroups(v Version) bool {
	if state, _ := all.version(v); state != Offered {
		return state == Unknown
	}
	return len(all.groups[v]) > 0 || slices.ContainsFunc(suitesFor(v), func(id SuiteID) bool {
		return needsGroup(v, id) && all.suite(v, id) == Unknown
	})
}

// needsGroup reports whether a suite's key exchange is on a curve, or in TLS 1.3.
func needsGroup(v Version, id SuiteID) bool {
	if v == TLS13 {
		return true
	}
	exchange := SuiteOf(id).KeyExchange
	return exchange == "ECDHE" || exchange == "ECDHE_PSK"
}
