// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package license

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/goassay/assay/internal/machine"
	"github.com/google/go-cmp/cmp"
)

// A truth is a line of testdata/truth.txt.
type truth struct {
	path, version, want string
}

func readTruth(t testing.TB) []truth {
	t.Helper()
	text, err := os.ReadFile("testdata/truth.txt")
	if err != nil {
		t.Fatal(err)
	}
	var all []truth
	var want string
	for _, line := range strings.Split(string(text), "\n") {
		if e, ok := strings.CutPrefix(line, "=== "); ok {
			want = e
			continue
		}
		line, _, _ = strings.Cut(line, "#")
		if path, version, ok := strings.Cut(strings.TrimSpace(line), "@"); ok {
			all = append(all, truth{path, version, want})
		}
	}
	return all
}

// zips downloads the modules into the module cache, where most are after the first run, and returns their zip files by module.
func zips(t testing.TB, all []truth) map[string]string {
	t.Helper()
	machine.Long(t, "downloads modules")
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "go.mod"), []byte("module truth\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	args := []string{"mod", "download", "-json"}
	for _, m := range all {
		args = append(args, m.path+"@"+m.version)
	}
	cmd := exec.Command("go", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOFLAGS=-mod=mod", "GOWORK=off")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil && len(out) == 0 {
		t.Fatalf("go mod download: %v\n%s", err, stderr.Bytes())
	}
	paths := map[string]string{}
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var m struct{ Path, Version, Zip, Error string }
		if err := d.Decode(&m); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		if m.Error != "" {
			t.Fatalf("%s@%s: %s", m.Path, m.Version, m.Error)
		}
		paths[m.Path+"@"+m.Version] = m.Zip
	}
	return paths
}

func scanModule(t testing.TB, file, module string) *Result {
	t.Helper()
	z, err := zip.OpenReader(file)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	r, err := ScanZip(&z.Reader, module, Options{})
	if err != nil {
		t.Fatalf("%s: %v", module, err)
	}
	return r
}

var anyRef = regexp.MustCompile(`LicenseRef-[-.A-Za-z0-9]+`)

// TestTruth compares conclusions with what a person read in the same files. At most one in a hundred may differ, and each that does
// is listed in docs/sbom-licenses.md.
func TestTruth(t *testing.T) {
	all := readTruth(t)
	if len(all) < 250 {
		t.Fatalf("truth has %d modules", len(all))
	}
	paths := zips(t, all)
	misses := 0
	for _, m := range all {
		module := m.path + "@" + m.version
		r := scanModule(t, paths[module], module)
		got, want := anyRef.ReplaceAllString(r.Concluded, "LicenseRef-x"), strings.ReplaceAll(m.want, "LicenseRef", "LicenseRef-x")
		if want == "-" && got == "" || Equivalent(got, want) {
			continue
		}
		misses++
		t.Logf("%s: concluded %q, a person reads %s; remarks %q", module, got, m.want, r.Remarks)
		for _, f := range r.Files {
			t.Logf("    %s %s %s %q %.2f", f.Path, f.Kind, f.Covers, f.Expression, f.Confidence)
		}
	}
	t.Logf("%d of %d right (%.1f %%)", len(all)-misses, len(all), 100*float64(len(all)-misses)/float64(len(all)))
	if misses*100 > len(all) {
		t.Errorf("%d misses", misses)
	}
}

// TestScanFS demands the same result from a file system as from the zip.
func TestScanFS(t *testing.T) {
	var all []truth
	for i, m := range readTruth(t) {
		if i%16 == 0 {
			all = append(all, m)
		}
	}
	for module, file := range zips(t, all) {
		z, err := zip.OpenReader(file)
		if err != nil {
			t.Fatal(err)
		}
		root, err := fs.Sub(z, module)
		if err != nil {
			t.Fatal(err)
		}
		got, err := Scan(root, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(scanModule(t, file, module), got); d != "" {
			t.Errorf("%s (-zip +file system):\n%s", module, d)
		}
		check(t, got)
		z.Close()
	}
}

// BenchmarkTruth scans all modules of the truth set, opening their zips included. The first round compiles the patterns.
func BenchmarkTruth(b *testing.B) {
	all := readTruth(b)
	paths := zips(b, all)
	b.ReportAllocs()
	for b.Loop() {
		for _, m := range all {
			scanModule(b, paths[m.path+"@"+m.version], m.path+"@"+m.version)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*len(all)), "µs/module")
}

// BenchmarkPatterns is what the first scan of a process costs in addition: the prefilter's words, and one licence compiled.
func BenchmarkPatterns(b *testing.B) {
	for b.Loop() {
		lib := loadPatterns()
		for _, p := range lib.patterns {
			if p.id == "Apache-2.0" {
				p.compile()
			}
		}
	}
}
