// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

// Package bound keeps documents from outside from costing more than a large
// real one does. A few bytes of a hostile document become a large structure in
// memory, or a deep recursion: limits on the size alone do not bound that.
package bound

import (
	"bytes"
	"encoding/json"
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

// ErrRepeated reports an object with two members of one name. Which of them
// counts, parsers decide differently (RFC 8259, section 4): what is verified would not
// be what others read.
var ErrRepeated = errors.New("an object has two members of one name")

// JSON checks a document in JSON before it is parsed. What is no JSON is left
// to the parser.
func JSON(document []byte) error {
	if err := Size(document); err != nil {
		return err
	}
	var within [MaxDepth + 1]byte // '{' or '[', by depth
	var members [MaxDepth + 1]map[string]bool
	depth, elements := 0, 0
	for i := 0; i < len(document); i++ {
		switch c := document[i]; c {
		case '"':
			start := i
			i = endOfString(document, i)
			if within[depth] != '{' || !isName(document, i+1) {
				continue
			}
			name := nameOf(document[start:min(i+1, len(document))])
			if members[depth][name] {
				return fmt.Errorf("%w: %.100q", ErrRepeated, name)
			}
			if members[depth] == nil {
				members[depth] = make(map[string]bool)
			}
			members[depth][name] = true
		case '{', '[':
			depth++
			elements++
			if depth > MaxDepth {
				return fmt.Errorf("%w: nested more than %d levels deep", ErrTooLarge, MaxDepth)
			}
			within[depth] = c
			clear(members[depth])
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

// isName reports whether the string before i is the name of a member.
func isName(document []byte, i int) bool {
	for ; i < len(document); i++ {
		switch document[i] {
		case ' ', '\t', '\r', '\n':
		default:
			return document[i] == ':'
		}
	}
	return false
}

// nameOf reads a string; what is none is left to the parser.
func nameOf(quoted []byte) string {
	if bytes.IndexByte(quoted, '\\') >= 0 {
		var s string
		if json.Unmarshal(quoted, &s) == nil {
			return s
		}
	}
	return string(quoted[1:max(1, len(quoted)-1)])
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
