// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package checks

import (
	"fmt"
	"slices"
	"strings"

	"github.com/goassay/assay/audit"
	"github.com/goassay/assay/audit/tlsprobe"
)

// finding returns a finding about the endpoint. Every message may name the {endpoint}.
func (e TLSEndpoint) finding(rule string, args audit.Args) audit.Finding {
	if args == nil {
		args = audit.Args{}
	}
	args["endpoint"] = e.Address
	return audit.Finding{Rule: rule, Subject: audit.Subject{Kind: "endpoint", Name: e.Address}, Args: args, Evidence: e.Evidence}
}

// judgeEndpoint judges what one endpoint offers. What is unknown is no finding: it is
// said to be so by [TLSFacts.undetermined].
func judgeEndpoint(e TLSEndpoint, report func(audit.Finding)) {
	add := func(rule string, args audit.Args) { report(e.finding(rule, args)) }
	judgeVersions(e, add)
	judgeSuites(e, add)
	judgeGroups(e, add)
	judgeSession(e, add)
	judgeClear(e, add)
}

// inClear reports whether an endpoint is known to speak something else than TLS, and to go
// on in clear.
func (e TLSEndpoint) inClear() bool {
	c := e.Plaintext
	return c != nil && c.Protocol != "unknown" && (c.StartTLS == "" || c.StartTLS == tlsprobe.NotOffered)
}

// judgeClear judges what is spoken before TLS, or in place of it, and HTTP over TLS.
func judgeClear(e TLSEndpoint, report func(string, audit.Args)) {
	if c := e.Plaintext; c != nil {
		switch {
		case c.StartTLS == tlsprobe.NotOffered:
			report("tls/no-starttls", audit.Args{"protocol": c.Protocol})
		case e.inClear() && strings.HasPrefix(c.Redirect, "https:"):
			report("tls/redirect-only", audit.Args{"protocol": c.Protocol, "redirect": c.Redirect})
		case e.inClear():
			report("tls/plaintext", audit.Args{"protocol": c.Protocol})
		}
		if c.Auth {
			report("tls/plaintext-passwords", audit.Args{"protocol": c.Protocol})
		}
		if c.Pipelined {
			report("tls/starttls-pipelined", audit.Args{"protocol": c.Protocol})
		}
	}
	if e.HTTP != nil && !remembersTLS(e.HTTP.HSTS) {
		report("tls/no-hsts", nil)
	}
}

// remembersTLS reports whether a value of Strict-Transport-Security has browsers come back
// over TLS: with a max-age of zero, or none, it does not (RFC 6797, sections 6.1 and 6.1.1).
func remembersTLS(hsts string) bool {
	for directive := range strings.SplitSeq(hsts, ";") {
		name, value, _ := strings.Cut(directive, "=")
		if !strings.EqualFold(strings.TrimSpace(name), "max-age") {
			continue
		}
		digits := strings.Trim(strings.TrimSpace(value), `"`)
		return strings.Trim(digits, "0123456789") == "" && strings.Trim(digits, "0") != ""
	}
	return false
}

func judgeVersions(e TLSEndpoint, report func(string, audit.Args)) {
	var obsolete, deprecated []string
	current, next, unknown := false, tlsprobe.Unknown, false
	for _, p := range e.Protocols {
		switch {
		case p.Version == tlsprobe.TLS13:
			next = p.State
		case p.State == tlsprobe.Unknown:
			unknown = unknown || p.Version == tlsprobe.TLS12
		case p.State != tlsprobe.Offered:
		case p.Version == tlsprobe.SSL2, p.Version == tlsprobe.SSL3:
			obsolete = append(obsolete, p.Version.String())
		case p.Version == tlsprobe.TLS10, p.Version == tlsprobe.TLS11:
			deprecated = append(deprecated, p.Version.String())
		case p.Version == tlsprobe.TLS12:
			current = true
		}
	}
	if obsolete != nil {
		report("tls/obsolete-version", audit.Args{"versions": obsolete})
	}
	if deprecated != nil {
		report("tls/deprecated-version", audit.Args{"versions": deprecated})
	}
	switch {
	case next != tlsprobe.NotOffered || unknown:
	case current:
		report("tls/no-tls13", nil)
	case obsolete != nil || deprecated != nil:
		report("tls/no-current-version", nil)
	}
}

// suiteRules are the rules of suites, the worst first: a suite is named under the first
// one of whose weaknesses it has any.
var suiteRules = []struct {
	rule       string
	weaknesses []tlsprobe.Weakness
}{
	{"tls/broken-suites", []tlsprobe.Weakness{tlsprobe.WeakNull, tlsprobe.WeakAnonymous, tlsprobe.WeakExport, tlsprobe.WeakRC4, tlsprobe.WeakDES, tlsprobe.WeakMD5}},
	{"tls/weak-suites", []tlsprobe.Weakness{tlsprobe.Weak3DES, tlsprobe.WeakBlock64}},
	{"tls/no-forward-secrecy", []tlsprobe.Weakness{tlsprobe.WeakNoSecrecy}},
	{"tls/legacy-suites", []tlsprobe.Weakness{tlsprobe.WeakCBC, tlsprobe.WeakSHA1, tlsprobe.WeakTruncated, tlsprobe.WeakNoRegistry}},
}

func judgeSuites(e TLSEndpoint, report func(string, audit.Args)) {
	named := make([][]string, len(suiteRules))
	for _, p := range e.Protocols {
		for _, s := range p.Suites {
			if p.Version == tlsprobe.TLCP && !slices.Contains(s.Weaknesses, tlsprobe.WeakNull) { // its suites are judged by the profile that demands them
				continue
			}
			i := slices.IndexFunc(suiteRules, func(r struct {
				rule       string
				weaknesses []tlsprobe.Weakness
			}) bool {
				return slices.ContainsFunc(r.weaknesses, func(w tlsprobe.Weakness) bool { return slices.Contains(s.Weaknesses, w) })
			})
			name := s.Name
			if name == "" {
				name = s.ID.String()
			}
			if i >= 0 && !slices.Contains(named[i], name) {
				named[i] = append(named[i], name)
			}
		}
	}
	for i, names := range named {
		if names != nil {
			report(suiteRules[i].rule, audit.Args{"count": len(names), "suites": first(names, maxNamed)})
		}
	}
}

// minGroup is the least strength of a group, in bits (NIST SP 800-57 part 1, table 4).
const minGroup = 112

func judgeGroups(e TLSEndpoint, report func(string, audit.Args)) {
	var weak []string
	any, resists := false, tlsprobe.NotOffered
	for _, g := range e.Groups {
		any = any || g.State == tlsprobe.Offered
		if g.State == tlsprobe.Offered && g.Strength > 0 && g.Strength < minGroup && g.ID < 0x100 {
			weak = append(weak, g.Name)
		}
		if g.PostQuantum && (g.State == tlsprobe.Offered || g.State == tlsprobe.Unknown && resists == tlsprobe.NotOffered) {
			resists = g.State
		}
	}
	if weak != nil {
		report("tls/weak-groups", audit.Args{"groups": weak})
	}
	if any && resists == tlsprobe.NotOffered {
		report("tls/no-post-quantum", nil)
	}
	var broken, short []string
	for _, f := range e.Session.FiniteFields {
		switch text := fmt.Sprintf("%d", f.Bits); {
		case f.Bits <= 1024:
			broken = append(broken, text)
		case f.Bits < 2048:
			short = append(short, text)
		}
	}
	if broken != nil {
		report("tls/broken-dh", audit.Args{"bits": broken})
	}
	if short != nil {
		report("tls/short-dh", audit.Args{"bits": short})
	}
}

func judgeSession(e TLSEndpoint, report func(string, audit.Args)) {
	s := e.Session
	for _, r := range []struct {
		rule  string
		state tlsprobe.State
		wrong tlsprobe.State
	}{
		{"tls/insecure-renegotiation", s.SecureRenegotiation, tlsprobe.NotOffered},
		{"tls/client-renegotiation", s.ClientRenegotiation, tlsprobe.Offered},
		{"tls/compression", s.Compression, tlsprobe.Offered},
		{"tls/no-extended-master-secret", s.ExtendedMasterSecret, tlsprobe.NotOffered},
		{"tls/early-data", s.EarlyData, tlsprobe.Offered},
		{"tls/client-auth-unverified", e.ClientAuth.Unverified, tlsprobe.Offered},
		{"tls/client-certificate-refused", e.ClientAuth.Own, tlsprobe.NotOffered},
	} {
		if r.state == r.wrong {
			report(r.rule, nil)
		}
	}
}
