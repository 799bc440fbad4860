// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package checks

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/goassay/assay/audit"
	"github.com/goassay/assay/audit/goenv"
	"github.com/goassay/assay/audit/modproxy"
	"github.com/goassay/assay/audit/redact"
	"github.com/goassay/assay/sumdb"
)

// askedLog is a log in force, the modules that it is asked about, and what it
// was proven to say.
type askedLog struct {
	*sumdb.Log
	facts    *SumDBLog
	patterns string // the policy's, as in GOPRIVATE
	own      bool   // it is that of GOSUMDB
	modules  []moduleVersion

	failed  error // why it cannot be asked at all: the go command's configuration is invalid
	result  *sumdb.Result
	proven  map[moduleVersion]sumdb.Answer
	proxies []modproxy.Head
}

// ask asks the logs about all modules that may be told to them.
func (r *sumDBRun) ask() error {
	r.settled = map[moduleVersion]sumAnswer{}
	for _, l := range r.Policy.SumDB.Logs {
		log, err := sumdb.ParseLog(l.GOSUMDB)
		if err != nil {
			return fmt.Errorf("policy: %w", err) // it was checked when it was read
		}
		r.logs = append(r.logs, &askedLog{Log: log, patterns: strings.Join(l.Modules, ",")})
	}
	own, ownErr := sumdb.ParseLog(r.env.Raw("GOSUMDB"))
	switch {
	case own != nil:
		r.addOwn(own)
	case errors.Is(ownErr, sumdb.ErrOff):
		r.facts.NoLog = reasonOff
	default:
		r.facts.NoLog = withoutSecrets(ownErr)
	}
	for _, m := range r.claimed() {
		switch log, pattern, private := r.logOf(m.Path); {
		case log != nil:
			log.modules = append(log.modules, m)
		case private:
			r.settled[m] = sumAnswer{state: NotChecked, reason: reasonPrivate, detail: pattern}
		case errors.Is(ownErr, sumdb.ErrOff):
			r.settled[m] = sumAnswer{state: NotChecked, reason: reasonOff}
		default:
			r.settled[m] = sumAnswer{state: NotChecked, reason: reasonConfig, detail: withoutSecrets(ownErr)}
		}
	}
	r.logs = slices.DeleteFunc(r.logs, func(l *askedLog) bool {
		return l.patterns != "" && !l.own && len(l.modules) == 0 && !r.syncs() && !r.Target.LogCache
	})
	r.facts.Logs = make([]SumDBLog, len(r.logs)) // never grows: the logs point into it
	for i, l := range r.logs {
		l.facts = &r.facts.Logs[i]
		*l.facts = SumDBLog{Name: l.Name, Key: l.Key}
		if slices.ContainsFunc(r.logs, func(o *askedLog) bool { return o != l && o.Name == l.Name }) { // a rotation of keys
			l.facts.Name = keyedName(l.Log)
		}
		if l.patterns != "" {
			l.facts.Patterns = strings.Split(l.patterns, ",")
		}
	}
	for _, l := range r.logs {
		if len(l.modules) == 0 && !r.syncs() {
			continue
		}
		if err := r.verify(l); err != nil {
			return err
		}
	}
	r.settleBuilders()
	return nil
}

// addOwn adds the log of GOSUMDB. It may be one of the policy's, too.
func (r *sumDBRun) addOwn(log *sumdb.Log) {
	for _, l := range r.logs {
		if l.Key == log.Key {
			l.own = true
			if l.URL == "" {
				l.Log = log
			}
			return
		}
	}
	r.logs = append(r.logs, &askedLog{Log: log, own: true})
}

// syncs reports whether the run is to bring the stores up to date.
func (r *sumDBRun) syncs() bool { return r.Settings["sumdb-sync"] != "" }

// claimed lists the module versions of which a hash is carried, and the
// toolchains that built executables, each once.
func (r *sumDBRun) claimed() []moduleVersion {
	seen := map[moduleVersion]bool{}
	for _, s := range r.sources {
		for _, l := range s.Lines {
			if l.Hash != "" {
				seen[moduleVersion{Path: l.Module, Version: l.Version}] = true
			}
		}
	}
	for _, name := range r.Target.Modules {
		seen[namedModule(name)] = true
	}
	for _, b := range r.facts.Builders {
		if b.Module != "" {
			seen[moduleVersion{Path: toolchainPath, Version: b.Version}] = true
		}
	}
	return slices.SortedFunc(maps.Keys(seen), compareVersions)
}

// toolchainPath is the module of Go's own releases.
const toolchainPath = "golang.org/toolchain"

// logOf returns the log that answers for a module: the policy's first, then
// that of GOSUMDB unless a pattern keeps the module private. The go command
// asks about toolchains whatever the patterns say (modfetch.useSumDB).
func (r *sumDBRun) logOf(path string) (log *askedLog, pattern string, private bool) {
	for _, l := range r.logs {
		if l.own {
			log = l
		}
		if _, ok := goenv.Match(l.patterns, path); ok {
			return l, "", false
		}
	}
	if path != toolchainPath {
		if pattern, ok := goenv.Match(r.env.Raw("GONOSUMDB"), path); ok {
			return nil, pattern, true
		}
	}
	return log, "", false
}

// verify looks up modules in a log and proves the answers.
func (r *sumDBRun) verify(l *askedLog) error {
	v, way, err := r.verifier(l.Log)
	if err != nil {
		l.failed, l.facts.Error = err, withoutSecrets(err)
		return nil
	}
	v.Progress, v.Now = r.Progress, r.Now
	v.Known = r.knownHeads(l.Log)
	if r.syncs() && way != nil {
		l.proxies = way.Heads(r.ctx)
		for _, h := range l.proxies {
			if h.Err == nil {
				v.Known = append(v.Known, h.Signed)
			}
		}
	}
	if err := r.prove(l, v); err != nil {
		return err
	}
	l.proven = map[moduleVersion]sumdb.Answer{}
	for _, ans := range l.result.Answers {
		l.proven[ans.Module] = ans
	}
	r.describe(l, way)
	return nil
}

// prove has v look up the modules, or bring its store up to date with them.
func (r *sumDBRun) prove(l *askedLog, v *sumdb.Verifier) (err error) {
	if !r.syncs() {
		l.result, err = v.Verify(r.ctx, l.modules)
		return err
	}
	s, err := v.Sync(r.ctx, l.modules, r.Settings["sumdb-sync"] == "full")
	if err != nil {
		return err
	}
	l.result = s.Result
	l.facts.Sync = &SumDBSync{Mode: s.Mode, Records: s.NewRecords, Tiles: s.NewTiles, Removed: s.Removed}
	if s.Inspection != nil {
		l.facts.Sync.Files = s.Inspection.Lookups + s.Inspection.Tiles + s.Inspection.Heads
	}
	r.facts.Synced.note(l.facts.Sync)
	r.reportKept(l, storeName(l.Log), s.Removed)
	return nil
}

// describe fills in the facts of a log that was asked.
func (r *sumDBRun) describe(l *askedLog, way *sumDBWay) {
	res, f := l.result, l.facts
	r.facts.Requests += res.Requests + len(l.proxies)
	r.facts.Tiles += res.Tiles
	r.facts.Rounds += res.Rounds
	f.Heads, f.HeadsChecked = res.Heads, res.HeadsChecked
	for _, u := range res.Uncompared {
		f.Uncompared = append(f.Uncompared, SumDBUncompared{u.Size, withoutSecrets(u.Err)})
	}
	if n := res.Unwritten.Count(); n > 0 {
		f.Unwritten = &SumDBUnwritten{Count: n, Lost: res.Unwritten.Lost()}
		for _, file := range res.Unwritten.Files {
			f.Unwritten.Files = append(f.Unwritten.Files, file.Name+": "+reasonText(file.Err))
		}
	}
	if res.BeforeErr != nil {
		f.BeforeError = reasonText(res.BeforeErr)
	}
	if res.Latest != nil {
		f.Latest = res.Latest.Size
	}
	f.NoLatest = res.Latest == nil
	if res.Ahead != nil {
		f.Ahead = res.Ahead.Size
	}
	if res.Before != nil {
		f.Before, f.Since = res.Before.Size, res.Before.Seen
	}
	if way != nil {
		f.URL, f.Way = way.Base()
		for i := range f.Way {
			f.Way[i].Error = redact.Text(f.Way[i].Error) // the server's own words may repeat what it was sent
		}
	}
	for _, h := range l.proxies {
		f.Proxies = append(f.Proxies, r.proxyHead(l, h))
	}
	if res.Head != nil {
		f.Size, f.Root = res.Head.Size, res.Head.Root.String()
		f.Signed = string(res.Head.Signed)
		way.remember(f.URL)
	}
}

// proxyHead judges what one proxy calls the latest head.
func (r *sumDBRun) proxyHead(l *askedLog, h modproxy.Head) SumDBProxy {
	p := SumDBProxy{URL: h.URL, State: ProxyUnknown}
	switch {
	case errors.Is(h.Err, fs.ErrNotExist):
		p.State, p.Error = ProxyNone, withoutSecrets(h.Err)
		return p
	case h.Err != nil:
		p.Error = withoutSecrets(h.Err)
		return p
	}
	cp, err := l.OpenCheckpoint(h.Signed)
	if violation, ok := errors.AsType[*sumdb.Violation](err); ok {
		p.State, p.Error = ProxyForged, withoutSecrets(err)
		violation.Subject = h.URL + "/latest"
		r.reportViolations(l, []*sumdb.Violation{violation})
		return p
	}
	p.State, p.Size = ProxySigned, cp.Size
	return p
}

// sumDBWay is the way to a log, and where it is remembered.
type sumDBWay struct {
	*modproxy.SumDB
	cache  sumdb.DirCache // "": nowhere
	prefix string         // a hint is for one chain
}

// remember keeps where the log was found for the next run.
func (w *sumDBWay) remember(url string) {
	if w != nil && w.cache != "" {
		w.cache.Write("via", []byte(w.prefix+url))
	}
}

// verifier prepares to ask a log, as the environment says. Offline there is no
// way. The error is a GOPROXY that the go command refuses.
func (r *sumDBRun) verifier(log *sumdb.Log) (*sumdb.Verifier, *sumDBWay, error) {
	return newVerifier(r.Pass, r.env, log)
}

func newVerifier(p *audit.Pass, env *EnvFacts, log *sumdb.Log) (*sumdb.Verifier, *sumDBWay, error) {
	v := &sumdb.Verifier{Log: log}
	folder := filepath.FromSlash(log.Name)
	local := filepath.IsLocal(folder) // the name may have a path: host/../..
	cache := sumdb.DirCache("")
	if p.CacheDir != "" && local {
		cache = storeOf(p.CacheDir, log)
		v.Cache = cache
	}
	if dir := env.Raw("GOMODCACHE"); dir != "" && local {
		v.Sources = []sumdb.Cache{sumdb.DirCache(filepath.Join(dir, "cache", "download", "sumdb", folder))}
	}
	if p.Offline {
		return v, nil, nil
	}
	chain, err := modproxy.Parse(env.Raw("GOPROXY"))
	if err != nil && log.URL == "" {
		return nil, nil, err
	}
	way := &sumDBWay{
		SumDB:  &modproxy.SumDB{Transport: p.HTTP, Chain: chain, Name: log.Name, DirectURL: log.DirectURL(), URL: log.URL},
		cache:  cache,
		prefix: chain.String() + "\n",
	}
	if cache != "" {
		hint, _ := cache.Read("via")
		way.Hint, _ = strings.CutPrefix(string(hint), way.prefix)
	}
	v.Fetcher = way
	return v, way, nil
}

// storeOf is the folder below dir that keeps what was verified of a log.
func storeOf(dir string, log *sumdb.Log) sumdb.DirCache {
	return sumdb.DirCache(filepath.Join(dir, "sumdb", keyedName(log)))
}

// storeName is how a report names that folder.
func storeName(log *sumdb.Log) string { return "ASSAY_CACHE/sumdb/" + keyedName(log) }

// keyedName tells logs of one name and different keys apart.
func keyedName(log *sumdb.Log) string {
	return fmt.Sprintf("%s+%08x", log.Name, log.Verifier.KeyHash())
}

// knownHeads returns the head that the go command has seen, if there is one.
func (r *sumDBRun) knownHeads(log *sumdb.Log) [][]byte {
	dir := goHeadDir(r.env, log)
	if dir == "" {
		return nil
	}
	signed, err := sumdb.DirCache(dir).Read("latest")
	if err != nil || len(signed) == 0 {
		return nil
	}
	return [][]byte{signed}
}

// goHeadDir is the folder in which the go command keeps a log's head
// (cfg.SumdbDir), or "".
func goHeadDir(env *EnvFacts, log *sumdb.Log) string {
	folder := filepath.FromSlash(log.Name)
	dir := goHeadDirs(env)
	if dir == "" || !filepath.IsLocal(folder) {
		return ""
	}
	return filepath.Join(dir, folder)
}

// goHeadDirs is the folder that has those of all logs, or "".
func goHeadDirs(env *EnvFacts) string {
	list := filepath.SplitList(env.Raw("GOPATH"))
	if len(list) == 0 || list[0] == "" {
		return ""
	}
	return filepath.Join(list[0], "pkg", "sumdb")
}

// answer returns what is known of m.
func (r *sumDBRun) answer(m moduleVersion) sumAnswer {
	if s, ok := r.settled[m]; ok {
		return s
	}
	log, _, _ := r.logOf(m.Path)
	if log == nil {
		return sumAnswer{state: NotChecked, reason: "unknown"}
	}
	a := sumAnswer{log: log.facts.Name, state: NotChecked}
	if log.failed != nil {
		a.reason, a.detail = reasonConfig, withoutSecrets(log.failed)
		return a
	}
	ans := log.proven[m]
	switch {
	case ans.Record != nil:
		a.record = ans.Record
	case ans.Err == nil:
		a.reason = "unknown"
	case errors.Is(ans.Err, sumdb.ErrNotLogged):
		a.state, a.reason, a.detail = NotLogged, reasonNotFound, withoutSecrets(ans.Err)
	default:
		a.reason, a.detail = reasonOf(ans.Err), withoutSecrets(ans.Err)
	}
	return a
}

// attach hands over a proof for each module with a record.
func (r *sumDBRun) attach() {
	for i := range r.facts.Modules {
		m := &r.facts.Modules[i]
		rec := r.judged.answers[moduleVersion{Path: m.Module, Version: m.Version}].record
		if rec == nil {
			continue
		}
		if text, err := rec.Proof.MarshalText(); err == nil {
			m.Evidence = r.Evidence("tlog-proof", text)
		}
	}
}

// reasonOf gives the word for what kept a module from being checked.
func reasonOf(err error) string {
	var status *modproxy.StatusError
	var violation *sumdb.Violation
	switch {
	case errors.As(err, new(*sumdb.UncomparedError)):
		return reasonHead
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

// reasonText gives the text of an error of the file system without the path, which
// may be of this machine alone.
func reasonText(err error) string {
	if pe, ok := errors.AsType[*fs.PathError](err); ok {
		err = pe.Err
	}
	return withoutSecrets(err)
}

// withoutSecrets gives an error's text as a report may show it.
func withoutSecrets(err error) string { return redact.Text(err.Error()) }
