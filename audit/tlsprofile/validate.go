// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package tlsprofile

import (
	"fmt"
	"net/url"
	"reflect"
	"regexp"
	"strings"

	"github.com/goassay/assay/audit/tlsprobe"
)

// The decoder's other half checks what types cannot.

var profileID = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]*$`)

func (d *decoder) profile(p *Profile) {
	if d.needed("id", p.ID) && !profileID.MatchString(p.ID) {
		d.fail("id", "malformed id %q: lower-case letters, digits, dots and dashes", p.ID)
	}
	d.title("title", p.Title)
	d.source("source", &p.Source)
	if len(p.Clauses) == 0 && !d.failed["clauses"] && !d.failed[""] {
		d.fail("", "profile without clauses")
	}
	first := map[string]string{}
	for i := range p.Clauses {
		at := fmt.Sprintf("clauses[%d]", i)
		if d.failed[at] {
			continue
		}
		c := &p.Clauses[i]
		d.clause(at, c)
		if first[c.ID()] != "" && c.Number != "" {
			d.fail(at+".clause", "clause %s twice: tell them apart by part", c.ID())
		}
		first[c.ID()] = at
	}
}

// needed complains of an absent text.
func (d *decoder) needed(at, text string) bool {
	if strings.TrimSpace(text) != "" {
		return true
	}
	for outer := at; ; outer = outer[:max(strings.LastIndexByte(outer, '.'), 0)] {
		if d.failed[outer] { // which has been complained of
			return false
		}
		if outer == "" {
			break
		}
	}
	d.fail(at, "%s is missing", at[strings.LastIndexByte(at, '.')+1:])
	return false
}

func (d *decoder) title(at string, t Text) {
	d.needed(at, t.EN+t.ZH)
}

func (d *decoder) source(at string, s *Source) {
	d.needed(at+".document", s.Document)
	if u, err := url.Parse(s.URL); s.URL != "" && (err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "") {
		d.fail(at+".url", "malformed URL %q", s.URL)
	}
}

func (d *decoder) clause(at string, c *Clause) {
	d.needed(at+".clause", c.Number)
	d.title(at+".requirement", c.Requirement)
	d.title(at+".remedy", c.Remedy)
	if c.Source != nil {
		d.source(at+".source", c.Source)
	}
	if d.needed(at+".level", string(c.Level)) {
		d.word(at+".level", "level", string(c.Level), named(Shall, Should))
	}
	if c.Severity == "" {
		c.Severity = map[Level]Severity{Shall: High, Should: Medium}[c.Level]
	} else {
		d.word(at+".severity", "severity", string(c.Severity), named(High, Medium, Low))
	}
	if !c.From.IsZero() && !c.Until.IsZero() && c.Until.Before(c.From.Time) {
		d.fail(at+".until", "until is before from")
	}
	if c.When != nil {
		d.condition(at+".when", c.When)
	}
	switch {
	case d.failed[at+".condition"], d.failed[at+".manual"]:
	case c.Condition == nil && !c.Manual:
		d.fail(at, "clause without condition: if no probe can see it, it is manual")
	case c.Condition != nil && c.Manual:
		d.fail(at+".manual", "a clause with a condition is not manual")
	case c.Condition != nil:
		d.condition(at+".condition", c.Condition)
	}
}

func (d *decoder) condition(at string, c *Condition) {
	if d.empty(at, c) {
		return
	}
	versions := map[string]bool{}
	for _, v := range tlsprobe.Versions {
		versions[v.String()] = true
	}
	w := vocabulary()
	d.set(at+".versions", "version", c.Versions, versions)
	if c.Versions != nil && len(c.Versions.In) > 0 {
		d.fail(at+".versions.in", "versions are not of a version")
	}
	d.set(at+".groups", "group", c.Groups, w.groups)
	d.set(at+".signature_algorithms", "signature algorithm", c.SignatureAlgorithms, w.signatureAlgorithms)
	d.suites(at+".suites", c.Suites)
	d.certificates(at+".certificates", c.Certificates)
	if s := c.Session; s != nil && !d.empty(at+".session", s) {
		v := reflect.ValueOf(*s)
		for i := range v.NumField() {
			key := v.Type().Field(i).Tag.Get("yaml")
			d.word(at+".session."+key, "state", v.Field(i).String(), states)
		}
	}
	d.word(at+".preference", "preference", c.Preference, preferences)
	d.names(at+".client_auth", "state", c.ClientAuth, authStates)
	d.word(at+".plaintext_passwords", "state", c.PlaintextPasswords, named(tlsprobe.NotOffered))
}

// empty complains of a demand that demands nothing.
func (d *decoder) empty(at string, demand any) bool {
	if !reflect.ValueOf(demand).Elem().IsZero() {
		return d.failed[at]
	}
	for failed := range d.failed { // it would, but for another mistake
		if strings.HasPrefix(failed, at) {
			return true
		}
	}
	d.fail(at, "nothing is demanded")
	return true
}

func (d *decoder) set(at, what string, s *Set, known map[string]bool) {
	if s == nil || d.empty(at, s) {
		return
	}
	d.names(at+".required", what, s.Required, known)
	d.names(at+".one_of", what, s.OneOf, known)
	d.names(at+".allowed", what, s.Allowed, known)
	d.names(at+".forbidden", what, s.Forbidden, known)
	rest := *s
	if rest.In = nil; len(s.In) > 0 {
		d.empty(at, &rest)
	}
}

func (d *decoder) suites(at string, s *Suites) {
	if s == nil || d.empty(at, s) {
		return
	}
	w := vocabulary()
	d.names(at+".required", "suite", s.Required, w.suites)
	d.names(at+".one_of", "suite", s.OneOf, w.suites)
	d.names(at+".allowed", "suite", s.Allowed, w.suites)
	if f := s.Forbidden; f != nil && !d.empty(at+".forbidden", f) {
		d.names(at+".forbidden.weaknesses", "weakness", f.Weaknesses, weaknesses)
		d.names(at+".forbidden.key_exchange", "key exchange", f.KeyExchange, w.keyExchanges)
		d.names(at+".forbidden.authentication", "authentication", f.Authentication, w.authentications)
		d.names(at+".forbidden.ciphers", "cipher", f.Ciphers, w.ciphers)
	}
	rest := *s
	if rest.In = nil; len(s.In) > 0 {
		d.empty(at, &rest)
	}
}

func (d *decoder) certificates(at string, c *Certificates) {
	if c == nil || d.empty(at, c) {
		return
	}
	for i, k := range c.Keys {
		at := fmt.Sprintf("%s.keys[%d]", at, i)
		if d.needed(at+".type", k.Type) {
			d.word(at+".type", "key type", k.Type, keyTypes)
		}
		d.names(at+".curves", "curve", k.Curves, curves)
	}
	d.names(at+".signatures", "signature", c.Signatures, signatures)
	d.word(at+".staple", "staple", c.Staple, named("always", "where-possible"))
	d.word(at+".status", "status", c.Status, named("good"))
	rest := *c
	if rest.WholeChain = false; c.WholeChain {
		d.empty(at, &rest)
	}
}

// names checks the words of a list.
func (d *decoder) names(at, what string, list []string, known map[string]bool) {
	for i, word := range list {
		if at := fmt.Sprintf("%s[%d]", at, i); word != "" || !d.failed[at] {
			d.check(at, what, word, known)
		}
	}
}

// word checks a word, if it is there.
func (d *decoder) word(at, what, word string, known map[string]bool) {
	if _, there := d.values[at]; there && !d.failed[at] {
		d.check(at, what, word, known)
	}
}

func (d *decoder) check(at, what, word string, known map[string]bool) {
	if !known[word] {
		d.fail(at, "unknown %s %q%s", what, word, choices(known))
	}
}
