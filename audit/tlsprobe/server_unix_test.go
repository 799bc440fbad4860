// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

//go:build unix

package tlsprobe

import (
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/goassay/assay/internal/machine"
)

// TestPython asks the servers of Python's library: one of SMTP without STARTTLS, and one
// of HTTP.
func TestPython(t *testing.T) {
	machine.Need(t, "python3")
	const python = "python3"
	t.Run("http.server", func(t *testing.T) {
		address := freePort(t)
		_, port, _ := net.SplitHostPort(address)
		c := exec.Command(python, "-m", "http.server", "--bind", "127.0.0.1", port)
		c.Dir = t.TempDir()
		run(t, c, address)
		if diff := cmp.Diff(&Plaintext{Protocol: "http"}, speaks(t, address, 2*time.Second).Plaintext); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("smtpd", func(t *testing.T) {
		if exec.Command(python, "-W", "ignore", "-c", "import smtpd").Run() != nil { // gone since Python 3.12
			t.Skip("Python has no smtpd since 3.12; its protocol is tried with the responders of TestStartTLSResponders too")
		}
		address := freePort(t)
		run(t, exec.Command(python, "-W", "ignore", "-m", "smtpd", "-n", "-c", "DebuggingServer", address), address)
		want := &Plaintext{Protocol: "smtp", StartTLS: NotOffered}
		if diff := cmp.Diff(want, speaks(t, address, 2*time.Second).Plaintext); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff(want, startTLS(t, "smtp", address, Options{}).Plaintext); diff != "" {
			t.Error(diff)
		}
	})
}

// postgresProgram finds a program of PostgreSQL, in PATH or where Debian keeps them.
func postgresProgram(t *testing.T, name string) string {
	t.Helper()
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/" + name)
	if err != nil {
		t.Fatal(err)
	}
	if len(found) > 0 {
		return found[len(found)-1]
	}
	machine.Need(t, name)
	return name
}

// TestPostgres asks PostgreSQL, with TLS and without.
func TestPostgres(t *testing.T) {
	initdb, postgres := postgresProgram(t, "initdb"), postgresProgram(t, "postgres")
	dir, err := os.MkdirTemp("", "pg")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	writePair(t, dir, selfSigned(t, "example.com"))
	attributes := &syscall.SysProcAttr{}
	if os.Getuid() == 0 { // as which it does not run
		u, err := user.Lookup("postgres")
		if err != nil {
			machine.Lacks(t, "the user postgres", err)
		}
		uid, _ := strconv.Atoi(u.Uid)
		gid, _ := strconv.Atoi(u.Gid)
		attributes.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
		for _, name := range []string{"", "cert.pem", "key.pem"} {
			if err := os.Chown(filepath.Join(dir, name), uid, gid); err != nil {
				t.Fatal(err)
			}
		}
	}
	command := func(name string, args ...string) *exec.Cmd {
		c := exec.Command(name, args...)
		c.Dir, c.SysProcAttr = dir, attributes
		return c
	}
	data := filepath.Join(dir, "data")
	if out, err := command(initdb, "-D", data, "-A", "reject", "-N").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	start := func(t *testing.T, more ...string) (address string) {
		address = freePort(t)
		_, port, _ := net.SplitHostPort(address)
		run(t, command(postgres, append([]string{"-D", data, "-k", dir, "-h", "127.0.0.1", "-p", port}, more...)...), address)
		return address
	}
	t.Run("without TLS", func(t *testing.T) {
		address := start(t)
		want := &Plaintext{Protocol: "postgres", StartTLS: NotOffered}
		if diff := cmp.Diff(want, speaks(t, address, 2*time.Second).Plaintext); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff(want, startTLS(t, "postgres", address, Options{}).Plaintext); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("with TLS", func(t *testing.T) {
		address := start(t, "-c", "ssl=on", "-c", "ssl_cert_file="+filepath.Join(dir, "cert.pem"), "-c", "ssl_key_file="+filepath.Join(dir, "key.pem"))
		want := &Plaintext{Protocol: "postgres", StartTLS: Offered}
		if diff := cmp.Diff(want, speaks(t, address, 2*time.Second).Plaintext); diff != "" {
			t.Error(diff)
		}
		r := startTLS(t, "postgres", address, Options{})
		if diff := cmp.Diff(want, r.Plaintext); diff != "" || stateOf(r, TLS13) != Offered || stateOf(r, TLS12) != Offered || stateOf(r, TLS11) != NotOffered {
			t.Errorf("%s%+v", diff, r.Unknown)
		}
	})
}
