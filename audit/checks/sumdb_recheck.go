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
	var facts SumDBFacts
	if err := json.Unmarshal(raw, &facts); err != nil {
		return err
	}
	var errs []error
	fail := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	var files []modgraph.SumFile
	for _, f := range facts.Files {
		data, err := evidence(f.Evidence)
		if err != nil {
			return fmt.Errorf("%s: %w", f.File, err)
		}
		file := modgraph.SumFile{Data: data}
		file.Lines, file.Problems = modgraph.ParseSums(f.File, data)
		files = append(files, file)
		if n, m := len(file.Lines)+leftOut(file.Problems), malformed(file.Problems); n != f.Lines || m != f.Malformed {
			fail("%s: the report counts %d lines, %d of them malformed, the evidence has %d and %d", f.File, f.Lines, f.Malformed, n, m)
		}
	}
	log, err := recheckLog(facts.Logs)
	if err != nil {
		return err
	}
	stored := map[module.Version]SumDBModule{}
	for _, m := range facts.Modules {
		v := module.Version{Path: m.Module, Version: m.Version}
		if _, ok := stored[v]; ok {
			fail("%s: the report has it twice", v)
		}
		stored[v] = m
	}
	j := judgeSums(files, func(m module.Version) sumAnswer {
		was := stored[m]
		switch {
		case was.Evidence == "" && was.State == NotLogged && was.Reason == reasonNotFound:
			return sumAnswer{state: NotLogged, reason: was.Reason} // a finding, and no pass
		case was.Evidence == "":
			return sumAnswer{state: NotChecked, reason: was.Reason}
		}
		rec, err := recheckProof(log, facts.Logs, m, was.Evidence, evidence)
		if err != nil {
			fail("%s: %w", m, err)
			return sumAnswer{state: NotChecked, reason: "proof"}
		}
		return sumAnswer{record: rec}
	})
	for _, now := range j.modules {
		m := module.Version{Path: now.Module, Version: now.Version}
		was, ok := stored[m]
		delete(stored, m)
		switch {
		case !ok:
			fail("%s: the report leaves it out", m)
		case was.State != now.State || was.Reason != now.Reason || was.Lines != now.Lines:
			fail("%s: the report says %q, the evidence says %q", m, was.State, now.State)
		case (was.Record == nil) != (now.Record == nil) || was.Record != nil && *was.Record != *now.Record:
			fail("%s: the report names another record than the evidence", m)
		}
	}
	for m := range stored {
		fail("%s: no file has a line for it", m)
	}
	if facts.Lines != j.lines {
		fail("the report counts %+v lines, the evidence %+v", facts.Lines, j.lines)
	}
	return errors.Join(errs...)
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
