// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package selftest

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

func TestMain(m *testing.M) {
	if mode := os.Getenv("SELFTEST_MODE"); mode != "" {
		if err := json.NewEncoder(os.Stdout).Encode(Try(mode)); err != nil {
			panic(err)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// try runs this program again in a mode.
func try(t *testing.T, asked, godebug string) Run {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), "SELFTEST_MODE="+asked, "GODEBUG=fips140="+godebug)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("fips140=%s: %v", godebug, err)
	}
	var r Run
	if err := json.Unmarshal(out, &r); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return r
}

// In both modes the standard library does what it must, and under "only" it
// refuses what is not approved.
func TestTry(t *testing.T) {
	for _, mode := range []string{"on", "only"} {
		r := try(t, mode, mode)
		if wrong := r.Wrong(); wrong != nil {
			t.Errorf("%s: %q", mode, wrong)
		}
		if r.Count(true, Passed) != 13 || mode == "only" && r.Count(false, Refused) != 8 {
			t.Errorf("%s: %+v", mode, r)
		}
	}
}

// A mode that is not what was asked for, and answers that are wrong, are told.
func TestWrong(t *testing.T) {
	for _, r := range []Run{try(t, "on", "off"), try(t, "only", "on"), try(t, "on", "only")} {
		if r.Wrong() == nil {
			t.Errorf("%s: nothing wrong", r.Mode)
		}
	}
	good := try(t, "only", "only")
	for name, spoil := range map[string]func(*Run){
		"a test is left out":            func(r *Run) { r.Tests = r.Tests[1:] },
		"an approved one is refused":    func(r *Run) { r.Tests[0].Outcome = Refused },
		"an approved one fails":         func(r *Run) { r.Tests[0].Outcome = Failed },
		"one not approved is done":      func(r *Run) { r.Tests[len(r.Tests)-1].Outcome = Passed },
		"one not approved fails":        func(r *Run) { r.Tests[len(r.Tests)-1].Outcome = Failed },
		"the mode is off":               func(r *Run) { r.Enabled = false },
		"the mode is not enforced":      func(r *Run) { r.Enforced = false },
		"it was asked for another mode": func(r *Run) { r.Mode = "on" },
	} {
		r := good
		r.Tests = slices.Clone(good.Tests)
		spoil(&r)
		if r.Wrong() == nil {
			t.Errorf("%s: nothing wrong", name)
		}
	}
}

func TestAttempt(t *testing.T) {
	if err := attempt(func() error { panic("not allowed") }); err == nil || !strings.Contains(err.Error(), "not allowed") {
		t.Error(err)
	}
	if err := known("00", func() ([]byte, error) { return []byte{1}, nil })(); !errors.Is(err, errAnswer) {
		t.Error(err)
	}
	if err := demand(false); !errors.Is(err, errAnswer) {
		t.Error(err)
	}
}
