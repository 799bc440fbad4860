// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package modgraph

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"
	"golang.org/x/mod/semver"
)

// A Trial finds out what `go get M@v` would make of the build list of one main
// module, without a change of its files: the go command is asked for the build
// list of a copy of go.mod that requires M@v, under -mod=mod, which brings the
// copy into the state that `go get` leaves (expandGraph and updateRoots in
// cmd/go/internal/modload; a workspace is no concern of `go get` either).
// Of modules it reads the go.mod files and downloads no zip file. That is the
// difference: `go get` also loads the package M, if there is one, and makes
// requirements of modules that its imports come from, which may raise others.
//
// Nor does it download a toolchain: the one in use for the module is asked, and
// what needs a newer one is refused as [NewerGo].
type Trial struct {
	o      Options
	tmp    string // folder of the copies
	n      int    // copies made
	mod    *ModFile
	data   []byte // of go.mod
	sums   []byte // of go.sum
	before map[string]Module
}

// A Change is what becomes of a build list.
type Change struct {
	Answers []Answer // in the order of the question
	Moves   []Move   // all that change their version, sorted by path
	Go      Move     // the go line, if it changes; no path
}

// An Answer is what the go command makes of one wanted version.
type Answer struct {
	Want     module.Version // as it was asked for
	Selected string         // the version that `go get` has to be asked for: at least the wanted one

	// Replace is the line that takes something else than Want, or a later version
	// of it: a folder, another module, an earlier version. Then nothing is gained.
	Replace *Replacement

	// Retracted is why its authors retracted the selected version; empty if they did
	// not, or that is not known.
	Retracted []string
}

// A Move is a module that changes its version.
type Move struct {
	Path string `json:"path,omitempty"`
	From string `json:"from,omitempty"` // "" for one that is new in the build list
	To   string `json:"to,omitempty"`   // "" for one that leaves it

	// Replaced tells that a replace line takes something else in the place of To.
	Replaced bool `json:"replaced,omitempty"`
}

// Refusal says why the go command does not take a version.
type Refusal string

// The refusals.
const (
	Excluded    Refusal = "excluded"     // by an exclude line of go.mod
	NewerGo     Refusal = "newer-go"     // a module needs a newer Go than the one in use
	Unavailable Refusal = "unavailable"  // nobody who was asked has the version, or its go.mod file is unfit
	MainModule  Refusal = "main-module"  // the module itself: its version is that of the checkout
	NotAnswered Refusal = "not-answered" // anything else: no network, no permission, a go.mod file with errors
)

// A TrialError is a question to which there is no build list as an answer.
type TrialError struct {
	Refusal Refusal
	Go      string // the Go version that is needed, such as "1.27.0", of [NewerGo]
	Err     error
}

func (e *TrialError) Error() string { return e.Err.Error() }

func (e *TrialError) Unwrap() error { return e.Err }

// maxTrials bounds how often one question is asked with later versions.
const maxTrials = 5

// NewTrial reads the files of the main module in o.Dir and asks for its build
// list as it is. The error is a [*TrialError] if the go command gives none.
// WorkFile and Updates of the options are not regarded.
func NewTrial(ctx context.Context, o Options) (*Trial, error) {
	tmp, err := os.MkdirTemp("", "assay-get-")
	if err != nil {
		return nil, err
	}
	t := &Trial{o: o, tmp: tmp}
	if err := t.begin(ctx); err != nil {
		t.Close()
		return nil, err
	}
	return t, nil
}

// Close removes the copies.
func (t *Trial) Close() error { return os.RemoveAll(t.tmp) }

func (t *Trial) begin(ctx context.Context) error {
	out, err := t.run(ctx, "env", "-json", "GOVERSION", "GOFLAGS")
	var env struct{ GOVERSION, GOFLAGS string }
	if err == nil {
		err = json.Unmarshal(out, &env)
	}
	if err != nil {
		return t.refused(err)
	}
	t.o.Environ = append(slices.Clip(t.o.Environ), "GOWORK=off", "GOTOOLCHAIN="+toolchainName(env.GOVERSION))
	file := filepath.Join(t.o.Dir, "go.mod")
	for flag := range strings.FieldsSeq(env.GOFLAGS) {
		if name, ok := strings.CutPrefix("-"+strings.TrimLeft(flag, "-"), "-modfile="); ok {
			file = absolute(t.o.Dir, name)
		}
	}
	if t.data, err = readFile(file); err != nil {
		return err
	}
	if t.mod, err = parseModFile(file, t.data); err != nil {
		return err
	}
	if t.sums, err = readOptional(sumName(file)); err != nil {
		return err
	}
	modules, _, err := t.list(ctx, t.data)
	if err != nil {
		return t.refused(err)
	}
	t.before = byPath(modules)
	return nil
}

// toolchainName is the GOTOOLCHAIN by which the toolchain of that GOVERSION
// runs and no other. A release's name may have more behind it, such as experiments.
func toolchainName(version string) string {
	name, _, _ := strings.Cut(version, "-X:")
	name, _, _ = strings.Cut(name, " ")
	if digits, ok := strings.CutPrefix(name, "go1."); !ok || digits == "" || strings.Trim(digits, "0123456789.rcbeta") != "" {
		return "local"
	}
	return name
}

// Upgrade asks what `go get` would do with all wanted versions together. Where
// others need a later version of a wanted module, `go get` refuses the wanted
// one; the later one is then taken in its place. The error is a [*TrialError]
// about all of them if the go command gives no build list.
func (t *Trial) Upgrade(ctx context.Context, want []module.Version) (*Change, error) {
	for _, w := range want {
		if err := t.check(w); err != nil {
			return nil, err
		}
	}
	get := slices.Clone(want)
	for range maxTrials {
		data, err := t.require(get)
		if err != nil {
			return nil, t.refused(err)
		}
		modules, after, err := t.list(ctx, data)
		if err != nil {
			return nil, t.refused(err)
		}
		list := byPath(modules)
		settled := true
		for i, w := range get {
			if m := list[w.Path]; semver.Compare(m.Version, w.Version) != 0 {
				if semver.Compare(m.Version, w.Version) < 0 {
					return nil, t.refused(fmt.Errorf("%s@%s is selected in the place of %s", m.Path, m.Version, w.Version))
				}
				get[i].Version, settled = m.Version, false
			}
		}
		if settled {
			c := &Change{Moves: moves(t.before, list)}
			if from, to := t.mod.Go, after.Go; from != to {
				c.Go = Move{From: from, To: to}
			}
			for i, w := range want {
				c.Answers = append(c.Answers, t.answer(w, get[i].Version, modules))
			}
			t.askRetracted(ctx, c, data)
			return c, nil
		}
	}
	return nil, t.refused(errors.New("the versions do not come to rest"))
}

// check refuses what need not be asked.
func (t *Trial) check(w module.Version) error {
	switch {
	case w.Path == t.mod.Module:
		return &TrialError{Refusal: MainModule, Err: fmt.Errorf("%s is the main module", w.Path)}
	case module.Check(w.Path, w.Version) != nil:
		return t.refused(module.Check(w.Path, w.Version))
	case slices.ContainsFunc(t.mod.Exclude, func(x Exclusion) bool { return x.Path == w.Path && x.Version == w.Version }):
		return &TrialError{Refusal: Excluded, Err: fmt.Errorf("%s is excluded by go.mod", w)}
	}
	return nil
}

// require returns the go.mod file with other requirements.
func (t *Trial) require(want []module.Version) ([]byte, error) {
	f, err := modfile.Parse("go.mod", t.data, nil)
	if err != nil {
		return nil, err
	}
	for _, w := range want {
		if err := f.AddRequire(w.Path, w.Version); err != nil {
			return nil, err
		}
	}
	f.Cleanup()
	return modfile.Format(f.Syntax), nil
}

// list gives the build list of a go.mod file, and what the go command makes of
// the file.
func (t *Trial) list(ctx context.Context, data []byte) ([]Module, *ModFile, error) {
	file, err := t.copy(data)
	if err != nil {
		return nil, nil, err
	}
	out, err := t.run(ctx, "list", "-mod=mod", "-modfile="+file, "-m", "-json", "all")
	if err != nil {
		return nil, nil, err
	}
	modules, err := ParseList(bytes.NewReader(out))
	if err != nil {
		return nil, nil, err
	}
	after, err := ReadModFile(file)
	return modules, after, err
}

// copy writes a go.mod file into a folder of its own, with go.sum.
func (t *Trial) copy(data []byte) (string, error) {
	t.n++
	dir := filepath.Join(t.tmp, strconv.Itoa(t.n))
	file := filepath.Join(dir, "go.mod")
	if err := os.Mkdir(dir, 0o700); err != nil {
		return "", err
	}
	if err := os.WriteFile(sumName(file), t.sums, 0o600); err != nil {
		return "", err
	}
	return file, os.WriteFile(file, data, 0o600)
}

func (t *Trial) run(ctx context.Context, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir, cmd.Env = t.o.Dir, append(slices.Clip(t.o.Environ), "PWD="+t.o.Dir)
	out, err := t.o.Run(cmd)
	if err != nil && ctx.Err() != nil {
		err = ctx.Err()
	}
	return out, err
}

// answer tells whether what was wanted is what would be built.
func (t *Trial) answer(want module.Version, selected string, modules []Module) Answer {
	a := Answer{Want: want, Selected: selected}
	for _, m := range modules {
		r := m.Replace
		if r == nil || m.Path != want.Path && r.Path != want.Path {
			continue
		}
		if r.Path == want.Path && r.Version != "" && semver.Compare(r.Version, want.Version) >= 0 {
			continue // as good as wanted
		}
		if line, ok := t.mod.Replacement(module.Version{Path: m.Path, Version: m.Version}); ok {
			a.Replace = &line
		}
	}
	return a
}

// askRetracted asks which of the selected versions are retracted, as far as
// that can be told.
func (t *Trial) askRetracted(ctx context.Context, c *Change, data []byte) {
	if len(c.Answers) == 0 {
		return
	}
	file, err := t.copy(data)
	if err != nil {
		return
	}
	args := []string{"list", "-e", "-mod=mod", "-modfile=" + file, "-m", "-retracted", "-json"}
	for _, a := range c.Answers {
		args = append(args, a.Want.Path+"@"+a.Selected)
	}
	out, err := t.run(ctx, args...)
	if err != nil {
		return
	}
	modules, _ := ParseList(bytes.NewReader(out))
	for i := range c.Answers {
		a := &c.Answers[i]
		for _, m := range modules {
			if m.Path == a.Want.Path && m.Version == a.Selected {
				a.Retracted = m.Retracted
			}
		}
	}
}

func byPath(modules []Module) map[string]Module {
	out := make(map[string]Module, len(modules))
	for _, m := range modules {
		if !m.Main {
			out[m.Path] = m
		}
	}
	return out
}

func moves(before, after map[string]Module) []Move {
	var out []Move
	for path, m := range after {
		if from := before[path].Version; from != m.Version {
			out = append(out, Move{path, from, m.Version, m.Replace != nil})
		}
	}
	for path := range maps.Keys(before) {
		if _, ok := after[path]; !ok {
			out = append(out, Move{Path: path, From: before[path].Version})
		}
	}
	slices.SortFunc(out, func(a, b Move) int { return cmp.Compare(a.Path, b.Path) })
	return out
}
