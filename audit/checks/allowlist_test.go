// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package checks

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/goassay/assay/audit"
	"github.com/goassay/assay/audit/allowlist"
	"github.com/goassay/assay/audit/allowlist/allowlisttest"
)

// allowlistSite is a module proxy on loopback, under an authority of its own.
type allowlistSite struct {
	*httptest.Server
	ca   *allowlisttest.CA
	cert *tls.Certificate
	cfg  audit.Config // with a policy in which nothing is missing
}

func newAllowlistSite(t *testing.T) *allowlistSite {
	t.Helper()
	site := &allowlistSite{ca: allowlisttest.NewCA(t)}
	site.Server = allowlisttest.NewServer(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/sumdb/sum.golang.org/supported" {
			http.NotFound(w, r)
		}
	}), func() *tls.Certificate { return site.cert })
	dir := t.TempDir()
	for name, text := range map[string]string{
		"go.mod": "module example.com/m\n\ngo 1.26\n",
		"go.sum": "example.com/Lib v1.0.0 h1:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	today := time.Now().UTC()
	site.cfg = audit.Config{
		Checks: []*audit.Check{Allowlist},
		Target: &audit.Target{Dir: dir, ModFile: filepath.Join(dir, "go.mod"), Module: "example.com/m"},
		Policy: &audit.Policy{FailOn: audit.High, File: "assay.yaml", Allowlist: audit.AllowlistPolicy{
			Applicant: "Han Meimei", Department: "Platform", Contact: "platform@corp.example", Owner: "Li Lei",
			Purpose: "CI builds", Basis: []string{"IT-SEC-7"},
			ValidFrom: audit.Date{Time: today.AddDate(0, 0, -1)}, ValidUntil: audit.Date{Time: today.AddDate(0, 0, 30)},
			Addresses: map[string][]string{"127.0.0.1": {"127.0.0.0/8"}},
		}},
		Environ: append(os.Environ(), "GOENV=off", "GOFLAGS=", "GOPROXY="+site.URL, "GONOPROXY=", "GONOSUMDB=", "GOPRIVATE=",
			"GOSUMDB=sum.golang.org", "GOTOOLCHAIN=local", "GOWORK=off", "HTTPS_PROXY=", "HTTP_PROXY=", "https_proxy=", "http_proxy="),
		Network: audit.NetworkAccess{
			HTTP:  &http.Transport{TLSClientConfig: &tls.Config{RootCAs: site.ca.Pool}},
			Roots: site.ca.Pool,
			LookupNetIP: func(context.Context, string, string) ([]netip.Addr, error) {
				return nil, &net.DNSError{Err: "no such host", IsNotFound: true}
			},
		},
	}
	site.cert = site.ca.Issue(t, allowlisttest.Key(t))
	return site
}

// check judges a filed form.
func (s *allowlistSite) check(t *testing.T, form []byte) *audit.Report {
	t.Helper()
	cfg := s.cfg
	cfg.Recorded = map[string][]byte{"allowlist": form}
	cfg.Settings = map[string]string{"allowlist-file": "form.json"}
	return runCheck(t, cfg)
}

// edit changes a form and returns it as it would be filed.
func edit(t *testing.T, form json.RawMessage, change func(*allowlist.Application)) []byte {
	t.Helper()
	a, err := allowlist.Parse(form)
	if err != nil {
		t.Fatal(err)
	}
	change(a)
	data, err := json.MarshalIndent(a, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestAllowlistUnreadableSums(t *testing.T) {
	cfg := newAllowlistSite(t).cfg
	if err := os.Remove(filepath.Join(cfg.Target.Dir, "go.sum")); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(cfg.Target.Dir, "go.sum"), 0o777); err != nil {
		t.Fatal(err)
	}
	res := runCheck(t, cfg).Checks[0]
	if res.ReasonID != "graph/unreadable" || strings.Contains(res.Reason, cfg.Target.Dir) {
		t.Errorf("%s: %q, %s", res.Outcome, res.ReasonID, res.Reason)
	}
}

// TestAllowlistCertificate files a form, finds it true, and finds it refused
// after the server's certificate changed.
func TestAllowlistCertificate(t *testing.T) {
	site := newAllowlistSite(t)
	key := allowlisttest.Key(t)
	site.cert = site.ca.Issue(t, key)
	rep := runCheck(t, site.cfg)
	if rep.Verdict != audit.VerdictPass || len(rep.Findings) > 0 {
		t.Fatalf("%s: %v", rep.Verdict, rep.Findings)
	}
	form := rep.Facts["allowlist"]
	again := site.check(t, form)
	if again.Verdict != audit.VerdictPass || len(again.Findings) > 0 {
		t.Errorf("%s: %v", again.Verdict, again.Findings)
	}
	if diff := cmp.Diff(withoutTime(t, form), withoutTime(t, again.Facts["allowlist"])); diff != "" {
		t.Errorf("measured twice: %s", diff)
	}
	a := factsOf[allowlist.Application](t, rep, Allowlist)
	if len(a.Services) != 1 || a.Services[0].TLS.Trust != allowlist.TrustVerified ||
		!slices.ContainsFunc(rep.Evidence, func(e audit.EvidenceRef) bool { return e.Digest == a.Services[0].TLS.Evidence }) {
		t.Errorf("services %+v, evidence %v", a.Services, rep.Evidence)
	}

	for _, tt := range []struct {
		cert  *tls.Certificate
		rules []string
	}{
		{site.ca.Issue(t, key), []string{"allowlist/fingerprint-changed"}}, // renewed
		{site.ca.Issue(t, allowlisttest.Key(t)), []string{"allowlist/fingerprint-changed", "allowlist/key-changed"}},
	} {
		site.cert = tt.cert
		rep := site.check(t, form)
		if diff := cmp.Diff(tt.rules, rulesOf(rep)); diff != "" || rep.Verdict != audit.VerdictFail {
			t.Fatalf("%s: %s", rep.Verdict, diff)
		}
		for _, f := range rep.Findings {
			if f.Subject != (audit.Subject{Kind: "host", Name: site.Listener.Addr().String()}) || f.Location.File != "form.json" ||
				f.Location.Line == 0 || len(f.Evidence) != 2 {
				t.Errorf("%+v", f)
			}
		}
	}
}

// TestAllowlistRecheck verifies a stored report against its evidence.
func TestAllowlistRecheck(t *testing.T) {
	site := newAllowlistSite(t)
	dir, err := audit.CreateEvidenceDir(filepath.Join(t.TempDir(), "evidence"))
	if err != nil {
		t.Fatal(err)
	}
	site.cfg.Evidence = dir
	rep := runCheck(t, site.cfg)
	if err := dir.Verify(rep, []*audit.Check{Allowlist}); err != nil {
		t.Error(err)
	}
	for _, key := range []string{"leaf", "spki"} {
		forged := *rep
		at := strings.Index(string(rep.Facts["allowlist"]), `"`+key+`":"sha256:`) + len(`"":"sha256:`+key)
		facts := slices.Clone(rep.Facts["allowlist"])
		facts[at] = "0123456789abcdef1"[strings.IndexByte("0123456789abcdef", facts[at])+1]
		forged.Facts = map[string]json.RawMessage{"allowlist": facts}
		if err := dir.Verify(&forged, []*audit.Check{Allowlist}); err == nil || !strings.Contains(err.Error(), "not those of the certificate") {
			t.Errorf("another %s: %v", key, err)
		}
	}
}

func withoutTime(t *testing.T, form []byte) string {
	return string(edit(t, form, func(a *allowlist.Application) { a.Measured = time.Time{} }))
}

func TestAllowlistFiled(t *testing.T) {
	site := newAllowlistSite(t)
	form := runCheck(t, site.cfg).Facts["allowlist"]
	service := func(change func(*allowlist.Service)) func(*allowlist.Application) {
		return func(a *allowlist.Application) { change(&a.Services[0]) }
	}
	other := allowlist.Service{
		Host: "old.example", Port: 80, Protocol: allowlist.HTTP, Roles: []allowlist.Role{allowlist.ModuleProxy}, Basis: allowlist.Configured,
		URLs: []allowlist.URL{}, Addresses: allowlist.Addresses{State: allowlist.Known, Ranges: []string{"192.0.2.0/24"}, Observed: []string{}},
		Terms: allowlist.Terms{Basis: []string{}},
	}
	validity := func(from, until time.Time) func(*allowlist.Application) {
		return func(a *allowlist.Application) {
			a.Validity = allowlist.Validity{From: allowlist.NewDate(from), Until: allowlist.NewDate(until)}
			a.Services[0].Validity = allowlist.Validity{}
		}
	}
	now := time.Now()
	for _, tt := range []struct {
		rules   []string
		verdict audit.Verdict
		say     string // in the message or remedy of the first finding
		change  func(*allowlist.Application)
	}{
		{[]string{"allowlist/address-outside-range"}, audit.VerdictFail, "127.0.0.1, outside 192.0.2.0/24",
			service(func(s *allowlist.Service) { s.Addresses.Ranges = []string{"192.0.2.0/24"} })},
		{[]string{"allowlist/path-missing"}, audit.VerdictFail, "/lookup/{module}@{version}",
			service(func(s *allowlist.Service) { s.URLs = s.URLs[1:] })},
		{[]string{"allowlist/host-missing"}, audit.VerdictFail, "/sumdb/sum.golang.org/supported",
			func(a *allowlist.Application) { a.Services = []allowlist.Service{} }},
		{[]string{"allowlist/host-unneeded"}, audit.VerdictPass, "old.example:80",
			func(a *allowlist.Application) { a.Services = append(a.Services, other) }},
		{[]string{"allowlist/certificate-expires"}, audit.VerdictPass, "before", validity(now, now.AddDate(1, 0, 0))},
		{[]string{"allowlist/expired"}, audit.VerdictFail, now.AddDate(0, 0, -2).UTC().Format(time.DateOnly), validity(now.AddDate(0, 0, -9), now.AddDate(0, 0, -2))},
		{[]string{"allowlist/not-yet-valid"}, audit.VerdictPass, now.AddDate(0, 0, 5).UTC().Format(time.DateOnly), validity(now.AddDate(0, 0, 5), now.AddDate(0, 0, 9))},
		{[]string{"allowlist/wildcard-host"}, audit.VerdictFail, "*.example", func(a *allowlist.Application) {
			o := other
			o.Host = "*.example"
			a.Services = append(a.Services, o)
		}},
		{[]string{"allowlist/query-in-url"}, audit.VerdictFail, "?token=xxxxx", service(func(s *allowlist.Service) {
			s.URLs = append(s.URLs, allowlist.URL{URL: site.URL + "/x?token=hunter2", Match: allowlist.Exact})
		})},
		{[]string{"allowlist/url-elsewhere"}, audit.VerdictFail, "https://elsewhere.example/x", service(func(s *allowlist.Service) {
			s.URLs = append(s.URLs, allowlist.URL{URL: "https://elsewhere.example/x", Match: allowlist.Exact})
		})},
		{[]string{"allowlist/range-form"}, audit.VerdictFail, "127.0.0.0/30, 127.0.0.4/31", service(func(s *allowlist.Service) { s.Addresses.Ranges = []string{"127.0.0.0-127.0.0.5"} })},
		{[]string{"allowlist/range-invalid"}, audit.VerdictFail, "somewhere", service(func(s *allowlist.Service) { s.Addresses.Ranges = append(s.Addresses.Ranges, "somewhere") })},
		{[]string{"allowlist/form-incomplete"}, audit.VerdictPass, "applicant, owner", func(a *allowlist.Application) {
			a.Applicant, a.Owner, a.Services[0].Owner = "", "", ""
		}},
	} {
		t.Run(tt.rules[0], func(t *testing.T) {
			rep := site.check(t, edit(t, form, tt.change))
			if diff := cmp.Diff(tt.rules, rulesOf(rep)); diff != "" || rep.Verdict != tt.verdict {
				t.Fatalf("%s: %s", rep.Verdict, diff)
			}
			f := rep.Findings[0]
			if !strings.Contains(f.Message+f.Remedy, tt.say) || f.Location == nil || f.Location.File != "form.json" || f.Location.Line == 0 {
				t.Errorf("%+v", f)
			}
			if strings.Contains(fmt.Sprint(rep), "hunter2") {
				t.Error("the report holds a secret")
			}
		})
	}

	rep := site.check(t, []byte("{\n  \"schema\": 1\n}"))
	if diff := cmp.Diff([]string{"allowlist/form-invalid"}, rulesOf(rep)); diff != "" || rep.Findings[0].Location.Line != 2 ||
		rep.Findings[0].Subject != (audit.Subject{Kind: "file", Name: "form.json"}) {
		t.Errorf("%s %+v", diff, rep.Findings)
	}
}

// TestAllowlistDraft judges forms before they are filed.
func TestAllowlistDraft(t *testing.T) {
	site := newAllowlistSite(t)
	site.cfg.Policy = nil
	rep := runCheck(t, site.cfg)
	if diff := cmp.Diff([]string{"allowlist/form-incomplete"}, rulesOf(rep)); diff != "" || rep.Verdict != audit.VerdictPass {
		t.Errorf("no policy: %s: %s", rep.Verdict, diff)
	}
	if want := "applicant, contact, department, owner, validity.until"; !strings.Contains(rep.Findings[0].Message, want) {
		t.Errorf("%q lacks %q", rep.Findings[0].Message, want)
	}
	if a := factsOf[allowlist.Application](t, rep, Allowlist); !slices.Equal(a.Services[0].Addresses.Ranges, []string{"127.0.0.1/32"}) {
		t.Errorf("ranges %v", a.Services[0].Addresses.Ranges)
	}

	site = newAllowlistSite(t)
	site.cfg.Policy.Allowlist.Addresses["127.0.0.1"] = []string{"127.0.0.0-127.255.255.255"}
	rep = runCheck(t, site.cfg)
	if diff := cmp.Diff([]string{"allowlist/range-form"}, rulesOf(rep)); diff != "" || !strings.Contains(rep.Findings[0].Remedy, "127.0.0.0/8") {
		t.Errorf("%s %+v", diff, rep.Findings)
	}

	site = newAllowlistSite(t)
	site.cfg.Policy.Allowlist.Addresses["proxy.exmaple"] = []string{"192.0.2.0/24"}
	rep = runCheck(t, site.cfg)
	if diff := cmp.Diff([]string{"allowlist/addresses-unused"}, rulesOf(rep)); diff != "" || rep.Findings[0].Subject.Name != "proxy.exmaple" {
		t.Errorf("%s %+v", diff, rep.Findings)
	}

	site = newAllowlistSite(t)
	site.cfg.Network.Roots = allowlisttest.NewCA(t).Pool
	rep = runCheck(t, site.cfg)
	if diff := cmp.Diff([]string{"allowlist/untrusted-certificate"}, rulesOf(rep)); diff != "" || rep.Verdict != audit.VerdictFail {
		t.Errorf("%s: %s", rep.Verdict, diff)
	}

	site = newAllowlistSite(t)
	site.cfg.Settings = map[string]string{"allowlist-expand": "true"}
	a := factsOf[allowlist.Application](t, runCheck(t, site.cfg), Allowlist)
	if want := site.URL + "/example.com/%21lib/@v/v1.0.0.zip"; !slices.ContainsFunc(a.Services[0].URLs, func(u allowlist.URL) bool { return u.URL == want }) {
		t.Errorf("%s is missing: %v", want, a.Services[0].URLs)
	}
}

// TestAllowlistUnknown: what could not be determined never passes.
func TestAllowlistUnknown(t *testing.T) {
	site := newAllowlistSite(t)
	form := runCheck(t, site.cfg).Facts["allowlist"]
	for _, tt := range []struct {
		name    string
		change  func(*audit.Config)
		reason  string
		say     string
		noFacts bool
	}{
		{"offline, database off", func(c *audit.Config) { c.Offline = true; c.Environ = append(c.Environ, "GOSUMDB=off") }, "allowlist/offline", "certificate (offline)", false},
		{"offline", func(c *audit.Config) { c.Offline = true }, "allowlist/offline", "checksum-database", false},
		{"no such host", func(c *audit.Config) { c.Environ = append(c.Environ, "GOPROXY=http://proxy.invalid", "GOSUMDB=off") }, "allowlist/unknown", "proxy.invalid:80 addresses (not-resolved: ", false},
		{"GOPROXY refused", func(c *audit.Config) { c.Environ = append(c.Environ, "GOPROXY=none") }, "allowlist/settings-refused", "none", true},
		{"GOSUMDB refused", func(c *audit.Config) { c.Environ = append(c.Environ, "GOSUMDB=a b c") }, "allowlist/settings-refused", "fields", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			cfg := site.cfg
			cfg.Environ = slices.Clone(cfg.Environ)
			tt.change(&cfg)
			rep := runCheck(t, cfg)
			res, _ := rep.Check("allowlist")
			if res.Outcome != audit.Unassessed || res.ReasonID != tt.reason || !strings.Contains(res.Reason, tt.say) || rep.Verdict != audit.VerdictIncomplete {
				t.Errorf("%s: %+v", rep.Verdict, res)
			}
			if (rep.Facts["allowlist"] == nil) != tt.noFacts {
				t.Errorf("facts: %s", rep.Facts["allowlist"])
			}
		})
	}
	// A filed form is judged by what is known without the network.
	site.cfg.Offline = true
	expired := edit(t, form, func(a *allowlist.Application) {
		a.Validity = allowlist.Validity{Until: allowlist.NewDate(time.Now().AddDate(0, 0, -3))}
		a.Services[0].Validity = a.Validity
	})
	rep := site.check(t, expired)
	if diff := cmp.Diff([]string{"allowlist/expired"}, rulesOf(rep)); diff != "" || rep.Verdict != audit.VerdictFail {
		t.Errorf("%s: %s", rep.Verdict, diff)
	}
	if rep := site.check(t, form); rep.Verdict != audit.VerdictIncomplete || len(rep.Findings) > 0 {
		t.Errorf("%s: %v", rep.Verdict, rep.Findings)
	}
}
