// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package modproxy

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A file is written whole, from the first proxy that has it, over HTTP and from
// a folder.
func TestDownload(t *testing.T) {
	none := httptest.NewServer(http.NotFoundHandler())
	defer none.Close()
	honest := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/example.com/!big/@v/v1.0.0.zip" {
			t.Errorf("asked for %s", r.URL.Path)
		}
		io.WriteString(w, "content")
	}))
	defer honest.Close()
	dir := t.TempDir()
	file := filepath.Join(dir, "example.com", "!big", "@v", "v1.0.0.zip")
	if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte("content"), 0o666); err != nil {
		t.Fatal(err)
	}
	m := zipModule
	m.Path, m.Version = "example.com/Big", "v1.0.0"
	for _, proxy := range []string{honest.URL, none.URL + "," + honest.URL, "file://" + filepath.ToSlash(dir)} {
		var buf bytes.Buffer
		if err := zipClient(t, proxy).Download(context.Background(), m, &buf); err != nil || buf.String() != "content" {
			t.Errorf("%s: %q, %v", proxy, buf.String(), err)
		}
	}
}

// What is not served is an error, and no part of one file is followed by
// another's.
func TestDownloadErrors(t *testing.T) {
	next := 0
	honest := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { next++; io.WriteString(w, "content") }))
	defer honest.Close()
	broken := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100")
		io.WriteString(w, "part")
	}))
	defer broken.Close()
	var buf bytes.Buffer
	err := zipClient(t, broken.URL+"|"+honest.URL).Download(context.Background(), zipModule, &buf)
	if !errors.Is(err, io.ErrUnexpectedEOF) || next != 0 || buf.String() != "part" {
		t.Errorf("%v, %q", err, buf.String())
	}
	for proxy, want := range map[string]error{
		"off": ErrOff, "direct": ErrDirect, "http://user:secret@127.0.0.1:9": ErrInsecureCredentials,
		"file://" + filepath.ToSlash(t.TempDir()): fs.ErrNotExist,
	} {
		err := zipClient(t, proxy).Download(context.Background(), zipModule, io.Discard)
		if !errors.Is(err, want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", proxy, err)
		}
	}
	if err := zipClient(t, "http://127.0.0.1:1").Download(context.Background(), zipModule, io.Discard); err == nil {
		t.Error("nobody listens there")
	}
	m := zipModule
	m.Version = "no/version"
	if err := zipClient(t, honest.URL).Download(context.Background(), m, io.Discard); err == nil {
		t.Error("a version that is none")
	}
	endless := &Zip{url: mustURL(t, "https://proxy.example/x.zip")}
	if err := endless.copy(io.Discard, zeros{}); !errors.Is(err, ErrTooLarge) {
		t.Errorf("a file without end: %v", err)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return len(p), nil }

func mustURL(t *testing.T, s string) *url.URL {
	t.Helper()
	u, err := url.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return u
}
