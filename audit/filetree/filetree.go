// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

// Package filetree finds files of a kind: in directories, in archives, and in
// container images, which it reads without unpacking them to disk.
//
// Archives are tar, zip, Debian and RPM packages, and what gzip, bzip2, xz and
// Zstandard compressed; they are told by their first bytes, and may stand in each
// other. A zip archive may stand behind a program or a script that unpacks it. Other
// formats, such as 7z, cpio outside of RPM packages, and what other archives follow a
// program or a script, are not read: they pass for files of no interest. Images are those of the OCI layout, as a directory or in a tar file, and
// what "docker save" writes. Of an image, the files are those that a container
// would see; what stands beside its layers is read as it is.
//
// What is read comes from others, and is bounded: see the constants. What could not
// be read of these formats is told, and never passed over; that something stands
// behind the end of a tar archive is told, too, and it is not read. What nobody can
// see is that a tar archive was cut just behind a member, or what a zip archive holds
// that its directory does not name.
package filetree

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"
)

// Bounds of a [Walk].
const (
	MaxDepth  = 128       // directories below a root
	MaxNested = 8         // archives in each other
	MaxFiles  = 1_000_000 // entries of all directories and archives together

	// MaxMemory is how many bytes one file of the file system may need in memory at
	// once, with all that is in it: a compressed executable, and the lists of
	// archives and layers. Several files may need a little each at a time, but only
	// one of them much. What decompressors need for themselves is not counted: up to
	// 128 MiB for each archive around a file.
	MaxMemory = 1 << 30

	// MaxUnpacked and MaxRatio bound how many bytes may come out of one file of the
	// file system, by all archives in it together: so many, and so many times its
	// size, but always a GiB.
	MaxUnpacked = 64 << 30
	MaxRatio    = 256
)

// Errors of a [Walk], and of a [File].
var (
	ErrTooMany    = errors.New("too many files")
	ErrNotRegular = errors.New("not a regular file")
	ErrTooLarge   = errors.New("larger than the limit")
	ErrNested     = errors.New("too many archives in each other")
	ErrMalformed  = errors.New("malformed archive")
	ErrEncrypted  = errors.New("encrypted")
	ErrDigest     = errors.New("not what its digest says")
)

// HeadSize is how many bytes of a file tell what it is.
const HeadSize = 512

// A File is one file that was found. Its content can be read until the function
// that it was given to returns, and not after: it may stand in memory that is used
// again.
type File struct {
	// Path is the root, and the way below it. Behind an archive stand "!/" and
	// the way in it: "image.tar!/usr/bin/x". Where an archive holds several
	// images, each has a name in between: "image.tar!linux/arm64!/usr/bin/x".
	Path  string
	Outer string // the file of the file system that it is, or is in
	Root  bool   // it is one of the roots
	Size  int64  // in bytes
	Image *Image // that it is in; nil if it is in none

	// Package is the innermost Debian package that it is in; nil if it is in none.
	Package *Package

	// Err is why it could not be read; nil if it can. It may be an archive
	// then, or an image, or a directory.
	Err error

	// The content. That of a file of the file system is read and not mapped: if
	// somebody cuts a mapped file, the process dies.
	io.ReaderAt
}

// Walk calls fn for each file under roots, which are files and directories, that
// want takes by its first bytes, [HeadSize] if it has as many. A root that is a
// file is reported whatever it is, unless it is an archive; one that is both, by its
// first bytes, is reported and read. What could not be
// read is reported, with the error.
//
// want and fn are called from several goroutines at once, and in no order. What is
// reported does not depend on it.
//
// Symbolic links are followed for roots alone: what they lead to within a
// directory is met by itself, and what lies outside was not asked for. A file with
// several names is reported once, in a directory and in an image; in another
// archive too, by the name that its content stands at.
//
// Walk ends with the error of fn, of ctx, or ErrTooMany.
func Walk(ctx context.Context, roots []string, want func(head []byte) bool, fn func(*File) error) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(1 + runtime.GOMAXPROCS(0))
	w := newWalk(ctx, want, fn)
	w.group = g
	g.Go(func() error { return w.roots(roots) })
	return g.Wait()
}

// walk is one Walk under way. One goroutine walks the directories, and others read
// the files.
type walk struct {
	ctx   context.Context
	group *errgroup.Group
	want  func(head []byte) bool
	fn    func(*File) error
	files atomic.Int64
	large chan struct{} // full while somebody needs much memory

	// Of the goroutine that walks the directories:

	seen   map[identity][]os.FileInfo // candidates for os.SameFile
	layers map[string]bool            // paths that images in directories account for
}

func newWalk(ctx context.Context, want func(head []byte) bool, fn func(*File) error) *walk {
	return &walk{ctx: ctx, want: want, fn: fn, large: make(chan struct{}, 1), seen: map[identity][]os.FileInfo{}, layers: map[string]bool{}}
}

// identity is what all names of one file share.
type identity struct {
	size     int64
	modified time.Time
}

// count counts one entry.
func (w *walk) count() error {
	if err := w.ctx.Err(); err != nil {
		return err
	}
	if w.files.Add(1) > MaxFiles {
		return fmt.Errorf("%w: more than %d", ErrTooMany, MaxFiles)
	}
	return nil
}

// roots walks the files first, which are reported whatever they are, also where
// one of the directories has them.
func (w *walk) roots(roots []string) error {
	infos := make([]os.FileInfo, len(roots))
	for i, root := range roots {
		info, err := os.Stat(root)
		if err != nil {
			err = w.failed(place{path: root, outer: root, root: true}, err)
		} else if infos[i] = info; !info.IsDir() {
			err = w.file(root, info, true)
		}
		if err != nil {
			return err
		}
	}
	for i, root := range roots {
		if infos[i] != nil && infos[i].IsDir() {
			if err := w.dir(root, infos[i], 0); err != nil {
				return err
			}
		}
	}
	return nil
}

// met reports whether a file or a directory was met before.
func (w *walk) met(info os.FileInfo) bool {
	id := identity{info.Size(), info.ModTime()}
	for _, other := range w.seen[id] {
		if os.SameFile(info, other) {
			return true
		}
	}
	w.seen[id] = append(w.seen[id], info)
	return false
}

func (w *walk) dir(path string, info os.FileInfo, depth int) error {
	if w.met(info) {
		return nil
	}
	at := place{path: path, outer: path, root: depth == 0}
	if depth > MaxDepth {
		return w.failed(at, fmt.Errorf("%w: more than %d directories deep", ErrTooLarge, MaxDepth))
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		if err := w.failed(at, err); err != nil {
			return err
		}
	}
	if isLayout(entries) {
		if err := w.layout(path); err != nil {
			return err
		}
	}
	for _, e := range entries {
		if err := w.count(); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		name := filepath.Join(path, e.Name())
		if !e.IsDir() && !e.Type().IsRegular() || w.layers[name] {
			continue
		}
		info, err := e.Info()
		switch {
		case errors.Is(err, fs.ErrNotExist): // removed meanwhile
			err = nil
		case err != nil:
			err = w.failed(place{path: name, outer: name}, err)
		case e.IsDir():
			err = w.dir(name, info, depth+1)
		default:
			err = w.file(name, info, false)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// file has one file of the file system read, beside others.
func (w *walk) file(path string, info os.FileInfo, root bool) error {
	if err := w.ctx.Err(); err != nil {
		return err
	}
	if w.met(info) {
		return nil
	}
	w.group.Go(func() error {
		at := place{path: path, outer: path, root: root}
		f, size, err := Open(path)
		if err != nil {
			return w.failed(at, err)
		}
		defer f.Close()
		at.budget = w.newBudget(size)
		return w.open(at, f, size)
	})
	return nil
}

// Open opens a regular file and no other: opening a pipe would wait for a writer,
// opening a device may do anything. It returns the file's size.
func Open(path string) (*os.File, int64, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, 0, err
	}
	if err := mustBeRegular(path, info); err != nil {
		return nil, 0, err
	}
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0) // not blocking: it may be replaced by a pipe just now
	if err != nil {
		return nil, 0, err
	}
	return opened(path, f)
}

// opened looks again at a file that was opened.
func opened(path string, f *os.File) (*os.File, int64, error) {
	info, err := f.Stat()
	if err == nil {
		err = mustBeRegular(path, info)
	}
	if err != nil {
		f.Close()
		return nil, 0, err
	}
	return f, info.Size(), nil
}

func mustBeRegular(path string, info os.FileInfo) error {
	if info.Mode().IsRegular() {
		return nil
	}
	return &os.PathError{Op: "open", Path: path, Err: fmt.Errorf("%w: %s", ErrNotRegular, kindOf(info.Mode()))}
}

func kindOf(m os.FileMode) string {
	switch {
	case m.IsDir():
		return "directory"
	case m&os.ModeNamedPipe != 0:
		return "named pipe"
	case m&os.ModeSocket != 0:
		return "socket"
	case m&os.ModeDevice != 0:
		return "device"
	}
	return "special file"
}

// A place is where a file stands.
type place struct {
	path   string
	outer  string
	root   bool
	nested int     // archives around it
	budget *budget // of the file of the file system
	image  *Image
	pkg    *Package
}

// maxName is how much of a member's name is told, in bytes: PATH_MAX of Linux.
const maxName = 4096

// in is the place of a member of an archive.
func (at place) in(name string) place {
	at.path += "!/" + printable(name[:min(len(name), maxName)])
	at.root = false
	at.nested++
	return at
}

// report reports a file, with the content r or with an error.
func (w *walk) report(at place, r io.ReaderAt, size int64, err error) error {
	if ended := w.ctx.Err(); ended != nil { // an interruption is not of the file
		return ended
	}
	return w.fn(&File{Path: at.path, Outer: at.outer, Root: at.root, Size: size, Image: at.image, Package: at.pkg, Err: err, ReaderAt: r})
}

// failed reports what could not be read.
func (w *walk) failed(at place, err error) error { return w.report(at, nil, 0, err) }
