// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"io"
	"math/big"
	"net"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// endpoint VAR [NEWEST] starts a TLS server on loopback, with a certificate of its own for
// service.test, and sets $VAR to its address. It takes TLS 1.2 up to NEWEST: 1.2 or 1.3.
func endpoint(ts *testscript.TestScript, neg bool, args []string) {
	versions := map[string]uint16{"1.2": tls.VersionTLS12, "1.3": tls.VersionTLS13}
	newest := versions["1.3"]
	if len(args) == 2 {
		newest = versions[args[1]]
	}
	if neg || len(args) == 0 || newest == 0 {
		ts.Fatalf("usage: endpoint variable [1.2|1.3]")
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	ts.Check(err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "service.test"}, DNSNames: []string{"service.test"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(0, 3, 0), KeyUsage: x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	ts.Check(err)
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{
		Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}, MinVersion: tls.VersionTLS12, MaxVersion: newest,
	})
	ts.Check(err)
	ts.Defer(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func(c net.Conn) {
				defer c.Close()
				io.Copy(io.Discard, c)
			}(c)
		}
	}()
	ts.Setenv(args[0], l.Addr().String())
}
