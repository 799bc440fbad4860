// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package allowlist_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/goassay/assay/audit/allowlist"
)

var filedAt = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

func digest(c string) string { return "sha256:" + strings.Repeat(c, 64) }

func day(s string) (d allowlist.Date) {
	if err := d.UnmarshalText([]byte(s)); err != nil {
		panic(err)
	}
	return d
}

// sample is a form in which nothing is wrong.
func sample() *allowlist.Application {
	terms := allowlist.Terms{
		Purpose: "CI builds", Basis: []string{"GB/T 22239-2019 8.1.3.2 a)"}, Owner: "Li Lei",
		Validity: allowlist.Validity{From: day("2026-11-01"), Until: day("2027-01-31")},
	}
	cert := func(c string) *allowlist.TLS {
		return &allowlist.TLS{
			State: allowlist.Known, Leaf: digest(c), SPKI: digest("e"), Version: "TLS 1.3", Trust: allowlist.TrustVerified,
			NotBefore: filedAt, NotAfter: time.Date(2027, 2, 1, 0, 0, 0, 0, time.UTC),
		}
	}
	return &allowlist.Application{
		Schema: allowlist.Schema, Measured: filedAt, Module: "example.com/m",
		Applicant: "Han Meimei", Department: "Platform", Contact: "platform@corp.example", Terms: terms,
		Settings: allowlist.Settings{GOPROXY: "https://proxy.example", GOSUMDB: "sum.golang.org", GOTOOLCHAIN: "local"},
		Services: []allowlist.Service{
			{
				Host: "proxy.example", Port: 443, Protocol: allowlist.HTTPS, Roles: []allowlist.Role{allowlist.ModuleProxy},
				Basis: allowlist.Configured, Terms: terms,
				URLs: []allowlist.URL{
					{URL: "https://proxy.example/{module}/@v/list", Match: allowlist.Template, Use: allowlist.UseList},
					{URL: "https://proxy.example/{module}/@v/{version}.mod", Match: allowlist.Template, Use: allowlist.UseGoMod},
				},
				Addresses: allowlist.Addresses{State: allowlist.Known, Ranges: []string{"192.0.2.0/28"}, Source: allowlist.FromPolicy, Observed: []string{"192.0.2.7"}},
				TLS:       cert("a"),
			},
			{
				Host: "sum.golang.org", Port: 443, Protocol: allowlist.HTTPS, Roles: []allowlist.Role{allowlist.ChecksumDB},
				Basis: allowlist.Configured, Terms: terms,
				URLs: []allowlist.URL{
					{URL: "https://sum.golang.org/lookup/{module}@{version}", Match: allowlist.Template, Use: allowlist.UseLookup},
					{URL: "https://sum.golang.org/latest", Match: allowlist.Exact, Use: allowlist.UseTreeHead, Optional: true},
				},
				Addresses: allowlist.Addresses{State: allowlist.Known, Ranges: []string{"2001:db8::1/128"}, Source: allowlist.FromResolver, Observed: []string{"2001:db8::1"}},
				TLS:       cert("b"),
			},
		},
		Remarks: []allowlist.Remark{{Kind: allowlist.RemarkNoToolchain}},
	}
}

// clone copies a form the way it is filed.
func clone(t *testing.T, a *allowlist.Application) *allowlist.Application {
	t.Helper()
	data, err := json.MarshalIndent(a, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	b, err := allowlist.Parse(data)
	if err != nil {
		t.Fatalf("%v\n%s", err, data)
	}
	return b
}

func TestCompare(t *testing.T) {
	for _, tt := range []struct {
		name  string
		filed func(a *allowlist.Application)
		now   func(a *allowlist.Application)
		at    time.Time
		want  []string // kind endpoint path filed now
	}{
		{name: "the same"},
		{name: "renewed with the same key", now: func(a *allowlist.Application) { a.Services[0].TLS.Leaf = digest("c") }, want: []string{
			"fingerprint-changed proxy.example:443 $.services[0].tls.leaf [" + digest("a") + "] [" + digest("c") + "]"}},
		{name: "new key", now: func(a *allowlist.Application) {
			a.Services[0].TLS.Leaf, a.Services[0].TLS.SPKI = digest("c"), digest("d")
		}, want: []string{
			"fingerprint-changed proxy.example:443 $.services[0].tls.leaf [" + digest("a") + "] [" + digest("c") + "]",
			"key-changed proxy.example:443 $.services[0].tls.spki [" + digest("e") + "] [" + digest("d") + "]"}},
		{name: "unknown now", now: func(a *allowlist.Application) {
			a.Services[0].TLS = &allowlist.TLS{State: allowlist.Unknown, Reason: allowlist.ReasonOffline}
			a.Services[0].Addresses = allowlist.Addresses{State: allowlist.Unknown, Reason: allowlist.ReasonOffline}
		}},
		{name: "moved", now: func(a *allowlist.Application) {
			a.Services[0].Addresses.Observed = []string{"192.0.2.15", "192.0.2.16"}
		},
			want: []string{"address-outside-range proxy.example:443 $.services[0].addresses.ranges [192.0.2.0/28] [192.0.2.16]"}},
		{name: "path and host missing", filed: func(a *allowlist.Application) {
			a.Services = a.Services[:1]
			a.Services[0].URLs = a.Services[0].URLs[1:]
		}, want: []string{
			"path-missing proxy.example:443 $.services[0].urls [] [https://proxy.example/{module}/@v/list]",
			"host-missing sum.golang.org:443 $.services [] [https://sum.golang.org/lookup/{module}@{version}]",
		}},
		{name: "prefix and explicit port", filed: func(a *allowlist.Application) {
			a.Services[0].Host = "Proxy.Example"
			a.Services[0].URLs = []allowlist.URL{{URL: "https://PROXY.example:443/", Match: allowlist.Prefix}}
		}},
		{name: "template covers the expanded list", now: func(a *allowlist.Application) {
			a.Services[0].URLs = []allowlist.URL{
				{URL: "https://proxy.example/github.com/%21a/b/@v/list", Match: allowlist.Exact},
				{URL: "https://proxy.example/github.com/a/b/@v/v1.0.0+incompatible.mod", Match: allowlist.Exact},
				{URL: "https://proxy.example/github.com/a/b/@v/v1.0.0.zip", Match: allowlist.Exact},
				{URL: "https://proxy.example/github.com/a/b/@v/a/b.mod", Match: allowlist.Exact},
			}
		}, want: []string{"path-missing proxy.example:443 $.services[0].urls [] [https://proxy.example/github.com/a/b/@v/v1.0.0.zip https://proxy.example/github.com/a/b/@v/a/b.mod]"}},
		{name: "tiles", filed: func(a *allowlist.Application) {
			a.Services[1].URLs[0] = allowlist.URL{URL: "https://sum.golang.org/tile/8/{level}/{index}", Match: allowlist.Template}
		}, now: func(a *allowlist.Application) {
			a.Services[1].URLs = []allowlist.URL{
				{URL: "https://sum.golang.org/tile/8/0/x001/x234/067.p/5", Match: allowlist.Exact},
				{URL: "https://sum.golang.org/tile/8/12/007", Match: allowlist.Exact},
				{URL: "https://sum.golang.org/tile/8/data/007", Match: allowlist.Exact},
			}
		}, want: []string{"path-missing sum.golang.org:443 $.services[1].urls [] [https://sum.golang.org/tile/8/data/007]"}},
		{name: "host not needed", now: func(a *allowlist.Application) { a.Services = a.Services[:1] },
			want: []string{"host-unneeded sum.golang.org:443 $.services[1].host [] []"}},
		{name: "host that may be needed", now: func(a *allowlist.Application) {
			a.Services = a.Services[:1]
			a.Remarks = []allowlist.Remark{{Kind: allowlist.RemarkSumDBUnknown}}
		}},
		{name: "untrusted", now: func(a *allowlist.Application) {
			a.Services[1].TLS.Trust, a.Services[1].TLS.TrustError = allowlist.TrustRefused, "unknown authority"
		}, want: []string{"untrusted-certificate sum.golang.org:443 $.services[1].tls [] [unknown authority]"}},
		{name: "last day", at: time.Date(2027, 1, 31, 23, 59, 59, 0, time.UTC)},
		{name: "expired", at: time.Date(2027, 2, 1, 0, 0, 0, 0, time.UTC), want: []string{"expired  $.validity [2027-01-31] []"}},
		{name: "not begun", at: time.Date(2026, 10, 31, 23, 0, 0, 0, time.UTC), want: []string{"not-yet-valid  $.validity [2026-11-01] []"}},
		{name: "certificate over in time", now: func(a *allowlist.Application) {
			a.Services[0].TLS.NotAfter = time.Date(2027, 1, 31, 12, 0, 0, 0, time.UTC)
		}, want: []string{"certificate-expires proxy.example:443 $.services[0].tls [2027-01-31] [2027-01-31T12:00:00Z]"}},
		{name: "wildcards", filed: func(a *allowlist.Application) {
			a.Services[0].Host = "*.example"
			a.Services[0].URLs = []allowlist.URL{{URL: "https://*.example/", Match: allowlist.Prefix}}
			a.Services[1].Addresses.Ranges = []string{"::/0"}
		}, want: []string{
			"wildcard-host *.example:443 $.services[0].host [*.example https://*.example/] []",
			"host-missing proxy.example:443 $.services [] [https://proxy.example/{module}/@v/list https://proxy.example/{module}/@v/{version}.mod]",
			"wildcard-host sum.golang.org:443 $.services[1].addresses.ranges [::/0] []",
		}},
		{name: "URLs", filed: func(a *allowlist.Application) {
			a.Services[0].URLs = append(a.Services[0].URLs,
				allowlist.URL{URL: "https://proxy.example/x?go-get=1&token=secret", Match: allowlist.Exact},
				allowlist.URL{URL: "https://user:secret@proxy.example/x", Match: allowlist.Exact},
				allowlist.URL{URL: "https://proxy.example:8443/x", Match: allowlist.Exact},
				allowlist.URL{URL: "http://proxy.example/x", Match: allowlist.Exact},
				allowlist.URL{URL: "https://proxy.example.evil.example/x", Match: allowlist.Exact},
				allowlist.URL{URL: "https://proxy.example", Match: allowlist.Exact})
		}, want: []string{
			"query-in-url proxy.example:443 $.services[0].urls [https://proxy.example/x?go-get=1&token=xxxxx https://proxy.example/x] []",
			"url-elsewhere proxy.example:443 $.services[0].urls [https://proxy.example:8443/x http://proxy.example/x https://proxy.example.evil.example/x https://proxy.example] []",
		}},
		{name: "ranges", filed: func(a *allowlist.Application) {
			a.Services[0].Addresses.Ranges = []string{"192.0.2.0-192.0.2.15", "192.0.2.99", "somewhere"}
		}, want: []string{
			"range-form proxy.example:443 $.services[0].addresses.ranges [192.0.2.0-192.0.2.15 192.0.2.99] [192.0.2.0/28 192.0.2.99/32]",
			"range-invalid proxy.example:443 $.services[0].addresses.ranges [somewhere] []",
		}},
		{name: "blanks", filed: func(a *allowlist.Application) {
			a.Applicant, a.Owner, a.Services[0].Owner, a.Services[1].Owner = "", "", "", ""
			a.Services[0].TLS = nil
			a.Services[1].Addresses.Ranges = nil
			a.Services[1].Addresses.Ranges = []string{}
		}, want: []string{
			"form-incomplete  $ [applicant owner] []",
			"form-incomplete proxy.example:443 $.services[0].host [tls.leaf tls.spki] []",
			"form-incomplete sum.golang.org:443 $.services[1].host [addresses.ranges] []",
		}},
		{name: "service inherits", filed: func(a *allowlist.Application) {
			a.Services[0].Terms, a.Services[1].Terms = allowlist.Terms{Basis: []string{}}, allowlist.Terms{Basis: []string{}}
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			filed, current := sample(), sample()
			if tt.filed != nil {
				tt.filed(filed)
			}
			if tt.now != nil {
				tt.now(current)
			}
			at := tt.at
			if at.IsZero() {
				at = filedAt
			}
			filed = clone(t, filed)
			var got []string
			for _, d := range allowlist.Compare(filed, current, at) {
				got = append(got, fmt.Sprintf("%s %s %s %v %v", d.Kind, d.Endpoint, d.Path, d.Filed, d.Now))
				if filed.Line(d.Path) == 0 {
					t.Errorf("%s has no line", d.Path)
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestJudge(t *testing.T) {
	a := sample()
	a.Contact = ""
	a.Services[0].Addresses = allowlist.Addresses{State: allowlist.Unknown, Reason: allowlist.ReasonResolve, Detail: "no such host"}
	a.Services[1].TLS = &allowlist.TLS{State: allowlist.Unknown, Reason: allowlist.ReasonConnect}
	a.Services[1].Addresses.Ranges = []string{"198.51.100.0-198.51.100.255"}
	var got []string
	for _, d := range allowlist.Judge(a, filedAt) {
		got = append(got, fmt.Sprintf("%s %s %v %v", d.Kind, d.Endpoint, d.Filed, d.Now))
	}
	want := []string{
		"form-incomplete  [contact] []",
		"address-outside-range sum.golang.org:443 [198.51.100.0-198.51.100.255] [2001:db8::1]",
		"range-form sum.golang.org:443 [198.51.100.0-198.51.100.255] [198.51.100.0/24]",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	gaps := []allowlist.Gap{
		{Endpoint: "proxy.example:443", What: allowlist.WhatAddresses, Reason: allowlist.ReasonResolve, Detail: "no such host"},
		{Endpoint: "sum.golang.org:443", What: allowlist.WhatCertificate, Reason: allowlist.ReasonConnect},
	}
	if diff := cmp.Diff(gaps, a.Gaps()); diff != "" {
		t.Error(diff)
	}
}
