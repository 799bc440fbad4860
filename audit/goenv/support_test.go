// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package goenv_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/goassay/assay/audit/goenv"
)

func TestBuildOf(t *testing.T) {
	for name, want := range map[string]goenv.Build{
		"go1.26.8": goenv.BuildRelease, "go1.20": goenv.BuildRelease, "go1.20.14": goenv.BuildRelease,
		"go1.26": goenv.BuildDevelopment, "devel go1.27-0123abc Tue": goenv.BuildDevelopment, "go1.27-devel_0123abc Tue Nov 3": goenv.BuildDevelopment,
		"go1.24.1 X:boringcrypto": goenv.BuildExperiment, "go1.26.8-X:boringcrypto,synctest": goenv.BuildExperiment,
		"go1.27rc3": goenv.BuildPrerelease, "go1.16beta1": goenv.BuildPrerelease,
		"go1.26.8-corp": goenv.BuildVendor, "go1.24.4 (Red Hat 1.24.4-1.el9)": goenv.BuildVendor, "go1.26.8-X:a b": goenv.BuildVendor,
		"": goenv.BuildUnknown, "weekly": goenv.BuildUnknown, "go2.x": goenv.BuildUnknown, "1.26.8": goenv.BuildUnknown,
	} {
		if got := goenv.BuildOf(name); got != want {
			t.Errorf("BuildOf(%q) = %s, want %s", name, got, want)
		}
	}
}

func TestSupportOf(t *testing.T) {
	for _, test := range []struct {
		name, day string
		want      goenv.SupportState
		until     string
		ended     string
	}{
		{"go1.26.8", "2026-11-20", goenv.Supported, "2027-02-01", ""},
		{"go1.26.8-X:boringcrypto", "2026-11-20", goenv.Supported, "2027-02-01", ""},
		{"go1.26.8", "2027-01-31", goenv.Supported, "2027-02-01", ""},
		{"go1.26.8", "2027-02-01", goenv.SupportUnknown, "2027-02-01", ""}, // go1.28 may be out
		{"go1.27.0", "2027-02-01", goenv.Supported, "2027-08-01", ""},
		{"go1.27.0", "2027-08-01", goenv.SupportUnknown, "2027-08-01", ""},
		{"go1.25.13", "2026-11-20", goenv.EndOfLife, "", "2026-08-18"},
		{"go1.25.13", "2026-08-17", goenv.Supported, "2026-08-18", ""},
		{"go1.24.0", "2026-02-09", goenv.Supported, "2026-02-10", ""},
		{"go1.24.0", "2026-02-10", goenv.EndOfLife, "", "2026-02-10"},
		{"go1.16.1", "2040-01-01", goenv.EndOfLife, "", "2022-03-15"},
		{"go1.9", "2026-11-20", goenv.EndOfLife, "", ""},
		{"go1.28.0", "2027-03-01", goenv.SupportUnknown, "", ""},
		{"go1.27.0", "2026-01-01", goenv.SupportUnknown, "", ""}, // the clock is wrong
		{"go1.26.8-corp", "2026-11-20", goenv.SupportUnknown, "", ""},
		{"go1.27rc1", "2026-11-20", goenv.SupportUnknown, "", ""},
		{"devel go1.28-0123abc", "2026-11-20", goenv.SupportUnknown, "", ""},
		{"", "2026-11-20", goenv.SupportUnknown, "", ""},
	} {
		now, err := time.Parse(time.DateOnly, test.day)
		if err != nil {
			t.Fatal(err)
		}
		s := goenv.SupportOf(test.name, now)
		if s.State != test.want || s.Until != test.until || s.Ended != test.ended || s.AsOf == "" {
			t.Errorf("SupportOf(%q, %s) = %+v, want %s until %q, ended %q", test.name, test.day, s, test.want, test.until, test.ended)
		}
	}
}

func TestAdvisoriesOf(t *testing.T) {
	const all = "[GO-2026-4984 CVE-2026-42501 GO-2026-6179 CVE-2026-56865 GO-2026-6180 CVE-2026-56864] true"
	const tiles = "[GO-2026-6179 CVE-2026-56865 GO-2026-6180 CVE-2026-56864] true"
	for name, want := range map[string]string{
		"go1.20.14": all, "go1.24.13": all,
		"go1.25.9": all, "go1.25.10": tiles, "go1.25.12": tiles, "go1.25.13": "[] true",
		"go1.26rc1": all, "go1.26.2": all, "go1.26.3": tiles, "go1.26.5": tiles, "go1.26.6": "[] true", "go1.26.8": "[] true",
		"go1.27rc2": tiles, "go1.27rc3": "[] true", "go1.27.0": "[] true", "go1.28.0": "[] true",
		"go1.26.2-X:boringcrypto": all,
		"go1.26.2-corp":           "[] false", "go1.26": "[] false", "": "[] false",
	} {
		affecting, known := goenv.AdvisoriesOf(name)
		if got := fmt.Sprint(affecting, " ", known); got != want {
			t.Errorf("AdvisoriesOf(%q) = %s, want %s", name, got, want)
		}
	}
}
