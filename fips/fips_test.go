// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package fips_test

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/goassay/assay/audit/gobin"
	"github.com/goassay/assay/audit/gobin/gobintest"
	"github.com/goassay/assay/fips"
)

var now = time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC)

func judge(t *testing.T, data []byte, now time.Time) fips.State {
	t.Helper()
	f, err := gobin.New(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	return fips.Judge(f, fips.Look(f), fips.BuiltInCertificates(), now)
}

// TestBuilt judges executables as the go command builds them.
func TestBuilt(t *testing.T) {
	plain := gobintest.GoMod
	for _, test := range []struct {
		name, gomod string
		args        []string
		version     string
		mode        fips.ModeName
		certificate fips.CertificateState
		number      int
		reasons     string
	}{
		{"no module", plain, nil, "", fips.Unset, fips.None, 0, "certificate=none mode=unset module=none"},
		{"certified", plain, []string{"GOFIPS140=v1.0.0"}, "v1.0.0-c2097c7c", fips.On, fips.Certified, 5247, ""},
		{"latest", plain, []string{"GOFIPS140=latest"}, "latest", fips.On, fips.None, 0, "certificate=none"},
		{"switched off in go.mod", plain + "godebug fips140=off\n", []string{"GOFIPS140=v1.0.0"}, "v1.0.0-c2097c7c", fips.Off, fips.Certified, 5247, "mode=off"},
		{"switched off by the linker", plain, []string{"GOFIPS140=v1.0.0", "-ldflags=-X=runtime.godebugDefault=fips140=off"}, "v1.0.0-c2097c7c", fips.On, fips.Certified, 5247, "build-info=contradictory mode=off"},
	} {
		t.Run(test.name, func(t *testing.T) {
			data, err := os.ReadFile(gobintest.Build(t, gobintest.Module(t, test.gomod), test.args...))
			if err != nil {
				t.Fatal(err)
			}
			s := judge(t, data, now)
			if s.Basis != fips.Executable || s.OperatingEnvironment != "to-be-confirmed" {
				t.Errorf("basis %s, operating environment %s", s.Basis, s.OperatingEnvironment)
			}
			kind := fips.Native
			if test.version == "" {
				kind = fips.NoModule
			}
			if s.Module.Declared != kind || s.Module.Version != test.version {
				t.Errorf("module %+v", s.Module)
			}
			if s.Mode.Declared != test.mode || s.Certificate.State != test.certificate || s.Certificate.Number != test.number {
				t.Errorf("mode %s, certificate %+v", s.Mode.Declared, s.Certificate)
			}
			if got := strings.Join(s.Reasons(), " "); got != test.reasons {
				t.Errorf("reasons %q, want %q", got, test.reasons)
			}
		})
	}
}

// TestForged judges build info that no go command at hand writes.
func TestForged(t *testing.T) {
	const v1 = "GOFIPS140=v1.0.0-c2097c7c"
	for _, test := range []struct {
		name        string
		toolchain   string
		settings    []string
		module      fips.Module
		mode        fips.ModeName
		certificate fips.CertificateState
		refusal     fips.Refusal
		disagree    []fips.Disagreement
		determined  bool
	}{
		{"in process", "go1.26.8", []string{"GOFIPS140=v1.26.0", "-tags=fips140v1.26", "DefaultGODEBUG=fips140=on"},
			fips.Module{Declared: fips.Native, Version: "v1.26.0", Linked: "unknown"}, fips.On, fips.InProcess, "", nil, true},
		{"first seal of v1.0.0", "go1.24.0", []string{"GOFIPS140=v1.0.0", "-tags=fips140v1.0", "DefaultGODEBUG=fips140=on"},
			fips.Module{Declared: fips.Native, Version: "v1.0.0", Linked: "unknown"}, fips.On, fips.NotKnown, "", nil, false},
		{"version of the future", "go1.29.0", []string{"GOFIPS140=v1.29.0", "-tags=fips140v1.29", "DefaultGODEBUG=fips140=on"},
			fips.Module{Declared: fips.Native, Version: "v1.29.0", Linked: "unknown"}, fips.On, fips.NotKnown, "", nil, false},
		{"only", "go1.26.8", []string{v1, "-tags=fips140v1.0", "DefaultGODEBUG=fips140=only"},
			fips.Module{Declared: fips.Native, Version: "v1.0.0-c2097c7c", Linked: "unknown"}, fips.Only, fips.Certified, "", nil, true},
		{"last value counts", "go1.26.8", []string{v1, "-tags=fips140v1.0", "DefaultGODEBUG=fips140=on,fips140=off"},
			fips.Module{Declared: fips.Native, Version: "v1.0.0-c2097c7c", Linked: "unknown"}, fips.Off, fips.Certified, "", nil, true},
		{"value unknown", "go1.26.8", []string{v1, "-tags=fips140v1.0", "DefaultGODEBUG=fips140=yes"},
			fips.Module{Declared: fips.Native, Version: "v1.0.0-c2097c7c", Linked: "unknown"}, "yes", fips.Certified, fips.RefuseValue, nil, true},
		{"mode on without a module", "go1.26.8", []string{"DefaultGODEBUG=fips140=on"},
			fips.Module{Declared: fips.NoModule, Linked: "no"}, fips.On, fips.None, "", nil, true},
		{"tag missing", "go1.26.8", []string{v1, "DefaultGODEBUG=fips140=on"},
			fips.Module{Declared: fips.Native, Version: "v1.0.0-c2097c7c", Linked: "unknown"}, fips.On, fips.Certified, "",
			[]fips.Disagreement{{Claim: v1, Against: "no tag fips140v1.0"}}, true},
		{"tag alone", "go1.26.8", []string{"-tags=x,fips140v1.0"},
			fips.Module{Declared: fips.NoModule, Linked: "no"}, fips.Unset, fips.None, "",
			[]fips.Disagreement{{Claim: "tag fips140v1.0", Against: "GOFIPS140="}}, true},
		{"toolchain too old", "go1.23.4", []string{v1, "-tags=fips140v1.0", "DefaultGODEBUG=fips140=on"},
			fips.Module{Declared: fips.Native, Version: "v1.0.0-c2097c7c", Linked: "unknown"}, fips.On, fips.Certified, "",
			[]fips.Disagreement{{Claim: v1, Against: "go1.23.4"}}, true},
		{"recorded twice", "go1.26.8", []string{v1, "GOFIPS140=latest", "-tags=fips140v1.0", "DefaultGODEBUG=fips140=on"},
			fips.Module{Declared: fips.Native, Version: "v1.0.0-c2097c7c", Linked: "unknown"}, fips.On, fips.Certified, "",
			[]fips.Disagreement{{Claim: "GOFIPS140", Against: "GOFIPS140 again"}}, true},
		{"ASan", "go1.26.8", []string{v1, "-asan=true", "-tags=fips140v1.0", "DefaultGODEBUG=fips140=on"},
			fips.Module{Declared: fips.Native, Version: "v1.0.0-c2097c7c", Linked: "unknown"}, fips.On, fips.Certified, fips.RefuseASan, nil, true},
		{"purego", "go1.26.8", []string{v1, "-tags=purego,fips140v1.0", "DefaultGODEBUG=fips140=on"},
			fips.Module{Declared: fips.Native, Version: "v1.0.0-c2097c7c", Linked: "unknown"}, fips.On, fips.Certified, fips.RefusePurego, nil, true},
		{"openbsd", "go1.26.8", []string{v1, "GOOS=openbsd", "-tags=fips140v1.0", "DefaultGODEBUG=fips140=on"},
			fips.Module{Declared: fips.Native, Version: "v1.0.0-c2097c7c", Linked: "unknown"}, fips.On, fips.Certified, fips.RefusePlatform, nil, true},
		{"boringcrypto", "go1.26.8-X:boringcrypto", []string{"GOEXPERIMENT=boringcrypto", "CGO_ENABLED=1"},
			fips.Module{Declared: fips.BoringCrypto, Linked: "unknown"}, fips.Unset, fips.Certified, "", nil, false},
		{"boringcrypto, 140-2", "go1.22.1 X:boringcrypto", []string{"GOEXPERIMENT=boringcrypto", "CGO_ENABLED=1"},
			fips.Module{Declared: fips.BoringCrypto, Linked: "unknown"}, fips.Unset, fips.Historical, "", nil, false},
		{"boringcrypto without cgo", "go1.26.8-X:boringcrypto", []string{"GOEXPERIMENT=boringcrypto", "CGO_ENABLED=0"},
			fips.Module{Declared: fips.BoringCrypto, Linked: "no"}, fips.Unset, fips.None, "", nil, true},
		{"boringcrypto and native mode", "go1.26.8-X:boringcrypto", []string{"CGO_ENABLED=1", "DefaultGODEBUG=fips140=on"},
			fips.Module{Declared: fips.BoringCrypto, Linked: "unknown"}, fips.On, fips.Certified, fips.RefuseBoring, nil, false},
		{"boringcrypto in one place", "go1.26.8", []string{"GOEXPERIMENT=boringcrypto", "CGO_ENABLED=1"},
			fips.Module{Declared: fips.BoringCrypto, Linked: "unknown"}, fips.Unset, fips.Certified, "",
			[]fips.Disagreement{{Claim: "GOEXPERIMENT=boringcrypto", Against: "go1.26.8"}}, false},
		{"boringcrypto and a module", "go1.26.8-X:boringcrypto", []string{v1, "-tags=fips140v1.0", "GOEXPERIMENT=boringcrypto", "CGO_ENABLED=1", "DefaultGODEBUG=fips140=on"},
			fips.Module{Declared: fips.Native, Version: "v1.0.0-c2097c7c", Linked: "unknown"}, fips.On, fips.Certified, "",
			[]fips.Disagreement{{Claim: v1, Against: "GOEXPERIMENT=boringcrypto"}}, true},
		{"Microsoft", "go1.26.3", []string{"microsoft_systemcrypto=1", "microsoft_toolset_version=go1.26.3-microsoft", "DefaultGODEBUG=fips140=on", "CGO_ENABLED=1"},
			fips.Module{Declared: fips.System, Linked: "unknown"}, fips.On, fips.NotKnown, "", nil, false},
		{"Microsoft, older", "go1.24.1 X:systemcrypto", []string{"GOEXPERIMENT=systemcrypto", "CGO_ENABLED=1"},
			fips.Module{Declared: fips.System, Linked: "unknown"}, fips.Unset, fips.NotKnown, "", nil, false},
		{"Red Hat", "go1.22.9 (Red Hat 1.22.9-2.el9_5)", []string{"CGO_ENABLED=1"},
			fips.Module{Declared: fips.System, Linked: "unknown"}, fips.Unset, fips.NotKnown, "", nil, false},
		{"Red Hat without cgo", "go1.22.9 (Red Hat 1.22.9-2.el9_5)", []string{"CGO_ENABLED=0"},
			fips.Module{Declared: fips.NoModule, Linked: "no"}, fips.Unset, fips.None, "", nil, true},
		{"Red Hat without OpenSSL", "go1.22.9 (Red Hat 1.22.9-2.el9_5)", []string{"CGO_ENABLED=1", "-tags=no_openssl"},
			fips.Module{Declared: fips.NoModule, Linked: "no"}, fips.Unset, fips.None, "", nil, true},
		{"strictfipsruntime", "go1.22.9", []string{"CGO_ENABLED=1", "-tags=strictfipsruntime"},
			fips.Module{Declared: fips.System, Linked: "unknown"}, fips.Unset, fips.NotKnown, "", nil, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := judge(t, gobintest.Forge(test.toolchain, gobintest.Settings(test.settings...)...), now)
			got := []any{s.Module, s.Mode.Declared, s.Certificate.State, s.Refusal, s.Disagreements, s.Determined()}
			want := []any{test.module, test.mode, test.certificate, test.refusal, test.disagree, test.determined}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestSettingsUnknown(t *testing.T) {
	s := judge(t, gobintest.Forge("go1.26.8"), now)
	if s.Basis != fips.Nothing || s.Module.Declared != fips.Unknown || s.Mode.Declared != fips.ModeUnknown ||
		s.Certificate.State != fips.NotKnown || s.Determined() || s.Reasons() != nil {
		t.Errorf("%+v", s)
	}
}

func TestSunset(t *testing.T) {
	data := gobintest.Forge("go1.26.8", gobintest.Settings("GOFIPS140=v1.0.0-c2097c7c", "-tags=fips140v1.0", "DefaultGODEBUG=fips140=on")...)
	for day, want := range map[string]fips.CertificateState{
		"2031-04-25": fips.Certified, "2031-04-26": fips.Historical, "2040-01-01": fips.Historical,
	} {
		at, err := time.Parse(time.DateOnly, day)
		if err != nil {
			t.Fatal(err)
		}
		if got := judge(t, data, at).Certificate.State; got != want {
			t.Errorf("on %s: %s, want %s", day, got, want)
		}
	}
}

// TestCertificates holds the data to its own form.
func TestCertificates(t *testing.T) {
	data, err := os.ReadFile("certificates.json")
	if err != nil {
		t.Fatal(err)
	}
	var entries []struct {
		Module   fips.Kind `json:"module"`
		Versions []string  `json:"versions"`
		GoFrom   string    `json:"go_from"`
		GoBefore string    `json:"go_before"`
		fips.Certificate
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&entries); err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, e := range entries {
		if _, err := time.Parse(time.DateOnly, e.AsOf); err != nil || !strings.HasPrefix(e.Source, "https://csrc.nist.gov/") || e.Standard == "" {
			t.Errorf("%+v: %v", e, err)
		}
		if (e.State == fips.InProcess) != (e.Number == 0) {
			t.Errorf("%s with number %d", e.State, e.Number)
		}
		for _, v := range e.Versions {
			if seen[v] {
				t.Errorf("%s twice", v)
			}
			seen[v] = true
		}
	}
}

// The module refuses 32-bit Windows: on ARM too, which Go had until 1.25.
func TestRefusesWindows(t *testing.T) {
	data, err := os.ReadFile(gobintest.Build(t, gobintest.Module(t, gobintest.GoMod), "GOOS=windows", "GOARCH=386", "GOFIPS140=v1.0.0"))
	if err != nil {
		t.Fatal(err)
	}
	arm := bytes.Clone(data)
	copy(arm[bytes.Index(arm, []byte("PE\x00\x00"))+4:], "\xc4\x01") // IMAGE_FILE_MACHINE_ARMNT
	for arch, data := range map[string][]byte{"386": data, "arm": arm} {
		if s := judge(t, data, now); s.Refusal != fips.RefusePlatform || s.Verdict() != fips.VerdictBroken {
			t.Errorf("%s: refusal %q, verdict %s", arch, s.Refusal, s.Verdict())
		}
	}
}
