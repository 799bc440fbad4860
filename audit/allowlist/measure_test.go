// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package allowlist_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/mod/module"
	"golang.org/x/mod/sumdb/dirhash"
	"golang.org/x/mod/zip"

	"github.com/goassay/assay/audit/allowlist"
	"github.com/goassay/assay/audit/modgraph"
	"github.com/goassay/assay/audit/modproxy"
	"github.com/goassay/assay/sumdb/sumdbtest"
)

var now = time.Now()

func chain(t *testing.T, goproxy string) modproxy.Chain {
	t.Helper()
	c, err := modproxy.Parse(goproxy)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// options has the network switched on, with a resolver that knows one name.
func options(t *testing.T, goproxy string) allowlist.Options {
	return allowlist.Options{
		Chain: chain(t, goproxy),
		HTTP:  http.DefaultTransport,
		Dial:  new(net.Dialer).DialContext,
		LookupNetIP: func(_ context.Context, _, host string) ([]netip.Addr, error) {
			if host == "proxy.example" {
				return []netip.Addr{netip.MustParseAddr("2001:db8::7"), netip.MustParseAddr("::ffff:192.0.2.7")}, nil
			}
			return nil, errors.New("no such host")
		},
		Now: now,
	}
}

func measure(t *testing.T, o allowlist.Options) *allowlist.Application {
	t.Helper()
	a, err := allowlist.Measure(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// TestGoCommand lets the go command download modules and compares what it
// requested with what the form holds, byte for byte.
func TestGoCommand(t *testing.T) {
	for _, base := range []string{"", "/repository/go-group"} {
		t.Run("base="+base, func(t *testing.T) {
			p := newProxy(t, base)
			p.add(t, module.Version{Path: "example.com/Upper/Mod", Version: "v1.0.0"}, "")
			p.add(t, module.Version{Path: "example.com/Upper/Mod", Version: "v1.1.0-rc.1"}, "")
			p.add(t, module.Version{Path: "example.com/old", Version: "v2.0.0+incompatible"}, "")
			p.add(t, module.Version{Path: "example.com/user/v2", Version: "v2.3.4"}, "require example.com/Upper/Mod v1.0.0\n")
			dir := t.TempDir()
			writeFile(t, dir, "go.mod", "module example.com/main\n\ngo 1.20\n")
			writeFile(t, dir, "main.go", "package main\n\nimport (\n\t_ \"example.com/old\"\n\t_ \"example.com/user/v2\"\n)\n\nfunc main() {}\n")
			p.goCommand(t, dir, "first", "get", "example.com/user/v2@latest", "example.com/old@v2.0.0+incompatible", "example.com/Upper/Mod@v1.1.0-rc.1")
			p.goCommand(t, dir, "first", "mod", "tidy")
			choosing := p.requested()
			p.goCommand(t, dir, "second", "build", "-o", os.DevNull)
			p.goCommand(t, dir, "second", "mod", "download", "all")
			p.goCommand(t, dir, "second", "list", "-m", "-json", "all")
			building := p.requested()
			if len(choosing) < 20 || len(building) < 9 {
				t.Fatalf("too few requests: %q, %q", choosing, building)
			}
			sums, err := modgraph.ReadSumFiles(filepath.Join(dir, "go.mod"), "")
			if err != nil || len(sums) != 1 {
				t.Fatal(sums, err)
			}
			o := options(t, p.URL+base)
			o.SumDB = &allowlist.SumDB{Name: sumdbtest.Name}
			o.Modules = modules(sums[0].Lines)
			a := measure(t, o)
			if len(a.Services) != 1 {
				t.Fatalf("services: %+v", a.Services)
			}
			for _, u := range p.lacking(a.Services[0].URLs, slices.Concat(choosing, building)) {
				t.Errorf("the go command requested %s, which the form lacks", u)
			}
			// Once go.sum is complete, the expanded list has it all.
			o.Expand = true
			exact := slices.DeleteFunc(measure(t, o).Services[0].URLs, func(u allowlist.URL) bool { return u.Match != allowlist.Exact })
			for _, u := range p.lacking(exact, building) {
				t.Errorf("the go command requested %s, which the expanded form lacks", u)
			}
			if missing := p.lacking(a.Services[0].URLs[:1], building); len(missing) == 0 {
				t.Error("a form with one template lacks nothing")
			}
		})
	}
}

// lacking returns the requests that a form with urls does not let through.
func (p *proxy) lacking(urls []allowlist.URL, requests []string) []string {
	service := allowlist.Service{Host: "127.0.0.1", Port: p.Listener.Addr().(*net.TCPAddr).Port, Protocol: allowlist.HTTP}
	filed, asked := service, service
	filed.URLs = urls
	for _, r := range requests {
		asked.URLs = append(asked.URLs, allowlist.URL{URL: p.URL + r, Match: allowlist.Exact})
	}
	for _, d := range allowlist.Compare(&allowlist.Application{Services: []allowlist.Service{filed}}, &allowlist.Application{Services: []allowlist.Service{asked}}, now) {
		if d.Kind == allowlist.PathMissing {
			return d.Now
		}
	}
	return nil
}

func modules(lines []modgraph.SumLine) []allowlist.Module {
	var list []allowlist.Module
	for _, l := range lines {
		list = append(list, allowlist.Module{Path: l.Module, Version: l.Version, Zip: !l.GoMod})
	}
	return list
}

// proxy is a module proxy on loopback that passes a checksum database on.
type proxy struct {
	*httptest.Server
	base  string
	log   *sumdbtest.Log
	files map[string][]byte
	mu    sync.Mutex
	calls map[string]bool // request targets, since the last look
}

func newProxy(t *testing.T, base string) *proxy {
	p := &proxy{base: base, log: sumdbtest.New(t), files: map[string][]byte{}, calls: map[string]bool{}}
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path := strings.TrimPrefix(r.URL.Path, base)
		data, ok := p.files[path]
		p.mu.Lock()
		p.calls[r.RequestURI] = true
		p.mu.Unlock()
		switch {
		case strings.HasPrefix(path, "/sumdb/"):
			r.URL.Path, r.URL.RawPath = path, ""
			p.log.Config.Handler.ServeHTTP(w, r)
		case ok:
			w.Write(data)
		default:
			http.NotFound(w, r)
		}
	}))
	t.Cleanup(p.Close)
	return p
}

// requested returns the request targets since the last call.
func (p *proxy) requested() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	defer clear(p.calls)
	var list []string
	for c := range p.calls {
		list = append(list, c)
	}
	slices.Sort(list)
	return list
}

func (p *proxy) add(t *testing.T, m module.Version, requires string) {
	t.Helper()
	escPath, err1 := module.EscapePath(m.Path)
	escVersion, err2 := module.EscapeVersion(m.Version)
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	goMod := "module " + m.Path + "\n"
	if !strings.HasSuffix(m.Version, "+incompatible") {
		goMod += "\ngo 1.20\n\n" + requires
		writeFile(t, dir, "go.mod", goMod)
	}
	src := "package p\n"
	if requires != "" {
		src += "\nimport _ \"" + strings.Fields(requires)[1] + "\"\n"
	}
	writeFile(t, dir, "p.go", src)
	var buf bytes.Buffer
	if err := zip.CreateFromDir(&buf, m, dir); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "m.zip")
	if err := os.WriteFile(file, buf.Bytes(), 0o666); err != nil {
		t.Fatal(err)
	}
	hash, err1 := dirhash.HashZip(file, dirhash.Hash1)
	modHash, err2 := dirhash.Hash1([]string{"go.mod"}, func(string) (io.ReadCloser, error) {
		return io.NopCloser(strings.NewReader(goMod)), nil
	})
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	p.log.Add(t, m, fmt.Sprintf("%s %s %s\n%s %s/go.mod %s\n", m.Path, m.Version, hash, m.Path, m.Version, modHash))
	at := "/" + escPath + "/@v/"
	p.files[at+"list"] = append(p.files[at+"list"], m.Version+"\n"...)
	p.files[at+escVersion+".info"] = []byte(`{"Version":"` + m.Version + `","Time":"2026-01-02T03:04:05Z"}`)
	p.files[at+escVersion+".mod"] = []byte(goMod)
	p.files[at+escVersion+".zip"] = buf.Bytes()
}

func (p *proxy) goCommand(t *testing.T, dir, cacheName string, args ...string) {
	t.Helper()
	cmd := exec.Command("go", args...)
	cmd.Dir = dir
	cache := filepath.Join(dir, "..", cacheName)
	cmd.Env = append(os.Environ(), "GOENV=off", "GOFLAGS=-modcacherw", "GOTOOLCHAIN=local", "GOWORK=off", "GO111MODULE=on",
		"GOPROXY="+p.URL+p.base, "GONOPROXY=none", "GONOSUMDB=none", "GOSUMDB="+p.log.Key, "GOPATH="+cache, "GOMODCACHE="+filepath.Join(cache, "mod"))
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

func writeFile(t *testing.T, dir, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}
