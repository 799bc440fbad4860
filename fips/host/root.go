// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package host

import (
	"errors"
	"io"
	"io/fs"
	"path"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxFile bounds what is read of one file, in bytes. The command line has 4 KiB
// at most; the longest is the list of mounts, of a host with many containers.
const maxFile = 4 << 20

// Errors of files that are not what is expected of them. They say no more than
// that: what stands in such a file is not repeated.
var (
	errTooLarge   = errors.New("too large")
	errNotRegular = errors.New("not a regular file")
	errNotText    = errors.New("not text")
)

// root is the root of a file system, whose files are named by their absolute
// paths.
type root struct{ fsys fs.FS }

// name is the path of a file as an fs.FS wants it.
func (r root) name(file string) string { return strings.TrimPrefix(path.Clean(file), "/") }

// read returns the text of a file. A pipe, which may never end, is refused.
func (r root) read(file string) (string, error) {
	info, err := fs.Stat(r.fsys, r.name(file))
	if err != nil {
		return "", err
	}
	if !info.Mode().IsRegular() {
		return "", errNotRegular
	}
	f, err := r.fsys.Open(r.name(file))
	if err != nil {
		return "", err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	switch {
	case err != nil:
		return "", err
	case len(data) > maxFile:
		return "", errTooLarge
	case !utf8.Valid(data) || strings.ContainsRune(string(data), 0):
		return "", errNotText
	}
	return string(data), nil
}

// has tells whether a file is there.
func (r root) has(file string) Answer {
	_, err := fs.Stat(r.fsys, r.name(file))
	switch {
	case err == nil:
		return yes("")
	case errors.Is(err, fs.ErrNotExist):
		return no("")
	}
	return failed(file, err)
}

// reason is an error without the path, which its user names.
func reason(err error) string {
	var pathErr *fs.PathError
	if errors.As(err, &pathErr) {
		err = pathErr.Err
	}
	return line(err.Error())
}

// line is the first line of a text, as a fact may hold it: printable, and at most
// 200 bytes.
func line(s string) string {
	s, _, _ = strings.Cut(strings.TrimSpace(s), "\n")
	const limit = 200
	if len(s) > limit {
		s = s[:limit] + "..."
	}
	return strings.Map(func(r rune) rune {
		if r == utf8.RuneError || !unicode.IsPrint(r) {
			return '?'
		}
		return r
	}, strings.TrimSpace(s))
}
