// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package checks

import (
	"os"
	"path/filepath"
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
		unit, err := sdunit.Read(os.DirFS(filepath.Dir(path)), filepath.Base(path))
		if err != nil {
			facts.Unread = append(facts.Unread, name+": "+strings.TrimPrefix(err.Error(), filepath.Base(path)+": "))
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
		c := fips.Context{Kind: fips.SystemdContext, Source: name, Program: program.Path, State: fips.ContextSilent}
		switch value, set := g.Settings["fips140"]; {
		case program.State == sdunit.Unknown:
			c.State, c.Why = fips.ContextUnknown, "which program it starts is not known"
		case g.State == sdunit.Unknown:
			c.State, c.Why = fips.ContextUnknown, strings.Join(g.Unknown, ", ")
		case set:
			c = fips.NewContext(c.Kind, c.Source, []string{"GODEBUG=fips140=" + value})
			c.Program = program.Path
		}
		out = append(out, c)
	}
	return out
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
		if c := fips.NewContext(fips.ImageContext, outer, f.Within.Env); c.State != fips.ContextSilent {
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
