// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/goproxytest"
	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/mod/module"

	"github.com/goassay/assay/sumdb/sumdbtest"
)

// The scripts in testdata/script run the command against a module proxy and a
// checksum database on loopback, which serve and have logged the modules of
// testdata/mod. In a script,
//
//	$GOPROXY   is that proxy, which also passes the database on
//	$GOSUMDB   is the database's key
//	$CLOSED    is a URL at which nobody listens
//	unlog M@V  starts a database that has logged all but M@V, for $GOSUMDB and $GOPROXY
//	code N COMMAND...  runs a command and demands its exit code
//	flip FILE TEXT     changes the character after TEXT
//	tlsproxy NAME CERT  serves the proxy over https, and sets $NAME; see tlsProxy
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"assay": main})
}

func TestScripts(t *testing.T) {
	proxy := newScriptProxy(t)
	testscript.Run(t, testscript.Params{
		Dir:                 filepath.Join("testdata", "script"),
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup:               func(env *testscript.Env) error { return proxy.setup(env) },
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"unlog":    proxy.unlog,
			"tlsproxy": proxy.tlsProxy,
			"code":     exitCode,
			"flip":     flip,
		},
	})
}

// scriptProxy is the proxy of the scripts, and the database behind it.
type scriptProxy struct {
	t       *testing.T
	modules *goproxytest.Server
	lines   map[module.Version]string // of go.sum
	url     string
	log     *sumdbtest.Log
	goCache string
}

func newScriptProxy(t *testing.T) *scriptProxy {
	t.Helper()
	modules, err := goproxytest.NewServer(filepath.Join("testdata", "mod"), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(modules.Close)
	p := &scriptProxy{t: t, modules: modules, lines: map[module.Version]string{}}
	out, err := exec.Command("go", "env", "GOCACHE").Output()
	if err != nil {
		t.Fatal(err)
	}
	p.goCache = strings.TrimSpace(string(out))
	p.hash()
	p.url, p.log = p.serve("")
	return p
}

// hash has the go command compute the go.sum lines of all modules.
func (p *scriptProxy) hash() {
	p.t.Helper()
	names, err := filepath.Glob(filepath.Join("testdata", "mod", "*.txt*"))
	if err != nil || len(names) == 0 {
		p.t.Fatal(names, err)
	}
	args := []string{"mod", "download", "-json"}
	for _, name := range names {
		base, _, _ := strings.Cut(filepath.Base(name), ".txt")
		i := strings.LastIndex(base, "_v")
		args = append(args, strings.ReplaceAll(base[:i], "_", "/")+"@"+base[i+1:])
	}
	cmd := exec.Command("go", args...)
	cmd.Dir = p.t.TempDir()
	cmd.Env = append(os.Environ(), "GOPROXY="+p.modules.URL, "GONOSUMDB=*", "GONOSUMCHECK=1", "GOFLAGS=-modcacherw", "GOENV=off",
		"GOMODCACHE="+filepath.Join(p.t.TempDir(), "mod"), "GOWORK=off")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	data, err := cmd.Output()
	if err != nil {
		p.t.Fatalf("go mod download: %v\n%s%s", err, data, stderr.Bytes())
	}
	for dec := json.NewDecoder(bytes.NewReader(data)); dec.More(); {
		var m struct{ Path, Version, Sum, GoModSum string }
		if err := dec.Decode(&m); err != nil {
			p.t.Fatal(err)
		}
		p.lines[module.Version{Path: m.Path, Version: m.Version}] = fmt.Sprintf("%s %s %s\n%[1]s %[2]s/go.mod %[4]s\n", m.Path, m.Version, m.Sum, m.GoModSum)
	}
}

// serve starts a proxy with a database that has logged all modules but one.
func (p *scriptProxy) serve(except string) (string, *sumdbtest.Log) {
	p.t.Helper()
	log := sumdbtest.New(p.t)
	for m, lines := range p.lines {
		if m.String() != except {
			log.Add(p.t, m, lines)
		}
	}
	s := httptest.NewServer(p.handler(log))
	p.t.Cleanup(s.Close)
	return s.URL, log
}

func (p *scriptProxy) handler(log *sumdbtest.Log) http.Handler {
	behind := func(target string) http.Handler {
		u, err := url.Parse(target)
		if err != nil {
			p.t.Fatal(err)
		}
		return httputil.NewSingleHostReverseProxy(u)
	}
	mux := http.NewServeMux()
	mux.Handle("/sumdb/", behind(log.URL))
	mux.Handle("/", behind(p.modules.URL))
	return mux
}

func (p *scriptProxy) setup(env *testscript.Env) error {
	closed := httptest.NewServer(nil)
	closed.Close()
	home := filepath.Join(env.WorkDir, ".home")
	for _, kv := range [][2]string{
		{"HOME", home}, {"XDG_CONFIG_HOME", filepath.Join(home, "config")}, {"XDG_CACHE_HOME", filepath.Join(home, "cache")},
		{"GOPROXY", p.url}, {"GOSUMDB", p.log.Key}, {"GOCACHE", p.goCache},
		{"GOPATH", filepath.Join(env.WorkDir, ".gopath")}, {"GOFLAGS", "-modcacherw"}, {"GOTOOLCHAIN", "local"}, {"GOENV", "off"},
		{"GOPRIVATE", ""}, {"GONOPROXY", ""}, {"GONOSUMDB", ""}, {"GOWORK", ""},
		{"ASSAY_CACHE", filepath.Join(env.WorkDir, ".assay")}, {"CLOSED", closed.URL},
		{"LC_ALL", "C"}, {"TERM", "dumb"}, {"SOURCE_DATE_EPOCH", ""},
	} {
		env.Setenv(kv[0], kv[1])
	}
	return os.MkdirAll(home, 0o777)
}

// unlog M@V makes $GOSUMDB and $GOPROXY those of a database that lacks M@V.
func (p *scriptProxy) unlog(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: unlog module@version")
	}
	url, log := p.serve(args[0])
	ts.Setenv("GOPROXY", url)
	ts.Setenv("GOSUMDB", log.Key)
}

// tlsProxy NAME CERT serves the proxy over https with a certificate and key
// from CERT.crt and CERT.key in PEM, and sets $NAME to its URL; $NAME may be
// set already: then the same address is served again, with another certificate.
func (p *scriptProxy) tlsProxy(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: tlsproxy variable certificate")
	}
	cert, err := tls.LoadX509KeyPair(ts.MkAbs(args[1]+".crt"), ts.MkAbs(args[1]+".key"))
	ts.Check(err)
	address := "127.0.0.1:0"
	if old := ts.Getenv(args[0]); old != "" {
		address = strings.TrimPrefix(old, "https://")
		stopTLS(ts)
	}
	listener, err := tls.Listen("tcp", address, &tls.Config{Certificates: []tls.Certificate{cert}})
	ts.Check(err)
	server := &http.Server{Handler: p.handler(p.log)}
	go server.Serve(listener)
	running[ts.Name()] = server
	ts.Defer(func() { server.Shutdown(context.Background()) })
	ts.Setenv(args[0], "https://"+listener.Addr().String())
}

// running are the servers of tlsProxy, by script.
var running = map[string]*http.Server{}

func stopTLS(ts *testscript.TestScript) {
	if s := running[ts.Name()]; s != nil {
		ts.Check(s.Close())
	}
}

// flip FILE TEXT changes one bit of the character after TEXT.
func flip(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: flip file text")
	}
	name := ts.MkAbs(args[0])
	data, err := os.ReadFile(name)
	ts.Check(err)
	i := bytes.Index(data, []byte(args[1]))
	if i < 0 {
		ts.Fatalf("%s has no %q", args[0], args[1])
	}
	data[i+len(args[1])] ^= 1
	ts.Check(os.WriteFile(name, data, 0o666))
}

// exitCode N command... runs a command and demands its exit code: testscript's
// own exec tells only zero from the rest.
func exitCode(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: code N command [args...]")
	}
	err := ts.Exec(args[1], args[2:]...)
	code := 0
	if exit, ok := err.(*exec.ExitError); ok {
		code = exit.ExitCode()
	} else if err != nil {
		ts.Fatalf("%v", err)
	}
	if fmt.Sprint(code) != args[0] {
		ts.Fatalf("exit code %d, want %s", code, args[0])
	}
}
