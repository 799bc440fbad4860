// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package goroot

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/module"
	"golang.org/x/mod/sumdb/dirhash"
)

var goodModule = module.Version{Path: ModulePath, Version: "v0.0.1-go1.99.1.linux-amd64"}

// release files: those of the module, and then those that only an installation
// has.
var releaseFiles = map[string]string{
	"VERSION":                               "go1.99.1\ntime 2026-01-02T03:04:05Z\n",
	"go.env":                                "GOPROXY=x\n",
	"bin/go":                                "the go command",
	"bin/gofmt":                             "gofmt",
	"pkg/include/textflag.h":                "#define",
	"pkg/tool/linux_amd64/compile":          strings.Repeat("compiler", 1000),
	"src/go.mod":                            "module std\n",
	"src/cmd/go.mod":                        "module cmd\n",
	"src/fmt/print.go":                      "package fmt\n",
	"src/internal/buildcfg/zbootstrap.go":   "package buildcfg\n",
	"lib/time/zoneinfo.zip":                 "zones",
	"src/cmd/go/testdata/mod/x_v1.0.0.txt":  "x",
	"src/testdata/test/api/doc/misc/go.mod": "module deep\n",
}

var otherFiles = map[string]string{
	"api/go1.txt": "api", "doc/go.html": "doc", "misc/x": "x", "test/y.go": "y", ".git/HEAD": "z", ".gitignore": "a",
	"pkg/linux_amd64/fmt.a": "old", "pkg/tool/linux_arm64/compile": "other system", "pkg/obj/x": "cache", "VERSION.cache": "v",
	"src/cmd/dist/dist": "built", "src/.DS_Store": "mac", "bin/go.exe~": "old", "pkg/distpack/x.zip": "zip",
}

func write(t testing.TB, dir string, files map[string]string) {
	t.Helper()
	for name, content := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o666); err != nil {
			t.Fatal(err)
		}
	}
}

// moduleZip makes the module's zip file, and its hash by package dirhash.
func moduleZip(t testing.TB, files map[string]string) (data []byte, h1 string) {
	t.Helper()
	var buf bytes.Buffer
	z := zip.NewWriter(&buf)
	for name, content := range files {
		if strings.HasSuffix(name, "/go.mod") {
			name = strings.TrimSuffix(name, "go.mod") + "_go.mod"
		}
		w, err := z.Create(goodModule.String() + "/" + name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(content)); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "m.zip")
	if err := os.WriteFile(file, buf.Bytes(), 0o666); err != nil {
		t.Fatal(err)
	}
	h1, err := dirhash.HashZip(file, dirhash.Hash1)
	if err != nil {
		t.Fatal(err)
	}
	return buf.Bytes(), h1
}

func scan(t testing.TB, dir string) *Tree {
	t.Helper()
	tree, err := Scan(context.Background(), dir, "linux", "amd64", nil)
	if err != nil {
		t.Fatal(err)
	}
	return tree
}

func newRoot(t testing.TB) string {
	dir := t.TempDir()
	write(t, dir, releaseFiles)
	write(t, dir, otherFiles)
	return dir
}

// An installation has the module's hash, whatever else lies in it; so does one
// in the module cache, where go.mod files are copied, and one made of links.
func TestHash(t *testing.T) {
	_, want := moduleZip(t, releaseFiles)
	dir := newRoot(t)
	steps := 0
	tree, err := Scan(context.Background(), dir, "linux", "amd64", func(done, total int) { steps = max(steps, done*1000/total) })
	if err != nil || steps != 1000 {
		t.Fatal(err, steps)
	}
	m, err := tree.Module()
	if err != nil || m != goodModule {
		t.Errorf("%v %v", m, err)
	}
	if got := HashListing(tree.Listing(m)); got != want || len(tree.Odd) > 0 {
		t.Errorf("%s, want %s; %v", got, want, tree.Odd)
	}
	cached := t.TempDir()
	files := map[string]string{}
	for name, content := range releaseFiles {
		files[name] = content
		if strings.HasSuffix(name, "/go.mod") {
			files[strings.TrimSuffix(name, "go.mod")+"_go.mod"] = content
		}
	}
	write(t, cached, files)
	if got := HashListing(scan(t, cached).Listing(m)); got != want {
		t.Errorf("in the module cache: %s, want %s", got, want)
	}
	write(t, cached, map[string]string{"src/go.mod": "module evil\n"})
	if got := HashListing(scan(t, cached).Listing(m)); got == want {
		t.Error("the go.mod that counts is another, and the hash is not")
	}
	if runtime.GOOS == "windows" {
		return // links need a privilege
	}
	linked := t.TempDir()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if err := os.Symlink(filepath.Join(dir, e.Name()), filepath.Join(linked, e.Name())); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("nowhere", filepath.Join(linked, "dangling")); err != nil {
		t.Fatal(err)
	}
	tree = scan(t, linked)
	if got := HashListing(tree.Listing(m)); got != want || len(tree.Odd) != 1 || tree.Odd[0].Name != "dangling" {
		t.Errorf("linked: %s, want %s; %v", got, want, tree.Odd)
	}
	if err := os.Symlink(".", filepath.Join(linked, "loop")); err != nil {
		t.Fatal(err)
	}
	if _, err := Scan(context.Background(), linked, "linux", "amd64", nil); err == nil {
		t.Error("a loop of links has an end")
	}
}

func TestModule(t *testing.T) {
	for version, want := range map[string]string{
		"go1.26.8": "v0.0.1-go1.26.8.linux-amd64", "go1.26rc1": "v0.0.1-go1.26rc1.linux-amd64", "go1.21.0": "v0.0.1-go1.21.0.linux-amd64",
		"": "", "devel go1.27-abc": "", "go1.26.8-corp": "", "go1.26.8 X:boringcrypto": "", "go1.27-devel_abc": "", "go1": "",
		"go1.26.8/../..": "", "go1.26.8\n": "",
	} {
		m, err := (&Tree{Version: version, GOOS: "linux", GOARCH: "amd64"}).Module()
		if m.Version != want || (want == "") != errors.Is(err, ErrNoRelease) {
			t.Errorf("%q: %q, %v", version, m.Version, err)
		}
	}
	if _, err := (&Tree{Version: "go1.26.8", GOOS: "li/nux"}).Module(); err == nil {
		t.Error("a system that is none")
	}
}

// Each kind of difference is named, and with the names the hash is that of the
// log: nothing else differs.
func TestCompare(t *testing.T) {
	data, logged := moduleZip(t, releaseFiles)
	tests := []struct {
		name                    string
		edit                    func(dir string)
		changed, missing, added []string
	}{
		{"nothing", func(string) {}, nil, nil, nil},
		{"go.env", func(dir string) { write(t, dir, map[string]string{"go.env": "GOPROXY=y\n"}) }, []string{"go.env"}, nil, nil},
		{"compiler", func(dir string) { write(t, dir, map[string]string{"pkg/tool/linux_amd64/compile": "evil"}) }, []string{"pkg/tool/linux_amd64/compile"}, nil, nil},
		{"missing", func(dir string) { os.Remove(filepath.Join(dir, "src", "fmt", "print.go")) }, nil, []string{"src/fmt/print.go"}, nil},
		{"added", func(dir string) { write(t, dir, map[string]string{"src/fmt/evil.go": "package fmt\n"}) }, nil, nil, []string{"src/fmt/evil.go"}},
		{"a tool more", func(dir string) { write(t, dir, map[string]string{"pkg/tool/linux_amd64/evil": "x"}) }, nil, nil, []string{"pkg/tool/linux_amd64/evil"}},
		{"go.mod", func(dir string) { write(t, dir, map[string]string{"src/go.mod": "module evil\n"}) }, []string{"src/_go.mod"}, nil, nil},
		{"all at once", func(dir string) {
			os.Remove(filepath.Join(dir, "bin", "gofmt"))
			write(t, dir, map[string]string{"bin/go": "evil", "bin/more": "x"})
		}, []string{"bin/go"}, []string{"bin/gofmt"}, []string{"bin/more"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := newRoot(t)
			tt.edit(dir)
			tree := scan(t, dir)
			c, err := tree.Compare(goodModule, bytes.NewReader(data), int64(len(data)), logged)
			if err != nil {
				t.Fatal(err)
			}
			if !c.Proven || !slices.Equal(c.Changed, tt.changed) || !slices.Equal(c.Missing, tt.missing) || !slices.Equal(c.Added, tt.added) {
				t.Errorf("%+v", c)
			}
			if c, err := tree.Compare(goodModule, bytes.NewReader(data), int64(len(data)), "h1:other"); err != nil || c.Proven {
				t.Errorf("proven to another hash: %v", err)
			}
		})
	}
	// A zip file that lies names what it likes, and proves nothing.
	lie, _ := moduleZip(t, map[string]string{"VERSION": "go1.99.1\n", "bin/go": "evil"})
	c, err := scan(t, newRoot(t)).Compare(goodModule, bytes.NewReader(lie), int64(len(lie)), logged)
	if err != nil || c.Proven {
		t.Errorf("%+v %v", c, err)
	}
}

func TestWith(t *testing.T) {
	dir := newRoot(t)
	want := HashListing(scan(t, dir).Listing(goodModule))
	write(t, dir, map[string]string{"go.env": "edited", "more": ""})
	edited := scan(t, dir)
	right := edited.With("go.env", sha256.Sum256([]byte(releaseFiles["go.env"]))).Without("more")
	if got := HashListing(right.Listing(goodModule)); got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if err := os.Remove(filepath.Join(dir, "go.env")); err != nil {
		t.Fatal(err)
	}
	right = scan(t, dir).With("go.env", sha256.Sum256([]byte(releaseFiles["go.env"]))).Without("more")
	if got := HashListing(right.Listing(goodModule)); got != want {
		t.Errorf("added: %s, want %s", got, want)
	}
}

// Zip files that are hostile.
func TestCompareHostile(t *testing.T) {
	data, logged := moduleZip(t, releaseFiles)
	tree := scan(t, newRoot(t))
	write(t, t.TempDir(), nil)
	for _, cut := range []int{0, 1, len(data) / 2, len(data) - 1} {
		if _, err := tree.Compare(goodModule, bytes.NewReader(data[:cut]), int64(cut), logged); err == nil {
			t.Errorf("cut at %d: no error", cut)
		}
	}
	var buf bytes.Buffer
	z := zip.NewWriter(&buf)
	for range 2 {
		if _, err := z.Create(goodModule.String() + "/VERSION"); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := tree.Compare(goodModule, bytes.NewReader(buf.Bytes()), int64(buf.Len()), logged); err == nil {
		t.Error("one name twice")
	}
	other := module.Version{Path: ModulePath, Version: "v0.0.1-go1.99.2.linux-amd64"}
	if _, err := tree.Compare(other, bytes.NewReader(data), int64(len(data)), logged); err == nil {
		t.Error("the zip file of another release")
	}
	many := map[string]string{}
	for i := range maxDiffering + 1 {
		many["src/"+strings.Repeat("x", 1+i%200)+"/"+strings.Repeat("y", 1+i/200)] = "z"
	}
	big, _ := moduleZip(t, many)
	if _, err := tree.Compare(goodModule, bytes.NewReader(big), int64(len(big)), logged); !errors.Is(err, errTooMuch) {
		t.Errorf("too many: %v", err)
	}
}

func TestScanErrors(t *testing.T) {
	if _, err := Scan(context.Background(), filepath.Join(t.TempDir(), "none"), "linux", "amd64", nil); err == nil {
		t.Error("no folder")
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Scan(ctx, newRoot(t), "linux", "amd64", nil); err == nil {
		t.Error("interrupted")
	}
	dir := t.TempDir()
	write(t, dir, map[string]string{"VERSION/x": "a folder"})
	if _, err := Scan(context.Background(), dir, "linux", "amd64", nil); err == nil {
		t.Error("VERSION is a folder")
	}
	dir = t.TempDir()
	write(t, dir, map[string]string{"src/x.go": "package x\n"})
	if tree := scan(t, dir); tree.Version != "" {
		t.Errorf("%q", tree.Version)
	}
}

// The installation that runs this test is read to its end, and its listing has
// the form of package dirhash.
func TestRealInstallation(t *testing.T) {
	out, err := exec.Command("go", "env", "GOROOT", "GOHOSTOS", "GOHOSTARCH").Output()
	if err != nil {
		t.Fatal(err)
	}
	f := strings.Fields(string(out))
	tree, err := Scan(context.Background(), f[0], f[1], f[2], nil)
	if err != nil {
		t.Fatal(err)
	}
	has := func(name string) bool {
		return slices.ContainsFunc(tree.Files, func(f File) bool { return f.Name == name })
	}
	if !has("src/_go.mod") || has("src/go.mod") || !has("src/fmt/print.go") || has("test/run.go") {
		t.Error("not the files of the module")
	}
	for line := range bytes.Lines(tree.Listing(goodModule)) {
		if len(line) < 64+2+len(goodModule.String())+2 || line[64] != ' ' || line[65] != ' ' {
			t.Fatalf("%q", line)
		}
	}
}

func FuzzCompare(f *testing.F) {
	data, logged := moduleZip(f, map[string]string{"VERSION": "go1.99.1\n", "bin/go": "x"})
	f.Add(data)
	tree := &Tree{Version: "go1.99.1", Files: []File{{Name: "VERSION", Size: 9}}}
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := tree.Compare(goodModule, bytes.NewReader(data), int64(len(data)), logged)
		if err == nil && c.Proven {
			// What is proven may be built on: the tree put right has that hash.
			if len(c.Changed)+len(c.Missing)+len(c.Added) == 0 {
				t.Error("proven equal, and it is not")
			}
		}
	})
}
