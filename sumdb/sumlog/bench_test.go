// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

//go:build unix

package sumlog

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"syscall"
	"testing"
	"time"
)

// BenchmarkMillion appends a million records to a log, opens it as a server
// does, which verifies all of it, and asks for records over HTTP on loopback,
// the clients in the same process:
//
//	go test ./sumdb/sumlog -run '^$' -bench Million -benchtime 1x
//
// Figures are in docs/private-log.md.
func BenchmarkMillion(b *testing.B) {
	const size, batch = 1_000_000, 1000
	for b.Loop() {
		dir, _ := newLog(b, 0)
		w := openWriter(b, dir)
		start := time.Now()
		for n := 0; n < size; n += batch {
			if _, err := w.Append(records(n, n+batch)...); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(size/time.Since(start).Seconds(), "appended/s")
		start = time.Now()
		for n := range 100 {
			if _, err := w.Append(record(size + n)); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(100/time.Since(start).Seconds(), "single-appends/s")
		w.Close()
		onDisk := int64(0)
		for _, name := range []string{recordsFile, hashesFile} {
			info, err := os.Stat(filepath.Join(dir, name))
			if err != nil {
				b.Fatal(err)
			}
			onDisk += info.Size()
		}
		b.ReportMetric(float64(onDisk)/size, "disk-bytes/record")
		b.ReportMetric(0, "ns/op")

		runtime.GC()
		before := heap()
		start = time.Now()
		s := openStore(b, dir)
		b.ReportMetric(time.Since(start).Seconds(), "open-s")
		runtime.GC()
		b.ReportMetric(float64(heap()-before)/(1<<20), "heap-MiB")
		b.ReportMetric(lookups(b, s, size), "lookups/s")
		var u syscall.Rusage
		syscall.Getrusage(syscall.RUSAGE_SELF, &u)
		b.ReportMetric(float64(u.Maxrss)/1024, "max-rss-MiB")
	}
}

func heap() int64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// lookups asks for records at random for some seconds, by many clients.
func lookups(b *testing.B, s *Store, size int) float64 {
	b.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	server := NewServer(Handler(s, func(err error) { b.Error(err) }))
	go server.Serve(l)
	defer server.Close()
	const clients = 16
	transport := &http.Transport{MaxIdleConnsPerHost: clients}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport}
	var wg sync.WaitGroup
	var mu sync.Mutex
	total := 0
	start := time.Now()
	for range clients {
		wg.Go(func() {
			n := 0
			for ; time.Since(start) < 5*time.Second; n++ {
				m := record(rand.IntN(size)).Module
				resp, err := client.Get(fmt.Sprintf("http://%s/lookup/%s@%s", l.Addr(), m.Path, m.Version))
				if err != nil {
					b.Error(err)
					return
				}
				io.Copy(io.Discard, resp.Body)
				resp.Body.Close()
				if resp.StatusCode != http.StatusOK {
					b.Errorf("%v: %s", m, resp.Status)
				}
			}
			mu.Lock()
			total += n
			mu.Unlock()
		})
	}
	wg.Wait()
	return float64(total) / time.Since(start).Seconds()
}
