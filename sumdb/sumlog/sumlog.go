// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

// Package sumlog is a checksum database of one's own: it keeps the log on disk,
// appends to it, and serves it as sum.golang.org is served, for the modules that
// no public database may know of.
//
// A log is a folder. Three files are the log:
//
//	records   the records' texts, one after the other: lines of go.sum, two each
//	hashes    the tree's hashes, 32 bytes each, at [tlog.StoredHashIndex]
//	head      the verifier keys in force, and the tree head that they signed
//
// Records and hashes are only ever appended to. An append goes in steps, each
// on the disk (fsync) before the next begins:
//
//  1. the records' hashes but for the first, whose place stays zero: the trace of
//     an append that is under way
//  2. the records
//  3. the new tree head, signed, as the file "head.new", and its name in the folder
//  4. the first hash, which seals the append
//  5. the rename of "head.new" to "head": the commit
//
// Nobody is told of a record, or shown a head, before the rename is on the disk
// too. So where a process is killed, or the power fails,
//
//   - before step 3 is done, nothing is signed and nothing sealed. The next
//     writer cuts off what lies behind the head, and keeps it in a file of its
//     own: a second writer may sign another tree of that size, the first one's is
//     nowhere.
//   - after step 3, everything is on the disk that the new head covers. The next
//     writer makes the hashes again, compares their root with the signed one, and
//     commits: it signs nothing.
//   - after step 5, there is nothing to do.
//
// What is sealed was signed, and may have been acknowledged. Where a hash lies
// sealed behind the head and there is no newer head to commit, an older head was
// put back, and the log takes no more records: another record in the place of the
// one that is there would be a second signed tree of the same size, a fork. Nor
// does it where records lie behind the head that have no trace: they are of
// appends that were committed, and head and hashes are older.
//
// There is one writer at a time, by a lock on the file "lock", and any number
// of readers in any processes, which need neither the lock nor a private key.
// A log must be opened to be used, and opening verifies all of it: every hash
// is computed again from the records, and the last against the signed head.
package sumlog

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/mod/module"
	"golang.org/x/mod/sumdb/tlog"
)

// A Record is what the log says of one module version.
type Record struct {
	Module module.Version
	Zip    string // hash of the module's zip: "h1:" and base64
	GoMod  string // hash of its go.mod file
}

// maxRecord bounds the text of a record, in bytes. The longest of
// sum.golang.org have some hundred.
const maxRecord = 4 << 10

// Text is the record as it is hashed into the tree: two lines of go.sum.
func (r Record) Text() []byte {
	return fmt.Appendf(nil, "%s %s %s\n%[1]s %[2]s/go.mod %[4]s\n", r.Module.Path, r.Module.Version, r.Zip, r.GoMod)
}

// Check checks that there can be such a record: a module path and a canonical
// version that the go command would ask for, and two hashes of the only
// algorithm that it knows.
func (r Record) Check() error {
	if err := CheckModule(r.Module); err != nil {
		return err
	}
	for _, hash := range []string{r.Zip, r.GoMod} {
		text, ok := strings.CutPrefix(hash, "h1:")
		raw, err := base64.StdEncoding.DecodeString(text)
		if !ok || err != nil || len(raw) != tlog.HashSize || base64.StdEncoding.EncodeToString(raw) != text {
			return fmt.Errorf("%s: malformed hash %q", r.Module, hash)
		}
	}
	if len(r.Text()) > maxRecord {
		return fmt.Errorf("%s...: record of more than %d bytes", r.Module.String()[:100], maxRecord)
	}
	return nil
}

// CheckModule checks that there can be a record of m.
func CheckModule(m module.Version) error {
	if err := module.Check(m.Path, m.Version); err != nil {
		return err
	}
	if module.CanonicalVersion(m.Version) != m.Version {
		return fmt.Errorf("%s: not a canonical version", m)
	}
	if module.IsPseudoVersion(m.Version) {
		_, err1 := module.PseudoVersionTime(m.Version)
		_, err2 := module.PseudoVersionBase(m.Version)
		if err := errors.Join(err1, err2); err != nil {
			return fmt.Errorf("%s: %w", m, err)
		}
	}
	return nil
}

// A RefusedError is the log's answer to a hash that is not the one it has: a
// version's hashes never change.
type RefusedError struct {
	ID      int64  // of the record that stands; -1: it stands in the same batch
	Logged  Record // the record that stands
	Offered Record // the one refused
}

// Error names the version and both hashes that differ.
func (e *RefusedError) Error() string {
	what, logged, offered := "", e.Logged.Zip, e.Offered.Zip
	if logged == offered {
		what, logged, offered = "/go.mod", e.Logged.GoMod, e.Offered.GoMod
	}
	where := fmt.Sprintf("record %d", e.ID)
	if e.ID < 0 {
		where = "the same batch"
	}
	return fmt.Sprintf("%s%s is %s in %s and cannot become %s: what is logged never changes", e.Logged.Module, what, logged, where, offered)
}

// A DamageError is a log that is not what its head signed, or has no valid
// head. Nothing is served or appended then.
type DamageError struct {
	File   string // path of the file
	Detail string // what is wrong
}

// Error names the file.
func (e *DamageError) Error() string { return e.File + ": " + e.Detail }

// A RollbackError is a head on the disk that does not extend the one that was
// read before: an older copy was put back, or the log was made anew. To go on
// from it would sign a second tree of the same size.
type RollbackError struct {
	File         string // path of the head
	Served, Size int64  // number of records of the head read before, and now
}

// Error gives both sizes.
func (e *RollbackError) Error() string {
	return fmt.Sprintf("%s: a tree of %d records in place of another of %d: was an older copy put back?", e.File, e.Size, e.Served)
}
