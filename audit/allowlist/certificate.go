// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package allowlist

import (
	"bufio"
	"cmp"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// TLS is the certificate that a host shows in one handshake.
type TLS struct {
	State  State  `json:"state"`
	Reason Reason `json:"reason,omitempty"` // why unknown
	Detail string `json:"detail,omitempty"`

	// What follows holds only if the state is known.

	// Leaf and SPKI are "sha256:" and 64 hexadecimal digits: of the
	// certificate, and of its SubjectPublicKeyInfo, both in DER. The second
	// stays when a certificate is renewed with the same key.
	Leaf string `json:"leaf,omitempty"`
	SPKI string `json:"spki,omitempty"`

	Version   string    `json:"version,omitempty"` // such as "TLS 1.3"
	Subject   string    `json:"subject,omitempty"` // RFC 2253
	Issuer    string    `json:"issuer,omitempty"`
	Names     []string  `json:"names,omitempty"` // subject alternative names: DNS names, then addresses
	NotBefore time.Time `json:"not_before,omitzero"`
	NotAfter  time.Time `json:"not_after,omitzero"`

	Trust      Trust  `json:"trust,omitempty"`
	TrustError string `json:"trust_error,omitempty"` // why the chain is refused

	// Evidence is the digest under which a caller keeps Chain, as PEM.
	Evidence string `json:"evidence,omitempty"`

	// Chain is what the server sent, in DER, leaf first.
	Chain [][]byte `json:"-"`
}

// Fits reports whether the fingerprints are those of a certificate in DER.
func (t *TLS) Fits(der []byte) bool {
	c, err := x509.ParseCertificate(der)
	return err == nil && t.Leaf == fingerprint(c.Raw) && t.SPKI == fingerprint(c.RawSubjectPublicKeyInfo)
}

// Trust says whether a chain verifies for the host, as the go command would
// verify it.
type Trust string

// The results of verification.
const (
	TrustVerified Trust = "verified"
	TrustRefused  Trust = "refused" // the go command does not talk to this server
)

// handshakeTimeout bounds connection and handshake with one host.
const handshakeTimeout = 15 * time.Second

// certificate connects to s and records the certificate that it shows.
func (m *measurer) certificate(ctx context.Context, s *Service) *TLS {
	unknown := func(r Reason, err error) *TLS {
		return &TLS{State: Unknown, Reason: r, Detail: detail(err)}
	}
	if m.Offline {
		return &TLS{State: Unknown, Reason: ReasonOffline}
	}
	ctx, cancel := context.WithTimeout(ctx, handshakeTimeout)
	defer cancel()
	conn, err := m.connect(ctx, s)
	if err != nil {
		reason := ReasonConnect
		if s.Via != "" {
			reason = ReasonProxy
		}
		return unknown(reason, err)
	}
	defer conn.Close()
	// The chain is verified below. Nothing but the handshake goes over this
	// connection, so a certificate that does not verify is recorded too.
	client := tls.Client(conn, &tls.Config{
		ServerName: s.Host, NextProtos: []string{"h2", "http/1.1"}, InsecureSkipVerify: true,
	})
	if err := client.HandshakeContext(ctx); err != nil {
		return unknown(ReasonHandshake, err)
	}
	state := client.ConnectionState()
	return record(s.Host, state.PeerCertificates, tls.VersionName(state.Version), m.Roots, m.Now)
}

// record describes and verifies a chain, leaf first; crypto/tls lets no
// handshake of a client end without a certificate.
func record(host string, chain []*x509.Certificate, version string, roots *x509.CertPool, now time.Time) *TLS {
	leaf := chain[0]
	t := &TLS{
		State: Known, Version: version,
		Leaf: fingerprint(leaf.Raw), SPKI: fingerprint(leaf.RawSubjectPublicKeyInfo),
		Subject: clip(leaf.Subject.String()), Issuer: clip(leaf.Issuer.String()),
		NotBefore: leaf.NotBefore.UTC(), NotAfter: leaf.NotAfter.UTC(),
		Trust: TrustVerified,
	}
	for _, name := range leaf.DNSNames {
		t.Names = append(t.Names, clip(name))
	}
	for _, ip := range leaf.IPAddresses {
		t.Names = append(t.Names, ip.String())
	}
	if len(t.Names) > maxNames {
		t.Names = t.Names[:maxNames]
	}
	intermediates := x509.NewCertPool()
	for _, c := range chain {
		t.Chain = append(t.Chain, c.Raw)
		if c != leaf {
			intermediates.AddCert(c)
		}
	}
	if _, err := leaf.Verify(x509.VerifyOptions{
		DNSName: host, Roots: roots, Intermediates: intermediates, CurrentTime: now,
	}); err != nil {
		t.Trust, t.TrustError = TrustRefused, detail(err)
	}
	return t
}

// maxNames bounds the names of a certificate that are recorded; certificates
// of content networks have a few hundred.
const maxNames = 200

func fingerprint(der []byte) string {
	sum := sha256.Sum256(der)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// connect opens a connection to s, through its egress proxy if it has one.
func (m *measurer) connect(ctx context.Context, s *Service) (net.Conn, error) {
	proxy := m.egress[s.Endpoint()]
	if proxy == nil {
		return m.Dial(ctx, "tcp", s.Endpoint())
	}
	if proxy.Scheme != "http" && proxy.Scheme != "https" {
		return nil, fmt.Errorf("proxies of scheme %q are not supported here", proxy.Scheme)
	}
	conn, err := m.Dial(ctx, "tcp", net.JoinHostPort(proxy.Hostname(), cmp.Or(proxy.Port(), defaultPort(proxy.Scheme))))
	if err != nil {
		return nil, err
	}
	if proxy.Scheme == "https" {
		client := tls.Client(conn, &tls.Config{ServerName: proxy.Hostname(), RootCAs: m.Roots})
		if err := client.HandshakeContext(ctx); err != nil {
			conn.Close()
			return nil, err
		}
		conn = client
	}
	if err := tunnel(ctx, conn, proxy, s.Endpoint()); err != nil {
		conn.Close()
		return nil, err
	}
	return conn, nil
}

// tunnel asks an HTTP proxy to connect to address (RFC 9110, section 9.3.6).
func tunnel(ctx context.Context, conn net.Conn, proxy *url.URL, address string) error {
	stop := context.AfterFunc(ctx, func() { conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	req := &http.Request{Method: http.MethodConnect, URL: &url.URL{Opaque: address}, Host: address, Header: http.Header{}}
	if u := proxy.User; u != nil {
		password, _ := u.Password()
		req.Header.Set("Proxy-Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(u.Username()+":"+password)))
	}
	if err := req.Write(conn); err != nil {
		return err
	}
	// A TLS server waits for the client, so the proxy's answer is all there is
	// to read: the buffer takes nothing away from the handshake.
	resp, err := http.ReadResponse(bufio.NewReader(io.LimitReader(conn, 64<<10)), req)
	if err != nil {
		return err
	}
	if resp.StatusCode/100 != 2 {
		return fmt.Errorf("the proxy answered %d %s", resp.StatusCode, strings.ToLower(http.StatusText(resp.StatusCode)))
	}
	return nil
}
