// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package checks

import (
	"bytes"
	"cmp"
	"fmt"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"

	"golang.org/x/mod/module"

	"github.com/goassay/assay/audit"
	"github.com/goassay/assay/audit/gobin"
	"github.com/goassay/assay/audit/modgraph"
)

// SourceKind says what carries hashes of modules.
type SourceKind string

// The kinds of sources.
const (
	SourceSum      SourceKind = "go.sum"
	SourceBinary   SourceKind = "binary"
	SourceZip      SourceKind = "cache-zip"       // zip files of the module cache, hashed
	SourceDir      SourceKind = "cache-directory" // folders of the module cache, hashed
	SourceModFile  SourceKind = "cache-mod"       // go.mod files of the module cache, hashed
	SourceZipHash  SourceKind = "cache-ziphash"   // what the .ziphash files claim, which the go command believes
	SourceSBOM     SourceKind = "sbom"            // bills of materials that somebody wrote
	SourceNamed    SourceKind = "named"           // module versions that were named: what the log says of them
	SourceGOROOT   SourceKind = "toolchain"       // the Go installation, hashed
	moduleCacheDir            = "GOMODCACHE"      // stands for the folder in names
)

// moduleVersion is a module's path and version.
type moduleVersion = module.Version

// sumSource is something that carries hashes of modules.
type sumSource struct {
	modgraph.SumFile // the hashes as lines; Path is its name in the report, Data the evidence
	Kind             SourceKind
	Unproven         []modgraph.SumLine // of SourceNamed: modules of which the log was proven to say nothing
	place            string             // as [modgraph.Locate] names it; "" where it is no file of the target, and in stored facts
}

// evidenceKind is the kind under which the source is kept.
func (s *sumSource) evidenceKind() string {
	switch s.Kind {
	case SourceBinary:
		return "build-info"
	case SourceGOROOT:
		return "dirhash"
	}
	return "go.sum"
}

// parseSource reads a source again from what was kept of it.
func parseSource(kind SourceKind, name string, data []byte) (sumSource, error) {
	s := sumSource{Kind: kind, SumFile: modgraph.SumFile{Path: name, Data: data}}
	if kind == SourceBinary {
		info, err := debug.ParseBuildInfo(string(data))
		if err != nil {
			return s, fmt.Errorf("%s: %w", name, err)
		}
		s.Lines = buildLines(name, info)
		return s, nil
	}
	if kind == SourceGOROOT {
		l, err := listingLine(name, data)
		s.Lines = []modgraph.SumLine{l}
		return s, err
	}
	if kind == SourceNamed {
		data = s.takeUnproven(data)
	}
	s.Lines, s.Problems = modgraph.ParseSums(name, data)
	return s, nil
}

// takeUnproven takes the lines of named modules of which no hash is known out
// of data: those of two fields.
func (s *sumSource) takeUnproven(data []byte) []byte {
	var rest []byte
	for line := range bytes.Lines(data) {
		if f := bytes.Fields(line); len(f) == 2 {
			s.Unproven = append(s.Unproven, modgraph.SumLine{File: s.Path, Module: string(f[0]), Version: string(f[1])})
			continue
		}
		rest = append(rest, line...)
	}
	return rest
}

// buildLines gives the hashes that build info carries: of the main module and
// of each dependency, or of what replaces it. A module without a hash, such as
// one in a folder, is a line without one; a main module in a folder is no
// module version, and none.
func buildLines(name string, info *debug.BuildInfo) []modgraph.SumLine {
	var lines []modgraph.SumLine
	for _, m := range append([]*debug.Module{&info.Main}, info.Deps...) {
		if m == &info.Main && m.Sum == "" {
			continue
		}
		for m.Replace != nil && m.Replace.Version != "" {
			m = m.Replace
		}
		l := modgraph.SumLine{File: name, Module: m.Path, Version: m.Version, Hash: m.Sum}
		if m.Replace != nil || module.Check(m.Path, m.Version) != nil {
			l.Hash = "" // a folder's, or a name that no log has
		}
		lines = append(lines, l)
	}
	return lines
}

// sumListing writes hashes that were computed in the form of go.sum.
func sumListing(lines []modgraph.SumLine) []byte {
	slices.SortFunc(lines, func(a, b modgraph.SumLine) int {
		return cmp.Or(strings.Compare(a.Module, b.Module), strings.Compare(a.Version, b.Version), strings.Compare(a.File, b.File))
	})
	var b bytes.Buffer
	for _, l := range lines {
		fmt.Fprintln(&b, sumText3(l))
	}
	return b.Bytes()
}

// sumText3 gives the three fields of a line.
func sumText3(l modgraph.SumLine) string {
	return fmt.Sprintf("%s %s %s", l.Module, entryVersion(l), l.Hash)
}

// entryVersion is the second field of a line.
func entryVersion(l modgraph.SumLine) string {
	if l.GoMod {
		return l.Version + "/go.mod"
	}
	return l.Version
}

// gather reads all sources of the target.
func (r *sumDBRun) gather() error {
	if err := r.gatherSums(); err != nil {
		return err
	}
	r.gatherBinaries()
	r.gatherDocuments()
	if r.Target.ModCache {
		if err := r.gatherCache(); err != nil {
			return err
		}
	}
	if r.Target.Toolchain {
		r.gatherToolchain()
	}
	return nil
}

// listSources lists what was read, and hands it over as evidence.
func (r *sumDBRun) listSources() {
	for i := range r.sources {
		s := &r.sources[i]
		r.facts.Files = append(r.facts.Files, SumDBFile{
			Kind: s.Kind, File: s.Path, Lines: s.hashes(), Malformed: malformed(s.Problems),
			Evidence: r.Evidence(s.evidenceKind(), s.Data),
		})
	}
}

// hashes counts what the source carries.
func (s *sumSource) hashes() int { return len(s.Lines) + len(s.Unproven) + leftOut(s.Problems) }

// gatherNamed takes what the log was proven to say of modules that were named.
func (r *sumDBRun) gatherNamed() {
	if len(r.Target.Modules) == 0 {
		return
	}
	var text bytes.Buffer
	for _, name := range r.Target.Modules {
		m := namedModule(name)
		if rec := r.answer(m).record; rec != nil {
			text.Write(rec.Text)
		} else {
			fmt.Fprintf(&text, "%s %s\n", m.Path, m.Version)
		}
	}
	s, err := parseSource(SourceNamed, "named modules", text.Bytes())
	if err == nil {
		r.sources = append(r.sources, s)
	}
}

// namedModule splits path@version.
func namedModule(name string) moduleVersion {
	path, version, _ := strings.Cut(name, "@")
	return moduleVersion{Path: path, Version: version}
}

// gatherSums reads the go.sum files in force, and those that were named.
func (r *sumDBRun) gatherSums() error {
	t := r.Target
	var files []modgraph.SumFile
	var err error
	if t.ModFile != "" || t.WorkFile != "" {
		if files, err = sumFilesInForce(t, r.env); err != nil {
			return unreadableSums(t, err)
		}
		// That go.mod cannot be read hides nothing that is in go.sum.
		r.facts.Required, r.unreadable = requiredModules(inForce(t, r.env))
		if err := r.reportVendored(files); err != nil {
			return err
		}
	}
	for _, name := range t.SumFiles {
		f, err := modgraph.ReadSumFile(name)
		if err != nil {
			return unreadableSums(t, err)
		}
		if len(f.Lines)+leftOut(f.Problems) == 0 {
			r.unreadable = audit.NotAssessed("sumdb/empty-file", audit.Args{"file": sumFileName(t, f.Path)})
		}
		files = append(files, f)
	}
	for _, f := range files {
		at := locateOwn(t, f.Path)
		if slices.Contains(t.SumFiles, f.Path) { // by the user
			at, _ = modgraph.Locate(t.Dir, f.Path)
		}
		f.Path = sumFileName(t, f.Path)
		for i := range f.Lines {
			f.Lines[i].File = f.Path
		}
		r.sources = append(r.sources, sumSource{SumFile: f, Kind: SourceSum, place: at})
	}
	return nil
}

// reportVendored reports the modules of the vendor folder of which no go.sum has
// a hash: a vendored build does not look.
func (r *sumDBRun) reportVendored(files []modgraph.SumFile) error {
	vendored, err := modgraph.ReadVendored(r.Target.Dir)
	if err != nil {
		return unreadable(r.Target, filepath.Join(r.Target.Dir, "vendor", "modules.txt"), err)
	}
	hashed := map[moduleVersion]bool{}
	for _, f := range files {
		for _, l := range f.Lines {
			hashed[moduleVersion{Path: l.Module, Version: l.Version}] = hashed[moduleVersion{Path: l.Module, Version: l.Version}] || !l.GoMod
		}
	}
	for _, v := range vendored {
		if !hashed[v.Module] {
			r.facts.NoHash = append(r.facts.NoHash, v.Module.String())
			r.Report(audit.Finding{
				Rule:     "sumdb/vendor-no-hash",
				Subject:  audit.Subject{Kind: "module", Name: v.Module.String()},
				Args:     audit.Args{"module": v.Module.Path, "version": v.Module.Version},
				Location: &audit.Location{File: "vendor/modules.txt", Line: v.Line},
			})
		}
	}
	return nil
}

// gatherBinaries takes the modules that executables record.
func (r *sumDBRun) gatherBinaries() {
	if !hasBinaries(r.Target) {
		return
	}
	m := audit.Facts[*measured](r.Pass, executables)
	var unread, unknown []string
	for _, f := range m.Files {
		if f.ModulesUnknown {
			unknown = append(unknown, f.Path)
		}
		if f.State != gobin.StateRead {
			unread = append(unread, f.Path+": "+f.Reason)
			continue
		}
		s, err := parseSource(SourceBinary, f.Path, f.Build.Text())
		if err != nil {
			unread = append(unread, err.Error())
			continue
		}
		s.place = f.place
		r.sources = append(r.sources, s)
		r.gatherBuilder(f)
	}
	if err := m.none(r.Target); err != nil {
		r.unreadable = err
	} else if len(unread) > 0 {
		r.unreadable = binariesUnread(unread, len(m.Files))
	} else if len(unknown) > 0 {
		r.unreadable = modulesUnknown(unknown, len(m.Files))
	}
}

// sumFileName is how a report names a go.sum file: of a workspace by the way to it,
// which go.work tells too.
func sumFileName(t *audit.Target, path string) string {
	if name, ok := inWorkspace(t, path); ok {
		return name
	}
	return relative(t.Dir, path)
}

// inWorkspace gives path relative to the target's directory if it is in the
// directory of the workspace.
func inWorkspace(t *audit.Target, path string) (string, bool) {
	if t.WorkFile == "" {
		return "", false
	}
	if in, err := filepath.Rel(filepath.Dir(t.WorkFile), path); err != nil || !filepath.IsLocal(in) {
		return "", false
	}
	rel, err := filepath.Rel(t.Dir, path)
	return filepath.ToSlash(rel), err == nil
}

// relative gives path relative to dir with slashes, or its last element where
// it lies elsewhere: a report names no folder that the user did not name.
func relative(dir, path string) string {
	rel, err := filepath.Rel(dir, path)
	if err != nil || !filepath.IsLocal(rel) {
		return filepath.ToSlash(filepath.Join("..", filepath.Base(path)))
	}
	return filepath.ToSlash(rel)
}
