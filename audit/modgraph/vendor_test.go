// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package modgraph

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The expected problems are those of the go command, which reads the same
// folders in this test.
func TestReadVendor(t *testing.T) {
	const head = "-- go.mod --\nmodule example.com/main\n\ngo 1.26\n\n"
	for _, tt := range []struct {
		name, files string
		want        []string
	}{
		{"none", head, nil},
		{"right", head + `require example.com/a v1.0.0
require example.com/b v1.0.0 // indirect
replace example.com/b => example.com/fork v1.1.0
replace example.com/c => ./c
-- vendor/modules.txt --
# example.com/a v1.0.0
## explicit; go 1.20
example.com/a
# example.com/b v1.0.0 => example.com/fork v1.1.0
## explicit
example.com/b/x
# example.com/b => example.com/fork v1.1.0
# example.com/c => ./c
`, nil},
		{"not explicit", head + `require example.com/a v1.0.0
-- vendor/modules.txt --
# example.com/a v1.1.0
## explicit
# example.com/a v1.0.0
example.com/a
`, []string{"not-explicit example.com/a@v1.0.0 go.mod:5"}},
		{"not required", head + `
-- vendor/modules.txt --
# example.com/a v1.0.0
## explicit
example.com/a
`, []string{"not-required example.com/a@v1.0.0 modules.txt:1"}},
		{"replaced otherwise", head + `
replace example.com/a => ./a
replace example.com/b v1.0.0 => example.com/fork v1.1.0
-- vendor/modules.txt --
# example.com/a => ./b
# example.com/b v1.0.0 => example.com/fork v1.0.0
`, []string{"replaced-otherwise example.com/a go.mod:6", "replaced-otherwise example.com/b@v1.0.0 go.mod:7"}},
		{"not replaced", head + `
replace example.com/a => ./a
-- vendor/modules.txt --
#
`, []string{"not-replaced example.com/a go.mod:6"}},
		{"replaced needlessly", head + `
-- vendor/modules.txt --
# example.com/a => ./a
# example.com/b v1.0.0 => example.com/fork v1.0.0
`, []string{"replaced-needlessly example.com/a modules.txt:1", "replaced-needlessly example.com/b@v1.0.0 modules.txt:2"}},
		{"before 1.14", `
-- go.mod --
module example.com/main

go 1.13

require example.com/a v1.0.0
require example.com/b v1.0.0
replace example.com/c => ./c
-- vendor/modules.txt --
# example.com/a v1.1.0
example.com/a
`, []string{"version example.com/a@v1.0.0 go.mod:5"}},
		{"nonsense", head + `
-- vendor/modules.txt --
# x
#
example.com/lost
## explicit
# example.com/a what
## explicit
`, nil},
		{"workspace", `
-- go.work --
go 1.26
use ./m
use ./n
replace example.com/a => ./a
-- m/go.mod --
module example.com/m

go 1.26

replace example.com/a => ../other
replace example.com/b => ../b
-- n/go.mod --
module example.com/n

go 1.26
-- vendor/modules.txt --
## workspace
# example.com/a => ./a
# example.com/b => ./c
`, []string{"replaced-otherwise example.com/b m/go.mod:6"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := write(t, tt.files)
			var mods []*ModFile
			work, err := ReadWorkFile(filepath.Join(dir, "go.work"))
			if err == nil {
				for _, u := range work.Use {
					mods = append(mods, u.Mod)
				}
			} else {
				work = nil
				m, err := ReadModFile(filepath.Join(dir, "go.mod"))
				if err != nil {
					t.Fatal(err)
				}
				mods = []*ModFile{m}
			}
			v, err := ReadVendor(mods, work)
			if err != nil {
				t.Fatal(err)
			}
			if (v == nil) != !strings.Contains(tt.files, "modules.txt") {
				t.Fatalf("vendor folder: %v", v)
			}
			if v == nil {
				return
			}
			var got, subjects []string
			for _, p := range v.Problems {
				mod := p.Module
				if p.Version != "" {
					mod += "@" + p.Version
				}
				rel, _ := filepath.Rel(dir, p.File)
				got = append(got, fmt.Sprintf("%s %s %s:%d", p.Kind, mod, strings.TrimPrefix(filepath.ToSlash(rel), "vendor/"), p.Line))
				subjects = append(subjects, mod)
			}
			slices.Sort(got)
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
			slices.Sort(subjects)
			if d := cmp.Diff(subjects, goVendorErrors(t, dir)); d != "" {
				t.Errorf("the go command disagrees (-here +go):\n%s", d)
			}
		})
	}
	dir := write(t, head+"-- vendor/x/x.go --\npackage x\n")
	m, err := ReadModFile(filepath.Join(dir, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	if v, err := ReadVendor([]*ModFile{m}, nil); err != nil || len(v.Problems) != 1 || v.Problems[0].Kind != VendorNoList {
		t.Errorf("no modules.txt: %+v, %v", v, err)
	}
}

// goVendorErrors returns the modules that the go command complains of.
func goVendorErrors(t *testing.T, dir string) []string {
	cmd := exec.Command("go", "list", "-mod=vendor", "./...")
	cmd.Dir, cmd.Env = dir, environ(t)
	out, _ := cmd.CombinedOutput()
	var mods []string
	for line := range strings.Lines(string(out)) {
		if mod, what, ok := strings.Cut(line, ": is "); ok && strings.HasPrefix(line, "\t") && strings.Contains(what, "in ") {
			mods = append(mods, strings.TrimSpace(mod))
		}
	}
	slices.Sort(mods)
	return mods
}

func FuzzParseVendorList(f *testing.F) {
	f.Add("# example.com/a v1.0.0 => ./a\n## explicit; go 1.20\nexample.com/a/x\n")
	f.Fuzz(func(t *testing.T, data string) {
		l := parseVendorList(data)
		l.compare([]*ModFile{{Module: "example.com/main", Go: "1.26"}}, nil)
	})
}
