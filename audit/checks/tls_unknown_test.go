// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package checks

import (
	"context"
	"crypto/tls"
	"io"
	"log"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/goassay/assay/audit"
	"github.com/goassay/assay/audit/tlsprobe"
	"github.com/goassay/assay/audit/tlsprobe/tlstest"
)

// TestTLSUnproven: where no certificate is seen, a pin is not met, and neither is an SVID
// there, nor the key that an earlier report has.
func TestTLSUnproven(t *testing.T) {
	t.Parallel() // it waits
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

// TestTLSUnknown: what could not be asked is not assessed.
func TestTLSUnknown(t *testing.T) {
	t.Parallel() // it waits
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
