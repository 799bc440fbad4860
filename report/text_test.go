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

func TestFigures(t *testing.T) {
	for facts, want := range map[string]string{
		`{"modules":[1,2],"name":"x","lines":{"verified":3,"not_checked":0,"mismatch":1},"n":7}`: "modules 2, lines (3 verified, 1 mismatch)",
		`{"nested":{"a":{"b":1}},"mixed":{"a":1,"b":"x"},"share":{"a":0.5}}`:                     "",
		`{"empty":[],"zero":{"a":0},"none":{}}`:                                                  "empty 0",
		`[1,2]`:                                                                                  "", `"x"`: "", ``: "", `null`: "", `{"a":`: "",
	} {
		if got := strings.Join(figures([]byte(facts)), ", "); got != want {
			t.Errorf("figures(%s) = %q, want %q", facts, got, want)
		}
	}
}

func TestUnknownFormat(t *testing.T) {
	var buf bytes.Buffer
	if err := Write(&buf, "html", &audit.Report{}, Options{}); err == nil || buf.Len() > 0 {
		t.Errorf("error %v, %d bytes", err, buf.Len())
	}
}
