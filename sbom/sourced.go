// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package sbom

import (
	"cmp"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/mod/module"

	"github.com/goassay/assay/audit/gobin"
)

// PropertyGraph says of an executable where its dependency graph is from:
// "source" for the imports of its source. Without it the graph is a star.
const PropertyGraph = "assay:go:graph"

// SourceOptions returns how [Packages] lists what an executable was built of,
// from its source in o.Dir: its main package, for its GOOS, GOARCH, CGO_ENABLED
// and build tags. ok is false if it does not record what package that is.
//
// What it records is a claim, and may be forged: settings other than those,
// and values that none of those can have, do not reach the go command.
func SourceOptions(b *gobin.Build, o Options) (_ Options, ok bool) {
	if b == nil || b.Main == nil || b.Package == adHoc || module.CheckImportPath(b.Package) != nil {
		return o, false
	}
	var flags []string
	o.Environ = slices.Clone(o.Environ)
	for _, s := range b.Settings {
		switch {
		case !plainSetting.MatchString(s.Value):
		case slices.Contains(targetSettings, s.Key):
			o.Environ = append(o.Environ, s.Key+"="+s.Value)
		case s.Key == "-tags", slices.Contains(tagSettings, s.Key):
			flags = append(flags, s.Key+"="+s.Value)
		}
	}
	if _, tagged := b.Setting("-tags"); !tagged {
		flags = append(flags, "-tags=") // those of the environment are another build's
	}
	goflags := ""
	for _, e := range o.Environ {
		if v, ok := strings.CutPrefix(e, "GOFLAGS="); ok {
			goflags = v
		}
	}
	o.Environ = append(o.Environ, "GOFLAGS="+strings.TrimSpace(goflags+" "+strings.Join(flags, " ")))
	o.Patterns = []string{b.Package}
	o.Tests, o.Tools = false, false
	return o, true
}

// targetSettings are the settings in build info that choose which files and
// packages a build takes; tagSettings are flags that set a build tag.
var (
	targetSettings = []string{"CGO_ENABLED", "GO386", "GOAMD64", "GOARCH", "GOARM", "GOARM64", "GOEXPERIMENT", "GOFIPS140",
		"GOMIPS", "GOMIPS64", "GOOS", "GOPPC64", "GORISCV64", "GOWASM"}
	tagSettings  = []string{"-asan", "-msan", "-race"}
	plainSetting = regexp.MustCompile(`^[A-Za-z0-9_.,]*$`)
)

// A Divergence is a module of which an executable and its source do not say
// the same.
type Divergence struct {
	Kind       DivergenceKind `json:"kind"`
	Module     string         `json:"module"`               // its path
	Executable string         `json:"executable,omitempty"` // what the executable records: version or hash
	Source     string         `json:"source,omitempty"`     // what the source has
}

// A DivergenceKind says in what an executable and its source differ.
type DivergenceKind string

// The kinds.
const (
	DiffersVersion DivergenceKind = "version" // of the module
	DiffersHash    DivergenceKind = "hash"    // h1: hash of the module
	DiffersCommit  DivergenceKind = "commit"  // of version control
	SourceLacks    DivergenceKind = "source-lacks"
	BinaryLacks    DivergenceKind = "executable-lacks"
)

// CompareSource compares what an executable records with the product of its
// source, as [SourceOptions] lists it, and with what version control says of
// that, which may be nil. What one of them does not know is no difference.
// Modules without a version have "(no version)".
func CompareSource(b *gobin.Build, vcs *gobin.VCS, p *Product, r *Revision) []Divergence {
	var all []Divergence
	add := func(kind DivergenceKind, module, executable, source string) {
		all = append(all, Divergence{kind, module, executable, source})
	}
	if b.Main.Path != p.Root.Path {
		add(SourceLacks, b.Main.Path, shownVersion(released(b.Main.Version)), "")
		add(BinaryLacks, p.Root.Path, "", shownVersion(p.Root.Version))
	} else if r != nil {
		if v := released(b.Main.Version); v != "" && r.Version != "" && v != r.Version {
			add(DiffersVersion, b.Main.Path, v, r.Version)
		}
		if vcs != nil && vcs.Revision != "" && vcs.Revision != r.Commit {
			add(DiffersCommit, b.Main.Path, vcs.Revision, r.Commit)
		}
	}
	recorded := make(map[string]*Component)
	for _, m := range b.Deps {
		c := recordedModule(m)
		recorded[c.Name] = c
	}
	for _, m := range p.Modules {
		c := recorded[m.Path]
		delete(recorded, m.Path)
		switch {
		case c == nil:
			add(BinaryLacks, m.Path, "", shownVersion(m.Version))
		case c.Version != versionOf(p, m):
			add(DiffersVersion, m.Path, shownVersion(c.Version), shownVersion(versionOf(p, m)))
		case m.H1 != "" && c.Property(PropertyH1) != "" && m.H1 != c.Property(PropertyH1):
			add(DiffersHash, m.Path, c.Property(PropertyH1), m.H1)
		}
	}
	for path, c := range recorded {
		add(SourceLacks, path, shownVersion(c.Version), "")
	}
	slices.SortFunc(all, func(a, b Divergence) int {
		return cmp.Or(cmp.Compare(a.Module, b.Module), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Executable, b.Executable))
	})
	return all
}

// versionOf is the version that a build would record: none for what is no
// published module.
func versionOf(p *Product, m *Module) string {
	if p.Locality(m) != Published {
		return ""
	}
	return m.Version
}

func shownVersion(v string) string { return cmp.Or(v, "(no version)") }

// AddGraph gives an executable of the document, which has the Ref root, and its
// modules the dependencies that the imports of its source are. Whether that is
// its source, [CompareSource] says: same is whether they agree. Modules that
// the source does not reach stay what the executable needs; then, and where
// code that is no Go may need something else, the graph is declared incomplete.
func (d *Document) AddGraph(root string, p *Product, same bool) {
	byRef := make(map[string]*Component, len(d.Components))
	std := ""
	for _, c := range d.Components {
		byRef[c.Ref] = c
	}
	executable := byRef[root]
	if executable == nil || executable.Property(PropertyGraph) != "" {
		return
	}
	all := executable.DependsOn
	for _, ref := range all {
		if byRef[ref].Name == stdlib {
			std = ref
		}
	}
	executable.DependsOn = nil
	for _, m := range append([]*Module{p.Root}, p.Modules...) {
		c := executable
		if m != p.Root {
			if c = byRef[m.String()]; c == nil || !slices.Contains(all, c.Ref) {
				continue
			}
		}
		for _, to := range p.DependsOn(m) {
			if to == p.Root {
				c.DependsOn = append(c.DependsOn, root)
			} else if slices.Contains(all, to.String()) {
				c.DependsOn = append(c.DependsOn, to.String())
			}
		}
		if std != "" && (p.standard[m] || m == p.Root) {
			c.DependsOn = append(c.DependsOn, std)
		}
		// Another executable of the document may have said so of a module.
		if c == executable || c.Completeness != Incomplete {
			c.Completeness = Complete
		}
		if p.native[m] || !same || len(p.Failures) > 0 {
			c.Completeness = Incomplete
		}
	}
	reached := []string{root}
	for i := 0; i < len(reached); i++ {
		for _, to := range byRef[reached[i]].DependsOn {
			if !slices.Contains(reached, to) {
				reached = append(reached, to)
			}
		}
	}
	for _, ref := range all {
		if !slices.Contains(reached, ref) {
			executable.DependsOn = append(executable.DependsOn, ref)
			executable.Completeness = Incomplete
		}
	}
	executable.Add(PropertyGraph, "source")
	d.Sort()
}
