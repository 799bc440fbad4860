// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package checks

import (
	"context"
	"errors"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/goassay/assay/audit"
	"github.com/goassay/assay/audit/gobin"
	"github.com/goassay/assay/audit/modgraph"
	"github.com/goassay/assay/audit/sdunit"
)

// Unit judges what systemd units do to the programs that they start: as whom
// they run, how they are confined, and what GODEBUG they get. A program is
// looked for among the executables of the target and below the directory that
// the setting "root" names.
var Unit = &audit.Check{
	ID:       "unit",
	Requires: []*audit.Check{executables},
	Applies:  func(t *audit.Target) bool { return len(t.Units) > 0 },
	Run:      runUnit,
}

// UnitFacts are the facts of [Unit].
type UnitFacts struct {
	Units []UnitFile `json:"units"`
}

// A UnitFile is one unit, named as findings name it.
type UnitFile struct {
	Path     string        `json:"path"`
	Reason   string        `json:"reason,omitempty"` // why it could not be read
	Evidence string        `json:"evidence,omitempty"`
	Unit     *sdunit.Unit  `json:"unit,omitempty"`
	Starts   []UnitProgram `json:"starts,omitempty"` // what is known of its programs, in order

	place string // as [modgraph.Locate] names it
}

// A UnitProgram is a program of a unit, and the executable that it is.
type UnitProgram struct {
	Path  string      `json:"path"`
	File  string      `json:"file,omitempty"`
	By    Match       `json:"by"`
	State gobin.State `json:"state,omitempty"` // of the executable

	binary *BinaryFile
}

// Match says how a program was found.
type Match string

// The ways.
const (
	ByPath    Match = "path"    // an executable of the target has this very path
	ByName    Match = "name"    // one executable of the target has this name
	ByRoot    Match = "root"    // below the root directory
	Missing   Match = "missing" // it is not below the root directory
	Unrelated Match = "none"    // it is none of the executables of the target, or could not be told
	NotAsked  Match = "unasked" // there are no executables, and no root directory
)

func runUnit(ctx context.Context, p *audit.Pass) (any, error) {
	m := audit.Facts[*measured](p, executables)
	facts := UnitFacts{Units: []UnitFile{}}
	if m.stopped != nil { // a program may be among those that were not read
		return facts, m.stopped
	}
	var open []string
	for _, name := range p.Target.Units {
		u, err := readUnit(ctx, p, m, name)
		if err != nil {
			return facts, err
		}
		facts.Units = append(facts.Units, u)
		if u.Unit == nil {
			open = append(open, u.Path+": "+u.Reason)
			continue
		}
		for _, what := range u.undetermined() {
			open = append(open, u.Path+": "+what)
		}
		judgeUnit(p, u)
	}
	if len(open) > 0 {
		return facts, audit.NotAssessed("unit/undetermined", audit.Args{"count": len(open), "facts": first(open, maxNamed)})
	}
	return facts, nil
}

// readUnit reads a unit and finds its programs. The error is that of ctx.
func readUnit(ctx context.Context, p *audit.Pass, m *measured, name string) (UnitFile, error) {
	u := UnitFile{Path: nameIn(p.Target.Dir, name)}
	u.place, _ = modgraph.Locate(p.Target.Dir, name)
	unit, err := sdunit.ReadFile(name)
	if err != nil {
		u.Reason = unitReason(name, err)
		return u, nil
	}
	u.Unit = unit
	u.Evidence = p.Evidence("unit", unit.Text())
	for _, program := range unit.Programs {
		start, err := findProgram(ctx, p, m, program)
		if err != nil {
			return u, err
		}
		u.Starts = append(u.Starts, start)
	}
	return u, nil
}

// unitReason is why the unit at path could not be read, without the name of its
// file, which the reader sees beside it.
func unitReason(path string, err error) string {
	return strings.TrimPrefix(err.Error(), filepath.Base(path)+": ")
}

// findProgram finds the executable that a program is.
func findProgram(ctx context.Context, p *audit.Pass, m *measured, program sdunit.Program) (UnitProgram, error) {
	out := UnitProgram{Path: program.Path, By: Unrelated}
	root := p.Settings["root"]
	switch {
	case root == "" && len(p.Target.Binaries) == 0:
		out.By = NotAsked
	case program.State == sdunit.Unknown:
	case root != "":
		if err := out.findBelow(ctx, p, program, root); err != nil {
			return out, err
		}
	default:
		out.findAmong(m.Files)
	}
	if out.binary != nil {
		out.File, out.State = out.binary.Path, out.binary.State
	}
	return out, nil
}

// findAmong looks for the program among executables: for its very path, or for
// the only one of its name, as where it was built.
func (u *UnitProgram) findAmong(files []BinaryFile) {
	var named []*BinaryFile
	for i, f := range files {
		if filepath.ToSlash(f.outer) == path.Clean(u.Path) {
			u.binary, u.By = &files[i], ByPath
			return
		}
		if filepath.Base(f.outer) == path.Base(u.Path) {
			named = append(named, &files[i])
		}
	}
	if len(named) == 1 {
		u.binary, u.By = named[0], ByName
	}
}

// findBelow looks for the program below a directory, as if that were "/".
func (u *UnitProgram) findBelow(ctx context.Context, p *audit.Pass, program sdunit.Program, dir string) error {
	file, err := program.FindBelow(dir)
	switch {
	case errors.Is(err, sdunit.ErrMissing):
		u.By = Missing
		return nil
	case err != nil:
		return nil // it could not be told
	}
	u.By = ByRoot
	return gobin.Walk(ctx, []string{file}, func(f *gobin.File) error {
		file := measureBinary(p, f)
		u.binary = &file
		return nil
	})
}

// undetermined lists what of a unit could not be told, in the unit's own words.
func (u UnitFile) undetermined() []string {
	open := slices.Clone(u.Unit.Unread())
	for i, program := range u.Unit.Programs {
		switch start := u.Starts[i]; {
		case program.State == sdunit.Unknown:
			open = append(open, "ExecStart="+program.Path)
		case program.Starter():
			open = append(open, "ExecStart="+program.Path+" ...")
		case start.By == Unrelated:
			open = append(open, "ExecStart="+program.Path)
		case start.State != "" && start.State != gobin.StateRead:
			open = append(open, "ExecStart="+program.Path+" ("+string(start.State)+")")
		}
	}
	if g := u.Unit.Environment.GODEBUG; g.State == sdunit.Unknown {
		open = append(open, "GODEBUG ("+strings.Join(g.Unknown, " ")+")")
	}
	return open
}

// starts lists the unit's programs: those that are not known are named as the
// unit does.
func (u UnitFile) starts() []UnitProgram {
	out := slices.Clone(u.Starts)
	if len(out) == 0 {
		out = []UnitProgram{{}}
	}
	for i := range out {
		s := &out[i]
		if i < len(u.Unit.Programs) && u.Unit.Programs[i].Starter() || s.binary != nil && s.binary.Build == nil {
			s.binary = nil
		}
		switch {
		case s.binary != nil:
			s.Path = s.binary.Path
		case s.Path == "":
			s.Path = "ExecStart="
		}
	}
	return out
}
