// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package vulns

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"golang.org/x/mod/semver"
)

// An Upgrade is the smallest change of version that frees a module of its known
// vulnerabilities, as far as there are fixes.
type Upgrade struct {
	Module string   `json:"module"`
	From   string   `json:"from"`
	To     string   `json:"to,omitempty"`     // "" if there is no fix for any
	Fixes  []string `json:"fixes,omitempty"`  // IDs of what does not affect To
	Leaves []string `json:"leaves,omitempty"` // IDs of what has no fix, or affects To all the same
}

// Upgrades finds for each vulnerable module the smallest later version that none of its
// vulnerabilities affects, nor any that the database knows of the module and does not
// affect it now. Where some have no fix, it is the smallest that only those affect. What
// was withdrawn does not count.
//
// A version is one that the database calls fixed. Whether it is published, and what the
// build list makes of it, the go command tells.
func (db *Database) Upgrades(ctx context.Context, found []Vulnerability) ([]Upgrade, error) {
	type target struct{ module, version string }
	targets := map[target]bool{}
	for _, v := range found {
		if v.Withdrawn.IsZero() {
			targets[target{v.Module, v.Version}] = true
		}
	}
	var ids []string
	for t := range targets {
		ids = append(ids, db.mayAffect(t.module, semanticVersion(t.module, t.version))...)
	}
	slices.Sort(ids)
	entries := map[string][]*entry{} // by module
	err := db.read(ctx, slices.Compact(ids), func(e *entry, _ []byte) error {
		if e.Withdrawn.IsZero() {
			for _, m := range e.modules() {
				entries[m] = append(entries[m], e)
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	var out []Upgrade
	for t := range maps.Keys(targets) {
		out = append(out, upgrade(t.module, t.version, entries[t.module]))
	}
	slices.SortFunc(out, func(a, b Upgrade) int {
		return cmp.Or(cmp.Compare(a.Module, b.Module), semver.Compare(semanticVersion(a.Module, a.From), semanticVersion(b.Module, b.From)))
	})
	return out, nil
}

// upgrade chooses among the versions at which the entries of a module are fixed.
func upgrade(module, shown string, entries []*entry) Upgrade {
	u := Upgrade{Module: module, From: shown}
	version := semanticVersion(module, shown)
	var candidates, now []string // versions; IDs
	fixable := map[string]bool{}
	for _, e := range entries {
		if e.affects(module, version) {
			now = append(now, e.ID)
			fixable[e.ID] = e.fixed(module, version) != ""
		}
		for _, v := range e.fixes(module) {
			if semver.Compare(v, version) > 0 {
				candidates = append(candidates, v)
			}
		}
	}
	slices.Sort(now)
	slices.SortFunc(candidates, semver.Compare)
	best := []string(nil) // what affects the best version yet
	for _, v := range candidates {
		left := affecting(entries, module, v)
		if slices.ContainsFunc(left, func(id string) bool { return !slices.Contains(now, id) }) {
			continue // it brings another one
		}
		if u.To == "" && len(left) < len(now) || u.To != "" && len(left) < len(best) {
			u.To, best = v, left
		}
		if !slices.ContainsFunc(left, func(id string) bool { return fixable[id] }) {
			break
		}
	}
	if u.To == "" {
		u.Leaves = now
		return u
	}
	u.Leaves = best
	u.Fixes = slices.DeleteFunc(now, func(id string) bool { return slices.Contains(best, id) })
	if module == Stdlib || module == Toolchain {
		u.To = goVersion(u.To)
	}
	return u
}

// affecting lists the IDs of the entries that affect a version, sorted.
func affecting(entries []*entry, module, version string) []string {
	var ids []string
	for _, e := range entries {
		if e.affects(module, version) {
			ids = append(ids, e.ID)
		}
	}
	slices.Sort(ids)
	return ids
}

// semanticVersion returns the semantic version of a module's version as a Vulnerability has it.
func semanticVersion(module, version string) string {
	if module == Stdlib || module == Toolchain {
		version, _ = goSemver(version)
		return version
	}
	version, _ = semverOf(version)
	return version
}
