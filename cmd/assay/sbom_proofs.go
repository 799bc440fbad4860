// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/goassay/assay/audit"
	"github.com/goassay/assay/audit/checks"
	"github.com/goassay/assay/sbom"
)

// bundle is a file of proofs beside a document.
type bundle struct {
	file string
	data []byte // nil: there is none
}

// reference is how a document names the file.
func (b bundle) reference() sbom.Reference {
	sum := sha256.Sum256(b.data)
	return sbom.Reference{
		Type: "evidence", URL: filepath.Base(b.file), Comment: "proofs of inclusion in the checksum database",
		Hashes: []sbom.Hash{{Algorithm: "SHA-256", Value: hex.EncodeToString(sum[:])}},
	}
}

// checkProofs demands that the file of proofs stands beside each document: a
// document names it, and no folder.
func (s *sbomFlags) checkProofs(docs []document) error {
	if s.proofs == "" {
		return nil
	}
	if !strings.HasSuffix(s.proofs, ".proofs") {
		return usagef("", "--proofs %s: does not end in .proofs", s.proofs)
	}
	for _, d := range docs {
		if d.file == "" || filepath.Dir(d.file) != filepath.Dir(s.proofs) {
			return usagef("write both with -o and --proofs into one folder", "--proofs %s: not beside the document", s.proofs)
		}
	}
	return writable(s.proofs)
}

// sbomProofs makes the bundle of proofs of a run. Without one, which is said,
// the document names none.
func (inv *invocation) sbomProofs(ctx context.Context, rep *audit.Report, target *audit.Target, kept *memory) ([]byte, error) {
	var facts checks.SumDBFacts
	if raw, ok := rep.Facts[checks.SumDB.ID]; ok {
		if err := json.Unmarshal(raw, &facts); err != nil {
			return nil, err
		}
	}
	evidence, err := checks.SumDBEvidence(ctx, target, &facts, rep.Finished, func(digest string) []byte { return kept.data[digest] })
	if err != nil {
		fmt.Fprintf(inv.stderr, "assay: %s: %s\n", inv.say(text{"no proofs were written", "未写出证明"}), clean(err.Error()))
		return nil, ctx.Err()
	}
	return evidence, nil
}
