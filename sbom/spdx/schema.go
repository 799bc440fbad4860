// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package spdx

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/goassay/assay/sbom/internal/bound"
)

// schemaFiles are the official schemas; see schema/README.md.
//
//go:embed schema/*.json
var schemaFiles embed.FS

// schemaBase is the beginning of the names of the schemas. Nothing is ever
// fetched from there.
const schemaBase = "https://spdx.org/schema/"

// The schemas, each read when it is first needed.
var (
	schemaV2 = sync.OnceValues(func() (*jsonschema.Schema, error) {
		const name = "spdx-2.3.schema.json"
		c, err := compiler(name)
		if err != nil {
			return nil, err
		}
		return c.Compile(schemaBase + name)
	})
	classesV3 = sync.OnceValues(func() (*classes, error) {
		c, err := compiler(nameV3)
		if err != nil {
			return nil, err
		}
		return &classes{compiler: c, compiled: make(map[string]*jsonschema.Schema)}, nil
	})
)

const nameV3 = "spdx-3.0.1.schema.json"

// compiler returns one that has a schema and loads no other.
func compiler(name string) (*jsonschema.Compiler, error) {
	data, err := schemaFiles.ReadFile("schema/" + name)
	if err != nil {
		return nil, err
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	c.UseLoader(jsonschema.SchemeURLLoader{}) // from a file or the network
	c.UseRegexpEngine(pattern)
	if err := c.AddResource(schemaBase+name, doc); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return c, nil
}

// The classes of SPDX 3.0.1. The schema tries all of them on each element of a
// graph; only the one that the element says it is of can fit.
type classes struct {
	mu       sync.Mutex
	compiler *jsonschema.Compiler
	compiled map[string]*jsonschema.Schema // by class, and the whole schema as ""
}

// class returns the schema of the elements of a class.
func (c *classes) class(name string) (*jsonschema.Schema, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if s := c.compiled[name]; s != nil {
		return s, nil
	}
	url := schemaBase + nameV3
	if name != "" {
		url = schemaBase + "class/" + name
		err := c.compiler.AddResource(url, map[string]any{
			"$schema": "https://json-schema.org/draft/2020-12/schema",
			"type":    "object", "$ref": schemaBase + nameV3 + "#/$defs/" + name, "unevaluatedProperties": false,
		})
		if err != nil {
			return nil, err
		}
	}
	s, err := c.compiler.Compile(url)
	if err != nil {
		return nil, err
	}
	c.compiled[name] = s
	return s, nil
}

// known are the classes that documents consist of. Others are left to the
// whole schema.
var known = map[string]bool{
	"Annotation": true, "CreationInfo": true, "LifecycleScopedRelationship": true, "Organization": true, "Person": true,
	"Relationship": true, "SoftwareAgent": true, "SpdxDocument": true, "Tool": true,
	"simplelicensing_LicenseExpression": true, "simplelicensing_SimpleLicensingText": true,
	"software_File": true, "software_Package": true, "software_Sbom": true,
}

// Validate checks a document.
func (c *classes) Validate(doc any) error {
	members, _ := doc.(map[string]any)
	elements, isList := members["@graph"].([]any)
	if len(members) != 2 || members["@context"] != context || !isList {
		return c.validate("", doc)
	}
	var rest []any
	for i, e := range elements {
		element, _ := e.(map[string]any)
		name, _ := element["type"].(string)
		if !known[name] {
			rest = append(rest, e)
			continue
		}
		if err := c.validate(name, e); err != nil {
			return fmt.Errorf("element %d of @graph: %w", i, err)
		}
	}
	return c.validate("", map[string]any{"@context": context, "@graph": rest})
}

func (c *classes) validate(class string, v any) error {
	s, err := c.class(class)
	if err != nil {
		return err
	}
	return s.Validate(v)
}

// pattern compiles a regular expression of a schema. Those of Go have no
// lookahead, which the schema of 3.0.1 tells IRIs from blank nodes with.
func pattern(expression string) (jsonschema.Regexp, error) {
	if rest, ok := strings.CutPrefix(expression, "^(?!_:)"); ok {
		re, err := regexp.Compile("^" + rest)
		return notBlank{re}, err
	}
	return regexp.Compile(expression)
}

// notBlank matches what the expression does and does not begin with _:.
type notBlank struct{ *regexp.Regexp }

func (n notBlank) MatchString(s string) bool {
	return !strings.HasPrefix(s, "_:") && n.Regexp.MatchString(s)
}

func validate(data []byte) error {
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	if err := bound.JSON(data); err != nil {
		return err
	}
	if !bytes.HasPrefix(trimmed(data), []byte("{")) {
		doc, err := readTagValue(data)
		if err != nil {
			return err
		}
		if data, err = marshal(doc); err != nil {
			return err
		}
	}
	check, err := schemaFor(versionOf(data))
	if err != nil {
		return err
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		return err
	}
	if err := check(doc); err != nil {
		return fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	return nil
}

// schemaFor returns what validates documents of a version.
func schemaFor(version string) (func(any) error, error) {
	switch Version(version) {
	case V2_3:
		s, err := schemaV2()
		if err != nil {
			return nil, fmt.Errorf("schema of SPDX 2.3: %w", err)
		}
		return s.Validate, nil
	case V3_0_1:
		c, err := classesV3()
		if err != nil {
			return nil, fmt.Errorf("schema of SPDX 3.0.1: %w", err)
		}
		return c.Validate, nil
	}
	return nil, fmt.Errorf("version %.20q: %w", version, errors.ErrUnsupported)
}
