// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package checks

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/goassay/assay/audit"
	"github.com/goassay/assay/audit/tlsprobe"
	"github.com/goassay/assay/audit/tlsprobe/tlstest"
	"github.com/goassay/assay/internal/machine"
)

// TestTLSEnforced audits nginx, which asks for a client's certificate in TLS and judges it in
// HTTP; and what the report says of it follows from its evidence.
func TestTLSEnforced(t *testing.T) {
	t.Parallel() // it waits
	machine.Need(t, "nginx", "openssl")
	authority := tlstest.NewCertificate(t, "rsa", "authority")
	made := tlstest.NewCertificate(t, "p256", "example.com")
	const clause = `id: ours
title: {en: Ours}
source: {document: Handbook}
clauses:
  - {clause: "1", requirement: {en: Certificates}, remedy: {en: Demand them}, level: shall, condition: {client_auth: [required, required-in-http]}}
`
	for mode, want := range map[string]struct {
		enforced   tlsprobe.Enforcement
		unverified bool
		missed     bool
	}{
		"on":             {tlsprobe.EnforcedHTTP, false, false},
		"optional":       {tlsprobe.EnforcedNowhere, false, true},
		"optional_no_ca": {tlsprobe.EnforcedNowhere, true, true},
		"off":            {"", false, true},
	} {
		t.Run(mode, func(t *testing.T) {
			s := tlstest.Nginx(t, fmt.Sprintf("server { listen LISTEN ssl; ssl_certificate %s; ssl_certificate_key %s; ssl_client_certificate %s; ssl_verify_client %s; return 200; }",
				made.CertFile, made.KeyFile, authority.CertFile, mode))
			folder := t.TempDir()
			store, err := audit.CreateEvidenceDir(folder)
			if err != nil {
				t.Fatal(err)
			}
			rep := runCheck(t, audit.Config{
				Target: &audit.Target{Dir: t.TempDir(), Endpoints: []string{s.Address}}, Checks: []*audit.Check{TLS}, Evidence: store,
				Settings: map[string]string{"tls-profile-data": clause},
			})
			has := func(rule string) bool {
				return slices.ContainsFunc(rep.Findings, func(f audit.Finding) bool { return f.Rule == rule })
			}
			if has("tls/client-auth-unverified") != want.unverified || has("tls/clause-violated") != want.missed {
				t.Errorf("%+v", rep.Findings)
			}
			for name, test := range map[string]struct {
				tamper func(*tlsprobe.ClientAuth)
				found  string
			}{
				"honest":          {func(*tlsprobe.ClientAuth) {}, ""},
				"enforced in TLS": {func(c *tlsprobe.ClientAuth) { c.Enforced = tlsprobe.EnforcedTLS }, "what " + s.Address + " does with clients' certificates"},
				"enforced nowhere, unknown": {func(c *tlsprobe.ClientAuth) {
					c.Enforced = map[bool]tlsprobe.Enforcement{true: tlsprobe.EnforcedUnknown, false: tlsprobe.EnforcedNowhere}[c.Enforced == tlsprobe.EnforcedNowhere]
				}, "what " + s.Address + " does with clients' certificates"},
			} {
				facts := factsOf[TLSFacts](t, rep, TLS)
				if got := facts.Endpoints[0].ClientAuth.Enforced; got != want.enforced {
					t.Fatalf("enforced: %q", got)
				}
				test.tamper(&facts.Endpoints[0].ClientAuth)
				tampered := *rep
				data, err := json.Marshal(facts)
				if err != nil {
					t.Fatal(err)
				}
				tampered.Facts = map[string]json.RawMessage{"tls": data}
				kept, err := audit.CreateEvidenceDir(folder)
				if err != nil {
					t.Fatal(err)
				}
				err = kept.Verify(&tampered, []*audit.Check{TLS})
				if test.found == "" && err != nil || !strings.Contains(fmt.Sprint(err), test.found) {
					t.Errorf("%s: %v", name, err)
				}
			}
		})
	}
}
