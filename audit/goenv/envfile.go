// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package goenv

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// A File is a file of settings: the user's, or $GOROOT/go.env.
type File struct {
	Path     string    `json:"path,omitempty"`
	State    FileState `json:"state"`
	Reason   string    `json:"reason,omitempty"` // why it is unreadable
	Settings []Setting `json:"settings,omitempty"`
	Ignored  []Ignored `json:"ignored,omitempty"`
}

// A FileState is what became of reading a file.
type FileState string

// The states of a file. The go command ignores one that it cannot read
// without a word, so an unreadable file sets nothing, like a missing one.
const (
	FileRead       FileState = "read"
	FileOff        FileState = "off"        // GOENV=off, or the system has no folder for configuration
	FileMissing    FileState = "missing"    // no such file
	FileUnreadable FileState = "unreadable" // no permission, a folder, or another error
)

// A Setting is a line of a file that the go command reads as a setting. Of
// two settings of one name the last wins.
type Setting struct {
	Name  string `json:"name"`
	Value Value  `json:"value"`
	Line  int    `json:"line"` // from 1
}

// Ignored is a line that is neither a setting nor empty nor a comment: the go
// command passes over it without a word.
type Ignored struct {
	Text Value `json:"text"`
	Line int   `json:"line"`
}

// last returns the setting of that name that is in force.
func (f *File) last(name string) (Setting, bool) {
	for i := len(f.Settings) - 1; i >= 0; i-- {
		if f.Settings[i].Name == name {
			return f.Settings[i], true
		}
	}
	return Setting{}, false
}

func (f *File) sets(name string) bool {
	_, ok := f.last(name)
	return ok
}

// maxEnvFile bounds a file of settings, in bytes.
const maxEnvFile = 4 << 20

// ErrTooLarge reports a file of settings that is too large to be one.
var ErrTooLarge = errors.New("file too large")

// readFile reads a file of settings. The error is one that keeps us from
// knowing what the go command would read.
func readFile(name string) (File, []byte, error) {
	f := File{Path: name, State: FileMissing}
	data, err := readBounded(name)
	switch {
	case err == nil:
		f.State = FileRead
		f.Settings, f.Ignored = parseFile(data)
	case errors.Is(err, fs.ErrNotExist):
	case errors.Is(err, ErrTooLarge):
		return f, nil, fmt.Errorf("read %s: %w", name, err)
	default:
		f.State, f.Reason = FileUnreadable, reason(err)
	}
	return f, data, nil
}

// reason returns the cause of a file error without the file's name.
func reason(err error) string {
	if pathErr := (*fs.PathError)(nil); errors.As(err, &pathErr) {
		return pathErr.Err.Error()
	}
	return err.Error()
}

// readBounded reads a file of at most maxEnvFile bytes. It opens no pipe,
// which could block.
func readBounded(name string) ([]byte, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	if name == os.DevNull {
		return nil, nil // a usual way to say that there is no such file
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("not a regular file")
	}
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, maxEnvFile+1))
	if err != nil {
		return nil, err
	}
	if len(data) > maxEnvFile {
		return nil, ErrTooLarge
	}
	return data, nil
}

// parseFile reads the lines of a file of settings as cfg.readEnvFile does. It
// trims nothing: a space or a carriage return at the end belongs to the value.
func parseFile(data []byte) (settings []Setting, ignored []Ignored) {
	n := 0
	for line := range strings.SplitSeq(string(data), "\n") {
		n++
		name, value, ok := strings.Cut(line, "=")
		if ok && name != "" && 'A' <= line[0] && line[0] <= 'Z' {
			settings = append(settings, Setting{Name: name, Value: NewValue(value), Line: n})
		} else if s := strings.TrimSpace(line); s != "" && s[0] != '#' {
			ignored = append(ignored, Ignored{Text: NewValue(line), Line: n})
		}
	}
	return settings, ignored
}

// readUserFile reads the file that `go env GOENV` reports.
func readUserFile(dir, name string, environ environ) (File, error) {
	if name == "" || environ.get("GOENV") == "off" {
		return File{State: FileOff}, nil
	}
	if !filepath.IsAbs(name) {
		name = filepath.Join(dir, name)
	}
	f, _, err := readFile(name)
	return f, err
}
