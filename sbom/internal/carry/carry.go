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
	"fmt"
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
// is none. A component that did not come back under its Ref, or with other
// dependencies or parts, is an error: there are no properties for these.
func Lost(doc, read *sbom.Document) (*sbom.Document, error) {
	properties := lost(ofDocument, doc, read)
	back := byRef(read)
	components := slices.Clone(doc.Components)
	changed := properties != nil
	for i, c := range components {
		r := back[c.Ref]
		if r == nil || !slices.Equal(c.DependsOn, r.DependsOn) || !slices.Equal(c.Parts, r.Parts) {
			return nil, fmt.Errorf("component %q: the format cannot hold its ref, or what it needs or consists of", c.Ref)
		}
		if props := lost(ofComponent, c, r); props != nil {
			with := *c
			with.Properties = slices.Concat(c.Properties, props)
			components[i], changed = &with, true
		}
	}
	if !changed {
		return doc, nil
	}
	with := *doc
	with.Properties, with.Components = slices.Concat(doc.Properties, properties), components
	return &with, nil
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
	plain, restored := *read, *read
	carried := apply(ofDocument, &restored, &plain.Properties, &restored.Properties)
	plain.Components = make([]*sbom.Component, len(read.Components))
	restored.Components = make([]*sbom.Component, len(read.Components))
	for i, c := range read.Components {
		without, with := *c, *c
		carried = apply(ofComponent, &with, &without.Properties, &with.Properties) || carried
		plain.Components[i], restored.Components[i] = &without, &with
	}
	if !carried {
		return &plain
	}
	back, err := again(&restored)
	if err != nil {
		return &plain
	}
	backs := byRef(back)
	// What contradicts the document falls back to it.
	if !agrees(ofDocument, &plain, back) {
		head := plain
		head.Components = restored.Components
		restored = head
	}
	for i, c := range plain.Components {
		if b := backs[c.Ref]; b == nil || !agrees(ofComponent, c, b) {
			restored.Components[i] = c
		}
	}
	return &restored
}

// apply removes the properties that carry fields from both lists, and sets the
// fields of to. It returns whether there was one.
func apply[T any](fields []field[T], to T, without, with *[]sbom.Property) bool {
	carried := false
	var rest, own []sbom.Property
	for _, p := range *without {
		i := index(fields, p)
		if i < 0 {
			rest = append(rest, p)
			continue
		}
		f := fields[i].of(to)
		v := reflect.New(reflect.TypeOf(f).Elem())
		if json.Unmarshal([]byte(p.Value), v.Interface()) != nil {
			continue
		}
		carried = true
		if list, ok := v.Interface().(*[]sbom.Property); ok {
			own = *list
		} else {
			reflect.ValueOf(f).Elem().Set(v.Elem())
		}
	}
	if *without, *with = rest, rest; own != nil {
		*with = own
	}
	return carried
}

// index returns which of the fields a property carries, or -1.
func index[T any](fields []field[T], p sbom.Property) int {
	name, ok := strings.CutPrefix(p.Name, prefix)
	if !ok {
		return -1
	}
	return slices.IndexFunc(fields, func(f field[T]) bool { return f.name == name })
}

// reserved removes properties whose names are taken here.
func reserved[T any](fields []field[T], all []sbom.Property) []sbom.Property {
	return slices.DeleteFunc(slices.Clone(all), func(p sbom.Property) bool { return index(fields, p) >= 0 })
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
