// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package sdunit

import (
	"cmp"
	"slices"
	"strings"

	"github.com/goassay/assay/audit/gobin"
	"github.com/goassay/assay/audit/redact"
	"github.com/goassay/assay/internal/lazyregexp"
)

// Environment is what the unit puts into the environment of its programs. See
// systemd.exec(5), Environment Variables in Spawned Processes.
type Environment struct {
	Variables []Variable `json:"variables"`       // of Environment=, in order
	Files     []string   `json:"files,omitempty"` // of EnvironmentFile=: their contents override Variables, and are not read
	Passed    []string   `json:"passed,omitempty"`
	Unset     []string   `json:"unset,omitempty"` // names that are taken out at the end, wherever they come from
	PAM       bool       `json:"pam,omitempty"`   // PAMName=: its modules may set more

	GODEBUG GODEBUG `json:"godebug"`

	unsetValue bool // GODEBUG is taken out if it has a value that is named
}

// A Variable is one of Environment=, without its value.
type Variable struct {
	Name string   `json:"name"`
	At   Position `json:"at"`

	// Secret says that by its name, or its form, the value is a credential that
	// stands in the unit.
	Secret bool `json:"secret,omitempty"`
}

// GODEBUG is what the programs get as GODEBUG. The unit does not say what the
// manager itself may set for all its services (DefaultEnvironment=).
type GODEBUG struct {
	State    State             `json:"state"`              // unknown where something else may set it too
	Settings map[string]string `json:"settings,omitempty"` // those of Environment=
	At       *Position         `json:"at,omitempty"`
	Unknown  []string          `json:"unknown,omitempty"` // what makes it unknown: directives, with file names
}

const godebug = "GODEBUG"

// read reads Environment=: items that are assignments. Systemd ignores others.
func (e *Environment) read(value string, at Position) {
	if value == "" {
		e.Variables = []Variable{}
		e.GODEBUG = GODEBUG{}
		return
	}
	items, err := words(value)
	for _, item := range items {
		name, value, ok := strings.Cut(item, "=")
		if _, plain := specifiers(name); !plain { // %I may also hold the sign
			e.GODEBUG.Unknown = append(e.GODEBUG.Unknown, "Environment=")
		} else if ok && variableName().MatchString(name) {
			e.assign(name, value, at)
		}
	}
	if err != nil { // what the rest of the line sets
		e.GODEBUG.Unknown = append(e.GODEBUG.Unknown, "Environment=")
	}
}

// variableName is the form of names: systemd.exec(5).
var variableName = lazyregexp.New(`^[A-Za-z_][A-Za-z0-9_]*$`)

func (e *Environment) assign(name, value string, at Position) {
	e.Variables = slices.DeleteFunc(e.Variables, func(v Variable) bool { return v.Name == name })
	e.Variables = append(e.Variables, Variable{name, at, isSecret(name, value)})
	if name != godebug {
		return
	}
	e.GODEBUG = GODEBUG{At: &at}
	value, plain := specifiers(value)
	if !plain || len(value) > maxGODEBUG || !godebugForm().MatchString(value) {
		e.GODEBUG.Unknown = []string{"Environment=GODEBUG"}
		return
	}
	e.GODEBUG.Settings = gobin.ParseGODEBUG(value)
}

// maxGODEBUG bounds a value of GODEBUG that is kept, in bytes.
const maxGODEBUG = 4 << 10

// godebugForm is the form of GODEBUG: names and values that are no secrets.
var godebugForm = lazyregexp.New(`^([a-z][a-z0-9]*=[-+._a-zA-Z0-9#]{0,32}(,|$))*$`)

// isSecret reports whether a variable holds a credential. A path leads to one,
// and a specifier such as %d is resolved to a path.
func isSecret(name, value string) bool {
	if name == godebug || value == "" || value[0] == '/' || value[0] == '%' {
		return false
	}
	return redact.Text(name+"=x") != name+"=x" && !strings.HasSuffix(name, "_FILE") && !strings.HasSuffix(name, "_PATH") ||
		redact.Text(value) != value
}

func (e *Environment) readFile(value string, at Position) {
	if value == "" {
		e.Files = nil
		return
	}
	e.Files = append(e.Files, value)
}

func (e *Environment) readPass(value string, at Position) { readNames(&e.Passed, value) }

// readUnset reads UnsetEnvironment=. An item with a value matches that value alone:
// only that there is one for GODEBUG is kept.
func (e *Environment) readUnset(value string, at Position) {
	readNames(&e.Unset, value)
	items, _ := words(value)
	e.unsetValue = value != "" && (e.unsetValue || slices.ContainsFunc(items, func(s string) bool { return strings.HasPrefix(s, godebug+"=") }))
}

func (e *Environment) readPAM(value string, at Position) { e.PAM = value != "" }

// readNames reads a list of names. One with a specifier in it is not known, and kept
// as it stands.
func readNames(list *[]string, value string) {
	if value == "" {
		*list = nil
		return
	}
	items, _ := words(value)
	for _, item := range items {
		if variableName().MatchString(item) {
			*list = append(*list, item)
		} else if name, _, _ := strings.Cut(item, "="); strings.Contains(strings.ReplaceAll(name, "%%", ""), "%") {
			*list = append(*list, name)
		}
	}
}

// anyName returns the name with a specifier in a list; "" if there is none.
func anyName(list []string) string {
	i := slices.IndexFunc(list, func(name string) bool { return strings.Contains(name, "%") })
	if i < 0 {
		return ""
	}
	return list[i]
}

// conclude settles what GODEBUG is, when all is read. What the list in
// systemd.exec(5) names later wins; and what is unset at the end is not there.
func (e *Environment) conclude() {
	g := &e.GODEBUG
	if slices.Contains(e.Unset, godebug) {
		*g = GODEBUG{State: Default}
		return
	}
	if g.At == nil {
		if name := anyName(e.Passed); slices.Contains(e.Passed, godebug) {
			g.Unknown = append(g.Unknown, "PassEnvironment=GODEBUG")
		} else if name != "" {
			g.Unknown = append(g.Unknown, "PassEnvironment="+name)
		}
	}
	for _, f := range e.Files {
		g.Unknown = append(g.Unknown, "EnvironmentFile="+f)
	}
	if e.PAM {
		g.Unknown = append(g.Unknown, "PAMName=")
	}
	if name := anyName(e.Unset); g.At != nil && (name != "" || e.unsetValue) {
		g.Unknown = append(g.Unknown, "UnsetEnvironment="+cmp.Or(name, godebug+"="))
	}
	switch {
	case g.Unknown != nil:
		g.State = Unknown
	case g.At != nil:
		g.State = Set
	default:
		g.State = Default
	}
}
