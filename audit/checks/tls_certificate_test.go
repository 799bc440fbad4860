// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package checks

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emmansun/gmsm/sm2"
	"github.com/emmansun/gmsm/smx509"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"golang.org/x/crypto/ocsp"

	"github.com/goassay/assay/audit"
	"github.com/goassay/assay/audit/tlsprobe"
	"github.com/goassay/assay/audit/tlsprobe/certtest"
)

// judged runs a check that does nothing but judge chains.
func judged(t *testing.T, name string, o tlsprobe.ChainOptions, chains ...tlsprobe.Chain) *audit.Report {
	t.Helper()
	r := &tlsprobe.Result{Address: name + ":443", SNI: name, Certificates: chains}
	o.Name = name
	if o.Now.IsZero() {
		o.Now = certtest.Now
	}
	facts := r.Examine(o)
	check := &audit.Check{ID: "tls", Run: func(_ context.Context, p *audit.Pass) (any, error) {
		judgeCertificates(func(rule string, args audit.Args) {
			p.Report(audit.Finding{Rule: rule, Args: args, Subject: audit.Subject{Kind: "endpoint", Name: r.Address}})
		}, r, facts, o.Now)
		return facts, nil
	}}
	rep := runCheck(t, audit.Config{Target: &audit.Target{}, Checks: []*audit.Check{check}})
	for _, c := range rep.Checks {
		if c.Outcome == audit.Errored {
			t.Errorf("%s: %s", c.ID, c.Reason)
		}
	}
	return rep
}

// sent is a chain as a server sends it.
func sent(certificates ...*certtest.Identity) tlsprobe.Chain {
	var c tlsprobe.Chain
	for _, x := range certificates {
		c.Certificates = append(c.Certificates, tlsprobe.ParseCertificate(x.Raw))
	}
	return c
}

// workload makes a template an SVID.
func workload(ids ...string) func(*x509.Certificate) {
	return func(c *x509.Certificate) {
		c.DNSNames = nil
		for _, id := range ids {
			u, err := url.Parse(id)
			if err != nil {
				panic(err)
			}
			c.URIs = append(c.URIs, u)
		}
		c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}
	}
}

func TestJudgeCertificates(t *testing.T) {
	const day = 24 * time.Hour
	now := certtest.Now
	public, company, nobodys := certtest.Root(t, "Public Root"), certtest.Root(t, "Company Root"), certtest.Root(t, "Box Root")
	issuing := public.Authority(t, "Issuing")
	old := public.Authority(t, "Issuing", certtest.WithKey(issuing.Key), func(c *x509.Certificate) { c.NotAfter = now.AddDate(0, -1, 0) })
	log := certtest.NewLog(t, "Log")
	logs, err := tlsprobe.ParseLogs(certtest.List(t, log))
	if err != nil {
		t.Fatal(err)
	}
	rsaKey := func(bits int) *rsa.PrivateKey {
		key, err := rsa.GenerateKey(rand.Reader, bits)
		if err != nil {
			t.Fatal(err)
		}
		return key
	}
	signer := public.Authority(t, "RSA", certtest.WithKey(rsaKey(2048)))
	until := func(at time.Time) func(*x509.Certificate) { return func(c *x509.Certificate) { c.NotAfter = at } }
	mustStaple := func(c *x509.Certificate) {
		value, err := asn1.Marshal([]int{5})
		if err != nil {
			t.Fatal(err)
		}
		c.ExtraExtensions = append(c.ExtraExtensions, pkix.Extension{Id: asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 1, 24}, Value: value})
	}
	fetch := func(c *x509.Certificate) { c.IssuingCertificateURL = []string{"http://ca.example/issuing.crt"} }
	leaf := issuing.Server(t, "www.example.com")
	stapled := func(leaf *certtest.Identity, change ...func(*ocsp.Response)) tlsprobe.Chain {
		c := sent(leaf, issuing)
		c.Staple = issuing.Staple(t, leaf, nil, change...)
		return c
	}
	timed := func(leaf *certtest.Identity, list []byte, above ...*certtest.Identity) tlsprobe.Chain {
		c := sent(append([]*certtest.Identity{leaf}, above...)...)
		c.Timestamps = list
		return c
	}
	garbage := tlsprobe.Chain{Certificates: []tlsprobe.Certificate{tlsprobe.ParseCertificate([]byte("garbage"))}}
	const id = "spiffe://prod.example/cart"
	right := nobodys.Server(t, "", workload(id))
	pin := func(pins ...string) tlsprobe.ChainOptions { return tlsprobe.ChainOptions{Pins: pins} }
	bundle := tlsprobe.ChainOptions{SVID: tlsprobe.SVIDOptions{Bundle: certtest.Pool(nobodys)}}

	tests := []struct {
		name    string
		host    string
		options tlsprobe.ChainOptions
		chain   tlsprobe.Chain
		want    []string
	}{
		{name: "right", chain: sent(leaf, issuing)},
		{name: "no chain", chain: tlsprobe.Chain{}},
		{name: "garbage", chain: garbage, want: []string{"tls/certificate-unreadable"}},

		{name: "expired", chain: sent(issuing.Server(t, "www.example.com", until(now.Add(-time.Second))), issuing), want: []string{"tls/expired"}},
		{name: "early", chain: sent(issuing.Server(t, "www.example.com", func(c *x509.Certificate) { c.NotBefore = now.Add(time.Second) }), issuing), want: []string{"tls/not-yet-valid"}},
		{name: "13 days", chain: sent(issuing.Server(t, "www.example.com", until(now.Add(14*day-time.Second)), func(c *x509.Certificate) { c.NotBefore = now.AddDate(0, 0, -100) }), issuing), want: []string{"tls/expires-soon"}},
		{name: "29 days", chain: sent(issuing.Server(t, "www.example.com", until(now.Add(30*day-time.Second)), func(c *x509.Certificate) { c.NotBefore = now.AddDate(0, 0, -100) }), issuing), want: []string{"tls/expires-this-month"}},
		{name: "short-lived, fresh", chain: sent(issuing.Server(t, "www.example.com", until(now.Add(5*day)), func(c *x509.Certificate) { c.NotBefore = now.Add(-day) }), issuing)},
		{name: "short-lived, late", chain: sent(issuing.Server(t, "www.example.com", until(now.Add(day)), func(c *x509.Certificate) { c.NotBefore = now.Add(-5*day - time.Hour) }), issuing), want: []string{"tls/expires-soon"}},
		{name: "issuer expired", chain: sent(leaf, old), want: []string{"tls/issuer-outdated", "tls/untrusted"}},
		{name: "issuer expired beside one that is not", chain: sent(leaf, issuing, old), want: []string{"tls/chain-superfluous"}},

		{name: "other name", host: "mail.example.com", chain: sent(leaf, issuing), want: []string{"tls/name-mismatch"}},
		{name: "common name only", chain: sent(issuing.Server(t, "www.example.com", func(c *x509.Certificate) { c.DNSNames = nil }), issuing), want: []string{"tls/name-mismatch"}},

		{name: "small key", chain: sent(issuing.Server(t, "www.example.com", certtest.WithKey(rsaKey(1024))), issuing), want: []string{"tls/key-weak"}},
		{name: "SHA-1", chain: sent(signer.Server(t, "www.example.com", func(c *x509.Certificate) { c.SignatureAlgorithm = x509.SHA1WithRSA }), signer), want: []string{"tls/signature-weak", "tls/untrusted"}},

		{name: "nobody's", chain: sent(nobodys.Server(t, "www.example.com"), nobodys), want: []string{"tls/untrusted"}},
		{name: "nobody's, without the root", chain: sent(nobodys.Server(t, "www.example.com")), want: []string{"tls/untrusted"}},
		{name: "self-signed", chain: sent(certtest.SelfSigned(t, "www.example.com")), want: []string{"tls/self-signed"}},
		{name: "company's, own name", host: "wiki.corp-example.com", chain: sent(company.Server(t, "wiki.corp-example.com")), want: []string{"tls/private-issuer"}},
		{name: "company's, private name", host: "wiki.internal", chain: sent(company.Server(t, "wiki.internal"))},
		{name: "incomplete", chain: sent(issuing.Server(t, "www.example.com", fetch)), want: []string{"tls/missing-intermediate"}},
		{name: "disordered", chain: sent(issuing.Authority(t, "Lower").Server(t, "www.example.com"), issuing), want: []string{"tls/chain-superfluous", "tls/untrusted"}},

		{name: "company's, a service's name", host: "github.com", chain: sent(company.Server(t, "github.com")), want: []string{"tls/intercepted"}},
		{name: "nobody's, a service's name", host: "api.github.com", chain: sent(nobodys.Server(t, "*.github.com"), nobodys), want: []string{"tls/intercepted"}},
		{name: "a service's name, with an oddity", host: "github.com", chain: sent(nobodys.Server(t, "github.com", func(c *x509.Certificate) {
			c.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 999, 1}, Critical: true, Value: []byte{5, 0}}}
		})), want: []string{"tls/intercepted"}},
		{name: "a service's own, with an expired issuer", host: "github.com", chain: sent(issuing.Server(t, "github.com"), old), want: []string{"tls/issuer-outdated", "tls/untrusted"}},
		{name: "a service's name in an SVID", host: "github.com", chain: sent(nobodys.Server(t, "", workload(id))), want: []string{"tls/intercepted"}},
		{name: "a service's name, made-up timestamp", host: "github.com", chain: sent(nobodys.Logged(t, "github.com", now.AddDate(0, -1, 0), []*certtest.Log{certtest.NewLog(t, "")}), nobodys), want: []string{"tls/intercepted"}},
		{name: "a service's name, incomplete and logged", host: "github.com", chain: sent(issuing.Logged(t, "github.com", now.AddDate(0, -1, 0), []*certtest.Log{log}, fetch)), want: []string{"tls/missing-intermediate"}},
		{name: "a service's own", host: "github.com", chain: sent(issuing.Server(t, "github.com"), issuing)},
		{name: "pinned", options: pin(sent(issuing).Certificates[0].SPKI), chain: sent(leaf, issuing)},
		{name: "other key", options: pin("sha256/other"), chain: sent(leaf, issuing), want: []string{"tls/pin-mismatch"}},
		{name: "other key of a company", host: "wiki.corp-example.com", options: pin("sha256/other"), chain: sent(company.Server(t, "wiki.corp-example.com")), want: []string{"tls/intercepted"}},
		{name: "other key under a private name", host: "wiki.internal", options: pin("sha256/other"), chain: sent(company.Server(t, "wiki.internal")), want: []string{"tls/pin-mismatch"}},

		{name: "201 days", chain: sent(issuing.Server(t, "www.example.com", func(c *x509.Certificate) { c.NotAfter = c.NotBefore.AddDate(0, 0, 200) }), issuing), want: []string{"tls/lifetime"}},
		{name: "company's, for ten years", host: "wiki.internal", chain: sent(company.Server(t, "wiki.internal", until(now.AddDate(10, 0, 0))))},

		{name: "stapled", chain: stapled(issuing.Server(t, "www.example.com", mustStaple))},
		{name: "not stapled", chain: sent(issuing.Server(t, "www.example.com", mustStaple), issuing), want: []string{"tls/must-staple"}},
		{name: "old staple", chain: stapled(leaf, func(r *ocsp.Response) { r.NextUpdate = now.Add(-time.Minute) }), want: []string{"tls/staple-invalid"}},
		{name: "unknown", chain: stapled(leaf, func(r *ocsp.Response) { r.Status = ocsp.Unknown }), want: []string{"tls/staple-invalid"}},
		{name: "revoked", chain: stapled(leaf, func(r *ocsp.Response) { r.Status = ocsp.Revoked }), want: []string{"tls/revoked"}},

		{name: "logged", chain: sent(issuing.Logged(t, "www.example.com", now.AddDate(0, -1, 0), []*certtest.Log{log}), issuing)},
		{name: "logged by an unknown log", chain: sent(issuing.Logged(t, "www.example.com", now.AddDate(0, -1, 0), []*certtest.Log{certtest.NewLog(t, "")}), issuing)},
		{name: "timestamp of another", chain: timed(leaf, certtest.SCTList(log.Timestamp(t, issuing, now.AddDate(0, -1, 0))), issuing), want: []string{"tls/sct-invalid"}},
		{name: "no timestamp", chain: timed(leaf, []byte("x"), issuing), want: []string{"tls/sct-invalid"}},

		{name: "SVID", host: "cart.prod.internal", options: bundle, chain: sent(right)},
		{name: "SVID without a bundle", host: "cart.prod.internal", chain: sent(right), want: []string{"tls/untrusted"}},
		{name: "SVID of another authority", host: "cart.prod.internal", options: bundle, chain: sent(certtest.Root(t, "").Server(t, "", workload(id))), want: []string{"tls/svid-defect", "tls/untrusted"}},
		{name: "two IDs", host: "cart.prod.internal", options: bundle, chain: sent(nobodys.Server(t, "", workload(id, "spiffe://prod.example/other"))), want: []string{"tls/svid-defect"}},
		{name: "SVID with a defect and names", host: "cart.prod.internal", options: bundle, chain: sent(nobodys.Server(t, "", workload("spiffe://Prod/x"), func(c *x509.Certificate) { c.DNSNames = []string{"cart"} })), want: []string{"tls/name-mismatch", "tls/svid-defect"}},
		{name: "SVID demanded", host: "cart.prod.internal", options: tlsprobe.ChainOptions{SVID: tlsprobe.SVIDOptions{Demanded: true}}, chain: sent(company.Server(t, "cart.prod.internal")), want: []string{"tls/svid-defect"}},
		{name: "SVID not rotated", host: "cart.prod.internal", options: bundle, chain: sent(nobodys.Server(t, "", workload(id), until(now.Add(10*day)))), want: []string{"tls/svid-rotation-late"}},
		{name: "SVID expired", host: "cart.prod.internal", options: bundle, chain: sent(nobodys.Server(t, "", workload(id), until(now.Add(-time.Hour)))), want: []string{"tls/expired", "tls/svid-defect"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			o := test.options
			o.Logs, o.Roots = logs, tlsprobe.Roots{System: certtest.Pool(public, company), Mozilla: certtest.Pool(public)}
			host := test.host
			if host == "" {
				host = "www.example.com"
			}
			got := slices.DeleteFunc(rulesOf(judged(t, host, o, test.chain)), func(rule string) bool { return rule == "tls/lint" })
			if diff := cmp.Diff(test.want, got, cmpopts.EquateEmpty()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// A name is among the arguments of an interception, as are the issuer and the key.
func TestJudgeInterception(t *testing.T) {
	box := certtest.Root(t, "Box Root")
	leaf := box.Server(t, "github.com")
	rep := judged(t, "github.com", tlsprobe.ChainOptions{Roots: tlsprobe.Roots{System: certtest.Pool(box), Mozilla: x509.NewCertPool()}}, sent(leaf, box))
	if len(rep.Findings) != 1 || rep.Findings[0].Severity != audit.Critical {
		t.Fatalf("%+v", rep.Findings)
	}
	args := rep.Findings[0].Args
	want := audit.Args{"issuer": "CN=Box Root", "spki": sent(leaf).Certificates[0].SPKI, "name": "github.com", "endpoint": "github.com:443", "signs": []string{"well-known-service", "system-store-only", "no-sct"}}
	for name, value := range want {
		if diff := cmp.Diff(value, args[name]); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// No store has authorities of SM2: without one that is given, a chain of theirs is not
// known to be anybody's.
func TestJudgeSM(t *testing.T) {
	issue := func(template, issuer *smx509.Certificate, issuerKey *sm2.PrivateKey) (*smx509.Certificate, *sm2.PrivateKey) {
		key, err := sm2.GenerateKey(rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		template.SerialNumber, template.NotBefore, template.NotAfter = big.NewInt(1), certtest.Now.AddDate(0, -1, 0), certtest.Now.AddDate(0, 2, 0)
		if issuer == nil {
			issuer, issuerKey = template, key
		}
		der, err := smx509.CreateCertificate(rand.Reader, template, issuer, &key.PublicKey, issuerKey)
		if err != nil {
			t.Fatal(err)
		}
		c, err := smx509.ParseCertificate(der)
		if err != nil {
			t.Fatal(err)
		}
		return c, key
	}
	ca := func(name string) *smx509.Certificate {
		return &smx509.Certificate{Subject: pkix.Name{CommonName: name}, IsCA: true, BasicConstraintsValid: true}
	}
	root, key := issue(ca("SM Root"), nil, nil)
	other, _ := issue(ca("Other"), nil, nil)
	leaf, _ := issue(&smx509.Certificate{Subject: pkix.Name{CommonName: "www.taobao.com"}, DNSNames: []string{"www.taobao.com"}}, root, key)
	chain := tlsprobe.Chain{Certificates: []tlsprobe.Certificate{tlsprobe.ParseCertificate(leaf.Raw), tlsprobe.ParseCertificate(root.Raw)}}
	for want, roots := range map[string][][]byte{"tls/untrusted": nil, "": {root.Raw}, "tls/intercepted": {other.Raw}} {
		got := rulesOf(judged(t, "www.taobao.com", tlsprobe.ChainOptions{Roots: tlsprobe.Roots{SM: roots}}, chain))
		if strings.Join(got, " ") != want {
			t.Errorf("%q: %v", want, got)
		}
	}
}

// Each defect of the order, where both stores trust the chain in spite of it.
func TestJudgeOrder(t *testing.T) {
	root := certtest.Root(t, "Root")
	middle := root.Authority(t, "Middle")
	issuing := middle.Authority(t, "Issuing")
	leaf := issuing.Server(t, "www.example.com")
	stores := tlsprobe.ChainOptions{Roots: tlsprobe.Roots{System: certtest.Pool(root), Mozilla: certtest.Pool(root)}}
	for want, chain := range map[string]tlsprobe.Chain{
		"":                                      sent(leaf, issuing, middle),
		"tls/chain-order":                       sent(leaf, middle, issuing),
		"tls/chain-superfluous":                 sent(leaf, issuing, middle, certtest.Root(t, "Other")),
		"tls/chain-order tls/chain-superfluous": sent(leaf, middle, issuing, middle),
	} {
		got := slices.DeleteFunc(rulesOf(judged(t, "www.example.com", stores, chain)), func(rule string) bool { return rule == "tls/lint" })
		if strings.Join(got, " ") != want {
			t.Errorf("%q: %q", want, got)
		}
	}
}

// zlint names what breaks the rules of public certificates.
func TestJudgeLints(t *testing.T) {
	root := certtest.Root(t, "Root")
	rep := judged(t, "www.example.com", tlsprobe.ChainOptions{Roots: tlsprobe.Roots{System: certtest.Pool(root), Mozilla: certtest.Pool(root)}}, sent(root.Server(t, "www.example.com")))
	if got := rulesOf(rep); !slices.Equal(got, []string{"tls/lint"}) {
		t.Errorf("%v", got)
	}
}

// What a certificate says must neither move a terminal's cursor nor turn a line around.
func TestJudgeHostileText(t *testing.T) {
	nasty := "\x1b[2J\u202egpj.exe\n" + strings.Repeat("x", 1000)
	box := certtest.Root(t, nasty)
	leaf := box.Server(t, "www.example.com", func(c *x509.Certificate) {
		c.Subject.Organization = []string{nasty}
		c.IssuingCertificateURL = []string{"http://example.com/" + nasty}
		c.NotAfter = certtest.Now.Add(-time.Second)
	})
	rep := judged(t, "mail.example.com", tlsprobe.ChainOptions{Roots: tlsprobe.Roots{System: x509.NewCertPool(), Mozilla: x509.NewCertPool()}}, sent(leaf))
	if len(rep.Findings) < 3 {
		t.Errorf("%v", rulesOf(rep))
	}
	for _, f := range rep.Findings {
		if strings.ContainsAny(f.Message+f.Remedy, "\x1b\u202e\n") || len(f.Message) > 2000 {
			t.Errorf("%s: %q", f.Rule, f.Message)
		}
	}
}
