// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package sdunit

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/coreos/go-systemd/v22/unit"
)

// An assignment is one "Name=value" of a section.
type assignment struct {
	section, name, value string
	at                   Position
}

// line is what systemd takes for one line: with its continuations, and without
// the comments among them.
type line struct {
	text string
	at   Position // of its first part
}

// parse reads one file. It lets go-systemd parse what [logicalLines] makes of
// the text, because by itself that parser reads in other ways than systemd:
//
//   - a comment that ends in a backslash swallows the next line;
//   - a comment within a continued line becomes part of the value;
//   - two backslashes at the end continue the line, and before CR LF one does not;
//   - a carriage return alone ends no line;
//   - a section may begin in the middle of a line;
//   - a line over 2048 bytes is an error or is none, by where it lies in the
//     parser's buffer. The limit was 1 MiB from systemd 235 on.
//
// What comes back must be the very same lines, or it is an error.
func (u *Unit) parse(file string, data []byte) ([]assignment, error) {
	lines := u.lines(file, data)
	var canonical bytes.Buffer
	for _, l := range lines {
		canonical.WriteString(l.text + "\n")
		if strings.HasSuffix(l.text, `\`) {
			canonical.WriteString("\n") // ends what the parser takes for continued
		}
	}
	sections, err := unit.DeserializeSections(small{&canonical})
	if err != nil {
		return nil, fmt.Errorf("%s: %w: %w", file, ErrSyntax, err)
	}
	var list []assignment
	next := func(text string) (line, error) {
		if len(lines) == 0 || lines[0].text != text {
			return line{}, fmt.Errorf("%s: %w: ambiguous", file, ErrSyntax)
		}
		l := lines[0]
		lines = lines[1:]
		return l, nil
	}
	for _, s := range sections {
		if _, err := next("[" + s.Section + "]"); err != nil {
			return nil, err
		}
		for _, e := range s.Entries {
			value := strings.TrimSuffix(e.Value, "\n")
			l, err := next(e.Name + "=" + value)
			if err != nil {
				return nil, err
			}
			list = append(list, assignment{s.Section, e.Name, value, l.at})
		}
	}
	if len(lines) > 0 {
		return nil, fmt.Errorf("%s: %w: ambiguous", file, ErrSyntax)
	}
	return list, nil
}

// small reads little at a time, so that the parser's buffer never holds the
// 2048 bytes that it would look for a line's end in.
type small struct{ r io.Reader }

func (s small) Read(p []byte) (int, error) { return s.r.Read(p[:min(len(p), 1024)]) }

// lines returns the section headers and assignments of a file, each on one
// line without white space around its parts, and notes what systemd ignores.
// See parse_line in systemd's src/shared/conf-parser.c.
func (u *Unit) lines(file string, data []byte) []line {
	var out []line
	section := ""
	inSection := false
	for _, l := range logicalLines(file, data) {
		name, value, assigns := strings.Cut(l.text, "=")
		switch {
		case !utf8.ValidString(l.text):
			u.ignore(Ignored{At: l.at, Section: section, Why: NotUTF8})
			continue
		case l.text[0] == '[':
			inSection = true
			section = strings.Trim(l.text, "[]")
		case !inSection:
			u.ignore(Ignored{At: l.at, Why: NoSection})
			continue
		case !assigns:
			u.ignore(Ignored{At: l.at, Section: section, Why: NoEquals})
			continue
		default:
			l.text = strings.Trim(name, white) + "=" + strings.Trim(value, white)
		}
		out = append(out, l)
	}
	return out
}

// maxIgnored bounds how many ignored lines of a unit are listed.
const maxIgnored = 1000

func (u *Unit) ignore(i Ignored) {
	if len(u.Ignored) < maxIgnored {
		u.Ignored = append(u.Ignored, i)
	}
}

// white is what systemd takes for white space.
const white = " \t\n\r"

// logicalLines joins continued lines and drops comments and empty lines. See
// config_parse in systemd's src/shared/conf-parser.c: a comment is dropped
// before anything else is done with it, wherever it stands.
func logicalLines(file string, data []byte) []line {
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	var out []line
	var open *line // to be continued
	var text strings.Builder
	end := func() {
		if l := strings.Trim(text.String(), white); l != "" {
			out = append(out, line{l, open.at})
		}
		open = nil
		text.Reset()
	}
	for number := 1; len(data) > 0; number++ {
		var physical string
		physical, data = cutLine(data)
		if l := strings.TrimLeft(physical, white); l != "" && (l[0] == '#' || l[0] == ';') {
			continue
		}
		if open == nil {
			open = &line{at: Position{file, number}}
		}
		backslashes := len(physical) - len(strings.TrimRight(physical, `\`))
		if backslashes%2 == 1 {
			text.WriteString(physical[:len(physical)-1] + " ")
			continue
		}
		text.WriteString(physical)
		end()
	}
	if open != nil {
		end()
	}
	return out
}

// cutLine splits off the first line. LF, CR and two different ones together end
// it: read_line_full in systemd's src/basic/fileio.c.
func cutLine(data []byte) (string, []byte) {
	i := bytes.IndexAny(data, "\n\r")
	if i < 0 {
		return string(data), nil
	}
	rest := data[i+1:]
	if len(rest) > 0 && rest[0] != data[i] && (rest[0] == '\n' || rest[0] == '\r') {
		rest = rest[1:]
	}
	return string(data[:i]), rest
}
