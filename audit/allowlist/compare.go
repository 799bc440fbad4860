// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package allowlist

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// A Difference is something that is wrong with a filed form, in itself or
// compared with what is true now. There is at most one for each kind and
// endpoint.
type Difference struct {
	Kind     Kind
	Endpoint string // host:port; "" for the form as a whole
	Path     string // where in the filed form the first of Filed stands, such as $.services[0].tls

	// Filed and Now are the values that differ, as the kind says.
	Filed []string
	Now   []string
}

// A Kind is what is wrong; its Filed and Now are in parentheses.
type Kind string

// Differences between a filed form and what is true now.
const (
	LeafChanged     Kind = "fingerprint-changed"   // another certificate (fingerprints)
	KeyChanged      Kind = "key-changed"           // and for another key (fingerprints of the keys)
	AddressOutside  Kind = "address-outside-range" // the name resolves to addresses outside (ranges; addresses)
	PathMissing     Kind = "path-missing"          // URLs that the go command requests (-; URLs)
	HostMissing     Kind = "host-missing"          // a host that the go command needs (-; its URLs)
	HostUnneeded    Kind = "host-unneeded"         // a host that it does not need
	UntrustedChain  Kind = "untrusted-certificate" // the chain does not verify (-; why)
	ChainOverInTime Kind = "certificate-expires"   // before the validity ends (end of validity; of the certificate)
)

// Mistakes in a form itself.
const (
	WildcardHost Kind = "wildcard-host"   // a host or range that stands for any (what is written)
	QueryInURL   Kind = "query-in-url"    // a query, fragment or credentials (URLs)
	URLElsewhere Kind = "url-elsewhere"   // the URL of another host, port or protocol (URLs)
	RangeForm    Kind = "range-form"      // not in CIDR (ranges; the CIDRs that equal them)
	RangeInvalid Kind = "range-invalid"   // no address range at all (what is written)
	Expired      Kind = "expired"         // the last day is over (it)
	NotYetValid  Kind = "not-yet-valid"   // the first day has not come (it)
	Incomplete   Kind = "form-incomplete" // blank fields (their names)
)

// Kinds lists all kinds.
func Kinds() []Kind {
	return []Kind{LeafChanged, KeyChanged, AddressOutside, PathMissing, HostMissing, HostUnneeded, UntrustedChain,
		ChainOverInTime, WildcardHost, QueryInURL, URLElsewhere, RangeForm, RangeInvalid, Expired, NotYetValid, Incomplete}
}

// Compare validates a filed form and compares it with what was measured now.
//
// Where now is unknown, nothing is compared: see [Application.Gaps]. A wildcard
// host of the filed form lets no host through here.
func Compare(filed, now *Application, at time.Time) []Difference {
	return compare(&comparison{filed: filed, at: at}, now)
}

// Judge says what is wrong with a form as it was measured, before it is filed.
// What could not be determined is no blank field there, but a gap.
func Judge(now *Application, at time.Time) []Difference {
	return compare(&comparison{filed: now, at: at, draft: true}, now)
}

func compare(c *comparison, now *Application) []Difference {
	filed := c.filed
	c.form()
	for i := range filed.Services {
		c.written(i)
	}
	gaps := now.Gaps()
	for i := range now.Services {
		s := &now.Services[i]
		if j := find(filed, s); j < 0 {
			c.add(Difference{Kind: HostMissing, Endpoint: s.Endpoint(), Path: "$.services", Now: urlsOf(s.URLs)})
		} else {
			c.service(j, s)
		}
	}
	for j := range filed.Services {
		f := &filed.Services[j]
		if find(now, f) < 0 && !isWildcard(f.Host) && !mayBeNeeded(f, gaps) {
			c.add(Difference{Kind: HostUnneeded, Endpoint: f.Endpoint(), Path: at1(j, "host")})
		}
	}
	return c.sorted()
}

type comparison struct {
	filed     *Application
	at        time.Time
	draft     bool // the form has just been measured
	list      []Difference
	index     map[[2]string]int  // into list, by kind and endpoint
	seen      map[[4]string]bool // values in list, by kind, endpoint and side
	templates templates
}

// add records a difference, or adds its values to the one of its kind and
// endpoint.
func (c *comparison) add(d Difference) {
	at := [2]string{string(d.Kind), d.Endpoint}
	i, ok := c.index[at]
	if !ok {
		if c.index == nil {
			c.index, c.seen = map[[2]string]int{}, map[[4]string]bool{}
		}
		i = len(c.list)
		c.index[at] = i
		c.list = append(c.list, Difference{Kind: d.Kind, Endpoint: d.Endpoint, Path: d.Path})
	}
	o := &c.list[i]
	o.Filed = c.union(at, "filed", o.Filed, d.Filed)
	o.Now = c.union(at, "now", o.Now, d.Now)
}

// union adds what is new of more to list.
func (c *comparison) union(at [2]string, side string, list, more []string) []string {
	for _, v := range more {
		if key := [4]string{at[0], at[1], side, v}; !c.seen[key] {
			c.seen[key] = true
			list = append(list, v)
		}
	}
	return list
}

func (c *comparison) sorted() []Difference {
	slices.SortStableFunc(c.list, func(a, b Difference) int {
		if n := strings.Compare(a.Endpoint, b.Endpoint); n != 0 {
			return n
		}
		return slices.Index(Kinds(), a.Kind) - slices.Index(Kinds(), b.Kind)
	})
	return c.list
}

// at1 gives the path of a part of a service.
func at1(i int, part string) string { return fmt.Sprintf("$.services[%d].%s", i, part) }

// find returns the index of the service at the same place in a, or -1.
func find(a *Application, s *Service) int {
	return slices.IndexFunc(a.Services, func(o Service) bool {
		return o.Protocol == s.Protocol && o.Port == s.Port && strings.EqualFold(o.Host, s.Host)
	})
}

// mayBeNeeded reports whether what could not be determined may need the host.
func mayBeNeeded(s *Service, gaps []Gap) bool {
	return slices.ContainsFunc(gaps, func(g Gap) bool {
		return g.What == WhatSumDB && s.Has(ChecksumDB) || g.What == WhatModules && s.Has(VersionCtrl)
	})
}

// service compares the filed service at index i with what it is now.
func (c *comparison) service(i int, now *Service) {
	f := &c.filed.Services[i]
	endpoint := f.Endpoint()
	if out := outside(f.Addresses.Ranges, now.Addresses.Observed); len(out) > 0 && len(f.Addresses.Ranges) > 0 {
		c.add(Difference{AddressOutside, endpoint, at1(i, "addresses.ranges"), f.Addresses.Ranges, out})
	}
	if missing := c.missing(f, now); len(missing) > 0 {
		c.add(Difference{Kind: PathMissing, Endpoint: endpoint, Path: at1(i, "urls"), Now: missing})
	}
	t := now.TLS
	if t == nil || t.State != Known {
		return
	}
	if t.Trust != TrustVerified {
		c.add(Difference{Kind: UntrustedChain, Endpoint: endpoint, Path: at1(i, "tls"), Now: []string{t.TrustError}})
	}
	c.expires(i, t)
	if f.TLS == nil {
		return // incomplete
	}
	if o := f.TLS; o.Leaf != "" && o.Leaf != t.Leaf {
		c.add(Difference{LeafChanged, endpoint, at1(i, "tls.leaf"), []string{o.Leaf}, []string{t.Leaf}})
	}
	if o := f.TLS; o.SPKI != "" && o.SPKI != t.SPKI {
		c.add(Difference{KeyChanged, endpoint, at1(i, "tls.spki"), []string{o.SPKI}, []string{t.SPKI}})
	}
}

// expires compares the end of a certificate with that of the validity.
func (c *comparison) expires(i int, t *TLS) {
	s := &c.filed.Services[i]
	until := c.filed.TermsOf(s).Validity.Until
	if !until.IsZero() && !t.NotAfter.IsZero() && t.NotAfter.Before(until.end()) {
		c.add(Difference{ChainOverInTime, s.Endpoint(), at1(i, "tls"), []string{until.String()}, []string{t.NotAfter.Format(time.RFC3339)}})
	}
}

// missing returns the URLs that the go command requests and the filed service
// does not hold.
func (c *comparison) missing(filed, now *Service) []string {
	exact := map[string]bool{}
	var patterns []URL
	for _, u := range filed.URLs {
		u.URL = normal(u.URL, filed)
		exact[u.URL] = true
		if u.Match != Exact {
			patterns = append(patterns, u)
		}
	}
	var list []string
	for _, u := range now.URLs {
		u.URL = normal(u.URL, now)
		if u.Optional || exact[u.URL] || slices.ContainsFunc(patterns, func(p URL) bool { return c.templates.matches(p, u) }) {
			continue
		}
		list = append(list, u.URL)
	}
	return list
}

// outside returns the addresses that are in none of the ranges. One that is
// not written in CIDR counts as the CIDRs that equal it.
func outside(ranges, addresses []string) []string {
	var prefixes []netip.Prefix
	for _, r := range ranges {
		p, err := ParseRange(r)
		var re *RangeError
		if errors.As(err, &re) {
			prefixes = append(prefixes, re.CIDRs...)
		} else {
			prefixes = append(prefixes, p)
		}
	}
	var out []string
	for _, s := range addresses {
		a, err := netip.ParseAddr(s)
		if err == nil && !slices.ContainsFunc(prefixes, func(p netip.Prefix) bool { return p.Contains(a.Unmap()) }) {
			out = append(out, s)
		}
	}
	return out
}

func urlsOf(list []URL) []string {
	out := []string{}
	for _, u := range list {
		if !u.Optional {
			out = append(out, u.URL)
		}
	}
	return out
}
