// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package allowlist_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/goassay/assay/audit/allowlist"
)

func TestParse(t *testing.T) {
	want := sample()
	got := clone(t, want)
	if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(allowlist.Application{})); diff != "" {
		t.Error(diff)
	}
	if n := got.Line("$.services[1].urls[0].url"); n == 0 || n != got.Line("$.services[1].urls") {
		t.Errorf("a URL's part is at line %d, the list at %d", n, got.Line("$.services[1].urls"))
	}
	if n := sample().Line("$.services"); n != 0 {
		t.Errorf("a form that was not parsed has line %d", n)
	}
}

func TestParseErrors(t *testing.T) {
	good, err := json.MarshalIndent(sample(), "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	replace := func(old, new string) []byte {
		if !bytes.Contains(good, []byte(old)) {
			t.Fatalf("%q is not in the form", old)
		}
		return bytes.Replace(good, []byte(old), []byte(new), 1)
	}
	for _, tt := range []struct {
		data []byte
		want string
	}{
		{nil, "$: unexpected EOF"},
		{good[:len(good)/2], "unexpected EOF"},
		{[]byte("[]"), "line 1: $: want an object"},
		{[]byte("\xff"), "$: not UTF-8"},
		{append(bytes.Clone(good), "{}"...), "$: something follows the form"},
		{replace(`assay.allowlist/v1`, `assay.allowlist/v2`), `line 2: $.schema: schema is "assay.allowlist/v2", not "assay.allowlist/v1"`},
		{replace(`"applicant": "Han Meimei"`, `"Applicant": "Han Meimei"`), `line 5: $: unknown key "Applicant"`},
		{replace(`"applicant": "Han Meimei",`, ``), `$: key "applicant" is missing`},
		{replace(`"port": 443,`, `"port": 443, "port": 443,`), `$.services[0]: key "port" stands twice`},
		{replace(`"port": 443`, `"port": 70000`), `$.services[0].port: 70000 is not a port`},
		{replace(`"port": 443`, `"port": 443.5`), `$.services[0].port: want a whole number`},
		{replace(`"port": 443`, `"port": "443"`), `$.services[0].port: want a whole number`},
		{replace(`"urls": [`, `"urls": [null,`), `$.services[0].urls[0]: want an object`},
		{replace(`"host": "proxy.example"`, `"host": "https://proxy.example"`), `$.services[0].host: "https://proxy.example" is not a host name`},
		{replace(`"host": "proxy.example"`, `"host": "proxy.example:443"`), `$.services[0].host:`},
		{replace(`"host": "proxy.example"`, `"host": ""`), `$.services[0].host:`},
		{replace(`"host": "proxy.example"`, `"host": "sum.golang.org"`), `$.services[1]: sum.golang.org:443 stands twice`},
		{replace(`"protocol": "https"`, `"protocol": "ssh"`), `$.services[0].protocol: "ssh" is none of https, http`},
		{replace(`"match": "template"`, `"match": "regexp"`), `$.services[0].urls[0].match:`},
		{replace(`{module}/@v/list`, `{anything}/@v/list`), `"{anything}" is not a placeholder`},
		{replace(`{module}/@v/list`, `x/@v/list`), `a template has from 1 to 8 placeholders`},
		{replace(`"match": "template"`, `"match": "prefix"`), `a prefix ends in a slash`},
		{replace(`"https://proxy.example/`, `"proxy.example/`), `is not an absolute URL`},
		{replace(digest("a"), "AA:BB"), `$.services[0].tls.leaf: "AA:BB" is not sha256:`},
		{replace(`"from": "2026-11-01"`, `"from": "01.11.2026"`), `$.validity.from: not a day written`},
		{replace(`"until": "2027-01-31"`, `"until": "2026-01-31"`), `$.validity.until: until is before from`},
		{replace(`"192.0.2.7"`, `"nowhere"`), `$.services[0].addresses.observed[0]: "nowhere" is not an IP address`},
		{replace(`"applicant": "Han Meimei"`, `"applicant": "`+strings.Repeat("x", 9000)+`"`), `$.applicant: longer than 8192 bytes`},
		{replace(`"no-toolchain"`, `"nothing"`), `$.remarks[0].kind:`},
		{replace(`"ranges": [`, `"ranges": [`+strings.Repeat(`"",`, 4000)), `$.services[0].addresses.ranges: more than 4000 elements`},
	} {
		_, err := allowlist.Parse(tt.data)
		var pe *allowlist.ParseError
		if !errors.As(err, &pe) || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("got %v, want %s", err, tt.want)
		}
	}
}

func FuzzParse(f *testing.F) {
	good, err := json.Marshal(sample())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add([]byte(`{"schema":"assay.allowlist/v1","services":[{"urls":[{"url":"https://*.x/?#"}]}]}`))
	now := sample()
	f.Fuzz(func(t *testing.T, data []byte) {
		a, err := allowlist.Parse(data)
		if err != nil {
			if pe := (*allowlist.ParseError)(nil); !errors.As(err, &pe) || pe.Path == "" || strings.Contains(err.Error(), "\n") {
				t.Fatalf("%#v", err)
			}
			return
		}
		for _, d := range allowlist.Compare(a, now, filedAt) {
			if a.Line(d.Path) == 0 {
				t.Fatalf("%s has no line", d.Path)
			}
		}
		again, err := json.Marshal(a)
		if err != nil {
			t.Fatal(err)
		}
		b, err := allowlist.Parse(again)
		if err != nil {
			t.Fatalf("written again: %v\n%s", err, again)
		}
		opts := cmp.Options{cmpopts.IgnoreUnexported(allowlist.Application{}), cmpopts.EquateEmpty(), cmp.Comparer(func(x, y time.Time) bool { return x.Equal(y) })}
		if diff := cmp.Diff(a, b, opts); diff != "" {
			t.Fatal(diff)
		}
	})
}
