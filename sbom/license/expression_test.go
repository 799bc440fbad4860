// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package license

import (
	"strings"
	"testing"

	"github.com/github/go-spdx/v2/spdxexp"
)

func TestNormalize(t *testing.T) {
	for in, want := range map[string]string{
		"MIT":                         "MIT",
		"mit and (APACHE-2.0 or isc)": "MIT AND (Apache-2.0 OR ISC)",
		"MIT OR ISC AND BSD-2-Clause": "MIT OR ISC AND BSD-2-Clause",
		"(MIT OR ISC) OR MIT":         "MIT OR ISC",
		"((MIT))":                     "MIT",
		"GPL-2.0":                     "GPL-2.0-only",
		"GPL-2.0+":                    "GPL-2.0-or-later",
		"LGPL-2.1-or-later":           "LGPL-2.1-or-later",
		"Apache-1.1+":                 "Apache-1.1+",
		"GPL-2.0-only WITH classpath-exception-2.0": "GPL-2.0-only WITH Classpath-exception-2.0",
		"LicenseRef-x.Y-1":                          "LicenseRef-x.Y-1",
		"DocumentRef-d:LicenseRef-x AND MIT":        "DocumentRef-d:LicenseRef-x AND MIT",
		"MIT WITH AdditionRef-x":                    "MIT WITH AdditionRef-x",
	} {
		got, err := Normalize(in)
		if err != nil || got != want {
			t.Errorf("%q: %q, %v; want %q", in, got, err, want)
		}
		if strings.Contains(in, "AdditionRef") || strings.Contains(in, " and ") {
			continue // SPDX 3, which the reference does not read
		}
		if _, err := spdxexp.ExtractLicenses(got); err != nil {
			t.Errorf("%q: the reference says %v", got, err)
		}
	}
}

func TestNormalizeErrors(t *testing.T) {
	for _, in := range []string{"", "  ", "MIT AND", "OR MIT", "(MIT", "MIT)", "()", "MIT ISC", "Unheard-1.0", "MIT WITH", "MIT WITH MIT", "LicenseRef-", "LicenseRef-a_b",
		"Doc:LicenseRef-x", "DocumentRef-:LicenseRef-x", "MIT WITH AdditionRef-", "MIT And ISC", "NOASSERTION", strings.Repeat("(", maxDepth+1) + "MIT" + strings.Repeat(")", maxDepth+1),
		strings.Repeat("x", maxExpression+1)} {
		if got, err := Normalize(in); err == nil {
			t.Errorf("%.40q: %q", in, got)
		}
	}
}

func TestEquivalent(t *testing.T) {
	for _, test := range []struct {
		a, b string
		want bool
	}{
		{"MIT AND ISC", "ISC AND MIT", true},
		{"MIT AND (ISC OR Zlib)", "(Zlib OR ISC) AND MIT", true},
		{"MIT AND ISC", "MIT OR ISC", false},
		{"GPL-2.0", "GPL-2.0-only", true},
		{"MIT", "", false},
		{"", "", false},
	} {
		if got := Equivalent(test.a, test.b); got != test.want {
			t.Errorf("%q, %q: %v", test.a, test.b, got)
		}
	}
}
