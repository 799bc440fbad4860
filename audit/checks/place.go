// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package checks

import (
	"path/filepath"
	"strings"

	"github.com/goassay/assay/audit"
	"github.com/goassay/assay/audit/modgraph"
)

// fileLocation is where findings about a file are shown that the user named.
func fileLocation(dir, path string) *audit.Location {
	name, _ := modgraph.Locate(dir, path)
	return locationAt(name)
}

// locationAt is the location of a file that is called as [modgraph.Locate] says, nil for "".
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

// locateOwn is [modgraph.Locate] for a file that the user did not name. One elsewhere that is
// not in the workspace leads out by its last element: no other folder is named.
func locateOwn(t *audit.Target, path string) string {
	if name, near := modgraph.Locate(t.Dir, path); near {
		return name
	}
	if name, ok := inWorkspace(t, path); ok {
		return name
	}
	rel, err := filepath.Rel(modgraph.Absolute(t.Dir), modgraph.Absolute(path))
	if err != nil {
		return relative(t.Dir, path)
	}
	up := strings.Repeat("../", strings.Count(filepath.ToSlash(rel)+"/", "../"))
	return up + filepath.Base(path)
}
