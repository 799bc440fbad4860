// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

// Package sbom makes bills of materials of Go programs and libraries.
//
// What a program contains is what `go list -deps` says of its main package for
// one GOOS, GOARCH, set of build tags and cgo setting. It is neither the build
// list (`go list -m all`) nor go.sum: both name modules of which no package is
// compiled in. [Packages] asks the go command, [Listing.Products] cuts the
// answer into one product for each main module, and [Listing.Document]
// describes products.
//
// Everything in a document is derived: what could not be determined, such as
// the version of the main module, is absent, and what the document does not
// cover is declared in its compositions.
package sbom

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Options is what [Packages] works with.
type Options struct {
	Dir     string   // where the go command runs, absolute
	Environ []string // its environment, as os.Environ gives it; GOOS, GOARCH, CGO_ENABLED and GOFLAGS choose the target

	// Run runs a command and returns its standard output.
	Run func(*exec.Cmd) ([]byte, error)

	// Patterns name the packages, as the go command takes them.
	// Empty means "./...": all packages of the main module.
	Patterns []string

	Tests bool // list also what the tests of the named packages need
	Tools bool // list also what the tool lines of go.mod need

	Level Level // how deep documents go; the zero Level names modules
}

// A Listing is the packages that match some patterns and all that they depend
// on.
type Listing struct {
	Target   Target     `json:"target"`
	Vendored bool       `json:"vendored"` // read from a vendor directory, whose contents no hash covers
	Packages []*Package `json:"-"`        // without tests, each after its dependencies
	Tests    []*Package `json:"-"`        // the same with tests, if they were asked for
	Tools    []*Package `json:"-"`        // the tools of the main module, if they were asked for

	// Failures are those of patterns that name no package of any module.
	Failures []Failure `json:"failures,omitempty"`

	directories map[string][]string // of packages, by module
	level       Level
}

// Target is what packages were selected for.
type Target struct {
	GOOS        string   `json:"goos"`
	GOARCH      string   `json:"goarch"`
	CgoEnabled  bool     `json:"cgo_enabled"`
	Tags        []string `json:"tags,omitempty"` // build tags set in GOFLAGS, sorted
	GoVersion   string   `json:"go_version"`     // of the toolchain, such as "go1.26.8", without experiments
	Experiments []string `json:"experiments,omitempty"`
	Workspace   bool     `json:"workspace"` // a go.work file is in force
}

// A Package is one package as the go command lists it.
type Package struct {
	ImportPath string
	Name       string   // "" if it could not be determined
	Standard   bool     // part of the standard library, with what that vendors
	Matched    bool     // named by a pattern, not only a dependency
	Module     *Module  // nil for the standard library, and where no module provides it
	Imports    []string // import paths; "C" among them is no package
	ForTest    string   // import path of the package that it was recompiled to test
	Native     bool     // brings code that is no Go: C through cgo or SWIG, or a prebuilt object
	Failure    *Failure // why it could not be loaded; nil if it could

	// Files are what it is compiled from, with the files that are embedded.
	// They are read for [FileLevel] alone.
	Files []SourceFile
}

// A Module is a module as it is compiled in: with replacements applied.
type Module struct {
	Path    string `json:"module"`
	Version string `json:"version,omitempty"` // "" for main modules and local directories, which have none
	H1      string `json:"h1,omitempty"`      // of the zip file's content, as go.sum has it; "" if go.sum has none
	Main    bool   `json:"-"`

	// Dir is where the code is on this machine, "" if the go command does not
	// know: it does not in a vendored build.
	Dir string `json:"-"`

	// Replaced are the modules that import paths name, as path@version, where
	// a replace directive puts this one in their place. Sorted; it is one
	// unless go.mod is in an error that the go command tolerates.
	Replaced []string `json:"replaced,omitempty"`

	directory bool // the replacement is a directory, not a published version
}

// String returns path@version, or the path alone where there is no version.
func (m *Module) String() string {
	if m.Version == "" {
		return m.Path
	}
	return m.Path + "@" + m.Version
}

// A Failure is a package that could not be loaded. What it would have
// contributed is unknown.
type Failure struct {
	Package  string `json:"package"`
	Position string `json:"position,omitempty"` // file:line:column of the import
	Message  string `json:"message"`            // the go command's
}

// listFields are those fields of a package that cost the go command nothing
// beyond loading it. Of the others, Stale builds packages and Deps is quadratic.
const listFields = "ImportPath,Name,Standard,DepOnly,Module,Imports,ForTest,CgoFiles,SwigFiles,SwigCXXFiles,SysoFiles,Error"

// fileFields are the lists of files that the compilers and the linker read
// ("go help list"), and the folder that they are in.
const fileFields = ",Dir,GoFiles,CFiles,CXXFiles,MFiles,HFiles,FFiles,SFiles,EmbedFiles"

// Packages lists packages and their dependencies with two runs of the go
// command: `go env`, and one `go list -deps` for everything; tests and tools
// are one run more each.
//
// It changes neither go.mod nor go.sum nor go.work.sum: where the go command
// would have to update one of them, that is an error, with its message.
// A package that cannot be loaded is no error but a [Failure].
// Where a module is missing in the module cache, the go command downloads it
// as the environment says; GOPROXY=off, GONOPROXY=none and GOVCS=*:off forbid it.
func Packages(ctx context.Context, o Options) (*Listing, error) {
	env, err := readEnv(ctx, o)
	if err != nil {
		return nil, fmt.Errorf("list packages: %w", err)
	}
	// Before go list runs: in a workspace it would add to go.work.sum what
	// it merely found in the module cache.
	sums, err := readSums(o.Dir, env)
	if err != nil {
		return nil, fmt.Errorf("list packages: %w", err)
	}
	flags, done, err := env.readonlyFlags()
	if err != nil {
		return nil, fmt.Errorf("list packages: %w", err)
	}
	defer done()

	fields := listFields
	if o.Level == FileLevel {
		if env.flag("overlay") != "" {
			return nil, errors.New("list packages: GOFLAGS has -overlay, so that files are not what is compiled")
		}
		fields += fileFields
	}
	l := &Listing{Target: env.target(), level: o.Level}
	r := newListReader(l, sums)
	for _, run := range o.runs(l) {
		args := append([]string{"list", "-e", "-deps", "-json=" + fields, "-test=" + strconv.FormatBool(run.tests)}, flags...)
		args = append(append(args, "--"), run.patterns...)
		out, err := o.run(ctx, args...)
		if err == nil {
			*run.packages, err = r.read(bytes.NewReader(out))
		}
		if err != nil {
			return nil, fmt.Errorf("list packages: %w", err)
		}
	}
	return l, nil
}

// A listRun is one run of go list.
type listRun struct {
	patterns []string
	tests    bool
	packages *[]*Package // where the result goes
}

func (o Options) runs(l *Listing) []listRun {
	runs := []listRun{{o.patterns(), false, &l.Packages}}
	if o.Tests {
		runs = append(runs, listRun{o.patterns(), true, &l.Tests})
	}
	if o.Tools {
		runs = append(runs, listRun{[]string{"tool"}, false, &l.Tools})
	}
	return runs
}

func (o Options) patterns() []string {
	if len(o.Patterns) == 0 {
		return []string{"./..."}
	}
	return o.Patterns
}

func (o Options) run(ctx context.Context, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = o.Dir
	cmd.Env = o.Environ
	return o.Run(cmd)
}

// listedPackage is the part of the go command's output that is read.
type listedPackage struct {
	ImportPath   string
	Name         string
	Standard     bool
	DepOnly      bool
	Module       *listedModule
	Imports      []string
	ForTest      string
	CgoFiles     []string
	SwigFiles    []string
	SwigCXXFiles []string
	SysoFiles    []string
	Error        *struct{ Pos, Err string }

	// Of FileLevel alone:

	Dir                                                                   string
	GoFiles, CFiles, CXXFiles, MFiles, HFiles, FFiles, SFiles, EmbedFiles []string
}

// files returns the names of all files that the package is compiled from. Some
// of a package that was recompiled for a test are generated, and not in its folder.
func (lp *listedPackage) files() []string {
	all := slices.Concat(lp.GoFiles, lp.CgoFiles, lp.SwigFiles, lp.SwigCXXFiles, lp.SysoFiles,
		lp.CFiles, lp.CXXFiles, lp.MFiles, lp.HFiles, lp.FFiles, lp.SFiles, lp.EmbedFiles)
	return slices.DeleteFunc(all, filepath.IsAbs)
}

type listedModule struct {
	Path    string
	Version string
	Main    bool
	Dir     string
	Replace *listedModule
}

// ImportPaths returns the import paths of all packages of the listing, or nil
// if one could not be loaded: what it imports is not known.
func (l *Listing) ImportPaths() []string {
	paths := make([]string, 0, len(l.Packages))
	for _, p := range l.Packages {
		if p.Failure != nil {
			return nil
		}
		paths = append(paths, p.ImportPath)
	}
	return paths
}

// DirectoriesOf returns the directories, relative to the module's root, of the
// packages that a module provides, by its String: "." for the root itself.
func (l *Listing) DirectoriesOf(module string) []string {
	if l.directories == nil {
		l.directories = make(map[string][]string)
		for _, p := range l.Packages {
			if p.Module == nil {
				continue
			}
			for _, path := range append([]string{p.Module.Path}, replacedPaths(p.Module)...) {
				if dir, ok := strings.CutPrefix(p.ImportPath+"/", path+"/"); ok {
					key := p.Module.String()
					l.directories[key] = append(l.directories[key], cmp.Or(strings.TrimSuffix(dir, "/"), "."))
					break
				}
			}
		}
	}
	return l.directories[module]
}

// replacedPaths are the module paths by which packages of m are imported.
func replacedPaths(m *Module) []string {
	var out []string
	for _, r := range m.Replaced {
		path, _, _ := strings.Cut(r, "@")
		out = append(out, path)
	}
	return out
}

// A listReader parses the output of go list. It keeps one Module for each
// module of the build list, so that they can be compared by address.
type listReader struct {
	l        *Listing
	sums     map[string]string
	modules  map[string]*Module // by the path that go.mod requires
	resolved map[string]*Module // by what it is replaced with
	sources  sourceReader
}

func newListReader(l *Listing, sums map[string]string) *listReader {
	return &listReader{l: l, sums: sums, modules: make(map[string]*Module), resolved: make(map[string]*Module), sources: make(sourceReader)}
}

func (r *listReader) read(in io.Reader) ([]*Package, error) {
	var packages []*Package
	dec := json.NewDecoder(in)
	for {
		var lp listedPackage
		err := dec.Decode(&lp)
		if errors.Is(err, io.EOF) {
			return packages, nil
		} else if err != nil {
			return nil, fmt.Errorf("output of go list: %w", err)
		}
		p := &Package{
			ImportPath: lp.ImportPath,
			Name:       lp.Name,
			Standard:   lp.Standard,
			Matched:    !lp.DepOnly,
			Imports:    lp.Imports,
			ForTest:    lp.ForTest,
			Native:     len(lp.CgoFiles)+len(lp.SwigFiles)+len(lp.SwigCXXFiles)+len(lp.SysoFiles) > 0,
		}
		if e := lp.Error; e != nil {
			p.Failure = &Failure{Package: lp.ImportPath, Position: e.Pos, Message: strings.TrimSpace(e.Err)}
		}
		if m := lp.Module; m != nil {
			if r.modules[m.Path] == nil {
				r.modules[m.Path] = m.resolve(r.sums, r.resolved)
			}
			p.Module = r.modules[m.Path]
			r.l.Vendored = r.l.Vendored || p.Failure == nil && m.vendored()
		}
		if p.Failure != nil && p.Matched && p.Module == nil {
			r.l.fail(*p.Failure)
		}
		if r.l.level == FileLevel && p.Failure == nil {
			if p.Files, err = r.sources.read(lp.Dir, lp.files()); err != nil {
				p.Failure = &Failure{Package: lp.ImportPath, Message: "its files: " + err.Error()}
			}
		}
		packages = append(packages, p)
	}
}

// fail records once a failure of a pattern.
func (l *Listing) fail(f Failure) {
	if !slices.Contains(l.Failures, f) {
		l.Failures = append(l.Failures, f)
	}
}

// resolve returns the module that is compiled in for m, one for each that is
// in known, to which it adds.
func (m *listedModule) resolve(sums map[string]string, known map[string]*Module) *Module {
	r := &Module{Path: m.Path, Version: m.Version, Main: m.Main, Dir: m.Dir}
	replaced := ""
	if m.Replace != nil {
		replaced = r.String()
		r.Version, r.Dir = m.Replace.Version, m.Replace.Dir
		if r.directory = r.Version == ""; !r.directory {
			r.Path = m.Replace.Path
		}
	}
	if k := known[r.String()]; k != nil {
		r = k
	}
	known[r.String()] = r
	if replaced != "" {
		r.Replaced = append(r.Replaced, replaced)
		slices.Sort(r.Replaced)
	}
	if r.Version != "" {
		r.H1 = sums[r.String()]
	}
	return r
}

// vendored reports whether the package of this module that was loaded came
// from a vendor directory: only then the go command does not know where the
// module itself is.
func (m *listedModule) vendored() bool {
	return !m.Main && m.Dir == "" && (m.Replace == nil || m.Replace.Dir == "")
}
