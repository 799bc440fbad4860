// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package report

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/goassay/assay/audit"
)

// sampleEndpoints are facts as the check tls writes them.
const sampleEndpoints = `{"endpoints": [
	{"address": "service.example:443", "sni": "service.example", "reached": true, "connections": 43,
	 "protocols": [
		{"version": "TLS 1.3", "state": "offered", "preference": "server", "suites": [
			{"id": "0x1302", "name": "TLS_AES_256_GCM_SHA384", "strength": 256}]},
		{"version": "TLS 1.2", "state": "offered", "preference": "client", "undecided": ["0xC02F"], "suites": [
			{"id": "0xC027", "name": "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256", "strength": 128, "weaknesses": ["cbc"]},
			{"id": "0xABCD", "name": "", "strength": 0, "weaknesses": ["unregistered", "new-one"]}]},
		{"version": "TLS 1.1", "state": "offered", "preference": "neither", "suites": [
			{"id": "0xC027", "name": "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256", "strength": 128, "weaknesses": ["cbc"]}]},
		{"version": "SSL 3.0", "state": "not-offered", "refusal": "alert protocol_version (70)"},
		{"version": "TLCP 1.1", "state": "unknown"}],
	 "groups": [{"id": "0x001D", "name": "x25519", "state": "offered"}, {"id": "0xFFFF", "name": "", "state": "offered"}, {"id": "0x11EC", "name": "X25519MLKEM768", "state": "unknown", "post_quantum": true}],
	 "signature_algorithms": [{"id": "0x0403", "name": "ecdsa_secp256r1_sha256", "state": "offered"}, {"id": "0x0807", "name": "ed25519", "state": "unknown"}],
	 "certificates": [
		{"sni": "service.example", "chain": [{"subject": "CN=service.example\u001b[31m", "issuer": "CN=Example CA", "not_after": "2027-02-03T04:05:06Z", "key": {"type": "ECDSA", "bits": 256, "curve": "P-256"}}]},
		{"sni": "service.example", "chain": [{"unreadable": "malformed"}]},
		{"sni": "", "chain": [{"subject": "CN=other"}]}, {"sni": "service.example", "chain": []}],
	 "client_auth": {"state": "optional"}, "alpn": ["h2", "http/1.1"],
	 "profiles": [{"id": "ours", "clauses": [{"outcome": "met"}, {"outcome": "met"}, {"outcome": "gap"}, {"outcome": "unknown"}, {"outcome": "manual"}, {"outcome": "not-applicable"}]}, {"id": "theirs", "clauses": []}]},
	{"address": "pq.example:443", "reached": true, "connections": 12,
	 "protocols": [{"version": "TLS 1.3", "state": "unknown"}], "groups": [{"id": "0x11EC", "name": "X25519MLKEM768", "state": "offered", "post_quantum": true}], "client_auth": {"state": "new"}, "plaintext": {"protocol": "smtp", "starttls": "offered"}},
	{"address": "gone.example:443", "reached": false, "connections": 7}
]}`

// Endpoints that agree on nothing.
const sampleClear = `{"endpoints": [
	{"address": "clear.example:80", "reached": true, "connections": 3, "protocols": [{"version": "TLS 1.3", "state": "unknown"}], "plaintext": {"protocol": "http"}, "client_auth": {"state": "unknown"}},
	{"address": "shut.example:443", "reached": true, "connections": 3, "protocols": [{"version": "TLS 1.3", "state": "not-offered", "refusal": "closed"}, {"version": "TLS 1.2", "state": "not-offered", "refusal": "silence"}]}
]}`

func endpointReport(t testing.TB, lang audit.Lang, facts string) *audit.Report {
	t.Helper()
	rep := sample(t, lang)
	rep.Facts["tls"] = json.RawMessage(facts)
	return rep
}

func TestEndpointsGolden(t *testing.T) {
	for _, lang := range audit.Languages() {
		golden(t, fmt.Sprintf("endpoints.clear.%s.txt", lang), write(t, Text, endpointReport(t, lang, sampleClear), Options{Width: 80, Endpoints: true}))
		golden(t, fmt.Sprintf("endpoints.%s.txt", lang), write(t, Text, endpointReport(t, lang, sampleEndpoints), Options{Width: 80, Endpoints: true}))
	}
}

// TestEndpointEnforced: a certificate that is optional in TLS may be required in HTTP.
func TestEndpointEnforced(t *testing.T) {
	facts := strings.Replace(sampleEndpoints, `{"state": "optional"}`, `{"state": "optional", "enforced": "http"}`, 1)
	for lang, want := range map[audit.Lang]string{audit.English: "required in HTTP", audit.Chinese: "必需（由 HTTP 层校验）"} {
		if out := write(t, Text, endpointReport(t, lang, facts), Options{Width: 80, Endpoints: true}); !strings.Contains(string(out), want) {
			t.Errorf("%s: no %q in %s", lang, want, out)
		}
	}
}

// TestManyEndpoints: of many endpoints each has a line, unless all is asked for.
func TestManyEndpoints(t *testing.T) {
	var list struct {
		Endpoints []json.RawMessage `json:"endpoints"`
	}
	if err := json.Unmarshal([]byte(sampleEndpoints), &list); err != nil {
		t.Fatal(err)
	}
	list.Endpoints = append(list.Endpoints, json.RawMessage(`{"address": "clear.example:80", "reached": true, "protocols": [{"version": "TLS 1.3", "state": "unknown"}], "plaintext": {"protocol": "http"}}`))
	facts, err := json.Marshal(list)
	if err != nil {
		t.Fatal(err)
	}
	rep := endpointReport(t, audit.English, string(facts))
	short, long := string(write(t, Text, rep, Options{Width: 80, Endpoints: true})), string(write(t, Text, rep, Options{Width: 80, Endpoints: true, Verbose: true}))
	for _, line := range []string{"Endpoints (4)", "service.example:443  TLS 1.3, TLS 1.2, TLS 1.1", "pq.example:443       could not be determined", "gone.example:443     could not be reached", "clear.example:80     in clear: http"} {
		if !strings.Contains(short, line) {
			t.Errorf("%q is not in\n%s", line, short)
		}
	}
	if strings.Contains(short, "TLS_AES_256_GCM_SHA384") || !strings.Contains(long, "TLS_AES_256_GCM_SHA384") {
		t.Error("suites are shown where they should not be, or not shown")
	}
}

// TestEndpointsMalformed: facts that are no such thing are left out.
func TestEndpointsMalformed(t *testing.T) {
	for _, facts := range []string{"[]", `{"endpoints": 1}`, `{}`} {
		with := write(t, Text, endpointReport(t, audit.English, facts), Options{Endpoints: true})
		if without := write(t, Text, endpointReport(t, audit.English, facts), Options{}); string(with) != string(without) {
			t.Errorf("%s changes the report", facts)
		}
	}
}

// TestClauses: clauses of one endpoint and profile stand together, each for itself, however
// many there are.
func TestClauses(t *testing.T) {
	var findings []audit.Finding
	for i := range 2 * fold {
		findings = append(findings, audit.Finding{
			Rule: "graph/deprecated", Severity: audit.Medium, Status: audit.Open, Title: "Missed", Message: fmt.Sprintf("number %d", i),
			Subject: audit.Subject{Kind: "clause", Name: fmt.Sprintf("a.example:443 ours 4.%d", i)}, Args: audit.Args{},
		})
	}
	rep := sample(t, audit.English)
	rep.Findings = findings
	out := string(write(t, Text, rep, Options{}))
	if strings.Count(out, "a.example:443 ours  profile") != 1 {
		t.Errorf("no one heading in\n%s", out)
	}
	for i := range findings {
		if !strings.Contains(out, fmt.Sprintf("number %d", i)) {
			t.Errorf("clause %d is not in\n%s", i, out)
		}
	}
}
