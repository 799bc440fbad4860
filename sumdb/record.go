// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package sumdb

import (
	"bytes"
	"fmt"
	"strings"

	"golang.org/x/mod/module"
	"golang.org/x/mod/sumdb/tlog"
)

// A Record is what the log says of one module version.
type Record struct {
	ID    int64  // index of the leaf, from 0
	Text  []byte // the record's bytes: lines of go.sum, as hashed into the tree
	Proof *Proof // that the record is in the tree
}

// Hash returns the hash that the record gives for m's zip, or for its go.mod
// file, with its algorithm ("h1:..."), and whether it gives one.
func (r *Record) Hash(m module.Version, goMod bool) (string, bool) {
	prefix := m.Path + " " + m.Version
	if goMod {
		prefix += "/go.mod"
	}
	for line := range strings.Lines(string(r.Text)) {
		if hash, ok := strings.CutPrefix(line, prefix+" "); ok {
			return strings.TrimSuffix(hash, "\n"), true
		}
	}
	return "", false
}

// maxLookup bounds the answer to a lookup, in bytes: a tree head, and a record
// of the longest names and versions that modules have.
const maxLookup = 16 << 10

// lookupPath returns the path below the log's URL that is asked for m.
func lookupPath(m module.Version) (string, error) {
	path, err := module.EscapePath(m.Path)
	if err != nil {
		return "", err
	}
	version, err := module.EscapeVersion(m.Version)
	if err != nil {
		return "", err
	}
	return "lookup/" + path + "@" + version, nil
}

// parseLookup splits the answer to a lookup of m into the record, not proven
// yet, and the signed tree head behind it. The record must be about m and
// nothing else: clients that took any line of an answer were deceived
// (GO-2026-4984, GO-2026-6180).
func parseLookup(m module.Version, data []byte) (*Record, []byte, error) {
	fail := func(detail string) error {
		return &Violation{Kind: BadRecord, Subject: "lookup of " + m.String(), Detail: detail, Evidence: [][]byte{data}}
	}
	id, text, rest, err := tlog.ParseRecord(data)
	if err != nil {
		return nil, nil, fail(err.Error())
	}
	if id < 0 {
		return nil, nil, fail(fmt.Sprintf("record %d", id))
	}
	if err := checkRecordText(m, text); err != nil {
		return nil, nil, fail(err.Error())
	}
	return &Record{ID: id, Text: bytes.Clone(text)}, bytes.Clone(rest), nil
}

// checkRecordText checks that a record's text is about m alone: a line for the
// zip, a line for go.mod, each once, with a hash.
func checkRecordText(m module.Version, text []byte) error {
	seen := map[string]bool{}
	for line := range strings.Lines(string(text)) {
		f := strings.Fields(line)
		switch {
		case len(f) != 3 || line != strings.Join(f, " ")+"\n":
			return fmt.Errorf("malformed line %q", line)
		case f[0] != m.Path || f[1] != m.Version && f[1] != m.Version+"/go.mod":
			return fmt.Errorf("line for %s %s", f[0], f[1])
		case seen[f[1]]:
			return fmt.Errorf("two lines for %s %s", f[0], f[1])
		}
		seen[f[1]] = true
	}
	if len(seen) == 0 {
		return fmt.Errorf("empty record")
	}
	return nil
}
