// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package sumdb

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/tlog"
)

// MaxEvidence bounds a file of evidence, in bytes: a bundle of a million
// records has some 500 MiB.
const MaxEvidence = 1 << 30

// What the subjects of one bundle may have together: executables of a large
// fleet, and a line for each record of half a million modules. What is read into
// memory would otherwise be many times the file.
const (
	maxSubjects     = 10_000
	maxSubjectLines = 1_000_000 // proven and not
)

// UnmarshalText reads what MarshalText writes, byte for byte: nothing else, so
// that no two files are one bundle. Nothing is verified but the form. The error
// is an [*InvalidEvidenceError].
func (b *Bundle) UnmarshalText(data []byte) error {
	p := &evidenceParser{rest: data}
	var out Bundle
	p.bundle(&out)
	p.canonical(out.body, data)
	if p.err == nil {
		*b = out
	}
	return p.err
}

// evidenceParser reads a text line by line. After an error it does nothing.
type evidenceParser struct {
	rest []byte
	line int // the last one read, from 1
	part string
	err  error

	lines int // of subjects
}

func (p *evidenceParser) fail(format string, args ...any) {
	if p.err == nil {
		p.err = &InvalidEvidenceError{Line: p.line, Part: p.part, Err: fmt.Errorf(format, args...)}
	}
}

// next reads a line, without its end.
func (p *evidenceParser) next() string {
	if p.err != nil {
		return ""
	}
	line, rest, ok := bytes.Cut(p.rest, []byte("\n"))
	p.line++
	if !ok {
		p.fail("the file ends within a line")
		return ""
	}
	p.rest = rest
	return string(line)
}

// more reports whether a line follows that is not empty.
func (p *evidenceParser) more() bool {
	return p.err == nil && len(p.rest) > 0 && p.rest[0] != '\n'
}

// field reads a line that begins with a word, and returns what follows it.
func (p *evidenceParser) field(word string) string {
	line := p.next()
	value, ok := strings.CutPrefix(line, word+" ")
	if !ok {
		p.fail("%q is wanted here, not %.100q", word, line)
	}
	return value
}

// blank reads an empty line.
func (p *evidenceParser) blank() {
	if line := p.next(); line != "" {
		p.fail("an empty line is wanted here, not %.100q", line)
	}
}

// count reads a line of a word and a number of things of at least size bytes
// each that follow.
func (p *evidenceParser) count(word string, size int) int {
	text := p.field(word)
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 || n > len(p.rest)/size {
		p.fail("%.100q is no number of %s in this file", text, word)
		return 0
	}
	return n
}

// end reads the last line. Whatever it holds, the result is not nil, which would
// say that nothing was read.
func (p *evidenceParser) end() *trailer {
	p.part = "digest"
	text := p.field("sha256")
	var t trailer
	if !isSHA256(text) {
		p.fail("64 lower-case hexadecimal digits are wanted here, not %.100q", text)
	} else if _, err := hex.Decode(t[:], []byte(text)); err != nil {
		p.fail("%w", err)
	}
	if p.err == nil && len(p.rest) > 0 {
		p.fail("something follows the last line")
	}
	return &t
}

// canonical demands that data begins with the body that was read out of it,
// written again, and names the first line that is another: the parser is lenient
// in details, such as zeros before a number, and the form is not.
func (p *evidenceParser) canonical(body func() []byte, data []byte) {
	if p.err != nil {
		return
	}
	want := body()
	if bytes.HasPrefix(data, want) {
		return
	}
	p.part = "form"
	for p.line = 1; ; p.line++ {
		a, restA, _ := bytes.Cut(want, []byte("\n"))
		b, restB, _ := bytes.Cut(data, []byte("\n"))
		if !bytes.Equal(a, b) || len(restA) == 0 || len(restB) == 0 {
			p.fail("%.100q, should be %.100q", b, a)
			return
		}
		want, data = restA, restB
	}
}

// form reads the first line.
func (p *evidenceParser) form(want string) {
	p.part = "form"
	if line := p.next(); line != want {
		p.fail("%q is wanted here, not %.100q", want, line)
	}
}

// note reads a signed tree head: text, an empty line, signatures, an empty line.
func (p *evidenceParser) note() []byte {
	p.part = "tree head"
	var b strings.Builder
	for range 2 {
		for p.more() {
			b.WriteString(p.next() + "\n")
		}
		p.blank()
		b.WriteString("\n")
	}
	return []byte(strings.TrimSuffix(b.String(), "\n"))
}

func (p *evidenceParser) hashes(n int) []tlog.Hash {
	hashes := make([]tlog.Hash, 0, n)
	for range n {
		raw, err := base64.StdEncoding.Strict().DecodeString(p.next())
		if err != nil || len(raw) != tlog.HashSize {
			p.fail("not a hash")
			return nil
		}
		hashes = append(hashes, tlog.Hash(raw))
	}
	return hashes
}

func (p *evidenceParser) bundle(b *Bundle) {
	p.form(bundleForm)
	p.part = "log"
	b.Key = p.field("log")
	p.part = "time"
	seen, err := time.Parse(time.RFC3339, p.field("seen"))
	if err != nil {
		p.fail("not a time: %v", err)
	}
	b.Seen = seen.UTC()
	p.blank()
	b.Checkpoint = p.note()
	p.records(b)
	p.part = "hashes"
	b.Hashes = p.hashes(p.count("hashes", tlog.HashSize))
	for p.blank(); p.err == nil && bytes.HasPrefix(p.rest, []byte("subject ")); p.blank() {
		if len(b.Subjects) == maxSubjects {
			p.fail("more than %d subjects", maxSubjects)
			return
		}
		b.Subjects = append(b.Subjects, p.subject())
	}
	b.trailer = p.end()
}

func (p *evidenceParser) records(b *Bundle) {
	p.part = "records"
	n := p.count("records", 2)
	for range n {
		id, err := strconv.ParseInt(p.next(), 10, 64)
		if err != nil {
			p.fail("the number of a record is wanted here")
			return
		}
		var text strings.Builder
		for p.more() && !isNumber(p.rest) {
			text.WriteString(p.next() + "\n")
		}
		b.Records = append(b.Records, BundledRecord{id, []byte(text.String())})
	}
	p.blank()
}

// isNumber reports whether a line begins that is a number: the next record. A
// line of go.sum has spaces.
func isNumber(data []byte) bool {
	line, _, _ := bytes.Cut(data[:min(len(data), 32)], []byte("\n"))
	_, err := strconv.ParseInt(string(line), 10, 64)
	return err == nil
}

func (p *evidenceParser) subject() Subject {
	p.part = "subject"
	f := strings.SplitN(p.field("subject"), " ", 3)
	if len(f) != 3 {
		p.fail("kind, digest and name are wanted here")
		return Subject{}
	}
	name, err := strconv.Unquote(f[2])
	if err != nil {
		p.fail("a name in quotes is wanted here")
	}
	s := Subject{Kind: f[0], Digest: f[1], Name: name}
	for p.more() {
		line := p.next()
		if p.lines++; p.lines > maxSubjectLines {
			p.fail("more than %d lines of subjects", maxSubjectLines)
			break
		}
		rest, ok := strings.CutPrefix(line, "unproven ")
		if !ok {
			if len(s.Unproven) > 0 {
				p.fail("a proven hash behind unproven ones")
			}
			s.Lines = append(s.Lines, line)
			continue
		}
		reason, quoted, _ := strings.Cut(rest, " ")
		entry, err := strconv.Unquote(quoted)
		if err != nil {
			p.fail("reason and hash in quotes are wanted here")
		}
		s.Unproven = append(s.Unproven, Unproven{reason, entry})
	}
	if err := s.check(); err != nil {
		p.fail("%w", err)
	}
	return s
}

// Evidence is what a file of evidence may be.
type Evidence interface {
	MarshalText() ([]byte, error)
	UnmarshalText([]byte) error
}

// proofForm begins a proof of one record (c2sp.org/tlog-proof).
const proofForm = "c2sp.org/tlog-proof@"

// OpenEvidence reads a file of evidence, by its first line: a [*Proof], a
// [*Bundle] or a [*ForkProof]. Nothing is verified yet but the form.
func OpenEvidence(data []byte) (Evidence, error) {
	if len(data) > MaxEvidence {
		return nil, &InvalidEvidenceError{Part: "form", Err: fmt.Errorf("larger than %d bytes", MaxEvidence)}
	}
	first, _, _ := bytes.Cut(data[:min(len(data), 100)], []byte("\n"))
	var e Evidence
	switch {
	case bytes.HasPrefix(first, []byte(proofForm)):
		e = new(Proof)
	case string(first) == bundleForm:
		e = new(Bundle)
	case string(first) == forkForm:
		e = new(ForkProof)
	default:
		return nil, &InvalidEvidenceError{Line: 1, Part: "form", Err: errors.New("not a proof, a bundle or a fork")}
	}
	if err := e.UnmarshalText(data); err != nil {
		var invalid *InvalidEvidenceError
		if !errors.As(err, &invalid) {
			err = &InvalidEvidenceError{Part: "proof", Err: err}
		}
		return nil, err
	}
	return e, nil
}
