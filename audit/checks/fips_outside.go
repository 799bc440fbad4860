// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package checks

import (
	"context"
	"os/exec"
	"slices"
	"strings"

	"github.com/goassay/assay/audit"
	"github.com/goassay/assay/audit/modgraph"
	"github.com/goassay/assay/fips"
)

// judgeOutside reports cryptography that is outside of the module which an
// executable has, with the shortest chain of imports where the source is at hand:
// where the target's module is the one that the executable was built from.
func judgeOutside(ctx context.Context, p *audit.Pass, f BinaryFile, s fips.State) {
	if s.Seen == nil || s.Seen.Packages.NonApproved == nil || s.InForce().Declared == fips.NoModule {
		return
	}
	packages := first(s.Seen.Packages.NonApproved, maxNamed)
	chains := importChains(ctx, p, f, packages)
	var shown []string
	for _, name := range packages {
		if chain := chains[name]; chain != nil {
			name += " (" + strings.Join(chain, " > ") + ")"
		}
		shown = append(shown, name)
	}
	p.Report(f.finding("fips/outside-module", audit.Args{"packages": shown}))
}

// judgeWeak reports settings of GODEBUG that weaken a program which has a module.
func judgeWeak(p *audit.Pass, f BinaryFile, s fips.State) {
	settings, release := f.GODEBUG, ""
	if f.Build != nil {
		settings, release = f.godebug(), f.Build.Version()
	}
	if weak := weakSettings(settings, release); weak != nil && s.InForce().Declared != fips.NoModule {
		p.Report(f.finding("fips/weak-godebug", audit.Args{"settings": weak}))
	}
}

// importChains asks the go command who imports packages, in the configuration in
// which the executable was built. There is none where the source is not at hand,
// or is not the same any more.
func importChains(ctx context.Context, p *audit.Pass, f BinaryFile, packages []string) map[string][]string {
	if p.Exec == nil || p.Target.ModFile == "" || f.Build == nil || f.Build.Main == nil {
		return nil
	}
	if mod, err := modgraph.ReadModFile(p.Target.ModFile); err != nil || mod.Module != f.Build.Main.Path {
		return nil
	}
	args := []string{"list", "-e", "-mod=readonly", "-deps", "-f", fips.ListFormat}
	if tags := f.Build.Tags(); tags != nil {
		args = append(args, "-tags="+strings.Join(tags, ","))
	}
	cmd := exec.CommandContext(ctx, "go", append(args, "--", f.Build.Package)...)
	cmd.Dir = p.Target.Dir
	cmd.Env = append(slices.Clone(p.Environ), "GOOS="+f.OS, "GOARCH="+f.Arch)
	if cgo, ok := f.Build.Setting("CGO_ENABLED"); ok {
		cmd.Env = append(cmd.Env, "CGO_ENABLED="+cgo)
	}
	if p.Offline {
		cmd.Env = append(cmd.Env, "GOPROXY=off")
	}
	out, err := p.Exec(cmd)
	if err != nil {
		return nil
	}
	return fips.ImportChains(string(out), f.Build.Package, packages)
}
