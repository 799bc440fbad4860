// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package license

import (
	"slices"
	"testing"
)

func TestJudge(t *testing.T) {
	p := Policy{
		Allow:  []string{"mit", "Apache-2.0", "BSD-*", "GPL-2.0-only WITH Classpath-exception-2.0", "LGPL-2.1-only", "LicenseRef-ours", "EPL-1.0-or-nonsense"},
		Deny:   []string{"AGPL-1.0+", "GPL-3.0-only", "SSPL-*", "LicenseRef-bad", "BSD-4-Clause"},
		Review: []string{"MPL-2.0", "GPL-2.0-or-later", "Apache-1.0+"},
	}
	for _, test := range []struct {
		expression string
		want       Verdict
		reason     []string
	}{
		{"MIT", Allowed, []string{"MIT"}},
		{"BSD-3-Clause", Allowed, []string{"BSD-3-Clause"}},
		{"BSD-4-Clause", Denied, []string{"BSD-4-Clause"}}, // a whole name before a prefix
		{"SSPL-1.0", Denied, []string{"SSPL-1.0"}},
		{"Zlib", Unknown, []string{"Zlib"}},
		{"MIT OR GPL-3.0-only", Allowed, []string{"MIT"}},
		{"GPL-3.0-only OR MIT OR Apache-2.0", Allowed, []string{"MIT"}},
		{"GPL-3.0-only OR SSPL-1.0", Denied, []string{"GPL-3.0-only", "SSPL-1.0"}},
		{"GPL-3.0-only OR Zlib", Unknown, []string{"Zlib"}},
		{"MPL-2.0 OR Zlib", Review, []string{"MPL-2.0"}},
		{"MIT AND Apache-2.0", Allowed, []string{"Apache-2.0", "MIT"}},
		{"MIT AND Zlib", Unknown, []string{"Zlib"}},
		{"MPL-2.0 AND Zlib", Unknown, []string{"Zlib"}},
		{"MIT AND MPL-2.0", Review, []string{"MPL-2.0"}},
		{"MIT AND GPL-3.0-only AND Zlib", Denied, []string{"GPL-3.0-only"}},
		{"(MIT OR GPL-3.0-only) AND (Zlib OR Apache-2.0)", Allowed, []string{"Apache-2.0", "MIT"}},
		{"MIT OR GPL-3.0-only AND Zlib", Allowed, []string{"MIT"}},
		{"GPL-2.0-only WITH Classpath-exception-2.0", Allowed, []string{"GPL-2.0-only WITH Classpath-exception-2.0"}},
		{"GPL-2.0-or-later WITH Classpath-exception-2.0", Review, []string{"GPL-2.0-or-later WITH Classpath-exception-2.0"}},
		{"Apache-2.0 WITH LLVM-exception", Allowed, []string{"Apache-2.0 WITH LLVM-exception"}},
		{"GPL-3.0-only WITH GCC-exception-3.1", Denied, []string{"GPL-3.0-only WITH GCC-exception-3.1"}},
		{"GPL-2.0-or-later", Review, []string{"GPL-2.0-or-later"}},
		{"GPL-2.0-only", Review, []string{"GPL-2.0-only"}},         // in the range of GPL-2.0-or-later
		{"GPL-3.0-or-later", Denied, []string{"GPL-3.0-or-later"}}, // version 3 itself is denied
		{"GPL-1.0-only", Unknown, []string{"GPL-1.0-only"}},        // below the range
		{"AGPL-3.0-only", Denied, []string{"AGPL-3.0-only"}},       // in the range of AGPL-1.0+
		{"AGPL-3.0-or-later", Denied, []string{"AGPL-3.0-or-later"}},
		{"LGPL-2.1-or-later", Allowed, []string{"LGPL-2.1-or-later"}}, // the recipient may stay with 2.1
		{"LGPL-3.0-only", Unknown, []string{"LGPL-3.0-only"}},
		{"Apache-1.1", Review, []string{"Apache-1.1"}},
		{"Apache-2.0+", Allowed, []string{"Apache-2.0+"}},
		{"LicenseRef-ours", Allowed, []string{"LicenseRef-ours"}},
		{"LicenseRef-bad OR LicenseRef-other", Unknown, []string{"LicenseRef-other"}},
		{"MIT AND MIT", Allowed, []string{"MIT"}},
		{"", Unknown, nil},
		{" ", Unknown, nil},
	} {
		got := Judge(test.expression, p)
		if got.Verdict != test.want || !slices.Equal(got.Reason, test.reason) || got.Invalid != "" {
			t.Errorf("%s: %+v, want %s %q", test.expression, got, test.want, test.reason)
		}
	}
	for _, invalid := range []string{"MIT AND", "Unheard-1.0", "NOASSERTION"} {
		if got := Judge(invalid, Policy{Allow: []string{"*"}}); got.Verdict != Unknown || got.Invalid == "" {
			t.Errorf("%s: %+v", invalid, got)
		}
	}
	for _, e := range []string{"MIT", "LicenseRef-x"} {
		if got := Judge(e, Policy{}); got.Verdict != Unknown {
			t.Errorf("%s: %+v", e, got)
		}
	}
	if got := Judge("MIT", Policy{Allow: []string{"MIT"}, Deny: []string{"MIT"}, Review: []string{"MIT"}}); got.Verdict != Denied {
		t.Errorf("in all lists: %+v", got)
	}
	if got := Judge("MIT", Policy{Allow: []string{"MIT"}, Review: []string{"MIT"}}); got.Verdict != Review {
		t.Errorf("in two lists: %+v", got)
	}
}
