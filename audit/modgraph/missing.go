// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package modgraph

import "golang.org/x/mod/module"

// A MissingSum is a hash that go.sum must have for the main module's own
// requirements and does not have.
type MissingSum struct {
	Module  string `json:"module"` // of the replacement, if there is one
	Version string `json:"version"`
	GoMod   bool   `json:"go_mod"` // the hash of the go.mod file, else that of the zip file
	Line    int    `json:"line"`   // of the requirement in go.mod
}

// MissingSums returns the hashes that no line of a module's go.sum file
// provides although every build needs them:
//
//   - of the go.mod file of each required module: they are the roots of the
//     module graph, which is always read with -mod=readonly;
//   - of the zip file of each module that is required directly, that is,
//     without an "indirect" comment: a main module's package imports a
//     package of it.
//
// Whether other modules need a line depends on the packages of the build and
// on how far the graph is pruned: only the go command can tell. A tidy module
// lacks nothing of this. In a workspace, where go.work.sum and the go.sum
// files of all modules count and none has to be complete, it does not apply.
func MissingSums(m *ModFile, lines []SumLine) []MissingSum {
	type key struct {
		mod   module.Version
		goMod bool
	}
	have := make(map[key]bool, len(lines))
	for _, l := range lines {
		have[key{module.Version{Path: l.Module, Version: l.Version}, l.GoMod}] = true
	}
	excluded := make(map[module.Version]bool)
	for _, x := range m.Exclude {
		excluded[module.Version{Path: x.Path, Version: x.Version}] = true
	}
	var missing []MissingSum
	for _, r := range m.Require {
		mod := module.Version{Path: r.Path, Version: r.Version}
		if excluded[mod] {
			continue // the go command ignores the requirement
		}
		if to, ok := m.Replacement(mod); ok {
			if to.Local() {
				continue
			}
			mod = module.Version{Path: to.NewPath, Version: to.NewVersion}
		}
		for _, goMod := range []bool{true, false} {
			if (goMod || !r.Indirect) && !have[key{mod, goMod}] {
				missing = append(missing, MissingSum{Module: mod.Path, Version: mod.Version, GoMod: goMod, Line: r.Line})
			}
		}
	}
	return missing
}
