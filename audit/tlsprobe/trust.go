// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package tlsprobe

import (
	"bytes"
	"crypto/x509"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/emmansun/gmsm/smx509"
	"golang.org/x/crypto/x509roots/fallback/bundle"
)

// Roots are the authorities that chains are verified against.
type Roots struct {
	System  *x509.CertPool // nil: the system's
	Mozilla *x509.CertPool // nil: [MozillaRoots]
	SM      [][]byte       // authorities with keys of SM2, DER: no store has any
}

// Verification says which stores trust a chain. A certificate that is expired is judged
// as of when it was valid: that it is expired is another fact.
type Verification struct {
	System  Trust  `json:"system"`
	Mozilla Trust  `json:"mozilla"`
	SM      *Trust `json:"sm,omitempty"` // of a chain with keys of SM2
}

// Trust is what one store thinks of a chain.
type Trust struct {
	State   TrustState   `json:"state"`
	Problem TrustProblem `json:"problem,omitempty"` // why it is not trusted

	// Known says that the store has an authority whose signature leads down to the first
	// certificate, whatever else is wrong with the chain.
	Known bool `json:"known"`
}

// TrustState is whether a chain is trusted.
type TrustState string

// The states.
const (
	Trusted      TrustState = "trusted"
	Untrusted    TrustState = "untrusted"
	TrustUnknown TrustState = "unknown" // there is no store, or nothing here that could verify
)

// TrustProblem is why a chain is not trusted.
type TrustProblem string

// The problems.
const (
	UnknownAuthority  TrustProblem = "unknown-authority"
	OutdatedIssuer    TrustProblem = "outdated-issuer"    // an authority is expired, or not valid yet
	NoAuthority       TrustProblem = "no-authority"       // an issuer may not issue, or not for so many below
	WrongUsage        TrustProblem = "wrong-usage"        // not for servers
	NameConstraint    TrustProblem = "name-constraint"    // an issuer may not issue for the name
	StoreConstraint   TrustProblem = "store-constraint"   // the store knows the authority, and does not trust it with this
	CriticalExtension TrustProblem = "critical-extension" // one that is not understood
	UnknownKey        TrustProblem = "unknown-key"        // of a kind that cannot be verified here
	NoStore           TrustProblem = "no-store"
	InvalidChain      TrustProblem = "invalid"
)

// knows reports whether a store knows an authority of the chain, whatever is wrong with it.
func (v *Verification) knows() bool {
	return v.System.Known || v.Mozilla.Known || v.SM != nil && v.SM.Known
}

// MozillaRoots are the authorities that Mozilla trusts for servers, as of the release of
// golang.org/x/crypto/x509roots/fallback.
func MozillaRoots() *x509.CertPool {
	trusted, _ := mozillaRoots()
	return trusted
}

// mozillaRoots are Mozilla's authorities, and the same without what Mozilla demands of some
// whose later certificates it does not trust.
var mozillaRoots = sync.OnceValues(func() (trusted, known *x509.CertPool) {
	trusted, known = x509.NewCertPool(), x509.NewCertPool()
	for root := range bundle.Roots() {
		c, err := x509.ParseCertificate(root.Certificate)
		if err != nil { // one that this release of Go does not read is none that it trusts
			continue
		}
		known.AddCert(c)
		if root.Constraint == nil {
			trusted.AddCert(c)
		} else {
			trusted.AddCertWithConstraint(c, root.Constraint)
		}
	}
	return trusted, known
})

// A link is a certificate of a chain, as packages can read it.
type link struct {
	Certificate
	std  *x509.Certificate   // nil if package x509 does not read it
	sm   *smx509.Certificate // nil if package smx509 does not read it
	rest *x509.Certificate   // all but the key; nil if it is malformed
}

// maxModulus bounds the keys with which signatures are checked: the time that one takes
// grows with the square of their length.
const maxModulus = 16384

func linksOf(chain []Certificate) []*link {
	var out []*link
	for _, c := range chain {
		out = append(out, newLink(c))
	}
	return out
}

func newLink(c Certificate) *link {
	l := &link{Certificate: c}
	if len(c.DER) > maxCertificate {
		return l
	}
	b, ok := readBones(c.DER)
	if !ok {
		return l
	}
	l.rest, _ = x509.ParseCertificate(b.withoutKey())
	if c.Key.Bits > maxModulus {
		return l
	}
	l.std, _ = x509.ParseCertificate(c.DER)
	if l.std == nil || l.std.PublicKey == nil || c.Signature == "SM2-SM3" {
		l.sm, _ = smx509.ParseCertificate(c.DER)
	}
	return l
}

// match tells whether the certificate is for a name or an address.
func (l *link) match(name string) NameMatch {
	switch {
	case name == "":
		return ""
	case l.rest == nil:
		return NameUnknown
	case l.rest.VerifyHostname(name) != nil:
		return NameMismatch
	}
	return NameMatches
}

// How sure it is that one certificate's key signed another.
type signing int

const (
	otherwise signing = iota // it did not
	byName                   // the names fit, and the signature is of a kind that cannot be checked here
	proven
)

// signed tells whether a certificate's key signed another.
func (l *link) signed(subject *link) signing {
	if l.rest == nil || subject.rest == nil || !bytes.Equal(l.rest.RawSubject, subject.rest.RawIssuer) {
		return otherwise
	}
	var err error
	switch {
	case l.Key.Bits > maxModulus, l.Key.Type == "RSA" && l.Key.Bits < 1024: // which package rsa refuses
		return byName
	case l.std != nil && l.std.PublicKey != nil && subject.std != nil:
		err = l.std.CheckSignature(subject.std.SignatureAlgorithm, subject.std.RawTBSCertificate, subject.std.Signature)
	default:
		i, s := l.smx(), subject.smx()
		if i == nil || s == nil || i.PublicKey == nil {
			return byName
		}
		err = i.CheckSignature(s.SignatureAlgorithm, s.RawTBSCertificate, s.Signature)
	}
	switch {
	case err == nil:
		return proven
	case errors.Is(err, x509.ErrUnsupportedAlgorithm), errors.Is(err, smx509.ErrUnsupportedAlgorithm),
		errors.As(err, new(x509.InsecureAlgorithmError)), errors.As(err, new(smx509.InsecureAlgorithmError)):
		return byName
	}
	return otherwise
}

// checkable reports whether package x509 can check the signature on the certificate.
func (l *link) checkable() bool {
	return l.std != nil && l.std.SignatureAlgorithm != x509.UnknownSignatureAlgorithm
}

// smx is the certificate as package smx509 reads it; nil if it does not.
func (l *link) smx() *smx509.Certificate {
	if l.sm == nil && l.std != nil {
		l.sm, _ = smx509.ParseCertificate(l.DER)
	}
	return l.sm
}

// verify holds a chain against the stores. It returns the issuer of the first
// certificate, too: who was sent, or who is in a store; nil if nobody is.
func verify(links []*link, path []int, o ChainOptions) (Verification, *link) {
	var v Verification
	var issuer *link
	leaf := links[0]
	if len(path) > 1 {
		issuer = links[path[1]]
	} else if leaf.SelfIssued {
		issuer = leaf
	}
	at := o.Now
	switch leaf.validity(o.Now) {
	case NotYetValid:
		at = leaf.NotBefore
	case Expired:
		at = leaf.NotAfter
	}
	mozilla, system := o.Roots.Mozilla, o.Roots.System
	mozillaKnown := mozilla
	if mozilla == nil {
		mozilla, mozillaKnown = mozillaRoots()
	}
	if system == nil {
		system = systemRoots()
	}
	var fromMozilla, fromSystem *x509.Certificate
	v.Mozilla, fromMozilla = verifyIn(mozilla, links, path, at)
	v.System, fromSystem = verifyIn(system, links, path, at)
	v.Mozilla.anchor(mozillaKnown, links, path)
	v.System.anchor(system, links, path)
	for _, c := range []*x509.Certificate{fromMozilla, fromSystem} {
		if issuer == nil && c != nil {
			issuer = newLink(ParseCertificate(c.Raw))
		}
	}
	if leaf.sm != nil && isSM(leaf.Certificate) {
		t := verifySM(o.Roots.SM, links, at)
		v.SM = &t
	}
	return v, issuer
}

// systemRoots are the system's authorities; nil if it has none, which package x509 takes
// for a store like any other.
var systemRoots = sync.OnceValue(func() *x509.CertPool {
	pool, err := x509.SystemCertPool()
	if err != nil || pool.Equal(x509.NewCertPool()) {
		return nil
	}
	return pool
})

// anchor finds out whether the store knows an authority of the chain, where it does not trust it.
func (t *Trust) anchor(roots *x509.CertPool, links []*link, path []int) {
	t.Known = t.Known || anchored(roots, links, path)
	if t.Known && t.Problem == UnknownAuthority { // of a constraint, or a hash that is not trusted any more, package x509 says no more
		t.Problem = StoreConstraint
	}
}

// anchored reports whether a store has an authority that issued a certificate of the path. A
// chain is refused for the first thing that is wrong with it, which need not be that the
// authority is unknown: anybody can add an oddity to what he makes.
func anchored(roots *x509.CertPool, links []*link, path []int) bool {
	for n, i := range path {
		l := links[i]
		if l.std == nil || roots == nil || n > 0 && l.signed(links[path[n-1]]) != proven {
			return false
		}
		at := l.std.NotBefore // when it was issued, the authority was valid
		c := *l.std
		c.UnhandledCriticalExtensions = nil
		_, err := c.Verify(x509.VerifyOptions{Roots: roots, CurrentTime: at, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}})
		if err == nil {
			return true
		}
	}
	return false
}

// isSM reports whether a certificate is of the Chinese algorithms.
func isSM(c Certificate) bool { return c.Key.Type == "SM2" || c.Signature == "SM2-SM3" }

// verifyIn verifies a chain, and returns the issuer of the first certificate.
func verifyIn(roots *x509.CertPool, links []*link, path []int, at time.Time) (Trust, *x509.Certificate) {
	leaf := links[0].std
	switch {
	case roots == nil:
		return Trust{State: TrustUnknown, Problem: NoStore}, nil
	case leaf == nil:
		return Trust{State: Untrusted, Problem: UnknownKey}, nil // no store has an authority for it
	}
	intermediates := x509.NewCertPool()
	for _, l := range links[1:min(len(links), maxPath)] {
		if l.std != nil {
			intermediates.AddCert(l.std)
		}
	}
	chains, err := leaf.Verify(x509.VerifyOptions{Roots: roots, Intermediates: intermediates, CurrentTime: at})
	if err != nil {
		t := Trust{State: Untrusted, Problem: problemOf(err)}
		if t.Problem == UnknownAuthority && slices.ContainsFunc(path, func(i int) bool { return !links[i].checkable() }) {
			t.Problem = UnknownKey
		}
		return t, nil
	}
	if len(chains[0]) < 2 { // the certificate itself is trusted
		return Trust{State: Trusted, Known: true}, nil
	}
	return Trust{State: Trusted, Known: true}, chains[0][1]
}

// problemOf classifies an error of verification.
func problemOf(err error) TrustProblem {
	var invalid x509.CertificateInvalidError
	switch {
	case errors.As(err, new(x509.UnknownAuthorityError)):
		return UnknownAuthority
	case errors.As(err, new(x509.UnhandledCriticalExtension)):
		return CriticalExtension
	case errors.As(err, &invalid):
		return reasonOf(int(invalid.Reason))
	}
	return InvalidChain
}

// reasonOf classifies a reason, which has the same numbers in x509 and smx509.
func reasonOf(reason int) TrustProblem {
	switch x509.InvalidReason(reason) {
	case x509.Expired:
		return OutdatedIssuer
	case x509.NotAuthorizedToSign, x509.TooManyIntermediates:
		return NoAuthority
	case x509.IncompatibleUsage, x509.NoValidChains:
		return WrongUsage
	case x509.CANotAuthorizedForThisName, x509.UnconstrainedName, x509.TooManyConstraints:
		return NameConstraint
	}
	return InvalidChain
}

// verifySM verifies a chain with keys of SM2 against given authorities.
func verifySM(ders [][]byte, links []*link, at time.Time) Trust {
	roots, intermediates := smx509.NewCertPool(), smx509.NewCertPool()
	known := false
	for _, der := range ders {
		if c, err := smx509.ParseCertificate(der); err == nil {
			roots.AddCert(c)
			known = true
		}
	}
	if !known {
		return Trust{State: TrustUnknown, Problem: NoStore}
	}
	for _, l := range links[1:min(len(links), maxPath)] {
		if c := l.smx(); c != nil {
			intermediates.AddCert(c)
		}
	}
	_, err := links[0].sm.Verify(smx509.VerifyOptions{Roots: roots, Intermediates: intermediates, CurrentTime: at})
	var invalid smx509.CertificateInvalidError
	switch {
	case err == nil:
		return Trust{State: Trusted, Known: true}
	case errors.As(err, new(smx509.UnknownAuthorityError)):
		return Trust{State: Untrusted, Problem: UnknownAuthority}
	case errors.As(err, &invalid):
		return Trust{State: Untrusted, Problem: reasonOf(int(invalid.Reason))}
	}
	return Trust{State: Untrusted, Problem: InvalidChain}
}
