// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package audit

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
)

// A Finding says that a subject violates a rule. Rule, Subject, Args, Location
// and Evidence come from the check; the rest from the catalogue and the policy.
// The arguments are kept, so that a stored finding can be rendered again in
// another language.
type Finding struct {
	Rule        string    `json:"rule"`
	Severity    Severity  `json:"severity"`
	Status      Status    `json:"status"`
	Subject     Subject   `json:"subject"`
	Args        Args      `json:"args,omitempty"`
	Title       string    `json:"title"`
	Message     string    `json:"message"`
	Location    *Location `json:"location,omitempty"`
	Evidence    []string  `json:"evidence,omitempty"`
	Controls    []Control `json:"controls,omitempty"`
	Remedy      string    `json:"remedy,omitempty"`
	Waiver      *Waiver   `json:"waiver,omitempty"`
	Fingerprint string    `json:"fingerprint"`
}

// A Subject is what a finding is about.
type Subject struct {
	Kind string `json:"kind"` // module, file, environment, binary, toolchain, endpoint, host, log, cache, policy
	Name string `json:"name"` // such as example.com/m@v1.2.3
}

// A Location is a place in a file of the target.
type Location struct {
	File   string `json:"file"`             // relative to the target's directory, with slashes
	Line   int    `json:"line,omitempty"`   // from 1; 0 means the whole file
	Column int    `json:"column,omitempty"` // in bytes, from 1; 0 means the whole line
}

// String gives file:line:column, as far as they are known.
func (l *Location) String() string {
	switch {
	case l == nil:
		return ""
	case l.Line == 0:
		return l.File
	case l.Column == 0:
		return fmt.Sprintf("%s:%d", l.File, l.Line)
	}
	return fmt.Sprintf("%s:%d:%d", l.File, l.Line, l.Column)
}

// Args are the named arguments of a text: strings, integers, booleans, lists of
// strings, and a [Text] where the words are neither a name nor the catalogue's: those
// of a user's own profile.
type Args map[string]any

// A Control is a clause of a framework that asks for what a rule checks.
type Control struct {
	Framework string `json:"framework" yaml:"framework"`
	Clause    string `json:"clause" yaml:"clause"`
}

// Severity says how bad a violated rule is.
type Severity string

// The severities, worst first.
const (
	Critical Severity = "critical"
	High     Severity = "high"
	Medium   Severity = "medium"
	Low      Severity = "low"
	Info     Severity = "info"
)

// Severities lists all severities, worst first.
func Severities() []Severity { return []Severity{Critical, High, Medium, Low, Info} }

// Valid reports whether s is one of the severities.
func (s Severity) Valid() bool { return slices.Contains(Severities(), s) }

// Reaches reports whether s is at least as bad as threshold.
func (s Severity) Reaches(threshold Severity) bool {
	i := slices.Index(Severities(), s)
	return i >= 0 && i <= slices.Index(Severities(), threshold)
}

// Status says whether a finding counts.
type Status string

// The statuses of a finding.
const (
	Open      Status = "open"
	Waived    Status = "waived"    // a waiver of the policy covers it
	Baselined Status = "baselined" // it was known before
)

// fingerprint identifies a finding over time: it depends on the rule and the
// subject alone, never on a line number or a time. Each part is preceded by
// its length, so that no two pairs give the same input.
func fingerprint(rule string, s Subject) string {
	h := sha256.New()
	for _, part := range []string{rule, s.Kind, s.Name} {
		fmt.Fprintf(h, "%d:%s", len(part), part)
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// checkOf returns the ID of the check that reports a rule; "policy" for the
// rules of the policy itself.
func checkOf(rule string) string {
	id, _, _ := strings.Cut(rule, "/")
	return id
}

// compareFindings orders findings: worst first, then by rule, subject, place,
// and last by what the check said, so that no two differ and compare equal.
// Texts play no part: the order is the same in all languages.
func compareFindings(a, b Finding) int {
	rank := func(s Severity) int { return slices.Index(Severities(), s) }
	place := func(f Finding) string {
		if f.Location == nil {
			return ""
		}
		return fmt.Sprintf("%s\x00%09d\x00%09d", f.Location.File, f.Location.Line, f.Location.Column)
	}
	return cmp.Or(
		cmp.Compare(rank(a.Severity), rank(b.Severity)),
		strings.Compare(a.Rule, b.Rule),
		strings.Compare(a.Subject.Kind, b.Subject.Kind),
		strings.Compare(a.Subject.Name, b.Subject.Name),
		strings.Compare(place(a), place(b)),
		strings.Compare(fmt.Sprint(a.Args), fmt.Sprint(b.Args)), // fmt sorts the keys
		slices.Compare(a.Evidence, b.Evidence),
	)
}
