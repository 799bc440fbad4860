// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package checks

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/goassay/assay/audit"
	"github.com/goassay/assay/audit/gobin"
	"github.com/goassay/assay/fips/host"
	"github.com/goassay/assay/fips/host/hosttest"
)

func runFIPSHostOn(t *testing.T, h hosttest.Host, goos, set string, environ ...string) *audit.Report {
	t.Helper()
	return runCheck(t, audit.Config{
		Target:   &audit.Target{Dir: t.TempDir()},
		Checks:   []*audit.Check{fipsHost(goos)},
		DirFS:    func(string) fs.FS { return h.Root() },
		Settings: map[string]string{"fips": set},
		Environ:  append([]string{"PATH="}, environ...),
		Exec:     h.Run,
	})
}

// What each host and environment is told, and the verdict, without a demand and
// with one.
func TestFIPSHost(t *testing.T) {
	const (
		container = "fips-host/container host"
		off       = "fips-host/kernel-off kernel"
		on        = "fips-host/kernel-on kernel"
		active    = "fips-host/openssl-active openssl"
		inactive  = "fips-host/openssl-inactive openssl"
		notFIPS   = "fips-host/policy-not-fips crypto-policies"
	)
	rhel := hosttest.RHEL9()
	for _, c := range []struct {
		name     string
		host     hosttest.Host
		environ  []string
		findings []string
		verdict  audit.Verdict
		required audit.Verdict
	}{
		{"Debian", hosttest.Plain(), nil, []string{off}, audit.VerdictPass, audit.VerdictFail},
		{"Red Hat Enterprise Linux in FIPS mode", rhel, nil, []string{on, active}, audit.VerdictPass, audit.VerdictPass},
		{"its container", hosttest.Podman(), nil, []string{container, on, active}, audit.VerdictPass, audit.VerdictPass},
		{"another container there", hosttest.Docker(), nil, []string{container, on, inactive}, audit.VerdictPass, audit.VerdictFail},
		{"an older kernel", rhel.Without("/proc/sys/crypto/fips_name", "/proc/sys/crypto/fips_version"), nil, []string{on, active}, audit.VerdictPass, audit.VerdictPass},
		{"without OpenSSL", hosttest.Docker().OpenSSL("", ""), nil, []string{container, on}, audit.VerdictPass, audit.VerdictPass},

		{"the flag mounted over", rhel.With(map[string]string{"/proc/self/mountinfo": "1 2 0:1 / /proc/sys/crypto ro - tmpfs x rw\n"}), nil,
			[]string{"fips-host/flag-mounted-over kernel", active}, audit.VerdictIncomplete, audit.VerdictFail},
		{"the flag without the parameter", rhel.With(map[string]string{"/proc/cmdline": "fips=1 fips=0"}), nil,
			[]string{"fips-host/flag-without-boot kernel", on, active}, audit.VerdictPass, audit.VerdictPass},
		{"the parameter without the flag", hosttest.Plain().With(map[string]string{"/proc/cmdline": "fips=1"}).Without("/proc/sys/crypto"), nil,
			[]string{"fips-host/boot-without-flag kernel", off}, audit.VerdictPass, audit.VerdictFail},

		{"another policy", rhel.With(map[string]string{"/etc/crypto-policies/state/current": "DEFAULT", "/etc/crypto-policies/config": "DEFAULT"}), nil,
			[]string{on, active, notFIPS}, audit.VerdictPass, audit.VerdictFail},
		{"a policy that is not applied", rhel.With(map[string]string{"/etc/crypto-policies/state/current": "DEFAULT"}), nil,
			[]string{on, active, "fips-host/policy-not-applied crypto-policies", notFIPS}, audit.VerdictPass, audit.VerdictFail},
		{"the policy alone", rhel.With(map[string]string{"/proc/sys/crypto/fips_enabled": "0", "/proc/cmdline": ""}), nil,
			[]string{off, active, "fips-host/policy-only crypto-policies"}, audit.VerdictPass, audit.VerdictFail},

		{"on by the environment", rhel, []string{"GODEBUG=fips140=on", "OPENSSL_CONF=/etc/x"},
			[]string{"fips-host/godebug-on GODEBUG", on, active, "fips-host/openssl-environment openssl"}, audit.VerdictPass, audit.VerdictPass},
		{"only", hosttest.Plain(), []string{"GODEBUG=fips140=only"},
			[]string{"fips-host/godebug-only GODEBUG", off}, audit.VerdictPass, audit.VerdictFail},
		{"off by the environment", rhel, []string{"GODEBUG=fips140=on,fips140="},
			[]string{"fips-host/godebug-off GODEBUG", on, active}, audit.VerdictPass, audit.VerdictFail},
		{"a value that Go does not know", rhel, []string{"GODEBUG=fips140=true"},
			[]string{"fips-host/godebug-invalid GODEBUG", on, active}, audit.VerdictPass, audit.VerdictFail},
		{"a mode for some calls", rhel, []string{"GODEBUG=fips140=on#y"}, []string{on, active}, audit.VerdictIncomplete, audit.VerdictIncomplete},
		{"vendors told otherwise", rhel, []string{"GOLANG_FIPS=0", "GOFIPS=1"},
			[]string{on, active, "fips-host/vendor-opt-out GOLANG_FIPS"}, audit.VerdictPass, audit.VerdictFail},
		{"vendors told otherwise where nothing is", hosttest.Plain(), []string{"GOLANG_FIPS=0"}, []string{off}, audit.VerdictPass, audit.VerdictFail},

		{"no proc", rhel.Without("/proc"), nil, []string{active}, audit.VerdictIncomplete, audit.VerdictIncomplete},
		{"openssl fails", rhel.Failing(errors.New("exit status 1: password=hunter2")), nil, []string{on}, audit.VerdictIncomplete, audit.VerdictIncomplete},
		{"an old OpenSSL", rhel.OpenSSL("OpenSSL 1.1.1k  FIPS 25 Mar 2021", ""), nil, []string{on}, audit.VerdictIncomplete, audit.VerdictIncomplete},
	} {
		t.Run(c.name, func(t *testing.T) {
			slices.Sort(c.findings)
			rep := runFIPSHostOn(t, c.host, "linux", "", c.environ...)
			got := findings(rep)
			slices.Sort(got)
			if !slices.Equal(got, c.findings) || rep.Verdict != c.verdict {
				t.Errorf("got %q, %s; want %q, %s", got, rep.Verdict, c.findings, c.verdict)
			}
			if c.verdict == audit.VerdictIncomplete && (rep.Checks[0].ReasonID != "fips-host/unknown" || rep.Checks[0].Reason == "") {
				t.Errorf("%+v", rep.Checks[0])
			}
			data, err := json.Marshal(rep)
			if err != nil || strings.Contains(string(data), "hunter2") {
				t.Errorf("%v %s", err, data)
			}
			rep = runFIPSHostOn(t, c.host, "linux", "require", c.environ...)
			want := c.findings
			if c.required == audit.VerdictFail {
				want = append(slices.Clone(want), "fips-host/required host")
				slices.Sort(want)
			}
			got = findings(rep)
			slices.Sort(got)
			if !slices.Equal(got, want) || rep.Verdict != c.required {
				t.Errorf("required: got %q, %s; want %q, %s", got, rep.Verdict, want, c.required)
			}
		})
	}
}

// What OpenSSL printed is evidence, of what is said about it.
func TestFIPSHostFacts(t *testing.T) {
	rep := runFIPSHostOn(t, hosttest.RHEL9(), "linux", "require", "GODEBUG=x=hunter2,fips140=on")
	facts := factsOf[FIPSHostFacts](t, rep, FIPSHost)
	if !facts.Required || facts.Kernel.Enabled.Is != gobin.Yes || facts.Environment.GODEBUG != (host.GODEBUG{State: host.On, Value: "on"}) || len(facts.Evidence) != 2 {
		t.Errorf("%+v", facts)
	}
	for _, f := range rep.Findings {
		if of := f.Rule == "fips-host/openssl-active"; of != slices.Equal(f.Evidence, facts.Evidence) {
			t.Errorf("%s: evidence %q", f.Rule, f.Evidence)
		}
	}
}

// Elsewhere than on Linux nothing is said to be in order.
func TestFIPSHostNotLinux(t *testing.T) {
	for set, want := range map[string]audit.Verdict{"": audit.VerdictIncomplete, "require": audit.VerdictFail} {
		rep := runFIPSHostOn(t, hosttest.RHEL9(), "windows", set, "GODEBUG=fips140=off")
		if rep.Checks[0].ReasonID != "fips-host/not-linux" || rep.Verdict != want || !slices.Contains(rulesOf(rep), "fips-host/godebug-off") {
			t.Errorf("%q: %+v %v", set, rep.Checks[0], rulesOf(rep))
		}
	}
}

// Nobody waits for a program that hangs.
func TestFIPSHostInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	rep := runCheckContext(t, ctx, audit.Config{
		Target: &audit.Target{Dir: t.TempDir()}, Checks: []*audit.Check{fipsHost("linux")}, DirFS: func(string) fs.FS { return hosttest.RHEL9().Root() },
		Exec: func(cmd *exec.Cmd) ([]byte, error) { cancel(); return nil, context.Canceled },
	})
	if rep.Verdict == audit.VerdictPass || len(rep.Findings) != 0 {
		t.Errorf("%s %v", rep.Verdict, findings(rep))
	}
}

// This machine, whatever it is: no error, and no verdict without a word.
func TestFIPSHostHere(t *testing.T) {
	rep := runCheck(t, audit.Config{Target: &audit.Target{Dir: t.TempDir()}, Checks: []*audit.Check{FIPSHost}, Environ: os.Environ()})
	c := rep.Checks[0]
	if c.Outcome == audit.Errored || c.Outcome == audit.Passed && len(rep.Findings) == 0 {
		t.Errorf("%+v %v", c, findings(rep))
	}
	t.Logf("%s %v %s", c.Outcome, findings(rep), c.Reason)
}
