// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package carry

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/goassay/assay/sbom"
	"github.com/goassay/assay/sbom/internal/sbomtest"
)

// through brings a document through a format that loses what lose takes.
func through(t *testing.T, doc *sbom.Document, lose func(*sbom.Document)) *sbom.Document {
	t.Helper()
	format := func(d *sbom.Document) (*sbom.Document, error) {
		p, err := Prepare(d)
		if err != nil {
			return nil, err
		}
		lose(p)
		return p, nil
	}
	plain, err := Prepare(doc)
	if err != nil {
		t.Fatal(err)
	}
	read, err := format(plain)
	if err != nil {
		t.Fatal(err)
	}
	sent, err := Lost(plain, read)
	if err != nil {
		t.Fatal(err)
	}
	copied := *sent
	copied.Components = nil
	for _, c := range sent.Components {
		with := *c
		copied.Components = append(copied.Components, &with)
	}
	lose(&copied)
	return Restore(&copied, format)
}

func TestEachField(t *testing.T) {
	want := sbomtest.Document()
	want.Version = 2
	want.Sort()
	for _, f := range ofDocument {
		if f.name == "properties" { // what carries must get through
			continue
		}
		t.Run("document/"+f.name, func(t *testing.T) {
			got := through(t, want, func(d *sbom.Document) { erase(d, f.name, ofDocument) })
			if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
				t.Error(diff)
			}
		})
	}
	for _, f := range ofComponent {
		if f.name == "properties" || f.name == "depends" {
			continue
		}
		t.Run("component/"+f.name, func(t *testing.T) {
			got := through(t, want, func(d *sbom.Document) {
				for _, c := range d.Components {
					erase(c, f.name, ofComponent)
				}
			})
			if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// erase sets a field to its zero value.
func erase[T any](of T, name string, fields []field[T]) {
	for _, f := range fields {
		if f.name == name {
			reflect.ValueOf(f.of(of)).Elem().SetZero()
		}
	}
}

func TestNothingLost(t *testing.T) {
	doc := sbomtest.Document()
	if got, err := Lost(doc, sbomtest.Document()); got != doc || err != nil {
		t.Error("a document that came back whole carries something", err)
	}
	for name, change := range map[string]func(*sbom.Component){
		"ref":          func(c *sbom.Component) { c.Ref = "other" },
		"dependencies": func(c *sbom.Component) { c.DependsOn = nil },
		"parts":        func(c *sbom.Component) { c.Parts = nil },
	} {
		read := sbomtest.Document()
		change(read.Components[0])
		if _, err := Lost(doc, read); err == nil {
			t.Errorf("%s: what nothing carries is lost in silence", name)
		}
	}
}

func TestContradiction(t *testing.T) {
	same := func(d *sbom.Document) (*sbom.Document, error) { return d, nil }
	fails := func(d *sbom.Document) (*sbom.Document, error) { return nil, errors.New("no") }
	for name, again := range map[string]func(*sbom.Document) (*sbom.Document, error){"same": same, "fails": fails} {
		t.Run(name, func(t *testing.T) {
			doc := &sbom.Document{Name: "d", Properties: []sbom.Property{{Name: prefix + "name", Value: `"other"`}},
				Components: []*sbom.Component{
					{Ref: "a", License: sbom.License{Declared: "GPL-3.0-only"}, Properties: []sbom.Property{
						{Name: "x", Value: "y"}, {Name: prefix + "license:declared", Value: `"MIT"`},
						{Name: prefix + "kind", Value: "{"}, {Name: prefix + "no-field", Value: "z"}}},
				}}
			want := &sbom.Document{Name: "d", Components: []*sbom.Component{
				{Ref: "a", License: sbom.License{Declared: "GPL-3.0-only"}, Properties: []sbom.Property{{Name: "x", Value: "y"}, {Name: prefix + "no-field", Value: "z"}}},
			}}
			if diff := cmp.Diff(want, Restore(doc, again), cmpopts.EquateEmpty()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestPrepare(t *testing.T) {
	component := func(ref string, parts ...string) *sbom.Component { return &sbom.Component{Ref: ref, Parts: parts} }
	var deep []*sbom.Component
	for i := range maxNesting + 1 {
		deep = append(deep, component(fmt.Sprint(i), fmt.Sprint(i+1)))
	}
	deep = append(deep, component(fmt.Sprint(maxNesting+1)))
	for name, test := range map[string]struct {
		doc  sbom.Document
		want string
	}{
		"no ref":         {sbom.Document{Components: []*sbom.Component{component("")}}, "no ref"},
		"two refs":       {sbom.Document{Components: []*sbom.Component{component("a"), component("a")}}, "that another has"},
		"no root":        {sbom.Document{Roots: []string{"a"}}, "no such component"},
		"no part":        {sbom.Document{Components: []*sbom.Component{component("a", "b")}}, "no such component"},
		"two wholes":     {sbom.Document{Components: []*sbom.Component{component("a", "c"), component("b", "c"), component("c")}}, "part of a and of b"},
		"twice a part":   {sbom.Document{Components: []*sbom.Component{component("a", "c", "c"), component("c")}}, "part of a and of a"},
		"part of itself": {sbom.Document{Components: []*sbom.Component{component("a", "a")}}, "part of itself"},
		"circle":         {sbom.Document{Components: []*sbom.Component{component("a", "b"), component("b", "a")}}, "part of itself"},
		"the nil UUID":   {sbom.Document{Name: "x" + sbom.Unidentified}, "its content has"},
		"deep":           {sbom.Document{Components: deep}, "too deep"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := Prepare(&test.doc); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %s", err, test.want)
			}
		})
	}
	doc := &sbom.Document{Properties: []sbom.Property{{Name: prefix + "name", Value: "x"}},
		Components: []*sbom.Component{{Ref: "b", DependsOn: []string{"b", "a", "a"}, Properties: []sbom.Property{{Name: prefix + "kind"}, {Name: "p"}}}, {Ref: "a"}}}
	got, err := Prepare(doc)
	if err != nil {
		t.Fatal(err)
	}
	want := &sbom.Document{ID: sbom.Unidentified, Components: []*sbom.Component{{Ref: "a"},
		{Ref: "b", DependsOn: []string{"a", "b"}, Depends: true, Properties: []sbom.Property{{Name: "p"}}}}}
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		t.Error(diff)
	}
	if doc.Components[0].Ref != "b" || len(doc.Components[0].DependsOn) != 3 || doc.ID != "" {
		t.Error("the document itself was changed")
	}
}
