// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package checks

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/goassay/assay/audit"
	"github.com/goassay/assay/audit/gocmd"
	"github.com/goassay/assay/audit/vulns"
	"github.com/goassay/assay/internal/machine"
)

// formatsTree builds the program of vulnTree for systems of which no code is read, into
// a directory.
func formatsTree(t *testing.T, targets ...string) audit.Config {
	t.Helper()
	cfg := vulnTree(t, nil)
	bin := filepath.Join(t.TempDir(), "bin")
	for _, target := range targets {
		goos, goarch, _ := strings.Cut(target, "/")
		cmd := exec.CommandContext(t.Context(), "go", "build", "-buildvcs=false", "-ldflags=-s", "-o", filepath.Join(bin, goos))
		cmd.Dir, cmd.Env = cfg.Target.Dir, append(slices.Clone(cfg.Environ), "CGO_ENABLED=0", "GOOS="+goos, "GOARCH="+goarch)
		if _, err := gocmd.Run(cmd); err != nil {
			t.Fatal(err)
		}
	}
	cfg.Target.ModFile, cfg.Target.Dir, cfg.Target.Binaries = "", bin, []string{bin}
	return cfg
}

// TestVulnFormats: of programs whose code is not read the modules are assessed, and it is
// said that it was not looked into them; a packed one is not passed over, and what is not
// Go's is.
func TestVulnFormats(t *testing.T) {
	machine.Long(t, "builds the runtime for several systems")
	cfg := formatsTree(t, "plan9/amd64", "aix/ppc64", "js/wasm")
	packed := []byte("\x7fELF\x02\x01\x01")
	packed = append(packed, make([]byte, 64-len(packed))...)
	packed[16], packed[18], packed[20] = 2, 62, 1 // ET_EXEC, EM_X86_64, EV_CURRENT
	plain := append(slices.Clone(packed), "MIT license"...)
	for name, data := range map[string]string{
		"packed": string(packed) + "....UPX!", "c": string(plain), "c.wasm": "\x00asm\x01\x00\x00\x00", "app.wasm": "\x00asm\x01\x00\x00\x00\x00\x0b\x0ago:buildid", "readme": "text",
	} {
		if err := os.WriteFile(filepath.Join(cfg.Target.Dir, name), []byte(data), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	rep := runCheck(t, cfg)
	facts := factsOf[VulnFacts](t, rep, Vuln)
	var names []string
	for i, target := range facts.Targets {
		names = append(names, target.Name)
		if target.Level != vulns.LevelModule {
			t.Errorf("%s at level %s", target.Name, target.Level)
		}
		left := func(reason vulns.Reason) bool {
			return slices.ContainsFunc(facts.NotAssessed, func(n VulnNotAssessed) bool { return n.Target == i && n.Reason == reason })
		}
		found := slices.ContainsFunc(facts.Vulnerabilities, func(v VulnVulnerability) bool {
			return v.Target == i && v.Module == "example.com/lib" && v.Reach == vulns.Required
		})
		if forged := target.Name == "app.wasm"; !left(vulns.NoSymbols) || found == forged || left(vulns.NoGoVersion) != forged {
			t.Errorf("%s: %+v, found: %v", target.Name, facts.NotAssessed, found)
		}
	}
	if want := []string{"aix", "app.wasm", "js", "plan9"}; !slices.Equal(names, want) {
		t.Errorf("%q, want %q", names, want)
	}
	if len(facts.Unread) != 1 || !strings.HasPrefix(facts.Unread[0], "packed: packed") {
		t.Errorf("unread: %q", facts.Unread)
	}
	if rep.Checks[0].ReasonID != "vuln/not-assessed" {
		t.Errorf("%+v", rep.Checks[0])
	}

	// How they protect themselves is not known, nor what the forged one is.
	cfg.Checks = []*audit.Check{Binary}
	if c := runCheck(t, cfg).Checks[0]; c.ReasonID != "binary/unread" || !strings.Contains(c.Reason, "5 of 5") || !strings.Contains(c.Reason, "aix: xcoff: a format of which only") {
		t.Errorf("binary: %+v", c)
	}
	cfg.Checks = []*audit.Check{FIPS}
	if c := runCheck(t, cfg).Checks[0]; c.ReasonID != "fips/undetermined" || !strings.Contains(c.Reason, "packed") || !strings.Contains(c.Reason, "app.wasm") {
		t.Errorf("fips: %+v", c)
	}
	cfg.Checks = []*audit.Check{SBOM}
	if c := runCheck(t, cfg).Checks[0]; c.ReasonID != "sbom/unread" {
		t.Errorf("sbom: %+v", c)
	}
}

// TestVulnNoDot: packages of a module whose path has no dot, in a program that records
// no modules, are not of the standard library.
func TestVulnNoDot(t *testing.T) {
	cfg := vulnTree(t, nil)
	gopath := t.TempDir()
	writeTree(t, filepath.Join(gopath, "src"), map[string]string{
		"mycorp/x/x.go":      "package x\n\n//go:noinline\nfunc F() int { return 1 }\n",
		"mycorp/cmd/main.go": "package main\n\nimport \"mycorp/x\"\n\nfunc main() { println(x.F()) }\n",
	})
	file := filepath.Join(cfg.Target.Dir, "prog")
	cmd := exec.CommandContext(t.Context(), "go", "build", "-o", file, "mycorp/cmd")
	cmd.Dir, cmd.Env = gopath, append(slices.Clone(cfg.Environ), "GO111MODULE=off", "GOFLAGS=", "GOPATH="+gopath)
	if _, err := gocmd.Run(cmd); err != nil {
		t.Fatal(err)
	}
	cfg.Target.ModFile, cfg.Target.Binaries = "", []string{file}
	facts := factsOf[VulnFacts](t, runCheck(t, cfg), Vuln)
	var left []string
	for _, n := range facts.NotAssessed {
		left = append(left, string(n.Reason)+" "+n.Module)
	}
	if want := []string{"no-modules mycorp/cmd", "no-modules mycorp/x"}; !slices.Equal(left, want) {
		t.Errorf("%q, want %q", left, want)
	}
	cfg.Checks = []*audit.Check{Binary}
	if c := runCheck(t, cfg).Checks[0]; c.ReasonID != "binary/modules-unknown" {
		t.Errorf("binary: %+v", c)
	}
}
