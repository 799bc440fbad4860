// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

// Package lazyregexp compiles regular expressions when they are first used, so
// that a program does not pay at its start for those that it does not need.
package lazyregexp

import (
	"regexp"
	"sync"
)

// New returns a function that returns the compiled expression. It panics, when
// first called, if the expression is malformed.
func New(expr string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expr) })
}
