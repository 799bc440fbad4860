// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package tlsprofile

import (
	"fmt"
	"net/url"
	"reflect"
	"regexp"
	"strings"

	"github.com/goassay/assay/audit/tlsprobe"
	"github.com/goassay/assay/internal/strictyaml"
)

// A validator checks what types cannot.
type validator struct{ *strictyaml.Decoder }

var profileID = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]*$`)

func (v *validator) profile(p *Profile) {
	if v.needed("id", p.ID) && !profileID.MatchString(p.ID) {
		v.Fail("id", "malformed id %q: lower-case letters, digits, dots and dashes", p.ID)
	}
	v.title("title", p.Title)
	v.source("source", &p.Source)
	if len(p.Clauses) == 0 && !v.Failed["clauses"] && !v.Failed[""] {
		v.Fail("", "profile without clauses")
	}
	first := map[string]string{}
	for i := range p.Clauses {
		at := fmt.Sprintf("clauses[%d]", i)
		if v.Failed[at] {
			continue
		}
		c := &p.Clauses[i]
		v.clause(at, c)
		if first[c.ID()] != "" && c.Number != "" {
			v.Fail(at+".clause", "clause %s twice: tell them apart by part", c.ID())
		}
		first[c.ID()] = at
	}
}

// needed complains of an absent text.
func (v *validator) needed(at, text string) bool {
	if strings.TrimSpace(text) != "" {
		return true
	}
	for outer := at; ; outer = outer[:max(strings.LastIndexByte(outer, '.'), 0)] {
		if v.Failed[outer] { // which has been complained of
			return false
		}
		if outer == "" {
			break
		}
	}
	v.Fail(at, "%s is missing", at[strings.LastIndexByte(at, '.')+1:])
	return false
}

func (v *validator) title(at string, t Text) {
	v.needed(at, t.EN+t.ZH)
}

func (v *validator) source(at string, s *Source) {
	v.needed(at+".document", s.Document)
	if u, err := url.Parse(s.URL); s.URL != "" && (err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "") {
		v.Fail(at+".url", "malformed URL %q", s.URL)
	}
}

func (v *validator) clause(at string, c *Clause) {
	v.needed(at+".clause", c.Number)
	v.title(at+".requirement", c.Requirement)
	v.title(at+".remedy", c.Remedy)
	if c.Source != nil {
		v.source(at+".source", c.Source)
	}
	if v.needed(at+".level", string(c.Level)) {
		v.word(at+".level", "level", string(c.Level), named(Shall, Should))
	}
	if c.Severity == "" {
		c.Severity = map[Level]Severity{Shall: High, Should: Medium}[c.Level]
	} else {
		v.word(at+".severity", "severity", string(c.Severity), named(High, Medium, Low))
	}
	if !c.From.IsZero() && !c.Until.IsZero() && c.Until.Before(c.From.Time) {
		v.Fail(at+".until", "until is before from")
	}
	if c.When != nil {
		v.condition(at+".when", c.When)
	}
	switch {
	case v.Failed[at+".condition"], v.Failed[at+".manual"]:
	case c.Condition == nil && !c.Manual:
		v.Fail(at, "clause without condition: if no probe can see it, it is manual")
	case c.Condition != nil && c.Manual:
		v.Fail(at+".manual", "a clause with a condition is not manual")
	case c.Condition != nil:
		v.condition(at+".condition", c.Condition)
	}
}

func (v *validator) condition(at string, c *Condition) {
	if v.empty(at, c) {
		return
	}
	versions := map[string]bool{}
	for _, known := range tlsprobe.Versions {
		versions[known.String()] = true
	}
	w := vocabulary()
	v.set(at+".versions", "version", c.Versions, versions)
	if c.Versions != nil && len(c.Versions.In) > 0 {
		v.Fail(at+".versions.in", "versions are not of a version")
	}
	v.set(at+".groups", "group", c.Groups, w.groups)
	v.set(at+".signature_algorithms", "signature algorithm", c.SignatureAlgorithms, w.signatureAlgorithms)
	v.suites(at+".suites", c.Suites)
	v.certificates(at+".certificates", c.Certificates)
	if s := c.Session; s != nil && !v.empty(at+".session", s) {
		demands := reflect.ValueOf(*s)
		for i := range demands.NumField() {
			key := demands.Type().Field(i).Tag.Get("yaml")
			v.word(at+".session."+key, "state", demands.Field(i).String(), states)
		}
	}
	v.word(at+".preference", "preference", c.Preference, preferences)
	v.names(at+".client_auth", "state", c.ClientAuth, authStates)
	v.word(at+".plaintext_passwords", "state", c.PlaintextPasswords, named(tlsprobe.NotOffered))
}

// empty complains of a demand that demands nothing.
func (v *validator) empty(at string, demand any) bool {
	if !reflect.ValueOf(demand).Elem().IsZero() {
		return v.Failed[at]
	}
	for failed := range v.Failed { // it would, but for another mistake
		if strings.HasPrefix(failed, at) {
			return true
		}
	}
	v.Fail(at, "nothing is demanded")
	return true
}

func (v *validator) set(at, what string, s *Set, known map[string]bool) {
	if s == nil || v.empty(at, s) {
		return
	}
	v.names(at+".required", what, s.Required, known)
	v.names(at+".one_of", what, s.OneOf, known)
	v.names(at+".allowed", what, s.Allowed, known)
	v.names(at+".forbidden", what, s.Forbidden, known)
	rest := *s
	if rest.In = nil; len(s.In) > 0 {
		v.empty(at, &rest)
	}
}

func (v *validator) suites(at string, s *Suites) {
	if s == nil || v.empty(at, s) {
		return
	}
	w := vocabulary()
	v.names(at+".required", "suite", s.Required, w.suites)
	v.names(at+".one_of", "suite", s.OneOf, w.suites)
	v.names(at+".allowed", "suite", s.Allowed, w.suites)
	if f := s.Forbidden; f != nil && !v.empty(at+".forbidden", f) {
		v.names(at+".forbidden.weaknesses", "weakness", f.Weaknesses, weaknesses)
		v.names(at+".forbidden.key_exchange", "key exchange", f.KeyExchange, w.keyExchanges)
		v.names(at+".forbidden.authentication", "authentication", f.Authentication, w.authentications)
		v.names(at+".forbidden.ciphers", "cipher", f.Ciphers, w.ciphers)
	}
	rest := *s
	if rest.In = nil; len(s.In) > 0 {
		v.empty(at, &rest)
	}
}

func (v *validator) certificates(at string, c *Certificates) {
	if c == nil || v.empty(at, c) {
		return
	}
	for i, k := range c.Keys {
		at := fmt.Sprintf("%s.keys[%d]", at, i)
		if v.needed(at+".type", k.Type) {
			v.word(at+".type", "key type", k.Type, keyTypes)
		}
		v.names(at+".curves", "curve", k.Curves, curves)
	}
	v.names(at+".signatures", "signature", c.Signatures, signatures)
	v.word(at+".staple", "staple", c.Staple, named("always", "where-possible"))
	v.word(at+".status", "status", c.Status, named("good"))
	rest := *c
	if rest.WholeChain = false; c.WholeChain {
		v.empty(at, &rest)
	}
}

// names checks the words of a list.
func (v *validator) names(at, what string, list []string, known map[string]bool) {
	for i, word := range list {
		if at := fmt.Sprintf("%s[%d]", at, i); word != "" || !v.Failed[at] {
			v.check(at, what, word, known)
		}
	}
}

// word checks a word, if it is there.
func (v *validator) word(at, what, word string, known map[string]bool) {
	if _, there := v.Values[at]; there && !v.Failed[at] {
		v.check(at, what, word, known)
	}
}

func (v *validator) check(at, what, word string, known map[string]bool) {
	if !known[word] {
		v.Fail(at, "unknown %s %q%s", what, word, choices(known))
	}
}
