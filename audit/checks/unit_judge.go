// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package checks

import (
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/goassay/assay/audit"
	"github.com/goassay/assay/audit/gobin"
	"github.com/goassay/assay/audit/sdunit"
	"github.com/goassay/assay/fips"
)

// finding returns a finding about the unit, at the line that at names. Every
// message may name the {unit}.
func (u UnitFile) finding(rule string, at *sdunit.Position, args audit.Args) audit.Finding {
	if args == nil {
		args = audit.Args{}
	}
	args["unit"] = u.Path
	f := audit.Finding{
		Rule: rule, Subject: audit.Subject{Kind: "file", Name: u.Path}, Args: args, Evidence: []string{u.Evidence}, Location: locationAt(u.place),
	}
	if at != nil && f.Location != nil { // what it names is relative to the unit's folder
		f.Location.File, f.Location.Line = path.Join(path.Dir(f.Location.File), at.File), at.Line
	}
	return f
}

// judgeUnit judges one unit. What is unknown is no finding: it is said to be so
// by [UnitFile.undetermined].
func judgeUnit(p *audit.Pass, u UnitFile) {
	report := func(rule string, at *sdunit.Position, args audit.Args) { p.Report(u.finding(rule, at, args)) }
	judgeLines(u, report)
	judgePrograms(u, report)
	judgePrivileges(u.Unit, report)
	judgeFiles(u.Unit, report)
	judgeKernel(u.Unit, report)
	judgeFilter(u, report)
	judgeEnvironment(u, report)
	judgeUnitFIPS(u, report)
}

// reporter reports a finding about one unit.
type reporter func(rule string, at *sdunit.Position, args audit.Args)

// judgeLines judges lines that look as if they did something.
func judgeLines(u UnitFile, report reporter) {
	var lines []string
	var at *sdunit.Position
	for _, i := range u.Unit.Ignored {
		if at == nil {
			at = &i.At
		}
		where := i.At.File + ":" + strconv.Itoa(i.At.Line)
		switch {
		case i.Name != "" && i.Why == sdunit.WrongSection:
			where += " [" + i.Section + "] " + i.Name
		case i.Name != "":
			where += " " + i.Name
		}
		lines = append(lines, where)
	}
	if lines != nil {
		report("unit/ignored-lines", at, audit.Args{"lines": first(lines, maxNamed)})
	}
}

func judgePrograms(u UnitFile, report reporter) {
	for i, program := range u.Unit.Programs {
		if program.Privileged() {
			report("unit/full-privileges", &program.At, audit.Args{"program": program.Path})
		}
		if u.Starts[i].By == Missing {
			report("unit/program-missing", &program.At, audit.Args{"program": program.Path})
		}
	}
}

// judgePrivileges judges as whom the programs run, and what they may do as that.
func judgePrivileges(u *sdunit.Unit, report reporter) {
	root := u.Root()
	if root == gobin.Yes {
		report("unit/runs-as-root", u.User.At, nil)
		if kept := dangerous(u.CapabilityBoundingSet); kept != nil {
			report("unit/capabilities", u.CapabilityBoundingSet.At, audit.Args{"capabilities": kept})
		}
	} else if given := dangerous(u.AmbientCapabilities); given != nil {
		report("unit/ambient-capabilities", u.AmbientCapabilities.At, audit.Args{"capabilities": given})
	}
	if sdunit.Is(u.NoNewPrivileges, false) {
		report("unit/no-new-privileges", u.NoNewPrivileges.At, nil)
	}
}

// dangerous returns those of the capabilities with which a process makes itself
// root, or the kernel's master: capabilities(7), at each.
func dangerous(s sdunit.Setting[sdunit.List]) []string {
	if s.State == sdunit.Unknown {
		return nil
	}
	var out []string
	for _, name := range []string{
		"CAP_BPF", "CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_DAC_READ_SEARCH", "CAP_FOWNER", "CAP_MAC_ADMIN", "CAP_MKNOD",
		"CAP_SETFCAP", "CAP_SETGID", "CAP_SETPCAP", "CAP_SETUID", "CAP_SYS_ADMIN", "CAP_SYS_MODULE", "CAP_SYS_PTRACE",
		"CAP_SYS_RAWIO",
	} {
		if s.Value.Has(name) {
			out = append(out, name)
		}
	}
	return out
}

// judgeFiles judges what of the file system the programs see, and may change.
func judgeFiles(u *sdunit.Unit, report reporter) {
	own := u.RootDirectory.State != sdunit.Default || u.RootImage.State != sdunit.Default // another file system than the host's
	readOnly := u.ReadOnlyPaths.State == sdunit.Unknown || slices.Contains(u.ReadOnlyPaths.Value, "/")
	if sdunit.Is(u.ProtectSystem, "no") && !own && !readOnly {
		report("unit/file-system-writable", u.ProtectSystem.At, nil)
	}
	if sdunit.Is(u.ProtectHome, "no") && !own {
		report("unit/home-visible", u.ProtectHome.At, nil)
	}
	if mask, err := strconv.ParseUint(u.UMask.Value, 8, 32); err == nil && u.UMask.State == sdunit.Set && mask&0o022 != 0o022 {
		report("unit/umask", u.UMask.At, audit.Args{"umask": u.UMask.Value})
	}
}

// judgeKernel judges what keeps the programs from the kernel and from other
// programs. Much of the first does nothing for an ordinary user, who may not
// do these things anyway.
func judgeKernel(u *sdunit.Unit, report reporter) {
	var open []string
	missing := func(name string, is bool) {
		if is {
			open = append(open, name)
		}
	}
	if u.Root() == gobin.Yes {
		missing("PrivateDevices", sdunit.Is(u.PrivateDevices, false))
		missing("ProtectControlGroups", sdunit.Is(u.ProtectControlGroups, "no"))
		missing("ProtectKernelLogs", sdunit.Is(u.ProtectKernelLogs, false))
		missing("ProtectKernelModules", sdunit.Is(u.ProtectKernelModules, false))
		missing("ProtectKernelTunables", sdunit.Is(u.ProtectKernelTunables, false))
		if open != nil {
			report("unit/kernel", nil, audit.Args{"directives": open})
		}
		open = nil
	}
	missing("LockPersonality", sdunit.Is(u.LockPersonality, false))
	missing("PrivateTmp", sdunit.Is(u.PrivateTmp, "no"))
	missing("RestrictNamespaces", u.RestrictNamespaces.State != sdunit.Unknown && u.RestrictNamespaces.Value.All())
	missing("RestrictRealtime", sdunit.Is(u.RestrictRealtime, false))
	missing("RestrictSUIDSGID", sdunit.Is(u.RestrictSUIDSGID, false))
	missing("SystemCallArchitectures", u.SystemCallArchitectures.State == sdunit.Default)
	if open != nil {
		report("unit/isolation", nil, audit.Args{"directives": open})
	}
	if f := u.RestrictAddressFamilies; f.State != sdunit.Unknown && f.Value.All() {
		report("unit/address-families", f.At, nil)
	}
	if u.SystemCallFilter.State == sdunit.Default {
		report("unit/system-calls", nil, nil)
	}
}

// judgeFilter judges the filters for what the programs are.
func judgeFilter(u UnitFile, report reporter) {
	var pure []string // programs that are Go and nothing else
	for _, s := range u.starts() {
		b := s.binary
		if b == nil || b.OS != "linux" {
			continue
		}
		isPure := b.cgo == gobin.No && b.Static == gobin.Yes
		if calls := deadly(u.Unit.SystemCallFilter, isPure); calls != nil {
			report("unit/system-calls-kill", u.Unit.SystemCallFilter.At, audit.Args{"program": b.Path, "calls": calls})
		}
		if isPure && !makesCode(b) {
			pure = append(pure, b.Path)
		}
	}
	if len(pure) > 0 && len(pure) == len(u.Starts) && sdunit.Is(u.Unit.MemoryDenyWriteExecute, false) {
		report("unit/write-execute", u.Unit.MemoryDenyWriteExecute.At, audit.Args{"programs": pure})
	}
}

// linksC reports whether an executable links C code: package runtime/cgo is there
// in its function table. Where that cannot be read, the build info's word counts,
// by which cgo was possible at least.
func linksC(f *gobin.File) gobin.Ternary {
	im, err := f.Image()
	if err != nil {
		return f.CGO
	}
	found := gobin.No
	err = im.Functions(func(_, name string) {
		if strings.HasPrefix(name, "runtime/cgo.") {
			found = gobin.Yes
		}
	})
	if err != nil {
		return f.CGO
	}
	return found
}

// makesCode reports whether a program links a compiler that writes machine code
// into memory when it runs.
func makesCode(b *BinaryFile) bool {
	return slices.ContainsFunc(b.Build.Deps, func(m gobin.Module) bool { return m.Path == "github.com/tetratelabs/wazero" })
}

func judgeEnvironment(u UnitFile, report reporter) {
	e := u.Unit.Environment
	var secrets []string
	var at *sdunit.Position
	for _, v := range e.Variables {
		if v.Secret {
			secrets = append(secrets, v.Name)
			if at == nil {
				at = &v.At
			}
		}
	}
	if secrets != nil {
		report("unit/secret-in-environment", at, audit.Args{"variables": first(secrets, maxNamed)})
	}
	var weak []string
	for _, s := range u.starts() {
		release := "" // of a program that is not known: what only old ones heed counts
		if s.binary != nil {
			release = s.binary.Build.Version()
		}
		weak = append(weak, weakSettings(e.GODEBUG.Settings, release)...)
	}
	slices.Sort(weak)
	if weak = slices.Compact(weak); len(weak) > 0 {
		report("unit/godebug-weak", e.GODEBUG.At, audit.Args{"settings": weak})
	}
}

// judgeUnitFIPS judges what the unit does to the FIPS 140 mode of the programs:
// what GODEBUG says overrides what is linked.
func judgeUnitFIPS(u UnitFile, report reporter) {
	g := u.Unit.Environment.GODEBUG
	set, ok := g.Settings["fips140"]
	if !ok {
		return
	}
	value, _, _ := fips.Setting("fips140=" + set)
	if value == "" { // takes back what is linked
		value = string(fips.Off)
	}
	mode := fips.ModeName(value)
	var off, changed []string // programs, each with the linked mode
	for _, s := range u.starts() {
		linked := fips.ModeUnknown
		if s.binary != nil && s.binary.seen != nil && s.binary.seen.Basis != gobin.BySearch { // which is no proof
			linked = s.binary.seen.Mode
		}
		program := s.Path + " (" + string(linked) + ")"
		switch {
		case linked == mode || mode == fips.Off && linked == fips.Unset: // no change
		case mode == fips.Off:
			off = append(off, program)
		default:
			changed = append(changed, program)
		}
	}
	if off != nil {
		report("unit/fips-off", g.At, audit.Args{"programs": off})
	}
	if changed != nil {
		report("unit/fips-changed", g.At, audit.Args{"programs": changed, "mode": value})
	}
}
