// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package modproxy

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/mod/module"
)

// proxyFiles is a module proxy: the answers by path; a number is a status.
var proxyFiles = map[string]string{
	// retracted by a later release, with a reason
	"/example.com/a/@v/list":              "v1.0.0\nv1.1.0\nv1.2.0\nv1.3.0-rc.1\nv0.0.0-20200101000000-000000000000\nnonsense\n",
	"/example.com/a/@v/v1.2.0.mod":        "// Deprecated: use example.com/b\n// instead.\nmodule example.com/a\nretract (\n\tv1.0.0 // leaks\n\t[v1.0.0, v1.0.5]\n)\n",
	"/example.com/pre/@v/list":            "v0.1.0-beta\nv0.1.0-alpha\n",
	"/example.com/pre/@v/v0.1.0-beta.mod": "module example.com/pre\nretract [v0.0.0, v0.1.0-beta]\n",
	// no tag at all
	"/example.com/untagged/@v/list":                                   "",
	"/example.com/untagged/@latest":                                   `{"Version":"v0.0.0-20240102030405-0123456789ab"}`,
	"/example.com/untagged/@v/v0.0.0-20240102030405-0123456789ab.mod": "module example.com/untagged\n",
	// no tag, no @latest: the newest of the list
	"/example.com/listed/@v/list":                                   "v0.0.0-20230102030405-0123456789ab\nv0.0.0-20240102030405-0123456789ab\nv0.0.0-20220102030405-0123456789ab\n",
	"/example.com/listed/@v/v0.0.0-20240102030405-0123456789ab.mod": "module example.com/listed\n",
	"/example.com/empty/@v/list":                                    "",
	// a module that turned to go.mod: +incompatible versions no longer count
	"/example.com/turned/@v/list":       "v1.0.0\nv1.1.0\nv2.0.0+incompatible\n",
	"/example.com/turned/@v/v1.1.0.mod": "module example.com/turned\n\ngo 1.20\n",
	// one that never did
	"/example.com/legacy/@v/list":                    "v1.0.0\nv3.0.0+incompatible\nv2.0.0+incompatible\n",
	"/example.com/legacy/@v/v1.0.0.mod":              "module example.com/legacy\n",
	"/example.com/legacy/@v/v3.0.0+incompatible.mod": "module example.com/legacy\n",
	"/example.com/!upper/@v/list":                    "v1.0.0\n",
	"/example.com/!upper/@v/v1.0.0.mod":              "module example.com/Upper\n",
	// troubles
	"/example.com/refused/@v/list":        "403",
	"/example.com/throttled/@v/list":      "429",
	"/example.com/broken/@v/list":         "502",
	"/example.com/html-list/@v/list":      "<!DOCTYPE html><html>log in</html>",
	"/example.com/html-latest/@v/list":    "",
	"/example.com/html-latest/@latest":    "\n <html>",
	"/example.com/html-mod/@v/list":       "v1.0.0",
	"/example.com/html-mod/@v/v1.0.0.mod": "\xef\xbb\xbf<html></html>",
	"/example.com/text-mod/@v/list":       "v1.0.0",
	"/example.com/text-mod/@v/v1.0.0.mod": "upstream timed out\n",
	"/example.com/mod-403/@v/list":        "v1.0.0",
	"/example.com/mod-403/@v/v1.0.0.mod":  "403",
	"/example.com/bad-latest/@v/list":     "",
	"/example.com/bad-latest/@latest":     `{"Version":"master"}`,
	"/example.com/huge/@v/list":           "huge",
	"/example.com/loop/@v/list":           "loop",
	"/example.com/cut/@v/list":            "cut",
	"/example.com/control/@v/list":        "v1.0.0",
	"/example.com/control/@v/v1.0.0.mod":  "module example.com/control // Deprecated: \x1b[31mred\n",
}

func proxyServer(t *testing.T) *httptest.Server {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, ok := proxyFiles[r.URL.Path]
		switch {
		case !ok:
			http.NotFound(w, r)
		case body == "huge":
			for range MaxText/1024 + 1 {
				fmt.Fprint(w, strings.Repeat("x", 1024))
			}
		case body == "loop":
			http.Redirect(w, r, r.URL.Path, http.StatusFound)
		case body == "cut":
			w.Header().Set("Content-Length", "1000")
			fmt.Fprint(w, "v1.0.0\n")
		case len(body) == 3:
			var code int
			fmt.Sscan(body, &code)
			http.Error(w, "status "+body, code)
		default:
			fmt.Fprint(w, body)
		}
	}))
	t.Cleanup(s.Close)
	return s
}

func client(t *testing.T, goproxy, noproxy string) *Client {
	chain, err := Parse(goproxy)
	if err != nil {
		t.Fatal(err)
	}
	return &Client{Transport: http.DefaultTransport, Chain: chain, NoProxy: noproxy}
}

func TestStatus(t *testing.T) {
	s := proxyServer(t)
	for _, tt := range []struct {
		mod  string
		want Status
	}{
		{"example.com/a@v1.0.0", Status{Latest: "v1.2.0", Retracted: true, Rationale: []string{"leaks"}, Deprecated: "use example.com/b"}},
		{"example.com/a@v1.0.5", Status{Latest: "v1.2.0", Retracted: true, Deprecated: "use example.com/b"}},
		{"example.com/a@v1.1.0", Status{Latest: "v1.2.0", Deprecated: "use example.com/b"}},
		{"example.com/pre@v0.1.0-alpha", Status{Latest: "v0.1.0-beta", Retracted: true}},
		{"example.com/untagged@v0.0.0-20240102030405-0123456789ab", Status{Latest: "v0.0.0-20240102030405-0123456789ab"}},
		{"example.com/listed@v0.0.0-20220102030405-0123456789ab", Status{Latest: "v0.0.0-20240102030405-0123456789ab"}},
		{"example.com/turned@v1.0.0", Status{Latest: "v1.1.0"}},
		{"example.com/legacy@v1.0.0", Status{Latest: "v3.0.0+incompatible"}},
		{"example.com/Upper@v1.0.0", Status{Latest: "v1.0.0"}},
		{"example.com/control@v1.0.0", Status{Latest: "v1.0.0", Deprecated: "(message omitted: contains non-printable characters)"}},

		{"example.com/empty@v1.0.0", Status{Reason: ReasonInvalid}},
		{"example.com/none@v1.0.0", Status{Reason: ReasonNotFound}},
		{"example.com/refused@v1.0.0", Status{Reason: ReasonRefused}},
		{"example.com/throttled@v1.0.0", Status{Reason: ReasonThrottled}},
		{"example.com/broken@v1.0.0", Status{Reason: ReasonServer}},
		{"example.com/html-list@v1.0.0", Status{Reason: ReasonInvalid}},
		{"example.com/html-latest@v1.0.0", Status{Reason: ReasonInvalid}},
		{"example.com/html-mod@v1.0.0", Status{Reason: ReasonInvalid}},
		{"example.com/text-mod@v1.0.0", Status{Reason: ReasonInvalid}},
		{"example.com/mod-403@v1.0.0", Status{Reason: ReasonRefused}},
		{"example.com/bad-latest@v1.0.0", Status{Reason: ReasonInvalid}},
		{"example.com/huge@v1.0.0", Status{Reason: ReasonInvalid}},
		{"example.com/loop@v1.0.0", Status{Reason: ReasonNetwork}},
		{"example.com/cut@v1.0.0", Status{Reason: ReasonNetwork}},
		{"corp.example/x@v1.0.0", Status{Reason: ReasonDirect}},
	} {
		t.Run(tt.mod, func(t *testing.T) {
			path, version, _ := strings.Cut(tt.mod, "@")
			tt.want.Module, tt.want.Version, tt.want.State = path, version, Known
			if tt.want.Reason != "" {
				tt.want.State = Unknown
			}
			got := client(t, s.URL, "corp.example").Status(context.Background(), []module.Version{{Path: path, Version: version}}, 32)[0]
			if (got.Detail != "") != (got.State == Unknown) || (got.Err != nil) != (got.State == Unknown) {
				t.Errorf("state %s with detail %q", got.State, got.Detail)
			}
			t.Log(got.Detail)
			if (got.GoMod != nil) != (got.Retracted || got.Deprecated != "") {
				t.Errorf("go.mod: %q", got.GoMod)
			}
			got.Detail, got.Err, got.GoMod = "", nil, nil
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

func TestFallThrough(t *testing.T) {
	s := proxyServer(t)
	teapot := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusForbidden) }))
	t.Cleanup(teapot.Close)
	none := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(none.Close)
	for _, tt := range []struct {
		chain  string
		reason Reason // "" for an answer
	}{
		{"GOOD", ""},
		{"404,GOOD", ""},
		{"404|GOOD", ""},
		{"403|GOOD", ""},
		{"403,GOOD", ReasonRefused},
		{"DOWN,GOOD", ReasonNetwork},
		{"DOWN|GOOD", ""},
		{"404,direct", ReasonDirect},
		{"403|direct", ReasonDirect},
		{"403,direct", ReasonRefused},
		{"404,off", ReasonNotFound},
		{"404,404", ReasonNotFound},
		{"403|404", ReasonRefused},
		{"off", ReasonOff},
		{"direct", ReasonDirect},
	} {
		goproxy := strings.NewReplacer("GOOD", s.URL, "404", none.URL, "403", teapot.URL, "DOWN", "http://127.0.0.1:1").Replace(tt.chain)
		got := client(t, goproxy, "").Status(context.Background(), []module.Version{{Path: "example.com/a", Version: "v1.1.0"}}, 1)[0]
		if got.Reason != tt.reason || (got.State == Known) != (tt.reason == "") {
			t.Errorf("%s: %s %q (%s), want %q", tt.chain, got.State, got.Reason, got.Detail, tt.reason)
		}
	}
}

func TestVersions(t *testing.T) {
	s := proxyServer(t)
	got, err := client(t, s.URL, "").Versions(context.Background(), "example.com/a")
	if d := cmp.Diff([]string{"v1.0.0", "v1.1.0", "v1.2.0", "v1.3.0-rc.1"}, got); err != nil || d != "" {
		t.Errorf("%v (-want +got):\n%s", err, d)
	}
}

// A file:// proxy, a module cache, and troubles of both.
func TestFiles(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		name = filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	write("example.com/a/@v/list", "v1.0.0\nv1.2.0\n")
	write("example.com/dir/@v/list/x", "")
	c := client(t, "file://"+filepath.ToSlash(dir), "")
	c.Cache = fstest.MapFS{
		"example.com/a/@v/v1.2.0.mod": {Data: []byte(proxyFiles["/example.com/a/@v/v1.2.0.mod"])},
	}
	got := c.Status(context.Background(), []module.Version{{Path: "example.com/a", Version: "v1.0.0"}, {Path: "example.com/b", Version: "v1.0.0"}, {Path: "example.com/dir", Version: "v1.0.0"}}, 2)
	if !got[0].Retracted || got[1].Reason != ReasonNotFound || got[2].Reason != ReasonNetwork {
		t.Errorf("got %+v", got)
	}
	c.Cache = fstest.MapFS{"example.com/a/@v/v1.2.0.mod": {Mode: fs.ModeDir}}
	if _, err := c.GoMod(context.Background(), "example.com/a", "v1.2.0"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a folder in the cache: %v", err)
	}
}

func TestInsecureRedirect(t *testing.T) {
	plain := proxyServer(t)
	secure := httptest.NewTLSServer(http.RedirectHandler(plain.URL+"/example.com/a/@v/list", http.StatusFound))
	t.Cleanup(secure.Close)
	c := client(t, secure.URL, "")
	c.Transport = secure.Client().Transport
	if _, err := c.Versions(context.Background(), "example.com/a"); !errors.Is(err, ErrInsecureRedirect) {
		t.Errorf("got %v", err)
	}
}

// countingTransport fails every request and counts them.
type countingTransport struct{ n atomic.Int64 }

var errDown = errors.New("down")

func (c *countingTransport) RoundTrip(*http.Request) (*http.Response, error) {
	c.n.Add(1)
	return nil, errDown
}

func TestStatusGivesUp(t *testing.T) {
	var mods []module.Version
	for i := range 500 {
		mods = append(mods, module.Version{Path: fmt.Sprintf("example.com/m%d", i), Version: "v1.0.0"})
	}
	transport := new(countingTransport)
	c := client(t, "https://proxy.example", "")
	c.Transport = transport
	for i, s := range c.Status(context.Background(), mods, 4) {
		if s.Module != mods[i].Path || s.State != Unknown || s.Reason != ReasonNetwork || !errors.Is(s.Err, errDown) {
			t.Fatalf("%+v", s)
		}
	}
	if n := transport.n.Load(); n > 16 {
		t.Errorf("%d requests to a network that is down", n)
	}

	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if s := c.Status(ctx, mods[:1], 4)[0]; s.Reason != ReasonCanceled {
		t.Errorf("canceled: %+v", s)
	}
}

func FuzzAnswers(f *testing.F) {
	for _, body := range maps.All(proxyFiles) {
		f.Add(body, body)
	}
	f.Fuzz(func(t *testing.T, list, mod string) {
		answer := roundTrip(func(r *http.Request) *http.Response {
			body := mod
			if strings.HasSuffix(r.URL.Path, "/list") {
				body = list
			}
			w := httptest.NewRecorder()
			fmt.Fprint(w, body)
			return w.Result()
		})
		chain, _ := Parse("https://proxy.example")
		c := &Client{Transport: answer, Chain: chain}
		s := c.Status(context.Background(), []module.Version{{Path: "example.com/a", Version: "v1.0.0"}}, 1)[0]
		if s.State == Known && !strings.Contains(mod, "module") {
			t.Fatalf("known from %q and %q", list, mod)
		}
	})
}

type roundTrip func(*http.Request) *http.Response

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r), nil }
