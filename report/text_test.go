// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package report

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
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
