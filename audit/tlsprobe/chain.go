// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package tlsprobe

import (
	"bytes"
	"net"
	"slices"
	"time"
)

// ChainOptions say against what a chain is held.
type ChainOptions struct {
	Name  string    // that the server was asked for; "" if no name is to match
	Now   time.Time // zero: the present
	Roots Roots
	Pins  []string // "sha256/..." as in [Certificate].SPKI, one of which the first certificate, or one that leads down to it, must have; nil: any will do
	Logs  *Logs    // of certificate transparency; nil: none is known
	SVID  SVIDOptions
}

// ChainFacts are what a chain is, beside what stands in its certificates.
type ChainFacts struct {
	Certificate string    `json:"certificate,omitempty"` // SHA256 of the first
	Name        string    `json:"name,omitempty"`        // that was asked for
	NameMatch   NameMatch `json:"name_match,omitempty"`  // "" if there is no name to match
	Validity    Validity  `json:"validity"`              // of the first

	// Path are the certificates that lead up from the first, by position; more than one way
	// up is possible, and this is one.
	Path        []int   `json:"path"`
	Ordered     bool    `json:"ordered"`               // each certifies one before it
	Superfluous []int   `json:"superfluous,omitempty"` // positions of those that certify none of the others, or come twice
	Outdated    []int   `json:"outdated,omitempty"`    // positions of issuers that are expired, or not valid yet
	SelfSigned  bool    `json:"self_signed,omitempty"` // the first is
	Encryption  int     `json:"encryption,omitempty"`  // position of the certificate for encryption that TLCP has besides; 0: none
	Missing     *Issuer `json:"missing,omitempty"`     // who is neither sent nor in a store

	Trust Verification `json:"trust"`

	// Lifetime is the validity of the first, in days, begun ones included. Limit is how many
	// the CA/Browser Forum allows; 0 if it does not say, as the chain is not publicly trusted.
	Lifetime int `json:"lifetime_days"`
	Limit    int `json:"lifetime_limit_days,omitempty"`

	Pin    PinMatch `json:"pin,omitempty"` // "" if none was given
	Staple *Staple  `json:"staple,omitempty"`
	SCTs   []SCT    `json:"scts,omitempty"`
	SVID   *SVID    `json:"svid,omitempty"`  // if the first has a SPIFFE ID, or one was demanded
	Lints  []Lint   `json:"lints,omitempty"` // of the first, if the chain is publicly trusted
}

// NameMatch says whether a certificate is for a name (RFC 9525).
type NameMatch string

// The answers.
const (
	NameMatches  NameMatch = "match"
	NameMismatch NameMatch = "mismatch"
	NameUnknown  NameMatch = "unknown" // the certificate cannot be read
)

// Validity says whether a certificate is valid at a time.
type Validity string

// The answers.
const (
	Valid       Validity = "valid"
	Expired     Validity = "expired"
	NotYetValid Validity = "not-yet-valid"
)

// PinMatch says whether a chain has one of the keys that were pinned.
type PinMatch string

// The answers.
const (
	PinMatches  PinMatch = "match"
	PinMismatch PinMatch = "mismatch"
)

// Trusted says whether anybody trusts the chain: a store, or the trust domain whose SVID it is.
// Where one cannot tell and none does, that is unknown.
func (f ChainFacts) Trusted() TrustState {
	states := []TrustState{f.Trust.System.State, f.Trust.Mozilla.State}
	if f.Trust.SM != nil {
		states = append(states, f.Trust.SM.State)
	}
	if f.SVID != nil {
		states = append(states, f.SVID.Trust)
	}
	switch {
	case slices.Contains(states, Trusted):
		return Trusted
	case slices.Contains(states, TrustUnknown):
		return TrustUnknown
	}
	return Untrusted
}

// An Issuer is who issued a certificate.
type Issuer struct {
	Of      string   `json:"of"` // SHA256 of the certificate
	Subject string   `json:"subject"`
	URLs    []string `json:"urls,omitempty"` // of its certificate, as that names them; nothing was fetched
}

// Leaf is the first certificate of a chain; the zero value if there is none.
func (c *Chain) Leaf() Certificate {
	if len(c.Certificates) == 0 {
		return Certificate{}
	}
	return c.Certificates[0]
}

// Examine finds out what the chains of a result are, fills in its OCSP and SCTs, and
// returns the facts in the order of the chains. If no name is given, the one that was
// asked for is to match, or the host of the address. Nothing is fetched.
func (r *Result) Examine(o ChainOptions) []ChainFacts {
	var all []ChainFacts
	if o.Name == "" {
		o.Name = r.SNI
	}
	if host, _, err := net.SplitHostPort(r.Address); o.Name == "" && err == nil {
		o.Name = host
	}
	r.OCSP, r.SCTs, r.Trust = nil, nil, nil
	for _, c := range r.Certificates {
		f := ExamineChain(c, o)
		if f.Staple != nil {
			r.OCSP = append(r.OCSP, *f.Staple)
		}
		r.SCTs = append(r.SCTs, f.SCTs...)
		r.Trust = append(r.Trust, f.Trusted())
		all = append(all, f)
	}
	return all
}

// maxPath bounds the certificates of a chain that are looked at as issuers: a signature
// is checked for each pair whose names fit. Those beyond are superfluous.
const maxPath = 16

// ExamineChain finds out what a chain is.
func ExamineChain(c Chain, o ChainOptions) ChainFacts {
	if o.Now.IsZero() {
		o.Now = time.Now()
	}
	f := ChainFacts{Name: o.Name, Path: []int{}}
	if len(c.Certificates) == 0 {
		return f
	}
	leaf := c.Certificates[0]
	f.Certificate = leaf.SHA256
	links := linksOf(c.Certificates)
	if slices.Contains(c.Versions, TLCP) && len(links) > 1 && !links[1].CA {
		f.Encryption = 1
	}
	f.arrange(links, o.Now)
	f.Validity = leaf.validity(o.Now)
	f.SelfSigned = leaf.SelfIssued && links[0].signed(links[0]) != otherwise
	f.NameMatch = links[0].match(o.Name)
	f.Lifetime = leaf.days()

	var issuer *link
	f.Trust, issuer = verify(links, f.Path, o)
	if f.Trust.Mozilla.State == Trusted {
		f.Limit = lifetimeLimit(leaf.NotBefore)
		f.Lints = Lints(leaf.DER)
	}
	f.Missing = f.missing(c.Certificates)
	f.Pin = pinned(links, o.Pins)
	if c.Staple != nil {
		s := readStaple(c.Staple, links[0], issuer, o.Now)
		f.Staple = &s
	}
	f.SCTs = readSCTs(c, issuer, o)
	if leaf.hasSPIFFE() || o.SVID.Demanded {
		s := ExamineSVID(c.ders(), o.SVID, o.Now)
		f.SVID = &s
	}
	return f
}

// ders are the certificates.
func (c *Chain) ders() [][]byte {
	var out [][]byte
	for _, x := range c.Certificates {
		out = append(out, x.DER)
	}
	return out
}

// arrange tells how the certificates lead from one to the other. RFC 5246, section
// 7.4.2, wants each to certify the one before it; RFC 8446, section 4.4.2, bears with other
// orders and with certificates that do not belong, as several ways may lead up.
func (f *ChainFacts) arrange(links []*link, now time.Time) {
	n := min(len(links), maxPath)
	repeated := func(j int) bool {
		return slices.ContainsFunc(links[:j], func(l *link) bool { return bytes.Equal(l.DER, links[j].DER) })
	}
	parents := make([][]int, n) // by position
	for i := range n {
		for j := 1; j < n; j++ {
			if i != j && !repeated(j) && links[j].signed(links[i]) != otherwise {
				parents[i] = append(parents[i], j)
			}
		}
	}
	used := map[int]bool{0: true, f.Encryption: true} // in TLCP the server has two
	for queue := []int{0, f.Encryption}; len(queue) > 0; queue = queue[1:] {
		for _, j := range parents[queue[0]] {
			if !used[j] {
				used[j] = true
				queue = append(queue, j)
			}
		}
	}
	f.Ordered = true
	for j := range links {
		switch {
		case !used[j]:
			f.Superfluous = append(f.Superfluous, j)
			continue
		case j > 0 && j != f.Encryption && !slices.ContainsFunc(parents[:min(j, n)], func(p []int) bool { return slices.Contains(p, j) }):
			f.Ordered = false
		}
		if j > 0 && links[j].validity(now) != Valid {
			f.Outdated = append(f.Outdated, j)
		}
	}
	on := map[int]bool{}
	for at := 0; ; {
		f.Path, on[at] = append(f.Path, at), true
		next := slices.IndexFunc(parents[at], func(j int) bool { return !on[j] })
		if next < 0 || links[at].SelfIssued {
			return
		}
		at = parents[at][next]
	}
}

// missing tells whose certificate would have to follow the last of the path. Where a store
// knows the issuer, or a self-signed certificate is at the end, nobody's. An authority
// that no store knows may be left out by right: that is for others to judge.
func (f *ChainFacts) missing(chain []Certificate) *Issuer {
	top := chain[f.Path[len(f.Path)-1]]
	if top.SelfIssued || top.Issuer == "" || f.Trust.knows() {
		return nil
	}
	return &Issuer{Of: top.SHA256, Subject: top.Issuer, URLs: top.IssuerURLs}
}

// validity tells whether the certificate is valid at a time (RFC 5280, section 4.1.2.5).
func (c *Certificate) validity(now time.Time) Validity {
	switch {
	case now.Before(c.NotBefore):
		return NotYetValid
	case now.After(c.NotAfter):
		return Expired
	}
	return Valid
}

// days is the validity of a certificate in days, of which a begun one counts (CA/Browser
// Forum Baseline Requirements, section 6.3.2); both ends are in it.
func (c *Certificate) days() int {
	const day = 24 * time.Hour
	if c.NotAfter.Before(c.NotBefore) {
		return 0
	}
	return int((c.NotAfter.Sub(c.NotBefore) + time.Second + day - 1) / day)
}

// lifetimeLimit is the longest validity of a publicly trusted certificate, in days, by its
// beginning (CA/Browser Forum Baseline Requirements, section 6.3.2); 0 if none is known.
func lifetimeLimit(notBefore time.Time) int {
	for _, l := range lifetimes {
		if !notBefore.Before(l.from) {
			return l.days
		}
	}
	return 0
}

var lifetimes = []struct {
	from time.Time
	days int
}{
	{time.Date(2029, 3, 15, 0, 0, 0, 0, time.UTC), 47},
	{time.Date(2027, 3, 15, 0, 0, 0, 0, time.UTC), 100},
	{time.Date(2026, 3, 15, 0, 0, 0, 0, time.UTC), 200},
	{time.Date(2020, 9, 1, 0, 0, 0, 0, time.UTC), 398},
	{time.Date(2018, 3, 1, 0, 0, 0, 0, time.UTC), 825},
}

// pinned tells whether a chain has a pinned key (RFC 7469, section 2.6): in its first
// certificate, or in one from which signatures lead down to that. What stands beside them
// proves nothing: who intercepts can send the right certificates behind their own.
func pinned(links []*link, pins []string) PinMatch {
	if len(pins) == 0 {
		return ""
	}
	n := min(len(links), maxPath)
	seen := map[int]bool{0: true}
	for queue := []int{0}; len(queue) > 0; queue = queue[1:] {
		at := links[queue[0]]
		if at.SPKI != "" && slices.Contains(pins, at.SPKI) {
			return PinMatches
		}
		for j := range n {
			if !seen[j] && links[j].signed(at) == proven {
				seen[j] = true
				queue = append(queue, j)
			}
		}
	}
	return PinMismatch
}
