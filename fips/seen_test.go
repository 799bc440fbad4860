// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package fips_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/goassay/assay/audit/gobin"
	"github.com/goassay/assay/audit/gobin/gobintest"
	"github.com/goassay/assay/fips"
)

// A program that tells the truth about itself, and holds a text that looks like
// a default of GODEBUG.
const witness = `package main

import (
	"crypto/fips140"
	"crypto/sha256"
)

var decoy = "DECOY"

func main() { println(fips140.Enabled(), sha256.Sum256([]byte(decoy))[0] < 255) }
`

// What is said of an executable's mode is what it does when it runs, with no
// environment; and no executable is called proven that does not run in FIPS mode
// with the certified module, whatever was done to make it look so.
func TestSeenRun(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("the executables are built for this system and their bytes changed as in ELF files")
	}
	strip := "-ldflags=-s -w"
	for name, test := range map[string]struct {
		args   []string
		decoy  string
		change func([]byte) // what is done to the file
		proven bool
	}{
		"certified":                       {[]string{"GOFIPS140=v1.0.0"}, "x", nil, true},
		"certified, PIE":                  {[]string{"GOFIPS140=v1.0.0", "-buildmode=pie"}, "x", nil, true},
		"certified, trimpath":             {[]string{"GOFIPS140=v1.0.0", "-trimpath"}, "x", nil, true},
		"certified, stripped":             {[]string{"GOFIPS140=v1.0.0", strip}, "x", nil, true},
		"certified, wiped":                {[]string{"GOFIPS140=v1.0.0"}, "x", wipe, true},
		"certified, with a decoy":         {[]string{"GOFIPS140=v1.0.0"}, "fips140=off", nil, true},
		"in process":                      {[]string{"GOFIPS140=v1.26.0"}, "x", nil, false},
		"latest":                          {[]string{"GOFIPS140=latest"}, "x", nil, false},
		"off":                             {[]string{"GOFIPS140=off"}, "x", nil, false},
		"off, with a decoy":               {[]string{"GOFIPS140=off"}, "fips140=on", nil, false},
		"off, stripped, with a decoy":     {[]string{"GOFIPS140=off", strip}, "fips140=on", nil, false},
		"switched on":                     {[]string{"GOFIPS140=off", "-trimpath", "-ldflags=-X=runtime.godebugDefault=fips140=on"}, "x", nil, false},
		"switched off":                    {[]string{"GOFIPS140=v1.0.0", "-trimpath", "-ldflags=-X=runtime.godebugDefault=fips140=off"}, "x", nil, false},
		"switched off, stripped":          {[]string{"GOFIPS140=v1.0.0", "-trimpath", "-ldflags=-s -w -X=runtime.godebugDefault=fips140=off"}, "x", nil, false},
		"emptied":                         {[]string{"GOFIPS140=v1.0.0", "-trimpath", "-ldflags=-X=runtime.godebugDefault="}, "x", nil, false},
		"emptied, with a decoy":           {[]string{"GOFIPS140=v1.0.0", "-trimpath", "-ldflags=-X=runtime.godebugDefault="}, "fips140=on", nil, false},
		"emptied, stripped, with a decoy": {[]string{"GOFIPS140=v1.0.0", "-trimpath", "-ldflags=-s -X=runtime.godebugDefault="}, "fips140=on", nil, false},
		"two settings, the last off":      {[]string{"GOFIPS140=v1.0.0", "-ldflags=-X=runtime.godebugDefault=fips140=on,fips140=off"}, "x", nil, false},
		"two settings, the last empty":    {[]string{"GOFIPS140=v1.0.0", "-ldflags=-X=runtime.godebugDefault=fips140=on,fips140="}, "x", nil, false},
		"lying tag":                       {[]string{"GOFIPS140=latest", "-tags=fips140v1.0"}, "x", nil, false},
		"a bit of the sum":                {[]string{"GOFIPS140=v1.0.0"}, "x", func(b []byte) { b[bytes.Index(b, []byte("\xff Go fipsinfo \xff\x00"))+30] ^= 8 }, false},
		"boringcrypto without cgo":        {[]string{"GOFIPS140=off", "GOEXPERIMENT=boringcrypto"}, "x", nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := gobintest.Module(t, gobintest.GoMod)
			if err := os.WriteFile(filepath.Join(dir, "main.go"), []byte(strings.Replace(witness, "DECOY", test.decoy, 1)), 0o666); err != nil {
				t.Fatal(err)
			}
			path := gobintest.Build(t, dir, test.args...)
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if test.change != nil {
				test.change(data)
				path += ".changed"
				if err := os.WriteFile(path, data, 0o777); err != nil {
					t.Fatal(err)
				}
			}
			enabled, runs := execute(t, path)
			s := judge(t, data, now)
			mode := s.Mode.Effective()
			switch {
			case s.Seen.Basis != gobin.BySearch && runs && mode.Enabled() != enabled:
				t.Errorf("it runs in FIPS mode: %v; mode %s", enabled, mode)
			case !runs && s.Reasons() == nil:
				t.Errorf("it does not run, and nothing speaks against it")
			}
			proven := s.Verdict() == fips.VerdictCertified
			if proven != test.proven || proven && !(enabled && runs) {
				t.Errorf("proven: %v, want %v; it runs in FIPS mode: %v; reasons %v, doubts %v, seen %+v", proven, test.proven, enabled, s.Reasons(), s.Doubts(), s.Seen)
			}
		})
	}
}

// BoringCrypto is a C object: with cgo it is linked, whatever mode it is in.
func TestSeenBoringCrypto(t *testing.T) {
	if _, err := exec.LookPath("gcc"); err != nil && os.Getenv("CI") != "true" {
		t.Skip("cgo needs gcc")
	}
	if runtime.GOOS != "linux" || runtime.GOARCH != "amd64" && runtime.GOARCH != "arm64" {
		t.Skip("BoringCrypto is made for linux on amd64 and arm64 alone")
	}
	data, err := os.ReadFile(gobintest.Build(t, gobintest.Module(t, gobintest.GoMod), "GOEXPERIMENT=boringcrypto", "CGO_ENABLED=1"))
	if err != nil {
		t.Fatal(err)
	}
	s := judge(t, data, now)
	if s.Seen.Module != fips.BoringCrypto || s.Module.Linked != gobin.Yes || !s.Determined() || s.Certificate.State != fips.Certified || len(s.Doubts()) != 1 {
		t.Errorf("%+v %+v", s, s.Seen)
	}
}

// wipe removes the build info that tools read.
func wipe(data []byte) {
	copy(data[bytes.Index(data, []byte("\xff Go buildinf:")):], "\xff No buildinf:")
}

// execute runs a program with an empty environment, and reports what it says of
// its mode, and whether it came to that.
func execute(t *testing.T, path string) (enabled, runs bool) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), path)
	cmd.Env = []string{"A=b"}
	out, err := cmd.CombinedOutput()
	first, _, _ := strings.Cut(string(out), " ")
	return first == "true", err == nil
}

// Not Go, and no function table: nothing is made up.
func TestLookNothing(t *testing.T) {
	s := judge(t, gobintest.Forge("go1.26.8", gobintest.Settings("GOFIPS140=v1.0.0-c2097c7c", "-tags=fips140v1.0", "DefaultGODEBUG=fips140=on")...), now)
	if s.Seen.Module != fips.Unknown || s.Seen.Mode != fips.ModeUnknown || len(s.Seen.Errors) == 0 || s.Basis != fips.BuildInfo || s.Doubts() == nil {
		t.Errorf("%+v %+v", s, s.Seen)
	}
}

func TestSetting(t *testing.T) {
	for text, want := range map[string][3]string{
		"":                           {"", "", "false"},
		"a=b,fips140":                {"", "", "false"},
		"fips140=":                   {"", "", "true"},
		"fips140=on,a=b":             {"on", "", "true"},
		"fips140=on,fips140=off#x#y": {"off", "x#y", "true"},
		"fips140=on,fips140=":        {"", "", "true"},
		" fips140=on":                {"", "", "false"},
	} {
		value, pattern, set := fips.Setting(text)
		if got := [3]string{value, pattern, fmt.Sprint(set)}; got != want {
			t.Errorf("%q: got %q", text, got)
		}
	}
}
