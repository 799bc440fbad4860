// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package sbom

import (
	"bytes"
	"fmt"
	"strings"
)

// Unidentified stands in a document for its ID while that is not known: a nil
// UUID (RFC 9562, section 5.9), which no document has.
const Unidentified = "urn:uuid:00000000-0000-0000-0000-000000000000"

// Identify gives a written document the ID that is derived from its content:
// the name-based UUID of the bytes in which [Unidentified] stands wherever the
// ID is to stand. The same content has the same ID, and each byte counts.
func Identify(document []byte) (identified []byte, id string) {
	id = "urn:uuid:" + uuid5(document)
	return bytes.ReplaceAll(document, []byte(Unidentified), []byte(id)), id
}

// VerifyID proves that a written document is unchanged since [Identify] gave it
// its ID. The error wraps [ErrAltered] if it is not, and likewise if the ID was
// never derived from the content, as other tools' are not. This is no
// signature: whoever changes a document can give it another ID.
func VerifyID(document []byte, id string) error {
	if len(id) != len(Unidentified) || !strings.HasPrefix(id, "urn:uuid:") { // to replace a shorter one could need any memory
		return fmt.Errorf("verify bill of materials %.100q: %w", id, ErrAltered)
	}
	content := bytes.ReplaceAll(document, []byte(id), []byte(Unidentified))
	if bytes.Contains(document, []byte(Unidentified)) || "urn:uuid:"+uuid5(content) != id {
		return fmt.Errorf("verify bill of materials %q: %w", id, ErrAltered)
	}
	return nil
}
