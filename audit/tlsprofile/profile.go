// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

// Package tlsprofile judges what a TLS endpoint showed by what a document demands of it.
//
// A [Profile] is data: the clauses of a document, each with a condition over the facts of
// package tlsprobe. [Evaluate] says of each clause whether it is met. A fact that is
// unknown never meets a condition, and what a probe cannot see is never said to be met:
// such a clause is manual.
//
//	p, err := tlsprofile.Get("nist-800-52r2")
//	for _, v := range tlsprofile.Evaluate(p, result, time.Now()) {
//		fmt.Println(v.Clause.Number, v.Outcome, v.Seen)
//	}
package tlsprofile

import (
	"embed"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/goassay/assay/audit/tlsprobe"
)

// A Profile is what a document demands of TLS endpoints.
type Profile struct {
	ID      string   `yaml:"id"`
	Title   Text     `yaml:"title"`
	Source  Source   `yaml:"source"`
	Clauses []Clause `yaml:"clauses"`
}

// A Text is one text in English and in Chinese. A profile of the user's own may have it in
// one of them alone.
type Text struct {
	EN string `yaml:"en"`
	ZH string `yaml:"zh"`
}

// In returns the text in "en" or "zh"; in the other, if it is not there.
func (t Text) In(lang string) string {
	if lang == "zh" && t.ZH != "" || t.EN == "" {
		return t.ZH
	}
	return t.EN
}

// A Source is a document.
type Source struct {
	Document string `yaml:"document"`
	Version  string `yaml:"version"`
	Date     Date   `yaml:"date"` // of publication
	URL      string `yaml:"url"`
}

// A Clause is one demand.
type Clause struct {
	Number      string   `yaml:"clause"` // as the document has it
	Part        string   `yaml:"part"`   // which of several demands of that clause; the profile's own word
	Source      *Source  `yaml:"source"` // if it is not the profile's
	Requirement Text     `yaml:"requirement"`
	Remedy      Text     `yaml:"remedy"`
	Level       Level    `yaml:"level"`
	Severity    Severity `yaml:"severity"`
	From        Date     `yaml:"from"`  // the first day on which it is demanded, UTC
	Until       Date     `yaml:"until"` // the last one

	// When is what must hold for the clause to apply.
	When *Condition `yaml:"when"`
	// Condition is what is demanded. It is nil if Manual is set: no probe can see it.
	Condition *Condition `yaml:"condition"`
	Manual    bool       `yaml:"manual"`
}

// ID identifies a clause in its profile: its number and, if there is one, its part.
func (c *Clause) ID() string {
	if c.Part == "" {
		return c.Number
	}
	return c.Number + " (" + c.Part + ")"
}

// Level is how strongly a document demands something.
type Level string

// The levels.
const (
	Shall  Level = "shall"
	Should Level = "should"
)

// Severity is how bad it is if a clause is not met.
type Severity string

// The severities.
const (
	High   Severity = "high"
	Medium Severity = "medium"
	Low    Severity = "low"
)

// A Condition is a demand on facts: all that is set must hold.
type Condition struct {
	Versions            *Set          `yaml:"versions"`
	Suites              *Suites       `yaml:"suites"`
	Groups              *Set          `yaml:"groups"`
	SignatureAlgorithms *Set          `yaml:"signature_algorithms"`
	FiniteFieldBits     int           `yaml:"finite_field_bits"` // the least, of all that are exchanged
	Preference          string        `yaml:"preference"`        // whose order of suites decides
	Certificates        *Certificates `yaml:"certificates"`
	Session             *Session      `yaml:"session"`
	ClientAuth          []string      `yaml:"client_auth"`         // states, one of which it must be
	PlaintextPasswords  string        `yaml:"plaintext_passwords"` // "not-offered": it takes none in clear
}

// A Set is a demand on a set of names.
type Set struct {
	In        []tlsprobe.Version `yaml:"in"`        // versions that count; none: all
	Required  []string           `yaml:"required"`  // all of these are offered
	OneOf     []string           `yaml:"one_of"`    // at least one of these is
	Allowed   []string           `yaml:"allowed"`   // no others are
	Forbidden []string           `yaml:"forbidden"` // none of these is
}

// Suites is a demand on cipher suites.
type Suites struct {
	In        []tlsprobe.Version `yaml:"in"`
	Required  []string           `yaml:"required"`
	OneOf     []string           `yaml:"one_of"`
	Allowed   []string           `yaml:"allowed"`
	Forbidden *Properties        `yaml:"forbidden"`
}

// Properties are properties of cipher suites, in the words of [tlsprobe.Suite]. A suite
// has them if it has one.
type Properties struct {
	Weaknesses     []string `yaml:"weaknesses"`
	KeyExchange    []string `yaml:"key_exchange"`
	Authentication []string `yaml:"authentication"`
	Ciphers        []string `yaml:"ciphers"`
	StrengthBelow  int      `yaml:"strength_below"` // bits
}

// Certificates is a demand on the certificates that are presented for the name that was
// asked for.
type Certificates struct {
	WholeChain    bool     `yaml:"whole_chain"`    // not on the server's own alone: on all that were sent, but for roots
	Keys          []Key    `yaml:"keys"`           // one of these
	Signatures    []string `yaml:"signatures"`     // one of these, in the words of [tlsprobe.Certificate]
	MaxDays       int      `yaml:"max_days"`       // of validity, begun ones counted
	Current       bool     `yaml:"current"`        // valid, by its dates
	Trusted       bool     `yaml:"trusted"`        // the chain leads to an authority that a store trusts, or is of the trust domain that was demanded
	OCSPResponder bool     `yaml:"ocsp_responder"` // it names one
	Staple        string   `yaml:"staple"`         // "always", or "where-possible": where it names a responder
	Status        string   `yaml:"status"`         // "good": the staple says so
}

// A Key is a demand on a public key.
type Key struct {
	Type   string   `yaml:"type"`   // "RSA", "ECDSA", "Ed25519", "SM2"
	Bits   int      `yaml:"bits"`   // the least; 0: any
	Curves []string `yaml:"curves"` // none: any
}

// Session is a demand on what [tlsprobe.Session] holds. Each is demanded where the fact
// has a meaning.
type Session struct {
	ExtendedMasterSecret tlsprobe.State `yaml:"extended_master_secret"`
	SecureRenegotiation  tlsprobe.State `yaml:"secure_renegotiation"`
	ClientRenegotiation  tlsprobe.State `yaml:"client_renegotiation"`
	EncryptThenMAC       tlsprobe.State `yaml:"encrypt_then_mac"` // where suites with CBC are offered
	Compression          tlsprobe.State `yaml:"compression"`
	EarlyData            tlsprobe.State `yaml:"early_data"`
	FallbackSCSV         tlsprobe.State `yaml:"fallback_scsv"` // where more than one version is offered
}

// Date is a day, UTC.
type Date struct{ time.Time }

// UnmarshalText reads a day such as 2006-01-02.
func (d *Date) UnmarshalText(text []byte) (err error) {
	d.Time, err = time.Parse(time.DateOnly, string(text))
	return err
}

// MarshalText writes what UnmarshalText reads.
func (d Date) MarshalText() ([]byte, error) { return []byte(d.Format(time.DateOnly)), nil }

//go:embed profiles/*.yaml
var builtIn embed.FS

// IDs lists the built-in profiles.
func IDs() []string {
	entries, err := builtIn.ReadDir("profiles")
	if err != nil {
		panic(err) // it is embedded
	}
	var ids []string
	for _, e := range entries {
		ids = append(ids, strings.TrimSuffix(e.Name(), ".yaml"))
	}
	return ids
}

// An UnknownError is an ID that no built-in profile has.
type UnknownError struct{ ID string }

// Error names the ID.
func (e *UnknownError) Error() string {
	return fmt.Sprintf("unknown profile %q: one of %s", e.ID, strings.Join(IDs(), ", "))
}

// Get returns a built-in profile. The error is an [*UnknownError].
func Get(id string) (*Profile, error) {
	if !slices.Contains(IDs(), id) {
		return nil, &UnknownError{ID: id}
	}
	data, err := builtIn.ReadFile(path.Join("profiles", id+".yaml"))
	if err != nil {
		return nil, err
	}
	return Parse(data)
}
