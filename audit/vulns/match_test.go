// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package vulns

import (
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
)

func cpuTime() time.Duration {
	var r syscall.Rusage
	syscall.Getrusage(0, &r)
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}

func TestCost(t *testing.T) {
	start := cpuTime()
	var m1, m2 runtime.MemStats
	runtime.ReadMemStats(&m1)
	db, err := readArchive(t.Context(), stringsReader(snapshot), int64(len(snapshot)), Source{})
	if err != nil {
		t.Fatal(err)
	}
	t.Log("open", cpuTime()-start)
	start = cpuTime()
	var mods []Module
	n := 0
	for p := range db.modules {
		if n++; n%3 == 0 {
			mods = append(mods, Module{Path: p, Version: "v0.5.0"})
		}
	}
	mods = append(mods, Module{Path: Stdlib, Version: "go1.20"})
	a, err := db.Match(t.Context(), mods, Platform{})
	runtime.ReadMemStats(&m2)
	t.Log(len(mods), len(a.Vulnerabilities), "match", cpuTime()-start, (m2.TotalAlloc-m1.TotalAlloc)>>10, "KiB allocated", (m2.Sys-m1.Sys)>>10, err)
	start = cpuTime()
	if err := db.Verify(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Log("verify", cpuTime()-start)
}

func stringsReader(s string) *strings.Reader { return strings.NewReader(s) }
