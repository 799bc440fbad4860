// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package sumdb

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/mod/module"
)

// SyncMode says how a store was brought up to date.
type SyncMode string

// The modes of a [Synced].
const (
	// SyncDelta got the new edge of the tree and the records that the store
	// lacked. What it holds besides needs no look: the new head was proven to
	// extend the one under which it was verified.
	SyncDelta SyncMode = "delta"

	// SyncHybrid is what follows a delta that failed: every file of the store
	// was verified, and what did not hold was removed and got again.
	SyncHybrid SyncMode = "hybrid"

	// SyncFull verified every file of the store because it was asked for.
	SyncFull SyncMode = "full"
)

// Synced is what became of a store.
type Synced struct {
	*Result
	Mode       SyncMode
	NewRecords int          // files written
	NewTiles   int          // files written
	Removed    []CachedFile // files that did not hold, with what was wrong
	Inspection *Inspection  // of the whole store; nil for SyncDelta
}

// syncBatch is how many records are proven and kept before more are asked for:
// what an interruption may cost.
const syncBatch = 1000

// Sync brings v's cache, which must be a [DirCache], up to date: the newest
// head, proven to extend the one it holds, and the records of modules. Nothing
// is written that was not verified, and each file all at once: a sync that was
// interrupted goes on where it ended, and several may run at once. What the
// folder did not take is in [Result].Unwritten: the store is not up to date then.
// The error is the context's, or one of the file system's in removing files.
func (v *Verifier) Sync(ctx context.Context, modules []module.Version, full bool) (*Synced, error) {
	dir, ok := v.Cache.(DirCache)
	if !ok {
		return nil, errors.New("sync needs a folder")
	}
	store := &countingCache{DirCache: dir}
	w := *v
	w.Cache = store
	s := &Synced{Mode: SyncFull}
	var failed *Result
	var c carried
	if !full {
		res, err := w.syncRecords(ctx, modules, &c)
		if err != nil {
			return nil, err
		}
		s.Result, s.Mode = res, SyncDelta
		if res.CacheLied || slices.ContainsFunc(res.Violations, func(v *Violation) bool { return !slices.Contains(c.kept, v) }) {
			failed, s.Mode = res, SyncHybrid
		}
	}
	if s.Mode != SyncDelta {
		if err := w.syncAll(ctx, s, dir, modules, &c); err != nil {
			return nil, err
		}
		s.include(failed)
	}
	s.NewRecords, s.NewTiles = store.counts()
	if s.BeforeErr != nil {
		return s, nil // what cannot be read is not tidied
	}
	return s, tidy(dir, v.Log, w.time())
}

// syncAll verifies the whole store, removes what does not hold, and gets it
// again together with the records of modules.
func (v *Verifier) syncAll(ctx context.Context, s *Synced, dir DirCache, modules []module.Version, c *carried) error {
	if err := v.inspectStore(ctx, s, dir, c); err != nil {
		return err
	}
	modules = slices.Clone(modules)
	for _, f := range s.Removed {
		if m, err := lookupModule(f.Name); err == nil && strings.HasPrefix(f.Name, "lookup/") {
			modules = append(modules, m)
		}
	}
	res, err := v.syncRecords(ctx, modules, c)
	if err != nil {
		return err
	}
	s.Result = res
	in := s.Inspection
	s.include(&Result{Violations: in.Violations, Requests: in.Requests, Rounds: in.Rounds})
	return nil
}

// include adds what an earlier part of the run has seen, which is not
// forgotten because the network later told another story.
func (s *Synced) include(earlier *Result) {
	if earlier == nil {
		return
	}
	s.Requests += earlier.Requests
	s.Rounds += earlier.Rounds
	s.Result.Tiles += earlier.Tiles
	s.CacheLied = s.CacheLied || earlier.CacheLied
	s.BeforeErr = cmp.Or(earlier.BeforeErr, s.BeforeErr)
	for _, lie := range earlier.Violations {
		s.Violations = appendNew(s.Violations, lie)
	}
}

// syncRecords proves records, at first in parts that are kept one after the
// other, at last all together to one head.
func (v *Verifier) syncRecords(ctx context.Context, modules []module.Version, c *carried) (*Result, error) {
	var parts Synced
	parts.Result = &Result{}
	c.readForks(v.Cache, v.Log)
	if len(modules) > syncBatch && len(c.kept) == 0 { // else no part is kept
		for part := range slices.Chunk(modules, syncBatch) {
			res, err := v.verify(ctx, part, c)
			if err != nil {
				return nil, err
			}
			parts.include(res)
		}
	}
	res, err := v.verify(ctx, modules, c)
	if err != nil {
		return nil, err
	}
	all := Synced{Result: res}
	all.include(parts.Result)
	return res, nil
}

// inspectStore verifies every file of the store and removes what does not
// hold. What could not be checked stays: it is verified whenever it is used. So
// does what is no evidence of a fork and lies where that is kept: it may be a
// damaged one.
func (v *Verifier) inspectStore(ctx context.Context, s *Synced, dir DirCache, c *carried) error {
	in, err := v.inspect(ctx, c, dir)
	s.Inspection = in
	if err != nil {
		return err
	}
	for _, f := range in.Problems {
		if f.State == FileUnchecked || strings.HasPrefix(f.Name, forksDir+"/") {
			continue
		}
		if err := os.Remove(dir.path(f.Name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("remove what does not hold: %w", err)
		}
		s.Removed = append(s.Removed, f)
	}
	return nil
}

// time is when this run is.
func (v *Verifier) time() time.Time {
	if v.Now.IsZero() {
		return time.Now()
	}
	return v.Now
}

// abandoned is the age at which a file that was not written to its end is
// nobody's any more.
const abandoned = 24 * time.Hour

// tidy removes heads that the history can do without, and what killed
// processes have left.
func tidy(dir DirCache, log *Log, now time.Time) error {
	heads, err := ReadHeads(dir, log)
	if err != nil {
		return err
	}
	for _, h := range superfluous(heads, now) {
		if err := os.Remove(dir.path(headName(h.Checkpoint))); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return filepath.WalkDir(string(dir), func(name string, entry fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil || entry.IsDir() || !strings.HasPrefix(entry.Name(), tempPrefix) {
			return err
		}
		if info, err := entry.Info(); err == nil && now.Sub(info.ModTime()) > abandoned {
			os.Remove(name) // another process may have been faster
		}
		return nil
	})
}
