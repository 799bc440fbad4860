// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package modproxy

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// fetchServer is a proxy that passes on the database db.example.
func fetchServer(t *testing.T, answer http.HandlerFunc) *SumDB {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasSuffix(r.URL.Path, "/supported") {
			answer(w, r)
		}
	}))
	t.Cleanup(s.Close)
	chain, err := Parse(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	return &SumDB{Transport: http.DefaultTransport, Chain: chain, Name: "db.example", DirectURL: "https://db.example"}
}

// What a server may do to hold up an audit, and where it ends.
func TestFetchBounds(t *testing.T) {
	silent := func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
	stall := func(w http.ResponseWriter, r *http.Request) {
		w.(http.Flusher).Flush()
		silent(w, r)
	}
	defer func(d time.Duration) { requestTimeout = d }(requestTimeout)
	requestTimeout = 100 * time.Millisecond
	tests := []struct {
		name   string
		answer http.HandlerFunc
		want   error
	}{
		{"body that never ends", stall, errTimeout},
		{"no answer", silent, errTimeout},
		{"answer of exactly the limit", func(w http.ResponseWriter, _ *http.Request) { w.Write(make([]byte, 1000)) }, nil},
		{"answer a byte over", func(w http.ResponseWriter, _ *http.Request) { w.Write(make([]byte, 1001)) }, ErrTooLarge},
		{"web page", func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("<!DOCTYPE html>")) }, ErrHTML},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := fetchServer(t, tt.answer)
			data, err := s.Fetch(context.Background(), "latest", 1000)
			if !errors.Is(err, tt.want) || (err == nil) != (data != nil) {
				t.Errorf("%d bytes, %v", len(data), err)
			}
		})
	}
	t.Run("redirects without end", func(t *testing.T) {
		n := 0
		s := fetchServer(t, func(w http.ResponseWriter, r *http.Request) {
			n++
			http.Redirect(w, r, r.URL.Path+"x", http.StatusFound)
		})
		if _, err := s.Fetch(context.Background(), "latest", 1000); err == nil || n > maxRedirects {
			t.Errorf("%v after %d requests", err, n)
		}
	})
	t.Run("gives up", func(t *testing.T) {
		n := 0
		s := fetchServer(t, func(w http.ResponseWriter, _ *http.Request) { n++; w.Write([]byte("1")) })
		s.timeouts.Store(maxTimeouts)
		if _, err := s.Fetch(context.Background(), "latest", 1000); !errors.Is(err, errTimeout) || n > 0 {
			t.Errorf("%v after %d requests", err, n)
		}
	})
}

// A file is bounded as an answer is.
func TestFetchFileBounds(t *testing.T) {
	dir := t.TempDir()
	for name, size := range map[string]int{"small": 1000, "large": 1001} {
		if err := os.WriteFile(filepath.Join(dir, name), make([]byte, size), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	s := &SumDB{Transport: http.DefaultTransport, Name: "db.example", URL: "file://" + filepath.ToSlash(dir)}
	if _, err := s.Fetch(context.Background(), "small", 1000); err != nil {
		t.Error(err)
	}
	if _, err := s.Fetch(context.Background(), "large", 1000); !errors.Is(err, ErrTooLarge) {
		t.Error(err)
	}
}

// An answer that ends because it was given up is not whole.
func TestFetchGivenUp(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	body := &boundBody{ReadCloser: io.NopCloser(strings.NewReader("half")), left: 100, ctx: ctx, cancel: cancel}
	if data, err := io.ReadAll(body); err != nil || string(data) != "half" {
		t.Errorf("%q, %v", data, err)
	}
	cancel()
	body.ReadCloser = io.NopCloser(strings.NewReader("half"))
	if data, err := io.ReadAll(body); !errors.Is(err, context.Canceled) {
		t.Errorf("%q, %v", data, err)
	}
}
