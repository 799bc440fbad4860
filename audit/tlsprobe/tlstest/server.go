// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

// Package tlstest starts real TLS servers on loopback: OpenSSL's s_server, gnutls-serv
// and nginx, from the packages of the distribution; and has servers of its own that do
// what none of these does.
package tlstest

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/goassay/assay/internal/machine"
)

// Output runs a program, and returns what it writes.
func Output(t testing.TB, program string, args ...string) string {
	t.Helper()
	machine.Need(t, program)
	out, err := exec.Command(program, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %q: %v\n%s", program, args, err, out)
	}
	return string(out)
}

// A Server is a program that runs until the test ends.
type Server struct {
	Address string // host:port
	mu      sync.Mutex
	log     bytes.Buffer
	more    chan struct{} // something was logged
	ended   chan struct{}
}

// Write keeps what the program writes.
func (s *Server) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	select {
	case s.more <- struct{}{}:
	default:
	}
	if s.log.Len() > 1<<20 {
		return len(b), nil
	}
	return s.log.Write(b)
}

// Log is what the program wrote.
func (s *Server) Log() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.log.String()
}

// start starts a program, and waits until it is ready, which a pattern in what it
// writes or, if there is none, an open port tells. It reports whether that came to be.
func (s *Server) start(t testing.TB, ready *regexp.Regexp, program string, args ...string) bool {
	t.Helper()
	s.more, s.ended = make(chan struct{}, 1), make(chan struct{})
	cmd := exec.Command(program, args...)
	cmd.Stdout, cmd.Stderr = s, s
	stdin, err := cmd.StdinPipe() // at whose end s_server and gnutls-serv stop
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		cmd.Wait()
		close(s.ended)
	}()
	t.Cleanup(func() {
		stdin.Close()
		cmd.Process.Kill()
		<-s.ended
		if t.Failed() {
			t.Logf("%s %q:\n%s", program, args, tail(s.Log(), 4000))
		}
	})
	deadline := time.Now().Add(20 * time.Second)
	for time.Now().Before(deadline) {
		if ready != nil {
			if m := ready.FindStringSubmatch(s.Log()); m != nil {
				if s.Address == "" {
					s.Address = m[1]
				}
				return true
			}
		} else if c, err := net.Dial("tcp", s.Address); err == nil {
			c.Close()
			return true
		}
		select {
		case <-s.more:
		case <-s.ended:
			return false
		case <-time.After(10 * time.Millisecond):
		}
	}
	return false
}

func tail(s string, n int) string { return s[max(0, len(s)-n):] }

// freePort is a port of loopback that nobody listened on a moment ago.
func freePort(t testing.TB) int {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// OpenSSL starts openssl s_server.
func OpenSSL(t testing.TB, args ...string) *Server {
	t.Helper()
	machine.Need(t, "openssl")
	s := &Server{}
	if !s.start(t, regexp.MustCompile(`(?m)^ACCEPT (\S+:\d+)$`), "openssl", append([]string{"s_server", "-accept", "127.0.0.1:0"}, args...)...) {
		t.Fatalf("openssl s_server %q does not start: %s", args, s.Log())
	}
	return s
}

// GnuTLS starts gnutls-serv, which listens on all addresses: it knows no option for one.
func GnuTLS(t testing.TB, args ...string) *Server {
	t.Helper()
	machine.Need(t, "gnutls-serv")
	for range 3 { // the port may be taken by now
		port := freePort(t)
		s := &Server{Address: fmt.Sprintf("127.0.0.1:%d", port)}
		if s.start(t, regexp.MustCompile(`listening on IPv4 \S+ port \d+\.*done`), "gnutls-serv", append([]string{"-p", fmt.Sprint(port)}, args...)...) {
			return s
		}
		t.Logf("gnutls-serv %q: %s", args, s.Log())
	}
	t.Fatal("gnutls-serv does not start")
	return nil
}

// Nginx starts nginx with blocks of configuration, server blocks as a rule, in which
// LISTEN stands for address and port.
func Nginx(t testing.TB, http string) *Server {
	t.Helper()
	machine.Need(t, "nginx")
	var said string
	for range 3 {
		dir := t.TempDir()
		s := &Server{Address: fmt.Sprintf("127.0.0.1:%d", freePort(t))}
		var temporary strings.Builder
		for _, kind := range []string{"client_body", "proxy", "fastcgi", "uwsgi", "scgi"} {
			fmt.Fprintf(&temporary, "  %s_temp_path %s;\n", kind, filepath.Join(dir, kind))
		}
		text := fmt.Sprintf("daemon off;\nmaster_process off;\npid %s;\nerror_log stderr;\nevents { worker_connections 256; }\nhttp {\n  access_log off;\n%s%s\n}\n",
			filepath.Join(dir, "pid"), temporary.String(), strings.ReplaceAll(http, "LISTEN", s.Address))
		file := filepath.Join(dir, "nginx.conf")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if s.start(t, nil, "nginx", "-p", dir, "-e", "stderr", "-c", file) {
			return s
		}
		said = s.Log()
	}
	t.Fatalf("nginx does not start: %s", said)
	return nil
}
