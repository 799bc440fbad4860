// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package tlsprobe

import (
	"crypto/x509"
	"slices"
	"testing"

	"github.com/goassay/assay/audit/tlsprobe/certtest"
)

func TestLints(t *testing.T) {
	root := certtest.Root(t, "Root")
	long := root.Server(t, "www.example.com", func(c *x509.Certificate) { c.NotAfter = c.NotBefore.AddDate(2, 0, 0) })
	f := ExamineChain(chainOf(long, root), ChainOptions{Now: certtest.Now, Roots: Roots{System: certtest.Pool(root), Mozilla: certtest.Pool(root)}})
	if !slices.IsSortedFunc(f.Lints, func(a, b Lint) int { return slices.Compare([]byte(a.Name), []byte(b.Name)) }) {
		t.Errorf("not sorted: %+v", f.Lints)
	}
	for _, want := range []Lint{
		{"e_server_cert_valid_time_longer_than_200_days", "CABF_BR", "error"},
		{"e_sub_cert_aia_missing", "CABF_BR", "error"},
	} {
		if !slices.Contains(f.Lints, want) {
			t.Errorf("%+v is not among %+v", want, f.Lints)
		}
	}
	if f := ExamineChain(chainOf(long, root), ChainOptions{Now: certtest.Now, Roots: Roots{System: certtest.Pool(root), Mozilla: x509.NewCertPool()}}); f.Lints != nil {
		t.Errorf("a private authority's certificate is held against public rules: %+v", f.Lints)
	}
	if Lints([]byte("garbage")) != nil {
		t.Error("garbage has lints")
	}
}
