// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package vulns

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
)

// TestSlowServer: a server that sends hardly anything, before or after the header, is
// not waited for, and one that sends much is.
func TestSlowServer(t *testing.T) {
	drip := func(w http.ResponseWriter, r *http.Request) {
		for r.Context().Err() == nil {
			w.Write([]byte("x"))
			w.(http.Flusher).Flush()
			time.Sleep(time.Millisecond)
		}
	}
	plenty := func(w http.ResponseWriter, _ *http.Request) { w.Write(make([]byte, 100_000)) }
	silent := func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
	short, long := pace{20 * time.Millisecond, 1 << 30}, pace{time.Hour, 1}
	for name, test := range map[string]struct {
		handler http.HandlerFunc
		pace    pace
		want    error
	}{
		"a byte at a time": {drip, short, errSlow},
		"silence":          {silent, short, errSlow},
		"plenty":           {plenty, long, nil},
		"earned":           {plenty, pace{time.Minute, 1}, nil},
	} {
		server := httptest.NewServer(test.handler)
		u, err := url.Parse(strings.Replace(server.URL, "http://", "http://user:S3CRET@", 1))
		if err != nil {
			t.Fatal(err)
		}
		store := newHTTPStore(u, http.DefaultTransport)
		store.pace = test.pace
		_, err = store.read(t.Context(), "index/db.json", 1<<20)
		if !errors.Is(err, test.want) || (err != nil) != (test.want != nil) {
			t.Errorf("%s: %v, want %v", name, err, test.want)
		}
		if err != nil && (!errors.Is(err, ErrUnreachable) || strings.Contains(err.Error(), "S3CRET")) {
			t.Errorf("%s: %v", name, err)
		}
		server.CloseClientConnections()
		server.Close()
	}

	// Who ends the run is not told of the server.
	server := httptest.NewServer(http.HandlerFunc(silent))
	defer server.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := Open(ctx, server.URL, http.DefaultTransport); !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, ErrUnreachable) {
		t.Error(err)
	}
}

// TestRedirect: a server may lead to another place on itself alone.
func TestRedirect(t *testing.T) {
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte(`{}`)) }))
	t.Cleanup(other.Close)
	var to string
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/moved/") {
			w.Write([]byte("content"))
			return
		}
		http.Redirect(w, r, to, http.StatusFound)
	})
	plain, secure := httptest.NewServer(handler), httptest.NewTLSServer(handler)
	t.Cleanup(plain.Close)
	t.Cleanup(secure.Close)
	for name, test := range map[string]struct {
		server *httptest.Server
		to     string
		want   []string // in the error; none: no error
	}{
		"same host":           {secure, "/moved/db.json", nil},
		"same host, in full":  {plain, plain.URL + "/moved/db.json", nil},
		"another host":        {plain, strings.Replace(other.URL, "http://", "http://user:S3CRET@", 1) + "/moved/x?token=S3CRET", []string{plain.URL, other.URL}},
		"https to http":       {secure, strings.Replace(secure.URL, "https:", "http:", 1) + "/moved/", []string{secure.URL, "to http://127"}},
		"http to other https": {plain, secure.URL + "/moved/", []string{plain.URL, secure.URL}},
		"round":               {plain, "/round", []string{plain.URL, "times"}},
	} {
		to = test.to
		u, err := url.Parse(test.server.URL)
		if err != nil {
			t.Fatal(err)
		}
		body, err := newHTTPStore(u, test.server.Client().Transport).read(t.Context(), "index/db.json", 1<<20)
		if test.want == nil {
			if err != nil || string(body) != "content" {
				t.Errorf("%s: %q, error %v", name, body, err)
			}
			continue
		}
		if !errors.Is(err, ErrRedirect) || errors.Is(err, ErrUnreachable) || strings.Contains(err.Error(), "S3CRET") {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for _, text := range test.want {
			if !strings.Contains(err.Error(), text) {
				t.Errorf("%s: %v, want %s", name, err, text)
			}
		}
	}
}

// TestCheckRedirect compares hosts, with ports that are not written.
func TestCheckRedirect(t *testing.T) {
	for _, test := range []struct {
		from, to string
		follow   bool
	}{
		{"https://vuln.example/a", "https://vuln.example/b", true},
		{"https://vuln.example/a", "https://VULN.example:443/b", true},
		{"http://vuln.example:80/", "http://vuln.example/b", true},
		{"http://vuln.example/", "https://vuln.example/b", true},
		{"http://vuln.example/", "https://vuln.example:443/b", true},
		{"http://vuln.example/", "https://vuln.example:8443/b", false},
		{"http://vuln.example:8080/", "https://vuln.example:8080/b", false},
		{"https://vuln.example/", "http://vuln.example/b", false},
		{"https://vuln.example/", "https://vuln.example:8443/b", false},
		{"https://vuln.example/", "https://vuln.example.evil.example/b", false},
		{"https://vuln.example/", "https://evil.example/vuln.example", false},
		{"https://vuln.example/", "https://vuln.example@evil.example/", false},
	} {
		from, err := http.NewRequest(http.MethodGet, test.from, nil)
		if err != nil {
			t.Fatal(err)
		}
		to, err := http.NewRequest(http.MethodGet, test.to, nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := checkRedirect(to, []*http.Request{from}); (err == nil) != test.follow || err != nil && !errors.Is(err, ErrRedirect) {
			t.Errorf("%s to %s: %v", test.from, test.to, err)
		}
	}
}
