// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

// Package bound keeps documents from outside from costing more than a large
// real one does. A few bytes of a hostile document become a large structure in
// memory, or a deep recursion: limits on the size alone do not bound that.
package bound

import (
	"errors"
	"fmt"
)

// The limits. The largest documents seen in the field list some 100,000 files
// in 100 MiB.
const (
	MaxSize     = 128 << 20 // bytes of a document
	MaxDepth    = 128       // objects, arrays or elements within each other
	MaxElements = 1_500_000 // objects, elements of arrays, elements of XML
)

// ErrTooLarge reports a document that exceeds a limit.
var ErrTooLarge = errors.New("document exceeds a limit")

// Size checks the size of a document.
func Size(document []byte) error {
	if len(document) > MaxSize {
		return fmt.Errorf("%w: %d bytes", ErrTooLarge, len(document))
	}
	return nil
}

// JSON checks a document in JSON before it is parsed. What is no JSON is left
// to the parser.
func JSON(document []byte) error {
	if err := Size(document); err != nil {
		return err
	}
	var within [MaxDepth + 1]byte // '{' or '[', by depth
	depth, elements := 0, 0
	for i := 0; i < len(document); i++ {
		switch c := document[i]; c {
		case '"':
			i = endOfString(document, i)
		case '{', '[':
			depth++
			elements++
			if depth > MaxDepth {
				return fmt.Errorf("%w: nested more than %d levels deep", ErrTooLarge, MaxDepth)
			}
			within[depth] = c
		case '}', ']':
			depth = max(depth-1, 0)
		case ',':
			if within[depth] == '[' { // members of an object cannot become more than strings
				elements++
			}
		}
		if elements > MaxElements {
			return fmt.Errorf("%w: more than %d objects and elements", ErrTooLarge, MaxElements)
		}
	}
	return nil
}

// endOfString returns the index of the quote that ends the string which begins at i.
func endOfString(document []byte, i int) int {
	for i++; i < len(document) && document[i] != '"'; i++ {
		if document[i] == '\\' {
			i++
		}
	}
	return i
}
