// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package vulns

import (
	"context"
	"fmt"
	"slices"
)

// An Observation is what was seen of a program, whatever a database has: with the
// database, all that an assessment follows from. It is written as JSON, to be kept as
// evidence; [Database.Assess] makes the same assessment of it again.
type Observation struct {
	Basis    Basis    `json:"basis"`
	Level    Level    `json:"level"`
	Platform Platform `json:"platform,omitzero"`
	Tags     []string `json:"tags,omitempty"`   // for the build of source
	SHA256   string   `json:"sha256,omitempty"` // of an executable, as [gobin.File.SHA256]
	Modules  []Module `json:"modules,omitempty"`

	// Packages are the import paths of the packages that are linked into an executable, or
	// that source consists of, sorted; none if nobody looked, or had to.
	Packages []string `json:"packages,omitempty"`

	// Functions are those that an executable has code of, among those that an entry of
	// the database names; sorted. Packages have the paths that they have in the program.
	Functions []Symbol `json:"functions,omitempty"`

	Analysed bool      `json:"analysed,omitempty"` // what source calls
	Findings []finding `json:"findings,omitempty"` // of that analysis, about what the database has of Modules

	NotAssessed []NotAssessed `json:"not_assessed,omitempty"` // what could not be seen
}

// maxObservation bounds an observation that comes from somebody else, in bytes.
const maxObservation = 256 << 20

// ReadObservation reads an observation in JSON. It may come from anybody.
func ReadObservation(raw []byte) (*Observation, error) {
	o := &Observation{}
	if len(raw) > maxObservation {
		return nil, fmt.Errorf("observation of more than %d bytes", maxObservation)
	}
	if err := decodeJSON(raw, o); err != nil {
		return nil, fmt.Errorf("observation: %w", err)
	}
	for i := range o.Findings {
		if err := o.Findings[i].check(); err != nil {
			return nil, fmt.Errorf("observation: %w", err)
		}
	}
	return o, nil
}

// Assess makes the assessment that follows from an observation. One that no program
// leaves, because something was not looked at that its level says was, is an error.
func (db *Database) Assess(ctx context.Context, o *Observation) (*Assessment, error) {
	m, err := db.match(ctx, o.Modules, o.Platform)
	if err != nil {
		return nil, err
	}
	a := o.judge(db, m)
	return a, o.possible(a)
}

// judge makes the assessment of the vulnerabilities of the modules.
func (o *Observation) judge(db *Database, m *matches) *Assessment {
	switch {
	case o.Basis == BasisExecutable && o.Level == LevelSymbol:
		c := o.contents()
		for _, v := range m.found {
			c.narrow(v)
		}
		m.notAssessed = append(m.notAssessed, db.strangers(c)...)
	case o.Basis == BasisSource:
		m.importedBy(o.Packages)
		for _, v := range m.found {
			if o.Analysed && !v.refine(o.Findings) && v.Reach == Imported && v.Withdrawn.IsZero() && o.Level == LevelSymbol {
				m.notAnalysed(v)
			}
		}
	}
	m.notAssessed = append(m.notAssessed, o.NotAssessed...)
	a := m.assessment(o.Basis, o.Level, o.Platform)
	a.Observation = o
	return a
}

// possible reports an observation that cannot have been made.
func (o *Observation) possible(a *Assessment) error {
	levels := map[Basis][]Level{
		BasisModules: {LevelModule}, BasisExecutable: {LevelModule, LevelSymbol}, BasisSource: {LevelModule, LevelPackage, LevelSymbol},
	}
	if !slices.Contains(levels[o.Basis], o.Level) {
		return fmt.Errorf("%.20q was looked into down to %.20q", o.Basis, o.Level)
	}
	if o.Basis == BasisExecutable && o.Level == LevelSymbol && len(o.Packages) == 0 {
		return fmt.Errorf("an executable without packages")
	}
	if o.Basis == BasisSource && o.Level == LevelModule && o.Analysed {
		return fmt.Errorf("an analysis of modules alone")
	}
	if o.Basis != BasisSource || o.Analysed || o.Level == LevelModule {
		return nil
	}
	for _, v := range a.Vulnerabilities {
		switch {
		case !v.Withdrawn.IsZero():
		case len(o.Packages) == 0:
			return fmt.Errorf("source was looked into down to %s without its packages", o.Level)
		case o.Level == LevelSymbol && v.Reach == Imported:
			return fmt.Errorf("a package with %s is imported, and what is called was not analysed", v.ID)
		}
	}
	return nil
}
