// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package tlsprobe

import "slices"

// otherSuites are those of a version that the server refused, and that may stand beside
// suites of a kind of key where it is asked for signature algorithms. They are offered again
// and again, first of all, at no cost: where there are several servers, another one may take
// them, and then what was refused is not known to be refused by all.
func (p *prober) otherSuites(v Version, key string) []SuiteID {
	if p.isSmall(v) {
		return nil
	}
	return slices.DeleteFunc(p.untaken(v, suitesFor(v)), func(id SuiteID) bool {
		return isSRP(id) || isSigned(SuiteOf(id)) && SuiteOf(id).Authentication != key
	})
}

// oddFirst moves the suites to the front that have the most weaknesses: of several servers
// it is most probably these that one has and another has not, and a server that follows the
// client's order chooses otherwise where it has not the first. See choseOtherwise.
func oddFirst(suites []SuiteID) {
	slices.SortStableFunc(suites, func(a, b SuiteID) int { return len(SuiteOf(b).Weaknesses) - len(SuiteOf(a).Weaknesses) })
}

// oddGroupsFirst does so with groups that were not named, and those that are offered last.
func (p *prober) oddGroupsFirst(v Version, groups []GroupID) []GroupID {
	p.mu.Lock()
	defer p.mu.Unlock()
	var unnamed, named []GroupID
	for _, id := range groups {
		if p.seen.groups[v][id] {
			named = append(named, id)
		} else {
			unnamed = append(unnamed, id)
		}
	}
	slices.Reverse(named)
	return append(unnamed, named...)
}
