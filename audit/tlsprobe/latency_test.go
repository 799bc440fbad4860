// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package tlsprobe

import (
	"testing"
	"time"

	"github.com/goassay/assay/audit/tlsprobe/tlstest"
)

// TestLatency tells how long the audit of an ordinary nginx takes that is 25 ms away. It
// asserts nothing of it: machines differ.
func TestLatency(t *testing.T) {
	w := ordinary.truth(t)
	directives := ordinary.directives(t, w)
	s := tlstest.Nginx(t, "server { listen LISTEN ssl; server_name example.com;\n"+directives+" return 200; }\n")
	const each = 25 * time.Millisecond
	near := time.Now()
	probe(t, s.Address, Options{})
	t.Logf("on loopback: %v", time.Since(near).Round(time.Millisecond))
	address := listen(t, tlstest.Delay(s.Address, each))
	start := time.Now()
	r := probe(t, address, Options{DialContext: tlstest.DelayedDial(2 * each)})
	t.Logf("with %v each way: %v, %d connections, %d hellos", each, time.Since(start).Round(time.Millisecond), r.Connections, r.Hellos)
}
