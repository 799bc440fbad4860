// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package audit

import (
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"
)

// TestPolicyVuln: what a policy may say of vulnerabilities, and where it is wrong.
// The schema says the same.
func TestPolicyVuln(t *testing.T) {
	schema := policySchemaCompiled(t)
	for _, test := range []struct {
		in   string
		want VulnPolicy
		days int    // -1: not said
		err  string // line:column and message
	}{
		{"vuln:\n", VulnPolicy{}, -1, ""},
		{"vuln: {}\n", VulnPolicy{}, -1, ""},
		{"vuln:\n  db: https://vuln.corp.example\n  max_age: 30d\n  vex: [a.json, sub/b.json]\n",
			VulnPolicy{DB: "https://vuln.corp.example", MaxAge: "30d", VEX: []string{"a.json", "sub/b.json"}}, 30, ""},
		{"vuln: {max_age: 0d}\n", VulnPolicy{MaxAge: "0d"}, 0, ""},
		{"vuln: {max_age: 9999d}\n", VulnPolicy{MaxAge: "9999d"}, 9999, ""},
		{"vuln: {max_age: \"\"}\n", VulnPolicy{}, -1, ""},
		{"vuln: {max_age: 10000d}\n", VulnPolicy{}, 0, "1:17: malformed age"},
		{"vuln: {max_age: +5d}\n", VulnPolicy{}, 0, "1:17: malformed age"},
		{"vuln: {max_age: -5d}\n", VulnPolicy{}, 0, "1:17: malformed age"},
		{"vuln: {max_age: 30}\n", VulnPolicy{}, 0, "1:17: "},
		{"vuln: {max_age: d}\n", VulnPolicy{}, 0, "1:17: malformed age"},
		{"vuln: {max_age: 4w}\n", VulnPolicy{}, 0, "1:17: malformed age"},
		{"vuln: {max_age: 1.5d}\n", VulnPolicy{}, 0, "1:17: malformed age"},
		{"vuln:\n  vex:\n    - a.json\n    - \" \"\n", VulnPolicy{}, 0, "4:7: VEX document without a name"},
		{"vuln: {vex: a.json}\n", VulnPolicy{}, 0, "1:13: "},
		{"vuln: {database: x}\n", VulnPolicy{}, 0, "1:8: "},
		{"vuln: {db: [x]}\n", VulnPolicy{}, 0, "1:12: "},
	} {
		p, err := ParsePolicy("assay.yaml", []byte(test.in), policyRules)
		var doc any
		if err := yaml.Unmarshal([]byte(test.in), &doc); err != nil {
			t.Fatal(err)
		}
		if fits := schema.Validate(doc) == nil; fits != (err == nil) {
			t.Errorf("%q: fits the schema: %v; %v", test.in, fits, err)
		}
		if test.err != "" {
			if err == nil || !strings.Contains(err.Error(), test.err) {
				t.Errorf("%q: %v, want %s", test.in, err, test.err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%q: %v", test.in, err)
			continue
		}
		if diff := cmp.Diff(test.want, p.Vuln); diff != "" {
			t.Errorf("%q: -want +got\n%s", test.in, diff)
		}
		if days, ok := p.Vuln.MaxAgeDays(); ok != (test.days >= 0) || ok && days != test.days {
			t.Errorf("%q: %d %v", test.in, days, ok)
		}
	}
}
