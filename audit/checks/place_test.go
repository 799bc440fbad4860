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

// TestLocate names files from the directory on within the checkout, and by their
// absolute path elsewhere, whatever the current directory is.
func TestLocate(t *testing.T) {
	top, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	at := func(name string) string { return filepath.Join(top, filepath.FromSlash(name)) }
	for _, dir := range []string{"co/.git", "co/m/bin", "co/bin", "plain/m", "away"} {
		if err := os.MkdirAll(at(dir), 0o777); err != nil {
			t.Fatal(err)
		}
	}
	for link, to := range map[string]string{"link": "co/m", "co/out": "away", "co/tool": "away/tool"} {
		if err := os.Symlink(at(to), at(link)); err != nil {
			t.Skip(err)
		}
	}
	t.Chdir(at("co"))
	for _, tt := range []struct {
		dir, path, want string
		near            bool
	}{
		{"co/m", "m/bin/prog", "bin/prog", true},
		{"co/m", "bin/prog", "../bin/prog", true},
		{"co/m", "prog", "../prog", true}, // looks as if it were in the directory
		{"co/m", at("co/bin/prog"), "../bin/prog", true},
		{"co", "m", "m", true},
		{"co/m", "../away/prog", filepath.ToSlash(at("away/prog")), false},
		{"plain/m", "bin/prog", filepath.ToSlash(at("co/bin/prog")), false},
		{"plain/m", at("plain/prog"), filepath.ToSlash(at("plain/prog")), false},
		{"link", at("link/prog"), "prog", true},
		{"link", "m/prog", "prog", true},
		{"link", "bin/prog", "../bin/prog", true},
		{"co/m", at("link/prog"), "prog", true},
		{"co/m", "out/prog", filepath.ToSlash(at("co/out/prog")), false}, // through a link that leads out
		{"co/m", "tool", "../tool", true},                                // a link that is in the checkout itself
	} {
		if got, near := locate(at(tt.dir), tt.path); got != tt.want || near != tt.near {
			t.Errorf("%s, %s: %s %v, want %s %v", tt.dir, tt.path, got, near, tt.want, tt.near)
		}
	}
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
	abs := absolute("bin/prog")
	files := []BinaryFile{{File: &gobin.File{Path: "bin/prog"}, outer: abs}, {File: &gobin.File{Path: "prog"}, outer: absolute("m/prog")}}
	for program, want := range map[string]Match{filepath.ToSlash(abs): ByPath, filepath.ToSlash(absolute("m/bin/prog")): Unrelated} {
		u := &UnitProgram{Path: program, By: Unrelated}
		if u.findAmong(files); u.By != want {
			t.Errorf("%s: %s, want %s", program, u.By, want)
		}
	}
}
