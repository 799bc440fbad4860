// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package spdx

import (
	"encoding/hex"
	"regexp"
	"strings"
)

// idPrefix begins the identifiers of elements (SPDX 2.3, section 3.2.4): the
// rest is letters, digits, points and hyphens.
const idPrefix = "SPDXRef-"

// documentID is that of the document.
const documentID = idPrefix + "DOCUMENT"

// idOf returns the identifier of a component: its Ref, with the bytes that an
// identifier cannot have written as a hyphen and two hexadecimal digits, and
// hyphens doubled. No two Refs have the same, and [refOf] gives the Ref back. A
// Ref that is an identifier of another tool is that identifier.
func idOf(ref string) string {
	if rest, ok := strings.CutPrefix(ref, idPrefix); ok && plainID.MatchString(rest) {
		if _, canonical := unescape(rest); !canonical {
			return ref
		}
	}
	return idPrefix + escape(ref)
}

// plainID is what an identifier may have after the prefix.
var plainID = regexp.MustCompile(`^[A-Za-z0-9.-]+$`)

// refOf returns the Ref of the component with an identifier.
func refOf(id string) string {
	rest, ok := strings.CutPrefix(id, idPrefix)
	if !ok {
		return id
	}
	if ref, canonical := unescape(rest); canonical {
		return ref
	}
	return id
}

func escape(ref string) string {
	if ref == "DOCUMENT" { // is taken
		return "-44OCUMENT"
	}
	var b strings.Builder
	for i := range len(ref) {
		switch c := ref[i]; {
		case c == '-':
			b.WriteString("--")
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '.':
			b.WriteByte(c)
		default:
			b.WriteByte('-')
			b.WriteString(hex.EncodeToString([]byte{c}))
		}
	}
	return b.String()
}

// unescape is the opposite of escape, and reports whether escape makes this.
func unescape(text string) (ref string, canonical bool) {
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		switch {
		case text[i] != '-':
			b.WriteByte(text[i])
		case strings.HasPrefix(text[i+1:], "-"):
			b.WriteByte('-')
			i++
		case len(text) > i+2:
			c, err := hex.DecodeString(text[i+1 : i+3])
			if err != nil {
				return "", false
			}
			b.Write(c)
			i += 2
		default:
			return "", false
		}
	}
	ref = b.String()
	return ref, ref != "" && escape(ref) == text
}
