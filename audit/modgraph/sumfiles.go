// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package modgraph

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// MaxSums bounds a go.sum file, in bytes: some forty times the longest that
// is known.
const MaxSums = 64 << 20

// A SumFile is a go.sum or go.work.sum file, read.
type SumFile struct {
	Path     string // absolute
	Data     []byte
	Lines    []SumLine    // File is Path
	Problems []SumProblem // likewise
}

// ReadSumFiles reads the go.sum files that the go command would trust in a
// module or workspace: those beside the go.mod of each main module, and
// go.work.sum. A file that does not exist is left out. Either argument may be "".
func ReadSumFiles(modFile, workFile string) ([]SumFile, error) {
	var names []string
	if modFile != "" {
		names = append(names, sumName(modFile))
	}
	if workFile != "" {
		names = append(names, workFile+".sum")
		work, err := ReadWorkFile(workFile)
		if err != nil {
			return nil, err
		}
		for _, u := range work.Use {
			names = append(names, filepath.Join(u.Dir, "go.sum"))
		}
	}
	slices.Sort(names)
	var files []SumFile
	for _, name := range slices.Compact(names) {
		f, err := ReadSumFile(name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		files = append(files, f)
	}
	return files, nil
}

// ReadSumFile reads one go.sum file.
func ReadSumFile(name string) (SumFile, error) {
	data, err := readSums(name)
	if err != nil {
		return SumFile{}, err
	}
	f := SumFile{Path: name, Data: data}
	f.Lines, f.Problems = ParseSums(name, data)
	return f, nil
}

// sumName returns the go.sum file that belongs to a go.mod file, also to one
// named by -modfile.
func sumName(modFile string) string { return strings.TrimSuffix(modFile, ".mod") + ".sum" }

// errLeadsOut is a go.sum file that is a link to a file elsewhere. What it
// holds becomes evidence, and parts of it text of the report: a repository from
// somebody else must not be able to put the user's own files there.
var errLeadsOut = errors.New("a symbolic link that leads out of the repository")

// leadsOut reports whether a file is a link out of the version control checkout
// that it is in or, where there is none, out of its folder.
func leadsOut(name string) bool {
	info, err := os.Lstat(name)
	if err != nil || info.Mode()&fs.ModeSymlink == 0 {
		return false
	}
	root := RepositoryRoot(filepath.Dir(name))
	if root == "" {
		root = filepath.Dir(name)
	}
	return !Inside(root, name)
}

func readSums(name string) ([]byte, error) {
	if info, err := os.Stat(name); err == nil && !info.Mode().IsRegular() {
		return nil, &fs.PathError{Op: "read", Path: name, Err: errors.New("not a regular file")} // opening a named pipe would wait
	}
	if leadsOut(name) {
		return nil, &fs.PathError{Op: "read", Path: name, Err: errLeadsOut}
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, MaxSums+1))
	if err == nil && len(data) > MaxSums {
		err = &fs.PathError{Op: "read", Path: name, Err: fmt.Errorf("larger than %d bytes", MaxSums)}
	}
	return data, err
}
