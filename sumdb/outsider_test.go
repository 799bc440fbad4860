// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package sumdb

import (
	"bytes"
	"go/parser"
	"go/token"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// buildOutsider builds the verifier that shares no code with this package.
func buildOutsider(t *testing.T) string {
	t.Helper()
	source := filepath.Join("testdata", "outsider", "main.go")
	text, err := os.ReadFile(source)
	if err != nil {
		t.Fatal(err)
	}
	_, code, _ := strings.Cut(string(text), "\npackage main")
	if n := strings.Count(code, "\n"); n > 100 {
		t.Errorf("%d lines", n)
	}
	file, err := parser.ParseFile(token.NewFileSet(), source, text, parser.ImportsOnly)
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range file.Imports {
		if path, _ := strconv.Unquote(i.Path.Value); strings.Contains(path, ".") {
			t.Errorf("imports %s", path)
		}
	}
	exe := filepath.Join(t.TempDir(), "outsider.exe")
	if out, err := exec.Command("go", "build", "-o", exe, source).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return exe
}

// Somebody else's program comes to the same verdict on a bundle, and on every
// change to it.
func TestOutsider(t *testing.T) {
	exe := buildOutsider(t)
	log, b := testBundle(t)
	text, err := b.MarshalText()
	if err != nil {
		t.Fatal(err)
	}
	run := func(key string, data []byte) (string, bool) {
		cmd := exec.Command(exe, key)
		cmd.Stdin = bytes.NewReader(data)
		out, err := cmd.CombinedOutput()
		return string(out), err == nil
	}
	if out, ok := run(log.Key, text); !ok || out != "valid: 5 records in a tree of 300\n" {
		t.Fatalf("%s", out)
	}
	other, _ := keyedLog(t)
	if out, ok := run(other.Key, text); ok {
		t.Errorf("another key: %s", out)
	}
	r := rand.New(rand.NewPCG(3, 4))
	for range 200 {
		data := slices.Clone(text)
		at := r.IntN(len(data))
		data[at] ^= 1 << r.IntN(8)
		if out, ok := run(log.Key, data); ok {
			t.Fatalf("byte %d changed: %s", at, out)
		}
		// The same with the digest made to fit: only what nothing proves may differ.
		body := bytes.TrimSuffix(data[:bytes.LastIndex(data, []byte("\nsha256 "))+1], []byte("\n"))
		fitted := seal(bytes.Clone(body))
		_, theirs := run(log.Key, fitted)
		e, err := OpenEvidence(fitted)
		if err == nil {
			_, err = e.(*Bundle).Verify(log)
		}
		if theirs && err != nil && !strings.Contains(err.Error(), "line ") {
			t.Errorf("byte %d changed: the outsider accepts what this package refuses: %v", at, err)
		}
		if err == nil && !theirs {
			t.Errorf("byte %d changed: the outsider refuses what this package accepts", at)
		}
	}
}
