// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package checks

import (
	"math"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/goassay/assay/audit"
	"github.com/goassay/assay/audit/tlsprobe"
)

// judgeCertificates judges the chains of one endpoint, by the facts that
// [tlsprobe.Result.Examine] found out of each.
func judgeCertificates(report func(rule string, args audit.Args), r *tlsprobe.Result, facts []tlsprobe.ChainFacts, now time.Time) {
	for i, f := range facts {
		if i >= len(r.Certificates) || len(r.Certificates[i].Certificates) == 0 {
			continue
		}
		j := &chainJudge{
			report: report, endpoint: shown(r.Address), chain: r.Certificates[i].Certificates, leaf: r.Certificates[i].Leaf(), facts: f, now: now,
			svid: f.SVID != nil && len(f.SVID.Defects) == 0,
		}
		j.judge()
	}
}

// A chainJudge judges one chain.
type chainJudge struct {
	report   func(rule string, args audit.Args)
	endpoint string
	chain    []tlsprobe.Certificate
	leaf     tlsprobe.Certificate
	facts    tlsprobe.ChainFacts
	now      time.Time
	svid     bool // the first is an X.509-SVID without a defect
}

func (j *chainJudge) judge() {
	if j.leaf.Unreadable != "" {
		j.finding("tls/certificate-unreadable", audit.Args{"error": shown(j.leaf.Unreadable)})
	}
	if j.leaf.SPKI == "" { // there is nothing else to judge
		return
	}
	j.validity()
	j.name()
	j.strength()
	j.order()
	if !j.intercepted() {
		j.trust()
	}
	j.public()
	j.staple()
	j.timestamps()
	j.identity()
}

// finding reports a finding. Every message may name the {endpoint}.
func (j *chainJudge) finding(rule string, args audit.Args) {
	args["endpoint"] = j.endpoint
	j.report(rule, args)
}

// about are the arguments of a finding about one certificate.
func about(c tlsprobe.Certificate) audit.Args {
	return audit.Args{
		"subject": named(c), "issuer": shown(c.Issuer), "spki": c.SPKI,
		"not_before": c.NotBefore.Format(time.RFC3339), "not_after": c.NotAfter.Format(time.RFC3339),
	}
}

// with adds an argument.
func with(args audit.Args, name string, value any) audit.Args {
	args[name] = value
	return args
}

// named is what a certificate is called: by its subject, or if that is empty, as public
// ones' may be, by its first name; or else by its digest.
func named(c tlsprobe.Certificate) string {
	for _, name := range slices.Concat([]string{c.Subject}, c.URIs, c.DNSNames, c.Addresses) {
		if name != "" {
			return shown(name)
		}
	}
	return c.SHA256
}

// maxShown bounds, in characters, what is shown of a text of somebody else's.
const maxShown = 200

// shown is a text from a certificate without what a terminal would obey, or what makes
// a line read otherwise than it is written, and not longer than a line or two.
func shown(s string) string {
	var b strings.Builder
	n := 0
	for _, r := range s {
		if n++; n > maxShown {
			b.WriteRune('…')
			break
		}
		if !unicode.IsPrint(r) {
			r = unicode.ReplacementChar
		}
		b.WriteRune(r)
	}
	return b.String()
}

// allShown are texts from a certificate.
func allShown(list []string) []string {
	var out []string
	for _, s := range first(list, maxListed) {
		out = append(out, shown(s))
	}
	return out
}

// validity judges when certificates are valid. That the end is near is relative: a certificate
// of six days is near its end always. An SVID is judged by its headroom.
func (j *chainJudge) validity() {
	const day = 24 * time.Hour
	switch j.facts.Validity {
	case tlsprobe.Expired:
		j.finding("tls/expired", about(j.leaf))
	case tlsprobe.NotYetValid:
		j.finding("tls/not-yet-valid", about(j.leaf))
	default:
		whole, left := j.leaf.NotAfter.Sub(j.leaf.NotBefore), j.leaf.NotAfter.Sub(j.now)
		args := with(about(j.leaf), "days", int(left/day))
		switch {
		case j.svid, j.now.IsZero(): // a report is checked again, on another day
		case left < min(14*day, whole/6):
			j.finding("tls/expires-soon", args)
		case left < min(30*day, whole/3):
			j.finding("tls/expires-this-month", args)
		}
	}
	if j.trusted() {
		return
	}
	for _, i := range j.facts.Outdated {
		if slices.Contains(j.facts.Path, i) {
			j.finding("tls/issuer-outdated", about(j.chain[i]))
		}
	}
}

// trusted reports whether a store trusts the chain, or the trust domain whose SVID it is.
func (j *chainJudge) trusted() bool { return j.facts.Trusted() == tlsprobe.Trusted }

// name judges whether the certificate is for the name that was asked for. An SVID's names
// play no part.
func (j *chainJudge) name() {
	if j.facts.NameMatch != tlsprobe.NameMismatch || j.svid || j.facts.SVID != nil && len(j.leaf.DNSNames)+len(j.leaf.Addresses) == 0 {
		return
	}
	names := allShown(slices.Concat(j.leaf.DNSNames, j.leaf.Addresses))
	if names == nil {
		names = []string{"-"}
	}
	j.finding("tls/name-mismatch", audit.Args{"name": shown(j.facts.Name), "names": names})
}

// strength judges keys and signatures of the certificates on the way up.
func (j *chainJudge) strength() {
	for _, i := range j.facts.Path {
		c := j.chain[i]
		if k := c.Key; weak(k) {
			j.finding("tls/key-weak", with(with(about(c), "key", shown(k.Type)), "bits", k.Bits))
		}
		if brokenHash(c.Signature) && !c.SelfIssued {
			j.finding("tls/signature-weak", with(about(c), "signature", c.Signature))
		}
	}
}

// weak reports whether a key gives less than 112 bits of security (NIST SP 800-57
// part 1, table 2).
func weak(k tlsprobe.Key) bool {
	switch k.Type {
	case "RSA", "RSA-PSS", "DSA":
		return k.Bits < 2048
	case "ECDSA":
		return k.Bits > 0 && k.Bits < 224
	}
	return false
}

// brokenHash reports whether a signature is over a hash of which collisions are known.
func brokenHash(signature string) bool {
	return slices.ContainsFunc([]string{"MD2", "MD4", "MD5", "SHA1"}, func(hash string) bool {
		return strings.HasPrefix(signature, hash+"-") || strings.HasSuffix(signature, "-"+hash)
	})
}

// order judges how the certificates were put together.
func (j *chainJudge) order() {
	if !j.facts.Ordered {
		var chain []string
		for _, c := range j.chain {
			chain = append(chain, named(c))
		}
		j.finding("tls/chain-order", audit.Args{"chain": first(chain, maxListed)})
	}
	spare := slices.Clone(j.facts.Superfluous)
	if j.trusted() { // by another way than through those that are outdated
		spare = append(spare, j.facts.Outdated...)
	}
	slices.Sort(spare)
	var chain []string
	for _, i := range spare {
		chain = append(chain, named(j.chain[i]))
	}
	if chain != nil {
		j.finding("tls/chain-superfluous", audit.Args{"chain": first(chain, maxListed)})
	}
}

// foreign reports whether no public authority issued the certificate: Mozilla knows none
// whose signature leads down to it. Of a chain with signatures that cannot be checked here
// that is not known; for SM2, those who audit say which authorities are public.
func (j *chainJudge) foreign() bool {
	t := j.facts.Trust.Mozilla
	if j.facts.Trust.SM != nil {
		t = *j.facts.Trust.SM
	}
	return t.State == tlsprobe.Untrusted && !t.Known && t.Problem != tlsprobe.UnknownKey
}

// vouched reports whether a log of certificate transparency speaks for the certificate. What
// an unknown log says counts only where the chain is incomplete and may be a public one: anybody
// can make up a log.
func (j *chainJudge) vouched() bool {
	return slices.ContainsFunc(j.facts.SCTs, func(s tlsprobe.SCT) bool {
		return s.Verified == tlsprobe.Offered || s.Verified == tlsprobe.Unknown && j.facts.Missing != nil
	})
}

// intercepted judges whether somebody else answers under a public name. That a private
// authority issued for a public name is not enough: a company does that for its own.
func (j *chainJudge) intercepted() bool {
	name := j.facts.Name
	if !j.foreign() || j.vouched() || !tlsprobe.IsPublicName(name) {
		return false
	}
	var signs []string
	if tlsprobe.IsWellKnownService(name) {
		signs = append(signs, "well-known-service")
	}
	if j.facts.Pin == tlsprobe.PinMismatch {
		signs = append(signs, "pins-changed")
	}
	if signs == nil {
		return false
	}
	if j.facts.Trust.System.State == tlsprobe.Trusted {
		signs = append(signs, "system-store-only")
	} else {
		signs = append(signs, "no-store")
	}
	if len(j.facts.SCTs) == 0 {
		signs = append(signs, "no-sct")
	}
	j.finding("tls/intercepted", with(with(about(j.leaf), "name", shown(name)), "signs", signs))
	return true
}

// trust judges who trusts the chain, where nobody intercepts it.
func (j *chainJudge) trust() {
	if j.facts.Pin == tlsprobe.PinMismatch {
		j.finding("tls/pin-mismatch", about(j.leaf))
	}
	t, missing := j.facts.Trust, j.facts.Missing
	switch {
	case j.trusted():
		if t.System.State == tlsprobe.Trusted && j.foreign() && tlsprobe.IsPublicName(j.facts.Name) {
			j.finding("tls/private-issuer", with(about(j.leaf), "name", shown(j.facts.Name)))
		}
	case j.facts.SelfSigned:
		j.finding("tls/self-signed", about(j.leaf))
	case missing != nil && len(missing.URLs) > 0 && len(j.facts.Path) == 1 && !j.leaf.CA:
		// Above the first a private root may be left out by right, and nobody can tell which it is.
		j.finding("tls/missing-intermediate", with(about(j.leaf), "urls", allShown(missing.URLs)))
	default:
		problem := t.Mozilla.Problem
		if t.SM != nil {
			problem = t.SM.Problem
		}
		j.finding("tls/untrusted", with(about(j.leaf), "trust_problem", string(problem)))
	}
}

// public judges what only publicly trusted certificates are bound by.
func (j *chainJudge) public() {
	if f := j.facts; f.Limit > 0 && f.Lifetime > f.Limit {
		j.finding("tls/lifetime", with(with(about(j.leaf), "days", f.Lifetime), "limit", f.Limit))
	}
	var lints []string
	for _, l := range j.facts.Lints {
		if l.Result != "warn" {
			lints = append(lints, l.Name)
		}
	}
	if lints != nil {
		j.finding("tls/lint", with(about(j.leaf), "lints", first(lints, maxListed)))
	}
}

// staple judges the OCSP response. One that cannot be verified, as the issuer is not
// known, is for the trust of the chain to answer for.
func (j *chainJudge) staple() {
	s := j.facts.Staple
	switch {
	case s == nil:
		if j.leaf.MustStaple {
			j.finding("tls/must-staple", about(j.leaf))
		}
	case s.Verified == tlsprobe.NotOffered:
		j.finding("tls/staple-invalid", audit.Args{"staple_problem": s.Problem, "this_update": moment(s.ThisUpdate), "next_update": moment(s.NextUpdate)})
	case s.Verified == tlsprobe.Offered && s.Status == "unknown": // RFC 6960, section 2.2: it was not issued, as far as the responder knows
		j.finding("tls/staple-invalid", audit.Args{"staple_problem": "unknown", "this_update": moment(s.ThisUpdate), "next_update": moment(s.NextUpdate)})
	case s.Verified == tlsprobe.Offered && s.Status == "revoked":
		j.finding("tls/revoked", with(about(j.leaf), "this_update", moment(s.ThisUpdate)))
	}
}

// moment is a time; "-" for none.
func moment(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.Format(time.RFC3339)
}

func (j *chainJudge) timestamps() {
	for _, s := range j.facts.SCTs {
		if s.Verified != tlsprobe.NotOffered {
			continue
		}
		log := s.Name
		if log == "" {
			log = s.Log
		}
		if log == "" {
			log = "-"
		}
		j.finding("tls/sct-invalid", audit.Args{"log": shown(log), "sct_source": s.Source, "sct_problem": s.Problem})
	}
}

// rotationLate is the part of an SVID's lifetime with which its renewal, due at a half,
// must have failed.
const rotationLate = 1.0 / 3

// identity judges an X.509-SVID.
func (j *chainJudge) identity() {
	s := j.facts.SVID
	if s == nil {
		return
	}
	if len(s.Defects) > 0 {
		var defects []string
		for _, d := range s.Defects {
			defects = append(defects, string(d))
		}
		uris := allShown(j.leaf.URIs)
		if uris == nil {
			uris = []string{"none"}
		}
		j.finding("tls/svid-defect", audit.Args{"svid_defects": defects, "uris": uris})
	}
	if j.facts.Validity == tlsprobe.Valid && s.ID != "" && s.Headroom < rotationLate {
		j.finding("tls/svid-rotation-late", with(with(about(j.leaf), "id", shown(s.ID)), "percent", int(math.Floor(s.Headroom*100))))
	}
}
