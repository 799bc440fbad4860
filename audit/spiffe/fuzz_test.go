// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package spiffe

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"testing"

	"github.com/spiffe/go-spiffe/v2/proto/spiffe/workload"
	"google.golang.org/protobuf/proto"

	"github.com/goassay/assay/audit/spiffe/spiffetest"
	"github.com/goassay/assay/audit/tlsprobe"
	"github.com/goassay/assay/audit/tlsprobe/certtest"
)

// fileWith is a file with a private key, a text, and certificates.
func fileWith(t testing.TB, list ...*certtest.Identity) []byte {
	t.Helper()
	key, err := x509.MarshalPKCS8PrivateKey(list[0].Key)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	pem.Encode(&out, &pem.Block{Type: "PRIVATE KEY", Bytes: key})
	out.WriteString("subject=\n")
	for _, c := range list {
		pem.Encode(&out, &pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})
	}
	return out.Bytes()
}

// What is read from a file are certificates, whatever the file is.
func FuzzFile(f *testing.F) {
	root := certtest.Root(f, "")
	leaf := root.Server(f, "", spiffetest.Has(cart))
	f.Add(fileWith(f, leaf, root))
	f.Add(spiffetest.DER(leaf, root))
	f.Add([]byte("-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		list, err := parseFile(data)
		if (err == nil) == (len(list) == 0) {
			t.Fatalf("%d certificates, %v", len(list), err)
		}
		for _, der := range list {
			if !isCertificate(der) {
				t.Errorf("%x is none", der)
			}
		}
		tlsprobe.ExamineSVID(list, tlsprobe.SVIDOptions{}, certtest.Now)
	})
}

// No answer makes the reader fall over, or keep more than it takes.
func FuzzAnswer(f *testing.F) {
	root := certtest.Root(f, "")
	answer := spiffetest.Answer(spiffetest.SVID(f, root, root.Server(f, "", spiffetest.Has(cart))))
	answer.FederatedBundles = map[string][]byte{"partner.example": root.Raw}
	seed, err := proto.Marshal(answer)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(seed)
	f.Fuzz(func(t *testing.T, data []byte) {
		var a, b workload.X509SVIDResponse
		if proto.Unmarshal(data, &a) != nil || proto.Unmarshal(data, &b) != nil {
			return
		}
		w := &watch{Options: Options{}.withDefaults(), svids: map[identity]*SVID{}, result: &Workload{}}
		if _, err := w.take(&a, certtest.Now); err != nil {
			return
		}
		kept := w.kept
		if changed, err := w.take(&b, certtest.Now); changed || err != nil || w.kept != kept {
			t.Errorf("the same answer again: %v %v, %d and then %d bytes", changed, err, kept, w.kept)
		}
	})
}
