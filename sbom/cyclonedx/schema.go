// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package cyclonedx

import (
	"bytes"
	"embed"
	"fmt"
	"regexp"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// schemaFiles are the official schemas; see schema/README.md.
//
//go:embed schema/*.json
var schemaFiles embed.FS

// schemaBase is the beginning of the identifiers of the official schemas. It
// is a name: nothing is ever fetched from there.
const schemaBase = "http://cyclonedx.org/schema/"

// A schema is the official one of a version, with the values that it allows.
type schema struct {
	compiled *jsonschema.Schema

	licenses, hashes, kinds, references, phases map[string]bool
	mime                                        *regexp.Regexp

	// Values of cryptoProperties, from version 1.6 on.
	primitives, modes, paddings, functions, environments, certifications, protocols, materials, curves map[string]bool
}

// schemas are the schemas of the versions that can be written, each read when
// it is first needed.
var schemas = map[Version]func() (*schema, error){
	V1_4: schemaOf(V1_4),
	V1_5: schemaOf(V1_5),
	V1_6: schemaOf(V1_6),
	V1_7: schemaOf(V1_7),
}

func schemaOf(v Version) func() (*schema, error) {
	return sync.OnceValues(func() (*schema, error) {
		s, err := loadSchema(v)
		if err != nil {
			return nil, fmt.Errorf("schema of CycloneDX %s: %w", v, err)
		}
		return s, nil
	})
}

func loadSchema(v Version) (*schema, error) {
	main := "bom-" + string(v) + ".schema.json"
	names := []string{main, "spdx.schema.json", "jsf-0.82.schema.json"}
	if v == V1_7 {
		names = append(names, "cryptography-defs.schema.json")
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	c.UseLoader(jsonschema.SchemeURLLoader{}) // no other schema is loaded, from a file or the network
	documents := make(map[string]any)
	for _, name := range names {
		data, err := schemaFiles.ReadFile("schema/" + name)
		if err != nil {
			return nil, err
		}
		doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		if err := c.AddResource(schemaBase+name, doc); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		documents[name] = doc
	}
	compiled, err := c.Compile(schemaBase + main)
	if err != nil {
		return nil, err
	}
	s := &schema{compiled: compiled, licenses: values(documents["spdx.schema.json"])}
	s.readValues(documents[main])
	if v == V1_7 {
		s.curves = values(documents["cryptography-defs.schema.json"], "definitions", "ellipticCurvesEnum")
	}
	return s, nil
}

// readValues reads the values that the schema of a document allows.
func (s *schema) readValues(doc any) {
	s.hashes = values(doc, "definitions", "hash-alg")
	s.kinds = values(doc, "definitions", "component", "properties", "type")
	s.references = values(doc, "definitions", "externalReference", "properties", "type")
	lifecycle, _ := at(doc, "definitions", "metadata", "properties", "lifecycles", "items", "oneOf").([]any)
	if len(lifecycle) > 0 {
		s.phases = values(lifecycle[0], "properties", "phase")
	}
	pattern, _ := at(doc, "definitions", "component", "properties", "mime-type", "pattern").(string)
	s.mime = regexp.MustCompile(pattern) // the schema, embedded here, has compiled

	crypto := at(doc, "definitions", "cryptoProperties", "properties")
	algorithm := at(crypto, "algorithmProperties", "properties")
	s.primitives = values(algorithm, "primitive")
	s.modes = values(algorithm, "mode")
	s.paddings = values(algorithm, "padding")
	s.functions = values(algorithm, "cryptoFunctions", "items")
	s.environments = values(algorithm, "executionEnvironment")
	s.certifications = values(algorithm, "certificationLevel", "items")
	s.protocols = values(crypto, "protocolProperties", "properties", "type")
	s.materials = values(crypto, "relatedCryptoMaterialProperties", "properties", "type")
}

// at returns what stands at a path of members, or nil.
func at(doc any, path ...string) any {
	for _, name := range path {
		object, ok := doc.(map[string]any)
		if !ok {
			return nil
		}
		doc = object[name]
	}
	return doc
}

// values returns the strings of the enumeration at a path.
func values(doc any, path ...string) map[string]bool {
	list, _ := at(at(doc, path...), "enum").([]any)
	set := make(map[string]bool, len(list))
	for _, v := range list {
		if text, ok := v.(string); ok {
			set[text] = true
		}
	}
	return set
}
