// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package vulns

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/goassay/assay/audit/redact"
)

// An Observation is what was seen of a program, whatever a database has: with the
// database, all that an assessment follows from. It is written as JSON, to be kept as
// evidence; [Database.Assess] makes the same assessment of it again.
type Observation struct {
	Name     string   `json:"name,omitempty"`    // of the program, as a report calls it
	Product  string   `json:"product,omitempty"` // its package URL, as statements name it
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

// Bounds of an observation. What is as large as they are takes a few hundred MiB to
// read.
const (
	maxObservation = 64 << 20 // bytes
	maxObjects     = 1 << 20  // of JSON
	maxFrames      = maxObjects / 4
	maxPath        = 512 // bytes of the path of a package; a longer one is cut
)

// Encode writes an observation in JSON, as [ReadObservation] takes it. It is an error if
// that would not.
func (o *Observation) Encode() ([]byte, error) {
	raw, err := json.Marshal(o)
	if err == nil {
		err = boundObservation(raw)
	}
	return raw, err
}

func boundObservation(raw []byte) error {
	if len(raw) > maxObservation || bytes.Count(raw, []byte("{")) > maxObjects {
		return fmt.Errorf("observation of more than %d bytes, or %d objects", maxObservation, maxObjects)
	}
	return nil
}

// ReadObservation reads an observation in JSON. It may come from anybody.
func ReadObservation(raw []byte) (*Observation, error) {
	if err := boundObservation(raw); err != nil {
		return nil, err
	}
	o := &Observation{}
	if err := decodeJSON(raw, o); err != nil {
		return nil, fmt.Errorf("observation: %w", err)
	}
	for i := range o.Findings {
		if err := o.Findings[i].check(); err != nil {
			return nil, fmt.Errorf("observation: %w", err)
		}
	}
	if i := slices.IndexFunc(o.Packages, func(p string) bool { return len(p) > maxPath }); i >= 0 {
		return nil, fmt.Errorf("observation: package with a path of %d bytes", len(o.Packages[i]))
	}
	return o, nil
}

// clean brings what others wrote into a form that JSON keeps, and takes the secrets out
// of what is no version.
func (o *Observation) clean() {
	o.Modules = slices.Clone(o.Modules)
	for i := range o.Modules {
		m := &o.Modules[i]
		m.Path, m.Version = valid(m.Path), validVersion(m.Version)
		if m.Replace != nil {
			m.Replace = &Module{Path: valid(m.Replace.Path), Version: validVersion(m.Replace.Version)}
		}
	}
	o.NotAssessed = slices.Clone(o.NotAssessed)
	for i := range o.NotAssessed {
		n := &o.NotAssessed[i]
		n.Module, n.Version, n.Detail, n.Packages = valid(n.Module), validVersion(n.Version), valid(n.Detail), slices.Clone(n.Packages)
		for j, p := range n.Packages {
			n.Packages[j] = valid(p)
		}
	}
}

func valid(s string) string { return strings.ToValidUTF8(s, "\uFFFD") }

// validVersion is a version, or what stands in its place, which may be a URL.
func validVersion(s string) string {
	if strings.Contains(s, "://") {
		s = redact.Text(s)
	}
	return valid(s)
}

// Assess makes the assessment that follows from an observation. One that no program
// leaves, because something was not looked at that its level says was, is an error.
func (db *Database) Assess(ctx context.Context, o *Observation) (*Assessment, error) {
	o.clean()
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
