// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

// Package modgraph reads what determines the modules of a build: go.mod,
// go.sum, go.work and vendor/modules.txt, and the go command's own answer,
// `go list -m -json all`, live or from a file.
//
// It follows cmd/go/internal/modload and cmd/go/internal/modinfo of Go 1.26.
package modgraph

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/goassay/assay/audit/redact"
)

// A Module is an element of the build list as `go list -m -json` shows it.
type Module struct {
	Path      string     `json:"path"`
	Version   string     `json:"version,omitempty"` // empty for main modules and local replacements
	Query     string     `json:"query,omitempty"`
	Main      bool       `json:"main,omitempty"`
	Indirect  bool       `json:"indirect,omitempty"` // no package of a main module imports it
	Time      *time.Time `json:"time,omitempty"`
	GoVersion string     `json:"go_version,omitempty"`
	Sum       string     `json:"sum,omitempty"`        // go.sum's hash of the zip file
	GoModSum  string     `json:"go_mod_sum,omitempty"` // go.sum's hash of the go.mod file
	Replace   *Module    `json:"replace,omitempty"`
	Origin    *Origin    `json:"origin,omitempty"`
	Error     string     `json:"error,omitempty"`

	// Only with Options.Updates, or -u when the list was recorded:
	Update     *Module  `json:"update,omitempty"`
	Retracted  []string `json:"retracted,omitempty"`
	Deprecated string   `json:"deprecated,omitempty"`

	// Folders and files of this machine, no part of a report.
	Dir   string `json:"-"`
	GoMod string `json:"-"`
}

// String gives path@version, or the path alone where there is no version.
func (m *Module) String() string {
	if m.Version == "" {
		return m.Path
	}
	return m.Path + "@" + m.Version
}

// An Origin is where a module version came from, if the proxy or the go
// command recorded it (cmd/go/internal/modfetch/codehost.Origin).
type Origin struct {
	VCS    string `json:"vcs,omitempty"`
	URL    string `json:"url,omitempty"` // without secrets
	Subdir string `json:"subdir,omitempty"`
	Ref    string `json:"ref,omitempty"`
	Hash   string `json:"hash,omitempty"` // of the commit
}

// Bounds of a module list. The largest public builds list some 3000 modules
// in 4 MiB.
const (
	MaxModules = 100_000
	maxList    = 256 << 20 // bytes
)

// A ListError is a module list that could not be read to its end. What was
// read before is returned with it.
type ListError struct {
	Modules int // complete modules before the error
	Offset  int64
	Err     error // io.ErrUnexpectedEOF when the list was cut; ErrTooMany, ErrNotList, or a syntax error
}

func (e *ListError) Error() string {
	return fmt.Sprintf("module list: after %d modules, at byte %d: %v", e.Modules, e.Offset, e.Err)
}

func (e *ListError) Unwrap() error { return e.Err }

var (
	ErrTooMany = errors.New("too many modules")
	ErrNotList = errors.New("not the output of go list -m -json") // an object without a module path
)

// ParseList reads the output of `go list -m -json`: JSON objects one after
// the other. An empty list is valid. Every error is a [*ListError].
func ParseList(r io.Reader) ([]Module, error) {
	limited := &io.LimitedReader{R: r, N: maxList}
	d := json.NewDecoder(limited)
	var modules []Module
	for {
		var m goModule
		err := d.Decode(&m)
		if err == io.EOF && limited.N > 0 {
			return modules, nil
		}
		switch {
		case limited.N <= 0 && err != nil, err == nil && len(modules) == MaxModules:
			err = ErrTooMany
		case err == nil && m.Path == "":
			err = ErrNotList
		}
		if err != nil {
			return modules, &ListError{Modules: len(modules), Offset: d.InputOffset(), Err: err}
		}
		modules = append(modules, *m.module())
	}
}

// goModule is modinfo.ModulePublic, with the fields that are of use here.
type goModule struct {
	Path, Version, Query string
	Replace              *goModule
	Time                 *time.Time
	Update               *goModule
	Main, Indirect       bool
	Dir, GoMod           string
	GoVersion            string
	Retracted            []string
	Deprecated           string
	Error                *struct{ Err string }
	Sum, GoModSum        string
	Origin               *struct{ VCS, URL, Subdir, Ref, Hash string }
}

func (m *goModule) module() *Module {
	if m == nil {
		return nil
	}
	out := &Module{
		Path: m.Path, Version: m.Version, Query: m.Query, Main: m.Main, Indirect: m.Indirect,
		Time: m.Time, GoVersion: m.GoVersion, Sum: m.Sum, GoModSum: m.GoModSum,
		Replace: m.Replace.module(), Update: m.Update.module(),
		Retracted: m.Retracted, Deprecated: m.Deprecated, Dir: m.Dir, GoMod: m.GoMod,
	}
	if m.Error != nil {
		out.Error = redact.Text(clip(m.Error.Err, 4<<10))
	}
	if o := m.Origin; o != nil {
		out.Origin = &Origin{VCS: o.VCS, URL: redact.URL(o.URL), Subdir: o.Subdir, Ref: o.Ref, Hash: o.Hash}
	}
	return out
}
