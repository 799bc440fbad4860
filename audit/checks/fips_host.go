// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package checks

import (
	"context"
	"errors"
	"io/fs"
	"os/exec"
	"runtime"

	"github.com/goassay/assay/audit"
	"github.com/goassay/assay/audit/gobin"
	"github.com/goassay/assay/fips/host"
)

// FIPSHost judges what of this host decides about FIPS 140 mode: see package
// host. With the setting "fips" = "require", a host that is not in FIPS mode
// throughout is a violation of its own.
var FIPSHost = fipsHost(runtime.GOOS)

// FIPSHostFacts are the facts of [FIPSHost].
type FIPSHostFacts struct {
	host.Facts
	Required bool     `json:"required"`           // FIPS mode was asked for
	Evidence []string `json:"evidence,omitempty"` // digests of what openssl printed
}

func fipsHost(goos string) *audit.Check {
	return &audit.Check{
		ID: "fips-host",
		Run: func(ctx context.Context, p *audit.Pass) (any, error) {
			return runFIPSHost(ctx, p, p.DirFS("/"), goos)
		},
	}
}

func runFIPSHost(ctx context.Context, p *audit.Pass, root fs.FS, goos string) (any, error) {
	facts := &FIPSHostFacts{Required: p.Settings["fips"] == "require"}
	facts.Facts = host.Read(ctx, host.Options{Root: root, OS: goos, Environ: p.Environ,
		Run: func(cmd *exec.Cmd) ([]byte, error) {
			out, err := p.Exec(cmd)
			if err == nil {
				facts.Evidence = append(facts.Evidence, p.Evidence("openssl", out))
			} else if !errors.Is(err, exec.ErrNotFound) {
				err = errors.New(withoutSecrets(err)) // it may tell what a configuration holds
			}
			return out, err
		}})
	if ctx.Err() != nil {
		return facts, ctx.Err()
	}
	j := fipsHostJudge{p, facts}
	j.environment()
	if facts.Kernel != nil {
		j.kernel()
		j.policy()
		j.openssl()
		if c := facts.Container; c.Is == gobin.Yes {
			j.host("container", "host", audit.Args{"signs": c.Signs})
		}
	}
	if violations := facts.Violations(); facts.Required && violations != nil {
		j.host("required", "host", audit.Args{"violations": violations})
	}
	if facts.Kernel == nil {
		return facts, audit.NotAssessed("fips-host/not-linux", audit.Args{"os": goos})
	}
	if open := facts.Unknown(); open != nil {
		return facts, audit.NotAssessed("fips-host/unknown", audit.Args{"open": open})
	}
	return facts, nil
}

// fipsHostJudge holds what the rules of fips-host are judged on.
type fipsHostJudge struct {
	p     *audit.Pass
	facts *FIPSHostFacts
}

// host reports that a part of the host violates a rule.
func (j fipsHostJudge) host(rule, part string, args audit.Args) {
	f := audit.Finding{Rule: "fips-host/" + rule, Subject: audit.Subject{Kind: "host", Name: part}, Args: args}
	if part == "openssl" {
		f.Evidence = j.facts.Evidence
	}
	j.p.Report(f)
}

// variable reports that a variable of the environment violates a rule.
func (j fipsHostJudge) variable(rule, name string, args audit.Args) {
	j.p.Report(audit.Finding{Rule: "fips-host/" + rule, Subject: audit.Subject{Kind: "environment", Name: name}, Args: args})
}

// kernelIs reports whether the kernel's flag is known to be on, or to be off.
func (j fipsHostJudge) kernelIs(state gobin.Ternary) bool { return j.facts.Kernel.Enabled.Is == state }

// kernel judges the flag, and the command line that must have set it.
func (j fipsHostJudge) kernel() {
	k := j.facts.Kernel
	switch {
	case k.Genuine.Is == gobin.No:
		j.host("flag-mounted-over", "kernel", audit.Args{"mount": k.Genuine.Why})
	case j.kernelIs(gobin.Yes):
		module := k.Module()
		if module == "" {
			module = "unnamed"
		}
		j.host("kernel-on", "kernel", audit.Args{"kernel_module": module, "godebug": string(j.facts.Environment.GODEBUG.State)})
		if k.Boot.Is == gobin.No {
			j.host("flag-without-boot", "kernel", nil)
		}
	case j.kernelIs(gobin.No):
		j.host("kernel-off", "kernel", nil)
		if k.Boot.Is == gobin.Yes {
			j.host("boot-without-flag", "kernel", nil)
		}
	}
}

// policy judges crypto-policies, and whether they fit the kernel.
func (j fipsHostJudge) policy() {
	c := j.facts.CryptoPolicies
	if p := c.InForce; p.Is == gobin.Yes {
		args := audit.Args{"policy": string(p.Policy)}
		switch {
		case j.kernelIs(gobin.Yes) && !p.Policy.FIPS():
			j.host("policy-not-fips", "crypto-policies", args)
		case j.kernelIs(gobin.No) && p.Policy.FIPS():
			j.host("policy-only", "crypto-policies", args)
		}
	}
	if !c.Applied() {
		j.host("policy-not-applied", "crypto-policies", audit.Args{"config": string(c.Config.Policy), "policy": string(c.InForce.Policy)})
	}
}

// openssl judges what OpenSSL has active.
func (j fipsHostJudge) openssl() {
	s := j.facts.OpenSSL
	active := []string{}
	for _, p := range s.Providers {
		if p.Active && (s.FIPS.Is != gobin.Yes || p.FIPS()) {
			active = append(active, p.String())
		}
	}
	args := audit.Args{"version": s.Version, "active": active}
	switch {
	case s.FIPS.Is == gobin.Yes:
		j.host("openssl-active", "openssl", args)
	case s.FIPS.Is == gobin.No && s.Installed.Is == gobin.Yes && j.kernelIs(gobin.Yes):
		args["fips_so"] = string(s.Module.Is)
		j.host("openssl-inactive", "openssl", args)
	}
	if names := j.facts.Environment.ForOpenSSL(); names != nil && s.Installed.Is == gobin.Yes {
		j.host("openssl-environment", "openssl", audit.Args{"variables": names})
	}
}

// environment judges the variables that programs ask.
func (j fipsHostJudge) environment() {
	g := j.facts.Environment.GODEBUG
	args := audit.Args{"value": g.Value}
	switch g.State {
	case host.On:
		j.variable("godebug-on", "GODEBUG", args)
	case host.Only:
		j.variable("godebug-only", "GODEBUG", nil)
	case host.Off:
		j.variable("godebug-off", "GODEBUG", args)
	case host.Invalid:
		j.variable("godebug-invalid", "GODEBUG", args)
	}
	if j.facts.Kernel == nil || !j.kernelIs(gobin.Yes) {
		return
	}
	for _, v := range j.facts.Environment.OptOuts() {
		j.variable("vendor-opt-out", v.Name, audit.Args{"name": v.Name, "value": v.Value})
	}
}
