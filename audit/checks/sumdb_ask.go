// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package checks

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"golang.org/x/mod/module"

	"github.com/goassay/assay/audit"
	"github.com/goassay/assay/audit/goenv"
	"github.com/goassay/assay/audit/modgraph"
	"github.com/goassay/assay/audit/modproxy"
	"github.com/goassay/assay/audit/redact"
	"github.com/goassay/assay/sumdb"
)

// sumDBAsker asks the log in force about the modules of go.sum lines.
type sumDBAsker struct {
	ctx   context.Context
	pass  *audit.Pass
	facts *SumDBFacts
	env   *EnvFacts

	settled map[module.Version]sumAnswer // decided without asking
	proven  map[module.Version]sumdb.Answer
	result  *sumdb.Result // nil if nothing was asked
}

// ask asks about all modules that may be told to the log.
func (a *sumDBAsker) ask(lines []modgraph.SumLine) error {
	a.settled = map[module.Version]sumAnswer{}
	a.proven = map[module.Version]sumdb.Answer{}
	var public []module.Version
	all := func(s sumAnswer) {
		for _, l := range lines {
			a.settled[module.Version{Path: l.Module, Version: l.Version}] = s
		}
	}
	log, err := sumdb.ParseLog(a.env.Raw("GOSUMDB"))
	switch {
	case errors.Is(err, sumdb.ErrOff):
		all(sumAnswer{state: NotChecked, reason: reasonOff})
		return nil
	case err != nil:
		all(sumAnswer{state: NotChecked, reason: reasonConfig, detail: withoutSecrets(err)})
		return nil
	}
	seen := map[module.Version]bool{}
	for _, l := range lines {
		m := module.Version{Path: l.Module, Version: l.Version}
		if seen[m] {
			continue
		}
		seen[m] = true
		if pattern, ok := goenv.Match(a.env.Raw("GONOSUMDB"), m.Path); ok {
			a.settled[m] = sumAnswer{state: NotChecked, reason: reasonPrivate, detail: pattern}
			continue
		}
		public = append(public, m)
	}
	a.facts.Logs = []SumDBLog{{Name: log.Name, Key: log.Key}}
	if len(public) == 0 {
		return nil
	}
	return a.verify(log, public)
}

// verify looks up modules in the log and proves the answers.
func (a *sumDBAsker) verify(log *sumdb.Log, public []module.Version) error {
	p := a.pass
	v := &sumdb.Verifier{Log: log, Progress: p.Progress}
	var cache sumdb.DirCache
	folder := filepath.FromSlash(log.Name)
	local := filepath.IsLocal(folder) // the name may have a path: host/../..
	if p.CacheDir != "" && local {
		cache = sumdb.DirCache(filepath.Join(p.CacheDir, "sumdb", fmt.Sprintf("%s+%08x", log.Name, log.Verifier.KeyHash())))
		v.Cache = cache
	}
	if dir := a.env.Raw("GOMODCACHE"); dir != "" && local {
		v.Sources = []sumdb.Cache{sumdb.DirCache(filepath.Join(dir, "cache", "download", "sumdb", folder))}
	}
	var way *modproxy.SumDB
	var hintPrefix string // a hint is for one chain
	if !p.Offline {
		chain, err := modproxy.Parse(a.env.Raw("GOPROXY"))
		if err != nil && log.URL == "" {
			for _, m := range public {
				a.settled[m] = sumAnswer{state: NotChecked, reason: reasonConfig, detail: withoutSecrets(err)}
			}
			return nil
		}
		way = &modproxy.SumDB{Transport: p.HTTP, Chain: chain, Name: log.Name, DirectURL: log.DirectURL(), URL: log.URL}
		hintPrefix = chain.String() + "\n"
		if v.Cache != nil {
			hint, _ := cache.Read("via")
			way.Hint, _ = strings.CutPrefix(string(hint), hintPrefix)
		}
		v.Fetcher = way
	}
	res, err := v.Verify(a.ctx, public)
	if err != nil {
		return err
	}
	a.result = res
	for _, ans := range res.Answers {
		a.proven[ans.Module] = ans
	}
	f := a.facts
	f.Requests, f.Tiles, f.Rounds = res.Requests, res.Tiles, res.Rounds
	l := &f.Logs[0]
	l.Heads, l.HeadsChecked = res.Heads, res.HeadsChecked
	if way != nil {
		l.URL, f.Way = way.Base()
		for i := range f.Way {
			f.Way[i].Error = redact.Text(f.Way[i].Error) // the server's own words may repeat what it was sent
		}
	}
	if res.Head != nil {
		l.Size, l.Root = res.Head.Size, res.Head.Root.String()
		l.Signed = string(res.Head.Signed)
		if way != nil && v.Cache != nil {
			cache.Write("via", []byte(hintPrefix+l.URL))
		}
	}
	return nil
}

// answer returns what is known of m.
func (a *sumDBAsker) answer(m module.Version) sumAnswer {
	if s, ok := a.settled[m]; ok {
		return s
	}
	ans := a.proven[m]
	switch {
	case ans.Record != nil:
		return sumAnswer{record: ans.Record}
	case ans.Err == nil:
		return sumAnswer{state: NotChecked, reason: "unknown"}
	case errors.Is(ans.Err, sumdb.ErrNotLogged):
		return sumAnswer{state: NotLogged, reason: reasonNotFound, detail: withoutSecrets(ans.Err)}
	}
	return sumAnswer{state: NotChecked, reason: reasonOf(ans.Err), detail: withoutSecrets(ans.Err)}
}

// attach hands over a proof for each module with a record.
func (a *sumDBAsker) attach(modules []SumDBModule) {
	for i := range modules {
		m := &modules[i]
		ans := a.proven[module.Version{Path: m.Module, Version: m.Version}]
		if ans.Record == nil {
			continue
		}
		if text, err := ans.Record.Proof.MarshalText(); err == nil {
			m.Evidence = a.pass.Evidence("tlog-proof", text)
		}
	}
}

// reasonOf gives the word for what kept a module from being checked.
func reasonOf(err error) string {
	var status *modproxy.StatusError
	var violation *sumdb.Violation
	switch {
	case errors.As(err, &violation):
		return string(violation.Kind)
	case errors.As(err, &status):
		return fmt.Sprintf("http-%d", status.Code)
	case errors.Is(err, sumdb.ErrNotCached), errors.Is(err, audit.ErrOffline):
		return "offline"
	case errors.Is(err, modproxy.ErrHTML):
		return "html"
	case errors.Is(err, modproxy.ErrTooLarge):
		return "too-large"
	}
	var request *modproxy.RequestError
	if errors.As(err, &request) {
		return "network"
	}
	return "invalid"
}
