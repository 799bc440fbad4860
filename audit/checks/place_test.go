// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package checks

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/goassay/assay/audit"
	"github.com/goassay/assay/audit/gobin"
	"github.com/goassay/assay/audit/modgraph"
	"github.com/goassay/assay/audit/sdunit"
)

// TestPlaces names files of the target that the user did not name from the directory on,
// and no other folder of the machine.
func TestPlaces(t *testing.T) {
	top, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	at := func(name string) string { return filepath.Join(top, filepath.FromSlash(name)) }
	for _, dir := range []string{"co/.git", "co/m/bin", "plain/m"} {
		if err := os.MkdirAll(at(dir), 0o777); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(at("co"))
	if at := fileLocation(at("co/m"), "prog"); at.File != "../prog" {
		t.Errorf("%s", at)
	}
	for _, tt := range []struct{ dir, work, file, want string }{
		{"co/m", "", "co/n/go.mod", "../n/go.mod:3"},
		{"co/m/bin", "", "go.work", "../../../go.work:3"},      // not ../go.work, which were in the checkout
		{"co/m/bin", "", "away/go.work", "../../../go.work:3"}, // no other folder of this machine is named
		{"plain/m", "", "plain/n/go.mod", "../go.mod:3"},
		{"plain/m", "plain/go.work", "plain/n/go.mod", "../n/go.mod:3"},
	} {
		target := &audit.Target{Dir: at(tt.dir)}
		if tt.work != "" {
			target.WorkFile = at(tt.work)
		}
		if got := lineLocation(target, at(tt.file), 3).String(); got != tt.want {
			t.Errorf("%s in %s: %s, want %s", tt.file, tt.dir, got, tt.want)
		}
	}
}

// TestFindingPlace: findings about files are where they are, lines of drop-ins in
// the folder of the unit, and what is derived from stored facts has no place.
func TestFindingPlace(t *testing.T) {
	at := &sdunit.Position{File: "a.service.d/x.conf", Line: 2}
	for want, f := range map[string]audit.Finding{
		"../bin/prog":               BinaryFile{File: &gobin.File{Path: "bin/prog"}, place: "../bin/prog"}.finding("r", nil),
		"../a.service":              UnitFile{Path: "a.service", place: "../a.service"}.finding("r", nil, nil),
		"../a.service.d/x.conf:2":   UnitFile{Path: "a.service", place: "../a.service"}.finding("r", at, nil),
		"/etc/a.service.d/x.conf:2": UnitFile{Path: "a.service", place: "/etc/a.service"}.finding("r", at, nil),
		"../a.json":                 (&BOMDocument{File: "a.json", place: "../a.json"}).finding("r", nil),
		"../prog":                   sumFinding("r", moduleVersion{Path: "m", Version: "v1.0.0"}, claim{kind: SourceBinary, place: "../prog"}),
	} {
		if f.Location == nil || f.Location.String() != want {
			t.Errorf("%v, want %s", f.Location, want)
		}
	}
	for _, f := range []audit.Finding{
		BinaryFile{File: &gobin.File{Path: "bin/prog"}}.finding("r", nil), UnitFile{Path: "a.service"}.finding("r", at, nil), (&BOMDocument{File: "a.json"}).finding("r", nil),
		sumFinding("r", moduleVersion{Path: "m", Version: "v1.0.0"}, claim{kind: SourceBinary, SumLine: modgraph.SumLine{File: "prog"}}),
	} {
		if f.Location != nil {
			t.Errorf("%s at %s", f.Subject.Name, f.Location)
		}
	}
}

// TestFindAmong: a program is the executable of its path, not one that has that path
// below the target's directory.
func TestFindAmong(t *testing.T) {
	abs := modgraph.Absolute("bin/prog")
	files := []BinaryFile{{File: &gobin.File{Path: "bin/prog"}, outer: abs}, {File: &gobin.File{Path: "prog"}, outer: modgraph.Absolute("m/prog")}}
	for program, want := range map[string]Match{filepath.ToSlash(abs): ByPath, filepath.ToSlash(modgraph.Absolute("m/bin/prog")): Unrelated} {
		u := &UnitProgram{Path: program, By: Unrelated}
		if u.findAmong(files); u.By != want {
			t.Errorf("%s: %s, want %s", program, u.By, want)
		}
	}
}
