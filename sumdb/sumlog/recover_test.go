// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package sumlog

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/goassay/assay/internal/unprivileged"
)

// commitSteps are those of an append, in their order.
var commitSteps = []string{"begin", "hashes written", "hashes synced", "records written", "synced", "head written", "sealed", "head renamed"}

// killAt calls f, which ends at a step as a killed process does.
func killAt(t *testing.T, at string, f func()) {
	t.Helper()
	type killed struct{}
	old := step
	step = func(name string) {
		if name == at {
			panic(killed{})
		}
	}
	defer func() {
		step = old
		if r := recover(); r != (killed{}) {
			t.Fatalf("%q was never reached: %v", at, r)
		}
	}()
	f()
}

// killedAppend makes a log of 5 records and kills a writer that appends 3 more.
func killedAppend(t *testing.T, at string) (dir string) {
	t.Helper()
	dir, _ = newLog(t, 5)
	w := openWriter(t, dir)
	defer w.Close()
	killAt(t, at, func() { w.Append(records(5, 8)...) })
	return dir
}

// reopen appends the three records again, and says how many there were before.
func reopen(t *testing.T, dir string) (before int64, cut *Cut) {
	t.Helper()
	w := openWriter(t, dir)
	defer w.Close()
	before = w.Head().Size
	added, err := w.Append(records(5, 8)...)
	if err != nil {
		t.Fatal(err)
	}
	for i, a := range added {
		if a.ID != int64(5+i) || a.New != (before == 5) {
			t.Errorf("%+v in a log of %d", a, before)
		}
	}
	other := record(6)
	other.Zip = hashOf("other")
	var refused *RefusedError
	if _, err := w.Append(other); !errors.As(err, &refused) {
		t.Errorf("another hash: %v", err)
	}
	if err := openStore(t, dir).Check(); err != nil {
		t.Error(err)
	}
	return before, w.Cut()
}

// A writer that ends between any two steps has appended all or nothing, and the
// next one needs nobody's help.
func TestKilledAtStep(t *testing.T) {
	for i, at := range commitSteps {
		dir := killedAppend(t, at)
		signed := i >= slices.Index(commitSteps, "head written")
		shown := openStore(t, dir)
		head, err := shown.Head()
		if err != nil || head.Size != 5 && at != "head renamed" {
			t.Fatalf("%s: a reader sees %d records, %v", at, head.Size, err)
		}
		before, cut := reopen(t, dir)
		if want := int64(5); signed {
			if want = 8; before != want || cut != nil {
				t.Errorf("%s: %d records, %+v cut off", at, before, cut)
			}
		} else if before != want {
			t.Errorf("%s: %d records", at, before)
		}
		if wrote := i >= slices.Index(commitSteps, "records written") && !signed; wrote != (cut != nil) {
			t.Errorf("%s: cut off: %+v", at, cut)
		}
		if cut != nil {
			kept, err := os.ReadFile(cut.File)
			var want []byte
			for _, r := range records(5, 8) {
				want = append(want, r.Text()...)
			}
			if err != nil || !bytes.Equal(kept, want) || cut.Size != int64(len(want)) {
				t.Errorf("%s: kept %q, %v", at, kept, err)
			}
		}
		if head, err := shown.Head(); err != nil || head.Size != 8 {
			t.Errorf("%s: the reader then sees %d records, %v", at, head.Size, err)
		}
	}
}

// A power cut leaves any part of what was not brought to the disk yet: files
// that end anywhere, with zeros in them.
func TestPowerCut(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	for range 60 {
		// The step at which the power fails, and the file that was being written.
		for at, name := range map[string]string{"hashes written": hashesFile, "records written": recordsFile} {
			dir := killedAppend(t, at)
			start := int64(tlog.StoredHashCount(5) * tlog.HashSize)
			if name == recordsFile {
				start = 0
				for _, rec := range records(0, 5) {
					start += int64(len(rec.Text()))
				}
			}
			data, err := os.ReadFile(filepath.Join(dir, name))
			if err != nil {
				t.Fatal(err)
			}
			data = data[:start+r.Int64N(int64(len(data))-start+1)]
			if blank := start + r.Int64N(int64(len(data))-start+1); r.IntN(2) == 0 {
				clear(data[start:blank])
			} else {
				clear(data[blank:])
			}
			if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
				t.Fatal(err)
			}
			if before, _ := reopen(t, dir); before != 5 {
				t.Errorf("%d records", before)
			}
		}
	}
	// A head that was not written to its end is none.
	dir := killedAppend(t, "synced")
	file, err := os.ReadFile(filepath.Join(killedAppend(t, "head written"), nextFile))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, nextFile), file[:len(file)/2], 0o600); err != nil {
		t.Fatal(err)
	}
	if before, _ := reopen(t, dir); before != 5 {
		t.Errorf("half a head: %d records", before)
	}
}

// A writer that is killed while it cuts leaves something that the next one cuts.
func TestKilledCut(t *testing.T) {
	dir := killedAppend(t, "synced")
	keys, err := ReadKeys(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	w := &Writer{unlock: func() {}}
	if w.store, err = open(dir, os.O_RDWR); err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	killAt(t, "records cut", func() { w.open(keys) })
	if before, cut := reopen(t, dir); before != 5 || cut != nil {
		t.Errorf("%d records, %+v cut off", before, cut)
	}
}

// A copy that was made while records were appended, of the head first, then of the
// hashes, then of the records: these were signed, and are not cut off. With the
// newest head, as any client has it, the log goes on.
func TestHeadAndHashesPutBack(t *testing.T) {
	for _, lost := range []int{1, 3, 300} {
		dir, _ := newLog(t, 5)
		old := map[string][]byte{}
		read := func(name string) []byte {
			data, err := os.ReadFile(filepath.Join(dir, name))
			if err != nil {
				t.Fatal(err)
			}
			return data
		}
		write := func(name string, data []byte) {
			if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		for _, name := range []string{headFile, hashesFile} {
			old[name] = read(name)
		}
		w := openWriter(t, dir)
		for _, r := range records(5, 5+lost) {
			if _, err := w.Append(r); err != nil {
				t.Fatal(err)
			}
		}
		w.Close()
		newest, whole := read(headFile), read(recordsFile)
		keys, err := ReadKeys(dir, nil)
		if err != nil {
			t.Fatal(err)
		}
		// As they were between two appends, and within the first of them.
		for _, hashes := range [][]byte{old[hashesFile], append(slices.Clone(old[hashesFile]), make([]byte, tlog.HashSize)...)} {
			if lost == 1 && len(hashes) > len(old[hashesFile]) {
				continue // that is what a writer leaves that was killed
			}
			write(headFile, old[headFile])
			write(hashesFile, hashes)
			var damaged *DamageError
			for range 2 {
				w, err := OpenWriter(t.Context(), dir, keys)
				if err == nil {
					w.Close()
				}
				if !errors.As(err, &damaged) || damaged.File != filepath.Join(dir, headFile) {
					t.Fatalf("%d records behind the head: %v", lost, err)
				}
			}
			if !bytes.Equal(read(recordsFile), whole) {
				t.Fatal("something was cut off")
			}
		}
		write(nextFile, newest)
		w = openWriter(t, dir)
		if w.Head().Size != int64(5+lost) || w.Cut() != nil {
			t.Errorf("%d records, %+v cut off", w.Head().Size, w.Cut())
		}
		w.Close()
		if err := openStore(t, dir).Check(); err != nil {
			t.Error(err)
		}
	}
}

// What a killed writer had signed is committed without its private key; without it
// there is no more to sign with.
func TestKilledWithoutKey(t *testing.T) {
	for _, at := range []string{"head written", "sealed"} {
		dir := killedAppend(t, at)
		var missing *MissingKeyError
		if _, err := OpenWriter(t.Context(), dir, nil); !errors.As(err, &missing) {
			t.Errorf("%s: %v", at, err)
		}
		if before, cut := reopen(t, dir); before != 8 || cut != nil {
			t.Errorf("%s: %d records, %+v cut off", at, before, cut)
		}
	}

	// A head of before a rotation, and the next one of within it.
	dir, _ := newLog(t, 5)
	name := filepath.Join(dir, headFile)
	old, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	keys, err := ReadKeys(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	w := openWriter(t, dir)
	next := mustKey(t)
	if err := w.Rotate(next); err != nil {
		t.Fatal(err)
	}
	killAt(t, "sealed", func() { w.Append(records(5, 8)...) })
	w.Close()
	if err := os.WriteFile(name, old, 0o600); err != nil {
		t.Fatal(err)
	}
	var missing *MissingKeyError
	if _, err := OpenWriter(t.Context(), dir, keys); !errors.As(err, &missing) || missing.Verifier != next.Verifier() {
		t.Errorf("%v", err)
	}
	if err := next.WriteFile(filepath.Join(dir, next.FileName())); err != nil {
		t.Fatal(err)
	}
	if before, _ := reopen(t, dir); before != 8 {
		t.Errorf("%d records", before)
	}
}

// An older head that is put back while nothing runs takes no record away: the
// log refuses to be written to, for what lies behind the head was signed.
func TestHeadPutBack(t *testing.T) {
	for _, lost := range []int{1, 3, 300} {
		dir, _ := newLog(t, 5)
		name := filepath.Join(dir, headFile)
		old, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		w := openWriter(t, dir)
		if _, err := w.Append(records(5, 5+lost)...); err != nil {
			t.Fatal(err)
		}
		w.Close()
		newest, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		sizes := func() (out []int64) {
			for _, name := range []string{recordsFile, hashesFile} {
				info, err := os.Stat(filepath.Join(dir, name))
				if err != nil {
					t.Fatal(err)
				}
				out = append(out, info.Size())
			}
			return out
		}
		before := sizes()
		keys, err := ReadKeys(dir, nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, old, 0o600); err != nil {
			t.Fatal(err)
		}
		var damaged *DamageError
		for range 2 {
			w, err := OpenWriter(context.Background(), dir, keys)
			if err == nil {
				w.Close()
			}
			if !errors.As(err, &damaged) || damaged.File != name {
				t.Fatalf("%d records behind the head: %v", lost, err)
			}
		}
		if !slices.Equal(sizes(), before) {
			t.Error("something was cut off")
		}
		if err := os.WriteFile(name, newest, 0o600); err != nil {
			t.Fatal(err)
		}
		if w := openWriter(t, dir); w.Head().Size != int64(5+lost) {
			t.Errorf("%d records", w.Head().Size)
		} else {
			w.Close()
		}
	}
}

// A head that is signed and not committed is the only one that may follow: where
// its records are not there, nothing may be signed in their stead. What others
// signed, or what is older, is nothing.
func TestNextHead(t *testing.T) {
	dir := killedAppend(t, "head written")
	name := filepath.Join(dir, recordsFile)
	whole, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	keys, err := ReadKeys(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range [][]byte{whole[:len(whole)-1], append(bytes.Clone(whole[:len(whole)-3]), 'x', 'y', '\n')} {
		if err := os.WriteFile(name, bad, 0o600); err != nil {
			t.Fatal(err)
		}
		var damaged *DamageError
		if w, err := OpenWriter(context.Background(), dir, keys); !errors.As(err, &damaged) {
			t.Errorf("%v", err)
			if err == nil {
				w.Close()
			}
		}
	}
	if err := os.WriteFile(name, whole, 0o600); err != nil {
		t.Fatal(err)
	}
	if before, _ := reopen(t, dir); before != 8 {
		t.Errorf("%d records", before)
	}

	stranger, err := NewKey("sum.corp.example")
	if err != nil {
		t.Fatal(err)
	}
	file, err := signHead(tlog.Tree{N: 100, Hash: tlog.Hash{1}}, []*Key{stranger})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, nextFile), file, 0o600); err != nil {
		t.Fatal(err)
	}
	if before, _ := reopen(t, dir); before != 8 {
		t.Errorf("after a stranger's head: %d records", before)
	}
}

// The log is there once its head is: what fails afterwards does not make its key
// worthless, and what fails before leaves none.
func TestCreateFails(t *testing.T) {
	key, err := NewKey("sum.corp.example")
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "log")
	if KeyInForce(dir, key) {
		t.Error("of no log")
	}
	away := dir + ".away"
	old := step
	step = func(name string) {
		if name == "head renamed" {
			if err := os.Rename(dir, away); err != nil {
				t.Fatal(err)
			}
		}
	}
	err = Create(dir, key)
	step = old
	if err == nil || errors.Is(err, fs.ErrExist) {
		t.Fatalf("%v", err)
	}
	if err := os.Rename(away, dir); err != nil {
		t.Fatal(err)
	}
	if !KeyInForce(dir, key) {
		t.Error("the key of a log that is there")
	}
	if other := mustKey(t); KeyInForce(dir, other) {
		t.Error("another key")
	}
	if err := os.WriteFile(filepath.Join(dir, headFile), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if !KeyInForce(dir, key) {
		t.Error("a head that cannot be read says nothing of its keys")
	}
}

// A folder whose name cannot be brought to the disk is not made: the log would be
// lost with it. One that is there already serves.
func TestCreateBelowUnreadable(t *testing.T) {
	base := unprivileged.Dir(t)
	for name, mode := range map[string]fs.FileMode{"closed": 0o733, "open": 0o777} {
		if err := os.Mkdir(filepath.Join(base, name), mode); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(filepath.Join(base, name), mode); err != nil {
			t.Fatal(err)
		}
	}
	ready := filepath.Join(base, "closed", "ready")
	if err := errors.Join(os.Mkdir(ready, 0o777), os.Chmod(ready, 0o777)); err != nil {
		t.Fatal(err)
	}
	unprivileged.Run(t, func() {
		dir := filepath.Join(base, "closed", "log")
		if err := MakeFolder(dir); !errors.Is(err, fs.ErrPermission) {
			t.Errorf("%v", err)
		}
		if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("a folder was left: %v", err)
		}
		for _, dir := range []string{ready, filepath.Join(base, "open", "a", "log")} {
			if err := MakeFolder(dir); err != nil {
				t.Errorf("%v", err)
			}
		}
	})
	if err := os.WriteFile(filepath.Join(base, "file"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := MakeFolder(filepath.Join(base, "file")); err == nil {
		t.Error("a file is no folder")
	}
}
