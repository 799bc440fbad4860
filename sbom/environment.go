// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package sbom

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/mod/modfile"

	"github.com/goassay/assay/audit/modgraph"
)

// env is what `go env` says about where and for what the go command works.
type env struct {
	GOOS, GOARCH, CGO_ENABLED string
	GOFLAGS                   string
	GOMOD, GOWORK             string
	GOVERSION, GOEXPERIMENT   string
}

func readEnv(ctx context.Context, o Options) (*env, error) {
	out, err := o.run(ctx, "env", "-json", "GOOS", "GOARCH", "CGO_ENABLED", "GOFLAGS",
		"GOMOD", "GOWORK", "GOVERSION", "GOEXPERIMENT")
	if err != nil {
		return nil, err
	}
	e := new(env)
	if err := json.Unmarshal(out, e); err != nil {
		return nil, fmt.Errorf("output of go env: %w", err)
	}
	if e.GOVERSION == "" || e.GOOS == "" || e.GOARCH == "" {
		return nil, errors.New("output of go env: no GOVERSION, GOOS or GOARCH")
	}
	if e.GOWORK == "off" {
		e.GOWORK = ""
	}
	return e, nil
}

func (e *env) target() Target {
	return Target{
		GOOS:       e.GOOS,
		GOARCH:     e.GOARCH,
		CgoEnabled: e.CGO_ENABLED == "1",
		Tags:       list(e.flag("tags")),
		// runtime.Version appends the experiments that differ from the default.
		GoVersion:   before(strings.TrimPrefix(e.GOVERSION, "devel "), " "),
		Experiments: list(e.GOEXPERIMENT),
		Workspace:   e.GOWORK != "",
	}
}

// before returns the part of s before the first sep, or s.
func before(s, sep string) string {
	s, _, _ = strings.Cut(s, sep)
	return s
}

// list splits a list with commas, as -tags and GOEXPERIMENT are, and sorts it.
func list(s string) []string {
	all := strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == ' ' })
	slices.Sort(all)
	return slices.Compact(all)
}

// flag returns the last value of a flag in GOFLAGS, or "".
func (e *env) flag(name string) string {
	value := ""
	for _, f := range splitQuoted(e.GOFLAGS) {
		if n, v, ok := strings.Cut(f, "="); ok && (n == "-"+name || n == "--"+name) {
			value = v
		}
	}
	return value
}

// splitQuoted splits GOFLAGS as cmd/internal/quoted does: at spaces, with
// fields that begin with a quote reaching to the next such quote. What is not
// closed is left out: the go command refuses it.
func splitQuoted(s string) []string {
	const space = " \t\r\n"
	var fields []string
	for {
		s = strings.TrimLeft(s, space)
		if s == "" {
			return fields
		}
		var field string
		if q := s[0]; q == '"' || q == '\'' {
			var closed bool
			if field, s, closed = strings.Cut(s[1:], string(q)); !closed {
				return fields
			}
		} else {
			i := strings.IndexAny(s, space)
			if i < 0 {
				i = len(s)
			}
			field, s = s[:i], s[i:]
		}
		fields = append(fields, field)
	}
}

// readonlyFlags returns the flags that keep go list from writing to the
// module, and a function to call when go list has run.
//
// With -mod=mod in GOFLAGS it would update go.mod and go.sum. Without, nothing
// must be said: whether a vendor directory is in force is the go command's
// decision. In a workspace it writes go.work.sum in every mode
// (commitRequirements in cmd/go/internal/modload), unless the file is part of
// an overlay: then it fails and says why. There can be one overlay only.
func (e *env) readonlyFlags() (flags []string, done func(), err error) {
	done = func() {}
	if e.flag("mod") == "mod" {
		flags = append(flags, "-mod=readonly")
	}
	if e.GOWORK == "" {
		return flags, done, nil
	}
	if e.flag("overlay") != "" {
		return nil, nil, errors.New("GOFLAGS has -overlay, so that go list could change go.work.sum")
	}
	sum := e.GOWORK + ".sum"
	replace := sum
	if _, err := os.Lstat(sum); errors.Is(err, fs.ErrNotExist) {
		replace = "" // a file that does not exist
	}
	overlay, err := json.Marshal(map[string]any{"Replace": map[string]string{sum: replace}})
	if err != nil {
		return nil, nil, err
	}
	f, err := os.CreateTemp("", "assay-overlay-*.json")
	if err != nil {
		return nil, nil, err
	}
	done = func() { os.Remove(f.Name()) }
	_, err = f.Write(overlay)
	if err := errors.Join(err, f.Close()); err != nil {
		done()
		return nil, nil, err
	}
	return append(flags, "-overlay="+f.Name()), done, nil
}

// maxSums bounds a go.sum or go.work file that is read, in bytes.
const maxSums = 64 << 20

// readSums returns the h1: hashes of zip files, by path@version, that go.sum
// has, or in a workspace the go.sum files of its modules and go.work.sum.
// Where two lines contradict, the first counts, as for the go command.
func readSums(dir string, e *env) (map[string]string, error) {
	files, err := sumFiles(dir, e)
	if err != nil {
		return nil, err
	}
	sums := make(map[string]string)
	for _, file := range files {
		data, err := readFile(file)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		lines, _ := modgraph.ParseSums(file, data)
		for _, l := range lines {
			key := l.Module + "@" + l.Version
			if _, known := sums[key]; !known && !l.GoMod {
				sums[key] = l.Hash
			}
		}
	}
	return sums, nil
}

func sumFiles(dir string, e *env) ([]string, error) {
	if e.GOWORK == "" {
		mod := e.GOMOD
		if f := e.flag("modfile"); f != "" && mod != "" {
			if mod = f; !filepath.IsAbs(f) {
				mod = filepath.Join(dir, f)
			}
		}
		if !strings.HasSuffix(mod, ".mod") { // none: os.DevNull
			return nil, nil
		}
		return []string{strings.TrimSuffix(mod, ".mod") + ".sum"}, nil
	}
	data, err := readFile(e.GOWORK)
	if err != nil {
		return nil, err
	}
	work, err := modfile.ParseWork(e.GOWORK, data, nil)
	if err != nil {
		return nil, err
	}
	files := []string{e.GOWORK + ".sum"}
	for _, u := range work.Use {
		dir := filepath.FromSlash(u.Path)
		if !filepath.IsAbs(dir) {
			dir = filepath.Join(filepath.Dir(e.GOWORK), dir)
		}
		files = append(files, filepath.Join(dir, "go.sum"))
	}
	return files, nil
}

func readFile(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxSums+1))
	if err == nil && len(data) > maxSums {
		err = fmt.Errorf("%s: larger than %d bytes", name, maxSums)
	}
	return data, err
}
