// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package report

import (
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/charmbracelet/colorprofile"

	"github.com/goassay/assay/audit"
)

func TestColorProfile(t *testing.T) {
	const (
		none, bold, colour = colorprofile.NoTTY, colorprofile.ASCII, colorprofile.ANSI
	)
	tests := []struct {
		environ  string
		terminal colorprofile.Profile
		file     colorprofile.Profile
	}{
		{"TERM=xterm-256color", colour, none},
		{"TERM=xterm COLORTERM=truecolor", colour, none},
		{"TERM=dumb", none, none},
		{"TERM=xterm NO_COLOR=1", bold, none},
		{"TERM=xterm NO_COLOR=yes", bold, none},
		{"TERM=xterm NO_COLOR=0", bold, none},
		{"TERM=xterm NO_COLOR=", colour, none},
		{"TERM=xterm CLICOLOR_FORCE=1", colour, colour},
		{"TERM=xterm CLICOLOR_FORCE=yes", colour, colour},
		{"TERM=xterm CLICOLOR_FORCE=0", colour, none},
		{"TERM=dumb CLICOLOR_FORCE=1", colour, colour},
		{"TERM=xterm NO_COLOR=1 CLICOLOR_FORCE=1", bold, none},
		{"TERM=xterm TERM=dumb", none, none},
	}
	for _, tt := range tests {
		environ := strings.Fields(tt.environ)
		if got := colorProfile(!dumb(environ), environ); got != tt.terminal {
			t.Errorf("%s: terminal is %v, want %v", tt.environ, got, tt.terminal)
		}
		if got := ColorProfile(new(strings.Builder), environ); got != tt.file {
			t.Errorf("%s: elsewhere %v, want %v", tt.environ, got, tt.file)
		}
	}
	file, err := os.Create(t.TempDir() + "/report")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if got := ColorProfile(file, []string{"TERM=xterm"}); got != none {
		t.Errorf("a regular file is %v", got)
	}
}

// TestWordsAreComplete: every value of the engine has a word in each language,
// and signs and labels are laid out in the columns that are counted on.
func TestWordsAreComplete(t *testing.T) {
	check := func(what string, text audit.Text, ok bool) {
		if !ok || text.EN == "" || text.ZH == "" {
			t.Errorf("%s has no word: %+v", what, text)
		}
		en, err := text.Placeholders(audit.English)
		zh, err2 := text.Placeholders(audit.Chinese)
		if err != nil || err2 != nil || !reflect.DeepEqual(en, zh) {
			t.Errorf("%s: arguments are %v in English and %v in Chinese", what, en, zh)
		}
	}
	for _, v := range []audit.Verdict{audit.VerdictPass, audit.VerdictFail, audit.VerdictIncomplete} {
		text, ok := wordVerdict[v]
		check(string(v), text, ok)
	}
	for _, s := range audit.Severities() {
		text, ok := wordSeverity[s]
		check(string(s), text, ok)
	}
	for _, o := range []audit.Outcome{audit.Passed, audit.Failed, audit.NotApplicable, audit.Unassessed, audit.Errored} {
		text, ok := wordOutcome[o]
		check(string(o), text, ok)
	}
	for _, k := range []string{"module", "file", "environment", "binary", "toolchain", "endpoint", "clause", "host", "policy"} {
		text, ok := wordKind[k]
		check(k, text, ok)
		text, ok = wordKinds[k]
		check(k+"s", text, ok)
	}
	for _, sign := range []string{signGood, signBad, signMinor, signUnknown} {
		if width(sign) != 1 {
			t.Errorf("sign %s is %d columns wide", sign, width(sign))
		}
	}
}
