// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package checks

import (
	"errors"
	"strings"
	"time"

	"github.com/goassay/assay/audit"
	"github.com/goassay/assay/audit/tlsprofile"
)

// A TLSProfile is what a profile says of an endpoint.
type TLSProfile struct {
	ID       string      `json:"id"`
	Title    audit.Text  `json:"title"`
	Source   string      `json:"source"`             // the document, and its version
	Evidence string      `json:"evidence,omitempty"` // digest of the profile, if it is none of the built-in ones
	Clauses  []TLSClause `json:"clauses"`
}

// A TLSClause is what is to be said of one clause.
type TLSClause struct {
	Clause   string              `json:"clause"`
	Severity tlsprofile.Severity `json:"severity,omitempty"` // of a gap
	tlsprofile.Verdict
}

// profile is a profile that endpoints are judged by.
type profile struct {
	*tlsprofile.Profile
	evidence string
}

// profiles reads the settings "tls-profile", IDs with commas between, and
// "tls-profile-data", profiles of the user's own with zero bytes between.
func profiles(p *audit.Pass) ([]profile, error) {
	var out []profile
	var errs []error
	if ids := p.Settings["tls-profile"]; ids != "" {
		for id := range strings.SplitSeq(ids, ",") {
			built, err := tlsprofile.Get(id)
			errs = append(errs, err)
			out = append(out, profile{built, ""})
		}
	}
	if data := p.Settings["tls-profile-data"]; data != "" {
		for text := range strings.SplitSeq(data, "\x00") {
			own, err := tlsprofile.Parse([]byte(text))
			if err != nil {
				errs = append(errs, err)
				continue
			}
			out = append(out, profile{own, p.Evidence("tls-profile", []byte(text))})
		}
	}
	return out, errors.Join(errs...)
}

// gapRules are the rules of clauses that are not met, by how bad that is.
var gapRules = map[tlsprofile.Severity]string{
	tlsprofile.High: "tls/clause-violated", tlsprofile.Medium: "tls/clause-missed", tlsprofile.Low: "tls/clause-advice",
}

// judgeProfile judges an endpoint by a profile. Clauses of which something is unknown are
// no finding: see [TLSEndpoint.unknown].
func judgeProfile(e *TLSEndpoint, p profile, now time.Time, report func(audit.Finding)) {
	about := func(rule, clause string, args audit.Args) { report(e.clauseFinding(rule, p.ID, clause, args)) }
	facts := TLSProfile{
		ID: p.ID, Title: audit.Text(p.Title), Source: strings.TrimSpace(p.Source.Document + " " + p.Source.Version), Evidence: p.evidence, Clauses: []TLSClause{},
	}
	var manual []string
	for _, v := range tlsprofile.Evaluate(p.Profile, e.Result, now) {
		clause := TLSClause{Clause: v.Clause.ID(), Verdict: v}
		if v.Outcome == tlsprofile.Gap {
			clause.Severity = v.Clause.Severity
		}
		facts.Clauses = append(facts.Clauses, clause)
		switch v.Outcome {
		case tlsprofile.Manual:
			manual = append(manual, v.Clause.ID())
		case tlsprofile.Gap:
			about(gapRules[v.Clause.Severity], v.Clause.ID(), audit.Args{
				"clause": v.Clause.ID(), "requirement": both(v.Clause.Requirement), "remedy": both(v.Clause.Remedy), "seen": seen(v.Seen),
			})
		}
	}
	if manual != nil {
		about("tls/clause-manual", "", audit.Args{"clauses": manual})
	}
	e.Profiles = append(e.Profiles, facts)
}

// clauseFinding is a finding about a clause of a profile, or about the profile.
func (e TLSEndpoint) clauseFinding(rule, profile, clause string, args audit.Args) audit.Finding {
	args["profile"] = profile
	f := e.finding(rule, args)
	f.Subject = audit.Subject{Kind: "clause", Name: strings.TrimSpace(e.Address + " " + profile + " " + clause)}
	return f
}

// both gives a text in both languages, the one for the other where it is alone.
func both(t tlsprofile.Text) audit.Text { return audit.Text{EN: t.In("en"), ZH: t.In("zh")} }

// seen tells facts as words of the catalogue's terms, with names behind: "suite: TLS 1.2
// TLS_RSA_WITH_AES_128_CBC_SHA", and "group-not-offered: X25519MLKEM768".
func seen(facts []tlsprofile.Fact) []string {
	var out []string
	for _, f := range facts {
		word := string(f.Aspect)
		if f.State != "offered" {
			word += "-" + string(f.State)
		}
		rest := f.Value
		if !strings.HasPrefix(f.Where, "sha256:") { // a certificate's digest tells a reader nothing
			rest = strings.TrimSpace(f.Where + " " + f.Value)
		}
		if rest != "" {
			word += ": " + rest
		}
		out = append(out, word)
	}
	if out == nil {
		out = []string{"nothing"}
	}
	return first(out, maxNamed)
}

// undecidedClauses names the clauses of which something is unknown.
func (e TLSEndpoint) undecidedClauses() []audit.Text {
	var out []audit.Text
	for _, p := range e.Profiles {
		for _, c := range p.Clauses {
			if c.Outcome == tlsprofile.Unknown {
				out = append(out, audit.Plain(p.ID+" "+c.Clause))
			}
		}
	}
	return out
}
