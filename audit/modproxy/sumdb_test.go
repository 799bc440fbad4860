// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package modproxy

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/dirhash"
	"golang.org/x/mod/sumdb/note"
)

// sumdbChains are GOPROXY lists of fake proxies, each named by the status it
// answers with, and what the go command makes of them: the places it asks, in
// order, and where it goes for the database in the end.
var sumdbChains = []struct {
	chain string
	asked string
	base  string // a proxy, "direct", or "" for an error
}{
	{"200", "200", "200"},
	{"404", "404", "direct"},
	{"410", "410", "direct"},
	{"404,direct", "404", "direct"},
	{"404,off", "404", "direct"},
	{"off", "", "direct"},
	{"direct", "", "direct"},
	{"direct,200", "", "direct"},
	{"404,200", "404 200", "200"},
	{"404|200", "404 200", "200"},
	{"403", "403", ""},
	{"403,200", "403", ""},
	{"403,direct", "403", ""},
	{"403|200", "403 200", "200"},
	{"403|direct", "403", "direct"},
	{"403|off", "403", ""},
	{"403|404", "403 404", ""},
	{"403|404,direct", "403 404", "direct"},
	{"404,500|410", "404 500 410", ""},
	{"429|404|500,200", "429 404 500", ""},
}

// statusServer answers requests for /<status>/... with that status, and
// keeps the statuses of the requests for "supported".
func statusServer(t *testing.T) (url string, asked func() string) {
	requests := make(chan string, 100)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		status := strings.Split(r.URL.Path, "/")[1]
		if !strings.HasSuffix(r.URL.Path, "/supported") {
			w.WriteHeader(http.StatusTeapot)
			return
		}
		requests <- status
		code := map[string]int{"200": 200, "403": 403, "404": 404, "410": 410, "429": 429, "500": 500}[status]
		w.WriteHeader(code)
	}))
	t.Cleanup(s.Close)
	return s.URL, func() string {
		var all []string
		for len(requests) > 0 {
			all = append(all, <-requests)
		}
		return strings.Join(all, " ")
	}
}

// expand writes a chain of sumdbChains with URLs.
func expand(chain, url string) string {
	return statusWord.ReplaceAllString(chain, url+"/$0") // in one go: the port of url may hold a status too
}

var statusWord = regexp.MustCompile(`\d+`)

func TestFindSumDB(t *testing.T) {
	server, asked := statusServer(t)
	for _, tt := range sumdbChains {
		chain, err := Parse(expand(tt.chain, server))
		if err != nil {
			t.Fatal(err)
		}
		base, attempts, err := FindSumDB(context.Background(), http.DefaultTransport, chain, "sum.golang.org", "https://sum.golang.org")
		if got := asked(); got != tt.asked {
			t.Errorf("%s: asked %q, want %q", tt.chain, got, tt.asked)
		}
		want := map[string]string{"": "", "direct": "https://sum.golang.org", "200": server + "/200/sumdb/sum.golang.org"}[tt.base]
		if base != want || (err == nil) != (base != "") {
			t.Errorf("%s: base %q (%v), want %q", tt.chain, base, err, want)
		}
		var se *StatusError
		if err != nil && !errors.As(err, &se) {
			t.Errorf("%s: untyped error %v", tt.chain, err)
		}
		if err == nil && attempts[len(attempts)-1].URL != base {
			t.Errorf("%s: last attempt %+v", tt.chain, attempts[len(attempts)-1])
		}
	}
}

// TestFindSumDBGroundTruth has the go command itself read the same chains.
func TestFindSumDBGroundTruth(t *testing.T) {
	server, asked := statusServer(t)
	const name = "127.0.0.1:1" // direct access to the database is refused, and shows so
	_, key, err := note.GenerateKey(nil, name)
	if err != nil {
		t.Fatal(err)
	}
	// The module is in the cache and go.sum has its go.mod file: all that is
	// left to ask for is the hash of its zip file.
	const mod = "module example.com/m\n"
	modHash, err := dirhash.Hash1([]string{"go.mod"}, func(string) (io.ReadCloser, error) {
		return io.NopCloser(strings.NewReader(mod)), nil
	})
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	cache := filepath.Join(dir, "cache", "download", "example.com", "m", "@v")
	if err := os.MkdirAll(cache, 0o777); err != nil {
		t.Fatal(err)
	}
	for file, text := range map[string]string{
		filepath.Join(cache, "v1.0.0.info"):    `{"Version":"v1.0.0"}`,
		filepath.Join(cache, "v1.0.0.mod"):     mod,
		filepath.Join(cache, "v1.0.0.zip"):     "not read",
		filepath.Join(cache, "v1.0.0.ziphash"): modHash,
		filepath.Join(dir, "go.mod"):           "module example.com/main\n\ngo 1.26\n\nrequire example.com/m v1.0.0\n",
		filepath.Join(dir, "go.sum"):           "example.com/m v1.0.0/go.mod " + modHash + "\n",
	} {
		if err := os.WriteFile(file, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range sumdbChains {
		cmd := exec.Command("go", "mod", "download", "example.com/m")
		cmd.Dir = dir
		env := slices.DeleteFunc(os.Environ(), func(s string) bool { return strings.HasPrefix(strings.ToUpper(s), "HTTP") })
		cmd.Env = append(env, "GOENV=off", "GOPROXY="+expand(tt.chain, server), "GOSUMDB="+key, "GOMODCACHE="+dir,
			"GOPATH="+filepath.Join(dir, "gopath"), "GOFLAGS=", "GONOSUMDB=", "GONOPROXY=", "GOPRIVATE=", "GOTOOLCHAIN=local", "GOWORK=off")
		out, err := cmd.CombinedOutput()
		if err == nil {
			t.Fatalf("%s: the go command passed without a database:\n%s", tt.chain, out)
		}
		if got := asked(); got != tt.asked {
			t.Errorf("%s: the go command asked %q, want %q\n%s", tt.chain, got, tt.asked, out)
		}
		var base string
		switch s := string(out); {
		case strings.Contains(s, "https://127.0.0.1:1/"):
			base = "direct"
		case strings.Contains(s, "418"):
			base = "200"
		}
		if base != tt.base {
			t.Errorf("%s: the go command went to %q, want %q\n%s", tt.chain, base, tt.base, out)
		}
	}
}

func TestFindSumDBSecrets(t *testing.T) {
	var auth string
	s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, password, _ := r.BasicAuth()
		auth = user + ":" + password
		if r.URL.Path == "/no/sumdb/sum.golang.org/supported" {
			http.Error(w, "blocked by policy 7\nsecond line", http.StatusForbidden)
		}
	}))
	defer s.Close()
	withUser := strings.Replace(s.URL, "https://", "https://alice:s3cr3t@", 1)
	chain, err := Parse(withUser + "/no|" + withUser + "/yes")
	if err != nil {
		t.Fatal(err)
	}
	base, attempts, err := FindSumDB(context.Background(), s.Client().Transport, chain, "sum.golang.org", "https://sum.golang.org")
	if err != nil {
		t.Fatal(err)
	}
	if want := withUser + "/yes/sumdb/sum.golang.org"; base != want || auth != "alice:s3cr3t" {
		t.Errorf("base %q with %q, want %q", base, auth, want)
	}
	for _, a := range attempts {
		if strings.Contains(a.URL+a.Error, "s3cr3t") || strings.Contains(a.URL+a.Error, "alice") {
			t.Errorf("secret in %+v", a)
		}
	}
	if want := ": 403 forbidden: blocked by policy 7"; !strings.HasSuffix(attempts[0].Error, want) {
		t.Errorf("error %q, want ...%q", attempts[0].Error, want)
	}

	// The go command does not send credentials in the clear.
	chain, _ = Parse("http://alice:s3cr3t@127.0.0.1:1,direct")
	_, _, err = FindSumDB(context.Background(), http.DefaultTransport, chain, "sum.golang.org", "https://sum.golang.org")
	if !errors.Is(err, ErrInsecureCredentials) || strings.Contains(err.Error(), "s3cr3t") {
		t.Errorf("credentials over http: %v", err)
	}
}
