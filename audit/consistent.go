// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package audit

import (
	"errors"
	"fmt"
	"slices"
)

// consistent verifies that a report says one thing throughout: outcomes are
// what findings and reasons make them, and the verdict what outcomes and
// findings make it. A change that is itself consistent, such as another
// severity on the same side of the threshold, does not show: the report is
// not signed, and severities are the catalogue's and the policy's.
func (r *Report) consistent() error {
	var errs []error
	fail := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if !r.Policy.FailOn.Valid() {
		fail("threshold %q is none", r.Policy.FailOn)
	}
	if v := verdict(r.Checks, r.Findings, r.Policy.FailOn); v != r.Verdict {
		fail("verdict is %s, findings and outcomes make it %s", r.Verdict, v)
	}
	seen := map[string]bool{"policy": true} // whose findings belong to no check
	counting := map[string]bool{}
	for _, f := range r.Findings {
		if counts(f, r.Policy.FailOn) {
			counting[checkOf(f.Rule)] = true
		}
	}
	for _, c := range r.Checks {
		if seen[c.ID] {
			fail("check %s is there twice", c.ID)
		}
		seen[c.ID] = true
		if err := c.consistent(counting[c.ID]); err != nil {
			fail("check %s is %s %w", c.ID, c.Outcome, err)
		}
	}
	for i := range r.Findings {
		f := &r.Findings[i]
		if !seen[checkOf(f.Rule)] {
			fail("finding %s is of no check of the report", f.Rule)
		}
		if err := f.consistent(r); err != nil {
			fail("finding %s of %s %w", f.Rule, f.Subject.Name, err)
		}
	}
	return errors.Join(errs...)
}

// consistent verifies the outcome of one check, which has open findings that
// reach the threshold or has not.
func (c *CheckResult) consistent(counting bool) error {
	switch c.Outcome {
	case Passed, NotApplicable:
		switch {
		case counting:
			return errors.New("in spite of its findings")
		case c.Reason != "" || c.ReasonID != "":
			return errors.New("in spite of a reason")
		}
	case Failed:
		if !counting {
			return errors.New("without a finding that counts")
		}
	case Unassessed:
		switch {
		case counting:
			return errors.New("in spite of its findings")
		case c.ReasonID == "":
			return errors.New("without a reason")
		}
	case Errored:
		if c.Reason == "" {
			return errors.New("without a reason")
		}
	default:
		return errors.New("which is no outcome")
	}
	return nil
}

// consistent verifies the fields of one finding of r against each other.
func (f *Finding) consistent(r *Report) error {
	switch {
	case f.Fingerprint != fingerprint(f.Rule, f.Subject):
		return errors.New("has another's fingerprint")
	case !f.Severity.Valid():
		return fmt.Errorf("has severity %q, which is none", f.Severity)
	case !slices.Contains([]Status{Open, Waived, Baselined}, f.Status):
		return fmt.Errorf("has status %q, which is none", f.Status)
	case f.Status == Waived && f.Waiver == nil:
		return errors.New("is waived without a waiver")
	case f.Waiver != nil && (f.Status != Waived || !f.Waiver.Covers(f) || f.Waiver.Expired(r.Started)):
		return errors.New("has a waiver that does not apply to it")
	}
	return nil
}
