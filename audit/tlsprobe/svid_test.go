// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package tlsprobe

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/goassay/assay/audit/tlsprobe/certtest"
)

// svid makes a template an SVID with IDs.
func svid(ids ...string) func(*x509.Certificate) {
	return func(c *x509.Certificate) {
		c.DNSNames, c.URIs = nil, nil
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

func TestExamineSVID(t *testing.T) {
	const id = "spiffe://prod.example/ns/shop/sa/cart"
	now := certtest.Now
	root := certtest.Root(t, "", svid("spiffe://prod.example"))
	foreign := certtest.Root(t, "", svid("spiffe://test.example"))
	usage := func(u x509.KeyUsage) func(*x509.Certificate) { return func(c *x509.Certificate) { c.KeyUsage = u } }
	tests := []struct {
		name   string
		chain  []*certtest.Identity
		change func(*SVIDOptions)
		want   []SVIDDefect
	}{
		{"right", []*certtest.Identity{root.Server(t, "", svid(id))}, nil, nil},
		{"no extended usage", []*certtest.Identity{root.Server(t, "", svid(id), func(c *x509.Certificate) { c.ExtKeyUsage = nil })}, nil, nil},
		{"names beside", []*certtest.Identity{root.Server(t, "", svid(id), func(c *x509.Certificate) { c.DNSNames = []string{"cart"} })}, nil, nil},
		{"below an authority", []*certtest.Identity{root.Authority(t, "", svid("spiffe://prod.example")).Server(t, "", svid(id))}, func(o *SVIDOptions) { o.Bundle = nil }, nil},
		{"no URI", []*certtest.Identity{root.Server(t, "cart.example")}, nil, []SVIDDefect{SVIDExtendedUsage, SVIDNoURI}},
		{"two", []*certtest.Identity{root.Server(t, "", svid(id, "spiffe://prod.example/other"))}, nil, []SVIDDefect{SVIDManyURIs}},
		{"one and another", []*certtest.Identity{root.Server(t, "", svid("https://example.com/", id))}, nil, []SVIDDefect{SVIDManyURIs}},
		{"scheme", []*certtest.Identity{root.Server(t, "", svid("https://prod.example/x"))}, nil, []SVIDDefect{SVIDBadScheme}},
		{"upper case", []*certtest.Identity{root.Server(t, "", svid("spiffe://Prod.example/x"))}, nil, []SVIDDefect{SVIDBadTrustDomain}},
		{"port", []*certtest.Identity{root.Server(t, "", svid("spiffe://prod.example:8443/x"))}, nil, []SVIDDefect{SVIDBadTrustDomain}},
		{"user", []*certtest.Identity{root.Server(t, "", svid("spiffe://me@prod.example/x"))}, nil, []SVIDDefect{SVIDBadTrustDomain}},
		{"query", []*certtest.Identity{root.Server(t, "", svid(id+"?x=1"))}, nil, []SVIDDefect{SVIDBadPath}},
		{"fragment", []*certtest.Identity{root.Server(t, "", svid(id+"#x"))}, nil, []SVIDDefect{SVIDBadPath}},
		{"dots", []*certtest.Identity{root.Server(t, "", svid("spiffe://prod.example/../x"))}, nil, []SVIDDefect{SVIDBadPath}},
		{"slash at the end", []*certtest.Identity{root.Server(t, "", svid(id+"/"))}, nil, []SVIDDefect{SVIDBadPath}},
		{"escaped", []*certtest.Identity{root.Server(t, "", svid("spiffe://prod.example/a%20b"))}, nil, []SVIDDefect{SVIDBadPath}},
		{"no path", []*certtest.Identity{root.Server(t, "", svid("spiffe://prod.example"))}, nil, []SVIDDefect{SVIDNoPath}},
		{"long", []*certtest.Identity{root.Server(t, "", svid("spiffe://prod.example/"+strings.Repeat("a", 2048)))}, nil, []SVIDDefect{SVIDTooLong}},
		{"CA", []*certtest.Identity{root.Server(t, "", svid(id), func(c *x509.Certificate) { c.IsCA = true })}, nil, []SVIDDefect{SVIDNotLeaf, SVIDSigningPath, SVIDSigningUsage}},
		{"signs", []*certtest.Identity{root.Server(t, "", svid(id), usage(x509.KeyUsageDigitalSignature|x509.KeyUsageCRLSign))}, nil, []SVIDDefect{SVIDSigns}},
		{"no signature", []*certtest.Identity{root.Server(t, "", svid(id), usage(x509.KeyUsageKeyAgreement))}, nil, []SVIDDefect{SVIDNoSignature}},
		{"no usage", []*certtest.Identity{root.Server(t, "", svid(id), usage(0))}, nil, []SVIDDefect{SVIDNoUsage}},
		{"half of the extended usage", []*certtest.Identity{root.Server(t, "", svid(id), func(c *x509.Certificate) { c.ExtKeyUsage = c.ExtKeyUsage[:1] })}, nil, []SVIDDefect{SVIDExtendedUsage}},
		{"other trust domain", []*certtest.Identity{root.Server(t, "", svid(id))}, func(o *SVIDOptions) { o.TrustDomain = "test.example" }, []SVIDDefect{SVIDOtherTrustDomain}},
		{"other path", []*certtest.Identity{root.Server(t, "", svid(id))}, func(o *SVIDOptions) { o.Path = func(p string) bool { return strings.HasPrefix(p, "/ns/billing/") } }, []SVIDDefect{SVIDOtherPath}},
		{"other bundle", []*certtest.Identity{root.Server(t, "", svid(id))}, func(o *SVIDOptions) { o.Bundle = certtest.Pool(foreign) }, []SVIDDefect{SVIDUntrusted}},
		{"foreign authority", []*certtest.Identity{root.Server(t, "", svid(id)), foreign}, nil, []SVIDDefect{SVIDIssuerTrustDomain}},
		{"authority with a path", []*certtest.Identity{root.Server(t, "", svid(id)), root.Authority(t, "", svid("spiffe://prod.example/ca"))}, nil, []SVIDDefect{SVIDSigningPath}},
		{"expired", []*certtest.Identity{root.Server(t, "", svid(id), func(c *x509.Certificate) { c.NotAfter = now.Add(-1e9) })}, nil, []SVIDDefect{SVIDExpired}},
		{"early", []*certtest.Identity{root.Server(t, "", svid(id), func(c *x509.Certificate) { c.NotBefore = now.Add(1e9) })}, nil, []SVIDDefect{SVIDNotYetValid}},
	}
	for _, test := range tests {
		o := SVIDOptions{TrustDomain: "prod.example", Bundle: certtest.Pool(root)}
		if test.change != nil {
			test.change(&o)
		}
		c := chainOf(test.chain...)
		got := ExamineSVID(c.ders(), o, now)
		if diff := cmp.Diff(append([]SVIDDefect{}, test.want...), got.Defects); diff != "" {
			t.Errorf("%s: %s", test.name, diff)
		}
		if len(got.Defects) == 0 && (got.ID != id || got.Path != "/ns/shop/sa/cart" || got.TrustDomain != "prod.example") {
			t.Errorf("%s: %+v", test.name, got)
		}
	}
	if got := ExamineSVID([][]byte{[]byte("garbage")}, SVIDOptions{}, now); !slices.Equal(got.Defects, []SVIDDefect{SVIDUnreadable}) {
		t.Errorf("%+v", got)
	}
	if got := ExamineSVID(nil, SVIDOptions{}, now); !slices.Equal(got.Defects, []SVIDDefect{SVIDUnreadable}) {
		t.Errorf("%+v", got)
	}
}

func TestSVIDHeadroom(t *testing.T) {
	c := certtest.Root(t, "").Server(t, "", svid("spiffe://prod.example/x"))
	whole := c.NotAfter.Sub(c.NotBefore)
	for part, want := range map[float64]float64{-1: 1, 0: 1, 0.25: 0.75, 0.5: 0.5, 1: 0, 2: 0} {
		got := ExamineSVID([][]byte{c.Raw}, SVIDOptions{}, c.NotBefore.Add(time.Duration(part*float64(whole))))
		if diff := got.Headroom - want; diff > 1e-6 || diff < -1e-6 {
			t.Errorf("%v: %v", part, got.Headroom)
		}
	}
}

func TestParseSVIDFile(t *testing.T) {
	root := certtest.Root(t, "")
	leaf := root.Server(t, "", svid("spiffe://prod.example/x"))
	want := [][]byte{leaf.Raw, root.Raw}
	var text bytes.Buffer
	text.WriteString("subject=\n")
	pem.Encode(&text, &pem.Block{Type: "PRIVATE KEY", Bytes: []byte("secret")})
	for _, der := range want {
		pem.Encode(&text, &pem.Block{Type: "CERTIFICATE", Bytes: der})
	}
	for name, data := range map[string][]byte{"PEM": text.Bytes(), "DER": bytes.Join(want, nil)} {
		got, err := ParseSVIDFile(data)
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%s: %v %s", name, err, diff)
		}
	}
	for name, data := range map[string][]byte{"empty": nil, "key": pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY"}), "huge": make([]byte, maxSVIDFile+1)} {
		if _, err := ParseSVIDFile(data); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func FuzzParseSVIDFile(f *testing.F) {
	leaf := certtest.Root(f, "").Server(f, "", svid("spiffe://prod.example/x"))
	f.Add(leaf.Raw)
	f.Add(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: leaf.Raw}))
	f.Fuzz(func(t *testing.T, data []byte) {
		if chain, err := ParseSVIDFile(data); err == nil {
			ExamineSVID(chain, SVIDOptions{}, certtest.Now)
		}
	})
}
