// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package sumdb

import (
	"bytes"
	"encoding/base64"
	"fmt"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// A Checkpoint is a tree head that carries the log's valid signature.
type Checkpoint struct {
	Size   int64     // number of records
	Root   tlog.Hash // RFC 6962 tree hash over them
	Signed []byte    // the signed note, as served, but for signatures that the log's key does not verify
}

const (
	// maxCheckpoint bounds a signed tree head, in bytes. One of sum.golang.org
	// has 170.
	maxCheckpoint = 8 << 10

	// maxSize bounds the records of a tree. Near the largest int64, package
	// tlog does not end.
	maxSize = 1 << 60
)

// OpenCheckpoint verifies the signature on a tree head and reads it.
// The error is a [*Violation].
func (l *Log) OpenCheckpoint(signed []byte) (*Checkpoint, error) {
	fail := func(detail string) error {
		return &Violation{Kind: BadSignature, Subject: "latest", Detail: detail, Evidence: [][]byte{signed}}
	}
	if len(signed) > maxCheckpoint {
		return nil, fail(fmt.Sprintf("tree head of %d bytes", len(signed)))
	}
	n, err := note.Open(signed, note.VerifierList(l.Verifier))
	if err != nil {
		return nil, fail(err.Error())
	}
	for _, sig := range append(n.Sigs, n.UnverifiedSigs...) {
		if raw, err := base64.StdEncoding.DecodeString(sig.Base64); err != nil || base64.StdEncoding.EncodeToString(raw) != sig.Base64 {
			return nil, fail("signature is not in canonical base64") // else two notes would carry one signature
		}
	}
	tree, err := tlog.ParseTree([]byte(n.Text))
	if err != nil {
		return nil, fail(err.Error())
	}
	if tree.N > maxSize {
		return nil, fail(fmt.Sprintf("tree of %d records", tree.N))
	}
	if empty, err := tlog.TreeHash(0, nil); err != nil || tree.N == 0 && tree.Hash != empty {
		return nil, &Violation{Kind: BadTree, Subject: "latest", Detail: "a signed empty tree whose root is not the hash of nothing", Evidence: [][]byte{signed}}
	}
	return &Checkpoint{Size: tree.N, Root: tree.Hash, Signed: ownNote(n)}, nil
}

// ownNote writes a note again with the signatures alone that were verified:
// nothing covers the others.
func ownNote(n *note.Note) []byte {
	var b bytes.Buffer
	b.WriteString(n.Text + "\n")
	for _, sig := range n.Sigs {
		fmt.Fprintf(&b, "— %s %s\n", sig.Name, sig.Base64)
	}
	return b.Bytes()
}
