// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package sumdb

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"golang.org/x/mod/module"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// maxFiles bounds the files of one cache.
const maxFiles = 10_000_000

// list reads the names of a cache, and what its lookups and heads say.
func (in *inspection) list(cache int) error {
	n := 0
	return fs.WalkDir(in.caches[cache], ".", func(name string, entry fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) && name == "." {
			return fs.SkipAll
		}
		if err != nil {
			in.problem(CachedFile{Cache: cache, Name: name}, FileUnchecked, err.Error())
			return nil
		}
		if n++; n > maxFiles {
			return fmt.Errorf("more than %d files", maxFiles)
		}
		if entry.IsDir() {
			return in.ctx.Err()
		}
		file := CachedFile{Cache: cache, Name: name}
		switch dir, _, _ := strings.Cut(name, "/"); {
		case strings.HasPrefix(entry.Name(), tempPrefix) || strings.HasSuffix(name, ".lock"):
		case dir == "lookup":
			in.out.Lookups++
			in.listLookup(file)
		case dir == "tile":
			in.out.Tiles++
			in.listTile(file)
		case dir == headsDir || name == "latest":
			in.out.Heads++
			in.listHead(file)
		case dir == forksDir:
			in.out.Forks++
			in.listFork(file)
		}
		return nil
	})
}

func (in *inspection) problem(f CachedFile, state FileState, detail string) {
	f.State, f.Detail = state, detail
	in.out.Problems = append(in.out.Problems, f)
}

// read reads a file of at most limit bytes, or says why it cannot.
func (in *inspection) read(file CachedFile, limit int64) ([]byte, bool) {
	data, err := readFile(in.caches[file.Cache], file.Name, limit)
	if err != nil {
		in.problem(file, FileUnchecked, err.Error())
	}
	return data, err == nil
}

// readFile reads a regular file of at most limit bytes.
func readFile(fsys fs.FS, name string, limit int64) ([]byte, error) {
	if _, ok := fsys.(DirCache); !ok { // opening a named pipe of another file system may wait
		info, err := fs.Stat(fsys, name)
		if err != nil {
			return nil, err
		}
		if !info.Mode().IsRegular() {
			return nil, fmt.Errorf("%s: not a regular file", info.Name())
		}
	}
	f, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return readRegular(f, limit)
}

// listLookup reads the answer to a lookup.
func (in *inspection) listLookup(file CachedFile) {
	data, ok := in.read(file, maxLookup)
	if !ok {
		return
	}
	m, err := lookupModule(file.Name)
	if err != nil {
		in.problem(file, FileMalformed, err.Error())
		return
	}
	rec, signed, err := parseLookup(m, data)
	if err != nil {
		var v *Violation
		errors.As(err, &v)
		in.problem(file, FileForged, v.Detail)
		return
	}
	l := heldLookup{file: file, mod: m, id: rec.ID, leaf: tlog.RecordHash(rec.Text)}
	if l.head = in.openHead(signed); l.head == nil {
		l.key = otherKey(in.Log, signed)
	}
	in.contrast(&l, data)
	in.heldLookups = append(in.heldLookups, l)
}

// lookupModule is the inverse of lookupPath.
func lookupModule(name string) (module.Version, error) {
	rest, _ := strings.CutPrefix(name, "lookup/")
	i := strings.LastIndex(rest, "@")
	if i < 0 {
		return module.Version{}, errors.New("not the name of a module version")
	}
	path, err := module.UnescapePath(rest[:i])
	if err != nil {
		return module.Version{}, err
	}
	version, err := module.UnescapeVersion(rest[i+1:])
	return module.Version{Path: path, Version: version}, err
}

// openHead opens a head that a file holds. That it is not signed is the file's
// fault and no violation of the log.
func (in *inspection) openHead(signed []byte) *Checkpoint {
	if _, err := in.Log.OpenCheckpoint(signed); err != nil {
		return nil
	}
	return in.addHead(signed, false)
}

// otherKey reports whether a note has a signature line with the log's name and
// another key's hash. Nobody has verified it.
func otherKey(log *Log, signed []byte) bool {
	n, err := note.Open(signed, note.VerifierList())
	var unverified *note.UnverifiedNoteError
	if err != nil && errors.As(err, &unverified) {
		n = unverified.Note
	}
	return n != nil && slices.ContainsFunc(n.UnverifiedSigs, func(s note.Signature) bool {
		return s.Name == log.Name && s.Hash != log.Verifier.KeyHash()
	})
}

// listHead reads a tree head.
func (in *inspection) listHead(file CachedFile) {
	data, ok := in.read(file, maxHeadFile)
	if !ok {
		return
	}
	signed := data
	if file.Name != "latest" {
		_, signed, _ = bytes.Cut(data, []byte("\n\n"))
	}
	cp := in.openHead(signed)
	switch {
	case cp == nil && otherKey(in.Log, signed):
		in.problem(file, FileStaleKey, "signed by another key of the log's name")
	case cp == nil:
		in.problem(file, FileForged, "no valid signature of the log")
	case file.Name != "latest" && headName(cp) != file.Name:
		in.problem(file, FileForged, "holds another head than its name says")
	default:
		in.heldHeads = append(in.heldHeads, heldHead{file, cp})
	}
}

// listTile reads the name of a tile.
func (in *inspection) listTile(file CachedFile) {
	t, err := tlog.ParseTilePath(file.Name)
	switch {
	case err != nil:
		in.problem(file, FileMalformed, err.Error())
	case t.H != tileHeight || t.L < 0 || t.N > maxSize/tileWidth:
		in.problem(file, FileMalformed, "not a tile that the log serves")
	default:
		in.heldTiles = append(in.heldTiles, heldTile{file, t})
	}
}
