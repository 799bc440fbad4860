// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/spiffe/go-spiffe/v2/proto/spiffe/workload"

	"github.com/goassay/assay/audit/spiffe/spiffetest"
)

// svid FILE BUNDLE ID PART writes a new SVID with its private key, and the authority that
// issued it. It is one of an hour, of which a part of percent remains. With a fifth argument,
// a Workload API issues it, and that is the variable for its address.
func svidCommand(ts *testscript.TestScript, neg bool, args []string) {
	parts := map[string]time.Duration{"80": 48 * time.Minute, "20": 12 * time.Minute, "-1": -time.Minute}
	if neg || len(args) < 4 || parts[args[3]] == 0 {
		ts.Fatalf("usage: svid file bundle ID 80|20|-1 [variable]")
	}
	id, err := url.Parse(args[2])
	ts.Check(err)
	ca, caDER, _ := scriptCertificate(ts, nil, nil, &x509.Certificate{
		IsCA: true, KeyUsage: x509.KeyUsageCertSign, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	})
	end := time.Now().Add(parts[args[3]])
	_, der, key := scriptCertificate(ts, &x509.Certificate{Raw: caDER}, ca, &x509.Certificate{
		URIs: []*url.URL{id}, KeyUsage: x509.KeyUsageDigitalSignature, NotBefore: end.Add(-time.Hour), NotAfter: end,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	})
	pair := append(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key})...)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), pair, 0o600))
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: caDER}), 0o600))
	if len(args) < 5 {
		return
	}
	dir, err := os.MkdirTemp("", "spiffe") // scripts have paths that are too long for a socket
	ts.Check(err)
	ts.Defer(func() { os.RemoveAll(dir) })
	socket := filepath.Join(dir, "api.sock")
	l, err := net.Listen("unix", socket)
	ts.Check(err)
	ts.Defer(spiffetest.ServeListener(l, func(_ int, s spiffetest.Stream) error {
		err := s.Send(spiffetest.Answer(&workload.X509SVID{SpiffeId: args[2], X509Svid: der, X509SvidKey: key, Bundle: caDER}))
		<-s.Context().Done()
		return err
	}))
	ts.Setenv(args[4], "unix://"+socket)
}

// scriptCertificate makes a certificate, by an issuer or by itself.
func scriptCertificate(ts *testscript.TestScript, issuer *x509.Certificate, signer *ecdsa.PrivateKey, template *x509.Certificate) (key *ecdsa.PrivateKey, der, pkcs8 []byte) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	ts.Check(err)
	template.SerialNumber, template.BasicConstraintsValid = big.NewInt(1), true
	if issuer == nil {
		issuer, signer = template, key
	} else {
		issuer, err = x509.ParseCertificate(issuer.Raw)
		ts.Check(err)
	}
	der, err = x509.CreateCertificate(rand.Reader, template, issuer, key.Public(), signer)
	ts.Check(err)
	pkcs8, err = x509.MarshalPKCS8PrivateKey(key)
	ts.Check(err)
	return key, der, pkcs8
}
