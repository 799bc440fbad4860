// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package checks

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/goassay/assay/audit"
	"github.com/goassay/assay/audit/redact"
	"github.com/goassay/assay/audit/vulns"
)

// DefaultVulnAge is how old the data of a database may be where the policy does
// not say, in days.
const DefaultVulnAge = 30

// open opens the database: the one that was named; else the Go project's, or
// offline, or where that cannot be reached, the newer of the installed one and
// the copy in this program. In the place of a named one on a server nothing is
// taken offline but what was downloaded from there: it may have more entries
// than the Go project's.
func (r *vulnRun) open(ctx context.Context) error {
	location := r.vulnLocation()
	online := location == "" || vulns.OriginOf(location) != ""
	switch named := location != "" && vulns.OriginOf(location) != vulns.DefaultURL; {
	case !online || !r.Offline:
		db, err := vulns.Open(ctx, cmp.Or(location, vulns.DefaultURL), r.HTTP)
		switch {
		case err == nil:
			return r.take(db, "")
		case ctx.Err() != nil || location != "" || !errors.Is(err, vulns.ErrUnreachable):
			return r.database(ctx, err)
		}
		return r.fallback(ctx, redact.Text(err.Error()))
	case named:
		return r.downloaded(ctx, location)
	}
	return r.fallback(ctx, "offline")
}

// vulnLocation is where the database is that was named; "" if none was. A path
// in a policy is relative to the policy's file.
func (r *vulnRun) vulnLocation() string {
	if location := r.Settings[SettingVulnDB]; location != "" {
		return location
	}
	if location := r.Policy.Vuln.DB; location != "" {
		if path := filepath.FromSlash(location); !strings.Contains(location, "://") && !filepath.IsAbs(path) {
			return filepath.Join(filepath.Dir(r.Policy.File), path)
		}
		return location
	}
	location := ""
	for _, e := range r.Environ {
		if v, ok := strings.CutPrefix(e, "GOVULNDB="); ok {
			location = v
		}
	}
	return location
}

// VulnDir is the folder of the installed database in a cache folder; "" if there
// is no cache folder.
func VulnDir(cacheDir string) string {
	if cacheDir == "" {
		return ""
	}
	return filepath.Join(cacheDir, "vulndb")
}

// fallback opens the newest database on this machine.
func (r *vulnRun) fallback(ctx context.Context, why string) error {
	db, err := vulns.Newest(ctx, VulnDir(r.CacheDir))
	if err != nil {
		return r.database(ctx, err)
	}
	return r.take(db, why)
}

// downloaded opens the installed database, if it was downloaded from a server.
func (r *vulnRun) downloaded(ctx context.Context, location string) error {
	none := fmt.Errorf("offline, and what is installed is not of %s", vulns.OriginOf(location))
	db, err := vulns.Installed(ctx, VulnDir(r.CacheDir))
	switch {
	case errors.Is(err, fs.ErrNotExist), err == nil && db.Origin != vulns.OriginOf(location):
		return r.database(ctx, none)
	case err != nil:
		return r.database(ctx, err)
	}
	return r.take(db, "offline")
}

func (r *vulnRun) take(db *vulns.Database, fallback string) error {
	r.db, r.asked = db, db.Recording()
	r.facts.Database = VulnDatabase{Source: db.Source, Fallback: fallback, AgeDays: ageDays(r.Now, db.Modified)}
	if db.Kind == vulns.SourceSnapshot {
		r.facts.Database.Attribution = vulns.SnapshotAttribution
	}
	return nil
}

// ageDays is how old something is, in whole days.
func ageDays(now, since time.Time) int { return int(now.Sub(since) / (24 * time.Hour)) }

// judgeDatabase judges how old the data is.
func (r *vulnRun) judgeDatabase() {
	limit := DefaultVulnAge
	if days, ok := r.Policy.Vuln.MaxAgeDays(); ok {
		limit = days
	}
	r.facts.Database.LimitDays = limit
	d := r.facts.Database
	if d.AgeDays < -1 { // it would never be old
		r.facts.Unread = append(r.facts.Unread, "future-data: "+d.Modified.Format(time.DateOnly))
	}
	if d.AgeDays <= limit {
		return
	}
	r.Report(audit.Finding{
		Rule: "vuln/database-old", Subject: d.subject(), Location: r.somewhere(""),
		Args: audit.Args{"source": string(d.Kind), "modified": d.Modified.Format(time.DateOnly), "days": d.AgeDays, "limit": limit},
	})
}

// readVEX reads the VEX documents of the target.
func (r *vulnRun) readVEX() error {
	for _, name := range slices.Sorted(maps.Keys(r.Recorded)) {
		file, ok := strings.CutPrefix(name, "vex:")
		if !ok {
			continue
		}
		doc, err := vulns.ReadVEX(bytes.NewReader(r.Recorded[name]))
		if err != nil {
			return audit.NotAssessed("vuln/vex-unread", audit.Args{"file": file, "error": redact.Text(err.Error())})
		}
		r.facts.VEX = append(r.facts.VEX, VulnVEX{File: file, Statements: len(doc.Statements), doc: doc, used: map[*vulns.Statement]bool{}})
	}
	for i := range r.facts.VEX { // once all can be read
		vex := &r.facts.VEX[i]
		vex.Evidence = r.Evidence("openvex", r.Recorded["vex:"+vex.File])
	}
	return nil
}

// statement returns the statement by which a vulnerability does not affect a
// product, or nil, and who states what. One that says that it does affect it
// outweighs others.
func (f *VulnFacts) statement(t *VulnTarget, v vulns.Vulnerability, now time.Time) (hides *vulns.Statement, by *vulns.Stated) {
	outweighed := false
	for i := range f.VEX {
		vex := &f.VEX[i]
		s, ok := vex.doc.Find(t.product(), v, now)
		if !ok {
			continue
		}
		vex.used[s] = true
		switch {
		case outweighed:
		case s.Hides():
			hides, by = s, vex.doc.Stated(s)
		default:
			outweighed = true
			hides, by = nil, vex.doc.Stated(s)
		}
	}
	return hides, by
}

// unusedStatements reports documents with statements about nothing that was found.
func (r *vulnRun) unusedStatements() {
	for i := range r.facts.VEX {
		vex := &r.facts.VEX[i]
		var unused []string
		for j := range vex.doc.Statements {
			if s := &vex.doc.Statements[j]; !vex.used[s] {
				unused = append(unused, s.Vulnerability.Name)
			}
		}
		if vex.Unused = len(unused); unused != nil {
			r.Report(audit.Finding{
				Rule: "vuln/vex-unused", Subject: audit.Subject{Kind: "document", Name: vex.File}, Location: r.somewhere(vex.File),
				Args:     audit.Args{"file": vex.File, "count": len(unused), "ids": first(unused, maxNamed)},
				Evidence: []string{vex.Evidence},
			})
		}
	}
}

// subject names the database in findings.
func (d VulnDatabase) subject() audit.Subject {
	return audit.Subject{Kind: "database", Name: cmp.Or(d.Location, string(d.Kind))}
}

// concludeVuln derives from stored facts what a report of them must say.
func concludeVuln(stored json.RawMessage) ([]audit.Finding, error) {
	var facts VulnFacts
	if err := json.Unmarshal(stored, &facts); err != nil {
		return nil, err
	}
	if facts.Database.Modified.IsZero() {
		return nil, errors.New("no database was asked")
	}
	for i := range facts.Targets {
		if err := facts.Targets[i].possible(); err != nil {
			return nil, err
		}
	}
	var out []audit.Finding
	counts := VulnCounts{NotAssessed: len(facts.NotAssessed) + len(facts.Unread)}
	for i := range facts.Vulnerabilities {
		v := &facts.Vulnerabilities[i]
		switch {
		case v.Statement != nil && len(facts.VEX) == 0:
			return nil, errors.New("a statement of no document")
		case v.Target < 0 || v.Target >= len(facts.Targets):
			return nil, errors.New("a vulnerability of no target")
		case !slices.Contains([]vulns.Reach{vulns.Called, vulns.Present, vulns.Imported, vulns.Required}, v.Reach):
			return nil, fmt.Errorf("unknown reach %.20q", v.Reach)
		}
		counts.add(v)
		t := &facts.Targets[v.Target]
		out = append(out, audit.Finding{Rule: v.ruleOf(t), Subject: v.subject(t)})
	}
	if counts != facts.Counts {
		return nil, errors.New("counts of other vulnerabilities than are listed")
	}
	if d := facts.Database; d.AgeDays > d.LimitDays {
		out = append(out, audit.Finding{Rule: "vuln/database-old", Subject: d.subject()})
	}
	for _, vex := range facts.VEX {
		if vex.Unused > 0 {
			out = append(out, audit.Finding{Rule: "vuln/vex-unused", Subject: audit.Subject{Kind: "document", Name: vex.File}})
		}
	}
	return out, facts.left()
}

// possible reports a target that no run leaves behind: what lists modules alone
// cannot have been looked into.
func (t *VulnTarget) possible() error {
	levels := map[string][]vulns.Level{
		"module": {vulns.LevelModule, vulns.LevelPackage, vulns.LevelSymbol}, "binary": {vulns.LevelModule, vulns.LevelSymbol}, "sbom": {vulns.LevelModule},
	}
	if !slices.Contains(levels[t.Kind], t.Level) {
		return fmt.Errorf("a target of kind %.20q was looked into down to %.20q", t.Kind, t.Level)
	}
	return nil
}
