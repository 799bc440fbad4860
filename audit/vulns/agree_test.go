// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package vulns_test

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/goassay/assay/audit/gobin"
	"github.com/goassay/assay/audit/vulns"
)

// govulncheck runs the program that the variable GOVULNCHECK names, on the snapshot, and
// returns the closest reach of each vulnerability, and the modules it has looked up.
func govulncheck(t *testing.T, dir string, args ...string) (map[string]vulns.Reach, []vulns.Module) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Getenv("GOVULNCHECK"), append([]string{"-format=json", "-db=file://" + snapshotDir(t)}, args...)...)
	cmd.Dir = dir
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %v\n%s", cmd.Args, err, stderr.Bytes())
	}
	reaches, modules := map[string]vulns.Reach{}, []vulns.Module(nil)
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var m struct {
			SBOM *struct {
				Modules []vulns.Module `json:"modules"`
			} `json:"SBOM"`
			Finding *struct {
				OSV   string `json:"osv"`
				Trace []struct{ Module, Package, Function string }
			} `json:"finding"`
		}
		if err := d.Decode(&m); err == io.EOF {
			return reaches, modules
		} else if err != nil {
			t.Fatal(err)
		}
		if m.SBOM != nil {
			modules = m.SBOM.Modules
		}
		if m.Finding == nil {
			continue
		}
		first := m.Finding.Trace[0]
		reach := vulns.Required
		switch {
		case first.Function != "" && dir != "":
			reach = vulns.Called
		case first.Function != "":
			reach = vulns.Present
		case first.Package != "":
			reach = vulns.Imported
		}
		key := m.Finding.OSV + " " + first.Module
		if old, ok := reaches[key]; !ok || reach.Closer(old) < 0 {
			reaches[key] = reach
		}
	}
}

var snapshotFolder string

// snapshotDir is the snapshot in the layout v1.
func snapshotDir(t *testing.T) string {
	t.Helper()
	if snapshotFolder == "" {
		dir, err := os.MkdirTemp("", "assay-vulndb-*")
		if err != nil {
			t.Fatal(err)
		}
		snapshotFolder = filepath.Join(dir, "vulndb")
		db, err := vulns.Snapshot()
		if err == nil {
			err = db.ExportDir(t.Context(), snapshotFolder)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return snapshotFolder
}

// reaches are those of an assessment, without what was withdrawn, which govulncheck does
// not show.
func reaches(a *vulns.Assessment) map[string]vulns.Reach {
	out := map[string]vulns.Reach{}
	for _, v := range a.Vulnerabilities {
		if v.Withdrawn.IsZero() {
			out[v.ID+" "+v.Module] = v.Reach
		}
	}
	return out
}

// TestAgreeBinaries compares what is found in executables with what govulncheck finds in
// them. It needs the variables GOVULNCHECK, the program, and GOVULNCHECK_BINARIES, a
// directory of pairs of executables, "…_plain" and "…_stripped".
func TestAgreeBinaries(t *testing.T) {
	dir := os.Getenv("GOVULNCHECK_BINARIES")
	if os.Getenv("GOVULNCHECK") == "" || dir == "" {
		t.Skip("no GOVULNCHECK or GOVULNCHECK_BINARIES")
	}
	db, err := vulns.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	assess := func(path string) *vulns.Assessment {
		f, err := gobin.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		a, err := db.Binary(t.Context(), f)
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	files, err := filepath.Glob(filepath.Join(dir, "*_plain"))
	if err != nil || len(files) == 0 {
		t.Fatal("no executables", err)
	}
	for _, path := range files {
		stripped := strings.TrimSuffix(path, "plain") + "stripped"
		if _, err := os.Stat(stripped); err != nil {
			continue
		}
		a := assess(path)
		if diff := cmp.Diff(a, assess(stripped)); diff != "" {
			t.Errorf("%s: stripping changes (-plain +stripped):\n%s", path, diff)
		}
		want, _ := govulncheck(t, "", "-mode=binary", path)
		got := reaches(a)
		// What it attributes to a module of which the database has nothing: it takes the
		// module whose path the package's begins with, in the middle of an element too.
		for key := range want {
			if _, module, _ := strings.Cut(key, " "); !db.Lists(module) {
				t.Logf("%s: attributed to another module by govulncheck", key)
				delete(want, key)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: -govulncheck +here\n%s", path, diff)
		}
		bare, _ := govulncheck(t, "", "-mode=binary", stripped)
		t.Logf("| %s | %s | %s | %s | %d |", filepath.Base(strings.TrimSuffix(path, "_plain")), count(want), count(got), count(bare), len(a.NotAssessed))
		for _, n := range a.NotAssessed {
			t.Logf("not assessed: %+v", n)
		}
	}
}

// TestAgreeSources compares what is found in source with what govulncheck finds in it. It
// needs the variables GOVULNCHECK, the program, and GOVULNCHECK_SOURCES, a directory of
// main modules.
func TestAgreeSources(t *testing.T) {
	dir := os.Getenv("GOVULNCHECK_SOURCES")
	if os.Getenv("GOVULNCHECK") == "" || dir == "" {
		t.Skip("no GOVULNCHECK or GOVULNCHECK_SOURCES")
	}
	db, err := vulns.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	mods, err := filepath.Glob(filepath.Join(dir, "*", "go.mod"))
	if err != nil || len(mods) == 0 {
		t.Fatal("no modules", err)
	}
	for _, mod := range mods {
		dir := filepath.Dir(mod)
		list, std := buildList(t, dir)
		want, modules := govulncheck(t, dir, "./...")
		for i := range modules {
			if modules[i].Path == vulns.Stdlib {
				modules[i].Version = std
			}
		}
		a, err := db.Match(t.Context(), modules, vulns.Platform{})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(slices.Sorted(maps.Keys(want)), slices.Sorted(maps.Keys(reaches(a)))); diff != "" {
			t.Errorf("%s: modules: -govulncheck +here\n%s", dir, diff)
		}
		a, err = scanner(t, os.Environ(), "run").Source(t.Context(), db, vulns.Program{
			Dir: dir, Patterns: []string{"./..."}, Modules: append(list, vulns.Module{Path: vulns.Stdlib, Version: std}), Level: vulns.LevelSymbol,
		})
		if err != nil {
			t.Fatal(err)
		}
		got, more := reaches(a), 0
		for key, reach := range got {
			_, module, _ := strings.Cut(key, " ")
			loaded := slices.ContainsFunc(modules, func(m vulns.Module) bool { return m.Path == module })
			if !loaded && reach == vulns.Required { // none of its packages is imported
				more++
				delete(got, key)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: -govulncheck +here\n%s", dir, diff)
		}
		t.Logf("| %s | %d of %d | %s | %s | %d | %d |", filepath.Base(dir), len(list), len(modules), count(want), count(got), more, len(a.NotAssessed))
		for _, n := range a.NotAssessed {
			t.Logf("not assessed: %+v", n)
		}
	}
}

// buildList lists the modules of a main module as the go command does, and its release.
func buildList(t *testing.T, dir string) (modules []vulns.Module, std string) {
	t.Helper()
	run := func(args ...string) []byte {
		cmd := exec.CommandContext(t.Context(), "go", args...)
		cmd.Dir = dir
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("%v: %v", cmd.Args, err)
		}
		return out
	}
	for d := json.NewDecoder(bytes.NewReader(run("list", "-m", "-json", "all"))); ; {
		var m struct {
			vulns.Module
			Main bool
		}
		if err := d.Decode(&m); err == io.EOF {
			return modules, strings.TrimSpace(string(run("env", "GOVERSION")))
		} else if err != nil {
			t.Fatal(err)
		}
		modules = append(modules, m.Module)
	}
}

// count counts reaches.
func count(m map[string]vulns.Reach) string {
	n := map[vulns.Reach]int{}
	for _, r := range m {
		n[r]++
	}
	var out []string
	for _, r := range slices.SortedFunc(maps.Keys(n), vulns.Reach.Closer) {
		out = append(out, string(r)+" "+itoa(n[r]))
	}
	return strings.Join(out, ", ")
}

func itoa(n int) string { b, _ := json.Marshal(n); return string(b) }
