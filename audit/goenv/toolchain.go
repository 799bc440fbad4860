// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package goenv

import (
	"errors"
	"fmt"
	"go/version"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// A Selection is the Go toolchain that a command would run, and why.
// See https://go.dev/doc/toolchain#select and cmd/go/internal/toolchain.Select.
type Selection struct {
	Toolchain string    `json:"toolchain"` // its name, such as go1.26.8; empty if it cannot be told
	Local     string    `json:"local"`     // GOVERSION of the go command in PATH
	Setting   string    `json:"gotoolchain"`
	Place     Place     `json:"place"`
	Because   Because   `json:"because"`
	File      string    `json:"file,omitempty"` // the go.work or go.mod that was consulted
	GoLine    Directive `json:"go_line,omitzero"`
	Line      Directive `json:"toolchain_line,omitzero"`

	// Required is the go version that RequiredBy, the go.mod or the go.work,
	// asks for when the selected toolchain is older: the command fails.
	Required   string `json:"required,omitempty"`
	RequiredBy string `json:"required_by,omitempty"`
}

// A Directive is the value of a line of go.mod or go.work.
type Directive struct {
	Value string `json:"value"`
	Line  int    `json:"line"` // from 1
}

// A Place is where the go command gets a toolchain from.
type Place string

// The places, in the order in which the go command looks.
const (
	PlaceLocal    Place = "local"    // the go command that was started
	PlacePath     Place = "path"     // a program of that name in PATH
	PlaceCache    Place = "cache"    // downloaded before, in the module cache
	PlaceDownload Place = "download" // through GOPROXY, when a command runs
	PlaceNone     Place = "none"     // GOTOOLCHAIN=path, and not in PATH: the command fails
)

// Because is what decided on a toolchain.
type Because string

// What may decide on a toolchain.
const (
	BecauseLocal       Because = "local"          // nothing asks for another
	BecauseSetting     Because = "gotoolchain"    // GOTOOLCHAIN names it
	BecauseLine        Because = "toolchain-line" // the toolchain line of the file
	BecauseGoLine      Because = "go-line"        // the go line of the file
	BecauseModulesOff  Because = "modules-off"    // GO111MODULE=off: toolchains are not switched
	BecauseNoSwitching Because = "no-switching"   // a toolchain before go1.21, or GOTOOLCHAIN is empty
)

// A ToolchainError is a setting that the go command refuses.
type ToolchainError struct {
	What  string // GOTOOLCHAIN, or the file with the toolchain line
	Value string
	Err   error
}

func (e *ToolchainError) Error() string { return fmt.Sprintf("%s: %q: %v", e.What, e.Value, e.Err) }

// Unwrap gives the cause.
func (e *ToolchainError) Unwrap() error { return e.Err }

var (
	errToolchainName   = errors.New("invalid toolchain name")
	errToolchainSuffix = errors.New("only version suffixes are +auto and +path")
)

// SelectToolchain tells which toolchain the go command would run in a module
// or workspace. Of both files, which may be "", it consults only the go.work
// where there is one.
//
// The commands go get, go install m@v and go run m@v may go on to a newer
// toolchain that depends on the modules they load; this is not foreseen here.
// An error is a [*ToolchainError] or one from reading the file.
func (e *Env) SelectToolchain(modFile, workFile string) (*Selection, error) {
	s := &Selection{Local: e.Raw("GOVERSION"), Setting: e.Raw("GOTOOLCHAIN"), File: workFile}
	if s.File == "" {
		s.File = modFile
	}
	wants := map[string]string{} // go lines by file
	for _, file := range []string{workFile, modFile} {
		if file == "" {
			continue
		}
		data, err := readBounded(file)
		if err != nil {
			return s, fmt.Errorf("read %s: %w", file, err)
		}
		goLine := directive(data, "go")
		if wants[file] = goLine.Value; file == s.File {
			s.GoLine, s.Line = goLine, directive(data, "toolchain")
		}
	}
	local := LocalVersion(s.Local)
	modules := e.Raw("GO111MODULE")
	switch {
	case modules == "off", modules == "auto" && modFile == "":
		s.Toolchain, s.Place, s.Because = local, PlaceLocal, BecauseModulesOff
		return s, nil
	case s.Setting == "", local == "", version.Compare(local, "go1.21rc1") < 0:
		s.Toolchain, s.Place, s.Because = local, PlaceLocal, BecauseNoSwitching
		if s.Setting == "" {
			s.checkGoLines(wants)
		}
		return s, nil
	}
	if err := s.choose(local); err != nil {
		return s, err
	}
	if s.Toolchain != local && !strings.HasPrefix(s.Toolchain, "go1") {
		return s, &ToolchainError{"GOTOOLCHAIN", s.Toolchain, errToolchainName}
	}
	e.locate(s, local)
	s.checkGoLines(wants)
	return s, nil
}

// choose sets Toolchain and Because by the rules of toolchain.Select.
func (s *Selection) choose(local string) error {
	s.Toolchain, s.Because = local, BecauseLocal
	minimum, mode, plus := strings.Cut(s.Setting, "+")
	if !plus && (minimum == "auto" || minimum == "path") {
		minimum, mode = "local", minimum
	}
	if minimum != "local" {
		if fromToolchain(minimum) == "" {
			return &ToolchainError{"GOTOOLCHAIN", s.Setting, errToolchainName}
		}
		s.Toolchain = minimum
		if minimum != local {
			s.Because = BecauseSetting
		}
	}
	if plus && mode != "auto" && mode != "path" {
		return &ToolchainError{"GOTOOLCHAIN", s.Setting, errToolchainSuffix}
	}
	if mode != "auto" && mode != "path" || s.Line.Value == "default" {
		return nil
	}
	least := fromToolchain(s.Toolchain)
	if s.Line.Value != "" {
		v := fromToolchain(s.Line.Value)
		if v == "" {
			return &ToolchainError{s.File, "toolchain " + s.Line.Value, errToolchainName}
		}
		if version.Compare(v, least) > 0 {
			s.Toolchain, s.Because, least = s.Line.Value, BecauseLine, v
		}
	}
	if v := "go" + s.GoLine.Value; version.IsValid(v) && version.Compare(v, least) > 0 {
		// A language version names no toolchain: go1.22 means go1.22.0.
		if s.Toolchain, s.Because = v, BecauseGoLine; version.Lang(v) == v && version.Compare(v, "go1.21") >= 0 {
			s.Toolchain += ".0"
		}
	}
	return nil
}

// locate sets Place as toolchain.Exec finds the toolchain.
func (e *Env) locate(s *Selection, local string) {
	if s.Toolchain == local {
		s.Place = PlaceLocal
		return
	}
	if _, err := e.lookPath(s.Toolchain); err == nil {
		s.Place = PlacePath
		return
	}
	if s.Setting == "path" || strings.HasSuffix(s.Setting, "+path") {
		s.Place = PlaceNone
		return
	}
	s.Place = PlaceDownload
	if cache := e.Raw("GOMODCACHE"); cache != "" {
		dir := fmt.Sprintf("golang.org/toolchain@v0.0.1-%s.%s-%s", s.Toolchain, e.Raw("GOHOSTOS"), e.Raw("GOHOSTARCH"))
		if info, err := os.Stat(filepath.Join(cache, filepath.FromSlash(dir))); err == nil && info.IsDir() {
			s.Place = PlaceCache
		}
	}
}

// checkGoLines sets Required where the toolchain is older than a go line.
func (s *Selection) checkGoLines(wants map[string]string) {
	have := fromToolchain(s.Toolchain)
	if have == "" || version.Compare(have, "go1.21rc1") < 0 {
		return // before Go 1.21 the go line binds nobody
	}
	for _, file := range slices.Sorted(maps.Keys(wants)) {
		if want := "go" + wants[file]; version.IsValid(want) && version.Compare(want, have) > 0 {
			s.Required, s.RequiredBy, have = wants[file], file, want
		}
	}
}

// LocalVersion returns the name under which a go command with the given
// GOVERSION knows itself: that version, such as go1.26.8 or go1.26.8-custom;
// for a development version ("devel go1.27-0123abc ...") the language version;
// "" if goVersion is neither (cmd/go/internal/gover.local).
func LocalVersion(goVersion string) string {
	if name, ok := strings.CutPrefix(goVersion, "devel "); ok {
		return version.Lang(name)
	}
	if fromToolchain(goVersion) == "" {
		return ""
	}
	return goVersion
}

// fromToolchain returns the Go version that a toolchain's name tells, with its
// "go", or "" (cmd/go/internal/gover.FromToolchain).
func fromToolchain(name string) string {
	if strings.ContainsAny(name, `\/`) {
		return ""
	}
	if i := strings.IndexAny(name, " \t-"); i >= 0 {
		name = name[:i]
	}
	if !version.IsValid(name) {
		return ""
	}
	return name
}

// directive returns the first line of go.mod or go.work that starts with a
// word, as cmd/go/internal/gover.GoModLookup reads it: not as a parser does.
func directive(data []byte, word string) Directive {
	n := 0
	for line := range strings.SplitSeq(string(data), "\n") {
		n++
		rest, ok := strings.CutPrefix(strings.TrimSpace(line), word)
		if !ok || rest == "" || rest[0] != ' ' && rest[0] != '\t' {
			continue
		}
		rest, _, _ = strings.Cut(rest, "//")
		return Directive{Value: strings.TrimSpace(rest), Line: n}
	}
	return Directive{}
}
