// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package host

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/goassay/assay/audit/gobin"
)

func FuzzParseBoot(f *testing.F) {
	for _, s := range []string{"ro fips=1 boot=UUID=1 quiet\n", `a="b fips=1" -- fips=0`, `"fips=1" fips="0`, "fips=\xff", "=", `"`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		asks, _ := ParseBoot(s)
		if asks.Is == gobin.Yes && !strings.Contains(s, "fips=") {
			t.Errorf("%q: %+v", s, asks)
		}
		// What stands behind "--", and empty parameters, change nothing.
		if again, _ := ParseBoot(" " + s); again != asks {
			t.Errorf("%q: %+v, %+v", s, asks, again)
		}
		if strings.Count(s, `"`) == 0 {
			if again, _ := ParseBoot(s + " -- fips=1"); again != asks {
				t.Errorf("%q: %+v, %+v", s, asks, again)
			}
			if again, _ := ParseBoot("fips=yes " + s + " fips=1"); again.Is != gobin.Yes && !strings.Contains(s, "--") {
				t.Errorf("%q: %+v", s, again)
			}
		}
	})
}

func FuzzParseMounts(f *testing.F) {
	f.Add("22 28 0:21 / /proc rw,nosuid shared:12 - proc proc rw\n28 1 253:0 / / rw - xfs /dev/vda rw\n")
	f.Add("22 28 0:21 /sys\\040x /proc/sys ro - proc proc rw\n")
	f.Fuzz(func(t *testing.T, s string) {
		mounts, err := parseMounts(s)
		if (err == nil) != (len(mounts) > 0) {
			t.Errorf("%d mounts, %v", len(mounts), err)
		}
		if a := genuine(mounts); a.Is != gobin.Yes && a.Why == "" || !utf8.ValidString(a.Why) {
			t.Errorf("%+v", a)
		}
	})
}

func FuzzParsePolicy(f *testing.F) {
	for _, s := range []string{"# a\nFIPS:OSPP\n", "default:sha1::\nx:y", "\xff", ":"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p, ok := ParsePolicy(s)
		if !ok {
			return
		}
		if again, ok := ParsePolicy(string(p)); !ok || again != p {
			t.Errorf("%q is read again as %q", p, again)
		}
	})
}

func FuzzParseOpenSSL(f *testing.F) {
	f.Add("Providers:\n  default\n    name: OpenSSL Default Provider\n    version: 3.0.15\n    status: active\n")
	f.Add("OpenSSL 3.0.19 27 Jan 2026\nMODULESDIR: \"/usr/lib/ossl-modules\"\n")
	f.Add("Providers:\n  fips\xff\n    name: \x1b[0m\n")
	f.Fuzz(func(t *testing.T, s string) {
		product, version, _ := ParseVersion(s)
		if len(product)+len(version) > 100 {
			t.Errorf("%q %q", product, version)
		}
		list, ok := ParseProviders(s)
		for _, p := range list {
			if text := p.String(); ok && (!utf8.ValidString(text) || strings.ContainsAny(text, "\x00\x1b\n")) {
				t.Errorf("%q", text)
			}
		}
	})
}
