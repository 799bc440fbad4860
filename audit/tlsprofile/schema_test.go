// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package tlsprofile

import (
	"bytes"
	"encoding"
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/goassay/assay/audit/tlsprobe"
)

// compiled compiles the schema, which is one itself.
func compiled(t *testing.T) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(Schema()))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("profile.schema.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("profile.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// node is the part of a JSON Schema that the test looks at.
type node struct {
	Ref         string          `json:"$ref"`
	Description string          `json:"description"`
	Enum        []string        `json:"enum"`
	Properties  map[string]node `json:"properties"`
	Items       *node           `json:"items"`
	Defs        map[string]node `json:"$defs"`
}

// The schema has the keys of the types, no others, and describes each.
func TestSchemaKeys(t *testing.T) {
	var root node
	if err := json.Unmarshal(Schema(), &root); err != nil {
		t.Fatal(err)
	}
	var walk func(at string, typ reflect.Type, n node)
	walk = func(at string, typ reflect.Type, n node) {
		if n.Ref != "" {
			n = root.Defs[strings.TrimPrefix(n.Ref, "#/$defs/")]
		}
		switch {
		case typ.Kind() == reflect.Pointer:
			walk(at, typ.Elem(), n)
		case typ.Kind() == reflect.Slice && n.Items != nil:
			walk(at+"[]", typ.Elem(), *n.Items)
		case typ.Kind() == reflect.Struct && !reflect.PointerTo(typ).Implements(reflect.TypeFor[encoding.TextUnmarshaler]()):
			var keys []string
			for i := range typ.NumField() {
				key := typ.Field(i).Tag.Get("yaml")
				if at == "profile.clauses[].condition.versions" && key == "in" || at == "profile.clauses[].when.versions" && key == "in" {
					continue // versions are not of a version
				}
				keys = append(keys, key)
				if n.Properties[key].Description == "" {
					t.Errorf("%s.%s is not described", at, key)
				}
				walk(at+"."+key, typ.Field(i).Type, n.Properties[key])
			}
			slices.Sort(keys)
			if diff := cmp.Diff(slices.Sorted(maps.Keys(n.Properties)), keys); diff != "" {
				t.Errorf("%s: schema against type: %s", at, diff)
			}
		}
	}
	walk("profile", reflect.TypeFor[Profile](), root)

	condition := root.Defs["condition"]
	weak := condition.Properties["suites"].Properties["forbidden"].Properties["weaknesses"].Items.Enum
	if diff := cmp.Diff(slices.Sorted(maps.Keys(weaknesses)), slices.Sorted(slices.Values(weak))); diff != "" {
		t.Errorf("weaknesses: %s", diff)
	}
	var versions []string
	for _, v := range tlsprobe.Versions {
		versions = append(versions, v.String())
	}
	if diff := cmp.Diff(versions, root.Defs["version"].Enum); diff != "" {
		t.Errorf("versions: %s", diff)
	}
}

// A weakness that package tlsprobe has, a profile has a word for.
func TestWeaknesses(t *testing.T) {
	for n := range 1 << 16 {
		for _, w := range tlsprobe.SuiteOf(tlsprobe.SuiteID(n)).Weaknesses {
			if !weaknesses[string(w)] {
				t.Fatalf("no word for %q", w)
			}
		}
	}
}

// validates reports whether the schema takes a profile.
func validates(t *testing.T, s *jsonschema.Schema, in []byte) error {
	t.Helper()
	var value any
	if err := yaml.Unmarshal(in, &value); err != nil {
		t.Fatalf("%s: %v", in, err)
	}
	data, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	return s.Validate(doc)
}

func TestSchemaTakesProfiles(t *testing.T) {
	s := compiled(t)
	for _, id := range IDs() {
		data, err := builtIn.ReadFile("profiles/" + id + ".yaml")
		if err != nil {
			t.Fatal(err)
		}
		if err := validates(t, s, data); err != nil {
			t.Errorf("%s: %v", id, err)
		}
	}
	if err := validates(t, s, []byte(own)); err != nil {
		t.Error(err)
	}
}

// What the schema refuses, Parse refuses, too.
func TestSchemaRefuses(t *testing.T) {
	s := compiled(t)
	for _, in := range []string{
		"text", "[]", "id: a",
		replace("our-servers", "Our Servers"),
		replace("id: our-servers", "id: 3"),
		replace("id: our-servers", "id:"),
		replace("title: {en: Our servers}", "title: {de: Unsere}"),
		replace("title: {en: Our servers}", "title: {en: ' '}"),
		replace("date: 2026-01-31", "date: 2026-02-30"),
		replace("url: https://handbook.example.com/tls", "url: handbook"),
		replace("clause: \"4.2\"", "part: x"),
		replace("    manual: true\n", ""),
		replace("manual: true", "manual: false"),
		replace("manual: true", "manual: yes"),
		replace("manual: true", "manual: true\n    condition: {client_auth: [none]}"),
		replace("severity: low", "severity: worst"),
		replace("level: should", "level: may"),
		replace("[TLS 1.3, TLS 1.2]", "[TLS 1.4]"),
		replace("{in: [TLS 1.2], ", "{in: [], "),
		replace("[no-forward-secrecy]", "[slow]"),
		replace("strength_below: 128", "strength_below: 0"),
		replace("strength_below: 128", "strength_below: 1.5"),
		replace("strength_below: 128", "strength_below: '128'"),
		replace("{compression: not-offered}", "{compression: none}"),
		replace("{compression: not-offered}", "{}"),
		replace("{type: RSA, bits: 3072}", "{bits: 3072}"),
		replace("curves: [P-256]", "curves: [P-255]"),
		replace("whole_chain: true, keys: [{type: RSA, bits: 3072}, {type: ECDSA, curves: [P-256]}]", "whole_chain: true"),
		replace("{one_of: [TLS 1.2]}", "{in: [TLS 1.2], one_of: [TLS 1.2]}"),
		replace("versions: {one_of: [TLS 1.2]}", "groups: {in: [TLS 1.2]}"),
		replace("versions: {one_of: [TLS 1.2]}", "groups: {allowed: ['']}"),
		replace("versions: {one_of: [TLS 1.2]}", "suites: {in: [TLS 1.2]}"),
		replace("versions: {one_of: [TLS 1.2]}", "preference: ''"),
		replace("versions: {one_of: [TLS 1.2]}", "plaintext_passwords: offered"),
		own + "more: 1\n",
	} {
		if validates(t, s, []byte(in)) == nil {
			t.Errorf("the schema takes %s", in)
		}
		if _, err := Parse([]byte(in)); err == nil {
			t.Errorf("Parse takes %s", in)
		}
	}
}

func TestSchemaIsACopy(t *testing.T) {
	clear(Schema())
	if !json.Valid(Schema()) {
		t.Error("a caller can change the schema")
	}
}
