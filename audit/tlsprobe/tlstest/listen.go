// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package tlstest

import (
	"crypto/tls"
	"io"
	"net"
	"testing"
	"time"
)

// Listen starts a server on loopback that plays a role on each connection, until the test
// ends, and returns its address. The connection is closed behind the role.
func Listen(t testing.TB, role func(net.Conn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				c.SetDeadline(time.Now().Add(20 * time.Second))
				role(c)
			}()
		}
	}()
	return l.Addr().String()
}

// GoTLS starts a server of package crypto/tls that says nothing, and returns its address.
func GoTLS(t testing.TB, config *tls.Config) string {
	t.Helper()
	return Listen(t, func(c net.Conn) {
		server := tls.Server(c, config)
		defer server.Close()
		io.Copy(io.Discard, server)
	})
}
