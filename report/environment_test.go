// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package report

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/goassay/assay/audit"
)

// sampleEnv and sampleToolchain are facts as the checks env and toolchain
// write them.
const sampleEnv = `{
	"variables": [
		{"name": "CC", "value": "gcc", "source": "builtin"},
		{"name": "CGO_CFLAGS", "value": "-O2 -g -fstack-protector-strong -D_FORTIFY_SOURCE=3 -Wall -Wextra -fcf-protection -fno-omit-frame-pointer", "source": "process"},
		{"name": "GOENV", "value": "/home/lin/.config/go/env", "source": "builtin"},
		{"name": "GOFLAGS", "value": "-mod=mod", "source": "user", "file": "/home/lin/.config/go/env", "line": 3},
		{"name": "GONOPROXY", "value": "*.corp.example", "source": "process", "via": "GOPRIVATE"},
		{"name": "GOOS", "value": "linux", "source": "builtin"},
		{"name": "GOPRIVATE", "value": "*.corp.example", "source": "process"},
		{"name": "GOPROXY", "value": "https://xxxxx@goproxy.corp.example|https://mirror.example/a/folder/of/the/second/proxy,direct,https://old.example", "source": "process"},
		{"name": "GOSUMDB", "value": "sum.golang.org", "source": "goroot", "file": "/usr/local/go/go.env", "line": 8},
		{"name": "GOVCS", "value": "", "source": "builtin"}
	],
	"chain": {"entries": [
		{"url": "https://xxxxx@goproxy.corp.example", "kind": "proxy", "fallback": "any", "credentials": true},
		{"url": "https://mirror.example/a/folder/of/the/second/proxy", "kind": "proxy", "fallback": "not-found"},
		{"url": "direct", "kind": "direct"},
		{"url": "https://old.example", "kind": "proxy", "dead": true}
	]},
	"ambient": [{"name": "HTTPS_PROXY", "value": "http://egress.corp.example:3128"}],
	"git": {"state": "read", "settings": [
		{"key": "url.https://mirror.example/git/.insteadof", "value": "https://git.example/", "scope": "global", "origin": "file:/home/lin/.gitconfig"}
	]}
}`

const sampleToolchain = `{"toolchain": "go1.26.8", "local": "go1.26.6", "gotoolchain": "auto", "place": "download", "because": "toolchain-line",
	"file": "go.mod", "go_line": {"value": "1.26.0", "line": 3}, "toolchain_line": {"value": "go1.26.8", "line": 5}}`

// sampleEnvironment is a report with the facts of both checks.
func sampleEnvironment(t testing.TB, lang audit.Lang) *audit.Report {
	t.Helper()
	rep := sample(t, lang, sampleChecks()[4], sampleChecks()[0])
	rep.Facts["env"], rep.Facts["toolchain"] = json.RawMessage(sampleEnv), json.RawMessage(sampleToolchain)
	return rep
}

func TestEnvironmentGolden(t *testing.T) {
	for _, lang := range audit.Languages() {
		rep := sampleEnvironment(t, lang)
		for _, w := range []int{80, 120} {
			golden(t, fmt.Sprintf("environment.%s.%d.txt", lang, w), write(t, Text, rep, Options{Width: w, Environment: true}))
		}
		golden(t, fmt.Sprintf("environment.%s.verbose.txt", lang), write(t, Text, rep, Options{Width: 80, Environment: true, Verbose: true}))
	}
}

func TestChainNext(t *testing.T) {
	for _, test := range []struct {
		entry  chainEntry
		en, zh string
	}{
		{chainEntry{Kind: "proxy", Fallback: "not-found"}, "next on 404 and 410", "返回 404 或 410 时转下一项"},
		{chainEntry{Kind: "proxy", Fallback: "any"}, "next on any error", "出现任何错误时转下一项"},
		{chainEntry{Kind: "proxy"}, "the last: an error is final", "末项：出错即失败"},
		{chainEntry{Kind: "proxy", Credentials: true}, "the last: an error is final, with credentials", "末项：出错即失败，带有凭据"},
		{chainEntry{Kind: "direct"}, "from version control", "直接从版本库获取"},
		{chainEntry{Kind: "off"}, "nothing is downloaded", "不下载任何内容"},
		{chainEntry{Kind: "direct", Dead: true}, "dead: never reached", "不生效：永远不会用到"},
	} {
		if en, zh := test.entry.next(audit.English), test.entry.next(audit.Chinese); en != test.en || zh != test.zh {
			t.Errorf("%+v: %q, %q", test.entry, en, zh)
		}
	}
}

func TestExact(t *testing.T) {
	for value, want := range map[string]string{
		"": "", "a b": "a b", "中文": "中文", `"x"`: `"x"`,
		"off\r": `"off\r"`, " a  b ": `" a  b "`, "\x1b[2J": `"\x1b[2J"`, "\xff": `"\xff"`,
	} {
		if got := exact(value); got != want {
			t.Errorf("exact(%q) = %s, want %s", value, got, want)
		}
	}
}

func TestSelection(t *testing.T) {
	for _, test := range []struct {
		selection selection
		want      string
	}{
		{selection{Toolchain: "go1.26.8", Setting: "auto", Place: "local", Because: "local"}, "go1.26.8: the go command itself, GOTOOLCHAIN=auto"},
		{selection{Toolchain: "go1.26.8", Setting: "go1.26.8", Place: "none", Because: "gotoolchain"}, "go1.26.8: not found in PATH, so commands fail, GOTOOLCHAIN=go1.26.8"},
		{selection{Toolchain: "go1.26.8", Setting: "auto", Place: "cache", Because: "go-line", File: "go.work", GoLine: directive{"1.26.8", 2}}, "go1.26.8: from the module cache, go.work:2: go 1.26.8, GOTOOLCHAIN=auto"},
		{selection{Toolchain: "go1.20.14", Setting: "", Place: "local", Because: "no-switching"}, "go1.20.14: the go command itself, toolchains are not switched, GOTOOLCHAIN="},
		{selection{Toolchain: "go1.25.1", Setting: "local", Place: "local", Because: "local", Required: "1.26.0", RequiredBy: "go.mod"}, "go1.25.1: the go command itself, GOTOOLCHAIN=local, too old: go.mod requires go 1.26.0, so commands fail"},
		// A setting that the go command refuses leaves the place open.
		{selection{Toolchain: "go1.26.8", Setting: "go1.x", Because: "local"}, "could not be determined (GOTOOLCHAIN=go1.x)"},
		{selection{}, "could not be determined (GOTOOLCHAIN=)"},
	} {
		if got := test.selection.String(audit.English); got != test.want {
			t.Errorf("got  %s\nwant %s", got, test.want)
		}
	}
}

// TestEnvironmentUnknown: what the facts do not tell is not made up, and a
// GOPROXY that the go command refuses is shown as such.
func TestEnvironmentUnknown(t *testing.T) {
	rep := sampleEnvironment(t, audit.English)
	rep.Facts["env"] = json.RawMessage(`{"variables": [], "chain": {"entries": null}, "chain_error": "GOPROXY entry \"none\": missing scheme", "git": {"state": "unknown"}}`)
	out := string(write(t, Text, rep, Options{Environment: true}))
	for _, want := range []string{"downloads nothing: GOPROXY entry \"none\"", "git  could not be determined"} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is missing in:\n%s", want, out)
		}
	}
	for _, facts := range []string{"", "null", "[]", `{"variables": {}}`} {
		rep.Facts = map[string]json.RawMessage{}
		if facts != "" {
			rep.Facts["env"], rep.Facts["toolchain"] = json.RawMessage(facts), json.RawMessage(facts)
		}
		out := string(write(t, Text, rep, Options{Environment: true}))
		if strings.Contains(out, "the go command itself") || strings.Contains(out, "next on") {
			t.Errorf("facts %q say:\n%s", facts, out)
		}
	}
}

// TestEnvironmentHostile: values of strangers neither act on a terminal nor
// widen a line that could be broken.
func TestEnvironmentHostile(t *testing.T) {
	for _, s := range append(random(30), hostile...) {
		rep := sampleEnvironment(t, audit.English)
		quoted, err := json.Marshal(map[string]any{
			"variables": []any{map[string]any{"name": s, "value": s, "source": s, "via": s}},
			"chain":     map[string]any{"entries": []any{map[string]any{"url": s, "kind": s, "fallback": s}}}, "chain_error": s,
			"ambient": []any{map[string]any{"name": s, "value": s}},
			"git":     map[string]any{"settings": []any{map[string]any{"key": s, "value": s, "scope": s}}},
		})
		if err != nil {
			t.Fatal(err)
		}
		rep.Facts["env"] = quoted
		if rep.Facts["toolchain"], err = json.Marshal(map[string]any{"toolchain": s, "gotoolchain": s, "place": "local", "required": s, "required_by": s}); err != nil {
			t.Fatal(err)
		}
		for _, w := range []int{40, 80, 120} {
			for line := range strings.Lines(string(write(t, Text, rep, Options{Width: w, Environment: true, Verbose: true}))) {
				line = strings.TrimSuffix(line, "\n")
				if width(line) > w && strings.Contains(strings.TrimSpace(afterSign(line)), " ") {
					t.Fatalf("%q at %d: line of %d columns: %q", s, w, width(line), line)
				}
				for _, r := range line {
					if !strconv.IsPrint(r) {
						t.Fatalf("%q: %q holds %U", s, line, r)
					}
				}
			}
		}
	}
}
