// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package checks

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/goassay/assay/audit"
	"github.com/goassay/assay/fips/selftest"
)

// TestMain of this package lets the tests' own executable be the program that
// FIPSSelftest runs again: with selftestEnv set it does what the verb does.
const selftestEnv = "ASSAY_TEST_SELFTEST"

// selftestAgain is the program's side, in a process started by a test.
func selftestAgain() {
	json.NewEncoder(os.Stdout).Encode(selftest.Try(os.Args[len(os.Args)-1]))
}

func runSelftest(t *testing.T, exec func(*exec.Cmd) ([]byte, error)) *audit.Report {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return runCheck(t, audit.Config{
		Target:   &audit.Target{Dir: t.TempDir()},
		Checks:   []*audit.Check{FIPSSelftest},
		Settings: map[string]string{"self": self},
		Environ:  append(os.Environ(), selftestEnv+"=1", "GODEBUG=fips140=off"),
		Exec:     exec,
	})
}

// The module of this toolchain does on this machine what it must.
func TestFIPSSelftest(t *testing.T) {
	rep := runSelftest(t, nil)
	if got, want := findings(rep), []string{"fips-selftest/passed assay", "fips-selftest/passed assay"}; !slices.Equal(got, want) {
		t.Fatalf("got %v, want %v", got, want)
	}
	var facts FIPSSelftestFacts
	if err := json.Unmarshal(rep.Facts["fips-selftest"], &facts); err != nil {
		t.Fatal(err)
	}
	for i, mode := range []string{"on", "only"} {
		if r := facts.Runs[i]; r.Mode != mode || !r.Enabled || r.Version == "" || r.Enforced != (mode == "only") {
			t.Errorf("%s: %+v", mode, r)
		}
	}
}

// Whatever is not a whole answer that is right is no pass.
func TestFIPSSelftestLies(t *testing.T) {
	honest := map[string][]byte{}
	answer := func(change func(*selftest.Run)) func(*exec.Cmd) ([]byte, error) {
		return func(cmd *exec.Cmd) ([]byte, error) {
			mode := cmd.Args[len(cmd.Args)-1]
			if !slices.Contains(cmd.Env, "GODEBUG=fips140="+mode) || slices.Contains(cmd.Env, "GODEBUG=fips140=off") {
				t.Errorf("%s: environment %q", mode, cmd.Env)
			}
			if honest[mode] == nil {
				out, err := cmd.Output()
				if err != nil {
					return nil, err
				}
				honest[mode] = out
			}
			var r selftest.Run
			if err := json.Unmarshal(honest[mode], &r); err != nil {
				return nil, err
			}
			change(&r)
			return json.Marshal(r)
		}
	}
	for name, change := range map[string]func(*selftest.Run){
		"off":         func(r *selftest.Run) { r.Enabled = false },
		"enforcement": func(r *selftest.Run) { r.Enforced = !r.Enforced },
		"fewer tests": func(r *selftest.Run) { r.Tests = r.Tests[1:] },
		"wrong":       func(r *selftest.Run) { r.Tests[0].Outcome = selftest.Failed },
		"refused":     func(r *selftest.Run) { r.Tests[0].Outcome = selftest.Refused },
		"no outcome":  func(r *selftest.Run) { r.Tests[0].Outcome = "" },
		"no others": func(r *selftest.Run) {
			r.Tests = slices.DeleteFunc(r.Tests, func(t selftest.Test) bool { return !t.Approved })
		},
	} {
		t.Run(name, func(t *testing.T) {
			rep := runSelftest(t, answer(change))
			if got, want := findings(rep), []string{"fips-selftest/failed assay", "fips-selftest/failed assay"}; !slices.Equal(got, want) {
				t.Errorf("got %v, want %v", got, want)
			}
			if rep.Verdict != audit.VerdictFail {
				t.Errorf("verdict %v", rep.Verdict)
			}
		})
	}

	for name, fn := range map[string]func(*exec.Cmd) ([]byte, error){
		"not started":  func(*exec.Cmd) ([]byte, error) { return nil, errors.New("exit status 2: fatal error: FIPS 140-3") },
		"no JSON":      func(*exec.Cmd) ([]byte, error) { return []byte("usage"), nil },
		"another mode": answer(func(r *selftest.Run) { r.Mode = "debug" }),
	} {
		t.Run(name, func(t *testing.T) {
			rep := runSelftest(t, fn)
			c := rep.Checks[0]
			if c.ReasonID != "fips-selftest/not-started" || len(rep.Findings) != 0 || !strings.Contains(c.Reason, "on: ") || !strings.Contains(c.Reason, "only: ") {
				t.Errorf("%+v %v", c, rep.Findings)
			}
		})
	}
}
