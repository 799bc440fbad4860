// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/goassay/assay/audit/allowlist/allowlisttest"
	"github.com/goassay/assay/audit/filetree/filetreetest"
	"github.com/goassay/assay/report"
	"github.com/goassay/assay/report/sariftest"
	"github.com/goassay/assay/sbom"
	"github.com/goassay/assay/sbom/format"
)

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

// fromFile VAR FILE waits until another process has written a line into FILE,
// and sets $VAR to it.
func fromFile(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: fromfile variable file")
	}
	for range 1000 {
		data, err := os.ReadFile(ts.MkAbs(args[1]))
		if line, ok := strings.CutSuffix(string(data), "\n"); ok && err == nil {
			ts.Setenv(args[0], line)
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	ts.Fatalf("%s: nothing came", args[1])
}

// replace FILE OLD NEW replaces the first OLD in FILE.
func replace(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: replace file old new")
	}
	old := ts.ReadFile(args[0])
	if !strings.Contains(old, args[1]) {
		ts.Fatalf("%s has no %q", args[0], args[1])
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(strings.Replace(old, args[1], args[2], 1)), 0o666))
}

// spoil DIR changes one bit in the first file below DIR, and remove DIR
// removes it.
func spoil(ts *testscript.TestScript, neg bool, args []string) {
	name := firstFile(ts, neg, args)
	data, err := os.ReadFile(name)
	ts.Check(err)
	data[len(data)/2] ^= 1
	ts.Check(os.WriteFile(name, data, 0o666))
}

func remove(ts *testscript.TestScript, neg bool, args []string) {
	ts.Check(os.Remove(firstFile(ts, neg, args)))
}

func firstFile(ts *testscript.TestScript, neg bool, args []string) (first string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: spoil|remove folder")
	}
	ts.Check(filepath.WalkDir(ts.MkAbs(args[0]), func(name string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			first, err = name, fs.SkipAll
		}
		return err
	}))
	return first
}

// withUser VAR URL USER sets $VAR to URL with user information.
func withUser(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: withuser variable url user:password")
	}
	ts.Setenv(args[0], strings.Replace(args[1], "://", "://"+args[2]+"@", 1))
}

// exitCode N|M command... runs a command and demands its exit code, or one of
// several: testscript's own exec tells only zero from the rest.
func exitCode(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: code N|M command [args...]")
	}
	err := ts.Exec(args[1], args[2:]...)
	code := 0
	if exit, ok := err.(*exec.ExitError); ok {
		code = exit.ExitCode()
	} else if err != nil {
		ts.Fatalf("%v", err)
	}
	if !slices.Contains(strings.Split(args[0], "|"), fmt.Sprint(code)) {
		ts.Fatalf("exit code %d, want %s", code, args[0])
	}
}

// validSchema KIND FILE... demands that each file is a valid report,
// allowlist, sbom, SARIF log as GitHub takes it, or OpenVEX document.
func validSchema(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: schema report|allowlist|sbom|sarif|openvex file...")
	}
	for _, name := range args[1:] {
		data := []byte(ts.ReadFile(name))
		var err error
		switch args[0] {
		case "report":
			err = validate(report.Schema(), data)
		case "allowlist":
			err = validate(report.AllowlistSchema(), data)
		case "sbom":
			err = verifySBOM(data)
		case "sarif":
			err = validSARIF(data)
		case "openvex":
			var schema []byte
			if schema, err = os.ReadFile(filepath.Join("..", "..", "audit", "vulns", "testdata", "openvex.schema.json")); err == nil {
				err = validate(schema, data)
			}
		default:
			err = fmt.Errorf("unknown schema %q", args[0])
		}
		if err != nil {
			ts.Fatalf("%s: %v", name, err)
		}
	}
}

// officialSARIF is the schema, fetched from the module proxy once.
var officialSARIF = sync.OnceValues(sariftest.Schema)

func validSARIF(data []byte) error {
	if err := sariftest.GitHub(data); err != nil || testing.Short() {
		return err
	}
	schema, err := officialSARIF()
	if err != nil {
		return err
	}
	return validate(schema, data)
}

func validate(schema, data []byte) error {
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(schema))
	if err != nil {
		return err
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("schema.json", doc); err != nil {
		return err
	}
	compiled, err := c.Compile("schema.json")
	if err != nil {
		return err
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		return err
	}
	return compiled.Validate(value)
}

// absent TEXT PATH... demands that TEXT is in no file at or below the paths,
// nor in a file's name, and that there are files.
func absent(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: absent text path...")
	}
	for _, path := range args[1:] {
		files := 0
		ts.Check(filepath.WalkDir(ts.MkAbs(path), func(name string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			files++
			data, err := os.ReadFile(name)
			if err == nil && (bytes.Contains(data, []byte(args[0])) || strings.Contains(entry.Name(), args[0])) {
				err = fmt.Errorf("%s holds %q", name, args[0])
			}
			return err
		}))
		if files == 0 {
			ts.Fatalf("%s: no files", path)
		}
	}
}

// sparse FILE MIB makes a file that takes no space, and begins as an executable.
func sparse(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: sparse file MiB")
	}
	size, err := strconv.ParseInt(args[1], 10, 64)
	ts.Check(err)
	name := ts.MkAbs(args[0])
	ts.Check(os.WriteFile(name, []byte("\x7fELF\x02\x01\x01"), 0o777))
	ts.Check(os.Truncate(name, size<<20))
}

// image FILE TREE... makes what "docker save" writes of an image, whose layers are
// these folders, the lowest first. The layers are compressed.
func image(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: image file folder...")
	}
	im := filetreetest.Image{Platform: "linux/amd64", Tag: "app:1", Packed: filetreetest.Gzip}
	for _, dir := range args[1:] {
		var entries []filetreetest.Entry
		dir = ts.MkAbs(dir)
		ts.Check(filepath.WalkDir(dir, func(name string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			data, err := os.ReadFile(name)
			entries = append(entries, filetreetest.Entry{Name: filepath.ToSlash(strings.TrimPrefix(name, dir)), Data: string(data)})
			return err
		}))
		im.Layers = append(im.Layers, filetreetest.Tar(entries...))
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), filetreetest.Tar(filetreetest.DockerSave(im)...), 0o666))
}

// goroot FILE sets $GOROOT to a folder of links to the real one, but for
// go.env, whose content is that of FILE.
func (p *scriptProxy) goroot(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: goroot file")
	}
	dir := filepath.Join(ts.Getenv("WORK"), ".goroot")
	ts.Check(os.Mkdir(dir, 0o777))
	entries, err := os.ReadDir(p.goRoot)
	ts.Check(err)
	for _, e := range entries {
		if e.Name() != "go.env" {
			ts.Check(os.Symlink(filepath.Join(p.goRoot, e.Name()), filepath.Join(dir, e.Name())))
		}
	}
	ts.Check(os.WriteFile(filepath.Join(dir, "go.env"), []byte(ts.ReadFile(args[0])), 0o666))
	ts.Setenv("GOROOT", dir)
}

// cert NAME [OTHER] makes a certificate for 127.0.0.1 in NAME.crt and its key
// in NAME.key, or with the key of OTHER. Its authority is $WORK/ca.crt.
func (p *scriptProxy) cert(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 || len(args) > 2 {
		ts.Fatalf("usage: cert name [other]")
	}
	key := allowlisttest.Key(p.t)
	if len(args) == 2 {
		pair, err := tls.LoadX509KeyPair(ts.MkAbs(args[1]+".crt"), ts.MkAbs(args[1]+".key"))
		ts.Check(err)
		key = pair.PrivateKey.(*ecdsa.PrivateKey)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	ts.Check(err)
	leaf := p.ca.Issue(p.t, key).Certificate[0]
	for name, block := range map[string]*pem.Block{
		args[0] + ".crt": {Type: "CERTIFICATE", Bytes: leaf},
		args[0] + ".key": {Type: "PRIVATE KEY", Bytes: der},
	} {
		ts.Check(os.WriteFile(ts.MkAbs(name), pem.EncodeToMemory(block), 0o600))
	}
	ts.Check(os.WriteFile(filepath.Join(ts.Getenv("WORK"), "ca.crt"), p.ca.PEM(), 0o666))
}

// tlsProxy VAR CERT serves the proxy over https with the certificate and key
// in CERT.crt and CERT.key, and sets $VAR to its URL. Where $VAR is set
// already, that address is served again, with another certificate.
func (p *scriptProxy) tlsProxy(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: tlsproxy variable certificate")
	}
	cert, err := tls.LoadX509KeyPair(ts.MkAbs(args[1]+".crt"), ts.MkAbs(args[1]+".key"))
	ts.Check(err)
	s := ts.Value(tlsServerKey).(*tlsServer)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cert = &cert
	if s.server == nil {
		s.server = allowlisttest.NewServer(p.t, p.handler(p.log), s.current)
	}
	ts.Setenv(args[0], s.server.URL)
}

// tlsServer is the server of tlsproxy, one a script.
type tlsServer struct {
	mu     sync.Mutex
	cert   *tls.Certificate
	server *httptest.Server
}

func (s *tlsServer) current() *tls.Certificate {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.cert
}

type valueKey int

const tlsServerKey valueKey = iota

// hangServer never answers, but for two paths of its own: /asked answers once
// anything else was asked since /forget.
func hangServer() *httptest.Server {
	var mu sync.Mutex
	asked := make(chan struct{}, 1)
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		mu.Lock()
		current := asked
		if req.URL.Path == "/forget" {
			asked = make(chan struct{}, 1)
		}
		mu.Unlock()
		switch req.URL.Path {
		case "/forget":
		case "/asked":
			select {
			case <-current:
			case <-req.Context().Done():
			}
		default:
			select {
			case current <- struct{}{}:
			default:
			}
			<-req.Context().Done()
		}
	}))
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.Start()
	return s
}

// interruptMain is the program interrupt of the scripts. It runs a command, and
// once that has asked $HANG, interrupts it as Ctrl-C does. Its exit code is the
// command's, or 99 if the command does not end in ten seconds.
func interruptMain() {
	code, err := interrupt(os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "interrupt:", err)
		code = 98
	}
	os.Exit(code)
}

// hangMain is the program hang of the scripts: it waits for $HANG, as a go
// command may do.
func hangMain() {
	if err := get("/hang"); err != nil {
		fmt.Fprintln(os.Stderr, "hang:", err)
	}
	os.Exit(1)
}

// get asks $HANG.
func get(path string) error {
	resp, err := http.Get(os.Getenv("HANG") + path)
	if err != nil {
		return err
	}
	return resp.Body.Close()
}

func interrupt(args []string) (int, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	defer cancel()
	if err := get("/forget"); err != nil {
		return 0, err
	}
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	if err := get("/asked"); err != nil {
		return 0, err
	}
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		return 0, err
	}
	kill := time.AfterFunc(10*time.Second, cancel)
	defer kill.Stop()
	err := cmd.Wait()
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return 99, nil
	case errors.As(err, &exit):
		return exit.ExitCode(), nil
	}
	return 0, err
}

// verifySBOM validates a bill of materials against its official schema, and
// its identifier against its content.
func verifySBOM(data []byte) error {
	d, _, err := format.Read(data)
	if err == nil {
		err = format.Validate(data)
	}
	if err == nil {
		err = sbom.VerifyID(data, d.ID)
	}
	return err
}
