// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

// Package sdunit reads what a systemd service unit says about the programs that
// it starts: which they are, as whom they run, how they are confined, and which
// GODEBUG settings their environment holds.
//
// It reads the file and its drop-ins as systemd does: systemd.unit(5),
// systemd.syntax(7) and systemd.exec(5) of version 252, and what later versions
// added. It sees one unit, and not what else may apply where that runs: drop-ins
// elsewhere, the manager's DefaultEnvironment=, the contents of environment files.
//
// Each fact is set, or it is systemd's default, or it is unknown; an unknown
// one is never taken for its default. Values of environment variables other than
// GODEBUG, and arguments of commands, may be secrets and are in no fact.
package sdunit

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
)

// Errors of [Read], for callers that tell them apart. Those of the file system,
// such as fs.ErrNotExist, are wrapped as they are.
var (
	ErrMasked     = errors.New("masked: systemd starts nothing")
	ErrNoService  = errors.New("no [Service] section")
	ErrNotRegular = errors.New("not a regular file")
	ErrTooLarge   = errors.New("larger than a unit may be")
	ErrSyntax     = errors.New("not a unit file that systemd loads")
)

// Bounds of Read.
const (
	MaxSize    = 1 << 20 // bytes of one file; systemd's own limit for one line
	MaxDropIns = 128
)

// A Unit is a service unit with its drop-ins.
type Unit struct {
	Files   []string  `json:"files"` // that were read, in order: later ones override
	Ignored []Ignored `json:"ignored,omitempty"`
	Service

	text   strings.Builder // of the assignments that count
	unread []string
}

// Text returns the assignments that the facts rest on, in order, each as
// "file:line: Name=value". What may be a secret is redacted.
func (u *Unit) Text() []byte { return []byte(u.text.String()) }

// Unread lists what the unit sets and the facts have as unknown, as
// "Name=value": values of which this package does not know the meaning, and
// those that depend on where the unit runs.
func (u *Unit) Unread() []string { return u.unread }

// A Position is a line of a file, where an assignment begins.
type Position struct {
	File string `json:"file"`
	Line int    `json:"line"`
}

// An Ignored is a line that systemd ignores with no more than a line in its log.
type Ignored struct {
	At      Position `json:"at"`
	Section string   `json:"section,omitempty"`
	Name    string   `json:"name,omitempty"` // of the directive
	Why     Cause    `json:"why"`
}

// Cause is why systemd ignores a line.
type Cause string

// The causes.
const (
	WrongSection Cause = "section"  // the directive counts in [Service] only
	WrongCase    Cause = "case"     // names are case-sensitive
	NoSection    Cause = "outside"  // it stands before the first section
	NoEquals     Cause = "equals"   // it has no "="
	NotUTF8      Cause = "encoding" // it is not UTF-8
)

// Read reads the unit file name of fsys and those of its drop-ins that are in the
// same folder: in name.d, in those of its template and of the beginnings of its name
// that end in "-", and in service.d.
func Read(fsys fs.FS, name string) (*Unit, error) {
	main, err := readFile(fsys, name)
	if err != nil {
		return nil, err
	}
	u := &Unit{Files: []string{name}}
	list, err := u.parse(name, main)
	if err != nil {
		return nil, err
	}
	dropIns, err := listDropIns(fsys, dropInDirs(name))
	if err != nil {
		return nil, err
	}
	for _, file := range dropIns {
		data, err := readFile(fsys, file)
		if errors.Is(err, ErrMasked) {
			continue
		}
		if err != nil {
			return nil, err
		}
		more, err := u.parse(file, data)
		if err != nil {
			return nil, err
		}
		u.Files = append(u.Files, file)
		list = append(list, more...)
	}
	return u, u.interpret(list)
}

// readFile reads a file in full. It is ErrMasked if it is empty or a device,
// as /dev/null is, to which a link leads (systemd.unit(5)).
func readFile(fsys fs.FS, name string) ([]byte, error) {
	info, err := fs.Stat(fsys, name)
	switch {
	case err != nil:
		return nil, err
	case info.Mode()&fs.ModeDevice != 0 || info.Mode().IsRegular() && info.Size() == 0:
		return nil, fmt.Errorf("%s: %w", name, ErrMasked)
	case !info.Mode().IsRegular(): // a pipe, say, which may never end
		return nil, fmt.Errorf("%s: %w", name, ErrNotRegular)
	}
	f, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, MaxSize+1))
	switch {
	case err != nil:
		return nil, err
	case len(data) > MaxSize:
		return nil, fmt.Errorf("%s: %w", name, ErrTooLarge)
	case bytes.IndexByte(data, 0) >= 0:
		return nil, fmt.Errorf("%s: %w: a byte is zero", name, ErrSyntax)
	}
	return data, nil
}

// dropInDirs lists the directories with drop-ins of a unit, the most special first:
// systemd.unit(5), Description, and unit_file_find_dirs in src/shared/dropin.c.
func dropInDirs(name string) []string {
	const service = ".service"
	stem, ok := strings.CutSuffix(name, service)
	if !ok {
		return []string{name + ".d"}
	}
	var dirs []string
	var add func(prefix, at string, template bool)
	add = func(prefix, at string, template bool) { // at is "", or "@" and the instance
		dirs = append(dirs, prefix+at+service+".d")
		if template {
			add(prefix, "@", false)
		}
		if dash := strings.LastIndex(strings.TrimRight(prefix, "-"), "-"); dash > 0 {
			if at == "@" {
				at = ""
			}
			add(prefix[:dash+1], at, template)
		}
	}
	prefix, instance, ok := strings.Cut(stem, "@")
	at := ""
	if ok {
		at = "@" + instance
	}
	add(prefix, at, ok && instance != "")
	return append(dirs, "service.d")
}

// listDropIns lists the drop-ins in some directories, as far as these are there, by
// their names: of two with the same one that in the first directory counts.
func listDropIns(fsys fs.FS, dirs []string) ([]string, error) {
	files := map[string]string{}
	for _, dir := range dirs {
		entries, err := fs.ReadDir(fsys, dir)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			n := e.Name()
			if files[n] == "" && strings.HasSuffix(n, ".conf") && !strings.HasPrefix(n, ".") {
				files[n] = path.Join(dir, n)
			}
		}
		if len(files) > MaxDropIns {
			return nil, fmt.Errorf("%s: %w: more than %d drop-ins", dir, ErrTooLarge, MaxDropIns)
		}
	}
	var out []string
	for _, n := range slices.Sorted(maps.Keys(files)) {
		out = append(out, files[n])
	}
	return out, nil
}
