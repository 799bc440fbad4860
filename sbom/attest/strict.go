// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package attest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"github.com/goassay/assay/sbom/internal/bound"
)

// What is signed must mean the same to everybody. Package encoding/json takes the last
// of several members of a name, others the first; it takes members whose names
// differ in case, and replaces what is no UTF-8. Here such JSON is malformed.

// object returns the members of an object, by their exact names. No name is
// there twice, in it or in what it contains.
func object(raw []byte) (map[string]json.RawMessage, error) {
	if err := unambiguous(raw); err != nil {
		return nil, err
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(raw, &members); err != nil || members == nil {
		return nil, fmt.Errorf("%w: no object", ErrMalformed)
	}
	return members, nil
}

// array returns the elements of an array that stands in an object.
func array(raw json.RawMessage) ([]json.RawMessage, error) {
	var elements []json.RawMessage
	if err := json.Unmarshal(raw, &elements); err != nil || elements == nil {
		return nil, fmt.Errorf("%w: no array", ErrMalformed)
	}
	return elements, nil
}

// text returns a member that must be a string.
func text(members map[string]json.RawMessage, name string) (string, error) {
	raw := members[name]
	if len(raw) == 0 || raw[0] != '"' {
		return "", fmt.Errorf("%w: no %s that is a string", ErrMalformed, name)
	}
	var s string
	if err := json.Unmarshal(raw, &s); err != nil {
		return "", fmt.Errorf("%w: %s: %w", ErrMalformed, name, err)
	}
	return s, nil
}

// unambiguous verifies that a text is one JSON value in UTF-8 with no name twice
// in an object. Two names with unpaired surrogates are taken for the same.
func unambiguous(raw []byte) error {
	if err := bound.JSON(raw); errors.Is(err, bound.ErrRepeated) {
		return fmt.Errorf("%w: %w", ErrMalformed, err)
	} else if err != nil { // a payload has its own depth
		return err
	}
	if !utf8.Valid(raw) {
		return fmt.Errorf("%w: no UTF-8", ErrMalformed)
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	type level struct {
		names map[string]bool // nil in an array
		value bool            // a value is next, and no name
	}
	var within []level
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) && len(within) == 0 {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%w: no JSON: %w", ErrMalformed, err)
		}
		if n := len(within); n > 0 && within[n-1].names != nil {
			top := &within[n-1]
			if name, ok := token.(string); ok && !top.value {
				if top.names[name] {
					return fmt.Errorf("%w: member %q stands twice in an object", ErrMalformed, name)
				}
				top.names[name], top.value = true, true
				continue
			}
			top.value = false
		}
		switch token {
		case json.Delim('{'):
			within = append(within, level{names: map[string]bool{}})
		case json.Delim('['):
			within = append(within, level{})
		case json.Delim('}'), json.Delim(']'):
			within = within[:len(within)-1]
		}
	}
}

// value returns what a JSON text means, with numbers as they are written.
func value(raw []byte) (any, error) {
	if err := unambiguous(raw); err != nil {
		return nil, err
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, fmt.Errorf("%w: no JSON: %w", ErrMalformed, err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%w: something stands behind the value", ErrMalformed)
	}
	return v, nil
}

// same reports whether two values of [value] are the same.
func same(a, b any) bool {
	switch a := a.(type) {
	case map[string]any:
		b, ok := b.(map[string]any)
		if !ok || len(a) != len(b) {
			return false
		}
		for name, v := range a {
			w, ok := b[name]
			if !ok || !same(v, w) {
				return false
			}
		}
		return true
	case []any:
		b, ok := b.([]any)
		if !ok || len(a) != len(b) {
			return false
		}
		for i := range a {
			if !same(a[i], b[i]) {
				return false
			}
		}
		return true
	}
	return a == b
}
