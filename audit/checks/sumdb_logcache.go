// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package checks

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/goassay/assay/audit"
	"github.com/goassay/assay/audit/redact"
	"github.com/goassay/assay/sumdb"
)

// SumDBLogCache is a folder in which answers of a log are kept, verified file by
// file.
type SumDBLogCache struct {
	Log       string `json:"log"`
	Cache     string `json:"cache"` // such as GOMODCACHE/cache/download/sumdb/sum.golang.org
	SumDBKept `json:"files"`
	Problems  []sumdb.CachedFile `json:"problems,omitempty"` // at most maxCachedListed
}

// SumDBKept counts files by what became of them.
type SumDBKept struct {
	Verified   int `json:"verified"`
	Forged     int `json:"forged"`
	StaleKey   int `json:"stale_key"`
	Malformed  int `json:"malformed"`
	NotChecked int `json:"not_checked"` // nothing could be had to compare them with
}

func (k *SumDBKept) add(s sumdb.FileState) {
	switch s {
	case sumdb.FileForged:
		k.Forged++
	case sumdb.FileStaleKey:
		k.StaleKey++
	case sumdb.FileMalformed:
		k.Malformed++
	default:
		k.NotChecked++
	}
}

func (k *SumDBKept) total() int {
	return k.Verified + k.Forged + k.StaleKey + k.Malformed + k.NotChecked
}

// maxCachedListed bounds the files that facts list one by one.
const maxCachedListed = 1000

// logCache is a folder to be inspected.
type logCache struct {
	name string
	dir  string
}

// logCaches lists the folders in which the go command and assay keep answers
// of a log.
func (r *sumDBRun) logCaches(log *sumdb.Log) []logCache {
	var out []logCache
	folder := filepath.FromSlash(log.Name)
	if !filepath.IsLocal(folder) {
		return nil
	}
	if dir := r.env.Raw("GOMODCACHE"); dir != "" {
		out = append(out, logCache{moduleCacheDir + "/cache/download/sumdb/" + log.Name, filepath.Join(dir, "cache", "download", "sumdb", folder)})
	}
	if dir := goHeadDir(r.env, log); dir != "" {
		out = append(out, logCache{"GOPATH/pkg/sumdb/" + log.Name, dir})
	}
	if r.CacheDir != "" {
		out = append(out, logCache{storeName(log), string(storeOf(r.CacheDir, log))})
	}
	return out
}

// inspectCaches verifies what is kept of the logs.
func (r *sumDBRun) inspectCaches() error {
	r.facts.Kept = &SumDBKept{}
	for _, l := range r.logs {
		v, _, err := r.verifier(l.Log)
		if err != nil {
			l.facts.Error = withoutSecrets(err)
			continue
		}
		v.Progress, v.Now = r.Progress, r.Now
		for _, c := range r.logCaches(l.Log) {
			in, err := v.Inspect(r.ctx, sumdb.DirCache(c.dir))
			if err != nil {
				return fmt.Errorf("%s: %w", c.name, err)
			}
			r.noteCache(l, c, in)
		}
	}
	return r.findStrangers()
}

// findStrangers lists the folders of the go command's answers that are of no log
// in force: nothing says by which key they are to be judged.
func (r *sumDBRun) findStrangers() error {
	dirs := []string{goHeadDirs(r.env)}
	names := []string{"GOPATH/pkg/sumdb"}
	if dir := r.env.Raw("GOMODCACHE"); dir != "" {
		dirs, names = append(dirs, filepath.Join(dir, "cache", "download", "sumdb")), append(names, moduleCacheDir+"/cache/download/sumdb")
	}
	for i, dir := range dirs {
		if dir == "" {
			continue
		}
		if err := r.strangersIn(r.DirFS(dir), names[i], "."); err != nil {
			return err
		}
	}
	return nil
}

// strangersIn lists what stands in a folder of logs beside those in force, of whose
// names it is the beginning.
func (r *sumDBRun) strangersIn(logs fs.FS, shown, name string) error {
	entries, err := fs.ReadDir(logs, name)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for _, e := range entries {
		in := path.Join(name, e.Name())
		is := func(l *askedLog) bool { return l.Name == in }
		begins := func(l *askedLog) bool { return strings.HasPrefix(l.Name, in+"/") }
		switch {
		case !e.IsDir() && name == ".", slices.ContainsFunc(r.logs, is):
		case e.IsDir() && slices.ContainsFunc(r.logs, begins):
			if err := r.strangersIn(logs, shown+"/"+e.Name(), in); err != nil {
				return err
			}
		default:
			r.facts.Strangers = append(r.facts.Strangers, shown+"/"+e.Name())
		}
	}
	return nil
}

// noteCache keeps what became of one folder, and reports what is wrong in it.
func (r *sumDBRun) noteCache(l *askedLog, c logCache, in *sumdb.Inspection) {
	f := SumDBLogCache{Log: l.Name, Cache: c.name, SumDBKept: SumDBKept{Verified: in.Verified}}
	r.facts.Kept.Verified += in.Verified
	for _, p := range in.Problems {
		f.add(p.State)
		r.facts.Kept.add(p.State)
		p.Detail = redact.Text(p.Detail) // it may repeat what a server was sent
		if len(f.Problems) < maxCachedListed {
			f.Problems = append(f.Problems, p)
		}
	}
	r.facts.Caches = append(r.facts.Caches, f)
	r.facts.Requests += in.Requests
	r.facts.Rounds += in.Rounds
	r.reportKept(l, c.name, in.Problems)
	r.reportViolations(l, in.Violations)
}

// keptRules has the rule for a file that was kept and does not hold.
var keptRules = map[sumdb.FileState]string{
	sumdb.FileForged: "sumdb/forged-cache", sumdb.FileStaleKey: "sumdb/stale-cache", sumdb.FileMalformed: "sumdb/malformed-cache",
}

// reportKept reports the files of one folder that do not hold.
func (r *sumDBRun) reportKept(l *askedLog, cache string, problems []sumdb.CachedFile) {
	for state, rule := range keptRules {
		var files, evidence []string
		for _, p := range problems {
			if p.State != state {
				continue
			}
			if state == sumdb.FileStaleKey {
				files = append(files, p.Name) // the message says why
			} else {
				files = append(files, p.Name+": "+p.Detail)
			}
			if p.Data != nil {
				evidence = append(evidence, r.Evidence("sumdb-answer", p.Data))
			}
		}
		if len(files) > 0 {
			r.Report(audit.Finding{
				Rule:     rule,
				Subject:  audit.Subject{Kind: "cache", Name: cache},
				Args:     audit.Args{"log": l.Name, "cache": cache, "count": len(files), "files": first(files, maxNamed)},
				Evidence: evidence,
			})
		}
	}
}

// unknownLogs says what a run that is about the logs themselves, and not about
// hashes, could not find out of them.
func unknownLogs(facts *SumDBFacts) error {
	if facts.Synced == nil && facts.Kept == nil {
		return nil
	}
	var open []string
	if facts.NoLog != "" && (facts.NoLog != reasonOff || len(facts.Logs) == 0) {
		open = append(open, "GOSUMDB: "+facts.NoLog)
	}
	for _, l := range facts.Logs {
		switch {
		case l.Error != "":
			open = append(open, l.Name+": "+l.Error)
		case facts.Synced != nil && l.Signed == "":
			open = append(open, l.Name+": no tree head")
		case facts.Synced != nil && l.NoLatest:
			open = append(open, l.Name+": no latest tree head")
		}
		if facts.Synced != nil && l.Unwritten != nil {
			open = append(open, fmt.Sprintf("%s: %d files could not be kept: %s", l.Name, l.Unwritten.Count, strings.Join(l.Unwritten.Files, ", ")))
		}
		if facts.Synced != nil && l.BeforeError != "" {
			open = append(open, l.Name+": a tree head that was kept: "+l.BeforeError)
		}
		for _, p := range l.Proxies {
			if p.State == ProxyUnknown {
				open = append(open, p.URL+": "+p.Error)
			}
		}
	}
	switch {
	case len(open) > 0:
		return audit.NotAssessed("sumdb/log-unknown", audit.Args{"logs": first(open, maxNamed)})
	case facts.Strangers != nil:
		return audit.NotAssessed("sumdb/other-logs", audit.Args{"caches": first(facts.Strangers, maxNamed)})
	case facts.Kept != nil && facts.Kept.total() == 0:
		return audit.NotAssessed("sumdb/nothing-kept", nil)
	}
	return nil
}

// uncheckedCaches says which files nothing could be compared with.
func uncheckedCaches(facts *SumDBFacts) error {
	if facts.Kept == nil || facts.Kept.NotChecked == 0 {
		return nil
	}
	var caches []string
	for _, c := range facts.Caches {
		if c.NotChecked > 0 {
			caches = append(caches, c.Cache)
		}
	}
	return audit.NotAssessed("sumdb/cache-unchecked", audit.Args{"count": facts.Kept.NotChecked, "total": facts.Kept.total(), "caches": caches})
}
