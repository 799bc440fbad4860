// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"unicode/utf16"

	"github.com/goassay/assay/audit"
)

// writeJSON writes the report itself, indented. It validates against [Schema].
func writeJSON(buf *bytes.Buffer, rep *audit.Report) error {
	r := *rep
	if r.Checks == nil {
		r.Checks = []audit.CheckResult{}
	}
	if r.Findings == nil {
		r.Findings = []audit.Finding{}
	}
	if r.Facts == nil {
		r.Facts = map[string]json.RawMessage{}
	}
	if r.Evidence == nil {
		r.Evidence = []audit.EvidenceRef{}
	}
	return encodeJSON(buf, &r)
}

// encodeJSON writes v, indented, with a newline at the end. Characters that do
// not print are escaped also where JSON does not ask for it: a report may be
// shown on a terminal, and some of them act there.
func encodeJSON(buf *bytes.Buffer, v any) error {
	var raw bytes.Buffer
	enc := json.NewEncoder(&raw)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		return err
	}
	for _, r := range raw.String() {
		switch {
		case r == '\n' || strconv.IsPrint(r):
			buf.WriteRune(r)
		case r < 0x10000:
			fmt.Fprintf(buf, `\u%04x`, r)
		default:
			hi, lo := utf16.EncodeRune(r)
			fmt.Fprintf(buf, `\u%04x\u%04x`, hi, lo)
		}
	}
	return nil
}
