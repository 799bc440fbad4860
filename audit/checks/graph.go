// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package checks

import (
	"context"
	"errors"
	"go/version"
	"io/fs"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/mod/module"
	"golang.org/x/mod/semver"

	"github.com/goassay/assay/audit"
	"github.com/goassay/assay/audit/modgraph"
	"github.com/goassay/assay/audit/modproxy"
)

// Graph judges the modules of the build: where each comes from, what its
// authors say of it, and whether the files that pin it agree. Its facts are a
// [GraphFacts].
//
// The setting "updates" has the go command look for newer versions, which also
// reaches the version control systems of private modules.
var Graph = &audit.Check{
	ID:       "graph",
	Requires: []*audit.Check{Env},
	Run:      runGraph,
}

// GraphFacts is the module graph with what is known of each module.
type GraphFacts struct {
	Source   GraphSource `json:"source"`
	Complete bool        `json:"complete"`          // every module of the build is listed
	Failure  string      `json:"failure,omitempty"` // why not
	Updates  bool        `json:"updates"`           // newer versions were asked for
	Counts   GraphCounts `json:"counts"`

	Modules     []GraphModule         `json:"modules"` // main modules first, then by path
	ModFiles    []GraphModFile        `json:"mod_files"`
	Workspace   *GraphWorkspace       `json:"workspace,omitempty"`
	Vendor      *modgraph.Vendor      `json:"vendor,omitempty"`
	SumProblems []modgraph.SumProblem `json:"sum_problems"`
	MissingSums []modgraph.MissingSum `json:"missing_sums"`
}

// GraphSource is where the module list comes from.
type GraphSource string

const (
	GraphLive     GraphSource = "go-command"
	GraphRecorded GraphSource = "recorded"
)

// GraphModule is a module of the build list. What the authors say of it
// (Retracted, Deprecated) concerns its replacement where that is a module.
type GraphModule struct {
	modgraph.Module

	// NotBuilt reports that no go.mod file of a main module requires it. Since
	// go 1.17 these list every module that provides a package to the build, so
	// that it only takes part in the choice of versions.
	NotBuilt bool `json:"not_built,omitempty"`

	Replaced     ReplaceKind     `json:"replaced,omitempty"`
	Pseudo       *PseudoVersion  `json:"pseudo,omitempty"`
	Incompatible bool            `json:"incompatible,omitempty"`
	Private      string          `json:"private,omitempty"` // the pattern of GOPRIVATE that matches
	Route        *modproxy.Route `json:"route,omitempty"`   // not for main modules and folders
	Status       *GraphStatus    `json:"status,omitempty"`  // likewise; without updates, not for those that are not built
	Evidence     string          `json:"evidence,omitempty"`
}

// GraphStatus says whether retraction and deprecation are known.
type GraphStatus struct {
	State  modproxy.State  `json:"state"`
	Reason modproxy.Reason `json:"reason,omitempty"`
	Detail string          `json:"detail,omitempty"`
	Latest string          `json:"latest,omitempty"` // as the proxies show it, retracted or not

	// Major is the module of the same major version with a go.mod file, for
	// an +incompatible version where there is one.
	Major        string `json:"major,omitempty"`
	MajorUnknown bool   `json:"major_unknown,omitempty"` // nobody could be asked whether there is one
}

// Reasons for an unknown state beside those of modproxy.
const (
	statusOffline modproxy.Reason = "offline"
	statusChain   modproxy.Reason = "goproxy"    // the go command refuses GOPROXY
	statusFailed  modproxy.Reason = "go-command" // go list -u failed for the module
)

// A ReplaceKind is what a module is replaced by.
type ReplaceKind string

const (
	ReplacedByModule  ReplaceKind = "module"
	ReplacedByVersion ReplaceKind = "version" // of the same module
	ReplacedByFolder  ReplaceKind = "folder"
)

// A PseudoVersion is what is encoded in a version that has no tag.
type PseudoVersion struct {
	Base     string    `json:"base,omitempty"` // the tag it stands behind
	Time     time.Time `json:"time"`           // of the commit, as the version says
	Revision string    `json:"revision"`
}

// GraphModFile is a main module's go.mod file.
type GraphModFile struct {
	File string `json:"file"` // relative to the target's directory
	*modgraph.ModFile
}

// GraphWorkspace is the go.work file in force.
type GraphWorkspace struct {
	File string `json:"file"` // relative to the target's directory
	*modgraph.WorkFile
	NotUsed []string `json:"not_used,omitempty"` // go.mod files below that it does not use
	Whole   bool     `json:"whole"`              // all folders below were looked at
}

// GraphCounts counts modules; those of a kind are not exclusive.
type GraphCounts struct {
	Modules      int `json:"modules"` // without main modules
	Main         int `json:"main"`
	Indirect     int `json:"indirect"`
	NotBuilt     int `json:"not_built"`
	Folder       int `json:"folder"` // replaced by a folder
	Module       int `json:"module"` // replaced by another module
	Version      int `json:"version"`
	Pseudo       int `json:"pseudo"`
	Incompatible int `json:"incompatible"`
	Private      int `json:"private"`
	Retracted    int `json:"retracted"`
	Deprecated   int `json:"deprecated"`
	Outdated     int `json:"outdated"` // only with updates
	Failed       int `json:"failed"`   // the go command reports an error for them
	Unknown      int `json:"unknown"`  // retraction and deprecation
	Excluded     int `json:"excluded"` // exclude lines
}

// graphRun is one run of the check.
type graphRun struct {
	ctx    context.Context
	p      *audit.Pass
	target *audit.Target // with the files that are in force
	env    *EnvFacts
	facts  *GraphFacts
	mods   []*modgraph.ModFile // of the main modules
	work   *modgraph.WorkFile
}

func runGraph(ctx context.Context, p *audit.Pass) (any, error) {
	env := audit.Facts[*EnvFacts](p, Env)
	g := &graphRun{ctx: ctx, p: p, target: inForce(p.Target, env), env: env, facts: &GraphFacts{
		Modules: []GraphModule{}, ModFiles: []GraphModFile{},
		SumProblems: []modgraph.SumProblem{}, MissingSums: []modgraph.MissingSum{},
	}}
	if err := g.readFiles(); err != nil {
		return g.facts, err
	}
	if err := g.judgeFiles(); err != nil {
		return g.facts, err
	}
	modules, err := g.list()
	if ctx.Err() != nil {
		return g.facts, ctx.Err()
	}
	if err != nil && len(modules) == 0 {
		return g.facts, err
	}
	g.attribute(modules)
	g.askStatus()
	g.askMajors()
	if ctx.Err() != nil {
		return g.facts, ctx.Err()
	}
	g.judgeModules()
	g.reportUnasked()
	g.count()
	if err == nil {
		err = g.incomplete()
	}
	return g.facts, err
}

// readFiles reads go.mod and go.work.
func (g *graphRun) readFiles() error {
	t := g.target
	if t.WorkFile != "" {
		work, err := modgraph.ReadWorkFile(t.WorkFile)
		if err != nil {
			return unreadable(t, t.WorkFile, err)
		}
		g.work = work
		below, whole := modgraph.ModulesBelow(filepath.Dir(t.WorkFile))
		g.facts.Workspace = &GraphWorkspace{File: relative(t.Dir, t.WorkFile), WorkFile: work, Whole: whole}
		used := map[string]bool{}
		for _, u := range work.Use {
			if u.Mod != nil {
				used[u.Mod.File] = true
				g.mods = append(g.mods, u.Mod)
			}
		}
		for _, file := range below {
			if !used[file] {
				g.facts.Workspace.NotUsed = append(g.facts.Workspace.NotUsed, relative(t.Dir, file))
			}
		}
	} else if t.ModFile != "" {
		m, err := modgraph.ReadModFile(t.ModFile)
		if err != nil {
			return unreadable(t, t.ModFile, err)
		}
		g.mods = []*modgraph.ModFile{m}
	} else if _, ok := g.p.Recorded["graph"]; !ok {
		return errors.New("neither a module nor a recorded list")
	}
	for _, m := range g.mods {
		g.facts.ModFiles = append(g.facts.ModFiles, GraphModFile{File: relative(t.Dir, m.File), ModFile: m})
	}
	return nil
}

// unreadable is a file without which nothing can be said.
func unreadable(t *audit.Target, file string, err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		err = pe.Err // it names the folder
	}
	text := strings.ReplaceAll(err.Error(), t.Dir+string(filepath.Separator), "")
	return audit.NotAssessed("graph/unreadable", audit.Args{"file": relative(t.Dir, file), "error": oneLine(text)})
}

// attribute says of each module what can be said without asking anybody.
func (g *graphRun) attribute(modules []modgraph.Module) {
	noproxy, private := g.env.Raw("GONOPROXY"), g.env.Raw("GOPRIVATE")
	required, all := g.required()
	for _, m := range modules {
		gm := GraphModule{Module: m, Private: modproxy.MatchPattern(private, m.Path)}
		if m.Main {
			gm.Private = ""
			g.facts.Modules = append(g.facts.Modules, gm)
			continue
		}
		gm.NotBuilt = all && !required[m.Path]
		source := gm.source()
		switch {
		case m.Replace == nil:
		case source.Version == "":
			gm.Replaced = ReplacedByFolder
		case source.Path == m.Path:
			gm.Replaced = ReplacedByVersion
		default:
			gm.Replaced = ReplacedByModule
		}
		gm.Pseudo = pseudoVersion(source.Version)
		gm.Incompatible = semver.Build(source.Version) == "+incompatible"
		if gm.Replaced != ReplacedByFolder && g.env.ChainError == "" {
			route := g.env.Chain.Route(source.Path, noproxy)
			gm.Route = &route
		}
		g.facts.Modules = append(g.facts.Modules, gm)
	}
}

// required returns the modules that the go.mod files of the main modules
// require, and whether these are all that provide packages.
func (g *graphRun) required() (paths map[string]bool, all bool) {
	paths, all = map[string]bool{}, len(g.mods) > 0
	for _, f := range g.mods {
		all = all && version.Compare("go"+f.Go, "go1.17") >= 0
		for _, r := range f.Require {
			paths[r.Path] = true
		}
	}
	return paths, all
}

// source is the module that is downloaded for m: itself or its replacement.
// A folder has no version.
func (m *GraphModule) source() module.Version {
	if m.Replace != nil {
		return module.Version{Path: m.Replace.Path, Version: m.Replace.Version}
	}
	return module.Version{Path: m.Path, Version: m.Version}
}

func pseudoVersion(v string) *PseudoVersion {
	if !module.IsPseudoVersion(v) {
		return nil
	}
	base, err1 := module.PseudoVersionBase(v)
	at, err2 := module.PseudoVersionTime(v)
	rev, err3 := module.PseudoVersionRev(v)
	if errors.Join(err1, err2, err3) != nil {
		return nil
	}
	return &PseudoVersion{Base: base, Time: at, Revision: rev}
}

func (g *graphRun) count() {
	c := &g.facts.Counts
	add := func(n *int, yes bool) {
		if yes {
			*n++
		}
	}
	for _, m := range g.facts.Modules {
		if m.Main {
			c.Main++
			continue
		}
		c.Modules++
		add(&c.Indirect, m.Indirect)
		add(&c.NotBuilt, m.NotBuilt)
		add(&c.Folder, m.Replaced == ReplacedByFolder)
		add(&c.Module, m.Replaced == ReplacedByModule)
		add(&c.Version, m.Replaced == ReplacedByVersion)
		add(&c.Pseudo, m.Pseudo != nil)
		add(&c.Incompatible, m.Incompatible)
		add(&c.Private, m.Private != "")
		add(&c.Retracted, len(m.Retracted) > 0)
		add(&c.Deprecated, m.Deprecated != "")
		add(&c.Outdated, m.Update != nil)
		add(&c.Failed, m.Error != "")
		add(&c.Unknown, m.Status != nil && m.Status.State == modproxy.Unknown)
	}
	for _, f := range g.mods {
		c.Excluded += len(f.Exclude)
	}
}
