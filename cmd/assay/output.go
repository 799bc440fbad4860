// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/goassay/assay/audit"
	"github.com/goassay/assay/audit/checks"
	"github.com/goassay/assay/report"
)

// output is one place where a report goes.
type output struct {
	format report.Format
	file   string // "": standard output
}

// outputs reads the values of --format.
func (o *options) outputs() ([]output, error) {
	if len(o.formats) == 0 {
		return []output{{format: report.Text}}, nil
	}
	var outs []output
	stdout := false
	for _, v := range o.formats {
		name, file, hasFile := strings.Cut(v, "=")
		out := output{report.Format(name), file}
		if !slices.Contains(report.Formats(), out.format) {
			return nil, unknownWord("format", name, report.Formats())
		}
		if hasFile && file == "" {
			return nil, usagef("", "--format %s: no file name after =", v)
		}
		if file == "" && stdout {
			return nil, usagef(fmt.Sprintf("write one into a file: --format %s=FILE", name), "two formats on standard output")
		}
		if hasFile {
			if err := writable(file); err != nil {
				return nil, err
			}
			if slices.ContainsFunc(outs, func(o output) bool { return filepath.Clean(o.file) == filepath.Clean(file) }) {
				return nil, usagef("", "two formats into %s", file)
			}
		}
		stdout = stdout || file == ""
		outs = append(outs, out)
	}
	return outs, nil
}

// unknownWord is the error for a word that is none of words. It lists them if
// they are few.
func unknownWord[T ~string](what, word string, words []T) error {
	var list []string
	for _, w := range words {
		list = append(list, string(w))
	}
	hint := ""
	if near := audit.Nearest(word, list); near != "" {
		hint = fmt.Sprintf("did you mean %q?", near)
	} else if len(list) <= 10 {
		hint = "one of " + strings.Join(list, ", ")
	}
	return usagef(hint, "unknown %s %q", what, word)
}

// write writes the report in all formats asked for.
func (inv *invocation) write(rep *audit.Report, outs []output, o *options) error {
	for _, out := range outs {
		opts := report.Options{Catalogue: checks.Catalogue(), Quiet: o.quiet, Verbose: o.verbose, Environment: o.environment, Endpoints: o.endpoints}
		if out.file == "" {
			opts.Width = inv.width()
			opts.Color = report.ColorProfile(inv.stdout, inv.environ)
			if err := report.Write(inv.stdout, out.format, rep, opts); err != nil {
				return err
			}
			continue
		}
		var buf bytes.Buffer
		if err := report.Write(&buf, out.format, rep, opts); err != nil {
			return err
		}
		if err := writeFile(out.file, buf.Bytes()); err != nil {
			return err
		}
	}
	return nil
}

// writable finds, before an audit that takes its time, that a file cannot be
// written.
func writable(file string) error {
	if info, err := os.Stat(file); err == nil && info.IsDir() {
		return usagef("name a file", "%s: is a directory", file)
	}
	info, err := os.Stat(filepath.Dir(file))
	if err == nil && !info.IsDir() {
		err = syscall.ENOTDIR
	}
	if err != nil {
		return usagef("", "%s: %s", file, reason(err))
	}
	return nil
}

// writeFile writes a file whole or not at all. What is no file, such as
// /dev/null or a pipe, is written to and not replaced, and neither is a link.
func writeFile(file string, data []byte) error {
	write := audit.WriteFile
	if info, err := os.Stat(file); err == nil && !info.Mode().IsRegular() {
		write = writeDevice
	}
	target := file
	if resolved, err := filepath.EvalSymlinks(file); err == nil {
		target = resolved
	}
	if err := write(target, data); err != nil {
		return usagef("", "%s: %s", file, reason(err)) // not the name of the temporary file
	}
	return nil
}

func writeDevice(file string, data []byte) error {
	f, err := os.OpenFile(file, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Close())
}

// reason is an error with a file without the operation and the file's name.
func reason(err error) error {
	var pe *fs.PathError
	var le *os.LinkError
	switch {
	case errors.As(err, &pe):
		return pe.Err
	case errors.As(err, &le):
		return le.Err
	}
	return err
}

// fileError gives an error with a file the form of a mistake of the user.
func fileError(err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return usagef("", "%s: %s", pe.Path, pe.Err)
	}
	return err
}
