// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package license

import (
	"cmp"
	"regexp"
	"slices"
	"strings"

	"github.com/goassay/assay/internal/lazyregexp"
)

// names is what people call licences in their own words. A name without a version, such as "BSD" or "GPL", names none.
var names = []struct {
	id string
	re func() *regexp.Regexp
}{
	{"Apache-2.0", lazyregexp.New(`\bapache(?:[- ]software)?(?:[- ]licen[sc]e)?[,-]? ?\(?(?:version|v\.?)? ?2(?:\.0)?\b|\basl ?2(?:\.0)?\b`)},
	{"MIT-0", lazyregexp.New(`\bmit[- ]0\b`)},
	{"MIT", lazyregexp.New(`\bmit\b|\bexpat licen[sc]e`)},
	{"BSD-3-Clause", lazyregexp.New(`\bbsd[- ]3(?:[- ]clause)?|(?:\b3|three)[- ]clause bsd|(?:new|modified|revised) bsd|eclipse distribution licen[sc]e`)},
	{"BSD-2-Clause", lazyregexp.New(`\bbsd[- ]2(?:[- ]clause)?|(?:\b2|two)[- ]clause bsd|simplified bsd`)},
	{"0BSD", lazyregexp.New(`\b0bsd\b|zero[- ]clause bsd`)},
	{"MPL-2.0", lazyregexp.New(`\bmpl[- ]?(?:version|v)? ?2(?:\.0)?\b|mozilla public licen[sc]e,? ?(?:version|v\.?)? ?2(?:\.0)?\b`)},
	{"ISC", lazyregexp.New(`\bisc(?:-style)? licen[sc]e|licen[sc]ed? (?:under )?(?:the )?isc\b`)},
	{"Unlicense", lazyregexp.New(`\bunlicen[sc]e\b`)},
	{"CC0-1.0", lazyregexp.New(`\bcc0\b|creative commons zero`)},
	{"CC-BY-SA-4.0", lazyregexp.New(`\bcc[- ]by[- ]sa[- ]?4(?:\.0)?`)},
	{"CC-BY-4.0", lazyregexp.New(`\bcc[- ]by[- ]?4(?:\.0)?|creative commons attribution 4(?:\.0)?`)},
	{"BSL-1.0", lazyregexp.New(`\bboost software licen[sc]e|\bbsl-1\.0\b`)},
	{"BUSL-1.1", lazyregexp.New(`\bbusiness source licen[sc]e|\bbusl-1\.1\b`)},
	{"Zlib", lazyregexp.New(`\bzlib(?:/libpng)? licen[sc]e`)},
	{"EPL-2.0", lazyregexp.New(`\bepl[- ]?(?:v|version)? ?2(?:\.0)?\b|eclipse public licen[sc]e ?-? ?,?(?:version|v\.?)? ?2(?:\.0)?\b`)},
	{"EPL-1.0", lazyregexp.New(`\bepl[- ]?(?:v|version)? ?1(?:\.0)?\b|eclipse public licen[sc]e ?-? ?,?(?:version|v\.?)? ?1(?:\.0)?\b`)},
	{"FTL", lazyregexp.New(`\bfreetype (?:project )?licen[sc]e\b`)},
	{"WTFPL", lazyregexp.New(`\bwtfpl\b`)},
	{"BlueOak-1.0.0", lazyregexp.New(`\bblue ?oak\b`)},
}

var (
	gnuName = lazyregexp.New(`(?:\b(a|l)?gpl\b|\b(affero |lesser |library )?general public licen[sc]e|\b(a|l)?gpl-?v?)` +
		`(?:[ ,()"-]|\b[al]?gpl\b|licen[sc]e|version|ver\.?|\bv)*([123](?:\.[01])?)`)
	orLater = lazyregexp.New(`^(?:\.0)?(?: of the licen[sc]e)?[ ,(]*(?:-or-later|\+|or[ ,(]+(?:at your option[), ]+)?(?:any )?(?:later|newer|higher|above))`)
	choice  = lazyregexp.New(`\beither\b|at your option|your choice|dual[- ]?(?:ly[- ])?licen|\bchoose\b|one of the following|alternatively|\bdualli`)
	anyGNU  = lazyregexp.New(`(?:[(, ]*at your option[), ]*)?any later version`)
	alike   = lazyregexp.New(`(?:modified|similar to|based on|like) (?:the |an? )?$`)
	others  = lazyregexp.New(`third[- ]part|dependenc|\bportions?\b|\bvendor|compatible licen`)
	under   = lazyregexp.New(`licen[sc]ed under|released under|under the terms`)
	urls    = lazyregexp.New(`\]\([^)]*\)|https?://\S+`)
)

// A mention is a licence named in plain words at prose[start:end].
type mention struct {
	expr       *expr
	start, end int
}

// prose is text in lower case without URLs, markup and line breaks.
func prose(text string) string {
	text = urls().ReplaceAllString(strings.ToLower(text), " ")
	text = strings.Map(func(r rune) rune {
		if strings.ContainsRune("*`[]#>\"“”_|\n\r\t", r) {
			return ' '
		}
		return r
	}, text)
	return strings.Join(strings.Fields(text), " ")
}

// mentions finds the licences named in prose, in order.
func mentions(prose string) []mention {
	var all []mention
	for _, n := range names {
		for _, m := range n.re().FindAllStringIndex(prose, 64) {
			all = append(all, mention{&expr{id: n.id}, m[0], m[1]})
		}
	}
	for _, m := range gnuName().FindAllStringSubmatchIndex(prose, 64) {
		group := func(i int) string {
			if m[2*i] < 0 {
				return ""
			}
			return prose[m[2*i]:m[2*i+1]]
		}
		family := strings.ToUpper((group(1) + group(2) + group(3) + " ")[:1])
		version := group(4)
		if !strings.Contains(version, ".") {
			version += ".0"
		}
		id := strings.TrimSpace(family) + "GPL-" + version
		licenses, _ := identifiers()
		if licenses[strings.ToLower(id)+"-only"] == "" {
			continue
		}
		rest := prose[m[1]:]
		e := &expr{id: id + "-only", bare: true}
		if orLater().MatchString(rest) {
			e = &expr{id: id + "-or-later"}
		} else if strings.HasPrefix(rest, "-only") || strings.HasPrefix(rest, " only") {
			e.bare = false
		}
		all = append(all, mention{e, m[0], m[1]})
	}
	slices.SortStableFunc(all, func(a, b mention) int { return cmp.Or(cmp.Compare(a.start, b.start), cmp.Compare(b.end, a.end)) })
	kept := all[:0]
	for _, m := range all {
		if alike().MatchString(prose[:m.start]) || strings.HasPrefix(prose[m.end:], "-style") || strings.HasPrefix(prose[m.end:], "-like") {
			continue
		}
		if len(kept) == 0 || m.start >= kept[len(kept)-1].end {
			kept = append(kept, m)
		}
	}
	return kept
}

// offersChoice reports whether prose says that the recipient may choose between the licences it names: the words for it near two
// names, or "or" between two. The words alone are not enough: "either in source or binary form" is no choice of licences.
func offersChoice(prose string, found []mention) bool {
	for _, c := range choice().FindAllStringIndex(anyGNU().ReplaceAllStringFunc(prose, blank), 16) {
		var near *expr
		for _, m := range found {
			if m.end < c[0]-choiceReach || m.start > c[1]+choiceReach {
				continue
			}
			if near != nil && family(near) != family(m.expr) {
				return true
			}
			near = m.expr
		}
	}
	for i := 1; i < len(found); i++ {
		between := prose[found[i-1].end:found[i].start]
		if len(between) < 48 && (strings.Contains(between, " or ") || strings.TrimSpace(between) == "/") && family(found[i].expr) != family(found[i-1].expr) {
			return true
		}
	}
	return false
}

// choiceReach is how far from the words for a choice a name may stand, in bytes.
const choiceReach = 320

func blank(s string) string { return strings.Repeat(" ", len(s)) }

// declaredIn is the expression that a README's section states: that of the first paragraph which names a licence, if no other
// says that something is licensed under another. Paragraphs about third parties and portions say nothing of the whole.
func declaredIn(section string) *expr {
	var first *expr
	for _, paragraph := range strings.Split(strings.ReplaceAll(section, "\r", ""), "\n\n") {
		p := prose(paragraph)
		found := slices.DeleteFunc(mentions(p), func(m mention) bool { return strings.HasPrefix(m.expr.id, "CC-") }) // texts, logos, data
		if len(found) == 0 || others().MatchString(p) {
			continue
		}
		e := stated(paragraph, false)
		switch {
		case first == nil && e == nil:
			return nil
		case first == nil:
			first = e
		case under().MatchString(p) && (e == nil || !includes(first, e)):
			return nil
		}
	}
	return first
}

// stated is the expression that prose states: one licence, or a choice of several. Several without a word on how they combine
// state nothing, unless all is set: then AND.
func stated(text string, all bool) *expr {
	p := prose(text)
	found := mentions(p)
	var list []*expr
	for _, m := range found {
		list = append(list, m.expr)
	}
	list = settle(list)
	switch {
	case len(list) < 2:
		return join('&', list...)
	case offersChoice(p, found):
		return join('|', list...)
	case all:
		return join('&', list...)
	}
	return nil
}

var (
	licenseHeading = lazyregexp.New(`(?i)^\W*(?:copyright (?:and|&|/) )?(?:software )?(?:un)?licen[sc](?:e|es|ing)\b|^\W*(?:copying|legal|copyright)\b`)
	underLine      = lazyregexp.New(`^\s*(?:={3,}|-{3,}|~{3,})\s*$`)
	sentence       = lazyregexp.New(`(?i)\b(?:licen[sc]ed|released|distributed|available|provided|published) under\b`)
)

// readmeSection bounds in bytes what of a README is looked at.
const readmeSection = 4096

// licenseSection returns the part of a README under its heading about the licence, in Markdown, reStructuredText or plain text,
// or else the first sentences that say under what it is licensed.
func licenseSection(readme string) string {
	lines := strings.Split(readme, "\n")
	heading := func(i int) bool {
		line := strings.TrimSpace(lines[i])
		if line == "" || len(line) > 80 {
			return false
		}
		return strings.HasPrefix(line, "#") || strings.HasPrefix(line, "= ") || strings.HasPrefix(line, "== ") || strings.HasPrefix(strings.ToLower(line), "<h") ||
			i+1 < len(lines) && underLine().MatchString(lines[i+1])
	}
	var b strings.Builder
	in := false
	for i := range lines {
		if heading(i) {
			in = licenseHeading().MatchString(strings.TrimSpace(lines[i])) || strings.HasPrefix(strings.ToLower(lines[i]), "<h") && strings.Contains(strings.ToLower(lines[i]), "licen")
		}
		if in && b.Len() < readmeSection {
			b.WriteString(lines[i])
			b.WriteByte('\n')
		}
	}
	if b.Len() == 0 {
		for i, line := range lines {
			if strings.Contains(line, " under") && sentence().MatchString(line) && b.Len() < readmeSection/4 {
				b.WriteString(clip(strings.Join(lines[i:min(i+3, len(lines))], "\n"), readmeSection/4))
				b.WriteString("\n\n")
			}
		}
	}
	return b.String()
}
