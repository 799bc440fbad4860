// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package goenv

import (
	"path"
	"slices"
	"strings"

	"golang.org/x/mod/module"
	"golang.org/x/net/publicsuffix"
)

// A Pattern is one element of a list such as GOPRIVATE: a glob that is
// matched against as many leading elements of a module path as it has itself.
type Pattern struct {
	Glob string `json:"glob"`
	Lint []Lint `json:"lint,omitempty"`
}

// A Lint is something about a pattern that its author hardly meant.
type Lint string

// What a pattern may be.
const (
	// Patterns that no module path matches. The go command says nothing.
	LintMalformed Lint = "malformed"  // a glob with a syntax error
	LintSpace     Lint = "space"      // white space around or in it
	LintScheme    Lint = "scheme"     // https://host
	LintPort      Lint = "port"       // host:port
	LintUpper     Lint = "upper-case" // the host of a module path is in lower case
	LintEllipsis  Lint = "ellipsis"   // host/..., a pattern of packages and not of module paths
	LintInvalid   Lint = "invalid"    // another character or an empty element that no module path has

	// Patterns that match more than they seem to.
	LintAll        Lint = "all"         // every module path
	LintPublicHost Lint = "public-host" // every module of a public host
	LintTopLevel   Lint = "top-level"   // every host under a public suffix
	LintOpen       Lint = "open"        // names that anybody can register: corp.example* matches corp.example.evil.example

	// A pattern that matches less than it seems to.
	LintApex Lint = "apex" // *.corp.example does not match corp.example

	// Harmless: the go command drops it.
	LintSlash Lint = "trailing-slash"
)

// Never reports whether a pattern with this lint matches no module path.
func (l Lint) Never() bool {
	switch l {
	case LintMalformed, LintSpace, LintScheme, LintPort, LintUpper, LintEllipsis, LintInvalid:
		return true
	}
	return false
}

// ParsePatterns splits a list such as GOPRIVATE and lints each pattern. Empty
// elements are dropped, as the go command does.
func ParsePatterns(list string) []Pattern {
	var patterns []Pattern
	globs := strings.Split(list, ",")
	for _, glob := range globs {
		if strings.TrimSuffix(glob, "/") == "" {
			continue
		}
		p := Pattern{Glob: glob, Lint: lint(glob)}
		if slices.Contains(p.Lint, LintApex) && module.MatchPrefixPatterns(list, strings.TrimPrefix(strings.TrimSuffix(glob, "/"), "*.")) {
			p.Lint = slices.DeleteFunc(p.Lint, func(l Lint) bool { return l == LintApex })
		}
		patterns = append(patterns, p)
	}
	return patterns
}

// lint returns what is odd about one pattern.
func lint(glob string) []Lint {
	var lints []Lint
	glob, slash := strings.CutSuffix(glob, "/")
	if never := neverMatches(glob); never != "" {
		return []Lint{never}
	}
	if slash {
		lints = append(lints, LintSlash)
	}
	if broad := matchesMore(glob); broad != "" {
		return append(lints, broad)
	}
	if apex, ok := strings.CutPrefix(glob, "*."); ok && !strings.ContainsAny(apex, `*?[\/`) && strings.Contains(apex, ".") {
		lints = append(lints, LintApex)
	}
	return lints
}

// neverMatches returns why no module path matches glob, or "". See
// module.CheckPath for what a module path may hold.
func neverMatches(glob string) Lint {
	if _, err := path.Match(glob, ""); err != nil {
		return LintMalformed
	}
	host, rest, _ := strings.Cut(glob, "/")
	switch {
	case strings.ContainsAny(glob, " \t\r\n\v\f"):
		return LintSpace
	case strings.Contains(glob, "://"):
		return LintScheme
	case strings.Contains(host, ":"):
		return LintPort
	case strings.ContainsAny(glob, `[\`):
		return "" // a class or an escape: not looked into
	case host != strings.ToLower(host):
		return LintUpper
	}
	for i, element := range strings.Split(glob, "/") {
		literal := strings.NewReplacer("*", "", "?", "").Replace(element)
		switch {
		case element == "...":
			return LintEllipsis
		case element == "" || strings.HasSuffix(element, ".") || i > 0 && element == "..":
			return LintInvalid
		case strings.ContainsFunc(literal, func(r rune) bool { return !pathRune(r, i == 0) }):
			return LintInvalid
		}
	}
	if strings.HasSuffix(rest, "...") {
		return LintEllipsis
	}
	return ""
}

// pathRune reports whether r may stand in a module path; the first element
// holds less than the others.
func pathRune(r rune, first bool) bool {
	switch {
	case r == '-' || r == '.' || '0' <= r && r <= '9' || 'a' <= r && r <= 'z':
		return true
	case first:
		return false
	}
	return r == '_' || r == '~' || 'A' <= r && r <= 'Z'
}

// publicHosts are hosts on which anybody can publish a module, or that serve
// modules of the Go project and other public ones.
var publicHosts = []string{
	"github.com", "gitlab.com", "bitbucket.org", "codeberg.org", "gitee.com", "gitcode.com", "git.sr.ht", "sr.ht",
	"golang.org", "google.golang.org", "gopkg.in", "go.uber.org", "k8s.io", "sigs.k8s.io", "cloud.google.com",
}

// matchesMore returns in which way glob matches more than it seems to, or "".
func matchesMore(glob string) Lint {
	elements := strings.Split(glob, "/")
	host := elements[0]
	hosts := 0
	for _, h := range publicHosts {
		probe := h + strings.Repeat("/assay-sample", len(elements)-1)
		if ok, _ := path.Match(glob, probe); ok {
			hosts++
		}
	}
	switch {
	case hosts == len(publicHosts):
		return LintAll
	case hosts > 0:
		if suffix, ok := strings.CutPrefix(host, "*"); ok && isTopLevel(suffix) {
			return LintTopLevel
		}
		return LintPublicHost
	case slices.Contains(publicHosts, host):
		// Accounts of a public host can be registered: github.com/corp*
		if len(elements) == 2 && strings.ContainsAny(elements[1], "*?[") {
			return LintOpen
		}
		return ""
	}
	i := strings.LastIndexAny(host, "*?]")
	if i < 0 {
		return ""
	}
	suffix := host[i+1:]
	switch {
	case suffix == "" || suffix[0] != '.':
		return LintOpen
	case isTopLevel(suffix):
		return LintTopLevel
	}
	return ""
}

// isTopLevel reports whether suffix, which starts with a dot, is a domain
// under which anybody can register a name.
func isTopLevel(suffix string) bool {
	domain, ok := strings.CutPrefix(suffix, ".")
	if !ok {
		return false
	}
	found, icann := publicsuffix.PublicSuffix(domain)
	return icann && found == domain
}

// Match returns the first element of a list such as GOPRIVATE that matches
// the module path, as [module.MatchPrefixPatterns] does.
func Match(list, modulePath string) (glob string, ok bool) {
	for glob := range strings.SplitSeq(list, ",") {
		if module.MatchPrefixPatterns(glob, modulePath) {
			return glob, true
		}
	}
	return "", false
}

// Uncovered returns the patterns of list that match module paths which other
// does not match, as far as that can be told from the globs: each wildcard is
// taken for a word that no pattern names. The pattern none, by which the
// documentation writes a list that matches nothing, counts for nothing.
func Uncovered(list, other string) []string {
	var globs []string
	for _, p := range ParsePatterns(list) {
		if p.Glob == "none" || slices.ContainsFunc(p.Lint, Lint.Never) {
			continue
		}
		glob := strings.TrimSuffix(p.Glob, "/")
		sample := strings.NewReplacer("*", "assay-sample", "?", "x").Replace(glob)
		same := slices.ContainsFunc(strings.Split(other, ","), func(g string) bool { return strings.TrimSuffix(g, "/") == glob })
		if !same && !module.MatchPrefixPatterns(other, sample) {
			globs = append(globs, p.Glob)
		}
	}
	return globs
}
