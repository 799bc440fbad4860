// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package redact_test

import (
	"encoding/hex"
	"net/url"
	"strings"
	"testing"

	"github.com/goassay/assay/audit/redact"
)

func TestText(t *testing.T) {
	for _, test := range []struct{ in, want string }{
		{"", ""},
		{"https://proxy.example", "https://proxy.example"},
		{"https://u:p@proxy.example/x", "https://xxxxx@proxy.example/x"},
		{"https://token@proxy.example,direct", "https://xxxxx@proxy.example,direct"},
		{"https://a.example|https://u:p@b.example,off", "https://a.example|https://xxxxx@b.example,off"},
		{"https://u:p@ss@proxy.example", "https://xxxxx@proxy.example"},
		{"https://u:p/s?s#@proxy.example", "https://xxxxx@proxy.example"},
		{"u:p@proxy.example:3128", "xxxxx@proxy.example:3128"},
		{"git@git.example:team/repo", "git@git.example:team/repo"},
		{"example.com/m@v1.2.3: not found", "example.com/m@v1.2.3: not found"},
		{"https://proxy.example:8080/example.com/m/@v/v1.0.0.info", "https://proxy.example:8080/example.com/m/@v/v1.0.0.info"},
		{"https://[::1]:8080/m/@latest", "https://[::1]:8080/m/@latest"},
		{"https://h.example/?a=1&token=abc&b=2", "https://h.example/?a=1&token=xxxxx&b=2"},
		{"https://h.example/?X-Amz-Signature=abc", "https://h.example/?X-Amz-Signature=xxxxx"},
		{"https://h.example/?to%6ben=abc", "https://h.example/?to%6ben=xxxxx"},
		{"https://h.example/#access_token=abc", "https://h.example/#access_token=xxxxx"},
		{"-ldflags=-X=main.apiToken=abc -mod=mod", "-ldflags=-X=main.apiToken=xxxxx -mod=mod"},
		{"'-ldflags=-X main.version=1 -X main.secret=abc'", "'-ldflags=-X main.version=1 -X main.secret=xxxxx'"},
		{"-X main.dbPass=abc -X main.pw=abc -X main.licenseKey=abc -X main.DB_DSN=abc", "-X main.dbPass=xxxxx -X main.pw=xxxxx -X main.licenseKey=xxxxx -X main.DB_DSN=xxxxx"},
		{"-X main.publicKey=abc -X main.monkey=abc -X main.compass=abc", "-X main.publicKey=abc -X main.monkey=abc -X main.compass=abc"},
		{`-X 'main.password=a b c'`, `-X 'main.password=xxxxx'`},
		{`-X main.password="a b c"`, `-X main.password="xxxxx"`},
		{"http.extraheader=AUTHORIZATION: basic abc=", "http.extraheader=AUTHORIZATION: xxxxx"},
		{"Private-Token: abc\nnext", "Private-Token: xxxxx\nnext"},
		{`{"password": "abc", "user": "me"}`, `{"password": "xxxxx", "user": "me"}`},
		{"-X main.a=sk_live_0123456789abcdef -X main.b=AIzaSy0123456789abcdefghijklmnop -X main.c=npm_0123456789abcdefghij", "-X main.a=xxxxx -X main.b=xxxxx -X main.c=xxxxx"},
		{"https://hooks.slack.com/services/T000/B000/abc https://discord.com/api/webhooks/1/abc", "https://hooks.slack.com/services/xxxxx https://discord.com/api/webhooks/xxxxx"},
		{"main.creds=abc main.basicAuth=u:abc main.credits=abc", "main.creds=xxxxx main.basicAuth=xxxxx main.credits=abc"},
		{"-mod=mod -overlay=/x.json", "-mod=mod -overlay=/x.json"},
		{"sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8", "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8"},
		{"go: parsing token: unexpected newline", "go: parsing token: xxxxx"}, // too much rather than too little
	} {
		if got := redact.Text(test.in); got != test.want {
			t.Errorf("Text(%q)\n got %q\nwant %q", test.in, got, test.want)
		}
	}
}

// A program's output is bounded, but redacting it must be, too: linear in its
// length whatever it holds.
func TestTextLong(t *testing.T) {
	for _, unit := range []string{"://", "'a=", "a=", "token=", "u:p@", "https://u:p@h,", "\"a\": \"", "Cookie:", "eyJ"} {
		s := strings.Repeat(unit, 1<<14/len(unit))
		redact.Text(s)
	}
}

// FuzzText plants a secret in each place where one may stand and looks for it.
func FuzzText(f *testing.F) {
	f.Add("", "", []byte("abc"))
	f.Add("go: ", ": 403 Forbidden\n", []byte("p@ss:word/?#"))
	f.Add("https://a.example,", ",direct", []byte{0, 1, 2, 255})
	f.Fuzz(func(t *testing.T, before, after string, data []byte) {
		if len(data) == 0 || len(before)+len(after) > 1<<12 {
			return
		}
		secret := "S3" + hex.EncodeToString(data)
		if strings.Contains(before+after, secret) {
			return
		}
		escaped := url.QueryEscape(string(data))
		for _, text := range []string{
			"https://user:" + secret + "@host.example/path",
			"https://" + secret + "@host.example",
			"https://user:" + secret + "/" + secret + "@host.example/",
			"https://user:" + escaped + secret + "@host.example/",
			"https://host.example/?token=" + secret + "&x=1",
			"https://host.example/?a=1&X-Amz-Credential=" + escaped + secret,
			"Authorization: Bearer " + secret,
			"Proxy-Authorization: " + secret,
			"-ldflags=-X=main.password=" + secret,
			"'-ldflags=-X main.password=" + secret + "'",
		} {
			for _, s := range []string{text, before + " " + text + " " + after, before + "\n" + text + "\n" + after} {
				got := redact.Text(s)
				if strings.Contains(got, secret) {
					t.Fatalf("Text(%q) = %q, which holds %q", s, got, secret)
				}
				if again := redact.Text(got); again != got {
					t.Fatalf("Text is not idempotent:\n in    %q\n once  %q\n twice %q", s, got, again)
				}
			}
		}
	})
}
