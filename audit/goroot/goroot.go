// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

// Package goroot compares a Go installation with the release that it claims to
// be, without downloading it.
//
// Each release of Go is also a module, golang.org/toolchain, whose version tells
// release and system: v0.0.1-go1.26.8.linux-amd64. The checksum database has
// the hash of its files. An installation has the same files, and a few more
// that the module leaves out (cmd/distpack), so its hash can be computed where
// it lies. Where it is another, a few ranges of the module's zip file tell by
// which files: see [Tree.Compare].
package goroot

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
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

	"github.com/goassay/assay/internal/lazyregexp"
)

// ModulePath is the module of Go's releases.
const ModulePath = "golang.org/toolchain"

// A Tree is what an installation has of the files that the module has.
type Tree struct {
	Version string // as the file VERSION has it, such as go1.26.8
	GOOS    string
	GOARCH  string
	Files   []File // sorted by name
	Odd     []Odd  // what no release has, and no hash covers
	Bytes   int64  // of all files
}

// A File is one file of an installation.
type File struct {
	Name   string // in the module: with slashes, below module@version
	Size   int64
	SHA256 [sha256.Size]byte
	CRC32  uint32 // IEEE, as zip files have it
}

// An Odd is something that cannot be hashed.
type Odd struct {
	Name string `json:"name"`
	Why  string `json:"why"`
}

// ErrNoRelease is an installation of which no log can have a record.
var ErrNoRelease = errors.New("not a release of the Go project")

var release = lazyregexp.New(`^go1(\.[0-9]+){1,2}((rc|beta)[0-9]+)?$`)

// Module returns the module version that the installation claims to be. The
// error is [ErrNoRelease] for a development version, or a vendor's.
func (t *Tree) Module() (module.Version, error) {
	if !release().MatchString(t.Version) {
		return module.Version{}, fmt.Errorf("%w: %.60q", ErrNoRelease, t.Version)
	}
	m := module.Version{Path: ModulePath, Version: fmt.Sprintf("v0.0.1-%s.%s-%s", t.Version, t.GOOS, t.GOARCH)}
	if err := module.Check(m.Path, m.Version); err != nil {
		return module.Version{}, fmt.Errorf("%w: %v", ErrNoRelease, err)
	}
	return m, nil
}

// Listing returns the text whose SHA-256 is the module's h1: hash
// (golang.org/x/mod/sumdb/dirhash.Hash1): a line for each file, sorted by name.
func (t *Tree) Listing(m module.Version) []byte {
	var b bytes.Buffer
	for _, f := range t.Files {
		fmt.Fprintf(&b, "%x  %s/%s\n", f.SHA256, m, f.Name)
	}
	return b.Bytes()
}

// HashListing returns the h1: hash of a listing.
func HashListing(listing []byte) string {
	sum := sha256.Sum256(listing)
	return "h1:" + base64.StdEncoding.EncodeToString(sum[:])
}

// With returns the tree with one file's content exchanged, by its digest.
func (t *Tree) With(name string, sum [sha256.Size]byte) *Tree {
	out := *t
	out.Files = slices.Clone(t.Files)
	i, ok := slices.BinarySearchFunc(out.Files, name, func(f File, name string) int { return strings.Compare(f.Name, name) })
	if !ok {
		out.Files = slices.Insert(out.Files, i, File{Name: name})
	}
	out.Files[i].SHA256 = sum
	return &out
}

// Without returns the tree without one file.
func (t *Tree) Without(name string) *Tree {
	out := *t
	out.Files = slices.DeleteFunc(slices.Clone(t.Files), func(f File) bool { return f.Name == name })
	return &out
}

// Bounds of an installation. Go 1.26 has 15,000 files and 250 MiB.
const (
	maxFiles = 200_000
	maxBytes = 4 << 30
	maxDepth = 40
)

// Scan hashes the installation in dir, for the given system. Symbolic links are
// followed, as the go command follows them: distributions link folders. The
// error is the context's, or one of reading.
func Scan(ctx context.Context, dir, goos, goarch string, progress func(done, total int)) (*Tree, error) {
	version, err := readVersion(dir)
	if err != nil {
		return nil, err
	}
	t := &Tree{Version: version, GOOS: goos, GOARCH: goarch}
	l := lister{tree: t, ctx: ctx}
	if err := l.dir(dir, "", 0); err != nil {
		return nil, err
	}
	if err := t.hash(ctx, l.paths, progress); err != nil {
		return nil, err
	}
	t.Files = unpacked(t.Files)
	for _, f := range t.Files {
		t.Bytes += f.Size
	}
	return t, nil
}

// readVersion reads the first line of VERSION.
func readVersion(dir string) (string, error) {
	f, err := os.Open(filepath.Join(dir, "VERSION"))
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil // a checkout of the source: a development version
	}
	if err != nil {
		return "", err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, 4<<10))
	line, _, _ := strings.Cut(string(data), "\n")
	return line, err
}

// lister lists the files of an installation that the module has too.
type lister struct {
	ctx   context.Context
	tree  *Tree
	paths []string // of tree.Files
}

func (l *lister) dir(dir, name string, depth int) error {
	if depth > maxDepth {
		return fmt.Errorf("%s: more than %d folders deep", name, maxDepth)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if err := l.ctx.Err(); err != nil {
			return err
		}
		below := path.Join(name, e.Name())
		file := filepath.Join(dir, e.Name())
		info, err := os.Stat(file)
		switch {
		case err == nil && info.IsDir():
			if leftOut(below+"/", l.tree) {
				continue
			}
			if err := l.dir(file, below, depth+1); err != nil {
				return err
			}
			continue
		case leftOut(below, l.tree):
			continue
		case err != nil:
			l.odd(below, "a link that leads nowhere")
			continue
		case !info.Mode().IsRegular():
			l.odd(below, "not a regular file")
			continue
		}
		l.tree.Files = append(l.tree.Files, File{Name: below, Size: info.Size()})
		if l.paths = append(l.paths, file); len(l.paths) > maxFiles {
			return fmt.Errorf("more than %d files", maxFiles)
		}
	}
	return nil
}

func (l *lister) odd(name, why string) { l.tree.Odd = append(l.tree.Odd, Odd{name, why}) }

// leftOut reports whether the module does not have a file or, with a slash at
// the end, a folder (main in cmd/distpack/pack.go). What a build leaves in the
// source tree is not left out: the module has the files of a finished build.
func leftOut(name string, t *Tree) bool {
	for _, dir := range []string{"api/", "doc/", "misc/", "test/", ".git/", ".github/"} {
		if name == dir {
			return true
		}
	}
	if rest, ok := strings.CutPrefix(name, "pkg/"); ok && rest != "" {
		tools := "tool/" + t.GOOS + "_" + t.GOARCH + "/"
		return rest != "tool/" && !strings.HasPrefix(rest, "include/") && !strings.HasPrefix(rest, tools)
	}
	switch name {
	case ".gitattributes", ".gitignore", ".git", "VERSION.cache", "src/cmd/dist/dist", "src/cmd/dist/dist.exe":
		return true
	}
	return path.Base(name) == ".DS_Store" || strings.HasSuffix(name, ".exe~")
}

// hash hashes all files, several at once.
func (t *Tree) hash(ctx context.Context, paths []string, progress func(done, total int)) error {
	var mu sync.Mutex
	var first error
	done, total := 0, int64(0)
	queue := make(chan int)
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			buf := make([]byte, 256<<10)
			sum := sha256.New()
			for i := range queue {
				err := t.Files[i].read(ctx, paths[i], buf, sum)
				mu.Lock()
				done++
				total += t.Files[i].Size
				if total > maxBytes {
					err = fmt.Errorf("more than %d bytes", int64(maxBytes))
				}
				first = cmp.Or(first, err)
				if progress != nil {
					progress(done, len(paths))
				}
				mu.Unlock()
			}
		})
	}
	for i := range paths {
		mu.Lock()
		stop := first != nil
		mu.Unlock()
		if stop || ctx.Err() != nil {
			break
		}
		queue <- i
	}
	close(queue)
	wg.Wait()
	return cmp.Or(first, ctx.Err())
}

// read hashes one file.
func (f *File) read(ctx context.Context, path string, buf []byte, sum hash.Hash) error {
	r, err := os.Open(path)
	if err != nil {
		return err
	}
	defer r.Close()
	sum.Reset()
	f.Size, f.CRC32 = 0, 0
	for {
		n, err := r.Read(buf)
		sum.Write(buf[:n])
		f.CRC32 = crc32.Update(f.CRC32, crc32.IEEETable, buf[:n])
		if f.Size += int64(n); f.Size > maxBytes {
			return fmt.Errorf("%s: larger than %d bytes", f.Name, int64(maxBytes))
		}
		if err == io.EOF {
			sum.Sum(f.SHA256[:0])
			return nil
		}
		if err = cmp.Or(err, ctx.Err()); err != nil {
			return err
		}
	}
}

// unpacked gives the files the names that they have in the module, where go.mod
// is called _go.mod. A folder of the module cache has both, because the go
// command makes a copy (toolchain.Exec): of two that differ it is go.mod that
// counts in a build.
func unpacked(files []File) []File {
	byName := map[string]File{}
	var out []File
	for _, f := range files {
		if path.Base(f.Name) == "go.mod" {
			f.Name = path.Join(path.Dir(f.Name), "_go.mod")
			byName[f.Name] = f
		}
	}
	for _, f := range files {
		switch path.Base(f.Name) {
		case "go.mod":
			out = append(out, byName[path.Join(path.Dir(f.Name), "_go.mod")])
		case "_go.mod":
			if _, ok := byName[f.Name]; !ok {
				out = append(out, f)
			}
		default:
			out = append(out, f)
		}
	}
	slices.SortFunc(out, func(a, b File) int { return strings.Compare(a.Name, b.Name) })
	return out
}
