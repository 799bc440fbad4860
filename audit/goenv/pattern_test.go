// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package goenv_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/goassay/assay/audit/goenv"
	"github.com/google/go-cmp/cmp"
	"golang.org/x/mod/module"
)

func TestParsePatterns(t *testing.T) {
	for _, test := range []struct {
		list string
		want string // glob: lint lint; ...
	}{
		{"", ""},
		{",/,", ""},
		{"corp.example", "corp.example:"},
		{"none", "none:"},
		{"corp.example/team,other.example", "corp.example/team:; other.example:"},
		{"git.corp.example/*/secret", "git.corp.example/*/secret:"},
		{"corp.example/", "corp.example/: trailing-slash"},
		{"corp.example//", "corp.example//: invalid"},
		{" corp.example", " corp.example: space"},
		{"a.example, corp.example", "a.example:;  corp.example: space"},
		{"https://corp.example", "https://corp.example: scheme"},
		{"corp.example:8443/team", "corp.example:8443/team: port"},
		{"Corp.example/Team", "Corp.example/Team: upper-case"},
		{"corp.example/Team", "corp.example/Team:"},
		{"corp.example/...", "corp.example/...: ellipsis"},
		{"corp.example/team...", "corp.example/team...: invalid"},
		{"corp.example/[", "corp.example/[: malformed"},
		{"corp_name.example", "corp_name.example: invalid"},
		{"user@corp.example", "user@corp.example: invalid"},
		{"*", "*: all"},
		{"*.*", "*.*: all"},
		{"?*", "?*: all"},
		{"[a-z]*", "[a-z]*: all"},
		{"*/*", "*/*: all"},
		{"*.com", "*.com: top-level"},
		{"*.cn/team", "*.cn/team: top-level"},
		{"*.co.uk", "*.co.uk: top-level"},
		{"github.com", "github.com: public-host"},
		{"github.com/*", "github.com/*: public-host"},
		{"github.com/corp", "github.com/corp:"},
		{"github.com/x", "github.com/x:"},
		{"github.com/corp*", "github.com/corp*: open"},
		{"github.com/corp/*", "github.com/corp/*:"},
		{"corp.example*", "corp.example*: open"},
		{"*corp.example", "*corp.example: open"},
		{"git.corp*/team", "git.corp*/team: open"},
		{"*.corp.example", "*.corp.example: apex"},
		{"*.corp.example,corp.example", "*.corp.example:; corp.example:"},
		{"*.internal", "*.internal:"},
		{"git*.corp.example", "git*.corp.example:"},
	} {
		var got []string
		for _, p := range goenv.ParsePatterns(test.list) {
			s := p.Glob + ":"
			for _, l := range p.Lint {
				s += " " + string(l)
			}
			got = append(got, s)
		}
		if s := strings.Join(got, "; "); s != test.want {
			t.Errorf("ParsePatterns(%q)\n got %s\nwant %s", test.list, s, test.want)
		}
	}
}

// A pattern that is said never to match must not match, and one that is said
// to match names that anybody can register must.
func TestLintTruth(t *testing.T) {
	for _, test := range []struct {
		glob, path string
		match      bool
	}{
		{" corp.example", "corp.example", false},
		{"https://corp.example", "corp.example", false},
		{"corp.example:8443/team", "corp.example/team", false},
		{"Corp.example", "corp.example", false},
		{"corp.example/...", "corp.example/team", false},
		{"corp.example//", "corp.example/team", false},
		{"corp.example/", "corp.example/team", true},
		{"*.corp.example", "corp.example", false},
		{"corp.example*", "corp.example.evil.example/m", true},
		{"*corp.example", "evilcorp.example/m", true},
		{"github.com/corp*", "github.com/corpevil/m", true},
		{"*", "github.com/any/thing", true},
	} {
		glob, ok := goenv.Match("other.example,"+test.glob, test.path)
		if ok != test.match || ok && glob != test.glob {
			t.Errorf("Match(%q, %q) = %q, %v", test.glob, test.path, glob, ok)
		}
	}
}

func TestUncovered(t *testing.T) {
	for _, test := range []struct {
		list, other string
		want        []string
	}{
		{"corp.example", "corp.example/", nil},
		{"corp.example/team", "corp.example", nil},
		{"corp.example", "corp.example/team", []string{"corp.example"}},
		{"*.corp.example", "*.example", nil},
		{"*.example", "*.corp.example", []string{"*.example"}},
		{"*", "corp.example", []string{"*"}},
		{"none", "corp.example", nil},
		{"https://never", "corp.example", nil},
	} {
		if d := cmp.Diff(test.want, goenv.Uncovered(test.list, test.other)); d != "" {
			t.Errorf("Uncovered(%q, %q): %s", test.list, test.other, d)
		}
	}
}

func FuzzParsePatterns(f *testing.F) {
	f.Add("*.corp.example, https://x:1/,[", "git.corp.example/m")
	f.Add("Corp*/?/...,a//b", "corp.example/m/v2")
	f.Fuzz(func(t *testing.T, list, path string) {
		valid := module.CheckPath(path) == nil
		for _, p := range goenv.ParsePatterns(list) {
			if valid && slices.ContainsFunc(p.Lint, goenv.Lint.Never) && module.MatchPrefixPatterns(p.Glob, path) {
				t.Errorf("pattern %q with lint %v matches %s", p.Glob, p.Lint, path)
			}
		}
		if _, ok := goenv.Match(list, path); ok != module.MatchPrefixPatterns(list, path) {
			t.Errorf("Match(%q, %q) = %v", list, path, ok)
		}
	})
}
