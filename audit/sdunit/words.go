// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package sdunit

import (
	"errors"
	"strconv"
	"strings"
	"unicode/utf8"
)

var (
	errQuote  = errors.New("quotes that do not match")
	errEscape = errors.New("an escape that is not valid")
)

// words splits a value into items, takes quotes away and resolves escapes:
// systemd.syntax(7), Quoting; extract_first_word in src/basic/extract-word.c,
// which takes quotes in the middle of an item too.
func words(value string) ([]string, error) {
	var out []string
	for {
		value = strings.TrimLeft(value, white)
		if value == "" {
			return out, nil
		}
		word, rest, err := firstWord(value, false)
		if err != nil {
			return out, err
		}
		out = append(out, word)
		value = rest
	}
}

// firstWord splits off the first item. Relaxed, as for command lines, a
// backslash that begins no escape stays as it is.
func firstWord(s string, relaxed bool) (word, rest string, err error) {
	var b strings.Builder
	quote := byte(0)
	for s != "" {
		c := s[0]
		switch {
		case c == '\\':
			n, err := unescape(&b, s)
			if err != nil && !relaxed {
				return "", "", err
			}
			if err != nil {
				b.WriteByte(c)
				n = 1
			}
			s = s[n:]
			continue
		case quote != 0 && c == quote:
			quote = 0
		case quote == 0 && (c == '"' || c == '\''):
			quote = c
		case quote == 0 && strings.IndexByte(white, c) >= 0:
			return b.String(), s, nil
		default:
			b.WriteByte(c)
		}
		s = s[1:]
	}
	if quote != 0 {
		return "", "", errQuote
	}
	return b.String(), "", nil
}

// unescape resolves the escape that s begins with, and returns its length.
// See cunescape_one in systemd's src/basic/escape.c.
func unescape(b *strings.Builder, s string) (int, error) {
	if len(s) < 2 {
		return 0, errEscape
	}
	if i := strings.IndexByte(`abfnrtv\"'s`, s[1]); i >= 0 {
		b.WriteByte("\a\b\f\n\r\t\v\\\"' "[i])
		return 2, nil
	}
	digits, base, from := 3, 8, 1
	switch s[1] {
	case 'x':
		digits, base, from = 2, 16, 2
	case 'u':
		digits, base, from = 4, 16, 2
	case 'U':
		digits, base, from = 8, 16, 2
	}
	if len(s) < from+digits {
		return 0, errEscape
	}
	n, err := strconv.ParseUint(s[from:from+digits], base, 32)
	if err != nil || n == 0 || digits == 3 && n > 0xff {
		return 0, errEscape
	}
	if digits < 4 {
		b.WriteByte(byte(n))
	} else if r := rune(n); n > utf8.MaxRune || !utf8.ValidRune(r) {
		return 0, errEscape
	} else {
		b.WriteRune(r)
	}
	return from + digits, nil
}

// boolean reads a value as systemd.syntax(7) says, in any case of letters.
func boolean(value string) (b, ok bool) {
	switch strings.ToLower(value) {
	case "1", "yes", "y", "true", "t", "on":
		return true, true
	case "0", "no", "n", "false", "f", "off":
		return false, true
	}
	return false, false
}

// specifiers resolves "%%". Another specifier, such as %i, depends on where the
// unit runs: then it reports false.
func specifiers(s string) (string, bool) {
	plain := strings.ReplaceAll(s, "%%", "")
	return strings.ReplaceAll(s, "%%", "%"), !strings.Contains(plain, "%")
}
