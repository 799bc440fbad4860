// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package sumdb

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"
)

// Checked is what a file of evidence was found to show.
type Checked struct {
	Log      *Log
	Head     *Checkpoint     // to which the records are proven; nil for a fork
	Seen     time.Time       // when the head was seen, as a bundle's maker says
	Records  int             // proven
	Lines    []string        // of the record, where there is but one
	Subjects []Subject       // of a bundle
	Fork     *[2]*Checkpoint // the heads of a fork, the smaller tree's first
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
		return &Checked{Log: log, Head: head, Seen: e.Seen, Records: len(e.Records), Subjects: e.Subjects}, nil
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
		lines := strings.Split(strings.TrimSuffix(string(rec.Text), "\n"), "\n")
		return &Checked{Log: log, Head: head, Records: 1, Lines: lines}, nil
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
