// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package goenv

import (
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseGit(t *testing.T) {
	out := strings.ReplaceAll("global|file:/h/.gitconfig|url.https://u:p@mirror.example/.insteadof\nhttps://git.example/|"+
		"system|file:/etc/gitconfig|http.sslverify|"+ // without a value: true
		"command|command line:|http.https://git.example.sslverify\nfalse|"+
		"local|file:.git/config|http.sslverify\nfalse|"+
		"global|file:/h/.gitconfig|user.name\nme\nmyself|", "|", "\x00")
	settings, err := parseGit([]byte(out))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, s := range settings {
		got = append(got, fmt.Sprintf("%s %s %s=%s", s.Scope, s.Origin, s.Key, s.Value))
	}
	want := []string{
		"global file:/h/.gitconfig url.https://xxxxx@mirror.example/.insteadof=https://git.example/",
		"system file:/etc/gitconfig http.sslverify=true",
		"command command line: http.https://git.example.sslverify=false",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if _, err := parseGit([]byte("global\x00file:x\x00")); err == nil {
		t.Error("a cut output is accepted")
	}
}

func TestReadGitUnknown(t *testing.T) {
	for _, test := range []struct {
		err  error
		want GitState
	}{
		{fmt.Errorf("git: %w", exec.ErrNotFound), GitMissing},
		{errors.New("git config: unknown option --show-scope"), GitUnknown},
	} {
		g := readGit(t.Context(), Options{Run: func(*exec.Cmd) ([]byte, error) { return nil, test.err }})
		if g.State != test.want || g.Reason == "" || g.Settings != nil {
			t.Errorf("%v: %+v", test.err, g)
		}
	}
}

func FuzzParseGit(f *testing.F) {
	f.Add([]byte("global\x00file:x\x00http.sslverify\nfalse\x00"))
	f.Fuzz(func(t *testing.T, out []byte) {
		settings, err := parseGit(out)
		if err == nil && len(settings) > strings.Count(string(out), "\x00")/3+1 {
			t.Errorf("%d settings", len(settings))
		}
	})
}

// FuzzParseFile compares with the lines a reader counts and with the rule of
// cfg.readEnvFile: the first = ends the name, which starts with A to Z.
func FuzzParseFile(f *testing.F) {
	f.Add([]byte("GOPROXY=off\n# c\n=x\nexport A=b\nGOFLAGS\n\nA=b=c"))
	f.Fuzz(func(t *testing.T, data []byte) {
		lines := strings.Split(string(data), "\n")
		settings, ignored := parseFile(data)
		for _, s := range settings {
			if line := lines[s.Line-1]; s.Name+"="+s.Value.Raw() != line || strings.Contains(s.Name, "=") || s.Name[0] < 'A' || s.Name[0] > 'Z' {
				t.Errorf("line %d %q read as %q", s.Line, line, s.Name)
			}
		}
		for _, s := range ignored {
			if lines[s.Line-1] != s.Text.Raw() {
				t.Errorf("line %d", s.Line)
			}
		}
	})
}

func FuzzDirective(f *testing.F) {
	f.Add([]byte("module m\ngo 1.21 // c\ntoolchain go1.22.1\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, word := range []string{"go", "toolchain"} {
			if d := directive(data, word); d.Line > strings.Count(string(data), "\n")+1 || strings.Contains(d.Value, "//") {
				t.Errorf("%s: %+v", word, d)
			}
		}
	})
}
