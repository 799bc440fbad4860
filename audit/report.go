// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package audit

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Schema is the version of the report's format.
const Schema = "assay.report/v1"

// A Report is the result of an audit and the contract with its readers: all
// output formats are views of it.
type Report struct {
	Schema   string                     `json:"schema"`
	Tool     Tool                       `json:"tool"`
	Lang     Lang                       `json:"lang"`
	Target   TargetRef                  `json:"target"`
	Policy   PolicyRef                  `json:"policy"`
	Started  time.Time                  `json:"started"`
	Finished time.Time                  `json:"finished"`
	Verdict  Verdict                    `json:"verdict"`
	Checks   []CheckResult              `json:"checks"`
	Findings []Finding                  `json:"findings"`
	Facts    map[string]json.RawMessage `json:"facts"`
	Evidence []EvidenceRef              `json:"evidence"`
}

// A Tool names the program that made a report.
type Tool struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	Go      string `json:"go"` // the toolchain that built it
}

// A TargetRef names what was inspected, as the user named it. A report holds
// no absolute path of the machine that made it but of a file that the user named
// outside of the directory: where a finding is shown has to be found from anywhere.
type TargetRef struct {
	Dir       string   `json:"dir"`
	Checkout  string   `json:"in_checkout,omitempty"` // where in a version control checkout the directory is that files are named relative to, with slashes; "." if it is its root, "" if it is in none
	Module    string   `json:"module,omitempty"`
	SumFiles  []string `json:"sum_files,omitempty"`
	Modules   []string `json:"modules,omitempty"`
	Binaries  []string `json:"binaries,omitempty"`
	Units     []string `json:"units,omitempty"`
	Manifests []string `json:"manifests,omitempty"`
	Documents []string `json:"documents,omitempty"`
	Endpoints []string `json:"endpoints,omitempty"`
	SVIDs     []string `json:"svids,omitempty"`
	Workload  string   `json:"workload,omitempty"`
	Toolchain bool     `json:"toolchain,omitempty"`
	ModCache  bool     `json:"mod_cache,omitempty"`
	LogCache  bool     `json:"log_cache,omitempty"`
	Sync      bool     `json:"sync,omitempty"`
}

// A PolicyRef says under which policy the verdict was reached.
type PolicyRef struct {
	File   string   `json:"file,omitempty"`
	Digest string   `json:"digest,omitempty"` // of the file's bytes
	FailOn Severity `json:"fail_on"`
}

// A CheckResult says what became of one check.
type CheckResult struct {
	ID         string  `json:"id"`
	Outcome    Outcome `json:"outcome"`
	Reason     string  `json:"reason,omitempty"`      // why it is not-assessed, or the error
	ReasonID   string  `json:"reason_id,omitempty"`   // the reason in the catalogue; empty for an error
	ReasonArgs Args    `json:"reason_args,omitempty"` // its arguments
	Seconds    float64 `json:"seconds"`
}

// Outcome is what became of one check.
type Outcome string

// The outcomes of a check.
const (
	Passed        Outcome = "pass"           // all was determined, and no open finding reaches the threshold
	Failed        Outcome = "fail"           // an open finding reaches the threshold
	NotApplicable Outcome = "not-applicable" // the target has nothing for this check
	Unassessed    Outcome = "not-assessed"   // it could not be determined; the reason says why
	Errored       Outcome = "error"          // the check itself failed
)

// Verdict is the result of a whole run.
type Verdict string

// The verdicts.
const (
	VerdictPass       Verdict = "pass"
	VerdictFail       Verdict = "fail"
	VerdictIncomplete Verdict = "incomplete"
)

// The exit codes of the command, the same for every verb and format.
const (
	ExitPass            = 0
	ExitFail            = 1
	ExitUsage           = 2
	ExitIncomplete      = 3
	ExitInvalidEvidence = 4
	ExitInterrupted     = 130
)

// ExitCode returns the exit code of a run that ended with v.
func (v Verdict) ExitCode() int {
	switch v {
	case VerdictPass:
		return ExitPass
	case VerdictFail:
		return ExitFail
	}
	return ExitIncomplete
}

// verdict derives the verdict from findings and outcomes: fail if an open
// finding reaches the threshold; else incomplete if a check that applies is
// not assessed or failed itself, or if no check applied at all: nothing
// examined is nothing proven.
func verdict(checks []CheckResult, findings []Finding, failOn Severity) Verdict {
	applied := false
	complete := true
	for _, c := range checks {
		switch c.Outcome {
		case Passed, Failed:
			applied = true
		case Unassessed, Errored:
			complete = false
		}
	}
	switch {
	case slices.ContainsFunc(findings, func(f Finding) bool { return counts(f, failOn) }):
		return VerdictFail
	case !complete || !applied:
		return VerdictIncomplete
	}
	return VerdictPass
}

// counts reports whether f alone makes a run fail.
func counts(f Finding, failOn Severity) bool {
	return f.Status == Open && f.Severity.Reaches(failOn)
}

// Translate renders the texts of r again in lang. Reasons of errors are the
// words of other programs and stay as they are.
func (r *Report) Translate(c *Catalogue, lang Lang) error {
	for i := range r.Findings {
		if err := c.Render(&r.Findings[i], lang); err != nil {
			return err
		}
	}
	for i := range r.Checks {
		res := &r.Checks[i]
		if res.ReasonID == "" {
			continue
		}
		text, err := c.Reason(res.ReasonID, res.ReasonArgs, lang)
		if err != nil {
			return err
		}
		res.Reason = text
	}
	r.Lang = lang
	return nil
}

// ParseReport reads a stored report of this or a compatible format.
func ParseReport(data []byte) (*Report, error) {
	var r Report
	if err := json.Unmarshal(data, &r); err != nil {
		return nil, fmt.Errorf("not a report: %w", err)
	}
	if err := unambiguous(data); err != nil {
		return nil, err
	}
	if r.Schema != Schema {
		if !strings.HasPrefix(r.Schema, "assay.report/") {
			return nil, fmt.Errorf("not a report: no schema %q", Schema)
		}
		return nil, fmt.Errorf("report has schema %q, this program reads %q", r.Schema, Schema)
	}
	return &r, nil
}

// Check returns the result of the check called id.
func (r *Report) Check(id string) (CheckResult, bool) {
	i := slices.IndexFunc(r.Checks, func(c CheckResult) bool { return c.ID == id })
	if i < 0 {
		return CheckResult{}, false
	}
	return r.Checks[i], true
}
