// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package license

import (
	"cmp"
	_ "embed"
	"slices"
	"strings"
	"sync"

	"github.com/google/licensecheck"
)

// licensecheck compiles all its 380 patterns into one automaton, which takes 1.5 s of CPU and is more than the rest of a scan of 240
// modules. Here each pattern is compiled on its own and only when a text has the words that the pattern cannot do without: one to
// four milliseconds for each licence that really occurs.
type pattern struct {
	id      string
	need    []int // words that every match has, the rarest first, as indexes of library.words
	license licensecheck.License
	compile func() *licensecheck.Scanner
}

type library struct {
	words    map[string]int
	patterns []*pattern
}

// maxNeed rare words tell candidates apart, before words of a single pattern, which often are two run together. A quarter may be
// missing: licensecheck forgives misspelt words.
const (
	maxNeed    = 24
	maxMissing = maxNeed / 4
)

//go:embed patterns.lre
var ownPatterns string

var patterns = sync.OnceValue(loadPatterns)

func loadPatterns() *library {
	lib := &library{words: map[string]int{}}
	var frequency []int
	for _, l := range append(licensecheck.BuiltinLicenses(), own()...) {
		if l.LRE == "" {
			continue
		}
		p := &pattern{id: l.ID, license: l}
		p.compile = sync.OnceValue(func() *licensecheck.Scanner {
			s, err := licensecheck.NewScanner([]licensecheck.License{p.license})
			if err != nil { // a pattern of the library that it does not compile would be found by its own tests and by ours
				return nil
			}
			return s
		})
		for word := range mandatory(l.LRE) {
			i, ok := lib.words[word]
			if !ok {
				i = len(frequency)
				lib.words[word] = i
				frequency = append(frequency, 0)
			}
			frequency[i]++
			p.need = append(p.need, i)
		}
		lib.patterns = append(lib.patterns, p)
	}
	for _, p := range lib.patterns {
		slices.SortFunc(p.need, func(a, b int) int {
			single := func(i int) int { return max(0, 2-frequency[i]) }
			return cmp.Or(cmp.Compare(single(a), single(b)), cmp.Compare(frequency[a], frequency[b]), cmp.Compare(a, b))
		})
		p.need = slices.Clone(p.need[:min(len(p.need), maxNeed)])
	}
	return lib
}

// own reads the patterns of patterns.lre: an identifier on a line that begins with "=== ", then the pattern.
func own() []licensecheck.License {
	var list []licensecheck.License
	for _, part := range strings.Split(ownPatterns, "\n=== ")[1:] {
		id, lre, _ := strings.Cut(part, "\n")
		list = append(list, licensecheck.License{ID: id, LRE: lre})
	}
	return list
}

// A span is a known text found at text[start:end].
type span struct {
	id         string
	start, end int
}

// maxWork bounds what one text may cost, in bytes times patterns that it has the words for; the most that was seen in 1,500 modules
// is 2 MB. A text made to fit all patterns is not compared.
const maxWork = 8 << 20

// match finds the known texts in text, in order and disjoint. Where several patterns match, the longest does.
func match(text string) []span {
	spans, _, _ := matchBounded(text)
	return spans
}

// matchBounded is match, with the work done; ok is false where the text would need too much.
func matchBounded(text string) (spans []span, work int, ok bool) {
	lib := patterns()
	has := make([]uint64, len(lib.words)/64+1)
	eachWord(text, func(w string) {
		if i, ok := lib.words[w]; ok {
			has[i/64] |= 1 << (i % 64)
		}
	})
	var candidates []*pattern
	for _, p := range lib.patterns {
		missing := 0
		for _, w := range p.need {
			if has[w/64]&(1<<(w%64)) == 0 {
				missing++
			}
		}
		if missing <= min(maxMissing, len(p.need)/3) {
			candidates = append(candidates, p)
		}
	}
	work = len(text) * len(candidates)
	if work > maxWork {
		return nil, 0, false
	}
	var found []span
	for _, p := range candidates {
		s := p.compile()
		if s == nil {
			continue
		}
		for _, m := range s.Scan([]byte(text)).Match {
			if !m.IsURL && m.Start < m.End {
				found = append(found, span{m.ID, m.Start, m.End})
			}
		}
	}
	return longest(found), work, true
}

// longest keeps disjoint spans, the longest first. licensecheck extends a match backwards to a copyright line within fifty words; where
// a pattern is matched alone, that reaches into the text before, and is taken back here.
func longest(found []span) []span {
	slices.SortStableFunc(found, func(a, b span) int { return cmp.Compare(b.end-b.start, a.end-a.start) })
	var kept []span
next:
	for _, f := range found {
		for i, k := range kept {
			switch {
			case f.end <= k.start || k.end <= f.start:
			case k.start < f.start && k.end < f.end && k.end-f.start <= maxReach && f.end-k.end > k.end-f.start:
				f.start = k.end
			case f.start < k.start && f.end < k.end && f.end-k.start <= maxReach && f.end-k.start < k.start-f.start:
				kept[i].start = f.end
			default:
				continue next
			}
		}
		kept = append(kept, f)
	}
	slices.SortFunc(kept, func(a, b span) int { return cmp.Compare(a.start, b.start) })
	return kept
}

// maxReach bounds in bytes how far a match is extended backwards.
const maxReach = 600

// eachWord calls yield for each run of ASCII letters and digits of four to thirty-two bytes, in lower case. Words around
// "license" are left out, since licensecheck reads several spellings as one.
func eachWord(text string, yield func(string)) {
	var word [32]byte
	n := 0
	for i := 0; i <= len(text); i++ {
		var c byte
		if i < len(text) {
			c = text[i]
		}
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		if 'a' <= c && c <= 'z' || '0' <= c && c <= '9' {
			if n < len(word) {
				word[n] = c
			}
			n++
			continue
		}
		if n >= 4 && n <= len(word) && !strings.HasPrefix(string(word[:n]), "licen") {
			yield(string(word[:n]))
		}
		n = 0
	}
}

// mandatory returns the words that every match of a licence regular expression has: those outside of optional groups, and of
// alternatives those that all have.
func mandatory(lre string) map[string]bool {
	words, _, _ := mandatoryAt(lre, 0)
	return words
}

// mandatoryAt reads up to the end of a group and returns where the rest begins and whether the group is optional.
func mandatoryAt(s string, i int) (words map[string]bool, end int, optional bool) {
	var alternatives []map[string]bool
	current := map[string]bool{}
	start := i
	flush := func(end int) { eachWord(s[start:end], func(w string) { current[w] = true }) }
	for i < len(s) {
		switch {
		case strings.HasPrefix(s[i:], "(("):
			flush(i)
			inner, next, maybe := mandatoryAt(s, i+2)
			if !maybe {
				for w := range inner {
					current[w] = true
				}
			}
			i, start = next, next
		case strings.HasPrefix(s[i:], "||"):
			flush(i)
			alternatives = append(alternatives, current)
			current = map[string]bool{}
			i, start = i+2, i+2
		case strings.HasPrefix(s[i:], "))"):
			flush(i)
			i += 2
			if strings.HasPrefix(strings.TrimLeft(s[i:], " \t"), "??") {
				optional = true
				i += strings.Index(s[i:], "??") + 2
			}
			return common(append(alternatives, current)), i, optional
		case strings.HasPrefix(s[i:], "//**"):
			flush(i)
			if n := strings.Index(s[i:], "**//"); n >= 0 {
				i += n + 4
			} else {
				i = len(s)
			}
			start = i
		default:
			i++
		}
	}
	flush(len(s))
	return common(append(alternatives, current)), len(s), false
}

func common(alternatives []map[string]bool) map[string]bool {
	all := alternatives[0]
	for _, a := range alternatives[1:] {
		for w := range all {
			if !a[w] {
				delete(all, w)
			}
		}
	}
	return all
}
