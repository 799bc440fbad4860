// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package sumlog

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"sync"

	"golang.org/x/mod/sumdb/tlog"
)

// scanBuffer is how much of a file is read at once, in bytes.
const scanBuffer = 1 << 20

// scan reads the records that tree has not yet, from offset start of their file
// up to size records, adds them to tree, and compares every hash that is stored
// for them. It calls each with a record's number, its text, valid until each
// returns, and where it ends in the file; and returns where the last one ends.
func (s *Store) scan(tree *frontier, start, size int64, each func(id int64, text []byte, end int64) error) (end int64, err error) {
	records := s.recordsFrom(start)
	at := tlog.StoredHashCount(tree.size) * tlog.HashSize
	hashes := bufio.NewReaderSize(io.NewSectionReader(s.hashes, at, unbounded), scanBuffer)
	var buf [1 + maxRecord]byte
	var want []tlog.Hash
	var got tlog.Hash
	for end = start; tree.size < size; {
		id := tree.size
		text, err := readRecord(records, buf[:1])
		if err != nil {
			return end, damage(s.records, s.inRecord(id, err))
		}
		want = tree.add(recordHash(text), want[:0])
		for level, hash := range want {
			if _, err := io.ReadFull(hashes, got[:]); err != nil {
				return end, damage(s.hashes, err)
			}
			if got != hash {
				return end, &DamageError{s.hashes.Name(), fmt.Sprintf("the hash of level %d with record %d is not that of %s", level, id, s.records.Name())}
			}
		}
		end += int64(len(text) - 1)
		if err := each(id, text[1:], end); err != nil {
			return end, err
		}
	}
	return end, nil
}

// unbounded is longer than any file.
const unbounded = 1 << 62

// recordsFrom reads the records' file from an offset on.
func (s *Store) recordsFrom(start int64) *bufio.Reader {
	return bufio.NewReaderSize(io.NewSectionReader(s.records, start, unbounded), scanBuffer)
}

func (s *Store) inRecord(id int64, err error) error {
	if errors.Is(err, errLong) {
		return &DamageError{s.records.Name(), fmt.Sprintf("record %d has no end", id)}
	}
	return err
}

var errLong = errors.New("record too long")

// readRecord appends the next record to buf: two lines.
func readRecord(r *bufio.Reader, buf []byte) ([]byte, error) {
	for range 2 {
		line, err := r.ReadSlice('\n')
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			return nil, err
		}
		if err != nil || len(buf)+len(line) > 1+maxRecord {
			return nil, errLong
		}
		buf = append(buf, line...)
	}
	return buf, nil
}

// ReadHashes returns hashes of the tree by their [tlog.StoredHashIndex]. It
// implements [tlog.HashReader].
func (s *Store) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	for i := 0; i < len(indexes); {
		// Hashes that lie near each other are read at once.
		n := 1
		for i+n < len(indexes) && indexes[i+n] > indexes[i+n-1] && indexes[i+n]-indexes[i] < 1024 {
			n++
		}
		buf := make([]byte, (indexes[i+n-1]-indexes[i]+1)*tlog.HashSize)
		if _, err := s.hashes.ReadAt(buf, indexes[i]*tlog.HashSize); err != nil {
			return nil, damage(s.hashes, err)
		}
		for j := range n {
			copy(out[i+j][:], buf[(indexes[i+j]-indexes[i])*tlog.HashSize:])
		}
		i += n
	}
	return out, nil
}

// Tiles of 256 hashes are the only ones that are served
// (golang.org/design/25530-sumdb).
const (
	tileHeight = 8
	tileWidth  = 1 << tileHeight
)

// Tile returns the hashes of a tile, of its width. The error is
// [fs.ErrNotExist] if the tree has none that is so wide.
func (s *Store) Tile(t tlog.Tile) ([]byte, error) {
	v, err := s.current()
	if err != nil {
		return nil, err
	}
	if !hasTile(v.Size, t) || t.L < 0 {
		return nil, fs.ErrNotExist
	}
	upper := t.L > 0 && t.W == tileWidth
	if upper {
		if data := s.tiles.get(t); data != nil {
			return data, nil
		}
	}
	data, err := tlog.ReadTileData(t, s)
	if err != nil {
		return nil, err
	}
	if err := s.checkTile(t, data); err != nil {
		return nil, err
	}
	if upper {
		s.tiles.put(t, data)
	}
	return data, nil
}

// hasTile reports whether a tree of a size has a tile of height 8 and at least
// its width.
func hasTile(size int64, t tlog.Tile) bool {
	level := max(t.L, 0) // L is -1 for the records themselves
	if t.H != tileHeight || t.L < -1 || level*tileHeight > 62 || t.N < 0 || t.W < 1 || t.W > tileWidth {
		return false
	}
	have := size >> (level * tileHeight)
	return t.N <= have/tileWidth && int64(t.W) <= have-t.N*tileWidth
}

// checkTile compares a tile with the hashes that are stored of the complete
// subtrees over it: what a failing disk gives is not served.
func (s *Store) checkTile(t tlog.Tile, data []byte) error {
	level := make([]tlog.Hash, t.W)
	for i := range level {
		copy(level[i][:], data[i*tlog.HashSize:])
	}
	var over []tlog.Hash // the subtrees, from left to right
	var stored []int64
	for start, height := 0, tileHeight; height >= 0; height-- {
		if width := 1 << height; t.W&width != 0 {
			over = append(over, subtree(level[start:start+width]))
			first := t.N*tileWidth + int64(start)
			stored = append(stored, tlog.StoredHashIndex(t.L*tileHeight+height, first>>height))
			start += width
		}
	}
	hashes, err := s.ReadHashes(stored)
	if err != nil {
		return err
	}
	for i := range over {
		if over[i] != hashes[i] {
			return &DamageError{s.hashes.Name(), t.Path() + " does not hash to what is stored above it"}
		}
	}
	return nil
}

// subtree hashes a complete subtree over hashes, which it spends.
func subtree(hashes []tlog.Hash) tlog.Hash {
	for ; len(hashes) > 1; hashes = hashes[:len(hashes)/2] {
		for i := range len(hashes) / 2 {
			hashes[i] = tlog.NodeHash(hashes[2*i], hashes[2*i+1])
		}
	}
	return hashes[0]
}

// upperTiles keeps full tiles above the lowest level, whose hashes lie far
// apart on the disk. There is one for 65,536 records, of 8 KiB.
type upperTiles struct {
	mu    sync.RWMutex
	tiles map[tlog.Tile][]byte
}

func (u *upperTiles) get(t tlog.Tile) []byte {
	u.mu.RLock()
	defer u.mu.RUnlock()
	return bytes.Clone(u.tiles[t])
}

func (u *upperTiles) put(t tlog.Tile, data []byte) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.tiles == nil {
		u.tiles = map[tlog.Tile][]byte{}
	}
	u.tiles[t] = bytes.Clone(data)
}
