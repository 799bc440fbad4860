// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package checks

import (
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/mod/module"

	"github.com/goassay/assay/audit"
	"github.com/goassay/assay/audit/goenv"
	"github.com/goassay/assay/audit/modgraph"
)

// sumFilesInForce reads the go.sum files of the target, and those that the go
// command reads in their stead because of its environment.
func sumFilesInForce(t *audit.Target, env *EnvFacts) ([]modgraph.SumFile, error) {
	files, err := modgraph.ReadSumFiles(t.ModFile, t.WorkFile)
	if err != nil {
		return nil, err
	}
	in := inForce(t, env)
	more, err := modgraph.ReadSumFiles(in.ModFile, in.WorkFile)
	if err != nil {
		return nil, err
	}
	files = append(files, more...)
	slices.SortStableFunc(files, func(a, b modgraph.SumFile) int { return strings.Compare(a.Path, b.Path) })
	return slices.CompactFunc(files, func(a, b modgraph.SumFile) bool { return a.Path == b.Path }), nil
}

// inForce is the target with the go.work file that the go command uses, which
// the user's file of settings may name, and the go.mod file of -modfile.
func inForce(t *audit.Target, env *EnvFacts) *audit.Target {
	out := *t
	switch work := env.Raw("GOWORK"); {
	case work == "off":
		out.WorkFile = ""
	case filepath.IsAbs(work):
		out.WorkFile = work
	}
	if mod := goFlag(env, "modfile"); mod != "" && out.WorkFile == "" { // it excludes a workspace
		if !filepath.IsAbs(mod) {
			mod = filepath.Join(t.Dir, mod)
		}
		out.ModFile = mod
	}
	return &out
}

// goFlag returns the value of a flag in GOFLAGS. Where GOFLAGS is invalid no
// flag is in force: every go command ends at once.
func goFlag(env *EnvFacts, name string) string {
	flags, err := goenv.ParseFlags(env.Raw("GOFLAGS"))
	value := ""
	for _, f := range flags {
		if err == nil && f.Name == name {
			value = f.Value.Raw() // the last one wins
		}
	}
	return value
}

// requiredModules counts the modules that the go.mod files require and that no
// folder replaces: each would have a line in go.sum.
func requiredModules(t *audit.Target) (int, error) {
	var mods []*modgraph.ModFile
	if t.WorkFile != "" {
		work, err := modgraph.ReadWorkFile(t.WorkFile)
		if err != nil {
			return 0, unreadable(t, t.WorkFile, err)
		}
		for _, u := range work.Use {
			if u.Mod != nil {
				mods = append(mods, u.Mod)
			}
		}
	} else if t.ModFile != "" {
		m, err := modgraph.ReadModFile(t.ModFile)
		if err != nil {
			return 0, unreadable(t, t.ModFile, err)
		}
		mods = append(mods, m)
	}
	required := map[module.Version]bool{}
	for _, m := range mods {
		for _, r := range m.Require {
			v := module.Version{Path: r.Path, Version: r.Version}
			if rep, ok := m.Replacement(v); !ok || !rep.Local() {
				required[v] = true
			}
		}
	}
	return len(required), nil
}

// leftOut counts the lines that ParseSums left out.
func leftOut(problems []modgraph.SumProblem) int {
	n := malformed(problems)
	for _, p := range problems {
		if p.Kind == modgraph.SumIgnored {
			n++
		}
	}
	return n
}

// malformed counts the lines of which cannot be said what they are about. Those
// that the go command drops for a mistake of its own are none.
func malformed(problems []modgraph.SumProblem) int {
	n := 0
	for _, p := range problems {
		switch p.Kind {
		case modgraph.SumDuplicate, modgraph.SumContradiction, modgraph.SumIgnored:
		default:
			n++
		}
	}
	return n
}
