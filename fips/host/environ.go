// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package host

import (
	"slices"
	"strings"

	"github.com/goassay/assay/fips"
)

// Environment is what of the environment decides about FIPS mode in programs that
// are started from it. Services may have another.
type Environment struct {
	GODEBUG GODEBUG `json:"godebug"`

	// Variables are the others that are set, sorted.
	Variables []Variable `json:"variables"`
}

// GODEBUG is the setting fips140 of the variable GODEBUG. No other setting of it
// is kept.
type GODEBUG struct {
	State GODEBUGState `json:"state"`
	Value string       `json:"value,omitempty"`
}

// GODEBUGState is what a setting of fips140 does to a Go program.
type GODEBUGState string

// The states. See crypto/internal/fips140: an empty value switches the mode off,
// also where the program's own default is on.
const (
	Unset       GODEBUGState = "unset" // the program's own default counts
	Off         GODEBUGState = "off"
	On          GODEBUGState = "on"   // on, or debug, which is on with messages
	Only        GODEBUGState = "only" // on, and what is not approved fails
	Invalid     GODEBUGState = "invalid"
	Conditional GODEBUGState = "conditional" // for the calls that a pattern matches
)

// A Variable is one that is set. Of a switch the value is given if it is 0 or 1,
// else it is "other"; of a path it is not given.
type Variable struct {
	Name  string `json:"name"`
	Value string `json:"value,omitempty"`
}

// switches are variables that switch FIPS mode. GOLANG_FIPS is of Red Hat's
// toolchain (golang-fips/go, crypto/internal/backend) and of Microsoft's, and GOFIPS
// of the latter. OPENSSL_FORCE_FIPS_MODE is of patched libraries; Red Hat's asks
// only whether it is set, Ubuntu's for its value.
var switches = []string{"GOFIPS", "GOLANG_FIPS", "OPENSSL_FORCE_FIPS_MODE"}

// paths are variables that name what OpenSSL reads: openssl-env(7).
var paths = []string{"OPENSSL_CONF", "OPENSSL_MODULES"}

func readEnvironment(environ []string) Environment {
	e := Environment{GODEBUG: readGODEBUG(environ), Variables: []Variable{}}
	for _, name := range switches {
		switch value, set := lookup(environ, name); {
		case !set:
		case value == "0", value == "1":
			e.Variables = append(e.Variables, Variable{name, value})
		default:
			e.Variables = append(e.Variables, Variable{name, "other"})
		}
	}
	for _, name := range paths {
		if value, _ := lookup(environ, name); value != "" {
			e.Variables = append(e.Variables, Variable{Name: name})
		}
	}
	return e
}

// OptOuts are the variables that keep Go programs of Red Hat's and Microsoft's
// toolchains from following the kernel's flag: one that is set counts before it.
// Microsoft's ignore them since Go 1.27, unless they are 1.
func (e Environment) OptOuts() []Variable {
	var out []Variable
	for _, v := range e.Variables {
		if (v.Name == "GOFIPS" || v.Name == "GOLANG_FIPS") && v.Value != "1" {
			out = append(out, v)
		}
	}
	return out
}

// ForOpenSSL names the variables that decide what OpenSSL loads.
func (e Environment) ForOpenSSL() []string {
	var out []string
	for _, v := range e.Variables {
		if strings.HasPrefix(v.Name, "OPENSSL_") {
			out = append(out, v.Name)
		}
	}
	return out
}

func readGODEBUG(environ []string) GODEBUG {
	text, _ := lookup(environ, "GODEBUG")
	value, pattern, set := fips.Setting(text)
	g := GODEBUG{State: Invalid, Value: line(value)}
	switch {
	case !set:
		g.State = Unset
	case !slices.Contains([]string{"", "off", "on", "debug", "only"}, value):
	case pattern != "" && value != "off" && value != "":
		g.State = Conditional
	case value == "on", value == "debug":
		g.State = On
	case value == "only":
		g.State = Only
	default:
		g.State = Off
	}
	return g
}

// lookup returns a variable. Of two of one name the first counts, as in the
// runtime (gogetenv).
func lookup(environ []string, name string) (value string, set bool) {
	for _, kv := range environ {
		if value, ok := strings.CutPrefix(kv, name+"="); ok {
			return value, true
		}
	}
	return "", false
}
