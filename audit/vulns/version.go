// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package vulns

import (
	"slices"
	"strings"

	"golang.org/x/mod/semver"

	"github.com/goassay/assay/internal/lazyregexp"
)

// semverOf returns the version of a module with the "v" that a database and some bills
// of materials leave out. It reports false for what is no semantic version.
func semverOf(version string) (string, bool) {
	if !strings.HasPrefix(version, "v") {
		version = "v" + version
	}
	return version, semver.IsValid(version)
}

var goRelease = lazyregexp.New(`^go(1(?:\.\d{1,9}){0,2})((?:rc|beta|-pre)\d{1,9})?(?:$|[-+ ])`)

// goSemver returns the semantic version under which a database lists a release of Go:
// v1.26.8 for go1.26.8, and v1.27.0-rc.1 for go1.27rc1. What vendors add, and experiments
// ("go1.26.8-X:boringcrypto"), does not count. It reports false for what is no release,
// such as "devel go1.27-0123abc".
func goSemver(release string) (string, bool) {
	if v, ok := semverOf(release); ok && strings.HasPrefix(release, "v") && strings.Count(release, ".") >= 2 {
		return v, true
	}
	if strings.Contains(release, "devel") {
		return "", false
	}
	m := goRelease().FindStringSubmatch(release)
	if m == nil {
		return "", false
	}
	version := "v" + m[1] + strings.Repeat(".0", 2-strings.Count(m[1], "."))
	if m[2] != "" {
		i := strings.IndexAny(m[2], "0123456789")
		version += "-" + strings.TrimPrefix(m[2][:i], "-") + "." + m[2][i:]
	}
	return version, semver.IsValid(version)
}

// goVersion returns the name of the release of Go with a semantic version. Since Go 1.21
// the first of a series has a zero at its end.
func goVersion(version string) string {
	version = strings.TrimPrefix(version, "v")
	version, pre, _ := strings.Cut(version, "-")
	if pre != "" || semver.Compare("v"+version, "v1.21.0") < 0 {
		version = strings.TrimSuffix(version, ".0")
	}
	if pre == "0" { // as a database writes the beginning of a series
		pre = ""
	}
	return "go" + version + strings.Replace(pre, ".", "", 1)
}

// An Event begins or ends a range of affected versions. One of the fields is set.
type event struct {
	introduced, fixed string // with "v"; introduced may be "0": before any version
}

func (e event) version() string {
	if e.introduced != "" {
		return e.introduced
	}
	return e.fixed
}

// versionRange is a range of affected versions: its events, sorted.
type versionRange []event

// contains reports whether a version is in the range: a change that introduces the
// vulnerability is the last that is not later (https://ossf.github.io/osv-schema/#evaluation).
// What is no version is before all.
func (r versionRange) contains(version string) bool {
	in := false
	for _, e := range r {
		if e.introduced == "0" || semver.Compare(e.version(), version) <= 0 {
			in = e.introduced != ""
		}
	}
	return in
}

// sort brings events into the order of their versions.
func (r versionRange) sort() {
	slices.SortStableFunc(r, func(a, b event) int {
		switch {
		case a.introduced == "0" || b.introduced == "0":
			return boolCompare(b.introduced == "0", a.introduced == "0")
		default:
			return semver.Compare(a.version(), b.version())
		}
	})
}

func boolCompare(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}
