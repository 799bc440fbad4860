// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package sumdb

import (
	"slices"
	"strings"
)

// Unwritten is what a cache did not take. What was proven is proven
// nevertheless. Records and tiles cost the next run time; a head or a fork is
// lost.
type Unwritten struct {
	Records int // answers to lookups
	Tiles   int

	// Heads counts heads that are missing in the history: the next run does not
	// see that the log went back behind them, or forked.
	Heads int

	// Forks counts evidence that is nowhere but in [Violation].Fork.
	Forks int

	Files []UnwrittenFile // the first ones, forks and heads before all others
}

// Count is the number of files.
func (u Unwritten) Count() int { return u.Records + u.Tiles + u.Heads + u.Forks }

// Lost reports whether anything is lost that no later run can get again.
func (u Unwritten) Lost() bool { return u.Heads+u.Forks > 0 }

// An UnwrittenFile is a file that a cache did not take.
type UnwrittenFile struct {
	Name string // as in [Cache]: "heads/...", "forks/...", "lookup/..." or "tile/..."
	Lost bool   // it holds a head or the evidence of a fork
	Err  error
}

// maxUnwritten bounds the files that are told one by one. A full disk takes none.
const maxUnwritten = 10

// write writes a file of the cache, or notes that it could not.
func (b *batch) write(name string, data []byte) {
	if err := b.cache.Write(name, data); err != nil {
		b.notWritten(name, err)
		return
	}
	delete(b.carried.unwritten, name)
}

func (b *batch) notWritten(name string, err error) {
	if b.carried.unwritten == nil {
		b.carried.unwritten = map[string]error{}
	}
	b.carried.unwritten[name] = err
}

// summarize counts files that were not written.
func summarize(files map[string]error) Unwritten {
	var u Unwritten
	for name, err := range files {
		dir, _, _ := strings.Cut(name, "/")
		switch dir {
		case headsDir:
			u.Heads++
		case forksDir:
			u.Forks++
		case "lookup":
			u.Records++
		default:
			u.Tiles++
		}
		u.Files = append(u.Files, UnwrittenFile{name, dir == headsDir || dir == forksDir, err})
	}
	slices.SortFunc(u.Files, func(x, y UnwrittenFile) int {
		switch {
		case x.Lost && !y.Lost:
			return -1
		case y.Lost && !x.Lost:
			return 1
		}
		return strings.Compare(x.Name, y.Name)
	})
	u.Files = slices.Clip(u.Files[:min(len(u.Files), maxUnwritten)])
	return u
}
