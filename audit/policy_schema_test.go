// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package audit

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/goassay/assay/internal/strictyaml"
)

// policySchemaCompiled compiles the schema, which is one itself.
func policySchemaCompiled(t *testing.T) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(PolicySchema()))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("policy.schema.json", doc); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile("policy.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

// schemaNode is the part of a JSON Schema that the test looks at.
type schemaNode struct {
	Ref                  string                `json:"$ref"`
	Description          string                `json:"description"`
	Enum                 []any                 `json:"enum"`
	Properties           map[string]schemaNode `json:"properties"`
	AdditionalProperties json.RawMessage       `json:"additionalProperties"`
	Items                *schemaNode           `json:"items"`
	Required             []string              `json:"required"`
	Defs                 map[string]schemaNode `json:"$defs"`
}

// The schema has the keys of the types, no others, and describes each.
func TestPolicySchemaKeys(t *testing.T) {
	var root schemaNode
	if err := json.Unmarshal(PolicySchema(), &root); err != nil {
		t.Fatal(err)
	}
	var walk func(at string, typ reflect.Type, node schemaNode)
	walk = func(at string, typ reflect.Type, node schemaNode) {
		if node.Ref != "" {
			def, ok := root.Defs[strings.TrimPrefix(node.Ref, "#/$defs/")]
			if !ok {
				t.Fatalf("%s: %s leads nowhere", at, node.Ref)
			}
			node = def
		}
		switch {
		case typ == reflect.TypeFor[Date]() || typ.Kind() == reflect.String:
			if len(node.Properties) > 0 || node.Items != nil {
				t.Errorf("%s: not a scalar", at)
			}
		case typ.Kind() == reflect.Slice:
			if node.Items == nil {
				t.Fatalf("%s: not a list", at)
			}
			walk(at+"[]", typ.Elem(), *node.Items)
		case typ.Kind() == reflect.Map:
			var values schemaNode
			if err := json.Unmarshal(node.AdditionalProperties, &values); err != nil {
				t.Fatalf("%s: not a map: %v", at, err)
			}
			walk(at+".*", typ.Elem(), values)
		default:
			if string(node.AdditionalProperties) != "false" {
				t.Errorf("%s: other keys are allowed", at)
			}
			fields := map[string]reflect.Type{}
			for i, name := range strictyaml.Keys(typ) {
				if name != "" {
					fields[name] = typ.Field(i).Type
				}
			}
			want, got := slices.Sorted(maps.Keys(fields)), slices.Sorted(maps.Keys(node.Properties))
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s: keys (-type +schema):\n%s", at, diff)
			}
			for name, typ := range fields {
				if node.Properties[name].Description == "" {
					t.Errorf("%s.%s: no description", at, name)
				}
				walk(at+"."+name, typ, node.Properties[name])
			}
		}
	}
	walk("$", reflect.TypeFor[Policy](), root)

	var severities []any
	for _, s := range Severities() {
		severities = append(severities, string(s))
	}
	if diff := cmp.Diff(severities, root.Defs["severity"].Enum); diff != "" {
		t.Errorf("severities (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(append(severities, nil), root.Properties["fail_on"].Enum); diff != "" {
		t.Errorf("fail_on (-want +got):\n%s", diff)
	}
	waiver := root.Defs["waiver"]
	if diff := cmp.Diff(slices.Sorted(maps.Keys(waiver.Properties)), slices.Sorted(slices.Values(waiver.Required))); diff != "" {
		t.Errorf("what a waiver requires (-all +schema):\n%s", diff)
	}
}

// Schema and ParsePolicy judge the same of everything that is a matter of form.
func TestPolicySchemaAgrees(t *testing.T) {
	full, err := os.ReadFile("testdata/policy/full.yaml")
	if err != nil {
		t.Fatal(err)
	}
	with := func(old, new string) string {
		if !strings.Contains(goodWaiver, old) {
			t.Fatalf("no %q in the waiver", old)
		}
		return strings.Replace(goodWaiver, old, new, 1)
	}
	tests := []struct {
		in   string
		want bool
	}{
		{string(full), true},
		{goodWaiver, true},
		{"", true},
		{"# nothing\n", true},
		{"null", true},
		{"{}", true},
		{"fail_on: info", true},
		{"fail_on:", true},
		{"severities:\ntargets:\nwaivers:\nallowlist:\n", true},
		{"severities: {}\ntargets: {}\nwaivers: []\nallowlist: {}\n", true},
		{"targets: {binaries: , endpoints: [], packages: [x]}", true},
		{"allowlist: {applicant: , department: , contact: , owner: , purpose: , basis: , valid_from: , valid_until: , addresses: }", true},
		{"allowlist: {applicant: '', addresses: {h: , i: [], j: [a]}}", true},
		{"allowlist: {valid_from: 2024-02-29}", true},
		{with("GOSUMDB", "'*'"), true},
		{"sumdb:", true},
		{"sumdb: {logs: }", true},
		{"sumdb: {logs: []}", true},

		{"spiffe:", true},
		{"spiffe: {trust_domain: , paths: }", true},
		{"spiffe: {trust_domain: prod.example, paths: ['/ns/shop/*', /ns/mail]}", true},
		{"spiffe: {trust_domain: Prod}", false},
		{"spiffe: {trust_domain: 'spiffe://prod.example'}", false},
		{"spiffe: {trust_domain: [a]}", false},
		{"spiffe: {paths: /ns}", false},
		{"spiffe: {paths: [ns]}", false},
		{"spiffe: {paths: ['']}", false},
		{"spiffe: {path: [/ns]}", false},
		{"fips:", true},
		{"fips: {require: }", true},
		{"fips: {require: [{paths: ['bin/*'], level: any-module}]}", true},
		{"fips: {require: [{}]}", false},
		{"fips: {require: [{paths: [], level: none}]}", false},
		{"fips: {require: [{paths: [' '], level: none}]}", false},
		{"fips: {require: [{paths: [a], level: off}]}", false},
		{"fips: {require: [{paths: [a]}]}", false},
		{"sumdb: {logs: [{}]}", false},
		{"sumdb: {logs: [{gosumdb: sum.golang.org, modules: [a]}]}", false},
		{"sumdb: {logs: [{gosumdb: off, modules: [a]}]}", false},
		{"sumdb: {logs: [{gosumdb: sum.corp.example+063adbe3+AXgAzGrv9bJx9Zw9/PXCBGXzIiygKzbyYF/a0x6nlD7J, modules: []}]}", false},
		{"sumdb: {logs: [{gosumdb: sum.corp.example+063adbe3+AXgAzGrv9bJx9Zw9/PXCBGXzIiygKzbyYF/a0x6nlD7J, modules: [' ']}]}", false},
		{"sumdb: {logs: [{gosumdb: sum.corp.example+063adbe3+AXgAzGrv9bJx9Zw9/PXCBGXzIiygKzbyYF/a0x6nlD7J, modules: ['a,b']}]}", false},
		{"sumdb: {logs: [{gosumdb: sum.corp.example+063adbe3+AXgAzGrv9bJx9Zw9/PXCBGXzIiygKzbyYF/a0x6nlD7J a b, modules: [a]}]}", false},
		{"sumdb: {logs: [{gosumdb: sum.corp.example+063adbe3+AXgAzGrv9bJx9Zw9/PXCBGXzIiygKzbyYF/a0x6nlD7J, modules: [a], url: b}]}", false},
		{"sumdb: {log: []}", false},

		{"sbom:", true},
		{"sbom: {authors: , supplier: , uri: }", true},
		{"sbom: {authors: [{name: A, email: a@b.example}], supplier: {name: B, url: 'https://b.example'}, uri: 'https://b.example/sbom.json'}", true},
		{"sbom: {authors: [{name: A, email: a@b.example, url: 'http://b.example/x'}]}", true},
		{"sbom: {authors: [{}]}", false},
		{"sbom: {authors: [null]}", false},
		{"sbom: {authors: [{name: A}]}", false},
		{"sbom: {authors: [{email: a@b.example}]}", false},
		{"sbom: {authors: [{name: ' ', email: a@b.example}]}", false},
		{"sbom: {authors: [{name: A, email: ab.example}]}", false},
		{"sbom: {authors: [{name: A, url: b.example}]}", false},
		{"sbom: {authors: [{name: A, url: 'ftp://b.example'}]}", false},
		{"sbom: {authors: [{name: A, mail: a@b.example}]}", false},
		{"sbom: {supplier: {name: B}}", false},
		{"sbom: {supplier: [{name: B, email: a@b.example}]}", false},
		{"sbom: {uri: sbom.json}", false},
		{"sbom: {author: []}", false},

		{"licenses:", true},
		{"licenses: {allow: , deny: [], review: }", true},
		{"licenses: {allow: [MIT, 'BSD-*'], deny: [AGPL-3.0-only], review: ['LGPL-*']}", true},
		{"licenses: {allow: ['']}", false},
		{"licenses: {allow: [' ']}", false},
		{"licenses: {allow: [1]}", false},
		{"licenses: {allow: [null]}", false},
		{"licenses: {allow: MIT}", false},
		{"licenses: {allowed: [MIT]}", false},
		{"licenses: {allow: [MIT, MIT]}", false},
		{"text", false},
		{"[]", false},
		{"3", false},
		{"fail_on: none", false},
		{"fail_on: High", false},
		{"fail_on: ''", false},
		{"fail_on: 1", false},
		{"fail_on: [high]", false},
		{"failon: high", false},
		{"file: x", false},
		{"severities: {env/sumdb-off: }", false},
		{"severities: {env/sumdb-off: bad}", false},
		{"severities: {sumdb-off: low}", false},
		{"severities: [env/sumdb-off]", false},
		{"targets: [x]", false},
		{"targets: {binary: []}", false},
		{"targets: {binaries: x}", false},
		{"targets: {binaries: [1]}", false},
		{"targets: {binaries: [null]}", false},
		{"targets: {binaries: [[x]]}", false},
		{"waivers: {}", false},
		{"waivers: [null]", false},
		{"waivers: [{}]", false},
		{"waivers: [text]", false},
		{with("owner: li", "owner: li\n    line: 3"), false},
		{with("env/sumdb-off", "sumdb-off"), false},
		{with("env/sumdb-off", "env/"), false},
		{with("GOSUMDB", "' '"), false},
		{with("GOSUMDB", "''"), false},
		{with("mirrored log", ""), false},
		{with("mirrored log", "7"), false},
		{with("li", "true"), false},
		{with("li", "\"\\t \\n\""), false},
		{with("2026-01-02", ""), false},
		{with("2026-01-02", "''"), false},
		{with("2026-01-02", "2026-02-30"), false},
		{with("2026-01-02", "2025-02-29"), false},
		{with("2026-01-02", "2026-1-2"), false},
		{with("2026-01-02", "2026-01-02T00:00:00Z"), false},
		{with("2026-01-02", "20260102"), false},
		{with("2026-01-02", "tomorrow"), false},
		{with("    reason: mirrored log\n", ""), false},
		{"allowlist: {applicant: 5}", false},
		{"allowlist: {contact: [a]}", false},
		{"allowlist: {valid_from: ''}", false},
		{"allowlist: {valid_until: 2026-13-01}", false},
		{"allowlist: {addresses: [a]}", false},
		{"allowlist: {addresses: {h: a}}", false},
		{"allowlist: {addresses: {h: [1]}}", false},
		{"allowlist: {basis: a}", false},
		{"allowlist: {name: a}", false},
	}
	schema := policySchemaCompiled(t)
	for _, tt := range tests {
		var value any
		if err := yaml.Unmarshal([]byte(tt.in), &value); err != nil {
			t.Fatalf("%s: %v", tt.in, err)
		}
		data, err := json.Marshal(value)
		if err != nil {
			t.Fatalf("%s: %v", tt.in, err)
		}
		doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
		if err != nil {
			t.Fatalf("%s: %v", tt.in, err)
		}
		if err := schema.Validate(doc); (err == nil) != tt.want {
			t.Errorf("schema accepts: %t, want %t: %v\n%s", err == nil, tt.want, err, tt.in)
		}
		if _, err := ParsePolicy("p", []byte(tt.in), policyRules); (err == nil) != tt.want {
			t.Errorf("ParsePolicy accepts: %t, want %t: %v\n%s", err == nil, tt.want, err, tt.in)
		}
	}
}

func TestPolicySchemaIsACopy(t *testing.T) {
	clear(PolicySchema())
	if !json.Valid(PolicySchema()) {
		t.Error("a caller can change the schema")
	}
}
