// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package checks

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"golang.org/x/mod/module"

	"github.com/goassay/assay/audit"
	"github.com/goassay/assay/audit/goenv"
	"github.com/goassay/assay/sumdb"
)

// recheckSumDB derives the states of all lines again from the evidence alone:
// the go.sum files, and a proof for each module version. Why a line was not
// checked, and that the log said it has no record, cannot be derived.
func recheckSumDB(raw json.RawMessage, evidence func(string) ([]byte, error)) error {
	r := sumRecheck{evidence: evidence, stored: map[module.Version]SumDBModule{}, logs: map[string]*recheckedLog{}}
	if err := json.Unmarshal(raw, &r.facts); err != nil {
		return err
	}
	sources, err := r.sources()
	if err != nil {
		return err
	}
	for _, l := range r.facts.Logs {
		if r.logs[l.Name] != nil {
			return fmt.Errorf("the report names the log %s twice", l.Name)
		}
		if r.logs[l.Name], err = recheckLog(l); err != nil {
			return err
		}
		r.violations(r.logs[l.Name].Log, l)
	}
	for _, m := range r.facts.Modules {
		v := module.Version{Path: m.Module, Version: m.Version}
		if _, ok := r.stored[v]; ok {
			r.fail("%s: the report has it twice", v)
		}
		r.stored[v] = m
	}
	r.compare(judgeSums(sources, r.answer))
	r.kept()
	return errors.Join(r.errs...)
}

// sumRecheck is one derivation of stored facts from their evidence.
type sumRecheck struct {
	facts    SumDBFacts
	evidence func(string) ([]byte, error)
	logs     map[string]*recheckedLog // by name
	stored   map[module.Version]SumDBModule
	errs     []error
}

func (r *sumRecheck) fail(format string, args ...any) {
	r.errs = append(r.errs, fmt.Errorf(format, args...))
}

// sources reads again what was kept of what carried the hashes.
func (r *sumRecheck) sources() ([]sumSource, error) {
	var sources []sumSource
	for _, f := range r.facts.Files {
		data, err := r.evidence(f.Evidence)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.File, err)
		}
		s, err := parseSource(f.Kind, f.File, data)
		if err != nil {
			return nil, err
		}
		sources = append(sources, s)
		if n, m := s.hashes(), malformed(s.Problems); n != f.Lines || m != f.Malformed {
			r.fail("%s: the report counts %d hashes, %d of them malformed, the evidence has %d and %d", f.File, f.Lines, f.Malformed, n, m)
		}
	}
	return sources, nil
}

// kept demands that what is said of the files that were kept of logs is one thing
// throughout.
func (r *sumRecheck) kept() {
	if r.facts.Kept == nil {
		if len(r.facts.Caches) > 0 {
			r.fail("folders of kept files, and no count of them")
		}
		return
	}
	var sum SumDBKept
	for _, c := range r.facts.Caches {
		var listed SumDBKept
		for _, p := range c.Problems {
			listed.add(p.State)
		}
		if listed.Forged > c.Forged || listed.StaleKey > c.StaleKey || listed.Malformed > c.Malformed || listed.NotChecked > c.NotChecked ||
			listed != (SumDBKept{Forged: c.Forged, StaleKey: c.StaleKey, Malformed: c.Malformed, NotChecked: c.NotChecked}) && len(c.Problems) < maxCachedListed {
			r.fail("%s: %+v files are counted, and other problems are listed", c.Cache, c.SumDBKept)
		}
		sum.Verified += c.Verified
		sum.Forged += c.Forged
		sum.StaleKey += c.StaleKey
		sum.Malformed += c.Malformed
		sum.NotChecked += c.NotChecked
	}
	if sum != *r.facts.Kept {
		r.fail("the report counts %+v kept files, its folders have %+v", *r.facts.Kept, sum)
	}
}

// violations reads again what shows that a log broke a promise. Of a fork the
// evidence stands on its own, and is verified.
func (r *sumRecheck) violations(log *sumdb.Log, l SumDBLog) {
	for _, v := range l.Violations {
		for _, digest := range v.Evidence {
			if _, err := r.evidence(digest); err != nil {
				r.fail("%s: %s: %w", l.Name, v.Subject, err)
			}
		}
		if v.Fork == "" {
			continue
		}
		var fork sumdb.ForkProof
		data, err := r.evidence(v.Fork)
		if err == nil {
			err = fork.UnmarshalText(data)
		}
		if err == nil {
			_, _, err = fork.Verify(log)
		}
		if err != nil {
			r.fail("%s: %s: %w", l.Name, v.Subject, err)
		}
	}
}

// answer is what the evidence shows of m. Of what was not shown then, only the
// report's own word can be had, and that is never that it was verified.
func (r *sumRecheck) answer(m module.Version) sumAnswer {
	was := r.stored[m]
	switch {
	case was.Evidence == "" && was.State == NotLogged && was.Reason == reasonNotFound:
		return sumAnswer{log: was.Log, state: NotLogged, reason: was.Reason} // a finding, and no pass
	case was.Evidence == "":
		if _, ok := goenv.Match(was.Detail, m.Path); was.Reason == reasonPrivate && !ok {
			r.fail("%s: the report calls it private, and the pattern %q does not match it", m, was.Detail)
		}
		return sumAnswer{log: was.Log, state: NotChecked, reason: was.Reason}
	}
	rec, err := r.proof(m, was)
	if err != nil {
		r.fail("%s: %w", m, err)
		return sumAnswer{log: was.Log, state: NotChecked, reason: "proof"}
	}
	return sumAnswer{log: was.Log, record: rec}
}

// compare demands that the report says what the evidence says.
func (r *sumRecheck) compare(j *sumJudgement) {
	for _, now := range j.modules {
		m := module.Version{Path: now.Module, Version: now.Version}
		was, ok := r.stored[m]
		delete(r.stored, m)
		switch {
		case !ok:
			r.fail("%s: the report leaves it out", m)
		case was.State != now.State || was.Reason != now.Reason || was.Lines != now.Lines || was.Open != now.Open:
			r.fail("%s: the report says %q (%s, %d of %d hashes open), the evidence says %q (%s, %d of %d)",
				m, was.State, was.Reason, was.Open, was.Lines, now.State, now.Reason, now.Open, now.Lines)
		case !slices.Equal(was.Differs, now.Differs):
			r.fail("%s: the report says that %q differ, the evidence says %q", m, was.Differs, now.Differs)
		case (was.Record == nil) != (now.Record == nil) || was.Record != nil && *was.Record != *now.Record:
			r.fail("%s: the report names another record than the evidence", m)
		}
	}
	for m := range r.stored {
		r.fail("%s: no file has a line for it", m)
	}
	if r.facts.Lines != j.lines {
		r.fail("the report counts %+v lines, the evidence %+v", r.facts.Lines, j.lines)
	}
	if was, now := r.facts.Hashes, j.hashes; (was == nil) != (now == nil) || was != nil && *was != *now {
		r.fail("the report counts %+v other hashes, the evidence %+v", was, now)
	}
}

// concludeSumDB derives from stored facts the findings that a report of them
// must hold, and what they leave open.
func concludeSumDB(raw json.RawMessage) ([]audit.Finding, error) {
	var facts SumDBFacts
	if err := json.Unmarshal(raw, &facts); err != nil {
		return nil, err
	}
	var out []audit.Finding
	for _, m := range facts.Modules {
		subject := audit.Subject{Kind: "module", Name: m.Module + "@" + m.Version}
		switch m.State {
		case Mismatch:
			for _, kind := range m.Differs {
				if kind == SourceGOROOT && facts.Toolchain != nil {
					out = append(out, audit.Finding{Rule: facts.mismatchRule(kind), Subject: audit.Subject{Kind: "toolchain", Name: facts.Toolchain.Go}})
					continue
				}
				out = append(out, audit.Finding{Rule: facts.mismatchRule(kind), Subject: subject})
			}
		case NotLogged:
			out = append(out, audit.Finding{Rule: "sumdb/not-logged", Subject: subject})
		}
	}
	for pattern := range privateModules(&facts) {
		out = append(out, audit.Finding{Rule: "sumdb/private", Subject: privateSubject(pattern)})
	}
	for _, name := range facts.NoHash {
		out = append(out, audit.Finding{Rule: "sumdb/vendor-no-hash", Subject: audit.Subject{Kind: "module", Name: name}})
	}
	for _, l := range facts.Logs {
		out = append(out, l.conclude()...)
	}
	for _, c := range facts.Caches {
		for state, n := range map[sumdb.FileState]int{sumdb.FileForged: c.Forged, sumdb.FileStaleKey: c.StaleKey, sumdb.FileMalformed: c.Malformed} {
			if n > 0 {
				out = append(out, audit.Finding{Rule: keptRules[state], Subject: audit.Subject{Kind: "cache", Name: c.Cache}})
			}
		}
	}
	return out, incompleteSums(&facts)
}

// conclude derives the findings about one log.
func (l *SumDBLog) conclude() []audit.Finding {
	var out []audit.Finding
	add := func(rule string) {
		out = append(out, audit.Finding{Rule: rule, Subject: audit.Subject{Kind: "log", Name: l.Name}})
	}
	for _, v := range l.Violations {
		add("sumdb/" + string(v.Kind))
	}
	if l.Unwritten != nil {
		add("sumdb/not-kept")
	}
	if l.BeforeError != "" {
		add("sumdb/history-unread")
	}
	newest := l.Latest
	for _, p := range l.Proxies {
		newest = max(newest, p.Size)
		if p.State == ProxyForged {
			add("sumdb/" + string(sumdb.BadSignature))
		}
	}
	if !l.NoLatest {
		if l.Latest < l.Before {
			add("sumdb/rollback")
		}
		if l.Latest < l.Ahead {
			add("sumdb/stalled")
		}
		for _, p := range l.Proxies {
			if p.State == ProxySigned && p.Size < newest && !l.uncompared(p.Size) {
				add("sumdb/older-head")
			}
		}
	}
	if l.Sync == nil {
		return out
	}
	log, err := sumdb.ParseLog(l.Key)
	if err != nil {
		return out // recheckLog says so
	}
	for _, f := range l.Sync.Removed {
		if rule := keptRules[f.State]; rule != "" {
			out = append(out, audit.Finding{Rule: rule, Subject: audit.Subject{Kind: "cache", Name: storeName(log)}})
		}
	}
	return out
}

// recheckedLog is a log of a stored report, with the head that it names.
type recheckedLog struct {
	*sumdb.Log
	head *sumdb.Checkpoint // nil: none was had
}

// recheckLog opens a log of a stored report and the head that it names. A log
// that is known by name must have the known key.
func recheckLog(l SumDBLog) (*recheckedLog, error) {
	log, err := sumdb.ParseLog(l.Key)
	if err != nil {
		return nil, err
	}
	if l.Name != log.Name && l.Name != keyedName(log) || log.Key != l.Key {
		return nil, fmt.Errorf("the report's key for %s is that of %s", l.Name, log.Name)
	}
	if known, err := sumdb.ParseLog(log.Name); err == nil && known.Key != log.Key {
		return nil, fmt.Errorf("the report's key for %s is not the known one", log.Name)
	}
	if l.Signed == "" && l.Size == 0 && l.Root == "" {
		return &recheckedLog{Log: log}, nil
	}
	head, err := log.OpenCheckpoint([]byte(l.Signed))
	if err != nil {
		return nil, err
	}
	if head.Size != l.Size || head.Root.String() != l.Root {
		return nil, errors.New("the signed tree head is another than the report says")
	}
	return &recheckedLog{log, head}, nil
}

// proof verifies the proof that was kept for a module.
func (r *sumRecheck) proof(m module.Version, was SumDBModule) (*sumdb.Record, error) {
	log := r.logs[was.Log]
	if log == nil || log.head == nil {
		return nil, errors.New("the report names no log for it, or no tree head")
	}
	data, err := r.evidence(was.Evidence)
	if err != nil {
		return nil, err
	}
	var proof sumdb.Proof
	if err := proof.UnmarshalText(data); err != nil {
		return nil, err
	}
	rec, head, err := proof.Verify(log.Log, m)
	if err != nil {
		return nil, err
	}
	if head.Size != log.head.Size || head.Root != log.head.Root {
		return nil, errors.New("proven to another tree head than the report names")
	}
	return rec, nil
}
