// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package modgraph

import (
	"errors"
	"go/version"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/module"
	"golang.org/x/mod/semver"
)

// A Vendor is the state of a vendor folder.
type Vendor struct {
	Modules  int             `json:"modules"`  // that provide packages
	Packages int             `json:"packages"` // in modules.txt
	Problems []VendorProblem `json:"problems,omitempty"`
}

// A VendorProblem is one way in which vendor/modules.txt contradicts the
// go.mod and go.work files. The go command refuses to build with any of them,
// unless it is told to ignore the vendor folder.
type VendorProblem struct {
	Kind    VendorProblemKind `json:"kind"`
	Module  string            `json:"module,omitempty"`
	Version string            `json:"version,omitempty"`
	Want    string            `json:"want,omitempty"` // what go.mod or go.work says
	Got     string            `json:"got,omitempty"`  // what modules.txt says
	File    string            `json:"-"`              // absolute: the go.mod, go.work or modules.txt file
	Line    int               `json:"line,omitempty"`
}

// A VendorProblemKind is a check of checkVendorConsistency in
// cmd/go/internal/modload/vendor.go.
type VendorProblemKind string

const (
	VendorNoList             VendorProblemKind = "no-list"             // there is no modules.txt
	VendorNotExplicit        VendorProblemKind = "not-explicit"        // required in go.mod, but not marked so
	VendorVersion            VendorProblemKind = "version"             // of another version; before go 1.14 only
	VendorNotRequired        VendorProblemKind = "not-required"        // marked as required in go.mod, but not so
	VendorNotReplaced        VendorProblemKind = "not-replaced"        // replaced in go.mod, but not marked so
	VendorReplacedOtherwise  VendorProblemKind = "replaced-otherwise"  // replaced by something else
	VendorReplacedNeedlessly VendorProblemKind = "replaced-needlessly" // marked as replaced, but not so
)

// ReadVendor reads the vendor folder that stands beside a go.mod file, or
// beside the go.work file if work is not nil, and compares its list with the
// main modules. It returns nil if there is no such folder.
func ReadVendor(mods []*ModFile, work *WorkFile) (*Vendor, error) {
	if len(mods) == 0 {
		return nil, nil
	}
	dir := filepath.Join(filepath.Dir(mods[0].File), "vendor")
	if work != nil {
		dir = filepath.Join(filepath.Dir(work.File), "vendor")
	}
	info, err := os.Stat(dir)
	if errors.Is(err, fs.ErrNotExist) || err == nil && !info.IsDir() {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	file := filepath.Join(dir, "modules.txt")
	data, err := readFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return &Vendor{Problems: []VendorProblem{{Kind: VendorNoList, File: file}}}, nil
	}
	if err != nil {
		return nil, err
	}
	list := parseVendorList(string(data))
	list.file = file
	return &Vendor{Modules: len(list.providers), Packages: list.packages, Problems: list.compare(mods, work)}, nil
}

// A vendorList is vendor/modules.txt as readVendorList understands it.
type vendorList struct {
	file      string
	modules   map[module.Version]*vendorModule
	providers []module.Version  // modules with packages, in order
	replaced  []module.Version  // modules marked as replaced, in order
	versions  map[string]string // module path to the version that provides packages
	packages  int
}

type vendorModule struct {
	explicit    bool
	replacement module.Version
	line        int
}

func parseVendorList(data string) *vendorList {
	l := &vendorList{modules: make(map[module.Version]*vendorModule), versions: make(map[string]string)}
	packages := make(map[string]bool)
	var mod module.Version
	n := 0
	for line := range strings.SplitSeq(data, "\n") {
		n++
		if strings.HasPrefix(line, "# ") {
			mod = l.moduleLine(strings.Fields(line), mod, n)
			continue
		}
		if mod.Path == "" {
			continue // neither a package nor an annotation means anything without a module
		}
		if annotations, ok := strings.CutPrefix(line, "## "); ok {
			for entry := range strings.SplitSeq(annotations, ";") {
				if strings.TrimSpace(entry) == "explicit" {
					l.module(mod, n).explicit = true
				}
			}
			continue
		}
		if f := strings.Fields(line); len(f) == 1 && module.CheckImportPath(f[0]) == nil {
			packages[f[0]] = true
			if v, ok := l.versions[mod.Path]; !ok || semver.Compare(v, mod.Version) < 0 {
				l.providers = append(l.providers, mod)
				l.versions[mod.Path] = mod.Version
			}
		}
	}
	l.packages = len(packages)
	return l
}

// moduleLine reads "# path version [=> path [version]]" or "# path => path
// [version]" and returns the module that the lines after it belong to.
func (l *vendorList) moduleLine(f []string, current module.Version, n int) module.Version {
	if len(f) < 3 {
		return current
	}
	var mod module.Version
	switch {
	case semver.IsValid(f[2]):
		mod = module.Version{Path: f[1], Version: f[2]}
		f = f[3:]
	case f[2] == "=>":
		mod = module.Version{Path: f[1]}
		f = f[2:]
	default:
		return module.Version{}
	}
	m := l.module(mod, n)
	if len(f) < 2 || f[0] != "=>" {
		return mod
	}
	switch {
	case len(f) == 2:
		m.replacement = module.Version{Path: f[1]}
	case len(f) == 3 && semver.IsValid(f[2]):
		m.replacement = module.Version{Path: f[1], Version: f[2]}
	default:
		return mod
	}
	l.replaced = append(l.replaced, mod)
	return mod
}

func (l *vendorList) module(mod module.Version, n int) *vendorModule {
	m := l.modules[mod]
	if m == nil {
		m = &vendorModule{line: n}
		l.modules[mod] = m
	}
	return m
}

// compare is checkVendorConsistency.
func (l *vendorList) compare(mods []*ModFile, work *WorkFile) []VendorProblem {
	var problems []VendorProblem
	pre114 := work == nil && version.Compare("go"+mods[0].Go, "go1.14") < 0 // also without a go line
	required := make(map[module.Version]bool)
	for _, m := range mods {
		for _, r := range m.Require {
			mod := module.Version{Path: r.Path, Version: r.Version}
			required[mod] = true
			if v := l.modules[mod]; v != nil && v.explicit {
				continue
			}
			p := VendorProblem{Kind: VendorNotExplicit, Module: r.Path, Version: r.Version, File: m.File, Line: r.Line}
			if pre114 {
				got, ok := l.versions[r.Path]
				if !ok || got == r.Version {
					continue
				}
				p.Kind, p.Want, p.Got = VendorVersion, r.Version, got
			}
			problems = append(problems, p)
		}
	}
	problems = append(problems, l.compareReplacements(mods, work, pre114)...)
	for _, mod := range l.providers {
		if v := l.modules[mod]; v != nil && v.explicit && !required[mod] {
			problems = append(problems, VendorProblem{Kind: VendorNotRequired, Module: mod.Path, Version: mod.Version, File: l.file, Line: v.line})
		}
	}
	for _, mod := range l.replaced {
		if _, ok := replacementFrom(mods, work, mod); !ok {
			v := l.modules[mod]
			problems = append(problems, VendorProblem{Kind: VendorReplacedNeedlessly, Module: mod.Path, Version: mod.Version,
				Got: describe(v.replacement), File: l.file, Line: v.line})
		}
	}
	return problems
}

func (l *vendorList) compareReplacements(mods []*ModFile, work *WorkFile, pre114 bool) []VendorProblem {
	var problems []VendorProblem
	seen := make(map[module.Version]bool)
	check := func(file string, lines []Replacement) {
		for _, r := range lines {
			old := module.Version{Path: r.Path, Version: r.Version}
			if seen[old] {
				continue
			}
			seen[old] = true
			want, ok := replacementFrom(mods, work, old)
			var got module.Version
			if v := l.modules[old]; v != nil {
				got = v.replacement
			}
			p := VendorProblem{Module: r.Path, Version: r.Version, Want: describe(want), Got: describe(got), File: file, Line: r.Line}
			switch {
			case got == want, got == module.Version{} && !ok:
			case got != module.Version{}:
				p.Kind = VendorReplacedOtherwise
				problems = append(problems, p)
			case pre114 && (old.Version == "" || l.versions[old.Path] != old.Version):
				// modules.txt did not list these.
			default:
				p.Kind = VendorNotReplaced
				problems = append(problems, p)
			}
		}
	}
	for _, m := range mods {
		check(m.File, m.Replace)
	}
	if work != nil {
		check(work.File, work.Replace)
	}
	return problems
}

// replacementFrom is the replacement of mod in force, with a folder as
// modules.txt names it (modload.replacementFrom, canonicalizeReplacePath).
func replacementFrom(mods []*ModFile, work *WorkFile, mod module.Version) (module.Version, bool) {
	for _, m := range mods {
		if m.Module == mod.Path && mod.Version == "" {
			return module.Version{}, false // a main module is not replaced
		}
	}
	if work != nil {
		if r, ok := replacementOf(work.Replace, mod); ok {
			return module.Version{Path: r.NewPath, Version: r.NewVersion}, true
		}
	}
	for _, m := range mods {
		r, ok := m.Replacement(mod)
		if !ok {
			continue
		}
		to := module.Version{Path: r.NewPath, Version: r.NewVersion}
		if work != nil && r.Local() && !filepath.IsAbs(filepath.FromSlash(r.NewPath)) {
			to.Path = workRelative(work, m, r.NewPath)
		}
		return to, true
	}
	return module.Version{}, false
}

// workRelative turns a folder named in a module's go.mod file into one
// relative to the go.work file, as canonicalizeReplacePath does.
func workRelative(work *WorkFile, m *ModFile, path string) string {
	return relative(filepath.Dir(work.File), absolute(filepath.Dir(m.File), path))
}

func describe(m module.Version) string {
	if m.Version == "" {
		return m.Path
	}
	return m.Path + "@" + m.Version
}
