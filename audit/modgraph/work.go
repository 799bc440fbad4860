// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package modgraph

import (
	"errors"
	"io/fs"
	"os"
	pathpkg "path"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/mod/modfile"
)

// A WorkFile is a go.work file with the modules it uses.
type WorkFile struct {
	File      string        `json:"-"` // absolute
	Go        string        `json:"go,omitempty"`
	Toolchain string        `json:"toolchain,omitempty"`
	Use       []Use         `json:"use,omitempty"`
	Replace   []Replacement `json:"replace,omitempty"`
	Godebug   []Line        `json:"godebug,omitempty"`
}

// A Use is a use line and the module it names.
type Use struct {
	Path string   `json:"path"` // as in the file
	Line int      `json:"line"`
	Dir  string   `json:"-"`               // absolute
	Mod  *ModFile `json:"-"`               // nil with an error
	Err  string   `json:"error,omitempty"` // why its go.mod file cannot be read
}

// ReadWorkFile reads a go.work file and the go.mod files of the modules it
// uses. The error is a [*ParseError] if the go.work file is there but invalid.
func ReadWorkFile(file string) (*WorkFile, error) {
	data, err := readFile(file)
	if err != nil {
		return nil, err
	}
	name := filepath.Base(file)
	f, err := modfile.ParseWork(name, data, nil)
	if err != nil {
		return nil, parseError(name, err)
	}
	w := &WorkFile{File: file, Replace: replacements(f.Replace)}
	if f.Go != nil {
		w.Go = f.Go.Version
	}
	if f.Toolchain != nil {
		w.Toolchain = f.Toolchain.Name
	}
	for _, g := range f.Godebug {
		w.Godebug = append(w.Godebug, Line{g.Key + "=" + g.Value, line(g.Syntax)})
	}
	for _, u := range f.Use {
		use := Use{Path: u.Path, Line: line(u.Syntax), Dir: absolute(filepath.Dir(file), u.Path)}
		if use.Mod, err = ReadModFile(filepath.Join(use.Dir, "go.mod")); err != nil {
			var pe *fs.PathError
			if errors.As(err, &pe) {
				err = pe.Err // a report names no folder of this machine
			}
			use.Err = err.Error()
		}
		w.Use = append(w.Use, use)
	}
	return w, nil
}

// FindWorkFile returns the go.work file that is in force for a folder when
// GOWORK is not set, or "" (modload.findWorkspaceFile).
func FindWorkFile(dir string) string { return findUp(dir, isRegular, "go.work") }

func isRegular(info os.FileInfo) bool { return info.Mode().IsRegular() }

// RepositoryRoot returns the folder of the version control checkout that dir
// belongs to, the nearest if one is in another, or "" if it belongs to none.
// Symbolic links are not followed.
func RepositoryRoot(dir string) string {
	found := findUp(dir, func(os.FileInfo) bool { return true }, ".git", ".hg", ".svn", ".bzr", ".fslckout")
	if found == "" {
		return ""
	}
	return filepath.Dir(found)
}

// Locate names the file at path for somebody who knows dir: with slashes, relative to
// dir if it is in dir or in the checkout that dir is in, which near tells, else absolute.
// It does not go by how the file was named, which is relative to the current directory.
func Locate(dir, path string) (name string, near bool) {
	dir, file := Absolute(dir), Absolute(path)
	if rel, err := filepath.Rel(dir, file); err == nil && filepath.IsLocal(rel) {
		return filepath.ToSlash(rel), true
	}
	// The checkout of a link is where it leads to. The file itself may be a link:
	// it is that which is in the checkout.
	dir = resolve(dir)
	real := filepath.Join(resolve(filepath.Dir(file)), filepath.Base(file))
	rel, err := filepath.Rel(dir, real)
	if err != nil {
		return filepath.ToSlash(file), false
	}
	if filepath.IsLocal(rel) {
		return filepath.ToSlash(rel), true
	}
	if root := RepositoryRoot(dir); root != "" {
		if in, err := filepath.Rel(root, real); err == nil && filepath.IsLocal(in) {
			return filepath.ToSlash(rel), true
		}
	}
	return filepath.ToSlash(file), false
}

// Absolute returns the absolute path, or path where there is no current directory.
func Absolute(path string) string {
	if abs, err := filepath.Abs(path); err == nil {
		return abs
	}
	return path
}

// findUp looks for a file of one of the names in dir, then in the folders above it.
func findUp(dir string, wanted func(os.FileInfo) bool, names ...string) string {
	for {
		for _, name := range names {
			file := filepath.Join(dir, name)
			if info, err := os.Stat(file); err == nil && wanted(info) {
				return file
			}
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return ""
		}
		dir = parent
	}
}

// Inside reports whether path is root or below it. Symbolic links in either
// are followed as far as the files exist.
func Inside(root, path string) bool {
	rel, err := filepath.Rel(resolve(root), resolve(path))
	return err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator)) && !filepath.IsAbs(rel)
}

func resolve(path string) string {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		return real
	}
	return filepath.Clean(path)
}

// maxWalk bounds the files and folders looked at for modules.
const maxWalk = 100_000

// ModulesBelow returns the go.mod files of the modules below a folder, itself
// included, that a workspace there could use. Folders the go command does not
// look into (vendor, testdata, names that begin with "." or "_"), links to
// folders, and node_modules, whose modules are of others, are left out. The list
// may be incomplete: then whole is false.
func ModulesBelow(dir string) (files []string, whole bool) {
	whole = walk(dir, func(path string, d fs.DirEntry) error {
		switch {
		case d.IsDir() && d.Name() == "node_modules" && filepath.Clean(path) != filepath.Clean(dir):
			return fs.SkipDir
		case d.Name() == "go.mod" && regular(path, d):
			files = append(files, path)
		}
		return nil
	})
	return files, whole
}

// FoldersOf returns the folders of a module, which is in dir, that hold Go files,
// and those below it in which other modules begin. Both are relative to dir and
// have slashes. Folders the go command does not look into are left out, and links to
// folders. The lists may be incomplete: then whole is false.
func FoldersOf(dir string) (packages, modules []string, whole bool) {
	whole = walk(dir, func(path string, d fs.DirEntry) error {
		rel, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		switch folder := pathpkg.Dir(rel); {
		case d.IsDir() && rel != ".":
			if info, err := os.Stat(filepath.Join(path, "go.mod")); err == nil && info.Mode().IsRegular() {
				modules = append(modules, rel)
				return fs.SkipDir
			}
		case !strings.HasSuffix(rel, ".go") || strings.HasPrefix(d.Name(), "_") || strings.HasPrefix(d.Name(), ".") || !regular(path, d):
		case len(packages) == 0 || packages[len(packages)-1] != folder:
			packages = append(packages, folder)
		}
		return nil
	})
	slices.Sort(packages)
	return slices.Compact(packages), modules, whole
}

// regular reports whether an entry of a folder is a regular file, or a link to one:
// the go command follows these.
func regular(path string, d fs.DirEntry) bool {
	if d.Type()&fs.ModeSymlink == 0 {
		return d.Type().IsRegular()
	}
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

// walk calls fn for the files and folders below a folder, or below what a link to one
// leads to, that the go command looks into (matchPackages in cmd/go/internal/modload).
// It reports whether these are all.
func walk(dir string, fn func(path string, d fs.DirEntry) error) (whole bool) {
	if !strings.HasSuffix(dir, string(filepath.Separator)) {
		dir += string(filepath.Separator) // else a link is not followed
	}
	whole = true
	seen := 0
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if seen++; seen > maxWalk {
			whole = false
			return fs.SkipAll
		}
		if err != nil {
			whole = false
			return nil // what cannot be read is left out
		}
		if d.IsDir() && path != dir {
			switch name := d.Name(); {
			case name == "vendor", name == "testdata", name[0] == '.', name[0] == '_':
				return fs.SkipDir
			}
		}
		return fn(path, d)
	})
	return whole && err == nil
}
