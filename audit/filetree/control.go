// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package filetree

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
)

// A Package is a Debian package, as its control file describes it:
// deb-control(5). All of it are claims.
type Package struct {
	Name         string // "" if the control file could not be read
	Version      string
	Architecture string

	// Built are the source packages that its Static-Built-Using and Built-Using
	// fields name: parts of which were linked into it.
	Built []BuiltUsing

	Err error // what of it could not be read
}

// BuiltUsing is a source package with exactly one version (Debian Policy,
// section 7.8).
type BuiltUsing struct {
	Field   string // Static-Built-Using or Built-Using
	Name    string
	Version string
}

// Bounds of a control file, in bytes, of what control.tar holds before it, and
// of the source packages in it.
const (
	maxControl        = 1 << 20
	maxControlMembers = 1024
	maxBuiltUsing     = 16 << 10
)

// ErrControl is a control file that is missing or malformed.
var ErrControl = errors.New("control file of a Debian package")

// control reads the control file out of control.tar, as r unpacks it.
func control(r io.Reader) *Package {
	tr := tar.NewReader(r)
	for range maxControlMembers {
		h, err := nextHeader(tr)
		if err != nil {
			return &Package{Err: fmt.Errorf("%w: %w", ErrControl, noEOF(err))}
		}
		if clean(h.Name) != "control" || !isFile(h) {
			continue
		}
		data, err := io.ReadAll(io.LimitReader(tr, maxControl+1))
		if err == nil && len(data) > maxControl {
			err = ErrTooLarge
		}
		if err != nil {
			return &Package{Err: fmt.Errorf("%w: %w", ErrControl, err)}
		}
		return ParseControl(data)
	}
	return &Package{Err: fmt.Errorf("%w: %w", ErrControl, ErrTooLarge)}
}

// ParseControl reads a control file. What is malformed in it is left out, and
// told in Err.
func ParseControl(data []byte) *Package {
	p := &Package{}
	fields := map[string]string{}
	name := ""
	for line := range strings.Lines(string(data)) {
		line = strings.TrimRight(line, "\r\n")
		switch {
		case strings.TrimSpace(line) == "" && len(fields) > 0: // the end of the paragraph
			return p.describe(fields)
		case strings.TrimSpace(line) == "":
		case line[0] == ' ' || line[0] == '\t':
			fields[name] += "\n" + line
		default:
			field, value, ok := strings.Cut(line, ":")
			name = strings.ToLower(field)
			if _, twice := fields[name]; !ok || twice {
				p.fail("line %.40q", line)
				name = "" // with what continues it
				continue
			}
			fields[name] = value
		}
	}
	return p.describe(fields)
}

func (p *Package) fail(format string, args ...any) {
	if p.Err == nil {
		p.Err = fmt.Errorf("%w: %s", ErrControl, fmt.Sprintf(format, args...))
	}
}

var (
	debName    = regexp.MustCompile(`^[a-z0-9][a-z0-9+.-]+$`)                          // Debian Policy, section 5.6.1
	debVersion = regexp.MustCompile(`^([0-9]+:)?[0-9][A-Za-z0-9.+~-]*$`)               // section 5.6.12
	debArch    = regexp.MustCompile(`^[a-z0-9][a-z0-9-]*$`)                            // section 5.6.8
	debBuilt   = regexp.MustCompile(`^([a-z0-9][a-z0-9+.-]+)\s*\(\s*=\s*(\S+?)\s*\)$`) // section 7.8
)

func (p *Package) describe(fields map[string]string) *Package {
	take := func(field string, pattern *regexp.Regexp) string {
		v := strings.TrimSpace(fields[field])
		if len(v) > maxDebField || !pattern.MatchString(v) {
			p.fail("field %s", field)
			return ""
		}
		return v
	}
	p.Name, p.Version, p.Architecture = take("package", debName), take("version", debVersion), take("architecture", debArch)
	for _, field := range []string{"Static-Built-Using", "Built-Using"} {
		for entry := range strings.SplitSeq(fields[strings.ToLower(field)], ",") {
			if entry = strings.TrimSpace(entry); entry == "" {
				continue
			}
			m := debBuilt.FindStringSubmatch(entry)
			if m == nil || len(entry) > 2*maxDebField || !debVersion.MatchString(m[2]) || len(p.Built) == maxBuiltUsing {
				p.fail("%s", field)
				continue
			}
			p.Built = append(p.Built, BuiltUsing{field, m[1], m[2]})
		}
	}
	return p
}

// maxDebField bounds a name or a version, in bytes.
const maxDebField = 256
