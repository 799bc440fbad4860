// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package fips_test

import (
	"os"
	"strings"
	"testing"

	"github.com/goassay/assay/audit/gobin/gobintest"
	"github.com/goassay/assay/fips"
)

// FuzzJudge forges build info of any content. Nothing passes for a certified
// module that is on but the recorded version, mode and tag that stand for one.
func FuzzJudge(f *testing.F) {
	f.Add("go1.26.8", "v1.0.0-c2097c7c", "fips140=on", "fips140v1.0", "", "-s -w")
	f.Add("go1.26.8", "v1.0.0-c2097c7c", "fips140=on", "fips140v1.0", "", "-X=runtime.godebugDefault=fips140=off")
	f.Add("go1.26.8-X:boringcrypto", "latest", "fips140=", "requirefips", "boringcrypto", "")
	f.Fuzz(func(t *testing.T, toolchain, version, godebug, tags, experiment, ldflags string) {
		if strings.ContainsAny(toolchain+version+godebug+tags+experiment+ldflags, "\n\r") || toolchain == "" {
			return
		}
		s := judge(t, gobintest.Forge(toolchain, gobintest.Settings("GOFIPS140="+version, "DefaultGODEBUG="+godebug,
			"-tags="+tags, "GOEXPERIMENT="+experiment, "-ldflags="+ldflags, "CGO_ENABLED=1")...), now)
		if s.Basis == fips.Nothing || !s.Determined() || s.Reasons() != nil {
			return
		}
		if version != "v1.0.0-c2097c7c" || !strings.Contains(godebug, "fips140=") || !strings.Contains(tags, "fips140v1.0") || s.Certificate.Number != 5247 {
			t.Errorf("certified and on: %+v", s)
		}
	})
}

// FuzzParseCertificates demands of data that is accepted that each entry says one
// thing.
func FuzzParseCertificates(f *testing.F) {
	data, err := os.ReadFile("certificates.json")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add([]byte("[]"))
	f.Fuzz(func(t *testing.T, data []byte) {
		list, err := fips.ParseCertificates(data)
		if err != nil {
			return
		}
		for _, e := range list {
			if e.AsOf == "" || e.Source == "" || (e.State == fips.Certified) && e.Number <= 0 {
				t.Errorf("%+v", e)
			}
		}
	})
}
