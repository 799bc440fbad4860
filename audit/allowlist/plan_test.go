// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package allowlist_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/goassay/assay/audit/allowlist"
)

// sketch writes each service as "protocol host:port roles basis [via]".
func sketch(a *allowlist.Application) []string {
	out := []string{}
	for _, s := range a.Services {
		roles := []string{}
		for _, r := range s.Roles {
			roles = append(roles, string(r))
		}
		line := fmt.Sprintf("%s %s %s %s", s.Protocol, s.Endpoint(), strings.Join(roles, "+"), s.Basis)
		if s.Via != "" {
			line += " via " + s.Via
		}
		out = append(out, line)
	}
	return out
}

func remarks(a *allowlist.Application) []string {
	out := []string{}
	for _, r := range a.Remarks {
		if r.Kind == allowlist.RemarkBasisSuggested { // all of these forms have it
			continue
		}
		out = append(out, strings.TrimSpace(string(r.Kind)+" "+r.Detail))
	}
	return out
}

func TestServices(t *testing.T) {
	db := &allowlist.SumDB{Name: "sum.golang.org"}
	mods := []allowlist.Module{
		{Path: "github.com/Corp/tool/v2", Version: "v2.0.0", Zip: true},
		{Path: "git.corp.example/team/lib.git/sub", Version: "v1.0.0", Zip: true},
		{Path: "go.corp.example/a/b", Version: "v1.0.0", Zip: true},
		{Path: "example.com/public", Version: "v1.0.0", Zip: true},
		{Path: "nohost/x", Version: "v1.0.0", Zip: true},
	}
	for _, tt := range []struct {
		name    string
		goproxy string
		change  func(*allowlist.Options)
		want    []string
		remarks []string
	}{
		{
			name: "proxy, database not asked for yet", goproxy: "https://user:secret@goproxy.corp.example:8443/go,direct",
			change:  func(o *allowlist.Options) { o.SumDB = db },
			want:    []string{"https goproxy.corp.example:8443 module-proxy+checksum-database configured"},
			remarks: []string{"credentials goproxy.corp.example:8443", "direct-fallback", "no-toolchain", "sumdb-unknown get https://xxxxx@goproxy.corp.example:8443/go/sumdb/sum.golang.org/supported: offline"},
		},
		{
			name: "database in GOSUMDB", goproxy: "https://proxy.example|http://second.example,off",
			change: func(o *allowlist.Options) {
				o.SumDB, o.Toolchain = &allowlist.SumDB{Name: "sum.golang.org", URL: "https://sum.corp.example/db"}, true
			},
			want: []string{
				"https proxy.example:443 module-proxy+toolchain-download configured",
				"http second.example:80 module-proxy+toolchain-download configured",
				"https sum.corp.example:443 checksum-database configured",
			},
			remarks: []string{"http second.example:80", "off"},
		},
		{
			name: "direct", goproxy: "direct",
			change: func(o *allowlist.Options) { o.SumDB, o.Modules, o.Toolchain = db, mods, true },
			want: []string{
				"https example.com:443 version-control inferred",
				"https git.corp.example:443 version-control inferred",
				"https github.com:443 version-control inferred",
				"https go.corp.example:443 version-control inferred",
				"https golang.org:443 toolchain-download inferred",
				"https sum.golang.org:443 checksum-database configured",
			},
			remarks: []string{"direct", "direct-repository example.com:443", "direct-repository go.corp.example:443", "direct-repository golang.org:443"},
		},
		{
			name: "direct and nothing known", goproxy: "direct", want: []string{}, remarks: []string{"no-modules", "no-toolchain", "sumdb-off"},
		},
		{
			name: "off", goproxy: "off", change: func(o *allowlist.Options) { o.SumDB, o.Modules = db, mods },
			want: []string{"https sum.golang.org:443 checksum-database configured"}, remarks: []string{"no-toolchain", "off"},
		},
		{
			name: "private modules", goproxy: "https://proxy.example", change: func(o *allowlist.Options) { o.Modules, o.NoProxy = mods, "*.corp.example" },
			want: []string{
				"https git.corp.example:443 version-control inferred",
				"https go.corp.example:443 version-control inferred",
				"https proxy.example:443 module-proxy configured",
			},
			remarks: []string{"direct", "direct-repository go.corp.example:443", "no-toolchain", "sumdb-off"},
		},
		{
			name: "a folder", goproxy: "file:///srv/goproxy", want: []string{}, remarks: []string{"file-proxy file:///srv/goproxy", "no-toolchain", "sumdb-off"},
		},
		{
			name: "no host", goproxy: "https:///nowhere,https://user:secret@proxy.example", want: []string{"https proxy.example:443 module-proxy configured"},
			remarks: []string{"credentials proxy.example:443", "no-toolchain", "sumdb-off", "unusable https:///nowhere"},
		},
		{
			name: "nothing is verified", goproxy: "https://proxy.example", change: func(o *allowlist.Options) { o.SumDB, o.NoSumDB = db, "corp.example,*" },
			want: []string{"https proxy.example:443 module-proxy configured"}, remarks: []string{"no-toolchain", "sumdb-off"},
		},
		{
			name: "nothing but toolchains is verified", goproxy: "off",
			change: func(o *allowlist.Options) { o.SumDB, o.NoSumDB, o.Toolchain = db, "*", true },
			want:   []string{"https sum.golang.org:443 checksum-database configured"}, remarks: []string{"off"},
		},
		{
			name: "through HTTPS_PROXY", goproxy: "https://proxy.example,https://inside.example",
			change: func(o *allowlist.Options) {
				o.Egress = func(u *url.URL) (*url.URL, error) {
					if u.Hostname() == "inside.example" {
						return nil, nil
					}
					return url.Parse("http://user:secret@egress.corp.example:3128")
				}
			},
			want: []string{
				"http egress.corp.example:3128 egress-proxy configured",
				"https inside.example:443 module-proxy configured",
				"https proxy.example:443 module-proxy configured via http://egress.corp.example:3128",
			},
			remarks: []string{"egress-proxy http://egress.corp.example:3128", "no-toolchain", "sumdb-off"},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			o := options(t, tt.goproxy)
			o.Offline = true
			if tt.change != nil {
				tt.change(&o)
			}
			a := measure(t, o)
			if diff := cmp.Diff(tt.want, sketch(a)); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(tt.remarks, remarks(a)); diff != "" {
				t.Error(diff)
			}
			for _, s := range a.Services {
				if s.Addresses.State != allowlist.Unknown || s.TLS != nil && (s.TLS.State != allowlist.Unknown || s.TLS.Reason != allowlist.ReasonOffline) {
					t.Errorf("%s is known offline: %+v %+v", s.Endpoint(), s.Addresses, s.TLS)
				}
			}
			if strings.Contains(fmt.Sprintf("%+v", *a), "secret") {
				t.Error("the form holds a secret")
			}
		})
	}
}

func TestURLs(t *testing.T) {
	o := options(t, "https://goproxy.corp.example/go/")
	o.Offline, o.Expand, o.Toolchain = true, true, true
	o.SumDB = &allowlist.SumDB{Name: "sum.golang.org", URL: "https://SUM.corp.example:443"}
	o.NoProxy, o.NoSumDB = "git.corp.example", "git.corp.example,example.com/nosum"
	o.Modules = []allowlist.Module{
		{Path: "github.com/BurntSushi/toml", Version: "v1.5.0", Zip: true},
		{Path: "github.com/BurntSushi/toml", Version: "v1.5.0"},
		{Path: "example.com/nosum", Version: "v2.0.0+incompatible"},
		{Path: "git.corp.example/a.git", Version: "v1.0.0", Zip: true},
	}
	want := []string{
		// A repository on a private host.
		"https://git.corp.example/a.git/git-upload-pack",
		"https://git.corp.example/a.git/info/refs",
		// The proxy: forms, then the list.
		"https://goproxy.corp.example/go/golang.org/toolchain/@v/{version}.zip",
		"https://goproxy.corp.example/go/{module}/@latest",
		"https://goproxy.corp.example/go/{module}/@v/list",
		"https://goproxy.corp.example/go/{module}/@v/{version}.info",
		"https://goproxy.corp.example/go/{module}/@v/{version}.mod",
		"https://goproxy.corp.example/go/{module}/@v/{version}.zip",
		"https://goproxy.corp.example/go/example.com/nosum/@latest",
		"https://goproxy.corp.example/go/example.com/nosum/@v/list",
		"https://goproxy.corp.example/go/example.com/nosum/@v/v2.0.0+incompatible.info",
		"https://goproxy.corp.example/go/example.com/nosum/@v/v2.0.0+incompatible.mod",
		"https://goproxy.corp.example/go/github.com/%21burnt%21sushi/toml/@latest",
		"https://goproxy.corp.example/go/github.com/%21burnt%21sushi/toml/@v/list",
		"https://goproxy.corp.example/go/github.com/%21burnt%21sushi/toml/@v/v1.5.0.info",
		"https://goproxy.corp.example/go/github.com/%21burnt%21sushi/toml/@v/v1.5.0.mod",
		"https://goproxy.corp.example/go/github.com/%21burnt%21sushi/toml/@v/v1.5.0.zip",
		// The database, where the go command leaves the "!" as it is.
		"https://sum.corp.example/lookup/{module}@{version}",
		"https://sum.corp.example/tile/8/{level}/{index}",
		"https://sum.corp.example/latest (optional)",
		"https://sum.corp.example/lookup/github.com/!burnt!sushi/toml@v1.5.0",
	}
	var got []string
	for _, s := range measure(t, o).Services {
		for _, u := range s.URLs {
			if u.Optional {
				u.URL += " (optional)"
			}
			got = append(got, u.URL)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestFindSumDB has the database found behind the second proxy, directly, and
// behind a proxy that is out of order.
func TestFindSumDB(t *testing.T) {
	status := func(code int) *httptest.Server {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }))
		t.Cleanup(s.Close)
		return s
	}
	yes, no, broken := status(200), status(404), status(500)
	for _, tt := range []struct {
		goproxy string
		direct  bool
		unknown bool
		want    []string // of the database's URLs that no proxy has for modules
	}{
		{no.URL + "," + yes.URL, false, false, []string{
			no.URL + "/sumdb/sum.test.example/supported", yes.URL + "/sumdb/sum.test.example/supported",
			yes.URL + "/sumdb/sum.test.example/lookup/{module}@{version}", yes.URL + "/sumdb/sum.test.example/tile/8/{level}/{index}",
			yes.URL + "/sumdb/sum.test.example/latest"}},
		{no.URL, true, false, []string{no.URL + "/sumdb/sum.test.example/supported"}},
		{broken.URL + "," + yes.URL, false, true, []string{broken.URL + "/sumdb/sum.test.example/supported"}},
		{broken.URL + "|" + yes.URL, false, true, []string{broken.URL + "/sumdb/sum.test.example/supported"}},
		{broken.URL + "|direct", false, true, []string{broken.URL + "/sumdb/sum.test.example/supported"}},
	} {
		o := options(t, tt.goproxy)
		o.SumDB = &allowlist.SumDB{Name: "sum.test.example"}
		a := measure(t, o)
		var got []string
		direct := false
		for _, s := range a.Services {
			direct = direct || s.Host == "sum.test.example"
			for _, u := range s.URLs {
				if strings.Contains(u.URL, "/sumdb/") {
					got = append(got, u.URL)
				}
			}
		}
		slices.Sort(got)
		slices.Sort(tt.want)
		if diff := cmp.Diff(tt.want, got); diff != "" || direct != tt.direct {
			t.Errorf("%s: direct %t: %s", tt.goproxy, direct, diff)
		}
		unknown := slices.ContainsFunc(a.Gaps(), func(g allowlist.Gap) bool { return g.What == allowlist.WhatSumDB })
		if unknown != tt.unknown {
			t.Errorf("%s: unknown is %t: %v", tt.goproxy, unknown, remarks(a))
		}
	}
}
