// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package authority

import (
	"encoding/hex"
	"net/mail"
	"net/url"
	"strings"

	"github.com/package-url/packageurl-go"

	"github.com/goassay/assay/internal/lazyregexp"
	"github.com/goassay/assay/sbom"
)

func validEmail(s string) bool {
	a, err := mail.ParseAddress(s)
	return err == nil && a.Address == s
}

func validURL(s string) bool {
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Hostname() != "" && validURI(s)
}

// validURI takes absolute URIs (RFC 3986, section 3), urn:uuid: among them.
func validURI(s string) bool {
	u, err := url.Parse(s)
	return err == nil && u.Scheme != "" && (u.Host != "" || u.Opaque != "" || u.Path != "") && !strings.ContainsAny(s, " <>\"{}|\\^`")
}

func validPURL(s string) bool {
	_, err := packageurl.FromString(s)
	return err == nil
}

// validCPE takes the bindings of NISTIR 7695: a formatted string (6.2) and a URI (6.1).
func validCPE(s string) bool {
	return strings.HasPrefix(s, "cpe:2.3:") && strings.Count(s, ":") >= 12 || strings.HasPrefix(s, "cpe:/")
}

// sizes of digests in bytes.
var sizes = map[string]int{
	"MD5": 16, "SHA-1": 20, "SHA-224": 28, "SHA-256": 32, "SHA-384": 48, "SHA-512": 64,
	"SHA3-224": 28, "SHA3-256": 32, "SHA3-384": 48, "SHA3-512": 64,
	"BLAKE2b-256": 32, "BLAKE2b-384": 48, "BLAKE2b-512": 64,
}

func validHash(h sbom.Hash) bool {
	digest, err := hex.DecodeString(h.Value)
	size, ok := sizes[h.Algorithm]
	return err == nil && len(digest) > 0 && h.Algorithm != "" && (!ok || len(digest) == size)
}

// maxExpression bounds the licence expressions that are read, in bytes.
const maxExpression = 1 << 16

// idString is one licence, an exception, or a reference (SPDX, annex "License
// expressions"); a plus sign means later versions.
var idString = lazyregexp.New(`^(DocumentRef-[A-Za-z0-9.-]+:)?[A-Za-z0-9.-]+\+?$`)

// validExpression reports whether a text is an SPDX licence expression by its
// grammar. Whether an identifier is on the list is not looked up.
func validExpression(s string) bool {
	if len(s) > maxExpression {
		return false
	}
	tokens := strings.Fields(strings.NewReplacer("(", " ( ", ")", " ) ").Replace(s))
	depth, operand, exception := 0, true, false // operand: one is due; exception: the last one has its exception
	for i := 0; i < len(tokens); i++ {
		switch token := tokens[i]; token {
		case "(":
			if !operand {
				return false
			}
			depth++
		case ")":
			if operand || depth == 0 {
				return false
			}
			depth--
		case "AND", "OR", "and", "or":
			if operand {
				return false
			}
			operand, exception = true, false
		case "WITH", "with":
			if operand || exception || tokens[i-1] == ")" || i+1 == len(tokens) || !idString().MatchString(tokens[i+1]) {
				return false
			}
			i, exception = i+1, true
		default:
			if !operand || !idString().MatchString(token) {
				return false
			}
			operand = false
		}
	}
	return !operand && depth == 0
}
