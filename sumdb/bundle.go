// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package sumdb

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/module"
	"golang.org/x/mod/sumdb/tlog"
)

// bundleForm is the first line of a bundle.
const bundleForm = "assay.sumdb-bundle/v1"

// A Bundle shows, without any network, that the hashes that subjects carry are
// in a log: many records proven to one signed tree head, with every shared hash
// stored once. docs/evidence-formats.md describes its text.
type Bundle struct {
	Key        string    // verifier key of the log: name+hash+key
	Seen       time.Time // when the head was seen, says whoever made the bundle
	Checkpoint []byte    // the signed tree head, with the log's own signature alone
	Records    []BundledRecord
	Hashes     []tlog.Hash // the multi-proof of the records
	Subjects   []Subject

	trailer *trailer // as read; nil if the bundle was made
}

// A BundledRecord is one record of a bundle.
type BundledRecord struct {
	ID   int64
	Text []byte // lines of go.sum, as hashed into the tree
}

// NewBundle makes a bundle of proofs, which must all lead to one tree head. The
// proofs and the form of the subjects are not verified; [Bundle.Verify] does it.
func NewBundle(log *Log, proofs []*Proof, subjects []Subject, seen time.Time) (*Bundle, error) {
	if len(proofs) == 0 {
		return nil, errors.New("a bundle of no proof")
	}
	proofs = slices.Clone(proofs)
	slices.SortFunc(proofs, func(a, b *Proof) int { return cmp.Compare(a.ID, b.ID) })
	proofs = slices.CompactFunc(proofs, func(a, b *Proof) bool { return a.ID == b.ID && bytes.Equal(a.Text, b.Text) })
	cp, err := log.OpenCheckpoint(proofs[0].Checkpoint)
	if err != nil {
		return nil, err
	}
	b := &Bundle{Key: log.Key, Seen: seen.UTC().Truncate(time.Second), Checkpoint: cp.Signed, Subjects: subjects}
	var ids []int64
	var paths []tlog.RecordProof
	for i, p := range proofs {
		switch {
		case i > 0 && p.ID == proofs[i-1].ID:
			return nil, fmt.Errorf("two texts of record %d", p.ID)
		case !bytes.Equal(p.Checkpoint, proofs[0].Checkpoint):
			return nil, errors.New("proofs lead to several tree heads")
		}
		b.Records = append(b.Records, BundledRecord{p.ID, p.Text})
		ids, paths = append(ids, p.ID), append(paths, p.Hashes)
	}
	b.Hashes, err = multiProof(cp.Size, ids, paths)
	return b, err
}

// MarshalText writes the bundle. The same bundle is always the same bytes.
func (b *Bundle) MarshalText() ([]byte, error) { return seal(b.body()), nil }

func (b *Bundle) body() []byte {
	var w bytes.Buffer
	fmt.Fprintf(&w, "%s\nlog %s\nseen %s\n\n%s\n", bundleForm, b.Key, b.Seen.Format(time.RFC3339), b.Checkpoint)
	fmt.Fprintf(&w, "records %d\n", len(b.Records))
	for _, r := range b.Records {
		fmt.Fprintf(&w, "%d\n%s", r.ID, r.Text)
	}
	fmt.Fprintf(&w, "\nhashes %d\n", len(b.Hashes))
	writeHashes(&w, b.Hashes)
	for _, s := range b.Subjects {
		fmt.Fprintf(&w, "\nsubject %s %s %s\n", s.Kind, s.Digest, strconv.QuoteToASCII(s.Name))
		for _, line := range s.Lines {
			fmt.Fprintln(&w, line)
		}
		for _, u := range s.Unproven {
			fmt.Fprintf(&w, "unproven %s %s\n", u.Reason, strconv.QuoteToASCII(u.Line))
		}
	}
	return w.Bytes()
}

func writeHashes(w *bytes.Buffer, hashes []tlog.Hash) {
	for _, h := range hashes {
		fmt.Fprintln(w, base64.StdEncoding.EncodeToString(h[:]))
	}
}

// seal adds an empty line and the last line of a bundle and of a fork: the
// digest of all before it. It shows accidents in what no signature covers, such
// as names.
func seal(body []byte) []byte {
	body = append(body, '\n')
	return fmt.Appendf(body, "sha256 %x\n", sha256.Sum256(body))
}

// trailer is the digest in the last line of a file.
type trailer [sha256.Size]byte

// fits reports whether it is the digest of a body. What was made and not read
// has no trailer yet, and gets the one that fits.
func (t *trailer) fits(body []byte) bool {
	return t == nil || *t == sha256.Sum256(append(body, '\n'))
}

// errOwnNote is a tree head with a signature that nothing covers: it could be
// changed, and the evidence would still hold.
var errOwnNote = errors.New("it has another signature than the log's")

// errTrailer is a digest that does not fit where everything else does.
var errTrailer = errors.New("no signed part was changed, but a name, a time, a reason or the digest itself was")

// An InvalidEvidenceError says what in a file of evidence does not hold, and
// where.
type InvalidEvidenceError struct {
	Line int // from 1; 0: no single one
	Part string
	Err  error
}

// Error gives the line, the part, and what is wrong.
func (e *InvalidEvidenceError) Error() string {
	if e.Line == 0 {
		return fmt.Sprintf("%s: %v", e.Part, e.Err)
	}
	return fmt.Sprintf("line %d: %s: %v", e.Line, e.Part, e.Err)
}

// Unwrap gives the cause.
func (e *InvalidEvidenceError) Unwrap() error { return e.Err }

// Verify verifies the log's signature, that there are records, that each is in
// the signed tree and about a module version of its own, that each hash of a
// subject is what a record says, and that none of those that the bundle calls unproven
// is of something that a record gives a hash of. No subject is compared with a file:
// [CompareSubjects] does it. It returns the tree head. The error is an
// [*InvalidEvidenceError].
func (b *Bundle) Verify(log *Log) (*Checkpoint, error) {
	if b.Key != log.Key {
		return nil, &InvalidEvidenceError{Part: "log", Err: fmt.Errorf("the key is not that of %s that is trusted", log.Name)}
	}
	cp, err := log.OpenCheckpoint(b.Checkpoint)
	if err != nil {
		return nil, &InvalidEvidenceError{Part: "tree head", Err: err}
	}
	if !bytes.Equal(cp.Signed, b.Checkpoint) {
		return nil, &InvalidEvidenceError{Part: "tree head", Err: errOwnNote}
	}
	said, err := b.said()
	if err != nil {
		return nil, err
	}
	lines := 0
	for _, s := range b.Subjects {
		lines += len(s.Lines) + len(s.Unproven)
	}
	if len(b.Subjects) > maxSubjects || lines > maxSubjectLines {
		return nil, &InvalidEvidenceError{Part: "subjects", Err: fmt.Errorf("%d with %d lines: more than %d, or than %d", len(b.Subjects), lines, maxSubjects, maxSubjectLines)}
	}
	for _, s := range b.Subjects { // first, because it names the place most exactly
		if err := s.check(); err != nil {
			return nil, &InvalidEvidenceError{Part: "subject " + escaped(s.Name), Err: err}
		}
		if err := said.check(&s); err != nil {
			return nil, &InvalidEvidenceError{Part: "subject " + escaped(s.Name), Err: err}
		}
	}
	if err := b.verifyRecords(cp); err != nil {
		return nil, err
	}
	if !b.trailer.fits(b.body()) {
		return nil, &InvalidEvidenceError{Part: "digest", Err: errTrailer}
	}
	return cp, nil
}

// sayings is what records say, by the first two words of their lines.
type sayings map[string]saying

// saying is the last word of a record's line.
type saying struct {
	hash   string
	record int64
}

// said gathers the lines of all records, each of which must be about one module
// version, and no two about the same.
func (b *Bundle) said() (sayings, error) {
	if len(b.Records) == 0 {
		return nil, &InvalidEvidenceError{Part: "records", Err: errors.New("there are none: nothing is proven")}
	}
	said := sayings{}
	about := map[module.Version]int64{}
	for _, r := range b.Records {
		m := recordModule(r.Text)
		if err := checkRecordText(m, r.Text); err != nil {
			return nil, &InvalidEvidenceError{Part: fmt.Sprintf("record %d", r.ID), Err: err}
		}
		if id, ok := about[m]; ok { // a log must not have them, and one of them would prove too much
			return nil, &InvalidEvidenceError{Part: fmt.Sprintf("record %d", r.ID), Err: fmt.Errorf("record %d is about %s too", id, m)}
		}
		about[m] = r.ID
		for line := range strings.Lines(string(r.Text)) {
			line = strings.TrimSuffix(line, "\n")
			if !isSumLine(line) {
				return nil, &InvalidEvidenceError{Part: fmt.Sprintf("record %d", r.ID), Err: fmt.Errorf("malformed line %q", line)}
			}
			entry, hash := cutHash(line)
			if other, ok := said[entry]; ok { // of an odd version: that of the other may end with /go.mod
				return nil, &InvalidEvidenceError{Part: fmt.Sprintf("record %d", r.ID), Err: fmt.Errorf("record %d has a line for %s too", other.record, entry)}
			}
			said[entry] = saying{hash, r.ID}
		}
	}
	return said, nil
}

// cutHash cuts a line of go.sum before its last word.
func cutHash(line string) (entry, hash string) {
	i := strings.LastIndexByte(line, ' ')
	return line[:max(i, 0)], line[i+1:]
}

// emptyGoModHash is what the go command passes over, wherever it stands: early
// versions wrote it for a go.mod file that was not there
// (cmd/go/internal/modfetch).
const emptyGoModHash = "h1:G7mAYYxgmS0lVkHyy2hEOLQCFB0DlQFTMLWggykrydY="

// check demands of a subject that records say each line, and that none says, or
// gives another hash for, what is called unproven: it would be proven then, or
// proven to differ.
func (said sayings) check(s *Subject) error {
	for _, line := range s.Lines {
		if entry, hash := cutHash(line); said[entry].hash != hash || hash == "" {
			return fmt.Errorf("no record says %q", line)
		}
	}
	for _, u := range s.Unproven {
		entry, hash := cutHash(u.Line)
		switch r, ok := said[entry]; {
		case !ok || !strings.HasPrefix(hash, "h1:") || hash == emptyGoModHash:
		case r.hash == hash:
			return fmt.Errorf("it calls %q unproven, and record %d says it", u.Line, r.record)
		default:
			return fmt.Errorf("it calls %q unproven, and record %d says %q: the hash differs from the log's", u.Line, r.record, entry+" "+r.hash)
		}
	}
	return nil
}

// recordModule is the module version that a record's first line is about.
func recordModule(text []byte) module.Version {
	f := strings.Fields(string(text[:max(bytes.IndexByte(text, '\n'), 0)]))
	if len(f) < 2 {
		return module.Version{}
	}
	return module.Version{Path: f[0], Version: strings.TrimSuffix(f[1], "/go.mod")}
}

// verifyRecords computes the root of the tree out of records and hashes.
func (b *Bundle) verifyRecords(cp *Checkpoint) error {
	var ids []int64
	var leaves []tlog.Hash
	for i, r := range b.Records {
		if r.ID < 0 || r.ID >= cp.Size || i > 0 && r.ID <= b.Records[i-1].ID {
			return &InvalidEvidenceError{Part: fmt.Sprintf("record %d", r.ID), Err: fmt.Errorf("out of order, or outside the tree of %d", cp.Size)}
		}
		ids, leaves = append(ids, r.ID), append(leaves, tlog.RecordHash(r.Text))
	}
	root, err := rootOf(cp.Size, ids, leaves, b.Hashes)
	if err == nil && root != cp.Root {
		err = fmt.Errorf("they combine to %v, the signed root is %v", root, cp.Root)
	}
	if err != nil {
		return &InvalidEvidenceError{Part: "records and hashes", Err: err}
	}
	return nil
}
