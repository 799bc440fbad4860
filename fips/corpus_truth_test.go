// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package fips_test

import (
	"bytes"
	"context"
	"debug/buildinfo"
	"errors"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/goassay/assay/fips"
	"github.com/goassay/assay/internal/machine"
)

// A truth is what a program did when it ran: with no GODEBUG in its environment,
// and with fips140 switched on and off there. Nothing of it is taken from assay.
type truth struct {
	how            string // "native", the emulator's name, or "" if it was not run
	plain, on, off run
}

// A run is what a witness said of itself.
type run struct {
	starts  bool
	enabled bool   // crypto/fips140.Enabled
	version string // crypto/fips140.Version, since Go 1.26
	module  string // import path of the package whose SHA-256 it uses; "" if it has none
	godebug string // runtime.godebugDefault, as the program reads it
	output  string // where it does not start
}

// mismatch reports whether the module's own test failed.
func (r run) mismatch() bool {
	return strings.Contains(r.output, "fips140: verification mismatch") || strings.Contains(r.output, "fips140: no verification checksum")
}

// measure runs the program at path, if it can run here.
func measure(t *testing.T, path string, w way) truth {
	t.Helper()
	runner, ok := runnerOf(t, w)
	if !ok {
		return truth{}
	}
	how := "native"
	if len(runner) > 0 {
		how = runner[0]
	}
	args := append(runner, path)
	return truth{how, start(t, args), start(t, args, "GODEBUG=fips140=on"), start(t, args, "GODEBUG=fips140=off")}
}

// runnerOf is what a program of that platform is started with. It reports false if
// it cannot run here.
func runnerOf(t *testing.T, w way) ([]string, bool) {
	if w.norun {
		return nil, false
	}
	goos, goarch := w.setting("GOOS", runtime.GOOS), w.setting("GOARCH", runtime.GOARCH)
	switch {
	case goos != runtime.GOOS:
		return nil, false
	case goarch == runtime.GOARCH, goarch == "386" && runtime.GOARCH == "amd64":
		return nil, true
	}
	names := map[string]string{"386": "i386", "amd64": "x86_64", "arm64": "aarch64", "mips64le": "mips64el", "mipsle": "mipsel", "loong64": "loongarch64"}
	name, ok := names[goarch]
	if !ok {
		name = goarch
	}
	installed, err := machine.Has("qemu-" + name)
	if err != nil {
		t.Error(err)
	}
	return []string{"qemu-" + name}, installed
}

// start runs a witness with nothing but those variables in its environment.
func start(t *testing.T, args []string, env ...string) run {
	t.Helper()
	for range 100 {
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
		cmd := exec.CommandContext(ctx, args[0], args[1:]...)
		cmd.Env = append([]string{"A=b"}, env...)
		out, err := cmd.Output()
		cancel()
		if errors.Is(err, syscall.ETXTBSY) { // a process that was just forked has it open for writing still
			time.Sleep(10 * time.Millisecond)
			continue
		}
		var r run
		if exit := new(exec.ExitError); errors.As(err, &exit) {
			r.output = string(exit.Stderr[:min(len(exit.Stderr), 200)])
		}
		r.starts = err == nil
		for line := range strings.Lines(string(out)) {
			key, value, _ := strings.Cut(strings.TrimSpace(line), "=")
			text, err := strconv.Unquote(value)
			if err != nil {
				r.starts = false
			}
			switch key {
			case "enabled":
				r.enabled = text == "true"
			case "version":
				r.version = text
			case "module":
				r.module = text
			case "godebug":
				r.godebug = text
			}
		}
		if r.starts && !strings.Contains(string(out), "godebug=") {
			r.starts = false
		}
		return r
	}
	t.Fatalf("%s: busy", args[0])
	return run{}
}

// claims are what the build info says, by the standard library's reader.
type claims struct {
	read             bool
	module           string // GOFIPS140
	mode             string // fips140 of DefaultGODEBUG
	tags             []string
	flags            string // for the linker
	boring, repeated bool
}

func claimed(data []byte) (c claims) {
	info, err := buildinfo.Read(bytes.NewReader(data))
	if err != nil || len(info.Settings) == 0 {
		return c
	}
	c.read = true
	seen := map[string]bool{}
	for _, s := range info.Settings {
		c.repeated = c.repeated || seen[s.Key]
		seen[s.Key] = true
		switch s.Key {
		case "GOFIPS140":
			c.module = s.Value
		case "DefaultGODEBUG":
			c.mode = lastFIPS(s.Value)
		case "-tags":
			c.tags = strings.Split(s.Value, ",")
		case "-ldflags":
			c.flags = s.Value
		case "GOEXPERIMENT":
			c.boring = strings.Contains(s.Value, "boringcrypto")
		}
	}
	return c
}

func lastFIPS(godebug string) (mode string) {
	for kv := range strings.SplitSeq(godebug, ",") {
		if v, ok := strings.CutPrefix(kv, "fips140="); ok {
			mode = v
		}
	}
	return mode
}

// frozen is the version of the module whose package that is: "" for the
// toolchain's own.
func frozen(pkg string) string {
	v, _, _ := strings.Cut(strings.TrimPrefix(pkg, "crypto/internal/fips140/"), "/")
	if strings.HasPrefix(v, "v") {
		return v
	}
	return ""
}

// contradicted reports whether the build info says something else than what the
// program does, or contradicts itself.
func (c claims) contradicted(r run) bool {
	if !c.read {
		return false
	}
	want := map[string]string{"v1.0.0-c2097c7c": "fips140v1.0", "v1.26.0": "fips140v1.26"}
	tag := want[c.module]
	others := slices.ContainsFunc(c.tags, func(t string) bool { return strings.HasPrefix(t, "fips140v") && t != tag })
	module := frozen(r.module)
	return c.mode != lastFIPS(r.godebug) || want[module] != "" && module != c.module ||
		tag != "" && !slices.Contains(c.tags, tag) || others || c.boring && c.module != "" || c.repeated
}

// verdict is the rule: what the word must be, by what the program did, and by
// whether its build info contradicts that.
func (t truth) verdict(c claims) fips.Verdict {
	r := t.plain
	module := frozen(r.module)
	chosen := module != "" || c.module != "" && c.module != "off"
	switch {
	case !r.starts, t.on.mismatch():
		return fips.VerdictBroken
	case strings.HasPrefix(r.module, "crypto/internal/boring"):
		return fips.VerdictUnknown // a C object: what its own test finds, assay cannot say
	case r.module == "", !r.enabled && !chosen:
		return fips.VerdictNoModule
	case !r.enabled:
		return fips.VerdictDisabled
	case module != "v1.0.0-c2097c7c" && module != "v1.26.0":
		return fips.VerdictUncertified
	case c.contradicted(r):
		return fips.VerdictUnknown
	case module == "v1.26.0":
		return fips.VerdictInProcess
	}
	return fips.VerdictCertified
}

// consistent reports what a truth says that cannot be: a witness that lies makes a
// corpus worth nothing.
func (t truth) consistent() string {
	if !t.plain.starts {
		return ""
	}
	version := map[string]string{"v1.0.0-c2097c7c": "v1.0.0", "v1.26.0": "v1.26.0", "": "latest"}[frozen(t.plain.module)]
	switch r := t.plain; {
	case r.version != "" && strings.HasPrefix(r.module, "crypto/internal/fips140/") && r.version != version:
		return "version " + r.version + " by the package " + r.module
	case t.off.starts && t.off.enabled:
		return "enabled with GODEBUG=fips140=off"
	case t.on.starts && strings.HasPrefix(r.module, "crypto/internal/fips140/") && !t.on.enabled:
		return "not enabled with GODEBUG=fips140=on"
	case t.on.starts && t.on.godebug != r.godebug:
		return "its default depends on the environment"
	}
	return ""
}

// row is a line of truth.tsv.
func (t truth) row(path string, w way, rule, got fips.Verdict) string {
	say := func(r run) string {
		switch {
		case t.how == "":
			return "not run"
		case !r.starts:
			return "does not start"
		case r.enabled:
			return "enabled"
		}
		return "not enabled"
	}
	note := w.gap
	if w.limit != "" {
		note = w.limit
	}
	return strings.Join([]string{filepath.Base(path), w.name, t.how, say(t.plain), say(t.on), say(t.off), t.plain.module, t.plain.godebug, string(rule), string(got), note}, "\t") + "\n"
}

const rowHead = "file\thow it was made\trun\tplain\tfips140=on\tfips140=off\tmodule\tdefault of GODEBUG\ttruth\tassay\tnote\n"
