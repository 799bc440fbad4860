// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

// Package modcache measures what the go command's module cache really holds.
//
// For each module version the cache has up to four things that carry a hash:
// the zip file and the go.mod file, as they were downloaded; a .ziphash file
// with the hash of the zip file, which the go command compares with go.sum in
// the zip's stead; and the unpacked folder, which is what builds use and which
// nothing hashes again but "go mod verify". See
// https://go.dev/ref/mod#module-cache.
package modcache

import (
	"archive/zip"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"

	"golang.org/x/mod/module"
	"golang.org/x/mod/sumdb/dirhash"
	modzip "golang.org/x/mod/zip"
)

// Kind says which of the things a hash is of.
type Kind string

// The kinds, in the order in which the go command makes them.
const (
	ModFile Kind = "mod"     // the go.mod file
	ZipFile Kind = "zip"     // the zip file, hashed
	ZipHash Kind = "ziphash" // what the .ziphash file says
	Dir     Kind = "dir"     // the unpacked folder, hashed
)

// An Entry is one thing in the cache that carries a hash.
type Entry struct {
	Module module.Version
	Kind   Kind
	File   string // relative to the cache's folder, with slashes
	Hash   string // "h1:..." (golang.org/x/mod/sumdb/dirhash); "" if Err says why there is none
	Err    error
}

// ErrIrregular is something in an unpacked folder that no zip file can have put
// there: a link, a named pipe, a device.
var ErrIrregular = errors.New("not a regular file")

// maxEntries bounds what is listed in a cache.
const maxEntries = 5_000_000

// Scan measures what the cache in dir holds of modules, or all that it holds
// where modules is nil. What it does not hold is not listed. Files are hashed
// several at once. The error is the context's, or that of reading the folder.
func Scan(ctx context.Context, dir string, modules []module.Version, progress func(done, total int)) ([]Entry, error) {
	entries, err := list(ctx, dir, modules)
	if err != nil {
		return nil, err
	}
	queue := make(chan int)
	var mu sync.Mutex
	done := 0
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for i := range queue {
				entries[i].measure(dir)
				mu.Lock()
				if done++; progress != nil {
					progress(done, len(entries))
				}
				mu.Unlock()
			}
		})
	}
	for i := range entries {
		if ctx.Err() != nil {
			break
		}
		queue <- i
	}
	close(queue)
	wg.Wait()
	return entries, ctx.Err()
}

// list lists what there is, without hashes.
func list(ctx context.Context, dir string, modules []module.Version) ([]Entry, error) {
	if modules == nil {
		var err error
		if modules, err = versions(ctx, dir); err != nil {
			return nil, err
		}
	}
	var out []Entry
	for _, m := range modules {
		path, err1 := module.EscapePath(m.Path)
		version, err2 := module.EscapeVersion(m.Version)
		if err1 != nil || err2 != nil {
			continue // no such name can be in a cache
		}
		download := "cache/download/" + path + "/@v/" + version
		for kind, name := range map[Kind]string{
			ModFile: download + ".mod", ZipFile: download + ".zip", ZipHash: download + ".ziphash", Dir: path + "@" + version,
		} {
			if kind == Dir && exists(filepath.Join(dir, filepath.FromSlash(download+".partial"))) {
				continue // not unpacked to its end: the go command does it again (modfetch.DownloadDir)
			}
			if _, err := os.Lstat(filepath.Join(dir, filepath.FromSlash(name))); !errors.Is(err, fs.ErrNotExist) {
				out = append(out, Entry{Module: m, Kind: kind, File: name, Err: err})
			}
		}
	}
	slices.SortFunc(out, func(a, b Entry) int {
		return cmp.Or(strings.Compare(a.Module.Path, b.Module.Path), strings.Compare(a.Module.Version, b.Module.Version), strings.Compare(a.File, b.File))
	})
	return out, nil
}

// versions lists the module versions that a cache holds anything of.
func versions(ctx context.Context, dir string) ([]module.Version, error) {
	seen := map[module.Version]bool{}
	n := 0
	download := filepath.Join(dir, "cache", "download")
	err := filepath.WalkDir(download, func(name string, entry fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if n++; n > maxEntries {
			err = fmt.Errorf("more than %d files", maxEntries)
		}
		if err = cmp.Or(err, ctx.Err()); err != nil {
			return err
		}
		rel := filepath.ToSlash(strings.TrimPrefix(strings.TrimPrefix(name, download), string(filepath.Separator)))
		if entry.IsDir() {
			if rel == "sumdb" || rel == "cache" {
				return fs.SkipDir // the checksum database's answers, version control
			}
			return nil
		}
		folder, file := path.Split(rel)
		escaped, ok := strings.CutSuffix(folder, "/@v/")
		ext := path.Ext(file)
		if !ok || ext != ".mod" && ext != ".zip" && ext != ".ziphash" {
			return nil
		}
		p, err1 := module.UnescapePath(escaped)
		v, err2 := module.UnescapeVersion(strings.TrimSuffix(file, ext))
		if err1 == nil && err2 == nil {
			seen[module.Version{Path: p, Version: v}] = true
		}
		return nil
	})
	var out []module.Version
	for m := range seen {
		out = append(out, m)
	}
	return out, err
}

// measure computes the hash.
func (e *Entry) measure(dir string) {
	if e.Err != nil {
		return
	}
	name := filepath.Join(dir, filepath.FromSlash(e.File))
	switch e.Kind {
	case ModFile:
		e.Hash, e.Err = hashModFile(name)
	case ZipFile:
		e.Hash, e.Err = hashZip(name)
	case ZipHash:
		e.Hash, e.Err = readZipHash(name)
	case Dir:
		e.Hash, e.Err = hashDir(name, e.Module)
	}
	var pe *fs.PathError
	if errors.As(e.Err, &pe) {
		e.Err = fmt.Errorf("%s: %w", pe.Op, pe.Err) // the path stands beside it
	}
}

// open opens a regular file: a named pipe would not end.
func open(name string) (*os.File, error) {
	info, err := os.Lstat(name)
	if err == nil && !info.Mode().IsRegular() {
		err = ErrIrregular
	}
	if err != nil {
		return nil, err
	}
	return os.Open(name)
}

func readText(name string, limit int64) ([]byte, error) {
	f, err := open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(data)) > limit {
		err = fmt.Errorf("larger than %d bytes", limit)
	}
	return data, err
}

func hashModFile(name string) (string, error) {
	data, err := readText(name, modzip.MaxGoMod)
	if err != nil {
		return "", err
	}
	return dirhash.Hash1([]string{"go.mod"}, func(string) (io.ReadCloser, error) {
		return io.NopCloser(strings.NewReader(string(data))), nil
	})
}

// readZipHash reads what a .ziphash file claims.
func readZipHash(name string) (string, error) {
	data, err := readText(name, 1<<10)
	if err != nil {
		return "", err
	}
	hash := strings.TrimSpace(string(data))
	sum, ok := strings.CutPrefix(hash, "h1:")
	if raw, err := base64.StdEncoding.Strict().DecodeString(sum); !ok || err != nil || len(raw) != sha256.Size {
		return "", errors.New("not a hash")
	}
	return hash, nil
}

// hashZip hashes the files in a zip file, within the go command's bounds.
func hashZip(name string) (string, error) {
	f, err := open(name)
	if err != nil {
		return "", err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return "", err
	}
	if info.Size() > modzip.MaxZipFile {
		return "", fmt.Errorf("larger than %d bytes", modzip.MaxZipFile)
	}
	z, err := zip.NewReader(f, info.Size())
	if err != nil {
		return "", err
	}
	left := uint64(modzip.MaxZipFile)
	byName := map[string]*zip.File{}
	var names []string
	for _, e := range z.File {
		if e.UncompressedSize64 > left {
			return "", fmt.Errorf("its files are larger than %d bytes", modzip.MaxZipFile)
		}
		left -= e.UncompressedSize64
		if byName[e.Name] != nil {
			return "", fmt.Errorf("%.100q is there twice", e.Name)
		}
		byName[e.Name] = e
		names = append(names, e.Name)
	}
	return dirhash.Hash1(names, func(name string) (io.ReadCloser, error) { return byName[name].Open() })
}

// hashDir hashes an unpacked folder as "go mod verify" does, but opens nothing
// that is no regular file.
func hashDir(dir string, m module.Version) (string, error) {
	err := filepath.WalkDir(dir, func(name string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() && !entry.Type().IsRegular() {
			err = fmt.Errorf("%s: %w", filepath.ToSlash(strings.TrimPrefix(name, dir)), ErrIrregular)
		}
		return err
	})
	if err != nil {
		return "", err
	}
	files, err := dirhash.DirFiles(dir, m.String())
	if err != nil {
		return "", err
	}
	return dirhash.Hash1(unpacked(m, files), func(name string) (io.ReadCloser, error) {
		file := filepath.Join(dir, filepath.FromSlash(strings.TrimPrefix(name, m.String())))
		if base := path.Base(name); m.Path == toolchain && base == "_go.mod" {
			if mod := filepath.Join(filepath.Dir(file), "go.mod"); exists(mod) {
				file = mod
			}
		}
		return os.Open(file)
	})
}

// toolchain is the module of Go's releases. Its go.mod files are called _go.mod,
// and the go command copies them to go.mod after unpacking (toolchain.Exec): the
// copies are what counts.
const toolchain = "golang.org/toolchain"

// unpacked leaves out what the go command added to an unpacked folder.
func unpacked(m module.Version, files []string) []string {
	if m.Path != toolchain {
		return files
	}
	return slices.DeleteFunc(slices.Clone(files), func(name string) bool {
		dir, base := path.Split(name)
		return base == "go.mod" && slices.Contains(files, dir+"_go.mod")
	})
}

func exists(name string) bool {
	_, err := os.Lstat(name)
	return err == nil
}
