// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package tlsprobe

import (
	"bytes"
	"crypto/x509"
	"testing"

	"golang.org/x/crypto/ocsp"

	"github.com/goassay/assay/audit/tlsprobe/certtest"
)

func TestStaples(t *testing.T) {
	now := certtest.Now
	root := certtest.Root(t, "Root")
	other := certtest.Root(t, "Root")
	leaf, another := root.Server(t, "www.example.com"), root.Server(t, "www.example.com")
	charged := func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageOCSPSigning} }
	responder := root.Server(t, "responder", charged)
	uncharged := root.Server(t, "responder")
	stranger := other.Server(t, "responder", charged)
	late := root.Server(t, "responder", charged, func(c *x509.Certificate) { c.NotAfter = now.AddDate(0, 0, -2) })
	good := root.Staple(t, leaf, nil)
	broken := bytes.Clone(good)
	broken[len(broken)-1] ^= 1
	delegated := root.Staple(t, leaf, responder)
	// The last byte of the response's own signature stands before the responder's certificate.
	brokenDelegated := bytes.Clone(delegated)
	brokenDelegated[bytes.Index(delegated, responder.Raw)-20] ^= 1
	tests := []struct {
		name     string
		der      []byte
		chain    []*certtest.Identity
		status   string
		verified State
		problem  string
	}{
		{"good", good, nil, "good", Offered, ""},
		{"issuer in the store", good, []*certtest.Identity{leaf}, "good", Offered, ""},
		{"revoked", root.Staple(t, leaf, nil, func(r *ocsp.Response) { r.Status, r.RevokedAt = ocsp.Revoked, now.AddDate(0, 0, -1) }), nil, "revoked", Offered, ""},
		{"unknown", root.Staple(t, leaf, nil, func(r *ocsp.Response) { r.Status = ocsp.Unknown }), nil, "unknown", Offered, ""},
		{"responder", delegated, nil, "good", Offered, ""},
		{"issuer's certificate enclosed", root.Staple(t, leaf, root), nil, "good", Offered, ""},
		{"uncharged", root.Staple(t, leaf, uncharged), nil, "good", NotOffered, StapleResponder},
		{"stranger", root.Staple(t, leaf, stranger), nil, "good", NotOffered, StapleResponder},
		{"expired responder", root.Staple(t, leaf, late), nil, "good", NotOffered, StapleResponder},
		{"expired", root.Staple(t, leaf, nil, func(r *ocsp.Response) { r.NextUpdate = now.Add(-1) }), nil, "good", NotOffered, StapleExpired},
		{"not yet", root.Staple(t, leaf, nil, func(r *ocsp.Response) { r.ThisUpdate = now.AddDate(0, 0, 1) }), nil, "good", NotOffered, StapleNotYetValid},
		{"another certificate's", root.Staple(t, another, nil), nil, "", NotOffered, StapleOther},
		{"another key's", other.Staple(t, leaf, nil), nil, "good", NotOffered, StapleSignature},
		{"broken", broken, nil, "good", NotOffered, StapleSignature},
		{"broken beside a responder", brokenDelegated, nil, "", NotOffered, StapleSignature},
		{"refused", ocsp.TryLaterErrorResponse, nil, "", NotOffered, StapleRefused},
		{"garbage", []byte("garbage"), nil, "", NotOffered, StapleMalformed},
		{"huge", make([]byte, maxStaple+1), nil, "", NotOffered, StapleMalformed},
	}
	for _, test := range tests {
		if test.chain == nil {
			test.chain = []*certtest.Identity{leaf, root}
		}
		c := chainOf(test.chain...)
		c.Staple = test.der
		f := ExamineChain(c, ChainOptions{Now: now, Roots: Roots{System: certtest.Pool(root), Mozilla: certtest.Pool(root)}})
		if s := f.Staple; s == nil || s.Status != test.status || s.Verified != test.verified || s.Problem != test.problem {
			t.Errorf("%s: %+v", test.name, s)
		}
	}
	c := chainOf(leaf)
	c.Staple = good
	if s := ExamineChain(c, ChainOptions{Now: now}).Staple; s.Verified != Unknown || s.Problem != StapleNoIssuer {
		t.Errorf("without an issuer: %+v", s)
	}
	if s := ExamineChain(chainOf(leaf, root), ChainOptions{Now: now}).Staple; s != nil {
		t.Errorf("without a staple: %+v", s)
	}
	r := &Result{Certificates: []Chain{c}}
	if facts := r.Examine(ChainOptions{Now: now}); len(facts) != 1 || len(r.OCSP) != 1 || r.SCTs != nil {
		t.Errorf("%+v %+v", facts, r)
	}
}
