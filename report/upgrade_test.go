// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package report

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/goassay/assay/audit"
)

// sampleUpgrades are facts as the check vuln writes them.
const sampleUpgrades = `{"targets": [
	{"kind": "module", "name": "example.com/service", "command": "go get example.com/a@v1.2.3 example.com/b/v2@v2.0.1 example.com/c@v3.0.0+incompatible",
	 "moves": [{"path": "example.com/d", "from": "v1.0.0", "to": "v1.1.0"}, {"path": "example.com/e", "to": "v1.0.0"}, {"path": "example.com/f", "from": "v1.0.0"},
		{"path": "example.com/g", "from": "v1.0.0", "to": "v1.1.0"}, {"path": "example.com/h", "from": "v1.0.0", "to": "v1.1.0"}, {"path": "example.com/i", "from": "v1.0.0", "to": "v1.1.0"}, {"path": "example.com/j", "from": "v1.0.0", "to": "v1.1.0"}],
	 "go_line": {"from": "1.24", "to": "1.25.3"}, "brings": ["GO-2026-0009 example.com/e@v1.0.0"]},
	{"kind": "module", "name": "example.com/tool", "command": "go get example.com/a@v1.2.3"},
	{"kind": "module", "name": "example.com/evil", "command": "go get example.com/a@v1.2.3; echo owned"},
	{"kind": "binary", "name": "service"}
]}`

func TestUpgradesGolden(t *testing.T) {
	for _, lang := range audit.Languages() {
		rep := sample(t, lang)
		rep.Facts["vuln"] = json.RawMessage(sampleUpgrades)
		text := write(t, Text, rep, Options{Width: 80})
		golden(t, fmt.Sprintf("upgrades.%s.txt", lang), text)
		if strings.Contains(string(text), "owned") {
			t.Error("a command that does something else is shown")
		}
		if verbose := write(t, Text, rep, Options{Width: 80, Verbose: true}); !strings.Contains(string(verbose), "example.com/j") {
			t.Error("not all is told")
		}
	}
}

// TestUpgradesNone: nothing is written for nothing, nor for what is no facts of it.
func TestUpgradesNone(t *testing.T) {
	for _, facts := range []string{"", "{}", "[]", `{"targets":[{"command":""}]}`} {
		rep := sample(t, audit.English)
		if facts != "" {
			rep.Facts["vuln"] = json.RawMessage(facts)
		}
		if text := write(t, Text, rep, Options{Width: 80}); strings.Contains(string(text), "Upgrades") {
			t.Errorf("%s:\n%s", facts, text)
		}
	}
}

func TestIsGoGet(t *testing.T) {
	for command, want := range map[string]bool{
		"go get a.b/c@v1": true, "go get a.b/c@v1 d.e/f@v2+incompatible": true,
		"": false, "go get": false, "go get ": false, "go get -u a@v1": false, "go get a@v1 -x@": false, "go get a": false, "go get a@v1  b@v1": false,
		"go get a@v1;b@v1": false, "go get a@v1\nb@v1": false, "go get a@v1$(b)": false, "go get ~/a@v1": false, "rm a@v1": false, "go get \u202ea@v1": false,
	} {
		if got := isGoGet(command); got != want {
			t.Errorf("%q: %v", command, got)
		}
	}
}
