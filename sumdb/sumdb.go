// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

// Package sumdb verifies that a checksum database, such as sum.golang.org,
// has logged the hashes of modules.
//
// A checksum database is a transparency log: an append-only Merkle tree
// (RFC 6962, section 2.1) whose leaves are records. The record of a module
// version is two lines in the format of go.sum, one for the module's zip and
// one for its go.mod file. The log signs its tree head, which commits it to
// all records: whoever holds the head can be convinced with about log2(n)
// hashes that a record is in the tree (an inclusion proof), and that a later
// head extends an earlier one (a consistency proof). A log that shows
// different trees to different clients must sign both heads and so leaves
// proof of it.
//
// The hashes of the tree are served in tiles of 256 leaves. This package
// verifies each tile once, from the signed head downwards: the tiles at the
// tree's right edge must combine to the head's root, and every other tile must
// hash to the entry in the tile above it. Every proof is then cut from verified
// tiles in memory, and checked once more by [tlog.CheckRecord].
//
// Nothing that a server, a proxy or a cache says is believed: what cannot be
// proven against a signed head never becomes a [Record].
package sumdb

import (
	"errors"
	"fmt"
	"net/url"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

// A Log is a checksum database that the go command would ask.
type Log struct {
	Name     string        // host and optional path, such as sum.golang.org
	Key      string        // verifier key: name+hash+key (golang.org/x/mod/sumdb/note)
	Verifier note.Verifier // checks its signatures
	URL      string        // where GOSUMDB says it is; "": ask the proxies, then https://Name
}

// ErrOff is returned by [ParseLog] for GOSUMDB=off.
var ErrOff = errors.New("checksum database is off")

// knownKeys has the keys that the go command knows by name
// (cmd/go/internal/modfetch/key.go).
var knownKeys = map[string]string{
	"sum.golang.org": "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8",
}

// ParseLog reads a value of GOSUMDB as the go command does: "name",
// "name+key", either followed by a URL, or "off"
// (cmd/go/internal/modfetch/sumdb.go).
func ParseLog(gosumdb string) (*Log, error) {
	if gosumdb == "sum.golang.google.cn" { // the log's address in mainland China
		gosumdb = "sum.golang.org https://sum.golang.google.cn"
	}
	fields := strings.Fields(gosumdb)
	switch {
	case gosumdb == "off":
		return nil, ErrOff
	case len(fields) == 0:
		return nil, errors.New("GOSUMDB is empty")
	case len(fields) > 2:
		return nil, errors.New("GOSUMDB has too many fields")
	}
	key := fields[0]
	if k, ok := knownKeys[key]; ok {
		key = k
	}
	v, err := note.NewVerifier(key)
	if err != nil {
		return nil, fmt.Errorf("GOSUMDB: %w", err)
	}
	log := &Log{Name: v.Name(), Key: key, Verifier: v}
	direct, err := url.Parse(log.DirectURL())
	if err != nil || strings.HasSuffix(log.Name, "/") || direct.Host == "" || direct.RawPath != "" ||
		*direct != (url.URL{Scheme: "https", Host: direct.Host, Path: direct.Path}) {
		return nil, fmt.Errorf("GOSUMDB: name %q is not host[/path]", log.Name)
	}
	if len(fields) == 2 {
		if _, err := url.Parse(fields[1]); err != nil {
			return nil, errors.New("GOSUMDB: malformed URL") // the URL may hold a password
		}
		log.URL = fields[1]
	}
	return log, nil
}

// DirectURL returns where the log is when neither GOSUMDB nor a proxy says.
func (l *Log) DirectURL() string { return "https://" + l.Name }

// Kind says how a log, or what stands between, broke its promises.
type Kind string

// The kinds of violation.
const (
	BadSignature Kind = "bad-signature"    // a tree head without the log's valid signature
	BadTree      Kind = "bad-tree"         // the tiles at the right edge do not combine to the signed root
	BadTile      Kind = "bad-tile"         // a tile is not what the tile above it says
	BadRecord    Kind = "bad-record"       // a record that is not in the signed tree, or not about the module asked for
	Duplicate    Kind = "duplicate-record" // two records in the signed tree of one module version
	Fork         Kind = "fork"             // two signed heads of which neither extends the other
)

// A Violation is an answer that an honest log never gives. It is an error of
// the log, or of a proxy that speaks for it, never of the network.
type Violation struct {
	Kind     Kind
	Subject  string   // what the answer was about: a path below the log's URL; of an earlier run's fork, its file and when it was found
	Detail   string   // what is wrong
	Evidence [][]byte // the answers that show it, such as both signed heads of a fork

	// Fork proves a fork to anybody; nil for other kinds.
	Fork *ForkProof
}

// Error names the kind and the subject.
func (v *Violation) Error() string {
	return fmt.Sprintf("%s: %s: %s", v.Subject, v.Kind, v.Detail)
}
