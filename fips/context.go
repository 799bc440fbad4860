// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package fips

import (
	"path"
	"slices"
	"strings"

	"github.com/goassay/assay/audit/sdunit"
)

// A Context is an environment in which a program is started, as far as it decides
// about FIPS mode: GODEBUG in the environment overrides the default that is linked
// into an executable, and no build info shows it.
type Context struct {
	Kind   ContextKind `json:"kind"`
	Source string      `json:"source"` // the image, or the file and what in it

	// Program is the path of what is started; "" if that does not stand there,
	// as where the image decides.
	Program string `json:"program,omitempty"`

	State ContextState `json:"state"`
	Value ModeName     `json:"value,omitempty"` // of fips140, where it is set; "" sets it back to off
	Why   string       `json:"why,omitempty"`   // where it is unknown
}

// ContextKind is where an environment is written down.
type ContextKind string

// The kinds of contexts.
const (
	ImageContext      ContextKind = "image"      // the configuration of a container image
	SystemdContext    ContextKind = "systemd"    // a unit
	KubernetesContext ContextKind = "kubernetes" // a container of a manifest
)

// ContextState says what an environment does to the setting fips140.
type ContextState string

// The states.
const (
	ContextSilent  ContextState = "silent"  // the default of the executable holds
	ContextSets    ContextState = "sets"    // another value holds
	ContextUnknown ContextState = "unknown" // what it is stands elsewhere
)

// NewContext makes a context of an environment, of which each element is
// name=value, as in os.Environ: the last of a name counts.
func NewContext(kind ContextKind, source string, environ []string) Context {
	c := Context{Kind: kind, Source: source, State: ContextSilent}
	for _, kv := range environ {
		if godebug, ok := strings.CutPrefix(kv, "GODEBUG="); ok {
			c.set(godebug)
		}
	}
	return c
}

// set takes a value of GODEBUG, in place of any before.
func (c *Context) set(godebug string) {
	value, pattern, set := Setting(godebug)
	c.State, c.Value, c.Why = ContextSilent, "", ""
	switch {
	case set && pattern != "":
		c.State, c.Why = ContextUnknown, "fips140="+value+" holds for some calls only"
	case set:
		c.State, c.Value = ContextSets, ModeName(value)
	}
}

// start takes what the context starts, with its arguments where they are known. A
// program that starts another, such as a shell or env, may do so with another
// GODEBUG, and what it starts is not said: it may be any executable.
func (c *Context) start(command []string) {
	switch {
	case len(command) == 0:
	case maySet(command):
		off := c.State == ContextSets && !c.Value.Enabled()
		if off && !mentions(command) { // which holds until something says otherwise
			return
		}
		c.unknown(command[0] + " may set GODEBUG")
	case !(sdunit.Program{Path: command[0]}).Starter():
		c.Program = command[0]
	}
}

// StartedBy makes the context one of a program that starts another, whose
// arguments are not known: an environment that is silent is unknown then.
func (c Context) StartedBy(program string) Context {
	c.Program = ""
	if c.State == ContextSilent {
		c.unknown(program + " may set GODEBUG")
	}
	return c
}

// NewImageContext makes the context of an image: its environment, and what a
// container of it starts.
func NewImageContext(source string, environ, entrypoint, cmd []string) Context {
	c := NewContext(ImageContext, source, environ)
	c.start(slices.Concat(entrypoint, cmd))
	c.Program = "" // all programs of the image have its environment
	return c
}

// unknown says why it is not known what the environment sets.
func (c *Context) unknown(why string) {
	c.State, c.Value, c.Why = ContextUnknown, "", why
}

// Starts reports whether the context is one of the program in the file at name:
// it may be, where it does not say what it starts.
func (c Context) Starts(name string) bool {
	return c.Program == "" || path.Base(strings.ReplaceAll(name, `\`, "/")) == path.Base(c.Program)
}

// Mode is the mode in which an executable of that state starts in the context.
func (c Context) Mode(s State) ModeName {
	switch c.State {
	case ContextUnknown:
		return ModeUnknown
	case ContextSets:
		if c.Value == "" {
			return Off
		}
		return c.Value
	}
	return s.Mode.Effective()
}

// Weakens reports whether an executable that would start in FIPS mode does not in
// the context: because the mode is off there, or has a value on which it panics.
func (c Context) Weakens(s State) bool {
	return c.State == ContextSets && s.Mode.Effective().Enabled() && !c.Mode(s).Enabled()
}

// sortContexts puts contexts in order.
func sortContexts(list []Context) {
	slices.SortFunc(list, func(a, b Context) int {
		return strings.Compare(a.Source+"\x00"+a.Program, b.Source+"\x00"+b.Program)
	})
}
