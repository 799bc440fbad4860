// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package checks

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/goassay/assay/audit"
	"github.com/goassay/assay/audit/tlsprobe"
	"github.com/goassay/assay/audit/tlsprobe/tlstest"
	"github.com/goassay/assay/audit/tlsprofile"
)

// serveTLS starts a server on loopback, and returns its address.
func serveTLS(t *testing.T, config *tls.Config) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "service.test"}, DNSNames: []string{"service.test"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(0, 2, 0), KeyUsage: x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	config.Certificates = []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}
	return tlstest.GoTLS(t, config)
}

func runTLSCheck(t *testing.T, settings map[string]string, endpoints ...string) *audit.Report {
	t.Helper()
	return runCheck(t, audit.Config{Target: &audit.Target{Dir: t.TempDir(), Endpoints: endpoints}, Settings: settings, Checks: []*audit.Check{TLS}})
}

// TestTLS audits a server whose configuration is known, by another name than it is
// connected to.
func TestTLS(t *testing.T) {
	address := serveTLS(t, &tls.Config{MinVersion: tls.VersionTLS12, CurvePreferences: []tls.CurveID{tls.X25519, tls.CurveP256}})
	rep := runTLSCheck(t, map[string]string{"tls-resolve": "service.test:443 " + address, "tls-max-connections": "100", "tls-timeout": "10s", "tls-rate": "10000"}, "service.test:443")
	if rep.Checks[0].Outcome != audit.Passed {
		t.Errorf("%+v", rep.Checks[0])
	}
	if !slices.Contains(rulesOf(rep), "tls/no-post-quantum") {
		t.Errorf("%v", rulesOf(rep))
	}
	var facts TLSFacts
	if err := json.Unmarshal(rep.Facts["tls"], &facts); err != nil {
		t.Fatal(err)
	}
	e := facts.Endpoints[0]
	if e.SNI != "service.test" || e.Address != "service.test:443" || !e.Reached || len(e.Evidence) != 2 || e.Session.NoName != tlsprobe.SameChain {
		t.Errorf("%+v", e)
	}
}

// TestTLSUnproven: where no certificate is seen, a pin is not met, and neither is an SVID
// there, nor the key that an earlier report has.
func TestTLSUnproven(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: http.RedirectHandler("https://service.test/", http.StatusMovedPermanently), ErrorLog: log.New(io.Discard, "", 0)}
	go server.Serve(l)
	t.Cleanup(func() { server.Close() })
	const pin = "sha256/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
	address := l.Addr().String()
	rep := runTLSCheck(t, map[string]string{"tls-pins": pin, "tls-earlier": address + " " + pin, "tls-spiffe": "*"}, address)
	if c := rep.Checks[0]; c.Outcome != audit.Unassessed || !strings.Contains(c.Reason, "key of the earlier report, pinned key, SVID") {
		t.Errorf("%+v", c)
	}
	if _, err := TLS.Conclude(rep.Facts["tls"]); err == nil {
		t.Error("the facts leave nothing open")
	}
}

// english are texts in English.
func english(texts []audit.Text) []string {
	var out []string
	for _, t := range texts {
		out = append(out, t.EN)
	}
	return out
}

// TestTLSUnknownWords: what stayed unknown is told in the language of the report.
func TestTLSUnknownWords(t *testing.T) {
	e := TLSEndpoint{
		Result: &tlsprobe.Result{
			Address:             "a.test:443",
			Protocols:           []tlsprobe.Protocol{{Version: tlsprobe.TLS13, State: tlsprobe.Offered, Undecided: []tlsprobe.SuiteID{1, 2}}, {Version: tlsprobe.TLS12, State: tlsprobe.Unknown}},
			Groups:              []tlsprobe.Group{withState(29, tlsprobe.Unknown)},
			SignatureAlgorithms: []tlsprobe.SignatureAlgorithm{{State: tlsprobe.Unknown}},
			Session:             tlsprobe.Session{Compression: tlsprobe.Unknown},
			ClientAuth:          tlsprobe.ClientAuth{State: tlsprobe.AuthUnknown},
		},
		Reached: true, Unproven: []string{"pin", "svid", "nonsense"},
	}
	lost := TLSEndpoint{Result: &tlsprobe.Result{Address: "b.test:443", Unknown: []tlsprobe.Problem{{Detail: "no route"}}}}
	facts := &TLSFacts{Endpoints: []TLSEndpoint{e, lost}}
	var many TLSFacts
	for range maxNamed + 2 {
		many.Endpoints = append(many.Endpoints, TLSEndpoint{Result: &tlsprobe.Result{Address: "c.test:1"}})
	}
	for lang, want := range map[audit.Lang][]string{
		audit.English: {
			"of 2 of 2 endpoints something stayed unknown: a.test:443: pinned key, SVID, TLS 1.3 (2 suites), TLS 1.2, 1 groups, 1 signature algorithms, client authentication, compression; b.test:443: no route",
			"; and 2 more",
		},
		audit.Chinese: {
			"2 个端点中有 2 个存在未能确定的内容：a.test:443：固定的公钥、SVID 身份、TLS 1.3（2 个密码套件）、TLS 1.2、1 个密钥交换组、1 个签名算法、客户端认证、压缩；b.test:443：no route",
			"；另有 2 项",
		},
	} {
		for i, f := range []*TLSFacts{facts, &many} {
			check := &audit.Check{ID: "tls", Run: func(context.Context, *audit.Pass) (any, error) { return nil, f.undetermined() }}
			rep := runCheck(t, audit.Config{Target: &audit.Target{Dir: t.TempDir()}, Checks: []*audit.Check{check}, Lang: lang})
			if got := rep.Checks[0].Reason; got != want[i] && !(i == 1 && strings.HasSuffix(got, want[i])) {
				t.Errorf("%s\nwant %s", got, want[i])
			}
		}
	}
}

// TestTLSUnknownSession: what a rule is about, and is unknown, is no pass.
func TestTLSUnknownSession(t *testing.T) {
	unknown := tlsprobe.Session{
		ExtendedMasterSecret: tlsprobe.Unknown, SecureRenegotiation: tlsprobe.Unknown, ClientRenegotiation: tlsprobe.Unknown,
		Compression: tlsprobe.Unknown, EarlyData: tlsprobe.Unknown,
	}
	for name, test := range map[string]struct {
		session tlsprobe.Session
		client  tlsprobe.ClientAuth
		want    []string
	}{
		"known":   {tlsprobe.Session{Compression: tlsprobe.NotOffered}, tlsprobe.ClientAuth{State: tlsprobe.AuthOptional, Unverified: tlsprobe.NotOffered, Own: tlsprobe.Offered}, nil},
		"session": {unknown, tlsprobe.ClientAuth{State: tlsprobe.AuthNone}, []string{"secure renegotiation", "client renegotiation", "compression", "extended master secret", "early data"}},
		"clients": {tlsprobe.Session{}, tlsprobe.ClientAuth{State: tlsprobe.AuthOptional, Unverified: tlsprobe.Unknown, Own: tlsprobe.Unknown}, []string{"verification of client certificates", "the client's certificate"}},
		"shut out": {tlsprobe.Session{ClientRenegotiation: tlsprobe.Unknown, EarlyData: tlsprobe.Unknown},
			tlsprobe.ClientAuth{State: tlsprobe.AuthRequired, Unverified: tlsprobe.NotOffered}, nil},
	} {
		e := TLSEndpoint{Result: &tlsprobe.Result{Protocols: []tlsprobe.Protocol{takes(tlsprobe.TLS13, 0x1301)}, Session: test.session, ClientAuth: test.client}, Reached: true}
		if diff := cmp.Diff(test.want, english(e.unknown()), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// TestTLSContradiction: an endpoint whose answers contradict each other is not assessed.
func TestTLSContradiction(t *testing.T) {
	e := TLSEndpoint{Result: &tlsprobe.Result{Unknown: []tlsprobe.Problem{{Question: tlsprobe.Consistency, Times: 1}}}, Reached: true}
	if got := english(e.unknown()); !slices.Equal(got, []string{"consistency"}) {
		t.Errorf("%q", got)
	}
}

// TestTLSForgetsExchanges: what is evidence is not held besides, for a run may have a
// thousand endpoints.
func TestTLSForgetsExchanges(t *testing.T) {
	var kept TLSEndpoint
	check := &audit.Check{ID: "tls", Run: func(_ context.Context, p *audit.Pass) (any, error) {
		kept = keepEndpoint(p, &tlsprobe.Result{Exchanges: []tlsprobe.Exchange{{Asked: tlsprobe.TLS12, End: tlsprobe.EndClosed}}})
		return nil, nil
	}}
	runCheck(t, audit.Config{Target: &audit.Target{Dir: t.TempDir()}, Checks: []*audit.Check{check}})
	if !kept.Reached || len(kept.Evidence) != 1 || kept.Exchanges != nil {
		t.Errorf("%+v", kept)
	}
}

// TestTLSUnknown: what could not be asked is not assessed.
func TestTLSUnknown(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := l.Addr().String()
	l.Close()
	if rep := runTLSCheck(t, nil, nobody); rep.Checks[0].ReasonID != "tls/unreachable" || rep.Verdict != audit.VerdictIncomplete {
		t.Errorf("nobody: %+v", rep.Checks[0])
	}
	closing := tlstest.Listen(t, func(c net.Conn) { c.Read(make([]byte, 1)) })
	if rep := runTLSCheck(t, nil, closing, nobody); rep.Checks[0].ReasonID != "tls/undetermined" || rep.Verdict != audit.VerdictIncomplete {
		t.Errorf("closing: %+v", rep.Checks[0])
	}
	address := serveTLS(t, &tls.Config{})
	rep := runTLSCheck(t, map[string]string{"tls-max-connections": "4"}, address)
	if rep.Checks[0].ReasonID != "tls/undetermined" || !strings.Contains(rep.Checks[0].Reason, "TLS 1") {
		t.Errorf("four connections: %+v", rep.Checks[0])
	}
}

// TestTLSPins: keys that are pinned, and keys that an earlier report has.
func TestTLSPins(t *testing.T) {
	const other = "sha256/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
	address := serveTLS(t, &tls.Config{})
	rep := runTLSCheck(t, nil, address)
	lines, err := PinsOf(rep)
	if err != nil {
		t.Fatal(err)
	}
	pin := strings.TrimPrefix(lines, address+" ")
	if err := CheckPin(pin); err != nil {
		t.Fatalf("%q: %v", lines, err)
	}
	for _, test := range []struct {
		pins, earlier string
		want          []string
	}{
		{pin, lines, nil},
		{other + "\n" + address + " " + pin, "", nil},
		{other, "", []string{"tls/pin-mismatch"}},
		{address + " " + other, "", []string{"tls/pin-mismatch"}},
		{"elsewhere.test:443 " + other, "elsewhere.test:443 " + other, nil},
		{"", address + " " + other, []string{"tls/key-changed"}},
	} {
		rep := runTLSCheck(t, map[string]string{"tls-pins": test.pins, "tls-earlier": test.earlier}, address)
		got := slices.DeleteFunc(rulesOf(rep), func(r string) bool { return !strings.HasPrefix(r, "tls/pin") && r != "tls/key-changed" })
		if diff := cmp.Diff(test.want, got, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%+v: %s", test, diff)
		}
	}
	for _, facts := range []map[string]json.RawMessage{nil, {"tls": json.RawMessage("[]")}} {
		if _, err := PinsOf(&audit.Report{Facts: facts}); err == nil {
			t.Errorf("%v: no error", facts)
		}
	}
}

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

// TestTLSInClear: an endpoint that speaks something else is a finding, and not unknown.
func TestTLSInClear(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: http.NotFoundHandler(), ErrorLog: log.New(io.Discard, "", 0)}
	go server.Serve(l)
	t.Cleanup(func() { server.Close() })
	rep := runTLSCheck(t, nil, l.Addr().String())
	if c := rep.Checks[0]; c.Outcome != audit.Failed || c.ReasonID != "" || !slices.Contains(rulesOf(rep), "tls/plaintext") {
		t.Errorf("%+v %q", c, rulesOf(rep))
	}
}

// TestTLSSPIFFE: what is demanded of SVIDs of endpoints.
func TestTLSSPIFFE(t *testing.T) {
	for _, test := range []struct {
		settings map[string]string
		demanded bool
		domain   string
		allowed  bool // /ns/mail
	}{
		{nil, false, "", true},
		{map[string]string{"spiffe-trust-domain": "prod.example", "spiffe-paths": "/ns/shop/*\n/ns/db"}, false, "prod.example", false},
		{map[string]string{"tls-spiffe": "*", "spiffe-trust-domain": "prod.example", "spiffe-paths": "/ns/shop/*\n/ns/mail"}, true, "prod.example", true},
		{map[string]string{"tls-spiffe": "test.example", "spiffe-trust-domain": "prod.example"}, true, "test.example", true},
	} {
		o, err := chainOptions(&audit.Pass{Target: &audit.Target{}, Settings: test.settings})
		if err != nil {
			t.Fatal(err)
		}
		if s := o.SVID; s.Demanded != test.demanded || s.TrustDomain != test.domain || (s.Path == nil || s.Path("/ns/mail")) != test.allowed {
			t.Errorf("%v: %+v", test.settings, s)
		}
	}
}

func TestTLSSettings(t *testing.T) {
	for key, value := range map[string]string{"tls-timeout": "soon", "tls-max-connections": "many", "tls-rate": "fast"} {
		rep := runTLSCheck(t, map[string]string{key: value}, "127.0.0.1:1")
		if c := rep.Checks[0]; c.Outcome != audit.Errored || !strings.Contains(c.Reason, key) {
			t.Errorf("%s: %+v", key, c)
		}
	}
}

func TestCheckEndpoint(t *testing.T) {
	for address, ok := range map[string]bool{
		"example.com:443": true, "[::1]:8443": true, "127.0.0.1:1": true,
		"example.com": false, ":443": false, "example.com:": false, "example.com:0": false, "example.com:70000": false, "example.com:https": false, "::1:443": false,
		"localhost:1": true, "a_b.internal.:443": true, "xn--fsqu00a.test:443": true, "[fe80::1%eth0]:443": true, strings.Repeat("a", 63) + ".test:443": true,
		"a b:443": false, " a:443": false, "a\x00:443": false, "a\n.test:443": false, "https://a.test:443": false, "a/b:443": false, "例子.测试:443": false, "a..b:443": false,
		".a:443": false, ".:443": false, "-a.test:443": false, "a-.test:443": false, "user@a.test:443": false, "[a.test]:443": true, "[fe80::1%e 0]:443": false, "[fe80::1%]:443": false,
		strings.Repeat("a", 64) + ".test:443": false, strings.Repeat("a.", 127) + "test:443": false,
	} {
		if err := CheckEndpoint(address); (err == nil) != ok {
			t.Errorf("%s: %v", address, err)
		}
	}
}

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
