// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"html"
	"regexp"
	"strings"
	"testing"

	"github.com/goassay/assay/audit"
)

func TestMarkdownGolden(t *testing.T) {
	for _, lang := range audit.Languages() {
		golden(t, fmt.Sprintf("fail.%s.md", lang), write(t, Markdown, sample(t, lang, sampleChecks()...), Options{}))
		golden(t, fmt.Sprintf("pass.%s.md", lang), write(t, Markdown, sample(t, lang, sampleChecks()[4], sampleChecks()[7]), Options{}))
	}
}

// TestMarkdownEvidence: evidence that no open finding cites is counted, and
// with Verbose listed.
func TestMarkdownEvidence(t *testing.T) {
	rep := sample(t, audit.English, sampleChecks()[7])
	rep.Evidence = []audit.EvidenceRef{{Digest: audit.Digest([]byte("a")), Kind: "sumdb-proof", Size: 1, Check: "sumdb"}}
	for opts, want := range map[Options]string{
		{}:              "### Evidence\n\nThe JSON report lists 1.\n",
		{Verbose: true}: "### Evidence\n\n| Digest | Kind | Bytes | Check |\n| --- | --- | --- | --- |\n| `" + rep.Evidence[0].Digest + "` | sumdb-proof | 1 | sumdb |\n",
	} {
		if out := string(write(t, Markdown, rep, opts)); !strings.HasSuffix(out, want) {
			t.Errorf("with %+v the end is not\n%s\nin\n%s", opts, want, out)
		}
	}
}

// TestMarkdownFitsAComment: GitHub refuses a comment of more than 65,536 characters.
func TestMarkdownFitsAComment(t *testing.T) {
	if n := len(write(t, Markdown, sample(t, audit.English, sampleChecks()...), Options{})); n > 65536/2 {
		t.Errorf("%d bytes for a report of 200 findings", n)
	}
}

func TestMarkdownText(t *testing.T) {
	for in, want := range map[string]string{
		"plain text, as it is: 1.2-3 (x)": "plain text, as it is: 1.2-3 (x)",
		"*b* _i_ ~s~ `c` [l](u)":          `\*b\* \_i\_ \~s\~ \` + "`c\\`" + ` \[l\](u)`,
		"a|b":                             "a&#124;b",
		"<b>&amp;":                        "&lt;b&gt;&amp;amp;",
		"see https://evil.example":        `see https\://evil.example`,
		"www.evil.example":                `www\.evil.example`,
		"ask @org/team.":                  "ask `@org/team`.",
		"example.com/m@v1.2.3, and":       "`example.com/m@v1.2.3`, and",
		"|@org":                           "&#124;<span>@</span>org",
		"模块example.com/m@v1已弃用":           "模块`example.com/m@v1`已弃用",
		"issue #12":                       `issue \#12`,
		"line\n# heading":                 `line \# heading`,
		"\x1b[31m":                        `\\x1b\[31m`,
	} {
		if got := mdText(in); got != want {
			t.Errorf("mdText(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestMarkdownCode(t *testing.T) {
	for in, want := range map[string]string{
		"go.mod": "`go.mod`",
		"a`b":    "``a`b``",
		"`":      "`` ` ``",
		"``x`":   "``` ``x` ```",
		"a|b":    "`a|b`",
		"":       "",
		"a\nb":   "`a b`",
	} {
		if got := mdCode(in); got != want {
			t.Errorf("mdCode(%q) = %q, want %q", in, got, want)
		}
	}
	if got, want := mdCell("a|`b`"), "a&#124;\\`b\\`"; got != want {
		t.Errorf("mdCell: %q, want %q", got, want)
	}
}

// FuzzMarkdownText: outside of code spans nothing is left that Markdown or HTML
// takes for itself, and what a reader sees is the text.
func FuzzMarkdownText(f *testing.F) {
	for _, s := range hostile {
		f.Add(s)
	}
	special := regexp.MustCompile("(?s)(?:^|[^\\\\])(?:\\\\\\\\)*[`*_\\[\\]#~!$|<>]")
	f.Fuzz(func(t *testing.T, s string) {
		out := mdText(s)
		seen, rest := unMarkdown(out)
		if seen != clean(s) {
			t.Errorf("mdText(%q) = %q reads as %q", s, out, seen)
		}
		rest = regexp.MustCompile("&(#[0-9]+|[a-z]+);").ReplaceAllString(rest, "")
		if m := special.FindString(rest); m != "" {
			t.Errorf("mdText(%q) = %q leaves %q", s, out, m)
		}
		if strings.Contains(mdCell(s), "|") || strings.ContainsAny(out, "|\n") {
			t.Errorf("mdText(%q) = %q, mdCell %q break a table", s, out, mdCell(s))
		}
	})
}

// unMarkdown reads what mdText writes: it returns the text that is shown, and
// the source without code spans and the element that guards an @.
func unMarkdown(s string) (shown, rest string) {
	var b, r strings.Builder
	s = strings.ReplaceAll(s, "<span>@</span>", "&#64;")
	for s != "" {
		switch {
		case s[0] == '\\' && len(s) > 1:
			b.WriteString(html.EscapeString(s[1:2]))
			r.WriteString(s[:2])
			s = s[2:]
		case s[0] == '`':
			n := len(s) - len(strings.TrimLeft(s, "`"))
			fence := s[:n]
			end := strings.Index(s[n:], fence)
			for end >= 0 && strings.HasPrefix(s[n+end+n:], "`") {
				skip := end + len(s[n+end:]) - len(strings.TrimLeft(s[n+end:], "`"))
				next := strings.Index(s[n+skip:], fence)
				if next < 0 {
					end = -1
					break
				}
				end = skip + next
			}
			if end < 0 {
				return "unclosed code", s
			}
			code := s[n : n+end]
			if strings.HasPrefix(code, " ") && strings.HasSuffix(code, " ") && strings.TrimSpace(code) != "" {
				code = code[1 : len(code)-1]
			}
			b.WriteString(html.EscapeString(code))
			s = s[n+end+n:]
		default:
			b.WriteByte(s[0])
			r.WriteByte(s[0])
			s = s[1:]
		}
	}
	return html.UnescapeString(b.String()), r.String()
}
