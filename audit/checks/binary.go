// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package checks

import (
	"cmp"
	"context"
	"crypto/sha512"
	"encoding/hex"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/goassay/assay/audit"
	"github.com/goassay/assay/audit/gobin"
	"github.com/goassay/assay/audit/goenv"
	"github.com/goassay/assay/audit/modgraph"
	"github.com/goassay/assay/fips"
)

// Binary judges how Go executables were built: from which source, with which
// settings, and how they protect themselves when they run.
var Binary = &audit.Check{
	ID:       "binary",
	Requires: []*audit.Check{executables},
	Applies:  hasBinaries,
	Run:      runBinary,
}

// BinaryFacts are the facts of [Binary].
type BinaryFacts struct {
	Files []BinaryFile `json:"files"`
	NotGo int          `json:"not_go"` // executables in directories that are not Go: not listed
}

// A BinaryFile is one executable, named as findings name it.
type BinaryFile struct {
	*gobin.File
	Evidence string `json:"evidence,omitempty"` // digest of the build info

	// GODEBUG is the default that is linked, where it was found for certain.
	GODEBUG map[string]string `json:"godebug,omitempty"`

	// Packages are those of modules, where the build info records no modules; they
	// are read from the function table. ModulesUnknown is true where that has
	// some, or could not be read.
	Packages       []string `json:"packages,omitempty"`
	ModulesUnknown bool     `json:"modules_unknown,omitempty"`

	// SourceRoots are where the source was on the machine that built the file.
	SourceRoots []string `json:"source_roots,omitempty"`

	// Copies says how the two copies of the build info relate, and Second what
	// the second says, where the first does not say the same. Neither is known of
	// a file that is not laid out as Go's linker does it.
	Copies gobin.Copies `json:"copies,omitempty"`
	Second *gobin.Build `json:"second_build,omitempty"`

	sha512 string        // hexadecimal; computed where a bill of materials is made
	linked []string      // all packages in the function table; read where one is made that names packages
	seen   *fips.Seen    // what is linked
	cgo    gobin.Ternary // whether C code is linked; read where units are judged
	outer  string        // absolute path of the file of the file system
	place  string        // of that file, as [modgraph.Locate] names it; "" in stored facts
}

func hasBinaries(t *audit.Target) bool { return len(t.Binaries) > 0 }

// executables opens the files of the target once for all checks that judge
// them. It reports nothing itself, and always applies, so that a check may
// require it that has other things to judge besides.
var executables = &audit.Check{ID: "executables", Run: runExecutables}

// measured is what executables measures.
type measured struct {
	BinaryFacts
	stopped error // why not all files were read
}

func runExecutables(ctx context.Context, p *audit.Pass) (any, error) {
	m := &measured{BinaryFacts: BinaryFacts{Files: []BinaryFile{}}}
	var mu sync.Mutex
	m.stopped = gobin.Walk(ctx, p.Target.Binaries, func(f *gobin.File) error {
		if f.State == gobin.StateNotGo && !f.Root {
			mu.Lock()
			defer mu.Unlock()
			m.NotGo++ // a directory was given: the programs of others are not asked about
			return nil
		}
		file := measureBinary(p, f)
		mu.Lock()
		defer mu.Unlock()
		m.Files = append(m.Files, file)
		return nil
	})
	slices.SortFunc(m.Files, func(a, b BinaryFile) int { // an archive may have a name twice
		return cmp.Or(strings.Compare(a.Path, b.Path), strings.Compare(a.SHA256, b.SHA256), strings.Compare(a.Reason, b.Reason))
	})
	return m, nil // the checks that judge say what was not read
}

// measureBinary reads what checks judge of an open file.
func measureBinary(p *audit.Pass, f *gobin.File) BinaryFile {
	file := BinaryFile{File: f, seen: fips.Look(f), outer: modgraph.Absolute(cmp.Or(f.Outer, f.Path))}
	file.place, _ = modgraph.Locate(p.Target.Dir, file.outer)
	if file.seen != nil {
		if file.seen.Basis != gobin.BySearch && len(file.seen.GODEBUG) == 1 && file.seen.GODEBUG[0] != "" {
			file.GODEBUG = gobin.ParseGODEBUG(file.seen.GODEBUG[0])
		}
		file.readTable(f)
		if copies, second, err := f.CompareBuildInfo(); err == nil {
			file.Copies, file.Second = copies, second
		}
	}
	if p.Settings[SettingDescribe] == "true" && f.State == gobin.StateRead {
		h := sha512.New()
		if _, err := f.WriteTo(h); err == nil {
			file.sha512 = hex.EncodeToString(h.Sum(nil))
		}
	}
	if p.Settings[SettingLevel] != "" && f.State == gobin.StateRead {
		if im, err := f.Image(); err == nil {
			file.linked, _ = im.Packages() // without a table none are named
		}
	}
	if len(p.Target.Units) > 0 {
		file.cgo = linksC(f)
	}
	f.Path = nameIn(p.Target.Dir, f.Path)
	if f.Build != nil {
		file.Evidence = p.Evidence("build-info", f.Build.Text())
	}
	return file
}

// readTable reads what the function table tells beside the build info.
func (f *BinaryFile) readTable(open *gobin.File) {
	recorded := f.Build != nil && (f.Build.Main != nil || len(f.Build.Deps) > 0)
	im, err := open.Image()
	if err == nil {
		f.SourceRoots, _ = im.SourceRoots() // where there is no table nothing leaks from it
	}
	if recorded || f.State != gobin.StateRead {
		return
	}
	var all []string
	if err == nil {
		all, err = im.Packages()
	}
	for _, p := range all {
		if !gobin.IsStandard(p) && p != "main" {
			f.Packages = append(f.Packages, p)
		}
	}
	f.ModulesUnknown = err != nil || f.Packages != nil
}

// nameIn returns path relative to dir, with slashes, if it lies inside, and as
// it is otherwise.
func nameIn(dir, path string) string {
	abs, err := filepath.Abs(path)
	if err != nil {
		return path
	}
	rel, err := filepath.Rel(dir, abs)
	if err != nil || !filepath.IsLocal(rel) {
		return path
	}
	return filepath.ToSlash(rel)
}

// finding returns a finding about the file. Every message may name the {file}.
func (f BinaryFile) finding(rule string, args audit.Args) audit.Finding {
	if args == nil {
		args = audit.Args{}
	}
	args["file"] = f.Path
	out := audit.Finding{Rule: rule, Subject: audit.Subject{Kind: "binary", Name: f.Path}, Args: args, Location: locationAt(f.place)}
	if f.Evidence != "" {
		out.Evidence = []string{f.Evidence}
	}
	return out
}

// none returns why there is nothing to judge, or not all, or nil.
func (m *measured) none(t *audit.Target) error {
	if m.stopped == nil && len(m.Files) == 0 {
		return audit.NotAssessed("binary/none", audit.Args{"targets": t.Binaries, "not_go": m.NotGo})
	}
	return m.stopped
}

// maxNamed is how many files a reason names.
const maxNamed = 20

func runBinary(_ context.Context, p *audit.Pass) (any, error) {
	m := audit.Facts[*measured](p, executables)
	var unread, unknown []string
	for _, f := range m.Files {
		if f.State != gobin.StateRead {
			unread = append(unread, f.Path+": "+f.Reason)
		} else if f.Format.Shallow() { // how it protects itself is not known
			unread = append(unread, f.Path+": "+string(f.Format)+": "+gobin.ErrShallow.Error())
		}
		if f.ModulesUnknown {
			unknown = append(unknown, f.Path)
		}
		judgeHeaders(p, f)
		judgeCopies(p, f)
		if f.Build != nil && f.Build.Go != "" {
			judgeToolchain(p, f)
		}
		if f.State == gobin.StateRead {
			judgeSource(p, f)
			judgeSettings(p, f)
		}
	}
	if err := m.none(p.Target); err != nil {
		return m.BinaryFacts, err
	}
	if len(unread) > 0 {
		return m.BinaryFacts, binariesUnread(unread, len(m.Files))
	}
	if len(unknown) > 0 {
		return m.BinaryFacts, modulesUnknown(unknown, len(m.Files))
	}
	return m.BinaryFacts, nil
}

// modulesUnknown says that some executables do not tell of what they are made.
func modulesUnknown(files []string, total int) error {
	return audit.NotAssessed("binary/modules-unknown", audit.Args{"count": len(files), "total": total, "files": first(files, maxNamed)})
}

// binariesUnread says that some executables could not be read.
func binariesUnread(unread []string, total int) error {
	return audit.NotAssessed("binary/unread", audit.Args{"count": len(unread), "total": total, "files": first(unread, maxNamed)})
}

// judgeHeaders judges how the loader will treat the file. What is unknown is
// no finding.
func judgeHeaders(p *audit.Pass, f BinaryFile) {
	if f.NX == gobin.No {
		p.Report(f.finding("binary/executable-stack", nil))
	}
	if f.WX == gobin.Yes {
		p.Report(f.finding("binary/writable-code", nil))
	}
	if f.RELRO == gobin.NoRELRO && f.Static == gobin.No {
		p.Report(f.finding("binary/no-relro", nil))
	}
	if f.Stripped.Symbols == gobin.Yes {
		p.Report(f.finding("binary/stripped", nil))
	}
	if f.PIE == gobin.No && !f.Library {
		p.Report(f.finding("binary/not-pie", nil))
	}
	if f.Stripped.Symbols == gobin.No {
		tables := []string{"symtab"}
		if f.Stripped.DWARF == gobin.No {
			tables = append(tables, "DWARF")
		}
		p.Report(f.finding("binary/symbols", audit.Args{"tables": tables}))
	}
	if d := f.Disagreements(); d != nil {
		p.Report(f.finding("binary/disagreement", audit.Args{"claims": pairs(d, func(d gobin.Disagreement) (string, string) { return d.Claim, d.Found })}))
	}
}

// pairs renders contradictions as "claim / other".
func pairs[T any](list []T, of func(T) (string, string)) []string {
	var out []string
	for _, d := range list {
		claim, other := of(d)
		out = append(out, claim+" / "+other)
	}
	return out
}

// judgeCopies judges whether somebody edited the build info after the linker.
func judgeCopies(p *audit.Pass, f BinaryFile) {
	switch f.Copies {
	case gobin.CopiesDiffer:
		p.Report(f.finding("binary/build-info-edited", audit.Args{"differences": first(differences(f.Build, f.Second), maxNamed)}))
	case gobin.SecondAlone:
		p.Report(f.finding("binary/build-info-removed", audit.Args{"package": f.Second.Package, "modules": len(f.Second.Deps)}))
	}
}

// differences lists the lines that one of two build infos has alone.
func differences(one, other *gobin.Build) []string {
	lines := func(b *gobin.Build) []string {
		all := strings.Split(strings.TrimSpace(string(b.Text())), "\n")
		for i, l := range all {
			all[i] = strings.Join(strings.Fields(l), " ")
		}
		return slices.DeleteFunc(all, func(l string) bool { return l == "" || strings.HasPrefix(l, "go ") || l == b.Go })
	}
	a, b := lines(one), lines(other)
	var out []string
	for _, l := range a {
		if !slices.Contains(b, l) {
			out = append(out, "-"+l)
		}
	}
	for _, l := range b {
		if !slices.Contains(a, l) {
			out = append(out, "+"+l)
		}
	}
	return out
}

func judgeToolchain(p *audit.Pass, f BinaryFile) {
	if v := f.Build.Version(); v == "" || strings.Contains(v, "rc") || strings.Contains(v, "beta") {
		p.Report(f.finding("binary/devel-toolchain", audit.Args{"go": f.Build.Go}))
	}
	if s := goenv.SupportOf(f.Build.Version(), p.Now); s.State == goenv.EndOfLife {
		p.Report(f.finding("binary/eol-toolchain", audit.Args{"go": f.Build.Go, "major": s.Major, "ended": s.Ended}))
	}
}

// judgeSource judges whether the source can be found again.
func judgeSource(p *audit.Pass, f BinaryFile) {
	devel := f.Build.Main == nil || f.Build.Main.Version == "" || f.Build.Main.Version == "(devel)"
	if strings.HasPrefix(f.Build.Package, "cmd/") { // a program of the toolchain, of whose version it is
		devel = false
	}
	switch {
	case f.VCS == nil && devel:
		p.Report(f.finding("binary/no-vcs", nil))
	case devel:
		p.Report(f.finding("binary/devel-version", audit.Args{"revision": f.VCS.Revision}))
	}
	if f.VCS != nil && f.VCS.Modified == gobin.Yes {
		p.Report(f.finding("binary/dirty", audit.Args{"revision": f.VCS.Revision}))
	}
	var local []string
	for _, d := range f.Build.Deps {
		if d.Replace != nil && (d.Replace.Version == "" || d.Replace.Version == "(devel)") { // a directory has none
			local = append(local, d.Path+" => "+d.Replace.Path)
		}
	}
	if local != nil {
		p.Report(f.finding("binary/local-replace", audit.Args{"modules": local}))
	}
}

func judgeSettings(p *audit.Pass, f BinaryFile) {
	if f.Trimpath == gobin.No {
		p.Report(f.finding("binary/no-trimpath", nil))
	} else if f.Trimpath == gobin.Yes && f.SourceRoots != nil {
		p.Report(f.finding("binary/build-paths", audit.Args{"paths": f.SourceRoots}))
	}
	if f.Credentials != nil {
		p.Report(f.finding("binary/credentials-in-ldflags", audit.Args{"settings": f.Credentials}))
	}
	var instruments []string
	for _, flag := range []string{"-race", "-asan", "-msan", "-cover"} {
		if v, _ := f.Build.Setting(flag); v == "true" {
			instruments = append(instruments, flag)
		}
	}
	if v, _ := f.Build.Setting("-gcflags"); slices.Contains(strings.Fields(strings.ReplaceAll(v, "=", " ")), "-N") {
		instruments = append(instruments, "-gcflags="+v)
	}
	if instruments != nil {
		p.Report(f.finding("binary/instrumented", audit.Args{"flags": instruments}))
	}
	if weak := weakSettings(f.godebug(), f.Build.Version()); weak != nil {
		p.Report(f.finding("binary/weak-godebug", audit.Args{"settings": weak, "go": f.Build.Go}))
	}
}

// godebug is the default of GODEBUG: the linked one where a symbol or the code
// leads to it, else what the build info says.
func (f BinaryFile) godebug() map[string]string {
	if f.seen == nil || f.seen.Basis == gobin.BySearch || len(f.seen.GODEBUG) != 1 {
		return f.Build.GODEBUG()
	}
	return gobin.ParseGODEBUG(f.seen.GODEBUG[0])
}
