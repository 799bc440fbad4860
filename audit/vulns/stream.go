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
	Module   string   `json:"module"`
	Version  string   `json:"version,omitempty"`
	Package  string   `json:"package,omitempty"`
	Function string   `json:"function,omitempty"`
	Receiver string   `json:"receiver,omitempty"`
	Position position `json:"position,omitzero"`
}

type position struct {
	File   string `json:"filename,omitempty"` // relative to the module
	Line   int    `json:"line,omitempty"`
	Column int    `json:"column,omitempty"`
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
			if err := f.check(); err != nil || len(s.findings) >= maxFindings {
				return nil, fmt.Errorf("output of the analysis: %d findings: %w", len(s.findings), err)
			}
			s.findings = append(s.findings, *f)
		}
	}
	if !configured || !listed {
		return nil, fmt.Errorf("output of the analysis is incomplete")
	}
	return s, nil
}

// check refuses a finding that is none, and clears the positions in files that were
// generated, in a folder of this machine.
func (f *finding) check() error {
	if f.ID == "" || len(f.Trace) == 0 || len(f.Trace) > maxTrace {
		return fmt.Errorf("finding %.40q with a trace of %d", f.ID, len(f.Trace))
	}
	for i := range f.Trace {
		if p := &f.Trace[i].Position; !filepath.IsLocal(p.File) {
			*p = position{}
		}
	}
	return nil
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
		t = append(t, Frame{
			Module: x.Module, Version: x.Version, Package: x.Package, Function: x.Function, Receiver: x.Receiver,
			File: x.Position.File, Line: x.Position.Line, Column: x.Position.Column,
		})
	}
	return t
}
