// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package tlsprobe

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/rpc"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/goassay/assay/audit/tlsprobe/tlstest"
	"github.com/goassay/assay/internal/machine"
)

// speaks probes a server that speaks no TLS, and demands that finding out what it speaks
// costs three connections at most.
func speaks(t *testing.T, address string, timeout time.Duration) *Result {
	t.Helper()
	r, err := Probe(context.Background(), Target{Address: address, SNI: "example.com"}, Options{Timeout: timeout, Patience: 1, Parallel: 1}) // so that none is made ahead
	if err != nil {
		t.Error(err)
		return &Result{}
	}
	if extra := r.Connections - r.Hellos; extra > 3 {
		t.Errorf("%d connections for %d hellos", r.Connections, r.Hellos)
	}
	for _, p := range r.Protocols {
		if p.State == Offered {
			t.Errorf("%v is offered", p.Version)
		}
	}
	return r
}

func serveHTTP(t *testing.T, s *http.Server) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	go s.Serve(l)
	return l.Addr().String()
}

// firstThen is a server that says something first, and to all that comes the same.
func firstThen(first, then string) func(net.Conn) {
	return func(c net.Conn) {
		io.WriteString(c, first)
		buf := make([]byte, 4096)
		for {
			if _, err := c.Read(buf); err != nil {
				return
			}
			io.WriteString(c, then)
		}
	}
}

func TestPlaintext(t *testing.T) {
	t.Parallel() // it waits
	redirecting := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Strict-Transport-Security", "max-age=1")
		http.Redirect(w, r, "https://user:secret@example.com/a%2Fb?token=secret#x", http.StatusMovedPermanently)
	})}
	unencrypted := &http.Server{Protocols: new(http.Protocols), Handler: http.NotFoundHandler()}
	unencrypted.Protocols.SetUnencryptedHTTP2(true)
	grpc := &http.Server{Protocols: unencrypted.Protocols, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/grpc")
		w.Header().Set("Grpc-Status", "12") // trailers alone
	})}
	registry := rpc.NewServer()
	calls := tlstest.Listen(t, func(c net.Conn) { registry.ServeConn(c) })
	var wg sync.WaitGroup
	for name, test := range map[string]struct {
		address string
		want    *Plaintext
	}{
		"HTTP":              {serveHTTP(t, &http.Server{Handler: http.NotFoundHandler()}), &Plaintext{Protocol: "http"}},
		"HTTP to HTTPS":     {serveHTTP(t, redirecting), &Plaintext{Protocol: "http", Redirect: "https://example.com/a%2Fb", HSTS: "max-age=1"}},
		"HTTP/2":            {serveHTTP(t, unencrypted), &Plaintext{Protocol: "h2c"}},
		"gRPC":              {serveHTTP(t, grpc), &Plaintext{Protocol: "grpc"}},
		"net/rpc":           {calls, &Plaintext{Protocol: "net/rpc"}},
		"net/rpc over HTTP": {serveHTTP(t, &http.Server{Handler: registry}), &Plaintext{Protocol: "http"}},
		"SSH":               {tlstest.Listen(t, firstThen("SSH-2.0-OpenSSH_9.2p1\r\n", "")), &Plaintext{Protocol: "ssh"}},
		"Telnet":            {tlstest.Listen(t, firstThen("\xff\xfd\x18\xff\xfd\x20", "")), &Plaintext{Protocol: "telnet"}},
		"AMQP":              {tlstest.Listen(t, func(c net.Conn) { c.Read(make([]byte, 8)); io.WriteString(c, "AMQP\x00\x00\x09\x01") }), &Plaintext{Protocol: "amqp"}},
		"FTP": {play(t, tlstest.Script{Greeting: "220 (vsFTPd 3.0.5)\r\n", Answers: [][2]string{{"AUTH TLS", "530 Please login with USER and PASS.\r\n"}}}),
			&Plaintext{Protocol: "ftp", StartTLS: NotOffered, Auth: true}},
		"FTP with TLS": {play(t, tlstest.Script{Greeting: "220 FTP\r\n", Answers: [][2]string{{"AUTH TLS", "234 yes\r\n"}}}), &Plaintext{Protocol: "ftp", StartTLS: Offered}},
		"FTP that hides": {play(t, tlstest.Script{Greeting: "220 hello\r\n", Answers: [][2]string{{"EHLO", "500 what\r\n"}, {"NOOP", "200 yes\r\n"}, {"AUTH TLS", "234 yes\r\n"}}}),
			&Plaintext{Protocol: "ftp", StartTLS: Offered}},
		"SMTP that hides": {play(t, tlstest.Script{Greeting: "220 hello\r\n", Answers: [][2]string{{"EHLO", "250-a\r\n250 AUTH LOGIN\r\n"}}}),
			&Plaintext{Protocol: "smtp", StartTLS: NotOffered, Auth: true}},
		"no more than a greeting": {tlstest.Listen(t, func(c net.Conn) { io.WriteString(c, "220 hello\r\n"); c.Read(make([]byte, 1)) }), &Plaintext{Protocol: smtpOrFTP, StartTLS: Unknown}},
		"SMTP":                    {play(t, offering["smtp"]), &Plaintext{Protocol: "smtp", StartTLS: Offered, Auth: true}},
		"IMAP":                    {play(t, offering["imap"]), &Plaintext{Protocol: "imap", StartTLS: Offered}},
		"POP3":                    {play(t, offering["pop3"]), &Plaintext{Protocol: "pop3", StartTLS: Offered, Auth: true}},
		"MySQL":                   {play(t, offering["mysql"]), &Plaintext{Protocol: "mysql", StartTLS: Offered}},
		"PostgreSQL":              {play(t, tlstest.Script{Answers: [][2]string{{"\x04\xd2\x16\x2f", "N"}}}), &Plaintext{Protocol: "postgres", StartTLS: NotOffered}},
		"PostgreSQL with TLS":     {play(t, tlstest.Script{Answers: [][2]string{{"\x04\xd2\x16\x2f", "S"}}}), &Plaintext{Protocol: "postgres", StartTLS: Offered}},
		"Redis": {play(t, tlstest.Script{Answers: [][2]string{{"PRI", "-ERR unknown command 'PRI', with args beginning with: '*' 'HTTP/2.0' \r\n"}, {"PING", "+PONG\r\n"}}}),
			&Plaintext{Protocol: "redis"}},
		"Redis with a password": {play(t, tlstest.Script{Answers: [][2]string{{"PRI", "-NOAUTH Authentication required.\r\n"}, {"PING", "-NOAUTH Authentication required.\r\n"}}}),
			&Plaintext{Protocol: "redis", Auth: true}},
		"something else": {tlstest.Listen(t, firstThen("hello, world\r\n", "")), &Plaintext{Protocol: "unknown"}},
		"HTTPS behind what swallows hellos": {tlstest.Listen(t, func(c net.Conn) {
			b := make([]byte, 4096)
			if n, _ := c.Read(b); n > 0 && b[0] == 'P' {
				io.WriteString(c, "HTTP/1.1 400 Bad Request\r\nServer: nginx\r\nConnection: close\r\n\r\n<html>\r\n<head><title>400 The plain HTTP request was sent to HTTPS port</title></head>")
				return
			}
			io.Copy(io.Discard, c)
		}), nil},
		"nothing": {tlstest.Listen(t, func(c net.Conn) { io.Copy(io.Discard, c) }), nil},
		"a door":  {tlstest.Listen(t, func(net.Conn) {}), nil},
		"TLS that is malformed": {tlstest.Listen(t, func(c net.Conn) {
			c.Read(make([]byte, 4096))
			io.WriteString(c, "\x16\x03\x03\x00\x05\x02\x00\x00\x01\x00hello")
		}), nil},
		"TLS with too long a record": {tlstest.Listen(t, func(c net.Conn) {
			c.Read(make([]byte, 4096))
			io.WriteString(c, "\x16\x03\x03\xff\xff\x02")
		}), nil},
		"TLS that refuses": {tlstest.Listen(t, func(c net.Conn) {
			c.Read(make([]byte, 4096))
			io.WriteString(c, "\x15\x03\x01\x00\x02\x02\x28")
		}), nil},
	} {
		wg.Go(func() { // and not in parallel tests, of which few run at once: most of it is waiting
			timeout := time.Second
			if test.want == nil { // which takes many
				timeout /= 10
			}
			r := speaks(t, test.address, timeout)
			if diff := cmp.Diff(test.want, r.Plaintext); diff != "" {
				t.Errorf("%s: %s%+v", name, diff, r.Unknown)
			}
		})
	}
	wg.Wait()
}

// TestPlaintextOfTLS has no plaintext where there is TLS.
func TestPlaintextOfTLS(t *testing.T) {
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Strict-Transport-Security", "max-age=63072000; includeSubDomains")
		http.Redirect(w, r, "/login?next=/", http.StatusFound)
	}))
	s.StartTLS()
	defer s.Close()
	r := probe(t, s.Listener.Addr().String(), Options{})
	_, port, _ := net.SplitHostPort(s.Listener.Addr().String())
	host := "https://example.com:" + port + "/login"
	if diff := cmp.Diff(&HTTP{Status: 302, HSTS: "max-age=63072000; includeSubDomains", Redirect: host}, r.HTTP); diff != "" || r.Plaintext != nil {
		t.Errorf("%s %+v", diff, r.Plaintext)
	}
}

// TestHTTPWithoutALPN has a server that does not say that it speaks HTTP, and takes its
// time, and some that do not.
func TestHTTPWithoutALPN(t *testing.T) {
	t.Parallel() // it waits
	config := &tls.Config{Certificates: []tls.Certificate{selfSigned(t, "example.com")}, MinVersion: tls.VersionTLS12}
	l, err := tls.Listen("tcp", "127.0.0.1:0", config)
	if err != nil {
		t.Fatal(err)
	}
	s := &http.Server{ErrorLog: log.New(io.Discard, "", 0), Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		time.Sleep(200 * time.Millisecond)
		w.Header().Set("Strict-Transport-Security", "max-age=7")
	})}
	defer s.Close()
	go s.Serve(l)
	if diff := cmp.Diff(&HTTP{Status: 200, HSTS: "max-age=7"}, probe(t, l.Addr().String(), Options{}).HTTP); diff != "" {
		t.Error(diff)
	}
	if r := probe(t, serve(t, config), Options{}); r.HTTP != nil || len(r.Unknown) > 0 {
		t.Errorf("%+v %+v", r.HTTP, r.Unknown)
	}
	said := config.Clone()
	said.NextProtos = []string{"http/1.1"}
	if r := probe(t, serve(t, said), Options{}); r.HTTP != nil || len(r.Unknown) != 1 || r.Unknown[0].Question != "HTTP" {
		t.Errorf("%+v %+v", r.HTTP, r.Unknown)
	}
	demanding := said.Clone()
	demanding.ClientAuth = tls.RequireAnyClientCert
	asked := func(p Problem) bool { return p.Question == "HTTP" }
	if r := probe(t, serve(t, demanding), Options{}); r.HTTP != nil || slices.ContainsFunc(r.Unknown, asked) {
		t.Errorf("%+v %+v", r.HTTP, r.Unknown)
	}
}

// TestPlaintextHostile has servers that go on for ever, or no further.
func TestPlaintextHostile(t *testing.T) {
	var wg sync.WaitGroup
	for _, test := range [][3]string{ // what is said for ever, after what; and what it is
		{"220-hello\r\n", "", smtpOrFTP}, {"+OK hello\r\n", "", "pop3"}, {"* OK hello\r\n", "", "imap"}, {"2", "220 ", smtpOrFTP}, {"X: y\r\n", "HTTP/1.1 200 OK\r\n", "http"},
		{"y", "HTTP/1.1 301 OK\r\nLocation: https://", "http"}, {"\x00\x00\x00\x04\x00\x00\x00\x00\x00", "", "h2c"}, {"\x00\x00\x04\x01\x00\x00\x00\x00\x01aaaa", "\x00\x00\x00\x04\x00\x00\x00\x00\x00", "h2c"},
		{"-ERR unknown command\r\n", "", "redis"}, {"\xff\xfd\x18", "", "telnet"}, {"\x00", mysqlGreeting("\xff\xff"), "mysql"}, {"\xff", "\xff\xff\x00\x00\x0a8", "unknown"},
		{"<a>", stream, "xmpp"}, {"\xaa", "", "unknown"}, {"\n", "", "unknown"},
	} {
		address := tlstest.Listen(t, func(c net.Conn) {
			b := []byte(test[1] + strings.Repeat(test[0], 8<<10))
			for {
				if _, err := c.Write(b); err != nil {
					return
				}
				b = []byte(strings.Repeat(test[0], 8<<10))
			}
		})
		wg.Go(func() {
			r, err := Probe(context.Background(), Target{Address: address}, Options{Timeout: time.Second, Patience: 1})
			if err != nil || r.Plaintext == nil || r.Plaintext.Protocol != test[2] {
				t.Errorf("%q: %+v %v", test, r.Plaintext, err)
			}
		})
	}
	wg.Wait()
}

// TestPlaintextNginx asks nginx.
func TestPlaintextNginx(t *testing.T) {
	machine.Need(t, "nginx")
	dir := t.TempDir()
	pair := selfSigned(t, "example.com")
	writePair(t, dir, pair)
	config := filepath.Join(dir, "nginx.conf")
	clear, encrypted := freePort(t), freePort(t)
	text := fmt.Sprintf(`daemon off; pid %[1]s/pid; error_log stderr; events {}
http { access_log off; client_body_temp_path %[1]s/a; proxy_temp_path %[1]s/b; fastcgi_temp_path %[1]s/c; uwsgi_temp_path %[1]s/d; scgi_temp_path %[1]s/e;
server { listen %[2]s; return 301 https://$host$request_uri; }
server { listen %[3]s ssl; ssl_certificate %[1]s/cert.pem; ssl_certificate_key %[1]s/key.pem; add_header Strict-Transport-Security "max-age=300" always; return 204; } }`, dir, clear, encrypted)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	run(t, exec.Command("nginx", "-p", dir, "-c", config), clear)
	waitFor(t, encrypted)
	if diff := cmp.Diff(&Plaintext{Protocol: "http", Redirect: "https://example.com/"}, speaks(t, clear, time.Second).Plaintext); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(&HTTP{Status: 204, HSTS: "max-age=300"}, probe(t, encrypted, Options{}).HTTP); diff != "" {
		t.Error(diff)
	}
}

func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// waitFor waits until a server takes connections.
func waitFor(t *testing.T, address string) {
	t.Helper()
	for range 200 {
		if c, err := net.Dial("tcp", address); err == nil {
			c.Close()
			return
		}
		time.Sleep(25 * time.Millisecond)
	}
	t.Fatalf("nobody at %s", address)
}

func TestRedirect(t *testing.T) {
	for location, want := range map[string]string{
		"https://example.com/?a=b":   "https://example.com/",
		"/login":                     "http://[::1]:81/login",
		"//other.example/":           "http://other.example/",
		"javascript:alert(1)":        "",
		"":                           "",
		"https://u:p@h.example:8443": "https://h.example:8443",
		":":                          "",
	} {
		if got := redirect(location, &url.URL{Scheme: "http", Host: "[::1]:81", Path: "/"}); got != want {
			t.Errorf("%q: %q, want %q", location, got, want)
		}
	}
}

func TestRecognise(t *testing.T) {
	for answer, want := range map[string]string{
		"": "", "2": "", "220": "", "hello": "", "S": "", "\x00": "",
		"220 mx ESMTP Postfix\r\n": "smtp", "220-mx\r\n": smtpOrFTP, "220 ProFTPD\r\n": "ftp", "554 no SMTP service\r\n": "smtp",
		"+OK Dovecot ready.\r\n": "pop3", "-ERR [SYS/TEMP] later\r\n": "pop3", "-ERR unknown command 'PRI'": "redis", "-DENIED Redis is running in protected mode": "redis",
		"* OK IMAP4": "imap", "HTTP/1.0 400 Bad Request": "http", "<HTML>": "http", "SSH-1.99-x": "ssh", "\xff\xfb\x01": "telnet", "\xff\xff\x01": "", "\xaa\xaa": "", "@RSYNCD: 31.0\n": "rsync", "RFB 003.008\n": "vnc",
		"ERROR\r\n": "memcached", "AMQP\x00\x00\x09\x01": "amqp", stream: "xmpp", "\x15\x03\x01\x00\x02\x02\x28": "tls", "\x15\x01\x01\x00\x02\x02\x28": "tls",
		"\x00\x00\x12\x04\x00\x00\x00\x00\x00": "h2c", "\x00\x00\x08\x07\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01": "h2c", "\x00\x00\x05\x04\x00\x00\x00\x00\x00": "",
		mysqlGreeting("\xff\xff"): "mysql", "\x17\x00\x00\x00\xff\x10\x04Too many connections": "mysql", "\x01\x00\x00\x00\x0a": "",
		"E\x00\x00\x00\x40SFATAL\x00VFATAL\x00C0A000\x00": "postgres", "\x30\x0c\x02\x01\x00\x78\x07\x0a\x01\x34\x04\x00\x04\x00": "ldap",
	} {
		if got := recognise([]byte(answer)); got != want {
			t.Errorf("%q: %q, want %q", answer, got, want)
		}
	}
}

func FuzzRecognise(f *testing.F) {
	for _, seed := range []string{
		"220 mx ESMTP\r\n", "-ERR unknown command", "\x15\x03\x01\x00\x02\x02\x28", "\x00\x00\x12\x04\x00\x00\x00\x00\x00", mysqlGreeting("\xff\xff"), ldapAnswer,
		"E\x00\x00\x00\x40SFATAL\x00C", "\x30\x0c\x02\x01\x00\x78\x07\x0a\x01\x34\x04\x00\x04\x00", "\x08Response\x0DServiceMethod\x05Error",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		what := recognise(b)
		if len(b) > maxHeard && recognise(b[:maxHeard]) != what {
			t.Errorf("%q depends on what is far behind", what)
		}
		tells(b)
	})
}

// FuzzDialects has servers say anything.
func FuzzDialects(f *testing.F) {
	for i, d := range dialects {
		text := offering[d.name].Greeting
		for _, a := range offering[d.name].Answers {
			text += a[1]
		}
		f.Add(uint8(i), []byte(text))
	}
	f.Fuzz(func(t *testing.T, i uint8, said []byte) {
		client, server := net.Pipe()
		defer client.Close()
		go io.Copy(io.Discard, server)
		go func() {
			server.Write(said)
			server.Close()
		}()
		p := &prober{name: "example.com", timeout: 10 * time.Second}
		k := p.newTalk(context.Background(), client)
		defer k.end()
		d := &dialects[int(i)%len(dialects)]
		if err := k.lead(d); (err == nil) != (k.fact.StartTLS == Offered) {
			t.Errorf("%v with %+v", err, k.fact)
		}
	})
}

// writePair writes a certificate and its key to cert.pem and key.pem.
func writePair(t *testing.T, dir string, pair tls.Certificate) {
	t.Helper()
	key, err := x509.MarshalPKCS8PrivateKey(pair.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	for name, block := range map[string]*pem.Block{"cert.pem": {Type: "CERTIFICATE", Bytes: pair.Certificate[0]}, "key.pem": {Type: "PRIVATE KEY", Bytes: key}} {
		if err := os.WriteFile(filepath.Join(dir, name), pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// run starts a server program, and ends it with the test.
func run(t *testing.T, c *exec.Cmd, address string) {
	t.Helper()
	var said strings.Builder
	c.Stdout, c.Stderr = &said, &said
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		c.Process.Signal(os.Interrupt)
		c.Wait()
		if t.Failed() {
			t.Log(said.String())
		}
	})
	waitFor(t, address)
}
