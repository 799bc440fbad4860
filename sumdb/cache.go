// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package sumdb

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
)

// A Cache keeps what was verified, under names in the go command's own layout
// below $GOMODCACHE/cache/download/sumdb/<log>: "lookup/...", "tile/8/...", and
// in a layout of its own "heads/..." and "forks/...". What is read from it is
// verified again, so a cache need not be trusted; it is written only with what was
// verified. The evidence of a fork in it is a violation in every run, with no head
// and no record proven, until whoever answers for the cache removes the file.
type Cache interface {
	// Read returns what was stored under name, or an error that is
	// [fs.ErrNotExist] if there is nothing.
	Read(name string) ([]byte, error)

	// Write stores data under name: all of it or nothing.
	Write(name string, data []byte) error

	// List returns the names of the files in a folder, without the folder's,
	// in no order; none if there is no such folder.
	List(dir string) ([]string, error)
}

// A DirCache is a [Cache] in a directory, which several processes may share.
type DirCache string

// maxCached bounds one file of a cache, in bytes.
const maxCached = max(maxLookup, maxForkFile)

// tempPrefix begins the name of a file that is not written to its end yet.
const tempPrefix = ".tmp-"

// Read reads a file of the cache, which must be a regular one.
func (d DirCache) Read(name string) ([]byte, error) {
	f, err := d.open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return readRegular(f, maxCached)
}

// Open implements [fs.FS]. As opposed to [os.DirFS] it waits for nobody to write
// to a named pipe.
func (d DirCache) Open(name string) (fs.File, error) {
	if !fs.ValidPath(name) || d == "" {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrInvalid}
	}
	f, err := d.open(name)
	if err != nil {
		return nil, err
	}
	return f, nil
}

// open opens a file without waiting: it may be a named pipe, or become one just
// now, so what it is can be asked only of what was opened.
func (d DirCache) open(name string) (*os.File, error) {
	return os.OpenFile(d.path(name), os.O_RDONLY|syscall.O_NONBLOCK, 0)
}

// readRegular reads a regular file of at most limit bytes.
func readRegular(f fs.File, limit int64) ([]byte, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s: not a regular file", info.Name())
	}
	b := bytes.NewBuffer(make([]byte, 0, min(info.Size(), limit)+bytes.MinRead)) // room for the end of the file
	if _, err := b.ReadFrom(io.LimitReader(f, limit+1)); err != nil {
		return nil, err
	}
	if int64(b.Len()) > limit {
		return nil, fmt.Errorf("%s: file too large", info.Name())
	}
	return b.Bytes(), nil
}

// Write writes a file of the cache under a temporary name and renames it.
func (d DirCache) Write(name string, data []byte) error {
	path := d.path(name)
	f, err := os.CreateTemp(filepath.Dir(path), tempPrefix+"*")
	if errors.Is(err, fs.ErrNotExist) {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		f, err = os.CreateTemp(filepath.Dir(path), tempPrefix+"*")
	}
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	err = errors.Join(err, f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		os.Remove(f.Name())
	}
	return err
}

// List returns the names of the files in a folder of the cache.
func (d DirCache) List(dir string) ([]string, error) {
	f, err := d.open(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	names, err := f.Readdirnames(-1)
	return slices.DeleteFunc(names, func(name string) bool { return strings.HasPrefix(name, tempPrefix) }), err
}

func (d DirCache) path(name string) string {
	return filepath.Join(string(d), filepath.FromSlash(name))
}

// noCache keeps nothing.
type noCache struct{}

func (noCache) Read(string) ([]byte, error)   { return nil, fs.ErrNotExist }
func (noCache) Write(string, []byte) error    { return nil }
func (noCache) List(string) ([]string, error) { return nil, nil }

// countingCache counts the files that are written to a folder.
type countingCache struct {
	DirCache
	records, tiles atomic.Int64
}

func (c *countingCache) Write(name string, data []byte) error {
	err := c.DirCache.Write(name, data)
	switch dir, _, _ := strings.Cut(name, "/"); {
	case err != nil:
	case dir == "lookup":
		c.records.Add(1)
	case dir == "tile":
		c.tiles.Add(1)
	}
	return err
}

func (c *countingCache) counts() (records, tiles int) {
	return int(c.records.Load()), int(c.tiles.Load())
}
