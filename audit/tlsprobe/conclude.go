// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package tlsprobe

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// observations are what a server was seen to do. All that is said of its versions,
// suites and groups follows from them, now and when a stored report is checked.
type observations struct {
	list []*observation

	// What was taken, by version: suites; groups; and suites together with a group.
	suites  map[Version]map[SuiteID]bool
	groups  map[Version]map[GroupID]bool
	grouped map[Version]map[SuiteID]bool

	// curves are those of the keys in certificates. Before TLS 1.3 a server that signs
	// with a key on a curve takes no suite that does, unless the client names the curve
	// among its groups (RFC 8422, section 5.1).
	curves map[GroupID]bool
}

// add takes one more.
func (all *observations) add(o *observation) {
	all.list = append(all.list, o)
	if !o.accepted() {
		return
	}
	v := o.flight.version
	if all.suites == nil {
		all.suites, all.groups, all.grouped = map[Version]map[SuiteID]bool{}, map[Version]map[GroupID]bool{}, map[Version]map[SuiteID]bool{}
		all.curves = map[GroupID]bool{}
	}
	if len(o.flight.certificates) > 0 && v < TLS13 && v >= SSL3 {
		if curve := keyCurve(o.flight.certificates[0]); curve != 0 {
			all.curves[curve] = true
		}
	}
	if all.suites[v] == nil {
		all.suites[v], all.groups[v], all.grouped[v] = map[SuiteID]bool{}, map[GroupID]bool{}, map[SuiteID]bool{}
	}
	if v == SSL2 { // all that it takes
		for _, id := range o.flight.suites {
			all.suites[v][id] = true
		}
		return
	}
	all.suites[v][o.flight.suite] = true
	if o.flight.group != 0 {
		all.groups[v][o.flight.group] = true
		all.grouped[v][o.flight.suite] = true
	}
}

// Replay derives from stored exchanges what they show of versions, suites and groups:
// the Protocols, Groups, Hellos and Unknown of a [Result]. An error is of an exchange
// that is no such thing.
func Replay(exchanges []Exchange) (*Result, error) {
	all := &observations{}
	for i, x := range exchanges {
		o, err := x.read()
		if err != nil {
			return nil, fmt.Errorf("exchange %d: %w", i, err)
		}
		all.add(o)
	}
	return all.result(), nil
}

func (all *observations) result() *Result {
	r := &Result{Hellos: len(all.list), Exchanges: []Exchange{}}
	for _, v := range Versions {
		r.Protocols = append(r.Protocols, all.protocol(v))
	}
	r.Groups = all.groupList()
	r.SignatureAlgorithms = all.schemeList()
	r.Session = all.session()
	r.Unknown = all.problems()
	for _, o := range all.list {
		r.Exchanges = append(r.Exchanges, o.Exchange)
	}
	return r
}

// covers reports whether a hello asks about a version: one of TLS up to 1.2 asks about
// all that are older, down to SSL 3.0.
func (h *hello) covers(v Version) bool {
	if h.fallback { // which is refused for itself
		return false
	}
	if h.version == v {
		return true
	}
	return h.version <= TLS12 && h.version > v && v >= SSL3
}

// refuses reports whether a version was refused: by an answer to a hello of it, or by a
// protocol_version alert to one of a newer version that asks about it as well. Other
// alerts may be of a version that the server has, and of that alone.
func (o *observation) refuses(v Version) bool {
	if !o.refused() || !o.hello.covers(v) {
		return false
	}
	a := o.flight
	return o.hello.version == v || a != nil && a.alert != nil && a.alert.Description == alertProtocolVersion
}

// suite tells whether a suite is taken in a version.
func (all *observations) suite(v Version, id SuiteID) State {
	if all.suites[v][id] {
		return Offered
	}
	for _, o := range all.list {
		switch {
		case !o.hello.covers(v) || !slices.Contains(o.hello.suites, id):
		case o.refuses(v) && all.groupsServe(v, id, o.hello.groups), o.accepted() && o.flight.version < v,
			v == SSL2 && o.accepted(), // which names all that it takes
			o.failed() && o.flight.version == v && o.flight.suite == id && all.freely(o, []SuiteID{id}):
			return NotOffered
		}
	}
	return Unknown
}

// groupsServe reports whether a refusal of a suite in a version cannot be for want of a
// group: all were offered, or one that the server takes, and those of its keys.
func (all *observations) groupsServe(v Version, id SuiteID, offered []GroupID) bool {
	if v < TLS10 || v == TLCP || len(offered) >= len(groupsFor(v)) { // or there is no such extension
		return true
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

// group tells whether a group is taken in a version.
func (all *observations) group(v Version, id GroupID) State {
	if all.groups[v][id] {
		return Offered
	}
	for _, o := range all.list {
		i := slices.Index(o.hello.groups, id)
		if o.hello.version != v || i < 0 {
			continue
		}
		if o.refused() && all.suitesServe(v, o.hello.suites, o.hello.groups) {
			return NotOffered
		}
		if o.accepted() && o.flight.version == v && i < slices.Index(o.hello.groups, o.flight.group) && all.followsGroups(v) {
			return NotOffered // else it would have been chosen
		}
	}
	return Unknown
}

// followsGroups reports whether the server takes the first group of the client's that it
// has: of two that it takes, each was chosen over the other when it came first.
func (all *observations) followsGroups(v Version) bool {
	over := map[[2]GroupID]bool{}
	for _, o := range all.list {
		if !o.accepted() || o.flight.version != v || o.flight.group == 0 {
			continue
		}
		for i, id := range o.hello.groups {
			at := slices.Index(o.hello.groups, o.flight.group)
			if id == o.flight.group || !all.groups[v][id] {
				continue
			}
			if i < at { // one that it takes came first, and was not chosen
				return false
			}
			if over[[2]GroupID{id, o.flight.group}] {
				over[[2]GroupID{}] = true
			}
			over[[2]GroupID{o.flight.group, id}] = true
		}
	}
	return over[[2]GroupID{}]
}

// suitesServe reports whether a refusal of groups in a version cannot be for want of a
// suite: one was offered that the server takes, and that needs a group, and no other
// than the one that is exchanged.
func (all *observations) suitesServe(v Version, suites []SuiteID, groups []GroupID) bool {
	return slices.ContainsFunc(suites, func(id SuiteID) bool {
		return all.grouped[v][id] && (v == TLS13 || !isECDSA(id) || all.groupsServe(v, id, groups))
	})
}

// version tells whether a version is taken, and how it was refused.
func (all *observations) version(v Version) (State, string) {
	if len(all.suites[v]) > 0 {
		return Offered, ""
	}
	for _, id := range suitesFor(v) {
		if all.suite(v, id) != NotOffered {
			return Unknown, ""
		}
	}
	for _, o := range all.list {
		if o.refuses(v) {
			return NotOffered, o.refusal()
		}
	}
	for _, o := range all.list {
		if o.hello.covers(v) && o.accepted() {
			return NotOffered, "answered with " + o.flight.version.String()
		}
	}
	return Unknown, ""
}

func (all *observations) protocol(v Version) Protocol {
	p := Protocol{Version: v}
	if p.State, p.Refusal = all.version(v); p.State != Offered {
		return p
	}
	var taken []SuiteID
	ids := suitesFor(v)
	for id := range all.suites[v] { // a server may choose what is in no registry
		if !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	for _, id := range ids {
		switch all.suite(v, id) {
		case Offered:
			taken = append(taken, id)
		case Unknown:
			p.Undecided = append(p.Undecided, id)
		}
	}
	order := taken
	if v != SSL2 { // where the client chooses
		p.Preference, order = all.preference(v, taken)
	} else {
		p.Preference = PreferClient
	}
	for _, id := range order {
		p.Suites = append(p.Suites, SuiteOf(id))
	}
	return p
}

// freely reports whether a server could choose among suites of a hello as it likes:
// nothing else in it kept any of them back.
func (all *observations) freely(o *observation, among []SuiteID) bool {
	v, h := o.flight.version, o.hello
	if v >= TLS12 && len(h.schemes) < len(schemesFor(v)) {
		return false
	}
	return !slices.ContainsFunc(among, func(id SuiteID) bool { return !all.groupsServe(v, id, h.groups) })
}

// choices are the exchanges in which a server chose one of several suites that it
// takes, and nothing but their order can have decided.
func (all *observations) choices(v Version, taken []SuiteID) (chosen []SuiteID, offers [][]SuiteID) {
	for _, o := range all.list {
		if !o.accepted() || o.flight.version != v || o.hello.version != v {
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

// problems gathers what stayed open, by version and end.
func (all *observations) problems() []Problem {
	var out []Problem
	for _, o := range all.list {
		if o.settled() {
			continue
		}
		detail := o.Detail
		if o.End == EndAnswer {
			detail = "alert " + o.flight.alert.String()
		}
		same := func(p Problem) bool { return p.Question == o.Asked.String() && p.End == o.End && p.Detail == detail }
		if i := slices.IndexFunc(out, same); i >= 0 {
			out[i].Times++
			continue
		}
		out = append(out, Problem{Question: o.Asked.String(), End: o.End, Detail: detail, Times: 1})
	}
	slices.SortFunc(out, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Question, b.Question), cmp.Compare(a.End, b.End), cmp.Compare(a.Detail, b.Detail))
	})
	return out
}

// scheme tells whether the server signs with an algorithm in a version.
func (all *observations) scheme(v Version, id SignatureScheme) State {
	for _, o := range all.list {
		if o.accepted() && o.flight.version == v && o.scheme() == id {
			return Offered
		}
	}
	for _, o := range all.list {
		if o.hello.version == v && slices.Contains(o.hello.schemes, id) && o.declined() && all.signs(v, o.hello) {
			return NotOffered
		}
	}
	return Unknown
}

// signs reports whether a refusal of signature algorithms in a version cannot be for
// want of a suite or a group: one was offered that the server takes and signs for.
func (all *observations) signs(v Version, h *hello) bool {
	for _, o := range all.list {
		if o.accepted() && o.flight.version == v && o.scheme() != 0 && slices.Contains(h.suites, o.flight.suite) &&
			(o.flight.group == 0 || slices.Contains(h.groups, o.flight.group)) && all.groupsServe(v, o.flight.suite, h.groups) {
			return true
		}
	}
	return false
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

// isSigned reports whether a server signs its part of a suite's key exchange.
func isSigned(s Suite) bool {
	return (s.KeyExchange == "ECDHE" || s.KeyExchange == "DHE") && s.Authentication != "none"
}

// session tells what hellos showed beside: the answers up to TLS 1.2.
func (all *observations) session() Session {
	s := Session{
		ExtendedMasterSecret: Unknown, SecureRenegotiation: Unknown, ClientRenegotiation: Unknown, EncryptThenMAC: Unknown, Compression: Unknown,
		Tickets: Unknown, Resumption: Unknown, EarlyData: Unknown, FallbackSCSV: Unknown,
	}
	seen := func(state *State, yes bool) {
		if yes {
			*state = Offered
		} else if *state == Unknown {
			*state = NotOffered
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
		seen(&s.SecureRenegotiation, has(f, extRenegotiationInfo))
		if f.version >= TLS10 {
			seen(&s.ExtendedMasterSecret, has(f, extExtendedMasterSecret))
		}
		if o.hello.bare || f.version < TLS10 {
			continue
		}
		seen(&s.Tickets, has(f, extSessionTicket))
		if strings.Contains(SuiteOf(f.suite).Cipher, "CBC") {
			seen(&s.EncryptThenMAC, has(f, extEncryptThenMAC))
		}
	}
	s.FiniteFields = all.finiteFields()
	return s
}
