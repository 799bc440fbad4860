// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package tlstest

import (
	"context"
	"io"
	"net"
	"time"
)

// Delay returns what handles connections so that they seem to go to a server far away:
// all that is sent arrives so much later, in both directions.
func Delay(address string, each time.Duration) func(net.Conn) {
	return func(client net.Conn) {
		server, err := net.Dial("tcp", address)
		if err != nil {
			return
		}
		defer server.Close()
		go func() {
			late(server, client, each)
			server.(*net.TCPConn).CloseWrite()
		}()
		late(client, server, each)
	}
}

// DelayedDial connects as one does to a server far away: it takes a round trip.
func DelayedDial(trip time.Duration) func(ctx context.Context, network, address string) (net.Conn, error) {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		time.Sleep(trip)
		return (&net.Dialer{}).DialContext(ctx, network, address)
	}
}

// late copies what it reads, each piece so much later than it came.
func late(w io.Writer, r io.Reader, each time.Duration) {
	type piece struct {
		due  time.Time
		data []byte
	}
	pieces := make(chan piece, 1024)
	go func() {
		defer close(pieces)
		for {
			b := make([]byte, 16<<10)
			n, err := r.Read(b)
			if n > 0 {
				pieces <- piece{time.Now().Add(each), b[:n]}
			}
			if err != nil {
				return
			}
		}
	}()
	for p := range pieces {
		time.Sleep(time.Until(p.due))
		if _, err := w.Write(p.data); err != nil {
			for range pieces { // so that the reader ends
			}
			return
		}
	}
}
