// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package checks

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/goassay/assay/audit"
	"github.com/goassay/assay/audit/filetree/filetreetest"
	"github.com/goassay/assay/audit/gobin"
	"github.com/goassay/assay/audit/gobin/gobintest"
	"github.com/goassay/assay/fips"
)

func TestFIPS(t *testing.T) {
	const (
		v1  = "GOFIPS140=v1.0.0-c2097c7c"
		tag = "-tags=fips140v1.0"
		on  = "DefaultGODEBUG=fips140=on"
	)
	forge := func(settings ...string) []byte {
		return gobintest.Forge("go1.26.8", gobintest.Settings(settings...)...)
	}
	for _, test := range []struct {
		name     string
		data     []byte
		outcome  string
		want     []string
		required string // the reasons of fips/required, where that is asked for
	}{
		{"no module", forge(), "pass", []string{"fips/no-module"}, "certificate=none;mode=unset;module=none"},
		{"certified", forge(v1, tag, on), "not-assessed fips/claimed", []string{"fips/declared-only version=v1.0.0-c2097c7c"}, ""},
		{"in process", forge("GOFIPS140=v1.26.0", "-tags=fips140v1.26", on), "not-assessed fips/claimed", []string{"fips/in-process version=v1.26.0"}, "certificate=in-process"},
		{"latest", forge("GOFIPS140=latest", on), "pass", []string{"fips/uncertified-source version=latest"}, "certificate=none"},
		{"mode alone", forge(on), "pass", []string{"fips/uncertified-source version=latest"}, "certificate=none;module=none"},
		{"off", forge(v1, tag, "DefaultGODEBUG=fips140=off"), "fail", []string{"fips/declared-only version=v1.0.0-c2097c7c", "fips/forced-off version=v1.0.0-c2097c7c"}, "mode=off"},
		{"unset", forge(v1, tag), "fail", []string{"fips/declared-only version=v1.0.0-c2097c7c", "fips/not-default version=v1.0.0-c2097c7c"}, "mode=unset"},
		{"only", forge(v1, tag, "DefaultGODEBUG=fips140=only"), "not-assessed fips/claimed", []string{"fips/declared-only version=v1.0.0-c2097c7c", "fips/only-mode"}, ""},
		{"ASan", forge(v1, tag, on, "-asan=true"), "pass", []string{"fips/declared-only version=v1.0.0-c2097c7c", "fips/refuses-to-start reason=asan"}, "refusal=asan"},
		{"weakened", forge(v1, tag, on+",fips140ems=0,tls10server=1"), "not-assessed fips/claimed", []string{"fips/declared-only version=v1.0.0-c2097c7c", "fips/weak-godebug"}, ""},
		{"disagreement", forge(v1, on), "fail fips/claimed", []string{"fips/declared-only version=v1.0.0-c2097c7c", "fips/disagreement claims=" + v1 + " / no tag fips140v1.0"}, "build-info=contradictory"},
		{"boringcrypto", gobintest.Forge("go1.26.8-X:boringcrypto", gobintest.Settings("GOEXPERIMENT=boringcrypto", "CGO_ENABLED=1")...), "not-assessed fips/undetermined",
			[]string{"fips/boringcrypto-declared linked=unknown"}, ""},
		{"boringcrypto without cgo", gobintest.Forge("go1.26.8-X:boringcrypto", gobintest.Settings("GOEXPERIMENT=boringcrypto")...), "pass",
			[]string{"fips/boringcrypto-declared linked=no"}, "certificate=none;linked=no"},
		{"system", forge("microsoft_systemcrypto=1", "CGO_ENABLED=1"), "not-assessed fips/undetermined", []string{"fips/system-module"}, ""},
		{"version of the future", forge("GOFIPS140=v1.29.0", "-tags=fips140v1.29", on), "not-assessed fips/undetermined", nil, ""},
		{"version only", gobintest.Forge("go1.26.8"), "not-assessed fips/undetermined", nil, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := binaries(t, map[string][]byte{"app": test.data})
			rep := auditBinaries(t, FIPS, dir, nil, "app")
			if got := outcome(rep); got != test.outcome {
				t.Errorf("outcome %q (%s), want %q", got, rep.Checks[0].Reason, test.outcome)
			}
			keys := []string{"version", "reason", "claims", "linked"}
			if diff := cmp.Diff(append([]string{}, test.want...), found(rep, keys...)); diff != "" {
				t.Errorf("findings (-want +got):\n%s", diff)
			}

			rep = auditBinaries(t, FIPS, dir, map[string]string{"fips": "certified"}, "app")
			want := append([]string{}, test.want...)
			outcomeThen := test.outcome
			if test.required != "" {
				want = append(want, "fips/required reasons="+test.required)
				slices.Sort(want)
				outcomeThen = "fail"
				if strings.HasSuffix(test.outcome, " fips/claimed") {
					outcomeThen = "fail fips/claimed"
				}
			}
			if got := outcome(rep); got != outcomeThen {
				t.Errorf("required: outcome %q (%s), want %q", got, rep.Checks[0].Reason, outcomeThen)
			}
			if diff := cmp.Diff(want, found(rep, append(keys, "reasons")...)); diff != "" {
				t.Errorf("required: findings (-want +got):\n%s", diff)
			}
		})
	}
}

// TestFIPSHistorical audits after the sunset of the certificate.
func TestFIPSHistorical(t *testing.T) {
	dir := binaries(t, map[string][]byte{"app": gobintest.Forge("go1.26.8",
		gobintest.Settings("GOFIPS140=v1.0.0-c2097c7c", "-tags=fips140v1.0", "DefaultGODEBUG=fips140=on")...)})
	rep := runCheck(t, audit.Config{
		Target: &audit.Target{Dir: dir, Binaries: []string{dir}}, Checks: []*audit.Check{FIPS},
		Now: func() time.Time { return time.Date(2032, 1, 1, 0, 0, 0, 0, time.UTC) },
	})
	if diff := cmp.Diff([]string{"fips/historical sunset=2031-04-26"}, found(rep, "sunset")); diff != "" {
		t.Error(diff)
	}
}

// TestFIPSBuilt judges a real executable, and its facts.
func TestFIPSBuilt(t *testing.T) {
	data, err := os.ReadFile(gobintest.Build(t, gobintest.Module(t, gobintest.GoMod), "GOFIPS140=v1.0.0"))
	if err != nil {
		t.Fatal(err)
	}
	rep := auditBinaries(t, FIPS, binaries(t, map[string][]byte{"app": data}), map[string]string{"fips": "certified"}, "app")
	if diff := cmp.Diff([]string{"fips/certified-module"}, found(rep)); diff != "" || outcome(rep) != "pass" {
		t.Errorf("%s, findings (-want +got):\n%s", outcome(rep), diff)
	}
	file := factsOf[struct{ Files []map[string]any }](t, rep, FIPS).Files[0]
	delete(file, "evidence")
	delete(file, "go")
	if file["sha256"] != filetreetest.Digest(data) {
		t.Errorf("sha256 %v", file["sha256"])
	}
	delete(file, "sha256")
	seen := file["seen"].(map[string]any)
	linked, _ := seen["cryptography"].([]any) // the module's own test needs SHA-256, which the program asks for, too
	for _, path := range []string{"crypto/sha256", "crypto/internal/fips140/v1.0.0-c2097c7c/sha256", "crypto/internal/fips140/v1.0.0-c2097c7c/check"} {
		if !slices.Contains(linked, any(path)) {
			t.Errorf("%s is not in %v", path, linked)
		}
	}
	for _, path := range []string{"crypto/internal/fips140/sha256", "crypto/md5", "crypto/internal/impl"} {
		if slices.Contains(linked, any(path)) {
			t.Errorf("%s is in %v", path, linked)
		}
	}
	delete(seen, "cryptography")
	want := map[string]any{
		"path": "app", "state": "read", "basis": "executable", "format": "elf", "os": runtime.GOOS, "arch": runtime.GOARCH, "verdict": "certified", "required": "certified",
		"module":                map[string]any{"declared": "native", "version": "v1.0.0-c2097c7c", "linked": "yes"},
		"mode":                  map[string]any{"declared": "on", "linked": "on"},
		"seen":                  map[string]any{"module": "native", "versions": []any{"v1.0.0-c2097c7c"}, "integrity": "intact", "mode": "on", "basis": "code", "godebug": []any{"fips140=on"}},
		"operating_environment": "to-be-confirmed",
		"certificate": map[string]any{"state": "certified", "number": 5247.0, "standard": "FIPS 140-3", "level": 1.0, "sunset": "2031-04-26", "as_of": "2026-04-27",
			"source": "https://csrc.nist.gov/projects/cryptographic-module-validation-program/certificate/5247"},
	}
	if diff := cmp.Diff(want, file); diff != "" {
		t.Errorf("facts (-want +got):\n%s", diff)
	}
}

// TestFIPSSeen judges executables that are not what their build info says, or of
// which it says nothing.
func TestFIPSSeen(t *testing.T) {
	dir := gobintest.Module(t, gobintest.GoMod)
	build := func(args ...string) []byte {
		data, err := os.ReadFile(gobintest.Build(t, dir, args...))
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	certified := build("GOFIPS140=v1.0.0")
	seen := fips.Look(newBinary(t, certified))
	flipped := bytes.Clone(certified)
	i := bytes.Index(flipped, []byte("\xff Go fipsinfo \xff\x00"))
	if i < 0 || seen.Integrity != gobin.Intact {
		t.Fatalf("%+v", seen)
	}
	flipped[i+20] ^= 1
	edited := bytes.Clone(certified)
	edited[bytes.Index(edited, []byte("-compiler=gc"))+len("-compiler=g")] = 'd'
	wiped := bytes.Clone(certified)
	copy(wiped[bytes.Index(wiped, []byte("\xff Go buildinf:")):], "\xff No buildinf:")
	plain := gobintest.Module(t, gobintest.GoMod)
	writeFile(t, filepath.Join(plain, "main.go"), "package main\n\nfunc main() {}\n")
	none, err := os.ReadFile(gobintest.Build(t, plain, "GOFIPS140=v1.0.0"))
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		data    []byte
		outcome string
		want    []string
	}{
		"stripped":                      {build("GOARCH=amd64", "GOFIPS140=v1.0.0", "-ldflags=-s -w"), "pass", []string{"fips/certified-module"}},
		"stripped, code not understood": {build("GOARCH=riscv64", "GOFIPS140=v1.0.0", "-ldflags=-s -w"), "not-assessed fips/claimed", []string{"fips/declared-only"}},
		"changed":                       {flipped, "fail", []string{"fips/broken-module", "fips/declared-only", "fips/required reasons=integrity=broken"}},
		"wiped":                         {wiped, "pass", []string{"fips/certified-module"}},
		"nothing":                       {none, "fail", []string{"fips/not-linked", "fips/required reasons=certificate=none;linked=no"}},
		"switched off without a trace": {build("GOFIPS140=v1.0.0", "-trimpath", "-ldflags=-X=runtime.godebugDefault=fips140=off"), "fail",
			[]string{"fips/declared-only", "fips/disagreement", "fips/forced-off", "fips/required reasons=build-info=contradictory;mode=off"}},
	} {
		t.Run(name, func(t *testing.T) {
			rep := auditBinaries(t, FIPS, binaries(t, map[string][]byte{"app": test.data}), map[string]string{"fips": "certified"}, "app")
			if diff := cmp.Diff(test.want, found(rep, "reasons")); diff != "" || outcome(rep) != test.outcome {
				t.Errorf("%s, findings (-want +got):\n%s", outcome(rep), diff)
			}
		})
	}
}

func newBinary(t *testing.T, data []byte) *gobin.File {
	t.Helper()
	f, err := gobin.New(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// What is demanded is the policy's word for the files that it names, and that of
// the setting for the others.
func TestFIPSLevels(t *testing.T) {
	var levels []string
	for _, l := range fips.Levels {
		levels = append(levels, string(l))
	}
	if diff := cmp.Diff(audit.FIPSLevels, append(levels, "none")); diff != "" {
		t.Fatal(diff)
	}
	build := func(args ...string) []byte {
		data, err := os.ReadFile(gobintest.Build(t, gobintest.Module(t, gobintest.GoMod), args...))
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	soon := build("GOFIPS140=v1.26.0")
	dir := binaries(t, map[string][]byte{"certified": build("GOFIPS140=v1.0.0"), "soon": soon, "soon2": soon, "latest": build("GOFIPS140=latest"), "plain": build()})
	policy := audit.DefaultPolicy()
	policy.FIPS.Require = []audit.FIPSRequirement{
		{Paths: []string{"soon"}, Level: "validated-or-in-process"}, {Paths: []string{"l*"}, Level: "any-module"}, {Paths: []string{"plain"}, Level: "none"},
	}
	rep := runCheck(t, audit.Config{
		Target: &audit.Target{Dir: dir, Binaries: []string{dir}}, Checks: []*audit.Check{FIPS}, Policy: policy,
		Settings: map[string]string{"fips": "certified"},
	})
	want := []string{"fips/certified-module certified", "fips/in-process soon", "fips/in-process soon2", "fips/no-module plain", "fips/required soon2", "fips/uncertified-source latest"}
	if diff := cmp.Diff(want, findings(rep)); diff != "" {
		t.Error(diff)
	}

	// Other data, and such as cannot be read.
	policy = audit.DefaultPolicy()
	settings := map[string]string{"fips": "certified", "fips-certificates": `[{"module": "native", "versions": ["v1.26.0"], "state": "certified", "number": 1, "as_of": "2027-01-01", "source": "x"}]`}
	cfg := audit.Config{Target: &audit.Target{Dir: dir, Binaries: []string{filepath.Join(dir, "soon")}}, Checks: []*audit.Check{FIPS}, Policy: policy, Settings: settings}
	rep = runCheck(t, cfg)
	if diff := cmp.Diff([]string{"fips/certified-module soon"}, findings(rep)); diff != "" || factsOf[FIPSFacts](t, rep, FIPS).Evidence == "" {
		t.Error(diff)
	}
	settings["fips-certificates"] = "{}"
	if rep := runCheck(t, cfg); rep.Checks[0].Outcome != audit.Errored {
		t.Errorf("%+v", rep.Checks[0])
	}
}

// Files that have no FIPS state have a verdict all the same, and packages outside
// of the module are named where there is one.
func TestFIPSVerdicts(t *testing.T) {
	dir := gobintest.Module(t, "module example.com/prog\n\ngo 1.26\n\nrequire golang.org/x/crypto v0.0.0\n\nreplace golang.org/x/crypto => ./crypto\n")
	if err := os.MkdirAll(filepath.Join(dir, "crypto", "blake2b"), 0o777); err != nil {
		t.Fatal(err)
	}
	writeFile(t, filepath.Join(dir, "crypto", "go.mod"), "module golang.org/x/crypto\n\ngo 1.26\n")
	writeFile(t, filepath.Join(dir, "crypto", "blake2b", "b.go"), "package blake2b\n\n//go:noinline\nfunc F() { println() }\n")
	writeFile(t, filepath.Join(dir, "main.go"), "package main\n\nimport (\n\t\"crypto/sha256\"\n\n\t\"golang.org/x/crypto/blake2b\"\n)\n\nfunc main() {\n\tprintln(sha256.Sum256(nil)[0])\n\tblake2b.F()\n}\n")
	data, err := os.ReadFile(gobintest.Build(t, dir, "GOFIPS140=v1.0.0"))
	if err != nil {
		t.Fatal(err)
	}
	rep := auditBinaries(t, FIPS, binaries(t, map[string][]byte{"app": data, "text": []byte("text")}), nil, "app", "text")
	if diff := cmp.Diff([]string{"fips/certified-module", "fips/outside-module packages=golang.org/x/crypto/blake2b"}, found(rep, "packages")); diff != "" {
		t.Error(diff)
	}
	// With the source at hand, who imports them.
	rep = runCheck(t, audit.Config{
		Target: &audit.Target{Dir: dir, ModFile: filepath.Join(dir, "go.mod"), Binaries: []string{writeApp(t, data)}}, Checks: []*audit.Check{FIPS},
		Environ: append(os.Environ(), "GOFLAGS=", "GOWORK=off", "GOPROXY=off"),
	})
	if diff := cmp.Diff([]string{"fips/certified-module", "fips/outside-module packages=golang.org/x/crypto/blake2b (example.com/prog > golang.org/x/crypto/blake2b)"}, found(rep, "packages")); diff != "" {
		t.Error(diff)
	}
	rep = auditBinaries(t, FIPS, binaries(t, map[string][]byte{"app": data, "text": []byte("text")}), nil, "app", "text")
	var verdicts []string
	for _, f := range factsOf[struct{ Files []FIPSFile }](t, rep, FIPS).Files {
		verdicts = append(verdicts, f.Path+" "+string(f.Verdict))
	}
	if diff := cmp.Diff([]string{"app certified", "text unreadable"}, verdicts); diff != "" {
		t.Error(diff)
	}
}

// writeApp writes an executable to a folder of its own.
func writeApp(t *testing.T, data []byte) string {
	t.Helper()
	return filepath.Join(binaries(t, map[string][]byte{"app": data}), "app")
}

// GODEBUG where a program is started counts, and not what is linked.
func TestFIPSContexts(t *testing.T) {
	forge := func(mode string) []byte { // what it claims is seen nowhere, so that no run passes
		return gobintest.Forge("go1.26.8", gobintest.Settings("GOFIPS140=v1.0.0-c2097c7c", "-tags=fips140v1.0", "DefaultGODEBUG=fips140="+mode)...)
	}
	dir := binaries(t, map[string][]byte{"on": forge("on"), "unset": forge(""), "other": forge("on")})
	files := map[string]string{
		"off.service":       "[Service]\nExecStart=/usr/bin/on\nEnvironment=GODEBUG=fips140=off\n",
		"on.service":        "[Service]\nExecStart=/usr/bin/unset\nEnvironment=GODEBUG=fips140=on\n",
		"silent.service":    "[Service]\nExecStart=/usr/bin/on\n",
		"unknown.service":   "[Service]\nExecStart=/usr/bin/on\nEnvironmentFile=/etc/env\n",
		"program.service":   "[Service]\nExecStart=%h/x\nEnvironment=GODEBUG=fips140=off\n",
		"none.service":      "[Unit]\n",
		"shell.service":     "[Service]\nExecStart=/bin/sh -c 'exec /on'\nEnvironment=GODEBUG=fips140=off\n",
		"env.service":       "[Service]\nExecStart=/usr/bin/env GODEBUG=fips140=off /on\n",
		"elsewhere.service": "[Service]\nExecStart=/opt/server\nEnvironment=GODEBUG=fips140=off\n",
		"expanded.yaml":     "kind: Pod\nspec: {containers: [{name: c, env: [{name: O, value: fips140=off}, {name: GODEBUG, value: $(O)}]}]}\n",
		"shell.yaml":        "kind: Pod\nspec: {containers: [{name: c, command: [sh, -c, exec /on], env: [{name: GODEBUG, value: fips140=off}]}]}\n",
		"env.yaml":          "kind: Pod\nspec: {containers: [{name: c, command: [env], args: [GODEBUG=fips140=off, /on]}]}\n",
		"all.yaml":          "kind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: c, env: [{name: GODEBUG, value: fips140=yes}]}]}\n",
		"secret.yaml":       "kind: Pod\nspec: {containers: [{name: c, command: [/on], env: [{name: GODEBUG, valueFrom: {}}]}]}\n",
		"no-manifest.yaml":  "kind: Service\n",
		"reset.service":     "[Service]\nExecStart=/on\nExecStart=\nEnvironment=GODEBUG=fips140=off\n",
		"wrapped.yaml":      "kind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: c, command: [/on]}, {name: d, command: [/wrapper, /on], env: [{name: GODEBUG, value: fips140=off}]}]}\n",
		"sidecar.yaml":      "kind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: c, command: [/on]}, {name: d, command: [/proxy], envFrom: [{secretRef: {name: s}}]}]}\n",
	}
	for name, text := range files {
		writeFile(t, filepath.Join(dir, name), text)
	}
	for _, test := range []struct {
		names  []string
		want   []string
		reason string
	}{
		{[]string{"off.service"}, []string{"fips/context-weakens on"}, "fips/claimed"},
		{[]string{"on.service"}, []string{"fips/context-enables unset"}, "fips/claimed"},
		{[]string{"silent.service"}, nil, "fips/claimed"},
		{[]string{"unknown.service"}, nil, "fips/context-unknown"},
		{[]string{"program.service"}, []string{"fips/context-weakens on", "fips/context-weakens other"}, "fips/claimed"},
		{[]string{"shell.service"}, []string{"fips/context-weakens on", "fips/context-weakens other"}, "fips/claimed"},
		{[]string{"env.service"}, nil, "fips/context-unknown"},
		{[]string{"elsewhere.service"}, nil, "fips/context-unknown"},
		{[]string{"expanded.yaml"}, nil, "fips/context-unknown"},
		{[]string{"shell.yaml"}, []string{"fips/context-weakens on", "fips/context-weakens other"}, "fips/claimed"},
		{[]string{"env.yaml"}, nil, "fips/context-unknown"},
		{[]string{"none.service"}, nil, "fips/context-unknown"},
		{[]string{"missing.service"}, nil, "fips/context-unknown"},
		{[]string{"all.yaml"}, []string{"fips/context-weakens on", "fips/context-weakens other"}, "fips/claimed"},
		{[]string{"secret.yaml"}, nil, "fips/context-unknown"},
		{[]string{"reset.service"}, nil, "fips/context-unknown"},
		{[]string{"wrapped.yaml"}, nil, "fips/context-unknown"},
		{[]string{"sidecar.yaml"}, nil, "fips/claimed"},
		{[]string{"no-manifest.yaml", "missing.yaml", "on.service"}, []string{"fips/context-enables unset"}, "fips/context-unknown"},
	} {
		target := &audit.Target{Dir: dir, Binaries: []string{filepath.Join(dir, "on"), filepath.Join(dir, "unset"), filepath.Join(dir, "other")}}
		for _, n := range test.names {
			if filepath.Ext(n) == ".service" {
				target.Units = append(target.Units, filepath.Join(dir, n))
			} else {
				target.Manifests = append(target.Manifests, filepath.Join(dir, n))
			}
		}
		rep := runCheck(t, audit.Config{Target: target, Checks: []*audit.Check{FIPS}})
		got := slices.DeleteFunc(findings(rep), func(s string) bool { return !strings.HasPrefix(s, "fips/context") })
		if diff := cmp.Diff(test.want, got, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%v: %s", test.names, diff)
		}
		if res := outcomeOf(t, rep, FIPS); res.ReasonID != test.reason {
			t.Errorf("%v: %+v", test.names, res)
		}
	}
}

// A manifest that is too much to parse is not passed over: it may set anything.
func TestFIPSLargeManifest(t *testing.T) {
	dir := binaries(t, map[string][]byte{"app": gobintest.Forge("go1.26.8", gobintest.Settings("GOFIPS140=v1.0.0-c2097c7c", "-tags=fips140v1.0", "DefaultGODEBUG=fips140=on")...)})
	var text strings.Builder
	text.WriteString("kind: Pod\nspec: {containers: [{name: c, env: [{name: GODEBUG, value: fips140=off}]}]}\nannotations:\n")
	for i := range 11_000 {
		fmt.Fprintf(&text, "  k%d: v\n", i)
	}
	writeFile(t, filepath.Join(dir, "app.yaml"), text.String())
	target := &audit.Target{Dir: dir, Binaries: []string{filepath.Join(dir, "app")}, Manifests: []string{filepath.Join(dir, "app.yaml")}}
	rep := runCheck(t, audit.Config{Target: target, Checks: []*audit.Check{FIPS}})
	if res := outcomeOf(t, rep, FIPS); res.ReasonID != "fips/context-unknown" {
		t.Errorf("%+v", res)
	}
	if got := factsOf[FIPSFacts](t, rep, FIPS).Unread; len(got) != 1 || !strings.HasPrefix(got[0], "app.yaml: "+fips.ErrYAML.Error()) {
		t.Errorf("%q", got)
	}
}

// The configuration of an image counts for each program in it, and for none
// beside it.
func TestFIPSImageContext(t *testing.T) {
	app := gobintest.Forge("go1.26.8", gobintest.Settings("GOFIPS140=v1.0.0-c2097c7c", "-tags=fips140v1.0", "DefaultGODEBUG=fips140=on")...)
	layer := filetreetest.Tar(filetreetest.Entry{Name: "usr/bin/app", Data: string(app)})
	image := func(env ...string) []byte {
		return filetreetest.Tar(filetreetest.DockerSave(filetreetest.Image{Tag: "app:1", Platform: "linux/amd64", Layers: [][]byte{layer}, Env: env})...)
	}
	for _, test := range []struct {
		env    []string
		want   []string
		reason string
	}{
		{[]string{"PATH=/bin"}, nil, "fips/claimed"},
		{[]string{"GODEBUG=fips140=off"}, []string{"fips/context-weakens app.tar!/usr/bin/app"}, "fips/claimed"},
		{[]string{"GODEBUG=fips140=on#x"}, nil, "fips/context-unknown"},
	} {
		dir := binaries(t, map[string][]byte{"app.tar": image(test.env...), "app": app})
		rep := auditBinaries(t, FIPS, dir, nil, "app.tar", "app")
		got := slices.DeleteFunc(findings(rep), func(s string) bool { return !strings.HasPrefix(s, "fips/context") })
		if diff := cmp.Diff(test.want, got, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%q: %s", test.env, diff)
		}
		if res := outcomeOf(t, rep, FIPS); res.ReasonID != test.reason {
			t.Errorf("%q: %+v", test.env, res)
		}
	}
}
