// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package report

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goassay/assay/audit"
)

// endpoint is what text shows of one endpoint of the facts of check tls.
type endpoint struct {
	Address   string            `json:"address"`
	SNI       string            `json:"sni"`
	Reached   bool              `json:"reached"`
	Protocols []endpointVersion `json:"protocols"`
	Groups    []struct {
		ID          string `json:"id"`
		Name        string `json:"name"`
		State       string `json:"state"`
		PostQuantum bool   `json:"post_quantum"`
	} `json:"groups"`
	SignatureAlgorithms []struct {
		ID    string `json:"id"`
		Name  string `json:"name"`
		State string `json:"state"`
	} `json:"signature_algorithms"`
	Certificates []struct {
		SNI   string `json:"sni"`
		Chain []struct {
			Subject    string    `json:"subject"`
			Issuer     string    `json:"issuer"`
			NotAfter   time.Time `json:"not_after"`
			Unreadable string    `json:"unreadable"`
			Key        struct {
				Type  string `json:"type"`
				Bits  int    `json:"bits"`
				Curve string `json:"curve"`
			} `json:"key"`
		} `json:"chain"`
	} `json:"certificates"`
	Chains []struct { // of each of Certificates
		SVID *svid `json:"svid"`
	} `json:"chains"`
	ClientAuth struct {
		State    string `json:"state"`
		Enforced string `json:"enforced"`
	} `json:"client_auth"`
	ALPN      []string `json:"alpn"`
	Plaintext *struct {
		Protocol string `json:"protocol"`
		StartTLS string `json:"starttls"`
	} `json:"plaintext"`
	Connections int `json:"connections"`
	Profiles    []struct {
		ID      string `json:"id"`
		Clauses []struct {
			Outcome string `json:"outcome"`
		} `json:"clauses"`
	} `json:"profiles"`
}

// endpointVersion is what is said of one version.
type endpointVersion struct {
	Version    string   `json:"version"`
	State      string   `json:"state"`
	Refusal    string   `json:"refusal"`
	Preference string   `json:"preference"`
	Undecided  []string `json:"undecided"`
	Suites     []struct {
		ID         string   `json:"id"`
		Name       string   `json:"name"`
		Strength   int      `json:"strength"`
		Weaknesses []string `json:"weaknesses"`
	} `json:"suites"`
}

// maxEndpointViews is how many endpoints are shown in full without Options.Verbose.
const maxEndpointViews = 3

// endpoints writes what endpoints take. Of many, it writes a line each.
func (p *page) endpoints() {
	var facts struct {
		Endpoints []endpoint `json:"endpoints"`
	}
	raw, ok := p.rep.Facts["tls"]
	if !ok || json.Unmarshal(raw, &facts) != nil || len(facts.Endpoints) == 0 {
		return
	}
	if len(facts.Endpoints) <= maxEndpointViews || p.opts.Verbose {
		for i := range facts.Endpoints {
			p.endpoint(&facts.Endpoints[i])
		}
		return
	}
	p.heading(msgEndpoints, len(facts.Endpoints))
	var rows [][]string
	for i := range facts.Endpoints {
		e := &facts.Endpoints[i]
		rows = append(rows, []string{clean(e.Address), e.versions(p.rep.Lang), ""})
	}
	p.columns(rows)
}

// versions lists the versions that are offered, in a few words.
func (e *endpoint) versions(lang audit.Lang) string {
	if !e.Reached {
		return msgUnreached.In(lang)
	}
	if e.inClear() {
		return say(lang, msgOf, audit.Args{"title": msgPlaintext.In(lang), "subject": clean(e.Plaintext.Protocol)})
	}
	var out []string
	for _, v := range e.Protocols {
		if v.State == "offered" {
			out = append(out, clean(v.Version))
		}
	}
	if out == nil {
		return msgUnknown.In(lang)
	}
	return enumerate(lang, out)
}

// endpoint writes all that matters of one endpoint.
func (p *page) endpoint(e *endpoint) {
	lang := p.rep.Lang
	p.line()
	p.line(style(strong, clean(e.Address)), style(faint, "  "+say(lang, msgConnections, audit.Args{"n": e.Connections})))
	if !e.Reached {
		p.para("  ", 2, plainPaint, msgUnreached.In(lang))
		return
	}
	if c := e.Plaintext; c != nil {
		words := []string{c.Protocol}
		if t, ok := wordState[c.StartTLS]; ok {
			words = append(words, say(lang, msgStartTLS, audit.Args{"state": t.In(lang)}))
		}
		p.named(msgPlaintext, words)
	}
	if !e.inClear() {
		p.handshake(e)
	}
	p.profiles(e)
}

// inClear reports whether an endpoint speaks something else than TLS: then no version of that is
// a question.
func (e *endpoint) inClear() bool {
	c := e.Plaintext
	return c != nil && c.Protocol != "unknown" && (c.StartTLS == "" || c.StartTLS == "not-offered") &&
		!slices.ContainsFunc(e.Protocols, func(v endpointVersion) bool { return v.State == "offered" })
}

// handshake writes what can be agreed upon with an endpoint, and what it presents.
func (p *page) handshake(e *endpoint) {
	lang := p.rep.Lang
	p.versions(e)
	p.suites(e)
	p.enumerated(msgGroups, e.groups(false))
	p.enumerated(msgPostQuantum, e.postQuantum(lang))
	p.enumerated(msgSignatures, e.signatures())
	p.certificates(e)
	state := e.ClientAuth.State
	if e.ClientAuth.Enforced == "http" {
		state = "http"
	}
	if text, ok := wordClientAuth[state]; ok {
		p.named(msgClientAuth, []string{text.In(lang)})
	}
	p.enumerated(msgALPN, e.ALPN)
}

// profiles counts the clauses of each profile by what is to be said of them.
func (p *page) profiles(e *endpoint) {
	for _, profile := range e.Profiles {
		counts := map[string]int{}
		for _, c := range profile.Clauses {
			counts[c.Outcome]++
		}
		parts := []string{profile.ID}
		for _, o := range wordOutcomes {
			if n := counts[o.outcome]; n > 0 {
				parts = append(parts, say(p.rep.Lang, o.text, audit.Args{"n": n}))
			}
		}
		p.named(msgProfile, parts)
	}
}

// named writes a label and what is said of it. Nothing is written for nothing.
func (p *page) named(label audit.Text, items []string) { p.labelled(label, items, join) }

// enumerated writes a label and a list of names.
func (p *page) enumerated(label audit.Text, items []string) { p.labelled(label, items, enumerate) }

func (p *page) labelled(label audit.Text, items []string, join func(audit.Lang, []string) string) {
	if len(items) == 0 {
		return
	}
	for i := range items {
		items[i] = clean(items[i])
	}
	begin := pad(label.In(p.rep.Lang), p.endpointLabel())
	p.para("  "+style(faint, begin)+"  ", 4+p.endpointLabel(), plainPaint, join(p.rep.Lang, items))
}

// endpointLabel is how many columns the widest label of an endpoint has.
func (p *page) endpointLabel() int {
	n := 0
	for _, t := range []audit.Text{msgGroups, msgPostQuantum, msgSignatures, msgCertificate, msgSPIFFEID, msgTrustDomain, msgSVIDValidity, msgSVIDChain, msgDefects, msgIssued, msgClientAuth, msgALPN, msgProfile, msgPlaintext} {
		n = max(n, width(t.In(p.rep.Lang)))
	}
	return n
}

func (p *page) versions(e *endpoint) {
	lang := p.rep.Lang
	rows := [][]string{{msgVersion.In(lang), msgState.In(lang), ""}}
	for _, v := range e.Protocols {
		state := clean(v.State)
		if t, ok := wordState[v.State]; ok {
			state = t.In(lang)
		}
		var remarks []string
		switch v.State {
		case "offered":
			remarks = append(remarks, say(lang, msgSuiteCount, audit.Args{"n": len(v.Suites)}))
			if t, ok := wordPreference[v.Preference]; ok {
				remarks = append(remarks, t.In(lang))
			}
			if len(v.Undecided) > 0 {
				remarks = append(remarks, say(lang, msgUndecided, audit.Args{"n": len(v.Undecided)}))
			}
		case "not-offered":
			remarks = append(remarks, refusal(lang, v.Refusal))
		}
		rows = append(rows, []string{clean(v.Version), state, join(lang, remarks)})
	}
	p.columns(rows)
}

// refusal says how a version was refused.
func refusal(lang audit.Lang, how string) string {
	if alert, ok := strings.CutPrefix(how, "alert "); ok {
		return say(lang, msgAlert, audit.Args{"alert": clean(alert)})
	}
	if t, ok := wordRefusal[how]; ok {
		return t.In(lang)
	}
	return clean(how)
}

// suites writes the suites of each version that is offered. Those that an older version
// has as well are not written again.
func (p *page) suites(e *endpoint) {
	lang := p.rep.Lang
	rows := [][]string{{msgSuite.In(lang), msgBits.In(lang), ""}}
	var seen []string
	for _, v := range e.Protocols {
		for _, s := range v.Suites {
			if slices.Contains(seen, s.ID) {
				continue
			}
			seen = append(seen, s.ID)
			name := s.Name
			if name == "" {
				name = s.ID
			}
			var weak []string
			for _, w := range s.Weaknesses {
				if t, ok := wordWeakness[w]; ok {
					w = t.In(lang)
				}
				weak = append(weak, clean(w))
			}
			rows = append(rows, []string{clean(name), strconv.Itoa(s.Strength), join(lang, weak)})
		}
	}
	if len(rows) > 1 {
		p.line()
		p.table(rows)
		p.line()
	}
}

// table writes rows of which the first column is as wide as it needs, and the last
// may be wrapped.
func (p *page) table(rows [][]string) {
	var first, second int
	for _, r := range rows {
		first, second = max(first, width(r[0])), max(second, width(r[1]))
	}
	for _, r := range rows {
		p.para("  "+pad(r[0], first)+"  "+pad(r[1], second)+"  ", 6, faint, r[2])
	}
}

// groups lists the groups that are offered.
func (e *endpoint) groups(postQuantum bool) []string {
	var out []string
	for _, g := range e.Groups {
		if g.State == "offered" && (!postQuantum || g.PostQuantum) {
			out = append(out, nameOr(g.Name, g.ID))
		}
	}
	return out
}

// postQuantum says which groups resist quantum computers, or that none does.
func (e *endpoint) postQuantum(lang audit.Lang) []string {
	if out := e.groups(true); out != nil {
		return out
	}
	for _, g := range e.Groups {
		if g.PostQuantum && g.State == "unknown" {
			return []string{msgUnknown.In(lang)}
		}
	}
	return []string{wordState["not-offered"].In(lang)}
}

func (e *endpoint) signatures() []string {
	var out []string
	for _, s := range e.SignatureAlgorithms {
		if s.State == "offered" {
			out = append(out, nameOr(s.Name, s.ID))
		}
	}
	return out
}

func nameOr(name, id string) string {
	if name == "" {
		return id
	}
	return name
}

// certificates writes the first of each chain that was presented for the name.
func (p *page) certificates(e *endpoint) {
	for i, c := range e.Certificates {
		if len(c.Chain) == 0 || c.SNI != e.SNI {
			continue
		}
		leaf := c.Chain[0]
		if leaf.Unreadable != "" {
			p.named(msgCertificate, []string{msgUnknown.In(p.rep.Lang), leaf.Unreadable})
			continue
		}
		key := strings.TrimSpace(fmt.Sprintf("%s %s", leaf.Key.Type, nameOr(leaf.Key.Curve, strconv.Itoa(leaf.Key.Bits))))
		p.named(msgCertificate, []string{
			nameOr(leaf.Subject, "-"), key, say(p.rep.Lang, msgValidUntil, audit.Args{"date": leaf.NotAfter.Format(time.DateOnly)}),
			say(p.rep.Lang, msgIssuer, audit.Args{"issuer": clean(nameOr(leaf.Issuer, "-"))}),
		})
		if i < len(e.Chains) && e.Chains[i].SVID != nil {
			s := *e.Chains[i].SVID
			s.At, s.NotAfter = p.rep.Finished, leaf.NotAfter
			p.svid(&s)
		}
	}
}
