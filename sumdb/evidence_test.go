// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package sumdb

import (
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/module"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/goassay/assay/sumdb/sumdbtest"
)

// Each form is told by its first line, and shown to hold by a log that is
// trusted, and by no other.
func TestCheckEvidence(t *testing.T) {
	tree := sumdbtest.NewTree(t, 300)
	srv := sumdbtest.Serve(t, tree)
	log, err := ParseLog(srv.GOSUMDB())
	if err != nil {
		t.Fatal(err)
	}
	other, err := ParseLog(tree.Resign(t).Key)
	if err != nil {
		t.Fatal(err)
	}
	stranger, err := ParseLog("sum.golang.org")
	if err != nil {
		t.Fatal(err)
	}
	res := verify(t, &Verifier{Log: log, Fetcher: srv}, []module.Version{sumdbtest.Module(7), sumdbtest.Module(299)})
	proof := res.Answers[0].Record.Proof
	single, err := proof.MarshalText()
	if err != nil {
		t.Fatal(err)
	}
	bundle := marshalBundle(t, log, res)
	first, err := log.OpenCheckpoint(tree.Signed(10))
	if err != nil {
		t.Fatal(err)
	}
	second, err := log.OpenCheckpoint(tree.Fork(3, 10).Signed(10))
	if err != nil {
		t.Fatal(err)
	}
	forked, err := NewForkProof(log, first, second, nil)
	if err != nil {
		t.Fatal(err)
	}
	fork, err := forked.MarshalText()
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		data    []byte
		records int
	}{"proof": {single, 1}, "bundle": {bundle, 2}, "fork": {fork, 0}} {
		shown, err := CheckEvidence(tt.data, []*Log{stranger, other, log})
		if err != nil || shown.Log != log || shown.Records != tt.records || (shown.Fork != nil) != (name == "fork") {
			t.Errorf("%s: %+v, %v", name, shown, err)
		}
		for _, trusted := range [][]*Log{nil, {stranger}, {other}} {
			var invalid *InvalidEvidenceError
			if shown, err := CheckEvidence(tt.data, trusted); !errors.As(err, &invalid) || shown != nil {
				t.Errorf("%s, nobody who signed it is trusted: %+v, %v", name, shown, err)
			}
		}
		for i := range tt.data {
			bad := append([]byte(nil), tt.data...)
			bad[i] ^= 1
			if shown, err := CheckEvidence(bad, []*Log{log}); err == nil {
				t.Fatalf("%s: byte %d: %+v", name, i, shown)
			}
		}
	}
	// A record about two modules proves neither.
	text := []byte(strings.ReplaceAll(sumdbtest.Text(7), "/go.mod", "1/go.mod"))
	two := tree.Replace(7, string(text))
	hashes, err := tlog.ProveRecord(300, 7, two)
	if err != nil {
		t.Fatal(err)
	}
	mixed, err := (&Proof{ID: 7, Text: text, Hashes: hashes, Checkpoint: two.Signed(300)}).MarshalText()
	if err != nil {
		t.Fatal(err)
	}
	if shown, err := CheckEvidence(mixed, []*Log{log}); err == nil {
		t.Errorf("%+v", shown)
	}
	for _, data := range []string{"", "\n", "assay.sumdb-bundle/v2\n", "go.sum database tree\n"} {
		if _, err := CheckEvidence([]byte(data), []*Log{log}); err == nil {
			t.Errorf("%q", data)
		}
	}
}

func marshalBundle(t *testing.T, log *Log, res *Result) []byte {
	t.Helper()
	var proofs []*Proof
	for _, a := range res.Answers {
		proofs = append(proofs, a.Record.Proof)
	}
	b, err := NewBundle(log, proofs, nil, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	text, err := b.MarshalText()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// A log that has two records of a module, and gives one to the go command and
// the other to assay.
func TestInspectDuplicate(t *testing.T) {
	evil := sumdbtest.EvilText(7)
	tree := sumdbtest.NewTree(t, 600).Replace(500, evil)
	srv := sumdbtest.Serve(t, tree)
	log, err := ParseLog(srv.GOSUMDB())
	if err != nil {
		t.Fatal(err)
	}
	cache := memoryCache{}
	v := &Verifier{Log: log, Fetcher: srv, Cache: cache}
	verify(t, v, []module.Version{sumdbtest.Module(7)})
	answer, err := tlog.FormatRecord(500, []byte(evil))
	if err != nil {
		t.Fatal(err)
	}
	dir := DirCache(t.TempDir())
	name, err := lookupPath(sumdbtest.Module(7))
	if err != nil {
		t.Fatal(err)
	}
	if err := dir.Write(name, append(answer, tree.Signed(600)...)); err != nil {
		t.Fatal(err)
	}
	in := inspect(t, v, os.DirFS(string(dir)))
	if len(in.Problems) > 0 || in.Verified != 1 || len(in.Violations) != 1 || in.Violations[0].Kind != Duplicate || len(in.Violations[0].Evidence) != 2 {
		t.Errorf("%+v", in)
	}
	// One that is not in the tree is forged, and nobody has a duplicate.
	cache[name] = append([]byte("501\n"+evil+"\n"), tree.Signed(600)...)
	if in := inspect(t, v, os.DirFS(string(dir))); len(in.Violations) != 0 || in.Verified != 1 {
		t.Errorf("%+v", in)
	}
	// Offline, with no tiles at hand, nothing is said.
	cache = memoryCache{name: append([]byte("7\n"+sumdbtest.Text(7)+"\n"), tree.Signed(600)...)}
	if in := inspect(t, &Verifier{Log: log, Cache: cache}, os.DirFS(string(dir))); len(in.Violations) != 0 || len(in.Problems) != 1 || in.Problems[0].State != FileUnchecked {
		t.Errorf("%+v", in)
	}
}
