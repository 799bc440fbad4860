// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package gobin

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// Bounds of Walk.
const (
	MaxDepth = 128       // directories below a root
	MaxFiles = 1_000_000 // entries of all directories together
)

// ErrTooMany says that Walk met more than MaxFiles entries and stopped.
var ErrTooMany = errors.New("too many files")

// Walk calls fn for each executable under roots, which are files and
// directories, in lexical order within each root. Of a universal Mach-O file
// fn gets each member.
//
// A root that is a file is reported whatever it is. In directories, what is no
// executable is passed over in silence; executables that are not Go, damaged
// files and what could not be read are reported, with their State. Symbolic
// links are followed for roots alone: what they lead to within a directory is
// met by itself, and what lies outside was not asked for. A file with several
// names is reported once, by the first.
//
// The File is closed when fn returns; its facts stay. Walk ends with the error
// of fn, of ctx, or ErrTooMany.
func Walk(ctx context.Context, roots []string, fn func(*File) error) error {
	w := &walk{ctx: ctx, fn: fn, seen: map[identity][]os.FileInfo{}}
	for _, root := range roots {
		info, err := os.Stat(root)
		switch {
		case err != nil:
			err = fn(failed(root, err))
		case info.IsDir():
			err = w.dir(root, 0)
		default:
			err = w.file(root, info, true)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// walk is one Walk under way.
type walk struct {
	ctx   context.Context
	fn    func(*File) error
	files int
	seen  map[identity][]os.FileInfo // candidates for os.SameFile
}

// identity is what all names of one file share.
type identity struct {
	size     int64
	modified time.Time
}

func (w *walk) dir(path string, depth int) error {
	if depth > MaxDepth {
		return w.fn(failed(path, fmt.Errorf("more than %d directories deep", MaxDepth)))
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		if err := w.fn(failed(path, err)); err != nil {
			return err
		}
	}
	for _, e := range entries {
		if err := w.ctx.Err(); err != nil {
			return err
		}
		if w.files++; w.files > MaxFiles {
			return fmt.Errorf("%s: %w: more than %d", path, ErrTooMany, MaxFiles)
		}
		name := filepath.Join(path, e.Name())
		switch {
		case e.IsDir():
			err = w.dir(name, depth+1)
		case e.Type().IsRegular():
			var info os.FileInfo
			if info, err = e.Info(); err == nil {
				err = w.file(name, info, false)
			} else if errors.Is(err, fs.ErrNotExist) { // removed meanwhile
				err = nil
			} else {
				err = w.fn(failed(name, err))
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (w *walk) file(path string, info os.FileInfo, root bool) error {
	if err := w.ctx.Err(); err != nil {
		return err
	}
	id := identity{info.Size(), info.ModTime()}
	for _, other := range w.seen[id] {
		if os.SameFile(info, other) {
			return nil
		}
	}
	f, err := Open(path)
	if err != nil {
		f = failed(path, err)
		f.Size = info.Size()
		if f.State == StateNotExecutable && !root {
			return nil
		}
	}
	defer f.Close()
	w.seen[id] = append(w.seen[id], info)
	for _, x := range f.Executables() {
		if err := w.fn(x); err != nil {
			return err
		}
	}
	return nil
}

// failed returns what is known of a file that Open or New refused.
func failed(path string, err error) *File {
	f := &File{Path: path, State: StateUnreadable, Err: err,
		Static: Unknown, PIE: Unknown, NX: Unknown, WX: Unknown,
		Stripped: Stripped{Unknown, Unknown}, CGO: Unknown, Trimpath: Unknown}
	switch {
	case errors.Is(err, ErrNotGo):
		f.State = StateNotGo
	case errors.Is(err, ErrNotExecutable):
		f.State = StateNotExecutable
	}
	if pe, ok := errors.AsType[*os.PathError](err); ok {
		err = pe.Err // the path stands beside it
	}
	f.Reason = printable(err.Error())
	return f
}
