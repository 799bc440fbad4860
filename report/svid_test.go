// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package report

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/goassay/assay/audit"
)

const sampleSVIDs = `{"trust_domain": "prod.example", "files": [
	{"path": "right.pem", "svid": {"id": "spiffe://prod.example/ns/shop/sa/cart", "trust_domain": "prod.example", "path": "/ns/shop/sa/cart", "defects": [], "trust": "trusted", "headroom": 0.808,
	 "at": "2026-11-20T13:05:06Z", "not_before": "2026-11-20T12:53:00Z", "not_after": "2026-11-20T13:53:00Z"}},
	{"path": "bad.pem", "svid": {"defects": ["no-uri", "expired", "new\u001b[31m"], "trust": "unknown", "headroom": 0, "at": "2026-11-20T13:05:06Z", "not_before": "2026-11-20T11:00:00Z", "not_after": "2026-11-20T12:00:00Z"}},
	{"path": "none.pem", "reason": "no-certificate"}],
 "workload": {"socket": "unix:///run/agent.sock", "state": "answered", "watched_seconds": 2400.2, "svids": [
	{"named": "spiffe://prod.example/mail", "hint": "internal", "issues": [{}, {}], "bundle": {"authorities": 1}, "withdrawn": "2026-11-20T13:01:00Z",
	 "last": {"id": "spiffe://prod.example/mail", "trust_domain": "prod.example", "defects": ["other-path"], "trust": "untrusted", "headroom": 0.1, "at": "2026-11-20T13:05:06Z", "not_after": "2026-11-20T13:10:00Z"}}]}}`

func svidReport(t testing.TB, lang audit.Lang, facts string) *audit.Report {
	t.Helper()
	rep := sample(t, lang)
	rep.Facts["svid"] = json.RawMessage(facts)
	return rep
}

// svidCatalogue has words for some of the defects.
func svidCatalogue() *audit.Catalogue {
	c := sampleCatalogue()
	c.Terms = map[string]map[string]audit.Text{
		"svid_defects": {"no-uri": {EN: "no URI name", ZH: "没有 URI 名称"}, "expired": {EN: "expired", ZH: "已过期"}, "other-path": {EN: "a path that is not allowed", ZH: "路径不在允许范围内"}},
		"file_problem": {"no-certificate": {EN: "it holds no certificate", ZH: "不含证书"}},
		"api_problem":  {"denied": {EN: "it issues no identity to whom asks here", ZH: "未向当前调用者签发身份"}},
	}
	return c
}

// TestSVIDsGolden: each SVID is shown, with its ID, trust domain, expiry, chain and defects.
func TestSVIDsGolden(t *testing.T) {
	for _, lang := range audit.Languages() {
		golden(t, fmt.Sprintf("svids.%s.txt", lang), write(t, Text, svidReport(t, lang, sampleSVIDs), Options{Width: 80, Endpoints: true, Catalogue: svidCatalogue()}))
	}
}

// TestManySVIDs: of many each has a line, unless all is asked for.
func TestManySVIDs(t *testing.T) {
	var facts map[string]any
	if err := json.Unmarshal([]byte(sampleSVIDs), &facts); err != nil {
		t.Fatal(err)
	}
	files := facts["files"].([]any)
	facts["files"] = append(files, files...)
	facts["workload"] = map[string]any{"socket": "unix:///run/agent.sock", "state": "denied"}
	raw, err := json.Marshal(facts)
	if err != nil {
		t.Fatal(err)
	}
	rep := svidReport(t, audit.English, string(raw))
	opts := Options{Width: 120, Endpoints: true, Catalogue: svidCatalogue()}
	short := string(write(t, Text, rep, opts))
	opts.Verbose = true
	long := string(write(t, Text, rep, opts))
	for _, line := range []string{
		"SVIDs (7)", "right.pem               spiffe://prod.example/ns/shop/sa/cart, until 2026-11-20 13:53 UTC, 80 % of the lifetime left",
		"bad.pem                 until 2026-11-20 12:00 UTC, expired, defects: no URI name, expired", "none.pem                it holds no certificate",
		"unix:///run/agent.sock  it issues no identity to whom asks here",
	} {
		if !strings.Contains(short, line) {
			t.Errorf("%q is not in\n%s", line, short)
		}
	}
	if strings.Contains(short, "trust domain") || strings.Count(long, "trust domain  ") != 2 {
		t.Errorf("what is in full, and what is not:\n%s", long)
	}
}

// TestEndpointSVID: an SVID that an endpoint presents is shown with its certificate.
func TestEndpointSVID(t *testing.T) {
	const facts = `{"endpoints": [{"address": "a.example:443", "sni": "a.example", "reached": true, "protocols": [{"version": "TLS 1.3", "state": "offered"}],
		"certificates": [{"sni": "a.example", "chain": [{"subject": "", "not_after": "2026-11-20T13:53:00Z"}]}, {"sni": "a.example", "chain": [{"subject": "CN=b", "not_after": "2026-11-20T13:53:00Z"}]}],
		"chains": [{"svid": {"id": "spiffe://prod.example/cart", "trust_domain": "prod.example", "defects": ["no-uri"], "trust": "trusted", "headroom": 0.5}}]}]}`
	out := string(write(t, Text, endpointReport(t, audit.English, facts), Options{Width: 80, Endpoints: true, Catalogue: svidCatalogue()}))
	for _, line := range []string{
		"  SPIFFE ID           spiffe://prod.example/cart\n", "  trust domain        prod.example\n", "  validity            until 2026-11-20 13:53 UTC, 50 % of the lifetime left\n",
		"  chain               verified against the trust domain's bundle\n", "  defects             no URI name\n",
	} {
		if strings.Count(out, line) != 1 {
			t.Errorf("%q is not in\n%s", line, out)
		}
	}
}

// TestSVIDsMalformed: facts that are no such thing are left out.
func TestSVIDsMalformed(t *testing.T) {
	for _, facts := range []string{"[]", `{"files": 1}`, `{}`} {
		with := write(t, Text, svidReport(t, audit.English, facts), Options{Endpoints: true})
		if without := write(t, Text, svidReport(t, audit.English, facts), Options{}); string(with) != string(without) {
			t.Errorf("%s changes the report", facts)
		}
	}
}
