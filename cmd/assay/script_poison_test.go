// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"archive/zip"
	"bytes"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/mod/module"
)

// poison M@V sets $EVIL to a proxy that serves that module version with other
// code than the one in the module cache, and nothing else.
func poison(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: poison module@version")
	}
	name, version, _ := strings.Cut(args[0], "@")
	escaped, err := module.EscapePath(name)
	ts.Check(err)
	from := filepath.Join(moduleCache(ts), "cache", "download", filepath.FromSlash(escaped), "@v", version)
	dir := filepath.Join(ts.Getenv("WORK"), ".evil")
	to := filepath.Join(dir, filepath.FromSlash(escaped), "@v", version)
	ts.Check(os.MkdirAll(filepath.Dir(to), 0o777))
	ts.Check(os.WriteFile(to+".info", []byte(`{"Version":"`+version+`"}`), 0o666))
	for _, ext := range []string{".mod", ".zip"} {
		data, err := os.ReadFile(from + ext)
		ts.Check(err)
		if ext == ".zip" {
			data = poisonZip(ts, data)
		}
		ts.Check(os.WriteFile(to+ext, data, 0o666))
	}
	ts.Check(os.WriteFile(filepath.Join(filepath.Dir(to), "list"), []byte(version+"\n"), 0o666))
	ts.Setenv("EVIL", "file://"+path.Join("/", filepath.ToSlash(dir)))
}

// moduleCache is the script's GOMODCACHE.
func moduleCache(ts *testscript.TestScript) string {
	if dir := ts.Getenv("GOMODCACHE"); dir != "" {
		return dir
	}
	return filepath.Join(ts.Getenv("GOPATH"), "pkg", "mod")
}

// poisonZip adds a line to every Go file of a module.
func poisonZip(ts *testscript.TestScript, data []byte) []byte {
	in, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	ts.Check(err)
	var buf bytes.Buffer
	out := zip.NewWriter(&buf)
	for _, f := range in.File {
		r, err := f.Open()
		ts.Check(err)
		content, err := io.ReadAll(r)
		ts.Check(err)
		if strings.HasSuffix(f.Name, ".go") {
			content = append(content, "\nfunc init() { println(\"poison\") }\n"...)
		}
		w, err := out.Create(f.Name)
		ts.Check(err)
		_, err = w.Write(content)
		ts.Check(err)
	}
	ts.Check(out.Close())
	return buf.Bytes()
}
