// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package checks

import (
	"maps"
	"slices"

	"github.com/goassay/assay/audit"
	"github.com/goassay/assay/audit/tlsprobe"
)

// undetermined returns what stayed unknown, as the error of a check that could not tell
// all, or nil.
func (f *TLSFacts) undetermined() error {
	var unreached, open []audit.Text
	for _, e := range f.Endpoints {
		if !e.Reached {
			unreached = append(unreached, e.because())
			continue
		}
		if what := e.unknown(); len(what) > 0 {
			open = append(open, audit.About(shown(e.Address), audit.List(what, false)))
		}
	}
	switch {
	case unreached != nil && open == nil:
		return audit.NotAssessed("tls/unreachable", audit.Args{"count": len(unreached), "total": len(f.Endpoints), "endpoints": firstTexts(unreached, maxNamed)})
	case open != nil:
		return audit.NotAssessed("tls/undetermined", audit.Args{"count": len(open) + len(unreached), "total": len(f.Endpoints), "facts": firstTexts(append(open, unreached...), maxNamed)})
	}
	return nil
}

// firstTexts lists the first n of texts that are lists themselves, and says how many more there are.
func firstTexts(list []audit.Text, n int) audit.Text {
	if len(list) > n {
		list = append(slices.Clone(list[:n]), unknownFact("more", audit.Args{"n": len(list) - n}))
	}
	return audit.List(list, true)
}

// unknownFact gives a word for what stayed unknown: one of the terms of that name. Words are this
// package's own, so that an error is a mistake in it.
func unknownFact(word string, args audit.Args) audit.Text {
	t, err := Catalogue().Term("unknown_fact", word, args)
	if err != nil {
		panic(err)
	}
	return t
}

// unproven lists what is demanded.
func unproven(demands map[string]bool) []string {
	var out []string
	for _, what := range slices.Sorted(maps.Keys(demands)) {
		if demands[what] {
			out = append(out, what)
		}
	}
	return out
}

// because says of an endpoint that was not reached why.
func (e TLSEndpoint) because() audit.Text {
	for _, u := range e.Unknown {
		if u.Detail != "" {
			return told(e.Address, "network_problem", u.Detail)
		}
	}
	return audit.Plain(shown(e.Address))
}

// unknown tells what stayed unknown of an endpoint that answers.
func (e TLSEndpoint) unknown() []audit.Text {
	var out []audit.Text
	for _, what := range e.Unproven {
		if slices.Contains([]string{"pin", "svid", "earlier"}, what) { // facts may be stored ones
			out = append(out, unknownFact(what, nil))
		}
	}
	if e.inClear() { // which is a finding
		return append(out, e.undecidedClauses()...)
	}
	for _, v := range e.Protocols {
		switch {
		case v.State == tlsprobe.Unknown:
			out = append(out, audit.Plain(v.Version.String()))
		case len(v.Undecided) > 0:
			out = append(out, unknownFact("suites", audit.Args{"version": v.Version.String(), "n": len(v.Undecided)}))
		}
	}
	groups, signatures := 0, 0
	for _, g := range e.Groups {
		if g.State == tlsprobe.Unknown {
			groups++
		}
	}
	for _, s := range e.SignatureAlgorithms {
		if s.State == tlsprobe.Unknown {
			signatures++
		}
	}
	if groups > 0 {
		out = append(out, unknownFact("groups", audit.Args{"n": groups}))
	}
	if signatures > 0 {
		out = append(out, unknownFact("signature-algorithms", audit.Args{"n": signatures}))
	}
	if slices.ContainsFunc(e.Result.Unknown, func(u tlsprobe.Problem) bool { return u.Question == tlsprobe.Consistency }) {
		out = append(out, unknownFact("consistency", nil))
	}
	if e.ClientAuth.State == tlsprobe.AuthUnknown {
		out = append(out, unknownFact("client-auth", nil))
	}
	return append(append(out, e.unknownSession()...), e.undecidedClauses()...)
}

// unknownSession tells what stayed unknown of facts that a rule is about. What only a
// client with a certificate can see is no question to one without; where no version is
// known to be offered, it is the version that is unknown.
func (e TLSEndpoint) unknownSession() []audit.Text {
	if !slices.ContainsFunc(e.Protocols, func(p tlsprobe.Protocol) bool { return p.State == tlsprobe.Offered }) {
		return nil
	}
	s, c := e.Session, e.ClientAuth
	shutOut := c.State == tlsprobe.AuthRequired && c.Own != tlsprobe.Offered
	var out []audit.Text
	for _, q := range []struct {
		word  string
		state tlsprobe.State
	}{
		{"secure-renegotiation", s.SecureRenegotiation}, {"client-renegotiation", s.ClientRenegotiation}, {"compression", s.Compression},
		{"extended-master-secret", s.ExtendedMasterSecret}, {"early-data", s.EarlyData},
		{"client-auth-unverified", c.Unverified}, {"client-certificate", c.Own},
	} {
		if q.state == tlsprobe.Unknown && !(shutOut && (q.word == "client-renegotiation" || q.word == "early-data")) {
			out = append(out, unknownFact(q.word, nil))
		}
	}
	return out
}
