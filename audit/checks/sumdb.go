// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package checks

import (
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/mod/module"

	"github.com/goassay/assay/audit"
	"github.com/goassay/assay/audit/modgraph"
	"github.com/goassay/assay/audit/modproxy"
	"github.com/goassay/assay/audit/redact"
	"github.com/goassay/assay/sumdb"
)

// SumDB verifies every line of go.sum and go.work.sum against the checksum
// database in force, with an inclusion proof for each module version.
var SumDB = &audit.Check{
	ID:       "sumdb",
	Requires: []*audit.Check{Env},
	Applies:  func(t *audit.Target) bool { return t.ModFile != "" || t.WorkFile != "" },
	Run:      runSumDB,
	Recheck:  recheckSumDB,
	Conclude: concludeSumDB,
}

// SumDBFacts is what SumDB measures.
type SumDBFacts struct {
	Logs     []SumDBLog         `json:"logs"`
	Files    []SumDBFile        `json:"files"`
	Modules  []SumDBModule      `json:"modules"`
	Lines    SumDBLines         `json:"lines"`
	Required int                `json:"required"`      // modules with versions that the go.mod files require
	Way      []modproxy.Attempt `json:"way,omitempty"` // how the log was found; empty where an earlier run's way served
	Requests int                `json:"requests"`      // to the log, in this run
	Tiles    int                `json:"tiles"`         // of those, for tiles
	Rounds   int                `json:"rounds"`        // of network
}

// SumDBLog is a log and the tree head that proofs lead to.
type SumDBLog struct {
	Name         string `json:"name"`
	Key          string `json:"key"`            // note verifier key: name+hash+key
	URL          string `json:"url,omitempty"`  // where it was asked, without secrets
	Size         int64  `json:"size"`           // records; 0 if no head could be verified
	Root         string `json:"root,omitempty"` // base64, as in the head
	Signed       string `json:"signed,omitempty"`
	Heads        int    `json:"heads"`         // signed heads seen
	HeadsChecked int    `json:"heads_checked"` // of those, proven to be beginnings of the tree
}

// SumDBFile is a file whose lines were verified.
type SumDBFile struct {
	File      string `json:"file"` // relative to the target's directory
	Lines     int    `json:"lines"`
	Malformed int    `json:"malformed,omitempty"` // of those, as the go command does not write them: not checked
	Evidence  string `json:"evidence"`
}

// SumDBModule is the state of one module version, over all lines that name it.
type SumDBModule struct {
	Module   string `json:"module"`
	Version  string `json:"version"`
	State    State  `json:"state"`
	Lines    int    `json:"lines"`            // that name it
	Reason   string `json:"reason,omitempty"` // for NotChecked and NotLogged: one of the words of reasonOf
	Detail   string `json:"detail,omitempty"` // the error behind the reason
	Record   *int64 `json:"record,omitempty"` // index in the log
	Evidence string `json:"evidence,omitempty"`
}

// State is what became of a go.sum line, or of a module version: the worst of
// its lines.
type State string

// The states of a line. There are no others, and none but a proven record that
// gives the line's very hash makes it Verified.
const (
	Verified   State = "verified"
	Mismatch   State = "mismatch"
	NotLogged  State = "not-logged"
	NotChecked State = "not-checked"
)

// SumDBLines counts lines by state. A line that is malformed is not checked.
type SumDBLines struct {
	Verified   int `json:"verified"`
	Mismatch   int `json:"mismatch"`
	NotLogged  int `json:"not_logged"`
	NotChecked int `json:"not_checked"`
}

func (c *SumDBLines) add(s State, n int) {
	switch s {
	case Verified:
		c.Verified += n
	case Mismatch:
		c.Mismatch += n
	case NotLogged:
		c.NotLogged += n
	default:
		c.NotChecked += n
	}
}

// Reasons why a line is not checked, beside the words of reasonOf.
const (
	reasonPrivate   = "private"   // matched by GONOSUMDB or GOPRIVATE: its name is told to nobody
	reasonOff       = "off"       // GOSUMDB=off
	reasonConfig    = "config"    // GOSUMDB or GOPROXY is invalid
	reasonMalformed = "malformed" // the line is
	reasonNotFound  = "not-found" // the log says that it has no record
	reasonNoLine    = "no-line"   // the record has no such line
)

func runSumDB(ctx context.Context, p *audit.Pass) (any, error) {
	env := audit.Facts[*EnvFacts](p, Env)
	files, err := sumFilesInForce(p.Target, env)
	if err != nil {
		return nil, unreadableSums(p.Target, err)
	}
	facts := &SumDBFacts{Logs: []SumDBLog{}, Files: []SumDBFile{}, Modules: []SumDBModule{}}
	var unreadable error // of go.mod, which hides nothing that is in go.sum
	facts.Required, unreadable = requiredModules(inForce(p.Target, env))
	for i := range files {
		f := &files[i]
		rel := relative(p.Target.Dir, f.Path)
		for j := range f.Lines {
			f.Lines[j].File = rel
		}
		facts.Files = append(facts.Files, SumDBFile{
			File: rel, Lines: len(f.Lines) + leftOut(f.Problems), Malformed: malformed(f.Problems),
			Evidence: p.Evidence("go.sum", f.Data),
		})
	}
	asker := &sumDBAsker{ctx: ctx, pass: p, facts: facts, env: env}
	err = asker.ask(linesOf(files))
	j := judgeSums(files, asker.answer) // after an error too: all lines are accounted for
	facts.Modules, facts.Lines = j.modules, j.lines
	if err != nil {
		return facts, err
	}
	asker.attach(facts.Modules)
	reportSums(p, facts, j, asker.result)
	switch {
	case unreadable != nil:
		return facts, unreadable
	case goFlag(env, "overlay") != "":
		return facts, audit.NotAssessed("sumdb/overlay", nil)
	}
	return facts, incompleteSums(facts)
}

// relative gives path relative to dir with slashes, or its last element where
// it lies elsewhere: a report names no folder that the user did not name.
func relative(dir, path string) string {
	rel, err := filepath.Rel(dir, path)
	if err != nil || !filepath.IsLocal(rel) {
		return filepath.ToSlash(filepath.Join("..", filepath.Base(path)))
	}
	return filepath.ToSlash(rel)
}

// sumAnswer is what is known of one module version: a proven record, or a
// state with its reason.
type sumAnswer struct {
	record *sumdb.Record
	state  State // where record is nil: NotLogged or NotChecked
	reason string
	detail string
}

// sumJudgement is what the lines amount to.
type sumJudgement struct {
	modules   []SumDBModule
	lines     SumDBLines
	mismatch  map[module.Version][]modgraph.SumLine
	notLogged map[module.Version][]modgraph.SumLine
	answers   map[module.Version]sumAnswer
}

// judgeSums compares lines with what the log was proven to say. It is the one
// place where a line becomes verified, in a run and when a stored report is
// checked again.
func judgeSums(files []modgraph.SumFile, answer func(module.Version) sumAnswer) *sumJudgement {
	j := &sumJudgement{
		modules:  []SumDBModule{},
		mismatch: map[module.Version][]modgraph.SumLine{}, notLogged: map[module.Version][]modgraph.SumLine{},
		answers: map[module.Version]sumAnswer{},
	}
	states := map[module.Version]*SumDBModule{}
	for _, l := range linesOf(files) {
		m := module.Version{Path: l.Module, Version: l.Version}
		a, ok := j.answers[m]
		if !ok {
			a = answer(m)
			j.answers[m] = a
		}
		state, reason := judgeLine(m, l, a)
		j.lines.add(state, 1)
		switch state {
		case Mismatch:
			j.mismatch[m] = append(j.mismatch[m], l)
		case NotLogged:
			j.notLogged[m] = append(j.notLogged[m], l)
		}
		s := states[m]
		if s == nil {
			s = &SumDBModule{Module: m.Path, Version: m.Version}
			states[m] = s
		}
		if s.Lines++; s.Lines == 1 || worse(state, s.State) {
			s.State, s.Reason, s.Detail = state, reason, a.detail
		}
	}
	for _, f := range files {
		j.lines.add(NotChecked, leftOut(f.Problems))
	}
	for _, m := range slices.SortedFunc(maps.Keys(states), compareVersions) {
		if r := j.answers[m].record; r != nil {
			states[m].Record = &r.ID
		}
		j.modules = append(j.modules, *states[m])
	}
	return j
}

// judgeLine compares one line with the record.
func judgeLine(m module.Version, l modgraph.SumLine, a sumAnswer) (State, string) {
	if a.record == nil {
		return a.state, a.reason
	}
	hash, ok := a.record.Hash(m, l.GoMod)
	switch {
	case !ok:
		return NotLogged, reasonNoLine
	case hash != l.Hash:
		return Mismatch, ""
	}
	return Verified, ""
}

// worse reports whether a tells against a module more than b.
func worse(a, b State) bool {
	order := []State{Verified, NotChecked, NotLogged, Mismatch}
	return slices.Index(order, a) > slices.Index(order, b)
}

func compareVersions(a, b module.Version) int {
	if c := strings.Compare(a.Path, b.Path); c != 0 {
		return c
	}
	return strings.Compare(a.Version, b.Version)
}

// reportSums turns what was found into findings.
func reportSums(p *audit.Pass, facts *SumDBFacts, j *sumJudgement, res *sumdb.Result) {
	evidence := map[module.Version]string{}
	for _, m := range facts.Modules {
		evidence[module.Version{Path: m.Module, Version: m.Version}] = m.Evidence
	}
	for m, lines := range j.mismatch {
		for _, l := range lines {
			logged, _ := j.answers[m].record.Hash(m, l.GoMod)
			f := sumFinding("sumdb/mismatch", m, l)
			f.Args["have"], f.Args["logged"], f.Args["log"] = l.Hash, logged, facts.Logs[0].Name
			f.Evidence = []string{evidence[m]}
			p.Report(f)
		}
	}
	for m, lines := range j.notLogged {
		f := sumFinding("sumdb/not-logged", m, lines[0])
		f.Args["log"], f.Args["url"] = facts.Logs[0].Name, facts.Logs[0].URL
		p.Report(f)
	}
	for pattern, names := range privateModules(facts) {
		p.Report(audit.Finding{
			Rule:    "sumdb/private",
			Subject: privateSubject(pattern),
			Args:    audit.Args{"pattern": pattern, "count": len(names), "modules": names},
		})
	}
	if res == nil {
		return
	}
	for _, v := range res.Violations {
		f := audit.Finding{
			Rule:    "sumdb/" + string(v.Kind),
			Subject: audit.Subject{Kind: "log", Name: facts.Logs[0].Name},
			Args:    audit.Args{"log": facts.Logs[0].Name, "url": facts.Logs[0].URL, "what": v.Subject, "detail": v.Detail},
		}
		for _, data := range v.Evidence {
			f.Evidence = append(f.Evidence, p.Evidence("sumdb-answer", data))
		}
		p.Report(f)
	}
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

// sumFinding is a finding about a module at a line of a go.sum file.
func sumFinding(rule string, m module.Version, l modgraph.SumLine) audit.Finding {
	entry := m.Version
	if l.GoMod {
		entry += "/go.mod"
	}
	return audit.Finding{
		Rule:     rule,
		Subject:  audit.Subject{Kind: "module", Name: m.String()},
		Args:     audit.Args{"module": m.Path, "version": m.Version, "entry": m.Path + " " + entry, "file": l.File},
		Location: &audit.Location{File: l.File, Line: l.Line},
	}
}

// incompleteSums says what was left open. Lines of private modules were left
// out by the user's own word, and are a finding; where nothing at all was
// verified, that is no pass either.
func incompleteSums(facts *SumDBFacts) error {
	reasons := map[string]int{}
	private := false
	for _, m := range facts.Modules {
		if m.State == NotChecked && m.Reason != reasonPrivate {
			reasons[m.Reason] += m.Lines
		}
		private = private || m.Reason == reasonPrivate
	}
	for _, f := range facts.Files {
		if f.Malformed > 0 {
			reasons[reasonMalformed] += f.Malformed
		}
	}
	total := facts.Lines.Verified + facts.Lines.Mismatch + facts.Lines.NotLogged + facts.Lines.NotChecked
	switch {
	case total == 0 && facts.Required > 0:
		return audit.NotAssessed("sumdb/no-lines", audit.Args{"required": facts.Required})
	case reasons[reasonOff] > 0:
		return audit.NotAssessed("sumdb/off", audit.Args{"lines": total})
	case len(reasons) > 0:
		var list []string
		for _, r := range slices.Sorted(maps.Keys(reasons)) {
			list = append(list, fmt.Sprintf("%s: %d", r, reasons[r]))
		}
		return audit.NotAssessed("sumdb/not-checked", audit.Args{"lines": facts.Lines.NotChecked, "total": total, "reasons": list})
	case private && facts.Lines.NotChecked == total:
		return audit.NotAssessed("sumdb/all-private", audit.Args{"lines": total})
	}
	return nil
}

// withoutSecrets gives an error's text as a report may show it.
func withoutSecrets(err error) string { return redact.Text(err.Error()) }
