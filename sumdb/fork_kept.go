// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package sumdb

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"
)

// forksDir is the folder of a cache that keeps the evidence of forks, one file a
// fork. Nothing here removes one: to trust the log again is somebody's decision.
const forksDir = "forks"

const (
	// maxForks bounds the files that are read of one such folder.
	maxForks = 100

	// maxForkFile bounds one of them, in bytes: two tree heads, and less than a
	// hash for each level of the largest tree.
	maxForkFile = 2*maxCheckpoint + 16<<10
)

// readForks reads the evidence of forks that earlier runs have left, once in a
// run. What is none is told by forksErr: a fork that was damaged is not taken for
// one that was not there.
func (c *carried) readForks(cache Cache, log *Log) {
	if c.forksRead {
		return
	}
	c.forksRead = true
	names, err := cache.List(forksDir)
	var errs []error
	if err != nil {
		errs = append(errs, fmt.Errorf("%s: %w", forksDir, reasonOf(err)))
	}
	slices.Sort(names)
	if n := len(names); n > maxForks {
		errs = append(errs, fmt.Errorf("%s: of %d files, %d were read", forksDir, n, maxForks))
		names = names[:maxForks]
	}
	for _, base := range names {
		name := forksDir + "/" + base
		data, err := cache.Read(name)
		if errors.Is(err, fs.ErrNotExist) { // somebody has removed it just now
			continue
		}
		var v *Violation
		if err == nil {
			fsys, _ := cache.(fs.FS)
			v, err = keptFork(log, fsys, name, data)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", escaped(name), reasonOf(err)))
			continue
		}
		c.keepFork(v)
	}
	if len(errs) > 1 {
		errs = []error{fmt.Errorf("%w, and %d more", errs[0], len(errs)-1)}
	}
	c.forksErr = errors.Join(errs...)
}

// reasonOf is an error of the file system without the path, which stands before
// it already.
func reasonOf(err error) error {
	if pe, ok := errors.AsType[*fs.PathError](err); ok {
		return pe.Err
	}
	return err
}

// keepFork notes a fork that an earlier run has found, once.
func (c *carried) keepFork(v *Violation) {
	if !slices.ContainsFunc(c.kept, v.same) {
		c.kept = append(c.kept, v)
	}
}

// keptFork verifies the evidence of a fork in a file, and says when it was
// written where fsys, which may be nil, knows it.
func keptFork(log *Log, fsys fs.FS, name string, data []byte) (*Violation, error) {
	if len(data) > maxForkFile {
		return nil, fmt.Errorf("%d bytes", len(data))
	}
	f := new(ForkProof)
	if err := f.UnmarshalText(data); err != nil {
		return nil, err
	}
	first, second, err := f.Verify(log)
	if err != nil {
		return nil, err
	}
	subject := escaped(name) + ", found by an earlier run"
	if fsys != nil {
		if info, err := fs.Stat(fsys, name); err == nil && !info.ModTime().IsZero() {
			subject += " at " + info.ModTime().UTC().Format(time.RFC3339)
		}
	}
	return &Violation{
		Kind: Fork, Subject: subject, Detail: fmt.Sprintf("%s, as an earlier run found: %s", forkDetail(first, second), escaped(name)),
		Evidence: [][]byte{first.Signed, second.Signed}, Fork: f,
	}, nil
}

// forkDetail says of two heads, the smaller first, what makes them a fork.
func forkDetail(first, second *Checkpoint) string {
	if first.Size == second.Size {
		return fmt.Sprintf("two signed trees of size %d", first.Size)
	}
	return fmt.Sprintf("the signed tree of size %d is not the beginning of the one of size %d", first.Size, second.Size)
}

// forkKept reports whether an earlier run has found that the log forked. That
// does not pass: nothing is proven by such a log, whatever it shows now.
func (b *batch) forkKept() bool {
	for _, v := range b.carried.kept {
		b.violation(v, true)
		b.giveUp(v)
	}
	return len(b.carried.kept) > 0
}

// listFork reads the evidence of a fork.
func (in *inspection) listFork(file CachedFile) {
	if in.out.Forks > maxForks {
		in.problem(file, FileUnchecked, fmt.Sprintf("more than %d files", maxForks))
		return
	}
	data, ok := in.read(file, maxForkFile)
	if !ok || in.carried.found[file.Name] {
		return
	}
	v, err := keptFork(in.Log, in.caches[file.Cache], file.Name, data)
	if err != nil {
		in.problem(file, FileMalformed, err.Error())
		return
	}
	in.carried.keepFork(v)
}

// sameFork reports whether two are about the same heads.
func (f *ForkProof) sameFork(g *ForkProof) bool {
	return bytes.Equal(f.First, g.First) && bytes.Equal(f.Second, g.Second) ||
		bytes.Equal(f.First, g.Second) && bytes.Equal(f.Second, g.First)
}
