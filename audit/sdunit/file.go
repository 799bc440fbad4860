// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package sdunit

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// ErrMissing is the error of [Program.FindBelow] if the program is not there.
var ErrMissing = errors.New("no such program")

// ReadFile is [Read] of the unit file at a path of this system, with the drop-ins
// beside it. Symbolic links are followed, as systemd does. Facts and errors name
// files relative to the unit's directory.
func ReadFile(path string) (*Unit, error) {
	return Read(os.DirFS(filepath.Dir(path)), filepath.Base(path))
}

// searched are the directories in which systemd looks for a program that is
// named without one: systemd.service(5), Command Lines.
var searched = []string{"usr/local/sbin", "usr/local/bin", "usr/sbin", "usr/bin", "sbin", "bin"}

// FindBelow looks for the program below a directory of this system, as if that
// were "/" where the unit runs, and returns the path of its file, which begins
// with the directory. The error is ErrMissing if it is not there. Any other error
// is why it could not be told: it is no regular file, or a symbolic link leads out
// of the directory, which is not followed.
func (p Program) FindBelow(dir string) (string, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return "", err
	}
	defer root.Close()
	places := []string{strings.TrimLeft(path.Clean(p.Path), "/")}
	if !strings.Contains(p.Path, "/") {
		places = nil
		for _, d := range searched {
			places = append(places, path.Join(d, p.Path))
		}
	}
	for _, place := range places {
		if !filepath.IsLocal(place) { // "/" itself
			return "", fmt.Errorf("%s: no path of a file", p.Path)
		}
		info, err := root.Stat(place)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			continue
		case err != nil:
			return "", err
		case !info.Mode().IsRegular():
			return "", fmt.Errorf("%s: %w", place, ErrNotRegular)
		}
		return filepath.Join(dir, filepath.FromSlash(place)), nil
	}
	return "", fmt.Errorf("%s: %w", p.Path, ErrMissing)
}
