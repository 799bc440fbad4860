// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package authority

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/goassay/assay/sbom"
)

// conforming is a document that all profiles like, and the file that it is in:
// a program with two modules, and a key that is listed beside them.
func conforming() (*sbom.Document, Carrier) {
	file := func(ref string, kind sbom.Kind, name, filename string, executable, archive, structured string, dependsOn ...string) *sbom.Component {
		c := &sbom.Component{
			Ref: ref, Kind: kind, Name: name, Version: "v1.0.0", PURL: "pkg:golang/" + name + "@v1.0.0",
			Hashes:    []sbom.Hash{{Algorithm: "SHA-512", Value: strings.Repeat("ab", 64)}},
			License:   sbom.License{Declared: "MIT", Concluded: "MIT OR (Apache-2.0 AND BSD-3-Clause)"},
			Supplier:  &sbom.Party{Name: "Example"},
			Authors:   []sbom.Party{{Name: "Example", URL: "https://example.com"}},
			DependsOn: dependsOn, Depends: true, Completeness: sbom.Complete,
			References: []sbom.Reference{
				{Type: "distribution", URL: "https://example.com/" + filename, Hashes: []sbom.Hash{{Algorithm: "SHA-512", Value: strings.Repeat("ab", 64)}}},
				{Type: "source-distribution", URL: "https://example.com/source", Hashes: []sbom.Hash{{Algorithm: "SHA-512", Value: strings.Repeat("cd", 64)}}},
				{Type: "rfc-9116", URL: "https://example.com/.well-known/security.txt"},
			},
		}
		c.Add(PropertyFilename, filename)
		c.Add(PropertyExecutable, executable)
		c.Add(PropertyArchive, archive)
		c.Add(PropertyStructured, structured)
		c.Add(PropertyEffectiveLicence, "MIT")
		return c
	}
	doc := &sbom.Document{
		ID: "urn:uuid:3e671687-395b-41f5-a30f-a58921a69b79", Version: 1, Created: time.Date(2026, 11, 27, 0, 0, 0, 0, time.UTC),
		Tools: []sbom.Tool{{Name: "assay", Version: "v1.0.0"}}, Authors: []sbom.Party{{Name: "Example", Email: "sbom@example.com"}},
		Phases: []string{"build"}, Roots: []string{"root"},
		Components: []*sbom.Component{
			file("root", sbom.KindApplication, "example.com/root", "root", "executable", "no archive", "unstructured", "one"),
			file("one", sbom.KindLibrary, "example.com/one", "v1.0.0.zip", "non-executable", "archive", "structured", "two"),
			file("two", sbom.KindLibrary, "example.com/two", "v1.0.0.zip", "non-executable", "archive", "structured"),
			{Ref: "key", Kind: sbom.KindCrypto},
		},
	}
	return doc, Carrier{Format: "CycloneDX", Version: "1.6", Encoding: "json", Valid: Yes, Vulnerabilities: No}
}

func one(d *sbom.Document) *sbom.Component { return d.Component("one") }

// drop removes a property.
func drop(name string) func(*sbom.Document, *Carrier) {
	return func(d *sbom.Document, _ *Carrier) {
		c := one(d)
		c.Properties = slices.DeleteFunc(c.Properties, func(p sbom.Property) bool { return p.Name == name })
	}
}

func repeat(name, value string) func(*sbom.Document, *Carrier) {
	return func(d *sbom.Document, _ *Carrier) { one(d).Add(name, value) }
}

func set(name, value string) func(*sbom.Document, *Carrier) {
	return func(d *sbom.Document, c *Carrier) {
		drop(name)(d, c)
		one(d).Add(name, value)
	}
}

// on changes the component one.
func on(change func(*sbom.Component)) func(*sbom.Document, *Carrier) {
	return func(d *sbom.Document, _ *Carrier) { change(one(d)) }
}

func carried(change func(*Carrier)) func(*sbom.Document, *Carrier) {
	return func(_ *sbom.Document, c *Carrier) { change(c) }
}

// unreferenced drops the reference of a type, and changed changes it.
func unreferenced(kind string) func(*sbom.Document, *Carrier) {
	return on(func(c *sbom.Component) {
		c.References = slices.DeleteFunc(c.References, func(r sbom.Reference) bool { return r.Type == kind })
	})
}

func changed(kind string, change func(*sbom.Reference)) func(*sbom.Document, *Carrier) {
	return on(func(c *sbom.Component) {
		for i := range c.References {
			if c.References[i].Type == kind {
				change(&c.References[i])
			}
		}
	})
}

var shapes = []string{"bsi.dependencies", "relationship", "recursion", "bsi.recursion", "direct"}

// breaking are changes of the document that break what a predicate asks for,
// and that alone but for what Also names.
var breaking = []struct {
	judge  string
	what   string
	change func(*sbom.Document, *Carrier)
	state  state
	fault  Fault
	also   []string
}{
	{"format", "other", carried(func(c *Carrier) { c.Format = "SWID" }), wrong, "format", []string{"bsi.format"}},
	{"format", "unknown", carried(func(c *Carrier) { c.Format = "" }), open, "format-unknown", []string{"bsi.format", "bsi.mapped-sha-512"}},
	{"format-version", "none", carried(func(c *Carrier) { c.Version = "" }), open, "format-unknown", []string{"bsi.format"}},
	{"author", "none", func(d *sbom.Document, _ *Carrier) { d.Authors = nil }, absent, "author", []string{"author-or-tool", "bsi.sbom-creator"}},
	{"author-or-tool", "neither", func(d *sbom.Document, _ *Carrier) { d.Authors, d.Tools = nil, nil }, absent, "author", []string{"author", "bsi.sbom-creator", "tool", "tool-version"}},
	{"timestamp", "none", func(d *sbom.Document, _ *Carrier) { d.Created = time.Time{} }, absent, "timestamp", nil},
	{"tool", "none", func(d *sbom.Document, _ *Carrier) { d.Tools = nil }, absent, "tool", []string{"tool-version"}},
	{"tool-version", "none", func(d *sbom.Document, _ *Carrier) { d.Tools[0].Version = "" }, absent, "tool-version", nil},
	{"context", "none", func(d *sbom.Document, _ *Carrier) { d.Phases = nil }, absent, "context", nil},
	{"signature", "none", carried(func(c *Carrier) { c.Signed = No }), absent, "signature", nil},
	{"signature", "somebody's", carried(func(c *Carrier) { c.Signed = Yes }), open, "signature-unverified", nil},
	{"sbom-version", "none", func(d *sbom.Document, _ *Carrier) { d.Version = 0 }, absent, "sbom-version", nil},
	{"sbom-version", "SPDX", func(d *sbom.Document, c *Carrier) { d.Version, c.Format, c.Version = 0, "SPDX", "3.0.1" }, open, "sbom-version-spdx", []string{"bsi.mapped-sha-512"}},

	{"supplier", "none", on(func(c *sbom.Component) { c.Supplier, c.Authors = nil, nil }), absent, "supplier", []string{"producer", "bsi.creator"}},
	{"producer", "none", on(func(c *sbom.Component) { c.Supplier, c.Authors = nil, nil }), absent, "producer", []string{"supplier", "bsi.creator"}},
	{"producer", "supplier", on(func(c *sbom.Component) { c.Authors = nil }), open, "supplier-only", []string{"bsi.creator"}},
	{"name", "none", on(func(c *sbom.Component) { c.Name = "" }), absent, "name", nil},
	{"version", "none", on(func(c *sbom.Component) { c.Version = "" }), absent, "version", nil},
	{"version", "no assertion", on(func(c *sbom.Component) { c.Version = "NOASSERTION" }), absent, "version", nil},
	{"identifier", "none", on(func(c *sbom.Component) { c.PURL = "" }), absent, "identifier", []string{"bsi.identifier"}},
	{"identifier", "malformed", on(func(c *sbom.Component) { c.PURL = "golang/example.com/one" }), wrong, "purl", []string{"bsi.identifier"}},
	{"hash", "none", on(func(c *sbom.Component) { c.Hashes, c.References[0].Hashes = nil, nil }), absent, "hash", []string{"bsi.sha-512", "bsi.mapped-sha-512"}},
	{"hash", "malformed", on(func(c *sbom.Component) { c.Hashes = []sbom.Hash{{Algorithm: "SHA-256", Value: "h1:abc"}} }), wrong, "hash-malformed", nil},
	{"license", "none", on(func(c *sbom.Component) { c.License = sbom.License{} }), absent, "licence", []string{"bsi.distribution-licence", "bsi.original-licence"}},
	{"relationship", "none", func(d *sbom.Document, _ *Carrier) { d.Component("root").DependsOn = nil }, absent, "unrelated", shapes},
	{"relationship", "dangling", on(func(c *sbom.Component) { c.DependsOn = append(c.DependsOn, "nowhere") }), wrong, "dangling", shapes},
	{"completeness", "none", on(func(c *sbom.Component) { c.Completeness = "" }), absent, "completeness", []string{"bsi.completeness", "recursion", "bsi.recursion"}},
	{"direct", "incomplete", func(d *sbom.Document, _ *Carrier) { d.Component("root").Completeness = sbom.Incomplete }, wrong, "incomplete", shapes},
	{"direct", "unknown", func(d *sbom.Document, _ *Carrier) { d.Component("root").Completeness = sbom.Unknown }, open, "incomplete-unknown", shapes},
	{"direct", "undeclared", func(d *sbom.Document, _ *Carrier) { c := d.Component("root"); c.DependsOn, c.Depends = nil, false }, open, "dependencies", shapes},
	{"direct", "no root", func(d *sbom.Document, _ *Carrier) { d.Roots = nil }, wrong, "no-root", shapes},
	{"recursion", "incomplete", on(func(c *sbom.Component) { c.Completeness = sbom.Incomplete }), wrong, "incomplete", []string{"bsi.recursion"}},
	{"recursion", "unknown", on(func(c *sbom.Component) { c.Completeness = sbom.Unknown }), open, "incomplete-unknown", []string{"bsi.recursion"}},
	{"recursion", "unreachable", on(func(c *sbom.Component) { c.DependsOn = nil }), wrong, "unreachable", shapes},

	{"bsi.format", "CycloneDX 1.5", carried(func(c *Carrier) { c.Version = "1.5" }), wrong, "format-old", nil},
	{"bsi.format", "SPDX 2.3", carried(func(c *Carrier) { c.Format, c.Version = "SPDX", "2.3" }), wrong, "format-old", []string{"bsi.mapped-sha-512"}},
	{"bsi.format", "SPDX 3.0", carried(func(c *Carrier) { c.Format, c.Version = "SPDX", "3.0" }), wrong, "format-old", []string{"bsi.mapped-sha-512"}},
	{"bsi.format", "a draft", carried(func(c *Carrier) { c.Version = "2.0-dev" }), wrong, "format-unreleased", nil},
	{"bsi.format", "another", carried(func(c *Carrier) { c.Format = "SWID" }), wrong, "format", []string{"format", "bsi.mapped-sha-512"}},
	{"bsi.format", "unknown", carried(func(c *Carrier) { c.Format = "" }), open, "format-unknown", []string{"format", "bsi.mapped-sha-512"}},
	{"bsi.format", "unknown version", carried(func(c *Carrier) { c.Version = "" }), open, "format-unknown", []string{"format-version"}},
	{"bsi.format", "unknown encoding", carried(func(c *Carrier) { c.Encoding = "" }), open, "encoding-unknown", nil},
	{"bsi.format", "tag-value", carried(func(c *Carrier) { c.Encoding = "tag-value" }), wrong, "encoding", nil},
	{"bsi.valid", "no", carried(func(c *Carrier) { c.Valid = No }), wrong, "invalid", nil},
	{"bsi.valid", "unknown", carried(func(c *Carrier) { c.Valid = "" }), open, "valid-unknown", nil},
	{"bsi.embedded", "alone", func(d *sbom.Document, _ *Carrier) { d.Component("root").Add(PropertyRole, RoleEmbedded) }, wrong, "embedded-alone", nil},
	{"bsi.no-vulnerabilities", "some", carried(func(c *Carrier) { c.Vulnerabilities = Yes }), wrong, "vulnerabilities", nil},
	{"bsi.no-vulnerabilities", "unknown", carried(func(c *Carrier) { c.Vulnerabilities = "" }), open, "vulnerabilities-unknown", nil},
	{"bsi.recursion", "incomplete", on(func(c *sbom.Component) { c.Completeness = sbom.Incomplete }), wrong, "incomplete", nil},
	{"bsi.recursion", "unreachable", on(func(c *sbom.Component) { c.DependsOn = nil }), wrong, "unreachable", nil},
	{"bsi.linked", "linked", func(d *sbom.Document, _ *Carrier) {
		c := d.Component("two")
		c.References = append(c.References, sbom.Reference{Type: "bom", URL: "urn:cdx:3e671687-395b-41f5-a30f-a58921a69b70/1"})
	}, open, "linked", nil},
	{"bsi.logical", "a file", repeat(PropertyRole, RoleLogical), wrong, "logical-file", nil},
	{"bsi.logical", "a hash", on(func(c *sbom.Component) { c.Properties = []sbom.Property{{Name: PropertyRole, Value: RoleLogical}} }), wrong, "logical-file", []string{"bsi.effective-licence"}},
	{"bsi.logical", "a leaf", func(d *sbom.Document, _ *Carrier) {
		c := d.Component("two")
		c.Hashes, c.Properties = nil, []sbom.Property{{Name: PropertyRole, Value: RoleLogical}}
	}, wrong, "logical-leaf", []string{"bsi.effective-licence"}},
	{"bsi.sbom-creator", "none", func(d *sbom.Document, _ *Carrier) { d.Authors = nil }, absent, "author", nil},
	{"bsi.sbom-creator", "a name", func(d *sbom.Document, _ *Carrier) { d.Authors[0].Email = "" }, absent, "no-contact", nil},
	{"bsi.sbom-creator", "malformed", func(d *sbom.Document, _ *Carrier) { d.Authors[0].Email = "Example <sbom@example.com>" }, wrong, "contact", nil},
	{"bsi.sbom-uri", "none", func(d *sbom.Document, _ *Carrier) { d.ID = "" }, absent, "sbom-uri", nil},
	{"bsi.sbom-uri", "malformed", func(d *sbom.Document, _ *Carrier) { d.URI = "sbom.json" }, wrong, "uri", nil},
	{"bsi.creator", "none", on(func(c *sbom.Component) { c.Authors = nil }), absent, "creator", nil},
	{"bsi.creator", "a name", on(func(c *sbom.Component) { c.Authors[0].URL = "" }), absent, "no-contact", nil},
	{"bsi.creator", "no web page", on(func(c *sbom.Component) { c.Authors[0].URL = "git@example.com:one" }), wrong, "contact", nil},
	{"bsi.filename", "none", drop(PropertyFilename), absent, "property", nil},
	{"bsi.filename", "a path", set(PropertyFilename, "cache/download/v1.0.0.zip"), wrong, "path", nil},
	{"bsi.filename", "a path of Windows", set(PropertyFilename, `C:\v1.0.0.zip`), wrong, "path", nil},
	{"bsi.filename", "a directory", set(PropertyFilename, ".."), wrong, "path", nil},
	{"bsi.filename", "two", repeat(PropertyFilename, "other.zip"), wrong, "repeated", nil},
	{"bsi.dependencies", "none", func(d *sbom.Document, _ *Carrier) { d.Component("two").Depends = false }, absent, "dependencies", []string{"bsi.recursion"}},
	{"bsi.dependencies", "dangling", on(func(c *sbom.Component) { c.Parts = []string{"nowhere"} }), wrong, "dangling", []string{"bsi.recursion"}},
	{"bsi.completeness", "none", on(func(c *sbom.Component) { c.Completeness = "" }), absent, "completeness", []string{"bsi.recursion"}},
	{"bsi.distribution-licence", "none", on(func(c *sbom.Component) { c.License.Concluded = "" }), absent, "licence", nil},
	{"bsi.distribution-licence", "no assertion", on(func(c *sbom.Component) { c.License.Concluded = "NOASSERTION" }), absent, "licence", nil},
	{"bsi.distribution-licence", "NONE", on(func(c *sbom.Component) { c.License.Concluded = "NONE" }), wrong, "licence-none", nil},
	{"bsi.distribution-licence", "a name", on(func(c *sbom.Component) { c.License.Concluded, c.License.Named = "", []string{"MIT style"} }), wrong, "licence-named", nil},
	{"bsi.distribution-licence", "no expression", on(func(c *sbom.Component) { c.License.Concluded = "MIT Apache-2.0" }), wrong, "licence-named", nil},
	{"bsi.sha-512", "SHA-256", on(func(c *sbom.Component) {
		c.Hashes, c.References[0].Hashes = []sbom.Hash{{Algorithm: "SHA-256", Value: strings.Repeat("ab", 32)}}, nil
	}), absent, "sha-512", []string{"bsi.mapped-sha-512"}},
	{"bsi.sha-512", "malformed", on(func(c *sbom.Component) { c.Hashes[0].Value = "h1:abc" }), wrong, "hash-malformed", []string{"hash"}},
	{"bsi.executable", "none", drop(PropertyExecutable), absent, "property", nil},
	{"bsi.executable", "another value", set(PropertyExecutable, "true"), wrong, "value", nil},
	{"bsi.executable", "twice", repeat(PropertyExecutable, "executable"), wrong, "repeated", nil},
	{"bsi.archive", "none", drop(PropertyArchive), absent, "property", nil},
	{"bsi.archive", "another value", set(PropertyArchive, "no-archive"), wrong, "value", nil},
	{"bsi.structured", "none", drop(PropertyStructured), absent, "property", nil},
	{"bsi.structured", "another value", set(PropertyStructured, "non-structured"), wrong, "value", nil},
	{"bsi.source-uri", "none", unreferenced("source-distribution"), absent, "reference", []string{"bsi.source-hash"}},
	{"bsi.source-uri", "relative", changed("source-distribution", func(r *sbom.Reference) { r.URL = "source" }), wrong, "uri", nil},
	{"bsi.deployable-uri", "none", unreferenced("distribution"), absent, "reference", []string{"bsi.mapped-sha-512"}},
	{"bsi.deployable-uri", "malformed", changed("distribution", func(r *sbom.Reference) { r.URL = "https://example.com/a b" }), wrong, "uri", nil},
	{"bsi.identifier", "none", on(func(c *sbom.Component) { c.PURL = "" }), absent, "identifier", []string{"identifier"}},
	{"bsi.identifier", "malformed", on(func(c *sbom.Component) { c.CPE = "cpe:2.3:a:example" }), wrong, "cpe", []string{"identifier"}},
	{"bsi.original-licence", "none", on(func(c *sbom.Component) { c.License.Declared = "" }), absent, "licence", nil},
	{"bsi.original-licence", "no expression", on(func(c *sbom.Component) { c.License.Declared = "MIT AND" }), wrong, "licence-named", nil},
	{"bsi.effective-licence", "none", drop(PropertyEffectiveLicence), absent, "property", nil},
	{"bsi.effective-licence", "no expression", set(PropertyEffectiveLicence, "as is!"), wrong, "licence-named", nil},
	{"bsi.source-hash", "none", changed("source-distribution", func(r *sbom.Reference) { r.Hashes = nil }), absent, "sha-512", nil},
	{"bsi.source-hash", "malformed", changed("source-distribution", func(r *sbom.Reference) { r.Hashes[0].Value = "" }), wrong, "hash-malformed", nil},
	{"bsi.security-txt", "none", unreferenced("rfc-9116"), absent, "reference", nil},
	{"bsi.security-txt", "malformed", changed("rfc-9116", func(r *sbom.Reference) { r.URL = "security.txt" }), wrong, "uri", nil},
	{"bsi.mapped-sha-512", "elsewhere", on(func(c *sbom.Component) { c.References[0].Hashes = nil }), absent, "sha-512", nil},
}

// unmet are the clauses that conforming does not meet: a signature that nobody
// looked for, and what is not there to be judged.
var unmet = map[string]Outcome{"signature": Unknown, "bsi.linked": NotApplicable, "bsi.logical": NotApplicable, "bsi.embedded": NotApplicable, manual: Manual}

func TestConformingDocumentMeetsEveryProfile(t *testing.T) {
	for _, p := range Profiles() {
		doc, carrier := conforming()
		results := p.Judge(doc, carrier)
		want := Met
		for _, r := range results {
			outcome, ok := unmet[r.Clause.Judge]
			if !ok {
				outcome = Met
			}
			if outcome == Unknown {
				want = Unknown
			}
			if r.Outcome != outcome {
				t.Errorf("%s %s: %s, want %s: %v %v", p.ID, r.Key, r.Outcome, outcome, r.Missing, r.Open)
			}
		}
		if got := Verdict(results); got != want {
			t.Errorf("%s: verdict %s, want %s", p.ID, got, want)
		}
	}
}

func TestEveryClauseCanBeBroken(t *testing.T) {
	tried := map[string]bool{manual: true}
	for _, b := range breaking {
		tried[b.judge] = true
		for _, p := range Profiles() {
			if !slices.ContainsFunc(p.Clauses, func(c Clause) bool { return c.Judge == b.judge }) {
				continue
			}
			doc, carrier := conforming()
			before := p.Judge(doc, carrier)
			b.change(doc, &carrier)
			after := p.Judge(doc, carrier)
			for i, r := range after {
				name := p.ID + " " + r.Key + ", " + b.judge + " " + b.what
				switch {
				case r.Clause.Judge == b.judge:
					if want := expected(r.Clause, b.state); r.Outcome != want {
						t.Errorf("%s: %s, want %s", name, r.Outcome, want)
					}
					if all := slices.Concat(r.Missing, r.Open); len(all) == 0 || all[0].What != b.fault {
						t.Errorf("%s: %v, want fault %s", name, all, b.fault)
					}
				case r.Outcome != before[i].Outcome && !slices.Contains(b.also, r.Clause.Judge) && !r.logical(b.judge):
					t.Errorf("%s: %s becomes %s, too: %v %v", name, before[i].Outcome, r.Outcome, r.Missing, r.Open)
				}
			}
		}
	}
	for _, p := range Profiles() {
		for i := range p.Clauses {
			if c := &p.Clauses[i]; !tried[c.Judge] {
				t.Errorf("%s %s: nothing breaks it", p.ID, c.Key())
			}
		}
	}
}

// logical reports whether a clause changes since a component is given a role:
// fewer things are asked of it then.
func (r Result) logical(judge string) bool {
	return (judge == "bsi.logical" || judge == "bsi.linked") && (r.Clause.Judge == "bsi.logical" || r.Outcome != Broken)
}

// expected is the outcome of a clause where a subject is in a state.
func expected(c *Clause, s state) Outcome {
	switch {
	case s == open, s == absent && (c.OrUnknown || c.Level == Conditional):
		return Unknown
	case s == absent && c.Level == May:
		return Absent
	}
	return Broken
}

func TestProfilesAreWhole(t *testing.T) {
	used := map[string]bool{}
	for _, p := range Profiles() {
		if p.Source.Document == "" || p.Source.Version == "" || p.Source.URL == "" || p.Source.Basis == "" {
			t.Errorf("%s: source incomplete: %+v", p.ID, p.Source)
		}
		if _, err := time.Parse(time.DateOnly, p.Source.Date); err != nil {
			t.Errorf("%s: %v", p.ID, err)
		}
		checkText(t, p.ID, p.Title)
		keys := map[string]bool{}
		for i := range p.Clauses {
			c := &p.Clauses[i]
			checkText(t, p.ID+" "+c.Key(), c.Text)
			if keys[c.Key()] {
				t.Errorf("%s: clause %s twice", p.ID, c.Key())
			}
			keys[c.Key()] = true
			used[c.Judge] = true
			if c.Judge != manual && predicates[c.Judge] == nil {
				t.Errorf("%s %s: no predicate %q", p.ID, c.Key(), c.Judge)
			}
			if !slices.Contains([]Level{Must, Conditional, Should, May}, c.Level) {
				t.Errorf("%s %s: no level %q", p.ID, c.Key(), c.Level)
			}
		}
	}
	for name := range predicates {
		if !used[name] {
			t.Errorf("no clause is judged by %s", name)
		}
	}
}

func TestEveryFaultHasItsText(t *testing.T) {
	found := map[Fault]bool{"no-component": true}
	for _, b := range breaking {
		found[b.fault] = true
	}
	for f := range loaded().faults {
		if f != "signature-unknown" && !found[f] {
			t.Errorf("fault %s is never found", f)
		}
		checkText(t, string(f), f.Text())
	}
	for f := range found {
		if f.Text() == (Text{}) {
			t.Errorf("fault %s has no text", f)
		}
	}
}

func checkText(t *testing.T, what string, text Text) {
	t.Helper()
	if text.In("en") == "" || !strings.ContainsFunc(text.In("zh"), func(r rune) bool { return unicode.Is(unicode.Han, r) }) {
		t.Errorf("%s: text incomplete: %+v", what, text)
	}
}

func TestFind(t *testing.T) {
	for _, id := range []string{"ntia", "cisa-2025", "cisa-2026", "bsi-2.1"} {
		if p, err := Find(id); err != nil || p.ID != id {
			t.Errorf("Find(%q) = %v, %v", id, p, err)
		}
	}
	if _, err := Find("bsi"); !errors.Is(err, ErrUnknownProfile) {
		t.Errorf("Find of no profile: %v", err)
	}
}
