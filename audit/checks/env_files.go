// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package checks

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/goassay/assay/audit"
	"github.com/goassay/assay/audit/goenv"
)

// userFile judges the file that GOENV names, which the go command reads
// without ever complaining.
func (j envJudge) userFile() {
	f := &j.facts.UserFile
	if f.State == goenv.FileUnreadable {
		j.file("env/user-unreadable", "", 0, audit.Args{"reason": f.Reason})
	}
	for _, i := range f.Ignored {
		j.file("env/user-ignored", fmt.Sprint("line ", i.Line), i.Line, audit.Args{"text": i.Text.String()})
	}
	for _, s := range f.Settings {
		nearest := goenv.Nearest(s.Name)
		args := audit.Args{"name": s.Name, "value": s.Value.String(), "nearest": nearest}
		switch value := s.Value.Raw(); {
		case s.Name == "GOENV" || s.Name == "GODEBUG":
			j.file("env/user-ineffective", s.Name, s.Line, args)
		case nearest == "":
			j.file("env/user-unknown", s.Name, s.Line, args)
		case nearest != s.Name:
			j.file("env/user-typo", s.Name, s.Line, args)
		case strings.HasPrefix(s.Name, "GO") && s.Name != "GOFLAGS" && value != strings.Trim(value, " \t\r\"'"):
			args["quoted"] = fmt.Sprintf("%q", s.Value.String())
			j.file("env/user-literal", s.Name, s.Line, args)
		}
	}
}

// file reports on the user's file, whose path is shown only when it lies in
// the target, as a location.
func (j envJudge) file(rule, part string, line int, args audit.Args) {
	args["line"] = line
	f := audit.Finding{Rule: rule, Subject: audit.Subject{Kind: "environment", Name: strings.TrimSpace("GOENV " + part)}, Args: args}
	if rel, err := filepath.Rel(j.p.Target.Dir, j.facts.UserFile.Path); err == nil && filepath.IsLocal(rel) {
		f.Location = &audit.Location{File: filepath.ToSlash(rel), Line: line}
	}
	j.p.Report(f)
}

// gorootFile judges $GOROOT/go.env against the release's.
func (j envJudge) gorootFile() {
	f := &j.facts.GorootFile
	if f.Release != goenv.Edited {
		return
	}
	report := func(rule, subject string, args audit.Args) {
		args["go"], args["sha256"] = j.facts.Raw("GOVERSION"), f.SHA256
		j.p.Report(audit.Finding{Rule: rule, Subject: audit.Subject{Kind: "environment", Name: strings.TrimSpace("$GOROOT/go.env " + subject)}, Args: args})
	}
	if f.State == goenv.FileMissing {
		report("env/goenv-missing", "", audit.Args{})
		return
	}
	if len(f.Changes) == 0 {
		report("env/goenv-comment", "", audit.Args{})
	}
	for _, c := range f.Changes {
		rule := "env/goenv-edited"
		if c.Name == "GOTOOLCHAIN" && c.Value.Raw() == "local" {
			rule = "env/goenv-toolchain" // what Linux distributions do
		}
		report(rule, c.Name, audit.Args{"name": c.Name, "value": c.Value.String()})
	}
}
