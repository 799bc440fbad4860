// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package tlsprobe

import (
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/goassay/assay/audit/tlsprobe/tlstest"
	"github.com/goassay/assay/internal/machine"
)

// TestEnforcedOwn: a server with a page of its own does not say why it refuses; but it lets
// in who has a certificate.
func TestEnforcedOwn(t *testing.T) {
	machine.Long(t, "counts connections, of which a busy machine needs more")
	machine.Need(t, "nginx")
	machine.Need(t, "openssl")
	authority := tlstest.NewCertificate(t, "rsa", "authority")
	made := tlstest.NewCertificate(t, "p256", "example.com")
	own := authority.TLS(t)
	page := "error_page 495 496 =403 /refused; location = /refused { internal; return 403; }"
	for name, test := range map[string]struct {
		directives string
		want       ClientAuth
	}{
		"its own page":        {"on; " + page, ClientAuth{Enforced: EnforcedHTTP, Unverified: NotOffered}},
		"on":                  {"on;", ClientAuth{Enforced: EnforcedHTTP, Unverified: NotOffered}},
		"verified by rule":    {"optional; if ($ssl_client_verify != SUCCESS) { return 403; }", ClientAuth{Enforced: EnforcedHTTP, Unverified: NotOffered}},
		"verified by it":      {"optional_no_ca; if ($ssl_client_verify != SUCCESS) { return 403; }", ClientAuth{Enforced: EnforcedHTTP, Unverified: NotOffered}},
		"optional":            {"optional_no_ca;", ClientAuth{Enforced: EnforcedNowhere, Unverified: Offered}},
		"refused to everyone": {"optional_no_ca; return 403;", ClientAuth{Enforced: EnforcedUnknown, Unverified: Offered}},
		"not found":           {"optional_no_ca; return 404;", ClientAuth{Enforced: EnforcedNowhere, Unverified: Offered}},
		"redirect":            {"optional_no_ca; return 301 /;", ClientAuth{Enforced: EnforcedNowhere, Unverified: Offered}},
	} {
		t.Run(name, func(t *testing.T) {
			s := tlstest.Nginx(t, fmt.Sprintf("server { listen LISTEN ssl; ssl_certificate %s; ssl_certificate_key %s; ssl_client_certificate %s; ssl_verify_client %s return 200; }",
				made.CertFile, made.KeyFile, authority.CertFile, test.directives))
			r := probe(t, s.Address, Options{Certificate: &own})
			want := test.want
			want.State, want.Own = AuthOptional, Offered
			if diff := cmp.Diff(want, r.ClientAuth, cmpopts.IgnoreFields(ClientAuth{}, "Versions", "Authorities", "Schemes")); diff != "" {
				t.Error(diff)
			}
			if r.Connections > 45 {
				t.Errorf("%d connections", r.Connections)
			}
		})
	}
}

// TestClientAuthShown: what requests show.
func TestClientAuthShown(t *testing.T) {
	ask := func(c ShownCertificate, status int, complaint Complaint) Exchange {
		return Exchange{Asked: TLS13, End: EndAnswer, Request: &Request{Method: http.MethodGet, Certificate: c, Status: status, Complaint: complaint}}
	}
	for name, test := range map[string]struct {
		list []Exchange
		want ClientAuth
	}{
		"nothing":           {nil, ClientAuth{}},
		"own alone":         {[]Exchange{ask(ShownOwn, 200, "")}, ClientAuth{}},
		"says so":           {[]Exchange{ask(ShownNone, 400, CertificateMissing)}, ClientAuth{Enforced: EnforcedHTTP}},
		"says so at last":   {[]Exchange{ask(ShownNone, 400, ""), ask(ShownNone, 400, CertificateMissing)}, ClientAuth{Enforced: EnforcedHTTP}},
		"is silent":         {[]Exchange{ask(ShownNone, 400, "")}, ClientAuth{}},
		"refuses all":       {[]Exchange{ask(ShownNone, 403, ""), ask(ShownOwn, 403, ""), ask(ShownStray, 403, "")}, ClientAuth{}},
		"lets in":           {[]Exchange{ask(ShownNone, 200, "")}, ClientAuth{Enforced: EnforcedNowhere}},
		"fails":             {[]Exchange{ask(ShownNone, 503, "")}, ClientAuth{Enforced: EnforcedNowhere}},
		"lets its own in":   {[]Exchange{ask(ShownNone, 403, ""), ask(ShownOwn, 302, "")}, ClientAuth{Enforced: EnforcedHTTP}},
		"verifies":          {[]Exchange{ask(ShownNone, 200, ""), ask(ShownStray, 400, CertificateBad)}, ClientAuth{Enforced: EnforcedNowhere, Unverified: NotOffered}},
		"verifies silently": {[]Exchange{ask(ShownNone, 200, ""), ask(ShownStray, 495, "")}, ClientAuth{Enforced: EnforcedNowhere, Unverified: NotOffered}},
		"takes any":         {[]Exchange{ask(ShownNone, 400, CertificateMissing), ask(ShownStray, 200, "")}, ClientAuth{Enforced: EnforcedHTTP}},
		"refuses any":       {[]Exchange{ask(ShownNone, 403, ""), ask(ShownStray, 403, ""), ask(ShownOwn, 200, "")}, ClientAuth{Enforced: EnforcedHTTP, Unverified: NotOffered}},
	} {
		r, err := Replay(test.list)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(test.want, r.ClientAuth); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		if diff := cmp.Diff(test.list, r.Exchanges, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s: exchanges: %s", name, diff)
		}
	}
	if _, err := Replay([]Exchange{{Asked: TLS13, Sent: []byte{1}, Request: &Request{}}}); err == nil {
		t.Error("a hello that is a request is read")
	}
}

func TestSettle(t *testing.T) {
	for _, test := range []struct{ is, shown, want ClientAuth }{
		{ClientAuth{}, ClientAuth{Enforced: EnforcedHTTP}, ClientAuth{}},
		{ClientAuth{State: AuthNone}, ClientAuth{Enforced: EnforcedHTTP}, ClientAuth{State: AuthNone}},
		{ClientAuth{State: AuthUnknown}, ClientAuth{}, ClientAuth{State: AuthUnknown}},
		{ClientAuth{State: AuthRequired, Unverified: Offered}, ClientAuth{Unverified: NotOffered}, ClientAuth{State: AuthRequired, Enforced: EnforcedTLS, Unverified: Offered}},
		{ClientAuth{State: AuthOptional, Unverified: Unknown}, ClientAuth{Unverified: NotOffered}, ClientAuth{State: AuthOptional, Enforced: EnforcedUnknown, Unverified: Unknown}},
	} {
		c := test.is
		if c.Settle(test.shown); !cmp.Equal(c, test.want) {
			t.Errorf("%+v with %+v: %+v", test.is, test.shown, c)
		}
	}
}

// TestEnforcedHostile has pages that are long, or do not end, and a server that speaks HTTP
// once only.
func TestEnforcedHostile(t *testing.T) {
	for name, test := range map[string]struct {
		page  func(w http.ResponseWriter, n int)
		want  Enforcement
		stray State
	}{
		"long": {func(w http.ResponseWriter, _ int) {
			io.WriteString(w, strings.Repeat("x", 1<<20)+"No required SSL certificate was sent")
		}, EnforcedUnknown, Offered},
		"broken": {func(w http.ResponseWriter, _ int) {
			io.WriteString(w, "No required SSL certificate was sent")
			w.(http.Flusher).Flush()
			panic(http.ErrAbortHandler)
		}, EnforcedHTTP, NotOffered},
		"once": {func(w http.ResponseWriter, n int) {
			if n > 1 {
				panic(http.ErrAbortHandler)
			}
		}, EnforcedUnknown, Offered},
	} {
		t.Run(name, func(t *testing.T) {
			requests := make(chan int, 100)
			s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				requests <- 1
				w.WriteHeader(http.StatusBadRequest)
				test.page(w, len(requests))
			}))
			s.TLS = &tls.Config{ClientAuth: tls.RequestClientCert}
			s.Config.ErrorLog = log.New(io.Discard, "", 0)
			s.StartTLS()
			defer s.Close()
			r := probe(t, s.Listener.Addr().String(), Options{})
			if r.ClientAuth.State != AuthOptional || r.ClientAuth.Enforced != test.want || r.ClientAuth.Unverified != test.stray {
				t.Errorf("%+v", r.ClientAuth)
			}
			if said := slices.ContainsFunc(r.Unknown, func(p Problem) bool { return p.Question == "client certificates in HTTP" }); said != (name == "once") {
				t.Errorf("%+v", r.Unknown)
			}
		})
	}
}
