// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package report

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/goassay/assay/audit"
)

// sampleVulns are facts as the check vuln writes them.
const sampleVulns = `{
	"database": {"kind": "snapshot", "modified": "2026-08-21T00:00:00Z", "age_days": 98, "fallback": "offline"},
	"targets": [
		{"kind": "module", "name": "example.com/m", "level": "symbol", "modules": 12, "packages": ["a"], "platform": {"os": "linux", "arch": "amd64"}, "tags": ["x", "y"],
		 "command": "go get example.com/far@v1.9.0 example.com/near@v1.1.0",
		 "moves": [{"path": "example.com/d", "from": "v1.0.0", "to": "v1.1.0"}, {"path": "example.com/e", "to": "v1.0.0"}, {"path": "example.com/f", "from": "v1.0.0"},
			{"path": "example.com/g", "from": "v1.0.0", "to": "v1.1.0"}, {"path": "example.com/h", "from": "v1.0.0", "to": "v1.1.0"}, {"path": "example.com/i", "from": "v1.0.0", "to": "v1.1.0"}, {"path": "example.com/j", "from": "v1.0.0", "to": "v1.1.0"}],
		 "go_line": {"from": "1.24", "to": "1.25.3"}, "brings": ["GO-2026-0009 example.com/e@v1.0.0"],
		 "left_out": {"folders": ["tools", "windows"], "modules": ["nested"], "unseen": true}, "upgrades": [
			{"module": "example.com/far", "from": "v1.0.0", "to": "v1.9.0", "fixes": ["GO-1", "GO-2"], "leaves": ["GO-3"], "graph": "raised", "selected": "v1.9.1"},
			{"module": "example.com/near", "from": "v1.0.0", "to": "v1.1.0", "fixes": ["GO-4"], "graph": "allowed"},
			{"module": "example.com/none", "from": "v1.0.0", "leaves": ["GO-5"]}]},
		{"kind": "binary", "name": "prog\u001b[31m", "command": "go get example.com/a@v1.2.3; echo owned", "upgrades": [{"module": "stdlib", "from": "go1.26.1", "to": "go1.26.9", "fixes": ["GO-6"]}]},
		{"kind": "binary", "name": "clean", "level": "new"}, {"name": "4"}, {"name": "5"}, {"name": "6"}],
	"not_assessed": [{"target": 1}, {"target": 1}, {"target": 9}],
	"vulnerabilities": [
		{"target": 0, "id": "GO-1", "module": "example.com/far", "version": "v1.0.0", "reach": "imported"},
		{"target": 0, "id": "GO-2", "module": "example.com/far", "version": "v1.0.0", "reach": "required"},
		{"target": 0, "id": "GO-3", "module": "example.com/far", "version": "v1.0.0", "reach": "called"},
		{"target": 0, "id": "GO-4", "module": "example.com/near", "version": "v1.0.0", "reach": "called"},
		{"target": 0, "id": "GO-5", "module": "example.com/none", "version": "v1.0.0", "reach": "required"},
		{"target": 1, "id": "GO-6", "module": "stdlib", "version": "go1.26.1", "reach": "present"},
		{"target": 9, "id": "GO-7", "module": "stdlib", "version": "go1.26.1", "reach": "other"}]}`

func vulnReport(t testing.TB, lang audit.Lang, facts string) *audit.Report {
	t.Helper()
	rep := sample(t, lang)
	rep.Facts["vuln"] = json.RawMessage(facts)
	return rep
}

func TestUpgradesGolden(t *testing.T) {
	for _, lang := range audit.Languages() {
		text := write(t, Text, vulnReport(t, lang, sampleVulns), Options{Width: 80})
		golden(t, fmt.Sprintf("upgrades.%s.txt", lang), text)
		if strings.Contains(string(text), "owned") {
			t.Error("a command that does something else is shown")
		}
		if verbose := write(t, Text, vulnReport(t, lang, sampleVulns), Options{Width: 80, Verbose: true}); !strings.Contains(string(verbose), "example.com/j") {
			t.Error("not all is told")
		}
	}
}

// TestVulnData: on what data an answer rests is told where nothing was found, too.
func TestVulnData(t *testing.T) {
	for facts, want := range map[string]string{
		`{"database": {"kind": "url", "location": "https://vuln.go.dev", "modified": "2026-01-02T00:00:00Z", "age_days": 3}}`:              "data of 2026-01-02, 3 days old, from https://vuln.go.dev\n",
		`{"database": {"kind": "archive", "location": "a.zip", "modified": "2026-01-02T00:00:00Z", "fallback": "no route\u0007 to host"}}`: "from a.zip (no route",
		`{"database": {"kind": "new", "modified": "2026-01-02T00:00:00Z"}}`:                                                                "from new\n",
	} {
		if got := string(write(t, Text, vulnReport(t, audit.English, facts), Options{Width: 200})); !strings.Contains(got, want) {
			t.Errorf("%s, want %q:\n%s", facts, want, got)
		}
	}
	for _, facts := range []string{`{}`, `[]`, `{"database": 1}`, `{"targets": [{"upgrades": [{}]}]}`} {
		if got := string(write(t, Text, vulnReport(t, audit.English, facts), Options{})); strings.Contains(got, "Known vulnerabilities") || strings.Contains(got, "Upgrades") {
			t.Errorf("%s:\n%s", facts, got)
		}
	}
}

// TestManyUpgrades: a long list is cut, and says so.
func TestManyUpgrades(t *testing.T) {
	var list []string
	for i := range maxUpgrades + 5 {
		list = append(list, fmt.Sprintf(`{"module": "example.com/m%02d", "from": "v1.0.0", "to": "v1.1.0", "fixes": ["GO-1"]}`, i))
	}
	rep := vulnReport(t, audit.English, `{"database": {"modified": "2026-01-02T00:00:00Z"}, "targets": [{"name": "x", "upgrades": [`+strings.Join(list, ",")+`]}]}`)
	short, long := string(write(t, Text, rep, Options{})), string(write(t, Text, rep, Options{Verbose: true}))
	if !strings.Contains(short, "and 5 more") || strings.Contains(short, "example.com/m24") || !strings.Contains(long, "example.com/m24") {
		t.Errorf("%s\n%s", short, long)
	}
}

// TestManyTargets: what a stored report lists without end is not written without end,
// and all of it is where all is asked for.
func TestManyTargets(t *testing.T) {
	var targets, brings []string
	for i := range 1000 {
		targets = append(targets, fmt.Sprintf(`{"name": "t%d", "tags": ["a"], "upgrades": [{"module": "example.com/m", "from": "v1.0.0", "to": "v1.1.0"}]}`, i))
		brings = append(brings, fmt.Sprintf(`"GO-%d"`, i))
	}
	targets[0] = `{"name": "t0", "command": "go get a.b/c@v1", "brings": [` + strings.Join(brings, ",") + `], "upgrades": [{}]}`
	targets[1] = `{"name": "t1", "command": "go get` + strings.Repeat(" a.b/c@v1", 10_000) + `", "upgrades": [{}]}`
	rep := vulnReport(t, audit.English, `{"database": {"modified": "2026-01-02T00:00:00Z"}, "targets": [`+strings.Join(targets, ",")+`]}`)
	short, long := string(write(t, Text, rep, Options{})), string(write(t, Text, rep, Options{Verbose: true}))
	if len(short) > 10_000 || strings.Contains(short, "GO-999") || strings.Contains(short, "t999") || strings.Count(short, "995 more") != 3 {
		t.Errorf("%d bytes\n%s", len(short), short)
	}
	if !strings.Contains(long, "GO-999") || strings.Count(long, "t999") != 2 || strings.Contains(long, "a.b/c@v1 a.b/c@v1") {
		t.Error("not all is told")
	}
}

func TestCommonTail(t *testing.T) {
	for _, test := range []struct {
		names, rest []string
		tail        string
	}{
		{[]string{"a x y"}, []string{"a x y"}, ""},
		{[]string{"a x y", "b x y"}, []string{"a", "b"}, "x y"},
		{[]string{"a z y", "b x y", "c y"}, []string{"a z", "b x", "c"}, "y"},
		{[]string{"y", "b y"}, []string{"y", "b y"}, ""},
		{[]string{"a", "b"}, []string{"a", "b"}, ""},
		{nil, nil, ""},
	} {
		rest, tail := commonTail(test.names)
		if !slices.Equal(rest, test.rest) || tail != test.tail {
			t.Errorf("%q: %q, %q", test.names, rest, tail)
		}
	}
}
