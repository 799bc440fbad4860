// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package sumlog

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// A key has its file's name when it is in it, and not before.
func TestKeyKilled(t *testing.T) {
	dir, key := newLog(t, 1)
	next, err := NewKey(key.Name())
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, next.FileName())
	killAt(t, "key written", func() { next.WriteFile(file) })
	if _, err := os.Lstat(file); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v", err)
	}
	if err := next.WriteFile(file); err != nil {
		t.Fatal(err)
	}
	if got, err := ReadKey(file); err != nil || got.Verifier() != next.Verifier() {
		t.Errorf("%v, %v", got, err)
	}
	left, err := filepath.Glob(filepath.Join(dir, ".new-key-*"))
	if err != nil || len(left) > 0 {
		t.Errorf("%q, %v", left, err)
	}
	if err := nameKey(filepath.Join(dir, key.FileName()), file); !errors.Is(err, fs.ErrExist) {
		t.Errorf("another key's name: %v", err)
	}
}

// What is no key does not keep the log from its own, and a key that the head
// needs is missed.
func TestKeysSkipped(t *testing.T) {
	dir, key := newLog(t, 1)
	empty := filepath.Join(dir, "00000000.key") // as a version before left it when it was killed
	if err := errors.Join(os.WriteFile(empty, nil, 0o600), os.Mkdir(filepath.Join(dir, "11111111.key"), 0o700)); err != nil {
		t.Fatal(err)
	}
	var skipped []error
	keys, err := ReadKeys(dir, func(err error) { skipped = append(skipped, err) })
	if err != nil || len(keys) != 1 || keys[0].Verifier() != key.Verifier() || len(skipped) != 2 {
		t.Fatalf("%v, %v, %v", keys, skipped, err)
	}
	w, err := OpenWriter(t.Context(), dir, keys)
	if err != nil {
		t.Fatal(err)
	}
	w.Close()
	if _, err := ReadKey(empty); err == nil {
		t.Error("an empty file is no key")
	}
	if err := os.Truncate(filepath.Join(dir, key.FileName()), 0); err != nil {
		t.Fatal(err)
	}
	keys, err = ReadKeys(dir, nil)
	if err != nil || len(keys) != 0 {
		t.Fatalf("%v, %v", keys, err)
	}
	var missing *MissingKeyError
	if _, err := OpenWriter(t.Context(), dir, keys); !errors.As(err, &missing) || missing.Verifier != key.Verifier() {
		t.Errorf("%v", err)
	}
}

// rotateForever appends to a log, begins rotations and ends them, each as a
// process of its own would, until the process is killed.
func rotateForever(dir string) {
	for i := 0; ; i++ {
		head, err := rotateOnce(dir, i)
		if err != nil {
			panic(err)
		}
		fmt.Println(head.Size, strings.Join(head.Keys, " "))
	}
}

func rotateOnce(dir string, i int) (Head, error) {
	keys, err := ReadKeys(dir, nil)
	if err != nil {
		return Head{}, err
	}
	w, err := OpenWriter(context.Background(), dir, keys)
	if err != nil {
		return Head{}, err
	}
	defer w.Close()
	switch {
	case i%3 == 0:
		_, err = w.Append(record(int(w.Head().Size)))
	case len(w.Head().Keys) > 1:
		err = w.FinishRotation()
	default:
		var key *Key
		if key, err = NewKey(w.Head().Name); err == nil {
			err = key.WriteFile(filepath.Join(dir, key.FileName()))
		}
		if err == nil {
			err = w.Rotate(key)
		}
	}
	return w.Head(), err
}

// A process that is killed while it changes the log's keys leaves a log that the
// next one writes to, with the keys that were told.
func TestKilledRotation(t *testing.T) {
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir, _ := newLog(t, 0)
	r := rand.New(rand.NewPCG(9, 10))
	changes := 0
	for round := range 25 {
		cmd := exec.Command(exe)
		cmd.Env = append(os.Environ(), "SUMLOG_ROTATE="+dir)
		cmd.Stderr = os.Stderr
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		last, stop := "", r.IntN(6)
		for n := 0; lines.Scan(); n++ {
			last = lines.Text()
			if n == stop {
				time.AfterFunc(time.Duration(r.IntN(6000))*time.Microsecond, func() { cmd.Process.Kill() })
			}
		}
		if err := cmd.Wait(); err == nil || cmd.ProcessState.ExitCode() == 2 {
			t.Fatalf("round %d: ended by itself: %v", round, err)
		}
		changes += stop
		head, err := rotateOnce(dir, 0)
		if err != nil {
			t.Fatalf("round %d: after %q: %v", round, last, err)
		}
		// One step at most came after what was told last: one key of it is left.
		told := strings.Fields(last)
		if len(told) > 1 && !strings.Contains(strings.Join(head.Keys, " "), told[len(told)-1]) {
			t.Fatalf("round %d: keys %q after %q", round, head.Keys, last)
		}
	}
	t.Logf("%d changes", changes)
}
