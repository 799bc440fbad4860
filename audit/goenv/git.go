// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package goenv

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strings"

	"github.com/goassay/assay/audit/redact"
)

// Git is what git's configuration says on how to reach repositories. The
// configuration of single repositories is left out: the go command downloads
// into repositories of its own in the module cache.
type Git struct {
	State    GitState     `json:"state"`
	Reason   string       `json:"reason,omitempty"` // why it is unknown
	Settings []GitSetting `json:"settings,omitempty"`
}

// A GitState says whether git's configuration is known.
type GitState string

// The states of git's configuration.
const (
	GitRead    GitState = "read"
	GitMissing GitState = "missing" // there is no git, so nothing can be fetched with it
	GitUnknown GitState = "unknown" // git failed, or is too old (before 2.26)
)

// A GitSetting is one setting, in the order in which git reads them: of two
// with one key the last wins, unless the key takes a list.
type GitSetting struct {
	Key    Value  `json:"key"` // section and name in lower case; a subsection, such as a URL, as it is
	Value  Value  `json:"value"`
	Scope  string `json:"scope"`  // system, global, command, ...
	Origin string `json:"origin"` // such as file:/etc/gitconfig
}

// readGit asks git for its configuration.
func readGit(ctx context.Context, o Options) Git {
	cmd := exec.CommandContext(ctx, "git", "config", "--list", "--show-scope", "--show-origin", "-z")
	cmd.Dir = o.Dir
	cmd.Env = slices.Concat(o.Environ, []string{"PWD=" + o.Dir})
	out, err := o.Run(cmd)
	if errors.Is(err, exec.ErrNotFound) {
		return Git{State: GitMissing, Reason: "git not found"}
	}
	if err == nil {
		var settings []GitSetting
		if settings, err = parseGit(out); err == nil {
			return Git{State: GitRead, Settings: settings}
		}
	}
	return Git{State: GitUnknown, Reason: redact.Text(err.Error())}
}

// parseGit reads the output of git config --list --show-scope --show-origin
// -z: scope NUL origin NUL key LF value NUL, where a key without a value (which
// git takes for true) has no LF.
func parseGit(out []byte) ([]GitSetting, error) {
	if len(out) == 0 {
		return nil, nil
	}
	fields := strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00")
	if len(fields)%3 != 0 {
		return nil, fmt.Errorf("git config: %d fields, want groups of three", len(fields))
	}
	var settings []GitSetting
	for f := range slices.Chunk(fields, 3) {
		scope, origin := f[0], redact.Text(f[1])
		key, value, ok := strings.Cut(f[2], "\n")
		if !ok {
			value = "true"
		}
		if scope == "local" || scope == "worktree" || !reachesRepositories(key) {
			continue
		}
		settings = append(settings, GitSetting{Key: NewValue(key), Value: NewValue(value), Scope: scope, Origin: origin})
	}
	return settings, nil
}

// SplitGitKey splits a key into section, subsection and name.
func SplitGitKey(key string) (section, subsection, name string) {
	section, rest, ok := strings.Cut(key, ".")
	if !ok {
		return key, "", ""
	}
	if i := strings.LastIndexByte(rest, '.'); i >= 0 {
		return section, rest[:i], rest[i+1:]
	}
	return section, "", rest
}

// reachesRepositories reports whether a setting decides how git reaches a
// repository and whom it trusts there.
func reachesRepositories(key string) bool {
	section, _, name := SplitGitKey(key)
	switch section {
	case "url":
		return name == "insteadof"
	case "http":
		switch name {
		case "sslverify", "proxy", "sslcainfo", "sslcapath", "sslbackend":
			return true
		}
	case "protocol":
		return name == "allow"
	case "core":
		return name == "sshcommand"
	}
	return false
}
