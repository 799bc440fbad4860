// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package modcache

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/mod/module"
	"golang.org/x/mod/sumdb/dirhash"
)

var upper = module.Version{Path: "example.com/Upper", Version: "v1.0.0"}

// put lays a module version into a cache as the go command does, and returns
// the hash of its zip file by package dirhash.
func put(t testing.TB, dir string, m module.Version, files map[string]string) string {
	t.Helper()
	p, err := module.EscapePath(m.Path)
	if err != nil {
		t.Fatal(err)
	}
	var buf bytes.Buffer
	z := zip.NewWriter(&buf)
	for name, content := range files {
		w, err := z.Create(m.String() + "/" + name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(content)); err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(dir, filepath.FromSlash(p)+"@"+m.Version, filepath.FromSlash(name)), content)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	download := filepath.Join(dir, "cache", "download", filepath.FromSlash(p), "@v", m.Version)
	write(t, download+".zip", buf.String())
	hash, err := dirhash.HashZip(download+".zip", dirhash.Hash1)
	if err != nil {
		t.Fatal(err)
	}
	write(t, download+".ziphash", hash)
	write(t, download+".mod", "module "+m.Path+"\n")
	write(t, download+".info", "{}")
	write(t, download+".lock", "")
	return hash
}

func write(t testing.TB, name, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(content), 0o666); err != nil {
		t.Fatal(err)
	}
}

func scan(t testing.TB, dir string, modules []module.Version) map[Kind]Entry {
	t.Helper()
	entries, err := Scan(context.Background(), dir, modules, func(int, int) {})
	if err != nil {
		t.Fatal(err)
	}
	out := map[Kind]Entry{}
	for _, e := range entries {
		out[e.Kind] = e
	}
	return out
}

var code = map[string]string{"go.mod": "module example.com/Upper\n", "a.go": "package a\n", "sub/b.go": "package b\n"}

// An honest cache: all agree with package dirhash.
func TestScan(t *testing.T) {
	dir := t.TempDir()
	hash := put(t, dir, upper, code)
	write(t, filepath.Join(dir, "cache", "download", "sumdb", "x", "lookup", "@v", "y.zip"), "no module")
	write(t, filepath.Join(dir, "cache", "download", "example.com", "!upper", "@v", "list"), "")
	write(t, filepath.Join(dir, "cache", "download", "example.com", "Bad", "@v", "v1.0.0.zip"), "")
	write(t, filepath.Join(dir, "cache", "vcs", "x"), "")
	for _, modules := range [][]module.Version{nil, {upper, {Path: "example.com/absent", Version: "v1.0.0"}, {Path: "bad path", Version: "x"}}} {
		got := scan(t, dir, modules)
		if len(got) != 4 {
			t.Fatalf("%+v", got)
		}
		for kind, e := range got {
			want := hash
			if kind == ModFile {
				want, _ = dirhash.Hash1([]string{"go.mod"}, func(string) (io.ReadCloser, error) {
					return readCloser{strings.NewReader("module example.com/Upper\n")}, nil
				})
			}
			if e.Hash != want || e.Err != nil || e.Module != upper {
				t.Errorf("%s: %+v, want %s", kind, e, want)
			}
		}
		if got[Dir].File != "example.com/!upper@v1.0.0" || got[ZipFile].File != "cache/download/example.com/!upper/@v/v1.0.0.zip" {
			t.Errorf("%+v", got)
		}
	}
	if got := scan(t, filepath.Join(dir, "none"), nil); len(got) != 0 {
		t.Errorf("%+v", got)
	}
}

// A folder that was not unpacked to its end is nothing: the go command removes
// it and unpacks again.
func TestScanPartial(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, upper, code)
	write(t, filepath.Join(dir, "cache", "download", "example.com", "!upper", "@v", "v1.0.0.partial"), "")
	if got := scan(t, dir, nil); len(got) != 3 || got[Dir].Hash != "" {
		t.Errorf("%+v", got)
	}
}

type readCloser struct{ *strings.Reader }

func (readCloser) Close() error { return nil }

// Each thing that is exchanged shows in its own hash, and in no other.
func TestPoisoned(t *testing.T) {
	other := t.TempDir()
	put(t, other, upper, map[string]string{"a.go": "package evil\n"})
	download := filepath.Join("cache", "download", "example.com", "!upper", "@v", "v1.0.0")
	evilZip, err := os.ReadFile(filepath.Join(other, download+".zip"))
	if err != nil {
		t.Fatal(err)
	}
	for kind, edit := range map[Kind]func(dir string){
		ZipFile: func(dir string) { write(t, filepath.Join(dir, download+".zip"), string(evilZip)) },
		ZipHash: func(dir string) {
			write(t, filepath.Join(dir, download+".ziphash"), "h1:2jzu1RKKLWbHYGYMIiHmpYrt9nRpsxHLuS7OE1qOXFo=\n")
		},
		ModFile: func(dir string) { write(t, filepath.Join(dir, download+".mod"), "module evil\n") },
		Dir: func(dir string) {
			write(t, filepath.Join(dir, "example.com", "!upper@v1.0.0", "sub", "b.go"), "package evil\n")
		},
	} {
		dir := t.TempDir()
		put(t, dir, upper, code)
		before := scan(t, dir, nil)
		edit(dir)
		for k, e := range scan(t, dir, nil) {
			if (e.Hash != before[k].Hash) != (k == kind) || e.Err != nil {
				t.Errorf("%s exchanged: %s: %s, %v", kind, k, e.Hash, e.Err)
			}
		}
	}
	dir := t.TempDir()
	put(t, dir, upper, code)
	before := scan(t, dir, nil)
	write(t, filepath.Join(dir, "example.com", "!upper@v1.0.0", "more.go"), "package a\n")
	if got := scan(t, dir, nil); got[Dir].Hash == before[Dir].Hash {
		t.Error("a file more in the folder does not show")
	}
}

// What cannot be hashed says why.
func TestUnreadable(t *testing.T) {
	download := filepath.Join("cache", "download", "example.com", "!upper", "@v", "v1.0.0")
	twice := func() string {
		var buf bytes.Buffer
		z := zip.NewWriter(&buf)
		for range 2 {
			if _, err := z.Create(upper.String() + "/a.go"); err != nil {
				t.Fatal(err)
			}
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		return buf.String()
	}()
	tests := []struct {
		name string
		kind Kind
		edit func(dir string)
	}{
		{"no zip", ZipFile, func(dir string) { write(t, filepath.Join(dir, download+".zip"), "no zip") }},
		{"a name twice", ZipFile, func(dir string) { write(t, filepath.Join(dir, download+".zip"), twice) }},
		{"no hash", ZipHash, func(dir string) { write(t, filepath.Join(dir, download+".ziphash"), "h1:short") }},
		{"long hash", ZipHash, func(dir string) { write(t, filepath.Join(dir, download+".ziphash"), strings.Repeat("x", 2000)) }},
		{"zip is a folder", ZipFile, func(dir string) {
			os.Remove(filepath.Join(dir, download+".zip"))
			write(t, filepath.Join(dir, download+".zip", "x"), "")
		}},
		{"sparse zip", ZipFile, func(dir string) {
			if err := os.Truncate(filepath.Join(dir, download+".zip"), 600<<20); err != nil {
				t.Fatal(err)
			}
		}},
		{"go.mod too large", ModFile, func(dir string) {
			if err := os.Truncate(filepath.Join(dir, download+".mod"), 17<<20); err != nil {
				t.Fatal(err)
			}
		}},
		{"a link in the folder", Dir, func(dir string) {
			if runtime.GOOS == "windows" {
				write(t, filepath.Join(dir, "example.com", "!upper@v1.0.0"), "")
				return
			}
			if err := os.Symlink("a.go", filepath.Join(dir, "example.com", "!upper@v1.0.0", "link.go")); err != nil {
				t.Fatal(err)
			}
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			put(t, dir, upper, code)
			tt.edit(dir)
			for kind, e := range scan(t, dir, nil) {
				if (e.Err != nil) != (kind == tt.kind) || (e.Hash == "") != (kind == tt.kind) || e.Err != nil && strings.Contains(e.Err.Error(), dir) {
					t.Errorf("%s: %q, %v", kind, e.Hash, e.Err)
				}
				if tt.kind == Dir && kind == Dir && !errors.Is(e.Err, ErrIrregular) {
					t.Errorf("%v", e.Err)
				}
			}
		})
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	dir := t.TempDir()
	put(t, dir, upper, code)
	if _, err := Scan(ctx, dir, nil, nil); err == nil {
		t.Error("interrupted")
	}
}

// In the toolchain's folder the go command copies _go.mod to go.mod, and it is
// the copy that counts.
func TestToolchain(t *testing.T) {
	m := module.Version{Path: toolchain, Version: "v0.0.1-go1.99.1.linux-amd64"}
	dir := t.TempDir()
	hash := put(t, dir, m, map[string]string{"src/_go.mod": "module std\n", "VERSION": "go1.99.1"})
	folder := filepath.Join(dir, "golang.org", "toolchain@"+m.Version)
	if got := scan(t, dir, nil); got[Dir].Hash != hash {
		t.Errorf("unpacked: %+v", got[Dir])
	}
	write(t, filepath.Join(folder, "src", "go.mod"), "module std\n")
	if got := scan(t, dir, nil); got[Dir].Hash != hash {
		t.Errorf("used: %+v", got[Dir])
	}
	write(t, filepath.Join(folder, "src", "go.mod"), "module evil\n")
	if got := scan(t, dir, nil); got[Dir].Hash == hash {
		t.Error("another go.mod does not show")
	}
}

func FuzzZip(f *testing.F) {
	dir := f.TempDir()
	put(f, dir, upper, code)
	data, err := os.ReadFile(filepath.Join(dir, "cache", "download", "example.com", "!upper", "@v", "v1.0.0.zip"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	name := filepath.Join(dir, "fuzz.zip")
	f.Fuzz(func(t *testing.T, data []byte) {
		if err := os.WriteFile(name, data, 0o666); err != nil {
			t.Fatal(err)
		}
		hash, err := hashZip(name)
		want, wantErr := dirhash.HashZip(name, dirhash.Hash1)
		if err == nil && (wantErr != nil || hash != want) {
			t.Errorf("%s, package dirhash has %s, %v", hash, want, wantErr)
		}
	})
}
