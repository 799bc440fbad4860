// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package license

import (
	"fmt"
	"strings"
	"unicode"
)

// Headers are read of a few files spread over the packages, to learn what the authors declare; of many where no file licenses the
// module, or the REUSE folder says that the headers do.
const (
	headerSample = 8
	headerAll    = 512
	headerBytes  = 4096
	tag          = "SPDX-License-Identifier:"
)

// headers is what the comments on top of Go files say.
type headers struct {
	files, tagged, licensed int
	tags                    []*expr // distinct tags, in order
	matched                 []*expr // distinct licences of tags and matched notices
	seen                    []File  // one for each distinct licence
}

// readHeaders reads at most limit of the files of the packages that count.
func (s *scanner) readHeaders(limit int) error {
	var all []string
	for _, p := range s.packages {
		if !s.licensedApart(p) {
			all = append(all, s.goFiles[p]...)
		}
	}
	step := 1
	if len(all) > limit {
		step = len(all) / limit
	}
	h := headers{}
	for i := 0; i < len(all) && h.files < limit; i += step {
		text, _, _, err := s.read(all[i], headerBytes)
		if err != nil {
			return err
		}
		h.add(all[i], headerComment(text))
	}
	if h.files < len(all) && limit == headerAll {
		s.remark(fmt.Sprintf("%d of %d Go files were read", h.files, len(all)))
	}
	s.headers = h
	return nil
}

// licensedApart reports whether a licence file in or above the directory, but below the root, covers it.
func (s *scanner) licensedApart(dir string) bool {
	for _, f := range s.found {
		if f.file.Covers == CoverNested && f.file.Dir != "." && f.analysis.expr != nil && within(dir, f.file.Dir) {
			return true
		}
	}
	return false
}

func (h *headers) add(name, comment string) {
	h.files++
	var list []*expr
	file := File{Path: name, Kind: KindHeader, Covers: CoverCode, Confidence: 1}
	for i, line := range strings.Split(comment, "\n") {
		_, value, ok := strings.Cut(line, tag)
		if !ok {
			continue
		}
		e, err := parse(strings.Trim(value, " \t\r*/.-><"))
		if err != nil {
			continue
		}
		list = append(list, e)
		file.Matches = append(file.Matches, Match{e.String(), i + 1, i + 1})
	}
	if list != nil {
		h.tagged++
		h.tags = addDistinct(h.tags, list...)
	} else {
		for _, sp := range match(comment) {
			a := analysis{texts: map[string]string{}}
			if e, exception := a.licence(sp, comment); e != nil && !exception && len(a.texts) == 0 {
				list = append(list, e)
				file.Matches = append(file.Matches, lines(comment, sp))
			}
		}
	}
	if list == nil {
		return
	}
	h.licensed++
	e := join('&', list...)
	if before := len(h.matched); true {
		h.matched = addDistinct(h.matched, e)
		if len(h.matched) > before {
			file.Expression = e.String()
			h.seen = append(h.seen, file)
		}
	}
}

func addDistinct(list []*expr, more ...*expr) []*expr {
	for _, e := range more {
		found := false
		for _, l := range list {
			found = found || l.key() == e.key()
		}
		if !found {
			list = append(list, e)
		}
	}
	return list
}

// headerComment is the text before the package clause.
func headerComment(text string) string {
	text = strings.TrimLeftFunc(text, unicode.IsSpace)
	if strings.HasPrefix(text, "package ") {
		return ""
	}
	if i := strings.Index(text, "\npackage "); i >= 0 {
		return text[:i]
	}
	return text
}

func lines(text string, sp span) Match {
	first := 1 + strings.Count(text[:sp.start], "\n")
	return Match{sp.id, first, first + strings.Count(strings.TrimRight(text[sp.start:sp.end], "\n"), "\n")}
}
