// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package tlsprobe

import (
	"bytes"
	"crypto/x509"
	"errors"
	"slices"
	"time"

	"golang.org/x/crypto/ocsp"
)

// What is wrong with a staple.
const (
	StapleMalformed   = "malformed"
	StapleRefused     = "refused"           // the responder answered with an error, and the server sends that
	StapleOther       = "other-certificate" // it says nothing of this certificate
	StapleSignature   = "bad-signature"
	StapleResponder   = "bad-responder" // signed by somebody whom the issuer did not charge with it
	StapleExpired     = "expired"
	StapleNotYetValid = "not-yet-valid"
	StapleNoIssuer    = "no-issuer" // the issuer is not known
)

// maxStaple bounds an OCSP response. They have some 500 bytes, and 5 KiB with certificates.
const maxStaple = 256 << 10

// readStaple reads an OCSP response, and verifies it (RFC 6960, section 3.2).
func readStaple(der []byte, leaf, issuer *link, now time.Time) Staple {
	s := Staple{Certificate: leaf.SHA256, Verified: NotOffered, DER: der}
	if leaf.rest == nil || len(der) > maxStaple {
		s.Problem = StapleMalformed
		return s
	}
	// The package demands of any certificate in the response that it be issued by the issuer, and looks at
	// nothing else of it; what is to be demanded stands below.
	r, err := ocsp.ParseResponseForCert(der, leaf.rest, nil)
	if err != nil {
		s.Problem = stapleProblem(der, err)
		return s
	}
	s.ThisUpdate, s.NextUpdate = r.ThisUpdate.UTC(), r.NextUpdate.UTC()
	if r.NextUpdate.IsZero() {
		s.NextUpdate = time.Time{}
	}
	switch r.Status {
	case ocsp.Good:
		s.Status = "good"
	case ocsp.Revoked:
		s.Status = "revoked"
	default:
		s.Status = "unknown"
	}
	switch {
	case issuer == nil || issuer.std == nil || issuer.std.PublicKey == nil:
		s.Verified, s.Problem = Unknown, StapleNoIssuer
		return s
	case r.Certificate == nil || bytes.Equal(r.Certificate.Raw, issuer.DER):
		if r.CheckSignatureFrom(issuer.std) != nil {
			s.Problem = StapleSignature
			return s
		}
	case !responds(r.Certificate, issuer.std, now):
		s.Problem = StapleResponder
		return s
	}
	switch { // RFC 6960, section 4.2.2.1
	case now.Before(r.ThisUpdate):
		s.Problem = StapleNotYetValid
	case !r.NextUpdate.IsZero() && now.After(r.NextUpdate):
		s.Problem = StapleExpired
	default:
		s.Verified = Offered
	}
	return s
}

// responds reports whether an issuer charged somebody with answering for it (RFC 6960,
// section 4.2.2.2).
func responds(responder, issuer *x509.Certificate, at time.Time) bool {
	return bytes.Equal(responder.RawIssuer, issuer.RawSubject) &&
		issuer.CheckSignature(responder.SignatureAlgorithm, responder.RawTBSCertificate, responder.Signature) == nil &&
		slices.Contains(responder.ExtKeyUsage, x509.ExtKeyUsageOCSPSigning) &&
		!at.Before(responder.NotBefore) && !at.After(responder.NotAfter)
}

// stapleProblem classifies an error of reading an OCSP response.
func stapleProblem(der []byte, err error) string {
	var refused ocsp.ResponseError
	if errors.As(err, &refused) {
		return StapleRefused
	}
	switch {
	case err == ocsp.ParseError("no response matching the supplied certificate"):
		return StapleOther
	case signatureOnly(err):
		return StapleSignature
	}
	return StapleMalformed
}

// signatureOnly reports whether a response was refused for its signature.
func signatureOnly(err error) bool {
	var p ocsp.ParseError
	return errors.As(err, &p) && len(p) > 13 && p[:13] == "bad signature"
}

// stapledSCTs is the list of SCTs in an OCSP response (RFC 6962, section 3.3); nil if there
// is none.
func stapledSCTs(der []byte, leaf *x509.Certificate) []byte {
	if len(der) == 0 || len(der) > maxStaple {
		return nil
	}
	r, err := ocsp.ParseResponseForCert(der, leaf, nil)
	if err != nil {
		return nil
	}
	list, _ := octets(r.Extensions, oidOCSPSCTs)
	return list
}
