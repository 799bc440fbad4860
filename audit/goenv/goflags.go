// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package goenv

import (
	"fmt"
	"strings"
)

// A Flag is one element of GOFLAGS.
type Flag struct {
	Name  string // without dashes
	Value Value  // after =, or empty
}

// ParseFlags splits GOFLAGS into its flags (base.InitGOFLAGS and
// cmd/internal/quoted.Split). Of two flags of one name the last wins. With an
// error every go command but env and bug ends at once.
func ParseFlags(goflags string) ([]Flag, error) {
	var flags []Flag
	for rest := strings.TrimLeft(goflags, spaces); rest != ""; rest = strings.TrimLeft(rest, spaces) {
		var word string
		if q := rest[0]; q == '"' || q == '\'' {
			end := strings.IndexByte(rest[1:], q)
			if end < 0 {
				return nil, fmt.Errorf("unterminated %c string", q)
			}
			word, rest = rest[1:1+end], rest[end+2:]
		} else if i := strings.IndexAny(rest, spaces); i >= 0 {
			word, rest = rest[:i], rest[i:]
		} else {
			word, rest = rest, ""
		}
		name, ok := strings.CutPrefix(word, "-")
		name = strings.TrimPrefix(name, "-")
		if !ok || name == "" || name[0] == '-' || name[0] == '=' {
			return nil, fmt.Errorf("%s is not a flag", NewValue(word))
		}
		name, value, _ := strings.Cut(name, "=")
		flags = append(flags, Flag{Name: name, Value: NewValue(value)})
	}
	return flags, nil
}

const spaces = " \t\r\n"
