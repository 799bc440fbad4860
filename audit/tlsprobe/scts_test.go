// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package tlsprobe

import (
	"bytes"
	"crypto/x509"
	"crypto/x509/pkix"
	"testing"
	"time"

	"golang.org/x/crypto/ocsp"

	"github.com/goassay/assay/audit/tlsprobe/certtest"
)

func TestSCTs(t *testing.T) {
	now := certtest.Now
	at := now.AddDate(0, -1, 0)
	log, other := certtest.NewLog(t, "Log"), certtest.NewLog(t, "Other")
	logs, err := ParseLogs(certtest.List(t, log))
	if err != nil {
		t.Fatal(err)
	}
	root := certtest.Root(t, "Root")
	issuing := root.Authority(t, "Issuing")
	logged := issuing.Logged(t, "www.example.com", at, []*certtest.Log{log, other})
	plain := issuing.Server(t, "www.example.com")
	another := issuing.Server(t, "www.example.com")
	mixed := func(c *x509.Certificate) {
		c.ExtraExtensions = []pkix.Extension{certtest.SCTExtension(oidSCTs, certtest.SCTList(log.Timestamp(t, another, at)))}
	}
	stapled := issuing.Staple(t, plain, nil, func(r *ocsp.Response) {
		r.ExtraExtensions = []pkix.Extension{certtest.SCTExtension(oidOCSPSCTs, certtest.SCTList(log.Timestamp(t, plain, at)))}
	})
	right := log.Timestamp(t, plain, at)
	version := bytes.Clone(right)
	version[0] = 1
	algorithm := bytes.Clone(right)
	algorithm[len(algorithm)-len(right)+44] ^= 7 // SignatureAndHashAlgorithm

	type sct struct {
		source, name string
		verified     State
		problem      string
	}
	tests := []struct {
		name  string
		chain Chain
		want  []sct
	}{
		{"none", chainOf(plain, issuing), nil},
		{"in the certificate", chainOf(logged, issuing), []sct{{SourceCertificate, "Log", Offered, ""}, {SourceCertificate, "", Unknown, SCTUnknownLog}}},
		{"issuer in the store", chainOf(root.Logged(t, "www.example.com", at, []*certtest.Log{log})), []sct{{SourceCertificate, "Log", Offered, ""}}},
		{"issuer unknown", chainOf(logged), []sct{{SourceCertificate, "Log", Unknown, SCTUnknownIssuer}, {SourceCertificate, "", Unknown, SCTUnknownLog}}},
		{"of another certificate", chainOf(issuing.Server(t, "www.example.com", mixed), issuing), []sct{{SourceCertificate, "Log", NotOffered, SCTSignature}}},
		{"in the handshake", Chain{Timestamps: certtest.SCTList(right)}, []sct{{SourceTLS, "Log", Offered, ""}}},
		{"in the staple", Chain{Staple: stapled}, []sct{{SourceOCSP, "Log", Offered, ""}}},
		{"of another, in the handshake", Chain{Timestamps: certtest.SCTList(log.Timestamp(t, another, at))}, []sct{{SourceTLS, "Log", NotOffered, SCTSignature}}},
		{"of tomorrow", Chain{Timestamps: certtest.SCTList(log.Timestamp(t, plain, now.Add(time.Hour)))}, []sct{{SourceTLS, "Log", NotOffered, SCTFuture}}},
		{"of no year", Chain{Timestamps: certtest.SCTList(log.Timestamp(t, plain, time.UnixMilli(1<<62)))}, []sct{{SourceTLS, "", NotOffered, SCTFuture}}},
		{"another version", Chain{Timestamps: certtest.SCTList(version, right)}, []sct{{SourceTLS, "", Unknown, SCTVersion}, {SourceTLS, "Log", Offered, ""}}},
		{"another algorithm", Chain{Timestamps: certtest.SCTList(algorithm)}, []sct{{SourceTLS, "Log", NotOffered, SCTSignature}}},
		{"garbage", Chain{Timestamps: []byte("garbage")}, []sct{{SourceTLS, "", NotOffered, SCTMalformed}}},
		{"cut", Chain{Timestamps: certtest.SCTList(right[:40])}, []sct{{SourceTLS, "", NotOffered, SCTMalformed}}},
		{"empty", Chain{Timestamps: certtest.SCTList()}, []sct{{SourceTLS, "", NotOffered, SCTMalformed}}},
	}
	for _, test := range tests {
		if test.chain.Certificates == nil {
			test.chain.Certificates = chainOf(plain, issuing).Certificates
		}
		f := ExamineChain(test.chain, ChainOptions{Now: now, Logs: logs, Roots: Roots{System: certtest.Pool(root), Mozilla: certtest.Pool(root)}})
		if len(f.SCTs) != len(test.want) {
			t.Errorf("%s: %+v", test.name, f.SCTs)
			continue
		}
		for i, s := range f.SCTs {
			if got := (sct{s.Source, s.Name, s.Verified, s.Problem}); got != test.want[i] || s.Certificate != test.chain.Certificates[0].SHA256 {
				t.Errorf("%s: %+v", test.name, s)
			}
			if s.Verified == Offered && !s.Time.Equal(at) {
				t.Errorf("%s: %v", test.name, s.Time)
			}
		}
	}
}

func TestParseLogs(t *testing.T) {
	list := certtest.List(t, certtest.NewLog(t, "A"), certtest.NewLog(t, "B"))
	logs, err := ParseLogs(list)
	if err != nil || logs.Len() != 2 || !logs.Time.Equal(certtest.Now) {
		t.Fatalf("%+v %v", logs, err)
	}
	for _, l := range logs.logs {
		if l.State != "usable" || l.Name == "" {
			t.Errorf("%+v", l)
		}
	}
	for name, data := range map[string][]byte{
		"empty": nil, "no log": []byte("{}"), "huge": make([]byte, maxLogList+1),
		"another's identifier": bytes.Replace(list, []byte(`"log_id":"`), []byte(`"log_id":"x`), 1),
		"no key":               bytes.Replace(list, []byte(`"key":"`), []byte(`"key":"!`), 1),
	} {
		if _, err := ParseLogs(data); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if (*Logs)(nil).Len() != 0 {
		t.Error("no list has logs")
	}
}

func FuzzReadSCTs(f *testing.F) {
	root := certtest.Root(f, "Root")
	f.Add(certtest.SCTList(certtest.NewLog(f, "Log").Timestamp(f, root, certtest.Now)))
	f.Fuzz(func(t *testing.T, list []byte) { ReadSCTs(list, []byte{0, 0}, nil, certtest.Now) })
}

func FuzzParseLogs(f *testing.F) {
	f.Add(certtest.List(f, certtest.NewLog(f, "Log")))
	f.Fuzz(func(t *testing.T, list []byte) { ParseLogs(list) })
}
