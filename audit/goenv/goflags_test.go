// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package goenv_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/goassay/assay/audit/goenv"
)

func TestParseFlags(t *testing.T) {
	for in, want := range map[string]string{
		"":                              "[] <nil>",
		"-mod=mod":                      "[{mod mod}] <nil>",
		" --overlay=/x  -v ":            "[{overlay /x} {v }] <nil>",
		"'-ldflags=-s -X main.v=1' -a":  "[{ldflags -s -X main.v=1} {a }] <nil>",
		`"-toolexec=a b"`:               "[{toolexec a b}] <nil>",
		"-ldflags=-X=main.token=s3cr3t": "[{ldflags -X=main.token=xxxxx}] <nil>",
		"mod=mod":                       "[] mod=mod is not a flag",
		"-":                             "[] - is not a flag",
		"---x":                          "[] ---x is not a flag",
		"--=x":                          "[] --=x is not a flag",
		"'-mod=mod":                     "[] unterminated ' string",
	} {
		flags, err := goenv.ParseFlags(in)
		if got := fmt.Sprint(flags, " ", err); got != want {
			t.Errorf("ParseFlags(%q) = %s, want %s", in, got, want)
		}
	}
}

func FuzzParseFlags(f *testing.F) {
	f.Add(`-mod=mod '-ldflags=-s -w' "--x"`)
	f.Fuzz(func(t *testing.T, s string) {
		flags, _ := goenv.ParseFlags(s)
		for _, f := range flags {
			if f.Name == "" || f.Name[0] == '-' || strings.Contains(f.Name, "=") {
				t.Errorf("%q", f.Name)
			}
		}
	})
}
