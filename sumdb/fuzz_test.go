// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package sumdb

import (
	"bytes"
	"testing"

	"github.com/goassay/assay/sumdb/sumdbtest"
)

// What is opened is signed, is bounded, and is the same when it is written.
func FuzzCheckpoint(f *testing.F) {
	tree := sumdbtest.NewTree(f, 300)
	log, err := ParseLog(tree.Key)
	if err != nil {
		f.Fatal(err)
	}
	for _, size := range []int64{0, 1, 300} {
		f.Add(tree.Signed(size))
	}
	f.Add(append(tree.Signed(3), tree.Resign(f).Signed(3)...))
	f.Fuzz(func(t *testing.T, signed []byte) {
		cp, err := log.OpenCheckpoint(signed)
		if err != nil {
			return
		}
		if cp.Size > 300 || tree.Head(cp.Size).Hash != cp.Root {
			t.Errorf("a head that was never signed: %d %v", cp.Size, cp.Root)
		}
		if again, err := log.OpenCheckpoint(cp.Signed); err != nil || !bytes.Equal(again.Signed, cp.Signed) {
			t.Errorf("%v\n%s", err, cp.Signed)
		}
	})
}

// A kept head is read only under its own name.
func FuzzKeptHead(f *testing.F) {
	tree := sumdbtest.NewTree(f, 300)
	log, err := ParseLog(tree.Key)
	if err != nil {
		f.Fatal(err)
	}
	cp, err := log.OpenCheckpoint(tree.Signed(7))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(headName(cp), append([]byte("seen 2026-01-02T03:04:05Z\n\n"), cp.Signed...))
	f.Add(headName(cp), []byte("seen 2026-01-02T03:04:05Z\n\n"))
	f.Fuzz(func(t *testing.T, name string, data []byte) {
		head, err := parseHead(log, name, data)
		if err == nil && (headName(head.Checkpoint) != name || tree.Head(head.Size).Hash != head.Root) {
			t.Errorf("%s: %+v", name, head)
		}
	})
}

// What GOSUMDB may hold.
func FuzzParseLog(f *testing.F) {
	for _, value := range []string{
		"sum.golang.org", "sum.golang.google.cn", "off", "", "sum.golang.org https://proxy.example/sumdb",
		knownKeys["sum.golang.org"], knownKeys["sum.golang.org"] + " https://user:secret@sum.example", "a/../b+00000000+Aa",
	} {
		f.Add(value)
	}
	f.Fuzz(func(t *testing.T, value string) {
		log, err := ParseLog(value)
		if err != nil {
			return
		}
		again, err := ParseLog(log.Key)
		if err != nil || again.Name != log.Name || again.Verifier.KeyHash() != log.Verifier.KeyHash() {
			t.Errorf("%q: %v %v", value, again, err)
		}
	})
}
