// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package sumdb

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
)

// A Subject is something that carries hashes of modules. What a bundle says of
// it is its maker's word: that the log has the lines is proven, that a file of
// this digest carries them is not. [CompareSubjects] compares it with the file.
type Subject struct {
	Kind     string     // go.sum, binary, or another word of a-z, dots and dashes; KindNamed
	Digest   string     // "sha256:" and 64 lower-case hexadecimal digits, of the whole file; NoDigest
	Name     string     // as whoever made the bundle named it
	Lines    []string   // hashes that records of the bundle prove, in the form of go.sum lines
	Unproven []Unproven // hashes that it carries too, and nothing here proves
}

// Unproven is a hash that nothing proves, and why.
type Unproven struct {
	Reason string // one word of a-z, 0-9 and dashes
	Line   string // in the form of a go.sum line; the hash may be missing
}

// KindNamed is the kind of a subject that is no file, but module versions that
// somebody named. It alone may have no digest.
const (
	KindNamed = "named"
	NoDigest  = "-"
)

// check checks the form of a subject. One without a hash is none: it would be
// valid whatever its name.
func (s *Subject) check() error {
	digest, ok := strings.CutPrefix(s.Digest, "sha256:")
	switch {
	case !isWord(s.Kind, ".-") || s.Kind[0] < 'a':
		return fmt.Errorf("the kind %.100q is no word", s.Kind)
	case s.Digest == NoDigest && s.Kind != KindNamed:
		return fmt.Errorf("no digest")
	case s.Digest != NoDigest && !(ok && isSHA256(digest)):
		return fmt.Errorf("%.100q is no digest: it is sha256: and 64 lower-case hexadecimal digits", s.Digest)
	case len(s.Lines)+len(s.Unproven) == 0:
		return errors.New("it carries no hash")
	}
	for _, u := range s.Unproven {
		if !isWord(u.Reason, "0123456789-") {
			return fmt.Errorf("the reason %.100q is no word", u.Reason)
		}
	}
	return nil
}

// escaped is a name as it may stand in one line of a message.
func escaped(name string) string {
	quoted := strconv.QuoteToASCII(name)
	return quoted[1 : len(quoted)-1]
}

// isWord reports whether s is made of a-z and what else is named.
func isWord(s, more string) bool {
	return s != "" && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz"+more) == ""
}

// isSHA256 reports whether s is a SHA-256 digest as sha256sum prints it.
func isSHA256(s string) bool {
	return len(s) == 64 && strings.Trim(s, "0123456789abcdef") == ""
}

// isSumLine reports whether a line, without its end, has the form of one of
// go.sum as the go command writes it: three words of visible ASCII.
func isSumLine(line string) bool {
	f := strings.Split(line, " ")
	return len(f) == 3 && !slices.Contains(f, "") && !strings.ContainsFunc(line, func(r rune) bool { return r < ' ' || r > '~' })
}

// hashes are all hashes of the subject, sorted.
func (s *Subject) hashes() []string {
	all := slices.Clone(s.Lines)
	for _, u := range s.Unproven {
		all = append(all, u.Line)
	}
	slices.Sort(all)
	return all
}

// A Carrier is a file that carries hashes of modules, to be compared with the
// subjects of a bundle. Whoever makes one has read the file, and not the bundle.
type Carrier struct {
	Kind   string
	Digest string // of the whole file, as in [Subject]; "" if it could not be read
	Name   string // for messages
	Hashes []CarriedHash
	Unread error // why its hashes are not known
}

// A CarriedHash is one hash that a file carries.
type CarriedHash struct {
	Line string // in the form of a go.sum line
	At   string // where, for messages
}

// A Comparison is what subjects and files have in common.
type Comparison struct {
	Fits   [][]string // for each subject, the names of the files that are what it says
	Empty  []string   // files that carry no hash
	Unread []*Carrier // files that could not be read, or have a subject's digest and hashes that could not be
}

// CompareSubjects compares files with the subjects of a bundle that was verified.
// A file is what a subject says if the kinds and digests are equal, and if the
// subject lists each hash that the file carries, as proven or not, and no other.
// Each file must be one, unless it carries no hash, no subject has its digest, and
// none of its kind is left that it could be. Every subject that has the digest of a
// file, of whichever kind, must be what the file is. The error joins one
// [*InvalidEvidenceError] for each file, and for each subject that is not.
func CompareSubjects(subjects []Subject, carriers []Carrier) (*Comparison, error) {
	c := &comparison{Comparison{Fits: make([][]string, len(subjects))}, subjects, make([]*Carrier, len(subjects))}
	var errs []error
	var odd, empty []*Carrier
	for i := range carriers {
		f := &carriers[i]
		switch found := c.find(f); {
		case f.Unread != nil && (found || f.Digest == ""):
			c.Unread = append(c.Unread, f)
		case found:
		case f.Unread == nil && len(f.Hashes) == 0:
			empty = append(empty, f)
		default:
			odd = append(odd, f)
		}
	}
	for _, f := range odd {
		errs = append(errs, c.noSubject(f))
	}
	for i := range subjects {
		f := c.has[i] // a second word about a file, other than the first
		if f != nil && len(c.Fits[i]) == 0 && !slices.ContainsFunc(append(odd, empty...), f.same) {
			errs = append(errs, differs(&subjects[i], f))
		}
	}
	for _, f := range empty {
		if c.hasDigest(f) >= 0 || c.nearest(f) >= 0 || !slices.ContainsFunc(c.Fits, func(names []string) bool { return len(names) > 0 }) {
			errs = append(errs, c.noSubject(f))
			continue
		}
		c.Empty = append(c.Empty, f.Name)
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	return &c.Comparison, nil
}

// comparison is a Comparison under way.
type comparison struct {
	Comparison
	subjects []Subject
	has      []*Carrier // by subject: a file that has its digest, and is of another kind or has hashes that can be read
}

// find finds the subjects that a file is, and reports whether there is one.
func (c *comparison) find(f *Carrier) (found bool) {
	have := hashesOf(f)
	for i, s := range c.subjects {
		switch {
		case s.Digest != f.Digest || s.Digest == NoDigest:
		case s.Kind != f.Kind:
			if c.has[i] == nil {
				c.has[i] = f
			}
		case f.Unread != nil:
			found = true
		case slices.Equal(s.hashes(), have):
			found, c.has[i] = true, f
			c.Fits[i] = append(c.Fits[i], f.Name)
		default:
			c.has[i] = f
		}
	}
	return found
}

// same reports whether two are of one digest: the architectures of a file are.
func (f *Carrier) same(other *Carrier) bool { return f.Kind == other.Kind && f.Digest == other.Digest }

// hashesOf lists the hashes of a file, sorted.
func hashesOf(f *Carrier) []string {
	lines := make([]string, 0, len(f.Hashes))
	for _, h := range f.Hashes {
		lines = append(lines, h.Line)
	}
	slices.Sort(lines)
	return lines
}

// hasDigest returns the first subject that has the digest of a file, if possible
// one of its kind; -1 if there is none.
func (c *comparison) hasDigest(f *Carrier) int {
	if i := slices.IndexFunc(c.subjects, func(s Subject) bool { return s.Kind == f.Kind && s.Digest == f.Digest }); i >= 0 {
		return i
	}
	return slices.IndexFunc(c.subjects, func(s Subject) bool { return s.Digest == f.Digest })
}

// nearest returns the subject that a file is probably meant to be: of those of
// its kind that no file is, the one of its name, or else the first; -1 if there
// is none.
func (c *comparison) nearest(f *Carrier) int {
	near := -1
	for i, s := range c.subjects {
		switch {
		case s.Kind != f.Kind || len(c.Fits[i]) > 0:
		case path.Base(s.Name) == path.Base(f.Name):
			return i
		case near < 0:
			near = i
		}
	}
	return near
}

// noSubject says that a file is no subject, and by what it differs from the one
// that it is probably meant to be.
func (c *comparison) noSubject(f *Carrier) error {
	i := c.hasDigest(f)
	if i >= 0 && c.subjects[i].Kind == f.Kind {
		return differs(&c.subjects[i], f)
	}
	what := fmt.Errorf("no subject of kind %s has its digest, %s", f.Kind, f.Digest)
	if i >= 0 {
		what = fmt.Errorf("%w; subject %s has it, and is of kind %s", what, escaped(c.subjects[i].Name), c.subjects[i].Kind)
	}
	near := c.nearest(f)
	switch {
	case f.Unread != nil:
		what = fmt.Errorf("%w, and its hashes cannot be read: %w", what, f.Unread)
	case i < 0 && near >= 0:
		s := &c.subjects[near]
		what = fmt.Errorf("%w; subject %s has %s; %s", what, escaped(s.Name), s.Digest, difference(s, f))
	}
	return &InvalidEvidenceError{Part: escaped(f.Name), Err: what}
}

// differs says that a subject has the digest of a file, and not its kind or hashes.
func differs(s *Subject, f *Carrier) error {
	if s.Kind != f.Kind {
		return &InvalidEvidenceError{Part: "subject " + escaped(s.Name), Err: fmt.Errorf("it has the digest of %s, which is of kind %s and not %s", escaped(f.Name), f.Kind, s.Kind)}
	}
	return &InvalidEvidenceError{Part: "subject " + escaped(s.Name), Err: fmt.Errorf("it has the digest of %s, and not its hashes; %s", escaped(f.Name), difference(s, f))}
}

// difference names the first hash that a file carries and a subject does not
// list, the first of the other way round, and how many more there are.
func difference(s *Subject, f *Carrier) string {
	listed := map[string]int{}
	for _, line := range s.hashes() {
		listed[line]++
	}
	var more, fewer []string
	for _, h := range f.Hashes {
		if listed[h.Line]--; listed[h.Line] < 0 {
			more = append(more, fmt.Sprintf("%s: %q", escaped(h.At), h.Line))
		}
	}
	for _, line := range s.hashes() {
		if listed[line] > 0 {
			listed[line]--
			fewer = append(fewer, fmt.Sprintf("%q", line))
		}
	}
	var out []string
	for what, lines := range map[string][]string{"the evidence does not list ": more, "the file does not carry ": fewer} {
		switch len(lines) {
		case 0:
		case 1:
			out = append(out, what+lines[0])
		default:
			out = append(out, fmt.Sprintf("%s%s and %d more", what, lines[0], len(lines)-1))
		}
	}
	if len(out) == 0 {
		return "the hashes are the same"
	}
	slices.Sort(out)
	return strings.Join(out, "; ")
}
