// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package checks

import (
	"strings"

	"github.com/goassay/assay/audit"
	"github.com/goassay/assay/audit/gobin"
	"github.com/goassay/assay/audit/sdunit"
	"github.com/goassay/assay/fips"
)

// readContexts reads the environments in which units and manifests start
// programs, and keeps what could not be read.
func (facts *FIPSFacts) readContexts(p *audit.Pass) (contexts []fips.Context) {
	for _, path := range p.Target.Units {
		name := nameIn(p.Target.Dir, path)
		unit, err := sdunit.ReadFile(path)
		if err != nil {
			facts.Unread = append(facts.Unread, name+": "+unitReason(path, err))
			continue
		}
		facts.Units = append(facts.Units, FIPSUnit{name, p.Evidence("unit", unit.Text())})
		contexts = append(contexts, unitContexts(name, unit)...)
	}
	for _, path := range p.Target.Manifests {
		name := nameIn(p.Target.Dir, path)
		data, err := fips.ReadManifestFile(path)
		if err == nil {
			var list []fips.Context
			if list, err = fips.ReadManifest(name, data); err == nil {
				contexts = append(contexts, list...)
				continue
			}
		}
		facts.Unread = append(facts.Unread, name+": "+withoutSecrets(err))
	}
	return contexts
}

// unitContexts are those of the programs that a unit starts.
func unitContexts(name string, unit *sdunit.Unit) []fips.Context {
	g := unit.Environment.GODEBUG
	var out []fips.Context
	for _, program := range unit.Programs {
		c := fips.NewContext(fips.SystemdContext, name, nil)
		if value, set := g.Settings["fips140"]; g.State == sdunit.Unknown {
			c.State, c.Why = fips.ContextUnknown, strings.Join(g.Unknown, ", ")
		} else if set {
			c = fips.NewContext(c.Kind, c.Source, []string{"GODEBUG=fips140=" + value})
		}
		switch {
		case program.State == sdunit.Unknown:
			c = c.StartedBy("what it starts is not known, and")
		case program.Starter():
			c = c.StartedBy(program.Path)
		default:
			c.Program = program.Path
		}
		out = append(out, c)
	}
	return out
}

// unmatched lists the units and manifests none of whose programs is among the
// executables: what they set is judged of nothing. Of the others it lists what
// switches FIPS mode off for a program that is none of them: it may start one.
func (facts *FIPSFacts) unmatched(contexts []fips.Context) []string {
	seen := map[string]bool{}
	for _, f := range facts.Files {
		for _, c := range f.Contexts {
			seen[fileOf(c.Source)] = true
			seen[c.Source+"\x00"+c.Program] = true
		}
	}
	var out []string
	unseen := func(name, key string) {
		if !seen[key] {
			seen[key] = true
			out = append(out, name+": starts none of the executables")
		}
	}
	for _, u := range facts.Units { // also those that start nothing
		unseen(u.Path, fileOf(u.Path))
	}
	for _, c := range contexts {
		unseen(fileOf(c.Source), fileOf(c.Source))
		if c.State == fips.ContextSets && !c.Value.Enabled() && fileOf(c.Source) != c.Source {
			unseen(c.Source, c.Source+"\x00"+c.Program)
		}
	}
	return out
}

// fileOf is the file of a context: behind ": " stands what in it.
func fileOf(source string) string {
	file, _, _ := strings.Cut(source, ": ")
	return file
}

// memberName is the path of an executable without its architecture, where it is
// one of several in a file.
func memberName(f BinaryFile) string {
	if f.Format == gobin.MachO {
		return strings.TrimSuffix(f.Path, "!"+f.Arch)
	}
	return f.Path
}

// judgeContexts judges in which mode an executable starts where it is started. A
// manifest whose containers do not say what they start is one of each
// executable's.
func judgeContexts(p *audit.Pass, f BinaryFile, file *FIPSFile, contexts []fips.Context) {
	if file.Basis == fips.Nothing {
		return
	}
	if f.Within != nil { // what the image's configuration gives to each of its programs
		outer, _, _ := strings.Cut(f.Path, "!/")
		if c := fips.NewImageContext(outer, f.Within.Env, f.Within.Entrypoint, f.Within.Cmd); c.State != fips.ContextSilent {
			contexts = append(contexts[:len(contexts):len(contexts)], c)
		}
	}
	for _, c := range contexts {
		if c.Kind != fips.ImageContext && !c.Starts(memberName(f)) {
			continue
		}
		start := FIPSStart{Context: c, Mode: c.Mode(file.State)}
		file.Contexts = append(file.Contexts, start)
		linked := file.State.Mode.Effective()
		args := audit.Args{"context": c.Source, "value": string(c.Value), "mode": string(linked)}
		switch {
		case c.Weakens(file.State):
			p.Report(f.finding("fips/context-weakens", args))
		case !linked.Enabled() && start.Mode.Enabled():
			p.Report(f.finding("fips/context-enables", args))
		}
	}
}
