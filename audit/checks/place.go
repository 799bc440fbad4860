// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package checks

import (
	"path/filepath"
	"strings"

	"github.com/goassay/assay/audit"
	"github.com/goassay/assay/audit/modgraph"
)

// locate is how locations name the file at path: with slashes, relative to dir if it
// is in dir or in the checkout that dir is in, else absolute, which near tells. It
// does not go by how the user named it, which is relative to the current directory.
func locate(dir, path string) (name string, near bool) {
	dir, file := absolute(dir), absolute(path)
	if rel, err := filepath.Rel(dir, file); err == nil && filepath.IsLocal(rel) {
		return filepath.ToSlash(rel), true
	}
	// The checkout of a link is where it leads to. The file itself may be a link:
	// it is that which is in the checkout.
	dir = resolved(dir)
	real := filepath.Join(resolved(filepath.Dir(file)), filepath.Base(file))
	rel, err := filepath.Rel(dir, real)
	if err != nil {
		return filepath.ToSlash(file), false
	}
	if filepath.IsLocal(rel) {
		return filepath.ToSlash(rel), true
	}
	if root := modgraph.RepositoryRoot(dir); root != "" {
		if in, err := filepath.Rel(root, real); err == nil && filepath.IsLocal(in) {
			return filepath.ToSlash(rel), true
		}
	}
	return filepath.ToSlash(file), false
}

// absolute returns the absolute path, or path where there is no current directory.
func absolute(path string) string {
	if abs, err := filepath.Abs(path); err == nil {
		return abs
	}
	return path
}

// resolved follows symbolic links, if the path exists.
func resolved(path string) string {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		return real
	}
	return path
}

// fileLocation is where findings about a file are shown that the user named.
func fileLocation(dir, path string) *audit.Location {
	name, _ := locate(dir, path)
	return locationAt(name)
}

// locationAt is the location of a file that is called as [locate] says, nil for "".
func locationAt(name string) *audit.Location {
	if name == "" {
		return nil
	}
	return &audit.Location{File: name}
}

// lineLocation is a line of a file of the target that the user did not name.
func lineLocation(t *audit.Target, path string, line int) *audit.Location {
	return &audit.Location{File: locateOwn(t, path), Line: line}
}

// locateOwn is [locate] for a file that the user did not name. One elsewhere that is
// not in the workspace leads out by its last element: no other folder is named.
func locateOwn(t *audit.Target, path string) string {
	if name, near := locate(t.Dir, path); near {
		return name
	}
	if name, ok := inWorkspace(t, path); ok {
		return name
	}
	rel, err := filepath.Rel(resolved(absolute(t.Dir)), resolved(absolute(path)))
	if err != nil {
		return relative(t.Dir, path)
	}
	up := strings.Repeat("../", strings.Count(filepath.ToSlash(rel)+"/", "../"))
	return up + filepath.Base(path)
}
