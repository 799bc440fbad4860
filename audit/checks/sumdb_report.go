// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package checks

import (
	"slices"
	"strings"
	"time"

	"github.com/goassay/assay/audit"
	"github.com/goassay/assay/audit/redact"
	"github.com/goassay/assay/sumdb"
)

// mismatchRule is the rule for a hash that differs, by what carries it.
func (f *SumDBFacts) mismatchRule(kind SourceKind) string {
	switch kind {
	case SourceSum:
		return "sumdb/mismatch"
	case SourceBinary:
		return "sumdb/binary-mismatch"
	case SourceSBOM:
		return "sumdb/document-mismatch"
	case SourceGOROOT:
		if f.Toolchain != nil && f.Toolchain.GoEnvOnly {
			return "sumdb/go-env-edited"
		}
		return "sumdb/toolchain-mismatch"
	}
	return "sumdb/cache-mismatch"
}

// report turns what was found into findings.
func (r *sumDBRun) report() {
	evidence := map[moduleVersion]string{}
	for _, m := range r.facts.Modules {
		evidence[moduleVersion{Path: m.Module, Version: m.Version}] = m.Evidence
	}
	for m, claims := range r.judged.mismatch {
		for _, c := range claims {
			if c.kind == SourceGOROOT {
				r.reportToolchain(c, evidence[m])
				continue
			}
			a := r.judged.answers[m]
			logged, _ := a.record.Hash(m, c.GoMod)
			f := sumFinding(r.facts.mismatchRule(c.kind), m, c)
			f.Args["have"], f.Args["logged"], f.Args["log"] = c.Hash, logged, a.log
			f.Evidence = []string{evidence[m]}
			r.Report(f)
		}
	}
	for m, claims := range r.judged.notLogged {
		log, _, _ := r.logOf(m.Path)
		f := sumFinding("sumdb/not-logged", m, claims[0])
		f.Args["log"], f.Args["url"] = log.Name, log.facts.URL
		r.Report(f)
	}
	r.reportNamed(evidence)
	for pattern, names := range privateModules(r.facts) {
		r.Report(audit.Finding{
			Rule:    "sumdb/private",
			Subject: privateSubject(pattern),
			Args:    audit.Args{"pattern": pattern, "count": len(names), "modules": names},
		})
	}
	for _, l := range r.logs {
		if l.result != nil {
			r.reportLog(l)
		}
	}
}

// reportNamed shows what the log says of modules that were named.
func (r *sumDBRun) reportNamed(evidence map[moduleVersion]string) {
	for _, name := range r.Target.Modules {
		m := namedModule(name)
		a := r.judged.answers[m]
		if a.record == nil {
			continue
		}
		r.Report(audit.Finding{
			Rule:     "sumdb/logged",
			Subject:  audit.Subject{Kind: "module", Name: m.String()},
			Args:     audit.Args{"log": a.log, "record": a.record.ID, "lines": strings.Split(strings.TrimSpace(string(a.record.Text)), "\n")},
			Evidence: []string{evidence[m]},
		})
	}
}

// reportLog reports what a log, or what stands between, did wrong.
func (r *sumDBRun) reportLog(l *askedLog) {
	res := l.result
	r.reportViolations(l, res.Violations)
	if u := l.facts.Unwritten; u != nil {
		r.Report(l.finding("sumdb/not-kept", audit.Args{"count": u.Count, "files": u.Files}))
	}
	if l.facts.BeforeError != "" {
		r.Report(l.finding("sumdb/history-unread", audit.Args{"detail": l.facts.BeforeError}))
	}
	if res.Latest == nil {
		return
	}
	if res.Before != nil && res.Latest.Size < res.Before.Size {
		f := l.finding("sumdb/rollback", audit.Args{"latest": res.Latest.Size, "before": res.Before.Size, "seen": res.Before.Seen.Format(time.RFC3339)})
		f.Evidence = r.heads(res.Latest, res.Before.Checkpoint)
		r.Report(f)
	}
	if res.Ahead != nil && res.Latest.Size < res.Ahead.Size {
		f := l.finding("sumdb/stalled", audit.Args{"latest": res.Latest.Size, "ahead": res.Ahead.Size})
		f.Evidence = r.heads(res.Latest, res.Ahead)
		r.Report(f)
	}
	newest := res.Latest.Size
	for _, p := range l.facts.Proxies {
		newest = max(newest, p.Size)
	}
	for _, p := range l.facts.Proxies {
		if p.State == ProxySigned && p.Size < newest && !l.facts.uncompared(p.Size) { // else it was not proven to be a beginning
			r.Report(l.finding("sumdb/older-head", audit.Args{"proxy": p.URL, "size": p.Size, "newest": newest}))
		}
	}
}

// uncompared reports whether a head of that size was seen and not compared.
func (l *SumDBLog) uncompared(size int64) bool {
	return slices.ContainsFunc(l.Uncompared, func(u SumDBUncompared) bool { return u.Size == size })
}

// reportViolations reports answers that an honest log never gives.
func (r *sumDBRun) reportViolations(l *askedLog, violations []*sumdb.Violation) {
	for _, v := range violations {
		detail := redact.Text(v.Detail) // it may repeat what a server was sent
		f := l.finding("sumdb/"+string(v.Kind), audit.Args{"what": v.Subject, "detail": detail})
		kept := SumDBViolation{Kind: v.Kind, Subject: v.Subject, Detail: detail, Evidence: []string{}}
		for _, data := range v.Evidence {
			kept.Evidence = append(kept.Evidence, r.Evidence("sumdb-answer", data))
		}
		if v.Fork != nil {
			if text, err := v.Fork.MarshalText(); err == nil { // it stands on its own: assay sumdb check
				kept.Fork = r.Evidence("sumdb-fork", text)
				kept.Evidence = append(kept.Evidence, kept.Fork)
			}
		}
		f.Evidence = kept.Evidence
		l.facts.Violations = append(l.facts.Violations, kept)
		r.Report(f)
	}
}

// heads hands over signed heads.
func (r *sumDBRun) heads(heads ...*sumdb.Checkpoint) []string {
	var out []string
	for _, h := range heads {
		out = append(out, r.Evidence("sumdb-answer", h.Signed))
	}
	return out
}

// finding is a finding about the log.
func (l *askedLog) finding(rule string, args audit.Args) audit.Finding {
	args["log"], args["url"] = l.facts.Name, l.facts.URL
	return audit.Finding{Rule: rule, Subject: audit.Subject{Kind: "log", Name: l.facts.Name}, Args: args}
}

// privateModules lists the modules that are kept from the log, by pattern.
func privateModules(facts *SumDBFacts) map[string][]string {
	private := map[string][]string{}
	for _, m := range facts.Modules {
		if m.Reason == reasonPrivate {
			private[m.Detail] = append(private[m.Detail], m.Module+"@"+m.Version)
		}
	}
	return private
}

func privateSubject(pattern string) audit.Subject {
	return audit.Subject{Kind: "environment", Name: "GONOSUMDB=" + pattern}
}

// sumFinding is a finding about a module at the place that carries its hash.
func sumFinding(rule string, m moduleVersion, c claim) audit.Finding {
	f := audit.Finding{
		Rule:    rule,
		Subject: audit.Subject{Kind: "module", Name: m.String()},
		Args:    audit.Args{"module": m.Path, "version": m.Version, "entry": m.Path + " " + entryVersion(c.SumLine), "file": c.File},
	}
	if c.place != "" {
		f.Location = &audit.Location{File: c.place, Line: c.Line}
	}
	return f
}
