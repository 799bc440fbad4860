// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package tlsprobe

import (
	"bytes"
	"context"
	"crypto/tls"
	"io"
	"net"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/goassay/assay/audit/tlsprobe/tlstest"
	"github.com/goassay/assay/internal/machine"
)

// play plays a script, and serves TLS after it.
func play(t *testing.T, s tlstest.Script) string {
	t.Helper()
	return tlstest.Play(t, s, &tls.Config{Certificates: []tls.Certificate{selfSigned(t, "example.com")}, MinVersion: tls.VersionTLS12})
}

const (
	stream       = "<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' id='1' from='example.com' version='1.0'>"
	ldapAnswer   = "\x30\x84\x00\x00\x00\x28\x02\x01\x01\x78\x84\x00\x00\x00\x1f\x0a\x01\x00\x04\x00\x04\x00\x8a\x16" + ldapStartTLS
	mysqlVersion = "\x0a8.0.36\x00"
)

// mysqlGreeting is a greeting with capabilities.
func mysqlGreeting(low string) string {
	body := mysqlVersion + "\x07\x00\x00\x00" + "12345678\x00" + low + "\xff\x02\x00\xff\xc1\x15" + strings.Repeat("\x00", 10) + "123456789012\x00" + "mysql_native_password\x00"
	return string([]byte{byte(len(body)), 0, 0, 0}) + body
}

// offering are servers that go on to TLS.
var offering = map[string]tlstest.Script{
	"smtp": {Greeting: "220-mail.example.com ESMTP\r\n220 ready\r\n", Answers: [][2]string{
		{"EHLO ", "250-mail.example.com\r\n250-SIZE 1000\r\n250-STARTTLS\r\n250 AUTH CRAM-MD5 PLAIN\r\n"}, {"STARTTLS\r\n", "220 go ahead\r\n"}}, Upgrade: "STARTTLS\r\n"},
	"lmtp": {Greeting: "220 mail.example.com LMTP\r\n", Answers: [][2]string{
		{"LHLO ", "250-mail.example.com\r\n250 STARTTLS\r\n"}, {"STARTTLS\r\n", "220 go ahead\r\n"}}, Upgrade: "STARTTLS\r\n"},
	"imap": {Greeting: "* OK [CAPABILITY IMAP4rev1] ready\r\n", Answers: [][2]string{
		{"A1 CAPABILITY", "* CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED\r\na1 OK done\r\n"}, {". CAPABILITY", "* CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED\r\n. OK done\r\n"},
		{"A2 STARTTLS", "a2 OK begin\r\n"}, {". STARTTLS", ". OK begin\r\n"}}, Upgrade: "A2 STARTTLS"},
	"pop3": {Greeting: "+OK ready\r\n", Answers: [][2]string{{"CAPA", "+OK\r\nUSER\r\nSTLS\r\n.\r\n"}, {"STLS\r\n", "+OK begin\r\n"}}, Upgrade: "STLS\r\n"},
	"ftp": {Greeting: "220-hello\r\n there\r\n220 FTP ready\r\n", Answers: [][2]string{
		{"AUTH TLS", "234 go ahead\r\n"}, {"FEAT", "211-\r\n AUTH TLS\r\n211 end\r\n"}}, Upgrade: "AUTH TLS"},
	"ldap":     {Answers: [][2]string{{ldapStartTLS, ldapAnswer}}, Upgrade: ldapStartTLS},
	"postgres": {Answers: [][2]string{{"\x04\xd2\x16\x2f", "S"}}, Upgrade: "\x04\xd2\x16\x2f"},
	"mysql":    {Greeting: mysqlGreeting("\xff\xff"), Answers: [][2]string{{"\x00\x00\x01", ""}}, Upgrade: "\x00\x00\x01", Exact: 36},
	"xmpp": {Answers: [][2]string{
		{"<STARTTLS", "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"},
		{"<STREAM:STREAM", stream + "<stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls>" +
			"<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>PLAIN</mechanism></mechanisms></stream:features>"}}, Upgrade: "<STARTTLS"},
	"xmpp-server": {Answers: [][2]string{
		{"<STARTTLS", "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'></proceed>"},
		{"JABBER:SERVER", strings.Replace(stream, "client", "server", 1) + "<stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/></stream:features>"}}, Upgrade: "<STARTTLS"},
}

func startTLS(t *testing.T, dialect, address string, o Options) *Result {
	t.Helper()
	r, err := Probe(context.Background(), Target{Address: address, SNI: "example.com", StartTLS: dialect}, o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func stateOf(r *Result, v Version) State {
	for _, p := range r.Protocols {
		if p.Version == v {
			return p.State
		}
	}
	return ""
}

func TestStartTLS(t *testing.T) {
	auth := []string{"smtp", "pop3", "xmpp"}
	for _, name := range Dialects() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := startTLS(t, name, play(t, offering[name]), Options{})
			want := &Plaintext{Protocol: name, StartTLS: Offered, Auth: slices.Contains(auth, name)}
			if diff := cmp.Diff(want, r.Plaintext); diff != "" {
				t.Error(diff)
			}
			if stateOf(r, TLS13) != Offered || stateOf(r, TLS12) != Offered || stateOf(r, TLS11) != NotOffered || len(r.Certificates) == 0 || len(r.Unknown) > 0 {
				t.Errorf("%+v\n%+v", r.Protocols, r.Unknown)
			}
		})
	}
}

// TestStartTLSResponders has another client say that the servers of these tests are right.
func TestStartTLSResponders(t *testing.T) {
	machine.Need(t, "openssl")
	for _, name := range Dialects() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := offering[name]
			if name == "imap" {
				s.Upgrade = ". STARTTLS"
			}
			ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
			defer cancel()
			c := exec.CommandContext(ctx, "openssl", "s_client", "-starttls", name, "-name", "example.com", "-connect", play(t, s))
			out, err := c.CombinedOutput()
			if !bytes.Contains(out, []byte("BEGIN CERTIFICATE")) {
				t.Errorf("%v: %s", err, out)
			}
		})
	}
}

func TestStartTLSNotOffered(t *testing.T) {
	for name, s := range map[string]tlstest.Script{
		"smtp":                   {Greeting: "220 mail.example.com ESMTP\r\n", Answers: [][2]string{{"EHLO", "250-mail\r\n250 AUTH=LOGIN\r\n"}}},
		"smtp without ESMTP":     {Greeting: "220 mail.example.com\r\n", Answers: [][2]string{{"EHLO", "502 what\r\n"}, {"NOOP", "250 yes\r\n"}}},
		"lmtp":                   {Greeting: "220 mail.example.com\r\n", Answers: [][2]string{{"LHLO", "250 mail\r\n"}}},
		"imap":                   {Greeting: "* OK\r\n", Answers: [][2]string{{"CAPABILITY", "* CAPABILITY IMAP4rev1\r\na1 OK\r\n"}}},
		"imap PREAUTH":           {Greeting: "* PREAUTH welcome\r\n"},
		"pop3":                   {Greeting: "+OK\r\n", Answers: [][2]string{{"CAPA", "+OK\r\nTOP\r\n.\r\n"}}},
		"pop3 without CAPA":      {Greeting: "+OK\r\n", Answers: [][2]string{{"CAPA", "-ERR\r\n"}, {"STLS", "-ERR unknown\r\n"}}},
		"ftp":                    {Greeting: "220 FTP\r\n", Answers: [][2]string{{"AUTH", "530 Please login with USER and PASS.\r\n"}}},
		"ldap":                   {Answers: [][2]string{{ldapStartTLS, "\x30\x0c\x02\x01\x01\x78\x07\x0a\x01\x02\x04\x00\x04\x00"}}},
		"postgres":               {Answers: [][2]string{{"\x04\xd2\x16\x2f", "N"}}},
		"mysql":                  {Greeting: mysqlGreeting("\xff\xf7")},
		"xmpp":                   {Answers: [][2]string{{"STREAM", stream + "<stream:features/>"}}},
		"xmpp-server before 1.0": {Answers: [][2]string{{"STREAM", strings.Replace(stream, " version='1.0'>", ">", 1)}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dialect := strings.Fields(name)[0]
			r := startTLS(t, dialect, play(t, s), Options{})
			if r.Plaintext == nil || r.Plaintext.Protocol != dialect || r.Plaintext.StartTLS != NotOffered {
				t.Errorf("%+v %+v", r.Plaintext, r.Unknown)
			}
			if stateOf(r, TLS13) != Unknown { // nothing was asked
				t.Errorf("%+v", r.Protocols)
			}
			if r.Connections > 4 {
				t.Errorf("%d connections", r.Connections)
			}
			if auth := dialect == "ftp" || name == "smtp" || name == "imap"; r.Plaintext != nil && r.Plaintext.Auth != auth {
				t.Errorf("%+v", r.Plaintext)
			}
		})
	}
}

func TestStartTLSUnknown(t *testing.T) {
	smtp := [2]string{"EHLO", "250-mail\r\n250 STARTTLS\r\n"}
	for _, test := range []struct {
		name, dialect, protocol, detail string
		s                               tlstest.Script
	}{
		{"for now", "smtp", "smtp", `STARTTLS was answered with "454 no key"`, tlstest.Script{Greeting: "220 ESMTP\r\n", Answers: [][2]string{smtp, {"STARTTLS", "454 no key\r\n"}}}},
		{"too many", "smtp", "smtp", `the connection was answered with "421 later"`, tlstest.Script{Greeting: "421 later\r\n"}},
		{"bye", "imap", "imap", `the connection was answered with "* BYE later"`, tlstest.Script{Greeting: "* BYE later\r\n"}},
		{"refused", "imap", "imap", `STARTTLS was answered with "NO not now"`, tlstest.Script{Greeting: "* OK\r\n", Answers: [][2]string{
			{"CAPABILITY", "* CAPABILITY LOGINDISABLED STARTTLS\r\na1 OK\r\n"}, {"STARTTLS", "a2 NO not now\r\n"}}}},
		{"refused", "pop3", "pop3", `STLS was answered with "-ERR no"`, tlstest.Script{Greeting: "+OK\r\n", Answers: [][2]string{{"CAPA", "+OK\r\nSTLS\r\n.\r\n"}, {"STLS", "-ERR no\r\n"}}}},
		{"431", "ftp", "ftp", `AUTH TLS was answered with "431 no"`, tlstest.Script{Greeting: "220 FTP\r\n", Answers: [][2]string{{"AUTH", "431 no\r\n"}}}},
		{"unavailable", "ldap", "ldap", `StartTLS was answered with "result 52 no"`, tlstest.Script{Answers: [][2]string{{ldapStartTLS, "\x30\x0e\x02\x01\x01\x78\x09\x0a\x01\x34\x04\x00\x04\x02no"}}}},
		{"notice", "ldap", "ldap", `StartTLS was answered with "message 0, result 52 "`, tlstest.Script{Answers: [][2]string{{ldapStartTLS, "\x30\x0c\x02\x01\x00\x78\x07\x0a\x01\x34\x04\x00\x04\x00"}}}},
		{"error", "postgres", "postgres", `SSLRequest was answered with "an error"`, tlstest.Script{Answers: [][2]string{{"\x04\xd2", "E\x00\x00\x00\x10SFATAL\x00C53300\x00"}}}},
		{"too many", "mysql", "mysql", `the connection was answered with "error 1040"`, tlstest.Script{Greeting: "\x17\x00\x00\x00\xff\x10\x04Too many connections"}},
		{"failure", "xmpp", "xmpp", `starttls was answered with "failure"`, tlstest.Script{Answers: [][2]string{{"<STARTTLS", "<failure xmlns='urn:ietf:params:xml:ns:xmpp-tls'/></stream:stream>"},
			{"STREAM", stream + "<stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/></stream:features>"}}}},
		{"error", "xmpp", "xmpp", `the stream was answered with "error host-unknown"`, tlstest.Script{Answers: [][2]string{{"STREAM", stream +
			"<stream:error><host-unknown xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error></stream:stream>"}}}},
		{"ssh", "smtp", "ssh", "the server speaks ssh", tlstest.Script{Greeting: "SSH-2.0-OpenSSH_9.2\r\n"}},
		{"imap", "pop3", "imap", "the server speaks imap", tlstest.Script{Greeting: "* OK\r\n"}},
		{"ftp", "smtp", "ftp", "the server speaks ftp", tlstest.Script{Greeting: "220 FTP\r\n", Answers: [][2]string{{"EHLO", "500 what\r\n"}, {"NOOP", "200 yes\r\n"}}}},
		{"ftp in disguise", "smtp", "smtp", "the server does not speak it", tlstest.Script{Greeting: "220 hello\r\n", Answers: [][2]string{{"EHLO", "500 what\r\n"}, {"NOOP", "530 login\r\n"}}}},
		{"smtp in disguise", "ftp", "ftp", "the server does not speak it", tlstest.Script{Greeting: "220 hello\r\n", Answers: [][2]string{{"AUTH", "502 what\r\n"}, {"NOOP", "250 yes\r\n"}}}},
		{"mysql", "smtp", "mysql", "the server speaks mysql", tlstest.Script{Greeting: mysqlGreeting("\xff\xff") + "\r\n"}},
		{"tls", "ldap", "tls", "the server speaks tls", tlstest.Script{Answers: [][2]string{{ldapStartTLS, "\x15\x03\x03\x00\x02\x02\x46"}}}},
		{"http", "postgres", "http", "the server speaks http", tlstest.Script{Answers: [][2]string{{"\x04\xd2", "HTTP/1.1 400 Bad Request\r\n\r\n"}}}},
	} {
		t.Run(test.dialect+" "+test.name, func(t *testing.T) {
			t.Parallel()
			r := startTLS(t, test.dialect, play(t, test.s), Options{Timeout: 2 * time.Second, Patience: 1})
			if diff := cmp.Diff(&Plaintext{Protocol: test.protocol, StartTLS: Unknown}, r.Plaintext); diff != "" {
				t.Error(diff)
			}
			if want := "starttls " + test.dialect + ": " + test.detail; len(r.Unknown) == 0 || r.Unknown[0].Detail != want || r.Unknown[0].End != EndUnreachable {
				t.Errorf("%+v, want %s", r.Unknown, want)
			}
		})
	}
}

// TestStartTLSHostile has servers that go on for ever, or no further.
func TestStartTLSHostile(t *testing.T) {
	endless := func(s string) func(net.Conn) {
		return func(c net.Conn) {
			b := []byte(strings.Repeat(s, 1+4096/len(s)))
			for {
				if _, err := c.Write(b); err != nil {
					return
				}
			}
		}
	}
	half := func(s string) func(net.Conn) {
		return func(c net.Conn) {
			io.WriteString(c, s)
			io.Copy(io.Discard, c)
		}
	}
	roles := map[string]func(net.Conn){
		"closes":      func(net.Conn) {},
		"is silent":   half(""),
		"endless 220": endless("220-hello\r\n"), "endless 120": endless("120 hello\r\n"), "endless line": endless("2"), "endless IMAP": endless("* OK yes\r\n"),
		"endless POP3": endless("+OK\r\n"), "endless XML": endless(stream + "<stream:features>"), "endless nesting": endless("<a>"), "endless zeros": endless("\x00"),
		"endless BER": endless("\x30\x83\xff\xff\xff"), "endless MySQL": endless("\xff\xff\xff\x00\x0a"), "endless newlines": endless("\n"),
		"no newline": half("220 ready"), "half a line": half("22"), "half a greeting": half("220-ready\r\n"), "half a tag": half("* "), "half BER": half("\x30\x84\x00"),
		"half a packet": half("\x4a\x00\x00\x00\x0a8.0"), "half XML": half("<?xml version='1.0'?><stream:stream "), "half an entity": half("<?xml version='1.0'?><!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;"),
	}
	for _, dialect := range Dialects() {
		t.Run(dialect, func(t *testing.T) {
			t.Parallel()
			var wg sync.WaitGroup
			for name, role := range roles {
				address := tlstest.Listen(t, role)
				wg.Go(func() {
					r, err := Probe(context.Background(), Target{Address: address, StartTLS: dialect}, Options{Timeout: 500 * time.Millisecond, Patience: 1})
					mute := name == "closes" || name == "is silent" // of which nothing is known
					if err != nil || mute != (r.Plaintext == nil) || !mute && r.Plaintext.StartTLS != Unknown || stateOf(r, TLS13) != Unknown || len(r.Unknown) == 0 {
						t.Errorf("%s: %+v %+v %v", name, r.Plaintext, r.Unknown, err)
					}
				})
			}
			wg.Wait()
		})
	}
}

func TestStartTLSPipelined(t *testing.T) {
	for _, name := range []string{"smtp", "imap", "pop3", "ftp", "postgres", "xmpp", "ldap"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := offering[name]
			s.Answers = slices.Clone(s.Answers)
			for i, a := range s.Answers {
				if a[0] == s.Upgrade {
					s.Answers[i][1] += "250 injected\r\n"
				}
			}
			r := startTLS(t, name, play(t, s), Options{})
			if r.Plaintext == nil || !r.Plaintext.Pipelined || r.Plaintext.StartTLS != Offered || stateOf(r, TLS13) != Offered {
				t.Errorf("%+v %+v", r.Plaintext, r.Unknown)
			}
		})
	}
}

func TestStartTLSNotKnown(t *testing.T) {
	if _, err := Probe(context.Background(), Target{Address: "127.0.0.1:1", StartTLS: "gopher"}, Options{}); err == nil || !strings.Contains(err.Error(), "gopher") {
		t.Error(err)
	}
}
