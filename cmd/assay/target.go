// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/mod/modfile"

	"github.com/goassay/assay/audit"
	"github.com/goassay/assay/audit/modgraph"
)

// findTarget finds the module that dir is in, as the go command would. It is
// an error for a verb that needs a module if there is none.
func (inv *invocation) findTarget(dir string, needModule bool) (*audit.Target, audit.TargetRef, error) {
	name := audit.TargetRef{Dir: filepath.ToSlash(filepath.Clean(dir))}
	info, err := os.Stat(dir)
	switch {
	case err != nil:
		return nil, name, pathError(dir, err)
	case !info.IsDir():
		return nil, name, usagef("", "%s: not a directory", dir)
	}
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, name, err
	}
	t := &audit.Target{Dir: abs}
	if root, ok := findUp(abs, "go.mod"); ok {
		t.Dir, t.ModFile = root, filepath.Join(root, "go.mod")
	}
	if t.WorkFile = inv.workFile(abs); t.WorkFile != "" {
		if _, err := os.Stat(t.WorkFile); err != nil {
			return nil, name, usagef("GOWORK names it", "%s", fileError(err))
		}
	}
	if t.ModFile == "" && t.WorkFile != "" {
		t.Dir = filepath.Dir(t.WorkFile)
	}
	if needModule && t.ModFile == "" && t.WorkFile == "" {
		return nil, name, usagef("name the directory of a module with -C DIR", "%s: not a Go module: no go.mod there or above", dir)
	}
	name.Checkout = inCheckout(t.Dir)
	if t.ModFile != "" {
		data, err := readRegular(t.ModFile, 16<<20)
		if err != nil {
			return nil, name, fileError(err)
		}
		t.Module = modfile.ModulePath(data)
		name.Module = t.Module
	}
	return t, name, nil
}

// inCheckout is where in a version control checkout a directory is, "." if it is
// its root, "" if it is in none. Of a symbolic link that is where it leads to.
func inCheckout(dir string) string {
	if real, err := filepath.EvalSymlinks(dir); err == nil {
		dir = real
	}
	root := modgraph.RepositoryRoot(dir)
	if rel, err := filepath.Rel(root, dir); root != "" && err == nil && filepath.IsLocal(rel) {
		return filepath.ToSlash(rel)
	}
	return ""
}

// findMachine is findTarget for a verb that judges this machine: a module that dir
// is in is none of its business.
func (inv *invocation) findMachine(dir string) (*audit.Target, audit.TargetRef, error) {
	t, name, err := inv.findTarget(dir, false)
	if err == nil {
		dropModule(t, &name)
	}
	return t, name, err
}

// dropModule leaves of a target all but its module. The directory stays: names of
// files are relative to it.
func dropModule(t *audit.Target, name *audit.TargetRef) {
	t.ModFile, t.WorkFile, t.Module, name.Module = "", "", "", ""
}

// workFile returns the workspace in force: GOWORK, else the nearest go.work.
func (inv *invocation) workFile(dir string) string {
	switch v := inv.getenv("GOWORK"); v {
	case "off":
		return ""
	case "", "auto":
		return modgraph.FindWorkFile(dir)
	default:
		return v
	}
}

// findUp returns the nearest directory from dir upwards that holds a file.
func findUp(dir, file string) (string, bool) {
	for {
		if info, err := os.Stat(filepath.Join(dir, file)); err == nil && !info.IsDir() {
			return dir, true
		}
		up := filepath.Dir(dir)
		if up == dir {
			return "", false
		}
		dir = up
	}
}

// readRegular is readBounded for a file that the user did not name: a pipe,
// which may never end, is refused.
func readRegular(name string, limit int64) ([]byte, error) {
	info, err := os.Stat(name)
	if err == nil && !info.Mode().IsRegular() {
		err = &fs.PathError{Op: "open", Path: name, Err: errors.New("not a regular file")}
	}
	if err != nil {
		return nil, err
	}
	return readBounded(name, limit)
}

// pathError gives the reason why a path that the user named cannot be used,
// and the nearest name that is there.
func pathError(name string, err error) error {
	hint := ""
	if errors.Is(err, fs.ErrNotExist) {
		if near := nearestFile(name); near != "" {
			hint = fmt.Sprintf("did you mean %q?", near)
		}
	}
	return usagef(hint, "%s: %s", name, reason(err))
}

// nearestFile returns the file beside name that it was probably meant to be.
func nearestFile(name string) string {
	dir, base := filepath.Split(name)
	if dir == "" {
		dir = "."
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return ""
	}
	// The ending says little: none.json is not cut.json.
	stem := func(name string) string { return strings.TrimSuffix(name, filepath.Ext(name)) }
	names := map[string]string{}
	for _, e := range entries {
		if s := stem(e.Name()); s != "" {
			names[s] = e.Name()
		}
	}
	near := names[audit.Nearest(stem(base), slices.Sorted(maps.Keys(names)))]
	if near == "" {
		return ""
	}
	if dir == "." {
		return near
	}
	return filepath.Join(dir, near)
}

// splitArgs sorts the arguments of assay audit: a directory with a go.mod or
// go.work is the module, all else is to be read as executables.
func splitArgs(dir string, args []string) (module string, binaries []string, err error) {
	module = dir
	found := ""
	for _, arg := range args {
		info, err := os.Stat(arg)
		if err != nil {
			return "", nil, pathError(arg, err)
		}
		if info.IsDir() && holdsModule(arg) {
			if found != "" {
				return "", nil, usagef("audit one module at a time", "two modules: %s and %s", found, arg)
			}
			module, found = arg, arg
			continue
		}
		binaries = append(binaries, arg)
	}
	return module, binaries, nil
}

func holdsModule(dir string) bool {
	for _, name := range []string{"go.mod", "go.work"} {
		if info, err := os.Stat(filepath.Join(dir, name)); err == nil && !info.IsDir() {
			return true
		}
	}
	return false
}

// present checks that the executables that the user named are there. Their
// paths stay as they were given: that is how the report names them.
func present(args []string) ([]string, error) {
	var out []string
	for _, arg := range args {
		if _, err := os.Lstat(arg); err != nil {
			return nil, pathError(arg, err)
		}
		out = append(out, filepath.Clean(arg))
	}
	return out, nil
}
