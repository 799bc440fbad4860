// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

// Package vulns finds known vulnerabilities of Go modules, of the standard library and
// of the toolchain, in the source of a program or in an executable.
//
// What is known comes from a [Database]: the Go vulnerability database, or another in
// its layout (https://go.dev/doc/security/vuln/database), in which an entry says which
// versions of which modules it affects, and mostly in which functions of which packages.
// How close a vulnerability is to a program is its [Reach]. Modules alone show the
// least of it; an executable shows which functions it has code of, stripped or not; and
// the source shows what calls them, if golang.org/x/vuln is asked, which [Scanner] does.
//
// What could not be determined is listed as such ([NotAssessed]), with its reason. A
// database that is empty, cut short or contradicts itself is an error and never "no
// vulnerabilities". The data carries no severity, and none is invented here.
package vulns

import (
	"cmp"
	"slices"
	"time"
)

// A Module is one that a build list, build info or a bill of materials names.
type Module struct {
	Path    string  `json:"path"`
	Version string  `json:"version,omitempty"` // such as "v1.2.3"; of [Stdlib] and [Toolchain] such as "go1.26.8"
	Replace *Module `json:"replace,omitempty"` // the module that was used in its place; without a version, its path is a directory
}

// The modules under which a database lists the standard library, and the go command and
// what else comes with it.
const (
	Stdlib    = "stdlib"
	Toolchain = "toolchain"
)

// A Platform is what a program runs on, in words of GOOS and GOARCH. An empty word
// stands for any.
type Platform struct {
	OS   string `json:"os,omitempty"`
	Arch string `json:"arch,omitempty"`
}

// Reach says how close a vulnerability is to a program.
type Reach string

// The reaches, from the closest on.
const (
	Called   Reach = "called"   // a vulnerable function may be called: the source was analysed
	Present  Reach = "present"  // the executable has code of a vulnerable function; whether it is called is not known
	Imported Reach = "imported" // a vulnerable package is linked, but no vulnerable function found
	Required Reach = "required" // a vulnerable version of the module is required, but no vulnerable package found
)

// Closer compares two reaches: it is negative if a is closer to the program than b.
func (a Reach) Closer(b Reach) int { return cmp.Compare(a.rank(), b.rank()) }

func (a Reach) rank() int {
	i := slices.Index([]Reach{Called, Present, Imported, Required}, a)
	if i < 0 {
		return len(a) + 4
	}
	return i
}

// Level is how deeply was looked: what is not seen at a level has the last reach of it.
type Level string

// The levels.
const (
	LevelModule  Level = "module"  // every vulnerability has the reach required
	LevelPackage Level = "package" // or imported
	LevelSymbol  Level = "symbol"  // or present or called
)

// An Assessment is what was found of one program, and what could not be determined.
type Assessment struct {
	Basis           Basis           `json:"basis"`
	Level           Level           `json:"level"`
	Platform        Platform        `json:"platform,omitzero"`
	Vulnerabilities []Vulnerability `json:"vulnerabilities"` // sorted by reach, ID and module
	NotAssessed     []NotAssessed   `json:"not_assessed"`    // sorted by module and reason

	Observation *Observation `json:"-"` // that it follows from
}

// Basis is what was looked at.
type Basis string

// The bases.
const (
	BasisModules    Basis = "modules"    // a list of them
	BasisSource     Basis = "source"     // with them
	BasisExecutable Basis = "executable" // with those that its build info names
)

// A Vulnerability is an entry of the database that affects a module at its version.
type Vulnerability struct {
	ID        string    `json:"id"` // such as "GO-2024-2687"
	Aliases   []string  `json:"aliases,omitempty"`
	Summary   string    `json:"summary,omitempty"`
	URL       string    `json:"url,omitempty"` // of the advisory
	Published time.Time `json:"published,omitzero"`
	Modified  time.Time `json:"modified,omitzero"`

	// Withdrawn is when the entry was withdrawn: it is no vulnerability any more. Zero
	// if it was not.
	Withdrawn time.Time `json:"withdrawn,omitzero"`

	// Unreviewed entries were made by a machine and may affect less than they say.
	Unreviewed bool `json:"unreviewed,omitempty"`

	Module  string `json:"module"`            // as the database names it
	Version string `json:"version,omitempty"` // the one in use
	Fixed   string `json:"fixed,omitempty"`   // the smallest later version that the entry does not affect; "" if there is none

	// UnmappedRanges tells that the entry gives ranges of versions that are not
	// versions of a module, so that those of the module are wider than they should be.
	UnmappedRanges bool `json:"unmapped_ranges,omitempty"`

	Reach Reach `json:"reach"`

	// Affected are the packages that the entry says are vulnerable, on the platform that
	// was asked for; none if it does not say.
	Affected []Package `json:"affected,omitempty"`

	Packages []string `json:"packages,omitempty"` // of those, which are linked; if the entry does not say, those of the module, the first 20 in an executable
	Symbols  []Symbol `json:"symbols,omitempty"`  // of those, which are present or called
	Traces   []Trace  `json:"traces,omitempty"`   // of calls to them
}

// A Package is an affected package, and what in it is.
type Package struct {
	Path    string   `json:"path"`
	OS      []string `json:"os,omitempty"`      // in words of GOOS; none: all
	Arch    []string `json:"arch,omitempty"`    // in words of GOARCH; none: all
	Symbols []string `json:"symbols,omitempty"` // functions, and methods as "Type.Method"; none: all
}

// A Symbol is a function, or a method as "Type.Method".
type Symbol struct {
	Package string `json:"package"`
	Name    string `json:"name"`
}

// A Trace is a chain of calls, from the entry point of a program to a vulnerable
// function.
type Trace []Frame

// A Frame is one function of a trace.
type Frame struct {
	Module   string `json:"module"`
	Version  string `json:"version,omitempty"`
	Package  string `json:"package"`
	Function string `json:"function"`
	Receiver string `json:"receiver,omitempty"` // of a method, with "*" of a pointer
	File     string `json:"file,omitempty"`     // relative to its module; where the function calls the next, or the vulnerable one begins; "" if it was generated
	Line     int    `json:"line,omitempty"`     // from 1 on
	Column   int    `json:"column,omitempty"`   // from 1 on, in bytes
}

// NotAssessed is a module, or what else is named, of which it is not known whether a
// vulnerability affects it.
type NotAssessed struct {
	Module  string `json:"module,omitempty"`
	Version string `json:"version,omitempty"`
	Reason  Reason `json:"reason"`

	// Detail is what was found in place of what was needed: a replacement, a version, or
	// the message of a command.
	Detail string `json:"detail,omitempty"`

	// IDs are the entries of the database that may affect it; none if the module itself
	// is guessed, and the database lists no such module.
	IDs []string `json:"ids,omitempty"`

	Packages []string `json:"packages,omitempty"` // by which it was noticed, the first 20
}

// Reason says why something could not be assessed.
type Reason string

// The reasons.
const (
	NoVersion     Reason = "no-version"     // the module has none, or "(devel)"
	BadVersion    Reason = "bad-version"    // the version is none of a Go module, or of a Go release
	LocalSource   Reason = "local-source"   // a directory is used in the place of the module
	OtherSource   Reason = "other-source"   // another module is used in its place, and only what the database says of that one was looked up
	NoModules     Reason = "no-modules"     // the executable does not say which modules it is made of
	NoGoVersion   Reason = "no-go-version"  // it does not say which Go built it
	NoSymbols     Reason = "no-symbols"     // no function table could be read: how close its vulnerabilities are is not known
	NoTypes       Reason = "no-types"       // packages do not type-check
	NewerGo       Reason = "newer-go"       // the source needs a newer Go than the scanner knows
	NoPackages    Reason = "no-packages"    // there is nothing to look at, or the go command could not list it
	NotAnalysed   Reason = "not-analysed"   // the analysis passed over the module: whether something vulnerable in it is called is not known
	ScannerFailed Reason = "scanner-failed" // the analysis of the source ended with an error
)

// sort brings an assessment into its order.
func (a *Assessment) sort() {
	slices.SortStableFunc(a.Vulnerabilities, func(x, y Vulnerability) int {
		return cmp.Or(x.Reach.Closer(y.Reach), cmp.Compare(x.ID, y.ID), cmp.Compare(x.Module, y.Module), cmp.Compare(x.Version, y.Version))
	})
	slices.SortStableFunc(a.NotAssessed, func(x, y NotAssessed) int {
		return cmp.Or(cmp.Compare(x.Module, y.Module), cmp.Compare(x.Reason, y.Reason), cmp.Compare(x.Version, y.Version), cmp.Compare(x.Detail, y.Detail))
	})
}
