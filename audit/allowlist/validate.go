// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package allowlist

import (
	"errors"
	"slices"
	"strings"

	"github.com/goassay/assay/audit/redact"
)

// form judges what the form says of itself and all services.
func (c *comparison) form() {
	a := c.filed
	var blank []string
	check := func(name string, isBlank bool) {
		if isBlank && !slices.Contains(blank, name) {
			blank = append(blank, name)
		}
	}
	check("applicant", a.Applicant == "")
	check("department", a.Department == "")
	check("contact", a.Contact == "")
	validities := map[Validity]bool{}
	if len(a.Services) == 0 {
		validities[a.Validity] = true
	}
	for i := range a.Services {
		t := a.TermsOf(&a.Services[i])
		check("owner", t.Owner == "")
		check("compliance_basis", len(t.Basis) == 0)
		check("validity.until", t.Validity.Until.IsZero())
		validities[t.Validity] = true
	}
	if len(blank) > 0 {
		c.add(Difference{Kind: Incomplete, Path: "$", Filed: blank})
	}
	for v := range validities {
		if !v.Until.IsZero() && !c.at.Before(v.Until.end()) {
			c.add(Difference{Kind: Expired, Path: "$.validity", Filed: []string{v.Until.String()}})
		}
		if !v.From.IsZero() && c.at.Before(v.From.day) {
			c.add(Difference{Kind: NotYetValid, Path: "$.validity", Filed: []string{v.From.String()}})
		}
	}
	for i := range c.list {
		slices.Sort(c.list[i].Filed)
	}
}

// written judges how the service at index i is written.
func (c *comparison) written(i int) {
	s := &c.filed.Services[i]
	endpoint := s.Endpoint()
	if isWildcard(s.Host) {
		c.add(Difference{Kind: WildcardHost, Endpoint: endpoint, Path: at1(i, "host"), Filed: []string{s.Host}})
	}
	for _, u := range s.URLs {
		_, authority, path := splitURL(u.URL)
		switch {
		case isWildcard(hostOf(authority)):
			c.add(Difference{Kind: WildcardHost, Endpoint: endpoint, Path: at1(i, "urls"), Filed: []string{u.URL}})
		case strings.ContainsAny(path, "?#") || strings.Contains(authority, "@"):
			c.add(Difference{Kind: QueryInURL, Endpoint: endpoint, Path: at1(i, "urls"), Filed: []string{redact.URL(withoutUser(u.URL))}})
		case !strings.HasPrefix(normal(u.URL, s), root(s.Protocol, strings.ToLower(s.Host), s.Port)+"/") && !isWildcard(s.Host):
			c.add(Difference{Kind: URLElsewhere, Endpoint: endpoint, Path: at1(i, "urls"), Filed: []string{u.URL}})
		}
	}
	c.ranges(i)
	var blank []string
	if len(s.Addresses.Ranges) == 0 && !(c.draft && s.Addresses.State == Unknown) {
		blank = append(blank, "addresses.ranges")
	}
	if s.Protocol == HTTPS && !(c.draft && s.TLS != nil && s.TLS.State == Unknown) {
		if s.TLS == nil || s.TLS.Leaf == "" {
			blank = append(blank, "tls.leaf")
		}
		if s.TLS == nil || s.TLS.SPKI == "" {
			blank = append(blank, "tls.spki")
		}
	}
	if len(blank) > 0 {
		c.add(Difference{Kind: Incomplete, Endpoint: endpoint, Path: at1(i, "host"), Filed: blank})
	}
}

// ranges judges how the address ranges of the service at index i are written.
func (c *comparison) ranges(i int) {
	s := &c.filed.Services[i]
	for _, r := range s.Addresses.Ranges {
		p, err := ParseRange(r)
		d := Difference{Endpoint: s.Endpoint(), Path: at1(i, "addresses.ranges"), Filed: []string{clip(r)}}
		var re *RangeError
		switch {
		case errors.As(err, &re) && len(re.CIDRs) == 0:
			d.Kind = RangeInvalid
		case err != nil:
			d.Kind = RangeForm
			for _, cidr := range re.CIDRs {
				d.Now = append(d.Now, cidr.String())
			}
		case p.Bits() == 0:
			d.Kind = WildcardHost
		default:
			continue
		}
		c.add(d)
	}
}

// splitURL splits a URL that need not be valid.
func splitURL(raw string) (scheme, authority, path string) {
	scheme, rest, _ := strings.Cut(raw, "://")
	i := strings.IndexAny(rest, "/?#")
	if i < 0 {
		return scheme, rest, ""
	}
	return scheme, rest[:i], rest[i:]
}

// hostOf returns the host of an authority.
func hostOf(authority string) string {
	host := authority[strings.LastIndexByte(authority, '@')+1:]
	if strings.HasPrefix(host, "[") {
		return strings.Trim(host[:strings.IndexByte(host+"]", ']')], "[]")
	}
	host, _, _ = strings.Cut(host, ":")
	return host
}

func withoutUser(raw string) string {
	scheme, authority, path := splitURL(raw)
	return scheme + "://" + authority[strings.LastIndexByte(authority, '@')+1:] + path
}

// normal writes a URL with its host in lower case and without the port that
// its protocol has anyhow.
func normal(raw string, s *Service) string {
	scheme, authority, path := splitURL(raw)
	authority = strings.TrimSuffix(strings.ToLower(authority), ":"+defaultPort(scheme))
	return scheme + "://" + authority + path
}
