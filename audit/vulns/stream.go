// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package vulns

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"strings"
)

// A stream is what the analysis of source printed: a series of messages, each with one
// field (golang.org/x/vuln/internal/govulncheck, protocol v1.0.0). Unknown messages and
// fields are passed over.
type stream struct {
	goVersion string
	level     string
	modules   []Module // that it looked up; those that were replaced as what they were replaced by
	findings  []finding
}

// A finding is a vulnerability at one of its reaches: the last frame with a function is
// where the program begins, and the first is the vulnerable one.
type finding struct {
	ID    string  `json:"osv"`
	Trace []frame `json:"trace"`
}

type frame struct {
	Module   string `json:"module"`
	Version  string `json:"version"`
	Package  string `json:"package"`
	Function string `json:"function"`
	Receiver string `json:"receiver"`
	Position struct {
		File   string `json:"filename"`
		Line   int    `json:"line"`
		Column int    `json:"column"`
	} `json:"position"`
}

// Bounds of a stream.
const (
	maxFindings = 1_000_000
	maxTrace    = 10_000
)

// decodeStream reads a stream to its end. One that is cut short within a message, or has
// not said what it looked up, is an error.
func decodeStream(raw []byte) (*stream, error) {
	s := &stream{}
	configured, listed := false, false
	for d := json.NewDecoder(bytes.NewReader(raw)); ; {
		var m struct {
			Config *struct {
				Protocol  string `json:"protocol_version"`
				GoVersion string `json:"go_version"`
				Level     string `json:"scan_level"`
			} `json:"config"`
			SBOM *struct {
				Modules []Module `json:"modules"`
			} `json:"SBOM"`
			Finding *finding `json:"finding"`
		}
		if err := d.Decode(&m); err == io.EOF {
			break
		} else if err != nil {
			return nil, fmt.Errorf("output of the analysis: %w", err)
		}
		if m.Config != nil {
			if !strings.HasPrefix(m.Config.Protocol, "v1.") {
				return nil, fmt.Errorf("output of the analysis in version %.20q", m.Config.Protocol)
			}
			configured, s.goVersion, s.level = true, m.Config.GoVersion, m.Config.Level
		}
		if m.SBOM != nil {
			listed, s.modules = true, append(s.modules, m.SBOM.Modules...)
		}
		if f := m.Finding; f != nil {
			if f.ID == "" || len(f.Trace) == 0 || len(f.Trace) > maxTrace || len(s.findings) >= maxFindings {
				return nil, fmt.Errorf("output of the analysis: finding %.40q with a trace of %d", f.ID, len(f.Trace))
			}
			s.findings = append(s.findings, *f)
		}
	}
	if !configured || !listed {
		return nil, fmt.Errorf("output of the analysis is incomplete")
	}
	return s, nil
}

// reach is that of a finding.
func (f *finding) reach() Reach {
	switch first := f.Trace[0]; {
	case first.Function != "":
		return Called
	case first.Package != "":
		return Imported
	}
	return Required
}

// symbol is the vulnerable function, as a database writes it.
func (f *finding) symbol() Symbol {
	first := f.Trace[0]
	name := withoutTypeArguments(first.Function)
	if r := withoutTypeArguments(strings.TrimPrefix(first.Receiver, "*")); r != "" {
		name = r + "." + name
	}
	return Symbol{first.Package, name}
}

// trace returns the calls from the entry point on.
func (f *finding) trace() Trace {
	t := make(Trace, 0, len(f.Trace))
	for i := len(f.Trace) - 1; i >= 0; i-- {
		x := f.Trace[i]
		if !filepath.IsLocal(x.Position.File) { // it was generated, in a folder of this machine
			x.Position.File, x.Position.Line, x.Position.Column = "", 0, 0
		}
		t = append(t, Frame{
			Module: x.Module, Version: x.Version, Package: x.Package, Function: x.Function, Receiver: x.Receiver,
			File: x.Position.File, Line: x.Position.Line, Column: x.Position.Column,
		})
	}
	return t
}
