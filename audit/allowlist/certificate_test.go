// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package allowlist_test

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/goassay/assay/audit/allowlist"
	"github.com/goassay/assay/audit/allowlist/allowlisttest"
)

func hash(der []byte) string {
	sum := sha256.Sum256(der)
	return "sha256:" + hex.EncodeToString(sum[:])
}

func TestCertificate(t *testing.T) {
	ca, other := allowlisttest.NewCA(t), allowlisttest.NewCA(t)
	key := allowlisttest.Key(t)
	cert := ca.Issue(t, key, "proxy.example", "xn--fiq228c.example")
	server := allowlisttest.NewServer(t, http.NotFoundHandler(), func() *tls.Certificate { return cert })
	spki, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	measureAt := func(host string, roots *x509.CertPool, at time.Time) *allowlist.TLS {
		o := options(t, "https://"+host)
		o.Roots, o.Now = roots, at
		dial := o.Dial
		o.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
			if address != host+":443" {
				t.Errorf("dialled %s", address)
			}
			return dial(ctx, network, server.Listener.Addr().String())
		}
		return measure(t, o).Services[0].TLS
	}
	got := measureAt("proxy.example", ca.Pool, now)
	leaf, _ := x509.ParseCertificate(cert.Certificate[0])
	want := &allowlist.TLS{
		State: allowlist.Known, Leaf: hash(cert.Certificate[0]), SPKI: hash(spki), Version: "TLS 1.3",
		Subject: "CN=proxy", Issuer: "CN=Example Root,O=Example", Names: []string{"proxy.example", "xn--fiq228c.example"},
		NotBefore: leaf.NotBefore, NotAfter: leaf.NotAfter, Trust: allowlist.TrustVerified, Chain: cert.Certificate,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for _, tt := range []struct {
		name  string
		host  string
		roots *x509.CertPool
		at    time.Time
		want  string
	}{
		{"another authority", "proxy.example", other.Pool, now, "unknown authority"},
		{"another name", "second.example", ca.Pool, now, "not second.example"},
		{"expired", "proxy.example", ca.Pool, now.AddDate(1, 0, 0), "expired"},
	} {
		got := measureAt(tt.host, tt.roots, tt.at)
		if got.State != allowlist.Known || got.Trust != allowlist.TrustRefused || !strings.Contains(got.TrustError, tt.want) || got.SPKI != want.SPKI {
			t.Errorf("%s: %+v", tt.name, got)
		}
	}
}

func TestCertificateUnknown(t *testing.T) {
	plain := httptest.NewServer(http.NotFoundHandler())
	defer plain.Close()
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	refusing := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(407) }))
	defer refusing.Close()
	for _, tt := range []struct {
		goproxy, egress string
		want            allowlist.Reason
	}{
		{"https://" + plain.Listener.Addr().String(), "", allowlist.ReasonHandshake},
		{"https://" + closed.Addr().String(), "", allowlist.ReasonConnect},
		{"https://proxy.example", refusing.URL, allowlist.ReasonProxy},
		{"https://proxy.example", "socks5://127.0.0.1:1", allowlist.ReasonProxy},
		{"https://proxy.example", "https://" + plain.Listener.Addr().String(), allowlist.ReasonProxy},
	} {
		o := options(t, tt.goproxy)
		if tt.egress != "" {
			o.Egress = func(*url.URL) (*url.URL, error) { return url.Parse(tt.egress) }
		}
		a := measure(t, o)
		s := a.Services[len(a.Services)-1]
		if s.TLS.State != allowlist.Unknown || s.TLS.Reason != tt.want || s.TLS.Detail == "" || s.TLS.Leaf != "" {
			t.Errorf("%s: %+v", tt.goproxy, s.TLS)
		}
	}
}

// TestEgressProxy takes the certificate through a proxy that wants a password.
func TestEgressProxy(t *testing.T) {
	ca := allowlisttest.NewCA(t)
	cert := ca.Issue(t, allowlisttest.Key(t), "proxy.example")
	server := allowlisttest.NewServer(t, http.NotFoundHandler(), func() *tls.Certificate { return cert })
	egress := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodConnect || r.Host != "proxy.example:443" || r.Header.Get("Proxy-Authorization") != "Basic dXNlcjpzZWNyZXQ=" {
			t.Errorf("%s %s %q", r.Method, r.Host, r.Header)
			w.WriteHeader(400)
			return
		}
		out, err := net.Dial("tcp", server.Listener.Addr().String())
		if err != nil {
			t.Error(err)
			return
		}
		conn, buf, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		io.WriteString(conn, "HTTP/1.1 200 OK\r\n\r\n")
		go func() { io.Copy(out, buf); out.Close() }()
		go func() { io.Copy(conn, out); conn.Close() }()
	}))
	defer egress.Close()
	o := options(t, "https://proxy.example")
	o.Roots = ca.Pool
	proxyURL := strings.Replace(egress.URL, "http://", "http://user:secret@", 1)
	o.Egress = func(*url.URL) (*url.URL, error) { return url.Parse(proxyURL) }
	a := measure(t, o)
	s := a.Service(allowlist.HTTPS, "proxy.example:443")
	if s.TLS.State != allowlist.Known || s.TLS.Leaf != hash(cert.Certificate[0]) || s.TLS.Trust != allowlist.TrustVerified || s.Via != egress.URL {
		t.Errorf("via %s: %+v", s.Via, s.TLS)
	}
	if e := a.Service(allowlist.HTTP, egress.Listener.Addr().String()); e == nil || !e.Has(allowlist.EgressProxy) || len(e.URLs) != 0 {
		t.Errorf("egress proxy: %+v", e)
	}
}

func TestAddresses(t *testing.T) {
	o := options(t, "http://proxy.example,http://unknown.example,http://192.0.2.1")
	o.Ranges = map[string][]string{"192.0.2.1": {"192.0.2.0/24"}, "Unknown.example": {"198.51.100.0/24"}}
	want := []allowlist.Addresses{
		{State: allowlist.Known, Ranges: []string{"192.0.2.0/24"}, Source: allowlist.FromPolicy, Observed: []string{"192.0.2.1"}},
		{State: allowlist.Known, Ranges: []string{"192.0.2.7/32", "2001:db8::7/128"}, Source: allowlist.FromResolver, Observed: []string{"192.0.2.7", "2001:db8::7"}},
		{State: allowlist.Unknown, Reason: allowlist.ReasonResolve, Detail: "no such host", Ranges: []string{"198.51.100.0/24"}, Source: allowlist.FromPolicy, Observed: []string{}},
	}
	var got []allowlist.Addresses
	for _, s := range measure(t, o).Services {
		got = append(got, s.Addresses)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
