// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package checks

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/goassay/assay/audit/vulns"
)

// recheckVuln assesses again what was seen of each target, with the entries of
// the database that are evidence, and demands that the facts say the same. That
// the entries are those of the Go project nothing in them shows; of the copy in
// a program it is shown by one that has the same copy.
func recheckVuln(stored json.RawMessage, evidence func(string) ([]byte, error)) error {
	var facts VulnFacts
	if err := json.Unmarshal(stored, &facts); err != nil {
		return err
	}
	asked, err := evidence(facts.Database.Evidence)
	if err != nil {
		return err
	}
	ctx := context.Background()
	db, err := vulns.OpenConsulted(ctx, asked)
	if err != nil {
		return fmt.Errorf("the kept part of the database: %w", err)
	}
	if read, err := json.Marshal(facts); err != nil || !sameJSON(stored, read) { // others would read something else
		return errors.New("facts with names that are none, or are there twice")
	}
	r := &vulnRecheck{facts: &facts, evidence: evidence, db: db.Recording()}
	r.database(ctx)
	r.documents()
	var first error
	for _, now := range r.moments() {
		err := r.assess(ctx, now)
		if err == nil {
			r.complete()
			return errors.Join(r.errs...)
		}
		if first == nil {
			first = err
		}
	}
	return errors.Join(append(r.errs, first)...)
}

// vulnRecheck is one derivation of stored facts from their evidence.
type vulnRecheck struct {
	facts    *VulnFacts
	evidence func(string) ([]byte, error)
	db       *vulns.Database
	from, to time.Time // the first and the last moment of the day
	errs     []error
}

func (r *vulnRecheck) wrong(format string, args ...any) {
	r.errs = append(r.errs, fmt.Errorf(format, args...))
}

// database compares what the facts say of the database with what was kept of it.
func (r *vulnRecheck) database(ctx context.Context) {
	d := r.facts.Database
	if !d.Modified.Equal(r.db.Modified) || d.Entries != r.db.Entries || d.Modules != r.db.Modules {
		r.wrong("the database of %s has %d entries of %d modules, the facts say %s, %d and %d",
			r.db.Modified, r.db.Entries, r.db.Modules, d.Modified, d.Entries, d.Modules)
	}
	var err error
	if r.from, err = time.Parse(time.DateOnly, r.facts.Date); err != nil {
		r.wrong("the date %.20q", r.facts.Date)
	}
	r.to = r.from.Add(24*time.Hour - 1)
	if least, most := ageDays(r.from, r.db.Modified), ageDays(r.to, r.db.Modified); d.AgeDays < least || d.AgeDays > most {
		r.wrong("the database was %d or %d days old, the facts say %d", least, most, d.AgeDays)
	}
	if d.Kind != vulns.SourceSnapshot {
		return
	}
	copied, err := vulns.Snapshot()
	if err == nil && copied.Modified.Format(time.DateOnly) == r.db.Modified.Format(time.DateOnly) {
		err = r.db.PartOf(ctx, copied)
	}
	if err != nil {
		r.wrong("the copy of the database in this program: %w", err)
	}
}

// complete finds entries that were kept and that no target asks for any more.
func (r *vulnRecheck) complete() {
	if ids := r.db.Unasked(); len(ids) > 0 {
		r.wrong("entries were asked for that may affect no target: %s", strings.Join(first(ids, maxNamed), ", "))
	}
}

// maxMoments bounds how often all is assessed again.
const maxMoments = 20

// moments are those of the day at which it may be that other statements hold.
func (r *vulnRecheck) moments() []time.Time {
	var all []time.Time
	for _, vex := range r.facts.VEX {
		for i := range vex.doc.Statements {
			// [vulns.VEX.Find] lets clocks differ by a day.
			if at := vex.doc.Stated(&vex.doc.Statements[i]).At.AddDate(0, 0, -1); at.After(r.from) && at.Before(r.to) {
				all = append(all, at)
			}
		}
	}
	slices.SortFunc(all, time.Time.Compare)
	all = slices.CompactFunc(all, time.Time.Equal)
	return append([]time.Time{r.from, r.to}, all[:min(len(all), maxMoments)]...)
}

// documents reads the VEX documents.
func (r *vulnRecheck) documents() {
	read := map[string]*vulns.VEX{} // by digest
	for i := range r.facts.VEX {
		vex := &r.facts.VEX[i]
		var err error
		if vex.doc = read[vex.Evidence]; vex.doc == nil {
			var data []byte
			if data, err = r.evidence(vex.Evidence); err == nil {
				vex.doc, err = vulns.ReadVEX(bytes.NewReader(data))
			}
			read[vex.Evidence] = vex.doc
		}
		switch {
		case err != nil:
			vex.doc = new(vulns.VEX)
			r.wrong("%s: %w", vex.File, err)
		case len(vex.doc.Statements) != vex.Statements:
			r.wrong("%s has %d statements, the facts say %d", vex.File, len(vex.doc.Statements), vex.Statements)
		}
	}
}

// assess assesses all targets again, as of a moment.
func (r *vulnRecheck) assess(ctx context.Context, now time.Time) error {
	for i := range r.facts.VEX {
		r.facts.VEX[i].used = map[*vulns.Statement]bool{}
	}
	var errs []error
	for i := range r.facts.Targets {
		if err := r.target(ctx, i, now); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", r.facts.Targets[i].Name, err))
		}
	}
	for _, vex := range r.facts.VEX {
		if unused := len(vex.doc.Statements) - len(vex.used); unused != vex.Unused {
			errs = append(errs, fmt.Errorf("%s has %d statements about nothing that was found, the facts say %d", vex.File, unused, vex.Unused))
		}
	}
	return errors.Join(errs...)
}

// target assesses a target again.
func (r *vulnRecheck) target(ctx context.Context, i int, now time.Time) error {
	t := &r.facts.Targets[i]
	data, err := r.evidence(t.Evidence)
	if err != nil {
		return err
	}
	seen, err := vulns.ReadObservation(data)
	if err != nil {
		return err
	}
	basis := map[string]vulns.Basis{"module": vulns.BasisSource, "binary": vulns.BasisExecutable, "sbom": vulns.BasisModules}
	// Only of source the facts repeat for what it was looked at.
	source := t.Kind != "module" || seen.Platform == t.Platform && slices.Equal(seen.Tags, t.Tags)
	binary := t.Kind != "binary" || seen.SHA256 == t.SHA256
	if seen.Name != t.Name || seen.Product != t.Product || seen.Basis != basis[t.Kind] || seen.Basis != t.Basis || seen.Level != t.Level || !source || !binary {
		return errors.New("the evidence is of another target, or of another level")
	}
	a, err := r.db.Assess(ctx, seen)
	if err != nil {
		return err
	}
	told := []VulnVulnerability{}
	for _, v := range r.facts.Vulnerabilities {
		if v.Target == i {
			v.BOMLink = "" // of the document, and no part of a verdict
			told = append(told, v)
		}
	}
	found := []VulnVulnerability{}
	for _, v := range a.Vulnerabilities {
		x := VulnVulnerability{Target: i, Vulnerability: v}
		x.Statement, x.Stated = r.facts.statement(t, v, now)
		x.known(r.from)
		if k := len(found); k < len(told) && !sameAge(x.AgeDays, told[k].AgeDays) { // it may have been later on that day
			x.known(r.to)
		}
		found = append(found, x)
	}
	var errs []error
	errs = append(errs, differ("vulnerabilities", found, told, func(v VulnVulnerability) string { return v.ID + " " + v.Module }))
	unknown := []VulnNotAssessed{}
	for _, n := range a.NotAssessed {
		unknown = append(unknown, notAssessedOf(i, n))
	}
	open := slices.DeleteFunc(slices.Clone(r.facts.NotAssessed), func(n VulnNotAssessed) bool { return n.Target != i })
	errs = append(errs, differ("things not assessed", unknown, open, func(n VulnNotAssessed) string { return string(n.Reason) + " " + n.Module }))
	return errors.Join(errs...)
}

// differ reports the first difference between what follows and what the facts say.
func differ[T any](what string, follows, told []T, name func(T) string) error {
	for k := range min(len(follows), len(told)) {
		x, errX := json.Marshal(follows[k])
		y, errY := json.Marshal(told[k])
		if errX != nil || errY != nil || !bytes.Equal(x, y) {
			return fmt.Errorf("%s: %s follows from the evidence, the facts say otherwise, or %s", what, name(follows[k]), name(told[k]))
		}
	}
	if len(follows) != len(told) {
		return fmt.Errorf("%d %s follow from the evidence, the facts have %d", len(follows), what, len(told))
	}
	return nil
}

func sameAge(a, b *int) bool { return a == b || a != nil && b != nil && *a == *b }
