// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package filetree

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"io"
	"testing"
	"testing/iotest"
	"testing/synctest"

	"github.com/goassay/assay/audit/filetree/filetreetest"
)

func TestBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		w := newWalk(ctx, nil, nil)
		one, two := w.newBudget(0), w.newBudget(0)
		for _, b := range []*budget{one, two} {
			if err := b.take(smallMemory); err != nil {
				t.Fatal(err)
			}
		}
		if err := one.take(1); err != nil {
			t.Fatal(err)
		}
		got := make(chan error)
		go func() { got <- two.take(1) }()
		synctest.Wait()
		select {
		case err := <-got:
			t.Fatalf("two have much memory: %v", err)
		default:
		}
		one.give(1)
		if err := <-got; err != nil {
			t.Fatal(err)
		}
		if err := two.take(MaxMemory); !errors.Is(err, ErrTooLarge) {
			t.Errorf("too much: %v", err)
		}
		go func() { got <- one.take(1) }()
		synctest.Wait()
		cancel()
		if err := <-got; !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled while waiting: %v", err)
		}
		if err := two.take(1); !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled: %v", err)
		}
		two.give(smallMemory + 1)
		if one.memory != smallMemory || two.memory != 0 || two.large || len(w.large) != 0 {
			t.Errorf("left over: %+v %+v", one, two)
		}
	})
}

func TestBuffer(t *testing.T) {
	w := newWalk(t.Context(), nil, nil)
	for _, size := range []int{0, 1, len(piece{}) - 1, len(piece{}), len(piece{}) + 1, 3*len(piece{}) + 7} {
		data := make([]byte, size)
		for i := range data {
			data[i] = byte(i * i >> 3)
		}
		b := &buffer{budget: w.newBudget(0)}
		if n, err := b.ReadFrom(iotest.HalfReader(bytes.NewReader(data))); err != nil || n != int64(size) {
			t.Fatalf("%d bytes: read %d, error %v", size, n, err)
		}
		if err := iotest.TestReader(io.NewSectionReader(b, 0, b.size), data); err != nil {
			t.Errorf("%d bytes: %v", size, err)
		}
		if _, err := b.ReadAt(make([]byte, 1), -1); err == nil {
			t.Errorf("%d bytes: read before the start", size)
		}
		if n, err := b.ReadAt(make([]byte, 1), int64(size)); n != 0 || err != io.EOF {
			t.Errorf("%d bytes: read %d behind the end, error %v", size, n, err)
		}
		b.free()
		if b.budget.memory != 0 {
			t.Errorf("%d bytes: %d left over", size, b.budget.memory)
		}
	}
	b := &buffer{budget: w.newBudget(0)}
	if _, err := b.ReadFrom(iotest.TimeoutReader(bytes.NewReader(make([]byte, 1<<20)))); err != iotest.ErrTimeout {
		t.Errorf("failing reader: %v", err)
	}
	b.free()
}

// All archives count their members, however often they are read.
func TestTooManyFiles(t *testing.T) {
	files := []filetreetest.Entry{{Name: "x", Data: "EXE"}, {Name: "y", Data: "EXE"}, {Name: "z", Data: "EXE"}}
	im := filetreetest.Image{Platform: "linux/amd64", Layers: [][]byte{filetreetest.Tar(files...)}}
	for name, data := range map[string][]byte{
		"tar": filetreetest.Tar(files...), "tar.gz": filetreetest.Gzip(filetreetest.Tar(files...)), "zip": filetreetest.Zip(zip.Deflate, files...),
		"rpm": filetreetest.RPM(filetreetest.CPIO(files...)),
		"oci": filetreetest.Tar(filetreetest.OCI(im)...),
	} {
		members := 3
		if name == "oci" {
			members += len(filetreetest.OCI(im))
		}
		for left, want := range map[int]error{members: nil, members - 1: ErrTooMany} {
			w := newWalk(t.Context(), func(head []byte) bool { return bytes.HasPrefix(head, []byte("EXE")) }, func(f *File) error { return f.Err })
			w.files.Store(int64(MaxFiles - left))
			err := w.open(place{path: "a", outer: "a", budget: w.newBudget(0)}, bytes.NewReader(data), int64(len(data)))
			if !errors.Is(err, want) {
				t.Errorf("%s, %d left: %v", name, left, err)
			}
		}
	}
}
