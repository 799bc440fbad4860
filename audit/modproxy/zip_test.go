// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package modproxy

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/module"
)

var zipModule = module.Version{Path: "example.com/Upper", Version: "v1.0.0"}

func zipClient(t *testing.T, goproxy string) *Client {
	t.Helper()
	chain, err := Parse(goproxy)
	if err != nil {
		t.Fatal(err)
	}
	return &Client{Transport: http.DefaultTransport, Chain: chain}
}

// Any part of the file can be read, in few requests.
func TestZip(t *testing.T) {
	content := make([]byte, 3*chunkSize+1234)
	for i := range content {
		content[i] = byte(i * 7 / 5)
	}
	requests := 0
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests++
		if r.URL.Path != "/example.com/!upper/@v/v1.0.0.zip" {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("ETag", `"one"`)
		http.ServeContent(w, r, "x.zip", time.Time{}, bytes.NewReader(content))
	}))
	defer srv.Close()
	dir := t.TempDir()
	name := filepath.Join(dir, "example.com", "!upper", "@v", "v1.0.0.zip")
	if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, content, 0o666); err != nil {
		t.Fatal(err)
	}
	none := httptest.NewServer(http.NotFoundHandler())
	defer none.Close()
	for _, proxy := range []string{srv.URL, none.URL + "," + srv.URL, "file://" + filepath.ToSlash(dir)} {
		z, err := zipClient(t, proxy).Zip(context.Background(), zipModule)
		if err != nil {
			t.Fatal(err)
		}
		if z.Size != int64(len(content)) {
			t.Errorf("size %d", z.Size)
		}
		for _, r := range [][2]int{{0, 10}, {100, chunkSize}, {chunkSize - 1, 2}, {2 * chunkSize, chunkSize + 1234}, {len(content) - 1, 1}, {5, len(content) - 5}} {
			got := make([]byte, r[1])
			if n, err := z.ReadAt(got, int64(r[0])); n != r[1] || err != nil && err != io.EOF || !bytes.Equal(got, content[r[0]:r[0]+r[1]]) {
				t.Errorf("%v: %d, %v", r, n, err)
			}
		}
		if n, err := z.ReadAt(make([]byte, 10), z.Size-3); n != 3 || err != io.EOF {
			t.Errorf("over the end: %d, %v", n, err)
		}
		if _, err := z.ReadAt(make([]byte, 10), -1); err == nil {
			t.Error("before the beginning")
		}
		if err := z.Close(); err != nil {
			t.Error(err)
		}
	}
	z, err := zipClient(t, srv.URL).Zip(context.Background(), zipModule)
	if err != nil {
		t.Fatal(err)
	}
	requests = 0
	one := make([]byte, 1)
	for off := range int64(3000) { // as a reader of the zip's directory does
		if _, err := z.ReadAt(one, off); err != nil {
			t.Fatal(err)
		}
	}
	if requests != 1 {
		t.Errorf("%d requests", requests)
	}
}

// Servers that do not keep to the protocol, and chains.
func TestZipErrors(t *testing.T) {
	content := strings.Repeat("x", 2*chunkSize)
	honest := func(w http.ResponseWriter, r *http.Request) {
		http.ServeContent(w, r, "x.zip", time.Time{}, strings.NewReader(content))
	}
	after := func(first, then http.HandlerFunc) http.HandlerFunc {
		n := 0
		return func(w http.ResponseWriter, r *http.Request) {
			if n++; n == 1 {
				first(w, r)
			} else {
				then(w, r)
			}
		}
	}
	ranged := func(header string, body int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Range", header)
			w.WriteHeader(http.StatusPartialContent)
			io.WriteString(w, content[:body])
		}
	}
	status := func(code int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
	}
	tagged := func(tag string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("ETag", tag)
			r.Header.Del("If-Match") // it does not keep to it
			honest(w, r)
		}
	}
	var status404 *StatusError
	tests := []struct {
		name   string
		handle http.HandlerFunc
		want   error // nil: any
	}{
		{"no ranges", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, content) }, ErrNoRanges},
		{"another range", ranged("bytes 5-5/100", 1), ErrNoRanges},
		{"no size", ranged("bytes 0-0/*", 1), ErrNoRanges},
		{"negative size", ranged("bytes 0-0/-5", 1), ErrNoRanges},
		{"too large", ranged("bytes 0-0/999999999999", 1), ErrNoRanges},
		{"no header", ranged("", 1), ErrNoRanges},
		{"not found", status(404), fs.ErrNotExist},
		{"forbidden", status(403), nil},
		{"precondition", after(honest, status(412)), errChanged},
		{"grown", after(honest, ranged(fmt.Sprintf("bytes 0-%d/%d", chunkSize-1, 3*chunkSize), chunkSize)), errChanged},
		{"another tag", after(tagged(`"one"`), tagged(`"two"`)), errChanged},
		{"broken off", after(honest, ranged(fmt.Sprintf("bytes 0-%d/%d", chunkSize-1, 2*chunkSize), 100)), io.ErrUnexpectedEOF},
		{"no ranges any more", after(honest, func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, content) }), ErrNoRanges},
		{"gzip", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			ranged("bytes 0-0/9", 1)(w, r)
		}, ErrNoRanges},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			srv := httptest.NewServer(tt.handle)
			defer srv.Close()
			z, err := zipClient(t, srv.URL).Zip(context.Background(), zipModule)
			if err == nil {
				_, err = z.ReadAt(make([]byte, 10), 0)
			}
			if err == nil || tt.want != nil && !errors.Is(err, tt.want) {
				t.Errorf("%v, want %v", err, tt.want)
			}
			if strings.HasPrefix(tt.name, "not") && !errors.As(err, &status404) {
				t.Errorf("%T", err)
			}
		})
	}
	for proxy, want := range map[string]error{
		"off": ErrOff, "direct": ErrDirect, "http://user:secret@127.0.0.1:9": ErrInsecureCredentials,
		"file://" + filepath.ToSlash(t.TempDir()): fs.ErrNotExist,
	} {
		_, err := zipClient(t, proxy).Zip(context.Background(), zipModule)
		if !errors.Is(err, want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", proxy, err)
		}
	}
	if _, err := zipClient(t, "off").Zip(context.Background(), module.Version{Path: "example.com/m", Version: "no/version"}); err == nil {
		t.Error("a version that is none")
	}
}

// No more is fetched than a bound allows.
func TestZipBound(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Range", strings.Replace(strings.Replace(r.Header.Get("Range"), "bytes=", "bytes ", 1)+"/400000000", "--", "-", 1))
		w.WriteHeader(http.StatusPartialContent)
		w.Write(make([]byte, chunkSize))
	}))
	defer srv.Close()
	z, err := zipClient(t, srv.URL).Zip(context.Background(), zipModule)
	if err != nil {
		t.Fatal(err)
	}
	z.Bytes = maxFetch - 10
	if _, err := z.ReadAt(make([]byte, 1), 0); !errors.Is(err, ErrTooLarge) {
		t.Errorf("%v", err)
	}
}
