// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package tlsprobe

import (
	"cmp"
	"fmt"
	"slices"
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

	requests []Exchange // over TLS
}

// add takes one more.
func (all *observations) add(o *observation) {
	all.list = append(all.list, o)
	v := o.hello.version
	switch {
	case o.accepted():
		v = o.flight.version
	case !o.wantsIdentity() || len(o.hello.suites) != 1 || o.flight.alertVersion != v:
		return
	}
	if all.suites == nil {
		all.suites, all.groups, all.grouped = map[Version]map[SuiteID]bool{}, map[Version]map[GroupID]bool{}, map[Version]map[SuiteID]bool{}
		all.curves = map[GroupID]bool{}
	}
	if !o.accepted() { // what it chose is what it was offered
		if all.suites[v] == nil {
			all.suites[v], all.groups[v], all.grouped[v] = map[SuiteID]bool{}, map[GroupID]bool{}, map[SuiteID]bool{}
		}
		all.suites[v][o.hello.suites[0]] = true
		return
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
// the Protocols, Groups, Hellos and Unknown of a [Result], and what of ClientAuth requests
// over TLS show: see [ClientAuth.Settle]. An error is of an exchange that is no such thing.
func Replay(exchanges []Exchange) (*Result, error) {
	all := &observations{}
	for i, x := range exchanges {
		if x.Request != nil {
			if len(x.Sent)+len(x.Received) > 0 {
				return nil, fmt.Errorf("exchange %d: a hello and a request", i)
			}
			all.requests = append(all.requests, x)
			continue
		}
		o, err := x.read()
		if err != nil {
			return nil, fmt.Errorf("exchange %d: %w", i, err)
		}
		all.add(o)
	}
	return all.result(), nil
}

func (all *observations) result() *Result {
	r := &Result{Exchanges: []Exchange{}}
	for _, v := range Versions {
		r.Protocols = append(r.Protocols, all.protocol(v))
	}
	r.Groups = all.groupList()
	r.SignatureAlgorithms = all.schemeList()
	r.Session = all.session()
	r.ClientAuth = all.clientAuth()
	r.Unknown = all.problems()
	for _, o := range all.list {
		r.Exchanges = append(r.Exchanges, o.Exchange)
		if !o.hello.fallback {
			r.Hellos++
		}
	}
	r.Exchanges = append(r.Exchanges, all.requests...)
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

// rules reports whether the server refused a version, or what of it was offered: the
// version of the hello, and those before only if it said that it was the version. Else
// it may have chosen another one, and found no suite there.
func (o *observation) rules(v Version) bool {
	if !o.refused() || !o.hello.covers(v) {
		return false
	}
	return o.hello.version == v || o.End == EndAnswer && o.flight.alert.Description == alertProtocolVersion
}

// suite tells whether a suite is taken in a version.
func (all *observations) suite(v Version, id SuiteID) State {
	if all.suites[v][id] {
		return Offered
	}
	for _, o := range all.list {
		switch {
		case o.rules(v) && o.says(alertProtocolVersion) && len(all.suites[v]) == 0: // whatever the suites
			return NotOffered
		case !o.hello.covers(v) || !slices.Contains(o.hello.suites, id):
		case o.rules(v) && all.groupsServe(v, id, o.hello.groups) && !all.missesShare(o.hello, 0), o.accepted() && o.flight.version < v,
			v == SSL2 && o.accepted(): // which names all that it takes
			return NotOffered
		}
	}
	return Unknown
}

// missesShare reports whether a hello of TLS 1.3 may have been refused because it had no
// key share, or none of a group: there are servers that do not answer with a
// HelloRetryRequest, as RFC 8446, section 4.1.1, demands. They refused a hello without,
// and took another one in which nothing else was new.
func (all *observations) missesShare(h *hello, group GroupID) bool {
	if h.version != TLS13 || !all.demandsShare() {
		return false
	}
	return !slices.ContainsFunc(h.shares, func(s keyShare) bool {
		return s.group == group || group == 0 && all.groups[TLS13][s.group]
	})
}

// demandsShare reports whether the server takes no hello of TLS 1.3 without a key share.
func (all *observations) demandsShare() bool {
	if slices.ContainsFunc(all.list, func(o *observation) bool {
		return o.accepted() && o.flight.version == TLS13 && len(o.hello.shares) == 0
	}) {
		return false
	}
	for _, refused := range all.list {
		if refused.hello.version != TLS13 || len(refused.hello.shares) > 0 || !refused.refused() {
			continue
		}
		for _, o := range all.list {
			if o.accepted() && o.flight.version == TLS13 && slices.Contains(refused.hello.suites, o.flight.suite) && slices.Contains(refused.hello.groups, o.flight.group) {
				return true
			}
		}
	}
	return false
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
		if o.rules(v) {
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
		secret := slices.DeleteFunc(slices.Clone(taken), func(id SuiteID) bool { return !isSRP(id) }) // whose place nobody sees
		p.Preference, order = all.preference(v, slices.DeleteFunc(slices.Clone(taken), isSRP))
		order = slices.Concat(order, secret)
	} else {
		p.Preference = PreferClient
	}
	for _, id := range order {
		p.Suites = append(p.Suites, SuiteOf(id))
	}
	return p
}

// problems lists what is unknown of each version, and how the exchanges ended that did
// not tell.
func (all *observations) problems() []Problem {
	var out []Problem
	for _, v := range Versions {
		for _, question := range all.open(v) {
			out = append(out, all.reasons(v, question)...)
		}
	}
	if detail := all.contradiction(); detail != "" {
		out = append(out, Problem{Question: Consistency, End: EndAnswer, Detail: detail, Times: 1})
	}
	return out
}

// open lists the questions about a version that have no answer.
func (all *observations) open(v Version) []string {
	switch state, _ := all.version(v); state {
	case Unknown:
		return []string{v.String()}
	case NotOffered:
		return nil
	}
	var out []string
	if slices.ContainsFunc(suitesFor(v), func(id SuiteID) bool { return all.suite(v, id) == Unknown }) {
		out = append(out, "suites of "+v.String())
	}
	if slices.Contains(all.askedGroups(), v) && slices.ContainsFunc(groupsFor(v), func(id GroupID) bool { return all.group(v, id) == Unknown }) {
		out = append(out, "groups of "+v.String())
	}
	if v >= TLS12 && all.signsAtAll(v) && slices.ContainsFunc(schemesFor(v), func(id SignatureScheme) bool { return all.scheme(v, id) == Unknown }) {
		out = append(out, "signature algorithms of "+v.String())
	}
	return out
}

// reasons gathers the exchanges about a version that tell nothing, by their ends.
func (all *observations) reasons(v Version, question string) []Problem {
	var out []Problem
	for _, o := range all.list {
		if o.accepted() || o.refused() || o.wantsIdentity() || !o.hello.covers(v) {
			continue
		}
		p := Problem{Question: question, End: o.End, Detail: o.Detail, Times: 1}
		if o.End == EndAnswer {
			p.Detail = "alert " + o.flight.alert.String()
		}
		same := func(other Problem) bool { return p.End == other.End && p.Detail == other.Detail }
		if i := slices.IndexFunc(out, same); i >= 0 {
			out[i].Times++
			continue
		}
		out = append(out, p)
	}
	if len(out) == 0 {
		return []Problem{{Question: question, End: EndAnswer, Detail: "the answers do not tell", Times: 1}}
	}
	slices.SortFunc(out, func(a, b Problem) int { return cmp.Or(cmp.Compare(a.End, b.End), cmp.Compare(a.Detail, b.Detail)) })
	return out
}
