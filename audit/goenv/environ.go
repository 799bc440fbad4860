// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package goenv

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// environ is a process environment. Of two settings of one name the last
// wins, as it does when package os/exec starts a program with them.
type environ map[string]string

func newEnviron(list []string) environ {
	e := make(environ, len(list))
	for _, s := range list {
		if i := strings.IndexByte(s, '='); i > 0 {
			e[envKey(s[:i])] = s[i+1:]
		}
	}
	return e
}

func envKey(name string) string {
	if foldCase {
		return strings.ToUpper(name)
	}
	return name
}

func (e environ) get(name string) string { return e[envKey(name)] }

func (e environ) isEmpty(name string) bool {
	s, ok := e[envKey(name)]
	return ok && s == ""
}

// lookPath finds a program in PATH as the go command does: results relative
// to the current directory are refused.
func (e environ) lookPath(name string) (string, error) {
	for _, dir := range filepath.SplitList(e.get("PATH")) {
		if !filepath.IsAbs(dir) {
			continue
		}
		file, err := exec.LookPath(filepath.Join(dir, name))
		if err == nil || errors.Is(err, os.ErrPermission) {
			return file, err
		}
	}
	return "", exec.ErrNotFound
}

// Ambient is a variable of the process environment that is not the go
// command's own but takes part in what it does.
type Ambient struct {
	Name  string `json:"name"`
	Value Value  `json:"value"`
}

// AmbientValue returns the value of an ambient variable, and whether it is set.
func (e *Env) AmbientValue(name string) (Value, bool) {
	for _, a := range e.Ambient {
		if a.Name == name {
			return a.Value, true
		}
	}
	return Value{}, false
}

// ambientNames are the variables of net/http, crypto/x509, git and ssh that
// the go command, or the git that it runs, obeys; and one that old articles
// recommend although no release has read it.
var ambientNames = []string{
	"HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "NO_PROXY", "no_proxy", "ALL_PROXY", "all_proxy",
	"SSL_CERT_FILE", "SSL_CERT_DIR",
	"GONOSUMCHECK", "GODEBUG",
}

// ambient returns the ambient variables that are set, sorted by name, and
// variables that look like misspelled ones of the go command.
func (e environ) ambient() []Ambient {
	list := []Ambient{}
	for name, value := range e {
		if slices.ContainsFunc(ambientNames, func(n string) bool { return envKey(n) == name }) ||
			strings.HasPrefix(name, "GIT_") || strings.HasPrefix(name, "GO") && Nearest(name) != "" && !Known(name) {
			list = append(list, Ambient{name, NewValue(value)})
		}
	}
	slices.SortFunc(list, func(a, b Ambient) int { return strings.Compare(a.Name, b.Name) })
	return list
}
