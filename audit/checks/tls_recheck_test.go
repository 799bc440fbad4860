// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package checks

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/goassay/assay/audit"
	"github.com/goassay/assay/audit/tlsprobe"
)

// TestTLSRecheck: facts that differ from the stored exchanges are found.
func TestTLSRecheck(t *testing.T) {
	address := serveTLS(t, &tls.Config{})
	r, err := tlsprobe.Probe(context.Background(), tlsprobe.Target{Address: address}, tlsprobe.Options{})
	if err != nil {
		t.Fatal(err)
	}
	exchanges, err := json.Marshal(r.Exchanges)
	if err != nil {
		t.Fatal(err)
	}
	r.Certificates = nil // see TestTLSRecheckChains
	facts, err := json.Marshal(TLSFacts{Endpoints: []TLSEndpoint{{Result: r, Evidence: []string{"sha256:x"}}}})
	if err != nil {
		t.Fatal(err)
	}
	check := func(facts, evidence []byte, failed error) error {
		return TLS.Recheck(facts, func(string) ([]byte, error) { return evidence, failed })
	}
	if err := check(facts, exchanges, nil); err != nil {
		t.Errorf("an honest report: %v", err)
	}
	for name, tamper := range map[string]func() ([]byte, []byte, error){
		"a version forgotten": func() ([]byte, []byte, error) {
			return bytes.Replace(facts, []byte(`"offered"`), []byte(`"not-offered"`), 1), exchanges, nil
		},
		"a suite renamed": func() ([]byte, []byte, error) {
			return bytes.Replace(facts, []byte(`"0x1301"`), []byte(`"0x1302"`), 1), exchanges, nil
		},
		"a group forgotten": func() ([]byte, []byte, error) {
			return bytes.Replace(facts, []byte(`"x25519"`), []byte(`"x448"`), 1), exchanges, nil
		},
		"a signature forgotten": func() ([]byte, []byte, error) {
			return bytes.Replace(facts, []byte(`"ecdsa_secp256r1_sha256"`), []byte(`"ed25519"`), 1), exchanges, nil
		},
		"no exchanges": func() ([]byte, []byte, error) { return facts, []byte("[]"), nil },
		"no JSON":      func() ([]byte, []byte, error) { return facts, []byte("{"), nil },
		"an exchange of nothing": func() ([]byte, []byte, error) {
			return facts, []byte(`[{"asked": "TLS 1.2", "sent": "AAAA", "end": "answer"}]`), nil
		},
		"no evidence": func() ([]byte, []byte, error) { return facts, nil, io.ErrUnexpectedEOF },
		"none named": func() ([]byte, []byte, error) {
			return bytes.Replace(facts, []byte(`["sha256:x"]`), []byte(`[]`), 1), exchanges, nil
		},
		"no facts": func() ([]byte, []byte, error) { return []byte("["), exchanges, nil },
	} {
		if err := check(tamper()); err == nil {
			t.Errorf("%s: not found", name)
		}
	}
}

// TestTLSRecheckChains: what a report says of certificates and clauses follows from its
// evidence and its facts.
func TestTLSRecheckChains(t *testing.T) {
	address := serveTLS(t, &tls.Config{})
	dir := t.TempDir()
	store, err := audit.CreateEvidenceDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	rep := runCheck(t, audit.Config{
		Target: &audit.Target{Dir: t.TempDir(), Endpoints: []string{address}}, Checks: []*audit.Check{TLS}, Evidence: store,
		Settings: map[string]string{"tls-pins": "sha256/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", "tls-profile-data": ownProfile, "tls-sni": "other.test"},
	})
	without := func(rules ...string) func(*audit.Report, *TLSFacts) {
		return func(r *audit.Report, _ *TLSFacts) {
			r.Findings = slices.DeleteFunc(r.Findings, func(f audit.Finding) bool { return slices.Contains(rules, f.Rule) })
		}
	}
	for name, test := range map[string]struct {
		tamper func(*audit.Report, *TLSFacts)
		found  string
	}{
		"honest":                  {func(*audit.Report, *TLSFacts) {}, ""},
		"a clause left out":       {without("tls/clause-violated"), "finding tls/clause-violated of " + address + " ours 1 is missing"},
		"manual clauses left out": {without("tls/clause-manual"), "finding tls/clause-manual of " + address + " ours is missing"},
		"a pin left out":          {without("tls/pin-mismatch"), "finding tls/pin-mismatch"},
		"a name left out":         {without("tls/name-mismatch"), "finding tls/name-mismatch"},
		"a later end": {func(_ *audit.Report, f *TLSFacts) {
			c := &f.Endpoints[0].Certificates[0].Certificates[0]
			c.NotAfter = c.NotAfter.AddDate(1, 0, 0)
		}, "not what the evidence shows"},
		"a chain forgotten": {func(_ *audit.Report, f *TLSFacts) { f.Endpoints[0].Certificates = nil }, "names no evidence of its certificates, or of others"},
		"evidence left out": {func(_ *audit.Report, f *TLSFacts) { f.Endpoints[0].Evidence = f.Endpoints[0].Evidence[:1] }, "names no evidence of its certificates"},
	} {
		tampered := *rep
		tampered.Findings, tampered.Facts = slices.Clone(rep.Findings), map[string]json.RawMessage{}
		facts := factsOf[TLSFacts](t, rep, TLS)
		test.tamper(&tampered, &facts)
		if tampered.Facts["tls"], err = json.Marshal(facts); err != nil {
			t.Fatal(err)
		}
		dir, err := audit.CreateEvidenceDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		err = dir.Verify(&tampered, []*audit.Check{TLS})
		if got := fmt.Sprint(err); test.found == "" && err != nil || !strings.Contains(got, test.found) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestTLSConclude: what a report says of endpoints follows from its facts.
func TestTLSConclude(t *testing.T) {
	r := &tlsprobe.Result{Address: "service.test:443", Protocols: []tlsprobe.Protocol{takes(tlsprobe.TLS13, 0x1301), takes(tlsprobe.TLS10, 0x0005), {Version: tlsprobe.SSL2, State: tlsprobe.Unknown}},
		ClientAuth: tlsprobe.ClientAuth{State: tlsprobe.AuthNone}}
	facts, err := json.Marshal(TLSFacts{Endpoints: []TLSEndpoint{{Result: r, Reached: true}}})
	if err != nil {
		t.Fatal(err)
	}
	found, err := TLS.Conclude(facts)
	var rules []string
	for _, f := range found {
		rules = append(rules, f.Rule+" "+f.Subject.Name)
	}
	if diff := cmp.Diff([]string{"tls/deprecated-version service.test:443", "tls/broken-suites service.test:443"}, rules); diff != "" || err == nil {
		t.Errorf("%v %s", err, diff)
	}
	for _, facts := range []string{"[]", `{"endpoints": [{}]}`, `{"endpoints": [{"address": "x", "protocols": [{"version": "TLS 9"}]}]}`} {
		if _, err := TLS.Conclude(json.RawMessage(facts)); err == nil {
			t.Errorf("%s: no error", facts)
		}
	}
}
