// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/goproxytest"
	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/mod/module"

	"github.com/goassay/assay/audit/allowlist/allowlisttest"
	"github.com/goassay/assay/internal/machine"
	"github.com/goassay/assay/sumdb/sumdbtest"
)

// The scripts in testdata/script run the command against a module proxy and a
// checksum database on loopback, which serve and have logged the modules of
// testdata/mod. In a script,
//
//	$GOPROXY   is that proxy, which also passes the database on
//	$GOSUMDB   is the database's key
//	$CLOSED    is a URL at which nobody listens
//	$HTML      is a proxy that answers everything with a page of HTML
//	$HANG      is a proxy that never answers
//	$NOGO      is a PATH with assay and without the go command
//	$OUTSIDER  is the verifier of evidence that shares no code with assay
//
//	absent TEXT PATH...      demands that TEXT is nowhere in files
//	cert NAME [OTHER]        makes a certificate
//	code N COMMAND...        runs a command and demands its exit code
//	flip FILE TEXT           changes the character after TEXT
//	forge FILE WHAT [TEXT]   changes evidence, and what it is about
//	fromfile VAR FILE        waits for a file, and sets $VAR to what it holds
//	goroot FILE              sets $GOROOT to one whose go.env is FILE
//	image FILE TREE...       makes an image of layers, as "docker save" writes it
//	interrupt COMMAND...     interrupts a command that waits for $HANG; a program, for code
//	poison M@V               sets $EVIL to a proxy that serves M@V with other code
//	remove DIR, spoil DIR    removes the first file of a folder, or changes a bit of it
//	replace FILE OLD NEW     changes text
//	schema KIND FILE...      demands valid reports, allowlist applications, bills of materials
//	signed FILE PUB SUBJECT  demands that FILE's attestation is of it, signed, and of a subject
//	sparse FILE MIB          makes a file of that many MiB
//	svid FILE BUNDLE ID PART [VAR]  makes an SVID of which a part remains, and serves it at $VAR
//	tlsproxy VAR CERT        serves the proxy over https, and sets $VAR
//	unlog M@V                starts a database that has logged all but M@V, for $GOSUMDB and $GOPROXY
//	withuser VAR URL USER    sets $VAR to URL with USER, name and password
//
//	[has:PROGRAM]  holds where a program is installed, as in CI it must be
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"assay": main, "interrupt": interruptMain, "hang": hangMain})
}

func TestScripts(t *testing.T) {
	proxy := newScriptProxy(t)
	testscript.Run(t, testscript.Params{
		Dir:                 filepath.Join("testdata", "script"),
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup:               func(env *testscript.Env) error { return proxy.setup(env) },
		Condition:           has,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"absent":   absent,
			"cert":     proxy.cert,
			"code":     exitCode,
			"endpoint": endpoint,
			"flip":     flip,
			"forge":    forge,
			"fromfile": fromFile,
			"goroot":   proxy.goroot,
			"image":    image,
			"poison":   poison,
			"remove":   remove,
			"replace":  replace,
			"schema":   validSchema,
			"signed":   signed,
			"sparse":   sparse,
			"spoil":    spoil,
			"svid":     svidCommand,
			"tlsproxy": proxy.tlsProxy,
			"unlog":    proxy.unlog,
			"withuser": withUser,
		},
	})
}

// has is the condition of scripts that a program is installed.
func has(condition string) (bool, error) {
	program, ok := strings.CutPrefix(condition, "has:")
	if !ok {
		return false, fmt.Errorf("unknown condition %q", condition)
	}
	return machine.Has(program)
}

// scriptProxy is the proxy of the scripts, and the database behind it.
type scriptProxy struct {
	t       *testing.T
	modules *goproxytest.Server
	lines   map[module.Version]string // of go.sum
	url     string
	log     *sumdbtest.Log
	html    string
	ca      *allowlisttest.CA
	goCache string
	goRoot  string

	outsider string
	vulnDB   string // folder of a vulnerability database
}

func newScriptProxy(t *testing.T) *scriptProxy {
	t.Helper()
	modules, err := goproxytest.NewServer(filepath.Join("testdata", "mod"), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(modules.Close)
	p := &scriptProxy{t: t, modules: modules, lines: map[module.Version]string{}, vulnDB: writeVulnDB(t)}
	out, err := exec.Command("go", "env", "GOCACHE", "GOROOT").Output()
	if err != nil {
		t.Fatal(err)
	}
	p.goCache, p.goRoot, _ = strings.Cut(strings.TrimSpace(string(out)), "\n")
	page := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		io.WriteString(w, "<!DOCTYPE html><title>Sign in</title>")
	}))
	t.Cleanup(page.Close)
	p.html = page.URL
	p.ca = allowlisttest.NewCA(t)
	p.outsider = filepath.Join(t.TempDir(), "outsider.exe")
	if out, err := exec.Command("go", "build", "-o", p.outsider, "../../sumdb/testdata/outsider").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
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
	toolchain := module.Version{Path: "golang.org/toolchain", Version: "v0.0.1-go1.99.0.linux-amd64"} // logged, and served by nobody
	p.lines[toolchain] = fmt.Sprintf("%s %s %s\n%[1]s %[2]s/go.mod %[3]s\n", toolchain.Path, toolchain.Version, "h1:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=")
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
	hang := hangServer()
	env.Defer(hang.Close)
	env.Values[tlsServerKey] = new(tlsServer)
	programs, _, _ := strings.Cut(env.Getenv("PATH"), string(filepath.ListSeparator)) // testscript puts its own first
	home := filepath.Join(env.WorkDir, ".home")
	for _, kv := range [][2]string{
		{"HOME", home}, {"XDG_CONFIG_HOME", filepath.Join(home, "config")}, {"XDG_CACHE_HOME", filepath.Join(home, "cache")},
		{"GOPROXY", p.url}, {"GOSUMDB", p.log.Key}, {"GOCACHE", p.goCache},
		{"GOPATH", filepath.Join(env.WorkDir, ".gopath")}, {"GOFLAGS", "-modcacherw"}, {"GOTOOLCHAIN", "local"}, {"GOENV", "off"},
		{"GOPRIVATE", ""}, {"GONOPROXY", ""}, {"GONOSUMDB", ""}, {"GOWORK", ""},
		{"ASSAY_CACHE", filepath.Join(env.WorkDir, ".assay")}, {"CLOSED", closed.URL}, {"HTML", p.html}, {"HANG", hang.URL},
		{"NOGO", programs}, {"OUTSIDER", p.outsider}, {"GOVULNDB", "file://" + filepath.ToSlash(p.vulnDB)},
		{"LC_ALL", "C"}, {"TERM", "dumb"}, {"SOURCE_DATE_EPOCH", ""},
	} {
		env.Setenv(kv[0], kv[1])
	}
	return os.MkdirAll(home, 0o777)
}

// writeVulnDB makes a vulnerability database of today, with one entry of a
// module that no script has.
func writeVulnDB(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	now := time.Now().UTC().Format(time.RFC3339)
	for name, content := range map[string]string{
		"index/db.json":      `{"modified":"NOW"}`,
		"index/modules.json": `[{"path":"example.com/vulnerable","vulns":[{"id":"GO-2020-0001","modified":"NOW","fixed":"1.0.1"}]}]`,
		"index/vulns.json":   `[{"id":"GO-2020-0001","modified":"NOW"}]`,
		"ID/GO-2020-0001.json": `{"schema_version":"1.3.1","id":"GO-2020-0001","modified":"NOW","published":"2020-01-01T00:00:00Z","summary":"Test",` +
			`"affected":[{"package":{"name":"example.com/vulnerable","ecosystem":"Go"},"ranges":[{"type":"SEMVER","events":[{"introduced":"0"},{"fixed":"1.0.1"}]}],` +
			`"ecosystem_specific":{"imports":[{"path":"example.com/vulnerable"}]}}],"database_specific":{"url":"https://pkg.go.dev/vuln/GO-2020-0001","review_status":"REVIEWED"}}`,
	} {
		name = filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(strings.ReplaceAll(content, "NOW", now)), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return dir
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
