// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package license

import (
	"fmt"
	"slices"
	"strings"
)

// An evidence is a file that was read.
type evidence struct {
	file     File
	by       string // package that takes in what the file is for, where it lies in no package itself
	analysis *analysis
}

// readAll reads the candidates, and headers of Go files as far as needed.
func (s *scanner) readAll() error {
	for _, c := range s.candidates {
		if err := s.readFile(c); err != nil {
			return err
		}
	}
	limit := headerSample
	lesser, general := false, false
	for _, e := range s.found {
		if e.file.Dir == "." && e.analysis.expr != nil {
			lesser = lesser || strings.HasPrefix(e.file.Expression, "LGPL-3.0")
			general = general || strings.HasPrefix(e.file.Expression, "GPL-3.0")
		}
	}
	if lesser && general || !s.licensedAtRoot() {
		limit = headerAll
	}
	return s.readHeaders(limit)
}

// licensedAtRoot reports whether a file at the root licenses the code, the folder of REUSE apart.
func (s *scanner) licensedAtRoot() bool {
	return slices.ContainsFunc(s.found, func(e *evidence) bool {
		return e.file.Dir == "." && e.file.Covers == CoverCode && e.file.Kind != KindREUSE && e.analysis.expr != nil
	})
}

func (s *scanner) readFile(c candidate) error {
	text, sum, truncated, err := s.read(c.path, maxFileBytes)
	if err != nil {
		return err
	}
	f := File{Path: c.path, Kind: c.kind, Covers: c.cover, Dir: c.dir, SHA256: sum, Truncated: truncated}
	if truncated {
		s.remark(fmt.Sprintf("%s was read up to %d bytes", c.path, maxFileBytes))
	}
	e := &evidence{analysis: &analysis{}}
	switch c.kind {
	case KindNotice:
		if len(s.result.Notices) < maxNotices {
			s.result.Notices = append(s.result.Notices, Notice{c.path, clip(text, maxNoticeText), truncated || len(text) > maxNoticeText})
		}
		e.analysis.copyrights = copyrights(text)
	case KindReadme:
		if s.readme == "" {
			s.readme = text
		}
	case KindPatents: // a grant beside the licence
	case KindThirdParty:
		s.remark(c.path + " tells the licences of others' code, which are no part of the conclusion")
	default:
		if s.work > maxModuleWork {
			e.analysis = &analysis{refused: true}
		} else {
			e.analysis = analyse(text, sum)
			s.work += e.analysis.work
		}
		if c.kind == KindCopyright && e.analysis.confidence < minConfidence { // a list of holders
			e.analysis = &analysis{copyrights: e.analysis.copyrights, confidence: e.analysis.confidence}
		}
		f.Confidence = e.analysis.confidence
		f.Expression = e.analysis.expr.String()
		for _, sp := range e.analysis.spans {
			f.Matches = append(f.Matches, lines(text, sp))
		}
	}
	if c.cover == CoverNested {
		if f.Covers, e.by, err = s.nestedCover(c.dir, strings.HasPrefix(f.Expression, "CC-")); err != nil {
			return err
		}
	}
	if (truncated || e.analysis.refused) && (f.Covers == CoverCode || f.Covers == CoverNested) {
		s.incomplete = true
	}
	if e.analysis.refused {
		s.remark(c.path + " was not compared with licences: that would take too long")
	}
	e.file = f
	s.found = append(s.found, e)
	return nil
}

// conclude joins what the files say.
func (s *scanner) conclude() {
	section := licenseSection(s.readme)
	s.readmeText(section)
	declared := s.declare(section)
	root, byDefault := s.directory(".", section)
	fromHeaders := false
	if root == nil {
		root, fromHeaders = s.fromHeaders(), true
	}
	if byDefault && declared != nil && sameLicences(root, declared) {
		root = declared // the authors say how they combine
	}
	if !fromHeaders {
		root = s.withGNUHeaders(root)
	}
	root = s.version(root, declared)
	declared = s.version(declared, root)
	r := s.result
	r.Declared = declared.String()
	r.Parts = []Part{{Dir: ".", Expression: root.String()}}
	for _, dir := range s.nestedDirs() {
		e, _ := s.directory(dir, "")
		if e == nil {
			s.remark("no known licence in the files for " + dir)
		}
		r.Parts = append(r.Parts, Part{dir, s.takenBy(dir), s.version(e, nil).String()})
	}
	r.Incomplete = s.incomplete
	r.Concluded = r.For(s.packages)
	if root != nil && declared != nil && root.key() != declared.key() {
		r.Conflict = fmt.Sprintf("the authors declare %s, the texts at the root are %s", declared, root)
	}
	s.collect()
}

// readmeText takes a whole licence in a README for a licence file where there is none: in its section, or anywhere.
func (s *scanner) readmeText(section string) {
	for _, e := range s.found {
		if e.file.Kind != KindReadme {
			continue
		}
		text := section
		a := analyseText(text)
		if len(a.spans) == 0 && !s.licensedAtRoot() {
			if spans := match(s.readme); len(spans) > 0 {
				text = s.readme[spans[0].start:spans[len(spans)-1].end]
				a = analyseText(text)
			}
		}
		if len(a.spans) == 0 || a.confidence < minConfidence {
			e.file.Expression = declaredIn(section).String()
			return
		}
		e.analysis, e.file.Expression, e.file.Confidence = a, a.expr.String(), a.confidence
		if at := strings.Index(s.readme, text); at >= 0 {
			for _, sp := range a.spans {
				e.file.Matches = append(e.file.Matches, lines(s.readme, span{sp.id, at + sp.start, at + sp.end}))
			}
		}
		return
	}
}

// declare is what tags in Go files say, or else the README.
func (s *scanner) declare(section string) *expr {
	if len(s.headers.tags) > 0 {
		return join('&', s.headers.tags...)
	}
	return declaredIn(section)
}

// directory joins the licence files for one directory. byDefault says that nothing but this package's rule made it an AND.
func (s *scanner) directory(dir, section string) (e *expr, byDefault bool) {
	var whole, folder, overview []*expr
	rest := section
	for _, f := range s.found {
		if f.file.Dir != dir || f.analysis.expr == nil || f.file.Covers != CoverCode && f.file.Covers != CoverNested {
			continue
		}
		byDefault = byDefault || f.analysis.byDefault
		switch {
		case f.file.Kind == KindREUSE:
			folder = append(folder, f.analysis.expr)
		case f.analysis.confidence < minConfidence && !strings.HasPrefix(f.analysis.expr.String(), "LicenseRef-"):
			overview = append(overview, f.analysis.expr)
		default:
			whole = append(whole, f.analysis.expr)
			rest += "\n" + f.analysis.rest
		}
	}
	if dir == "." && len(whole)+len(folder) == 0 {
		for _, f := range s.found {
			if f.file.Kind == KindReadme && len(f.analysis.spans) > 0 {
				whole = append(whole, f.analysis.expr)
			}
		}
	}
	if len(overview) > 0 { // it says how the texts combine; texts that it does not name come in addition
		said := join('&', overview...)
		var more []*expr
		for _, w := range whole {
			if !includes(said, w) {
				more = append(more, w)
			}
		}
		return join('&', append([]*expr{said}, more...)...), false
	}
	if len(whole) == 0 {
		if len(folder) > 0 && s.headers.licensed > 0 { // REUSE: the tags of the files decide
			return nil, false
		}
		whole = folder
	}
	whole = settle(whole)
	if len(whole) > 1 {
		p := prose(clip(rest, maxProse))
		if found := mentions(p); offersChoice(p, found) && namesAll(found, whole) {
			return join('|', whole...), false
		}
		byDefault = true
	}
	return join('&', whole...), byDefault
}

// namesAll reports whether the licences of list are among those mentioned.
func namesAll(found []mention, list []*expr) bool {
	for _, e := range list {
		ok := false
		for _, m := range found {
			ok = ok || includes(m.expr, e)
		}
		if !ok {
			return false
		}
	}
	return true
}

// family is an identifier without the suffix of GNU licences.
func family(e *expr) string {
	return strings.TrimSuffix(strings.TrimSuffix(e.id, "-only"), "-or-later")
}

func includes(whole, part *expr) bool {
	has := map[string]bool{}
	whole.leaves(func(e *expr) { has[family(e)] = true })
	ok := true
	part.leaves(func(e *expr) { ok = ok && has[family(e)] })
	return ok
}

func sameLicences(a, b *expr) bool { return includes(a, b) && includes(b, a) }

// fromHeaders licenses a module without licence files by its Go files, if each says under what it is.
func (s *scanner) fromHeaders() *expr {
	h := s.headers
	if h.files == 0 || h.licensed == 0 {
		return nil
	}
	if h.licensed < h.files {
		s.remark(fmt.Sprintf("%d of %d Go files name no licence, and no file of the module does", h.files-h.licensed, h.files))
		return nil
	}
	return join('&', settle(h.matched)...)
}

// withGNUHeaders adds GNU licences that Go files name and no file at the root does: with the LGPL, the GPL's text beside it may be
// there because the LGPL refers to it, or because commands are under it.
func (s *scanner) withGNUHeaders(root *expr) *expr {
	if root == nil {
		return nil
	}
	for _, e := range s.headers.matched {
		if e.op == 0 && strings.Contains(e.id, "GPL-") && !includes(root, e) {
			root = join('&', root, e)
		}
	}
	return root
}

// version settles whether later versions of GNU licences are offered: by the headers of Go files, by hint, and else not.
func (s *scanner) version(e, hint *expr) *expr {
	if e == nil || e.op == 0 && !e.bare {
		return e
	}
	if e.op != 0 {
		args := make([]*expr, len(e.args))
		for i, a := range e.args {
			args[i] = s.version(a, hint)
		}
		return join(e.op, args...)
	}
	c := *e
	c.bare = false
	for _, h := range append(slices.Clone(s.headers.matched), hint) {
		said := false
		h.leaves(func(l *expr) {
			if !said && !l.bare && family(l) == family(e) && l.id != e.id {
				c.id, said = l.id, true
			}
			said = said || !l.bare && l.id == e.id
		})
		if said {
			return &c
		}
	}
	s.remark(family(e) + ": no file says whether later versions are offered; read as " + c.id)
	return &c
}

// nestedDirs are the directories with a licence of their own that counts.
func (s *scanner) nestedDirs() []string {
	var dirs []string
	for _, f := range s.found {
		if f.file.Covers == CoverNested && !slices.Contains(dirs, f.file.Dir) && (f.file.Kind == KindLicense || f.file.Kind == KindCopying || f.file.Kind == KindREUSE ||
			f.file.Kind == KindCopyright && f.analysis.expr != nil) {
			dirs = append(dirs, f.file.Dir)
		}
	}
	slices.Sort(dirs)
	return dirs
}

// takenBy is the package that takes in what lies in a directory without packages.
func (s *scanner) takenBy(dir string) string {
	for _, f := range s.found {
		if f.file.Dir == dir && f.by != "" {
			return f.by
		}
	}
	return ""
}

// For is the conclusion for some packages of the module, by their directories: the licence of the root, and those of the parts that
// cover one of them. It serves results that were made, and kept, for all packages. Empty is unknown.
func (r *Result) For(packages []string) string {
	if r.Incomplete || len(r.Parts) == 0 {
		return ""
	}
	used := map[string]bool{}
	apart := map[string]bool{} // packages that a nested licence covers
	var all []*expr
	for i, part := range r.Parts {
		for _, p := range packages {
			if i > 0 && within(p, part.Dir) {
				used[part.Dir], apart[p] = true, true
			}
			used[part.Dir] = used[part.Dir] || part.By == p
		}
		e, err := parse(part.Expression)
		switch {
		case i == 0 && err == nil, used[part.Dir] && err == nil:
			all = append(all, e)
		case i > 0 && used[part.Dir]:
			return ""
		}
	}
	if r.Parts[0].Expression == "" && (len(packages) == 0 || len(apart) < len(packages)) {
		return ""
	}
	return join('&', all...).String()
}

// collect writes the evidence into the result.
func (s *scanner) collect() {
	r := s.result
	used := r.Declared + " " + r.Concluded
	for _, e := range s.found {
		if e.file.Kind != KindReadme || e.file.Expression != "" {
			r.Files = append(r.Files, e.file)
			used += " " + e.file.Expression
		}
		for _, c := range e.analysis.copyrights {
			if len(r.Copyrights) < maxCopyrights && !slices.Contains(r.Copyrights, c) {
				r.Copyrights = append(r.Copyrights, c)
			}
		}
		for ref, text := range e.analysis.texts {
			if r.Texts == nil {
				r.Texts = map[string]string{}
			}
			r.Texts[ref] = text
		}
	}
	for ref := range r.Texts {
		if !strings.Contains(used, ref) {
			delete(r.Texts, ref)
		}
	}
	r.Files = append(r.Files, s.headers.seen...)
}
