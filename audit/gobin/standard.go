// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package gobin

import "strings"

// standard are the first elements of the paths of the standard library's packages, those
// of experiments included, and cmd, the programs of the toolchain. A test compares them
// with the packages that the go command lists.
var standard = func() map[string]bool {
	m := map[string]bool{}
	for name := range strings.FieldsSeq(`archive arena bufio builtin bytes cmd cmp compress container context crypto database debug embed
		encoding errors expvar flag fmt go hash html image index internal io iter log maps math mime net os path plugin reflect regexp
		runtime simd slices sort strconv strings structs sync syscall testing text time unicode unique unsafe uuid vendor weak`) {
		m[name] = true
	}
	return m
}()

// IsStandard reports whether a package seems to be of the standard library or the
// toolchain, by the first element of its path. That it has no dot is not enough: any
// module that is not downloaded may be called so, such as mycorp/x. The tests of a
// package are "_test" behind its path.
//
// Of paths of one element all without a dot count, but those of main packages: what
// looks like a package in a function table and is in no list is mostly none, such as C
// functions (x_cgo_munmap, and those that the race detector brings) and the runtime's
// closures of Go 1.27 ("_").
func IsStandard(pkg string) bool {
	first, _, more := strings.Cut(pkg, "/")
	if !more {
		return !strings.Contains(first, ".") && first != "" && first != "main" && first != "command-line-arguments"
	}
	return standard[first]
}
