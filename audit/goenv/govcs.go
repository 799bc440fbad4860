// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package goenv

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// A VCSRule is one element of GOVCS: the version control systems by which
// modules that match a pattern may be fetched. See 'go help vcs'.
type VCSRule struct {
	Pattern string   // public, private, or a glob as in GOPRIVATE
	Allowed []string // git, hg, bzr, svn, fossil, all, off
}

// Public reports whether the rule decides on modules that GOPRIVATE does not
// match.
func (r VCSRule) Public() bool { return r.Pattern != "private" }

// Beyond returns the systems that the rule allows and that by default are
// allowed for private modules only.
func (r VCSRule) Beyond() []string {
	var beyond []string
	for _, vcs := range r.Allowed {
		if !slices.Contains([]string{"git", "hg", "off"}, vcs) {
			beyond = append(beyond, vcs)
		}
	}
	return beyond
}

// ParseVCS reads a value of GOVCS (cmd/go/internal/vcs.parseGOVCS). The rules
// stand before the default private:all,public:git|hg; the first that matches
// decides. With an error the go command fetches nothing from version control.
func ParseVCS(govcs string) ([]VCSRule, error) {
	govcs = strings.TrimSpace(govcs)
	if govcs == "" {
		return nil, nil
	}
	var rules []VCSRule
	for item := range strings.SplitSeq(govcs, ",") {
		pattern, list, ok := strings.Cut(strings.TrimSpace(item), ":")
		pattern, list = strings.TrimSpace(pattern), strings.TrimSpace(list)
		switch {
		case !ok && pattern == "":
			return nil, errors.New("empty entry")
		case !ok:
			return nil, fmt.Errorf("missing colon in %q", item)
		case pattern == "":
			return nil, fmt.Errorf("empty pattern in %q", item)
		case list == "":
			return nil, fmt.Errorf("empty list in %q", item)
		case pattern == "." || pattern == ".." || strings.HasPrefix(pattern, "./") || strings.HasPrefix(pattern, "../"):
			return nil, fmt.Errorf("relative pattern in %q", item)
		case slices.ContainsFunc(rules, func(r VCSRule) bool { return r.Pattern == pattern }):
			return nil, fmt.Errorf("pattern %q stands twice", pattern)
		}
		rule := VCSRule{Pattern: pattern}
		for vcs := range strings.SplitSeq(list, "|") {
			if vcs = strings.TrimSpace(vcs); vcs == "" {
				return nil, fmt.Errorf("empty name in %q", item)
			}
			rule.Allowed = append(rule.Allowed, vcs)
		}
		rules = append(rules, rule)
	}
	return rules, nil
}
