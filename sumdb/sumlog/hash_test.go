// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package sumlog

import (
	"archive/zip"
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/mod/module"
	"golang.org/x/mod/sumdb/dirhash"
	modzip "golang.org/x/mod/zip"

	"github.com/goassay/assay/audit/modproxy"
)

var lib = module.Version{Path: "corp.example/Lib", Version: "v1.2.3"}

// zipOf makes a zip file of entries by their whole names.
func zipOf(t *testing.T, entries ...string) string {
	t.Helper()
	var buf bytes.Buffer
	z := zip.NewWriter(&buf)
	for _, e := range entries {
		name, content, _ := strings.Cut(e, "=")
		w, err := z.Create(name)
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
	return file
}

// A folder has the hash of the zip file that package zip makes of it, and both
// those of package dirhash.
func TestHash(t *testing.T) {
	dir := t.TempDir()
	for name, content := range map[string]string{
		"go.mod": "module corp.example/Lib\n", "a.go": "package lib\n", "sub/b.go": "package sub\n",
		"other/go.mod": "module corp.example/Lib/other\n", "other/c.go": "package other\n", "vendor/x/x.go": "package x\n",
	} {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	file := filepath.Join(t.TempDir(), "lib.zip")
	f, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := modzip.CreateFromDir(f, lib, dir); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	want, err := dirhash.HashZip(file, dirhash.Hash1)
	if err != nil {
		t.Fatal(err)
	}
	byZip, err := HashZip(lib, file)
	if err != nil || byZip.Zip != want || byZip.Module != lib {
		t.Fatalf("%+v, %v, want %s", byZip, err, want)
	}
	if byDir, commit, err := HashDir(t.Context(), lib, dir); err != nil || byDir != byZip || commit != "" {
		t.Errorf("folder: %+v, %q, %v", byDir, commit, err)
	}
	if err := byZip.Check(); err != nil {
		t.Error(err)
	}
	same, err := HashZip(lib, zipOf(t, "corp.example/Lib@v1.2.3/a.go=package lib\n"))
	if err != nil {
		t.Fatal(err)
	}
	if same.GoMod != byZip.GoMod {
		t.Error("a module without a go.mod file has not the one that the go command makes for it")
	}
}

func TestHashErrors(t *testing.T) {
	const prefix = "corp.example/Lib@v1.2.3/"
	for name, entries := range map[string][]string{
		"another version's":       {"corp.example/Lib@v1.2.4/go.mod=module corp.example/Lib\n"},
		"go.mod of another":       {prefix + "go.mod=module corp.example/other\n"},
		"go.mod without a module": {prefix + "go.mod=go 1.24\n"},
		"names that collide":      {prefix + "a.go=", prefix + "A.go="},
		"a path out of it":        {prefix + "../a.go="},
		"go.mod below":            {prefix + "sub/go.mod=module corp.example/Lib/sub\n"},
	} {
		if r, err := HashZip(lib, zipOf(t, entries...)); err == nil {
			t.Errorf("%s: %+v", name, r)
		}
	}
	bad := lib
	bad.Version = "v1.2"
	for _, m := range []module.Version{bad, {Path: "no path", Version: "v1.0.0"}} {
		if _, err := HashZip(m, zipOf(t)); err == nil {
			t.Errorf("%v", m)
		}
	}
	if _, err := HashZip(lib, filepath.Join(t.TempDir(), "none.zip")); err == nil {
		t.Error("no file")
	}
	if _, _, err := HashDir(t.Context(), lib, filepath.Join(t.TempDir(), "none")); err == nil {
		t.Error("no folder")
	}
	if _, _, err := HashDir(t.Context(), bad, t.TempDir()); err == nil {
		t.Error("no version")
	}
}

// A proxy is asked for the zip file and for the go.mod file, which must agree.
func TestHashServed(t *testing.T) {
	const goMod = "module corp.example/Lib\n"
	zipped, err := os.ReadFile(zipOf(t, "corp.example/Lib@v1.2.3/go.mod="+goMod))
	if err != nil {
		t.Fatal(err)
	}
	for served, valid := range map[string]bool{goMod: true, goMod + "\ngo 1.24\n": false, "": false} {
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			switch r.URL.Path {
			case "/corp.example/!lib/@v/v1.2.3.zip":
				w.Write(zipped)
			case "/corp.example/!lib/@v/v1.2.3.mod":
				if served == "" {
					http.NotFound(w, r)
					return
				}
				fmt.Fprint(w, served)
			default:
				t.Errorf("asked for %s", r.URL.Path)
			}
		}))
		chain, err := modproxy.Parse(srv.URL)
		if err != nil {
			t.Fatal(err)
		}
		client := &modproxy.Client{Transport: http.DefaultTransport, Chain: chain}
		r, err := HashServed(t.Context(), client, lib)
		if valid != (err == nil) || valid && r.Check() != nil {
			t.Errorf("%q: %+v, %v", served, r, err)
		}
		absent := lib
		absent.Version = "v9.9"
		if _, err := HashServed(t.Context(), client, absent); err == nil {
			t.Error("a version that is none")
		}
		srv.Close()
	}
}
