// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package fips

import (
	"slices"
	"strings"
)

// ListFormat is the format with which `go list -deps -f` prints what
// [ImportChains] reads: a package's path, and those that it imports.
const ListFormat = `{{.ImportPath}}{{range .Imports}} {{.}}{{end}}`

// ImportChains returns, for each of some packages that a main package imports, by
// whatever way, the shortest way to it: import paths from the main package to it.
// The listing has a line for each package.
func ImportChains(listing, main string, packages []string) map[string][]string {
	imports := map[string][]string{}
	for line := range strings.Lines(listing) {
		if fields := strings.Fields(line); len(fields) > 0 {
			imports[fields[0]] = fields[1:]
		}
	}
	from := map[string]string{main: ""}
	for queue := []string{main}; len(queue) > 0; queue = queue[1:] {
		for _, p := range imports[queue[0]] {
			if _, seen := from[p]; !seen {
				from[p] = queue[0]
				queue = append(queue, p)
			}
		}
	}
	out := map[string][]string{}
	for _, p := range packages {
		if _, ok := from[p]; !ok || imports[main] == nil {
			continue
		}
		var chain []string
		for at := p; at != ""; at = from[at] {
			chain = append(chain, at)
		}
		slices.Reverse(chain)
		out[p] = chain
	}
	return out
}
