// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package tlsprofile

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goassay/assay/audit/tlsprobe"
)

// certificates judges the chains that are presented for the name that was asked for.
func (j judge) certificates(c *Certificates) Verdict {
	var all []Verdict
	for _, chain := range j.r.Certificates {
		if chain.SNI != j.r.SNI && j.r.SNI != "" { // an address is no name (RFC 6066, section 3)
			continue
		}
		for i := range chain.Certificates {
			x := &chain.Certificates[i]
			if i == 0 || c.WholeChain && !x.SelfIssued { // nobody relies on what a root says of itself
				all = append(all, j.certificate(c, &chain, x))
			}
		}
	}
	open := j.open(tlsprobe.Versions)
	if len(all) == 0 && j.offers(tlsprobe.Versions) {
		open = append(open, Fact{Aspect: OfCertificate, State: tlsprobe.Unknown})
	}
	if len(open) > 0 {
		all = append(all, Verdict{Outcome: Unknown, Unknown: open})
	}
	return both(all...)
}

func (j judge) certificate(c *Certificates, chain *tlsprobe.Chain, x *tlsprobe.Certificate) Verdict {
	fact := func(aspect Aspect, value string) Fact {
		return Fact{Aspect: aspect, Where: x.SHA256, Value: value, State: tlsprobe.Offered}
	}
	if x.Unreadable != "" {
		f := fact(OfCertificate, "")
		f.State = tlsprobe.Unknown
		return Verdict{Outcome: Unknown, Unknown: []Fact{f}}
	}
	var all []Verdict
	demand := func(met bool, f Fact) {
		v := Verdict{Outcome: Met, Seen: []Fact{f}}
		if !met {
			v.Outcome = Gap
		}
		all = append(all, v)
	}
	if len(c.Keys) > 0 {
		demand(slices.ContainsFunc(c.Keys, func(k Key) bool { return k.fits(x.Key) }), fact(OfKey, keyName(x.Key)))
	}
	if len(c.Signatures) > 0 {
		demand(slices.Contains(c.Signatures, x.Signature), fact(OfSignature, x.Signature))
	}
	if c.MaxDays > 0 {
		demand(days(x) <= c.MaxDays, fact(OfLifetime, strconv.Itoa(days(x))))
	}
	if c.Current {
		at := x.NotAfter
		if j.now.Before(x.NotBefore) {
			at = x.NotBefore
		}
		demand(!j.now.Before(x.NotBefore) && !j.now.After(x.NotAfter), fact(OfValidity, at.UTC().Format(time.RFC3339)))
	}
	if c.OCSPResponder {
		f := fact(OfResponder, strings.Join(x.OCSPServers, " "))
		if len(x.OCSPServers) == 0 {
			f.State = tlsprobe.NotOffered
		}
		demand(len(x.OCSPServers) > 0, f)
	}
	if own := x == &chain.Certificates[0]; own { // a staple is of the server's own certificate
		all = append(all, j.staple(c, chain, x))
	}
	return both(all...)
}

// fits reports whether a key is what is demanded.
func (k Key) fits(key tlsprobe.Key) bool {
	return k.Type == key.Type && key.Bits >= k.Bits && (len(k.Curves) == 0 || slices.Contains(k.Curves, key.Curve))
}

func keyName(k tlsprobe.Key) string {
	switch {
	case k.Curve != "":
		return k.Type + " " + k.Curve
	case k.Bits > 0:
		return fmt.Sprintf("%s %d", k.Type, k.Bits)
	}
	return k.Type
}

// days is how long a certificate is valid: a begun day is one.
func days(x *tlsprobe.Certificate) int {
	const day = 24 * time.Hour
	return int((x.NotAfter.Sub(x.NotBefore) + day - 1) / day)
}

// staple judges the OCSP response that came with a certificate.
func (j judge) staple(c *Certificates, chain *tlsprobe.Chain, x *tlsprobe.Certificate) Verdict {
	f := Fact{Aspect: OfStaple, Where: x.SHA256, State: tlsprobe.NotOffered}
	if len(chain.Staple) > 0 {
		f.State = tlsprobe.Offered
	}
	for _, s := range j.r.OCSP {
		if s.Certificate == x.SHA256 {
			f.State, f.Value = tlsprobe.Offered, s.Status
			if s.Verified == tlsprobe.NotOffered || !s.NextUpdate.IsZero() && j.now.After(s.NextUpdate) {
				f.Value = "" // it says nothing: it is forged, or too old
			}
		}
	}
	var all []Verdict
	switch {
	case c.Staple == "" || c.Staple == "where-possible" && len(x.OCSPServers) == 0:
	case f.State == tlsprobe.Offered:
		all = append(all, Verdict{Outcome: Met, Seen: []Fact{f}})
	default:
		all = append(all, Verdict{Outcome: Gap, Seen: []Fact{f}})
	}
	switch {
	case c.Status == "":
	case f.Value == c.Status:
		all = append(all, Verdict{Outcome: Met, Seen: []Fact{f}})
	case f.Value == "revoked":
		all = append(all, Verdict{Outcome: Gap, Seen: []Fact{f}})
	default: // the certificate may be revoked all the same
		f.State = tlsprobe.Unknown
		all = append(all, Verdict{Outcome: Unknown, Unknown: []Fact{f}})
	}
	return both(all...)
}

// Versions in which facts of the session have a meaning.
var (
	beforeTLS13 = []tlsprobe.Version{tlsprobe.TLS12, tlsprobe.TLS11, tlsprobe.TLS10, tlsprobe.SSL3}
	onlyTLS13   = []tlsprobe.Version{tlsprobe.TLS13}
	withoutSSL  = beforeTLS13[:3] // extensions are of TLS (RFC 6066)
	withTLS13   = append(onlyTLS13, beforeTLS13...)
)

// session judges each fact of the session of which something is demanded.
func (j judge) session(s *Session) []Verdict {
	seen := j.r.Session
	var all []Verdict
	for _, d := range []struct {
		name     string
		want, is tlsprobe.State
		in       []tlsprobe.Version
		applies  tlsprobe.State // whether there is what the fact is of
	}{
		{"extended_master_secret", s.ExtendedMasterSecret, seen.ExtendedMasterSecret, withoutSSL, tlsprobe.Offered},
		{"secure_renegotiation", s.SecureRenegotiation, seen.SecureRenegotiation, beforeTLS13, tlsprobe.Offered},
		{"client_renegotiation", s.ClientRenegotiation, seen.ClientRenegotiation, beforeTLS13, tlsprobe.Offered},
		{"encrypt_then_mac", s.EncryptThenMAC, seen.EncryptThenMAC, withoutSSL, j.cbc()},
		{"compression", s.Compression, seen.Compression, beforeTLS13, tlsprobe.Offered},
		{"early_data", s.EarlyData, seen.EarlyData, onlyTLS13, tlsprobe.Offered},
		{"fallback_scsv", s.FallbackSCSV, seen.FallbackSCSV, withTLS13, j.fallback()},
	} {
		if d.want != "" {
			all = append(all, j.sessionFact(Fact{Aspect: OfSession, Value: d.name, State: d.is}, d.want, d.in, d.applies))
		}
	}
	return all
}

func (j judge) sessionFact(f Fact, want tlsprobe.State, in []tlsprobe.Version, applies tlsprobe.State) Verdict {
	open := j.open(in)
	switch {
	case applies == tlsprobe.NotOffered, len(open) == 0 && !j.offers(in):
		return Verdict{Outcome: NotApplicable}
	case f.State == tlsprobe.Unknown || f.State == "" || f.State != want && applies == tlsprobe.Unknown:
		f.State = tlsprobe.Unknown
		return Verdict{Outcome: Unknown, Unknown: []Fact{f}}
	case f.State != want:
		return Verdict{Outcome: Gap, Seen: []Fact{f}}
	case len(open) > 0: // another version may do without
		return Verdict{Outcome: Unknown, Unknown: open}
	}
	return Verdict{Outcome: Met, Seen: []Fact{f}}
}

// cbc tells whether a suite with CBC is offered where there are extensions.
func (j judge) cbc() tlsprobe.State {
	is := func(s tlsprobe.Suite) bool { return slices.Contains(s.Weaknesses, tlsprobe.WeakCBC) }
	state := tlsprobe.NotOffered
	if len(j.open(withoutSSL)) > 0 {
		state = tlsprobe.Unknown
	}
	for _, p := range j.r.Protocols {
		switch {
		case !slices.Contains(withoutSSL, p.Version):
		case slices.ContainsFunc(p.Suites, is):
			return tlsprobe.Offered
		case slices.ContainsFunc(p.Undecided, func(id tlsprobe.SuiteID) bool { return is(tlsprobe.SuiteOf(id)) }):
			state = tlsprobe.Unknown
		}
	}
	return state
}

// fallback tells whether there is a version to fall back to: RFC 7507 is of servers with
// more than one.
func (j judge) fallback() tlsprobe.State {
	offered := 0
	for _, v := range withTLS13 {
		if j.state(v) == tlsprobe.Offered {
			offered++
		}
	}
	switch {
	case offered > 1:
		return tlsprobe.Offered
	case len(j.open(withTLS13)) > 0:
		return tlsprobe.Unknown
	}
	return tlsprobe.NotOffered
}

func (j judge) clientAuth(want []string) Verdict {
	state := j.r.ClientAuth.State
	f := Fact{Aspect: OfClientAuth, Value: string(state), State: tlsprobe.Offered}
	switch {
	case len(j.open(tlsprobe.Versions)) == 0 && !j.offers(tlsprobe.Versions):
		return Verdict{Outcome: NotApplicable}
	case state == tlsprobe.AuthUnknown || state == "":
		f.State = tlsprobe.Unknown
		return Verdict{Outcome: Unknown, Unknown: []Fact{f}}
	case slices.Contains(want, string(state)):
		return Verdict{Outcome: Met, Seen: []Fact{f}}
	}
	return Verdict{Outcome: Gap, Seen: []Fact{f}}
}

// plaintextPasswords judges what is spoken before TLS, or in place of it. A server that
// takes TLS at once has nothing of the kind.
func (j judge) plaintextPasswords() Verdict {
	f := Fact{Aspect: OfPlaintextPasswords, State: tlsprobe.NotOffered}
	switch p := j.r.Plaintext; {
	case p != nil && p.Auth:
		f.State, f.Value = tlsprobe.Offered, p.Protocol
		return Verdict{Outcome: Gap, Seen: []Fact{f}}
	case p != nil:
		f.Value = p.Protocol
	case !j.offers(tlsprobe.Versions):
		f.State = tlsprobe.Unknown
		return Verdict{Outcome: Unknown, Unknown: []Fact{f}}
	}
	return Verdict{Outcome: Met, Seen: []Fact{f}}
}
