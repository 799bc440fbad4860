// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"errors"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/goassay/assay/sbom/attest"
)

// signed FILE PUB SUBJECT demands that the attestation beside a document is of the
// document, signed with a key, and of a subject: a text in the JSON of its subjects.
// With ! it demands that it is not of the document, or not signed.
func signed(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 3 {
		ts.Fatalf("usage: signed document public-key subject")
	}
	document, envelope := []byte(ts.ReadFile(args[0])), []byte(ts.ReadFile(args[0]+attestationSuffix))
	keys, err := attest.ParsePublicKeys([]byte(ts.ReadFile(args[1])))
	ts.Check(err)
	s, err := attest.Verify(envelope, keys...)
	if err == nil {
		err = s.Binds(document)
	}
	if neg {
		if !errors.Is(err, attest.ErrSignature) && !errors.Is(err, attest.ErrOther) {
			ts.Fatalf("%v", err)
		}
		return
	}
	ts.Check(err)
	subjects, err := json.Marshal(s.Subjects)
	ts.Check(err)
	if !strings.Contains(string(subjects), args[2]) {
		ts.Fatalf("subjects: %s", subjects)
	}
}
