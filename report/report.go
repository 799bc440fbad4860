// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

// Package report writes an [audit.Report] in the formats that people and
// programs read. Each format is a view of the same report: none knows more
// than the others, and none knows what a check measured.
//
// A report quotes strangers: module paths, messages of servers, errors of
// other programs. What of that could act on its reader (terminal escape
// sequences, bidirectional overrides, Markdown, HTML) is made visible text
// before it is written.
package report

import (
	"bytes"
	"fmt"
	"io"

	"github.com/charmbracelet/colorprofile"

	"github.com/goassay/assay/audit"
)

// Format names a way to write a report.
type Format string

// The formats.
const (
	Text     Format = "text"     // for a person at a terminal
	JSON     Format = "json"     // the report itself: the contract, see [Schema]
	SARIF    Format = "sarif"    // SARIF 2.1.0, for code scanning
	Markdown Format = "markdown" // for a comment on a change, or an audit's file
)

// Formats lists all formats.
func Formats() []Format { return []Format{Text, JSON, SARIF, Markdown} }

// Options say how to write a report. JSON and SARIF heed the catalogue alone.
type Options struct {
	// Catalogue gives what a report does not repeat: why a rule matters, and
	// the titles of clauses. Without it, that is left out.
	Catalogue *audit.Catalogue

	Width   int                  // columns of a line of text; 0 means 80
	Color   colorprofile.Profile // what the reader of text can show, see [ColorProfile]; 0 means nothing
	Verbose bool                 // every subject, every reason in full, why each rule matters
	Quiet   bool                 // the verdict and what decides it, nothing else

	// Environment makes text show the configuration of the go command, which
	// the facts of the checks env and toolchain hold.
	Environment bool

	// Endpoints makes text show what endpoints take, which the facts of the check
	// tls hold.
	Endpoints bool
}

// Write writes rep to w, in the language of rep. Nothing is written if the
// report cannot be written whole.
func Write(w io.Writer, format Format, rep *audit.Report, opts Options) error {
	var buf bytes.Buffer
	var err error
	switch format {
	case Text:
		writeText(&buf, rep, opts)
	case JSON:
		err = writeJSON(&buf, rep)
	case SARIF:
		err = writeSARIF(&buf, rep, opts.Catalogue)
	case Markdown:
		writeMarkdown(&buf, rep, opts)
	default:
		err = fmt.Errorf("unknown format %q", format)
	}
	if err != nil {
		return err
	}
	_, err = w.Write(buf.Bytes())
	return err
}
