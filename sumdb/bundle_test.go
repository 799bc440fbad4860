// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package sumdb

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/goassay/assay/internal/machine"
	"github.com/goassay/assay/sumdb/sumdbtest"
)

// goSumLines are the lines of a module version in go.sum.
func goSumLines(i int) []string {
	return strings.Split(strings.TrimSuffix(recordText(mod(i)), "\n"), "\n")
}

// testBundle is a bundle of some records of a log of 300, with two subjects.
func testBundle(t testing.TB) (*Log, *Bundle) {
	t.Helper()
	srv, log := newLog(t, 300)
	res := verify(t, &Verifier{Log: log, Fetcher: httpFetcher(srv.URL)}, mods(3, 4, 77, 256, 299))
	var proofs []*Proof
	for _, a := range res.Answers {
		proofs = append(proofs, a.Record.Proof)
	}
	slices.Reverse(proofs) // in no order, and one twice
	b, err := NewBundle(log, append(proofs, proofs[0]), []Subject{
		{Kind: "go.sum", Digest: "sha256:" + strings.Repeat("0a", 32), Name: "go.sum", Lines: append(goSumLines(3), goSumLines(77)...)},
		{Kind: "binary", Digest: "sha256:" + strings.Repeat("b0", 32), Name: "out/a \"b\"\n", Lines: goSumLines(299)[:1], Unproven: []Unproven{{"private", "corp.example/m v1.0.0 h1:abc"}, {"no-hash", "corp.example/n v1.0.0"}}},
	}, time.Date(2026, 11, 26, 1, 2, 3, 4, time.FixedZone("x", 3600)))
	if err != nil {
		t.Fatal(err)
	}
	return log, b
}

// testTime is when the head of a bundle was seen.
var testTime = time.Date(2026, 11, 26, 0, 2, 3, 0, time.UTC)

func TestBundle(t *testing.T) {
	log, b := testBundle(t)
	text, err := b.MarshalText()
	if err != nil {
		t.Fatal(err)
	}
	e, err := OpenEvidence(text)
	if err != nil {
		t.Fatal(err)
	}
	got := e.(*Bundle)
	cp, err := got.Verify(log)
	if err != nil || cp.Size != 300 {
		t.Fatalf("%v %v", cp, err)
	}
	again, err := got.MarshalText()
	if err != nil || string(again) != string(text) {
		t.Errorf("written again it is another: %v", err)
	}
	if len(got.Subjects) != 2 || got.Subjects[1].Name != b.Subjects[1].Name || len(got.Subjects[1].Unproven) != 2 || got.Seen.Hour() != 0 || len(got.Records) != 5 {
		t.Errorf("%+v", got)
	}
}

// Every bit matters, and the error says where it is.
func TestBundleEveryBit(t *testing.T) {
	machine.Long(t, "verifies a bundle once for each of its bits")
	log, b := testBundle(t)
	text, err := b.MarshalText()
	if err != nil {
		t.Fatal(err)
	}
	everyBit(t, log, text)
}

func everyBit(t *testing.T, log *Log, text []byte) {
	t.Helper()
	check := func(data []byte) error {
		e, err := OpenEvidence(data)
		if err != nil {
			return err
		}
		switch e := e.(type) {
		case *Bundle:
			_, err = e.Verify(log)
		case *ForkProof:
			_, _, err = e.Verify(log)
		case *Proof:
			_, _, err = e.Verify(log, recordModule(e.Text))
		}
		return err
	}
	if err := check(text); err != nil {
		t.Fatal(err)
	}
	parts := map[string]int{}
	for i := range len(text) * 8 {
		data := slices.Clone(text)
		data[i/8] ^= 1 << (i % 8)
		err := check(data)
		if err == nil {
			t.Fatalf("bit %d of byte %d (%q) goes unnoticed", i%8, i/8, text[max(i/8-20, 0):min(i/8+20, len(text))])
		}
		var invalid *InvalidEvidenceError
		if errors.As(err, &invalid) {
			if invalid.Part == "" {
				t.Errorf("byte %d: %v", i/8, err)
			}
			parts[strings.Fields(invalid.Part)[0]]++
		}
	}
	for i := range text {
		if check(text[:i]) == nil || check(append(slices.Clone(text), text[i])) == nil {
			t.Fatalf("cut at %d, or one more byte: no error", i)
		}
	}
	t.Log(parts)
}

func TestProofEveryBit(t *testing.T) {
	srv, log := newLog(t, 300)
	res := verify(t, &Verifier{Log: log, Fetcher: httpFetcher(srv.URL)}, mods(77))
	text, err := res.Answers[0].Record.Proof.MarshalText()
	if err != nil {
		t.Fatal(err)
	}
	everyBit(t, log, text)
}

// Bundles that are well-formed and lie.
func TestBundleLies(t *testing.T) {
	log, _ := testBundle(t)
	other, err := ParseLog(func() string { _, v := sumdbtest.Key(t); return v }())
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]func(b *Bundle){
		"record":            func(b *Bundle) { b.Records[0].Text = []byte(recordText(mod(5))) },
		"record of two":     func(b *Bundle) { b.Records[0].Text = append(b.Records[0].Text, recordText(mod(5))...) },
		"empty record":      func(b *Bundle) { b.Records[0].Text = nil },
		"record's number":   func(b *Bundle) { b.Records[0].ID++; b.Records[1].ID += 2 },
		"order":             func(b *Bundle) { b.Records[0], b.Records[1] = b.Records[1], b.Records[0] },
		"record twice":      func(b *Bundle) { b.Records = append(b.Records, b.Records[4]) },
		"record left out":   func(b *Bundle) { b.Records = b.Records[1:] },
		"beyond":            func(b *Bundle) { b.Records[4].ID = 300 },
		"negative":          func(b *Bundle) { b.Records[0].ID = -1 },
		"hash":              func(b *Bundle) { b.Hashes[2][0] ^= 1 },
		"hash more":         func(b *Bundle) { b.Hashes = append(b.Hashes, b.Hashes[0]) },
		"hash less":         func(b *Bundle) { b.Hashes = b.Hashes[1:] },
		"subject's hash":    func(b *Bundle) { b.Subjects[0].Lines[0] += "x" },
		"subject's module":  func(b *Bundle) { b.Subjects[0].Lines[0] = goSumLines(9)[0] },
		"mismatch unproven": func(b *Bundle) { b.Subjects[1].Unproven[0].Line = cutLast(goSumLines(3)[0]) + " h1:DIFFERENT" },
		"known as unproven": func(b *Bundle) { b.Subjects[1].Unproven[0].Line = goSumLines(77)[1] },
		"many subjects":     func(b *Bundle) { b.Subjects = slices.Repeat(b.Subjects, maxSubjects) },
		"unproven as known": func(b *Bundle) { b.Subjects[1].Lines = append(b.Subjects[1].Lines, b.Subjects[1].Unproven[0].Line) },
		"key":               func(b *Bundle) { b.Key = other.Key },
		"head": func(b *Bundle) {
			b.Checkpoint = []byte(strings.Replace(string(b.Checkpoint), "\n300\n", "\n301\n", 1))
		},
	}
	for name, lie := range tests {
		log, b := testBundle(t)
		lie(b)
		if _, err := b.Verify(log); err == nil {
			t.Errorf("%s: verified", name)
		}
		text, err := b.MarshalText()
		if err != nil {
			continue
		}
		if e, err := OpenEvidence(text); err == nil {
			if _, err := e.(*Bundle).Verify(log); err == nil {
				t.Errorf("%s: verified after a way through its text", name)
			}
		}
	}
	_, b := testBundle(t)
	if _, err := b.Verify(log); err == nil {
		t.Error("another log's key of the same name passes")
	}
}

// A last line that is no digest is an error in whatever is read, and not what is
// missing in evidence that was made.
func TestTrailer(t *testing.T) {
	log, b := testBundle(t)
	bundle, err := b.MarshalText()
	if err != nil {
		t.Fatal(err)
	}
	tree := sumdbtest.NewTree(t, 10)
	forkLog, err := ParseLog(tree.Key)
	if err != nil {
		t.Fatal(err)
	}
	f := &ForkProof{Key: forkLog.Key, First: tree.Signed(10), Second: tree.Fork(3, 10).Signed(10)}
	forked, err := f.MarshalText()
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string][]byte{"bundle": bundle, "fork": forked} {
		trusted := []*Log{log, forkLog}
		if _, err := CheckEvidence(text, trusted); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		at := len(text) - 65
		digest := string(text[at : at+64])
		for _, last := range []string{
			"", " ", "-", digest[1:], digest + "0", strings.ToUpper(digest), " " + digest, digest + " ", strings.Repeat("0", 64), strings.Repeat("g", 64), digest + "\n",
		} {
			bad := append(slices.Clone(text[:at]), last+"\n"...)
			_, err := CheckEvidence(bad, trusted)
			var invalid *InvalidEvidenceError
			if !errors.As(err, &invalid) || invalid.Part != "digest" {
				t.Errorf("%s ends in %q: %v", name, last, err)
			}
		}
	}
	edited := strings.Replace(string(bundle), "seen 2026", "seen 2025", 1)
	if _, err := CheckEvidence([]byte(edited[:len(edited)-65]+"\n"), []*Log{log}); err == nil {
		t.Error("without its digest, another time goes unnoticed")
	}
}

func TestNewBundleErrors(t *testing.T) {
	srv, log := newLog(t, 300)
	prove := func(i int) *Proof {
		return verify(t, &Verifier{Log: log, Fetcher: httpFetcher(srv.URL)}, mods(i)).Answers[0].Record.Proof
	}
	a, b := prove(3), prove(4)
	otherText := *a
	otherText.Text = []byte(recordText(mod(9)))
	contradiction := *b
	contradiction.Hashes = slices.Clone(b.Hashes)
	contradiction.Hashes[8][0] ^= 1
	srv.Add(t, mod(300), recordText(mod(300)))
	later := prove(5)
	unsigned := *a
	unsigned.Checkpoint = []byte("x")
	for name, proofs := range map[string][]*Proof{
		"none": nil, "two texts": {a, &otherText}, "two heads": {a, later}, "contradiction": {a, &contradiction}, "unsigned": {&unsigned},
	} {
		if _, err := NewBundle(log, proofs, nil, time.Now()); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// The evidence of forks of every shape stands on its own; heads that are
// consistent are no evidence.
func TestForkProof(t *testing.T) {
	log, sign := keyedLog(t)
	ours := newMemoryTree(t, 70, word)
	theirs := newMemoryTree(t, 70, func(i int) string { return word(i + i/40) }) // parts from 40 on
	head := func(tree memoryTree, n int64) *Checkpoint {
		root, err := tlog.TreeHash(n, tree)
		if err != nil {
			t.Fatal(err)
		}
		cp, err := log.OpenCheckpoint(sign(tlog.Tree{N: n, Hash: root}))
		if err != nil {
			t.Fatal(err)
		}
		return cp
	}
	for a := int64(0); a <= 70; a += 5 {
		for b := int64(1); b <= 70; b += 3 {
			x, y := head(ours, a), head(theirs, b)
			tree := theirs
			if a > b {
				tree = ours
			}
			f, err := NewForkProof(log, x, y, tree)
			if err != nil {
				t.Fatal(err)
			}
			text, err := f.MarshalText()
			if err != nil {
				t.Fatal(err)
			}
			e, err := OpenEvidence(text)
			if err != nil {
				t.Fatal(err)
			}
			first, second, err := e.(*ForkProof).Verify(log)
			if forked := min(a, b) > 40; forked != (err == nil) || !forked && !errors.Is(err, ErrConsistent) {
				t.Fatalf("%d and %d: %v", a, b, err)
			} else if forked && (first.Size != min(a, b) || second.Size != max(a, b)) {
				t.Errorf("%d and %d: %d and %d", a, b, first.Size, second.Size)
			}
		}
	}
	f, err := NewForkProof(log, head(ours, 50), head(theirs, 60), theirs)
	if err != nil {
		t.Fatal(err)
	}
	text, err := f.MarshalText()
	if err != nil {
		t.Fatal(err)
	}
	everyBit(t, log, text)
	if _, err := NewForkProof(log, head(ours, 50), head(theirs, 60), nil); err == nil {
		t.Error("no tree, and no error")
	}
	for _, head := range []*[]byte{&f.First, &f.Second} {
		was := *head
		*head = fmt.Appendf(slices.Clone(was), "— other.example AAAAAAAA\n")
		if _, _, err := f.Verify(log); !errors.Is(err, errOwnNote) {
			t.Errorf("a signature that nothing covers: %v", err)
		}
		*head = was
	}
	// The smaller tree's hashes do not make the larger one's root.
	wrong, err := NewForkProof(log, head(ours, 50), head(theirs, 60), ours)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := wrong.Verify(log); err == nil || errors.Is(err, ErrConsistent) {
		t.Errorf("hashes of another tree: %v", err)
	}
	wrong.First, wrong.Second = wrong.Second, wrong.First
	if _, _, err := wrong.Verify(log); err == nil {
		t.Error("in the wrong order")
	}
	f, err = NewForkProof(log, head(ours, 0), head(ours, 3), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := f.Verify(log); !errors.Is(err, ErrConsistent) {
		t.Errorf("an empty tree and another: %v", err)
	}
	f.Hashes = []tlog.Hash{{}}
	if _, _, err := f.Verify(log); err == nil {
		t.Error("hashes that nobody needs")
	}
}

// keyedLog is a log without a server, and its signer.
func keyedLog(t testing.TB) (*Log, func(tlog.Tree) []byte) {
	t.Helper()
	key, verifier := sumdbtest.Key(t)
	log, err := ParseLog(verifier)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := note.NewSigner(key)
	if err != nil {
		t.Fatal(err)
	}
	return log, func(tree tlog.Tree) []byte {
		signed, err := note.Sign(&note.Note{Text: string(tlog.FormatTree(tree))}, signer)
		if err != nil {
			t.Fatal(err)
		}
		return signed
	}
}

// manyProofs are proofs of n records spread over a tree of size records.
func manyProofs(t testing.TB, size, n int) (*Log, []*Proof) {
	t.Helper()
	log, sign := keyedLog(t)
	text := func(i int) string { return recordText(mod(i)) }
	tree := newMemoryTree(t, size, text)
	root, err := tlog.TreeHash(int64(size), tree)
	if err != nil {
		t.Fatal(err)
	}
	signed := sign(tlog.Tree{N: int64(size), Hash: root})
	var proofs []*Proof
	for i := range n {
		id := int64(i) * int64(size) / int64(n)
		hashes, err := tlog.ProveRecord(int64(size), id, tree)
		if err != nil {
			t.Fatal(err)
		}
		proofs = append(proofs, &Proof{ID: id, Text: []byte(text(int(id))), Hashes: hashes, Checkpoint: signed})
	}
	return log, proofs
}

// A bundle is much smaller than the proofs that it is made of.
func TestBundleSize(t *testing.T) {
	log, proofs := manyProofs(t, 100_000, 1000)
	b, err := NewBundle(log, proofs, nil, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.Verify(log); err != nil {
		t.Fatal(err)
	}
	text, err := b.MarshalText()
	if err != nil {
		t.Fatal(err)
	}
	single := 0
	for _, p := range proofs {
		one, err := p.MarshalText()
		if err != nil {
			t.Fatal(err)
		}
		single += len(one)
	}
	if len(text)*2 > single {
		t.Errorf("%d bytes, single proofs %d", len(text), single)
	}
}

// BenchmarkBundle makes, writes, reads and verifies bundles.
func BenchmarkBundle(b *testing.B) {
	for _, n := range []int{1, 100, 1000, 10_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			log, proofs := manyProofs(b, 100_000, n)
			size := 0
			for b.Loop() {
				bundle, err := NewBundle(log, proofs, nil, time.Now())
				if err != nil {
					b.Fatal(err)
				}
				text, err := bundle.MarshalText()
				if err != nil {
					b.Fatal(err)
				}
				e, err := OpenEvidence(text)
				if err != nil {
					b.Fatal(err)
				}
				if _, err := e.(*Bundle).Verify(log); err != nil {
					b.Fatal(err)
				}
				size = len(text)
			}
			b.ReportMetric(float64(size)/float64(n), "bytes/record")
		})
	}
}

func FuzzOpenEvidence(f *testing.F) {
	log, b := testBundle(f)
	text, err := b.MarshalText()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	fork := &ForkProof{Key: log.Key, First: b.Checkpoint, Second: b.Checkpoint, Hashes: b.Hashes}
	if text, err = fork.MarshalText(); err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	proof := &Proof{ID: 3, Text: b.Records[0].Text, Hashes: b.Hashes, Checkpoint: b.Checkpoint}
	if text, err = proof.MarshalText(); err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Fuzz(func(t *testing.T, data []byte) {
		e, err := OpenEvidence(data)
		if err != nil {
			return
		}
		switch e := e.(type) {
		case *Bundle:
			if !strings.HasPrefix(string(data), string(e.body())) {
				t.Error("written again it is another")
			}
			e.Verify(log)
		case *ForkProof:
			if !strings.HasPrefix(string(data), string(e.body())) {
				t.Error("written again it is another")
			}
			e.Verify(log)
		case *Proof:
			e.Verify(log, recordModule(e.Text))
		}
	})
}
