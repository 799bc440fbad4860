// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

// Package gcpace, once it is imported, makes the garbage collector of a program run less
// often: most runs are short and small.
//
// It is a package of its own so that it takes effect before those are initialised that
// allocate more than the collector leaves in peace by default: packages are initialised
// in the order of their paths, as far as their imports are (Go specification, "Program
// initialization"), and these come later; GODEBUG=inittrace=1 shows it. GOGC in the
// environment goes before it.
package gcpace

import (
	"os"
	"runtime/debug"
)

func init() {
	if os.Getenv("GOGC") != "" {
		return
	}
	debug.SetGCPercent(400)
	debug.SetMemoryLimit(1 << 30) // bytes, from which on it runs as often as it must
}
