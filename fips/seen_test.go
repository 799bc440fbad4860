// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package fips_test

import (
	"bytes"
	"fmt"
	"os"
	"runtime"
	"testing"

	"github.com/goassay/assay/audit/gobin"
	"github.com/goassay/assay/audit/gobin/gobintest"
	"github.com/goassay/assay/fips"
	"github.com/goassay/assay/internal/machine"
)

// BoringCrypto is a C object: with cgo it is linked, whatever mode it is in.
func TestSeenBoringCrypto(t *testing.T) {
	if runtime.GOOS != "linux" || runtime.GOARCH != "amd64" && runtime.GOARCH != "arm64" {
		t.Skip("BoringCrypto is made for linux on amd64 and arm64 alone")
	}
	machine.Need(t, "gcc") // for cgo
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
