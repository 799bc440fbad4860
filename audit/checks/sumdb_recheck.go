// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package checks

import (
	"encoding/json"
	"errors"
	"fmt"

	"golang.org/x/mod/module"

	"github.com/goassay/assay/audit"
	"github.com/goassay/assay/audit/modgraph"
	"github.com/goassay/assay/sumdb"
)

// recheckSumDB derives the states of all lines again from the evidence alone:
// the go.sum files, and a proof for each module version. Why a line was not
// checked, and that the log said it has no record, cannot be derived.
func recheckSumDB(raw json.RawMessage, evidence func(string) ([]byte, error)) error {
	r := sumRecheck{evidence: evidence, stored: map[module.Version]SumDBModule{}}
	if err := json.Unmarshal(raw, &r.facts); err != nil {
		return err
	}
	files, err := r.files()
	if err != nil {
		return err
	}
	if r.log, err = recheckLog(r.facts.Logs); err != nil {
		return err
	}
	for _, m := range r.facts.Modules {
		v := module.Version{Path: m.Module, Version: m.Version}
		if _, ok := r.stored[v]; ok {
			r.fail("%s: the report has it twice", v)
		}
		r.stored[v] = m
	}
	r.compare(judgeSums(files, r.answer))
	return errors.Join(r.errs...)
}

// sumRecheck is one derivation of stored facts from their evidence.
type sumRecheck struct {
	facts    SumDBFacts
	evidence func(string) ([]byte, error)
	log      *sumdb.Log // nil: the facts name none
	stored   map[module.Version]SumDBModule
	errs     []error
}

func (r *sumRecheck) fail(format string, args ...any) {
	r.errs = append(r.errs, fmt.Errorf(format, args...))
}

// files reads the go.sum files that were kept.
func (r *sumRecheck) files() ([]modgraph.SumFile, error) {
	var files []modgraph.SumFile
	for _, f := range r.facts.Files {
		data, err := r.evidence(f.Evidence)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.File, err)
		}
		file := modgraph.SumFile{Data: data}
		file.Lines, file.Problems = modgraph.ParseSums(f.File, data)
		files = append(files, file)
		if n, m := len(file.Lines)+leftOut(file.Problems), malformed(file.Problems); n != f.Lines || m != f.Malformed {
			r.fail("%s: the report counts %d lines, %d of them malformed, the evidence has %d and %d", f.File, f.Lines, f.Malformed, n, m)
		}
	}
	return files, nil
}

// answer is what the evidence shows of m. Of what was not shown then, only the
// report's own word can be had, and that is never that it was verified.
func (r *sumRecheck) answer(m module.Version) sumAnswer {
	was := r.stored[m]
	switch {
	case was.Evidence == "" && was.State == NotLogged && was.Reason == reasonNotFound:
		return sumAnswer{state: NotLogged, reason: was.Reason} // a finding, and no pass
	case was.Evidence == "":
		return sumAnswer{state: NotChecked, reason: was.Reason}
	}
	rec, err := recheckProof(r.log, r.facts.Logs, m, was.Evidence, r.evidence)
	if err != nil {
		r.fail("%s: %w", m, err)
		return sumAnswer{state: NotChecked, reason: "proof"}
	}
	return sumAnswer{record: rec}
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
		case was.State != now.State || was.Reason != now.Reason || was.Lines != now.Lines:
			r.fail("%s: the report says %q (%s, %d lines), the evidence says %q (%s, %d lines)",
				m, was.State, was.Reason, was.Lines, now.State, now.Reason, now.Lines)
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
			out = append(out, audit.Finding{Rule: "sumdb/mismatch", Subject: subject})
		case NotLogged:
			out = append(out, audit.Finding{Rule: "sumdb/not-logged", Subject: subject})
		}
	}
	for pattern := range privateModules(&facts) {
		out = append(out, audit.Finding{Rule: "sumdb/private", Subject: privateSubject(pattern)})
	}
	return out, incompleteSums(&facts)
}

// recheckLog opens the log of a stored report and the head that it names. A log
// that is known by name must have the known key.
func recheckLog(logs []SumDBLog) (*sumdb.Log, error) {
	switch len(logs) {
	case 0:
		return nil, nil
	case 1:
	default:
		return nil, errors.New("the report names more than one log")
	}
	l := logs[0]
	log, err := sumdb.ParseLog(l.Key)
	if err != nil {
		return nil, err
	}
	if log.Name != l.Name || log.Key != l.Key {
		return nil, fmt.Errorf("the report's key for %s is that of %s", l.Name, log.Name)
	}
	if known, err := sumdb.ParseLog(log.Name); err == nil && known.Key != log.Key {
		return nil, fmt.Errorf("the report's key for %s is not the known one", log.Name)
	}
	if l.Signed == "" && l.Size == 0 && l.Root == "" {
		return log, nil // no head was had
	}
	head, err := log.OpenCheckpoint([]byte(l.Signed))
	if err != nil {
		return nil, err
	}
	if head.Size != l.Size || head.Root.String() != l.Root {
		return nil, errors.New("the signed tree head is another than the report says")
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
