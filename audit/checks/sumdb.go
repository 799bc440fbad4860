// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package checks

import (
	"context"
	"encoding/json"
	"errors"
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
}

// SumDBFacts is what SumDB measures.
type SumDBFacts struct {
	Logs     []SumDBLog         `json:"logs"`
	Files    []SumDBFile        `json:"files"`
	Modules  []SumDBModule      `json:"modules"`
	Lines    SumDBLines         `json:"lines"`
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
	File     string `json:"file"` // relative to the target's directory
	Lines    int    `json:"lines"`
	Evidence string `json:"evidence"`
}

// SumDBModule is the state of one module version, over all lines that name it.
type SumDBModule struct {
	Module   string `json:"module"`
	Version  string `json:"version"`
	State    State  `json:"state"`
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
	reasonNoLine    = "no-line"   // the record has no such line
)

func runSumDB(ctx context.Context, p *audit.Pass) (any, error) {
	files, err := modgraph.ReadSumFiles(p.Target.ModFile, p.Target.WorkFile)
	if err != nil {
		return nil, unreadableSums(p.Target, err)
	}
	facts := &SumDBFacts{Logs: []SumDBLog{}, Files: []SumDBFile{}, Modules: []SumDBModule{}}
	for i := range files {
		f := &files[i]
		rel := relative(p.Target.Dir, f.Path)
		for j := range f.Lines {
			f.Lines[j].File = rel
		}
		facts.Files = append(facts.Files, SumDBFile{
			File: rel, Lines: len(f.Lines) + malformed(f.Problems),
			Evidence: p.Evidence("go.sum", f.Data),
		})
	}
	env := audit.Facts[*EnvFacts](p, Env)
	asker := &sumDBAsker{ctx: ctx, pass: p, facts: facts, env: env}
	err = asker.ask(linesOf(files))
	j := judgeSums(files, asker.answer) // after an error too: all lines are accounted for
	facts.Modules, facts.Lines = j.modules, j.lines
	if err != nil {
		return facts, err
	}
	asker.attach(facts.Modules)
	reportSums(p, facts, j, asker.result)
	return facts, incompleteSums(facts, files)
}

// linesOf returns the well-formed lines of all files.
func linesOf(files []modgraph.SumFile) []modgraph.SumLine {
	var lines []modgraph.SumLine
	for _, f := range files {
		lines = append(lines, f.Lines...)
	}
	return lines
}

// malformed counts the lines that ParseSums left out.
func malformed(problems []modgraph.SumProblem) int {
	n := 0
	for _, p := range problems {
		if p.Kind != modgraph.SumDuplicate && p.Kind != modgraph.SumContradiction {
			n++
		}
	}
	return n
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
		if s := states[m]; s == nil || worse(state, s.State) {
			states[m] = &SumDBModule{Module: m.Path, Version: m.Version, State: state, Reason: reason, Detail: a.detail}
		}
	}
	for _, f := range files {
		j.lines.add(NotChecked, malformed(f.Problems))
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
		l := lines[0]
		logged, _ := j.answers[m].record.Hash(m, l.GoMod)
		f := sumFinding("sumdb/mismatch", m, l)
		f.Args["have"], f.Args["logged"], f.Args["log"] = l.Hash, logged, facts.Logs[0].Name
		f.Evidence = []string{evidence[m]}
		p.Report(f)
	}
	for m, lines := range j.notLogged {
		f := sumFinding("sumdb/not-logged", m, lines[0])
		f.Args["log"] = facts.Logs[0].Name
		p.Report(f)
	}
	private := map[string][]string{}
	for _, m := range facts.Modules {
		if m.Reason == reasonPrivate {
			private[m.Detail] = append(private[m.Detail], m.Module+"@"+m.Version)
		}
	}
	for pattern, names := range private {
		p.Report(audit.Finding{
			Rule:    "sumdb/private",
			Subject: audit.Subject{Kind: "environment", Name: "GONOSUMDB=" + pattern},
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
func incompleteSums(facts *SumDBFacts, files []modgraph.SumFile) error {
	reasons := map[string]int{}
	for _, f := range files {
		if n := malformed(f.Problems); n > 0 {
			reasons[reasonMalformed] += n
		}
	}
	for _, m := range facts.Modules {
		if m.State == NotChecked && m.Reason != reasonPrivate {
			reasons[m.Reason]++
		}
	}
	total := facts.Lines.Verified + facts.Lines.Mismatch + facts.Lines.NotLogged + facts.Lines.NotChecked
	switch {
	case reasons[reasonOff] > 0:
		return audit.NotAssessed("sumdb/off", audit.Args{"lines": total})
	case len(reasons) > 0:
		var list []string
		for _, r := range slices.Sorted(maps.Keys(reasons)) {
			list = append(list, fmt.Sprintf("%s: %d", r, reasons[r]))
		}
		return audit.NotAssessed("sumdb/not-checked", audit.Args{"lines": facts.Lines.NotChecked, "total": total, "reasons": list})
	case total > 0 && facts.Lines.NotChecked == total:
		return audit.NotAssessed("sumdb/all-private", audit.Args{"lines": total})
	}
	for _, f := range facts.Files {
		if f.Lines > 0 && total == 0 {
			return errors.New("lines were not accounted for") // cannot be: they are counted above
		}
	}
	return nil
}

// recheckSumDB derives the states of all lines again from the evidence alone:
// the go.sum files, and a proof for each module version.
func recheckSumDB(raw json.RawMessage, evidence func(string) ([]byte, error)) error {
	var facts SumDBFacts
	if err := json.Unmarshal(raw, &facts); err != nil {
		return err
	}
	var files []modgraph.SumFile
	for _, f := range facts.Files {
		data, err := evidence(f.Evidence)
		if err != nil {
			return fmt.Errorf("%s: %w", f.File, err)
		}
		file := modgraph.SumFile{Data: data}
		file.Lines, file.Problems = modgraph.ParseSums(f.File, data)
		files = append(files, file)
	}
	stored := map[module.Version]SumDBModule{}
	for _, m := range facts.Modules {
		stored[module.Version{Path: m.Module, Version: m.Version}] = m
	}
	log, err := recheckLog(facts.Logs)
	if err != nil {
		return err
	}
	var errs []error
	j := judgeSums(files, func(m module.Version) sumAnswer {
		was := stored[m]
		if was.Evidence == "" {
			return sumAnswer{state: NotChecked, reason: was.Reason, detail: was.Detail}
		}
		rec, err := recheckProof(log, facts.Logs, m, was.Evidence, evidence)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", m, err))
			return sumAnswer{state: NotChecked, reason: "proof"}
		}
		return sumAnswer{record: rec}
	})
	for _, now := range j.modules {
		m := module.Version{Path: now.Module, Version: now.Version}
		was := stored[m]
		if was.State == NotLogged && was.Evidence == "" && now.State == NotChecked {
			continue // absence cannot be proven; it is a finding and no pass
		}
		if was.State != now.State {
			errs = append(errs, fmt.Errorf("%s: the report says %q, the evidence says %q", m, was.State, now.State))
		}
	}
	was := facts.Lines
	was.NotChecked, was.NotLogged = was.NotChecked+was.NotLogged, 0
	now := j.lines
	now.NotChecked, now.NotLogged = now.NotChecked+now.NotLogged, 0
	if was != now {
		errs = append(errs, fmt.Errorf("the report counts %+v lines, the evidence %+v", facts.Lines, j.lines))
	}
	return errors.Join(errs...)
}

// recheckLog opens the log of a stored report. A log that is known by name must
// have the known key.
func recheckLog(logs []SumDBLog) (*sumdb.Log, error) {
	if len(logs) == 0 {
		return nil, nil
	}
	log, err := sumdb.ParseLog(logs[0].Key)
	if err != nil {
		return nil, err
	}
	if known, err := sumdb.ParseLog(log.Name); err == nil && known.Verifier.KeyHash() != log.Verifier.KeyHash() {
		return nil, fmt.Errorf("the report's key for %s is not the known one", log.Name)
	}
	return log, nil
}

func recheckProof(log *sumdb.Log, logs []SumDBLog, m module.Version, digest string, evidence func(string) ([]byte, error)) (*sumdb.Record, error) {
	if log == nil {
		return nil, errors.New("the report names no log")
	}
	data, err := evidence(digest)
	if err != nil {
		return nil, err
	}
	var proof sumdb.Proof
	if err := proof.UnmarshalText(data); err != nil {
		return nil, err
	}
	rec, head, err := proof.Verify(log, m)
	if err != nil {
		return nil, err
	}
	if head.Size != logs[0].Size || head.Root.String() != logs[0].Root {
		return nil, errors.New("proven to another tree head than the report names")
	}
	return rec, nil
}

// withoutSecrets gives an error's text as a report may show it.
func withoutSecrets(err error) string { return redact.Text(err.Error()) }
