// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package goenv

import (
	"slices"
	"strings"
)

// knownNames are the variables of internal/cfg.KnownEnv of Go 1.26, and
// GOEXE and others that only the go command sets.
const knownNames = `
AR CC CGO_CFLAGS CGO_CFLAGS_ALLOW CGO_CFLAGS_DISALLOW CGO_CPPFLAGS CGO_CPPFLAGS_ALLOW CGO_CPPFLAGS_DISALLOW
CGO_CXXFLAGS CGO_CXXFLAGS_ALLOW CGO_CXXFLAGS_DISALLOW CGO_ENABLED CGO_FFLAGS CGO_FFLAGS_ALLOW CGO_FFLAGS_DISALLOW
CGO_LDFLAGS CGO_LDFLAGS_ALLOW CGO_LDFLAGS_DISALLOW CXX FC GCCGO GO111MODULE GO386 GOAMD64 GOARCH GOARM GOARM64
GOAUTH GOBIN GOCACHE GOCACHEPROG GOENV GOEXE GOEXPERIMENT GOFIPS140 GOFLAGS GOGCCFLAGS GOHOSTARCH GOHOSTOS
GOINSECURE GOMIPS GOMIPS64 GOMODCACHE GONOPROXY GONOSUMDB GOOS GOPATH GOPPC64 GOPRIVATE GOPROXY GORISCV64 GOROOT
GOSUMDB GOTMPDIR GOTOOLCHAIN GOTOOLDIR GOVCS GOWASM GOWORK GO_EXTLINK_ENABLED PKG_CONFIG
`

func known() []string { return strings.Fields(knownNames) }

// Known reports whether name is a variable that the go command reads from its
// files (internal/cfg.KnownEnv).
func Known(name string) bool { return slices.Contains(known(), name) }

// computedNames are variables that the go command computes and reads from
// nowhere.
var computedNames = []string{
	"GOEXE", "GOGCCFLAGS", "GOHOSTARCH", "GOHOSTOS", "GOMOD", "GOTELEMETRY", "GOTELEMETRYDIR", "GOTOOLDIR", "GOVERSION",
}

func computed(name string) bool { return slices.Contains(computedNames, name) }

// mayBeEmpty reports whether the go command lists the variable also when it is
// empty. It does not list those of other architectures, and GCCGO and the C
// compilers always have a value.
func mayBeEmpty(name string) bool {
	switch name {
	case "GO386", "GOAMD64", "GOARM", "GOARM64", "GOMIPS", "GOMIPS64", "GOPPC64", "GORISCV64", "GOWASM", "GO_EXTLINK_ENABLED":
		return false
	}
	return strings.HasPrefix(name, "GO")
}

// processOnly reports whether the go command reads the variable from the
// process environment alone.
func processOnly(name string) bool { return name == "GOENV" || name == "GODEBUG" }

// Nearest returns the known variable that name may have been meant to be, or
// "". It is at most two edits away, and closer to name than it is long.
func Nearest(name string) string {
	if Known(name) {
		return name
	}
	limit := 2
	if len(name) < 6 {
		limit = 1
	}
	if len(name) > 32 {
		return ""
	}
	best := ""
	for _, k := range known() {
		if d := editDistance(name, k); d <= limit && (best == "" || d < editDistance(name, best)) {
			best = k
		}
	}
	return best
}

// editDistance is the number of bytes to insert, delete, replace, or swap
// with their neighbour, to make a of b.
func editDistance(a, b string) int {
	rows := [3][]int{make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)}
	for j := range rows[1] {
		rows[1][j] = j
	}
	for i := 1; i <= len(a); i++ {
		before, last, row := rows[(i+2)%3], rows[i%3], rows[(i+1)%3]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
	}
	return rows[(len(a)+1)%3][len(b)]
}
