// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package modgraph

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"golang.org/x/mod/modfile"
)

// Options is what [List] works with.
type Options struct {
	Dir      string   // the main module's folder, absolute
	WorkFile string   // the go.work file in force, absolute; "" if there is none
	Environ  []string // the go command's environment, as os.Environ gives it
	Updates  bool     // also ask for updates, retractions and deprecations: -u

	// Run runs a command and returns its standard output.
	Run func(*exec.Cmd) ([]byte, error)
}

// A Listing is what the go command says of the build list.
type Listing struct {
	Modules []Module

	// Failure is why the list may lack modules: the error of the go command
	// when it is not told to tolerate any (-e). Nil for a list that is
	// complete.
	Failure error
}

// List runs `go list -m -json all`. It modifies neither go.mod nor go.sum nor
// go.work.sum, and works whatever GOFLAGS says of -mod and whether there is
// a vendor folder.
//
// With -e, the go command prints what it can and exits with 0, also when a
// whole part of the graph is missing. So it is asked without first, and only
// where that fails with -e, for what can be known; the failure is then part of
// the Listing. The error is that of the second attempt.
func List(ctx context.Context, o Options) (*Listing, error) {
	environ := o.Environ
	if o.WorkFile != "" {
		dir, err := os.MkdirTemp("", "assay-work-")
		if err != nil {
			return nil, err
		}
		defer os.RemoveAll(dir)
		copied, err := copyWorkspace(o.WorkFile, dir)
		if err != nil {
			return nil, err
		}
		environ = append(environ[:len(environ):len(environ)], "GOWORK="+copied)
	}
	list := func(flags ...string) ([]Module, error) {
		args := append([]string{"list", "-mod=readonly", "-m", "-json"}, flags...)
		if o.Updates {
			args = append(args, "-u")
		}
		cmd := exec.CommandContext(ctx, "go", append(args, "all")...)
		cmd.Dir, cmd.Env = o.Dir, append(environ[:len(environ):len(environ)], "PWD="+o.Dir)
		out, err := o.Run(cmd)
		if err != nil {
			return nil, err
		}
		modules, err := ParseList(bytes.NewReader(out))
		if o.WorkFile != "" {
			relativeTo(filepath.Dir(o.WorkFile), modules)
		}
		return modules, err
	}
	modules, failure := list()
	if failure == nil {
		return &Listing{Modules: modules}, nil
	}
	if errors.Is(failure, exec.ErrNotFound) || ctx.Err() != nil {
		return nil, failure
	}
	modules, err := list("-e")
	if err != nil {
		return nil, err
	}
	return &Listing{Modules: modules, Failure: failure}, nil
}

// copyWorkspace copies a go.work file and its go.work.sum to dir, with the
// paths in it made absolute. The go command adds hashes to go.work.sum even
// under -mod=readonly (commitRequirements in cmd/go/internal/modload/init.go).
func copyWorkspace(workFile, dir string) (string, error) {
	data, err := readFile(workFile)
	if err != nil {
		return "", err
	}
	w, err := modfile.ParseWork(workFile, data, nil)
	if err != nil {
		return "", parseError(filepath.Base(workFile), err)
	}
	base := filepath.Dir(workFile)
	var uses []*modfile.Use
	for _, u := range w.Use {
		uses = append(uses, &modfile.Use{Path: filepath.ToSlash(absolute(base, u.Path)), ModulePath: u.ModulePath})
	}
	w.SetUse(uses)
	for _, r := range append([]*modfile.Replace(nil), w.Replace...) {
		if r.New.Version == "" {
			if err := w.AddReplace(r.Old.Path, r.Old.Version, filepath.ToSlash(absolute(base, r.New.Path)), ""); err != nil {
				return "", err
			}
		}
	}
	w.Cleanup()
	copied := filepath.Join(dir, "go.work")
	if err := os.WriteFile(copied, modfile.Format(w.Syntax), 0o600); err != nil {
		return "", err
	}
	sums, err := readOptional(workFile + ".sum")
	if err != nil || sums == nil {
		return copied, err
	}
	return copied, os.WriteFile(copied+".sum", sums, 0o600)
}

// relativeTo names the folders that replace modules as the go command does in
// a workspace at base: relative to it.
func relativeTo(base string, modules []Module) {
	for _, m := range modules {
		if r := m.Replace; r != nil && r.Version == "" && r.Dir != "" {
			r.Path = relative(base, r.Dir)
		}
	}
}

func relative(base, path string) string {
	rel, err := filepath.Rel(base, path)
	if err != nil {
		return path
	}
	rel = filepath.ToSlash(rel)
	if rel != ".." && !strings.HasPrefix(rel, "../") {
		rel = "./" + rel
	}
	return rel
}

func absolute(base, path string) string {
	path = filepath.FromSlash(path)
	if filepath.IsAbs(path) {
		return filepath.Clean(path)
	}
	return filepath.Join(base, path)
}

// maxFile bounds go.mod, go.sum, go.work and modules.txt files, in bytes. The
// go.sum files of the largest public projects are under 1 MiB.
const maxFile = 64 << 20

// errNotRegular is a folder, a device or a pipe where a file should be.
var errNotRegular = errors.New("not a regular file")

// readFile reads a file that may be hostile in kind and size.
func readFile(name string) ([]byte, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, &os.PathError{Op: "read", Path: name, Err: errNotRegular}
	}
	if info.Size() > maxFile {
		return nil, &os.PathError{Op: "read", Path: name, Err: fmt.Errorf("larger than %d MiB", maxFile>>20)}
	}
	return os.ReadFile(name)
}

// readOptional is readFile, but nil for a file that does not exist.
func readOptional(name string) ([]byte, error) {
	data, err := readFile(name)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	return data, err
}
