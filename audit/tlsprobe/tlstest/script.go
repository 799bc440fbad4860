// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package tlstest

import (
	"bytes"
	"crypto/tls"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
)

// A Script is what a server says in clear.
type Script struct {
	Greeting string
	Answers  [][2]string // to what contains the first, in whatever case, the second
	Upgrade  string      // after the answer to which TLS begins
	Exact    int         // bytes of what is read before an answer; 0: what comes
}

// Play plays a script, and serves TLS after it.
func Play(t testing.TB, s Script, config *tls.Config) string {
	t.Helper()
	return Listen(t, func(c net.Conn) {
		io.WriteString(c, s.Greeting)
		for {
			buf := make([]byte, 4096)
			n, err := c.Read(buf)
			if err != nil {
				return
			}
			said := string(buf[:n])
			i := slices.IndexFunc(s.Answers, func(a [2]string) bool { return strings.Contains(strings.ToUpper(said), strings.ToUpper(a[0])) })
			if i < 0 {
				continue
			}
			io.WriteString(c, s.Answers[i][1])
			if s.Answers[i][0] != s.Upgrade {
				continue
			}
			var rest []byte
			if s.Exact > 0 && n > s.Exact {
				rest = buf[s.Exact:n]
			}
			server := tls.Server(&readAhead{c, io.MultiReader(bytes.NewReader(rest), c)}, config)
			if server.Handshake() == nil {
				io.Copy(io.Discard, server)
			}
			return
		}
	})
}

// readAhead is a connection of which something was read already.
type readAhead struct {
	net.Conn
	r io.Reader
}

func (b *readAhead) Read(p []byte) (int, error) { return b.r.Read(p) }
