// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/mod/module"

	"github.com/goassay/assay/audit"
	"github.com/goassay/assay/audit/checks"
	"github.com/goassay/assay/audit/gocmd"
	"github.com/goassay/assay/audit/goenv"
	"github.com/goassay/assay/sumdb"
	"github.com/goassay/assay/sumdb/sumlog"
)

// A takeover makes records out of what another log was proven to have logged. It
// is "sumdb verify" with that log in force, and each record is then verified once
// more from the proof that the run kept.
type takeover struct {
	log   *sumdb.Log
	facts checks.SumDBFacts
	rep   *audit.Report
	kept  memory

	records []sumlog.Record
	left    []string // module versions that the log was not asked about, and why
	open    []string // what is not proven
	failed  bool     // there is proof that something is wrong
}

// takeOver verifies what the arguments name and returns its records; none, and an
// exit code, where not all of them are proven.
func (s *addSource) takeOver(ctx context.Context, inv *invocation, into string, args []string) ([]sumlog.Record, error) {
	t := new(takeover)
	var err error
	if t.log, err = sumdb.ParseLog(s.from); err != nil {
		return nil, usagef("it has the form of GOSUMDB, such as sum.golang.org", "--from: %s", err)
	}
	if t.log.Name == into {
		return nil, usagef("name another one", "--from: %s is the log to add to", into)
	}
	if err := t.verify(ctx, inv, s, args); err != nil {
		return nil, err
	}
	t.judge()
	for _, what := range t.left {
		fmt.Fprintf(inv.stderr, "assay: %s%s\n", inv.say(text{"left out, add it by itself: ", "未询问，请另行登记："}), clean(what))
	}
	if len(t.open) > 0 || t.failed || len(t.records) == 0 {
		for _, what := range t.open {
			fmt.Fprintf(inv.stderr, "assay: %s%s\n", inv.say(text{"not taken over: ", "未能取用："}), clean(what))
		}
		inv.sayWhy(t.rep)
		fmt.Fprintf(inv.stderr, "assay: %s\n", inv.say(text{"nothing was added", "未追加任何记录"}))
		inv.code = audit.ExitIncomplete
		if t.failed {
			inv.code = audit.ExitFail
		}
		if ctx.Err() != nil {
			inv.code = audit.ExitInterrupted
		}
		return nil, nil
	}
	for _, l := range t.facts.Logs {
		if l.Key == t.log.Key {
			fmt.Fprintf(inv.stderr, "assay: "+inv.say(text{"tree of %d records, signed by %s; records proven to be in it: %d\n", "%[2]s 签名的树共有 %[1]d 条记录；已证明包含在其中的记录：%[3]d\n"}), l.Size, l.Name, len(t.records))
		}
	}
	return t.records, nil
}

// verify runs the check with the other log in force, which is told nothing of
// what is private.
func (t *takeover) verify(ctx context.Context, inv *invocation, s *addSource, args []string) error {
	o := options{dir: "."}
	target, name, err := inv.sumdbTarget(&o, args, false)
	if err != nil {
		return err
	}
	if len(target.Binaries) > 0 {
		return usagef("MODULE@VERSION, the folder of a module, or a go.sum file", "--from: %s is none of what can be taken over", name.Binaries[0])
	}
	env, err := goenv.Read(ctx, goenv.Options{Environ: inv.environ, Run: gocmd.Run})
	if err != nil {
		return err
	}
	private := privatePatterns(env)
	for _, named := range target.Modules {
		path, _, _ := strings.Cut(named, "@")
		if pattern, ok := goenv.Match(private, path); ok && path != toolchainModule {
			return usagef("a private module is in no public log: add it by itself", "%s is private by the pattern %q of GOPRIVATE, GONOSUMDB or GONOPROXY", named, pattern)
		}
	}
	cfg, err := inv.config(&o, target, name)
	if err != nil {
		return err
	}
	cfg.Checks = []*audit.Check{checks.SumDB}
	cfg.Environ = append(slices.Clone(inv.environ), "GOSUMDB="+s.from, "GONOSUMDB="+private)
	if s.proxy != "" {
		cfg.Environ = append(cfg.Environ, "GOPROXY="+s.proxy)
	}
	if t.rep, err = inv.run(ctx, &o, cfg, &t.kept); err != nil {
		return err
	}
	if raw, ok := t.rep.Facts[checks.SumDB.ID]; ok {
		return json.Unmarshal(raw, &t.facts)
	}
	return nil
}

// privatePatterns are all by which a module is private. Who has a log of one's
// own sets GONOSUMDB=none and GONOPROXY=none, by which the go command asks it and
// the proxies about every module: GOPRIVATE then has no say in what they are told,
// and still names what others must not learn of.
func privatePatterns(env *goenv.Env) string {
	var lists []string
	for _, name := range []string{"GOPRIVATE", "GONOSUMDB", "GONOPROXY"} {
		if list := env.Raw(name); list != "" {
			lists = append(lists, list)
		}
	}
	return strings.Join(lists, ",")
}

// toolchainModule is the module of Go's own releases. The go command asks the
// database in force about it whatever GONOSUMDB says (modfetch.useSumDB).
const toolchainModule = "golang.org/toolchain"

// judge takes the records that are proven and lists what is not. A policy's
// waiver or threshold has no say in it: what is logged is for ever.
func (t *takeover) judge() {
	for _, m := range t.facts.Modules {
		v := module.Version{Path: m.Module, Version: m.Version}
		switch {
		case m.Reason == "private":
			t.left = append(t.left, fmt.Sprintf("%s is private by the pattern %q", v, m.Detail))
		case m.Log != "" && m.Log != t.log.Name:
			t.left = append(t.left, fmt.Sprintf("%s is for %s, by the policy", v, m.Log))
		case m.State != checks.Verified:
			t.failed = t.failed || m.State == checks.Mismatch
			t.open = append(t.open, unproven(v, m))
		default:
			r, err := t.record(v, m.Evidence)
			if err != nil {
				t.open = append(t.open, err.Error())
				continue
			}
			t.records = append(t.records, r)
		}
	}
	for _, f := range t.facts.Files {
		if f.Malformed > 0 {
			t.open = append(t.open, fmt.Sprintf("%s: lines that cannot be read: %d", f.File, f.Malformed))
		}
	}
	for _, f := range t.rep.Findings {
		if f.Subject.Kind == "log" && f.Subject.Name == t.log.Name {
			t.failed = true
			t.open = append(t.open, f.Message)
		}
	}
	for _, c := range t.rep.Checks {
		// Modules that are not checked were judged one by one.
		settled := c.ReasonID == "sumdb/not-checked" || c.ReasonID == "sumdb/all-private"
		if c.ID == checks.SumDB.ID && (c.Outcome == audit.Errored || c.Outcome == audit.Unassessed && !settled) {
			t.open = append(t.open, strings.TrimSpace(c.Reason))
		}
	}
}

// record makes a record out of the proof that the run kept.
func (t *takeover) record(m module.Version, digest string) (sumlog.Record, error) {
	var p sumdb.Proof
	kept := t.kept.data[digest]
	if kept == nil {
		return sumlog.Record{}, errors.New(m.String() + ": no proof was kept")
	}
	if err := p.UnmarshalText(kept); err != nil {
		return sumlog.Record{}, fmt.Errorf("%s: %w", m, err)
	}
	return sumlog.TakeOver(t.log, m, &p)
}

// unproven says why a module version is not taken over.
func unproven(v module.Version, m checks.SumDBModule) string {
	why := m.Detail
	if why == "" {
		why = m.Reason
	}
	if why != "" {
		why = ": " + why
	}
	return fmt.Sprintf("%s: %s%s (%s)", v, m.State, why, strings.Join(m.Sources, ", "))
}
