// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package sumdbtest

import (
	"bytes"
	"fmt"
	"strings"

	"golang.org/x/mod/sumdb/tlog"
)

// tilePlace is a tile that a verifier needs: one above the record, or one at
// the right edge of the tree, which is not full.
type tilePlace struct {
	level int
	edge  bool
}

func (p tilePlace) String() string {
	if p.edge {
		return fmt.Sprintf("edge tile of level %d", p.level)
	}
	return fmt.Sprintf("full tile of level %d", p.level)
}

// tile is the tile in an attacked tree, if there is one.
func (p tilePlace) tile(a *Attack) (tlog.Tile, bool) {
	t := tlog.Tile{H: 8, L: p.level, N: a.Target >> (8 * (p.level + 1)), W: tileWidth}
	whole := a.Size >> (8 * p.level) // hashes of the level
	if p.edge {
		t.N, t.W = whole/tileWidth, int(whole%tileWidth)
		return t, t.W > 0
	}
	return t, (t.N+1)*tileWidth <= whole
}

// tileLie is a lie about the content of a tile.
type tileLie struct {
	name       string
	below      int                                               // the level from which on it takes more than 131,000 records; 0: none
	full, edge string                                            // Want; full: of a tile that is full
	fn         func(truth []byte, t tlog.Tile, a *Attack) []byte // nil: 404
}

func tileMutators() []Mutator {
	var out []Mutator
	for level := range 3 {
		for _, p := range []tilePlace{{level, false}, {level, true}} {
			if level == 2 && !p.edge {
				continue // it takes 16,777,216 records
			}
			for _, lie := range tileLies() {
				if lie.below > 0 && level >= lie.below {
					continue
				}
				m := Mutator{Name: fmt.Sprintf("%v: %s", p, lie.name), Want: lie.full, Mutate: func(a *Attack) Answer {
					t, ok := p.tile(a)
					if !ok || bytes.Equal(lie.fn(a.Tree.Tile(t, a.Size), t, a), a.Tree.Tile(t, a.Size)) {
						return nil
					}
					return at(t.Path(), func([]byte) []byte { return lie.fn(a.Tree.Tile(t, a.Size), t, a) })
				}}
				if p.edge {
					m.Want = lie.edge
				}
				if m.Want != "" {
					m.Proven = m.Want == Allowed
					out = append(out, m)
				}
			}
			if p.edge {
				out = append(out, goneTiles(p)...)
			}
		}
	}
	return append(out, forgedTiles()...)
}

// flip changes a bit of one hash of a tile.
func flip(hash func(width int) int, at int, mask byte) func([]byte, tlog.Tile, *Attack) []byte {
	return func(truth []byte, t tlog.Tile, _ *Attack) []byte {
		said := bytes.Clone(truth)
		said[hash(t.W)*tlog.HashSize+at] ^= mask
		return said
	}
}

func tileLies() []tileLie {
	first := func(int) int { return 0 }
	middle := func(width int) int { return width / 2 }
	last := func(width int) int { return width - 1 }
	said := func(fn func(truth []byte) []byte) func([]byte, tlog.Tile, *Attack) []byte {
		return func(truth []byte, _ tlog.Tile, _ *Attack) []byte { return fn(bytes.Clone(truth)) }
	}
	return []tileLie{
		{"first bit flipped", 0, badTile, badTree, flip(first, 0, 0x80)},
		{"bit of the first hash flipped", 0, badTile, badTree, flip(first, 31, 1)},
		{"bit of the middle hash flipped", 0, badTile, badTree, flip(middle, 16, 4)},
		{"bit of the last hash flipped", 0, badTile, badTree, flip(last, 0, 0x80)},
		{"last bit flipped", 0, badTile, badTree, flip(last, 31, 1)},
		{"first and last hash swapped", 2, badTile, badTree, said(func(b []byte) []byte {
			n := len(b) - tlog.HashSize
			return append(append(bytes.Clone(b[n:]), b[min(tlog.HashSize, n):n]...), b[:min(tlog.HashSize, n)]...)
		})},
		{"zeros", 0, badTile, badTree, said(func(b []byte) []byte { return make([]byte, len(b)) })},
		{"its neighbour's content", 1, badTile, "", func(_ []byte, t tlog.Tile, a *Attack) []byte {
			t.N ^= 1
			if other := a.Tree.Tile(t, a.Size); other != nil {
				return other
			}
			t.N ^= 1
			return a.Tree.Tile(t, a.Size)
		}},
		{"empty", 0, badTile, badTile, said(func([]byte) []byte { return []byte{} })},
		{"a byte short", 0, badTile, badTile, said(func(b []byte) []byte { return b[:len(b)-1] })},
		{"a hash short", 0, badTile, badTile, said(func(b []byte) []byte { return b[:len(b)-tlog.HashSize] })},
		{"a byte over", 0, Failure, badTile, said(func(b []byte) []byte { return append(b, 0) })},
		{"a hash over", 0, Failure, badTile, said(func(b []byte) []byte { return append(b, b[:tlog.HashSize]...) })},
		{"a MiB over", 0, Failure, Failure, said(func(b []byte) []byte { return append(b, make([]byte, 1<<20)...) })},
		{"full where it is partial", 0, "", badTile, said(func(b []byte) []byte { return append(b, make([]byte, tileWidth*tlog.HashSize-len(b))...) })},
		{"partial where it is full", 0, badTile, "", said(func(b []byte) []byte { return b[:len(b)/2] })},
		{"hashes in text", 0, badTile, badTile, said(func(b []byte) []byte { return fmt.Appendf(nil, "%.100x", b) })},
		{"web page", 0, badTile, badTile, said(func([]byte) []byte { return []byte(webPage) })},
		{"not there", 0, Failure, Failure, said(func([]byte) []byte { return nil })},
	}
}

// goneTiles are partial tiles that are gone, as those of an honest log may be
// once the full one exists, and what stands in their place.
func goneTiles(p tilePlace) []Mutator {
	gone := func(name, want string, full func(truth []byte) []byte) Mutator {
		return Mutator{Name: fmt.Sprintf("%v: gone, and the full one %s", p, name), Want: want, Proven: want == Allowed, Mutate: func(a *Attack) Answer {
			t, ok := p.tile(a)
			if !ok {
				return nil
			}
			whole := t
			whole.W = tileWidth
			return func(path string, truth []byte) []byte {
				switch path {
				case t.Path():
					return nil
				case whole.Path():
					return full(a.Tree.Tile(t, a.Size))
				}
				return truth
			}
		}}
	}
	const size = tileWidth * tlog.HashSize
	return []Mutator{
		gone("begins alike and goes on with garbage", Allowed, func(b []byte) []byte { return append(b, bytes.Repeat([]byte("x"), size-len(b))...) }),
		gone("is forged", badTree, func(b []byte) []byte {
			b[0] ^= 1
			return append(b, make([]byte, size-len(b))...)
		}),
		gone("is no longer than it", Allowed, func(b []byte) []byte { return b }),
		gone("is a byte short", badTile, func([]byte) []byte { return make([]byte, size-1) }),
		gone("is too long", Failure, func([]byte) []byte { return make([]byte, size+1) }),
	}
}

// forgedTiles are tiles that fit each other and a forged record, and not the
// signed head: clients have stored up to two of them (GO-2026-6179).
func forgedTiles() []Mutator {
	var out []Mutator
	for levels := range 4 {
		for _, evil := range []bool{true, false} {
			name := fmt.Sprintf("forged tiles: %d levels (GO-2026-6179)", levels)
			if evil {
				name += ", for a forged record"
			} else if levels == 0 {
				continue
			}
			m := Mutator{Name: name, Want: strings.Join([]string{badTile, badTree, badRecord}, "|"), Mutate: func(a *Attack) Answer {
				forged := a.Tree.Replace(a.Target, EvilText(a.Target))
				return forgedBelow(a, forged, levels, evil)
			}}
			if levels == 0 {
				m.Want = badRecord
			}
			out = append(out, m)
		}
	}
	return out
}

// forgedBelow answers with the tiles of another tree below a level, and with
// its record.
func forgedBelow(a *Attack, forged *Tree, levels int, evil bool) Answer {
	if levels > 0 && a.Size>>(8*(levels-1)) == 0 {
		return nil // the tree has not as many
	}
	return func(path string, truth []byte) []byte {
		if path == a.lookup() && evil {
			_, head := a.record(a.Target)
			return fmt.Appendf(nil, "%d\n%s\n%s", a.Target, forged.Text(a.Target), head)
		}
		t, err := tlog.ParseTilePath(path)
		if err != nil || truth == nil || t.L >= levels {
			return truth
		}
		return forged.Tile(t, a.Size)
	}
}
