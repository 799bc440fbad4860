// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package filetree

import (
	"fmt"
	"io"
	"sync"
)

// A budget is what may be spent on one file of the file system, with all that is
// in it. One goroutine reads such a file.
type budget struct {
	w        *walk
	unpacked int64 // bytes that may still come out of compressed files
	memory   int64 // bytes that are in use
	large    bool  // it has w.large
}

// minUnpacked is how much may come out of a file of any size.
const minUnpacked = 1 << 30

// smallMemory is how much each of several files may need at a time. Who needs more
// waits until nobody else does, and while it has that, waits for nothing.
const smallMemory = 64 << 20

func (w *walk) newBudget(size int64) *budget {
	unpacked := int64(MaxUnpacked)
	if size < MaxUnpacked/MaxRatio {
		unpacked = max(minUnpacked, size*MaxRatio)
	}
	return &budget{w: w, unpacked: unpacked}
}

// take takes memory; with an error it takes none.
func (b *budget) take(n int64) error {
	if err := b.w.ctx.Err(); err != nil {
		return err
	}
	if n > MaxMemory-b.memory {
		return fmt.Errorf("%w: needs more than %d bytes of memory", ErrTooLarge, int64(MaxMemory))
	}
	if !b.large && b.memory+n > smallMemory {
		select {
		case b.w.large <- struct{}{}:
			b.large = true
		case <-b.w.ctx.Done():
			return b.w.ctx.Err()
		}
	}
	b.memory += n
	return nil
}

// give gives back what was taken.
func (b *budget) give(n int64) {
	if b.memory -= n; b.large && b.memory <= smallMemory {
		b.large = false
		<-b.w.large
	}
}

// unpack accounts for bytes that came out of a compressed file.
func (b *budget) unpack(n int) error {
	if b.unpacked -= int64(n); b.unpacked < 0 {
		return fmt.Errorf("%w: too much comes out of compressed files", ErrTooLarge)
	}
	return b.w.ctx.Err()
}

// A buffer holds a file in memory. It is made of pieces: so it grows with what
// really comes, not with what a header promises, and pieces are used again.
type buffer struct {
	budget *budget
	pieces []*piece
	size   int64
}

type piece [256 << 10]byte

var pieces = sync.Pool{New: func() any { return new(piece) }}

// ReadFrom reads all of r. The error is of r, or of the budget.
func (b *buffer) ReadFrom(r io.Reader) (int64, error) {
	for {
		if err := b.budget.take(int64(len(piece{}))); err != nil {
			return b.size, err
		}
		p := pieces.Get().(*piece)
		b.pieces = append(b.pieces, p)
		n, err := fill(p[:], r)
		b.size += int64(n)
		if err == io.EOF {
			return b.size, nil
		}
		if err != nil {
			return b.size, err
		}
	}
}

// fill reads until p is full. Unlike io.ReadFull it tells the end of r, which is
// io.EOF, from an end that is an error of r.
func fill(p []byte, r io.Reader) (n int, err error) {
	for n < len(p) && err == nil {
		var m int
		m, err = r.Read(p[n:])
		n += m
	}
	if n == len(p) {
		err = nil
	}
	return n, err
}

// ReadAt reads as io.ReaderAt.
func (b *buffer) ReadAt(p []byte, off int64) (n int, err error) {
	if off < 0 {
		return 0, fmt.Errorf("offset %d", off)
	}
	const size = int64(len(piece{}))
	for n < len(p) && off < b.size {
		from := b.pieces[off/size][off%size : min(size, off%size+b.size-off)]
		m := copy(p[n:], from)
		n, off = n+m, off+int64(m)
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// free gives the memory back. Nobody may read the buffer any more.
func (b *buffer) free() {
	b.budget.give(int64(len(b.pieces)) * int64(len(piece{})))
	for _, p := range b.pieces {
		pieces.Put(p)
	}
	b.pieces, b.size = nil, 0
}
