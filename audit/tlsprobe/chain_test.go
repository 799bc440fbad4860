// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package tlsprobe

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/emmansun/gmsm/smx509"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"golang.org/x/crypto/x509roots/fallback/bundle"

	"github.com/goassay/assay/audit/tlsprobe/certtest"
)

// chainOf is a chain as it would be sent.
func chainOf(certificates ...*certtest.Identity) Chain {
	var c Chain
	for _, x := range certificates {
		c.Certificates = append(c.Certificates, ParseCertificate(x.Raw))
	}
	return c
}

func TestExamineChain(t *testing.T) {
	now := certtest.Now
	root := certtest.Root(t, "Public Root")
	company := certtest.Root(t, "Company Root")
	middle := root.Authority(t, "Middle")
	issuing := middle.Authority(t, "Issuing", func(c *x509.Certificate) { c.IssuingCertificateURL = []string{"http://ca.example/middle.crt"} })
	cross := company.Authority(t, "Middle", certtest.WithKey(middle.Key))
	late := root.Authority(t, "Late", func(c *x509.Certificate) { c.NotAfter = now.AddDate(0, 0, -1) })
	url := func(c *x509.Certificate) { c.IssuingCertificateURL = []string{"http://ca.example/issuing.crt"} }
	leaf := issuing.Server(t, "www.example.com", url)
	wild := issuing.Server(t, "*.example.com")
	expired := issuing.Server(t, "www.example.com", func(c *x509.Certificate) {
		c.NotBefore, c.NotAfter = now.AddDate(0, -4, 0), now.Add(-time.Second)
	})
	early := issuing.Server(t, "www.example.com", func(c *x509.Certificate) { c.NotBefore = now.Add(time.Second) })
	address := issuing.Server(t, "www.example.com", func(c *x509.Certificate) { c.IPAddresses = []net.IP{net.IPv4(192, 0, 2, 1)} })
	long := issuing.Server(t, "www.example.com", func(c *x509.Certificate) { c.NotAfter = c.NotBefore.AddDate(0, 0, 200) })
	client := issuing.Server(t, "www.example.com", func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth} })
	self := certtest.SelfSigned(t, "www.example.com")
	inner := company.Server(t, "wiki.corp-example.com")
	stranger := certtest.Root(t, "Stranger")
	critical := func(c *x509.Certificate) {
		c.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 999, 1}, Critical: true, Value: []byte{5, 0}}}
	}
	odd, stray := issuing.Server(t, "www.example.com", critical), stranger.Server(t, "www.example.com", critical)
	lapsed := stranger.Authority(t, "Lapsed", func(c *x509.Certificate) { c.NotAfter = now.AddDate(0, 0, -1) })
	below := lapsed.Server(t, "www.example.com")

	trusted, unknown := Trust{State: Trusted, Known: true}, Trust{Untrusted, UnknownAuthority, false}
	public := Verification{System: trusted, Mozilla: trusted}
	systemOnly := Verification{System: trusted, Mozilla: unknown}
	nobody := Verification{System: unknown, Mozilla: unknown}
	both := func(p TrustProblem, known bool) Verification {
		return Verification{System: Trust{Untrusted, p, known}, Mozilla: Trust{Untrusted, p, known}}
	}
	tests := []struct {
		name  string
		chain Chain
		ask   string
		want  ChainFacts
	}{
		{"right", chainOf(leaf, issuing, middle), "www.example.com", ChainFacts{NameMatch: NameMatches, Validity: Valid, Path: []int{0, 1, 2}, Ordered: true, Trust: public, Lifetime: 90, Limit: 200}},
		{"no name", chainOf(leaf, issuing, middle), "", ChainFacts{Validity: Valid, Path: []int{0, 1, 2}, Ordered: true, Trust: public, Lifetime: 90, Limit: 200}},
		{"root sent", chainOf(leaf, issuing, middle, root), "WWW.example.com.", ChainFacts{NameMatch: NameMatches, Validity: Valid, Path: []int{0, 1, 2, 3}, Ordered: true, Trust: public, Lifetime: 90, Limit: 200}},
		{"wrong order", chainOf(leaf, middle, issuing), "www.example.com", ChainFacts{NameMatch: NameMatches, Validity: Valid, Path: []int{0, 2, 1}, Trust: public, Lifetime: 90, Limit: 200}},
		{"two ways up", chainOf(leaf, issuing, middle, cross), "www.example.com", ChainFacts{NameMatch: NameMatches, Validity: Valid, Path: []int{0, 1, 2}, Ordered: true, Trust: public, Lifetime: 90, Limit: 200}},
		{"superfluous", chainOf(leaf, issuing, stranger, middle, issuing), "www.example.com", ChainFacts{NameMatch: NameMatches, Validity: Valid, Path: []int{0, 1, 3}, Ordered: true, Superfluous: []int{2, 4}, Trust: public, Lifetime: 90, Limit: 200}},
		{"leaf alone", chainOf(leaf), "www.example.com", ChainFacts{NameMatch: NameMatches, Validity: Valid, Path: []int{0}, Ordered: true, Trust: nobody, Lifetime: 90,
			Missing: &Issuer{Of: ParseCertificate(leaf.Raw).SHA256, Subject: "CN=Issuing", URLs: []string{"http://ca.example/issuing.crt"}}}},
		{"intermediate missing", chainOf(leaf, issuing), "www.example.com", ChainFacts{NameMatch: NameMatches, Validity: Valid, Path: []int{0, 1}, Ordered: true, Trust: nobody, Lifetime: 90,
			Missing: &Issuer{Of: ParseCertificate(issuing.Raw).SHA256, Subject: "CN=Middle", URLs: []string{"http://ca.example/middle.crt"}}}},
		{"wildcard", chainOf(wild, issuing, middle), "www.example.com", ChainFacts{NameMatch: NameMatches, Validity: Valid, Path: []int{0, 1, 2}, Ordered: true, Trust: public, Lifetime: 90, Limit: 200}},
		{"wildcard of one label", chainOf(wild, issuing, middle), "a.www.example.com", ChainFacts{NameMatch: NameMismatch, Validity: Valid, Path: []int{0, 1, 2}, Ordered: true, Trust: public, Lifetime: 90, Limit: 200}},
		{"address", chainOf(address, issuing, middle), "192.0.2.1", ChainFacts{NameMatch: NameMatches, Validity: Valid, Path: []int{0, 1, 2}, Ordered: true, Trust: public, Lifetime: 90, Limit: 200}},
		{"expired", chainOf(expired, issuing, middle), "www.example.com", ChainFacts{NameMatch: NameMatches, Validity: Expired, Path: []int{0, 1, 2}, Ordered: true, Trust: public, Lifetime: 120, Limit: 398}},
		{"not yet valid", chainOf(early, issuing, middle), "www.example.com", ChainFacts{NameMatch: NameMatches, Validity: NotYetValid, Path: []int{0, 1, 2}, Ordered: true, Trust: public, Lifetime: 59, Limit: 200}},
		{"a second too long", chainOf(long, issuing, middle), "www.example.com", ChainFacts{NameMatch: NameMatches, Validity: Valid, Path: []int{0, 1, 2}, Ordered: true, Trust: public, Lifetime: 201, Limit: 200}},
		{"issuer expired", chainOf(late.Server(t, "www.example.com"), late), "www.example.com", ChainFacts{NameMatch: NameMatches, Validity: Valid, Path: []int{0, 1}, Ordered: true, Outdated: []int{1}, Trust: both(OutdatedIssuer, true), Lifetime: 90}},
		{"for clients", chainOf(client, issuing, middle), "www.example.com", ChainFacts{NameMatch: NameMatches, Validity: Valid, Path: []int{0, 1, 2}, Ordered: true, Trust: both(WrongUsage, true), Lifetime: 90}},
		{"oddity of a public one", chainOf(odd, issuing, middle), "www.example.com", ChainFacts{NameMatch: NameMatches, Validity: Valid, Path: []int{0, 1, 2}, Ordered: true, Trust: both(CriticalExtension, true), Lifetime: 90}},
		{"oddity of nobody's", chainOf(stray), "www.example.com", ChainFacts{NameMatch: NameMatches, Validity: Valid, Path: []int{0}, Ordered: true, Trust: both(CriticalExtension, false), Lifetime: 90,
			Missing: &Issuer{Of: ParseCertificate(stray.Raw).SHA256, Subject: "CN=Stranger"}}},
		{"issuer expired, of nobody's", chainOf(below, lapsed), "www.example.com", ChainFacts{NameMatch: NameMatches, Validity: Valid, Path: []int{0, 1}, Ordered: true, Outdated: []int{1}, Trust: both(OutdatedIssuer, false), Lifetime: 90,
			Missing: &Issuer{Of: ParseCertificate(lapsed.Raw).SHA256, Subject: "CN=Stranger"}}},
		{"self-signed", chainOf(self), "www.example.com", ChainFacts{NameMatch: NameMatches, Validity: Valid, Path: []int{0}, Ordered: true, SelfSigned: true, Trust: nobody, Lifetime: 90}},
		{"company's", chainOf(inner), "wiki.corp-example.com", ChainFacts{NameMatch: NameMatches, Validity: Valid, Path: []int{0}, Ordered: true, Trust: systemOnly, Lifetime: 90}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := ExamineChain(test.chain, ChainOptions{Name: test.ask, Now: now, Roots: Roots{System: certtest.Pool(root, company), Mozilla: certtest.Pool(root)}})
			test.want.Name, test.want.Certificate = test.ask, test.chain.Certificates[0].SHA256
			if diff := cmp.Diff(test.want, got, cmpopts.IgnoreFields(ChainFacts{}, "Lints")); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Two certificates that name each other as issuer must not lead around for ever.
func TestExamineChainCycle(t *testing.T) {
	a := certtest.Root(t, "A")
	b := certtest.Root(t, "B")
	ab := a.Authority(t, "B", certtest.WithKey(b.Key))
	ba := b.Authority(t, "A", certtest.WithKey(a.Key))
	leaf := a.Server(t, "www.example.com")
	var all []*certtest.Identity
	for range 40 {
		all = append(all, ab, ba)
	}
	f := ExamineChain(chainOf(append([]*certtest.Identity{leaf}, all...)...), ChainOptions{Now: certtest.Now})
	if len(f.Path) != 3 || len(f.Superfluous) != 78 || f.Trust.Mozilla.State != Untrusted {
		t.Errorf("%+v", f)
	}
}

func TestLifetimeLimit(t *testing.T) {
	for day, want := range map[string]int{
		"2018-02-28": 0, "2018-03-01": 825, "2020-08-31": 825, "2020-09-01": 398, "2026-03-14": 398, "2026-03-15": 200, "2027-03-14": 200, "2027-03-15": 100,
		"2029-03-14": 100, "2029-03-15": 47, "2040-01-01": 47,
	} {
		at, err := time.Parse(time.DateOnly, day)
		if err != nil {
			t.Fatal(err)
		}
		if got := lifetimeLimit(at); got != want {
			t.Errorf("%s: %d, not %d", day, got, want)
		}
	}
}

func TestPins(t *testing.T) {
	root := certtest.Root(t, "Root")
	leaf := root.Server(t, "www.example.com")
	c := chainOf(leaf, root)
	for want, pins := range map[PinMatch][]string{"": nil, PinMatches: {"sha256/other", c.Certificates[1].SPKI}, PinMismatch: {"sha256/other"}} {
		if got := ExamineChain(c, ChainOptions{Now: certtest.Now, Pins: pins}).Pin; got != want {
			t.Errorf("%v: %q, not %q", pins, got, want)
		}
	}
}

// TestPinsBeside: a pinned key counts where signatures lead from it to the first
// certificate, and not where its certificate was put beside.
func TestPinsBeside(t *testing.T) {
	root, stranger := certtest.Root(t, "Root"), certtest.Root(t, "Stranger")
	middle := root.Authority(t, "Middle")
	genuine, forged := middle.Server(t, "www.example.com"), stranger.Server(t, "www.example.com")
	namesake := certtest.Root(t, "Middle").Server(t, "www.example.com") // of an issuer that has the name alone
	for name, test := range map[string]struct {
		chain  Chain
		pinned *certtest.Identity
		want   PinMatch
	}{
		"the first":                 {chainOf(genuine, middle), genuine, PinMatches},
		"its issuer's issuer":       {chainOf(genuine, middle, root), root, PinMatches},
		"in another order":          {chainOf(genuine, root, middle), root, PinMatches},
		"the right one beside":      {chainOf(forged, stranger, genuine), genuine, PinMismatch},
		"the right chain beside":    {chainOf(forged, stranger, genuine, middle, root), root, PinMismatch},
		"an issuer by name alone":   {chainOf(namesake, middle, root), middle, PinMismatch},
		"an issuer that issued not": {chainOf(forged, root), root, PinMismatch},
	} {
		pin := ParseCertificate(test.pinned.Raw).SPKI
		if got := ExamineChain(test.chain, ChainOptions{Now: certtest.Now, Pins: []string{pin}}).Pin; got != test.want {
			t.Errorf("%s: %q, not %q", name, got, test.want)
		}
	}
}

func TestExamineChainSM(t *testing.T) {
	now := certtest.Now
	ca := &smx509.Certificate{Subject: pkix.Name{CommonName: "SM Root"}, IsCA: true, BasicConstraintsValid: true, KeyUsage: smx509.KeyUsage(x509.KeyUsageCertSign), NotBefore: now.AddDate(-1, 0, 0), NotAfter: now.AddDate(1, 0, 0)}
	root, rootKey := smCertificate(t, ca, nil, nil)
	other, _ := smCertificate(t, &smx509.Certificate{Subject: pkix.Name{CommonName: "SM Root"}, IsCA: true, BasicConstraintsValid: true, NotBefore: now.AddDate(-1, 0, 0), NotAfter: now.AddDate(1, 0, 0)}, nil, nil)
	leaf, _ := smCertificate(t, &smx509.Certificate{Subject: pkix.Name{CommonName: "sm"}, DNSNames: []string{"sm.example.com"}, NotBefore: now.AddDate(0, -1, 0), NotAfter: now.AddDate(0, 1, 0)}, root, rootKey)
	tests := []struct {
		name  string
		chain [][]byte
		roots [][]byte
		path  []int
		want  Trust
	}{
		{"verified", [][]byte{leaf.Raw, root.Raw}, [][]byte{root.Raw}, []int{0, 1}, Trust{State: Trusted, Known: true}},
		{"root not sent", [][]byte{leaf.Raw}, [][]byte{root.Raw}, []int{0}, Trust{State: Trusted, Known: true}},
		{"no store", [][]byte{leaf.Raw, root.Raw}, nil, []int{0, 1}, Trust{TrustUnknown, NoStore, false}},
		{"another's key", [][]byte{leaf.Raw, other.Raw}, [][]byte{other.Raw}, []int{0}, Trust{Untrusted, UnknownAuthority, false}},
	}
	for _, test := range tests {
		var c Chain
		for _, der := range test.chain {
			c.Certificates = append(c.Certificates, ParseCertificate(der))
		}
		f := ExamineChain(c, ChainOptions{Name: "sm.example.com", Now: now, Roots: Roots{SM: test.roots}})
		if f.NameMatch != NameMatches || f.Trust.SM == nil || *f.Trust.SM != test.want || !cmp.Equal(f.Path, test.path) || f.Trust.Mozilla != (Trust{Untrusted, UnknownKey, false}) {
			t.Errorf("%s: %+v %+v", test.name, f, f.Trust.SM)
		}
	}
}

// In TLCP a server has two certificates, the one for signatures first.
func TestExamineChainTLCP(t *testing.T) {
	root := certtest.Root(t, "Root")
	c := chainOf(root.Server(t, "sign"), root.Server(t, "encrypt"), root)
	for versions, want := range map[Version][]int{TLCP: nil, TLS12: {1}} {
		c.Versions = []Version{versions}
		f := ExamineChain(c, ChainOptions{Now: certtest.Now})
		if !cmp.Equal(f.Superfluous, want, cmpopts.EquateEmpty()) || !f.Ordered || (f.Encryption == 1) != (want == nil) {
			t.Errorf("%v: %+v", versions, f)
		}
	}
}

// A store may know an authority and not trust it with everything: with SHA-1, or with what
// it issued lately.
func TestStoreConstraint(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	root := certtest.Root(t, "Root", certtest.WithKey(key))
	c := chainOf(root.Server(t, "www.example.com", func(c *x509.Certificate) { c.SignatureAlgorithm = x509.SHA1WithRSA }), root)
	f := ExamineChain(c, ChainOptions{Now: certtest.Now, Roots: Roots{Mozilla: certtest.Pool(root)}})
	if f.Trust.Mozilla != (Trust{Untrusted, StoreConstraint, true}) || f.Missing != nil {
		t.Errorf("%+v", f)
	}
	// Those that Mozilla distrusts in part are known without the part.
	constrained := 0
	for root := range bundle.Roots() {
		if root.Constraint == nil {
			continue
		}
		constrained++
		c := ParseCertificate(root.Certificate)
		if f := ExamineChain(Chain{Certificates: []Certificate{c}}, ChainOptions{Now: certtest.Now}); !f.Trust.Mozilla.Known {
			t.Errorf("%s: %+v", c.Subject, f.Trust)
		}
	}
	if constrained == 0 {
		t.Log("Mozilla distrusts nobody in part")
	}
}

// A signature that cannot be checked proves nothing, whatever name is above it.
func TestUncheckedSignature(t *testing.T) {
	root := certtest.Root(t, "Root")
	issuing := root.Authority(t, "Issuing")
	leaf := certtest.SelfSigned(t, "www.example.com", func(c *x509.Certificate) { c.Subject = issuing.Subject })
	// As signed by the authority: the name is its own, and the algorithm one that nobody knows.
	ecdsaSHA256, stray := "\x2a\x86\x48\xce\x3d\x04\x03\x02", "\x2a\x86\x48\xce\x3d\x04\x03\x7f"
	forged := []byte(strings.ReplaceAll(string(leaf.Raw), ecdsaSHA256, stray))
	c := Chain{Certificates: []Certificate{ParseCertificate(forged), ParseCertificate(issuing.Raw)}}
	f := ExamineChain(c, ChainOptions{Now: certtest.Now, Roots: Roots{Mozilla: certtest.Pool(root), System: certtest.Pool(root)}})
	if !cmp.Equal(f.Path, []int{0}) && !cmp.Equal(f.Path, []int{0, 1}) || f.Trust.Mozilla != (Trust{Untrusted, UnknownKey, false}) {
		t.Errorf("%+v", f)
	}
}

func TestExamineNames(t *testing.T) {
	leaf := certtest.Root(t, "Root").Server(t, "www.example.com")
	for _, test := range []struct {
		address, sni, name string
		want               NameMatch
	}{
		{"192.0.2.1:443", "www.example.com", "", NameMatches}, {"www.example.com:443", "", "", NameMatches}, {"192.0.2.1:443", "", "", NameMismatch},
		{"www.example.com:443", "www.example.com", "mail.example.com", NameMismatch},
	} {
		r := &Result{Address: test.address, SNI: test.sni, Certificates: []Chain{chainOf(leaf)}}
		if got := r.Examine(ChainOptions{Name: test.name, Now: certtest.Now}); got[0].NameMatch != test.want {
			t.Errorf("%+v: %+v", test, got[0])
		}
	}
}

func TestMozillaRoots(t *testing.T) {
	if MozillaRoots().Equal(x509.NewCertPool()) {
		t.Error("no authority")
	}
}

func FuzzExamineChain(f *testing.F) {
	root := certtest.Root(f, "Root")
	leaf := root.Server(f, "www.example.com")
	f.Add(leaf.Raw, root.Raw, leaf.Raw)
	f.Fuzz(func(t *testing.T, a, b, c []byte) {
		chain := Chain{Certificates: []Certificate{ParseCertificate(a), ParseCertificate(b)}, Staple: c, Timestamps: c}
		ExamineChain(chain, ChainOptions{Name: "www.example.com", Roots: Roots{System: certtest.Pool(root), Mozilla: certtest.Pool(root)}, SVID: SVIDOptions{Demanded: true}})
	})
}

// TestTrusted: one store that trusts a chain is enough, and none that cannot tell counts for
// one that does not trust it.
func TestTrusted(t *testing.T) {
	chain := func(system, mozilla TrustState) ChainFacts {
		return ChainFacts{Trust: Verification{System: Trust{State: system}, Mozilla: Trust{State: mozilla}}}
	}
	sm, svid := chain(Untrusted, TrustUnknown), chain(Untrusted, Untrusted)
	sm.Trust.SM, svid.SVID = &Trust{State: Trusted}, &SVID{Trust: Trusted}
	other := svid
	other.SVID = &SVID{Trust: TrustUnknown}
	for i, test := range []struct {
		facts ChainFacts
		want  TrustState
	}{
		{chain(Trusted, Untrusted), Trusted}, {chain(TrustUnknown, Trusted), Trusted}, {chain(Untrusted, Untrusted), Untrusted},
		{chain(TrustUnknown, Untrusted), TrustUnknown}, {chain(Untrusted, TrustUnknown), TrustUnknown}, {sm, Trusted}, {svid, Trusted}, {other, TrustUnknown},
	} {
		if got := test.facts.Trusted(); got != test.want {
			t.Errorf("%d: %s, want %s", i, got, test.want)
		}
	}
}
