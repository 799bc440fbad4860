// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package report

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// clean returns s as one line of visible characters. White space of any kind
// and length becomes one space; everything else that does not print - control
// characters, escape sequences, bidirectional and zero-width characters,
// invalid UTF-8 - is written as Go writes it in a string literal (\x1b,
// \u202e), so that it cannot act and can be seen.
//
// It is idempotent: a backslash of the input stays as it is.
func clean(s string) string {
	if plain(s) {
		return s
	}
	var b strings.Builder
	space := false
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			escape(&b, &space, fmt.Sprintf(`\x%02x`, s[i]))
		case unicode.IsSpace(r) && r != 0x85: // NEL is a control character too
			space = true
		case strconv.IsPrint(r):
			escape(&b, &space, s[i:i+size])
		case r < 0x80:
			escape(&b, &space, fmt.Sprintf(`\x%02x`, r))
		case r < 0x10000:
			escape(&b, &space, fmt.Sprintf(`\u%04x`, r))
		default:
			escape(&b, &space, fmt.Sprintf(`\U%08x`, r))
		}
		i += size
	}
	return b.String()
}

// escape writes text, after the space that is due.
func escape(b *strings.Builder, space *bool, text string) {
	if *space && b.Len() > 0 {
		b.WriteByte(' ')
	}
	*space = false
	b.WriteString(text)
}

// plain reports whether s is printable ASCII with single spaces inside, as
// nearly all strings are.
func plain(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' || s[i] == ' ' && (i == 0 || i == len(s)-1 || s[i+1] == ' ') {
			return false
		}
	}
	return true
}

// cleanLines splits s at its line breaks and cleans each line. Empty lines go.
func cleanLines(s string) []string {
	var lines []string
	for line := range strings.FieldsFuncSeq(s, func(r rune) bool { return r == '\n' || r == '\r' }) {
		if line = clean(line); line != "" {
			lines = append(lines, line)
		}
	}
	return lines
}

// shortDigest shortens "sha256:" and 64 digits to the first twelve of them,
// enough to find it again. What is no digest stays whole.
func shortDigest(digest string) string {
	sum, ok := strings.CutPrefix(digest, "sha256:")
	if raw, err := hex.DecodeString(sum); !ok || err != nil || len(raw) != sha256.Size {
		return clean(digest)
	}
	return "sha256:" + sum[:12]
}
