// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package modgraph

import (
	"errors"
	"fmt"
	"path/filepath"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"
)

// A ModFile is a main module's go.mod file.
type ModFile struct {
	File       string        `json:"-"` // absolute
	Module     string        `json:"module"`
	Deprecated string        `json:"deprecated,omitempty"`
	Go         string        `json:"go,omitempty"`
	Toolchain  string        `json:"toolchain,omitempty"`
	Require    []Requirement `json:"require,omitempty"`
	Replace    []Replacement `json:"replace,omitempty"`
	Exclude    []Exclusion   `json:"exclude,omitempty"`
	Retract    []Retraction  `json:"retract,omitempty"`
	Tool       []Line        `json:"tool,omitempty"`    // package paths
	Ignore     []Line        `json:"ignore,omitempty"`  // folders
	Godebug    []Line        `json:"godebug,omitempty"` // key=value
}

// A Requirement is a require line.
type Requirement struct {
	Path     string `json:"path"`
	Version  string `json:"version"`
	Indirect bool   `json:"indirect,omitempty"`
	Line     int    `json:"line"`
}

// A Replacement is a replace line of a go.mod or go.work file.
type Replacement struct {
	Path       string `json:"path"`
	Version    string `json:"version,omitempty"` // empty: all versions
	NewPath    string `json:"new_path"`
	NewVersion string `json:"new_version,omitempty"` // empty: NewPath is a folder
	Line       int    `json:"line"`
}

// Local reports whether the replacement is a folder.
func (r Replacement) Local() bool { return r.NewVersion == "" }

// An Exclusion is an exclude line.
type Exclusion struct {
	Path    string `json:"path"`
	Version string `json:"version"`
	Line    int    `json:"line"`
}

// A Retraction is a retract line: an interval of versions, ends included.
type Retraction struct {
	Low       string `json:"low"`
	High      string `json:"high"`
	Rationale string `json:"rationale,omitempty"`
	Line      int    `json:"line"`
}

// A Line is any other directive with its text.
type Line struct {
	Text string `json:"text"`
	Line int    `json:"line"`
}

// A ParseError is a go.mod or go.work file that the go command refuses.
type ParseError struct {
	File string // its base name
	Line int    // of the first error, from 1; 0 if unknown
	Err  error  // all errors, each with file and line
}

func (e *ParseError) Error() string { return e.Err.Error() }

func (e *ParseError) Unwrap() error { return e.Err }

func parseError(file string, err error) error {
	e := &ParseError{File: file, Err: err}
	var list modfile.ErrorList
	if errors.As(err, &list) && len(list) > 0 {
		e.Line = list[0].Pos.Line
		e.Err = errors.New(clip(list.Error(), 4<<10))
	}
	return e
}

// ReadModFile reads a go.mod file as the go command reads that of a main
// module. The error is a [*ParseError] if the file is there but invalid.
func ReadModFile(file string) (*ModFile, error) {
	data, err := readFile(file)
	if err != nil {
		return nil, err
	}
	return parseModFile(file, data)
}

func parseModFile(file string, data []byte) (*ModFile, error) {
	name := filepath.Base(file)
	f, err := modfile.Parse(name, data, nil)
	if err != nil {
		return nil, parseError(name, err)
	}
	if f.Module == nil {
		return nil, &ParseError{File: name, Err: fmt.Errorf("%s: no module line", name)}
	}
	m := &ModFile{File: file, Module: f.Module.Mod.Path, Deprecated: f.Module.Deprecated}
	if f.Go != nil {
		m.Go = f.Go.Version
	}
	if f.Toolchain != nil {
		m.Toolchain = f.Toolchain.Name
	}
	for _, r := range f.Require {
		m.Require = append(m.Require, Requirement{r.Mod.Path, r.Mod.Version, r.Indirect, line(r.Syntax)})
	}
	m.Replace = replacements(f.Replace)
	for _, x := range f.Exclude {
		m.Exclude = append(m.Exclude, Exclusion{x.Mod.Path, x.Mod.Version, line(x.Syntax)})
	}
	for _, r := range f.Retract {
		m.Retract = append(m.Retract, Retraction{r.Low, r.High, r.Rationale, line(r.Syntax)})
	}
	for _, t := range f.Tool {
		m.Tool = append(m.Tool, Line{t.Path, line(t.Syntax)})
	}
	for _, i := range f.Ignore {
		m.Ignore = append(m.Ignore, Line{i.Path, line(i.Syntax)})
	}
	for _, g := range f.Godebug {
		m.Godebug = append(m.Godebug, Line{g.Key + "=" + g.Value, line(g.Syntax)})
	}
	return m, nil
}

func replacements(list []*modfile.Replace) []Replacement {
	var out []Replacement
	for _, r := range list {
		out = append(out, Replacement{r.Old.Path, r.Old.Version, r.New.Path, r.New.Version, line(r.Syntax)})
	}
	return out
}

func line(l *modfile.Line) int {
	if l == nil {
		return 0
	}
	return l.Start.Line
}

// replacementOf returns the line of list that replaces mod: one for its very
// version before one for all (modload.replacement). Of several lines for the
// same the last counts.
func replacementOf(list []Replacement, mod module.Version) (Replacement, bool) {
	var found Replacement
	ok := false
	for _, r := range list {
		if r.Path != mod.Path || r.Version != "" && r.Version != mod.Version {
			continue
		}
		if r.Version != "" || !ok || found.Version == "" {
			found, ok = r, true
		}
	}
	return found, ok
}

// Replacement returns the line that replaces a module version.
func (m *ModFile) Replacement(mod module.Version) (Replacement, bool) {
	return replacementOf(m.Replace, mod)
}
