// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package tlsprofile

import (
	"encoding"
	"errors"
	"fmt"

	"github.com/goassay/assay/internal/strictyaml"
)

// MaxSize bounds a profile, in bytes.
const MaxSize = 256 << 10

// A ParseError is a mistake in a profile.
type ParseError struct {
	Line, Column int // from 1, the column in characters; 0 if the place is unknown
	Message      string
}

// Error gives line:column and what is wrong there.
func (e *ParseError) Error() string {
	if e.Line == 0 {
		return e.Message
	}
	return fmt.Sprintf("%d:%d: %s", e.Line, e.Column, e.Message)
}

// Parse reads a profile. It is strict: an unknown key, a name that is in no registry, a
// value of the wrong type, and a clause that demands nothing is an error. Errors are
// *ParseError, joined: all of them at once, in the order of the file, unless it is no
// YAML at all.
func Parse(data []byte) (*Profile, error) {
	p := &Profile{}
	v := &validator{format.Read(data, p)}
	if !v.Broken {
		v.profile(p)
	}
	var errs []error
	for _, m := range v.Mistakes() {
		errs = append(errs, &ParseError{Line: m.Line, Column: m.Column, Message: m.Message})
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	return p, nil
}

var format = strictyaml.Format{Noun: "profile", MaxSize: MaxSize, Text: readText}

// readText reads dates and versions.
func readText(dst any, text string) error {
	if dst.(encoding.TextUnmarshaler).UnmarshalText([]byte(text)) == nil {
		return nil
	}
	if _, ok := dst.(*Date); ok {
		return fmt.Errorf("malformed date %q: a day such as 2006-01-02", text)
	}
	return fmt.Errorf("unknown version %q", text)
}
