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
	for n, chain := range j.r.Certificates {
		if strings.TrimSuffix(chain.SNI, ".") != j.r.SNI && j.r.SNI != "" { // an address is no name (RFC 6066, section 3)
			continue
		}
		if c.Trusted && len(chain.Certificates) > 0 {
			all = append(all, j.trust(n))
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

// trust judges whether one of the chains is trusted: of none that was looked at that is known.
func (j judge) trust(n int) Verdict {
	f := Fact{Aspect: OfTrust, Where: j.r.Certificates[n].Leaf().SHA256, State: tlsprobe.Unknown}
	if n < len(j.r.Trust) {
		switch j.r.Trust[n] {
		case tlsprobe.Trusted:
			f.State = tlsprobe.Offered
			return Verdict{Outcome: Met, Seen: []Fact{f}}
		case tlsprobe.Untrusted:
			f.State = tlsprobe.NotOffered
			return Verdict{Outcome: Gap, Seen: []Fact{f}}
		}
	}
	return Verdict{Outcome: Unknown, Unknown: []Fact{f}}
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
			if s.Verified != tlsprobe.Offered || !s.NextUpdate.IsZero() && j.now.After(s.NextUpdate) {
				f.Value = "" // it says nothing: it is forged, or too old, or nobody knows whose it is
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
