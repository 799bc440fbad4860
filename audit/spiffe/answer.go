// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package spiffe

import (
	"bytes"
	"cmp"
	"crypto"
	"crypto/x509"
	"errors"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/spiffe/go-spiffe/v2/proto/spiffe/workload"
	"github.com/spiffe/go-spiffe/v2/spiffeid"
	"golang.org/x/crypto/cryptobyte"
	cryptobyte_asn1 "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/goassay/assay/audit/tlsprobe"
)

// What is taken of an agent.
const (
	maxAnswer  = 1 << 20  // bytes of one answer
	maxKept    = 16 << 20 // bytes of certificates that are kept of all
	maxSVIDs   = 256      // of all answers
	maxBundles = 1024     // of one answer
	maxKey     = 16 << 10 // bytes of a private key: RSA of 16384 bits has less than 10 KiB
	maxID      = 2048     // characters (SPIFFE-ID, section 2.3)
	maxDetail  = 200      // characters of an error, or of a hint
)

// errExcessive is an answer with more than is taken.
var errExcessive = errors.New("more SVIDs, bundles or certificates than are taken")

// identity tells SVIDs apart: two of one ID and hint, which should not be, by their order.
type identity struct {
	id, hint string
	nth      int
}

// take adds an answer to what is known, and reports whether it brought anything new. The
// answer is not to be used any more: its private keys are overwritten.
func (w *watch) take(answer *workload.X509SVIDResponse, at time.Time) (changed bool, err error) {
	defer func() {
		for _, s := range answer.GetSvids() {
			clear(s.GetX509SvidKey())
		}
	}()
	switch {
	case len(answer.GetSvids()) == 0:
		return false, errors.New("no SVIDs in the answer")
	case len(answer.Svids) > maxSVIDs || len(answer.FederatedBundles) > maxBundles:
		return false, errExcessive
	}
	seen := map[identity]bool{}
	var bundles []Bundle
	for _, message := range answer.Svids {
		id := identity{id: printable(message.GetSpiffeId(), maxID), hint: printable(message.GetHint(), maxDetail)}
		for seen[id] {
			id.nth++
		}
		seen[id] = true
		b := Bundle{TrustDomain: trustDomain(message.GetSpiffeId()), Authorities: certificates(message.GetBundle())}
		bundles = addBundle(bundles, b)
		if w.issue(id, message, b.Authorities, at) {
			changed = true
		}
	}
	for name, der := range answer.FederatedBundles {
		bundles = addBundle(bundles, Bundle{TrustDomain: trustDomain(name), Federated: true, Authorities: certificates(der)})
	}
	for id, s := range w.svids {
		if !seen[id] && s.Withdrawn == nil {
			s.Withdrawn, changed = &at, true
		}
	}
	slices.SortFunc(bundles, compareBundles)
	if slices.CompareFunc(bundles, w.result.Bundles, compareBundles) != 0 {
		for _, b := range bundles {
			w.keep(b.Authorities)
		}
		w.result.Bundles, changed = bundles, true
	}
	if len(w.svids) > maxSVIDs || w.kept > maxKept {
		err = errExcessive
	}
	return changed, err
}

// issue takes one SVID of an answer, and reports whether it is new or was rotated.
func (w *watch) issue(id identity, message *workload.X509SVID, authorities [][]byte, at time.Time) bool {
	i := readIssue(message, at)
	s := w.svids[id]
	if s == nil {
		s = &SVID{ID: id.id, Hint: id.hint}
		w.svids[id] = s
	}
	changed := s.Withdrawn != nil
	s.Bundle, s.Withdrawn = authorities, nil
	if len(s.Issues) > 0 && sameLeaf(s.Last().Chain, i.Chain) {
		last := s.Last()
		if last.Key == KeyFits { // a key that did not fit once is not forgotten
			last.Key = i.Key
		}
		if !slices.EqualFunc(last.Chain, i.Chain, bytes.Equal) {
			w.keep(i.Chain)
			last.Chain, changed = i.Chain, true
		}
		return changed
	}
	w.keep(i.Chain)
	s.Issues = append(s.Issues, i)
	return true
}

// keep counts what is kept.
func (w *watch) keep(list [][]byte) {
	for _, der := range list {
		w.kept += len(der)
	}
}

func sameLeaf(a, b [][]byte) bool {
	if len(a) == 0 || len(b) == 0 {
		return len(a) == len(b)
	}
	return bytes.Equal(a[0], b[0])
}

// readIssue reads the certificate of an SVID, and holds the private key against it.
func readIssue(message *workload.X509SVID, at time.Time) Issue {
	i := Issue{At: at, Chain: certificates(message.GetX509Svid()), Key: KeyUnknown}
	if len(message.GetX509SvidKey()) == 0 {
		i.Key = KeyMissing
	}
	if len(i.Chain) == 0 {
		return i
	}
	c := tlsprobe.ParseCertificate(i.Chain[0])
	i.NotBefore, i.NotAfter, i.SPKI = c.NotBefore, c.NotAfter, c.SPKI
	if i.Key == KeyUnknown {
		i.Key = compareKey(message.GetX509SvidKey(), i.Chain[0])
	}
	return i
}

// compareKey holds a private key, PKCS #8, against a certificate.
func compareKey(key, leaf []byte) KeyState {
	if len(key) > maxKey { // to compute with one would take its time
		return KeyUnreadable
	}
	c, err := x509.ParseCertificate(leaf)
	if err != nil || c.PublicKey == nil {
		return KeyUnknown
	}
	private, err := x509.ParsePKCS8PrivateKey(key)
	if err != nil {
		return KeyUnreadable
	}
	signer, ok := private.(crypto.Signer)
	if !ok { // no kind of which an SVID can be
		return KeyOther
	}
	public, ok := signer.Public().(interface{ Equal(crypto.PublicKey) bool })
	switch {
	case !ok:
		return KeyUnknown
	case public.Equal(c.PublicKey):
		return KeyFits
	}
	return KeyOther
}

// certificates splits concatenated DER, or returns nothing where any of it is no
// certificate: what else it is may be a secret.
func certificates(der []byte) [][]byte {
	var out [][]byte
	for s := cryptobyte.String(der); !s.Empty(); {
		var element cryptobyte.String
		if !s.ReadASN1Element(&element, cryptobyte_asn1.SEQUENCE) || !isCertificate(element) {
			return nil
		}
		out = append(out, bytes.Clone(element))
	}
	return out
}

// isCertificate reports whether DER is a certificate, though one perhaps that package x509
// does not read.
func isCertificate(der []byte) bool { return tlsprobe.ParseCertificate(der).SPKI != "" }

// trustDomain is the trust domain's name of an ID, or of a name; what is none stays as it is.
func trustDomain(id string) string {
	if td, err := spiffeid.TrustDomainFromString(id); err == nil {
		return td.Name()
	}
	return printable(id, maxID)
}

// addBundle adds a bundle once.
func addBundle(list []Bundle, b Bundle) []Bundle {
	if slices.ContainsFunc(list, func(o Bundle) bool { return compareBundles(o, b) == 0 }) {
		return list
	}
	return append(list, b)
}

func compareBundles(a, b Bundle) int {
	federated := func(b Bundle) int {
		if b.Federated {
			return 1
		}
		return 0
	}
	return cmp.Or(strings.Compare(a.TrustDomain, b.TrustDomain), federated(a)-federated(b), slices.CompareFunc(a.Authorities, b.Authorities, bytes.Compare))
}

// printable is a text of somebody else's without what a terminal would obey, cut off.
func printable(s string, limit int) string {
	var b strings.Builder
	n := 0
	for _, r := range s {
		if n++; n > limit {
			b.WriteRune('…')
			break
		}
		if !unicode.IsPrint(r) {
			r = unicode.ReplacementChar
		}
		b.WriteRune(r)
	}
	return b.String()
}
