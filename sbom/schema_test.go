// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package sbom

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// A Schema is the official JSON schema of CycloneDX 1.6.
type Schema struct{ schema *jsonschema.Schema }

// schemaFiles are the files of the official schema and, by their own $id,
// the names under which they refer to each other.
var schemaFiles = map[string]string{
	"bom-1.6.schema.json":  "bom-1.6.schema.json",
	"spdx.schema.json":     "spdx.schema.json",
	"jsf-0.82.schema.json": "jsf-0.82.schemax.json", // so called in the Go library of the CycloneDX project
}

// NewSchema reads the official schema from a folder with the files
// bom-1.6.schema.json, spdx.schema.json and jsf-0.82.schema.json, as the
// CycloneDX project publishes them; the Go module
// github.com/CycloneDX/cyclonedx-go has them in its folder schema.
func NewSchema(folder fs.FS) (*Schema, error) {
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	c.UseLoader(jsonschema.SchemeURLLoader{}) // no other schema is loaded, from a file or the network
	for id, alias := range schemaFiles {
		data, err := fs.ReadFile(folder, id)
		if errors.Is(err, fs.ErrNotExist) {
			data, err = fs.ReadFile(folder, alias)
		}
		if err != nil {
			return nil, fmt.Errorf("cyclonedx schema: %w", err)
		}
		doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
		if err != nil {
			return nil, fmt.Errorf("cyclonedx schema: %s: %w", id, err)
		}
		if err := c.AddResource(schemaBase+id, doc); err != nil {
			return nil, fmt.Errorf("cyclonedx schema: %s: %w", id, err)
		}
	}
	s, err := c.Compile(schemaBase + "bom-1.6.schema.json")
	if err != nil {
		return nil, fmt.Errorf("cyclonedx schema: %w", err)
	}
	return &Schema{s}, nil
}

// Validate checks a document against the schema. The error of an invalid one
// wraps a [*jsonschema.ValidationError], which names each place.
func (s *Schema) Validate(document []byte) error {
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(document))
	if err != nil {
		return fmt.Errorf("validate bill of materials: %w", err)
	}
	if err := s.schema.Validate(doc); err != nil {
		return fmt.Errorf("validate bill of materials: %w", err)
	}
	return nil
}
