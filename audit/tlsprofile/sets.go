// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package tlsprofile

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/goassay/assay/audit/tlsprobe"
)

// evidence is what is known of a set: what of it is offered, what may be, and what would
// have to be known before something is said not to be. All else is not offered.
type evidence struct {
	aspect  Aspect
	offered []Fact
	unknown []Fact
	open    []Fact
}

// nothing reports whether there is nothing of which anything could be demanded.
func (e evidence) nothing() bool { return len(e.offered)+len(e.unknown)+len(e.open) == 0 }

func hasValue(names []string) func(Fact) bool {
	return func(f Fact) bool { return slices.Contains(names, f.Value) }
}

func not(test func(Fact) bool) func(Fact) bool {
	return func(f Fact) bool { return !test(f) }
}

func those(facts []Fact, test func(Fact) bool) []Fact {
	var out []Fact
	for _, f := range facts {
		if test(f) {
			out = append(out, f)
		}
	}
	return out
}

// required demands that all of a list are offered.
func (e evidence) required(names []string) Verdict {
	var all []Verdict
	for _, name := range names {
		all = append(all, e.oneOf([]string{name}))
	}
	return both(all...)
}

// oneOf demands that one of a list is offered.
func (e evidence) oneOf(names []string) Verdict {
	if seen := those(e.offered, hasValue(names)); len(seen) > 0 {
		return Verdict{Outcome: Met, Seen: seen}
	}
	if unknown := append(those(e.unknown, hasValue(names)), e.open...); len(unknown) > 0 {
		return Verdict{Outcome: Unknown, Unknown: unknown}
	}
	v := Verdict{Outcome: Gap}
	for _, name := range names {
		v.Seen = append(v.Seen, Fact{Aspect: e.aspect, Value: name, State: tlsprobe.NotOffered})
	}
	return v
}

// none demands that nothing is offered that has a property.
func (e evidence) none(has func(Fact) bool) Verdict {
	if e.nothing() {
		return Verdict{Outcome: NotApplicable}
	}
	if seen := those(e.offered, has); len(seen) > 0 {
		return Verdict{Outcome: Gap, Seen: seen}
	}
	if unknown := append(those(e.unknown, has), e.open...); len(unknown) > 0 {
		return Verdict{Outcome: Unknown, Unknown: unknown}
	}
	return Verdict{Outcome: Met, Seen: e.offered}
}

func (e evidence) set(s *Set) Verdict {
	var all []Verdict
	if len(s.Required) > 0 {
		all = append(all, e.required(s.Required))
	}
	if len(s.OneOf) > 0 {
		all = append(all, e.oneOf(s.OneOf))
	}
	if len(s.Allowed) > 0 {
		all = append(all, e.none(not(hasValue(s.Allowed))))
	}
	if len(s.Forbidden) > 0 {
		all = append(all, e.none(hasValue(s.Forbidden)))
	}
	v := both(all...)
	v.Seen = unique(v.Seen)
	v.Unknown = unique(v.Unknown)
	return v
}

// unique drops facts that stand there already.
func unique(facts []Fact) []Fact {
	var out []Fact
	for _, f := range facts {
		if !slices.Contains(out, f) {
			out = append(out, f)
		}
	}
	return out
}

// state tells whether a version is offered. One that is not in the result was not asked
// about. What is known to speak something else, and to go on in clear, has none, whatever
// it says to hellos.
func (j judge) state(v tlsprobe.Version) tlsprobe.State {
	state := tlsprobe.Unknown
	for _, p := range j.r.Protocols {
		if p.Version == v && p.State != "" {
			state = p.State
		}
	}
	if state == tlsprobe.Unknown && j.inClear() {
		return tlsprobe.NotOffered
	}
	return state
}

// inClear reports whether an endpoint is known to take no TLS. One of HTTP that does nothing
// but lead to HTTPS is for somebody to look at.
func (j judge) inClear() bool {
	p := j.r.Plaintext
	return p != nil && p.Protocol != "unknown" && (p.StartTLS == "" || p.StartTLS == tlsprobe.NotOffered) && !strings.HasPrefix(p.Redirect, "https:") &&
		!slices.ContainsFunc(j.r.Protocols, func(p tlsprobe.Protocol) bool { return p.State == tlsprobe.Offered })
}

// open are those of some versions that are unknown, as facts.
func (j judge) open(versions []tlsprobe.Version) []Fact {
	var out []Fact
	for _, v := range versions {
		if j.state(v) == tlsprobe.Unknown {
			out = append(out, Fact{Aspect: OfVersion, Value: v.String(), State: tlsprobe.Unknown})
		}
	}
	return out
}

// offers reports whether one of some versions is offered.
func (j judge) offers(versions []tlsprobe.Version) bool {
	return slices.ContainsFunc(versions, func(v tlsprobe.Version) bool { return j.state(v) == tlsprobe.Offered })
}

func (j judge) versions(s *Set) Verdict {
	e := evidence{aspect: OfVersion, unknown: j.open(tlsprobe.Versions)}
	for _, v := range tlsprobe.Versions {
		if j.state(v) == tlsprobe.Offered {
			e.offered = append(e.offered, Fact{Aspect: OfVersion, Value: v.String(), State: tlsprobe.Offered})
		}
	}
	return e.set(s)
}

// scope is the versions that count.
func scope(in []tlsprobe.Version) []tlsprobe.Version {
	if len(in) == 0 {
		return tlsprobe.Versions
	}
	return in
}

func (j judge) suites(s *Suites) Verdict {
	e := evidence{aspect: OfSuite, open: j.open(scope(s.In))}
	of := map[Fact]tlsprobe.Suite{}
	add := func(list *[]Fact, v tlsprobe.Version, suite tlsprobe.Suite, state tlsprobe.State) {
		f := Fact{Aspect: OfSuite, Where: v.String(), Value: suite.Name, State: state}
		if f.Value == "" { // it is in no registry
			f.Value = suite.ID.String()
		}
		of[f] = suite
		*list = append(*list, f)
	}
	for _, p := range j.r.Protocols {
		if p.State != tlsprobe.Offered || !slices.Contains(scope(s.In), p.Version) {
			continue
		}
		for _, suite := range p.Suites {
			add(&e.offered, p.Version, suite, tlsprobe.Offered)
		}
		for _, id := range p.Undecided {
			add(&e.unknown, p.Version, tlsprobe.SuiteOf(id), tlsprobe.Unknown)
		}
	}
	v := e.set(&Set{Required: s.Required, OneOf: s.OneOf, Allowed: s.Allowed})
	if s.Forbidden != nil {
		v = both(v, e.none(func(f Fact) bool { return s.Forbidden.has(of[f]) }))
		v.Seen = unique(v.Seen)
		v.Unknown = unique(v.Unknown)
	}
	return v
}

// has reports whether a suite has one of the properties.
func (p *Properties) has(s tlsprobe.Suite) bool {
	return slices.ContainsFunc(s.Weaknesses, func(w tlsprobe.Weakness) bool { return slices.Contains(p.Weaknesses, string(w)) }) ||
		slices.Contains(p.KeyExchange, s.KeyExchange) || slices.Contains(p.Authentication, s.Authentication) ||
		slices.Contains(p.Ciphers, s.Cipher) || s.Strength < p.StrengthBelow
}

func (j judge) groups(s *Set) Verdict {
	e := evidence{aspect: OfGroup, open: j.open(scope(s.In))}
	for _, g := range j.r.Groups {
		f := Fact{Aspect: OfGroup, Value: g.Name, State: g.State}
		if f.Value == "" {
			f.Value = g.ID.String()
		}
		switch {
		case g.State == tlsprobe.Offered && (len(s.In) == 0 || intersect(g.Versions, s.In)):
			e.offered = append(e.offered, f)
		case g.State != tlsprobe.Unknown:
		case g.PostQuantum && !slices.Contains(scope(s.In), tlsprobe.TLS13): // which they are of alone
		case j.offers(scope(s.In)):
			e.unknown = append(e.unknown, f)
		}
	}
	return e.set(s)
}

func intersect(a, b []tlsprobe.Version) bool {
	return slices.ContainsFunc(a, func(v tlsprobe.Version) bool { return slices.Contains(b, v) })
}

func (j judge) signatureAlgorithms(s *Set) Verdict {
	in := s.In
	if len(in) == 0 {
		in = []tlsprobe.Version{tlsprobe.TLS13, tlsprobe.TLS12} // before, there is no choice
	}
	e := evidence{aspect: OfSignatureAlgorithm, open: j.open(in)}
	for _, a := range j.r.SignatureAlgorithms {
		f := Fact{Aspect: OfSignatureAlgorithm, Value: a.Name, State: a.State}
		if f.Value == "" {
			f.Value = a.ID.String()
		}
		switch {
		case a.State == tlsprobe.Offered && intersect(a.Versions, in):
			e.offered = append(e.offered, f)
		case a.State == tlsprobe.Unknown && j.offers(in):
			e.unknown = append(e.unknown, f)
		}
	}
	return e.set(s)
}

// finiteFields demands a length of all finite fields in which keys are exchanged: those
// of suites with DHE, and the ones that are groups (RFC 7919).
func (j judge) finiteFields(least int) Verdict {
	e := evidence{aspect: OfFiniteField, open: j.open(tlsprobe.Versions)}
	short := map[Fact]bool{}
	add := func(bits int, name string) {
		f := Fact{Aspect: OfFiniteField, Value: strings.TrimSpace(fmt.Sprintf("%d %s", bits, name)), State: tlsprobe.Offered}
		if short[f] = bits < least; !slices.Contains(e.offered, f) {
			e.offered = append(e.offered, f)
		}
	}
	for _, field := range j.r.Session.FiniteFields {
		add(field.Bits, field.Name)
	}
	for _, g := range j.r.Groups {
		digits, ok := strings.CutPrefix(g.Name, "ffdhe")
		if !ok {
			continue
		}
		if bits, err := strconv.Atoi(digits); err == nil && g.State == tlsprobe.Offered {
			add(bits, g.Name)
		} else if g.State == tlsprobe.Unknown && !j.inClear() {
			f := Fact{Aspect: OfFiniteField, Value: digits + " " + g.Name, State: tlsprobe.Unknown}
			short[f] = bits < least
			e.unknown = append(e.unknown, f)
		}
	}
	if len(j.r.Session.FiniteFields) == 0 {
		e.open = append(e.open, j.unmeasuredFields()...)
	}
	return e.none(func(f Fact) bool { return short[f] })
}

// unmeasuredFields are the suites in which a field is exchanged that was not seen.
func (j judge) unmeasuredFields() []Fact {
	var out []Fact
	for _, p := range j.r.Protocols {
		for _, s := range p.Suites {
			if s.KeyExchange == "DHE" || s.KeyExchange == "DHE_PSK" || s.KeyExchange == "DH" && s.Authentication == "none" {
				out = append(out, Fact{Aspect: OfFiniteField, Where: p.Version.String(), Value: s.Name, State: tlsprobe.Unknown})
			}
		}
	}
	return out
}

// preference demands an order of suites, in all versions in which there are several.
func (j judge) preference(want tlsprobe.Preference) Verdict {
	e := evidence{aspect: OfPreference, open: j.open(tlsprobe.Versions)}
	for _, p := range j.r.Protocols {
		f := Fact{Aspect: OfPreference, Where: p.Version.String(), Value: string(p.Preference), State: tlsprobe.Offered}
		switch {
		case p.State != tlsprobe.Offered || len(p.Suites)+len(p.Undecided) < 2:
		case p.Preference == "":
			f.State = tlsprobe.Unknown
			e.open = append(e.open, f)
		default:
			e.offered = append(e.offered, f)
		}
	}
	return e.none(func(f Fact) bool { return f.Value != string(want) })
}
