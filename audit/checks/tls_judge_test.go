// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package checks

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/goassay/assay/audit"
	"github.com/goassay/assay/audit/tlsprobe"
)

// judgedEndpoint is a check that judges an endpoint as if it had been probed.
func judgedEndpoint(e TLSEndpoint) *audit.Check {
	return &audit.Check{ID: "tls", Run: func(_ context.Context, p *audit.Pass) (any, error) {
		e.Evidence = []string{p.Evidence("tls-exchanges", []byte("[]"))}
		judgeEndpoint(e, p.Report)
		return nil, nil
	}}
}

// takes is a protocol that takes suites.
func takes(v tlsprobe.Version, suites ...tlsprobe.SuiteID) tlsprobe.Protocol {
	p := tlsprobe.Protocol{Version: v, State: tlsprobe.Offered}
	for _, id := range suites {
		p.Suites = append(p.Suites, tlsprobe.SuiteOf(id))
	}
	return p
}

func refuses(v tlsprobe.Version) tlsprobe.Protocol {
	return tlsprobe.Protocol{Version: v, State: tlsprobe.NotOffered, Refusal: "alert protocol_version (70)"}
}

// TestTLSJudge has what an endpoint may show, and the rules that it violates.
func TestTLSJudge(t *testing.T) {
	good := takes(tlsprobe.TLS13, 0x1301)
	hybrid := []tlsprobe.Group{withState(0x11EC, tlsprobe.Offered)}
	for _, test := range []struct {
		name  string
		r     tlsprobe.Result
		rules []string
	}{
		{"nothing wrong", tlsprobe.Result{Protocols: []tlsprobe.Protocol{good, takes(tlsprobe.TLS12, 0xC02F)}, Groups: hybrid}, nil},
		{"unknown", tlsprobe.Result{Protocols: []tlsprobe.Protocol{{Version: tlsprobe.TLS13, State: tlsprobe.Unknown}, takes(tlsprobe.TLS10, 0xC013)},
			Groups: []tlsprobe.Group{withState(29, tlsprobe.Offered), withState(0x11EC, tlsprobe.Unknown)}}, []string{"tls/deprecated-version", "tls/legacy-suites"}},
		{"no TLS 1.3", tlsprobe.Result{Protocols: []tlsprobe.Protocol{refuses(tlsprobe.TLS13), takes(tlsprobe.TLS12, 0xC02F)}}, []string{"tls/no-tls13"}},
		{"old alone", tlsprobe.Result{Protocols: []tlsprobe.Protocol{refuses(tlsprobe.TLS13), refuses(tlsprobe.TLS12), takes(tlsprobe.TLS10, 0xC013)}},
			[]string{"tls/deprecated-version", "tls/legacy-suites", "tls/no-current-version"}},
		{"SSL", tlsprobe.Result{Protocols: []tlsprobe.Protocol{good, takes(tlsprobe.SSL3, 0x0005), takes(tlsprobe.SSL2, 0x0700C0)}},
			[]string{"tls/broken-suites", "tls/obsolete-version"}},
		{"TLCP alone", tlsprobe.Result{Protocols: []tlsprobe.Protocol{refuses(tlsprobe.TLS13), refuses(tlsprobe.TLS12), takes(tlsprobe.TLCP, 0xE053)}}, nil},
		{"suites", tlsprobe.Result{Protocols: []tlsprobe.Protocol{good, takes(tlsprobe.TLS12, 0x0034, 0x000A, 0x009C, 0xC027, 0xABCD)}},
			[]string{"tls/broken-suites", "tls/legacy-suites", "tls/no-forward-secrecy", "tls/weak-suites"}},
		{"groups", tlsprobe.Result{Protocols: []tlsprobe.Protocol{good}, Groups: []tlsprobe.Group{withState(19, tlsprobe.Offered), withState(0x11EC, tlsprobe.NotOffered)}},
			[]string{"tls/no-post-quantum", "tls/weak-groups"}},
		{"session", tlsprobe.Result{Protocols: []tlsprobe.Protocol{good}, Session: tlsprobe.Session{
			SecureRenegotiation: tlsprobe.NotOffered, ClientRenegotiation: tlsprobe.Offered, Compression: tlsprobe.Offered, ExtendedMasterSecret: tlsprobe.NotOffered,
			EarlyData: tlsprobe.Offered, FiniteFields: []tlsprobe.FiniteField{{Bits: 512}, {Bits: 1536}, {Bits: 2048}},
		}}, []string{"tls/broken-dh", "tls/client-renegotiation", "tls/compression", "tls/early-data", "tls/insecure-renegotiation", "tls/no-extended-master-secret", "tls/short-dh"}},
		{"clients", tlsprobe.Result{Protocols: []tlsprobe.Protocol{good}, ClientAuth: tlsprobe.ClientAuth{State: tlsprobe.AuthRequired, Unverified: tlsprobe.Offered}},
			[]string{"tls/client-auth-unverified"}},
		{"own certificate", tlsprobe.Result{Protocols: []tlsprobe.Protocol{good}, ClientAuth: tlsprobe.ClientAuth{State: tlsprobe.AuthRequired, Own: tlsprobe.NotOffered}},
			[]string{"tls/client-certificate-refused"}},
		{"plain HTTP", tlsprobe.Result{Plaintext: &tlsprobe.Plaintext{Protocol: "http"}}, []string{"tls/plaintext"}},
		{"plain HTTP that redirects", tlsprobe.Result{Plaintext: &tlsprobe.Plaintext{Protocol: "http", Redirect: "https://service.test/"}}, []string{"tls/redirect-only"}},
		{"something in clear", tlsprobe.Result{Plaintext: &tlsprobe.Plaintext{Protocol: "unknown"}}, nil},
		{"no STARTTLS", tlsprobe.Result{Plaintext: &tlsprobe.Plaintext{Protocol: "smtp", StartTLS: tlsprobe.NotOffered, Auth: true}}, []string{"tls/no-starttls", "tls/plaintext-passwords"}},
		{"STARTTLS", tlsprobe.Result{Protocols: []tlsprobe.Protocol{good}, Plaintext: &tlsprobe.Plaintext{Protocol: "smtp", StartTLS: tlsprobe.Offered, Pipelined: true}}, []string{"tls/starttls-pipelined"}},
		{"HTTP", tlsprobe.Result{Protocols: []tlsprobe.Protocol{good}, HTTP: &tlsprobe.HTTP{Status: 200}}, []string{"tls/no-hsts"}},
		{"HSTS that is taken back", tlsprobe.Result{Protocols: []tlsprobe.Protocol{good}, HTTP: &tlsprobe.HTTP{Status: 200, HSTS: "includeSubDomains; Max-Age=\"0\""}}, []string{"tls/no-hsts"}},
		{"HSTS without an age", tlsprobe.Result{Protocols: []tlsprobe.Protocol{good}, HTTP: &tlsprobe.HTTP{Status: 200, HSTS: "includeSubDomains; max-age=soon"}}, []string{"tls/no-hsts"}},
		{"HSTS in quotes", tlsprobe.Result{Protocols: []tlsprobe.Protocol{good}, HTTP: &tlsprobe.HTTP{Status: 200, HSTS: "includeSubDomains ; max-age=\"100\" "}}, nil},
		{"HSTS", tlsprobe.Result{Protocols: []tlsprobe.Protocol{good}, HTTP: &tlsprobe.HTTP{Status: 200, HSTS: "max-age=31536000"}}, nil},
	} {
		r := test.r
		r.Address = "service.test:443"
		rep := runCheck(t, audit.Config{Target: &audit.Target{Dir: t.TempDir(), Endpoints: []string{r.Address}}, Checks: []*audit.Check{judgedEndpoint(TLSEndpoint{Result: &r})}})
		if diff := cmp.Diff(test.rules, rulesOf(rep)); diff != "" {
			t.Errorf("%s: %s", test.name, diff)
		}
	}
}

func withState(id tlsprobe.GroupID, state tlsprobe.State) tlsprobe.Group {
	g := tlsprobe.GroupOf(id)
	g.State = state
	return g
}
