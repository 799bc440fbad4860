// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package vulns

import (
	"cmp"
	"context"
	"maps"
	"slices"
)

// Match finds the vulnerabilities of modules at their versions: those whose code may be
// in a program, however little of a module it uses. All have the reach [Required]. The
// standard library and the toolchain are modules, too: [Stdlib] and [Toolchain].
//
// A module that is replaced by another is looked up as that other; what the database has
// for the module itself is listed as not assessed. So are modules without a version, and
// with one that is none, where the database knows the module.
//
// Of the database only the entries are read that the index says may affect a module.
func (db *Database) Match(ctx context.Context, modules []Module, on Platform) (*Assessment, error) {
	return db.Assess(ctx, &Observation{Basis: BasisModules, Level: LevelModule, Platform: on, Modules: modules})
}

// matches are the vulnerabilities of modules.
type matches struct {
	found       []*match
	notAssessed []NotAssessed
}

// A match is a vulnerability of a module, and the path that the module's packages have
// in the program: it is another than the vulnerability's if it was replaced.
type match struct {
	Vulnerability
	as string
}

// A subject is a module that is looked up at a version.
type subject struct {
	path, version string // as the database writes them, the version with "v"
	shown         string // the version as it was given
	as            string // the path in the program
}

func (db *Database) match(ctx context.Context, modules []Module, on Platform) (*matches, error) {
	m := &matches{}
	subjects := map[subject]bool{}
	for _, mod := range modules {
		if s, ok := m.subject(db, mod); ok {
			subjects[s] = true
		}
	}
	wanted := map[string][]subject{} // by entry
	for s := range subjects {
		for _, id := range db.mayAffect(s.path, s.version) {
			wanted[id] = append(wanted[id], s)
		}
	}
	err := db.read(ctx, slices.Sorted(maps.Keys(wanted)), func(e *entry, raw []byte) error {
		db.asked.add(e.ID, raw)
		for _, s := range wanted[e.ID] {
			if !e.affects(s.path, s.version) {
				continue
			}
			packages, ok := e.packages(s.path, s.version, on)
			if !ok {
				continue
			}
			m.found = append(m.found, &match{newVulnerability(e, s, packages), s.as})
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(m.found, func(a, b *match) int { // a server sends entries in any order
		return cmp.Or(cmp.Compare(a.ID, b.ID), cmp.Compare(a.Module, b.Module), cmp.Compare(a.Version, b.Version), cmp.Compare(a.as, b.as))
	})
	return m, nil
}

// subject returns what is to be looked up for a module, if that is anything.
func (m *matches) subject(db *Database, mod Module) (subject, bool) {
	s := subject{path: mod.Path, shown: mod.Version, as: mod.Path}
	if r := mod.Replace; r != nil {
		switch {
		case r.Version == "" || r.Version == "(devel)": // in a build list, and in build info
			return s, m.skip(db, mod.Path, mod.Version, LocalSource, r.Path)
		case r.Path != mod.Path:
			m.skip(db, mod.Path, mod.Version, OtherSource, r.Path+"@"+r.Version)
		}
		s.path, s.shown = r.Path, r.Version
	}
	if s.shown == "" || s.shown == "(devel)" {
		return s, m.skip(db, s.path, s.shown, NoVersion, "")
	}
	ok := false
	if s.path == Stdlib || s.path == Toolchain {
		s.version, ok = goSemver(s.shown)
	} else {
		s.version, ok = semverOf(s.shown)
	}
	if !ok {
		return s, m.skip(db, s.path, s.shown, BadVersion, "")
	}
	return s, true
}

// skip notes that a module is not assessed, if the database has anything of it.
func (m *matches) skip(db *Database, path, version string, reason Reason, detail string) bool {
	if ids := sortedIDs(db.modules[path]); ids != nil {
		m.notAssessed = append(m.notAssessed, NotAssessed{Module: path, Version: version, Reason: reason, Detail: detail, IDs: ids})
	}
	return false
}

func newVulnerability(e *entry, s subject, packages []Package) Vulnerability {
	v := Vulnerability{
		ID: e.ID, Aliases: e.Aliases, Summary: e.Summary, URL: e.Database.URL,
		Published: e.Published, Modified: e.Modified, Withdrawn: e.Withdrawn, Unreviewed: e.Database.Review == "UNREVIEWED",
		Module: s.path, Version: s.shown, Fixed: e.fixed(s.path, s.version), UnmappedRanges: e.unmapped(s.path),
		Reach: Required, Affected: packages,
	}
	if v.Fixed != "" && (s.path == Stdlib || s.path == Toolchain) {
		v.Fixed = goVersion(v.Fixed)
	}
	return v
}

// assessment returns what was found, in its order. A module that was given twice is
// assessed once.
func (m *matches) assessment(basis Basis, level Level, on Platform) *Assessment {
	a := &Assessment{Basis: basis, Level: level, Platform: on, Vulnerabilities: []Vulnerability{}, NotAssessed: []NotAssessed{}}
	for _, f := range m.found {
		a.Vulnerabilities = append(a.Vulnerabilities, f.Vulnerability)
	}
	a.NotAssessed = append(a.NotAssessed, m.notAssessed...)
	a.sort()
	a.Vulnerabilities = slices.CompactFunc(a.Vulnerabilities, func(x, y Vulnerability) bool {
		return x.ID == y.ID && x.Module == y.Module && x.Version == y.Version
	})
	a.NotAssessed = slices.CompactFunc(a.NotAssessed, func(x, y NotAssessed) bool {
		return x.Module == y.Module && x.Version == y.Version && x.Reason == y.Reason && x.Detail == y.Detail
	})
	return a
}
