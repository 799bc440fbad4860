// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package vulns

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/goassay/assay/audit/gobin"
	"github.com/goassay/assay/audit/gocmd"
	"github.com/goassay/assay/audit/redact"
)

// A Scanner analyses the source of a program: which vulnerable functions it may call. The
// analysis, of golang.org/x/vuln, runs in a process of its own; see package engine.
type Scanner struct {
	// Command starts a program that calls engine.Run with the arguments behind those of
	// Command: mostly the program itself.
	Command []string

	// Env is the environment of that process, and so of the go commands it starts; nil is
	// that of this one. With GOPROXY=off it needs no network: the database is given to it
	// as files.
	Env []string
}

// A Program is source that is analysed.
type Program struct {
	Dir      string   // in which the go command is asked
	Patterns []string // of packages, such as "./..."
	Tags     []string // for the build
	Tests    bool     // test files, too
	Modules  []Module // its modules, and the standard library: all that packages may come from

	// Packages are the import paths of all packages that Patterns name, and of all that
	// they import; nil if they are not known. Where none of them is vulnerable, nothing is
	// analysed: the analysis could find nothing closer.
	Packages []string

	// TestImports are the packages of other modules that test files within a package import
	// and its other files do not, if Tests. The analysis loads both as one package, knows the
	// imports of the one that it saw first alone, and then finds nothing in the modules of the others
	// (PackageGraph.AddPackages in golang.org/x/vuln/internal/vulncheck).
	TestImports []string

	Platform Platform // GOOS and GOARCH of the environment; what the database says of others is left out
	Level    Level    // how deep to look; "": [LevelSymbol]
}

// Source assesses source. At [LevelModule], and where no module or no package has a
// vulnerability, no analysis is made: nothing closer could be found.
//
// If the analysis cannot be made, the vulnerabilities of the modules are returned with
// the reach [Required], and what is missing as not assessed, with the reason. An error is
// one of the database, or of ctx.
func (s *Scanner) Source(ctx context.Context, db *Database, p Program) (*Assessment, error) {
	p.Level = cmp.Or(p.Level, LevelSymbol)
	o := &Observation{Basis: BasisSource, Level: p.Level, Platform: p.Platform, Tags: p.Tags, Modules: p.Modules}
	o.clean()
	m, err := db.match(ctx, o.Modules, p.Platform)
	if err != nil {
		return nil, err
	}
	vulnerable := slices.ContainsFunc(m.found, func(v *match) bool { return v.Withdrawn.IsZero() })
	if p.Level == LevelModule || !vulnerable {
		return o.judge(db, m), nil
	}
	o.Packages = p.Packages
	imported := m.importedBy(p.Packages)
	if p.Packages != nil && !p.Tests && (!imported || p.Level == LevelPackage) {
		return o.judge(db, m), nil
	}
	out, err := s.analyse(ctx, db, p)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	var seen *stream
	if err == nil {
		seen, err = decodeStream(out)
	}
	if err == nil {
		err = seen.check(db, p)
	}
	var about []finding
	if err == nil {
		about, err = m.about(seen.findings)
	}
	if err != nil {
		o.Level = LevelModule
		o.NotAssessed = []NotAssessed{{Reason: reasonOf(err), Detail: clip(redact.Text(err.Error()))}}
		return o.judge(db, m), nil
	}
	o.Analysed, o.Findings = true, about
	return o.judge(db, m), nil
}

// about returns the findings that are about one of the vulnerabilities.
func (m *matches) about(findings []finding) (out []finding, err error) {
	frames := 0
	ids := map[string]bool{}
	for _, v := range m.found {
		ids[v.ID] = true
	}
	for _, f := range findings {
		if !ids[f.ID] {
			continue
		}
		if frames += len(f.Trace); frames > maxFrames {
			return nil, fmt.Errorf("output of the analysis: more than %d calls", maxFrames)
		}
		out = append(out, f)
	}
	return out, nil
}

// notAnalysed notes that the analysis passed over a vulnerability whose package is in the
// program: it looks up no module without a version, as the main module is to it.
func (m *matches) notAnalysed(v *match) {
	i := slices.IndexFunc(m.notAssessed, func(n NotAssessed) bool {
		return n.Module == v.Module && n.Version == v.Version && n.Reason == NotAnalysed
	})
	if i < 0 {
		i = len(m.notAssessed)
		m.notAssessed = append(m.notAssessed, NotAssessed{Module: v.Module, Version: v.Version, Reason: NotAnalysed})
	}
	n := &m.notAssessed[i]
	n.IDs, n.Packages = append(n.IDs, v.ID), append(n.Packages, v.Packages...)
	slices.Sort(n.IDs)
	slices.Sort(n.Packages)
	n.Packages = slices.Compact(n.Packages)
	n.Packages = n.Packages[:min(len(n.Packages), maxNamed)]
}

// importedBy tells of each vulnerability which of some packages it is in, and reports
// whether there is one that was not withdrawn.
func (m *matches) importedBy(packages []string) (imported bool) {
	linked := make(map[string]bool, len(packages))
	for _, p := range packages {
		linked[p] = true
	}
	for _, v := range m.found {
		for _, p := range v.Affected {
			if linked[v.inProgram(p.Path)] {
				v.Packages = append(v.Packages, p.Path)
			}
		}
		if len(v.Affected) == 0 { // whatever there is of the module
			for _, p := range packages {
				if within(p, v.as) || v.as == Stdlib && gobin.IsStandard(p) {
					v.Packages = append(v.Packages, p)
				}
			}
		}
		slices.Sort(v.Packages)
		if v.Packages = slices.Compact(v.Packages); len(v.Packages) > 0 {
			v.Reach = Imported
			imported = imported || v.Withdrawn.IsZero()
		}
	}
	return imported
}

// analyse runs the analysis and returns what it printed.
func (s *Scanner) analyse(ctx context.Context, db *Database, p Program) ([]byte, error) {
	if len(s.Command) == 0 {
		return nil, fmt.Errorf("no command for the analysis")
	}
	for _, pattern := range p.Patterns {
		if strings.HasPrefix(pattern, "-") {
			return nil, fmt.Errorf("pattern %q", pattern)
		}
	}
	dir, err := os.MkdirTemp("", "assay-vulndb-*")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	if err := db.writeSelection(ctx, dir, p.Modules); err != nil {
		return nil, err
	}
	args := slices.Concat(s.Command[1:], []string{"-format=json", "-scan=" + string(p.Level), "-db=" + fileURL(dir)})
	if len(p.Tags) > 0 {
		args = append(args, "-tags="+strings.Join(p.Tags, ","))
	}
	if p.Tests {
		args = append(args, "-test")
	}
	args = append(args, p.Patterns...)
	if p.Tests && len(p.TestImports) > 0 {
		file, err := writeImports(dir, p.TestImports)
		if err != nil {
			return nil, err
		}
		args = append(args, "file="+file)
	}
	cmd := exec.CommandContext(ctx, s.Command[0], args...)
	env := s.Env
	if env == nil {
		env = os.Environ()
	}
	here, err := filepath.Abs(p.Dir)
	if err != nil {
		return nil, err
	}
	cmd.Dir, cmd.Env = here, slices.Concat(env, []string{"PWD=" + here, "GOPACKAGESDRIVER=off"}) // one tells of no modules, and nothing would be found
	out, err := gocmd.Run(cmd)
	if failed, ok := errors.AsType[*gocmd.Error](err); ok { // without the arguments, which name a temporary directory
		said := strings.ReplaceAll(strings.ReplaceAll(failed.Stderr, dir, "vulndb"), here+string(filepath.Separator), "")
		err = errors.New(cmp.Or(said, failed.Err.Error()))
	}
	return out, err
}

// check compares the modules that the analysis looked up with those it was given the
// entries for, at their versions: an entry that it did not get cannot be found.
func (s *stream) check(db *Database, p Program) error {
	if s.level != string(p.Level) {
		return fmt.Errorf("analysis of the level %.20q in place of %s", s.level, p.Level)
	}
	known := map[subject]bool{}
	for _, mod := range p.Modules {
		if x, ok := (&matches{}).subject(db, mod); ok {
			known[subject{path: x.path, version: x.version}] = true
		}
	}
	for _, mod := range s.modules {
		x, ok := (&matches{}).subject(db, mod)
		if ok && db.Lists(x.path) && !known[subject{path: x.path, version: x.version}] {
			return fmt.Errorf("the analysis found another module than the build list: %s@%s", x.path, x.shown)
		}
	}
	return nil
}

// refine takes from the findings how close a vulnerability is, and the calls that lead to
// it. It reports whether one of them is about a package.
func (v *match) refine(findings []finding) (seen bool) {
	for i := range findings {
		f := &findings[i]
		if f.ID != v.ID || f.Trace[0].Module != v.Module || !v.covers(f.Trace[0].Package) {
			continue
		}
		if f.reach().Closer(v.Reach) < 0 {
			v.Reach = f.reach()
		}
		if f.reach() != Required {
			seen = true
			v.Packages = append(v.Packages, f.Trace[0].Package)
		}
		if f.reach() == Called {
			v.Symbols = append(v.Symbols, f.symbol())
			v.Traces = append(v.Traces, f.trace())
		}
	}
	slices.Sort(v.Packages)
	v.Packages = slices.Compact(v.Packages)
	v.Symbols = sortedSymbols(v.Symbols)
	slices.SortFunc(v.Traces, func(a, b Trace) int {
		return slices.CompareFunc(a, b, func(x, y Frame) int {
			return cmp.Or(cmp.Compare(x.Package, y.Package), cmp.Compare(x.Receiver, y.Receiver), cmp.Compare(x.Function, y.Function),
				cmp.Compare(x.File, y.File), cmp.Compare(x.Line, y.Line), cmp.Compare(x.Column, y.Column))
		})
	})
	return seen
}

// covers reports whether a package is one of those that are affected on the platform:
// the analysis does not know the platform.
func (v *match) covers(pkg string) bool {
	return pkg == "" || len(v.Affected) == 0 || slices.ContainsFunc(v.Affected, func(p Package) bool {
		return p.Path == pkg || v.inProgram(p.Path) == pkg
	})
}

// reasonOf tells from its message why an analysis failed.
func reasonOf(err error) Reason {
	text := err.Error()
	has := func(parts ...string) bool {
		return slices.ContainsFunc(parts, func(p string) bool { return strings.Contains(text, p) })
	}
	switch {
	case has("This application uses version go", "requires go >=", "requires newer Go version", "package requires newer Go", "file requires newer Go"):
		return NewerGo
	case has("no go.mod file", "no packages matched", "matched no packages", "no package patterns", "no required module provides", "no Go files", "cannot find main module", "missing go.sum entry",
		"is not in std", "cannot find module", "directory not found", "build constraints exclude", "updates to go.mod needed", "inconsistent vendoring", "module lookup disabled", "go: "):
		return NoPackages
	case has("errors with the provided package patterns"):
		return NoTypes
	}
	return ScannerFailed
}

// maxDetail bounds a message that becomes a part of a report, in bytes.
const maxDetail = 2000

// clip cuts a message to its bounds, at the end of a character.
func clip(text string) string {
	text = strings.ToValidUTF8(strings.TrimSpace(text), "\uFFFD")
	if len(text) <= maxDetail {
		return text
	}
	return strings.ToValidUTF8(text[:maxDetail], "") + "…"
}
