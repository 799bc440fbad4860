// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

// Package carry brings through a format what that format has no place for. An
// encoder writes what it can, reads it back, and writes each field that came
// back different once more, whole, as a property.
//
// Such a property never says anything else than the document does to those who
// do not know it: it counts only if writing its value again gives the very
// field that was read. A document in which the two contradict each other means
// what all other programs read in it.
package carry

import (
	"bytes"
	"encoding/json"
	"reflect"
	"slices"
	"strings"

	"github.com/goassay/assay/sbom"
)

// prefix begins the names of the properties. The value is the field in JSON.
const prefix = "assay:sbom:"

// A field is one that a format may lose. of returns a pointer to it.
type field[T any] struct {
	name string
	of   func(T) any
}

var ofDocument = []field[*sbom.Document]{
	{"id", func(d *sbom.Document) any { return &d.ID }},
	{"version", func(d *sbom.Document) any { return &d.Version }}, // 1 is as good as none
	{"name", func(d *sbom.Document) any { return &d.Name }},
	{"created", func(d *sbom.Document) any { return &d.Created }},
	{"uri", func(d *sbom.Document) any { return &d.URI }},
	{"tools", func(d *sbom.Document) any { return &d.Tools }},
	{"authors", func(d *sbom.Document) any { return &d.Authors }},
	{"supplier", func(d *sbom.Document) any { return &d.Supplier }},
	{"phases", func(d *sbom.Document) any { return &d.Phases }},
	{"roots", func(d *sbom.Document) any { return &d.Roots }},
	{"references", func(d *sbom.Document) any { return &d.References }},
	{"properties", func(d *sbom.Document) any { return &d.Properties }},
	{"data-license", func(d *sbom.Document) any { return &d.DataLicense }},
}

var ofComponent = []field[*sbom.Component]{
	{"kind", func(c *sbom.Component) any { return &c.Kind }},
	{"group", func(c *sbom.Component) any { return &c.Group }},
	{"name", func(c *sbom.Component) any { return &c.Name }},
	{"version", func(c *sbom.Component) any { return &c.Version }},
	{"purl", func(c *sbom.Component) any { return &c.PURL }},
	{"cpe", func(c *sbom.Component) any { return &c.CPE }},
	{"description", func(c *sbom.Component) any { return &c.Description }},
	{"scope", func(c *sbom.Component) any { return &c.Scope }},
	{"mime", func(c *sbom.Component) any { return &c.MIME }},
	{"hashes", func(c *sbom.Component) any { return &c.Hashes }},
	{"license:declared", func(c *sbom.Component) any { return &c.License.Declared }},
	{"license:concluded", func(c *sbom.Component) any { return &c.License.Concluded }},
	{"license:named", func(c *sbom.Component) any { return &c.License.Named }},
	{"license:evidence", func(c *sbom.Component) any { return &c.License.Evidence }},
	{"license:texts", func(c *sbom.Component) any { return &c.License.Texts }},
	{"copyright", func(c *sbom.Component) any { return &c.Copyright }},
	{"supplier", func(c *sbom.Component) any { return &c.Supplier }},
	{"authors", func(c *sbom.Component) any { return &c.Authors }},
	{"publisher", func(c *sbom.Component) any { return &c.Publisher }},
	{"references", func(c *sbom.Component) any { return &c.References }},
	{"properties", func(c *sbom.Component) any { return &c.Properties }},
	{"depends", func(c *sbom.Component) any { return &c.Depends }},
	{"completeness", func(c *sbom.Component) any { return &c.Completeness }},
	{"crypto", func(c *sbom.Component) any { return &c.Crypto }},
}

// Lost returns the document with a property for each field that read, the same
// document as it came back, has otherwise. It is the document itself if there
// is none. Components that did not come back are not missed: a format's
// package says what it leaves out.
func Lost(doc, read *sbom.Document) *sbom.Document {
	properties := lost(ofDocument, doc, read)
	back := byRef(read)
	components := slices.Clone(doc.Components)
	changed := properties != nil
	for i, c := range components {
		if r := back[c.Ref]; r != nil {
			if props := lost(ofComponent, c, r); props != nil {
				with := *c
				with.Properties = slices.Concat(c.Properties, props)
				components[i], changed = &with, true
			}
		}
	}
	if !changed {
		return doc
	}
	with := *doc
	with.Properties, with.Components = slices.Concat(doc.Properties, properties), components
	return &with
}

func lost[T any](fields []field[T], want, got T) []sbom.Property {
	var all []sbom.Property
	for _, f := range fields {
		if !same(f.of(want), f.of(got)) {
			all = append(all, sbom.Property{Name: prefix + f.name, Value: text(f.of(want))})
		}
	}
	return all
}

// Restore gives the fields of a document that was read the values that
// properties carry, and removes these. again writes a document in the format
// that was read, carrying nothing, and reads it back.
func Restore(read *sbom.Document, again func(*sbom.Document) (*sbom.Document, error)) *sbom.Document {
	restored := *read
	carried := apply(ofDocument, &restored, &restored.Properties)
	restored.Components = make([]*sbom.Component, len(read.Components))
	for i, c := range read.Components {
		with := *c
		carried = apply(ofComponent, &with, &with.Properties) || carried
		restored.Components[i] = &with
	}
	if !carried {
		return read
	}
	back, err := again(&restored)
	if err != nil {
		return read
	}
	backs := byRef(back)
	// What contradicts the document falls back to it, with the property kept.
	if !agrees(ofDocument, read, back) {
		head := *read
		head.Components = restored.Components
		restored = head
	}
	for i, c := range read.Components {
		if b := backs[c.Ref]; b == nil || !agrees(ofComponent, c, b) {
			restored.Components[i] = c
		}
	}
	return &restored
}

// apply sets the fields for which there are properties, and returns whether
// there was one.
func apply[T any](fields []field[T], to T, properties *[]sbom.Property) bool {
	carried := false
	var rest []sbom.Property
	whole := *properties
	for _, p := range whole {
		name, ok := strings.CutPrefix(p.Name, prefix)
		i := slices.IndexFunc(fields, func(f field[T]) bool { return f.name == name })
		if !ok || i < 0 {
			rest = append(rest, p)
			continue
		}
		v := reflect.New(reflect.TypeOf(fields[i].of(to)).Elem())
		if json.Unmarshal([]byte(p.Value), v.Interface()) != nil {
			rest = append(rest, p)
			continue
		}
		if name == "properties" {
			rest = *v.Interface().(*[]sbom.Property)
			carried = true
			continue
		}
		reflect.ValueOf(fields[i].of(to)).Elem().Set(v.Elem())
		carried = true
	}
	if carried {
		*properties = rest
	}
	return carried
}

// agrees reports whether the fields that read carries in properties are, written
// again, what was read.
func agrees[T any](fields []field[T], read, back T) bool {
	for _, f := range fields {
		if f.name != "properties" && !same(f.of(read), f.of(back)) {
			return false
		}
	}
	return true
}

// same compares two fields. Empty lists are no lists.
func same(a, b any) bool {
	if reflect.DeepEqual(a, b) {
		return true
	}
	if v, ok := a.(*int); ok && *v <= 1 && *b.(*int) <= 1 {
		return true
	}
	textA, textB := text(a), text(b)
	return textA == textB || empty(textA) && empty(textB)
}

func empty(text string) bool { return text == "null" || text == "[]" || text == "{}" }

// text is a field in JSON, without the two characters that JSON can hold and
// XML cannot.
func text(v any) string {
	data, err := json.Marshal(v)
	if err != nil { // a confidence that is no number
		return "null"
	}
	data = bytes.ReplaceAll(data, []byte("\ufffe"), []byte(`\ufffe`))
	data = bytes.ReplaceAll(data, []byte("\uffff"), []byte(`\uffff`))
	return string(data)
}

func byRef(doc *sbom.Document) map[string]*sbom.Component {
	m := make(map[string]*sbom.Component, len(doc.Components))
	for _, c := range doc.Components {
		m[c.Ref] = c
	}
	return m
}
