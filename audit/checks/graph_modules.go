// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package checks

import (
	"path/filepath"
	"strings"

	"golang.org/x/mod/module"
	"golang.org/x/mod/semver"

	"github.com/goassay/assay/audit"
	"github.com/goassay/assay/audit/modgraph"
	"github.com/goassay/assay/audit/modproxy"
)

// judgeModules judges the modules of the build list.
func (g *graphRun) judgeModules() {
	requires := map[string]place{}
	for _, f := range g.mods {
		for _, r := range f.Require {
			if _, ok := requires[r.Path]; !ok {
				requires[r.Path] = place{f.File, r.Line}
			}
		}
	}
	for i := range g.facts.Modules {
		m := &g.facts.Modules[i]
		if m.Main {
			continue
		}
		j := moduleJudge{g, m, requires[m.Path]}
		if m.Replaced != "" {
			j.replaced(g.replaceLine(m))
		}
		j.said()
		j.version()
		if m.Error != "" {
			j.report("graph/module-error", audit.Args{"error": oneLine(m.Error)})
		}
	}
	if g.facts.Complete {
		g.judgeUnused()
		g.judgeNotUsed()
	}
}

// A place is a line of a file.
type place struct {
	file string // absolute; "" if there is none
	line int
}

// replaceLine finds the line that replaces m. A recorded list may have been
// made with another: then there is no place.
func (g *graphRun) replaceLine(m *GraphModule) (modgraph.Replacement, place) {
	mod := module.Version{Path: m.Path, Version: m.Version}
	if g.work != nil {
		if r, ok := (&modgraph.ModFile{Replace: g.work.Replace}).Replacement(mod); ok {
			return r, place{g.work.File, r.Line}
		}
	}
	for _, f := range g.mods {
		if r, ok := f.Replacement(mod); ok {
			return r, place{f.File, r.Line}
		}
	}
	return modgraph.Replacement{Path: m.Path, NewPath: m.Replace.Path, NewVersion: m.Replace.Version}, place{}
}

// judgeUnused finds replace lines of modules of which no version is part of
// the build. A line for one version of a module that is built in another is
// left alone: it may have decided that.
func (g *graphRun) judgeUnused() {
	built := map[string]bool{}
	for _, m := range g.facts.Modules {
		built[m.Path] = true
	}
	for _, f := range g.mods {
		for _, r := range f.Replace {
			if !built[r.Path] {
				subject := moduleSubject(r.Path, r.Version)
				g.at("graph/replace-unused", f.File, r.Line, subject, audit.Args{"module": subject.Name, "target": describeTarget(r)})
			}
		}
	}
}

// judgeNotUsed finds modules below a workspace that the build takes from
// elsewhere, because go.work does not use them.
func (g *graphRun) judgeNotUsed() {
	if g.work == nil {
		return
	}
	built := map[string]*GraphModule{}
	for i := range g.facts.Modules {
		m := &g.facts.Modules[i]
		if !m.Main && m.Replaced != ReplacedByFolder {
			built[m.Path] = m
		}
	}
	for _, rel := range g.facts.Workspace.NotUsed {
		file := filepath.Join(g.target.Dir, filepath.FromSlash(rel))
		f, err := modgraph.ReadModFile(file)
		if err != nil {
			continue // no module of this build
		}
		if m := built[f.Module]; m != nil {
			source := m.source()
			g.at("graph/work-not-used", file, 0, moduleSubject(m.Path, ""), audit.Args{"module": m.Path, "version": source.Version, "source": source.String()})
		}
	}
}

// moduleJudge judges one module.
type moduleJudge struct {
	g *graphRun
	m *GraphModule
	place
}

// report reports the module at the line that requires it, or at no line for
// one that only dependencies require.
func (j moduleJudge) report(rule string, args audit.Args) {
	source := j.m.source()
	args["module"], args["version"] = source.Path, source.Version
	f := audit.Finding{Rule: rule, Subject: j.m.subject(), Args: args}
	file := j.file
	if file == "" && len(j.g.mods) > 0 {
		file = j.g.mods[0].File
	}
	if file != "" {
		f.Location = lineLocation(j.g.target, file, j.line)
	}
	if j.m.Evidence != "" {
		f.Evidence = []string{j.m.Evidence}
	}
	j.g.p.Report(f)
}

// subject is what findings about the module are about.
func (m *GraphModule) subject() audit.Subject {
	s := audit.Subject{Kind: "module", Name: m.source().String()}
	if m.source().Version == "" {
		s.Name = m.Module.String()
	}
	return s
}

func (j moduleJudge) replaced(r modgraph.Replacement, at place) {
	args := audit.Args{"old": j.m.Path, "target": describeTarget(r)}
	rule := map[ReplaceKind]string{ReplacedByModule: "graph/replace-module", ReplacedByVersion: "graph/replace-version"}[j.m.Replaced]
	if j.m.Replaced == ReplacedByFolder {
		rule = "graph/replace-inside"
		if !j.g.inside(r, at) {
			rule = "graph/replace-outside"
		}
	}
	if at.file == "" {
		at = j.place
	}
	finding := audit.Finding{Rule: rule, Subject: audit.Subject{Kind: "module", Name: j.m.Module.String()}, Args: args}
	if at.file != "" {
		finding.Location = lineLocation(j.g.target, at.file, at.line)
	}
	j.g.p.Report(finding)
}

// inside reports whether the folder that replaces a module lies in the same
// checkout as the go.mod or go.work file that names it.
func (g *graphRun) inside(r modgraph.Replacement, at place) bool {
	dir := filepath.FromSlash(r.NewPath)
	if !filepath.IsAbs(dir) {
		base := g.target.Dir
		if at.file != "" {
			base = filepath.Dir(at.file)
		}
		dir = filepath.Join(base, dir)
	}
	return modgraph.Inside(g.root(), dir)
}

// said judges what the module's authors say.
func (j moduleJudge) said() {
	m := j.m
	if len(m.Retracted) > 0 {
		rule := "graph/retracted"
		if m.NotBuilt {
			rule = "graph/retracted-not-built"
		}
		j.report(rule, audit.Args{"rationale": strings.Join(m.Retracted, "; ")})
	}
	if m.refused() {
		j.report("graph/status-refused", audit.Args{"detail": m.Status.Detail})
	}
	if m.Deprecated != "" && !m.NotBuilt {
		line, _, _ := strings.Cut(m.Deprecated, "\n")
		j.report("graph/deprecated", audit.Args{"notice": strings.TrimSpace(line)})
	}
}

// version judges the kind of version.
func (j moduleJudge) version() {
	m := j.m
	if m.Status == nil || m.NotBuilt {
		return
	}
	if latest := m.Status.Latest; m.Pseudo != nil && m.Status.State == modproxy.Known && isRelease(latest) {
		j.report("graph/pseudo-version", audit.Args{"latest": latest, "time": m.Pseudo.Time.UTC().Format("2006-01-02")})
	}
	if m.Status.Major != "" {
		j.report("graph/incompatible", audit.Args{"major": m.Status.Major})
	}
	if m.Update != nil {
		j.report("graph/outdated", audit.Args{"update": m.Update.Version})
	}
}

func isRelease(v string) bool { return semver.IsValid(v) && semver.Prerelease(v) == "" }
