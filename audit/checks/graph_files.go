// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package checks

import (
	"errors"
	"go/version"
	"io/fs"
	"path/filepath"

	"github.com/goassay/assay/audit"
	"github.com/goassay/assay/audit/modgraph"
)

// judgeFiles judges what needs no module list: go.sum, the vendor folder, and
// what go.mod and go.work say by themselves.
func (g *graphRun) judgeFiles() error {
	if len(g.mods) == 0 && g.work == nil {
		return nil // a recorded list alone
	}
	if err := g.judgeSums(); err != nil {
		return err
	}
	g.judgeExclusions()
	g.judgeWorkspace()
	return g.judgeVendor()
}

// at is a finding about a file at a line.
func (g *graphRun) at(rule, file string, line int, subject audit.Subject, args audit.Args) {
	rel := relative(g.target.Dir, file)
	args["file"] = rel
	g.p.Report(audit.Finding{Rule: rule, Subject: subject, Args: args, Location: lineLocation(g.target, file, line)})
}

func moduleSubject(path, version string) audit.Subject {
	if version != "" {
		path += "@" + version
	}
	return audit.Subject{Kind: "module", Name: path}
}

func (g *graphRun) fileSubject(file string) audit.Subject {
	return audit.Subject{Kind: "file", Name: relative(g.target.Dir, file)}
}

func (g *graphRun) judgeSums() error {
	t := g.target
	files, err := modgraph.ReadSumFiles(t.ModFile, t.WorkFile)
	if err != nil {
		return unreadableSums(t, err)
	}
	var lines []modgraph.SumLine
	for _, f := range files {
		lines = append(lines, f.Lines...)
		for _, p := range f.Problems {
			g.judgeSumProblem(f.Path, p)
			p.File = relative(t.Dir, f.Path)
			g.facts.SumProblems = append(g.facts.SumProblems, p)
		}
	}
	if g.work != nil {
		return nil
	}
	for _, s := range modgraph.MissingSums(g.mods[0], lines) {
		g.facts.MissingSums = append(g.facts.MissingSums, s)
		rule := "graph/sum-missing"
		if s.GoMod {
			rule = "graph/sum-missing-mod"
		}
		g.at(rule, g.mods[0].File, s.Line, moduleSubject(s.Module, s.Version), audit.Args{"module": s.Module, "version": s.Version})
	}
	return nil
}

func (g *graphRun) judgeSumProblem(file string, p modgraph.SumProblem) {
	entry := p.Module + " " + p.Version
	if p.GoMod {
		entry += "/go.mod"
	}
	args := audit.Args{"line": p.Line}
	switch p.Kind {
	case modgraph.SumFields:
		args["text"], args["detail"] = p.Text, p.Detail
		g.at("graph/sum-malformed", file, p.Line, g.fileSubject(file), args)
	case modgraph.SumModule, modgraph.SumAlgorithm, modgraph.SumHash:
		args["text"], args["detail"] = p.Text, p.Detail
		g.at("graph/sum-useless", file, p.Line, g.fileSubject(file), args)
	case modgraph.SumContradiction:
		args["entry"], args["first"] = entry, p.First
		g.at("graph/sum-contradiction", file, p.Line, moduleSubject(p.Module, p.Version), args)
	case modgraph.SumDuplicate:
		args["entry"], args["first"] = entry, p.First
		g.at("graph/sum-duplicate", file, p.Line, moduleSubject(p.Module, p.Version), args)
	}
}

// unreadableSums is a go.sum file without which nothing can be said.
func unreadableSums(t *audit.Target, err error) error {
	name := filepath.Join(t.Dir, "go.sum")
	var pe *fs.PathError
	if errors.As(err, &pe) {
		name = pe.Path
	}
	return unreadable(t, name, err)
}

func (g *graphRun) judgeExclusions() {
	for _, f := range g.mods {
		for _, r := range f.Require {
			if excludes(f, r) {
				g.at("graph/excluded-required", f.File, r.Line, moduleSubject(r.Path, r.Version), audit.Args{"module": r.Path, "version": r.Version})
			}
		}
	}
}

// vendorRules are the rules of the ways in which a vendor folder can be out of
// step.
var vendorRules = map[modgraph.VendorProblemKind]string{
	modgraph.VendorNotExplicit:        "graph/vendor-not-explicit",
	modgraph.VendorVersion:            "graph/vendor-version",
	modgraph.VendorNotRequired:        "graph/vendor-not-required",
	modgraph.VendorNotReplaced:        "graph/vendor-not-replaced",
	modgraph.VendorReplacedOtherwise:  "graph/vendor-replaced-otherwise",
	modgraph.VendorReplacedNeedlessly: "graph/vendor-replaced-needlessly",
}

func (g *graphRun) judgeVendor() error {
	v, err := modgraph.ReadVendor(g.mods, g.work)
	if err != nil {
		return unreadable(g.target, filepath.Join("vendor", "modules.txt"), err)
	}
	g.facts.Vendor = v
	if v == nil {
		if goFlag(g.env, "mod") == "vendor" && len(g.facts.ModFiles) > 0 {
			g.p.Report(audit.Finding{Rule: "graph/vendor-missing", Subject: audit.Subject{Kind: "environment", Name: "GOFLAGS -mod=vendor"}})
		}
		return nil
	}
	sync := "go mod vendor"
	if g.work != nil {
		sync = "go work vendor"
	}
	for _, p := range v.Problems {
		if p.Kind == modgraph.VendorNoList {
			g.p.Report(audit.Finding{Rule: "graph/vendor-no-list", Subject: g.fileSubject(filepath.Dir(p.File)), Args: audit.Args{"sync": sync},
				Location: lineLocation(g.target, p.File, 0)})
			continue
		}
		subject := moduleSubject(p.Module, p.Version)
		g.at(vendorRules[p.Kind], p.File, p.Line, subject, audit.Args{"module": subject.Name, "want": p.Want, "got": p.Got, "sync": sync})
	}
	return nil
}

// judgeWorkspace judges what go.work says by itself.
func (g *graphRun) judgeWorkspace() {
	if g.work == nil {
		g.judgeNoWorkspace()
		return
	}
	root := g.root()
	for _, u := range g.work.Use {
		subject := audit.Subject{Kind: "file", Name: u.Path}
		args := audit.Args{"path": u.Path}
		if !modgraph.Inside(root, u.Dir) {
			g.at("graph/work-use-outside", g.work.File, u.Line, subject, args)
		}
		if u.Mod == nil {
			g.at("graph/work-use-broken", g.work.File, u.Line, subject, audit.Args{"path": u.Path, "error": oneLine(u.Err)})
			continue
		}
		lines := g.work.Go
		if lines == "" {
			lines = "1.18" // gover.DefaultGoWorkVersion
		}
		if version.Compare("go"+lines, "go"+u.Mod.Go) < 0 {
			g.at("graph/work-go-older", g.work.File, u.Line, moduleSubject(u.Mod.Module, ""),
				audit.Args{"module": u.Mod.Module, "go": u.Mod.Go, "work_go": lines})
		}
	}
	for _, r := range g.work.Replace {
		for _, f := range g.mods {
			for _, old := range f.Replace {
				same := old.Path == r.Path && (r.Version == "" || old.Version == "" || old.Version == r.Version)
				if same && g.meaning(g.work.File, r) != g.meaning(f.File, old) {
					g.at("graph/work-replace", g.work.File, r.Line, moduleSubject(r.Path, r.Version), audit.Args{
						"module": r.Path, "work": describeTarget(r), "mod": describeTarget(old), "mod_file": relative(g.target.Dir, f.File)})
				}
			}
		}
	}
}

// judgeNoWorkspace finds a workspace that is switched off.
func (g *graphRun) judgeNoWorkspace() {
	file := modgraph.FindWorkFile(g.target.Dir)
	if file == "" || g.env.Raw("GOWORK") != "off" {
		return
	}
	g.p.Report(audit.Finding{Rule: "graph/work-off", Subject: g.fileSubject(file), Args: audit.Args{"file": relative(g.target.Dir, file)}})
}

// meaning is what a replace line of a file stands for, the same for two lines
// that mean the same.
func (g *graphRun) meaning(file string, r modgraph.Replacement) string {
	if !r.Local() || filepath.IsAbs(filepath.FromSlash(r.NewPath)) {
		return describeTarget(r)
	}
	return filepath.Join(filepath.Dir(file), filepath.FromSlash(r.NewPath))
}

func describeTarget(r modgraph.Replacement) string {
	if r.Local() {
		return r.NewPath
	}
	return r.NewPath + "@" + r.NewVersion
}

// root is the folder that is checked out as a whole: the version control
// checkout, else the workspace, else the module.
func (g *graphRun) root() string {
	if root := modgraph.RepositoryRoot(g.target.Dir); root != "" {
		return root
	}
	if g.work != nil {
		return filepath.Dir(g.work.File)
	}
	return g.target.Dir
}
