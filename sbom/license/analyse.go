// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package license

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"sync"

	"github.com/goassay/assay/internal/lazyregexp"
)

// Thresholds. licensecheck matches licences word by word, so that a changed text is no match at all; what the share of matched words
// tells is how much else the file says. Of the truth set's files 95 % are covered whole, copyright lines apart. Files that explain
// what comes from where (yaml.v3: 0.8) need room, and pkg.go.dev has taken 0.75 as its limit since 2020. Below it the file is about
// something else, or states its licence in words of its own.
//
// What is left over is read too: from restrictive words on, it is part of the licence and gets a LicenseRef- of its own, which no
// policy allows by accident.
const (
	minConfidence = 0.75
	minWords      = 15 // a text with fewer words is no licence, if it is none that is known
)

// An analysis is what one text says, whatever file it is in.
type analysis struct {
	spans      []span
	expr       *expr
	byDefault  bool // several licences are joined with AND since nothing says how they combine
	confidence float64
	texts      map[string]string
	copyrights []string
	rest       string // outside of the spans
	work       int
	refused    bool // the text was not compared
}

// analyses keeps the results of texts that many modules have in common, by hash; a bound keeps a long-running caller's memory small.
var analyses = struct {
	sync.Mutex
	byHash map[string]*analysis
}{byHash: map[string]*analysis{}}

const maxAnalyses = 2048

// maxProse bounds in bytes the text in which names of licences are looked for.
const maxProse = 16 << 10

func analyse(text, sum string) *analysis {
	analyses.Lock()
	a := analyses.byHash[sum]
	analyses.Unlock()
	if a != nil {
		return a
	}
	a = analyseText(text)
	analyses.Lock()
	defer analyses.Unlock()
	if len(analyses.byHash) < maxAnalyses {
		analyses.byHash[sum] = a
	}
	return a
}

func analyseText(text string) *analysis {
	a := &analysis{texts: map[string]string{}, copyrights: copyrights(text)}
	spans, work, ok := matchBounded(text)
	if a.spans, a.work, a.refused = spans, work, !ok; a.refused {
		return a
	}
	var rests []string
	last, matched := 0, 0
	for i, sp := range a.spans {
		if sp.id == "BUSL-1.1" { // its parameters stand before the terms and are as much part of it
			if at := strings.Index(text[last:sp.start], "Parameters"); at >= 0 {
				sp.start = last + at
				a.spans[i] = sp
			}
		}
		rests = append(rests, text[last:sp.start])
		matched += len(strings.FieldsFunc(text[sp.start:sp.end], notWord))
		last = sp.end
	}
	rests = append(rests, text[last:])
	over := 0
	for _, r := range rests {
		r = withoutBoilerplate(r)
		over += len(strings.FieldsFunc(r, notWord))
		a.rest += r + "\n"
	}
	if matched+over > 0 {
		a.confidence = float64(matched) / float64(matched+over)
	}
	if a.confidence < minConfidence {
		a.stated(text, over)
		return a
	}
	a.combine(text, rests)
	return a
}

// combine joins the licences of the matched texts.
func (a *analysis) combine(text string, rests []string) {
	var list, exceptions []*expr
	for _, sp := range a.spans {
		e, exception := a.licence(sp, text)
		switch {
		case exception:
			exceptions = append(exceptions, e)
		case e != nil:
			list = append(list, e)
		}
	}
	list = settle(list)
	for _, x := range exceptions {
		if !apply(x.with, list) {
			list = append(list, a.reference(text))
		}
	}
	p := prose(clip(a.rest, maxProse))
	found := mentions(p)
	op := byte('&')
	if offersChoice(p, found) {
		for _, m := range found { // a choice may name a licence whose text is elsewhere
			list = append(list, m.expr)
		}
		list = settle(list)
		op = '|'
	}
	a.byDefault = op == '&' && len(list) > 1
	a.expr = join(op, list...)
	for _, r := range rests {
		if r = withoutBoilerplate(r); op == '&' && restrictive().MatchString(r) && len(strings.FieldsFunc(r, notWord)) >= minWords {
			a.expr = join('&', a.expr, a.reference(r))
		}
	}
}

// stated handles a text that known licences do not cover: it may name them, and else may be one of its own.
func (a *analysis) stated(text string, words int) {
	switch {
	case len(text) < readmeSection && len(a.spans) == 0 && !restrictive().MatchString(a.rest):
		a.expr = stated(text, true)
	case len(text) < readmeSection && offersChoice(prose(text), mentions(prose(text))):
		a.expr = stated(text, true)
	}
	if a.expr == nil && words >= minWords && licenceLike().MatchString(text) {
		a.expr = a.reference(text)
	}
}

// licence gives the expression of a matched text, or the exception that it is; nil for texts that are no licence by themselves.
func (a *analysis) licence(sp span, text string) (e *expr, exception bool) {
	if with, ok := func() (string, bool) { _, x := identifiers(); w, ok := x[strings.ToLower(sp.id)]; return w, ok }(); ok {
		return &expr{with: with}, true
	}
	switch sp.id {
	case "GooglePatentClause", "GooglePatentsFile": // they grant more
		return nil, false
	case "GPL-2.0-or-3.0", "LGPL-2.0-or-3.0":
		base, _, _ := strings.Cut(sp.id, "-2.0")
		return join('|', &expr{id: base + "-2.0-only"}, &expr{id: base + "-3.0-only"}), false
	}
	licenses, _ := identifiers()
	id, ok := licenses[strings.ToLower(sp.id)]
	if !ok && licenses[strings.ToLower(sp.id)+"-only"] == "" {
		ref := "LicenseRef-licensecheck-" + sp.id
		a.texts[ref] = clip(text[sp.start:sp.end], maxTextBytes)
		return &expr{id: ref}, false
	}
	if strings.Contains(text[max(0, sp.start-300):min(sp.end, sp.start+300)], "one line to give the ") { // how to apply the licence, at the end of its text
		return gnu(&expr{id: strings.TrimSuffix(strings.TrimSuffix(id, "-or-later"), "-only"), bare: true}), false
	}
	if licenses[strings.ToLower(sp.id)+"-only"] != "" { // text of a GNU licence
		return &expr{id: sp.id + "-only", bare: true}, false
	}
	return &expr{id: id}, false
}

// reference keeps a text that is a licence but none that is known, under the hash of its words.
func (a *analysis) reference(text string) *expr {
	words := strings.FieldsFunc(strings.ToLower(text), notWord)
	hash := sha256.Sum256([]byte(strings.Join(words, " ")))
	ref := "LicenseRef-" + hex.EncodeToString(hash[:8])
	a.texts[ref] = clip(strings.TrimSpace(text), maxTextBytes)
	return &expr{id: ref}
}

// apply adds an exception to the licence it is made for.
func apply(with string, list []*expr) bool {
	families := map[string][]string{
		"LGPL-3.0-linking-exception": {"LGPL-3"}, "LLVM-exception": {"Apache-2"}, "Classpath-exception-2.0": {"GPL-", "LGPL-", "AGPL-"},
	}
	for i, e := range list {
		for _, f := range families[with] {
			if strings.HasPrefix(e.id, f) && e.with == "" {
				c := *e
				c.with = with
				list[i] = &c
				return true
			}
		}
	}
	return false
}

// settle drops from a list of licences what another entry says better: the text of a GNU licence beside a notice about it, and the
// GPL's text beside the LGPL 3, which is written as an addition to it.
func settle(list []*expr) []*expr {
	ids := map[string]bool{}
	for _, e := range list {
		if e != nil && e.op == 0 && !e.bare {
			ids[e.id] = true
		}
	}
	lesser := slices.ContainsFunc(list, func(e *expr) bool { return e != nil && strings.HasPrefix(e.id, "LGPL-3.0") })
	var kept []*expr
	for _, e := range list {
		if e == nil {
			continue
		}
		base := strings.TrimSuffix(e.id, "-only")
		if e.bare && (ids[base+"-or-later"] || ids[e.id] || lesser && e.id == "GPL-3.0-only") {
			continue
		}
		if !slices.ContainsFunc(kept, func(k *expr) bool { return k.key() == e.key() }) {
			kept = append(kept, e)
		}
	}
	return kept
}

func notWord(r rune) bool {
	return !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || r > 127)
}

func clip(s string, limit int) string {
	if len(s) > limit {
		return strings.ToValidUTF8(s[:limit], "")
	}
	return s
}

var (
	licenceLike = lazyregexp.New(`(?i)licen[sc]|permission|permitted|redistribut|all rights|public domain|warrant|\bfree to\b`)
	restrictive = lazyregexp.New(`(?i)\b(?:may|must|shall|can) ?not\b|\bnot (?:be )?(?:permitted|allowed|use)\b|prohibit|non-?commercial|provided that|special exception|` +
		`\brestricted\b|\bonly (?:if|for)\b|additional (?:terms|condition|restriction)|without (?:prior|written)|commercial (?:use|licen)`)
	boilerplate = lazyregexp.New(`(?i)^\W*(?:(?:copyright|\(c\)|©|portions? (?:copyright|\(c\)|©)).*|all rights reserved\.?|(?:the )?(?:\w+[- /]){0,4}(?:software )?(?:licen[sc]es?|licensing)[^a-z]*(?:\(\w+[^)]*\))?\W*|` +
		`(?:license|licen[sc]ed under|source|file|files|name|project|url|homepage|package|module|website)s?\s*:.*|https?://\S+)$`)
)

// withoutBoilerplate drops lines that say nothing about terms: copyright lines, titles, rules, links.
func withoutBoilerplate(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		trimmed := strings.TrimSpace(line)
		if strings.IndexFunc(trimmed, func(r rune) bool { return !notWord(r) }) < 0 || len(trimmed) < 200 && boilerplate().MatchString(trimmed) {
			continue
		}
		b.WriteString(line)
	}
	return b.String()
}
