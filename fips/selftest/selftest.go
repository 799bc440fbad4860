// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

// Package selftest tries the cryptography of the program that it is linked into,
// in the FIPS 140 mode in which that runs: approved algorithms by known answers or
// by using them both ways, and others, which the mode "only" must refuse.
//
// The module's own integrity test has passed when the program runs with the mode
// on; its self-tests of algorithms run at their first use here. What is tried is
// the standard library as every Go program reaches it.
package selftest

import (
	"crypto/fips140"
	"errors"
	"fmt"
)

// A Run is what was tried in one mode.
type Run struct {
	Mode     string `json:"mode"`     // that was asked for: "on" or "only"
	Enabled  bool   `json:"enabled"`  // crypto/fips140.Enabled
	Enforced bool   `json:"enforced"` // crypto/fips140.Enforced
	Version  string `json:"version"`  // of the module: crypto/fips140.Version; "latest" is not validated
	Tests    []Test `json:"tests"`
}

// A Test is one algorithm that was tried.
type Test struct {
	Name     string  `json:"name"`
	Standard string  `json:"standard"` // that specifies it, or the known answer
	Approved bool    `json:"approved"` // and to work in both modes; the mode "only" must refuse the others
	Outcome  Outcome `json:"outcome"`
	Detail   string  `json:"detail,omitempty"` // the error
}

// Outcome is what became of a test.
type Outcome string

// The outcomes.
const (
	Passed  Outcome = "passed"  // it worked, with the known answer where there is one
	Refused Outcome = "refused" // the standard library did not do it
	Failed  Outcome = "failed"  // another answer than the known one
)

// errAnswer is an answer that is not the known one.
var errAnswer = errors.New("another answer than the known one")

// Try tries everything in the mode of this process, which was asked to be mode.
func Try(mode string) Run {
	r := Run{Mode: mode, Enabled: fips140.Enabled(), Enforced: fips140.Enforced(), Version: fips140.Version()}
	for _, c := range cases {
		t := Test{Name: c.name, Standard: c.standard, Approved: c.approved, Outcome: Passed}
		if err := attempt(c.try); err != nil {
			t.Outcome, t.Detail = Refused, err.Error()
			if errors.Is(err, errAnswer) {
				t.Outcome = Failed
			}
		}
		r.Tests = append(r.Tests, t)
	}
	return r
}

// attempt calls try, where a panic is a refusal.
func attempt(try func() error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("panic: %v", v)
		}
	}()
	return try()
}

// Wrong lists what is not as it must be in the run's mode; nil if all is.
func (r Run) Wrong() []string {
	var out []string
	if !r.Enabled {
		out = append(out, "the mode is off")
	}
	if enforced := r.Mode == "only"; r.Enforced != enforced {
		out = append(out, fmt.Sprintf("enforcement: %v", r.Enforced))
	}
	if len(r.Tests) != len(cases) {
		out = append(out, fmt.Sprintf("%d tests of %d", len(r.Tests), len(cases)))
	}
	for _, t := range r.Tests {
		switch {
		case t.Outcome == Failed, t.Approved && t.Outcome != Passed:
			out = append(out, fmt.Sprintf("%s %s: %s", t.Name, t.Outcome, t.Detail))
		case !t.Approved && r.Mode == "only" && t.Outcome != Refused:
			out = append(out, t.Name+" is not approved, and was done")
		}
	}
	return out
}

// Count counts the tests of approved algorithms, or of others, with an outcome.
func (r Run) Count(approved bool, outcome Outcome) int {
	n := 0
	for _, t := range r.Tests {
		if t.Approved == approved && t.Outcome == outcome {
			n++
		}
	}
	return n
}
