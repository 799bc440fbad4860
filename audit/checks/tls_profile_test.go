// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package checks

import (
	"crypto/tls"
	"encoding/pem"
	"slices"
	"strings"
	"testing"

	"github.com/goassay/assay/audit"
	"github.com/goassay/assay/audit/tlsprofile"
)

// ownProfile has a clause of each severity that the server of the test does not meet, one
// that it meets, one that depends on what is unknown, and one that no probe can see.
const ownProfile = `
id: ours
title: {en: Our servers}
source: {document: Handbook, version: "3"}
clauses:
  - {clause: "1", requirement: {en: "TLS 1.3 alone."}, remedy: {en: "Do so.", zh: "请照办。"}, level: shall, condition: {versions: {allowed: [TLS 1.3]}}}
  - {clause: "2", requirement: {en: "Post-quantum."}, remedy: {en: "Do so."}, level: should, condition: {groups: {one_of: [X25519MLKEM768]}}}
  - {clause: "3", requirement: {en: "P-384 too."}, remedy: {en: "Do so."}, level: should, severity: low, condition: {groups: {required: [secp384r1]}}}
  - {clause: "4", requirement: {en: "TLS 1.3."}, remedy: {en: "Do so."}, level: shall, condition: {versions: {required: [TLS 1.3]}}}
  - {clause: "5", requirement: {en: "Staples."}, remedy: {en: "Do so."}, level: shall, condition: {session: {client_renegotiation: not-offered}}}
  - {clause: "6", requirement: {en: "Look."}, remedy: {en: "Do so."}, level: shall, manual: true}
`

// TestTLSProfiles: each clause that is not met is a finding of its own, what is unknown
// leaves the run open.
func TestTLSProfiles(t *testing.T) {
	address := serveTLS(t, &tls.Config{MinVersion: tls.VersionTLS12, CurvePreferences: []tls.CurveID{tls.X25519, tls.CurveP256}})
	rep := runTLSCheck(t, map[string]string{"tls-profile": "pq", "tls-profile-data": ownProfile}, address)
	var got []string
	for _, f := range rep.Findings {
		if f.Subject.Kind == "clause" {
			got = append(got, f.Rule+" "+strings.TrimPrefix(f.Subject.Name, address+" "))
		}
	}
	want := []string{"tls/clause-violated ours 1", "tls/clause-missed ours 2", "tls/clause-advice ours 3", "tls/clause-manual ours"}
	for _, w := range want {
		if !slices.Contains(got, w) {
			t.Errorf("%s is not in %q", w, got)
		}
	}
	if slices.Contains(got, "tls/clause-violated ours 4") || !slices.ContainsFunc(got, func(s string) bool { return strings.HasSuffix(s, " pq 2.2") || strings.Contains(s, " pq ") }) {
		t.Errorf("%q", got)
	}
	facts := factsOf[TLSFacts](t, rep, TLS).Endpoints[0].Profiles
	if len(facts) != 2 || facts[0].ID != "pq" || facts[1].Source != "Handbook 3" || facts[1].Evidence == "" || len(facts[1].Clauses) != 6 {
		t.Errorf("%+v", facts)
	}
	for _, settings := range []map[string]string{{"tls-profile": "theirs"}, {"tls-profile-data": "id: 1"}} {
		if rep := runTLSCheck(t, settings, address); rep.Checks[0].Outcome != audit.Errored {
			t.Errorf("%v: %+v", settings, rep.Checks[0])
		}
	}
}

// TestTLSProfileTrust: whether a chain is trusted is judged by the authorities of the run.
func TestTLSProfileTrust(t *testing.T) {
	address := serveTLS(t, &tls.Config{})
	outcome := func(settings map[string]string) tlsprofile.Outcome {
		rep := runTLSCheck(t, settings, address)
		for _, c := range factsOf[TLSFacts](t, rep, TLS).Endpoints[0].Profiles[0].Clauses {
			if c.Clause == "4.2.1 (trusted)" {
				return c.Outcome
			}
		}
		return ""
	}
	if got := outcome(map[string]string{"tls-profile": "pci-dss-4"}); got != tlsprofile.Gap {
		t.Errorf("of its own: %q", got)
	}
	c, err := tls.Dial("tcp", address, &tls.Config{InsecureSkipVerify: true})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	root := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.ConnectionState().PeerCertificates[0].Raw})
	if got := outcome(map[string]string{"tls-profile": "pci-dss-4", "tls-roots": string(root), "tls-sni": "service.test"}); got != tlsprofile.Met {
		t.Errorf("among the authorities: %q", got)
	}
}
