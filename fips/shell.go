// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package fips

import (
	"path"
	"slices"
	"strings"

	"github.com/goassay/assay/audit/sdunit"
)

// maySet reports whether a command that starts another may do so with another
// GODEBUG than its own: that it does not must stand in its arguments. A script in a
// file may do anything.
func maySet(command []string) bool {
	if len(command) == 0 || !starts(command[0]) {
		return false
	}
	name, args := path.Base(command[0]), command[1:]
	switch {
	case mentions(args), isScript(name):
		return true
	case isShell(name):
		if len(args) == 0 { // somebody types in what it does
			return false
		}
		flags, ok := strings.CutPrefix(args[0], "-")
		return !ok || len(args) < 2 || !strings.Contains(flags, "c") || strings.Trim(flags, "ceux") != "" || scriptMaySet(args[1])
	case name == "env" && slices.ContainsFunc(args, func(s string) bool { return strings.HasPrefix(s, "-") }):
		return true
	}
	inner := slices.IndexFunc(args, starts)
	return inner >= 0 && maySet(args[inner:])
}

// mentions reports whether a command line names the variable.
func mentions(command []string) bool {
	return slices.ContainsFunc(command, func(s string) bool { return strings.Contains(s, "GODEBUG") })
}

// starts reports whether a program is one that starts another.
func starts(name string) bool { return isScript(name) || (sdunit.Program{Path: name}).Starter() }

// isScript reports whether a file has the name of a shell's script.
func isScript(name string) bool {
	return strings.HasSuffix(name, ".sh") || strings.HasSuffix(name, ".bash")
}

// isShell reports whether a program is a shell.
func isShell(name string) bool {
	return slices.Contains([]string{"ash", "bash", "busybox", "dash", "ksh", "sh", "zsh"}, path.Base(name))
}

// setters are what of a shell, and started by it, makes an environment.
var setters = []string{".", "source", "eval", "export", "set", "declare", "typeset", "env"}

// scriptMaySet reports whether a script of a shell may make another environment for
// what it starts: one of the setters, another script or shell is among its words, or
// one of its commands is not known. Quotes do not hide a word.
func scriptMaySet(script string) bool {
	script = strings.NewReplacer(`"`, "", "'", "", `\`, "").Replace(script)
	for command := range strings.FieldsFuncSeq(script, func(r rune) bool { return strings.ContainsRune(";&|(){}`\n", r) }) {
		words := strings.Fields(command)
		if len(words) > 0 && strings.HasPrefix(words[0], "$") {
			return true
		}
		if slices.ContainsFunc(words, func(w string) bool {
			return slices.Contains(setters, w) || path.Base(w) == "env" || isScript(w) || isShell(w)
		}) {
			return true
		}
	}
	return false
}
