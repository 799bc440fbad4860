// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package tlsprofile

import (
	"slices"

	"github.com/goassay/assay/audit/tlsprobe"
)

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

// requiredInHTTP is a server that does without a certificate in the handshake, and refuses
// in HTTP who has none.
const requiredInHTTP tlsprobe.ClientAuthState = "required-in-http"

func (j judge) clientAuth(want []string) Verdict {
	state, open := j.r.ClientAuth.State, false
	if state == tlsprobe.AuthOptional {
		switch j.r.ClientAuth.Enforced {
		case tlsprobe.EnforcedHTTP:
			state = requiredInHTTP
		case tlsprobe.EnforcedUnknown, "": // it may be either
			open = slices.Contains(want, string(requiredInHTTP)) != slices.Contains(want, string(state))
		}
	}
	f := Fact{Aspect: OfClientAuth, Value: string(state), State: tlsprobe.Offered}
	switch {
	case len(j.open(tlsprobe.Versions)) == 0 && !j.offers(tlsprobe.Versions):
		return Verdict{Outcome: NotApplicable}
	case state == tlsprobe.AuthUnknown || state == "" || open:
		f.State = tlsprobe.Unknown
		return Verdict{Outcome: Unknown, Unknown: []Fact{f}}
	case slices.Contains(want, string(state)):
		return Verdict{Outcome: Met, Seen: []Fact{f}}
	}
	return Verdict{Outcome: Gap, Seen: []Fact{f}}
}

// tellsPasswords are the protocols that say whether they take passwords before TLS. Of
// others that is unknown: FTP, LDAP and databases may take them where they offer TLS, and
// what HTTP asks for stands on its pages.
var tellsPasswords = []string{"smtp", "lmtp", "imap", "pop3", "xmpp", "xmpp-server", "redis"}

// plaintextPasswords judges what is spoken before TLS, or in place of it. A server that
// takes TLS at once has nothing of the kind.
func (j judge) plaintextPasswords() Verdict {
	f := Fact{Aspect: OfPlaintextPasswords, State: tlsprobe.NotOffered}
	p := j.r.Plaintext
	if p != nil {
		f.Value = p.Protocol
	}
	switch {
	case p != nil && p.Auth:
		f.State = tlsprobe.Offered
		return Verdict{Outcome: Gap, Seen: []Fact{f}}
	case p == nil && !j.offers(tlsprobe.Versions), p != nil && (p.StartTLS == tlsprobe.Unknown || !slices.Contains(tellsPasswords, p.Protocol)):
		f.State = tlsprobe.Unknown
		return Verdict{Outcome: Unknown, Unknown: []Fact{f}}
	}
	return Verdict{Outcome: Met, Seen: []Fact{f}}
}
