// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package checks

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"golang.org/x/mod/module"
	"golang.org/x/mod/semver"

	"github.com/goassay/assay/audit"
	"github.com/goassay/assay/audit/modgraph"
	"github.com/goassay/assay/audit/modproxy"
	"github.com/goassay/assay/audit/redact"
)

// list gets the module list and judges whether it is whole. Modules may come
// together with an error, where part is known.
func (g *graphRun) list() ([]modgraph.Module, error) {
	recorded, ok := g.p.Recorded["graph"]
	if ok {
		g.facts.Source = GraphRecorded
		return g.replay(recorded)
	}
	g.facts.Source = GraphLive
	g.facts.Updates = g.p.Settings["updates"] == "true" && !g.p.Offline
	listing, err := modgraph.List(g.ctx, modgraph.Options{
		Dir: g.target.Dir, WorkFile: g.target.WorkFile, Environ: goEnviron(g.p), Updates: g.facts.Updates, Run: g.p.Exec,
	})
	if err != nil {
		g.facts.Failure = g.message(err)
		return nil, audit.NotAssessed("graph/not-listed", audit.Args{"error": g.facts.Failure})
	}
	if listing.Failure != nil {
		g.facts.Failure = g.message(listing.Failure)
		return listing.Modules, audit.NotAssessed("graph/incomplete", audit.Args{"count": len(listing.Modules), "error": g.facts.Failure})
	}
	g.facts.Complete = true
	return listing.Modules, nil
}

// message is what the go command says, without the name of the target's
// folder. A graph with many failures is told by the first.
func (g *graphRun) message(err error) string {
	const limit = 1000 // bytes
	s := commandMessage(g.p, err)
	if len(s) > limit {
		s = strings.ToValidUTF8(s[:limit], "") + " ..."
	}
	return s
}

// replay reads a recorded list and compares it with the go.mod files.
func (g *graphRun) replay(data []byte) ([]modgraph.Module, error) {
	modules, err := modgraph.ParseList(bytes.NewReader(data))
	if err != nil {
		g.facts.Failure = oneLine(redact.Text(err.Error()))
		return modules, audit.NotAssessed("graph/recorded-invalid", audit.Args{"count": len(modules), "error": g.facts.Failure})
	}
	versions := map[string]*modgraph.Module{}
	var failed []string
	for i := range modules {
		m := &modules[i]
		versions[m.Path] = m
		if m.Error != "" {
			failed = append(failed, m.String())
		}
	}
	var differs []string
	for _, f := range g.mods {
		if m := versions[f.Module]; m == nil || !m.Main {
			differs = append(differs, f.Module)
		}
		for _, r := range f.Require {
			m := versions[r.Path]
			if m == nil || !m.Main && semver.Compare(m.Version, r.Version) < 0 && !excludes(f, r) {
				differs = append(differs, r.Path+"@"+r.Version)
			}
		}
	}
	switch {
	case len(differs) > 0:
		g.facts.Failure = "not of this go.mod file: " + strings.Join(differs, ", ")
		return modules, audit.NotAssessed("graph/recorded-differs", audit.Args{"count": len(differs), "modules": first(differs, 5)})
	case len(failed) > 0:
		g.facts.Failure = "errors of modules: " + strings.Join(failed, ", ")
		return modules, audit.NotAssessed("graph/recorded-failed", audit.Args{"count": len(failed), "modules": first(failed, 5)})
	}
	g.facts.Complete = true
	return modules, nil
}

func excludes(f *modgraph.ModFile, r modgraph.Requirement) bool {
	return slices.ContainsFunc(f.Exclude, func(x modgraph.Exclusion) bool { return x.Path == r.Path && x.Version == r.Version })
}

// first returns the first n of a list and how many more there are: a reason
// names some, the facts name all.
func first(list []string, n int) []string {
	if len(list) <= n {
		return list
	}
	return append(slices.Clone(list[:n]), fmt.Sprintf("+%d", len(list)-n))
}

// goEnviron is the environment for the go command. Offline, it lets it reach
// neither a proxy nor a version control system.
func goEnviron(p *audit.Pass) []string {
	if !p.Offline {
		return p.Environ
	}
	return append(slices.Clip(p.Environ), "GOPROXY=off", "GONOPROXY=none", "GOVCS=*:off")
}

// statusRequests is how many requests are under way at once.
const statusRequests = 32

// client asks the proxies of the chain.
func (g *graphRun) client() *modproxy.Client {
	return &modproxy.Client{
		Transport: g.p.HTTP, Chain: g.env.Chain, NoProxy: g.env.Raw("GONOPROXY"), Cache: moduleCache(g.p, g.env.Raw("GOMODCACHE")),
	}
}

// moduleCache is the download cache of the go command, or nil.
func moduleCache(p *audit.Pass, dir string) fs.FS {
	if !filepath.IsAbs(dir) {
		return nil
	}
	return p.DirFS(filepath.Join(dir, "cache", "download"))
}

// askStatus finds out which modules are retracted or deprecated.
func (g *graphRun) askStatus() {
	var ask []module.Version
	var index []int
	unknown := func(m *GraphModule, why modproxy.Reason) {
		m.Status = &GraphStatus{State: modproxy.Unknown, Reason: why}
	}
	for i := range g.facts.Modules {
		m := &g.facts.Modules[i]
		switch {
		case m.Main || m.Replaced == ReplacedByFolder: // nobody publishes versions of it
		case g.facts.Updates:
			fromUpdates(m)
		case m.NotBuilt: // most of a large graph, and none of it is in a program
		case g.p.Offline:
			unknown(m, statusOffline)
		case g.env.ChainError != "":
			unknown(m, statusChain)
		case m.Route.Direct():
			unknown(m, modproxy.ReasonDirect)
		default:
			ask = append(ask, m.source())
			index = append(index, i)
		}
	}
	if len(ask) == 0 {
		return
	}
	client := g.client()
	client.Progress = g.p.Progress
	for i, s := range client.Status(g.ctx, ask, statusRequests) {
		g.setStatus(&g.facts.Modules[index[i]], s)
	}
}

// fromUpdates takes what go list -u says.
func fromUpdates(m *GraphModule) {
	m.Status = &GraphStatus{State: modproxy.Known}
	said := &m.Module
	if m.Replace != nil {
		said = m.Replace // the go command asks for the replacement's retractions
		m.Retracted, m.Deprecated, m.Update = said.Retracted, said.Deprecated, said.Update
	}
	if said.Error != "" {
		m.Status = &GraphStatus{State: modproxy.Unknown, Reason: statusFailed, Detail: said.Error}
	}
	if said.Update != nil {
		m.Status.Latest = said.Update.Version
	}
}

// setStatus takes what the proxies say. What a recorded list says, it keeps.
func (g *graphRun) setStatus(m *GraphModule, s modproxy.Status) {
	m.Status = &GraphStatus{State: s.State, Reason: s.Reason, Detail: redact.Text(s.Detail), Latest: s.Latest}
	if s.Retracted {
		m.Retracted = s.Rationale
		if len(m.Retracted) == 0 {
			m.Retracted = []string{"-"}
		}
	}
	if s.Deprecated != "" {
		m.Deprecated = s.Deprecated
	}
	if s.GoMod != nil {
		m.Evidence = g.p.Evidence("go.mod", s.GoMod)
	}
}

// maxMajors bounds the modules whose next major version is looked for.
const maxMajors = 64

// askMajors finds, for +incompatible versions, whether the same major version
// also exists with a go.mod file, as a module of its own.
func (g *graphRun) askMajors() {
	if g.p.Offline || g.env.ChainError != "" {
		return
	}
	client := g.client()
	limit := make(chan struct{}, statusRequests)
	var wg sync.WaitGroup
	asked := 0
	for i := range g.facts.Modules {
		m := &g.facts.Modules[i]
		if !m.Incompatible || m.Status == nil || m.Route == nil || m.Route.Direct() {
			continue
		}
		if asked++; asked > maxMajors {
			m.Status.MajorUnknown = true
			continue
		}
		wg.Go(func() {
			limit <- struct{}{}
			defer func() { <-limit }()
			source := m.source()
			major := semver.Major(source.Version)
			path := source.Path + "/" + major
			versions, err := client.Versions(g.ctx, path)
			switch {
			case err == nil && hasMajor(versions, major):
				m.Status.Major = path
			case err != nil && !errors.Is(err, fs.ErrNotExist):
				m.Status.MajorUnknown = true
			}
		})
	}
	wg.Wait()
}

func hasMajor(versions []string, major string) bool {
	return slices.ContainsFunc(versions, func(v string) bool {
		return semver.Major(v) == major && semver.Build(v) == "" && semver.Prerelease(v) == ""
	})
}

// unasked reports whether nobody was asked about m because the user's own
// pattern sends it past the proxies: that is a finding, not a failure.
func (m *GraphModule) unasked() bool {
	return m.Status != nil && m.Status.Reason == modproxy.ReasonDirect && m.Route != nil && m.Route.Pattern != ""
}

// reportUnasked says which modules nobody was asked about, by pattern.
func (g *graphRun) reportUnasked() {
	names := map[string][]string{}
	for i := range g.facts.Modules {
		if m := &g.facts.Modules[i]; m.unasked() {
			names[m.Route.Pattern] = append(names[m.Route.Pattern], m.String())
		}
	}
	for pattern, modules := range names {
		g.p.Report(audit.Finding{
			Rule:    "graph/private-unasked",
			Subject: audit.Subject{Kind: "environment", Name: "GONOPROXY=" + pattern},
			Args:    audit.Args{"pattern": pattern, "count": len(modules), "modules": modules},
		})
	}
}

// refused reports whether a proxy serves the module and refuses to say which
// versions it has: what became of the version in use nobody there will tell.
func (m *GraphModule) refused() bool {
	return m.Status != nil && m.Status.State == modproxy.Unknown && m.Status.Reason == modproxy.ReasonRefused
}

// accepted reports whether somebody answers for it, in a waiver of the policy,
// that the status of a module which a proxy refuses to tell is not known.
func (g *graphRun) accepted(m GraphModule) bool {
	f := &audit.Finding{Rule: "graph/status-refused", Subject: m.subject()}
	return m.refused() && slices.ContainsFunc(g.p.Policy.Waivers, func(w audit.Waiver) bool { return w.Covers(f) && !w.Expired(g.p.Now) })
}

// incomplete says which modules were left without an answer.
func (g *graphRun) incomplete() error {
	total, unknown := 0, 0
	reasons := map[string]int{}
	for _, m := range g.facts.Modules {
		if m.Status == nil {
			continue
		}
		total++
		if m.Status.State == modproxy.Unknown && !m.unasked() && !g.accepted(m) {
			unknown++
			reasons[string(m.Status.Reason)]++
		}
	}
	if unknown == 0 {
		return nil
	}
	names := slices.SortedFunc(maps.Keys(reasons), func(a, b string) int {
		return cmp.Or(cmp.Compare(reasons[b], reasons[a]), cmp.Compare(a, b))
	})
	list := make([]string, len(names))
	for i, name := range names {
		list[i] = fmt.Sprintf("%s: %d", name, reasons[name])
	}
	return audit.NotAssessed("graph/status-unknown", audit.Args{"count": unknown, "total": total, "reasons": list})
}
