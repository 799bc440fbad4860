// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package audit

import (
	"errors"
	"fmt"
	"maps"
	"net/url"
	"path"
	"slices"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"github.com/goassay/assay/internal/strictyaml"
)

// MaxPolicySize bounds a policy file, in bytes.
const MaxPolicySize = 256 << 10

// A PolicyError is a mistake in a policy file.
type PolicyError struct {
	File         string
	Line, Column int    // from 1, the column in characters; 0 if the place is unknown
	Message      string // what is wrong
	Hint         string // the nearest right word, or "" if there is none
}

// Error gives file:line:column and what is wrong there.
func (e *PolicyError) Error() string {
	loc := &Location{File: e.File, Line: e.Line, Column: e.Column}
	return loc.String() + ": " + e.Message
}

// ParsePolicy reads a policy and checks it against the catalogue's rules.
// It is strict: an unknown key, rule or severity, a value of the wrong type,
// and a waiver that lacks any of its parts, is an error. Errors are
// *PolicyError, joined: all of them at once, in the order of the file, unless
// it is no YAML at all. A file without content is the default policy.
func ParsePolicy(file string, data []byte, rules map[string]*Rule) (*Policy, error) {
	p := DefaultPolicy()
	p.File, p.Digest = file, Digest(data)
	v := &policyValidator{Decoder: policyFormat.Read(data, p), rules: rules}
	if !v.Broken {
		v.policy(p)
	}
	var errs []error
	for _, m := range v.Mistakes() {
		errs = append(errs, &PolicyError{File: file, Line: m.Line, Column: m.Column, Message: m.Message, Hint: m.Hint})
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	return p, nil
}

var policyFormat = strictyaml.Format{Noun: "policy", MaxSize: MaxPolicySize, Blank: true, Nearest: Nearest, Text: policyDate}

// policyDate reads the one type that reads itself, and takes no empty text.
func policyDate(dst any, text string) error {
	if text == "" || dst.(*Date).UnmarshalText([]byte(text)) != nil {
		return fmt.Errorf("malformed date %q: a day such as 2006-01-02", text)
	}
	return nil
}

// policyValidator checks what the types cannot.
type policyValidator struct {
	*strictyaml.Decoder
	rules map[string]*Rule
}

func (v *policyValidator) policy(p *Policy) {
	v.severity("fail_on", p.FailOn)
	for _, id := range slices.Sorted(maps.Keys(p.Severities)) {
		at := "severities." + id
		v.rule(v.Keys[at], id)
		v.severity(at, p.Severities[id])
	}
	for i := range p.Waivers {
		v.waiver(fmt.Sprintf("waivers[%d]", i), &p.Waivers[i])
	}
	v.logs(p.SumDB.Logs)
	v.requirements(p.FIPS.Require)
	v.parties(p.SBOM)
	v.licenses(p.Licenses)
	if _, ok := p.Vuln.MaxAgeDays(); !ok && p.Vuln.MaxAge != "" {
		v.FailAt(v.Values["vuln.max_age"], "", "malformed age %q: days, such as 30d", p.Vuln.MaxAge)
	}
	for i, file := range p.Vuln.VEX {
		if strings.TrimSpace(file) == "" {
			v.FailAt(v.Values[fmt.Sprintf("vuln.vex[%d]", i)], "", "VEX document without a name")
		}
	}
	v.spiffe(&p.SPIFFE)
	a := &p.Allowlist
	if !a.ValidFrom.IsZero() && !a.ValidUntil.IsZero() && a.ValidUntil.Before(a.ValidFrom.Time) {
		v.FailAt(v.Values["allowlist.valid_until"], "", "valid_until is before valid_from")
	}
}

func (v *policyValidator) severity(at string, s Severity) {
	if s.Valid() || v.Failed[at] {
		return
	}
	words := make([]string, 0, len(Severities()))
	for _, s := range Severities() {
		words = append(words, string(s))
	}
	v.FailAt(v.Values[at], Nearest(string(s), words), "unknown severity %q: one of %s", s, strings.Join(words, ", "))
}

func (v *policyValidator) rule(at strictyaml.Place, id string) {
	if v.rules[id] == nil {
		v.FailAt(at, Nearest(id, slices.Sorted(maps.Keys(v.rules))), "unknown rule %q", id)
	}
}

func (v *policyValidator) waiver(at string, w *Waiver) {
	w.Line = v.Values[at].Line
	if v.Failed[at] {
		return
	}
	parts := []struct {
		key     string
		missing bool
	}{
		{"rule", blank(w.Rule)}, {"subject", blank(w.Subject)}, {"reason", blank(w.Reason)}, {"owner", blank(w.Owner)},
		{"expires", w.Expires.IsZero()},
	}
	for _, part := range parts {
		if part.missing && !v.Failed[at+"."+part.key] {
			v.FailAt(v.Values[at], "", "waiver without %s", part.key)
		}
	}
	if !blank(w.Rule) {
		v.rule(v.Values[at+".rule"], w.Rule)
	}
	if _, err := path.Match(w.Subject, ""); err != nil {
		v.FailAt(v.Values[at+".subject"], "", "malformed pattern %q", w.Subject)
	}
}

// logs checks the checksum databases: each with a key, each name once, and
// patterns that the go command would take in GOPRIVATE.
func (v *policyValidator) logs(logs []PolicyLog) {
	names := map[string]bool{}
	for i, log := range logs {
		at := fmt.Sprintf("sumdb.logs[%d]", i)
		if v.Failed[at] {
			continue
		}
		fields := strings.Fields(log.GOSUMDB)
		switch {
		case v.Failed[at+".gosumdb"]:
		case len(fields) == 0:
			v.FailAt(v.Values[at], "", "log without gosumdb")
		case len(fields) > 2:
			v.FailAt(v.Values[at+".gosumdb"], "", "gosumdb is name+key, or name+key and a URL")
		default:
			verifier, err := note.NewVerifier(fields[0])
			switch {
			case err != nil:
				v.FailAt(v.Values[at+".gosumdb"], "", "gosumdb does not begin with name+key: %v", err)
			case names[verifier.Name()]:
				v.FailAt(v.Values[at+".gosumdb"], "", "two logs called %s", verifier.Name())
			default:
				names[verifier.Name()] = true
			}
		}
		if len(log.Modules) == 0 && !v.Failed[at+".modules"] {
			v.FailAt(v.Values[at], "", "log without modules")
		}
		for j, pattern := range log.Modules {
			at := fmt.Sprintf("%s.modules[%d]", at, j)
			if _, err := path.Match(pattern, ""); !v.Failed[at] && (err != nil || blank(pattern) || strings.Contains(pattern, ",")) {
				v.FailAt(v.Values[at], "", "malformed pattern %q", pattern)
			}
		}
	}
}

// requirements checks what is demanded of executables.
func (v *policyValidator) requirements(list []FIPSRequirement) {
	for i, r := range list {
		at := fmt.Sprintf("fips.require[%d]", i)
		if v.Failed[at] {
			continue
		}
		switch {
		case v.Failed[at+".level"]:
		case r.Level == "":
			v.FailAt(v.Values[at], "", "requirement without level")
		case !slices.Contains(FIPSLevels, r.Level):
			v.FailAt(v.Values[at+".level"], Nearest(r.Level, FIPSLevels), "unknown level %q", r.Level)
		}
		if len(r.Paths) == 0 && !v.Failed[at+".paths"] {
			v.FailAt(v.Values[at], "", "requirement without paths")
		}
		for j, pattern := range r.Paths {
			at := fmt.Sprintf("%s.paths[%d]", at, j)
			if _, err := path.Match(pattern, ""); !v.Failed[at] && (err != nil || blank(pattern)) {
				v.FailAt(v.Values[at], "", "malformed pattern %q", pattern)
			}
		}
	}
}

// parties checks who makes and supplies bills of materials.
func (v *policyValidator) parties(p SBOMPolicy) {
	check := func(at string, party PolicyParty) {
		if v.Failed[at] || party == (PolicyParty{}) && strings.HasSuffix(at, "supplier") {
			return
		}
		switch {
		case blank(party.Name) && !v.Failed[at+".name"]:
			v.FailAt(v.Values[at], "", "party without name")
		case party.Email != "" && !strings.Contains(party.Email, "@"):
			v.FailAt(v.Values[at+".email"], "", "malformed e-mail address %q", party.Email)
		case party.URL != "" && !absoluteURL(party.URL):
			v.FailAt(v.Values[at+".url"], "", "malformed URL %q", party.URL)
		case party.Email == "" && party.URL == "" && !v.Failed[at+".email"] && !v.Failed[at+".url"]:
			v.FailAt(v.Values[at], "", "party without email and url")
		}
	}
	for i, a := range p.Authors {
		check(fmt.Sprintf("sbom.authors[%d]", i), a)
	}
	check("sbom.supplier", p.Supplier)
	if p.Distribution != "" && !absoluteURL(p.Distribution) {
		v.FailAt(v.Values["sbom.distribution"], "", "malformed URL %q", p.Distribution)
	}
	if p.URI != "" && !absoluteURL(p.URI) {
		v.FailAt(v.Values["sbom.uri"], "", "malformed URL %q", p.URI)
	}
}

func absoluteURL(s string) bool {
	u, err := url.Parse(s)
	return err == nil && u.Host != "" && (u.Scheme == "https" || u.Scheme == "http") && u.User == nil
}

// licenses checks the lists of licences.
func (v *policyValidator) licenses(p LicensePolicy) {
	lists := []struct {
		name string
		ids  []string
	}{{"allow", p.Allow}, {"deny", p.Deny}, {"review", p.Review}}
	seen := map[string]string{}
	for _, list := range lists {
		for i, id := range list.ids {
			at := fmt.Sprintf("licenses.%s[%d]", list.name, i)
			switch before := seen[strings.ToLower(id)]; {
			case v.Failed[at]:
			case blank(id):
				v.FailAt(v.Values[at], "", "empty licence")
			case before != "":
				v.FailAt(v.Values[at], "", "%s is in two lists, or twice in one: %s", id, before)
			default:
				seen[strings.ToLower(id)] = list.name
			}
		}
	}
}

// spiffe checks what is said of X.509-SVIDs.
func (v *policyValidator) spiffe(p *SPIFFEPolicy) {
	const at = "spiffe.trust_domain"
	if p.TrustDomain != "" && !trustDomain().MatchString(p.TrustDomain) {
		v.FailAt(v.Values[at], "", "malformed trust domain %q: a name such as prod.example", p.TrustDomain)
	}
	for i, pattern := range p.Paths {
		at := fmt.Sprintf("spiffe.paths[%d]", i)
		if err := CheckSPIFFEPath(pattern); err != nil && !v.Failed[at] {
			v.FailAt(v.Values[at], "", "path %q: %v", pattern, err)
		}
	}
}

func blank(s string) bool { return strings.TrimSpace(s) == "" }
