// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

//go:build unix

package sumdb

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/mod/module"
	"golang.org/x/mod/sumdb"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/goassay/assay/sumdb/sumdbtest"
)

// The figures of docs/performance.md that need no network:
//
//	go test ./sumdb -run '^$' -bench . -benchtime 10x

// benchSize is the size of the log: as many levels of tiles as sum.golang.org
// has, and as few bytes as a machine can hold.
const benchSize = 1_000_000

var bigTree *sumdbtest.Tree // made once: it takes a second

func benchTree(b *testing.B) *sumdbtest.Tree {
	b.Helper()
	if bigTree == nil {
		bigTree = sumdbtest.NewTree(b, benchSize)
	}
	return bigTree
}

// benchModules are n module versions anywhere in the log. Real ones lie closer
// together: the floor is lower for them.
func benchModules(n int) []module.Version {
	rng := rand.New(rand.NewPCG(1, 2))
	var out []module.Version
	for _, id := range rng.Perm(benchSize)[:n] {
		out = append(out, sumdbtest.Module(int64(id)))
	}
	return out
}

// processorTime is what this process has used, user and system.
func processorTime() time.Duration {
	var u syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// floor is the least number of requests that prove records: the head, each
// record, and each tile on the way from a record to the head.
func floor(size int64, ids []int64) int {
	need := map[tlog.Tile]bool{}
	add := func(indexes []int64) {
		for _, index := range indexes {
			t := tlog.TileForIndex(8, index)
			t.W = int(min(256, size>>(8*t.L)-t.N<<8))
			need[t] = true
		}
	}
	reader := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		add(indexes)
		return make([]tlog.Hash, len(indexes)), nil
	})
	tlog.TreeHash(size, reader)
	for _, id := range ids {
		tlog.ProveRecord(size, id, reader)
		for level, n := 0, id; size>>(8*(level+1)) > 0; level++ { // what proves the tiles themselves
			add([]int64{tlog.StoredHashIndex(8*level, n)})
			n >>= 8
		}
	}
	return 1 + len(ids) + len(need)
}

func moduleIDs(ms []module.Version) []int64 {
	var out []int64
	for _, m := range ms {
		var id int64
		fmt.Sscanf(m.Path, "example.com/m%d", &id)
		out = append(out, id)
	}
	return out
}

// BenchmarkVerify verifies 480 module versions of a log of a million, by this
// package and by the go command's client, golang.org/x/mod/sumdb: with a server
// in memory, which costs next to nothing, and with one that answers after
// 100 ms, all records at once. "again" has kept everything of before.
func BenchmarkVerify(b *testing.B) {
	srv := sumdbtest.Serve(b, benchTree(b))
	log, err := ParseLog(srv.GOSUMDB())
	if err != nil {
		b.Fatal(err)
	}
	ms := benchModules(480)
	least := floor(benchSize, moduleIDs(ms))
	assay := func(cache Cache) int {
		res, err := (&Verifier{Log: log, Fetcher: srv, Cache: cache, Concurrency: 1000}).Verify(context.Background(), ms)
		if err != nil || len(res.Violations) > 0 {
			b.Fatal(err, res.Violations)
		}
		for _, a := range res.Answers {
			if a.Record == nil {
				b.Fatal(a.Err)
			}
		}
		return res.Requests
	}
	reference := func() {
		client := sumdb.NewClient(&memoryOps{srv: srv, files: map[string][]byte{}})
		var wg sync.WaitGroup
		for _, m := range ms {
			wg.Go(func() {
				for _, version := range []string{m.Version, m.Version + "/go.mod"} {
					if lines, err := client.Lookup(m.Path, version); err != nil || len(lines) == 0 {
						b.Error(err)
					}
				}
			})
		}
		wg.Wait()
	}
	run := func(name string, delay time.Duration, f func()) {
		b.Run(name, func(b *testing.B) {
			srv.Delay(delay)
			defer srv.Delay(0)
			srv.Calls()
			start := processorTime()
			for b.Loop() {
				f()
			}
			b.ReportMetric(float64(processorTime()-start)/float64(b.N)/1e6, "cpu-ms/op")
			b.ReportMetric(float64(len(srv.Calls()))/float64(b.N), "requests/op")
			b.ReportMetric(float64(least), "floor")
		})
	}
	run("assay/memory", 0, func() { assay(memoryCache{}) })
	run("reference/memory", 0, reference)
	run("assay/100ms", 100*time.Millisecond, func() { assay(memoryCache{}) })
	run("reference/100ms", 100*time.Millisecond, reference)
	kept := memoryCache{}
	assay(kept)
	run("assay/memory/again", 0, func() { assay(kept) })
	run("assay/100ms/again", 100*time.Millisecond, func() { assay(kept) })
}

// BenchmarkRecords shows what a record costs among others, from the questions
// asked to the evidence checked: verified over a server in memory, put into a
// bundle, written, read, and checked as by somebody else.
func BenchmarkRecords(b *testing.B) {
	srv := sumdbtest.Serve(b, benchTree(b))
	log, err := ParseLog(srv.GOSUMDB())
	if err != nil {
		b.Fatal(err)
	}
	for _, n := range []int{1, 10, 100, 1000, 10_000} {
		ms := benchModules(n)
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			var verified, evidence time.Duration
			var bytes, requests int
			for b.Loop() {
				start := processorTime()
				res, err := (&Verifier{Log: log, Fetcher: srv}).Verify(context.Background(), ms)
				if err != nil || len(res.Violations) > 0 {
					b.Fatal(err, res.Violations)
				}
				verified += processorTime() - start
				requests = res.Requests
				start = processorTime()
				bytes = len(proveAndCheck(b, log, res))
				evidence += processorTime() - start
			}
			per := float64(b.N) * float64(n) * 1e3
			b.ReportMetric(float64(verified)/per, "verify-cpu-µs/record")
			b.ReportMetric(float64(evidence)/per, "evidence-cpu-µs/record")
			b.ReportMetric(float64(requests)/float64(n), "requests/record")
			b.ReportMetric(float64(bytes)/float64(n), "bytes/record")
		})
	}
}

// proveAndCheck makes a bundle of all records, and checks it.
func proveAndCheck(b *testing.B, log *Log, res *Result) []byte {
	b.Helper()
	var proofs []*Proof
	for _, a := range res.Answers {
		proofs = append(proofs, a.Record.Proof)
	}
	bundle, err := NewBundle(log, proofs, nil, time.Time{})
	if err != nil {
		b.Fatal(err)
	}
	text, err := bundle.MarshalText()
	if err != nil {
		b.Fatal(err)
	}
	if shown, err := CheckEvidence(text, []*Log{log}); err != nil || shown.Records != len(proofs) {
		b.Fatal(err)
	}
	return text
}
