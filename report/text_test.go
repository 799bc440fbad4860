// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package report

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/charmbracelet/colorprofile"
	"github.com/google/go-cmp/cmp"

	"github.com/goassay/assay/audit"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// golden compares got with a file of testdata.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got), to accept it run with -update:\n%s", name, diff)
	}
}

func write(t testing.TB, format Format, rep *audit.Report, opts Options) []byte {
	t.Helper()
	var buf bytes.Buffer
	if err := Write(&buf, format, rep, opts); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

func TestTextGolden(t *testing.T) {
	good := []*audit.Check{sampleChecks()[5], sampleChecks()[4], sampleChecks()[7]}
	for _, lang := range audit.Languages() {
		for _, w := range []int{80, 120} {
			golden(t, fmt.Sprintf("fail.%s.%d.txt", lang, w), write(t, Text, sample(t, lang, sampleChecks()...), Options{Width: w}))
		}
		golden(t, fmt.Sprintf("fail.%s.quiet.txt", lang), write(t, Text, sample(t, lang, sampleChecks()...), Options{Quiet: true}))
		golden(t, fmt.Sprintf("fail.%s.color.txt", lang), write(t, Text, sample(t, lang, sampleChecks()...), Options{Color: colorprofile.ANSI}))
		golden(t, fmt.Sprintf("pass.%s.txt", lang), write(t, Text, sample(t, lang, good...), Options{}))
		golden(t, fmt.Sprintf("incomplete.%s.txt", lang), write(t, Text, sample(t, lang, sampleChecks()[3], sampleChecks()[6]), Options{Verbose: true, Catalogue: sampleCatalogue()}))
	}
}

// TestNothingIsHidden: each open finding and each check that is incomplete is
// in every format, whatever a stored report calls its status and severity.
func TestNothingIsHidden(t *testing.T) {
	rep := sample(t, audit.English, sampleChecks()...)
	rep.Findings[0].Status, rep.Findings[0].Severity = "", "none at all"
	rep.Findings[1].Status = "closed"
	for _, format := range Formats() {
		for _, opts := range []Options{{}, {Verbose: true}, {Quiet: true}} {
			out := string(write(t, format, rep, opts))
			for _, f := range withStatus(rep, audit.Open) {
				if !opts.Quiet && !strings.Contains(out, f.Rule) {
					t.Errorf("%s with %+v says nothing of %s", format, opts, f.Rule)
				}
				if (format == JSON || format == SARIF || format == Text && opts.Verbose) && !strings.Contains(out, f.Subject.Name) {
					t.Errorf("%s with %+v says nothing of %s", format, opts, f.Subject.Name)
				}
			}
			for _, c := range incomplete(rep) {
				if (format != Markdown || !opts.Quiet) && !strings.Contains(out, c.ID) {
					t.Errorf("%s with %+v says nothing of check %s", format, opts, c.ID)
				}
			}
		}
	}
}

// TestQuietReason: an incomplete run says why in one line, whole.
func TestQuietReason(t *testing.T) {
	rep := sample(t, audit.English, sampleChecks()...)
	for _, c := range incomplete(rep) {
		want := "  ? " + clean(c.ID) + ": " + strings.Join(cleanLines(c.Reason), " ") + "\n"
		if out := string(write(t, Text, rep, Options{Quiet: true, Width: 60})); !strings.Contains(out, want) {
			t.Errorf("%q is not in %s", want, out)
		}
	}
	rep.Checks = []audit.CheckResult{{ID: "a", Outcome: audit.Errored}}
	if out := string(write(t, Text, rep, Options{Quiet: true})); !strings.Contains(out, "  ? a: error\n") {
		t.Errorf("no reason: %s", out)
	}
}

func TestFigures(t *testing.T) {
	for _, test := range []struct{ facts, en, zh string }{
		{`{"modules":[1,2],"name":"x","lines":{"verified":3,"not_checked":0,"mismatch":1},"n":7}`, "lines (3 verified, 1 mismatch), modules 2", "行（已验证 3，不一致 1），模块 2"},
		{`{"logs":[1],"files":[1],"modules":[1,2],"lines":{"verified":3}}`, "lines (3 verified), modules 2", "行（已验证 3），模块 2"},
		{`{"counts":{"modules":45,"main":1,"folder":0,"indirect":30,"pseudo":7},"modules":[1]}`, "modules 45, indirect 30", "模块 45，间接依赖 30"},
		{`{"by_scope":{"build_only":2},"variables":[1]}`, "by scope (2 build only), variables 1", "by scope（build only 2），变量 1"},
		{facts: `{"nested":{"a":{"b":1}},"mixed":{"a":1,"b":"x"},"share":{"a":0.5},"chain":[1],"n":7}`},
		{facts: `{"modules":[],"files":null,"products":7,"zero":{"a":0},"none":{}}`},
		{facts: `[1,2]`}, {facts: `"x"`}, {facts: ``}, {facts: `null`}, {facts: `{"a":`},
	} {
		for lang, want := range map[audit.Lang]string{audit.English: test.en, audit.Chinese: test.zh} {
			if got := join(lang, figures(lang, []byte(test.facts))); got != want {
				t.Errorf("figures(%s) = %q, want %q", test.facts, got, want)
			}
		}
	}
}

func TestUnknownFormat(t *testing.T) {
	var buf bytes.Buffer
	if err := Write(&buf, "html", &audit.Report{}, Options{}); err == nil || buf.Len() > 0 {
		t.Errorf("error %v, %d bytes", err, buf.Len())
	}
}

// What another program said at length is cut, in as many lines as a reader
// sees; -v shows it all.
func TestLongReason(t *testing.T) {
	rep := sample(t, audit.English, sampleChecks()...)
	rep.Checks = []audit.CheckResult{{ID: "sbom", Outcome: audit.Unassessed, Reason: strings.Repeat("a line of eighty columns would hold these words; ", 100) + "end"}}
	short := string(write(t, Text, rep, Options{Width: 80}))
	whole := string(write(t, Text, rep, Options{Width: 80, Verbose: true, Catalogue: sampleCatalogue()}))
	if n := strings.Count(short, "these words"); n == 0 || n > 2*maxReasonLines || strings.Contains(short, "end\n") {
		t.Errorf("%d of 100 parts of the reason:\n%s", n, short)
	}
	if !strings.Contains(short, "more lines: -v)") {
		t.Errorf("not said to be cut:\n%s", short)
	}
	if n := strings.Count(whole, "these words"); n < 90 {
		t.Errorf("%d of 100 parts with -v", n)
	}
}

func TestTarget(t *testing.T) {
	for _, tt := range []struct {
		ref  audit.TargetRef
		want string
	}{
		{audit.TargetRef{Dir: "."}, "."},
		{audit.TargetRef{Dir: ".", Module: "example.com/m"}, "example.com/m"},
		{audit.TargetRef{Dir: "sub", Module: "example.com/m"}, "example.com/m, sub"},
		{audit.TargetRef{Dir: ".", Binaries: []string{"bin/app"}}, "bin/app"},
	} {
		if got := target(&audit.Report{Target: tt.ref}); got != tt.want {
			t.Errorf("%+v: %q, want %q", tt.ref, got, tt.want)
		}
	}
}

// TestLocation: a place is not told beside a subject that is that file, called as the
// user did.
func TestLocation(t *testing.T) {
	for _, tt := range []struct {
		subject audit.Subject
		at      *audit.Location
		want    string
	}{
		{audit.Subject{Kind: "binary", Name: "bin/prog"}, nil, ""},
		{audit.Subject{Kind: "binary", Name: "bin/prog"}, &audit.Location{File: "bin/prog"}, ""},
		{audit.Subject{Kind: "binary", Name: "bin/prog"}, &audit.Location{File: "../bin/prog"}, ""},
		{audit.Subject{Kind: "binary", Name: `..\prog.exe`}, &audit.Location{File: "C:/x/prog.exe"}, ""},
		{audit.Subject{Kind: "file", Name: "a.service"}, &audit.Location{File: "../a.service", Line: 3}, "../a.service:3"},
		{audit.Subject{Kind: "binary", Name: "a.tar!prog"}, &audit.Location{File: "a.tar"}, "a.tar"},
		{audit.Subject{Kind: "module", Name: "go.mod"}, &audit.Location{File: "m/go.mod"}, "m/go.mod"},
	} {
		if got := location(&audit.Finding{Subject: tt.subject, Location: tt.at}); got != tt.want {
			t.Errorf("%v: %q, want %q", tt.subject, got, tt.want)
		}
	}
}
