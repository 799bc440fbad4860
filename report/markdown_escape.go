// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package report

import (
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"
)

// mdText writes s, cleaned, so that GitHub Flavored Markdown shows it as it
// is, in a paragraph as well as in the cell of a table: no emphasis, no link,
// no HTML, no mention of a person. It must not stand at the start of a line,
// where digits, dashes and plus signs would start a list.
//
// A word with an @, such as example.com/m@v1.2.3, becomes code: nothing else
// keeps it from becoming a mail address or a mention.
func mdText(s string) string {
	var b strings.Builder
	for s = clean(s); s != ""; {
		end := strings.IndexFunc(s, func(r rune) bool { return r <= ' ' || r > unicode.MaxASCII })
		if end < 0 {
			end = len(s)
		}
		if end == 0 { // a space, or a character of another script
			_, size := utf8.DecodeRuneInString(s)
			b.WriteString(s[:size])
			s = s[size:]
			continue
		}
		word := s[:end]
		s = s[end:]
		if !strings.Contains(word, "@") {
			mdEscape(&b, word)
			continue
		}
		core := strings.Trim(word, `,.;:!?()[]{}"'`)
		at := strings.Index(word, core)
		mdEscape(&b, word[:at])
		b.WriteString(mdCell(core))
		mdEscape(&b, word[at+len(core):])
	}
	return b.String()
}

// mdEscape writes clean text. Every character that Markdown
// could take for itself gets a backslash (CommonMark 0.31.2, 2.4); pipes and
// angle brackets an entity, which holds in tables and in HTML too.
func mdEscape(b *strings.Builder, s string) {
	for i := range len(s) {
		switch c := s[i]; {
		case c == '@': // GitHub looks for mentions in the text of each element
			b.WriteString("<span>@</span>")
		case c == '|':
			b.WriteString("&#124;")
		case c == '<':
			b.WriteString("&lt;")
		case c == '>':
			b.WriteString("&gt;")
		case c == '&':
			b.WriteString("&amp;")
		case strings.IndexByte("\\`*_[]#~!$", c) >= 0,
			c == ':' && strings.HasPrefix(s[i:], "://"), // no link of itself
			c == '.' && i >= 3 && strings.EqualFold(s[i-3:i], "www"):
			b.WriteByte('\\')
			b.WriteByte(c)
		default:
			b.WriteByte(c)
		}
	}
}

// mdCode writes s, cleaned, as a code span (CommonMark 0.31.2, 6.1), fenced by
// more backticks than it holds in a row.
func mdCode(s string) string {
	s = clean(s)
	if s == "" {
		return ""
	}
	longest, run := 0, 0
	for i := range len(s) {
		if s[i] == '`' {
			run++
			longest = max(longest, run)
		} else {
			run = 0
		}
	}
	fence := strings.Repeat("`", longest+1)
	if strings.HasPrefix(s, "`") || strings.HasSuffix(s, "`") {
		s = " " + s + " "
	}
	return fence + s + fence
}

// mdCell writes s, cleaned, as a code span for the cell of a table. A cell
// ends at each pipe, in code too (GFM 0.29, 4.10): with one, s is plain text.
func mdCell(s string) string {
	if s = clean(s); !strings.Contains(s, "|") {
		return mdCode(s)
	}
	var b strings.Builder
	mdEscape(&b, s)
	return b.String()
}

// mdURL makes a URL fit to stand between angle brackets.
func mdURL(s string) string {
	u, err := url.Parse(clean(s))
	if err != nil {
		return ""
	}
	return u.String()
}
