// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package sumdb

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"time"

	"golang.org/x/mod/module"
	"golang.org/x/mod/sumdb/note"
)

// Checked is what a file of evidence was found to show.
type Checked struct {
	Log      *Log
	Head     *Checkpoint     // to which the records are proven; nil for a fork
	Seen     time.Time       // when the head was seen, as a bundle's maker says
	Records  int             // proven
	Lines    []string        // of the record, where there is but one
	Subjects []Subject       // of a bundle, whose files were not looked at: see CompareSubjects
	Fork     *[2]*Checkpoint // the heads of a fork, the smaller tree's first

	records map[module.Version][]byte
}

// Record returns the lines that the log was shown to have of a module version;
// nil if the evidence does not say.
func (c *Checked) Record(m module.Version) []string {
	text, ok := c.records[m]
	if !ok {
		return nil
	}
	return strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
}

// CheckEvidence reads a file of evidence of any form and verifies it under the
// key of one of the logs that are trusted. The error is an
// [*InvalidEvidenceError].
func CheckEvidence(data []byte, trusted []*Log) (*Checked, error) {
	e, err := OpenEvidence(data)
	if err != nil {
		return nil, err
	}
	switch e := e.(type) {
	case *Bundle:
		log, err := trustedLog(e.Key, trusted)
		if err != nil {
			return nil, err
		}
		head, err := e.Verify(log)
		if err != nil {
			return nil, err
		}
		records := map[module.Version][]byte{}
		for _, r := range e.Records {
			records[recordModule(r.Text)] = r.Text
		}
		return &Checked{Log: log, Head: head, Seen: e.Seen, Records: len(e.Records), Subjects: e.Subjects, records: records}, nil
	case *ForkProof:
		log, err := trustedLog(e.Key, trusted)
		if err != nil {
			return nil, err
		}
		first, second, err := e.Verify(log)
		if err != nil {
			return nil, err
		}
		return &Checked{Log: log, Fork: &[2]*Checkpoint{first, second}}, nil
	case *Proof:
		return checkSingle(e, trusted)
	}
	return nil, &InvalidEvidenceError{Part: "form", Err: fmt.Errorf("%T", e)}
}

// trustedLog returns the log whose key a file names.
func trustedLog(key string, trusted []*Log) (*Log, error) {
	for _, log := range trusted {
		if log.Key == key {
			return log, nil
		}
	}
	return nil, &InvalidEvidenceError{Part: "log", Err: fmt.Errorf("the key %.200q is not one that is trusted", key)}
}

// checkSingle verifies a proof of one record, which names its log by the name
// and the hash of its key that stand in the signature.
func checkSingle(p *Proof, trusted []*Log) (*Checked, error) {
	for _, log := range trusted {
		if !signedBy(log, p.Checkpoint) {
			continue
		}
		rec, head, err := p.Verify(log, recordModule(p.Text))
		if err != nil {
			return nil, &InvalidEvidenceError{Part: "record", Err: err}
		}
		c := &Checked{Log: log, Head: head, Records: 1, records: map[module.Version][]byte{recordModule(rec.Text): rec.Text}}
		c.Lines = c.Record(recordModule(rec.Text))
		return c, nil
	}
	return nil, &InvalidEvidenceError{Part: "tree head", Err: errors.New("not signed by a log that is trusted")}
}

// signedBy reports whether a note claims the signature of the log's key.
func signedBy(log *Log, signed []byte) bool {
	prefix := fmt.Appendf(nil, "\n— %s ", log.Name)
	if !bytes.Contains(signed, prefix) {
		return false
	}
	_, err := note.Open(signed, note.VerifierList(log.Verifier))
	return err == nil
}
