// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package tlsprobe

import (
	"bytes"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spiffe/go-spiffe/v2/spiffeid"
	"golang.org/x/crypto/cryptobyte"
	cryptobyte_asn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// SVIDOptions say what an X.509-SVID is held against.
type SVIDOptions struct {
	Demanded    bool              // that there is one, even where the certificate has no SPIFFE ID
	TrustDomain string            // that it must be of; "" for any
	Path        func(string) bool // whether a path is allowed; nil: any
	Bundle      *x509.CertPool    // of the trust domain; nil: not known, and nothing is verified
}

// An SVID is how far a chain is an X.509-SVID (SPIFFE X.509-SVID standard).
type SVID struct {
	ID          string       `json:"id,omitempty"`
	TrustDomain string       `json:"trust_domain,omitempty"`
	Path        string       `json:"path,omitempty"`
	Signing     bool         `json:"signing,omitempty"` // it is an authority's
	Defects     []SVIDDefect `json:"defects"`
	Trust       TrustState   `json:"trust"` // by the trust domain's bundle

	// Headroom is the part of the lifetime that remains, between 0 and 1: an agent renews at
	// a half, so that less than that means that the last renewal failed.
	Headroom float64 `json:"headroom"`
}

// SVIDDefect is what the standard forbids.
type SVIDDefect string

// The defects, by sections of the SPIFFE X.509-SVID standard.
const (
	SVIDUnreadable        SVIDDefect = "unreadable"
	SVIDNoURI             SVIDDefect = "no-uri"               // 2: no URI SAN
	SVIDManyURIs          SVIDDefect = "many-uris"            // 2: exactly one URI SAN
	SVIDBadScheme         SVIDDefect = "bad-scheme"           // SPIFFE-ID 2: not spiffe
	SVIDBadTrustDomain    SVIDDefect = "bad-trust-domain"     // SPIFFE-ID 2.1
	SVIDBadPath           SVIDDefect = "bad-path"             // SPIFFE-ID 2.2
	SVIDTooLong           SVIDDefect = "too-long"             // SPIFFE-ID 2.3: 2048 bytes
	SVIDOtherTrustDomain  SVIDDefect = "other-trust-domain"   // than the one demanded
	SVIDOtherPath         SVIDDefect = "other-path"           // than the policy allows
	SVIDNoPath            SVIDDefect = "no-path"              // 3.1: a leaf has one
	SVIDNoUsage           SVIDDefect = "no-key-usage"         // 4.3: the extension is demanded
	SVIDUsageNotCritical  SVIDDefect = "usage-not-critical"   // 4.3
	SVIDNoSignature       SVIDDefect = "no-digital-signature" // 4.3: of a leaf
	SVIDSigns             SVIDDefect = "signs"                // 4.3: keyCertSign or cRLSign in a leaf
	SVIDExtendedUsage     SVIDDefect = "extended-key-usage"   // 4.4: serverAuth and clientAuth, if any
	SVIDSigningPath       SVIDDefect = "signing-path"         // 3.2: of an authority has none
	SVIDSigningUsage      SVIDDefect = "signing-usage"        // 4.3: an authority without keyCertSign
	SVIDIssuerTrustDomain SVIDDefect = "issuer-trust-domain"  // an authority on the way has an ID of another trust domain
	SVIDNotLeaf           SVIDDefect = "not-a-leaf"           // 5.1: what identifies a workload is a leaf
	SVIDExpired           SVIDDefect = "expired"
	SVIDNotYetValid       SVIDDefect = "not-yet-valid"
	SVIDUntrusted         SVIDDefect = "untrusted" // 5.1: no way to the trust domain's bundle
)

// maxSPIFFE is the longest SPIFFE ID (SPIFFE-ID, section 2.3).
const maxSPIFFE = 2048

// hasSPIFFE reports whether the certificate has a SPIFFE ID, right or wrong.
func (c *Certificate) hasSPIFFE() bool {
	return slices.ContainsFunc(c.URIs, func(uri string) bool { return strings.HasPrefix(strings.ToLower(uri), "spiffe:") })
}

// ExamineSVID holds a chain, DER, the leaf first, against the standard.
func ExamineSVID(chain [][]byte, o SVIDOptions, now time.Time) SVID {
	s := SVID{Defects: []SVIDDefect{}, Trust: TrustUnknown}
	if len(chain) == 0 {
		s.add(SVIDUnreadable)
		return s
	}
	c := ParseCertificate(chain[0])
	leaf := newLink(c)
	if leaf.rest == nil {
		s.add(SVIDUnreadable)
		return s
	}
	s.Signing = c.CA
	s.identify(uris(leaf.rest.Extensions), o)
	s.usages(leaf.rest)
	switch c.validity(now) {
	case Expired:
		s.add(SVIDExpired)
	case NotYetValid:
		s.add(SVIDNotYetValid)
	}
	s.Headroom = headroom(c, now)
	s.verify(chain, leaf, o, now)
	s.authorities(chain[1:min(len(chain), maxPath)])
	slices.Sort(s.Defects)
	s.Defects = slices.Compact(s.Defects)
	return s
}

func (s *SVID) add(d SVIDDefect) { s.Defects = append(s.Defects, d) }

// uris are the URI SANs as they stand in the certificate (RFC 5280, section 4.2.1.6):
// package url would write some of them otherwise, and right.
func uris(extensions []pkix.Extension) []string {
	var out []string
	for _, e := range extensions {
		s := cryptobyte.String(e.Value)
		var names, name cryptobyte.String
		if !e.Id.Equal(oidSAN) || !s.ReadASN1(&names, cryptobyte_asn1.SEQUENCE) {
			continue
		}
		for !names.Empty() {
			var tag cryptobyte_asn1.Tag
			if !names.ReadAnyASN1(&name, &tag) {
				break
			}
			if tag == cryptobyte_asn1.Tag(6).ContextSpecific() {
				out = append(out, string(name))
			}
		}
	}
	return out
}

// identify judges the ID (SPIFFE-ID, section 2; X.509-SVID, section 2).
func (s *SVID) identify(uris []string, o SVIDOptions) {
	switch {
	case len(uris) == 0:
		if !s.Signing { // an authority may have none (X.509-SVID, section 3.2)
			s.add(SVIDNoURI)
		}
		return
	case len(uris) > 1:
		s.add(SVIDManyURIs)
	}
	uri := uris[max(0, slices.IndexFunc(uris, func(u string) bool { return strings.HasPrefix(u, "spiffe:") }))]
	if len(uri) > maxSPIFFE {
		s.add(SVIDTooLong)
		return
	}
	rest, ok := strings.CutPrefix(uri, "spiffe://")
	if !ok {
		s.add(SVIDBadScheme)
		return
	}
	name, path, hasPath := strings.Cut(rest, "/")
	if hasPath {
		path = "/" + path
	}
	domain, err := spiffeid.TrustDomainFromString(name)
	if err != nil || name == "" || strings.Contains(name, ":") {
		s.add(SVIDBadTrustDomain)
	}
	if spiffeid.ValidatePath(path) != nil {
		s.add(SVIDBadPath)
	}
	if _, err := spiffeid.FromString(uri); err != nil {
		if len(s.Defects) == 0 { // of what the two parts do not show
			s.add(SVIDBadPath)
		}
		return
	}
	s.ID, s.TrustDomain, s.Path = uri, domain.Name(), path
	switch {
	case s.Signing && path != "":
		s.add(SVIDSigningPath)
	case !s.Signing && path == "":
		s.add(SVIDNoPath)
	}
	if o.TrustDomain != "" && o.TrustDomain != s.TrustDomain {
		s.add(SVIDOtherTrustDomain)
	}
	if o.Path != nil && !o.Path(path) {
		s.add(SVIDOtherPath)
	}
}

// usages judges for what the key is (X.509-SVID, section 4).
func (s *SVID) usages(x *x509.Certificate) {
	const signs = x509.KeyUsageCertSign | x509.KeyUsageCRLSign
	i := slices.IndexFunc(x.Extensions, func(e pkix.Extension) bool { return e.Id.Equal(oidKeyUsage) })
	switch {
	case i < 0:
		s.add(SVIDNoUsage)
	case !x.Extensions[i].Critical:
		s.add(SVIDUsageNotCritical)
	}
	if s.Signing {
		s.add(SVIDNotLeaf) // a server shows a leaf, and a workload's file holds one
		if x.KeyUsage&x509.KeyUsageCertSign == 0 {
			s.add(SVIDSigningUsage)
		}
		return
	}
	if x.KeyUsage&signs != 0 {
		s.add(SVIDSigns)
	}
	if i >= 0 && x.KeyUsage&x509.KeyUsageDigitalSignature == 0 {
		s.add(SVIDNoSignature)
	}
	if len(x.ExtKeyUsage)+len(x.UnknownExtKeyUsage) > 0 &&
		(!slices.Contains(x.ExtKeyUsage, x509.ExtKeyUsageServerAuth) || !slices.Contains(x.ExtKeyUsage, x509.ExtKeyUsageClientAuth)) {
		s.add(SVIDExtendedUsage)
	}
}

// headroom is the part of the lifetime that remains.
func headroom(c Certificate, now time.Time) float64 {
	whole := c.NotAfter.Sub(c.NotBefore)
	if whole <= 0 {
		return 0
	}
	return max(0, min(1, float64(c.NotAfter.Sub(now))/float64(whole)))
}

// verify looks for a way to the trust domain's bundle (X.509-SVID, section 5.1). The
// extended usage is judged apart.
func (s *SVID) verify(chain [][]byte, leaf *link, o SVIDOptions, now time.Time) {
	if o.Bundle == nil || leaf.std == nil {
		return
	}
	intermediates := x509.NewCertPool()
	for _, der := range chain[1:min(len(chain), maxPath)] {
		if l := newLink(ParseCertificate(der)); l.std != nil {
			intermediates.AddCert(l.std)
		}
	}
	at := now
	switch leaf.validity(now) {
	case Expired:
		at = leaf.NotAfter
	case NotYetValid:
		at = leaf.NotBefore
	}
	s.Trust = Trusted
	if _, err := leaf.std.Verify(x509.VerifyOptions{Roots: o.Bundle, Intermediates: intermediates, CurrentTime: at, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}}); err != nil {
		s.Trust = Untrusted
		s.add(SVIDUntrusted)
	}
}

// authorities judges those above the leaf (X.509-SVID, sections 3.2 and 4).
func (s *SVID) authorities(chain [][]byte) {
	for _, der := range chain {
		c := ParseCertificate(der)
		if c.CA && !slices.Contains(c.KeyUsage, "keyCertSign") {
			s.add(SVIDSigningUsage)
		}
		for _, uri := range c.URIs {
			id, err := spiffeid.FromString(uri)
			switch {
			case err != nil: // of no concern to SPIFFE
			case id.Path() != "":
				s.add(SVIDSigningPath)
			case s.TrustDomain != "" && id.TrustDomain().Name() != s.TrustDomain:
				s.add(SVIDIssuerTrustDomain)
			}
		}
	}
}

// maxSVIDFile bounds a file of certificates.
const maxSVIDFile = 1 << 20

// ParseSVIDFile reads the chain in a file: PEM, in which other things may stand, or the
// concatenated DER that the Workload API gives. Keys in it are not read.
func ParseSVIDFile(data []byte) ([][]byte, error) {
	if len(data) > maxSVIDFile {
		return nil, fmt.Errorf("larger than %d bytes", maxSVIDFile)
	}
	var out [][]byte
	if bytes.Contains(data, []byte("-----BEGIN ")) {
		for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
			if block.Type == "CERTIFICATE" {
				out = append(out, block.Bytes)
			}
		}
	} else if list, err := x509.ParseCertificates(data); err == nil {
		for _, c := range list {
			out = append(out, c.Raw)
		}
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("it holds no certificate")
	}
	return out, nil
}

// Extensions of RFC 5280, section 4.2.1.
var (
	oidKeyUsage = asn1.ObjectIdentifier{2, 5, 29, 15}
	oidSAN      = asn1.ObjectIdentifier{2, 5, 29, 17}
)
