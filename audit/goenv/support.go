// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package goenv

import (
	"go/version"
	"slices"
	"strings"
	"time"

	"github.com/goassay/assay/internal/lazyregexp"
)

// A Build says what kind of toolchain a version names.
type Build string

// The kinds of toolchain.
const (
	BuildRelease     Build = "release"
	BuildExperiment  Build = "experiment"  // a release with GOEXPERIMENT set when it was built, such as X:boringcrypto
	BuildPrerelease  Build = "prerelease"  // beta or release candidate
	BuildDevelopment Build = "development" // from the source between releases
	BuildVendor      Build = "vendor"      // a release with somebody's changes, such as go1.26.8-corp
	BuildUnknown     Build = "unknown"
)

var (
	developmentVersion = lazyregexp.New(`^devel |[ \t-]devel`)
	experimentVersion  = lazyregexp.New(`^go[0-9.]+[ \t-]X:[A-Za-z0-9,]+$`)
	prereleaseVersion  = lazyregexp.New(`^go1\.[0-9]+(?:beta|rc)[0-9]+$`)
)

// BuildOf returns the kind of the toolchain of that name or GOVERSION.
func BuildOf(name string) Build {
	switch {
	case developmentVersion().MatchString(name):
		return BuildDevelopment
	case releaseName().MatchString(name):
		if version.Lang(name) == name && version.Compare(name, "go1.21") >= 0 {
			return BuildDevelopment // a language version: the name a development toolchain gives itself
		}
		return BuildRelease
	case experimentVersion().MatchString(name):
		return BuildExperiment
	case prereleaseVersion().MatchString(name):
		return BuildPrerelease
	case fromToolchain(name) != "":
		return BuildVendor
	}
	return BuildUnknown
}

// A SupportState says whether the Go project fixes security problems in a
// major release.
type SupportState string

// The states of support.
const (
	Supported      SupportState = "supported"
	EndOfLife      SupportState = "end-of-life"
	SupportUnknown SupportState = "unknown"
)

// Support is what is known on the support of a major release at some time.
type Support struct {
	State SupportState `json:"state"`
	Major string       `json:"major,omitempty"` // such as go1.26

	// AsOf is the day on which the table of releases was written, Until the
	// first day for which it does not tell the state any more (2006-01-02).
	AsOf  string `json:"as_of"`
	Until string `json:"until,omitempty"`

	// Ended is the day of the release that ended the support; empty for those
	// before go1.11.
	Ended string `json:"ended,omitempty"`
}

// majorReleases are the days on which major releases came out
// (https://go.dev/doc/devel/release). Each is supported until there are two
// newer ones. For go1.27 it is the day on which go1.27.0 was built.
var majorReleases = []struct{ major, day string }{
	{"go1.11", "2018-08-24"}, {"go1.12", "2019-02-25"}, {"go1.13", "2019-09-03"}, {"go1.14", "2020-02-25"}, {"go1.15", "2020-08-11"},
	{"go1.16", "2021-02-16"}, {"go1.17", "2021-08-16"}, {"go1.18", "2022-03-15"}, {"go1.19", "2022-08-02"},
	{"go1.20", "2023-02-01"}, {"go1.21", "2023-08-08"}, {"go1.22", "2024-02-06"}, {"go1.23", "2024-08-13"},
	{"go1.24", "2025-02-11"}, {"go1.25", "2025-08-12"}, {"go1.26", "2026-02-10"}, {"go1.27", "2026-08-18"},
}

// releasesAsOf is the day on which majorReleases was complete.
const releasesAsOf = "2026-11-20"

// futureReleases are the first days on which the next major releases may come
// out: they are planned for each February and August.
var futureReleases = []string{"2027-02-01", "2027-08-01"}

// SupportOf returns whether the Go project supports the major release of a
// toolchain at the time now. It never says that a release is supported on a
// day on which that depends on releases it knows nothing of. Toolchains that
// are not plain releases are unknown: others look after them, if anybody.
func SupportOf(name string, now time.Time) Support {
	s := Support{State: SupportUnknown, AsOf: releasesAsOf}
	if b := BuildOf(name); b != BuildRelease && b != BuildExperiment {
		return s
	}
	today := now.UTC().Format(time.DateOnly)
	s.Major = version.Lang(fromToolchain(name))
	oldest := majorReleases[0].major
	if version.Compare(s.Major, oldest) < 0 {
		s.State = EndOfLife
		return s
	}
	i := slices.IndexFunc(majorReleases, func(r struct{ major, day string }) bool { return r.major == s.Major })
	if i < 0 || today < majorReleases[i].day {
		return s // newer than the table, or the clock is wrong
	}
	if newer := majorReleases[i+1:]; len(newer) >= 2 {
		if s.Until = newer[1].day; today >= newer[1].day {
			s.State, s.Until, s.Ended = EndOfLife, "", newer[1].day
			return s
		}
	} else {
		s.Until = futureReleases[1-len(newer)]
	}
	if today < s.Until {
		s.State = Supported
	}
	return s
}

// An Advisory is a flaw of the go command by which modules or toolchains that
// the checksum database does not vouch for were accepted.
type Advisory struct {
	ID    string   `json:"id"`
	CVE   string   `json:"cve"`
	Fixed []string `json:"fixed"` // the first fixed version of each branch, ascending; older branches have none
}

// advisories are from the Go vulnerability database, which also lists the
// release candidates of go1.27.
var advisories = []Advisory{
	{"GO-2026-4984", "CVE-2026-42501", []string{"go1.25.10", "go1.26.3"}},
	{"GO-2026-6179", "CVE-2026-56865", []string{"go1.25.13", "go1.26.6", "go1.27rc3"}},
	{"GO-2026-6180", "CVE-2026-56864", []string{"go1.25.13", "go1.26.6", "go1.27rc3"}},
}

// AdvisoriesOf returns the advisories that affect a toolchain by its version.
// It is not known if the toolchain is no release or release candidate: somebody
// may have mended it, or not.
func AdvisoriesOf(name string) (affecting []Advisory, known bool) {
	switch BuildOf(name) {
	case BuildRelease, BuildExperiment, BuildPrerelease:
	default:
		return nil, false
	}
	v := fromToolchain(name)
	affecting = []Advisory{}
	for _, a := range advisories {
		if a.affects(v) {
			affecting = append(affecting, a)
		}
	}
	return affecting, true
}

// affects reports whether v is older than the first fixed version of its
// branch, or its branch is older than all that were fixed.
func (a Advisory) affects(v string) bool {
	for _, fixed := range a.Fixed {
		if version.Lang(v) == version.Lang(fixed) {
			return version.Compare(v, fixed) < 0
		}
	}
	return version.Compare(v, a.Fixed[0]) < 0
}

// String gives the identifiers.
func (a Advisory) String() string { return strings.TrimSpace(a.ID + " " + a.CVE) }
