// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package sdunit

import (
	"slices"
	"strings"
	"unicode"
)

// A Program is one that the unit starts by ExecStart=.
type Program struct {
	State State    `json:"state"`          // set, or unknown
	Path  string   `json:"path,omitempty"` // absolute, or a name without slashes that systemd looks for
	At    Position `json:"at"`

	// Prefix holds the characters before the path, such as "-" and "+", in the
	// order of systemd.service(5).
	Prefix string `json:"prefix,omitempty"`
}

// Privileged reports whether the program is started as root and without what
// confines the other ones: prefix "+".
func (p Program) Privileged() bool { return strings.Contains(p.Prefix, "+") }

// KeepsUser reports whether of the unit's settings User= alone is not applied to
// the program: prefix "!". "!!" has an effect on kernels before 4.3 only.
func (p Program) KeepsUser() bool {
	return !p.Privileged() && strings.Contains(strings.ReplaceAll(p.Prefix, "!!", ""), "!")
}

// Starter reports whether the program is one that starts another, named in its
// arguments: it may set an environment, and what it starts is not known.
func (p Program) Starter() bool {
	return strings.Contains(p.Prefix, "|") || slices.Contains(starters, p.Path[strings.LastIndex(p.Path, "/")+1:])
}

// starters are the usual ones.
var starters = []string{
	"ash", "bash", "busybox", "capsh", "chroot", "chrt", "dash", "doas", "dumb-init", "env", "flock", "ionice", "ksh",
	"nice", "nohup", "nsenter", "numactl", "prlimit", "runuser", "setpriv", "setsid", "sh", "start-stop-daemon", "stdbuf",
	"su", "sudo", "taskset", "time", "timeout", "tini", "unshare", "xargs", "zsh",
}

const prefixes = "-@:+!|"

// readExecStart reads command lines: systemd.service(5), Command Lines, and
// config_parse_exec in systemd's src/core/load-fragment.c. Arguments are not kept.
func (s *Service) readExecStart(value string, at Position) {
	if value == "" {
		s.Programs = []Program{}
		return
	}
	first := true // item of a command line
	for rest := strings.TrimLeft(value, white); rest != ""; rest = strings.TrimLeft(rest, white) {
		if rest[0] == ';' && (len(rest) == 1 || strings.IndexByte(white, rest[1]) >= 0) {
			first, rest = true, rest[1:]
			continue
		}
		item, after, err := firstWord(rest, true)
		if err != nil { // systemd ignores the line
			s.Programs = append(s.Programs, Program{State: Unknown, At: at})
			return
		}
		if first {
			s.Programs = append(s.Programs, newProgram(item, at))
		}
		first, rest = false, after
	}
}

func newProgram(item string, at Position) Program {
	path := strings.TrimLeft(item, prefixes)
	p := Program{State: Set, At: at, Prefix: item[:len(item)-len(path)]}
	path, ok := specifiers(path)
	if strings.ContainsFunc(path, unicode.IsControl) { // systemd refuses it
		path = ""
	}
	if !ok || path == "" || path[0] != '/' && strings.Contains(path, "/") {
		p.State = Unknown
	}
	p.Path = path
	return p
}
