// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package modproxy

import (
	"strings"

	"golang.org/x/mod/module"
)

// A Route is the way the go command would go to download a module. It is
// inferred from the environment: the module cache does not record which
// proxy served a module.
type Route struct {
	// Steps in the order in which they would be tried; never empty.
	Steps []Step `json:"steps"`

	// Pattern is the element of GONOPROXY (by default GOPRIVATE) that sends
	// the module past the proxies, or "".
	Pattern string `json:"pattern,omitempty"`

	Basis Basis `json:"basis"`
}

// A Basis says how something about a download is known.
type Basis string

const (
	Inferred Basis = "inferred" // from the environment, by the go command's rules
	Observed Basis = "observed" // from what a server answered
)

// A Step is one place a module may come from.
type Step struct {
	Entry int    `json:"entry"` // index in Chain.Entries; -1 for a direct step that no entry names
	Kind  Kind   `json:"kind"`
	URL   string `json:"url"` // as Entry.URL, without secrets
	When  When   `json:"when"`
}

// When says what makes the go command take a step.
type When string

const (
	First         When = "first"
	AfterNotFound When = "after-not-found" // the step before answered 404 or 410
	AfterAnyError When = "after-any-error" // the step before failed in any way
)

// Direct reports whether the module comes from version control without any
// proxy being asked.
func (r Route) Direct() bool { return len(r.Steps) > 0 && r.Steps[0].Kind == Direct }

// Off reports whether the module cannot be downloaded at all.
func (r Route) Off() bool { return len(r.Steps) > 0 && r.Steps[0].Kind == Off }

// Route returns how the go command would look for the module, whatever its
// version. The noproxy list is the value of GONOPROXY as `go env` prints it,
// that is, GOPRIVATE where GONOPROXY is not set.
//
// A module that matches noproxy goes direct even when GOPROXY is "off"
// (modfetch.proxyList puts "noproxy" before the chain).
func (c Chain) Route(modulePath, noproxy string) Route {
	r := Route{Basis: Inferred}
	if p := MatchPattern(noproxy, modulePath); p != "" {
		r.Pattern = p
		r.Steps = []Step{{Entry: -1, Kind: Direct, URL: string(Direct), When: First}}
		return r
	}
	when := First
	for i, e := range c.Live() {
		r.Steps = append(r.Steps, Step{Entry: i, Kind: e.Kind, URL: e.URL, When: when})
		when = AfterNotFound
		if e.Fallback == OnAnyError {
			when = AfterAnyError
		}
	}
	return r
}

// MatchPattern returns the first element of globs, a list as in GOPRIVATE,
// that matches a prefix of modulePath, or "". A list matches as a whole just
// when one of its elements does ([module.MatchPrefixPatterns]).
func MatchPattern(globs, modulePath string) string {
	for globs != "" {
		var glob string
		glob, globs, _ = strings.Cut(globs, ",")
		if glob != "" && module.MatchPrefixPatterns(glob, modulePath) {
			return glob
		}
	}
	return ""
}
