// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package tlsprofile

import (
	"time"

	"github.com/goassay/assay/audit/tlsprobe"
)

// An Outcome says whether a clause is met.
type Outcome string

// The outcomes.
const (
	Met           Outcome = "met"
	Gap           Outcome = "gap"            // it is not met, on record
	Unknown       Outcome = "unknown"        // a fact is unknown on which it depends
	Manual        Outcome = "manual"         // no probe can see it
	NotApplicable Outcome = "not-applicable" // there is nothing that it could be demanded of, or not on that day
)

// A Verdict is what is to be said of a clause.
type Verdict struct {
	Clause  *Clause `json:"-"`
	Outcome Outcome `json:"outcome"`
	Seen    []Fact  `json:"seen,omitempty"`    // of a gap, what makes it; else what was judged
	Unknown []Fact  `json:"unknown,omitempty"` // what would have to be known
}

// A Fact is something that an endpoint showed, or did not.
type Fact struct {
	Aspect Aspect         `json:"aspect"`
	Where  string         `json:"where,omitempty"` // the version, or the SHA256 of the certificate
	Value  string         `json:"value,omitempty"` // a name, or a number
	State  tlsprobe.State `json:"state"`
}

// String writes a fact in a line: "suite TLS 1.2 TLS_RSA_WITH_AES_128_CBC_SHA".
func (f Fact) String() string {
	s := string(f.Aspect)
	for _, part := range []string{f.Where, f.Value} {
		if part != "" {
			s += " " + part
		}
	}
	if f.State != tlsprobe.Offered {
		s += " " + string(f.State)
	}
	return s
}

// Aspect is what a fact is of.
type Aspect string

// The aspects. The value is a name where it is not said what else.
const (
	OfVersion            Aspect = "version"
	OfSuite              Aspect = "suite"
	OfGroup              Aspect = "group"
	OfSignatureAlgorithm Aspect = "signature-algorithm"
	OfFiniteField        Aspect = "finite-field"        // bits, and the name if it has one
	OfPreference         Aspect = "preference"          // whose
	OfCertificate        Aspect = "certificate"         // none: whether there is one
	OfKey                Aspect = "key"                 // type, and bits or curve
	OfSignature          Aspect = "signature"           // of a certificate
	OfLifetime           Aspect = "lifetime"            // days
	OfValidity           Aspect = "validity"            // the date that is past, or to come
	OfTrust              Aspect = "trust"               // none: whether the chain is trusted
	OfResponder          Aspect = "ocsp-responder"      // its URL
	OfStaple             Aspect = "staple"              // its status
	OfSession            Aspect = "session"             // "extended_master_secret"...
	OfClientAuth         Aspect = "client-auth"         // its state
	OfPlaintextPasswords Aspect = "plaintext-passwords" // the protocol
)

// Evaluate judges an endpoint by each clause of a profile, in the profile's order. The
// time decides which clauses are in force, and whether certificates are valid.
func Evaluate(p *Profile, r *tlsprobe.Result, now time.Time) []Verdict {
	verdicts := make([]Verdict, 0, len(p.Clauses))
	for i := range p.Clauses {
		c := &p.Clauses[i]
		v := evaluate(c, r, now.UTC())
		v.Clause = c
		verdicts = append(verdicts, v)
	}
	return verdicts
}

func evaluate(c *Clause, r *tlsprobe.Result, now time.Time) Verdict {
	if now.Before(c.From.Time) || !c.Until.IsZero() && !now.Before(c.Until.AddDate(0, 0, 1)) {
		return Verdict{Outcome: NotApplicable}
	}
	j := judge{r: r, now: now}
	applies := Verdict{Outcome: Met}
	if c.When != nil {
		applies = j.condition(c.When)
	}
	switch {
	case applies.Outcome != Met && applies.Outcome != Unknown:
		return Verdict{Outcome: NotApplicable}
	case c.Manual:
		return Verdict{Outcome: Manual}
	}
	v := j.condition(c.Condition)
	if v.Outcome == Gap && applies.Outcome == Unknown {
		return Verdict{Outcome: Unknown, Seen: v.Seen, Unknown: applies.Unknown}
	}
	return v
}

// A judge judges one endpoint.
type judge struct {
	r   *tlsprobe.Result
	now time.Time
}

func (j judge) condition(c *Condition) Verdict {
	var all []Verdict
	if c.Versions != nil {
		all = append(all, j.versions(c.Versions))
	}
	if c.Suites != nil {
		all = append(all, j.suites(c.Suites))
	}
	if c.Groups != nil {
		all = append(all, j.groups(c.Groups))
	}
	if c.FiniteFieldBits > 0 {
		all = append(all, j.finiteFields(c.FiniteFieldBits))
	}
	if c.SignatureAlgorithms != nil {
		all = append(all, j.signatureAlgorithms(c.SignatureAlgorithms))
	}
	if c.Preference != "" {
		all = append(all, j.preference(tlsprobe.Preference(c.Preference)))
	}
	if c.Certificates != nil {
		all = append(all, j.certificates(c.Certificates))
	}
	if c.Session != nil {
		all = append(all, j.session(c.Session)...)
	}
	if len(c.ClientAuth) > 0 {
		all = append(all, j.clientAuth(c.ClientAuth))
	}
	if c.PlaintextPasswords != "" {
		all = append(all, j.plaintextPasswords())
	}
	return both(all...)
}

// both is the verdict on several demands, all of which must be met.
func both(all ...Verdict) Verdict {
	out := Verdict{Outcome: NotApplicable}
	for _, worst := range []Outcome{Gap, Unknown, Met} {
		for _, v := range all {
			if v.Outcome != worst {
				continue
			}
			out.Outcome = worst
			out.Seen, out.Unknown = append(out.Seen, v.Seen...), append(out.Unknown, v.Unknown...)
		}
		if out.Outcome == worst {
			return out
		}
	}
	return out
}
