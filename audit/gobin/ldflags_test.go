// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package gobin

import (
	"strings"
	"testing"

	"github.com/goassay/assay/audit/redact"
)

// The value of a variable ends where its word does, and the variable is named,
// whatever of the value looks like a credential.
func TestRedactLinkerFlags(t *testing.T) {
	for _, test := range []struct{ flags, want, variables string }{
		{"", "", ""},
		{"-s -w  -X main.version=v1,2;3 -extldflags=-static", "-s -w  -X main.version=v1,2;3 -extldflags=-static", ""},
		{"-X main.token=S3;CRET,a#b|c&d<e -s", "-X main.token=xxxxx -s", "main.token"},
		{"-X=main.token=S3,CRET", "-X=main.token=xxxxx", "main.token"},
		{"--X 'main.token=S3 CRET' -s", "--X 'main.token=xxxxx' -s", "main.token"},
		{`-X "main.token=S3'CRET"`, `-X "main.token=xxxxx"`, "main.token"},
		{"'-X=main.token=S3 CRET' -w", "'-X=main.token=xxxxx' -w", "main.token"},
		{"all=-X main.token=S3;CRET", "all=-X main.token=xxxxx", "main.token"},
		{"-X 'main.token=S3 CRET", "-X 'main.token=xxxxx'", "main.token"},
		{"-X main.url=postgres://u:S3CRET@db/x", "-X main.url=postgres://xxxxx@db/x", "main.url"},
		{`-X 'main.conf={"password":"S3CRET"}'`, `-X 'main.conf={"password":"xxxxx"}'`, "main.conf"},
		{"-X main.a=Server=x;Pwd=S3CRET; -X main.token=", "-X main.a=Server=x;Pwd=xxxxx; -X main.token=", "main.a"},
		{"-X main.token= -X main.b", "-X main.token= -X main.b", ""},
		{"-X\nmain.token=S3,CRET\n-s", "-X\nmain.token=xxxxx\n-s", "main.token"},
		{"-extldflags '-Wl,--token=S3CRET'", "-extldflags '-Wl,--token=xxxxx'", ""},
	} {
		got, variables := redactLinkerFlags(test.flags)
		if got != test.want || strings.Join(variables, " ") != test.variables {
			t.Errorf("%s\n got %s %q\nwant %s %s", test.flags, got, variables, test.want, test.variables)
		}
	}
}

func FuzzRedactLinkerFlags(f *testing.F) {
	f.Add("-X main.a=b", "-s", `'"x y`)
	f.Fuzz(func(t *testing.T, before, after, value string) {
		const secret = "S3CRET"
		if strings.Contains(before+after+value, secret) || strings.ContainsAny(value, spaces+`'"`) || strings.ContainsAny(before, `'"`) {
			return
		}
		got, _ := redactLinkerFlags(before + " -X main.token=" + value + secret + " " + after)
		if strings.Contains(got, secret) {
			t.Error(got)
		}
		if redact.Text(got) != got {
			t.Errorf("%q is redacted again: %q", got, redact.Text(got))
		}
	})
}
