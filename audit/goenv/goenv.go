// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

// Package goenv is the configuration of the go command: each variable of
// `go env`, where its value comes from and what it hides; the defaults of the
// toolchain; and the settings of the surroundings that take part in a module
// download, such as network proxies, certificates and git's configuration.
//
// It follows cmd/go/internal/cfg (cfg.go), cmd/go/internal/envcmd and
// cmd/go/internal/toolchain (select.go) of Go 1.26.
package goenv

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os/exec"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/goassay/assay/internal/lazyregexp"
)

// Options is what [Read] works with.
type Options struct {
	Dir     string   // where the go command runs, absolute
	Environ []string // its environment, as os.Environ gives it

	// Run runs a command and returns its standard output.
	Run func(*exec.Cmd) ([]byte, error)
}

// An Env is the configuration of the go command as the local toolchain sees
// it, before it hands over to another toolchain (see [Env.SelectToolchain]).
type Env struct {
	Variables  []Variable `json:"variables"` // sorted by name
	Defaults   Defaults   `json:"defaults"`
	UserFile   File       `json:"user_file"`
	GorootFile GorootFile `json:"goroot_file"`
	Ambient    []Ambient  `json:"ambient"` // sorted by name
	Git        Git        `json:"git"`

	lookPath func(string) (string, error) // in the PATH of Options.Environ
}

// A Variable is one variable of the go command with its effective value.
type Variable struct {
	Name string `json:"name"`
	Origin

	// Via names the variable that gives this one its value because it is not
	// set itself: GOPRIVATE for GONOPROXY and GONOSUMDB.
	Via string `json:"via,omitempty"`

	// ProcessEmpty reports that the process environment sets the variable to
	// the empty string. The go command takes that for unset: it does not
	// override the files.
	ProcessEmpty bool `json:"process_empty,omitempty"`

	// Shadows are the settings that lose against the effective one, in order
	// of precedence.
	Shadows []Origin `json:"shadows,omitempty"`
}

// An Origin is a value and where it is set.
type Origin struct {
	Value  Value  `json:"value"`
	Source Source `json:"source"`
	File   string `json:"file,omitempty"` // for User and Goroot
	Line   int    `json:"line,omitempty"` // in File, from 1
}

// A Source is a place that sets variables of the go command.
type Source string

// The sources, in order of precedence.
const (
	Process Source = "process" // the environment of the process
	User    Source = "user"    // the file that GOENV names, written by go env -w
	Goroot  Source = "goroot"  // $GOROOT/go.env
	Builtin Source = "builtin" // compiled in, or computed by the go command
)

// Defaults is what the toolchain does where nobody configures anything: its
// own go.env, else what is compiled in. Vendors ship toolchains with others
// than the Go project's.
type Defaults struct {
	GOPROXY     Value `json:"goproxy"`
	GOSUMDB     Value `json:"gosumdb"`
	GOTOOLCHAIN Value `json:"gotoolchain"`
}

// Lookup returns the variable of that name. One that the go command does not
// list and nobody sets is absent.
func (e *Env) Lookup(name string) (Variable, bool) {
	i, ok := slices.BinarySearchFunc(e.Variables, name, func(v Variable, name string) int {
		return strings.Compare(v.Name, name)
	})
	if !ok {
		return Variable{Name: name}, false
	}
	return e.Variables[i], true
}

// Raw returns the effective value of a variable, secrets included, or "".
func (e *Env) Raw(name string) string {
	v, _ := e.Lookup(name)
	return v.Value.Raw()
}

// Read asks the go command for its configuration and finds the source of
// each value. It never makes the go command switch to another toolchain.
//
// An error means that the go command could not be run (it wraps
// [exec.ErrNotFound] where there is none), that it refused its configuration,
// or that a file that it reads cannot be read here.
func Read(ctx context.Context, o Options) (*Env, error) {
	environ := newEnviron(o.Environ)
	e := &Env{lookPath: environ.lookPath}
	var reported, defaults map[string]string
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() (err error) {
		reported, err = list(gctx, o)
		return err
	})
	g.Go(func() (err error) {
		// GOENV=off leaves the process and go.env; an empty value is unset.
		defaults, err = goEnv(gctx, o, []string{"GOENV=off", "GOPROXY=", "GOSUMDB="}, "GOPROXY", "GOSUMDB")
		return err
	})
	g.Go(func() error {
		e.Git = readGit(gctx, o)
		return nil
	})
	if err := g.Wait(); err != nil {
		return nil, err
	}

	var err error
	if e.UserFile, err = readUserFile(o.Dir, reported["GOENV"], environ); err != nil {
		return nil, err
	}
	userGoroot, _ := e.UserFile.last("GOROOT")
	if e.GorootFile, err = readGorootFile(o.Dir, gorootOf(userGoroot.Value.Raw(), environ, reported), reported["GOVERSION"]); err != nil {
		return nil, err
	}
	e.Variables = resolve(reported, environ, &e.UserFile, &e.GorootFile.File)
	e.Ambient = environ.ambient()
	e.Defaults = Defaults{GOPROXY: NewValue(defaults["GOPROXY"]), GOSUMDB: NewValue(defaults["GOSUMDB"])}
	for name, value := range map[string]*Value{"GOPROXY": &e.Defaults.GOPROXY, "GOSUMDB": &e.Defaults.GOSUMDB, "GOTOOLCHAIN": &e.Defaults.GOTOOLCHAIN} {
		if s, ok := e.GorootFile.last(name); ok {
			*value = s.Value // the go command was asked with another GOROOT if the user's file sets it
		}
	}
	return e, nil
}

// list asks for all variables but those that come from the C compiler's
// configuration: for them the go command starts the compiler, and GOCACHEPROG,
// which is itself to be judged.
func list(ctx context.Context, o Options) (map[string]string, error) {
	names := slices.Concat(known(), computedNames, []string{"GODEBUG"})
	names = slices.DeleteFunc(names, func(name string) bool {
		return name == "GOGCCFLAGS" || name == "PKG_CONFIG" || strings.HasPrefix(name, "CGO_") && name != "CGO_ENABLED"
	})
	vars, err := goEnv(ctx, o, nil, names...)
	if err != nil {
		return nil, err
	}
	// Asked by name, it also lists those that it otherwise would not.
	maps.DeleteFunc(vars, func(name, value string) bool { return value == "" && !mayBeEmpty(name) })
	return vars, nil
}

// goEnv runs go env -json, for the variables of the given names or for all,
// with settings added to the environment.
func goEnv(ctx context.Context, o Options, settings []string, names ...string) (map[string]string, error) {
	cmd := exec.CommandContext(ctx, "go", append([]string{"env", "-json"}, names...)...)
	cmd.Dir = o.Dir
	cmd.Env = slices.Concat(o.Environ, []string{"PWD=" + o.Dir, "GOTOOLCHAIN=local"}, settings)
	out, err := o.Run(cmd)
	if err != nil {
		return nil, fmt.Errorf("go env: %w", err)
	}
	var vars map[string]string
	if err := json.Unmarshal(out, &vars); err != nil {
		return nil, fmt.Errorf("go env: unexpected output: %w", err)
	}
	if flags, ok := vars["GOGCCFLAGS"]; ok {
		vars["GOGCCFLAGS"] = workDir().ReplaceAllString(flags, "/go-build")
	}
	return vars, nil
}

// workDir is the part of GOGCCFLAGS that differs at each run.
var workDir = lazyregexp.New(`/go-build[0-9]+\b`)

// resolve finds the source of each variable that the go command reported, and
// adds those that are set but not reported, such as CGO_CFLAGS_ALLOW.
func resolve(reported map[string]string, environ environ, user, goroot *File) []Variable {
	names := slices.Collect(maps.Keys(reported))
	for _, name := range known() {
		if _, ok := reported[name]; !ok && (environ.get(name) != "" || user.sets(name) || goroot.sets(name)) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	variables := make([]Variable, 0, len(names))
	for _, name := range names {
		v := Variable{Name: name}
		origins := origins(name, environ, user, goroot)
		value, isReported := reported[name]
		if name == "GOTOOLCHAIN" || !isReported {
			// Read asks with GOTOOLCHAIN=local.
			if value = ""; len(origins) > 0 {
				value = origins[0].Value.Raw()
			}
		}
		v.Origin = Origin{Value: NewValue(value), Source: Builtin}
		if len(origins) > 0 && (origins[0].Value.Raw() != "" || value == "") {
			v.Origin, v.Shadows = origins[0], origins[1:]
			v.Value = NewValue(value) // the go command may have cleaned it
			v.ProcessEmpty = environ.isEmpty(name) && value != ""
		}
		if name == "GOENV" && environ.get(name) == "off" {
			v.Value = NewValue("off")
		}
		variables = append(variables, v)
	}
	inherit(variables, "GOPRIVATE", "GONOPROXY", "GONOSUMDB")
	return variables
}

// origins returns the places that set a variable, in order of precedence.
func origins(name string, environ environ, user, goroot *File) []Origin {
	var list []Origin
	if computed(name) {
		return nil
	}
	if s := environ.get(name); s != "" {
		list = append(list, Origin{Value: NewValue(s), Source: Process})
	}
	if processOnly(name) {
		return list
	}
	if s, ok := user.last(name); ok {
		list = append(list, Origin{Value: s.Value, Source: User, File: user.Path, Line: s.Line})
	}
	if s, ok := goroot.last(name); ok && name != "GOROOT" {
		list = append(list, Origin{Value: s.Value, Source: Goroot, File: goroot.Path, Line: s.Line})
	}
	return list
}

// inherit gives variables that are not set themselves the origin of the one
// that supplies their value (cfg.go: EnvOrAndChanged("GONOPROXY", GOPRIVATE)).
func inherit(variables []Variable, from string, to ...string) {
	i := slices.IndexFunc(variables, func(v Variable) bool { return v.Name == from })
	if i < 0 || variables[i].Value.Raw() == "" {
		return
	}
	for j := range variables {
		v := &variables[j]
		if v.Source == Builtin && slices.Contains(to, v.Name) {
			v.Origin, v.Via = variables[i].Origin, from
		}
	}
}

// foldCase reports whether names of environment variables ignore case.
const foldCase = runtime.GOOS == "windows"
