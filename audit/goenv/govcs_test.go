// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package goenv_test

import (
	"fmt"
	"testing"

	"github.com/goassay/assay/audit/goenv"
)

func TestParseVCS(t *testing.T) {
	for in, want := range map[string]string{
		"":                             "[] <nil>",
		"*:all":                        "[{* [all]}] <nil>",
		" private:git , public:off ":   "[{private [git]} {public [off]}] <nil>",
		"corp.example/x:git|svn,*:git": "[{corp.example/x [git svn]} {* [git]}] <nil>",
		"git":                          `[] missing colon in "git"`,
		"*:git,":                       "[] empty entry",
		":git":                         `[] empty pattern in ":git"`,
		"*:":                           `[] empty list in "*:"`,
		"*:git|":                       `[] empty name in "*:git|"`,
		"./x:git":                      `[] relative pattern in "./x:git"`,
		"*:git,*:hg":                   `[] pattern "*" stands twice`,
	} {
		rules, err := goenv.ParseVCS(in)
		if got := fmt.Sprint(rules, " ", err); got != want {
			t.Errorf("ParseVCS(%q) = %s, want %s", in, got, want)
		}
	}
}

func FuzzParseVCS(f *testing.F) {
	f.Add("private:git,public:off|all,*:")
	f.Fuzz(func(t *testing.T, s string) {
		rules, err := goenv.ParseVCS(s)
		if err != nil && rules != nil {
			t.Error("rules with an error")
		}
		for _, r := range rules {
			if r.Pattern == "" || len(r.Allowed) == 0 {
				t.Errorf("%+v", r)
			}
		}
	})
}
